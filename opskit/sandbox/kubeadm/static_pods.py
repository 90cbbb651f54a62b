"""Static pods: they run while their manifest lies in the node's folder, and stop while it is away."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opskit.core.errors import Refused
from opskit.sandbox.files import write_private
from opskit.sandbox.kubeadm.layout import Node
from opskit.sandbox.kubeadm.machine import on
from opskit.sandbox.waiting import wait_until


def manifest(node: Node, name: str) -> Path:
    """Where the manifest of a static pod lies, as the host sees it."""
    return node.folder / "kubernetes" / "manifests" / f"{name}.yaml"


def hold(node: Node, name: str) -> None:
    """Take a manifest away. Nothing happens where it is away already."""
    if manifest(node, name).exists():
        _held(node).mkdir(exist_ok=True)
        manifest(node, name).replace(_held(node) / f"{name}.yaml")


def release(node: Node, name: str) -> None:
    """Put a manifest back. Nothing happens where it lies in its place."""
    held = _held(node) / f"{name}.yaml"
    if held.exists():
        held.replace(manifest(node, name))


def add_flag(node: Node, name: str, flag: str) -> None:
    """Add a flag to a static pod's command; its kubelet starts it anew.

    Raises:
        Refused: its manifest was changed already.

    """
    before = _before(node, name)
    if before.exists():
        raise Refused(
            f"The manifest of {name} on {node.name} was changed already.",
            where=str(manifest(node, name)),
            hint="`opskit sandbox fault heal` first.",
        )
    text = manifest(node, name).read_text()
    write_private(before, text)
    write_private(manifest(node, name), text.replace(f"- {name}\n", f"- {name}\n    - {flag}\n", 1))


def restore(node: Node, name: str) -> None:
    """Put the manifest back as it was before `add_flag`. Nothing happens where it is so."""
    if _before(node, name).exists():
        _before(node, name).replace(manifest(node, name))


def runs(node: Node, name: str) -> bool:
    """Whether a node runs a container of that static pod."""
    chosen = f"labels.io.kubernetes.container.name=={name}"
    containers = on(node, "ctr", "--namespace", "k8s.io", "containers", "list", "--quiet", chosen)
    tasks = on(node, "ctr", "--namespace", "k8s.io", "tasks", "list")
    running = {line.split()[0] for line in tasks.splitlines() if line.endswith("RUNNING")}
    return bool(running & set(containers.split()))


def wait_stopped(node: Node, name: str) -> None:
    """Wait until a node runs no container of that static pod."""
    wait_until(
        lambda: not runs(node, name), what=f"{name} on {node.name} has stopped", deadline=120.0, every=0.5
    )


def restart(node: Node, name: str) -> None:
    """Stop a static pod and let it start anew, as it must to read its certificates."""
    with stopped((node,), (name,)):
        pass


@contextmanager
def stopped(nodes: Sequence[Node], names: Sequence[str]) -> Generator[None]:
    """Static pods of several nodes stand still for the block."""
    every = [(node, name) for node in nodes for name in names]
    try:
        for node, name in every:
            hold(node, name)
        for node, name in every:
            wait_stopped(node, name)
        yield
    finally:
        for node, name in every:
            release(node, name)


def _held(node: Node) -> Path:
    return node.folder / "kubernetes" / "held"


def _before(node: Node, name: str) -> Path:
    return node.folder / "kubernetes" / f"{name}.yaml.before"
