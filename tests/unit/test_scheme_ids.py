"""The ids of schemes and of their provision: made in one place, and the scenario's name taken off again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.scheme_ids import NAME, own_scheme_id, scheme_provision_id, without_scenario

NAMES = st.from_regex(NAME, fullmatch=True)
YEARS = st.integers(-3, 15)


@given(NAMES, NAMES, NAMES, YEARS, YEARS)
def test_the_name_of_the_scenario_is_all_that_is_taken_off(one, other, scheme, first, last):
    ids = {without_scenario(scheme_provision_id(own_scheme_id(name, scheme), first, last)) for name in (one, other)}
    assert ids == {scheme_provision_id(scheme, first, last)}


@pytest.mark.parametrize(
    ("provision_id", "kept"),
    [
        ("what_if.scheme-1:0-14", "scheme-1:0-14"),
        ("_programme.scheme-1:-1-6", "scheme-1:-1-6"),
        ("scheme-1:0-14", "scheme-1:0-14"),
        ("123331-non-maintained-day", "123331-non-maintained-day"),
        ("St. John's base", "St. John's base"),
        ("a.b", "a.b"),
        ("", ""),
    ],
)
def test_other_ids_are_left_alone(provision_id, kept):
    assert without_scenario(provision_id) == kept
