"""Laws of `preference`: odds of a logit, the stable matching that pupils like best, the same families whatever else."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation import preference as module
from sufficiency.allocation.eligibility import Eligibility, build_eligibility
from sufficiency.allocation.preference import Preference, preference_year
from sufficiency.model.results import TravelTimes
from tests.property.test_allocation_values import crowded_town

if TYPE_CHECKING:
    from sufficiency.allocation.policies import YearResult

SETTINGS = tuple("abcde")
ACCEPTED = ["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"]
BASES = pd.DataFrame([("all", "all", "special_school", "specialist_base", 1, 7, "test")], columns=ACCEPTED)
SUPPLY = {
    "provision_type": "special_school", "ncy_from": 0, "ncy_to": 14, "needs": "ASD", "sex": "any",
    "ehcp_required": True, "attendance": "day", "tier": "local",
}  # fmt: skip
PUPIL = {
    "year": 2025, "ncy": 3, "sex": "any", "need": "ASD", "ehcp": True, "place_sought": "special_school",
    "attendance": "day",
}  # fmt: skip


def town(
    minutes: list[list[int]] | np.ndarray,
    groups: list[dict[str, Any]],
    places: list[int],
    offers: list[dict[str, Any]] | None = None,
) -> Eligibility:
    """Return a year: home h0, h1, ... by row, provision p0, p1, ... by column; what is not said is as above."""
    times = np.asarray(minutes)
    wide = np.full((len(times), len(SETTINGS)), -1)
    wide[:, : times.shape[1]] = times
    travel = TravelTimes(
        origin_ids=tuple(f"h{number}" for number in range(len(times))),
        setting_ids=SETTINGS,
        milliseconds=np.where(wide < 0, -1, wide * 60_000).astype(np.int32),
        metres=np.where(wide < 0, -1, wide * 1_000).astype(np.int32),
        profile="off_peak",
        origin_snap_m=np.zeros(len(times)),
        setting_snap_m=np.zeros(len(SETTINGS)),
    )
    names = [f"p{number}" for number in range(len(places))]
    offers = offers or [{}] * len(places)
    supply = [
        SUPPLY | {"provision_id": name, "setting_id": where} | more
        for name, where, more in zip(names, SETTINGS, offers, strict=False)
    ]
    return build_eligibility(
        pd.DataFrame([PUPIL | {"origin_id": "h0", "pupils": 1} | one for one in groups]),
        pd.DataFrame(supply),
        pd.DataFrame({"provision_id": names, "year": 2025, "planned_places": places}),
        BASES,
        travel,
        year=2025,
    )


def chosen(result: YearResult) -> np.ndarray:
    """Return pupils by group and provision, in the type sought or another."""
    return np.asarray((result.first + result.substitute).todense())


def logit(minutes: list[int], decay: float) -> np.ndarray:
    odds = np.exp(-decay * np.asarray(minutes, dtype=np.float64))
    return odds / odds.sum()


def z_scores(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    n = counts.sum()
    return (counts - n * shares) / np.sqrt(n * shares * (1 - shares))


# --- odds ---


@pytest.mark.parametrize("decay", [0.0, 0.02, np.log(2) / 15, 0.2])
@pytest.mark.parametrize("seed", [0, 1, 77])
def test_with_room_everywhere_the_shares_are_those_of_the_logit(decay: float, seed: int) -> None:
    minutes, many = [5, 12, 20, 31], 6_000
    year = town([minutes], [{"group_id": "g", "pupils": many}], [many] * 4)
    counts = chosen(preference_year(year, Preference(decay, 0.0, seed)))[0]
    assert counts.sum() == many
    assert np.abs(z_scores(counts, logit(minutes, decay))).max() < 3.5
    # the test can tell: another decay is far off
    assert np.abs(z_scores(counts, logit(minutes, 1.2 * decay + 0.02))).max() > 8


def test_families_of_different_groups_choose_as_independently_as_those_of_one() -> None:
    minutes, many = [5, 12, 20], 3_000
    groups = [{"group_id": f"g{number:05d}"} for number in range(many)]
    counts = chosen(preference_year(town([minutes], groups, [many] * 3), Preference(0.05, 0.0)))
    assert (counts.sum(axis=1) == 1).all()
    assert np.abs(z_scores(counts.sum(axis=0), logit(minutes, 0.05))).max() < 3.5
    # neighbours in the list of ids choose alike as often as chance has it
    pick = counts.argmax(axis=1)
    chance = (logit(minutes, 0.05) ** 2).sum()
    alike = (pick[::2] == pick[1::2]).sum()
    assert abs(alike - many / 2 * chance) / np.sqrt(many / 2 * chance * (1 - chance)) < 3.5


def test_a_full_provision_leaves_the_odds_of_the_others_alone() -> None:
    # Independence of irrelevant alternatives: whoever loved another place still does, the rest follow the logit of
    # the three that are left.
    minutes, many, decay = [5, 12, 20, 31], 6_000, 0.05
    groups = [{"group_id": f"g{number:05d}"} for number in range(many)]
    choose = Preference(decay, 0.0, seed=3)
    free = chosen(preference_year(town([minutes], groups, [many] * 4), choose)).argmax(axis=1)
    shut = chosen(preference_year(town([minutes], groups, [0, many, many, many]), choose)).argmax(axis=1)
    moved = free == 0
    assert (shut[~moved] == free[~moved]).all()
    assert moved.sum() > 2_000
    again = np.bincount(shut[moved], minlength=4)[1:]
    assert np.abs(z_scores(again, logit(minutes[1:], decay))).max() < 3.5


def test_residential_families_do_not_look_at_the_journey() -> None:
    minutes, many = [5, 60, 200], 4_500
    stays = [{"attendance": "termly"}] * 3
    year = town([minutes], [{"group_id": "g", "pupils": many, "attendance": "residential"}], [many] * 3, stays)
    counts = chosen(preference_year(year, Preference(0.5, 0.0)))[0]
    assert np.abs(z_scores(counts, np.full(3, 1 / 3))).max() < 3.5
    assert (counts == chosen(preference_year(year, Preference(0.0, 0.0)))[0]).all()


def test_the_penalty_of_a_substitute_counts_as_minutes() -> None:
    # Two bases at 10 and 20 minutes, accepted at a penalty of 7: only the difference of 10 shows. A school 3 minutes
    # away that is full shows that nobody had to seek a base.
    kinds = [{"provision_type": "specialist_base"}] * 2 + [{}]
    many, decay = 4_000, 0.04
    year = town([[10, 20, 3]], [{"group_id": "g", "pupils": many}], [many, many, 0], kinds)
    result = preference_year(year, Preference(decay, 0.0))
    assert result.first.nnz == 0
    assert np.abs(z_scores(chosen(result)[0, :2], logit([10, 20], decay))).max() < 3.5


# --- the stable matching ---


def small_town(seed: int) -> Eligibility:
    """Return three or four homes of a pupil or two, and four schools with few places; in some, equal journeys."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 4 if seed % 2 else 60, (4, 4))
    minutes[rng.random(minutes.shape) < 0.1] = -1
    offers = [{"tier": str(rng.choice(["local", "local", "local", "other_council", "independent"]))} for _ in range(4)]
    groups = [{"group_id": f"g{number}", "origin_id": f"h{number}"} for number in range(int(rng.integers(3, 5)))]
    groups[0]["pupils"] = int(rng.integers(1, 3))
    return town(minutes, groups, rng.choice([0, 1, 1, 1, 2], 4).tolist(), offers)


