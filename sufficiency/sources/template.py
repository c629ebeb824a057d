"""The template of an area: an invented authority, complete and small, for another council to write over."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from sufficiency.model.errors import DataError
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.files import read_table
from sufficiency.sources.workbook import WORKBOOK_NAME, input_tables, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

__all__ = ["template_directory", "write_template"]

TEMPLATE: Final = "template"


def template_directory() -> Path:
    """Return the folder of the template, which is an area directory itself."""
    return embedded_directory() / TEMPLATE


def write_template(directory: Path) -> list[Path]:
    """Write the template into a new or empty folder.

    Parameters
    ----------
    directory
        Folder to write to; it is made where it does not exist.

    Returns
    -------
    list of Path
        The files written, in order of path: README.txt, area.toml, the tables as CSV files, the scenarios, and
        area-workbook.xlsx, which holds the same tables as sheets.

    Raises
    ------
    DataError
        When the folder is not empty, or is a file. Nothing is written then.
    """
    if directory.exists() and not directory.is_dir():
        message = f"{directory} is a file: name a new or empty folder"
        raise DataError(message)
    if directory.is_dir() and any(directory.iterdir()):
        message = f"{directory} is not empty, and nothing in it is overwritten: name a new or empty folder"
        raise DataError(message)
    directory.mkdir(parents=True, exist_ok=True)
    stage = directory / ".writing"
    try:
        _write_all(stage)
        for path in sorted(stage.iterdir()):
            path.rename(directory / path.name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _write_all(stage: Path) -> None:
    template = template_directory()
    shutil.copytree(template, stage, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    issues: list[Issue] = []
    present = {table.name: template / table.file for table in input_tables()}
    tables = {name: read_table(path, name, issues) for name, path in present.items() if path.is_file()}
    write_workbook(stage / WORKBOOK_NAME, tables)
