"""Which roads a car may use, by OpenStreetMap's tags: class, directions, access, ferries and barriers.

The tag for the narrower kind of traffic decides: ``motorcar``, then ``motor_vehicle``, ``vehicle`` and ``access``
(wiki.openstreetmap.org/wiki/Key:access). A car here is any car, a taxi having no more rights: ways for buses
only are not open to it, as home-to-school taxis are of many kinds.
Tags that hold at some hours only (``...:conditional``) are not applied: the tag without condition stands, and the
reader counts the ways that have one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

CAR_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
# Keys that speak of motor traffic: what opens a way that is not made for it.
MOTOR_KEYS: Final = ("motorcar", "motor_vehicle")

OPEN: Final = "open"
LIMITED: Final = "limited"
CLOSED: Final = "closed"
OPEN_VALUES: Final = "yes permissive designated official public unknown discouraged allowed"
# People of a certain kind may pass, so a journey may start or end there.
LIMITED_VALUES: Final = (
    "private destination customers delivery permit residents residential employees staff school students members "
    "guests visitors"
)
CLOSED_VALUES: Final = (
    "no agricultural forestry military emergency restricted bus psv use_sidepath dismount impassable none"
)
ACCESS_VALUES: Final[dict[str, str]] = {
    **dict.fromkeys(OPEN_VALUES.split(), OPEN),
    **dict.fromkeys(LIMITED_VALUES.split(), LIMITED),
    **dict.fromkeys(CLOSED_VALUES.split(), CLOSED),
}

DRIVEN: Final[dict[str, str]] = {
    **{name: name for name in ROAD_CLASSES if name != "ferry"},
    "road": "unclassified",
}
# Not made for motor traffic: open only where a tag for motor vehicles says so, and then as this class.
OPENED: Final[dict[str, str]] = {
    "track": "service",
    "path": "service",
    "footway": "service",
    "cycleway": "service",
    "bridleway": "service",
    "byway": "service",
    "pedestrian": "living_street",
}
ONE_WAY_CLASSES: Final = frozenset({"motorway", "motorway_link"})
ONE_WAY_JUNCTIONS: Final = frozenset({"roundabout", "circular"})

WITH: Final = frozenset({"yes", "true", "1"})
AGAINST: Final = frozenset({"-1", "reverse", "backward"})
BOTH: Final = frozenset({"no", "false", "0", "alternating"})
# Its direction turns with the hour, which no tag tells exactly: closed both ways.
NEITHER: Final = frozenset({"reversible"})
ONEWAY_KEYS: Final = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")

# Barriers that stop a car unless a tag lets it through; others (gate, lift_gate, cattle_grid ...) let it pass unless a
# tag, or a lock, stops it.
STOPPING_WORDS: Final = (
    "block bollard bus_trap chain cycle_barrier debris ditch fence full-height_turnstile guard_rail hedge horse_stile "
    "jersey_barrier kissing_gate log motorcycle_barrier planter rope stile sump_buster tank_trap turnstile wall "
    "wicket_gate"
)
STOPPING_BARRIERS: Final = frozenset(STOPPING_WORDS.split())
# Put on a road against cars: they stand on every road that meets there, also where a path begins.
FIRM_WORDS: Final = "block bollard bus_trap chain jersey_barrier planter sump_buster tank_trap"
FIRM_BARRIERS: Final = frozenset(FIRM_WORDS.split())
LONGEST_FERRY_MIN: Final = 7 * 24 * 60.0
_DECIMAL: Final = r"(\d{1,9}(?:\.\d{1,9})?)"
_ISO: Final = re.compile(rf"P(?:{_DECIMAL}D)?(?:T(?:{_DECIMAL}H)?(?:{_DECIMAL}M)?(?:{_DECIMAL}S)?)?", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]?\d)(?::([0-5]\d))?")
_MINUTES: Final = re.compile(rf"{_DECIMAL}(?: ?min(?:ute)?s?\.?)?", re.IGNORECASE)


@dataclass(frozen=True)
class CarRule:
    """How a car may use a way.

    `forward` is along the way as drawn. `access_only`: it may start or end a journey but carries no through traffic.
    `ferry_min` is the duration of a ferry in minutes, NaN where it is not stated (or no ferry). `notes` name what was
    read otherwise than written (checks of `notes.NOTES`), for the reader to count.
    """

    road_class: str
    forward: bool
    backward: bool
    access_only: bool
    road_number: str = ""
    ferry_min: float = math.nan
    notes: tuple[str, ...] = ()


def car_rule(tags: Mapping[str, str]) -> CarRule | None:
    """Return how a car may use a way with these tags, None = not at all.

    Parameters
    ----------
    tags
        The way's tags, keys and values as text.

    Returns
    -------
    CarRule or None
        None for ways that are no roads, areas, ways closed to cars and ways closed in both directions.
    """
    if tags.get("area") == "yes":
        return None
    if tags.get("route") == "ferry" and "highway" not in tags:
        return _ferry_rule(tags)
    highway = _word(tags.get("highway", "")).partition(";")[0].strip()
    road_class = DRIVEN.get(highway, "")
    if not road_class:
        if highway not in OPENED or not any(key in tags for key in MOTOR_KEYS):
            return None
        road_class = OPENED[highway]
    access, key = car_access(tags)
    if access == CLOSED or _barred(tags, key):
        return None
    forward, backward, notes = _directions(tags, road_class)
    if not (forward or backward):
        return None
    # A service road, a drive or a lane through a field carries no through traffic, whatever its tags.
    limited = access == LIMITED or road_class == "service"
    return CarRule(road_class, forward, backward, limited, road_number(tags.get("ref", "")), math.nan, notes)


def car_access(tags: Mapping[str, str], direction: str = "") -> tuple[str, str]:
    """Return ``open``, ``limited`` or ``closed`` to a car, and the key that says so ("" = no tag, open).

    Parameters
    ----------
    tags
        Tags of a way or of a barrier.
    direction
        "" or ``:forward`` or ``:backward``: keys with this ending.
    """
    for key in CAR_KEYS:
        value = tags.get(key + direction)
        if value:
            return access_of(value), key
    return OPEN, ""


def access_of(value: str) -> str:
    """Return ``open``, ``limited`` or ``closed`` for the value of an access tag.

    Of several values the most open counts, as each names people who may pass. A value that is not known is
    ``limited``: somebody may pass, nobody says that all may.
    """
    found = ACCESS_VALUES.get(value)
    if found is None:
        parts = [ACCESS_VALUES.get(_word(part), LIMITED) for part in re.split(r"[;|,]", value) if part.strip()]
        found = next((kind for kind in (OPEN, LIMITED, CLOSED) if kind in parts), OPEN)
    return found


def road_number(ref: str) -> str:
    """Return the first road number of a ``ref`` tag: ``"A606;A1"`` -> ``"A606"``."""
    return " ".join(ref.partition(";")[0].split())


def stops_car(tags: Mapping[str, str]) -> str:
    """Return ``closed`` where the barrier of a node stops a car, ``limited`` where some may pass, else ``open``.

    Parameters
    ----------
    tags
        Tags of a node on the road.
    """
    barrier = _word(tags.get("barrier", ""))
    # a rising bollard sinks for those who may pass
    stops = barrier in STOPPING_BARRIERS and _word(tags.get("bollard", "")) != "rising"
    access, key = car_access(tags)
    # everybody may pass a stile, but on foot
    if key and not (stops and key == "access" and access != CLOSED):
        return access
    return CLOSED if stops or tags.get("locked") == "yes" else OPEN


def is_firm(tags: Mapping[str, str]) -> bool:
    """Return whether the barrier of a node was put there against cars."""
    return _word(tags.get("barrier", "")) in FIRM_BARRIERS


def duration_min(value: str) -> float:
    """Return the minutes of a ``duration`` tag, NaN where it cannot be read or is no ferry's.

    Reads ``HH:MM``, ``HH:MM:SS``, whole or decimal minutes, and ISO 8601 (``PT1H5M``, ``P1DT2H``).
    """
    text = value.strip()
    iso, clock, plain = _ISO.fullmatch(text), _CLOCK.fullmatch(text), _MINUTES.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        found = days * 1_440 + hours * 60 + minutes + seconds / 60
    elif clock:
        found = float(clock[1]) * 60 + float(clock[2]) + float(clock[3] or 0) / 60
    elif plain:
        found = float(plain[1])
    else:
        found = math.nan
    return found if 0 < found <= LONGEST_FERRY_MIN else math.nan


def _ferry_rule(tags: Mapping[str, str]) -> CarRule | None:
    """Return the rule of a ferry: open where a tag for vehicles says so, or where none names walkers or cyclists."""
    access, key = car_access(tags)
    for_people = any(tags.get(name, "no") != "no" for name in ("foot", "bicycle"))
    if access == CLOSED or (key not in CAR_KEYS and for_people):
        return None
    forward, backward, notes = _directions(tags, "ferry")
    if not (forward or backward):
        return None
    stated = tags.get("duration", "")
    minutes = duration_min(stated) if stated else math.nan
    if stated and math.isnan(minutes):
        notes = (*notes, "ferry_duration")
    # Every traveller of a ferry is a customer.
    limited = access == LIMITED and tags[key] != "customers"
    return CarRule("ferry", forward, backward, limited, "", minutes, notes)


def _barred(tags: Mapping[str, str], key: str) -> bool:
    """Return whether a way that no motor tag opens is for emergencies or winters only."""
    special = tags.get("service") == "emergency_access" or "yes" in (tags.get("ice_road"), tags.get("winter_road"))
    impassable = tags.get("smoothness") == "impassable" or tags.get("impassable") == "yes"
    return (special or impassable) and key not in MOTOR_KEYS


def _directions(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool, tuple[str, ...]]:
    """Return whether a car may drive along the way and against it, and notes."""
    said = next((_word(tags[key]) for key in ONEWAY_KEYS if key in tags), "")
    notes: tuple[str, ...] = ()
    if said in WITH:
        forward, backward = True, False
    elif said in AGAINST:
        forward, backward = False, True
    elif said in NEITHER:
        forward, backward = False, False
    elif said in BOTH:
        forward, backward = True, True
    else:
        one_way = road_class in ONE_WAY_CLASSES or tags.get("junction") in ONE_WAY_JUNCTIONS
        forward, backward = True, not one_way
        if said:
            notes = ("oneway_unread",)
    forward = forward and car_access(tags, ":forward")[0] != CLOSED
    backward = backward and car_access(tags, ":backward")[0] != CLOSED
    return forward, backward, notes


def _word(value: str) -> str:
    return value.strip().lower()
