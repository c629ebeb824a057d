"""Graphs of osmnx: two arcs become one road, tags are read by the rules of maps, and nothing in a file is trusted."""

from __future__ import annotations

import copy
import itertools
import subprocess
import sys
from typing import TYPE_CHECKING

import networkx as nx
import osmnx
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.errors import GeographyError, NetworkError
from sufficiency.model.geography import geodesic_length_m, to_wgs84
from sufficiency.sources.roads import from_osmnx, read_graphml, to_osmnx
from sufficiency.sources.roads.graph_parts import parts_of_list
from sufficiency.sources.roads.tables import read_tables
from sufficiency.sources.template import template_directory

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RoadTables

MPH = 1.609344
ORIGIN_M = (450_000.0, 200_000.0)


def place(east: float, north: float) -> dict[str, float]:
    """Return x and y in degrees of a place so many metres east and north of the origin."""
    lon, lat = to_wgs84([ORIGIN_M[0] + east], [ORIGIN_M[1] + north])
    return {"x": float(lon[0]), "y": float(lat[0])}


def street(graph: nx.MultiDiGraph, way: object, *nodes: int, oneway: bool = False, **tags: object) -> None:
    """Add a street as osmnx does: an arc per direction of each piece, or one where it is one-way."""
    for source, target in itertools.pairwise(nodes):
        graph.add_edge(source, target, osmid=way, oneway=oneway, reversed=False, length=1.0, **tags)
        if not oneway:
            graph.add_edge(target, source, osmid=way, oneway=False, reversed=True, length=1.0, **tags)


def town() -> nx.MultiDiGraph:
    """Return a T of four places: 1 - 2 - 3 from west to east, 4 north of 2; 500 m a piece."""
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=False)
    for node, at in {1: (-500, 0), 2: (0, 0), 3: (500, 0), 4: (0, 500)}.items():
        graph.add_node(node, **place(*at))
    street(graph, 10, 1, 2, highway="residential", maxspeed="20 mph")
    street(graph, 11, 2, 3, highway="primary", ref="A40;A44", oneway=True)
    street(graph, 12, 2, 4, highway="service", access="private")
    return graph


def rows(roads: RoadTables) -> list[tuple[object, ...]]:
    columns = ["edge_id", "from_node_id", "to_node_id", "forward", "backward", "road_class", "road_number"]
    return list(roads.edges[[*columns, "access_only"]].sort_values("edge_id").itertuples(index=False, name=None))


def alike(one: RoadTables, other: RoadTables) -> bool:
    return bool(one.nodes.equals(other.nodes) and one.edges.equals(other.edges))


def test_two_arcs_are_one_road() -> None:
    roads = from_osmnx(town())
    assert rows(roads) == [
        ("10-0", "1", "2", True, True, "residential", "", False),
        ("11-0", "2", "3", True, False, "primary", "A40", False),
        ("12-0", "2", "4", True, True, "service", "", True),
    ]
    edges = roads.edges.set_index("edge_id")
    assert edges["length_m"].to_list() == pytest.approx([500] * 3, rel=1e-3)
    assert edges.loc["10-0", "maxspeed_kph"] == pytest.approx(20 * MPH)
    assert edges["maxspeed_kph"].isna().to_list() == [False, True, True]
    assert shapely.get_coordinates(edges.loc["10-0", "geometry"]) == pytest.approx(
        shapely.get_coordinates(shapely.linestrings([(449_500, 200_000), (450_000, 200_000)])), abs=0.01
    )
    assert roads.edges.crs == roads.nodes.crs == "EPSG:27700"


def test_the_file_reads_as_the_graph_and_the_graph_stays_as_it_was(tmp_path: Path) -> None:
    graph = town()
    before = copy.deepcopy(graph)
    roads = from_osmnx(graph)
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    assert alike(read_graphml(str(tmp_path / "town.graphml")), roads)
    osmnx.save_graphml(graph, tmp_path / "gephi.graphml", gephi=True)
    assert alike(read_graphml(tmp_path / "gephi.graphml"), roads)
    assert nx.utils.graphs_equal(graph, before)
    assert graph.graph == before.graph


