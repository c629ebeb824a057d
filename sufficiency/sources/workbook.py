"""The planner's workbook: every input table as a sheet, explained, with drop-downs for the coded columns.

Ids, years and year groups are kept as text, so that the spreadsheet cannot turn 5-11 into a date or drop a leading
zero. The same tables give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xlsxwriter

from sufficiency.model.errors import DataError
from sufficiency.model.tables import TABLES, Column, Table
from sufficiency.sources.sheets import WORKBOOK_NAME, read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

__all__ = ["WORKBOOK_NAME", "input_tables", "read_sheet", "write_workbook"]

CREATED: Final = dt.datetime(2026, 1, 1)  # noqa: DTZ001  # a fixed date of the file's properties, in no time zone
LAST_ROW: Final = 1_048_575
MAX_TEXT: Final = 32_767
EXPLAINED: Final = "Explained"
CODES: Final = "Codes"
_NUMBERS: Final = ("int", "float")
_YEAR_GROUPS: Final = frozenset({"ncy", "ncy_from", "ncy_to"})
_INTRODUCTION: Final = (
    "One sheet a table. Row 1 holds the names of the columns and stays as it is; every further row is one record.",
    "A sheet is used where the CSV file of its table is absent. Where both are there, the CSV file is used.",
    "Columns of ids, years and year groups are set to text. Codes have drop-downs; several needs are joined by ;",
    "Leave a cell blank only where this sheet says so. Write 0 for none; a hidden figure (c, x, z) is not 0.",
)


def input_tables() -> tuple[Table, ...]:
    """Return the tables that an area gives, in the order of their declaration."""
    return tuple(table for table in TABLES.values() if table.file)


def write_workbook(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the workbook of an area.

    Parameters
    ----------
    path
        Where it is written.
    tables
        Rows by name of the table, typed as `read_table` gives them; a table that is not among them gets its header.

    Raises
    ------
    DataError
        When a text is longer than a cell can hold.
    """
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": "Area workbook", "created": CREATED})
        pen = _Pen(book)
        pen.explain()
        pen.list_codes()
        for table in input_tables():
            pen.write_table(table, tables.get(table.name, pd.DataFrame()))


