"""One year opened up, in a county of one straight road: a kilometre a minute, every answer worked by hand.

Homes z1 to z4 lie at kilometre 445, 455, 465 and 475; S1 (P1, local school) at 445, S2 (P2, local base) at 465, S3 (P3,
independent) at 500, S4 (P4, another council's) at 505.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation import build_eligibility
from sufficiency.assess import network_of
from sufficiency.measures.access import gaussian_decay, step_decay
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.planning import access, growth, open_year, place_values, settled, unlocks, why_not
from tests import tiny_county as tiny

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Inputs
    from sufficiency.planning import OpenedYear

YEAR = tiny.YEAR
ACCEPTANCE = pd.DataFrame(columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"])
COSTS = ["without_place_pupils", "without_local_place_pupils", "travel_min"]


def assumed(**values: tuple[Any, Any, Any]) -> Parameters:
    """Return parameters without a limit of reach and with a leg to the road that can be driven."""
    plain = {"reach_limit_min": ("none", None, None), "snap_detour_ratio": (1, None, None)}
    return tiny.parameters(**(plain | {"snap_kph": (30, None, None)} | values))


@functools.cache
def plain() -> Inputs:
    homes = tiny.zones().rename(columns={"zone_id": "origin_id"})
    homes = homes.set_geometry(homes.centroid)
    road, base = tiny.road(), tiny.inputs()
    return dataclasses.replace(
        base,
        origins=homes.assign(easting_m=homes.geometry.x, northing_m=homes.geometry.y),
        roads=dataclasses.replace(road, edges=road.edges.assign(maxspeed_kph=float("nan"))),
        speeds=base.speeds.assign(junction_s=0.0, low_share=1.0, high_share=1.0),
        acceptance=ACCEPTANCE,
        demand=tiny.demand(),
        parameters=assumed(),
    )


def county(**changes: Any) -> Inputs:
    """Return the tiny county with homes at the middle of each zone, and roads and speeds complete."""
    return dataclasses.replace(plain(), **changes)


def pupils(*rows: tuple[str, str, int, str, int], **fixed: Any) -> pd.DataFrame:
    """Return demand for special schools by group_id, home, year group, need and pupils."""
    table = pd.DataFrame(rows, columns=["group_id", "origin_id", "ncy", "need", "pupils"])
    plain = {"year": YEAR, "sex": "any", "ehcp": True, "place_sought": "special_school", "attendance": "day"}
    return table.assign(**(plain | fixed))


def room(**counts: int) -> pd.DataFrame:
    """Return the places of the county, those named changed in the headline year."""
    table = tiny.places()
    for name, count in counts.items():
        table.loc[(table["provision_id"] == name) & (table["year"] == YEAR), "planned_places"] = count
    return table


def supply(**changes: dict[str, Any]) -> pd.DataFrame:
    table = tiny.provision()
    for name, values in changes.items():
        for column, value in values.items():
            table.loc[table["provision_id"] == name, column] = value
    return table


def figures(opened: OpenedYear) -> list[float]:
    """Return pupils without a place, without a local one, and minutes, from the flow of the optimum."""
    flow, year = opened.result.first.tocoo(), opened.eligibility
    assert opened.result.substitute.nnz == 0
    local = (year.provision["tier"] == "local").to_numpy()[flow.col]
    day = (year.groups["attendance"] == "day").to_numpy()[flow.row]
    minutes = np.where(day, year.milliseconds[flow.row, flow.col] / 60_000, 0.0)
    left = int(opened.result.unplaced.sum())
    return [left, left + int(flow.data[~local].sum()), float((minutes * flow.data).sum())]


# --- opening ---


def test_the_year_of_the_county_by_hand() -> None:
    # P1: g1's ten (0 minutes) and g2's eight (10), and two of g5 (20), of whom three have P4 (40). P2: g3 (0).
    # g4 boards and nobody offers that; g7 seeks an FE unit, which is another stream; g6 has no home.
    opened = open_year(county(), YEAR)
    assert opened.eligibility.groups["group_id"].tolist() == ["g1", "g2", "g3", "g4", "g5"]
    assert opened.result.first.todense().tolist() == [
        [10, 0, 0, 0], [8, 0, 0, 0], [0, 7, 0, 0], [0, 0, 0, 0], [2, 0, 0, 3],
    ]  # fmt: skip
    assert figures(opened) == [4, 7, 240.0]
    assert [proof.scenario_id for proof in opened.result.certificates] == ["do_nothing"]
    assert open_year(county(), YEAR, scenario_id="programme").result.certificates[0].scenario_id == "programme"


@pytest.mark.parametrize("year", [2023, 2030])
def test_a_year_outside_the_area_is_refused(year: int) -> None:
    with pytest.raises(ParameterError, match="is not among the years of the area, 2024/25 to 2029/30"):
        open_year(county(), year)


def test_what_is_known_already_is_used_and_not_worked_out_again() -> None:
    roads = network_of(county())
    # inputs without demand or roads: both are given
    bare = county(demand=tiny.demand().iloc[:0], roads=None)
    opened = open_year(bare, YEAR, demand=tiny.demand(), network=roads)
    assert figures(opened) == figures(open_year(county(), YEAR))
    assert opened.demand.equals(tiny.demand())


def test_other_councils_pupils_are_taken_off_where_the_area_says_so() -> None:
    flows = pd.DataFrame(
        {"direction": ["in"], "authority": ["x"], "provision_id": ["P1"], "provision_type": ["special_school"]}
    ).assign(year=YEAR, pupils=4, places=4)
    for net, places in ((0, 20), (1, 16)):
        told = assumed(net_other_councils_pupils=(net, None, None))
        opened = open_year(county(border_flows=flows, parameters=told), YEAR)
        assert opened.eligibility.places.tolist() == [places, 10, 6, 4]


# --- one more place, in words ---


def words(opened: OpenedYear, provision_id: str, need: str = "all", phase: str = "all") -> str:
    table = place_values(opened)
    row = table[(table["provision_id"] == provision_id) & (table["need"] == need) & (table["phase"] == phase)]
    assert len(row) == 1
    return str(row["words"].iloc[0])


# ten next door to S1, and two at z3: 20 minutes to P1, 35 to P3, 40 to P4
TWO = pupils(("a", "z1", 3, "ASD", 10), ("b", "z3", 8, "ASD", 2))


@pytest.mark.parametrize(
    ("offers", "places", "sentence"),
    [
        # both of b are in P4; one of them comes back: 40 minutes less 20, there and back
        (
            {}, {"P1": 10, "P4": 4},
            ("one more place at First School: one pupil comes from another council's school, "
             "which saves 40 pupil-minutes of travel a day"),
        ),
        # one of b is in P4, the other nowhere: he has the place, 20 minutes away
        (
            {}, {"P1": 10, "P4": 1},
            "one more place at First School: one more pupil has a place, which adds 40 pupil-minutes of travel a day",
        ),
        # both are in the independent school: 35 less 20, there and back
        (
            {"P3": {"needs": "ASD"}}, {"P1": 10, "P3": 2, "P4": 0},
            ("one more place at First School: one pupil comes from an independent school, "
             "which saves 30 pupil-minutes of travel a day"),
        ),
        # all twelve are in P1 already
        (
            {}, {"P1": 12},
            "one more place at First School: nobody more has a place, and it changes no minute of travel",
        ),
        # a second local school, next door to b, is full with one of them; the other travels 20 minutes to P1
        (
            {"P2": {"provision_type": "special_school"}}, {"P1": 11, "P2": 1},
            "one more place at Second School: nobody more has a place, and it saves 40 pupil-minutes of travel a day",
        ),
        # a place next door to the pupil who had none costs no minute
        (
            {"P2": {"provision_type": "special_school"}}, {"P1": 10, "P2": 1, "P4": 0},
            "one more place at Second School: one more pupil has a place, which changes no minute of travel",
        ),
    ],
)  # fmt: skip
def test_the_sentence_of_one_more_place(offers: dict[str, Any], places: dict[str, int], sentence: str) -> None:
    opened = open_year(county(demand=TWO, provision=supply(**offers), places=room(**places)), YEAR)
    name = "P2" if "Second" in sentence else "P1"
    assert words(opened, name) == sentence


def test_a_place_for_one_kind_of_pupil_is_named_and_others_make_room() -> None:
    # A place that only primary pupils may use: one of a moves into it, and one of b has theirs.
    opened = open_year(
        county(demand=TWO, provision=supply(P1={"department": "sixth_form"}), places=room(P1=10, P4=4)), YEAR
    )
    tail = "at First School, sixth form: one pupil comes from another council's school, which saves 40"
    assert words(opened, "P1").startswith(f"one more place {tail}")
    assert words(opened, "P1", phase="primary").startswith(f"one more primary place {tail}")
    assert words(opened, "P1", need="ASD").startswith(f"one more place (autistic spectrum disorder) {tail}")
    assert words(opened, "P1", "ASD", "secondary").startswith(
        f"one more secondary place (autistic spectrum disorder) {tail}"
    )


def test_values_stand_beside_the_sentence_the_most_useful_first() -> None:
    # beside them one with SEMH in P3, which has places to spare: one more there is worth nothing, and comes last
    demand = pd.concat([TWO, pupils(("c", "z4", 9, "SEMH", 1))], ignore_index=True)
    opened = open_year(county(demand=demand, places=room(P1=10, P4=1)), YEAR)
    table = place_values(opened)
    assert table["provision_id"].iloc[-1] == "P3"
    whole = table[(table["need"] == "all") & (table["phase"] == "all")].set_index("provision_id")
    shown = ["more_placed_pupils", "more_local_pupils", "travel_change_min", "travel_change_min_per_day"]
    # both P1 and P4 would give the last one a place: 20 minutes, local; or 40
    assert whole.loc["P1", shown].tolist() == [1, 1, 20.0, 40.0]
    assert whole.loc["P4", shown].tolist() == [1, 0, 40.0, 80.0]
    assert whole[["setting_name", "setting_id", "provision_type", "department"]].loc["P4"].tolist() == [
        "Fourth School", "S4", "special_school", "all",
    ]  # fmt: skip
    keys = ["more_placed_pupils", "more_local_pupils", "travel_change_min"]
    ranks = [(-row[0], -row[1], row[2]) for row in table[keys].itertuples(index=False)]
    assert ranks == sorted(ranks)


def test_the_journeys_of_a_day_are_those_of_the_area() -> None:
    once = assumed(journeys_per_day=(1, None, None))
    opened = open_year(county(demand=TWO, places=room(P1=10, P4=4), parameters=once), YEAR)
    assert "saves 20 pupil-minutes of travel a day" in words(opened, "P1")


# --- growth ---


def town(seed: int) -> Inputs:
    """Return the county with random needs, ages and few places, so that tiers and moves matter."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"g{number:02d}", f"z{rng.integers(1, 5)}", int(rng.integers(0, 14)), str(rng.choice(["ASD", "SLD", "SEMH"])),
         int(rng.integers(1, 5)))
        for number in range(12)
    ]  # fmt: skip
    offers = supply(
        P2={"provision_type": "special_school", "needs": "ASD;SEMH", "ncy_from": 0},
        P3={"needs": "SEMH;ASD"},
        P4={"needs": "ASD;SLD"},
    )
    counts = {name: int(rng.integers(2, 8)) for name in ("P1", "P2", "P3", "P4")}
    demand = pupils(*rows)
    demand.loc[0, "attendance"] = "residential"
    return county(demand=demand, provision=offers, places=room(**counts))


