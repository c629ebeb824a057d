"""The folder of roads of an area: tables or one file of a map, never both, and every fault told at once."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
from typing import TYPE_CHECKING

import numpy as np
import osmnx
import pytest

import sufficiency
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.geography import to_wgs84
from sufficiency.model.parameters import read_parameters
from sufficiency.sources.area import digests, read_area
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.roads import read_roads, read_speeds, to_osmnx
from sufficiency.sources.roads.tables import read_tables
from sufficiency.sources.template import template_directory, write_template
from sufficiency.sources.workbook import WORKBOOK_NAME
from tests.released_fixture import make_inputs_facts, make_record, make_released
from tests.unit.test_roads import EDGES, NODES, SPEEDS

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import Inputs, TravelTimes
    from sufficiency.sources.files import Issue

TURNS = "from_edge_id,via_node_id,to_edge_id,source,quality\n"


def osm_text(shift: float = 0.0) -> str:
    """Return a map of three nodes in a row, a kilometre apart, with a primary road and a lane; both two-way."""
    lon, lat = to_wgs84([450_000 + shift, 451_000 + shift, 452_000 + shift], [200_000] * 3)
    nodes = "".join(
        f'<node id="{number}" version="1" lon="{x:.7f}" lat="{y:.7f}"/>'
        for number, (x, y) in enumerate(zip(lon, lat, strict=True), start=1)
    )
    ways = "".join(
        f'<way id="{way}" version="1"><nd ref="{one}"/><nd ref="{two}"/><tag k="highway" v="{kind}"/></way>'
        for way, one, two, kind in ((10, 1, 2, "primary"), (11, 2, 3, "unclassified"))
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}{ways}</osm>'


def put(folder: Path, name: str) -> None:
    """Put a good file of roads into a folder under this name."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    if name == "nodes.csv":
        path.write_text(NODES, "utf-8")
    elif name == "edges.csv":
        path.write_text(EDGES, "utf-8")
    elif name == "turns.csv":
        path.write_text(TURNS, "utf-8")
    elif name.endswith(".osm"):
        path.write_text(osm_text(), "utf-8")
    elif name.endswith(".osm.gz"):
        path.write_bytes(gzip.compress(osm_text().encode(), mtime=0))
    elif name.endswith(".graphml"):
        osmnx.save_graphml(to_osmnx(read_tables(template_directory() / "roads", [])), path)
    else:
        import osmium

        source = folder.parent / "source.osm"
        source.write_text(osm_text(), "utf-8")
        with osmium.SimpleWriter(str(path)) as writer:
            for one in osmium.FileProcessor(str(source)):
                writer.add(one)


def errors(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(one.file, one.check) for one in issues if one.severity == "error"]


# --- one kind, and which ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["roads.osm", "roads.osm.gz", "rutland-latest.osm.pbf", "UPPER.OSM"])
def test_a_map_is_read_whatever_its_kind(tmp_path: Path, name: str) -> None:
    put(tmp_path / "roads", name.lower())
    (tmp_path / "roads" / name.lower()).rename(tmp_path / "roads" / name)
    issues: list[Issue] = []
    roads = read_roads(tmp_path / "roads", issues)
    assert errors(issues) == []
    assert sorted(roads.edges["road_class"]) == ["primary", "unclassified"]
    assert roads.edges["length_m"].to_list() == pytest.approx([1_000, 1_000], rel=1e-3)
    assert roads.attribution == "Roads: © OpenStreetMap contributors, Open Database Licence (ODbL) 1.0."
    assert {one.file for one in issues} <= {f"roads/{name}"}


def test_a_graph_is_read_with_the_notes_of_its_reader(tmp_path: Path) -> None:
    put(tmp_path, "own.graphml")
    graph = osmnx.load_graphml(tmp_path / "own.graphml")
    source, target, key = next(iter(graph.edges))
    graph.edges[source, target, key]["maxspeed"] = "0"
    osmnx.save_graphml(graph, tmp_path / "own.graphml")
    issues: list[Issue] = []
    roads = read_roads(tmp_path, issues)
    assert len(roads.edges) > 5
    assert ("roads/own.graphml", "maxspeed_zero", "warning") in [(one.file, one.check, one.severity) for one in issues]
    assert errors(issues) == []


