"""The parameter form: made from the runbook's contract, checked by the same parser as the command line."""

from collections.abc import Callable, Mapping
from typing import Any

from ipywidgets import HTML, Button, Checkbox, Dropdown, HBox, Layout, Text, VBox

from opskit.core.errors import OpsError
from opskit.runner import cards, parameters
from opskit.runner.cards import Static
from opskit.runner.contract import Runbook
from opskit.runner.html import Html, el
from opskit.runner.parameters import Parameter
from opskit.widgets.callbacks import guarded
from opskit.widgets.dom import Messenger

Input = Text | Checkbox | Dropdown

FILL = "opskit:parameters"
"""The event on which the opskit extension writes the values into the parameters cell and runs on from it."""


class Field:
    """One parameter: a label, an input, and beside it what is expected or what is wrong.

    Args:
        parameter: as declared.
        value: what was given, in any form.

    """

    def __init__(self, parameter: Parameter, value: Any) -> None:
        self.parameter = parameter
        self.input = _input(parameter, value)
        self._note = HTML()
        self.widget = HBox([self.input, self._note], layout=Layout(align_items="center"))
        self.show(None)

    @property
    def given(self) -> Any:
        """What stands in the field: raw text, a boolean, or None where it was left empty and may be."""
        value = self.input.value
        return None if value == "" and self.parameter.default is None else value

    def show(self, error: OpsError | None) -> None:
        """Say what is wrong, or what is expected."""
        self._note.value = (
            _problem(error) if error else el("span", _help(self.parameter), class_="opskit-hint")
        )


class ParameterForm:
    """All parameters of a runbook, and a button that puts them into the parameters cell.

    Args:
        runbook: the contract.
        given: values to begin with, in any form; defaults fill the rest.
        failed: told when a callback fails.

    """

    def __init__(
        self, runbook: Runbook, given: Mapping[str, Any], *, failed: Callable[[OpsError], None]
    ) -> None:
        self._runbook = runbook
        self.fields = {each.name: Field(each, _begin(each, given)) for each in runbook.parameters}
        self._messenger = Messenger()
        self._button = Button(
            description="Use these values",
            tooltip="Write them into the parameters cell and run from there",
            button_style="primary",
        )
        self._button.on_click(guarded(self.submit, failed))
        for field in self.fields.values():
            field.input.observe(guarded(self.refresh, failed), names="value")
        rows = [field.widget for field in self.fields.values()]
        self.widget = VBox([*rows, self._button, self._messenger])
        self.widget.add_class("opskit-form")

    @property
    def given(self) -> dict[str, Any]:
        """What stands in the fields, as a person wrote it; required ones that are empty are left out."""
        values = {name: field.given for name, field in self.fields.items()}
        return {name: value for name, value in values.items() if value != ""}

    def problems(self) -> dict[str, OpsError]:
        """What is wrong, by parameter; each is shown beside its field."""
        wrong = parameters.problems(self._runbook.parameters, self.given)
        for name, field in self.fields.items():
            field.show(wrong.get(name))
        return wrong

    def submit(self) -> None:
        """Put the values into the parameters cell, unless something is wrong with them."""
        if self.problems():
            return
        values = self._runbook.show(self._runbook.read(self.given))
        self._messenger.tell(FILL, parameters=values)

    def static(self) -> Static:
        """The same without a kernel."""
        return cards.facts("Parameters", [(name, field.given) for name, field in self.fields.items()])

    def refresh(self) -> None:
        """Say what is wrong beside each field, and enable the button when nothing is."""
        self._button.disabled = bool(self.problems())


def _begin(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    if parameter.name in given:
        return given[parameter.name]
    return None if parameter.required else parameter.default


def _input(parameter: Parameter, value: Any) -> Input:
    common: dict[str, Any] = {
        "description": parameter.name,
        "style": {"description_width": "140px"},
        "layout": Layout(width="420px"),
    }
    if parameter.type == "boolean":
        return Checkbox(value=bool(value), indent=True, **common)
    if parameter.type == "choice":
        options = [""] if parameter.required else []
        chosen = value if value in parameter.choices else ("" if parameter.required else None)
        return Dropdown(options=[*options, *parameter.choices], value=chosen, **common)
    return Text(value=_text(value), placeholder=parameter.expects, **common)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _help(parameter: Parameter) -> str:
    return f"{parameter.description} ({parameter.expects})" if parameter.description else parameter.expects


def _problem(error: OpsError) -> Html:
    return el("span", error.what, role="alert", class_="opskit-problem")
