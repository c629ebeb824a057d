"""A mended optimum is the optimum: what-if questions against a fresh solve, on small random problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sufficiency.allocation import place_gains, settle, solve_tiers, transport
from sufficiency.model.errors import CertificateError, DataError
from sufficiency.model.results import Flow

if TYPE_CHECKING:
    from sufficiency.allocation import Settled

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]
FAST = settings(max_examples=150, deadline=None)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to 6 groups and 5 columns, few different costs, so that ties are common; scarcity and plenty alike."""
    n_groups, n_places = draw(st.integers(0, 6)), draw(st.integers(1, 5))
    cost = draw(st.lists(st.integers(-1, 6), min_size=n_groups * n_places, max_size=n_groups * n_places))
    pupils = draw(st.lists(st.integers(0, 3), min_size=n_groups, max_size=n_groups))
    places = draw(st.lists(st.integers(0, 5), min_size=n_places, max_size=n_places))
    return (
        np.array(cost, dtype=np.int64).reshape(n_groups, n_places),
        np.array(pupils, dtype=np.int64),
        np.array(places, dtype=np.int64),
    )


def assert_is_optimum(found: Settled, problem: Problem) -> None:
    """Pupils without a place, cost, and what one more place at each column would do: as a fresh solve has them."""
    fresh = transport(*problem)
    assert (found.unplaced_pupils, found.cost_sum) == (int(fresh.unplaced.sum()), fresh.cost)
    assert found.places.tolist() == problem[2].tolist()
    assert (found.used <= problem[2]).all()
    assert int(found.used.sum()) == int(problem[1].sum()) - found.unplaced_pupils
    for mended, solved in zip(found.gains(), place_gains(*problem, fresh), strict=True):
        assert mended.tolist() == solved.tolist()


@FAST
@given(problems(), st.data())
def test_any_row_of_changes_ends_at_the_optimum(problem: Problem, data: st.DataObject) -> None:
    cost, pupils, places = problem
    found = settle(*problem)
    assert_is_optimum(found, problem)
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.integers(0, 3)) == 0:
            column = data.draw(st.lists(st.integers(-1, 9), min_size=len(pupils), max_size=len(pupils)))
            new = data.draw(st.integers(0, 5))
            cost, places = np.column_stack([cost, np.array(column, dtype=np.int64)]), np.append(places, new)
            found = found.with_column(column, new)
        else:
            changes = data.draw(st.dictionaries(st.integers(0, len(places) - 1), st.integers(0, 8), min_size=1))
            places = places.copy()
            places[list(changes)] = list(changes.values())
            found = found.with_places(changes)
        assert_is_optimum(found, (cost, pupils, places))


@FAST
@given(problems(), st.data())
def test_a_change_leaves_what_was_there_and_its_reverse_leads_back(problem: Problem, data: st.DataObject) -> None:
    before = settle(*problem)
    column = data.draw(st.integers(0, problem[2].size - 1))
    after = before.with_places({column: data.draw(st.integers(0, 8))})
    assert_is_optimum(before, problem)
    assert_is_optimum(after.with_places({column: int(problem[2][column])}), problem)


@FAST
@given(problems(), st.data())
def test_pupils_by_tier_are_those_of_a_fresh_solve(problem: Problem, data: st.DataObject) -> None:
    """Where costs hold tier prices, every optimum has the same pupils in each tier, and the same travel."""
    cost, pupils, places = problem
    tier = np.array(data.draw(st.lists(st.integers(1, 3), min_size=places.size, max_size=places.size)), dtype=np.int64)
    tiered = solve_tiers(cost, pupils, places, tier)
    column, new = data.draw(st.integers(0, places.size - 1)), data.draw(st.integers(0, 8))
    found = settle(tiered.priced_cost, pupils, places, tiered.flow).with_places({column: new})
    changed = places.copy()
    changed[column] = new
    fresh = solve_tiers(cost, pupils, changed, tier)
    used = np.asarray(fresh.flow.flow.sum(axis=0), dtype=np.int64).ravel()
    for one in np.unique(tier):
        assert found.used[tier == one].sum() == used[tier == one].sum()
    assert found.cost_sum - int((found.used * tiered.tier_price).sum()) == fresh.cost


def test_one_more_place_by_hand() -> None:
    """Two pupils, one place 5 away; a second place there takes the other. A new school 1 away takes one of them."""
    found = settle([[5], [7]], [1, 1], [1])
    assert (found.unplaced_pupils, found.cost_sum) == (1, 5)
    grown = found.with_places({0: 2})
    assert (grown.unplaced_pupils, grown.cost_sum) == (0, 12)
    assert (found.with_places({0: 0}).unplaced_pupils, found.with_places({0: 0}).cost_sum) == (2, 0)
    nearer = grown.with_column([-1, 1], 1)
    assert (nearer.unplaced_pupils, nearer.cost_sum) == (0, 6)
    assert nearer.used.tolist() == [1, 1]


@pytest.mark.parametrize("changes", [{1: 2}, {-1: 2}, {0: -1}, {0: 1.5}, {0: True}, {"a": 1}])
def test_changes_that_cannot_be_made_are_refused(changes: dict[int, int]) -> None:
    with pytest.raises(DataError, match="column"):
        settle([[5]], [1], [1]).with_places(changes)


@pytest.mark.parametrize(("column", "places"), [([1, 2], 1), ([-2], 1), ([0.5], 1), ([2**60], 1), ([1], -1)])
def test_a_column_that_is_none_is_refused(column: list[int], places: int) -> None:
    with pytest.raises(DataError):
        settle([[5]], [1], [1]).with_column(column, places)


def test_a_flow_of_another_problem_or_no_optimum_is_refused() -> None:
    cost, pupils, places = [[1, 9], [9, 1]], [1, 1], [1, 1]
    flow = transport(cost, pupils, places)
    with pytest.raises(DataError, match="shape"):
        settle([[1]], [1], [1], flow)
    crossed = Flow(
        flow.flow[:, ::-1].tocsr(), flow.unplaced, 18, flow.pupil_price, flow.place_price, flow.unplaced_price, flow.cut
    )
    with pytest.raises(CertificateError, match="negative cycle"):
        settle(cost, pupils, places, crossed)
