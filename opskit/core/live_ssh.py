"""Commands on nodes, over SSH. Host keys are always checked."""

import asyncio
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from opskit.core.config import Nodes
from opskit.core.errors import DeadlineExceeded, NotInstalled, OpsError, Unauthorized, Unreachable
from opskit.core.reads import Answer

NOT_FOUND = 127
"""Exit code of a shell that finds no such program."""


def run_on_node(nodes: Nodes, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
    """Run a command on a node, once.

    Args:
        nodes: user, key, known hosts and address pattern, as `opskit.toml` says.
        node: the node's name.
        argv: program and arguments; quoted for the remote shell.
        deadline: seconds for connection and command.

    Raises:
        Unauthorized: the host key is not known, or the login is refused.
        NotInstalled: the node has no such program.
        Unreachable, DeadlineExceeded: with `sent`.

    """
    where = f"{nodes.user + '@' if nodes.user else ''}{address(nodes, node)}:{nodes.port}"
    command = [*(["sudo", "-n"] if nodes.sudo else []), *argv]
    # A notebook's own event loop runs in this thread; another one needs its own.
    with ThreadPoolExecutor(1, thread_name_prefix="opskit ssh") as threads:
        answer = threads.submit(asyncio.run, _run(nodes, node, command, deadline, where)).result()
    if answer.exit_code == NOT_FOUND and "not found" in answer.stderr:
        raise NotInstalled(f"The node has no {argv[0]}.", where=where, hint="install it there, or mend PATH")
    return answer


def address(nodes: Nodes, node: str) -> str:
    """The node's host name or IP address, as `opskit.toml` names it or by its pattern."""
    return nodes.addresses.get(node) or nodes.address.replace("{name}", node)


async def _run(nodes: Nodes, node: str, argv: Sequence[str], deadline: float, where: str) -> Answer:
    import asyncssh

    connected = False
    try:
        async with asyncio.timeout(deadline):
            async with asyncssh.connect(address(nodes, node), nodes.port, **_options(nodes)) as connection:
                connected = True
                done = await connection.run(
                    shlex.join(argv), check=False, encoding=None, stdin=asyncssh.DEVNULL
                )
    except TimeoutError:
        what = "The command had not ended" if connected else "No SSH connection"
        raise DeadlineExceeded(
            f"{what} after {round(deadline, 1):g} s.",
            sent=connected,
            where=where,
            hint="see by hand: ssh, then the same command",
        ) from None
    except (asyncssh.Error, OSError, ValueError) as error:
        raise _error(error, connected, where) from error
    return _answer(done, where)


def _options(nodes: Nodes) -> dict[str, Any]:
    options: dict[str, Any] = {"known_hosts": str(Path(nodes.known_hosts).expanduser()), "config": None}
    if nodes.user:
        options["username"] = nodes.user
    if nodes.key:
        options["client_keys"] = [str(Path(nodes.key).expanduser())]
    return options


def _answer(done: Any, where: str) -> Answer:
    if done.exit_status is None:
        raise Unreachable(
            "The connection ended before the command did.", sent=True, where=where, hint="look at the node"
        )
    # asyncssh tells a signal as -1; the shells' 128 + n can't be had from it.
    return Answer(
        body=bytes(done.stdout or b""),
        exit_code=int(done.exit_status),
        stderr=bytes(done.stderr or b"").decode(errors="replace"),
    )


def _error(error: Exception, connected: bool, where: str) -> OpsError:
    import asyncssh

    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return Unauthorized(
            f"The node's host key is not the known one: {error}.",
            where=where,
            hint="compare its fingerprint at the console, then add it to known_hosts",
        )
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.KeyImportError):
        return Unauthorized(
            f"The login was refused: {error}.", where=where, hint="check user and key in opskit.toml"
        )
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            "The connection was refused: no SSH server listens.", sent=False, where=where, hint="start sshd"
        )
    return Unreachable(
        f"SSH failed: {error}.",
        sent=None if connected else False,
        where=where,
        hint="check address, route and known_hosts file",
    )
