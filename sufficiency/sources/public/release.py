"""What the files of an official release share: symbols for figures not given, periods, and whose row it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.model.issues import Issue
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.sources.public.text_table import TextTable

__all__ = [
    "AUTHORITY_LEVELS",
    "IDENTITY",
    "SYMBOLS",
    "SetAside",
    "number_columns",
    "of_authority",
    "read_numbers",
    "read_periods",
    "read_whole_table",
    "say",
    "say_once",
]

SYMBOLS: Final[dict[str, str]] = {
    "z": "not applicable",
    "x": "not available",
    "c": "confidential, held back",
    "k": "rounds to 0 but is not 0",
    "low": "rounds to 0 but is not 0",
    "u": "too unreliable to publish",
    ":": "not available",
    "..": "not available",
    "-": "none given",
}
BLANK: Final = "blank: nothing in the cell"
UNREADABLE: Final = "unreadable: not a number of 0 or more"
AUTHORITY_LEVELS: Final = frozenset({"local authority", "la", "local_authority", ""})
IDENTITY: Final[dict[str, str]] = {
    "time_period": "time_period|year|academic_?year",
    "time_identifier": "time_identifier",
    "geographic_level": "geographic_level",
    "country_code": "country_code",
    "country_name": "country_name",
    "region_code": "region_code",
    "region_name": "region_name|region",
    "new_la_code": "new_la_code",
    "old_la_code": "old_la_code|lanumber",
    "la_name": "la_name",
}
MOST_NAMED: Final = 5
_NUMBER: Final = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_SIGNED: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ACADEMIC: Final = re.compile(r"(\d{4})[/-]?(\d{2})", re.ASCII)
_LARGEST: Final = 2.0**53


class Numbers(NamedTuple):
    """Values (NaN = missing), why each missing one is (symbol and meaning, or blank), and which cells are at fault."""

    values: NDArray[np.float64]
    missing: NDArray[np.object_]
    wrong: NDArray[np.bool_]


class SetAside:
    """Which rows of a table are still in use, and how many were set aside for what reason; a row is counted once."""

    def __init__(self, table: TextTable) -> None:
        self.keep = np.ones(len(table), dtype=bool)
        self.reasons: dict[str, int] = {}
        if table.shifted:
            self.reasons["another number of fields than the header"] = table.shifted

    def drop(self, where: NDArray[np.bool_], reason: str) -> int:
        """Set rows aside; return how many were still in use."""
        fresh = where & self.keep
        count = int(fresh.sum())
        if count:
            self.reasons[reason] = self.reasons.get(reason, 0) + count
            self.keep &= ~where
        return count


def say(
    issues: list[Issue],
    table: TextTable,
    kind: str,
    at: NDArray[np.intp],
    fault: tuple[str, str, str, str],
    *,
    column: str = "",
    values: Sequence[object] | None = None,
) -> None:
    """Append an issue for each of the first rows at fault, and one that counts the rest."""
    check, severity, message, fix = fault
    for n, i in enumerate(at[:MOST_NAMED]):
        value = "" if values is None else str(values[n])[:60]
        issues.append(Issue(table.file, int(table.rows[i]), kind, "", column, value, check, severity, message, fix))
    if len(at) > MOST_NAMED:
        more = f"{len(at) - MOST_NAMED:,} more rows: {message}"
        issues.append(Issue(table.file, None, kind, "", column, "", check, severity, more, fix))


def say_once(
    issues: list[Issue], table: TextTable, kind: str, fault: tuple[str, str, str, str], *, column: str = ""
) -> None:
    """Append an issue of the whole file."""
    issues.append(Issue(table.file, None, kind, "", column, "", *fault))


def _number(text: str, *, signed: bool) -> tuple[float, str, bool]:
    if text == "":
        return np.nan, BLANK, False
    symbol = text.casefold().strip("[]")
    if symbol in SYMBOLS:
        return np.nan, f"{symbol}: {SYMBOLS[symbol]}", False
    if (_SIGNED if signed else _NUMBER).fullmatch(text) and abs(float(text)) <= _LARGEST:
        return float(text), "", False
    return np.nan, UNREADABLE, True


def read_numbers(texts: NDArray[np.object_], *, signed: bool = False) -> Numbers:
    """Read cells as numbers of 0 or more (`signed`: any finite number); a symbol or a blank is missing, never 0.

    Separators, currency and percent signs are not understood: such a cell is at fault and missing.
    """
    codes, unique = pd.factorize(texts)
    read = [_number(str(text), signed=signed) for text in unique]
    values = np.array([value for value, _, _ in read], dtype=float)
    missing = np.array([reason for _, reason, _ in read], dtype=object)
    wrong = np.array([fault for _, _, fault in read], dtype=bool)
    return Numbers(values[codes], missing[codes], wrong[codes])


def _period(period: str, identifier: str) -> tuple[int, str]:
    name = identifier.casefold()
    academic = _ACADEMIC.fullmatch(period)
    if academic and name in {"academic year", ""}:
        first, second = int(academic[1]), int(academic[2])
        return (first, "academic") if (first + 1) % 100 == second and first >= 1990 else (-1, "")
    if re.fullmatch(r"(19|20)\d\d", period, re.ASCII) and name in {"calendar year", ""}:
        return int(period), "calendar"
    return -1, ""


def read_periods(periods: NDArray[np.object_], identifiers: NDArray[np.object_]) -> tuple[pd.Series, pd.Series]:
    """Return years and kinds of period: ``202425`` is academic 2024, ``2024`` a calendar year; else -1 and blank."""
    pairs = list(zip(periods, identifiers, strict=True))
    known = {pair: _period(str(pair[0]), str(pair[1])) for pair in set(pairs)}
    years = pd.Series([known[pair][0] for pair in pairs], dtype="int64")
    return years, pd.Series([known[pair][1] for pair in pairs], dtype=object)


def of_authority(table: TextTable, aside: SetAside, la_code: str | None, *, levels: frozenset[str]) -> pd.Series:
    """Set aside rows of other levels and, where a code (new or old) is given, of other authorities.

    Returns
    -------
    Series
        The authority's new code, the old one where the row has no new one; one a row of the table.
    """
    level = np.array([str(text).casefold() for text in table.get("geographic_level")], dtype=object)
    aside.drop(~np.isin(level, sorted(levels)), "another geographic level")
    new, old = table.get("new_la_code"), table.get("old_la_code")
    if la_code is not None:
        wanted = la_code.strip().casefold()
        own = np.array([wanted in (str(a).casefold(), str(b).casefold()) for a, b in zip(new, old, strict=True)])
        aside.drop(~own if len(own) else np.zeros(0, dtype=bool), "another authority")
    return pd.Series(np.where(new != "", new, old), dtype=object)


def _words(texts: NDArray[np.object_]) -> int:
    """Return how many cells hold no digit at all."""
    codes, unique = pd.factorize(texts)
    return int(np.isin(codes, [n for n, text in enumerate(unique) if not re.search(r"\d", str(text))]).sum())


def number_columns(
    table: TextTable, skip: Mapping[str, str], keep: NDArray[np.bool_], issues: list[Issue], kind: str
) -> tuple[dict[str, Numbers], list[str]]:
    """Return the numbers of every column but those of `skip`, and the columns of words, which are named once.

    Faults are reported of the rows to keep only.
    """
    found, words = {}, []
    for name, texts in table.columns.items():
        if name in skip:
            continue
        numbers = read_numbers(texts)
        wrong = numbers.wrong & keep
        if _words(texts[wrong]) > keep.sum() / 2:
            words.append(name)
            message = f"the column {name[:60]!r} holds words, not figures, and is left out"
            fault = ("column_of_words", "warning", message, "nothing, if the release has such a column")
            issues.append(Issue(table.file, None, kind, "", name[:60], "", *fault))
            continue
        at = np.flatnonzero(wrong)
        fault = ("not_a_number", "error", "the cell is not a number of 0 or more and is taken as missing", _MEND)
        say(issues, table, kind, at, fault, column=name[:60], values=[texts[i] for i in at[:MOST_NAMED]])
        found[name] = numbers
    return found, words


_MEND: Final = "write the figure with digits only, or the symbol that the release prints"


def read_whole_table(
    path: Path, identity: Mapping[str, str], issues: list[Issue], *, kind: str, needed: Sequence[str]
) -> TextTable | None:
    """Read the columns of `identity` and every other column under its own name in lower case.

    The names of the figures change from release to release, so the header is read first.
    """
    found: list[Issue] = []
    first = read_text_table(path, identity, found, kind=kind, needed=needed)
    if first is None:
        issues.extend(found)
        return None
    patterns = tuple(re.compile(pattern) for pattern in identity.values())
    others = {
        name: re.escape(name) for name in first.header if name and not any(one.fullmatch(name) for one in patterns)
    }
    return read_text_table(path, {**identity, **others}, issues, kind=kind, needed=needed)
