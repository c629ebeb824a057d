"""Laws of the measures over drawn counties: additivity, conservation, moved borders, order of rows (V1, V2, V4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency import measures
from sufficiency.measures.journeys import weighted_percentiles
from tests import tiny_county as tiny

OUTCOMES = ("local", "other_council", "independent", "unplaced", "excluded")
COUNTS = ["demand_pupils", "placed_local_pupils", "other_council_pupils", "independent_pupils", "unplaced_pupils",
          "excluded_pupils", "substitute_pupils", "without_local_place_pupils"]  # fmt: skip
_GROUP = st.tuples(
    st.sampled_from(["z1", "z2", "z3", "z4"]),
    st.sampled_from([3, 8, 13]),
    st.sampled_from(["ASD", "SLD", "SEMH"]),
    st.sampled_from(["special_school", "specialist_base"]),
    st.sampled_from(OUTCOMES),
    st.sampled_from([("S1", "D1", "d1-a"), ("S2", "D2", "d2-a")]),
    st.integers(1, 9),
    st.sampled_from([10.0, 45.0, 46.0, 80.0]),
)
_COUNTY = st.lists(_GROUP, min_size=1, max_size=25)


def rows_of(groups, zones=None):
    columns = ["origin_id", "ncy", "need", "place_sought", "outcome", "school", "pupils", "travel_min"]
    frame = pd.DataFrame(groups, columns=columns)
    frame["group_id"] = [f"g{number}" for number in range(len(frame))]
    demand = frame[["group_id", "origin_id", "ncy", "need", "place_sought", "pupils"]].assign(
        year=tiny.YEAR, sex="any", ehcp=True, attendance="day"
    )
    described = measures.describe_groups(demand, tiny.zones() if zones is None else zones, tiny.COUNTY)
    held = frame["outcome"].isin(["local", "other_council", "independent"])
    local = frame["outcome"] == "local"
    return described.assign(
        policy="optimal",
        outcome=frame["outcome"],
        provision_id=frame["school"].str[0].where(held, ""),
        substitute=False,
        travel_min=frame["travel_min"].where(held),
        travel_km=frame["travel_min"].where(held),
        reason=np.where(frame["outcome"] == "unplaced", "all_full", ""),
        setting_district_id=frame["school"].str[1].where(local, ""),
        setting_cluster_id=frame["school"].str[2].where(local, ""),
    )


def gap_of(rows):
    capacity = measures.capacity_by_area(tiny.places(), tiny.provision(), tiny.settings(), "C")
    reachable = measures.reachable_places(tiny.places(), tiny.provision())
    return measures.sufficiency_table("x", rows, capacity, reachable, tiny.AREA_IDS)


@settings(max_examples=15, deadline=None)
@given(_COUNTY)
def test_identities_of_every_row(groups):
    gap = gap_of(rows_of(groups))
    whole = gap[
        ["placed_local_pupils", "other_council_pupils", "independent_pupils", "unplaced_pupils", "excluded_pupils"]
    ]
    assert (whole.sum(axis=1) == gap["demand_pupils"]).all()
    assert (whole.iloc[:, 1:4].sum(axis=1) == gap["without_local_place_pupils"]).all()
    assert (gap["placed_own_area_pupils"] <= gap["placed_local_pupils"]).all()
    total = gap.dropna(subset=["capacity_places"])
    assert (total["capacity_places"] - total["demand_pupils"] == total["location_balance_places"]).all()
    assert gap.loc[gap["area_id"] == "C", "demand_pupils"].iloc[0] >= 0


@settings(max_examples=15, deadline=None)
@given(_COUNTY)
def test_areas_phases_needs_and_types_add_up(groups):
    """V1: districts make the county, clusters their district, codes their total, and the total is what was put in."""
    gap = gap_of(rows_of(groups))
    total = gap[(gap["phase"] == "all") & (gap["need"] == "all") & (gap["provision_type"] == "headline")]
    by_area = total.set_index("area_id")[COUNTS]
    assert by_area.loc["C", "demand_pupils"] == sum(group[6] for group in groups)
    assert (by_area.loc[tiny.DISTRICTS].sum() == by_area.loc["C"]).all()
    for district in tiny.DISTRICTS:
        inside = [name for name, parent in tiny.CLUSTERS.items() if parent == district]
        assert (by_area.loc[inside].sum() == by_area.loc[district]).all()
    for area_id in ("C", *tiny.DISTRICTS):
        here = gap[gap["area_id"] == area_id]
        phases = here[(here["need"] == "all") & (here["provision_type"] == "headline") & (here["phase"] != "all")]
        kinds = here[(here["need"] == "all") & (here["phase"] == "all") & (here["provision_type"] != "headline")]
        needs = here[(here["phase"] == "all") & here["need"].str.islower() & (here["need"] != "all")]
        for parts in (phases, kinds, needs):
            assert (parts[COUNTS].sum() == by_area.loc[area_id]).all()


@settings(max_examples=10, deadline=None)
@given(_COUNTY, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(groups, random):
    rows = rows_of(groups)
    order = list(range(len(rows)))
    random.shuffle(order)
    mixed = rows.iloc[order]
    pd.testing.assert_frame_equal(gap_of(rows), gap_of(mixed))
    one, other = (measures.journeys_table("x", part, tiny.parameters(), tiny.AREA_IDS) for part in (rows, mixed))
    pd.testing.assert_frame_equal(one, other)


@settings(max_examples=10, deadline=None)
@given(_COUNTY)
def test_a_moved_border_moves_counts_and_keeps_the_total(groups):
    """V2: a zone that changes district takes its pupils along."""
    moved = tiny.zones()
    moved.loc[moved["zone_id"] == "z2", ["district_id", "cluster_id"]] = ["D2", "d2-a"]
    before, after = (
        gap.loc[(gap["phase"] == "all") & (gap["need"] == "all") & (gap["provision_type"] == "headline")].set_index(
            "area_id"
        )
        for gap in (gap_of(rows_of(groups)), gap_of(rows_of(groups, moved)))
    )
    taken = sum(group[6] for group in groups if group[0] == "z2")
    assert after.loc["C", "demand_pupils"] == before.loc["C", "demand_pupils"]
    assert after.loc["D2", "demand_pupils"] - before.loc["D2", "demand_pupils"] == taken
    assert before.loc["D1", "demand_pupils"] - after.loc["D1", "demand_pupils"] == taken


@settings(max_examples=15, deadline=None)
@given(_COUNTY)
def test_journeys_add_up_and_lie_within_their_bounds(groups):
    table = measures.journeys_table("x", rows_of(groups), tiny.parameters(), tiny.AREA_IDS)
    total = table[(table["phase"] == "all") & (table["need"] == "all")].set_index("area_id")
    for column in ("pupils", "over_limit_pupils", "pupil_km_per_year", "cost_gbp_high", "kgco2e_low"):
        assert np.isclose(total.loc[tiny.DISTRICTS, column].sum(), total.loc["C", column])
    some = total[total["pupils"] > 0]
    assert (some["median_min"] <= some["p90_min"]).all()
    assert (some["mean_min"] <= 80.0 + 1e-9).all()
    assert (some["mean_min"] >= 10.0 - 1e-9).all()
    assert (some["over_limit_pupils"] <= some["pupils"]).all()
    for low, high in (("cost_gbp_low", "cost_gbp_high"), ("kgco2e_low", "kgco2e_high")):
        assert (some[low] <= some[high]).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 6)), min_size=1, max_size=12),
    st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)
def test_a_percentile_is_the_journey_of_one_of_them(pairs, share):
    """By brute force: write every pupil out in order; the answer is the first at which the share is reached."""
    rows = pd.DataFrame(pairs, columns=["travel_min", "pupils"]).assign(key="k")
    everyone = sorted(minutes for minutes, pupils in pairs for _ in range(pupils))
    wanted = next(minutes for number, minutes in enumerate(everyone, start=1) if number >= share * len(everyone) - 1e-9)
    assert weighted_percentiles(rows, ["key"], (share,))[str(share)].tolist() == [wanted]
