"""Present placements beside the optimum, in the county of one straight road (see test_opened_year), worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.assess import network_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.planning import observed_against_modelled
from tests import tiny_county as tiny
from tests.unit.test_opened_year import county, supply

if TYPE_CHECKING:
    from sufficiency.planning import Observed

YEAR = 2024
SCHOOL, BASE = "special_school", "specialist_base"
TALKS, LEARNS = "communication_and_interaction", "cognition_and_learning"
COUNTS = [
    "pupils", "local_pupils", "modelled_local_pupils", "passing_pupils", "outside_rules_pupils", "same_place_pupils",
]  # fmt: skip
MEANS = ["mean_min", "modelled_mean_min", "nearest_mean_min"]


def placed(count: int, provision_id: str, origin_id: str, ncy: int, need: str, **more: Any) -> list[dict[str, Any]]:
    row = {
        "year": YEAR, "origin_id": origin_id, "ncy": ncy, "sex": "F", "need": need, "ehcp": True, "attendance": "day",
        "provision_id": provision_id, "place_sought": "",
    }  # fmt: skip
    return [row | more for _ in range(count)]


def table(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [row for part in parts for row in part]
    return pd.DataFrame(rows).assign(pupil_id=[f"k{number}" for number in range(len(rows))])


SEEN = table(
    placed(2, "P4", "z2", 3, "ASD"),  # 50 minutes to another council; P1 is 10 away and has room
    placed(1, "P4", "z2", 3, "ASD", sex="M"),  # alike: the demand does not tell sexes apart
    placed(2, "P1", "z1", 5, "SLD"),  # next door
    placed(1, "P1", "z3", 8, "ASD", place_sought=BASE),  # a base is sought, and P2 next door has room: 20 minutes
    placed(1, "", "z3", 8, "ASD", place_sought=BASE),  # alike, and without a place
    placed(2, "P3", "z4", 9, "SEMH"),  # independent, 25 minutes; no local place admits SEMH
    placed(1, "P3", "z4", 9, "SEMH", attendance="residential"),  # boards where day places are
    placed(1, "P2", "z3", 5, "SLD"),  # a base that takes neither SLD nor year 5
    placed(1, "P1", "not_located", 5, "ASD"),
    placed(4, "P1", "z1", 6, "SLD", year=2025),
)


def found(**changes: Any) -> Observed:
    return observed_against_modelled(county(**({"placements": SEEN} | changes)))


def test_the_groups_by_hand() -> None:
    groups = found().groups
    # the optimum of 2024: P1 has the three of z2 and the two of z1, P2 the two who seek a base, P3 the two of z4
    expected = [
        # pupils, own, nearest, passed, its minutes, modelled there, against
        ("P1", 1, 20.0, 0.0, "P2", 0.0, 0, "offers special_school, and specialist_base is sought"),
        ("P1", 2, 0.0, 0.0, "", np.nan, 2, ""),
        (
            "P2", 1, 0.0, np.nan, "", np.nan, 0,
            ("does not admit SLD as a primary need (it admits ASD); takes year groups 7 to 11, and the pupil is in "
             "year group 5"),
        ),
        ("P3", 1, np.nan, np.nan, "", np.nan, 0, "offers day places, and residential is sought"),
        ("P3", 2, 25.0, np.nan, "", np.nan, 2, ""),
        ("P4", 3, 50.0, 10.0, "P1", 10.0, 0, ""),
    ]  # fmt: skip
    columns = [
        "provision_id", "pupils", "travel_min", "nearest_min", "passed_provision_id", "passed_min", "modelled_pupils",
        "outside_rules",
    ]  # fmt: skip
    shown = groups[columns].sort_values(["provision_id", "pupils"], ignore_index=True)
    pd.testing.assert_frame_equal(shown, pd.DataFrame(expected, columns=columns))
    assert not groups.duplicated(["group_id", "provision_id"]).any()


def test_the_areas_by_hand() -> None:
    areas = found().areas.set_index(["area_id", "need"])
    nan = np.nan
    expected = {
        # pupils, local, modelled local, passing, outside, in the same place; mean, modelled, nearest
        ("D1", TALKS): ([3, 0, 3, 3, 0, 0], [50, 10, 10]),
        ("D1", LEARNS): ([2, 2, 2, 0, 0, 2], [0, 0, 0]),
        ("D1", "all"): ([5, 2, 5, 3, 0, 2], [30, 6, 6]),
        ("D2", TALKS): ([1, 1, 2, 1, 1, 0], [20, 0, 0]),
        ("D2", LEARNS): ([1, 1, 0, 0, 1, 0], [0, nan, nan]),
        ("D2", "semh"): ([3, 0, 0, 0, 1, 2], [25, 25, nan]),
        ("D2", "all"): ([5, 2, 2, 1, 3, 2], [17.5, 12.5, 0]),
        ("C", TALKS): ([4, 1, 5, 4, 1, 0], [170 / 4, 30 / 5, 30 / 4]),
        ("C", LEARNS): ([3, 3, 2, 0, 1, 2], [0, 0, 0]),
        ("C", "semh"): ([3, 0, 0, 0, 1, 2], [25, 25, nan]),
        ("C", "all"): ([10, 4, 7, 4, 3, 4], [220 / 9, 80 / 9, 5]),
    }
    assert set(areas.index) == set(expected)
    for key, (counts, means) in expected.items():
        assert areas.loc[key, COUNTS].tolist() == counts, key
        assert np.allclose(areas.loc[key, MEANS].to_numpy(dtype=float), means, equal_nan=True), key
    assert all(areas[name].dtype == np.int64 for name in COUNTS)


def test_pupils_who_are_alike_and_apart_are_in_the_same_place_as_often_as_they_are_there() -> None:
    # The optimum has all three in P1: one is there, two are not.
    answer = found(placements=table(placed(1, "P1", "z2", 3, "ASD"), placed(2, "P4", "z2", 3, "ASD")))
    groups = answer.groups.set_index("provision_id")
    assert groups["pupils"].to_dict() == {"P1": 1, "P4": 2}
    assert groups["modelled_pupils"].to_dict() == {"P1": 3, "P4": 0}
    row = answer.areas.set_index(["area_id", "need"]).loc[("C", "all")]
    assert row[COUNTS].tolist() == [3, 1, 3, 2, 0, 1]
    assert row[MEANS].tolist() == pytest.approx([110 / 3, 10, 10])


def random_placements(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(40):
        name = str(rng.choice(["P1", "P2", "P3", "P4", ""]))
        sought = str(rng.choice(["", SCHOOL, BASE])) if name else SCHOOL
        rows += placed(
            int(rng.integers(1, 3)),
            name,
            str(rng.choice(["z1", "z2", "z3", "z4", "not_located"])),
            int(rng.integers(0, 14)),
            str(rng.choice(["ASD", "SLD", "SEMH", "HI"])),
            place_sought=sought,
            attendance=str(rng.choice(["day", "day", "day", "residential"])),
            sex=str(rng.choice(["F", "M"])),
        )
    return table(rows)


@pytest.mark.parametrize("seed", range(5))
def test_areas_add_up_and_count_every_pupil_with_a_home_and_a_place(seed: int) -> None:
    seen = random_placements(seed)
    answer = found(placements=seen, provision=supply(P2={"ncy_from": 0, "needs": "ASD;HI"}))
    areas = answer.areas.set_index(["area_id", "need"])
    here = seen[(seen["provision_id"] != "") & (seen["origin_id"] != "not_located")]
    assert areas.loc[("C", "all"), "pupils"] == len(here) == answer.groups["pupils"].sum()
    assert areas.loc[("C", "all"), "local_pupils"] == here["provision_id"].isin(["P1", "P2"]).sum()
    homes = here["origin_id"].map({"z1": "D1", "z2": "D1", "z3": "D2", "z4": "D2"})
    assert {name: areas.loc[(name, "all"), "pupils"] for name in ("D1", "D2")} == homes.value_counts().to_dict()
    sums = areas[COUNTS]
    assert (sums.loc["D1"].add(sums.loc["D2"], fill_value=0) == sums.loc["C"]).all().all()
    for area_id in ("C", "D1", "D2"):
        parts = sums.loc[area_id].drop("all")
        assert parts.sum().tolist() == sums.loc[(area_id, "all")].tolist()
    # each count from the groups
    groups = answer.groups
    whole = areas.loc[("C", "all")]
    assert whole["passing_pupils"] == groups.loc[groups["passed_min"].notna(), "pupils"].sum()
    assert whole["outside_rules_pupils"] == groups.loc[groups["outside_rules"] != "", "pupils"].sum()
    assert whole["same_place_pupils"] == groups[["pupils", "modelled_pupils"]].min(axis=1).sum()
    day = groups[groups["travel_min"].notna()]
    assert whole["mean_min"] == pytest.approx((day["travel_min"] * day["pupils"]).sum() / day["pupils"].sum())
    near = groups[groups["nearest_min"].notna()]
    assert whole["nearest_mean_min"] == pytest.approx(
        (near["nearest_min"] * near["pupils"]).sum() / near["pupils"].sum()
    )
    # and there is something to add
    assert (whole[COUNTS] > 0).all()


def test_sexes_are_apart_where_the_demand_tells_them_apart() -> None:
    # Boys only in P1: with sexes apart, the girls of z2 do not pass it, and the boy does.
    offers = supply(P1={"sex": "M"})
    together = found(provision=offers).areas.set_index(["area_id", "need"])
    assert together.loc[("D1", TALKS), "passing_pupils"] == 0
    apart = found(provision=offers, demand=tiny.demand().assign(sex="F")).areas.set_index(["area_id", "need"])
    assert apart.loc[("D1", TALKS), ["pupils", "passing_pupils"]].tolist() == [3, 1]


def test_roads_made_ready_are_used() -> None:
    inputs = county(placements=SEEN)
    for one, other in zip(
        observed_against_modelled(inputs), observed_against_modelled(inputs, network=network_of(inputs)), strict=True
    ):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("placements", [None, SEEN[SEEN["year"] == 2025], SEEN.iloc[:0]])
def test_without_placements_of_the_calibration_year_there_is_nothing_to_compare(placements: Any) -> None:
    with pytest.raises(ParameterError, match=r"put them in demand/placements\.csv"):
        found(placements=placements)


def test_placements_in_provision_that_was_closed_are_refused() -> None:
    places = tiny.places().query("not (provision_id == 'P4' and year == 2024)")
    with pytest.raises(DataError, match="pupils are placed at P4, which has no row of places for 2024/25"):
        found(places=places)


def test_pupils_outside_the_headline_stream_hold_their_places_and_are_not_compared() -> None:
    # P1 has a nursery child and one past Year 14 besides: they are no part of the comparison, but hold their places
    others = table(placed(1, "P1", "z1", -1, "ASD"), placed(1, "P1", "z1", 16, "ASD"))
    seen = pd.concat([SEEN, others], ignore_index=True)
    wide = supply(P1={"ncy_from": -2, "ncy_to": 20})
    with_them, without = found(placements=seen, provision=wide), found(provision=wide)
    assert with_them.groups["pupils"].sum() == without.groups["pupils"].sum()
    assert with_them.areas["pupils"].tolist() == without.areas["pupils"].tolist()
