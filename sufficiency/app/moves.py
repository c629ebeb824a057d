"""What a hand does on the page, as a change of the desk: put, move, change, switch, copy, take away. No framework.

Every move takes a desk and gives another, with the scheme that is in hand afterwards (blank = none). Whether the new
desk can be answered is for the engine to say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.app.desk import AreaCard, Card, Desk, Programme
from sufficiency.app.form import LONGEST_NAME, changed, plain_text
from sufficiency.app.proposals import AT_A_SCHOOL, new_scheme
from sufficiency.model.errors import ParameterError
from sufficiency.planning.proposed import proposed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.app.proposals import Town
    from sufficiency.model.results import Inputs
    from sufficiency.planning.proposed import ProposedScheme

__all__ = [
    "Hand", "compared", "copied_from_area", "differs_by_year_group", "duplicated", "edited", "emptied", "looked_at",
    "put", "put_at_school", "removed", "set_of", "switched", "titled", "worked_on",
]  # fmt: skip

LONGEST_TITLE: Final = 80


@dataclass(frozen=True)
class Hand:
    """A desk, and the scheme of the programme worked on that is in hand; blank = none."""

    desk: Desk
    chosen: str = ""

    @property
    def scheme(self) -> ProposedScheme | None:
        """The scheme in hand."""
        found = [one.scheme for one in self.desk.programme.cards if one.scheme.scheme_id == self.chosen]
        return found[0] if found else None

    def kept(self) -> Hand:
        """Return the hand, empty where its scheme is no longer on the desk."""
        return self if self.scheme is not None else Hand(self.desk)

    def with_scheme(self, scheme: ProposedScheme) -> Hand:
        """Return the hand with the scheme in place of the one of its id; a new one is on."""
        programme = self.desk.programme
        there = [one for one in programme.cards if one.scheme.scheme_id == scheme.scheme_id]
        card = Card(scheme, there[0].on if there else True)
        return Hand(self.desk.with_programme(programme.with_card(card)), scheme.scheme_id)


def put(hand: Hand, town: Town, years: Sequence[int], at_m: tuple[float, float], scheme_id: str = "") -> Hand:
    """Return the hand with a scheme put at a point: the one named, else the one in hand, else a new one."""
    held = dataclasses.replace(hand, chosen=scheme_id or hand.chosen).kept()
    if held.scheme is not None:
        return held.with_scheme(town.balanced(town.moved(held.scheme, *at_m)))
    made = new_scheme(town, hand.desk.programme.free_id(), at_m, years)
    return hand.with_scheme(made)


def put_at_school(hand: Hand, town: Town, years: Sequence[int], setting_id: str) -> Hand:
    """Return the hand with its scheme put at a school of the area, or a new one there.

    Raises
    ------
    ParameterError
        When nothing of the area is known by that id.
    """
    if setting_id not in town.schools:
        raise ParameterError("schemes can be put at open, state-funded schools of the area only")
    _, easting_m, northing_m = town.schools[setting_id]
    if hand.scheme is None:
        hand = put(hand, town, years, (easting_m, northing_m))
    scheme = hand.scheme
    if scheme is None:  # put gives one always
        return hand
    if scheme.action == "relocate":
        return hand.with_scheme(town.moved(scheme, easting_m, northing_m))
    return hand.with_scheme(town.balanced(town.at_school(scheme, setting_id)))


def edited(hand: Hand, town: Town, scheme_id: str, field: str, value: object) -> Hand:
    """Return the hand with one field of a scheme changed.

    Raises
    ------
    ParameterError
        When the scheme is gone, or the value cannot be.
    """
    card = hand.desk.programme.card(scheme_id)
    return hand.with_scheme(changed(town, card.scheme, field, value))


def switched(hand: Hand, scheme_id: str, *, on: bool) -> Hand:
    """Return the hand with a scheme on or off: one's own, or one of the area's."""
    programme = hand.desk.programme
    known = {one.scheme_id for one in programme.area_cards} | {one.scheme.scheme_id for one in programme.cards}
    if scheme_id not in known:
        programme = dataclasses.replace(programme, area_cards=(*programme.area_cards, AreaCard(scheme_id)))
    return dataclasses.replace(hand, desk=hand.desk.with_programme(programme.switched(scheme_id, on=on)))


def duplicated(hand: Hand, scheme_id: str) -> Hand:
    """Return the hand with a copy of a scheme, which is in hand then.

    Raises
    ------
    ParameterError
        When the scheme closes something: it cannot close twice.
    """
    programme = hand.desk.programme
    card = programme.card(scheme_id)
    if card.scheme.action == "close":
        raise ParameterError("what closes cannot close twice: start another scheme for another closure")
    new_id = programme.free_id()
    setting = card.scheme.setting_id
    copy = dataclasses.replace(
        card.scheme,
        scheme_id=new_id,
        name=f"{card.scheme.name} (copy)"[:LONGEST_NAME],
        setting_id=f"new-{new_id}" if setting == f"new-{scheme_id}" else setting,
    )
    return hand.with_scheme(copy)


def removed(hand: Hand, scheme_id: str) -> Hand:
    """Return the hand without a scheme."""
    return Hand(hand.desk.with_programme(hand.desk.programme.without_card(scheme_id)), hand.chosen).kept()


def copied_from_area(hand: Hand, inputs: Inputs, scheme_id: str) -> Hand:
    """Return the hand with a scheme of the area copied to be changed; the area's own is off then."""
    programme = hand.desk.programme
    new_id = programme.free_id()
    told = proposed_of(inputs, scheme_id)
    setting = f"new-{new_id}" if told.action not in AT_A_SCHOOL and told.setting_id not in _settings(inputs) else ""
    scheme = dataclasses.replace(told, scheme_id=new_id, setting_id=setting or told.setting_id)
    off = programme.switched(scheme_id, on=False)
    return Hand(hand.desk.with_programme(off), new_id).with_scheme(scheme)


