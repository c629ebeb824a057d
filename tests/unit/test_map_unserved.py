"""Unserved areas of the map: four points, two settings, worked by hand; and the sentences made of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest
import shapely

from sufficiency.outputs.maps.figures import Frame
from sufficiency.outputs.maps.unserved import (
    CHOICES,
    NEEDS,
    PHASES,
    Reckoner,
    SettingTimes,
    Unserved,
    admitting,
    beyond,
    of_choice,
    points_inside,
    unserved_data,
    unserved_measures,
)

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

FRAME = Frame(
    scenarios=("do_nothing",),
    policies=("optimal",),
    years=(2027, 2028),
    areas=("C", "D", "west", "east", "dot"),
    names={"C": "Shire", "D": "Borough", "west": "Westham", "east": "Eastham", "dot": "Speck"},
    levels={"C": "county", "D": "district", "west": "cluster", "east": "cluster", "dot": "cluster"},
    parents={"C": "", "D": "C", "west": "D", "east": "D", "dot": "D"},
    baseline="do_nothing",
)
WHOLE = shapely.box(0, 0, 4_000, 1_000)
SHAPES = {
    "C": WHOLE, "D": WHOLE, "west": shapely.box(0, 0, 2_000, 1_000), "east": shapely.box(2_000, 0, 4_000, 1_000),
    "dot": shapely.box(10, 10, 20, 20),
}  # fmt: skip
POINTS = points_inside(np.array([500.0, 1_500.0, 2_500.0, 3_500.0]), np.full(4, 500.0), FRAME, SHAPES)
# Minutes from each of the four points to S1 and to S2.
MINUTES = np.array([[10, 40], [20, 31], [40, 30], [50, 15]])
TIMES = SettingTimes(("S1", "S2"), (MINUTES * 60_000).astype(np.int64))
BOTH = ("S1", "S2")


def opened(**changed: tuple[str, ...]) -> dict[tuple[int, str, str], tuple[str, ...]]:
    """Both settings admit everybody, but for what is changed: ``primary_semh=("S2",)``, in every year."""
    out = {(year, phase, need): BOTH for year in FRAME.years for phase in PHASES for need in NEEDS}
    for name, ids in changed.items():
        phase = next(one for one in PHASES if name.startswith(one))
        for year in FRAME.years:
            out[year, phase, name.removeprefix(f"{phase}_")] = ids
    return out


def land_of(choice: str, times: SettingTimes = TIMES, **changed: tuple[str, ...]) -> dict[str, list[float] | None]:
    reckoner = Reckoner(FRAME, POINTS)
    reckoner.add(
        "do_nothing",
        0,
        opened(**changed),
        times,
    )
    found = reckoner.done()
    shares = found.lands[found.sets["do_nothing"][choice][1]][1]
    return dict(zip(FRAME.areas, shares, strict=True))


def test_where_every_setting_takes_everybody_the_nearest_counts() -> None:
    # 10, 20, 30 and 15 minutes: a point exactly at a limit lies within it
    found = land_of("all")
    assert found["C"] == [0.5, 0.5, 0.0, 0.0]
    assert found["west"] == [0.5, 0.5, 0.0, 0.0]
    assert found["east"] == [0.5, 0.5, 0.0, 0.0]
    assert found["dot"] is None, "no point lies in it: nothing is told"
    assert beyond(found["C"]) == 0.0
    assert beyond(found["dot"]) is None


def test_the_worst_served_need_and_age_of_a_choice_counts() -> None:
    changed = {"primary_semh": ("S2",), "primary_communication_and_interaction": ("S1",)}
    # primary: the longer of 10, 20, 40, 50 and 40, 31, 30, 15 is 40, 31, 40, 50
    primary = land_of("phase:primary", **changed)
    assert primary["C"] == [0.0, 0.0, 0.75, 0.25]
    assert primary["west"] == [0.0, 0.0, 1.0, 0.0]
    assert primary["east"] == [0.0, 0.0, 0.5, 0.5]
    assert beyond(primary["C"]) == 1.0
    # of all ages with that need the primary ones are worst off: 40, 31, 30, 15
    assert land_of("need:semh", **changed)["C"] == [0.25, 0.25, 0.5, 0.0]
    assert land_of("need:cognition_and_learning", **changed)["C"] == [0.5, 0.5, 0.0, 0.0]
    assert land_of("phase:secondary", **changed)["C"] == [0.5, 0.5, 0.0, 0.0]
    assert land_of("all", **changed)["C"] == primary["C"]


def test_where_nothing_admits_a_need_or_no_road_leads_all_land_is_beyond() -> None:
    assert land_of("need:semh", post_16_semh=())["C"] == [0.0, 0.0, 0.0, 1.0]
    lost = SettingTimes(("S1", "S2"), np.where(MINUTES == 40, -1, MINUTES * 60_000).astype(np.int64))
    # without a way to S1 from the third point its nearest is S2 at 30 minutes; S2 alone leaves the first point out
    assert land_of("all", times=lost)["C"] == [0.5, 0.5, 0.0, 0.0]
    assert land_of("need:semh", times=lost, primary_semh=("S2",))["C"] == [0.25, 0.25, 0.25, 0.25]
    # a setting that no road reaches has no column and serves nobody
    one = SettingTimes(("S1",), TIMES.milliseconds[:, :1])
    assert land_of("need:semh", times=one, primary_semh=("S2",))["C"] == [0.0, 0.0, 0.0, 1.0]


def test_other_roads_are_reckoned_apart_and_the_same_set_once() -> None:
    reckoner = Reckoner(FRAME, POINTS)
    slow = SettingTimes(BOTH, TIMES.milliseconds * 2)
    reckoner.add("do_nothing", 0, opened(), TIMES)
    reckoner.add("detour", 1, opened(), slow)
    found = reckoner.done()
    assert len(found.lands) == 2
    assert {place for choice in CHOICES for place in found.sets["do_nothing"][choice]} == {0}
    # 20, 40, 60 and 30 minutes
    assert found.lands[found.sets["detour"]["all"][0]][1][0] == [0.0, 0.5, 0.25, 0.25]


def test_a_choice_covers_its_phases_and_needs() -> None:
    assert of_choice("need:semh") == [("primary", "semh"), ("secondary", "semh"), ("post_16", "semh")]
    assert len(of_choice("phase:primary")) == 4
    assert len(of_choice("all")) == 12
    assert "need:other_or_not_recorded" not in CHOICES


def test_what_counts_is_local_open_of_the_age_and_admits_the_need() -> None:
    provision = pd.DataFrame(
        [
            ("p1", "S1", "special_school", "local", 0, 6, "ASD;SEMH"),
            ("p2", "S2", "specialist_base", "local", 7, 14, "ASD;PD;OTH"),
            ("p3", "S3", "support_base", "local", 0, 14, "ASD"),
            ("p4", "S4", "special_school", "independent", 0, 14, "ASD"),
            ("p5", "S5", "special_school", "local", 0, 14, "MLD"),
        ],
        columns=["provision_id", "setting_id", "provision_type", "tier", "ncy_from", "ncy_to", "needs"],
    )
    places = pd.DataFrame(
        [("p1", 2028, 9), ("p2", 2028, 9), ("p3", 2028, 9), ("p4", 2028, 9), ("p5", 2028, 0), ("p5", 2027, 9)],
        columns=["provision_id", "year", "planned_places"],
    )
    applied = cast("Inputs", SimpleNamespace(provision=provision, places=places))
    found = admitting(applied, (2027, 2028))
    assert found[2028, "primary", "communication_and_interaction"] == ("S1",)
    assert found[2028, "primary", "semh"] == ("S1",)
    assert found[2028, "secondary", "semh"] == ()
    assert found[2028, "post_16", "sensory_and_physical"] == ("S2",)
    assert found[2028, "secondary", "communication_and_interaction"] == ("S2",)
    assert found[2028, "primary", "cognition_and_learning"] == ()
    assert found[2027, "primary", "cognition_and_learning"] == ("S5",)
    assert {key[2] for key in found} == set(NEEDS)


def bundle(shares: list[list[float] | None]) -> dict[str, Any]:
    sets = {"do_nothing": {choice: [0, 0] for choice in CHOICES}}
    found = unserved_data(Unserved([(BOTH, shares)], sets), FRAME, {"do_nothing": "Do nothing"}, illustrative=True)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("all", "for some age or broad area of need"),
        ("need:semh", "for some age of pupils with social, emotional and mental health needs"),
        ("phase:post_16", "for post-16 pupils of some broad area of need"),
    ],
)
def test_the_sentence_says_how_much_land_and_where_most(choice: str, words: str) -> None:
    found = bundle([[0.2, 0.3, 0.3, 0.2], [0.2, 0.3, 0.3, 0.2], [0.0, 0.4, 0.3, 0.3], [0.5, 0.3, 0.1, 0.1], None])
    assert found["findings"]["do_nothing"][choice][1] == (
        "In 2028/29, if nothing more opens, 50% of the land of Shire has no special school or specialist base within "
        f"30 minutes by car {words}, most of all in Westham (60%) — illustrative"
    )


def test_land_that_is_all_served_is_said_so_and_a_trace_is_not_nought() -> None:
    served = bundle([[0.7, 0.3, 0.0, 0.0]] * 4 + [None])
    assert served["findings"]["do_nothing"]["phase:primary"][0] == (
        "In 2027/28, if nothing more opens, all of the land of Shire has a special school or specialist base within 30 "
        "minutes by car for primary pupils of every broad area of need — illustrative"
    )
    trace = bundle([[0.7, 0.297, 0.003, 0.0]] * 4 + [None])
    assert "less than 1% of the land of Shire has no special school" in trace["findings"]["do_nothing"]["all"][0]


def test_without_times_there_is_no_such_measure() -> None:
    assert unserved_measures(None) == []
    assert unserved_data(None, FRAME, {}, illustrative=True) is None
