"""The audit of a release finds every planted leak, and finds none in what the suppression releases."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sufficiency.disclosure import release
from sufficiency.disclosure.bounds import FAR, ContradictionError, propagate, ranges
from sufficiency.disclosure.pen import Relations
from sufficiency.disclosure.release_audit import AuditReport, audit_release, require_safe, truly_small
from sufficiency.disclosure.safe import coarser, safe_release
from sufficiency.model.errors import InfeasibleError
from tests import microdata
from tests import tiny_county as tiny

K = 5


def drawn(seed, most):
    """Return a county's tables without its made-up places, which its pupils do not fit."""
    made = microdata.tables(microdata.draw(np.random.default_rng(seed), most=most))
    blank = pd.array([pd.NA] * len(made["sufficiency"]), dtype="Int64")
    none = made["sufficiency"].assign(capacity_places=blank, location_balance_places=blank)
    return made | {"sufficiency": none}


@pytest.fixture(scope="module")
def tables():
    return drawn(6, 6)


@pytest.fixture(scope="module")
def released(tables):
    return release(tables, tiny.areas(), hide_up_to=K)


@pytest.fixture(scope="module")
def raw(tables):
    return release(tables, tiny.areas(), hide_up_to=0)


def audited(released):
    return audit_release(released, pd.DataFrame(tiny.areas()), hide_up_to=K)


def told(released, raw, name, rows, column):
    """Return the release with figures of one column printed after all."""
    table, veil = released.tables[name].copy(), released.hidden[name].copy()
    table.loc[rows, column] = raw.tables[name].loc[rows, column]
    veil.loc[rows, column] = False
    return dataclasses.replace(
        released, tables={**released.tables, name: table}, hidden={**released.hidden, name: veil}
    )


@pytest.mark.parametrize(("seed", "most"), [(6, 6), (3, 6), (1, 6), (3, 10)])
def test_what_is_released_is_safe_and_its_means_no_coarser_than_they_must_be(seed, most):
    made = drawn(seed, most)
    areas = pd.DataFrame(tiny.areas())
    found, report = safe_release(made, areas, hide_up_to=K)
    assert report.counts["hidden"] > 50
    assert report.counts["recoverable"] == 0
    truth = release(made, areas, hide_up_to=0)
    again = truly_small(audit_release(found, areas, hide_up_to=K), truth)
    assert again.counts["recoverable"] == 0
    require_safe(again)
    plain = release(made, areas, hide_up_to=K)
    bare = truly_small(audit_release(plain, areas, hide_up_to=K), truth).counts["recoverable"]
    below = found.tables["journeys_area"]["level"] != "county"
    same = found.tables["journeys_area"]["mean_min"].equals(plain.tables["journeys_area"]["mean_min"])
    assert same == (bare == 0), "means are coarser where, and only where, they tell too much"
    if not same:
        assert found.hidden["journeys_area"].loc[below, "mean_min"].any()
        assert found.tables["journeys_area"].loc[~below, "mean_min"].notna().any()


def test_means_of_two_areas_beside_that_of_both_are_found(released, raw):
    """Two districts whose means are printed to a tenth beside the county's: their weights follow."""
    assert truly_small(audited(released), raw).counts["recoverable"] > 0
    hidden = coarser(released, "hidden")
    assert truly_small(audited(hidden), raw).counts["recoverable"] == 0


def test_a_zero_known_to_be_nought_to_four_is_not_a_small_count(released, raw):
    report = audited(released)
    kept = truly_small(report, raw).recoverable
    assert len(kept) < len(report.recoverable)
    for table, column, row in zip(kept["table"], kept["column"], kept["row"], strict=True):
        assert row < 0 or 1 <= abs(raw.tables[table][column].iloc[row]) <= K


def test_a_release_that_hides_nothing_prints_small_counts(raw):
    report = audited(raw)
    assert report.counts["hidden"] == 0
    assert {"sufficiency_area", "flows"} <= set(report.recoverable["table"])
    with pytest.raises(InfeasibleError, match="column placed_local_pupils"):
        require_safe(report)


def test_one_small_count_printed_is_found(released, raw):
    name, column = "sufficiency_district_phase", "placed_local_pupils"
    small = raw.tables[name][column].between(1, K).fillna(False) & released.hidden[name][column]
    row = int(np.flatnonzero(small)[0])
    found = audited(told(released, raw, name, [row], column)).recoverable
    assert ((found["table"] == name) & (found["column"] == column)).any()


def test_every_secondary_of_a_sum_printed_but_one_is_found(released, raw):
    """All but one of the hidden flows of a home are printed, and its total too: the last one follows."""
    table, veil = released.tables["flows"], released.hidden["flows"]
    true = raw.tables["flows"]["pupils"]
    small = veil["pupils"] & true.between(1, K)
    row = int(np.flatnonzero(small)[0])
    key = ["scenario_id", "home_area_id"]
    beside = (table[key] == table.loc[row, key]).all(axis=1) & veil["pupils"]
    beside[row] = False
    planted = told(released, raw, "flows", np.flatnonzero(beside), "pupils")
    area = planted.tables["sufficiency_area"]
    mine = (area["area_id"] == table.loc[row, "home_area_id"]) & (area["scenario_id"] == table.loc[row, "scenario_id"])
    planted = told(planted, raw, "sufficiency_area", np.flatnonzero(mine), "placed_local_pupils")
    found = audited(planted).recoverable
    assert (found["table"] == "flows").any()


