"""The tiny county with candidates: few enough to try every choice, worked out by a linear programme apart."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from sufficiency.planning.programme_search import Budget, prepare_search
from tests import tiny_county as tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs
    from sufficiency.planning.programme_search import Problem
    from sufficiency.planning.programme_search.problem import Part

YEARS = (2027, 2028, 2029)
ACCEPTANCE = pd.DataFrame(columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"])
BUDGET = Budget({2027: 700_000.0, 2028: 500_000.0})


def candidate(name: str, east: float, kind: str = "special_school", **more: Any) -> dict[str, Any]:
    """Return a candidate at a kilometre of the road."""
    row = {
        "candidate_id": name, "candidate_name": f"Candidate {name} (illustrative)", "setting_id": "",
        "easting_m": 1_000 * east, "northing_m": 205_000.0, "provision_type": kind, "ncy_from": 0, "ncy_to": 14,
        "needs": "ASD;SLD", "least_places": 4, "most_places": 8, "step_places": 4, "fixed_gbp": 100_000.0,
        "capital_gbp_per_place": 50_000.0, "earliest_year": 2027, "latest_year": 2028, "must_open": False,
        "must_close": False, "at_most_one_of": "", "phasing": "", "source": "made up", "quality": "illustrative",
    }  # fmt: skip
    return row | more


def candidates(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of candidates; three without any given."""
    some = rows or (
        candidate("a", 455, phasing="0.5;1"),
        candidate("b", 465, latest_year=2029),
        candidate("c", 478, kind="specialist_base", ncy_from=7, ncy_to=11, needs="ASD", fixed_gbp=0.0),
    )
    return pd.DataFrame(list(some))


def county(**changes: Any) -> Inputs:
    """Return the tiny county with demand in three years, 12 seeking a base, and S2's base full."""
    base = tiny.inputs()
    plain = {"reach_limit_min": ("none", None, None), "snap_detour_ratio": (1, None, None)}
    plain |= {"snap_kph": (30, None, None), "journey_limit_primary_min": (25, None, None)}
    plain |= {"vehicle_seats": (4, None, None), "pickup_detour_limit_min": (30, None, None)}
    plain |= {"journey_limit_secondary_min": (25, None, None)}
    homes = tiny.zones().rename(columns={"zone_id": "origin_id"}).assign(zone_id=["z1", "z2", "z3", "z4"])
    homes = homes.set_geometry(homes.centroid)
    one = tiny.demand()
    one.loc[one["group_id"] == "g3", "pupils"] = 12
    demand = pd.concat(
        [one.assign(year=year, group_id=one["group_id"] + f"-{year}", pupils=one["pupils"] + max(0, grow - 1))
         for grow, year in enumerate((2024, 2025, 2026, *YEARS))], ignore_index=True,
    )  # fmt: skip
    places = tiny.places()
    places = pd.concat([places[places["year"] == tiny.YEAR].assign(year=year) for year in (2024, 2025, 2026, *YEARS)])
    road = tiny.road()
    everything = {
        "origins": homes,
        "roads": dataclasses.replace(road, edges=road.edges.assign(maxspeed_kph=float("nan"))),
        "speeds": base.speeds.assign(junction_s=0.0, low_share=1.0, high_share=1.0),
        "acceptance": ACCEPTANCE,
        "demand": demand,
        "places": places.reset_index(drop=True),
        "parameters": tiny.parameters(**plain),
        "border_flows": base.border_flows.iloc[:0],
    }
    return dataclasses.replace(base, **(everything | changes))


def problem(*rows: dict[str, Any], **changes: Any) -> Problem:
    """Return a search over the county, upon do_nothing."""
    return prepare_search(county(**changes), scenario_id="do_nothing", years=YEARS, candidates=candidates(*rows))


def every_choice(one: Problem, budget: Budget) -> Iterator[tuple[int, ...]]:
    """Yield every choice of at most one option a candidate that keeps the budget."""
    options = one.pool.options
    names = sorted({option.candidate_id for option in options})
    mine = [[None, *(at for at, option in enumerate(options) if option.candidate_id == name)] for name in names]
    for taken in itertools.product(*mine):
        chosen = tuple(sorted(at for at in taken if at is not None))
        if all(
            sum(options[at].capital_gbp for at in chosen if options[at].year <= year)
            <= sum(pounds for known, pounds in budget.new_gbp.items() if known <= year)
            for year in YEARS
        ):
            yield chosen


def by_linear_programme(one: Problem, chosen: tuple[int, ...]) -> tuple[int, int, int, float]:
    """Return pupils without a local place, unplaced, unplaced or independent, and minutes: in weights, by an LP."""
    total = np.zeros(4)
    for year in one.years:
        places = year.places + sum((year.added[at] for at in chosen), np.zeros_like(year.places))
        for part in year.parts:
            key = (id(part), places[part.columns].tobytes())
            if key not in _SOLVED:
                _SOLVED[key] = part, _solved(part, places[part.columns])
            total += _SOLVED[key][1]
    return (*(round(value) for value in total[:3]), round(float(total[3]), 6))


# the part is kept beside its figures, so that its id stays its own
_SOLVED: dict[tuple[int, bytes], tuple[Part, list[float]]] = {}


def _solved(part: Part, places: NDArray[np.int64]) -> list[float]:
    row, column = np.nonzero(part.cost >= 0)
    tier = part.tier[column]
    minutes = part.cost[row, column] / 60_000
    gain = 1e6 * (tier == 1) + 1e5 * (tier <= 2) + 1e4
    n, m = part.cost.shape
    limits = np.zeros((n + m, row.size))
    limits[row, np.arange(row.size)] = 1
    limits[n + column, np.arange(row.size)] = 1
    bound = np.concatenate([part.pupils, places])
    flow = linprog(minutes - gain, A_ub=limits, b_ub=bound, method="highs-ds").x if row.size else np.zeros(0)
    pupils = float(part.pupils.sum())
    local, state = float(flow[tier == 1].sum()), float(flow[tier <= 2].sum())
    return [pupils - local, pupils - float(flow.sum()), pupils - state, float(minutes @ flow)]
