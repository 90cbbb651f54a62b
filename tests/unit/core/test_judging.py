"""The maker of a system's findings: its codes, its documents, its next steps."""

import pytest

from opskit.core.findings import Remedy, Severity
from opskit.core.judging import Judge

PAGES = {"ORDER": "/acme/", "ORDER_LOST": "https://elsewhere.example/lost"}
judge = Judge("system", "https://docs.example/guide/", pages=PAGES, page="first/")


@pytest.mark.parametrize(
    ("code", "source", "url"),
    [
        ("ORDER_STUCK", "", "https://docs.example/guide/acme/"),
        ("ORDER_LOST", "", "https://elsewhere.example/lost"),
        ("OTHER", "", "https://docs.example/guide/first/"),
        ("ORDER_STUCK", "second/", "https://docs.example/guide/second/"),
        ("ORDER_STUCK", "/second/", "https://docs.example/guide/second/"),
        ("ORDER_STUCK", "http://third.example", "http://third.example"),
    ],
)
def test_a_finding_names_its_page(code: str, source: str, url: str) -> None:
    found = judge(code, Severity.ERROR, "it", "It is wrong.", source=source)
    assert (found.code, found.source) == (f"system/{code}", url)


def test_without_a_page_the_documentation_itself_is_named() -> None:
    assert Judge("s", "https://docs.example/")("A", Severity.INFO, "it", "…").source == "https://docs.example"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Do it.", Remedy(text="Do it.")),
        (Remedy(text="Run it.", runbook="a/b"), Remedy(text="Run it.", runbook="a/b")),
        ("", None),
        (None, None),
    ],
)
def test_a_text_is_a_remedy_without_a_runbook(given: str | Remedy | None, kept: Remedy | None) -> None:
    assert judge("A", Severity.INFO, "it", "…", remedy=given).remedy == kept
