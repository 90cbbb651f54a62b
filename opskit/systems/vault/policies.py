"""What a policy's text grants, as far as it is judged: paths and capabilities.

Follows https://developer.hashicorp.com/vault/docs/concepts/policies#policy-syntax.
"""

import re

import msgspec

from opskit.core.findings import Data

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_PATH = re.compile(r'path\s+"(?P<path>(?:[^"\\]|\\.)*)"\s*\{(?P<body>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}')
_CAPABILITIES = re.compile(r"capabilities\s*=\s*\[(?P<list>[^\]]*)\]")
_WORD = re.compile(r'"([a-z]+)"')
WRITES = {"create", "update", "patch", "delete"}


class Grant(Data, frozen=True):
    """One path of a policy."""

    path: str
    capabilities: tuple[str, ...]


class _JsonPath(msgspec.Struct, frozen=True):
    capabilities: list[str] = []


class _JsonPolicy(msgspec.Struct, frozen=True):
    path: dict[str, _JsonPath] = {}


def grants(text: str) -> list[Grant]:
    """The paths of a policy, in HCL or JSON; what can't be understood grants nothing here."""
    if text.lstrip().startswith("{"):
        try:
            whole = msgspec.json.decode(text.encode(), type=_JsonPolicy)
        except (msgspec.MsgspecError, UnicodeError):
            return []
        return [Grant(path=path, capabilities=tuple(each.capabilities)) for path, each in whole.path.items()]
    bare = _COMMENT.sub(lambda found: found[1] or " ", text)
    return [Grant(path=found["path"], capabilities=_words(found["body"])) for found in _PATH.finditer(bare)]


def _words(body: str) -> tuple[str, ...]:
    found = _CAPABILITIES.search(body)
    return tuple(_WORD.findall(found["list"])) if found else ()


def too_wide(text: str) -> list[str]:
    """Why a policy is as good as root, a sentence each."""
    found: list[str] = []
    for grant in grants(text):
        if not WRITES & set(grant.capabilities) or "deny" in grant.capabilities:
            continue
        granted = f'path "{grant.path}" with {", ".join(sorted(grant.capabilities))}'
        if grant.path in ("*", "+/*"):
            found.append(f"{granted}: everything")
        elif _covers(grant.path, "sys/policies/acl/x") or _covers(grant.path, "sys/policy/x"):
            found.append(f"{granted}: can rewrite its own policy")
        elif _covers(grant.path, "auth/token/create") and "sudo" in grant.capabilities:
            found.append(f"{granted}: can make tokens of any policy")
    return found


def _covers(pattern: str, path: str) -> bool:
    parts = [re.escape(part) if part != "+" else "[^/]+" for part in pattern.removesuffix("*").split("/")]
    end = ".*" if pattern.endswith("*") else ""
    return re.fullmatch("/".join(parts) + end, path) is not None
