"""A warm what-if is a fresh run: any proposal, mended into the optimum, gives what the scenario gives from scratch."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.assess import demand_of, network_of
from sufficiency.planning import apply_scenario
from sufficiency.planning.gains import BETTER, WORSE, gains_table, pupil_changes, winners, worst_loss
from sufficiency.planning.ledger import journey_ledger
from sufficiency.planning.one_year import outcomes_of_year
from sufficiency.planning.what_if import Proposal, ready_to_ask, whatif, with_proposal
from tests import tiny_county as tiny
from tests.unit.test_opened_year import county

YEAR = tiny.YEAR


@functools.cache
def ground():
    inputs = county()
    return inputs, demand_of(inputs), network_of(inputs)


@functools.cache
def ready():
    inputs, demand, network = ground()
    return ready_to_ask(inputs, YEAR, demand=demand, network=network)


def fresh(inputs, scenario_id):
    _, demand, network = ground()
    applied = apply_scenario(inputs, scenario_id)
    rows = outcomes_of_year(applied, YEAR, scenario_id, demand=demand, network=network)
    return rows[rows["headline"] & (rows["outcome"] != "excluded")]


def figures(rows):
    pupils = rows.groupby("outcome")["pupils"].sum()
    tiers = {name: int(pupils.get(name, 0)) for name in ("local", "other_council", "independent")}
    return tiers, int(pupils.get("unplaced", 0)), float((rows["travel_min"].fillna(0) * rows["pupils"]).sum())


PROPOSALS = st.builds(
    Proposal,
    easting_m=st.integers(440_000, 505_000).map(float),
    northing_m=st.integers(204_000, 206_000).map(float),
    provision_type=st.sampled_from(["special_school", "specialist_base"]),
    needs=st.lists(st.sampled_from(["ASD", "SLD", "SEMH"]), min_size=1, unique=True).map(tuple),
    ncy_from=st.integers(0, 8),
    ncy_to=st.integers(8, 14),
    places=st.integers(1, 45),
    year=st.sampled_from([2027, 2028, 2029]),
    attendance=st.sampled_from(["day", "weekly"]),
)


@settings(max_examples=40, deadline=None)
@given(PROPOSALS)
def test_a_warm_answer_is_that_of_a_fresh_run(proposal):
    inputs, _, _ = ground()
    answer = whatif(ready(), proposal)
    tiers, unplaced, minutes = figures(fresh(with_proposal(inputs, proposal), "what_if"))
    assert dict(answer.after.pupils_by_tier) == tiers
    assert answer.after.unplaced_pupils == unplaced
    assert answer.after.travel_min == pytest.approx(minutes, abs=1e-6)
    # more places never leave more pupils without one, tier by tier from the first
    assert answer.unplaced_change_pupils <= 0
    assert answer.without_local_place_change_pupils <= 0
    if proposal.year > YEAR:
        assert answer.after == answer.before


@settings(max_examples=15, deadline=None)
@given(PROPOSALS, st.integers(1, 10))
def test_one_more_place_is_never_worse(proposal, more):
    """L1: p + 1 places leave no more pupils without a local place, and none more without any."""
    import dataclasses

    answers = [
        whatif(ready(), dataclasses.replace(proposal, places=count)).after
        for count in (proposal.places, proposal.places + more)
    ]
    pairs = [(one.without_local_place_pupils, one.unplaced_pupils) for one in answers]
    assert pairs[1] <= pairs[0]


@settings(max_examples=15, deadline=None)
@given(PROPOSALS)
def test_gains_and_the_ledger_add_up(proposal):
    inputs, demand, _ = ground()
    before, after = fresh(inputs, "do_nothing"), fresh(with_proposal(inputs, proposal), "what_if")
    changes = pupil_changes(before, after)
    headline = demand[(demand["year"] == YEAR) & demand["place_sought"].isin(["special_school", "specialist_base"])]
    assert len(changes) == int(headline.loc[headline["origin_id"] != "", "pupils"].sum())
    names = {"scenario_id": "what_if", "against_id": "do_nothing"}
    for level in ("county", "district", "cluster"):
        table = gains_table(changes, level=level, **names)
        assert table["pupils"].sum() == len(changes)
    won = winners(changes).set_index("area_id").loc["C"]
    county_gains = gains_table(changes, **names).set_index("band")["pupils"]
    assert won["better_off_pupils"] == county_gains[list(BETTER)].sum()
    assert won["worse_off_pupils"] == county_gains[list(WORSE)].sum()
    row = journey_ledger(changes, inputs.parameters, policy="optimal", **names).iloc[0]
    parts = row["both_travel_min_per_day"] + row["now_travel_min_per_day"] + row["no_longer_min_per_day"]
    assert row["change_min_per_day"] == pytest.approx(parts)
    a_day = inputs.parameters.value("journeys_per_day")
    assert row["before_min_per_day"] == pytest.approx(figures(before)[2] * a_day)
    assert row["after_min_per_day"] == pytest.approx(figures(after)[2] * a_day)
    assert worst_loss(changes)["further_min"].iloc[0] >= 0
    detailed = winners(changes, detail=True)
    for cut in (("phase", "all"), ("need", "all")):
        other = "need" if cut[0] == "phase" else "phase"
        rows = detailed[(detailed["area_id"] == "C") & (detailed[other] == "all") & (detailed[cut[0]] != "all")]
        rows = rows[rows["need"].isin(["ASD", "SLD", "SEMH"])] if cut[0] == "need" else rows
        assert rows["better_off_pupils"].sum() == won["better_off_pupils"]
