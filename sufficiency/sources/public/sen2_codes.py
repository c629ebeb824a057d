"""What a cell of the SEN2 return means: dates, flags, ranks, needs, settings and pupil numbers.

Code lists: the guides to the person-level return of 2023 to 2026. Nothing here keeps or shows a cell.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.model.vocabulary import NEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ELSEWHERE_SETTINGS",
    "RETIRED_NEEDS",
    "SEN_SETTINGS",
    "ReadDate",
    "ReadNeed",
    "read_dates",
    "read_flag",
    "read_need",
    "read_rank",
    "read_residential",
    "read_setting",
    "read_sex",
    "read_uln",
    "read_upn",
    "read_urn",
    "setting_placement",
]

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_TIME: Final = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_NAMED: Final = re.compile(rf"(\d{{4}})-([a-z]{{3}})[a-z]*-(\d{{1,2}}){_TIME}", re.IGNORECASE | re.ASCII)
_NAMED_LAST: Final = re.compile(rf"(\d{{1,2}})[- ]([a-z]{{3}})[a-z]*[- ](\d{{4}}){_TIME}", re.IGNORECASE | re.ASCII)
_ISO: Final = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_TIME}", re.ASCII)
_SLASHED: Final = re.compile(rf"(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}}){_TIME}", re.ASCII)

# the letters of a pupil number's check: I, O and S are not among them
_PERMANENT: Final = re.compile(r"[A-HJ-NP-RT-Z]\d{12}", re.ASCII)
_TEMPORARY: Final = re.compile(r"[A-HJ-NP-RT-Z]\d{11}[A-HJ-NP-RT-Z]", re.ASCII)
_ULN: Final = re.compile(r"[1-9]\d{9}", re.ASCII)
_URN: Final = re.compile(r"(\d{6})(?:\.0+)?", re.ASCII)

RETIRED_NEEDS: Final = {"BESD": "ended in 2014", "EBD": "ended in 2003", "AUT": "ended in 2003"}
SEN_SETTINGS: Final = ("OLA", "OPA", "EHE", "EYP", "OTH", "NEET", "NIEC", "NIEO")
ELSEWHERE_SETTINGS: Final = tuple(code for code in SEN_SETTINGS if code != "EYP")
# A and B meant 38 to 51 and 52 weeks until 2024, and up to 38 and 39 to 52 weeks since
_RESIDENTIAL: Final = frozenset({"A", "B"})
_NOT_RESIDENTIAL: Final = frozenset({"", "N", "NA", "N/A", "NO", "FALSE", "0"})
_TRUE: Final = frozenset({"true", "1", "yes", "y", "t"})
_FALSE: Final = frozenset({"", "false", "0", "no", "n", "f"})

# kinds of setting as the reader of the register of schools names them; "other" tells no group
_PLACEMENT_OF_KIND: Final = {
    "independent_special": "independent_special_school",
    "non_maintained_special": "non_maintained_special_school",
    "mainstream": "mainstream_school",
    "independent": "mainstream_school",
    "nursery": "mainstream_school",
    "alternative_provision": "alternative_provision",
    "further_education": "general_further_education",
    "specialist_post_16": "specialist_post_16",
    "online": "educated_elsewhere",
}
_SPECIAL_OF_SECTOR: Final = {
    "state": "state_special_school",
    "independent": "independent_special_school",
    "non_maintained": "non_maintained_special_school",
}


class ReadDate(NamedTuple):
    """A date as an ordinal of the calendar (0 = none), and ok, missing, ambiguous or unreadable."""

    ordinal: int
    status: str


class ReadNeed(NamedTuple):
    """A need of `NEEDS` (UNK where it cannot be told), and ok, lower_case, blank, several, retired or unknown."""

    need: str
    status: str


def _ordinal(year: int, month: int, day: int) -> ReadDate:
    try:
        return ReadDate(dt.date(year, month, day).toordinal(), "ok")
    except ValueError:
        return ReadDate(0, "unreadable")


def _read_date(text: str) -> ReadDate:
    """Return a date. Of 01/02/2015 nobody can say which it is; 28/02/2015 and 05/05/2015 are plain."""
    if not text:
        return ReadDate(0, "missing")
    found = _NAMED.fullmatch(text) or _NAMED_LAST.fullmatch(text)
    if found is not None:
        first, month, last = found.groups()
        year, day = (first, last) if len(first) == 4 else (last, first)
        return _ordinal(int(year), _MONTHS.get(month.lower(), 0), int(day))
    found = _ISO.fullmatch(text)
    if found is not None:
        return _ordinal(*(int(part) for part in found.groups()))
    found = _SLASHED.fullmatch(text)
    if found is not None:
        day, month, year = (int(part) for part in found.groups())
        if day == month or day > 12:
            return _ordinal(year, month, day)
        return ReadDate(0, "ambiguous")
    return ReadDate(0, "unreadable")


def read_dates(texts: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the ordinals of dates (0 = none) and what each is: ok, missing, ambiguous or unreadable."""
    known = {text: _read_date(text) for text in set(texts)}
    return [known[text].ordinal for text in texts], [known[text].status for text in texts]


