"""Road tables as arrays: nodes and edges numbered, and where they hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import NetworkError
from sufficiency.travel.components import islands_of, largest_component, reached

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables

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
    `turns` is int64[k, 3]: from edge, via node, to edge of each turn that may not be made.
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
    turns: Ints


def index_roads(roads: RoadTables) -> Roads:
    """Return the road tables as arrays.

    Raises
    ------
    NetworkError
        When there is no edge, an edge names an unknown node, ids are not unique, a length is no length, a turn names
        an unknown edge or node, an edge has no line, or the edges have no metric reference system.
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
    if edges.crs.is_geographic:
        message = (
            f"the road edges are in {edges.crs}, which counts in degrees: project them to the area's metric system"
        )
        raise NetworkError(message)
    lines = edges.geometry
    shapeless = lines.isna() | lines.is_empty | (lines.geom_type != "LineString")
    if shapeless.any():
        message = (
            f"edge {edges.loc[shapeless, 'edge_id'].iloc[0]} has no line ({int(shapeless.sum())} such): give each "
            "edge its LineString, or leave it out"
        )
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
        turns=_turns(roads.turns, edges, number),
    )


def _turns(turns: pd.DataFrame | None, edges: gpd.GeoDataFrame, node_number: dict[str, int]) -> Ints:
    if turns is None or turns.empty:
        return np.empty((0, 3), dtype=np.int64)
    edge_number = {edge_id: number for number, edge_id in enumerate(edges["edge_id"])}
    columns = []
    for column, numbers in (("from_edge_id", edge_number), ("via_node_id", node_number), ("to_edge_id", edge_number)):
        found = turns[column].map(numbers)
        if found.isna().any():
            message = (
                f"a turn that may not be made has {column}={turns.loc[found.isna(), column].iloc[0]}, which is unknown"
            )
            raise NetworkError(message)
        columns.append(found.to_numpy(np.int64))
    return np.unique(np.column_stack(columns), axis=0)


def joined_edges(roads: Roads) -> Bools:
    """Return bool[n_edges]: edges from which, and to which, the main network can be driven under the access rule.

    The main network is the largest strongly connected component of the through roads. A through road belongs to it with
    both ends; an access road belongs when access roads alone lead from the main network to its ends, and back.
    """
    tail, head, access = _driven(roads)
    main = largest_component(roads.n_nodes, tail[~access], head[~access])
    by_access = reached(main, tail[access], head[access]) & reached(main, head[access], tail[access])
    good = np.where(
        roads.access_only, by_access[roads.start] & by_access[roads.end], main[roads.start] & main[roads.end]
    )
    return np.asarray(good & (roads.forward | roads.backward))


def edges_toward_main(roads: Roads, *, leaving: bool) -> Bools:
    """Return bool[n_edges]: edges from which the main network can be driven to, or (not `leaving`) that it leads to.

    More than `joined_edges`: one journey may start on a street that cars can leave and not enter, as where a map is
    clipped.
    """
    tail, head, access = _driven(roads)
    main = largest_component(roads.n_nodes, tail[~access], head[~access])
    if leaving:
        tail, head = head, tail
    # from the main network outwards: first over through roads, then over access roads, as a journey may
    by_through = reached(main, tail[~access], head[~access])
    by_access = reached(by_through, tail[access], head[access])
    driven_forward, driven_backward = (roads.end, roads.start) if leaving else (roads.start, roads.end)
    good = [np.where(roads.access_only, by_access[end], by_through[end]) for end in (driven_forward, driven_backward)]
    return np.asarray((good[0] & roads.forward) | (good[1] & roads.backward))


def _driven(roads: Roads) -> tuple[Ints, Ints, Bools]:
    tail = np.concatenate([roads.start[roads.forward], roads.end[roads.backward]])
    head = np.concatenate([roads.end[roads.forward], roads.start[roads.backward]])
    return tail, head, np.concatenate([roads.access_only[roads.forward], roads.access_only[roads.backward]])


def islands(roads: RoadTables) -> pd.DataFrame:
    """Return the parts of the roads that no journey starts or ends on: they do not hang together with the rest.

    Parameters
    ----------
    roads
        Road nodes and edges.

    Returns
    -------
    DataFrame
        One row a part, the longest first: edges, length_km, first_edge_id, and kind: ``apart`` (no road leads there) or
        ``one_way`` (it leads to or from the main network, but not both). Empty when everything hangs together.
    """
    indexed = index_roads(roads)
    outside = np.flatnonzero(~joined_edges(indexed))
    if outside.size == 0:
        return pd.DataFrame({"edges": [], "length_km": [], "first_edge_id": [], "kind": []})
    whole = islands_of(indexed.n_nodes, indexed.start, indexed.end)
    joined = np.zeros(indexed.n_nodes, dtype=bool)
    inside = np.flatnonzero(joined_edges(indexed))
    joined[np.concatenate([indexed.start[inside], indexed.end[inside]])] = True
    with_main = np.isin(whole, np.unique(whole[joined]))
    part = islands_of(indexed.n_nodes, indexed.start[outside], indexed.end[outside])
    found = pd.DataFrame(
        {
            "part": part[indexed.start[outside]],
            "length_km": indexed.millimetres[outside] / 1e6,
            "first_edge_id": indexed.edges["edge_id"].to_numpy()[outside],
            "kind": np.where(with_main[indexed.start[outside]], "one_way", "apart"),
        }
    )
    grouped = found.groupby("part", as_index=False).agg(
        edges=("length_km", "size"), length_km=("length_km", "sum"), first_edge_id=("first_edge_id", "first"),
        kind=("kind", "first"),
    )  # fmt: skip
    ordered = grouped.sort_values(["length_km", "first_edge_id"], ascending=[False, True], ignore_index=True)
    return ordered.drop(columns="part")
