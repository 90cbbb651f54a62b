"""Whether opskit is right about a CRD's upgrade: the upgrade is made, and objects are offered to it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from opskit.core.errors import ToolFailed
from opskit.sandbox.rehearsing.admin import kubectl
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.shown import Row
from opskit.sandbox.rehearsing.witness import Answers, Json, Parameters, Witness
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_ASKED = 30.0
BEFORE, AFTER = (Path(__file__).with_name(f"trial-crd-{when}.yaml") for when in ("before", "after"))
"""The CRD as it is there, and as it is to be."""
_API, _KIND, _PLURAL = "rehearsal.opskit.dev/v1", "Trial", "trials.rehearsal.opskit.dev"
_SOUND = {"owner": "shop", "tier": "gold"}

OBJECTS: Mapping[str, Json] = {
    "sound": _SOUND,
    "noted": {**_SOUND, "note": "kept for long"},
    "blue": {**_SOUND, "colour": "blue"},
    "sized": {**_SOUND, "size": 3},
    "heavy": {**_SOUND, "weight": 20},
    "bare": {"owner": "shop"},
}
"""Name → spec of objects that the CRD takes as it is; the new one takes only the first as it is."""


def upgrade_and_offer(site: Site, _: Parameters) -> str:
    """What the upgraded CRD refuses and cuts of the objects that the old one takes; then it is as it was."""
    cut: set[str] = set()
    refused: set[str] = set()
    kubectl(site, "apply", "-f", str(AFTER))
    try:
        _wait_for_the_new_schema(site)
        for name, spec in OBJECTS.items():
            try:
                kept = _offered(site, f"{name}-again", spec)
                cut |= {f"spec.{field}" for field in spec.keys() - kept.keys()}
            except ToolFailed as error:
                refused |= set(re.findall(r"(spec[\w.]*): (?:Invalid|Required|Unsupported)", error.stderr))
    finally:
        kubectl(site, "apply", "-f", str(BEFORE))
    return json.dumps({"cut": sorted(cut), "refused": sorted(refused)})


def _wait_for_the_new_schema(site: Site) -> None:
    """A field that only the new one has is kept."""
    wait_until(
        lambda: "label" in _offered(site, "probe", {**_SOUND, "label": "x"}),
        what="the new schema is in use",
        deadline=_ASKED,
        every=0.5,
    )


def _offered(site: Site, name: str, spec: Json) -> Json:
    """The spec as the API server would store it."""
    words = ("create", "--dry-run=server", "--validate=ignore", "-o", "json", "-f", "-")
    return json.loads(kubectl(site, *words, text=_object(name, spec)))["spec"]


def _object(name: str, spec: Json) -> str:
    meta = {"name": name, "namespace": "default"}
    return json.dumps({"apiVersion": _API, "kind": _KIND, "metadata": meta, "spec": spec})


def upgrade_is_told_as_it_is(answers: Answers) -> Iterator[str]:
    """What the API server cuts and refuses is what was shown as a danger, and nothing else is."""
    rows = answers.shown.rows("risk", "code", "path", "difference")
    told = {_field(each) for each in rows if each["risk"] != "safe"}
    real = {*answers.json["cut"], *answers.json["refused"]}
    yield from (f"the API server cuts or refuses {each}, and opskit does not say so" for each in real - told)
    yield from (f"opskit warns of {each}, and the API server takes it" for each in told - real)
    cut = {each["path"] for each in rows if each["code"] == "FIELD_REMOVED"}
    if cut != set(answers.json["cut"]):
        yield f"the API server cuts {answers.json['cut']}, and opskit says {sorted(cut)}"


def _field(row: Row) -> str:
    """The field that a difference is about: what is required is named in its text."""
    if row["code"] == "REQUIRED_ADDED":
        return f"{row['path']}.{row['difference'].partition(' ')[0]}"
    return row["path"]


def _lay_out_the_trial(sandbox: Sandbox) -> None:
    """The CRD as it is before, and its objects."""
    sandbox.kubectl("apply", "-f", str(BEFORE))
    sandbox.kubectl("wait", "--for=condition=Established", f"crd/{_PLURAL}", "--timeout=30s")
    wait_until(
        lambda: bool(sandbox.kubectl("get", "--raw", f"/apis/{_API}/trials")),
        what="it is served",
        deadline=_ASKED,
        every=0.5,
    )
    for name, spec in OBJECTS.items():
        sandbox.kubectl("apply", "-f", "-", text=_object(name, spec))


def _end_the_trial(sandbox: Sandbox) -> None:
    sandbox.kubectl("delete", "crd", _PLURAL, "--ignore-not-found")


SCENES = {
    "operators/crd-upgrade-check": Scene(
        profile="platform",
        enter=_lay_out_the_trial,
        mend=_end_the_trial,
        parameters={"file": str(AFTER)},
        answer=(
            Witness(
                command="kubectl apply -f CRD   # then kubectl create --dry-run=server of what was there",
                asked=upgrade_and_offer,
                judge=upgrade_is_told_as_it_is,
            ),
        ),
    ),
}
"""By runbook."""
