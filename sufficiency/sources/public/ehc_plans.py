"""The department's release "Education, health and care plans": each of its files as one long table, its sums checked.

Caseload and needs are counted in January (academic year 2024 = January 2025); new plans, ceased plans and requests
over a calendar year. Columns change from year to year and are kept under their published names, in lower case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.ehc_closure import check_closure
from sufficiency.sources.public.ehc_tables import (
    needs_by_age,
    needs_by_placement,
    placement_by_age,
    plans_by_placement,
    plans_by_year,
    residential_totals,
)
from sufficiency.sources.public.release import (
    AUTHORITY_LEVELS,
    IDENTITY,
    MOST_NAMED,
    SetAside,
    number_columns,
    of_authority,
    read_periods,
    read_whole_table,
    say,
    say_once,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.release import Numbers
    from sufficiency.sources.public.text_table import TextTable

__all__ = [
    "COLUMNS",
    "FILES",
    "needs_by_age",
    "needs_by_placement",
    "placement_by_age",
    "plans_by_placement",
    "plans_by_year",
    "read_ehc_plans",
    "residential_totals",
]

KIND: Final = "EHC plans release"
# What tells the files of the release apart, most telling first: a column that only that file has.
FILES: Final[dict[str, str]] = {
    "new_ehc_plans": "new plans",
    "total_ceased": "ceased plans",
    "requests_received_in_year": "requests",
    "res_tot": "residential settings",
    "number_asd": "needs",
    "mainstream_total": "caseload",
}
COLUMNS: Final = (
    "year",
    "period",
    "la_code",
    "la_name",
    "topic",
    "breakdown",
    "item",
    "unit",
    "value",
    "missing",
)
_IDENTITY: Final = {
    **IDENTITY,
    "topic": "breakdown_topic",
    "breakdown": "breakdown",
}
_KEY: Final = ["year", "period", "la_code", "topic", "breakdown"]


def read_ehc_plans(path: Path, issues: list[Issue], *, la_code: str | None = None) -> Reading | None:
    """Read one file of the release: caseload, new plans, ceased plans, requests, residential settings or needs.

    Parameters
    ----------
    path
        The file as published, or cut down to some rows.
    issues
        Faults are appended here: rows and cells that cannot be read, repeated rows, and totals that do not close.
    la_code
        New or old code of the authority wanted (``E10000025`` or ``931``); None = every authority in the file.

    Returns
    -------
    Reading or None
        Long: year (int; the September an academic period starts, or the calendar year), period {academic, calendar},
        la_code (the new code where there is one), la_name, topic, breakdown, item (the published column, lower case),
        unit {count, percent}, value (NaN = missing) and missing (blank, or the symbol and what it means). None, with
        an issue, when the file is none of the six.
    """
    found = read_whole_table(path, _IDENTITY, issues, kind=KIND, needed=("time_period", "topic", "breakdown"))
    if found is None:
        return None
    which = next((name for column, name in FILES.items() if column in found.columns), None)
    if which is None:
        _say_unknown(found, issues)
        return None
    kind = f"EHC plans, {which}"
    aside = SetAside(found)
    rows = _rows(found, aside, la_code, issues, kind)
    numbers, words = number_columns(found, _IDENTITY, aside.keep, issues, kind)
    check_closure(found, rows, numbers, aside.keep, issues, which=which, kind=kind)
    table = _long(rows, numbers, aside)
    notes = {f"column of words left out: {name}": int(aside.keep.sum()) for name in words}
    if found.encoding != "utf-8-sig":
        notes[f"read as {found.encoding}"] = found.read
    return Reading(table, Account(found.file, kind, found.read, int(aside.keep.sum()), aside.reasons, notes))


def _say_unknown(table: TextTable, issues: list[Issue]) -> None:
    message = f"the file has none of the columns that mark a file of the release ({', '.join(FILES)})"
    fault = ("not_this_release", "error", message, "give one of: " + ", ".join(FILES.values()))
    say_once(issues, table, KIND, fault)


def _rows(table: TextTable, aside: SetAside, la_code: str | None, issues: list[Issue], kind: str) -> pd.DataFrame:
    """Return whose row it is, of what period and of what group; rows that cannot be used are set aside."""
    codes = of_authority(table, aside, la_code, levels=AUTHORITY_LEVELS)
    if la_code is not None and len(table) and not aside.keep.any():
        fault = (
            "authority_missing",
            "error",
            f"the file has no row of the authority {la_code[:20]!r}",
            "check the code",
        )
        say_once(issues, table, kind, fault)
    years, periods = read_periods(table.get("time_period"), table.get("time_identifier"))
    rows = pd.DataFrame(
        {
            "year": years,
            "period": periods,
            "la_code": codes,
            "la_name": table.get("la_name"),
            "topic": table.get("topic"),
            "breakdown": table.get("breakdown"),
        }
    )
    odd = np.flatnonzero((years < 0).to_numpy() & aside.keep)
    fault = ("not_a_period", "error", "the period is neither an academic nor a calendar year", "write 202425 or 2024")
    shown = [table.get("time_period")[i] for i in odd[:MOST_NAMED]]
    say(issues, table, kind, odd, fault, column="time_period", values=shown)
    aside.drop((years < 0).to_numpy(), "period not understood")
    nameless = (codes == "").to_numpy()
    at = np.flatnonzero(nameless & aside.keep)
    say(
        issues, table, kind, at, ("blank", "error", "the row names no authority", "state new_la_code"), column="la_code"
    )
    aside.drop(nameless, "no authority named")
    again = np.zeros(len(rows), dtype=bool)
    again[aside.keep] = rows.loc[aside.keep, _KEY].duplicated().to_numpy()
    at = np.flatnonzero(again)
    message = "the same authority, period and group stand in an earlier row, which is used"
    say(issues, table, kind, at, ("row_twice", "error", message, "keep one of the two rows"), column="breakdown")
    aside.drop(again, "the same row again")
    return rows


def _long(rows: pd.DataFrame, numbers: dict[str, Numbers], aside: SetAside) -> pd.DataFrame:
    """Return a line an item and row, the rows in the file's order."""
    kept = rows[aside.keep].reset_index(drop=True)
    items = np.array(list(numbers), dtype=object)
    out = kept.loc[kept.index.repeat(len(items))].reset_index(drop=True)
    out["item"] = np.tile(items, len(kept))
    out["unit"] = np.tile(np.array([_unit(name) for name in numbers], dtype=object), len(kept))
    none = np.zeros((0, len(kept)))
    values = np.array([one.values[aside.keep] for one in numbers.values()]) if numbers else none
    missing = np.array([one.missing[aside.keep] for one in numbers.values()], dtype=object) if numbers else none
    out["value"] = values.T.ravel().astype(float)
    out["missing"] = missing.T.ravel().astype(object)
    return out[list(COLUMNS)]


def _unit(item: str) -> str:
    return "percent" if item.endswith(("_pc", "_percent")) or "percent" in item else "count"
