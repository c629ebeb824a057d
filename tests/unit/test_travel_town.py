"""Journeys in a town small enough to work by hand.

Positions in metres east and north of (450,000, 200,000), length along the road in brackets::

                 D (1000, 2000)
                /^  \
     2,900     / |   \
              /  | B->D one way, tertiary (2,000)
             /   |
    A ----- B -- | -------- C            A (0, 0), B (1000, 0), C (3000, 0)
      residential    primary             A-B (1,000), B-C (2,000), D-C residential (2,900)

Speeds: residential 30 km/h, no delay; primary 60 km/h, 10 s; tertiary 40 km/h, 5 s at the end of a link. So
A-B 1,000 m x 3,600 / 30 = 120,000 ms; B-C 120,000 + 10,000 = 130,000 ms; B->D 180,000 + 5,000 = 185,000 ms; D-C
2,900 x 120 = 348,000 ms. Low band 0.8, high band 1.5 of each. A leg off the road is its straight length x 1.3, at
30 km/h: 156 ms a straight metre.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sufficiency.model import geography
from sufficiency.model.assumptions import Assumption
from sufficiency.model.errors import DataError, GeographyError, NetworkError
from sufficiency.model.parameters import Parameters
from sufficiency.model.results import RoadTables, TravelTimes
from sufficiency.travel import route, travel_times

CORNER = np.array([450_000.0, 200_000.0])
Edge = tuple[str, str, str, str, float]
Positions = Mapping[str, tuple[float, float]]

NODES = {"A": (0, 0), "B": (1000, 0), "C": (3000, 0), "D": (1000, 2000)}
EDGES: list[Edge] = [
    ("ab", "A", "B", "residential", 1000),
    ("bc", "B", "C", "primary", 2000),
    ("bd", "B", "D", "tertiary", 2000),
    ("dc", "D", "C", "residential", 2900),
]
ONE_WAY = {"bd": {"backward": False}}


def make_roads(nodes: Positions, edges: list[Edge], changes: dict[str, dict[str, Any]] | None = None) -> RoadTables:
    """Road tables with straight lines; `changes` overrides columns by edge id."""
    xy = {name: CORNER + position for name, position in nodes.items()}
    east, north = np.array(list(xy.values())).T
    lon, lat = geography.to_wgs84(east, north)
    points = gpd.GeoDataFrame(
        {"node_id": list(xy), "lon": lon, "lat": lat},
        geometry=[shapely.Point(p) for p in xy.values()],
        crs=geography.BNG,
    )
    rows = []
    for edge_id, start, end, road_class, length_m in edges:
        row = {
            "edge_id": edge_id,
            "from_node_id": start,
            "to_node_id": end,
            "forward": True,
            "backward": True,
            "road_class": road_class,
            "road_number": "",
            "maxspeed_kph": np.nan,
            "urban": False,
            "access_only": False,
            "length_m": float(length_m),
            "geometry": shapely.LineString([xy[start], xy[end]]),
        }
        rows.append(row | (changes or {}).get(edge_id, {}))
    return RoadTables(points, gpd.GeoDataFrame(rows, geometry="geometry", crs=geography.BNG))


def make_speeds(**changes: tuple[float, float]) -> pd.DataFrame:
    """The speed table of this town: road_class=(kph, junction_s)."""
    rates: dict[str, tuple[float, float]] = {
        "residential": (30, 0),
        "primary": (60, 10),
        "tertiary": (40, 5),
        "motorway": (100, 0),
        "trunk": (90, 0),
        "service": (30, 0),
        "primary_link": (30, 0),
        "tertiary_link": (30, 0),
        **changes,
    }
    return pd.DataFrame(
        [
            {
                "road_class": road_class,
                "urban": False,
                "profile": "school_morning",
                "kph": float(kph),
                "junction_s": float(junction_s),
                "low_share": 0.8,
                "high_share": 1.5,
                "source": "test",
            }
            for road_class, (kph, junction_s) in rates.items()
        ]
    )


def make_parameters(**values: float) -> Parameters:
    """Parameters with nothing but the assumptions of the legs off the road."""
    found = {"snap_detour_ratio": 1.3, "snap_kph": 30, "snap_limit_m": 5000} | values
    assumptions = {name: Assumption(name, value, None, None, "", "", "", "") for name, value in found.items()}
    return Parameters(
        "toy", "Toy", "E1", geography.BNG, dt.date(2026, 1, 1), True, "", 2024, 2025, 2028, 2031, 5, assumptions
    )


def places(column: str, **positions: tuple[float, float]) -> gpd.GeoDataFrame:
    """Places by id at metres from the corner."""
    points = [shapely.Point(CORNER + position) for position in positions.values()]
    return gpd.GeoDataFrame({column: list(positions)}, geometry=points, crs=geography.BNG)


def journeys(roads: RoadTables, origins: Positions, settings: Positions, **options: Any) -> TravelTimes:
    """Travel times with this town's speeds and parameters."""
    return travel_times(
        roads,
        options.pop("speeds", make_speeds()),
        places("origin_id", **origins),
        places("setting_id", **settings),
        profile="school_morning",
        parameters=options.pop("parameters", make_parameters()),
    )


