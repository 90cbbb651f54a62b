"""What a runbook declares in `metadata.opskit`, and what can be wrong with it.

The format is documented in docs/runbook-format.md.
"""

import ast
import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from opskit.core.errors import BadValue
from opskit.core.findings import Data
from opskit.runner.parameters import CLUSTER, ORDERED, Parameter
from opskit.runner.values import SORTS

Risk = Literal["none", "low", "medium", "high"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Rights on Kubernetes resources, in the words of an RBAC PolicyRule.

    https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-v1/
    """

    resources: tuple[str, ...]
    """Plurals; a subresource as `pods/exec`."""
    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ("",)
    resource_names: tuple[str, ...] = ()
    namespace: str = ""
    """Where: "" is the whole cluster; `{rook}` the namespace that opskit.toml gives the system rook."""


class Rights(Data, frozen=True, forbid_unknown_fields=True):
    """What a runbook needs to be allowed to do."""

    rules: tuple[Rule, ...] = ()
    other: tuple[str, ...] = ()
    """Rights outside Kubernetes, one sentence each, e.g. `Ceph: the admin keyring of the toolbox`."""


class Rehearsed(Data, frozen=True, forbid_unknown_fields=True):
    """How and when a runbook was proven: the stamp that `opskit rehearse --stamp` writes."""

    profile: str
    """Of the sandbox that it ran in."""
    verdict: str
    """What opskit and the witness agreed on: `well`; `not well` for a runbook that only looks; `answered` for
    one whose answer was borne out."""
    at: str
    """The day, as 2026-11-25."""
    seconds: int
    """From the fault to the verdict."""
    cells: str
    """Digest of the notebook's code cells as they were."""
    fault: str = ""
    """What had been broken, e.g. `osd-down osd=3`."""
    witness: tuple[str, ...] = ()
    """The commands of the system's own tools that had the last word."""
    plans: str = ""
    """Digest of the modules that made the plan; "" where nothing is changed."""


class Declared(Data, frozen=True, forbid_unknown_fields=True):
    """`metadata.opskit` as it stands in the notebook."""

    title: str
    system: str
    summary: str
    risk: Risk
    changing: bool
    duration: str = ""
    parameters: tuple[Parameter, ...] = ()
    rights: Rights = Rights()
    proven: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    rehearsed: Rehearsed | None = None


def problems(declared: Declared) -> Iterator[str]:
    """Everything that is wrong with the declaration, a clause each."""
    names = [each.name for each in declared.parameters]
    yield from (f"parameter {name!r} is declared twice" for name in {n for n in names if names.count(n) > 1})
    yield from (problem for each in declared.parameters for problem in _parameter_problems(each))
    if declared.duration and not _reads(Parameter(name="duration", type="duration"), declared.duration):
        yield f"duration {declared.duration!r} is no duration such as 10m"
    if declared.changing == (declared.risk == "none"):
        yield "a changing runbook has a risk, and one that changes nothing has the risk none"


def _parameter_problems(parameter: Parameter) -> Iterator[str]:
    name = parameter.name
    if not name.isidentifier() or keyword.iskeyword(name):
        yield f"parameter {name!r} is no Python name"
    if parameter.type == "list" and parameter.of == "list":
        yield f"parameter {name!r}: a list of lists is not supported"
        return
    if (parameter.item_type == "choice") != bool(parameter.choices):
        yield f"parameter {name!r}: `choices` belong to the type choice, and a choice needs them"
    if not _compiles(parameter.pattern):
        yield f"parameter {name!r}: the pattern is no regular expression"
        return
    yield from _bound_problems(parameter)


def _bound_problems(parameter: Parameter) -> Iterator[str]:
    bounds = [bound for bound in (parameter.minimum, parameter.maximum) if bound is not None]
    if bounds and parameter.item_type not in ORDERED:
        yield f"parameter {parameter.name!r}: the type {parameter.type} has no minimum and maximum"
    elif any(not _sorted_reads(parameter, bound) for bound in bounds):
        yield f"parameter {parameter.name!r}: a bound is not {SORTS[parameter.item_type].expects}"
    elif not parameter.required and not _reads(parameter, parameter.default):
        yield f"parameter {parameter.name!r}: the default {parameter.default!r} is not {parameter.expects}"


def cell_problems(notebook: Mapping[str, Any], declared: Declared) -> Iterator[str]:
    """Where the parameters cell says something else than the declaration."""
    tagged = [cell for cell in notebook["cells"] if _is_tagged(cell)]
    if len(tagged) != 1:
        yield f"one cell must be tagged `parameters`; {len(tagged)} are"
        return
    known = {each.name: each for each in (CLUSTER, *declared.parameters)}
    assigned = _assigned(tagged[0].get("source", ""))
    yield from (
        f"the parameters cell sets {name!r}, which is not declared" for name in assigned if name not in known
    )
    yield from (f"the parameters cell does not set {name!r}" for name in known if name not in assigned)
    for name, parameter in known.items():
        default = None if parameter.required else parameter.default
        if name in assigned and assigned[name] != default:
            yield f"the parameters cell sets {name!r} to {assigned[name]!r}, not to its default {default!r}"


def _assigned(source: Any) -> dict[str, Any]:
    """The literals that a cell assigns; `...` stands for anything else."""
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    named = [(target, each.value) for each in body if isinstance(each, ast.Assign) for target in each.targets]
    named += [(each.target, each.value) for each in body if isinstance(each, ast.AnnAssign) and each.value]
    return {target.id: _literal(value) for target, value in named if isinstance(target, ast.Name)}


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ...


def _is_tagged(cell: Any) -> bool:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and "parameters" in tags


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _reads(parameter: Parameter, value: Any) -> bool:
    try:
        parameter.parse(value)
    except BadValue:
        return False
    return True


def _sorted_reads(parameter: Parameter, bound: str | float) -> bool:
    try:
        SORTS[parameter.item_type].read(bound)
    except (ValueError, OverflowError):
        return False
    return True
