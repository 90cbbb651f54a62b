"""The static presenter: headless runs, saved notebooks, reports."""

from typing import TYPE_CHECKING

from opskit.core.errors import ApprovalNeeded
from opskit.runner import applying, cards, context, telling
from opskit.runner.cards import Static
from opskit.runner.html import el, table

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.session import Run
    from opskit.runner.verdict import Verdict


class StaticPresenter:
    """HTML with a plain-text twin; nothing to click."""

    interactive = False

    def opened(self, run: "Run") -> Static:
        """Runbook, parameters, and which cluster answers."""
        shown = run.runbook.show(run.parameters)
        rows = [("Cluster", cards.which(run.cluster.info))]
        rows += [(name, str(value)) for name, value in shown.items() if name != "cluster"]
        rows += [("Run", run.record.run), ("Risk", run.runbook.risk)]
        return cards.facts(run.runbook.title, rows, lead=run.runbook.summary)

    def findings(self, run: "Run") -> Static:
        """Worst first."""
        return cards.findings(run.found, cluster=str(run.parameters["cluster"]))

    def plan(self, run: "Run") -> Static:
        """Steps, diffs, goal."""
        return cards.plan(applying.planned(run))

    def approval(self, run: "Run") -> Static:
        """Nothing can be clicked here.

        Raises:
            ApprovalNeeded: always.

        """
        raise ApprovalNeeded("The plan waits for an approval.", where=str(run.folder.plan))

    def planned_only(self, _run: "Run", why: str) -> Static:
        """The plan stays a plan."""
        return cards.note("Not applied", why)

    def progress(self, _run: "Run", progress: "Progress") -> None:
        """To the runner that leads this kernel; the cell itself is shown when it is done."""
        if context.current():
            telling.tell(progress)

    def applied(self, _run: "Run", outcome: "Outcome") -> Static:
        """How applying ended, step by step."""
        rows = [(each.title, each.state, each.text) for each in outcome.steps]
        done = table("Steps", ("Step", "Ended", "What was read"), rows)
        html = el("section", el("h2", "Applied"), el("p", outcome.text), done, class_="banner good")
        lines = [f"  {title}: {state} {text}".rstrip() for title, state, text in rows]
        return Static(html, "\n".join(["Applied", f"  {outcome.text}", *lines]))

    def verdict(self, run: "Run", verdict: "Verdict") -> Static:
        """What is true at the end."""
        return cards.verdict(verdict, cluster=str(run.parameters["cluster"]))
