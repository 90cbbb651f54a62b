"""Values that must never be seen: they print as `Secret(…)` and are scrubbed from all that is saved."""

from typing import NoReturn

from opskit.core.scrubbing import StreamScrubber, register, scrub, scrub_bytes
from opskit.core.secret_sources import fetch

__all__ = ["Secret", "StreamScrubber", "resolve", "scrub", "scrub_bytes"]


class Secret:
    """A value that can be used and not shown. From its making on, it is scrubbed from all that is saved.

    Args:
        value: the secret itself.
        origin: where it came from, e.g. `env:VAULT_TOKEN`; shown instead of the value.

    """

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, *, origin: str = "") -> None:
        self._value = value
        self.origin = origin
        register(value, origin=origin)

    def reveal(self) -> str:
        """The value, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.origin or '…'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is never pickled: pass its reference and resolve it where it is used.")


def resolve(reference: str) -> Secret:
    """Fetch a secret now, from where its reference points.

    Args:
        reference: `env:NAME`, `file:/path` (without the last line's end), or
            `vault:mount/path#field` (KV v2, else v1; address and token as the Vault CLI takes them:
            `VAULT_ADDR`, `VAULT_CACERT`, `VAULT_TOKEN` or `~/.vault-token`).

    Raises:
        BadValue: it is no such reference.
        NotFound: nothing stands there.
        Unreachable, Unauthorized, Forbidden: of Vault.

    """
    return Secret(fetch(reference), origin=reference)
