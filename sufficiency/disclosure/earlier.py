"""What earlier releases told of the cells that are to be hidden now.

A block is one scenario, policy and year of a system of cells. Where every count that an earlier release printed of a
block equals today's, a reader may lay the two side by side: the block is the same one, what was printed is known and
what was hidden stays hidden. A block of a scenario that was not run before is taken for any that printed the same.

Blocks that are not run today, or that changed, still say something of the pupils, who are the same in every scenario.
Where their counts of pupils fit today's, such a block stands beside today's cells with all its equations: its printed
cells known, its hidden ones unknown, for nobody kept them. They must stay as uncertain as they were.

Where the earlier release rounded its counts, a count of today equals the printed one if it would be printed so. The
printed cells of a block that stands apart then are any counts that fit what was printed and the equations: a reader who
has the rounded ones knows no more than one who has these, so that what stays uncertain to the one does to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.audit import exposed_cells
from sufficiency.disclosure.suppress import LATE, Equations, Told
from sufficiency.disclosure.system import ONE_EVERYWHERE, System, equations_between
from sufficiency.model.rounding import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Earlier"]

_PLACE: Final = [*(name for name in c.KEY if name not in c.SLICE), "measure"]
_HIDDEN, _PRINTED = 1, 2
# fewer equal counts are no sign that two scenarios are one
_LEAST_ALIKE: Final = 12


@dataclass(frozen=True)
class Earlier:
    """The cells of one system in earlier releases: `sufficiency.disclosure.register.Register.rows`."""

    rows: pd.DataFrame

    def beside(
        self, cells: pd.DataFrame, cell: NDArray[np.int64], system: System, hide_up_to: int
    ) -> tuple[System, Told]:
        """Return the system with the earlier blocks that bear on it, and what earlier releases told of its cells.

        Parameters
        ----------
        cells
            Today's cells, `sufficiency.disclosure.cells.CELL`.
        cell
            The number of each row's cell in the system.
        system
            Today's system.
        hide_up_to
            Counts of 1 to this are hidden.
        """
        grid = _Grid(cells, cell, self.rows)
        reading = _read(grid, system.values.size)
        rank = np.where(reading.late, np.maximum(system.rank, LATE), system.rank)
        system = System(system.values, system.equations, system.spared, rank, system.printed, system.counted)
        ghosts = [ghost for block in reading.apart if (ghost := _ghost(grid, block, system.values)) is not None]
        wide = _with_ghosts(system, ghosts)
        size = system.values.size
        state = np.concatenate([np.zeros(size, dtype=np.int64), *(ghost.state for ghost in ghosts)])
        known, held = state == _PRINTED, state == _HIDDEN
        known[:size] |= reading.known
        held[:size] |= reading.held
        old = np.ones(state.size, dtype=bool)
        old[:size] = reading.old
        unknown = (np.arange(state.size) >= size) & ~known
        told = Told(known, held, np.zeros(state.size, dtype=bool), reading.releases)
        guarded = _uncertain(wide, told, old, unknown, hide_up_to) if ghosts else told.guarded
        return wide, Told(known, held, guarded, reading.releases)


class _Grid:
    """Today's blocks and earlier ones as rows over the same places: areas, phases, needs, types and measures."""

    def __init__(self, cells: pd.DataFrame, cell: NDArray[np.int64], rows: pd.DataFrame) -> None:
        both = pd.concat([cells[_PLACE], rows[_PLACE]], ignore_index=True).astype(str)
        place = both.groupby(_PLACE, sort=True).ngroup().to_numpy(np.int64)
        self.places = both.assign(place=place).drop_duplicates("place").sort_values("place", ignore_index=True)
        mine, theirs = place[: len(cells)], place[len(cells) :]
        self._cells, self._mine = cells, mine
        block, names = pd.MultiIndex.from_frame(cells[c.SLICE]).factorize(sort=True)
        self.today: list[tuple[str, str, int]] = list(names)
        self.value = np.full((len(names), len(self.places)), np.nan)
        self.value[block, mine] = cells["value"].to_numpy(float)
        self.cell = np.full(self.value.shape, -1, dtype=np.int64)
        self.cell[block, mine] = cell
        # in the order of the releases
        block, names = pd.MultiIndex.from_frame(rows[["run_id", *c.SLICE]]).factorize()
        self.earlier: list[tuple[str, str, str, int]] = list(names)
        self.told = np.full((len(names), len(self.places)), np.nan)
        self.told[block, theirs] = rows["value"].to_numpy(float, na_value=np.nan)
        # rows that name no rule were printed as they are
        rules = rows.reindex(columns=["round_counts_to", "hide_up_to"], fill_value=0).to_numpy(np.int64)
        self.rule = np.zeros((len(names), 2), dtype=np.int64)
        self.rule[block] = rules
        self.state = np.zeros(self.told.shape, dtype=np.int64)
        self.state[block, theirs] = np.where(rows["printed"].to_numpy(bool), _PRINTED, _HIDDEN)
        self.of_pupils = self.places["measure"].isin(ONE_EVERYWHERE).to_numpy(bool)

    @cached_property
    def spots(self) -> pd.DataFrame:
        """Each place with its level and the area above it; a level is missing where today has no such area."""
        frame = self.places[_PLACE].copy()
        listed = self._cells["measure"].str.contains(":", regex=False)
        areas = self._cells[~listed].drop_duplicates("area_id").set_index("area_id")
        for name in ("level", "parent_id"):
            frame[name] = frame["area_id"].map(areas[name])
        flows = frame["measure"].str.startswith((c.FLOW, c.REASON))
        frame.loc[flows, "parent_id"] = ""
        first = np.unique(self._mine, return_index=True)
        for name in ("level", "parent_id"):
            own = frame[name].to_numpy(object)
            own[first[0]] = self._cells[name].to_numpy(object)[first[1]]
            frame[name] = own
        return frame

    def alike(self, earlier: int, today: int, among: NDArray[np.bool_] | None = None) -> tuple[int, bool]:
        """Return how many counts that the earlier block printed today's has too, and whether all of them are equal."""
        common = (self.state[earlier] == _PRINTED) & (self.cell[today] >= 0)
        if among is not None:
            common &= among
        printed = nearest(self.value[today][common], int(self.rule[earlier, 0]))
        return int(common.sum()), bool((self.told[earlier][common] == printed).all())


