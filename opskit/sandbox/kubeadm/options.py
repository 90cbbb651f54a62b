"""What can be chosen of a kubeadm cluster."""

import msgspec

from opskit.core.errors import BadValue

MOST_CONTROL_PLANES = 5
MOST_WORKERS = 10


class KubeadmOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen of a kubeadm cluster."""

    control_planes: int = 1
    """How many, 1 to 5, each with a member of the stacked etcd, behind one load balancer."""
    workers: int = 2
    """How many, 0 to 10; without any, pods run on the control planes."""
    previous: bool = False
    """The minor before the pinned one, to be upgraded."""

    def checked(self) -> "KubeadmOptions":
        """Itself, if it can be had.

        Raises:
            BadValue: too few or too many nodes.

        """
        limits = {"control_planes": (1, MOST_CONTROL_PLANES), "workers": (0, MOST_WORKERS)}
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise BadValue(
                    f"{name.replace('_', '-')} is {getattr(self, name)}.",
                    where="the options of the profile kubeadm",
                    hint=f"choose {least} to {most}.",
                )
        return self
