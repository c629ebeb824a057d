"""Where the first new place would do most: its exact value at every position of the roads, for each kind of pupil.

A place of a new provision that only pupils of one kind may use changes the optimum of the year by the best, over the
groups i of the kind, of

    the journey of i to it + what follows at best when a pupil of i leaves where they are now

The second part is one number a group, from the residual graph of the proven optimum (`allocation.removal_values`), and
so the best group at every position is found by one search of the roads from all homes at once
(`travel.totals.least_totals`). What is counted first is whether one more pupil has a place, then the tier of the place
given up, then the minutes of all pupils together. First-fit placements, as `allocation.place_values`.

Internal: each value comes from the home of one group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.allocation.removal import ONE_MORE_PLACED, Removal, removal_values
from sufficiency.assess import network_of, rules_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.units import MS_PER_MIN
from sufficiency.model.vocabulary import ALL, HEADLINE_TYPES, NEED_GROUP_OF, NEED_GROUPS, NEEDS, PHASES, TIERS, phase_of
from sufficiency.travel.matrix import positions_of
from sufficiency.travel.network import NO_EDGE
from sufficiency.travel.totals import Starts, least_totals, least_totals_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sufficiency.planning.opened_year import OpenedYear
    from sufficiency.travel import RoadNetwork, Spots

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Surface", "Values", "kind_place", "kinds_of", "opportunity_surface", "told_of", "users", "values_at"]

DAY: Final = "day"
RESIDENTIAL: Final = "residential"


@dataclass(frozen=True, eq=False, repr=False)
class Values:
    """Values of the first new place: one row a position, one column a kind of pupil.

    Attributes
    ----------
    kinds
        need and phase of each kind, all of whom have pupils: codes of `NEEDS`, `NEED_GROUPS` and `PHASES`, or all.
    gain
        int64 [n_positions, n_kinds]: 3 = one more pupil has a place; 2, 1 = one more has a local place, out of an
        independent or another council's school; 0 = neither.
    change_ms
        int64 [n_positions, n_kinds]: change of the travel of all pupils together, one way.
    """

    kinds: tuple[tuple[str, str], ...]
    gain: Ints
    change_ms: Ints

    def table(self, positions: pd.DataFrame) -> pd.DataFrame:
        """Return one row a position and kind, the columns of `positions` first, in the order of the kinds."""
        n = len(positions)
        index = pd.RangeIndex(n * len(self.kinds))
        repeated: dict[Any, pd.Series] = {
            name: pd.Series(column.take(np.tile(np.arange(n), len(self.kinds))).array, index=index)
            for name, column in positions.items()
        }
        codes = np.repeat(np.arange(len(self.kinds)), n)
        needs, phases = (np.array(part, dtype=object) for part in zip(*self.kinds, strict=True))
        told = told_of(self.gain.T.ravel(), self.change_ms.T.ravel())
        return pd.DataFrame({**repeated, "need": needs[codes], "phase": phases[codes], **told}, index=index)


def told_of(gain: Ints, change_ms: Ints) -> dict[str, NDArray[Any]]:
    """Return more_placed_pupils, more_local_pupils, from_tier and travel_change_min of some values."""
    left = np.where(gain == ONE_MORE_PLACED, 0, gain)
    return {
        "more_placed_pupils": (gain == ONE_MORE_PLACED).astype(np.int64),
        "more_local_pupils": (gain > 0).astype(np.int64),
        "from_tier": np.array(["", *TIERS[1:]], dtype=object)[left],
        "travel_change_min": change_ms / MS_PER_MIN,
    }


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """The value of the first new place at every road node; make it with `opportunity_surface`. Internal.

    Attributes
    ----------
    opened, network
        The year, and its roads.
    provision_type, attendance, ehcp_required
        What is opened.
    points
        One row a road node: node_id, easting_m, northing_m, snap_m (from the node to the road that a place there
        joins) and joined (whether it lies within the limit of one; nobody can be driven to it otherwise).
    values
        The values, row by row of `points`.
    """

    opened: OpenedYear
    network: RoadNetwork
    provision_type: str
    attendance: str
    ehcp_required: bool
    points: pd.DataFrame
    values: Values

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Need and phase of each kind of pupil."""
        return self.values.kinds

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """One row a node and kind of pupil.

        node_id, easting_m, northing_m, snap_m, joined, need, phase; more_placed_pupils and more_local_pupils 0 or 1;
        from_tier: the other tier that one pupil fewer is then in (blank = none); travel_change_min: of all pupils
        together, one way, positive where one more pupil travels.
        """
        return self.values.table(self.points)

    def of_kind(self, need: str = ALL, phase: str = ALL) -> pd.DataFrame:
        """Return the rows of one kind of pupil.

        Raises
        ------
        ParameterError
            When the surface does not hold it.
        """
        column = kind_place(self.values, need, phase)
        one = slice(column, column + 1)
        part = Values(self.kinds[one], self.values.gain[:, one], self.values.change_ms[:, one])
        return part.table(self.points)


