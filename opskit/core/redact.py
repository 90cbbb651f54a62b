"""What a snapshot must never hold, taken out when it is captured: credentials by place and by shape."""

import base64
import binascii
import re
from functools import lru_cache
from typing import Any

import msgspec

from opskit.core.secrets import scrub_bytes

REDACTED = "REDACTED"
REDACTED_BASE64 = base64.b64encode(REDACTED.encode()).decode()
"""Stands in Secret data, whose values are base64."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_NAMES = re.compile(
    r"(?i)^(.*[_.-])?(password|passwd|passphrase|token|bearer|secret|keyring|private[_-]?key|client[_-]?key[_-]?data"
    r"|secret[_-]?key|access[_-]?key|client[_-]?secret|api[_-]?key|bindpw|rootpw|authorization|cookie)$"
    r"|(password|passwd|secretkey|clientsecret|privatekey|apikey|bindpw|keydata|connectordata|obsoletetoken)$"
)
"""Field and variable names whose text values are credentials."""

_CEPHX = re.compile(rb"\bAQ[A-Za-z0-9+/]{36}==")
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_PEM_BASE64 = re.compile(rb"LS0tLS1CRUdJTiB[A-Za-z0-9+/=]{20,}")
_JWT = re.compile(rb"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_BEARER = re.compile(rb"(?i)\b(bearer|basic) +[A-Za-z0-9._~+/-]{8,}=*")
_VAULT = re.compile(rb"\b(?:hv[sbr]\.[A-Za-z0-9_-]{20,}|[sbr]\.[A-Za-z0-9]{24,})")
_URL = re.compile(rb"(://[^/\s:@\"'\\]*):([^@/\s\"'\\]+)@")
_ASSIGNED = re.compile(
    rb"(?i)\b([a-z0-9_-]*(?:password|passwd|token|secret|api_?key)[\"']?\s*[=:]\s*[\"']?)([^\s\"',;&}{\\]{4,})"
)


def redact(body: bytes, *, plural: str = "") -> bytes:
    """The body without credentials; JSON is rewritten where a field has to go, other text is searched.

    Args:
        body: what a server or tool answered.
        plural: the resource it holds, where it holds one: `secrets` has its own rules.

    """
    if body.lstrip()[:1] not in (b"{", b"["):
        return redact_text(body)
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return redact_text(body)
    cleaned = _clean(value, secret=plural == "secrets")
    return _shapes(body if cleaned == value else msgspec.json.encode(cleaned))


def redact_text(text: bytes) -> bytes:
    """Text without anything that looks like a credential, or is one that this process resolved."""
    return _ASSIGNED.sub(rb"\1" + REDACTED.encode(), _shapes(text))


def _shapes(text: bytes) -> bytes:
    mark = REDACTED.encode()
    text = _PEM.sub(mark, scrub_bytes(text))
    text = _PEM_BASE64.sub(_private_only, text)
    text = _BEARER.sub(rb"\1 " + mark, _JWT.sub(mark, text))
    text = _URL.sub(rb"\1:" + mark + b"@", text)
    return _VAULT.sub(mark, _CEPHX.sub(mark, text))


def _private_only(found: "re.Match[bytes]") -> bytes:
    """Certificates stay: they are public, and checks judge them."""
    text = found[0].rstrip(b"=")
    try:
        plain = base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return REDACTED_BASE64.encode()
    return REDACTED_BASE64.encode() if b"PRIVATE KEY" in plain else found[0]


def _clean(value: Any, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return _clean_mapping(value, secret=secret)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        return [_clean(each, secret=secret) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _clean_mapping(value: dict[str, Any], *, secret: bool) -> dict[str, Any]:
    is_secret = value.get("kind") == "Secret" or (secret and "metadata" in value and "items" not in value)
    cleaned = {name: _clean_field(name, each, value, secret) for name, each in value.items()}
    cleaned.pop("managedFields", None)
    if is_secret:
        for field, mark in (("data", REDACTED_BASE64), ("stringData", REDACTED)):
            if isinstance(cleaned.get(field), dict):
                cleaned[field] = dict.fromkeys(cleaned[field], mark)
        _drop_last_applied(cleaned)
    return cleaned


def _clean_field(name: str, each: Any, around: dict[str, Any], secret: bool) -> Any:
    if not isinstance(each, str):
        return _clean(each, secret=secret)
    variable = around.get("name") if name == "value" else None
    named = variable if isinstance(variable, str) else name
    if each and _is_sensitive(named):
        return REDACTED
    if name == LAST_APPLIED:
        return redact(each.encode()).decode(errors="replace")
    return each


@lru_cache(maxsize=4096)
def _is_sensitive(name: str) -> bool:
    """Field names repeat thousands of times in a list."""
    return _NAMES.search(name) is not None


def _drop_last_applied(secret: dict[str, Any]) -> None:
    metadata = secret.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        metadata["annotations"].pop(LAST_APPLIED, None)