@pytest.mark.parametrize(("seed", "provision_id"), [(0, "P1"), (1, "P1"), (2, "P2"), (3, "P3"), (4, "P4"), (5, "P1")])
def test_growth_equals_the_year_opened_anew(seed: int, provision_id: str) -> None:
    inputs = town(seed)
    roads = network_of(inputs)
    opened = open_year(inputs, YEAR, network=roads)
    at = (inputs.places["provision_id"] == provision_id) & (inputs.places["year"] == YEAR)
    today = int(inputs.places.loc[at, "planned_places"].iloc[0])
    steps = [10, 0, -today, 1, 3, -1]
    table = growth(opened, provision_id, iter(steps))
    assert table["more_places"].tolist() == steps
    assert table["places"].tolist() == [today + more for more in steps]
    before = figures(opened)
    for row, more in zip(table.to_dict("records"), steps, strict=True):
        places = inputs.places.copy()
        places.loc[at, "planned_places"] = today + more
        fresh = figures(open_year(dataclasses.replace(inputs, places=places), YEAR, network=roads))
        assert [row[name] for name in COSTS] == pytest.approx(fresh, abs=1e-9)
        assert [row[f"change_of_{name}"] for name in COSTS] == pytest.approx(
            [now - then for now, then in zip(fresh, before, strict=True)], abs=1e-9
        )


