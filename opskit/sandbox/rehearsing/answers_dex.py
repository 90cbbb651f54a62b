"""Whether opskit is right about a person: that person's real login, and what the API server says to it."""

import json
from collections.abc import Iterator
from typing import Any

from opskit.core.errors import OpsError, ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.shown import Row
from opskit.sandbox.rehearsing.witness import Answers, Parameters, Witness
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.trust import dex, openldap
from opskit.sandbox.trust.login import kubeconfig_of, log_in
from opskit.sandbox.trust.using import log_people_in

_ASKED = 30.0
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_FAILED = "Failed to login user"

STEPS = {
    "failed to query groups": "groups by",
    "missing following required attribute": "all that Dex needs is in it",
    "initial bind for user": "the directory lets Dex in",
    "failed to connect": "the directory lets Dex in",
    "Network Error": "the directory lets Dex in",
}
"""Words of Dex' log about a login that failed → the step of opskit's that must say no."""


def who_am_i(site: Site, parameters: Parameters) -> str:
    """What the API server calls a person that logged in; else what Dex said to the person, and its log."""
    user = str(parameters["user"])
    try:
        return _as_person(site, user, "auth", "whoami", "-o", "json")
    except ToolFailed as error:
        return json.dumps({"refused": error.stderr, "log": ""})
    except OpsError as error:
        return json.dumps({"refused": str(error), "log": _last_failure(site)})


def may_i(site: Site, parameters: Parameters) -> str:
    """Where the person's own request ends: at the login, at the API server's door, or at its rules."""
    asked = {name: str(parameters.get(name) or "") for name in ("verb", "resource", "namespace")}
    asked["group"] = str(parameters.get("api_group") or "")
    review = json.dumps(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
    )
    user = str(parameters["user"]).partition("@")[0]
    try:
        said = _as_person(site, user, "create", "--raw", _REVIEW, "-f", "-", text=review)
    except ToolFailed as error:
        return json.dumps({"refused": error.stderr, "at": "API servers trust Dex"})
    except OpsError as error:
        return json.dumps({"refused": str(error), "at": "logged in"})
    allowed = json.loads(said)["status"].get("allowed", False)
    return json.dumps({} if allowed else {"refused": "by RBAC", "at": "RBAC allows"})


def _as_person(site: Site, user: str, *words: str, text: str | None = None) -> str:
    tokens = log_in(site, user, openldap.passwords(site)[user])
    where = f"--kubeconfig={kubeconfig_of(site, user, tokens.id_token)}"
    return run([require("kubectl"), where, *words], deadline=_ASKED, text=text)


def _last_failure(site: Site) -> str:
    lines = site.processes.log(dex.PROCESS).read_text(errors="replace").splitlines()
    return next((each for each in reversed(lines) if _FAILED in each), "")


def login_is_told_as_it_goes(answers: Answers) -> Iterator[str]:
    """Who gets in has the name and groups that were shown; who does not fails at the step that was shown."""
    said, rows = answers.json, answers.shown.rows("step", "answer", "what")
    first = next((each for each in rows if _ends(each)), None)
    if not rows:
        yield "opskit shows no step"
    elif "refused" not in said:
        yield from _let_in(said["status"]["userInfo"], rows, first)
    elif first is None:
        yield f"Dex refuses the login ({said['refused']}), and opskit says that it succeeds"
    else:
        wanted = next((step for words, step in STEPS.items() if words in said["log"]), None)
        if wanted and not first["step"].startswith(wanted):
            yield f"Dex' log says {said['log']!r}, and opskit says that it ends at: {first['step']}"


def _ends(row: Row) -> bool:
    """Whether a login ends there: to be in no group, or bound to no role, keeps nobody out."""
    harmless = row["step"].startswith("roles on") or row["what"].startswith("none below")
    return row["answer"] == "no" and not harmless


def _let_in(person: dict[str, Any], rows: list[Row], first: Row | None) -> Iterator[str]:
    if first is not None:
        yield f"{person['username']} gets in, and opskit says that it ends at: {first['step']}"
    groups = sorted(each for each in person["groups"] if each != "system:authenticated")
    told = next((each["what"] for each in rows if each["step"].endswith(" sees")), "nobody; no group")
    name, _, listed = told.partition("; ")
    shown = sorted(each for each in listed.split(", ") if each != "no group")
    if (name, shown) != (person["username"], groups):
        yield f"the API server sees {person['username']} in {', '.join(groups) or 'no group'}, opskit: {told}"


def refusal_is_told_as_it_is(answers: Answers) -> Iterator[str]:
    """The first step that was shown to fail is where the person's request really ends, if it ends."""
    rows = answers.shown.rows("step", "answer", "what")
    first = next((each["step"] for each in rows if each["answer"] == "no"), "")
    at = answers.json.get("at", "")
    same = first.startswith(at) or (at, first) == ("logged in", "Dex runs")
    if not rows:
        yield "opskit shows no step"
    elif bool(at) != bool(first) or not same:
        yield f"the request ends at: {at or 'its goal'}; opskit says: {first or 'its goal'}"


SCENES = {
    "dex/try-login": Scene(
        profile="trust",
        fault="dex-wrong-group-base",
        parameters={"user": "alice"},
        answer=(
            Witness(
                command="kubectl auth whoami -o json   # as {user}, logged in at Dex",
                asked=who_am_i,
                judge=login_is_told_as_it_goes,
            ),
        ),
    ),
    "dex/why-denied": Scene(
        profile="trust",
        enter=log_people_in,
        parameters={
            "user": "bob@sandbox.test",
            "verb": "delete",
            "resource": "pods",
            "namespace": "shop",
        },
        answer=(
            Witness(
                command=f"kubectl create --raw {_REVIEW} -f -   # as {{user}}, logged in at Dex",
                asked=may_i,
                judge=refusal_is_told_as_it_is,
            ),
        ),
    ),
}
"""By runbook."""
