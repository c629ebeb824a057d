"""Equity by hand, with the county of `tests/tiny_county.py`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency import measures
from sufficiency.measures import equity
from sufficiency.model.errors import DataError
from tests import tiny_county as tiny

LIMITS = {"early_years": 45, "primary": 45, "secondary": 75, "post_16": 75, "post_19": 75}


def outcome_rows() -> pd.DataFrame:
    groups = measures.describe_groups(tiny.demand(), tiny.zones(), tiny.COUNTY)
    return measures.outcomes(tiny.allocation(), groups, tiny.provision(), tiny.settings())


def zone_traits() -> pd.DataFrame:
    """Return z1 and z2 in the most deprived fifth, z3 in the fourth, z4 without a decile and z2 without rurality."""
    return pd.DataFrame(
        {
            "zone_id": ["z1", "z2", "z3", "z4", "z9"],
            "deprivation_decile": pd.array([1, 2, 7, None, 10], dtype="Int64"),
            "rurality": ["urban", "", "rural", "rural", "town"],
        }
    )


def by_group(table: pd.DataFrame, trait: str) -> pd.DataFrame:
    return table[table["trait"] == trait].set_index("group").drop(columns=["scenario_id", "policy", "year", "trait"])


def test_deprivation_by_hand() -> None:
    """Fifth 1: g1 (10 placed, 12 min) and g2 (6 at 50 min, over 45; 2 unplaced). Fifth 4: g3 (7 at 20 min) and g5
    (3 with another council, 45 min and not over 75; 2 unplaced). Not known: g4 (4, residential, independent) and g6
    (1 excluded). g7 is not of the headline.
    """
    table = equity.equity_table("do_nothing", outcome_rows(), zone_traits(), LIMITS)
    found = by_group(table, "deprivation_quintile")
    assert list(found.index) == ["1", "2", "3", "4", "5", "not known"]
    assert found["demand_pupils"].tolist() == [18, 0, 0, 12, 0, 5]
    assert found["without_local_place_pupils"].tolist() == [2, 0, 0, 5, 0, 4]
    assert found["over_limit_pupils"].tolist() == [6, 0, 0, 0, 0, 0]
    expected = [2 / 18, np.nan, np.nan, 5 / 12, np.nan, 4 / 5]
    np.testing.assert_allclose(found["share"], expected)
    expected = [(10 * 12 + 6 * 50) / 16, np.nan, np.nan, (7 * 20 + 3 * 45) / 10, np.nan, np.nan]
    np.testing.assert_allclose(found["mean_min"], expected)


def test_rurality_by_hand() -> None:
    table = equity.equity_table("do_nothing", outcome_rows(), zone_traits(), LIMITS)
    found = by_group(table, "rurality")
    assert found["demand_pupils"].to_dict() == {"urban": 10, "town": 0, "rural": 16, "not known": 9}
    assert found["without_local_place_pupils"].to_dict() == {"urban": 0, "town": 0, "rural": 9, "not known": 2}
    assert found["over_limit_pupils"].to_dict() == {"urban": 0, "town": 0, "rural": 0, "not known": 6}


def test_a_journey_of_exactly_the_limit_is_not_over_it() -> None:
    """g3 rides 20 minutes, the limit; g5 (3 placed) 45."""
    table = equity.equity_table("x", outcome_rows(), zone_traits(), LIMITS | {"secondary": 20})
    assert by_group(table, "deprivation_quintile").loc["4", "over_limit_pupils"] == 3


def test_columns_and_sums_are_those_of_the_headline() -> None:
    rows = outcome_rows()
    both = pd.concat([rows, rows.assign(policy="nearest"), rows.assign(year=2029)], ignore_index=True)
    table = equity.equity_table("programme", both, zone_traits(), LIMITS)
    assert list(table) == [
        "scenario_id", "policy", "year", "trait", "group", "demand_pupils", "without_local_place_pupils", "share",
        "mean_min", "over_limit_pupils",
    ]  # fmt: skip
    assert set(table["scenario_id"]) == {"programme"}
    sums = table.groupby(["policy", "year", "trait"])[["demand_pupils", "without_local_place_pupils"]].sum()
    assert len(sums) == 6
    assert sums.eq([35, 11]).all(axis=None)
    assert not table.duplicated(["policy", "year", "trait", "group"]).any()
    gap = measures.sufficiency_table(
        "x",
        rows,
        measures.capacity_by_area(tiny.places(), tiny.provision(), tiny.settings(), "C"),
        measures.reachable_places(tiny.places(), tiny.provision()),
        tiny.AREA_IDS,
    )
    total = gap[(gap["area_id"] == "C") & gap[["phase", "need"]].eq("all").all(axis=1)]
    total = total[total["provision_type"] == "headline"].iloc[0]
    assert [total["demand_pupils"], total["without_local_place_pupils"]] == [35, 11]


def test_every_pair_of_deciles_is_one_fifth_and_without_traits_all_are_not_known() -> None:
    rows = outcome_rows().query("group_id == 'g1'")
    for decile in range(1, 11):
        traits = pd.DataFrame({"zone_id": ["z1"], "deprivation_decile": [decile], "rurality": ["town"]})
        found = by_group(equity.equity_table("x", rows, traits, LIMITS), "deprivation_quintile")
        assert found["demand_pupils"].idxmax() == str((decile + 1) // 2)
    for traits in (zone_traits().iloc[:0], zone_traits().assign(deprivation_decile="", rurality=np.nan)):
        table = equity.equity_table("x", outcome_rows(), traits, LIMITS)
        assert table.loc[table["group"] == "not known", "demand_pupils"].tolist() == [35, 35]


def test_a_home_that_is_blank_stays_not_known_whatever_the_traits_say() -> None:
    rows = outcome_rows()
    rows.loc[rows["group_id"] == "g6", "origin_id"] = None
    found = by_group(equity.equity_table("x", rows, zone_traits(), LIMITS), "rurality")
    assert found["demand_pupils"].sum() == 35


def test_impossible_traits_and_missing_limits_are_refused() -> None:
    rows, traits = outcome_rows(), zone_traits()
    with pytest.raises(DataError, match="more than one row"):
        equity.equity_table("x", rows, pd.concat([traits, traits.head(1)]), LIMITS)
    for decile in (0, 11, 2.5):
        with pytest.raises(DataError, match="deprivation_decile"):
            equity.equity_table("x", rows, traits.assign(deprivation_decile=decile), LIMITS)
    with pytest.raises(DataError, match="rurality"):
        equity.equity_table("x", rows, traits.assign(rurality="village"), LIMITS)
    with pytest.raises(DataError, match="no journey limit for secondary"):
        equity.equity_table("x", rows, traits, {"primary": 45})


def test_inputs_are_left_alone() -> None:
    rows, traits = outcome_rows(), zone_traits()
    equity.equity_table("x", rows, traits, LIMITS)
    equity.concentration_table("x", rows, traits)
    pd.testing.assert_frame_equal(rows, outcome_rows())
    pd.testing.assert_frame_equal(traits, zone_traits())


# --- concentration


def test_rank_shared_by_ties_by_hand() -> None:
    """Of 10 pupils 2 + 2 are in decile 1 (rank 0.2), 4 in decile 5 (0.4 + 0.2) and 2 in decile 9 (0.8 + 0.1)."""
    rank = equity.fractional_rank([2, 4, 2, 2], [1, 5, 1, 9])
    assert rank == pytest.approx([0.2, 0.6, 0.2, 0.9])
    assert np.array([2, 4, 2, 2]) @ rank / 10 == pytest.approx(0.5)


def test_concentration_index_by_hand() -> None:
    """Minutes 30, 20, 10 of 2, 4, 4 pupils from the most deprived: mean (60 + 80 + 40) / 10 = 18.

    Ranks 0.1, 0.4, 0.8: C = 2 / 18 × (0.2 × 12 × −0.4 + 0.4 × 2 × −0.1 + 0.4 × −8 × 0.3)
    = 2 / 18 × (−0.96 − 0.08 − 0.96) = −2 / 9.
    """
    assert equity.concentration_index([2, 4, 4], [1, 2, 3], [30, 20, 10]) == pytest.approx(-2 / 9)


def test_concentration_index_at_its_ends() -> None:
    assert equity.concentration_index([3, 3], [1, 1], [10, 50]) == pytest.approx(0)
    assert equity.concentration_index([1, 1], [1, 2], [5, 5]) == pytest.approx(0)
    # one of 1,000 pupils has everything: C = 1/1000 − 1, the bound of a value of 0 or 1
    assert equity.concentration_index([1, 999], [1, 2], [1, 0]) == pytest.approx(-0.999)
    assert equity.concentration_index([999, 1], [1, 2], [0, 1]) == pytest.approx(0.999)
    # a mean next to nothing does not overflow
    assert equity.concentration_index([1, 1], [1, 2], [0, 5e-324]) == pytest.approx(0.5)
    assert np.isnan(equity.concentration_index([1, 2], [1, 2], [0, 0]))
    assert np.isnan(equity.concentration_index([], [], []))
    for pupils, position, value in (([-1], [1], [1]), ([1], [1], [-1]), ([1], [np.nan], [1]), ([1], [1], [np.nan])):
        with pytest.raises(DataError, match="concentration index"):
            equity.concentration_index(pupils, position, value)


def test_concentration_table_by_hand() -> None:
    """Deciles 1 (g1), 2 (g2) and 7 (g3, g5); g4 and g6 have none.

    Journeys: 10 at 12, 6 at 50 and 10 pupils with 275 minutes: the curve is (10, 120), (16, 420), (26, 695).
    Area = (10 × 120 + 6 × 540 + 10 × 1115) / (2 × 26 × 695) and C = 1 − 2 × area = 1 − 15590 / 18070.
    Without: 0 of 10, 2 of 8, 5 of 12: C = 1 − (8 × 2 + 12 × 9) / (30 × 7).
    """
    table = equity.concentration_table("do_nothing", outcome_rows(), zone_traits())
    assert list(table) == ["scenario_id", "policy", "year", "measure", "concentration_index", "pupils"]
    found = table.set_index("measure")
    assert found["pupils"].to_dict() == {"journey_min": 26, "without_local_place": 30}
    assert found.loc["journey_min", "concentration_index"] == pytest.approx(1 - 15590 / 18070)
    assert found.loc["without_local_place", "concentration_index"] == pytest.approx(1 - 124 / 210)


def test_concentration_without_a_known_decile_is_blank() -> None:
    table = equity.concentration_table("x", outcome_rows(), zone_traits().assign(deprivation_decile=""))
    assert table["concentration_index"].isna().all()
    assert table["pupils"].tolist() == [0, 0]
