"""Whole real maps: counts, that every metre is accounted for, islands, and distances against another router's."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
import shapely

from sufficiency.model import geography
from sufficiency.model.vocabulary import ROAD_CLASSES
from sufficiency.sources.roads import read_osm
from sufficiency.sources.roads.maxspeed import way_limit
from sufficiency.sources.roads.osm import read_osm_walking
from sufficiency.sources.roads.rules import car_rule
from sufficiency.travel import route

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RoadTables

pytestmark = pytest.mark.real

MONACO_CRS = "EPSG:32632"


@dataclass(frozen=True)
class Case:
    """A map with what was counted in it when this was written, and the junctions that its own description states."""

    file: str
    crs: str
    nodes: int
    edges: int
    turns: int
    described_junctions: int


CASES = {
    "rutland": Case("roads/rutland-latest.osm.pbf", "EPSG:27700", 6_982, 7_893, 3, 6_899),
    "newport": Case("roads/newport-2023-06-13.osm.pbf", "EPSG:27700", 9_278, 10_713, 74, 9_245),
    "porto": Case("roads/porto_portugal.osm.pbf", "EPSG:3763", 59_280, 80_232, 347, 62_854),
}


@pytest.fixture(scope="module")
def maps(real_data: Path) -> dict[str, RoadTables]:
    return {name: read_osm(real_data / case.file, crs=case.crs) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def monaco(real_data: Path) -> dict[str, RoadTables]:
    """Return the roads for cars and the ways for walkers of Monaco."""
    path = real_data / "oracles/graphhopper/monaco.osm.gz"
    return {"car": read_osm(path, crs=MONACO_CRS), "foot": read_osm_walking(path, crs=MONACO_CRS)}


@pytest.mark.parametrize("name", CASES)
def test_counts(maps: dict[str, RoadTables], name: str) -> None:
    """The described junctions come from other rules: a junction there may be a bend or a path's start here."""
    roads, case = maps[name], CASES[name]
    assert (len(roads.nodes), len(roads.edges), len(roads.turns)) == (case.nodes, case.edges, case.turns)
    assert len(roads.nodes) == pytest.approx(case.described_junctions, rel=0.06)


@pytest.mark.parametrize("name", CASES)
def test_tables_hold_what_they_promise(maps: dict[str, RoadTables], name: str) -> None:
    roads, edges = maps[name], maps[name].edges
    assert edges["edge_id"].is_unique
    assert roads.nodes["node_id"].is_unique
    assert set(edges["from_node_id"]) | set(edges["to_node_id"]) == set(roads.nodes["node_id"])
    assert (edges["from_node_id"] != edges["to_node_id"]).all()
    assert set(edges["road_class"]) <= set(ROAD_CLASSES)
    assert (edges["length_m"] > 0).all()
    assert (edges["forward"] | edges["backward"]).all()
    assert edges["maxspeed_kph"].dropna().between(5, 130).all()
    places = roads.nodes.set_index("node_id").geometry
    for column, at in (("from_node_id", 0), ("to_node_id", -1)):
        ends = shapely.get_coordinates(shapely.get_point(edges.geometry.to_numpy(), at))
        assert np.array_equal(ends, shapely.get_coordinates(places.loc[edges[column]].to_numpy()))
    turns = roads.turns
    known = edges.set_index("edge_id")[["from_node_id", "to_node_id"]]
    for column in ("from_edge_id", "to_edge_id"):
        met = known.loc[turns[column]].to_numpy()
        assert (met == turns[["via_node_id"]].to_numpy()).any(axis=1).all()


