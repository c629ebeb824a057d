"""Which ways a child may walk, accompanied: for the 2 and 3 miles of the school transport rule.

The ways are those that the law's "available route" may follow: footways, paths, bridleways and roads, but no motorway,
and a trunk road only with a pavement or where a tag allows walking. Oneway tags do not bind walkers, and a way that may
be walked may be walked through. Whether a route is safe is a judgement on the ground that no map replaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

FOOT_KEYS: Final = ("foot", "access")
CLOSED_VALUES: Final = (
    "no private use_sidepath military emergency restricted delivery permit agricultural forestry impassable residents "
    "employees staff members"
)
CLOSED: Final = frozenset(CLOSED_VALUES.split())
PATHS: Final = frozenset({"footway", "path", "steps", "pedestrian", "bridleway", "cycleway", "track", "corridor"})
PAVEMENT: Final = frozenset({"yes", "both", "left", "right", "separate"})
PAVEMENT_KEYS: Final = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
FAST: Final = frozenset({"trunk", "trunk_link"})
NEVER: Final = frozenset({"motorway", "motorway_link"})
# Barriers without a way through for anybody.
STOPPING_BARRIERS: Final = frozenset({"fence", "wall", "hedge", "ditch", "guard_rail"})
# One class of `vocabulary.ROAD_CLASSES` stands for every path: walkers have no speed table.
PATH_CLASS: Final = "living_street"


def walking_class(tags: Mapping[str, str]) -> str:
    """Return the road class under which a way may be walked, "" where it may not.

    Parameters
    ----------
    tags
        The way's tags. ``foot`` counts before ``access``.
    """
    highway = tags.get("highway", "").strip().lower().partition(";")[0]
    if highway in PATHS:
        road_class = PATH_CLASS
    elif highway == "road":
        road_class = "unclassified"
    elif highway in ROAD_CLASSES and highway not in NEVER and highway != "ferry":
        road_class = highway
    else:
        return ""
    key = next((name for name in FOOT_KEYS if tags.get(name)), "")
    if key and tags[key] in CLOSED:
        return ""
    pavement = any(tags.get(name) in PAVEMENT for name in PAVEMENT_KEYS)
    return "" if highway in FAST and not (pavement or key == "foot") else road_class


def stops_walker(tags: Mapping[str, str]) -> bool:
    """Return whether the barrier of a node stops a walker: by its access tags, a lock, or its kind.

    Parameters
    ----------
    tags
        Tags of a node on the way.
    """
    key = next((name for name in FOOT_KEYS if tags.get(name)), "")
    if key:
        return tags[key] in CLOSED
    return tags.get("locked") == "yes" or tags.get("barrier") in STOPPING_BARRIERS
