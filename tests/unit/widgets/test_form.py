from typing import Any

import pytest

from opskit.core.errors import OpsError
from opskit.runner.parameters import Parameter
from opskit.widgets import form as forms
from opskit.widgets.form import ParameterForm
from tests.unit.widgets.samples import runbook

OSD = Parameter(name="osd", type="integer", description="the OSD's ID", minimum=0)
WAIT = Parameter(name="wait", type="duration", default="10m")
ZAP = Parameter(name="zap", type="boolean", default=False)
HOW = Parameter(name="how", type="choice", choices=("slow", "fast"), default="slow")
HOSTS = Parameter(name="hosts", type="list", default=["a"])
NOTE = Parameter(name="note", default=None)


def raised(error: OpsError) -> None:
    raise error


def form(**given: Any) -> ParameterForm:
    return ParameterForm(runbook(OSD, WAIT, ZAP, HOW, HOSTS, NOTE), given, failed=raised)


def told(shown: ParameterForm, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(shown._messenger, "tell", lambda event, **detail: events.append((event, detail)))
    return events


def test_every_parameter_has_a_labelled_field_with_its_default() -> None:
    shown = form()
    values = {name: field.input.value for name, field in shown.fields.items()}
    assert values == {
        "cluster": "demo", "osd": "", "wait": "10m", "zap": False, "how": "slow", "hosts": "a", "note": "",
    }  # fmt: skip
    assert all(field.input.description == name for name, field in shown.fields.items())


def test_what_is_wrong_stands_beside_its_field_in_the_parsers_words() -> None:
    shown = form(osd=3)
    shown.fields["wait"].input.value = "ten"
    note = shown.fields["wait"]._note.value
    assert 'role="alert"' in note
    assert str(WAIT.bad("ten").what) in note.replace("&#x27;", "'").replace("&quot;", '"')
    assert shown._button.disabled
    shown.fields["wait"].input.value = "15m"
    assert "alert" not in shown.fields["wait"]._note.value
    assert not shown._button.disabled


def test_submit_tells_the_canonical_values(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = form(osd="7", wait="90s")
    events = told(shown, monkeypatch)
    shown._button.click()
    assert events == [
        (
            forms.FILL,
            {
                "parameters": {
                    "cluster": "demo", "osd": 7, "wait": "1m30s", "zap": False, "how": "slow",
                    "hosts": ["a"], "note": None,
                }
            },
        )
    ]  # fmt: skip


def test_a_required_value_that_is_missing_is_not_submitted(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = form()
    events = told(shown, monkeypatch)
    shown.submit()
    assert events == []
    assert "required" in shown.fields["osd"]._note.value


def test_hostile_values_are_text() -> None:
    shown = form(osd="<img src=x onerror=alert(1)>")
    shown.problems()
    assert "<img" not in shown.fields["osd"]._note.value
    assert "&lt;img" in shown.fields["osd"]._note.value
    assert "<img" not in shown.static().html
