"""What can be chosen of a `light` sandbox."""

import msgspec

from opskit.core.errors import BadValue
from opskit.sandbox.nodes import NODES
from opskit.sandbox.site import Site

MONS = "abc"
"""The monitors' names, one a node."""


class LightOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the profile."""

    mons: int = 1
    """1, or 3 for a quorum that can lose one."""
    osds: int = 6
    """Spread evenly over the three nodes."""
    osd_size: int = 512
    """MiB that each OSD holds, in memory, as far as it is filled."""
    mds: bool = False
    """A CephFilesystem `myfs` with its MDS."""
    rgw: bool = False
    """A CephObjectStore `my-store` with its gateway."""

    def checked(self) -> "LightOptions":
        """Itself, if the values make a cluster.

        Raises:
            BadValue: which one does not, and what would.

        """
        if self.mons not in (1, 3):
            raise BadValue(f"{self.mons} monitors can't be had.", where="--mons", hint="use 1 or 3.")
        if not 3 <= self.osds <= 60 or self.osds % len(NODES):
            raise BadValue(f"{self.osds} OSDs can't be had.", where="--osds", hint="use 3, 6, 9 … up to 60.")
        if not 64 <= self.osd_size <= 65536:
            raise BadValue(
                f"{self.osd_size} MiB is no size for an OSD.", where="--osd-size", hint="use 64 to 65536."
            )
        return self


def options_of(site: Site) -> LightOptions:
    """The options that a sandbox was started with."""
    return msgspec.convert(site.record.get("options", {}), LightOptions)
