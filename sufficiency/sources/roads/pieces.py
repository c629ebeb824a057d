"""Ways as they come from a map, and the pieces between their vertices: what is cut at junctions and merged to edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sufficiency.model import geography

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MISSING: Final = -1
# Whether a sign or a type of limit says that a way is in a built-up area.
BUILT_UP: Final = 1
OPEN_COUNTRY: Final = 0
NOT_SAID: Final = -1


@dataclass(frozen=True, eq=False)
class Vertices:
    """Vertices as arrays of one length: id, the how manieth end at a barrier (0 = the node itself), degrees, metres."""

    node_id: Ints
    end: Ints
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats

    def names(self, rows: Ints) -> NDArray[np.str_]:
        """Return the node ids of some vertices as text."""
        text = self.node_id[rows].astype(np.str_)
        end = self.end[rows]
        return np.where(end > 0, np.char.add(np.char.add(text, ":"), (end + 1).astype(np.str_)), text)

    def with_more_ends(self, of: Ints) -> Vertices:
        """Return the vertices and, after them, further ends of some of them; `of` names each as often, in order."""
        rows = np.concatenate([np.arange(self.node_id.size), of])
        runs = np.flatnonzero(np.diff(of, prepend=MISSING))
        nth = np.arange(of.size) - np.repeat(runs, np.diff(runs, append=of.size))
        end = np.concatenate([np.zeros(self.node_id.size, np.int64), nth + 1])
        return Vertices(self.node_id[rows], end, self.lon[rows], self.lat[rows], self.x[rows], self.y[rows])


@dataclass(frozen=True, eq=False)
class Ways:
    """Roads before they are cut at junctions: ways over vertices, with one set of properties each.

    Way ``i`` runs over the vertices ``vertex[first[i]:first[i + 1]]``: int64 rows of the vertex arrays, or -1 where the
    vertex is missing, so that the way is cut there. `way_id` (int64, unique) numbers the edges. `properties` has a row
    a way: road_class, road_number (text, "" = none), maxspeed_kph (NaN = not signed), built_up (1 yes, 0 no, -1 not
    said), forward, backward, access_only (bool) and ferry_min (duration of a ferry, NaN = not stated or no ferry).
    """

    way_id: Ints
    first: Ints
    vertex: Ints
    properties: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Pieces:
    """Straight pieces of road between two vertices, in order of way id and place on the way.

    `tail` and `head` are rows of the vertex arrays in the direction of the way; `way` the row of `Ways`; `place` the
    number of the piece on its way; lengths are geodesic metres. Half ``2 * piece`` runs from tail to head, half
    ``2 * piece + 1`` back; `drives` (bool per half) says which of them a car may drive.
    """

    tail: Ints
    head: Ints
    way: Ints
    place: Ints
    length_m: Floats
    access_only: Bools
    drives: Bools


def take(pieces: Pieces, kept: Bools) -> Pieces:
    """Return the pieces that are kept, in their order."""
    chosen = {name: getattr(pieces, name)[kept] for name in ("tail", "head", "way", "place", "length_m", "access_only")}
    return Pieces(**chosen, drives=pieces.drives.reshape(-1, 2)[kept].ravel())


def cut_in_pieces(ways: Ways, node_id: Ints, lon: Floats, lat: Floats) -> tuple[Pieces, Ints]:
    """Return the pieces of the ways, and the vertex that stands for each vertex.

    Vertices joined by a piece of no length are one vertex, the one with the lowest id; such pieces vanish, as do pieces
    with a missing end and ways that are open in neither direction.
    """
    counts = np.diff(ways.first)
    way = np.repeat(np.arange(counts.size), counts)
    place = np.arange(ways.vertex.size) - ways.first[way]
    forward = ways.properties["forward"].to_numpy(bool)
    backward = ways.properties["backward"].to_numpy(bool)
    good = np.zeros(ways.vertex.size, dtype=bool)
    good[:-1] = (way[:-1] == way[1:]) & (ways.vertex[:-1] != MISSING) & (ways.vertex[1:] != MISSING)
    good &= (forward | backward)[way]
    start = np.flatnonzero(good)
    start = start[np.lexsort((place[start], ways.way_id[way[start]]))]
    tail, head, way, place = ways.vertex[start], ways.vertex[start + 1], way[start], place[start]
    length_m = geography.geodesic_lengths_m(lon[tail], lat[tail], lon[head], lat[head])
    access = ways.properties["access_only"].to_numpy(bool)[way]
    drives = np.column_stack([forward[way], backward[way]]).ravel()
    stands_for = _one_vertex(tail[length_m == 0], head[length_m == 0], node_id)
    tail, head = stands_for[tail], stands_for[head]
    return take(Pieces(tail, head, way, place, length_m, access, drives), tail != head), stands_for


def _one_vertex(tail: Ints, head: Ints, node_id: Ints) -> Ints:
    """Return, per vertex, the vertex of lowest id among those that are joined to it."""
    stands_for = np.arange(node_id.size)
    if tail.size:
        joined = csr_array((np.ones(tail.size, np.int8), (tail, head)), shape=(node_id.size, node_id.size))
        _, group = connected_components(joined, directed=False)
        order = np.lexsort((node_id, group))
        leads = np.flatnonzero(np.diff(group[order], prepend=-1))
        stands_for = order[leads][group]
    return stands_for


@dataclass(frozen=True, eq=False)
class BarrierCuts:
    """Pieces cut at the barriers that stop a car, with the vertex that each new vertex is a further end of."""

    pieces: Pieces
    end_of: Ints
    stopped: int
    limited: int
    at_junction: int


def cut_at_barriers(pieces: Pieces, n_vertices: int, stops: Bools, limits: Bools, firm: Bools) -> BarrierCuts:
    """Return the pieces cut where a barrier stops a car, and access-only where it lets some cars pass.

    Where three or more pieces of road meet, a firm barrier ends them all; another cannot stand on all of them, is taken
    as misplaced, and left.

    Parameters
    ----------
    pieces
        The pieces.
    n_vertices
        Number of vertices; new ones are numbered from here.
    stops, limits
        bool[n_vertices]: a barrier there stops every car, or lets only some pass.
    firm
        bool[n_vertices]: of those that stop, the ones put there against cars (bollards, blocks).
    """
    ends = np.concatenate([pieces.tail, pieces.head])
    degree = np.bincount(ends, minlength=n_vertices)
    limited = limits & ~stops & (degree == 2)
    stopped = stops & ((degree == 2) | (firm & (degree > 2)))
    at_junction = int(((stops | limits) & ~stopped & (degree > 2)).sum())
    access_only = pieces.access_only | limited[pieces.tail] | limited[pieces.head]
    # of the ends that meet at a barrier, those of all pieces but the first become vertices of their own
    order = np.lexsort((np.concatenate([np.arange(pieces.tail.size)] * 2), ends))
    at = ends[order]
    further = np.flatnonzero(stopped[at][1:] & (at[1:] == at[:-1])) + 1
    end_of = at[further]
    ends[order[further]] = n_vertices + np.arange(further.size)
    tail, head = np.split(ends, 2)
    cut = replace(pieces, tail=tail, head=head, access_only=access_only)
    return BarrierCuts(cut, end_of, int(stopped.sum()), int(limited.sum()), at_junction)
