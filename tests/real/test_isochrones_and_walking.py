"""Isochrones and walks on the streets of Newport: against exact times of other points, and against networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from sufficiency.sources.roads import read_osm, read_osm_walking
from sufficiency.travel import AccessLeg, prepare
from sufficiency.travel.isochrones import isochrone_bands, isochrone_ground
from sufficiency.travel.walking import walking_metres

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RoadTables

pytestmark = pytest.mark.real
LIMITS = (5, 10, 15, 20, 30)


@pytest.fixture(scope="module")
def newport(real_data: Path) -> Path:
    return real_data / "roads" / "newport-2023-06-13.osm.pbf"


@pytest.fixture(scope="module")
def roads(newport: Path) -> RoadTables:
    return read_osm(newport)


def test_points_between_those_of_the_grid_lie_in_the_right_band(roads: RoadTables) -> None:
    """Nine of ten of 5-minute bands 400 m apart, and more the finer the grid; nobody is left out."""
    network = prepare(roads, leg=AccessLeg(1.3, 30, 2_000))
    x, y = (getattr(roads.nodes.geometry, axis).to_numpy() for axis in "xy")
    outline = shapely.concave_hull(shapely.multipoints(shapely.points(x, y)), 0.1)
    random = np.random.default_rng(0)
    points = random.uniform(outline.bounds[:2], outline.bounds[2:], (4_000, 2))
    points = points[shapely.contains_xy(outline, points)]
    times = network.milliseconds(network.spots(*points.T), network.spots(x[[10]], y[[10]]))[:, 0] / 60_000
    wanted = np.digitize(times, LIMITS, right=True)
    reached = (times > 0) & (wanted < len(LIMITS))
    right = []
    for spacing_m in (400, 100):
        found = isochrone_bands(
            isochrone_ground(network, outline, spacing_m=spacing_m), x[10], y[10], limits_min=LIMITS
        )
        shapes = found.geometry.to_numpy()
        assert found.is_valid.all()
        assert shapely.coverage_is_valid(shapes)
        band = np.full(len(points), -1)
        for number, shape in enumerate(shapes):
            band[shapely.contains_xy(shape, points)] = number
        assert (band[reached] >= 0).mean() > 0.99
        right.append((band[reached] == wanted[reached]).mean())
    assert right[0] > 0.87
    assert right[1] > 0.94


def test_walks_are_the_least_of_an_independent_library(newport: Path) -> None:
    """From junctions to junctions, where no leg is added; the sum of rounded millimetres is off by 1 mm an edge."""
    walk = read_osm_walking(newport)
    graph = nx.MultiGraph()
    edges = walk.edges
    graph.add_weighted_edges_from(zip(edges["from_node_id"], edges["to_node_id"], edges["length_m"], strict=True))
    largest = max(nx.connected_components(graph), key=len)
    nodes = walk.nodes[walk.nodes["node_id"].isin(largest)].sort_values("node_id")
    homes, schools = (nodes.sample(25, random_state=seed) for seed in (1, 2))
    found = walking_metres(
        walk, *(gpd.GeoDataFrame(geometry=part.geometry, crs=walk.edges.crs) for part in (homes, schools))
    )
    for row, home in zip(found, homes["node_id"], strict=True):
        least = nx.single_source_dijkstra_path_length(graph, home)
        assert row == pytest.approx([least[school] for school in schools["node_id"]], abs=0.5)
