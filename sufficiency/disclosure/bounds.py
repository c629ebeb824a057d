"""The least and the greatest value of every unknown count that fits a set of linear relations.

First interval propagation: in ``low <= sum(a_i x_i) <= high`` each term is bounded by the others,

    a_i x_i <= high - sum over j != i of min(a_j x_j),    a_i x_i >= low - sum over j != i of max(a_j x_j),

rounded to whole counts, over all relations until nothing changes. Bounds so found hold of every solution: a figure that
they pin is known. Where the unknowns of a block and its relations form a tree, and coefficients are 1 or -1, they
are also attained. For all others linear programmes are solved, block by block (`ranges`): a solution is a witness for
all figures of its block at once, so that programmes with mixed objectives clear most figures, and only those left over
are maximised and minimised one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from ortools.linear_solver import pywraplp
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sufficiency.model.errors import SufficiencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.disclosure.pen import Relations

FAR: Final = 1e6
_ROUNDS: Final = 400
_SLACK: Final = 1e-6
_MIXED: Final = 6
_SEED: Final = 20261201


class ContradictionError(SufficiencyError):
    """No counts fit what is printed."""


def propagate(relations: Relations, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Tighten the bounds of each figure in place, to whole counts.

    Raises
    ------
    ContradictionError
        When nothing fits.
    """
    row, figure, coefficient = relations.row, relations.figure, relations.coefficient
    positive = coefficient > 0
    count, size = len(relations.low), low.size
    for _ in range(_ROUNDS):
        least = coefficient * np.where(positive, low[figure], high[figure])
        most = coefficient * np.where(positive, high[figure], low[figure])
        least_sum = np.bincount(row, weights=least, minlength=count)
        most_sum = np.bincount(row, weights=most, minlength=count)
        if bool((least_sum > relations.high + 1e-3).any() or (most_sum < relations.low - 1e-3).any()):
            message = "the printed figures contradict one another"
            raise ContradictionError(message)
        upper = (relations.high[row] - least_sum[row] + least) / coefficient
        lower = (relations.low[row] - most_sum[row] + most) / coefficient
        top, bottom = np.where(positive, upper, lower), np.where(positive, lower, upper)
        new_high, new_low = high.copy(), low.copy()
        np.minimum.at(new_high, figure, np.floor(top + 1e-5))
        np.maximum.at(new_low, figure, np.ceil(bottom - 1e-5))
        if bool((new_low > new_high).any()):
            message = "the printed figures contradict one another"
            raise ContradictionError(message)
        same = np.array_equal(new_high, high) and np.array_equal(new_low, low)
        high[:size], low[:size] = new_high, new_low
        if same:
            return


