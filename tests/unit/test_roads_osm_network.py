"""From a small map to edges: where roads are cut and merged, what they are named, and what is left out and noted.

Maps are drawn on a grid whose steps are 0.0001 degrees at 1 W, 52 N. Lengths come from the ellipsoid by hand: a degree
of latitude there is 111,267 m and a degree of longitude 68,678 m (series for WGS84, to the metre).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from sufficiency.model.errors import GeographyError
from sufficiency.sources.roads import read_osm
from sufficiency.sources.roads.osm import read_osm_walking
from sufficiency.travel import route
from tests.osm_xml import CORNER, STEP, node, restriction, way, write

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RoadTables

EAST_M, NORTH_M = 68_678 * STEP, 111_267 * STEP


def edges_of(roads: RoadTables) -> dict[str, tuple[str, str]]:
    return {edge.edge_id: (edge.from_node_id, edge.to_node_id) for edge in roads.edges.itertuples()}


def notes_of(roads: RoadTables) -> dict[str, str]:
    return dict(zip(roads.issues["check"], roads.issues["value"], strict=True))


def crossing(tmp_path: Path, *more: str, **values: str) -> RoadTables:
    """Return a crossing at node 3: way 10 from 1 over 2 to 3, 11 from 3 to 4, 12 from 5 over 3 to 6, and more parts."""
    return read_osm(
        write(
            tmp_path / "crossing.osm",
            *(node(1, 0, 0), node(2, 10, 0), node(3, 20, 0), node(4, 40, 0), node(5, 20, 10), node(6, 20, -10)),
            way(10, [1, 2, 3], highway="primary", ref="A1", **values),
            way(11, [3, 4], highway="primary"),
            way(12, [5, 3, 6], highway="residential"),
            *more,
        )
    )


def test_ways_are_cut_at_junctions_and_named_after_way_and_place(tmp_path: Path) -> None:
    roads = crossing(tmp_path)
    assert edges_of(roads) == {"10-0": ("1", "3"), "11-0": ("3", "4"), "12-0": ("5", "3"), "12-1": ("3", "6")}
    assert roads.nodes["node_id"].tolist() == ["1", "3", "4", "5", "6"]
    assert roads.edges["length_m"].tolist() == pytest.approx(
        [20 * EAST_M, 20 * EAST_M, 10 * NORTH_M, 10 * NORTH_M], rel=1e-4
    )
    assert roads.edges["road_number"].tolist() == ["A1", "", "", ""]
    assert roads.nodes["lon"].tolist()[:2] == pytest.approx([CORNER[0], CORNER[0] + 20 * STEP], abs=1e-9)
    assert roads.edges.crs == roads.nodes.crs == "EPSG:27700"
    # the vertex on the way keeps the bend: three positions, and ends where the nodes are
    assert [len(line.coords) for line in roads.edges.geometry] == [3, 2, 2, 2]
    places = dict(zip(roads.nodes["node_id"], roads.nodes.geometry, strict=True))
    for edge in roads.edges.itertuples():
        assert shapely.Point(edge.geometry.coords[0]).equals(places[edge.from_node_id])
        assert shapely.Point(edge.geometry.coords[-1]).equals(places[edge.to_node_id])
    assert roads.speeds is not None
    assert roads.turns is not None
    assert roads.turns.empty
    assert roads.issues is not None
    assert roads.issues.empty


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ({"highway": "primary"}, {"highway": "primary"}, True),
        ({"highway": "primary", "ref": "A1"}, {"highway": "primary", "ref": "A2"}, True),
        ({"highway": "primary", "name": "High Street"}, {"highway": "primary"}, True),
        ({"highway": "primary"}, {"highway": "secondary"}, False),
        ({"highway": "primary", "maxspeed": "30 mph"}, {"highway": "primary"}, False),
        ({"highway": "primary", "maxspeed": "30 mph"}, {"highway": "primary", "maxspeed": "48.28032"}, True),
        ({"highway": "primary", "oneway": "yes"}, {"highway": "primary"}, False),
        ({"highway": "primary", "oneway": "yes"}, {"highway": "primary", "oneway": "-1"}, False),
        ({"highway": "primary", "access": "private"}, {"highway": "primary"}, False),
        ({"highway": "primary", "maxspeed:type": "GB:urban"}, {"highway": "primary", "maxspeed": "30 mph"}, True),
    ],
)
def test_ways_in_line_are_merged_only_where_nothing_changes(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], merged: bool
) -> None:
    """Two ways end to end; a third closes the ring, so that one-way streets do not make islands."""
    roads = read_osm(
        write(
            tmp_path / "line.osm",
            *(node(number, 10 * number, 0) for number in (1, 2, 3)),
            node(9, 20, 50),
            way(20, [1, 2], **first),
            way(21, [2, 3], **second),
            way(30, [3, 9, 1], highway="tertiary", maxspeed="60 mph"),
        )
    )
    assert ("20-0" in edges_of(roads), "21-0" in edges_of(roads)) == (True, not merged)
    assert edges_of(roads)["20-0"] == ("1", "3" if merged else "2")


def test_one_way_streets_drawn_against_each_other_are_merged_in_the_direction_of_the_first(tmp_path: Path) -> None:
    """Way 20 is driven from 1 to 2; way 21 is drawn from 3 to 2 and driven against its drawing: both from 1 to 3."""
    roads = read_osm(
        write(
            tmp_path / "line.osm",
            *(node(number, 10 * number, 0) for number in (1, 2, 3)),
            node(9, 20, 50),
            way(21, [3, 2], highway="primary", oneway="-1"),
            way(20, [1, 2], highway="primary", oneway="yes"),
            way(30, [3, 9, 1], highway="tertiary"),
        )
    )
    edge = roads.edges.set_index("edge_id").loc["20-0"]
    assert (edge["from_node_id"], edge["to_node_id"], edge["forward"], edge["backward"]) == ("1", "3", True, False)


def test_the_number_of_the_longest_part_is_the_number_of_the_edge(tmp_path: Path) -> None:
    roads = read_osm(
        write(
            tmp_path / "line.osm",
            *(node(number, place, 0) for number, place in ((1, 0), (2, 10), (3, 40), (4, 60))),
            way(20, [1, 2], highway="primary", ref="A1"),
            way(21, [2, 3], highway="primary", ref="A2"),
            way(22, [3, 4], highway="primary", ref="A1"),
        )
    )
    assert roads.edges["road_number"].tolist() == ["A1"]  # 10 + 20 against 30 steps: equal, so the first by its text
    assert roads.edges["length_m"].tolist() == pytest.approx([60 * EAST_M], rel=1e-4)


def test_loops_and_rings_are_cut_so_that_no_edge_ends_where_it_starts(tmp_path: Path) -> None:
    """A lollipop (way 10 with a loop at 2), a ring of its own (way 11) and a road out and back on itself (way 12)."""
    roads = read_osm(
        write(
            tmp_path / "loops.osm",
            *(node(number, 10 * number, 0) for number in (1, 2)),
            *(node(3, 30, 10), node(4, 40, 0), node(5, 30, -10)),
            way(10, [1, 2, 3, 4, 5, 2], highway="residential"),
            *(node(6, 0, 50), node(7, 10, 50), node(8, 10, 60)),
            way(11, [8, 6, 7, 8], highway="residential"),
            *(node(21, 0, 90), node(22, 20, 90)),
            way(12, [21, 22, 21], highway="residential"),
        )
    )
    edges = roads.edges
    assert (edges["from_node_id"] != edges["to_node_id"]).all()
    assert edges_of(roads) == {
        "10-0": ("1", "2"),
        "10-1": ("2", "4"),
        "10-3": ("4", "2"),
        # a ring starts at its lowest node, 6, and is cut after one of its three pieces
        "11-0": ("7", "6"),
        "11-1": ("6", "7"),
        "12-0": ("21", "22"),
        "12-1": ("22", "21"),
    }
    hypotenuse = np.hypot(10 * EAST_M, 10 * NORTH_M)
    assert edges["length_m"].sum() == pytest.approx(
        10 * EAST_M + 4 * hypotenuse + 10 * (EAST_M + NORTH_M) + hypotenuse + 40 * EAST_M, rel=1e-4
    )


def test_vertices_at_one_place_joined_by_a_piece_of_no_length_are_one_node(tmp_path: Path) -> None:
    roads = read_osm(
        write(
            tmp_path / "same.osm",
            *(node(1, 0, 0), node(2, 10, 0), node(3, 10, 0), node(4, 20, 0), node(5, 10, 10)),
            way(10, [1, 2, 3, 4], highway="primary"),
            way(11, [3, 5], highway="primary"),
            way(12, [2, 2], highway="primary"),
        )
    )
    assert edges_of(roads) == {"10-0": ("1", "2"), "10-2": ("2", "4"), "11-0": ("2", "5")}


def test_parallel_roads_between_two_junctions_stay_two_edges(tmp_path: Path) -> None:
    roads = read_osm(
        write(
            tmp_path / "parallel.osm",
            *(node(1, 0, 0), node(2, 10, 0), node(3, 20, 0), node(4, 30, 0), node(5, 15, 10)),
            way(10, [1, 2, 3, 4], highway="primary"),
            way(11, [2, 5, 3], highway="primary"),
            way(12, [2, 3], highway="primary"),
        )
    )
    assert edges_of(roads) == {
        "10-0": ("1", "2"),
        "10-1": ("2", "3"),
        "10-2": ("3", "4"),
        "11-0": ("2", "3"),
        "12-0": ("2", "3"),
    }


def test_barriers_cut_the_road_or_make_it_access_only(tmp_path: Path) -> None:
    """A bollard at 2, a stile at the junction 3; a private gate at 7; a gate at 8 that anybody may open."""
    roads = crossing(
        tmp_path,
        *(node(2, 10, 0, barrier="bollard"), node(3, 20, 0, barrier="stile")),
        *(node(7, 60, 0, barrier="gate", access="private"), node(8, 80, 0, barrier="gate"), node(9, 100, 0)),
        way(13, [4, 7, 8, 9], highway="primary"),
    )
    edges = edges_of(roads)
    assert (edges["10-0"], edges["10-1"]) == (("1", "2"), ("2:2", "3"))
    assert "2:2" in roads.nodes["node_id"].tolist()
    limited = roads.edges.set_index("edge_id")["access_only"]
    # both pieces at the gate, and what is behind it, so that all three are merged
    assert limited["13-0"]
    assert edges["13-0"] == ("4", "9")
    assert notes_of(roads) == {
        "barrier_at_junction": "1",
        "barrier_limits": "1",
        "barrier_stops": "1",
        "island": "1",  # the road from 1 to the bollard
        "pocket": "1",  # the road from 8 to 9, behind the private gate
    }


def test_a_barrier_at_the_start_of_a_path_belongs_to_the_path(tmp_path: Path) -> None:
    roads = crossing(tmp_path, node(2, 10, 0, barrier="stile"), node(7, 10, 20), way(13, [2, 7], highway="footway"))
    assert edges_of(roads)["10-0"] == ("1", "3")
    assert notes_of(roads) == {"barrier_at_path": "1"}


def test_a_bollard_cuts_the_road_also_where_a_path_starts(tmp_path: Path) -> None:
    """As modal filters are drawn: a footway, or a cycleway, goes through at the bollard."""
    roads = crossing(tmp_path, node(2, 10, 0, barrier="bollard"), node(7, 10, 20), way(13, [2, 7], highway="cycleway"))
    assert (edges_of(roads)["10-0"], edges_of(roads)["10-1"]) == (("1", "2"), ("2:2", "3"))
    assert notes_of(roads) == {"barrier_stops": "1", "island": "1"}


def test_a_bollard_where_roads_meet_ends_them_all(tmp_path: Path) -> None:
    """A drive joins at the bollard on node 2: from 1 nobody drives to 3, and nobody from the drive."""
    roads = crossing(tmp_path, node(2, 10, 0, barrier="bollard"), node(7, 10, 20), way(13, [2, 7], highway="service"))
    edges = edges_of(roads)
    assert (edges["10-0"], edges["10-1"], edges["13-0"]) == (("1", "2"), ("2:2", "3"), ("2:3", "7"))
    assert roads.nodes["node_id"].tolist() == ["1", "2", "2:2", "2:3", "3", "4", "5", "6", "7"]
    at = roads.nodes.set_index("node_id").geometry
    assert at["2"].equals(at["2:2"])
    assert at["2"].equals(at["2:3"])
    assert notes_of(roads) == {"barrier_stops": "1", "island": "2"}


def test_no_entry_from_several_roads_bans_the_turn_from_each(tmp_path: Path) -> None:
    several = restriction(1, "no_entry", 10, 3, 11).replace(
        '<member type="node"', '<member type="way" ref="12" role="from"/><member type="node"'
    )
    # way 12 goes on at node 3, so which of its ends is meant is not said
    assert notes_of(crossing(tmp_path, several)) == {"turn_ambiguous": "1"}
    assert turns_of(crossing(tmp_path, several)) == [("10-0", "3", "11-0")]
    not_one = several.replace("no_entry", "no_left_turn")
    assert notes_of(crossing(tmp_path, not_one)) == {"turn_incomplete": "1"}


def test_a_restriction_whose_type_names_other_vehicles_is_not_for_cars(tmp_path: Path) -> None:
    for vehicle, turns in (("hgv", []), ("bus", []), ("motorcar", [("10-0", "3", "11-0")])):
        old = restriction(1, "no_left_turn", 10, 3, 11).replace('v="restriction"', f'v="restriction:{vehicle}"')
        assert turns_of(crossing(tmp_path, old)) == turns


def test_missing_nodes_cut_the_way_and_are_counted(tmp_path: Path) -> None:
    """Way 13 runs 4, 97, 7, 8, 98, 99: what is left of it is 7 to 8."""
    roads = crossing(
        tmp_path,
        node(7, 60, 0),
        node(8, 70, 0),
        way(13, [4, 97, 7, 8, 98, 99], highway="primary"),
        way(14, [97, 98], highway="primary"),
    )
    assert set(edges_of(roads)) == {"10-0", "11-0", "12-0", "12-1", "13-2"}
    assert edges_of(roads)["13-2"] == ("7", "8")
    assert notes_of(roads) == {"missing_nodes": "5", "island": "1"}
    message = roads.issues.set_index("check").loc["missing_nodes", "message"]
    assert message == "nodes that ways refer to and the file lacks: 5; ways cut there: 2"


def test_a_zero_limit_closes_and_odd_tags_are_counted(tmp_path: Path) -> None:
    roads = crossing(
        tmp_path,
        way(13, [4, 5], highway="primary", maxspeed="0"),
        way(14, [4, 6], highway="secondary", maxspeed="quick"),
        way(15, [1, 6], highway="tertiary", maxspeed="quick", oneway="perhaps"),
        way(16, [1, 5], highway="primary", oneway="reversible"),
        way(17, [2, 6], highway="primary", motor_vehicle__conditional="no @ (Mo-Fr 08:00-09:00)"),
    )
    assert {edge.partition("-")[0] for edge in edges_of(roads)} == {"10", "11", "12", "14", "15", "17"}
    assert notes_of(roads) == {
        "maxspeed_zero": "1",
        "maxspeed_unread": "2",
        "oneway_unread": "1",
        "reversible": "1",
        "conditional_access": "1",
    }
    messages = roads.issues.set_index("check")["message"]
    assert "quick × 2" in messages["maxspeed_unread"]
    assert "motor_vehicle:conditional=no @ (Mo-Fr 08:00-09:00) × 1" in messages["conditional_access"]
    assert set(roads.issues["file"]) == {"crossing.osm"}


def test_the_speed_of_a_ferry_follows_from_its_duration_and_whole_length(tmp_path: Path) -> None:
    """1,000 steps east: 6,868 m in 30 minutes is 13.74 km/h, on both edges that the pier in the middle makes."""
    roads = crossing(
        tmp_path,
        *(node(7, 540, 0), node(8, 1040, 0), node(9, 540, 10)),
        way(13, [4, 7, 8], route="ferry", duration="00:30", motor_vehicle="yes"),
        way(14, [7, 9], highway="primary"),
        way(15, [8, 9], route="ferry", duration="00:00:10"),
        way(16, [8, 6], route="ferry"),
    )
    speeds = roads.edges.set_index("edge_id")["maxspeed_kph"]
    kph = 1_000 * EAST_M / 1_000 / 0.5
    assert speeds[["13-0", "13-1"]].tolist() == pytest.approx([kph, kph], rel=1e-4)
    # 3.4 km in ten seconds: no ship
    assert speeds[["15-0", "16-0"]].isna().all()
    assert notes_of(roads) == {"ferry_speed": "1"}
    assert set(roads.edges.loc[roads.edges["road_class"] == "ferry", "urban"]) == {False}


def test_pockets_behind_service_roads_become_access_only_and_islands_are_counted(tmp_path: Path) -> None:
    """Streets 30 and 31 hang on the town by service road 20 alone; street 40 hangs on nothing."""
    roads = crossing(
        tmp_path,
        *(node(7, 60, 0), node(8, 70, 0), node(9, 80, 0)),
        way(20, [4, 7], highway="service"),
        way(30, [7, 8], highway="residential"),
        way(31, [8, 9], highway="unclassified"),
        *(node(41, 0, 90), node(42, 20, 90)),
        way(40, [41, 42], highway="residential"),
    )
    limited = roads.edges.set_index("edge_id")["access_only"]
    assert limited[limited].index.tolist() == ["20-0", "30-0", "31-0"]
    assert notes_of(roads) == {"pocket": "1", "island": "1"}
    message = roads.issues.set_index("check").loc["island", "message"]
    assert "which nothing is joined to: 1 (edges: 1; km: 0.1 of 1)" in message


def turns_of(roads: RoadTables) -> list[tuple[str, str, str]]:
    return list(roads.turns.itertuples(index=False, name=None))


def test_forbidden_turns(tmp_path: Path) -> None:
    assert turns_of(crossing(tmp_path, restriction(1, "no_left_turn", 10, 3, 11))) == [("10-0", "3", "11-0")]
    assert turns_of(crossing(tmp_path, restriction(1, "no_u_turn", 10, 3, 10))) == [("10-0", "3", "10-0")]


def test_a_commanded_turn_bans_the_others_but_not_turning_back(tmp_path: Path) -> None:
    roads = crossing(tmp_path, restriction(1, "only_straight_on", 10, 3, 11))
    assert turns_of(roads) == [("10-0", "3", "12-0"), ("10-0", "3", "12-1")]


def test_a_commanded_turn_bans_nothing_that_is_one_way_towards_it(tmp_path: Path) -> None:
    roads = crossing(
        tmp_path,
        *(node(7, 0, 20), way(13, [7, 3], highway="residential", oneway="yes"), way(14, [3, 7], highway="residential")),
        restriction(1, "only_straight_on", 10, 3, 11),
    )
    assert turns_of(roads) == [("10-0", "3", "12-0"), ("10-0", "3", "12-1"), ("10-0", "3", "14-0")]


def test_a_node_with_a_restriction_is_not_merged_away(tmp_path: Path) -> None:
    roads = crossing(tmp_path, restriction(1, "no_u_turn", 10, 2, 10), restriction(2, "no_u_turn", 10, 1, 10))
    assert edges_of(roads)["10-1"] == ("2", "3")
    assert turns_of(roads) == [("10-0", "1", "10-0")]  # at 2 the way runs through: which piece is meant is not said
    assert notes_of(roads) == {"turn_ambiguous": "1"}


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({"except": "motorcar"}, {}),
        ({"except": "bus;motor_vehicle"}, {}),
        ({"except": "psv"}, None),
        ({"restriction:conditional": "no_left_turn @ (08:00-09:00)", "restriction": ""}, {"turn_conditional": "1"}),
        ({"hour_on": "08:00"}, {"turn_conditional": "1"}),
        ({"restriction": "nonsense"}, {"turn_unknown": "1"}),
        ({"restriction": "", "restriction:motorcar": "no_left_turn"}, None),
        ({"restriction": "", "restriction:hgv": "no_left_turn"}, {}),
    ],
)
def test_restrictions_that_do_not_count(tmp_path: Path, values: dict[str, str], note: dict[str, str] | None) -> None:
    roads = crossing(tmp_path, restriction(1, "no_left_turn", 10, 3, 11, **values))
    assert (turns_of(roads) != []) is (note is None)
    assert notes_of(roads) == (note or {})


def test_restrictions_with_wrong_members_are_counted(tmp_path: Path) -> None:
    over_a_road = restriction(1, "no_u_turn", 10, 3, 11).replace('type="node" ref="3"', 'type="way" ref="12"')
    without_to = restriction(2, "no_u_turn", 10, 3, 11).replace('role="to"', 'role="towards"')
    roads = crossing(
        tmp_path,
        *(
            over_a_road,
            without_to,
            restriction(3, "no_left_turn", 10, 99, 11),
            restriction(4, "no_left_turn", 99, 3, 11),
        ),
        restriction(5, "only_left_turn", 10, 3, 99),
    )
    assert turns_of(roads) == []
    assert notes_of(roads) == {"turn_via_way": "1", "turn_incomplete": "1", "turn_road_missing": "3"}


def test_signs_streets_and_their_density_make_an_urban_road(tmp_path: Path) -> None:
    """Way 1 crosses a village of two streets and, as way 2, leads 1.1 km out of it; signs and classes say their own."""
    roads = read_osm(
        write(
            tmp_path / "village.osm",
            *(node(number, 10 * (number - 10), 0) for number in range(10, 14)),
            *(node(20, 10, 20), node(21, 20, 20)),
            *(node(number, 10 * (number - 30), 100) for number in range(30, 38)),
            way(1, [10, 11, 12, 13], highway="tertiary"),
            way(5, [11, 20], highway="residential"),
            way(6, [12, 21], highway="residential"),
            way(2, [13, 30, 31], highway="tertiary"),
            way(3, [31, 32], highway="tertiary", maxspeed="30 mph"),
            way(4, [32, 33], highway="tertiary", maxspeed__type="GB:nsl_single"),
            way(7, [33, 34], highway="living_street"),
            way(8, [34, 35], highway="motorway", oneway="no"),
            way(9, [11, 36], highway="tertiary", maxspeed="50 mph"),
            way(10, [35, 37], highway="tertiary", maxspeed="40 mph"),
        )
    )
    urban = roads.edges.set_index("edge_id")["urban"]
    assert urban[urban].index.tolist() == ["1-0", "1-1", "3-0", "5-0", "6-0", "7-0"]
    # the last piece in the village is part of the long way out, and ways 9 and 10 are signed and long
    assert urban[~urban].index.tolist() == ["1-2", "4-0", "8-0", "9-0", "10-0"]


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    parts = [
        *(node(number, 7 * number % 50, 3 * number % 40) for number in range(1, 30)),
        *(way(100 + number, [number, number + 1, (3 * number) % 29 + 1], highway="primary") for number in range(1, 28)),
        way(200, [1, 9, 5], highway="residential", oneway="yes"),
        restriction(5, "no_left_turn", 101, 2, 102),
    ]
    first = read_osm(write(tmp_path / "map.osm", *parts))
    random = np.random.default_rng(7)
    for _ in range(3):
        shuffled = [parts[place] for place in random.permutation(len(parts))]
        again = read_osm(write(tmp_path / "map.osm", *shuffled))
        assert again.edges.to_wkt().equals(first.edges.to_wkt())
        assert again.nodes.to_wkt().equals(first.nodes.to_wkt())
        assert again.turns.equals(first.turns)
        assert again.issues.equals(first.issues)


def test_the_newest_version_of_a_way_counts(tmp_path: Path) -> None:
    roads = crossing(
        tmp_path, way(10, [1, 2], version=3, highway="tertiary"), way(11, [3, 1], version=0, highway="tertiary")
    )
    assert edges_of(roads)["10-0"] == ("1", "2")
    assert edges_of(roads)["11-0"] == ("3", "4")
    assert notes_of(roads)["way_twice"] == "2"


def test_maps_that_were_never_uploaded_have_ids_below_zero(tmp_path: Path) -> None:
    roads = read_osm(
        write(
            tmp_path / "drawn.osm",
            node(-1, 0, 0),
            node(-2, 10, 0),
            node(3, 20, 0),
            way(-5, [-1, -2, 3], highway="primary"),
        )
    )
    assert edges_of(roads) == {"-5-0": ("-1", "3")}


def test_an_area_outside_great_britain_names_its_own_system(tmp_path: Path) -> None:
    abroad = (
        '<node id="1" lon="7.42" lat="43.73"/><node id="2" lon="7.43" lat="43.74"/>',
        way(1, [1, 2], highway="primary"),
    )
    path = write(tmp_path / "abroad.osm", *abroad)
    with pytest.raises(GeographyError, match=r"outside Great Britain, one at longitude 7\.4200, latitude 43\.7300"):
        read_osm(path)
    assert len(read_osm(path, crs="EPSG:32632").edges) == 1
    for crs, words in (
        ("EPSG:4326", "not a system in metres"),
        ("EPSG:3857", "made for the area"),
        ("EPSG:32636", "made for the area"),
        ("EPSG:2263", "not a system in metres"),  # New York, in feet
        ("nonsense", "no reference system"),
    ):
        with pytest.raises(GeographyError, match=words):
            read_osm(path, crs=crs)


def test_a_ferry_that_leaves_great_britain_is_left_out(tmp_path: Path) -> None:
    roads = crossing(
        tmp_path, '<node id="7" lon="4.1" lat="52.0"/>', way(13, [4, 7], route="ferry", motor_vehicle="yes")
    )
    assert "13-0" not in edges_of(roads)
    assert notes_of(roads) == {"ferry_outside": "1"}


def test_a_journey_can_be_driven_on_what_was_read(tmp_path: Path) -> None:
    """From 1 to 5: 20 steps east and 10 north."""
    roads = crossing(tmp_path)
    found = route(roads, CORNER, (CORNER[0] + 20 * STEP, CORNER[1] + 10 * STEP))
    assert found.metres == pytest.approx(20 * EAST_M + 10 * NORTH_M, rel=1e-4)
    assert found.minutes > 0


def test_walkers_take_paths_and_both_ways_of_a_street(tmp_path: Path) -> None:
    path = write(
        tmp_path / "walk.osm",
        *(node(1, 0, 0), node(2, 10, 0), node(3, 20, 0), node(4, 20, 10), node(5, 30, 0)),
        way(10, [1, 2], highway="residential", oneway="yes", access="destination", maxspeed="30 mph"),
        way(11, [2, 3], highway="footway"),
        way(12, [3, 4], highway="motorway"),
        way(13, [3, 5], highway="service", access="private"),
        node(2, 10, 0, barrier="bollard"),
        restriction(1, "no_u_turn", 10, 2, 10),
    )
    roads = read_osm_walking(path)
    assert edges_of(roads) == {"10-0": ("1", "2"), "11-0": ("2", "3")}
    assert roads.edges["road_class"].tolist() == ["residential", "living_street"]
    assert roads.edges[["forward", "backward"]].to_numpy().all()
    assert not roads.edges[["access_only", "urban"]].to_numpy().any()
    assert roads.edges["maxspeed_kph"].isna().all()
    assert roads.speeds is None
    assert roads.turns is None


def test_one_journey_may_start_where_cars_can_only_leave_and_end_where_they_can_only_enter(tmp_path: Path) -> None:
    """Street 20 leads into the crossing and street 21 out of it, both one way: 10 steps north and 10 north again."""
    roads = crossing(
        tmp_path,
        *(node(7, 40, 10), node(8, 0, 10)),
        way(20, [7, 4], highway="residential", oneway="yes"),
        way(21, [1, 8], highway="residential", oneway="yes"),
    )
    start = (CORNER[0] + 40 * STEP, CORNER[1] + 10 * STEP)
    end = (CORNER[0], CORNER[1] + 10 * STEP)
    assert route(roads, start, end).metres == pytest.approx(40 * EAST_M + 20 * NORTH_M, rel=1e-4)
    # the other way round both streets are of no use: from the end of way 11 to the start of way 10
    assert route(roads, end, start).metres < 40 * EAST_M + 1


def test_a_street_that_can_be_entered_and_not_left_is_an_island(tmp_path: Path) -> None:
    roads = crossing(tmp_path, node(7, 40, 10), way(20, [4, 7], highway="residential", oneway="yes"))
    assert notes_of(roads) == {"island": "1"}


def test_the_duration_of_a_clipped_ferry_says_nothing(tmp_path: Path) -> None:
    roads = crossing(
        tmp_path, node(7, 540, 0), way(13, [4, 7, 99], route="ferry", duration="00:30", motor_vehicle="yes")
    )
    assert roads.edges.set_index("edge_id")["maxspeed_kph"].isna()["13-0"]


@pytest.mark.parametrize(
    ("north_m", "urban"), [(60, True), (115, True), (160, True), (240, True), (260, False), (400, False)]
)
def test_streets_count_in_their_own_and_the_neighbouring_cells(north_m: float, urban: bool) -> None:
    """Cells are 125 m: a road at 60 m north, in the first row of cells, and 80 m of street in the next column.

    80 m in nine cells (0.14 square kilometres) are 0.57 km per square kilometre, above the half that is asked for.
    The street lies in the first (60 and 115 m), second (160 and 240 m), third (260 m) or fourth row of cells.
    """
    from sufficiency.sources.roads.pieces import Pieces, Vertices
    from sufficiency.sources.roads.urban import built_up

    x = np.array([20.0, 120.0, 140.0, 220.0])
    y = np.array([60.0, 60.0, north_m, north_m])
    zeros, no = np.zeros(4), np.zeros(4, dtype=bool)
    vertices = Vertices(np.arange(4), no, zeros, zeros, x, y)
    pair = np.array([0, 1])
    pieces = Pieces(np.array([0, 2]), np.array([1, 3]), pair, 0 * pair, np.array([100.0, 80.0]), no[:2], ~no)
    found = built_up(pieces, vertices, np.array([-1, -1]), np.array([False, True]), pair)
    assert found.tolist() == [urban, True]
    half = built_up(pieces, vertices, np.array([0, -1]), np.array([False, True]), pair)
    assert half.tolist() == [False, True]  # a sign that says open country


@pytest.mark.parametrize(
    ("road_class", "tags", "kph", "said"),
    [
        ("tertiary", {}, 48.28, 1),
        ("tertiary", {}, 32.19, 1),
        ("tertiary", {}, 50.0, 1),
        ("tertiary", {}, 64.37, -1),
        ("tertiary", {}, 80.47, 0),
        ("tertiary", {}, 96.56, 0),
        ("tertiary", {}, np.nan, -1),
        ("tertiary", {}, 16.09, -1),
        ("service", {}, 32.19, -1),
        ("motorway", {}, 48.28, 0),
        ("ferry", {}, np.nan, 0),
        ("living_street", {}, np.nan, 1),
        ("primary", {"source:maxspeed": "GB:nsl_single"}, 64.37, 0),
        ("primary", {"maxspeed:type": "GB:nsl_restricted"}, np.nan, 1),
        ("primary", {"maxspeed:type": "RO:urban"}, 70.0, 1),
        ("primary", {"maxspeed:type": "sign"}, np.nan, -1),
        ("primary", {"zone:maxspeed": "DE:zone:30"}, 30.0, 1),
    ],
)
def test_what_tags_say_of_built_up_areas(road_class: str, tags: dict[str, str], kph: float, said: int) -> None:
    from sufficiency.sources.roads.urban import said_built_up

    assert said_built_up(tags, kph, road_class) == said
