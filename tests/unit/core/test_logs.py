"""When klog wrote an entry, though it leaves out the year."""

from datetime import datetime

import pytest

from opskit.core.logs import klog_is_since


@pytest.mark.parametrize(
    ("stamp", "since", "it_is"),
    [
        ("1125 08:43:16", "2026-11-25T08:43:16.9Z", True),
        ("1125 08:43:15", "2026-11-25T08:43:16Z", False),
        ("0101 00:01:00", "2026-12-31T23:50:00Z", True),
        ("1231 23:55:00", "2027-01-01T00:05:00Z", False),
        ("0229 12:00:00", "2028-02-28T12:00:00Z", True),
        ("1125 09:00:00", "2026-11-25T10:30:00+02:00", True),
        ("1399 99:99:99", "2026-11-25T00:00:00Z", False),
    ],
)
def test_the_year_is_the_one_that_makes_it_nearest(stamp: str, since: str, it_is: bool) -> None:
    assert klog_is_since(stamp, datetime.fromisoformat(since)) is it_is
