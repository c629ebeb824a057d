"""Re-draws: how far the ranking of districts rests on figures that are not published.

In each draw every place number that is not published is multiplied by 1 ± `redraw_places_spread_share` and every
cluster's and zone's demand by 1 ± `redraw_rates_spread_share` (uniform, independent); both are then brought back to
their fixed totals, by type of place and over the county. Districts are ranked by pupils without a local place ÷ demand
in the headline year, today's places, best joint placement. The draws come from a seeded generator: the same question
gives the same answer. Nothing is fitted to the published plan's view of which districts have the widest gaps.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.demand import Drivers, counts_to_locate
from sufficiency.demand.forecast import apportion
from sufficiency.demand.location import locate
from sufficiency.measures import headline_groups
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import HEADLINE_TYPES, year_label
from sufficiency.planning.futures import draw_counts
from sufficiency.planning.zone_weights import draw_zone_weights
from sufficiency.travel import travel_times

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, TravelTimes

SEED: Final = 20_280_901
_PUBLISHED: Final = ("published", "plan")


@dataclass(frozen=True)
class Redraw:
    """How often each district came out where.

    ``table`` has a row a district: area_name, widest (draws in which it ranks first), among_two_widest, and the
    median, 5th and 95th percentile of its share and count without a local place and its location balance;
    ``together`` how often each two districts were the two widest.
    """

    area_name: str
    year: int
    draws: int
    illustrative: bool
    table: pd.DataFrame
    together: pd.DataFrame
    futures: bool = False

    def lines(self) -> list[str]:
        """Return the report in plain lines."""
        mark = " (illustrative)" if self.illustrative else ""
        head = (
            f"{self.area_name}, {year_label(self.year)}, do nothing, best joint placement{mark}: "
            f"{self.draws} re-draws of the unpublished capacities and spreads, "
            + ("and of how many pupils there are" if self.futures else "totals fixed")
        )
        out = [head, ""]
        columns = ("district", "widest in", "among two widest", "share 5-95 %", "pupils", "location balance")
        out.append("  {:<22}{:>10}{:>18}{:>18}{:>14}{:>18}".format(*columns))
        for row in self.table.to_dict("records"):
            share = f"{row['share_p5']:.0%} to {row['share_p95']:.0%}"
            pupils = f"{row['without_p5']:.0f} to {row['without_p95']:.0f}"
            balance = f"{row['balance_p5']:.0f} to {row['balance_p95']:.0f}"
            first, two = f"{row['widest'] / self.draws:.0%}", f"{row['among_two_widest'] / self.draws:.0%}"
            out.append(f"  {row['area_name']:<22}{first:>10}{two:>18}{share:>18}{pupils:>14}{balance:>18}")
        out += ["", "The two widest gaps, by how often:"]
        out += [f"  {row['pair']}: {row['draws'] / self.draws:.0%}" for row in self.together.to_dict("records")]
        out += [
            "",
            f"Location balance is places less residents who need one; it is not unmet need in the district{mark}.",
        ]
        return out


def redraw(inputs: Inputs, *, draws: int = 500, seed: int = SEED, futures: bool = False) -> Redraw:
    """Draw anew and count.

    Parameters
    ----------
    inputs
        Checked baseline inputs.
    draws
        Number of draws, 1 or more.
    seed
        Seed of the generator.
    futures
        Whether how many pupils there are is drawn too, from the ranges of the forecast; then no total is fixed but that
        of the places.

    Returns
    -------
    Redraw
        Districts in order of how often they have the widest gap.

    Raises
    ------
    DataError
        When the area gives its own demand: then nothing about its spread is drawn.
    """
    if inputs.demand is not None:
        message = "this area gives its own demand (demand/demand.csv), so its spread between zones is not drawn"
        raise DataError(message)
    parameters = inputs.parameters
    year = parameters.headline_year
    rng = np.random.default_rng(seed)
    counts = counts_to_locate(inputs.population, inputs.rates, inputs.controls, parameters, Drivers.of(inputs))
    counts = counts[(counts["year"] == year) & headline_groups(counts)].reset_index(drop=True)
    rows = draw_counts(inputs, counts, draws=draws, rng=np.random.default_rng(seed)) if futures else [counts] * draws
    travel = travel_times(
        inputs.roads, inputs.speeds, inputs.origins, inputs.settings,
        profile=parameters.value("travel_profile"), parameters=parameters,
    )  # fmt: skip
    drawn = [_one(inputs, rows[draw], travel, rng) for draw in range(draws)]
    stacked = pd.concat(drawn, keys=range(draws), names=["draw"]).reset_index("draw")
    return dataclasses.replace(_summary(inputs, stacked, draws), futures=futures)


def draw_places(inputs: Inputs, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the places of a year with the unpublished local ones drawn anew, their total by type fixed."""
    spread = float(inputs.parameters.value("redraw_places_spread_share"))
    rows = inputs.places[inputs.places["year"] == year].reset_index(drop=True)
    known = inputs.provision.set_index("provision_id")
    types, tiers = rows["provision_id"].map(known["provision_type"]), rows["provision_id"].map(known["tier"])
    planned = rows["planned_places"].to_numpy(np.int64).copy()
    free = (tiers == "local") & ~rows["basis"].isin(_PUBLISHED)
    settings = rows["provision_id"].map(known["setting_id"])
    for kind in HEADLINE_TYPES:
        at = np.flatnonzero((free & (types == kind)).to_numpy())
        names = sorted(settings.iloc[at].unique())
        factor = dict(zip(names, rng.uniform(1 - spread, 1 + spread, len(names)), strict=True))
        weights = planned[at] * settings.iloc[at].map(factor).to_numpy(float)
        planned[at] = apportion(weights, int(planned[at].sum()))
    return rows.assign(planned_places=planned)


