import html
import json
import re

import pytest

from opskit.core.findings import Finding, Remedy, Severity
from opskit.widgets.presenter import WidgetPresenter, remedy_button
from tests.unit.widgets.samples import FakeRun, plan


def test_a_remedys_button_carries_the_runbook_its_parameters_and_the_cluster() -> None:
    button = remedy_button(
        Remedy(text="bring it back", runbook="rook/osd-down", parameters={"osd": 3}), "prod"
    )
    value = html.unescape(re.findall(r'value="([^"]*)"', button)[0])
    assert json.loads(value) == {"runbook": "rook/osd-down", "parameters": {"cluster": "prod", "osd": 3}}
    assert 'class="opskit-open"' in button
    assert "Open rook/osd-down" in button


def test_a_remedy_without_a_runbook_has_none() -> None:
    assert remedy_button(Remedy(text="call the vendor"), "prod") == ""


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"]
)
def test_hostile_findings_are_text(hostile: str) -> None:
    run = FakeRun(plan())
    run.found = (
        Finding(
            code="rook/X",
            severity=Severity.ERROR,
            subject=hostile,
            summary=hostile,
            cause=hostile,
            source=hostile,
            remedy=Remedy(text=hostile, runbook=hostile, parameters={"osd": hostile}),
        ),
    )
    shown = WidgetPresenter().findings(run).html  # type: ignore[arg-type]
    assert not re.search(r"<script|<img|href=\"javascript", shown)
    assert "opskit run" in shown
