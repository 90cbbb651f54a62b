"""Static cards: HTML that needs no kernel and no script, and the same as plain text."""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opskit.core.findings import Evidence, Finding, Remedy
from opskit.core.plan import Change, Plan, Run, Step
from opskit.core.reads import ClusterInfo
from opskit.runner.html import Html, el, join, link, prose, table
from opskit.runner.style import CARD_CSS
from opskit.runner.verdict import Verdict


@dataclass(frozen=True)
class Static:
    """What a cell shows without a kernel."""

    html: Html
    text: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": framed(self.html), "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def framed(html: Html) -> str:
    """A card that brings its own style."""
    return el("div", el("style", Html(CARD_CSS)), html, class_="opskit")


def note(title: str, sentence: str, *, tone: str = "info") -> Static:
    """A headline and a sentence."""
    html = el("section", el("h2", title), el("p", prose(sentence)), class_=f"banner {tone}", role="note")
    return Static(html, f"{title}\n{sentence}")


def facts(title: str, rows: Iterable[tuple[str, object]], *, lead: str = "") -> Static:
    """Names and values."""
    kept = [(name, value) for name, value in rows if value not in ("", None)]
    pairs = (el("dt", name) + el("dd", value) for name, value in kept)
    html = el("section", el("h2", title), el("p", lead) if lead else "", el("dl", join(map(Html, pairs))))
    width = max((len(name) for name, _ in kept), default=0)
    lines = [title, *([lead] if lead else []), *(f"  {name:<{width}}  {value}" for name, value in kept)]
    return Static(html, "\n".join(lines))


def which(info: ClusterInfo) -> str:
    """Which cluster answers, in one line."""
    state = (
        "live" if info.live else "snapshot" + (f" of {info.taken:%Y-%m-%d %H:%M} UTC" if info.taken else "")
    )
    return f"{info.name} ({state}, {info.version}, {info.server}, UID {info.uid})"


Offer = Callable[[Remedy], Html]
"""What stands beside a remedy where it can be clicked."""


def nothing(_: Remedy) -> Html:
    """No offer: nothing can be clicked."""
    return Html()


def findings(
    found: Sequence[Finding], *, title: str = "Findings", cluster: str = "", offer: Offer = nothing
) -> Static:
    """Every finding, in the order given.

    Args:
        found: what to show.
        title: the headline.
        cluster: the cluster that the remedies' command lines name.
        offer: what stands beside each remedy.

    """
    if not found:
        return note(title, "None: nothing is wrong that opskit checks.", tone="good")
    count = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
    html = el("section", el("h2", f"{title}: {count}"), *(_finding(each, cluster, offer) for each in found))
    return Static(
        html, "\n".join([f"{title}: {count}", *(finding_text(each, cluster=cluster) for each in found)])
    )


def command(remedy: Remedy, *, cluster: str = "") -> str:
    """The command line that goes on from a finding; "" when no runbook does."""
    if not remedy.runbook:
        return ""
    where = [f"--cluster {shlex.quote(cluster)}"] if cluster and "cluster" not in remedy.parameters else []
    given = (f"-p {shlex.quote(f'{name}={_raw(value)}')}" for name, value in remedy.parameters.items())
    return " ".join(["opskit run", remedy.runbook, *where, *given])


