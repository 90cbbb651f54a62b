"""How this system's frames are made: columns with dtypes, also when there are no rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

Columns = Mapping[str, str]
"""Column → dtype, in order."""


def table(rows: Iterable[Sequence[Any]], columns: Columns) -> pd.DataFrame:
    """A frame of rows with these columns and dtypes, also when there are no rows."""
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
