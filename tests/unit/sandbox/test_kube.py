"""Writes that do no harm twice are sent again while a small machine's API server is too busy."""

from pathlib import Path
from typing import Any

import pytest

from opskit.core.errors import NotFound, Unreachable, WriteRejected
from opskit.sandbox import kube
from opskit.sandbox.kube import KubeApi

Said = tuple[int, bytes] | Exception
UNSERVED: Said = (404, b"404 page not found\n")
SILENT: Said = Unreachable("The API server does not answer: Read timed out.")
MADE: Said = (201, b'{"kind": "Gadget"}')
THERE: Said = (409, b'{"reason": "AlreadyExists", "message": "it exists"}')
WRONG: Said = (422, b'{"reason": "Invalid", "message": "spec.power: must be positive"}')
NO_NAMESPACE: Said = (404, b'{"reason": "NotFound", "message": "namespaces \\"shop\\" not found"}')


class Scripted(KubeApi):
    """Answers one after the other, and counts how many were asked for."""

    def __init__(self, *answers: Said) -> None:
        self._manager, self._server, self.left = "test", "https://nowhere", list(answers)

    def _send(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube.time, "sleep", lambda _: None)


def test_what_is_not_served_yet_is_asked_for_again() -> None:
    api = Scripted(UNSERVED, SILENT, MADE)
    assert api.create("/apis/g/v1/gadgets", {}) == {"kind": "Gadget"}
    api = Scripted(SILENT, UNSERVED, MADE)
    assert api.apply("/apis/g/v1/gadgets/one", {}) == {"kind": "Gadget"}


def test_what_a_lost_answer_had_created_is_no_error() -> None:
    assert Scripted(SILENT, THERE).create("/apis/g/v1/gadgets", {}) is None


@pytest.mark.parametrize(("answer", "error"), [(WRONG, WriteRejected), (NO_NAMESPACE, NotFound)])
def test_what_will_not_get_better_is_told_at_once(answer: Said, error: type[Exception]) -> None:
    api = Scripted(answer, MADE)
    with pytest.raises(error):
        api.create("/apis/g/v1/gadgets", {})
    assert len(api.left) == 1


def test_patience_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kube, "_BUSY_SECONDS", -1.0)
    with pytest.raises(Unreachable):
        Scripted(SILENT, MADE).create("/apis/g/v1/gadgets", {})
