"""What lies on the planner's desk: one or two programmes of schemes as cards, the year, and every earlier state.

All of it is frozen: a change makes a new desk, so that undo and redo need nothing but the row of desks. Nothing here
is about a pupil.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import ParameterError
from sufficiency.planning.proposed import ProposedScheme

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AreaCard", "Card", "Desk", "History", "Programme", "desk_of", "told"]

MOST_CARDS: Final = 60
_VERSION: Final = 1


@dataclass(frozen=True)
class Card:
    """A scheme of the planner's own, on or off."""

    scheme: ProposedScheme
    on: bool = True


@dataclass(frozen=True)
class AreaCard:
    """A scheme of the area's files, on or off; to change it, copy it to a card of one's own."""

    scheme_id: str
    on: bool = True


@dataclass(frozen=True)
class Programme:
    """Schemes laid over the scenario that the page compares with."""

    title: str
    cards: tuple[Card, ...] = ()
    area_cards: tuple[AreaCard, ...] = ()

    @property
    def schemes(self) -> tuple[ProposedScheme, ...]:
        """The schemes that are on, of one's own."""
        return tuple(card.scheme for card in self.cards if card.on)

    @property
    def area_scheme_ids(self) -> tuple[str, ...]:
        """The schemes that are on, of the area's."""
        return tuple(card.scheme_id for card in self.area_cards if card.on)

    def begins_after(self, year: int) -> int:
        """Return the September in which the first of the schemes that are on begins, if after a year; else 0."""
        first = min((one.places[0][0] for one in self.schemes), default=0)
        return first if first > year and not self.area_scheme_ids else 0

    def card(self, scheme_id: str) -> Card:
        """Return a card by the id of its scheme.

        Raises
        ------
        ParameterError
            When there is none.
        """
        for one in self.cards:
            if one.scheme.scheme_id == scheme_id:
                return one
        message = f"there is no card {scheme_id!r}"
        raise ParameterError(message)

    def with_card(self, card: Card) -> Programme:
        """Return the programme with a card put in place of the one with the same id, or at the end.

        Raises
        ------
        ParameterError
            When there are as many cards as a programme may have.
        """
        ids = [one.scheme.scheme_id for one in self.cards]
        if card.scheme.scheme_id in ids:
            at = ids.index(card.scheme.scheme_id)
            return dataclasses.replace(self, cards=(*self.cards[:at], card, *self.cards[at + 1 :]))
        if len(self.cards) >= MOST_CARDS:
            message = f"a programme holds {MOST_CARDS} schemes of your own at most: take one away first"
            raise ParameterError(message)
        return dataclasses.replace(self, cards=(*self.cards, card))

    def without_card(self, scheme_id: str) -> Programme:
        """Return the programme without a card."""
        return dataclasses.replace(self, cards=tuple(one for one in self.cards if one.scheme.scheme_id != scheme_id))

    def switched(self, scheme_id: str, *, on: bool) -> Programme:
        """Return the programme with a card, or a scheme of the area, on or off."""
        return dataclasses.replace(
            self,
            cards=tuple(
                dataclasses.replace(one, on=on) if one.scheme.scheme_id == scheme_id else one for one in self.cards
            ),
            area_cards=tuple(
                dataclasses.replace(one, on=on) if one.scheme_id == scheme_id else one for one in self.area_cards
            ),
        )

    def free_id(self) -> str:
        """Return an id that no card has: the same for the same cards."""
        taken = {one.scheme.scheme_id for one in self.cards}
        return next(name for number in range(1, len(taken) + 2) if (name := f"scheme-{number}") not in taken)


@dataclass(frozen=True)
class Desk:
    """The programmes (one, or two side by side), which of them is worked on, and the year that is looked at."""

    programmes: tuple[Programme, ...]
    year: int
    active: int = 0

    @property
    def programme(self) -> Programme:
        """The programme that is worked on."""
        return self.programmes[self.active]

    def with_programme(self, programme: Programme) -> Desk:
        """Return the desk with another programme in place of the one that is worked on."""
        kept = list(self.programmes)
        kept[self.active] = programme
        return dataclasses.replace(self, programmes=tuple(kept))

    def beside(self) -> Desk:
        """Return the desk with a copy of the programme beside it, to be worked on."""
        first = self.programme
        copy = dataclasses.replace(first, title=f"{first.title} (copy)"[:80])
        return dataclasses.replace(self, programmes=(first, copy), active=1)

    def alone(self) -> Desk:
        """Return the desk with only the programme that is worked on."""
        return dataclasses.replace(self, programmes=(self.programme,), active=0)


