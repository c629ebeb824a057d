"""The ids of schemes and of the provision that they open."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["NAME", "own_scheme_id", "scheme_provision_id", "without_scenario"]

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_OWN: Final = re.compile(rf"[^.]+\.({NAME.pattern}:-?\d+--?\d+)")


def own_scheme_id(scenario_id: str, scheme_id: str) -> str:
    """Return the id that a scheme of a scenario's own has in the tables."""
    return f"{scenario_id}.{scheme_id}"


def scheme_provision_id(scheme_id: str, ncy_from: object, ncy_to: object) -> str:
    """Return the id of the provision that a scheme opens for a range of year groups."""
    return f"{scheme_id}:{ncy_from}-{ncy_to}"


def without_scenario(provision_id: str) -> str:
    """Return the id of a provision without the scenario whose own scheme opens it: nothing may hang on its name."""
    own = _OWN.fullmatch(provision_id)
    return own[1] if own else provision_id
