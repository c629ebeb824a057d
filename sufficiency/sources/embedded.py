"""Where the area that the package carries lies: beside it in the wheel, above it in a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from sufficiency.model.errors import DataError

__all__ = ["embedded_directory"]


def embedded_directory() -> Path:
    """Return the folder of the embedded area; its folder ``template`` is the template of another.

    Raises
    ------
    DataError
        When the package was installed without its data.
    """
    package = Path(str(resources.files("sufficiency")))
    for folder in (package / "data", package.parent / "data"):
        if (folder / "area.toml").is_file():
            return folder
    message = "the embedded area is missing from this installation: install the package again"
    raise DataError(message)
