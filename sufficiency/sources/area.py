"""The front door: an area directory in, typed and unchecked `Inputs` out, with every fault of reading collected."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.model.parameters import Parameters, read_parameters
from sufficiency.model.results import Inputs
from sufficiency.model.tables import TABLES
from sufficiency.sources.boundaries import read_boundaries
from sufficiency.sources.claims import read_claims
from sufficiency.sources.demand import read_demand
from sufficiency.sources.files import has_table, read_table
from sufficiency.sources.population import read_population
from sufficiency.sources.roads import read_roads, read_speeds
from sufficiency.sources.roads.folder import road_files
from sufficiency.sources.roads.record import digest_of, record_path
from sufficiency.sources.scenarios import read_scenarios
from sufficiency.sources.schemes import read_schemes
from sufficiency.sources.schools import read_schools
from sufficiency.sources.water import WATER_FILE, read_water

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = ["digests", "located", "read_area", "read_outline"]

_TOP: Final = ("area.toml", "area-workbook.xlsx")
_FOLDERS: Final = ("boundaries", "demand", "plan", "roads", "schemes", "schools", "quality")
_KINDS: Final = ("*.toml", "*.csv", "*.geojson", "*.gpkg")


def read_area(directory: Path) -> Inputs:
    """Read an area directory.

    Parameters
    ----------
    directory
        Folder with ``area.toml`` and the folders boundaries, demand, roads, schools, schemes and plan.

    Returns
    -------
    Inputs
        Typed tables without the rows at fault; ``issues`` holds every fault of reading. Settings and schemes carry
        area_id, district_id and cluster_id, derived from their position (blank = outside the area).

    Raises
    ------
    ParameterError
        When ``area.toml`` is missing or wrong: without it nothing else can be judged.
    """
    parameters = read_parameters(directory / "area.toml")
    issues: list[Issue] = []
    areas, zones, clusters, gazetteer = read_boundaries(directory / "boundaries", issues, crs=parameters.crs)
    schools = read_schools(directory / "schools", areas, issues, crs=parameters.crs)
    controlled = parameters.value("forecast_method") == "controls"
    demand = read_demand(directory / "demand", issues, controls=controlled)
    schemes = read_schemes(directory / "schemes", areas, issues, crs=parameters.crs)
    known = schemes.schemes["scheme_id"]
    scenarios = read_scenarios(directory / "schemes" / "scenarios", known, issues)
    speeds = read_speeds(directory / "roads", issues)
    traits = _optional(directory / "boundaries" / "zone_traits.csv", "zone_traits", issues)
    claims = _claims(directory / "plan", issues)
    accounts = _accounts(directory / "quality" / "accounts.csv", issues)
    candidates = _optional(directory / "schemes" / "candidates.csv", "candidates", issues)
    population = read_population(directory / "demand", issues)
    water = read_water(directory / "boundaries" / WATER_FILE, areas, issues, crs=parameters.crs)
    roads = dataclasses.replace(read_roads(directory / "roads", issues, crs=parameters.crs), speeds=speeds)
    return Inputs(
        parameters=parameters,
        areas=areas,
        zones=zones,
        clusters=clusters,
        gazetteer=gazetteer,
        population=population,
        rates=demand.rates,
        controls=demand.controls,
        demand=demand.demand,
        origins=_origins(gazetteer, zones),
        settings=located(schools.settings, zones),
        provision=schools.provision,
        places=schools.places,
        acceptance=schools.acceptance,
        border_flows=schools.border_flows,
        support_bases=schools.support_bases,
        support_need=schools.support_need,
        roads=roads,
        speeds=speeds,
        schemes=located(schemes.schemes, zones),
        scheme_places=schemes.scheme_places,
        scenarios=scenarios,
        claims=claims,
        issues=issues_table(issues),
        digests=digests(directory, parameters.docx_template),
        placements=demand.placements,
        zone_traits=traits,
        accounts=accounts,
        candidates=candidates,
        water=water,
        docx_template=_docx_template(directory, parameters),
        **demand.optional,
    )


def read_outline(directory: Path) -> tuple[Parameters, BaseGeometry]:
    """Read only what says where an area lies.

    Parameters
    ----------
    directory
        Folder with ``area.toml`` and the folder boundaries.

    Returns
    -------
    tuple of Parameters and geometry
        The parameters and the ground of the area, in its metric system.

    Raises
    ------
    ParameterError
        When ``area.toml`` is missing or wrong.
    DataError
        When the boundaries are at fault; ``issues`` lists how.
    """
    parameters = read_parameters(directory / "area.toml")
    issues: list[Issue] = []
    zones = read_boundaries(directory / "boundaries", issues, crs=parameters.crs).zones
    faults = [issue for issue in issues if issue.severity == "error"]
    if faults or zones.empty:
        message = f"the boundaries of {directory} must be mended first, for they say which ground is wanted"
        raise DataError(message, issues_table(faults))
    return parameters, zones.geometry.union_all()


def digests(directory: Path, docx_template: str = "") -> dict[str, str]:
    """Return the SHA-256 digest of every file that is read, by its path within the area directory."""
    top = [path for name in _TOP for path in directory.glob(name)]
    inside = [path for name in _FOLDERS for kind in _KINDS for path in (directory / name).rglob(kind)]
    roads = road_files(directory / "roads")
    records = [record_path(path) for path in roads]
    template = [directory / docx_template] if docx_template else []
    kept = sorted({path for path in (*top, *inside, *roads, *records, *template) if path.is_file()})
    return {path.relative_to(directory).as_posix(): digest_of(path) for path in kept}


def _docx_template(directory: Path, parameters: Parameters) -> bytes | None:
    if not parameters.docx_template:
        return None
    path = directory / parameters.docx_template
    try:
        return path.read_bytes()
    except OSError:
        message = (
            f"area.toml: [report] docx_template names {parameters.docx_template}, which cannot be read: put the Word "
            "document there, or take the key out"
        )
        raise ParameterError(message) from None


def _claims(directory: Path, issues: list[Issue]) -> pd.DataFrame:
    if has_table(directory / "claims.csv", "claims"):
        return read_claims(directory, issues)
    return pd.DataFrame(columns=list(TABLES["claims"].names))


def _accounts(path: Path, issues: list[Issue]) -> pd.DataFrame | None:
    return read_table(path, "accounts", issues) if path.is_file() else None


def _optional(path: Path, name: str, issues: list[Issue]) -> pd.DataFrame | None:
    return read_table(path, name, issues) if has_table(path, name) else None


def _origins(gazetteer: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one origin a zone: its place, so that no journey starts at a home."""
    inside = gazetteer[gazetteer["zone_id"].isin(zones["zone_id"])].sort_values("zone_id")
    return gpd.GeoDataFrame(
        {"origin_id": inside["zone_id"], "zone_id": inside["zone_id"], "source": "place of the zone"},
        geometry=inside.geometry,
        crs=gazetteer.crs,
    ).reset_index(drop=True)


def located(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the points with area_id (the cluster, the lowest area), district_id and cluster_id; blank = outside."""
    district, cluster = (np.full(len(points), "", dtype=object) for _ in range(2))
    if len(zones) and len(points):
        tree = shapely.STRtree(zones.geometry.to_numpy())
        found = tree.query(points.geometry.to_numpy(), predicate="intersects")
        for point, zone in zip(found[0][::-1], found[1][::-1], strict=True):
            district[point] = zones["district_id"].iloc[zone]
            cluster[point] = zones["cluster_id"].iloc[zone]
    return points.assign(area_id=cluster, district_id=district, cluster_id=cluster)
