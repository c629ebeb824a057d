"""Fitting the speed table to observed journeys: a council's taxi logs, or any measured minutes.

Each round drives every journey along its least-time way, adds up its minutes by group of roads, fits a factor to each
group (`fitting`), and writes the factors into the speed table; then the ways are looked for anew, because they change
with the speeds. It ends when a round no longer lowers the mean absolute error, and the best table seen is kept: on the
journeys given it is never worse than no calibration. Whether it is better elsewhere is measured on journeys left out:
the whole procedure is repeated without every fifth place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import DataError
from sufficiency.model.issues import issues_table
from sufficiency.travel.calibration.driven import GROUPS, Drivers, Measured, scaled
from sufficiency.travel.calibration.fitting import Errors, errors_of, fit, merge_groups, weighted_quantile
from sufficiency.travel.calibration.observed import LEAST_JOURNEYS, faults_of_rows, faults_on_roads, places_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.model.results import RoadTables
    from sufficiency.travel.calibration.observed import Places
    from sufficiency.travel.snapping import AccessLeg

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# Which group another joins when the journeys cannot tell them apart (fast roads, main rural, main urban, minor rural,
# minor urban, junctions): -1 joins none.
_JOINS: Final = np.array([1, -1, 1, 1, 2, 2], dtype=np.int64)
LEAST_SHARE: Final = 0.05
FOLDS: Final = 5
MOST_ROUNDS: Final = 8
LEAST_GAIN_SHARE: Final = 0.0001
BAND_JOURNEYS: Final = 50
BAND_RANGE: Final = (0.1, 10.0)


@dataclass(frozen=True)
class Group:
    """A group of roads, or the junctions, with its factor of time (above 1: slower than the table).

    ``fitted_with`` names the groups that share the factor because the journeys cannot tell them apart (itself among
    them); ``minutes_share`` is its share of the journeys' modelled minutes before the fit.
    """

    name: str
    factor: float
    fitted_with: tuple[str, ...]
    minutes_share: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """A speed table fitted to observed journeys, with its error before and after.

    Attributes
    ----------
    profile
        The profile fitted; the rows of the others are as they were.
    journeys
        Journeys used, each row counted as often as it says.
    groups
        The six groups with their factors.
    rounds
        How often the ways were looked for anew.
    before, after
        Errors on the journeys given.
    left_out_after
        Errors on the same journeys, each modelled by a table fitted without those of its part; None where all start
        and end in one place. Its counterpart is `before`, which knows none of them.
    folds
        Number of parts that were left out in turn.
    low_share, high_share
        10th and 90th percentile of observed / modelled minutes (of the journeys while left out, where they were),
        within the bounds of the table; None with fewer than 50 rows.
    new_bands
        Whether the fitted rows carry low_share and high_share as their bands.
    speeds
        The complete table `speeds` with the fitted rows.
    """

    profile: str
    journeys: int
    groups: tuple[Group, ...]
    rounds: int
    before: Errors
    after: Errors
    left_out_after: Errors | None
    folds: int
    low_share: float | None
    high_share: float | None
    new_bands: bool
    speeds: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Best:
    """The best table of a search: its factors, how the journeys are driven with it, and which groups went together."""

    factors: Floats
    driven: Measured
    head: Ints
    rounds: int


def calibrate(
    observed: pd.DataFrame,
    roads: RoadTables,
    speeds: pd.DataFrame,
    *,
    profile: str,
    leg: AccessLeg,
    new_bands: bool = False,
    note: str = "",
    file: str = "journeys",
) -> Calibration:
    """Fit the speed table to observed journeys.

    Parameters
    ----------
    observed
        One row a journey: row (its number in the file), from_x_m, from_y_m, to_x_m, to_y_m (metres, in the system of
        the roads), minutes, journeys (how many were so; 1 or more). Not changed.
    roads
        Road nodes and edges.
    speeds
        Table `speeds`; not changed.
    profile
        The profile whose rows are fitted: the time of day of the journeys.
    leg
        How places off the roads are joined; its minutes are not fitted.
    new_bands
        Whether low_share and high_share of the profile are replaced by what the journeys show, from 50 rows on.
    note
        Added to the source of each fitted row, such as the date.
    file
        What faults call the journeys' file.

    Returns
    -------
    Calibration
        The same for any order of the rows.

    Raises
    ------
    DataError
        When a journey cannot be: ``issues`` names every faulty row by its number, never by its places.
    NetworkError
        When the roads or speeds cannot be driven.
    """
    _refuse(faults_of_rows(observed, file))
    places = places_of(observed)
    drivers = Drivers(roads, speeds, profile, leg, places)
    start = drivers.measure(np.ones(len(GROUPS)))
    _refuse(faults_on_roads(observed, start.snap_m, start.reachable, leg.limit_m, file))
    return _found(drivers, start, speeds, profile, new_bands=new_bands, note=note)


def _found(
    drivers: Drivers, start: Measured, speeds: pd.DataFrame, profile: str, *, new_bands: bool, note: str
) -> Calibration:
    """Search the best table from `start` on, and return it with how far it is to be trusted."""
    places = drivers.places
    best = _improve(drivers, start, np.ones(places.minutes.size, dtype=bool))
    left_out_min, folds = _left_out(drivers, start)
    low, high = _bands(places.minutes / (left_out_min if folds else best.driven.modelled_min), places.weight)
    n_journeys = round(float(places.weight.sum()))
    fitted = scaled(speeds, profile, best.factors, f"calibrated to {n_journeys:,} observed journeys{note}")
    new_bands = new_bands and low is not None
    if new_bands:
        fitted.loc[fitted["profile"] == profile, ["low_share", "high_share"]] = [low, high]
    return Calibration(
        profile=profile,
        journeys=n_journeys,
        groups=_groups(best, start),
        rounds=best.rounds,
        before=_errors(start.modelled_min, places),
        after=_errors(best.driven.modelled_min, places),
        left_out_after=_errors(left_out_min, places) if folds else None,
        folds=folds,
        low_share=low,
        high_share=high,
        new_bands=new_bands,
        speeds=fitted,
    )


def _errors(modelled_min: Floats, places: Places) -> Errors:
    return errors_of(modelled_min, places.minutes, places.weight)


def _improve(drivers: Drivers, start: Measured, used: Bools) -> _Best:
    """Fit to the journeys `used`, drive anew, and again, until their mean absolute error falls no further."""
    places = drivers.places
    minutes, weight = places.minutes[used], places.weight[used]

    def error_share(driven: Measured) -> float:
        return errors_of(driven.modelled_min[used], minutes, weight).mean_absolute_share

    head = merge_groups(start.unit_min[used], _JOINS, least_journeys=LEAST_JOURNEYS, least_share=LEAST_SHARE)
    best = _Best(np.ones(len(GROUPS)), start, head, 0)
    driven = start
    for done in range(1, MOST_ROUNDS + 1):
        heads = np.unique(head)
        parts = np.column_stack([driven.unit_min[used][:, head == one].sum(axis=1) for one in heads])
        found = fit(parts, minutes, fixed_min=driven.fixed_min[used], weight=weight)
        factors = found[np.searchsorted(heads, head)]
        driven = drivers.measure(factors)
        gain_share = error_share(best.driven) - error_share(driven)
        if gain_share > 0:
            best = _Best(factors, driven, head, done)
        if gain_share < LEAST_GAIN_SHARE:
            break
    return best


def _left_out(drivers: Drivers, start: Measured) -> tuple[Floats, int]:
    """Return each journey's minutes under a table fitted without its part, and how many parts there were (0: none)."""
    fold = drivers.places.folds(FOLDS)
    parts = np.unique(fold)
    minutes = start.modelled_min.copy()
    if parts.size < 2:
        return minutes, 0
    for part in parts:
        left_out = fold == part
        minutes[left_out] = _improve(drivers, start, ~left_out).driven.modelled_min[left_out]
    return minutes, int(parts.size)


def _bands(ratio: Floats, weight: Floats) -> tuple[float | None, float | None]:
    if ratio.size < BAND_JOURNEYS:
        return None, None
    low, high = (weighted_quantile(ratio, weight, share) for share in (0.1, 0.9))
    return round(float(np.clip(low, BAND_RANGE[0], 1)), 2), round(float(np.clip(high, 1, BAND_RANGE[1])), 2)


def _groups(best: _Best, start: Measured) -> tuple[Group, ...]:
    whole_min = start.modelled_min.sum()
    return tuple(
        Group(
            name,
            float(best.factors[number]),
            tuple(other for place, other in enumerate(GROUPS) if best.head[place] == best.head[number]),
            float(start.unit_min[:, number].sum() / whole_min),
        )
        for number, name in enumerate(GROUPS)
    )


def _refuse(faults: list[Issue]) -> None:
    if faults:
        message = f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the observed journeys"
        # the count of what is left comes after the rows that are not
        raise DataError(message, issues_table(faults).sort_values("row", kind="stable", ignore_index=True))
