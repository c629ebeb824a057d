"""The first new place on one straight road, by hand: a kilometre a minute; nodes n1 at kilometre 440, n2 at 505.

Homes z1 to z4 lie at kilometre 445, 455, 465 and 475; S1 (P1, local) at 445, S3 (P3, independent) at 500 and S4 (P4,
another council's) at 505, the point of n2.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from sufficiency.cli.opportunity import add_options, opportunity
from sufficiency.model.errors import ParameterError
from sufficiency.model.results import RoadTables
from sufficiency.outputs.export.opportunity import LAYER, write_opportunity
from sufficiency.outputs.maps.opportunity import WATERMARK, render_opportunity_map
from sufficiency.planning import open_year
from sufficiency.planning.opportunity import opportunity_surface
from sufficiency.planning.opportunity_sites import best_by_area, next_places, rank_settings
from tests import tiny_county as tiny
from tests.html_page import Page
from tests.unit.test_opened_year import assumed, county, pupils, room, supply

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.planning.opportunity import Surface

YEAR = tiny.YEAR
ANY = {"needs": "ASD;SLD;SEMH"}
Told = tuple[int, int, str, float]


def surface_of(demand: pd.DataFrame, places: pd.DataFrame, **changes: Any) -> Surface:
    """Return the surface of special-school places of the county with these pupils and places."""
    told: dict[str, Any] = {"provision_type": "special_school"}
    told |= {name: changes.pop(name) for name in ("attendance", "needs", "phases", "provision_type") if name in changes}
    return opportunity_surface(open_year(county(demand=demand, places=places, **changes), YEAR), **told)


def at_nodes(surface: Surface, need: str = "all", phase: str = "all") -> list[Told]:
    """Return placed, local, from_tier and minutes at n1 and n2."""
    rows = surface.of_kind(need, phase)
    assert rows["node_id"].tolist() == ["n1", "n2"]
    columns = ["more_placed_pupils", "more_local_pupils", "from_tier", "travel_change_min"]
    return list(rows[columns].itertuples(index=False, name=None))


TWO = pupils(("g1", "z1", 3, "ASD", 1), ("g2", "z2", 8, "SLD", 1))


def test_in_shortage_one_more_pupil_has_a_place() -> None:
    # P1 has g1 at its door (0 minutes); g2 waits. n1: g2 goes there (15), or g1 does (5) and g2 has P1 (10): 15.
    # n2: g2 goes there (50).
    surface = surface_of(TWO, room(P1=1, P3=0, P4=0))
    assert at_nodes(surface) == [(1, 1, "", 15.0), (1, 1, "", 50.0)]
    # for autism alone g1 must take it: 5 at n1 and 60 at n2, and g2 has P1 (10)
    assert at_nodes(surface, "ASD") == [(1, 1, "", 15.0), (1, 1, "", 70.0)]
    assert at_nodes(surface, "all", "secondary") == [(1, 1, "", 15.0), (1, 1, "", 50.0)]
    assert surface.kinds == (
        ("all", "all"), ("all", "primary"), ("all", "secondary"), ("SLD", "all"), ("SLD", "secondary"), ("ASD", "all"),
        ("ASD", "primary"),
    )  # fmt: skip


def test_a_place_in_another_councils_school_is_given_up() -> None:
    # g2 is in P4, 50 minutes away: 15 - 50 at n1; and P4 stands at n2: no minute is changed
    offers = supply(P4=ANY)
    surface = surface_of(TWO, room(P1=1, P3=0, P4=1), provision=offers)
    assert at_nodes(surface) == [(0, 1, "other_council", -35.0), (0, 1, "other_council", 0.0)]


def test_an_independent_place_is_given_up_before_another_councils_though_travel_is_longer() -> None:
    # One of g1, g2 is in P4 (60, 50) and one in P3 (55, 45): 105 either way. The independent place is given up:
    # n1: g1 goes there (5), g2 has P4 (50): 55. n2: 60 + 50 = 110, five more than now, and still the better.
    surface = surface_of(TWO, room(P1=0, P3=1, P4=1), provision=supply(P3=ANY, P4=ANY))
    assert at_nodes(surface) == [(0, 1, "independent", -50.0), (0, 1, "independent", 5.0)]


def test_with_room_to_spare_only_shorter_journeys_count() -> None:
    # Both are in P1 (0 and 10 minutes), and both nodes are further.
    assert at_nodes(surface_of(TWO, room(P1=5))) == [(0, 0, "", 0.0), (0, 0, "", 0.0)]
    # from z4 P1 is as far (30) as n2 (30), so nothing is gained there
    far = pupils(("g1", "z4", 3, "ASD", 1))
    assert at_nodes(surface_of(far, room(P1=5, P3=0, P4=0))) == [(0, 0, "", 0.0), (0, 0, "", 0.0)]
    # the base P2 is 20 minutes from z1, and n1 is 5
    bases = pupils(("g1", "z1", 8, "ASD", 2), place_sought="specialist_base")
    surface = surface_of(bases, room(P2=5), provision_type="specialist_base")
    assert at_nodes(surface) == [(0, 0, "", -15.0), (0, 0, "", 0.0)]


def test_a_limit_of_reach_keeps_pupils_from_a_place() -> None:
    limited = assumed(reach_limit_min=(49, None, None))
    surface = surface_of(TWO, room(P1=1, P3=0, P4=0), parameters=limited)
    assert at_nodes(surface) == [(1, 1, "", 15.0), (0, 0, "", 0.0)]
    exactly = assumed(reach_limit_min=(50, None, None))
    assert at_nodes(surface_of(TWO, room(P1=1, P3=0, P4=0), parameters=exactly))[1] == (1, 1, "", 50.0)


def test_a_residential_pupil_travels_no_day() -> None:
    boarders = pupils(("g1", "z1", 3, "ASD", 1), attendance="residential")
    surface = surface_of(boarders, room(), attendance="residential")
    assert at_nodes(surface) == [(1, 1, "", 0.0), (1, 1, "", 0.0)]
    with pytest.raises(ParameterError, match="no day pupil of 2028 seeks a place of type special_school"):
        surface_of(boarders, room())


def test_a_place_for_pupils_with_a_plan_is_not_for_those_without() -> None:
    # g1, without a plan, is 5 minutes from n1 and 60 from n2; g2 is 15 and 50
    demand = TWO.assign(ehcp=[False, True])
    opened = open_year(county(demand=demand, places=room(P1=0, P3=0, P4=0)), YEAR)
    for required, expected in ((True, [15.0, 50.0]), (False, [5.0, 50.0])):
        surface = opportunity_surface(opened, provision_type="special_school", ehcp_required=required)
        assert surface.of_kind()["travel_change_min"].tolist() == expected


def test_a_node_without_a_road_near_enough_changes_nothing_and_says_so() -> None:
    roads = county().roads
    lonely = gpd.GeoDataFrame({"node_id": ["n0"]}, geometry=gpd.points_from_xy([450_000], [220_000]), crs="EPSG:27700")
    more = dataclasses.replace(roads, nodes=pd.concat([roads.nodes, lonely], ignore_index=True))
    opened = open_year(county(demand=TWO, places=room(P1=1, P3=0, P4=0), roads=more), YEAR)
    told = opportunity_surface(opened, provision_type="special_school").of_kind()
    assert told["node_id"].tolist() == ["n0", "n1", "n2"]
    assert told["joined"].tolist() == [False, True, True]
    assert told["more_placed_pupils"].tolist() == [0, 1, 1]
    assert told["snap_m"].tolist() == [15_000.0, 0.0, 0.0]


def test_a_broad_area_of_need_is_the_best_of_its_needs() -> None:
    # moderate and severe learning difficulties are of one area, and the nearer waits at z1: 5 minutes from n1
    demand = pupils(("g1", "z1", 3, "MLD", 1), ("g2", "z2", 3, "SLD", 1), ("g3", "z4", 3, "SEMH", 1))
    surface = surface_of(demand, room(P1=0, P3=0, P4=0), needs=["cognition_and_learning", "SLD", "SEMH", "HI"])
    assert surface.kinds == tuple(
        (need, phase) for need in ("cognition_and_learning", "SLD", "SEMH") for phase in ("all", "primary")
    )
    assert at_nodes(surface, "cognition_and_learning") == [(1, 1, "", 5.0), (1, 1, "", 50.0)]
    assert at_nodes(surface, "SLD") == [(1, 1, "", 15.0), (1, 1, "", 50.0)]
    assert at_nodes(surface, "SEMH") == [(1, 1, "", 35.0), (1, 1, "", 30.0)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provision_type": "mainstream"}, "type 'mainstream' is not matched here: give one of special_school, specia"),
        ({"attendance": "weekly"}, "attendance 'weekly' is unknown: give day or residential"),
        ({"needs": ["ASD", "autism"], "phases": ["upper"]}, "need autism, phase upper is unknown: needs are all, comm"),
        ({"needs": ["HI"]}, "no pupil of the year is of the needs and phases asked for"),
        ({"provision_type": "specialist_base"}, "no day pupil of 2028 seeks a place of type specialist_base"),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_known(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(words)):
        surface_of(TWO, room(P1=1), **changes)


def test_a_policy_without_an_optimum_and_a_kind_without_values_are_refused() -> None:
    surface = surface_of(TWO, room(P1=1), needs=["all"])
    with pytest.raises(ParameterError, match="there are no values for need ASD and phase all: there are all, all"):
        surface.of_kind("ASD")
    bare = dataclasses.replace(surface.opened, result=dataclasses.replace(surface.opened.result, solved=None))
    with pytest.raises(ParameterError, match="only the policies optimal and rolling have a value"):
        opportunity_surface(bare, provision_type="special_school")


# --- a shortlist ---


def test_settings_are_ranked_and_room_is_told_only_where_both_numbers_are_known() -> None:
    # S1 and S2 are the state schools inside the county; S3 is independent and S4 lies outside.
    places = room(P1=1, P3=0, P4=0)
    rolls = {2024: 18, YEAR: 15}
    known = (places["provision_id"] == "P1") & places["year"].isin(rolls)
    places["on_roll_pupils"] = places["year"].map(rolls).where(known).astype("Int64")
    places["physical_places"] = pd.Series(22, index=places.index).where(known).astype("Int64")
    ranked = rank_settings(surface_of(TWO, places, needs=["all"], phases=["all"]))
    # at S1 g2 has a place after ten minutes; at S2 (465) too: an equal, and the first id stands first
    assert ranked["setting_id"].tolist() == ["S1", "S2"]
    assert ranked["rank"].tolist() == [1, 1]
    assert ranked["travel_change_min"].tolist() == [10.0, 10.0]
    assert ranked["provision_types"].tolist() == ["special_school", "specialist_base"]
    told = ranked[["on_roll_pupils", "physical_places", "spare_places", "spare_places_year", "on_roll_change_pupils"]]
    assert told.iloc[0].tolist() == [15, 22, 7, YEAR, -3]
    assert told.iloc[1].isna().all()
    # a second provision of the school, whose roll nobody knows: the room of the school is not known either
    more = pd.concat([tiny.provision(), tiny.provision().iloc[[0]].assign(provision_id="P5")], ignore_index=True)
    opens = pd.concat([places, room().iloc[[0, -4]].assign(provision_id="P5")], ignore_index=True)
    opens.loc[opens["provision_id"] == "P5", "year"] = [2024, YEAR]
    ranked = rank_settings(surface_of(TWO, opens, needs=["all"], phases=["all"], provision=more))
    assert ranked["spare_places"].isna().all()


def test_the_best_node_of_every_area() -> None:
    # n1 lies in zone z1 of cluster d1-a and district D1; n2 in no zone: it stands for no area.
    best = best_by_area(surface_of(TWO, room(P1=1, P3=0, P4=0), needs=["all"], phases=["all"]))
    assert best[["level", "area_id", "node_id"]].to_numpy().tolist() == [
        ["county", "C", "n1"], ["district", "D1", "n1"], ["cluster", "d1-a", "n1"],
    ]  # fmt: skip
    assert best["area_name"].tolist() == ["Tinyshire", "District D1", "Cluster d1-a"]
    assert best["travel_change_min"].tolist() == [15.0] * 3


def test_the_best_node_of_an_area_is_the_one_with_the_better_outcome_first() -> None:
    # Nobody travels over 29 minutes. g1 waits at z1, and n1 is 5 away. g3 of z4 is in P3, 25 away; n3 stands at z4, too
    # far from z1: there only an independent place is given up, with 25 minutes less. n4 is as good as n3, and later.
    roads = county().roads
    nodes = gpd.GeoDataFrame(
        {"node_id": ["n4", "n3"]}, geometry=gpd.points_from_xy([475_000] * 2, [205_000] * 2), crs="EPSG:27700"
    )
    surface = surface_of(
        pupils(("g1", "z1", 3, "ASD", 1), ("g3", "z4", 3, "SEMH", 1)),
        room(P1=0, P3=1, P4=0),
        roads=dataclasses.replace(roads, nodes=pd.concat([roads.nodes, nodes], ignore_index=True)),
        parameters=assumed(reach_limit_min=(29, None, None)),
        needs=["all"],
        phases=["all"],
    )
    best = best_by_area(surface).set_index("area_id")
    assert best["node_id"].to_dict() == {"C": "n1", "D1": "n1", "D2": "n3", "d1-a": "n1", "d2-b": "n3"}
    assert best.loc["C", ["more_placed_pupils", "travel_change_min"]].tolist() == [1, 5.0]
    assert best.loc["D2", ["more_local_pupils", "from_tier", "travel_change_min"]].tolist() == [1, "independent", -25.0]


def test_a_zone_of_no_cluster_stands_for_its_district_alone() -> None:
    zones = tiny.zones()
    zones.loc[zones["zone_id"] == "z1", "cluster_id"] = None
    best = best_by_area(surface_of(TWO, room(P1=1, P3=0, P4=0), needs=["all"], phases=["all"], zones=zones))
    assert best["area_id"].tolist() == ["C", "D1"]


def test_the_next_places_are_worth_what_is_left_to_gain() -> None:
    # Three wait at z2; P4 has two of them (50 minutes each). At n1 the third has a place (15), then the two come back.
    demand = pupils(("g1", "z2", 3, "ASD", 3))
    surface = surface_of(demand, room(P1=0, P3=0, P4=2), needs=["all", "ASD"], phases=["all"])
    told = next_places(surface, ["n1", "n1"], need="ASD", places=(0, 1, 2, 3, 30))
    assert told["places"].tolist() == [0, 1, 2, 3, 30]
    assert told["more_placed_pupils"].tolist() == [0, 1, 1, 1, 1]
    assert told["more_local_pupils"].tolist() == [0, 1, 2, 3, 3]
    assert told["travel_change_min"].tolist() == [0.0, 15.0, -20.0, -55.0, -55.0]
    with pytest.raises(ParameterError, match="node n9 is not on the roads"):
        next_places(surface, ["n9"])
    with pytest.raises(ParameterError, match="places must be whole numbers from 0"):
        next_places(surface, ["n1"], places=(-1,))


# --- files, all internal ---


@pytest.fixture(scope="module")
def surface() -> Surface:
    named = tiny.settings()
    named.loc[named["setting_id"] == "S1", "setting_name"] = "</script><b>First</b>"
    plain = county().roads
    edges = plain.edges.assign(road_number="A1")
    roads = dataclasses.replace(plain, edges=edges)
    return surface_of(TWO, room(P1=1, P3=0, P4=0), settings=named, roads=roads)


def test_the_map_is_marked_and_asks_nobody_for_anything(surface: Surface) -> None:
    text = render_opportunity_map(surface, best_by_area(surface), rank_settings(surface))
    page = Page(text)
    for tag, found in page.elements:
        assert tag not in {"iframe", "object", "embed", "base"}
        for name in ("src", "href", "action"):
            assert not str(found.get(name) or "").startswith(("http:", "https:", "//"))
    assert text.count(WATERMARK) >= 4
    sentence = (
        "In 2028/29 the first new special-school place for any need, any age would do most at junction near Zone "
        "1: one more pupil has a place, with 15 minutes more travel one way (illustrative)"
    )
    assert sentence in text
    assert "</script><b>" not in text
    assert "z1" not in text
    assert "445000" not in text


def kinds_of(surface: Surface) -> dict[str, Any]:
    text = render_opportunity_map(surface, best_by_area(surface), rank_settings(surface))
    found = re.search(r'id="sufficiency-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    out: dict[str, Any] = json.loads(found.group(1))
    return out


def test_a_junction_without_a_name_is_told_by_the_nearest_place() -> None:
    spots = [(440, ""), (441, None), (446, "Cross Roads"), (505, "")]
    nodes = gpd.GeoDataFrame(
        {"node_id": [f"n{km}" for km, _ in spots], "node_name": [name for _, name in spots]},
        geometry=[Point(km * 1_000, 205_000) for km, _ in spots], crs="EPSG:27700",
    )  # fmt: skip
    plain = tiny.road().edges.to_dict("records")[0]
    edges = [
        plain | {"edge_id": f"e{place}", "from_node_id": nodes["node_id"][place],
                 "to_node_id": nodes["node_id"][place + 1], "road_number": "A1", "maxspeed_kph": float("nan"),
                 "geometry": LineString([nodes.geometry[place], nodes.geometry[place + 1]]),
                 "length_m": nodes.geometry[place].distance(nodes.geometry[place + 1])}
        for place in range(3)
    ]  # fmt: skip
    roads = RoadTables(nodes, gpd.GeoDataFrame(edges, crs="EPSG:27700"))
    # homes lie at kilometre 445, 455, 465 and 475: the first of them is nearest to 440 and 441, the last to 505
    assert kinds_of(surface_of(TWO, room(P1=1, P3=0, P4=0), roads=roads))["names"] == [
        "junction near Zone 1", "junction near Zone 1 (2)", "Cross Roads", "junction near Zone 4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "beds", "words", "shape"),
    [
        ("P3", {"P3": 1, "P4": 0}, "one more pupil has a local place, out of an independent school", "ring"),
        ("P4", {"P3": 0, "P4": 1}, "one more pupil has a local place, out of another council’s school", "eye"),
    ],
)
def test_each_place_given_up_has_a_class_of_its_own(tier: str, beds: dict[str, int], words: str, shape: str) -> None:
    plain = county().roads
    roads = dataclasses.replace(plain, edges=plain.edges.assign(road_number="A1"))
    surface = surface_of(TWO, room(P1=1, **beds), provision=supply(**{tier: ANY}), roads=roads)
    found = kinds_of(surface)
    used = set(found["kinds"][0]["classes"])
    told = {(found["classes"][number]["words"], found["classes"][number]["shape"]) for number in used}
    assert told == {(words, shape)}


def test_the_files_are_written_whole_and_alike(surface: Surface, tmp_path: Path) -> None:
    areas, settings, growth = best_by_area(surface), rank_settings(surface), next_places(surface, ["n1"])
    written = [write_opportunity(surface, areas, settings, growth, tmp_path / name) for name in "ab"]
    assert [path.name for path in written[0]] == [
        f"special_school-{YEAR}-opportunity{end}"
        for end in (".csv", "-areas.csv", "-settings.csv", "-places.csv", ".gpkg", ".html")
    ] + ["README.txt"]
    for one, other in zip(*written, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(path.name for path in written[0])
    read = pd.read_csv(written[0][0])
    assert (read["build"] == "illustrative, internal").all()
    assert read["travel_change_min"].tolist() == surface.nodes["travel_change_min"].tolist()
    layer = gpd.read_file(written[0][4], layer=LAYER)
    assert layer.crs == "EPSG:27700"
    assert np.array_equal(layer.geometry.x, surface.nodes["easting_m"])
    assert layer["more_placed_pupils"].tolist() == surface.nodes["more_placed_pupils"].tolist()


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("folder", ["maps", "reports", "Reports/new", "maps/deep/er"])
def test_the_command_refuses_a_folder_that_is_shared_from(folder: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"lies in a folder named \w+, from which files are shared"):
        opportunity(parsed("--out", str(tmp_path / folder)), county())
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_into_internal_and_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    roads = dataclasses.replace(county().roads, edges=county().roads.edges.assign(road_number="A1"))
    area = county(demand=TWO, places=room(P1=1, P3=0, P4=0), roads=roads)
    opportunity(parsed("--need", "all", "--phase", "all"), area)
    said = capsys.readouterr().out
    assert "INTERNAL: NOT FOR PUBLICATION" in said
    assert "ILLUSTRATIVE" in said
    # told by the nearest place, and by a position that can be typed: node ids say nothing to a reader
    assert re.search(r"District D1 +junction near Zone 1 +440000 205000 +one more placed +\+15", said)
    assert not re.search(r"\bn[0-9]\b", said)
    assert {path.parent for path in tmp_path.rglob("*.*")} == {tmp_path / "internal"}
    with pytest.raises(ParameterError, match="--scenario tomorrow is not one of the area's: closure, do_nothing, prog"):
        opportunity(parsed("--scenario", "tomorrow"), area)
