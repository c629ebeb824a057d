"""What a window asks for that takes longer than a breath: papers, sites, budgets, unlocks and drawn futures.

One errand of a kind at a time; each can be stopped, and is when its window is gone.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from nicegui import ui

from sufficiency.app import beyond
from sufficiency.app.form import millions
from sufficiency.app.jobs import SUPERSEDED, Cancelled, Cancelling, Latest, Superseded
from sufficiency.app.page.window import Window
from sufficiency.app.paper import papers_name, papers_of
from sufficiency.app.suggestions import best_schemes, next_sites, question_of
from sufficiency.model.errors import ParameterError, SufficiencyError
from sufficiency.model.vocabulary import year_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.app.page.layout import Parts
    from sufficiency.app.page.parts import Part, Told
    from sufficiency.app.page.showing import Shared
    from sufficiency.app.sessions import Session
    from sufficiency.app.suggestions import Found, Suggestion

__all__ = ["Errands"]

T = TypeVar("T")
_DOWNLOADS: Final = 4
_EARLIER: Final = "Of an earlier answer"


class Errands(Window):
    """A window that can send for what takes long."""

    def __init__(self, shared: Shared, session: Session, shown: Parts, downloads: dict[str, tuple[str, bytes]]) -> None:
        super().__init__(shared, session, shown)
        self.downloads = downloads
        self.sites: tuple[Suggestion, ...] = ()
        self.found: Found | None = None
        threads = shared.threads
        self.searches, self.budgets, self.draws = (Latest(threads.searches) for _ in range(3))
        self.asides, self.papers = Latest(threads.answers), Latest(threads.papers)
        self.wanted: set[str] = set()
        self.on_answer = self._again
        self._under_way: dict[str, Cancelling] = {}
        self._sites_for: object = None
        self._sites_note = ""
        self._found_for: object = None
        self._drawn_for: object = None

    def gone(self) -> None:
        """Stop every errand, since nobody waits for it: no papers are registered that nobody has."""
        self.is_gone = True
        for one in self._under_way.values():
            one.cancel()
        for latest in (self.latest, self.searches, self.budgets, self.draws, self.asides, self.papers):
            latest.cancel()

    def _saying(self, kind: str, tell: Callable[[str], None]) -> Cancelling:
        """Return what an errand tells its steps to; an earlier errand of the kind is stopped by it."""
        loop = asyncio.get_running_loop()
        self.stop(kind)
        self._under_way[kind] = Cancelling(lambda step: loop.call_soon_threadsafe(tell, step))
        return self._under_way[kind]

    async def _sent(
        self, kind: str, latest: Latest, part: Part, function: Callable[..., T], *asked: object, **more: object
    ) -> T | Literal[Superseded.SUPERSEDED]:
        """Send for something, with its steps in the note of the part that is named by the kind."""
        note, busy = f"{kind}Note", f"{kind}Busy"
        part.tell(**{busy: True, note: "Looking…"})
        said = self._saying(kind, lambda step: part.tell(**{note: f"{step}…"}))
        end = ""
        try:
            return await latest.run(function, *asked, say=said, **more)
        except Cancelled:
            end = "Stopped."
            return SUPERSEDED
        finally:
            part.tell(**{busy: False, note: end})

    def stop(self, kind: str) -> None:
        """Stop an errand after the step that it is at."""
        if kind in self._under_way:
            self._under_way[kind].cancel()

    # papers

    async def _papers(self, _: Told) -> None:
        if self.papers.busy:
            return
        said = self._saying("papers", lambda step: self.tell(f"Making the papers: {step}."))
        self.parts.bar.tell(busy=True)
        self.tell("Making the papers…")
        programme = self.programme
        try:
            packed = await self.papers.run(papers_of, self.engine, programme, self.shared.doors, said)
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
            self.parts.bar.tell(busy=False)
        if packed is SUPERSEDED or self.is_gone:
            return
        key, name = secrets.token_urlsafe(18), papers_name(self.engine, programme)
        self.downloads[key] = (name, packed)
        while len(self.downloads) > _DOWNLOADS:
            self.downloads.pop(next(iter(self.downloads)))
        ui.download.from_url(f"/papers/{key}", name)
        self.tell("The papers are made: through disclosure control, with its audit. Your browser saves them now.")

    async def _stop(self, _: Told) -> None:
        if self.papers.busy:
            self.stop("papers")
            self.tell("Stopping after the step under way.")

    async def _stop_kind(self, told: Told) -> None:
        if told in ("sites", "found", "futures"):
            self.stop(str(told))

    # where next

    async def _suggest(self, _: Told) -> None:
        shared, part = self.shared, self.parts.suggest
        programme, chosen, year = self.programme, self.hand().chosen, self.desk.year
        found = await self._sent("sites", self.searches, part, next_sites, self.engine, shared.town, programme, chosen,
                                 year=year, build=shared.build)  # fmt: skip
        if found is SUPERSEDED:
            return
        self.sites, self._sites_for = found, question_of(self.engine, shared.town, programme, chosen, year)
        mark = " (illustrative)" if self.engine.inputs.parameters.illustrative else ""
        self._sites_note = f"Best first, for {year_label(year)}{mark}:" if found else "No site was found."
        part.tell(sites=[{"name": one.name, "words": one.words} for one in found], sitesNote=self._sites_note)
        self._mark_earlier()

    async def _search(self, told: Told) -> None:
        pounds, part, year = millions(str(told), "the budget"), self.parts.suggest, self.desk.year
        part.tell(found=None)
        found = await self._sent("found", self.budgets, part, best_schemes, self.engine, pounds, year)
        if found is SUPERSEDED:
            return
        self.found, self._found_for = found, year
        told_note = "" if found.schemes else "Nothing is worth building within that budget."
        part.tell(foundNote=told_note, found={"words": list(found.words), "schemes": list(found.schemes)})
        self._mark_earlier()

    # beside the answer

    async def _unlock(self, _: Told) -> None:
        self.wanted.add("unlock")
        await self._again()

    async def _again(self) -> None:
        """Answer anew what was asked for beside the answer; what took long is marked as of an earlier one."""
        self._mark_earlier()
        if "unlock" not in self.wanted:
            return
        part = self.parts.more
        part.tell(unlockNote="Updating…")
        try:
            table = await self.asides.run(
                beyond.unlock_table, self.engine, self.programme, self.desk.year, self.shared.build
            )
        except SufficiencyError:
            part.tell(unlockNote="")
            raise
        if table is not SUPERSEDED:
            part.tell(unlock=table, unlockNote="")

    def _mark_earlier(self) -> None:
        """Say of sites, schemes and futures whether they were found for something else than what is shown."""
        if self._drawn_for is not None and not self.draws.busy:
            same = self._drawn_for == (self.programme, self.desk.year)
            self.parts.more.tell(futuresNote="" if same else f"{_EARLIER}: draw again.")
        if self.sites and not self.searches.busy:
            now = question_of(self.engine, self.shared.town, self.programme, self.hand().chosen, self.desk.year)
            note = self._sites_note if self._sites_for == now else f"{_EARLIER}: suggest again."
            self.parts.suggest.tell(sitesNote=note)
        if self.found is not None and self.found.schemes and not self.budgets.busy:
            same = self._found_for == self.desk.year
            self.parts.suggest.tell(foundNote="" if same else f"{_EARLIER}: find again for the year looked at.")

    async def _futures(self, _: Told) -> None:
        part, programme, year = self.parts.more, self.programme, self.desk.year
        table = await self._sent(
            "futures", self.draws, part, beyond.futures_table, self.engine, programme, year, self.shared.build
        )
        if table is not SUPERSEDED:
            self._drawn_for = (programme, year)
            part.tell(futures=table)
            self._mark_earlier()
