"""The least total of a start value and a journey, over many homes at once, at every place of a map.

A start value stands for what else a choice of that home would bring; so one search answers which home it is best to
come from, for tens of thousands of places. All homes of a lane are the seeds of one search of the folded network,
each with its start value; the same legs, access rule and turns hold as for journeys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import NetworkError
from sufficiency.travel import engine
from sufficiency.travel.engine.sweep import NO_WAY_64
from sufficiency.travel.graph import UNREACHABLE
from sufficiency.travel.network import NO_EDGE
from sufficiency.travel.road_network import Spots
from sufficiency.travel.snapping import Snaps
from sufficiency.travel.stops import along_one_edge, arriving_stops, leaving_stops, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.travel.road_network import RoadNetwork

    Ints = NDArray[np.int64]

__all__ = ["Starts", "least_totals", "least_totals_within"]

_FAR: Final = np.int64(NO_WAY_64)
CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, eq=False)
class Starts:
    """Which homes take part in which lane, and with what start value.

    Attributes
    ----------
    n_lanes
        Number of lanes; a lane may have no home.
    lane, home
        int64[k]: a lane, and the number of a home in it; a home may stand in a lane more than once.
    start_ms
        int64[k]: its start value, 0 or more.
    """

    n_lanes: int
    lane: Ints
    home: Ints
    start_ms: Ints


def least_totals(
    network: RoadNetwork,
    homes: Spots,
    places: Spots,
    starts: Starts,
    *,
    driven: bool = True,
    threads: int | None = None,
) -> Ints:
    """Return int64[n_places, n_lanes]: the least of start value + journey over the homes of a lane, -1 where none.

    Parameters
    ----------
    network
        The roads.
    homes, places
        Where journeys start and end, of `RoadNetwork.spots`.
    starts
        The homes of each lane.
    driven
        False: a journey counts nothing, and only has to be there.
    threads
        As for `RoadNetwork.milliseconds`; the answer is the same for any number.

    Raises
    ------
    NetworkError
        When the start values and the roads add up beyond 64 bits.
    """
    weights = network._weights("central")  # noqa: SLF001 - the network's own question, asked by lanes
    hierarchy = network._hierarchy("central")  # noqa: SLF001 - as above
    once = int(driven)
    leg_out, leg_in = homes.leg_ms * once, places.leg_ms * once
    leaving = leaving_stops(network.drives, homes.snaps, weights)
    arriving = arriving_stops(network.drives, places.snaps, weights)
    lane, home, start = _by_lane(starts)
    entry, door = ranges(leaving.first[home].astype(np.int64), leaving.first[home + 1].astype(np.int64))
    first = np.zeros(starts.n_lanes + 1, dtype=np.int32)
    np.cumsum(np.bincount(lane[entry], minlength=starts.n_lanes), out=first[1:])
    weight = start[entry] + leg_out[home[entry]] + once * leaving.weight[door]
    seeds = engine.Stops(first, leaving.node[door], weight)
    wide = _wide(hierarchy, int(weight.max(initial=0)), once)
    ends = engine.Stops(arriving.first, arriving.node, arriving.weight * once)
    by_road = wide.least(seeds, wide.ground(ends, toward_stops=True), threads=threads)
    total = np.where(by_road < 0, _FAR, by_road + leg_in[:, None])
    origin, place, along = along_one_edge(network.drives, homes.snaps, places.snaps, weights)
    _lower(total, starts, origin, place, leg_out[origin] + once * along + leg_in[place])
    origin, place = _at_one_point(homes, places)
    _lower(total, starts, origin, place, np.zeros(origin.size, dtype=np.int64))
    out: Ints = np.where(total < _FAR, total, UNREACHABLE)
    return out


def least_totals_within(
    network: RoadNetwork, homes: Spots, places: Spots, starts: Starts, limit_ms: Ints, *, threads: int | None = None
) -> Ints:
    """Return what `least_totals` does where some journeys are too long to be made.

    Every journey is worked out, some places at a time: which home is best then depends on the place.

    Parameters
    ----------
    network, homes, places, starts, threads
        As for `least_totals`.
    limit_ms
        int64[k]: the longest journey of each entry of `starts`.
    """
    out = np.full((places.size, starts.n_lanes), UNREACHABLE, dtype=np.int64)
    toward = network.toward(homes)
    step = max(1, CELLS_AT_ONCE // max(1, homes.size))
    for begin in range(0, places.size, step):
        part = _part(places, slice(begin, begin + step))
        journeys = toward.milliseconds(part, threads=threads).astype(np.int64)
        for lane in np.unique(starts.lane).tolist():
            entry = np.flatnonzero(starts.lane == lane)
            there = journeys[starts.home[entry]]
            made = (there >= 0) & (there <= limit_ms[entry, None])
            least = np.where(made, there + starts.start_ms[entry, None], _FAR).min(axis=0)
            out[begin : begin + part.size, lane] = np.where(least < _FAR, least, UNREACHABLE)
    return out


def _part(spots: Spots, rows: slice) -> Spots:
    snaps = spots.snaps
    some = Snaps(snaps.edge[rows], snaps.share[rows], snaps.snap_m[rows])
    return Spots(spots.x[rows], spots.y[rows], some, spots.leg_ms[rows], spots.leg_mm[rows])


def _by_lane(starts: Starts) -> tuple[Ints, Ints, Ints]:
    """Return lane, home and start value in the order of the lanes, each home of a lane once, at its least."""
    order = np.lexsort((starts.start_ms, starts.home, starts.lane))
    lane, home, start = starts.lane[order], starts.home[order], starts.start_ms[order]
    if start.size and int(start.min()) < 0:
        message = "a start value is below 0: raise all of them by the same amount"
        raise NetworkError(message)
    kept = np.ones(lane.size, dtype=np.bool_)
    kept[1:] = (lane[1:] != lane[:-1]) | (home[1:] != home[:-1])
    return lane[kept], home[kept], start[kept]


def _wide(hierarchy: engine.Hierarchy, most: int, once: int) -> engine.Hierarchy:
    """Return the folded network with 64-bit weights that start values up to `most` can be added to."""
    longest = hierarchy.longest + most
    if longest >= NO_WAY_64:
        message = "the start values and the roads add up beyond 64 bits: use a coarser unit of time"
        raise NetworkError(message)
    up, down = (
        engine.Arcs(arcs.first, arcs.to, arcs.weight.astype(np.int64) * once) for arcs in (hierarchy.up, hierarchy.down)
    )
    return engine.Hierarchy(hierarchy.place, up, down, longest)


def _lower(total: Ints, starts: Starts, origin: Ints, place: Ints, journey: Ints) -> None:
    """Lower totals in place by journeys known by themselves, of pairs of a home and a place."""
    order = np.argsort(starts.home, kind="stable")
    of_home = starts.home[order]
    pair, at = ranges(np.searchsorted(of_home, origin, side="left"), np.searchsorted(of_home, origin, side="right"))
    entry = order[at]
    np.minimum.at(total, (place[pair], starts.lane[entry]), starts.start_ms[entry] + journey[pair])


def _at_one_point(homes: Spots, places: Spots) -> tuple[Ints, Ints]:
    """Return (home, place) of every pair at the very same point, where the home is joined to the roads."""
    joined = np.flatnonzero(homes.snaps.edge != NO_EDGE)
    left = pd.DataFrame({"x": homes.x[joined], "y": homes.y[joined], "home": joined})
    right = pd.DataFrame({"x": places.x, "y": places.y, "place": np.arange(places.size)})
    same = left.merge(right, on=["x", "y"])
    return same["home"].to_numpy(np.int64), same["place"].to_numpy(np.int64)
