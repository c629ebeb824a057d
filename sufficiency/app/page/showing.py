"""What a window shows: the desk, what is in hand, the headline, the areas and what lies behind the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.app import moves, panel, shading
from sufficiency.app.form import form_of
from sufficiency.app.moves import Hand
from sufficiency.app.page import parts
from sufficiency.app.shown import shown_headline
from sufficiency.app.views import area_cards_of, cards_of, faults_of, pins_of
from sufficiency.model.vocabulary import INTERNAL
from sufficiency.outputs.style import INTERNAL_MARK

if TYPE_CHECKING:
    from sufficiency.app.desk import Desk, Programme
    from sufficiency.app.doors import Doors
    from sufficiency.app.engine import Engine, Headline
    from sufficiency.app.ground import Ground
    from sufficiency.app.jobs import Threads
    from sufficiency.app.page.layout import Parts
    from sufficiency.app.proposals import Town
    from sufficiency.app.sessions import Session
    from sufficiency.app.shading import Scale
    from sufficiency.app.shown import Behind, Shown
    from sufficiency.model.errors import SufficiencyError

__all__ = ["UPDATING", "Shared", "Showing"]

UPDATING: Final = "Updating…"
UP_TO_DATE: Final = "Up to date."


@dataclass(frozen=True, eq=False, repr=False)
class Shared:
    """What all windows share."""

    engine: Engine
    doors: Doors
    build: str
    ground: Ground
    scales: dict[tuple[str, str], Scale]
    town: Town
    against_title: str
    threads: Threads

    @property
    def hide_up_to(self) -> int:
        """Counts of 1 to this are hidden; 0 in the internal view."""
        return 0 if self.build == INTERNAL else self.engine.inputs.parameters.hide_up_to


class Showing:
    """What one window over one session shows.

    Parameters
    ----------
    shared
        The county and what the map is drawn on.
    session
        The desk; other windows may have it too.
    shown
        The parts that are told.
    """

    def __init__(self, shared: Shared, session: Session, shown: Parts) -> None:
        self.shared, self.session, self.parts = shared, session, shown
        self.engine = shared.engine
        self.chosen = ""
        self.look, self.level = "after", "district"
        self.answered: tuple[Shown, ...] = ()
        self.behind: tuple[Behind, ...] = ()
        self.maps: list[parts.Map] = []
        self._turn = self._asked = 0

    @property
    def desk(self) -> Desk:
        """The desk as it is."""
        return self.session.history.desk

    @property
    def programme(self) -> Programme:
        """The programme worked on."""
        return self.desk.programme

    def hand(self) -> Hand:
        """Return the desk and what is in hand; nothing, where another window took it away."""
        return Hand(self.desk, self.chosen).kept()

    def hand_over(self, place: int | None) -> Hand:
        """Return the hand over the programme at a place; over the one worked on where there is none such."""
        hand = self.hand()
        if place is None or place == hand.desk.active or place >= len(hand.desk.programmes):
            return hand
        return moves.worked_on(hand, place)

    def updating(self, *, on: bool) -> None:
        """Mark what is still to come."""
        self.say_status(UPDATING if on else UP_TO_DATE, on=on)

    def say_status(self, text: str, *, on: bool) -> None:
        """Say how far the answer is, and whether more of it is to come."""
        self.parts.answer.tell(status=text)
        self.parts.status.tell(status=text)
        for one in self.maps:
            one.tell(updating=on)

    # what is shown

    def fault(self, error: SufficiencyError | str) -> None:
        """Say what cannot be; blank = nothing."""
        text = (
            error
            if isinstance(error, str)
            else faults_of(error, [card.scheme for one in self.desk.programmes for card in one.cards])
        )
        self.parts.answer.tell(fault=text)

    def tell(self, text: str) -> None:
        """Say what was done."""
        self.parts.answer.tell(notice=text)

    def show_hand(self) -> None:
        """Show the scheme in hand, the cards, and what can be undone."""
        hand, history = self.hand(), self.session.history
        programme, inputs = hand.desk.programme, self.engine.inputs
        self._turn += 1
        form = form_of(self.shared.town, hand.scheme, self.engine.years)
        self.parts.form.tell(form=form | {"turn": self._turn}, placeTold="")
        self.parts.programme.tell(
            title=programme.title, longest=moves.LONGEST_TITLE, cards=cards_of(programme, hand.chosen),
            area=area_cards_of(inputs, self.engine.against, programme),
        )  # fmt: skip
        self.parts.bar.tell(canUndo=history.can_undo, canRedo=history.can_redo, comparing=len(hand.desk.programmes) > 1)
        self.parts.answer.tell(year=hand.desk.year)
        self.parts.look.tell(
            look=self.look, level=self.level, programmes=[one.title for one in hand.desk.programmes],
            active=hand.desk.active,
        )  # fmt: skip
        self._as_many_maps(len(hand.desk.programmes))
        self.show_pins()

    def _as_many_maps(self, count: int) -> None:
        if len(self.maps) == count or self.parts.maps.is_deleted:
            return
        self.parts.maps.clear()
        self.maps = []
        shared, name = self.shared, self.engine.inputs.parameters.area_name
        with self.parts.maps:
            for place in range(count):
                one = parts.Map()
                told = f"Map of {name}. Enter puts the scheme in the middle; arrow keys move the map."
                one.tell(
                    address=f"/ground/{shared.ground.digest}.json", bounds=[list(at) for at in shared.ground.bounds],
                    label=told if count == 1 else f"{told} Programme {place + 1} of {count}.", linked=count > 1,
                    shade={}, pins=[], year=self.desk.year, updating=True,
                    watermark=INTERNAL_MARK if shared.build == INTERNAL else "",
                )  # fmt: skip
                self.maps.append(one)
        for place, one in enumerate(self.maps):
            self.hear_map(one, place)
        self.show_shade()

    def hear_map(self, one: parts.Map, place: int) -> None:
        """Hear a map; the hands of the page do this."""

    def show_pins(self) -> None:
        """Show the pins of every programme on its map."""
        desk = self.desk
        for place, (one, programme) in enumerate(zip(self.maps, desk.programmes, strict=False)):
            chosen = self.chosen if place == desk.active else ""
            crs = self.engine.inputs.parameters.crs
            one.tell(pins=pins_of(programme, chosen, desk.year, crs), year=desk.year)

    def show_headlines(self, headlines: list[Headline], desk: Desk) -> None:
        """Show the figures that follow at once, of the desk that they answer."""
        shared = self.shared
        shown = [shown_headline(one, shared.hide_up_to) for one in headlines]
        mine = shown[desk.active]
        asked = bool(desk.programme.schemes or desk.programme.area_scheme_ids)
        sentence = panel.finding(
            mine, desk.year, shared.against_title, asked=asked,
            illustrative=self.engine.inputs.parameters.illustrative, begins=desk.programme.begins_after(desk.year),
        )  # fmt: skip
        self._asked += 1
        self.parts.answer.tell(
            sentence=sentence, figures=panel.headline_figures(mine), asked=self._asked, year=desk.year
        )
        self.parts.beside.set_visibility(len(shown) > 1)
        if len(shown) > 1:
            self.parts.side.show(panel.side_by_side(shown, [one.title for one in desk.programmes], desk.year,
                                                     shared.hide_up_to))  # fmt: skip

    @property
    def _mine(self) -> Shown:
        return self.answered[min(self.desk.active, len(self.answered) - 1)]

    def show_areas(self) -> None:
        """Shade every area anew, and say who gains."""
        self.show_shade()
        gains, note = panel.gains_of(self._mine)
        self.parts.gains.tell(gains=gains, note=note)

    def show_tables(self) -> None:
        """Show the areas, placements and journeys as tables."""
        shown = self._mine
        told = panel.panel_of(shown)
        for name in ("journeys", "bands", "placements"):
            self.parts.tables[name].show(told[name])
        order, against = self.shared.ground.places, self.shared.against_title
        self.parts.tables["areas"].show(panel.area_table(shown.areas, order, against, shown.year))
        self.parts.answer.tell(told=self.parts.answer.sentence)

    def show_behind(self) -> None:
        """Show reasons and purses of the programme worked on."""
        shown = self.behind[min(self.desk.active, len(self.behind) - 1)]
        self.parts.tables["reasons"].show(panel.reason_table(shown.reasons))
        self.parts.tables["purses"].show(panel.purse_table(shown.purses))

    def show_shade(self) -> None:
        """Shade every map by the measure and the areas that are looked at."""
        for one, shown in zip(self.maps, self.answered, strict=False):
            shared = self.shared
            one.tell(shade=shading.shade(shown.areas, shared.ground, shared.scales, self.look, self.level))
