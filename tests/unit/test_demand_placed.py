"""Demand counted from present placements, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand import demand_of_placements, placements_of, with_placements
from sufficiency.model.errors import DataError

PROVISION = pd.DataFrame(
    [
        ("school", "special_school"),
        ("base", "specialist_base"),
        ("unit", "fe_specialist_unit"),
        ("main", "mainstream"),
    ],
    columns=["provision_id", "provision_type"],
)
KIND = ["year", "origin_id", "ncy", "sex", "need", "place_sought", "attendance"]


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {
        "year": 2024, "origin_id": "z1", "ncy": 3, "sex": "F", "need": "ASD", "ehcp": True, "attendance": "day",
        "provision_id": "school", "place_sought": "",
    }  # fmt: skip
    return pd.DataFrame([plain | {"pupil_id": f"k{number}"} | row for number, row in enumerate(rows)])


def counted(demand: pd.DataFrame) -> dict[tuple[Any, ...], int]:
    return {tuple(row[:-1]): int(row[-1]) for row in demand[[*KIND, "pupils"]].itertuples(index=False)}


def demand(*rows: tuple[str, int, str, str, int], sex: str = "any") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["group_id", "year", "origin_id", "place_sought", "pupils"])
    fixed = {"ncy": 3, "sex": sex, "need": "SEMH", "ehcp": True, "attendance": "day"}
    return table.assign(**fixed)[
        ["group_id", "origin_id", "year", "ncy", "sex", "need", "ehcp", "place_sought", "attendance", "pupils"]
    ]


def test_who_are_alike_are_one_group_and_who_differ_in_anything_are_not() -> None:
    seen = table(
        {},
        {"provision_id": "school"},  # alike
        {"provision_id": "base", "place_sought": "special_school"},  # alike: elsewhere, and seeks the same
        {"provision_id": "", "place_sought": "special_school"},  # alike: nowhere yet
        {"provision_id": "base"},
        {"place_sought": "mainstream"},
        {"ncy": 4},
        {"sex": "M"},
        {"need": "SLD"},
        {"origin_id": "z2"},
        {"year": 2025},
        {"attendance": "residential"},
        {"origin_id": "not_located"},
        {"origin_id": ""},  # alike: neither has a home that is known
    )
    school = "special_school"
    found = demand_of_placements(seen, PROVISION)
    assert counted(found) == {
        (2024, "z1", 3, "F", "ASD", school, "day"): 4,
        (2024, "z1", 3, "F", "ASD", "specialist_base", "day"): 1,
        (2024, "z1", 3, "F", "ASD", "mainstream", "day"): 1,
        (2024, "z1", 4, "F", "ASD", school, "day"): 1,
        (2024, "z1", 3, "M", "ASD", school, "day"): 1,
        (2024, "z1", 3, "F", "SLD", school, "day"): 1,
        (2024, "z2", 3, "F", "ASD", school, "day"): 1,
        (2025, "z1", 3, "F", "ASD", school, "day"): 1,
        (2024, "z1", 3, "F", "ASD", school, "residential"): 1,
        (2024, "", 3, "F", "ASD", school, "day"): 2,
    }
    assert found["pupils"].sum() == len(seen)
    assert found["pupils"].dtype == np.int64


def test_a_pupil_without_a_plan_is_another_group() -> None:
    found = demand_of_placements(table({}, {"ehcp": False}, {"ehcp": False}), PROVISION).set_index("ehcp")
    assert found["pupils"].to_dict() == {False: 2, True: 1}


def test_ids_are_unique_and_no_pupil_is_named() -> None:
    found = demand_of_placements(table(*({"ncy": number % 5} for number in range(23))), PROVISION)
    assert found["group_id"].is_unique
    assert "pupil_id" not in found
    assert "provision_id" not in found
    assert found["pupils"].tolist() == [5, 5, 5, 4, 4]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter_and_nobody_is_lost(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        {
            "origin_id": str(rng.choice(["z1", "z2", ""])),
            "ncy": int(rng.integers(0, 3)),
            "provision_id": str(rng.choice(PROVISION["provision_id"])),
            "place_sought": str(rng.choice(["", "special_school"])),
        }
        for _ in range(60)
    ]
    seen = table(*rows)
    before = seen.copy()
    found = demand_of_placements(seen, PROVISION)
    again = demand_of_placements(seen.iloc[rng.permutation(len(seen))], PROVISION.iloc[::-1])
    pd.testing.assert_frame_equal(found, again)
    pd.testing.assert_frame_equal(seen, before)
    assert found["pupils"].sum() == 60


def test_a_table_without_place_sought_goes_by_the_provision() -> None:
    seen = table({}, {"provision_id": "unit"}).drop(columns="place_sought")
    assert demand_of_placements(seen, PROVISION).set_index("place_sought")["pupils"].to_dict() == {
        "fe_specialist_unit": 1, "special_school": 1,
    }  # fmt: skip
    blank = table({}).assign(place_sought=None)
    assert demand_of_placements(blank, PROVISION)["place_sought"].tolist() == ["special_school"]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([{"provision_id": ""}], 1),
        ([{"provision_id": "unknown"}, {}, {"provision_id": ""}], 2),
        ([{"provision_id": "unknown", "place_sought": "special_school"}], 0),
    ],
)
def test_a_pupil_who_seeks_nothing_known_is_refused(rows: list[dict[str, Any]], count: int) -> None:
    if not count:
        assert demand_of_placements(table(*rows), PROVISION)["pupils"].tolist() == [1]
        return
    with pytest.raises(DataError, match=r"^a pupil of the placements has neither[^0-9]*$"):
        demand_of_placements(table(*rows), PROVISION)
    with pytest.raises(DataError, match="give one of them"):
        demand_of_placements(table(*rows).drop(columns="place_sought"), PROVISION)


def test_the_year_of_the_placements_is_counted_and_all_else_left_as_it_is() -> None:
    forecast = demand(
        ("a", 2024, "z1", "special_school", 40),  # replaced
        ("b", 2024, "z2", "specialist_base", 7),  # replaced by nobody: no base in the placements
        ("c", 2024, "z1", "mainstream", 90),  # not matched
        ("d", 2024, "z1", "educated_elsewhere", 5),
        ("e", 2025, "z1", "special_school", 41),  # another year
    )
    seen = table({}, {"sex": "M"}, {"origin_id": "z2"}, {"provision_id": "main"}, {"year": 2023}, {"year": 2026})
    found = with_placements(forecast, seen, PROVISION, range(2024, 2026))
    assert list(found.columns) == list(forecast.columns)
    pd.testing.assert_frame_equal(found.iloc[:3], forecast.iloc[[2, 3, 4]].reset_index(drop=True))
    # the pupil in a mainstream school is in the forecast's 90 already
    assert counted(found.iloc[3:]) == {
        (2024, "z1", 3, "any", "ASD", "special_school", "day"): 2,
        (2024, "z2", 3, "any", "ASD", "special_school", "day"): 1,
    }
    assert found["group_id"].is_unique


def test_sex_is_kept_where_the_demand_tells_it_apart() -> None:
    seen = table({}, {"sex": "M"}, {"sex": "M"})
    apart = demand(("a", 2024, "z1", "special_school", 4), ("b", 2025, "z1", "special_school", 4), sex="F")
    found = with_placements(apart, seen, PROVISION, [2024, 2025])
    assert {row[3]: n for row, n in counted(found).items() if row[0] == 2024} == {"F": 1, "M": 2}
    together = with_placements(apart.assign(sex="any"), seen, PROVISION, [2024, 2025])
    assert {row[3]: n for row, n in counted(together).items() if row[0] == 2024} == {"any": 3}
    # one group that tells is enough
    mixed = apart.assign(sex=["any", "F"])
    assert set(placements_of(mixed, seen, [2024])["sex"]) == {"F", "M"}
    assert set(placements_of(apart.assign(sex="any"), seen, [2024])["sex"]) == {"any"}


def test_placements_of_other_years_and_of_no_year_change_nothing() -> None:
    forecast = demand(("a", 2024, "z1", "special_school", 40), ("e", 2025, "z1", "special_school", 41))
    for seen, years in ((table({"year": 2023}, {"year": 2026}), [2024, 2025]), (table({}, {}), [2025])):
        pd.testing.assert_frame_equal(with_placements(forecast, seen, PROVISION, years), forecast)
    # mainstream pupils alone are no year of placements
    main = table({"provision_id": "main"})
    pd.testing.assert_frame_equal(with_placements(forecast, main, PROVISION, [2024, 2025]), forecast)


def test_a_fault_of_another_year_is_none_of_this_one() -> None:
    forecast = demand(("a", 2024, "z1", "special_school", 40))
    seen = table({}, {"year": 2019, "provision_id": "closed-long-ago"})
    assert with_placements(forecast, seen, PROVISION, [2024])["pupils"].tolist() == [1]
    with pytest.raises(DataError, match=r"^a pupil of the placements has neither"):
        with_placements(forecast, seen, PROVISION, [2019, 2024])


def test_the_tables_given_are_not_changed_and_the_years_may_be_an_iterator() -> None:
    forecast, seen = demand(("a", 2024, "z1", "special_school", 40)), table({}, {})
    before = forecast.copy(), seen.copy()
    assert with_placements(forecast, seen, PROVISION, iter([2024]))["pupils"].tolist() == [2]
    pd.testing.assert_frame_equal(forecast, before[0])
    pd.testing.assert_frame_equal(seen, before[1])
