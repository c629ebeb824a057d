"""The value of the first new place equals opening it: at every node of random towns, and at 200 nodes of the county."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sufficiency.allocation import build_eligibility, part_of, solve_tiers
from sufficiency.assess import demand_of, network_of, rules_of
from sufficiency.model.geography import BNG
from sufficiency.model.vocabulary import ALL, NEED_GROUP_OF, NEEDS, PHASE_NCY, TIERS
from sufficiency.planning import open_year, settled
from sufficiency.planning.opportunity import opportunity_surface
from sufficiency.travel import AccessLeg, journey_times, prepare
from sufficiency.travel.totals import Starts, least_totals, least_totals_within
from tests import tiny_county as tiny
from tests.property import test_travel_journeys as journeys
from tests.property.test_travel_journeys import CORNER, LIMIT_M, Town, towns_with_turns

if TYPE_CHECKING:
    from sufficiency.allocation import Eligibility, YearFigures
    from sufficiency.model.results import Inputs
    from sufficiency.planning import OpenedYear
    from sufficiency.planning.opportunity import Surface
    from sufficiency.travel import RoadNetwork

FAST = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
SCHOOL, BASE = "special_school", "specialist_base"
YEAR = tiny.YEAR
Change = tuple[int, int, int]
Figures = tuple[dict[str, int], int, int]


# --- the roads: the least over many homes is the least of their journeys ---


@FAST
@given(towns_with_turns(), st.integers(0, 2**32 - 1))
def test_least_totals_equal_the_least_of_the_journeys(town: Town, seed: int) -> None:
    rng = np.random.default_rng(seed)
    leg = AccessLeg(1.3, 30.0, LIMIT_M)
    roads = prepare(journeys.tables(town), journeys.speed_table(), profile="off_peak", leg=leg, keep=False)
    homes, places = (
        roads.spots(*(np.array(points, dtype=float) + CORNER).T) for points in (town.homes, town.nodes + town.schools)
    )
    n_entries, n_lanes = int(rng.integers(0, 9)), 3
    starts = Starts(
        n_lanes,
        rng.integers(0, n_lanes, n_entries),
        rng.integers(0, homes.size, n_entries),
        rng.integers(0, 400_000, n_entries),
    )
    limit_ms = rng.integers(0, 300_000, n_entries)
    there = roads.milliseconds(homes, places).astype(int)
    plain, walked, bounded = (np.full((places.size, n_lanes), -1) for _ in range(3))
    for lane, home, start, limit in zip(starts.lane, starts.home, starts.start_ms, limit_ms, strict=True):
        for place in range(places.size):
            journey = there[home, place]
            for table, made, cost in (
                (plain, journey >= 0, start + journey),
                (walked, journey >= 0, start),
                (bounded, 0 <= journey <= limit, start + journey),
            ):
                if made and (table[place, lane] < 0 or cost < table[place, lane]):
                    table[place, lane] = cost
    assert least_totals(roads, homes, places, starts).tolist() == plain.tolist()
    assert least_totals(roads, homes, places, starts, driven=False).tolist() == walked.tolist()
    assert least_totals_within(roads, homes, places, starts, limit_ms).tolist() == bounded.tolist()


# --- whole towns: every node, against opening the place and solving anew ---


@lru_cache(maxsize=1)
def plain_inputs() -> Inputs:
    return tiny.inputs()


def town_inputs(town: Town, seed: int) -> Inputs:
    """The tiny county's inputs with a random town's roads, homes and schools, and some fifteen groups of pupils."""
    rng = np.random.default_rng(seed)
    several, needs = rng.integers(0, len(town.schools), 5), ["ASD", "SLCN", "SEMH"]
    provision = pd.DataFrame(
        {
            "provision_id": [f"P{number}" for number in range(5)],
            "setting_id": [f"p{school}" for school in several],
            "provision_type": rng.choice([SCHOOL, SCHOOL, BASE], 5),
            "ncy_from": rng.integers(0, 7, 5),
            "ncy_to": rng.integers(7, 15, 5),
            "needs": [";".join(rng.choice(needs, rng.integers(1, 4), replace=False)) for _ in range(5)],
            "attendance": rng.choice(["day", "day", "day", "weekly"], 5),
            "tier": rng.choice(["local", "local", "other_council", "independent"], 5),
        }
    ).assign(department="all", designation="", sex="any", ehcp_required=True)  # fmt: skip
    places = pd.DataFrame(
        {"provision_id": provision["provision_id"], "year": YEAR, "planned_places": rng.integers(0, 6, 5)}
    )
    demand = pd.DataFrame(
        {
            "origin_id": [f"p{home}" for home in rng.integers(0, len(town.homes), 15)],
            "ncy": rng.integers(4, 13, 15),
            "need": rng.choice(needs, 15),
            "ehcp": rng.random(15) < 0.9,
            "place_sought": rng.choice([SCHOOL, SCHOOL, BASE], 15),
            "attendance": rng.choice(["day", "day", "day", "residential"], 15),
            "pupils": rng.integers(1, 3, 15),
        }
    ).assign(year=YEAR, sex="any")
    demand["group_id"] = [f"g{number:02}" for number in range(15)]
    limit = "none" if rng.random() < 0.7 else float(rng.integers(1, 5))
    assumed = tiny.parameters(
        snap_detour_ratio=(1.3, None, None),
        snap_kph=(30.0, None, None),
        snap_limit_m=(LIMIT_M, None, None),
        travel_profile=("off_peak", None, None),
        reach_limit_min=(limit, None, None),
    )
    return dataclasses.replace(
        plain_inputs(),
        roads=journeys.tables(town),
        speeds=journeys.speed_table(),
        origins=journeys.points("origin_id", town.homes),
        settings=journeys.points("setting_id", town.schools),
        provision=provision,
        places=places,
        demand=demand,
        acceptance=pd.DataFrame(columns=["need", "phase", "place_sought", "provision_type", "order", "penalty_min"]),
        parameters=assumed,
    )


def new_rows(surface: Surface, kinds: list[tuple[str, str]]) -> pd.DataFrame:
    """Return provisions N0, N1, ... at settings of the same names, each for one kind of pupil."""
    rows = []
    for number, (need, phase) in enumerate(kinds):
        first, last = (0, 14) if phase == ALL else PHASE_NCY[phase]
        admitted = [one for one in NEEDS if need in (ALL, one, NEED_GROUP_OF[one])]
        attendance = "day" if surface.attendance == "day" else "termly"
        rows.append((f"N{number}", f"N{number}", surface.provision_type, first, last, ";".join(admitted), attendance))
    columns = ["provision_id", "setting_id", "provision_type", "ncy_from", "ncy_to", "needs", "attendance"]
    return pd.DataFrame(rows, columns=columns).assign(
        department="all", designation="", sex="any", ehcp_required=surface.ehcp_required, tier="local"
    )


def opened_there(surface: Surface, row: int, kind: tuple[str, str]) -> OpenedYear:
    """Return the year solved anew with one place at a node for one kind of pupil."""
    inputs, opened = surface.opened.inputs, surface.opened
    point = surface.points.iloc[row]
    site = gpd.GeoDataFrame(
        {"setting_id": ["N0"]}, geometry=[shapely.Point(point["easting_m"], point["northing_m"])], crs=BNG
    )
    one_place = pd.DataFrame({"provision_id": ["N0"], "year": [opened.eligibility.year], "planned_places": [1]})
    more = dataclasses.replace(
        inputs,
        settings=pd.concat([inputs.settings, site], ignore_index=True),
        provision=pd.concat([inputs.provision, new_rows(surface, [kind])], ignore_index=True),
        places=pd.concat([inputs.places, one_place], ignore_index=True),
    )
    return open_year(more, opened.eligibility.year, demand=opened.demand, network=surface.network)


def figures_of(opened: OpenedYear) -> Figures:
    """Return first-fit pupils by tier, those without a place, and milliseconds of all, from a solved year's flow."""
    year, flow = opened.eligibility, opened.result.first.tocoo()
    day = (year.groups["attendance"] == "day").to_numpy()[flow.row]
    spent = np.where(day, year.milliseconds[flow.row, flow.col], 0).astype(np.int64)
    by_tier = {name: int(flow.data[year.tier[flow.col] == rank].sum()) for rank, name in enumerate(TIERS, start=1)}
    return by_tier, int(year.pupils.sum() - flow.data.sum()), int((spent * flow.data).sum())


