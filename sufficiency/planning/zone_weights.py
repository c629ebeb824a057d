"""Drawn factors on where pupils live: one for each cluster, and one of its own for each zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import numpy as np

    from sufficiency.model.results import Inputs

__all__ = ["draw_zone_weights"]


def draw_zone_weights(inputs: Inputs, rng: np.random.Generator) -> pd.Series:
    """Return a factor for every zone: one for its cluster times one of its own."""
    spread = float(inputs.parameters.value("redraw_rates_spread_share"))
    zones = inputs.zones.sort_values("zone_id")
    clusters = sorted(zones["cluster_id"].unique())
    of_cluster = dict(zip(clusters, rng.uniform(1 - spread, 1 + spread, len(clusters)), strict=True))
    own = rng.uniform(1 - spread, 1 + spread, len(zones))
    return pd.Series(zones["cluster_id"].map(of_cluster).to_numpy(float) * own, index=zones["zone_id"].to_numpy())
