"""The public tables beside the gap and the journeys: each hidden in its own equations, or with the cells behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.money import hidden_behind
from sufficiency.disclosure.shelf import ID, Shelf, hidden_frame, no_mask
from sufficiency.disclosure.suppress import Equations, hide
from sufficiency.disclosure.system import hide_cells
from sufficiency.model.vocabulary import ALL, HEADLINE, RANGED_JOURNEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WINNERS: Final = ("better_off_pupils", "worse_off_pupils")
PRESSURE: Final = ("over_capacity_pupils",)
STAYING: Final = "rolling"
_EQUIVALENCE: Final = ("primary_places", "secondary_places", "short_of_equivalence_places")
_SUPPORT: Final = ("own_school_pupils", "partner_pupils", "without_base_pupils")
_PLACE: Final = [*c.SLICE, "area_id"]


def travelled(journeys: pd.DataFrame, areas: pd.DataFrame, hide_up_to: int) -> pd.DataFrame:
    """Return the cells of day pupils by area, whose sums (kilometres, cost, carbon) are printed and additive."""
    total = journeys[(journeys["phase"] == ALL) & (journeys["need"] == ALL)]
    return hide_cells(c.side_cells(total[[*c.SLICE, "area_id", "pupils"]], ["pupils"], areas), hide_up_to)


def put_flows(shelf: Shelf, flows: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Put the pupils by district of home and of setting."""
    rows = flows.reset_index(drop=True).assign(area_id=flows["home_area_id"].to_numpy())
    names = shelf.named(rows)["area_name"]
    rows = rows.assign(home_area_name=names, setting_area_name=rows["setting_area_id"].map(shelf.names))
    rows["setting_area_name"] = rows["setting_area_name"].fillna("Outside the county")
    listed = cells[cells["measure"].str.startswith(c.FLOW)]
    listed = listed.assign(setting_area_id=listed["measure"].str.removeprefix(c.FLOW), measure="pupils")
    mask = hidden_frame(rows, [*_PLACE, "setting_area_id"], ["pupils"], listed)
    columns = ("home_area_id", "home_area_name", "setting_area_id", "setting_area_name", "pupils")
    shelf.put("flows", rows, mask, (*c.SLICE, *columns))


