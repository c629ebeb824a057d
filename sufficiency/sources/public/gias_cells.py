"""Understanding the cells of schools' files a column at a time, with what is wrong said row by row.

Each different text is understood once, by the rules that the area's own tables are read by; of the rows at fault the
first few are named and the rest counted. Ids that a spreadsheet wrote as decimal numbers are repaired where no digit
is lost, and never guessed where one is.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.model.issues import Issue
from sufficiency.model.tables import Column
from sufficiency.sources.cells import CellFault, parse_cell
from sufficiency.sources.public.text_table import MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.sources.public.text_table import TextTable

__all__ = ["ESTABLISHMENT_DIGITS", "LAESTAB_DIGITS", "URN_DIGITS", "Cells", "named", "whole_id"]

URN_DIGITS: Final = 6
LAESTAB_DIGITS: Final = 7
ESTABLISHMENT_DIGITS: Final = 4
_SHOWN_LENGTH: Final = 60
_SCIENTIFIC: Final = re.compile(r"(\d)(?:\.(\d*))?e\+?(\d{1,3})", re.IGNORECASE | re.ASCII)
_AREA_CODE: Final = re.compile(r"[EWSN]\d{8}")
# what the register writes for "in no area"
_NO_AREA: Final = re.compile(r"9+|[EWSN]9{8}")
_POSTCODE: Final = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?: 00:00(?::00)?)?", re.ASCII)
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?", re.ASCII)


def named(*names: str) -> str:
    """Return the pattern of a column that goes by any of the names, however its words are joined or bracketed."""
    return "|".join(r"[ _.()-]*".join(map(re.escape, name.split())) + r"[ _.()]*" for name in names)


def whole_id(text: str, digits: int) -> tuple[str, str]:
    """Return an id of so many digits and how it was written.

    Returns
    -------
    tuple of str
        The id, blank when there is none; and ``""`` (as it should be), ``"decimal"`` (``122967.0``, repaired),
        ``"scientific"`` (``1.22967E+05``: repaired when every digit is there, blank when digits are lost as in
        ``1e+05``), ``"blank"`` or ``"not_an_id"``.
    """
    if not text:
        return "", "blank"
    whole, point, rest = text.partition(".")
    if whole.isascii() and whole.isdigit() and len(whole) == digits:
        if not point:
            return whole, ""
        if not rest.strip("0"):
            return whole, "decimal"
    match = _SCIENTIFIC.fullmatch(text)
    if match is None or int(match[3]) + 1 != digits:
        return "", "not_an_id"
    mantissa = match[1] + (match[2] or "")
    complete = len(mantissa) >= digits and not mantissa[digits:].strip("0")
    return (mantissa[:digits] if complete else ""), "scientific"


@dataclass(frozen=True)
class Cells:
    """The text of a file being understood: the patterns its columns were found by, and where faults and notes go."""

    table: TextTable
    wanted: dict[str, str]
    kind: str
    issues: list[Issue]
    key: str = ""
    notes: dict[str, int] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return whether the file has a column."""
        return name in self.table.columns

    def column_of(self, name: str) -> str:
        """Return the file's own name of a column; the name asked for where the file has none."""
        return next((text for text in self.table.header if re.fullmatch(self.wanted[name], text)), name)

    def part(self, mask: NDArray[np.bool_]) -> Cells:
        """Return the rows of a mask; faults and notes go where they went."""
        columns = {name: column[mask] for name, column in self.table.columns.items()}
        return replace(self, table=replace(self.table, columns=columns, rows=self.table.rows[mask]))

    def note(self, what: str, rows: int) -> None:
        """Count rows or cells to which something was done."""
        if rows:
            self.notes[what] = self.notes.get(what, 0) + int(rows)

    def say(self, fault: CellFault, name: str = "") -> None:
        """Report something that holds for the file or a whole column of it."""
        column = self.column_of(name) if name else ""
        self.issues.append(Issue(self.table.file, None, self.kind, "", column, "", *fault))

    def report(self, name: str, at: NDArray[np.intp], fault: CellFault | Callable[[str], CellFault]) -> None:
        """Report cells of a column; the first few by row, the rest by their number.

        Parameters
        ----------
        name
            The column.
        at
            Positions of the cells.
        fault
            What is wrong, or what says so of a cell's text.
        """
        cells, keys = self.table.get(name), self.table.get(self.key)
        column = self.column_of(name)
        for one in at[:MOST_NAMED]:
            text = str(cells[one])
            said = fault(text) if callable(fault) else fault
            where = (self.table.file, int(self.table.rows[one]), self.kind, str(keys[one])[:_SHOWN_LENGTH], column)
            self.issues.append(Issue(*where, text[:_SHOWN_LENGTH], *said))
        if len(at) > MOST_NAMED:
            said = fault(str(cells[at[MOST_NAMED]])) if callable(fault) else fault
            message = f"{len(at) - MOST_NAMED:,} more cells of {column!r} are at fault in the same way"
            self.say(said._replace(message=message), name)

    def understand(self, name: str, parse: Callable[[str], tuple[Any, CellFault | None]], blank: object) -> list[Any]:
        """Return the value of each cell of a column, `blank` where the file has no such column.

        A fault of severity note is counted and said once; the cells of any other are reported.
        """
        cells = self.table.get(name)
        if not self.has(name):
            return [blank] * len(cells)
        known = {str(text): parse(str(text)) for text in dict.fromkeys(cells)}
        by_check: dict[tuple[str, str], list[int]] = {}
        for at, text in enumerate(cells):
            fault = known[text][1]
            if fault is not None:
                by_check.setdefault((fault.check, fault.severity), []).append(at)
        for (check, severity), found in by_check.items():
            first = known[cells[found[0]]][1]
            if severity == "note" and first is not None:
                self.note(f"cells of {self.column_of(name)!r}: {check.replace('_', ' ')}", len(found))
                symbols = ", ".join(sorted({str(cells[at]) for at in found})[:MOST_NAMED])
                message = f"{len(found):,} cells of {self.column_of(name)!r} are read as missing ({symbols[:80]})"
                self.say(first._replace(message=message), name)
            else:
                self.note(f"cells at fault, read as not stated: {self.column_of(name)!r}", len(found))
                self.report(name, np.array(found, dtype=np.intp), _looked_up(known))
        return [known[text][0] for text in cells]

    def numbers(
        self, name: str, meaning: str, *, least: float | None = 0, most: float | None = None, kind: str = "int"
    ) -> NDArray[np.float64]:
        """Return the numbers of a column; NaN where blank, hidden by a symbol, or at fault (reported)."""
        column = Column(name, kind, meaning, blank=True, least=least, most=most)  # type: ignore[arg-type]  # a code
        values = self.understand(name, lambda text: parse_cell(text, column), None)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def text(self, name: str, *, without: Sequence[str] = ()) -> list[str]:
        """Return the text of a column; blank for the words in `without` (in lower case)."""
        column = Column(name, "text", name.replace("_", " "), blank=True)
        return [
            "" if value.casefold() in without else value
            for value in self.understand(name, lambda text: parse_cell(text, column), "")
        ]

    def ids(self, name: str, digits: int) -> tuple[list[str], list[str]]:
        """Return the ids of a column and how each was written (`whole_id`); nothing is reported but repairs noted."""
        known = {text: whole_id(str(text), digits) for text in dict.fromkeys(self.table.get(name))}
        found = [known[text] for text in self.table.get(name)]
        repaired = sum(how in {"decimal", "scientific"} and bool(value) for value, how in found)
        self.note(f"{self.column_of(name)} written as a decimal number, repaired", repaired)
        return [value for value, _ in found], [how for _, how in found]

    def area_codes(self, name: str) -> list[str]:
        """Return the statistical codes of areas; blank where the register says that there is none."""
        return self.understand(name, _area_code, "")

    def postcodes(self, name: str) -> list[str]:
        """Return postcodes with one space."""
        return self.understand(name, _postcode, "")

    def dates(self, name: str) -> list[str]:
        """Return dates as ISO text. They are day first or ISO; one that can only be month first spoils the ambiguous.

        A column in which a date can only be month first was written by a machine of another country: those dates and
        all whose day and month could be either are refused.
        """
        month_first = any(
            match is not None and int(match[2]) > 12 >= int(match[1])
            for match in (_DAY_FIRST.fullmatch(str(text)) for text in dict.fromkeys(self.table.get(name)))
        )
        return self.understand(name, lambda text: _date(text, month_first=month_first), "")