TOWN = make_roads(NODES, EDGES, ONE_WAY)
HOME_WEST, HOME_D, FAR = (200.0, 100.0), (1000.0, 2000.0), (-9000.0, 0.0)
SCHOOL_EAST, SCHOOL_D = (2500.0, -50.0), (1000.0, 2000.0)


def test_town_worked_by_hand() -> None:
    """From (200, 100), which joins A-B at 0.2 after 100 m: leg 130 m, 15,600 ms.

    To (2500, -50), which joins B-C at 0.75 after 50 m (leg 65 m, 7,800 ms): 15,600 + 0.8 x 120,000 + 0.75 x 130,000
    + 7,800 = 216,900 ms; 130 + 800 + 1,500 + 65 = 2,495 m. To D, on the road: 15,600 + 96,000 + 185,000 = 296,600
    ms; 130 + 800 + 2,000 = 2,930 m. From D to (2500, -50), B->D being one way: 348,000 + 0.25 x 130,000 + 7,800 =
    388,300 ms; 2,900 + 500 + 65 = 3,465 m. From D to D, the same point: 0.
    Low: 15,600 + 0.8 x 193,500 + 7,800 = 178,200; high: 15,600 + 1.5 x 193,500 + 7,800 = 313,650.
    """
    found = journeys(TOWN, {"west": HOME_WEST, "d": HOME_D}, {"east": SCHOOL_EAST, "at_d": SCHOOL_D})
    assert found.origin_ids == ("west", "d")
    assert found.setting_ids == ("east", "at_d")
    assert found.profile == "school_morning"
    assert found.milliseconds.tolist() == [[216_900, 296_600], [388_300, 0]]
    assert found.metres.tolist() == [[2_495, 2_930], [3_465, 0]]
    assert found.low_milliseconds is not None
    assert found.high_milliseconds is not None
    assert found.low_milliseconds[0, 0] == 178_200
    assert found.high_milliseconds[0, 0] == 313_650
    assert found.milliseconds.dtype == found.metres.dtype == found.low_milliseconds.dtype == np.int32
    assert found.origin_snap_m.tolist() == [100, 0]
    assert found.setting_snap_m.tolist() == [50, 0]


def test_ids_go_with_their_rows_in_the_order_given() -> None:
    there = journeys(TOWN, {"west": HOME_WEST, "d": HOME_D}, {"east": SCHOOL_EAST, "at_d": SCHOOL_D})
    back = journeys(TOWN, {"d": HOME_D, "west": HOME_WEST}, {"at_d": SCHOOL_D, "east": SCHOOL_EAST})
    assert back.origin_ids == ("d", "west")
    assert (back.milliseconds[::-1, ::-1] == there.milliseconds).all()
    assert (back.metres[::-1, ::-1] == there.metres).all()


