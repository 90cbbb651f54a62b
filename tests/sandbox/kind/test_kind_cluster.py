"""A real kind on a real Docker and a real podman: made, broken, named by opskit, mended and taken away."""

from time import monotonic

import pytest

from opskit.sandbox.waiting import wait_until
from tests import figures
from tests.sandbox.kind.conftest import CONFIG, IMAGE, Opskit
from tests.sandbox.kind.engines import PODMAN

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]

NODES = ["opskit-mine-control-plane", "opskit-mine-worker"]
FAULTS = {
    "kubelet-stopped": (("node=worker",), "kubeadm/NODE_NOT_READY node opskit-mine-worker"),
    "node-killed": (("node=worker",), "kubeadm/NODE_NOT_READY node opskit-mine-worker"),
    "scheduler-gone": (
        (),
        "kubeadm/STATIC_POD_MISSING kube-scheduler on opskit-mine-control-plane",
    ),
}


def test_a_cluster_comes_up_is_broken_mended_and_taken_away(opskit: Opskit) -> None:
    begin = monotonic()
    said = opskit.up("mine")
    opskit.use(said.split("export KUBECONFIG=")[1].split()[0])
    ready = opskit.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s")
    opskit.kubectl("wait", "--for=condition=Ready", "pods", "--all", "-n", "kube-system", "--timeout=180s")
    rows = {"up, until both nodes and all pods of kube-system are ready": f"{monotonic() - begin:.0f} s"}

    assert "In it: kubeadm, operators" in said
    assert "rook: not installed" in said
    assert opskit.containers() == NODES
    assert ready.count("condition met") == 2
    assert opskit.findings("opskit-mine") == []
    seen = opskit.seen("mine")
    assert (seen["profile"], seen["phase"]) == ("kind", "ready")
    assert [(each["name"], each["alive"]) for each in seen["parts"]] == [(name, True) for name in NODES]
    rows["memory"] = f"{seen['memory_mib']:,} MiB"

    before = opskit.containers("{{.ID}}")
    opskit.up("mine")
    assert opskit.containers("{{.ID}}") == before, "one that is up is taken over"
    assert "is up with other options" in opskit.up("mine", image="other", code=5)
    rows |= {f"`{name}`, until opskit names it": f"{break_and_mend(opskit, name):.0f} s" for name in FAULTS}
    used_as_a_context(opskit)

    begin = monotonic()
    opskit("sandbox", "down", "--name", "mine")
    rows["down"] = f"{monotonic() - begin:.1f} s"
    assert (opskit.containers(), opskit.volumes(), opskit.seen("mine")) == ([], [], {})
    tool = opskit.lab.engine.name
    figures.keep(
        f"kind on {tool}",
        "`opskit sandbox up --provider kind` with a node image made here: one control plane and one worker, "
        f"containers of a real {tool}; each fault is the first that `opskit findings` names, and is healed.",
        rows,
    )


def break_and_mend(opskit: Opskit, name: str) -> float:
    """Seconds from the fault's beginning until opskit has named it, first of all."""
    arguments, wanted = FAULTS[name]
    begin = monotonic()
    given = [word for each in arguments for word in ("-a", each)]
    opskit("sandbox", "fault", "inject", name, *given, "--name", "mine")
    assert opskit.findings("opskit-mine")[:1] == [wanted]
    took = monotonic() - begin
    opskit("sandbox", "fault", "heal", "--name", "mine")
    assert opskit.findings("opskit-mine") == []
    return took


def used_as_a_context(opskit: Opskit) -> None:
    """The same cluster, as one that opskit did not make: used without a Rook, and left as it is."""
    said = opskit("sandbox", "up", "--context", "opskit-mine", "--name", "lent")
    assert "In it: kubeadm, operators" in said
    for fault, why in (("forgotten-flag", "no Rook toolbox"), ("osd-down", "servers of the sandbox's own")):
        assert why in opskit("sandbox", "fault", "inject", fault, "--name", "lent", code=5)
    assert opskit.seen("lent")["faults"] == []
    opskit("sandbox", "down", "--name", "lent")
    assert opskit.containers() == NODES


def test_a_killed_up_is_taken_away_by_down(opskit: Opskit) -> None:
    chosen = ("--image", IMAGE, "--config", str(opskit.config))
    with opskit.start("sandbox", "up", "--profile", "kind", "--name", "killed", *chosen) as process:
        wait_until(lambda: bool(opskit.containers()), what="a node is there", deadline=120.0)
        process.kill()
    opskit("sandbox", "down", "--name", "killed")
    assert (opskit.containers(), opskit.seen("killed")) == ([], {})


def test_another_ones_cluster_of_that_name_is_refused_and_left(opskit: Opskit) -> None:
    label = "--label=io.x-k8s.kind.cluster=opskit-taken"
    opskit.lab.call("create", "--name", "foreign", label, "--entrypoint", "true", IMAGE)
    said = opskit.up("taken", code=6)
    assert "kind has a cluster 'opskit-taken' already, and this sandbox did not make it" in said
    assert "--context kind-opskit-taken" in said
    opskit("sandbox", "down", "--name", "taken")
    assert opskit.containers() == ["foreign"]


def test_an_image_that_is_not_there_is_named(opskit: Opskit) -> None:
    said = opskit.up("bare", image="opskit.invalid/none:1", code=6)
    tool = opskit.lab.engine.name
    assert f"The node image opskit.invalid/none:1 is not on this machine, and {tool} can't pull it" in said
    assert f"{tool} load -i FILE" in said
    opskit("sandbox", "down", "--name", "bare")


def test_what_kind_refuses_is_told_in_its_words(opskit: Opskit) -> None:
    opskit.config.write_text(CONFIG.replace("role: worker", "role: wroker"))
    said = opskit.up("wrong", code=6)
    assert "kind made no cluster: failed to create cluster" in said
    assert '"wroker" is not a valid node role' in said
    opskit("sandbox", "down", "--name", "wrong")


@pytest.mark.parametrize("lab", [PODMAN], indirect=True, ids=["podman"])
def test_nodes_that_can_not_look_up_one_another_are_told_what_they_lack(opskit: Opskit) -> None:
    impatient = "  - |\n    kind: JoinConfiguration\n    timeouts: {discovery: 20s}\n"
    opskit.config.write_text(CONFIG + impatient)
    if "kind" in opskit.lab.call("network", "ls", "--format", "{{.Name}}").split():
        opskit.lab.call("network", "rm", "kind")
    opskit.lab.call("network", "create", "--disable-dns", "kind")
    said = opskit.up("apart", code=6)
    assert "kind made no cluster: a node that joins does not reach the first one by its name" in said
    assert "apt-get install netavark aardvark-dns" in said
    opskit("sandbox", "down", "--name", "apart")
    opskit.lab.call("network", "rm", "kind")
    assert (opskit.containers(), opskit.volumes()) == ([], [])