@dataclass(frozen=True)
class History:
    """Every state of the desk, and which one is looked at; a new state after an undo replaces what was undone."""

    desks: tuple[Desk, ...]
    at: int = 0

    @property
    def desk(self) -> Desk:
        """The state that is looked at."""
        return self.desks[self.at]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a later state."""
        return self.at < len(self.desks) - 1

    def then(self, desk: Desk) -> History:
        """Return the history with one more state; one that is the same as the last adds nothing."""
        if desk == self.desk:
            return self
        return History((*self.desks[: self.at + 1], desk), self.at + 1)

    def amended(self, desk: Desk) -> History:
        """Return the history with the state that is looked at replaced: one slider drag is one step, not fifty."""
        return History((*self.desks[: self.at], desk), self.at)

    def undone(self) -> History:
        """Return the history looked at one state earlier."""
        return dataclasses.replace(self, at=max(self.at - 1, 0))

    def redone(self) -> History:
        """Return the history looked at one state later."""
        return dataclasses.replace(self, at=min(self.at + 1, len(self.desks) - 1))


def told(desk: Desk) -> dict[str, Any]:
    """Return a desk as plain data for JSON: `desk_of` reads it back as the same desk."""
    return {"version": _VERSION, **dataclasses.asdict(desk)}


def desk_of(data: Mapping[str, Any]) -> Desk:
    """Return a desk from plain data.

    Raises
    ------
    ParameterError
        When it is not what `told` writes.
    """
    try:
        if data["version"] != _VERSION:
            message = "the autosaved desk is of another version"
            raise ParameterError(message)
        programmes = tuple(_programme(one) for one in data["programmes"])
        year, active = _whole(data["year"]), _whole(data["active"])
        if not 1 <= len(programmes) <= 2 or not 0 <= active < len(programmes):
            message = "a desk holds one or two programmes"
            raise ParameterError(message)
        return Desk(programmes, year, active)
    except (KeyError, TypeError, ValueError) as error:
        message = "the desk cannot be read: it was not written by this page"
        raise ParameterError(message) from error


def _programme(data: Mapping[str, Any]) -> Programme:
    cards = [Card(_scheme(one["scheme"]), _flag(one["on"])) for one in data["cards"]]
    area = [AreaCard(_text(one["scheme_id"]), _flag(one["on"])) for one in data["area_cards"]]
    if len(cards) > MOST_CARDS:
        raise ValueError
    return Programme(_text(data["title"]), tuple(cards), tuple(area))


def _scheme(data: Mapping[str, Any]) -> ProposedScheme:
    values = dict(data)
    names = {one.name for one in dataclasses.fields(ProposedScheme)}
    if set(values) - names:
        raise ValueError
    for name in ("scheme_id", "name", "action", "setting_id", "provision_type", "sex", "attendance",
                 "from_provision_id", "rationale", "funding_line", "funding_status"):  # fmt: skip
        values[name] = _text(values[name])
    values["needs"] = tuple(_text(one) for one in values["needs"])
    values["places"] = tuple((_whole(year), _whole(places)) for year, places in values["places"])
    capital = values["capital_gbp"]
    values["capital_gbp"] = None if capital is None else tuple(float(one) for one in capital)
    for name in ("ncy_from", "ncy_to"):
        values[name] = _whole(values[name])
    for name in ("easting_m", "northing_m"):
        values[name] = float(values[name])
    values["ehcp_required"] = _flag(values["ehcp_required"])
    given = values["given_up_places"]
    values["given_up_places"] = None if given is None else _whole(given)
    return ProposedScheme(**values)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 2_000:
        raise ValueError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**9:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value