def test_beyond_the_limit_is_unreachable_never_a_straight_line() -> None:
    """(-9000, 0) is 9 km from A. With a limit of 10 km its leg is 11,700 m, 1,404,000 ms, then A to B's school."""
    found = journeys(TOWN, {"far": FAR, "west": HOME_WEST}, {"at_d": SCHOOL_D})
    assert found.milliseconds.tolist() == [[-1], [296_600]]
    assert found.metres.tolist() == [[-1], [2_930]]
    assert found.low_milliseconds is not None
    assert found.low_milliseconds[0, 0] == -1
    assert found.origin_snap_m.tolist() == [9_000, 100]
    wider = journeys(TOWN, {"far": FAR}, {"at_d": SCHOOL_D}, parameters=make_parameters(snap_limit_m=10_000))
    assert wider.milliseconds.tolist() == [[1_404_000 + 120_000 + 185_000]]
    together = journeys(TOWN, {"far": FAR}, {"there": FAR})
    assert together.milliseconds.tolist() == together.metres.tolist() == [[-1]]


def test_the_very_same_point_is_no_journey_even_off_the_road() -> None:
    """Next door, 101 m from the road: both legs, 130 m (15,600 ms) and 131.3 m (101 x 156 = 15,756 ms)."""
    found = journeys(TOWN, {"home": (200, 100)}, {"here": (200, 100), "next_door": (200, 101)})
    assert found.milliseconds.tolist() == [[0, 15_600 + 15_756]]
    assert found.metres.tolist() == [[0, 261]]


def test_two_places_on_one_edge_drive_only_between_them() -> None:
    """0.2 to 0.7 of A-B: 0.5 x 120,000 ms, 500 m, the same both ways."""
    both = {"p": (200.0, 0.0), "q": (700.0, 0.0)}
    found = journeys(TOWN, both, both)
    assert found.milliseconds.tolist() == [[0, 60_000], [60_000, 0]]
    assert found.metres.tolist() == [[0, 500], [500, 0]]


def test_one_way_road_is_driven_one_way() -> None:
    """On B->D (185,000 ms) at 0.25 and 0.75: on, 92,500 ms; back by D, C and B: 46,250 + 348,000 + 130,000 + 46,250."""
    both = {"p": (1000.0, 500.0), "q": (1000.0, 1500.0)}
    found = journeys(TOWN, both, both)
    assert found.milliseconds.tolist() == [[0, 92_500], [46_250 + 348_000 + 130_000 + 46_250, 0]]
    assert found.metres.tolist() == [[0, 1_000], [500 + 2_900 + 2_000 + 500, 0]]


def test_within_a_millimetre_of_a_junction_is_the_junction() -> None:
    """0.4 mm short of D on the one-way B->D: from the middle of D-C straight in at D, 174,000 ms, not round by B."""
    found = journeys(TOWN, {"dc": (2000.0, 1000.0)}, {"d": (1000.0, 1999.9996)})
    assert found.milliseconds.tolist() == [[174_000]]


def test_metres_are_the_least_among_the_least_time_ways() -> None:
    """Two ways from S to T of 120,000 ms: by U 1,000 m, by V 2,000 m at twice the speed. A third of 900 m is slower."""
    roads = make_roads(
        {"S": (0, 0), "U": (0, 500), "V": (0, -500), "T": (400, 0)},
        [
            ("sv", "S", "V", "primary", 1000),
            ("vt", "V", "T", "primary", 1000),
            ("su", "S", "U", "residential", 500),
            ("ut", "U", "T", "residential", 500),
            ("st", "S", "T", "tertiary", 900),
        ],
    )
    found = journeys(roads, {"s": (0, 0)}, {"t": (400, 0)}, speeds=make_speeds(primary=(60, 0), tertiary=(20, 0)))
    assert found.milliseconds.tolist() == [[120_000]]
    assert found.metres.tolist() == [[1_000]]


def test_of_two_roads_between_the_same_nodes_the_quicker_then_the_shorter_counts() -> None:
    """S to T: 2,000 m at 60 km/h or 1,000 m at 30 km/h, both 120,000 ms, whichever comes first by id."""
    for names in (("e1", "e2"), ("e2", "e1")):
        edges: list[Edge] = [(names[0], "S", "T", "primary", 2000), (names[1], "S", "T", "residential", 1000)]
        roads = make_roads({"S": (0, 0), "T": (400, 0)}, edges)
        found = journeys(roads, {"s": (0, 0)}, {"t": (400, 0)}, speeds=make_speeds(primary=(60, 0)))
        assert found.milliseconds.tolist() == [[120_000]]
        assert found.metres.tolist() == [[1_000]]


