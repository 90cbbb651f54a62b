"""Released CRDs, created on the API server as they are."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from opskit.sandbox.control_plane import api, crds_folder
from opskit.sandbox.site import Site

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def create_released(site: Site, project: str) -> bool:
    """Create the CRDs of a project (`rook`, `calico` …); False where they are not to be found.

    They are served a moment later: wait for what you need of them.

    """
    folder = crds_folder(site, project)
    if folder is None:
        return False
    client = api(site)
    texts = [
        text.encode()
        for file in sorted(folder.glob("*.y*ml"))
        for text in re.split(r"(?m)^---\s*$", file.read_text())
        if re.search(r"(?m)^kind: CustomResourceDefinition", text)
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(partial(client.create, _CRDS, content="application/yaml"), texts))
    return bool(texts)
