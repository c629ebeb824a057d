"""The neutral document: a paper as a list of blocks, written once and set both as docx and as pdf."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from sufficiency.outputs import style

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "FACTS_ARE",
    "HIDDEN_CARD_NOTE",
    "Blank",
    "Block",
    "Bullets",
    "Callout",
    "Card",
    "Cards",
    "Column",
    "Contents",
    "Heading",
    "Paper",
    "Paragraph",
    "Picture",
    "Table",
    "kept_range",
    "kept_with_next",
    "page_parts",
    "table_or_sentence",
    "with_all_symbol_notes",
    "with_mark_once",
    "with_marked_caption",
    "with_symbol_notes",
]


_RANGE: Final = re.compile(r"\((?=[^()]*\d)[^()]{1,24} to [^()]{1,24}\)")
# the column in which a table says of each row how sure its facts are
FACTS_ARE: Final = "Facts are"
# so many figures are told in a sentence
_FEW: Final = 4
HIDDEN_CARD_NOTE: Final = "hidden, to protect small numbers"


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3.

    ``new_page`` starts a page; ``short`` is what the list of contents calls it; ``one_page``: what follows, up to the
    next heading that starts a page, stays on one page.
    """

    text: str
    level: int = 1
    new_page: bool = False
    short: str = ""
    one_page: bool = False

    @property
    def in_contents(self) -> str:
        """The words of the list of contents."""
        return self.short or self.text


@dataclass(frozen=True)
class Contents:
    """The list of contents: the headings of levels 1 and 2 with their pages, on a page of its own."""

    title: str = "Contents"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: body text, a lead sentence, or a small note."""

    text: str
    kind: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of short items."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Callout:
    """A boxed statement that must not be missed."""

    title: str
    text: str


@dataclass(frozen=True)
class Card:
    """A headline figure: what it counts, the figure, its range, its change and what it means."""

    label: str
    figure: str
    range: str
    change: str
    meaning: str


@dataclass(frozen=True)
class Cards:
    """Headline figures side by side, at most four."""

    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Picture:
    """A chart or map: vector form, the finding as alternative text, a caption, its share of the width.

    ``png`` may be empty: the raster form is then made from the vector form where a file needs it.
    """

    name: str
    svg: bytes
    png: bytes
    alt: str
    caption: str
    width_share: float = 1.0


@dataclass(frozen=True)
class Column:
    """A column of a table: header with its unit, whether it holds numbers, and its relative width."""

    title: str
    number: bool = True
    width: float = 1.0


@dataclass(frozen=True)
class Table:
    """A table of at most eight columns; the last ``total_rows`` rows are ruled off as totals."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    total_rows: int = 0

    def __post_init__(self) -> None:
        """Refuse a table that is too wide to read, or whose rows do not fit its columns."""
        if len(self.columns) > 8:
            message = f"table {self.caption!r} has {len(self.columns)} columns, more than 8"
            raise ValueError(message)
        if any(len(row) != len(self.columns) for row in self.rows):
            message = f"table {self.caption!r} has a row that does not fit its columns"
            raise ValueError(message)


@dataclass(frozen=True)
class Blank:
    """A section that an officer writes: a heading and what belongs there, never generated text."""

    title: str
    prompt: str


def with_symbol_notes(block: Block, rules: str = "", *, but: frozenset[str] = frozenset()) -> Block:
    """Return a table with the meaning of each symbol that stands in it, and of no other; other blocks as they are.

    `rules` is said beside c: the rule by which the release was made. Symbols in `but` are told elsewhere on the page.
    """
    if not isinstance(block, Table):
        return block
    said = [
        note
        for symbol, note in (
            (style.SUPPRESSED, style.suppressed_note(rules)),
            (style.NOT_APPLICABLE, style.NOT_APPLICABLE_NOTE),
        )
        if symbol in _cells(block) - but and not any(f"{symbol} = " in own for own in block.notes)
    ]
    return replace(block, notes=(*block.notes, " ".join(said))) if said else block


def _cells(block: Block) -> frozenset[str]:
    return frozenset(cell for row in block.rows for cell in row) if isinstance(block, Table) else frozenset()