def hidden_small(released, raw, column):
    name = "sufficiency_area"
    small = raw.tables[name][column].between(1, K).fillna(False) & released.hidden[name][column]
    return name, int(np.flatnonzero(small)[0])


def test_a_share_that_pins_a_count_is_found(released, raw):
    name, row = hidden_small(released, raw, "without_local_place_pupils")
    planted = told(told(released, raw, name, [row], "without_local_place_share"), raw, name, [row], "demand_pupils")
    found = audited(planted).recoverable
    assert (found["column"] == "without_local_place_pupils").any()


def test_a_balance_that_gives_demand_away_is_found(released):
    areas = pd.DataFrame(tiny.areas())
    area = released.tables["sufficiency_area"].copy()
    veil = released.hidden["sufficiency_area"].copy()
    row = int(np.flatnonzero(area["area_id"] == "D1")[0])
    one = area["area_id"] == "D1"
    area.loc[one, "demand_pupils"] = pd.NA
    veil.loc[one, "demand_pupils"] = True
    area.loc[row, ["capacity_places", "location_balance_places"]] = [10, 7]
    with_balance = dataclasses.replace(
        released,
        tables={"sufficiency_area": area},
        hidden={"sufficiency_area": veil},
    )
    try:
        found = audit_release(with_balance, areas, hide_up_to=K).recoverable
    except ContradictionError:
        return  # the made-up balance pins demand to 3, which the other printed figures refute
    assert (found["column"] == "demand_pupils").any()


@pytest.mark.parametrize("column", ["before", "after"])
def test_a_comparison_that_prints_what_the_area_hides_is_found(released, raw, column):
    table, veil = released.tables["comparison_area"], released.hidden["comparison_area"]
    small = raw.tables["comparison_area"][column].between(1, K) & veil[column]
    small &= table["measure"].str.endswith("_pupils")
    row = int(np.flatnonzero(small)[0])
    found = audited(told(released, raw, "comparison_area", [row], column)).recoverable
    assert (found["table"] == "comparison_area").any()


def test_a_change_beside_one_printed_side_is_found(released, raw):
    table, veil = released.tables["comparison_area"], released.hidden["comparison_area"]
    truth = raw.tables["comparison_area"]
    rows = np.flatnonzero(
        veil["after"] & ~veil["before"] & truth["after"].between(1, K) & table["measure"].str.endswith("_pupils")
    )
    assert rows.size
    planted = told(released, raw, "comparison_area", rows[:1], "change")
    # what was worked out is the after side's cell in the table of areas
    found = audited(planted).recoverable
    assert {"sufficiency_area", "journeys_area"} & set(found["table"])


def test_two_scenarios_whose_masks_differ_for_one_figure_are_found(released, raw):
    """Demand is the same in both scenarios: one prints it."""
    name = "sufficiency_area_type"
    small = released.hidden[name]["demand_pupils"] & raw.tables[name]["demand_pupils"].between(1, K).fillna(False)
    one = small & (released.tables[name]["scenario_id"] == "programme")
    if not one.any():
        pytest.skip("no small demand by type in this county")
    row = int(np.flatnonzero(one)[0])
    found = audited(told(released, raw, name, [row], "demand_pupils")).recoverable
    assert (found["column"] == "demand_pupils").any()


def test_the_message_names_tables_and_no_figure():
    recoverable = pd.DataFrame(
        {"table": ["flows"], "column": ["pupils"], "row": [0], "key": ["x"], "low": [3], "high": [3]}
    )
    with pytest.raises(InfeasibleError, match=r"flows, column pupils: 1") as caught:
        require_safe(AuditReport(5, recoverable, recoverable))
    assert "3" not in str(caught.value)


@pytest.mark.parametrize("seed", range(40))
def test_ranges_by_brute_force(seed):
    """Small systems of sums: ranges narrower than asked for are those of all whole solutions."""
    random = np.random.default_rng(seed)
    size, count = 5, 3
    matrix = random.integers(-1, 2, (count, size)) * (random.random((count, size)) < 0.7)
    truth = random.integers(0, 4, size)
    value = (matrix @ truth).astype(float)
    grid = np.array(np.meshgrid(*[np.arange(7)] * size)).reshape(size, -1).T
    fits = grid[(grid @ matrix.T == value).all(axis=1)]
    row, figure = np.nonzero(matrix)
    relations = Relations(row, figure, matrix[row, figure].astype(float), value, value)
    low, high = np.zeros(size), np.full(size, 6.0)
    propagate(relations, low, high)
    least, greatest = ranges(relations, low, high, np.ones(size, dtype=bool), 3)
    inner_least, inner_greatest = fits.min(0), fits.max(0)
    assert (low <= inner_least).all()
    assert (high >= inner_greatest).all()
    narrow = greatest - least < 3
    assert (least[narrow] <= inner_least[narrow]).all()
    assert (greatest[narrow] >= inner_greatest[narrow]).all()


def test_figures_that_contradict_one_another_are_refused():
    """A total of 4 of one part of 5."""
    relations = Relations(np.array([0, 0]), np.array([0, 1]), np.array([1.0, -1.0]), np.zeros(1), np.zeros(1))
    with pytest.raises(ContradictionError):
        propagate(relations, np.array([4.0, 5.0]), np.array([4.0, FAR]))