def opportunity_surface(
    opened: OpenedYear,
    *,
    provision_type: str,
    needs: Sequence[str] | None = None,
    phases: Sequence[str] | None = None,
    attendance: str = DAY,
    ehcp_required: bool = True,
    network: RoadNetwork | None = None,
) -> Surface:
    """Return the exact value of the first place of a new local provision, at every road node.

    Parameters
    ----------
    opened
        The year, of `open_year`.
    provision_type
        ``special_school`` or ``specialist_base``: pupils who seek it may use the place.
    needs, phases
        Kinds of pupils: a place that only they may use. Codes of `NEEDS` or `NEED_GROUPS`, and of `PHASES`; ``all`` for
        any. By default all, and each that has pupils. Kinds without pupils are left out.
    attendance
        ``day``, or ``residential`` for pupils who seek a residential place: their daily journey counts nothing.
    ehcp_required
        Whether only pupils with a plan may use it.
    network
        The roads made ready by `assess.network_of`; None = make them ready.

    Returns
    -------
    Surface
        Where `reach_limit_min` is set, a pupil whose journey would be longer cannot use the place.

    Raises
    ------
    ParameterError
        When a type, need, phase or attendance is unknown, or no pupil of the year could use such a place.

    Notes
    -----
    A place at a node stands at the node's point, and is joined to the nearest road that may be joined as any school.
    """
    roads = network_of(opened.inputs) if network is None else network
    nodes = opened.inputs.roads.nodes.sort_values("node_id", kind="stable", ignore_index=True)
    x, y = positions_of(nodes, roads.drives.roads.crs, "road nodes").T
    spots = roads.spots(x, y)
    points = pd.DataFrame(
        {
            "node_id": nodes["node_id"].astype(object),
            "easting_m": x,
            "northing_m": y,
            "snap_m": spots.snap_m,
            "joined": spots.snaps.edge != NO_EDGE,
        }
    )
    who = users(opened, provision_type, attendance, ehcp_required=ehcp_required)
    kinds = kinds_of(opened, who, needs, phases)
    values = values_at(opened, roads, spots, who=who, kinds=kinds, driven=attendance == DAY)
    return Surface(opened, roads, provision_type, attendance, ehcp_required, points, values)


