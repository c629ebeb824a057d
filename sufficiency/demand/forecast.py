"""How many pupils the county has in each year: the calibration year's pattern, carried by its cohorts to the controls.

Each cell (national curriculum year, need, place sought, attendance) of the pattern is the number of residents with a
plan in the calibration year. In a later year it is multiplied by the size of the cohort then of that age over the size
of the cohort of that age in the calibration year; then each stream is scaled to its control and made whole by largest
remainders, first between needs and then between the ages of each need, so that every control is met exactly and every
need keeps its share to within one pupil. Nothing else changes with time: the mix by age and need is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model import vocabulary as v
from sufficiency.model.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters

AGE_AT_RECEPTION: Final = 4
INDEPENDENT_PLACEMENTS: Final = ("independent_special_school", "non_maintained_special_school")
CELL: Final = ["place_sought", "need", "ncy", "attendance"]
MOST_NAMED: Final = 5
CASES: Final = {"extrapolated": "pupils", "low": "low_pupils", "high": "high_pupils"}


def apportion(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Share a whole number out in proportion to weights by largest remainders.

    Parameters
    ----------
    weights
        Not negative, one a recipient.
    total
        Whole number to share, not negative.

    Returns
    -------
    ndarray
        Whole numbers, one a recipient: they sum to `total`, each is one of the two whole numbers around its exact
        share (exactly it where the share is whole), and a recipient without weight gets none. Equal remainders go to
        the earlier recipient.

    Raises
    ------
    DataError
        When there is something to share and no weight, or a weight is negative or not finite.
    """
    if not np.isfinite(weights).all() or (weights < 0).any():
        message = "weights must be numbers of 0 or more"
        raise DataError(message)
    if total == 0:
        return np.zeros(len(weights), dtype=np.int64)
    if weights.sum() <= 0:
        message = f"{total} pupils cannot be shared out: the pattern has none of them in the calibration year"
        raise DataError(message)
    share = weights * (total / weights.sum())
    # A share within rounding error of a whole number is that number, on every machine.
    share = np.where(np.abs(share - np.round(share)) < 1e-9 * max(1, total), np.round(share), share)
    out: NDArray[np.int64] = np.floor(share).astype(np.int64)
    left = total - int(out.sum())
    order = np.lexsort((np.arange(len(share)), -np.round(share - out, 9)))
    out[order[:left]] += 1
    return out


def stream_of(place_sought: pd.Series, ncy: pd.Series) -> pd.Series:
    """Return each row's stream: ``headline`` (Reception to Year 14, special school or base) or the place sought."""
    headline = place_sought.isin(v.HEADLINE_TYPES) & ncy.between(*v.HEADLINE_NCY)
    return place_sought.where(~headline, v.HEADLINE)


