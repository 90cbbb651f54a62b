"""A frame where nobody can click: what is left in the saved notebook and the report."""

import pandas as pd

from opskit.runner import frames


def test_a_reason_is_told_whole() -> None:
    reason = "The directory refuses the bind: " + "the password is another one; " * 10
    assert reason.strip() in (frames.table(pd.DataFrame({"why": [reason]})) or "")


def test_a_cell_without_end_is_cut_and_a_hostile_one_is_text() -> None:
    shown = frames.table(pd.DataFrame({"why": ["x" * 10_000, "<script>"]}))
    assert shown is not None
    assert len(shown) < 2_000
    assert "<script>" not in shown
