"""Revoking leases: what is planned, and what is refused."""

import msgspec
import pytest

from opskit.core.errors import Refused
from opskit.core.plan import Call, Draft
from opskit.core.planning import draft
from opskit.systems.vault import answers
from opskit.systems.vault.facts import read
from opskit.systems.vault.plans import revoke_leases

from .replay import cluster


def planned(state: str = "healthy", *, own: str = "auth/token/create", **parameters: object) -> Draft:
    seen = cluster(state)
    facts = read(seen)
    if isinstance(facts.myself, answers.Token):
        facts = msgspec.structs.replace(facts, myself=msgspec.structs.replace(facts.myself, path=own))
    return draft(seen, revoke_leases, facts, **parameters)


def test_every_lease_is_reviewed_and_has_to_be_gone() -> None:
    made = planned(prefix="pki/issue/web")
    (step,) = made.steps
    assert isinstance(step.action, Call)
    assert (step.action.method, step.action.path) == ("PUT", "/v1/sys/leases/revoke-prefix/pki/issue/web")
    assert step.action.body == {"sync": True}
    assert (step.confirm, step.risk) == ("pki/issue/web", "high")
    assert len(made.goal[0].arguments["leases_reviewed"]) == 3
    assert all(each.startswith("pki/issue/web/") for each in made.goal[0].arguments["leases_reviewed"])


def test_by_force_says_what_stays() -> None:
    (step,) = planned(prefix="/pki/issue/web/", force=True).steps
    assert isinstance(step.action, Call)
    assert step.action.path == "/v1/sys/leases/revoke-force/pki/issue/web"
    assert "must be removed by hand" in step.reason


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"prefix": ""}, "is no prefix of leases"),
        ({"prefix": "sys/"}, "is no prefix of leases"),
        ({"prefix": "pki/issue/web", "at_most": 2}, "there are 3 leases, and at_most is 2"),
        ({"prefix": "pki/issue/web", "own": "pki/issue/web"}, "opskit's own token"),
        ({"prefix": "pki/issue/web", "state": "all-sealed"}, "Vault is sealed or does not answer"),
    ],
)
def test_what_is_refused(parameters: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(**parameters)  # type: ignore[arg-type]
    assert reason in str(refused.value)
