"""From published two-way tables to whole pupils: iterative proportional fitting, then rounding that keeps every total.

A return publishes need by age, need by placement and age by placement, but not the three together. The fit is the
most even table that agrees with all three (Deming and Stephan 1940); the rounding takes each cell to one of the two
whole numbers around it so that every published total holds exactly (controlled rounding, Cox 1987), the cells moved
the least in sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from sufficiency.model.errors import DataError, InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Margins = Mapping[tuple[int, ...], NDArray[np.integer]]

MOST_ROUNDS: Final = 2000
CLOSE_ENOUGH: Final = 1e-8
NOTHING: Final = 1e-9


def fit_margins(start: NDArray[np.float64], margins: Margins) -> NDArray[np.float64]:
    """Scale a table until its sums agree with the margins (iterative proportional fitting).

    Parameters
    ----------
    start
        Table of any number of dimensions, not negative; ones say that nothing is known beyond the margins, a zero
        keeps its cell empty. Not changed.
    margins
        For each set of dimensions kept, for example ``(0, 2)``, the totals over the others, in the order of the
        dimensions. They must agree on the grand total.

    Returns
    -------
    ndarray
        Expected pupils, the shape of `start`; its sums meet the last margin given, and the others as nearly as 2,000
        rounds bring them (exactly, unless some cells are being driven to zero).

    Raises
    ------
    DataError
        When margins disagree on the total, have another shape, or ask for pupils where `start` is empty.
    """
    _check_margins(start.shape, margins)
    table = np.array(start, dtype=float)
    for _ in range(MOST_ROUNDS):
        for kept, totals in margins.items():
            axes = _summed(table.ndim, kept)
            sums = table.sum(axis=axes)
            if ((sums <= 0) & (totals > 0)).any():
                message = f"the totals over {kept} ask for pupils where the starting table allows none"
                raise DataError(message)
            factor = np.divide(totals, sums, out=np.zeros(sums.shape), where=sums > 0)
            table *= np.expand_dims(factor, axes)
        gap = max(float(np.abs(table.sum(axis=_summed(table.ndim, k)) - t).max()) for k, t in margins.items())
        if gap < CLOSE_ENOUGH:
            break
    return table


def round_to_margins(expected: NDArray[np.float64], margins: Margins, *, time_limit_s: float = 60) -> NDArray[np.int64]:
    """Round each cell up or down so that every margin holds exactly, moving the cells least in sum.

    Parameters
    ----------
    expected
        Expected pupils, for example from `fit_margins`. Empty cells stay empty.
    margins
        As in `fit_margins`; every total is met exactly.
    time_limit_s
        Seconds after which the search for the least movement stops.

    Returns
    -------
    ndarray
        Whole pupils, the shape of `expected`. The same arrays and solver give the same table.

    Raises
    ------
    InfeasibleError
        When no rounding to neighbouring whole numbers meets every total (rare in three dimensions or more).
    """
    _check_margins(expected.shape, margins)
    cells = np.argwhere(expected > NOTHING)
    values = expected[tuple(cells.T)]
    floors = np.floor(values + NOTHING)
    if not len(values):
        return np.zeros(expected.shape, dtype=np.int64)
    rows, sides = [], []
    for kept, totals in margins.items():
        key = (
            np.ravel_multi_index(tuple(cells[:, d] for d in kept), totals.shape) if kept else np.zeros(len(cells), int)
        )
        block = sparse.csr_matrix((np.ones(len(cells)), (key, np.arange(len(cells)))), shape=(totals.size, len(cells)))
        rows.append(block)
        sides.append(totals.ravel() - block @ floors)
    side = np.concatenate(sides)
    found = milp(
        1 - 2 * (values - floors),
        constraints=LinearConstraint(sparse.vstack(rows), side, side),
        # A whole cell stays as it is.
        bounds=Bounds(0, (values - floors > NOTHING).astype(float)),
        integrality=np.ones(len(cells)),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0},
    )
    if found.x is None:
        message = "no rounding of the cells to neighbouring whole numbers meets every published total at once"
        raise InfeasibleError(message)
    out = np.zeros(expected.shape, dtype=np.int64)
    out[tuple(cells.T)] = (floors + np.round(found.x)).astype(np.int64)
    return out


def _summed(dimensions: int, kept: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(d for d in range(dimensions) if d not in kept)


def _check_margins(shape: tuple[int, ...], margins: Margins) -> None:
    totals = {int(table.sum()) for table in margins.values()}
    if len(totals) > 1:
        message = f"the margins disagree on the total: {', '.join(str(t) for t in sorted(totals))}"
        raise DataError(message)
    for kept, table in margins.items():
        if tuple(kept) != tuple(sorted(set(kept))) or table.shape != tuple(shape[d] for d in kept):
            message = f"the margin over dimensions {kept} has shape {table.shape}; the table has shape {shape}"
            raise DataError(message)
