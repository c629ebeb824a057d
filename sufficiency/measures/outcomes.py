"""What became of every pupil: one row a group and outcome, with the areas of home and setting beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import HEADLINE_NCY, HEADLINE_TYPES, NEED_GROUP_OF, phase_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.results import Allocation

OUTSIDE: Final = "outside"
_KEEP: Final = [
    "policy",
    "group_id",
    "outcome",
    "provision_id",
    "substitute",
    "travel_min",
    "travel_km",
    "reason",
    "pupils",
]


def headline_groups(demand: pd.DataFrame) -> pd.Series:
    """Return, for each demand row, whether it belongs to the headline stream (special school or base, R to Year 14)."""
    ncy = demand["ncy"]
    return demand["place_sought"].isin(HEADLINE_TYPES) & ncy.between(*HEADLINE_NCY)


def describe_groups(demand: pd.DataFrame, zones: pd.DataFrame, county_id: str) -> pd.DataFrame:
    """Return the demand with phase, need group, headline flag and the areas of residence.

    Parameters
    ----------
    demand
        Table `demand`.
    zones
        Zones with zone_id, district_id, cluster_id; an origin's zone has its id.
    county_id
        The county.

    Returns
    -------
    DataFrame
        `demand` with columns phase, need_group, headline, county_id, district_id and cluster_id (blank where a
        group is not located).
    """
    homes = zones.set_index("zone_id")[["district_id", "cluster_id"]]
    phases = {ncy: phase_of(int(ncy)) for ncy in demand["ncy"].unique()}
    out = demand.assign(
        phase=demand["ncy"].map(phases),
        need_group=demand["need"].map(NEED_GROUP_OF),
        headline=headline_groups(demand),
        county_id=county_id,
    )
    return out.join(homes, on="origin_id").fillna({"district_id": "", "cluster_id": ""})


def outcomes(
    allocation: Allocation, groups: pd.DataFrame, provision: pd.DataFrame, settings: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per policy, group and outcome.

    Parameters
    ----------
    allocation
        Tables `allocation`, `unplaced` and `excluded`.
    groups
        Output of `describe_groups`, or some of its rows; outcomes of other groups are left out.
    provision, settings
        Tables; settings with the derived district_id and cluster_id (blank = outside the county).

    Returns
    -------
    DataFrame
        policy, group_id, outcome (a tier, unplaced or excluded), provision_id, substitute, travel_min, travel_km,
        reason, pupils, setting_district_id, setting_cluster_id and every column of `groups` but pupils.
    """
    placed = allocation.allocation.rename(columns={"tier": "outcome"}).assign(reason="")
    blank: dict[str, Any] = {"provision_id": "", "substitute": False, "travel_min": np.nan, "travel_km": np.nan}
    unplaced = allocation.unplaced.assign(outcome="unplaced", **blank)
    excluded = allocation.excluded.assign(outcome="excluded", **blank)
    known = pd.Index(groups["group_id"])
    found = [(part, known.get_indexer(pd.Index(part["group_id"]))) for part in (placed, unplaced, excluded)]
    kept = [(part.loc[at >= 0, _KEEP], at[at >= 0]) for part, at in found if (at >= 0).any()]
    rows = pd.concat([part for part, _ in kept], ignore_index=True) if kept else placed.loc[placed.index[:0], _KEEP]
    at = np.concatenate([at for _, at in kept]) if kept else np.zeros(0, dtype=np.intp)
    where = provision[["provision_id", "setting_id"]].merge(
        settings[["setting_id", "district_id", "cluster_id"]], on="setting_id", validate="m:1"
    )
    where = where.set_index("provision_id", verify_integrity=True)
    areas = {
        f"setting_{name}": rows["provision_id"].map(where[name]).fillna("") for name in ("district_id", "cluster_id")
    }
    facts = groups.drop(columns=["group_id", "pupils"]).iloc[at].reset_index(drop=True)
    return pd.concat([rows.assign(**areas), facts], axis=1)


def every_answer(rows: pd.DataFrame, **codes: Sequence[str]) -> pd.DataFrame:
    """Return each policy and year that `rows` answer for, with every combination of the codes, as columns."""
    table = rows[["policy", "year"]].drop_duplicates().sort_values(["policy", "year"], ignore_index=True)
    for name, values in codes.items():
        table = table.merge(pd.DataFrame({name: list(values)}), how="cross")
    return table
