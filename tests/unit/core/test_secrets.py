"""Secrets are used and never seen."""

import base64
import copy
import html
import itertools
import json
import pickle
import re
import shlex
import traceback
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.core import scrubbing
from opskit.core.errors import BadValue, NotFound
from opskit.core.scrubbing import MARK
from opskit.core.secrets import Secret, StreamScrubber, resolve, scrub, scrub_bytes

CANARY = 'ca"n/a+r<y>é&\n2ndline-of-it\\'


@pytest.fixture(autouse=True)
def _no_secrets_yet():
    scrubbing.forget_all()
    yield
    scrubbing.forget_all()


def b64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ENCODINGS = {
    "raw": lambda value: value,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 unpadded": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "urlsafe": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "urlsafe unpadded": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "base64 of its json": lambda value: base64.b64encode(json.dumps({"p": value}).encode()).decode(),
    "docker auth": lambda value: base64.b64encode(f'{{"auth":"{b64("u:" + value)}"}}'.encode()).decode(),
    "url, lower case": lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
    "url of a browser": lambda value: quote(value, safe="!'()*"),
    "json in html": lambda value: (
        json.dumps(value).replace("<", "\\u003c").replace("&", "\\u0026").replace(">", "\\u003e")
    ),
    "json with slashes": lambda value: json.dumps(value).replace("/", "\\/"),
    "shell": shlex.quote,
    "url": lambda value: quote(value, safe=""),
    "path": quote,
    "form": quote_plus,
    "json": json.dumps,
    "json text": lambda value: json.dumps(value, ensure_ascii=False),
    "json in json": lambda value: json.dumps(json.dumps(value)),
    "html": html.escape,
    "html text": lambda value: html.escape(value, quote=False),
    "repr": repr,
    "repr of bytes-like text": ascii,
    "one of its lines": lambda value: value.splitlines()[-1],
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_secret_is_scrubbed_in_every_encoding(name):
    Secret(CANARY)
    shown = ENCODINGS[name](CANARY)
    scrubbed = scrub(f"before {shown} after")
    assert MARK in scrubbed
    assert shown not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")
    assert shown.encode() not in scrub_bytes(shown.encode())


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        lambda secret: f"{secret!s:>40}",
        lambda secret: str([secret]),
        lambda secret: str({"a": secret}),
        lambda secret: repr(copy.copy(secret)),
        lambda secret: repr(copy.deepcopy({"a": secret})),
        lambda secret: "".join(traceback.format_exception(ValueError(secret))),
    ],
)
def test_a_secret_never_shows_itself(show):
    assert "hunter2-canary" not in show(Secret("hunter2-canary", origin="env:X"))


@pytest.mark.parametrize("save", [pickle.dumps, json.dumps, msgspec.json.encode, msgspec.to_builtins, vars])
def test_a_secret_is_never_saved(save):
    with pytest.raises(TypeError) as raised:
        save(Secret("hunter2-canary", origin="env:X"))
    assert "hunter2-canary" not in str(raised.value)


def test_a_copy_is_the_same_secret():
    secret = Secret("hunter2-canary")
    assert copy.deepcopy(secret) is secret
    assert secret == Secret("hunter2-canary")
    assert secret != Secret("another-canary")
    assert len({secret, Secret("hunter2-canary")}) == 1


@pytest.mark.filterwarnings("default")
def test_a_short_secret_is_refused_with_a_warning():
    with pytest.warns(UserWarning, match="env:PIN has fewer than 4 characters"):
        Secret("123", origin="env:PIN")
    assert scrub("123 times") == "123 times"


def test_resolving_from_the_environment(monkeypatch):
    monkeypatch.setenv("OPSKIT_TEST_TOKEN", "canary-from-env")
    secret = resolve("env:OPSKIT_TEST_TOKEN")
    assert secret.reveal() == "canary-from-env"
    assert repr(secret) == "Secret(env:OPSKIT_TEST_TOKEN)"
    assert scrub("it is canary-from-env") == f"it is {MARK}"


def test_resolving_from_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("canary-from-file\n")
    assert resolve(f"file:{file}").reveal() == "canary-from-file"