def small_choice(seed: int) -> Preference:
    return Preference(0.005, float(np.random.default_rng(seed).choice([0.0, 0.0, 0.5, 1.0])), seed)


def lists_by_hand(year: Eligibility, choose: Preference) -> tuple[np.ndarray, list[list[int]], list[list[int]]]:
    """Return the group of each pupil, the columns they want in order, and for each column its pupils in order.

    The draws are the module's own; who leaks, the order of tiers and of nearness are worked here.
    """
    group = np.array([row for row, count in enumerate(year.pupils.tolist()) for _ in range(count)], dtype=np.int64)
    number = np.array([k for count in year.pupils.tolist() for k in range(count)], dtype=np.uint64)
    who = module._digests(year.groups["group_id"], choose.seed)[group] + module._mix(number)
    drawn = module._uniform(module._mix(who))
    taste = module._gumbel(who, module._digests(year.provision["provision_id"], choose.seed))
    wants = []
    for pupil, row in enumerate(group.tolist()):
        allowed = [j for j in range(len(year.places)) if year.first_cost[row, j] >= 0]
        could = any(year.tier[j] == 3 and year.places[j] > 0 for j in allowed)
        leaks = could and drawn[pupil] < choose.leakage_share
        order = [3, 1, 2] if leaks else [1, 2, 3]
        utility = {j: taste[pupil, j] - choose.decay_per_min * year.first_cost[row, j] / 60_000 for j in allowed}
        wants.append(
            sorted(allowed, key=lambda j, order=order, utility=utility: (order.index(year.tier[j]), -utility[j]))
        )
    keeps = [
        sorted(range(len(group)), key=lambda pupil, j=j: (year.first_cost[group[pupil], j], int(who[pupil])))
        for j in range(len(year.places))
    ]
    return group, wants, keeps


