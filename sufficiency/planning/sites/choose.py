"""Which sites to open: `choose_sites`, from plain arrays to a proven choice."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from sufficiency.allocation import transport
from sufficiency.model.errors import DataError, SufficiencyError
from sufficiency.planning.sites.choice import SiteAlternative, SiteChoice
from sufficiency.planning.sites.limits import check_columns, check_placeable, may_open, name_the_limit
from sufficiency.planning.sites.placing import Placing, merged
from sufficiency.planning.sites.problem import as_sites_problem
from sufficiency.planning.sites.search import Ranking, best_choices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from sufficiency.planning.sites.placing import Ints
    from sufficiency.planning.sites.problem import SitesProblem

__all__ = ["choose_sites", "solve_sites"]

PROVEN_GAP = 1e-6


def choose_sites(
    cost: ArrayLike,
    pupils: ArrayLike,
    capacity: ArrayLike | None,
    opening_cost: ArrayLike,
    *,
    p: int | None = None,
    capital: ArrayLike | None = None,
    budget: float | None = None,
    must_open: Iterable[int] = (),
    must_close: Iterable[int] = (),
    at_most_one: Iterable[Iterable[int]] = (),
    allow_unplaced: bool = False,
    alternatives: int = 1,
    time_limit_s: float | None = None,
) -> SiteChoice:
    """Choose which sites to open and who goes where, at the least opening cost and travel.

    Minimises ``sum(opening_cost[open]) + sum(cost * flow)``. A group may be split between sites.

    Parameters
    ----------
    cost
        int64 or float64 [n, m], cost of one pupil of row i at column j, at least 0; -1 = not eligible.
    pupils
        int64 [n], at least 0.
    capacity
        int64 [m], places of each column; None = unlimited.
    opening_cost
        int64 or float64 [m], at least 0, in the unit of `cost`. A site that is open already costs nothing to open and
        stands in `must_open`.
    p
        At most this many columns open, `must_open` included.
    capital, budget
        What opening each column takes from the budget, `must_open` included; not part of the objective.
    must_open, must_close
        Column indices.
    at_most_one
        Sequences of column indices of which at most one may open: the sizes of one site, say.
    allow_unplaced
        Leave as few pupils as possible without a place, then minimise. Otherwise everybody must be placed.
    alternatives
        How many of the best distinct choices to return. Choices that differ only by a site that nobody needs, and that
        is not in `must_open`, count once, without that site.
    time_limit_s
        Stop after about this many seconds with the best choice known; the status is then ``stopped``.

    Returns
    -------
    SiteChoice
        See there. With whole-number costs the objective is exact. Other costs are weighed in binary fractions of some
        ten significant digits of the total, and the objective is the exact sum of the costs as given. Ties go to the
        choice whose ascending columns come first, among the first 64 ties found (4 where there are more than 2,000
        pairs of row and column; where the bound leaves more than 6,000 pairs in question, those met on the way). The
        same arrays give the same answer (unless stopped by time).

    Raises
    ------
    DataError
        Wrong types, shapes, signs or indices, a budget without capital, or numbers too large.
    InfeasibleError
        Nobody could meet the limits; the message names the one that binds.
    SufficiencyError
        The time was over before any choice was found.
    """
    problem = as_sites_problem(
        cost, pupils, capacity, opening_cost, p=p, capital=capital, budget=budget, must_open=must_open,
        must_close=must_close, at_most_one=at_most_one, allow_unplaced=allow_unplaced,
    )  # fmt: skip
    return solve_sites(problem, *_effort(alternatives, time_limit_s))


def _effort(alternatives: int, time_limit_s: float | None) -> tuple[int, float]:
    faults = []
    if isinstance(alternatives, bool) or not isinstance(alternatives, int | np.integer) or alternatives < 1:
        faults.append(f"alternatives must be a whole number, at least 1, not {alternatives!r}")
    number = isinstance(time_limit_s, int | float | np.integer | np.floating) and not isinstance(time_limit_s, bool)
    if time_limit_s is not None and not (number and time_limit_s >= 0):
        faults.append(f"time_limit_s must be a number of seconds, at least 0, not {time_limit_s!r}")
    if faults:
        raise DataError("choose_sites cannot read its question: " + "; ".join(faults))
    return int(alternatives), math.inf if time_limit_s is None else float(time_limit_s)


def solve_sites(problem: SitesProblem, alternatives: int = 1, seconds: float = math.inf) -> SiteChoice:
    """Answer a checked question; see `choose_sites`."""
    deadline = time.monotonic() + seconds
    check_columns(problem)
    room = _room(problem)
    if not problem.allow_unplaced:
        check_placeable(problem, room)
    unplaced, proven = _least_unplaced(problem, room, deadline) if problem.allow_unplaced else (0, True)
    ranking, columns = _ranked(problem, room, unplaced, alternatives, deadline)
    if not ranking.choices:
        if not ranking.finished:
            raise SufficiencyError("no choice was found within time_limit_s: give more time")
        raise name_the_limit(problem, lambda relaxed: _possible(relaxed, deadline))
    found = tuple(_reported(problem, columns[list(key)]) for _, key in ranking.choices)
    # what was weighed in fractions is within this much of what was asked
    blur = 0.0
    if problem.binary_places:
        blur = math.ldexp(float(problem.pupils.sum()) + problem.must_open.size, -problem.binary_places - 1)
    objective = found[0].objective
    exact = ranking.bound == ranking.choices[0][0]
    bound = objective - blur if exact else min(objective, math.ldexp(ranking.bound, -problem.binary_places) - blur)
    if problem.whole and objective - bound < 1:
        bound = objective
    gap = (objective - bound) / max(1.0, abs(objective))
    optimal = gap <= PROVEN_GAP and proven and ranking.finished
    first = found[0]
    return SiteChoice(
        "optimal" if optimal else "stopped", objective, bound, gap, first.open, first.flow, first.unplaced, found
    )


def _room(problem: SitesProblem) -> Ints:
    eligible: Ints = np.where(problem.cost >= 0, problem.pupils[:, None], 0).sum(axis=0, dtype=np.int64)
    return eligible if problem.capacity is None else np.minimum(problem.capacity, eligible)


def _least_unplaced(problem: SitesProblem, room: Ints, deadline: float) -> tuple[int, bool]:
    """Return the fewest pupils without a place that any choice leaves, and whether that is proven."""
    columns = _useful(problem, room)
    cost = np.where(problem.cost[:, columns] < 0, np.int64(-1), np.int64(0))
    answer = transport(cost, problem.pupils, room[columns])
    floor = int(answer.unplaced.sum())
    total = int(problem.pupils.sum())
    placing = _placing(problem, cost, room, columns, np.zeros(len(columns), np.int64), waiting=(total, 1))
    ranking = best_choices(placing, floor=floor, deadline=deadline)
    return ranking.choices[0][0], ranking.finished


def _ranked(
    problem: SitesProblem, room: Ints, unplaced: int, count: int, deadline: float
) -> tuple[Ranking, NDArray[np.int64]]:
    columns = _useful(problem, room)
    cost = problem.cost[:, columns]
    waiting = None
    if problem.allow_unplaced:
        nowhere = ~(cost >= 0).any(axis=1)
        unplaced -= int(problem.pupils[nowhere].sum())
        waiting = (unplaced, 0) if unplaced else None
    placing = _placing(problem, cost, room, columns, problem.opening[columns], waiting=waiting)
    # the column of those who wait stands last and is open in every choice
    ranking = best_choices(placing, count=count, deadline=deadline)
    cut = len(columns)
    choices = [(value, tuple(column for column in key if column < cut)) for value, key in ranking.choices]
    return Ranking(choices, ranking.bound, ranking.finished), columns


def _useful(problem: SitesProblem, room: Ints) -> Ints:
    """Return the columns that could open and take somebody, and those that must open."""
    return np.flatnonzero((may_open(problem) & (room > 0)) | problem.must_open).astype(np.int64)


def _placing(
    problem: SitesProblem, cost: Ints, room: Ints, columns: Ints, opening: Ints, *, waiting: tuple[int, int] | None
) -> Placing:
    """Return the whole-number problem; `waiting` = (places, cost) of a last column for those without a place."""
    pupils, capacity, must = problem.pupils, room[columns], problem.must_open[columns]
    capital = None if problem.capital is None else problem.capital[columns]
    p = problem.p
    if waiting is None:
        pupils = np.where((cost >= 0).any(axis=1), pupils, 0) if problem.allow_unplaced else pupils
    else:
        forced = ~(cost >= 0).any(axis=1)
        pupils = pupils if waiting[1] else np.where(forced, 0, pupils)
        cost = np.column_stack([cost, np.full(len(cost), waiting[1], np.int64)])
        capacity, opening, must = np.append(capacity, waiting[0]), np.append(opening, 0), np.append(must, True)
        capital = None if capital is None else np.append(capital, 0)
        p = None if p is None else p + 1
    rows, asked = merged(cost, pupils)
    eligible = np.where(rows >= 0, asked[:, None], 0).sum(axis=0)
    position = {int(column): at for at, column in enumerate(columns)}
    groups = [tuple(position[column] for column in group if column in position) for group in problem.groups]
    return Placing(
        cost=rows,
        pupils=asked,
        capacity=np.minimum(capacity, eligible),
        opening=opening,
        must=must,
        p=p,
        capital=capital,
        budget=problem.budget,
        groups=tuple(group for group in groups if len(group) > 1),
        crowded=bool((capacity < eligible).any()),
    )


def _possible(problem: SitesProblem, deadline: float) -> bool:
    return _least_unplaced(problem, _room(problem), deadline)[0] == 0


def _reported(problem: SitesProblem, columns: Ints) -> SiteAlternative:
    """Return a choice with its flow, valued in the costs as they were given."""
    n, m = problem.cost.shape
    opened = np.zeros(m, dtype=np.bool_)
    opened[columns] = True
    cost = problem.cost[:, columns]
    if problem.capacity is None:
        row = np.flatnonzero((problem.pupils > 0) & (cost >= 0).any(axis=1))
        near = np.where(cost[row] < 0, np.iinfo(np.int64).max, cost[row])
        column, pupils = columns[near.argmin(axis=1)] if len(row) else row, problem.pupils[row]
    else:
        answer = transport(cost, problem.pupils, problem.capacity[columns]).flow.tocoo()
        row, column, pupils = answer.row, columns[answer.col], answer.data
    flow = csr_matrix((pupils.astype(np.int64), (row, column)), shape=(n, m), dtype=np.int64)
    flow.sort_indices()
    unplaced = problem.pupils - np.asarray(flow.sum(axis=1)).ravel().astype(np.int64)
    travel = problem.given_cost[row, column]
    if problem.whole:
        objective: float = int((travel * pupils).sum()) + int(problem.given_opening[opened].sum())
    else:
        objective = math.fsum([*(travel * pupils).tolist(), *problem.given_opening[opened].tolist()])
    return SiteAlternative(objective, opened, flow, unplaced)
