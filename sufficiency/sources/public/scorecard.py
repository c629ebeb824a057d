"""The local authority school places scorecard: the few of its columns that matter to place planning.

The file names its columns with abbreviations. Read are those whose meaning is settled by the department's published
descriptions of the same figures, or by arithmetic within the file (cost per place = cost ÷ places); the others are
listed in the account and left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.release import (
    AUTHORITY_LEVELS,
    IDENTITY,
    MOST_NAMED,
    SetAside,
    of_authority,
    read_numbers,
    read_periods,
    say,
    say_once,
)
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.release import Numbers
    from sufficiency.sources.public.text_table import TextTable

__all__ = ["MEASURES", "Measure", "read_scorecard"]

KIND: Final = "school places scorecard"
_IDENTITY: Final = IDENTITY


class Measure(NamedTuple):
    """What a column of the scorecard holds."""

    measure: str
    phase: str
    project_type: str
    unit: str


_PHASES: Final = {"p": "primary", "s": "secondary"}
_PROJECTS: Final = {"ns": "new_school", "ep": "permanent_expansion", "et": "temporary_expansion"}
# Cost per place is the average of England at the authority's prices; the projects behind it are England's.
MEASURES: Final[dict[str, Measure]] = {
    "prinor": Measure("pupils_on_roll", "primary", "", "pupils"),
    "secnor": Measure("pupils_on_roll", "secondary", "", "pupils"),
    "pricap": Measure("places", "primary", "", "places"),
    "seccap": Measure("places", "secondary", "", "places"),
    **{f"for_1_{p}": Measure("forecast_error_one_year_ahead", name, "", "share") for p, name in _PHASES.items()},
    **{f"for_3_{p}": Measure("forecast_error_three_years_ahead", name, "", "share") for p, name in _PHASES.items()},
    **{f"quan_{p}_rp": Measure("places_needed", name, "", "places") for p, name in _PHASES.items()},
    **{
        f"cpp_{p}_{t}": Measure("cost_per_place", name, project, "gbp")
        for p, name in _PHASES.items()
        for t, project in _PROJECTS.items()
    },
}
_COLUMNS: Final = ["year", "la_code", "la_name", "measure", "phase", "project_type", "unit", "value", "missing"]


def read_scorecard(path: Path, issues: list[Issue], *, la_code: str | None = None) -> Reading | None:
    """Read pupils on roll, places, forecast error, places needed and cost per place.

    Parameters
    ----------
    path
        The file as published: a row an authority and year.
    issues
        Faults are appended here; among them a cost per place that is not cost ÷ places.
    la_code
        New or old code of the authority wanted; None = every authority in the file.

    Returns
    -------
    Reading or None
        Long: year (academic), la_code, la_name, measure, phase {primary, secondary}, project_type {new_school,
        permanent_expansion, temporary_expansion; blank elsewhere}, unit {pupils, places, share, gbp}, value (NaN =
        missing), missing (symbol and meaning). A forecast error is (forecast − actual) ÷ actual. The notes of the
        account name every column that is not read.
    """
    costs = {f"{what}_{p}_{t}": f"{what}_{p}_{t}" for what in ("cost", "places") for p in _PHASES for t in _PROJECTS}
    wanted = {**_IDENTITY, **{name: re.escape(name) for name in MEASURES}, **costs}
    found = read_text_table(path, wanted, issues, kind=KIND, needed=("time_period", "prinor"))
    if found is None:
        return None
    aside = SetAside(found)
    rows = _rows(found, aside, la_code, issues)
    numbers = {name: _numbers(found, name, aside.keep, issues) for name in found.columns if name not in _IDENTITY}
    _check_costs(found, numbers, aside.keep, issues)
    parts = []
    for name, measure in MEASURES.items():
        if name in numbers:
            part = rows.assign(**measure._asdict(), value=numbers[name].values, missing=numbers[name].missing)
            parts.append(part[aside.keep])
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)[_COLUMNS]
    used = int(aside.keep.sum())
    known = {*MEASURES, *costs}
    places = tuple(_IDENTITY.values())
    others = [n for n in found.header if n not in known and not any(re.fullmatch(p, n) for p in places)]
    notes = {f"column not read: {name}": used for name in others}
    return Reading(table, Account(found.file, KIND, found.read, used, aside.reasons, notes))


def _rows(table: TextTable, aside: SetAside, la_code: str | None, issues: list[Issue]) -> pd.DataFrame:
    codes = of_authority(table, aside, la_code, levels=AUTHORITY_LEVELS)
    if la_code is not None and len(table) and not aside.keep.any():
        message = f"the file has no row of the authority {la_code[:20]!r}"
        say_once(issues, table, KIND, ("authority_missing", "error", message, "check the code"))
    years, periods = read_periods(table.get("time_period"), table.get("time_identifier"))
    wrong = (periods != "academic").to_numpy()
    at = np.flatnonzero(wrong & aside.keep)
    shown = [table.get("time_period")[i] for i in at[:MOST_NAMED]]
    fault = ("not_a_period", "error", "the period is not an academic year", "write 2024/25")
    say(issues, table, KIND, at, fault, column="time_period", values=shown)
    aside.drop(wrong, "period not understood")
    rows = pd.DataFrame({"year": years, "la_code": codes, "la_name": table.get("la_name")})
    again = np.zeros(len(rows), dtype=bool)
    again[aside.keep] = rows.loc[aside.keep, ["year", "la_code"]].duplicated().to_numpy()
    fault = ("row_twice", "error", "the authority and year stand in an earlier row, which is used", "keep one row")
    say(issues, table, KIND, np.flatnonzero(again), fault, column="time_period")
    aside.drop(again, "the same row again")
    return rows


def _numbers(table: TextTable, name: str, keep: NDArray[np.bool_], issues: list[Issue]) -> Numbers:
    texts = table.get(name)
    numbers = read_numbers(texts, signed=name.startswith("for_"))
    at = np.flatnonzero(numbers.wrong & keep)
    message = "the cell is not a number that this column can hold and is taken as missing"
    fault = ("not_a_number", "error", message, "write the figure with digits only")
    say(issues, table, KIND, at, fault, column=name, values=[texts[i] for i in at[:MOST_NAMED]])
    return numbers


def _check_costs(table: TextTable, numbers: dict[str, Numbers], keep: NDArray[np.bool_], issues: list[Issue]) -> None:
    """Report each cost per place that is not the cost of its places divided by them, to a pound."""
    for p in _PHASES:
        for t in _PROJECTS:
            names = [f"{what}_{p}_{t}" for what in ("cpp", "cost", "places")]
            if any(name not in numbers for name in names):
                continue
            stated, cost, places = (numbers[name].values for name in names)
            found = np.divide(cost, places, out=np.full(len(cost), np.nan), where=places > 0)
            at = np.flatnonzero(keep & (np.abs(found - stated) > 1))
            message = f"{names[0]} is not {names[1]} divided by {names[2]}"
            fault = ("cost_apart", "warning", message, "the stated cost per place is used; look at its parts")
            shown = [f"{stated[i]:.2f}" for i in at[:MOST_NAMED]]
            say(issues, table, KIND, at, fault, column=names[0], values=shown)
