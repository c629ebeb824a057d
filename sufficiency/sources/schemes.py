"""Capital schemes and the places that each has open each September: ``schemes/schemes.csv``, ``scheme_places.csv``.

``places`` of scheme_places.csv are a stock, not an addition: the places open that September, by cohort. A scheme of
support bases or early-years bases has its money here and its places in ``schools/support_bases.csv``. Schemes that a
scenario's own file holds join them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sufficiency.model.geography import BNG
from sufficiency.model.tables import TABLES
from sufficiency.sources.capital_cases import capital_cases_rise
from sufficiency.sources.files import read_table
from sufficiency.sources.own_schemes import read_own_schemes
from sufficiency.sources.schools import as_points, with_areas

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from sufficiency.model.issues import Issue

__all__ = ["Schemes", "read_schemes"]


class Schemes(NamedTuple):
    """Schemes (points, with their district as ``area_id``) and their places by September and cohort."""

    schemes: gpd.GeoDataFrame
    scheme_places: pd.DataFrame


def read_schemes(directory: Path, areas: gpd.GeoDataFrame, issues: list[Issue], *, crs: str = BNG) -> Schemes:
    """Read the folder ``schemes`` of an area.

    Parameters
    ----------
    directory
        Folder with schemes.csv and scheme_places.csv.
    areas
        Areas with ``area_id``, ``level`` and ``geometry``; may be empty.
    issues
        Faults of single cells, rows and keys are appended here; nothing is raised for a fault in the data.
    crs
        The metric system that easting and northing are in.

    Returns
    -------
    Schemes
        Typed tables without the rows at fault; the index ``row`` is the row in the file.
    """
    schemes = read_table(directory / "schemes.csv", "schemes", issues)
    places = read_table(directory / "scheme_places.csv", "scheme_places", issues)
    capital_cases_rise(schemes, TABLES["schemes"].file, issues)
    own, own_places = read_own_schemes(sorted((directory / "scenarios").glob("*.toml")), issues)
    schemes, places = _joined(schemes, own), _joined(places, own_places)
    return Schemes(with_areas(as_points(schemes, crs), areas), places)


def _joined(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, own.astype(rows.dtypes.to_dict())]) if len(own) else rows
