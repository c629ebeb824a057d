"""Roads in: plain tables of nodes and edges, OpenStreetMap files, osmnx graphs, and the speed table.

The readers of OpenStreetMap are loaded when they are first used, and their libraries when a file is read.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from sufficiency.sources.roads.folder import read_roads, read_speeds

if TYPE_CHECKING:
    from sufficiency.sources.roads.download import fetch_roads
    from sufficiency.sources.roads.graphml import read_graphml
    from sufficiency.sources.roads.osm import read_osm, read_osm_walking
    from sufficiency.sources.roads.osmnx_graph import from_osmnx, to_osmnx

__all__ = [
    "fetch_roads",
    "from_osmnx",
    "read_graphml",
    "read_osm",
    "read_osm_walking",
    "read_roads",
    "read_speeds",
    "to_osmnx",
]

_HOMES: Final = {
    "fetch_roads": "download",
    "from_osmnx": "osmnx_graph",
    "read_graphml": "graphml",
    "read_osm": "osm",
    "read_osm_walking": "osm",
    "to_osmnx": "osmnx_graph",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever bears the name
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
