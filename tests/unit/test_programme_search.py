"""The programme search, against every choice tried apart, a full run of its answer, and questions it must refuse."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sufficiency.assess import assess
from sufficiency.model.errors import DataError, InfeasibleError, ParameterError
from sufficiency.planning import apply_scenario
from sufficiency.planning.programme_search import (
    Budget,
    budget_frontier,
    prepare_search,
    programme_regret,
    search_programme,
)
from tests import programme_county as small

if TYPE_CHECKING:
    from sufficiency.planning.programme_search import Problem, ProgrammeChoice

MILLION = 1_000_000.0


@functools.cache
def county() -> Problem:
    return small.problem()


@functools.cache
def answer() -> ProgrammeChoice:
    return search_programme(county(), small.BUDGET, alternatives=2)


def figures(choice: ProgrammeChoice) -> tuple[int, int, int, float]:
    years = choice.by_year
    return (
        int(years["without_local_place_pupils"].sum()),
        int(years["unplaced_pupils"].sum()),
        int((years["unplaced_pupils"] + years["independent_pupils"]).sum()),
        round(float(years["travel_min"].sum()), 6),
    )


@functools.cache
def tried() -> dict[tuple[int, ...], tuple[float, ...]]:
    """Every choice within the budget, with its figures by a linear programme and its capital."""
    one = county()
    return {
        chosen: (
            *small.by_linear_programme(one, chosen),
            sum(one.pool.options[at].capital_gbp for at in chosen),
        )
        for chosen in small.every_choice(one, small.BUDGET)
    }


def test_the_answer_is_the_best_of_every_choice() -> None:
    best = min(tried().values())
    found = answer()
    assert found.status == "optimal"
    assert len(tried()) > 20
    assert (*figures(found), found.capital_gbp) == pytest.approx(best)


def test_alternatives_are_the_best_of_the_other_sets_of_sites_in_order() -> None:
    of_sites: dict[tuple[str, ...], tuple[float, ...]] = {}
    for chosen, value in tried().items():
        sites = tuple(sorted(county().pool.options[at].candidate_id for at in chosen))
        of_sites[sites] = min(value, of_sites.get(sites, value))
    ranked = sorted(of_sites.values())
    found = [answer(), *answer().alternatives]
    assert [(*figures(one), one.capital_gbp) for one in found] == [pytest.approx(one) for one in ranked[:3]]


def test_a_full_run_of_the_answer_has_the_same_figures() -> None:
    inputs = answer().as_scenario(small.county(), "searched")
    laid = apply_scenario(inputs, "searched")
    run = assess(laid, "searched", policies=("optimal",))
    for row in answer().by_year.to_dict("records"):
        gap = run.sufficiency
        total = gap[(gap["area_id"] == "C") & (gap["year"] == row["year"]) & (gap["phase"] == "all")
                    & (gap["need"] == "all") & (gap["provision_type"] == "headline")].iloc[0]  # fmt: skip
        assert row["without_local_place_pupils"] == total["without_local_place_pupils"]
        assert row["unplaced_pupils"] == total["unplaced_pupils"]
        assert row["independent_pupils"] == total["independent_pupils"]
        placed = run.outcomes[(run.outcomes["year"] == row["year"]) & run.outcomes["travel_min"].notna()]
        travelled = float((placed["travel_min"] * placed["pupils"]).sum())
        assert row["travel_min"] == pytest.approx(travelled, rel=1e-12)


def test_capital_by_year_is_within_what_is_there() -> None:
    years = answer().by_year
    assert (years["capital_gbp"].cumsum() <= years["capital_available_gbp"]).all()
    assert years["capital_available_gbp"].tolist() == [700_000.0, 1_200_000.0, 1_200_000.0]
    late = search_programme(county(), dataclasses.replace(small.BUDGET, lead_years=1))
    assert late.programme["opening_year"].min() == 2028
    assert (late.programme["capital_needed_year"] == late.programme["opening_year"] - 1).all()


def test_least_cost_is_the_cheapest_of_every_choice_that_reaches_its_limit() -> None:
    one = county()
    wide = Budget({2027: 9 * MILLION})
    last = one.years[-1]

    def added(chosen: tuple[int, ...]) -> int:
        return int(sum(last.added[at].sum() for at in chosen))

    cost = {chosen: sum(one.pool.options[at].capital_gbp for at in chosen) for chosen in small.every_choice(one, wide)}
    found = search_programme(one, wide, objective="least_cost", least_places=10)
    assert found.capital_gbp == min(pounds for chosen, pounds in cost.items() if added(chosen) >= 10)
    final = dataclasses.replace(one, years=one.years[-1:])
    most = 18
    reached = [pounds for chosen, pounds in cost.items() if small.by_linear_programme(final, chosen)[0] <= most]
    asked = search_programme(one, wide, objective="least_cost", most_without_pupils=most)
    assert asked.capital_gbp == min(reached) > 0
    assert asked.by_year["without_local_place_pupils"].iloc[-1] <= most


def test_most_within_limit_and_fairest_put_their_measure_first() -> None:
    # Only the candidates at 455 (b) are within 25 minutes of z2's eight and more pupils in Year 6, seeking a school.
    near = small.candidate("near", 455, least_places=8, capital_gbp_per_place=80_000.0)
    far = small.candidate("far", 445, least_places=8, capital_gbp_per_place=10_000.0)
    one = small.problem(near, far)
    only_one = Budget({2027: 740_000.0})
    for objective in ("most_within_limit", "fairest"):
        found = search_programme(one, only_one, objective=objective)
        assert found.status == "optimal"
        assert "near" in set(found.programme["candidate_id"])


def test_a_search_that_is_stopped_is_not_called_optimal() -> None:
    found = search_programme(county(), small.BUDGET, time_limit_s=1e-9)
    assert found.status == "stopped"
    assert (found.stages["bound"] <= found.stages["value"]).all()
    assert any("not proven" in sentence for sentence in found.words())
    assert all("illustrative" in sentence for sentence in found.words())


def test_frontier_never_falls_back() -> None:
    found = budget_frontier(county(), [Budget({2027: part * 300_000.0}) for part in (4, 0, 1, 2)])
    totals = [one.total_without_local_place for one in found]
    assert totals == sorted(totals, reverse=True)
    assert found[0].programme.empty
    assert totals[0] > totals[-1]


def test_regret_is_against_the_best_programme_of_each_future() -> None:
    one = county()
    demand = small.county().demand
    assert demand is not None
    none = demand.assign(pupils=1)
    table = programme_regret(one, {"found": answer().chosen}, [demand, none]).set_index("programme")
    before = int(answer().by_year["before_without_local_place_pupils"].sum())
    saved = before - answer().total_without_local_place
    # with one pupil a group only g4 (SEMH, no local school) is without a place in either: no regret
    assert table.loc["nothing more", "worst_regret_pupils"] == saved > 0
    assert table.loc["nothing more", "mean_regret_pupils"] == saved / 2
    assert table.loc["found", "worst_regret_pupils"] == 0


def test_groups_and_must_open_and_ruled_out_are_kept() -> None:
    rows = [small.candidate(name, 455, at_most_one_of="one") for name in ("a", "b")]
    found = search_programme(small.problem(*rows), Budget({2027: 9 * MILLION}))
    assert len(found.programme) == 1
    rows = [small.candidate("a", 455, must_close=True), small.candidate("b", 475, must_open=True)]
    found = search_programme(small.problem(*rows), Budget({2027: 9 * MILLION}))
    assert found.programme["candidate_id"].tolist() == ["b"]


def test_without_a_table_the_schemes_of_the_area_are_the_candidates() -> None:
    schemes = small.county().scheme_places
    rows = schemes[schemes["scheme_id"] != "shut-base"]
    later = rows[rows["year"] == 2028].assign(year=2029)
    inputs = small.county(scheme_places=pd.concat([schemes, later], ignore_index=True))
    one = prepare_search(inputs, scenario_id="do_nothing", years=small.YEARS)
    assert {option.candidate_id for option in one.pool.options} == {"new-school", "more-first"}
    assert any("shut-base" in note for note in one.notes)
    found = search_programme(one, Budget({2027: 2 * MILLION, 2028: 2 * MILLION}))
    assert found.capital_gbp == 4 * MILLION
    rerun = apply_scenario(found.as_scenario(inputs), "searched")
    assert {"new-school:0-6", "more-first:0-14"} <= set(rerun.provision["provision_id"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"least_places": -4}, "no size is below 0"),
        ({"least_places": 12}, "fewer than its least"),
        ({"latest_year": 2026}, "before it can open"),
        ({"easting_m": 300_000.0}, "off the ground"),
        ({"northing_m": 200_001.0}, "from any road"),
        ({"setting_id": "S11"}, "unknown"),
        ({"easting_m": float("nan")}, "neither a setting nor a position"),
        ({"phasing": "1;0.5"}, "phasing"),
        ({"capital_gbp_per_place": float("nan")}, "capital a place is blank"),
        ({"candidate_id": "new-school"}, "id of a scheme"),
        ({"must_open": True, "must_close": True}, "at once"),
    ],
)
def test_candidates_that_cannot_be_are_refused(change: dict[str, Any], told: str) -> None:
    narrow = small.county().parameters
    limit = dataclasses.replace(narrow.assumptions["snap_limit_m"], value=4_000)
    parameters = dataclasses.replace(narrow, assumptions={**narrow.assumptions, "snap_limit_m": limit})
    with pytest.raises(DataError, match=told):
        small.problem(small.candidate("a", 455, **change), parameters=parameters)


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ({}, {}, True),
        ({"at_most_one_of": "g"}, {}, True),
        ({"at_most_one_of": "g"}, {"at_most_one_of": "g"}, False),
        ({"ncy_to": 6}, {"ncy_from": 7}, False),
        ({}, {"provision_type": "specialist_base"}, False),
    ],
)
def test_two_candidates_on_one_site_are_refused_unless_one_group_or_other_ages(
    first: dict[str, Any], second: dict[str, Any], *, refused: bool
) -> None:
    rows = (small.candidate("a", 455, **first), small.candidate("b", 455, **second))
    if refused:
        with pytest.raises(DataError, match="candidates a and b are the same kind of provision on one site"):
            small.problem(*rows)
    else:
        assert len(small.problem(*rows).pool.schemes) == 2


def test_questions_without_an_answer_are_refused_with_the_reason() -> None:
    one = county()
    with pytest.raises(ParameterError, match="give pounds from 0"):
        search_programme(one, Budget({2027: -1.0}))
    with pytest.raises(ParameterError, match="names no year"):
        search_programme(one, Budget({}))
    with pytest.raises(ParameterError, match="least cost of what"):
        search_programme(one, None, objective="least_cost")
    with pytest.raises(InfeasibleError, match="cannot be kept"):
        search_programme(one, None, objective="least_cost", least_places=1_000)
    with pytest.raises(DataError, match="no candidates"):
        small.problem(small.candidate("a", 455, must_close=True))
    dear = small.problem(small.candidate("a", 455, must_open=True))
    with pytest.raises(InfeasibleError, match="the capital does not reach"):
        search_programme(dear, Budget({2027: 200_000.0}))
    twice = small.problem(*(small.candidate(name, 455, must_open=True, at_most_one_of="g") for name in "ab"))
    with pytest.raises(InfeasibleError, match="cannot all open"):
        search_programme(twice, Budget({2027: 9 * MILLION}))
    late = small.problem(small.candidate("a", 455))
    with pytest.raises(ParameterError, match="pays for nothing before 2099/00"):
        search_programme(late, Budget({2099: 9 * MILLION}))
    never = small.problem(small.candidate("a", 455), small.candidate("z", 456, must_open=True, earliest_year=2035,
                                                                     latest_year=2036))  # fmt: skip
    with pytest.raises(InfeasibleError, match="z must open"):
        search_programme(never, Budget({2027: 9 * MILLION}))
