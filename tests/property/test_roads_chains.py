"""Laws of cutting and merging: on any map, length, ways through and least distances stay what they were.

The unmerged map is a networkx graph of its single pieces, made by this file's own plain code.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import get_coordinates

from sufficiency.model import geography
from sufficiency.sources.roads.assemble import assemble
from sufficiency.sources.roads.pieces import Ways

N_NODES = 9
CLASSES = ("primary", "residential")
# each example makes tables and projects positions
FEW = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class Map:
    """Places of the vertices, and ways: vertices, class, forward, backward, access-only."""

    places: tuple[tuple[int, int], ...]
    ways: tuple[tuple[tuple[int, ...], str, bool, bool, bool], ...]
    stops: frozenset[int]


@st.composite
def maps(draw: st.DrawFn) -> Map:
    """Draw a map: vertices on a coarse grid, so that some coincide, and up to six ways that cross and repeat."""
    places = draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=N_NODES, max_size=N_NODES))
    directions = st.sampled_from([(True, True), (True, True), (True, False), (False, True)])
    way = st.tuples(
        st.lists(st.integers(0, N_NODES - 1), min_size=2, max_size=7).map(tuple),
        st.sampled_from(CLASSES),
        directions,
        st.sampled_from([False, False, True]),
    ).map(lambda drawn: (drawn[0], drawn[1], *drawn[2], drawn[3]))
    ways = draw(st.lists(way, min_size=1, max_size=6))
    stops = draw(st.frozensets(st.integers(0, N_NODES - 1), max_size=2))
    return Map(tuple(places), tuple(ways), stops)


def degrees(drawn: Map) -> tuple[np.ndarray, np.ndarray]:
    east, north = np.array(drawn.places, dtype=float).T
    return -1 + 0.001 * east, 52 + 0.001 * north


def pieces_of(drawn: Map) -> list[tuple[int, int, float, tuple[str, bool, bool, bool]]]:
    """Return the pieces of no zero length, with vertices at one place joined by such a piece taken as one."""
    lon, lat = degrees(drawn)
    lead = list(range(N_NODES))

    def leader(vertex: int) -> int:
        while lead[vertex] != vertex:
            vertex = lead[vertex]
        return vertex

    pairs = [(a, b, rest) for vertices, *rest in drawn.ways for a, b in itertools.pairwise(vertices)]
    for a, b, _ in pairs:
        if drawn.places[a] == drawn.places[b]:
            first, second = sorted((leader(a), leader(b)))
            lead[second] = first
    found = []
    for a, b, rest in pairs:
        if leader(a) != leader(b):
            length = geography.geodesic_length_m([lon[a], lon[b]], [lat[a], lat[b]])
            found.append((leader(a), leader(b), length, tuple(rest)))
    return found


def assembled(drawn: Map, order: list[int] | None = None, stops: bool = False):
    """Return the road tables of a map, its ways given in an order; node ids are 100 + vertex, way ids 10 + number."""
    order = list(range(len(drawn.ways))) if order is None else order
    lon, lat = degrees(drawn)
    properties = pd.DataFrame(
        {
            "road_class": [drawn.ways[one][1] for one in order],
            "road_number": "",
            "maxspeed_kph": np.nan,
            "built_up": 0,
            "forward": [drawn.ways[one][2] for one in order],
            "backward": [drawn.ways[one][3] for one in order],
            "access_only": [drawn.ways[one][4] for one in order],
            "ferry_min": np.nan,
        }
    )
    vertices = [drawn.ways[one][0] for one in order]
    first = np.append(0, np.cumsum([len(one) for one in vertices]))
    ways = Ways(10 + np.array(order), first, np.array([one for part in vertices for one in part]), properties)
    flags = np.isin(np.arange(N_NODES), list(drawn.stops)) if stops else None
    return assemble(100 + np.arange(N_NODES), lon, lat, ways, stops=flags)


def least(edges: list[tuple[str, str, float, bool, bool]]) -> dict[str, dict[str, float]]:
    graph = nx.MultiDiGraph()
    for source, target, length, forward, backward in edges:
        graph.add_nodes_from((source, target))
        if forward:
            graph.add_edge(source, target, weight=length)
        if backward:
            graph.add_edge(target, source, weight=length)
    return dict(nx.all_pairs_dijkstra_path_length(graph))


def equal(one: float | None, other: float | None) -> bool:
    """Return whether two distances are equal, or both are none."""
    return one is other if one is None or other is None else one == pytest.approx(other, rel=1e-9)


def edge_list(roads) -> list[tuple[str, str, float, bool, bool]]:
    columns = ["from_node_id", "to_node_id", "length_m", "forward", "backward"]
    return list(roads.edges[columns].itertuples(index=False, name=None))


@FEW
@given(drawn=maps())
def test_merging_keeps_lengths_classes_and_least_distances(drawn: Map) -> None:
    pieces = pieces_of(drawn)
    assume(pieces)
    roads = assembled(drawn)
    edges = roads.edges
    assert (edges["from_node_id"] != edges["to_node_id"]).all()
    assert edges["edge_id"].is_unique
    assert roads.nodes["node_id"].is_unique
    assert set(roads.nodes["node_id"]) == set(edges["from_node_id"]) | set(edges["to_node_id"])
    # every metre is there once, by class and by direction
    before: Counter[tuple[str, bool]] = Counter()
    for _, _, length, (road_class, forward, backward, _) in pieces:
        before[road_class, forward and backward] += length
    after: Counter[tuple[str, bool]] = Counter()
    for edge in edges.itertuples():
        after[edge.road_class, edge.forward and edge.backward] += edge.length_m
    assert dict(after) == {key: pytest.approx(value, rel=1e-9) for key, value in before.items()}
    # and between all nodes that were kept the least distance is what it was, or still none
    unmerged = least([(str(100 + a), str(100 + b), length, *rest[1:3]) for a, b, length, rest in pieces])
    merged = least(edge_list(roads))
    for source in merged:
        for target in merged:
            assert equal(merged[source].get(target), unmerged[source].get(target)), (source, target)


@FEW
@given(drawn=maps())
def test_nothing_is_left_to_merge_but_where_something_changes(drawn: Map) -> None:
    """A node with two ends of edges is kept only where class, direction or access differ, or to cut a loop."""
    assume(pieces_of(drawn))
    edges = assembled(drawn).edges
    ends: dict[str, list[tuple[int, bool]]] = {}
    for row, edge in enumerate(edges.itertuples()):
        ends.setdefault(edge.from_node_id, []).append((row, True))
        ends.setdefault(edge.to_node_id, []).append((row, False))
    for met in ends.values():
        if len(met) != 2:
            continue
        (one, one_starts), (other, other_starts) = met
        first, second = edges.iloc[one], edges.iloc[other]
        far = {
            row["to_node_id"] if starts else row["from_node_id"]
            for row, starts in ((first, one_starts), (second, other_starts))
        }
        into = (
            first["backward"] if one_starts else first["forward"],
            second["forward"] if other_starts else second["backward"],
        )
        out = (
            first["forward"] if one_starts else first["backward"],
            second["backward"] if other_starts else second["forward"],
        )
        same = first["road_class"] == second["road_class"] and first["access_only"] == second["access_only"]
        through = into[0] == into[1] and out[0] == out[1]
        assert not (same and through) or len(far) == 1


@FEW
@given(drawn=maps(), data=st.data())
def test_the_order_of_the_ways_does_not_matter(drawn: Map, data: st.DataObject) -> None:
    assume(pieces_of(drawn))
    order = data.draw(st.permutations(range(len(drawn.ways))))
    first, again = assembled(drawn), assembled(drawn, order)
    assert again.edges.to_wkt().equals(first.edges.to_wkt())
    assert again.nodes.to_wkt().equals(first.nodes.to_wkt())


@FEW
@given(drawn=maps())
def test_lines_run_between_their_nodes_and_are_as_long_as_stated(drawn: Map) -> None:
    assume(pieces_of(drawn))
    roads = assembled(drawn)
    places = roads.nodes.set_index("node_id").geometry
    for edge in roads.edges.itertuples():
        corners = get_coordinates(edge.geometry)
        assert tuple(corners[0]) == places[edge.from_node_id].coords[0]
        assert tuple(corners[-1]) == places[edge.to_node_id].coords[0]
        lon, lat = geography.to_wgs84(corners[:, 0], corners[:, 1])
        assert geography.geodesic_length_m(lon, lat) == pytest.approx(edge.length_m, rel=1e-5)


@FEW
@given(drawn=maps())
def test_barriers_part_the_two_roads_that_meet_at_them_and_nothing_else(drawn: Map) -> None:
    """The least distances are those of the pieces with two ends in place of each barrier where two pieces meet."""
    pieces = pieces_of(drawn)
    assume(pieces)
    degree = Counter(end for a, b, *_ in pieces for end in (a, b))
    # not on a vertex that another one at its place stands for: the barrier moves with it
    assume(drawn.stops <= set(degree))
    cut = {vertex for vertex in drawn.stops if degree[vertex] == 2}
    roads = assembled(drawn, stops=True)
    used: Counter[int] = Counter()
    renamed = []
    for a, b, length, rest in pieces:
        names = []
        for vertex in (a, b):
            used[vertex] += vertex in cut
            names.append(f"{100 + vertex}:2" if used[vertex] == 2 else str(100 + vertex))
        renamed.append((*names, length, *rest[1:3]))
    parted = least(renamed)
    merged = least(edge_list(roads))
    for source in merged:
        for target in merged:
            assert equal(merged[source].get(target), parted[source].get(target)), (source, target)