def put_reasons(shelf: Shelf, reasons: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Put the county's pupils without a modelled place by reason."""
    rows = reasons.reset_index(drop=True)
    listed = cells[cells["measure"].str.startswith(c.REASON)]
    listed = listed.assign(reason=listed["measure"].str.removeprefix(c.REASON), measure="pupils")
    mask = hidden_frame(rows, [*c.SLICE, "reason"], ["pupils"], listed)
    shelf.put("reasons", rows, mask, (*c.SLICE, "reason", "reason_text", "pupils"))


def _printed(shelf: Shelf, measures: Sequence[str]) -> pd.DataFrame:
    """Return the area totals as they are printed, long: value and flag by scenario, policy, year, area and measure."""
    parts = []
    for name in ("sufficiency_area", "journeys_area"):
        frame, veil = shelf.tables[name], shelf.hidden[name]
        chosen = [column for column in frame.columns if column in set(measures)]
        floats = frame[[*_PLACE, *chosen]].astype(dict.fromkeys(chosen, "Float64"))
        long = floats.melt(_PLACE, var_name="measure", value_name="value")
        long["flag"] = veil[chosen].melt()["value"].to_numpy(bool)
        parts.append(long)
    return pd.concat(parts, ignore_index=True)


def put_comparison(shelf: Shelf, comparison: pd.DataFrame, areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put the comparison, made from what is printed: no change where either side is hidden or does not apply.

    Pupils better and worse off are counts of their own, hidden in their own equations.
    """
    rows = comparison.drop(columns=["before", "after", "change"], errors="ignore").reset_index(drop=True)
    printed = _printed(shelf, sorted(rows["measure"].unique()))
    veil = no_mask(rows)
    key = ["policy", "year", "area_id", "measure"]
    for scenario, column in (("against_id", "before"), ("scenario_id", "after")):
        side = rows[[scenario, *key]].merge(
            printed.rename(columns={"scenario_id": scenario}), on=[scenario, *key], how="left", validate="m:1"
        )
        rows[column] = side["value"].to_numpy(np.float64, na_value=np.nan)
        veil[column] = side["flag"].eq(True).to_numpy(bool)
    # a difference of tenths is a tenth, not 0.30000000000000004
    rows["change"] = (rows["after"] - rows["before"]).round(6)
    veil["change"] = veil["before"] | veil["after"]
    both = rows["scenario_id"] + "|" + rows["against_id"]
    pairs = rows.assign(scenario_id=both)
    # nobody is better or worse off where a scenario has other pupils: those counts are blank
    counted = pairs[pairs[list(WINNERS)].notna().all(axis=1)]
    winners = counted.drop_duplicates(_PLACE)[[*_PLACE, *WINNERS]].astype(dict.fromkeys(WINNERS, np.int64))
    hidden = shelf.hide("winners", c.side_cells(winners, list(WINNERS), areas), hide_up_to)
    flags = hidden_frame(pairs, _PLACE, list(WINNERS), hidden)
    veil[list(WINNERS)] = flags[list(WINNERS)]
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    columns = ("scenario_id", "against_id", *ID[1:], "measure", "before", "after", "change", *WINNERS)
    shelf.put("comparison_area", rows, veil, columns)


def put_support(shelf: Shelf, match: pd.DataFrame, areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put the support-base match; need is the same in every scenario, so one scenario must not give another away."""
    rows = match.reset_index(drop=True)
    needed = rows.assign(in_need_pupils=rows[list(_SUPPORT)].sum(axis=1))
    hidden = shelf.hide("support", c.side_cells(needed, [*_SUPPORT, "in_need_pupils"], areas), hide_up_to)
    mask = hidden_frame(rows, ["scenario_id", "year", "area_id", "phase"], list(_SUPPORT), hidden)
    mask["mean_extra_km"] = mask["partner_pupils"]
    rows = rows.assign(mean_extra_km=rows["mean_extra_km"].round(1))
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    columns = ("scenario_id", "year", "level", "area_id", "area_name", "phase", *_SUPPORT, "mean_extra_km")
    shelf.put("support_match", rows, mask, columns)


def put_coverage(shelf: Shelf, tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put the coverage of support bases, after `put_support`: schools of county and districts, places of the county.

    Places beside the pupils in need tell how many at least are without a base, and few places how many at most have
    one. So there are none below the county, and none there where a count of the match is hidden that they would narrow.
    """
    named = ("scenario_id", "year", "level", "area_id", "area_name")
    above = areas.loc[areas["level"].isin(["county", "district"]), ["area_id", "level"]]
    rows = shelf.named(tables["support_coverage"].merge(above, on="area_id", validate="m:1"))
    columns = (*named, "schools", "schools_with_own_base", "every_secondary_has_a_base")
    shelf.put("support_coverage", rows, no_mask(rows), columns)

    county = above[above["level"] == "county"]
    rows = shelf.named(tables["primary_equivalence"].merge(county, on="area_id", validate="m:1"))
    match = tables["support_match"].reset_index(drop=True)
    match = match.assign(
        in_need_pupils=match[list(_SUPPORT)].sum(axis=1),
        veiled=shelf.hidden["support_match"][list(_SUPPORT)].any(axis=1).to_numpy(bool),
    )
    mask, key = no_mask(rows), ["scenario_id", "year", "area_id"]
    for phase in ("primary", "secondary"):
        own = match.loc[match["phase"] == phase, [*key, "in_need_pupils", "veiled"]]
        beside = rows[[*key, f"{phase}_places"]].merge(own, on=key, how="left", validate="1:1")
        places = beside[f"{phase}_places"]
        narrows = (places < beside["in_need_pupils"].fillna(0)) & (places > 0) | (places > 0) & (places <= hide_up_to)
        mask[f"{phase}_places"] = (narrows & beside["veiled"].eq(True)).to_numpy(bool)
    mask["short_of_equivalence_places"] = mask["primary_places"] | mask["secondary_places"]
    shelf.put("primary_equivalence", rows, mask, (*named, *_EQUIVALENCE))


def put_transfers(shelf: Shelf, transfers: pd.DataFrame, areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put the phase transfers."""
    rows = transfers.reset_index(drop=True)
    # each transfer is a table of its own: it stands where the scenario does elsewhere
    cells = c.side_cells(rows.assign(scenario_id=rows["transfer"]), ["pupils"], areas)
    hidden = shelf.hide("transfers", cells, hide_up_to)
    hidden = hidden.rename(columns={"scenario_id": "transfer"})
    mask = hidden_frame(rows, ["year", "area_id", "transfer", "need"], ["pupils"], hidden)
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    columns = ("year", "level", "area_id", "area_name", "transfer", "need", "pupils")
    shelf.put("phase_transfers", rows, mask, columns)


def put_pressure(shelf: Shelf, tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put the pupils above places, by the district of the setting.

    Where pupils keep their places, they stay above them by ones and twos, and what is placed by type beside the places
    says how many at least: policy `rolling` is left out, and with it the column of those who stay. Elsewhere, where the
    use of places says that at least one to `hide_up_to` are above them, the count is hidden whatever it is, so that a
    hidden one is not known to be the least that it can be.
    """
    rows = tables["pressure"]
    rows = rows[rows["policy"] != STAYING].reset_index(drop=True)
    cells = c.side_cells(rows, list(PRESSURE), areas)
    used = tables.get("occupancy_district_type")
    if used is not None and len(used):
        above = (used["placed_pupils"] - used["capacity_places"].astype("Int64")).clip(lower=0).fillna(0)
        least = used.assign(least=above).groupby(_PLACE)["least"].sum()
        there = least.reindex(pd.MultiIndex.from_frame(cells[_PLACE])).fillna(0)
        cells = cells.assign(always=there.between(1, hide_up_to).to_numpy(bool) & (cells["value"] > 0))
    hidden = shelf.hide("pressure", cells, hide_up_to)
    mask = hidden_frame(rows, [*c.SLICE, "area_id"], list(PRESSURE), hidden)
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    shelf.put("pressure", rows, mask, [*c.SLICE, "level", "area_id", "area_name", *PRESSURE])


def put_money(shelf: Shelf, money: pd.DataFrame, county: pd.DataFrame, travelled_county: pd.DataFrame) -> None:
    """Put the money; a cost is hidden with the county's count that it is a multiple of (column `behind`)."""
    rows = money.reset_index(drop=True)
    bands = [column for column in rows.columns if column.startswith("gbp_")]
    listed = hidden_behind(county, travelled_county)
    hidden = pd.MultiIndex.from_frame(listed)
    rows[bands] = rows[bands].round(-2)  # an exact sum would give the rounded kilometres behind it back
    mask = no_mask(rows)
    if "behind" in rows.columns and len(hidden):
        veiled = pd.MultiIndex.from_frame(rows[[*c.SLICE, "behind"]]).isin(hidden)
        mask = mask.assign(**dict.fromkeys(bands, veiled))
    shelf.put("money", rows, mask, [column for column in rows.columns if column != "behind"])


def put_programme(shelf: Shelf, programme: pd.DataFrame, county: pd.DataFrame) -> None:
    """Put the places of the programme; demand and shortfall are hidden where the county's demand is."""
    rows = programme.reset_index(drop=True)
    total = county[c.total_rows(county)]
    mask = hidden_frame(rows, ["scenario_id", "year"], ["demand_pupils"], total)
    shelf.put("programme_places", rows, mask.assign(shortfall_places=mask["demand_pupils"]), list(rows.columns))


def put_forecast(shelf: Shelf, forecast: pd.DataFrame, hide_up_to: int) -> None:
    """Put demand by year and stream; its sum over streams is printed elsewhere, as pupils in."""
    rows = forecast.sort_values(["year", "stream"], ignore_index=True)
    counts = rows["pupils"].to_numpy(np.int64)
    year, years = pd.factorize(rows["year"])
    sums = np.bincount(year, weights=counts, minlength=len(years)).astype(np.int64)
    size, streams = len(rows), np.arange(len(rows))
    equations = Equations(
        np.r_[np.arange(len(years)), year].astype(np.int64),
        np.r_[size + np.arange(len(years)), streams].astype(np.int64),
        np.r_[np.ones(len(years), bool), np.zeros(size, bool)],
    )
    spared = np.r_[(rows["stream"] == HEADLINE).to_numpy(bool), np.ones(len(years), bool)]
    _, hidden = hide(
        np.r_[counts, sums], equations, hide_up_to, spared=spared, rank=np.zeros(spared.size, dtype=np.int64)
    )
    mask = no_mask(rows)
    mask["pupils"] = hidden[:size]
    for end in ("low_pupils", "high_pupils"):
        few = rows[end].astype("Float64").between(1, hide_up_to).fillna(False).to_numpy(bool)
        mask[end] = hidden[:size] | few
    shelf.put("forecast", rows, mask, list(rows.columns))


def put_ranges(shelf: Shelf, ranges: pd.DataFrame, hide_up_to: int) -> None:
    """Put the journeys at the ends of what is assumed.

    Hidden are both ends where the central figure is, counts that are small, and those that differ by few from the
    central one, from the other end or from all pupils.
    """
    rows = ranges.sort_values(["scenario_id", "measure"], ignore_index=True)
    key = ["scenario_id", "policy", "year", "area_id"]
    area, veil = shelf.tables["journeys_area"], shelf.hidden["journeys_area"]
    measures = list(RANGED_JOURNEYS)
    central = area.melt([*key, "pupils"], measures, "measure", "central")
    veiled = area[key].join(veil[measures]).melt(key, measures, "measure", "veiled")
    joined = rows.merge(central, on=[*key, "measure"], how="left", validate="1:1")
    joined = joined.merge(veiled, on=[*key, "measure"], how="left", validate="1:1")
    counts = rows["measure"].str.endswith("_pupils")
    others = joined[["central", "pupils", "low", "high"]].astype("Float64").fillna(0).astype(float)
    mask, ends = no_mask(rows), {}
    for name in ("low", "high"):
        apart = others.rsub(rows[name], axis=0).abs().assign(zero=rows[name].abs())
        few = apart.ge(1) & apart.le(hide_up_to)
        mask[name] = joined["veiled"].eq(True) | (counts & few.any(axis=1))
        ends[name] = rows[name].where(counts, rows[name].round(1))
    shelf.put("journey_ranges", rows.assign(**ends), mask, list(rows.columns))


def put_bridge(shelf: Shelf, bridge: pd.DataFrame, hide_up_to: int) -> None:
    """Put the bridge from today to the shortfall: whole, or without figures where one of its steps is small."""
    small = bool(bridge["pupils"].abs().between(1, hide_up_to).any())
    mask = no_mask(bridge).assign(pupils=small, start_pupils=small)
    shelf.put("bridge", bridge, mask, list(bridge.columns))
