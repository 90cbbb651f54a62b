"""How a command ends: its exit code, and one clear sentence on standard error."""

import functools
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

import typer

from opskit.core.errors import OpsError, Stopped

P = ParamSpec("P")
R = TypeVar("R")

_SIGINT, _SIGPIPE = 130, 141


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Decorator of every command: errors become a sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            _end("Stopped by SIGINT.", _SIGINT)
        except BrokenPipeError:
            _without_stdout()
            raise typer.Exit(_SIGPIPE) from None
        except OpsError as error:
            code = error.signal_exit_code if isinstance(error, Stopped) else error.exit_code
            _end(str(error), code)
        except Exception as error:  # noqa: BLE001 - the last place where a defect can be told apart from success
            kept = keep_traceback(traceback.format_exc())
            _end(f"A defect of opskit: {type(error).__name__}: {error}. Traceback: {kept}", 1)
        else:
            return result

    return guarded


def done(exit_code: int) -> NoReturn:
    """End the command."""
    sys.stdout.flush()
    raise typer.Exit(exit_code)


def say(text: str) -> None:
    """Progress, for a person: standard error."""
    print(text, file=sys.stderr, flush=True)


def tell(what: str) -> None:
    """One thing that is being done."""
    say(f"· {what}")


def _end(sentence: str, code: int) -> NoReturn:
    from opskit.core.secrets import scrub

    say(f"opskit: {scrub(sentence)}")
    raise typer.Exit(code) from None


def _without_stdout() -> None:
    """Let nobody write to the broken pipe once more, as Python does when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def keep_traceback(text: str, *, name: str = "") -> str:
    """Keep a defect's traceback, scrubbed, for its owner alone; says where it is."""
    from opskit.core.secrets import scrub

    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "opskit"
    about = f"-{name}" if name else ""
    path = state / f"defect-{datetime.now(UTC):%Y%m%d-%H%M%S}{about}.log"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(scrub(text))
    except OSError as error:
        return f"could not be kept ({error.strerror})"
    return str(path)
