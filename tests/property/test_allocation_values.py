"""The value of one more place, the unlocks and the what-if of a year: each equal to allocating anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation import Rules, build_eligibility, place_values, settle_year, solve_tiers, unlocks
from sufficiency.allocation.eligibility import Eligibility
from sufficiency.allocation.policies import Label, YearResult, allocate_year, nearest_year
from sufficiency.allocation.rolling import stayers_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.results import TravelTimes
from sufficiency.model.vocabulary import TIERS, phase_of
from tests.property.test_allocation_policies import ACCEPTANCE, NEEDS, PUPIL

LABEL = Label("random", "optimal")
Figures = tuple[dict[str, int], int, float]
SEEDS = range(25)


def crowded_town(seed: int) -> dict[str, Any]:
    """Four homes, seven provisions of every tier with few places, some fifteen groups in two years."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 60, (4, 7))
    minutes[rng.random(minutes.shape) < 0.1] = -1
    travel = TravelTimes(
        origin_ids=tuple("wxyz"),
        setting_ids=tuple("abcdefg"),
        milliseconds=np.where(minutes < 0, -1, minutes * 60_000).astype(np.int32),
        metres=np.where(minutes < 0, -1, minutes * 1_000).astype(np.int32),
        profile="off_peak",
        origin_snap_m=np.zeros(4),
        setting_snap_m=np.zeros(7),
    )
    provision = pd.DataFrame(
        {
            "provision_id": [f"p{number}" for number in range(7)],
            "setting_id": list("abcdefg"),
            "provision_type": "special_school",
            "ncy_from": rng.integers(0, 6, 7),
            "ncy_to": rng.integers(6, 14, 7),
            "needs": [";".join(rng.choice(NEEDS, rng.integers(1, 4), replace=False)) for _ in range(7)],
            "sex": "any",
            "ehcp_required": True,
            "attendance": rng.choice(["day", "day", "day", "termly"], 7),
            "tier": rng.permutation(
                ["local", "local", "local", "local", "other_council", "independent", "independent"]
            ),
        }
    )
    room = rng.integers(0, 5, 7)
    places = pd.DataFrame(
        {
            "provision_id": np.repeat(provision["provision_id"].to_numpy()[:6], 2),
            "year": [2024, 2025] * 6,
            "planned_places": np.repeat(room[:6], 2),
        }
    )
    pupils = pd.DataFrame(
        {
            "origin_id": rng.choice(list("wxyz"), 18),
            "ncy": rng.integers(3, 9, 18),
            "sex": "any",
            "need": rng.choice(NEEDS, 18),
            "ehcp": True,
            "place_sought": "special_school",
            "attendance": rng.choice(["day"] * 6 + ["residential"], 18),
            "pupils": rng.integers(1, 3, 18),
        }
    ).drop_duplicates(PUPIL)
    demand = pd.concat([pupils.assign(year=2024), pupils.assign(year=2025, ncy=pupils["ncy"] + 1)], ignore_index=True)
    demand["group_id"] = [f"g{number:02}" for number in range(len(demand))]
    return {"demand": demand, "provision": provision, "places": places, "travel": travel}


def year_of(town: dict[str, Any], year: int = 2024, provision: pd.DataFrame | None = None) -> Eligibility:
    offered = town["provision"] if provision is None else provision
    return build_eligibility(
        town["demand"], offered, town["places"], ACCEPTANCE.iloc[:0], town["travel"], year=year, rules=Rules()
    )


def figures(year: Eligibility, cost: np.ndarray, places: np.ndarray, tier: np.ndarray) -> Figures:
    """Pupils by tier, without a place, and minutes, from a fresh solve."""
    flow = solve_tiers(cost, year.pupils, places, tier)
    cells = flow.flow.flow.tocoo()
    by_tier = {name: int(cells.data[tier[cells.col] == rank].sum()) for rank, name in enumerate(TIERS, start=1)}
    return by_tier, int(flow.flow.unplaced.sum()), flow.cost / 60_000