@pytest.mark.parametrize(
    "names",
    [
        ("one.graphml", "nodes.csv", "edges.csv"),
        ("one.osm", "nodes.csv"),
        ("one.osm", "turns.csv"),
        ("a.osm", "b.osm"),
        ("a.osm", "b.osm.gz", "c.graphml"),
    ],
)
def test_roads_given_twice_are_an_error_that_names_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        put(tmp_path / "roads", name)
    issues: list[Issue] = []
    roads = read_roads(tmp_path / "roads", issues)
    assert errors(issues) == [("roads", "roads_twice")]
    assert all(name in issues[0].message for name in names)
    assert "move the others out of the folder" in issues[0].fix
    assert roads.edges.empty
    assert roads.nodes.empty
    assert roads.attribution == ""


@pytest.mark.parametrize("name", ["rutland.pbf", "Rutland.OSM.BZ2", "rutland.osm.xz"])
def test_a_map_in_another_form_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    issues: list[Issue] = []
    read_roads(tmp_path, issues)
    (found,) = [issue for issue in issues if issue.check == "map_not_read"]
    assert (found.file, found.severity) == (f"roads/{name}", "warning")
    assert ".osm" in found.fix
    assert any(issue.severity == "error" for issue in issues)


def test_what_is_no_file_of_roads_does_not_count(tmp_path: Path) -> None:
    for name in ("nodes.csv", "edges.csv"):
        put(tmp_path, name)
    (tmp_path / "folder.osm").mkdir()
    for name in (".hidden.osm", "notes.txt", "osm", "roads.osm.partial", "osm.graphml.json"):
        (tmp_path / name).write_text("x", "utf-8")
    issues: list[Issue] = []
    assert len(read_roads(tmp_path, issues).edges) == 2
    assert issues == []


@pytest.mark.parametrize("name", ["roads.osm", "roads.osm.gz", "roads.osm.pbf", "roads.graphml"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"<html/>"])
def test_a_file_that_cannot_be_read_is_an_issue(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    issues: list[Issue] = []
    roads = read_roads(tmp_path, issues)
    assert errors(issues) == [(f"roads/{name}", "roads_unreadable")]
    assert name in issues[0].message
    assert roads.edges.empty
    assert roads.edges.crs == "EPSG:27700"


# --- turns ------------------------------------------------------------------------------------------------------------


def turns(folder: Path, rows: str) -> tuple[list[tuple[object, ...]], list[tuple[int | None, str, str, str]]]:
    """Return the turns kept and the faults found of a file with these rows."""
    for name in ("nodes.csv", "edges.csv"):
        put(folder, name)
    (folder / "turns.csv").write_text(TURNS + rows, "utf-8")
    issues: list[Issue] = []
    found = read_roads(folder, issues).turns
    assert found is not None
    kept = list(found[["from_edge_id", "via_node_id", "to_edge_id"]].itertuples(index=False, name=None))
    return kept, [(one.row, one.column, one.value, one.check) for one in issues]


def test_turns_are_read(tmp_path: Path) -> None:
    kept, faults = turns(tmp_path, "e1,002,e2,test,inferred\ne1,001,e1,test,inferred\n")
    assert kept == [("e1", "002", "e2"), ("e1", "001", "e1")]
    assert faults == []


def test_no_file_of_turns_is_no_fault(tmp_path: Path) -> None:
    for name in ("nodes.csv", "edges.csv"):
        put(tmp_path, name)
    issues: list[Issue] = []
    assert read_roads(tmp_path, issues).turns is None
    assert issues == []


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        ("e9,002,e2,t,inferred", [(2, "from_edge_id", "e9", "unknown_edge")]),
        ("e1,002,E2,t,inferred", [(2, "to_edge_id", "E2", "unknown_edge")]),
        ("e8,002,e9,t,inferred", [(2, "from_edge_id", "e8", "unknown_edge"), (2, "to_edge_id", "e9", "unknown_edge")]),
        ("e1,001,e2,t,inferred", [(2, "via_node_id", "001", "edges_apart")]),
        ("e1,999,e2,t,inferred", [(2, "via_node_id", "999", "edges_apart")] * 2),
        ("e1,,e2,t,inferred", [(2, "via_node_id", "", "blank")]),
        ("e1,002,e2,t,inferred\ne1,002,e2,t,inferred", [(3, "from_edge_id", "e1 002 e2", "key_twice")]),
    ],
)
def test_every_fault_of_a_turn_is_named(tmp_path: Path, row: str, faults: list[tuple[object, ...]]) -> None:
    kept, found = turns(tmp_path, row + "\n")
    assert found == faults
    assert len(kept) == row.count("\n")


