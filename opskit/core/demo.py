"""The built-in demo: recordings of real sandboxes, one of each system in each of its states.

They lie in `opskit/demo/SYSTEM/STATE.opskit`. `demo` is every system's state `default`; `demo:STATE` another
state, of every system that has it; `demo:SYSTEM` one system's `default`.
"""

from pathlib import Path

from opskit.core.snapshot_format import SUFFIX

NAME = "demo"
FOLDER = Path(__file__).parent.parent / "demo"
DEFAULT = "default"
_FIRST = "rook"
"""The system whose recording answers where none is named."""


def names() -> list[str]:
    """All names of the demo that can be opened."""
    states = {path.stem for path in FOLDER.glob(f"*/*{SUFFIX}")} - {DEFAULT}
    systems = {path.parent.name for path in FOLDER.glob(f"*/{DEFAULT}{SUFFIX}")}
    return [NAME, *(f"{NAME}:{each}" for each in sorted(states | systems))]


def parts(name: str) -> dict[str, Path]:
    """The recordings that a name stands for, by system; the first answers for all. None: it is no demo."""
    head, _, rest = name.partition(":")
    if head != NAME:
        return {}
    found = _of_state(rest or DEFAULT) or {
        each: path for each, path in _of_state(DEFAULT).items() if each == rest
    }
    return dict(sorted(found.items(), key=lambda each: (each[0] != _FIRST, each[0])))


def _of_state(state: str) -> dict[str, Path]:
    return {path.parent.name: path for path in FOLDER.glob(f"*/*{SUFFIX}") if path.stem == state}
