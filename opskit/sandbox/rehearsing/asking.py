"""Runs opskit's own commands, as a person would, and the tools that bear witness."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from opskit.core import config
from opskit.core.errors import OpsError, ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.rehearsing.shown import Shown
from opskit.sandbox.rehearsing.witness import Answers, Parameters, Statement, Witness
from opskit.sandbox.running import run
from opskit.sandbox.sandbox import Sandbox

_ASKED = 60.0


class Opskit:
    """`opskit` against one sandbox, in processes of its own.

    Args:
        sandbox: that is up.
        say: told what is run, and what it says meanwhile.

    """

    def __init__(self, sandbox: Sandbox, say: Callable[[str], None]) -> None:
        self._sandbox = sandbox
        self._say = say
        self._env = {**os.environ, **environment(sandbox)}

    def __call__(self, *words: str) -> tuple[int, str]:
        """Run one command: its exit code and standard output; standard error is passed on."""
        self._say(f"$ opskit {' '.join(map(_shown, words))}")
        argv = [sys.executable, "-m", "opskit", *words]
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(argv, env=self._env, stdout=said, stderr=subprocess.PIPE, text=True) as process,
        ):
            try:
                for line in process.stderr or ():
                    self._say(f"  {line.rstrip()}")
            except BaseException:
                process.kill()
                raise
            code = process.wait()
            said.seek(0)
            return code, said.read()

    def findings(self, system: str) -> list[dict[str, Any]]:
        """What `opskit findings` says of a system now; nothing where it can't be read."""
        code, said = self(*_FINDINGS, "--system", system, "--cluster", self._sandbox.context)
        return json.loads(said)["findings"] if code == 0 else []


_FINDINGS = ("findings", "--json")


def _shown(word: str) -> str:
    return f"'{word}'" if set(word) & set(' {}[]"<>|*') else word


def environment(sandbox: Sandbox) -> dict[str, str]:
    """What makes opskit, and every other tool, ask this sandbox and no other cluster."""
    own = sandbox.site.state / config.FILE
    if not own.exists():
        own = sandbox.site.state / "no-servers.toml"
        own.touch(mode=0o600)
    return {"KUBECONFIG": str(sandbox.kubeconfig), config.VARIABLE: str(own)}


def words_of(parameters: Parameters) -> list[str]:
    """The parameters as they are given on a command line."""
    return [word for name, value in parameters.items() for word in ("-p", f"{name}={_text(value)}")]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def ask(sandbox: Sandbox, witness: Witness, parameters: Parameters) -> str:
    """What the tool says.

    Raises:
        OpsError: it fails.

    """
    if witness.asked is not None:
        return witness.asked(sandbox.site, parameters)
    tool, *words = witness.words(parameters)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    env = {**kept, **environment(sandbox), **witness.env(sandbox.site)}
    try:
        return run([require(tool), *words], deadline=_ASKED, env=env)
    except ToolFailed as error:
        if witness.none and witness.none in error.stderr:
            return ""
        raise


def ask_all(sandbox: Sandbox, witnesses: Iterable[Witness], parameters: Parameters) -> dict[str, str]:
    """What the witnesses say now, by command; one whose tool fails says nothing."""
    said: dict[str, str] = {}
    for each in witnesses:
        try:
            said[each.command] = ask(sandbox, each, parameters)
        except OpsError:
            said[each.command] = ""
    return said


def statement_of(
    sandbox: Sandbox, witness: Witness, parameters: Parameters, *, before: str, shown: Shown
) -> Statement:
    """What a witness says at the end, judged."""
    command = " ".join(witness.words(parameters))
    try:
        after = ask(sandbox, witness, parameters)
        said = Answers(before=before, after=after, parameters=parameters, shown=shown)
        wrong = list(witness.judge(said))
    except (OpsError, msgspec.DecodeError) as error:
        wrong = [str(error)]
    return Statement(command=command, well=not wrong, said="; ".join(wrong))
