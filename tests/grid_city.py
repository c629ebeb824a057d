"""A city of straight streets, one every block in both directions, in which the least way is known in closed form.

Between two junctions it is |east| + |north| metres. At 60 km an hour, with no delay and legs off the street that are
driven straight at the same speed, a metre takes 60 ms everywhere.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model import geography
from sufficiency.model.results import RoadTables
from sufficiency.travel import AccessLeg

CORNER = np.array([450_000.0, 200_000.0])
MS_PER_M = 60
LEG = AccessLeg(detour_ratio=1.0, kph=60.0, limit_m=2_000.0)


def streets(blocks: int, block_m: float = 200.0, *, road_class: str = "residential", without=()) -> RoadTables:
    """Return a square city of `blocks` x `blocks` blocks; `without`: junctions (column, row) left out."""
    gone = set(without)
    there = [(i, j) for j in range(blocks + 1) for i in range(blocks + 1) if (i, j) not in gone]
    xy = {place: CORNER + np.array(place) * block_m for place in there}
    east, north = np.array(list(xy.values())).T
    lon, lat = geography.to_wgs84(east, north)
    nodes = gpd.GeoDataFrame(
        {"node_id": [f"{i:03}-{j:03}" for i, j in there], "lon": lon, "lat": lat},
        geometry=shapely.points(east, north),
        crs=geography.BNG,
    )
    pairs = [(one, other) for one in there for other in ((one[0] + 1, one[1]), (one[0], one[1] + 1)) if other in xy]
    edges = gpd.GeoDataFrame(
        {
            "edge_id": [f"{a[0]:03}-{a[1]:03}-{'e' if b[0] > a[0] else 'n'}" for a, b in pairs],
            "from_node_id": [f"{a[0]:03}-{a[1]:03}" for a, _ in pairs],
            "to_node_id": [f"{b[0]:03}-{b[1]:03}" for _, b in pairs],
            "forward": True,
            "backward": True,
            "road_class": road_class,
            "road_number": "",
            "maxspeed_kph": np.nan,
            "urban": False,
            "access_only": False,
            "length_m": block_m,
        },
        geometry=[shapely.LineString([xy[a], xy[b]]) for a, b in pairs],
        crs=geography.BNG,
    )
    return RoadTables(nodes, edges)


def speeds(kph: float = 60.0, road_class: str = "residential") -> pd.DataFrame:
    """Return the speed table of the city: one class, no delay."""
    row = {"road_class": road_class, "urban": False, "profile": "school_morning", "kph": kph, "junction_s": 0.0}
    return pd.DataFrame([row | {"low_share": 1.0, "high_share": 1.0, "source": "test"}])
