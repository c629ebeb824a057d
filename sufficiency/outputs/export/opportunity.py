"""What `opportunity` writes, into a folder of its own: tables, the surface as a layer of points, and a map.

Internal, all of it: the folder is never one that a shared output goes to, and every file says so by name or in it.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import pyogrio  # type: ignore[import-untyped]  # it has no types

from sufficiency.model.errors import ParameterError
from sufficiency.outputs.export.tables import guard_text
from sufficiency.outputs.maps.opportunity import WATERMARK, write_opportunity_map
from sufficiency.outputs.stable import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from sufficiency.planning.opportunity import Surface

__all__ = ["SHARED", "check_internal", "write_opportunity"]

# Folders of released outputs.
SHARED: Final = ("maps", "reports")
LAYER: Final = "opportunity_internal"
_DECIMALS: Final = 6


def check_internal(folder: Path) -> None:
    """Refuse a folder that shared outputs go to.

    Raises
    ------
    ParameterError
        When it, or a folder around it, is named maps or reports.
    """
    shared = [part for part in folder.resolve().parts if part.lower() in SHARED]
    if shared:
        message = (
            f"{folder} lies in a folder named {shared[0]}, from which files are shared; what would be written is "
            "internal, of single groups of pupils or of named schools: give --out another folder, such as internal"
        )
        raise ParameterError(message)


def write_opportunity(
    surface: Surface, areas: pd.DataFrame, settings: pd.DataFrame, growth: pd.DataFrame, folder: Path
) -> list[Path]:
    """Write the map, the surface as CSV and GeoPackage, and the tables.

    Parameters
    ----------
    surface
        The values at every road node.
    areas, settings, growth
        Outputs of `best_by_area`, `rank_settings` and `next_places` for it.
    folder
        The folder, made if needed; not within one named maps or reports.

    Returns
    -------
    list of Path
        The files. The same inputs give the same bytes.

    Raises
    ------
    ParameterError
        When the folder is one that shared outputs go to.
    """
    check_internal(folder)
    parameters = surface.opened.inputs.parameters
    stem = f"{surface.provision_type}-{surface.opened.eligibility.year}-opportunity"
    facts = {
        "build": "illustrative, internal" if parameters.illustrative else "internal",
        "scenario_id": surface.opened.scenario_id,
        "year": surface.opened.eligibility.year,
        "provision_type": surface.provision_type,
        "attendance": surface.attendance,
    }
    written = []
    for name, table in (("", surface.nodes), ("-areas", areas), ("-settings", settings), ("-places", growth)):
        path = folder / f"{stem}{name}.csv"
        write_text(path, _csv(table.assign(**facts)))
        written.append(path)
    path = folder / f"{stem}.gpkg"
    _write_geopackage(surface.nodes.assign(**facts), parameters.crs, parameters.report_date.isoformat(), path)
    written.append(path)
    path = folder / f"{stem}.html"
    write_opportunity_map(surface, areas, settings, path)
    note = folder / "README.txt"
    write_text(note, _NOTE)
    return [*written, path, note]


_NOTE: Final = f"""{WATERMARK.upper()}

Each value comes from the home of one group of pupils, and the tables name schools.
Do not publish these files, and do not copy them into maps/ or reports/.

Values are those of the first place of a new provision for one kind of pupil, with every pupil placed anew:
more_placed_pupils, more_local_pupils (0 or 1), from_tier (where that pupil was), travel_change_min
(minutes of all pupils together, one way; below 0 = less travel). *-places.csv gives 1, 5, 10 and 30 places.
build says "illustrative" where assumptions stand in place of the council's data.
"""


def _csv(table: pd.DataFrame) -> str:
    texts = {
        str(name): table[name].map(guard_text, na_action="ignore") for name in table if table[name].dtype == object
    }
    target = io.StringIO(newline="")
    table.assign(**texts).round(_DECIMALS).to_csv(target, index=False, lineterminator="\r\n")
    return target.getvalue()


def _write_geopackage(table: pd.DataFrame, crs: str, date: str, path: Path) -> None:
    points = gpd.points_from_xy(table["easting_m"], table["northing_m"])
    layer = gpd.GeoDataFrame(table, geometry=points, crs=crs)
    partial = path.with_name(f".{path.stem}.partial.gpkg")
    partial.unlink(missing_ok=True)
    try:
        with _fixed_time(f"{date}T12:00:00Z"):
            said = {"IDENTIFIER": LAYER, "DESCRIPTION": WATERMARK}
            layer.to_file(partial, layer=LAYER, driver="GPKG", engine="pyogrio", layer_options=said)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _fixed_time(stamp: str) -> Iterator[None]:
    """Let GeoPackages carry this time instead of the clock's."""
    name = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})