def test_order_of_arcs_does_not_matter() -> None:
    graph = town()
    turned = nx.MultiDiGraph(**graph.graph)
    turned.add_nodes_from(reversed(list(graph.nodes(data=True))))
    turned.add_edges_from((s, t, values) for s, t, values in reversed(list(graph.edges(data=True))))
    assert rows(from_osmnx(turned)) == rows(from_osmnx(graph))


def test_a_projected_graph_is_the_same_town(tmp_path: Path) -> None:
    graph = town()
    plain = from_osmnx(graph)
    for crs in ("EPSG:27700", "EPSG:32630", None):
        osmnx.save_graphml(osmnx.project_graph(graph, to_crs=crs), tmp_path / "projected.graphml")
        roads = read_graphml(tmp_path / "projected.graphml")
        assert rows(roads) == rows(plain)
        assert roads.edges["length_m"].to_list() == pytest.approx(plain.edges["length_m"].to_list(), abs=0.01)


def test_the_area_names_its_own_system() -> None:
    roads = from_osmnx(town(), crs="EPSG:32630")
    assert roads.edges.crs == "EPSG:32630"
    with pytest.raises(GeographyError, match="not a system in metres"):
        from_osmnx(town(), crs="EPSG:4326")


# --- what osmnx does to tags -----------------------------------------------------------------------------------------


def one_street(**values: object) -> RoadTables:
    """Return the roads of a town with one more street, 3 to 4, with these values on both its arcs."""
    graph = town()
    street(graph, 13, 3, 4, **{"highway": "tertiary", **values})
    return from_osmnx(graph)


