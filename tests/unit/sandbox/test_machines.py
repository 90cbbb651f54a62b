"""What a machine lacks is said, with what can be had without it."""

import errno
import os
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opskit.cli.sandbox import app
from opskit.core.errors import NotInstalled, Refused, StepFailed
from opskit.sandbox import build, fitness, site
from opskit.sandbox.component import Component, bring_up, programs_of
from opskit.sandbox.kubeadm import cgroups
from opskit.sandbox.pins import program
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.site import Site

RUN = CliRunner()


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr("opskit.sandbox.binaries._DEBIAN_PATH", str(tmp_path / "empty"))
    return tmp_path


@pytest.mark.parametrize("profile", ["mesh", "network", "kubeadm", "all"])
def test_without_root_the_profiles_that_work_are_named(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = RUN.invoke(app, ["up", "--profile", profile])
    assert (done.exit_code, "needs root" in done.stderr) == (5, True)
    assert "without root there are: light, platform, trust" in done.stderr


def test_without_go_it_says_where_to_get_it(nothing_installed: Path) -> None:
    with pytest.raises(NotInstalled, match="must be built, and Go is missing") as caught:
        build.build(["etcd"], progress=lambda _: None)
    assert "https://go.dev/dl" in caught.value.hint


@pytest.mark.parametrize(
    ("programs", "packages"),
    [
        (["ceph-mon", "bird"], ["bird2", "ceph-mon"]),
        (["podman"], ["aardvark-dns", "iptables", "netavark", "podman"]),
    ],
)
def test_without_debians_packages_and_root_the_command_is_named(
    programs: list[str], packages: list[str], nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotInstalled, match=f"Packages are missing: {', '.join(packages)}") as caught:
        build.build(programs, progress=lambda _: None)
    assert f"apt-get install --yes --no-install-recommends {' '.join(packages)}" in caught.value.hint


def test_up_names_every_missing_program_and_what_gets_it(nothing_installed: Path) -> None:
    done = RUN.invoke(app, ["up"])
    assert done.exit_code == 5
    for said in ("kube-apiserver", "ceph-osd", "opskit sandbox build", "apt-get install"):
        assert said in done.stderr


def with_programs(folder: Path, profile: str) -> None:
    """Every program that the profile needs, in its pinned version, on a PATH of its own."""
    folder.mkdir()
    for name in programs_of(PROFILES[profile].components(PROFILES[profile].options({}))):
        file = folder / name
        file.write_text(f"#!/bin/sh\necho {program(name).version}\n")
        file.chmod(0o755)


def test_what_lacks_nothing_is_named_where_a_debian_package_is_missing(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(nothing_installed / "empty", "platform")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for words in (["up"], ["build"]):
        done = RUN.invoke(app, words)
        assert (done.exit_code, "ceph-osd" in done.stderr) == (5, True)
        assert "as this machine is, there are: platform." in " ".join(done.stderr.split())
    (nothing_installed / "empty" / "etcd").unlink()
    assert "there are: none." in " ".join(RUN.invoke(app, ["build"]).stderr.split())


def test_a_taken_port_is_passed_over_and_none_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        taken, free = one.getsockname()[1], other.getsockname()[1]
        other.close()
        monkeypatch.setattr(site, "_PORTS", (taken, free))
        place = Site("ports")
        place.make()
        assert place.port("etcd") == free
        with pytest.raises(Refused, match="No TCP port is free"):
            place.port("kube-apiserver")


def test_a_nearly_full_disk_is_refused_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, 750 << 20))
    with pytest.raises(Refused, match=r"750 MiB are free, and kubeadm needs 2,000\.") as caught:
        fitness.require_space(PROFILES["kubeadm"], Path("/nowhere/at/all"))
    assert "there is room for: light, network, trust, mesh" in caught.value.hint
    fitness.require_space(PROFILES["light"], Path("/nowhere/at/all"))


def test_a_disk_that_fills_up_meanwhile_is_a_sentence() -> None:
    def full(_: Site) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/state/etcd")

    place = Site("full")
    place.make()
    with pytest.raises(StepFailed, match=r"etcd-files did not become ready\. No space left") as caught:
        bring_up(place, [Component(name="etcd-files", prepare=full)])
    assert (caught.value.where, caught.value.hint) == ("/state/etcd", "free some space")


def test_without_cgroups_kubeadm_is_refused_and_all_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    done = RUN.invoke(app, ["up", "--profile", "kubeadm"])
    assert done.exit_code == 5
    assert "No cgroups are mounted" in done.stderr
    assert "what can be had here: light, platform, network, trust, mesh, all" in done.stderr


@pytest.mark.parametrize("words", [["--provider", "kind"], ["--profile", "kind"]])
def test_without_docker_and_kind_what_gets_them_is_named(words: list[str], nothing_installed: Path) -> None:
    done = RUN.invoke(app, ["up", *words])
    said = " ".join(done.stderr.split())
    assert (done.exit_code, "Programs are missing: kind, kubectl, docker." in said) == (5, True)
    assert "`opskit sandbox build --profile kind`" in said
    assert "`apt-get install --no-install-recommends docker.io`" in said
