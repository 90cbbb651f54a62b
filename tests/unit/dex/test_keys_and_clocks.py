"""Dex' keys and the clocks of both servers: heads of answers in, findings and frames out."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from test_dex_checks import codes, facts

from opskit.core.heads import Head
from opskit.systems.dex import kinds, views
from opskit.systems.dex.checks import check

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
ROTATION = 'dex-1: {"level":"error","msg":"failed to rotate keys: update keys: the server said no"}'
ROTATED = 'dex-1: {"level":"info","msg":"keys rotated, next rotation: 2026-11-25 18:00:00 +0000 UTC"}'


def head(ahead: float, *, took: float = 0.0, kept: str = "") -> Head:
    """An answer by a clock that is so many seconds ahead of this machine's."""
    stamp = format_datetime(datetime.fromtimestamp(int(NOW + ahead), UTC), usegmt=True)
    return Head(asked=NOW, answered=NOW + took, date=stamp, kept=kept)


@pytest.mark.parametrize(
    ("dex", "server", "told"),
    [
        (head(0), head(0), []),
        (head(31), head(0), []),
        (head(33), head(0), ["CLOCKS_DIFFER"]),
        (head(33, took=5), head(0), []),
        (head(-33), head(0), ["CLOCKS_DIFFER"]),
        (head(300), head(300), ["CLOCK_HERE"]),
        (head(600), head(300), ["CLOCKS_DIFFER"]),
        (head(300), None, []),
        (None, head(300), []),
    ],
)
def test_clocks_are_told_apart_once_they_certainly_differ(
    dex: Head | None, server: Head | None, told: list[str]
) -> None:
    assert codes(facts(dex_head=dex, apiserver_head=server)) == told


@pytest.mark.parametrize(
    ("ahead", "severity"), [(-3600, "warning"), (-90_000, "critical"), (90_000, "warning")]
)
def test_tokens_that_end_before_they_are_given_let_nobody_in(ahead: float, severity: str) -> None:
    (one,) = check(facts(dex_head=head(ahead), apiserver_head=head(0)))
    assert one.severity.name.lower() == severity


def test_no_key_at_all() -> None:
    assert codes(facts(keys=kinds.KeySet())) == ["KEYS_EMPTY"]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (ROTATION, ["KEYS_NOT_ROTATED"]),
        (f"{ROTATION}\n{ROTATED}", []),
        (f"{ROTATED}\n{ROTATION}", ["KEYS_NOT_ROTATED"]),
    ],
)
def test_keys_that_do_not_rotate_are_told_until_they_do(log: str, told: list[str]) -> None:
    assert codes(facts(log=log)) == told


@pytest.mark.parametrize(
    ("kept", "until", "since"),
    [
        ("max-age=3600, must-revalidate", 13, 7),
        ("max-age=120, must-revalidate", None, None),
        ("no-store", None, None),
    ],
)
def test_the_signing_keys_age_is_told_by_how_long_the_answer_may_be_kept(
    kept: str, until: Any, since: Any
) -> None:
    keys = kinds.KeySet(keys=[kinds.Key(kid="new", alg="RS256"), kinds.Key(kid="old", alg="RS256")])
    frame = views.keys(facts(keys=keys, dex_head=head(0, kept=kept))).set_index("kid")
    assert list(frame["signs"]) == [True, False]
    told = frame.loc["new"]
    assert [
        None if each is None or each != each else each.hour for each in (told["until"], told["since"])
    ] == [until, since]
    assert frame.loc["old", ["since", "until"]].isna().all()