@pytest.mark.parametrize("name", CASES)
def test_every_metre_of_every_way_is_accounted_for(maps: dict[str, RoadTables], real_data: Path, name: str) -> None:
    """Each way's own length, in a plain loop, is the length of the edges made of it."""
    import osmium

    total: dict[str, float] = {}
    processor = osmium.FileProcessor(str(real_data / CASES[name].file)).with_locations()
    for way in processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)):
        tags = {tag.k: tag.v for tag in way.tags}
        rule = car_rule(tags)
        if rule is None or way_limit(tags).closed:
            continue
        for there, stretch in itertools.groupby(way.nodes, key=lambda node: node.location.valid()):
            places = [(node.lon, node.lat) for node in stretch]
            if there and len(places) > 1:
                length_m = geography.geodesic_length_m(*zip(*places, strict=True))
                total[rule.road_class] = total.get(rule.road_class, 0.0) + length_m
    found = maps[name].edges.groupby("road_class")["length_m"].sum()
    assert found.to_dict() == pytest.approx({key: value for key, value in total.items() if value}, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_islands_are_those_of_an_independent_search(maps: dict[str, RoadTables], name: str) -> None:
    roads = maps[name]
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(roads.nodes["node_id"])
    for edge in roads.edges.itertuples():
        if edge.forward:
            graph.add_edge(edge.from_node_id, edge.to_node_id)
        if edge.backward:
            graph.add_edge(edge.to_node_id, edge.from_node_id)
    main = max(nx.strongly_connected_components(graph), key=len)
    outside = [
        (edge.from_node_id, edge.to_node_id)
        for edge in roads.edges.itertuples()
        if edge.from_node_id not in main or edge.to_node_id not in main
    ]
    parts = nx.number_connected_components(nx.Graph(outside))
    note = roads.issues.set_index("check").loc["island"]
    assert note["value"] == str(parts)
    assert f"(edges: {len(outside):,}; km: " in note["message"]
    assert len(outside) < 0.02 * len(roads.edges)


def test_reading_twice_gives_the_same_bytes(maps: dict[str, RoadTables], real_data: Path) -> None:
    def digest(roads: RoadTables) -> list[str]:
        tables = (roads.nodes.to_wkt(), roads.edges.to_wkt(), roads.turns, roads.issues)
        return [hashlib.sha256(table.to_csv().encode()).hexdigest() for table in tables]

    case = CASES["rutland"]
    assert digest(read_osm(real_data / case.file, crs=case.crs)) == digest(maps["rutland"])


def test_built_up_roads_are_told_from_open_ones_without_their_signs(
    maps: dict[str, RoadTables], monkeypatch: pytest.MonkeyPatch, real_data: Path
) -> None:
    """Of through roads in a county of villages, by length: seven tenths of those signed 20 or 30 mph are told by the
    streets around them, and nine tenths of those signed 50 mph or more."""
    from sufficiency.sources.roads import travellers
    from sufficiency.sources.roads.pieces import NOT_SAID

    monkeypatch.setattr(travellers, "said_built_up", lambda *_: NOT_SAID)
    case = CASES["rutland"]
    blind = read_osm(real_data / case.file, crs=case.crs).edges
    through = blind[~blind["access_only"] & ~blind["road_class"].isin(["living_street", "residential"])]
    slow = through[through["maxspeed_kph"].between(29, 50)]
    fast = through[through["maxspeed_kph"] > 80]
    assert np.average(slow["urban"], weights=slow["length_m"]) > 0.7
    assert np.average(~fast["urban"], weights=fast["length_m"]) > 0.9


def monaco_cases(real_data: Path) -> list[dict[str, object]]:
    cases = json.loads((real_data / "oracles/graphhopper/gh_expected.json").read_text(encoding="utf-8"))
    return [case for case in cases if case["file"] == "monaco.osm.gz"]


def least_metres(roads: RoadTables, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the least metres between two (latitude, longitude) places by networkx, each at its nearest edge."""
    x, y = geography.to_bng([start[1], end[1]], [start[0], end[0]], MONACO_CRS)
    lines = roads.edges.geometry.to_numpy()
    marks: dict[int, list[tuple[float, str]]] = {}
    for name, point in zip("AB", shapely.points(x, y), strict=True):
        row = int(np.argmin(shapely.distance(lines, point)))
        marks.setdefault(row, []).append((shapely.line_locate_point(lines[row], point, normalized=True), name))
    graph = nx.MultiDiGraph()
    for row, edge in enumerate(roads.edges.itertuples()):
        stops = [(0.0, edge.from_node_id), *sorted(marks.get(row, [])), (1.0, edge.to_node_id)]
        for (share, source), (further, target) in itertools.pairwise(stops):
            length_m = (further - share) * edge.length_m
            if edge.forward:
                graph.add_edge(source, target, length_m=length_m)
            if edge.backward:
                graph.add_edge(target, source, length_m=length_m)
    return float(nx.dijkstra_path_length(graph, "A", "B", weight="length_m"))


def test_monaco_distances_are_those_of_graphhopper(monaco: dict[str, RoadTables], real_data: Path) -> None:
    """Seven journeys by car and four on foot, within 2 m or 0.3 %: by networkx on the edges, and by this package."""
    cases = monaco_cases(real_data)
    assert [case["mode"] for case in cases] == ["car"] * 7 + ["foot"] * 4
    for case in cases:
        within = max(2.0, 0.003 * case["expected_m"])
        roads = monaco[case["mode"]]
        assert least_metres(roads, case["frm"], case["to"]) == pytest.approx(case["expected_m"], abs=within), case
        found = route(roads, tuple(case["frm"][::-1]), tuple(case["to"][::-1]), minimise="metres")
        assert found.metres == pytest.approx(case["expected_m"], abs=within), case


def test_walkers_walk_no_further_than_cars_drive(monaco: dict[str, RoadTables], real_data: Path) -> None:
    for case in monaco_cases(real_data)[:4]:
        ends = tuple(case["frm"][::-1]), tuple(case["to"][::-1])
        walked = route(monaco["foot"], *ends, minimise="metres").metres
        assert walked < route(monaco["car"], *ends, minimise="metres").metres
