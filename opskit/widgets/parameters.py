"""The form as an output: behind a button once a run is open, at once where a value is wrong."""

from collections.abc import Mapping
from typing import Any

from ipywidgets import HTML, Layout, ToggleButton, VBox

from opskit.core.errors import OpsError
from opskit.runner import cards
from opskit.runner.cards import framed
from opskit.runner.contract import Runbook
from opskit.widgets.callbacks import guarded
from opskit.widgets.form import ParameterForm
from opskit.widgets.frame import framed_widget
from opskit.widgets.twin import Twin


class ParameterPanel:
    """A form that can be opened, and a place for what fails in it.

    Args:
        runbook: the contract.
        given: values to begin with.
        shown: whether the form is open at once, with what is wrong beside the fields.

    """

    def __init__(self, runbook: Runbook, given: Mapping[str, Any], *, shown: bool = False) -> None:
        self.form = ParameterForm(runbook, given, failed=self.fail)
        self._failure = HTML()
        self._toggle = ToggleButton(value=shown, description="Change parameters", layout=Layout(width="auto"))
        self._body = framed_widget(VBox([self.form.widget, self._failure]))
        self._toggle.observe(guarded(self._show, self.fail), names="value")
        self.widget = VBox([self._body] if shown else [self._toggle], layout=Layout(align_items="flex-start"))
        if shown:
            self.form.refresh()

    def fail(self, error: OpsError) -> None:
        """Show what went wrong in a callback."""
        self._failure.value = framed(cards.error("That did not work", error.to_dict()))

    def _show(self) -> None:
        self.widget.children = (self._toggle, self._body) if self._toggle.value else (self._toggle,)


def ask_again(runbook: Runbook, given: Mapping[str, Any]) -> Twin:
    """The form with what is wrong, for a run that could not be opened."""
    panel = ParameterPanel(runbook, given, shown=True)
    return Twin(panel.widget, panel.form.static())
