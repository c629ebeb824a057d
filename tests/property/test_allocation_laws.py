"""Laws of the allocation: what a change of the question may do to the answer (A3-A20, V1-V5, order and threads).

The laws of `transport` that are not here (A1, A2, A5, A7, A9, A19) are in test_allocation_transport.py.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, linprog

from sufficiency import measures
from sufficiency.allocation.allocate import allocate
from sufficiency.allocation.solve import place_gains, transport
from sufficiency.model.results import Allocation, TravelTimes
from tests import tiny_county as tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]
Outcome = tuple[int, int]

LAW = settings(max_examples=60, deadline=None)


@st.composite
def problems(draw: st.DrawFn, most_cost: int = 50, most_pupils: int = 8, most_size: int = 4) -> Problem:
    """At least one group, pupil and column; many ties; some pairs, and now and then a whole row, not permitted."""
    n_groups, n_places = draw(st.integers(1, most_size)), draw(st.integers(1, most_size))
    pair = st.one_of(st.integers(0, most_cost), st.integers(0, 3), st.just(-1))
    cost = draw(st.lists(st.lists(pair, min_size=n_places, max_size=n_places), min_size=n_groups, max_size=n_groups))
    pupils = [draw(st.integers(1, most_pupils // n_groups))]
    pupils += [draw(st.integers(0, most_pupils // n_groups)) for _ in range(n_groups - 1)]
    places = draw(st.lists(st.integers(0, 3), min_size=n_places, max_size=n_places))
    return np.array(cost, dtype=np.int64), np.array(pupils, dtype=np.int64), np.array(places, dtype=np.int64)


@st.composite
def roomy_problems(draw: st.DrawFn, **options: int) -> Problem:
    """Draw problems in which everyone can be placed, mostly with little room to spare: each pupil brings a place."""
    cost, pupils, _ = draw(problems(**options))
    places = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=cost.shape[1], max_size=cost.shape[1])))
    for row, count in enumerate(pupils):
        for _ in range(count):
            column = draw(st.integers(0, cost.shape[1] - 1))
            cost[row, column] = max(cost[row, column], 0)
            places[column] += 1
    return cost, pupils, places.astype(np.int64)


def with_one_optimum(problem: Problem) -> Problem:
    """Return the problem with one optimum only: each pair its own digit, in base pupils + 1, below the cost."""
    cost, pupils, places = problem
    base = int(pupils.sum()) + 1
    digit = base ** np.arange(cost.size, dtype=np.int64).reshape(cost.shape)
    return np.where(cost < 0, -1, cost * base**cost.size + digit), pupils, places


def result(problem: Problem) -> Outcome:
    answer = transport(*problem)
    return int(answer.unplaced.sum()), answer.cost


def flow_of(problem: Problem) -> Ints:
    return np.asarray(transport(*problem).flow.toarray(), dtype=np.int64)


def one_by_one(problem: Problem) -> tuple[NDArray[np.intp], Ints, Ints]:
    """Return the group of each pupil, their costs, and the column of each place."""
    cost, pupils, places = problem
    owners = np.repeat(np.arange(len(pupils)), pupils)
    return owners, cost[owners], np.repeat(np.arange(len(places)), np.minimum(places, pupils.sum()))


def cell_of(data: st.DataObject, where: NDArray[np.bool_]) -> tuple[int, int]:
    """Draw one of the cells that are true; there must be one."""
    cells = np.argwhere(where)
    assume(len(cells) > 0)
    row, column = cells[data.draw(st.integers(0, len(cells) - 1))]
    return int(row), int(column)


@LAW
@given(roomy_problems(), st.data())
def test_one_pupil_more_adds_at_least_their_nearest_journey_while_all_are_placed(
    problem: Problem, data: st.DataObject
) -> None:
    """A3."""
    cost, pupils, places = problem
    row, column = cell_of(data, cost >= 0)
    more, room = pupils.copy(), places.copy()
    more[row] += 1
    # Half of the time a place comes along, perhaps far away; otherwise there must have been one to spare.
    room[column] += data.draw(st.integers(0, 1))
    unplaced, total = result((cost, more, room))
    assert unplaced <= 1
    assume(unplaced == 0)
    nearest = int(cost[row][cost[row] >= 0].min())
    assert total >= result((cost, pupils, room))[1] + nearest


@LAW
@given(roomy_problems(), st.data())
def test_a_longer_way_out_of_a_home_is_added_for_each_of_its_pupils_and_moves_nobody(
    problem: Problem, data: st.DataObject
) -> None:
    """A4, where everyone has a place before and after."""
    cost, pupils, places = problem
    longer = np.array(data.draw(st.lists(st.integers(0, 40), min_size=len(pupils), max_size=len(pupils))))
    away = np.where(cost < 0, -1, cost + longer[:, None])
    unplaced, total = result(problem)
    assert unplaced == 0
    assert result((away, pupils, places)) == (0, total + int(longer @ pupils))
    single = with_one_optimum(problem)[0]
    moved = np.where(single < 0, -1, single + longer[:, None])
    assert (flow_of((moved, pupils, places)) == flow_of((single, pupils, places))).all()


@LAW
@given(problems(), st.data())
def test_rows_and_columns_in_any_order_give_the_same_flow_by_name(problem: Problem, data: st.DataObject) -> None:
    """A6: with ties the same numbers and prices, without ties the same flow."""
    cost, pupils, places = problem
    rows = np.array(data.draw(st.permutations(range(len(pupils)))))
    columns = np.array(data.draw(st.permutations(range(len(places)))))
    answer, mixed = transport(*problem), transport(cost[np.ix_(rows, columns)], pupils[rows], places[columns])
    assert (mixed.cost, mixed.unplaced.sum()) == (answer.cost, answer.unplaced.sum())
    assert (mixed.place_price == answer.place_price[columns]).all()
    assert (mixed.pupil_price == answer.pupil_price[rows]).all()
    assert (mixed.cut == answer.cut[rows]).all()
    single = with_one_optimum(problem)[0]
    expected = flow_of((single, pupils, places))[np.ix_(rows, columns)]
    assert (flow_of((single[np.ix_(rows, columns)], pupils[rows], places[columns])) == expected).all()


@LAW
@given(problems())
def test_every_pupil_and_every_place_twice_doubles_the_answer(problem: Problem) -> None:
    """A8: by rows of their own, and by columns of their own."""
    cost, pupils, places = problem
    unplaced, total = result(problem)
    assert result((np.vstack([cost, cost]), np.tile(pupils, 2), 2 * places)) == (2 * unplaced, 2 * total)
    assert result((np.hstack([cost, cost]), 2 * pupils, np.tile(places, 2))) == (2 * unplaced, 2 * total)


@LAW
@given(problems(), st.data())
def test_a_pair_that_nobody_uses_may_become_longer_or_be_closed(problem: Problem, data: st.DataObject) -> None:
    """A10."""
    cost, pupils, places = problem
    row, column = cell_of(data, (cost >= 0) & (flow_of(problem) == 0))
    for other in (int(cost[row, column]) + data.draw(st.integers(1, 100)), -1):
        changed = cost.copy()
        changed[row, column] = other
        assert result((changed, pupils, places)) == result(problem)


@LAW
@given(problems(), st.data())
def test_a_shorter_pair_saves_what_its_users_save_and_never_more_than_its_new_users_do(
    problem: Problem, data: st.DataObject
) -> None:
    """A10: between nothing and the shortening, for each pupil on the pair."""
    cost, pupils, places = problem
    row, column = cell_of(data, cost >= 1)
    shorter = cost.copy()
    shorter[row, column] -= data.draw(st.integers(1, int(cost[row, column])))
    before, after = transport(*problem), transport(shorter, pupils, places)
    assert after.unplaced.sum() == before.unplaced.sum()
    each = int(cost[row, column] - shorter[row, column])
    assert each * before.flow[row, column] <= before.cost - after.cost <= each * after.flow[row, column]


@LAW
@given(problems(most_pupils=5), st.data())
def test_a_pupil_held_to_their_place_changes_nothing_and_kept_from_it_takes_the_next_best(
    problem: Problem, data: st.DataObject
) -> None:
    """A11: the next best by complete enumeration of who goes where without that place."""
    cost, pupils, places = problem
    row, column = cell_of(data, flow_of(problem) > 0)
    held, kept = np.full((1, len(places)), -1), cost[[row]].copy()
    held[0, column] = cost[row, column]
    kept[0, column] = -1
    others = pupils.copy()
    others[row] -= 1
    alone = np.append(others, 1)
    assert result((np.vstack([cost, held]), alone, places)) == result(problem)
    barred: Problem = (np.vstack([cost, kept]), alone, places)
    owners, costs, _ = one_by_one(barred)
    found = []
    for choice in itertools.product(range(-1, len(places)), repeat=len(owners)):
        taken = np.array(choice)
        chosen = costs[np.arange(len(owners)), taken][taken >= 0]
        if (chosen >= 0).all() and (np.bincount(taken[taken >= 0], minlength=len(places)) <= places).all():
            found.append((int((taken < 0).sum()), int(chosen.sum())))
    assert result(barred) == min(found)
    assert min(found) >= result(problem)


@LAW
@given(problems())
def test_without_any_limit_everyone_has_their_nearest_place(problem: Problem) -> None:
    """A12."""
    cost, pupils, _ = problem
    flow = flow_of((cost, pupils, np.full(cost.shape[1], 2**50)))
    for row, journeys in enumerate(cost.tolist()):
        permitted = [journey for journey in journeys if journey >= 0]
        assert flow[row].sum() == (pupils[row] if permitted else 0)
        assert all(journeys[column] == min(permitted) for column in np.flatnonzero(flow[row]))


def first_come_first_served(problem: Problem) -> Outcome:
    """Each pupil in turn takes the nearest place that is left."""
    _, costs, seats = one_by_one(problem)
    left, unplaced, total = seats.tolist(), 0, 0
    for journeys in costs.tolist():
        free = sorted((journeys[seat], seat) for seat in left if journeys[seat] >= 0)
        if free:
            left.remove(free[0][1])
            total += free[0][0]
        else:
            unplaced += 1
    return unplaced, total


@LAW
@given(roomy_problems())
def test_the_cost_lies_between_everyones_nearest_and_first_come_first_served(problem: Problem) -> None:
    """A13."""
    _, costs, _ = one_by_one(problem)
    unplaced, total = result(problem)
    assert unplaced == 0
    assert sum(min(cost for cost in row if cost >= 0) for row in costs.tolist()) <= total
    assert (unplaced, total) <= first_come_first_served(problem)


@LAW
@given(problems())
def test_the_optimum_is_never_worse_than_first_come_first_served(problem: Problem) -> None:
    """A13, also where somebody goes without."""
    assert result(problem) <= first_come_first_served(problem)


@LAW
@given(problems(), st.data())
def test_one_more_place_saves_its_price_and_each_further_one_no_more_than_the_last(
    problem: Problem, data: st.DataObject
) -> None:
    """A14: a pupil without a place counts as the stated price, the same whatever the places are."""
    cost, pupils, places = problem
    column = data.draw(st.integers(0, len(places) - 1))
    room = places.copy()
    room[column] = 0
    worth, prices = [], []
    for _ in range(int(pupils.sum()) + 2):
        answer = transport(cost, pupils, room)
        worth.append(answer.cost + answer.unplaced_price * int(answer.unplaced.sum()))
        prices.append(int(answer.place_price[column]))
        room[column] += 1
    assume(worth[-1] < worth[0])
    savings = [before - after for before, after in itertools.pairwise(worth)]
    assert savings == sorted(savings, reverse=True)
    assert savings == prices[:-1]
    # With a place for each pupil there is nothing left to save.
    assert savings[-1] == prices[-1] == 0


@LAW
@given(problems(), st.data())
def test_a_pair_that_is_newly_permitted_never_worsens(problem: Problem, data: st.DataObject) -> None:
    """A15."""
    cost, pupils, places = problem
    wider = cost.copy()
    wider[cell_of(data, cost < 0)] = data.draw(st.integers(0, 100))
    assert result((wider, pupils, places)) <= result(problem)


def network(problem: Problem) -> nx.DiGraph:
    cost, pupils, places = problem
    graph = nx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    for row, count in enumerate(pupils.tolist()):
        graph.add_edge("source", ("group", row), capacity=count, weight=0)
    for column, count in enumerate(places.tolist()):
        graph.add_edge(("place", column), "sink", capacity=count, weight=0)
    for row, column in np.argwhere(cost >= 0).tolist():
        graph.add_edge(("group", row), ("place", column), capacity=int(pupils[row]), weight=int(cost[row, column]))
    return graph


@LAW
@given(problems(most_size=6, most_pupils=12))
def test_as_many_are_placed_as_the_greatest_flow(problem: Problem) -> None:
    """A16: by networkx (preflow-push)."""
    assert flow_of(problem).sum() == nx.maximum_flow_value(network(problem), "source", "sink")


@LAW
@given(problems(most_size=6, most_pupils=12))
def test_fractions_of_pupils_would_do_no_better(problem: Problem) -> None:
    """A17: the linear program, with pupils in parts allowed, has the same two optima (HiGHS)."""
    cost, pupils, places = problem
    rows, columns = np.nonzero(cost >= 0)
    assume(len(rows) > 0)
    limits = np.vstack(
        [rows == row for row in range(len(pupils))] + [columns == column for column in range(len(places))]
    )
    room, ones = np.concatenate([pupils, places]), np.ones(len(rows))
    most = -linprog(-ones, A_ub=limits, b_ub=room, method="highs").fun
    placed = int(pupils.sum()) - result(problem)[0]
    assert most == pytest.approx(placed, abs=1e-7)
    least = linprog(cost[rows, columns], A_ub=limits, b_ub=room, A_eq=ones[None, :], b_eq=[placed], method="highs")
    assert least.fun == pytest.approx(result(problem)[1], abs=1e-6)


@LAW
@given(problems(most_size=3, most_pupils=6))
def test_other_solvers_send_the_same_pupils_to_the_same_places(problem: Problem) -> None:
    """A18: where there is one optimum only, networkx and scipy's assignment give that very flow."""
    single = with_one_optimum(problem)
    cost = single[0]
    mine = flow_of(single)
    flow = nx.max_flow_min_cost(network(single), "source", "sink")
    theirs = np.zeros_like(cost)
    for row, column in np.argwhere(cost >= 0).tolist():
        theirs[row, column] = flow["group", row]["place", column]
    assert (mine == theirs).all()

    owners, costs, seats = one_by_one(single)
    none = float(1 + len(owners) * int(cost.max()))
    seated = np.where(costs < 0, np.inf, costs.astype(float))[:, seats]
    who, where = linear_sum_assignment(np.hstack([seated, np.full((len(owners), len(owners)), none)]))
    assigned = np.zeros_like(cost)
    np.add.at(assigned, (owners[who[where < len(seats)]], seats[where[where < len(seats)]]), 1)
    assert (mine == assigned).all()


