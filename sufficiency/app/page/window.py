"""One browser window: what a hand does becomes a move of the desk, and the answer follows.

Every handler does the same: make the move, ask the engine for the headline, show it. The canonical answer of every area
comes after it, and what it will change is marked as updating until then. A move that cannot be answered is not made,
and the page says why.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from nicegui import background_tasks

from sufficiency.app import moves
from sufficiency.app.jobs import SUPERSEDED, Latest
from sufficiency.app.page.showing import UPDATING, Showing
from sufficiency.app.reported import report
from sufficiency.app.shown import shown_answer, shown_behind
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.geography import to_bng

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator

    from sufficiency.app.desk import Desk
    from sufficiency.app.engine import Headline
    from sufficiency.app.figures import YearView
    from sufficiency.app.moves import Hand
    from sufficiency.app.page.layout import Parts
    from sufficiency.app.page.parts import Told
    from sufficiency.app.page.showing import Shared
    from sufficiency.app.sessions import Session
    from sufficiency.app.shown import Behind, Shown

__all__ = ["NOT_UNDERSTOOD", "WRONG_SHAPE", "Window"]

_REST_S: Final = 0.25
_BREATH_S: Final = 0.03
_LATE_S: Final = 0.2
_NO_ANSWER: Final = "No answer."
NOT_UNDERSTOOD: Final = "The page sent what it should not: load it again."
# what a value of the wrong shape raises where it is taken apart
WRONG_SHAPE: Final = (AttributeError, KeyError, TypeError, ValueError)
_WENT_WRONG: Final = "This went wrong in the page and could not be answered. Undo it, or load the page again."


class Window(Showing):
    """One window over one session, in which moves are made and answered.

    Parameters
    ----------
    shared, session, shown
        As for `Showing`.
    """

    def __init__(self, shared: Shared, session: Session, shown: Parts) -> None:
        super().__init__(shared, session, shown)
        self.latest = Latest(shared.threads.answers)
        self._lock = asyncio.Lock()
        self._grip: Hashable = None
        self._trouble = ""
        self.is_gone = self.is_behind = False
        self._waiting: asyncio.Task[None] | None = None
        self.on_answer: Callable[[], Awaitable[None]] | None = None
        session.windows.add(self)

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
        await self.again()

    # moves

    async def move(
        self, make: Callable[[Hand], Hand], *, grip: Hashable = None, settled: bool = True, place: int | None = None
    ) -> None:
        """Make a move and show what follows.

        Parameters
        ----------
        make
            The move.
        grip
            Moves with the same grip one after another are one step that can be undone; None = each is a step.
        settled
            Whether the hand has let go. While it has not, a newer position makes an older one void.
        place
            The programme that it is made in, and that is worked on then; None = the one worked on.
        """
        self._turn += 1
        turn = self._turn
        async with self._lock:
            if not settled and turn != self._turn:
                return
            try:
                hand = make(self.hand_over(place))
            except SufficiencyError as error:
                self.fault(error)
                hand = None
            except WRONG_SHAPE:
                self.fault(NOT_UNDERSTOOD)
                hand = None
            headlines = None if hand is None else await self._headlines(hand.desk)
            if hand is None or headlines is None:
                self.show_hand()
                self.follow(settled=True)
                return
            if hand.desk != self.desk:
                again = grip is not None and grip == self._grip
                (self.session.amend if again else self.session.change)(hand.desk)
                self._tell_others()
            self._grip = grip
            self.chosen = hand.chosen
            self.fault("")
            self.show_headlines(headlines, hand.desk)
            if settled:
                self.show_hand()
            else:
                self.show_pins()
        self.follow(settled=settled)

    async def step(self, *, back: bool) -> None:
        """Undo or redo, where there is anything to."""
        async with self._lock:
            history = self.session.history
            if not (history.can_undo if back else history.can_redo):
                return
            (self.session.undo if back else self.session.redo)()
            self._tell_others()
        await self.again()

    def _tell_others(self) -> None:
        """Have the other windows over the same desk show what it is now."""
        for other in list(self.session.windows):
            if other is not self and not other.is_gone and not other.is_behind:
                other.is_behind = True
                background_tasks.create(other.catch_up(), name="catch up")

    async def catch_up(self) -> None:
        """Show what another window made of the desk, when its hand has come to rest a little."""
        await asyncio.sleep(_REST_S)
        self.is_behind = False
        if not self.is_gone:
            await self.again()

    async def again(self) -> None:
        """Show the desk as it is, and have its answer follow."""
        async with self._lock:
            self._grip = None
            self.chosen = self.hand().chosen
            desk = self.desk
            headlines = await self._headlines(desk)
            self.show_hand()
            if headlines is not None:
                self.fault("")
                self.show_headlines(headlines, desk)
        self.follow(settled=True)

    def choose(self, scheme_id: object) -> None:
        """Take a scheme in hand; blank = none."""
        self.chosen = scheme_id if isinstance(scheme_id, str) else ""
        self.chosen = self.hand().chosen
        self._grip = None
        self.show_hand()

    def position(self, told: Told) -> tuple[float, float]:
        """Return easting and northing of what the map says.

        Raises
        ------
        SufficiencyError, TypeError, KeyError
            When it is none.
        """
        east, north = to_bng([float(told["lng"])], [float(told["lat"])], self.engine.inputs.parameters.crs)
        return float(east[0]), float(north[0])

    # the headline

    async def _headlines(self, desk: Desk) -> list[Headline] | None:
        """Return the headlines of a desk; None, with the fault told, where there are none."""

        def ask() -> list[Headline]:
            return [self.engine.headline(one, desk.year) for one in desk.programmes]

        # where it takes longer than usual, what is on the screen must not be taken for the answer
        late = asyncio.get_running_loop().call_later(_LATE_S, lambda: self.updating(on=True))
        try:
            return await asyncio.to_thread(ask)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page says so and goes on
            self.unanswered(error)
            return None
        finally:
            late.cancel()

    def unanswered(self, error: Exception) -> None:
        """Say that there is no answer, and why where that is known."""
        if isinstance(error, SufficiencyError):
            self.fault(error)
        else:
            report(error)
            self.fault(_WENT_WRONG)

    # the canonical answer

    def follow(self, *, settled: bool) -> None:
        """Have the canonical answer follow: at once when the hand has let go, else when it rests."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.updating(on=True)
        self._waiting = background_tasks.create(self._follow(0.0 if settled else _REST_S), name="answer")

    async def _follow(self, rest_s: float) -> None:
        await asyncio.sleep(rest_s)
        desk = self.desk
        try:
            await self._answered_for(desk)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page says so and goes on
            self.unanswered(error)
            self.say_status(_NO_ANSWER, on=False)

    async def _answered_for(self, desk: Desk) -> None:
        answers = await self.latest.run(self._answers, desk)
        if answers is SUPERSEDED or (desk.programmes, desk.year) != (self.desk.programmes, self.desk.year):
            return
        self.answered = answers
        self.show_areas()
        for one in self.maps:
            one.tell(updating=False)
        # the browser paints the map before it lays out the tables
        await asyncio.sleep(_BREATH_S)
        self.show_tables()
        behind = await self.latest.run(self._behind, desk)
        if behind is SUPERSEDED or (desk.programmes, desk.year) != (self.desk.programmes, self.desk.year):
            return
        self.behind = behind
        self.show_behind()
        self.updating(on=False)
        if self.session.trouble != self._trouble:
            self._trouble = self.session.trouble
            self.tell(self._trouble)
        if self.on_answer is not None:
            await self.on_answer()

    def _answers(self, desk: Desk) -> tuple[Shown, ...]:
        return tuple(shown_answer(*views, self.shared.build) for views in self._views(desk))

    def _behind(self, desk: Desk) -> tuple[Behind, ...]:
        return tuple(shown_behind(*views, self.shared.build) for views in self._views(desk))

    def _views(self, desk: Desk) -> Iterator[tuple[YearView, YearView]]:
        for one in desk.programmes:
            yield self.engine.before(desk.year), self.engine.answer(one, desk.year)