def test_signed_limit_caps_the_speed_and_never_raises_it() -> None:
    """B-C at 60 km/h signed 40: 2,000 x 3,600 / 40 + 10,000 = 190,000 ms; signed 80: 130,000 ms as before."""
    for signed, expected in ((40.0, 190_000), (80.0, 130_000)):
        roads = make_roads(NODES, EDGES, ONE_WAY | {"bc": {"maxspeed_kph": signed}})
        assert journeys(roads, {"b": NODES["B"]}, {"c": NODES["C"]}).milliseconds.tolist() == [[expected]]


def test_urban_and_rural_rows_of_the_speed_table_are_kept_apart() -> None:
    urban = make_speeds().assign(urban=True, kph=15.0)
    roads = make_roads(NODES, EDGES, ONE_WAY | {"ab": {"urban": True}})
    found = journeys(
        roads, {"a": NODES["A"]}, {"b": NODES["B"], "c": NODES["C"]}, speeds=pd.concat([make_speeds(), urban])
    )
    assert found.milliseconds.tolist() == [[240_000, 240_000 + 130_000]]


@pytest.mark.parametrize("road_class", ["motorway", "trunk", "primary_link", "tertiary_link"])
def test_nobody_joins_a_motorway_trunk_road_or_slip_road(road_class: str) -> None:
    """A fast road 10 m from the home is passed over for A-B, 100 m away."""
    roads = make_roads(
        NODES | {"P": (0, 110), "Q": (1000, 110)},
        [
            *EDGES,
            ("fast", "P", "Q", road_class, 1000),
            ("ap", "A", "P", "primary_link", 110),
            ("qb", "Q", "B", "primary_link", 110),
        ],
        ONE_WAY,
    )
    assert journeys(roads, {"home": (500, 100)}, {"b": NODES["B"]}).origin_snap_m.tolist() == [100]


def test_nobody_joins_an_island_or_a_road_without_return() -> None:
    """Island E-F and the dead end B->G (in only) lie nearer than A-B; H->A (out only) too."""
    roads = make_roads(
        NODES | {"E": (400, 10), "F": (600, 10), "G": (900, 300), "H": (0, 100)},
        [
            *EDGES,
            ("island", "E", "F", "residential", 200),
            ("bg", "B", "G", "residential", 320),
            ("ha", "H", "A", "residential", 100),
        ],
        ONE_WAY | {"bg": {"backward": False}, "ha": {"backward": False}},
    )
    found = journeys(roads, {"by_island": (500, 20), "by_g": (900, 290), "by_h": (0, 90)}, {"b": NODES["B"]})
    assert found.origin_snap_m.tolist() == [20, 100, 90]
    assert found.milliseconds.tolist()[0] == [20 * 156 + 60_000]


def test_a_street_behind_an_access_road_is_not_joined() -> None:
    """K-L hangs on the town by the access road A-K: a home 10 m from K-L joins A-K at K, 10 m east and 150 m north."""
    roads = make_roads(
        NODES | {"K": (-300, 0), "L": (-300, 200)},
        [*EDGES, ("ak", "A", "K", "service", 300), ("kl", "K", "L", "residential", 200)],
        ONE_WAY | {"ak": {"access_only": True}},
    )
    found = journeys(roads, {"home": (-310, 150)}, {"b": NODES["B"]})
    away = float(np.hypot(10, 150))
    assert found.origin_snap_m.tolist() == pytest.approx([away])
    assert found.milliseconds.tolist() == [[round(away * 156) + 36_000 + 120_000]]


def test_equally_near_edges_are_settled_by_edge_id() -> None:
    """(500, 50) lies midway between A-B and a parallel road at y = 100; the first id wins, whatever its row."""
    nodes = NODES | {"P": (0, 100), "Q": (1000, 100)}
    for name, expected in (("aa", 500 * 360), ("zz", 500 * 120)):
        parallel: list[Edge] = [
            (name, "P", "Q", "service", 1000),
            ("pa", "P", "A", "service", 100),
            ("qb", "Q", "B", "service", 100),
        ]
        for edges in ([*EDGES, *parallel], [*parallel, *EDGES]):
            found = journeys(
                make_roads(nodes, edges, ONE_WAY),
                {"home": (500, 50)},
                {"b": NODES["B"]},
                speeds=make_speeds(service=(10, 0)),
            )
            rest = 100 * 360 if name == "aa" else 0
            assert found.milliseconds.tolist() == [[50 * 156 + expected + rest]]