@LAW
@given(problems(), st.data())
def test_pupils_with_no_permitted_place_change_nobody_elses_result(problem: Problem, data: st.DataObject) -> None:
    """A20: nobody's price, chance or place, ties or not."""
    cost, pupils, places = problem
    at = np.sort(data.draw(st.lists(st.integers(0, len(pupils)), min_size=1, max_size=3)))
    added = np.insert(cost, at, -1, axis=0)
    counts = np.insert(pupils, at, data.draw(st.integers(1, 9)))
    kept = np.delete(np.arange(len(counts)), at + np.arange(len(at)))
    assert (added[kept] == cost).all()
    alone, among = transport(*problem), transport(added, counts, places)
    assert among.unplaced.sum() - alone.unplaced.sum() == counts.sum() - pupils.sum()
    assert (among.flow.toarray()[kept] == alone.flow.toarray()).all()
    assert (among.cost, among.unplaced_price) == (alone.cost, alone.unplaced_price)
    assert (among.pupil_price[kept] == alone.pupil_price).all()
    assert (among.place_price == alone.place_price).all()
    part = (pupils > 0) | (cost >= 0).any(axis=1)
    assert (among.cut[kept] == alone.cut)[part].all()
    for mine, others in zip(place_gains(*problem, alone), place_gains(added, counts, places, among), strict=True):
        assert (mine == others).all()


