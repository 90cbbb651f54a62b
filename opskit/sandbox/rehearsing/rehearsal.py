"""One rehearsal: servers up, something broken, the runbook to its end, the system's own tool's last word."""

import getpass
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from opskit.core.errors import DeadlineExceeded, Refused
from opskit.runner.contract import Runbook
from opskit.sandbox.rehearsing.asking import Opskit, ask_all, statement_of, words_of
from opskit.sandbox.rehearsing.outcome import Rehearsal, judged, versions, with_verdict
from opskit.sandbox.rehearsing.place import Say, place
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.scenes import scene_of
from opskit.sandbox.rehearsing.shown import Shown
from opskit.sandbox.rehearsing.witness import Parameters, Statement, Witness
from opskit.sandbox.rehearsing.witnesses import WITNESSES
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

_LED_WITHIN = 180.0
"""Seconds until a finding must lead to the runbook: Prometheus tells of some things after a minute."""
_AGREED_WITHIN = 240.0
"""Seconds in which opskit and the witness may come to agree: rates and recovery have a past."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be rehearsed, beyond the runbook."""

    fault: str | None = None
    """None: the scene's own."""
    arguments: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}
    name: str = ""
    """Of a sandbox; one that is up is used and left up."""
    keep: bool = False
    """Whether a sandbox that was brought up stays up, broken as it is."""


def rehearse(runbook: Runbook, wanted: Wanted, *, say: Say) -> Rehearsal:
    """Rehearse a runbook.

    Args:
        runbook: which.
        wanted: on what.
        say: told of progress.

    Raises:
        UnknownName, BadValue: no such system, fault, argument or parameter.
        Refused: the sandbox is not well to begin with, or no finding leads to the runbook.
        StepFailed, NotInstalled: the sandbox did not come up.

    """
    scene = scene_of(runbook.name, runbook.system)
    with place(runbook, scene, name=wanted.name, keep=wanted.keep, say=say) as sandbox:
        return _Rehearsing(sandbox, runbook, scene, wanted, say).to_the_end()


