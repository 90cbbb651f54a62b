"""The report of a run: one file that opens offline, verdict on top, nothing in it that runs but plotly.js."""

import base64
import hashlib
import json
from typing import Any

from opskit.core.errors import UsageError
from opskit.core.plan import Plan
from opskit.core.secrets import scrub
from opskit.runner import cards, outputs, plans, steps
from opskit.runner.ending import verdict_of
from opskit.runner.files import write_private
from opskit.runner.folder import RunFolder
from opskit.runner.html import Html, el, table
from opskit.runner.record import Record, Status
from opskit.runner.style import CARD_CSS, REPORT_CSS
from opskit.runner.verdict import Verdict

_DRAW = """
for (const figure of document.querySelectorAll("figure.plot")) {
  const read = JSON.parse(figure.querySelector("script").textContent);
  // Its buttons would lie on the title.
  const layout = Object.assign({}, read.layout, {autosize: true, modebar: {orientation: "v"}});
  delete layout.width;
  Plotly.newPlot(figure.querySelector("div"), read.data, layout, {responsive: true, displaylogo: false});
}
"""

_GOOD = frozenset({Status.COMPLETED, Status.NOTHING_TO_DO, Status.PLANNED_ONLY})


def write(own: RunFolder) -> None:
    """Write report.html of a run.

    Raises:
        OSError: it could not be written.

    """
    write_private(own.report, scrub(render(own)).encode())


def render(own: RunFolder) -> str:
    """The report's HTML, from what the run folder holds."""
    record, verdict, notebook = own.read(), verdict_of(own), _notebook(own)
    body = el("main", *_body(own, record, verdict, notebook), class_="opskit")
    scripts = [_plotly(), _DRAW] if outputs.has_figures(notebook) else []
    head = (
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(scripts)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{record.title or record.runbook}: {record.status.value}"),
        el("style", Html(CARD_CSS + REPORT_CSS)),
    )
    drawn = (el("script", Html(each)) for each in scripts)
    return "<!doctype html>\n" + el("html", el("head", *head), el("body", body, *drawn), lang="en")


def _body(own: RunFolder, record: Record, verdict: Verdict | None, notebook: Any) -> list[Html]:
    parts = [_headline(record, verdict), _about(record)]
    plan = _plan(own)
    if plan and own.journal.exists():
        parts.append(_steps(own, plan))
    if verdict and verdict.goal:
        rows = ((each.text, cards.mark(each.ok), each.state) for each in verdict.goal)
        parts.append(
            el("section", table("The goal, read again at the end", ("Goal", "Holds", "What was read"), rows))
        )
    if verdict and verdict.findings:
        parts.append(_findings(verdict))
    if verdict and verdict.unread:
        parts.append(
            el("section", el("h2", "Not read"), el("ul", *(el("li", each) for each in verdict.unread)))
        )
    parts += [el("h2", "The notebook"), outputs.cells(notebook)]
    return parts


def _headline(record: Record, verdict: Verdict | None) -> Html:
    good = record.status in _GOOD and (verdict is None or verdict.good)
    tone = "good" if good else "warning" if record.status in _GOOD else "bad"
    lines = [record.sentence or (verdict.sentence if verdict else "")]
    if verdict and verdict.sentence not in lines:
        lines.append(verdict.sentence)
    state = f"{record.status.value} (exit code {record.exit_code})"
    said = (el("p", line) for line in lines if line)
    return el(
        "header", el("h1", record.title or record.runbook), el("h2", state), *said, class_=f"banner {tone}"
    )


def _about(record: Record) -> Html:
    cluster = record.cluster
    state = "live" if cluster and cluster.live else "snapshot"
    took = f"{(record.ended - record.started).total_seconds():.1f} s" if record.ended else ""
    rows: list[tuple[str, object]] = [
        ("Runbook", record.runbook),
        ("Run", record.run),
        (
            "Cluster",
            f"{cluster.name} ({state}, {cluster.version}, {cluster.server})" if cluster else "not reached",
        ),
        ("Cluster UID", cluster.uid if cluster else ""),
        *(
            (name, value)
            for name, value in record.parameters.items()
            if name != "cluster" and value is not None
        ),
        ("Started", f"{record.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("Took", took),
        ("By", f"{record.user} on {record.host}"),
        ("Approved by", record.approved_by),
        ("Plan hash", record.plan_hash),
        ("opskit", record.opskit),
    ]
    pairs = (part for name, value in rows if value != "" for part in (el("dt", name), el("dd", str(value))))
    return el("section", el("dl", *pairs), aria_label="About this run")


def _steps(own: RunFolder, plan: Plan) -> Html:
    found, wrong = steps.of(own, plan)
    rows = (
        (
            each.title,
            each.state,
            f"{each.began:%H:%M:%S}" if each.began else "",
            "" if each.seconds is None else f"{each.seconds:.1f} s",
        )
        for each in found
    )
    note = el("p", wrong, class_="bad", role="alert") if wrong else ""
    return el("section", note, table("What was done", ("Step", "State", "Began (UTC)", "Took"), rows))


def _findings(verdict: Verdict) -> Html:
    rows = (
        (
            each.summary,
            el("span", each.severity.value, class_=f"badge {each.severity.value}"),
            each.subject,
            el("span", each.code, class_="whole"),
        )
        for each in verdict.findings
    )
    return el("section", table("Found at the end", ("Finding", "Severity", "Subject", "Code"), rows))


def _plan(own: RunFolder) -> Plan | None:
    try:
        return plans.load(own.plan) if own.plan.exists() else None
    except UsageError:
        return None


def _notebook(own: RunFolder) -> Any:
    try:
        return json.loads(own.notebook.read_bytes())
    except (OSError, ValueError):
        return {"cells": []}


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _policy(scripts: list[str]) -> str:
    """Only the scripts that are written here run: whatever an answer of a server smuggles in does not."""
    hashes = " ".join(f"'sha256-{_sha256(each)}'" for each in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
