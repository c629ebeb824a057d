"""How many pupils the county has in each year: the calibration year's pattern, carried on and made whole.

What is to be expected of each cell (`sufficiency.demand.expected`) is, with the `forecast_method` ``controls``, scaled
so that each stream meets its control, and with ``rates`` left as it is; then the table of the mix and the mitigations
that are applied move it (`sufficiency.demand.changes`). It is made whole by largest remainders: between streams, then
present and new homes, then needs, then the ages of each need, so that every need keeps its share to within one pupil.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.demand.changes import apply_mitigations, apply_mix_table, with_targets
from sufficiency.demand.drivers import Drivers
from sufficiency.demand.expected import HOMES, expected_pupils, grounds_of
from sufficiency.model import vocabulary as v
from sufficiency.model.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters

NO_DRIVERS: Final = Drivers()
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


def _to_controls(
    expected: NDArray[np.float64], cells: pd.DataFrame, wanted: dict[tuple[int, str], int], years: Sequence[int]
) -> NDArray[np.float64]:
    """Scale each stream of each year to its control."""
    out = expected.copy()
    for stream, at in cells.groupby("stream", sort=True).indices.items():
        for year, of_year in enumerate(years):
            held = float(out[year, at].sum())
            asked = wanted.get((int(of_year), str(stream)))
            if asked is None:
                continue
            if held <= 0 < asked:
                message = f"{asked} pupils cannot be shared out: the pattern has none of them in the calibration year"
                raise DataError(message)
            out[year, at] *= asked / held if held > 0 else 0.0
    return out


def _whole(cells: pd.DataFrame, weight: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Make one stream whole, [cells, homes]: between homes first, then needs, then the cells of each need."""
    out = np.zeros(weight.shape, dtype=np.int64)
    groups = list(cells.groupby(["place_sought", "need"], sort=True).indices.items())
    for homes, in_homes in enumerate(apportion(weight.sum(axis=0), total)):
        shares = apportion(np.array([weight[at, homes].sum() for _, at in groups]), int(in_homes))
        for (_, at), pupils in zip(groups, shares, strict=True):
            if pupils:
                out[at, homes] = apportion(weight[at, homes], int(pupils))
    return out


def forecast_counts(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    controls: pd.DataFrame,
    parameters: Parameters,
    drivers: Drivers = NO_DRIVERS,
) -> pd.DataFrame:
    """Forecast the county's pupils of every year of the run.

    Parameters
    ----------
    population, rates, controls
        The tables of these names; the order of their rows does not matter. `controls` is only used with the
        `forecast_method` ``controls``.
    parameters
        Gives the years, the method, the trend, `demand_definition` and `demand_after_headline_year`.
    drivers
        The optional tables: cohort changes, new homes, trends, mix, mitigations.

    Returns
    -------
    DataFrame
        year, ncy, need, place_sought, attendance, homes (present or new), pupils (at least 1), sorted. With controls
        and no mitigation or table of the mix, each stream's pupils of every year sum to its control. In the
        calibration year every cell equals the pattern.

    Raises
    ------
    DataError
        When a control is missing, disagrees with the pattern in the calibration year, or asks for what the pattern
        does not hold; or when nobody of an age lives in the county.
    ParameterError
        When a parameter has a value that is not offered.
    """
    cells, expected = forecast_expected(population, rates, controls, parameters, drivers)
    streams = {str(stream): at for stream, at in cells.groupby("stream", sort=True).indices.items()}
    years = []
    for position, year in enumerate(parameters.years):
        sums = np.array([expected[position, at].sum() for at in streams.values()])
        totals = apportion(sums, int(np.floor(sums.sum() + 0.5)))
        whole = np.zeros(expected.shape[1:], dtype=np.int64)
        for at, total in zip(streams.values(), totals, strict=True):
            if total:
                whole[at] = _whole(cells.iloc[at], expected[position, at], int(total))
        years += [cells.assign(year=year, homes=homes, pupils=whole[:, at]) for at, homes in enumerate(HOMES)]
    order = ["year", "ncy", "need", "place_sought", "attendance", "homes"]
    out = pd.concat(years, ignore_index=True)
    return out.loc[out["pupils"] > 0, [*order, "pupils"]].sort_values(order, ignore_index=True)


def forecast_expected(
    population: pd.DataFrame, rates: pd.DataFrame, controls: pd.DataFrame, parameters: Parameters, drivers: Drivers
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the cells (stream, place_sought, need, ncy, attendance, pupils) and what to expect, [years, cells, homes].

    Parameters and errors as in `forecast_counts`.
    """
    mix_table = str(parameters.value("placement_mix")) == "table"
    plain = pattern(rates, str(parameters.value("demand_definition")))
    cells = with_targets(plain, drivers, mix_table=mix_table)
    cells = cells.assign(stream=stream_of(cells["place_sought"], cells["ncy"]))
    grounds = grounds_of(population, plain, parameters, drivers)
    expected = expected_pupils(cells, grounds, parameters, drivers)
    if str(parameters.value("forecast_method")) == "controls":
        wanted = _controls(controls, parameters)
        _check_controls(plain, wanted, parameters)
        expected = _to_controls(expected, cells, wanted, parameters.years)
    if mix_table:
        if drivers.placement_mix is None:
            message = "placement_mix is table, but the area has no demand/placement_mix.csv"
            raise ParameterError(message)
        expected = apply_mix_table(
            expected, cells, parameters.years, drivers.placement_mix, parameters.calibration_year
        )
    return cells, apply_mitigations(expected, cells, parameters.years, drivers)
