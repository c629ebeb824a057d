"""Occupancy of schools: pupils on roll ÷ places of the same school (internal: rolls of single schools).

Residents ÷ places is not occupancy: rolls hold other councils' pupils, and residents are in other councils' schools.
What the county's own pupils would use of the local places of a district and type is a table apart, and called so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import OUTSIDE, every_answer
from sufficiency.model.vocabulary import HEADLINE_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["occupancy_table", "use_by_district_type"]

_PLACE: Final = ["area_id", "provision_type"]


def occupancy_table(places: pd.DataFrame, provision: pd.DataFrame, settings: pd.DataFrame) -> pd.DataFrame:
    """Return roll and places of each school and type of provision, in the years whose rolls are known.

    Parameters
    ----------
    places, provision, settings
        The tables; settings with the derived district_id.

    Returns
    -------
    DataFrame
        setting_id, setting_name, district_id, tier, provision_type, year, places (planned), on_roll_pupils,
        out_of_area_on_roll_pupils (of these, other councils' residents; blank where not known), occupancy_share (blank
        without places), over_number_pupils (roll above places). A school and type whose departments do not all state
        a roll is left out: part of a roll over all of the places would be no occupancy.
    """
    facts = provision[["provision_id", "setting_id", "provision_type", "tier"]]
    rows = places.merge(facts, on="provision_id", validate="many_to_one")
    key = ["setting_id", "tier", "provision_type", "year"]
    grouped = rows.groupby(key, sort=True)
    table = grouped[["planned_places"]].sum().rename(columns={"planned_places": "places"})
    for name in ("on_roll_pupils", "out_of_area_on_roll_pupils"):
        table[name] = grouped[name].sum().astype("Int64").where(grouped[name].count() == grouped.size())
    table = table[table["on_roll_pupils"].notna()].reset_index()
    share = table["on_roll_pupils"].astype("Float64") / table["places"].where(table["places"] > 0)
    table = table.assign(
        occupancy_share=share.astype("Float64"),
        over_number_pupils=(table["on_roll_pupils"] - table["places"]).clip(lower=0).astype(np.int64),
    )
    named = table.merge(
        settings[["setting_id", "setting_name", "district_id"]], on="setting_id", validate="many_to_one"
    )
    columns = [
        "setting_id", "setting_name", "district_id", "tier", "provision_type", "year", "places", "on_roll_pupils",
        "out_of_area_on_roll_pupils", "occupancy_share", "over_number_pupils",
    ]  # fmt: skip
    return named[columns].sort_values(["setting_id", "tier", "provision_type", "year"], ignore_index=True)


def use_by_district_type(
    rows: pd.DataFrame,
    places: pd.DataFrame,
    provision: pd.DataFrame,
    settings: pd.DataFrame,
    area_ids: Sequence[str],
) -> pd.DataFrame:
    """Return local places and the headline pupils placed in them, by district of the setting and type of provision.

    Parameters
    ----------
    rows
        Output of `outcomes`.
    places, provision, settings
        The tables; settings with the derived district_id (blank = outside the county).
    area_ids
        The county, then its districts: every one appears for each headline type, zeros included.

    Returns
    -------
    DataFrame
        policy, year, area_id, provision_type, schools (with places, or with pupils placed), capacity_places (all
        planned places, as in the gap), placed_pupils (whose homes are located, as in the flows). The county is the sum
        of the districts and of ``outside``, which appears where local provision lies there. Another type appears where
        substitutes are placed in it; its places are blank, for they serve other streams too. empty_places is places
        less pupils placed, used_share pupils placed ÷ places (blank without places).
    """
    local = provision[provision["tier"] == "local"]
    where = local[["provision_id", "setting_id", "provision_type"]].merge(
        settings[["setting_id", "district_id"]], on="setting_id", validate="m:1"
    )
    where = where.assign(area_id=where["district_id"].replace("", OUTSIDE))
    placed = rows[rows["headline"] & (rows["outcome"] == "local") & (rows["district_id"] != "")]
    placed = placed.groupby(["policy", "year", "provision_id"], as_index=False)[["pupils"]].sum()
    placed = placed.merge(where, on="provision_id", validate="m:1")
    answers = every_answer(rows)
    open_ = where[where["provision_type"].isin(HEADLINE_TYPES)]
    open_ = places[places["planned_places"] > 0].merge(open_, on="provision_id", validate="m:1")
    offered = answers.merge(open_, on="year")
    used = pd.concat([offered.assign(pupils=0), placed.assign(planned_places=0)], ignore_index=True)
    used = used.rename(columns={"planned_places": "capacity_places", "pupils": "placed_pupils"})
    stacked = pd.concat([used, used.assign(area_id=area_ids[0])], ignore_index=True)
    key = ["policy", "year", *_PLACE]
    found = stacked.groupby(key, as_index=False).agg(
        schools=("setting_id", "nunique"), capacity_places=("capacity_places", "sum"),
        placed_pupils=("placed_pupils", "sum"),
    )  # fmt: skip
    areas = [*area_ids, *([OUTSIDE] if (used["area_id"] == OUTSIDE).any() else [])]
    kinds = list(dict.fromkeys([*HEADLINE_TYPES, *sorted(used["provision_type"].unique())]))
    every = every_answer(rows, area_id=areas, provision_type=kinds)
    table = every.merge(found, on=key, how="left", validate="1:1")
    counts = ["schools", "capacity_places", "placed_pupils"]
    table[counts] = table[counts].fillna(0).astype(np.int64)
    kept = table["provision_type"].isin(HEADLINE_TYPES)
    held: pd.Series[int] = table["capacity_places"].astype("Int64").where(kept)
    return table.assign(
        capacity_places=held,
        empty_places=held - table["placed_pupils"],
        used_share=table["placed_pupils"].astype("Float64") / held.where(held > 0),
    )
