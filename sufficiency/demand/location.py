"""Where the county's pupils live: each cohort spread over the homes of its age, and kept there from year to year.

The k-th pupil (k = 0, 1, 2 ...) of a cohort, need, place sought and attendance lives in the zone where the running
share of the cohort's people, zones in order of cluster and id, first exceeds ``frac(offset + k * g)``, with
g = (sqrt(5) - 1) / 2, the golden ratio. Successive points of that sequence fall as evenly over 0 to 1 as those of any
(Knuth, The Art of Computer Programming 3, 6.4), so that any first n pupils spread as the people do; and because
neighbouring zones lie together in the order, so do the pupils of each cluster and district. The offset,
``frac(cohort * sqrt(2) + need * sqrt(3) + place * sqrt(7) + attendance * sqrt(11))`` with the codes counted in the
order of the vocabulary, sets small groups apart from one another. There is no random number in it.

Because the point depends on the cohort and on k alone, the pupils of a smaller year are among those of a larger one:
n + 1 pupils are the same n and one more, and nobody moves. That is what the rolling policy needs of a forecast. Pupils
of new homes are counted apart and live where the dwellings are, so that a new estate moves nobody either.

The people of a zone are weighted, where the area says how, by deprivation and by the present caseload:

    weight(z) = R^((10 - decile) / 9) · ((1 - w) + w · caseload(z) ÷ children(z) · children ÷ caseload)

with R = `deprivation_rate_ratio` and w = `caseload_weight_share`; children are residents up to age 24.

Limits: without those weights every zone has the county's rates at each age, and a pupil never moves house; zones
with few children hold a pupil or none, so a single zone means little. Read districts, or clusters with care.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.demand.cohorts import People, people_of_years
from sufficiency.demand.drivers import Drivers
from sufficiency.demand.new_homes import AGE_AT_RECEPTION, new_homes
from sufficiency.model import vocabulary as v
from sufficiency.model.errors import DataError
from sufficiency.model.tables import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters

GOLDEN: Final = (np.sqrt(5.0) - 1.0) / 2.0
STEPS: Final = tuple(float(np.sqrt(n)) for n in (2.0, 3.0, 7.0, 11.0))
CHILDREN_TO: Final = 24
MOST_DECILE: Final = 10
NO_DRIVERS: Final = Drivers()
KINDS: Final = ["year", "ncy", "need", "place_sought", "attendance"]


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


def zones_in_order(zones: Sequence[str], clusters: pd.DataFrame | None) -> NDArray[np.int64]:
    """Return the positions of zones in order of cluster, then of id; of id alone without clusters.

    Parameters
    ----------
    zones
        Zone ids.
    clusters
        Table `clusters`; cluster ids that begin with their district keep a district's clusters together.

    Raises
    ------
    DataError
        When a zone has no cluster.
    """
    names = np.asarray(zones, dtype=object)
    if clusters is None:
        return np.argsort(names, kind="stable")
    cluster = clusters.drop_duplicates("zone_id").set_index("zone_id")["cluster_id"].reindex(names)
    if cluster.isna().any():
        message = f"clusters.csv has no row for the zone {cluster.index[cluster.isna()][0]}, which has people"
        raise DataError(message)
    return np.lexsort((names.astype(str), cluster.to_numpy().astype(str)))


def check_weights(zone_weight: pd.Series | None, zones: Sequence[str]) -> NDArray[np.float64]:
    """Return the weight of each zone; 1 everywhere without weights.

    Raises
    ------
    DataError
        When a zone has no weight, or a weight is negative or not finite.
    """
    if zone_weight is None:
        return np.ones(len(zones))
    weight = zone_weight.reindex(list(zones)).astype(float)
    if not np.isfinite(weight).all() or (weight < 0).any():
        bad = weight.index[~(np.isfinite(weight) & (weight >= 0))]
        message = f"zone_weight must give every zone a number of 0 or more; {bad[0]} has none"
        raise DataError(message)
    return np.asarray(weight, dtype=np.float64)


def area_weights(people: People, year: int, drivers: Drivers, parameters: Parameters) -> dict[str, pd.Series]:
    """Return the weight of every zone by place sought, ``all`` for places without their own caseload.

    A zone without a decile of deprivation counts as the middle of the scale.
    """
    zones = list(people.zone_ids)
    base = pd.Series(1.0, index=zones)
    ratio = float(parameters.value("deprivation_rate_ratio"))
    if drivers.zone_traits is not None and ratio != 1:
        decile = drivers.zone_traits.set_index("zone_id")["deprivation_decile"].reindex(zones).astype(float)
        base = ratio ** ((MOST_DECILE - decile.fillna((1 + MOST_DECILE) / 2)) / (MOST_DECILE - 1))
    share = float(parameters.value("caseload_weight_share"))
    out = {v.ALL: base}
    if drivers.caseload is None or share == 0:
        return out
    ages = np.arange(CHILDREN_TO + 1, dtype=np.int64)
    of_age = np.unique(people.column(ages))
    children = pd.Series(people.counts[:, people.row(year)][:, of_age].sum(axis=1), index=zones)
    for place, rows in drivers.caseload.groupby("place_sought"):
        held = rows.groupby("zone_id")["pupils"].sum().reindex(zones, fill_value=0).astype(float)
        if held.sum() <= 0:
            continue
        relative = (held / children.where(children > 0)).fillna(0.0) * (children.sum() / held.sum())
        out[str(place)] = base * ((1 - share) + share * relative)
    return out


def locate(
    counts: pd.DataFrame,
    population: pd.DataFrame,
    calibration_year: int,
    *,
    clusters: pd.DataFrame | None = None,
    zone_weight: pd.Series | None = None,
    drivers: Drivers = NO_DRIVERS,
    parameters: Parameters | None = None,
) -> pd.DataFrame:
    """Place the county's pupils in zones.

    Parameters
    ----------
    counts
        year, ncy, need, place_sought, attendance (unique together with homes and district_id, where there are such
        columns) and pupils, as from `forecast_counts`. Pupils with a district_id live in it.
    population
        Table `population`. Homes are those of the cohort's age; of the youngest age for cohorts not born then.
    calibration_year
        Year in which cohorts are where the population says.
    clusters
        Table `clusters`, so that neighbouring zones lie together in the order; None = order of zone_id.
    zone_weight
        Factor by zone_id on its people; None = 1 everywhere.
    drivers
        Cohort changes, new homes, deprivation and caseload.
    parameters
        How much deprivation and caseload count; None = not at all.

    Returns
    -------
    DataFrame
        Table `demand`, sorted by group_id. Over the zones it sums to `counts`; no zone without people has a pupil.

    Raises
    ------
    DataError
        When no zone has people of a cohort's age, a zone has no cluster, or a weight is missing or negative.
    """
    homes = counts["homes"] if "homes" in counts.columns else pd.Series("present", index=counts.index)
    years = sorted({calibration_year, *(int(year) for year in counts["year"])})
    people = people_of_years(
        population, years, changes=drivers.cohort_changes, districts=drivers.districts, county_id=drivers.county_id
    )
    extra = check_weights(zone_weight, people.zone_ids)
    weights = {v.ALL: pd.Series(1.0, index=list(people.zone_ids))}
    if parameters is not None:
        weights = area_weights(people, calibration_year, drivers, parameters)
    order = zones_in_order(people.zone_ids, clusters)
    parts = []
    for place, rows in counts[homes == "present"].groupby("place_sought", sort=True):
        own = weights.get(str(place), weights[v.ALL]).to_numpy() * extra
        parts.append(_among_people(rows, people, own, order, drivers))
    new = counts[homes == "new"]
    if len(new):
        parts.append(_among_dwellings(new, drivers, calibration_year))
    return _demand(pd.concat(parts, ignore_index=True) if parts else counts.assign(origin_id=""))


def _points(counts: pd.DataFrame, shift: float = 0.0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for every pupil the row of the counts and the point of the sequence."""
    pupils = counts["pupils"].to_numpy(dtype=np.int64)
    row = np.repeat(np.arange(len(counts)), pupils)
    k = np.arange(len(row)) - np.repeat(np.cumsum(pupils) - pupils, pupils)
    return row, np.mod(offsets(counts)[row] + shift + k * GOLDEN, 1.0)


