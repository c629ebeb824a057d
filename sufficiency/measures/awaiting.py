"""Pupils who await a placement now, by area: a line of its own, never added to what the model works out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

__all__ = ["awaiting_table"]


def awaiting_table(inputs: Inputs) -> pd.DataFrame:
    """Return table `awaiting_area`: county, districts and clusters by year, in all and by phase; empty without any."""
    frame = inputs.awaiting
    if frame is None or frame.empty:
        return conform(pd.DataFrame(columns=["area_id", "year", "phase", "pupils"]), "awaiting_area")
    homes = inputs.zones.set_index("zone_id")
    rows = frame[["zone_id", "year", "phase", "pupils"]].reset_index(drop=True)
    county = rows.assign(area_id=inputs.parameters.county_id)
    below = [rows.assign(area_id=rows["zone_id"].map(homes[name])) for name in ("district_id", "cluster_id")]
    every = pd.concat([county, *(part.dropna(subset=["area_id"]) for part in below)], ignore_index=True)
    both = pd.concat([every, every.assign(phase=ALL)], ignore_index=True)
    out = both.groupby(["area_id", "year", "phase"], as_index=False, sort=True)[["pupils"]].sum()
    return conform(out, "awaiting_area")