def with_all_symbol_notes(blocks: tuple[Block, ...], rules: str = "") -> tuple[Block, ...]:
    """Return the blocks with symbols told beneath each table; on a part that is one page, once, beneath the last."""
    out = list(blocks)
    for one_page, part in page_parts(blocks):
        later: frozenset[str] = frozenset()
        for place in reversed(range(*part.indices(len(blocks)))):
            out[place] = with_symbol_notes(blocks[place], rules, but=later)
            later = later | _cells(blocks[place]) if one_page else later
    return tuple(out)


def with_mark_once(block: Block, mark: str) -> Block:
    """Return a block whose every paragraph says a mark, such as `` (illustrative)``, once: where it is first due.

    Headings, captions, tables and the lead keep theirs, and the page has it in its header.
    """
    if not mark:
        return block
    match block:
        case Paragraph(kind="body" | "note"):
            return replace(block, text=_once(block.text, mark))
        case Callout():
            return replace(block, text=_once(block.text, mark))
        case Bullets():
            return replace(block, items=tuple(_once(item, mark) for item in block.items))
        case Picture():
            return replace(block, alt=_once(block.alt, mark))
        case _:
            return block


def with_marked_caption(block: Block, mark: str) -> Block:
    """Return a table or picture whose caption says a mark, such as `` (illustrative)``; other blocks as they are.

    A table that says of each row how sure its facts are needs none.
    """
    if not isinstance(block, Table | Picture) or mark.strip(" ()") in block.caption.lower():
        return block
    by_row = isinstance(block, Table) and any(column.title == FACTS_ARE for column in block.columns)
    return block if by_row else replace(block, caption=f"{block.caption}{mark}")


def _once(text: str, mark: str) -> str:
    first, found, rest = text.partition(mark)
    return f"{first}{found}{rest.replace(mark, '')}"


def table_or_sentence(table: Table, elsewhere: str) -> Table | Paragraph:
    """Return a table, or one sentence in its place where more than half of its figures are hidden.

    `elsewhere` is a sentence that says where the figures that may be shown are, when they are too many to be told here.
    """
    figures = [
        (f"{row[0]}, {column.title[:1].lower()}{column.title[1:]}", cell)
        for row in table.rows
        for column, cell in zip(table.columns, row, strict=True)
        if column.number and cell not in {"", style.NOT_APPLICABLE}
    ]
    shown = [f"{name}: {cell}" for name, cell in figures if cell != style.SUPPRESSED]
    if 2 * len(shown) >= len(figures):
        return table
    rest = f"Shown are: {'; '.join(shown)}." if 0 < len(shown) <= _FEW else elsewhere if shown else ""
    said = (
        f"{table.caption}: {len(figures) - len(shown)} of {len(figures)} figures are hidden to protect small numbers, "
        f"so that no table is given. {rest}"
    )
    return Paragraph(said.strip(), "note")


def kept_range(text: str) -> str:
    """Return a cell's text in which a range in brackets is not broken, so that it goes to a line of its own whole."""
    return _RANGE.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def kept_with_next(blocks: tuple[Block, ...]) -> list[bool]:
    """Return which blocks stay on the page of the next: headings, and the words between a heading and its exhibit."""
    kept = [isinstance(block, Heading) for block in blocks]
    for start in [place for place, heading in enumerate(kept) if heading]:
        end = start + 1
        while end < len(blocks) and isinstance(blocks[end], Paragraph):
            end += 1
        if end < len(blocks) and isinstance(blocks[end], Picture | Table | Callout):
            kept[start:end] = [True] * (end - start)
    return kept


def page_parts(blocks: tuple[Block, ...]) -> list[tuple[bool, slice]]:
    """Return the parts of a paper as slices of its blocks, each with whether it stays on one page."""
    starts = [i for i, b in enumerate(blocks) if isinstance(b, Heading) and (b.new_page or b.one_page)]
    ends = [*starts, len(blocks)]
    parts = [(False, slice(0, ends[0]))] if ends[0] else []
    for start, end in zip(starts, ends[1:], strict=True):
        heading = blocks[start]
        parts.append((isinstance(heading, Heading) and heading.one_page, slice(start, end)))
    return parts


Block = Heading | Paragraph | Bullets | Callout | Cards | Picture | Table | Blank | Contents


@dataclass(frozen=True)
class Paper:
    """A whole paper."""

    title: str
    subtitle: str
    subject: str
    marking: str
    footer: str
    date: dt.date
    blocks: tuple[Block, ...]
    run_id: str = ""