def read_need(text: str) -> ReadNeed:
    """Return the need that a cell names. Of two needs in one cell nobody can say which is the primary one."""
    code = text.strip().upper()
    if not code:
        return ReadNeed("UNK", "blank")
    if code in NEEDS:
        return ReadNeed(code, "ok" if code == text else "lower_case")
    parts = [part for part in re.split(r"[\s;,/|&+]+", code) if part]
    if len(parts) > 1 and all(part in NEEDS or part in RETIRED_NEEDS for part in parts):
        return ReadNeed("UNK", "several")
    return ReadNeed("UNK", "retired" if code in RETIRED_NEEDS else "unknown")


def read_flag(text: str) -> bool | None:
    """Return yes or no; None when the cell says neither."""
    plain = text.strip().lower()
    if plain in _TRUE:
        return True
    return False if plain in _FALSE else None


def read_rank(text: str) -> int:
    """Return a rank, 1 = first; 99 where none is given."""
    plain = re.sub(r"\.0+$", "", text.strip())
    return int(plain) if re.fullmatch(r"[1-9]\d?", plain, re.ASCII) else 99


def read_residential(text: str) -> bool | None:
    """Return whether a residential code is one; None when it is not a known code."""
    code = text.strip().upper()
    if code in _RESIDENTIAL:
        return True
    return False if code in _NOT_RESIDENTIAL else None


def read_sex(text: str) -> str:
    """Return F or M, any where neither is stated, blank where the cell is no such code."""
    code = text.strip().upper()
    if code in {"F", "FEMALE"}:
        return "F"
    if code in {"M", "MALE"}:
        return "M"
    return "any" if code in {"", "U", "X", "I", "ANY"} else ""


def read_upn(text: str) -> tuple[str, str]:
    """Return a unique pupil number, and permanent, temporary, missing or malformed; only a permanent one is one."""
    code = re.sub(r"\s", "", text).upper()
    if not code:
        return "", "missing"
    if _PERMANENT.fullmatch(code):
        return code, "permanent"
    return "", "temporary" if _TEMPORARY.fullmatch(code) else "malformed"


def read_uln(text: str) -> str:
    """Return a unique learner number, blank where the cell is none."""
    plain = re.sub(r"\s", "", text)
    return plain if _ULN.fullmatch(plain) else ""


def read_urn(text: str) -> str | None:
    """Return a school's reference number, blank where none is given, None where the cell is none."""
    plain = re.sub(r"\s", "", text)
    found = _URN.fullmatch(plain)
    if found is not None:
        return found.group(1)
    return None if plain else ""


def read_setting(text: str) -> str | None:
    """Return the code of a setting without reference number, blank where none is given, None where it is none."""
    code = text.strip().upper()
    return code if code in SEN_SETTINGS or not code else None


def setting_placement(kind: str, sector: str) -> str:
    """Return the SEN2 group of a setting by its kind and sector, blank where they do not tell it.

    Parameters
    ----------
    kind
        special_school, independent_special, non_maintained_special, mainstream, independent, nursery,
        alternative_provision, further_education, specialist_post_16 or online; or a group's own name.
    sector
        state, independent, non_maintained or further_education. It tells special schools apart; a nursery that is
        not a council's is an early-years setting.
    """
    kind, sector = kind.strip().lower(), sector.strip().lower()
    if kind in PLACEMENTS:
        return kind
    if kind == "special_school":
        return _SPECIAL_OF_SECTOR.get(sector, "")
    if kind == "nursery" and sector not in {"", "state"}:
        return "early_years_setting"
    return _PLACEMENT_OF_KIND.get(kind, "")
