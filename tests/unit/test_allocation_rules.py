"""Two villages, a handful of schools: eligibility, tiers, reasons and policies, every answer worked by hand.

Travel (minutes, ten minutes = 5 km): the fixed table below. North and south are origins.

            oak   elm   ash   fir   far
    north    10    20    30    40   none
    south    20    10    30    15   none
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation.allocate import Conduct, allocate
from sufficiency.allocation.conservation import check_rules, conservation
from sufficiency.allocation.eligibility import Eligibility, Rules, build_eligibility, why_not
from sufficiency.model.errors import CertificateError, DataError, ParameterError
from sufficiency.model.results import Allocation, TravelTimes

MINUTES = [[10, 20, 30, 40, -1], [20, 10, 30, 15, -1]]
ACCEPTANCE_COLUMNS = ["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"]


def town() -> TravelTimes:
    minutes = np.array(MINUTES)
    return TravelTimes(
        origin_ids=("north", "south"),
        setting_ids=("oak", "elm", "ash", "fir", "far"),
        milliseconds=np.where(minutes < 0, -1, minutes * 60_000).astype(np.int32),
        metres=np.where(minutes < 0, -1, minutes * 500).astype(np.int32),
        profile="off_peak",
        origin_snap_m=np.zeros(2),
        setting_snap_m=np.zeros(5),
    )


def offer(provision_id: str, setting_id: str, **changed: Any) -> dict[str, Any]:
    row = {
        "provision_id": provision_id,
        "setting_id": setting_id,
        "provision_type": "special_school",
        "department": "all",
        "ncy_from": 0,
        "ncy_to": 14,
        "needs": "ASD;SEMH",
        "designation": "",
        "sex": "any",
        "ehcp_required": True,
        "attendance": "day",
        "tier": "local",
    }
    return row | changed


def group(group_id: str, origin_id: str | None = "north", pupils: int = 1, **changed: Any) -> dict[str, Any]:
    row = {
        "group_id": group_id,
        "origin_id": origin_id,
        "year": 2025,
        "ncy": 3,
        "sex": "any",
        "need": "ASD",
        "ehcp": True,
        "place_sought": "special_school",
        "attendance": "day",
        "pupils": pupils,
    }
    return row | changed


def room(provision_id: str, planned_places: float, *years: int) -> list[dict[str, Any]]:
    return [
        {"provision_id": provision_id, "year": year, "planned_places": planned_places, "basis": "assumed"}
        for year in years or (2025,)
    ]


def acceptance(*rows: tuple[str, str, str, str, int]) -> pd.DataFrame:
    filled = [(need, phase, sought, kind, 1, penalty, "test") for need, phase, sought, kind, penalty in rows]
    return pd.DataFrame(filled, columns=ACCEPTANCE_COLUMNS)


def run(
    groups: list[dict[str, Any]],
    offers: list[dict[str, Any]],
    rooms: list[dict[str, Any]],
    accepted: pd.DataFrame | None = None,
    policy: str = "optimal",
    years: tuple[int, ...] = (2025,),
    **options: Any,
) -> Allocation:
    accepted = acceptance() if accepted is None else accepted
    return allocate(
        pd.DataFrame(groups), pd.DataFrame(offers), pd.DataFrame(rooms), accepted, town(),
        policy=policy, years=years, scenario_id="toy", **options,
    )  # fmt: skip


def placed(result: Allocation) -> dict[tuple[str, str], int]:
    table = result.allocation
    return {
        (str(who), str(where)): int(count)
        for who, where, count in zip(table["group_id"], table["provision_id"], table["pupils"], strict=True)
    }


def without(result: Allocation) -> dict[str, tuple[str, int]]:
    table = result.unplaced
    return {
        str(who): (str(why), int(count))
        for who, why, count in zip(table["group_id"], table["reason"], table["pupils"], strict=True)
    }


def of_year(
    groups: list[dict[str, Any]], offers: list[dict[str, Any]], rooms: list[dict[str, Any]], **rules: Any
) -> Eligibility:
    return build_eligibility(
        pd.DataFrame(groups),
        pd.DataFrame(offers),
        pd.DataFrame(rooms),
        acceptance(),
        town(),
        year=2025,
        rules=Rules(**rules),
    )


def test_the_joint_answer_beats_first_come_first_served() -> None:
    # One place each. North to oak (10) and south to elm (10): 20 minutes; the only other way round is 40.
    result = run(
        [group("a", "north"), group("b", "south")],
        [offer("oak", "oak"), offer("elm", "elm")],
        room("oak", 1) + room("elm", 1),
    )
    assert placed(result) == {("a", "oak"): 1, ("b", "elm"): 1}
    assert result.allocation["travel_min"].tolist() == [10.0, 10.0]
    assert result.allocation["travel_km"].tolist() == [5.0, 5.0]
    assert [(proof.placed, proof.unplaced, proof.optimal) for proof in result.certificates] == [(2, 0, True)]


def test_more_pupils_in_a_lower_tier_come_before_less_travel() -> None:
    # The independent school at fir is nearer for the south (15 against 20), but the local one has room for all.
    groups = [group("a", "south", pupils=2)]
    offers = [offer("oak", "oak"), offer("fir", "fir", tier="independent")]
    assert placed(run(groups, offers, room("oak", 2) + room("fir", 2))) == {("a", "oak"): 2}
    # With one local place the second pupil uses the independent one.
    split = run(groups, offers, room("oak", 1) + room("fir", 2))
    assert placed(split) == {("a", "oak"): 1, ("a", "fir"): 1}
    assert dict(zip(split.allocation["provision_id"], split.allocation["tier"], strict=True)) == {
        "oak": "local",
        "fir": "independent",
    }


def test_other_councils_places_come_before_independent_ones() -> None:
    offers = [offer("elm", "elm", tier="independent"), offer("ash", "ash", tier="other_council"), offer("oak", "oak")]
    result = run([group("a", "south", pupils=2)], offers, room("oak", 1) + room("elm", 5) + room("ash", 5))
    assert placed(result) == {("a", "oak"): 1, ("a", "ash"): 1}


def test_the_most_placed_in_all_comes_after_the_most_placed_locally_and_both_are_attained() -> None:
    # Only a may use the independent school, so b must have the one local place.
    groups = [group("a", "north"), group("b", "south", need="SEMH")]
    offers = [offer("oak", "oak"), offer("fir", "fir", tier="independent", needs="ASD")]
    assert placed(run(groups, offers, room("oak", 1) + room("fir", 1))) == {("a", "fir"): 1, ("b", "oak"): 1}


def test_each_hard_rule_refuses_by_itself_and_says_why() -> None:
    pupil = group("a", "north", sex="F")
    offers = [
        offer("fits", "oak"),
        offer("base", "oak", provision_type="specialist_base"),
        offer("need", "oak", needs="HI;VI"),
        offer("shut", "oak"),
        offer("older", "oak", ncy_from=7),
        offer("boys", "oak", sex="M"),
        offer("girls", "oak", sex="F"),
        offer("board", "oak", attendance="weekly"),
        offer("away", "oak", tier="independent"),
        offer("remote", "far"),
    ]
    rooms = [row for item in offers if item["provision_id"] != "shut" for row in room(item["provision_id"], 1)]
    year = of_year([pupil], offers, rooms, tiers=("local", "other_council"))
    told = {item["provision_id"]: why_not(year, "a", item["provision_id"]) for item in offers}
    assert told["fits"] == told["girls"] == ""
    assert "special_school is sought" in told["base"]
    assert "does not admit ASD" in told["need"]
    assert "not open in 2025/26" in told["shut"]
    assert "year groups 7 to 14" in told["older"]
    assert "M pupils only" in told["boys"]
    assert "weekly places, and day is sought" in told["board"]
    assert "border policy" in told["away"]
    assert "out of reach" in told["remote"]
    open_columns = set(year.provision["provision_id"][year.first_cost[0] >= 0])
    assert open_columns == {"fits", "girls"}
    with pytest.raises(DataError, match="takes no part"):
        why_not(year, "a", "nowhere")


def test_a_plan_is_required_where_the_provision_says_so() -> None:
    groups = [group("a", ehcp=False)]
    assert without(run(groups, [offer("oak", "oak")], room("oak", 1))) == {"a": ("not_for_this_pupil", 1)}
    assert placed(run(groups, [offer("oak", "oak", ehcp_required=False)], room("oak", 1))) == {("a", "oak"): 1}


@pytest.mark.parametrize(
    ("changes", "rooms", "rules", "reason"),
    [
        ({"needs": "HI"}, room("oak", 1), Rules(), "no_such_provision"),
        ({"provision_type": "specialist_base"}, room("oak", 1), Rules(), "no_such_provision"),
        ({}, room("oak", 1, 2027), Rules(), "none_open_yet"),
        ({"ncy_from": 7}, room("oak", 1), Rules(), "none_for_this_age"),
        ({"sex": "M"}, room("oak", 1), Rules(), "not_for_this_pupil"),
        ({"attendance": "termly"}, room("oak", 1), Rules(), "not_for_this_pupil"),
        ({"tier": "independent"}, room("oak", 1), Rules(tiers=("local",)), "not_for_this_pupil"),
        ({"setting_id": "far"}, room("oak", 1), Rules(), "out_of_reach"),
        ({"setting_id": "fir"}, room("oak", 1), Rules(reach_limit_min={"primary": 39.9}), "out_of_reach"),
        ({}, room("oak", 0), Rules(), "all_full"),
    ],
)
def test_reasons(changes: dict[str, Any], rooms: list[dict[str, Any]], rules: Rules, reason: str) -> None:
    result = run([group("a", sex="F")], [offer("oak", "oak") | changes], rooms, rules=rules)
    assert without(result) == {"a": (reason, 1)}


def test_a_reach_limit_binds_its_own_phase_only_and_never_residential_pupils() -> None:
    rules = Rules(reach_limit_min={"primary": 30})
    far = [offer("fir", "fir"), offer("home", "fir", attendance="52_week")]
    groups = [group("p", ncy=3), group("s", ncy=8), group("r", ncy=3, attendance="residential")]
    result = run(groups, far, room("fir", 5) + room("home", 5), rules=rules)
    assert without(result) == {"p": ("out_of_reach", 1)}
    assert placed(result) == {("s", "fir"): 1, ("r", "home"): 1}


def test_a_full_place_names_the_bottleneck() -> None:
    # a may use oak only, which holds nobody who could go elsewhere.
    groups = [group("a", "north", need="SEMH", pupils=2), group("b", "south")]
    offers = [offer("oak", "oak"), offer("elm", "elm", needs="ASD"), offer("ash", "ash", needs="HI")]
    result = run(groups, offers, room("oak", 1) + room("elm", 1) + room("ash", 9))
    assert without(result) == {"a": ("all_full", 1)}
    assert result.unplaced["bottleneck"].tolist() == ["oak"]
    # Oak's two places go to the two nearer pupils, who could move to elm: a place there would free one for a.
    tight = run([group("a", "south", need="SEMH"), group("b"), group("c")], offers, room("oak", 2) + room("elm", 0))
    assert without(tight) == {"a": ("all_full", 1)}
    assert tight.unplaced["bottleneck"].tolist() == ["oak; elm"]


def test_who_is_not_allocated_is_excluded_with_a_reason() -> None:
    groups = [
        group("a", None, pupils=2),
        group("b", "", pupils=3),
        group("c", place_sought="mainstream", pupils=4),
        group("d", None, place_sought="alternative_provision", pupils=5),
        group("e", place_sought="educated_elsewhere", pupils=6),
        group("f", pupils=7),
    ]
    result = run(groups, [offer("oak", "oak")], room("oak", 6))
    table = result.excluded
    assert dict(zip(table["group_id"], table["reason"], strict=True)) == {
        "a": "not_located", "b": "not_located", "c": "out_of_scope", "d": "out_of_scope", "e": "educated_elsewhere",
    }  # fmt: skip
    totals = conservation(result, pd.DataFrame(groups))
    assert totals[["pupils", "placed", "unplaced", "excluded"]].to_numpy().tolist() == [[27, 6, 1, 20]]


def test_further_education_units_are_matched_as_their_own_stream() -> None:
    groups = [group("s", ncy=12), group("f", ncy=12, place_sought="fe_specialist_unit", pupils=2)]
    offers = [offer("oak", "oak"), offer("unit", "ash", provision_type="fe_specialist_unit", ncy_from=12)]
    result = run(groups, offers, room("oak", 5) + room("unit", 1))
    assert placed(result) == {("f", "unit"): 1, ("s", "oak"): 1}
    assert without(result) == {"f": ("all_full", 1)}


def test_substitutes_only_where_listed_and_only_after_every_first_fit() -> None:
    groups = [group("a", "north", pupils=2), group("b", "north", place_sought="specialist_base")]
    offers = [offer("oak", "oak"), offer("base", "oak", provision_type="specialist_base")]
    rooms = room("oak", 1) + room("base", 2)
    plain = run(groups, offers, rooms)
    assert without(plain) == {"a": ("all_full", 1)}
    listed = run(groups, offers, rooms, acceptance(("all", "all", "special_school", "specialist_base", 15)))
    assert placed(listed) == {("a", "oak"): 1, ("a", "base"): 1, ("b", "base"): 1}
    instead = listed.allocation.set_index(["group_id", "provision_id"])["substitute"]
    assert instead.to_dict() == {("a", "oak"): False, ("a", "base"): True, ("b", "base"): False}
    assert [proof.solve for proof in listed.certificates] == ["first_fit", "substitutes"]
    # One base place: the pupil who seeks a base has it, although the other two came first by id.
    scarce = run(
        groups,
        offers,
        room("oak", 1) + room("base", 1),
        acceptance(("ASD", "primary", "special_school", "specialist_base", 0)),
    )
    assert placed(scarce) == {("a", "oak"): 1, ("b", "base"): 1}


def test_the_more_particular_acceptance_row_sets_the_penalty() -> None:
    accepted = acceptance(
        ("ASD", "all", "special_school", "specialist_base", 5), ("all", "all", "special_school", "specialist_base", 60)
    )
    year = build_eligibility(
        pd.DataFrame([group("a"), group("b", need="SEMH")]),
        pd.DataFrame([offer("base", "oak", provision_type="specialist_base")]),
        pd.DataFrame(room("base", 1)), accepted, town(), year=2025,
    )  # fmt: skip
    assert year.substitute_cost.tolist() == [[15 * 60_000], [70 * 60_000]]
    assert (year.first_cost == -1).all()


def test_residential_pupils_are_allocated_at_no_travel_and_have_no_daily_journey() -> None:
    offers = [offer("near", "oak", attendance="weekly"), offer("day", "oak")]
    result = run([group("r", attendance="residential"), group("d")], offers, room("near", 1) + room("day", 1))
    assert placed(result) == {("r", "near"): 1, ("d", "day"): 1}
    assert np.isnan(result.allocation.set_index("group_id").loc["r", "travel_min"])
    assert result.certificates[0].primal == 10 * 60_000


def test_nearest_ignores_room_and_looks_at_local_places_only() -> None:
    groups = [group("a", "north", pupils=3), group("b", "south", pupils=2), group("c", "south", need="HI")]
    offers = [offer("oak", "oak"), offer("elm", "elm"), offer("ash", "ash", needs="HI", tier="independent")]
    result = run(groups, offers, room("oak", 1) + room("elm", 9) + room("ash", 9), policy="nearest")
    assert placed(result) == {("a", "oak"): 3, ("b", "elm"): 2}
    assert without(result) == {"c": ("no_such_provision", 1)}
    use = result.provision_use.set_index("provision_id")
    assert use["over_capacity_pupils"].to_dict() == {"ash": 0, "elm": 0, "oak": 2}
    assert use["over_number_pupils"].sum() == 0
    assert result.certificates == ()


def test_rolling_stayers_stay_and_only_new_starters_are_allocated() -> None:
    # 2024: the two north pupils share oak (1 place) and elm (1 place). 2025: a closer school opens at ash, at no
    # distance gain; they stay put. A new starter finds oak and elm full and goes to ash.
    groups = [
        group("old", "north", year=2024, ncy=3, pupils=2),
        group("now", "north", year=2025, ncy=4, pupils=2),
        group("new", "north", year=2025, ncy=0),
    ]
    offers = [offer("oak", "oak"), offer("elm", "elm"), offer("ash", "ash")]
    rooms = room("oak", 1, 2024, 2025) + room("elm", 1, 2024, 2025) + room("ash", 1, 2025)
    result = run(groups, offers, rooms, policy="rolling", years=(2024, 2025), calibration_year=2024)
    assert placed(result) == {
        ("old", "oak"): 1, ("old", "elm"): 1, ("now", "oak"): 1, ("now", "elm"): 1, ("new", "ash"): 1,
    }  # fmt: skip
    assert "2024/25" in result.notes[0]
    # The optimum of 2025 alone does not care who is who: the new starter could take oak.
    assert [proof.year for proof in result.certificates] == [2024, 2025]


def test_rolling_keeps_stayers_over_number_and_lets_nobody_join() -> None:
    groups = [
        group("old", year=2024, ncy=3, pupils=3),
        group("now", year=2025, ncy=4, pupils=3),
        group("new", year=2025, ncy=0),
    ]
    rooms = room("oak", 3, 2024) + room("oak", 2, 2025)
    result = run(groups, [offer("oak", "oak")], rooms, policy="rolling", calibration_year=2024)
    assert placed(result) == {("now", "oak"): 3}
    assert without(result) == {"new": ("all_full", 1)}
    use = result.provision_use.iloc[0]
    assert (use["places"], use["placed_pupils"], use["over_number_pupils"], use["over_capacity_pupils"]) == (2, 3, 1, 0)


def test_rolling_moves_phase_transfers_and_keeps_all_through_pupils() -> None:
    # Year 6 pupils move up. Oak has its own secondary department: its pupil stays although elm is nearer to nobody.
    # Ash is primary only: its pupil is a phase transfer and goes to the nearest room, fir being shut to the need.
    groups = [
        group("o6", "north", year=2024, ncy=6),
        group("a6", "south", year=2024, ncy=6, need="SEMH"),
        group("o7", "north", year=2025, ncy=7),
        group("a7", "south", year=2025, ncy=7, need="SEMH"),
    ]
    offers = [
        offer("ash-p", "ash", ncy_to=6, needs="SEMH"),
        offer("elm-s", "elm", ncy_from=7),
        offer("oak-p", "oak", ncy_to=6, needs="ASD", department="primary"),
        offer("oak-s", "oak", ncy_from=7, department="secondary"),
    ]
    rooms = [
        row
        for item in offers
        for row in room(item["provision_id"], 1 if item["provision_id"] != "oak-s" else 0, 2024, 2025)
    ]
    result = run(groups, offers, rooms, policy="rolling", calibration_year=2024)
    assert placed(result) == {("o7", "oak-s"): 1, ("a7", "elm-s"): 1}
    use = result.provision_use.set_index("provision_id")
    assert use.loc["oak-s", "over_number_pupils"] == 1


def test_rolling_never_keeps_more_than_the_group_still_has() -> None:
    # Three pupils, later two: the one with the longer journey is the one who left.
    groups = [
        group("old", year=2024, pupils=3),
        group("now", year=2025, ncy=4, pupils=2),
        group("new", "south", year=2025),
    ]
    rooms = room("oak", 2, 2024, 2025) + room("elm", 1, 2024, 2025)
    result = run(groups, [offer("oak", "oak"), offer("elm", "elm")], rooms, policy="rolling", calibration_year=2024)
    assert placed(result) == {("now", "oak"): 2, ("new", "elm"): 1}


def test_rolling_retention_releases_the_stated_share() -> None:
    groups = [group("old", "south", year=2024, pupils=4), group("now", "south", year=2025, ncy=4, pupils=4)]
    offers = [offer("oak", "oak"), offer("elm", "elm")]
    rooms = room("oak", 4, 2024) + room("oak", 0, 2025) + room("elm", 4, 2025)
    kept = run(groups, offers, rooms, policy="rolling", calibration_year=2024)
    assert placed(kept) == {("now", "oak"): 4}
    half = run(groups, offers, rooms, policy="rolling", calibration_year=2024, conduct=Conduct(retention_share=0.5))
    assert placed(half) == {("now", "oak"): 2, ("now", "elm"): 2}


def test_rolling_after_a_closure_allocates_the_pupils_anew() -> None:
    groups = [group("old", year=2024), group("now", year=2025, ncy=4)]
    offers = [offer("oak", "oak"), offer("elm", "elm")]
    rooms = room("oak", 1, 2024) + room("elm", 1, 2024, 2025)
    assert placed(run(groups, offers, rooms, policy="rolling", calibration_year=2024)) == {("now", "elm"): 1}


def test_interchangeable_pupils_are_stated() -> None:
    # Same home, one place each at the same school and at another: who goes where is arbitrary for both.
    groups = [group("a", "north"), group("b", "north", need="SEMH"), group("c", "south", need="HI")]
    offers = [offer("oak", "oak"), offer("elm", "elm"), offer("ash", "ash", needs="HI")]
    result = run(groups, offers, room("oak", 1) + room("elm", 1) + room("ash", 1))
    assert result.interchangeable["interchangeable_pupils"].tolist() == [2]


def test_rows_in_any_order_name_the_same_groups() -> None:
    groups = [
        group(f"g{number}", ("north", "south")[number % 2], need=("ASD", "SEMH")[number % 3 == 0])
        for number in range(9)
    ]
    offers = [offer("oak", "oak"), offer("elm", "elm"), offer("ash", "ash", needs="ASD")]
    rooms = room("oak", 2) + room("elm", 2) + room("ash", 2)
    expected = run(groups, offers, rooms)
    generator = np.random.default_rng(7)
    for _ in range(20):
        shuffled = run(
            *([rows[index] for index in generator.permutation(len(rows))] for rows in (groups, offers, rooms))
        )
        pd.testing.assert_frame_equal(shuffled.allocation, expected.allocation)
        pd.testing.assert_frame_equal(shuffled.unplaced, expected.unplaced)


def test_inputs_are_not_changed() -> None:
    frames = [
        pd.DataFrame([group("a"), group("b", pupils=3)]),
        pd.DataFrame([offer("oak", "oak")]),
        pd.DataFrame(room("oak", 2)),
    ]
    before = [frame.copy() for frame in frames]
    allocate(*frames, acceptance(), town(), policy="optimal", years=[2025], scenario_id="toy")
    for frame, copy in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"policy": "best"}, ParameterError, "not a policy"),
        ({"policy": "rolling"}, ParameterError, "calibration_year"),
        ({"policy": "rolling", "calibration_year": 2026}, ParameterError, "cannot answer for 2025/26"),
        ({"policy": "rolling", "calibration_year": 2024}, DataError, "no demand for 2024/25"),
        ({"years": (2030,)}, DataError, "no demand for 2030/31"),
        ({"years": ()}, ParameterError, "at least one"),
    ],
)
def test_questions_that_cannot_be_answered(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run([group("a")], [offer("oak", "oak")], room("oak", 1), **options)


def test_missing_travel_times_and_blank_places_are_refused() -> None:
    with pytest.raises(DataError, match="1 origin"):
        run([group("a", "west")], [offer("oak", "oak")], room("oak", 1))
    with pytest.raises(DataError, match="1 setting"):
        run([group("a")], [offer("oak", "yew")], room("oak", 1))
    with pytest.raises(DataError, match="planned_places"):
        run([group("a")], [offer("oak", "oak")], room("oak", float("nan")))


def test_bad_rolling_shares_are_refused() -> None:
    groups = [group("old", year=2024), group("now", year=2025)]
    with pytest.raises(ParameterError, match="between 0 and 1"):
        run(
            groups,
            [offer("oak", "oak")],
            room("oak", 1, 2024, 2025),
            policy="rolling",
            calibration_year=2024,
            conduct=Conduct(retention_share=1.5),
        )


def _altered(result: Allocation, **tables: pd.DataFrame) -> Allocation:
    return Allocation(**({name: getattr(result, name) for name in Allocation.__dataclass_fields__} | tables))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"need": "HI"}, "need is admitted"),
        ({"ncy": 15}, "year group"),
        ({"ehcp": False}, "plan"),
        ({"attendance": "residential"}, "residential"),
        ({"place_sought": "specialist_base"}, "type sought"),
    ],
)
def test_the_independent_check_refuses_a_placement_that_breaks_a_rule(change: dict[str, Any], message: str) -> None:
    groups, offers, rooms = [group("a")], [offer("oak", "oak")], room("oak", 1)
    result = run(groups, offers, rooms)
    with pytest.raises(CertificateError, match=message):
        check_rules(
            result, pd.DataFrame([groups[0] | change]), pd.DataFrame(offers), pd.DataFrame(rooms), acceptance(),
            with_capacity=True,
        )  # fmt: skip


def test_the_independent_check_refuses_lost_and_surplus_pupils() -> None:
    groups, offers, rooms = [group("a", pupils=2)], [offer("oak", "oak")], room("oak", 1)
    result = run(groups, offers, rooms)
    lost = _altered(result, unplaced=result.unplaced.iloc[:0])
    with pytest.raises(CertificateError, match="placed"):
        conservation(lost, pd.DataFrame(groups))
    crowded = _altered(result, allocation=result.allocation.assign(pupils=2))
    with pytest.raises(CertificateError, match="places"):
        check_rules(
            crowded, pd.DataFrame(groups), pd.DataFrame(offers), pd.DataFrame(rooms), acceptance(), with_capacity=True
        )


def test_the_independent_check_takes_nothing_that_is_missing_or_there_twice_for_granted() -> None:
    groups, offers, rooms = pd.DataFrame([group("a")]), pd.DataFrame([offer("oak", "oak")]), room("oak", 1)
    result, places = run([group("a")], [offer("oak", "oak")], rooms), pd.DataFrame(rooms)
    for tables, message in (
        ((groups.assign(sex=None), offers.assign(sex=None), places), "sex is taken"),
        ((groups, offers, pd.concat([places, places])), "one row of places"),
        ((groups, pd.concat([offers, offers]), places), "every provision_id has one row"),
        ((groups, offers.iloc[:0], places), "every provision_id is known"),
        ((groups, offers, places.assign(planned_places=None)), "provision is open"),
    ):
        with pytest.raises(CertificateError, match=message):
            check_rules(result, *tables, acceptance(), with_capacity=True)
    with pytest.raises(CertificateError, match="one row of demand"):
        conservation(result, pd.concat([groups, groups]))
    # what is missing and does not matter is no fault
    texts = groups.astype({"sex": "string"}).assign(sex=pd.array([pd.NA], dtype="string"))
    check_rules(result, texts, offers, places, acceptance(), with_capacity=True)
