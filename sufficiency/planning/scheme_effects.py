"""What each scheme of a programme does: who would hold its places, how they travel, and what would be without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.assess import residents_places, rules_of
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.contributions import left_out
from sufficiency.planning.scenarios import without_schemes
from sufficiency.planning.schemes import MOVES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.allocation import Eligibility
    from sufficiency.model.results import Assessment, Inputs
    from sufficiency.travel import RoadNetwork

__all__ = ["SchemeEffects", "scheme_effects"]

_LOCAL: Final = 1
_MS_PER_MIN: Final = 60_000
_BUILDS: Final = ("open", "expand", *MOVES)


class SchemeEffects(NamedTuple):
    """Tables `scheme_effects` (a row a scheme and year) and `scheme_homes` (its pupils by district of home)."""

    effects: pd.DataFrame
    homes: pd.DataFrame


def scheme_effects(
    inputs: Inputs,
    assessment: Assessment,
    years: Sequence[int],
    *,
    network: RoadNetwork | None = None,
) -> SchemeEffects:
    """Return what each special-school and specialist-base scheme of a scenario does, by the best joint placement.

    Parameters
    ----------
    inputs
        Checked inputs of the baseline.
    assessment
        The scenario assessed, policy `optimal` among others.
    years
        The years to tell.
    network
        The roads of the scenario made ready; None = make them ready.

    Returns
    -------
    SchemeEffects
        ``effects``, of the years in which a scheme has places: scenario_id, year, scheme_id, places; placed_pupils who
        would hold one; day_pupils, those who travel daily, and their mean_min, one way; other_pupils, those of them for
        whom another local place is suitable, and nearest_other_min, the mean to the nearest one, whether it has room or
        not; left_out_local_pupils, left_out_placed_pupils and left_out_travel_min_per_day, as `left_out`. ``homes``:
        scenario_id, year, scheme_id, district_id (blank = not located), pupils. Internal until released.
    """
    scenario_id, applied = assessment.scenario_id, assessment.inputs
    wanted = inputs.scenarios[scenario_id].scheme_ids
    known = inputs.schemes[inputs.schemes["scheme_id"].isin(wanted)]
    known = known[known["provision_type"].isin(HEADLINE_TYPES) & known["action"].isin(_BUILDS)]
    ids = sorted(known["scheme_id"].astype(str))
    rows = assessment.outcomes
    rows = rows[(rows["policy"] == "optimal") & rows["headline"] & (rows["provision_id"] != "")]
    rows = rows.assign(scheme_id=rows["provision_id"].astype(str).str.rpartition(":")[0])
    rows = rows[rows["scheme_id"].isin(ids)]
    effects, homes = [], []
    bare = without_schemes(inputs, scenario_id)
    for year in years:
        of_year = rows[rows["year"] == year]
        year_rules = allocation.build_eligibility(
            assessment.demand,
            applied.provision,
            residents_places(applied),
            applied.acceptance,
            assessment.travel,
            year=year,
            rules=rules_of(applied),
        )
        contribution = left_out(bare, year, wanted, demand=assessment.demand, network=network).set_index("scheme_id")
        stock = inputs.scheme_places[inputs.scheme_places["year"] == year].groupby("scheme_id")["places"].sum()
        for scheme_id in ids:
            if not stock.get(scheme_id, 0):
                continue
            mine = of_year[of_year["scheme_id"] == scheme_id]
            trips = _journeys(mine, scheme_id, year_rules)
            effects.append(
                {
                    "scenario_id": scenario_id,
                    "year": year,
                    "scheme_id": scheme_id,
                    "places": int(stock[scheme_id]),
                    "placed_pupils": int(mine["pupils"].sum()),
                    **trips,
                    **contribution.loc[scheme_id].drop("year").to_dict(),
                }
            )
        by_home = of_year.groupby(["scheme_id", "district_id"], as_index=False)[["pupils"]].sum()
        homes.append(by_home.assign(scenario_id=scenario_id, year=year))
    table = pd.DataFrame(effects, columns=[*_EFFECTS])
    whole = [name for name in _EFFECTS if name.endswith("_pupils") or name in {"year", "places"}]
    minutes = [name for name in _EFFECTS if "_min" in name]
    columns = ["scenario_id", "year", "scheme_id", "district_id", "pupils"]
    where = pd.concat(homes, ignore_index=True)[columns] if homes else pd.DataFrame(columns=columns)
    kinds = {**dict.fromkeys(whole, np.int64), **dict.fromkeys(minutes, np.float64)}
    return SchemeEffects(table.astype(kinds), where)


_EFFECTS: Final = (
    "scenario_id",
    "year",
    "scheme_id",
    "places",
    "placed_pupils",
    "day_pupils",
    "mean_min",
    "other_pupils",
    "nearest_other_min",
    "left_out_local_pupils",
    "left_out_placed_pupils",
    "left_out_travel_min_per_day",
)


def _journeys(rows: pd.DataFrame, scheme_id: str, year: Eligibility) -> dict[str, float]:
    """Return day pupils and their mean minutes, and how many have another suitable local place, and the mean to it."""
    day = rows[(rows["attendance"] == "day") & rows["travel_min"].notna()]
    pupils = day["pupils"].to_numpy(np.int64)
    at = pd.Index(year.groups["group_id"]).get_indexer(pd.Index(day["group_id"]))
    own = year.provision["provision_id"].astype(str).str.rpartition(":")[0].eq(scheme_id).to_numpy(bool)
    others = (year.tier == _LOCAL) & (year.places > 0) & ~own
    cells = year.first_cost[np.ix_(at, others)]
    nearest: NDArray[np.float64] = np.where(cells >= 0, cells.astype(np.float64), np.inf).min(axis=1, initial=np.inf)
    known = np.isfinite(nearest)
    return {
        "day_pupils": int(pupils.sum()),
        "mean_min": _mean(day["travel_min"].to_numpy(np.float64), pupils),
        "other_pupils": int(pupils[known].sum()),
        "nearest_other_min": _mean(nearest[known] / _MS_PER_MIN, pupils[known]),
    }


def _mean(values: NDArray[np.float64], weights: NDArray[np.int64]) -> float:
    return float((values * weights).sum() / weights.sum()) if weights.sum() else np.nan
