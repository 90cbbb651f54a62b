"""How Envoy chooses a virtual host and a route. Pure.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]


def domain_rank(domains: Iterable[str], host: str, port: int) -> tuple[int, int] | None:
    """How well the best of the domains fits, smaller is better; None where none does.

    Exact names first, then the longest suffix (`*.example`), the longest prefix (`example.*`), then `*`.
    """
    names = {host.lower(), f"{host.lower()}:{port}"}
    ranks = [rank for domain in domains if (rank := _rank(domain.lower(), names)) is not None]
    return min(ranks, default=None)


def _rank(domain: str, names: set[str]) -> tuple[int, int] | None:
    if domain in names:
        return (0, 0)
    if domain == "*":
        return (3, 0)
    if domain.startswith("*") and any(each.endswith(domain[1:]) and each != domain[1:] for each in names):
        return (1, -len(domain))
    if domain.endswith("*") and any(each.startswith(domain[:-1]) and each != domain[:-1] for each in names):
        return (2, -len(domain))
    return None


def matches(match: Json, path: str, method: str, headers: Mapping[str, str]) -> bool:
    """Whether a route's match fits a request.

    Query parameters, metadata and runtime fractions are taken for fitting: the request does not tell them.
    """
    bare = path.partition("?")[0]
    insensitive = match.get("case_sensitive") is False
    return _path(match, bare, insensitive=insensitive) and all(
        _header(each, method, headers) for each in match.get("headers") or []
    )


def _path(match: Json, path: str, *, insensitive: bool) -> bool:
    def same(text: str) -> str:
        return text.lower() if insensitive else text

    if "path" in match:
        return same(path) == same(match["path"])
    if "path_separated_prefix" in match:
        prefix = same(match["path_separated_prefix"])
        return same(path) == prefix or same(path).startswith(f"{prefix}/")
    if "safe_regex" in match:
        return re.fullmatch(match["safe_regex"].get("regex", ""), path) is not None
    return same(path).startswith(same(match.get("prefix", "/")))


def _header(wanted: Json, method: str, headers: Mapping[str, str]) -> bool:
    name = str(wanted.get("name", "")).lower()
    given = {key.lower(): value for key, value in headers.items()} | {":method": method}
    return _value(wanted, given.get(name)) is not bool(wanted.get("invert_match"))


def _value(wanted: Json, given: str | None) -> bool:
    if given is None:
        return wanted.get("present_match") is False
    text: Json = wanted.get("string_match") or {}
    if "exact" in text:
        return given == text["exact"]
    if "prefix" in text:
        return given.startswith(text["prefix"])
    if "suffix" in text:
        return given.endswith(text["suffix"])
    if "contains" in text:
        return text["contains"] in given
    if "safe_regex" in text:
        return re.fullmatch(text["safe_regex"].get("regex", ""), given) is not None
    return wanted.get("present_match", True) is True