def _one(inputs: Inputs, counts: pd.DataFrame, travel: TravelTimes, rng: np.random.Generator) -> pd.DataFrame:
    """Return demand, without a local place and places by district in one draw."""
    parameters = inputs.parameters
    year = parameters.headline_year
    weights = draw_zone_weights(inputs, rng)
    demand = locate(
        counts,
        inputs.population,
        parameters.calibration_year,
        clusters=inputs.clusters,
        zone_weight=weights,
        drivers=Drivers.of(inputs),
        parameters=parameters,
    )
    places = draw_places(inputs, year, rng)
    result = allocation.allocate(
        demand, inputs.provision, places, inputs.acceptance, travel,
        policy="optimal", years=[year], scenario_id="do_nothing",
    )  # fmt: skip
    homes = inputs.zones.set_index("zone_id")["district_id"]
    districts = demand.set_index("group_id")["origin_id"].map(homes)
    needed = demand.groupby(demand["origin_id"].map(homes).to_numpy())["pupils"].sum()
    local = result.allocation[result.allocation["tier"] == "local"]
    placed = local.groupby(local["group_id"].map(districts).to_numpy())["pupils"].sum()
    known = inputs.provision.set_index("provision_id")
    where = inputs.settings.set_index("setting_id")["district_id"]
    mine = places[places["provision_id"].map(known["tier"]) == "local"]
    mine = mine[mine["provision_id"].map(known["provision_type"]).isin(HEADLINE_TYPES)]
    room = mine.groupby(mine["provision_id"].map(known["setting_id"]).map(where).to_numpy())["planned_places"].sum()
    table = pd.DataFrame({"demand": needed, "placed": placed, "places": room}).fillna(0)
    table = table[table.index != ""]
    without = table["demand"] - table["placed"]
    return (
        pd.DataFrame(
            {"without": without, "share": without / table["demand"], "balance": table["places"] - table["demand"]}
        )
        .rename_axis("area_id")
        .reset_index()
    )


def _summary(inputs: Inputs, drawn: pd.DataFrame, draws: int) -> Redraw:
    names = inputs.areas.set_index("area_id")["area_name"]
    ranked = drawn.sort_values(["draw", "share", "area_id"], ascending=[True, False, True], kind="stable")
    ranked = ranked.assign(rank=ranked.groupby("draw").cumcount(), area_name=ranked["area_id"].map(names))
    two = ranked[ranked["rank"] < 2]
    pairs = two.sort_values(["draw", "area_name"]).groupby("draw")["area_name"].agg(" and ".join)
    together = pairs.value_counts().rename_axis("pair").reset_index(name="draws")
    together = together.sort_values(["draws", "pair"], ascending=[False, True], ignore_index=True)
    rows = []
    for area_id, group in ranked.groupby("area_id"):
        row = {"area_id": area_id, "area_name": names[area_id]}
        row["widest"] = int((group["rank"] == 0).sum())
        row["among_two_widest"] = int((group["rank"] < 2).sum())
        for measure in ("share", "without", "balance"):
            for label, share in (("p5", 0.05), ("median", 0.5), ("p95", 0.95)):
                row[f"{measure}_{label}"] = float(group[measure].quantile(share))
        rows.append(row)
    table = pd.DataFrame(rows).sort_values(["widest", "among_two_widest", "area_name"], ascending=[False, False, True])
    return Redraw(
        area_name=inputs.parameters.area_name,
        year=inputs.parameters.headline_year,
        draws=draws,
        illustrative=inputs.parameters.illustrative,
        table=table.reset_index(drop=True),
        together=together,
    )
