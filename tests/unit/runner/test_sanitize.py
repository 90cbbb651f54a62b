"""Outputs of a notebook can't break out of their place in a report."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.runner.cards import findings
from opskit.runner.sanitize import sanitized


@pytest.mark.parametrize(
    ("given_html", "left"),
    [
        ("<b>x", "<b>x</b>"),
        ("</div></div>x", "x"),
        ("<!-- x -->y", "y"),
        ("<p onclick=1 class=a>x</p>", '<p class="a">x</p>'),
        ("<script>x</script>y", "y"),
        ("<svg><script>x</script></svg>y", "y"),
        ("<iframe>x", ""),
        ("<a href=javascript:1>x</a>", "<a>x</a>"),
        ("<a href='https://a/?b&c'>x</a>", '<a href="https://a/?b&amp;c">x</a>'),
        ("<base href=x><meta x><form><input>x</form>", "x"),
        ("<style>a{}</style><script>", "<style>a{}</style>"),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("<table><tr><td>x</table>y", "<table><tr><td>x</td></tr></table>y"),
    ],
)
def test_what_is_left(given_html: str, left: str) -> None:
    assert sanitized(given_html) == left


def test_our_cards_pass_whole() -> None:
    card = str(findings([])._repr_mimebundle_()["text/html"])
    assert sanitized(card) == card.replace("&#x27;", "'")


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


PIECES = ["<div>", "</div>", "<p", ">", "<script>", "</script>", "<!--", "-->", "<img src=x onerror=1>"]
PIECES += ["<style>", "</style>", "x", "&lt;", '"', "<b onclick='1'>", "<textarea>", "<![CDATA["]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30))
def test_whatever_comes_is_closed_and_harmless(pieces: list[str]) -> None:
    seen = Balanced()
    seen.feed(sanitized("".join(pieces)))
    seen.close()
    assert seen.open == []
    assert "script" not in seen.tags
