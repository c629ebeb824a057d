"""The school capacity survey (SCAP) as published: forecasts of specialist pupils, and places in special schools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.sources.public.account import Account, Reading
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

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.release import Numbers
    from sufficiency.sources.public.text_table import TextTable

__all__ = ["read_scap_capacity", "read_scap_forecasts"]

FORECASTS: Final = "SCAP specialist forecasts"
CAPACITY: Final = "SCAP special school places"
_PHASES: Final = {"primary": "primary", "secondary": "secondary", "all": "all", "total": "all", "": "all"}
_FORECAST_IDENTITY: Final = {**IDENTITY, "education_phase": "education_phase|phase"}
_CAPACITY_IDENTITY: Final = {**IDENTITY, "main_phase": "(school_)?main_phase"}
# Places and pupils of each phase, in the names that the survey has used; the whole of the name must match.
_CAPACITY_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "primary": (r"primary_(capacity|places)", r"primary_pupils_on_roll"),
    "secondary": (r"secondary_(capacity|places)", r"secondary_pupils_on_roll"),
    "all": (r"number[_ ]of[_ ]places|(total_)?(capacity|places)", r"(total_)?pupils_on_roll"),
}
_ACTUAL_YEAR: Final = re.compile(r"(?<!\d)(\d{6})_actual|actuals?_(\d{6})(?!\d)", re.ASCII)


def read_scap_forecasts(path: Path, issues: list[Issue], *, la_code: str | None = None) -> Reading | None:
    """Read the forecasts of pupils who need specialist provision.

    The column of figures has another name in each release, such as ``pupil_forecast_and_202425_actuals``; it is the
    one column that names a forecast, and the year in its name is the last that was counted.

    Parameters
    ----------
    path
        The file as published, or cut down to some rows.
    issues
        Faults are appended here.
    la_code
        New or old code of the authority wanted; None = every authority in the file.

    Returns
    -------
    Reading or None
        la_code, la_name, year (academic), education_phase {primary, secondary, all}, pupils (NaN = missing), kind
        {actual, forecast; blank where the release does not say which years were counted} and missing (symbol and
        meaning).
    """
    needed = ("time_period", "education_phase")
    found = read_whole_table(path, _FORECAST_IDENTITY, issues, kind=FORECASTS, needed=needed)
    if found is None:
        return None
    aside = SetAside(found)
    rows = _rows(found, aside, la_code, issues, FORECASTS)
    numbers, words = number_columns(found, _FORECAST_IDENTITY, aside.keep, issues, FORECASTS)
    named = [name for name in numbers if "forecast" in name]
    if len(named) != 1:
        which = ", ".join(named) or ", ".join(numbers) or "none"
        message = f"one column must name the forecast of pupils; there are {len(named)} (columns of figures: {which})"
        say_once(issues, found, FORECASTS, ("value_column", "error", message[:500], "check that it is the right file"))
        return None
    item = named[0]
    rows["education_phase"] = _phases(found, "education_phase", aside, issues, FORECASTS)
    _drop_repeats(found, rows, aside, issues, key=["la_code", "year", "education_phase"], kind=FORECASTS)
    counted = _ACTUAL_YEAR.search(item)
    if counted is None:
        message = f"the column {item!r} does not say which years were counted, so kind is left blank"
        say_once(issues, found, FORECASTS, ("actual_year", "warning", message, "see the notes of the release"))
        rows["kind"] = ""
    else:
        last = int((counted[1] or counted[2])[:4])
        rows["kind"] = np.where(rows["year"] <= last, "actual", "forecast")
    rows["pupils"], rows["missing"] = numbers[item].values, numbers[item].missing
    table = rows.loc[
        aside.keep, ["la_code", "la_name", "year", "education_phase", "pupils", "kind", "missing"]
    ].reset_index(drop=True)
    notes = {f"column of figures read: {item}": len(table)}
    others = [name for name in (*numbers, *words) if name != item]
    return Reading(table, _account(found, FORECASTS, aside, notes, others))


def read_scap_capacity(path: Path, issues: list[Issue], *, la_code: str | None = None) -> Reading | None:
    """Read the places and pupils of special schools by authority.

    Parameters
    ----------
    path
        The file as published, or cut down to some rows.
    issues
        Faults are appended here: cells that cannot be read, and phases that do not sum to the whole.
    la_code
        New or old code of the authority wanted; None = every authority in the file.

    Returns
    -------
    Reading or None
        year (academic), la_code, la_name, main_phase (of the schools counted, lower case; ``all`` = every school),
        phase {primary, secondary, all} (of the pupils), places, pupils (NaN = missing), places_missing and
        pupils_missing (symbol and meaning).
    """
    found = read_whole_table(path, _CAPACITY_IDENTITY, issues, kind=CAPACITY, needed=("time_period",))
    if found is None:
        return None
    aside = SetAside(found)
    rows = _rows(found, aside, la_code, issues, CAPACITY)
    numbers, words = number_columns(found, _CAPACITY_IDENTITY, aside.keep, issues, CAPACITY)
    chosen = {
        phase: tuple(next((n for n in numbers if re.fullmatch(p, n)), None) for p in patterns)
        for phase, patterns in _CAPACITY_COLUMNS.items()
    }
    if not any(places for places, _ in chosen.values()):
        fault = ("value_column", "error", "the file has no column of places", "check that it is the right file")
        say_once(issues, found, CAPACITY, fault)
        return None
    texts = [str(text).casefold() for text in found.get("main_phase")]
    rows["main_phase"] = ["all" if text in {"", "total", "all"} else text for text in texts]
    _drop_repeats(found, rows, aside, issues, key=["la_code", "year", "main_phase"], kind=CAPACITY)
    parts = []
    none = np.full(len(rows), np.nan), np.full(len(rows), "no such column in the release", dtype=object)
    for phase, names in chosen.items():
        if names == (None, None):
            continue
        part = rows.assign(phase=phase)
        for what, name in zip(("places", "pupils"), names, strict=True):
            part[what], part[f"{what}_missing"] = none if name is None else numbers[name][:2]
        parts.append(part[aside.keep])
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    order = [
        "year",
        "la_code",
        "la_name",
        "main_phase",
        "phase",
        "places",
        "pupils",
        "places_missing",
        "pupils_missing",
    ]
    used = {name for names in chosen.values() for name in names if name is not None}
    for at, what in enumerate(("places", "pupils")):
        _check_phases(found, [names[at] for names in chosen.values()], numbers, aside.keep, issues, what=what)
    others = [name for name in (*numbers, *words) if name not in used]
    return Reading(table[order], _account(found, CAPACITY, aside, {}, others))


def _account(table: TextTable, kind: str, aside: SetAside, notes: dict[str, int], others: list[str]) -> Account:
    used = int(aside.keep.sum())
    more = {f"column not read: {name}": used for name in others}
    return Account(table.file, kind, table.read, used, aside.reasons, {**notes, **more})


def _rows(table: TextTable, aside: SetAside, la_code: str | None, issues: list[Issue], kind: str) -> pd.DataFrame:
    codes = of_authority(table, aside, la_code, levels=AUTHORITY_LEVELS)
    if la_code is not None and len(table) and not aside.keep.any():
        message = f"the file has no row of the authority {la_code[:20]!r}"
        say_once(issues, table, kind, ("authority_missing", "error", message, "check the code"))
    years, periods = read_periods(table.get("time_period"), table.get("time_identifier"))
    wrong = (periods != "academic").to_numpy()
    at = np.flatnonzero(wrong & aside.keep)
    shown = [table.get("time_period")[i] for i in at[:MOST_NAMED]]
    fault = ("not_a_period", "error", "the period is not an academic year", "write 202425")
    say(issues, table, kind, at, fault, column="time_period", values=shown)
    aside.drop(wrong, "period not understood")
    return pd.DataFrame({"year": years, "la_code": codes, "la_name": table.get("la_name")})


def _phases(table: TextTable, column: str, aside: SetAside, issues: list[Issue], kind: str) -> NDArray[np.object_]:
    """Return the phase of each row; a row of another phase is set aside."""
    texts = [str(text).casefold() for text in table.get(column)]
    found = np.array([_PHASES.get(text, "") for text in texts], dtype=object)
    strange = found == ""
    at = np.flatnonzero(strange & aside.keep)
    fault = (
        "phase_unknown",
        "warning",
        "the phase is none of primary, secondary and total",
        "check the release's notes",
    )
    say(issues, table, kind, at, fault, column=column, values=[texts[i] for i in at[:MOST_NAMED]])
    aside.drop(strange, "a phase that is not known")
    return found


def _drop_repeats(
    table: TextTable, rows: pd.DataFrame, aside: SetAside, issues: list[Issue], *, key: list[str], kind: str
) -> None:
    again = np.zeros(len(rows), dtype=bool)
    again[aside.keep] = rows.loc[aside.keep, key].duplicated().to_numpy()
    message = f"the same {', '.join(key)} stand in an earlier row, which is used"
    fix = "keep one row: the file may have a breakdown that this reader does not know"
    say(issues, table, kind, np.flatnonzero(again), ("row_twice", "error", message, fix), column=key[-1])
    aside.drop(again, "the same row again")


def _check_phases(
    table: TextTable,
    names: list[str | None],
    numbers: dict[str, Numbers],
    keep: NDArray[np.bool_],
    issues: list[Issue],
    *,
    what: str,
) -> None:
    """Report rows whose primary and secondary figures exceed the whole; they need not sum to it (sixth forms)."""
    if None in names:
        return
    primary, secondary, whole = (numbers[str(name)].values for name in names)
    at = np.flatnonzero(keep & (primary + secondary > whole + 0.5))
    message = f"primary and secondary {what} sum to more than all {what}"
    fault = ("total_open", "warning", message, "look whether columns were changed")
    say(issues, table, CAPACITY, at, fault, column=str(names[2]), values=[f"{whole[i]:g}" for i in at[:MOST_NAMED]])