def ranges(
    relations: Relations, low: NDArray[np.float64], high: NDArray[np.float64], wanted: NDArray[np.bool_], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bounds within which every wanted figure is known to be able to vary.

    Parameters
    ----------
    relations
        Relations over all figures.
    low, high
        Bounds of each figure, as `propagate` leaves them.
    wanted
        Figures whose range is asked for; of the others the answer says nothing.
    width
        A range as wide as this is wide enough, and need not be told exactly.

    Returns
    -------
    least, greatest : ndarray
        Whole counts. Where ``greatest - least < width`` they are the exact bounds of the linear programme.
    """
    free = high > low
    entries = free[relations.figure]
    fixed = np.bincount(
        relations.row[~entries],
        weights=relations.coefficient[~entries] * low[relations.figure[~entries]],
        minlength=len(relations.low),
    )
    row, figure = relations.row[entries], relations.figure[entries]
    coefficient = relations.coefficient[entries]
    spread = np.bincount(row, weights=np.abs(coefficient) * (high - low)[figure], minlength=len(fixed))
    bottom, top = relations.low - fixed, relations.high - fixed
    least_sum = np.bincount(row, weights=np.minimum(coefficient * low[figure], coefficient * high[figure]),
                            minlength=len(fixed))  # fmt: skip
    # a relation that the bounds imply binds nothing
    idle = (least_sum >= bottom - _SLACK) & (least_sum + spread <= top + _SLACK)
    kept = ~idle[row]
    row, figure, coefficient = row[kept], figure[kept], coefficient[kept]
    size = low.size
    graph = coo_matrix((np.ones(row.size), (figure, size + row)), shape=(size + len(fixed),) * 2)
    _, label = connected_components(graph, directed=False)
    least, greatest = low.copy(), high.copy()
    asked = wanted & free & (high - low >= width)
    edge_order = np.argsort(label[figure], kind="stable")
    edge_label = label[figure][edge_order]
    members = np.flatnonzero(free)
    members = members[np.argsort(label[members], kind="stable")]
    for block in np.split(members, np.flatnonzero(np.diff(label[members])) + 1):
        if not block.size or not asked[block].any():
            continue
        first, last = np.searchsorted(edge_label, [label[block[0]], label[block[0]] + 1])
        edges = edge_order[first:last]
        if _is_tree(block, row[edges], coefficient[edges]):
            continue
        lines = (row[edges], np.searchsorted(np.sort(block), figure[edges]), coefficient[edges])
        names = np.sort(block)
        reader = _Programme(lines, bottom, top, low[names], high[names])
        reader.clear(np.flatnonzero(asked[names]), width)
        # the others keep what propagation proved: what was met of them may be less than what is possible
        sought = asked[names]
        least[names[sought]] = np.ceil(reader.least[sought] - _SLACK)
        greatest[names[sought]] = np.floor(reader.greatest[sought] + _SLACK)
    return least, greatest


def _is_tree(block: NDArray[np.int64], row: NDArray[np.int64], coefficient: NDArray[np.float64]) -> bool:
    """Return whether propagated bounds of the block are attained: a tree of links, and unit coefficients."""
    links = block.size + np.unique(row).size - 1
    return row.size == links and bool((np.abs(coefficient) == 1).all())


class _Programme:
    """One block as a linear programme that is solved repeatedly; keeps the least and greatest value met of each."""

    def __init__(self, lines: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
                 bottom: NDArray[np.float64], top: NDArray[np.float64], low: NDArray[np.float64],
                 high: NDArray[np.float64]) -> None:  # fmt: skip
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        # the programme is solved again and again from where it stood, which preprocessing would undo
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._figures = [self._solver.NumVar(one, other, "") for one, other in zip(low, high, strict=True)]
        infinity = self._solver.infinity()
        rows: dict[int, pywraplp.Constraint] = {}
        for number, figure, coefficient in zip(*(line.tolist() for line in lines), strict=True):
            if number not in rows:
                least, most = bottom[number], top[number]
                rows[number] = self._solver.Constraint(
                    float(least) if np.isfinite(least) else -infinity, float(most) if np.isfinite(most) else infinity
                )
            rows[number].SetCoefficient(self._figures[figure], coefficient)
        self.least, self.greatest = np.full(low.size, np.inf), np.full(low.size, -np.inf)

    def _look(self, weights: dict[int, float]) -> None:
        objective = self._solver.Objective()
        objective.Clear()
        for figure, weight in weights.items():
            objective.SetCoefficient(self._figures[figure], weight)
        objective.SetMaximization()
        status = self._solver.Solve()
        if status != pywraplp.Solver.OPTIMAL:
            message = "the printed figures contradict one another, or the audit could not be solved"
            raise ContradictionError(message)
        found = np.array([figure.solution_value() for figure in self._figures])
        self.least, self.greatest = np.minimum(self.least, found), np.maximum(self.greatest, found)

    def _narrow(self, figures: list[int], width: int) -> list[int]:
        least, greatest = np.ceil(self.least - _SLACK), np.floor(self.greatest + _SLACK)
        return [figure for figure in figures if greatest[figure] - least[figure] < width]

    def clear(self, asked: NDArray[np.int64], width: int) -> None:
        """Look until every figure asked for has been met in a range wide enough, or its bounds are found."""
        mixed = np.random.default_rng(_SEED)
        left = asked.tolist()
        for turn in range(_MIXED):
            weights = mixed.normal(size=len(left)) if turn else np.ones(len(left))
            for sign in (1.0, -1.0):
                self._look(dict(zip(left, (sign * weights).tolist(), strict=True)))
            left = self._narrow(left, width)
            if len(left) < 2 * _MIXED:
                break
        while left:
            figure = left.pop()
            for sign in (1.0, -1.0):
                if self._narrow([figure], width):
                    self._look({figure: sign})
            left = self._narrow(left, width)
