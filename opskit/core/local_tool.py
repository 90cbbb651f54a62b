"""Commands on this machine."""

import subprocess
from collections.abc import Sequence

from opskit.core.errors import DeadlineExceeded, NotInstalled
from opskit.core.reads import Answer


def run_here(argv: Sequence[str], *, deadline: float) -> Answer:
    """Run a command here, once; it gets no input and is killed at the deadline.

    Raises:
        NotInstalled: no such program, or it may not be run.
        DeadlineExceeded: it had not ended.

    """
    try:
        done = subprocess.run(
            list(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline, check=False
        )
    except OSError as error:
        raise NotInstalled(
            f"`{argv[0]}` can't be run: {error.strerror}.",
            where="this machine",
            hint="install it, or mend PATH",
        ) from error
    except subprocess.TimeoutExpired:
        raise DeadlineExceeded(
            f"`{argv[0]}` had not ended after {round(deadline, 1):g} s and was killed.",
            sent=True,
            where="this machine",
            hint="run it by hand",
        ) from None
    return Answer(body=done.stdout, exit_code=done.returncode, stderr=done.stderr.decode(errors="replace"))
