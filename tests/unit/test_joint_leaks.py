"""What flows, use of places, schemes and mitigations tell together: leaks worked by hand, and what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.disclosure import cells as c
from sufficiency.disclosure import side
from sufficiency.disclosure.capacities import MARK, hidden_places
from sufficiency.disclosure.futures import _beside_parts
from sufficiency.disclosure.money import mixed_behind
from sufficiency.disclosure.schemes import put_schemes
from sufficiency.disclosure.shelf import Shelf
from tests.unit.test_planted_leaks import AREAS, AT, COUNTY, assumed, found, made

if TYPE_CHECKING:
    from sufficiency.model.results import Released

K = 5
SCHOOL, BASE = "special_school", "specialist_base"
DISTRICTS = ("D1", "D2")


def county(
    homes: dict[str, tuple[int, int]],
    used: dict[str, tuple[int | None, int | None]],
    places: dict[str, tuple[int, int]],
) -> dict[str, list[dict[str, Any]]]:
    """Return tables of two districts: placed by home, used and places by district, each (school, base); no flow."""
    sought, use = [], []
    for at, kind in enumerate((SCHOOL, BASE)):
        for area in DISTRICTS:
            level = {"level": "district", "area_id": area, "area_name": area, "provision_type": kind}
            sought.append({**AT, **level, "placed_local_pupils": homes[area][at]})
            use.append({**AT, **level, "schools": 2, "capacity_places": places[area][at],
                        "placed_pupils": used[area][at], "empty_places": None, "used_share": None})  # fmt: skip
    flows = [
        {**AT, "home_area_id": home, "home_area_name": home, "setting_area_id": to, "setting_area_name": to,
         "pupils": None}
        for home in DISTRICTS for to in DISTRICTS
    ]  # fmt: skip
    return {"sufficiency_area_type": sought, "occupancy_district_type": use, "flows": flows}


def scheme(name: str, **more: Any) -> dict[str, Any]:
    row = {"scenario_id": "s", "year": 2028, "scheme_id": name, "places": 8, "placed_pupils": 8, "homes": ""}
    return row | dict.fromkeys(("left_out_local_pupils", "left_out_placed_pupils", "homes_rest_pupils")) | more


def listed(*names: str) -> list[dict[str, Any]]:
    return [{"scheme_id": name, "district_id": "D1", "provision_type": SCHOOL, "action": "open"} for name in names]


LARGE = {"places": 20, "placed_pupils": 20}
ROOMY = {"D1": (90, 4), "D2": (90, 90)}
FULL: dict[str, list[dict[str, Any]]] = {
    "sufficiency_area_type": [{**AT, **COUNTY, "provision_type": SCHOOL, "placed_local_pupils": 47}],
    "capacity_district_type": [{"scenario_id": "s", "year": 2028, "area_id": "C", "area_name": "C",
                                "provision_type": SCHOOL, "capacity_places": 62}],
    "schemes": listed("x", "y"),
}  # fmt: skip
HOMES = county({"D1": (7, 0), "D2": (33, 40)}, {"D1": (20, None), "D2": (20, None)}, ROOMY)


def change(name: str, low: int | None) -> dict[str, Any]:
    cases = {f"{end}headline_change_pupils": value for end, value in (("low_", low), ("", -20), ("high_", -40))}
    return {"year": 2027, "mitigation_id": name, **cases}


LEAKS: dict[str, tuple[Released, Released, tuple[str, str]]] = {
    # 47 pupils in 62 places, of which a scheme has 20: without it at least 5 have none, and c beside 40 is at most 5
    "c among printed counts, and places": (
        made(**FULL, scheme_effects=[scheme("x", **LARGE), scheme("y", places=40, placed_pupils=40)]),
        made(**FULL, scheme_effects=[scheme("x", **LARGE), scheme("y", places=40, placed_pupils=40,
                                                                  left_out_local_pupils=40)]),
        ("scheme_effects", "left_out_local_pupils"),
    ),
    # homes in D1 seek bases alone in the second: D1's bases hold 4, so that no more can stay in D1; before they may be
    # in its schools
    "flows, homes by type and places": (
        made(**county({"D1": (20, 20), "D2": (60, 20)}, {"D1": (40, None), "D2": (40, None)}, ROOMY)),
        made(**county({"D1": (0, 20), "D2": (60, 20)}, {"D1": (40, None), "D2": (20, None)}, ROOMY)),
        ("flows", "pupils"),
    ),
    # 20 hold a place in D1's schools, 17 of them in a scheme and from D2: no more than 3 of D1's 7 stay
    "the homes of a scheme beside flows": (
        made(**HOMES, schemes=listed("x"), scheme_effects=[scheme("x", places=30, placed_pupils=18)]),
        made(**HOMES, schemes=listed("x"), scheme_effects=[scheme("x", places=30, placed_pupils=18, homes="D2 17")]),
        ("flows", "pupils"),
    ),
    # together 7 fewer, of whom 6 by one: the other two make about one between them
    "parts of what mitigations change": (
        made(mitigation_deltas=[change("all", None), change("a", -6), change("b", None), change("c", None)]),
        made(mitigation_deltas=[change("all", -7), change("a", -6), change("b", None), change("c", None)]),
        ("mitigation_deltas", "low_headline_change_pupils"),
    ),
    # 10 in other councils' schools for 243,000 pounds: 25 a + 18 b = 243, a + b = 10, so that one seeks a base
    "one amount at two prices": (
        *(made(
            sufficiency_area=[{**AT, **COUNTY, "area_name": "C", "demand_pupils": 90, "other_council_pupils": 10}],
            sufficiency_area_type=[
                {**AT, **COUNTY, "provision_type": kind, "placed_local_pupils": 40} for kind in (SCHOOL, BASE)
            ],
            assumptions=assumed(special_school_place_gbp=25_000, specialist_base_place_gbp=18_000),
            money=[{**AT, "item": "Places in other councils' schools", "gbp_central": one}],
        ) for one in (None, 243_000.0)),
        ("follows from several", "other_council_pupils"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_worked_by_hand(kind: str) -> None:
    safe, leaking, cell = LEAKS[kind]
    assert cell not in found(safe)
    assert cell in found(leaking)


@pytest.mark.parametrize(("hidden", "leaks"), [(("D1",), True), (DISTRICTS, False)])
def test_places_by_subtraction(hidden: tuple[str, ...], leaks: bool) -> None:
    """The county's places by type, and each district's of both, tell one district's hidden ones, and not two's."""
    places = {"D1": (30, 20), "D2": (60, 40), "C": (90, 60)}
    at = {"scenario_id": "s", "year": 2028}
    rows = [
        {**at, "area_id": area, "area_name": area, "provision_type": kind,
         "capacity_places": None if area in hidden else held[number]}
        for area, held in places.items() for number, kind in enumerate((SCHOOL, BASE))
    ]  # fmt: skip
    whole = [
        {**AT, "level": "county" if area == "C" else "district", "area_id": area, "area_name": area,
         "demand_pupils": 400 if area == "C" else 200, "capacity_places": sum(held), "location_balance_places": None}
        for area, held in places.items()
    ]  # fmt: skip
    cells = found(made(sufficiency_area=whole, capacity_district_type=rows))
    assert (("capacity_district_type", "capacity_places") in cells) == leaks


# --- what is hidden -----------------------------------------------------------------------------------------------


def shelf() -> Shelf:
    return Shelf(AREAS.set_index("area_id")["area_name"])


def effects(local: list[int]) -> pd.DataFrame:
    names = [f"b{number}" for number in range(len(local))]
    wide = {"placed_pupils": 20, "day_pupils": 20, "mean_min": 9.0, "other_pupils": 20, "nearest_other_min": 12.0,
            "left_out_placed_pupils": 0, "left_out_travel_min_per_day": 0.0, "places": 22}  # fmt: skip
    return pd.DataFrame({"scenario_id": "s", "year": 2028, "scheme_id": names, "left_out_local_pupils": local, **wide})


@pytest.mark.parametrize(("local", "capacity", "shown"), [([9, 12, 0], 200, True), ([9, 12, 3], 200, False),
                                                         ([9, 12, 7], 117, False)])  # fmt: skip
def test_who_would_be_without_is_told_of_all_schemes_of_a_type_or_of_none(
    local: list[int], capacity: int, shown: bool
) -> None:
    """A small one hides all; and so do 100 pupils in 117 places, of which 22 less leave out at least 5."""
    on = shelf()
    tables = {
        "scheme_effects": effects(local),
        "scheme_homes": pd.DataFrame({"scenario_id": "s", "year": 2028, "scheme_id": ["b0", "b1", "b2"],
                                      "district_id": "D1", "pupils": 20}),
        "schemes": pd.DataFrame({"scheme_id": ["b0", "b1", "b2"], "district_id": "D1", "provision_type": BASE,
                                 "action": "open"}),
        "sufficiency": pd.DataFrame([{**AT, "area_id": "C", "phase": "all", "need": "all", "provision_type": BASE,
                                      "placed_local_pupils": 100}]),
        "capacity_district_type": pd.DataFrame([{"scenario_id": "s", "year": 2028, "area_id": "C",
                                                 "provision_type": BASE, "capacity_places": capacity}]),
    }  # fmt: skip
    put_schemes(on, tables, K, county_id="C")
    table = on.tables["scheme_effects"]
    assert table["left_out_local_pupils"].notna().tolist() == [shown] * 3
    assert table["left_out_travel_min_per_day"].notna().tolist() == [shown] * 3
    assert (table["left_out_placed_pupils"] == 0).all()
    assert table["homes"].tolist() == [f"{AREAS.set_index('area_id')['area_name']['D1']} 20"] * 3


def test_where_places_alone_tell_a_small_count_nothing_is_said_of_who_would_be_without() -> None:
    """82 pupils in 84 places, of which a scheme has 6, all taken: without it 4 to 6 have none, whatever is printed."""
    on = shelf()
    small = effects([4, 20, 20])
    small.loc[0, ["places", "placed_pupils", "day_pupils", "other_pupils"]] = [6, 6, 6, 6]
    tables = {
        "scheme_effects": small,
        "scheme_homes": pd.DataFrame({"scenario_id": [], "year": [], "scheme_id": [], "district_id": [], "pupils": []}),
        "schemes": pd.DataFrame({"scheme_id": ["b0", "b1", "b2"], "district_id": "D1", "provision_type": BASE,
                                 "action": "open"}),
        "sufficiency": pd.DataFrame([{**AT, "area_id": "C", "phase": "all", "need": "all", "provision_type": BASE,
                                      "placed_local_pupils": 82}]),
        "capacity_district_type": pd.DataFrame([{"scenario_id": "s", "year": 2028, "area_id": "C",
                                                 "provision_type": BASE, "capacity_places": 84}]),
    }  # fmt: skip
    put_schemes(on, tables, K, county_id="C")
    table, veil = on.tables["scheme_effects"], on.hidden["scheme_effects"]
    for name in ("left_out_local_pupils", "left_out_placed_pupils", "left_out_travel_min_per_day"):
        assert table[name].isna().all()
        assert not veil[name].any()


def test_pressure_leaves_out_who_stays_and_hides_what_places_tell() -> None:
    """Places tell that 3 at least are above them in D1, and 9 in D2: D1's 8 are hidden, and another with it."""
    rows = [
        {**AT, "policy": policy, "area_id": area, "over_capacity_pupils": over, "over_number_pupils": 2}
        for policy in ("nearest", "rolling")
        for area, over in (("C", 20), ("D1", 8), ("D2", 12))
    ]
    used = [
        {**AT, "policy": "nearest", "area_id": area, "provision_type": SCHOOL, "placed_pupils": 40,
         "capacity_places": places}
        for area, places in (("D1", 37), ("D2", 31))
    ]  # fmt: skip
    on = shelf()
    side.put_pressure(on, {"pressure": pd.DataFrame(rows), "occupancy_district_type": pd.DataFrame(used)}, AREAS, K)
    table = on.tables["pressure"]
    assert set(table["policy"]) == {"nearest"}
    assert "over_number_pupils" not in table
    hidden = dict(zip(table["area_id"], table["over_capacity_pupils"].isna(), strict=True))
    assert hidden["D1"]
    assert sum(hidden.values()) >= 2


