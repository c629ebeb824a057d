"""What the screener finds: a file, a place in it, what kind of thing stands there, and what to do. Never the thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["KINDS", "Budget", "Finding", "Findings", "TooMuchError"]

MOST_NESTED: Final = 5
MOST_FINDINGS: Final = 1_000

# kind: what stands there, and what to do about it
KINDS: Final[dict[str, tuple[str, str]]] = {
    "upn": ("a unique pupil number", "take it out: send no rows of single pupils"),
    "uln": ("a unique learner number", "take it out: send no rows of single pupils"),
    "nhs": ("an NHS number", "take it out: send no rows of single pupils"),
    "ni": ("a National Insurance number", "take it out"),
    "person": ("a column that names persons", "take the column out: send no rows of single pupils"),
    "pseudonym": ("pseudonyms of persons", "take the column out: a pseudonym is still a person"),
    "birth": ("full dates of birth", "take the column out, or give the year group only"),
    "postcode": ("full postcodes beside pupils", "give the cluster or district in their place"),
    "position": ("positions beside pupils", "take the coordinates out: give the cluster or district"),
    "fine": ("counts of pupils below locality cluster", "give them by cluster or district"),
    "small": ("counts small enough to be recognised", "make the file anew through `sufficiency run`, which hides them"),
    "internal": ("the mark of an internal build", "send the public build: `sufficiency run` without --build internal"),
    "formula": ("cells with formulas", "paste the values in their place"),
    "link": ("a link to something outside the file", "break the link (Data, Edit Links) and save again"),
    "macro": ("a macro or another program", "save without macros"),
    "fetch": ("a page that fetches from the network", "make the page anew with its parts inside it"),
    "author": ("the name of an author, person or company", "remove it: File, Info, Inspect Document"),
    "path": ("a path on somebody's computer", "remove it: it tells who worked on the file, and where"),
    "hidden": ("a hidden sheet, row, column or text", "show it and look, then take it out"),
    "comment": ("comments or tracked changes", "accept or reject all changes and delete the comments"),
    "thumbnail": ("a picture of an earlier state of the document", "save without a preview picture"),
    "copy": ("a second copy of the data inside the file", "delete the pivot table, or paste its values"),
    "own_id": ("an id of this area's own pupils or homes", "take it out: send no rows of single pupils"),
    "own_home": ("a position within 250 m of one of this area's homes", "take the coordinates out"),
    "unreadable": ("something that cannot be read", "look yourself, and leave it out if you do not need it"),
    "large": ("more than the screener reads", "look yourself, or send less"),
    "outside": ("a link that leads out of the folder, not followed", "replace it by the file that is meant"),
}


class TooMuchError(Exception):
    """More bytes than the screener unpacks."""


@dataclass
class Budget:
    """How many bytes may still be unpacked, over the whole folder."""

    left: int

    def take(self, size: int) -> None:
        """Count bytes; raise `TooMuchError` when there are too many."""
        self.left -= size
        if self.left < 0:
            raise TooMuchError


@dataclass(frozen=True)
class Finding:
    """One kind of thing in one place of one file, how often, and what to do."""

    file: str
    place: str
    kind: str
    count: int

    @property
    def what(self) -> str:
        """What stands there, in words."""
        return KINDS[self.kind][0]

    @property
    def todo(self) -> str:
        """What to do about it."""
        return KINDS[self.kind][1]


@dataclass
class Findings:
    """Collects findings: each kind once for each column or part, with its first place and how often it stands there."""

    _found: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)
    dropped: int = 0
    # folder and key of a measure that rows of other files name: whether it counts pupils
    measures: dict[tuple[str, str], bool] = field(default_factory=dict)

    def add(self, file: str, kind: str, part: str = "", place: str = "", count: int = 1) -> None:
        """Add a finding.

        Parameters
        ----------
        file
            The file, as it may be shown.
        kind
            One of `KINDS`.
        part
            Column, sheet, page or member: findings of one kind in one part are counted together.
        place
            The first place in the part, such as a row.
        count
            How often.
        """
        key = (file, kind, part)
        first, known = self._found.get(key, (place, 0))
        if known == 0 and len(self._found) >= MOST_FINDINGS:
            self.dropped += 1
            return
        self._found[key] = (first, known + count)

    def listed(self) -> tuple[Finding, ...]:
        """Return all findings, by file, in the order in which they were found."""
        order = {file: at for at, file in enumerate(dict.fromkeys(key[0] for key in self._found))}
        rows = [
            Finding(file, ", ".join(word for word in (part, place) if word), kind, count)
            for (file, kind, part), (place, count) in self._found.items()
        ]
        return tuple(sorted(rows, key=lambda row: order[row.file]))
