"""Reading one sheet of the area's Excel workbook as rows of text, the way a CSV file would hold them.

A spreadsheet keeps numbers, dates and errors apart from text. Whole numbers come back without a decimal point, so
that an id typed as 123456 stays that id; dates and error cells are marked, so that they are reported where they do not
belong.
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import python_calamine

from sufficiency.sources.cells import DATE_CELL, ERROR_CELL, ReadingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["BROKEN_WORKBOOK", "WORKBOOK_NAME", "Rows", "cell_text", "check_unpacked", "read_sheet"]

WORKBOOK_NAME: Final = "area-workbook.xlsx"
MAX_UNPACKED_BYTES: Final = 500_000_000
# What a damaged, protected or oddly packed archive raises, in Python's reader and in the spreadsheet reader.
BROKEN_WORKBOOK: Final = (
    zipfile.BadZipFile,
    zlib.error,
    python_calamine.CalamineError,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeDecodeError,
)
_SAVE_AGAIN: Final = "open it in the spreadsheet and save it as an Excel workbook (.xlsx) without a password"


@dataclass(frozen=True)
class Rows:
    """Rows of text, the header first: (row number, trimmed cells); ``odd`` marks date and error cells by (row, column).

    ``file`` is how a report names where they come from; columns count from 0.
    """

    file: str
    rows: list[tuple[int, list[str]]]
    odd: Mapping[tuple[int, int], str] = field(default_factory=dict)


def read_sheet(path: Path, table: str) -> Rows | None:
    """Return the rows of the sheet that bears a table's name.

    Parameters
    ----------
    path
        The workbook.
    table
        Name of the table and sheet.

    Returns
    -------
    Rows or None
        Rows without empty ones; None when the workbook has no such sheet.

    Raises
    ------
    ReadingError
        When the workbook cannot be opened, is protected, or unpacks to more than 500 megabytes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_unpacked(archive)
            errors = _error_cells(archive, table)
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            if table not in workbook.sheet_names:
                return None
            grid = workbook.get_sheet_by_name(table).to_python(skip_empty_area=False)
    except BROKEN_WORKBOOK as error:
        message = f"the workbook cannot be read ({type(error).__name__})"
        raise ReadingError("file_unreadable", message, _SAVE_AGAIN) from None
    return _as_rows(grid, errors, f"{WORKBOOK_NAME}, sheet {table}")


def check_unpacked(path: Path) -> None:
    """Refuse a workbook that unpacks to more than 500 megabytes.

    Raises
    ------
    ReadingError
        When it does. What a damaged archive raises is among `BROKEN_WORKBOOK`.
    """
    with zipfile.ZipFile(path) as archive:
        _check_unpacked(archive)


def _check_unpacked(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
        message = f"the workbook unpacks to more than {MAX_UNPACKED_BYTES / 1e6:g} megabytes"
        raise ReadingError("file_unreadable", message, "give large tables as CSV files")


def _as_rows(grid: Sequence[Sequence[object]], errors: Mapping[tuple[int, int], str], file: str) -> Rows:
    odd = dict.fromkeys(errors, ERROR_CELL)
    rows: list[tuple[int, list[str]]] = []
    width = 0
    for number, values in enumerate(grid, start=1):
        cells = [errors.get((number, column)) or cell_text(value) for column, value in enumerate(values)]
        if not any(cells):
            continue
        if not rows:
            width = 1 + max(column for column, cell in enumerate(cells) if cell)
        used = 1 + max(column for column, cell in enumerate(cells) if cell)
        rows.append((number, cells[: max(width, used)]))
        odd |= {(number, column): DATE_CELL for column, value in enumerate(values) if _is_time(value)}
    return Rows(file, rows, odd)


def _is_time(value: object) -> bool:
    return isinstance(value, dt.date | dt.time | dt.timedelta)


def cell_text(value: object) -> str:
    """Return a spreadsheet's value as the text of a CSV file: whole numbers without a point, dates as in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return unicodedata.normalize("NFC", str(value)).strip().strip("\u00a0")


def _error_cells(archive: zipfile.ZipFile, table: str) -> dict[tuple[int, int], str]:
    """Return the error cells of a sheet by (row, column); the reader of cells gives them as blank.

    The archive's own words are searched, not parsed as XML, so that nothing in it can be expanded.
    """
    book = archive.read("xl/workbook.xml").decode("utf-8")
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8")
    sheet = _tag("sheet", "name", table, book)
    link = _tag("Relationship", "Id", _attribute(sheet, "r:id"), links)
    if not sheet or not link:
        return {}
    member = posixpath.normpath(posixpath.join("/xl", _attribute(link, "Target"))).lstrip("/")
    text = archive.read(member).decode("utf-8")
    found = {}
    for match in re.finditer(r"<c\s([^>]*\bt=\"e\"[^>]*)>(.*?)</c>", text, re.DOTALL):
        place = re.fullmatch(r"([A-Z]+)(\d+)", _attribute(match[1], "r"))
        value = re.search(r"<v>([^<]*)</v>", match[2])
        if place:
            found[int(place[2]), _column_number(place[1])] = value[1] if value else "#ERROR"
    return found


def _tag(name: str, attribute: str, value: str, text: str) -> str:
    tags = re.findall(rf"<{name}\s[^>]*>", text)
    return next((tag for tag in tags if _attribute(tag, attribute) == value), "")


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf"(?:^|\s){re.escape(name)}=\"([^\"]*)\"", tag)
    return match[1] if match else ""


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
