"""Minutes of a journey by group of roads, worked by hand on one road of four pieces.

A start 100 m off the road, half-way along the first of::

    residential 1 km -- primary, urban, limit 30 -- ferry of 12 km/h -- tertiary 2 km -> the end, at its end

Speeds 30 km/h (residential), 36 (primary), 40 (tertiary), 20 (ferry); delay 6 s, ferry 60 s. The leg: 100 m x 1.3 at
30 km/h = 15.6 s.
"""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sufficiency.model import geography
from sufficiency.model.results import RoadTables
from sufficiency.model.vocabulary import ROAD_CLASSES
from sufficiency.travel.calibration.driven import (
    FAST,
    GROUPS,
    MAIN_RURAL,
    MAIN_URBAN,
    MINOR_RURAL,
    MINOR_URBAN,
    Drivers,
    group_of,
)
from sufficiency.travel.calibration.observed import Places
from sufficiency.travel.snapping import AccessLeg

X, Y = 450_000.0, 200_000.0
PIECES = [("residential", False, np.nan, 1_000), ("primary", True, 30, 1_000), ("ferry", False, 12, 1_000),
          ("tertiary", False, np.nan, 2_000)]  # fmt: skip
KPH = {"residential": 30, "primary": 36, "tertiary": 40, "ferry": 20}


@pytest.fixture(scope="module")
def roads() -> RoadTables:
    x = X + np.cumsum([0, *(piece[3] for piece in PIECES)])
    lon, lat = geography.to_wgs84(x, np.full(5, Y))
    nodes = gpd.GeoDataFrame(
        {"node_id": list("abcde"), "lon": lon, "lat": lat}, geometry=gpd.points_from_xy(x, np.full(5, Y)),
        crs=geography.BNG,
    )  # fmt: skip
    edges = gpd.GeoDataFrame(
        {
            "edge_id": ["4", "3", "2", "1"], "from_node_id": list("abcd"), "to_node_id": list("bcde"), "forward": True,
            "backward": True, "road_class": [piece[0] for piece in PIECES], "road_number": "",
            "maxspeed_kph": [float(piece[2]) for piece in PIECES], "urban": [piece[1] for piece in PIECES],
            "access_only": False, "length_m": [float(piece[3]) for piece in PIECES],
        },
        geometry=[shapely.LineString([(x[n], Y), (x[n + 1], Y)]) for n in range(4)], crs=geography.BNG,
    )  # fmt: skip
    return RoadTables(nodes, edges)


@pytest.fixture(scope="module")
def speeds() -> pd.DataFrame:
    rows = [
        {"road_class": road_class, "urban": urban, "profile": "off_peak", "kph": float(KPH.get(road_class, 30)),
         "junction_s": 60.0 if road_class == "ferry" else 6.0, "low_share": 0.9, "high_share": 1.1, "source": "test"}
        for road_class, urban in product(ROAD_CLASSES, (False, True))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def drivers(roads: RoadTables, speeds: pd.DataFrame) -> Drivers:
    """The journey there, and again, and back."""
    start, end = (X + 500, Y + 100), (X + 5_000, Y)
    rows = np.array([(*start, *end), (*start, *end), (*end, *start)]).T
    return Drivers(roads, speeds, "off_peak", AccessLeg(1.3, 30, 3_000), Places(*rows, np.full(3, 20.0), np.ones(3)))


def test_every_minute_is_in_its_group(drivers: Drivers) -> None:
    """Seconds: residential 60 and tertiary 180 (minor rural); delays 3 + 6 + 6.

    Nothing changes the leg (15.6), the primary road at its limit of 30 (120), the ferry (300) and its wait (60).
    """
    found = drivers.measure(np.ones(6))
    expected = np.zeros(6)
    expected[MINOR_RURAL], expected[-1] = 240 / 60, 15 / 60
    for journey in range(3):
        assert found.unit_min[journey] == pytest.approx(expected, abs=1e-9)
    assert found.fixed_min == pytest.approx([495.6 / 60] * 3)
    assert found.modelled_min == pytest.approx([750.6 / 60] * 3)
    assert found.reachable.tolist() == [True, True, True]
    assert found.snap_m[0].tolist() == pytest.approx([100, 100, 0])
    assert found.snap_m[1].tolist() == pytest.approx([0, 0, 100])


def test_under_factors_the_unit_stays_and_the_whole_changes(drivers: Drivers) -> None:
    """Minor rural roads twice as slow, junctions half as long, main urban ones 2 x slower: 18 km/h, below the limit.

    The primary road now takes 200 s, no longer at its limit: 100 s at factor 1.
    """
    found = drivers.measure(np.array([1, 1, 2, 2, 1, 0.5]))
    assert found.unit_min[0, [MAIN_URBAN, MINOR_RURAL, 5]] == pytest.approx([100 / 60, 240 / 60, 15 / 60])
    assert found.fixed_min[0] == pytest.approx(375.6 / 60)
    assert found.modelled_min[0] == pytest.approx((200 + 480 + 7.5 + 375.6) / 60)


def test_groups_of_roads() -> None:
    table = pd.DataFrame(
        [("motorway", False), ("trunk_link", True), ("primary", False), ("secondary_link", True), ("tertiary", False),
         ("service", True), ("ferry", False)],
        columns=["road_class", "urban"],
    )  # fmt: skip
    assert group_of(table).tolist() == [FAST, FAST, MAIN_RURAL, MAIN_URBAN, MINOR_RURAL, MINOR_URBAN, -1]
    assert len(GROUPS) == 6
