"""Findings in other programs' formats."""

from typing import Any
from xml.etree import ElementTree

import msgspec

from opskit import __version__
from opskit.core.findings import Finding, Severity
from opskit.runner import cards
from opskit.runner.survey import Survey

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_NO_XML = {code: " " for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: " ", 0xFFFF: " "}


def as_json(seen: Survey) -> dict[str, Any]:
    """`{cluster, findings: [{code, severity, subject, summary, evidence, cause, remedy, source}]}`."""
    found: list[dict[str, Any]] = msgspec.to_builtins(seen.findings)
    return {
        "cluster": seen.cluster,
        "findings": found,
        "unread": list(seen.unread),
        "absent": list(seen.absent),
        "lacking": list(seen.lacking),
        "defects": [{"system": each.system, "error": each.error} for each in seen.defects],
    }


def sarif_text(seen: Survey) -> str:
    """`as_sarif` as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(as_sarif(seen)), indent=2).decode()


def as_sarif(seen: Survey) -> dict[str, Any]:
    """SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/); a subject is a logical location.

    What could not be read, and defects, stand in the invocation's notifications.
    """
    rules = {each.code: _rule(each) for each in seen.findings}
    driver = {"name": "opskit", "version": __version__, "rules": list(rules.values())}
    results = [_result(each, seen.cluster) for each in seen.findings]
    run = {"tool": {"driver": driver}, "results": results, "invocations": [_invocation(seen)]}
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}


def _invocation(seen: Survey) -> dict[str, Any]:
    told = [("warning", line) for line in seen.unread]
    told += [("error", f"A defect of opskit in {each.system}: {each.error}") for each in seen.defects]
    return {
        "executionSuccessful": not seen.defects,
        "toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in told],
    }


def _rule(each: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": each.code, "shortDescription": {"text": each.code}}
    return rule | ({"helpUri": each.source} if each.source else {})


def _result(each: Finding, cluster: str) -> dict[str, Any]:
    return {
        "ruleId": each.code,
        "level": _LEVELS[each.severity],
        "message": {"text": cards.finding_text(each)},
        "locations": [
            {"logicalLocations": [{"name": each.subject, "fullyQualifiedName": f"{cluster}/{each.subject}"}]}
        ],
        "properties": {"severity": each.severity.value},
    }


def as_junit(seen: Survey) -> str:
    """JUnit XML: a failed test case a finding at warning or above; one that passes when there is none."""
    failed = [each for each in seen.findings if each.severity >= Severity.WARNING]
    suite = ElementTree.Element(
        "testsuite",
        name=f"opskit {seen.cluster}".translate(_NO_XML),
        tests=str(max(1, len(seen.findings) + len(seen.unread) + len(seen.defects))),
        failures=str(len(failed)),
        errors=str(len(seen.defects)),
        skipped=str(len(seen.unread)),
    )
    for each in seen.findings:
        case = ElementTree.SubElement(
            suite, "testcase", classname=each.code, name=each.subject.translate(_NO_XML)
        )
        if each in failed:
            wrong = ElementTree.SubElement(
                case, "failure", message=each.summary.translate(_NO_XML), type=each.severity.value
            )
            wrong.text = cards.finding_text(each).translate(_NO_XML)
    for number, line in enumerate(seen.unread, 1):
        case = ElementTree.SubElement(suite, "testcase", classname="opskit/UNREAD", name=f"unread {number}")
        ElementTree.SubElement(case, "skipped", message=line.translate(_NO_XML))
    for each in seen.defects:
        case = ElementTree.SubElement(suite, "testcase", classname="opskit/DEFECT", name=each.system)
        ElementTree.SubElement(case, "error", message=each.error.translate(_NO_XML))
    if not len(suite):
        ElementTree.SubElement(suite, "testcase", classname="opskit", name="no findings")
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode")
