"""Where the parts of the page stand. Nothing here knows what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nicegui import ui

from sufficiency.app.page import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GUIDE", "Parts", "lay_out"]

GUIDE: Final = (
    {"part": "answer", "title": "the answer",
     "text": "These three figures say what happens: before, and with your schemes. They follow every change at once."},
    {"part": "map", "title": "the map",
     "text": "Click the map to put thirty places there. Drag the pin, or move it with the arrow keys."},
    {"part": "scheme", "title": "the scheme",
     "text": "Say where, what, how many and when. While you move a slider, the answer follows."},
    {"part": "suggest", "title": "where next",
     "text": "Ask for the best sites. Each says why it is suggested; “Put it here” moves your scheme to it."},
    {"part": "programme", "title": "the programme",
     "text": "Every scheme is a card: switch it off and on, duplicate it, undo anything, compare two, save."},
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one window."""

    bar: parts.Bar
    answer: parts.Answer
    look: parts.Look
    maps: ui.element
    form: parts.SchemeForm
    suggest: parts.Suggest
    programme: parts.ProgrammeList
    side: parts.Table
    beside: ui.element
    status: parts.Status
    gains: parts.Gains
    more: parts.More
    tables: dict[str, parts.Table]
    notes: parts.Notes

    def all(self) -> Iterator[ui.element]:
        """Every part that is heard."""
        yield from (self.bar, self.answer, self.look, self.form, self.suggest, self.programme, self.more)


def _table(*, wide: bool = False) -> parts.Table:
    table = parts.Table()
    table.show({"caption": "", "head": [], "rows": [], "note": "", "wide": wide})
    return table


def _section(title: str) -> ui.element:
    section = ui.element("section")
    with section:
        heading = ui.element("h3")
        with heading:
            ui.html(title, sanitize=False, tag="span")
    return section


def lay_out(bar: dict[str, Any], care: str) -> Parts:
    """Put the parts on the page, empty.

    Parameters
    ----------
    bar
        Title, mark and sub-title.
    care
        What must be borne in mind beside the figures.
    """
    head = parts.Bar()
    head.tell(**bar)
    with ui.element("div").classes("shell"):
        guide = parts.Guide()
        guide.tell(steps=list(GUIDE))
        answer = parts.Answer()
        with ui.element("div").classes("desk"):
            with ui.element("section").classes("ground").props('data-part="map" aria-label="The map"'):
                look = parts.Look()
                maps = ui.element("div").classes("maps")
            with ui.element("div").classes("hand"):
                form = parts.SchemeForm()
                suggest = parts.Suggest()
                programme = parts.ProgrammeList()
        beside = ui.element("section").classes("behind").props('aria-label="Side by side"')
        with beside:
            side = _table(wide=True)
        with ui.element("section").classes("behind").props('aria-labelledby="behind-title"'):
            status = parts.Status()
            status.tell(title="What lies behind the answer", status="", care=care)
            with ui.element("div").classes("columns"):
                with _section("Who gains and who loses"):
                    gains = parts.Gains()
                with _section("Journeys"):
                    tables = {"journeys": _table(), "bands": _table()}
                with _section("Where pupils are placed"):
                    tables |= {"placements": _table(), "reasons": _table()}
                with _section("Three purses, never added"):
                    tables["purses"] = _table(wide=True)
                    tables["purses"].classes("purses")
            more = parts.More()
            with parts.Fold().props('title="The map as a table" key-id="area-table"'):
                tables["areas"] = _table(wide=True)
        notes = parts.Notes()
    return Parts(head, answer, look, maps, form, suggest, programme, side, beside, status, gains, more, tables, notes)
