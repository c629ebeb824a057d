"""Laws of drafted clusters, on grids of a few zones, against every contiguous division there is."""

from __future__ import annotations

import itertools

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from sufficiency.model.errors import InfeasibleError
from sufficiency.planning.clusters.draft import divide_zones

WIDE, HIGH = 3, 2


def zones(districts=("D",) * (WIDE * HIGH)) -> gpd.GeoDataFrame:
    """Return a grid of squares, row by row."""
    names = [f"z{at}" for at in range(WIDE * HIGH)]
    shapes = [box(1000 * (at % WIDE), 1000 * (at // WIDE), 1000 * (at % WIDE + 1), 1000 * (at // WIDE + 1))
              for at in range(WIDE * HIGH)]  # fmt: skip
    frame = {"zone_id": names, "zone_name": [name.upper() for name in names], "district_id": list(districts)}
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:27700")


def beside(one: int, other: int) -> bool:
    """Return whether two squares share a side."""
    return abs(one % WIDE - other % WIDE) + abs(one // WIDE - other // WIDE) == 1


def whole(part) -> bool:
    """Return whether squares hang together, by flooding from the first."""
    reached, open_ = {part[0]}, [part[0]]
    while open_:
        at = open_.pop()
        for other in part:
            if other not in reached and beside(at, other):
                reached.add(other)
                open_.append(other)
    return len(reached) == len(part)


def value(parts, pupils, times, band) -> tuple[int, int]:
    """Return pupils outside the band, and pupil-milliseconds to the best centres, square by square."""
    outside = cost = 0
    for part in parts:
        held = sum(pupils[at] for at in part)
        outside += max(0, band[0] - held, held - band[1])
        cost += min(sum(max(1, pupils[at]) * times[at][centre] for at in part) for centre in part)
    return outside, cost


def best(pupils, times, number, together, band):
    """Return the least value over every division into contiguous parts, None where there is none."""
    found = []
    for labels in itertools.product(range(number), repeat=WIDE * HIGH):
        parts = [[at for at in range(WIDE * HIGH) if labels[at] == part] for part in range(number)]
        kept = all(len({labels[at] for at in group}) == 1 for group in together)
        if kept and all(parts) and all(whole(part) for part in parts):
            found.append(value(parts, pupils, times, band))
    return min(found, default=None)


CASES = st.tuples(
    st.lists(st.integers(0, 9), min_size=WIDE * HIGH, max_size=WIDE * HIGH),
    st.lists(st.integers(1, 60), min_size=(WIDE * HIGH) ** 2, max_size=(WIDE * HIGH) ** 2),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] != pair[1]), max_size=1),
)


def tables(pupils, minutes):
    """Return the pupils and times as the draft takes them."""
    names = [f"z{at}" for at in range(WIDE * HIGH)]
    times = 60_000 * np.array(minutes).reshape(WIDE * HIGH, WIDE * HIGH)
    np.fill_diagonal(times, 0)
    return pd.Series(pupils, index=names), pd.DataFrame(times, index=names, columns=names)


@settings(max_examples=40)
@given(CASES)
def test_the_draft_is_the_best_of_all_contiguous_divisions(case):
    pupils, minutes, number, together = case
    counts, times = tables(pupils, minutes)
    mean = sum(pupils) / number
    band = int(np.floor(mean * 0.75 + 1e-9)), int(np.ceil(mean * 1.25 - 1e-9))
    wanted = best(pupils, times.to_numpy().tolist(), number, together, band)
    groups = [[f"z{at}" for at in group] for group in together]
    if wanted is None:
        with pytest.raises(InfeasibleError):
            divide_zones(zones(), counts, times, number, groups, tolerance_share=0.25)
        return
    lookup, _, districts = divide_zones(zones(), counts, times, number, groups, tolerance_share=0.25)
    assert lookup["zone_id"].tolist() == counts.index.tolist()
    parts = [[int(zone[1:]) for zone in rows["zone_id"]] for _, rows in lookup.groupby("cluster_id")]
    assert len(parts) == number
    assert all(whole(part) for part in parts)
    for group in groups:
        assert len(set(lookup.loc[lookup["zone_id"].isin(group), "cluster_id"])) == 1
    got = value(parts, pupils, times.to_numpy().tolist(), band)
    assert got == wanted
    row = districts.iloc[0]
    assert bool(row["optimal"])
    assert row["outside_pupils"] == wanted[0]


@settings(max_examples=10)
@given(CASES, st.permutations(range(WIDE * HIGH)))
def test_the_order_of_rows_does_not_matter_and_districts_are_respected(case, order):
    pupils, minutes, _, _ = case
    counts, times = tables(pupils, minutes)
    ground = zones(("A", "A", "B") * HIGH)
    one = divide_zones(ground, counts, times, {"A": 2, "B": 1})
    names = [f"z{at}" for at in order]
    other = divide_zones(ground.iloc[list(order)], counts[names], times.loc[names, names], {"B": 1, "A": 2})
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(first, second)
    home = one[0].merge(pd.DataFrame(ground[["zone_id", "district_id"]]), on="zone_id")
    assert home.groupby("cluster_id")["district_id"].nunique().eq(1).all()
    assert home.groupby("district_id")["cluster_id"].nunique().to_dict() == {"A": 2, "B": 1}


def test_a_search_never_ends_worse_than_it_began():
    from sufficiency.planning.clusters.division import Question, _UnitGraph, grown, improved, worth_of

    rng = np.random.default_rng(7)
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(5, 5), ordering="sorted")
    for _ in range(5):
        pupils, times = rng.integers(0, 20, 25), rng.integers(1, 10**6, (25, 25))
        question = Question(pupils, times, graph, tuple((at,) for at in range(25)), 3, 60, 80)
        units = _UnitGraph(question, [frozenset([at]) for at in range(25)])
        start = grown(question, units, (0, 12, 24))
        end = improved(question, units, start)
        assert worth_of(question, end) <= worth_of(question, start)
        assert sorted(itertools.chain(*end)) == list(range(25))
        assert all(nx.is_connected(graph.subgraph(part)) for part in end)
