"""Isochrones in a city of straight streets, where each is a diamond, and beside ground that no road reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from sufficiency.model.errors import NetworkError
from sufficiency.travel import prepare
from sufficiency.travel.isochrones import bands, grid_over, isochrone_bands, isochrone_ground
from tests import grid_city as city

if TYPE_CHECKING:
    import geopandas as gpd

BLOCKS, BLOCK = 40, 200.0
MIDDLE = city.CORNER + BLOCKS / 2 * BLOCK
WHOLE = shapely.box(*city.CORNER, *(city.CORNER + BLOCKS * BLOCK))
MIN_PER_M = city.MS_PER_M / 60_000


def ground_of(outline=WHOLE, spacing_m=BLOCK, **more):
    network = prepare(city.streets(BLOCKS, BLOCK, **more), city.speeds(), leg=city.LEG)
    return isochrone_ground(network, outline, spacing_m=spacing_m)


@pytest.fixture(scope="module")
def ground():
    return ground_of()


def diamond(centre, radius_m):
    return shapely.Polygon(centre + radius_m * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))


def clean(found: gpd.GeoDataFrame) -> None:
    """Assert what holds of every answer."""
    shapes = found.geometry.to_numpy()
    assert found.is_valid.all()
    assert (found.geom_type == "MultiPolygon").all()
    assert shapely.coverage_is_valid(shapes[~shapely.is_empty(shapes)])
    for one in range(len(shapes)):
        for other in range(one):
            assert shapely.intersection(shapes[one], shapes[other]).area == 0.0


def test_diamonds_in_closed_form(ground):
    """At 1 km a minute, t minutes reach |east| + |north| = t km: areas 2 t², exactly but for the half millisecond."""
    found = isochrone_bands(ground, *MIDDLE, limits_min=(1, 2, 3))
    clean(found)
    assert found["from_min"].tolist() == [0, 1, 2]
    assert found["limit_min"].tolist() == [1, 2, 3]
    assert found.crs == ground.network.drives.roads.edges.crs
    for shape, inner, outer in zip(found.geometry, (0, 1_000, 2_000), (1_000, 2_000, 3_000), strict=True):
        wanted = diamond(MIDDLE, outer).difference(diamond(MIDDLE, inner))
        assert shape.area == pytest.approx(wanted.area, rel=1e-4)
        assert shape.symmetric_difference(wanted).area < 1e-4 * wanted.area


def test_a_setting_between_junctions_is_off_by_no_more_than_the_squares_it_stands_in():
    """The kink of the diamond lies within a column of squares: beyond it the answer is exact."""
    at = MIDDLE + np.array([60.0, 0.0])
    found = isochrone_bands(ground_of(), *at, limits_min=(2.5,))
    off = found.geometry.iloc[0].symmetric_difference(diamond(at, 2_500))
    column = shapely.box(MIDDLE[0], 0, MIDDLE[0] + BLOCK, 1e6)
    assert off.difference(column.buffer(0.1)).area < 1e-4 * off.envelope.area
    assert off.area < 2 * BLOCK**2


def test_every_point_lies_in_the_band_of_its_time(ground):
    """Nested in time: above the limit before, up to its own, a point exactly at a limit within it."""
    found = isochrone_bands(ground, *MIDDLE, limits_min=(1, 2.2, 3))
    assert_points_in_their_bands(ground, found, [MIDDLE])


def assert_points_in_their_bands(ground, found, settings):
    grid = ground.grid
    row, column = np.nonzero(grid.wanted)
    east, north = grid.x[column], grid.y[row]
    spots = ground.network.spots(*np.array(settings).T)
    times = ground.network.milliseconds(ground.network.spots(east, north), spots)
    times = np.where(times < 0, 2**31 - 1, times).min(axis=1)
    points = shapely.points(east, north)
    inside = shapely.contains_properly(grid.outline, points)
    for shape, least, most in zip(found.geometry, found["from_min"], found["limit_min"], strict=True):
        within = shapely.contains_properly(shape, points) & inside
        assert within.any()
        in_band = (times > least * 60_000 - (least == 0)) & (times <= most * 60_000)
        assert in_band[within].all()
        beyond = ~in_band & inside
        assert not shapely.intersects(shape, points[beyond]).any()


def test_the_nearest_of_several_settings_counts(ground):
    two = MIDDLE + np.array([[-1_400, 0], [1_400, 200]])
    found = isochrone_bands(ground, *two.T, limits_min=(1, 2))
    clean(found)
    wanted = diamond(two[0], 1_000).union(diamond(two[1], 1_000))
    assert found.geometry.iloc[0].symmetric_difference(wanted).area < 1e-4 * wanted.area
    assert_points_in_their_bands(ground, found, two)


def test_limits_in_any_order_and_the_same_answer_twice(ground):
    first = isochrone_bands(ground, *MIDDLE, limits_min=(1, 2, 3))
    for other in (
        isochrone_bands(ground, *MIDDLE, limits_min=(3, 1, 2)),
        isochrone_bands(ground_of(), *MIDDLE, limits_min=(1, 2, 3)),
    ):
        assert other.geometry.to_wkb().tolist() == first.geometry.to_wkb().tolist()
        assert other["limit_min"].tolist() == [1, 2, 3]


def test_a_larger_limit_never_shrinks_and_a_further_one_moves_nothing(ground):
    """Together the bands are the ground of the largest limit, however it is divided."""
    whole = isochrone_bands(ground, *MIDDLE, limits_min=(3,)).geometry.iloc[0]
    parts = isochrone_bands(ground, *MIDDLE, limits_min=(0.5, 1.3, 3))
    assert shapely.union_all(parts.geometry.to_numpy()).symmetric_difference(whole).area < 1e-3
    assert parts.area.sum() == pytest.approx(whole.area, rel=1e-12)
    before = shapely.Polygon()
    for limit in (0.5, 1, 2, 3, 4, 5):
        reached = isochrone_bands(ground, *MIDDLE, limits_min=(limit,)).geometry.iloc[0]
        assert before.difference(reached).area < 1e-6
        assert reached.area > before.area
        before = reached


def test_beyond_every_road_is_no_band():
    """A lake of 10 x 10 blocks, its middle further than 300 m from any street: a hole, and a way round it."""
    lake = {(i, j) for i in range(24, 33) for j in range(16, 25)}
    network = prepare(city.streets(BLOCKS, BLOCK, without=lake), city.speeds(),
                      leg=type(city.LEG)(detour_ratio=1.0, kph=60.0, limit_m=300.0))  # fmt: skip
    ground = isochrone_ground(network, WHOLE, spacing_m=100.0)
    found = isochrone_bands(ground, *MIDDLE, limits_min=(2, 4, 6, 60))
    clean(found)
    reached = shapely.union_all(found.geometry.to_numpy())
    assert reached.geom_type == "Polygon"
    assert len(reached.interiors) == 1
    hole = shapely.Polygon(reached.interiors[0])
    # streets end 23 blocks and begin 33 blocks along; 300 m from them, in squares of 100 m
    edge = shapely.box(*(city.CORNER + BLOCK * np.array([23, 15])), *(city.CORNER + BLOCK * np.array([33, 25])))
    assert hole.symmetric_difference(edge.buffer(-300, join_style="mitre")).area < hole.length * 100
    assert_points_in_their_bands(ground, found.iloc[:3], [MIDDLE])


def test_bands_are_cut_to_the_outline():
    """A slanting outline with a hole, and a second piece apart from it."""
    outline = shapely.MultiPolygon([
        shapely.Polygon(city.CORNER + np.array([[300, 100], [7_100, 900], [5_333, 7_777], [411, 5_050]]),
                        [city.CORNER + np.array([[3_900, 4_150], [4_450, 4_130], [4_210, 4_777]])]),
        shapely.box(*(city.CORNER + 7_250), *(city.CORNER + 7_930)),
    ])  # fmt: skip
    found = isochrone_bands(ground_of(outline), *MIDDLE, limits_min=(1, 2, 3, 30))
    clean(found)
    assert shapely.union_all(found.geometry.to_numpy()).symmetric_difference(outline).area < 1e-3
    wanted = diamond(MIDDLE, 1_000).intersection(outline)
    assert found.geometry.iloc[0].symmetric_difference(wanted).area < 1e-4 * wanted.area


def test_a_band_without_ground_is_empty(ground):
    found = isochrone_bands(ground, *MIDDLE, limits_min=(0.01, 30, 60))
    assert found.is_empty.tolist() == [False, False, True]
    assert found.geometry.iloc[1].area + found.geometry.iloc[0].area == pytest.approx(WHOLE.area)


def test_no_road_near_the_setting_is_an_error_and_no_isochrone(ground):
    far = city.CORNER - [0, 2_600]
    with pytest.raises(NetworkError, match=r"at \(450000, 197400\) lies 2.6 km from the nearest road .* beyond 2.0 km"):
        isochrone_bands(ground, *far)
    with pytest.raises(NetworkError, match=r"2\.6 km"):
        isochrone_bands(ground, *np.array([MIDDLE, far]).T)


@pytest.mark.parametrize(
    "limits", [(), (15, 15), (0, 15), (-1,), (float("nan"), 15), (40_000,), (15, 15 + 1e-9), (1e-9,)]
)
def test_limits_that_are_none_are_refused(ground, limits):
    with pytest.raises(NetworkError, match="limits_min"):
        isochrone_bands(ground, *MIDDLE, limits_min=limits)


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0, 2.0], [1.0])])
def test_settings_that_are_none_are_refused(ground, x, y):
    with pytest.raises(NetworkError, match="for every setting"):
        isochrone_bands(ground, x, y)


@pytest.mark.parametrize(
    ("outline", "spacing", "says"),
    [
        (shapely.Polygon(), 400, "outline"),
        (shapely.LineString([[0, 0], [1, 1]]), 400, "outline"),
        (shapely.Polygon([[0, 0], [1, 1], [1, 0], [0, 1]]), 400, "outline"),
        (WHOLE, 0, "spacing_m"),
        (WHOLE, float("nan"), "spacing_m"),
        (WHOLE, 1, "wider spacing"),
    ],
)
def test_ground_that_is_none_is_refused(ground, outline, spacing, says):
    with pytest.raises(NetworkError, match=says):
        isochrone_ground(ground.network, outline, spacing_m=spacing)


def test_one_square_by_hand():
    """Times 0, 10, 20 and 10 at the corners of a square of 100 m: up to 5 a triangle of 50 x 50 m, and 10 the half."""
    grid = grid_over(shapely.box(0, 0, 100, 100), 100.0)
    times = np.full(grid.wanted.shape, -1)
    origin = int(np.flatnonzero(grid.x == 0)[0])
    times[origin : origin + 2, origin : origin + 2] = [[0, 10_000_000], [10_000_000, 20_000_000]]
    found = bands(grid, times, [5_000_000, 10_000_000, 15_000_000, 20_000_000])
    assert shapely.area(found) == pytest.approx([1_250, 3_750, 3_750, 1_250], rel=1e-6)
    assert shapely.area(found).sum() == pytest.approx(10_000)
    times[origin, origin] = -1
    assert shapely.is_empty(bands(grid, times, [20_000_000])).all()


def test_two_islands_of_no_way_that_meet_at_a_corner():
    """Points (1, 1) and (3, 3) of 7 x 7 have no way: 28 of 36 squares are left, around two holes that touch."""
    grid = grid_over(shapely.box(-100, -100, 700, 700), 100.0)
    times = np.full(grid.wanted.shape, -1)
    first = int(np.flatnonzero(grid.x == 0)[0])
    times[first : first + 7, first : first + 7] = 1_000
    times[first + 1, first + 1] = times[first + 3, first + 3] = -1
    found = bands(grid, times, [2_000])[0]
    assert shapely.is_valid(found)
    assert found.area == pytest.approx(28 * 100**2)
