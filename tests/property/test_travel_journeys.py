"""Whole journeys in random towns: an independent second implementation, and laws that need no expected value.

The second implementation below shares nothing with the package: it measures points against segments by itself, follows
the access-only rule as a state of the journey (leaving, through, arriving), and searches with a heap of (ms, mm) pairs.
"""

from __future__ import annotations

import datetime as dt
import heapq
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sufficiency.model import geography
from sufficiency.model.assumptions import Assumption
from sufficiency.model.parameters import Parameters
from sufficiency.model.results import RoadTables, TravelTimes
from sufficiency.travel import AccessLeg, RoadNetwork, prepare, route, travel_times

if TYPE_CHECKING:
    from sufficiency.travel.ways import Way

FAST = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
RATES = {"residential": (30.0, 0.0), "tertiary": (47.0, 6.5), "service": (11.0, 3.0), "trunk": (95.0, 1.0)}
LOW, HIGH = 0.85, 1.4
CORNER = (450_000.0, 200_000.0)
LIMIT_M = 1_500.0
Point = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """One road of a random town, between nodes by number."""

    edge_id: str
    start: int
    end: int
    forward: bool
    backward: bool
    road_class: str
    access_only: bool
    maxspeed_kph: float
    length_m: float


@dataclass(frozen=True)
class Town:
    """Nodes at whole metres from the corner, roads, homes and schools."""

    nodes: tuple[Point, ...]
    edges: tuple[Edge, ...]
    homes: tuple[Point, ...]
    schools: tuple[Point, ...]
    turns: tuple[tuple[str, int, str], ...] = ()


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """A lattice of up to 3 x 3 nodes, each moved a little, some streets missing, one-way or access only.

    In every town some road may be joined.
    """
    width, height = draw(st.integers(2, 3)), draw(st.integers(1, 3))
    shift = st.integers(-150, 150)
    nodes = [(x * 1_000 + draw(shift), y * 1_000 + draw(shift)) for y in range(height) for x in range(width)]
    pairs = [(x + width * y, x + 1 + width * y) for y in range(height) for x in range(width - 1)]
    pairs += [(x + width * y, x + width * (y + 1)) for y in range(height - 1) for x in range(width)]
    pairs += draw(st.lists(st.sampled_from(pairs), max_size=2))
    edges = []
    for number, (start, end) in enumerate(pairs):
        kept, direction = draw(st.sampled_from([True] * 7 + [False])), draw(st.sampled_from("bbbbfr"))
        if not kept:
            continue
        straight = float(np.hypot(nodes[end][0] - nodes[start][0], nodes[end][1] - nodes[start][1]))
        edges.append(
            Edge(
                edge_id=f"e{draw(st.integers(0, 9))}{number}",
                start=start,
                end=end,
                forward=direction in "bf",
                backward=direction in "br",
                road_class=draw(st.sampled_from(["residential", "tertiary", "residential", "service", "trunk"])),
                access_only=draw(st.sampled_from([False, False, False, True])),
                maxspeed_kph=draw(st.sampled_from([float("nan"), 32.2, 96.5])),
                length_m=round(straight * draw(st.sampled_from([1.0, 1.1, 1.3, 1.6, 9.0])), 1),
            )
        )
    place = st.tuples(st.integers(-600, width * 1_000 - 400), st.integers(-600, height * 1_000 - 400))
    either = st.one_of(place, st.sampled_from(nodes))
    homes, schools = draw(st.lists(either, min_size=1, max_size=4)), draw(st.lists(either, min_size=1, max_size=3))
    town = Town(tuple(nodes), tuple(edges), tuple(homes), tuple(schools))
    assume(bool(joinable(town)))
    return town


@st.composite
def towns_with_turns(draw: st.DrawFn) -> Town:
    """A town in which some turns may not be made, U-turns among them."""
    town = draw(towns())
    possible = [
        (one.edge_id, node, other.edge_id)
        for one in town.edges
        for node in (one.start, one.end)
        for other in town.edges
        if node in (other.start, other.end)
    ]
    assume(bool(possible))
    return replace(town, turns=tuple(draw(st.lists(st.sampled_from(possible), min_size=1, max_size=6, unique=True))))