@pytest.mark.parametrize(
    ("sizes", "few", "hidden"),
    [
        ([9, 7, 3, 20], [2], [1, 2]),  # another part: the smallest that is told
        ([6, 0, 1, 7], [2], [2, 3]),  # one part is left: the sum goes instead
        ([9, 7, 6, 22], [], []),
    ],
)
def test_beside_a_hidden_part_another_is_hidden_or_the_sum(sizes: list[int], few: list[int], hidden: list[int]) -> None:
    rows = pd.DataFrame({"mitigation_id": ["a", "b", "c", "all"], "year": 2027})
    flags = pd.Series(np.isin(range(4), few))
    got = _beside_parts(rows, pd.Series(sizes, dtype=float), flags)
    assert np.flatnonzero(got.to_numpy(bool)).tolist() == hidden


def places_table(marked: set[tuple[str, str]], held: dict[str, tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"scenario_id": "s", "year": 2028, "area_id": area, "provision_type": kind, "capacity_places": both[number],
             MARK: (area, kind) in marked}
            for area, both in held.items() for number, kind in enumerate((SCHOOL, BASE))
        ]
    )  # fmt: skip


def test_the_places_of_one_unpublished_school_are_hidden_with_those_of_another_district() -> None:
    areas = pd.DataFrame({"area_id": ["C", "A", "B", "D"], "level": ["county", *["district"] * 3]})
    held = {"C": (200, 80), "A": (30, 20), "B": (90, 30), "D": (80, 30)}
    # D has the fewest places of the others
    table = {"capacity_district_type": places_table({("A", SCHOOL)}, held)}
    assert hidden_places(table, areas, K) == {"A", "D"}
    assert hidden_places(table, areas, 0) == set()
    assert hidden_places({"capacity_district_type": places_table(set(), held)}, areas, K) == set()
    both = {"capacity_district_type": places_table({("A", SCHOOL), ("B", SCHOOL)}, held)}
    assert hidden_places(both, areas, K) == {"A", "B"}
    # the county's places are those of its one district: nothing hides them
    alone = {"capacity_district_type": places_table({("A", SCHOOL)}, {"C": (30, 20), "A": (30, 20)})}
    assert hidden_places(alone, areas, K) == set()


def test_an_amount_at_two_prices_is_hidden_where_one_type_has_few() -> None:
    rows = pd.DataFrame(
        [
            {**AT, "year": year, "area_id": "C", "phase": "all", "need": "all", "provision_type": kind,
             "other_council_pupils": count}
            for year, counts in ((2028, (9, 1)), (2029, (9, 8)))
            for kind, count in zip((SCHOOL, BASE), counts, strict=True)
        ]
    )  # fmt: skip
    got = mixed_behind(rows, "C", K)
    assert got["year"].tolist() == [2028]
    assert got["provision_type"].tolist() == ["headline"]
    assert [name for name in got.columns if name in c.KEY] == c.KEY