@dataclass(frozen=True)
class _Reading:
    """Flags of today's cells, and the earlier blocks that stand apart, each with the block of today's same pupils."""

    known: NDArray[np.bool_]
    held: NDArray[np.bool_]
    late: NDArray[np.bool_]
    old: NDArray[np.bool_]
    apart: list[tuple[int, int]]
    releases: tuple[str, ...]


def _matches(grid: _Grid) -> list[list[int]]:
    """Return, for each of today's blocks, the earlier ones that are the same."""
    out = []
    for number, (scenario, *rest) in enumerate(grid.today):
        theirs = [one for one, name in enumerate(grid.earlier) if list(name[2:]) == rest]
        own = [one for one in theirs if grid.earlier[one][1] == scenario]
        same = [one for one in own if grid.alike(one, number)[1]]
        if not own:
            told = {one: grid.alike(one, number) for one in theirs}
            printed = {one: int((grid.state[one] == _PRINTED).sum()) for one in theirs}
            same = [one for one, (count, equal) in told.items() if equal and printed[one] == count >= _LEAST_ALIKE]
        out.append(same)
    return out


def _read(grid: _Grid, size: int) -> _Reading:
    known, held, late, old = (np.zeros(size, dtype=bool) for _ in range(4))
    matches = _matches(grid)
    used = {one for same in matches for one in same}

    def note(flags: NDArray[np.bool_], today: int, where: NDArray[np.bool_]) -> None:
        flags[grid.cell[today][where & (grid.cell[today] >= 0)]] = True

    for today, same in enumerate(matches):
        for one in same:
            note(known, today, grid.state[one] == _PRINTED)
            note(held, today, grid.state[one] == _HIDDEN)
            note(old, today, np.ones(len(grid.places), dtype=bool))
        if not same:
            for one, name in enumerate(grid.earlier):
                if name[1:] == grid.today[today]:
                    note(late, today, grid.state[one] == _PRINTED)
    apart, seen, told_by = [], set(), set(used)
    for one, name in enumerate(grid.earlier):
        twin = _same_pupils(grid, one)
        if twin is None:
            continue
        told_by.add(one)
        note(known, twin, grid.of_pupils & (grid.state[one] == _PRINTED))
        note(held, twin, grid.of_pupils & (grid.state[one] == _HIDDEN))
        note(old, twin, grid.of_pupils)
        content = (name[2:], grid.state[one].tobytes(), grid.told[one].tobytes())
        state = grid.state[one][grid.of_pupils]
        # where all counts of pupils were printed, nothing that is printed today tells more of such a block
        if one not in used and content not in seen and ((state == _HIDDEN).any() or not (state == _PRINTED).any()):
            seen.add(content)
            apart.append((one, twin))
    runs = tuple(dict.fromkeys(grid.earlier[one][0] for one in sorted(told_by)))
    return _Reading(known, held & ~known, late & ~known, old, apart, runs)


