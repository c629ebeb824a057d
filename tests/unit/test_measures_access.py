"""Access: cases worked by hand, and PySAL's own functions as a second opinion."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from access import fca, weights

from sufficiency.measures import access
from sufficiency.model.errors import DataError, ParameterError

NAN = np.nan
AREA_IDS = ["C", "D1", "D2", "D3", "d1-a", "d1-b", "d2-a"]
STEP = access.step_decay((30, 1.0))


def reach_of(minutes, suitable, pupils, places, **columns) -> access.Reach:
    minutes = np.array(minutes, dtype=np.float64)
    groups = pd.DataFrame({"group_id": [f"g{n}" for n in range(len(pupils))], "pupils": pupils})
    return access.Reach(
        year=2028,
        groups=groups.assign(**columns),
        provision=pd.DataFrame({"provision_id": [f"P{n}" for n in range(len(places))]}),
        minutes=minutes,
        suitable=np.array(suitable, dtype=bool),
        places=np.array(places, dtype=np.int64),
    )


@pytest.fixture
def county() -> access.Reach:
    """Four groups, three provisions, one of them without a place.

    |    | pupils | P0 (12 places) | P1 (6)        | P2 (0) | home       |
    |----|-------:|----------------|---------------|--------|------------|
    | g0 |      2 | 10 min         | 30 min        | 5 min  | D1, d1-a   |
    | g1 |      4 | 20 min         | not suitable  | 5 min  | D1, d1-b   |
    | g2 |      3 | 40 min         | 20 min        | 5 min  | D2, d2-a   |
    | g3 |      1 | no route       | not suitable  | -      | not known  |
    """
    return reach_of(
        [[10, 30, 5], [20, 1, 5], [40, 20, 5], [NAN, 1, 5]],
        [[1, 1, 1], [1, 0, 1], [1, 1, 1], [1, 0, 0]],
        [2, 4, 3, 1],
        [12, 6, 0],
        phase=["primary", "primary", "secondary", "secondary"],
        district_id=["D1", "D1", "D2", ""],
        cluster_id=["d1-a", "d1-b", "d2-a", ""],
    )


# --- decay


def test_every_named_decay_by_hand() -> None:
    assert set(access.DECAYS) == {"step", "gaussian", "exponential", "negative_power"}
    minutes = np.array([0.0, 10.0, 20.0, 20.5])
    zones = access.step_decay((10, 1.0), (20, 0.68))
    assert zones(minutes).tolist() == [1.0, 1.0, 0.68, 0.0]
    half = np.exp(-0.5)
    assert access.gaussian_decay(10, 20)(minutes) == pytest.approx([1, half, np.exp(-2), 0])
    assert access.exponential_decay(20, 20)(minutes) == pytest.approx([1, half, np.exp(-1), 0])
    assert access.negative_power_decay(2, 5, 20)(minutes) == pytest.approx([1, 1 / 4, 1 / 16, 0])


def test_decays_are_those_of_pysal() -> None:
    minutes = np.array([0.0, 3.0, 10.0, 30.0, 31.0, 60.0])
    pairs = [
        (access.step_decay((10, 1), (30, 0.5)), weights.step_fn({10: 1, 30: 0.5})),
        (access.gaussian_decay(20), weights.gaussian(20)),
        (access.negative_power_decay(1.5, 5), weights.gravity(scale=5, alpha=-1.5, min_dist=5)),
    ]
    for ours, theirs in pairs:
        assert ours(minutes) == pytest.approx([theirs(value) for value in minutes])


@pytest.mark.parametrize(
    "make",
    [
        access.step_decay,
        lambda: access.step_decay((20, 1), (10, 0.5)),
        lambda: access.step_decay((20, 1.5)),
        lambda: access.step_decay((-1, 1)),
        lambda: access.gaussian_decay(0),
        lambda: access.exponential_decay(-1),
        lambda: access.negative_power_decay(1, 0),
        lambda: access.negative_power_decay(float("nan"), 1),
    ],
)
def test_an_impossible_decay_is_refused(make) -> None:
    with pytest.raises(ParameterError):
        make()


# --- near and how many


def test_nearest_is_the_nearest_suitable_provision_with_a_place(county) -> None:
    """P2 is nearest of all but has no place; P1 is one minute from g1 and does not suit it."""
    np.testing.assert_array_equal(access.nth_nearest_min(county), [10, 20, 20, NAN])
    np.testing.assert_array_equal(access.nth_nearest_min(county, 2), [30, NAN, 40, NAN])
    np.testing.assert_array_equal(access.nth_nearest_min(county, 4), [NAN] * 4)
    with pytest.raises(ParameterError, match="counts from 1"):
        access.nth_nearest_min(county, 0)


def test_places_within_a_limit_count_the_limit_itself_and_take_one_limit_a_group(county) -> None:
    assert access.within_limit_places(county, 30).tolist() == [18, 12, 6, 0]
    assert access.within_limit_places(county, 29.9).tolist() == [12, 12, 6, 0]
    assert access.within_limit_places(county, np.array([5.0, 30.0, 40.0, 99.0])).tolist() == [0, 12, 18, 0]


# --- floating catchments


def test_two_steps_by_hand(county) -> None:
    """Within 30 minutes P0 has g0 and g1: 12 / 6 = 2 places a pupil; P1 has g0 and g2: 6 / 5 = 1.2.

    g0 = 2 + 1.2, g1 = 2, g2 = 1.2, g3 reaches nothing and is there with 0; 2 × 3.2 + 4 × 2 + 3 × 1.2 = 18 places.
    """
    assert access.two_step_places_per_pupil(county, STEP) == pytest.approx([3.2, 2.0, 1.2, 0.0])


def test_two_steps_with_zones_by_hand(county) -> None:
    """Weights 1 to 10 minutes, 0.5 to 30: P0 is claimed by 2 × 1 + 4 × 0.5 = 4, P1 by (2 + 3) × 0.5 = 2.5.

    g0 = 12 / 4 + 0.5 × 6 / 2.5 = 4.2; g1 = 0.5 × 3 = 1.5; g2 = 0.5 × 2.4 = 1.2.
    """
    zones = access.step_decay((10, 1.0), (30, 0.5))
    assert access.two_step_places_per_pupil(county, zones) == pytest.approx([4.2, 1.5, 1.2, 0.0])


def test_three_steps_by_hand(county) -> None:
    """g0 gives half of its demand to each of P0 and P1, so P0 is claimed by 2 × ½ + 4 = 5 and P1 by 2 × ½ + 3 = 4.

    g0 = ½ × 12 / 5 + ½ × 6 / 4 = 1.95; g1 = 2.4; g2 = 1.5; 2 × 1.95 + 4 × 2.4 + 3 × 1.5 = 18.
    """
    assert access.three_step_places_per_pupil(county, STEP) == pytest.approx([1.95, 2.4, 1.5, 0.0])


def test_a_provision_without_a_place_draws_no_demand_in_three_steps(county) -> None:
    opened = reach_of(county.minutes, county.suitable, [2, 4, 3, 1], [12, 6, 1])
    assert access.three_step_places_per_pupil(opened, STEP)[0] != pytest.approx(1.95)


@pytest.mark.parametrize(
    ("measure", "theirs"),
    [
        (access.two_step_places_per_pupil, fca.two_stage_fca),
        (access.three_step_places_per_pupil, fca.three_stage_fca),
    ],
)
@pytest.mark.parametrize(
    ("decay", "weight_fn"),
    [
        (access.step_decay((20, 1), (45, 0.4)), weights.step_fn({20: 1, 45: 0.4})),
        (access.gaussian_decay(25), weights.gaussian(25)),
        (access.negative_power_decay(1.2, 4), weights.gravity(scale=4, alpha=-1.2, min_dist=4)),
    ],
)
def test_pysal_gives_the_same_from_the_minutes(measure, theirs, decay, weight_fn) -> None:
    random = np.random.default_rng(7)
    shape = (30, 9)
    minutes = random.uniform(1, 90, shape)
    suitable = random.random(shape) < 0.6
    suitable[:, 0] = minutes[:, 0] <= 45
    minutes[random.random(shape) < 0.1] = NAN
    pupils, places = random.integers(1, 9, shape[0]), random.integers(1, 60, shape[1])
    reach = reach_of(minutes, suitable, pupils, places)
    row, column = np.nonzero(suitable & ~np.isnan(minutes))
    pairs = pd.DataFrame({"origin": row, "dest": column, "cost": minutes[row, column]})
    demand = pd.DataFrame({"demand": pupils}, index=pd.RangeIndex(shape[0], name="geoid"))
    supply = pd.DataFrame({"supply": places}, index=pd.RangeIndex(shape[1], name="geoid"))
    expected = theirs(demand, supply, pairs, max_cost=None, weight_fn=weight_fn)
    expected = expected.reindex(range(shape[0]), fill_value=0.0).to_numpy()
    assert expected.max() > 0
    assert measure(reach, decay) == pytest.approx(expected)


def test_a_provision_that_only_groups_without_pupils_reach_gives_nobody_anything() -> None:
    reach = reach_of([[10, NAN], [NAN, 10]], [[1, 1], [1, 1]], [0, 5], [7, 10])
    assert access.two_step_places_per_pupil(reach, STEP).tolist() == [0, 2]
    assert access.three_step_places_per_pupil(reach, STEP).tolist() == [0, 2]
    assert access.spatial_availability_places(reach, STEP).tolist() == [[0, 0], [0, 10]]


def test_where_nothing_meets_access_is_0() -> None:
    for reach in (
        reach_of([[NAN]], [[1]], [3], [4]),
        reach_of([[90]], [[1]], [3], [4]),
        reach_of(np.empty((2, 0)), np.empty((2, 0)), [3, 4], []),
        reach_of(np.empty((0, 2)), np.empty((0, 2)), [], [3, 4]),
    ):
        nothing = np.zeros(len(reach.groups))
        assert access.two_step_places_per_pupil(reach, STEP).tolist() == nothing.tolist()
        assert access.three_step_places_per_pupil(reach, STEP).tolist() == nothing.tolist()
        assert access.spatial_availability_places(reach, STEP).sum() == 0


# --- spatial availability


def test_spatial_availability_by_hand(county) -> None:
    """P0's 12 places go to g0 and g1 as 2 : 4, P1's 6 to g0 and g2 as 2 : 3; P2 has none."""
    expected = [[4, 2.4, 0], [8, 0, 0], [0, 3.6, 0], [0, 0, 0]]
    np.testing.assert_allclose(access.spatial_availability_places(county, STEP), expected)


def test_spatial_availability_with_an_exponent_and_a_decay_by_hand(county) -> None:
    """Squares 4 and 16, weights 1 and 0.5: P0 goes as 4 : 8; P1, squares 4 and 9 at 0.5 each, as 4 : 9."""
    zones = access.step_decay((10, 1.0), (30, 0.5))
    found = access.spatial_availability_places(county, zones, population_exponent=2)
    np.testing.assert_allclose(found, [[4, 24 / 13, 0], [8, 0, 0], [0, 54 / 13, 0], [0, 0, 0]])
    with pytest.raises(ParameterError, match="population_exponent"):
        access.spatial_availability_places(county, zones, population_exponent=0)


# --- the table


def test_table_by_hand(county) -> None:
    table = access.access_table(county, AREA_IDS, STEP, {"primary": 15.0})
    assert list(table) == ["area_id", "year", "phase", "need", "measure", "value", "pupils"]
    assert set(table["need"]) == {"all"}
    assert set(table["year"]) == {2028}
    assert not table.duplicated(["area_id", "phase", "measure"]).any()
    found = table.set_index(["measure", "area_id", "phase"])

    def cell(*key):
        return found.loc[key, "value"], found.loc[key, "pupils"]

    # (2 × 10 + 4 × 20 + 3 × 20) / 9; g3 has no suitable place and is left out
    assert cell("nearest_min", "C", "all") == (pytest.approx(160 / 9), 9)
    assert cell("nearest_min", "C", "secondary") == (20, 3)
    assert cell("second_nearest_min", "D1", "all") == (30, 2)
    # the primary limit is 15 and the secondary one 45 by default: 12, 0, 18, 0
    assert cell("within_limit_places", "C", "all") == (pytest.approx((2 * 12 + 3 * 18) / 10), 10)
    assert cell("without_suitable_place_pupils", "C", "all") == (5, 10)
    assert cell("without_suitable_place_pupils", "D1", "primary") == (4, 6)
    assert cell("without_suitable_place_pupils", "d1-b", "all") == (4, 4)
    assert cell("two_step_places_per_pupil", "D1", "all") == (pytest.approx((2 * 3.2 + 4 * 2) / 6), 6)
    assert cell("three_step_places_per_pupil", "d1-a", "all") == (pytest.approx(1.95), 2)
    assert cell("spatial_availability_places", "C", "all") == (pytest.approx(18), 10)
    assert cell("spatial_availability_places", "D1", "all") == (pytest.approx(14.4), 6)
    assert cell("without_suitable_place_pupils", "D3", "all") == (0, 0)
    assert cell("spatial_availability_places", "D3", "all") == (0, 0)
    assert np.isnan(found.loc[("nearest_min", "D3", "all"), "value"])


def test_clusters_have_totals_only_and_nothing_crosses_need(county) -> None:
    table = access.access_table(county, AREA_IDS, STEP)
    clusters = table[table["area_id"].str.startswith("d")]
    assert set(clusters["phase"]) == {"all"}
    assert set(table.loc[table["area_id"] == "D2", "phase"]) == {"all", "secondary"}
    assert table.groupby(["area_id", "phase"])["measure"].nunique().eq(len(access.MEASURES)).all()


def test_limits_default_to_45_minutes() -> None:
    reach = reach_of([[45.0], [45.1]], [[1], [1]], [3, 4], [9], phase="primary", district_id="D1", cluster_id="d1-a")
    table = access.access_table(reach, AREA_IDS, STEP).set_index(["measure", "area_id", "phase"])
    assert table.loc[("without_suitable_place_pupils", "C", "all"), "value"] == 4


def test_inputs_are_left_alone(county) -> None:
    groups, minutes = county.groups.copy(), county.minutes.copy()
    for array in (county.minutes, county.suitable, county.places):
        array.flags.writeable = False
    access.access_table(county, AREA_IDS, STEP)
    pd.testing.assert_frame_equal(county.groups, groups)
    np.testing.assert_array_equal(county.minutes, minutes)


def test_the_index_of_the_groups_does_not_matter(county) -> None:
    moved = access.Reach(
        county.year,
        county.groups.set_index(pd.Index([9, 9, 3, 1])),
        county.provision,
        county.minutes,
        county.suitable,
        county.places,
    )
    pd.testing.assert_frame_equal(
        access.access_table(moved, AREA_IDS, STEP), access.access_table(county, AREA_IDS, STEP)
    )


def test_a_reach_of_other_shapes_or_below_0_is_refused() -> None:
    with pytest.raises(DataError, match="shape"):
        reach_of([[1, 2]], [[1]], [3], [4])
    with pytest.raises(DataError, match="shape"):
        reach_of([[1]], [[1]], [3], [4, 5])
    with pytest.raises(DataError, match="whole numbers"):
        reach_of([[1]], [[1]], [-3], [4])
    with pytest.raises(DataError, match="whole numbers"):
        reach_of([[1]], [[1]], [NAN], [4])
    with pytest.raises(DataError, match="whole numbers"):
        reach_of([[1]], [[1]], [3], [-4])
    with pytest.raises(DataError, match="negative"):
        reach_of([[-1]], [[1]], [3], [4])


def test_importing_the_measures_does_not_load_pysal() -> None:
    script = "import sys, sufficiency.measures.access; print('access' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
