"""Why a question of siting has no answer: the limit that binds, named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import transport
from sufficiency.model.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.planning.sites.placing import Bools, Ints
    from sufficiency.planning.sites.problem import SitesProblem

__all__ = ["check_columns", "check_placeable", "may_open", "name_the_limit"]

NAMED_ROWS = 5


def check_columns(problem: SitesProblem) -> None:
    """Refuse columns that must open beyond p, the budget, a group, or although they must close.

    Raises
    ------
    InfeasibleError
        Every such conflict.
    """
    must = problem.must_open
    faults = []
    both = np.flatnonzero(must & problem.must_close)
    if len(both):
        faults.append(f"must_open and must_close both name {_listed('column', both)}")
    for at, group in enumerate(problem.groups):
        inside = [column for column in group if must[column]]
        if len(inside) > 1:
            faults.append(f"must_open names {_listed('column', inside)}, of which at_most_one[{at}] lets only one open")
    if problem.p is not None and int(must.sum()) > problem.p:
        faults.append(f"p = {problem.p} is fewer than the {int(must.sum())} columns of must_open")
    if problem.capital is not None and problem.budget is not None:
        needed = int(problem.capital[must].sum())
        if needed > problem.budget:
            faults.append("the budget is below the capital of must_open alone")
    if faults:
        raise InfeasibleError("no choice of sites is possible: " + "; ".join(faults))


def may_open(problem: SitesProblem) -> Bools:
    """Return the columns that could open beside those that must."""
    must = problem.must_open
    free = ~problem.must_close
    for group in problem.groups:
        if must[list(group)].any():
            free[list(group)] = False
    if problem.p is not None and int(must.sum()) >= problem.p:
        free[:] = False
    if problem.capital is not None and problem.budget is not None:
        free &= problem.capital <= problem.budget - int(problem.capital[must].sum())
    return free | must


def check_placeable(problem: SitesProblem, room: Ints) -> None:
    """Refuse pupils for whom there is no place, whatever opens.

    Parameters
    ----------
    problem
        The question.
    room
        int64 [m], places of each column.

    Raises
    ------
    InfeasibleError
        Rows without an eligible column, or fewer places than pupils.
    """
    asking = problem.pupils > 0
    eligible = problem.cost >= 0
    nowhere = np.flatnonzero(asking & ~eligible.any(axis=1))
    if len(nowhere):
        msg = f"eligibility: {_listed('row', nowhere)} may go to no column; allow_unplaced=True leaves them without"
        raise InfeasibleError(msg)
    kept = ~problem.must_close
    closed = np.flatnonzero(asking & ~eligible[:, kept].any(axis=1))
    if len(closed):
        msg = (
            f"must_close: {_listed('row', closed)} may only go to columns that must close; "
            "allow_unplaced=True leaves them without"
        )
        raise InfeasibleError(msg)
    answer = transport(problem.cost[:, kept], problem.pupils, room[kept])
    if answer.unplaced.any() and not transport(problem.cost, problem.pupils, room).unplaced.any():
        short = int(answer.unplaced.sum())
        msg = (
            f"must_close: without the columns that must close, {short} pupil{'s' if short > 1 else ''} would have no "
            "place; allow_unplaced=True leaves as few as possible without"
        )
        raise InfeasibleError(msg)
    if answer.unplaced.any():
        cut = np.flatnonzero(answer.cut)
        behind = (eligible[cut] & kept[None, :]).any(axis=0)
        pupils, places = int(problem.pupils[cut].sum()), int(room[behind].sum())
        msg = (
            f"capacity: {pupils} pupils of {_listed('row', cut)} share {places} place{'' if places == 1 else 's'}, "
            f"{int(answer.unplaced.sum())} too few, even with every column open that may; "
            "allow_unplaced=True leaves as few as possible without"
        )
        raise InfeasibleError(msg)


def name_the_limit(problem: SitesProblem, possible: Callable[[SitesProblem], bool]) -> InfeasibleError:
    """Return the error that names which of p, the budget, the groups and must_close stands in the way.

    Parameters
    ----------
    problem
        A question without an answer, though every column open at once would do.
    possible
        Whether a question has an answer.
    """
    without = {}
    if problem.p is not None:
        without[f"p = {problem.p}"] = replace(problem, p=None)
    if problem.budget is not None:
        without["the budget"] = replace(problem, budget=None, capital=None)
    if problem.groups:
        without["at_most_one"] = replace(problem, groups=())
    binding = [name for name, relaxed in without.items() if len(without) == 1 or possible(relaxed)]
    if binding:
        said = " or ".join(binding) + (" binds" if len(binding) == 1 else ": lifting either would do")
    else:
        said = " and ".join(without) + " bind together"
    return InfeasibleError(
        f"not everybody can be placed: {said}. With all columns open there would be places for all; "
        "allow_unplaced=True leaves as few as possible without"
    )


def _listed(noun: str, indices: Ints | list[int]) -> str:
    named = ", ".join(str(int(index)) for index in indices[:NAMED_ROWS])
    more = len(indices) - NAMED_ROWS
    plural = "" if len(indices) == 1 else "s"
    return f"{noun}{plural} {named}" + (f" and {more} more" if more > 0 else "")