def _same_pupils(grid: _Grid, earlier: int) -> int | None:
    """Return the block of today that has the pupils of an earlier one, by all that was printed of them."""
    if not grid.of_pupils.any():
        return None
    _, scenario, _, year = grid.earlier[earlier]
    blocks = [number for number, name in enumerate(grid.today) if name[2] == year]
    blocks.sort(key=lambda number: grid.today[number][0] != scenario)
    for number in blocks:
        if grid.alike(earlier, number, grid.of_pupils)[1]:
            return number
    return None


@dataclass(frozen=True)
class _Ghost:
    """An earlier block beside today's cells: its own cells, numbered after today's, and its equations."""

    values: NDArray[np.int64]
    state: NDArray[np.int64]
    equations: Equations


def _ghost(grid: _Grid, block: tuple[int, int], today_values: NDArray[np.int64]) -> _Ghost | None:
    """Return the cells and equations of an earlier block, or None where they do not fit today's pupils or areas."""
    earlier, today = block
    state, size = grid.state[earlier], today_values.size
    listed = grid.places["measure"].str.startswith((c.FLOW, c.REASON)).to_numpy(bool)
    # what nobody prints, but equations need, is as today
    place = np.flatnonzero((state > 0) | ((grid.cell[today] >= 0) & ~listed))
    spots = grid.spots.iloc[place].reset_index(drop=True)
    if spots["level"].isna().any():
        return None
    link = grid.of_pupils[place] & (grid.cell[today][place] >= 0)
    number = np.where(link, grid.cell[today][place], 0)
    number[~link] = size + np.arange(int((~link).sum()))
    _, _, policy, year = grid.earlier[earlier]
    frame = spots.assign(scenario_id="", policy=policy, year=year, value=0)[c.CELL]
    equations = equations_between(frame, number)
    equations = _only(equations, equations.cell >= size, anywhere=True)
    own = place[~link]
    values = _witness(grid.told[earlier][own], equations, today_values, grid.rule[earlier])
    return None if values is None else _Ghost(values, state[own], equations)


def _only(equations: Equations, wanted: NDArray[np.bool_], *, anywhere: bool = False) -> Equations:
    """Return the equations of which all entries are wanted, or any is."""
    count = np.bincount(equations.equation, weights=wanted if anywhere else ~wanted, minlength=equations.count)
    kept = ((count > 0) if anywhere else (count == 0))[equations.equation]
    number = pd.factorize(equations.equation[kept])[0]
    return Equations(np.asarray(number, dtype=np.int64), equations.cell[kept], equations.total[kept])