def tables(town: Town, offset: Point = (0, 0)) -> RoadTables:
    """The road tables of a town."""
    xy = np.array(town.nodes, dtype=float) + CORNER + offset
    lon, lat = geography.to_wgs84(xy[:, 0], xy[:, 1])
    names = [f"n{number}" for number in range(len(town.nodes))]
    nodes = gpd.GeoDataFrame({"node_id": names, "lon": lon, "lat": lat}, geometry=shapely.points(xy), crs=geography.BNG)
    edges = pd.DataFrame([vars(edge) for edge in town.edges]).assign(road_number="", urban=False)
    lines = shapely.linestrings([[xy[edge.start], xy[edge.end]] for edge in town.edges])
    edges["from_node_id"] = [names[edge.start] for edge in town.edges]
    edges["to_node_id"] = [names[edge.end] for edge in town.edges]
    turns = [(one, names[node], other) for one, node, other in town.turns]
    return RoadTables(
        nodes,
        gpd.GeoDataFrame(edges.drop(columns=["start", "end"]), geometry=lines, crs=geography.BNG),
        turns=pd.DataFrame(turns, columns=["from_edge_id", "via_node_id", "to_edge_id"]) if turns else None,
    )


def speed_table(factor: float = 1.0) -> pd.DataFrame:
    """The speed table, every speed and delay as if the clock ran `factor` times as fast."""
    rows = [
        (name, False, "off_peak", kph / factor, delay * factor, LOW, HIGH, "test")
        for name, (kph, delay) in RATES.items()
    ]
    columns = ["road_class", "urban", "profile", "kph", "junction_s", "low_share", "high_share", "source"]
    return pd.DataFrame(rows, columns=columns)


def points(column: str, positions: tuple[Point, ...], offset: Point = (0, 0)) -> gpd.GeoDataFrame:
    """A table of places."""
    xy = np.array(positions, dtype=float) + CORNER + offset
    return gpd.GeoDataFrame({column: [f"p{k}" for k in range(len(xy))]}, geometry=shapely.points(xy), crs=geography.BNG)


def parameters(kph: float = 30.0) -> Parameters:
    """Parameters with only the assumptions of the legs off the road."""
    values = {"snap_detour_ratio": 1.3, "snap_kph": kph, "snap_limit_m": LIMIT_M}
    assumptions = {name: Assumption(name, value, None, None, "", "", "", "") for name, value in values.items()}
    return Parameters(
        "t", "T", "E1", geography.BNG, dt.date(2026, 1, 1), True, "", 2024, 2025, 2028, 2031, 5, assumptions
    )


def journeys(town: Town, *, roads: RoadTables | None = None, **options: Any) -> TravelTimes:
    """The package's answer."""
    offset = options.pop("offset", (0, 0))
    return travel_times(
        tables(town, offset) if roads is None else roads,
        options.pop("speeds", speed_table()),
        points("origin_id", town.homes, offset),
        points("setting_id", town.schools, offset),
        profile="off_peak",
        parameters=options.pop("parameters", parameters()),
        **options,
    )


@lru_cache(maxsize=64)
def joinable(town: Town) -> list[Edge]:
    """Edges, by id, that a journey may start or end on."""
    through, access = nx.DiGraph(), nx.DiGraph()
    for graph in (through, access):
        graph.add_nodes_from(range(len(town.nodes)))
    for edge in town.edges:
        graph = access if edge.access_only else through
        if edge.forward:
            graph.add_edge(edge.start, edge.end)
        if edge.backward:
            graph.add_edge(edge.end, edge.start)
    # Node ids are n0, n1 ...: of equally large components the one with the first id, as text.
    main = max(nx.strongly_connected_components(through), key=lambda c: (len(c), -min(c)))
    out = main | {n for m in main for n in nx.descendants(access, m)}
    back = main | {n for m in main for n in nx.ancestors(access, m)}
    usable = [
        edge
        for edge in town.edges
        if edge.road_class != "trunk"
        and {edge.start, edge.end} <= (out & back if edge.access_only else main)
        and (edge.forward or edge.backward)
    ]
    return sorted(usable, key=lambda edge: edge.edge_id)