def test_access_roads_start_or_end_a_journey_and_carry_no_other() -> None:
    """S-T directly is an access road of 500 m (60,000 ms); by U it is 2 x 1,000 m (240,000 ms).

    From the middle of the access road each end is 250 m away, 30,000 ms; between two places on it
    (0.2 and 0.8) 300 m, 36,000 ms; from a place at U to 0.8 of it, in by T: 120,000 + 12,000;
    from the middle of S-U, in by S: 60,000 + 48,000.
    """
    nodes = {"S": (0, 0), "T": (500, 0), "U": (250, 900)}

    def triangle(name: str) -> RoadTables:
        ways: list[Edge] = [("su", "S", "U", "residential", 1000), ("ut", "U", "T", "residential", 1000)]
        return make_roads(nodes, [(name, "S", "T", "service", 500), *ways], {name: {"access_only": True}})

    # Places beyond S and T are equally near to both roads there, and stand on both, whatever the roads are called.
    beyond = {"s": (-10, -5)}, {"t": (510, -5)}
    legs = 2 * round(float(np.hypot(10, 5)) * 156)
    assert journeys(triangle("aa"), *beyond).milliseconds.tolist() == [[60_000 + legs]]
    assert journeys(triangle("zz"), *beyond).milliseconds.tolist() == [[60_000 + legs]]
    roads = triangle("st")
    origins = {"middle": (250.0, 0.0), "p": (100.0, 0.0), "u": (250.0, 900.0), "su": (125.0, 450.0)}
    found = journeys(roads, origins, {"q": (400.0, 0.0), "ut": (375.0, 450.0)})
    assert found.milliseconds.tolist() == [
        [18_000, 30_000 + 60_000],
        [36_000, 48_000 + 60_000],
        [120_000 + 12_000, 60_000],
        [60_000 + 48_000, 120_000],
    ]
    assert found.metres.tolist() == [[150, 750], [300, 900], [1_100, 500], [900, 1_000]]


def test_access_road_is_no_short_cut() -> None:
    """Homes off S and T on residential spurs: the access road between S and T would save 180,000 ms, and may not."""
    roads = make_roads(
        {"S": (0, 0), "T": (500, 0), "U": (250, 900), "P": (-100, 0), "Q": (600, 0)},
        [
            ("st", "S", "T", "service", 500),
            ("su", "S", "U", "residential", 1000),
            ("ut", "U", "T", "residential", 1000),
            ("ps", "P", "S", "residential", 100),
            ("tq", "T", "Q", "residential", 100),
        ],
        {"st": {"access_only": True}},
    )
    found = journeys(roads, {"p": (-50, 0)}, {"q": (550, 0)})
    assert found.milliseconds.tolist() == [[6_000 + 240_000 + 6_000]]
    opened = make_roads(
        {"S": (0, 0), "T": (500, 0), "P": (-100, 0), "Q": (600, 0)},
        [("st", "S", "T", "service", 500), ("ps", "P", "S", "residential", 100), ("tq", "T", "Q", "residential", 100)],
    )
    assert journeys(opened, {"p": (-50, 0)}, {"q": (550, 0)}).milliseconds.tolist() == [[72_000]]


def test_a_place_on_the_longer_of_two_roads_between_the_same_junctions() -> None:
    """A-B by 1,000 m or by a bow of 9,000 m: from the tip of the bow, at its half, 4,500 m x 3.6 / 30 s = 540 s."""
    bow = shapely.LineString(np.array([(0, 0), (500, 4000), (1000, 0)]) + CORNER)
    ways: list[Edge] = [("short", "A", "B", "residential", 1000), ("long", "A", "B", "residential", 9000)]
    roads = make_roads({"A": (0, 0), "B": (1000, 0)}, ways, {"long": {"geometry": bow}})
    found = journeys(roads, {"tip": (500, 4000)}, {"a": (0, 0)})
    assert found.milliseconds.tolist() == [[540_000]]
    assert found.metres.tolist() == [[4_500]]


