"""A published table as columns of text: the header found, the columns wanted picked by pattern, odd rows reported.

Published files change their column names from one vintage to the next, are cut down by analysts, come in the
encodings of spreadsheets, and may have title lines above the header or commas too many at the end of a row. Nothing
here understands what a cell means; the readers of the kinds of files do.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import unicodedata
from array import array
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import python_calamine

from sufficiency.model.issues import Issue
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.public.csv_blocks import GatheredColumn, PlainBlocks
from sufficiency.sources.rows import uneven_row
from sufficiency.sources.sheets import BROKEN_WORKBOOK, cell_text, check_unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["TextTable", "header_of", "normal", "read_text_table", "sheet_names"]

MAX_BYTES: Final = 2_000_000_000
MAX_COLUMNS: Final = 20_000
MAX_CELL: Final = 131_072
# Title lines that a publisher may put above the header.
MOST_TITLE_ROWS: Final = 25
MOST_NAMED: Final = 5
# Rows that are gathered at a time: few enough to stay in the processor's cache.
_BATCH: Final = 200
# A file smaller than this is read row by row: cutting it in blocks would save nothing.
LARGE_BYTES: Final = 2_000_000
_SNIFFED_BYTES: Final = 1_000_000
_SAVE: Final = "save it as CSV (comma delimited, UTF-8)"


@dataclass(frozen=True)
class TextTable:
    """Columns of trimmed text by the name that they were asked for, with the row of the file each cell stands in.

    ``read`` is the number of rows below the header that are not empty; ``shifted`` of them have another number of
    fields than the header and are left out, each of the first few with an issue. A row of blank cells is not a row.
    """

    file: str
    header: tuple[str, ...]
    columns: Mapping[str, NDArray[np.object_]]
    rows: NDArray[np.int64]
    encoding: str
    read: int
    shifted: int

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, name: str) -> NDArray[np.object_]:
        """Return a column; blank cells where the file has no such column."""
        found = self.columns.get(name)
        return np.full(len(self.rows), "", dtype=object) if found is None else found


class _Want(NamedTuple):
    """The columns that a reader asks for: by pattern, which of them it needs, and the pattern of any others."""

    columns: Mapping[str, str]
    needed: tuple[str, ...]
    also: str


def _gather(batch: list[tuple[str, ...]], gathered: Mapping[str, GatheredColumn]) -> None:
    """Move the picked cells of a few rows into their columns."""
    for column, cells in zip(gathered.values(), zip(*batch, strict=True), strict=bool(batch)):
        column.add(cells)
    batch.clear()


def normal(name: str) -> str:
    """Return a column's name as patterns meet it: lower case, one space between words, no marks at its ends."""
    plain = unicodedata.normalize("NFKC", name).replace("\ufeff", "").casefold()
    return re.sub(r"\s+", " ", plain).strip().strip("\"'")


def read_text_table(
    path: Path,
    wanted: Mapping[str, str],
    issues: list[Issue],
    *,
    kind: str,
    needed: Sequence[str] = (),
    sheet: str = "",
    header: Sequence[str] = (),
    also: str = "",
) -> TextTable | None:
    """Read the wanted columns of a CSV file or of one sheet of an Excel workbook.

    Parameters
    ----------
    path
        The file; a workbook when its name ends in .xlsx or .xlsm.
    wanted
        Name to use -> regular expression that the whole of the file's column name must match, in lower case. The first
        column that matches is taken.
    issues
        Faults are appended here: a file that cannot be read, a needed column that is missing, rows with another number
        of fields than the header. Nothing is raised for a fault in the file.
    kind
        What the file is, in plain words; the ``table`` of its issues.
    needed
        Names of `wanted` without which the file is of no use.
    sheet
        Regular expression that the name of the sheet must match; blank = the first in which the needed columns stand.
    header
        The names of the columns of a CSV file that has no header of its own; its rows count from 1 all the same.
    also
        Regular expression: every other column whose whole name matches it is read too, under the name that it has in
        the file, in lower case.

    Returns
    -------
    TextTable or None
        None, with an issue, when the file is of no use.
    """
    want = _Want(wanted, tuple(needed), also)
    try:
        if path.suffix.lower() in {".xlsx", ".xlsm"}:
            return _from_workbook(path, want, issues, kind=kind, sheet=sheet)
        with path.open("rb") as binary:
            encoding = _encoding(path, binary.read(_SNIFFED_BYTES))
        with path.open(encoding=encoding, newline=None, errors="strict") as text:
            rows = chain([(0, list(header))] if header else [], _csv_rows(text))
            return _pick(path.name, rows, want, issues, kind=kind, encoding=encoding, path=path)
    except ReadingError as error:
        fault = (error.check, "error", error.message, error.fix)
        issues.append(Issue(path.name, error.row, kind, "", "", "", *fault))
    except FileNotFoundError:
        fault = ("file_missing", "error", f"the file {path.name} is missing", "put it in place")
        issues.append(Issue(path.name, None, kind, "", "", "", *fault))
    except UnicodeDecodeError:
        fault = ("file_unreadable", "error", "the file holds characters of more than one encoding", _SAVE)
        issues.append(Issue(path.name, None, kind, "", "", "", *fault))
    except OSError as error:
        fault = ("file_unreadable", "error", f"the file cannot be opened ({error.strerror})", "check that it is a file")
        issues.append(Issue(path.name, None, kind, "", "", "", *fault))
    return None


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the names of a workbook's sheets, in lower case; none when it is no workbook that can be opened."""
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return ()
    try:
        check_unpacked(path)
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            return tuple(normal(name) for name in book.sheet_names)
    except (*BROKEN_WORKBOOK, ReadingError):
        return ()


