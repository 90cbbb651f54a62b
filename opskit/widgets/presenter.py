"""The interactive presenter: what the static one shows, and what can be clicked."""

import json
from typing import TYPE_CHECKING

from ipywidgets import HTML, VBox

from opskit.core.findings import Remedy
from opskit.runner import applying, cards
from opskit.runner.cards import Static, framed
from opskit.runner.html import Html, el
from opskit.runner.static import StaticPresenter
from opskit.widgets.applying import Applying
from opskit.widgets.parameters import ParameterPanel
from opskit.widgets.twin import Twin

if TYPE_CHECKING:
    from opskit.core.progress import Outcome, Progress
    from opskit.runner.session import Run
    from opskit.runner.verdict import Verdict


class WidgetPresenter:
    """Forms, remedies that open the next runbook, the approval panel, live progress."""

    interactive = True

    def __init__(self) -> None:
        self._static = StaticPresenter()
        self._applying: Applying | None = None

    def opened(self, run: "Run") -> Twin:
        """The static card, and a form behind a button."""
        card = self._static.opened(run)
        panel = ParameterPanel(run.runbook, run.runbook.show(run.parameters))
        return Twin(VBox([HTML(framed(card.html)), panel.widget]), card)

    def findings(self, run: "Run") -> Static:
        """Worst first; a remedy's button opens its runbook on the same cluster."""
        cluster = cluster_of(run)
        return cards.findings(run.found, cluster=cluster, offer=lambda each: remedy_button(each, cluster))

    def plan(self, run: "Run") -> Static:
        """Steps, diffs, goal."""
        return self._static.plan(run)

    def planned_only(self, run: "Run", why: str) -> Static:
        """The plan stays a plan."""
        return self._static.planned_only(run, why)

    def applied(self, run: "Run", outcome: "Outcome") -> Static:
        """How applying ended, step by step."""
        return self._static.applied(run, outcome)

    def approval(self, run: "Run") -> Twin:
        """The approval panel. While a plan is being applied, its progress."""
        plan = applying.planned(run)
        if self._applying is None or not (self._applying.running or self._applying.plan is plan):
            self._applying = Applying(run, plan)
        return self._applying.output

    def progress(self, run: "Run", progress: "Progress") -> None:  # noqa: ARG002 - the protocol's
        """Into the panel; called in the thread that applies."""
        if self._applying is not None:
            self._applying.tell(progress)

    def verdict(self, run: "Run", verdict: "Verdict") -> Static:
        """What is true at the end."""
        cluster = cluster_of(run)
        return cards.verdict(verdict, cluster=cluster, offer=lambda each: remedy_button(each, cluster))


def cluster_of(run: "Run") -> str:
    """The name under which the run's cluster was opened."""
    return str(run.parameters.get("cluster", run.cluster.info.name))


def remedy_button(remedy: Remedy, cluster: str) -> Html:
    """A button that opens the remedy's runbook with its parameters filled in.

    The opskit extension listens for it, with or without a kernel.
    """
    if not remedy.runbook:
        return Html()
    asked = {"runbook": remedy.runbook, "parameters": {"cluster": cluster, **remedy.parameters}}
    return el(
        "button",
        f"Open {remedy.runbook}",
        type="button",
        class_="opskit-open",
        value=json.dumps(asked),
    )
