"""The forecast in the shape of the survey: worked by hand, and a reader who sets it beside what else is printed."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from sufficiency.disclosure.returns import put_scap
from sufficiency.disclosure.shelf import Shelf, no_mask
from sufficiency.disclosure.side import put_transfers
from sufficiency.measures.scap import scap_table
from sufficiency.model.errors import SufficiencyError
from tests import tiny_county as tiny

K = 5
PHASE = {"R": "primary", **{f"Y{n}": "primary" for n in range(1, 7)}, **{f"Y{n}": "secondary" for n in range(7, 12)},
         **{f"Y{n}": "post_16" for n in range(12, 15)}}  # fmt: skip
GROUPS = tuple(PHASE)
NEEDS = ("communication_and_interaction", "cognition_and_learning", "semh")


# --- the table -----------------------------------------------------------------------------------------------------


def test_the_tiny_county_by_hand():
    """Headline pupils of 2028: 8 in Year 6, 10 in Year 3, 1 in Year 5 (home not known), 5 in Y7, 7 in Y8, 4 in Y11.

    The 9 who seek a college are another stream. 2028 is in the seven years after 2024, and in the five.
    """
    table = scap_table(tiny.demand(), tiny.parameters())
    assert set(table["year"]) == {2028}
    shown = table.set_index(["scap_phase", "year_group"])["pupils"]
    expected = {("primary", "all"): 19, ("primary", "Y3"): 10, ("primary", "Y5"): 1, ("primary", "Y6"): 8,
                ("secondary", "all"): 16, ("secondary", "Y7"): 5, ("secondary", "Y8"): 7,
                ("secondary", "Y11"): 4}  # fmt: skip
    assert {key: value for key, value in shown.items() if value} == expected
    assert [group for phase, group in shown.index if phase == "primary"] == [
        "all",
        "R",
        *(f"Y{n}" for n in range(1, 7)),
    ]
    assert [group for phase, group in shown.index if phase == "secondary"] == ["all", *(f"Y{n}" for n in range(7, 15))]


def test_five_years_of_primary_and_seven_of_secondary_and_what_is_missing_is_said():
    years = pd.concat([tiny.demand().assign(year=year) for year in range(2024, 2031)], ignore_index=True)
    table = scap_table(years, tiny.parameters())
    by_phase = dict(list(table.groupby("scap_phase")))
    assert sorted(set(by_phase["primary"]["year"])) == [2024, 2025, 2026, 2027, 2028, 2029]
    assert sorted(set(by_phase["secondary"]["year"])) == list(range(2024, 2031))
    assert set(by_phase["primary"]["note"]) == {"SCAP-style: check the current guide"}
    (note,) = set(by_phase["secondary"]["note"])
    assert note == (
        "SCAP-style: check the current guide. Of the 7 years asked for, the forecast does not reach 2031/32"
    )
    assert set(table.loc[table["year"] == 2024, "basis"]) == {"calibration"}
    assert set(table.loc[table["year"] > 2024, "basis"]) == {"forecast"}


# --- what is hidden ------------------------------------------------------------------------------------------------


def shelf_with(pupils: np.ndarray, hidden_phases=(), limit: int = K) -> tuple[Shelf, pd.DataFrame]:
    """Return a shelf with the county's demand by phase and the transfers of pupils[district, need, year group]."""
    names = tiny.areas().set_index("area_id")["area_name"]
    shelf = Shelf(names)
    counts = pupils.sum(axis=(0, 1))
    by_phase = pd.Series(counts, index=list(PHASE.values())).groupby(level=0).sum()
    demand = pd.DataFrame({"scenario_id": "do_nothing", "policy": "optimal", "year": 2028, "area_id": "C",
                           "phase": by_phase.index, "demand_pupils": by_phase.to_numpy()})  # fmt: skip
    mask = no_mask(demand)
    mask["demand_pupils"] = demand["phase"].isin(hidden_phases) | demand["demand_pupils"].between(1, limit)
    shelf.put("sufficiency_district_phase", demand, mask, list(demand.columns))
    rows = []
    for group, name in (("Y6", "Y6 to Y7"), ("Y11", "Y11 to Y12")):
        moving = pupils[:, :, GROUPS.index(group)]
        rows += [("C", name, need, int(count)) for need, count in zip(NEEDS, moving.sum(0), strict=True)]
        rows.append(("C", name, "all", int(moving.sum())))
        rows += [(area, name, "all", int(count)) for area, count in zip(tiny.DISTRICTS, moving.sum(1), strict=True)]
    transfers = pd.DataFrame(rows, columns=["area_id", "transfer", "need", "pupils"]).assign(year=2028)
    put_transfers(shelf, transfers, pd.DataFrame(tiny.areas()), limit)
    table = pd.concat([
        pd.DataFrame({"year": 2028, "basis": "forecast", "area_id": "C", "provision_type": "headline",
                      "scap_phase": phase, "year_group": ["all", *groups],
                      "pupils": [counts[at].sum(), *counts[at]], "note": "SCAP-style"})
        for phase, groups, at in (("primary", GROUPS[:7], slice(7)), ("secondary", GROUPS[7:], slice(7, None)))
    ], ignore_index=True)  # fmt: skip
    return shelf, table


