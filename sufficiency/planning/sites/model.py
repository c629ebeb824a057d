"""The mixed-integer model of siting, solved by HiGHS: the best choice other than those known.

Strong links (a group travels to a site only when it opens, group by group) for the columns that are still open to
question; those that surely open need none. Travel enters as what it exceeds the price of its row, which keeps the
numbers small beside the total.

References
----------
Krarup and Pruzan (1983), "The simple plant location problem", *European Journal of Operational Research* 12.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from sufficiency.model.errors import CertificateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.planning.sites.placing import Bools, Ints, Placing

    Floats = NDArray[np.float64]

__all__ = ["Solved", "relaxed_prices", "solve_model"]

LARGEST_COEFFICIENT = 1e4
SLACK = 1e-9  # of the largest total: how far a float solver may be off
CHOSEN = 0.5
TOUCHED = 1e-4
FEASIBLE = 2  # of the solver's own codes


@dataclass(frozen=True)
class Solved:
    """The columns that open (None: none found), the bound of all choices asked for, and whether the solver finished."""

    opened: Bools | None
    bound: float
    finished: bool


class _Rows:
    """The rows of a model, gathered piece by piece."""

    def __init__(self) -> None:
        self.count = 0
        self.parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]] = []
        self.low: list[Floats] = []
        self.high: list[Floats] = []

    def add(self, entries: Sequence[tuple[Ints, Ints, Floats]], low: Floats, high: Floats) -> None:
        """Add len(low) rows; entries are (row from 0, variable, factor)."""
        for row, variable, factor in entries:
            self.parts.append((row + self.count, variable, factor))
        self.low.append(low)
        self.high.append(high)
        self.count += len(low)

    def one(self, variables: Ints, factors: Floats, low: float, high: float) -> None:
        """Add one row."""
        entries = [(np.zeros(len(variables), np.int64), variables, factors)]
        self.add(entries, np.array([low]), np.array([high]))

    def matrix(self, n_variables: int) -> sparse.csr_matrix:
        """Return the matrix of all rows."""
        row, variable, factor = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        return sparse.csr_matrix((factor, (row, variable)), shape=(self.count, n_variables))


def solve_model(
    problem: Placing,
    *,
    may_open: Bools,
    opens: Bools,
    arcs: Bools,
    price: Ints,
    known: Sequence[tuple[Bools, Bools]],
    at_most: int | None,
    seconds: float,
) -> Solved:
    """Return the best choice outside every known interval.

    Parameters
    ----------
    problem
        Everybody is to be placed.
    may_open, opens
        bool [m], the columns in question (opens within may_open), and those that surely open.
    arcs
        bool [n, m], the pairs that a choice asked for may use.
    price
        int64 [n], near the cost of placing one more pupil of each row.
    known
        Pairs (least, most): choices that contain the least and lie within the most are not asked for.
    at_most
        Only choices of this cost or less are asked for; None = any.
    seconds
        Time limit.
    """
    model = _compiled(problem, may_open, opens, arcs, price)
    if not (model.possible and _others(model.rows, known, opens, may_open, model.variable_of)):
        return Solved(None, math.inf, True)
    limit = math.inf
    if at_most is not None:
        largest = float(abs(model.fixed)) + float(np.abs(model.cost).sum()) * model.scale
        limit = (at_most - model.fixed + max(0.5, SLACK * largest)) / model.scale
    highs, known_status = _loaded(model, whole=True)
    for name, value in (("objective_bound", limit), ("time_limit", max(0.0, seconds))):
        highs.setOptionValue(name, value)
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    if status in (known_status.kInfeasible, known_status.kObjectiveBound, known_status.kUnboundedOrInfeasible):
        return Solved(None, math.inf, True)
    if status not in (known_status.kOptimal, known_status.kTimeLimit):
        message = f"the solver stopped with {highs.modelStatusToString(status)} on a bounded problem"
        raise CertificateError(message)
    finished = status == known_status.kOptimal
    bound = float(info.mip_dual_bound) * model.scale + model.fixed
    if info.primal_solution_status != FEASIBLE:
        return Solved(None, math.inf if finished else bound, finished)
    opened = opens.copy()
    opened[model.optional] = np.asarray(highs.getSolution().col_value[: len(model.optional)]) > CHOSEN
    return Solved(opened, bound, finished)


def relaxed_prices(
    problem: Placing, *, may_open: Bools, opens: Bools, arcs: Bools, price: Ints, seconds: float
) -> tuple[Ints, float, Bools] | None:
    """Return the prices of the rows and of a unit of capital when sites may open in part, and which then open at all.

    None where there is no answer.

    Parameters
    ----------
    problem, may_open, opens, arcs, price, seconds
        As for `solve_model`.
    """
    model = _compiled(problem, may_open, opens, arcs, price)
    if not model.possible:
        return None
    highs, known_status = _loaded(model, whole=False)
    highs.setOptionValue("time_limit", max(0.0, seconds))
    highs.run()
    if highs.getModelStatus() != known_status.kOptimal:
        return None
    duals = np.asarray(highs.getSolution().row_dual) * model.scale
    money = 0.0 if model.budget_row is None else max(0.0, -float(duals[model.budget_row]) / model.money_scale)
    touched = opens.copy()
    touched[model.optional] = np.asarray(highs.getSolution().col_value[: len(model.optional)]) > TOUCHED
    return np.rint(price + duals[: len(price)] / problem.pupils).astype(np.int64), money, touched


@dataclass
class _Model:
    """Rows and costs, and how to read them: cost x scale + fixed is in the unit of the problem."""

    rows: _Rows
    cost: Floats
    optional: NDArray[np.intp]
    variable_of: Ints
    fixed: int
    scale: float
    possible: bool = True
    budget_row: int | None = None
    money_scale: float = 1.0


def _compiled(problem: Placing, may_open: Bools, opens: Bools, arcs: Bools, price: Ints) -> _Model:
    optional = np.flatnonzero(may_open & ~opens)
    variable_of = np.full(problem.n_columns, -1, np.int64)
    variable_of[optional] = np.arange(len(optional))
    row, column = np.nonzero(arcs & may_open[None, :])
    amount = problem.pupils[row].astype(np.float64)
    travel = (problem.cost[row, column] - price[row]) * problem.pupils[row]
    cost = np.concatenate([problem.opening[optional], travel]).astype(np.float64)
    fixed = int((price * problem.pupils).sum()) + int(problem.opening[opens].sum())
    scale = max(1.0, float(np.abs(cost).max(initial=0.0)) / LARGEST_COEFFICIENT)
    model = _Model(_Rows(), cost / scale, optional, variable_of, fixed, scale)
    flow = len(optional) + np.arange(len(row), dtype=np.int64)
    ones = np.ones(len(problem.pupils))
    model.rows.add([(row, flow, np.ones(len(row)))], ones, ones)
    _links(model.rows, problem, (row, column, flow, amount), variable_of)
    _limits(model, problem, opens)
    if (np.bincount(row, minlength=len(ones)) == 0).any():
        model.possible = False
    return model


def _links(
    rows: _Rows, problem: Placing, cells: tuple[NDArray[np.intp], NDArray[np.intp], Ints, Floats], variable_of: Ints
) -> None:
    _row, column, flow, amount = cells
    most = np.minimum(1.0, problem.capacity[column] / amount)
    linked = variable_of[column] >= 0
    at = np.arange(int(linked.sum()), dtype=np.int64)
    rows.add(
        [(at, flow[linked], np.ones(len(at))), (at, variable_of[column[linked]], -most[linked])],
        np.full(len(at), -math.inf),
        np.zeros(len(at)),
    )
    if not problem.crowded:
        return
    used, index = np.unique(column, return_inverse=True)
    room = problem.capacity[used].astype(np.float64)
    optional = variable_of[used] >= 0
    rows.add(
        [
            (index.ravel().astype(np.int64), flow, amount),
            (np.flatnonzero(optional), variable_of[used[optional]], -room[optional]),
        ],
        np.full(len(used), -math.inf),
        np.where(optional, 0.0, room),
    )


def _limits(model: _Model, problem: Placing, opens: Bools) -> None:
    """Add p, the budget and the groups; not possible where the columns that surely open break them already."""
    rows, optional, variable_of = model.rows, model.optional, model.variable_of
    left = math.inf if problem.p is None else problem.p - int(opens.sum())
    if problem.p is not None and left < len(optional):
        rows.one(variable_of[optional], np.ones(len(optional)), -math.inf, float(left))
    money = 0
    if problem.capital is not None and problem.budget is not None:
        money = problem.budget - int(problem.capital[opens].sum())
        model.money_scale = max(1.0, float(problem.capital[optional].max(initial=1)))
        model.budget_row = rows.count
        factors = problem.capital[optional] / model.money_scale
        rows.one(variable_of[optional], factors, -math.inf, money / model.money_scale)
    most_in_a_group = 0
    for group in problem.groups:
        at = variable_of[list(group)]
        taken = int(opens[list(group)].sum())
        most_in_a_group = max(most_in_a_group, taken)
        at = at[at >= 0]
        if len(at):
            rows.one(at, np.ones(len(at)), -math.inf, float(1 - taken))
    model.possible = left >= 0 and money >= 0 and most_in_a_group <= 1


def _others(
    rows: _Rows, known: Sequence[tuple[Bools, Bools]], opens: Bools, may_open: Bools, variable_of: Ints
) -> bool:
    """Shut out the known intervals; False where nothing is left."""
    for least, most in known:
        if (least & ~may_open).any() or (opens & ~most).any():
            continue
        inside = variable_of[np.flatnonzero(least & ~opens)]
        outside = variable_of[np.flatnonzero(may_open & ~opens & ~most)]
        if not len(inside) + len(outside):
            return False
        factors = np.concatenate([-np.ones(len(inside)), np.ones(len(outside))])
        rows.one(np.concatenate([inside, outside]), factors, 1.0 - len(inside), math.inf)
    return True


def _loaded(model: _Model, *, whole: bool) -> tuple[Any, Any]:
    """Return a solver with the model in it, and the names of its outcomes."""
    import highspy  # noqa: PLC0415 - loads the solver (loaded only when a model is solved)

    from sufficiency.planning.sites.solver import QuietHighs  # noqa: PLC0415 - loads the solver

    rows, cost = model.rows, model.cost
    matrix = rows.matrix(len(cost))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), rows.count
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = np.zeros(len(cost)), np.ones(len(cost))
    lp.row_lower_, lp.row_upper_ = np.concatenate(rows.low), np.concatenate(rows.high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    if whole:
        kinds = [highspy.HighsVarType.kInteger] * len(model.optional)
        lp.integrality_ = kinds + [highspy.HighsVarType.kContinuous] * (len(cost) - len(kinds))
    highs = QuietHighs()
    options = {
        "output_flag": False, "log_to_console": False, "threads": 1, "random_seed": 1, "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-7, "mip_feasibility_tolerance": 1e-7,
    }  # fmt: skip
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(lp)
    return highs, highspy.HighsModelStatus
