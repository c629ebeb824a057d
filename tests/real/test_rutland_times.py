"""Drives in Rutland on OpenStreetMap roads against measured speeds of the same roads.

No public page that could be read states enough drives between places of Rutland in minutes, so the yardstick is what
is measured of the roads that join them: the Department for Transport publishes the average speed of all traffic on the
A roads of each council. For Rutland, the fastest in England:

- 38.64 mph on all its A roads, 2019 to 2023, and 46.1 mph on the A47 ("Of the 'A' roads studied in the local authority,
  the average speed of all drivers between 2019 and 2023 was 38.64 miles per hour ... The A47 was found to be the 'A'
  road with the highest average speed, at 46.1 miles per hour"):
  https://www.nationalworld.com/lifestyle/cars/revealed-the-areas-in-england-with-the-fastest-drivers-4740670,
  also https://www.intelligentinstructor.co.uk/faster-faster/
- for comparison 40.7 mph in the peak of 2014 ("Rutland have the best deal, with average road speeds of 40.7mph on
  locally-managed A roads at peak times"): https://shropshirestar.com/news/2014/12/10/shropshire-in-the-driving-seat-for-fast-roads,
  and 41.4 mph in 2012: https://www.which.co.uk/news/2012/05/top-10-most-and-least-congested-areas-286087/

The cited time of a drive is its length at that speed. Each place is the position on the named A road nearest to the
place's node on the map, because the figure holds for A roads. How the pairs came about: ten were written down before
any was modelled; those with Stamford fell out, because it lies in Lincolnshire and not on the map file, and three
others took their place; the ends were moved from the middle of the places to their A roads. The speed table was not
changed for them. One fault of the model showed here and was mended: trunk roads that are single carriageways followed
the speeds of dual ones, and came out 4 to 27 % too fast.
"""  # addresses cannot be broken

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from sufficiency.model import geography
from sufficiency.model.results import RoadTables
from sufficiency.model.units import MILES_PER_KM
from sufficiency.sources.roads import read_osm, read_speeds
from sufficiency.travel import route
from sufficiency.travel.junctions import followed_class

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import Route

pytestmark = pytest.mark.real

DATA = Path(__file__).parents[2] / "data"
COUNTY_MPH, A47_MPH = 38.64, 46.1
WITHIN = 0.2
# Place nodes of the map: longitude, latitude, and the A road that the place lies on.
PLACES = {
    "Oakham": (-0.7284623, 52.6699351, "A606"),
    "Uppingham": (-0.7234249, 52.5887243, "A6003"),
    "Ketton": (-0.5521637, 52.6277235, "A6121"),
    "Empingham": (-0.5966682, 52.6664827, "A606"),
    "Langham": (-0.7535994, 52.6911319, "A606"),
    "Morcott": (-0.6368195, 52.5961766, "A47"),
    "Caldecott": (-0.7210543, 52.5334194, "A6003"),
}
THROUGH_OAKHAM = "through the streets of Oakham, slower than the county's A roads are on the whole"
FASTEST_ROAD = "from the streets of Uppingham; the table has one speed for all rural A roads, the A47 is the fastest"
INSIDE = [
    ("Oakham", "Uppingham", COUNTY_MPH),
    ("Oakham", "Empingham", COUNTY_MPH),
    ("Uppingham", "Caldecott", COUNTY_MPH),
    ("Oakham", "Caldecott", COUNTY_MPH),
    ("Uppingham", "Ketton", COUNTY_MPH),
    ("Morcott", "Ketton", COUNTY_MPH),
]
OUTSIDE = [
    ("Langham", "Empingham", COUNTY_MPH, THROUGH_OAKHAM),
    ("Langham", "Uppingham", COUNTY_MPH, THROUGH_OAKHAM),
    ("Uppingham", "Morcott", A47_MPH, FASTEST_ROAD),
]
KNOWN_MISSES = [pytest.param(*pair, marks=pytest.mark.xfail(reason=why, strict=True)) for *pair, why in OUTSIDE]


@pytest.fixture(scope="module")
def roads(real_data: Path) -> RoadTables:
    return read_osm(real_data / "roads" / "rutland-latest.osm.pbf")


@pytest.fixture(scope="module")
def speeds() -> pd.DataFrame:
    return read_speeds(DATA / "roads", [])


def on_its_road(roads: RoadTables, name: str) -> tuple[float, float]:
    """Return longitude and latitude of the position on the place's A road nearest to its node."""
    lon, lat, number = PLACES[name]
    x, y = geography.to_bng([lon], [lat])
    lines = roads.edges.geometry[roads.edges["road_number"] == number]
    line = lines.iloc[int(np.argmin(lines.distance(shapely.Point(x[0], y[0]))))]
    point = line.interpolate(line.project(shapely.Point(x[0], y[0])))
    (lon_on,), (lat_on,) = geography.to_wgs84([point.x], [point.y])
    return float(lon_on), float(lat_on)


def drive(roads: RoadTables, speeds: pd.DataFrame, start: str, end: str) -> Route:
    ends = (on_its_road(roads, start), on_its_road(roads, end))
    return route(roads, *ends, speeds=speeds, profile="off_peak")


def cited_min(found: Route, mph: float) -> float:
    return found.metres / 1_000 * MILES_PER_KM / mph * 60


@pytest.mark.parametrize(("start", "end", "mph"), [*INSIDE, *KNOWN_MISSES])
def test_a_drive_takes_the_time_that_its_roads_are_measured_at(
    roads: RoadTables, speeds: pd.DataFrame, start: str, end: str, mph: float
) -> None:
    found = drive(roads, speeds, start, end)
    assert found.minutes == pytest.approx(cited_min(found, mph), rel=WITHIN)


def test_a_delay_at_every_side_street_would_be_far_out(roads: RoadTables, speeds: pd.DataFrame) -> None:
    """The rule against a delay at the end of every edge, at the same speeds: mean error 12 % and 58 %."""
    edges = roads.edges.assign(side_streets=False, road_class=followed_class(roads.edges))
    errors = {}
    for name, tables in (("rule", roads), ("every end", RoadTables(roads.nodes, edges, turns=roads.turns))):
        drives = [drive(tables, speeds, start, end) for start, end, *_ in (*INSIDE, *OUTSIDE)]
        errors[name] = np.mean([abs(found.minutes / cited_min(found, COUNTY_MPH) - 1) for found in drives])
    assert errors["rule"] < 0.15
    assert errors["every end"] > 0.4
