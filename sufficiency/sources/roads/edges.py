"""The edge and node tables of merged chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.sources.roads.turns import EdgeEnds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.sources.roads.chains import Chains
    from sufficiency.sources.roads.pieces import Pieces, Vertices, Ways

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


def edge_table(
    chains: Chains, pieces: Pieces, vertices: Vertices, ways: Ways, *, urban: Bools, crs: str
) -> gpd.GeoDataFrame:
    """Return the edges (table `road_edges` with lines), in order of their lowest pieces.

    All properties but the road number are those of the lowest piece, as they are equal along a chain; the number is the
    one that the longest part of the chain bears.
    """
    lowest = np.minimum.reduceat(chains.half >> 1, chains.first[:-1])
    way = pieces.way[lowest]
    starts, stops = edge_vertices(chains, pieces)
    properties = ways.properties
    name = np.char.add(np.char.add(ways.way_id[way].astype(np.str_), "-"), pieces.place[lowest].astype(np.str_))
    columns = {
        "edge_id": name,
        "from_node_id": vertices.names(starts),
        "to_node_id": vertices.names(stops),
        "forward": pieces.drives[2 * lowest],
        "backward": pieces.drives[2 * lowest + 1],
        "road_class": properties["road_class"].to_numpy()[way],
        "road_number": _road_numbers(chains, pieces, properties["road_number"].to_numpy()),
        "maxspeed_kph": properties["maxspeed_kph"].to_numpy(np.float64)[way],
        "urban": urban[lowest],
        "access_only": pieces.access_only[lowest],
        # a map holds every street: delays are met where a road gives way, not at every end
        "side_streets": np.ones(lowest.size, dtype=bool),
        "length_m": np.add.reduceat(pieces.length_m[chains.half >> 1], chains.first[:-1]),
    }
    return gpd.GeoDataFrame(columns, geometry=_lines(chains, pieces, vertices), crs=crs)


def node_table(chains: Chains, pieces: Pieces, vertices: Vertices, crs: str) -> gpd.GeoDataFrame:
    """Return the nodes at the ends of edges, in order of their map ids: node_id, lon, lat and a point."""
    rows = np.unique(np.concatenate(edge_vertices(chains, pieces)))
    rows = rows[np.lexsort((vertices.end[rows], vertices.node_id[rows]))]
    columns = {"node_id": vertices.names(rows), "lon": vertices.lon[rows], "lat": vertices.lat[rows]}
    return gpd.GeoDataFrame(columns, geometry=shapely.points(vertices.x[rows], vertices.y[rows]), crs=crs)


def edge_vertices(chains: Chains, pieces: Pieces) -> tuple[Ints, Ints]:
    """Return the vertices at which each chain starts and ends."""
    ends = np.stack([pieces.tail, pieces.head], axis=1).ravel()
    return ends[chains.half[chains.first[:-1]]], ends[chains.half[chains.first[1:] - 1] ^ 1]


def edge_ends(chains: Chains, pieces: Pieces, way_id: Ints) -> EdgeEnds:
    """Return both ends of every edge, for the turns at them."""
    first, last = chains.half[chains.first[:-1]], chains.half[chains.first[1:] - 1]
    starts, stops = edge_vertices(chains, pieces)
    edge = np.arange(first.size)
    return EdgeEnds(
        edge=np.concatenate([edge, edge]),
        vertex=np.concatenate([starts, stops]),
        way_id=way_id[pieces.way[np.concatenate([first, last]) >> 1]],
        arrives=np.concatenate([pieces.drives[first ^ 1], pieces.drives[last]]),
        leaves=np.concatenate([pieces.drives[first], pieces.drives[last ^ 1]]),
    )


def _lines(chains: Chains, pieces: Pieces, vertices: Vertices) -> NDArray[np.object_]:
    """Return one line per chain through all its vertices."""
    ends = np.stack([pieces.tail, pieces.head], axis=1).ravel()
    count = np.diff(chains.first)
    chain = np.repeat(np.arange(count.size), count)
    rows = np.zeros(chains.half.size + count.size, dtype=np.int64)
    rows[np.arange(chains.half.size) + chain] = ends[chains.half]
    rows[chains.first[1:] + np.arange(count.size)] = ends[chains.half[chains.first[1:] - 1] ^ 1]
    positions = np.column_stack([vertices.x[rows], vertices.y[rows]])
    return np.asarray(shapely.linestrings(positions, indices=np.repeat(np.arange(count.size), count + 1)))


def _road_numbers(chains: Chains, pieces: Pieces, number_of_way: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return, per chain, the road number of the longest part that has one; equal lengths go by the text."""
    chain = np.repeat(np.arange(chains.first.size - 1), np.diff(chains.first))
    piece = chains.half >> 1
    parts = pd.DataFrame(
        {"chain": chain, "number": number_of_way[pieces.way[piece]], "length_m": pieces.length_m[piece]}
    )
    numbered = parts.loc[parts["number"] != ""].groupby(["chain", "number"])["length_m"].sum().reset_index()
    numbered = numbered.sort_values(["chain", "length_m", "number"], ascending=[True, False, True], kind="stable")
    longest = numbered.drop_duplicates("chain")
    numbers = np.full(chains.first.size - 1, "", dtype=object)
    numbers[longest["chain"].to_numpy()] = longest["number"].to_numpy()
    return numbers
