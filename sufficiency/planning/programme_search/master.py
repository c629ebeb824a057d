"""The choice of options as a whole-number programme in HiGHS: its limits, and the cuts found so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import highspy
import numpy as np

from sufficiency.model.errors import CertificateError
from sufficiency.planning.programme_search.values import WORST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.planning.programme_search.problem import Problem
    from sufficiency.planning.programme_search.values import Cut

    Floats = NDArray[np.float64]

__all__ = ["CAPITAL", "Master", "Solved"]

CAPITAL: Final = "capital"
TOLERANCE: Final = 1e-7


class Solved(NamedTuple):
    """Outcome of one solve: whether there is an answer at all, the options (share of each), a true lower bound."""

    feasible: bool
    chosen: Floats
    objective: float
    bound: float
    closed: bool
    theta: Floats


class _Quiet(highspy.Highs):
    """The solver without the banner that it writes when its callbacks are made ready."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the solver has no types

    def enableCallbacks(self) -> None:  # noqa: N802 - the solver's name
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # the solver has no types


class Master:
    """One binary an option, the places of each year as their sums, and a variable for each measure it must pay.

    Parameters
    ----------
    problem
        The search.
    limits_gbp
        By year, the capital that options opened up to it may take together; empty = no limit.
    """

    def __init__(self, problem: Problem, limits_gbp: Mapping[int, float]) -> None:
        self.problem = problem
        self._highs = _Quiet()
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 1), ("mip_feasibility_tolerance",
                            TOLERANCE), ("primal_feasibility_tolerance", TOLERANCE)):  # fmt: skip
            self._highs.setOptionValue(name, value)
        options = problem.pool.options
        self.n_options = len(options)
        for _ in options:
            self._variable(0.0, 1.0)
        self._integral(highspy.HighsVarType.kInteger)
        self._at: dict[str, list[int]] = {name: [] for name in problem.pool.schemes["scheme_id"].astype(str)}
        for at, option in enumerate(options):
            self._at[option.candidate_id].append(at)
        self._limits(limits_gbp)
        self._places()
        self.theta: dict[tuple[str, int, int], int] = {}

    def _variable(self, low: float, high: float) -> int:
        self._highs.addVar(low, high)
        return self._highs.getNumCol() - 1

    def _integral(self, kind: highspy.HighsVarType) -> None:
        at = np.arange(self.n_options, dtype=np.int32)
        self._highs.changeColsIntegrality(at.size, at, np.array([kind] * at.size))

    def row(self, low: float, high: float, terms: Iterable[tuple[int, float]]) -> int:
        """Add low <= sum of terms (variable, factor) <= high; return the number of the row."""
        kept = [(at, factor) for at, factor in terms if factor]
        at = np.array([one for one, _ in kept], dtype=np.int32)
        self._highs.addRow(low, high, at.size, at, np.array([factor for _, factor in kept], dtype=np.float64))
        return self._highs.getNumRow() - 1

    def _limits(self, limits_gbp: Mapping[int, float]) -> None:
        pool = self.problem.pool
        for name, mine in self._at.items():
            self.row(float(name in pool.must_open), 1.0, [(at, 1.0) for at in mine])
        for group in pool.groups:
            self.row(-highspy.kHighsInf, 1.0, [(at, 1.0) for name in group for at in self._at[name]])
        for year, limit in sorted(limits_gbp.items()):
            # in thousands, so that the rows are of one size; a pound in a milliard is no breach of the budget
            terms = [(at, one.capital_gbp / 1_000) for at, one in enumerate(pool.options) if one.year <= year]
            self.row(-highspy.kHighsInf, limit / 1_000, terms)

    def _places(self) -> None:
        """Tie a variable to the places of each column and year that options change."""
        self._place: list[dict[int, int]] = []
        for year in self.problem.years:
            mine: dict[int, int] = {}
            for column in np.flatnonzero(year.added.any(axis=0)).tolist():
                now = float(year.places[column])
                at = self._variable(0.0, highspy.kHighsInf)
                terms = [(int(one), -float(year.added[one, column])) for one in np.flatnonzero(year.added[:, column])]
                self.row(now, now, [(at, 1.0), *terms])
                mine[column] = at
            self._place.append(mine)

    def measure(self, name: str) -> list[int]:
        """Return the variables of a measure, made when first asked for; each at least 0."""
        if name == CAPITAL:
            return []
        keys = [
            (name, at, part)
            for at, year in enumerate(self.problem.years)
            for part in (range(1) if name == WORST else range(len(year.parts)))
        ]
        for key in keys:
            if key not in self.theta:
                self.theta[key] = self._variable(0.0, highspy.kHighsInf)
        return [self.theta[key] for key in keys]

    def forget(self, name: str) -> None:
        """Begin a measure anew, without its cuts."""
        self.theta = {key: at for key, at in self.theta.items() if key[0] != name}
        self.measure(name)

    def add_cut(self, name: str, at: int, part: int, cut: Cut) -> None:
        """Add a cut of a measure in a part of a year."""
        year = self.problem.years[at]
        columns = range(year.places.size) if name == WORST else year.parts[part].columns.tolist()
        constant = cut.constant
        terms = [(self.theta[name, at, part], 1.0)]
        for column, worth in zip(columns, cut.worth.tolist(), strict=True):
            if column in self._place[at]:
                terms.append((self._place[at][column], worth))
            else:
                constant -= worth * float(year.places[column])
        self.row(constant, highspy.kHighsInf, terms)

    def terms_of(self, name: str) -> list[tuple[int, float]]:
        """Return a measure as terms: the sum of its variables; capital in thousands of pounds."""
        if name == CAPITAL:
            return [(at, one.capital_gbp / 1_000) for at, one in enumerate(self.problem.pool.options)]
        return [(at, 1.0) for at in self.measure(name)]

    def forbid_sites(self, names: Sequence[str]) -> None:
        """Ask for another set of candidates than this one."""
        terms = [(at, 1.0 if name in names else -1.0) for name, mine in self._at.items() for at in mine]
        self.row(-highspy.kHighsInf, len(names) - 1.0, terms)

    def free_row(self, row: int) -> None:
        """Take a row's limits away."""
        self._highs.changeRowBounds(row, -highspy.kHighsInf, highspy.kHighsInf)

    def solve(self, name: str, *, whole: bool, gap: float, seconds: float, start: Floats | None = None) -> Solved:
        """Minimise a measure.

        Parameters
        ----------
        name
            The measure.
        whole
            Whether options are taken whole; otherwise in shares, for a first bound.
        gap
            Absolute gap at which a whole-number solve may end.
        seconds
            Time limit.
        start
            Options of a known answer.
        """
        highs = self._highs
        terms = self.terms_of(name)
        price = np.zeros(highs.getNumCol())
        for at, factor in terms:
            price[at] = factor
        columns = np.arange(price.size, dtype=np.int32)
        highs.changeColsCost(columns.size, columns, price)
        self._integral(highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous)
        highs.setOptionValue("mip_abs_gap", gap)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue(
            "time_limit", highs.getRunTime() + seconds if math.isfinite(seconds) else highspy.kHighsInf
        )
        if whole and start is not None:
            every = np.arange(self.n_options, dtype=np.int32)
            highs.setSolution(every.size, every, start)
        highs.run()
        return self._answer(whole=whole)

    def _answer(self, *, whole: bool) -> Solved:
        highs, status = self._highs, self._highs.getModelStatus()
        bad, limited = highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kTimeLimit
        none = np.zeros(0)
        if status == bad:
            return Solved(False, none, math.inf, math.inf, True, none)
        info = highs.getInfo()
        if status not in (highspy.HighsModelStatus.kOptimal, limited):
            message = f"the solver stopped with {highs.modelStatusToString(status)} on a bounded problem"
            raise CertificateError(message)
        values = np.asarray(highs.getSolution().col_value, dtype=np.float64)
        told = info.primal_solution_status == 2 and (not whole or info.objective_function_value < highspy.kHighsInf)
        bound = float(info.mip_dual_bound) if whole else float(info.objective_function_value)
        if not whole and status == limited:
            bound = -math.inf
        chosen = values[: self.n_options] if told else none
        chosen = np.round(chosen) if whole else chosen
        objective = float(info.objective_function_value) if told else math.inf
        return Solved(True, chosen, objective, bound, status != limited, values if told else none)
