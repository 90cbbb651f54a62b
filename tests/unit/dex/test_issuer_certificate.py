"""Dex' certificate against the CA that an API server is given for it, and lifetimes; with real keys."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from opskit.core.cluster import Cluster
from opskit.sandbox.pki import Authority
from opskit.systems.dex import certificates, kinds
from opskit.systems.dex.checks import check
from opskit.systems.dex.facts import Facts, read


@pytest.fixture(scope="module")
def healthy() -> Facts:
    with Cluster.open("demo:healthy", system="dex") as cluster:
        return read(cluster)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """`dex`, which `right` signed; `renamed` bears the same name with another key, `other` another name."""
    folder = tmp_path_factory.mktemp("pki")
    made: dict[str, str] = {}
    for name, common in (("right", "the CA"), ("renamed", "the CA"), ("other", "another CA")):
        (folder / name).mkdir()
        authority = Authority(folder / name, name=common)
        authority.issue("dex", subject="dex")
        made[name] = (folder / name / "ca.crt").read_text()
    made["dex"] = (folder / "right" / "dex.crt").read_text()
    return made


def trusting(facts: Facts, pki: dict[str, str], authority: str, **parts: Any) -> Facts:
    assert isinstance(facts.trusts, list)
    trusts = [msgspec.structs.replace(each, authority=authority) for each in facts.trusts]
    shown = certificates.read(pki["dex"])
    return msgspec.structs.replace(facts, trusts=trusts, shown=shown, **parts)


def codes(facts: Facts) -> list[str]:
    return [each.code.removeprefix("dex/") for each in check(facts)]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (("right",), []),
        (("other", "right"), []),
        (("renamed", "right"), []),
        (("renamed",), ["ISSUER_CA_WRONG"]),
        (("other",), ["ISSUER_CA_UNKNOWN"]),
        ((), []),
    ],
)
def test_the_ca_must_have_signed_what_dex_shows(
    healthy: Facts, pki: dict[str, str], held: tuple[str, ...], told: list[str]
) -> None:
    assert codes(trusting(healthy, pki, "".join(pki[each] for each in held))) == told


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=20), []),
        (timedelta(days=13), ["CERTIFICATE_ENDS"]),
        (timedelta(days=-1), ["CERTIFICATE_EXPIRED"]),
    ],
)
def test_a_certificate_that_ends_is_told(
    healthy: Facts, pki: dict[str, str], left: timedelta, told: list[str]
) -> None:
    shown = certificates.read(pki["dex"])
    assert shown is not None
    assert codes(trusting(healthy, pki, pki["right"], now=shown.until - left)) == told


def test_what_is_no_certificate_is_none(healthy: Facts) -> None:
    assert certificates.read("what a proxy answers") is None
    assert codes(msgspec.structs.replace(healthy, shown=None)) == []


@pytest.mark.parametrize(
    ("expiry", "told"),
    [
        ({"idTokens": "24h", "signingKeys": "168h"}, []),
        ({"idTokens": "24h1s"}, ["ID_TOKENS_LONG"]),
        ({"signingKeys": "8760h"}, ["SIGNING_KEYS_LONG"]),
        ({}, []),
    ],
)
def test_what_lives_too_long_is_told(healthy: Facts, expiry: dict[str, str], told: list[str]) -> None:
    assert isinstance(healthy.config, kinds.DexConfig)
    config = msgspec.structs.replace(healthy.config, expiry=msgspec.convert(expiry, kinds.Expiry))
    assert codes(msgspec.structs.replace(healthy, config=config)) == told
