"""The goals of siting, the budget frontier and regret, against every subset of sites and every flow of small cases."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sufficiency.model.errors import DataError
from sufficiency.planning.sites import budget_frontier, choose_sites_for, fairest_sites, regret

if TYPE_CHECKING:
    from collections.abc import Iterator

Ints = NDArray[np.int64]
WITHOUT = 60


def small(seed: int) -> tuple[Ints, Ints, Ints]:
    """Up to five pupils in three groups, four sites, some pairs not eligible."""
    draw = np.random.default_rng(seed)
    cost = draw.integers(1, 50, (3, 4))
    cost[draw.random(cost.shape) < 0.2] = -1
    return cost, draw.integers(0, 3, 3), draw.integers(0, 4, 4)


def every_outcome(cost: Ints, pupils: Ints, room: Ints, opened: tuple[int, ...]) -> Iterator[list[int]]:
    """Yield the costs of the pupils, one by one, of every flow; those without a place at WITHOUT."""
    owners = np.repeat(np.arange(len(pupils)), pupils)
    for choice in itertools.product((-1, *opened), repeat=len(owners)):
        used = np.bincount([column for column in choice if column >= 0], minlength=len(room))
        if (used > room).any():
            continue
        paid = [
            WITHOUT if column < 0 else int(cost[owner, column]) for owner, column in zip(owners, choice, strict=True)
        ]
        if min(paid, default=0) >= 0:
            yield paid


def subsets(columns: int, most: int) -> Iterator[tuple[int, ...]]:
    for size in range(most + 1):
        yield from itertools.combinations(range(columns), size)


@pytest.mark.parametrize("seed", range(12))
def test_most_within_the_limit_then_least_travel(seed: int) -> None:
    cost, pupils, room = small(seed)
    limit = 20
    best = min(
        (sum(value == WITHOUT for value in paid), -sum(value <= limit for value in paid),
         sum(value for value in paid if value != WITHOUT))
        for opened in subsets(4, 2) for paid in every_outcome(cost, pupils, room, opened)
    )  # fmt: skip
    choice, figures = choose_sites_for(
        "most_within_limit", cost, pupils, room, np.full(4, 7), limit=limit, p=2, allow_unplaced=True
    )
    assert choice.status == "optimal"
    assert (choice.unplaced.sum(), -figures["pupils_within_limit"], figures["travel"]) == best
    assert figures["pupils_placed"] == pupils.sum() - best[0]


@pytest.mark.parametrize("share", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_the_fairest_choice_has_the_least_worst_journeys(seed: int, share: float) -> None:
    cost, pupils, room = small(seed)
    worst = int(np.ceil(share * pupils.sum() - 1e-9))
    best = min(
        sum(sorted(paid, reverse=True)[:worst])
        for opened in subsets(4, 2)
        for paid in every_outcome(cost, pupils, room, opened)
    )
    found = fairest_sites(cost, pupils, room, share=share, unplaced_cost=WITHOUT, p=2)
    assert (found.status, found.worst_pupils, found.worst_sum) == ("optimal", worst, best)
    flow = found.flow.tocoo()
    paid = np.append(np.repeat(cost[flow.row, flow.col], flow.data), [WITHOUT] * int(found.unplaced.sum()))
    assert np.sort(paid)[::-1][:worst].sum() == best
    assert (found.flow.toarray().sum(0) <= np.where(found.open, room, 0)).all()
    assert found.open.sum() <= 2
    assert found.travel == paid[paid != WITHOUT].sum()


def test_the_frontier_has_the_best_of_each_budget_and_no_budget_that_buys_nothing() -> None:
    cost, pupils, room = small(5)
    pupils, capital = pupils + 1, np.array([3, 5, 4, 2])
    expected: list[tuple[int, int, int]] = []
    for budget in range(15):
        best = min(
            (sum(value == WITHOUT for value in paid), sum(value for value in paid if value != WITHOUT) + len(opened))
            for opened in subsets(4, 4)
            if capital[list(opened)].sum() <= budget
            for paid in every_outcome(cost, pupils, room, opened)
        )
        if not expected or best < expected[-1][1:]:
            expected.append((budget, *best))
    table = budget_frontier(cost, pupils, room, np.ones(4, np.int64), capital=capital, budgets=range(14, -1, -1))
    got = list(zip(table["budget"], table["unplaced_pupils"], table["objective"], strict=True))
    assert got == expected
    assert len(got) > 2
    assert (table["status"] == "optimal").all()
    assert (table["spent"] <= table["budget"]).all()


def test_regret_is_the_distance_to_each_futures_own_best() -> None:
    cost, _, room = small(3)
    futures = np.array([[2, 1, 0], [0, 1, 2], [1, 0, 1]])
    masks = [np.isin(range(4), opened) for opened in ((0, 1), (1, 2), (2, 3))]

    def least(pupils: Ints, opened: tuple[int, ...]) -> int:
        return min(sum(paid) for paid in every_outcome(cost, pupils, room, opened)) + 5 * len(opened)

    found = regret(cost, futures, room, np.full(4, 5), masks, unplaced_cost=WITHOUT, p=2)
    for row, pupils in enumerate(futures):
        own = min(least(pupils, opened) for opened in subsets(4, 2))
        assert found.own_best[row] == own
        for column, mask in enumerate(masks):
            value = least(pupils, tuple(np.flatnonzero(mask).tolist()))
            assert (found.cost[row, column], found.regret[row, column]) == (value, value - own)
    assert (found.regret >= 0).all()
    assert found.least_regretted == int(found.regret.max(axis=0).argmin())
    assert (found.greatest == found.regret.max(axis=0)).all()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda *a: choose_sites_for("nearest", *a, np.zeros(4)), "goal must be"),
        (lambda *a: choose_sites_for("most_within_limit", *a, np.zeros(4)), "limit must be"),
        (lambda *a: choose_sites_for("most_within_limit", a[0] / 2, *a[1:], np.zeros(4), limit=3), "whole-number"),
        (lambda *a: fairest_sites(*a, share=0), "share must be"),
        (lambda *a: fairest_sites(*a, unplaced_cost=3), "unplaced_cost must exceed"),
        (lambda *a: regret(a[0], a[1], a[2], np.zeros(4, int), [], unplaced_cost=99), "futures must be"),
        (lambda *a: regret(a[0], a[1][None], a[2], np.zeros(4, int), [], unplaced_cost=99), "choices must be"),
    ],
)
def test_nonsense_is_refused_with_its_name(ask: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        ask(*small(1))