def _raw(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _finding(each: Finding, cluster: str, offer: Offer) -> Html:
    severity = each.severity.value
    head = el("p", el("span", severity, class_="badge"), el("h3", prose(each.summary)))
    about = el("p", el("code", each.code), " ", each.subject, class_="soft")
    evidence = el("ul", *(_evidence(one) for one in each.evidence)) if each.evidence else ""
    cause = el("p", el("strong", "Cause: "), prose(each.cause)) if each.cause else ""
    source = el("p", link(each.source, "Upstream document")) if each.source else ""
    remedy = join((_remedy(each.remedy, cluster), offer(each.remedy))) if each.remedy else ""
    return el("article", head, about, evidence, cause, remedy, source, class_=severity)


def _evidence(one: Evidence) -> Html:
    return el("li", prose(one.text), *((" ", el("code", one.command)) if one.command else ()))


def _remedy(remedy: Remedy, cluster: str) -> Html:
    line = command(remedy, cluster=cluster)
    return el("p", el("strong", "Next: "), prose(remedy.text), *((" ", el("code", line)) if line else ()))


def finding_text(each: Finding, *, cluster: str = "") -> str:
    """A finding in plain lines."""
    lines = [f"[{each.severity.value}] {each.summary} ({each.code}, {each.subject})"]
    lines += [f"  - {one.text}" + (f"  `{one.command}`" if one.command else "") for one in each.evidence]
    lines += [f"  Cause: {each.cause}"] if each.cause else []
    if each.remedy:
        line = command(each.remedy, cluster=cluster)
        lines.append(f"  Next: {each.remedy.text}" + (f"  `{line}`" if line else ""))
    return "\n".join(lines)


def plan(planned: Plan) -> Static:
    """Steps with their reasons and differences, and the goal."""
    if planned.nothing_to_do:
        return note(planned.title, f"Nothing to do: {planned.nothing_to_do}", tone="good")
    steps = [_step(number, each) for number, each in enumerate(planned.steps, 1)]
    goal = el("ul", *(el("li", each.text or each.name) for each in planned.goal))
    head = (el("h2", f"Plan: {planned.title}"), el("p", f"Plan hash {planned.hash}", class_="soft"))
    html = el("section", *head, *steps, el("h3", "True at the end"), goal)
    lines = [f"Plan: {planned.title}", f"Plan hash {planned.hash}"]
    lines += [_step_text(number, each) for number, each in enumerate(planned.steps, 1)]
    lines += ["True at the end:", *(f"  - {each.text or each.name}" for each in planned.goal)]
    return Static(html, "\n".join(lines))


def act(step: Step) -> str:
    """What a step does, in the words of its system."""
    if isinstance(step.action, Run):
        return shlex.join(step.action.argv)
    verb = type(step.action).__name__.lower()
    return f"{verb} {step.target}" if verb != "wait" else "wait, change nothing"


def _step(number: int, step: Step) -> Html:
    head = el("p", el("span", f"step {number}", class_="badge"), el("h3", step.title))
    if step.skip:
        return el("article", head, el("p", f"Nothing to do: {step.skip}", class_="soft"))
    rows: list[tuple[str, object]] = [
        ("Why", step.reason),
        ("Does", el("code", act(step))),
        ("Before", _conditions(step.precondition)),
        ("After", _conditions(step.postcondition)),
        ("Undo", _undo(step)),
        ("Risk", step.risk + (f"; asks for the name {step.confirm!r} to be typed" if step.confirm else "")),
        ("Deadline", f"{step.deadline_seconds} s"),
    ]
    listed = el(
        "dl", *(el(tag, each) for name, value in rows if value for tag, each in (("dt", name), ("dd", value)))
    )
    tone = {"high": "critical", "medium": "warning"}.get(step.risk, "info")
    return el("article", head, listed, _changes(step), class_=tone)


def _conditions(conditions: Iterable[Any]) -> str:
    return "; ".join(each.text or each.name for each in conditions)


def _undo(step: Step) -> str:
    return f"none: {step.no_undo}" if step.undo is None else type(step.undo.action).__name__.lower()


def _changes(step: Step) -> Html:
    shown = step.preview if step.preview is not None else step.expected
    if not shown:
        return (
            el("p", "No dry run: this step can't be previewed.", class_="soft")
            if step.preview is None
            else Html()
        )
    how = "as the server's dry run shows" if step.preview is not None else "as expected; there is no dry run"
    return table(f"Difference, {how}", ("Field", "Before", "After"), (_change(each) for each in shown))


def _change(change: Change) -> tuple[object, object, object]:
    before = el("del", f"− {_value(change.before)}") if change.before is not None else "absent"
    after = el("ins", f"+ {_value(change.after)}") if change.after is not None else "absent"
    return el("code", change.path), before, after


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _step_text(number: int, step: Step) -> str:
    if step.skip:
        return f"{number}. {step.title}\n     nothing to do: {step.skip}"
    shown = step.preview if step.preview is not None else step.expected
    lines = [f"{number}. {step.title} [{step.risk}]", f"     why: {step.reason}", f"     does: {act(step)}"]
    lines += [f"     {each.path}: {_value(each.before)} -> {_value(each.after)}" for each in shown]
    return "\n".join([*lines, f"     undo: {_undo(step)}"])


def verdict(judged: Verdict, *, cluster: str = "", offer: Offer = nothing) -> Static:
    """What is true at the end.

    Args:
        judged: the verdict.
        cluster: the cluster that the remedies' command lines name; "" is the verdict's own.
        offer: what stands beside each remedy.

    """
    tone = "good" if judged.good else "bad"
    rows = [(each.text, mark(each.ok), each.state) for each in judged.goal]
    goal = table("Read again at the end", ("Goal", "Holds", "What was read"), rows) if rows else ""
    head = el("section", el("h2", "Verdict"), el("p", prose(judged.sentence)), goal, class_=f"banner {tone}")
    named = cluster or judged.cluster
    listed = findings(judged.findings, title="Findings at the end", cluster=named, offer=offer)
    lines = [f"Verdict: {judged.sentence}", *(f"  [{holds}] {text}: {state}" for text, holds, state in rows)]
    return Static(Html(head + listed.html), "\n".join([*lines, listed.text]))


def mark(ok: bool | None) -> str:
    """Whether a condition holds, in words."""
    return "could not be read" if ok is None else "yes" if ok else "no"


def error(title: str, error_note: Mapping[str, Any]) -> Html:
    """What went wrong, where, and what to do next."""
    rows = (("Where", error_note.get("where")), ("Next", error_note.get("next")))
    listed = (el("p", el("strong", f"{name}: "), value) for name, value in rows if value)
    return el(
        "section",
        el("h2", title),
        el("p", prose(str(error_note["what"]))),
        *listed,
        class_="banner bad",
        role="alert",
    )
