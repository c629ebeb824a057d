"""Which kind of OpenStreetMap file a path is, by its first bytes, and that it is safe to read."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Final

from sufficiency.model.errors import NetworkError

__all__ = ["checked_file"]

# A map as compressed text swells 10 to 20 times; a file made to fill the memory swells 1,000 times.
MOST_TIMES_LARGER: Final = 100
SMALL_BYTES: Final = 64 << 20
CHUNK_BYTES: Final = 4 << 20
_WANTED: Final = "give an OpenStreetMap file (.osm.pbf, .osm or .osm.gz)"
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|/vsi|-$")
_GZIP: Final = b"\x1f\x8b"
_XML: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")


def checked_file(path: Path | str) -> tuple[Path, str]:
    """Return the path and the kind of file it is: ``pbf``, ``osm`` or ``osm.gz``.

    Parameters
    ----------
    path
        A file on this machine.

    Raises
    ------
    NetworkError
        When it is an address, no file, empty, or of another kind, or when it unpacks to far more than a map would.
    """
    if _ADDRESS.match(str(path)):
        message = f"{path} is an address, and this reads files only: fetch it first, then {_WANTED}"
        raise NetworkError(message)
    place = Path(path)
    try:
        if not place.is_file():
            what = "is a folder" if place.is_dir() else "is not there"
            message = f"{place} {what}: {_WANTED}"
            raise NetworkError(message)
        with place.open("rb") as file:
            head = file.read(4_096)
        kind = _kind(place, head)
        if kind == "osm.gz":
            _check_unpacked_size(place)
    except (OSError, ValueError) as error:
        if isinstance(error, NetworkError):
            raise
        message = f"{place} cannot be read ({getattr(error, 'strerror', None) or error}): {_WANTED}"
        raise NetworkError(message) from None
    return place, kind


def _kind(place: Path, head: bytes) -> str:
    if not head:
        message = f"{place.name} is empty: fetch it again"
        raise NetworkError(message)
    if head[4:15] == b"\x0a\x09OSMHeader":
        return "pbf"
    if head.startswith(_GZIP):
        return "osm.gz"
    if head.lstrip().startswith(_XML):
        return "osm"
    packed = head.startswith((b"BZh", b"PK", b"7z", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"))
    hint = "unpack it first, then " if packed else ""
    message = f"{place.name} is no OpenStreetMap file: {hint}{_WANTED}"
    raise NetworkError(message)


def _check_unpacked_size(place: Path) -> None:
    most = max(SMALL_BYTES, MOST_TIMES_LARGER * place.stat().st_size)
    unpacked = 0
    try:
        with gzip.open(place, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                unpacked += len(chunk)
                if unpacked > most:
                    message = (
                        f"{place.name} unpacks to more than {MOST_TIMES_LARGER} times its size, as no map does: "
                        "fetch it again from a source that you trust"
                    )
                    raise NetworkError(message)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        message = f"{place.name} breaks off or is damaged: fetch it again"
        raise NetworkError(message) from None
