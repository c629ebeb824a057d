"""The embedded road network: counts, one piece, the Thames crossed at its bridges only, credible lengths and speeds."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
import shapely

from sufficiency.sources.roads import read_roads, read_speeds

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import RoadTables
    from sufficiency.sources.files import Issue

DATA = Path(__file__).parents[2] / "data"
# The course of the Thames from Inglesham to below Mill End, in tens of metres (Ordnance Survey map positions).
THAMES = """
41900 19880, 42125 19930, 42230 19895, 42310 19815, 42450 19845, 42600 19870, 42710 19920, 42855 19948, 42990 19950,
43220 20010, 43350 20042, 43560 19975, 43710 20100, 43900 20075, 44040 20140, 44150 20130, 44310 20220, 44350 20430,
44430 20550, 44410 20710, 44430 20855, 44460 20890, 44600 20990, 44790 21020, 44840 20980, 44850 20920, 44940 20780,
45030 20620, 45040 20590, 45100 20550, 45142 20557, 45210 20510, 45245 20440, 45250 20360, 45225 20275, 45270 20200,
45310 20130, 45320 20030, 45390 19900, 45360 19830, 45200 19750, 45100 19690, 45060 19710, 45000 19680, 44960 19630,
44950 19530, 45070 19490, 45150 19490, 45240 19460, 45400 19440, 45470 19470, 45476 19533, 45630 19565, 45700 19460,
45680 19360, 45790 19320, 45965 19205, 46130 19130, 46130 19030, 46103 18945, 46105 18800, 46090 18680, 46020 18520,
45930 18380, 46000 18190, 45963 18080, 46000 17970, 46100 17957, 46260 17830, 46355 17687, 46480 17720, 46550 17730,
46680 17660, 46750 17640, 46900 17530, 47110 17463, 47190 17432, 47350 17410, 47550 17588, 47670 17730, 47760 17860,
47820 17950, 47730 18150, 47636 18265, 47710 18440, 47830 18500
"""
BRIDGES = {
    "lechlade-bridge": "A361", "st-johns-bridge": "A417", "radcot-bridge": "A4095", "tadpole-bridge": "",
    "newbridge": "A415", "swinford-bridge": "B4044", "a34-s-godstow": "A34", "ox-osney-bridge": "A420",
    "ox-folly-bridge": "A4144", "ox-donnington-bridge": "B4495", "ox-isis-bridge": "A423", "abingdon-bridge": "A415",
    "culham-cut-bridge": "", "clifton-hampden-bridge": "", "shillingford-bridge": "A329", "wallingford-bridge": "",
    "winterbrook-bridge": "A4130", "goring-bridge": "B4009", "whitchurch-bridge": "B471",
    "reading-caversham-bridge": "A4155", "reading-bridge": "", "sonning-bridge": "B478", "henley-bridge": "A4130",
}  # fmt: skip
# The A34 has no other junction between the M4 and the M40 where a numbered or local road joins it.
A34_JUNCTIONS = {
    "m4-j13", "a34-east-ilsley", "a34-chilton", "a34-milton", "a34-marcham", "a4183-lodge-hill", "a34-hinksey-hill",
    "botley-interchange", "peartree", "a34-islip", "a34-weston", "m40-j9",
}  # fmt: skip
LOCAL = ("primary", "secondary", "tertiary", "unclassified", "residential")
ROUNDING_M = 1.5


@pytest.fixture(scope="module")
def roads() -> RoadTables:
    issues: list[Issue] = []
    found = read_roads(DATA / "roads", issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def speeds() -> pd.DataFrame:
    issues: list[Issue] = []
    found = read_speeds(DATA / "roads", issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def places() -> list[dict[str, str]]:
    with (DATA / "boundaries" / "places.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def network(roads: RoadTables) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(roads.nodes["node_id"])
    for edge in roads.edges.itertuples():
        ends = (edge.from_node_id, edge.to_node_id)
        for way, driven in ((ends, edge.forward), (ends[::-1], edge.backward)):
            if driven:
                graph.add_edge(*way, metres=edge.length_m)
    return graph


def test_the_network_is_large_enough(roads: RoadTables, places: list[dict[str, str]]) -> None:
    edges = roads.edges
    place_ids = {place["zone_id"] for place in places}
    numbered = edges[edges["road_number"] != ""]
    junctions = (set(numbered["from_node_id"]) | set(numbered["to_node_id"])) - place_ids
    assert len(junctions) >= 120
    assert len(numbered) >= 200
    assert len(roads.nodes) >= 400
    assert len(edges) >= 650


def test_one_road_between_two_nodes(roads: RoadTables) -> None:
    pairs = [frozenset(pair) for pair in zip(roads.edges["from_node_id"], roads.edges["to_node_id"], strict=True)]
    assert len(pairs) == len(set(pairs))


def test_every_node_is_reached_from_every_other(network: nx.DiGraph) -> None:
    assert nx.is_strongly_connected(network)


def test_every_place_is_a_node_where_it_stands(
    roads: RoadTables, places: list[dict[str, str]], network: nx.DiGraph
) -> None:
    nodes = roads.nodes.set_index("node_id")
    for place in places:
        node = nodes.loc[place["zone_id"]]
        assert (node["easting_m"], node["northing_m"]) == (float(place["easting_m"]), float(place["northing_m"]))
        assert network.degree(place["zone_id"]) >= 2


def test_links_without_a_number_are_marked_inferred(roads: RoadTables) -> None:
    assert set(roads.edges.loc[roads.edges["road_number"] == "", "quality"]) == {"inferred"}


def test_the_thames_is_crossed_at_its_bridges_and_nowhere_else(roads: RoadTables) -> None:
    points = [tuple(10 * float(part) for part in pair.split()) for pair in THAMES.replace("\n", " ").split(",")]
    river = shapely.LineString(points)
    edges = roads.edges
    crossing = edges[edges.geometry.intersects(river).to_numpy()]
    at_bridge = [bool({edge.from_node_id, edge.to_node_id} & set(BRIDGES)) for edge in crossing.itertuples()]
    assert list(crossing.loc[~np.array(at_bridge), "edge_id"]) == []
    position = roads.nodes.set_index("node_id").geometry
    for bridge, number in BRIDGES.items():
        assert position[bridge].distance(river) < 150
        beside = edges[(edges["from_node_id"] == bridge) | (edges["to_node_id"] == bridge)]
        # The A321 to Wargrave leaves the A4130 at the Berkshire end of Henley Bridge.
        assert set(beside["road_number"]) - {"A321"} == {number}
        assert len(beside) - ("A321" in set(beside["road_number"])) == 2


def test_places_on_two_banks_are_joined_by_a_bridge_only(network: nx.DiGraph) -> None:
    banks = network.copy()
    banks.remove_nodes_from(BRIDGES)
    # Without the bridges the way leads round the source, or by Marlow: out of the question between neighbours.
    for north, south in (
        ("bampton", "buckland"), ("standlake", "longworth"), ("stanton-harcourt", "appleton"), ("eynsham", "farmoor"),
        ("nuneham-courtenay", "radley"), ("clifton-hampden", "didcot-ladygrove"), ("culham", "sutton-courtenay"),
        ("crowmarsh-gifford", "wallingford-town-centre"), ("goring-on-thames", "streatley"),
        ("whitchurch-hill", "pangbourne"), ("caversham", "reading"), ("lower-shiplake", "wargrave"),
    ):  # fmt: skip
        with_bridges = nx.shortest_path_length(network, north, south, weight="metres")
        without = (
            nx.shortest_path_length(banks, north, south, weight="metres")
            if nx.has_path(banks, north, south)
            else np.inf
        )
        assert with_bridges < 25_000 < without, (north, south)


def test_motorways_and_the_a34_are_joined_at_junctions_only(roads: RoadTables) -> None:
    classes: dict[str, set[str]] = defaultdict(set)
    numbers: dict[str, set[str]] = defaultdict(set)
    for edge in roads.edges.itertuples():
        for node in (edge.from_node_id, edge.to_node_id):
            classes[node].add(edge.road_class)
            numbers[node].add(edge.road_number)
    for node, met in classes.items():
        if "motorway" in met and met & {*LOCAL, "trunk"}:
            assert "-j" in node or node in {"reading-a3290", "a404-burchetts-green"}, node
        if "A34" in numbers[node] and met & set(LOCAL):
            assert node in A34_JUNCTIONS, node


def test_lodge_hill_has_slip_roads_to_the_north_only(network: nx.DiGraph) -> None:
    assert "a34-hinksey-hill" in network["a4183-lodge-hill"]
    assert not {"a34-s-lodge", "a34-s-shippon", "a34-marcham"} & set(network["a4183-lodge-hill"])


def test_roads_are_a_little_longer_than_straight(roads: RoadTables) -> None:
    straight_m = roads.edges.geometry.length.to_numpy()
    length_m = roads.edges["length_m"].to_numpy(float)
    assert (length_m >= straight_m - ROUNDING_M).all()
    assert (length_m <= 1.6 * straight_m + ROUNDING_M).all()


@pytest.mark.parametrize(
    ("start", "end", "road_km"),
    [
        # Distances as signs and route planners give them.
        ("oxford-city-centre", "didcot-town-centre", 22.5), ("oxford-city-centre", "bicester-town-centre", 22.5),
        ("oxford-city-centre", "chipping-norton-town-centre", 33), ("oxford-city-centre", "burford", 32),
        ("oxford-city-centre", "faringdon-town-centre", 28.5), ("oxford-city-centre", "henley-town-centre", 38),
        ("oxford-city-centre", "newbury", 43), ("banbury-town-centre", "chipping-norton-town-centre", 21),
        ("henley-town-centre", "wallingford-town-centre", 18), ("henley-town-centre", "reading", 13),
        ("swindon", "faringdon-town-centre", 19.5), ("bampton", "faringdon-town-centre", 10.5),
        ("wallingford-town-centre", "didcot-town-centre", 10), ("oxford-city-centre", "wantage-town-centre", 24.5),
    ],
)  # fmt: skip
def test_distances_between_towns_are_as_signed(network: nx.DiGraph, start: str, end: str, road_km: float) -> None:
    shortest_km = nx.shortest_path_length(network, start, end, weight="metres") / 1_000
    assert shortest_km == pytest.approx(road_km, rel=0.15)


def test_off_peak_is_faster_than_a_school_morning(speeds: pd.DataFrame, roads: RoadTables) -> None:
    table = speeds.set_index(["road_class", "urban", "profile"])
    for road_class, urban in roads.edges[["road_class", "urban"]].drop_duplicates().itertuples(index=False):
        free, busy = (table.loc[(road_class, urban, profile)] for profile in ("off_peak", "school_morning"))
        assert free["kph"] > busy["kph"]
        assert free["junction_s"] <= busy["junction_s"]
        assert free["low_share"] < 1 < free["high_share"]
        assert busy["low_share"] < 1 < busy["high_share"]


def test_speeds_fall_from_motorway_to_lane_and_in_towns(speeds: pd.DataFrame) -> None:
    table = speeds.set_index(["profile", "road_class", "urban"])["kph"]
    order = ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"]
    for profile in ("off_peak", "school_morning"):
        for urban in (False, True):
            kph = [table[profile, road_class, urban] for road_class in order]
            assert all(faster > slower for faster, slower in pairwise(kph))
        assert all(table[profile, road_class, False] > table[profile, road_class, True] for road_class in order)
        assert table[(profile, "motorway", False)] <= 112.7
        assert table[(profile, "residential", True)] >= 15
