"""The front door of the roads: good files become tables, every fault is named with row, column, value and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sufficiency.model import geography
from sufficiency.sources.roads import read_roads, read_speeds

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.files import Issue

NODES = """node_id,node_name,easting_m,northing_m,source,quality
001,Alpha,450000,200000,test,verified
002,,453000,204000,test,verified
003,Gamma,453000,200000,test,verified
"""
HEADER = (
    "edge_id,from_node_id,to_node_id,forward,backward,road_class,road_number,maxspeed_kph,urban,access_only,length_m,"
    "source,quality\n"
)
EDGES = f"""{HEADER}e1,001,002,true,true,primary,A40,80.5,false,false,5200,test,inferred
e2,002,003,true,false,tertiary,,,true,false,4000,test,inferred
"""
SPEEDS = """road_class,urban,profile,kph,junction_s,low_share,high_share,source
primary,false,school_morning,60,8,0.9,1.3,test
primary,true,school_morning,30,15,0.9,1.3,test
"""


def read(directory: Path, nodes: str = NODES, edges: str = EDGES) -> tuple[list[str], list[str], list[Issue]]:
    """Return node ids, edge ids and the issues of these files."""
    (directory / "nodes.csv").write_text(nodes, encoding="utf-8")
    (directory / "edges.csv").write_text(edges, encoding="utf-8")
    issues: list[Issue] = []
    roads = read_roads(directory, issues)
    return list(roads.nodes["node_id"]), list(roads.edges["edge_id"]), issues


def named(issues: list[Issue]) -> list[tuple[str, int | None, str, str, str, str]]:
    """Return what a planner needs to find each fault."""
    return [(i.file, i.row, i.column, i.value, i.check, i.severity) for i in issues]


def test_good_files_become_tables(tmp_path: Path) -> None:
    """e1 is the hypotenuse of 3,000 and 4,000 m: 5,000 m straight, 5,200 m along the road."""
    assert read(tmp_path) == (["001", "002", "003"], ["e1", "e2"], [])
    roads = read_roads(tmp_path, [])
    first, second = (roads.edges.iloc[row] for row in (0, 1))
    assert list(first.geometry.coords) == [(450_000, 200_000), (453_000, 204_000)]
    assert (first.road_number, first.maxspeed_kph, first.length_m) == ("A40", 80.5, 5_200)
    assert (bool(first.backward), bool(second.forward), bool(second.backward), bool(second.urban)) == (
        True,
        True,
        False,
        True,
    )
    assert second.maxspeed_kph != second.maxspeed_kph  # NaN: not signed
    assert roads.nodes.crs == roads.edges.crs == geography.BNG
    lon, lat = geography.to_wgs84([450_000], [200_000])
    assert (roads.nodes.lon[0], roads.nodes.lat[0]) == (lon[0], lat[0])
    assert roads.nodes.geometry[0].coords[0] == (450_000, 200_000)
    assert roads.edges.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "row", "column", "value", "check"),
    [
        ("e3,001,999,true,true,primary,,,false,false,900,t,inferred", 4, "to_node_id", "999", "unknown_node"),
        ("e3,1,002,true,true,primary,,,false,false,5200,t,inferred", 4, "from_node_id", "1", "unknown_node"),
        ("e3,001,001,true,true,primary,,,false,false,900,t,inferred", 4, "to_node_id", "001", "self_loop"),
        ("e1,001,002,true,true,primary,,,false,false,5200,t,inferred", 4, "edge_id", "e1", "key_twice"),
        ("e3,001,002,true,true,primry,,,false,false,5200,t,inferred", 4, "road_class", "primry", "unknown_code"),
        (
            "e3,001,002,true,true,primary,,,false,false,4990,t,inferred",
            4,
            "length_m",
            "4990.0",
            "length_below_straight",
        ),
        (
            "e3,001,002,true,true,primary,,,false,false,25011,t,inferred",
            4,
            "length_m",
            "25011.0",
            "length_beyond_straight",
        ),
        ("e3,001,002,true,true,primary,,,false,false,long,t,inferred", 4, "length_m", "long", "text_in_number"),
        ("e3,001,002,true,true,primary,,0,false,false,5200,t,inferred", 4, "maxspeed_kph", "0", "out_of_bounds"),
        ("e3,001,002,maybe,true,primary,,,false,false,5200,t,inferred", 4, "forward", "maybe", "not_yes_or_no"),
    ],
)
def test_every_fault_is_named_and_its_row_left_out(
    tmp_path: Path, wrong: str, row: int, column: str, value: str, check: str
) -> None:
    _, edge_ids, issues = read(tmp_path, edges=EDGES + wrong + "\n")
    assert named(issues) == [("roads/edges.csv", row, column, value, check, "error")]
    assert all((issues[0].message, issues[0].fix, issues[0].key))
    assert edge_ids == ["e1", "e2"]


def test_lengths_at_the_bounds_are_taken(tmp_path: Path) -> None:
    """5,000 m straight: at least 5,000 x 0.999 - 2 = 4,993 (rounded positions), at most 5 x (5,000 + 2) = 25,010."""
    row = "e{0},001,002,true,true,primary,,,false,false,{1},t,inferred\n"
    _, edge_ids, issues = read(tmp_path, edges=EDGES + row.format(3, 4993) + row.format(4, 25010))
    assert (edge_ids, issues) == (["e1", "e2", "e3", "e4"], [])


def test_a_road_closed_both_ways_is_a_warning(tmp_path: Path) -> None:
    closed = "e3,001,002,false,false,primary,,,false,false,5200,t,inferred\n"
    only_backward = "e4,001,002,false,true,primary,,,false,false,5200,t,inferred\n"
    _, edge_ids, issues = read(tmp_path, edges=EDGES + closed + only_backward)
    assert named(issues) == [("roads/edges.csv", 4, "forward", "False", "edge_closed", "warning")]
    assert edge_ids == ["e1", "e2", "e3", "e4"]


def test_a_node_outside_the_grid_takes_its_edges_along(tmp_path: Path) -> None:
    """Node 003 in degrees: reported itself, and edge e2 for wanting it; the rest stands."""
    nodes = NODES.replace("003,Gamma,453000,200000", "003,Gamma,-1.23,51.7")
    node_ids, edge_ids, issues = read(tmp_path, nodes=nodes)
    assert named(issues) == [
        ("roads/nodes.csv", 4, "easting_m", "-1.23", "position_outside", "error"),
        ("roads/edges.csv", 3, "to_node_id", "003", "unknown_node", "error"),
    ]
    assert (node_ids, edge_ids) == (["001", "002"], ["e1"])


def test_all_faults_are_collected_at_once(tmp_path: Path) -> None:
    edges = EDGES.replace("e1,001,002", "e1,001,777").replace("4000", "3000")
    _, edge_ids, issues = read(tmp_path, nodes=NODES + "003,Twice,453000,200000,t,verified\n", edges=edges)
    assert [i.check for i in issues] == ["key_twice", "unknown_node", "length_below_straight"]
    assert edge_ids == []


def test_missing_files_are_reported_not_raised(tmp_path: Path) -> None:
    issues: list[Issue] = []
    roads = read_roads(tmp_path, issues)
    assert [(i.file, i.check) for i in issues] == [
        ("roads/nodes.csv", "file_missing"),
        ("roads/edges.csv", "file_missing"),
    ]
    assert roads.nodes.empty
    assert roads.edges.empty
    assert roads.edges.crs == geography.BNG


def test_speeds(tmp_path: Path) -> None:
    (tmp_path / "speeds.csv").write_text(SPEEDS, encoding="utf-8")
    issues: list[Issue] = []
    speeds = read_speeds(tmp_path, issues)
    assert issues == []
    assert speeds["kph"].tolist() == [60, 30]
    assert speeds["urban"].tolist() == [False, True]
    (tmp_path / "speeds.csv").write_text(SPEEDS.replace("60,8,0.9", "0,8,1.9") + SPEEDS.splitlines()[2] + "\n", "utf-8")
    assert read_speeds(tmp_path, issues)["kph"].tolist() == [30]
    assert [(i.row, i.column, i.check) for i in issues] == [
        (2, "kph", "out_of_bounds"),
        (2, "low_share", "out_of_bounds"),
        (4, "road_class", "key_twice"),
    ]