def pattern(rates: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Return pupils of the calibration year by cell and stream under a demand definition.

    Parameters
    ----------
    rates
        Table `rates`.
    definition
        ``A``: every resident in a special school or base, wherever it is, seeks a local one. ``B``: those in
        independent and non-maintained schools do not; they are counted with `educated_elsewhere`.

    Returns
    -------
    DataFrame
        stream, place_sought, need, ncy, attendance, pupils; sorted, one row a cell.

    Raises
    ------
    ParameterError
        When the definition is neither.
    """
    if definition not in {"A", "B"}:
        message = f"demand_definition must be A or B, not {definition!r}"
        raise ParameterError(message)
    out = rates[[*CELL, "placement", "pupils"]].copy()
    if definition == "B":
        away = out["placement"].isin(INDEPENDENT_PLACEMENTS)
        out["place_sought"] = out["place_sought"].where(~away, "educated_elsewhere")
    out["stream"] = stream_of(out["place_sought"], out["ncy"])
    out = out.groupby(["stream", *CELL], as_index=False, sort=True).agg({"pupils": "sum"})
    return out[out["pupils"] > 0].reset_index(drop=True)


def base_age(year: NDArray[np.int64], ncy: NDArray[np.int64], calibration_year: int) -> NDArray[np.int64]:
    """Return the age that a cohort had in the calibration year; negative = not yet born."""
    return np.asarray(ncy + AGE_AT_RECEPTION - (year - calibration_year), dtype=np.int64)


def people_by_age(population: pd.DataFrame, calibration_year: int) -> pd.DataFrame:
    """Return residents of the calibration year by zone (rows, sorted) and every single year of age between those given.

    Raises
    ------
    DataError
        When there are none of that year.
    """
    of_year = population[population["year"] == calibration_year]
    if of_year.empty:
        message = f"population.csv has no row of the calibration year {calibration_year}"
        raise DataError(message)
    wide = of_year.pivot_table(index="zone_id", columns="age", values="people", aggfunc="sum", fill_value=0.0)
    ages = range(int(of_year["age"].min()), int(of_year["age"].max()) + 1)
    return wide.sort_index(axis=0).reindex(columns=ages, fill_value=0.0)


def column_of_age(ages: NDArray[np.int64], people: pd.DataFrame) -> NDArray[np.int64]:
    """Return the position of each age among the columns of `people_by_age`; beyond them, the nearest."""
    return np.asarray(np.clip(ages - int(str(people.columns[0])), 0, people.shape[1] - 1), dtype=np.int64)


def _controls(controls: pd.DataFrame, parameters: Parameters) -> dict[tuple[int, str], int]:
    """Return pupils by year and stream, taken from the case chosen for the years after the headline year."""
    case = str(parameters.value("demand_after_headline_year"))
    if case not in CASES:
        message = f"demand_after_headline_year must be one of {', '.join(CASES)}, not {case!r}"
        raise ParameterError(message)
    central = controls["pupils"].astype(float)
    after = (controls["year"] > parameters.headline_year) & controls[CASES[case]].notna()
    pupils = central.where(~after, controls[CASES[case]].astype(float))
    rows = zip(controls["year"], controls["stream"], pupils, strict=True)
    return {(int(year), str(stream)): int(number) for year, stream, number in rows}


def _check_controls(cells: pd.DataFrame, wanted: dict[tuple[int, str], int], parameters: Parameters) -> None:
    totals = {str(stream): int(pupils) for stream, pupils in cells.groupby("stream")["pupils"].sum().items()}
    lacking = [f"{year} {stream}" for year in parameters.years for stream in totals if (year, stream) not in wanted]
    if lacking:
        message = f"controls.csv lacks a row for {', '.join(lacking[:MOST_NAMED])}" + (
            f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
        )
        raise DataError(message)
    empty = [stream for (_, stream), pupils in wanted.items() if pupils > 0 and stream not in totals]
    if empty:
        message = f"controls.csv asks for pupils of {empty[0]}, but rates.csv has none: add them, or take the row out"
        raise DataError(message)
    for stream, pupils in totals.items():
        asked = wanted[parameters.calibration_year, stream]
        if asked != pupils:
            message = (
                f"in {parameters.calibration_year} rates.csv holds {pupils} pupils of the stream {stream} (demand "
                f"definition {parameters.value('demand_definition')}) but controls.csv says {asked}: they must agree"
            )
            raise DataError(message)


def _whole(cells: pd.DataFrame, weight: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Make one stream whole: between needs first, then between the cells of each need."""
    out = np.zeros(len(cells), dtype=np.int64)
    groups = list(cells.groupby(["place_sought", "need"], sort=True).indices.items())
    shares = apportion(np.array([weight[at].sum() for _, at in groups]), total)
    for (_, at), pupils in zip(groups, shares, strict=True):
        if pupils:
            out[at] = apportion(weight[at], int(pupils))
    return out


def forecast_counts(
    population: pd.DataFrame, rates: pd.DataFrame, controls: pd.DataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Forecast the county's pupils of every year of the run.

    Parameters
    ----------
    population, rates, controls
        The tables of these names; the order of their rows does not matter.
    parameters
        Gives the years, `demand_definition` and `demand_after_headline_year`.

    Returns
    -------
    DataFrame
        year, ncy, need, place_sought, attendance, pupils (at least 1), sorted. In every year each stream's pupils sum
        to its control; in the calibration year every cell equals the pattern.

    Raises
    ------
    DataError
        When a control is missing, disagrees with the pattern in the calibration year, or asks for what the pattern
        does not hold; or when nobody of an age lives in the county.
    ParameterError
        When a parameter has a value that is not offered.
    """
    cells = pattern(rates, str(parameters.value("demand_definition")))
    wanted = _controls(controls, parameters)
    _check_controls(cells, wanted, parameters)
    people = people_by_age(population, parameters.calibration_year)
    county = people.sum(axis=0).to_numpy(dtype=float)
    ncy, pupils = cells["ncy"].to_numpy(dtype=np.int64), cells["pupils"].to_numpy(dtype=float)
    now = county[column_of_age(ncy + AGE_AT_RECEPTION, people)]
    if (now <= 0).any():
        message = f"population.csv has nobody of age {ncy[now <= 0][0] + AGE_AT_RECEPTION}, yet rates.csv has pupils"
        raise DataError(message)
    streams = {str(stream): at for stream, at in cells.groupby("stream", sort=True).indices.items()}
    years = []
    for year in parameters.years:
        then = county[column_of_age(base_age(np.full_like(ncy, year), ncy, parameters.calibration_year), people)]
        whole = np.zeros(len(cells), dtype=np.int64)
        for stream, at in streams.items():
            whole[at] = _whole(cells.iloc[at], (pupils * then / now)[at], wanted[year, stream])
        years.append(cells.assign(year=year, pupils=whole))
    order = ["year", "ncy", "need", "place_sought", "attendance"]
    out = pd.concat(years, ignore_index=True)
    return out.loc[out["pupils"] > 0, [*order, "pupils"]].sort_values(order, ignore_index=True)
