"""What every health code of Ceph means, how grave it is here, and what to do first.

Codes follow https://docs.ceph.com/en/latest/rados/operations/health-checks/ and
https://docs.ceph.com/en/latest/cephfs/health-messages/, Pacific to Tentacle.
"""

import re

import msgspec

from opskit.core.findings import Severity
from opskit.systems.rook.code import HEALTH_CHECKS, Code, section
from opskit.systems.rook.codes_data import DATA
from opskit.systems.rook.codes_fs import ALIASES, FILESYSTEM
from opskit.systems.rook.codes_monitor import MANAGER, MISCELLANEOUS, MONITOR
from opskit.systems.rook.codes_osd import BLUESTORE, DEVICE, OSD
from opskit.systems.rook.codes_ours import OURS

_KNOWN = (*MONITOR, *MANAGER, *OSD, *BLUESTORE, *DEVICE, *DATA, *FILESYSTEM, *MISCELLANEOUS, *OURS)
_BY_CODE = {each.code: each for each in _KNOWN}

TABLE: dict[str, Code] = _BY_CODE | {
    alias: msgspec.structs.replace(_BY_CODE[code], code=alias) for alias, code in ALIASES.items()
}
"""Code → what is known of it."""

_BUCKET = re.compile(r"^OSD_[A-Z]+_DOWN$")


def explain(code: str) -> Code:
    """What is known of a code; a code that no release known here has is explained as such."""
    if (known := TABLE.get(code)) is not None:
        return known
    if _BUCKET.match(code):
        bucket = code.split("_")[1].lower()
        return Code(
            code=code,
            severity=Severity.ERROR,
            meaning=f"Every OSD below one CRUSH {bucket} is down.",
            next=f"Find what the OSDs of that {bucket} share and bring it back.",
            url=section("OSD_CRUSH_TYPE_DOWN"),
            area="OSD",
        )
    return Code(
        code=code,
        severity=Severity.WARNING,
        meaning="This version of opskit does not know the code; Ceph's own message says what it means.",
        next="Read `ceph health detail` and the documentation of the Ceph release that runs.",
        url=HEALTH_CHECKS,
        area="unknown",
    )
