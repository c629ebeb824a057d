"""A county small enough to work out by hand: two districts, four clusters of one zone each, four schools.

| group | home | year group | need | seeks | attendance | pupils | what becomes of them                     |
|-------|------|-----------:|------|-------|------------|-------:|------------------------------------------|
| g1    | z1   |          3 | ASD  | school| day        |     10 | 10 in P1, 12 min, 5 km                   |
| g2    | z2   |          6 | SLD  | school| day        |      8 | 6 in P1, 50 min, 30 km; 2 all_full       |
| g3    | z3   |          8 | ASD  | base  | day        |      7 | 7 in P2, 20 min, 10 km                   |
| g4    | z4   |         11 | SEMH | school| residential|      4 | 4 in P3, independent                     |
| g5    | z3   |          7 | ASD  | school| day        |      5 | 3 in P4, 45 min, 40 km; 2 none_for_this_age |
| g6    | none |          5 | ASD  | school| day        |      1 | excluded, not_located                    |
| g7    | z1   |         13 | ASD  | FE    | day        |      9 | unplaced: not of the headline stream     |
"""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString, Point, box

from sufficiency.model.assumptions import ASSUMPTION_NAMES, Assumption
from sufficiency.model.issues import issues_table
from sufficiency.model.parameters import Parameters
from sufficiency.model.results import Allocation, Inputs, RoadTables, Scenario

COUNTY, DISTRICTS = "C", ["D1", "D2"]
CLUSTERS = {"d1-a": "D1", "d1-b": "D1", "d2-a": "D2", "d2-b": "D2"}
AREA_IDS = [COUNTY, *DISTRICTS, *CLUSTERS]
YEAR = 2028
VALUES = {
    "journey_limit_primary_min": (45, None, None),
    "journey_limit_secondary_min": (75, None, None),
    "journey_limit_post_16_min": (75, None, None),
    "school_days_per_year": (190, None, None),
    "journeys_per_day": (2, None, None),
    "transported_share": (0.8, 0.5, 1.0),
    "transport_gbp_per_pupil": (8000, 6000, 10000),
    "transport_gbp_per_pupil_km": (2.0, 1.0, 3.0),
    "vehicle_occupancy_pupils": (4, 2, 5),
    "empty_running_share": (0.25, 0.1, 0.5),
    "vehicle_kgco2e_per_km": (0.2, 0.1, 0.4),
    "special_school_place_gbp": (20_000, 10_000, 30_000),
    "specialist_base_place_gbp": (12_000, 6_000, 18_000),
    "independent_place_gbp": (60_000, 50_000, 70_000),
    "travel_profile": ("school_morning", None, None),
    "snap_limit_m": (5000, None, None),
    "support_week_share": (1.0, None, None),
    "support_turns_per_year": (1.0, None, None),
    "special_school_from_independent_share": (0.5, None, None),
    "special_school_from_mainstream_share": (0.5, None, None),
    "specialist_base_from_mainstream_share": (1.0, None, None),
}


def parameters(**values) -> Parameters:
    """Return parameters with round numbers."""
    known = VALUES | values
    assumptions = {
        name: Assumption(name, *known.get(name, (0, None, None)), "unit", "source", "2026-01", "effect")
        for name in ASSUMPTION_NAMES
    }
    return Parameters(
        area_id="tiny",
        area_name="Tiny",
        county_id=COUNTY,
        crs="EPSG:27700",
        report_date=dt.date(2026, 11, 23),
        illustrative=True,
        illustrative_note="Illustrative.",
        calibration_year=2024,
        first_year=2025,
        headline_year=YEAR,
        last_year=2029,
        hide_up_to=5,
        assumptions=MappingProxyType(assumptions),
    )


def areas() -> gpd.GeoDataFrame:
    """Return the county, its districts and clusters."""
    rows = [(COUNTY, "Tinyshire", "county", "")]
    rows += [(name, f"District {name}", "district", COUNTY) for name in DISTRICTS]
    rows += [(name, f"Cluster {name}", "cluster", parent) for name, parent in CLUSTERS.items()]
    frame = pd.DataFrame(rows, columns=["area_id", "area_name", "level", "parent_id"])
    return gpd.GeoDataFrame(frame, geometry=[box(440_000, 200_000, 480_000, 210_000)] * len(frame), crs="EPSG:27700")


def zones() -> gpd.GeoDataFrame:
    """Return one zone a cluster, 10 km wide, side by side."""
    rows = [
        (f"z{n + 1}", f"Zone {n + 1}", district, cluster, 1000)
        for n, (cluster, district) in enumerate(CLUSTERS.items())
    ]
    frame = pd.DataFrame(rows, columns=["zone_id", "zone_name", "district_id", "cluster_id", "people"])
    shapes = [box(440_000 + 10_000 * n, 200_000, 450_000 + 10_000 * n, 210_000) for n in range(4)]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:27700")


