"""The door of the SEN2 return: who comes in is a row number, a year group, a sex and a small area, and nobody's name.

Surname and forename are never read. Birth date, postcode and pupil numbers are looked at here only: the birth date
becomes a national curriculum year, the postcode a small area, and the pupil numbers say which rows are one pupil.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.model.errors import SufficiencyError
from sufficiency.model.vocabulary import NCY_MAX, NCY_MIN
from sufficiency.sources.public.sen2_codes import read_dates, read_sex, read_uln, read_upn
from sufficiency.sources.public.sen2_files import Faults, link, read_module

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.sen2_files import Linked

    Locate = Callable[[pd.Series, pd.DataFrame], pd.DataFrame]

__all__ = ["BIRTH_REASONS", "Persons", "admit_persons"]

# age on 31 August less this is the national curriculum year
_AGE_OF_NCY_0: Final = 4
_SHIFTED_SHARE: Final = 0.5
_TYPE_AGAIN: Final = "correct the date in the case system and export again, unopened by a spreadsheet"
BIRTH_REASONS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("the birth date is missing", _TYPE_AGAIN),
    "ambiguous": ("the birth date can be read in two ways, day or month first", "export again: 2015-Feb-01 is plain"),
    "unreadable": ("the birth date cannot be read", _TYPE_AGAIN),
    "after_census": ("the person is born after the census", _TYPE_AGAIN),
    "too_old": ("the person was over 25 before the school year", "close the plan, or correct the birth date"),
    "too_young": ("the person is too young for a year group", "nothing, if the birth date is right"),
}
_CLASS_FIXES: Final[dict[str, tuple[str, str]]] = {
    "terminated": ("note", "nothing: the last place of the postcode is taken; ask for the present address"),
    "no_position": ("warning", "correct the postcode, or use a newer table of postcodes"),
    "pseudo": ("note", "nothing, if the pupil has no fixed abode; else record the address"),
    "not_geographic": ("warning", "record the postcode of the home"),
    "unknown": ("warning", "correct the postcode, or use a newer table of postcodes"),
    "malformed": ("warning", "correct the postcode"),
    "blank": ("warning", "record the postcode"),
}


class Persons(NamedTuple):
    """What is known of each row of the file of persons once its private columns are gone.

    ``linked`` has no columns left. ``birth`` is ok or a key of `BIRTH_REASONS`, ``same_as`` a number that the rows of
    one pupil share (-1 = alone), ``order`` the place of the row by its keyed hash.
    """

    linked: Linked
    ncy: NDArray[np.int64]
    birth: NDArray[np.object_]
    sex: NDArray[np.object_]
    same_as: NDArray[np.int64]
    order: NDArray[np.int64]
    located: NDArray[np.object_]
    lsoa_code: NDArray[np.object_]
    district_code: NDArray[np.object_]


def admit_persons(
    path: Path,
    above: Linked,
    issues: list[Issue],
    *,
    year: int,
    census: int,
    postcodes: pd.DataFrame | None,
    locate: Locate,
    key: bytes,
) -> Persons | None:
    """Read the file of persons and give up everything private in it.

    Parameters
    ----------
    path
        The file.
    above
        The file ``sen2``.
    issues
        Faults are appended, by row number.
    year, census
        Academic year, and the census date as an ordinal of the calendar.
    postcodes, locate
        The table of postcodes and the function that looks values up in it.
    key
        Of the hash that orders the pseudonyms.
    """
    table = read_module(path, "person", issues)
    if table is None:
        return None
    linked = link("person", table, above, issues)
    faults = Faults(issues, table.file)
    days, status = read_dates(list(linked.get("personbirthdate")))
    ncy, birth = _year_groups(days, status, year, census)
    _say_shifted(status, faults)
    same_as = _same_pupils(linked, days, faults)
    homes = _homes(linked.get("postcode"), postcodes, locate, faults)
    sex = _sexes(linked, faults)
    digests = [hashlib.blake2b(name.encode(), key=key, digest_size=32).digest() for name in linked.keys]
    order = np.empty(len(digests), dtype=np.int64)
    order[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
    return Persons(replace(linked, columns={}), ncy, birth, sex, same_as, order, *homes)


def _year_groups(
    days: Sequence[int], status: Sequence[str], year: int, census: int
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return the year group on 31 August before the academic year, and whether it can stand."""
    ncy = np.zeros(len(days), dtype=np.int64)
    birth = np.array(status, dtype=object)
    for at, (day, state) in enumerate(zip(days, status, strict=True)):
        if state != "ok":
            continue
        born = dt.date.fromordinal(day)
        age = year - born.year - ((born.month, born.day) > (8, 31))
        ncy[at] = age - _AGE_OF_NCY_0
        if day > census:
            birth[at] = "after_census"
        elif ncy[at] > NCY_MAX:
            birth[at] = "too_old"
        elif ncy[at] < NCY_MIN:
            birth[at] = "too_young"
    return np.where(birth == "ok", ncy, 0), birth