@pytest.mark.parametrize("seed", SEEDS)
def test_values_equal_a_fresh_solve_with_a_place_for_that_kind_alone(seed: int) -> None:
    town = crowded_town(seed)
    year = year_of(town)
    before = figures(year, year.first_cost, year.places, year.tier)
    values = place_values(allocate_year(year, LABEL))
    phases = np.array([phase_of(int(ncy)) for ncy in year.groups["ncy"]], dtype=object)
    needs = year.groups["need"].to_numpy(dtype=object)
    asked = set()
    for row in values.to_dict("records"):
        column = year.provision["provision_id"].tolist().index(row["provision_id"])
        who = ((needs == row["need"]) | (row["need"] == "all")) & ((phases == row["phase"]) | (row["phase"] == "all"))
        reserved = np.where(who, year.first_cost[:, column], -1)
        assert (reserved >= 0).any()
        by_tier, unplaced, minutes = figures(
            year,
            np.column_stack([year.first_cost, reserved]),
            np.append(year.places, 1),
            np.append(year.tier, year.tier[column]),
        )
        assert row["more_placed_pupils"] == before[1] - unplaced
        assert row["more_local_pupils"] == by_tier["local"] - before[0]["local"]
        assert row["travel_change_min"] == pytest.approx(minutes - before[2], abs=1e-9)
        fewer = [name for name in TIERS if by_tier[name] < before[0][name]]
        assert ([row["from_tier"]] if row["from_tier"] else []) == fewer
        asked.add((row["provision_id"], row["need"], row["phase"]))
    takes = {
        (name, "all", "all")
        for column, name in enumerate(year.provision["provision_id"])
        if (year.first_cost[:, column] >= 0).any()
    }
    assert takes <= asked
    assert len(asked) == len(values)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_unlock_places_one_pupil_of_that_group_at_the_least_travel(seed: int) -> None:
    town = crowded_town(seed)
    year = year_of(town)
    result = allocate_year(year, LABEL)
    table = unlocks(result)
    assert table["pupils"].sum() == result.unplaced.sum()
    before = figures(year, year.first_cost, year.places, year.tier)
    local = np.flatnonzero((year.tier == 1) & year.is_open)
    for row in table.to_dict("records"):
        group = year.groups["group_id"].tolist().index(row["group_id"])
        held = np.asarray(result.first[group].todense()).ravel()
        found = {}
        for column in local:
            # Only pupils of this group stay without a place, so that a place gained is a place for one of them.
            alone = year.pupils - result.unplaced
            alone[group] = held.sum() + 1
            places = year.places.copy()
            places[column] += 1
            flow = solve_tiers(year.first_cost, alone, places, year.tier)
            if int(flow.flow.unplaced.sum()) == 0:
                found[year.provision["provision_id"].iloc[column]] = flow.cost / 60_000 - before[2]
        if row["unlock"] == "one_more_place":
            assert row["travel_change_min"] == pytest.approx(min(found.values()), abs=1e-9)
            assert found[row["provision_id"]] == pytest.approx(row["travel_change_min"], abs=1e-9)
        else:
            assert not found
            assert (row["unlock"] == "none") == ((year.tier == 1).sum() == 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_mended_equals_a_year_solved_anew(seed: int) -> None:
    town, rng = crowded_town(seed), np.random.default_rng(1_000 + seed)
    year, stayers = year_of(town), None
    if seed % 2:
        before: YearResult = allocate_year(year, LABEL)
        year = year_of(town, 2025)
        stayers = stayers_of(before, year, 1.0, 0.0)
    found = settle_year(year, stayers)
    places = year.places.copy()
    for _ in range(4):
        column, count = int(rng.choice(np.flatnonzero(year.is_open))), int(rng.integers(0, 6))
        places[column] = count
        found = found.with_places({str(year.provision["provision_id"].iloc[column]): count})
    fresh = allocate_year(_with(year, places), LABEL, stayers)
    assert fresh.solved is not None
    taken = np.asarray(fresh.first.sum(axis=0), dtype=np.int64).ravel()
    answer = found.figures()
    by_tier = {name: int(taken[year.tier == rank].sum()) for rank, name in enumerate(TIERS, start=1)}
    assert dict(answer.pupils_by_tier) == by_tier
    assert answer.unplaced_pupils == fresh.unplaced.sum()
    assert answer.without_local_place_pupils == sum(by_tier.values()) - by_tier["local"] + fresh.unplaced.sum()
    cells = fresh.first.tocoo()
    day = (year.groups["attendance"] == "day").to_numpy()[cells.row]
    minutes = (np.where(day, year.milliseconds[cells.row, cells.col], 0) * cells.data).sum() / 60_000
    assert answer.travel_min == pytest.approx(minutes, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_provision_equals_a_year_that_always_had_it(seed: int) -> None:
    town, rng = crowded_town(seed), np.random.default_rng(1_000 + seed)
    last = f"p{rng.integers(0, 6)}"
    without = town | {"provision": town["provision"][town["provision"]["provision_id"] != last]}
    alone = year_of(town, provision=town["provision"][town["provision"]["provision_id"] == last])
    mended = settle_year(year_of(without)).with_provision(alone)
    assert mended.figures() == settle_year(year_of(town)).figures()
    with pytest.raises(DataError, match="takes part in the year already"):
        mended.with_provision(alone)


def _with(year: Eligibility, places: np.ndarray) -> Eligibility:
    fields = {name: getattr(year, name) for name in Eligibility.__dataclass_fields__}
    return Eligibility(**(fields | {"places": places}))


def test_policies_without_an_optimum_have_no_values() -> None:
    result = nearest_year(year_of(crowded_town(0)))
    for question in (place_values, unlocks):
        with pytest.raises(ParameterError, match="claim no optimum"):
            question(result)