def change_between(before: Figures, after: Figures) -> Change:
    return before[1] - after[1], after[0]["local"] - before[0]["local"], after[2] - before[2]


def told(surface: Surface, row: int, column: int) -> Change:
    gain = int(surface.values.gain[row, column])
    return int(gain == 3), int(gain > 0), int(surface.values.change_ms[row, column])


@FAST
@given(towns_with_turns(), st.integers(0, 2**32 - 1))
def test_every_node_of_a_town_equals_opening_the_place(town: Town, seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = town_inputs(town, seed)
    roads = dataclasses.replace(network_of(inputs), keep=False)
    opened = open_year(inputs, YEAR, network=roads)
    groups = opened.eligibility.groups
    choices = [
        (str(kind), str(how)) for kind, how in set(zip(groups["place_sought"], groups["attendance"], strict=True))
    ]
    provision_type, attendance = sorted(choices)[int(rng.integers(len(choices)))]
    surface = opportunity_surface(
        opened,
        provision_type=provision_type,
        needs=[ALL, "communication_and_interaction", "ASD", "SEMH"],
        attendance=attendance,
        ehcp_required=False,
        network=roads,
    )
    rows = np.arange(len(surface.points))
    columns = rng.integers(0, len(surface.kinds), rows.size)
    extra = columns_at(surface, rows, [surface.kinds[column] for column in columns])
    names, before = extra.provision["provision_id"].tolist(), solved_anew(opened.eligibility)
    for row, column in enumerate(columns.tolist()):
        after = solved_anew(opened.eligibility, extra, names.index(f"N{row}"))
        assert told(surface, row, column) == change_between(before, after)
        fewer = [name for name in TIERS if after[0][name] < before[0][name]]
        table = surface.of_kind(*surface.kinds[column])
        assert [name for name in [table["from_tier"].iloc[row]] if name] == fewer
    assert figures_of(opened_there(surface, row, surface.kinds[column])) == after


def solved_anew(year: Eligibility, extra: Eligibility | None = None, column: int = 0) -> Figures:
    """Return the figures of a fresh solve of a year, with one column of another eligibility beside."""
    cost, places, tier = year.first_cost, year.places, year.tier
    if extra is not None:
        own = pd.Index(extra.groups["group_id"]).get_indexer(pd.Index(year.groups["group_id"]))
        cost = np.column_stack([cost, extra.first_cost[own, column]])
        places, tier = np.append(places, 1), np.append(tier, 1)
    found = solve_tiers(cost, year.pupils, places, tier)
    cells = found.flow.flow.tocoo()
    by_tier = {name: int(cells.data[tier[cells.col] == rank].sum()) for rank, name in enumerate(TIERS, start=1)}
    return by_tier, int(found.flow.unplaced.sum()), found.cost


# --- the embedded county ---


@lru_cache(maxsize=1)
def county_ground() -> tuple[Inputs, pd.DataFrame, RoadNetwork]:
    import sufficiency

    inputs = sufficiency.load()
    return inputs, demand_of(inputs), network_of(inputs)


def with_room(inputs: Inputs, share: float) -> Inputs:
    """The county with local places of the headline year multiplied by a share."""
    local = set(inputs.provision.loc[inputs.provision["tier"] == "local", "provision_id"])
    changed = inputs.places["provision_id"].isin(local) & (inputs.places["year"] == 2028)
    room = inputs.places["planned_places"].mask(changed, (inputs.places["planned_places"] * share).astype(int))
    return dataclasses.replace(inputs, places=inputs.places.assign(planned_places=room))


def columns_at(surface: Surface, rows: np.ndarray, kinds: list[tuple[str, str]]) -> Eligibility:
    """Return one place at each of some nodes, each for its kind, by journeys from every home to it."""
    inputs, points = surface.opened.inputs, surface.points.iloc[rows]
    provision = new_rows(surface, kinds)
    sites = gpd.GeoDataFrame(
        {"setting_id": provision["setting_id"]}, geometry=shapely.points(points[["easting_m", "northing_m"]]), crs=BNG
    )
    travel = journey_times(surface.network, inputs.origins, sites, bands=False)
    places = pd.DataFrame({"provision_id": provision["provision_id"], "year": 2028, "planned_places": 1})
    return build_eligibility(
        surface.opened.demand, provision, places, inputs.acceptance, travel, year=2028, rules=rules_of(inputs)
    )


def exact(figures: YearFigures) -> Figures:
    return dict(figures.pupils_by_tier), figures.unplaced_pupils, round(figures.travel_min * 60_000)


@pytest.mark.parametrize(
    ("share", "provision_type", "nodes"),
    [(0.6, SCHOOL, 67), (1.45, SCHOOL, 67), (3.0, BASE, 66)],
    ids=["shortage", "balance", "surplus"],
)
def test_two_hundred_nodes_of_the_county_equal_opening_the_place(share: float, provision_type: str, nodes: int) -> None:
    inputs, demand, roads = county_ground()
    opened = open_year(with_room(inputs, share), 2028, demand=demand, network=roads)
    wanted = [ALL, "cognition_and_learning", "ASD", "SEMH", "SLCN", "MLD"]
    surface = opportunity_surface(opened, provision_type=provision_type, needs=wanted, network=roads)
    rng = np.random.default_rng(7)
    rows = rng.choice(len(surface.points), nodes, replace=False)
    columns = rng.integers(0, len(surface.kinds), nodes)
    extra = columns_at(surface, rows, [surface.kinds[column] for column in columns])
    names = extra.provision["provision_id"].tolist()
    start = settled(opened)
    before = exact(start.figures())
    everybody = np.ones(len(extra.groups), dtype=np.bool_)
    seen = set()
    for number, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        chosen = np.array([name == f"N{number}" for name in names])
        after = exact(start.with_provision(part_of(extra, everybody, chosen)).figures())
        assert told(surface, row, column) == change_between(before, after)
        seen.add(told(surface, row, column)[:2])
        if number < 2:
            fresh = opened_there(surface, row, surface.kinds[column])
            assert figures_of(fresh) == after
    assert seen == expected_outcomes(share)


def expected_outcomes(share: float) -> set[tuple[int, int]]:
    """The kinds of outcome that a regime must show, so that none of them is tested by accident only."""
    outcomes: dict[float, set[tuple[int, int]]] = {0.6: {(1, 1)}, 1.45: {(0, 1), (0, 0)}, 3.0: {(0, 0)}}
    return outcomes[share]


def test_the_order_of_groups_and_nodes_does_not_matter() -> None:
    inputs, demand, roads = county_ground()
    opened = open_year(inputs, 2028, demand=demand, network=roads)
    mixed: dict[str, Any] = {"nodes": inputs.roads.nodes.sample(frac=1, random_state=3)}
    shuffled = dataclasses.replace(
        opened, inputs=dataclasses.replace(inputs, roads=dataclasses.replace(inputs.roads, **mixed))
    )
    first = opportunity_surface(opened, provision_type=SCHOOL, needs=[ALL], network=roads)
    second = opportunity_surface(shuffled, provision_type=SCHOOL, needs=[ALL], network=roads)
    pd.testing.assert_frame_equal(first.nodes, second.nodes)
