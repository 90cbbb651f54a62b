"""Whatever a server answers, and whatever a notebook holds, nothing of it runs in the browser."""

import json

from playwright.sync_api import expect

from tests.browser.jupyter import Server, Watched

CORPUS = (
    "<script>window.pwned=1</script>",
    '<img src=x onerror="window.pwned=2">',
    '"><svg onload="window.pwned=3">',
    "'><iframe srcdoc='<script>parent.pwned=4</script>'></iframe>",
    "</style><script>window.pwned=5</script>",
    "</textarea><img src=x onerror=window.pwned=6>",
    "<a href='javascript:window.pwned=7' id=clickme>x</a>",
    "javascript:window.pwned=8",
    "<details open ontoggle=window.pwned=9>",
    "<math><mtext></p><style><img src=x onerror=window.pwned=10>",
    "&lt;img src=x onerror=window.pwned=11&gt;",
    "${window.pwned=12}{{window.pwned=13}}",
    "<input autofocus onfocus=window.pwned=14>",
    '" onmouseover="window.pwned=15" x="',
    "\u2028</script><script>window.pwned=16</script>",
)

SETUP = """
import json
from datetime import timedelta
from IPython.display import display
from msgspec.structs import replace
from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.plan import Change, Condition
from opskit.core.progress import Progress
from opskit.core.errors import StepFailed
from opskit.runner.parameters import Parameter
from opskit.runner.static import StaticPresenter
from opskit.widgets.applying import Applying
from opskit.widgets.parameters import ask_again
from opskit.widgets.presenter import WidgetPresenter
from opskit.widgets.tables import table
from tests.unit.widgets.samples import FakeRun, PURGE, plan, runbook
corpus = json.loads(%r)
"""

FINDINGS = """
run = FakeRun(plan())
run.found = tuple(
    Finding(code=t, severity=Severity.ERROR, subject=t, summary=t, cause=t, source=t,
            evidence=(Evidence(text=t, command=t),), remedy=Remedy(text=t, runbook=t, parameters={t: t}))
    for t in corpus)
WidgetPresenter().findings(run)
"""

PLAN = """
steps = [replace(PURGE, id=str(n), title=t, reason=t, no_undo=t, confirm=t, risk="high",
                 expected=(Change(path=t, before=t, after=t),), precondition=(Condition(name="a", text=t),))
         for n, t in enumerate(corpus)]
run = FakeRun(replace(plan(*steps), title=corpus[1]), presenter=StaticPresenter())
display(StaticPresenter().plan(run))
shown = Applying(run, run.planned)
shown.output
"""

FAILING = """
def perform(_):
    for n, t in enumerate(corpus):
        at = Progress(step=str(n), title=t, index=n, total=20, phase="waiting", text=t, waiting_for=t)
        failing.tell(at)
    raise StepFailed(corpus[1], where=corpus[2], hint=corpus[0])
other = FakeRun(run.planned, perform, presenter=StaticPresenter())
failing = Applying(other, other.planned)
display(failing.output)
for name, field in failing.asking.confirmations.items():
    field.value = name
failing.asking.by.value = corpus[1]
failing.approve(corpus[1], timedelta(hours=1), list(failing.asking.confirmations))
assert failing.join(60)
"""

FORM = """
names = {f"p{n}": t for n, t in enumerate(corpus)}
parameters = [Parameter(name=n, type="choice", choices=(t,), description=t) for n, t in names.items()]
ask_again(runbook(*parameters), {"p0": corpus[1], "cluster": corpus[1]})
"""

TABLE = """
import pandas as pd
table(pd.DataFrame({corpus[1]: list(corpus)}))
"""


def test_the_corpus_is_shown_as_text_everywhere(page: Watched) -> None:
    cells = [SETUP % json.dumps(CORPUS), FINDINGS, PLAN, FAILING, FORM, TABLE]
    path = page.server.notebook("hostile.ipynb", cells)
    page.open_notebook(path)
    page.run_all()
    expect(page.output.get_by_role("button", name="Approve and apply")).to_be_visible()
    expect(page.output.get_by_text("✗ failed").first).to_be_visible()
    expect(page.output.locator(".dt-container").first).to_be_visible()
    assert page.page.evaluate("window.pwned") is None
    page.save()
    page.open_notebook(path)
    expect(page.output.get_by_text("✗ failed").first).to_be_visible()
    assert page.page.evaluate("window.pwned") is None
    page.expect_complaint("widget model not found")


def test_a_catalogue_that_lies_is_shown_as_text(page: Watched) -> None:
    entry = {
        "name": CORPUS[1], "title": CORPUS[0], "summary": CORPUS[2], "kind": "runbook", "system": CORPUS[8],
        "risk": "high", "duration": CORPUS[1], "changes": True, "proven": [CORPUS[1]], "opened": True,
    }  # fmt: skip
    answer = json.dumps({"entries": [entry], "open_at_start": True})
    page.page.route(
        "**/opskit/catalogue*", lambda route: route.fulfill(body=answer, content_type="application/json")
    )
    page.page.goto(page.server.url)
    expect(page.page.get_by_role("heading", name="<script>").first).to_be_visible()
    assert page.page.evaluate("window.pwned") is None


def test_a_saved_button_opens_nothing_that_is_not_listed(page: Watched, lab: Server) -> None:
    hostile = json.dumps({"runbook": "../../../tmp/evil", "parameters": {"x": 1}})
    button = f"<button class='opskit-open' value='{hostile}'>go</button>"
    code = f"from IPython.display import HTML\nHTML({button!r})"
    page.open_notebook(page.server.notebook("button.ipynb", [code]))
    page.run_all()
    page.output.get_by_role("button", name="go").click()
    expect(page.page.get_by_text("There is no runbook named")).to_be_visible()
    page.page.get_by_role("button", name="Close", exact=True).click()
    page.expect_complaint("400|There is no runbook named")
    assert not list(lab.workspace.parent.glob("**/evil*"))
