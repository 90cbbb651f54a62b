"""The table of codes, put together from its areas."""

import msgspec

from opskit.systems.rook.codes import Code
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
