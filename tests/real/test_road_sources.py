"""Real roads in an area: Rutland's own file in an area's folder, and the same roads by way of osmnx."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import numpy as np
import osmium
import osmnx
import pytest

import sufficiency
from sufficiency.sources.roads import from_osmnx, read_graphml, read_osm, to_osmnx
from sufficiency.sources.template import template_directory

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

pytestmark = [pytest.mark.real, pytest.mark.slow]

# The template's grid of towns, 78 km wide, is laid over Rutland at a quarter of its size.
SHRINK = 4
FROM_M = (470_000.0, 310_000.0)
TO_M = (485_500.0, 303_000.0)


def moved(folder: Path) -> None:
    """Move every position of an area into Rutland."""
    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows or "easting_m" not in rows[0]:
            continue
        for row in rows:
            for axis, start, end in zip(("easting_m", "northing_m"), FROM_M, TO_M, strict=True):
                row[axis] = f"{end + (float(row[axis]) - start) / SHRINK:.0f}"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def test_an_area_on_rutlands_own_file(tmp_path: Path, real_data: Path) -> None:
    """Every zone reaches every school, from near a road, and no faster than 70 mph as the crow flies."""
    area = tmp_path / "area"
    shutil.copytree(template_directory(), area, copy_function=shutil.copyfile)
    moved(area)
    for name in ("nodes.csv", "edges.csv", "speeds.csv"):
        (area / "roads" / name).unlink()
    (area / "roads/rutland.osm.pbf").symlink_to(real_data / "roads/rutland-latest.osm.pbf")
    inputs = sufficiency.load(area)
    assert (inputs.issues["severity"] != "error").all()
    assert {"speeds_of_package"} <= set(inputs.issues["check"])
    assert "roads/rutland.osm.pbf" in inputs.digests
    assert "© OpenStreetMap contributors" in inputs.roads.attribution
    assert len(inputs.roads.edges) > 5_000
    times = sufficiency.travel_times(
        inputs.roads,
        inputs.speeds,
        inputs.origins,
        inputs.settings,
        profile=inputs.parameters.value("travel_profile"),
        parameters=inputs.parameters,
    )
    assert (times.milliseconds >= 0).all()
    assert times.origin_snap_m.max() < 2_000
    homes, schools = (np.column_stack([one.geometry.x, one.geometry.y]) for one in (inputs.origins, inputs.settings))
    straight_m = np.hypot(*(homes[:, None] - schools[None]).transpose(2, 0, 1))
    apart = straight_m > 2_000
    assert apart.sum() > 20
    assert (times.metres[apart] >= straight_m[apart] * 0.999).all()
    assert (times.minutes[apart] >= straight_m[apart] / 1_000 / 112.7 * 60).all()


@pytest.fixture(scope="module")
def by_osmnx(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """Return Rutland's roads as osmnx saves them: its own reading of the same map, from XML."""
    folder = tmp_path_factory.mktemp("osmnx")
    source = real_data / "roads/rutland-latest.osm.pbf"
    wanted: set[int] = set()
    for way in osmium.FileProcessor(str(source), osmium.osm.WAY):
        if "highway" in way.tags:
            wanted.update(node.ref for node in way.nodes)
    with osmium.SimpleWriter(str(folder / "rutland.osm")) as writer:
        for one in osmium.FileProcessor(str(source), osmium.osm.NODE | osmium.osm.WAY):
            if (one.is_node() and one.id in wanted) or (one.is_way() and "highway" in one.tags):
                writer.add(one)
    graph = osmnx.graph_from_xml(folder / "rutland.osm", simplify=False, retain_all=True)
    osmnx.save_graphml(graph, folder / "rutland.graphml")
    return folder / "rutland.graphml"


def test_osmnx_and_the_map_itself_give_the_same_roads(by_osmnx: Path, real_data: Path) -> None:
    """osmnx keeps fewer tags when it is not asked for more: 1 % of the length of each class may differ."""
    ours = read_osm(real_data / "roads/rutland-latest.osm.pbf").edges.groupby("road_class")["length_m"].sum()
    theirs = read_graphml(by_osmnx).edges.groupby("road_class")["length_m"].sum()
    through = [name for name in ours.index if name not in {"service", "living_street"}]
    assert theirs[through].to_dict() == pytest.approx(ours[through].to_dict(), rel=0.01)
    assert theirs.sum() == pytest.approx(ours.sum(), rel=0.01)


def test_rutland_goes_to_osmnx_and_comes_back(real_data: Path) -> None:
    roads = read_osm(real_data / "roads/rutland-latest.osm.pbf")
    back = from_osmnx(to_osmnx(roads))
    for column in ("road_class", "urban", "access_only", "maxspeed_kph", "forward", "backward"):
        before, after = (_lengths(one.edges, column) for one in (roads, back))
        assert after == pytest.approx(before, rel=1e-4), column


def _lengths(edges: gpd.GeoDataFrame, column: str) -> dict[object, float]:
    """Return the metres of road by the value of a column, a limit in whole km an hour."""
    values = edges.assign(maxspeed_kph=edges["maxspeed_kph"].fillna(0).round())[column]
    return dict(edges["length_m"].groupby(values).sum())
