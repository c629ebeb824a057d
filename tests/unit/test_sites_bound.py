"""What prices prove of a siting question, against every subset of its sites; and a limit that is met exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sufficiency.model.errors import InfeasibleError
from sufficiency.planning.sites import choose_sites, choose_sites_for
from sufficiency.planning.sites.bound import Relaxation
from sufficiency.planning.sites.placing import Placing, Pool, within_limits


def drawn(seed: int) -> Placing:
    draw = np.random.default_rng(seed)
    n, m = 5, 5
    cost = draw.integers(0, 30, (n, m))
    cost[draw.random(cost.shape) < 0.15] = -1
    pupils = draw.integers(1, 5, n)
    crowded = bool(seed % 2)
    total = np.where(cost >= 0, pupils[:, None], 0).sum(axis=0)
    must = np.zeros(m, dtype=np.bool_)
    must[0] = seed % 3 == 0
    return Placing(
        cost=cost,
        pupils=pupils,
        capacity=np.minimum(total, draw.integers(3, 12, m)) if crowded else total,
        opening=draw.integers(0, 40, m),
        must=must,
        p=int(draw.integers(2, 5)) if seed % 4 else None,
        capital=draw.integers(0, 9, m) if seed % 5 else None,
        budget=14 if seed % 5 else None,
        groups=((1, 2), (2, 3)) if seed % 7 < 3 else (),
        crowded=crowded,
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_choice_costs_less_than_its_bounds(seed: int) -> None:
    problem = drawn(seed)
    pool, relaxation = Pool(problem), Relaxation(problem)
    values = {}
    for opened in itertools.product((False, True), repeat=problem.n_columns):
        mask = np.array(opened)
        value = pool.value(mask) if within_limits(problem, mask) else None
        if value is not None:
            values[opened] = value
    draw = np.random.default_rng(seed)
    everything = np.ones(problem.n_columns, dtype=np.bool_)
    near = np.minimum(pool.prices(everything), 60)
    for prices in (near, near + 5, draw.integers(0, 40, len(near)), draw.integers(10, 25, len(near))):
        bound = relaxation.bound(prices, float(draw.choice([0.0, 0.7, 2.3])))
        for opened, value in values.items():
            assert value >= bound.least
            for column, is_open in enumerate(opened):
                assert value >= (bound.if_open if is_open else bound.if_closed)[column]


def test_a_bound_by_hand() -> None:
    """Two groups of one pupil offered 10 each; the first site gains 8 + 7 - 5, the second 9 - 6, at most one opens."""
    problem = Placing(
        cost=np.array([[2, 1], [3, -1]]), pupils=np.array([1, 1]), capacity=np.array([2, 1]), opening=np.array([5, 6]),
        must=np.zeros(2, dtype=np.bool_), p=1, capital=None, budget=None, groups=(), crowded=False,
    )  # fmt: skip
    bound = Relaxation(problem).bound(np.array([10, 10]))
    assert bound.least == 20 - 10
    assert bound.if_open.tolist() == [10, 17]
    assert bound.if_closed.tolist() == [17, 10]


def test_a_journey_of_exactly_the_limit_is_within_it() -> None:
    choice, figures = choose_sites_for(
        "most_within_limit", np.array([[20, 21], [21, 5]]), np.array([2, 1]), None, np.zeros(2, np.int64), limit=20, p=1
    )
    assert choice.open.tolist() == [True, False]
    assert figures == {"pupils_placed": 3.0, "travel": 61.0, "pupils_within_limit": 2.0}


@pytest.mark.filterwarnings("error")
def test_great_costs_without_an_answer_name_the_limit_and_overflow_nothing():
    """Costs of days in milliseconds, and fractions; at most one may open, and none holds everybody."""
    rng = np.random.default_rng(7)
    found = 0
    for draw in range(60):
        n, m = rng.integers(3, 9), rng.integers(2, 6)
        cost = rng.integers(0, 600_000_000, (n, m)) if draw % 2 else rng.random((n, m)) * 3e6
        pupils = rng.integers(1, 6, n)
        capacity = np.full(m, pupils.sum() - 1)
        limits = ({"p": 1}, {"at_most_one": [tuple(range(m))]}, {"capital": np.ones(m, np.int64), "budget": 1})[
            draw % 3
        ]
        with pytest.raises(InfeasibleError, match=r"p = 1|at_most_one|budget"):
            choose_sites(cost, pupils, capacity, rng.integers(0, 10**6, m), **limits)
        found += 1
    assert found == 60


def test_columns_that_must_close_are_named_where_their_room_is_missed():
    with pytest.raises(InfeasibleError, match="must_close: without the columns that must close, 4 pupils"):
        choose_sites([[1, 2], [3, 4]], [2, 3], [50, 1], [0, 0], must_close=[0])