class _Rehearsing:
    def __init__(self, sandbox: Sandbox, runbook: Runbook, scene: Scene, wanted: Wanted, say: Say) -> None:
        self.sandbox, self.runbook, self.scene, self.wanted, self.say = sandbox, runbook, scene, wanted, say
        self.opskit = Opskit(sandbox, say)
        self.fault = scene.fault if wanted.fault is None else wanted.fault
        own = scene.arguments if self.fault == scene.fault else {}
        self.arguments = {**own, **wanted.arguments}
        self.folder = sandbox.site.folder("rehearsal")

    def to_the_end(self) -> Rehearsal:
        self._require_well()
        self.scene.enter(self.sandbox)
        if self.fault:
            self.say(f"Breaking: {self._broken()}.")
            self.sandbox.inject(self.fault, **self.arguments)
        begin = monotonic()
        led_by, parameters = self._led()
        self.runbook.read({**parameters, "cluster": self.sandbox.context})
        goal = self.scene.goal if self.runbook.changing else ()
        before = ask_all(self.sandbox, goal, parameters)
        code, summary = self._run(parameters)
        told = Rehearsal(
            runbook=self.runbook.name,
            profile=self.sandbox.profile.name,
            sandbox=self.sandbox.name,
            fault=self._broken(),
            led_by=led_by,
            parameters=parameters,
            exit_code=code,
            sentence=summary.get("sentence") or "",
            run=summary.get("folder", ""),
            seconds=round(monotonic() - begin, 1),
            versions=versions(self.runbook.system),
            by=self.scene.judged_by,
        )
        verdict = summary.get("verdict")
        if code or verdict is None:
            return told
        return judged(self._compared(told, verdict, before), changing=self.runbook.changing)

    def _broken(self) -> str:
        return " ".join([self.fault, *(f"{name}={value}" for name, value in self.arguments.items())])

    def _require_well(self) -> None:
        """See that all is well first, by the sandbox's own look and by the witnesses."""
        self.sandbox.wait_healthy()
        every = WITNESSES[self.runbook.system]
        wrong = [each for each in self._statements(every, {}, {}, Shown()) if not each.well]
        if wrong:
            raise Refused(
                f"The sandbox is not well to begin with: {wrong[0].said}.",
                where=wrong[0].command,
                hint="`opskit sandbox fault heal`, or leave --name out.",
            )

    def _led(self) -> tuple[str, dict[str, Any]]:
        """The finding that leads to the runbook, and the parameters that it fills in."""
        given = {**self.scene.parameters, **self.wanted.parameters}
        lacking = [each.name for each in self.runbook.parameters if each.required and each.name not in given]
        found = self._finding(patient=bool(self.fault and lacking))
        if found is None:
            if self.fault and lacking:
                raise Refused(
                    f"No finding led to {self.runbook.name} within {_LED_WITHIN:.0f} s of {self._broken()}.",
                    where=self.sandbox.context,
                    hint=f"give {', '.join(lacking)} with -p, or another --fault; {self._faults()}.",
                )
            return "", given
        self.say(f"{found['code']} ({found['subject']}) leads to {self.runbook.name}.")
        return found["code"], {
            **self.scene.parameters,
            **found["remedy"]["parameters"],
            **self.wanted.parameters,
        }

    def _faults(self) -> str:
        return "there are " + ", ".join(each.name for each in self.sandbox.profile.faults)

    def _finding(self, *, patient: bool) -> dict[str, Any] | None:
        """The worst finding that leads to the runbook; looked for again and again where it must come."""
        found: list[dict[str, Any]] = []

        def looked() -> bool:
            every = self.opskit.findings(self.runbook.system)
            found[:] = [each for each in every if _leads(each, self.runbook.name)]
            return bool(found) or not patient

        with suppress(DeadlineExceeded):
            wait_until(looked, what="a finding leads to it", deadline=_LED_WITHIN, every=3.0)
        return found[0] if found else None

    def _run(self, parameters: Parameters) -> tuple[int, dict[str, Any]]:
        """Plan, approve as a rehearsal, run; or only run what changes nothing."""
        where = (self.runbook.path, *words_of(parameters), "--cluster", self.sandbox.context)
        approved: tuple[str, ...] = ()
        if self.runbook.changing:
            out = self._fresh("plan")
            code, _ = self.opskit("plan", *where, "--out", str(out), "--json")
            if code:
                return code, _summary(out)
            code, approved = self._approve(out)
            if code:
                return code, {}
        code, said = self.opskit("run", *where, *approved, "--json")
        return code, json.loads(said) if said else {}

    def _approve(self, planned: Path) -> tuple[int, tuple[str, ...]]:
        steps = json.loads((planned / "plan.json").read_text())["steps"]
        names = sorted({each["confirm"] for each in steps if each["confirm"] and not each["skip"]})
        typed = [word for name in names for word in ("--confirm", name)]
        file = self.folder / "approval.json"
        by = f"rehearsal by {getpass.getuser()}"
        words = ("approve", str(planned / "plan.json"), "--by", by, *typed, "-o", str(file))
        code, _ = self.opskit(*words)
        return code, ("--approval", str(file))

    def _fresh(self, name: str) -> Path:
        return self.folder / f"{name}-{len(list(self.folder.glob(f'{name}-*')))}"

    def _compared(self, told: Rehearsal, verdict: dict[str, Any], before: Mapping[str, str]) -> Rehearsal:
        """The verdict and what the witnesses say; where they differ, both are asked again for a while."""
        seen = [self._judged_by(told, verdict, before)]

        def agreed() -> bool:
            if not seen[0].agreed:
                seen[0] = self._judged_by(*self._again(told, verdict), before)
            return seen[0].agreed

        with suppress(DeadlineExceeded):
            wait_until(agreed, what="they agree", deadline=_AGREED_WITHIN, every=10.0)
        return seen[0]

    def _again(self, told: Rehearsal, verdict: dict[str, Any]) -> tuple[Rehearsal, dict[str, Any]]:
        """The verdict read again; an answer is given again by another run."""
        if told.by == "answer":
            code, summary = self._run(told.parameters)
            if code or not summary.get("verdict"):
                return told, verdict
            return msgspec.structs.replace(told, run=summary["folder"]), summary["verdict"]
        code, said = self.opskit("verify", told.run, "--json")
        return told, json.loads(said) if said and code in (0, 6) else verdict

    def _judged_by(self, told: Rehearsal, verdict: dict[str, Any], before: Mapping[str, str]) -> Rehearsal:
        every = self.scene.witnesses(WITNESSES[self.runbook.system])
        shown = _shown(Path(told.run)) if told.by == "answer" else Shown()
        said = self._statements(every, told.parameters, before, shown)
        return with_verdict(told, verdict, said)

    def _statements(
        self, every: Iterable[Witness], parameters: Parameters, before: Mapping[str, str], shown: Shown
    ) -> list[Statement]:
        return [
            statement_of(self.sandbox, each, parameters, before=before.get(each.command, ""), shown=shown)
            for each in every
        ]


def _shown(run: Path) -> Shown:
    return Shown(json.loads((run / "notebook.ipynb").read_text(encoding="utf-8")))


def _leads(finding: dict[str, Any], runbook: str) -> bool:
    return (finding.get("remedy") or {}).get("runbook") == runbook


def _summary(out: Path) -> dict[str, Any]:
    """What the run's own record says of a plan that was not made."""
    try:
        record = json.loads((out / "run.json").read_text())
    except OSError:
        return {}
    return {"sentence": record["sentence"], "folder": str(out)}
