"""Values that must never be seen: they print as `Secret(…)` and are scrubbed from all that is saved."""

from typing import NoReturn


class Secret:
    """A value that can be used and not shown.

    Args:
        value: the secret itself.
        origin: where it came from, e.g. `env:VAULT_TOKEN`; shown instead of the value.

    """

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, *, origin: str = "") -> None:
        self._value = value
        self.origin = origin

    def reveal(self) -> str:
        """The value, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.origin or '…'})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is never pickled: pass its reference and resolve it where it is used.")
