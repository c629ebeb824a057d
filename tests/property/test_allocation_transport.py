"""Laws of `transport` and `place_gains` on small random problems, against complete enumeration."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.residual import interchangeable_pupils
from sufficiency.allocation.solve import place_gains, transport
from sufficiency.allocation.tiers import certify_tiers, solve_tiers

if TYPE_CHECKING:
    from sufficiency.model.results import Flow

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]
Outcome = tuple[int, int]


@st.composite
def problems(draw: st.DrawFn, most_cost: int = 4, most_pupils: int = 5) -> Problem:
    """Small problems with many ties; rows repeat often, places and pupils may be 0."""
    n_groups = draw(st.integers(0, 4))
    n_places = draw(st.integers(0, 4))
    kinds = draw(
        st.lists(st.lists(st.integers(-1, most_cost), min_size=n_places, max_size=n_places), min_size=1, max_size=3)
    )
    cost = np.array([draw(st.sampled_from(kinds)) for _ in range(n_groups)], dtype=np.int64).reshape(n_groups, n_places)
    pupils: list[int] = []
    for _ in range(n_groups):
        pupils.append(draw(st.integers(0, min(2, most_pupils - sum(pupils)))))
    places = draw(st.lists(st.integers(0, 3), min_size=n_places, max_size=n_places))
    return cost, np.array(pupils, dtype=np.int64), np.array(places, dtype=np.int64)


def every_flow(cost: Ints, pupils: Ints, places: Ints) -> list[Ints]:
    """Every feasible flow, by letting each pupil try each column or none."""
    n_groups, n_places = cost.shape
    owners = np.repeat(np.arange(n_groups), pupils)
    found: dict[bytes, Ints] = {}
    for choice in itertools.product(range(-1, n_places), repeat=len(owners)):
        flow = np.zeros((n_groups, n_places), dtype=np.int64)
        for owner, column in zip(owners, choice, strict=True):
            if column >= 0:
                flow[owner, column] += 1
        if (flow.sum(axis=0) <= places).all() and not (flow[cost < 0] > 0).any():
            found[flow.tobytes()] = flow
    return list(found.values())


def outcome(cost: Ints, pupils: Ints, flow: Ints) -> Outcome:
    return int(pupils.sum() - flow.sum()), int((cost * flow).sum())


def least(cost: Ints, pupils: Ints, places: Ints) -> Outcome:
    return min(outcome(cost, pupils, flow) for flow in every_flow(cost, pupils, places))


def result(problem: Problem) -> Outcome:
    answer = transport(*problem)
    return int(answer.unplaced.sum()), answer.cost


def check_identities(cost: Ints, pupils: Ints, places: Ints, answer: Flow) -> None:
    flow = answer.flow.toarray()
    assert flow.dtype == answer.unplaced.dtype == answer.pupil_price.dtype == answer.place_price.dtype == np.int64
    assert (flow >= 0).all()
    assert (flow.sum(axis=1) + answer.unplaced == pupils).all()
    assert (flow.sum(axis=0) <= places).all()
    assert not flow[cost < 0].any()
    assert (answer.place_price >= 0).all()
    assert (answer.pupil_price <= answer.unplaced_price).all()
    slack = cost + answer.place_price[None, :] - answer.pupil_price[:, None]
    assert (slack[cost >= 0] >= 0).all()
    assert answer.cost == (flow * cost).sum()
    primal = answer.cost + answer.unplaced_price * answer.unplaced.sum()
    assert primal == pupils @ answer.pupil_price - places @ answer.place_price
    behind = (cost[answer.cut] >= 0).any(axis=0)
    assert pupils[answer.cut].sum() - places[behind].sum() == answer.unplaced.sum()


@given(problems())
def test_all_identities_hold(problem: Problem) -> None:
    answer = transport(*problem)
    check_identities(*problem, answer)
    proof = certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert proof.primal == proof.dual
    assert proof.placed + proof.unplaced == problem[1].sum()


@settings(deadline=None)
@given(problems())
def test_equals_complete_enumeration(problem: Problem) -> None:
    assert result(problem) == least(*problem)


@settings(deadline=None)
@given(problems(most_pupils=4))
def test_place_gains_equal_a_fresh_enumeration_with_one_more_place(problem: Problem) -> None:
    cost, pupils, places = problem
    answer = transport(cost, pupils, places)
    placed, change = place_gains(cost, pupils, places, answer)
    before = least(cost, pupils, places)
    for column in range(len(places)):
        more = places.copy()
        more[column] += 1
        after = least(cost, pupils, more)
        assert (placed[column], change[column]) == (before[0] - after[0], after[1] - before[1])
    # The place prices are the smallest optimal ones: exactly the value of one more place.
    assert (answer.place_price == placed * answer.unplaced_price - change).all()


@settings(deadline=None)
@given(problems(most_cost=2))
def test_interchangeable_pupils_are_the_cells_that_another_optimum_has_less_of(problem: Problem) -> None:
    cost, pupils, places = problem
    answer = transport(cost, pupils, places)
    mine = answer.flow.toarray()
    best = outcome(cost, pupils, mine)
    optima = [flow for flow in every_flow(cost, pupils, places) if outcome(cost, pupils, flow) == best]
    movable = np.zeros(mine.shape, dtype=bool)
    for flow in optima:
        movable |= flow < mine
    assert interchangeable_pupils(cost, places, answer) == mine[movable].sum()


@settings(deadline=None)
@given(problems(), st.data())
def test_tiers_are_lexicographic(problem: Problem, data: st.DataObject) -> None:
    cost, pupils, places = problem
    tier = np.array([data.draw(st.integers(1, 3)) for _ in places], dtype=np.int64)
    answer = solve_tiers(cost, pupils, places, tier)
    certify_tiers(answer, cost, pupils, places, tier, label=("", "optimal", 2024, "first_fit"))

    def ranked(flow: Ints) -> tuple[int, ...]:
        by_tier = [int(flow[:, tier <= last].sum()) for last in (1, 2, 3)]
        return (*(-count for count in by_tier), int((cost * flow).sum()))

    best = min(ranked(flow) for flow in every_flow(cost, pupils, places))
    assert ranked(answer.flow.flow.toarray()) == best
    assert answer.cost == best[-1]


@given(problems(most_cost=50, most_pupils=8))
def test_adding_a_place_never_worsens(problem: Problem) -> None:
    cost, pupils, places = problem
    assert result((cost, pupils, places + 1)) <= result(problem)


@given(problems(most_cost=50, most_pupils=8))
def test_closing_a_column_never_improves(problem: Problem) -> None:
    cost, pupils, places = problem
    if len(places):
        fewer = places.copy()
        fewer[0] = 0
        assert result((cost, pupils, fewer)) >= result(problem)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 8), min_size=1, max_size=6).map(sorted))
def test_a_provision_that_is_closed_never_changes_who_is_placed_where(seed: int, at: list[int]) -> None:
    """Where optima tie too: the same cells, whatever closed columns stand between the open ones."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(-1, 4, (50, 8))
    pupils, places = rng.integers(0, 4, 50), rng.integers(0, 14, 8)
    answer = transport(cost, pupils, places)
    wide = transport(np.insert(cost, at, -1, axis=1), pupils, np.insert(places, at, 0))
    kept = np.setdiff1d(np.arange(len(places) + len(at)), np.array(at, dtype=np.int64) + np.arange(len(at)))
    assert (wide.flow.toarray()[:, kept] == answer.flow.toarray()).all()
    assert (wide.unplaced == answer.unplaced).all()


