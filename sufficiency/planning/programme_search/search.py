"""The search itself: measure after measure, each to its proven least, and then the next best sets of sites.

Benders' decomposition: a master programme chooses options by the cuts known so far; the years answer what that choice
is worth exactly, with new cuts; until the best choice known is as good as the master's bound. It begins with shares of
options, whose bound and cuts cost little.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sufficiency.model.errors import CertificateError, InfeasibleError
from sufficiency.planning.programme_search.master import CAPITAL, Master
from sufficiency.planning.programme_search.values import (
    BEYOND,
    FLOWS,
    INDEPENDENT,
    LOCAL,
    TRAVEL,
    UNPLACED,
    WORST,
    Figures,
    Oracle,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.planning.programme_search.master import Solved
    from sufficiency.planning.programme_search.problem import Problem

    Floats = NDArray[np.float64]
    Chosen = tuple[int, ...]

__all__ = ["OBJECTIVES", "Found", "Search", "Stage"]

_CARE: Final = (LOCAL, UNPLACED, INDEPENDENT, TRAVEL)
OBJECTIVES: Final[dict[str, tuple[str, ...]]] = {
    "fewest_without": (*_CARE, CAPITAL),
    "least_cost": (CAPITAL, *_CARE),
    "most_within_limit": (BEYOND, *_CARE, CAPITAL),
    "fairest": (WORST, *_CARE, CAPITAL),
}
_FIGURES: Final = {
    LOCAL: "without_local_place_pupils",
    UNPLACED: "unplaced_pupils",
    INDEPENDENT: "independent_or_unplaced_pupils",
}
# absolute: pupils are whole; minutes of all pupils together; thousands of pounds; a share
STEP: Final = {**dict.fromkeys(FLOWS, 1.0), TRAVEL: 0.0, CAPITAL: 0.0, WORST: 0.0}
SLACK: Final = {**dict.fromkeys(FLOWS, 1e-6), TRAVEL: 1e-6, CAPITAL: 1e-9, WORST: 1e-7}
RELATIVE: Final = 1e-6
SHARES_ROUNDS: Final = 60
# the bound of shares is left when a round closes less than this share of what is open
TAILING_OFF: Final = 0.005


class Stage(NamedTuple):
    """One measure of a search: its value, the bound that is proven, and whether they meet."""

    measure: str
    value: float
    bound: float
    optimal: bool


@dataclass(frozen=True)
class Found:
    """A choice of options with its stages; ``rounds`` solves of the master and ``cuts`` known when it ended."""

    chosen: Chosen
    stages: tuple[Stage, ...]
    rounds: int
    cuts: int

    @property
    def optimal(self) -> bool:
        """Whether every measure is proven."""
        return all(stage.optimal for stage in self.stages)


@dataclass(eq=False)
class Search:
    """A search over one problem and one set of limits; its oracle may be shared, for cuts are true in all.

    Parameters
    ----------
    problem, oracle
        The problem and its years' answers.
    limits_gbp
        By year, the capital that may be taken up to it.
    objective
        One of `OBJECTIVES`.
    deadline
        `time.monotonic` at which to stop; infinite = never.
    least_places, most_without
        Limits of the last year: headline places added, pupils without a local place.
    """

    problem: Problem
    oracle: Oracle
    limits_gbp: Mapping[int, float]
    objective: str = "fewest_without"
    deadline: float = math.inf
    least_places: int | None = None
    most_without: int | None = None
    rounds: int = 0
    cuts: int = 0
    _limit_rows: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.master = Master(self.problem, self.limits_gbp)
        if self.least_places is not None:
            self._least_places(self.least_places)
        for name in {*OBJECTIVES[self.objective], LOCAL}:
            self.master.measure(name)
        if self.most_without is not None:
            last = len(self.problem.years) - 1
            terms = [(at, 1.0) for key, at in self.master.theta.items() if key[:2] == (LOCAL, last)]
            self.master.row(-math.inf, float(self.most_without), terms)
        self._seen: set[tuple[str, int, int, bytes]] = set()

    def _least_places(self, least: int) -> None:
        last = self.problem.years[-1].added.sum(axis=1)
        self.master.row(float(least), math.inf, [(at, float(more)) for at, more in enumerate(last)])

    # -- what a choice is worth

    def places(self, chosen: Chosen | Floats) -> list[Floats]:
        """Return the places of each year under a choice of options, or under shares of them."""
        if isinstance(chosen, tuple):
            return [year.places + year.added[list(chosen)].sum(axis=0) for year in self.problem.years]
        return [year.places + chosen @ year.added for year in self.problem.years]

    def figures(self, chosen: Chosen) -> list[Figures]:
        """Return the exact figures of each year under a choice."""
        return [self.oracle.figures(at, places.astype(np.int64)) for at, places in enumerate(self.places(chosen))]

    def value(self, chosen: Chosen, name: str) -> float:
        """Return a measure of a choice over all years, as the master counts it."""
        if name == CAPITAL:
            return sum(self.problem.pool.options[at].capital_gbp for at in chosen) / 1_000
        if name == TRAVEL:
            return self.oracle.charged(self.figures(chosen)) / 60_000
        if name in _FIGURES:
            return float(sum(getattr(one, _FIGURES[name]) for one in self.figures(chosen)))
        places = [one.astype(np.float64) for one in self.places(chosen)]
        return sum(self.oracle.cut(name, at, part, places[at]).value for _, at, part in self._keys(name))

    def _keys(self, name: str) -> list[tuple[str, int, int]]:
        return [key for key in self.master.theta if key[0] == name]

    def holds(self, chosen: Chosen) -> bool:
        """Return whether a choice keeps the limit of pupils without a local place, which cuts alone enforce."""
        if self.most_without is None:
            return True
        return self.figures(chosen)[-1].without_local_place_pupils <= self.most_without

    def learn(self, chosen: Chosen | Floats, names: Sequence[str], theta: Floats | None = None) -> int:
        """Add the cuts of some measures at a choice, where they say more than is known; return how many."""
        places = [np.asarray(one, dtype=np.float64) for one in self.places(chosen)]
        more = 0
        for key in [key for name in names for key in self._keys(name)]:
            name, at, part = key
            cut = self.oracle.cut(name, at, part, places[at])
            known = -math.inf if theta is None else float(theta[self.master.theta[key]])
            mark = (*key, cut.worth.tobytes() + np.float64(cut.constant).tobytes())
            if cut.value > known + SLACK[name] * max(1.0, abs(cut.value)) and mark not in self._seen:
                self._seen.add(mark)
                self.master.add_cut(name, at, part, cut)
                more += 1
        self.cuts += more
        return more

    # -- one measure after the other

    def run(self, start: Sequence[Chosen] = ()) -> Found:
        """Return the best choice.

        Parameters
        ----------
        start
            Choices that are known to keep the limits.

        Raises
        ------
        InfeasibleError
            When no choice keeps the limits.
        """
        names = OBJECTIVES[self.objective]
        best = self._first(start)
        stages: list[Stage] = []
        fixed: list[int] = []
        for at, name in enumerate(names):
            best, stage = self._least(names[: at + 1], best, [one.value for one in stages])
            while math.isnan(stage.value):
                best, stage = self._least(names[: at + 1], best, [one.value for one in stages])
            stages.append(stage)
            if not stage.optimal:
                break
            room = SLACK[name] * max(1.0, abs(stage.value)) if STEP[name] == 0 else 0.25
            fixed.append(self.master.row(-math.inf, stage.value + room, self.master.terms_of(name)))
        for row in fixed:
            self.master.free_row(row)
        return Found(best, tuple(stages), self.rounds, self.cuts)

    def _first(self, start: Sequence[Chosen]) -> Chosen:
        """Return the best of the choices that are known, or any that keeps the limits."""
        names = OBJECTIVES[self.objective]
        known = [one for one in start if self.holds(one)]
        if not known:
            solved = self._solve(CAPITAL, whole=True, gap=1e9, start=None)
            while solved.feasible and solved.chosen.size:
                chosen = _whole(solved.chosen)
                self.learn(chosen, [LOCAL])
                if self.holds(chosen):
                    known = [chosen]
                    break
                solved = self._solve(CAPITAL, whole=True, gap=1e9, start=None)
            else:
                if not solved.feasible:
                    message = "no choice of candidates keeps every limit together"
                    raise InfeasibleError(message)
                message = "the time is over before any choice of candidates was found that keeps every limit"
                raise InfeasibleError(message)
        return min(known, key=lambda one: [self.value(one, name) for name in names])

    def _left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.01) if math.isfinite(self.deadline) else math.inf

    def _over(self) -> bool:
        return time.monotonic() >= self.deadline

    def _solve(self, name: str, *, whole: bool, gap: float, start: Chosen | None) -> Solved:
        self.rounds += 1
        vector = None
        if start is not None:
            vector = np.zeros(self.master.n_options)
            vector[list(start)] = 1.0
        return self.master.solve(name, whole=whole, gap=gap, seconds=self._left(), start=vector)

    def _least(self, names: Sequence[str], best: Chosen, fixed: Sequence[float]) -> tuple[Chosen, Stage]:
        """Minimise the last of the measures, the others held at their least; return the choice and its proof."""
        name = names[-1]
        learned = [one for one in {*names, *([LOCAL] if self.most_without is not None else [])} if one != CAPITAL]
        upper = self.value(best, name)
        self.learn(best, learned)
        lower, core = self._shares(name, learned, upper)
        while True:
            lower = _lifted(name, lower)
            slack = max(0.0, SLACK[name], RELATIVE * abs(upper) * (STEP[name] == 0))
            if lower >= upper - slack:
                return best, Stage(name, upper, min(lower, upper), optimal=True)
            if self._over():
                return best, Stage(name, upper, lower, optimal=False)
            gap = 0.5 if STEP[name] else max(slack / 2, (upper - lower) / 8)
            solved = self._solve(name, whole=True, gap=gap, start=best)
            if not solved.feasible:
                return best, Stage(name, upper, upper, optimal=True)
            lower = max(lower, solved.bound)
            if not solved.chosen.size:
                continue
            chosen = _whole(solved.chosen)
            more = self.learn(chosen, learned, solved.theta)
            if name == TRAVEL and core.size:
                vector = np.zeros(self.master.n_options)
                vector[list(chosen)] = 1.0
                self.learn((vector + core) / 2, [name], solved.theta)
            kept = self.holds(chosen) and self._as_good(chosen, names, fixed)
            if kept and self.value(chosen, name) < upper - SLACK[name]:
                best, upper = chosen, self.value(chosen, name)
            elif not more and self._sharpen(name, chosen, solved.objective, slack):
                return best, Stage(name, math.nan, math.nan, optimal=False)
            elif not more and solved.closed and gap <= max(slack, 0.5 * STEP[name]):
                self._hold_progress(kept=kept)
                lower = upper

    def _as_good(self, chosen: Chosen, names: Sequence[str], fixed: Sequence[float]) -> bool:
        """Return whether the measures that are proven are as little as can be."""
        return all(
            self.value(chosen, one) <= value + SLACK[one] * max(1.0, abs(value))
            for one, value in zip(names, fixed, strict=False)
        )

    def _sharpen(self, name: str, chosen: Chosen, objective: float, slack: float) -> bool:
        """Double the charges of travel where they prove too small for exact cuts; return whether they did."""
        if name != TRAVEL or self.value(chosen, name) <= objective + slack:
            return False
        self.oracle.sharpen()
        self.master.forget(TRAVEL)
        return True

    def _hold_progress(self, *, kept: bool) -> None:
        if not kept:
            message = "the search found a choice that breaks a limit, and no cut that forbids it"
            raise CertificateError(message)

    def _shares(self, name: str, learned: Sequence[str], upper: float) -> tuple[float, Floats]:
        """Return the bound when options may be taken in shares, and those shares; learn the cuts that it takes."""
        lower, core = 0.0, np.zeros(0)
        for _ in range(SHARES_ROUNDS):
            if self._over():
                break
            solved = self._solve(name, whole=False, gap=0.0, start=None)
            if not solved.feasible or not solved.chosen.size:
                break
            gained = solved.bound - lower
            lower, core = max(lower, solved.bound), solved.chosen
            if not self.learn(core, learned, solved.theta) or gained < TAILING_OFF * (upper - lower):
                break
        return lower, core

    def others(self, found: Found, count: int) -> list[Found]:
        """Return the next best choices, each the best of another set of sites than those before.

        Parameters
        ----------
        found
            The best.
        count
            How many more; fewer where there are no more sets that keep the limits.
        """
        out: list[Found] = []
        last = found
        for _ in range(count):
            if self._over():
                break
            sites = sorted({self.problem.pool.options[at].candidate_id for at in last.chosen})
            self.master.forbid_sites(sites)
            try:
                last = self.run()
            except InfeasibleError:
                break
            out.append(last)
        return out


def _whole(chosen: Floats) -> Chosen:
    return tuple(np.flatnonzero(chosen > 0.5).tolist())


def _lifted(name: str, lower: float) -> float:
    """Return the bound, raised to the next whole number where the measure has no other values."""
    return float(math.ceil(lower - 1e-4)) if STEP[name] else lower
