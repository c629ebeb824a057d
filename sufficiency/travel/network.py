"""Road tables as arrays, cut where homes and schools stand, and driven as one-way arcs.

A road marked `access_only` may start or end a journey and never carries through traffic. That rule is built into the
network, so that any exact search obeys it: nodes on such roads are held three times, as *leaving* (only access roads
driven so far), *through* (no access road) and *arriving* (only access roads from here on), joined one way by arcs of
no length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel import engine

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables
    from sufficiency.travel.snapping import Snaps

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

NO_EDGE: Final = -1
# Far beyond any road, and far below what whole millimetres can be summed to exactly.
LONGEST_EDGE_M: Final = 2_000_000.0


@dataclass(frozen=True, eq=False)
class Roads:
    """The road tables as arrays, nodes and edges numbered in the order of their ids, whatever rows they stand in.

    `edges` is the table in that order; `start` and `end` are int64[n_edges] numbers of nodes; `millimetres` is the
    length along the road, whole, so that sums are exact; `geometry` holds one line per edge in the metric system `crs`.
    """

    n_nodes: int
    edges: gpd.GeoDataFrame
    start: Ints
    end: Ints
    forward: Bools
    backward: Bools
    access_only: Bools
    millimetres: Ints
    geometry: NDArray[np.object_]
    crs: str


@dataclass(frozen=True, eq=False)
class CutRoads:
    """One-way arcs of the roads, cut at every snapped position.

    An arc drives edge `edge` (-1: no road, a change between leaving, through and arriving) from share `share_from` to
    share `share_to` of its length. `leave` and `arrive` are the nodes at which each snapped point starts and ends a
    journey, -1 where the point is not joined to a road.
    """

    n_nodes: int
    tail: Ints
    head: Ints
    edge: Ints
    share_from: Floats
    share_to: Floats
    leave: Ints
    arrive: Ints

    def weights(self, of_edge: Ints) -> Ints:
        """Return int64[n_arcs]: each arc's part of a whole number per edge; the parts of an edge add up exactly."""
        whole = np.append(of_edge, 0)[self.edge].astype(np.float64)
        part = np.abs(np.rint(whole * self.share_to) - np.rint(whole * self.share_from))
        return np.asarray(part.astype(np.int64))


def index_roads(roads: RoadTables) -> Roads:
    """Return the road tables as arrays.

    Raises
    ------
    NetworkError
        When there is no edge, an edge names an unknown node, ids are not unique, a length is no length, or the edges
        have no reference system.
    """
    nodes, edges = roads.nodes, roads.edges.sort_values("edge_id", kind="stable", ignore_index=True)
    if edges.empty:
        message = "there are no roads: give at least one edge"
        raise NetworkError(message)
    for name, ids in (("node", nodes["node_id"]), ("edge", edges["edge_id"])):
        if not ids.is_unique:
            message = f"{name} {ids[ids.duplicated()].iloc[0]} is given twice: {name} ids must be unique"
            raise NetworkError(message)
    number = {node_id: number for number, node_id in enumerate(sorted(nodes["node_id"]))}
    ends = []
    for column in ("from_node_id", "to_node_id"):
        found = edges[column].map(number)
        if found.isna().any():
            edge_id, node_id = edges.loc[found.isna(), ["edge_id", column]].iloc[0]
            message = f"edge {edge_id} has {column}={node_id}, which is not in the road nodes"
            raise NetworkError(message)
        ends.append(found.to_numpy(np.int64))
    length_m = edges["length_m"].to_numpy(np.float64)
    bad = np.flatnonzero(~((length_m >= 0) & (length_m < LONGEST_EDGE_M)))
    if bad.size:
        message = (
            f"edge {edges['edge_id'].iloc[int(bad[0])]} has length_m={length_m[bad[0]]:g}: give 0 m or more, "
            f"below {LONGEST_EDGE_M:,.0f} m ({bad.size} such edges)"
        )
        raise NetworkError(message)
    if edges.crs is None:
        message = "the road edges have no reference system: set their metric crs"
        raise NetworkError(message)
    return Roads(
        n_nodes=len(nodes),
        edges=edges,
        start=ends[0],
        end=ends[1],
        forward=edges["forward"].to_numpy(bool),
        backward=edges["backward"].to_numpy(bool),
        access_only=edges["access_only"].to_numpy(bool),
        millimetres=np.rint(length_m * 1_000).astype(np.int64),
        geometry=edges.geometry.to_numpy(),
        crs=str(edges.crs),
    )