def test_the_nearer_end_of_a_loop_is_driven_to() -> None:
    """A-B 1,000 m, and a loop of 3,000 m from B to B: 600 m from either end of it A is 1,600 m away, 120 ms a metre."""
    loop = shapely.LineString(np.array([(1000, 0), (2000, 500), (2000, -500), (1000, 0)]) + CORNER)
    ways: list[Edge] = [("ab", "A", "B", "residential", 1000), ("loop", "B", "B", "residential", 3000)]
    roads = make_roads({"A": (0, 0), "B": (1000, 0)}, ways, {"loop": {"geometry": loop}})
    for share, to_b in ((0.8, 600.0), (0.2, 600.0), (0.6, 1_200.0)):
        on_loop = shapely.line_interpolate_point(loop, share, normalized=True)
        place, metres = (on_loop.x - CORNER[0], on_loop.y - CORNER[1]), to_b + 1_000
        for home, school in ((place, (0.0, 0.0)), ((0.0, 0.0), place)):
            found = journeys(roads, {"home": home}, {"school": school})
            assert found.milliseconds.tolist() == [[round(metres * 120)]]
            lon, lat = geography.to_wgs84(*(np.array([home, school]) + CORNER).T)
            way = route(roads, (lon[0], lat[0]), (lon[1], lat[1]), speeds=make_speeds())
            assert abs(way.metres - metres) <= 1
            assert abs(way.minutes - metres * 120 / 60_000) <= 0.002


def test_a_direction_that_is_none_is_refused() -> None:
    with pytest.raises(NetworkError, match="from-setting"):
        travel_times(
            TOWN, make_speeds(), places("origin_id", a=(0, 0)), places("setting_id", b=(0, 0)),
            profile="school_morning", parameters=make_parameters(), direction="from-setting",  # type: ignore[arg-type]  # wrong on purpose
        )  # fmt: skip


def test_nothing_is_changed_and_nobody_is_needed() -> None:
    before = [frame.copy(deep=True) for frame in (TOWN.nodes, TOWN.edges)]
    assert journeys(TOWN, {}, {"d": SCHOOL_D}).milliseconds.shape == (0, 1)
    assert journeys(TOWN, {"d": HOME_D}, {}).metres.shape == (1, 0)
    for frame, kept in zip((TOWN.nodes, TOWN.edges), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(kept))


def test_what_cannot_be_driven_is_refused() -> None:
    home, school = {"h": HOME_WEST}, {"s": SCHOOL_D}
    lacking = make_speeds().loc[lambda t: t["road_class"] != "tertiary"]
    with pytest.raises(NetworkError, match=r"lacks, for profile school_morning: tertiary, urban=False"):
        journeys(TOWN, home, school, speeds=lacking)
    with pytest.raises(NetworkError, match="no profile 'school_morning'"):
        journeys(TOWN, home, school, speeds=make_speeds().assign(profile="off_peak"))
    with pytest.raises(NetworkError, match="more than once"):
        journeys(TOWN, home, school, speeds=pd.concat([make_speeds(), make_speeds()]))
    for column, value in (("kph", 0.0), ("junction_s", -1.0), ("low_share", 1.1), ("high_share", 0.9), ("kph", np.inf)):
        with pytest.raises(NetworkError, match=column):
            journeys(TOWN, home, school, speeds=make_speeds().assign(**{column: value}))
    for column, value in (("maxspeed_kph", 0.0), ("length_m", -1.0), ("length_m", np.nan), ("length_m", 1e9)):
        with pytest.raises(NetworkError, match=column):
            journeys(make_roads(NODES, EDGES, {"bc": {column: value}}), home, school)
    with pytest.raises(NetworkError, match="to_node_id=Z"):
        journeys(make_roads(NODES, EDGES, {"bc": {"to_node_id": "Z"}}), home, school)
    with pytest.raises(NetworkError, match="edge bc is given twice"):
        journeys(make_roads(NODES, EDGES, {"ab": {"edge_id": "bc"}}), home, school)
    with pytest.raises(NetworkError, match="no road may start or end"):
        journeys(make_roads(NODES, EDGES, {edge[0]: {"road_class": "motorway"} for edge in EDGES}), home, school)
    with pytest.raises(NetworkError, match="there are no roads"):
        journeys(RoadTables(TOWN.nodes, TOWN.edges.iloc[:0]), home, school)
    with pytest.raises(NetworkError, match="snap_kph"):
        journeys(TOWN, home, school, parameters=make_parameters(snap_kph=0))


