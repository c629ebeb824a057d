"""The released figures as a GeoPackage for QGIS: layers with a default style each, in one file.

OGC GeoPackage 1.2, written by GDAL with a fixed time; the table ``layer_styles`` is the one that QGIS keeps styles in.
Only `Released` gives figures; settings are those of the public map, and places of a setting stand where published.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyogrio  # type: ignore[import-untyped]  # it has no types
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError  # type: ignore[import-untyped]  # it has no types

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.export.geopackage_layers import View, attribute_tables, layer_frames, make_view
from sufficiency.outputs.export.geopackage_styles import LayerStyle, layer_styles
from sufficiency.outputs.stable import clean_text, fixed_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    import pandas as pd

    from sufficiency.model.results import Inputs, Released, RunRecord

__all__ = ["write_geopackage"]

_GEOMETRY: Final = {
    "county": "MultiPolygon",
    "districts": "MultiPolygon",
    "clusters": "MultiPolygon",
    "roads": "MultiLineString",
    "flows": "LineString",
    "settings": "Point",
    "schemes": "Point",
}
_TITLES: Final = {
    "county": "County",
    "districts": "Districts",
    "clusters": "Locality clusters",
    "roads": "Numbered roads",
    "flows": "Flows between districts",
    "settings": "Settings",
    "schemes": "Capital schemes",
    "figures": "Figures by scenario, policy, year and area",
    "about": "About these layers",
}
_GEOMETRY_COLUMN: Final = "geom"
_CLOCK: Final = "OGR_CURRENT_DATE"
_STYLE_TABLE: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)"""
_STYLE_ROW: Final = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,
  styleSLD, useAsDefault, description, owner, ui, update_time) VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', '', ?)"""
_CONTENTS_ROW: Final = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
  VALUES ('layer_styles', 'attributes', 'layer_styles', 'How QGIS draws the layers', ?, 0)"""


@contextmanager
def _fixed_clock(stamp: str) -> Iterator[None]:
    """Give GDAL a fixed time for a moment, and its own clock back afterwards."""
    before = pyogrio.get_gdal_config_option(_CLOCK)
    pyogrio.set_gdal_config_options({_CLOCK: stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_CLOCK: before})


def _about(view: View, released: Released, inputs: Inputs, record: RunRecord) -> dict[str, str]:
    parameters = inputs.parameters
    mark = style.internal_mark(released.build)
    said = {
        "area": parameters.area_name,
        "run_id": record.run_id,
        "version": record.version,
        "report_date": parameters.report_date.isoformat(),
        "build": released.build,
        **({"marking": mark} if mark else {}),
        "illustrative": parameters.illustrative_note if parameters.illustrative else "no",
        "year": f"{year_label(view.year)}, {style.POLICY_TITLES[view.policy]}: {style.POLICY_GLOSSES[view.policy]}",
        "hidden": "A blank figure is hidden where the column hidden lists its name. "
        + style.suppressed_note(released.rules),
        "not_applicable": "Any other blank figure does not apply. " + style.DISTRICT_ONLY_NOTE,
        "care": style.CARE_NOTE,
    }
    said |= {f"scenario {prefix}": name for name, prefix in view.prefixes.items()}
    said |= {f"source {number}": text for number, text in enumerate(style.sources(inputs.roads.attribution), start=1)}
    return said


def _write_layers(path: Path, layers: dict[str, gpd.GeoDataFrame], tables: dict[str, pd.DataFrame], said: str) -> None:
    for name, frame in layers.items():
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=_GEOMETRY[name],
            dataset_options={} if path.exists() else {"VERSION": "1.2"},
            layer_options={
                "FID": "fid",
                "GEOMETRY_NAME": _GEOMETRY_COLUMN,
                "IDENTIFIER": _TITLES[name],
                "DESCRIPTION": said,
            },
        )
    for name, frame in tables.items():
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            driver="GPKG",
            layer_options={
                "FID": "fid",
                "ASPATIAL_VARIANT": "GPKG_ATTRIBUTES",
                "IDENTIFIER": _TITLES[name],
                "DESCRIPTION": said,
            },
        )


def _write_styles(path: Path, styles: Sequence[LayerStyle], stamp: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(_STYLE_TABLE)
        connection.execute(_CONTENTS_ROW, (stamp,))
        rows = [
            (one.layer, _GEOMETRY_COLUMN, clean_text(one.name), one.text, int(one.default), clean_text(one.description),
             stamp)
            for one in styles
        ]  # fmt: skip
        connection.executemany(_STYLE_ROW, rows)
        connection.commit()


def write_geopackage(released: Released, inputs: Inputs, record: RunRecord, path: Path) -> None:
    """Write the layers ``county``, ``districts``, ``clusters``, ``roads``, ``flows``, ``settings`` and ``schemes``.

    Beside them stand the tables ``figures`` (every scenario, policy, year and area), ``about`` and ``layer_styles``.
    The file appears whole; the same inputs give the same bytes.

    Parameters
    ----------
    released
        The released tables: the only source of figures.
    inputs
        Outlines down to clusters, settings, schemes, roads and the parameters.
    record
        The record of the run.
    path
        The file to write, ``.gpkg``.

    Raises
    ------
    OSError
        When it cannot be written; a file that was there before is left as it was.
    """
    view = make_view(released, inputs)
    layers = layer_frames(view, released, inputs)
    tables = attribute_tables(view, inputs, _about(view, released, inputs, record))
    styles = layer_styles(view, layers, illustrative=inputs.parameters.illustrative)
    stamp = fixed_datetime(inputs.parameters.report_date).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    words = [f"Run {record.run_id}", style.internal_mark(released.build)]
    words += [style.ILLUSTRATIVE] if inputs.parameters.illustrative else []
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as folder:
        partial = Path(folder) / "layers.gpkg"
        try:
            with _fixed_clock(stamp):
                _write_layers(partial, layers, tables, ", ".join(word for word in words if word))
            _write_styles(partial, styles, stamp)
        except (DataSourceError, DataLayerError, FeatureError, sqlite3.Error) as error:
            message = f"{path.name} cannot be written: {error}"
            raise OSError(message) from error
        partial.replace(path)
