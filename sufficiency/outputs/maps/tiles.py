"""The optional online base map: off unless an area names a server of pictures, and then asked only when ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters

SCRIPT: Final = "map_tiles.js"


def tile_layer(parameters: Parameters) -> dict[str, str] | None:
    """Return address, host and attribution of the area's online base map; None where it names none."""
    address = parameters.online_tiles
    if not address:
        return None
    return {"url": address, "host": tile_host(parameters), "attribution": parameters.online_tiles_attribution}


def tile_host(parameters: Parameters) -> str:
    """Return the one host that pictures may be asked from, with its port where it states one; empty without one."""
    return urlsplit(parameters.online_tiles).netloc if parameters.online_tiles else ""