def _say_shifted(status: Sequence[str], faults: Faults) -> None:
    """Say that the columns look moved when most birth dates cannot be read."""
    if len(status) and Counter(status)["unreadable"] > _SHIFTED_SHARE * len(status):
        message = "most cells of personbirthdate are no dates: the columns of the file look moved"
        fix = "export the file again, and do not save it from a spreadsheet"
        faults.say("columns_shifted", "error", message, fix, column="personbirthdate")


def _same_pupils(linked: Linked, days: Sequence[int], faults: Faults) -> NDArray[np.int64]:
    """Return a number that the rows of one pupil share, -1 where a row is alone.

    Two rows are one pupil when they share a permanent pupil number and the birth date, or, where one has no such
    pupil number, a learner number and the birth date. Names, homes and birth dates alone never make two rows one.
    """
    upns, kinds = zip(*map(read_upn, linked.get("upn")), strict=True) if len(linked) else ((), ())
    ulns = [read_uln(text) for text in linked.get("uniquelearnernumber")]
    group = np.arange(len(linked), dtype=np.int64)
    by_upn: dict[tuple[str, int], int] = {}
    by_uln: dict[tuple[str, int], int] = {}
    birth_of: dict[str, int] = {}
    clashing = []
    numbered = [at for at in range(len(linked)) if days[at] and upns[at]]
    for at in numbered:
        group[at] = by_upn.setdefault((upns[at], days[at]), at)
        if ulns[at]:
            by_uln.setdefault((ulns[at], days[at]), int(group[at]))
        if birth_of.setdefault(upns[at], days[at]) != days[at]:
            clashing.append(at)
    for at in range(len(linked)):
        if days[at] and not upns[at] and ulns[at]:
            group[at] = by_uln.setdefault((ulns[at], days[at]), at)
    fix = "correct the pupil number or the birth date; until then both are counted"
    message = "the pupil number stands in another row with another birth date"
    faults.say("upn_of_two", "warning", message, fix, rows=linked.rows[clashing], column="upn")
    counts = Counter(kinds)
    for kind in ("missing", "temporary", "malformed"):
        if counts[kind]:
            message = f"{counts[kind]} persons have a pupil number that is {kind}: if one is there twice, both count"
            faults.say(f"upn_{kind}", "note", message, "record the permanent number", column="upn")
    sizes = np.bincount(group, minlength=len(linked)) if len(linked) else np.zeros(0, dtype=np.int64)
    return np.where(sizes[group] > 1, group, -1) if len(linked) else group


def _sexes(linked: Linked, faults: Faults) -> NDArray[np.object_]:
    """Return F, M or any; the column was gendercurrent until version 1.2."""
    if not {"sex", "gendercurrent"} & set(linked.columns):
        message = "the file has neither a column sex nor gendercurrent: no sex is known"
        faults.say("column_missing", "warning", message, "export the file again", column="sex")
    sex, gender = linked.get("sex"), linked.get("gendercurrent")
    read = np.array([read_sex(text or other) for text, other in zip(sex, gender, strict=True)], dtype=object)
    message = "the sex is none of F and M, and is taken as not known"
    faults.say("unknown_code", "warning", message, "write F or M", rows=linked.rows[read == ""], column="sex")
    read[read == ""] = "any"
    return read


def _homes(
    cells: NDArray[np.object_], postcodes: pd.DataFrame | None, locate: Locate, faults: Faults
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Return how each postcode could be placed, its small area and its district."""
    blank = np.full(len(cells), "", dtype=object)
    if postcodes is None:
        message = "no table of postcodes is given: no home is located"
        faults.say("no_postcodes", "warning", message, "give a table of postcodes with small areas", column="postcode")
        return np.where(cells == "", "blank", "unknown").astype(object), blank, blank.copy()
    try:
        found = locate(pd.Series(cells, dtype=object), postcodes)
        parts = [found[name].fillna("").astype(str).to_numpy(dtype=object) for name in _HOME_COLUMNS]
    except (SufficiencyError, ValueError, TypeError, LookupError, AttributeError):
        # the message of such an error may quote a postcode
        message = "the postcodes cannot be looked up in the table of postcodes: no home is located"
        faults.say("no_postcodes", "error", message, "check that it is a table of postcodes", column="postcode")
        return np.where(cells == "", "blank", "unknown").astype(object), blank, blank.copy()
    for name, number in sorted(Counter(parts[0]).items()):
        if name in _CLASS_FIXES:
            severity, fix = _CLASS_FIXES[name]
            message = f"{number} persons have a postcode that is {name.replace('_', ' ')}"
            faults.say(f"postcode_{name}", severity, message, fix, column="postcode")
    return parts[0], parts[1], parts[2]


_HOME_COLUMNS: Final = ("class", "lsoa_code", "district_code")
