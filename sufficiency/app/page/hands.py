"""What is heard in a window, and what is done then. Anything may come over the wire: every value is checked."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final

from nicegui import ui

from sufficiency.app import beyond, moves
from sufficiency.app.engine import scenario_inputs
from sufficiency.app.jobs import SUPERSEDED, Cancelled, Cancelling, Latest
from sufficiency.app.opened import programme_of
from sufficiency.app.page.window import Window
from sufficiency.app.paper import papers_name, papers_of, scenario_id_of
from sufficiency.app.proposals import AT_A_SCHOOL
from sufficiency.app.shading import LOOKS
from sufficiency.app.suggestions import best_schemes, next_sites
from sufficiency.model.errors import ParameterError, SufficiencyError
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs.words import count_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nicegui.events import GenericEventArguments

    from sufficiency.app.page import parts
    from sufficiency.app.page.layout import Parts
    from sufficiency.app.page.window import Shared
    from sufficiency.app.sessions import Session
    from sufficiency.app.suggestions import Found, Suggestion

__all__ = ["Hands"]

MOST_NUDGE_M: Final = 5_000
LONGEST_FILE: Final = 262_144
_WRONG: Final = (AttributeError, KeyError, TypeError, ValueError)
_NOT_UNDERSTOOD: Final = "The page sent what it should not: load it again."


class Hands(Window):
    """A window that hears what is done in it."""

    def __init__(self, shared: Shared, session: Session, shown: Parts, downloads: dict[str, tuple[str, bytes]]) -> None:
        super().__init__(shared, session, shown)
        self.downloads = downloads
        self.sites: tuple[Suggestion, ...] = ()
        self.found: Found | None = None
        self.papers: Cancelling | None = None
        self.searches, self.asides, self.draws = Latest(), Latest(), Latest()
        self.wanted: set[str] = set()
        self._drawn_for: object = None
        self.on_answer = self._again
        hear, listen = self._hear, self.parts
        hear(listen.bar, undo=self._undo, redo=self._redo, compare=self._compare, save=self._save, opened=self._opened,
             papers=self._papers, stop=self._stop, fault=self._told_fault)  # fmt: skip
        hear(listen.answer, year=self._year)
        hear(listen.look, look=self._look, level=self._level, work=self._work)
        hear(listen.form, change=self._change, find=self._find, fresh=self._fresh)
        hear(listen.programme, title=self._title, switch=self._switch, edit=self._edit, duplicate=self._duplicate,
             remove=self._remove, copy=self._copy)  # fmt: skip
        hear(listen.suggest, sites=self._suggest, use=self._use, search=self._search, lay=self._lay)
        hear(listen.more, unlock=self._unlock, futures=self._futures)

    def _hear(self, part: ui.element, **handlers: Callable[[Any], Awaitable[None]]) -> None:
        for name, handler in handlers.items():
            part.on(name, self._safely(handler))

    def _safely(self, handler: Callable[[Any], Awaitable[None]]) -> Callable[[GenericEventArguments], Awaitable[None]]:
        async def heard(event: GenericEventArguments) -> None:
            try:
                await handler(event.args)
            except SufficiencyError as error:
                self.fault(error)
            except _WRONG:
                self.fault(_NOT_UNDERSTOOD)

        return heard

    # the map

    def hear_map(self, one: parts.Map, place: int) -> None:
        """Hear what is done on a map; the programme of a map is worked on when its map is touched."""

        def on_map(handler: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
            async def heard(told: Any) -> None:  # noqa: ANN401 - whatever the browser sent
                if place != self.desk.active and place < len(self.desk.programmes):
                    await self.move(lambda hand: moves.worked_on(hand, place))
                await handler(told)

            return heard

        self._hear(one, place=on_map(self._place), nudge=on_map(self._nudge), drop=on_map(self._drop),
                   pick=on_map(self._edit), school=on_map(self._school))  # fmt: skip

    async def _place(self, told: Any) -> None:  # noqa: ANN401 - as all of these
        at = self.position(told)
        await self.move(lambda hand: moves.put(hand, self.shared.town, self.engine.years, at))

    async def _drop(self, told: Any) -> None:  # noqa: ANN401
        at, scheme_id = self.position(told), str(told["id"])
        held = self._movable(scheme_id)
        await self.move(
            lambda hand: moves.put(hand, self.shared.town, self.engine.years, at, held),
            grip=("drop", held, told.get("grip")),
            settled=bool(told["settled"]),
        )

    async def _nudge(self, told: Any) -> None:  # noqa: ANN401
        east, north = (max(-MOST_NUDGE_M, min(MOST_NUDGE_M, float(told[name]))) for name in ("east", "north"))
        held = self._movable(str(told["id"]))

        def nudged(hand: moves.Hand) -> moves.Hand:
            scheme = hand.desk.programme.card(held).scheme
            at = (scheme.easting_m + east, scheme.northing_m + north)
            return moves.put(hand, self.shared.town, self.engine.years, at, held)

        await self.move(nudged, grip=("nudge", held))

    def _movable(self, scheme_id: str) -> str:
        if self.programme.card(scheme_id).scheme.action in AT_A_SCHOOL:
            raise ParameterError("this scheme stands at a school: choose another school in the form")
        return scheme_id

    async def _school(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.put_at_school(hand, self.shared.town, self.engine.years, str(told)))

    # the form

    async def _change(self, told: Any) -> None:  # noqa: ANN401
        scheme_id, field, value = str(told["id"]), str(told["field"]), told["value"]
        await self.move(
            lambda hand: moves.edited(hand, self.shared.town, scheme_id, field, value),
            grip=(scheme_id, field, told.get("grip")) if isinstance(told.get("grip"), int) else None,
            settled=bool(told["settled"]),
        )

    async def _find(self, told: Any) -> None:  # noqa: ANN401
        east, north, name = await asyncio.to_thread(self.shared.doors.find_place, str(told)[:120])
        known = self.shared.town.schools
        here = [one for one, (_, *at) in known.items() if at == [east, north] and known[one][0] == name]
        if here:
            await self.move(lambda hand: moves.put_at_school(hand, self.shared.town, self.engine.years, here[0]))
        else:
            await self.move(lambda hand: moves.put(hand, self.shared.town, self.engine.years, (east, north)))

    async def _fresh(self, _: Any) -> None:  # noqa: ANN401
        self.choose("")

    # the programme

    async def _title(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.titled(hand, told))

    async def _switch(self, told: Any) -> None:  # noqa: ANN401
        scheme_id, on = str(told["id"]), bool(told["on"])
        own = {one.scheme.scheme_id for one in self.programme.cards}
        if scheme_id not in own and scheme_id not in set(self.engine.inputs.schemes["scheme_id"]):
            raise ParameterError("there is no such scheme: load the page again")
        await self.move(lambda hand: moves.switched(hand, scheme_id, on=on))

    async def _edit(self, told: Any) -> None:  # noqa: ANN401
        self.choose(told)

    async def _duplicate(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.duplicated(hand, str(told)))

    async def _remove(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.removed(hand, str(told)))

    async def _copy(self, told: Any) -> None:  # noqa: ANN401
        inputs, scheme_id = self.engine.inputs, str(told)
        await self.move(lambda hand: moves.copied_from_area(hand, inputs, scheme_id))
        if moves.differs_by_year_group(inputs, scheme_id):
            self.tell(
                "The area’s files give its places by year group. The copy has them together, so its answer may differ."
            )

    # the desk as a whole

    async def _undo(self, _: Any) -> None:  # noqa: ANN401
        await self.step(back=True)

    async def _redo(self, _: Any) -> None:  # noqa: ANN401
        await self.step(back=False)

    async def _compare(self, _: Any) -> None:  # noqa: ANN401
        await self.move(moves.compared)

    async def _work(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.worked_on(hand, told))

    async def _year(self, told: Any) -> None:  # noqa: ANN401
        await self.move(lambda hand: moves.looked_at(hand, told, self.engine.years), grip="year")

    async def _look(self, told: Any) -> None:  # noqa: ANN401
        if told in LOOKS:
            self.look = told
        self.parts.look.tell(look=self.look)
        self.show_shade()

    async def _level(self, told: Any) -> None:  # noqa: ANN401
        if told in self.shared.ground.levels:
            self.level = told
        self.parts.look.tell(level=self.level)
        self.show_shade()

    async def _told_fault(self, told: Any) -> None:  # noqa: ANN401
        self.fault(str(told)[:200])

    async def _save(self, _: Any) -> None:  # noqa: ANN401
        name = scenario_id_of(self.programme.title, self.engine.inputs.scenarios)
        inputs = scenario_inputs(self.engine.inputs, self.programme, self.engine.against, name)
        text = await asyncio.to_thread(self.shared.doors.scenario_text, inputs, name)
        ui.download.content(text.encode("utf-8"), f"{name}.toml")
        self.tell(f"Saved as {name}.toml: open it here again, or run it with `sufficiency run --scenario {name}.toml`.")

    async def _opened(self, told: Any) -> None:  # noqa: ANN401
        name, text = str(told["name"])[:200], str(told["text"])
        if len(text) > LONGEST_FILE:
            raise ParameterError("the file is too large for a scenario: 256 kB at most")
        inputs = await asyncio.to_thread(self.shared.doors.read_scenario, self.engine.inputs, name, text)
        scenario_id = next(one for one in inputs.scenarios if one not in self.engine.inputs.scenarios or
                           inputs.scenarios[one] is not self.engine.inputs.scenarios[one])  # fmt: skip
        programme = programme_of(inputs, scenario_id, self.engine.against)
        await self.move(lambda hand: moves.set_of(hand, programme))
        self.tell(f"Opened {name}: {count_text(len(programme.cards), 'scheme')} of its own.")

    async def _papers(self, _: Any) -> None:  # noqa: ANN401
        if self.papers is not None:
            return
        loop = asyncio.get_running_loop()

        def say(text: str) -> None:
            loop.call_soon_threadsafe(self.tell, f"Making the papers: {text}.")

        said = Cancelling(say)
        self.papers = said
        self.parts.bar.tell(busy=True)
        programme = self.programme
        try:
            packed = await asyncio.to_thread(papers_of, self.engine, programme, self.shared.doors, said)
        except Cancelled:
            self.tell("The papers were stopped; nothing was written.")
            return
        except SufficiencyError:
            self.tell("")
            raise
        except OSError as error:
            self.tell("")
            message = f"the papers could not be written: {error.strerror or type(error).__name__}"
            raise ParameterError(message) from error
        finally:
            self.papers = None
            self.parts.bar.tell(busy=False)
        key, name = secrets.token_urlsafe(18), papers_name(self.engine, programme)
        self.downloads[key] = (name, packed)
        while len(self.downloads) > 4:
            self.downloads.pop(next(iter(self.downloads)))
        ui.download.from_url(f"/papers/{key}", name)
        self.tell("The papers are made: through disclosure control, with its audit. Your browser saves them now.")

    async def _stop(self, _: Any) -> None:  # noqa: ANN401
        if self.papers is not None:
            self.papers.cancel()
            self.tell("Stopping after the step under way.")

    # where next

    async def _suggest(self, _: Any) -> None:  # noqa: ANN401
        shared, part = self.shared, self.parts.suggest
        programme, chosen, year = self.programme, self.hand().chosen, self.desk.year
        part.tell(sitesBusy=True, sitesNote="Trying sites…")
        try:
            found = await self.searches.run(
                next_sites, self.engine, shared.town, programme, chosen, year=year, build=shared.build
            )
        except SufficiencyError:
            part.tell(sitesNote="")
            raise
        finally:
            part.tell(sitesBusy=False)
        if found is SUPERSEDED:
            return
        self.sites = found
        mark = " (illustrative)" if self.engine.inputs.parameters.illustrative else ""
        told = f"Best first, for {year_label(year)}{mark}:" if found else "No site was found."
        part.tell(sites=[{"name": one.name, "words": one.words} for one in found], sitesNote=told)

    async def _use(self, told: Any) -> None:  # noqa: ANN401
        if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told < len(self.sites):
            raise ParameterError("that site is no longer among those suggested: ask again")
        one = self.sites[told]
        await self.move(
            lambda hand: moves.put(hand, self.shared.town, self.engine.years, (one.easting_m, one.northing_m))
        )

    async def _search(self, told: Any) -> None:  # noqa: ANN401
        text = str(told).replace("£", "").replace(",", "").strip()
        try:
            pounds = float(text) * 1e6
        except ValueError as error:
            raise ParameterError("the budget is in £ million, such as 12.5") from error
        loop, part = asyncio.get_running_loop(), self.parts.suggest

        def say(step: str) -> None:
            loop.call_soon_threadsafe(lambda: part.tell(foundNote=f"{step}…"))

        part.tell(foundBusy=True, foundNote="Looking…", found=None)
        try:
            found = await asyncio.to_thread(best_schemes, self.engine, pounds, self.desk.year, say=say)
        except SufficiencyError:
            part.tell(foundNote="")
            raise
        finally:
            part.tell(foundBusy=False)
        self.found = found
        told_note = "" if found.schemes else "Nothing is worth building within that budget."
        part.tell(foundNote=told_note, found={"words": list(found.words), "schemes": list(found.schemes)})

    async def _lay(self, _: Any) -> None:  # noqa: ANN401
        found = self.found
        if found is not None:
            await self.move(lambda hand: moves.set_of(hand, found.programme))

    # what takes longer

    async def _unlock(self, _: Any) -> None:  # noqa: ANN401
        self.wanted.add("unlock")
        await self._again()

    async def _again(self) -> None:
        """Answer anew what was asked for beside the answer; drawn futures take seconds, and are marked as earlier."""
        part, programme, year = self.parts.more, self.programme, self.desk.year
        if self._drawn_for not in (None, (programme, year)):
            part.tell(futuresNote="Of an earlier answer: draw again.")
        if "unlock" not in self.wanted:
            return
        part.tell(unlockNote="Updating…")
        table = await self.asides.run(beyond.unlock_table, self.engine, programme, year, self.shared.build)
        if table is not SUPERSEDED:
            part.tell(unlock=table, unlockNote="")

    async def _futures(self, _: Any) -> None:  # noqa: ANN401
        loop, part, programme, year = asyncio.get_running_loop(), self.parts.more, self.programme, self.desk.year

        def say(step: str) -> None:
            loop.call_soon_threadsafe(lambda: part.tell(futuresNote=f"{step}…"))

        part.tell(futuresNote="Drawing…")
        try:
            table = await self.draws.run(beyond.futures_table, self.engine, programme, year, self.shared.build, say=say)
        except SufficiencyError:
            part.tell(futuresNote="")
            raise
        if table is not SUPERSEDED:
            self._drawn_for = (programme, year)
            part.tell(futures=table, futuresNote="")
