"""The release: from a run's tables to the fixed, designed set of public tables, small figures hidden.

Nothing here goes below the cluster or crosses need with cluster. Means, percentiles and sums over few pupils are hidden
with the counts behind them, and a percentile only stands where more than `hide_up_to` pupils lie at or beyond it, so
that it is never the journey of a few. Minutes are given to a tenth, of clusters to a whole one, and yearly sums to the
nearest hundred: an exact figure would name the home and the school that it belongs to, and means of small areas beside
that of a larger one would tell how many pupils each stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure import futures, money, returns, side
from sufficiency.disclosure.capacities import CAPACITY, hidden_places, put_capacities
from sufficiency.disclosure.occupancy import OCCUPANCY, put_occupancy
from sufficiency.disclosure.schemes import put_schemes
from sufficiency.disclosure.shelf import ID, Shelf, hidden_frame, no_mask
from sufficiency.model.errors import InfeasibleError
from sufficiency.model.results import Released
from sufficiency.model.vocabulary import ALL, HEADLINE, NEED_GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.disclosure.register import Register

_GAP: Final = ("demand_pupils", "placed_local_pupils", "without_local_place_pupils")
_MEANS: Final = ("mean_min", "ridden_mean_min")
_MINUTES: Final = (*_MEANS, "median_min", "p90_min")
_JOURNEY: Final = (
    "mean_min",
    "median_min",
    "p90_min",
    "over_limit_pupils",
    "ridden_mean_min",
    "ridden_over_limit_pupils",
)
_SUMS: Final = (
    "pupil_km_per_year",
    *(f"{name}_{band}" for name in ("cost_gbp", "kgco2e") for band in ("low", "central", "high")),
)
_AS_THEY_ARE: Final = (
    "assumptions",
    "capital_buys",
    "conservation",
    "data_quality",
    "scheme_stock",
    "schemes",
)


def release(
    tables: Mapping[str, pd.DataFrame],
    areas: pd.DataFrame,
    *,
    hide_up_to: int,
    build: str = "public",
    earlier: Register | None = None,
) -> Released:
    """Return the public tables of a run.

    Parameters
    ----------
    tables
        ``sufficiency``, ``journeys``, ``flows`` and ``reasons`` of every scenario, stacked; ``comparison``;
        ``support_match`` and ``phase_transfers`` (counts by area); ``journey_ranges``, ``money``, ``forecast``,
        ``bridge``, ``programme_places``, ``pressure`` and ``occupancy_district_type``; and any of the tables without
        counts of few people (schemes, assumptions
        ...), which pass as they are.
    areas
        Table `areas`: county, districts, clusters.
    hide_up_to
        Counts of 1 to this are hidden, and with them what would give them away.
    build
        Name of the build.
    earlier
        The public releases made before; None = there were none.

    Returns
    -------
    Released
        Tables and masks of the designed set.

    Raises
    ------
    SufficiencyError
        When published sums do not add up, or a small figure cannot be hidden, by itself or beside earlier releases.
    """
    known = areas[areas["level"].isin(["county", "district", "cluster"])]
    known = pd.DataFrame(known[["area_id", "area_name", "level", "parent_id"]])
    shelf = Shelf(known.set_index("area_id")["area_name"], earlier)
    county_id = str(known.loc[known["level"] == "county", "area_id"].iloc[0])
    gap = pd.concat(
        [
            c.count_cells(tables["sufficiency"], tables["journeys"], known),
            c.flow_cells(tables["flows"], county_id),
            c.reason_cells(tables["reasons"], county_id),
        ],
        ignore_index=True,
    )
    cells = _hidden_gap(shelf, gap, c.told_by_places(gap, tables["sufficiency"]), hide_up_to)
    levels = known[["area_id", "level"]]
    _put_sufficiency(shelf, tables["sufficiency"].merge(levels, on="area_id", validate="m:1"), cells)
    journeys = tables["journeys"].merge(levels, on="area_id", validate="m:1")
    travelled = side.travelled(tables["journeys"], known, hide_up_to)
    _put_journeys(shelf, journeys, cells, travelled, hide_up_to)
    _put_beside(shelf, tables, known, hide_up_to, cells=cells, travelled=travelled)
    return Released(build=build, tables=shelf.tables, hidden=shelf.hidden)


def _hidden_gap(shelf: Shelf, gap: pd.DataFrame, told: pd.Series, hide_up_to: int) -> pd.DataFrame:
    """Return the cells of the gap, hidden; what the places tell is shown, unless nothing else is left to be hidden."""
    try:
        return shelf.hide("gap", gap.assign(spared=told), hide_up_to)
    except InfeasibleError:
        return shelf.hide("gap", gap, hide_up_to)


def _put_beside(
    shelf: Shelf,
    tables: Mapping[str, pd.DataFrame],
    known: pd.DataFrame,
    hide_up_to: int,
    *,
    cells: pd.DataFrame,
    travelled: pd.DataFrame,
) -> None:
    """Put every table but the gap and the journeys."""
    county_id = str(known.loc[known["level"] == "county", "area_id"].iloc[0])
    side.put_flows(shelf, tables["flows"], cells)
    side.put_reasons(shelf, tables["reasons"], cells)
    side.put_comparison(shelf, tables["comparison"], known, hide_up_to)
    side.put_support(shelf, tables["support_match"], known, hide_up_to)
    if all(len(tables.get(name, ())) for name in ("support_coverage", "primary_equivalence")):
        side.put_coverage(shelf, tables, known, hide_up_to)
    side.put_transfers(shelf, tables["phase_transfers"], known, hide_up_to)
    county = cells[cells["area_id"] == county_id]
    mixed = money.mixed_behind(tables["sufficiency"], county_id, hide_up_to)
    if len(mixed):
        county = pd.concat([county, mixed], ignore_index=True)
    if "money" in tables:
        side.put_money(shelf, tables["money"], county, travelled[travelled["area_id"] == county_id])
    if "money_change" in tables:
        money.put_money_change(shelf, tables, county, travelled[travelled["area_id"] == county_id])
    if "pressure" in tables:
        side.put_pressure(shelf, tables, known, hide_up_to)
    untold = hidden_places(tables, known, hide_up_to)
    if CAPACITY in tables:
        put_capacities(shelf, tables, untold)
    used = put_occupancy(shelf, tables, known, cells, hide_up_to, untold=untold) if OCCUPANCY in tables else None
    if "programme_places" in tables:
        side.put_programme(shelf, tables["programme_places"], county)
    if "journey_ranges" in tables:
        side.put_ranges(shelf, tables["journey_ranges"], hide_up_to)
    if "forecast" in tables:
        side.put_forecast(shelf, tables["forecast"], hide_up_to)
    if len(tables.get("scheme_effects", ())):
        put_schemes(shelf, tables, hide_up_to, county_id=county_id, used=used)
    futures.put_futures(shelf, tables, known, hide_up_to)
    _put_as_they_are(shelf, tables, hide_up_to)


def _put_as_they_are(shelf: Shelf, tables: Mapping[str, pd.DataFrame], hide_up_to: int) -> None:
    """Put the tables that stand by themselves, and those without counts of few people."""
    for name, put in (("bridge", side.put_bridge), ("scap_style_forecast", returns.put_scap)):
        if name in tables:
            put(shelf, tables[name], hide_up_to)
    for name in _AS_THEY_ARE:
        if name in tables:
            shelf.put(name, tables[name], no_mask(tables[name]), list(tables[name].columns))


def _put_sufficiency(shelf: Shelf, table: pd.DataFrame, cells: pd.DataFrame) -> None:
    table = shelf.named(c.blank_unpublished(table, {name: name for name in c.COUNTS}))
    mask = hidden_frame(table, c.KEY, c.COUNTS, cells)
    total = (table["phase"] == ALL) & (table["need"] == ALL)
    headline = table["provision_type"] == HEADLINE
    county = table["level"] == "county"
    above_cluster = table["level"] != "cluster"
    share = table["without_local_place_pupils"] / table["demand_pupils"].where(table["demand_pupils"] > 0)
    # a cluster may hold one school, whose capacity is not published: places are told by district and above
    told = {name: table[name].where(above_cluster) for name in ("capacity_places", "location_balance_places")}
    table = table.assign(without_local_place_share=share.astype("Float64"), **told)
    mask = mask.assign(
        without_local_place_share=mask["without_local_place_pupils"] | mask["demand_pupils"],
        location_balance_places=mask["demand_pupils"],
    )
    area = (*ID, *c.COUNTS, "without_local_place_share", "capacity_places", "location_balance_places")
    by_phase = above_cluster & headline & (table["need"] == ALL) & ~total
    by_group = above_cluster & (table["phase"] == ALL) & table["need"].isin(NEED_GROUPS)
    by_need = county & (table["need"] != ALL) & headline
    for name, keep, columns in (
        ("sufficiency_area", total & headline, area),
        ("sufficiency_area_type", total & ~headline, (*ID, "provision_type", *_GAP)),
        ("sufficiency_district_phase", by_phase, (*ID, "phase", *_GAP)),
        ("sufficiency_district_need_group", by_group, (*ID, "need", *_GAP)),
        ("sufficiency_county_need_phase", by_need, (*ID, "need", "phase", *_GAP, "reachable_places")),
    ):
        shelf.put(name, table[keep], mask[keep], columns)


def _put_journeys(
    shelf: Shelf, table: pd.DataFrame, cells: pd.DataFrame, travelled: pd.DataFrame, hide_up_to: int
) -> None:
    table = shelf.named(table.assign(provision_type=HEADLINE))
    pupils = table["pupils"].to_numpy(np.int64)
    measures = {measure: column for column, measure in c.JOURNEY_COUNTS.items()}
    renamed = cells.assign(measure=cells["measure"].replace(measures))
    mask = hidden_frame(table, c.KEY, list(c.JOURNEY_COUNTS), renamed)
    few = (pupils >= 1) & (pupils <= hide_up_to)
    together = few | hidden_frame(table, c.KEY, ["pupils"], travelled)["pupils"].to_numpy(bool)
    mask = mask.assign(**dict.fromkeys((*_MEANS, *_SUMS), together))
    for column, share in (("median_min", 0.5), ("p90_min", 0.9)):
        beyond = pupils - np.ceil(share * pupils - 1e-9) + 1
        mask[column] = few | ((pupils > 0) & (beyond <= hide_up_to) & (hide_up_to > 0))
    table = c.blank_unpublished(table, c.JOURNEY_COUNTS)
    table = table.assign(
        **{
            column: table[column].round().where(table["level"] == "cluster", table[column].round(1))
            for column in _MINUTES
        },
        **{column: table[column].round(-2) for column in _SUMS},
    )
    total = (table["phase"] == ALL) & (table["need"] == ALL)
    by_phase = (table["level"] != "cluster") & (table["need"] == ALL) & (table["phase"] != ALL)
    trips = ("pupils", "not_daily_pupils", *_JOURNEY, *_SUMS)
    shelf.put("journeys_area", table[total], mask[total], (*ID, *trips))
    phases = (*ID, "phase", "pupils", *_JOURNEY)
    shelf.put("journeys_district_phase", table[by_phase], mask[by_phase], phases)
