"""The rows of a table as text: from its CSV file, or from its sheet of the area's workbook where there is no file.

A row keeps its number in the file, the header being 1, so that every fault can be found again.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from sufficiency.model.issues import Issue
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.sheets import WORKBOOK_NAME, Rows, read_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.tables import Table

__all__ = ["has_table", "read_csv", "table_rows", "uneven_row"]

MAX_BYTES: Final = 200_000_000
MAX_CELL: Final = 131_072
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_CSV: Final = "save it as CSV (comma delimited, UTF-8)"


def _decode(raw: bytes) -> str:
    try:
        if raw.startswith(_BYTE_ORDER_MARKS):
            return raw.decode("utf-16")
        if b"\x00" in raw:
            raise ReadingError("file_unreadable", "the file is not a plain CSV file", _SAVE_AS_CSV)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            # What a spreadsheet on Windows writes; latin-1 would accept anything and garble it.
            return raw.decode("cp1252")
    except UnicodeDecodeError:
        message = "the file's characters are in no encoding that is known (UTF-8, UTF-16, Windows-1252)"
        raise ReadingError("file_unreadable", message, _SAVE_AS_CSV) from None


def _bytes(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            message = f"the file is larger than {MAX_BYTES / 1e6:g} megabytes"
            raise ReadingError("file_unreadable", message, "check that it is the right file, or split the area")
        return path.read_bytes()
    except FileNotFoundError:
        fix = f"put it in place, fill in its sheet of {WORKBOOK_NAME}, or start from `sufficiency init`"
        raise ReadingError("file_missing", f"the file {path.name} is missing", fix) from None
    except OSError as error:
        message = f"the file cannot be opened ({error.strerror})"
        raise ReadingError("file_unreadable", message, "check that it is a readable file") from None


def read_csv(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file, the header first, without empty ones: row number and trimmed cells.

    Raises
    ------
    ReadingError
        When the file as a whole cannot be understood.
    """
    text = unicodedata.normalize("NFC", _decode(_bytes(path)))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    started = 1
    try:
        for cells in reader:
            rows.append((started, [cell.strip().strip("\u00a0\ufeff") for cell in cells]))
            started = reader.line_num + 1
    except csv.Error as error:
        long = "field limit" in str(error)
        message = f"a cell is longer than {MAX_CELL:,} characters" if long else f"the file breaks off: {error}"
        raise ReadingError("csv_broken", message, "look for an unclosed quotation mark", started) from None
    return [(number, cells) for number, cells in rows if any(cells)]


def _workbook(path: Path, table: Table) -> Path | None:
    """Return where the workbook of the area lies, when the path is that of the table's file in an area."""
    if not table.file or not path.as_posix().endswith(f"/{table.file}"):
        return None
    found = path.parents[len(PurePosixPath(table.file).parts) - 1] / WORKBOOK_NAME
    return found if found.is_file() else None


def has_table(path: Path, table: Table) -> bool:
    """Return whether an area has a table: its CSV file, or a sheet of the workbook with rows below the header."""
    if path.exists():
        return True
    workbook = _workbook(path, table)
    if workbook is None:
        return False
    try:
        sheet = read_sheet(workbook, table.name)
    except ReadingError:
        return False
    return sheet is not None and len(sheet.rows) > 1


def table_rows(path: Path, table: Table, issues: list[Issue]) -> Rows | None:
    """Return the rows of a table from its file, else from its sheet; None, with an issue, when there are none.

    Parameters
    ----------
    path
        The CSV file. Where it is absent and lies in an area, the sheet of the area's workbook is read.
    table
        The table.
    issues
        Faults are appended here.
    """
    name = table.file or path.name
    workbook = _workbook(path, table)
    try:
        if workbook is not None and not path.exists():
            name = f"{WORKBOOK_NAME}, sheet {table.name}"
            rows = _rows_of_sheet(workbook, table)
        else:
            rows = Rows(name, _not_empty(read_csv(path)))
    except ReadingError as error:
        issues.append(Issue(name, error.row, table.name, "", "", "", error.check, "error", error.message, error.fix))
        return None
    if workbook is not None and path.exists():
        _compare(rows, workbook, table, issues)
    return rows


def _rows_of_sheet(workbook: Path, table: Table) -> Rows:
    rows = read_sheet(workbook, table.name)
    if rows is None:
        message = f"the file {table.file} is missing, and the workbook has no sheet {table.name}"
        raise ReadingError("file_missing", message, f"put {table.file} in place, or add the sheet {table.name}")
    _not_empty(rows.rows)
    return rows


def _not_empty(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    if not rows:
        raise ReadingError("file_empty", "the file is empty", "it needs at least its header row")
    return rows


def _compare(rows: Rows, workbook: Path, table: Table, issues: list[Issue]) -> None:
    """Say so where the workbook has other rows than the file, which is the one that is used."""
    try:
        sheet = read_sheet(workbook, table.name)
    except ReadingError as error:
        issues.append(Issue(WORKBOOK_NAME, None, "", "", "", "", error.check, "warning", error.message, error.fix))
        return
    if sheet is None or len(sheet.rows) < 2 or _plain(rows) == _plain(sheet):
        return
    message = f"the sheet {table.name} differs from {table.file}; the CSV file is used"
    fix = f"delete {table.file} to have the workbook used, or delete the rows of the sheet"
    name = f"{WORKBOOK_NAME}, sheet {table.name}"
    issues.append(Issue(name, None, table.name, "", "", "", "two_sources", "warning", message, fix))


def _plain(rows: Rows) -> list[list[tuple[str, str]]]:
    """Return the rows as (column, value) in order of column, numbers as numbers: how a file and a sheet compare.

    A blank cell says no more than a column that is not there.
    """

    def value(text: str) -> str:
        try:
            return repr(float(text))
        except ValueError:
            return text.lower() if text.lower() in {"true", "false"} else text

    header = rows.rows[0][1]
    return [
        sorted((name, value(text)) for name, text in zip(header, cells, strict=False) if text)
        for _, cells in rows.rows[1:]
    ]


def uneven_row(fields: int, width: int) -> tuple[str, str]:
    """Return what is wrong with a row that has another number of fields than the header, and how to mend it."""
    message = f"the row has {fields} {'field' if fields == 1 else 'fields'}, the header {width}"
    if fields > width:
        return message, "remove the extra comma, or quote the text that contains it"
    return message, "add the missing cells (an empty one keeps its comma), or close an open quotation mark"
