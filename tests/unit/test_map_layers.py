"""The map's further layers: groups of pupils, who gains, reach, schemes, pictures from a server, the internal build."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sufficiency.assess import network_of
from sufficiency.model import geography
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.parameters import read_parameters
from sufficiency.model.results import Inputs, Released
from sufficiency.outputs.maps import assets as maps_assets
from sufficiency.outputs.maps import data as maps_data
from sufficiency.outputs.maps import groups, internal, reach, unserved
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.maps.figures import make_frame
from sufficiency.outputs.maps.page import render_map
from sufficiency.sources.water import read_water
from tests.map_layers import FAR, hand_drawn_reach, make_internal, with_tiles
from tests.released_fixture import make_inputs_facts, make_record, make_released

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "sufficiency" / "outputs" / "templates"


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="sufficiency-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    out: dict[str, Any] = json.loads(found.group(1))
    return out


@pytest.fixture(scope="module")
def inputs_facts() -> Inputs:
    return make_inputs_facts()


@pytest.fixture(scope="module")
def released() -> Released:
    return make_released()


@pytest.fixture(scope="module")
def text(inputs_facts: Inputs, released: Released) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps_data, "reach_of", hand_drawn_reach)
        return render_map(released, inputs_facts, make_record())


@pytest.fixture(scope="module")
def without_reach(inputs_facts: Inputs, released: Released) -> str:
    return render_map(released, inputs_facts, make_record())


@pytest.fixture(scope="module")
def data(text: str) -> dict[str, Any]:
    return data_of(text)


def with_table(released: Released, name: str, table: pd.DataFrame, hidden: pd.DataFrame | None = None) -> Released:
    mask = released.hidden[name] if hidden is None else hidden
    return dataclasses.replace(
        released,
        tables=MappingProxyType({**released.tables, name: table}),
        hidden=MappingProxyType({**released.hidden, name: mask}),
    )


# --- which pupils


@pytest.mark.parametrize(
    ("table", "kind", "count"),
    [("sufficiency_district_need_group", "need", 5), ("sufficiency_district_phase", "phase", 3)],
)
def test_the_figures_of_every_group_are_the_released_ones(
    data: dict[str, Any], released: Released, table: str, kind: str, count: int
) -> None:
    rows, mask = released.tables[table], released.hidden[table]
    years = [entry["year"] for entry in data["years"]]
    ids = [data["areas"][place]["id"] for place in data["groups"]["areas"]]
    compared = hidden = 0
    for row, covered in zip(rows.to_dict("records"), mask.to_dict("records"), strict=True):
        columns = data["groups"]["of"][f"{kind}:{row[kind]}"]["figures"][row["scenario_id"]][row["policy"]]
        for column in ("demand_pupils", "placed_local_pupils", "without_local_place_pupils"):
            value = columns[column][ids.index(row["area_id"])][years.index(row["year"])]
            assert value == ("c" if covered[column] else row[column])
            compared += 1
            hidden += bool(covered[column])
    assert compared == 3 * len(rows)
    assert 0 < hidden < compared
    assert sum(group["kind"] == kind for group in data["groups"]["list"]) == count


def test_no_group_is_given_below_a_district(data: dict[str, Any]) -> None:
    assert {data["areas"][place]["level"] for place in data["groups"]["areas"]} == {"county", "district"}


def test_a_share_of_a_group_is_one_of_two_shown_figures(data: dict[str, Any]) -> None:
    for found in data["groups"]["of"].values():
        columns = found["figures"]["programme"]["optimal"]
        names = ("without_local_place_pupils", "demand_pupils", "without_local_place_share")
        for parts, wholes, shares in zip(*(columns[name] for name in names), strict=True):
            for part, whole, share in zip(parts, wholes, shares, strict=True):
                if "c" in (part, whole):
                    assert share == "c"
                elif whole:
                    assert share == pytest.approx(part / whole, abs=5e-5)


def test_a_number_left_behind_in_a_hidden_cell_of_a_group_does_not_travel(
    released: Released, inputs_facts: Inputs
) -> None:
    table = released.tables["sufficiency_district_phase"].copy()
    hidden = released.hidden["sufficiency_district_phase"].copy()
    table.loc[table.index[7], "demand_pupils"] = 987_003
    hidden.loc[table.index[7], "demand_pupils"] = True
    found = render_map(with_table(released, "sufficiency_district_phase", table, hidden), inputs_facts, make_record())
    assert "987003" not in found


def test_the_sentence_of_a_group_names_its_pupils(data: dict[str, Any]) -> None:
    year = [entry["year"] for entry in data["years"]].index(2028)
    endings = {
        "need:semh": "pupils who need a specialist place for social, emotional and mental health needs",
        "need:other_or_not_recorded": "pupils who need a specialist place for a need that is other or not recorded",
        "phase:secondary": "secondary pupils who need a specialist place",
        "phase:post_16": "post-16 pupils who need a specialist place",
    }
    for group, words in endings.items():
        found = data["groups"]["of"][group]["findings"]["figure"]["without_local_place_share"]["committed"]["optimal"][
            year
        ]
        assert found.startswith("In 2028/29, with committed schemes only, ")
        assert f" {words} have no local state-funded place — illustrative" in found or "too small to show" in found
    change = data["groups"]["of"]["phase:secondary"]["findings"]["change"]["without_local_place_pupils"]
    assert (
        " fewer secondary pupils are without a local state-funded place with the capital programme than with "
        in (change["programme"]["optimal"][year])
    )


def test_a_hidden_county_lets_the_district_that_changes_most_speak() -> None:
    from sufficiency.outputs.maps.words import change_finding

    frame = make_frame(make_released(), make_inputs_facts())
    shown = {
        ("programme", "optimal", 2028, "E10000025"): {"without_local_place_pupils": "c"},
        ("programme", "optimal", 2028, "E07000177"): {"without_local_place_pupils": -12},
        ("programme", "optimal", 2028, "E07000181"): {"without_local_place_pupils": 30},
    }
    found = change_finding(
        shown,
        frame,
        ("programme", "optimal", 2028),
        ("after", "before"),
        illustrative=False,
        group=("x pupil", "x pupils"),
    )
    assert found == (
        "In 2028/29, 30 more West Oxfordshire x pupils are without a local state-funded place after than before"
    )


def test_the_legend_of_a_group_is_fixed_over_years_and_scenarios(data: dict[str, Any]) -> None:
    for found in data["groups"]["of"].values():
        assert set(found["scales"]) == {"without_local_place_share", "without_local_place_pupils"}
        for column, policies in found["scales"].items():
            for policy, kinds in policies.items():
                edges = kinds["figure"]["breaks"]
                for columns in found["figures"].values():
                    rows = columns[policy][column]
                    places = [
                        at
                        for at, area in enumerate(data["groups"]["areas"])
                        if data["areas"][area]["level"] == "district"
                    ]
                    numbers = [value for at in places for value in rows[at] if isinstance(value, int | float)]
                    assert all(edges[0] - 1e-9 <= value <= edges[-1] + 1e-9 for value in numbers)


# --- who gains


def test_pupils_better_and_worse_off_are_the_released_ones(data: dict[str, Any], released: Released) -> None:
    rows = released.tables["comparison_area"]
    mask = released.hidden["comparison_area"]
    wanted = (rows["against_id"] == "committed") & (rows["measure"] == "without_local_place_pupils")
    ids, years = [area["id"] for area in data["areas"]], [entry["year"] for entry in data["years"]]
    for row, covered in zip(rows[wanted].to_dict("records"), mask[wanted].to_dict("records"), strict=True):
        columns = data["gains"]["figures"][row["scenario_id"]][row["policy"]]
        for column in ("better_off_pupils", "worse_off_pupils"):
            value = columns[column][ids.index(row["area_id"])][years.index(row["year"])]
            assert value == ("c" if covered[column] else row[column])
    assert "committed" not in data["gains"]["figures"]
    finding = data["gains"]["findings"]["better_off_pupils"]["programme"]["optimal"][years.index(2028)]
    assert re.fullmatch(
        r"In 2028/29, [\d,]+ pupils are better off with the capital programme than with committed schemes only, "
        r"most of all in [A-Z][A-Za-z ]+ \(\d+\) — illustrative",
        finding,
    )


# --- reach


def test_bands_and_the_rest_meet_exactly_and_fill_the_outline() -> None:
    # Two bands of a square of 10 km: the left 4 km, then a strip of 3 km with a hole; the rest is 3 km and the hole.
    hole = shapely.box(5_000, 2_000, 6_000, 3_000)
    bands = np.array(
        [shapely.box(0, 0, 4_000, 10_000), shapely.box(4_000, 0, 7_000, 10_000).difference(hole)], dtype=object
    )
    found = reach.tiled(bands, shapely.box(0, 0, 10_000, 10_000))
    assert shapely.coverage_is_valid(found)
    assert [round(area) for area in shapely.area(found)] == [40_000_000, 29_000_000, 31_000_000]


@settings(deadline=None, max_examples=12)
@given(arrays(np.int64, (6, 2), elements=st.integers(0, 9_000)), st.integers(500, 3_000))
def test_any_bands_become_a_coverage(points: np.ndarray[Any, Any], radius: int) -> None:
    outline = shapely.box(0, 0, 10_000, 10_000)
    near = shapely.union_all(shapely.buffer(shapely.points(points), radius))
    far = shapely.union_all(shapely.buffer(shapely.points(points), 2 * radius)).difference(near)
    cut = np.array([shapely.intersection(one, outline) for one in (near, far)], dtype=object)
    found = reach.tiled(cut, outline)
    assert shapely.coverage_is_valid(found)
    assert shapely.area(found).sum() == pytest.approx(1e8, rel=1e-9)
    assert shapely.area(found)[:2] == pytest.approx(shapely.area(cut), abs=60_000)


def test_packed_rings_can_be_worked_by_hand() -> None:
    # About a ten-thousandth of a degree a step, at the true origin of the grid: 2 W, 49 N.
    easting, northing = geography.to_bng([-2.0, -1.9999, -1.9999], [52.0, 52.0, 52.0001], "EPSG:27700")
    ring = shapely.Polygon(list(zip(easting, northing, strict=True)))
    assert reach.packed(ring, "EPSG:27700") == [[[-20_000, 520_000, 1, 0, 0, 1]]]
    assert reach.packed(shapely.MultiPolygon(), "EPSG:27700") == []


def test_the_sentences_of_reach_say_what_lies_beyond_and_what_is_not_open(data: dict[str, Any]) -> None:
    years = [entry["year"] for entry in data["years"]]
    found = data["reach"]["findings"]
    assert found["reach_special_school"]["committed"]["phase:primary"][years.index(2028)] == (
        "In 2028/29, with committed schemes only, 30% of the land of Oxfordshire lies beyond 45 minutes by car of any "
        "open special school for primary pupils — illustrative"
    )
    assert found["reach_specialist_base"]["programme"]["phase:secondary"][years.index(2028)] == (
        "In 2028/29, with the capital programme, all of Oxfordshire lies within 45 minutes by car of an open "
        "specialist base for secondary pupils, and 60% of its land within 15 — illustrative"
    )
    assert found["reach_specialist_base"]["do_nothing"]["phase:post_16"][0] == (
        "In 2024/25, if nothing more opens, no specialist base for post-16 pupils is open — illustrative"
    )
    assert data["reach"]["lands"][1]["shares"][0] == list(FAR)


def test_roads_without_speeds_have_no_reach_and_the_page_offers_none(without_reach: str) -> None:
    found = data_of(without_reach)
    assert found["reach"] is None
    assert not [measure for measure in found["measures"] if measure["kind"] == "reach"]


@pytest.fixture(scope="module")
def embedded_reach(oxfordshire: Inputs) -> tuple[reach.Reach, Any, dict[str, Any]]:
    few = [(scenario, "optimal", year) for scenario in ("do_nothing", "programme") for year in (2024, 2031)]
    table = pd.DataFrame(few, columns=["scenario_id", "policy", "year"])
    frame = make_frame(Released("public", {"sufficiency_area": table}, {}), oxfordshire)
    shapes = maps_places.outlines(oxfordshire, frame)
    found = reach.reach_of(oxfordshire, frame, shapes)
    assert found is not None
    return found, frame, shapes


def test_reach_of_the_embedded_area_agrees_with_times_to_every_setting(
    oxfordshire: Inputs, embedded_reach: tuple[reach.Reach, Any, dict[str, Any]]
) -> None:
    found, _, shapes = embedded_reach
    inputs = oxfordshire
    land = found.lands[found.sets["specialist_base"]["do_nothing"]["primary"][0]]
    # An independent list of the bases open to primary ages, straight from the files of the area.
    local = inputs.provision[
        (inputs.provision["provision_type"] == "specialist_base")
        & (inputs.provision["tier"] == "local")
        & (inputs.provision["ncy_from"] <= 6)
        & (inputs.provision["ncy_to"] >= 0)
    ]
    opened = inputs.places[(inputs.places["year"] == 2024) & (inputs.places["planned_places"] > 0)]
    ids = sorted(set(local[local["provision_id"].isin(opened["provision_id"])]["setting_id"]))
    assert list(land.setting_ids) == ids
    generator = np.random.default_rng(7)
    county = shapes["E10000025"]
    west, south, east, north = county.bounds
    points = shapely.points(generator.uniform(west, east, 900), generator.uniform(south, north, 900))
    points = points[shapely.contains(county, points)]
    network = network_of(inputs)
    schools = inputs.settings.set_index("setting_id").loc[ids].geometry
    homes = network.spots(shapely.get_x(points), shapely.get_y(points))
    times = network.milliseconds(homes, network.spots(schools.x.to_numpy(), schools.y.to_numpy())) / 60_000
    least = np.where(times < 0, np.inf, times).min(axis=1)
    expected = np.searchsorted([15, 30, 45], least)
    drawn = np.array([[bool(shapely.intersects(shape, point)) for shape in land.shapes] for point in points]).argmax(
        axis=1
    )
    # Bands run straight between points 400 m apart and are simplified: only ground near a border may differ.
    assert len(points) > 300
    assert (drawn == expected).mean() > 0.94
    assert np.abs(drawn - expected).max() <= 1
    assert [np.mean(drawn == band) for band in range(4)] == pytest.approx(land.shares[0], abs=0.06)


def test_the_bands_of_the_embedded_area_meet_exactly_and_are_told_once(
    embedded_reach: tuple[reach.Reach, Any, dict[str, Any]],
) -> None:
    found, frame, shapes = embedded_reach
    keys = [land.setting_ids for land in found.lands]
    assert len(keys) == len(set(keys))
    assert found.phases == ("primary", "secondary", "post_16")
    assert found.apart == ()
    for land in found.lands:
        assert shapely.coverage_is_valid(land.shapes)
        assert sum(shapely.area(land.shapes)) == pytest.approx(
            shapely.area(shapes["E10000025"]), rel=1e-5
        )  # lines are noded on whole metres
        assert np.sum(land.shares, axis=1) == pytest.approx(np.ones(len(frame.areas)), abs=3e-4)
    # Opening more settings never takes land out of reach.
    for kind, scenarios in found.sets.items():
        for phase in found.phases:
            before = found.lands[scenarios["do_nothing"][phase][-1]].shares[0]
            after = found.lands[scenarios["programme"][phase][-1]].shares[0]
            assert np.all(np.cumsum(after)[:3] >= np.cumsum(before)[:3] - 1e-3), (kind, phase)


# --- unserved areas


def suitable(inputs: Inputs, year: int, ages: tuple[int, int], needs: set[str]) -> list[str]:
    """Return the local settings of the headline open to some of the ages, straight from the files of the area."""
    provision = inputs.provision
    offers = provision[
        provision["provision_type"].isin(["special_school", "specialist_base"])
        & (provision["tier"] == "local")
        & (provision["ncy_from"] <= ages[1])
        & (provision["ncy_to"] >= ages[0])
        & provision["needs"].map(lambda listed: bool(set(listed.split(";")) & needs))
    ]
    opened = inputs.places[(inputs.places["year"] == year) & (inputs.places["planned_places"] > 0)]
    return sorted(set(offers[offers["provision_id"].isin(opened["provision_id"])]["setting_id"]))


def test_unserved_land_of_the_embedded_area_agrees_with_times_from_points_of_our_own(
    oxfordshire: Inputs, embedded_reach: tuple[reach.Reach, Any, dict[str, Any]]
) -> None:
    found, frame, shapes = embedded_reach
    assert found.unserved is not None
    generator = np.random.default_rng(11)
    county = shapes["E10000025"]
    west, south, east, north = county.bounds
    points = shapely.points(generator.uniform(west, east, 3_000), generator.uniform(south, north, 3_000))
    points = points[shapely.contains(county, points)]
    network = network_of(oxfordshire)
    homes = network.spots(shapely.get_x(points), shapely.get_y(points))
    ages = {"primary": (0, 6), "secondary": (7, 11), "post_16": (12, 14)}
    minutes = []
    for years in ages.values():
        schools = (
            oxfordshire.settings.set_index("setting_id").loc[suitable(oxfordshire, 2024, years, {"SEMH"})].geometry
        )
        times = network.milliseconds(homes, network.spots(schools.x.to_numpy(), schools.y.to_numpy())) / 60_000
        minutes.append(np.where(times < 0, np.inf, times).min(axis=1))
    worst = np.max(minutes, axis=0)
    used, shares = found.unserved.lands[found.unserved.sets["do_nothing"]["need:semh"][0]]
    assert set(used) == {one for years in ages.values() for one in suitable(oxfordshire, 2024, years, {"SEMH"})}
    assert len(points) > 1_000
    assert unserved.beyond(shares[0]) == pytest.approx(np.mean(worst > 30), abs=0.03)
    for area in frame.of_level("district"):
        inside = shapely.contains(shapes[area], points)
        share = unserved.beyond(shares[frame.areas.index(area)])
        assert share == pytest.approx(np.mean(worst[inside] > 30), abs=0.09), area


def test_more_settings_or_fewer_pupils_leave_no_more_land_unserved(
    embedded_reach: tuple[reach.Reach, Any, dict[str, Any]],
) -> None:
    found, frame, _ = embedded_reach
    assert found.unserved is not None
    lands, sets = found.unserved.lands, found.unserved.sets
    assert len({(tuple(ids), str(shares)) for ids, shares in lands}) > 4

    def far(scenario: str, choice: str) -> np.ndarray[Any, Any]:
        shares = lands[sets[scenario][choice][-1]][1]
        return np.array([np.nan if one is None else one[2] + one[3] for one in shares])

    for choice in unserved.CHOICES:
        assert np.all(far("programme", choice) <= far("do_nothing", choice) + 1e-9), choice
        for scenario in ("do_nothing", "programme"):
            assert np.all(far(scenario, choice) <= far(scenario, "all") + 1e-9), choice
    whole = [lands[sets["do_nothing"][choice][0]][1][0] for choice in unserved.CHOICES]
    assert all(one is not None and sum(one) == pytest.approx(1, abs=3e-4) for one in whole)
    assert far("do_nothing", "all")[frame.areas.index("E10000025")] > far("programme", "all")[0] > 0


# --- schemes


def test_a_scheme_carries_its_released_facts(data: dict[str, Any], released: Released, inputs_facts: Inputs) -> None:
    table = released.tables["schemes"]
    assert {scheme["id"] for scheme in data["schemes"]} == set(table["scheme_id"])
    found = {scheme["id"]: scheme for scheme in data["schemes"]}
    didcot = found["didcot-special"]
    # 120 places at £90,000, £120,000 and £188,000.
    assert didcot["capital"] == "£10.8m to £22.6m, central £14.4m"
    assert (didcot["places"], didcot["first"], didcot["funding"]) == (120, "2027/28", "assumed")
    assert didcot["rag"] == "amber: at some risk"
    assert didcot["scenarios"] == ["programme"]
    assert found["funded-bases"]["scenarios"] == ["committed", "programme"]
    longitude, latitude = geography.to_wgs84([450_000.0], [200_000.0], "EPSG:27700")
    assert didcot["at"] == [round(float(latitude[0]), 5), round(float(longitude[0]), 5)]


def test_a_scheme_lists_its_places_by_year(released: Released, inputs_facts: Inputs) -> None:
    stock = pd.DataFrame({"scheme_id": "base-1", "year": [2029, 2027, 2028], "places": [40, 16, 40]})
    mask = pd.DataFrame(data=False, index=stock.index, columns=stock.columns)
    found = data_of(render_map(with_table(released, "scheme_stock", stock, mask), inputs_facts, make_record()))
    listed = {scheme["id"]: scheme["stock"] for scheme in found["schemes"]}
    assert listed["base-1"] == [["2027/28", 16], ["2028/29", 40], ["2029/30", 40]]
    assert listed["base-2"] == []


def test_what_a_scheme_does_is_hidden_where_it_is_hidden(released: Released, inputs_facts: Inputs) -> None:
    table = pd.DataFrame(
        {
            "scenario_id": "programme", "year": 2028, "scheme_id": ["didcot-special", "base-1"], "places": [88, 40],
            "placed_pupils": [88, 987_004], "mean_min": [5.1, 6.0], "nearest_other_min": [15.2, 9.0],
            "left_out_local_pupils": [87, 987_005], "left_out_placed_pupils": [0, 987_006],
            "left_out_travel_min_per_day": [-1_600.0, 300.0], "homes": ["South Oxfordshire 74", ""],
            "homes_rest_pupils": [14, 0],
        }
    )  # fmt: skip
    hidden = pd.DataFrame(data=False, index=table.index, columns=table.columns)
    kept = ["placed_pupils", "left_out_local_pupils", "left_out_placed_pupils"]
    hidden.loc[1, kept] = True
    text = render_map(with_table(released, "scheme_effects", table, hidden), inputs_facts, make_record())
    found = {scheme["id"]: scheme["effects"] for scheme in data_of(text)["schemes"]}
    assert not re.search("98700[456]", text)
    assert [found["base-1"][0][name] for name in kept] == ["c", "c", "c"]
    assert found["didcot-special"][0] == {
        "scenario": "programme", "year": "2028/29", "places": 88, "placed_pupils": 88, "mean_min": 5.1,
        "nearest_other_min": 15.2, "left_out_local_pupils": 87, "left_out_placed_pupils": 0,
        "left_out_travel_min_per_day": -1_600, "homes": "South Oxfordshire 74", "homes_rest_pupils": 14,
    }  # fmt: skip


def test_the_ends_of_a_schemes_capital_are_rounded_alike(released: Released, inputs_facts: Inputs) -> None:
    table = released.tables["schemes"].copy()
    table.loc[0, ["capital_gbp_low", "capital_gbp_central", "capital_gbp_high"]] = [751_806.0, 2_444_442.0, 4_125_000.0]
    table.loc[1, ["capital_gbp_low", "capital_gbp_central", "capital_gbp_high"]] = [150_000.0, 170_000.0, 250_000.0]
    changed = with_table(released, "schemes", table, released.hidden["schemes"])
    found = {one["id"]: one["capital"] for one in data_of(render_map(changed, inputs_facts, make_record()))["schemes"]}
    assert found[table.loc[0, "scheme_id"]] == "£0.8m to £4.1m, central £2.4m"
    assert found[table.loc[1, "scheme_id"]] == "£150,000 to £250,000, central £170,000"


def test_the_map_opens_where_nothing_more_opens_and_compares_the_two_after_it(data: dict[str, Any]) -> None:
    start = data["start"]
    assert (start["scenario"], start["after"], data["baseline"]) == ("do_nothing", "programme", "committed")
    assert data["nothing"] == "do_nothing"
    assert data["years"][start["year"]]["year"] == 2028


def test_a_map_of_two_scenarios_has_nothing_that_stands_before_them(inputs_facts: Inputs, released: Released) -> None:
    for kept, opens, after, nothing in (
        (("committed", "programme"), "committed", "programme", ""),
        (("do_nothing", "committed"), "do_nothing", "do_nothing", ""),
        (("do_nothing", "programme"), "do_nothing", "programme", ""),
        (("committed",), "committed", "committed", ""),
    ):
        rows = {
            name: frame["scenario_id"].isin(kept) for name, frame in released.tables.items() if "scenario_id" in frame
        }
        few = dataclasses.replace(
            released,
            tables=MappingProxyType(
                {name: frame[rows[name]] if name in rows else frame for name, frame in released.tables.items()}
            ),
            hidden=MappingProxyType(
                {name: mask[rows[name]] if name in rows else mask for name, mask in released.hidden.items()}
            ),
        )
        found = data_of(render_map(few, inputs_facts, make_record()))
        assert (found["start"]["scenario"], found["start"]["after"], found["nothing"]) == (opens, after, nothing), kept


def test_of_the_county_no_share_is_placed_in_its_own_district(data: dict[str, Any]) -> None:
    for policies in data["figures"].values():
        for columns in policies.values():
            shares = columns["placed_own_district_share"]
            assert set(shares[0]) == {None}
            assert any(isinstance(value, float) for value in shares[1])


# --- pictures from a server


def parameters_with(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "area.toml"
    path.write_text((ROOT / "data" / "area.toml").read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


def test_an_area_may_name_a_server_of_pictures(tmp_path: Path) -> None:
    more = (
        '\n[map]\nonline_tiles = "https://tiles.example.org/{z}/{x}/{y}.png"\nonline_tiles_attribution = "© Example"\n'
    )
    found = read_parameters(parameters_with(tmp_path, more))
    assert (found.online_tiles, found.online_tiles_attribution) == (
        "https://tiles.example.org/{z}/{x}/{y}.png",
        "© Example",
    )
    assert read_parameters(ROOT / "data" / "area.toml").online_tiles == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://tiles.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/{z}/{x}.png",
        "https://tiles.example.org/{z}/{x}/{y}/{x}.png",
        "https://{s}.example.org/{z}/{x}/{y}.png",
        "https://a.example.org/{z}/{x}/{y}.png; script-src *",
        "https://user@a.example.org/{z}/{x}/{y}.png",
        "https://a.example.org/{z}/{x}/{y}.png?key=1",
        "//a.example.org/{z}/{x}/{y}.png",
    ],
)
def test_an_address_that_is_not_one_host_of_pictures_is_refused(tmp_path: Path, address: str) -> None:
    more = f'\n[map]\nonline_tiles = "{address}"\nonline_tiles_attribution = "x"\n'
    with pytest.raises(ParameterError, match=r"\[map\] online_tiles is"):
        read_parameters(parameters_with(tmp_path, more))


def test_pictures_need_their_attribution_and_no_other_key(tmp_path: Path) -> None:
    more = '\n[map]\nonline_tiles = "https://a.example.org/{z}/{x}/{y}.png"\nonline_tile = "x"\n'
    with pytest.raises(ParameterError) as error:
        read_parameters(parameters_with(tmp_path, more))
    assert "[map] unknown key 'online_tile'" in str(error.value)
    assert "[map] lacks 'online_tiles_attribution'" in str(error.value)


def test_only_a_map_with_pictures_may_ask_for_any_and_of_one_host(
    text: str, released: Released, inputs_facts: Inputs
) -> None:
    assert "img-src data:;" in text
    assert "pictures" not in maps_assets.page_script()
    assert "tiles.example.org" not in text
    asking = render_map(released, with_tiles(inputs_facts), make_record())
    assert "img-src data: https://tiles.example.org;" in asking
    assert asking.count("default-src &#39;none&#39;") == 1
    assert not re.search(r"connect-src|font-src", asking)


# --- water


def write_water(folder: Path, *shapes: dict[str, Any]) -> Path:
    path = folder / "water.geojson"
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


RIVER = {"type": "LineString", "coordinates": [[-1.4, 51.7], [-1.3, 51.75], [-1.25, 51.7]]}
LAKE = {"type": "Polygon", "coordinates": [[[-1.5, 51.6], [-1.49, 51.6], [-1.49, 51.61], [-1.5, 51.61], [-1.5, 51.6]]]}


def test_water_is_read_in_metres_and_drawn_beneath_the_roads(
    tmp_path: Path, released: Released, inputs_facts: Inputs, without_reach: str
) -> None:
    issues: list[Any] = []
    found = read_water(write_water(tmp_path, RIVER, LAKE), inputs_facts.areas, issues)
    assert found is not None
    assert issues == []
    easting, northing = geography.to_bng([-1.4], [51.7], "EPSG:27700")
    assert shapely.get_coordinates(found.geometry.iloc[0])[0] == pytest.approx([easting[0], northing[0]], abs=0.01)
    text = render_map(released, dataclasses.replace(inputs_facts, water=found), make_record())
    assert text.count("#C6DCE8") >= 2
    assert "#C6DCE8" not in without_reach
    heights = dict(re.findall(r'createPane\(\s*"?(\w+)"?\s*\)[^;]*;[^;]*zIndex\s*=\s*(\d+)', text))
    assert int(heights["areas"]) < int(heights["water"]) < int(heights["roads"])


def test_water_that_cannot_be_drawn_is_told(tmp_path: Path, inputs_facts: Inputs) -> None:
    assert read_water(tmp_path / "water.geojson", inputs_facts.areas, []) is None
    point = {"type": "Point", "coordinates": [-1.3, 51.7]}
    far = {"type": "LineString", "coordinates": [[-5.0, 50.2], [-5.1, 50.3]]}
    swapped = {"type": "LineString", "coordinates": [[51.7, -1.4], [51.75, -1.3]]}
    for shapes, check, left in (
        ((RIVER, point), "water_not_drawn", 1),
        ((far,), "water_elsewhere", None),
        ((swapped,), "swapped_axes", None),
    ):
        issues: list[Any] = []
        found = read_water(write_water(tmp_path, *shapes), inputs_facts.areas, issues)
        assert [issue.check for issue in issues] == [check]
        assert issues[0].file == "boundaries/water.geojson"
        assert (found is None) is (left is None)


# --- the internal build


def test_a_public_map_refuses_the_tables_of_the_council(inputs_facts: Inputs) -> None:
    built, _ = make_internal()
    for wrong in (dataclasses.replace(built, build="public"), dataclasses.replace(built, build="draft")):
        with pytest.raises(DataError):
            render_map(wrong, inputs_facts, make_record())


def test_a_public_map_is_the_same_whether_or_not_the_internal_layers_are_there(
    released: Released, inputs_facts: Inputs, without_reach: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = without_reach
    real = maps_assets.template_text

    def without(name: str) -> str:
        assert "internal" not in name, "a public map reads no internal layer"
        return real(name)

    monkeypatch.setattr(maps_assets, "template_text", without)
    assert render_map(released, inputs_facts, make_record()) == whole
    for word in ("not for publication", "watermark", "occupancy_share", "desire", "level-zone"):
        assert word not in whole.lower()


def test_an_internal_map_is_marked_and_holds_zones_uses_and_flows() -> None:
    built, inputs = make_internal()
    text = render_map(built, inputs, make_record())
    found = data_of(text)
    # above the page, in its title, and in the words of its script
    assert text.count("Internal: not for publication") == 3
    assert "INTERNAL: NOT FOR PUBLICATION" in text
    zones = [place for place, area in enumerate(found["areas"]) if area["level"] == "zone"]
    assert len(zones) == 34
    rows = built.tables["internal_zones"].set_index(["scenario_id", "policy", "year", "area_id"])
    for place in zones:
        row = rows.loc[("programme", "optimal", 2028, found["areas"][place]["id"])]
        columns = found["figures"]["programme"]["optimal"]
        year = [entry["year"] for entry in found["years"]].index(2028)
        assert columns["demand_pupils"][place][year] == row["demand_pupils"]
        assert columns["without_local_place_pupils"][place][year] == row["without_local_place_pupils"]
    use = found["internal"]["uses"]["committed"]["optimal"]["2028"][0]
    named = dict(zip(["setting_id", "type", *found["internal"]["columns"]], use, strict=True))
    assert (named["setting_id"], named["planned_places"], named["placed_pupils"]) == ("100001", 100, 95)
    flows = found["internal"]["flows"]["committed"]["optimal"]["2028"]
    assert sorted(pupils for _, _, pupils in flows) == [1, 7, 12, 33]


def test_what_an_internal_map_cannot_draw_is_counted_in_words() -> None:
    built, inputs = make_internal()
    assert '<p class="note left-out">' not in render_map(built, inputs, make_record())
    zones = inputs.zones.copy()
    zones.loc[zones.index[:2], "cluster_id"] = "atlantis"
    lost = sorted(zones["zone_id"].iloc[:2])
    flows = built.tables["internal_flows"].copy()
    flows.loc[flows["cluster_id"] == "oxford-oxford-north", "cluster_id"] = "atlantis"
    gone = int((flows["cluster_id"] == "atlantis").sum())
    mask = pd.DataFrame(data=False, index=flows.index, columns=flows.columns)
    changed = with_table(built, "internal_flows", flows, mask)
    text = render_map(changed, dataclasses.replace(inputs, zones=zones), make_record())
    assert f"2 zones lie in no cluster of the map and are not drawn: {', '.join(lost)}." in text
    assert gone > 1
    assert f"{gone} flows from clusters that are not on the map are not drawn: atlantis." in text


def test_zones_are_simplified_together_so_that_every_border_still_meets(
    oxfordshire: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = pd.DataFrame({"scenario_id": ["committed"], "policy": ["optimal"], "year": [2028]})
    zones = pd.DataFrame({"area_id": oxfordshire.zones["zone_id"]})
    built = Released("internal", {"sufficiency_area": key, "internal_zones": zones}, {})
    frame = internal.with_zones(make_frame(built, oxfordshire), built, oxfordshire)
    monkeypatch.setattr(maps_places, "MOST_POSITIONS", 10)
    shapes = maps_places.outlines(oxfordshire, frame)
    for level in ("zone", "cluster", "district"):
        parts = np.array([shapes[area] for area in frame.of_level(level)], dtype=object)
        assert shapely.coverage_is_valid(parts)
        assert shapely.area(parts).sum() == pytest.approx(shapely.area(shapes["E10000025"]), rel=1e-9)


# --- text stays text


def test_no_script_of_the_map_writes_markup() -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("map_*.js")}
    assert {"map_reach.js", "map_schemes.js", "map_search.js", "map_internal.js", "map_tiles.js"} <= set(scripts)
    for name, body in scripts.items():
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser", "srcdoc"):
            assert word not in body, (name, word)
        assert len(body.splitlines()) < 400


def test_the_words_of_a_group_are_those_of_the_field() -> None:
    assert groups.phase_words("primary") == "Primary (Reception to Year 6)"
    assert groups.phase_words("post_16") == "Post-16 (Year 12 to Year 14)"
