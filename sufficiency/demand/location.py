"""Where the county's pupils live: each cohort spread over the homes of its age, and kept there from year to year.

The k-th pupil (k = 0, 1, 2 ...) of a cohort, need, place sought and attendance lives in the zone where the running
share of the cohort's people, zones in order of cluster and id, first exceeds ``frac(offset + k * g)``, with
g = (sqrt(5) - 1) / 2, the golden ratio. Successive points of that sequence fall as evenly over 0 to 1 as those of any
(Knuth, The Art of Computer Programming 3, 6.4), so that any first n pupils spread as the people do; and because
neighbouring zones lie together in the order, so do the pupils of each cluster and district. The offset,
``frac(cohort * sqrt(2) + need * sqrt(3) + place * sqrt(7) + attendance * sqrt(11))`` with the codes counted in the
order of the vocabulary, sets small groups apart from one another. There is no random number in it.

Because the point depends on the cohort and on k alone, the pupils of a smaller year are among those of a larger one:
n + 1 pupils are the same n and one more, and nobody moves. That is what the rolling policy needs of a forecast.

Limits: every zone has the county's rates at each age, whatever its deprivation, and a pupil never moves house; zones
with few children hold a pupil or none, so a single zone means little. Read districts, or clusters with care.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.demand.forecast import base_age, column_of_age, people_by_age
from sufficiency.model import vocabulary as v
from sufficiency.model.errors import DataError
from sufficiency.model.tables import conform

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

GOLDEN: Final = (np.sqrt(5.0) - 1.0) / 2.0
STEPS: Final = tuple(float(np.sqrt(n)) for n in (2.0, 3.0, 7.0, 11.0))


def _position(codes: pd.Series, order: tuple[str, ...]) -> NDArray[np.float64]:
    places = {code: position for position, code in enumerate(order)}
    return np.array([places[code] for code in codes], dtype=np.float64)


def offsets(counts: pd.DataFrame) -> NDArray[np.float64]:
    """Return the starting point, in 0 to 1, of each row of counts; it depends on cohort and codes, not on the year."""
    cohort = (counts["year"] - counts["ncy"]).to_numpy(dtype=float)
    parts = (
        cohort,
        _position(counts["need"], v.NEEDS),
        _position(counts["place_sought"], v.PLACE_SOUGHT),
        _position(counts["attendance"], v.DEMAND_ATTENDANCE),
    )
    total = np.zeros(len(counts), dtype=float)
    for part, step in zip(parts, STEPS, strict=True):
        total += np.mod(part * step, 1.0)
    return np.mod(total, 1.0)


def zones_in_order(people: pd.DataFrame, clusters: pd.DataFrame | None) -> pd.DataFrame:
    """Return people by zone (rows) with the zones in order of cluster, then of id; of id alone without clusters.

    Parameters
    ----------
    people
        Zones by ages, from `people_by_age`.
    clusters
        Table `clusters`; cluster ids that begin with their district keep a district's clusters together.

    Raises
    ------
    DataError
        When a zone with people has no cluster.
    """
    if clusters is None:
        return people
    cluster = clusters.drop_duplicates("zone_id").set_index("zone_id")["cluster_id"].reindex(people.index)
    if cluster.isna().any():
        message = f"clusters.csv has no row for the zone {cluster.index[cluster.isna()][0]}, which has people"
        raise DataError(message)
    order = sorted(zip(cluster.astype(str), people.index, strict=True))
    return people.loc[[zone for _, zone in order]]


def weighted_people(people: pd.DataFrame, zone_weight: pd.Series | None) -> pd.DataFrame:
    """Return people by zone and age, each zone multiplied by its weight.

    Parameters
    ----------
    people
        Zones by ages, from `people_by_age`.
    zone_weight
        Factor by zone_id, 0 or more; None = 1 everywhere.

    Raises
    ------
    DataError
        When a zone has no weight, or a weight is negative or not finite.
    """
    if zone_weight is None:
        return people
    weight = zone_weight.reindex(people.index).astype(float)
    if not np.isfinite(weight).all() or (weight < 0).any():
        bad = weight.index[~(np.isfinite(weight) & (weight >= 0))]
        message = f"zone_weight must give every zone a number of 0 or more; {bad[0]} has none"
        raise DataError(message)
    return people.mul(weight, axis=0)


def locate(
    counts: pd.DataFrame,
    population: pd.DataFrame,
    calibration_year: int,
    *,
    clusters: pd.DataFrame | None = None,
    zone_weight: pd.Series | None = None,
) -> pd.DataFrame:
    """Place the county's pupils in zones.

    Parameters
    ----------
    counts
        year, ncy, need, place_sought, attendance (unique together) and pupils, as from `forecast_counts`.
    population
        Table `population`. Homes are those of the cohort's age in the calibration year; of the youngest age for
        cohorts not born then.
    calibration_year
        Year of the population.
    clusters
        Table `clusters`, so that neighbouring zones lie together in the order; None = order of zone_id.
    zone_weight
        Factor by zone_id on its people; None = 1 everywhere.

    Returns
    -------
    DataFrame
        Table `demand`, sorted by group_id. Over the zones it sums to `counts`; no zone without people has a pupil.

    Raises
    ------
    DataError
        When no zone has people of a cohort's age, a zone has no cluster, or a weight is missing or negative.
    """
    people = zones_in_order(people_by_age(population, calibration_year), clusters)
    people = weighted_people(people, zone_weight)
    zones = people.index.to_numpy(dtype=object)
    pupils = counts["pupils"].to_numpy(dtype=np.int64)
    row = np.repeat(np.arange(len(counts)), pupils)
    k = np.arange(len(row)) - np.repeat(np.cumsum(pupils) - pupils, pupils)
    point = np.mod(offsets(counts)[row] + k * GOLDEN, 1.0)
    year, ncy = (counts[name].to_numpy(dtype=np.int64) for name in ("year", "ncy"))
    column = column_of_age(base_age(year, ncy, calibration_year), people)
    matrix = people.to_numpy(dtype=float)
    zone = np.zeros(len(row), dtype=np.int64)
    for at_age in np.unique(column):
        running = np.cumsum(matrix[:, at_age])
        if running[-1] <= 0:
            message = f"no zone has people of age {people.columns[at_age]}, so pupils of that cohort have no home"
            raise DataError(message)
        at = np.flatnonzero(column[row] == at_age)
        zone[at] = np.searchsorted(running / running[-1], point[at], side="right")
    cell, size = np.unique(row * len(zones) + zone, return_counts=True)
    return _demand(counts.iloc[cell // len(zones)], zones[cell % len(zones)], size)


def _demand(cells: pd.DataFrame, origin: NDArray[np.object_], pupils: NDArray[np.int64]) -> pd.DataFrame:
    out = cells.drop(columns="pupils").assign(origin_id=origin, sex="any", ehcp=True, pupils=pupils.astype(np.int64))
    columns = [out["year"].astype(str), (out["ncy"] + 4).map("age{:02d}".format)]
    columns += [out[name].astype(str) for name in ("need", "place_sought", "attendance", "origin_id")]
    group = columns[0]
    for column in columns[1:]:
        group = group + "." + column
    out["group_id"] = group
    return conform(out.sort_values("group_id"), "demand")