def joined(town: Town, point: Point, edges: list[Edge] | None = None) -> tuple[Edge, float, float]:
    """The nearest edge (of equals the first id), the share of its length, the distance; by default of joinable ones."""
    best: tuple[Edge, float, float] | None = None
    for edge in joinable(town) if edges is None else edges:
        (ax, ay), (bx, by) = town.nodes[edge.start], town.nodes[edge.end]
        along = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        share = min(1.0, max(0.0, along))
        away = float(np.hypot(ax + share * (bx - ax) - point[0], ay + share * (by - ay) - point[1]))
        # Within 1 mm is equally near.
        if best is None or away < best[2] - 0.001:
            best = (edge, share, away)
    assert best is not None
    return best


def cost_of(edge: Edge, first: float, last: float, band: float) -> tuple[int, int]:
    """Whole ms and mm from one share of an edge to another."""
    kph, delay = RATES[edge.road_class]
    whole = edge.length_m * 3_600 / min(kph, edge.maxspeed_kph if edge.maxspeed_kph == edge.maxspeed_kph else kph)
    ms, mm = int(np.rint((whole + delay * 1_000) * band)), int(np.rint(edge.length_m * 1_000))
    return tuple(abs(int(np.rint(v * last)) - int(np.rint(v * first))) for v in (ms, mm))


def second_answer(town: Town, home: Point, school: Point, band: float = 1.0) -> tuple[int, int]:
    """(ms, mm) of one journey, (-1, -1) without a way; see the module's first lines."""
    (edge_o, share_o, away_o), (edge_d, share_d, away_d) = joined(town, home), joined(town, school)
    if max(away_o, away_d) > LIMIT_M:
        return -1, -1
    if home == school:
        return 0, 0
    legs = [(int(np.rint(away * 1.3 * 120)), int(np.rint(away * 1.3 * 1_000))) for away in (away_o, away_d)]
    # Where the journey is, and the edge that it came by ("" = it began at this junction): it decides the turns.
    heap: list[tuple[int, int, int, int, str]] = []
    for allowed, node, end in ((edge_o.forward, edge_o.end, 1.0), (edge_o.backward, edge_o.start, 0.0)):
        if allowed or share_o == end:
            came = "" if share_o == end else edge_o.edge_id
            # Who stands at the end of a road stands at that of an access road there, too.
            start_phase = 0 if edge_o.access_only or share_o == end else 1
            heapq.heappush(heap, (*cost_of(edge_o, share_o, end, band), node, start_phase, came))
    ways: list[tuple[int, int]] = []
    if edge_o is edge_d and (edge_o.forward if share_d >= share_o else edge_o.backward):
        ways.append(cost_of(edge_o, share_o, share_d, band))
    elif edge_o is edge_d and share_o == share_d:
        ways.append((0, 0))
    seen: set[tuple[int, int, str]] = set()
    while heap:
        ms, mm, node, phase, came = heapq.heappop(heap)
        if (node, phase, came) in seen:
            continue
        seen.add((node, phase, came))
        if phase < 2:
            heapq.heappush(heap, (ms, mm, node, phase + 1, came))
        for allowed, end_node, end in ((edge_d.forward, edge_d.start, 0.0), (edge_d.backward, edge_d.end, 1.0)):
            arrives = phase == (2 if edge_d.access_only or share_d == end else 1)
            turns_in = share_d == end or (came, node, edge_d.edge_id) not in town.turns
            if arrives and node == end_node and (allowed or share_d == end) and turns_in:
                more = cost_of(edge_d, end, share_d, band)
                ways.append((ms + more[0], mm + more[1]))
        for edge in town.edges:
            if edge.access_only == (phase == 1):
                continue
            for allowed, tail, head in ((edge.forward, edge.start, edge.end), (edge.backward, edge.end, edge.start)):
                if allowed and tail == node and (came, node, edge.edge_id) not in town.turns:
                    more = cost_of(edge, 0.0, 1.0, band)
                    heapq.heappush(heap, (ms + more[0], mm + more[1], head, phase, edge.edge_id))
    if not ways:
        return -1, -1
    return min(ways)[0] + legs[0][0] + legs[1][0], min(ways)[1] + legs[0][1] + legs[1][1]


