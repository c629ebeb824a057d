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
    assert len(book.sheetnames) == len(released.tables) + 1
    links = {cell.hyperlink.location for row in book["contents"] for cell in row if cell.hyperlink}
    assert links == {f"'{name[:31]}'!A1" for name in released.tables}
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
