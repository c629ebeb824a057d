"""Where the screener is looking, and what for: a part of a file, to which findings are added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.screener.identifiers import numbers_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.disclosure.screener.canaries import Canaries
    from sufficiency.disclosure.screener.finding import Budget, Findings

    Screen = Callable[["Spot", bytes, int], None]

__all__ = ["Rules", "Spot"]

LONGEST_SHOWN: Final = 80


@dataclass(frozen=True)
class Rules:
    """What to look for: counts of 1 to ``hide_up_to``, the area's own ids and homes, and the last year of a birth."""

    hide_up_to: int
    canaries: Canaries
    last_birth: int = 9999

    def may_show(self, text: str) -> bool:
        """Return whether a name may be shown: it is short, and holds nothing that names a person."""
        named = any(True for _ in numbers_in(text)) or any(True for _ in self.canaries.ids_in(text))
        return bool(text.strip()) and len(text) <= LONGEST_SHOWN and text.isprintable() and not named


@dataclass(frozen=True)
class Spot:
    """A file as it may be shown, and a part of it; blank = the whole file."""

    findings: Findings
    rules: Rules
    budget: Budget
    file: str
    part: str = ""

    def add(self, kind: str, place: str = "", count: int = 1) -> None:
        """Add a finding at a place in this part."""
        self.findings.add(self.file, kind, self.part, place, count)

    def within(self, words: str, between: str = ", ") -> Spot:
        """Return a part of this part."""
        return replace(self, part=f"{self.part}{between}{words}" if self.part and words else words or self.part)