@settings(FAST, max_examples=80)
@given(towns())
def test_journeys_equal_the_second_implementation(town: Town) -> None:
    found = journeys(town)
    assert found.low_milliseconds is not None
    assert found.high_milliseconds is not None
    for row, home in enumerate(town.homes):
        assert abs(found.origin_snap_m[row] - joined(town, home)[2]) < 1e-6
        for column, school in enumerate(town.schools):
            for band, matrix in (
                (1.0, found.milliseconds),
                (LOW, found.low_milliseconds),
                (HIGH, found.high_milliseconds),
            ):
                # The two measure a share of an edge with different rounding: 1 ms an end of the journey.
                expected = second_answer(town, home, school, band)[0]
                assert (matrix[row, column] < 0) == (expected < 0)
                assert abs(int(matrix[row, column]) - expected) <= 2


@settings(FAST, max_examples=80)
@given(towns_with_turns())
def test_turns_that_may_not_be_made_equal_the_second_implementation(town: Town) -> None:
    found = journeys(town)
    for row, home in enumerate(town.homes):
        for column, school in enumerate(town.schools):
            expected = second_answer(town, home, school)[0]
            assert (found.milliseconds[row, column] < 0) == (expected < 0)
            assert abs(int(found.milliseconds[row, column]) - expected) <= 2


@FAST
@given(towns_with_turns())
def test_a_forbidden_turn_never_shortens_a_journey(town: Town) -> None:
    free, bound = journeys(replace(town, turns=())), journeys(town)
    far = np.iinfo(np.int32).max
    free_ms, bound_ms = (np.where(one.milliseconds < 0, far, one.milliseconds) for one in (free, bound))
    assert (bound_ms >= free_ms).all()


@FAST
@given(towns())
def test_the_way_home_is_the_way_from_the_schools(town: Town) -> None:
    """Homes and schools exchanged, the other way round."""
    home = journeys(town, direction="from_setting")
    turned = journeys(replace(town, homes=town.schools, schools=town.homes))
    assert (home.milliseconds == turned.milliseconds.T).all()
    assert (home.metres == turned.metres.T).all()


@FAST
@given(towns())
def test_prepared_homes_give_the_same_times_and_ways_add_up_to_them(town: Town) -> None:
    leg = AccessLeg(1.3, 30.0, LIMIT_M)
    network = prepare(tables(town), speed_table(), profile="off_peak", leg=leg)
    homes, schools = (network.spots(*(np.array(p, dtype=float) + CORNER).T) for p in (town.homes, town.schools))
    times = network.milliseconds(homes, schools)
    assert (network.toward(homes).milliseconds(schools) == times).all()
    for column in range(schools.size):
        one = network.spots(schools.x[[column]], schools.y[[column]])
        assert (network.toward(homes).milliseconds(one)[:, 0] == times[:, column]).all()
    row, column = (part.ravel() for part in np.indices(times.shape))
    from_spots = network.spots(homes.x[row], homes.y[row])
    to_spots = network.spots(schools.x[column], schools.y[column])
    for o, d, way in zip(row, column, network.ways(from_spots, to_spots), strict=True):
        if homes.x[o] == schools.x[d] and homes.y[o] == schools.y[d]:
            continue
        assert (way is None) == (times[o, d] < 0)
        if way is not None:
            assert way.sum_of(network.times.central) + homes.leg_ms[o] + schools.leg_ms[d] == times[o, d]
            # Each piece ends where the next begins: at one junction, or at one place of one edge.
            ends = [drawn(network, way, k) for k in range(way.edge.size)]
            assert all(one[1] == other[0] for one, other in pairwise(ends))


def drawn(network: RoadNetwork, way: Way, piece: int) -> tuple[object, object]:
    """Where a piece of a way begins and ends: a junction by number, or an edge and a share of it."""
    edge, roads = int(way.edge[piece]), network.drives.roads
    at = {0.0: int(roads.start[edge]), 1.0: int(roads.end[edge])}
    return tuple(at.get(float(share), (edge, float(share))) for share in (way.share_from[piece], way.share_to[piece]))