def header_of(path: Path) -> tuple[str, ...]:
    """Return the names of the columns of a CSV file's first row, in lower case; none when it cannot be read as text."""
    try:
        with path.open("rb") as binary:
            start = binary.read(_SNIFFED_BYTES)
        text = start.decode(_encoding(path, start), errors="replace")
        first = next(_csv_rows(io.StringIO(text, newline=None)), (1, []))
    except (OSError, ReadingError):
        return ()
    return tuple(normal(cell) for cell in first[1])


def _encoding(path: Path, start: bytes) -> str:
    """Return the encoding of a file, judged by its marks and by whether all of it can be UTF-8."""
    if path.stat().st_size > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES / 1e9:g} gigabytes"
        raise ReadingError("file_unreadable", message, "check that it is the right file")
    if not start:
        raise ReadingError("file_empty", "the file is empty", "it needs at least its header row")
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    if b"\x00" in start:
        raise ReadingError("file_unreadable", "the file is not a plain CSV file", _SAVE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as whole:
            while whole.read(_SNIFFED_BYTES):
                pass
    except UnicodeDecodeError:
        # What a spreadsheet on Windows and GIAS write; latin-1 would take anything and garble it.
        return "cp1252"
    return "utf-8-sig"


def _csv_rows(text: Iterator[str], first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line; the text starts at line `first`."""
    reader = csv.reader(text, strict=True)
    number = first
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + first
    except csv.Error as error:
        long = "field limit" in str(error)
        message = f"a cell is longer than {MAX_CELL:,} characters" if long else f"the file breaks off: {error}"
        raise ReadingError("csv_broken", message, "look for an unclosed quotation mark", number) from None


def _from_workbook(path: Path, want: _Want, issues: list[Issue], *, kind: str, sheet: str) -> TextTable | None:
    try:
        check_unpacked(path)
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            names = [name for name in book.sheet_names if not sheet or re.fullmatch(sheet, normal(name))]
            for name in names:
                grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                rows = [(at, [cell_text(value) for value in values]) for at, values in enumerate(grid, start=1)]
                if _header(rows[: MOST_TITLE_ROWS + 1], want) is not None or name == names[-1]:
                    file = f"{path.name}, sheet {name}"
                    rows = [(at, cells) for at, cells in rows if any(cells)]
                    return _pick(file, iter(rows), want, issues, kind=kind, encoding="xlsx")
    except BROKEN_WORKBOOK as error:
        message = f"the workbook cannot be read ({type(error).__name__})"
        raise ReadingError(
            "file_unreadable", message, "open it and save it again as .xlsx without a password"
        ) from None
    message = f"the workbook has no sheet whose name matches {sheet!r}" if sheet else "the workbook has no sheet"
    raise ReadingError("sheet_missing", message, "check that it is the right file")


def _header(rows: Sequence[tuple[int, list[str]]], want: _Want) -> tuple[int, dict[str, int]] | None:
    """Return the position among the rows of the first that names every needed column, and where each column stands."""
    for at, (_, cells) in enumerate(rows):
        names = [normal(cell) for cell in cells]
        found = {}
        for name, pattern in want.columns.items():
            place = next((i for i, text in enumerate(names) if re.fullmatch(pattern, text)), None)
            if place is not None:
                found[name] = place
        if want.also:
            taken = set(found.values())
            more = {text: i for i, text in enumerate(names) if i not in taken and re.fullmatch(want.also, text)}
            found = more | found
        if all(name in found for name in want.needed) and found:
            return at, found
    return None


def _pick(
    file: str,
    rows: Iterator[tuple[int, list[str]]],
    want: _Want,
    issues: list[Issue],
    *,
    kind: str,
    encoding: str,
    path: Path | None = None,
) -> TextTable | None:
    head = list(islice(rows, MOST_TITLE_ROWS + 1))
    if not head:
        raise ReadingError("file_empty", "the file is empty", "it needs at least its header row")
    found = _header(head, want)
    if found is None:
        _say_missing(file, head, want, issues, kind=kind)
        return None
    at, places = found
    _say_above(file, head[:at], len(head[at][1]), issues, kind)
    header = [normal(cell) for cell in head[at][1]]
    if len(header) > MAX_COLUMNS:
        raise ReadingError("file_unreadable", f"the file has more than {MAX_COLUMNS:,} columns", "check the file")
    twice = [name for name, place in places.items() if header.count(header[place]) > 1]
    for name in twice:
        text = header[places[name]]
        fault = ("header_twice", "error", f"the header names {text!r} twice", "keep the column once")
        issues.append(Issue(file, head[at][0], kind, "", text, text, *fault))
    if twice:
        return None
    gathered = {name: GatheredColumn() for name in places}
    numbers: array[int] = array("q")
    below = head[at + 1 :]
    wrong = None
    if path is not None and below and encoding != "utf-16" and path.stat().st_size > LARGE_BYTES:
        size = {"line": below[0][0], "width": len(header)}
        wrong = _take_blocks(path, **size, encoding=encoding, places=places, gathered=gathered, numbers=numbers)
    if wrong is None:
        wrong = _take(chain(below, rows), len(header), places, gathered, numbers)
    _say_shifted(file, wrong, len(header), kind, issues)
    columns = {name: np.array(gathered.pop(name).texts, dtype=object) for name in places}
    read = len(numbers) + len(wrong)
    return TextTable(file, tuple(header), columns, np.array(numbers, dtype=np.int64), encoding, read, len(wrong))


def _take_blocks(
    path: Path,
    *,
    line: int,
    encoding: str,
    width: int,
    places: Mapping[str, int],
    gathered: Mapping[str, GatheredColumn],
    numbers: array[int],
) -> list[tuple[int, int]] | None:
    """Take what `_take` takes, in blocks as far as they go; None where a line above them ends in a bare return."""
    with path.open("rb") as binary:
        if binary.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            binary.seek(0)
        for _ in range(line - 1):
            above = binary.readline(_SNIFFED_BYTES)
            if not above.endswith(b"\n") or b"\r" in above.removesuffix(b"\r\n"):
                return None
        blocks = PlainBlocks(binary, line=line, encoding=encoding, width=width)
        plain = blocks.gather([(places[name], column) for name, column in gathered.items()])
        numbers.extend(range(line, line + plain))
        binary.seek(blocks.position)
        with io.TextIOWrapper(binary, encoding=blocks.encoding, newline=None) as rest:
            return _take(_csv_rows(rest, blocks.line), width, places, gathered, numbers)


def _take(
    rows: Iterator[tuple[int, list[str]]],
    width: int,
    places: Mapping[str, int],
    gathered: Mapping[str, GatheredColumn],
    numbers: array[int],
) -> list[tuple[int, int]]:
    """Gather the cells of the columns and the numbers of their rows; return row and fields of those left out."""
    # a row is let go as soon as its wanted cells are picked: wide rows held together cost more than they save
    wanted = list(places.values())
    pick = itemgetter(*wanted) if len(wanted) > 1 else (lambda cells: (cells[wanted[0]],))
    batch: list[tuple[str, ...]] = []
    wrong: list[tuple[int, int]] = []
    for number, cells in rows:
        if len(cells) != width:
            if any(cell.strip() for cell in cells):
                wrong.append((number, len(cells)))
            continue
        if not any(cells):
            continue
        numbers.append(number)
        batch.append(pick(cells))
        if len(batch) == _BATCH:
            _gather(batch, gathered)
    _gather(batch, gathered)
    return wrong


def _say_shifted(file: str, wrong: Sequence[tuple[int, int]], width: int, kind: str, issues: list[Issue]) -> None:
    for number, fields in wrong[:MOST_NAMED]:
        message, fix = uneven_row(fields, width)
        issues.append(Issue(file, number, kind, "", "", "", "row_shifted", "error", message, fix))
    if len(wrong) > MOST_NAMED:
        message = f"{len(wrong) - MOST_NAMED} more rows have another number of fields than the header"
        issues.append(Issue(file, None, kind, "", "", "", "row_shifted", "error", message, "mend them alike"))


def _say_above(file: str, rows: Sequence[tuple[int, list[str]]], width: int, issues: list[Issue], kind: str) -> None:
    """Report rows above the header that are as wide and as full as records: they would be taken for titles."""
    full = [number for number, cells in rows if len(cells) == width and 2 * sum(map(bool, cells)) > width > 2]
    if full:
        message = f"{len(full)} rows above the header, from row {full[0]} on, look like records, and are not read"
        fault = ("rows_above_header", "error", message, "keep one header row, above every record")
        issues.append(Issue(file, None, kind, "", "", "", *fault))


def _say_missing(
    file: str, head: Sequence[tuple[int, list[str]]], want: _Want, issues: list[Issue], *, kind: str
) -> None:
    row = max(head, key=lambda one: sum(bool(cell) for cell in one[1]))
    names = [normal(cell) for cell in row[1]]
    if not want.needed:
        message = f"the {kind} has none of the columns that are read"
        fault = ("column_missing", "error", message, "check that it is the right file, with commas between the columns")
        issues.append(Issue(file, row[0], kind, "", "", "", *fault))
    for name in want.needed:
        if any(re.fullmatch(want.columns[name], text) for text in names):
            continue
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; the nearest is {near[0][:60]!r}" if near else ""
        message = f"the {kind} has no column for {name.replace('_', ' ')}{hint}"
        issues.append(
            Issue(
                file, row[0], kind, "", name, "", "column_missing", "error", message, "check that it is the right file"
            )
        )
