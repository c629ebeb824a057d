"""One browser window: what a hand does becomes a move of the desk, and the answer follows.

Every handler does the same: make the move, ask the engine for the headline, show it. The canonical answer of every area
comes after it, and what it will change is marked as updating until then. A move that cannot be answered is not made,
and the page says why.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nicegui import background_tasks

from sufficiency.app import moves, panel, shading
from sufficiency.app.form import form_of
from sufficiency.app.jobs import SUPERSEDED, Latest
from sufficiency.app.moves import Hand
from sufficiency.app.page import parts
from sufficiency.app.shown import shown_answer, shown_headline, shown_purses
from sufficiency.app.views import area_cards_of, cards_of, faults_of, pins_of
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.geography import to_bng
from sufficiency.model.vocabulary import INTERNAL
from sufficiency.outputs.style import INTERNAL_MARK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from concurrent.futures import Executor

    from sufficiency.app.desk import Desk, Programme
    from sufficiency.app.doors import Doors
    from sufficiency.app.engine import Engine, Headline
    from sufficiency.app.ground import Ground
    from sufficiency.app.page.layout import Parts
    from sufficiency.app.proposals import Town
    from sufficiency.app.sessions import Session
    from sufficiency.app.shading import Scale
    from sufficiency.app.shown import Purse, Shown

__all__ = ["Shared", "Window"]

UPDATING: Final = "Updating…"
UP_TO_DATE: Final = "Up to date."
_REST_S: Final = 0.25
_NOT_UNDERSTOOD: Final = "the page sent what it should not: load it again"


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
    answers: Executor | None = None

    @property
    def hide_up_to(self) -> int:
        """Counts of 1 to this are hidden; 0 in the internal view."""
        return 0 if self.build == INTERNAL else self.engine.inputs.parameters.hide_up_to


class Window:
    """One window over one session.

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
        self.latest = Latest(shared.answers)
        self.answered: tuple[Shown, ...] = ()
        self.purses: tuple[tuple[Purse, ...], ...] = ()
        self.maps: list[parts.Map] = []
        self._lock = asyncio.Lock()
        self._turn = self._asked = 0
        self._grip: Hashable = None
        self._waiting: asyncio.Task[None] | None = None
        self.on_answer: Callable[[], Awaitable[None]] | None = None

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

    async def begin(self) -> None:
        """Show the desk for the first time; one that can no longer be answered is said to be so."""
        self.parts.answer.tell(
            years=list(self.engine.years), labels=[f"{one}/{(one + 1) % 100:02d}" for one in self.engine.years],
            sentence="", figures=[], status=UPDATING, told="", asked=0, fault="", notice=self.session.told_once(),
        )  # fmt: skip
        if self.desk.year not in self.engine.years:
            self.session.amend(moves.looked_at(self.hand(), self.engine.years[-1], self.engine.years).desk)
        # what was worked on last is in hand again after a reload
        self.chosen = self.programme.cards[-1].scheme.scheme_id if self.programme.cards else ""
        self.show_hand()
        try:
            self.show_headlines(await self._headlines(self.desk))
        except SufficiencyError as error:
            self.fault(error)
            return
        self.follow(settled=True)

    # moves

    async def move(self, make: Callable[[Hand], Hand], *, grip: Hashable = None, settled: bool = True) -> None:
        """Make a move and show what follows.

        Parameters
        ----------
        make
            The move.
        grip
            Moves with the same grip one after another are one step that can be undone; None = each is a step.
        settled
            Whether the hand has let go. While it has not, a newer position makes an older one void.
        """
        self._turn += 1
        turn = self._turn
        async with self._lock:
            if not settled and turn != self._turn:
                return
            try:
                hand = make(self.hand())
                headlines = await self._headlines(hand.desk)
            except SufficiencyError as error:
                self.fault(error)
                self.show_hand()
                return
            except (AttributeError, KeyError, TypeError, ValueError):
                self.fault(_NOT_UNDERSTOOD)
                self.show_hand()
                return
            if hand.desk != self.desk:
                again = grip is not None and grip == self._grip
                (self.session.amend if again else self.session.change)(hand.desk)
            self._grip = grip
            self.chosen = hand.chosen
            self.fault("")
            self.show_headlines(headlines)
            if settled:
                self.show_hand()
            else:
                self.show_pins()
        self.follow(settled=settled)

    async def step(self, *, back: bool) -> None:
        """Undo or redo."""
        async with self._lock:
            (self.session.undo if back else self.session.redo)()
            self._grip = None
            self.chosen = self.hand().chosen
            try:
                headlines = await self._headlines(self.desk)
            except SufficiencyError as error:
                self.fault(error)
                self.show_hand()
                return
            self.fault("")
            self.show_hand()
            self.show_headlines(headlines)
        self.follow(settled=True)

    def choose(self, scheme_id: object) -> None:
        """Take a scheme in hand; blank = none."""
        self.chosen = scheme_id if isinstance(scheme_id, str) else ""
        self.chosen = self.hand().chosen
        self._grip = None
        self.show_hand()

    def position(self, told: Any) -> tuple[float, float]:  # noqa: ANN401 - whatever the browser sent
        """Return easting and northing of what the map says.

        Raises
        ------
        SufficiencyError, TypeError, KeyError
            When it is none.
        """
        east, north = to_bng([float(told["lng"])], [float(told["lat"])], self.engine.inputs.parameters.crs)
        return float(east[0]), float(north[0])

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
        if len(self.maps) == count:
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

    def show_headlines(self, headlines: list[Headline]) -> None:
        """Show the figures that follow at once."""
        desk, shared = self.desk, self.shared
        shown = [shown_headline(one, shared.hide_up_to) for one in headlines]
        mine = shown[desk.active]
        asked = bool(desk.programme.schemes or desk.programme.area_scheme_ids)
        sentence = panel.finding(
            mine, desk.year, shared.against_title, asked=asked, illustrative=self.engine.inputs.parameters.illustrative
        )
        self._asked += 1
        self.parts.answer.tell(
            sentence=sentence, figures=panel.headline_figures(mine), asked=self._asked, year=desk.year
        )
        self.parts.beside.set_visibility(len(shown) > 1)
        if len(shown) > 1:
            self.parts.side.show(panel.side_by_side(shown, [one.title for one in desk.programmes], desk.year))

    async def _headlines(self, desk: Desk) -> list[Headline]:
        def ask() -> list[Headline]:
            return [self.engine.headline(one, desk.year) for one in desk.programmes]

        return await asyncio.to_thread(ask)

    # the canonical answer

    def follow(self, *, settled: bool) -> None:
        """Have the canonical answer follow: at once when the hand has let go, else when it rests."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.updating(on=True)
        self._waiting = background_tasks.create(self._follow(0.0 if settled else _REST_S), name="answer")

    def updating(self, *, on: bool) -> None:
        """Mark what is still to come."""
        text = UPDATING if on else UP_TO_DATE
        self.parts.answer.tell(status=text)
        self.parts.status.tell(status=text)
        for one in self.maps:
            one.tell(updating=on)

    async def _follow(self, rest_s: float) -> None:
        await asyncio.sleep(rest_s)
        desk = self.desk
        try:
            answers = await self.latest.run(self._answers, desk)
        except SufficiencyError as error:
            self.fault(error)
            return
        if answers is SUPERSEDED or (desk.programmes, desk.year) != (self.desk.programmes, self.desk.year):
            return
        self.answered = answers
        self.show_answers()
        for one in self.maps:
            one.tell(updating=False)
        purses = await self.latest.run(self._purses, desk)
        if purses is SUPERSEDED or (desk.programmes, desk.year) != (self.desk.programmes, self.desk.year):
            return
        self.purses = purses
        self.show_purses()
        self.updating(on=False)
        if self.on_answer is not None:
            await self.on_answer()

    def _answers(self, desk: Desk) -> tuple[Shown, ...]:
        before, build = self.engine.before(desk.year), self.shared.build
        return tuple(
            shown_answer(before, self.engine.answer(one, desk.year), build, with_money=False) for one in desk.programmes
        )

    def _purses(self, desk: Desk) -> tuple[tuple[Purse, ...], ...]:
        before, build = self.engine.before(desk.year), self.shared.build
        return tuple(shown_purses(before, self.engine.answer(one, desk.year), build) for one in desk.programmes)

    def show_purses(self) -> None:
        """Show the purses of the programme worked on."""
        if self.purses:
            shown = self.purses[min(self.desk.active, len(self.purses) - 1)]
            self.parts.tables["purses"].show(panel.purse_table(shown))

    def show_answers(self) -> None:
        """Show every area anew, and what lies behind the answer."""
        if not self.answered:
            return
        shown = self.answered[min(self.desk.active, len(self.answered) - 1)]
        self.show_shade()
        told = panel.panel_of(shown)
        self.parts.gains.tell(gains=told["gains"], note=told["gainNote"])
        for name in ("journeys", "bands", "placements", "reasons"):
            self.parts.tables[name].show(told[name])
        order, against = self.shared.ground.places, self.shared.against_title
        self.parts.tables["areas"].show(panel.area_table(shown.areas, order, against, shown.year))
        self.parts.answer.tell(told=self.parts.answer.sentence)

    def show_shade(self) -> None:
        """Shade every map by the measure and the areas that are looked at."""
        for one, shown in zip(self.maps, self.answered, strict=False):
            shared = self.shared
            one.tell(shade=shading.shade(shown.areas, shared.ground, shared.scales, self.look, self.level))
