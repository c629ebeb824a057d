"""Calibration in a town of 81 crossings whose true speeds are known, against times from another library."""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model import geography
from sufficiency.model.errors import DataError
from sufficiency.model.results import RoadTables
from sufficiency.model.vocabulary import ROAD_CLASSES
from sufficiency.travel.calibration import Calibration, calibrate
from sufficiency.travel.calibration.calibrate import Group
from sufficiency.travel.calibration.driven import GROUPS, group_of, scaled
from sufficiency.travel.calibration.fitting import Errors
from sufficiency.travel.calibration.observed import faults_of_rows, faults_on_roads, places_of
from sufficiency.travel.calibration.words import lines, speeds_text
from sufficiency.travel.snapping import AccessLeg

SIDE, STEP_M, CORNER = 9, 1_000, np.array([450_000.0, 200_000.0])
# Streets run east to west and south to north; each line has one kind of road.
KINDS = [
    ("primary", False), ("tertiary", True), ("trunk", False), ("residential", True), ("secondary", True),
    ("unclassified", False), ("primary", True), ("tertiary", False), ("residential", False),
]  # fmt: skip
TRUTH = np.array([1.1, 0.9, 1.3, 1.05, 1.4, 1.2])
LEG = AccessLeg(1.3, 30, 3_000)
# Two trunk roads cross here: no place joins either, so none stands here.
TRUNKS_CROSS = (5, 2)
KPH = {"trunk": 90, "primary": 66, "secondary": 60, "tertiary": 52, "unclassified": 44, "residential": 34}


