"""Laws of the policies on random small towns. `allocate` itself proves every answer; these are the laws beyond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.allocation.allocate import allocate
from sufficiency.allocation.conservation import conservation
from sufficiency.model.results import Allocation, TravelTimes

NEEDS = ("ASD", "SEMH", "SLD")
PUPIL = ["origin_id", "ncy", "sex", "need", "ehcp", "place_sought", "attendance"]
ACCEPTANCE = pd.DataFrame(
    [("all", "all", "special_school", "specialist_base", 1, 10, "test")],
    columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min", "source"],
)


@st.composite
def towns(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a town of three homes and up to five provisions, with the demand of a year and of the next, a year older."""
    minutes = np.array(draw(st.lists(st.lists(st.integers(-1, 90), min_size=5, max_size=5), min_size=3, max_size=3)))
    travel = TravelTimes(
        origin_ids=("x", "y", "z"),
        setting_ids=tuple("abcde"),
        milliseconds=np.where(minutes < 0, -1, minutes * 60_000).astype(np.int32),
        metres=np.where(minutes < 0, -1, minutes * 1_000).astype(np.int32),
        profile="off_peak",
        origin_snap_m=np.zeros(3),
        setting_snap_m=np.zeros(5),
    )
    provision = pd.DataFrame(
        [
            {
                "provision_id": f"p{number}",
                "setting_id": "abcde"[number],
                "provision_type": draw(st.sampled_from(["special_school", "specialist_base", "fe_specialist_unit"])),
                "ncy_from": draw(st.integers(0, 2)),
                "ncy_to": 14,
                "needs": ";".join(draw(st.lists(st.sampled_from(NEEDS), min_size=1, unique=True))),
                "sex": draw(st.sampled_from(["any", "any", "F"])),
                "ehcp_required": draw(st.booleans()),
                "attendance": draw(st.sampled_from(["day", "day", "termly"])),
                "tier": draw(st.sampled_from(["local", "local", "other_council", "independent"])),
            }
            for number in range(draw(st.integers(1, 5)))
        ]
    )
    room = [(name, draw(st.integers(0, 4))) for name in provision["provision_id"] if draw(st.booleans())]
    places = pd.DataFrame(
        [(name, year, count) for name, count in room for year in (2024, 2025)],
        columns=["provision_id", "year", "planned_places"],
    )
    pupils = st.fixed_dictionaries(
        {
            "origin_id": st.sampled_from(["x", "y", "z", ""]),
            "ncy": st.integers(0, 4),
            "sex": st.sampled_from(["any", "F"]),
            "need": st.sampled_from(NEEDS),
            "ehcp": st.booleans(),
            "place_sought": st.sampled_from(["special_school", "specialist_base", "mainstream"]),
            "attendance": st.sampled_from(["day", "day", "residential"]),
            "pupils": st.integers(1, 3),
        }
    )
    first = pd.DataFrame(draw(st.lists(pupils, min_size=1, max_size=8))).drop_duplicates(PUPIL)
    older = first.assign(year=2025, ncy=first["ncy"] + 1)
    demand = pd.concat([first.assign(year=2024), older], ignore_index=True)
    demand["group_id"] = [f"g{number:02}" for number in range(len(demand))]
    return {"demand": demand, "provision": provision, "places": places, "travel": travel}


def run(town: dict[str, Any], policy: str, **options: Any) -> Allocation:
    return allocate(
        town["demand"],
        town["provision"],
        town["places"],
        options.pop("acceptance", ACCEPTANCE),
        town["travel"],
        policy=policy,
        years=(2024, 2025),
        scenario_id="random",
        calibration_year=2024,
        **options,
    )


def cells(result: Allocation, town: dict[str, Any], year: int) -> dict[tuple[Any, ...], int]:
    rows = result.allocation.merge(town["demand"].drop(columns="pupils"), on="group_id")
    rows = rows.loc[rows["year"] == year].assign(ncy=lambda table: table["ncy"] - (year - 2024))
    return {tuple(row[:-1]): int(row[-1]) for row in rows[[*PUPIL, "provision_id", "pupils"]].itertuples(index=False)}


@settings(deadline=None, max_examples=15)
@given(towns())
def test_nobody_is_lost_under_any_policy(town: dict[str, Any]) -> None:
    demand = town["demand"]
    for policy in ("optimal", "nearest", "rolling"):
        totals = conservation(run(town, policy), demand).set_index("year")
        assert totals["pupils"].to_dict() == demand.groupby("year")["pupils"].sum().to_dict()
        assert (totals["pupils"] == totals[["placed", "unplaced", "excluded"]].sum(axis=1)).all()


@settings(deadline=None, max_examples=15)
@given(towns())
def test_whoever_could_stay_stays(town: dict[str, Any]) -> None:
    # Everybody is a year older, everything else is as it was: each placement of the first year is there in the second.
    result = run(town, "rolling")
    before, after = cells(result, town, 2024), cells(result, town, 2025)
    assert all(after.get(cell, 0) >= count for cell, count in before.items())


@settings(deadline=None, max_examples=15)
@given(towns())
def test_rolling_starts_from_the_optimum_of_the_calibration_year(town: dict[str, Any]) -> None:
    assert cells(run(town, "rolling"), town, 2024) == cells(run(town, "optimal"), town, 2024)


@settings(deadline=None, max_examples=15)
@given(towns())
def test_a_list_of_substitutes_never_changes_a_first_fit(town: dict[str, Any]) -> None:
    plain, listed = run(town, "optimal", acceptance=ACCEPTANCE.iloc[:0]), run(town, "optimal")
    first = listed.allocation.loc[~listed.allocation["substitute"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, plain.allocation)
    assert (
        plain.unplaced["pupils"].sum() - listed.unplaced["pupils"].sum()
        == listed.allocation["pupils"].sum() - first["pupils"].sum()
    )


@settings(deadline=None, max_examples=15)
@given(towns())
def test_nearest_is_never_further_than_a_local_place_of_the_optimum(town: dict[str, Any]) -> None:
    near = run(town, "nearest").allocation.set_index("group_id")["travel_min"]
    best = run(town, "optimal").allocation
    local = best.loc[(best["tier"] == "local") & ~best["substitute"]]
    for group_id, travel_min in zip(local["group_id"], local["travel_min"], strict=True):
        assert np.isnan(travel_min) or near[group_id] <= travel_min


@settings(deadline=None, max_examples=15)
@given(towns(), st.randoms(use_true_random=False))
def test_rows_in_any_order_name_the_same_groups(town: dict[str, Any], random: Any) -> None:
    expected = run(town, "rolling")
    shuffled = dict(town)
    for name in ("demand", "provision", "places"):
        order = list(range(len(town[name])))
        random.shuffle(order)
        shuffled[name] = town[name].iloc[order]
    result = run(shuffled, "rolling")
    for name in ("allocation", "unplaced", "provision_use", "interchangeable"):
        pd.testing.assert_frame_equal(getattr(result, name), getattr(expected, name))
