"""Judge the mesh: every check, causes before their symptoms. Pure."""

from importlib import import_module

import msgspec

from opskit.core.findings import Evidence, Finding, by_severity
from opskit.systems.istio.facts import Facts
from opskit.systems.istio.judging import REGISTRY, Judgement

AREAS = ("control", "security", "hosts", "subsets", "conflicts", "traffic")
"""The order in which equally grave findings are told."""

for _area in AREAS:
    import_module(f"opskit.systems.istio.checks_{_area}")


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    judged = [each for judge in REGISTRY for each in judge(facts)]
    causes = [each for each in judged if not each.symptom]
    alone: list[Finding] = []
    told: dict[int, list[Finding]] = {}
    for each in judged:
        cause = next((one for one in causes if each.symptom and explains(one, each)), None)
        if cause is None:
            alone.append(each.finding)
        else:
            told.setdefault(id(cause.finding), []).append(each.finding)
    return by_severity(_with_symptoms(each, told.get(id(each), [])) for each in alone)


def explains(cause: Judgement, symptom: Judgement) -> bool:
    """Whether the cause is about the same hosts or proxies, and at least as grave."""
    if cause.finding.severity < symptom.finding.severity:
        return False
    shared = cause.hosts & symptom.hosts or cause.pods & symptom.pods
    return bool(shared) or ("*" in cause.pods and bool(symptom.pods))


def _with_symptoms(finding: Finding, symptoms: list[Finding]) -> Finding:
    if not symptoms:
        return finding
    more = tuple(
        Evidence(text=f"follows from it: {each.subject}: {each.summary}", command=each.evidence[0].command)
        for each in symptoms
    )
    return msgspec.structs.replace(finding, evidence=(*finding.evidence, *more))