def make_speeds() -> pd.DataFrame:
    rows = [
        {
            "road_class": road_class, "urban": urban, "profile": profile,
            "kph": KPH.get(road_class, 30) * (0.6 if urban else 1) * (0.8 if profile == "school_morning" else 1),
            "junction_s": 12.0 if urban else 6.0, "low_share": 0.9, "high_share": 1.2, "source": "made up",
        }
        for road_class, urban, profile in product(ROAD_CLASSES, (False, True), ("off_peak", "school_morning"))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def make_town() -> RoadTables:
    xy = {(i, j): CORNER + STEP_M * np.array([i, j]) for i, j in product(range(SIDE), range(SIDE))}
    names = {at: f"n{at[0]}{at[1]}" for at in xy}
    rows = []
    for (i, j), here in xy.items():
        for other, (road_class, urban) in (((i + 1, j), KINDS[j]), ((i, j + 1), KINDS[(i * 4) % SIDE])):
            if other in xy:
                rows.append(
                    {
                        "edge_id": f"{names[i, j]}-{names[other]}", "from_node_id": names[i, j],
                        "to_node_id": names[other], "forward": True, "backward": True, "road_class": road_class,
                        "road_number": "", "maxspeed_kph": np.nan, "urban": urban, "access_only": False,
                        "length_m": 1_050.0, "geometry": shapely.LineString([here, xy[other]]),
                    }
                )  # fmt: skip
    east, north = np.array(list(xy.values())).T
    lon, lat = geography.to_wgs84(east, north)
    nodes = gpd.GeoDataFrame(
        {"node_id": list(names.values()), "lon": lon, "lat": lat},
        geometry=gpd.points_from_xy(east, north), crs=geography.BNG,
    )  # fmt: skip
    return RoadTables(nodes, gpd.GeoDataFrame(rows, geometry="geometry", crs=geography.BNG))


def true_minutes(roads: RoadTables, speeds: pd.DataFrame, factors: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the least minutes between all crossings at the true speeds, by networkx."""
    table = speeds[speeds["profile"] == "off_peak"].set_index(["road_class", "urban"])
    graph = nx.Graph()
    group = group_of(roads.edges)
    for edge, number in zip(roads.edges.to_dict("records"), group, strict=True):
        rate = table.loc[(edge["road_class"], edge["urban"])]
        running_min = edge["length_m"] * 0.06 / rate["kph"] * factors[number]
        graph.add_edge(edge["from_node_id"], edge["to_node_id"],
                       minutes=running_min + rate["junction_s"] / 60 * factors[-1])  # fmt: skip
    return dict(nx.all_pairs_dijkstra_path_length(graph, weight="minutes"))


@pytest.fixture(scope="module")
def roads() -> RoadTables:
    return make_town()


@pytest.fixture(scope="module")
def speeds() -> pd.DataFrame:
    return make_speeds()


def make_journeys(
    roads: RoadTables, speeds: pd.DataFrame, n: int, *, noise: float = 0.0, seed: int = 1, factors: np.ndarray = TRUTH
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    minutes = true_minutes(roads, speeds, factors)
    rows = []
    while len(rows) < n:
        start, end = rng.integers(0, SIDE, (2, 2))
        if (start != end).any() and TRUNKS_CROSS not in (tuple(start), tuple(end)):
            taken = minutes[f"n{start[0]}{start[1]}"][f"n{end[0]}{end[1]}"]
            rows.append((*(CORNER + STEP_M * start), *(CORNER + STEP_M * end), taken * np.exp(rng.normal(0, noise))))
    frame = pd.DataFrame(rows, columns=["from_x_m", "from_y_m", "to_x_m", "to_y_m", "minutes"])
    return frame.assign(row=np.arange(2, n + 2), journeys=1.0)


@pytest.fixture(scope="module")
def exact(roads: RoadTables, speeds: pd.DataFrame) -> pd.DataFrame:
    return make_journeys(roads, speeds, 240)


def test_known_factors_come_back(roads: RoadTables, speeds: pd.DataFrame, exact: pd.DataFrame) -> None:
    """Without noise: to the rounding of the table (a tenth of a km/h and of a second), although the ways change."""
    found = calibrate(exact, roads, speeds, profile="off_peak", leg=LEG)
    assert [group.name for group in found.groups] == list(GROUPS)
    assert [group.factor for group in found.groups] == pytest.approx(TRUTH, abs=0.02)
    assert all(group.fitted_with == (group.name,) for group in found.groups)
    assert found.before.mean_absolute_share > 0.08
    assert found.after.mean_absolute_share < 0.003
    assert found.left_out_after.mean_absolute_share < 0.003
    assert found.after.within_share == 1
    assert found.folds == 5
    assert found.journeys == 240
    table, before = found.speeds, speeds
    assert table.loc[table["profile"] != "off_peak"].equals(before.loc[before["profile"] != "off_peak"])
    fitted = table[table["profile"] == "off_peak"].set_index(["road_class", "urban"])
    old = before[before["profile"] == "off_peak"].set_index(["road_class", "urban"])
    for key, factor in {("trunk", False): 1.1, ("primary", False): 0.9, ("primary_link", True): 1.3,
                        ("tertiary", False): 1.05, ("living_street", True): 1.4}.items():  # fmt: skip
        assert fitted.loc[key, "kph"] == pytest.approx(old.loc[key, "kph"] / factor, rel=0.02)
        assert fitted.loc[key, "junction_s"] == pytest.approx(1.2 * old.loc[key, "junction_s"], abs=0.3)
        assert fitted.loc[key, "source"].startswith("calibrated to 240 observed journeys; before: made up")
    pd.testing.assert_frame_equal(fitted.loc[["ferry"]], old.loc[["ferry"]])


def test_noise_is_not_taken_for_speed(roads: RoadTables, speeds: pd.DataFrame) -> None:
    """10 % noise: the error falls to about that (mean of |noise| is 8 %), also on journeys left out.

    Every street here is as long as the next, so the delay at its end is hardly told from its running time.
    """
    noisy = make_journeys(roads, speeds, 240, noise=0.1)
    found = calibrate(noisy, roads, speeds, profile="off_peak", leg=LEG)
    factors = [group.factor for group in found.groups]
    assert factors[:-1] == pytest.approx(TRUTH[:-1], abs=0.1)
    assert factors[-1] == pytest.approx(TRUTH[-1], abs=0.25)
    assert found.after.mean_absolute_share < found.before.mean_absolute_share
    assert 0.07 < found.left_out_after.mean_absolute_share < 0.095
    assert found.left_out_after.mean_absolute_share > found.after.mean_absolute_share
    assert found.low_share == pytest.approx(np.exp(-0.128), abs=0.05)
    assert found.high_share == pytest.approx(np.exp(0.128), abs=0.05)


def test_ten_journeys_give_one_factor(roads: RoadTables, speeds: pd.DataFrame) -> None:
    slow = make_journeys(roads, speeds, 10, factors=np.full(6, 1.25))
    found = calibrate(slow, roads, speeds, profile="off_peak", leg=LEG)
    assert {group.fitted_with for group in found.groups} == {GROUPS}
    text = lines(found)
    assert sum("of the minutes" in line for line in text) == 1
    assert sum(", ".join(GROUPS) in line for line in text) == 1
    assert "Fewer than 50 rows are too few for a spread" in "\n".join(text)
    assert "--bands" not in "\n".join(text)
    assert [group.factor for group in found.groups] == pytest.approx([1.25] * 6, abs=0.005)
    assert found.low_share is None
    assert not calibrate(slow, roads, speeds, profile="off_peak", leg=LEG, new_bands=True).new_bands


def test_journeys_that_agree_with_the_table_change_nothing(roads: RoadTables, speeds: pd.DataFrame) -> None:
    agreeing = make_journeys(roads, speeds, 60, factors=np.ones(6))
    found = calibrate(agreeing, roads, speeds, profile="off_peak", leg=LEG)
    assert found.before.mean_absolute_share < 1e-6
    assert [group.factor for group in found.groups] == pytest.approx([1] * 6, abs=1e-3)


def test_the_order_of_the_rows_does_not_matter(roads: RoadTables, speeds: pd.DataFrame) -> None:
    journeys = make_journeys(roads, speeds, 60, noise=0.2)
    one = calibrate(journeys, roads, speeds, profile="off_peak", leg=LEG)
    other = calibrate(journeys.sample(frac=1, random_state=3), roads, speeds, profile="off_peak", leg=LEG)
    pd.testing.assert_frame_equal(one.speeds, other.speeds)
    assert one.left_out_after.mean_absolute_share == pytest.approx(other.left_out_after.mean_absolute_share, abs=1e-12)


def test_inputs_are_left_alone(roads: RoadTables, speeds: pd.DataFrame) -> None:
    journeys = make_journeys(roads, speeds, 12)
    before = journeys.copy(), speeds.copy(), roads.edges.copy()
    calibrate(journeys, roads, speeds, profile="off_peak", leg=LEG, new_bands=True)
    pd.testing.assert_frame_equal(journeys, before[0])
    pd.testing.assert_frame_equal(speeds, before[1])
    assert roads.edges.equals(before[2])


def test_new_bands_are_written_where_wanted(roads: RoadTables, speeds: pd.DataFrame) -> None:
    noisy = make_journeys(roads, speeds, 60, noise=0.1)
    found = calibrate(noisy, roads, speeds, profile="off_peak", leg=LEG, new_bands=True)
    assert found.new_bands
    text = "\n".join(lines(found))
    assert "the fitted table has that as its low and high band" in text
    assert "--bands" not in text
    fitted = found.speeds[found.speeds["profile"] == "off_peak"]
    assert set(fitted["low_share"]) == {found.low_share}
    assert set(fitted["high_share"]) == {found.high_share}
    other = found.speeds[found.speeds["profile"] != "off_peak"]
    assert set(other["low_share"]) == {0.9}


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(0.3, 4), min_size=12, max_size=25), st.integers(0, 3))
def test_never_worse_in_sample_and_within_bounds(times: list[float], seed: int) -> None:
    roads, speeds = make_town(), make_speeds()
    journeys = make_journeys(roads, speeds, len(times), seed=seed, factors=np.ones(6))
    journeys["minutes"] *= np.array(times)
    straight_km = np.hypot(journeys["to_x_m"] - journeys["from_x_m"], journeys["to_y_m"] - journeys["from_y_m"]) / 1_000
    journeys["minutes"] = np.maximum(journeys["minutes"], straight_km * 60 / 129)
    found = calibrate(journeys, roads, speeds, profile="off_peak", leg=LEG)
    assert found.after.mean_absolute_share <= found.before.mean_absolute_share
    assert all(0.5 <= group.factor <= 2 for group in found.groups)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"minutes": 0.0}, "minutes_impossible"),
        ({"minutes": -3.0}, "minutes_impossible"),
        ({"minutes": 601.0}, "minutes_impossible"),
        ({"minutes": np.nan}, "not_a_number"),
        ({"from_x_m": np.inf}, "not_a_number"),
        ({"minutes": 0.1}, "too_fast"),
        ({"journeys": 0.0}, "count_impossible"),
        ({"journeys": 10_001.0}, "count_impossible"),
        ({"journeys": 999_999_999_999.0}, "count_impossible"),
        ({"from_x_m": 440_000.0, "minutes": 60.0}, "far_from_roads"),
        ({"to_y_m": 190_000.0, "minutes": 60.0}, "far_from_roads"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_number(
    roads: RoadTables, speeds: pd.DataFrame, exact: pd.DataFrame, changes: dict[str, float], check: str
) -> None:
    rows = exact.head(20).copy()
    for column, value in changes.items():
        rows.loc[7, column] = value
    with pytest.raises(DataError, match="in the observed journeys") as raised:
        calibrate(rows, roads, speeds, profile="off_peak", leg=LEG)
    assert raised.value.issues["row"].tolist() == [9]
    assert raised.value.issues["check"].tolist() == [check]


def test_a_count_is_bounded_and_the_bound_is_said(exact: pd.DataFrame) -> None:
    rows = exact.head(20).copy()
    rows.loc[[3, 4, 5], "journeys"] = [1.0, 10_000.0, 10_001.0]
    (found,) = faults_of_rows(rows, "log.csv")
    assert (found.row, found.column) == (7, "journeys")
    assert found.message == "the count of journeys is not 1 to 10,000"


def test_a_journey_that_goes_nowhere_is_refused(roads: RoadTables, speeds: pd.DataFrame, exact: pd.DataFrame) -> None:
    rows = exact.head(20).copy()
    rows.loc[7, ["to_x_m", "to_y_m"]] = rows.loc[7, ["from_x_m", "from_y_m"]].to_numpy()
    with pytest.raises(DataError) as raised:
        calibrate(rows, roads, speeds, profile="off_peak", leg=LEG)
    assert raised.value.issues["check"].tolist() == ["same_place"]


def test_every_fault_is_named_at_once_and_no_place_is(
    roads: RoadTables, speeds: pd.DataFrame, exact: pd.DataFrame
) -> None:
    rows = exact.head(11).copy()
    rows.loc[2, "minutes"], rows.loc[5, "minutes"] = 0, 700
    with pytest.raises(DataError) as raised:
        calibrate(rows, roads, speeds, profile="off_peak", leg=LEG, file="log.csv")
    issues = raised.value.issues
    assert set(zip(issues["row"].fillna(0), issues["check"], strict=True)) == {
        (4, "minutes_impossible"), (7, "minutes_impossible"), (0, "too_few_journeys"),
    }  # fmt: skip
    assert set(issues["file"]) == {"log.csv"}
    shown = issues.to_csv() + str(raised.value)
    for column in ("from_x_m", "from_y_m", "to_x_m", "to_y_m"):
        for value in rows[column]:
            assert f"{value:.0f}" not in shown


def test_no_way_and_a_place_far_away_are_named_by_row(exact: pd.DataFrame) -> None:
    """Of twelve journeys row 3 has no way, and row 5 ends 4 km from a road and so has none either: ten can be used."""
    near, far = np.zeros(12), np.zeros(12)
    far[3] = 4_000.0
    reachable = np.ones(12, dtype=bool)
    reachable[[1, 3]] = False
    found = faults_on_roads(exact.head(12), (near, far), reachable, 3_000.0, "log.csv")
    assert [(issue.row, issue.check) for issue in found] == [(5, "far_from_roads"), (3, "no_way")]
    assert found[0].message == "the journey ends 4 km from the nearest road, the limit is 3 km"
    reachable[0] = False
    last = faults_on_roads(exact.head(12), (near, far), reachable, 3_000.0, "log.csv")[-1]
    assert (last.row, last.check) == (None, "too_few_journeys")


def test_journeys_of_one_place_are_left_out_together() -> None:
    """Twelve journeys from four homes to two schools: parts follow the homes, and no home is in two parts."""
    homes = np.repeat([[1.0, 1], [2, 5], [3, 3], [9, 2]], 3, axis=0)
    frame = pd.DataFrame(homes, columns=["from_x_m", "from_y_m"]).assign(
        to_x_m=np.tile([50.0, 60, 50], 4), to_y_m=50.0, minutes=5.0, journeys=1.0, row=range(12)
    )
    assert places_of(frame).folds(3).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0]
    swapped = {"from_x_m": "to_x_m", "from_y_m": "to_y_m", "to_x_m": "from_x_m", "to_y_m": "from_y_m"}
    assert places_of(frame.rename(columns=swapped)).folds(3).tolist() == places_of(frame).folds(3).tolist()


def test_where_all_start_and_end_in_one_place_nothing_can_be_left_out(roads: RoadTables, speeds: pd.DataFrame) -> None:
    one = make_journeys(roads, speeds, 1)
    many = pd.concat([one] * 12, ignore_index=True).assign(row=range(2, 14))
    found = calibrate(many, roads, speeds, profile="off_peak", leg=LEG)
    assert found.left_out_after is None
    assert found.folds == 0
    assert "do not rely on it" in lines(found)[-1]


def test_groups_that_share_a_factor_share_a_line() -> None:
    """0.9 for two groups with 30 and 20 of 100 minutes, the other four apart: 50 % on their line, five lines."""
    pair = ("main rural", "fast roads")
    groups = tuple(
        Group(name, 0.9 if name in pair else 1.2, pair if name in pair else (name,), share)
        for name, share in zip(GROUPS, (0.3, 0.2, 0.1, 0.1, 0.1, 0.1), strict=True)
    )
    errors = Errors(60, 0.2, 0.2, 0.0, 0.5)
    text = lines(
        Calibration(
            "off_peak", 60, groups, 1, errors, errors, errors, 5, 0.9, 1.2, new_bands=False, speeds=make_speeds()
        )
    )
    factors = [line for line in text if "of the minutes" in line]
    assert len(factors) == 5
    assert (
        factors[0]
        == "   0.90   50% of the minutes  main rural, fast roads (together: the journeys cannot tell them apart)"
    )
    assert factors[1] == "   1.20   10% of the minutes  main urban"


def test_scaling_by_hand(speeds: pd.DataFrame) -> None:
    """Factors 2 for main rural roads and 0.5 for junctions: 66 km/h becomes 33, 6 s becomes 3."""
    found = scaled(speeds, "off_peak", np.array([1, 2, 1, 1, 1, 0.5]), "fitted")
    row = found[(found["road_class"] == "primary") & ~found["urban"]].set_index("profile")
    assert row.loc["off_peak", ["kph", "junction_s"]].tolist() == [33, 3]
    assert row.loc["school_morning", ["kph", "junction_s"]].tolist() == pytest.approx([52.8, 6])
    assert row.loc["off_peak", "source"] == "fitted; before: made up"
    assert row.loc["school_morning", "source"] == "made up"


def test_the_words_hold_no_place_and_the_table_reads_back(roads: RoadTables, speeds: pd.DataFrame, tmp_path) -> None:
    from sufficiency.sources.roads import read_speeds

    noisy = make_journeys(roads, speeds, 60, noise=0.1)
    found = calibrate(noisy, roads, speeds, profile="off_peak", leg=LEG, note=", 2026-11-23")
    text = "\n".join(lines(found))
    assert "Speeds of off_peak fitted to 60 journeys" in text
    assert "after, on journeys left out" in text
    assert "--bands" in text
    (tmp_path / "speeds.csv").write_text(speeds_text(found.speeds), encoding="utf-8")
    issues: list = []
    back = read_speeds(tmp_path, issues)
    assert issues == []
    for column in ("kph", "junction_s", "low_share", "high_share"):
        assert back[column].tolist() == found.speeds[column].round(6).tolist()
    assert back["source"].str.startswith("calibrated to 60 observed journeys, 2026-11-23; before").sum() == 28
    assert back["urban"].tolist() == found.speeds["urban"].tolist()
