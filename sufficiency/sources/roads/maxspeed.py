"""Signed speed limits, in all the ways that people write them.

`parse_maxspeed` reads one value; `way_limit` the tags of a way. A limit is credible from 5 to 130 km an hour. Of
several limits in one value the least credible one counts, so that no road is driven faster than any sign on it says.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KPH_PER_MPH: Final = 1.609344
KPH_PER_KNOT: Final = 1.852
LEAST_KPH: Final = 5.0
MOST_KPH: Final = 130.0
WALK_KPH: Final = 6.0

# National limits for cars in Great Britain, gov.uk/speed-limits as of 2025: 30 mph where there is street lighting (in
# Wales 20 mph since 17 September 2023, the Restricted Roads (20 mph Speed Limit) (Wales) Order 2022), 60 mph on single
# carriageways, 70 mph on dual carriageways and motorways.
GB_MPH: Final[dict[str, float]] = {
    "nsl_single": 60,
    "single": 60,
    "rural": 60,
    "national": 60,
    "nsl": 60,
    "nsl_dual": 70,
    "dual": 70,
    "motorway": 70,
    "nsl_motorway": 70,
    "nsl_restricted": 30,
    "restricted": 30,
    "urban": 30,
    "urban_restricted": 30,
    "built_up": 30,
    "living_street": 20,
    "wales": 20,
    "nsl_wales": 20,
}
WELSH_20_MPH: Final = frozenset({"urban", "restricted", "nsl_restricted", "urban_restricted", "built_up"})
# Limits elsewhere, wiki.openstreetmap.org/wiki/Default_speed_limits as of 2025, km an hour: `urban` is 50 by the Vienna
# convention, so only other kinds are listed, for the countries nearest to Great Britain and those of the test files.
URBAN_KPH: Final = 50.0
COUNTRY_KPH: Final[dict[str, dict[str, float]]] = {
    "at": {"rural": 100, "motorway": 130, "trunk": 100},
    "be": {"rural": 90, "motorway": 120, "trunk": 120},
    "ch": {"rural": 80, "motorway": 120, "trunk": 100},
    "de": {"rural": 100, "living_street": 7, "bicycle_road": 30},
    "dk": {"rural": 80, "motorway": 130},
    "es": {"rural": 90, "motorway": 120, "trunk": 90},
    "fr": {"rural": 80, "motorway": 130, "trunk": 110, "living_street": 20},
    "ie": {"rural": 80, "motorway": 120, "trunk": 100},
    "it": {"rural": 90, "motorway": 130, "trunk": 110},
    "nl": {"rural": 80, "motorway": 100, "trunk": 100},
    "pl": {"rural": 90, "trunk": 100, "living_street": 20},
    "pt": {"rural": 90, "motorway": 120, "trunk": 100},
    "ro": {"rural": 90, "motorway": 130, "trunk": 100},
}
# Words that state no number: no limit, no sign with a number, or one that changes.
NO_NUMBER_WORDS: Final = (
    "none no unlimited derestricted signals signal variable default implicit unknown unposted unsigned sign signed "
    "survey"
)
NO_NUMBER: Final = frozenset(NO_NUMBER_WORDS.split())
MAIN_KEYS: Final = ("maxspeed:motorcar", "maxspeed:motor_vehicle", "maxspeed")
TYPE_KEYS: Final = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
_UNITS: Final[dict[str, float]] = {"": 1.0, "kph": 1.0, "mph": KPH_PER_MPH, "knots": KPH_PER_KNOT}
_SPELLINGS: Final[tuple[tuple[str, str], ...]] = (
    (r"m\.p\.h\.?|mi(les?)? ?/ ?h(our)?|miles? (per|an) hour|mph", "mph"),
    (r"km ?/ ?h|km\.h|kmh|kmph|km/t|km\b", "kph"),
    (r"\bknots?\b|\bkn\b|\bkts?\b", "knots"),
)
_NUMBER: Final = re.compile(r"(\d{1,4}(?:\.\d{1,9})?) ?(kph|mph|knots)?")
_COUNTRY: Final = re.compile(r"([a-z]{2}(?:-[a-z]{3})?)[:_](.{1,40})")
# A comma within a number is a decimal point, not a list.
_COMMA: Final = re.compile(r"(?<=\d),(?=\d(?!\d))")
_BETWEEN: Final = re.compile(r"[;|,/]| to |(?<=[\dhs]) ?[-–] ?(?=\d)")


@dataclass(frozen=True)
class WayLimit:
    """The signed limit of a way: km an hour (NaN = none), closed by a zero, and a text that could not be read."""

    kph: float
    closed: bool = False
    unread: str = ""


def parse_maxspeed(value: object, *, road_class: str = "") -> float:
    """Return the speed limit of a ``maxspeed`` value in km an hour.

    Parameters
    ----------
    value
        Text as tagged (``"30 mph"``, ``"50"``, ``"20;30"``, ``"GB:nsl_single"``, ``"['20 mph', '30 mph']"``), a number
        of km an hour, a list of these, or nothing.
    road_class
        Class of the road: ``national`` is 70 mph on a motorway, 60 mph elsewhere.

    Returns
    -------
    float
        NaN = not signed, signed without a number, not credible or not understood; 0 = closed by a limit of zero.
    """
    speeds = [_speed_of(part, road_class) for part in _parts(value)]
    credible = [speed for speed in speeds if LEAST_KPH <= speed <= MOST_KPH]
    if credible:
        # one figure for one limit, however it is written: roads merge where limits are equal
        return round(min(credible), 6)
    return 0.0 if 0.0 in speeds else math.nan


def is_unread(value: object, *, road_class: str = "") -> bool:
    """Return whether a value is there that states a limit which `parse_maxspeed` cannot read or does not believe."""
    stated = [part for part in _parts(value) if part not in NO_NUMBER]
    return bool(stated) and math.isnan(parse_maxspeed(value, road_class=road_class))


def way_limit(
    tags: Mapping[str, str], *, road_class: str = "", forward: bool = True, backward: bool = True
) -> WayLimit:
    """Return the limit of a way from all its tags.

    ``maxspeed:forward`` and ``maxspeed:backward`` count for the directions that are open, the lower of the two on a
    two-way road. Without a number, the kind of limit decides (``maxspeed:type``, ``source:maxspeed``, zones).

    Parameters
    ----------
    tags
        The way's tags.
    road_class
        Its class.
    forward, backward
        The directions that are open to cars.
    """
    if not any(key in tags for key in _LIMIT_KEYS):
        return WayLimit(math.nan)
    general = next((tags[key] for key in MAIN_KEYS if tags.get(key)), "")
    stated = [tags.get("maxspeed:forward", general)] if forward else []
    stated += [tags.get("maxspeed:backward", general)] if backward else []
    speeds = [parse_maxspeed(text, road_class=road_class) for text in stated]
    if speeds and not any(speeds):
        return WayLimit(math.nan, closed=True)
    numbers = [speed for speed in speeds if speed > 0]
    unread = next((text for text in stated if is_unread(text, road_class=road_class)), "")
    if not numbers:
        kinds = [tags[key] for key in TYPE_KEYS if ":" in tags.get(key, "")]
        numbers = [speed for speed in (parse_maxspeed(kind, road_class=road_class) for kind in kinds) if speed > 0][:1]
    return WayLimit(min(numbers, default=math.nan), unread=unread)


_LIMIT_KEYS: Final = (*MAIN_KEYS, *TYPE_KEYS, "maxspeed:forward", "maxspeed:backward")


def _parts(value: object) -> list[str]:
    """Return the single limits in a value: lower case, plain spaces, one spelling per unit, units handed on."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, (list, tuple, set)):
        return sorted({part for one in value for part in _parts(one)})
    text = " ".join(unicodedata.normalize("NFKC", str(value)).lower().split())
    text = re.sub(r"[\[\]'\"]|\(.*?\)|@.*$|[.?!]+$", "", text)
    for spelling, unit in _SPELLINGS:
        text = re.sub(spelling, unit, text)
    parts = [part.strip() for part in _BETWEEN.split(_COMMA.sub(".", text))]
    parts = [part for part in parts if part]
    # "20;30 mph": a bare number takes the unit that the value states elsewhere.
    units = {found[2] for part in parts if (found := _NUMBER.fullmatch(part)) and found[2]}
    unit = units.pop() if len(units) == 1 else ""
    return [f"{part} {unit}" if unit and re.fullmatch(r"[\d.]+", part) else part for part in parts]


