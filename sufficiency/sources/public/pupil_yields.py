"""Pupils with SEN from new housing, by district: the department's release, in either of its two layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.release import MOST_NAMED, SetAside, read_numbers, read_periods, say
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.release import Numbers
    from sufficiency.sources.public.text_table import TextTable

__all__ = ["read_pupil_yields"]

KIND: Final = "pupil yields from housing"
_WANTED: Final = {
    "time_period": "time_period|academic_?year",
    "time_identifier": "time_identifier",
    "geographic_level": "geographic_level",
    "district_code": r"lad_code|ltla\d\dcd|lad\d\dcd",
    "district_name": r"lad_name|ltla\d\dnm|lad\d\dnm",
    "sen_type": "sen_type|senprovision_name",
    "pupils_with_sen": "number_of_pupils_with_sen|sen_type_count",
    "pupils_in_new_housing": "total_number_of_pupils|totalpupils",
    "percentage": "percentage_of_pupils_with_sen|percentage",
}
_NEEDED: Final = ("time_period", "district_name", "sen_type", "pupils_with_sen", "pupils_in_new_housing")
_DISTRICT: Final = ("district", "local authority district", "lad", "")
_SEN_TYPES: Final = {
    "ehcp": "ehcp",
    "ehc plan": "ehcp",
    "ehc plans": "ehcp",
    "sen support": "sen_support",
}
_COLUMNS: Final = [
    "district_code",
    "district_name",
    "year",
    "sen_type",
    "pupils_with_sen",
    "pupils_in_new_housing",
    "share",
    "missing",
]


def read_pupil_yields(path: Path, issues: list[Issue]) -> Reading | None:
    """Read the pupils with SEN among those who live in new housing.

    Parameters
    ----------
    path
        The file: columns ``AcademicYear, LTLA22NM, SENprovision_Name, SEN_Type_Count, TotalPupils, Percentage``, or
        ``time_period, lad_code, lad_name, SEN_type, number_of_pupils_with_SEN, total_number_of_pupils,
        percentage_of_pupils_with_SEN``.
    issues
        Faults are appended here; among them each published percentage that does not agree with its counts.

    Returns
    -------
    Reading or None
        district_code (blank where the file has names only), district_name, year (academic), sen_type {ehcp,
        sen_support}, pupils_with_sen, pupils_in_new_housing (NaN = missing), share (of the counts; NaN where one is
        missing: the rounded percentage is never put in its place) and missing (symbol and meaning).
    """
    found = read_text_table(path, _WANTED, issues, kind=KIND, needed=_NEEDED)
    if found is None:
        return None
    aside = SetAside(found)
    rows = _rows(found, aside, issues)
    counts = {name: _counts(found, name, aside.keep, issues) for name in ("pupils_with_sen", "pupils_in_new_housing")}
    some, every = (one.values for one in counts.values())
    more = np.flatnonzero(aside.keep & (some > every))
    fault = ("more_than_all", "error", "there are more pupils with SEN than pupils", "look for swapped columns")
    say(issues, found, KIND, more, fault, column="pupils_with_sen", values=[f"{some[i]:g}" for i in more[:MOST_NAMED]])
    rows["pupils_with_sen"], rows["pupils_in_new_housing"] = some, every
    rows["share"] = np.divide(some, every, out=np.full(len(some), np.nan), where=(every > 0) & (some <= every))
    first, second = (one.missing for one in counts.values())
    rows["missing"] = np.where(first != "", first, second)
    _check_percentages(found, rows["share"].to_numpy(), aside.keep, issues)
    table = rows.loc[aside.keep, _COLUMNS].reset_index(drop=True)
    notes = {}
    nameless = int((table["district_code"] == "").sum())
    if nameless:
        notes["districts by name only, without a code"] = nameless
    return Reading(table, Account(found.file, KIND, found.read, len(table), aside.reasons, notes))


def _rows(table: TextTable, aside: SetAside, issues: list[Issue]) -> pd.DataFrame:
    level = np.array([str(text).casefold() for text in table.get("geographic_level")], dtype=object)
    aside.drop(~np.isin(level, _DISTRICT), "another geographic level")
    names = table.get("district_name")
    aside.drop(names == "", "no district named")
    years, periods = read_periods(table.get("time_period"), table.get("time_identifier"))
    wrong = (periods != "academic").to_numpy()
    at = np.flatnonzero(wrong & aside.keep)
    shown = [table.get("time_period")[i] for i in at[:MOST_NAMED]]
    fault = ("not_a_period", "error", "the period is not an academic year", "write 202122")
    say(issues, table, KIND, at, fault, column="time_period", values=shown)
    aside.drop(wrong, "period not understood")
    texts = [str(text).casefold() for text in table.get("sen_type")]
    types = np.array([_SEN_TYPES.get(text, "") for text in texts], dtype=object)
    at = np.flatnonzero((types == "") & aside.keep)
    shown = [texts[i] for i in at[:MOST_NAMED]]
    fault = ("sen_type_unknown", "warning", "the kind of SEN is neither EHCP nor SEN support", "check the release")
    say(issues, table, KIND, at, fault, column="sen_type", values=shown)
    aside.drop(types == "", "another kind of SEN")
    rows = pd.DataFrame(
        {"district_code": table.get("district_code"), "district_name": names, "year": years, "sen_type": types}
    )
    again = np.zeros(len(rows), dtype=bool)
    again[aside.keep] = rows.loc[aside.keep].duplicated().to_numpy()
    message = "the same district, year and kind of SEN stand in an earlier row, which is used"
    fault = ("row_twice", "error", message, "keep one of the two rows")
    say(issues, table, KIND, np.flatnonzero(again), fault, column="district_name")
    aside.drop(again, "the same row again")
    return rows


def _counts(table: TextTable, name: str, keep: NDArray[np.bool_], issues: list[Issue]) -> Numbers:
    texts = table.get(name)
    numbers = read_numbers(texts)
    at = np.flatnonzero(numbers.wrong & keep)
    message = "the cell is not a number of 0 or more and is taken as missing"
    fault = ("not_a_number", "error", message, "write the figure with digits only")
    say(issues, table, KIND, at, fault, column=name, values=[texts[i] for i in at[:MOST_NAMED]])
    return numbers


def _check_percentages(
    table: TextTable, share: NDArray[np.float64], keep: NDArray[np.bool_], issues: list[Issue]
) -> None:
    """Report each published percentage that its counts do not round to, at the decimals that it is printed with."""
    texts = table.get("percentage")
    published = _counts(table, "percentage", keep, issues)
    decimals = np.array([len(str(text).partition(".")[2]) for text in texts], dtype=float)
    # A half may have been rounded either way.
    apart = np.abs(share * 100 - published.values) > 0.5 * 10.0**-decimals + 1e-9
    at = np.flatnonzero(keep & apart)
    for i in at[:MOST_NAMED]:
        message = f"the percentage is published as {texts[i]}; its counts give {share[i] * 100:.2f}"
        fault = ("percentage_apart", "warning", message, "the share of the counts is used")
        say(issues, table, KIND, np.array([i]), fault, column="percentage", values=[texts[i]])
    if len(at) > MOST_NAMED:
        rest = at[MOST_NAMED:]
        message = f"{len(rest):,} more percentages do not agree with their counts"
        say(issues, table, KIND, rest[:1], ("percentage_apart", "warning", message, "as above"), column="percentage")
