"""Secrets are scrubbed by value: as they are, and in the encodings that text passes through."""

import base64
import html
import json
import re
import threading
import warnings
from urllib.parse import quote, quote_plus

MARK = "[secret]"
SHORTEST = 4
"""Characters; a shorter value would be found, and blotted out, in half of all text."""


class _Registry:
    """All values that this process resolved, and the one pattern that finds any of their forms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[bytes] = set()
        self.pattern: re.Pattern[bytes] | None = None
        self.heads: re.Pattern[bytes] | None = None
        """Finds where a form may begin, so that few places need a closer look."""
        self.longest = 0

    def add(self, value: str) -> None:
        with self._lock:
            self._forms |= forms(value)
            # The longest first: of two forms that begin alike, the longer one is to be blotted out.
            ordered = sorted(self._forms, key=lambda form: (-len(form), form))
            self.pattern = re.compile(b"|".join(map(re.escape, ordered)))
            heads = {form[:SHORTEST] for form in ordered}
            self.heads = re.compile(b"(?=" + b"|".join(map(re.escape, sorted(heads))) + b")")
            self.longest = len(ordered[0])

    def known(self) -> frozenset[bytes]:
        with self._lock:
            return frozenset(self._forms)

    def clear(self) -> None:
        with self._lock:
            self._forms.clear()
            self.pattern = self.heads = None
            self.longest = 0


_registry = _Registry()


def register(value: str, *, origin: str = "") -> None:
    """Scrub this value from now on. A value of fewer than four characters is refused with a warning."""
    if len(value) < SHORTEST:
        warnings.warn(
            f"The secret {origin} has fewer than {SHORTEST} characters and can't be scrubbed from output.",
            stacklevel=3,
        )
        return
    _registry.add(value)


def forget_all() -> None:
    """Empty the registry; for tests."""
    _registry.clear()


def forms(value: str) -> frozenset[bytes]:
    """The value as it is and in each encoding that it may be met in.

    Raw; base64, standard and URL-safe, padded and not; URL-, JSON-, HTML- and repr-escaped; and the
    lines of a value of several lines.
    """
    raw = value.encode(errors="surrogatepass")
    found = {raw}
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        found |= {encoded, encoded.rstrip(b"=")}
    found |= _escaped(value)
    for line in value.splitlines():
        if len(line.strip()) >= 2 * SHORTEST:
            found |= {line.strip().encode(errors="surrogatepass")} | _escaped(line.strip())
    return frozenset(found)


def _escaped(value: str) -> set[bytes]:
    texts = {
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(value)[1:-1])[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
        repr(value)[1:-1],
        ascii(value)[1:-1],
    }
    return {text.encode(errors="surrogatepass") for text in texts}


def scrub(text: str) -> str:
    """The text with every known secret replaced."""
    if _registry.pattern is None:
        return text
    return scrub_bytes(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")


def scrub_bytes(data: bytes) -> bytes:
    """The bytes with every known secret replaced."""
    pattern = _registry.pattern
    return pattern.sub(MARK.encode(), data) if pattern else data


class StreamScrubber:
    """Scrubs a stream whose chunks may split a secret.

    Text that could be the beginning of a secret is held back until the next chunk decides; nothing
    else is delayed. `flush` gives the rest.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: str) -> str:
        """The part of the stream that is certain by now, scrubbed."""
        self._held += chunk.encode(errors="surrogatepass")
        done, self._held = _split(self._held)
        return done.decode(errors="surrogatepass")

    def flush(self) -> str:
        """What was held back: it turned out to be no secret, or is one and is scrubbed."""
        rest, self._held = scrub_bytes(self._held), b""
        return rest.decode(errors="surrogatepass")


def _split(data: bytes) -> tuple[bytes, bytes]:
    """What is certain, scrubbed, and the shortest tail that may yet become a secret."""
    pattern = _registry.pattern
    if pattern is None:
        return data, b""
    known = _registry.known()
    done: list[bytes] = []
    position = 0
    while True:
        hold = _first_open(data, position, known)
        match = pattern.search(data, position)
        # What may grow from before a match decides about it; what begins inside it does not.
        if match is None or match.start() >= hold:
            done.append(data[position:hold])
            return b"".join(done), data[hold:]
        done += [data[position : match.start()], MARK.encode()]
        position = match.end()


def _first_open(data: bytes, position: int, known: frozenset[bytes]) -> int:
    """The first place from which the data, to its end, is a proper beginning of a form."""
    earliest = max(position, len(data) - _registry.longest + 1)
    for place in _candidates(data, earliest):
        tail = data[place:]
        if any(len(form) > len(tail) and form.startswith(tail) for form in known):
            return place
    return len(data)


def _candidates(data: bytes, earliest: int) -> list[int]:
    heads = _registry.heads
    found = [match.start() for match in heads.finditer(data, earliest)] if heads else []
    return found + list(range(max(earliest, len(data) - SHORTEST + 1), len(data)))
