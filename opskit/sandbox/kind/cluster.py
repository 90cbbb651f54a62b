"""The cluster itself: made and taken away by kind, asked by kubectl."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from opskit.core.errors import BadValue, NotFound, OpsError, Refused, ToolFailed, UnknownName
from opskit.sandbox.binaries import require
from opskit.sandbox.kind import engine
from opskit.sandbox.processes import MARK
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import patience

_CREATE_DEADLINE = 1200.0
_LOG = "cluster"
"""The name of the component that makes the cluster, and so of its log."""
_LABEL = "io.x-k8s.kind.cluster"
_NOT_PULLED = re.compile(r'failed to pull image "(?P<image>[^"]+)"')
_NOT_JOINED = "validate the identity of the API Server: failed to request the cluster-info ConfigMap:"
_MEND = "the log has all that kind and kubeadm said; mend the cause, and run the same `up` again."


def name(site: Site) -> str:
    """What kind calls the sandbox's cluster."""
    return f"opskit-{site.name}"


def create(site: Site) -> None:
    """Have kind make the cluster.

    Raises:
        Refused: there is one of that name that this sandbox did not make.
        NotFound: the nodes' image is neither here nor can be pulled.
        ToolFailed: kind failed; its log has all that it said.

    """
    if name(site) in _clusters(site):
        raise Refused(
            f"kind has a cluster {name(site)!r} already, and this sandbox did not make it.",
            where=f"kind get clusters ({engine.of(site)})",
            hint=f"choose another --name; use it as it is: `opskit sandbox up --context kind-{name(site)}`; "
            f"or, if nobody needs it, `kind delete cluster --name {name(site)}`.",
        )
    # Noted first: what is broken off half-way is taken away, too.
    site.write_record(engine=engine.chosen(), made=name(site))
    _run_create(site)
    kubectl(site, "config", "rename-context", f"kind-{name(site)}", f"opskit-{site.name}")


def delete(site: Site) -> None:
    """Have kind take away the cluster that this sandbox made; no other one, and none is no error."""
    if site.record.get("made") == name(site) and name(site) in _clusters(site):
        _kind(site, "delete", "cluster", "--name", name(site), "--kubeconfig", str(_kubeconfig(site)))


def nodes(site: Site) -> dict[str, int]:
    """Each node's container, and its first process's PID: 0 where it is stopped."""
    if not site.record.get("made"):
        return {}
    chosen = ("--all", "--filter", f"label={_LABEL}={name(site)}", "--format", "{{.Names}}")
    found = sorted(engine.call(site, "ps", *chosen, deadline=15.0).split())
    if not found:
        return {}
    pids = engine.call(
        site, "inspect", "--type=container", "--format", "{{.State.Pid}}", *found, deadline=15.0
    ).split()
    return dict(zip(found, map(int, pids), strict=True))


def stands(site: Site) -> bool:
    """Whether there is a cluster, and all of its nodes run."""
    try:
        found = nodes(site)
    except OpsError:
        return False
    return bool(found) and all(found.values())


def node_named(site: Site, short: str) -> str:
    """The whole name of a node, given as `worker` or whole.

    Raises:
        UnknownName: there is none.

    """
    known = {each.removeprefix(f"{name(site)}-"): each for each in nodes(site)}
    if short in known.values():
        return short
    if short not in known:
        raise UnknownName.among("node", short, known, where=name(site))
    return known[short]


def on(site: Site, node: str, *argv: str, deadline: float = 60.0, text: str | None = None) -> str:
    """Run a command in a node; its standard output."""
    typed = ("--interactive",) if text is not None else ()
    return engine.call(site, "exec", *typed, node, *argv, deadline=deadline, text=text)


def kubectl(site: Site, *arguments: str, deadline: float = 30.0) -> str:
    """Run kubectl as cluster admin; its standard output."""
    return run([require("kubectl"), f"--kubeconfig={_kubeconfig(site)}", *arguments], deadline=deadline)


