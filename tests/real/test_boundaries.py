"""The embedded Oxfordshire against the published boundaries and postcodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from sufficiency.sources.boundaries import read_boundaries

if TYPE_CHECKING:
    from sufficiency.sources.boundaries import Boundaries
    from sufficiency.sources.files import Issue

DISTRICTS = ["E07000177", "E07000178", "E07000179", "E07000180", "E07000181"]
EMBEDDED = Path(__file__).parents[2] / "data" / "boundaries"
POINT = ["easting_m", "northing_m"]


@pytest.fixture(scope="module")
def embedded() -> Boundaries:
    """Read the embedded area; it has no fault."""
    issues: list[Issue] = []
    found = read_boundaries(EMBEDDED, issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def inside(embedded: Boundaries) -> gpd.GeoDataFrame:
    """Places of the county."""
    return embedded.gazetteer[embedded.gazetteer["district_id"] != ""]


@pytest.fixture(scope="module")
def published(real_data: Path) -> gpd.GeoSeries:
    """District polygons of the ONS, May 2025."""
    frame = gpd.read_file(real_data / "oxfordshire/boundaries/lad_2025.geojson").to_crs(27700)
    return frame.set_index("LAD25CD").geometry


@pytest.fixture(scope="module")
def postcodes(real_data: Path) -> pd.DataFrame:
    """Code-Point Open postcodes with a position."""
    frame = pd.read_csv(real_data / "oxfordshire/postcodes/codepoint_open_202511.csv")
    return frame[frame["easting"] > 0]


def test_counts_of_arcs_and_places(embedded: Boundaries, inside: gpd.GeoDataFrame) -> None:
    arcs = pd.read_csv(EMBEDDED / "arcs.csv")
    assert 200 <= len(arcs) <= 350
    assert (arcs[POINT] % 100 == 0).all(axis=None)
    assert (embedded.gazetteer[POINT] % 100 == 0).all(axis=None)
    assert len(inside) >= 250
    assert len(embedded.gazetteer) - len(inside) >= 60
    clusters = embedded.areas[embedded.areas["level"] == "cluster"]
    assert clusters.groupby("parent_id").size().between(3, 4).all()
    assert sorted(clusters["parent_id"].unique()) == DISTRICTS
    assert set(clusters["quality"]) == {"illustrative"}


def test_each_arc_stands_once() -> None:
    arcs = pd.read_csv(EMBEDDED / "arcs.csv").sort_values(["arc_id", "position"])
    steps = [
        frozenset([tuple(one), tuple(other)])
        for _, arc in arcs.groupby("arc_id")
        for one, other in zip(arc[POINT].to_numpy()[:-1], arc[POINT].to_numpy()[1:], strict=True)
    ]
    assert len(set(steps)) == len(steps)


@pytest.mark.parametrize("area_id", DISTRICTS)
def test_each_district_lies_on_the_published_one(embedded: Boundaries, published: gpd.GeoSeries, area_id: str) -> None:
    ground = embedded.areas.set_index("area_id").geometry[area_id]
    overlap = ground.intersection(published[area_id]).area / ground.union(published[area_id]).area
    assert ground.is_valid
    assert ground.geom_type == "Polygon"
    assert overlap >= 0.96


def test_areas_and_zones_meet_exactly(embedded: Boundaries) -> None:
    areas = embedded.areas.set_index("area_id")
    county = areas.geometry["E10000025"]
    assert shapely.coverage_is_valid(embedded.zones.geometry.to_numpy())
    for level in ("district", "cluster"):
        grounds = areas[areas["level"] == level].geometry
        assert shapely.coverage_is_valid(grounds.to_numpy())
        assert shapely.equals(shapely.coverage_union_all(grounds.to_numpy()), county)
        assert grounds.area.sum() == pytest.approx(county.area, rel=1e-12)
    for district_id, zones in embedded.zones.groupby("district_id"):
        assert zones.area.sum() == pytest.approx(areas.geometry[district_id].area, rel=1e-12)


def test_every_place_lies_in_its_published_district_and_its_own_zone(
    embedded: Boundaries, inside: gpd.GeoDataFrame, published: gpd.GeoSeries
) -> None:
    zones = embedded.zones.set_index("zone_id").geometry
    assert set(zones.index) == set(inside["zone_id"])
    for place in inside.itertuples():
        assert published[place.district_id].contains(place.geometry), place.zone_id
        assert zones[place.zone_id].contains(place.geometry), place.zone_id


def test_places_outside_lie_outside(embedded: Boundaries, published: gpd.GeoSeries) -> None:
    outside = embedded.gazetteer[embedded.gazetteer["district_id"] == ""]
    assert not outside.within(published.union_all()).any()
    assert outside.distance(published.union_all()).max() < 50_000


def test_every_place_is_near_a_postcode_of_its_district(inside: gpd.GeoDataFrame, postcodes: pd.DataFrame) -> None:
    for district_id, places in inside.groupby("district_id"):
        known = postcodes.loc[postcodes["district"] == district_id, ["easting", "northing"]].to_numpy(float)
        distance_m = cKDTree(known).query(places[POINT].to_numpy(float))[0]
        assert distance_m.max() <= 1_500


def test_no_rural_hole(inside: gpd.GeoDataFrame, postcodes: pd.DataFrame) -> None:
    tree = cKDTree(inside[POINT].to_numpy(float))
    distance_m = tree.query(postcodes[["easting", "northing"]].to_numpy(float))[0]
    assert np.quantile(distance_m, 0.5) < 600
    assert np.quantile(distance_m, 0.99) < 3_500


def test_people_are_those_of_the_estimates(inside: gpd.GeoDataFrame, real_data: Path) -> None:
    estimates = pd.read_csv(real_data / "oxfordshire/population/oxon_lsoa11_syoa_mid2020.csv")
    assert int(inside["people"].sum()) == pytest.approx(estimates["total_population"].sum(), rel=0.001)
    assert inside["people"].between(100, 8_000).all()
    assert inside["people"].between(500, 8_000).mean() > 0.95


def test_each_cluster_is_one_piece_by_shared_edges(embedded: Boundaries) -> None:
    for cluster_id, zones in embedded.zones.groupby("cluster_id"):
        pieces = zones.explode(ignore_index=True).geometry
        graph = nx.Graph()
        graph.add_nodes_from(range(len(pieces)))
        left, right = pieces.sindex.query(pieces, predicate="intersects")
        graph.add_edges_from(
            (one, other)
            for one, other in zip(left, right, strict=True)
            if one < other and pieces[one].intersection(pieces[other]).length > 1
        )
        assert nx.is_connected(graph), cluster_id
