"""The question as arrays: who may go where in each year, the places there now, and what each option adds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sufficiency import allocation, measures
from sufficiency.assess import demand_of, network_of, residents_places, rules_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.scheme_ids import scheme_provision_id
from sufficiency.model.vocabulary import HEADLINE_TYPES, phase_of, year_label
from sufficiency.planning.programme_search.options import Pool, pool_of
from sufficiency.planning.scenarios import apply_scenario
from sufficiency.planning.schemes import lay_schemes
from sufficiency.travel import journey_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.allocation import Eligibility
    from sufficiency.model.results import Inputs, TravelTimes
    from sufficiency.travel import RoadNetwork

    Ints = NDArray[np.int64]

__all__ = ["CASES", "Part", "Problem", "Year", "prepare_search", "years_of"]

CASES: Final = ("low", "central", "high")
MS_PER_MIN: Final = 60_000


@dataclass(frozen=True)
class Part:
    """Groups and provisions of a year that share no pupil and no place with the others.

    ``cost`` int64 [n, m] in milliseconds, -1 = not eligible, no row twice for one district; ``pupils`` int64 [n];
    ``columns`` intp [m], the provisions' places in the year; ``tier`` int64 [m]; ``within`` bool [n, m]: eligible,
    local and within the journey limit of the phase; ``district`` intp [n], -1 = none; ``moves``: whether an option
    changes a place.
    """

    cost: Ints
    pupils: Ints
    columns: NDArray[np.intp]
    tier: Ints
    within: NDArray[np.bool_]
    district: NDArray[np.intp]
    moves: bool


@dataclass(frozen=True)
class Year:
    """One year: ``places`` int64 [m] without any option; ``added`` int64 [options, m], what each option adds."""

    year: int
    provision_ids: tuple[str, ...]
    places: Ints
    added: Ints
    parts: tuple[Part, ...]

    @property
    def pupils(self) -> int:
        """Headline pupils of the year."""
        return sum(int(part.pupils.sum()) for part in self.parts)


@dataclass(frozen=True)
class Problem:
    """A search made ready: the area with every candidate laid in, and the arrays of each year."""

    inputs: Inputs
    scenario_id: str
    laid: Inputs
    pool: Pool
    travel: TravelTimes
    years: tuple[Year, ...]
    case: str
    notes: tuple[str, ...]

    def with_demand(self, demand: pd.DataFrame) -> Problem:
        """Return the same candidates before other pupils (table `demand`)."""
        names = [year.year for year in self.years]
        return dataclasses.replace(self, years=_years(self.laid, self.pool, demand, self.travel, names))


def years_of(inputs: Inputs, years: Sequence[int] | None) -> tuple[int, ...]:
    """Return the years of a search, in order: those asked for, or those after the first forecast year.

    Raises
    ------
    ParameterError
        When a year is not one of the area's.
    """
    parameters = inputs.parameters
    every = tuple(year for year in parameters.years if year > parameters.calibration_year)
    chosen = every[1:] or every if years is None else tuple(sorted(set(years)))
    strange = [year for year in chosen if year not in every]
    if strange or not chosen:
        told = year_label(strange[0]) if strange else "no year at all"
        message = f"{told} cannot be searched: the forecast runs from {year_label(every[0])} to {year_label(every[-1])}"
        raise ParameterError(message)
    return chosen


def prepare_search(
    inputs: Inputs,
    *,
    scenario_id: str = "committed",
    years: Sequence[int] | None = None,
    case: str = "central",
    candidates: pd.DataFrame | None = None,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> Problem:
    """Make a search ready.

    Parameters
    ----------
    inputs
        Checked inputs of the baseline.
    scenario_id
        The scenario that is built upon.
    years
        Academic years; None = all after the first forecast year.
    case
        Case of the capital: low, central or high.
    candidates
        Table `candidates`; None = that of the area, and where it has none, its schemes outside the scenario.
    demand, network
        Table `demand` and the roads of the scenario, where they are made ready already.

    Raises
    ------
    ParameterError
        When the scenario, a year or the case is unknown.
    DataError
        When a candidate cannot be: a fault in its row, off the ground of the area, or without a road. All at once.
    """
    if case not in CASES:
        message = f"the case of the capital is {case!r}: give one of {', '.join(CASES)}"
        raise ParameterError(message)
    base = apply_scenario(inputs, scenario_id)
    chosen = years_of(base, years)
    table = inputs.candidates if candidates is None else candidates
    pool = pool_of(inputs, scenario_id, chosen, case=case, candidates=table)
    laid = _laid(inputs, base, scenario_id, pool, chosen)
    groups = demand_of(base) if demand is None else demand
    travel = journey_times(network_of(base) if network is None else network, laid.origins, laid.settings, bands=False)
    _hold_sites(pool, travel, float(base.parameters.value("snap_limit_m")))
    notes = list(pool.notes)
    if len(laid.acceptance):
        notes.append("figures are of places of the type sought; substitutes are not counted")
    built = _years(laid, pool, groups, travel, chosen)
    return Problem(inputs, scenario_id, laid, pool, travel, built, case, tuple(notes))


def _laid(inputs: Inputs, base: Inputs, scenario_id: str, pool: Pool, years: Sequence[int]) -> Inputs:
    """Return the scenario with every candidate's departments open in every year of the search."""
    held = inputs.scenarios[scenario_id].scheme_ids
    names = list(pool.schemes["scheme_id"])
    spans = sorted({(one.candidate_id, first, last) for one in pool.options for _, first, last, _ in one.stock})
    rows = [(name, year, first, last, 1) for name, first, last in spans for year in years]
    stock = pd.DataFrame(rows, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places"])
    own = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(held)]
    kept = inputs.schemes[inputs.schemes["scheme_id"].isin(held)]
    both = pd.concat([kept, pool.schemes[kept.columns.intersection(pool.schemes.columns)]], ignore_index=True)
    every = dataclasses.replace(
        inputs,
        schemes=gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.schemes.crs),
        scheme_places=pd.concat([own, stock], ignore_index=True),
    )
    return dataclasses.replace(base, **lay_schemes(every, [*held, *names])._asdict())