@pytest.mark.parametrize(
    ("value", "kph"),
    [
        (["30 mph", "20 mph"], 20 * MPH),
        ("['30 mph', '20 mph']", 20 * MPH),
        ("30 mph|50 mph", 30 * MPH),
        ("20;30 mph", 20 * MPH),
        ("national", 60 * MPH),
        ("GB:nsl_dual", 70 * MPH),
        ("50", 50.0),
        (50, 50.0),
        ("none", None),
        ("fast", None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_limits_are_read_as_those_of_a_map(value: object, kph: float | None) -> None:
    """osmnx itself ignores most of these, and takes 70|100 for 70100."""
    found = one_street(maxspeed=value).edges.set_index("edge_id").loc["13-0", "maxspeed_kph"]
    assert found != found if kph is None else found == pytest.approx(kph)


def test_a_limit_of_zero_closes_and_is_told() -> None:
    """In osmnx its travel time is infinite, without a word."""
    roads = one_street(maxspeed="0")
    assert "13-0" not in set(roads.edges["edge_id"])
    assert roads.issues is not None
    found = roads.issues.set_index("check").loc["maxspeed_zero"]
    assert (found["severity"], found["value"]) == ("warning", "1")


def test_of_merged_roads_the_slower_and_the_closed_count() -> None:
    roads = one_street(highway=["secondary", "unclassified"], access=["yes", "destination"])
    found = roads.edges.set_index("edge_id").loc["13-0"]
    assert (found["road_class"], bool(found["access_only"])) == ("unclassified", True)
    assert roads.issues is not None
    assert roads.issues.set_index("check").loc["tags_merged", "value"] == "1"
    assert "13-0" not in set(one_street(highway=["tertiary", "footway"]).edges["edge_id"])
    assert "13-0" not in set(one_street(access=["yes", "no"]).edges["edge_id"])


def test_roads_that_no_car_may_use_are_left_out() -> None:
    for values in (
        {"highway": "footway"},
        {"motor_vehicle": "no"},
        {"access": "no"},
        {"highway": "nonsense"},
        {"area": "yes"},
    ):
        assert len(one_street(**values).edges) == 3
    assert len(one_street(access="no", motor_vehicle="yes").edges) == 4


def test_a_motorway_is_one_way_although_osmnx_draws_both_arcs() -> None:
    found = one_street(highway="motorway").edges.set_index("edge_id").loc["13-0"]
    assert (found["from_node_id"], found["to_node_id"]) == ("3", "4")
    assert (bool(found["forward"]), bool(found["backward"])) == (True, False)


@pytest.mark.parametrize(
    ("tag", "forward", "backward"),
    [(None, True, True), ("yes", True, False), ("-1", False, True), ("no", True, True), ("reversible", None, None)],
)
def test_a_graph_that_keeps_the_tag(tag: str | None, forward: bool | None, backward: bool | None) -> None:
    """With all_oneway, osmnx has one arc a street, turned round where the tag is -1."""
    graph = town()
    for _, _, values in list(graph.edges(data=True)):
        values.pop("oneway")
    graph.remove_edges_from([(s, t, k) for s, t, k, values in graph.edges(data=True, keys=True) if values["reversed"]])
    graph.graph["all_oneway"] = True
    ends = (4, 3) if tag == "-1" else (3, 4)
    graph.add_edge(*ends, osmid=13, reversed=False, highway="tertiary", **({} if tag is None else {"oneway": tag}))
    edges = from_osmnx(graph).edges.set_index("edge_id")
    assert (bool(edges.loc["10-0", "forward"]), bool(edges.loc["10-0", "backward"])) == (True, True)
    if forward is None:
        assert "13-0" not in edges.index
    else:
        found = edges.loc["13-0"]
        assert (found["from_node_id"], found["to_node_id"]) == ("3", "4")
        assert (bool(found["forward"]), bool(found["backward"])) == (forward, backward)


def test_a_gate_on_a_node_stops_cars() -> None:
    graph = town()
    graph.add_node(5, **place(1_000, 0), barrier="bollard")
    graph.add_node(6, **place(1_500, 0))
    street(graph, 14, 3, 5, 6, highway="tertiary")
    roads = from_osmnx(graph)
    assert set(roads.nodes["node_id"]) == {"1", "2", "3", "4", "5", "5:2", "6"}


def test_nodes_may_have_names() -> None:
    graph = nx.relabel_nodes(town(), {1: "West", 2: "Cross", 3: "007", 4: "North"})
    assert [row[:3] for row in rows(from_osmnx(graph))] == [
        ("10-0", "West", "Cross"),
        ("11-0", "Cross", "007"),
        ("12-0", "Cross", "North"),
    ]


def test_the_course_of_a_simplified_street_is_kept() -> None:
    """Two streets between the same places: one straight, 500 m, one over a corner, 500 m east and 500 m north."""
    graph = town()
    corner, end = place(500, 500), graph.nodes[4]
    line = shapely.LineString(
        [(graph.nodes[3]["x"], graph.nodes[3]["y"]), (corner["x"], corner["y"]), (end["x"], end["y"])]
    )
    shared = {"osmid": [21, 20], "highway": "tertiary", "oneway": False}
    graph.add_edge(3, 4, **shared, reversed=False, geometry=line)
    graph.add_edge(4, 3, **{**shared, "osmid": [20, 21]}, reversed=True, geometry=shapely.reverse(line))
    street(graph, 13, 3, 4, highway="tertiary")
    edges = from_osmnx(graph).edges.set_index("edge_id")
    assert len(edges) == 5
    (bent,) = (edge for edge in edges.index if edge.split("-")[0] not in {"10", "11", "12", "13"})
    assert edges.loc[bent, "length_m"] == pytest.approx(1_000, rel=1e-3)
    assert edges.loc["13-0", "length_m"] == pytest.approx(707.1, rel=1e-3)
    assert shapely.get_num_points(edges.loc[bent, "geometry"]) == 3
    assert edges.loc[bent, ["forward", "backward"]].to_list() == [True, True]


def test_a_ring_on_its_own_is_two_halves_of_one_road() -> None:
    """Once simplified, a ring is an arc from a node to itself, and back: 4 x 500 m, cut in two, open both ways."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, **place(0, 0))
    line = shapely.LineString([tuple(place(*at).values()) for at in ((0, 0), (500, 0), (500, 500), (0, 500), (0, 0))])
    values = {"osmid": 40, "highway": "residential", "oneway": False}
    graph.add_edge(1, 1, **values, reversed=False, geometry=line)
    graph.add_edge(1, 1, **values, reversed=True, geometry=shapely.reverse(line))
    edges = from_osmnx(graph).edges
    assert edges["length_m"].to_list() == pytest.approx([1_000, 1_000], rel=1e-3)
    assert edges[["forward", "backward"]].to_numpy().all()


def test_a_course_that_cannot_be_read_is_drawn_straight_and_told() -> None:
    for text in ("LINESTRING (1", "POINT (1 2)", "GEOMETRYCOLLECTION (" * 50_000, "LINESTRING (nan 1, 2 3)"):
        roads = one_street(geometry=text)
        assert roads.edges.set_index("edge_id").loc["13-0", "length_m"] == pytest.approx(707.1, rel=1e-3)
        assert roads.issues is not None
        assert "course_unread" in set(roads.issues["check"])


# --- against osmnx and networkx ---------------------------------------------------------------------------------------

OSM = """<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{}</osm>"""


@st.composite
def maps(draw: st.DrawFn) -> str:
    """Draw a map: a grid of nodes 200 m apart, ways along it, some of them one-way, with the limits of a town."""
    size = 4
    nodes = {1 + east + size * north: place(200 * east, 200 * north) for east in range(size) for north in range(size)}
    text = [f'<node id="{key}" lon="{at["x"]:.7f}" lat="{at["y"]:.7f}"/>' for key, at in nodes.items()]
    steps = st.sampled_from([1, -1, size, -size])
    for way in range(draw(st.integers(1, 8))):
        at = draw(st.sampled_from(sorted(nodes)))
        refs = [at]
        for step in draw(st.lists(steps, min_size=1, max_size=6)):
            beside = abs(step) == 1 and (at - 1) // size != (at + step - 1) // size
            if at + step in nodes and not beside:
                at += step
                refs.append(at)
        tags = {
            "highway": draw(st.sampled_from(["residential", "tertiary"])),
            "oneway": draw(st.sampled_from(["", "yes", "-1", "no"])),
            "maxspeed": draw(st.sampled_from(["", "20 mph", "40 mph"])),
        }
        said = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items() if value)
        along = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        text.append(f'<way id="{100 + way}">{along}{said}</way>')
    return OSM.format("".join(text))


def drawn(text: str, folder: Path, *, keep_tag: bool) -> nx.MultiDiGraph:
    path = folder / "map.osm"
    path.write_text(text, "utf-8")
    osmnx.settings.all_oneway = keep_tag
    try:
        graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    finally:
        osmnx.settings.all_oneway = False
    if keep_tag:
        graph.graph["all_oneway"] = True
    return graph


def lengths(graph: nx.MultiDiGraph) -> dict[tuple[str, str], float]:
    """Return the least metres between the nodes of a graph of osmnx, by networkx, each arc measured anew."""
    for source, target, values in graph.edges(data=True):
        line = values.get("geometry") or [(graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in (source, target)]
        values["metres"] = geodesic_length_m(*zip(*getattr(line, "coords", line), strict=True))
    found = nx.all_pairs_dijkstra_path_length(graph, weight="metres")
    return {(str(a), str(b)): metres for a, reached in found for b, metres in reached.items()}


def lengths_of_roads(roads: RoadTables) -> dict[tuple[str, str], float]:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(roads.nodes["node_id"])
    for edge in roads.edges.itertuples():
        if edge.forward:
            graph.add_edge(edge.from_node_id, edge.to_node_id, metres=edge.length_m)
        if edge.backward:
            graph.add_edge(edge.to_node_id, edge.from_node_id, metres=edge.length_m)
    found = nx.all_pairs_dijkstra_path_length(graph, weight="metres")
    return {(a, b): metres for a, reached in found for b, metres in reached.items()}


@given(maps(), st.sampled_from(["plain", "tag", "simplified", "split"]))
@settings(max_examples=60, deadline=None)
def test_ways_through_the_roads_are_those_of_osmnx(
    tmp_path_factory: pytest.TempPathFactory, text: str, kind: str
) -> None:
    """Where osmnx finds a way between two junctions, and how long, by networkx on its own graph; nowhere else.

    A street of which every part is an island is open to local traffic only, which does not change its ways.
    """
    folder = tmp_path_factory.mktemp("maps")
    truth = drawn(text, folder, keep_tag=False)
    if not truth.edges:
        return
    graph = {
        "plain": lambda: truth,
        "tag": lambda: drawn(text, folder, keep_tag=True),
        "simplified": lambda: osmnx.simplify_graph(truth, remove_rings=False),
        "split": lambda: osmnx.simplify_graph(truth, edge_attrs_differ=["osmid", "maxspeed"], remove_rings=False),
    }[kind]()
    osmnx.save_graphml(graph, folder / "map.graphml")
    roads = read_graphml(folder / "map.graphml")
    known, found = lengths(truth), lengths_of_roads(roads)
    names = {name for pair in found for name in pair if name.isdecimal() and int(name) in truth.nodes}
    ours = {pair: metres for pair, metres in found.items() if set(pair) <= names}
    theirs = {pair: metres for pair, metres in known.items() if set(pair) <= names}
    assert ours.keys() == theirs.keys()
    assert all(ours[pair] == pytest.approx(metres, abs=0.05) for pair, metres in theirs.items())


# --- back to osmnx ----------------------------------------------------------------------------------------------------


def test_roads_go_to_osmnx_and_come_back(tmp_path: Path) -> None:
    """The template's roads: every pair of nodes as far as before, classes, limits and the rest unchanged."""
    roads = read_tables(template_directory() / "roads", [])
    graph = to_osmnx(roads)
    osmnx.save_graphml(graph, tmp_path / "roads.graphml")
    loaded = osmnx.load_graphml(tmp_path / "roads.graphml")
    assert set(graph.nodes) == set(loaded.nodes)
    assert sorted(map(str, graph.edges)) == sorted(map(str, loaded.edges))
    assert {type(values["oneway"]) for *_, values in loaded.edges(data=True)} == {bool}
    open_ways = int(roads.edges["forward"].sum() + roads.edges["backward"].sum())
    assert graph.number_of_edges() == open_ways
    assert {values["length"] for *_, values in graph.edges(data=True)} == set(roads.edges["length_m"])
    back = from_osmnx(graph)
    assert not back.edges["side_streets"].any()
    for column in ("road_class", "urban", "access_only", "maxspeed_kph"):
        straight_m = roads.edges.geometry.length
        before = straight_m.groupby([roads.edges[column].fillna(-1)]).sum()
        after = back.edges.geometry.length.groupby([back.edges[column].fillna(-1)]).sum()
        assert after.to_dict() == pytest.approx(before.to_dict(), abs=0.05), column


def test_a_round_trip_keeps_ways_ferries_and_limits() -> None:
    graph = town()
    graph.add_node(5, **place(3_500, 0))
    graph.add_edge(3, 5, osmid=30, route="ferry", duration="00:15", oneway=False, reversed=False, motor_vehicle="yes")
    graph.add_edge(5, 3, osmid=30, route="ferry", duration="00:15", oneway=False, reversed=True, motor_vehicle="yes")
    street(graph, 31, 5, 1, highway="trunk", maxspeed="70 mph")
    once = from_osmnx(graph)
    ferry = once.edges.set_index("road_class").loc["ferry"]
    assert ferry["maxspeed_kph"] == pytest.approx(12, rel=1e-3)  # 3 km in a quarter of an hour
    twice = from_osmnx(to_osmnx(once))
    assert once.edges["side_streets"].all()
    assert twice.edges["side_streets"].all()
    assert lengths_of_roads(twice) == pytest.approx(lengths_of_roads(once), abs=0.01)
    columns = ["road_class", "road_number", "maxspeed_kph", "urban", "access_only", "forward", "backward"]
    assert sorted(map(repr, _rounded(twice, columns))) == sorted(map(repr, _rounded(once, columns)))


def _rounded(roads: RoadTables, columns: list[str]) -> list[tuple[object, ...]]:
    return list(roads.edges[columns].round(3).itertuples(index=False, name=None))


# --- nothing is trusted ----------------------------------------------------------------------------------------------

HEAD = '<?xml version="1.0"?>'
BODY = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"/></graphml>'
BOMBS = {
    "laughs": "<!DOCTYPE a [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    + "]><graphml>&a11;</graphml>",
    "quadratic": f"<!DOCTYPE a [<!ENTITY a '{'x' * 100_000}'>]><graphml>{'&a;' * 50_000}</graphml>",
    "external": '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><graphml>&a;</graphml>',
    "parameter": '<!DOCTYPE a [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd">%a;]><graphml/>',
    "harmless": f'<!DOCTYPE graphml SYSTEM "graphml.dtd">{BODY}',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / "bomb.graphml"
    path.write_text((HEAD if encoding == "utf-8" else "") + BOMBS[name], encoding)
    with pytest.raises(NetworkError, match=r"bomb\.graphml holds a document type definition"):
        read_graphml(path)


def test_a_file_that_breaks_off_anywhere_is_refused(tmp_path: Path) -> None:
    osmnx.save_graphml(town(), tmp_path / "town.graphml")
    raw = (tmp_path / "town.graphml").read_bytes()
    path = tmp_path / "cut.graphml"
    whole = len(raw.rstrip()) - 1
    for length in [*range(0, whole, 97), whole]:
        path.write_bytes(raw[:length])
        with pytest.raises(NetworkError, match=r"cut\.graphml (breaks off|is not sound XML)") as caught:
            read_graphml(path)
        assert "save the graph again" in str(caught.value)


def edge(source: str, target: str) -> str:
    return f'<edge source="{source}" target="{target}"><data key="d2">residential</data></edge>'


KEYS = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" for="node" attr.name="x"/>'
    '<key id="d1" for="node" attr.name="y"/><key id="d2" for="edge" attr.name="highway"/>'
    '<key id="d3" for="graph" attr.name="crs"/>'
)
NODES = (
    '<node id="1"><data key="d0">-1.2</data><data key="d1">51.7</data></node>'
    '<node id="2"><data key="d0">-1.3</data><data key="d1">51.7</data></node>'
)
CRS = '<data key="d3">epsg:4326</data>'
DIRECTED = '<graph edgedefault="directed">'
END = "</graph></graphml>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "breaks off"),
        ("<html><body>Sign in</body></html>", "is no GraphML file"),
        ('<osm version="0.6"/>', "is no GraphML file"),
        ('<graphml xmlns="http://elsewhere.example/"/>', "is no GraphML file"),
        ("not xml at all", "is not sound XML"),
        (BODY + BODY, "is not sound XML"),
        ('<?xml version="1.0" encoding="klingon"?><graphml/>', "is not sound XML|encoding that cannot be read"),
        ('<?xml version="1.0" encoding="utf-32"?><graphml/>', "is not sound XML|encoding that cannot be read"),
        (BODY, "does not say which|no road that a car may use"),
        (KEYS + '<graph edgedefault="undirected">' + CRS + NODES + edge("1", "2") + END, "without directions"),
        (KEYS + DIRECTED + CRS + NODES + END, "no road that a car may use"),
        (KEYS + DIRECTED + CRS + NODES + edge("1", "3") + END, "no position for node 3"),
        (
            KEYS + DIRECTED + CRS + NODES.replace("51.7", "north") + edge("1", "2") + END,
            "no position for node 1 .2 such",
        ),
        (
            KEYS + DIRECTED + NODES.replace("51.7", "200000") + edge("1", "2") + END,
            "does not say which reference system",
        ),
        (KEYS + DIRECTED + CRS + NODES + edge("1", "2") + "</graph>" + DIRECTED + END, "more than one graph"),
        (KEYS + DIRECTED + NODES + f'<node id="3">{DIRECTED}</graph></node>' + END, "more than one graph"),
    ],
)
def test_what_is_no_graph_of_roads_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "roads.graphml"
    path.write_text(text, "utf-8")
    with pytest.raises(NetworkError, match=words) as caught:
        read_graphml(path)
    assert "roads.graphml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:99999", "no reference system"),
        ("__import__('os').system('true')", "no reference system"),
        ("EPSG:4979", "not a system in metres"),
        ("EPSG:27700", "says that its positions are in EPSG:27700"),
    ],
)
def test_a_reference_system_that_is_none(tmp_path: Path, crs: str, words: str) -> None:
    path = tmp_path / "roads.graphml"
    path.write_text(KEYS + DIRECTED + CRS.replace("epsg:4326", crs) + NODES + edge("1", "2") + END, "utf-8")
    with pytest.raises(GeographyError, match=words):
        read_graphml(path)