# --- The gap, from pupils and places to the table of areas --------------------------------------------------------


ORIGINS, SETTINGS = ("z1", "z2", "z3", "z4"), ("S1", "S2", "S3", "S4")
TOTAL = ["area_id", "demand_pupils", "placed_local_pupils", "other_council_pupils", "independent_pupils",
         "unplaced_pupils", "excluded_pupils", "without_local_place_pupils", "location_balance_places"]  # fmt: skip


@st.composite
def counties(draw: st.DrawFn) -> dict[str, Any]:
    """The tiny county with drawn pupils and places: 2025 is 2024 again, everybody a year older."""
    minutes = np.array(draw(st.lists(st.lists(st.integers(5, 60), min_size=4, max_size=4), min_size=4, max_size=4)))
    travel = TravelTimes(
        origin_ids=ORIGINS,
        setting_ids=SETTINGS,
        milliseconds=(minutes * 60_000).astype(np.int32),
        metres=(minutes * 1_000).astype(np.int32),
        profile="school_morning",
        origin_snap_m=np.zeros(4),
        setting_snap_m=np.zeros(4),
    )
    # Schools 1 and 2 are local, 3 independent, 4 another council's; a base stands beside the school of each local one.
    provision = tiny.provision()
    schools = provision.assign(ncy_from=0, ncy_to=14, provision_type="special_school", needs="ASD;SLD")
    bases = schools.iloc[:2].assign(provision_id=["B1", "B2"], provision_type="specialist_base", needs="ASD;SEMH")
    provision = pd.concat([schools, bases], ignore_index=True)
    count = {name: draw(st.integers(0, 4)) for name in provision["provision_id"]}
    places = pd.DataFrame(
        [(name, year, count[name]) for name in count for year in (2024, 2025)],
        columns=["provision_id", "year", "planned_places"],
    )
    group = st.fixed_dictionaries(
        {
            "origin_id": st.sampled_from([*ORIGINS, ""]),
            "ncy": st.integers(0, 4),
            "need": st.sampled_from(["ASD", "SEMH", "SLD"]),
            "place_sought": st.sampled_from(["special_school", "specialist_base"]),
            "pupils": st.integers(2, 6),
        }
    )
    now = pd.DataFrame(draw(st.lists(group, min_size=6, max_size=10))).assign(sex="any", ehcp=True, attendance="day")
    now = now.groupby([name for name in now if name != "pupils"], as_index=False)["pupils"].sum()
    demand = pd.concat([now.assign(year=2024), now.assign(year=2025, ncy=now["ncy"] + 1)], ignore_index=True)
    demand["group_id"] = [f"g{number:02}" for number in range(len(demand))]
    return {"demand": demand, "provision": provision, "places": places, "travel": travel}


