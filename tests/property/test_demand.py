"""Laws of demand: totals, order, and pupils who keep their homes."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given

from sufficiency.demand.calibration import fit_margins, round_to_margins
from sufficiency.demand.forecast import apportion
from sufficiency.demand.location import locate
from sufficiency.model.vocabulary import NEEDS

weights = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=30).filter(lambda w: sum(w) > 1e-3)


@given(weights, st.integers(0, 5000))
def test_apportionment_meets_the_total_within_quota(weight: list[float], total: int) -> None:
    exact = np.array(weight) / np.sum(weight) * total
    found = apportion(np.array(weight), total)
    assert found.sum() == total
    assert (np.abs(found - exact) < 1 + 1e-6).all()
    assert (found[np.array(weight) == 0] == 0).all()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30).filter(any), st.integers(1, 5))
def test_whole_shares_are_kept(pupils: list[int], times: int) -> None:
    assert apportion(np.array(pupils, float), sum(pupils) * times).tolist() == [n * times for n in pupils]


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(2, 4), st.integers(2, 4))
def test_two_way_margins_of_two_dimensions_are_met_exactly(seed: int, a: int, b: int, top: int) -> None:
    truth = np.random.default_rng(seed).integers(0, top * 5, (a, b))
    margins = {(0,): truth.sum(1), (1,): truth.sum(0)}
    if truth.sum() == 0:
        return
    whole = round_to_margins(fit_margins(np.ones((a, b)), margins), margins)
    assert (whole.sum(1) == truth.sum(1)).all()
    assert (whole.sum(0) == truth.sum(0)).all()
    assert (whole >= 0).all()


@st.composite
def counts_and_population(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a few cohorts through three years, and a few zones, some empty."""
    cohorts = draw(
        st.lists(st.tuples(st.integers(2010, 2022), st.sampled_from(NEEDS)), min_size=1, max_size=6, unique=True)
    )
    rows = [
        (year, year - cohort, need, "special_school", "day", draw(st.integers(1, 25)))
        for cohort, need in cohorts
        for year in (2024, 2025, 2026)
    ]
    counts = pd.DataFrame(rows, columns=["year", "ncy", "need", "place_sought", "attendance", "pupils"])
    zones = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people = pd.DataFrame(
        [
            (f"zone-{zone}", 2024, age, 5.0 if zone == 0 else float(rng.choice([0.0, 1.5, 40.0])))
            for zone in range(zones)
            for age in range(6, 19)
        ],
        columns=["zone_id", "year", "age", "people"],
    )
    return counts, people


@given(counts_and_population())
def test_homes_conserve_persist_and_have_people(drawn: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    counts, people = drawn
    found = locate(counts, people, 2024)
    cell = ["year", "ncy", "need", "place_sought", "attendance"]
    sums = found.groupby(cell)["pupils"].sum()
    pd.testing.assert_series_equal(sums, counts.set_index(cell)["pupils"].sort_index())
    # A cohort's homes in a year are, zone by zone, at most those of any year in which the cohort is larger.
    found["cohort"] = found["year"] - found["ncy"]
    for _, group in found.groupby(["cohort", "need"]):
        by_year = group.pivot_table(index="origin_id", columns="year", values="pupils", aggfunc="sum", fill_value=0)
        order = by_year.sum().sort_values(kind="stable").index
        for smaller, larger in pairwise(order):
            assert (by_year[smaller] <= by_year[larger]).all()
    # The age in 2024 says who lives where; ages beyond the table take the nearest.
    inhabited = people[people["people"] > 0].set_index(["zone_id", "age"]).index
    age = (found["ncy"] + 4 - (found["year"] - 2024)).clip(6, 18)
    assert set(zip(found["origin_id"], age, strict=True)) <= set(inhabited)


@given(counts_and_population(), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(drawn: tuple[pd.DataFrame, pd.DataFrame], seed: int) -> None:
    counts, people = drawn
    found = locate(counts, people, 2024)
    shuffled = locate(counts.sample(frac=1, random_state=seed), people.sample(frac=1, random_state=seed), 2024)
    pd.testing.assert_frame_equal(found, shuffled)


@given(st.integers(50, 400), st.lists(st.integers(1, 50), min_size=2, max_size=8), st.integers(2008, 2020))
def test_a_large_group_spreads_as_the_people_do(pupils: int, people: list[int], cohort: int) -> None:
    counts = pd.DataFrame(
        {"year": 2024, "ncy": 2024 - cohort, "need": "ASD", "place_sought": "special_school", "attendance": "day"},
        index=[0],
    ).assign(pupils=pupils)
    zones = [f"z{i}" for i in range(len(people))]
    homes = pd.DataFrame({"zone_id": zones, "year": 2024, "age": 10, "people": np.array(people, float)})
    found = locate(counts, homes, 2024).set_index("origin_id")["pupils"].reindex(zones, fill_value=0)
    exact = np.array(people) / sum(people) * pupils
    # The golden-ratio sequence leaves any interval of its expectation within a few points (logarithmic discrepancy).
    assert (np.abs(found.to_numpy() - exact) < 2 + np.log2(pupils)).all()