def _among_people(
    counts: pd.DataFrame,
    people: People,
    weight: NDArray[np.float64],
    order: NDArray[np.int64],
    drivers: Drivers,
) -> pd.DataFrame:
    """Return the counts by zone: where the running share of the cohort's people passes each pupil's point."""
    counts = counts.reset_index(drop=True)
    row, point = _points(counts)
    zones = np.array(people.zone_ids, dtype=object)[order]
    ages = (counts["ncy"] + AGE_AT_RECEPTION).to_numpy(dtype=np.int64)
    column = people.column(ages)
    year = np.array([people.row(int(value)) for value in counts["year"]], dtype=np.int64)
    within = counts["district_id"] if "district_id" in counts.columns else pd.Series("", index=counts.index)
    inside = np.array([drivers.districts.get(zone, "") for zone in zones], dtype=object)
    zone = np.zeros(len(row), dtype=np.int64)
    kind, kinds = pd.factorize(pd.MultiIndex.from_arrays([year, column, within]))
    of_pupil = kind[row]
    by_kind = np.argsort(of_pupil, kind="stable")
    ends = np.searchsorted(of_pupil[by_kind], np.arange(len(kinds) + 1))
    for number, (at_year, at_age, district) in enumerate(kinds):
        held = people.counts[order, at_year, at_age] * weight[order]
        if district:
            held = np.where(inside == district, held, 0.0)
        running = np.cumsum(held)
        if running[-1] <= 0:
            age = at_age + people.first_age
            message = f"no zone has people of age {age}, so pupils of that cohort have no home"
            raise DataError(message)
        at = by_kind[ends[number] : ends[number + 1]]
        zone[at] = np.searchsorted(running / running[-1], point[at], side="right")
    return _cells(counts, row, zone, zones)


