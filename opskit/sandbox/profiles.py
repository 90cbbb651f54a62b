"""The profiles: which parts make a sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from opskit.core.errors import BadValue, UnknownName
from opskit.sandbox import api_faults, control_plane, monitoring
from opskit.sandbox.component import Component
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kind import part as kind
from opskit.sandbox.kubeadm import part as kubeadm
from opskit.sandbox.light import part as ceph
from opskit.sandbox.mesh import part as mesh
from opskit.sandbox.network import part as network
from opskit.sandbox.part import Part, option_names, options_for
from opskit.sandbox.platform import part as platform
from opskit.sandbox.trust import part as trust


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One sort of sandbox."""

    name: str
    summary: str
    parts: Sequence[Part[Any]]
    systems: tuple[str, ...]
    """opskit's systems whose runbooks it proves."""
    preset: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options that differ from their parts' defaults, so that the parts go together."""
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Profiles that come up with it, with these options, as sandboxes of their own, named `NAME-PROFILE`:
    other clusters."""

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options, checked, with the defaults filled in.

        Args:
            given: values by name; texts are taken for what the option's type makes of them.

        Raises:
            UnknownName: there is no such option.
            BadValue: a value has the wrong type, or can't be had.

        """
        known = option_names(self.parts)
        for name in given:
            if name not in known:
                raise UnknownName.among(f"option of the profile {self.name}", name, known)
        try:
            chosen = [options_for(part, {**self.preset, **given}) for part in self.parts]
        except msgspec.ValidationError as error:
            raise BadValue(
                f"An option of the profile is wrong: {error}.", hint="see `opskit sandbox profiles`."
            ) from error
        return {name: value for each in chosen for name, value in msgspec.structs.asdict(each).items()}

    def components(self, given: Mapping[str, Any]) -> list[Component]:
        """Every component that these options ask for."""
        return [
            component
            for part in self.parts
            for component in part.components(options_for(part, dict(given)), self.parts)
        ]

    def everything(self) -> list[Component]:
        """The components with all options on, for `build`."""
        return self.components(
            {name: value for part in self.parts for name, value in part.everything.items()}
        ) + [component for name in self.beside for component in PROFILES[name].everything()]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What can be broken in it."""
        return tuple(fault for part in self.parts for fault in part.faults)

    def ailments(self, sandbox: Broken) -> list[str]:
        """What keeps a sandbox from being healthy, in words."""
        return [each for part in self.parts for each in part.ailments(sandbox)]

    @property
    def needs_root(self) -> str:
        """Why only root can have it; empty where anybody can."""
        return " ".join(f"{part.name}: {part.needs_root}" for part in self.parts if part.needs_root)

    @property
    def disk_mib(self) -> int:
        """The free disk space that it needs, with what comes up beside it."""
        beside = sum(PROFILES[name].disk_mib for name in self.beside)
        return beside + sum(part.disk_mib for part in self.parts)

    @property
    def unfit(self) -> str:
        """What this machine lacks for it, in words; empty where it fits."""
        return " ".join(lack for part in self.parts if (lack := part.unfit()))


def profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UnknownName: there is none.

    """
    if name not in PROFILES:
        raise UnknownName.among("profile", name, PROFILES)
    return PROFILES[name]


CONTROL_PLANE = replace(control_plane.PART, faults=(api_faults.APISERVER_SICK,))

PROFILES = {
    each.name: each
    for each in (
        Profile(
            name="light",
            summary="A real Kubernetes control plane and a real Ceph cluster behind it; no root.",
            parts=(CONTROL_PLANE, ceph.PART, monitoring.PART),
            systems=("rook",),
        ),
        Profile(
            name="platform",
            summary="OLM, OpenShift and database operators' resources with stand-ins; a real etcd behind "
            "EtcdCluster; no root.",
            parts=(CONTROL_PLANE, platform.PART),
            systems=("operators", "openshift"),
        ),
        Profile(
            name="network",
            summary="Real BGP between five nodes' BIRDs, Calico's objects on a real API server; needs root.",
            parts=(CONTROL_PLANE, network.PART),
            systems=("calico",),
        ),
        Profile(
            name="trust",
            summary="OpenBao, OpenLDAP, Dex, an ACME server with its DNS, cert-manager: all real; no root.",
            parts=(CONTROL_PLANE, *trust.PARTS, monitoring.PART),
            systems=("certmanager", "vault", "dex"),
        ),
        Profile(
            name="kubeadm",
            summary="A cluster made by kubeadm: nodes with containerd, kubelet and SSH, stacked etcd.",
            parts=(kubeadm.PART,),
            systems=("kubeadm",),
        ),
        Profile(
            name="mesh",
            summary="Istio: istiod, Envoys with mTLS, and a small shop in two versions; needs root.",
            parts=(CONTROL_PLANE, mesh.PART, monitoring.PART),
            systems=("istio",),
        ),
        Profile(
            name="all",
            summary="light, platform, trust, mesh and network on one control plane, kubeadm's own beside.",
            parts=(
                CONTROL_PLANE,
                ceph.PART,
                platform.PART,
                *trust.PARTS,
                mesh.PART,
                network.PART,
                monitoring.PART,
            ),
            systems=("rook", "operators", "openshift", "certmanager", "vault", "dex", "istio", "calico"),
            # The mesh's shop has that name, with Services that a policy's workloads would join.
            preset={"workloads": "store"},
            # Of two nodes, each fault has one: a third would only take its share of the processors.
            beside={"kubeadm": {"workers": 1}},
        ),
        Profile(
            name="kind",
            summary="A cluster made by kind, of containers; needs Docker or podman.",
            parts=(kind.PART,),
            systems=("kubeadm",),
        ),
    )
}
"""All profiles by name."""
