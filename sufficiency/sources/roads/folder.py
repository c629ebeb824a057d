"""The folder ``roads`` of an area: plain tables, or one file of OpenStreetMap's roads, and the speed table."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import SufficiencyError
from sufficiency.model.geography import BNG
from sufficiency.model.issues import Issue
from sufficiency.model.tables import TABLES
from sufficiency.sources.files import has_table
from sufficiency.sources.roads import tables
from sufficiency.sources.roads.record import attribution, check_record

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RoadTables

__all__ = ["FILE_KINDS", "read_roads", "read_speeds", "road_files", "roads_beside"]

FILE_KINDS: Final = (".osm.pbf", ".osm", ".osm.gz", ".graphml")
_CSV_NAMES: Final = tuple(TABLES[name].file.rpartition("/")[2] for name in ("road_nodes", "road_edges", "road_turns"))
# Maps in a form that no reader here takes, by how their names end, and the cure.
_OTHER_MAPS: Final = {
    ".pbf": "call it *.osm.pbf",
    ".osm.bz2": "unpack it to *.osm, or take the *.osm.pbf",
    ".osm.xz": "unpack it to *.osm, or take the *.osm.pbf",
    ".osm.zst": "unpack it to *.osm, or take the *.osm.pbf",
    ".o5m": "take the *.osm.pbf",
    ".osm.zip": "unpack it to *.osm",
}
_SHEETS: Final = ("road_nodes", "road_edges", "road_turns")


def road_files(directory: Path) -> list[Path]:
    """Return the files of roads in an area's folder of roads (`FILE_KINDS`), in order of name; no CSV files."""
    if not directory.is_dir():
        return []
    inside = sorted(directory.iterdir())
    return [
        path for path in inside if path.name.lower().endswith(FILE_KINDS) and path.name[0] != "." and path.is_file()
    ]


def roads_beside(directory: Path, path: Path) -> list[str]:
    """Return the names of what else holds roads in the folder of a file of roads."""
    others = [other.name for other in road_files(directory) if other.name != path.name]
    return [*others, *(name for name in _CSV_NAMES if (directory / name).is_file())]


def read_roads(directory: Path, issues: list[Issue], *, crs: str = BNG) -> RoadTables:
    """Read the road network of an area.

    Parameters
    ----------
    directory
        The area's folder of roads, with either nodes.csv, edges.csv and, where turns may not be made, turns.csv; or
        one file of OpenStreetMap's roads: ``*.osm.pbf``, ``*.osm``, ``*.osm.gz`` or ``*.graphml``.
    issues
        Every fault is appended, and what the reader of a file left out or took otherwise than written. Nothing is
        raised for a fault in the data.
    crs
        The metric system of the area.

    Returns
    -------
    RoadTables
        Nodes and edges in `crs`, empty where nothing can be read.
    """
    files = road_files(directory)
    _name_other_maps(directory, issues)
    if not files:
        return tables.read_tables(directory, issues, crs=crs)
    beside = roads_beside(directory, files[0])
    if beside:
        names = ", ".join([files[0].name, *beside])
        message = f"the folder holds roads more than once: {names}"
        fix = "keep one file of roads, or nodes.csv and edges.csv, and move the others out of the folder"
        issues.append(_issue("roads", names, "roads_twice", message, fix))
        return tables.no_roads(crs)
    _name_unused_sheets(directory, files[0], issues)
    return _read_file(files[0], issues, crs)


def read_speeds(directory: Path, issues: list[Issue]) -> pd.DataFrame:
    """Read the speed table of an area; where roads come from a file and there is none, the one of this package.

    Parameters
    ----------
    directory
        The area's folder of roads.
    issues
        Every fault is appended.

    Returns
    -------
    DataFrame
        Table `speeds`: the rows without a fault.
    """
    maps = road_files(directory)
    if has_table(directory / "speeds.csv", "speeds") or not maps:
        own = tables.speed_table(directory, issues)
        invented = int((own["quality"] == "illustrative").sum())
        if maps and invented:
            issues.append(_invented_speeds(maps[0], f"{invented} of the {len(own)} speeds"))
        return own
    message = "there is no speed table of the area, so the table of this package is used"
    fix = "leave it, or give your own roads/speeds.csv"
    issues.append(Issue("roads/speeds.csv", None, "speeds", "", "", "", "speeds_of_package", "note", message, fix))
    return tables.speeds_of_package()


def _read_file(path: Path, issues: list[Issue], crs: str) -> RoadTables:
    """Return the roads of a file; what makes it unreadable becomes an issue, so that every fault is told at once."""
    from sufficiency.sources.roads.graphml import read_graphml
    from sufficiency.sources.roads.osm import read_osm

    read = read_graphml if path.name.lower().endswith(".graphml") else read_osm
    try:
        record = check_record(path)
        roads = read(path, crs=crs)
    except (SufficiencyError, OSError) as error:
        text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        fix = "mend or replace the file, or give nodes.csv and edges.csv in its place"
        issues.append(_issue(f"roads/{path.name}", path.name, "roads_unreadable", text, fix))
        return tables.no_roads(crs)
    if roads.issues is not None:
        issues.extend(_as_issues(roads.issues, path))
    return dataclasses.replace(roads, attribution=attribution(record))


def _name_other_maps(directory: Path, issues: list[Issue]) -> None:
    """Say which maps in the folder are not read for the form that they are in."""
    for path in sorted(directory.iterdir()) if directory.is_dir() else []:
        name = path.name.lower()
        cure = next((cure for ending, cure in _OTHER_MAPS.items() if name.endswith(ending)), "")
        if cure and not name.endswith(FILE_KINDS) and name[0] != ".":
            message = f"{path.name} is not read: a map is one of *{', *'.join(FILE_KINDS)}"
            issues.append(_issue(f"roads/{path.name}", path.name, "map_not_read", message, cure, severity="warning"))


def _as_issues(found: pd.DataFrame, path: Path) -> list[Issue]:
    out = []
    for row in found.to_dict("records"):
        number = None if pd.isna(row["row"]) else int(row["row"])
        text = {str(name): value for name, value in row.items()}
        out.append(Issue(**{**text, "row": number, "file": f"roads/{path.name}"}))
    return out


def _name_unused_sheets(directory: Path, path: Path, issues: list[Issue]) -> None:
    """Say so where the area's workbook has roads too: the file is the one that is used."""
    for sheet in _SHEETS:
        if has_table(directory / TABLES[sheet].file.rpartition("/")[2], sheet):
            message = f"the sheet {sheet} of the workbook has rows, and {path.name} is used"
            fix = f"delete the rows of the sheet, or move {path.name} out of the folder to have them used"
            issues.append(_issue(f"roads/{path.name}", sheet, "two_sources", message, fix, severity="warning"))


def _invented_speeds(path: Path, which: str) -> Issue:
    """Return the warning that real roads are driven at speeds that nobody measured."""
    message = f"the roads are those of a map ({path.name}), and {which} are marked illustrative: invented, not measured"
    fix = (
        "delete roads/speeds.csv, and the rows of its sheet in the workbook, to use the sourced table of this package; "
        "or give speeds of your own, with their quality"
    )
    return Issue("roads/speeds.csv", None, "speeds", "", "quality", "illustrative", "speeds_invented", "warning",
                 message, fix)  # fmt: skip


def _issue(file: str, value: str, check: str, message: str, fix: str, *, severity: str = "error") -> Issue:
    return Issue(file, None, "road_edges", "", "", value, check, severity, message, fix)
