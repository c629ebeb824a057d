"""What the reader of a map left out or took otherwise than written: counted, one line each in the table `issues`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model.issues import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOK: Final = "none is needed; correct the map where it matters"
_TURNS_LEFT: Final = "none is needed: the turn stays allowed, which shortens a journey by little"
# check -> severity, message, cure; {n} is the count and {detail} what the reader adds.
NOTES: Final[dict[str, tuple[str, str, str]]] = {
    "missing_nodes": (
        "warning",
        "nodes that ways refer to and the file lacks: {n}; ways cut there: {detail}",
        "take an extract with complete ways and a border of at least 15 km around the area",
    ),
    "way_twice": (
        "warning",
        "ways that are in the file more than once: {n}; the newest version counts",
        "take a plain extract, without history",
    ),
    "maxspeed_unread": ("note", "ways with a limit that is not credible, or no limit: {n} ({detail}); left out", _LOOK),
    "maxspeed_zero": ("warning", "ways closed by a speed limit of zero: {n}", "correct the limit on the map"),
    "conditional_access": (
        "note",
        "ways with access or one-way rules at certain hours: {n} ({detail}); the rule without hours counts",
        "close the road in the area's own edges where it is closed at school times",
    ),
    "conditional_speed": (
        "note",
        "ways with another limit at certain hours: {n}; the limit without hours counts",
        _LOOK,
    ),
    "reversible": ("note", "ways closed because their direction changes with the hour: {n}", _LOOK),
    "oneway_unread": ("note", "ways with a one-way tag that is not known: {n}; open both ways", _LOOK),
    "ferry_duration": ("note", "ferries with a duration that cannot be read: {n}; the speed table counts", _LOOK),
    "ferry_speed": ("note", "ferries with a duration faster than any ship: {n}; the speed table counts", _LOOK),
    "ferry_outside": ("warning", "ferries that leave Great Britain, left out: {n}", "none is needed"),
    "barrier_stops": ("note", "barriers that stop cars, where the road is cut: {n}", _LOOK),
    "barrier_limits": ("note", "gates that let only some cars pass, where the road is access-only: {n}", _LOOK),
    "barrier_at_junction": ("note", "barriers drawn where roads meet, left out: {n}", _LOOK),
    "barrier_at_path": ("note", "barriers drawn on a road at the start of a path, taken as the path's: {n}", _LOOK),
    "pocket": (
        "note",
        "kilometres of road behind access-only roads, access-only too: {n}",
        "correct the access tags on the map where through traffic is allowed",
    ),
    "island": (
        "warning",
        "islands, which a car cannot both enter and leave, and which nothing is joined to: {n} ({detail})",
        "take a larger extract, or correct one-way and access tags on the map",
    ),
    "turn_conditional": ("note", "turn restrictions at certain hours, left out: {n}", _TURNS_LEFT),
    "turn_via_way": ("note", "turn restrictions over a road between, left out: {n}", _TURNS_LEFT),
    "turn_incomplete": ("note", "turn restrictions that lack a member or have too many, left out: {n}", _TURNS_LEFT),
    "turn_unknown": ("note", "turn restrictions of a kind that is not known, left out: {n}", _TURNS_LEFT),
    "turn_ambiguous": ("note", "turn restrictions on roads not cut at the junction, left out: {n}", _TURNS_LEFT),
    "turn_road_missing": ("note", "turn restrictions on roads that no car may use or that are not there: {n}", _LOOK),
}


def counted(file: str, counts: Mapping[str, int], details: Mapping[str, str] | None = None) -> list[Issue]:
    """Return a line of the table `issues` for each count above zero.

    Parameters
    ----------
    file
        Name of the file.
    counts
        Count by check, a key of `NOTES`.
    details
        What belongs in the message besides the count, by check.
    """
    found = []
    for check, count in counts.items():
        if count:
            severity, message, fix = NOTES[check]
            text = message.format(n=f"{count:,}", detail=(details or {}).get(check, ""))
            found.append(Issue(file, None, "road_edges", "", "", str(count), check, severity, text, fix))
    return found