@FAST
@given(towns())
def test_metres_equal_the_second_implementation(town: Town) -> None:
    found = journeys(town)
    for row, home in enumerate(town.homes):
        for column, school in enumerate(town.schools):
            ms, mm = second_answer(town, home, school)
            if ms == found.milliseconds[row, column]:
                assert abs(int(found.metres[row, column]) - (mm / 1_000 if ms >= 0 else -1)) <= 0.51


@FAST
@given(towns())
def test_everything_joined_is_reached_in_bounds(town: Town) -> None:
    """Low ≤ central ≤ high; never faster than the straight line at the highest speed; metres no less than straight."""
    found = journeys(town)
    assert found.low_milliseconds is not None
    assert found.high_milliseconds is not None
    ms, metres = found.milliseconds.astype(float), found.metres.astype(float)
    assert (found.low_milliseconds <= found.milliseconds).all()
    assert (found.milliseconds <= found.high_milliseconds).all()
    near_o, near_s = found.origin_snap_m <= LIMIT_M, found.setting_snap_m <= LIMIT_M
    same = np.array([[home == school for school in town.schools] for home in town.homes])
    assert ((ms >= 0) == (np.logical_and.outer(near_o, near_s) | same)).all()
    straight = np.hypot(*(np.array(town.homes)[:, None, :] - np.array(town.schools)[None, :, :]).transpose(2, 0, 1))
    reached = ms >= 0
    # Lengths are rounded to 0.1 m, an edge may thus be 0.05 m short of straight: at most 40 edges, 2 m.
    assert (metres[reached] >= straight[reached] - 2.5).all()
    assert (ms[reached] >= (straight[reached] - 2.5) * 3_600 / 95).all()


