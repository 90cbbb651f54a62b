import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import BadValue
from opskit.systems.kubeadm import metrics, views
from opskit.systems.kubeadm.tokens import token
from opskit.systems.kubeadm.versions import Version, of_image, parse, steps
from tests.unit.kubeadm.scenes import facts


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.37.2", Version(1, 37, 2)),
        ("1.37", Version(1, 37, 0)),
        ("v1.37.0-rc.1+build", Version(1, 37, 0)),
        ("latest", None),
        ("", None),
    ],
)
def test_versions(text: str, version: Version | None) -> None:
    assert parse(text) == version


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.k8s.io/kube-apiserver:v1.37.2", Version(1, 37, 2)),
        ("localhost:5000/kube-apiserver:v1.37.2@sha256:00", Version(1, 37, 2)),
        ("localhost:5000/kube-apiserver", None),
    ],
)
def test_versions_of_images(image: str, version: Version | None) -> None:
    assert of_image(image) == version


def test_no_minor_is_skipped_and_there_is_no_way_back() -> None:
    assert steps(Version(1, 35, 1), Version(1, 37, 0)) == ["1.36", "1.37"]
    assert steps(Version(1, 37, 1), Version(1, 37, 2)) == ["v1.37.2"]
    assert steps(Version(1, 37, 2), Version(1, 37, 2)) == []
    with pytest.raises(BadValue, match="no way down"):
        steps(Version(1, 37, 2), Version(1, 36, 9))
    assert list(views.upgrade_path(facts(), target="1.39")["release"]) == ["1.38", "1.39"]


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("abcdef 2026-11-21T03:00:00Z", "2026-11-21 03:00"),
        ("abcdef 2026-11-21 03:00:00 +0000 UTC", "2026-11-21 03:00"),
        ("abcdef <nil>", None),
        ("abcdef", None),
    ],
)
def test_tokens_are_read_without_their_secret(line: str, end: str | None) -> None:
    found = token(*line.split(None, 1))
    assert (found.id, found.expires and f"{found.expires:%Y-%m-%d %H:%M}") == ("abcdef", end)


@given(st.text())
def test_no_text_of_metrics_breaks_the_reading(text: str) -> None:
    metrics.deprecated(text)


def test_deprecated_apis_are_found_among_metrics() -> None:
    text = (
        "# TYPE apiserver_requested_deprecated_apis gauge\n"
        'apiserver_requested_deprecated_apis{group="policy",removed_release="1.38",resource="things",'
        'subresource="",version="v1beta1"} 1\n'
        'apiserver_requested_deprecated_apis{group="x",removed_release="",resource="unused",version="v1"} 0\n'
    )
    (found,) = metrics.deprecated(text)
    assert (found.group, found.resource, found.removed_release) == ("policy", "things", "1.38")


def test_every_view_is_typed_even_when_nothing_could_be_read() -> None:
    empty = facts(nodes=[], static_pods=[], certificates={}, endpoints=[], health=[])
    for view in (views.nodes, views.control_plane, views.certificates, views.etcd):
        assert list(view(facts()).dtypes) == list(view(empty).dtypes)
