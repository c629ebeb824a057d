"""A scheme as the form shows it, and what a change in the form makes of it. Plain data; no framework."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any, Final

from sufficiency.app.proposals import ACTIONS, AT_A_SCHOOL, LEAST_PLACES, MOST_PLACES, MOVES, Town, with_phase
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import (
    HEADLINE_NCY,
    HEADLINE_TYPES,
    NEED_GROUP_NAMES,
    NEED_GROUP_OF,
    NEED_NAMES,
    NEEDS,
    PROVISION_TYPE_NAMES,
    year_label,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sufficiency.planning.proposed import ProposedScheme

__all__ = ["FIELDS", "changed", "form_of", "millions", "needs_words", "places_words",
           "plain_text"]  # fmt: skip

LONGEST_NAME: Final = 120
LONGEST_REASON: Final = 600
MOST_CAPITAL_GBP: Final = 1_000_000_000.0
_CASES: Final = ("low", "central", "high")
_JOINER: Final = "\N{ZERO WIDTH JOINER}"
_NO_SECOND_STEP: Final = 0
# a comma parts thousands; one before two digits or one is another country's point, and would make ten times as much
_MILLIONS: Final = re.compile(r"£?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)\s*m?", re.ASCII)


def _year_group(ncy: int) -> str:
    return "Reception" if ncy == 0 else f"Year {ncy}"


def _year_groups(scheme: ProposedScheme | None) -> range:
    """Return the year groups to pick from; those of a scheme that was read from a file are among them."""
    low, high = HEADLINE_NCY
    return range(low, high + 1) if scheme is None else range(min(low, scheme.ncy_from), max(high, scheme.ncy_to) + 1)


def _september(year: int) -> str:
    return f"September {year}"


def needs_words(needs: Sequence[str]) -> str:
    """Return the needs that a scheme admits: all, a few by name, or how many."""
    if set(needs) == set(NEEDS):
        return "all"
    names = [NEED_NAMES[one] for one in NEEDS if one in needs]
    return "; ".join(names) if len(names) <= 2 else f"{len(names)} of {len(NEEDS)}"


def places_words(scheme: ProposedScheme) -> str:
    """Return the steps of a scheme: ``30 places from 2027/28, then 60 places from 2029/30``."""
    if scheme.action == "close":
        return f"closes in {year_label(scheme.places[0][0])}"
    steps = [f"{count} place{'' if count == 1 else 's'} from {year_label(year)}" for year, count in scheme.places]
    told = ", then ".join(steps)
    taken = scheme.given_up_places
    return told if taken is None else f"{told}, of them {taken} taken over"


def form_of(town: Town, scheme: ProposedScheme | None, years: Sequence[int]) -> dict[str, Any]:
    """Return what the form shows of a scheme; without one, only what can be picked from.

    Parameters
    ----------
    town
        The places and schools of the area.
    scheme
        The scheme in hand; None = none is chosen.
    years
        The Septembers that can be asked for.
    """
    steps = () if scheme is None else scheme.places
    schools = [{"value": one, "label": name} for one, (name, _, _) in town.schools.items()]
    choices: dict[str, Any] = {
        "actions": [{"value": one, "label": text} for one, text in ACTIONS.items()],
        "types": [{"value": one, "label": PROVISION_TYPE_NAMES[one]} for one in HEADLINE_TYPES],
        "yearGroups": [{"value": one, "label": _year_group(one)} for one in _year_groups(scheme)],
        "years": [{"value": one, "label": _september(one)} for one in years],
        "needSets": [{"value": one, "label": text} for one, text in _NEED_SETS.items()],
        "needs": [{"value": one, "label": NEED_NAMES[one]} for one in NEEDS],
        "least": min([LEAST_PLACES, *(count for _, count in steps if count)]),
        "most": max([MOST_PLACES, *(count for _, count in steps)]),
        "longestName": LONGEST_NAME,
        "longestReason": LONGEST_REASON,
    }
    if scheme is None:
        return {"scheme": None, "choices": choices, "schools": schools}
    owners = {owner for owner, _, _, _ in town.provision.values()}
    if scheme.action in ("convert", "close", "relocate"):
        schools = [one for one in schools if one["value"] in owners]
    second = scheme.places[1] if len(scheme.places) > 1 else (_NO_SECOND_STEP, scheme.places[0][1])
    cost = scheme.capital_gbp or (math.nan,) * 3
    old = town.provision.get(scheme.from_provision_id)
    school = old[0] if scheme.action == "relocate" and old else scheme.setting_id
    told = {
        "id": scheme.scheme_id,
        "name": scheme.name,
        "action": scheme.action,
        "where": _where(town, scheme),
        "school": school if school in town.schools else "",
        "movable": scheme.action not in AT_A_SCHOOL,
        "provision": [
            {"value": one, "label": town.provision[one][2]} for one in town.offered(school)
        ] if scheme.action in (*MOVES, "close") else [],
        "fromProvision": scheme.from_provision_id,
        "type": scheme.provision_type,
        "from": scheme.ncy_from,
        "to": scheme.ncy_to,
        "needs": list(scheme.needs),
        "needsWords": needs_words(scheme.needs),
        "places": scheme.places[0][1],
        "year": scheme.places[0][0],
        "secondYear": second[0],
        "secondPlaces": second[1],
        "laterYears": [one for one in choices["years"] if one["value"] > scheme.places[0][0]],
        "steps": places_words(scheme),
        "rationale": scheme.rationale,
        "rationaleTitle": "Why a base will not do" if scheme.provision_type == "special_school" else "Why this scheme",
        "cost": ["" if math.isnan(one) else f"{one / 1e6:g}" for one in cost],
    }  # fmt: skip
    return {"scheme": told, "choices": choices, "schools": schools}


def _where(town: Town, scheme: ProposedScheme) -> str:
    name = town.schools.get(scheme.setting_id, ("", 0.0, 0.0))[0]
    if name:
        return f"At {name}."
    near = town.place_near(scheme.easting_m, scheme.northing_m)
    beside = f", near {near}" if near else ""
    return f"Now at easting {scheme.easting_m:.0f}, northing {scheme.northing_m:.0f}{beside}."


def changed(town: Town, scheme: ProposedScheme, field: str, value: object) -> ProposedScheme:
    """Return the scheme with one field of the form changed, and what goes with it.

    Parameters
    ----------
    town
        The places and schools of the area.
    scheme
        The scheme in hand.
    field
        One of `FIELDS`.
    value
        What the form sent; anything may come here.

    Raises
    ------
    ParameterError
        When the field is unknown, or the value cannot be.
    """
    if field not in FIELDS:
        raise ParameterError("the form has no such field: load the page again")
    return town.balanced(FIELDS[field](town, scheme, value))


def millions(text: str, what: str) -> float:
    """Return pounds of an amount in £ million, as it is written by hand.

    Raises
    ------
    ParameterError
        When it is none.
    """
    found = _MILLIONS.fullmatch(text.strip())
    if found is None:
        message = f"{what} is in £ million, with a point before its decimals, such as 12.5"
        raise ParameterError(message)
    return float(found.group(1).replace(",", "")) * 1e6


def plain_text(value: object) -> str:
    """Return a text in one line, of letters that can be seen and the joiner that some of them need."""
    words = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(one for one in words if one.isprintable() or one == _JOINER)


def _whole(value: object, low: int, high: int, what: str) -> int:
    number = value
    if isinstance(value, str) and value.strip().lstrip("-").isdigit() and len(value) < 12:
        number = int(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        message = f"{what} must be a whole number from {low} to {high}"
        raise ParameterError(message)
    return number


def _one_of(value: object, choices: Sequence[str], what: str) -> str:
    if not isinstance(value, str) or value not in choices:
        message = f"{what} must be one of those offered"
        raise ParameterError(message)
    return value


def _name(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    text = plain_text(value)
    if not text:
        raise ParameterError("a scheme needs a name")
    return dataclasses.replace(scheme, name=text[:LONGEST_NAME])


def _rationale(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    return dataclasses.replace(scheme, rationale=plain_text(value)[:LONGEST_REASON])


def _action(town: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    return town.with_action(scheme, _one_of(value, tuple(ACTIONS), "what would happen"))


def _type(town: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    kind = _one_of(value, HEADLINE_TYPES, "the type of place")
    return town.renamed(scheme, dataclasses.replace(scheme, provision_type=kind))


def _school(town: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    if value == "" and scheme.action not in AT_A_SCHOOL:
        return town.moved(scheme, scheme.easting_m, scheme.northing_m)
    return town.at_school(scheme, _one_of(value, tuple(town.schools), "the school"))


def _provision(town: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    if value == "" and scheme.action == "close":
        return dataclasses.replace(scheme, from_provision_id="")
    return town.from_provision(scheme, _one_of(value, tuple(town.provision), "the provision"))


def _from(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    low = _whole(value, *HEADLINE_NCY, "the first year group")
    return dataclasses.replace(scheme, ncy_from=low, ncy_to=max(low, scheme.ncy_to))


def _to(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    high = _whole(value, *HEADLINE_NCY, "the last year group")
    return dataclasses.replace(scheme, ncy_to=high, ncy_from=min(high, scheme.ncy_from))


def _needs(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    asked = set(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else {""}
    if not asked <= set(NEEDS):
        raise ParameterError("the needs must be of those offered")
    if not asked:
        raise ParameterError("a scheme admits one need at least: tick one")
    return dataclasses.replace(scheme, needs=tuple(one for one in NEEDS if one in asked))


def _need_set(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    chosen = _one_of(value, tuple(_NEED_SETS), "the set of needs")
    needs = NEEDS if chosen == "all" else tuple(one for one in NEEDS if NEED_GROUP_OF[one] == chosen)
    return dataclasses.replace(scheme, needs=needs)


def _stepped(scheme: ProposedScheme, **told: int) -> ProposedScheme:
    steps = scheme.places
    second = steps[1] if len(steps) > 1 else (_NO_SECOND_STEP, steps[0][1])
    first = (told.get("year", steps[0][0]), told.get("places", steps[0][1]))
    later = (told.get("second_year", second[0]), told.get("second_places", second[1]))
    return with_phase(scheme, first=first, second=later if later[0] else None)


def _places(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    if scheme.action == "close":
        raise ParameterError("a closure leaves no places")
    return _stepped(scheme, places=_whole(value, LEAST_PLACES, MOST_PLACES, "places"))


def _second_places(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    return _stepped(scheme, second_places=_whole(value, LEAST_PLACES, MOST_PLACES, "places from the second step on"))


def _year(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    return _stepped(scheme, year=_whole(value, 2000, 2100, "the September"))


def _second_year(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    return _stepped(scheme, second_year=_whole(value, 0, 2100, "the September of the second step"))


def _cost(_: Town, scheme: ProposedScheme, value: object) -> ProposedScheme:
    """Return the scheme with its low, central and high cost; all blank = not known, a blank one = as the central."""
    if not isinstance(value, list) or len(value) != len(_CASES):
        raise ParameterError("the cost has a low, a central and a high figure")
    texts = [str(one).strip() for one in value]
    if not any(texts):
        return dataclasses.replace(scheme, capital_gbp=None)
    filled = [one or texts[1] or next(other for other in texts if other) for one in texts]
    pounds = [round(millions(one, "the cost"), 2) for one in filled]
    if not all(0 <= one <= MOST_CAPITAL_GBP for one in pounds):
        raise ParameterError("the cost is from 0 to 1,000 £ million")
    if pounds != sorted(pounds):
        raise ParameterError("the cost must rise from low to central to high")
    return dataclasses.replace(scheme, capital_gbp=(pounds[0], pounds[1], pounds[2]))


_NEED_SETS: Final = {"all": "All needs", **NEED_GROUP_NAMES}
FIELDS: Final[dict[str, Callable[[Town, ProposedScheme, object], ProposedScheme]]] = {
    "name": _name,
    "rationale": _rationale,
    "action": _action,
    "type": _type,
    "school": _school,
    "fromProvision": _provision,
    "from": _from,
    "to": _to,
    "needs": _needs,
    "needSet": _need_set,
    "places": _places,
    "year": _year,
    "secondYear": _second_year,
    "secondPlaces": _second_places,
    "cost": _cost,
}
