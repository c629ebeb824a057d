"""The placement mix: totals kept, shares as stated, nobody leaves a special school for a base."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand.forecast import forecast_counts
from sufficiency.demand.mix import MOST_SHARE, _share_out, apply_mix
from sufficiency.model.errors import ParameterError


def _with(parameters, **values):
    changed = {
        name: dataclasses.replace(parameters.assumptions[name], value=value, low=None, high=None)
        for name, value in values.items()
    }
    return dataclasses.replace(parameters, assumptions={**parameters.assumptions, **changed})


@pytest.fixture(scope="module")
def counts(oxfordshire):
    return forecast_counts(oxfordshire.population, oxfordshire.rates, oxfordshire.controls, oxfordshire.parameters)


def _headline(counts: pd.DataFrame) -> pd.DataFrame:
    return counts[counts["place_sought"].isin(["special_school", "specialist_base"]) & counts["ncy"].between(0, 14)]


def test_bases_are_sought_on_a_straight_line_between_the_two_stated_mixes(counts, oxfordshire):
    """132 of 2,031 in 2024; 26.7 % from 2030.

    2028 lies 4/6 of the way: 6.499 % + 4/6 × (26.7 % − 6.499 %) = 19.966 %; × 2,312 = 461.6 -> 462.
    2030: 26.7 % × 2,382 = 635.99 -> 636. 2031: 26.7 % × 2,417 = 645.3 -> 645.
    """
    mixed = _headline(apply_mix(counts, oxfordshire.parameters))
    bases = mixed[mixed["place_sought"] == "specialist_base"].groupby("year")["pupils"].sum()
    assert bases.loc[[2024, 2028, 2030, 2031]].to_dict() == {2024: 132, 2028: 462, 2030: 636, 2031: 645}


def test_the_total_of_every_year_year_group_and_need_is_kept(counts, oxfordshire):
    key = ["year", "ncy", "need", "attendance"]
    before = _headline(counts).groupby(key)["pupils"].sum()
    after = _headline(apply_mix(counts, oxfordshire.parameters)).groupby(key)["pupils"].sum()
    pd.testing.assert_series_equal(before, after)


def test_only_those_who_entered_a_phase_after_the_calibration_year_change(counts, oxfordshire):
    """In 2026 those in Year 9 entered Year 7 in 2024, and those in Year 3 Reception in 2023: none of them changes."""
    mixed = apply_mix(counts, oxfordshire.parameters)

    def bases(frame: pd.DataFrame, year: int, ncy: int) -> int:
        rows = _headline(frame)
        rows = rows[(rows["year"] == year) & (rows["ncy"] == ncy) & (rows["place_sought"] == "specialist_base")]
        return int(rows["pupils"].sum())

    for year, ncy in ((2026, 9), (2026, 3), (2028, 11), (2028, 12)):
        assert bases(counts, year, ncy) == bases(mixed, year, ncy), (year, ncy)
    assert bases(mixed, 2026, 7) > bases(counts, 2026, 7)


def test_as_today_changes_nothing(counts, oxfordshire):
    same = apply_mix(counts, _with(oxfordshire.parameters, placement_mix="as_today"))
    pd.testing.assert_frame_equal(same, counts)


def test_an_unknown_mix_is_refused(counts, oxfordshire):
    with pytest.raises(ParameterError, match="placement_mix must be one of as_today, towards_bases"):
        apply_mix(counts, _with(oxfordshire.parameters, placement_mix="towards_the_moon"))


def test_a_share_beyond_what_new_starters_allow_is_refused(counts, oxfordshire):
    with pytest.raises(ParameterError, match="more pupils to seek a base"):
        apply_mix(counts, _with(oxfordshire.parameters, specialist_base_share_when_complete=0.95))


def test_sharing_out_stops_at_the_most_of_a_cell():
    """Weights 9:1 over cells of 10 and 100: 12 would be 10.8 and 1.2, but the first gives 9 at most: 9 and 3."""
    assert MOST_SHARE == 0.9
    moved = _share_out(np.array([9.0, 1.0]), np.array([10, 100]), 12, 2030)
    assert moved.tolist() == [9, 3]
