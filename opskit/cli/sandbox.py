"""`opskit sandbox`: real servers on this machine, to rehearse on and to break on purpose."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opskit.cli.options import JsonOption
from opskit.cli.outcome import reported, say
from opskit.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from opskit.sandbox.binaries import Found

app = typer.Typer(
    no_args_is_help=True, help="Real servers on this machine. To rehearse on, and to break on purpose."
)
fault = typer.Typer(no_args_is_help=True, help="What can be broken, and how it is mended.")
app.add_typer(fault, name="fault")

ProfileOption = Annotated[
    str, typer.Option("--profile", help="Which servers; see `opskit sandbox profiles`.")
]
NameOption = Annotated[str | None, typer.Option("--name", help="Of the sandbox; the profile's by default.")]
ArgumentsOption = Annotated[
    list[str] | None, typer.Option("-a", "--argument", help="NAME=VALUE; may be repeated.")
]


@app.command()
@reported
def build(profile: ProfileOption = "light") -> None:
    """Get the programs and CRDs that the profile needs: download, build from source, or install."""
    from opskit.sandbox import build as building
    from opskit.sandbox.fitness import naming_what_works
    from opskit.sandbox.overview import crds_needed, programs_needed
    from opskit.sandbox.released import find_crds, get_what_can_be_had

    names = programs_needed(profile)
    seconds = building.estimate(names)
    say(f"At most {max(1, seconds // 60)} min on two cores." if seconds else "Nothing to build.")
    with naming_what_works():
        found = building.build(names, progress=say)
    projects = crds_needed(profile)
    get_what_can_be_had(projects, profile=profile, progress=say)
    crds = [find_crds(each, profile=profile) for each in projects.all]
    _print_found(found, crds)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@reported
def up(
    further: typer.Context,
    profile: ProfileOption = "light",
    name: NameOption = None,
    provider: Annotated[
        str,
        typer.Option(
            help="own; or kind, the same as --profile kind: a cluster of Docker's or podman's containers."
        ),
    ] = "own",
    context: Annotated[
        str, typer.Option(help="Start nothing: use the cluster of this kubeconfig context.")
    ] = "",
) -> None:
    """Start a sandbox; it is ready when its own tools say that it is healthy.

    The profile's own options follow, as in --mons 3 --mds; `opskit sandbox profiles` lists them.
    """
    from opskit.sandbox import Sandbox, inside
    from opskit.sandbox.choices import given
    from opskit.sandbox.foreign import profile_of, register
    from opskit.sandbox.profiles import profile as profile_named

    profile = profile_of(provider, profile)
    if context:
        sandbox = register(name or profile, context=context, profile=profile)
    else:
        options = given(profile_named(profile), further.args)
        sandbox = Sandbox.up(profile=profile, name=name, report=_progress, **options)
    every = (sandbox, *sandbox.companions())
    print_text(f"export KUBECONFIG={':'.join(str(each.kubeconfig) for each in every)}")
    if sandbox.config:
        print_text(f"export OPSKIT_CONFIG={sandbox.config}")
    for each in every:
        say(f"{each.name} is up: `opskit findings --cluster {each.context}` after what is above.")
    if context or profile == "kind":
        say(inside.told(sandbox))


@app.command()
@reported
def profiles(json: JsonOption = False) -> None:
    """Show the profiles: what is real in each, and what can be chosen of it."""
    from opskit.sandbox.choices import choices
    from opskit.sandbox.profiles import PROFILES

    if json:
        print_json(
            [
                {"name": each.name, "summary": each.summary, "options": choices(each)}
                for each in PROFILES.values()
            ]
        )
        return
    for each in PROFILES.values():
        print_text(
            f"\n{each.name}: {each.summary} {each.needs_root and f'Needs root. {each.needs_root}'}".rstrip()
        )
        rows = [(f"--{one.name.replace('_', '-')}", one.default, one.meaning) for one in choices(each)]
        print_table(("option", "default", "meaning"), rows)


@app.command()
@reported
def down(profile: ProfileOption = "light", name: NameOption = None) -> None:
    """End all that `up` started and remove all that it wrote; nothing else is touched."""
    from opskit.sandbox import Sandbox

    Sandbox(name or profile).down()
    say(f"{name or profile} is down.")


@app.command()
@reported
def status(profile: ProfileOption = "light", json: JsonOption = False) -> None:
    """Show the sandboxes and each of their parts, and where each program and CRD comes from."""
    from opskit.sandbox.overview import overview

    seen = overview(profile)
    if json:
        print_json(seen)
        return
    _print_found(seen.programs, seen.crds)
    for sandbox in seen.sandboxes:
        print_text(f"\n{sandbox.name}: {sandbox.profile}, {sandbox.phase}, {sandbox.memory_mib} MiB")
        if sandbox.phase == "ended":
            print_text(
                "Nothing of it runs any more: it was killed, or the machine restarted. "
                f"`opskit sandbox down --name {sandbox.name}` removes it; `up` with that name starts it anew."
            )
        print_text(f"KUBECONFIG={sandbox.kubeconfig}   faults: {', '.join(sandbox.faults) or 'none'}")
        rows = [
            (part.name, "runs" if part.alive else "stopped", part.pid or "", part.log)
            for part in sandbox.parts
        ]
        print_table(("part", "state", "pid", "log"), rows)


@app.command("record-demo")
@reported
def record_demo(
    profile: ProfileOption = "light",
    state: Annotated[list[str] | None, typer.Option("--state", help="Only this; may be repeated.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A folder; opskit's own.")] = None,
) -> None:
    """Remake the built-in demo: bring a sandbox of its own into each state, and record it there."""
    from opskit.core import demo
    from opskit.sandbox.demo import record

    for path in record(profile, states=state or (), folder=output or demo.FOLDER, report=_progress):
        print_text(f"{path}  {path.stat().st_size / 1024:.0f} KiB")


@fault.command("list")
@reported
def list_faults(profile: ProfileOption = "light", json: JsonOption = False) -> None:
    """Show what can be broken, and what a person would see of it."""
    from opskit.sandbox.profiles import profile as profile_named

    rows = [
        {"name": each.name, "does": each.summary, "seen": each.seen, "arguments": each.arguments}
        for each in profile_named(profile).faults
    ]
    if json:
        print_json(rows)
        return
    shown = [(row["name"], row["does"], row["seen"], _explained(row["arguments"])) for row in rows]
    print_table(("fault", "what is done", "what is seen", "arguments"), shown)


@fault.command()
@reported
def inject(
    name_of_fault: Annotated[str, typer.Argument(metavar="FAULT")],
    argument: ArgumentsOption = None,
    profile: ProfileOption = "light",
    name: NameOption = None,
) -> None:
    """Break something; returns once the system itself shows it."""
    from opskit.cli.options import parameters
    from opskit.sandbox import Sandbox

    Sandbox.attach(name or profile).inject(name_of_fault, **parameters(argument, None))
    say(f"{name_of_fault} is in.")


@fault.command()
@reported
def heal(
    name_of_fault: Annotated[str | None, typer.Argument(metavar="[FAULT]")] = None,
    profile: ProfileOption = "light",
    name: NameOption = None,
) -> None:
    """Mend a fault, or all of them; returns once the system is healthy."""
    from opskit.sandbox import Sandbox

    Sandbox.attach(name or profile).heal(name_of_fault)
    say("Healed.")


def _print_found(programs: "Sequence[Found]", crds: "Sequence[Found]") -> None:
    for heading, every in (("program", programs), ("CRDs of", crds)):
        rows = [
            (each.name, each.version, each.source or "missing", each.path or each.remedy) for each in every
        ]
        if rows:
            print_table((heading, "version", "from", "path, or what gets it"), rows)


def _progress(component: str, state: str, seconds: float) -> None:
    if state != "starting":
        say(f"{seconds:6.1f} s  {component} {state}")


def _explained(arguments: Any) -> str:
    return "; ".join(f"{key}: {value}" for key, value in arguments.items())
