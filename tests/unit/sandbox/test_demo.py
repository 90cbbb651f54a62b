"""What can be recorded for the demo, and that what is shipped is what can be recorded."""

import pytest
from typer.testing import CliRunner

from opskit.cli.sandbox import app
from opskit.core import demo
from opskit.core.snapshot_format import SUFFIX
from opskit.sandbox.demo import demos


def test_every_shipped_recording_can_be_remade() -> None:
    made = {
        f"{system}/{state.name}"
        for contributed in demos().values()
        for system in contributed.systems
        for state in contributed.states
    }
    shipped = {
        str(path.relative_to(demo.FOLDER).with_suffix("")) for path in demo.FOLDER.glob(f"*/*{SUFFIX}")
    }
    assert shipped <= made
    assert "rook/default" in shipped


@pytest.mark.parametrize("name", sorted(demos()))
def test_each_part_of_the_demo_has_a_default_and_no_state_twice(name: str) -> None:
    names = [state.name for state in demos()[name].states]
    assert "default" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--profile", "ligth"], "did you mean light"), (["--state", "nearful"], "did you mean nearfull")],
)
def test_wrong_use_is_told_before_anything_is_started(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["record-demo", *words])
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