# --- speeds -----------------------------------------------------------------------------------------------------------


def test_a_map_without_speeds_takes_those_of_the_package_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, "roads.osm")
    issues: list[Issue] = []
    speeds = read_speeds(tmp_path, issues)
    assert speeds.equals(read_speeds(embedded_directory() / "roads", []))
    assert [(one.file, one.check, one.severity) for one in issues] == [
        ("roads/speeds.csv", "speeds_of_package", "note")
    ]


def test_invented_speeds_on_a_map_are_warned_of(tmp_path: Path) -> None:
    """The template's speeds left beside real roads; not the sourced ones, and not on the template's own roads."""
    shutil.copy(template_directory() / "roads/speeds.csv", tmp_path / "speeds.csv")
    for name in ("nodes.csv", "edges.csv"):
        put(tmp_path, name)
    issues: list[Issue] = []
    read_speeds(tmp_path, issues)
    assert issues == []
    for name in ("nodes.csv", "edges.csv"):
        (tmp_path / name).unlink()
    put(tmp_path, "roads.osm")
    speeds = read_speeds(tmp_path, issues)
    assert speeds.equals(read_speeds(template_directory() / "roads", []))
    (found,) = issues
    assert (found.file, found.check, found.severity) == ("roads/speeds.csv", "speeds_invented", "warning")
    assert "(roads.osm), and 90 of the 90 speeds are marked illustrative" in found.message
    assert "delete roads/speeds.csv, and the rows of its sheet" in found.fix
    shutil.copy(embedded_directory() / "roads/speeds.csv", tmp_path / "speeds.csv")
    again: list[Issue] = []
    read_speeds(tmp_path, again)
    assert again == []


def test_speeds_of_the_area_come_first(tmp_path: Path) -> None:
    put(tmp_path, "roads.osm")
    (tmp_path / "speeds.csv").write_text(SPEEDS, "utf-8")
    issues: list[Issue] = []
    assert len(read_speeds(tmp_path, issues)) == 2
    assert issues == []


def test_tables_need_their_own_speeds(tmp_path: Path) -> None:
    issues: list[Issue] = []
    assert read_speeds(tmp_path, issues).empty
    assert errors(issues) == [("roads/speeds.csv", "file_missing")]


# --- systems in metres ------------------------------------------------------------------------------------------------


def test_tables_are_in_the_system_of_the_area(tmp_path: Path) -> None:
    """Porto: 1,000 m apart in EPSG:3763; its cathedral stands at 41.1428 N, 8.6111 W."""
    (tmp_path / "nodes.csv").write_text(
        "node_id,easting_m,northing_m,source,quality\na,-40012,164178,t,inferred\nb,-39012,164178,t,inferred\n", "utf-8"
    )
    (tmp_path / "edges.csv").write_text(
        EDGES.split("\n")[0] + "\ne,a,b,true,true,primary,,,true,false,1000,t,inferred\n"
    )
    issues: list[Issue] = []
    roads = read_roads(tmp_path, issues, crs="EPSG:3763")
    assert issues == []
    assert roads.edges.crs == roads.nodes.crs == "EPSG:3763"
    assert roads.nodes["lon"][0] == pytest.approx(-8.6111, abs=0.01)
    assert roads.nodes["lat"][0] == pytest.approx(41.1428, abs=0.01)
    read_roads(tmp_path, issues)
    assert [one.check for one in issues] == ["position_outside"] * 2 + ["unknown_node"] * 2


