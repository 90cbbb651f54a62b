"""`opskit lab` as a process: it ends when told to, and leaves nothing behind."""

from pathlib import Path

from tests.browser.jupyter import Server, until


def kernels_of(server: Server) -> list[int]:
    """Processes whose command line names a file of this server's home."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes()
        except OSError:
            continue
        if b"ipykernel" in command and str(server.home).encode() in (each.parent / "environ").read_bytes():
            found.append(int(each.parent.name))
    return found


def test_sigterm_ends_it_and_its_kernels_within_the_grace(tmp_path: Path) -> None:
    server = Server.start(tmp_path, tmp_path / "workspace")
    server.api("api/kernels", method="POST")
    until(lambda: kernels_of(server), 60, "a kernel")
    seconds = server.stop()
    assert server.process.returncode == 143
    assert seconds < 12
    until(lambda: not kernels_of(server), 10, "the kernel's end")


def test_it_is_loopback_only_and_the_workspace_is_private(lab: Server) -> None:
    port = lab.base.rpartition(":")[2]
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    local = [each[1] for each in listening if each[3] == "0A" and each[1].endswith(f":{int(port):04X}")]
    assert local == [f"0100007F:{int(port):04X}"]
    assert lab.workspace.stat().st_mode & 0o077 == 0
