"""Walking distances in a city of streets with a path across it, and the two statutory limits at their very edge."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sufficiency.model import units
from sufficiency.model.errors import DataError, GeographyError, NetworkError
from sufficiency.model.parameters import read_parameters
from sufficiency.sources.embedded import embedded_directory
from sufficiency.travel.walking import BEYOND, NOT_SAID, WITHIN, WalkingLimits, beyond_walking_distance, walking_metres
from tests import grid_city as city

BLOCKS, BLOCK = 10, 200.0
LIMITS = WalkingLimits(3_218.688, 4_828.032, 8)


def places(*at):
    return gpd.GeoDataFrame(geometry=shapely.points(city.CORNER + np.array(at, dtype=float)), crs="EPSG:27700")


def with_path(walk, start, end, length_m, **more):
    """Add one edge between two junctions (column, row)."""
    names = [f"{i:03}-{j:03}" for i, j in (start, end)]
    line = shapely.LineString(city.CORNER + np.array([start, end]) * BLOCK)
    row = walk.edges.iloc[[0]].assign(edge_id="path", from_node_id=names[0], to_node_id=names[1], length_m=length_m,
                                      geometry=[line], **more)  # fmt: skip
    return dataclasses.replace(walk, edges=pd.concat([walk.edges, row], ignore_index=True))


@pytest.fixture(scope="module")
def walk():
    return city.streets(BLOCKS, BLOCK)


def test_streets_and_a_path_by_hand(walk):
    """From 30 m beside the corner to 40 m beside (10, 10): 4,000 m by the streets, or 2 blocks by a path of 250.5 m."""
    homes, schools = places([-30, 0], [400, 0]), places([2_000, 2_040], [400, 400], [-30, 0])
    found = walking_metres(walk, homes, schools)
    assert found.tolist() == [[4_070, 830, 0], [3_640, 400, 430]]
    across = walking_metres(with_path(walk, (2, 0), (2, 2), 250.5), homes, schools)
    assert across.tolist() == [[4_070 - 149.5, 830 - 149.5, 0], [3_640 - 149.5, 250.5, 430]]


def test_the_least_length_and_not_the_least_time(walk):
    """A fast main road that is longer is no shorter walk; classes, limits and speeds do not count."""
    fast = with_path(walk, (0, 0), (10, 10), 4_001.0, road_class="trunk", maxspeed_kph=110.0)
    assert walking_metres(fast, places([0, 0]), places([2_000, 2_000])).tolist() == [[4_000]]
    short = with_path(walk, (0, 0), (10, 10), 3_999.0, road_class="trunk", maxspeed_kph=1.0)
    assert walking_metres(short, places([0, 0]), places([2_000, 2_000])).tolist() == [[3_999]]


def test_nobody_walks_on_water(walk):
    ferry = with_path(walk, (0, 0), (10, 10), 10.0, road_class="ferry")
    assert walking_metres(ferry, places([0, 0]), places([2_000, 2_000])).tolist() == [[4_000]]
    only = dataclasses.replace(ferry, edges=ferry.edges[ferry.edges["road_class"] == "ferry"])
    with pytest.raises(NetworkError, match="no way to walk on"):
        walking_metres(only, places([0, 0]), places([0, 0]))


def test_too_far_from_every_way_is_no_distance(walk):
    found = walking_metres(walk, places([-501, 0], [-500, 0]), places([0, 0]))
    assert np.isnan(found[0, 0])
    assert found[1, 0] == 500
    assert walking_metres(walk, places([-600, 0]), places([0, 0]), snap_limit_m=700, detour_ratio=1.5)[0, 0] == 900


def test_places_in_another_system_are_refused(walk):
    with pytest.raises(GeographyError, match="metric system"):
        walking_metres(walk, places([0, 0]).to_crs("EPSG:4326"), places([0, 0]))


def test_the_limits_are_the_sourced_assumptions():
    """2 and 3 international miles, from the eighth birthday."""
    found = WalkingLimits.of(read_parameters(embedded_directory() / "area.toml"))
    assert (found.younger_m, found.older_m, found.older_from_years) == pytest.approx((3_218.688, 4_828.032, 8))
    assert units.metres_of(1) == 1_609.344
    assert units.miles_of(units.metres_of(3) / 1_000) == pytest.approx(3)


@pytest.mark.parametrize(
    ("ncy", "metres", "wanted"),
    [
        (0, 3_218.688, WITHIN),
        (0, 3_218.689, BEYOND),
        (3, 3_218.689, BEYOND),  # seven on 1 September
        (4, 3_218.689, WITHIN),  # eight
        (4, 4_828.032, WITHIN),
        (4, 4_828.033, BEYOND),
        (11, 4_828.033, BEYOND),
        (11, 10.0, WITHIN),
        (12, 9_000.0, NOT_SAID),
        (-1, 9_000.0, NOT_SAID),
        (5, np.nan, NOT_SAID),
    ],
)
def test_beyond_means_strictly_beyond_by_age(ncy, metres, wanted):
    assert beyond_walking_distance([[metres]], [ncy], LIMITS).tolist() == [[wanted]]


def test_pupils_by_settings():
    found = beyond_walking_distance([[3_000, 4_000], [3_000, 4_000]], [2, 8], LIMITS)
    assert found.tolist() == [[WITHIN, BEYOND], [WITHIN, WITHIN]]
    assert found.dtype == np.int8
    assert beyond_walking_distance(np.empty((0, 3)), np.empty(0, int), LIMITS).shape == (0, 3)


@pytest.mark.parametrize(("metres", "ncy"), [([1.0], [1]), ([[1.0]], [1, 2]), ([[1.0]], [1.5]), ([[1.0]], 1)])
def test_year_groups_that_do_not_fit_are_refused(metres, ncy):
    with pytest.raises(DataError, match="one whole year group"):
        beyond_walking_distance(metres, ncy, LIMITS)
