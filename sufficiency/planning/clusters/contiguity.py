"""Which zones are neighbours: those whose polygons share a border, and not only a corner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import networkx as nx
import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

__all__ = ["contiguity_graph", "pieces"]

# Zones are noded on a grid of 1 cm: what is shorter is a corner.
LEAST_BORDER_M: Final = 0.1


def contiguity_graph(zones: gpd.GeoDataFrame) -> nx.Graph:
    """Return the graph of neighbouring zones within each district.

    Parameters
    ----------
    zones
        zone_id, district_id and polygons in metres, with the vertices of common borders in common.

    Returns
    -------
    Graph
        A node a zone (attribute district_id), an edge where two zones of one district share a border (border_m), both
        in order of zone_id. Every zone of an area has a polygon, given or the ground nearest to its place, so that no
        other neighbourhood is needed.
    """
    ordered = zones.sort_values("zone_id")
    names, districts = ordered["zone_id"].tolist(), ordered["district_id"].to_numpy()
    shapes = ordered.geometry.to_numpy()
    graph = nx.Graph()
    for name, district in zip(names, districts, strict=True):
        graph.add_node(name, district_id=district)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    wanted = (first < second) & (districts[first] == districts[second])
    first, second = first[wanted], second[wanted]
    border_m = shapely.length(shapely.intersection(shapely.boundary(shapes[first]), shapely.boundary(shapes[second])))
    for at in np.lexsort((second, first)):
        if border_m[at] > LEAST_BORDER_M:
            graph.add_edge(names[first[at]], names[second[at]], border_m=float(border_m[at]))
    return graph


def pieces(graph: nx.Graph, zone_ids: Iterable[str]) -> list[list[str]]:
    """Return the contiguous pieces that some zones are in, the largest first, each in order of zone_id."""
    found = [sorted(piece) for piece in nx.connected_components(graph.subgraph(zone_ids))]
    return sorted(found, key=lambda piece: (-len(piece), piece))
