"""Laws of scenarios: places rise by what is opened, order is irrelevant, nothing is changed in place (U1 to U4)."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency import measures, planning
from tests import tiny_county as tiny

_STOCK = st.lists(
    st.tuples(st.sampled_from(["new-school", "more-first"]), st.sampled_from([2027, 2028]), st.integers(0, 40)),
    unique_by=lambda row: row[:2],
    max_size=4,
)


def area_with(stock, order=("new-school", "more-first")):
    rows = [(scheme, year, 0, 14, places) for scheme, year, places in stock]
    table = pd.DataFrame(rows, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places"]).assign(source="made up")
    table = table.astype(
        {"scheme_id": object, "year": "int64", "ncy_from": "int64", "ncy_to": "int64", "places": "int64"}
    )
    return tiny.inputs(scheme_places=table, scenarios={"x": tiny.scenario("x", *order)})


def capacity_of(area):
    table = measures.capacity_by_area(area.places, area.provision, area.settings, "C")
    return table.set_index(["area_id", "year", "provision_type"])["capacity_places"]


@settings(max_examples=25, deadline=None)
@given(_STOCK)
def test_capacity_rises_by_exactly_the_places_opened(stock):
    area = area_with(stock)
    before, after = capacity_of(area), capacity_of(planning.apply_scenario(area, "x"))
    for year in (2024, 2025, 2027, 2028):
        opened = sum(places for _, at, places in stock if at == year)
        gained = after.get(("C", year, "headline"), 0) - before.get(("C", year, "headline"), 0)
        assert gained == opened
        assert after.get(("D2", year, "headline"), 0) == before.get(("D2", year, "headline"), 0)


@settings(max_examples=15, deadline=None)
@given(_STOCK)
def test_order_of_schemes_and_rows_is_irrelevant_and_nothing_is_changed(stock):
    one, two = area_with(stock), area_with(stock[::-1], ("more-first", "new-school"))
    kept = one.places.copy(), one.provision.copy(), pd.DataFrame(one.settings).copy()
    first, second = (planning.apply_scenario(area, "x") for area in (one, two))
    for name in ("places", "provision"):
        key = ["provision_id", "year"] if name == "places" else ["provision_id"]
        left, right = (getattr(area, name).sort_values(key, ignore_index=True) for area in (first, second))
        pd.testing.assert_frame_equal(left, right)
    pd.testing.assert_frame_equal(one.places, kept[0])
    pd.testing.assert_frame_equal(one.provision, kept[1])
    pd.testing.assert_frame_equal(pd.DataFrame(one.settings), kept[2])


@settings(max_examples=10, deadline=None)
@given(_STOCK)
def test_a_scheme_without_places_is_no_change_of_places(stock):
    """L4: a scheme with no place open gives the baseline's places."""
    nothing = [(scheme, year, 0) for scheme, year, _ in stock]
    area = area_with(nothing)
    after = planning.apply_scenario(area, "x")
    assert capacity_of(after).equals(capacity_of(area))
    assert len(after.provision) == len(area.provision)