def values_at(
    opened: OpenedYear,
    network: RoadNetwork,
    spots: Spots,
    *,
    who: Bools,
    kinds: Sequence[tuple[str, str]],
    driven: bool = True,
) -> Values:
    """Return the values of the first new place at some positions.

    Parameters
    ----------
    opened, network
        The year and its roads.
    spots
        Positions, joined to the roads.
    who
        bool [n]: the groups that may use the place at all.
    kinds
        Need and phase of each kind of pupil.
    driven
        False for residential places.
    """
    groups = opened.eligibility.groups
    cells, cell_of = _cells(groups, who)
    members = np.flatnonzero(who)
    removal = removal_values(opened.result)
    gain, change = _by_cell(opened, network, spots, removal, (members, cell_of[members], len(cells)), driven=driven)
    out_gain = np.zeros((spots.size, len(kinds)), dtype=np.int64)
    out_change = np.zeros_like(out_gain)
    for column, kind in enumerate(kinds):
        inside = [place for place, cell in enumerate(cells) if _belongs(cell, kind)]
        best_gain, best_change = _best(gain, change, inside)
        # Nobody is moved who would only travel further.
        helps = (best_gain > 0) | ((best_gain == 0) & (best_change < 0))
        out_gain[:, column] = np.where(helps, best_gain, 0)
        out_change[:, column] = np.where(helps, best_change, 0)
    return Values(tuple(kinds), out_gain, out_change)


def kind_place(values: Values, need: str, phase: str) -> int:
    """Return the column of a kind of pupil.

    Raises
    ------
    ParameterError
        When the values do not hold it.
    """
    if (need, phase) not in values.kinds:
        held = "; ".join(f"{one}, {other}" for one, other in values.kinds[:12])
        message = f"there are no values for need {need} and phase {phase}: there are {held}"
        raise ParameterError(message)
    return values.kinds.index((need, phase))


def _by_cell(
    opened: OpenedYear,
    network: RoadNetwork,
    spots: Spots,
    removal: Removal,
    parts: tuple[Ints, Ints, int],
    *,
    driven: bool,
) -> tuple[Ints, Ints]:
    """Return (gain, change_ms) int64 [n_spots, n_cells], gain -1 where nobody of the cell can come.

    Each gain has a lane of its own in every cell, so that travel never stands against it.
    """
    group, cell, n_cells = parts
    homes, home_of = _homes(opened, network, group)
    able = removal.gain[group] >= 0
    group, cell, home = group[able], cell[able], home_of[able]
    n_gains = ONE_MORE_PLACED + 1
    least = int(removal.change_ms[group].min(initial=0))
    starts = Starts(n_cells * n_gains, cell * n_gains + removal.gain[group], home, removal.change_ms[group] - least)
    limits = rules_of(opened.inputs).reach_limit_min
    if limits and driven:
        ncy = opened.eligibility.groups["ncy"].to_numpy(np.int64)[group]
        limit_min = np.array([limits.get(phase_of(int(value)), np.inf) for value in ncy])
        # a limit as far as any journey is none
        limit_ms = np.minimum(limit_min * MS_PER_MIN, np.iinfo(np.int32).max).astype(np.int64)
        total = least_totals_within(network, homes, spots, starts, limit_ms)
    else:
        total = least_totals(network, homes, spots, starts, driven=driven)
    by_gain = total.reshape(spots.size, n_cells, n_gains)
    gain = np.where(by_gain >= 0, np.arange(n_gains), -1).max(axis=2)
    change = np.take_along_axis(by_gain, np.maximum(gain, 0)[:, :, None], axis=2)[:, :, 0]
    return gain, np.where(gain >= 0, change + least, 0)


def _best(gain: Ints, change: Ints, columns: Sequence[int]) -> tuple[Ints, Ints]:
    """Return the best of some columns by row: the most gain, then the least travel."""
    best = np.full(len(gain), -1, dtype=np.int64)
    travel = np.zeros(len(gain), dtype=np.int64)
    for column in columns:
        here, there = gain[:, column], change[:, column]
        better = (here > best) | ((here == best) & (there < travel))
        best, travel = np.where(better, here, best), np.where(better, there, travel)
    return best, travel


