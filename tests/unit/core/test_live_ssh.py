"""Commands on a node, on a real SSH server in a thread."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import asyncssh
import pytest

from opskit.core.config import Nodes
from opskit.core.errors import DeadlineExceeded, NotInstalled, Unauthorized, Unreachable
from opskit.core.live_ssh import NodeShells


class Door(asyncssh.SSHServer):
    """Counts connections, and gives each only so many sessions."""

    def __init__(self, server):
        self._server, self._left = server, server.sessions
        server.connections += 1

    def connection_made(self, conn):
        self._server.last = conn

    def session_requested(self):
        self._left -= 1
        return self._server.serve if self._left >= 0 else False


def run_on_node(nodes, node, argv, *, deadline):
    shells = NodeShells(nodes)
    try:
        return shells.run(node, argv, deadline=deadline)
    finally:
        shells.close()


class SshServer:
    """Runs nothing: it tells the command that it got, or ends as the command says."""

    connections, sessions, last = 0, 100, None

    def __init__(self, folder):
        self.host, self.user = (
            asyncssh.generate_private_key("ssh-ed25519"),
            asyncssh.generate_private_key("ssh-ed25519"),
        )
        self.key = folder / "id"
        self.key.write_bytes(self.user.export_private_key())
        self.key.chmod(0o600)
        (folder / "authorized").write_bytes(self.user.export_public_key())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._call(self._listen(folder))
        self.port = self._server.sockets[0].getsockname()[1]
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_bytes(f"[127.0.0.1]:{self.port} ".encode() + self.host.export_public_key())

    def _call(self, job):
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(10)

    async def _listen(self, folder):
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host],
            authorized_client_keys=str(folder / "authorized"),
            server_factory=lambda: Door(self),
            encoding=None,
        )

    async def serve(self, stdin, stdout, stderr):
        channel = stdout.channel
        command = channel.get_command()
        if "sleep" in command:
            await asyncio.sleep(30)
        if "missing" in command:
            stderr.write(b"sh: missing: not found\n")
            channel.exit(127)
            return
        stdout.write(command.encode())
        stderr.write(b"warned")
        channel.exit(3 if "fail" in command else 0)

    def nodes(self, **changed):
        settings = {
            "user": "ops",
            "key": str(self.key),
            "known_hosts": str(self.known_hosts),
            "port": self.port,
        }
        return Nodes(**(settings | {"address": "127.0.0.1"} | changed))

    def hang_up(self):
        async def end():
            self.last.close()
            await self.last.wait_closed()

        self._call(end())

    def close(self):
        async def end():
            self._server.close()
            await self._server.wait_closed()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def ssh(tmp_path):
    server = SshServer(tmp_path)
    yield server
    server.close()


def test_an_argv_arrives_quoted(ssh):
    answer = run_on_node(ssh.nodes(), "n1", ["kubeadm", "a b", "$HOME;`id`"], deadline=10)
    assert answer.body == b"kubeadm 'a b' '$HOME;`id`'"
    assert (answer.stderr, answer.exit_code) == ("warned", 0)


def test_sudo_and_the_exit_code(ssh):
    answer = run_on_node(ssh.nodes(sudo=True), "n1", ["fail"], deadline=10)
    assert (answer.body, answer.exit_code) == (b"sudo -n fail", 3)


def test_it_runs_under_a_running_event_loop_too(ssh):
    async def notebook():
        return run_on_node(ssh.nodes(), "n1", ["x"], deadline=10)

    assert asyncio.run(notebook()).body == b"x"


def test_a_missing_program(ssh):
    with pytest.raises(NotInstalled, match="node has no missing"):
        run_on_node(ssh.nodes(), "n1", ["missing"], deadline=10)


def test_the_deadline(ssh):
    with pytest.raises(DeadlineExceeded, match="had not ended") as raised:
        run_on_node(ssh.nodes(), "n1", ["sleep"], deadline=1.5)
    assert raised.value.sent is True


def test_an_unknown_host_key(ssh, tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("")
    with pytest.raises(Unauthorized, match="host key is not the known one"):
        run_on_node(ssh.nodes(known_hosts=str(empty)), "n1", ["x"], deadline=10)


def test_a_missing_known_hosts_file_never_means_trust(ssh, tmp_path):
    with pytest.raises((Unauthorized, Unreachable)):
        run_on_node(ssh.nodes(known_hosts=str(tmp_path / "none")), "n1", ["x"], deadline=10)


def test_a_key_that_is_not_authorized(ssh, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(Unauthorized, match="login was refused"):
        run_on_node(ssh.nodes(key=str(other)), "n1", ["x"], deadline=10)


def test_nothing_listens(ssh):
    with pytest.raises(Unreachable, match="no SSH server listens") as raised:
        run_on_node(ssh.nodes(port=1), "n1", ["x"], deadline=10)
    assert raised.value.sent is False


@pytest.fixture
def shells(ssh):
    kept = NodeShells(ssh.nodes())
    yield kept
    kept.close()


def test_many_commands_at_once_share_one_connection(ssh, shells):
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda n: shells.run("n1", ["echo", str(n)], deadline=10).body, range(20)))
    assert told == [f"echo {n}".encode() for n in range(20)]
    assert ssh.connections == 1


def test_a_server_that_allows_few_sessions_a_connection_is_asked_over_more_of_them(ssh, shells):
    ssh.sessions = 1
    assert [shells.run("n1", [name], deadline=10).body for name in ("a", "b", "c")] == [b"a", b"b", b"c"]
    assert ssh.connections == 3


def test_a_connection_that_the_server_closed_is_made_anew(ssh, shells):
    shells.run("n1", ["a"], deadline=10)
    ssh.hang_up()
    assert shells.run("n1", ["b"], deadline=10).body == b"b"
    assert ssh.connections == 2


def test_a_command_that_is_too_slow_leaves_the_connection_to_the_next(ssh, shells):
    with pytest.raises(DeadlineExceeded):
        shells.run("n1", ["sleep"], deadline=1.5)
    assert shells.run("n1", ["b"], deadline=10).body == b"b"
    assert ssh.connections == 1


def test_after_a_refusal_the_next_command_tries_again(ssh, tmp_path):
    known = tmp_path / "later"
    known.write_text("")
    shells = NodeShells(ssh.nodes(known_hosts=str(known)))
    try:
        with pytest.raises(Unauthorized):
            shells.run("n1", ["a"], deadline=10)
        known.write_bytes(ssh.known_hosts.read_bytes())
        assert shells.run("n1", ["a"], deadline=10).body == b"a"
    finally:
        shells.close()


def test_closed_shells_open_again(ssh, shells):
    shells.run("n1", ["a"], deadline=10)
    shells.close()
    assert shells.run("n1", ["b"], deadline=10).body == b"b"
