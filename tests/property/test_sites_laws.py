"""Siting against every subset of sites, each with its transport worked by a linear programme; and laws."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sufficiency.model.errors import DataError, InfeasibleError
from sufficiency.planning.sites import choose_sites


@dataclass(frozen=True)
class Case:
    """A question of siting."""

    cost: np.ndarray
    pupils: np.ndarray
    capacity: np.ndarray | None
    opening: np.ndarray
    p: int | None = None
    capital: np.ndarray | None = None
    budget: int | None = None
    must_open: tuple[int, ...] = ()
    must_close: tuple[int, ...] = ()
    at_most_one: tuple[tuple[int, ...], ...] = ()
    allow_unplaced: bool = False

    def choose(self, **more: Any) -> Any:
        return choose_sites(
            self.cost, self.pupils, self.capacity, self.opening, p=self.p, capital=self.capital, budget=self.budget,
            must_open=self.must_open, must_close=self.must_close, at_most_one=self.at_most_one,
            allow_unplaced=self.allow_unplaced, **more,
        )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn, *, most: int = 4) -> Case:
    """Draw small cases with many ties."""
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    whole = lambda low, high, *shape: np.array(  # noqa: E731 - said once
        draw(st.lists(st.integers(low, high), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), np.int64
    ).reshape(shape)
    columns = st.integers(0, m - 1)
    money = draw(st.booleans())
    return Case(
        cost=whole(-1, 6, n, m),
        pupils=whole(0, 3, n),
        capacity=draw(st.none() | st.builds(lambda: whole(0, 5, m))),
        opening=whole(0, 6, m),
        p=draw(st.none() | st.integers(0, m)),
        capital=whole(0, 4, m) if money else None,
        budget=draw(st.integers(0, 8)) if money else None,
        must_open=tuple(draw(st.sets(columns, max_size=1))),
        must_close=tuple(draw(st.sets(columns, max_size=1))),
        at_most_one=tuple(tuple(sorted(g)) for g in draw(st.lists(st.sets(columns, max_size=3), max_size=1))),
        allow_unplaced=draw(st.booleans()),
    )


def flow_by_lp(case: Case, opened: tuple[int, ...]) -> tuple[int, int]:
    """Least unplaced, then least travel: a linear programme with a price of a place that outweighs all travel."""
    n, m = case.cost.shape
    price = 1000.0
    arcs = [(i, j) for i in range(n) for j in opened if case.cost[i, j] >= 0]
    rows = np.zeros((n, len(arcs) + n))
    limits = np.zeros((m, len(arcs) + n))
    for at, (i, j) in enumerate(arcs):
        rows[i, at] = limits[j, at] = 1
    rows[range(n), len(arcs) + np.arange(n)] = 1
    room = case.capacity if case.capacity is not None else np.full(m, case.pupils.sum())
    objective = [*(float(case.cost[i, j]) for i, j in arcs), *[price] * n]
    answer = linprog(objective, A_ub=limits, b_ub=room, A_eq=rows, b_eq=case.pupils)
    unplaced, travel = divmod(round(answer.fun), 1000)
    return int(unplaced), int(travel)


def every_choice(case: Case) -> list[tuple[int, int, tuple[int, ...]]]:
    """(unplaced, cost, columns) of every set within the limits, best first."""
    m = case.cost.shape[1]
    found = []
    for size in range(m + 1):
        for opened in itertools.combinations(range(m), size):
            if not set(case.must_open) <= set(opened) or set(case.must_close) & set(opened):
                continue
            if case.p is not None and size > case.p:
                continue
            if case.budget is not None and case.capital is not None and case.capital[list(opened)].sum() > case.budget:
                continue
            if any(len(set(group) & set(opened)) > 1 for group in case.at_most_one):
                continue
            unplaced, travel = flow_by_lp(case, opened)
            if unplaced and not case.allow_unplaced:
                continue
            found.append((unplaced, travel + int(case.opening[list(opened)].sum()), opened))
    return sorted(found)


def distinct(case: Case, choices: list[tuple[int, int, tuple[int, ...]]]) -> list[tuple[int, int, tuple[int, ...]]]:
    """Leave out sets with a column that could close without a change of who travels how far."""
    flows = {opened: flow_by_lp(case, opened) for _, _, opened in choices}
    needed = []
    for unplaced, cost, opened in choices:
        spare = [c for c in opened if c not in case.must_open]
        if any(flows.get(tuple(x for x in opened if x != c)) == flows[opened] for c in spare):
            continue
        needed.append((unplaced, cost, opened))
    return needed


@settings(max_examples=100)
@given(cases())
def test_the_choice_is_the_best_of_every_subset(case: Case) -> None:
    expected = every_choice(case)
    if not expected:
        with pytest.raises(InfeasibleError):
            case.choose()
        return
    answer = case.choose(alternatives=4)
    least = [choice for choice in distinct(case, expected) if choice[0] == expected[0][0]]
    assert answer.status == "optimal"
    assert answer.unplaced.sum() == expected[0][0]
    assert (answer.objective, answer.bound, answer.gap) == (expected[0][1], expected[0][1], 0)
    got = [(int(a.unplaced.sum()), a.objective, tuple(np.flatnonzero(a.open).tolist())) for a in answer.alternatives]
    assert got == least[:4]
    for choice in answer.alternatives:
        flow = choice.flow.toarray()
        assert (flow.sum(1) + choice.unplaced == case.pupils).all()
        assert (flow >= 0).all()
        assert not flow[case.cost < 0].any()
        assert not flow[:, ~choice.open].any()
        assert case.capacity is None or (flow.sum(0) <= case.capacity).all()
        assert choice.objective == (flow * case.cost).sum() + case.opening[choice.open].sum()


@settings(max_examples=40)
@given(cases())
def test_floats_agree_with_whole_numbers(case: Case) -> None:
    quarters = replace(case, cost=np.where(case.cost < 0, -1.0, case.cost / 4), opening=case.opening / 4)
    try:
        expected = case.choose()
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            quarters.choose()
        return
    answer = quarters.choose()
    assert answer.status == "optimal"
    assert answer.objective == expected.objective / 4
    assert (answer.open == expected.open).all()


def _value(case: Case) -> tuple[int, int] | None:
    try:
        answer = case.choose()
    except InfeasibleError:
        return None
    return int(answer.unplaced.sum()), answer.objective


def _never_worse(looser: tuple[int, int] | None, tighter: tuple[int, int] | None) -> bool:
    return tighter is None or (looser is not None and looser <= tighter)


@settings(max_examples=25)
@given(cases(), st.integers(0, 3))
def test_more_sites_more_money_or_fewer_orders_never_cost_more(case: Case, at: int) -> None:
    now = _value(case)
    if case.p is not None:
        assert _never_worse(_value(replace(case, p=case.p + 1)), now)
    if case.budget is not None:
        assert _never_worse(_value(replace(case, budget=case.budget + 1)), now)
    assert _never_worse(_value(replace(case, must_close=())), now)
    assert _never_worse(_value(replace(case, at_most_one=())), now)
    kept = np.arange(case.cost.shape[1]) != at % case.cost.shape[1]
    if kept.any() and not case.must_open:
        fewer = replace(case, must_close=tuple({*case.must_close, *np.flatnonzero(~kept).tolist()}))
        assert _never_worse(now, _value(fewer))


@settings(max_examples=30)
@given(cases())
def test_a_site_without_places_and_cost_changes_nothing(case: Case) -> None:
    n, m = case.cost.shape
    room = case.capacity if case.capacity is not None else np.full(m, case.pupils.sum())
    more = replace(
        case,
        cost=np.column_stack([case.cost, np.zeros(n, np.int64)]),
        capacity=np.append(room, 0),
        opening=np.append(case.opening, 0),
        capital=None if case.capital is None else np.append(case.capital, 0),
    )
    assert _value(more) == _value(case)


@settings(max_examples=30)
@given(cases())
def test_a_dominated_site_is_never_preferred(case: Case) -> None:
    # a second first column: dearer, with fewer places
    m = case.cost.shape[1]
    room = case.capacity if case.capacity is not None else np.full(m, case.pupils.sum())
    more = replace(
        case,
        cost=np.column_stack([case.cost, case.cost[:, 0]]),
        capacity=np.append(room, max(0, int(room[0]) - 1)),
        opening=np.append(case.opening, case.opening[0] + 1),
        capital=None if case.capital is None else np.append(case.capital, case.capital[0]),
        at_most_one=(*case.at_most_one, (0, m)),
    )
    if 0 in case.must_close or any(0 in group for group in case.at_most_one):
        return
    try:
        answer = more.choose()
    except InfeasibleError:
        return
    assert not answer.open[m]
    assert (int(answer.unplaced.sum()), answer.objective) == _value(case)


def test_the_order_of_the_sites_changes_no_cost() -> None:
    draw = np.random.default_rng(5)
    cost, pupils = draw.integers(0, 50, (30, 12)), draw.integers(1, 9, 30)
    capacity, opening = draw.integers(20, 60, 12), draw.integers(50, 300, 12)
    order = draw.permutation(12)
    first = choose_sites(cost, pupils, capacity, opening)
    again = choose_sites(cost[:, order], pupils, capacity[order], opening[order])
    assert first.status == again.status == "optimal"
    assert first.objective == again.objective
    assert (first.open[order] == again.open).all()


def test_equal_questions_give_equal_bytes() -> None:
    draw = np.random.default_rng(6)
    question = (draw.integers(0, 9, (12, 7)), draw.integers(1, 9, 12), draw.integers(15, 30, 7), np.full(7, 40))
    one, two = choose_sites(*question, alternatives=3), choose_sites(*question, alternatives=3)
    for a, b in zip(one.alternatives, two.alternatives, strict=True):
        assert a.open.tobytes() == b.open.tobytes()
        assert a.flow.data.tobytes() == b.flow.data.tobytes()
        assert a.flow.indices.tobytes() == b.flow.indices.tobytes()


def test_nothing_to_place_or_nowhere_to_place_it() -> None:
    none = choose_sites(np.zeros((0, 3), np.int64), np.zeros(0, np.int64), None, [1, 2, 3], must_open=[1])
    assert none.status == "optimal"
    assert none.objective == 2
    assert none.open.tolist() == [False, True, False]
    nowhere = choose_sites(np.zeros((2, 0), np.int64), [3, 4], None, np.zeros(0, np.int64), allow_unplaced=True)
    assert nowhere.unplaced.tolist() == [3, 4]
    with pytest.raises(InfeasibleError):
        choose_sites(np.zeros((2, 0), np.int64), [3, 4], None, np.zeros(0, np.int64))


TWO = {"cost": [[1, 2], [2, 1]], "pupils": [5, 5], "capacity": [5, 5], "opening_cost": [1, 1]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"capacity": [5, 4]}, "capacity: 10 pupils"),
        ({"cost": [[1, 2], [-1, -1]]}, "eligibility: row 1"),
        ({"p": 1}, "p = 1"),
        ({"capital": [3, 3], "budget": 5}, "the budget"),
        ({"must_open": [1], "must_close": [1]}, "must_open and must_close both name column 1"),
        ({"must_open": [0, 1], "at_most_one": [[0, 1]]}, r"at_most_one\[0\]"),
        ({"at_most_one": [[0, 1]]}, "at_most_one"),
        ({"must_open": [0, 1], "p": 1}, "fewer than the 2 columns of must_open"),
        ({"must_open": [0, 1], "capital": [3, 3], "budget": 5}, "budget is below the capital of must_open"),
        ({"must_close": [0], "cost": [[1, -1], [2, 1]]}, "must_close: row 0"),
    ],
)
def test_the_limit_that_binds_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InfeasibleError, match=said):
        choose_sites(**{**TWO, **change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pupils": [5.5, 5.0]}, "pupils must be int64"),
        ({"pupils": [-5, 5]}, "pupils must be at least 0"),
        ({"cost": [[1, -2], [2, 1]]}, "row 0, column 1"),
        ({"cost": [[1.0, np.nan], [2, 1]]}, "finite"),
        ({"cost": [[1, 2]]}, "shape"),
        ({"capacity": [5]}, "capacity has 1 values"),
        ({"budget": 5}, "a budget needs capital"),
        ({"p": -1}, "p must be"),
        ({"must_open": [2]}, "must_open names 2"),
        ({"at_most_one": [0, 1]}, "at_most_one"),
        ({"alternatives": 0}, "alternatives"),
        ({"time_limit_s": -1}, "time_limit_s"),
        ({"cost": [[2**62, 2], [2, 1]]}, "coarser unit"),
    ],
)
def test_nonsense_is_refused_with_its_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        choose_sites(**{**TWO, **change})
    assert isinstance(caught.value, ValueError)


def test_a_stopped_answer_is_never_called_optimal() -> None:
    draw = np.random.default_rng(7)
    answer = choose_sites(
        draw.integers(0, 1000, (80, 40)), draw.integers(1, 9, 80), draw.integers(20, 40, 40),
        draw.integers(500, 900, 40), time_limit_s=0,
    )  # fmt: skip
    assert answer.status == "stopped"
    assert answer.bound <= answer.objective