def _among_dwellings(counts: pd.DataFrame, drivers: Drivers, calibration_year: int) -> pd.DataFrame:
    """Return the counts by zone: where the running share of the dwellings lived in passes each pupil's point."""
    counts = counts.reset_index(drop=True)
    years = sorted(counts["year"].unique())
    homes = new_homes(drivers.developments, years, calibration_year)
    row, point = _points(counts, shift=0.5)
    zones = np.array(homes.zone_ids, dtype=object)
    zone = np.zeros(len(row), dtype=np.int64)
    of_row = counts["year"].to_numpy()[row]
    for at_year, value in enumerate(years):
        running = np.cumsum(homes.dwellings[:, at_year])
        at = np.flatnonzero(of_row == value)
        zone[at] = np.searchsorted(running / running[-1], point[at], side="right")
    return _cells(counts, row, zone, zones)


def _cells(
    counts: pd.DataFrame, row: NDArray[np.int64], zone: NDArray[np.int64], zones: NDArray[np.object_]
) -> pd.DataFrame:
    cell, size = np.unique(row * len(zones) + zone, return_counts=True)
    out: pd.DataFrame = counts.iloc[cell // len(zones)][KINDS]
    return out.assign(origin_id=zones[cell % len(zones)], pupils=size.astype(np.int64))


def _demand(cells: pd.DataFrame) -> pd.DataFrame:
    out = cells.groupby([*KINDS, "origin_id"], as_index=False, sort=True)[["pupils"]].sum()
    out = out.assign(sex="any", ehcp=True)
    columns = [out["year"].astype(str), (out["ncy"] + 4).map("age{:02d}".format)]
    columns += [out[name].astype(str) for name in ("need", "place_sought", "attendance", "origin_id")]
    group = columns[0]
    for column in columns[1:]:
        group = group + "." + column
    out["group_id"] = group
    return conform(out.sort_values("group_id"), "demand")
