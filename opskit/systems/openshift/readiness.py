"""Whether the cluster may be updated now: every guard, and one verdict. Pure.

Follows https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/updating_clusters/
on preparing an update.
"""

from collections.abc import Iterator
from enum import StrEnum

from opskit.core.findings import Data
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.openshift.chain import in_trouble
from opskit.systems.openshift.facts import Facts, condition, says
from opskit.systems.openshift.kinds import ClusterVersion


class Answer(StrEnum):
    """What a guard says."""

    YES = "yes"
    NO = "no"
    ASK = "ask"
    """Nobody but a person can tell."""
    UNKNOWN = "unknown"
    """It could not be read, which counts as no."""


class Guard(Data, frozen=True):
    """One thing that must be so before an update."""

    name: str
    answer: Answer
    why: str
    command: str


class Readiness(Data, frozen=True):
    """The verdict."""

    before: str
    to: str
    """The release to go to; "" when there is none."""
    guards: tuple[Guard, ...]

    @property
    def ready(self) -> bool:
        """Whether no guard says no, and none could not be read."""
        return all(each.answer in (Answer.YES, Answer.ASK) for each in self.guards)

    @property
    def sentence(self) -> str:
        """The verdict, as a sentence."""
        way = f"{self.before} → {self.to}" if self.to else f"An update from {self.before}"
        against = [each.name for each in self.guards if each.answer in (Answer.NO, Answer.UNKNOWN)]
        if against:
            return f"{way} is blocked: {some(against)}"
        asked = sum(each.answer is Answer.ASK for each in self.guards)
        once = f", once {count(asked, 'question', 'is')} answered" if asked else ""
        return f"{way} may begin{once}"


def readiness(facts: Facts, *, to: str | None = None) -> Readiness:
    """Every guard of an update.

    Args:
        facts: of the cluster.
        to: the release; None is the newest that is recommended.

    """
    version = facts.version if isinstance(facts.version, ClusterVersion) else None
    before = version.status.desired.version if version else "?"
    target = to or _newest(version)
    return Readiness(before=before, to=target, guards=tuple(_guards(facts, version, before, target)))


def _newest(version: ClusterVersion | None) -> str:
    offered = [each.version for each in version.status.available_updates or []] if version else []
    return max(offered, key=numbers, default="")


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers to compare; what is no number counts as 0."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.partition("-")[0].split("."))


def _guards(facts: Facts, version: ClusterVersion | None, before: str, to: str) -> Iterator[Guard]:
    if version is None:
        why = facts.version.reason if isinstance(facts.version, Unread) else "there is no ClusterVersion"
        yield Guard(name="version", answer=Answer.UNKNOWN, why=why, command="oc get clusterversion")
        return
    yield _offered(version, to)
    yield _risks(version, to)
    yield _idle(version)
    yield _operators(facts)
    yield _upgradeable(facts, version, before, to)
    yield _pools(facts)
    yield _drains(facts)
    yield Guard(
        name="etcd backup",
        answer=Answer.ASK,
        why="no object tells whether a fresh backup lies off the cluster: take one",
        command="oc debug node/CONTROL-PLANE -- chroot /host cluster-backup.sh /home/core/backup",
    )


def _guard(name: str, against: str, good: str, command: str) -> Guard:
    return Guard(name=name, answer=Answer.NO if against else Answer.YES, why=against or good, command=command)


def _offered(version: ClusterVersion, to: str) -> Guard:
    offered = {each.version for each in version.status.available_updates or []}
    conditional = {each.release.version for each in version.status.conditional_updates or []}
    why = ""
    if not to:
        why = f"channel {version.spec.channel or '(none)'} offers nothing newer"
    elif to not in offered | conditional:
        why = f"{to} is not among {some(sorted(offered | conditional)) or 'the updates offered (none)'}"
    return _guard("target offered", why, f"{to} is offered", "oc adm upgrade")


def _risks(version: ClusterVersion, to: str) -> Guard:
    risks = [
        f"{risk.name}: {risk.message}"
        for each in version.status.conditional_updates or []
        if each.release.version == to and not says(each.conditions, "Recommended", "True")
        for risk in each.risks or []
    ]
    return _guard(
        "no known risk", some(risks, at_most=3), "no risk applies", "oc adm upgrade --include-not-recommended"
    )


def _idle(version: ClusterVersion) -> Guard:
    conditions = version.status.conditions
    busy = condition(conditions, "Progressing")
    why = busy.message or "an update is under way" if busy and busy.status == "True" else ""
    if says(conditions, "Failing", "True"):
        failing = condition(conditions, "Failing")
        why = f"the last update fails: {failing.message if failing else ''}"
    return _guard("no update under way", why, "the cluster is at its version", "oc get clusterversion")


def _operators(facts: Facts) -> Guard:
    if isinstance(facts.operators, Unread):
        return Guard(
            name="operators available",
            answer=Answer.UNKNOWN,
            why=facts.operators.reason,
            command="oc get clusteroperators",
        )
    ill = [each.name for each in facts.operators if in_trouble(each)]
    why = f"{some(ill)} not available or degraded" if ill else ""
    return _guard("operators available", why, f"all {len(facts.operators)} are", "oc get clusteroperators")


def _upgradeable(facts: Facts, version: ClusterVersion, before: str, to: str) -> Guard:
    minor = numbers(before)[:2] != numbers(to)[:2] if to else False
    by = [
        each.name
        for each in known(facts.operators, [])
        if says(each.status.conditions, "Upgradeable", "False")
    ]
    whole = condition(version.status.conditions, "Upgradeable")
    refused = bool(by) or (whole is not None and whole.status == "False")
    why = f"{some(by) or 'the cluster'} says Upgradeable=False: {whole.message if whole else ''}"
    good = "patches are always allowed" if refused else "Upgradeable"
    return _guard("minor version allowed", why if minor and refused else "", good, "oc adm upgrade")


def _pools(facts: Facts) -> Guard:
    if isinstance(facts.pools, Unread):
        return Guard(
            name="pools updated, unpaused",
            answer=Answer.UNKNOWN,
            why=facts.pools.reason,
            command="oc get machineconfigpools",
        )
    bad = [
        f"{pool.name} {'is paused' if pool.spec.paused else 'is not updated'}"
        for pool in facts.pools
        if pool.spec.paused or not says(pool.status.conditions, "Updated", "True")
    ]
    return _guard(
        "pools updated, unpaused", some(bad), f"all {len(facts.pools)} are", "oc get machineconfigpools"
    )


def _drains(facts: Facts) -> Guard:
    if isinstance(facts.budgets, Unread):
        return Guard(
            name="nodes drain", answer=Answer.UNKNOWN, why=facts.budgets.reason, command="oc get pdb -A"
        )
    held = [
        f"{each.namespace}/{each.name}"
        for each in facts.budgets
        if each.status.expected_pods and not each.status.disruptions_allowed
    ]
    why = f"{some(held)} lets no pod go" if held else ""
    return _guard("nodes drain", why, "every budget lets a pod go", "oc get pdb -A")
