"""The gap waterfall: the tiny county's figures, worked by hand in `tests/tiny_county.py`, and its sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sufficiency import measures
from sufficiency.measures.waterfall import waterfall_table
from tests import tiny_county as tiny

if TYPE_CHECKING:
    import pandas as pd


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), tiny.COUNTY)
    return measures.outcomes(tiny.allocation(), groups[groups["headline"]], tiny.provision(), tiny.settings())


def steps(table: pd.DataFrame, area_id: str) -> dict[str, int]:
    one = table[(table["area_id"] == area_id) & (table["policy"] == table["policy"].iloc[0])]
    return {item: int(pupils) for item, pupils in zip(one["item"], one["pupils"], strict=True) if pupils}


def test_the_county_s_steps_are_those_worked_by_hand(rows: pd.DataFrame) -> None:
    # 10 + 6 + 7 in local places (P1, P1, P2), 3 at another council's P4, 4 in an independent school, 2 where all is
    # full, 2 too old, 1 without a home
    expected = {
        "demand": 35, "local": 23, "other_council": 3, "independent": 4,
        "all_full": 2, "none_for_this_age": 2, "excluded": 1,
    }  # fmt: skip
    assert steps(waterfall_table("now", rows, tiny.AREA_IDS), tiny.COUNTY) == expected


def test_every_step_leaves_what_is_still_to_be_told(rows: pd.DataFrame) -> None:
    table = waterfall_table("now", rows, tiny.AREA_IDS)
    county = table[table["area_id"] == tiny.COUNTY]
    assert county["left_pupils"].iloc[:4].tolist() == [35, 12, 9, 5]
    assert (table.groupby(["policy", "year", "area_id"])["left_pupils"].last() == 0).all()


def test_clusters_add_up_to_districts_and_these_to_the_county_but_for_pupils_without_a_home(rows: pd.DataFrame) -> None:
    table = waterfall_table("now", rows, tiny.AREA_IDS).set_index(["area_id", "item"])["pupils"]
    for district in tiny.DISTRICTS:
        clusters = [name for name, parent in tiny.CLUSTERS.items() if parent == district]
        assert table[district].tolist() == sum(table[name] for name in clusters).tolist()
    located = table[tiny.COUNTY] - sum(table[name] for name in tiny.DISTRICTS)
    assert located[located > 0].to_dict() == {"demand": 1, "excluded": 1}
