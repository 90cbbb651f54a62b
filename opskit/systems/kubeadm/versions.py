"""Versions of Kubernetes, and which may stand beside which.

Follows https://kubernetes.io/releases/version-skew-policy/.
"""

import re
from typing import NamedTuple

from opskit.core.errors import BadValue

KUBELET_BEHIND = 3
"""Minors that a kubelet may be older than the API server."""


class Version(NamedTuple):
    """`v1.37.2`."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    @property
    def release(self) -> str:
        """`1.37`."""
        return f"{self.major}.{self.minor}"


_VERSION = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+.].*)?$")


def parse(text: str) -> Version | None:
    """A version out of `v1.37.2`, `1.37` or `v1.37.2-rc.1`; None where it is none."""
    found = _VERSION.match(text.strip())
    return Version(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def of_image(image: str) -> Version | None:
    """The version in an image's tag; None where it has none."""
    name = image.partition("@")[0]
    tag = name.rpartition("/")[2].partition(":")[2]
    return parse(tag)


def steps(current: Version, target: Version) -> list[str]:
    """The releases that an upgrade goes through: no minor is skipped, and there is no way back.

    Args:
        current: of the oldest API server.
        target: wanted.

    Returns:
        `["1.37", "1.38"]`; a patch within the same minor is one step.

    Raises:
        BadValue: the target is older: kubeadm can't downgrade.

    """
    if target < current:
        raise BadValue(
            f"{target} is older than {current}: kubeadm has no way down.",
            where="target",
            hint="restore an etcd snapshot of that version into a cluster of that version, if you must",
        )
    minors = range(current.minor + 1, target.minor + 1)
    return [f"{target.major}.{minor}" for minor in minors] or ([str(target)] if target > current else [])
