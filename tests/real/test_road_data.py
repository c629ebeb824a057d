"""The embedded roads against an independent table of car times from every small area to two hospitals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sufficiency.model.parameters import read_parameters
from sufficiency.sources.roads import read_roads, read_speeds
from sufficiency.travel import travel_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.sources.files import Issue

pytestmark = pytest.mark.real

DATA = Path(__file__).parents[2] / "data"
RANK_CORRELATION = 0.955
MEDIAN_ERROR_SHARE = 0.15
JOHN_RADCLIFFE, ROYAL_BERKSHIRE = "OX39DU", "RG15AN"
# The Royal Berkshire Hospital, London Road, Reading: 51.4490 N, 0.9586 W.
ROYAL_BERKSHIRE_M = (472_465.0, 172_738.0)
BNG = "EPSG:27700"


@pytest.fixture(scope="module")
def journeys(real_data: Path) -> pd.DataFrame:
    """Return, per 2011 small area and hospital: the table's minutes, modelled minutes and straight kilometres."""
    folder = real_data / "oxfordshire"
    truth = pd.read_csv(folder / "travel_times/lsoa11_to_hospital_car_minutes.csv")
    lookup = pd.read_csv(folder / "boundaries/oxon_lsoa11_lsoa21_lookup.csv")
    centres = pd.read_csv(folder / "boundaries/lsoa_2021_population_weighted_centroids.csv")
    behind = truth[["LSOA"]].merge(lookup, left_on="LSOA", right_on="LSOA11NM").merge(centres, on="LSOA21CD")
    assert set(behind["LSOA"]) == set(truth["LSOA"])

    postcodes = pd.read_csv(folder / "postcodes/codepoint_open_202511.csv").set_index("postcode")
    radcliffe = postcodes.loc["OX3 9DU", ["easting", "northing"]]
    hospitals = {
        JOHN_RADCLIFFE: (float(radcliffe["easting"]), float(radcliffe["northing"])),
        ROYAL_BERKSHIRE: ROYAL_BERKSHIRE_M,
    }
    minutes = _minutes(behind["x"].to_numpy(), behind["y"].to_numpy(), hospitals)
    answer = []
    for number, (hospital, (easting_m, northing_m)) in enumerate(hospitals.items()):
        straight_km = np.hypot(behind["x"] - easting_m, behind["y"] - northing_m) / 1_000
        found = behind[["LSOA"]].assign(minutes=minutes[:, number], straight_km=straight_km).groupby("LSOA").mean()
        answer.append(found.assign(hospital=hospital, truth=truth.set_index("LSOA")[hospital]))
    return pd.concat(answer)


def _minutes(
    x: NDArray[np.float64], y: NDArray[np.float64], hospitals: dict[str, tuple[float, float]]
) -> NDArray[np.float64]:
    issues: list[Issue] = []
    roads, speeds = read_roads(DATA / "roads", issues), read_speeds(DATA / "roads", issues)
    assert issues == []
    homes = gpd.GeoDataFrame(
        {"origin_id": [str(number) for number in range(x.size)]}, geometry=gpd.points_from_xy(x, y), crs=BNG
    )
    settings = gpd.GeoDataFrame(
        {"setting_id": list(hospitals)}, geometry=gpd.points_from_xy(*zip(*hospitals.values(), strict=True)), crs=BNG
    )
    parameters = read_parameters(DATA / "area.toml")
    found = travel_times(roads, speeds, homes, settings, profile="off_peak", parameters=parameters)
    return np.asarray(found.minutes, dtype=np.float64)


@pytest.mark.parametrize("hospital", [JOHN_RADCLIFFE, ROYAL_BERKSHIRE])
def test_times_rank_and_measure_as_the_table_does(journeys: pd.DataFrame, hospital: str) -> None:
    rows = journeys[journeys["hospital"] == hospital]
    assert len(rows) == 407
    assert rows["minutes"].notna().all()
    rank = spearmanr(rows["minutes"], rows["truth"]).statistic
    error_share = (rows["minutes"] / rows["truth"] - 1).abs()
    assert rank >= RANK_CORRELATION
    assert error_share.median() <= MEDIAN_ERROR_SHARE


def test_roads_beat_a_straight_line_with_its_own_best_speed(journeys: pd.DataFrame) -> None:
    rows = journeys[journeys["hospital"] == JOHN_RADCLIFFE]
    truth, straight_km = rows["truth"].to_numpy(), rows["straight_km"].to_numpy()
    assert spearmanr(rows["minutes"], truth).statistic > spearmanr(straight_km, truth).statistic
    road_error = np.abs(rows["minutes"].to_numpy() - truth)
    line_errors = [np.abs(60 * straight_km / kph - truth) for kph in np.arange(15, 90, 0.1)]
    assert np.median(road_error) < min(np.median(error) for error in line_errors)
    assert road_error.mean() < min(error.mean() for error in line_errors)
    assert np.median(road_error / truth) < min(np.median(error / truth) for error in line_errors)
