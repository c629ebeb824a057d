"""Reading one cell of text as its column declares it, or saying what is wrong and how to mend it.

Nothing is guessed: ids keep leading zeros, ``NA`` and ``None`` are text, blank is missing, the symbols c, x, z, k, low,
u and : are missing with a note, and a date, a thousands separator or a currency sign is refused, not understood.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sufficiency.model.vocabulary import parse_year

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.model.tables import Column

__all__ = ["DATE_CELL", "ERROR_CELL", "CellFault", "ReadingError", "parse_cell", "shown", "veiled"]

GSS_SYMBOLS: Final = frozenset({"c", "x", "z", "k", "low", "u", ":", "..", "-"})
DATE_CELL: Final = "date"
ERROR_CELL: Final = "error"
LARGEST: Final = 2.0**53
_DATE_LIKE: Final = re.compile(
    r"^(\d{1,2}[-/ ](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct"
    r"|nov|dec)[a-z]*[-/ ]\d{1,4}|\d{1,4}[-/]\d{1,2}[-/]\d{2,4})( .*)?$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SEPARATED: Final = re.compile(r"[£$€]?-?\d{1,3}(,\d{3})+(\.\d+)?|[£$€].*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
_TRUE: Final = frozenset({"true", "yes", "1", "y"})
_FALSE: Final = frozenset({"false", "no", "0", "n"})
_SHOWN_LENGTH: Final = 60


class CellFault(NamedTuple):
    """What is wrong with a cell: name of the check, severity, message, and how to mend it."""

    check: str
    severity: str
    message: str
    fix: str


class ReadingError(ValueError):
    """Something that cannot be read: name of the check, message, how to mend it, and the row if one is known."""

    def __init__(self, check: str, message: str, fix: str, row: int | None = None) -> None:
        super().__init__(message)
        self.check, self.message, self.fix, self.row = check, message, fix, row


def _date_refused(text: str) -> ReadingError:
    return ReadingError(
        "date_in_number",
        f"{_short(text)!r} looks like a date where a number belongs",
        "a spreadsheet turned the value into a date: set the column to text and type it again",
    )


def _number(text: str) -> float:
    plain = text.replace("\u2212", "-")
    if _DATE_LIKE.match(plain):
        raise _date_refused(text)
    if _SEPARATED.fullmatch(plain):
        raise ReadingError(
            "number_format",
            f"{_short(text)!r} is written with separators or a currency sign",
            "write the number with digits only, for example 1200",
        )
    if _NOT_FINITE.fullmatch(plain):
        raise ReadingError("not_finite", f"{_short(text)!r} is not a finite number", "replace it by a number")
    if not _NUMBER.fullmatch(plain):
        raise ReadingError("text_in_number", f"{_short(text)!r} is not a number", "replace it by a number")
    value = float(plain)
    if not math.isfinite(value):
        raise ReadingError("not_finite", f"{_short(text)!r} is not a finite number", "replace it by a number")
    return value


def _bounded(value: float, column: Column) -> float:
    low, high = column.least, column.most
    if (low is not None and value < low) or (high is not None and value > high) or abs(value) > LARGEST:
        if low is None and high is None:
            limits = f"below {LARGEST:g}"
        elif high is None:
            limits = f"at least {low:g}"
        else:
            limits = f"from {'any' if low is None else f'{low:g}'} to {high:g}"
        raise ReadingError(
            "out_of_bounds",
            f"{value:g} is out of bounds: {column.name} must be {limits}",
            f"correct the value ({column.meaning})",
        )
    return value


def _int(text: str, column: Column) -> int:
    value = _bounded(_number(text), column)
    if value != int(value):
        message = f"{_short(text)!r} is not a whole number"
        raise ReadingError("not_whole", message, "round it, or split it into whole pupils or places")
    return int(value)


def _float(text: str, column: Column) -> float:
    return _bounded(_number(text), column)


def _bool(text: str, _column: Column) -> bool:
    lower = text.lower()
    if lower not in _TRUE | _FALSE:
        raise ReadingError("not_yes_or_no", f"{_short(text)!r} is neither true nor false", "write true or false")
    return lower in _TRUE


def _year(text: str, _column: Column) -> int:
    try:
        return parse_year(text)
    except ValueError:
        raise ReadingError("not_a_year", f"{_short(text)!r} is not an academic year", "write 2028 or 2028/29") from None


def _code(text: str, column: Column) -> str:
    if text in column.codes:
        return text
    folded = {code.casefold(): code for code in column.codes}
    same = folded.get(text.casefold())
    near = [same] if same else difflib.get_close_matches(text[:_SHOWN_LENGTH], column.codes, n=1, cutoff=0.5)
    hint = f"write {near[0]}" if near else f"use one of {', '.join(column.codes)}"
    raise ReadingError("unknown_code", f"{_short(text)!r} is not a code of {column.name}", hint)


def _codes(text: str, column: Column) -> str:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    for part in parts:
        _code(part, column)
    if len(set(parts)) != len(parts):
        raise ReadingError("repeated_code", f"{_short(text)!r} names a code twice", "name each code once")
    if not parts:
        raise ReadingError("blank", f"{column.name} names no code", f"state it: {column.meaning}")
    return ";".join(parts)


def _text(text: str, column: Column) -> str:
    if column.name == "department" and _DATE_LIKE.match(text):
        raise ReadingError(
            "date_in_text", f"{_short(text)!r} looks like a date", "set the column to text and type it again"
        )
    return text


_PARSERS: Final[dict[str, Callable[[str, Column], Any]]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "year": _year,
    "code": _code,
    "codes": _codes,
    "text": _text,
    "date": _text,
}


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "..."


def shown(text: str, column: Column) -> str:
    """Return the cell as a report may show it: shortened, and of a personal column only the class."""
    if column.personal:
        return "text" if not text.replace(".", "").lstrip("-").isdigit() else "number"
    return _short(text)


def veiled(fault: CellFault, column: Column) -> CellFault:
    """Return the fault without the value, where the column is personal."""
    if not column.personal:
        return fault
    fix = f"use one of {', '.join(column.codes)}" if column.codes else f"correct the value ({column.meaning})"
    return fault._replace(message=f"the value of {column.name} cannot be used", fix=fix)


def _blank_value(column: Column) -> str | None:
    """Return what stands for a blank cell: an empty string in text, None elsewhere."""
    return "" if column.kind in {"text", "date", "code", "codes"} else None


def _odd_fault(text: str, column: Column, odd: str) -> CellFault | None:
    """Return the fault of a spreadsheet's date or error cell, if it is one in this column."""
    if odd == ERROR_CELL:
        message = f"the cell holds a spreadsheet's error ({text})"
        return CellFault("error_cell", "error", message, "mend the formula, or type the value")
    if odd == DATE_CELL and column.kind != "date" and not (column.kind == "text" and column.blank):
        message = f"the cell is a date ({text}) where {column.meaning} belongs"
        fix = "the spreadsheet turned the value into a date: set the column to text and type it again"
        check = "date_in_number" if column.kind in {"int", "float", "year"} else "date_in_text"
        return CellFault(check, "error", message, fix)
    return None


