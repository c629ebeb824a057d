"""What to choose sites for: least cost, most pupils within a limit of minutes, or the fairest worst journeys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sufficiency.model.errors import DataError
from sufficiency.planning.sites.choose import choose_sites

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sufficiency.planning.sites.choice import SiteChoice

__all__ = ["Goal", "choose_sites_for", "within_limit_cost"]

Goal = Literal["least_cost", "most_within_limit"]


def within_limit_cost(cost: ArrayLike, pupils: ArrayLike, limit: int) -> tuple[np.ndarray[Any, Any], int]:
    """Return costs whose least total has the most pupils within the limit, then the least travel; and the fine.

    Each pupil beyond the limit pays a fine of one more than all travel there could be, so that no saving of travel
    outweighs a single pupil within it.

    Parameters
    ----------
    cost
        int64 [n, m], at least 0, or -1.
    pupils
        int64 [n].
    limit
        The greatest cost that counts as within it.

    Raises
    ------
    DataError
        Costs that are not whole numbers, or totals beyond 64-bit integers.
    """
    whole, counted = np.asarray(cost), np.asarray(pupils)
    if whole.dtype.kind not in "iu" or counted.dtype.kind not in "iu" or whole.ndim != 2:
        raise DataError("most_within_limit needs whole-number costs [n, m] and pupils: milliseconds, say")
    fine = 1 + sum(
        int(count) * int(dearest) for count, dearest in zip(counted, whole.max(axis=1, initial=0), strict=True)
    )
    if fine * (int(counted.sum()) + 1) >= 2**62:
        raise DataError("most_within_limit overflows 64-bit integers: use a coarser unit of cost")
    return np.where(whole > limit, whole + fine, whole).astype(np.int64), fine


def choose_sites_for(
    goal: Goal,
    cost: ArrayLike,
    pupils: ArrayLike,
    capacity: ArrayLike | None,
    opening_cost: ArrayLike,
    *,
    limit: float | None = None,
    **limits: Any,  # noqa: ANN401 (the limits of choose_sites, by name)
) -> tuple[SiteChoice, dict[str, float]]:
    """Choose sites for a stated goal.

    Parameters
    ----------
    goal
        ``least_cost``: as `choose_sites`. ``most_within_limit``: the most pupils at a cost of at most `limit`, then the
        least travel; opening costs do not count (state p or a budget).
    cost, pupils, capacity, opening_cost
        As for `choose_sites`; whole numbers for ``most_within_limit``.
    limit
        The greatest cost of a pupil that counts as within it, in the unit of `cost`.
    limits
        The limits of `choose_sites`, by name.

    Returns
    -------
    choice
        The choice; its objective is that of the goal (with ``most_within_limit``, travel and fines).
    figures
        ``pupils_placed``, ``travel`` (sum of cost x flow) and, with a limit, ``pupils_within_limit``.

    Raises
    ------
    DataError, InfeasibleError
        As `choose_sites`; also an unknown goal, or a limit missing.
    """
    if goal not in ("least_cost", "most_within_limit"):
        msg = f"the goal must be least_cost or most_within_limit, not {goal!r}"
        raise DataError(msg)
    bad_limit = isinstance(limit, bool) or (limit is not None and not math.isfinite(limit))
    if bad_limit or (limit is None and goal == "most_within_limit"):
        msg = f"limit must be a number in the unit of cost, not {limit!r}"
        raise DataError(msg)
    if goal == "most_within_limit":
        fined, _ = within_limit_cost(cost, pupils, math.floor(limit if limit is not None else 0))
        choice = choose_sites(fined, pupils, capacity, np.zeros_like(np.asarray(opening_cost)), **limits)
    else:
        choice = choose_sites(cost, pupils, capacity, opening_cost, **limits)
    cells = choice.flow.tocoo()
    paid = np.asarray(cost)[cells.row, cells.col]
    figures = {"pupils_placed": float(cells.data.sum()), "travel": float((paid * cells.data).sum())}
    if limit is not None:
        figures["pupils_within_limit"] = float(cells.data[paid <= limit].sum())
    return choice, figures
