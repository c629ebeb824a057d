"""Counts rounded after small ones are hidden: small tables worked by hand, and the rules that are refused."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from sufficiency.disclosure.register import Entry, Register, read_register, require_same_rule, write_entry
from sufficiency.disclosure.rounding import rounded, rules_text
from sufficiency.model.errors import InfeasibleError
from sufficiency.model.results import Released
from sufficiency.model.rounding import nearest, rule_faults, sound_rule

SLICE = {"scenario_id": "s", "policy": "optimal", "year": 2028, "level": "county", "area_id": "C"}
DEAREST = {"high_needs_block": 60_000.0, "general_fund_transport": 8_000.0}


def made(**tables: pd.DataFrame) -> Released:
    """Return a release of tables with nothing hidden but what is missing."""
    return Released("public", MappingProxyType(tables), MappingProxyType({n: t.isna() for n, t in tables.items()}))


def by_rule(released: Released, *, money: pd.DataFrame | None = None) -> Released:
    """Return a release with 1 to 7 hidden and other counts rounded to the nearest 5."""
    return rounded(released, hide_up_to=7, round_counts_to=5, money=money, dearest=DEAREST)


def area(**columns) -> pd.DataFrame:
    """Return one row of `sufficiency_area`: 23 pupils, 14 of them placed, 9 without; 18 places."""
    known = {
        "demand_pupils": 23,
        "placed_local_pupils": 14,
        "without_local_place_pupils": 9,
        "without_local_place_share": 9 / 23,
        "capacity_places": 18,
        "location_balance_places": -5,
    }
    return pd.DataFrame([SLICE | known | columns])


def test_halves_go_away_from_nought():
    values = [0, 1, 2, 3, 7, 8, 12, 13, -8, -12, -13, np.nan]
    assert nearest(values, 5).tolist()[:-1] == [0, 0, 0, 5, 5, 10, 10, 15, -10, -10, -15]
    assert nearest([4, 5, 14, 15, -5], 10).tolist() == [0, 10, 10, 20, -10]
    assert np.isnan(nearest(values, 5)[-1])
    assert nearest([3, 4], 0).tolist() == nearest([3, 4], 1).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("hide_up_to", "base", "sound"),
    [
        (5, 0, True),
        (7, 5, True),
        (10, 0, True),
        (12, 5, True),
        (14, 10, True),
        # 6 would be printed as 5
        (5, 5, False),
        # 11 would be printed as 10
        (10, 5, False),
        (10, 10, False),
        # 1 would be printed as 0
        (0, 5, False),
    ],
)
def test_which_rules_are_sound(hide_up_to, base, sound):
    assert sound_rule(hide_up_to, base) is sound
    assert bool(rule_faults(hide_up_to, base)) is not sound


def test_a_rule_that_is_refused_names_one_that_is_not():
    (said,) = rule_faults(10, 5)
    assert "11 pupils would be printed as 10" in said
    assert "hide_up_to = 12" in said
    assert "must be 0 (counts as they are), 5 or 10" in rule_faults(7, 3)[0]
    with pytest.raises(ValueError, match="could be printed as one of 1 to 5"):
        rounded(made(), hide_up_to=5, round_counts_to=5)


def test_the_rule_in_words():
    assert rules_text(5, 0) == "Counts of 1 to 5 pupils are shown as c, and so is what would give them away."
    assert "1 to 7 pupils are shown as c" in rules_text(7, 5)
    assert "other counts of pupils are rounded to the nearest 5" in rules_text(7, 5)
    assert "a total may differ from the sum of its parts" in rules_text(7, 5)
    assert rules_text(0, 0) == "Nothing is hidden."


def test_shares_and_balances_are_worked_out_from_rounded_counts():
    before = made(sufficiency_area=area())
    row = by_rule(before).tables["sufficiency_area"].iloc[0]
    # 23 -> 25, 14 -> 15, 9 -> 10; 10 / 25; 18 places less 25
    assert (row["demand_pupils"], row["placed_local_pupils"], row["without_local_place_pupils"]) == (25, 15, 10)
    assert row["without_local_place_share"] == pytest.approx(0.4)
    assert (row["capacity_places"], row["location_balance_places"]) == (18, -7)
    assert before.tables["sufficiency_area"]["demand_pupils"].tolist() == [23], "what came in is as it was"


def test_what_is_hidden_stays_hidden():
    table = area(demand_pupils=pd.NA, without_local_place_share=pd.NA, location_balance_places=pd.NA)
    found = by_rule(made(sufficiency_area=table.astype({"demand_pupils": "Int64"})))
    for column in ("demand_pupils", "without_local_place_share", "location_balance_places"):
        assert found.tables["sufficiency_area"][column].isna().all()
        assert found.hidden["sufficiency_area"][column].all()


def test_a_small_count_that_nobody_hid_is_hidden_and_not_rounded_to_one():
    found = by_rule(made(reasons=pd.DataFrame({"pupils": [0, 1, 7, 8, 12]})))
    assert found.tables["reasons"]["pupils"].astype("Int64").fillna(-1).tolist() == [0, -1, -1, 10, 10]
    assert found.hidden["reasons"]["pupils"].tolist() == [False, True, True, False, False]


def test_pupils_in_are_the_sum_of_what_is_printed():
    table = pd.DataFrame({"in": [46, 45], "placed": [23, 30], "unplaced": [13, 3], "excluded": [10, 12]})
    found = by_rule(made(conservation=table))
    first, second = (found.tables["conservation"].iloc[at].tolist() for at in (0, 1))
    assert first == [25 + 15 + 10, 25, 15, 10]
    assert pd.isna(second[0])
    assert pd.isna(second[2])
    assert found.hidden["conservation"].to_numpy().tolist() == [[False] * 4, [True, False, True, False]]


def test_a_change_is_the_difference_of_what_is_printed():
    table = pd.DataFrame(
        {
            "scenario_id": "s",
            "against_id": "t",
            "policy": "optimal",
            "year": 2028,
            "area_id": "C",
            "measure": ["placed_local_pupils", "mean_min", "location_balance_places"],
            "before": [23.0, 12.3, -9.0],
            "after": [31.0, 12.8, -5.0],
            "change": [8.0, 0.5, 4.0],
            "better_off_pupils": [8, 8, 8],
            "worse_off_pupils": [0, 0, 0],
        }
    )
    both = pd.concat([area(), area(scenario_id="t", capacity_places=14)], ignore_index=True)
    found = by_rule(made(comparison_area=table, sufficiency_area=both)).tables["comparison_area"]
    assert found[["before", "after", "change"]].to_numpy().tolist() == [[25, 30, 5], [12.3, 12.8, 0.5], [-11, -7, 4]]
    assert found["better_off_pupils"].tolist() == [10] * 3


def bridge(growth: int) -> pd.DataFrame:
    """Return a bridge: 434 + 220 + growth - what is left = 679 = 2,312 needed less 1,633."""
    steps = [434, 220, growth, 679 - 654 - growth, 679]
    notes = ["a", "b", "c", "d", "2,312 needed less 1,633 today"]
    return pd.DataFrame({"start_pupils": [0, 434, 654, 654 + growth, 0], "pupils": steps, "note": notes})


def test_the_bridge_meets_again():
    found = by_rule(made(bridge=bridge(281))).tables["bridge"]
    # 2310 less 1633 is 677; 435 + 220 + 280 = 935; 677 less 935
    assert found["pupils"].tolist() == [435, 220, 280, -258, 677]
    assert found["start_pupils"].tolist() == [0, 435, 655, 935, 0]
    assert found["note"].iloc[-1] == "2,310 needed less 1,633 today"


def test_a_bridge_whose_last_step_becomes_small_has_no_figures():
    # 435 + 220 + 20 = 675, which is 2 from 677
    found = by_rule(made(bridge=bridge(18)))
    assert found.tables["bridge"]["pupils"].isna().all()
    assert found.hidden["bridge"][["pupils", "start_pupils"]].all(axis=None)
    assert found.tables["bridge"]["note"].iloc[-1] == "needed less places today"


def test_homes_in_words_are_rounded():
    effects = pd.DataFrame({"homes": ["South 74; Area 51 13", ""], "homes_rest_pupils": [12, 0]})
    found = by_rule(made(scheme_effects=effects)).tables["scheme_effects"]
    assert found["homes"].tolist() == ["South 75; Area 51 15", ""]
    assert found["homes_rest_pupils"].tolist() == [10, 0]


def test_money_does_not_give_a_count_back():
    kinds = pd.DataFrame(
        [{**SLICE, "provision_type": "special_school", "placed_local_pupils": 14, "demand_pupils": 23}]
    )
    rows = pd.DataFrame([{**SLICE, "purse": "high_needs_block", "item": one} for one in "abc"])
    rows[["gbp_low", "gbp_central", "gbp_high"]] = [[140_000.0, 280_000.0, 350_000.0]] * 3
    money = rows.assign(behind=["special_school:placed_local_pupils", "headline:other_council_pupils", "pupil_km"])
    trips = pd.DataFrame([{**SLICE, "pupils": 14}])
    exact = made(
        money=rows,
        sufficiency_area=area(other_council_pupils=9),
        sufficiency_area_type=kinds,
        journeys_area=trips,
    )
    found = by_rule(exact, money=money)
    bands = found.tables["money"][["gbp_low", "gbp_central", "gbp_high"]]
    # 14 pupils at 10,000, 20,000 and 25,000 become 15
    assert bands.iloc[0].tolist() == [150_000, 300_000, 375_000]
    # pupils at several prices: to the nearest 5 x 60,000; what would read as nought is hidden
    assert bands.iloc[1].isna().tolist() == [True, False, False]
    assert bands.iloc[1, 1:].tolist() == [300_000, 300_000]
    assert found.hidden["money"]["gbp_low"].tolist() == [False, True, False]
    assert bands.iloc[2].tolist() == [140_000, 280_000, 350_000]
    with pytest.raises(ValueError, match="without the table"):
        by_rule(exact)


def test_changes_of_money_and_vehicles_go_in_steps():
    change = pd.DataFrame({"purse": ["general_fund_transport", "general_fund_transport", "capital"]})
    for column in ("gbp_low", "gbp_central", "gbp_high"):
        change[column] = [-61_000.0, 12_000.0, 1_234.0]
    carbon = pd.DataFrame({f"vehicles_{band}": [0, 2, 13] for band in ("low", "central", "high")})
    found = by_rule(made(money_change=change, carbon_change=carbon))
    assert found.tables["money_change"]["gbp_low"].fillna(-1).tolist() == [-80_000, -1, 1_234]
    assert found.hidden["money_change"]["gbp_low"].tolist() == [False, True, False]
    assert found.tables["carbon_change"]["vehicles_low"].fillna(-1).tolist() == [0, -1, 15]


def entry(hide_up_to: int, base: int) -> Entry:
    """Return an entry of a release by a rule."""
    cells = pd.DataFrame(
        [["gap", "s", "optimal", 2028, "C", "all", "all", "headline", "demand_pupils", True, 25]],
        columns=["system", "scenario_id", "policy", "year", "area_id", "phase", "need", "provision_type", "measure",
                 "printed", "value"],
    )  # fmt: skip
    return Entry("a1", "1", ("s",), cells.astype({"value": "Int64"}), hide_up_to, base)


@pytest.mark.parametrize(
    ("then", "now", "allowed"),
    [
        ((5, 0), (5, 0), True),
        ((7, 5), (7, 5), True),
        # rounding what was printed tells nothing new; hiding more is decided cell by cell
        ((5, 0), (7, 5), True),
        ((5, 0), (10, 0), True),
        ((7, 5), (7, 0), False),
        ((7, 5), (14, 10), False),
        ((7, 5), (5, 0), False),
        ((10, 0), (5, 0), False),
        ((10, 0), (7, 5), False),
    ],
)
def test_no_rule_undoes_an_earlier_one(then, now, allowed):
    register = Register((entry(*then),))
    if allowed:
        require_same_rule(register, hide_up_to=now[0], round_counts_to=now[1])
        return
    with pytest.raises(InfeasibleError, match=rf"release a1 hid counts of 1 to {then[0]}"):
        require_same_rule(register, hide_up_to=now[0], round_counts_to=now[1])


def test_the_register_keeps_the_rule(tmp_path):
    write_entry(Register(), tmp_path / "releases", entry(7, 5))
    (found,) = read_register(tmp_path / "releases").entries
    assert (found.hide_up_to, found.round_counts_to) == (7, 5)
    assert found.cells["value"].tolist() == [25]
