"""What is heard in a window, and what is done then. Anything may come over the wire: every value is checked."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Final

from nicegui import ui

from sufficiency.app import moves
from sufficiency.app.engine import scenario_inputs
from sufficiency.app.opened import programme_of
from sufficiency.app.page.errands import Errands
from sufficiency.app.page.window import NOT_UNDERSTOOD, WRONG_SHAPE
from sufficiency.app.paper import scenario_id_of
from sufficiency.app.proposals import AT_A_SCHOOL
from sufficiency.app.shading import LOOKS
from sufficiency.model.errors import ParameterError, SufficiencyError
from sufficiency.outputs.words import count_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nicegui.events import GenericEventArguments

    from sufficiency.app.page import parts
    from sufficiency.app.page.layout import Parts
    from sufficiency.app.page.parts import Told
    from sufficiency.app.page.showing import Shared
    from sufficiency.app.sessions import Session

__all__ = ["Hands"]

MOST_NUDGE_M: Final = 5_000
LONGEST_FILE: Final = 262_144


class Hands(Errands):
    """A window that hears what is done in it."""

    def __init__(self, shared: Shared, session: Session, shown: Parts, downloads: dict[str, tuple[str, bytes]]) -> None:
        super().__init__(shared, session, shown, downloads)
        hear, listen = self._hear, self.parts
        hear(listen.bar, undo=self._undo, redo=self._redo, compare=self._compare, save=self._save, opened=self._opened,
             papers=self._papers, stop=self._stop, fault=self._told_fault)  # fmt: skip
        hear(listen.answer, year=self._year)
        hear(listen.look, look=self._look, level=self._level, work=self._work)
        hear(listen.form, change=self._change, find=self._find, fresh=self._fresh)
        hear(listen.programme, title=self._title, switch=self._switch, edit=self._edit, duplicate=self._duplicate,
             remove=self._remove, copy=self._copy, empty=self._empty)  # fmt: skip
        hear(listen.suggest, sites=self._suggest, use=self._use, search=self._search, lay=self._lay,
             stop=self._stop_kind)  # fmt: skip
        hear(listen.more, unlock=self._unlock, futures=self._futures, stop=self._stop_kind)

    def _hear(self, part: ui.element, **handlers: Callable[[Told], Awaitable[None]]) -> None:
        for name, handler in handlers.items():
            part.on(name, self._safely(handler))

    def _safely(self, handler: Callable[[Told], Awaitable[None]]) -> Callable[[GenericEventArguments], Awaitable[None]]:
        async def heard(event: GenericEventArguments) -> None:
            try:
                await handler(event.args)
            except SufficiencyError as error:
                self.fault(error)
            except WRONG_SHAPE:
                self.fault(NOT_UNDERSTOOD)

        return heard

    # the map

    def hear_map(self, one: parts.Map, place: int) -> None:
        """Hear what is done on a map; the programme of a map is worked on when its map is touched."""

        def here(handler: Callable[[int, Told], Awaitable[None]]) -> Callable[[Told], Awaitable[None]]:
            return functools.partial(handler, place)

        self._hear(one, place=here(self._place), nudge=here(self._nudge), drop=here(self._drop),
                   pick=here(self._pick), school=here(self._school))  # fmt: skip

    async def _place(self, place: int, told: Told) -> None:
        at = self.position(told)
        await self.move(lambda hand: moves.put(hand, self.shared.town, self.engine.years, at), place=place)

    async def _drop(self, place: int, told: Told) -> None:
        at, held = self.position(told), self._movable(place, str(told["id"]))
        grip = told.get("grip")
        await self.move(
            lambda hand: moves.put(hand, self.shared.town, self.engine.years, at, held),
            grip=("drop", held, grip) if isinstance(grip, int) else None,
            settled=bool(told["settled"]),
            place=place,
        )

    async def _nudge(self, place: int, told: Told) -> None:
        east, north = (max(-MOST_NUDGE_M, min(MOST_NUDGE_M, float(told[name]))) for name in ("east", "north"))
        held = self._movable(place, str(told["id"]))

        def nudged(hand: moves.Hand) -> moves.Hand:
            scheme = hand.desk.programme.card(held).scheme
            at = (scheme.easting_m + east, scheme.northing_m + north)
            return moves.put(hand, self.shared.town, self.engine.years, at, held)

        await self.move(nudged, grip=("nudge", held), place=place)

    def _movable(self, place: int, scheme_id: str) -> str:
        if self.hand_over(place).desk.programme.card(scheme_id).scheme.action in AT_A_SCHOOL:
            raise ParameterError("this scheme stands at a school: choose another school in the form")
        return scheme_id

    async def _pick(self, place: int, told: Told) -> None:
        if place == self.desk.active:
            self.choose(told)
        else:
            await self.move(lambda hand: moves.Hand(hand.desk, str(told)).kept(), place=place)

    async def _school(self, place: int, told: Told) -> None:
        await self.move(
            lambda hand: moves.put_at_school(hand, self.shared.town, self.engine.years, str(told)), place=place
        )

    # the form

    async def _change(self, told: Told) -> None:
        scheme_id, field, value = str(told["id"]), str(told["field"]), told["value"]
        await self.move(
            lambda hand: moves.edited(hand, self.shared.town, scheme_id, field, value),
            grip=(scheme_id, field, told.get("grip")) if isinstance(told.get("grip"), int) else None,
            settled=bool(told["settled"]),
        )

    async def _find(self, told: Told) -> None:
        east, north, name = await asyncio.to_thread(self.shared.doors.find_place, str(told)[:120])
        known = self.shared.town.schools
        here = [one for one, (_, *at) in known.items() if at == [east, north] and known[one][0] == name]
        if here:
            await self.move(lambda hand: moves.put_at_school(hand, self.shared.town, self.engine.years, here[0]))
        else:
            await self.move(lambda hand: moves.put(hand, self.shared.town, self.engine.years, (east, north)))

    async def _fresh(self, _: Told) -> None:
        self.choose("")

    # the programme

    async def _title(self, told: Told) -> None:
        await self.move(lambda hand: moves.titled(hand, told))

    async def _switch(self, told: Told) -> None:
        scheme_id, on = str(told["id"]), bool(told["on"])
        own = {one.scheme.scheme_id for one in self.programme.cards}
        if scheme_id not in own and scheme_id not in set(self.engine.inputs.schemes["scheme_id"]):
            raise ParameterError("there is no such scheme: load the page again")
        await self.move(lambda hand: moves.switched(hand, scheme_id, on=on))

    async def _edit(self, told: Told) -> None:
        self.choose(told)

    async def _empty(self, _: Told) -> None:
        await self.move(moves.emptied)

    async def _duplicate(self, told: Told) -> None:
        await self.move(lambda hand: moves.duplicated(hand, str(told)))

    async def _remove(self, told: Told) -> None:
        await self.move(lambda hand: moves.removed(hand, str(told)))

    async def _copy(self, told: Told) -> None:
        inputs, scheme_id = self.engine.inputs, str(told)
        await self.move(lambda hand: moves.copied_from_area(hand, inputs, scheme_id))
        if moves.differs_by_year_group(inputs, scheme_id):
            self.tell(
                "The area’s files give its places by year group. The copy has them together, so its answer may differ."
            )

    # the desk as a whole

    async def _undo(self, _: Told) -> None:
        await self.step(back=True)

    async def _redo(self, _: Told) -> None:
        await self.step(back=False)

    async def _compare(self, _: Told) -> None:
        await self.move(moves.compared)

    async def _work(self, told: Told) -> None:
        await self.move(lambda hand: moves.worked_on(hand, told))

    async def _year(self, told: Told) -> None:
        year, settled = told["year"], bool(told["settled"])
        await self.move(lambda hand: moves.looked_at(hand, year, self.engine.years), grip="year", settled=settled)

    async def _look(self, told: Told) -> None:
        if told in LOOKS:
            self.look = told
        self.parts.look.tell(look=self.look)
        self.show_shade()

    async def _level(self, told: Told) -> None:
        if told in self.shared.ground.levels:
            self.level = told
        self.parts.look.tell(level=self.level)
        self.show_shade()

    async def _told_fault(self, told: Told) -> None:
        self.fault(str(told)[:200])

    async def _save(self, _: Told) -> None:
        name = scenario_id_of(self.programme.title, self.engine.inputs.scenarios)
        inputs = scenario_inputs(self.engine.inputs, self.programme, self.engine.against, name)
        text = await asyncio.to_thread(self.shared.doors.scenario_text, inputs, name)
        ui.download.content(text.encode("utf-8"), f"{name}.toml")
        self.tell(f"Saved as {name}.toml: open it here again, or run it with `sufficiency run --scenario {name}.toml`.")

    async def _opened(self, told: Told) -> None:
        name, text = str(told["name"])[:200], str(told["text"])
        if len(text) > LONGEST_FILE:
            raise ParameterError("the file is too large for a scenario: 256 kB at most")
        inputs = await asyncio.to_thread(self.shared.doors.read_scenario, self.engine.inputs, name, text)
        scenario_id = next(one for one in inputs.scenarios if one not in self.engine.inputs.scenarios or
                           inputs.scenarios[one] is not self.engine.inputs.scenarios[one])  # fmt: skip
        programme = programme_of(inputs, scenario_id, self.engine.against)
        await self.move(lambda hand: moves.set_of(hand, programme))
        self.tell(f"Opened {name}: {count_text(len(programme.cards), 'scheme')} of its own.")

    # where next

    async def _use(self, told: Told) -> None:
        if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told < len(self.sites):
            raise ParameterError("that site is no longer among those suggested: ask again")
        held, one = self.hand().scheme, self.sites[told]
        if held is not None and held.action in AT_A_SCHOOL:
            raise ParameterError("a suggested site is for new places: choose “Another scheme” first")
        await self.move(
            lambda hand: moves.put(hand, self.shared.town, self.engine.years, (one.easting_m, one.northing_m))
        )

    async def _lay(self, _: Told) -> None:
        found = self.found
        if found is not None:
            await self.move(lambda hand: moves.set_of(hand, found.programme))
