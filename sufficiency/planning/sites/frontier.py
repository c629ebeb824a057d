"""What each further pound buys, and which choice is regretted least over several futures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sufficiency.allocation import transport
from sufficiency.model.errors import DataError
from sufficiency.planning.sites.choose import choose_sites
from sufficiency.planning.sites.fair import with_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Regret", "budget_frontier", "regret"]


def budget_frontier(
    cost: ArrayLike,
    pupils: ArrayLike,
    capacity: ArrayLike | None,
    opening_cost: ArrayLike,
    *,
    capital: ArrayLike,
    budgets: Sequence[float],
    **limits: Any,  # noqa: ANN401 (the limits of choose_sites, by name)
) -> pd.DataFrame:
    """Return the best choice for each budget, without the budgets that buy nothing more than a smaller one.

    Parameters
    ----------
    cost, pupils, capacity, opening_cost, capital
        As for `choose_sites`.
    budgets
        The budgets to try, in the money of `capital`.
    limits
        The other limits of `choose_sites`, by name; by default pupils may be left unplaced.

    Returns
    -------
    pandas.DataFrame
        By rising budget: budget, spent, unplaced_pupils, objective, bound, gap, status, columns (a tuple of the open
        columns). Unplaced pupils, then the objective, fall strictly from row to row.

    Raises
    ------
    DataError, InfeasibleError
        As `choose_sites`.
    """
    options = {"allow_unplaced": True, **limits}
    money, rows = np.asarray(capital), []
    best: tuple[int, float] | None = None
    for budget in sorted(set(budgets)):
        found = choose_sites(cost, pupils, capacity, opening_cost, capital=capital, budget=budget, **options)
        reached = (int(found.unplaced.sum()), found.objective)
        if best is not None and reached >= best:
            continue
        best = reached
        columns = tuple(np.flatnonzero(found.open).tolist())
        rows.append(
            (budget, money[found.open].sum(), *reached, found.bound, found.gap, found.status, columns)
        )  # fmt: skip
    names = ["budget", "spent", "unplaced_pupils", "objective", "bound", "gap", "status", "columns"]
    return pd.DataFrame(rows, columns=names)


@dataclass(frozen=True)
class Regret:
    """How much dearer each choice is than the best of each future.

    Attributes
    ----------
    cost
        float64 [futures, choices]: travel and opening, with `unplaced_cost` for each pupil without a place.
    regret
        float64 [futures, choices]: cost above that of the best choice for the future.
    unplaced_pupils
        int64 [futures, choices].
    own_best
        float64 [futures], the cost of each future's own proven best.
    greatest
        float64 [choices], the greatest regret over the futures.
    least_regretted
        The choice whose greatest regret is least; the first of equals.
    """

    cost: NDArray[np.float64]
    regret: NDArray[np.float64]
    unplaced_pupils: NDArray[np.int64]
    own_best: NDArray[np.float64]
    greatest: NDArray[np.float64]
    least_regretted: int


def regret(
    cost: ArrayLike,
    futures: ArrayLike,
    capacity: ArrayLike | None,
    opening_cost: ArrayLike,
    choices: Sequence[ArrayLike],
    *,
    unplaced_cost: int,
    **limits: Any,  # noqa: ANN401 (the limits of choose_sites, by name)
) -> Regret:
    """Value given choices in every future against the future's own best choice within the same limits.

    Parameters
    ----------
    cost
        int64 [n, m], as for `choose_sites`.
    futures
        int64 [k, n], pupils of each row in each future.
    capacity, opening_cost
        As for `choose_sites`; opening costs are whole numbers.
    choices
        bool [m] each, the open columns: `SiteChoice.open`, say.
    unplaced_cost
        What a pupil without a place counts, more than the greatest cost: a statement of the planner.
    limits
        The limits that each future's best keeps, by name as for `choose_sites`. A choice that keeps them too has no
        negative regret.

    Raises
    ------
    DataError
        Wrong shapes or types, no future or no choice, an unplaced_cost that is too small, or a limit on unplaced.
    """
    whole, pupils, opening = np.asarray(cost), np.asarray(futures), np.asarray(opening_cost)
    masks = [np.asarray(choice) for choice in choices]
    faults = []
    if whole.ndim != 2 or whole.dtype.kind not in "iu" or opening.dtype.kind not in "iu":
        faults.append("cost must be int64 [n, m] and opening_cost int64 [m]")
    elif pupils.ndim != 2 or pupils.shape[1:] != whole.shape[:1] or pupils.dtype.kind not in "iu" or not len(pupils):
        faults.append(f"futures must be int64 [k, {whole.shape[0]}] with at least one row")
    elif not masks or any(mask.dtype != np.bool_ or mask.shape != whole.shape[1:] for mask in masks):
        faults.append(f"choices must be at least one array bool [{whole.shape[1]}]")
    elif unplaced_cost <= int(whole.max(initial=0)):
        faults.append(f"unplaced_cost must exceed the greatest cost, {int(whole.max(initial=0))}")
    if "allow_unplaced" in limits or "alternatives" in limits:
        faults.append("allow_unplaced and alternatives do not apply: unplaced pupils are priced by unplaced_cost")
    if faults:
        raise DataError("regret cannot read its question: " + "; ".join(faults))
    values, waiting, own = [], [], []
    for asked in pupils:
        room = _room(capacity, asked, whole.shape[1])
        valued = [_valued(whole, asked, room, mask, unplaced_cost) for mask in masks]
        values.append([value + int(opening[mask].sum()) for (value, _), mask in zip(valued, masks, strict=True)])
        waiting.append([unplaced for _, unplaced in valued])
        wide, wide_room, options = with_waiting(whole, capacity, int(asked.sum()), unplaced_cost, limits)
        own.append(choose_sites(wide, asked, wide_room, np.append(opening, 0), **options).objective)
    costs, best = np.array(values, np.float64), np.array(own, np.float64)
    above = costs - best[:, None]
    greatest = above.max(axis=0)
    return Regret(costs, above, np.array(waiting, np.int64), best, greatest, int(greatest.argmin()))


def _room(capacity: ArrayLike | None, pupils: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    return np.full(columns, pupils.sum(), np.int64) if capacity is None else np.asarray(capacity)


def _valued(
    cost: NDArray[np.int64],
    pupils: NDArray[np.int64],
    room: NDArray[np.int64],
    opened: NDArray[np.bool_],
    unplaced_cost: int,
) -> tuple[int, int]:
    """Return travel and the price of the unplaced, least together, and how many they are."""
    columns = np.flatnonzero(opened)
    wide = np.column_stack([cost[:, columns], np.full(len(cost), unplaced_cost, np.int64)])
    answer = transport(wide, pupils, np.append(room[columns], int(pupils.sum())))
    return answer.cost, int(np.asarray(answer.flow.sum(axis=0)).ravel()[-1])
