"""The approval panel: what will be applied, names to be typed, who approves and until when."""

import getpass
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from ipywidgets import HTML, Button, Dropdown, Layout, Text, VBox

from opskit.core.errors import ApprovalRejected, ConfigError, OpsError
from opskit.core.plan import Plan, Step
from opskit.runner import cards
from opskit.runner.cards import Static
from opskit.runner.html import Html, el, join
from opskit.widgets.callbacks import guarded
from opskit.widgets.frame import framed_widget

if TYPE_CHECKING:
    from opskit.runner.session import Run

SPANS = {
    "15 minutes": timedelta(minutes=15),
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
}
"""How long an approval may hold."""

_KEY = "~/.ssh/id_ed25519.pub: the agent holds its private key"
_LABEL = {"description_width": "180px"}
_WIDE = Layout(width="520px")


class ApprovalPanel:
    """Asks for an approval of the run's plan.

    Args:
        run: on whose cluster the plan would be applied.
        plan: what is approved.
        approve: called by the click with who approves, how long it holds, the names that were typed, and
            the key that signs ("": none). A refusal of it is shown, and can be mended here.
        failed: told when a callback fails.
        signed: whether only signed approvals count here.

    """

    def __init__(
        self,
        run: "Run",
        plan: Plan,
        *,
        approve: Callable[[str, timedelta, Iterable[str], str], None],
        failed: Callable[[OpsError], None],
        signed: bool = False,
    ) -> None:
        self._approve = approve
        self.confirmations = {name: _confirmation(name) for name in _names(plan)}
        self.by = Text(value=_user(), description="Approved by", style=_LABEL, layout=_WIDE)
        self.span = Dropdown(options=list(SPANS), description="Holds for", style=_LABEL, layout=_WIDE)
        self.key = Text(description="Sign with SSH key", placeholder=_KEY, style=_LABEL, layout=_WIDE)
        self._signed = signed
        self.button = Button(
            description=f"Approve and apply {_count(plan)}",
            button_style="danger" if _risky(plan) else "primary",
            layout=Layout(width="auto", margin="8px 0 0 0", align_self="flex-start"),
        )
        self._why = HTML()
        self._summary = HTML(summary(run, plan))
        for field in (*self.confirmations.values(), self.by, self.key):
            field.observe(guarded(self.refresh, failed), names="value")
        self.button.on_click(guarded(self.click, failed))
        fields = [*self.confirmations.values(), self.by, self.span, *([self.key] if signed else [])]
        parts = [self._summary, *fields, self._why, self.button]
        self.widget = framed_widget(VBox(parts))
        self.refresh()

    def missing(self) -> list[str]:
        """What still keeps the button from being pressed, a clause each."""
        typed = [
            f"type {name!r}" for name, field in self.confirmations.items() if field.value.strip() != name
        ]
        who = [] if self.by.value.strip() else ["say who approves"]
        key = ["name the SSH key that signs"] if self._signed and not self.key.value.strip() else []
        return [*typed, *who, *key]

    def refresh(self) -> None:
        """Enable the button once nothing is missing, and say what is."""
        missing = self.missing()
        self.button.disabled = bool(missing)
        text = f"To approve: {', '.join(missing)}." if missing else ""
        self._why.value = el("p", text, role="status", class_="opskit-hint") if text else ""

    def click(self) -> None:
        """Approve, if nothing is missing."""
        if self.missing():
            self.refresh()
            return
        by, key = self.by.value.strip(), self.key.value.strip()
        try:
            self._approve(by, SPANS[str(self.span.value)], list(self.confirmations), key)
        except (ApprovalRejected, ConfigError) as error:
            self._why.value = el("p", f"Not approved: {error}", role="alert", class_="opskit-hint")


def summary(run: "Run", plan: Plan) -> Html:
    """What an approval would apply, and where."""
    blind = [step.title for step in plan.steps if not step.skip and step.preview is None and _acts(step)]
    final = [
        f"{step.title}: {step.no_undo}"
        for step in plan.steps
        if not step.skip and step.undo is None and _acts(step)
    ]
    rows = [
        ("Applies", f"{_count(plan)} of plan {plan.hash[:12]}: {plan.title}"),
        ("To", cards.which(run.cluster.info)),
        ("Highest risk", _highest(plan)),
    ]
    listed = [el(tag, each) for name, value in rows for tag, each in (("dt", name), ("dd", value))]
    return el(
        "section",
        el("h2", "Approve and apply"),
        el("dl", *listed),
        _list("No dry run: these steps can't be previewed", blind),
        _list("No undo", final),
    )


def waiting(run: "Run", plan: Plan) -> Static:
    """The panel's static twin, with the command line that does the same."""
    line = f"opskit approve {run.folder.plan}"
    asks = el("p", "Waits for an approval. Without this panel: ", el("code", line))
    text = (
        f"Waits for an approval of {_count(plan)} of plan {plan.hash[:12]} on {cards.which(run.cluster.info)}"
    )
    return Static(join((summary(run, plan), asks)), f"{text}\nWithout this panel: {line}")


def _confirmation(name: str) -> Text:
    return Text(description=f"Type {name} to confirm", placeholder=name, style=_LABEL, layout=_WIDE)


def _names(plan: Plan) -> list[str]:
    return list(dict.fromkeys(step.confirm for step in plan.steps if step.confirm))


def _acts(step: Step) -> bool:
    return type(step.action).__name__ != "Wait"


def _count(plan: Plan) -> str:
    number = sum(1 for step in plan.steps if not step.skip)
    return f"{number} step{'' if number == 1 else 's'}"


def _highest(plan: Plan) -> str:
    order = ("low", "medium", "high")
    return max((step.risk for step in plan.steps if not step.skip), key=order.index, default="low")


def _risky(plan: Plan) -> bool:
    return _highest(plan) == "high" or bool(_names(plan))


def _list(title: str, lines: list[str]) -> Html:
    if not lines:
        return Html()
    return join((el("p", el("strong", title)), el("ul", *(el("li", line) for line in lines))))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