@pytest.mark.parametrize("position", ["-8.6,41.1", "41.1,-8.6", "500000,164178", "-40012,9000000"])
def test_positions_that_are_none_of_the_system_are_named(tmp_path: Path, position: str) -> None:
    (tmp_path / "nodes.csv").write_text(
        f"node_id,easting_m,northing_m,source,quality\na,{position},t,inferred\n", "utf-8"
    )
    (tmp_path / "edges.csv").write_text(EDGES.split("\n")[0] + "\n", "utf-8")
    issues: list[Issue] = []
    assert read_roads(tmp_path, issues, crs="EPSG:3763").nodes.empty
    assert [(one.check, one.row) for one in issues] == [("position_outside", 2)]
    assert "is no EPSG:3763 position" in issues[0].message


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:4326", "EPSG:4326 is not a system in metres"),
        ("EPSG:2225", "not a system in metres"),
        ("EPSG:99999", "there is no reference system 'EPSG:99999'"),
        ("Oxford", "there is no reference system 'Oxford'"),
        ("", "there is no reference system ''"),
    ],
)
def test_an_area_names_a_system_in_metres(tmp_path: Path, crs: str, words: str) -> None:
    write_template(tmp_path)
    path = tmp_path / "area.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"EPSG:27700"', f'"{crs}"'), "utf-8")
    with pytest.raises(ParameterError, match=words):
        read_parameters(path)
    path.write_text(text.replace('"EPSG:27700"', '"epsg:27700"'), "utf-8")
    assert read_parameters(path).crs == "EPSG:27700"


# --- whole areas ------------------------------------------------------------------------------------------------------


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """Return the template area with its roads as a graph of osmnx instead of tables."""
    shutil.copytree(template_directory(), tmp_path / "area")
    for name in ("nodes.csv", "edges.csv"):
        (tmp_path / "area/roads" / name).unlink()
    put(tmp_path / "area/roads", "own.graphml")
    return tmp_path / "area"


def _times(inputs: Inputs) -> TravelTimes:
    return sufficiency.travel_times(
        inputs.roads,
        inputs.speeds,
        inputs.origins,
        inputs.settings,
        profile=inputs.parameters.value("travel_profile"),
        parameters=inputs.parameters,
    )


def test_an_area_on_a_graph_has_the_journeys_of_its_tables(area: Path) -> None:
    """The template's roads are straight, and the graph measures them: the same times within 0.1 %."""
    ours, theirs = sufficiency.load(area), sufficiency.load(template_directory())
    warned, before = (set(one.issues.loc[one.issues["severity"] != "note", "check"]) for one in (ours, theirs))
    # one school lies a kilometre from its road, to the rounding: at the very limit of a long snap
    assert warned - before - {"long_snap"} == {"speeds_invented"}
    times = [_times(one) for one in (ours, theirs)]
    assert np.isfinite(times[1].minutes).any()
    assert times[0].minutes == pytest.approx(times[1].minutes, rel=1e-3, abs=0.01, nan_ok=True)
    assert times[0].km == pytest.approx(times[1].km, rel=1e-3, abs=0.01, nan_ok=True)


def test_an_area_elsewhere_names_its_own_system_for_all_its_tables(tmp_path: Path) -> None:
    """The template's numbers are metres of UTM zone 30 as well, off Ghana: the same plane and times."""
    write_template(tmp_path)
    path = tmp_path / "area.toml"
    path.write_text(path.read_text("utf-8").replace('"EPSG:27700"', '"EPSG:32630"'), "utf-8")
    ours, theirs = sufficiency.load(tmp_path), sufficiency.load(template_directory())
    for one in (ours.zones, ours.areas, ours.origins, ours.settings, ours.schemes, ours.roads.nodes, ours.roads.edges):
        assert one.crs == "EPSG:32630"
    assert 2 < ours.roads.nodes["lat"].min() < ours.roads.nodes["lat"].max() < 4
    assert (_times(ours).milliseconds == _times(theirs).milliseconds).all()
    text = (tmp_path / "schools/settings.csv").read_text("utf-8").splitlines()
    header, row = text[0].split(","), text[1].split(",")
    row[header.index("easting_m")], row[header.index("northing_m")] = "0.8", "51.5"
    (tmp_path / "schools/settings.csv").write_text("\n".join([text[0], ",".join(row), *text[2:]]) + "\n", "utf-8")
    with pytest.raises(DataError) as caught:
        sufficiency.load(tmp_path)
    assert caught.value.issues is not None
    assert "the position is not in EPSG:32630 in metres" in set(caught.value.issues["message"])


