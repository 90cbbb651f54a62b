"""Links that the kernel takes away while `down` deletes them, in a network of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALONE = ("unshare", "--net", "--kill-child")
COUNT = 24

DELETE = """
import sys
from opskit.core.errors import ToolFailed
from opskit.sandbox import links
try:
    links.delete(sys.argv[1])
except ToolFailed as error:
    sys.exit(error.what)
"""

VANISH = """
import subprocess, sys
from opskit.sandbox import links
from opskit.sandbox.kubeadm import host_network
from opskit.sandbox.site import Site

site = Site("vanishing")
holders = []
for number in range(int(sys.argv[1])):
    inside = ["unshare", "--net", "sh", "-c", "echo inside; exec sleep 60"]
    holders.append(subprocess.Popen(inside, stdout=subprocess.PIPE))
    assert holders[-1].stdout.readline() == b"inside\\n"
    wire = ("type", "veth", "peer", "name", "eth0", "netns", str(holders[-1].pid))
    host_network.ip("link", "add", f"{site.key}-n{number}", *wire)
assert len(links.names()) == 1 + len(holders)
for each in holders:
    each.kill()
host_network.remove(site)
print(*links.names())
"""
"""Makes wires into namespaces, ends who holds them, and deletes the wires while the kernel does so, too."""


def alone(tmp_path: Path, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
    if os.geteuid() != 0:
        pytest.skip("a network of its own needs root")
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    argv = [*ALONE, sys.executable, "-c", script, *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("link", [pytest.param("absent"), pytest.param("if4242", id="gone-by-its-number")])
def test_a_link_that_is_not_there_is_no_error(tmp_path: Path, link: str) -> None:
    """`ip` turns a name into a number first: `if4242` is what is left of a link that goes in between."""
    done = alone(tmp_path, DELETE, link)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_link_that_cannot_be_deleted_is_one(tmp_path: Path) -> None:
    done = alone(tmp_path, DELETE, "lo")
    assert done.returncode == 1
    assert "not supported" in done.stderr


def test_down_deletes_links_that_the_kernel_deletes_as_well(tmp_path: Path) -> None:
    done = alone(tmp_path, VANISH, str(COUNT))
    assert (done.stdout, done.stderr) == ("lo\n", "")