def _looked_up(known: Mapping[str, tuple[Any, CellFault | None]]) -> Callable[[str], CellFault]:
    faults = {text: fault for text, (_, fault) in known.items() if fault is not None}
    return lambda text: faults[text]


def _area_code(text: str) -> tuple[str, CellFault | None]:
    code = text.upper()
    if not code or (_AREA_CODE.fullmatch(code) and not _NO_AREA.fullmatch(code)):
        return code, None
    if _NO_AREA.fullmatch(code.removesuffix(".0")):
        return "", CellFault("no_area", "note", f"{text!r} stands for no area", "nothing, if that is meant")
    fix = "write the nine characters of the code, such as E07000178"
    return "", CellFault("not_an_area_code", "warning", f"{text[:_SHOWN_LENGTH]!r} is not a code of an area", fix)


def _postcode(text: str) -> tuple[str, CellFault | None]:
    match = _POSTCODE.fullmatch(re.sub(r"\s+", "", text.upper()))
    if not text or match is not None:
        return (f"{match[1]} {match[2]}" if match else ""), None
    fix = "write it like OX3 9DU"
    return "", CellFault("not_a_postcode", "warning", f"{text[:_SHOWN_LENGTH]!r} is not a postcode", fix)


def _date(text: str, *, month_first: bool) -> tuple[str, CellFault | None]:
    if not text:
        return "", None
    iso, day_first = _ISO.fullmatch(text), _DAY_FIRST.fullmatch(text)
    parts = (0, 0, 0)
    if iso is not None:
        parts = (int(iso[1]), int(iso[2]), int(iso[3]))
    elif day_first is not None:
        parts = (int(day_first[3]), int(day_first[2]), int(day_first[1]))
    if day_first is not None and month_first and max(parts[1:]) <= 12:
        message = f"{text!r} may be month first, as other dates of the column are"
        return "", CellFault("date_ambiguous", "error", message, "write dates as dd-mm-yyyy or yyyy-mm-dd")
    try:
        return dt.date(*parts).isoformat(), None
    except ValueError:
        message = f"{text[:_SHOWN_LENGTH]!r} is not a date"
        return "", CellFault("not_a_date", "error", message, "write it as dd-mm-yyyy or yyyy-mm-dd")
