"""A year renewed from one that is known is the year built anew: every table and every array of it, to the type."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.allocation import HeadStart, Rules, allocate, build_eligibility
from sufficiency.allocation.eligibility import Eligibility
from sufficiency.allocation.renewal import renewed
from tests.property.test_allocation_policies import ACCEPTANCE, towns

CHANGES = {
    "setting_id": list("abcde"),
    "provision_type": ["special_school", "specialist_base", "mainstream_class"],
    "needs": ["ASD", "SEMH;SLD"],
    "ncy_from": [0, 3],
    "ncy_to": [2, 14],
    "sex": ["any", "F"],
    "ehcp_required": [True, False],
    "attendance": ["day", "termly"],
    "tier": ["local", "independent"],
}


@st.composite
def two_years(draw: st.DrawFn) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Draw a town, and other provision and places of it: some gone, some changed, some new, in another order."""
    town = draw(towns())
    rows = []
    for row in town["provision"].to_dict("records"):
        if draw(st.booleans()):
            column = draw(st.sampled_from([None, *CHANGES]))
            rows.append(row if column is None else row | {column: draw(st.sampled_from(CHANGES[column]))})
        if draw(st.booleans()):
            rows.append(row | {"provision_id": f"{draw(st.sampled_from(['a', 'q']))}-{row['provision_id']}"})
    rows = draw(st.permutations(rows))
    provision = pd.DataFrame(rows, columns=town["provision"].columns).astype(town["provision"].dtypes.to_dict())
    places = pd.DataFrame(
        [(one, 2024, draw(st.integers(0, 4))) for one in provision["provision_id"] if draw(st.booleans())],
        columns=["provision_id", "year", "planned_places"],
    )
    return town, provision, places


def hold_same(found: Eligibility, wanted: Eligibility) -> None:
    for field in dataclasses.fields(Eligibility):
        one, two = getattr(found, field.name), getattr(wanted, field.name)
        if isinstance(two, pd.DataFrame):
            pd.testing.assert_frame_equal(one, two)
        elif isinstance(two, dict):
            assert list(one) == list(two)
            for name in two:
                np.testing.assert_array_equal(one[name], two[name], strict=True)
        else:
            np.testing.assert_array_equal(one, two, strict=field.name != "year")


@settings(max_examples=100)
@given(years=two_years(), substitutes=st.booleans())
def test_a_renewed_year_is_the_year_built_anew(years, substitutes):
    town, provision, places = years
    acceptance = ACCEPTANCE if substitutes else ACCEPTANCE.iloc[:0]
    rules = Rules(reach_limit_min={"primary": 60.0})
    known = build_eligibility(
        town["demand"], town["provision"], town["places"], acceptance, town["travel"], year=2024, rules=rules
    )
    wanted = build_eligibility(town["demand"], provision, places, acceptance, town["travel"], year=2024, rules=rules)
    hold_same(renewed(known, provision, places, acceptance, town["travel"], rules=rules), wanted)
    questions = {"policy": "optimal", "years": [2024], "scenario_id": "s", "rules": rules}
    tables = (town["demand"], provision, places, acceptance, town["travel"])
    one, two = (allocate(*tables, **questions, head_start=start) for start in (None, HeadStart(known)))
    for name in ("allocation", "unplaced", "excluded", "provision_use", "interchangeable"):
        pd.testing.assert_frame_equal(getattr(two, name), getattr(one, name))
    assert one.certificates == two.certificates


@given(town=towns())
def test_a_head_start_of_another_year_is_not_taken(town):
    tables = (town["demand"], town["provision"], town["places"], ACCEPTANCE, town["travel"])
    start = HeadStart(build_eligibility(*tables, year=2025))
    one, two = (
        allocate(*tables, policy="optimal", years=[2024], scenario_id="s", head_start=given) for given in (None, start)
    )
    pd.testing.assert_frame_equal(two.allocation, one.allocation)
