"""The optional water of an area: rivers, canals and lakes to draw beneath the roads. Nothing is reckoned with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from sufficiency.model.geography import BNG
from sufficiency.sources.boundary_faults import FAR_FROM_AREA_M, Faults
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.geometry_files import read_shapes

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from sufficiency.model.issues import Issue

WATER_FILE: Final = "water.geojson"
_LINES: Final = (1, 2, 5)
_GROUNDS: Final = (3, 6)


def read_water(path: Path, areas: gpd.GeoDataFrame, issues: list[Issue], *, crs: str = BNG) -> gpd.GeoDataFrame | None:
    """Read the water of an area.

    Parameters
    ----------
    path
        ``water.geojson``: lines and polygons in degrees, or in metres of `crs`.
    areas
        The areas, against which the water is held: all of it elsewhere is a fault.
    issues
        Faults are appended here; a shape at fault is left out.
    crs
        The metric system of the area.

    Returns
    -------
    GeoDataFrame or None
        geometry: valid lines and polygons, in the order of the file; None where there is no file, or none can be used.
    """
    if not path.is_file():
        return None
    faults = Faults(issues, "areas", f"boundaries/{path.name}")
    try:
        shapes = read_shapes(path, crs, bool)
    except ReadingError as error:
        faults.add(None, "", error.check, error.message, error.fix)
        return None
    for check, severity, message, fix in shapes.said:
        faults.add(None, "", check, message, fix, severity=severity)
    geometry = shapes.frame.geometry.to_numpy()
    drawn = np.isin(shapely.get_type_id(geometry), (*_LINES, *_GROUNDS)) & ~shapely.is_empty(geometry)
    for row, fault, fits in zip(shapes.frame.index, shapes.faults, drawn, strict=True):
        if fault or not fits:
            why = str(fault) or "it is neither a line nor a polygon"
            faults.add(
                row, "", "water_not_drawn", f"a shape of the water is not drawn: {why}", "mend it or take it out"
            )
    kept = shapes.frame[drawn & (shapes.faults == "")]
    near = shapely.box(*areas.total_bounds).buffer(FAR_FROM_AREA_M)
    if len(kept) and len(areas) and not kept.intersects(near).any():
        message = "none of the water lies in the area or near it"
        faults.add(None, "", "water_elsewhere", message, "check that it is the right file, and its reference system")
        return None
    return kept[["geometry"]].assign(geometry=shapely.make_valid(kept.geometry.to_numpy())).reset_index(drop=True)
