"""Which kind of file is this? Told by its columns, so that a file may have any name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sufficiency.model.tables import TABLES
from sufficiency.sources.public.text_table import header_of, sheet_names
from sufficiency.sources.workbook import WORKBOOK_NAME

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KINDS", "area_table", "recognise"]

# Kind of file -> what it is, in plain words.
KINDS: Final[dict[str, str]] = {
    "table": "a table of an area, taken as it is",
    "boundaries": "boundaries of areas",
    "roads": "roads of OpenStreetMap",
    "sen2": "SEN2 person-level export",
    "gias": "register of schools (GIAS)",
    "gias_links": "links between schools (GIAS)",
    "sen_schools": "special educational needs by school",
    "ehc_plans": "education, health and care plans (DfE release)",
    "scap": "specialist forecast (SCAP)",
    "yields": "pupil yield from new housing",
    "scorecard": "school places scorecard",
    "lookup": "lookup between areas",
    "centroids": "population-weighted centroids",
    "population": "population by age",
    "postcodes": "postcodes",
}
_SHAPES: Final = (".geojson", ".gpkg", ".shp", ".zip")
_ROADS: Final = (".osm.pbf", ".osm", ".osm.gz", ".graphml")
# Left beside a shapefile: read with it.
_BESIDE: Final = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx")
_BY_COLUMNS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("gias_links", (r"urn", r"link ?urn")),
    ("gias", (r"urn", r"establishment[ _]?name")),
    ("sen_schools", (r"(school_)?urn", r"provision_?for_?.*|sen_primary_need|provision_spld.*")),
    ("ehc_plans", (r"breakdown_topic", r"breakdown")),
    ("scap", (r"education_phase", r".*forecast.*")),
    ("yields", (r"sen_?type.*|senprovision_name", r".*total.*pupils.*")),
    ("scorecard", (r"prinor", r"secnor")),
    ("centroids", (r"(lsoa|msoa|oa|wd|lad)\d\dcd", r"x|easting.*|bng_e", r"y|northing.*|bng_n")),
    ("lookup", (r"(f_)?(lsoa|msoa|wd|lad)\d\dcd", r"(lsoa|msoa|wd|lad)\d\dcd")),
    ("population", (r".*(code|cd).*", r"0|f0|age_group|age( ?group)?|f0 to \d+|population_\d{4}")),
    ("postcodes", (r"pcds?|pcd[278]|postcode|pc",)),
)
_POSTCODE: Final = re.compile(r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}")


def recognise(directory: Path) -> tuple[dict[str, list[Path]], list[Path]]:
    """Return the files of a folder by kind, in order of their names, and those that were not recognised.

    Parameters
    ----------
    directory
        A folder; its subfolders are searched too, those that begin with a dot left out.
    """
    found: dict[str, list[Path]] = {}
    unknown: list[Path] = []
    for path in sorted(directory.rglob("*")):
        inside = path.relative_to(directory)
        if not path.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        kind = _kind(path)
        if kind:
            found.setdefault(kind, []).append(path)
        elif kind is None:
            unknown.append(path)
    return found, unknown


def _kind(path: Path) -> str | None:
    """Return the kind of a file, blank when it belongs to another one, None when nothing fits."""
    name = path.name.lower()
    for ends, kind in ((_ROADS, "roads"), (_SHAPES, "boundaries"), (_BESIDE, "")):
        if name.endswith(ends):
            return kind
    if name.endswith(".json") and path.with_suffix("").exists():
        return ""  # the record of a fetched file
    if name == WORKBOOK_NAME:
        return None
    if name.endswith((".xlsx", ".xlsm")):
        return "population" if sheet_names(path) else None
    if not name.endswith(".csv"):
        return None
    return "sen2" if name.startswith("blade-export_") else _kind_of_table(path.stem, header_of(path))


def _kind_of_table(stem: str, header: tuple[str, ...]) -> str | None:
    if area_table(stem, header):
        return "table"
    found = next((kind for kind, patterns in _BY_COLUMNS if _has(header, patterns)), None)
    return found or ("postcodes" if header and _POSTCODE.fullmatch(header[0]) else None)


def _has(header: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Return whether every pattern has a column of its own."""
    left = list(header)
    for pattern in patterns:
        column = next((text for text in left if re.fullmatch(pattern, text)), None)
        if column is None:
            return False
        left.remove(column)
    return True


def area_table(stem: str, header: tuple[str, ...]) -> str:
    """Return the table of an area whose file has this name, and every column that it must have; blank = none."""
    names = {name.replace(" ", "_") for name in header}
    for table in TABLES.values():
        if table.file and table.file.rpartition("/")[2] == f"{stem}.csv":
            wanted = {column.name for column in table.columns if not column.optional and column.kind != "geometry"}
            if wanted <= names:
                return table.name
    return ""
