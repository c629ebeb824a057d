"""Small inputs for the tests of the map's layers: bands of reach drawn by hand, and invented internal tables."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sufficiency.outputs.maps.reach import KINDS, PHASES, Land, Reach
from sufficiency.outputs.maps.unserved import CHOICES, Unserved
from tests.released_fixture import POLICIES, SCENARIOS, YEARS, make_inputs_facts, make_released

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs, Released
    from sufficiency.outputs.maps.figures import Frame

# West to east in four strips of the county: by hand, 10 %, 20 %, 40 % and 30 % of the rectangle about it.
STRIPS = (0.1, 0.3, 0.7, 1.0)
NEAR = (0.6, 0.4, 0.0, 0.0)
FAR = (0.1, 0.2, 0.4, 0.3)


def hand_drawn_reach(_inputs: Inputs, frame: Frame, shapes: dict[str, BaseGeometry]) -> Reach:
    """Return two sets of settings: with the first all is near, with the second three tenths lie beyond 45 minutes.

    Committed is far in every year; the programme is near from 2028; do_nothing has no base for post-16 pupils.
    """
    whole = shapely.union_all([shapes[name] for name in frame.of_level("district")])
    west, south, east, north = whole.bounds
    cut = [west + (east - west) * share for share in (0.0, *STRIPS)]
    far = [shapely.box(cut[place], south, cut[place + 1], north) for place in range(4)]
    middle = west + (east - west) * 0.6
    near = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    near += [shapely.MultiPolygon(), shapely.MultiPolygon()]
    lands = [
        Land(("100001", "100002"), np.array(near, dtype=object), [list(NEAR)] * len(frame.areas)),
        Land(("100001",), np.array(far, dtype=object), [list(FAR)] * len(frame.areas)),
    ]

    def number(kind: str, scenario: str, phase: str, year: int) -> int:
        if (kind, scenario, phase) == ("specialist_base", "do_nothing", "post_16"):
            return -1
        return 0 if scenario == "programme" and year >= 2028 else 1

    sets = {
        kind: {
            scenario: {phase: [number(kind, scenario, phase, year) for year in frame.years] for phase in PHASES}
            for scenario in frame.scenarios
        }
        for kind in KINDS
    }
    return Reach(lands, sets, PHASES, unserved=hand_set_unserved(frame))


def hand_set_unserved(frame: Frame) -> Unserved:
    """Return unserved land: a tenth beyond 30 minutes with the programme from 2028, else seven tenths; SEMH all of it.

    West Oxfordshire has none in the first, and its first cluster is too small to tell.
    """
    some: list[list[float] | None] = [[0.6, 0.3, 0.1, 0.0] for _ in frame.areas]
    many: list[list[float] | None] = [list(FAR) for _ in frame.areas]
    whole: list[list[float] | None] = [[0.0, 0.0, 0.2, 0.8] for _ in frame.areas]
    west = frame.areas.index("E07000181")
    some[west], some[west + 1] = [0.7, 0.3, 0.0, 0.0], None
    lands = [(("100001", "100002"), some), (("100001",), many), ((), whole)]

    def number(scenario: str, choice: str, year: int) -> int:
        return 2 if choice == "need:semh" else 0 if scenario == "programme" and year >= 2028 else 1

    sets = {
        scenario: {choice: [number(scenario, choice, year) for year in frame.years] for choice in CHOICES}
        for scenario in frame.scenarios
    }
    return Unserved(lands, sets)


def make_internal() -> tuple[Released, Inputs]:
    """Return an internal build with two zones a cluster, invented uses of two schools, and four flows to them."""
    inputs, released = make_inputs_facts(), make_released("internal")
    halves = []
    for zone in inputs.zones.to_dict("records"):
        west, south, east, north = zone["geometry"].bounds
        for side, edges in (("west", (west, (west + east) / 2)), ("east", ((west + east) / 2, east))):
            part = zone["geometry"].intersection(shapely.box(edges[0], south, edges[1], north))
            name = f"{zone['zone_name']} {side}"
            halves.append({**zone, "zone_id": f"{zone['zone_id']}-{side}", "zone_name": name, "geometry": part})
    zones = type(inputs.zones)(halves, crs=inputs.zones.crs)
    keys = [(scenario, policy, year) for scenario in SCENARIOS for policy in POLICIES for year in YEARS]
    zone_rows = [
        (*key, zone["zone_id"], zone["zone_name"], zone["cluster_id"], zone["district_id"], 10 + at, 6, 4 + at, 20.5)
        for key in keys
        for at, zone in enumerate(halves)
    ]
    columns = ["scenario_id", "policy", "year"]
    tables = {
        "internal_zones": pd.DataFrame(
            zone_rows,
            columns=[
                *columns, "area_id", "area_name", "cluster_id", "district_id", "demand_pupils", "placed_local_pupils",
                "without_local_place_pupils", "median_min",
            ],
        ),
        "internal_settings": pd.DataFrame(
            [
                (*key, setting, name, "E07000177", "special_school", planned, placed, planned - placed, 0.97, 3, 91, 80)
                for key in keys
                for setting, name, planned, placed in (
                    ("100001", "Northfield School", 100, 95),
                    ("100003", "Southbank School", 80, 84),
                )
            ],
            columns=[
                *columns, "setting_id", "setting_name", "district_id", "provision_type", "planned_places",
                "placed_pupils", "spare_places", "occupancy_share", "over_capacity_pupils", "on_roll_pupils",
                "commissioned_places",
            ],
        ),
        "internal_flows": pd.DataFrame(
            [
                (*key, cluster, cluster, setting, setting, pupils)
                for key in keys
                for cluster, setting, pupils in (
                    ("cherwell-banbury", "100001", 33),
                    ("cherwell-banbury", "100003", 1),
                    ("cherwell-bicester", "100001", 12),
                    ("oxford-oxford-north", "100003", 7),
                )
            ],
            columns=[*columns, "cluster_id", "cluster_name", "setting_id", "setting_name", "pupils"],
        ),
    }  # fmt: skip
    return (
        dataclasses.replace(
            released,
            tables=MappingProxyType({**released.tables, **tables}),
            hidden=MappingProxyType(
                {
                    **released.hidden,
                    **{
                        name: pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
                        for name, frame in tables.items()
                    },
                }
            ),
        ),
        dataclasses.replace(inputs, zones=zones),
    )


def with_tiles(inputs: Inputs) -> Inputs:
    """Return the inputs of an area that names a server of pictures, with words that would be markup."""
    parameters = dataclasses.replace(
        inputs.parameters,
        online_tiles="https://tiles.example.org/{z}/{x}/{y}.png",
        online_tiles_attribution="© <b>Example</b> maps",
    )
    return dataclasses.replace(inputs, parameters=parameters)
