"""Released CRDs, created on the API server as they are."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from opskit.sandbox.control_plane import api
from opskit.sandbox.released import find_crds, require_crds
from opskit.sandbox.site import Site

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def create_released(site: Site, project: str) -> None:
    """Create the CRDs of a project (`calico`, `istio` …).

    They are served a moment later: wait for what you need of them.

    Raises:
        NotInstalled: they are not to be found; the message has the command that gets them.

    """
    require_crds([project], named=_named(site), profile=site.record.get("profile", ""))
    create_if_found(site, project)


def create_if_found(site: Site, project: str) -> bool:
    """Create the CRDs of a project, as `create_released` does; False where they are not to be found."""
    found = find_crds(project, named=_named(site))
    if not found.path:
        return False
    client = api(site)
    texts = [
        text.encode()
        for file in sorted(Path(found.path).glob("*.y*ml"))
        for text in re.split(r"(?m)^---\s*$", file.read_text())
        if re.search(r"(?m)^kind: CustomResourceDefinition", text)
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(partial(client.create, _CRDS, content="application/yaml"), texts))
    return bool(texts)


def _named(site: Site) -> str:
    return site.record.get("options", {}).get("crds", "")
