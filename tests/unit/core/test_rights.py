"""Rights: what is declared, what is needed, and how it is granted."""

import pytest

from opskit.core.errors import BadValue
from opskit.core.rights import Right, grants, parse


def test_rules_are_written_as_a_role_has_them() -> None:
    (rule,) = parse(
        [{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"], "namespaces": ["n"]}]
    )
    assert (rule.api_groups, rule.resources, rule.verbs, rule.namespaces) == (
        ("apps",),
        ("deployments/scale",),
        ("patch",),
        ("n",),
    )


@pytest.mark.parametrize(
    "wrong", [{}, {"apiGroups": "apps"}, {"apiGroups": [1], "resources": [], "verbs": []}]
)
def test_a_rule_of_another_shape_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadValue, match="not well formed"):
        parse([wrong])


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (
            Right(group="apps", resource="deployments/scale", verb="patch", namespace="n"),
            "patch deployments.apps/scale in namespace n",
        ),
        (Right(group="", resource="nodes", verb="get"), "get nodes in all namespaces"),
        (
            Right(group="", resource="namespaces", verb="get", name="kube-system"),
            "get namespaces 'kube-system' in all namespaces",
        ),
    ],
)
def test_a_right_is_readable(right: Right, said: str) -> None:
    assert str(right) == said


def test_one_command_grants_all_verbs_of_a_resource() -> None:
    rights = [
        Right(group="apps", resource="deployments", verb=verb, namespace="n") for verb in ("get", "patch")
    ]
    assert grants([*rights, Right(group="", resource="nodes", verb="list")], subject="--user=alice") == [
        "kubectl -n n create role opskit-get-patch-deployments --verb=get,patch --resource=deployments.apps",
        "kubectl -n n create rolebinding opskit-get-patch-deployments"
        " --role=opskit-get-patch-deployments --user=alice",
        "kubectl create clusterrole opskit-list-nodes --verb=list --resource=nodes",
        "kubectl create clusterrolebinding opskit-list-nodes --clusterrole=opskit-list-nodes --user=alice",
    ]
