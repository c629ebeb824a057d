"""Small OpenStreetMap files for tests, written out in full."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from pathlib import Path

# One step east or north of the corner of the grid on which test maps are drawn, degrees: 7.0 m and 11.1 m.
STEP = 0.0001
CORNER = (-1.0, 52.0)


def tags(values: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(text)}/>" for key, text in values.items())


def node(number: int, east: float, north: float, **values: str) -> str:
    lon, lat = CORNER[0] + STEP * east, CORNER[1] + STEP * north
    return f'<node id="{number}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">{tags(values)}</node>'


def way(number: int, nodes: list[int], version: int = 1, **values: str) -> str:
    """Return a way; write ``:`` in a key as ``__``."""
    keys = {key.replace("__", ":"): text for key, text in values.items()}
    refs = "".join(f'<nd ref="{one}"/>' for one in nodes)
    return f'<way id="{number}" version="{version}">{refs}{tags(keys)}</way>'


def restriction(number: int, kind: str, from_way: int, via: int, to_way: int, **values: str) -> str:
    members = (
        f'<member type="way" ref="{from_way}" role="from"/><member type="node" ref="{via}" role="via"/>'
        f'<member type="way" ref="{to_way}" role="to"/>'
    )
    return (
        f'<relation id="{number}" version="1">{members}{tags({"type": "restriction", "restriction": kind, **values})}'
        "</relation>"
    )


def write(path: Path, *parts: str) -> Path:
    """Write the parts as an .osm file, in their order."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">{"".join(parts)}</osm>\n'
    path.write_text(text, encoding="utf-8")
    return path