def _hold_sites(pool: Pool, travel: TravelTimes, limit_m: float) -> None:
    at = {name: column for column, name in enumerate(travel.setting_ids)}
    faults = []
    for name, setting_id in zip(pool.schemes["scheme_id"], pool.schemes["setting_id"], strict=True):
        column = at[str(setting_id)]
        snap_m = float(travel.setting_snap_m[column])
        if not snap_m <= limit_m:
            faults.append(f"candidate {name}: its site is further than {limit_m:,.0f} m from any road")
        elif not (travel.milliseconds[:, column] >= 0).any():
            faults.append(f"candidate {name}: no road leads from any home to its site")
    if faults:
        raise DataError("; ".join(faults))


def _years(
    laid: Inputs, pool: Pool, demand: pd.DataFrame, travel: TravelTimes, years: Sequence[int]
) -> tuple[Year, ...]:
    places, rules = residents_places(laid), rules_of(laid)
    limits = measures.journey_limits_min(laid.parameters)
    home = laid.origins.set_index("origin_id")["zone_id"].map(laid.zones.set_index("zone_id")["district_id"])
    districts = {name: at for at, name in enumerate(sorted(set(laid.zones["district_id"])))}
    built = []
    for year in years:
        every = allocation.build_eligibility(
            demand, laid.provision, places, laid.acceptance, travel, year=year, rules=rules
        )
        headline = measures.headline_groups(every.groups).to_numpy(dtype=np.bool_)
        offered = every.provision["provision_type"].isin(HEADLINE_TYPES).to_numpy(dtype=np.bool_)
        one = allocation.part_of(every, headline, offered)
        district = one.groups["origin_id"].map(home).map(districts).fillna(-1).to_numpy(dtype=np.intp)
        built.append(_year(one, pool, district, limits))
    return tuple(built)


def _year(one: Eligibility, pool: Pool, district: NDArray[np.intp], limits: dict[str, float]) -> Year:
    names = tuple(one.provision["provision_id"].astype(str))
    at = {name: column for column, name in enumerate(names)}
    mine = {
        scheme_provision_id(option.candidate_id, first, last)
        for option in pool.options
        for _, first, last, _ in option.stock
    }
    places = np.where([name in mine for name in names], 0, one.places)
    added = np.zeros((len(pool.options), len(names)), dtype=np.int64)
    for row, option in enumerate(pool.options):
        for year, first, last, more in option.stock:
            column = at.get(scheme_provision_id(option.candidate_id, first, last))
            if year == one.year and column is not None:
                added[row, column] += more
    day = (one.groups["attendance"] == "day").to_numpy()
    limit_ms = np.array([limits[phase_of(int(ncy))] for ncy in one.groups["ncy"]]) * MS_PER_MIN
    near = (one.first_cost >= 0) & (~day[:, None] | (one.milliseconds <= limit_ms[:, None]))
    within: NDArray[np.bool_] = np.logical_and(near, (one.tier == 1)[None, :])
    return Year(
        one.year, names, places, added, _parts(one, within, district, np.asarray(added.any(axis=0), dtype=np.bool_))
    )


def _parts(
    one: Eligibility, within: NDArray[np.bool_], district: NDArray[np.intp], moved: NDArray[np.bool_]
) -> tuple[Part, ...]:
    n, m = one.first_cost.shape
    row, column = np.nonzero(one.first_cost >= 0)
    graph = coo_matrix((np.ones(row.size), (row, column + n)), shape=(n + m, n + m))
    _, label = connected_components(graph, directed=False)
    parts = []
    for name in np.unique(label[:n]):
        rows, columns = np.flatnonzero(label[:n] == name), np.flatnonzero(label[n:] == name)
        cells = np.ix_(rows, columns)
        key = np.column_stack([district[rows], within[cells].astype(np.int64), one.first_cost[cells]])
        _, first, merged = np.unique(key, axis=0, return_index=True, return_inverse=True)
        pupils = np.zeros(first.size, dtype=np.int64)
        np.add.at(pupils, merged.ravel(), one.pupils[rows])
        kept = rows[first]
        parts.append(
            Part(
                cost=one.first_cost[np.ix_(kept, columns)],
                pupils=pupils,
                columns=columns,
                tier=one.tier[columns],
                within=within[np.ix_(kept, columns)],
                district=district[kept],
                moves=bool(moved[columns].any()),
            )
        )
    return tuple(parts)