def test_places_in_another_system_or_without_a_point_are_refused() -> None:
    homes, schools = places("origin_id", h=HOME_WEST), places("setting_id", s=SCHOOL_D)
    options: dict[str, Any] = {"profile": "school_morning", "parameters": make_parameters()}
    with pytest.raises(GeographyError, match="origins are in EPSG:4326"):
        travel_times(TOWN, make_speeds(), homes.to_crs(4326), schools, **options)
    with pytest.raises(GeographyError, match="settings: 1 rows have no point, the first s"):
        travel_times(TOWN, make_speeds(), homes, schools.set_geometry([shapely.Point()], crs=homes.crs), **options)
    with pytest.raises(DataError, match="setting_id s is given twice"):
        travel_times(TOWN, make_speeds(), homes, pd.concat([schools, schools]), **options)


def lonlat(position: tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude of metres from the corner."""
    lon, lat = geography.to_wgs84(*(CORNER + position))
    return float(lon), float(lat)


def test_route_by_minutes_follows_the_road_not_the_legs() -> None:
    """From 0.2 of A-B to 0.75 of B-C: 96,000 + 97,500 = 193,500 ms, 2,300 m, by B."""
    found = route(TOWN, lonlat(HOME_WEST), lonlat(SCHOOL_EAST), speeds=make_speeds())
    assert found.minutes == pytest.approx(193_500 / 60_000, abs=1e-3)
    assert found.metres == pytest.approx(2_300, abs=0.01)
    lon, lat = np.array(found.geometry.coords).T
    east, north = geography.to_bng(lon, lat)
    np.testing.assert_allclose(east - CORNER[0], [200, 1000, 2500], atol=0.01)
    np.testing.assert_allclose(north - CORNER[1], [0, 0, 0], atol=0.01)


def test_route_by_metres_or_minutes() -> None:
    """D to B, against the one-way road: by C 2,900 + 2,000 m. S to T: 900 m at 20 km/h, or 1,000 m at 30 km/h by U."""
    back = route(TOWN, lonlat(HOME_D), lonlat(NODES["B"]), minimise="metres")
    assert back.metres == pytest.approx(4_900, abs=0.01)
    assert np.isnan(back.minutes)
    roads = make_roads(
        {"S": (0, 0), "U": (0, 400), "T": (400, 0)},
        [("su", "S", "U", "residential", 400), ("ut", "U", "T", "residential", 600), ("st", "S", "T", "tertiary", 900)],
    )
    speeds = make_speeds(tertiary=(20, 0))
    quick = route(roads, lonlat((0, 0)), lonlat((400, 0)), speeds=speeds)
    assert [quick.minutes, quick.metres] == pytest.approx([2.0, 1_000], abs=1e-3)
    short = route(roads, lonlat((0, 0)), lonlat((400, 0)), minimise="metres", speeds=speeds)
    assert [short.minutes, short.metres] == pytest.approx([2.7, 900], abs=1e-3)


def test_route_from_a_place_to_itself_is_a_point() -> None:
    here = route(TOWN, lonlat(HOME_WEST), lonlat(HOME_WEST), speeds=make_speeds())
    assert (here.minutes, here.metres) == (0, 0)
    assert here.geometry.geom_type == "LineString"
    assert len(set(here.geometry.coords)) == 1


def test_route_refuses() -> None:
    home, school = lonlat(HOME_WEST), lonlat(SCHOOL_D)
    with pytest.raises(NetworkError, match="the limit is 5,000 m"):
        route(TOWN, lonlat(FAR), school, speeds=make_speeds())
    with pytest.raises(NetworkError, match="minimise"):
        route(TOWN, home, school, minimise="fuel", speeds=make_speeds())
    with pytest.raises(NetworkError, match="need a speed table"):
        route(TOWN, home, school)
    with pytest.raises(NetworkError, match="longitude, latitude"):
        route(TOWN, home[::-1], school[::-1], minimise="metres")
