"""Schemes and scenarios by hand: what moves, what closes, what is refused, and the file of a scenario."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.checks import check
from sufficiency.checks.schemes import faults_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.results import NewRoad, Scenario, SpeedChange, Substitution
from sufficiency.planning import apply_scenario, edited, with_scenario
from sufficiency.planning.schemes import added_places
from sufficiency.sources.area import read_area
from sufficiency.sources.scenario_text import scenario_text
from sufficiency.sources.scenarios import read_scenario, read_scenarios
from tests import tiny_county as tiny


def area(*rows, stock, scenario=None, **changes):
    """Return the tiny county with schemes written as (id, action, setting, type, source provision) and their stock."""
    known = pd.DataFrame(tiny.schemes()).iloc[[0]]
    made = []
    for scheme_id, action, setting_id, kind, source in rows:
        row = known.assign(
            scheme_id=scheme_id, action=action, setting_id=setting_id, setting_name=setting_id, provision_type=kind
        )
        moved = {"easting_m": 464_000.0} if source == "east" else {}
        made.append(row.assign(from_provision_id=source.removeprefix("east"), **moved))
    schemes = gpd.GeoDataFrame(pd.concat(made, ignore_index=True), geometry="geometry", crs="EPSG:27700")
    places = pd.DataFrame(stock, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places", "given_up_places"])
    places = places.astype({"given_up_places": "Int64"}).assign(source="made up")
    ids = [row[0] for row in rows]
    scenarios = {"do_nothing": tiny.scenario("do_nothing"), "x": scenario or tiny.scenario("x", *ids)}
    return tiny.inputs(schemes=schemes, scheme_places=places, scenarios=scenarios, **changes)


def places_of(inputs, year=tiny.YEAR):
    rows = inputs.places[inputs.places["year"] == year]
    return rows.set_index("provision_id")["planned_places"].to_dict()


BASELINE = {"P1": 20, "P2": 10, "P3": 6, "P4": 4}


def test_a_conversion_takes_its_places_from_the_old_provision():
    one = area(("turn", "convert", "S1", "specialist_base", "P1"), stock=[("turn", 2028, 7, 11, 6, 8)])
    after = apply_scenario(one, "x")
    assert places_of(after) == {**BASELINE, "P1": 12, "turn:7-11": 6}
    assert places_of(after, 2025) == BASELINE
    assert after.provision.set_index("provision_id").loc["turn:7-11", "setting_id"] == "S1"
    assert added_places(pd.DataFrame(one.schemes), one.scheme_places, ["specialist_base"]).to_dict() == {2028: 6}


def test_a_conversion_gives_up_as_many_as_it_has_where_it_does_not_say():
    one = area(("turn", "convert", "S1", "specialist_base", "P1"), stock=[("turn", 2028, 7, 11, 6, None)])
    assert places_of(apply_scenario(one, "x"))["P1"] == 14


def test_a_relocation_of_everything_closes_the_old_and_opens_the_new():
    one = area(("move", "relocate", "N9", "specialist_base", "P2"), stock=[("move", 2028, 7, 11, 16, 10)])
    after = apply_scenario(one, "x")
    assert places_of(after) == {"P1": 20, "P3": 6, "P4": 4, "move:7-11": 16}
    assert "N9" in set(after.settings["setting_id"])
    # what moves adds only what it grows by
    assert added_places(pd.DataFrame(one.schemes), one.scheme_places, ["specialist_base"]).to_dict() == {2028: 6}


def test_one_department_may_close_alone():
    extra = tiny.provision().iloc[[0]].assign(provision_id="P1b", ncy_from=12)
    more = tiny.places().query("provision_id == 'P1'").assign(provision_id="P1b", planned_places=3)
    one = area(
        ("shut", "close", "S1", "special_school", "P1b"),
        stock=[("shut", 2028, 12, 14, 0, None)],
        provision=pd.concat([tiny.provision(), extra], ignore_index=True),
        places=pd.concat([tiny.places(), more], ignore_index=True),
    )
    assert places_of(apply_scenario(one, "x")) == BASELINE


def test_closing_one_department_leaves_room_to_expand_another():
    rows = [("shut", "close", "S1", "special_school", "P1"), ("more", "expand", "S1", "special_school", "")]
    one = area(*rows, stock=[("shut", 2028, 0, 14, 0, None), ("more", 2028, 0, 6, 9, None)])
    assert places_of(apply_scenario(one, "x")) == {"P2": 10, "P3": 6, "P4": 4, "more:0-6": 9}


def test_what_opens_and_closes_in_one_scenario_leaves_the_places_of_the_baseline():
    """U1: do, then undo, in either order of writing."""
    rows = [("new", "open", "N9", "special_school", ""), ("undo", "close", "N9", "special_school", "")]
    stock = [("new", 2028, 0, 14, 30, None), ("undo", 2028, 0, 14, 0, None)]
    for order in (rows, rows[::-1]):
        one = area(*order, stock=stock)
        assert places_of(apply_scenario(one, "x")) == BASELINE


def test_adding_and_leaving_out_gives_the_same_scenario():
    base = tiny.scenario("programme", "new-school", "more-first")
    there = edited(base, "there", add=["shut-base"])
    assert there.scheme_ids == ("new-school", "more-first", "shut-base")
    back = edited(there, "programme", leave_out=["shut-base"])
    assert back == base
    inputs = with_scenario(tiny.inputs(), back)
    for name in ("settings", "provision", "places"):
        one, two = (getattr(apply_scenario(found, "programme"), name) for found in (inputs, tiny.inputs()))
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
    with pytest.raises(ParameterError, match="has no scheme 'ghost' to leave out"):
        edited(base, "y", leave_out=["ghost"])


REFUSED = {
    "no source": (
        [("turn", "convert", "S1", "specialist_base", "")],
        [("turn", 2028, 7, 11, 6, None)],
        "does not say which provision it would convert",
    ),
    "unknown source": (
        [("turn", "convert", "S1", "specialist_base", "P9")],
        [("turn", 2028, 7, 11, 6, None)],
        "the provision P9 is unknown",
    ),
    "source elsewhere": (
        [("turn", "convert", "S1", "specialist_base", "P2")],
        [("turn", 2028, 7, 11, 6, None)],
        "P2 is at S2, not at S1",
    ),
    "open takes over": (
        [("new", "open", "N9", "special_school", "P1")],
        [("new", 2028, 0, 14, 6, None)],
        "to open takes over no other provision",
    ),
    "relocates to where it is": (
        [("move", "relocate", "S1", "specialist_base", "P2")],
        [("move", 2028, 7, 11, 6, None)],
        "relocate to S1, which is there already",
    ),
    "two schemes on one place": (
        [("one", "convert", "S1", "specialist_base", "P1"), ("two", "relocate", "N9", "special_school", "P1")],
        [("one", 2028, 7, 11, 12, None), ("two", 2028, 0, 14, 12, None)],
        "one and two would take 24 places of P1 in 2028/29, which has 20",
    ),
    "taken and closed": (
        [("one", "convert", "S1", "specialist_base", "P1"), ("two", "close", "S1", "special_school", "P1")],
        [("one", 2028, 7, 11, 12, None), ("two", 2028, 0, 14, 0, None)],
        "one and two take places of P1 and close it in 2028/29",
    ),
    "opened twice": (
        [("one", "open", "N9", "special_school", ""), ("two", "open", "N9", "special_school", "")],
        [("one", 2028, 0, 6, 12, None), ("two", 2028, 6, 14, 12, None)],
        "one and two both open the special school of N9 for the same year groups in 2028/29",
    ),
    "closes before it opens": (
        [("one", "open", "N9", "special_school", ""), ("two", "close", "N9", "special_school", "")],
        [("one", 2028, 0, 6, 12, None), ("two", 2027, 0, 6, 0, None), ("two", 2028, 0, 6, 0, None)],
        "N9 would close in 2027/28, before it opens in 2028/29",
    ),
    "one setting in two places": (
        [("one", "open", "N9", "special_school", ""), ("two", "open", "N9", "specialist_base", "east")],
        [("one", 2028, 0, 6, 12, None), ("two", 2028, 7, 11, 16, None)],
        "one and two put N9 9.0 km apart",
    ),
    "grows while it closes": (
        [("one", "expand", "S1", "special_school", ""), ("two", "close", "S1", "special_school", "")],
        [("one", 2028, 0, 6, 12, None), ("two", 2028, 0, 6, 0, None)],
        "one adds places at S1 in 2028/29, when another scheme closes it",
    ),
}


@pytest.mark.parametrize(("rows", "stock", "message"), REFUSED.values(), ids=REFUSED)
def test_nonsense_is_refused_with_the_reason_by_the_check_and_by_the_scenario(rows, stock, message):
    one = area(*rows, stock=stock)
    with pytest.raises(DataError, match=message):
        apply_scenario(one, "x")
    found = check(one)
    assert found.loc[found["severity"] == "error", "message"].str.contains(message, regex=False).any()


def test_warnings_of_schemes():
    base = ("small", "open", "N9", "specialist_base", "")
    school = ("school", "open", "N8", "special_school", "")
    one = area(base, school, stock=[("small", 2025, 7, 11, 12, None), ("school", 2028, 0, 14, 40, None)])
    silent = dataclasses.replace(one, schemes=one.schemes.assign(rationale=""))
    found = check(silent)
    assert set(found["severity"]) == {"warning"}
    assert dict(zip(found["check"], found["key"], strict=True)) == {
        "scheme_ends": "small",
        "base_size": "small",
        "no_rationale": "school",
    }
    nothing = dataclasses.replace(one, scheme_places=one.scheme_places.query("scheme_id == 'school'"))
    assert "scheme_without_places" in set(check(nothing)["check"])


def test_the_places_that_a_scenario_states_are_held_to_its_schemes():
    stated = dataclasses.replace(tiny.scenario("x", "school"), stated_places=41)
    one = area(
        ("school", "open", "N8", "special_school", ""), stock=[("school", 2029, 0, 14, 40, None)], scenario=stated
    )
    found = check(one)
    told = found.loc[found["check"] == "stated_places", "message"].tolist()
    assert told == [
        "the scenario states 41 places, and its schemes add 40 special-school and specialist-base places when complete"
    ]


def write(folder, name, text):
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")


BASE = 'name = "do_nothing"\ntitle = "Nothing"\nschemes = []\n'
PROGRAMME = (
    'name = "programme"\ntitle = "All"\nschemes = ["a", "b"]\n[assumptions]\nretention_share = 0.9\n'
    '[[speeds]]\nroad_class = "all"\nkph_share = 0.5\n'
)


def test_a_scenario_based_on_another_has_its_schemes_and_changes(tmp_path):
    write(tmp_path, "do_nothing", BASE)
    write(tmp_path, "programme", PROGRAMME)
    write(
        tmp_path,
        "other",
        'name = "other"\ntitle = "Other"\nschemes = ["c"]\nbased_on = "programme"\nwithout_schemes = ["a"]\n'
        '[assumptions]\nmovement_share = 0.5\n[demand]\nmitigations = ["m"]\n'
        '[roads]\nclosed_edges = ["e1"]\nnew = [{from_node = "n1", to_node = "n2", road_class = "primary"}]\n'
        '[[policy.substitutions]]\nplace_sought = "special_school"\nprovision_type = "specialist_base"\nsource = "s"\n',
    )
    issues = []
    found = read_scenarios(tmp_path, ["a", "b", "c"], issues)
    assert issues == []
    other = found["other"]
    assert other.scheme_ids == ("b", "c")
    assert other.assumptions == {"retention_share": 0.9, "movement_share": 0.5}
    assert other.speed_changes == (SpeedChange("all", 0.5),)
    assert other.new_roads == (NewRoad("n1", "n2", "primary", None),)
    assert other.substitutions == (Substitution("special_school", "specialist_base", source="s"),)
    assert other.mitigations == ("m",)
    assert found["programme"].scheme_ids == ("a", "b")


WRONG = {
    "itself": ('based_on = "x"\n', "based_on_itself"),
    "unknown base": ('based_on = "programe"\n', "unknown_scenario"),
    "nothing to leave out": ('without_schemes = ["a"]\n', "nothing_to_leave_out"),
    "not there": ('based_on = "do_nothing"\nwithout_schemes = ["a"]\n', "not_there"),
    "speed": ('[[speeds]]\nroad_class = "motorway"\nkph_share = -1\n', "wrong_kind"),
    "class": ('[[speeds]]\nroad_class = "lane"\nkph_share = 1\n', "wrong_kind"),
    "missing": ('[[speeds]]\nroad_class = "motorway"\n', "name_missing"),
    "unknown": ("[roads]\nclosed = []\n", "unknown_name"),
    "far too slow": ('[[speeds]]\nroad_class = "all"\nkph_share = 1e-9\n', "wrong_kind"),
    "no table": ("demand = 3\n", "wrong_kind"),
}


@pytest.mark.parametrize(("text", "fault"), WRONG.values(), ids=WRONG)
def test_faults_of_a_scenario_file(tmp_path, text, fault):
    write(tmp_path, "do_nothing", BASE)
    write(tmp_path, "x", f'name = "x"\ntitle = "X"\nschemes = []\n{text}')
    issues = []
    found = read_scenarios(tmp_path, ["a"], issues)
    assert [one.check for one in issues] == [fault]
    assert "x" not in found


def test_a_scenario_has_a_name_a_title_and_do_nothing_does_nothing(tmp_path):
    write(tmp_path, "do_nothing", 'name = "do_nothing"\ntitle = "Nothing"\nschemes = ["a"]\n')
    write(tmp_path, "x 6", 'name = "x 6"\ntitle = " "\nschemes = []\n')
    write(tmp_path, "DO_NOTHING", 'name = "DO_NOTHING"\ntitle = "Same on some computers"\nschemes = []\n')
    issues = []
    assert read_scenarios(tmp_path, ["a"], issues) == {}
    found = [(one.file.rpartition("/")[2], one.check) for one in issues]
    assert found == [
        ("DO_NOTHING.toml", "name_of_scenario"),
        ("do_nothing.toml", "nothing_is_done"),
        ("x 6.toml", "name_of_scenario"),
        ("x 6.toml", "title_blank"),
        ("do_nothing.toml", "scenario_missing"),
    ]


def test_speeds_of_a_scenario_and_its_base_multiply(tmp_path):
    write(tmp_path, "do_nothing", BASE)
    change = '[[speeds]]\nroad_class = "all"\nkph_share = 0.9\n'
    write(tmp_path, "one", f'name = "one"\ntitle = "One"\nschemes = []\n{change}')
    write(tmp_path, "two", f'name = "two"\ntitle = "Two"\nbased_on = "one"\nschemes = []\n{change}')
    found = read_scenarios(tmp_path, [], [])
    assert found["two"].speed_changes == (SpeedChange("all", 0.9), SpeedChange("all", 0.9))


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Scenario,
        scenario_id=st.just("x"),
        title=st.text(st.characters(exclude_categories=("Cs",)), max_size=20).map(lambda text: f"t{text}"),
        description=st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
        scheme_ids=st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple),
        stated_places=st.none() | st.integers(0, 999),
        illustrative=st.booleans(),
        complete_in=st.sampled_from(["", "2030/31"]),
        assumptions=st.dictionaries(st.sampled_from(["p", "q"]), st.floats(0, 1) | st.booleans() | st.just("word")),
        mitigations=st.lists(st.sampled_from(["m", "n"]), unique=True).map(tuple),
        closed_edge_ids=st.lists(st.sampled_from(["e1", "e 2"]), unique=True).map(tuple),
        new_roads=st.lists(
            st.builds(NewRoad, st.just("n1"), st.just("n2"), st.just("primary"), st.none() | st.floats(1, 1e6)),
            max_size=2,
        ).map(tuple),
        speed_changes=st.lists(st.builds(SpeedChange, st.just("all"), st.floats(0.1, 3)), max_size=2).map(tuple),
        substitutions=st.lists(
            st.builds(Substitution, st.just("special_school"), st.just("specialist_base"), source=st.text("ab'\"\\")),
            max_size=2,
        ).map(tuple),
    )
)
def test_a_scenario_written_and_read_back_is_the_same(tmp_path_factory, scenario):
    """U5: serialise, load, and it is the same."""
    path = tmp_path_factory.mktemp("scenario") / "x.toml"
    path.write_text(scenario_text(scenario), encoding="utf-8", newline="\n")
    issues = []
    assert read_scenario(path, ["a", "b", "c"], issues) == scenario
    assert issues == []


def test_roads_speeds_rules_and_assumptions_of_a_scenario():
    nodes, edges = tiny.road().nodes, tiny.road().edges
    scenario = dataclasses.replace(
        tiny.scenario("x"),
        closed_edge_ids=("e1",),
        new_roads=(NewRoad("n1", "n2", "primary", 50_000.0), NewRoad("n2", "n1", "primary")),
        speed_changes=(SpeedChange("all", 0.5), SpeedChange("primary", 0.5)),
        substitutions=(Substitution("special_school", "specialist_base", source="panel"),),
        assumptions={"retention_share": 0.5},
    )
    base = with_scenario(tiny.inputs(), scenario)
    after = apply_scenario(base, "x")
    assert after.roads.edges["length_m"].tolist() == [50_000.0, 65_000.0]
    assert after.roads.edges["edge_id"].tolist() == ["x:new-1", "x:new-2"]
    assert after.speeds["kph"].tolist() == [15.0]
    assert after.parameters.value("retention_share") == 0.5
    assert after.places is base.places
    assert base.roads.edges["edge_id"].tolist() == edges["edge_id"].tolist()
    assert len(after.roads.nodes) == len(nodes)


def test_what_a_scenario_changes_must_be_there():
    scenario = dataclasses.replace(
        tiny.scenario("x"),
        closed_edge_ids=("e2",),
        new_roads=(NewRoad("n1", "n9", "primary"), NewRoad("n1", "n1", "primary")),
        speed_changes=(SpeedChange("motorway", 0.5),),
        mitigations=("m",),
        assumptions={"retention_share": 7, "no_such": 1},
    )
    faults = "; ".join(faults_of(tiny.inputs(), scenario))
    for told in (
        "retention_share is 7",
        "no_such",
        "unknown road edge 'e2'",
        "unknown road node 'n9'",
        "adds a road from n1 to itself",
        "unknown class of the speed table 'motorway'",
        "unknown mitigation 'm'",
    ):
        assert told in faults
    own = tiny.inputs(demand=tiny.demand())
    assert "gives its own demand" in "; ".join(faults_of(own, dataclasses.replace(scenario, mitigations=("m",))))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("schemes/candidates.csv", "least_places", "-5"),
        ("quality/accounts.csv", "rows", "many"),
        ("plan/claims.csv", "value", "many"),
    ],
)
def test_a_broken_row_of_an_optional_table_is_told(tmp_path, table, column, value):

    embedded = Path(__file__).resolve().parents[2] / "data"
    area = tmp_path / "area"
    shutil.copytree(embedded, area, ignore=shutil.ignore_patterns("template"))
    path = area / table
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        path.write_text("file,kind,what,rows\na.csv,schools,read,1\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    found = read_area(area).issues
    errors = found[found["severity"] == "error"]
    assert [(row["file"].rpartition("/")[2], row["column"]) for row in errors.to_dict("records")] == [
        (path.name, column)
    ]
