"""Secrets are scrubbed by value: as they are, and in the encodings that text passes through."""

import base64
import html
import json
import re
import shlex
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
        self.kernels: tuple[bytes, ...] = ()
        """Forms that hold no other form: where none of them stands, no form does."""
        self.longest = 0

    def add(self, value: str) -> None:
        with self._lock:
            self._forms |= forms(value)
            # The longest first: of two forms that begin alike, the longer one is to be blotted out.
            ordered = sorted(self._forms, key=lambda form: (-len(form), form))
            self.pattern = re.compile(b"|".join(map(re.escape, ordered)))
            heads = {form[:SHORTEST] for form in ordered}
            self.heads = re.compile(b"(?=" + b"|".join(map(re.escape, sorted(heads))) + b")")
            self.kernels = _kernels(ordered)
            self.longest = len(ordered[0])

    def known(self) -> frozenset[bytes]:
        with self._lock:
            return frozenset(self._forms)

    def clear(self) -> None:
        with self._lock:
            self._forms.clear()
            self.pattern = self.heads = None
            self.kernels = ()
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

    Raw; base64, standard and URL-safe, padded and not, alone and inside of a longer text, once and
    twice; URL-, JSON-, HTML-, shell- and repr-escaped; and the lines of a value of several lines.
    """
    raw = value.encode(errors="surrogatepass")
    escaped = _escaped(value)
    found = {raw} | escaped
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        found |= {encoded, encoded.rstrip(b"=")}
    # Twice: the `auth` of a registry's credentials inside of a Secret's data.
    found |= {twice for once in _inside_base64(raw) for twice in _inside_base64(once)}
    found |= {inside for each in {raw, *escaped} for inside in _inside_base64(each)}
    for line in value.splitlines():
        if len(line.strip()) >= 2 * SHORTEST:
            found |= {line.strip().encode(errors="surrogatepass")} | _escaped(line.strip())
    return frozenset(found)


_PERCENT = re.compile("%[0-9A-F]{2}")


def _inside_base64(raw: bytes) -> set[bytes]:
    """What all base64 texts have in common that hold these bytes somewhere: one for each alignment.

    Of the characters at both ends, some bits belong to the neighbours, so that they are left out.
    """
    found: set[bytes] = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw)
        core = text[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        found |= {core, core.translate(_URL_SAFE)}
    return {core for core in found if len(core) >= SHORTEST}


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_HTML_IN_JSON = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""As encoders write JSON that may stand in a page, Go's among them."""


def _escaped(value: str) -> set[bytes]:
    percent = {
        quote(value, safe=safe, errors="replace") for safe in ("", "/", "!'()*", "-._~!$&'()*+,;=:@")
    } | {quote_plus(value, errors="replace")}
    in_json = {json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    texts = {
        *percent,
        *(_PERCENT.sub(lambda found: found[0].lower(), each) for each in percent),
        *in_json,
        *(each.translate(_HTML_IN_JSON) for each in in_json),
        *(each.replace("/", "\\/") for each in in_json),
        *(json.dumps(each)[1:-1] for each in in_json),
        html.escape(value),
        html.escape(value, quote=False),
        shlex.quote(value),
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
    # Looking for a few words is many times faster than for a pattern of hundreds of alternatives.
    if pattern is None or not any(each in data for each in _registry.kernels):
        return data
    return pattern.sub(MARK.encode(), data)


def _kernels(longest_first: list[bytes]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for form in reversed(longest_first):
        if not any(each in form for each in found):
            found.append(form)
    return tuple(found)


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