def parse_cell(text: str, column: Column, odd: str = "") -> tuple[Any, CellFault | None]:
    """Return the value of a cell and, if something is wrong or worth saying, what.

    Parameters
    ----------
    text
        The cell, trimmed.
    column
        Its column.
    odd
        `DATE_CELL` or `ERROR_CELL` where the spreadsheet says that the cell is one.
    """
    fault = _cell_fault(text, column, odd)
    if fault is not None or text == "":
        return _blank_value(column), fault
    try:
        return _PARSERS[column.kind](text, column), None
    except ReadingError as error:
        return _blank_value(column), CellFault(error.check, "error", error.message, error.fix)


def _cell_fault(text: str, column: Column, odd: str) -> CellFault | None:
    """Return what is wrong with a cell before its content is parsed."""
    if odd and (fault := _odd_fault(text, column, odd)) is not None:
        return fault
    if text == "" and not column.blank:
        return CellFault("blank", "error", f"{column.name} is blank", f"state it: {column.meaning}")
    if _CONTROL.search(text):
        message = "the cell holds characters that cannot be printed"
        return CellFault("unreadable_text", "error", message, "type it again, and save the file as CSV UTF-8")
    if column.kind in {"int", "float"} and text.lower() in GSS_SYMBOLS:
        if column.blank:
            return CellFault("gss_symbol", "note", f"{_short(text)!r} is read as missing", "nothing, if that is meant")
        message = f"{_short(text)!r} stands for a hidden or missing figure, and {column.name} is needed"
        return CellFault("gss_symbol", "error", message, "put the figure in; a hidden figure is never taken as 0")
    return None
