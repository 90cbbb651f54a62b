"""What the faults share: asking the cluster, waiting for it, and finding pods and processes."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from signal import SIGKILL
from typing import Any

from opskit.core.errors import BadValue, NotFound, Refused
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.light import ceph_daemons
from opskit.sandbox.light.options import options_of
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.waiting import wait_until

SEEN_WITHIN, HEALED_WITHIN = 90.0, 240.0
"""Seconds until a fault must show, and until its end must."""


def checks(sandbox: Broken) -> dict[str, Json]:
    """The health checks that Ceph raises now."""
    return sandbox.ceph("health", "detail")["checks"]


def wait_seen(sandbox: Broken, code: str, *, about: str = "", deadline: float = SEEN_WITHIN) -> None:
    """Wait until Ceph raises a check.

    Args:
        sandbox: which.
        code: of the check, e.g. `OSD_DOWN`.
        about: a text that its details must hold, e.g. `osd.3`.
        deadline: seconds.

    """
    wait_until(
        lambda: code in checks(sandbox) and about in str(checks(sandbox)[code]),
        what=f"Ceph raises {code} {about}".rstrip(),
        deadline=deadline,
        every=0.5,
        state=lambda: f"Ceph raises {', '.join(checks(sandbox)) or 'nothing'}",
    )


def wait_gone(sandbox: Broken, codes: Iterable[str], *, then: Callable[[], None] | None = None) -> None:
    """Wait until Ceph raises none of these checks.

    Args:
        sandbox: which.
        codes: of the checks.
        then: done before each look.

    """
    gone = set(codes)

    def holds() -> bool:
        if then is not None:
            then()
        return not gone & set(checks(sandbox))

    wait_until(
        holds,
        what=f"Ceph no longer raises {', '.join(sorted(gone))}",
        deadline=HEALED_WITHIN,
        every=1.0,
        state=lambda: f"Ceph raises {', '.join(checks(sandbox)) or 'nothing'}",
    )


def pod_of(sandbox: Broken, daemon: str) -> Json:
    """The pod that runs a daemon.

    Raises:
        NotFound: there is none.

    """
    sort, _, name = daemon.partition(".")
    selector = f"ceph_daemon_type%3D{sort}%2Cceph_daemon_id%3D{name}"
    pods = api(sandbox.site).items(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}")
    for pod in pods:
        if not pod["metadata"].get("deletionTimestamp"):
            return pod
    raise NotFound(f"No pod runs {daemon}.", where=NAMESPACE, hint="is the daemon's deployment scaled to 0?")


def kill(sandbox: Broken, daemon: str) -> None:
    """`kill -9` a daemon."""
    sandbox.site.processes.signal(ceph_daemons.process_name(daemon), SIGKILL)


def osd_number(sandbox: Broken, osd: Any) -> int:
    """An OSD's number, checked.

    Raises:
        BadValue: it is no number of an OSD.

    """
    known = sandbox.ceph("osd", "ls")
    number = osd_id(osd)
    if number not in known:
        raise BadValue(f"{osd!r} is no OSD.", where="osd", hint=f"there are {', '.join(map(str, known))}.")
    return number


def osd_id(osd: Any) -> int:
    """The number of `3`, `"3"` or `"osd.3"`; -1 of anything else."""
    found = re.fullmatch(r"(?:osd\.)?(\d+)", str(osd))
    return int(found[1]) if found else -1


def quorum_member(sandbox: Broken, mon: str) -> str:
    """A monitor that the quorum can do without.

    Raises:
        Refused: there is only one.
        BadValue: there is no such monitor.

    """
    count = options_of(sandbox.site).mons
    if count < 3:
        raise Refused(
            "This sandbox has one monitor, which can't be spared.",
            where=sandbox.name,
            hint="bring one up with `--mons 3`.",
        )
    if mon not in "abc"[:count]:
        raise BadValue(f"{mon!r} is no monitor.", where="mon", hint="there are a, b and c.")
    return mon


each_second = partial(wait_until, every=1.0)
