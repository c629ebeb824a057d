"""One failing case for every named check, and no cascade from rows or files that were refused already."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from sufficiency.checks import CHECKS, check
from sufficiency.model.issues import Issue, issues_table
from tests import tiny_county as tiny


def changed(table, column, value, where=0):
    frame = getattr(tiny.inputs(), table).copy()
    frame.loc[frame.index[where], column] = value
    return dataclasses.replace(tiny.inputs(), **{table: frame})


def over_roll():
    frame = tiny.places()
    frame["on_roll_pupils"] = pd.array([25] + [pd.NA] * (len(frame) - 1), dtype="Int64")
    return tiny.inputs(places=frame)


def own_demand(origin):
    frame = tiny.demand().replace({"origin_id": {"": "not_located"}})
    frame.loc[0, "origin_id"] = origin
    return tiny.inputs(demand=frame)


def placements(origin):
    frame = pd.DataFrame({"pupil_id": ["x1"], "year": [2024], "origin_id": [origin]})
    return tiny.inputs(placements=frame)


def twin():
    frame = tiny.settings()
    twice = frame.iloc[[0]].assign(setting_id="S1b", setting_name="first  SCHOOL.")
    return tiny.inputs(settings=pd.concat([frame, twice], ignore_index=True))


def swapped(table="settings"):
    frame = getattr(tiny.inputs(), table).copy()
    frame.loc[0, ["easting_m", "northing_m"]] = [205_000.0, 445_000.0]
    return tiny.inputs(**{table: frame})


def moved(table, north, where=0):
    """Move a school or scheme north of the road, which lies at 205,000."""
    frame = getattr(tiny.inputs(), table).copy()
    east = frame["easting_m"].iloc[where]
    frame.loc[where, "northing_m"] = 205_000.0 + north
    frame.loc[where, "geometry"] = Point(east, 205_000.0 + north)
    return tiny.inputs(**{table: frame})


def unknown_scheme():
    return tiny.inputs(scenarios={"x": tiny.scenario("x", "new-schol")})


CASES = [
    (
        "provision setting",
        lambda: changed("provision", "setting_id", "S9"),
        "unknown_reference",
        "setting_id",
        "S9",
    ),
    ("places provision", lambda: changed("places", "provision_id", "Q1"), "unknown_reference", "provision_id", "Q1"),
    (
        "border provision",
        lambda: changed("border_flows", "provision_id", "Q"),
        "unknown_reference",
        "provision_id",
        "Q",
    ),
    (
        "population zone",
        lambda: changed("population", "zone_id", "z9"),
        "unknown_reference",
        "zone_id",
        "z9",
    ),
    (
        "scheme places",
        lambda: changed("scheme_places", "scheme_id", "no"),
        "unknown_reference",
        "scheme_id",
        "no",
    ),
    ("support need", lambda: changed("support_need", "setting_id", "S9"), "unknown_reference", "setting_id", "S9"),
    (
        "support base school",
        lambda: changed("support_bases", "setting_id", "S9"),
        "unknown_reference",
        "setting_id",
        "S9",
    ),
    (
        "support base cluster",
        lambda: changed("support_bases", "cluster_id", "k"),
        "unknown_reference",
        "cluster_id",
        "k",
    ),
    (
        "pupil without zone",
        lambda: own_demand(""),
        "pupil_without_zone",
        "origin_id",
        "",
    ),
    (
        "pupil in unknown zone",
        lambda: own_demand("z11"),
        "pupil_without_zone",
        "origin_id",
        "z11",
    ),
    (
        "swapped",
        swapped,
        "swapped_coordinates",
        "easting_m",
        "205000, 445000",
    ),
    (
        "swapped scheme",
        lambda: swapped("schemes"),
        "swapped_coordinates",
        "easting_m",
        "205000, 445000",
    ),
    (
        "degrees",
        lambda: changed("settings", "easting_m", -1.2),
        "not_in_great_britain",
        "easting_m",
        "-1.2, 205000",
    ),
    (
        "far",
        lambda: changed("settings", "easting_m", 640_000.0),
        "far_away",
        "easting_m",
        "640000, 205000",
    ),
    (
        "school twice",
        twin,
        "school_twice",
        "setting_name",
        "first  SCHOOL.",
    ),
    (
        "year groups",
        lambda: changed("provision", "ncy_from", 15),
        "year_groups",
        "ncy_from",
        "15 to 14",
    ),
    (
        "scheme year groups",
        lambda: changed("scheme_places", "ncy_from", 9),
        "year_groups",
        "ncy_from",
        "9 to 6",
    ),
    ("roll above places", over_roll, "roll_above_places", "on_roll_pupils", "25"),
    (
        "no places",
        lambda: tiny.inputs(places=tiny.places().query("provision_id != 'P4'")),
        "no_places",
        "provision_id",
        "P4",
    ),
    (
        "year missing",
        lambda: tiny.inputs(controls=tiny.inputs().controls.query("year != 2026")),
        "year_missing",
        "year",
        "2026",
    ),
    (
        "nobody lives there",
        lambda: tiny.inputs(population=tiny.inputs().population.query("zone_id != 'z3'")),
        "zone_without_population",
        "zone_id",
        "z3",
    ),
    (
        "speed missing",
        lambda: tiny.inputs(speeds=tiny.inputs().speeds.assign(urban=True)),
        "speed_missing",
        "road_class",
        "primary",
    ),
    ("school off the roads", lambda: moved("settings", 5_001), "off_the_roads", "setting_id", "S1"),
    ("scheme off the roads", lambda: moved("schemes", 9_000), "off_the_roads", "scheme_id", "new-school"),
    ("school far from a road", lambda: moved("settings", 4_999), "long_snap", "setting_id", "S1"),
    (
        "unknown scheme",
        unknown_scheme,
        "unknown_reference",
        "schemes",
        "new-schol",
    ),
]


def test_the_tiny_county_has_no_fault():
    found = check(tiny.inputs())
    assert found.empty, found.to_string()
    assert len(CHECKS) == 26


@pytest.mark.parametrize(("make", "name", "column", "value"), [case[1:] for case in CASES], ids=[x[0] for x in CASES])
def test_each_check_finds_its_fault(make, name, column, value):
    found = check(make())
    hit = found[(found["check"] == name) & (found["column"] == column) & (found["value"] == value)]
    assert len(hit) == 1, found.to_string()
    assert hit["message"].str.len().iloc[0] > 10
    assert hit["fix"].str.len().iloc[0] > 5
    assert hit["file"].iloc[0].endswith((".csv", ".toml"))
    others = found[~found.index.isin(hit.index)]
    # moving a row away from its id may leave the id without a row, and nothing else
    assert set(others["check"]) <= {"no_places", "zone_without_population"}, others.to_string()


def test_a_reference_to_a_refused_row_is_not_reported_again():
    area = changed("provision", "setting_id", "S9")
    refused = Issue(
        "schools/settings.csv", 4, "settings", "S9", "easting_m", "x", "number", "error", "no number", "fix"
    )
    found = check(dataclasses.replace(area, issues=issues_table([refused])))
    assert found["check"].tolist() == ["number"]


@pytest.mark.parametrize("table", ["settings", "provision", "schemes", "controls", "population", "speeds"])
def test_a_file_that_is_missing_is_one_fault(table):
    empty = getattr(tiny.inputs(), table).iloc[:0]
    missing = Issue(f"{table}.csv", None, table, "", "", "", "file_missing", "error", "the file is missing", "add it")
    area = tiny.inputs(**{table: empty}, issues=issues_table([missing]))
    assert check(area)["check"].tolist() == ["file_missing"]


def test_hints_name_what_was_probably_meant():
    found = check(unknown_scheme())
    assert "did you mean 'new-school'?" in found["fix"].iloc[0]
    near = check(changed("provision", "setting_id", "123456"))
    assert "did you mean" not in near["fix"].iloc[0]


def test_a_personal_value_is_never_shown():
    found = check(placements("oxford-headington-17"))
    assert found["value"].tolist() == ["text"]
    assert "headington" not in found.to_string()


def test_an_area_with_its_own_demand_needs_no_controls_and_no_population():
    area = dataclasses.replace(own_demand("z1"), controls=pd.DataFrame(), population=tiny.inputs().population.head(0))
    assert check(area).empty


def test_a_table_without_rows_is_one_fault_and_not_one_for_each_reference():
    inputs = tiny.inputs()
    found = check(dataclasses.replace(inputs, settings=inputs.settings.iloc[:0]))
    errors = found[found["severity"] == "error"]
    assert errors[errors["table"] == "settings"]["check"].tolist() == ["no_rows"]
    assert not (errors["check"] == "unknown_reference").any()


def test_a_place_off_the_roads_is_an_error_where_pupils_or_local_places_are():
    """S1 has local places, S3 is an independent school: 6 km north of the road, beyond the limit of 5 km."""
    assert check(moved("settings", 6_000))["severity"].tolist() == ["error"]
    found = check(moved("settings", 6_000, where=2))
    assert found["severity"].tolist() == ["warning"]
    assert "S3 may join is 6.0 km away" in found["message"].iloc[0]
    assert check(moved("settings", 1_000)).empty
    # a home: the middle of zone 1 moved
    ground = tiny.inputs().gazetteer
    ground.loc[0, "geometry"] = Point(445_000, 212_500)
    found = check(tiny.inputs(gazetteer=ground))
    assert found[["table", "key", "check", "severity"]].to_numpy().tolist() == [
        ["gazetteer", "z1", "off_the_roads", "error"]
    ]


def test_the_roads_of_another_place_are_one_fault():
    area = tiny.inputs(
        roads=tiny.road(north=300_000.0), digests={"roads/there.osm.pbf": "x", "roads/fetched.json": "y"}
    )
    found = check(area)
    assert found["check"].tolist() == ["roads_elsewhere"]
    assert found["file"].tolist() == ["roads/there.osm.pbf"]
    assert "95 km away" in found["message"].iloc[0]


def test_roads_that_nothing_may_join_are_one_fault():
    road = tiny.road()
    motorway = dataclasses.replace(road, edges=road.edges.assign(road_class="motorway"))
    speeds = tiny.inputs().speeds.assign(road_class="motorway")
    found = check(tiny.inputs(roads=motorway, speeds=speeds))
    assert found[["file", "check", "severity"]].to_numpy().tolist() == [["roads/edges.csv", "roads", "error"]]


def test_roads_that_do_not_hang_together_are_a_warning():
    """A second road of 3 km, 100 m south, without a junction; said once, by the reader of a map where there is one."""
    road = tiny.road()
    line = LineString([(450_000, 204_900), (453_000, 204_900)])
    apart = road.edges.assign(edge_id="e2", from_node_id="n3", to_node_id="n4", length_m=3_000.0, geometry=[line])
    nodes = road.nodes.assign(node_id=["n3", "n4"], geometry=[Point(450_000, 204_900), Point(453_000, 204_900)])
    both = dataclasses.replace(
        road, edges=pd.concat([road.edges, apart], ignore_index=True), nodes=pd.concat([road.nodes, nodes])
    )
    found = check(tiny.inputs(roads=both))
    assert found[["check", "severity", "key"]].to_numpy().tolist() == [["island", "warning", "e2"]]
    assert "1 edges (3.0 km) in 1 parts" in found["message"].iloc[0]
    said = Issue("roads/x.osm", None, "road_edges", "", "", "", "island", "warning", "islands", "fix")
    assert len(check(tiny.inputs(roads=both, issues=issues_table([said])))) == 1


def test_roads_without_a_row_are_one_fault():
    road = tiny.road()
    found = check(tiny.inputs(roads=dataclasses.replace(road, edges=road.edges.iloc[:0])))
    assert found[["file", "check", "severity"]].to_numpy().tolist() == [["roads/edges.csv", "no_rows", "error"]]