def blocks(match: tuple[int, ...], wants: list[list[int]], keeps: list[list[int]], places: list[int]) -> bool:
    """Whether a pupil and a column would rather have one another, or a column holds too many, or whom it may not."""
    held: list[list[int]] = [[] for _ in places]
    for pupil, column in enumerate(match):
        if column >= 0:
            held[column].append(pupil)
    if any(len(pupils) > room for pupils, room in zip(held, places, strict=True)):
        return True
    for pupil, column in enumerate(match):
        better = wants[pupil][: wants[pupil].index(column)] if column >= 0 else wants[pupil]
        for other in better:
            if len(held[other]) < places[other]:
                return True
            if any(keeps[other].index(pupil) < keeps[other].index(rival) for rival in held[other]):
                return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_the_outcome_is_the_stable_matching_that_every_pupil_likes_best(seed: int) -> None:
    year, choose = small_town(seed), small_choice(seed)
    group, wants, keeps = lists_by_hand(year, choose)
    places = year.places.tolist()
    every = itertools.product(*([*own, -1] for own in wants))
    stable = [match for match in every if not blocks(match, wants, keeps, places)]
    assert stable
    ranks = np.array([[(*own, -1).index(at) for own, at in zip(wants, match, strict=True)] for match in stable])
    best = stable[int(ranks.sum(axis=1).argmin())]
    # the lattice of stable matchings has one that is best for all at once
    assert (ranks[int(ranks.sum(axis=1).argmin())] == ranks.min(axis=0)).all()
    expected = np.zeros(year.first_cost.shape, dtype=np.int64)
    for pupil, column in enumerate(best):
        if column >= 0:
            expected[group[pupil], column] += 1
    result = preference_year(year, choose)
    assert np.asarray(result.first.todense()).tolist() == expected.tolist()
    assert result.unplaced.tolist() == (year.pupils - expected.sum(axis=1)).tolist()


def test_some_of_those_towns_have_several_stable_matchings_and_pupils_without_a_place() -> None:
    """Otherwise the test above would not tell the pupils' best from any other, or a full town from an empty one."""
    several = left = 0
    for seed in range(60):
        year, choose = small_town(seed), small_choice(seed)
        _, wants, keeps = lists_by_hand(year, choose)
        every = itertools.product(*([*own, -1] for own in wants))
        several += sum(not blocks(match, wants, keeps, year.places.tolist()) for match in every) > 1
        left += bool(preference_year(year, choose).unplaced.sum())
    assert several >= 3
    assert left >= 5


def test_the_pupils_best_and_not_the_schools() -> None:
    # Each pupil lives next to the school that the other one wants: two stable matchings, and the pupils have theirs.
    year = town([[1, 2], [2, 1]], [{"group_id": "x"}, {"group_id": "y", "origin_id": "h1"}], [1, 1])
    found = 0
    for seed in range(60):
        choose = Preference(0.0, 0.0, seed)
        _, wants, _ = lists_by_hand(year, choose)
        if wants == [[1, 0], [0, 1]]:
            found += 1
            assert chosen(preference_year(year, choose)).tolist() == [[0, 1], [1, 0]]
    assert found >= 5


@pytest.mark.parametrize("seed", range(12))
def test_who_minds_nothing_but_minutes_is_matched_by_the_shortest_pair_first(seed: int) -> None:
    # Pupils and schools then agree on every pair, and the one stable matching takes the shortest journey that is left.
    rng = np.random.default_rng(100 + seed)
    minutes = rng.permutation(np.arange(1, 41)).reshape(8, 5)
    groups = [
        {"group_id": f"g{number}", "origin_id": f"h{number}", "pupils": int(rng.integers(1, 5))} for number in range(8)
    ]
    places = rng.integers(0, 6, 5).tolist()
    year = town(minutes, groups, places)
    left, room = [one["pupils"] for one in groups], list(places)
    expected = np.zeros((8, 5), dtype=np.int64)
    for home, school in sorted(itertools.product(range(8), range(5)), key=lambda pair: minutes[pair]):
        count = min(left[home], room[school])
        expected[home, school] += count
        left[home] -= count
        room[school] -= count
    assert chosen(preference_year(year, Preference(1_000.0, 0.0, seed))).tolist() == expected.tolist()


# --- larger towns ---


