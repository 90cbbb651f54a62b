"""Commands on a node, on a real SSH server in a thread."""

import asyncio
import threading

import asyncssh
import pytest

from opskit.core.config import Nodes
from opskit.core.errors import DeadlineExceeded, NotInstalled, Unauthorized, Unreachable
from opskit.core.live_ssh import run_on_node


class SshServer:
    """Runs nothing: it tells the command that it got, or ends as the command says."""

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
            process_factory=self._serve,
            encoding=None,
        )

    async def _serve(self, process):
        command = process.command
        if "sleep" in command:
            await asyncio.sleep(30)
        if "missing" in command:
            process.stderr.write(b"sh: missing: not found\n")
            process.exit(127)
            return
        process.stdout.write(command.encode())
        process.stderr.write(b"warned")
        process.exit(3 if "fail" in command else 0)

    def nodes(self, **changed):
        settings = {
            "user": "ops",
            "key": str(self.key),
            "known_hosts": str(self.known_hosts),
            "port": self.port,
        }
        return Nodes(**(settings | {"address": "127.0.0.1"} | changed))

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