def test_digests_name_every_file_of_roads_and_change_with_it(area: Path) -> None:
    (area / "roads/own.graphml.json").write_text("{}", "utf-8")
    before = digests(area)
    assert {"roads/own.graphml", "roads/own.graphml.json", "roads/speeds.csv"} <= before.keys()
    (area / "roads/own.graphml").write_bytes((area / "roads/own.graphml").read_bytes() + b"\n")
    after = digests(area)
    assert [name for name in before if before[name] != after[name]] == ["roads/own.graphml"]
    for name, content in {
        "turns.csv": TURNS,
        "a.osm": "x",
        "b.osm.gz": "x",
        "c.osm.pbf": "x",
        "d.osm.bak": "x",
    }.items():
        (area / "roads" / name).write_text(content, "utf-8")
    assert digests(area).keys() - after.keys() == {
        f"roads/{name}" for name in ("turns.csv", "a.osm", "b.osm.gz", "c.osm.pbf")
    }


def test_faults_of_the_roads_stand_beside_all_others(area: Path) -> None:
    (area / "roads/own.graphml").write_text("<!DOCTYPE x><x/>", "utf-8")
    (area / "schools/provision.csv").write_text("nonsense\n", "utf-8")
    with pytest.raises(DataError) as caught:
        sufficiency.load(area)
    assert caught.value.issues is not None
    files = set(caught.value.issues["file"])
    assert {"roads/own.graphml", "schools/provision.csv"} <= files


def test_a_speed_that_is_missing_for_a_class_of_the_graph_is_asked_for(area: Path) -> None:
    path = area / "roads/speeds.csv"
    lines = path.read_text("utf-8").splitlines()
    used = read_area(area).roads.edges["road_class"].iloc[0]
    path.write_text("\n".join(line for line in lines if not line.startswith(f"{used},")) + "\n", "utf-8")
    with pytest.raises(DataError) as caught:
        sufficiency.load(area)
    assert caught.value.issues is not None
    assert "speed_missing" in set(caught.value.issues["check"])


def test_rows_of_the_workbook_give_way_to_a_file_with_a_warning(tmp_path: Path) -> None:
    write_template(tmp_path)
    for name in ("nodes.csv", "edges.csv"):
        (tmp_path / "roads" / name).unlink()
    put(tmp_path / "roads", "own.graphml")
    assert (tmp_path / WORKBOOK_NAME).is_file()
    inputs = sufficiency.load(tmp_path)
    found = inputs.issues[inputs.issues["check"] == "two_sources"]
    assert found["value"].to_list() == ["road_nodes", "road_edges"]
    assert set(found["severity"]) == {"warning"}
    assert "own.graphml is used" in found["message"].iloc[0]


def test_the_licence_of_a_map_is_said_on_the_map_and_in_the_report(area: Path) -> None:
    from sufficiency.outputs.maps.page import render_map
    from sufficiency.outputs.report.board import build_paper

    found = sufficiency.load(area).roads.attribution
    assert found == "Roads: © OpenStreetMap contributors, Open Database Licence (ODbL) 1.0."
    assert sufficiency.load(template_directory()).roads.attribution == ""
    released, inputs, record = make_released(), make_inputs_facts(), make_record()
    for attribution, times in ((found, 1), ("", 0)):
        shown = dataclasses.replace(inputs, roads=dataclasses.replace(inputs.roads, attribution=attribution))
        page = render_map(released, shown, record)
        assert page.count(f"<p>{found}</p>") == times
        assert page.count('"openStreetMap":true') == times
        assert str(build_paper(released, shown, record)).count(found) == times