def _speed_of(part: str, road_class: str) -> float:
    number = _NUMBER.fullmatch(part)
    country = _COUNTRY.fullmatch(part)
    if number:
        found = float(number[1]) * _UNITS[number[2] or ""]
    elif part == "walk" or part.endswith(":walk"):
        found = WALK_KPH
    elif part.startswith(("national", "nsl")):
        found = _british(part, road_class)
    elif country:
        found = _by_country(country[1], country[2].replace(":", "_").replace(" ", "_"), road_class)
    else:
        found = math.nan
    return found


def _by_country(country: str, kind: str, road_class: str) -> float:
    place, _, part = country.partition("-")
    zone = re.fullmatch(r"(?:zone)?_?(\d{1,3})(?:_?mph)?", kind)
    british = place in ("gb", "uk")
    if zone:
        return float(zone[1]) * (KPH_PER_MPH if british or kind.endswith("mph") else 1.0)
    if british:
        return _british("wales" if part == "wls" and kind in WELSH_20_MPH else kind, road_class)
    return COUNTRY_KPH.get(place, {}).get(kind, URBAN_KPH if kind == "urban" else math.nan)


def _british(kind: str, road_class: str) -> float:
    if kind in ("national", "nsl") and road_class in ("motorway", "motorway_link"):
        kind = "motorway"
    return GB_MPH.get(kind, math.nan) * KPH_PER_MPH