@given(problems(most_cost=50, most_pupils=8))
def test_adding_a_pupil_never_reduces_the_unplaced(problem: Problem) -> None:
    cost, pupils, places = problem
    if len(pupils):
        more = pupils.copy()
        more[0] += 1
        assert result((cost, more, places))[0] >= result(problem)[0]


@given(problems(most_cost=50, most_pupils=8), st.integers(1, 1000))
def test_scaling_costs_scales_the_answer(problem: Problem, factor: int) -> None:
    cost, pupils, places = problem
    unplaced, total = result(problem)
    assert result((np.where(cost < 0, -1, cost * factor), pupils, places)) == (unplaced, total * factor)


@given(problems(most_cost=50, most_pupils=6))
def test_doubling_pupils_and_places_doubles_the_answer(problem: Problem) -> None:
    cost, pupils, places = problem
    unplaced, total = result(problem)
    assert result((cost, 2 * pupils, 2 * places)) == (2 * unplaced, 2 * total)


@given(problems(most_cost=50, most_pupils=8), st.data())
def test_splitting_a_column_in_two_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    cost, pupils, places = problem
    if len(places):
        part = data.draw(st.integers(0, int(places[0])))
        split_places = np.concatenate([places, [part]])
        split_places[0] -= part
        assert result((np.column_stack([cost, cost[:, 0]]), pupils, split_places)) == result(problem)


