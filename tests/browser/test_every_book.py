"""Every shipped runbook and notebook, opened and run in JupyterLab on the demo: no error and no complaint."""

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Watched
from tests.notebooks.goldens import ROOT, every

GOLDENS = {golden.book: golden for golden in every() if not golden.state}
CHANGING = sorted(
    name
    for path in (ROOT / "runbooks").glob("*/*.ipynb")
    if (name := f"{path.parent.name}/{path.stem}") not in GOLDENS
)

SNAPSHOT = "is a snapshot: it can be read and planned on"
CHANGES = {
    "calico/default-deny": ({"namespace": "shop"}, SNAPSHOT),
    "certmanager/renew-certificate": ({"namespace": "shop", "certificate": "storefront"}, "is refused"),
    "dex/revoke-access": ({"user": "alice"}, SNAPSHOT),
    "istio/shift-traffic": (
        {"namespace": "shop", "service": "reviews", "subset": "v2", "weight": 0},
        SNAPSHOT,
    ),
    "kubeadm/drain-node": ({"node": "w1"}, "Nothing to do"),
    "kubeadm/return-node": ({"node": "w1"}, SNAPSHOT),
    "openshift/route-canary": (
        {"namespace": "storefront", "route": "web", "canary": "web-v2"},
        "has no ready pod",
    ),
    "operators/resize-quorum": ({"namespace": "shop", "name": "orders", "size": 5}, "not every voter"),
    "operators/upgrade-quorum": (
        {"namespace": "shop", "name": "orders", "version": "3.7.3"},
        "not every voter",
    ),
    "rook/host-maintenance": (
        {"host": "node-b", "direction": "enter", "until": "23:00"},
        "not all PGs are active+clean",
    ),
    "rook/osd-down": ({"osd": 4}, SNAPSHOT),
    "rook/repair-pg": ({"pg": "1.1"}, "does not hold"),
    "rook/replace-osd": ({"osd": 4}, SNAPSHOT),
    "vault/revoke-leases": ({"prefix": "database/creds/app"}, "does not hold"),
}
"""Parameters that fit the demo, and what the reader is told."""


def errors(page: Watched, path: str) -> list[str]:
    """What the saved notebook holds that no reader wants to see."""
    notebook = nbformat.read(page.server.workspace / path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    return [
        str(each)[:400] for each in outputs if each.output_type == "error" or each.get("name") == "stderr"
    ]


@pytest.mark.parametrize("book", GOLDENS)
def test_what_changes_nothing_runs_without_a_complaint(page: Watched, book: str) -> None:
    path = f"every/{book}.ipynb"
    target = page.server.workspace / path
    target.parent.mkdir(parents=True, exist_ok=True)
    for data in (ROOT / "tests/notebooks/data").iterdir():
        beside = page.server.workspace / "data" / data.name
        beside.parent.mkdir(exist_ok=True)
        beside.write_bytes(data.read_bytes())
    nbformat.write(GOLDENS[book].unexecuted(), target)
    page.open_notebook(path)
    page.run_all()
    page.save()
    assert errors(page, path) == []


@pytest.mark.parametrize("book", sorted(CHANGES))
def test_what_changes_something_shows_its_plan_or_refuses_in_words(page: Watched, book: str) -> None:
    parameters, sentence = CHANGES[book]
    path = page.server.copy(book, parameters)
    page.open_notebook(path)
    page.run_all()
    expect(page.output.get_by_text(sentence).first).to_be_visible()
    page.save()
    for told in errors(page, path):
        assert "Traceback" not in told


def test_no_changing_runbook_is_left_out() -> None:
    assert sorted(CHANGES) == CHANGING