def larger(seed: int) -> Eligibility:
    """Return a crowded town in which some schools are bases, which are accepted."""
    drawn = crowded_town(seed)
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["special_school", "special_school", "specialist_base"], len(drawn["provision"]))
    return build_eligibility(
        drawn["demand"], drawn["provision"].assign(provision_type=kinds), drawn["places"], BASES, drawn["travel"],
        year=2024,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_no_place_is_overfull_and_nobody_passes_a_free_one(seed: int) -> None:
    year = larger(seed)
    result = preference_year(year, Preference(0.05, 0.4, seed))
    flow = chosen(result)
    assert (flow.sum(axis=0) <= year.places).all()
    assert ((year.first_cost >= 0) | (np.asarray(result.first.todense()) == 0)).all()
    assert ((year.substitute_cost >= 0) | (np.asarray(result.substitute.todense()) == 0)).all()
    assert (flow.sum(axis=1) + result.unplaced == year.pupils).all()
    free = flow.sum(axis=0) < year.places
    could = ((year.first_cost >= 0) | (year.substitute_cost >= 0)) & free[None, :]
    assert not could[result.unplaced > 0].any()
    # who has a substitute finds the type sought full
    instead = np.asarray(result.substitute.todense()).sum(axis=1) > 0
    assert not ((year.first_cost >= 0) & free[None, :])[instead].any()
    # nobody further away holds a place in the type sought that a pupil without one could have had
    first = np.asarray(result.first.todense())
    for row in np.flatnonzero((result.unplaced > 0) | instead):
        for column in np.flatnonzero((year.first_cost[row] >= 0) & (year.places > 0)):
            rivals = first[:, column] > 0
            assert (year.first_cost[rivals, column] <= year.first_cost[row, column]).all()


def test_the_larger_towns_have_substitutes_and_pupils_without_a_place() -> None:
    results = [preference_year(larger(seed), Preference(0.05, 0.4, seed)) for seed in range(25)]
    assert sum(int(result.substitute.sum() > 0) for result in results) >= 5
    assert sum(int(result.unplaced.sum() > 0) for result in results) >= 10


@pytest.mark.parametrize("seed", range(6))
def test_rows_in_any_order_and_provision_that_nobody_may_take_change_nothing(seed: int) -> None:
    drawn, rng = crowded_town(seed), np.random.default_rng(seed)
    choose = Preference(0.05, 0.4, seed)

    def answer(demand: pd.DataFrame, provision: pd.DataFrame, places: pd.DataFrame) -> dict[tuple[str, str], int]:
        year = build_eligibility(demand, provision, places, BASES, drawn["travel"], year=2024)
        cells = preference_year(year, choose).first.tocoo()
        who, where = year.groups["group_id"].to_numpy(), year.provision["provision_id"].to_numpy()
        return {(who[i], where[j]): int(n) for i, j, n in zip(cells.row, cells.col, cells.data, strict=True)}

    tables = [drawn[name] for name in ("demand", "provision", "places")]
    expected = answer(*tables)
    assert sum(expected.values()) >= 3
    assert answer(*(table.iloc[rng.permutation(len(table))] for table in tables)) == expected
    # nearer to everybody than anything else, and before all others in the alphabet: but for needs that nobody has
    strange = drawn["provision"].iloc[[0]].assign(provision_id="a-new", needs="VI", tier="independent")
    more = pd.DataFrame({"provision_id": ["a-new"], "year": [2024], "planned_places": [50]})
    assert answer(tables[0], pd.concat([strange, tables[1]]), pd.concat([more, tables[2]])) == expected


@pytest.mark.parametrize("leakage_share", [0.0, 0.4, 1.0])
def test_a_family_does_not_notice_who_else_is_there_while_there_is_room(leakage_share: float) -> None:
    tiers = [{"tier": tier} for tier in ("local", "local", "independent", "independent")]
    groups = [{"group_id": f"g{number}", "ncy": number, "pupils": 7} for number in range(10)]
    choose = Preference(0.03, leakage_share, seed=5)
    whole = chosen(preference_year(town([[5, 9, 14, 20]], groups, [99] * 4, tiers), choose))
    for kept in ([0, 4, 9], [3], [1, 2, 5, 6, 7, 8]):
        part = chosen(preference_year(town([[5, 9, 14, 20]], [groups[k] for k in kept], [99] * 4, tiers), choose))
        assert part.tolist() == whole[kept].tolist()
    # a group that grows keeps its first pupils' choices
    grown = [groups[0] | {"pupils": 9}]
    more = chosen(preference_year(town([[5, 9, 14, 20]], grown, [99] * 4, tiers), choose))[0]
    assert (more >= whole[0]).all()
    assert more.sum() == 9


def test_one_seed_is_one_draw_and_another_is_another() -> None:
    groups = [{"group_id": f"g{number:03d}"} for number in range(400)]
    year = town([[5, 9, 14]], groups, [400] * 3)
    draws = [chosen(preference_year(year, Preference(0.03, 0.0, seed))) for seed in (0, 0, 1)]
    assert (draws[0] == draws[1]).all()
    shares = logit([5, 9, 14], 0.03)
    agree = (draws[0] == draws[2]).all(axis=1).sum()
    chance = (shares**2).sum()
    assert abs(agree - 400 * chance) / np.sqrt(400 * chance * (1 - chance)) < 3.5
    assert draws[0].sum(axis=0).tolist() != draws[2].sum(axis=0).tolist()
