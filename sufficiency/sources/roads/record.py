"""What is kept beside fetched roads: where they are from, as of when, under which licence, and their digest."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["OSM_ATTRIBUTION", "attribution", "check_record", "digest_of", "read_record", "record_path"]

OSM_ATTRIBUTION: Final = "Roads: © OpenStreetMap contributors, Open Database Licence (ODbL) 1.0."
_ANEW: Final = "fetch the roads again with `sufficiency fetch --again`"
_MOST_BYTES: Final = 100_000


def record_path(roads: Path) -> Path:
    """Return where the record of a file of roads lies: beside it, with ``.json`` added to its name."""
    return roads.with_name(f"{roads.name}.json")


def digest_of(path: Path) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_record(roads: Path) -> dict[str, Any] | None:
    """Return the record of a file of roads; None where there is none, as for a file that was not fetched.

    Raises
    ------
    NetworkError
        When there is one that cannot be read.
    """
    path = record_path(roads)
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size <= _MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("sha256"), str):
        message = f"{path.name}, the record of {roads.name}, is damaged: {_ANEW}"
        raise NetworkError(message)
    return found


def attribution(record: Mapping[str, Any] | None) -> str:
    """Return the sentence that the licence of OpenStreetMap asks for, with the date of the data where it is known."""
    date = "" if record is None else str(record.get("date", ""))
    known = re.fullmatch(r"\d{4}-\d{2}-\d{2}", date, re.ASCII)
    return f"{OSM_ATTRIBUTION} Data of {date}." if known else OSM_ATTRIBUTION


def check_record(roads: Path) -> dict[str, Any] | None:
    """Return the record of a file of roads after comparing the file with it; None where there is no record.

    Raises
    ------
    NetworkError
        When the file is not the one that was fetched, or the record cannot be read.
    """
    record = read_record(roads)
    if record is not None and digest_of(roads) != record["sha256"]:
        message = (
            f"{roads.name} is not what was fetched (its digest differs from the one in {record_path(roads).name}): "
            f"{_ANEW}, or remove {record_path(roads).name} if you changed the roads yourself"
        )
        raise NetworkError(message)
    return record
