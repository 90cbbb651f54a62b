"""What `import opskit` costs: the heavy libraries are loaded when they are first needed."""

import subprocess
import sys
from pathlib import Path

import pytest

import opskit.core

HEAVY = {
    "pandas",
    "numpy",
    "plotly",
    "kubernetes",
    "papermill",
    "nbclient",
    "IPython",
    "ipywidgets",
    "hvac",
    "asyncssh",
}
MODULES = sorted(
    path.stem for path in Path(opskit.core.__file__).parent.glob("*.py") if path.stem != "__init__"
)


def loaded_by(statement):
    script = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import opskit",
        "from opskit import Cluster, Secret",
        "import " + ", ".join(f"opskit.core.{name}" for name in MODULES),
    ],
)
def test_nothing_heavy_is_loaded(statement):
    assert not loaded_by(statement) & HEAVY