def items(site: Site, *arguments: str) -> list[dict[str, Any]]:
    """What `kubectl get …` lists."""
    return json.loads(kubectl(site, "get", *arguments, "--output=json"))["items"]


def ailments(site: Site) -> list[str]:
    """What keeps the cluster from being healthy, in words; nothing when it is."""
    try:
        there, pods = items(site, "nodes"), items(site, "--namespace=kube-system", "pods")
    except OpsError as error:
        return [str(error)]
    if without_network(site):
        return []
    return [
        *(
            f"the node {each['metadata']['name']} is not ready"
            for each in there
            if not is_true(each, "Ready")
        ),
        *(f"the pod {each['metadata']['name']} is not ready" for each in pods if not is_true(each, "Ready")),
    ]


def is_true(found: Mapping[str, Any], condition: str) -> bool:
    """Whether a node's or a pod's condition holds."""
    conditions = found.get("status", {}).get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def without_network(site: Site) -> bool:
    """Whether kind was told to leave the pod network to the user: until there is one, no node is ready.

    Raises:
        BadValue: kind's configuration does not parse.

    """
    file = site.record.get("options", {}).get("config", "")
    if not file:
        return False
    try:
        read = YAML(typ="safe").load(Path(file))
    except YAMLError as error:
        raise BadValue(
            "kind's configuration does not parse.", where=file, hint=" ".join(str(error).split())
        ) from error
    return bool(isinstance(read, dict) and (read.get("networking") or {}).get("disableDefaultCNI"))


def _run_create(site: Site) -> None:
    chosen = site.record["options"]
    argv = ["create", "cluster", "--name", name(site), "--kubeconfig", str(_kubeconfig(site))]
    for flag in ("image", "config"):
        argv += [f"--{flag}", chosen[flag]] if chosen.get(flag) else []
    try:
        _kind(site, *argv, deadline=_CREATE_DEADLINE)
    except ToolFailed as error:
        raise _explained(site, error) from error


def _explained(site: Site, error: ToolFailed) -> OpsError:
    said, log = error.stderr, site.processes.log(_LOG)
    if missing := _NOT_PULLED.search(said):
        return NotFound(
            f"The node image {missing['image']} is not on this machine, and {engine.of(site)} can't pull it.",
            where=str(log),
            hint=engine.image_hint(site),
        )
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    why, hint = (errors or ["see its log"])[0], _MEND
    # kubeadm tells only at times that the name is unknown, else that there was no answer in time.
    if f'{_NOT_JOINED} Get "https://{name(site)}-' in said:
        why, hint = (
            "a node that joins does not reach the first one by its name",
            engine.name_server_hint(site),
        )
    return ToolFailed(
        f"kind made no cluster: {why}.",
        exit_code_of_tool=error.exit_code_of_tool,
        stderr=said,
        where=str(log),
        hint=hint,
    )


def _clusters(site: Site) -> list[str]:
    return _kind(site, "get", "clusters").split("\n")


def _kubeconfig(site: Site) -> Path:
    return site.state / "kubeconfig"


def _kind(site: Site, *arguments: str, deadline: float = 120.0) -> str:
    """Run kind; its standard output. What it tells is kept in a log. A killed `up`'s is found by its mark."""
    env = {**os.environ, engine.VARIABLE: engine.of(site), MARK: str(site.processes.folder)}
    argv, log = [require("kind"), *arguments], site.processes.log(_LOG)
    with log.open("ab") as told:
        begin = told.tell()
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
                timeout=deadline * patience(),
                check=False,
                env=env,
            )
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(
                f"kind gave no answer in {deadline:.0f} s.", exit_code_of_tool=-1, where=str(log)
            ) from error
    said = log.read_bytes()[begin:].decode(errors="replace")
    if done.returncode != 0:
        raise ToolFailed(
            f"kind failed: {said.strip()[-400:]}.",
            exit_code_of_tool=done.returncode,
            stderr=said,
            where=" ".join(arguments),
        )
    return done.stdout
