import pytest

from opskit.core.progress import Progress
from opskit.widgets.progress import sentence


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (
            Progress(step="a", title="Start it", index=1, total=3, phase="checking", text="reads the state"),
            "Step 1 of 3: Start it. reads the state.",
        ),
        (
            Progress(
                step="a", title="Start it", index=1, total=3, phase="waiting", text="Waits",
                waiting_for="osd.3 to be up", waited_seconds=7.4, deadline_seconds=300,
            ),
            "Step 1 of 3: Start it. Waits for osd.3 to be up (7 s of at most 300 s).",
        ),
        (
            Progress(step="", title="Lock", index=0, total=3, phase="locking", text="Asks for the lock."),
            "Asks for the lock.",
        ),
    ],
)  # fmt: skip
def test_sentence(progress: Progress, expected: str) -> None:
    assert sentence(progress) == expected