def settings() -> gpd.GeoDataFrame:
    """Return S1 in d1-a, S2 in d2-a, and S3 and S4 outside the county."""
    rows = [
        ("S1", "First School", "state", "open", 445_000.0, 205_000.0, "D1", "d1-a"),
        ("S2", "Second School", "state", "open", 465_000.0, 205_000.0, "D2", "d2-a"),
        ("S3", "Third School", "independent", "open", 500_000.0, 205_000.0, "", ""),
        ("S4", "Fourth School", "state", "open", 505_000.0, 205_000.0, "", ""),
    ]
    columns = [
        "setting_id",
        "setting_name",
        "sector",
        "status",
        "easting_m",
        "northing_m",
        "district_id",
        "cluster_id",
    ]
    frame = pd.DataFrame(rows, columns=columns).assign(source="made up", quality="illustrative")
    points = [Point(x, y) for x, y in zip(frame["easting_m"], frame["northing_m"], strict=True)]
    return gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:27700")


def provision() -> pd.DataFrame:
    """Return P1 to P4, one a setting."""
    rows = [
        ("P1", "S1", "special_school", 0, 14, "ASD;SLD", "local"),
        ("P2", "S2", "specialist_base", 7, 11, "ASD", "local"),
        ("P3", "S3", "special_school", 0, 14, "SEMH", "independent"),
        ("P4", "S4", "special_school", 0, 14, "ASD", "other_council"),
    ]
    frame = pd.DataFrame(
        rows, columns=["provision_id", "setting_id", "provision_type", "ncy_from", "ncy_to", "needs", "tier"]
    )
    fixed = {"department": "all", "designation": "", "sex": "any", "ehcp_required": True, "attendance": "day"}
    return frame.assign(**fixed, source="made up", quality="illustrative")


def places() -> pd.DataFrame:
    """Return 20, 10, 6 and 4 places in each of 2024, 2025 and 2028."""
    rows = [
        (name, year, count)
        for year in (2024, 2025, YEAR)
        for name, count in (("P1", 20), ("P2", 10), ("P3", 6), ("P4", 4))
    ]
    frame = pd.DataFrame(rows, columns=["provision_id", "year", "planned_places"])
    blank = pd.array([pd.NA] * len(frame), dtype="Int64")
    more = ("commissioned_places", "physical_places", "on_roll_pupils", "out_of_area_on_roll_pupils")
    return frame.assign(**dict.fromkeys(more, blank), basis="illustrative", source="made up", quality="illustrative")


def demand() -> pd.DataFrame:
    """Return the seven groups of the table above."""
    school, base = "special_school", "specialist_base"
    rows = [
        ("g1", "z1", 3, "ASD", school, "day", 10),
        ("g2", "z2", 6, "SLD", school, "day", 8),
        ("g3", "z3", 8, "ASD", base, "day", 7),
        ("g4", "z4", 11, "SEMH", school, "residential", 4),
        ("g5", "z3", 7, "ASD", school, "day", 5),
        ("g6", "", 5, "ASD", school, "day", 1),
        ("g7", "z1", 13, "ASD", "fe_specialist_unit", "day", 9),
    ]
    columns = ["group_id", "origin_id", "ncy", "need", "place_sought", "attendance", "pupils"]
    return pd.DataFrame(rows, columns=columns).assign(year=YEAR, sex="any", ehcp=True)


def allocation(*, scenario_id: str = "do_nothing", policy: str = "optimal", placed=None, unplaced=None) -> Allocation:
    """Return the outcome of the table above, or another one."""
    if placed is None:
        placed = [
            ("g1", "P1", 10, "local", 12.0, 5.0),
            ("g2", "P1", 6, "local", 50.0, 30.0),
            ("g3", "P2", 7, "local", 20.0, 10.0),
            ("g4", "P3", 4, "independent", float("nan"), float("nan")),
            ("g5", "P4", 3, "other_council", 45.0, 40.0),
        ]
    if unplaced is None:
        unplaced = [("g2", "all_full", 2), ("g5", "none_for_this_age", 2), ("g7", "all_full", 9)]
    names = {"scenario_id": scenario_id, "policy": policy}
    columns = ["group_id", "provision_id", "pupils", "tier", "travel_min", "travel_km"]
    return Allocation(
        allocation=pd.DataFrame(placed, columns=columns).assign(**names, substitute=False),
        unplaced=pd.DataFrame(unplaced, columns=["group_id", "reason", "pupils"]).assign(**names, bottleneck=""),
        excluded=pd.DataFrame([("g6", "not_located", 1)], columns=["group_id", "reason", "pupils"]).assign(**names),
        provision_use=pd.DataFrame(),
        interchangeable=pd.DataFrame(),
        certificates=(),
    )