def county(counts: dict[str, int]) -> np.ndarray:
    """Return pupils[2 districts, 3 needs, 15 year groups]: each count spread evenly, the rest in the first cell."""
    out = np.zeros((2, 3, len(GROUPS)), dtype=np.int64)
    for group, count in counts.items():
        out[:, :, GROUPS.index(group)] = count // 6
        out[0, 0, GROUPS.index(group)] += count % 6
    return out


def hidden_of(shelf: Shelf, table: pd.DataFrame, limit: int = K) -> list[str]:
    put_scap(shelf, table, limit)
    frame, mask = shelf.tables["scap_style_forecast"], shelf.hidden["scap_style_forecast"]
    assert frame.loc[mask["pupils"], "pupils"].isna().all()
    assert frame.loc[~mask["pupils"], "pupils"].tolist() == table.loc[~mask["pupils"].to_numpy(), "pupils"].tolist()
    return [f"{p} {g}" if g == "all" else g
            for p, g in frame.loc[mask["pupils"], ["scap_phase", "year_group"]].itertuples(index=False)]  # fmt: skip


BIG = dict.fromkeys(GROUPS, 60)


def test_nothing_is_hidden_where_nothing_is_small():
    assert hidden_of(*shelf_with(county(BIG))) == []


def test_one_small_year_group_takes_the_smallest_other_of_its_phase_with_it():
    """Post-16 is 84 + 40 + 3 and printed: 3 alone would be the rest. 40 is the smaller of the two others."""
    assert hidden_of(*shelf_with(county(BIG | {"Y12": 84, "Y13": 40, "Y14": 3}))) == ["Y13", "Y14"]


def test_two_small_ones_of_more_than_five_together_protect_each_other():
    assert hidden_of(*shelf_with(county(BIG | {"R": 3, "Y1": 4}))) == ["R", "Y1"]


def test_a_year_group_told_as_a_transfer_protects_nothing():
    """Y6 with 12 would be the smallest companion of Reception's 3, but phase transfers print it: Y1 goes instead."""
    pupils = county(BIG | {"R": 3, "Y6": 72, "Y1": 80, "Y2": 90, "Y3": 90, "Y4": 90, "Y5": 90})
    assert hidden_of(*shelf_with(pupils)) == ["R", "Y1"]


def test_a_year_group_hidden_as_a_transfer_hides_its_whole_phase():
    """All of Year 6 are 4 pupils of one district: phase transfers hide them, and the rest of primary would be them."""
    found = hidden_of(*shelf_with(county(BIG | {"Y6": 4})))
    assert found == list(GROUPS[:7])


def test_a_hidden_phase_hides_its_year_groups_and_the_total_that_would_tell_it():
    """Secondary of the survey is secondary and post-16: printed beside the one it would tell the other."""
    shelf, table = shelf_with(county(BIG), hidden_phases=("post_16", "secondary"))
    assert hidden_of(shelf, table) == ["secondary all", *GROUPS[7:]]


def test_what_cannot_be_protected_is_not_told_at_all():
    """Primary is 63 and Year 6 is 60, both printed elsewhere: no choice of cells hides a 3 in the rest."""
    counts = dict.fromkeys(GROUPS, 0) | {"Y6": 60, "Y2": 3} | dict.fromkeys(GROUPS[7:], 60)
    assert hidden_of(*shelf_with(county(counts))) == list(GROUPS[:7])


