"""The parts of the page as elements: each is a Vue component of its own, fed with plain data by name."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from nicegui import ui

__all__ = [
    "Answer", "Bar", "Fold", "Gains", "Guide", "Look", "Map", "More", "Notes", "Part", "ProgrammeList", "SchemeForm",
    "Status", "Suggest", "Table", "Told",
]  # fmt: skip

# what a browser sent: it can be anything, and whoever takes it apart checks it
Told: TypeAlias = Any
# Leaflet comes with the framework's own map; naming it here makes the page offer it to our map.
LEAFLET: Final = ui.leaflet


class Part(ui.element):
    """A part that is sent again only where something of it is new."""

    def tell(self, **props: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Set properties; what is as it was is not sent, and nothing to a window that was closed meanwhile."""
        if self.is_deleted:
            return
        new = {name: value for name, value in props.items() if name not in self._props or self._props[name] != value}
        if new:
            for name, value in new.items():
                self._props[name] = value
            self.update()


class Bar(Part, component="bar.js"):
    """Title and buttons."""


class Guide(Part, component="guide.js"):
    """The five steps of a first use."""


class Answer(Part, component="answer.js"):
    """The finding, the three figures, and the year."""

    @property
    def sentence(self) -> str:
        """The finding that is shown."""
        return str(self._props.get("sentence", ""))


class Look(Part, component="look.js"):
    """What the map is shaded by."""


class Map(Part, component="whatif_map.js"):
    """The map."""


class SchemeForm(Part, component="scheme.js"):
    """The scheme in hand."""


class Suggest(Part, component="suggest.js"):
    """Suggested sites."""


class ProgrammeList(Part, component="programme.js"):
    """The cards."""


class Gains(Part, component="gains.js"):
    """Who gains and who loses."""


class Table(Part, component="table.js"):
    """A table."""

    def show(self, table: dict[str, Any]) -> None:
        """Show another table."""
        self.tell(**table)


class Status(Part, component="status.js"):
    """Heading of what lies behind the answer, and whether it is up to date."""


class More(Part, component="more.js"):
    """What takes longer, and is asked for: what would unlock places, and drawn futures."""


class Fold(Part, component="fold.js"):
    """A heading that folds what is below it."""


class Notes(Part, component="notes.js"):
    """Sources and what the page is for."""
