"""What the places of a year are worth, exactly, with the cuts that prove it.

Every measure is a convex function of the places of a year. The most pupils whom places can take is a greatest flow, so
any set S of groups gives

    pupils without  >=  pupils of S - places open to S

with equality for a least cut; and the least travel is a transport problem, whose prices u, v are feasible whatever the
places are, so that sum(u * pupils) - sum(v * places) never exceeds it. These are the cuts of Benders' decomposition,
here in whole numbers.

References
----------
Benders (1962), Partitioning procedures for solving mixed-variables programming problems, *Numerische Mathematik* 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from sufficiency.allocation import solve_tiers, transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.planning.programme_search.problem import Part, Problem, Year

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["BEYOND", "FLOWS", "INDEPENDENT", "LOCAL", "TRAVEL", "UNPLACED", "WORST", "Cut", "Figures", "Oracle"]

# measures: pupils without a local place; without any; without one of tiers 1 and 2; travel; without a local place
# within the journey limit; the largest such share of a district
LOCAL: Final = "without_local"
UNPLACED: Final = "unplaced"
INDEPENDENT: Final = "independent_or_unplaced"
TRAVEL: Final = "travel"
BEYOND: Final = "beyond_limit"
WORST: Final = "worst_share"
FLOWS: Final = (LOCAL, UNPLACED, INDEPENDENT, BEYOND)
MS_PER_MIN: Final = 60_000
# fractional places are met in parts of a place, pupils counted in the same parts
PARTS_OF_A_PLACE: Final = 8


class Cut(NamedTuple):
    """A measure of a part of a year is at least ``constant`` - ``worth`` * places (of the part's columns)."""

    value: float
    constant: float
    worth: Floats


class Figures(NamedTuple):
    """A year with some places: pupils without a local place, unplaced, in independent schools or unplaced; travel."""

    without_local_place_pupils: int
    unplaced_pupils: int
    independent_or_unplaced_pupils: int
    travel_ms: int


@dataclass(eq=False)
class Oracle:
    """Values and cuts of a problem's years; answers are kept, for the same places are asked for many times.

    Travel is cut with a charge on pupils away from local places, ``scale`` longest journeys: any charge gives true
    cuts, and one great enough gives exact ones.
    """

    problem: Problem
    scale: float = 1.0
    _known: dict[tuple[str, int, int, bytes], Cut] = field(default_factory=dict)
    _figures: dict[tuple[int, int, bytes], Figures] = field(default_factory=dict)

    def cut(self, measure: str, at: int, part: int, places: Floats) -> Cut:
        """Return value and cut of a measure in a part of a year, given the places of the whole year."""
        one = self.problem.years[at]
        if measure == WORST:
            key = (measure, at, -1, places.tobytes())
            if key not in self._known:
                self._known[key] = _worst(one, places)
            return self._known[key]
        here = places[one.parts[part].columns]
        key = (measure, at, part, here.tobytes())
        if key not in self._known:
            self._known[key] = self._travel(one.parts[part], here) if measure == TRAVEL else _flow(
                one.parts[part], measure, here)  # fmt: skip
        return self._known[key]

    @property
    def charge_ms(self) -> int:
        """What a pupil of tier 2 is charged beside travel; one of tier 3 twice, one without a place four times that."""
        every = (int(part.cost.max(initial=0)) for year in self.problem.years for part in year.parts)
        return int(max(MS_PER_MIN, *every) * self.scale)

    def sharpen(self) -> None:
        """Double the charges; cuts of travel known so far were true for the old ones."""
        self.scale *= 2
        self._known = {key: cut for key, cut in self._known.items() if key[0] != TRAVEL}

    def charged(self, found: Sequence[Figures]) -> int:
        """Return the travel with its charges, in milliseconds."""
        sums = Figures(*(sum(four) for four in zip(*found, strict=True)))
        pupils = sums.without_local_place_pupils + sums.independent_or_unplaced_pupils + 2 * sums.unplaced_pupils
        return sums.travel_ms + self.charge_ms * pupils

    def _travel(self, part: Part, places: Floats) -> Cut:
        charge = self.charge_ms * np.array([0, 1, 2], dtype=np.int64)[part.tier - 1]
        cost = np.where(part.cost >= 0, part.cost + charge[None, :], np.int64(-1))
        cost = np.column_stack([cost, np.full(len(cost), 4 * self.charge_ms, dtype=np.int64)])
        parts, pupils, room = _whole(part, places)
        found = transport(cost, pupils, np.append(room, pupils.sum()))
        constant = int((part.pupils * found.pupil_price).sum()) / MS_PER_MIN
        worth = found.place_price[:-1] / MS_PER_MIN
        value = found.cost / parts / MS_PER_MIN if parts == 1 else constant - float(worth @ places)
        return Cut(value, constant, worth)

    def figures(self, at: int, places: Ints) -> Figures:
        """Return the exact figures of a year with whole places, as a run gives them."""
        found = []
        for number, part in enumerate(self.problem.years[at].parts):
            here = places[part.columns]
            key = (at, number, here.tobytes())
            if key not in self._figures:
                self._figures[key] = _figures(part, here)
            found.append(self._figures[key])
        return Figures(*(sum(four) for four in zip(*found, strict=True)))


def _whole(part: Part, places: Floats) -> tuple[int, Ints, Ints]:
    """Return pupils and places in whole parts of a place."""
    parts = 1 if (places == np.floor(places)).all() else PARTS_OF_A_PLACE
    return parts, part.pupils * parts, np.floor(np.maximum(places, 0) * parts + 0.5).astype(np.int64)


def _allowed(part: Part, measure: str) -> NDArray[np.bool_]:
    eligible: NDArray[np.bool_] = part.cost >= 0
    if measure == BEYOND:
        return part.within
    last = {LOCAL: 1, INDEPENDENT: 2, UNPLACED: 3}[measure]
    return eligible & (part.tier <= last)[None, :]


def _flow(part: Part, measure: str, places: Floats) -> Cut:
    allowed, of = np.unique(_allowed(part, measure), axis=0, return_inverse=True)
    pupils = np.zeros(len(allowed), dtype=np.int64)
    np.add.at(pupils, of.ravel(), part.pupils)
    parts, _, room = _whole(part, places)
    found = transport(np.where(allowed, np.int64(0), np.int64(-1)), pupils * parts, room)
    reached = allowed[found.cut].any(axis=0)
    constant = int(pupils[found.cut].sum())
    worth: Floats = np.asarray(reached, dtype=np.float64)
    return Cut(constant - float(worth @ places), float(constant), worth)


def _figures(part: Part, places: Ints) -> Figures:
    found = solve_tiers(part.cost, part.pupils, places, part.tier)
    used = np.bincount(found.flow.flow.indices, weights=found.flow.flow.data, minlength=part.tier.size)
    held = [int(used[part.tier == tier].sum()) for tier in (1, 2, 3)]
    unplaced = int(found.flow.unplaced.sum())
    return Figures(held[1] + held[2] + unplaced, unplaced, held[2] + unplaced, int(found.cost))


def _worst(one: Year, places: Floats) -> Cut:
    """Return the least that the largest share of a district without a local place within the limit can be.

    A linear programme over flows by district and kind of pupil; its prices of places are the cut.
    """
    allowed, pupils, district = [], [], []
    for part in one.parts:
        whole = np.zeros((len(part.pupils), places.size), dtype=np.bool_)
        whole[:, part.columns] = part.within
        allowed.append(whole)
        pupils.append(part.pupils)
        district.append(part.district)
    key = np.column_stack([np.concatenate(district), np.concatenate(allowed)]) if allowed else np.zeros((0, 1))
    kinds, of = np.unique(key, axis=0, return_inverse=True)
    count = np.bincount(of.ravel(), weights=np.concatenate(pupils), minlength=len(kinds)) if len(kinds) else kinds[:, 0]
    home = kinds[:, 0].astype(np.int64)
    row, column = np.nonzero(kinds[:, 1:])
    names = np.unique(home[home >= 0])
    total = np.array([count[home == name].sum() for name in names])
    if row.size == 0 or not len(names):
        return Cut(float(len(names) > 0), float(len(names) > 0), np.zeros(places.size))
    n, m, f = len(kinds), places.size, row.size
    # rows: pupils of each kind; places of each column; - (placed of a district) - total * share <= - total
    cell = np.arange(f)
    rank = np.searchsorted(names, home[row])
    counted = home[row] >= 0
    rows = np.concatenate([row, n + column, n + m + rank[counted], n + m + np.arange(len(names))])
    columns = np.concatenate([cell, cell, cell[counted], np.full(len(names), f)])
    data = np.concatenate([np.ones(2 * f), -np.ones(counted.sum()), -total])
    matrix = coo_matrix((data, (rows, columns)), shape=(n + m + len(names), f + 1)).tocsr()
    bound = np.concatenate([count, np.maximum(places, 0), -total])
    goal = np.append(np.zeros(f), 1.0)
    found = linprog(goal, A_ub=matrix, b_ub=bound, method="highs")
    price = -np.asarray(found.ineqlin.marginals)
    worth: Floats = np.asarray(np.maximum(price[n : n + m], 0), dtype=np.float64)
    constant = float(found.fun) + float(worth @ np.maximum(places, 0))
    return Cut(float(found.fun), constant, worth)