def test_metres_that_are_said_to_be_degrees(tmp_path: Path) -> None:
    path = tmp_path / "roads.graphml"
    nodes = NODES.replace("51.7", "200000").replace("-1.", "45000")
    path.write_text(KEYS + DIRECTED + CRS + nodes + edge("1", "2") + END, "utf-8")
    with pytest.raises(GeographyError, match="says that its positions are degrees"):
        read_graphml(path)


def test_defaults_and_values_for_all_are_read(tmp_path: Path) -> None:
    keys = KEYS.replace('attr.name="highway"/>', 'attr.name="highway"><default>residential</default></key>')
    path = tmp_path / "roads.graphml"
    path.write_text(keys + DIRECTED + CRS + NODES + '<edge source="1" target="2"/>' + END, "utf-8")
    assert read_graphml(path).edges["road_class"].to_list() == ["residential"]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_is_not_there(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "none.graphml"
    with pytest.raises(NetworkError, match="cannot be read"):
        read_graphml(path)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("residential", ("residential",)),
        ("['a', 'b']", ("a", "b")),
        ("[\"it's\", 'x']", ("it's", "x")),
        (r"['it\'s', 'a, b']", ("it's", "a, b")),
        ("[123, 456]", ("123", "456")),
        ("[True, False]", ("True", "False")),
        ("{'a', 'b'}", ("a", "b")),
        ("('a',)", ("a",)),
        ("[]", ()),
        ("['30 mph']", ("30 mph",)),
        ("[", ("[",)),
        ("['a'", ("['a'",)),
        ("[['a'], 'b']", ("[['a'], 'b']",)),
        ("[__import__('os').system('true')]", ("[__import__('os').system('true')]",)),
        ("['a' 'b']", ("['a' 'b']",)),
        ("[" + "(" * 100_000 + "]", ("[" + "(" * 100_000 + "]",)),
        ("['" + "\\" * 100_000 + "]", ("['" + "\\" * 100_000 + "]",)),
    ],
)
def test_lists_are_taken_apart_and_never_evaluated(text: str, parts: tuple[str, ...]) -> None:
    assert parts_of_list(text) == parts


@given(st.lists(st.text(min_size=1).filter(lambda text: text == text.strip() and text.isprintable()), min_size=1))
def test_a_list_of_any_texts_is_read_as_python_wrote_it(values: list[str]) -> None:
    assert parts_of_list(str(values)) == tuple(values)


def test_reading_an_area_loads_none_of_the_libraries_of_maps() -> None:
    script = (
        "import sys, sufficiency.sources.area, sufficiency.sources.roads\n"
        "print([name for name in ('osmnx', 'osmium', 'networkx', 'requests', 'numba') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
