"""A good choice where places run short: open what the prices of the pupils say saves most, then swap.

The prices of an optimal flow bound from above what a further site can save, at the cost of one pass over its pupils;
only the few most promising are valued by a flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficiency.planning.sites.interchange import Room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.planning.sites.bound import Relaxation
    from sufficiency.planning.sites.placing import Bools, Placing, Pool

__all__ = ["priced_search", "swap_priced"]

PROMISING = 6
PASSES = 4


def priced_search(problem: Placing, pool: Pool, relaxation: Relaxation) -> None:
    """Put good choices into the pool: opened one by one by saving and by saving per capital, then swapped."""
    room = Room(problem)
    starts = [_opened_by(problem, pool, relaxation, room, per_capital=False)]
    if problem.capital is not None:
        starts.append(_opened_by(problem, pool, relaxation, room, per_capital=True))
    swap_priced(pool, relaxation, min(starts, key=pool.rank))


def swap_priced(pool: Pool, relaxation: Relaxation, opened: Bools) -> None:
    """Put into the pool what swaps make of a choice."""
    room, best = Room(relaxation.problem), opened
    for _ in range(PASSES):
        swapped = _swapped(pool, relaxation, room, best)
        if pool.rank(swapped) >= pool.rank(best):
            break
        best = swapped
    pool.add(best)


def _promising(
    pool: Pool, relaxation: Relaxation, opened: Bools, free: Bools, *, per_capital: bool
) -> NDArray[np.intp]:
    problem = relaxation.problem
    worth, _ = relaxation.worth(pool.prices(opened))
    gain = (worth + problem.opening).astype(np.float64)
    gain[~free] = np.inf
    if per_capital and problem.capital is not None:
        gain = gain / np.maximum(problem.capital, 1)
    order = np.argsort(gain, kind="stable")[:PROMISING]
    return order[gain[order] < 0]


def _with(opened: Bools, column: int) -> Bools:
    more = opened.copy()
    more[column] = True
    return more


def _opened_by(problem: Placing, pool: Pool, relaxation: Relaxation, room: Room, *, per_capital: bool) -> Bools:
    opened = problem.must.copy()
    while True:
        free = room.to_add(opened)
        columns = _promising(pool, relaxation, opened, free, per_capital=per_capital)
        if per_capital:
            columns = columns[:1]
        tried = [_with(opened, int(column)) for column in columns]
        better = min(tried, key=pool.rank, default=opened)
        if pool.rank(better) >= pool.rank(opened):
            return opened
        opened = better


def _swapped(pool: Pool, relaxation: Relaxation, room: Room, opened: Bools) -> Bools:
    """Return the best choice met while each open column in turn makes way for the most promising."""
    best = opened
    for column in np.flatnonzero(opened & ~relaxation.problem.must):
        if not best[column]:
            continue
        fewer = best.copy()
        fewer[column] = False
        free = room.to_add(fewer)
        for other in _promising(pool, relaxation, fewer, free, per_capital=False):
            tried = _with(fewer, int(other))
            if pool.rank(tried) < pool.rank(best):
                best = tried
    return best
