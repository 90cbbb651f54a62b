"""The selector languages, for the second opinion: evaluated while they are read, without a tree."""

import re
from functools import cache
from typing import Any

Manifest = dict[str, Any]


TOKEN = re.compile(
    r"""\s*(?:(?P<string>"[^"]*"|'[^']*')|(?P<op>==|!=|&&|\|\||[!(){},])|(?P<word>[A-Za-z0-9_./-]+))"""
)


@cache
def tokens(text: str) -> tuple[str, ...]:
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, f"{text!r} at {at}"
        found.append(match.group(match.lastgroup))
        at = match.end()
    return tuple(found)


def selects(text: str, labels: dict[str, str], prefix: str, when_all: bool) -> bool:
    """`when_all` is what all() says of these labels; global() says the opposite."""
    queue = list(tokens(text))
    if not queue:
        return when_all
    result = disjunction(queue, labels, prefix, when_all)
    assert not queue, queue
    return result


def disjunction(queue: list[str], labels: dict[str, str], prefix: str, when_all: bool) -> bool:
    result = conjunction(queue, labels, prefix, when_all)
    while queue and queue[0] == "||":
        queue.pop(0)
        right = conjunction(queue, labels, prefix, when_all)
        result = result or right
    return result


def conjunction(queue: list[str], labels: dict[str, str], prefix: str, when_all: bool) -> bool:
    result = term(queue, labels, prefix, when_all)
    while queue and queue[0] == "&&":
        queue.pop(0)
        right = term(queue, labels, prefix, when_all)
        result = result and right
    return result


def term(queue: list[str], labels: dict[str, str], prefix: str, when_all: bool) -> bool:
    head = queue.pop(0)
    if head == "!":
        return not term(queue, labels, prefix, when_all)
    if head == "(":
        result = disjunction(queue, labels, prefix, when_all)
        assert queue.pop(0) == ")"
        return result
    if head in ("has", "all", "global") and queue[:1] == ["("]:
        queue.pop(0)
        label = queue.pop(0) if head == "has" else ""
        assert queue.pop(0) == ")"
        return prefix + label in labels if head == "has" else when_all if head == "all" else not when_all
    value = labels.get(prefix + head)
    operator = queue.pop(0)
    if operator in ("not", "starts", "ends"):
        operator += " " + queue.pop(0)
    if operator in ("in", "not in", "notin"):
        members = braces(queue)
        return (value in members) == (operator == "in")
    wanted = queue.pop(0)[1:-1]
    if operator == "==":
        return value == wanted
    if operator == "!=":
        return value != wanted
    if value is None:
        return False
    if operator == "contains":
        return wanted in value
    return value.startswith(wanted) if operator.startswith("starts") else value.endswith(wanted)


def braces(queue: list[str]) -> list[str]:
    assert queue.pop(0) == "{"
    members = []
    while queue[0] != "}":
        each = queue.pop(0)
        if each != ",":
            members.append(each[1:-1])
    queue.pop(0)
    return members


# --- Kubernetes' label selectors ---


def label_selector(selector: Manifest, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions", []):
        key, values = each["key"], each.get("values", [])
        there = key in labels
        held = {
            "In": there and labels.get(key) in values,
            "NotIn": not there or labels[key] not in values,
            "Exists": there,
            "DoesNotExist": not there,
        }[each["operator"]]
        if not held:
            return False
    return True
