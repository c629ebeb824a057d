"""The optional online base map of an area: what its two parameters may say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAP_KEYS: Final = ("online_tiles", "online_tiles_attribution")
_PARTS: Final = ("{z}", "{x}", "{y}")
# One host, no user, no query: the security policy of the map names exactly this host.
_ADDRESS: Final = re.compile(r"https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?/[A-Za-z0-9/._{}@~-]*")


def tile_faults(found: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the values of table ``[map]`` in ``area.toml``, each with its cure."""
    faults = []
    address, words = found.get("online_tiles"), found.get("online_tiles_attribution")
    if "online_tiles" in found and not _is_address(address):
        faults.append(
            f"[map] online_tiles is {address!r}: it must be an https address with {{z}}, {{x}} and {{y}} once each and "
            "no query, such as https://tiles.example.org/{z}/{x}/{y}.png"
        )
    if "online_tiles_attribution" in found and not (isinstance(words, str) and words.strip()):
        faults.append("[map] online_tiles_attribution must be the words that the server of the pictures asks for")
    return faults


def _is_address(address: Any) -> bool:  # noqa: ANN401 - a file can hold anything
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        return False
    braces = address.count("{"), address.count("}")
    return all(address.count(part) == 1 for part in _PARTS) and braces == (len(_PARTS), len(_PARTS))
