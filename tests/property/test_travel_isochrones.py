"""Laws of isochrone bands over any times on a grid, with any outline: clean, apart, whole, nested in time."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.travel.isochrones import bands, grid_over

SPACING = 100.0
SIZE = 9
# few different times, so that many points lie exactly at a limit and many squares are saddles; some cannot be reached
_TIMES = st.lists(
    st.one_of(st.sampled_from([-1, 0, 600, 1_000, 1_001, 2_000, 3_000, 9_000]), st.integers(0, 9_000)),
    min_size=SIZE * SIZE,
    max_size=SIZE * SIZE,
)
_LIMITS = st.sets(st.sampled_from([1, 600, 1_000, 1_500, 2_000, 3_000, 8_999, 9_000]), min_size=1, max_size=5)
# a star around the middle: any direction, any reach; whole multiples of the spacing, so that sides run along the grid
_REACH = st.lists(st.integers(1, 12), min_size=5, max_size=12)


def outline_of(reach, step):
    angle = np.linspace(0, 2 * np.pi, len(reach), endpoint=False)
    corners = 450.0 + np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(reach)[:, None] * 35.0
    outline = shapely.make_valid(shapely.Polygon(np.rint(corners / step) * step))
    return outline if outline.geom_type == "Polygon" and outline.area > 1 else shapely.box(0, 0, 800, 800)


def times_on(grid, times):
    """Return the drawn times on the grid's points from (0, 0) to (800, 800); no way anywhere else."""
    drawn = np.pad(np.array(times).reshape(SIZE, SIZE), 1, constant_values=-1)
    row, column = (np.clip(np.rint(axis / SPACING).astype(int) + 1, 0, SIZE + 1) for axis in (grid.y, grid.x))
    return drawn[np.ix_(row, column)]


@settings(max_examples=150, deadline=None)
@given(_TIMES, _LIMITS, _REACH, st.sampled_from([100.0, 50.0, 7.0, 0.001]))
def test_bands_are_clean_apart_and_whole(times, limits, reach, step):
    limits_ms = sorted(limits)
    grid = grid_over(outline_of(reach, step), SPACING)
    field = times_on(grid, times)
    found = bands(grid, field, limits_ms)
    some = found[~shapely.is_empty(found)]
    assert shapely.is_valid(found).all()
    assert set(shapely.get_type_id(found)) == {shapely.GeometryType.MULTIPOLYGON}
    assert shapely.coverage_is_valid(some)
    for one in range(len(found)):
        for other in range(one):
            assert shapely.intersection(found[one], found[other]).area == 0.0
    whole = bands(grid, field, limits_ms[-1:])[0]
    assert shapely.symmetric_difference(shapely.union_all(some), whole).area < 1e-3
    assert shapely.difference(whole, grid.outline).area < 1e-6
    points = shapely.points(*np.meshgrid(grid.x, grid.y))
    for shape, least, most in zip(found, [-1, *limits_ms[:-1]], limits_ms, strict=True):
        touched = shapely.intersects(shape, points) & shapely.contains_properly(grid.outline, points)
        assert ((field[touched] > least) & (field[touched] <= most)).all()


@settings(max_examples=100, deadline=None)
@given(_TIMES, _REACH)
def test_all_that_is_reached_is_the_squares_whose_corners_are(times, reach):
    """By brute force, square by square."""
    grid = grid_over(outline_of(reach, 0.001), SPACING)
    field = times_on(grid, times)
    squares = [
        shapely.box(grid.x[column], grid.y[row], grid.x[column + 1], grid.y[row + 1])
        for row in range(field.shape[0] - 1)
        for column in range(field.shape[1] - 1)
        if (field[row : row + 2, column : column + 2] >= 0).all()
    ]
    wanted = shapely.intersection(shapely.union_all(squares), grid.outline)
    found = bands(grid, field, [9_000])[0]
    assert shapely.symmetric_difference(found, wanted).area < 1e-6


@settings(max_examples=60, deadline=None)
@given(_TIMES, _LIMITS, st.integers(1, 500))
def test_later_times_never_reach_more(times, limits, later):
    limits_ms = sorted(limits)
    grid = grid_over(shapely.box(0, 0, 800, 800), SPACING)
    field = times_on(grid, times)
    for limit in limits_ms:
        sooner, after = (bands(grid, one, [limit])[0] for one in (field, np.where(field < 0, -1, field + later)))
        assert shapely.difference(after, sooner).area < 1e-6
