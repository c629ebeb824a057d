"""The gap: headline demand and what became of it, for the fixed set of areas, phases, needs and types.

The set is designed once, so that the same figures are published every time: county by need and need group × phase;
district by need group and by phase; every area by type and in total. Nothing crosses need with cluster.

Identities, row by row:
demand = placed_local + other_council + independent + unplaced + excluded;
without_local_place = other_council + independent + unplaced; location_balance = capacity - demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import OUTSIDE, every_answer
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES, NEED_GROUP_OF, PHASE_NCY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEVEL_COLUMNS: Final = {"county": "county_id", "district": "district_id", "cluster": "cluster_id"}
OUTCOME_COLUMNS: Final = {
    "local": "placed_local_pupils",
    "other_council": "other_council_pupils",
    "independent": "independent_pupils",
    "unplaced": "unplaced_pupils",
    "excluded": "excluded_pupils",
}
CUTS: Final[tuple[tuple[str, str | None, str | None, str | None], ...]] = (
    # level, phase column, need column, type column (None = all)
    ("county", None, None, None),
    ("county", None, None, "place_sought"),
    ("county", None, "need", None),
    ("county", "phase", "need", None),
    ("county", None, "need_group", None),
    ("county", "phase", "need_group", None),
    ("county", "phase", None, None),
    ("district", None, None, None),
    ("district", None, None, "place_sought"),
    ("district", None, "need_group", None),
    ("district", "phase", None, None),
    ("cluster", None, None, None),
    ("cluster", None, None, "place_sought"),
)


def cut_rows(
    rows: pd.DataFrame, cuts: Sequence[tuple[str, str | None, str | None, str | None]] = CUTS
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield (level, rows) for each cut: its rows with area_id, phase, need and provision_type as it names them."""
    for level, phase, need, kind in cuts:
        located = rows[rows[LEVEL_COLUMNS[level]] != ""]
        yield (
            level,
            located.assign(
                area_id=located[LEVEL_COLUMNS[level]],
                phase=located[phase] if phase else ALL,
                need=located[need] if need else ALL,
                provision_type=located[kind] if kind else HEADLINE,
            ),
        )


def capacity_by_area(
    places: pd.DataFrame, provision: pd.DataFrame, settings: pd.DataFrame, county_id: str
) -> pd.DataFrame:
    """Return local headline places by area, year and type.

    Parameters
    ----------
    places, provision, settings
        Tables; settings with the derived district_id and cluster_id.
    county_id
        The county.

    Returns
    -------
    DataFrame
        area_id, year, provision_type (each type and headline), capacity_places. Only tier local counts: places in
        independent and other councils' schools never enter capacity.
    """
    local = provision[(provision["tier"] == "local") & provision["provision_type"].isin(HEADLINE_TYPES)]
    rows = places.merge(local[["provision_id", "setting_id", "provision_type"]], on="provision_id", validate="m:1")
    rows = rows.merge(settings[["setting_id", "district_id", "cluster_id"]], on="setting_id", validate="m:1")
    rows = rows.assign(county_id=county_id)
    parts = []
    for column in LEVEL_COLUMNS.values():
        for kind in (rows["provision_type"], HEADLINE):
            part = rows.assign(area_id=rows[column], provision_type=kind)
            parts.append(part[part["area_id"] != ""])
    stacked = pd.concat(parts, ignore_index=True)
    totals = stacked.groupby(["area_id", "year", "provision_type"], as_index=False)[["planned_places"]].sum()
    return totals.rename(columns={"planned_places": "capacity_places"})


def reachable_places(places: pd.DataFrame, provision: pd.DataFrame) -> pd.DataFrame:
    """Return local headline places whose provision admits a need in a phase, by year. Not additive.

    Returns
    -------
    DataFrame
        year, phase, need, reachable_places; phase and need include all.
    """
    local = provision[(provision["tier"] == "local") & provision["provision_type"].isin(HEADLINE_TYPES)]
    rows = []
    columns = (local[name].tolist() for name in ("provision_id", "ncy_from", "ncy_to", "needs"))
    for provision_id, ncy_from, ncy_to, admitted in zip(*columns, strict=True):
        phases = [phase for phase, (first, last) in PHASE_NCY.items() if ncy_from <= last and ncy_to >= first] + [ALL]
        codes = [code for code in str(admitted).split(";") if code]
        needs = [*codes, *sorted({NEED_GROUP_OF[code] for code in codes}), ALL]
        rows += [(provision_id, phase, need) for phase in phases for need in needs]
    admits = pd.DataFrame(rows, columns=["provision_id", "phase", "need"])
    merged = admits.merge(places[["provision_id", "year", "planned_places"]], on="provision_id")
    out = merged.groupby(["year", "phase", "need"], as_index=False)[["planned_places"]].sum()
    return out.rename(columns={"planned_places": "reachable_places"})


