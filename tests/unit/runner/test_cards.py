"""Cards say everything twice, as HTML and as text, and nothing that a server said is markup."""

from html.parser import HTMLParser
from typing import Any

import pytest

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.runner import cards
from opskit.runner.html import Html, el, link, prose

HOSTILE = [
    "<script>document.title='ran'</script>",
    "<img src=x onerror=\"document.title='ran'\">",
    "\"><svg onload=document.title='ran'>",
    "</style><script>document.title='ran'</script>",
    "`<b onclick=document.title='ran'>x</b>`",
    "javascript:document.title='ran'",
    "http://x/\" onmouseover=\"document.title='ran'",
    "{{constructor.constructor('document.title=1')()}}",
    "<a href=javascript:document.title='ran'>x</a>",
    "\x00\x1b[31m<iframe srcdoc='<script>parent.document.title=1</script>'>",
]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def finding(text: str) -> Finding:
    remedy = Remedy(text=text, runbook="rook/osd-down", parameters={"osd": text})
    evidence = (Evidence(text=text, command=text),)
    return Finding(
        code=text,
        severity=Severity.ERROR,
        subject=text,
        summary=text,
        evidence=evidence,
        cause=text,
        remedy=remedy,
        source=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_said_is_markup(text: str) -> None:
    shown = cards.findings([finding(text)], title=text, cluster=text)
    parsed = Elements()
    parsed.feed(shown.html)
    tags = {tag for tag, _ in parsed.found}
    assert tags <= {"section", "h2", "h3", "article", "p", "span", "code", "ul", "li", "strong", "a"}
    names = {name for _, attributes in parsed.found for name in attributes}
    assert names <= {"class", "href", "rel"}
    assert all(str(a["href"]).startswith("http") for tag, a in parsed.found if tag == "a")


def test_a_remedy_is_a_command_line_that_a_shell_reads_back() -> None:
    remedy = Remedy(text="t", runbook="rook/osd-down", parameters={"osd": 3, "note": "it's; rm -rf /"})
    line = cards.command(remedy, cluster="my prod")
    assert line == "opskit run rook/osd-down --cluster 'my prod' -p osd=3 -p 'note=it'\"'\"'s; rm -rf /'"


def test_the_text_says_what_the_html_says() -> None:
    shown = cards.findings([finding("plain")])
    assert shown.text.count("plain") >= 6
    bundle: dict[str, Any] = shown._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


def test_no_findings_is_said() -> None:
    assert "None" in cards.findings([]).text


def test_elements_are_escaped_unless_they_are_html() -> None:
    assert el("p", "<b>", Html("<b>x</b>"), class_='"') == '<p class="&quot;">&lt;b&gt;<b>x</b></p>'
    assert prose("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert link("javascript:1", "x") == "x"
    with pytest.raises(ValueError, match="onclick"):
        el("p", "x", onclick="1")