def test_the_random_towns_are_short_of_places() -> None:
    """Otherwise growth would change nothing, and the test above would hold of anything."""
    tables = [growth(open_year(town(seed), YEAR), "P1", [-2, 3]) for seed in range(4)]
    assert all((table["change_of_without_local_place_pupils"] != 0).any() for table in tables)
    assert sum((table["change_of_travel_min"] != 0).all() for table in tables) >= 2


def test_growth_by_hand() -> None:
    # Each of the first three more places in P1 brings one of g5 back from P4: 20 minutes instead of 40.
    table = growth(open_year(county(), YEAR), "P1", [0, 1, 3, 5, -2])
    assert table["places"].tolist() == [20, 21, 23, 25, 18]
    assert table[[f"change_of_{name}" for name in COSTS]].to_numpy().tolist() == [
        [0, 0, 0.0], [0, -1, -20.0], [0, -3, -60.0], [0, -3, -60.0],
        # two of g5 leave P1: one has the last place of P4, the other none
        [1, 2, 0.0],
    ]  # fmt: skip
    assert table["travel_min"].tolist() == [240.0, 220.0, 180.0, 180.0, 240.0]


def test_growth_agrees_with_the_value_of_one_more_place() -> None:
    for seed in range(3):
        opened = open_year(town(seed), YEAR)
        values = place_values(opened)
        whole = values[(values["need"] == "all") & (values["phase"] == "all")].set_index("provision_id")
        for name in whole.index:
            row = growth(opened, name, [1]).iloc[0]
            assert row["change_of_without_place_pupils"] == -whole.loc[name, "more_placed_pupils"]
            assert row["change_of_without_local_place_pupils"] == -whole.loc[name, "more_local_pupils"]
            assert row["change_of_travel_min"] == pytest.approx(whole.loc[name, "travel_change_min"], abs=1e-9)