@FAST
@given(towns(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(town: Town, random: Any) -> None:
    roads = tables(town)
    mixed = [random.sample(range(len(frame)), len(frame)) for frame in (roads.nodes, roads.edges)]
    turned = RoadTables(roads.nodes.iloc[mixed[0]], roads.edges.iloc[mixed[1]])
    one, other = journeys(town, roads=roads), journeys(town, roads=turned)
    assert one.milliseconds.tobytes() == other.milliseconds.tobytes()
    assert one.metres.tobytes() == other.metres.tobytes()
    assert one.origin_snap_m.tobytes() == other.origin_snap_m.tobytes()


@FAST
@given(towns(), st.tuples(st.integers(-3_000, 3_000), st.integers(-3_000, 3_000)))
def test_a_town_elsewhere_is_the_same_town(town: Town, offset: Point) -> None:
    """Shares of an edge are measured with another last bit: at most 1 ms at either end."""
    here, there = journeys(town), journeys(town, offset=offset)
    assert np.abs(here.milliseconds - there.milliseconds).max() <= 2
    assert np.abs(here.metres - there.metres).max() <= 1 or (here.milliseconds != there.milliseconds).any()


@FAST
@given(towns())
def test_an_hour_twice_as_long_doubles_every_time(town: Town) -> None:
    """Every part is rounded to 1 ms: half a ms and its double, at most 40 parts and 2 legs."""
    assume(all(edge.maxspeed_kph != edge.maxspeed_kph for edge in town.edges))
    one = journeys(town)
    two = journeys(town, speeds=speed_table(2.0), parameters=parameters(15.0))
    assert ((one.milliseconds < 0) == (two.milliseconds < 0)).all()
    reached = one.milliseconds >= 0
    assert (np.abs(2 * one.milliseconds[reached] - two.milliseconds[reached]) <= 2 * 42).all()


@FAST
@given(towns(), st.tuples(st.integers(-600, 2_600), st.integers(-600, 2_600)))
@example(
    Town(
        ((0, 0), (1000, 0)),
        (Edge("e00", 0, 1, True, True, "residential", False, np.nan, 1000.0),),
        ((0, 0),),
        ((0, 0),),
        (),
    ),
    (0, 1501),
)
def test_one_more_place_changes_no_other_journey(town: Town, place: Point) -> None:
    """Cutting a road at another home leaves every time and length as it was, to the byte."""
    before, after = journeys(town), journeys(replace(town, homes=(*town.homes, place), schools=(*town.schools, place)))
    assert (after.milliseconds[:-1, :-1] == before.milliseconds).all()
    assert (after.metres[:-1, :-1] == before.metres).all()
    assert after.milliseconds[-1, -1] == (0 if joined(town, place)[2] <= LIMIT_M else -1)


@FAST
@given(towns())
def test_two_way_roads_take_as_long_back(town: Town) -> None:
    open_town = replace(town, edges=tuple(replace(edge, forward=True, backward=True) for edge in town.edges))
    there = journeys(open_town)
    back = journeys(replace(open_town, homes=town.schools, schools=town.homes))
    assert (there.milliseconds == back.milliseconds.T).all()
    assert (there.metres == back.metres.T).all()


@FAST
@given(towns(), st.floats(0.05, 0.95), st.floats(0, 0.05))
def test_a_home_moved_along_its_road_is_no_further_than_the_move(town: Town, share: float, step: float) -> None:
    """On a two-way road, the time of a home moved along it changes by at most the time of the move."""
    usable = [edge for edge in joinable(town) if edge.forward and edge.backward]
    assume(bool(usable))
    edge = usable[0]
    (ax, ay), (bx, by) = town.nodes[edge.start], town.nodes[edge.end]
    spots = tuple((ax + s * (bx - ax), ay + s * (by - ay)) for s in (share, share + step))
    found = journeys(replace(town, homes=spots))
    assume(all(joined(town, spot)[0] is edge for spot in spots))
    assume((found.origin_snap_m < 1e-6).all())
    most = cost_of(edge, 0.0, 1.0, 1.0)[0] * step + 2
    reached = (found.milliseconds >= 0).all(axis=0)
    assert (np.abs(np.diff(found.milliseconds[:, reached].astype(np.int64), axis=0)) <= most).all()


@FAST
@given(towns())
def test_route_is_the_journey_without_its_legs(town: Town) -> None:
    roads, found = tables(town), journeys(town)
    places = np.array([town.homes[0], town.schools[0]], dtype=float) + CORNER
    lon, lat = geography.to_wgs84(places[:, 0], places[:, 1])
    assume(found.milliseconds[0, 0] > 0)
    # One journey may also start on a street that can only be left, and end on one that can only be entered: not here.
    local = sorted((edge for edge in town.edges if edge.road_class != "trunk"), key=lambda edge: edge.edge_id)
    assume(all(joined(town, spot)[0] is joined(town, spot, local)[0] for spot in (town.homes[0], town.schools[0])))
    way = route(
        roads, (lon[0], lat[0]), (lon[1], lat[1]), speeds=speed_table(), profile="off_peak", snap_limit_m=LIMIT_M
    )
    legs_m = 1.3 * (found.origin_snap_m[0] + found.setting_snap_m[0])
    # There and back through longitude and latitude moves a point by less than 1 mm.
    drawn_lon, drawn_lat = np.array(way.geometry.coords).T
    east, north = geography.to_bng(drawn_lon, drawn_lat)
    ends = [joined(town, town.homes[0]), joined(town, town.schools[0])]
    if all(0 < share < 1 for _, share, _ in ends):
        assert abs(way.minutes * 60_000 + legs_m * 120 - found.milliseconds[0, 0]) <= 5
        assert abs(way.metres + legs_m - found.metres[0, 0]) <= 0.6
        for (edge, share, _), x, y in zip(ends, (east[0], east[-1]), (north[0], north[-1]), strict=True):
            (ax, ay), (bx, by) = town.nodes[edge.start], town.nodes[edge.end]
            assert abs(ax + share * (bx - ax) + CORNER[0] - x) < 0.01
            assert abs(ay + share * (by - ay) + CORNER[1] - y) < 0.01
    # Every piece of the line follows a road, so the line is never longer than the metres driven (lengths ≥ straight).
    drawn = sum(np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(zip(east, north, strict=True)))
    assert drawn <= way.metres + 2.5
