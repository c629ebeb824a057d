"""Files that were fetched, in a folder: written whole or not at all, each beside a record of what it is.

The record holds source, licence, date, size and SHA-256 digest; the digest is compared whenever the file is looked at.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import DataError
from sufficiency.sources.public.download_authority import names_it
from sufficiency.sources.roads.record import digest_of, record_path

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FetchedFile", "kept_file", "write_file"]

_MOST_BYTES: Final = 1_000_000
_ANEW: Final = "fetch with --again to replace it"


@dataclass(frozen=True)
class FetchedFile:
    """A file in the folder, its record, and whether it was fetched just now."""

    path: Path
    record: Mapping[str, Any]
    downloaded: bool


def kept_file(path: Path, authority: str, border_m: float) -> FetchedFile | None:
    """Return a file that is there, if it is what this fetch would bring; None when there is none.

    Parameters
    ----------
    path
        The file.
    authority
        Name or code of the authority that is asked for.
    border_m
        Width of the border that is asked for.

    Raises
    ------
    DataError
        When the file was not fetched, is not what was fetched, or is another authority's or border's.
    """
    if not path.exists():
        return None
    note = record_path(path)
    if not note.is_file():
        message = (
            f"{path.name} is there without its record {note.name}, so it was not fetched: remove or rename it, or "
            "fetch with --again to replace it"
        )
        raise DataError(message)
    try:
        record = json.loads(note.read_bytes()) if note.stat().st_size <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        record = None
    whose = record.get("authority") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(whose, dict) or not isinstance(record.get("sha256"), str):
        message = f"{note.name}, the record of {path.name}, is damaged: {_ANEW}"
        raise DataError(message)
    if digest_of(path) != record["sha256"]:
        message = (
            f"{path.name} is not what was fetched (its digest differs from the one in {note.name}): {_ANEW}, or remove "
            f"{note.name} and rename the file if you changed it yourself"
        )
        raise DataError(message)
    code, name = str(whose.get("code", "")), str(whose.get("name", ""))
    if not names_it(authority, code, name):
        message = f"{path.name} is of {name} ({code}), not of {authority}: take another folder, or {_ANEW}"
        raise DataError(message)
    had_m = record.get("border_m", border_m)
    if had_m != border_m:
        had = f"{had_m / 1000:g} km" if isinstance(had_m, int | float) else "another width"
        message = f"{path.name} was fetched with a border of {had}, not {border_m / 1000:g} km: {_ANEW}"
        raise DataError(message)
    return FetchedFile(path, record, downloaded=False)


def write_file(path: Path, text: str, record: Mapping[str, Any]) -> FetchedFile:
    """Write a file and its record whole, the file last: until it is there, nothing was fetched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as stage:
        body, note = Path(stage) / path.name, Path(stage) / record_path(path).name
        body.write_text(text, encoding="utf-8", newline="\n")
        whole = {**record, "bytes": body.stat().st_size, "sha256": digest_of(body)}
        note.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        for written in (body, note):
            with written.open("rb") as file:
                os.fsync(file.fileno())
        note.replace(record_path(path))
        body.replace(path)
    return FetchedFile(path, whole, downloaded=True)
