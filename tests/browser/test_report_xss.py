"""Promise 15: hostile answers and notebooks in a report run nothing, in a real Chromium."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import BrowserContext, Page

from opskit.core.findings import Evidence, Finding, Severity
from opskit.runner import cards, report
from opskit.runner.folder import RunFolder
from opskit.runner.record import ErrorNote, Record
from opskit.runner.verdict import Verdict

pytestmark = pytest.mark.browser

RAN = "window.ran = true"
CORPUS = [
    f"<script>{RAN}</script>",
    f"</script><script>{RAN}</script>",
    f"<!--<script>{RAN}</script>",
    f'<img src=x onerror="{RAN}">',
    f"<svg onload='{RAN}'><animate onbegin='{RAN}' attributeName=x dur=1s></svg>",
    f"<iframe srcdoc='<script>parent.{RAN}</script>'></iframe>",
    f"<details open ontoggle='{RAN}'>",
    f"<input autofocus onfocus='{RAN}'>",
    f'<a href="javascript:{RAN}" id="hostile">x</a>',
    f"<object data='data:text/html,<script>parent.{RAN}</script>'></object>",
    "<meta http-equiv=refresh content='0;url=data:text/html,x'>",
    "<base href='https://evil.invalid/'><form action=x><button>b</button></form>",
    f"[x](javascript:{RAN})",
    f'![x](x" onerror="{RAN})',
    "</title></style></textarea>",
]


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def hostile_run(folder: Path) -> RunFolder:
    own = RunFolder(folder)
    text = "".join(CORPUS)
    found = Finding(
        code=text,
        severity=Severity.ERROR,
        subject=text,
        summary=text,
        evidence=(Evidence(text=text, command=text),),
        cause=text,
        source=f"javascript:{RAN}",
    )
    error = ErrorNote(error=text, what=text, where=text, next=text, exit_code=6)
    about = {"title": text, "sentence": text, "error": error, "parameters": {"x": text}, "user": text}
    own.write(Record(run=text, runbook=text, started=datetime(2026, 1, 1, tzinfo=UTC), **about))
    own.save(
        own.verdict,
        Verdict(cluster=text, findings=(found,), sentence=text, good=False, changed=False, unread=(text,)),
    )
    figure = json.loads(
        go.Figure(go.Bar(x=CORPUS, y=list(range(len(CORPUS))), text=CORPUS), {"title": text}).to_json()
    )
    outputs = [
        new_output("display_data", {"text/html": cards.findings([found], title=text).html}),
        new_output("display_data", {"text/html": text, "text/plain": text}),
        new_output("display_data", {"image/png": text, "text/plain": text}),
        new_output("display_data", {"image/svg+xml": text}),
        new_output("display_data", {"text/markdown": text}),
        new_output("display_data", {"application/vnd.plotly.v1+json": figure}),
        new_output("stream", name="stdout", text=text),
        new_output("error", ename=text, evalue=text, traceback=[text, text]),
    ]
    notebook = new_notebook(
        cells=[new_markdown_cell("\n\n".join(CORPUS)), new_code_cell(text, outputs=outputs)]
    )
    own.notebook.write_text(json.dumps(notebook))
    report.write(own)
    return own


def test_nothing_runs_and_nothing_is_fetched(tmp_path: Path, page: Page) -> None:
    own = hostile_run(tmp_path)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(own.report.as_uri())
    page.wait_for_selector("figure.plot .main-svg")
    for each in page.query_selector_all("#hostile"):
        each.dispatch_event("click")
    assert page.evaluate("window.ran") is None
    assert [url for url in fetched if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.url == own.report.as_uri()


def test_a_figure_is_drawn_and_named(tmp_path: Path, page: Page) -> None:
    own = RunFolder(tmp_path)
    own.write(Record(run="r", runbook="rook/x", started=datetime(2026, 1, 1, tzinfo=UTC), title="Title"))
    figure = json.loads(go.Figure(go.Bar(x=["a"], y=[1]), {"title": "Two <bars>"}).to_json())
    output = new_output("display_data", {"application/vnd.plotly.v1+json": figure})
    own.notebook.write_text(json.dumps(new_notebook(cells=[new_code_cell("plot", outputs=[output])])))
    report.write(own)
    page.goto(own.report.as_uri())
    page.wait_for_selector("figure.plot .main-svg")
    assert page.get_attribute("figure [role=img]", "aria-label") == "Figure: Two <bars>"
    assert page.query_selector("h1").inner_text() == "Title"  # type: ignore[union-attr]
