"""`opskit run --many`: many short runs, each in a warm kernel of its own."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from opskit.cli.outcome import say
from opskit.cli.result import summary
from opskit.core.errors import BadValue, OpsError

if TYPE_CHECKING:
    from opskit.runner.headless import Options
    from opskit.runner.pool import Pool
    from opskit.runner.stopping import Stopper


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run to make."""

    runbook: str
    parameters: dict[str, Any] = {}
    approval: str = ""


def run_many(source: str, options: "Options", path: Iterable[Path]) -> int:
    """Run every line; one JSON line of standard output a run. The worst exit code is the answer.

    Raises:
        BadValue: a line is not of the form that is asked for; nothing was run.

    """
    from opskit.runner import stopping
    from opskit.runner.pool import Pool
    from opskit.runner.stopping import Stopper

    if options.out:
        raise BadValue("--out names one run's folder.", where="--many", hint="set OPSKIT_RUNS instead")
    lines = list(_lines(source))
    stopper, worst = Stopper(), 0
    with stopping.on_signals(stopper), Pool() as pool:
        for line in lines:
            code = _one(line, options, tuple(path), pool, stopper)
            worst = max(worst, code)
            if stopper.reason:
                break
    return worst


def _one(line: Line, options: "Options", path: tuple[Path, ...], pool: "Pool", stopper: "Stopper") -> int:
    from opskit.runner import catalogue, headless

    own = msgspec.structs.replace(
        options, approval=Path(line.approval) if line.approval else options.approval
    )
    try:
        chosen = catalogue.find(line.runbook, path)
        chosen.read(line.parameters)
        folder, record = headless.run(chosen, line.parameters, own, stopper=stopper, kernel=pool.take())
    except OpsError as error:
        say(f"opskit: {error}")
        _print({"runbook": line.runbook, **error.to_dict()})
        return error.exit_code
    _print(summary(folder, record))
    return record.exit_code or 0


def _print(value: Any) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def _lines(source: str) -> Iterator[Line]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"It can't be read: {error}.", where=source) from None
    for number, each in enumerate(text.splitlines(), 1):
        if each.strip():
            try:
                yield msgspec.json.decode(each, type=Line)
            except msgspec.MsgspecError as error:
                hint = 'write {"runbook": "rook/health", "parameters": {"cluster": "demo"}}'
                raise BadValue(f"{error}.", where=f"{source}, line {number}", hint=hint) from None
