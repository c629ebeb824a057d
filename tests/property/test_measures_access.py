"""Laws of access and of the concentration index over drawn counties."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.measures import access, equity

DECAYS = st.one_of(
    st.floats(5, 90).map(lambda limit: access.step_decay((limit, 1.0))),
    st.floats(5, 90).map(lambda limit: access.step_decay((limit / 2, 1.0), (limit, 0.3))),
    st.tuples(st.floats(2, 60), st.floats(10, 90)).map(lambda pair: access.gaussian_decay(*pair)),
    st.tuples(st.floats(2, 60), st.floats(10, 90)).map(lambda pair: access.exponential_decay(*pair)),
    st.tuples(st.floats(0.2, 4), st.floats(1, 20)).map(lambda pair: access.negative_power_decay(*pair)),
)
MEASURES = (access.two_step_places_per_pupil, access.three_step_places_per_pupil)
laws = settings(max_examples=40, deadline=None)


@st.composite
def reaches(draw) -> access.Reach:
    n, m = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    cell = st.one_of(st.none(), st.floats(0, 120))
    minutes = draw(st.lists(cell, min_size=n * m, max_size=n * m))
    suitable = draw(st.lists(st.booleans() | st.just(True), min_size=n * m, max_size=n * m))
    pupils = draw(st.lists(st.integers(0, 30), min_size=n, max_size=n))
    places = draw(st.lists(st.integers(0, 200), min_size=m, max_size=m))
    return access.Reach(
        year=2028,
        groups=pd.DataFrame({"pupils": pupils}),
        provision=pd.DataFrame({"provision_id": [f"P{j}" for j in range(m)]}),
        minutes=np.array([np.nan if value is None else value for value in minutes]).reshape(n, m),
        suitable=np.array(suitable).reshape(n, m),
        places=np.array(places, dtype=np.int64),
    )


def with_places(reach: access.Reach, places: np.ndarray) -> access.Reach:
    return access.Reach(reach.year, reach.groups, reach.provision, reach.minutes, reach.suitable, places)


def reachable_places(reach: access.Reach, decay: access.Decay) -> int:
    """Return the places of provisions that some group with pupils can reach, pair by pair."""
    total = 0
    for j, places in enumerate(reach.places):
        for i, pupils in enumerate(reach.groups["pupils"]):
            minutes = reach.minutes[i, j]
            near = reach.suitable[i, j] and not np.isnan(minutes) and decay(np.array([minutes]))[0] >= 1e-12
            if near and pupils > 0:
                total += places
                break
    return total


@laws
@given(reaches(), DECAYS, st.floats(0.3, 3))
def test_spatial_availability_adds_up_to_the_reachable_places(reach, decay, exponent) -> None:
    available = access.spatial_availability_places(reach, decay, exponent)
    assert available.sum() == pytest.approx(reachable_places(reach, decay))
    assert (available >= 0).all()
    assert (available.sum(axis=0) <= reach.places + 1e-6).all()


@laws
@given(reaches(), DECAYS)
def test_floating_catchments_add_up_to_the_reachable_places(reach, decay) -> None:
    for measure in MEASURES:
        assert reach.pupils @ measure(reach, decay) == pytest.approx(reachable_places(reach, decay))


@laws
@given(reaches(), DECAYS)
def test_spatial_availability_a_pupil_is_the_two_step_measure(reach, decay) -> None:
    available = access.spatial_availability_places(reach, decay).sum(axis=1)
    some = reach.pupils > 0
    two_step = access.two_step_places_per_pupil(reach, decay)
    np.testing.assert_allclose(available[some] / reach.pupils[some], two_step[some], rtol=1e-9)


@laws
@given(reaches(), DECAYS, st.integers(0, 4), st.integers(1, 50))
def test_more_places_lower_nobodys_access(reach, decay, where, more) -> None:
    places = reach.places.copy()
    where %= len(places)
    places[where] += more
    after = with_places(reach, places)

    def never_less(measure) -> None:
        before = measure(reach)
        assert (measure(after) >= before - 1e-9 * np.abs(before)).all()

    never_less(lambda one: access.two_step_places_per_pupil(one, decay))
    never_less(lambda one: access.spatial_availability_places(one, decay).sum(axis=1))
    never_less(lambda one: access.within_limit_places(one, 45.0))
    never_less(lambda one: -np.nan_to_num(access.nth_nearest_min(one), nan=np.inf, posinf=np.inf).clip(max=1e6))
    if reach.places[where] > 0:
        never_less(lambda one: access.three_step_places_per_pupil(one, decay))


def test_a_new_provision_can_lower_three_step_access() -> None:
    """Why the law above asks for places there already: the second provision draws the first group's own demand.

    Alone at P0 the groups share 10 places: 10 / 2 = 5 each. With 1 place at P1, half of the first group's demand goes
    there: P0 is claimed by 1.5, and the first group has ½ × 10 / 1.5 + ½ × 1 / 0.5 = 4.33.
    """
    reach = access.Reach(
        2028,
        pd.DataFrame({"pupils": [1, 1]}),
        pd.DataFrame({"provision_id": ["P0", "P1"]}),
        np.array([[10.0, 10.0], [10.0, np.nan]]),
        np.ones((2, 2), dtype=bool),
        np.array([10, 0]),
    )
    step = access.step_decay((30, 1.0))
    assert access.three_step_places_per_pupil(reach, step) == pytest.approx([5, 5])
    after = access.three_step_places_per_pupil(with_places(reach, np.array([10, 1])), step)
    assert after == pytest.approx([13 / 3, 20 / 3])


@laws
@given(reaches(), DECAYS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_only_orders_the_answer(reach, decay, random) -> None:
    rows, columns = list(range(len(reach.groups))), list(range(len(reach.places)))
    random.shuffle(rows)
    random.shuffle(columns)
    moved = access.Reach(
        reach.year,
        reach.groups.iloc[rows],
        reach.provision.iloc[columns],
        reach.minutes[np.ix_(rows, columns)],
        reach.suitable[np.ix_(rows, columns)],
        reach.places[columns],
    )
    for measure in MEASURES:
        np.testing.assert_allclose(measure(moved, decay), measure(reach, decay)[rows], rtol=1e-9)
    np.testing.assert_allclose(
        access.spatial_availability_places(moved, decay),
        access.spatial_availability_places(reach, decay)[np.ix_(rows, columns)],
        rtol=1e-9,
    )
    np.testing.assert_array_equal(access.nth_nearest_min(moved, 2), access.nth_nearest_min(reach, 2)[rows])
    np.testing.assert_array_equal(
        access.within_limit_places(moved, 45.0), access.within_limit_places(reach, 45.0)[rows]
    )


@laws
@given(reaches())
def test_the_nth_nearest_is_never_nearer_than_the_one_before(reach) -> None:
    found = [np.nan_to_num(access.nth_nearest_min(reach, nth), nan=1e9) for nth in range(1, len(reach.places) + 2)]
    for before, after in itertools.pairwise(found):
        assert (after >= before).all()
    assert (found[-1] == 1e9).all()


ROWS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10), st.floats(0, 200, allow_subnormal=False)), min_size=1, max_size=20
)


@laws
@given(ROWS)
def test_the_concentration_index_lies_between_minus_1_and_1(rows) -> None:
    pupils, position, value = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    index = equity.concentration_index(pupils, position, value)
    if pupils @ value == 0:
        assert np.isnan(index)
    else:
        assert -1 <= index <= 1
        assert equity.concentration_index(pupils, -position, value) == pytest.approx(-index, abs=1e-9)
        assert equity.concentration_index(pupils * 3, position, value * 7) == pytest.approx(index, abs=1e-9)


@laws
@given(ROWS)
def test_the_concentration_index_is_that_of_single_pupils_and_of_the_curve(rows) -> None:
    """Row by pupil, ties included, and 1 − 2 × the area below the concentration curve drawn by position."""
    pupils, position, value = (np.array(column) for column in zip(*rows, strict=True))
    index = equity.concentration_index(pupils, position, value)
    one_each = equity.concentration_index(np.ones(pupils.sum()), np.repeat(position, pupils), np.repeat(value, pupils))
    assert index == pytest.approx(one_each, abs=1e-9, nan_ok=True)
    frame = pd.DataFrame({"position": position, "pupils": pupils, "amount": pupils * value})
    steps = frame.groupby("position")[["pupils", "amount"]].sum().cumsum()
    if steps["amount"].iloc[-1] > 0:
        x, y = (np.concatenate([[0.0], steps[name] / steps[name].iloc[-1]]) for name in ("pupils", "amount"))
        assert index == pytest.approx(1 - 2 * np.trapezoid(y, x), abs=1e-9)