def _homes(opened: OpenedYear, network: RoadNetwork, group: Ints) -> tuple[Spots, Ints]:
    """Return the homes of some groups joined to the roads, and the number of each group's."""
    names = opened.eligibility.groups["origin_id"].to_numpy(dtype=object)[group].astype(str)
    different, home = np.unique(names, return_inverse=True)
    origins = opened.inputs.origins
    rows = pd.Index(origins["origin_id"].astype(str)).get_indexer(pd.Index(different))
    xy = positions_of(origins.iloc[rows], network.drives.roads.crs, "origins")
    return network.spots(*xy.T), home.astype(np.int64)


def users(opened: OpenedYear, provision_type: str, attendance: str, *, ehcp_required: bool) -> Bools:
    """Return bool [n]: the groups that may use a new provision, whatever their need and age.

    Raises
    ------
    ParameterError
        When the type or the attendance is unknown, or there are none.
    """
    if provision_type not in HEADLINE_TYPES:
        message = f"type {provision_type!r} is not matched here: give one of {', '.join(HEADLINE_TYPES)}"
        raise ParameterError(message)
    if attendance not in (DAY, RESIDENTIAL):
        message = f"attendance {attendance!r} is unknown: give {DAY} or {RESIDENTIAL}"
        raise ParameterError(message)
    groups = opened.eligibility.groups
    who = (groups["place_sought"] == provision_type) & (groups["attendance"] == attendance)
    if ehcp_required:
        who &= groups["ehcp"].astype(bool)
    if not who.any():
        message = f"no {attendance} pupil of {opened.eligibility.year} seeks a place of type {provision_type}"
        raise ParameterError(message)
    return who.to_numpy(dtype=np.bool_)


def kinds_of(
    opened: OpenedYear, who: Bools, needs: Iterable[str] | None, phases: Iterable[str] | None
) -> list[tuple[str, str]]:
    """Return the need and phase of each kind asked for that some of these groups are of; None = all, and each.

    Raises
    ------
    ParameterError
        When a need or phase is unknown, or none of the groups is of those asked for.
    """
    cells, _ = _cells(opened.eligibility.groups, who)
    present = {need for need, _ in cells}
    wanted = list(dict.fromkeys(needs)) if needs is not None else [ALL, *(need for need in NEEDS if need in present)]
    held = {phase for _, phase in cells}
    ages = list(dict.fromkeys(phases)) if phases is not None else [ALL, *(phase for phase in PHASES if phase in held)]
    wrong = [f"need {need}" for need in wanted if need not in (ALL, *NEEDS, *NEED_GROUPS)]
    wrong += [f"phase {phase}" for phase in ages if phase not in (ALL, *PHASES)]
    if wrong:
        message = (
            f"{', '.join(wrong)} is unknown: needs are {', '.join((ALL, *NEED_GROUPS, *NEEDS))}; "
            f"phases are {', '.join((ALL, *PHASES))}"
        )
        raise ParameterError(message)
    kinds = [(need, phase) for need in wanted for phase in ages]
    found = [kind for kind in kinds if any(_belongs(cell, kind) for cell in cells)]
    if not found:
        message = "no pupil of the year is of the needs and phases asked for"
        raise ParameterError(message)
    return found


def _cells(groups: pd.DataFrame, who: Bools) -> tuple[list[tuple[Any, Any]], Ints]:
    """Return the (need, phase) that some of these groups have, and int64 [n]: which each group has."""
    needs = groups["need"].tolist()
    pairs = [(need, phase_of(int(ncy))) for need, ncy in zip(needs, groups["ncy"], strict=True)]
    cells = sorted({pair for pair, taken in zip(pairs, who, strict=True) if taken})
    number = {cell: place for place, cell in enumerate(cells)}
    return cells, np.array([number.get(pair, -1) for pair in pairs], dtype=np.int64)


def _belongs(cell: tuple[str, str], kind: tuple[str, str]) -> bool:
    return kind[0] in (ALL, cell[0], NEED_GROUP_OF[cell[0]]) and kind[1] in (ALL, cell[1])
