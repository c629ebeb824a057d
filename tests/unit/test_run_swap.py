"""What others have put beside the reports survives a run."""

from __future__ import annotations

from sufficiency.run import _swap


def test_files_of_others_stay_and_files_of_a_run_are_replaced(tmp_path):
    old, work = tmp_path / "reports", tmp_path / ".writing"
    (old / "tables").mkdir(parents=True)
    (old / "appendix").mkdir()
    (old / "summary.json").write_text("old")
    (old / "my-notes.txt").write_text("mine")
    (old / "tables" / "extra.csv").write_text("mine")
    (old / "appendix" / "letter.docx").write_text("mine")
    (work / "reports" / "tables").mkdir(parents=True)
    (work / "reports" / "summary.json").write_text("new")
    (work / "map.html").write_text("new")
    _swap(work, tmp_path, "map.html")
    assert (old / "summary.json").read_text() == "new"
    assert (tmp_path / "maps" / "map.html").read_text() == "new"
    for mine in ("my-notes.txt", "tables/extra.csv", "appendix/letter.docx"):
        assert (old / mine).read_text() == "mine"
