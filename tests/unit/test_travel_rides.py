"""Rides with pick-ups: worked by hand, every order by brute force, and laws over drawn towns."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.errors import DataError
from sufficiency.model.results import TravelTimes
from sufficiency.travel.rides import VehicleRule, board, ridden

MIN = 60_000
RULE = VehicleRule(seats=4, boarding_ms=2 * MIN, detour_limit_ms=20 * MIN)


def rule(seats: int = 4, boarding: float = 2, limit: float = 20) -> VehicleRule:
    return VehicleRule(seats, round(boarding * MIN), round(limit * MIN))


def rides(direct, between, pupils, rule=RULE):
    """Return {stop: [(vehicle, pupils, minutes ridden)]} of one setting; times are given in minutes."""
    found = board(
        np.array([0, len(direct)]),
        np.arange(len(direct)),
        np.array(pupils, dtype=np.int64),
        np.array(direct, dtype=np.int64) * MIN,
        between_ms=(np.array(between) * MIN).astype(np.int32),
        rule=rule,
    )
    out: dict[int, list[tuple[int, int, float]]] = {}
    for stop, vehicle, count, ms in zip(found.stop, found.vehicle, found.pupils, found.ridden_ms, strict=True):
        out.setdefault(int(stop), []).append((int(vehicle), int(count), ms / MIN))
    return out


# The road runs A - B - school - C: A is 30 minutes out, B 20 on the same road, C 10 on the other side.
DIRECT = [30, 20, 10]
BETWEEN = [[0, 10, 40], [10, 0, 30], [40, 30, 0]]


def test_three_pupils_by_hand():
    """A picks up B, who lies on the way: 30 + 2 minutes. C would add 20 + 2, more than the 18 that are left."""
    assert rides(DIRECT, BETWEEN, [1, 1, 1]) == {0: [(0, 1, 32)], 1: [(0, 1, 20)], 2: [(1, 1, 10)]}


def test_with_more_room_the_third_comes_along():
    """A to B 10, on board 2, B to C 30, on board 2, C to school 10: exactly 30 + 24 minutes."""
    together = {0: [(0, 1, 54)], 1: [(0, 1, 42)], 2: [(0, 1, 10)]}
    assert rides(DIRECT, BETWEEN, [1, 1, 1], rule(limit=24)) == together
    assert rides(DIRECT, BETWEEN, [1, 1, 1], rule(limit=23.9)) != together


def test_the_farthest_starts_wherever_it_stands():
    """The same three in another order: stop 2 is now A."""
    turned = np.array(BETWEEN)[::-1, ::-1]
    assert rides(DIRECT[::-1], turned, [1, 1, 1]) == {2: [(0, 1, 32)], 1: [(0, 1, 20)], 0: [(1, 1, 10)]}


def test_the_cheapest_stop_goes_where_it_adds_least():
    """From A by B, who adds 0; then D between A and B (adds 4) before E after B (adds 6): one seat was left."""
    direct = [30, 20, 26, 15]
    between = np.full((4, 4), 99)
    between[0, 1], between[0, 2], between[2, 1] = 10, 7, 7
    between[1, 3], between[0, 3], between[2, 3] = 11, 21, 17
    found = rides(direct, between, [1, 1, 1, 1], rule(seats=3))
    # A - 7 - D - 7 - B - 20 - school, two minutes at D and at B; E has a vehicle of its own
    assert found == {0: [(0, 1, 38)], 2: [(0, 1, 29)], 1: [(0, 1, 20)], 3: [(1, 1, 15)]}


def test_those_of_one_stop_board_one_after_another():
    assert rides([30], [[0]], [3]) == {0: [(0, 3, 34)]}
    assert rides([30], [[0]], [3], rule(seats=2)) == {0: [(0, 2, 32), (1, 1, 30)]}
    # boarding counts as detour: of 20 minutes, ten more pupils can use 2 each
    assert rides([30], [[0]], [30], rule(seats=16)) == {0: [(0, 11, 50), (1, 11, 50), (2, 8, 44)]}


def test_a_stop_is_divided_where_seats_run_out():
    """Two from A and two of the three from B; the third rides alone."""
    assert rides([30, 20], [[0, 10], [10, 0]], [2, 3]) == {0: [(0, 2, 36)], 1: [(0, 2, 22), (1, 1, 20)]}


def test_no_way_between_two_homes_means_two_vehicles():
    assert rides([30, 20], [[0, -1], [-1, 0]], [1, 1]) == {0: [(0, 1, 30)], 1: [(1, 1, 20)]}


def test_nobody_rides_less_than_directly():
    """By a road for access only, A to B and on can be less than directly: it counts as on the way, not as a gain."""
    assert rides([30, 20], [[0, 3], [3, 0]], [1, 1], rule(boarding=0)) == {0: [(0, 1, 30)], 1: [(0, 1, 20)]}


def test_settings_do_not_share_vehicles():
    found = board(
        np.array([0, 1, 1, 2]), np.array([0, 0]), np.array([1, 1]), np.array([5, 9]) * MIN,
        between_ms=np.zeros((1, 1), np.int32), rule=RULE,
    )  # fmt: skip
    assert found.vehicle.tolist() == [0, 1]
    assert found.ridden_ms.tolist() == [5 * MIN, 9 * MIN]


def test_nobody_is_no_vehicle():
    assert rides([30, 20], [[0, 1], [1, 0]], [0, 0]) == {}
    none = np.zeros(0, np.int64)
    assert (
        board(np.zeros(1, np.int64), none, none, none, between_ms=np.zeros((0, 0), np.int32), rule=RULE).stop.size == 0
    )


def test_a_pupil_without_a_way_is_an_error():
    with pytest.raises(DataError, match="no way to its setting"):
        board(
            np.array([0, 1]), np.array([0]), np.array([1]), np.array([-1]),
            between_ms=np.zeros((1, 1), np.int32), rule=RULE,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "says"), [((0, 1, 1), "vehicle_seats"), ((1, -1, 1), "boarding_s"), ((1, 1, -1), "detour")]
)
def test_a_rule_that_no_vehicle_can_follow_is_refused(values, says):
    with pytest.raises(DataError, match=says):
        VehicleRule(*values)


# Drawn towns: homes and school on a street grid, so that ways obey the triangle, one minute a block.
_PLACES = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=2, max_size=9, unique=True)


def town(places):
    """Return direct minutes and minutes between the homes; the last place is the school."""
    at = np.array(places)
    blocks = np.abs(at[:, None] - at[None]).sum(axis=2)
    return blocks[:-1, -1], blocks[:-1, :-1]


@settings(max_examples=150, deadline=None)
@given(_PLACES, st.data())
def test_laws(places, data):
    direct, between = town(places)
    pupils = data.draw(st.lists(st.integers(0, 6), min_size=len(direct), max_size=len(direct)))
    seats, boarding, limit = (data.draw(st.integers(*bounds)) for bounds in ((1, 8), (0, 4), (0, 40)))
    found = rides(direct, between, pupils, rule(seats, boarding, limit))
    rows = [(stop, *row) for stop, entries in found.items() for row in entries]
    vehicles: dict[int, list[tuple[int, int, float]]] = {}
    for stop, vehicle, count, minutes in rows:
        vehicles.setdefault(vehicle, []).append((stop, count, minutes))
        assert minutes >= direct[stop]  # nobody rides less than directly
        assert count >= 1
    for stop, count in enumerate(pupils):  # everybody rides once
        assert sum(row[2] for row in rows if row[0] == stop) == count
    for stops in vehicles.values():
        assert sum(count for _, count, _ in stops) <= seats
        first = max(stops, key=lambda one: one[2])
        assert all(direct[first[0]] >= direct[stop] for stop, _, _ in stops)
        assert first[2] <= direct[first[0]] + limit
        if sum(count for _, count, _ in stops) == 1:
            assert stops[0][2] == direct[stops[0][0]]
    # vehicles can be counted without driving them where nothing but seats limits them
    assert len(vehicles) >= -(-sum(pupils) // seats)
    free = rides(direct, between, pupils, rule(seats, boarding, 10_000))
    assert len({row[0] for entries in free.values() for row in entries}) == -(-sum(pupils) // seats)


@settings(max_examples=60, deadline=None)
@given(_PLACES, st.integers(0, 4), st.integers(0, 40))
def test_alone_is_direct(places, boarding, limit):
    direct, between = town(places)
    for one in (rule(1, boarding, limit), rule(4, max(boarding, 1), 0)):
        found = rides(direct, between, [2] * len(direct), one)
        assert all(minutes == direct[stop] for stop, entries in found.items() for _, _, minutes in entries)


def least_vehicle_time(direct, between, rule):
    """Return the least total minutes of vehicles with pupils on board, by trying every division and order."""
    n, boarding, limit = len(direct), rule.boarding_ms / MIN, rule.detour_limit_ms / MIN
    least = {0: 0.0}

    def best_of(group):
        best = np.inf
        for way in itertools.permutations(group):
            ride = sum(between[a][b] + boarding for a, b in itertools.pairwise(way)) + direct[way[-1]]
            best = min(best, ride if ride <= direct[way[0]] + limit else np.inf)
        return best

    cost = {
        sum(1 << one for one in group): best_of(group)
        for size in range(1, min(n, rule.seats) + 1)
        for group in itertools.combinations(range(n), size)
    }
    for left in range(1, 1 << n):
        lowest = left & -left
        least[left] = min(cost[part] + least[left ^ part] for part in cost if part & lowest and part & left == part)
    return least[(1 << n) - 1]


def test_never_better_than_the_best_and_how_far_from_it():
    """300 towns of six pupils, four seats: the rule's vehicle time over the least there is.

    The rule fills vehicles and is not the best: this states how far it lies above it, and fails when that changes.
    """
    random, ratios = np.random.default_rng(20_261_123), []
    for _ in range(300):
        direct, between = town(random.integers(0, 41, (7, 2)))
        found = rides(direct, between, [1] * 6)
        longest: dict[int, float] = {}
        for entries in found.values():
            for vehicle, _, minutes in entries:
                longest[vehicle] = max(longest.get(vehicle, 0.0), minutes)
        least = least_vehicle_time(direct, between, RULE)
        assert sum(longest.values()) >= least - 1e-9
        ratios.append(sum(longest.values()) / least)
    assert np.mean(ratios) == pytest.approx(1.068, abs=0.001)
    assert np.quantile(ratios, [0.5, 0.9]) == pytest.approx([1.047, 1.170], abs=0.001)
    assert max(ratios) == pytest.approx(1.615, abs=0.001)


def test_brute_force_itself_by_hand():
    """A and B together 32 minutes and C 10; all three apart 60; all together is beyond the limit."""
    assert least_vehicle_time(DIRECT, BETWEEN, RULE) == 42
    assert least_vehicle_time(DIRECT, BETWEEN, rule(seats=1)) == 60


def times(**minutes):
    """Return travel times of homes A, B and C to settings S (as above) and T (5 minutes further)."""
    direct = np.array([DIRECT, np.array(DIRECT) + 5]).T * MIN
    ones = np.ones(3)
    return TravelTimes(("A", "B", "C"), ("S", "T"), direct.astype(np.int32), direct.astype(np.int32),
                       "school_morning", ones, ones[:2])  # fmt: skip


def placed(*rows):
    columns = ["policy", "year", "group_id", "provision_id", "setting_id", "origin_id", "pupils"]
    return pd.DataFrame(rows, columns=columns)


def between(order=(0, 1, 2)):
    """Return the times between the homes, in an order."""
    ids, ones = tuple("ABC"[place] for place in order), np.ones(3)
    ms = (np.array(BETWEEN) * MIN).astype(np.int32)[np.ix_(order, order)]
    return TravelTimes(ids, ids, ms, ms, "school_morning", ones, ones)


PLACED = placed(
    ("optimal", 2028, "g1", "S-primary", "S", "A", 2),
    ("optimal", 2028, "g2", "S-secondary", "S", "A", 1),
    ("optimal", 2028, "g3", "S-primary", "S", "B", 2),
    ("optimal", 2029, "g4", "S-primary", "S", "B", 1),
    ("nearest", 2028, "g3", "T-primary", "T", "B", 1),
)


def test_groups_share_stops_and_vehicles_and_are_divided_where_needed():
    """Three from A (two provisions of one setting) and one of the two from B; the other rides alone, as all elsewhere.

    A: 30 + 2 + 2 for those who board after the first, + 2 for B = 36; B in that vehicle 20, alone 20.
    """
    found = ridden(PLACED, times(), between(), RULE)
    first = found[(found["policy"] == "optimal") & (found["year"] == 2028)].set_index("group_id")
    assert first.loc[["g1", "g2"], "pupils"].tolist() == [2, 1]
    assert first.loc[["g1", "g2"], "ridden_min"].tolist() == [36, 36]
    assert first.loc[["g3"], ["pupils", "ridden_min"]].to_numpy().tolist() == [[1, 20], [1, 20]]
    assert first.loc[["g3"], "vehicle"].nunique() == 2
    alone = found[(found["policy"] != "optimal") | (found["year"] != 2028)]
    assert alone[["group_id", "ridden_min", "direct_min"]].to_numpy().tolist() == [["g3", 25, 25], ["g4", 20, 20]]


def test_the_order_of_rows_does_not_matter_and_nothing_given_is_changed():
    before = PLACED.copy()
    one = ridden(PLACED, times(), between(), RULE)
    for seed in range(5):
        pd.testing.assert_frame_equal(one, ridden(PLACED.sample(frac=1, random_state=seed), times(), between(), RULE))
    pd.testing.assert_frame_equal(PLACED, before)


def test_nor_does_the_order_of_homes():
    """All three at one distance: the first by id starts, and calls where it adds least, wherever they stand."""
    alike = np.full((3, 2), 20 * MIN, dtype=np.int32)
    ids, ones = ("A", "B", "C"), np.ones(3)
    found = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 0, 2)):
        names = tuple(ids[place] for place in order)
        one = TravelTimes(names, ("S", "T"), alike, alike, "school_morning", ones, ones[:2])
        rows = placed(*(("optimal", 2028, f"g{home}", "S-all", "S", home, 1) for home in ids))
        found.append(ridden(rows, one, between(order[::-1]), RULE))
    assert found[0]["ridden_min"].tolist() == [32, 20, 20]  # A calls at B; to C it is too far
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0], other)


def test_every_group_rides_with_its_own_number():
    random = np.random.default_rng(7)
    rows = [
        ("optimal", 2028, f"g{n}", "S-all", "ST"[n % 2], "ABC"[n % 3], int(random.integers(1, 9))) for n in range(40)
    ]
    found = ridden(placed(*rows), times(), between(), RULE)
    assert found.groupby("group_id")["pupils"].sum().to_dict() == {row[2]: row[6] for row in rows}
    assert found.groupby("vehicle")["pupils"].sum().max() <= 4
    assert (found["ridden_min"] >= found["direct_min"]).all()
    assert found.groupby("vehicle")["setting_id"].nunique().eq(1).all()


def test_nobody_placed_is_an_empty_table():
    assert ridden(PLACED.head(0), times(), between(), RULE).empty


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"origin_id": "Z"}, "origin_id Z has no travel times"),
        ({"setting_id": "Z"}, "setting_id Z has no travel times"),
    ],
)
def test_an_unknown_place_is_an_error(change, says):
    with pytest.raises(DataError, match=says):
        ridden(PLACED.assign(**change), times(), between(), RULE)


def test_homes_that_differ_on_both_sides_are_an_error():
    with pytest.raises(DataError, match="the same homes"):
        ridden(PLACED, times(), times(), RULE)
    only = TravelTimes(("A",), ("A",), *[np.zeros((1, 1), np.int32)] * 2, "school_morning", *[np.ones(1)] * 2)
    with pytest.raises(DataError, match="origin_id B has no travel times"):
        ridden(PLACED, times(), only, RULE)


def test_a_row_given_twice_is_an_error():
    with pytest.raises(DataError, match="given twice"):
        ridden(pd.concat([PLACED, PLACED.head(1)]), times(), between(), RULE)
