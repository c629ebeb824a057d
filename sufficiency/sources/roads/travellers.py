"""What the reader of a map asks of a way for a car, and for a walker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sufficiency.sources.roads.maxspeed import MAIN_KEYS, TYPE_KEYS, way_limit
from sufficiency.sources.roads.pieces import OPEN_COUNTRY
from sufficiency.sources.roads.rules import CAR_KEYS, CLOSED, NEITHER, ONEWAY_KEYS, OPEN, car_rule, stops_car
from sufficiency.sources.roads.urban import said_built_up
from sufficiency.sources.roads.walking import FOOT_KEYS, PAVEMENT_KEYS, stops_walker, walking_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONDITIONAL_KEYS: Final = (*(f"{key}:conditional" for key in CAR_KEYS), "oneway:conditional")


class WayFacts(NamedTuple):
    """The properties of a way, as `pieces.Ways` holds them; `open` is False where it may not be used at all."""

    open: bool
    road_class: str = ""
    road_number: str = ""
    maxspeed_kph: float = math.nan
    built_up: int = OPEN_COUNTRY
    forward: bool = True
    backward: bool = True
    access_only: bool = False
    ferry_min: float = math.nan
    # (check of `notes.NOTES`, text)
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Traveller:
    """How one kind of traveller reads a map.

    `common` are the keys asked of every way; a way with one of `rare` is read whole. `way` gives the facts of a way's
    tags, `barrier` whether a node with a barrier is ``closed``, ``limited`` or ``open``.
    """

    common: tuple[str, ...]
    rare: tuple[str, ...]
    way: Callable[[Mapping[str, str]], WayFacts]
    barrier: Callable[[Mapping[str, str]], str]
    turns: bool


def car_facts(tags: Mapping[str, str]) -> WayFacts:
    """Return what a way is to a car: `rules.car_rule` with its limit and what its tags say of built-up areas."""
    rule = car_rule(tags)
    if rule is None:
        turned = tags.get("oneway") in NEITHER and car_rule({**tags, "oneway": "no"}) is not None
        return WayFacts(open=False, notes=(("reversible", ""),) if turned else ())
    notes = [(note, "") for note in rule.notes]
    limit = way_limit(tags, road_class=rule.road_class, forward=rule.forward, backward=rule.backward)
    if limit.closed:
        return WayFacts(open=False, notes=(("maxspeed_zero", ""),))
    if limit.unread:
        notes.append(("maxspeed_unread", limit.unread))
    notes += [("conditional_access", f"{key}={tags[key]}") for key in CONDITIONAL_KEYS if key in tags]
    if "maxspeed:conditional" in tags:
        notes.append(("conditional_speed", ""))
    # a ferry has no sign on its way: the speed of one is what its duration gives
    kph = math.nan if rule.road_class == "ferry" else limit.kph
    return WayFacts(
        True,
        rule.road_class,
        rule.road_number,
        kph,
        said_built_up(tags, kph, rule.road_class),
        rule.forward,
        rule.backward,
        rule.access_only,
        rule.ferry_min,
        tuple(notes),
    )


def walking_facts(tags: Mapping[str, str]) -> WayFacts:
    """Return what a way is to a walker: `walking.walking_class`, both ways, without limits."""
    road_class = walking_class(tags)
    return WayFacts(bool(road_class), road_class)


def _walking_barrier(tags: Mapping[str, str]) -> str:
    return CLOSED if stops_walker(tags) else OPEN


CAR: Final = Traveller(
    common=(
        *("highway", "route", "area", "oneway", "junction", "service", "access", "motor_vehicle", "maxspeed", "ref"),
        *("foot", "bicycle"),
    ),
    rare=(
        *("motorcar", "vehicle", *(f"{key}:{way}" for key in CAR_KEYS for way in ("forward", "backward"))),
        *ONEWAY_KEYS[:-1],
        *("maxspeed:forward", "maxspeed:backward", "maxspeed:conditional", *MAIN_KEYS[:-1], *TYPE_KEYS),
        *CONDITIONAL_KEYS,
        *("duration", "construction", "ice_road", "winter_road", "smoothness", "impassable"),
    ),
    way=car_facts,
    barrier=stops_car,
    turns=True,
)
WALKER: Final = Traveller(
    common=("highway", *FOOT_KEYS),
    rare=PAVEMENT_KEYS,
    way=walking_facts,
    barrier=_walking_barrier,
    turns=False,
)
