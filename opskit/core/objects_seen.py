"""The Kubernetes objects among what was read, to be compared with those of another moment."""

from collections.abc import Iterable
from typing import Any

import msgspec

from opskit.core.plan import Json
from opskit.core.reads import ListObjects

Objects = dict[str, dict[str, Json]]
"""`deployments.apps/v1` → namespace/name → the object."""

PASSING = frozenset(
    {
        "authcodes.dex.coreos.com",
        "authrequests.dex.coreos.com",
        "endpointslices.discovery.k8s.io",
        "events",
        "ipamblocks.crd.projectcalico.org",
        "ipamblocks.projectcalico.org",
        "ipamhandles.crd.projectcalico.org",
        "ipamhandles.projectcalico.org",
        "leases.coordination.k8s.io",
        "offlinesessionses.dex.coreos.com",
        "pods",
        "refreshtokens.dex.coreos.com",
    }
)
"""Kinds whose objects come and go, or are renewed, by themselves: a program's state, nobody's will."""


def objects(lists: Iterable[tuple[ListObjects, list[bytes]]]) -> Objects:
    """Every object of these lists, except for `PASSING` kinds.

    Args:
        lists: each list that was read, and its pages.

    """
    found: Objects = {}
    for read, pages in lists:
        kind = f"{read.plural}.{read.group}" if read.group else read.plural
        if kind not in PASSING:
            of_kind = found.setdefault(f"{kind}/{read.version}", {})
            for page in pages:
                of_kind.update({_name(each): each for each in _items(page)})
    return found


def _items(page: bytes) -> list[dict[str, Any]]:
    return msgspec.json.decode(page).get("items") or []


def _name(whole: Json) -> str:
    metadata = whole.get("metadata", {})
    space = metadata.get("namespace")
    return f"{space}/{metadata.get('name', '')}" if space else str(metadata.get("name", ""))
