"""People by small area or authority and age, from the files that ONS publishes and the cuts that analysts make.

Two shapes are read: a row for each area with a column for each age (and sex), and a row for each area, age and sex.
Both come out long.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.model.issues import Issue
from sufficiency.model.tables import Column
from sufficiency.sources.cells import GSS_SYMBOLS, CellFault, parse_cell
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.text_table import MOST_NAMED, normal, read_text_table, sheet_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.sources.public.text_table import TextTable

__all__ = ["OLDEST_AGE", "age_band", "read_population"]

KIND: Final = "population"
OLDEST_AGE: Final = 120
# ONS puts the people of this age and over under its bare number.
_TOP_AGE: Final = 90
_COLUMNS: Final = ["area_code", "year", "sex", "age_from", "age_to", "people"]
_PEOPLE: Final = Column("people", "float", "number of people", least=0)

# The smallest area that a file names is the one that its rows are about.
_AREAS: Final = (
    r"(?:f_)?oa ?_?(?:20)?\d\d ?_?(?:cd|code)",
    r"(?:f_)?lsoa ?_?(?:20)?\d\d ?_?(?:cd|code)|lsoa ?_?(?:cd|code)",
    r"(?:f_)?msoa ?_?(?:20)?\d\d ?_?(?:cd|code)|msoa ?_?(?:cd|code)",
    r"wd ?_?(?:20)?\d\d ?_?(?:cd|code)|ward ?_?(?:20)?(?:\d\d)? ?_?code",
    r"ladcode ?_?\d\d|lad ?_?(?:20)?(?:\d\d)? ?_?(?:cd|code)",
    r"area_?code|area code|geography[ _]code|mnemonic|code",
)
_TOTAL: Final = r"total|total_population|total population|all[ _]ages|all[ _]persons|all[ _]people|age: total"
_LONG: Final = {
    "age": r"age|age_?group|age_?band|age group|age band|single_?year_?of_?age",
    "sex": r"sex|gender",
    "people": r"people|persons|population|usual_?residents|usual residents|count|value|observation|obs_value",
    "year": r"year|mid_?year",
}
_YEARLY: Final = re.compile(r"population_?(\d{4})")
_AGE_COLUMN: Final = (
    r"(?:age:? )?(?:[fm] ?)?(?:aged )?(?:under 1 year"
    r"|\d{1,3}(?: ?(?:\+|and over|years? and (?:over|under)|years and older))?(?: years?)?"
    r"|\d{1,3} ?(?:to|-|–) ?\d{1,3}(?: years?)?)"
)
_NEEDED: Final = {
    "area_code": "|".join(_AREAS),
    "figure": "|".join([_TOTAL, _LONG["people"], _YEARLY.pattern, _AGE_COLUMN]),
}
_ALSO: Final = "|".join([*_NEEDED.values(), *_LONG.values()])
_SEXES: Final = {
    **dict.fromkeys(("", "all", "persons", "people", "total", "p", "t", "a", "both"), "all"),
    **dict.fromkeys(("f", "female", "females", "2", "girls"), "F"),
    **dict.fromkeys(("m", "male", "males", "1", "boys"), "M"),
}
_TOTALS: Final = frozenset({"total", "all", "all ages", "all usual residents", "all categories: age"})


class Band(NamedTuple):
    """Sex and ages, both included; `OLDEST_AGE` is the open top."""

    sex: str
    age_from: int
    age_to: int


def age_band(name: str) -> Band | None:
    """Return the sex and ages of a column's or a band's name as ONS writes it; None when it names none.

    ``7``, ``90+``, ``F0``, ``M65 and over``, ``F0 to 15``, ``Aged 15 years and under``, ``Aged under 1 year``,
    ``Aged 16 to 24 years``. A bare 90 is 90 and over, as in every ONS estimate by single year.
    """
    plain = re.sub(r"^age:? (?=aged|\d|under)|^aged ", "", normal(name).replace("age: ", ""))
    plain = re.sub(r"^aged ", "", plain)
    sex, ages = ("all", plain)
    if match := re.fullmatch(r"([fm]) ?(\d.*)", plain):
        sex, ages = match[1].upper(), match[2]
    if ages == "under 1 year":
        return Band(sex, 0, 0)
    if match := re.fullmatch(r"(\d{1,3})(?: years?)?", ages):
        age = int(match[1])
        return _band(sex, age, OLDEST_AGE if age == _TOP_AGE else age)
    if match := re.fullmatch(r"(\d{1,3}) ?(?:to|-|–) ?(\d{1,3})(?: years?)?", ages):
        return _band(sex, int(match[1]), int(match[2]))
    if match := re.fullmatch(r"(\d{1,3}) ?(?:\+|(?:years? )?and (?:over|older))(?: years?)?", ages):
        return _band(sex, int(match[1]), OLDEST_AGE)
    if match := re.fullmatch(r"(\d{1,3}) ?(?:years? )?and under(?: years?)?", ages):
        return _band(sex, 0, int(match[1]))
    return None


def _band(sex: str, age_from: int, age_to: int) -> Band | None:
    return Band(sex, age_from, age_to) if 0 <= age_from <= age_to <= OLDEST_AGE else None


def read_population(path: Path, issues: list[Issue], *, year: int | None = None) -> Reading | None:
    """Read people by area and age: single years or bands, by sex or not, one row an area or one a figure.

    Parameters
    ----------
    path
        CSV file or workbook. Of a workbook with a sheet a year (``Mid-2023 LSOA 2021``) the year's sheet is read, the
        latest when no year is stated.
    issues
        Faults are appended here. A row whose ages do not add up to its stated total, that has a figure hidden by a
        symbol or one that is no number, or that repeats an area, is left out and reported.
    year
        The mid-year of the figures, where the file does not say; of a file with several years, the one to keep.

    Returns
    -------
    Reading or None
        Table: area_code, year (Int64; missing when neither the columns, the sheet nor the file's name say
        "mid-2020"), sex {all, F, M}, age_from, age_to (both included; the open top is 120), people. The account
        counts rows of the file. None, with an issue, when the file is of no use.
    """
    sheet, of_sheet = _sheet(path, year, issues)
    if of_sheet is not None and year not in {None, of_sheet}:
        return None
    text = read_text_table(path, _NEEDED, issues, kind=KIND, needed=list(_NEEDED), sheet=sheet, also=_ALSO)
    if text is None:
        return None
    rows = _Rows(text, issues)
    said = of_sheet or _said_year(path.stem)
    if year is not None and said is not None and year != said:
        message = f"the file's name or sheet says mid-{said}, and mid-{year} is stated"
        rows.say("year_differs", "warning", message, "check which of the two the figures are")
    stated = year if year is not None else said
    age, people = rows.role(_LONG["age"]), rows.role(_LONG["people"])
    yearly: dict[int | None, str] = {int(match[1]): name for name in rows.columns if (match := _YEARLY.fullmatch(name))}
    if age and (yearly or people):
        table = _long(rows, age, yearly or {stated: people}, only=year if yearly else None)
    else:
        table = _wide(rows, stated)
    return None if table is None else Reading(table, rows.account())


def _sheet(path: Path, year: int | None, issues: list[Issue]) -> tuple[str, int | None]:
    """Return the pattern of the sheet to read, blank = any, and the mid-year that its name states."""
    years = {found: name for name in sheet_names(path) if (found := _said_year(name)) is not None}
    if not years:
        return "", None
    chosen = year if year in years else max(years)
    named = ", ".join(f"mid-{one}" for one in sorted(years))
    if year not in {None, chosen}:
        fault = (
            "year_missing",
            "error",
            f"the workbook has sheets of {named} and none of mid-{year}",
            "state one of them",
        )
        issues.append(Issue(path.name, None, KIND, "", "year", str(year), *fault))
    elif year is None and len(years) > 1:
        message = f"the workbook has sheets of {named}; mid-{chosen} is read"
        fault = ("one_of_several_years", "note", message, "state the year to read another")
        issues.append(Issue(path.name, None, KIND, "", "", "", *fault))
    return re.escape(years[chosen]), chosen


def _said_year(name: str) -> int | None:
    match = re.search(r"(?:^|[^a-z])mid[-_ ]?(?:year[-_ ]?)?((?:19|20)\d\d)(?!\d)", name.lower())
    return int(match[1]) if match else None


def _places(chosen: Sequence[bool] | NDArray[np.bool_]) -> list[int]:
    return [int(at) for at in np.flatnonzero(chosen)]


class _Rows:
    """The rows of a file: the area of each, why a row is left out, and the issues that say so."""

    def __init__(self, text: TextTable, issues: list[Issue]) -> None:
        self.text, self.issues = text, issues
        self.columns = dict(text.columns)
        for name, pattern in _NEEDED.items():
            own = next(one for one in text.header if re.fullmatch(pattern, one))
            self.columns[own] = self.columns.pop(name)
        area = next(name for pattern in _AREAS if (name := self.role(pattern)))
        self.areas = self.columns[area]
        self.why = np.full(len(text), "", dtype=object)
        self._named: dict[str, int] = {}
        is_code = {code: re.fullmatch(r"[A-Za-z]\d{8}", code) is not None for code in set(self.areas)}
        for at in _places([not is_code[code] for code in self.areas]):
            message = "the row names no area by its nine-character code"
            fix = "remove a row of totals or notes"
            self.leave_out(at, "no area code", area, CellFault("no_area", "error", message, fix))

    def role(self, pattern: str) -> str:
        """Return the name of the first column that matches; blank when there is none."""
        return next((name for name in self.text.header if name in self.columns and re.fullmatch(pattern, name)), "")

    def say(self, check: str, severity: str, message: str, fix: str) -> None:
        """Report something about the file."""
        self.issues.append(Issue(self.text.file, None, KIND, "", "", "", check, severity, message, fix))

    def leave_out(self, at: int, why: str, column: str, fault: CellFault) -> None:
        """Set a row aside for a reason, once, and report it; the first few of each kind by row."""
        if self.why[at]:
            return
        self.why[at] = why
        self._named[fault.check] = self._named.get(fault.check, 0) + 1
        if self._named[fault.check] <= MOST_NAMED:
            value = str(self.columns[column][at])[:60] if column else ""
            row, key = int(self.text.rows[at]), str(self.areas[at])[:60]
            self.issues.append(Issue(self.text.file, row, KIND, key, column, value, *fault))

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which rows are not left out."""
        return np.asarray(self.why == "", dtype=bool)

    def figures(self, name: str) -> NDArray[np.float64]:
        """Return a column of people; a row in which it is no number of people is left out."""
        cells = self.columns[name]
        values = np.array(pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce"), dtype=np.float64)
        for at in _places(~(np.isfinite(values) & (values >= 0))):
            if cells[at].lower() in GSS_SYMBOLS:
                why, message = "a figure is hidden", f"{cells[at]!r} stands for a hidden or missing figure, never for 0"
                fix = "use a file with the figure"
                self.leave_out(at, why, name, CellFault("gss_symbol", "error", message, fix))
            elif fault := parse_cell(cells[at], _PEOPLE)[1]:
                why = "a figure is no number of people"
                self.leave_out(at, why, name, fault)
        return values

    def once(self, keys: Sequence[NDArray[np.object_]], figures: NDArray[np.float64], what: str) -> None:
        """Leave out rows that repeat others: all but the first of equal ones, all of those that differ."""
        frame = pd.DataFrame({str(at): key for at, key in enumerate(keys)})
        good = self.good
        twice = frame[good].duplicated(keep=False)
        if not twice.any():
            return
        for places in frame[good][twice].groupby(list(frame.columns)).indices.values():
            at_rows = np.flatnonzero(good)[np.flatnonzero(twice)[places]].tolist()
            same = bool((figures[at_rows] == figures[at_rows[0]]).all())
            for at in at_rows[1:] if same else at_rows:
                if same:
                    self.why[at] = "the same row again"
                    continue
                message = f"the same {what} stands in the file again with other figures"
                fix = "keep the right one of its rows"
                fault = CellFault("key_twice", "error", message, fix)
                self.leave_out(at, "rows that contradict each other", "", fault)

    def account(self) -> Account:
        """Report the checks that failed more often than they were named, and return the account of the rows."""
        for check, faults in self._named.items():
            if faults > MOST_NAMED:
                message = f"{faults - MOST_NAMED:,} more rows are left out for the same reason"
                self.say(check, "error", message, "mend them alike")
        aside = {"another number of fields than the header": self.text.shifted} if self.text.shifted else {}
        reasons, counts = np.unique(self.why[~self.good].astype(str), return_counts=True)
        aside |= dict(zip(reasons.tolist(), counts.tolist(), strict=True))
        return Account(self.text.file, KIND, self.text.read, int(self.good.sum()), aside)


def _overlap(bands: Sequence[Band]) -> bool:
    """Return whether two bands of one sex share an age."""
    ordered = sorted(bands)
    return any(one.sex == two.sex and two.age_from <= one.age_to for one, two in pairwise(ordered))


def _wide(rows: _Rows, year: int | None) -> pd.DataFrame | None:
    """Return the people of a file with a row for each area and a column for each age."""
    bands = {name: band for name in rows.columns if (band := age_band(name)) is not None}
    if not bands or _overlap(list(bands.values())):
        message = "two columns count people of the same age" if bands else "the file has no column of ages"
        rows.say("ages_overlap" if bands else "column_missing", "error", message, "check that it is the right file")
        return None
    figures = np.column_stack([rows.figures(name) for name in bands])
    total = rows.role(_TOTAL)
    sexes = np.array([band.sex for band in bands.values()])
    if total:
        parts = sexes == "all" if (sexes == "all").any() else sexes != "all"
        _check_totals(rows, total, rows.figures(total), figures[:, parts].sum(axis=1))
    rows.once([rows.areas], figures, "area")
    good = np.flatnonzero(rows.good)
    several = len(bands)
    return pd.DataFrame(
        {
            "area_code": np.repeat(rows.areas[good], several),
            "year": pd.array([year] * (len(good) * several), dtype="Int64"),
            "sex": np.tile(sexes.astype(object), len(good)),
            "age_from": np.tile(np.array([band.age_from for band in bands.values()]), len(good)),
            "age_to": np.tile(np.array([band.age_to for band in bands.values()]), len(good)),
            "people": figures[good].ravel(),
        }
    )


def _check_totals(rows: _Rows, name: str, stated: NDArray[np.float64], summed: NDArray[np.float64]) -> None:
    wrong = rows.good & (np.abs(stated - summed) > 1e-6 * np.maximum(1.0, np.abs(stated)))
    for at in _places(wrong):
        message = f"the ages add up to {summed[at]:,.10g}, and the stated total is {stated[at]:,.10g}"
        fix = "find the figure that is wrong; until then the row is left out"
        fault = CellFault("total_differs", "error", message, fix)
        rows.leave_out(at, "the ages do not add up to the total", name, fault)


def _long(rows: _Rows, age: str, people: Mapping[int | None, str], *, only: int | None) -> pd.DataFrame | None:
    """Return the people of a file with a row for each area, age and sex; ``people`` is a column a year."""
    if only is not None and only not in people:
        named = ", ".join(str(one) for one in people)
        rows.say("year_missing", "error", f"the file has no figures of mid-{only}", f"state one of {named}")
        return None
    sex, year = rows.role(_LONG["sex"]), rows.role(_LONG["year"])
    ages = rows.columns[age]
    sexes = rows.columns[sex] if sex else np.full(len(ages), "", dtype=object)
    years = rows.columns[year] if year else np.full(len(ages), "", dtype=object)
    band_of = {text: age_band(text) for text in set(ages)}
    sex_of = {text: _SEXES.get(text.casefold()) for text in set(sexes)}
    if len(sex_of) > 1:
        # among rows that state a sex a blank may be either, and not both
        sex_of |= dict.fromkeys(sex_of.keys() & {""})
    ordered = sorted(people.items(), key=lambda one: one[0] or 0)
    columns = {one: name for one, name in ordered if only is None or one == only}
    figures = np.column_stack([rows.figures(name) for name in columns.values()])
    _check_labels(rows, {age: (ages, band_of), sex: (sexes, sex_of)}, years)
    _set_totals_aside(rows, ages, [sexes, years], figures)
    rows.once([rows.areas, ages, sexes, years], figures, "area, age and sex")
    parts = []
    good = np.flatnonzero(rows.good)
    bands = [band for text in ages[good] if (band := band_of[text]) is not None]
    paired = zip(sexes[good], bands, strict=True)
    own_sexes = [sex_of[text] if band.sex == "all" else band.sex for text, band in paired]
    own_years = [int(text) if text else pd.NA for text in years[good]]
    for at, one in enumerate(columns):
        frame = pd.DataFrame({"area_code": rows.areas[good]})
        frame["year"] = pd.array(own_years if year else [one] * len(good), dtype="Int64")
        frame["sex"] = own_sexes
        frame["age_from"] = np.array([band.age_from for band in bands], dtype=np.int64)
        frame["age_to"] = np.array([band.age_to for band in bands], dtype=np.int64)
        frame["people"] = figures[good, at]
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def _check_labels(
    rows: _Rows, labels: Mapping[str, tuple[NDArray[np.object_], Mapping[str, object]]], years: NDArray[np.object_]
) -> None:
    """Leave out the rows whose age, sex or year is not understood."""
    for name, (cells, known) in labels.items():
        for at in _places([known[text] is None and normal(text) not in _TOTALS for text in cells]):
            fix = "write ages like 7, 90+ or Aged 16 to 24 years, and sexes like F and M"
            message = f"{cells[at][:60]!r} is not understood"
            fault = CellFault("unknown_code", "error", message, fix)
            rows.leave_out(at, "an age or sex that is not understood", name, fault)
    for at in _places([re.fullmatch(r"((19|20)\d\d)?", text) is None for text in years]):
        message = f"{years[at][:60]!r} is not a year"
        fault = CellFault("not_a_year", "error", message, "write it like 2024")
        rows.leave_out(at, "not a year", "", fault)


def _set_totals_aside(
    rows: _Rows, ages: NDArray[np.object_], others: Sequence[NDArray[np.object_]], figures: NDArray[np.float64]
) -> None:
    """Set aside the rows that are the total of the ages of others, and say which do not add up."""
    is_total = np.array([normal(text) in _TOTALS for text in ages], dtype=bool) & rows.good
    if not is_total.any():
        return
    keys: pd.Index[Any] = pd.MultiIndex.from_arrays([rows.areas, *others])
    parts = rows.good & ~is_total
    summed = pd.DataFrame(figures[parts]).groupby(keys[parts]).sum()
    for at in _places(is_total):
        sums = summed.loc[[keys[at]]].to_numpy()[0] if keys[at] in summed.index else figures[at]
        wrong = np.abs(sums - figures[at]) > 1e-6 * np.maximum(1.0, figures[at])
        if wrong.any():
            stated, found = figures[at][wrong][0], sums[wrong][0]
            message = f"the ages add up to {found:,.10g}, and the stated total is {stated:,.10g}"
            fix = "find the figure that is wrong; the rows of the ages are used as they stand"
            fault = CellFault("total_differs", "error", message, fix)
            rows.leave_out(at, "the ages do not add up to the total", "", fault)
        else:
            rows.why[at] = "a total of ages"
