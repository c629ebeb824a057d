"""The audit of a suppression: the bounds between which a reader could place each hidden figure.

The reader solves linear programmes: least and greatest value of a hidden cell, subject to every published equation
and to counts not below zero (the attacker's problem of Hundepool and others, Statistical Disclosure Control, 2012). The
solution of one programme is a witness for every cell at once, so that a few programmes with mixed objectives clear most
cells, and only those left over are solved for one by one.
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

    from sufficiency.disclosure.suppress import Equations

_MIXED: Final = 3
_FEW: Final = 4
_SLACK: Final = 1e-6
_SEED: Final = 20261123


class _Reader:
    """What a reader knows of one connected set of hidden cells, as a linear programme that is solved repeatedly."""

    def __init__(self, values: NDArray[np.int64], rows: list[list[tuple[int, int]]], right: list[float]) -> None:
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        # the programme is solved again and again from where it stood, which preprocessing would undo
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        infinity = self._solver.infinity()
        self._cells = [self._solver.NumVar(0.0, infinity, "") for _ in range(values.size)]
        for row, total in zip(rows, right, strict=True):
            constraint = self._solver.Constraint(total, total)
            for cell, sign in row:
                constraint.SetCoefficient(self._cells[cell], sign)
        # figures without a bound would make the programme unbounded: no reader looks beyond twice what there is
        self._far = 4.0 * float(values.sum()) + 1_000.0
        for variable in self._cells:
            variable.SetUb(self._far)
        self.low = values.astype(np.float64)
        self.high = values.astype(np.float64)

    def look(self, weights: dict[int, float], cells: list[int]) -> None:
        """Maximise the weighted sum of some cells, and widen the ranges of `cells` to what is then possible."""
        objective = self._solver.Objective()
        objective.Clear()
        for cell, weight in weights.items():
            objective.SetCoefficient(self._cells[cell], weight)
        objective.SetMaximization()
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            message = "the audit of hidden figures could not be solved"
            raise SufficiencyError(message)
        found = np.array([self._cells[cell].solution_value() for cell in cells])
        self.low[cells] = np.minimum(self.low[cells], found)
        self.high[cells] = np.maximum(self.high[cells], found)

    def narrow(self, cells: list[int], width: NDArray[np.int64]) -> list[int]:
        """Return those of the cells whose range, in whole pupils, is not yet as wide as wanted."""
        low, high = np.ceil(self.low - _SLACK), np.floor(self.high + _SLACK)
        return [cell for cell in cells if high[cell] - low[cell] < width[cell]]


def exposed_cells(
    values: NDArray[np.int64],
    equations: Equations,
    hidden: NDArray[np.bool_],
    width: NDArray[np.int64],
    trusted: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the hidden cells that a reader can place within bounds that are too narrow.

    Parameters
    ----------
    values
        Count of each cell, int64[n].
    equations
        The published equations.
    hidden
        Hidden cells.
    width
        Least difference wanted between the bounds of each hidden cell, int64[n].
    trusted
        Cells found safe when fewer cells were hidden: they are safe still, and are not looked at again.

    Returns
    -------
    ndarray
        Indices of exposed cells, ascending.
    """
    veiled = hidden[equations.cell]
    signed = np.where(equations.total, values[equations.cell], -values[equations.cell])
    known = np.bincount(equations.equation, weights=np.where(veiled, 0, signed), minlength=equations.count)
    equation, cell = equations.equation[veiled], equations.cell[veiled]
    sign = np.where(equations.total[veiled], 1, -1).astype(np.int64)
    size = values.size
    graph = coo_matrix((np.ones(cell.size), (cell, size + equation)), shape=(size + equations.count,) * 2)
    _, label = connected_components(graph, directed=False)
    suspect = hidden & ~trusted
    out: list[int] = []
    members = np.flatnonzero(hidden)
    members = members[np.argsort(label[members], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[members])) + 1
    entry_order = np.argsort(label[cell], kind="stable")
    entry_labels = label[cell][entry_order]
    for block in np.split(members, cuts):
        if not block.size or not suspect[block].any():
            continue
        first, last = np.searchsorted(entry_labels, [label[block[0]], label[block[0]] + 1])
        chosen = entry_order[first:last]
        if _surely_safe(values[block], sign[chosen], equation[chosen], width[block]):
            continue
        rows, right = _rows(block, equation[chosen], cell[chosen], sign[chosen], known.astype(np.float64))
        reader = _Reader(values[block], rows, right)
        found = _exposed_to(reader, np.flatnonzero(suspect[block]).tolist(), width[block])
        out += block[found].tolist()
    return np.array(sorted(out), dtype=np.int64)


def _surely_safe(
    values: NDArray[np.int64], sign: NDArray[np.int64], equation: NDArray[np.int64], width: NDArray[np.int64]
) -> bool:
    """Return whether a block of one equation or none needs no programme: each cell may take all that is hidden."""
    if equation.size == 0:
        return True
    if values.size == 1 or equation.size != values.size or bool((equation != equation[0]).any()):
        return False
    return bool((sign > 0).any()) or int(values.sum()) >= int(width.max())


def _rows(
    block: NDArray[np.int64],
    equation: NDArray[np.int64],
    cell: NDArray[np.int64],
    sign: NDArray[np.int64],
    known: NDArray[np.float64],
) -> tuple[list[list[tuple[int, int]]], list[float]]:
    """Return the block's equations over its own cells, repeats left out, with their right-hand sides."""
    place = {int(name): position for position, name in enumerate(block)}
    rows: dict[int, list[tuple[int, int]]] = {}
    for number, name, one in zip(equation.tolist(), cell.tolist(), sign.tolist(), strict=True):
        rows.setdefault(number, []).append((place[name], one))
    unique = {tuple(sorted(row)): -float(known[number]) for number, row in rows.items()}
    return [list(row) for row in unique], list(unique.values())


def _exposed_to(reader: _Reader, suspects: list[int], width: NDArray[np.int64]) -> list[int]:
    """Return those of the suspects that the reader can place too narrowly."""
    mixed = np.random.default_rng(_SEED)
    left = reader.narrow(suspects, width)
    for _ in range(_MIXED):
        if len(left) < _FEW:
            break
        weights = mixed.normal(size=len(left))
        for direction in (1.0, -1.0):
            reader.look(dict(zip(left, (direction * weights).tolist(), strict=True)), left)
        left = reader.narrow(left, width)
    for cell in left:
        for direction in (1.0, -1.0):
            if reader.narrow([cell], width):
                reader.look({cell: direction}, left)
    return reader.narrow(left, width)
