"""Occupancy of schools: pupils on roll ÷ places of the same school. Internal: rolls of single schools.

Residents ÷ places is not occupancy: rolls hold other councils' pupils, and residents are in other councils' schools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["occupancy_table"]


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