def joined_edges(roads: Roads) -> Bools:
    """Return bool[n_edges]: edges from which, and to which, the main network can be driven under the access rule.

    The main network is the largest strongly connected component of the through roads. A through road belongs to it with
    both ends; an access road belongs when access roads alone lead from the main network to its ends, and back.
    """
    tail, head, access = _driven(roads)
    main = engine.largest_component(roads.n_nodes, tail[~access], head[~access])
    by_access = engine.reached(main, tail[access], head[access]) & engine.reached(main, head[access], tail[access])
    good = np.where(
        roads.access_only, by_access[roads.start] & by_access[roads.end], main[roads.start] & main[roads.end]
    )
    return np.asarray(good & (roads.forward | roads.backward))


def _driven(roads: Roads) -> tuple[Ints, Ints, Bools]:
    tail = np.concatenate([roads.start[roads.forward], roads.end[roads.backward]])
    head = np.concatenate([roads.end[roads.forward], roads.start[roads.backward]])
    return tail, head, np.concatenate([roads.access_only[roads.forward], roads.access_only[roads.backward]])


def cut_roads(roads: Roads, snaps: Snaps) -> CutRoads:
    """Return the one-way arcs of the roads, with a node at every snapped position.

    Positions at an edge's end are that end's node; equal positions on one edge share a node.
    """
    at = _node_of_each(roads, snaps)
    inner = np.flatnonzero(at >= roads.n_nodes)
    _, once = np.unique(at[inner], return_index=True)
    cuts = inner[once]
    edges = np.arange(roads.start.size)
    edge = np.concatenate([edges, snaps.edge[cuts], edges])
    share = np.concatenate([np.zeros(edges.size), snaps.share[cuts], np.ones(edges.size)])
    node = np.concatenate([roads.start, at[cuts], roads.end])
    order = np.lexsort((share, edge))
    edge, share, node = edge[order], share[order], node[order]
    piece = np.flatnonzero(edge[1:] == edge[:-1])
    ahead = piece[roads.forward[edge[piece]]]
    back = piece[roads.backward[edge[piece]]]
    first, second = np.concatenate([ahead, back + 1]), np.concatenate([ahead + 1, back])
    on_access = roads.access_only[edge[first]]
    n_nodes = roads.n_nodes + cuts.size
    arcs = (node[first], node[second], edge[first], share[first], share[second])
    # A place beside a junction of both kinds of road stands on the road it joins: only from an access road may it leave
    # by one.
    return _with_access_rule(n_nodes, arcs, on_access, at, roads.access_only[snaps.edge])


def _node_of_each(roads: Roads, snaps: Snaps) -> Ints:
    """Return the node of each snapped position: an end's node, or a new one per (edge, share); -1 where not joined."""
    at = np.full(snaps.edge.size, NO_EDGE, dtype=np.int64)
    joined = snaps.edge != NO_EDGE
    at[joined & (snaps.share == 0)] = roads.start[snaps.edge[joined & (snaps.share == 0)]]
    at[joined & (snaps.share == 1)] = roads.end[snaps.edge[joined & (snaps.share == 1)]]
    inner = np.flatnonzero(joined & (snaps.share > 0) & (snaps.share < 1))
    if inner.size:
        positions = np.column_stack([snaps.edge[inner], snaps.share[inner]])
        _, number = np.unique(positions, axis=0, return_inverse=True)
        at[inner] = roads.n_nodes + number.reshape(-1)
    return at


def _with_access_rule(
    n_nodes: int, arcs: tuple[Ints, Ints, Ints, Floats, Floats], on_access: Bools, at: Ints, place_on_access: Bools
) -> CutRoads:
    tail, head, edge, share_from, share_to = arcs
    touched = np.unique(np.concatenate([tail[on_access], head[on_access]]))
    leaving = np.arange(n_nodes)
    leaving[touched] = n_nodes + np.arange(touched.size)
    arriving = np.arange(n_nodes)
    arriving[touched] = n_nodes + touched.size + np.arange(touched.size)
    # Every arc once: through roads as they are, access roads twice (leaving and arriving), then the two changes.
    through, access = np.flatnonzero(~on_access), np.flatnonzero(on_access)
    driven = np.concatenate([through, access, access])
    no_road = np.full(2 * touched.size, NO_EDGE, dtype=np.int64)
    nowhere = np.zeros(no_road.size)
    return CutRoads(
        n_nodes=n_nodes + 2 * touched.size,
        tail=np.concatenate([tail[through], leaving[tail[access]], arriving[tail[access]], leaving[touched], touched]),
        head=np.concatenate([head[through], leaving[head[access]], arriving[head[access]], touched, arriving[touched]]),
        edge=np.concatenate([edge[driven], no_road]),
        share_from=np.concatenate([share_from[driven], nowhere]),
        share_to=np.concatenate([share_to[driven], nowhere]),
        leave=np.where(place_on_access & (at >= 0), leaving[at], at),
        arrive=np.where(place_on_access & (at >= 0), arriving[at], at),
    )
