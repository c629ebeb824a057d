"""How a car may use an arc of a graph of osmnx: the facts of ways, from what osmnx left of their tags.

osmnx turns ``oneway`` into true or false and draws an arc for each open direction; ``reversed`` says which of them runs
against the way. Its graphs with ``all_oneway`` keep the tag and have one arc along each way, or against it where the
tag says -1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import ROAD_CLASSES
from sufficiency.sources.roads.graph_parts import parts_of_list
from sufficiency.sources.roads.pieces import BUILT_UP, NOT_SAID, OPEN_COUNTRY
from sufficiency.sources.roads.travellers import WayFacts, car_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MERGED", "ArcRule", "arc_rule", "keeps_tag"]

MERGED: Final = "tags_merged"
_BOOLEANS: Final = frozenset({"True", "False"})
# Values of the tag that make osmnx turn the nodes of a way round.
_TURNED: Final = frozenset({"-1", "reverse", "T"})
_NOT_TAGS: Final = frozenset({"reversed", "urban", "access_only"})
_MOST_VALUES: Final = 50


@dataclass(frozen=True)
class ArcRule:
    """Facts of the road that an arc is a piece of, along the way; the directions are those that the arc opens.

    `against`: the arc runs against the way.
    """

    facts: WayFacts
    against: bool


def keeps_tag(value: str) -> bool:
    """Return whether a value of ``oneway`` is the tag itself and not osmnx's reading of it."""
    return bool(value) and not set(parts_of_list(value)) <= _BOOLEANS


def arc_rule(values: Mapping[str, str], *, tagged: bool) -> ArcRule:
    """Return how a car may use an arc with these values.

    Parameters
    ----------
    values
        Values of the arc as text; several values of a merged road are a list as text.
    tagged
        Whether the graph keeps the tag ``oneway`` and has one arc a road (``all_oneway`` of osmnx).
    """
    against = values.get("oneway", "") in _TURNED if tagged else _said(values, "reversed") == "True"
    tags = {key: text for key, text in values.items() if key not in _NOT_TAGS}
    if not tagged:
        one_way = "True" in parts_of_list(tags.pop("oneway", ""))
        tags |= {"oneway": "-1" if against else "yes"} if one_way else {}
    facts = _of_all([car_facts(variant) for variant in _variants(tags)])
    if not tagged:
        # drawn from ways of different directions, or not said: the arc is all that is known
        unsaid = _said(values, "reversed") not in _BOOLEANS
        forward, backward = (True, False) if unsaid else (facts.forward and not against, facts.backward and against)
        facts = facts._replace(forward=forward, backward=backward)
    return ArcRule(_with_own(facts, values), against)


def _variants(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the tags once for each place of the longest list, so that every value stands in one of them."""
    lists = {key: parts_of_list(text)[:_MOST_VALUES] or ("",) for key, text in tags.items()}
    count = max((len(parts) for parts in lists.values()), default=1)
    return [{key: parts[min(at, len(parts) - 1)] for key, parts in lists.items()} for at in range(count)]


def _of_all(found: Sequence[WayFacts]) -> WayFacts:
    """Return the facts of a road made of several: of its values those that restrict more."""
    if len(found) == 1:
        return found[0]
    notes = dict.fromkeys(note for facts in found for note in facts.notes)
    if not all(facts.open for facts in found):
        # what no part of may be used was no road before either
        merged = ((MERGED, ""),) if any(facts.open for facts in found) else ()
        return WayFacts(open=False, notes=(*notes, *merged))
    limits = [facts.maxspeed_kph for facts in found if not math.isnan(facts.maxspeed_kph)]
    said = {facts.built_up for facts in found}
    return found[0]._replace(
        road_class=max((facts.road_class for facts in found), key=ROAD_CLASSES.index),
        maxspeed_kph=min(limits, default=math.nan),
        built_up=said.pop() if len(said) == 1 else NOT_SAID,
        forward=all(facts.forward for facts in found),
        backward=all(facts.backward for facts in found),
        access_only=any(facts.access_only for facts in found),
        ferry_min=math.nan,
        notes=(*notes, (MERGED, "")),
    )


def _with_own(facts: WayFacts, values: Mapping[str, str]) -> WayFacts:
    """Return the facts with what `to_osmnx` wrote beside the tags."""
    urban, access_only = _said(values, "urban"), _said(values, "access_only")
    if urban in _BOOLEANS:
        facts = facts._replace(built_up=BUILT_UP if urban == "True" else OPEN_COUNTRY)
    return facts._replace(access_only=access_only == "True") if access_only in _BOOLEANS else facts


def _said(values: Mapping[str, str], key: str) -> str:
    """Return a value that is one, blank where it is a list of different ones."""
    parts = set(parts_of_list(values.get(key, "")))
    return parts.pop() if len(parts) == 1 else ""
