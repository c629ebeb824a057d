"""The desk as the page lists it: cards, the area's schemes, and pins; and faults in words. No framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sufficiency.app.engine import SCENARIO
from sufficiency.app.form import needs_words, places_words
from sufficiency.app.proposals import ACTIONS, AT_A_SCHOOL
from sufficiency.model.errors import DataError
from sufficiency.model.geography import to_wgs84
from sufficiency.model.scheme_ids import own_scheme_id
from sufficiency.model.vocabulary import HEADLINE_TYPES, PROVISION_TYPE_NAMES
from sufficiency.outputs.words import sentence_case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.app.desk import Programme
    from sufficiency.model.errors import SufficiencyError
    from sufficiency.model.results import Inputs
    from sufficiency.planning.proposed import ProposedScheme

__all__ = ["area_cards_of", "cards_of", "faults_of", "pins_of"]

_MOST_FAULTS: Final = 3


def cards_of(programme: Programme, chosen: str) -> list[dict[str, Any]]:
    """Return the schemes of a programme as cards."""
    cards = []
    for card in programme.cards:
        one = card.scheme
        kind = PROVISION_TYPE_NAMES[one.provision_type].lower()
        words = f"{ACTIONS[one.action]}, {kind}: {places_words(one)}"
        if one.action != "close":
            words += f"; needs admitted: {needs_words(one.needs)}"
        cards.append(
            {"id": one.scheme_id, "name": one.name, "on": card.on, "chosen": one.scheme_id == chosen,
             "words": f"{words}."}
        )  # fmt: skip
    return cards


def area_cards_of(inputs: Inputs, against: str, programme: Programme) -> list[dict[str, Any]]:
    """Return the area's schemes that the scenario compared with does not hold, with those that are on.

    ``copies`` says whether one can be a card: its places are of a type that the form offers.
    """
    base = set(inputs.scenarios[against].scheme_ids)
    on = set(programme.area_scheme_ids)
    rows = []
    for row in inputs.schemes.to_dict("records"):
        scheme_id = str(row["scheme_id"])
        if scheme_id in base or "." in scheme_id:
            continue
        copies = row["provision_type"] in HEADLINE_TYPES
        rows.append({"id": scheme_id, "name": str(row["scheme_name"]), "on": scheme_id in on, "copies": bool(copies)})
    return sorted(rows, key=lambda row: (row["name"], row["id"]))


def pins_of(programme: Programme, chosen: str, year: int, crs: str) -> list[dict[str, Any]]:
    """Return the pins of a programme's own schemes; ``mark`` is the places of the year, or those that are to come.

    ``there`` says whether the scheme has begun in the year.
    """
    schemes = [card.scheme for card in programme.cards]
    if not schemes:
        return []
    longitudes, latitudes = to_wgs84([one.easting_m for one in schemes], [one.northing_m for one in schemes], crs)
    pins = []
    for card, longitude, latitude in zip(programme.cards, longitudes, latitudes, strict=True):
        one = card.scheme
        there = year >= one.places[0][0]
        places = one.places_in(year) or one.places[0][1]
        pins.append(
            {"id": one.scheme_id, "at": [round(float(latitude), 6), round(float(longitude), 6)], "name": one.name,
             "mark": "×" if one.action == "close" else str(places), "on": card.on, "there": there,
             "chosen": one.scheme_id == chosen, "fixed": one.action in AT_A_SCHOOL}
        )  # fmt: skip
    return pins


def faults_of(error: SufficiencyError, schemes: Iterable[ProposedScheme]) -> str:
    """Return an error as sentences for the page: the first of its faults, with schemes by their names."""
    text = str(error)
    issues = getattr(error, "issues", None)
    if isinstance(error, DataError) and issues is not None and len(issues):
        text = "; ".join([text, *(one for one in issues["message"].astype(str) if one not in text)])
    for one in schemes:
        text = text.replace(own_scheme_id(SCENARIO, one.scheme_id), f"“{one.name}”")
    faults = text.split("; ")
    if len(faults) > _MOST_FAULTS:
        faults = [*faults[:_MOST_FAULTS], f"and {len(faults) - _MOST_FAULTS} more"]
    text = sentence_case("; ".join(faults))
    return text if text.endswith((".", "!", "?", "`")) else f"{text}."
