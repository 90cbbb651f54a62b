from pathlib import Path

from tests import figures


def test_each_proof_replaces_its_own_table_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "proofs.md"
    figures.keep("Upgrade", "From 1 to 2.", {"apply": "100 s"}, page=page)
    figures.keep("Kill matrix", "Killed.", {"kills": "24"}, page=page)
    figures.keep("Upgrade", "From 1 to 2.", {"apply": "90 s"}, page=page)
    text = page.read_text()
    assert text.startswith("# What the proofs measured")
    assert text.index("## Kill matrix") < text.index("## Upgrade")
    assert "| apply | 90 s |" in text
    assert "100 s" not in text
    assert "| kills | 24 |" in text
    assert text.count("| what | measured |") == 2
