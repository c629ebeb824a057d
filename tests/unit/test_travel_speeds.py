"""The time of an edge, and which junctions delay it: worked by hand, and against a slow count of the arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.errors import NetworkError
from sufficiency.model.vocabulary import ROAD_CLASSES
from sufficiency.travel.junctions import delay_shares, followed_class
from sufficiency.travel.speeds import edge_parts, edge_times

PLAIN = ["edge_id", "from_node_id", "to_node_id", "road_class"]
IMPORTANCE = [
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
    "tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "ferry",
]  # fmt: skip


def street_map(*edges: tuple[str, str, str], side_streets: object = True) -> pd.DataFrame:
    """Edges of a complete street map: (from, to, class)."""
    rows = [(f"e{number}", *edge) for number, edge in enumerate(edges)]
    return pd.DataFrame(rows, columns=PLAIN).assign(side_streets=side_streets)


def shares(*edges: tuple[str, str, str]) -> list[float]:
    return [round(float(share), 6) for share in delay_shares(street_map(*edges))]


def test_without_the_column_every_edge_meets_its_delay():
    edges = street_map(("a", "b", "primary"), ("b", "c", "residential")).drop(columns="side_streets")
    assert delay_shares(edges).tolist() == [1, 1]


@pytest.mark.parametrize("value", [False, None, np.nan])
def test_where_the_column_is_blank_or_false_likewise(value: object):
    edges = street_map(("a", "b", "primary"), ("b", "c", "residential"), side_streets=value)
    assert delay_shares(edges).tolist() == [1, 1]


def test_flags_may_differ_by_edge():
    edges = street_map(("a", "b", "primary"), ("b", "c", "residential"), side_streets=[True, None])
    assert delay_shares(edges).tolist() == [0, 1]


def test_a_side_street_gives_way_and_the_main_road_does_not():
    """At b a residential street meets a secondary road that goes on: it waits there (1), not at its dead end (0)."""
    assert shares(("a", "b", "secondary"), ("b", "c", "secondary"), ("b", "d", "residential")) == [0, 0, 0.5]


def test_a_street_between_two_main_roads_waits_at_both_ends():
    main = [("a", "b", "primary"), ("b", "c", "primary"), ("x", "y", "primary"), ("y", "z", "primary")]
    assert shares(*main, ("b", "y", "tertiary"))[-1] == 1


def test_a_road_that_only_goes_on_waits_nowhere():
    """Where the class or the limit changes an edge ends, but nothing joins."""
    assert shares(("a", "b", "tertiary"), ("b", "c", "unclassified"), ("c", "d", "residential")) == [0, 0, 0]


def test_equal_arms_give_way_by_chance():
    """Of three equal arms two go straight on, so each gives way with 1/3; of four with 2/4; half of it at each end."""
    three = [("m", name, "residential") for name in "abc"]
    four = [("m", name, "residential") for name in "abcd"]
    assert shares(*three) == [round(1 / 6, 6)] * 3
    assert shares(*four) == [0.25] * 4


def test_where_a_better_road_ends_one_of_the_others_goes_straight_on():
    """One primary and two secondary arms: the primary has its way, each secondary with the chance 1/2."""
    assert shares(("m", "a", "primary"), ("m", "b", "secondary"), ("m", "c", "secondary")) == [0, 0.25, 0.25]


def test_a_slip_road_gives_way_to_its_own_class():
    found = shares(("a", "m", "trunk"), ("m", "b", "trunk"), ("s", "m", "trunk_link"))
    assert found == [0, 0, 0.5]


def test_a_ferry_waits_at_its_landings():
    """Half at each: c is a landing, m a place on the water where three ferries meet."""
    ferries = [("c", "m", "ferry"), ("m", "d", "ferry"), ("m", "f", "ferry")]
    roads = [("c", "x", "primary"), ("d", "y", "primary"), ("f", "z", "primary")]
    assert shares(*ferries, *roads) == [0.5, 0.5, 0.5, 0, 0, 0]
    assert shares(("c", "d", "ferry"), ("c", "x", "primary"), ("d", "y", "primary")) == [1, 0, 0]


def slow_share(edges: list[tuple[int, int, str]], number: int) -> float:
    """Count arms one by one: the two best arms go straight on, ties shared equally."""
    total = 0.0
    for node in edges[number][:2]:
        arms = [one[2] for one in edges for end in one[:2] if end == node]
        mine = IMPORTANCE.index(edges[number][2])
        better = sum(IMPORTANCE.index(arm) < mine for arm in arms)
        equal = sum(IMPORTANCE.index(arm) == mine for arm in arms)
        if edges[number][2] == "ferry":
            total += better > 0
        elif better >= 2:
            total += 1
        else:
            total += 1 - min(2 - better, equal) / equal
    return total / 2


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(ROAD_CLASSES)).filter(lambda e: e[0] != e[1]),
        min_size=1,
        max_size=25,
    )
)
def test_shares_agree_with_a_slow_count(edges: list[tuple[int, int, str]]):
    found = delay_shares(street_map(*((str(a), str(b), road_class) for a, b, road_class in edges)))
    assert found.tolist() == pytest.approx([slow_share(edges, number) for number in range(len(edges))])
    assert ((found >= 0) & (found <= 1)).all()


@given(st.data())
def test_cutting_a_through_road_at_a_side_street_costs_nothing(data: st.DataObject):
    """A main road of k pieces with a side street at every cut waits as long as the whole road: not at all between."""
    pieces = data.draw(st.integers(1, 6))
    main = [(f"m{n}", f"m{n + 1}", "secondary") for n in range(pieces)]
    sides = [(f"m{n}", f"s{n}", "residential") for n in range(1, pieces)]
    assert delay_shares(street_map(*main, *sides))[:pieces].tolist() == [0] * pieces


def speeds(kph: float = 60, junction_s: float = 10, **more: float) -> pd.DataFrame:
    rows = [(road_class, urban, "off_peak") for road_class in ROAD_CLASSES for urban in (False, True)]
    return pd.DataFrame(rows, columns=["road_class", "urban", "profile"]).assign(
        kph=kph, junction_s=junction_s, low_share=0.8, high_share=1.5, **more
    )


def one_edge(road_class: str = "primary", maxspeed_kph: float = np.nan, length_m: float = 1_000) -> pd.DataFrame:
    return street_map(("a", "b", road_class)).assign(
        maxspeed_kph=maxspeed_kph, length_m=length_m, urban=False, side_streets=False
    )


@pytest.mark.parametrize(
    ("road_class", "limit_kph", "milliseconds"),
    [
        ("primary", np.nan, 70_000),  # 1 km at 60 km/h, and 10 s
        ("primary", 40, 100_000),  # 90 s, and 10 s
        ("primary", 100, 70_000),  # a higher limit is not driven
        ("ferry", np.nan, 70_000),
        ("ferry", 12, 310_000),  # 300 s, and 10 s
        ("ferry", 90, 50_000),  # the crossing's own speed, above the table's
    ],
)
def test_limits_and_ferries(road_class: str, limit_kph: float, milliseconds: int):
    found = edge_times(one_edge(road_class, limit_kph), speeds(), "off_peak")
    assert found.central.tolist() == [milliseconds]
    assert found.low.tolist() == [round(0.8 * milliseconds)]
    assert found.high.tolist() == [round(1.5 * milliseconds)]


def trunk_roads(side_streets: object) -> pd.DataFrame:
    """A trunk road both ways, one carriageway each way of another, and the same as primary and motorway."""
    rows = [("trunk", True, True), ("trunk", True, False), ("trunk", False, True), ("motorway", True, True)]
    edges = pd.concat([one_edge(road_class) for road_class, *_ in rows], ignore_index=True)
    ways = list(zip(*rows, strict=True))
    return edges.assign(forward=ways[1], backward=ways[2], side_streets=side_streets)


def test_a_trunk_road_of_one_carriageway_follows_the_primary_row():
    """A map draws dual carriageways as two one-way roads; in a skeleton of links one edge is both carriageways."""
    assert followed_class(trunk_roads(True)).tolist() == ["primary", "trunk", "trunk", "motorway"]
    assert followed_class(trunk_roads(None)).tolist() == ["trunk", "trunk", "trunk", "motorway"]
    table = speeds(junction_s=0)
    table.loc[table["road_class"] == "primary", "kph"] = 36
    assert edge_times(trunk_roads(True), table, "off_peak").central.tolist() == [100_000, 60_000, 60_000, 60_000]
    assert edge_times(trunk_roads(False), table, "off_peak").central.tolist() == [60_000] * 4


def test_a_street_map_meets_its_delay_where_it_gives_way():
    """1 km at 60 km/h and 10 s: the side street half of it, its main road none."""
    edges = street_map(("a", "b", "secondary"), ("b", "c", "secondary"), ("b", "d", "residential")).assign(
        maxspeed_kph=np.nan, length_m=1_000.0, urban=False
    )
    assert edge_times(edges, speeds(), "off_peak").central.tolist() == [60_000, 60_000, 65_000]


def test_parts_say_what_is_at_its_limit():
    limits = [("primary", 40, True), ("primary", 60, True), ("primary", 61, False), ("primary", np.nan, False),
              ("ferry", 90, True), ("ferry", np.nan, False)]  # fmt: skip
    edges = pd.concat([one_edge(road_class, kph) for road_class, kph, _ in limits], ignore_index=True)
    parts = edge_parts(edges, speeds(), "off_peak")
    assert parts.at_limit.tolist() == [at for *_, at in limits]
    assert parts.delay.tolist() == [10_000] * 6
    assert parts.running[[0, 2, 4]].tolist() == [90_000, 60_000, 40_000]


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(NetworkError, match="maxspeed_kph=0"):
        edge_times(one_edge(maxspeed_kph=0), speeds(), "off_peak")


def test_the_tables_are_left_alone():
    edges, table = one_edge(), speeds()
    before = edges.copy(), table.copy()
    edge_times(edges, table, "off_peak")
    pd.testing.assert_frame_equal(edges, before[0])
    pd.testing.assert_frame_equal(table, before[1])


def test_the_embedded_times_are_what_they_were(oxfordshire):
    """Its links run between main junctions: the rule of street maps must not touch them.

    round(length x 3,600 / min(kph, limit) + 1,000 x junction_s), worked link by link from the tables as they stand.
    """
    edges, table = oxfordshire.roads.edges, oxfordshire.speeds
    for profile in ("off_peak", "school_morning"):
        rates = table[table["profile"] == profile].set_index(["road_class", "urban"])
        expected = []
        for edge in edges.to_dict("records"):
            rate = rates.loc[(edge["road_class"], edge["urban"])]
            kph = float(rate["kph"]) if np.isnan(edge["maxspeed_kph"]) else min(rate["kph"], edge["maxspeed_kph"])
            expected.append(round(edge["length_m"] * 3_600 / kph + float(rate["junction_s"]) * 1_000))
        assert edge_times(edges, table, profile).central.tolist() == expected
