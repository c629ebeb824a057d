"""Settings, what they offer, their places, border flows and support bases: the folder ``schools`` of an area.

Files (columns in ``sufficiency.model.tables``): settings.csv, provision.csv, places.csv, acceptance.csv,
border_flows.csv, support_bases.csv, support_need.csv.

Support bases and early-years bases are their own stream, matched by school and cluster. ``support_bases.csv`` has a
row a base and year in which it is open: ``setting_id`` is the host school (blank for an early-years base),
``cluster_id`` the locality cluster in which a pupil of another school may use it, ``places`` the pupils whom it
supports at a time, ``scenario_id`` the scenario in which it opens (blank = all). ``support_need.csv`` has the pupils on
SEN support of each school and year; the share of them who need a base is the assumption ``targeted_plus_share``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from sufficiency.model.geography import BNG
from sufficiency.sources.files import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sufficiency.model.issues import Issue

__all__ = ["Schools", "as_points", "read_schools", "with_areas"]

logger = logging.getLogger(__name__)


class Schools(NamedTuple):
    """The tables of the folder ``schools``; settings carry points and their district as ``area_id``."""

    settings: gpd.GeoDataFrame
    provision: pd.DataFrame
    places: pd.DataFrame
    acceptance: pd.DataFrame
    border_flows: pd.DataFrame
    support_bases: pd.DataFrame
    support_need: pd.DataFrame


def read_schools(directory: Path, areas: gpd.GeoDataFrame, issues: list[Issue], *, crs: str = BNG) -> Schools:
    """Read the folder ``schools`` of an area.

    Parameters
    ----------
    directory
        Folder with the seven files.
    areas
        Areas with ``area_id``, ``level`` and ``geometry``; the districts give each setting its
        ``area_id``. May be empty: then every ``area_id`` is blank.
    issues
        Faults of single cells, rows and keys are appended here; nothing is raised for a fault in the data. Whether
        the tables fit together is for `sufficiency.checks`.
    crs
        The metric system that easting and northing are in.

    Returns
    -------
    Schools
        Typed tables without the rows at fault; the index ``row`` is the row in the file.
    """
    settings = read_table(directory / "settings.csv", "settings", issues)
    logger.debug("%d settings", len(settings))
    return Schools(
        settings=with_areas(as_points(settings, crs), areas),
        provision=read_table(directory / "provision.csv", "provision", issues),
        places=read_table(directory / "places.csv", "places", issues),
        acceptance=read_table(directory / "acceptance.csv", "acceptance", issues),
        border_flows=read_table(directory / "border_flows.csv", "border_flows", issues),
        support_bases=read_table(directory / "support_bases.csv", "support_bases", issues),
        support_need=read_table(directory / "support_need.csv", "support_need", issues),
    )


def as_points(frame: pd.DataFrame, crs: str = BNG) -> gpd.GeoDataFrame:
    """Return the frame with a point geometry (`crs`) from ``easting_m`` and ``northing_m`` (metres)."""
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["easting_m"], frame["northing_m"]), crs=crs)


def with_areas(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the points with ``area_id``, the district that covers each; blank outside every district.

    Parameters
    ----------
    points
        Points, in the metric system of the areas.
    areas
        Areas with ``area_id``, ``level``, ``geometry``; on a shared border the first district in order wins.

    Returns
    -------
    GeoDataFrame
        A new frame.
    """
    found = np.full(len(points), "", dtype=object)
    if len(areas):
        districts = areas[areas["level"] == "district"]
        for area_id, ground in zip(districts["area_id"], districts.geometry, strict=True):
            if ground is not None:
                found[shapely.covers(ground, points.geometry.to_numpy()) & (found == "")] = area_id
    return points.assign(area_id=found)