def schemes() -> gpd.GeoDataFrame:
    """Return a new school in d1-b, an expansion of S1, and the closing of the base at S2."""
    rows = [
        ("new-school", "open", "N1", "New School", "special_school", 455_000.0, "D1", "d1-b", "ASD;SEMH"),
        ("more-first", "expand", "S1", "First School", "special_school", 445_000.0, "D1", "d1-a", "ASD"),
        ("shut-base", "close", "S2", "Second School", "specialist_base", 465_000.0, "D2", "d2-a", "ASD"),
    ]
    columns = [
        "scheme_id",
        "action",
        "setting_id",
        "setting_name",
        "provision_type",
        "easting_m",
        "district_id",
        "cluster_id",
        "needs",
    ]
    frame = pd.DataFrame(rows, columns=columns).assign(
        scheme_name=lambda rows: rows["scheme_id"],
        northing_m=205_000.0,
        department="all",
        ncy_from=0,
        ncy_to=14,
        designation="",
        sex="any",
        ehcp_required=True,
        attendance="day",
        tier="local",
        capital_gbp_low=1e6,
        capital_gbp_central=2e6,
        capital_gbp_high=3e6,
        funding_line="Grant",
        funding_status="secured",
        delivery_rag="green",
        rationale="made up",
        source="made up",
        quality="illustrative",
    )
    points = [Point(x, y) for x, y in zip(frame["easting_m"], frame["northing_m"], strict=True)]
    return gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:27700")


def scheme_places() -> pd.DataFrame:
    """Return the stock of each scheme: the school opens with 30 primary and 10 secondary places and grows."""
    rows = [
        ("new-school", 2027, 0, 6, 30),
        ("new-school", 2028, 0, 6, 30),
        ("new-school", 2028, 7, 14, 10),
        ("more-first", 2028, 0, 14, 8),
        ("shut-base", 2028, 7, 11, 0),
    ]
    return pd.DataFrame(rows, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places"]).assign(source="made up")


def scenario(name: str, *scheme_ids: str) -> Scenario:
    """Return a scenario."""
    return Scenario(name, name.title(), "", tuple(scheme_ids), None, illustrative=True)


def road(north: float = 205_000.0) -> RoadTables:
    """Return one road from west to east, past every zone's middle and every school."""
    ends = gpd.GeoDataFrame(
        {"node_id": ["n1", "n2"]}, geometry=[Point(440_000, north), Point(505_000, north)], crs="EPSG:27700"
    )
    row = {"edge_id": "e1", "from_node_id": "n1", "to_node_id": "n2", "forward": True, "backward": True}
    row |= {"road_class": "primary", "urban": False, "access_only": False, "length_m": 65_000.0}
    line = LineString([(440_000, north), (505_000, north)])
    return RoadTables(ends, gpd.GeoDataFrame([row], geometry=[line], crs="EPSG:27700"))


def inputs(**changes) -> Inputs:
    """Return the whole county as inputs."""
    ground = zones()
    gazetteer = ground.rename(columns={"zone_name": "place_name"}).set_geometry(ground.centroid)
    empty = pd.DataFrame()
    speeds = pd.DataFrame({"road_class": ["primary"], "urban": [False], "profile": ["school_morning"], "kph": [60.0]})
    population = pd.DataFrame({"zone_id": ["z1", "z2", "z3", "z4"], "year": 2024, "age": 8, "people": 10.0})
    controls = pd.DataFrame({"year": [2024, *range(2025, 2030)], "stream": "headline", "pupils": 35})
    support = pd.DataFrame({"setting_id": ["S1"], "phase": ["secondary"], "year": [YEAR], "sen_support_pupils": [50]})
    bases = pd.DataFrame(
        {"base_id": ["B1"], "setting_id": ["S1"], "cluster_id": ["d1-a"], "phase": ["secondary"], "year": [YEAR]}
    ).assign(places=20, scenario_id="")
    border = pd.DataFrame(
        {"direction": ["out"], "authority": ["Other"], "provision_id": ["P4"], "provision_type": ["special_school"]}
    ).assign(year=2024, pupils=3, places=4)
    everything = {
        "parameters": parameters(),
        "areas": areas(),
        "zones": ground,
        "clusters": pd.DataFrame(ground[["zone_id", "cluster_id"]]),
        "gazetteer": gazetteer,
        "population": population,
        "rates": empty,
        "controls": controls,
        "demand": None,
        "origins": ground,
        "settings": settings(),
        "provision": provision(),
        "places": places(),
        "acceptance": empty,
        "border_flows": border,
        "support_bases": bases,
        "support_need": support,
        "roads": road(),
        "speeds": speeds,
        "schemes": schemes(),
        "scheme_places": scheme_places(),
        "scenarios": {
            "do_nothing": scenario("do_nothing"),
            "programme": scenario("programme", "new-school", "more-first"),
            "closure": scenario("closure", "shut-base"),
        },
        "claims": empty,
        "issues": issues_table([]),
    }
    return Inputs(**(everything | changes))