def test_a_year_that_is_not_asked_for_of_one_phase_is_told_of_the_other():
    shelf, table = shelf_with(county(BIG | {"Y14": 3}))
    assert hidden_of(shelf, table[table["scap_phase"] == "secondary"].reset_index(drop=True)) == ["Y12", "Y14"]


def test_an_internal_build_hides_nothing():
    counts = county(BIG | {"R": 1, "Y6": 2, "Y14": 3})
    assert hidden_of(*shelf_with(counts, limit=0), limit=0) == []


def test_year_groups_that_do_not_add_up_are_refused():
    shelf, table = shelf_with(county(BIG))
    table.loc[table["year_group"] == "Y3", "pupils"] += 1
    with pytest.raises(SufficiencyError, match="primary in 2028 add up to 421 pupils, but 420"):
        put_scap(shelf, table, K)


# --- a reader ------------------------------------------------------------------------------------------------------


def printed_rows(shelf: Shelf, *, with_scap: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return every printed figure as an equation over the pupils by district, need and year group."""
    cells = list(itertools.product(tiny.DISTRICTS, NEEDS, GROUPS))
    left, right = [], []

    def add(value, wanted) -> None:
        if pd.notna(value):
            left.append([float(wanted(cell)) for cell in cells])
            right.append(float(value))

    for row in shelf.tables["sufficiency_district_phase"].itertuples():
        add(row.demand_pupils, lambda cell, row=row: PHASE[cell[2]] == row.phase)
    for row in shelf.tables["phase_transfers"].itertuples():
        group = row.transfer.split()[0]
        add(row.pupils, lambda cell, row=row, group=group: cell[2] == group and row.area_id in {"C", cell[0]}
            and row.need in {"all", cell[1]})  # fmt: skip
    if with_scap:
        for row in shelf.tables["scap_style_forecast"].itertuples():
            inside = GROUPS[:7] if row.scap_phase == "primary" else GROUPS[7:]
            add(row.pupils, lambda cell, row=row, inside=inside: cell[2] in inside if row.year_group == "all"
                else cell[2] == row.year_group)  # fmt: skip
    return np.array(left), np.array(right)


def width(left: np.ndarray, right: np.ndarray, goal: np.ndarray) -> float:
    low = linprog(goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
    high = linprog(-goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
    assert low.status == high.status == 0
    return -high.fun - low.fun


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_no_reader_works_out_a_small_year_group_or_a_small_transfer(seed):
    """The unknowns are pupils by district, need and year group; the equations are all that is printed, in any table."""
    random = np.random.default_rng(seed)
    pupils = random.integers(0, 12, (2, 3, 15)) * (random.random((2, 3, 15)) < 0.45)
    shelf, table = shelf_with(pupils.astype(np.int64))
    put_scap(shelf, table, K)
    left, right = printed_rows(shelf, with_scap=True)
    before = printed_rows(shelf, with_scap=False)
    cells = list(itertools.product(tiny.DISTRICTS, NEEDS, GROUPS))
    frame, mask = shelf.tables["scap_style_forecast"], shelf.hidden["scap_style_forecast"]
    counts = pupils.sum(axis=(0, 1))
    for position, group in enumerate(GROUPS):
        if 1 <= counts[position] <= K:
            assert mask.loc[frame["year_group"] == group, "pupils"].all(), group
            goal = np.array([float(cell[2] == group) for cell in cells])
            # where the other tables tell it already (a phase less its transfer), this one must not make it worse
            assert width(left, right, goal) >= min(K, width(*before, goal)) - 1e-6, group
    hidden = shelf.tables["phase_transfers"][shelf.hidden["phase_transfers"]["pupils"].to_numpy()]
    for row in hidden.itertuples():
        goal = np.array([
            float(cell[2] == row.transfer.split()[0] and row.area_id in {"C", cell[0]} and row.need in {"all", cell[1]})
            for cell in cells
        ])  # fmt: skip
        assert width(left, right, goal) == pytest.approx(width(*before, goal), abs=1e-6), row