def differs_by_year_group(inputs: Inputs, scheme_id: str) -> bool:
    """Return whether the area's files give the places of a scheme by year group, which a card cannot hold."""
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"] == scheme_id]
    return len(stock.drop_duplicates(["ncy_from", "ncy_to"])) > 1


def _settings(inputs: Inputs) -> set[str]:
    return set(inputs.settings["setting_id"].astype(str))


def titled(hand: Hand, value: object) -> Hand:
    """Return the hand with another title of the programme.

    Raises
    ------
    ParameterError
        When nothing is left of it.
    """
    text = plain_text(value)
    if not text:
        raise ParameterError("a programme needs a name")
    programme = dataclasses.replace(hand.desk.programme, title=text[:LONGEST_TITLE])
    return dataclasses.replace(hand, desk=hand.desk.with_programme(programme))


def looked_at(hand: Hand, year: object, years: Sequence[int]) -> Hand:
    """Return the hand with another year looked at.

    Raises
    ------
    ParameterError
        When the year cannot be asked for.
    """
    if isinstance(year, bool) or not isinstance(year, int) or year not in years:
        message = f"the year must be from {years[0]} to {years[-1]}"
        raise ParameterError(message)
    return dataclasses.replace(hand, desk=dataclasses.replace(hand.desk, year=year))


def compared(hand: Hand) -> Hand:
    """Return the hand with a copy of the programme beside it; or, where there are two, with the one worked on alone."""
    desk = hand.desk.alone() if len(hand.desk.programmes) > 1 else hand.desk.beside()
    return dataclasses.replace(hand, desk=desk).kept()


def emptied(hand: Hand) -> Hand:
    """Return the hand with an empty programme of the same title in place of the one worked on."""
    return set_of(hand, Programme(hand.desk.programme.title))


def worked_on(hand: Hand, place: object) -> Hand:
    """Return the hand over the other programme.

    Raises
    ------
    ParameterError
        When there is none.
    """
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(hand.desk.programmes):
        raise ParameterError("there is no such programme on the desk")
    return Hand(dataclasses.replace(hand.desk, active=place), hand.chosen).kept()


def set_of(hand: Hand, programme: Programme) -> Hand:
    """Return the hand with another programme in place of the one worked on: one that was opened from a file."""
    return Hand(hand.desk.with_programme(programme))
