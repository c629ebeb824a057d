"""What became of every pupil: one row a group and outcome, with the areas of home and setting beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import HEADLINE_NCY, HEADLINE_TYPES, NEED_GROUP_OF, phase_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
    nowhere: dict[str, Any] = {"provision_id": "", "substitute": False, "travel_min": np.nan, "travel_km": np.nan}
    tables = (
        (allocation.allocation.rename(columns={"tier": "outcome"}), {"reason": ""}),
        (allocation.unplaced, {"outcome": "unplaced", **nowhere}),
        (allocation.excluded, {"outcome": "excluded", **nowhere}),
    )
    known = pd.Index(groups["group_id"])
    parts, places = [], []
    for table, told in tables:
        at = known.get_indexer(pd.Index(table["group_id"]))
        kept = np.flatnonzero(at >= 0)
        places.append(at[kept])
        parts.append({name: _column(table, name, told, kept) for name in _KEEP})
    filled = [part for part in parts if len(part["group_id"])] or parts[:1]
    rows = {name: np.concatenate([part[name] for part in filled]) for name in _KEEP}
    facts = groups.drop(columns=["group_id", "pupils"])
    at = np.concatenate(places)
    return pd.DataFrame(
        rows
        | _setting_areas(rows["provision_id"], provision, settings)
        | {str(name): facts[name].to_numpy()[at] for name in facts}
    )


def _column(table: pd.DataFrame, name: str, told: dict[str, Any], at: NDArray[np.intp]) -> NDArray[Any]:
    """Return rows of a column of a table, or what is told of all of them in its place."""
    if name not in told:
        return table[name].to_numpy()[at]
    value = told[name]
    return np.full(len(at), value, dtype=object if isinstance(value, str) else type(value))


def _setting_areas(
    placed_in: NDArray[np.object_], provision: pd.DataFrame, settings: pd.DataFrame
) -> dict[str, NDArray[np.object_]]:
    """Return district and cluster of the settings of some provision; blank where a pupil has none, or it is outside."""
    of_setting = pd.Index(settings["setting_id"]).get_indexer(pd.Index(provision["setting_id"]))
    of_provision = np.append(of_setting, -1)[pd.Index(provision["provision_id"]).get_indexer(pd.Index(placed_in))]
    names = ("district_id", "cluster_id")
    return {
        f"setting_{name}": np.append(settings[name].fillna("").to_numpy(object), "")[of_provision] for name in names
    }


def every_answer(rows: pd.DataFrame, **codes: Sequence[str]) -> pd.DataFrame:
    """Return each policy and year that `rows` answer for, with every combination of the codes, as columns."""
    table = rows[["policy", "year"]].drop_duplicates().sort_values(["policy", "year"], ignore_index=True)
    for name, values in codes.items():
        table = table.merge(pd.DataFrame({name: list(values)}), how="cross")
    return table
