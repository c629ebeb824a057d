"""Reading a table of an area, typed, collecting every fault with file, row, column, value and cure.

The rows come from the table's CSV file or, where there is none, from its sheet of the area's workbook
(`sufficiency.sources.rows`); each cell is read as its column declares it (`sufficiency.sources.cells`).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.issues import Issue, issues_table
from sufficiency.model.tables import TABLES, Column, Table
from sufficiency.sources import rows as source_rows
from sufficiency.sources.cells import parse_cell, shown, veiled

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.sheets import Rows

__all__ = ["Issue", "has_table", "issues_table", "read_rows", "read_table"]

_TEXT_KINDS: Final = ("text", "code", "codes", "date")


def has_table(path: Path, name: str) -> bool:
    """Return whether an area has an optional table: its CSV file, or a sheet of its workbook with rows.

    Parameters
    ----------
    path
        Where its CSV file would lie.
    name
        Table of `sufficiency.model.tables.TABLES`.
    """
    return source_rows.has_table(path, TABLES[name])


class _Reading:
    """One table being read: its columns as found, and where faults go."""

    def __init__(self, table: Table, rows: Rows, issues: list[Issue]) -> None:
        self.table, self.rows, self.issues = table, rows, issues
        first, header = rows.rows[0]
        self.header_row = first
        self.header = [name.lower().replace(" ", "_") for name in header]
        self.wanted = [column for column in table.columns if column.kind != "geometry"]
        self.columns = [column for column in self.wanted if column.name in self.header]
        self.at = {column.name: self.header.index(column.name) for column in self.columns}
        self.hidden_key = any(table.column(key).personal for key in table.key)

    def fault(self, row: int, column: str, check: str, message: str, fix: str, **more: str) -> None:
        """Append an issue; ``more`` may give key, value and severity (error, when not given)."""
        key, value, severity = more.get("key", ""), more.get("value", ""), more.get("severity", "error")
        self.issues.append(
            Issue(self.rows.file, row, self.table.name, key, column, value, check, severity, message, fix)
        )

    def header_is_good(self) -> bool:
        """Report missing, unknown and repeated columns; return whether the rows can be read."""
        row = self.header_row
        twice = sorted({name for name in self.header if name and self.header.count(name) > 1})
        if twice:
            named = ", ".join(twice)
            self.fault(
                row, twice[0], "header_twice", f"the header names {named} twice", "keep each column once", value=named
            )
            return False
        names = [column.name for column in self.wanted]
        if len(self.header) == 1 and any(mark in self.header[0] for mark in ";\t"):
            message = "the columns are not separated by commas"
            self.fault(row, "", "separator", message, "save the file as CSV (comma delimited)")
            return False
        for name in self.header:
            if name not in names:
                near = difflib.get_close_matches(name[:60], names, n=1)
                fix = f"did you mean {near[0]}?" if near else "remove it"
                message = f"the column {name[:60]!r} is not used"
                self.fault(row, name[:60], "unknown_column", message, fix, severity="warning")
        missing = [column for column in self.wanted if column.name not in self.header and not column.optional]
        for column in missing:
            message = f"the column {column.name} is missing"
            self.fault(row, column.name, "column_missing", message, f"add it: {column.meaning}")
        return not missing

    def key_of(self, cells: list[str]) -> str:
        """Return the key of a row as a report may show it, as far as the row has it."""
        if self.hidden_key or any(self.at.get(key, len(cells)) >= len(cells) for key in self.table.key):
            return ""
        return " ".join(cells[self.at[key]] for key in self.table.key)

    def values(self, number: int, cells: list[str]) -> list[Any] | None:
        """Return the typed cells of a row, None when the row is at fault; every fault is reported."""
        key = self.key_of(cells)
        if len(cells) != len(self.header):
            message, fix = source_rows.uneven_row(len(cells), len(self.header))
            self.fault(number, "", "row_shifted", message, fix, key=key)
            return None
        out, good = [], True
        for column in self.columns:
            text = cells[self.at[column.name]]
            if "\n" in text:
                message = f"the cell runs over {text.count(chr(10)) + 1} lines, which other rows may be lost in"
                self.fault(
                    number,
                    column.name,
                    "line_break",
                    message,
                    "look for an unclosed quotation mark, or write it in one line",
                    key=key,
                )
                good = False
                continue
            value, found = parse_cell(text, column, self.rows.odd.get((number, self.at[column.name]), ""))
            out.append(value)
            if found is not None:
                fault = veiled(found, column)
                more = {"key": key, "value": shown(text, column), "severity": fault.severity}
                self.fault(number, column.name, fault.check, fault.message, fault.fix, **more)
                good &= fault.severity != "error"
        return out if good else None


def read_table(path: Path, name: str, issues: list[Issue]) -> pd.DataFrame:
    """Read one table of an area.

    Parameters
    ----------
    path
        The CSV file. Where it is absent, the sheet that bears the table's name is read from ``area-workbook.xlsx`` in
        the area directory, if there is one; where both have rows and they differ, a warning says that the file is used.
    name
        Table of `sufficiency.model.tables.TABLES`.
    issues
        Faults are appended here; nothing is raised for bad content.

    Returns
    -------
    DataFrame
        The rows without an error in any cell and without a repeated key, in the file's order, with the table's
        columns (optional ones that are absent are added blank). The index ``row`` is the row in the file, 1 = header.
    """
    return read_rows(source_rows.table_rows(path, TABLES[name], issues), name, issues)


def read_rows(rows: Rows | None, name: str, issues: list[Issue]) -> pd.DataFrame:
    """Type the rows of one table; as `read_table`, for rows that are read already.

    Parameters
    ----------
    rows
        Rows of text, the header first; None = there are none.
    name
        Table of `sufficiency.model.tables.TABLES`.
    issues
        Faults are appended here.
    """
    table = TABLES[name]
    reading = None if rows is None else _Reading(table, rows, issues)
    numbers: list[int] = []
    kept: list[list[Any]] = []
    columns: list[Column] = []
    if reading is not None and reading.header_is_good():
        columns = reading.columns
        for number, cells in reading.rows.rows[1:]:
            values = reading.values(number, cells)
            if values is not None:
                numbers.append(number)
                kept.append(values)
    frame = _typed(kept, columns, table)
    frame.index = pd.Index(numbers, name="row", dtype="int64")
    return frame if reading is None else _without_repeats(frame, reading)


def _typed(kept: list[list[Any]], columns: list[Column], table: Table) -> pd.DataFrame:
    """Return the values as a frame with every column of the table; one that is absent is blank."""
    by_name = {column.name: [values[at] for values in kept] for at, column in enumerate(columns)}
    out: dict[str, Any] = {}
    for column in table.columns:
        values = by_name.get(column.name, [None] * len(kept))
        kind = column.kind
        if kind == "geometry":
            continue
        if kind in _TEXT_KINDS:
            out[column.name] = np.array(["" if value is None else value for value in values], dtype=object)
        elif kind == "float" or (column.name not in by_name and not (kind == "int" and column.blank)):
            out[column.name] = np.array([np.nan if value is None else value for value in values], dtype=float)
        elif kind == "bool":
            out[column.name] = np.array([bool(value) for value in values], dtype=bool)
        else:
            whole = pd.array([pd.NA if value is None else value for value in values], dtype="Int64")
            out[column.name] = whole if column.blank else whole.astype("int64")
    return pd.DataFrame(out)


def _without_repeats(frame: pd.DataFrame, reading: _Reading) -> pd.DataFrame:
    """Return the first row of each key; every later one is reported."""
    key = list(reading.table.key)
    if not key or frame.empty:
        return frame
    first_row: dict[tuple[object, ...], object] = {}
    for number, found in zip(frame.index, frame[key].itertuples(index=False, name=None), strict=True):
        if found in first_row:
            text = "" if reading.hidden_key else " ".join(str(x) for x in found)
            message = f"the same {' + '.join(key)} stands in row {first_row[found]} already"
            fix = "keep one of the two rows, or give the second its own id"
            reading.fault(int(number), key[0], "key_twice", message, fix, key=text, value=text)
        else:
            first_row[found] = number
    return frame.loc[~frame.duplicated(key, keep="first")]
