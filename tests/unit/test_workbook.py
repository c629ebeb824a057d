"""The workbook: a contents sheet, real tables, no formulas, symbols for hidden figures, fixed dates."""

from __future__ import annotations

import datetime as dt
import io
from types import MappingProxyType

import openpyxl
import pandas as pd
import pytest

from sufficiency.model.errors import DataError
from sufficiency.model.results import Released
from sufficiency.outputs.export.workbook import FIRST_ROW, workbook_bytes
from tests.released_fixture import make_parameters, make_record, make_released


def read(released: Released) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(released, make_parameters(), make_record())))


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return read(make_released())


def small(**columns: list[object]) -> Released:
    frame = pd.DataFrame(columns)
    mask = pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
    return Released("public", MappingProxyType({"table": frame}), MappingProxyType({"table": mask}))


def test_a_contents_sheet_then_one_table_a_sheet(book: openpyxl.Workbook) -> None:
    released = make_released()
    assert book.sheetnames[0] == "contents"
    assert len(book.sheetnames) == len(released.tables) + 2
    assert book.sheetnames[-1] == "words and codes"
    links = {cell.hyperlink.location for row in book["contents"] for cell in row if cell.hyperlink}
    assert links == {f"'{name[:31]}'!A1" for name in [*released.tables, "words and codes"]}
    for sheet in book.worksheets[1:]:
        assert len(sheet.tables) == 1
        (table,) = sheet.tables.values()
        assert table.autoFilter is not None
        assert sheet.freeze_panes == f"A{FIRST_ROW + 2}"
        assert sheet.print_area
        assert not sheet.merged_cells.ranges


def test_numbers_are_numbers_symbols_are_text_and_nothing_is_a_formula(book: openpyxl.Workbook) -> None:
    released = make_released()
    name = "sufficiency_area_type"
    frame, mask = released.tables[name], released.hidden[name]
    place = list(frame.columns).index("demand_pupils") + 1
    sheet = book[name]
    for row in range(len(frame)):
        cell = sheet.cell(FIRST_ROW + 2 + row, place)
        if mask["demand_pupils"].iloc[row]:
            assert cell.value == "c"
        else:
            assert cell.value == int(frame["demand_pupils"].iloc[row])
    for sheet in book.worksheets:
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_book_is_marked_illustrative_and_dated_by_the_report(book: openpyxl.Workbook) -> None:
    assert book.properties.created == dt.datetime(2026, 11, 23, 12)
    assert book.properties.modified == dt.datetime(2026, 11, 23, 12)
    assert "ILLUSTRATIVE" in str(book["contents"]["A2"].value)
    for sheet in book.worksheets[1:]:
        assert "ILLUSTRATIVE" in str(sheet["A3"].value)


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(1)", "+1", "-1", "http://example.org", "mailto:a@example.org", "{=1}", "001", "ctrl\x07\x00"]
)
def test_text_stays_text(text: str) -> None:
    cell = read(small(name=[text])).worksheets[1].cell(FIRST_ROW + 2, 1)
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert cell.value == text.replace("\x07", "").replace("\x00", "")


def test_a_text_too_long_for_excel_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError, match="32,768 characters"):
        workbook_bytes(small(name=["x" * 32_768]), make_parameters(), make_record())


def test_heads_carry_units(book: openpyxl.Workbook) -> None:
    heads = [cell.value for cell in book["sufficiency_area"][FIRST_ROW + 1]]
    assert "Demand (pupils)" in heads
    assert "Without local place (%)" in heads
    money = [cell.value for cell in book["money"][FIRST_ROW + 1]]
    assert [h for h in money if "£" in str(h)] == ["Amount, low (£)", "Amount, central (£)", "Amount, high (£)"]


def test_titles_stand_in_place_of_codes_and_names_of_other_scenarios_as_they_are() -> None:
    told: list[tuple[str, list[object], str, list[object]]] = [
        ("scenario_id", ["do_nothing", "my_own"], "Scenario", ["Do nothing", "my_own"]),
        ("policy", ["rolling", "optimal"], "Use of places", ["Pupils keep their places", "Best use of places"]),
        ("phase", ["post_16", "all"], "Phase", ["Post-16", "All"]),
        ("need", ["SEMH", "semh"], "Need", ["Social, emotional and mental health"] * 2),
        ("provision_type", ["specialist_base", "headline"], "Type of place",
         ["Specialist base", "Special schools and specialist bases"]),
        ("ncy_from", [7, 8], "From year group (0 = Reception)", [7, 8]),
        ("measure", ["without_local_place_pupils", "p90_min"], "Measure",
         ["Without local place (pupils)", "90th percentile (minutes)"]),
        ("low", ["nan", "1"], "Low", [None, "1"]),
    ]  # fmt: skip
    sheet = read(small(**{column: codes for column, codes, _, _ in told})).worksheets[1]
    for place, (_, _, head, titles) in enumerate(told, start=1):
        assert [sheet.cell(FIRST_ROW + 1 + row, place).value or None for row in range(3)] == [head, *titles]


def test_the_last_sheet_says_what_words_and_codes_mean(book: openpyxl.Workbook) -> None:
    rows = [tuple(cell.value for cell in row) for row in book["words and codes"].iter_rows(min_row=FIRST_ROW + 2)]
    assert ("Primary need", "SLCN", "Speech, language and communication (Communication and interaction)") in rows
    assert ("Scenario, in CSV files", "do_nothing", "Do nothing") in rows
    assert ("Symbol", "c", "hidden so that small numbers of pupils cannot be recognised.") in rows
    assert len(rows) == len(set(rows))
    assert all(all(row) for row in rows)


def test_no_head_is_a_code(book: openpyxl.Workbook) -> None:
    heads = {cell.value for sheet in book.worksheets[1:] for cell in sheet[FIRST_ROW + 1]}
    assert not [head for head in heads if "_" in str(head) or str(head).lower().startswith(("ncy", "unplaced"))]


def test_an_empty_table_still_makes_a_sheet() -> None:
    sheet = read(small(name=[])).worksheets[1]
    assert sheet.cell(FIRST_ROW + 1, 1).value == "Name"


def test_a_very_long_table_is_narrowed_and_says_so(book: openpyxl.Workbook) -> None:
    frame = make_released().tables["comparison_area"]
    sheet = book["comparison_area"]
    assert len(frame) > 10_000
    assert "County and districts only. The whole table is tables/comparison_area.csv." in str(sheet["A3"].value)
    kept = frame["level"].isin(["county", "district"]).sum()
    assert sheet.max_row == FIRST_ROW + 1 + kept
