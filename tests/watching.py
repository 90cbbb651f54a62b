"""What the process list shows while something runs."""

import threading
from collections.abc import Iterable

import psutil


class Watching:
    """Looks at the arguments of this process's children, and theirs, while they last.

    Args:
        forms: the secrets that must not stand there, in each form that gives them away.

    """

    def __init__(self, forms: Iterable[str]) -> None:
        self.found: list[str] = []
        self.looks = 0
        self._forms = list(forms)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.looks += 1
            for each in psutil.Process().children(recursive=True):
                try:
                    line = " ".join(each.cmdline())
                except psutil.Error:
                    continue
                self.found += [line for form in self._forms if form in line]
