"""Every file of an internal build says what it is, and no file of a public one does."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from sufficiency.model.results import Released
from sufficiency.outputs import record, style, summary
from sufficiency.outputs.export import tables as export
from sufficiency.outputs.export.workbook import workbook_bytes
from sufficiency.outputs.maps.opportunity import WATERMARK
from sufficiency.outputs.report.board import build_paper
from tests.released_fixture import make_inputs_facts, make_parameters, make_record, make_released

if TYPE_CHECKING:
    from pathlib import Path

MARK = "Internal: not for publication"


def test_the_words_stand_in_one_place() -> None:
    assert style.INTERNAL_MARK == MARK == WATERMARK
    assert style.internal_mark("internal") == MARK
    assert style.internal_mark("public") == ""


@pytest.mark.parametrize("build", ["internal", "public"])
def test_every_table_and_their_list_say_so(build: str, tmp_path: Path) -> None:
    released = few_tables(build)
    export.write_tables(released, tmp_path)
    for name, frame in released.tables.items():
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        marked = build == "internal"
        assert head == (["marking"] if marked else []) + [str(column) for column in frame.columns]
        assert {row[0] for row in rows} == {MARK} if marked else MARK not in {row[0] for row in rows}
    assert (MARK in (tmp_path / "README.md").read_text(encoding="utf-8")) == (build == "internal")


def few_tables(build: str) -> Released:
    released = make_released(build)
    kept = ("forecast", "schemes")
    return Released(build, {name: released.tables[name] for name in kept}, {n: released.hidden[n] for n in kept})


@pytest.mark.parametrize("build", ["internal", "public"])
def test_every_sheet_says_so_on_screen_and_on_paper(build: str) -> None:
    content = workbook_bytes(few_tables(build), make_parameters(), make_record())
    book = zipfile.ZipFile(io.BytesIO(content))
    sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 4  # contents, two tables, words and codes
    headers = [f"<oddHeader>&amp;C&amp;B{MARK}</oddHeader>" in book.read(name).decode() for name in sheets]
    assert all(headers) if build == "internal" else not any(headers)
    strings = book.read("xl/sharedStrings.xml").decode()
    assert (f"{MARK.upper()}. ILLUSTRATIVE." in strings) == (build == "internal")


def test_the_paper_says_so_above_and_below_every_page() -> None:
    made = make_record()
    paper = build_paper(make_released("internal"), make_inputs_facts(), made)
    assert MARK in paper.footer
    assert f"Run {made.run_id}" in paper.footer
    assert "INTERNAL" in paper.marking


@pytest.mark.parametrize("build", ["internal", "public"])
def test_the_summary_and_the_record_say_so(build: str, tmp_path: Path) -> None:
    released, made = make_released(build), make_record()
    told = summary.build_summary(released, made, make_parameters())
    record.write_record(made, tmp_path / "run.json", build)
    written = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for found in (told, written):
        assert found.get("marking", "") == (MARK if build == "internal" else "")
    assert told["build"] == build