def gap_of(
    county: dict[str, Any], policy: str = "optimal", years: tuple[int, ...] = (2024,), zones: Any = None
) -> pd.DataFrame:
    """Return the totals of every area and year: allocated, told by area and counted."""
    answer = allocate(
        county["demand"],
        county["provision"],
        county["places"],
        pd.DataFrame(columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"]),
        county["travel"],
        policy=policy,
        years=years,
        scenario_id="drawn",
        calibration_year=2024,
    )
    demand = county["demand"][county["demand"]["year"].isin(years)]
    groups = measures.describe_groups(demand, tiny.zones() if zones is None else zones, tiny.COUNTY)
    rows = measures.outcomes(answer, groups, county["provision"], tiny.settings())
    capacity = measures.capacity_by_area(county["places"], county["provision"], tiny.settings(), tiny.COUNTY)
    reachable = measures.reachable_places(county["places"], county["provision"])
    gap = measures.sufficiency_table("drawn", rows, capacity, reachable, tiny.AREA_IDS)
    total = (gap["phase"] == "all") & (gap["need"] == "all") & (gap["provision_type"] == "headline")
    return gap.loc[total, ["year", *TOTAL]].set_index(["year", "area_id"]).astype(float)


@settings(max_examples=5, deadline=None)
@given(counties())
def test_gaps_of_areas_sum_to_the_county(county: dict[str, Any]) -> None:
    """V1: demand less places, and every outcome; who has no known home is in the county only."""
    gap, demand, places = gap_of(county, years=(2024, 2025)), county["demand"], county["places"]
    local = places[places["provision_id"].isin(["P1", "P2", "B1", "B2"])].groupby("year")["planned_places"].sum()
    for year, pupils in demand.groupby("year"):
        whole, districts = gap.loc[(year, "C")], gap.loc[year].loc[tiny.DISTRICTS].sum()
        homeless = int(pupils.loc[pupils["origin_id"] == "", "pupils"].sum())
        assert whole["demand_pupils"] == pupils["pupils"].sum()
        assert whole["location_balance_places"] == local[year] - pupils["pupils"].sum()
        assert whole["location_balance_places"] == districts["location_balance_places"] - homeless
        assert whole["excluded_pupils"] == homeless
        counts = [name for name in TOTAL[2:] if name not in {"location_balance_places", "excluded_pupils"}]
        assert (whole[counts] == districts[counts]).all()
        for district in tiny.DISTRICTS:
            inside = [name for name, parent in tiny.CLUSTERS.items() if parent == district]
            assert (gap.loc[year].loc[inside].sum() == gap.loc[(year, district)]).all()


@settings(max_examples=5, deadline=None)
@given(counties())
def test_a_moved_border_takes_its_pupils_along_and_keeps_the_total(county: dict[str, Any]) -> None:
    """V2: zone z2 from D1 to D2."""
    zones = tiny.zones()
    zones.loc[zones["zone_id"] == "z2", ["district_id", "cluster_id"]] = ["D2", "d2-a"]
    of_zone = county["demand"].query("origin_id == 'z2' and year == 2024")["pupils"].sum()
    assume(of_zone > 0)
    before, after = gap_of(county).loc[2024], gap_of(county, zones=zones).loc[2024]
    assert (after.loc["C"] == before.loc["C"]).all()
    assert after.loc["D2", "demand_pupils"] - before.loc["D2", "demand_pupils"] == of_zone
    moved = after.loc["D2"] - before.loc["D2"]
    assert (moved == before.loc["D1"] - after.loc["D1"]).all()
    assert moved["placed_local_pupils"] + moved["without_local_place_pupils"] == of_zone


@settings(max_examples=5, deadline=None)
@given(counties())
def test_without_growth_the_gap_is_todays(county: dict[str, Any]) -> None:
    """V3: the same pupils and the same places a year later."""
    now = county["demand"].query("year == 2024")
    later = now.assign(year=2025, group_id="later-" + now["group_id"])
    gap = gap_of(county | {"demand": pd.concat([now, later], ignore_index=True)}, years=(2024, 2025))
    pd.testing.assert_frame_equal(gap.loc[2025], gap.loc[2024])


@settings(max_examples=10, deadline=None)
@given(counties(), st.sampled_from(["P1", "P2", "B1", "B2"]), st.integers(1, 4))
def test_more_places_never_enlarge_the_total_gap(county: dict[str, Any], where: str, more: int) -> None:
    """V4: single areas may lose, the county never does, and each new local place places one pupil more at most."""
    places = county["places"].copy()
    places.loc[places["provision_id"] == where, "planned_places"] += more
    before, after = (
        gap_of(county | {"places": table}).xs("C", level="area_id") for table in (county["places"], places)
    )
    assume((before["without_local_place_pupils"] > 0).all())
    for name in ("unplaced_pupils", "without_local_place_pupils"):
        assert (after[name] <= before[name]).all()
        assert (after[name] >= before[name] - more).all()
    assert (after["location_balance_places"] == before["location_balance_places"] + more).all()


@settings(max_examples=5, deadline=None)
@given(counties())
def test_a_cohort_that_only_grows_older_keeps_its_pupils_and_its_gap(county: dict[str, Any]) -> None:
    """V5: with nobody leaving or joining, `rolling` ends the second year as it ended the first."""
    gap = gap_of(county, "rolling", (2024, 2025))
    assert (gap.loc[2024, "demand_pupils"] > 0).any()
    pd.testing.assert_frame_equal(gap.loc[2025], gap.loc[2024])


# --- The order of rows, and threads -------------------------------------------------------------------------------


POLICIES = ("optimal", "nearest", "rolling")


def tied_town() -> dict[str, Any]:
    """Six homes, eight schools, two journeys only, 10 or 20 minutes, and fewer places than pupils."""
    generator = np.random.default_rng(6)
    minutes = generator.choice([10, 20], (6, 8))
    travel = TravelTimes(
        origin_ids=tuple("abcdef"),
        setting_ids=tuple("stuvwxyz"),
        milliseconds=(minutes * 60_000).astype(np.int32),
        metres=(minutes * 1_000).astype(np.int32),
        profile="off_peak",
        origin_snap_m=np.zeros(6),
        setting_snap_m=np.zeros(8),
    )
    fixed = {"sex": "any", "ehcp_required": True, "attendance": "day", "ncy_from": 0, "ncy_to": 14}
    provision = pd.DataFrame(
        [
            {
                "provision_id": f"p{number}",
                "setting_id": "stuvwxyz"[number],
                "provision_type": "specialist_base" if number in {3, 7} else "special_school",
                "needs": ("ASD;SEMH", "ASD", "ASD;SLD;SEMH", "SEMH;ASD")[number % 4],
                "tier": "independent" if number == 6 else "local",
                **fixed,
            }
            for number in range(8)
        ]
    )
    places = pd.DataFrame(
        [(f"p{number}", year, 9) for number in range(8) for year in (2024, 2025)],
        columns=["provision_id", "year", "planned_places"],
    )
    kinds = itertools.product("abcdef", (0, 1, 5), ("ASD", "SEMH"), ("special_school", "specialist_base"))
    now = pd.DataFrame(list(kinds), columns=["origin_id", "ncy", "need", "place_sought"]).assign(
        sex="any", ehcp=True, attendance="day", pupils=lambda table: 1 + np.arange(len(table)) % 2
    )
    demand = pd.concat([now.assign(year=2024), now.assign(year=2025, ncy=now["ncy"] + 1)], ignore_index=True)
    demand["group_id"] = [f"g{number:03}" for number in generator.permutation(len(demand))]
    acceptance = pd.DataFrame(
        [
            ("all", "all", "specialist_base", "special_school", 1, 10, "test"),
            ("ASD", "all", "special_school", "specialist_base", 1, 10, "test"),
        ],
        columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"],
    )
    return {"demand": demand, "provision": provision, "places": places, "acceptance": acceptance, "travel": travel}


def shuffled(town: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the town with the rows of every table in another order, the homes and schools of the journeys too."""
    generator = np.random.default_rng(seed)
    mixed = {name: table.iloc[generator.permutation(len(table))] for name, table in town.items() if name != "travel"}
    travel = town["travel"]
    rows, columns = generator.permutation(len(travel.origin_ids)), generator.permutation(len(travel.setting_ids))
    mixed["travel"] = replace(
        travel,
        origin_ids=tuple(travel.origin_ids[row] for row in rows),
        setting_ids=tuple(travel.setting_ids[column] for column in columns),
        milliseconds=travel.milliseconds[np.ix_(rows, columns)],
        metres=travel.metres[np.ix_(rows, columns)],
    )
    return mixed


def allocate_town(town: dict[str, Any], policy: str) -> Allocation:
    return allocate(**town, policy=policy, years=(2024, 2025), scenario_id="tied", calibration_year=2024)


def tables_of(answer: Allocation) -> Iterator[tuple[str, pd.DataFrame]]:
    for name in ("allocation", "unplaced", "excluded", "provision_use", "interchangeable"):
        yield name, getattr(answer, name)


def digest(answer: Allocation) -> str:
    written = "".join(table.to_csv(index=False) for _, table in tables_of(answer))
    return hashlib.sha256(written.encode()).hexdigest()


@pytest.fixture(scope="module")
def in_order() -> dict[str, Allocation]:
    answers = {policy: allocate_town(tied_town(), policy) for policy in POLICIES}
    # The town is what it is meant to be: most of those placed could change places, some have none, some a substitute.
    best = answers["optimal"]
    placed = best.allocation.merge(tied_town()["demand"][["group_id", "year"]], on="group_id")
    assert best.interchangeable["interchangeable_pupils"].min() * 2 > placed.groupby("year")["pupils"].sum().max()
    assert best.unplaced["pupils"].sum() > 0
    assert best.allocation["substitute"].any()
    return answers


@pytest.mark.parametrize(
    ("policy", "workers"), [("rolling", 1), ("rolling", 2), ("rolling", 4), ("optimal", 2), ("nearest", 4)]
)
def test_twenty_orders_of_rows_give_the_same_named_table_on_any_number_of_threads(
    policy: str, workers: int, in_order: dict[str, Allocation]
) -> None:
    town = tied_town()
    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(lambda seed: allocate_town(shuffled(town, seed), policy), range(20)))
    assert len(answers) == 20
    for answer in answers:
        for (_, mine), (_, expected) in zip(tables_of(answer), tables_of(in_order[policy]), strict=True):
            pd.testing.assert_frame_equal(mine, expected)


def test_threads_of_libraries_and_the_hash_seed_change_nothing(in_order: dict[str, Allocation]) -> None:
    code = (
        "import runpy, sys; law = runpy.run_path(sys.argv[1]); town = law['shuffled'](law['tied_town'](), 20)\n"
        "for policy in law['POLICIES']: print(law['digest'](law['allocate_town'](town, policy)))"
    )
    names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    root = Path(__file__).parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", code, __file__],
        env=os.environ | dict.fromkeys(names, "4") | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout.split()
    assert printed == [digest(in_order[policy]) for policy in POLICIES]
