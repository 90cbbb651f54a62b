"""Whether the data of OSDs that leave has room on those that stay.

An OSD's data goes to the other OSDs of its failure domain when there are only as many domains as
copies, else to all of its class. The ratio that counts is the live `backfillfull_ratio`: above it
Ceph stops backfilling (https://docs.ceph.com/en/latest/rados/operations/health-checks/#osd-backfillfull).
"""

from collections.abc import Iterable, Iterator

from opskit.core.parts import Unread, known
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.plans.guards import domain_types, place, pools_of


def room_after_removal(facts: Facts, leaving: Iterable[Osd]) -> Iterator[str]:
    """Reasons why the data of the OSDs that leave has no safe place."""
    gone = [osd for osd in leaving if osd.in_]
    if isinstance(facts.osd_df, Unread) or isinstance(facts.osd_dump, Unread):
        return
    for osd in gone:
        for kind in sorted(domain_types(facts, osd)):
            yield from _room(facts, osd, kind, {each.id for each in gone})


def _room(facts: Facts, osd: Osd, kind: str, gone: set[int]) -> Iterator[str]:
    copies = max((pool.size for pool in pools_of(facts, osd)), default=0)
    peers = [each for each in facts.osds.values() if _same_group(each, osd) and each.in_]
    staying = [each for each in peers if each.id not in gone and each.up]
    domains = {place(each, kind) for each in staying}
    if len(domains) < copies:
        yield (
            f"without osd.{osd.id} only {len(domains)} {kind}s can hold data and pools want {copies} copies: "
            "its data has no other place, and it would never be safe to destroy"
        )
        return
    if len(domains) == copies and kind != "osd":
        peers = [each for each in peers if place(each, kind) == place(osd, kind)]
        staying = [each for each in staying if place(each, kind) == place(osd, kind)]
    yield from _fits(peers, staying, known(facts.osd_dump, OsdDump()).backfillfull_ratio, osd)


def _same_group(one: Osd, other: Osd) -> bool:
    same_root = one.location.get("root") == other.location.get("root")
    return bool(one.host) and same_root and one.device_class == other.device_class


def _fits(peers: list[Osd], staying: list[Osd], limit: float, osd: Osd) -> Iterator[str]:
    """The fullest OSD that stays grows in the proportion in which all of them must grow."""
    used, kept = sum(each.bytes_used for each in peers), sum(each.bytes_used for each in staying)
    total = sum(each.bytes_total for each in staying)
    if not total:
        yield f"no OSD that is up could take the data of osd.{osd.id}"
        return
    growth = used / kept if kept else 1.0
    fullest = max(staying, key=lambda each: each.utilization)
    expected = max(fullest.utilization * growth, used / total)
    if expected >= limit:
        yield (
            f"without osd.{osd.id} the OSDs that take its data would be {expected:.0%} full "
            f"(now {fullest.name}: {fullest.utilization:.0%}); backfill stops at {limit:.0%}"
        )
