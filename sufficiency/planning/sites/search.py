"""The best choices of a placing problem: a good one first, a bound, then the model for whatever the bound leaves open.

Every choice is valued by an exact flow in whole numbers; the model only names columns. It is asked for a choice other
than those known that costs no more than the best of them, until there is none: that proves the optimum and finds its
ties at once.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.planning.sites.bound import Relaxation, climb
from sufficiency.planning.sites.interchange import greedy, interchange
from sufficiency.planning.sites.model import relaxed_prices, solve_model
from sufficiency.planning.sites.placing import FAR, Pool, within_limits
from sufficiency.planning.sites.priced import priced_search, swap_priced

if TYPE_CHECKING:
    from sufficiency.planning.sites.bound import Bound
    from sufficiency.planning.sites.placing import Bools, Ints, Placing

__all__ = ["Ranking", "best_choices"]

ROUNDS = 600
MOST_TIES = 64
MOST_TIES_OF_MANY_PAIRS = 4  # each further tie costs a model of its own
MANY_PAIRS = 2_000
TOO_MANY_ARCS = 6_000  # a model this large is not asked again for ties alone
FIRST_LOOKS = 40


@dataclass(frozen=True)
class Ranking:
    """The best choices, least cost first and ties by ascending column; the bound of the best; whether all is proven."""

    choices: list[tuple[int, tuple[int, ...]]]
    bound: float
    finished: bool


def best_choices(
    problem: Placing,
    *,
    count: int = 1,
    floor: int | None = None,
    deadline: float = math.inf,
) -> Ranking:
    """Return the `count` best choices.

    Parameters
    ----------
    problem
        Everybody is to be placed.
    count
        How many choices; fewer where there are no more.
    floor
        A cost that no choice is below: one that reaches it will do, without regard to ties.
    deadline
        Reading of `time.monotonic` at which to stop.
    """
    pool = Pool(problem)
    _first_choices(problem, pool)
    if not _reached(pool, floor):
        bounds = _bounds(problem, pool, deadline)
        lowest = max(bound.least for bound in bounds)
        rest = _search(problem, pool, bounds, count=count, floor=floor, deadline=deadline)
        if rest is not None:
            return _unfinished(pool.ranked(), count, max(float(lowest), rest))
    known = pool.ranked()
    return Ranking(known[:count], float(known[0][0]) if known else math.inf, True)


def _reached(pool: Pool, floor: int | None) -> bool:
    return floor is not None and min(pool.found.values(), default=floor + 1) <= floor


def _search(
    problem: Placing, pool: Pool, bounds: list[Bound], *, count: int, floor: int | None, deadline: float
) -> float | None:
    """Ask for one other choice after another until there is none that counts; a bound where time ran out first."""
    lowest = max(bound.least for bound in bounds)
    most_ties = max(count, MOST_TIES_OF_MANY_PAIRS if problem.cost.size > MANY_PAIRS else MOST_TIES)
    # whether a finished model has shown that no other choice is below the best known
    least_proven = False
    while not _reached(pool, floor):
        known = pool.ranked()
        # towards a floor, ties are of no interest
        at_most = known[count - 1][0] - (floor is not None) if len(known) >= count else None
        enough = least_proven and sum(cost == known[0][0] for cost, _ in known) > most_ties
        if enough or (at_most is not None and lowest > at_most):
            return None
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return float(lowest)
        may_open, opens, arcs = _left_open(problem, bounds, at_most)
        if least_proven and count == 1 and int((arcs & may_open).sum()) > TOO_MANY_ARCS:
            return None
        solved = solve_model(
            problem, may_open=may_open, opens=opens, arcs=arcs, price=bounds[-1].price, known=pool.intervals,
            at_most=at_most, seconds=seconds,
        )  # fmt: skip
        if solved.opened is not None:
            before = len(pool.intervals)
            pool.add(solved.opened)
            if len(pool.intervals) == before:
                pool.intervals.append((solved.opened, solved.opened))
        if not solved.finished:
            return solved.bound
        value = None if solved.opened is None else pool.value(solved.opened)
        # the best of the others is dearer than what was asked for: there is none
        if solved.opened is None or (at_most is not None and value is not None and value > at_most):
            return None
        least_proven = bool(known) and value is not None and value >= known[0][0]
    return None


def _unfinished(known: list[tuple[int, tuple[int, ...]]], count: int, bound: float) -> Ranking:
    return Ranking(known[:count], min(bound, float(known[0][0])) if known else bound, False)


def _first_choices(problem: Placing, pool: Pool) -> None:
    pool.add(problem.must)
    start = greedy(problem)
    pool.add(start)
    if not problem.crowded:
        pool.add(interchange(problem, start))
    everything = np.ones(problem.n_columns, dtype=np.bool_)
    pool.add(everything)


def _bounds(problem: Placing, pool: Pool, deadline: float) -> list[Bound]:
    """Return bounds by prices: those of the best choice known, and those of a search or of the relaxed model."""
    relaxation = Relaxation(problem)
    if not problem.crowded:
        prices = _first_prices(problem, pool)
        return [relaxation.bound(prices), _climbed(problem, pool, relaxation, prices, deadline)]
    priced_search(problem, pool, relaxation)
    prices = _first_prices(problem, pool)
    bounds = [relaxation.bound(prices)]
    known = pool.ranked()
    if known and bounds[0].least >= known[0][0]:
        return bounds
    may_open, opens, arcs = _left_open(problem, bounds, known[0][0] if known else None)
    found = relaxed_prices(
        problem, may_open=may_open, opens=opens, arcs=arcs, price=prices, seconds=deadline - time.monotonic()
    )
    if found is None:
        return [*bounds, _climbed(problem, pool, relaxation, prices, deadline)]
    price, money_price, touched = found
    bounds.append(relaxation.bound(price, money_price))
    # the best of the few sites that the relaxed model opens in part is seldom far from the best of all
    touched |= opens
    if bounds[-1].least < min(pool.found.values(), default=FAR):
        solved = solve_model(
            problem, may_open=touched, opens=opens, arcs=arcs, price=price, known=(),
            at_most=min(pool.found.values(), default=None), seconds=deadline - time.monotonic(),
        )  # fmt: skip
        if solved.opened is not None:
            pool.add(solved.opened)
            swap_priced(pool, relaxation, solved.opened)
    return bounds


def _first_prices(problem: Placing, pool: Pool) -> Ints:
    best = pool.ranked()
    opened = np.ones(problem.n_columns, dtype=np.bool_)
    if best:
        opened[:] = False
        opened[list(best[0][1])] = True
    return np.minimum(pool.prices(opened), int(problem.cost.max(initial=0)))


def _climbed(problem: Placing, pool: Pool, relaxation: Relaxation, prices: Ints, deadline: float) -> Bound:
    looked: set[bytes] = set()

    def look(opened: Bools) -> None:
        if len(looked) >= FIRST_LOOKS or time.monotonic() > deadline:
            return
        kept = _within(problem, opened)
        if kept.tobytes() not in looked:
            looked.add(kept.tobytes())
            pool.add(kept)

    def upper() -> int | None:
        return min(pool.found.values(), default=None)

    return climb(relaxation, prices.astype(np.float64), upper, rounds=ROUNDS, look=look)


def _within(problem: Placing, opened: Bools) -> Bools:
    """Close columns, the dearest first, until the limits hold."""
    kept = opened.copy()
    price = problem.capital if problem.capital is not None else problem.opening
    for group in problem.groups:
        open_of_group = [column for column in group if kept[column] and not problem.must[column]]
        spare = int(kept[list(group)].sum()) - 1
        if spare > 0:
            kept[open_of_group[-spare:]] = False
    while not within_limits(problem, kept):
        optional = np.flatnonzero(kept & ~problem.must)
        if not len(optional):
            break
        kept[optional[int(price[optional].argmax())]] = False
    return kept


def _left_open(problem: Placing, bounds: list[Bound], at_most: int | None) -> tuple[Bools, Bools, Bools]:
    """Return the columns that may open, those that must, and the pairs in question, for a choice of at most this."""
    may_open, opens = np.ones(problem.n_columns, dtype=np.bool_), problem.must.copy()
    arcs = problem.cost >= 0
    if at_most is None:
        return may_open, opens, arcs
    for bound in bounds:
        may_open &= (bound.if_open <= at_most) | problem.must
        opens |= bound.if_closed > at_most
    opens &= may_open
    if not problem.crowded:
        for bound in bounds:
            over = np.maximum(problem.cost - bound.price[:, None], 0) * problem.pupils[:, None]
            floor = np.where(problem.must, bound.least, bound.if_open)
            arcs &= over <= at_most - floor[None, :]
        arcs &= _not_past(problem, opens)
    return may_open, opens, arcs


def _not_past(problem: Placing, opens: Bools) -> Bools:
    """Where nobody is turned away, nobody passes a site that surely opens."""
    kept: Bools = np.ones(problem.cost.shape, dtype=np.bool_)
    if not opens.any():
        return kept
    sure = np.where(problem.cost[:, opens] < 0, FAR, problem.cost[:, opens])
    nearest, least = np.flatnonzero(opens)[sure.argmin(axis=1)], sure.min(axis=1)
    kept &= problem.cost < least[:, None]
    kept[np.arange(len(least)), nearest] = True
    return kept