def test_growth_of_what_is_not_there_is_refused() -> None:
    opened = open_year(county(places=room().query("provision_id != 'P4'")), YEAR)
    for unknown in ("P9", "P4"):
        with pytest.raises(DataError, match=f"provision {unknown} takes no part in the year"):
            growth(opened, unknown, [1])
    with pytest.raises(DataError):
        growth(opened, "P1", [-21])
    assert growth(opened, "P1", []).empty


def test_what_if_leaves_the_year_as_it_is() -> None:
    opened = open_year(county(), YEAR)
    start = settled(opened)
    assert start.with_places({"P1": 0}).figures() != start.figures()
    assert settled(opened).figures() == start.figures()
    answer = start.figures()
    assert [answer.unplaced_pupils, answer.without_local_place_pupils, answer.travel_min] == figures(opened)


# --- unlocks and rules ---


def test_unlocks_name_the_pupil_and_the_school() -> None:
    demand = pd.concat([tiny.demand(), pupils(("g8", "z4", 2, "ASD", 3))], ignore_index=True)
    opened = open_year(county(demand=demand, places=room(P1=20, P4=3)), YEAR)
    table = unlocks(opened).set_index("group_id")
    left = dict(zip(opened.eligibility.groups["group_id"], opened.result.unplaced.tolist(), strict=True))
    assert table["pupils"].to_dict() == {name: count for name, count in left.items() if count}
    facts = demand.set_index("group_id")[["origin_id", "ncy", "need", "place_sought"]]
    pd.testing.assert_frame_equal(table[facts.columns], facts.loc[table.index], check_dtype=False)
    # 26 pupils for the 23 places of P1 and P4; whoever has none, one more place in P1 is the cheapest
    full = table[table["unlock"] == "one_more_place"]
    assert full["pupils"].sum() == 3
    assert set(full["setting_name"]) == {"First School"}
    assert set(full["reason"]) == {"all_full"}
    rules = table[table["unlock"] == "change_of_rules"]
    assert rules["setting_name"].to_dict() == {"g4": "First School"}
    assert "SEMH" in rules.loc["g4", "words"]
    assert "residential is sought" in rules.loc["g4", "words"]


def test_without_a_local_provision_nothing_unlocks() -> None:
    abroad = supply(P1={"tier": "other_council"}, P2={"tier": "other_council"})
    table = unlocks(open_year(county(provision=abroad), YEAR))
    assert set(table["unlock"]) == {"none"}
    assert set(table["provision_id"]) == {""}
    assert table["setting_name"].isna().all()
    assert table["need"].notna().all()


def test_nobody_without_a_place_has_nothing_to_unlock() -> None:
    opened = open_year(county(demand=pupils(("a", "z1", 3, "ASD", 1))), YEAR)
    table = unlocks(opened)
    assert table.empty
    assert {"need", "ncy", "origin_id", "setting_name"} <= set(table.columns)


