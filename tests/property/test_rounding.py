"""Laws of rounded releases, over drawn numbers and drawn counties."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.disclosure import release
from sufficiency.disclosure.register import Register, entry_of
from sufficiency.disclosure.rounding import rounded
from sufficiency.model.rounding import nearest, sound_rule
from tests import microdata, two_releases
from tests import tiny_county as tiny

rules = st.tuples(st.integers(0, 100), st.sampled_from([5, 10])).filter(lambda rule: sound_rule(*rule))


@given(st.integers(-10_000, 10_000), st.sampled_from([5, 10]))
def test_a_rounded_count_is_a_near_multiple_and_stays(count, base):
    found = float(nearest(count, base))
    assert found % base == 0
    assert abs(found - count) <= base / 2
    assert float(nearest(found, base)) == found
    assert float(nearest(-count, base)) == -found
    assert str(float(nearest(0, base))) == "0.0"


@given(rules, st.integers(1, 10_000))
def test_a_sound_rule_prints_no_count_as_a_hidden_one(rule, more):
    hide_up_to, base = rule
    assert float(nearest(hide_up_to + more, base)) > hide_up_to


@cache
def _exact(seed: int):
    county = microdata.draw(np.random.default_rng(seed), most=30)
    return release(microdata.tables(county), tiny.areas(), hide_up_to=7)


def _by_rule(released):
    return rounded(released, hide_up_to=7, round_counts_to=5)


def _counts(released):
    for name, table in released.tables.items():
        for column in table.columns:
            if column == "pupils" or column.endswith("_pupils"):
                yield name, column, table[column].astype("Float64")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 30))
def test_a_rounded_release(seed):
    exact = _exact(seed)
    found, again = _by_rule(exact), _by_rule(exact)
    before = {(name, column): values for name, column, values in _counts(exact)}
    seen = 0
    for name, column, values in _counts(found):
        whole = before[name, column]
        shown = values.notna()
        assert (values[shown] % 5 == 0).all()
        assert not values[shown].abs().between(1, 7).any()
        assert ((values - whole)[shown].abs() <= 2.5).all()
        assert ((values == 0) == (whole == 0))[shown].all()
        assert (shown == whole.notna()).all(), "the drawn tables hide every small count already"
        seen += int(shown.sum())
    assert seen > 100
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
        keys = [one for one in table.columns if not pd.api.types.is_numeric_dtype(table[one]) or one == "year"]
        pd.testing.assert_frame_equal(table[keys], exact.tables[name][keys])
        assert (found.hidden[name].to_numpy(bool) == exact.hidden[name].to_numpy(bool)).all()
    twice = _by_rule(found)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, twice.tables[name], check_dtype=False)


def _run(county, scenarios, earlier=None):
    chosen = [county.scenarios.index(name) for name in scenarios]
    part = microdata.County(tuple(scenarios), county.pupils[chosen])
    return release(microdata.tables(part), tiny.areas(), hide_up_to=7, earlier=earlier)


@pytest.mark.parametrize("seed", [0, 3])
def test_beside_a_rounded_release_what_was_hidden_stays_hidden(seed):
    county = two_releases.draw(seed)
    first = _run(county, ["do_nothing", "programme"])
    told = entry_of(
        _by_rule(first), tiny.areas(), run_id="a1", version="1", scenarios=(), hide_up_to=7, round_counts_to=5
    )
    assert (told.cells["value"].dropna() % 5 == 0).all(), "the register holds what was printed"
    second = _run(county, ["do_nothing", "extra"], Register((told,)))
    for name in ("sufficiency_area", "sufficiency_area_type", "sufficiency_district_phase"):
        key = [
            one for one in ("policy", "year", "area_id", "phase", "need", "provision_type") if one in first.tables[name]
        ]
        veils = []
        for found in (first, second):
            table = found.tables[name].reset_index(drop=True)
            kept = table["scenario_id"] == "do_nothing"
            veil = found.hidden[name].reset_index(drop=True)
            counts = [one for one in veil.columns if one.endswith("_pupils")]
            veils.append(pd.concat([table[key], veil[counts]], axis=1)[kept].set_index(key).sort_index())
        assert (veils[1].to_numpy(bool) >= veils[0].to_numpy(bool)).all(), name
