"""Laws of the programme search: more money, time or candidates never do harm, and order says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.planning.programme_search import Budget, prepare_search, search_programme
from tests import programme_county as small

if TYPE_CHECKING:
    from sufficiency.planning.programme_search import ProgrammeChoice

COUNTY = small.county()
ROWS = st.builds(
    lambda east, least, fixed, rate, year, share: {
        "easting_m": 1_000.0 * east,
        "least_places": least,
        "most_places": least + 4,
        "fixed_gbp": 1_000.0 * fixed,
        "capital_gbp_per_place": 1_000.0 * rate,
        "latest_year": year,
        "phasing": share,
    },
    st.integers(442, 478),
    st.integers(2, 8),
    st.integers(0, 200),
    st.integers(10, 60),
    st.integers(2027, 2028),
    st.sampled_from(["", "0.5;1"]),
)


def searched(rows: list[dict[str, Any]], thousands: int) -> ProgrammeChoice:
    table = pd.DataFrame(rows)
    one = prepare_search(COUNTY, scenario_id="do_nothing", years=(2027, 2028), candidates=table)
    return search_programme(one, Budget({2027: 1_000.0 * thousands, 2028: 200_000.0}))


def apart(at: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return a candidate ten metres from the one before: two on one site are refused."""
    return row | {"easting_m": row["easting_m"] + 10.0 * at}


def rank(choice: ProgrammeChoice) -> tuple[float, ...]:
    assert choice.status == "optimal"
    value = choice.stages.set_index("measure")["value"]
    return (*(round(v) for v in value.iloc[:3]), round(float(value["travel"]), 4), round(float(value["capital"]), 2))


@settings(max_examples=2)
@given(st.lists(ROWS, min_size=2, max_size=3), st.integers(0, 900), st.integers(0, 500))
def test_more_money_or_candidates_never_do_harm_and_order_says_nothing(
    rows: list[dict[str, Any]], thousands: int, more: int
) -> None:
    named = [apart(at, small.candidate(f"c{at}", 455) | row) for at, row in enumerate(rows)]
    found = rank(searched(named, thousands))
    assert rank(searched(named, thousands + more))[:4] <= found[:4]
    assert rank(searched(named[:-1], thousands))[:4] >= found[:4]
    assert rank(searched(named[::-1], thousands)) == found
    nothing = small.candidate("zero", 450.5, least_places=0, most_places=0)
    assert rank(searched([*named, nothing], thousands)) == found


@settings(max_examples=2)
@given(st.lists(ROWS, min_size=3, max_size=3), st.integers(100, 900))
def test_the_best_is_no_worse_than_any_choice_tried(rows: list[dict[str, Any]], thousands: int) -> None:
    named = [apart(at, small.candidate(f"c{at}", 455) | row) for at, row in enumerate(rows)]
    found = searched(named, thousands)
    budget = Budget({2027: 1_000.0 * thousands, 2028: 200_000.0})
    tried = list(small.every_choice(found.problem, budget))
    sample = [*tried[:: max(1, len(tried) // 25)], found.chosen]
    best = min(small.by_linear_programme(found.problem, chosen) for chosen in sample)
    value = rank(found)
    assert value[:3] <= best[:3]
    assert small.by_linear_programme(found.problem, found.chosen) == (*value[:3], round(found_travel(found), 6))
    if value[:3] == best[:3]:
        assert value[3] <= best[3] + 1e-4


def found_travel(choice: ProgrammeChoice) -> float:
    return float(choice.by_year["travel_min"].sum())


def test_the_same_question_has_the_same_answer() -> None:
    named = [small.candidate("a", 455), small.candidate("b", 466)]
    first, second = searched(named, 500), searched(named, 500)
    pd.testing.assert_frame_equal(first.programme, second.programme)
    pd.testing.assert_frame_equal(first.stages, second.stages)