class _Pen:
    """Writes sheets with the workbook's formats; remembers where each list of codes stands."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.head: Format = book.add_format({"bold": True, "bottom": 1, "num_format": "@", "bg_color": "#E8EEF4"})
        self.bold: Format = book.add_format({"bold": True})
        self.text: Format = book.add_format({"num_format": "@"})
        self.wrapped: Format = book.add_format({"text_wrap": True, "valign": "top"})
        self.lists: dict[tuple[str, ...], str] = {}

    def explain(self) -> None:
        """Write the sheet that says what each column means, its unit and its limits."""
        sheet = self.book.add_worksheet(EXPLAINED)
        for row, line in enumerate(_INTRODUCTION):
            sheet.write_string(row, 0, line)
        start = len(_INTRODUCTION) + 1
        heads = ("sheet", "CSV file", "column", "meaning", "unit", "what it may hold", "may be blank", "key")
        for at, name in enumerate(heads):
            sheet.write_string(start, at, name, self.head)
        row = start + 1
        for table in input_tables():
            sheet.write_string(row, 0, table.name, self.bold)
            sheet.write_string(row, 1, table.file, self.bold)
            sheet.write_string(row, 3, table.meaning, self.bold)
            row += 1
            for column in _columns(table):
                optional = "yes" if column.blank or column.optional else "no"
                key = "yes" if column.name in table.key else ""
                cells = (
                    table.name,
                    table.file,
                    column.name,
                    column.meaning,
                    column.unit,
                    _limits(column),
                    optional,
                    key,
                )
                for at, cell in enumerate(cells):
                    sheet.write_string(row, at, cell, self.wrapped)
                row += 1
        for at, width in enumerate((16, 26, 26, 52, 16, 52, 14, 6)):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(start + 1, 0)

    def list_codes(self) -> None:
        """Write the sheet of the codes that the drop-downs offer: a column a list."""
        sheet = self.book.add_worksheet(CODES)
        for table in input_tables():
            for column in _columns(table):
                codes = _choices(column)
                if not codes or codes in self.lists:
                    continue
                at = len(self.lists)
                letter = xlsxwriter.utility.xl_col_to_name(at)
                sheet.write_string(0, at, column.name, self.head)
                for row, code in enumerate(codes, start=1):
                    sheet.write_string(row, at, code, self.text)
                sheet.set_column(at, at, 2 + max(len(code) for code in codes))
                self.lists[codes] = f"={CODES}!${letter}$2:${letter}${len(codes) + 1}"
        sheet.freeze_panes(1, 0)

    def write_table(self, table: Table, frame: pd.DataFrame) -> None:
        """Write the sheet of one table: header, formats, drop-downs and rows."""
        sheet = self.book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for at, column in enumerate(_columns(table)):
            as_number = _as_number(column)
            width = max(len(column.name) + 2, 28 if column.name in {"source", "rationale"} else 0)
            sheet.set_column(at, at, width, None if as_number else self.text)
            sheet.write_string(0, at, column.name, self.head)
            sheet.data_validation(1, at, LAST_ROW, at, self._validation(column))
            given = frame[column.name] if column.name in frame.columns else pd.Series(dtype=object)
            values = given.astype(object).where(given.notna(), "").tolist()
            for row, value in enumerate(values, start=1):
                self._write(sheet, row, at, value, column)

    def _write(self, sheet: Worksheet, row: int, at: int, value: object, column: Column) -> None:
        if value == "":
            return
        if _as_number(column):
            sheet.write_number(row, at, float(str(value)))
            return
        text = str(value).lower() if column.kind == "bool" else str(value)
        if len(text) > MAX_TEXT:
            message = f"row {row + 1} of {column.name} has {len(text):,} characters; a cell holds {MAX_TEXT:,}"
            raise DataError(message)
        sheet.write_string(row, at, text, self.text)

    def _validation(self, column: Column) -> dict[str, Any]:
        """Return the drop-down or bounds of a column, and meaning; bounds only warn: a symbol may stand there."""
        say = f"{column.meaning}. {_limits(column)}".strip()
        shared = {"input_title": column.name[:32], "input_message": say if len(say) <= 255 else say[:252] + "..."}
        codes = _choices(column)
        if codes:
            return {**shared, "validate": "list", "source": self.lists[codes], "error_title": "Not a code",
                    "error_message": "Choose one of the list."}  # fmt: skip
        if column.kind not in _NUMBERS or not _as_number(column) or column.least is None:
            return {**shared, "validate": "any"}
        kind = "integer" if column.kind == "int" else "decimal"
        limits = (
            {"criteria": ">=", "value": column.least}
            if column.most is None
            else {"criteria": "between", "minimum": column.least, "maximum": column.most}
        )
        return {**shared, **limits, "validate": kind, "error_type": "warning", "error_title": "Check the number",
                "error_message": _limits(column)[:255]}  # fmt: skip


def _explained(table: Table, column: Column) -> tuple[str, ...]:
    optional = "yes" if column.blank or column.optional else "no"
    key = "yes" if column.name in table.key else ""
    return (table.name, table.file, column.name, column.meaning, column.unit, _limits(column), optional, key)


def _columns(table: Table) -> list[Column]:
    return [column for column in table.columns if column.kind != "geometry"]


def _as_number(column: Column) -> bool:
    return column.kind in _NUMBERS and column.name not in _YEAR_GROUPS


def _choices(column: Column) -> tuple[str, ...]:
    """Return the codes of a drop-down; a cell with several codes has none."""
    if column.kind == "code":
        return column.codes
    return ("true", "false") if column.kind == "bool" else ()


def _limits(column: Column) -> str:
    if column.codes:
        first = "one or more, joined by ; of " if column.kind == "codes" else "one of "
        return first + ", ".join(column.codes)
    if column.kind == "bool":
        return "true or false"
    if column.kind == "year":
        return "an academic year: 2028 or 2028/29"
    if column.kind in _NUMBERS:
        whole = "a whole number" if column.kind == "int" else "a number"
        low = "" if column.least is None else f", at least {column.least:g}"
        high = "" if column.most is None else f", at most {column.most:g}"
        return whole + low + high
    return "text"
