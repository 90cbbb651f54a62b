"""Every golden is whole and of the notebook that is shipped, and a golden that differs is noticed."""

import subprocess
import sys
from pathlib import Path

import goldens
import nbformat
import pytest
from goldens import Golden

REMAKE = "make it anew: `make golden BOOKS={}`, and look at what changed"


@pytest.mark.parametrize("golden", goldens.every(), ids=lambda golden: golden.name)
def test_a_golden_is_whole_and_of_the_shipped_notebook(golden: Golden) -> None:
    assert golden.path.exists(), REMAKE.format(golden.book)
    kept = nbformat.read(golden.path, 4)
    assert goldens.flaws(kept) == []
    assert goldens.sources(kept) == goldens.sources(golden.unexecuted()), REMAKE.format(golden.book)


def test_there_is_no_golden_of_a_notebook_that_is_gone() -> None:
    kept = set(goldens.FOLDER.rglob("*.ipynb"))
    assert kept == {golden.path for golden in goldens.every()}


def first() -> nbformat.NotebookNode:
    return nbformat.read(goldens.every()[0].path, 4)


def test_a_golden_that_was_not_run_is_refused() -> None:
    notebook = goldens.every()[0].unexecuted()
    assert "cell 1 was not executed" in goldens.flaws(notebook)


def test_a_golden_without_outputs_is_refused() -> None:
    notebook = first()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cells[2].outputs = []
    assert goldens.flaws(notebook) == ["cell 3 has no output"]


def test_a_golden_that_differs_in_one_digit_is_noticed(tmp_path: Path) -> None:
    notebook = first()
    places = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    notebook.cells = notebook.cells[: places[1] + 1]
    (opened,) = notebook.cells[-1].outputs
    assert "v1.3" in opened.data["text/plain"]
    opened.data["text/plain"] = opened.data["text/plain"].replace("v1.3", "v1.4")
    nbformat.write(notebook, tmp_path / "other.ipynb")
    code, said = compare(tmp_path / "other.ipynb")
    assert code == 1, said
    assert "1 failed, 1 passed" in said
    assert "mismatch 'text/plain'" in said


def compare(golden: Path) -> tuple[int, str]:
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(golden.parent), "-c", "/dev/null"]
    nbval = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(goldens.HERE / "sanitize.cfg")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *nbval, str(golden)],
        capture_output=True,
        text=True,
        check=False,
        cwd=golden.parent,
        env=goldens.environment(golden.parent),
    )
    return done.returncode, done.stdout