def _witness(
    told: NDArray[np.float64], equations: Equations, today_values: NDArray[np.int64], rule: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Return whole numbers for an earlier block's cells that satisfy its equations; None where there are none.

    `told` are its printed counts, NaN where there is none; `rule` is what they were rounded to and what was hidden.
    """
    values = np.concatenate([today_values.astype(float), told])
    base, hide_up_to = int(rule[0]), int(rule[1])
    low, high = np.zeros(values.size), np.full(values.size, np.inf)
    if base > 1:
        about = np.r_[np.zeros(today_values.size, dtype=bool), told > 0]
        low[about] = np.maximum(np.ceil(values[about] - base / 2), hide_up_to + 1)
        high[about] = np.ceil(values[about] + base / 2) - 1
        values[about] = np.nan
    unknown = np.isnan(values)
    sign = np.where(equations.total, 1.0, -1.0)
    open_ = unknown[equations.cell]
    right = -np.bincount(
        equations.equation[~open_], weights=(sign * values[equations.cell])[~open_], minlength=equations.count
    )
    closed = np.bincount(equations.equation[open_], minlength=equations.count) == 0
    if bool((right[closed] != 0).any()):
        return None
    if unknown.any():
        column = np.cumsum(unknown) - 1
        shape = (equations.count, int(unknown.sum()))
        matrix = coo_matrix((sign[open_], (equations.equation[open_], column[equations.cell[open_]])), shape=shape)
        found = milp(
            np.zeros(shape[1]),
            constraints=LinearConstraint(matrix.tocsr(), right, right),
            bounds=Bounds(low[unknown], high[unknown]),
            integrality=np.ones(shape[1]),
        )
        if found.x is None:
            return None
        values[unknown] = np.rint(found.x)
    return np.asarray(values[today_values.size :], dtype=np.int64)


def _with_ghosts(system: System, ghosts: Sequence[_Ghost]) -> System:
    """Return the system with the cells of earlier blocks after its own: never chosen, and never primary."""
    size, values, parts = system.values.size, [system.values], [system.equations]
    for ghost in ghosts:
        own = ghost.equations.cell
        # numbers go on where those of the block before end
        shift, first = sum(part.size for part in values) - size, max((part.count for part in parts), default=0)
        moved = np.where(own >= size, own + shift, own)
        values.append(ghost.values)
        parts.append(Equations(ghost.equations.equation + first, moved, ghost.equations.total))
    more = sum(ghost.values.size for ghost in ghosts)
    state = np.concatenate([np.zeros(0, dtype=np.int64), *(ghost.state for ghost in ghosts)])
    return System(
        np.concatenate(values),
        Equations(
            np.concatenate([part.equation for part in parts]),
            np.concatenate([part.cell for part in parts]),
            np.concatenate([part.total for part in parts]),
        ),
        np.r_[system.spared, np.ones(more, dtype=bool)],
        np.r_[system.rank, np.zeros(more, dtype=np.int64)],
        np.r_[system.printed, state > 0],
        np.r_[system.counted, np.zeros(more, dtype=bool)],
    )


def _uncertain(
    system: System, told: Told, old: NDArray[np.bool_], unknown: NDArray[np.bool_], hide_up_to: int
) -> NDArray[np.bool_]:
    """Return the unknown cells of earlier blocks that earlier releases by themselves leave uncertain enough."""
    small = system.counted & (system.values >= 1) & (system.values <= hide_up_to)
    hidden = (unknown | told.held | ~system.printed | small) & ~told.known
    equations = _only(system.equations, old[system.equations.cell])
    width = np.where(unknown, hide_up_to, 0)
    out = unknown.copy()
    out[exposed_cells(system.values, equations, hidden, width, ~unknown)] = False
    return out