@pytest.mark.parametrize(
    ("reference", "error", "said"),
    [
        ("env:OPSKIT_NOT_SET", NotFound, "not set"),
        ("file:/nonexistent/token", NotFound, "No such file"),
        ("file:/", NotFound, "Is a directory"),
        ("vault:kv", BadValue, "no reference to a Vault secret"),
        ("vault:kv/path", BadValue, "no reference to a Vault secret"),
        ("canary-by-mistake", BadValue, "no reference to a secret"),
        ("https://canary-by-mistake", BadValue, "no reference to a secret"),
        ("", BadValue, "no reference to a secret"),
    ],
)
def test_a_wrong_reference_says_so_and_never_repeats_a_value(reference, error, said):
    with pytest.raises(error, match=said) as raised:
        resolve(reference)
    assert "canary" not in str(raised.value)


def test_no_text_of_ours_is_scrubbed_without_secrets():
    assert scrub("anything") == "anything"
    assert StreamScrubber().feed("anything") == "anything"


def test_a_stream_holds_back_no_more_than_it_must():
    Secret("abcdefgh")
    stream = StreamScrubber()
    assert stream.feed("nothing of it") == "nothing of it"
    assert stream.feed(" abc") == " "
    assert stream.feed("x") == "abcx"
    assert stream.feed("abcdefg") == ""
    assert stream.feed("h!") == f"{MARK}!"
    assert stream.feed("abcdefg") == ""
    assert stream.flush() == "abcdefg"
    assert stream.flush() == ""


def test_a_secret_inside_a_longer_one_leaks_no_rest():
    Secret("core")
    Secret("hardcore-secret")
    stream = StreamScrubber()
    assert stream.feed("hardcore") + stream.feed("-secret") + stream.flush() == MARK


def chunked(text, cuts):
    places = sorted({cut % (len(text) + 1) for cut in cuts})
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


ALPHABET = st.text(alphabet='ab"\\<é\n', min_size=4, max_size=9)


@settings(max_examples=300, deadline=None)
@given(
    secrets=st.lists(ALPHABET, min_size=1, max_size=3),
    parts=st.lists(st.one_of(st.text(alphabet='ab"\\<é\n', max_size=6), st.integers(0, 2)), max_size=8),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_a_stream_scrubs_as_the_whole_does(secrets, parts, cuts):
    scrubbing.forget_all()
    for value in secrets:
        Secret(value)
    text = "".join(secrets[part % len(secrets)] if isinstance(part, int) else part for part in parts)
    stream = StreamScrubber()
    streamed = "".join(stream.feed(chunk) for chunk in chunked(text, cuts)) + stream.flush()
    assert streamed == scrub(text)


@settings(max_examples=200, deadline=None)
@given(
    value=st.text(min_size=8, max_size=30),
    name=st.sampled_from(sorted(set(ENCODINGS) - {"one of its lines"})),
)
def test_any_text_is_scrubbed_in_any_encoding(value, name):
    scrubbing.forget_all()
    Secret(value)
    shown = ENCODINGS[name](value)
    assert MARK in scrub(f"<{shown}>")


def test_a_long_secret_scrubs_a_stream_in_fair_time():
    key = "-----BEGIN KEY-----\n" + "\n".join("QUJD" * 16 for _ in range(50)) + "\n-----END KEY-----\n"
    Secret(key)
    stream = StreamScrubber()
    text = "".join(stream.feed("some line of output\n" * 20) for _ in range(100))
    assert MARK not in text
    assert stream.feed(key) + stream.flush() == MARK


@given(
    secret=st.text(min_size=4, max_size=40).filter(lambda value: len(value.encode(errors="replace")) >= 4),
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
    safe=st.booleans(),
    twice=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
@settings(max_examples=300, deadline=None)
def test_a_secret_inside_of_a_base64_text_is_scrubbed(secret, before, after, safe, twice, cuts):
    scrubbing.forget_all()
    raw = secret.encode(errors="surrogatepass")
    Secret(secret)
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    text = encode(before + raw + after)
    # The characters all of whose bits are the secret's.
    bits = (8 * len(before), 8 * (len(before) + len(raw)))
    inner = text[-(-bits[0] // 6) : bits[1] // 6]
    if twice:
        bits = tuple(8 * each for each in (-(-bits[0] // 6), bits[1] // 6))
        text = encode(text)
        inner = text[-(-bits[0] // 6) : bits[1] // 6]
    assert inner not in scrub_bytes(text)
    stream, shown = StreamScrubber(), ""
    edges = sorted({min(each, len(text)) for each in (0, *cuts, len(text))})
    for start, end in itertools.pairwise(edges):
        shown += stream.feed(text[start:end].decode())
    assert inner.decode() not in shown + stream.flush()