@given(problems(most_cost=50, most_pupils=8))
def test_merging_identical_groups_changes_nothing(problem: Problem) -> None:
    cost, pupils, places = problem
    owners = np.repeat(np.arange(len(pupils)), pupils)
    assert result((cost[owners], np.ones(len(owners), dtype=np.int64), places)) == result(problem)


@given(problems(most_cost=50, most_pupils=8))
def test_unlimited_places_send_everyone_to_the_nearest(problem: Problem) -> None:
    cost, pupils, places = problem
    nearest = [min((int(value) for value in row if value >= 0), default=None) for row in cost]
    expected = sum(
        int(count) * least_cost for count, least_cost in zip(pupils, nearest, strict=True) if least_cost is not None
    )
    nobody = sum(int(count) for count, least_cost in zip(pupils, nearest, strict=True) if least_cost is None)
    assert result((cost, pupils, places + int(pupils.sum()))) == (nobody, expected)
    unplaced, total = result(problem)
    if unplaced == nobody:
        assert total >= expected


@given(problems(most_cost=50, most_pupils=8), st.data())
def test_rows_in_any_order_give_the_same_pupils_the_same_places(problem: Problem, data: st.DataObject) -> None:
    cost, pupils, places = problem
    order = np.array(data.draw(st.permutations(range(len(pupils)))), dtype=np.int64)
    answer, shuffled = transport(cost, pupils, places), transport(cost[order], pupils[order], places)
    distinct = len(np.unique(cost, axis=0)) == len(cost) if cost.size else True
    assert (shuffled.pupil_price == answer.pupil_price[order]).all()
    assert (shuffled.place_price == answer.place_price).all()
    assert (shuffled.cut == answer.cut[order]).all()
    if distinct:
        assert (shuffled.flow.toarray() == answer.flow.toarray()[order]).all()


@given(problems(most_cost=50, most_pupils=8))
def test_pupils_without_any_column_do_not_change_the_others(problem: Problem) -> None:
    cost, pupils, places = problem
    kept = (cost >= 0).any(axis=1)
    whole, part = transport(cost, pupils, places), transport(cost[kept], pupils[kept], places)
    assert (whole.flow.toarray()[kept] == part.flow.toarray()).all()


@given(problems(most_cost=50, most_pupils=8), st.integers(1, 20))
def test_lowering_one_pair_lowers_the_answer_by_at_most_its_pupils(problem: Problem, amount: int) -> None:
    cost, pupils, places = problem
    if cost.size and cost[0, 0] >= amount:
        lower = cost.copy()
        lower[0, 0] -= amount
        (unplaced, total), (after_unplaced, after) = result(problem), result((lower, pupils, places))
        assert after_unplaced == unplaced
        assert total - amount * int(pupils[0]) <= after <= total


@given(problems(most_cost=50, most_pupils=8))
def test_inputs_are_not_changed_and_repeats_are_identical(problem: Problem) -> None:
    before = [array.copy() for array in problem]
    first, second = transport(*problem), transport(*problem)
    assert all((old == new).all() for old, new in zip(before, problem, strict=True))
    for name in ("data", "indices", "indptr"):
        assert (getattr(first.flow, name) == getattr(second.flow, name)).all()
    for name in ("unplaced", "pupil_price", "place_price", "cut"):
        assert (getattr(first, name) == getattr(second, name)).all()


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_problems(shape: tuple[int, int]) -> None:
    cost = np.zeros(shape, dtype=np.int64)
    pupils, places = np.full(shape[0], 2, dtype=np.int64), np.full(shape[1], 2, dtype=np.int64)
    answer = transport(cost, pupils, places)
    check_identities(cost, pupils, places, answer)
    placed, change = place_gains(cost, pupils, places, answer)
    assert placed.tolist() == change.tolist() == [0] * shape[1]