def sufficiency_table(
    scenario_id: str,
    rows: pd.DataFrame,
    capacity: pd.DataFrame,
    reachable: pd.DataFrame,
    area_ids: Sequence[str],
) -> pd.DataFrame:
    """Return table `sufficiency` of the headline stream.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    capacity
        Output of `capacity_by_area`.
    reachable
        Output of `reachable_places`; used for county rows by need and phase.
    area_ids
        Every area: each appears in the totals of every policy and year, also with no pupil.

    Returns
    -------
    DataFrame
        Table `sufficiency`, sorted by its key.
    """
    key = ["policy", "area_id", "year", "phase", "need", "provision_type"]
    counts = ["demand_pupils", *OUTCOME_COLUMNS.values(), "placed_own_area_pupils", "substitute_pupils"]
    parts = []
    for level, cut in cut_rows(_counted(rows[rows["headline"]])):
        own = cut.assign(placed_own_area_pupils=cut[f"own_{level}_pupils"])
        parts.append(own.groupby(key, as_index=False)[counts].sum())
    table = _with_every_area(pd.concat(parts, ignore_index=True), rows, area_ids, key)
    table["without_local_place_pupils"] = (
        table["other_council_pupils"] + table["independent_pupils"] + table["unplaced_pupils"]
    )
    table = table.merge(reachable, on=["year", "phase", "need"], how="left")
    total = (table["phase"] == ALL) & (table["need"] == ALL)
    table = table.merge(capacity, on=["area_id", "year", "provision_type"], how="left")
    table["capacity_places"] = table["capacity_places"].fillna(0).where(total).astype("Int64")
    table["location_balance_places"] = (table["capacity_places"] - table["demand_pupils"]).astype("Int64")
    county = table["area_id"] == area_ids[0]
    table["reachable_places"] = table["reachable_places"].where(county).astype("Int64")
    table = table.assign(scenario_id=scenario_id).sort_values(key, kind="stable", ignore_index=True)
    return conform(table, "sufficiency")


def _counted(headline: pd.DataFrame) -> pd.DataFrame:
    """Return pupils by outcome, one row for all that are alike in policy, year, home cluster, phase, need and type."""
    local = headline["outcome"] == "local"
    flags = {column: headline["outcome"] == outcome for outcome, column in OUTCOME_COLUMNS.items()} | {
        "substitute_pupils": headline["substitute"].astype(bool),
        "own_county_pupils": local,
        "own_district_pupils": local & (headline["setting_district_id"] == headline["district_id"]),
        "own_cluster_pupils": local & (headline["setting_cluster_id"] == headline["cluster_id"]),
    }
    pupils = headline["pupils"]
    alike = ["policy", "year", *LEVEL_COLUMNS.values(), "phase", "need", "need_group", "place_sought"]
    wide = headline[alike].assign(demand_pupils=pupils, **{name: pupils.where(flag, 0) for name, flag in flags.items()})
    return wide.groupby(alike, as_index=False, sort=False)[["demand_pupils", *flags]].sum()


def _with_every_area(table: pd.DataFrame, rows: pd.DataFrame, area_ids: Sequence[str], key: list[str]) -> pd.DataFrame:
    """Add the totals of areas without a headline pupil as zeros, so that every area is seen."""
    every = every_answer(rows, area_id=area_ids, phase=[ALL], need=[ALL], provision_type=[*HEADLINE_TYPES, HEADLINE])
    merged = table.merge(every, on=key, how="outer")
    counts = [column for column in merged.columns if column not in key]
    merged[counts] = merged[counts].fillna(0).astype(np.int64)
    return merged


def _placed_between(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the headline pupils in local places whose home is located, with the districts of home and setting."""
    local = rows[rows["headline"] & (rows["outcome"] == "local") & (rows["district_id"] != "")]
    to = local["setting_district_id"].replace("", OUTSIDE)
    return local.assign(home_area_id=local["district_id"], setting_area_id=to)


def flows_table(scenario_id: str, rows: pd.DataFrame, district_ids: Sequence[str]) -> pd.DataFrame:
    """Return table `flows`: headline pupils in local state-funded places, by district of home and of setting.

    Every pair of districts is there, zeros included; a setting beyond the county stands as ``outside``.
    """
    key = ["policy", "year", "home_area_id", "setting_area_id"]
    counts = _placed_between(rows).groupby(key, as_index=False)["pupils"].sum()
    every = every_answer(rows, home_area_id=district_ids, setting_area_id=district_ids)
    full = counts.merge(every, on=key, how="outer")
    full["pupils"] = full["pupils"].fillna(0).astype(np.int64)
    return conform(full.assign(scenario_id=scenario_id).sort_values(key, ignore_index=True), "flows")


def flows_by_type(scenario_id: str, rows: pd.DataFrame, provision: pd.DataFrame) -> pd.DataFrame:
    """Return the flows of `flows_table` by type of the provision, without zeros. Internal: never printed.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    provision
        Table `provision`.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, home_area_id, setting_area_id, provision_type, pupils.
    """
    local = _placed_between(rows)
    kinds = provision.set_index("provision_id")["provision_type"]
    local = local.assign(provision_type=local["provision_id"].map(kinds))
    key = ["policy", "year", "home_area_id", "setting_area_id", "provision_type"]
    counts = local.groupby(key, as_index=False)[["pupils"]].sum()
    return counts.assign(scenario_id=scenario_id).astype({"pupils": np.int64})
