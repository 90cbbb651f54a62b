"""Commands on nodes, over SSH. Host keys are always checked."""

from __future__ import annotations

import asyncio
import shlex
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from opskit.core.config import Nodes
from opskit.core.errors import DeadlineExceeded, NotInstalled, OpsError, Unauthorized, Unreachable
from opskit.core.reads import Answer

NOT_FOUND = 127
"""Exit code of a shell that finds no such program."""
KEEPALIVE_SECONDS = 5
"""How often a kept connection asks whether its node is still there; after three silences it is closed."""


class NodeShells:
    """Commands on nodes, over one SSH connection a node that is kept until `close`.

    Args:
        nodes: user, key, known hosts and address pattern, as `opskit.toml` says.

    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._mutex = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connections: dict[str, asyncio.Task[Any]] = {}
        self._dialed: list[asyncio.Task[Any]] = []

    def run(self, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
        """Run a command on a node, once.

        Args:
            node: the node's name.
            argv: program and arguments; quoted for the remote shell.
            deadline: seconds for connection and command.

        Raises:
            Unauthorized: the host key is not known, or the login is refused.
            NotInstalled: the node has no such program.
            Unreachable, DeadlineExceeded: with `sent`.

        """
        nodes = self.nodes
        where = f"{nodes.user + '@' if nodes.user else ''}{address(nodes, node)}:{nodes.port}"
        command = [*(["sudo", "-n"] if nodes.sudo else []), *argv]
        job = self._run(node, shlex.join(command), deadline, where)
        answer = _result(asyncio.run_coroutine_threadsafe(job, self._running_loop()))
        if answer.exit_code == NOT_FOUND and "not found" in answer.stderr:
            raise NotInstalled(
                f"The node has no {argv[0]}.", where=where, hint="install it there, or mend PATH"
            )
        return answer

    def close(self) -> None:
        """Close every connection; a later `run` makes new ones."""
        with self._mutex:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._hang_up(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """A loop in a thread of its own: a notebook's runs in the thread that asks."""
        with self._mutex:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="opskit ssh", daemon=True)
                self._thread.start()
            return self._loop

    async def _hang_up(self) -> None:
        dialed, self._dialed, self._connections = self._dialed, [], {}
        for task in dialed:
            if not task.done():
                task.cancel()
            elif not _is_over(task):
                task.result().abort()
        await asyncio.gather(*dialed, return_exceptions=True)

    async def _run(self, node: str, command: str, deadline: float, where: str) -> Answer:
        import asyncssh

        progress = _Progress()
        try:
            async with asyncio.timeout(deadline), AsyncExitStack() as stack:
                process = await self._started(node, command, deadline, stack, progress)
                progress.started = True
                stack.callback(process.close)
                return _answer(await process.wait(check=False), where)
        except TimeoutError:
            if not progress.started:
                self._connections.pop(node, None)
            what = "The command had not ended" if progress.connected else "No SSH connection"
            raise DeadlineExceeded(
                f"{what} after {round(deadline, 1):g} s.",
                sent=progress.connected,
                where=where,
                hint="see by hand: ssh, then the same command",
            ) from None
        except (asyncssh.Error, OSError, ValueError) as error:
            raise _error(error, progress.connected, where) from error

    async def _started(
        self, node: str, command: str, deadline: float, stack: AsyncExitStack, progress: _Progress
    ) -> Any:
        """The command's process, over the kept connection where its server gives it a session."""
        import asyncssh
        from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

        kept = await self._connected(node, deadline)
        progress.connected = True
        try:
            return await kept.create_process(command, encoding=None, stdin=asyncssh.DEVNULL)
        except asyncssh.ChannelOpenError as error:
            if error.code == OPEN_REQUEST_SESSION_FAILED:
                raise
        # Nothing was sent: the server allows no more sessions on it, or closed it meanwhile.
        progress.connected = False
        own = await stack.enter_async_context(self._dial(node, deadline))
        progress.connected = True
        return await own.create_process(command, encoding=None, stdin=asyncssh.DEVNULL)

    async def _connected(self, node: str, deadline: float) -> Any:
        task = self._connections.get(node)
        if task is None or _is_over(task):
            task = asyncio.ensure_future(_awaited(self._dial(node, deadline)))
            self._connections[node] = task
            self._dialed.append(task)
        return await asyncio.shield(task)

    def _dial(self, node: str, deadline: float) -> Any:
        import asyncssh

        return asyncssh.connect(
            address(self.nodes, node),
            self.nodes.port,
            **_options(self.nodes),
            connect_timeout=deadline,
            login_timeout=deadline,
            keepalive_interval=KEEPALIVE_SECONDS,
        )


class _Progress:
    """How far a command has come."""

    connected = False
    """From here on it may have been sent."""
    started = False
    """The server has begun it."""


def _result(asked: Future[Answer]) -> Answer:
    """What it gives; who stops waiting stops the command's connection too."""
    try:
        return asked.result()
    except BaseException:
        asked.cancel()
        raise


async def _awaited(connection: Any) -> Any:
    return await connection


def _is_over(task: asyncio.Task[Any]) -> bool:
    """Whether it ended without a connection, or with one that is closed by now."""
    if not task.done():
        return False
    return task.cancelled() or task.exception() is not None or bool(task.result().is_closed())


def address(nodes: Nodes, node: str) -> str:
    """The node's host name or IP address, as `opskit.toml` names it or by its pattern."""
    return nodes.addresses.get(node) or nodes.address.replace("{name}", node)


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
