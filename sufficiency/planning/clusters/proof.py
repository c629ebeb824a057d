"""The least division, by integer programming, or a bound that none can beat.

The model assigns units to centres (Hess and others 1965, "Nonpartisan political redistricting by computer"): x[u, j] =
unit u belongs to the part whose centre is zone j, y[j] = zone j is a centre. Parts in several pieces are cut off as
they occur: with C the piece that lacks the centre, and S the zones between C and the centre, x[u, j] <= sum of x[s, j]
over s in S (Oehrlein and Haunert 2017, "A cutting-plane method for contiguity-constrained spatial aggregation"). Every
solution on the way bounds the least from below. Nodes and rounds are limited, not time, so that the same question gives
the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from sufficiency.planning.clusters.division import worth_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.planning.clusters.division import Question

__all__ = ["Proof", "prove"]

MS_PER_MIN: Final = 60_000
ROUNDS: Final = 10
NODES: Final = 400
CLOSE: Final = 1e-6
# the status of scipy.optimize.milp
INFEASIBLE: Final = 2


@dataclass(frozen=True)
class Proof:
    """The best division known, and what is proven of it.

    ``parts`` is None where there is no division at all. ``bound_pupils`` and ``bound_pupil_min``: no division has fewer
    pupils outside the band, and none of those with so few has fewer pupil-minutes (NaN = the
    first is not proven, and then there is none for the second). ``optimal``: both are attained.
    """

    parts: tuple[frozenset[int], ...] | None
    bound_pupils: int
    bound_pupil_min: float
    optimal: bool


def prove(question: Question, start: tuple[frozenset[int], ...] | None) -> Proof:
    """Return the least division, or the better of the start and of what was found, with a bound.

    Parameters
    ----------
    question
        The district.
    start
        A division that is known; None = none.
    """
    model = _Model(question)
    best = start
    outside_bound = 0
    if best is None or worth_of(question, best)[0] > 0:
        known = np.inf if best is None else worth_of(question, best)[0]
        found = model.least(model.outside, None, known)
        if found.infeasible:
            return Proof(None, 0, np.nan, optimal=False)
        outside_bound = max(0, int(np.ceil(found.bound - 1e-4)))
        best = _better(question, best, found.parts)
        if best is None or worth_of(question, best)[0] > outside_bound:
            return Proof(best, outside_bound, np.nan, optimal=False)
    outside, cost = worth_of(question, best)
    found = model.least(model.cost, outside, cost / MS_PER_MIN)
    best = _better(question, best, found.parts)
    assert best is not None  # noqa: S101  # found above, for the type
    minutes = worth_of(question, best)[1] / MS_PER_MIN
    bound = minutes if found.infeasible else min(found.bound, minutes)
    close = minutes - bound <= CLOSE * max(1.0, minutes)
    return Proof(best, outside_bound, minutes if close else bound, optimal=close)


def _better(
    question: Question, one: tuple[frozenset[int], ...] | None, other: tuple[frozenset[int], ...] | None
) -> tuple[frozenset[int], ...] | None:
    known = [parts for parts in (one, other) if parts is not None]
    return min(known, key=lambda parts: worth_of(question, parts)) if known else None


@dataclass(frozen=True)
class _Found:
    parts: tuple[frozenset[int], ...] | None
    bound: float
    infeasible: bool = False


class _Model:
    """The assignment of units to centres, with the cuts found so far, which hold for every objective."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.zones, self.units = len(question.pupils), len(question.units)
        self.of = np.zeros(self.zones, dtype=np.int64)
        for unit, members in enumerate(question.units):
            self.of[list(members)] = unit
        assigned = self.zones * self.units
        self.columns = assigned + 3 * self.zones
        self.opened = assigned + np.arange(self.zones)
        self.under, self.over = self.opened + self.zones, self.opened + 2 * self.zones
        minutes = np.zeros((self.units, self.zones))
        np.add.at(minutes, self.of, question.weighted / MS_PER_MIN)
        self.cost = np.concatenate([minutes.ravel(), np.zeros(3 * self.zones)])
        self.outside = np.zeros(self.columns)
        self.outside[self.under] = self.outside[self.over] = 1.0
        self.cuts: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self.frame = self._frame()

    def _at(self, unit: NDArray[np.int64] | int, centre: NDArray[np.int64] | int) -> NDArray[np.int64]:
        at: NDArray[np.int64] = np.asarray(unit) * self.zones + np.asarray(centre)
        return at

    def _frame(self) -> list[LinearConstraint]:
        question = self.question
        centres, units = np.arange(self.zones), np.arange(self.units)
        every = self._at(np.repeat(units, self.zones), np.tile(centres, self.units))
        once = _rows(np.repeat(units, self.zones), every, np.ones(len(every)), self.columns)
        opened = np.tile(self.opened, self.units)
        number = np.arange(len(every))
        only = _rows(np.tile(number, 2), np.concatenate([every, opened]), np.repeat([1.0, -1.0], len(every)),
                     self.columns)  # fmt: skip
        own = self._at(self.of, centres)
        home = _rows(np.tile(centres, 2), np.concatenate([own, self.opened]), np.repeat([1.0, -1.0], self.zones),
                     self.columns)  # fmt: skip
        parts = _rows(np.zeros(self.zones), self.opened, np.ones(self.zones), self.columns)
        pupils = np.bincount(self.of, weights=question.pupils, minlength=self.units)
        held = _rows(np.tile(centres, self.units), every, np.repeat(pupils, self.zones), self.columns)
        low = _rows(np.tile(centres, 2), np.concatenate([self.opened, self.under]),
                    np.repeat([-float(question.least_pupils), 1.0], self.zones), self.columns)  # fmt: skip
        high = _rows(np.tile(centres, 2), np.concatenate([self.opened, self.over]),
                     np.repeat([-float(question.most_pupils), -1.0], self.zones), self.columns)  # fmt: skip
        return [
            LinearConstraint(once, 1, 1),
            LinearConstraint(only, -np.inf, 0),
            LinearConstraint(home, 0, 0),
            LinearConstraint(parts, question.parts, question.parts),
            LinearConstraint(held + low, 0, np.inf),
            LinearConstraint(held + high, -np.inf, 0),
        ]

    def least(self, objective: NDArray[np.float64], outside: int | None, known: float = np.inf) -> _Found:
        """Return the least division by an objective, those with more pupils outside than stated left out."""
        bound, best = 0.0, None
        whole = np.arange(self.columns) < self.under[0]
        nodes = NODES
        for _ in range(ROUNDS):
            solved = milp(
                objective,
                constraints=self._constraints(outside),
                integrality=whole.astype(np.int64),
                bounds=Bounds(0, np.where(whole, 1.0, np.inf)),
                options={"mip_rel_gap": CLOSE / 10, "node_limit": nodes},
            )
            if solved.status == INFEASIBLE:
                return _Found(None, bound, infeasible=True)
            if solved.mip_dual_bound is not None and np.isfinite(solved.mip_dual_bound):
                bound = max(bound, float(solved.mip_dual_bound))
            if solved.x is None:
                break
            nodes = max(1, nodes - int(solved.mip_node_count or 0))
            parts = self._parts(solved.x)
            if not self._cut(parts):
                best = tuple(parts.values())
                break
            if bound >= known * (1 - CLOSE):
                break
        return _Found(best, bound)

    def _constraints(self, outside: int | None) -> list[LinearConstraint]:
        out = list(self.frame)
        if outside is not None:
            slack = np.concatenate([self.under, self.over])
            out.append(LinearConstraint(_rows(np.zeros(len(slack)), slack, np.ones(len(slack)), self.columns), 0,
                                        outside))  # fmt: skip
        if self.cuts:
            rows = np.repeat(np.arange(len(self.cuts)), [len(columns) for columns, _ in self.cuts])
            columns, values = (np.concatenate([cut[at] for cut in self.cuts]) for at in (0, 1))
            out.append(LinearConstraint(_rows(rows, columns, values, self.columns), -np.inf, 0))
        return out

    def _parts(self, x: NDArray[np.float64]) -> dict[int, frozenset[int]]:
        chosen = x[: self.units * self.zones].reshape(self.units, self.zones).argmax(axis=1)
        centre = chosen[self.of]
        return {int(at): frozenset(np.flatnonzero(centre == at).tolist()) for at in np.unique(centre)}

    def _cut(self, parts: dict[int, frozenset[int]]) -> bool:
        """Add a cut for every piece that lacks its centre; return whether there was one."""
        graph, before = self.question.graph, len(self.cuts)
        for centre, part in parts.items():
            for piece in sorted(map(sorted, nx.connected_components(graph.subgraph(part)))):
                if centre in piece:
                    continue
                around = {near for zone in piece for near in graph[zone]}.difference(piece)
                outer = graph.subgraph(set(graph).difference(around, piece))
                reach = nx.node_connected_component(outer, centre)
                between = sorted(zone for zone in around if not reach.isdisjoint(graph[zone]))
                through = np.unique(self.of[between]) if between else np.zeros(0, dtype=np.int64)
                # every centre of the same ground is cut off alike: the piece reaches none of them otherwise
                for unit in np.unique(self.of[piece]):
                    for other in sorted(reach):
                        columns = np.concatenate([[self._at(int(unit), other)], self._at(through, other)])
                        values = np.concatenate([[1.0], -np.ones(len(through))])
                        self.cuts.append((columns.astype(np.int64), values))
        return len(self.cuts) > before


def _rows(
    rows: NDArray[np.generic], columns: NDArray[np.int64], values: NDArray[np.float64], width: int
) -> sparse.csr_array:
    rows = np.asarray(rows, dtype=np.int64)
    return sparse.csr_array((values, (rows, columns)), shape=(int(rows.max()) + 1, width))