def test_why_not() -> None:
    opened = open_year(county(), YEAR)
    assert why_not(opened, "g1", "P1") == ""
    assert why_not(opened, "g5", "P1") == ""  # full for some of them, and no rule against it
    assert "takes year groups 7 to 11" in why_not(opened, "g1", "P2")
    with pytest.raises(DataError, match="g6 takes no part"):
        why_not(opened, "g6", "P1")


# --- access ---


def county_sum(opened: OpenedYear, decay: Any, area_id: str = tiny.COUNTY, phase: str = "all") -> float:
    table = access(opened, decay)
    row = table[
        (table["area_id"] == area_id) & (table["phase"] == phase) & (table["measure"] == "spatial_availability_places")
    ]
    assert len(row) == 1
    return float(row["value"].iloc[0])


@pytest.mark.parametrize("decay", [step_decay((60, 1)), step_decay((15, 1), (60, 0.3)), gaussian_decay(12)])
def test_access_shares_out_the_local_places_that_somebody_can_reach(decay: Any) -> None:
    # 20 places of P1 and 10 of P2; P3 and P4 are not local
    assert county_sum(open_year(county(), YEAR), decay) == pytest.approx(30)
    # nobody whom P2 admits: 20
    assert county_sum(open_year(county(provision=supply(P2={"needs": "HI"})), YEAR), decay) == pytest.approx(20)
    # closed: 20
    shut = county(places=tiny.places().query("not (provision_id == 'P2' and year == 2028)"))
    assert county_sum(open_year(shut, YEAR), decay) == pytest.approx(20)
    # P4 local: 34; an FE unit that g7 could have is of another stream
    near = county(provision=supply(P4={"tier": "local"}))
    assert county_sum(open_year(near, YEAR), step_decay((60, 1))) == pytest.approx(34)
    unit = county(provision=supply(P4={"tier": "local", "provision_type": "fe_specialist_unit"}))
    assert county_sum(open_year(unit, YEAR), decay) == pytest.approx(30)


def test_access_is_of_day_pupils_in_the_headline() -> None:
    table = access(open_year(county(), YEAR), step_decay((60, 1)))
    shown = table[(table["measure"] == "spatial_availability_places") & (table["phase"] == "all")]
    # g1 10 and g2 8 in D1, g3 7 and g5 5 in D2; g4 boards, g7 seeks an FE unit, g6 has no home
    assert shown.set_index("area_id")["pupils"].to_dict() == {
        "C": 30, "D1": 18, "D2": 12, "d1-a": 10, "d1-b": 8, "d2-a": 12, "d2-b": 0,
    }  # fmt: skip
    # P1's 20 go to 23 pupils alike, P2's 10 to g3 alone
    value = shown.set_index("area_id")["value"]
    assert value["D1"] == pytest.approx(20 * 18 / 23)
    assert value["D2"] == pytest.approx(20 * 5 / 23 + 10)
    nearest = table[(table["measure"] == "nearest_min") & (table["area_id"] == "C") & (table["phase"] == "all")]
    # 10 at 0, 8 at 10, 7 at 0 and 5 at 20 minutes
    assert nearest["value"].iloc[0] == pytest.approx((80 + 100) / 30)


def test_access_within_a_short_catchment_counts_what_is_next_door() -> None:
    opened = open_year(county(), YEAR)
    assert county_sum(opened, step_decay((5, 1))) == pytest.approx(30)
    far = open_year(county(demand=pupils(("a", "z2", 3, "ASD", 4))), YEAR)
    assert county_sum(far, step_decay((10, 1))) == pytest.approx(20)
    assert county_sum(far, step_decay((9, 1))) == 0


def test_eligibility_is_that_of_the_allocation() -> None:
    inputs = county()
    opened = open_year(inputs, YEAR)
    again = build_eligibility(
        inputs.demand, inputs.provision, inputs.places, inputs.acceptance, opened.travel, year=YEAR
    )
    headline = again.groups["group_id"].isin(opened.eligibility.groups["group_id"]).to_numpy()
    assert again.groups["group_id"][~headline].tolist() == ["g7"]
    assert (opened.eligibility.first_cost == again.first_cost[headline]).all()
    minutes = opened.travel.minutes
    assert minutes[0].tolist() == [0.0, 20.0, 55.0, 60.0]
    assert minutes[3].tolist() == [30.0, 10.0, 25.0, 30.0]
