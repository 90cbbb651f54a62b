"""What two looks at a system are compared by: rows of its frames."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Aspect:
    """One frame of a room's views; its module `views.py` lists them as `COMPARED`."""

    about: str
    """What a row is: `osd`, `node`, `certificate`."""
    frame: "Callable[[Any], pd.DataFrame]"
    """Facts → frame."""
    key: tuple[str, ...]
    """The columns that name a row."""
    columns: tuple[str, ...]
    """The columns that are compared: what somebody did or what went wrong, never what always moves."""
