"""The only conversions of units, called on the way in and on the way out; inside, a column's name states its unit."""

from __future__ import annotations

from typing import Final

SUFFIXES: Final[dict[str, str]] = {
    "_pupils": "pupils",
    "_places": "places",
    "_people": "people",
    "_min": "minutes",
    "_km": "kilometres",
    "_m": "metres",
    "_ms": "milliseconds",
    "_kph": "kilometres an hour",
    "_gbp": "pounds sterling",
    "_kgco2e": "kilograms of carbon dioxide equivalent",
    "_share": "share (0 to 1)",
    "_s": "seconds",
}

MS_PER_MIN: Final = 60_000
METRES_PER_MILE: Final = 1_609.344
MILES_PER_KM: Final = 1_000 / METRES_PER_MILE


def minutes_of(milliseconds: float) -> float:
    """Return minutes from milliseconds."""
    return milliseconds / MS_PER_MIN


def miles_of(kilometres: float) -> float:
    """Return international miles from kilometres."""
    return kilometres * MILES_PER_KM


def metres_of(miles: float) -> float:
    """Return metres from international miles, in which the law's walking distances are measured."""
    return miles * METRES_PER_MILE
