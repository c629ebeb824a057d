"""Roads made ready: weighed, folded, and asked for whole journeys between places, legs off the road included."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel import engine, store
from sufficiency.travel.drives import drives_of
from sufficiency.travel.graph import UNREACHABLE, as_milliseconds
from sufficiency.travel.network import NO_EDGE, index_roads
from sufficiency.travel.snapping import Snapper, Snaps
from sufficiency.travel.speeds import edge_times
from sufficiency.travel.stops import SECOND_BITS, EdgeWeights, along_one_edge, arriving_stops, leaving_stops
from sufficiency.travel.ways import Way, best_way, leaving_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables
    from sufficiency.travel.drives import Drives
    from sufficiency.travel.snapping import AccessLeg
    from sufficiency.travel.speeds import EdgeTimes

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MM_PER_M: Final = 1_000
Band = Literal["low", "central", "high"]
# What a network is weighed by: a band of time, or the central time and then the length.
Kind = Literal["low", "central", "high", "time_then_length"]
KINDS: Final[tuple[Kind, ...]] = ("central", "time_then_length", "low", "high")


@dataclass(frozen=True, eq=False)
class Spots:
    """Places joined to the roads, with the legs between.

    Attributes
    ----------
    x, y
        float64[n]: positions in the metric system of the roads.
    snaps
        Where each joins the roads.
    leg_ms, leg_mm
        int64[n]: the leg off the road, in milliseconds and millimetres.
    """

    x: Floats
    y: Floats
    snaps: Snaps
    leg_ms: Ints
    leg_mm: Ints

    @property
    def size(self) -> int:
        """Number of places."""
        return self.x.size

    @property
    def snap_m(self) -> Floats:
        """float64[n]: straight distance to the road joined."""
        return self.snaps.snap_m


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads with their times, ready for journeys; make it with `prepare`.

    A network is folded when a question first needs it, and kept: the same answer, sooner. `keep` = also on disk.
    """

    drives: Drives
    times: EdgeTimes
    profile: str
    leg: AccessLeg
    keep: bool = True
    _folded: dict[Kind, engine.Hierarchy] = field(default_factory=dict, repr=False)

    def spots(self, x: Floats, y: Floats) -> Spots:
        """Join places to the roads, by the same rule for homes and schools.

        Raises
        ------
        NetworkError
            When no road may be joined, or a position is not a number.
        """
        snaps = self._snapper.snap(x, y, self.leg.limit_m)
        return Spots(x, y, snaps, self.leg.milliseconds(snaps.snap_m), self.leg.millimetres(snaps.snap_m))

    def milliseconds(
        self, origins: Spots, destinations: Spots, *, band: Band = "central", threads: int | None = None
    ) -> NDArray[np.int32]:
        """Return int32[n, m]: least milliseconds of whole journeys, -1 where there is no way.

        A journey is the leg at its start, the roads, and the leg at its end; 0 between two places at the same point.

        Raises
        ------
        NetworkError
            When a time is 2·10⁹ ms or more.
        """
        on_roads = self._on_roads(band, origins, destinations, threads=threads)
        return as_milliseconds(_whole_way(on_roads, origins.leg_ms, destinations.leg_ms, origins, destinations))

    def journeys(
        self, origins: Spots, destinations: Spots, *, threads: int | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (int32[n, m] least milliseconds, int32[n, m] least metres among the least-time ways), -1 = no way.

        The times are found twice, alone and together with the lengths, in networks folded apart; they must agree.

        Raises
        ------
        NetworkError
            When a time is 2·10⁹ ms or more, or a least-time way is longer than 2,147 km.
        """
        on_roads = self._on_roads("central", origins, destinations, threads=threads)
        both = self._on_roads("time_then_length", origins, destinations, threads=threads)
        if not np.array_equal(both >> SECOND_BITS, on_roads):
            message = "a least-time way is longer than 2,147 km: check the lengths of the roads"
            raise NetworkError(message)
        millimetres = np.where(both < 0, UNREACHABLE, both & (2**SECOND_BITS - 1))
        whole = _whole_way(millimetres, origins.leg_mm, destinations.leg_mm, origins, destinations)
        metres = np.where(whole < 0, UNREACHABLE, (whole + MM_PER_M // 2) // MM_PER_M)
        times = _whole_way(on_roads, origins.leg_ms, destinations.leg_ms, origins, destinations)
        return as_milliseconds(times), metres.astype(np.int32)

    def toward(self, origins: Spots, *, band: Band = "central") -> Toward:
        """Prepare journeys from the same homes to ever new places."""
        stops = leaving_stops(self.drives, origins.snaps, self._weights(band))
        return Toward(self, origins, band, self._hierarchy(band).ground(stops, toward_stops=False))

    def ways(self, origins: Spots, destinations: Spots) -> list[Way | None]:
        """Return the least-time way (of equals the shortest) of each pair (i, i); None where there is none.

        The legs off the roads are not part of it.
        """
        weights, hierarchy = self._weights("time_then_length"), self._hierarchy("time_then_length")
        found: list[Way | None] = [None] * origins.size
        before, least = (-1, -1.0), np.empty(0, dtype=np.int64)
        for pair in np.lexsort((origins.snaps.share, origins.snaps.edge)).tolist():
            origin, destination = origins.snaps.part(pair), destinations.snaps.part(pair)
            if before != (origin.edge[0], origin.share[0]):
                before = (origin.edge[0], origin.share[0])
                starts = leaving_stops(self.drives, origin, weights)
                least = hierarchy.least(starts, hierarchy.everywhere)[:, 0].astype(np.int64)
            found[pair] = best_way(self.drives, self._leaving, (origin, destination), weights, least)
        return found

    def fold(self) -> None:
        """Fold every kind now, two at a time, rather than when first asked for."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._hierarchy, KINDS))

    def _on_roads(
        self,
        kind: Kind,
        origins: Spots,
        destinations: Spots,
        *,
        threads: int | None,
        ground: engine.Ground | None = None,
    ) -> Ints:
        """Return int64[n, m]: least weight by road, -1 = none; `ground` is that of the origins, where prepared."""
        weights, hierarchy = self._weights(kind), self._hierarchy(kind)
        arriving = arriving_stops(self.drives, destinations.snaps, weights)
        if ground is not None:
            least = hierarchy.least(arriving, ground, threads=threads)
        else:
            leaving = leaving_stops(self.drives, origins.snaps, weights)
            if arriving.size <= leaving.size:
                least = hierarchy.least(arriving, hierarchy.ground(leaving, toward_stops=False), threads=threads)
            else:
                least = hierarchy.least(leaving, hierarchy.ground(arriving, toward_stops=True), threads=threads).T
        least = np.ascontiguousarray(least, dtype=np.int64)
        origin, destination, along = along_one_edge(self.drives, origins.snaps, destinations.snaps, weights)
        through = least[origin, destination]
        least[origin, destination] = np.where(through < 0, along, np.minimum(through, along))
        return least

    def _weights(self, kind: Kind) -> EdgeWeights:
        if kind == "time_then_length":
            return EdgeWeights(self.times.central, self.drives.roads.millimetres)
        return EdgeWeights({"low": self.times.low, "central": self.times.central, "high": self.times.high}[kind])

    def _hierarchy(self, kind: Kind) -> engine.Hierarchy:
        if kind not in self._folded:
            arcs = self.drives.arcs
            weight = self._weights(kind).whole(arcs.edge)
            fold = store.folded if self.keep else engine.fold
            self._folded[kind] = fold(self.drives.n_nodes, arcs.tail, arcs.head, weight)
        return self._folded[kind]

    @cached_property
    def _leaving(self) -> engine.Leaving:
        return leaving_of(self.drives)

    @cached_property
    def _snapper(self) -> Snapper:
        return Snapper.of(self.drives.roads)


@dataclass(frozen=True, eq=False)
class Toward:
    """The roads that lead away from some homes, prepared: see `RoadNetwork.toward`."""

    network: RoadNetwork
    origins: Spots
    band: Band
    ground: engine.Ground

    def milliseconds(self, destinations: Spots, *, threads: int | None = None) -> NDArray[np.int32]:
        """Return int32[n, m], as `RoadNetwork.milliseconds` does."""
        homes = self.origins
        on_roads = self.network._on_roads(  # noqa: SLF001 - the two halves of one question
            self.band, homes, destinations, threads=threads, ground=self.ground
        )
        return as_milliseconds(_whole_way(on_roads, homes.leg_ms, destinations.leg_ms, homes, destinations))


def prepare(
    roads: RoadTables,
    speeds: pd.DataFrame | None = None,
    *,
    profile: str = "school_morning",
    leg: AccessLeg,
    keep: bool = True,
) -> RoadNetwork:
    """Weigh roads, ready for journeys.

    Parameters
    ----------
    roads
        Road nodes, edges and turns, in a metric system.
    speeds
        Table `speeds`; None = those that came with the roads.
    profile
        Profile of the speed table.
    leg
        The leg between a place and the road that it joins.
    keep
        Whether folded networks are kept on disk; not for speeds that are tried once.

    Raises
    ------
    NetworkError
        When the roads or speeds cannot be driven, or there are no speeds.
    """
    speeds = roads.speeds if speeds is None else speeds
    if speeds is None:
        message = "times need a speed table: give speeds="
        raise NetworkError(message)
    indexed = index_roads(roads)
    return RoadNetwork(drives_of(indexed), edge_times(indexed.edges, speeds, profile), profile, leg, keep)


def _whole_way(on_roads: Ints, leave: Ints, arrive: Ints, origins: Spots, destinations: Spots) -> Ints:
    """Return the roads plus both legs, -1 where there is no way; 0 at the very same point, if it is joined."""
    whole = np.where(on_roads < 0, UNREACHABLE, on_roads + leave[:, None] + arrive[None, :])
    same = (origins.x[:, None] == destinations.x[None, :]) & (origins.y[:, None] == destinations.y[None, :])
    whole[same & (origins.snaps.edge != NO_EDGE)[:, None]] = 0
    return whole
