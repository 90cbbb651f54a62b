"""Least privilege: each runbook works under exactly the rules that it declares, and no fewer will do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rook_lab import Headless, osd

from opskit.core import rights
from opskit.core.cluster import Cluster
from opskit.core.errors import MissingRights
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.runner import catalogue
from opskit.runner.changing import rules_of
from opskit.runner.contract import Runbook
from opskit.sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

NAMESPACE = "rook-ceph"
RUNBOOKS = [each for each in catalogue.every() if each.name.startswith("rook/")]
WORK: dict[str, dict[str, Any]] = {
    "rook/health": {},
    "rook/osd-down": {"osd": 1},
    "rook/replace-osd": {"osd": 1},
    "rook/host-maintenance": {"host": "node-b", "direction": "enter", "until": "23:59"},
    "rook/repair-pg": {"pg": "1.0"},
}
"""What each is asked to do. A plan that is refused for the cluster's state was read in full all the same."""


def as_role(rule: rights.Rule) -> dict[str, Any]:
    declared = msgspec.to_builtins(rule)
    names = {"resourceNames": list(rule.resource_names)} if rule.resource_names else {}
    return {
        "apiGroups": declared["apiGroups"],
        "resources": declared["resources"],
        "verbs": declared["verbs"],
    } | names


def grant(sandbox: Sandbox, name: str, rules: list[rights.Rule]) -> Path:
    """A kubeconfig of a user with these rules, each where it says."""
    wide = [as_role(each) for each in rules if not each.namespaces]
    narrow = [as_role(each) for each in rules if NAMESPACE in each.namespaces]
    path = sandbox.restricted_kubeconfig(name, wide)
    api = "rbac.authorization.k8s.io"
    head = {"apiVersion": f"{api}/v1", "metadata": {"name": name, "namespace": NAMESPACE}}
    role = {"kind": "Role", "apiGroup": api, "name": name}
    who = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    made = [
        {**head, "kind": "Role", "rules": narrow},
        {**head, "kind": "RoleBinding", "roleRef": role, "subjects": [who]},
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    sandbox.kubectl("apply", "-f", "-", text=text)
    return path


def opened(sandbox: Sandbox, kubeconfig: Path) -> Cluster:
    return Cluster(
        LiveReader(ApiServer(credentials(sandbox.context, kubeconfig=str(kubeconfig))), name="restricted")
    )


@pytest.fixture
def declared(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[tuple[Runbook, list[rights.Rule]]]:
    runbook: Runbook = request.param
    with opened(sandbox, sandbox.kubeconfig) as cluster:
        yield runbook, list(rules_of(cluster, runbook.rules))


def test_every_runbook_is_tried() -> None:
    assert {each.name for each in RUNBOOKS} == set(WORK)


@pytest.mark.parametrize("declared", RUNBOOKS, ids=lambda each: each.name, indirect=True)
def test_what_it_declares_is_enough(
    declared: tuple[Runbook, list[rights.Rule]], lab: Headless, sandbox: Sandbox
) -> None:
    runbook, rules = declared
    lab.kubeconfig = grant(sandbox, f"enough-{runbook.name.replace('/', '-')}", rules)
    given = [word for name, value in WORK[runbook.name].items() for word in ("-p", f"{name}={value}")]
    verb = "plan" if runbook.changing else "run"
    done = lab.opskit(
        verb, runbook.name, *given, "--cluster", sandbox.context, "--out", str(lab.folder / "out")
    )
    assert done.returncode in (0, 5), done.stderr
    assert "may not" not in done.stderr
    assert _forbidden(lab.folder / "out" / "notebook.ipynb") <= {"services"}, "only Prometheus may be missing"


def _forbidden(notebook: Path) -> set[str]:
    """Resources that a notebook says may not be read; `services` leads to Prometheus, which is a choice."""
    text = notebook.read_text()
    named = re.findall(r'([\w./]+)(?: [\\"]+[^\\"]+[\\"]+)? is forbidden: ', text)
    assert len(named) == text.lower().count("forbidden"), text
    return set(named)


@pytest.mark.parametrize("declared", RUNBOOKS, ids=lambda each: each.name, indirect=True)
def test_without_any_one_of_them_it_is_refused(
    declared: tuple[Runbook, list[rights.Rule]], sandbox: Sandbox
) -> None:
    runbook, rules = declared
    for dropped in range(len(rules)):
        kept = [rule for number, rule in enumerate(rules) if number != dropped]
        if not _covers(kept, rules[dropped]):
            with opened(sandbox, grant(sandbox, f"fewer-{runbook.name.replace('/', '-')}", kept)) as cluster:
                with pytest.raises(MissingRights) as refused:
                    rights.require(cluster, rules)
                assert rules[dropped].resources[0].partition("/")[0] in str(refused.value)


def _covers(kept: list[rights.Rule], dropped: rights.Rule) -> bool:
    return any(
        set(dropped.resources) <= set(rule.resources)
        and set(dropped.verbs) <= set(rule.verbs)
        and rule.namespaces in ((), dropped.namespaces)
        for rule in kept
    )


def test_an_osd_is_brought_back_under_exactly_those_rights(lab: Headless, sandbox: Sandbox) -> None:
    with opened(sandbox, sandbox.kubeconfig) as cluster:
        rules = list(rules_of(cluster, catalogue.find("rook/osd-down").rules))
    sandbox.inject("osd-down", osd=1)
    lab.kubeconfig = grant(sandbox, "exactly", rules)
    ran = lab.plan("rook/osd-down", osd=1).run()
    assert ran.exit_code == 0, ran.said
    assert osd(sandbox, 1)["up"]
    assert all(each["ok"] for each in ran.verdict["goal"])
