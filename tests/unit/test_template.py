"""The template that `sufficiency init` writes: complete, explained, and never over anything."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from sufficiency import load
from sufficiency.model.assumptions import ASSUMPTION_NAMES
from sufficiency.model.errors import DataError
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.template import template_directory, write_template
from sufficiency.sources.workbook import WORKBOOK_NAME, input_tables

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_written_whole_and_passes_its_check(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "area"
    written = write_template(directory)
    assert written == sorted(path for path in directory.rglob("*") if path.is_file())
    names = {path.relative_to(directory).as_posix() for path in written}
    assert {"README.txt", "area.toml", WORKBOOK_NAME, "schemes/scenarios/programme.toml"} <= names
    assert load(directory).issues.empty


def test_an_empty_folder_is_taken_and_a_full_one_is_not(tmp_path: Path) -> None:
    write_template(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match="not empty, and nothing in it is overwritten"):
        write_template(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "area").write_text("mine")
    with pytest.raises(DataError, match="is a file"):
        write_template(tmp_path / "area")
    assert (tmp_path / "area").read_text() == "mine"


def test_a_failure_leaves_the_folder_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sufficiency.sources import template

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(template, "write_workbook", full)
    with pytest.raises(OSError, match="No space"):
        write_template(tmp_path / "area")
    assert list((tmp_path / "area").iterdir()) == []


def test_the_same_template_every_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for left, right in zip(write_template(one), write_template(other), strict=True):
        assert left.read_bytes() == right.read_bytes(), left.name


def test_every_assumption_is_there_with_its_words() -> None:
    raw = tomllib.loads((template_directory() / "area.toml").read_text(encoding="utf-8"))
    assert list(raw["assumptions"]) == list(ASSUMPTION_NAMES)
    text = (template_directory() / "area.toml").read_text(encoding="utf-8")
    assert text.count("\n# ") >= 15


def test_every_file_of_an_area_is_named_in_the_readme() -> None:
    text = (template_directory() / "README.txt").read_text(encoding="utf-8")
    needed = {table.file.rpartition("/")[2] for table in input_tables()} - {"claims.csv"}
    assert {name for name in needed if name not in text} == set()
    assert max(len(line) for line in text.splitlines()) <= 120


def test_nothing_in_it_is_real() -> None:
    """No six-digit school number, no ONS code, and every row says that it is invented."""
    import csv
    import re

    for path in template_directory().rglob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert "Oxford" not in text
        assert not re.search(r"\bE\d{8}\b", text), path
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row.get("source", "invented").startswith("invented"), path
                assert row.get("quality", "illustrative") == "illustrative", path
    settings = (template_directory() / "schools/settings.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert all("(invented)" in line and not line.split(",")[0].isdigit() for line in settings)


def test_the_embedded_area_holds_the_template() -> None:
    assert (embedded_directory() / "area.toml").is_file()
    assert template_directory().parent == embedded_directory()
