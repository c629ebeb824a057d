"""The phase-transfer paper: who moves phase, by when their plans must name a school, and the places that open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Blank, Block, Card, Cards, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.paper_charts import bar_panels
from sufficiency.outputs.report.paper_parts import (
    Draft,
    Scheme,
    coming_september,
    date_words,
    front_callouts,
    schemes_of,
    stock,
    total,
)
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    list_words,
    share_figure,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["DEADLINES", "Deadline", "phase_transfer_paper"]

_MOST_SEPTEMBERS: Final = 3


@dataclass(frozen=True)
class Deadline:
    """By when a plan must name the setting for a move: day and month of the year of the move, its source and date.

    ``ncy`` is the year group that pupils move into.
    """

    words: str
    ncy: int
    day: int
    month: str
    source: str
    date: str


_REGULATION: Final = "Special Educational Needs and Disability Regulations 2014 (SI 2014/1530), regulation 18"
DEADLINES: Final = {
    "Y6 to Y7": Deadline("Year 6 to Year 7", 7, 15, "February", _REGULATION, "2026-11"),
    "Y11 to Y12": Deadline("Year 11 to Year 12", 12, 31, "March", _REGULATION, "2026-11"),
}
_LAW: Final = (
    "The plan must be reviewed and amended, and must name the setting, by the deadline in the year of the move: 31 "
    "March for a move from a secondary school to a post-16 institution, 15 February for the others. A pupil who stays "
    "in the same school past 16 may not be a transfer in law. Source: {source}, as known in {date}; check the current "
    "law."
)
_WHO: Final = (
    "Residents who need a special-school or specialist-base place and would be in the last year of the phase, by the "
    "forecast; not a list of children."
)
_OPEN_NOTE: Final = (
    "Places that open = special-school and specialist-base places of the programme more than in the September before, "
    "in provision that takes the year group. They are not only for that year group, and other pupils seek them too. "
    "Places that leavers free are not counted here."
)
_BLANK_NOTE: Final = "Blank columns are for officers: they are not in the sources of this paper."


def phase_transfer_paper(facts: Facts) -> list[Draft]:
    """Return the paper on phase transfers of the coming Septembers."""
    septembers = _septembers(facts)
    names = _transfers(facts)
    first = septembers[0]
    parts = []
    for place, name in enumerate(names):
        verb = f"are expected to move from {_words(name)}" if place == 0 else f"from {_words(name)}"
        pupils = _pupils(facts, name, first)
        parts.append(f"{count_words(pupils, 'pupil') if place == 0 else figure_text(pupils)} {verb}")
    title = f"In September {first} {list_words(parts)}, needing a specialist place{facts.illustrative_tag}"
    blocks = (
        *_front(facts, names, septembers),
        *_deadlines(facts, names, septembers),
        *_by_need(facts, names, septembers),
        *_by_district(facts, names, septembers),
        *_opening(facts, names, septembers),
        Heading("For officers"),
        Blank("Progress", "Reviews held, plans amended and issued, plans without a named school, and why."),
    )
    return [Draft("phase-transfer", title, "paper on phase transfers", blocks)]


def _septembers(facts: Facts) -> list[int]:
    """Return the coming Septembers: pupils of a year's table transfer in the September after it."""
    told = sorted({int(year) + 1 for year in facts.released.tables["phase_transfers"]["year"]})
    coming = [year for year in told if year >= coming_september(facts)]
    return (coming or told[-1:])[:_MOST_SEPTEMBERS]


def _transfers(facts: Facts) -> list[str]:
    return list(dict.fromkeys(str(name) for name in facts.released.tables["phase_transfers"]["transfer"]))


def _words(transfer: str) -> str:
    """Return a transfer in words: ``"Year 6 to Year 7"``."""
    return DEADLINES[transfer].words if transfer in DEADLINES else transfer.replace("Y", "Year ")


def _pupils(facts: Facts, transfer: str, september: int, **where: Any) -> Figure:  # noqa: ANN401 - values of columns
    key = {"area_id": facts.county[0], "need": "all", **where}
    return facts.figure("phase_transfers", "pupils", transfer=transfer, year=september - 1, **key)


def _front(facts: Facts, names: list[str], septembers: list[int]) -> list[Block]:
    first, tag = septembers[0], facts.illustrative_tag
    sentences, cards = [], []
    for name in names:
        pupils = _pupils(facts, name, first)
        cards.append(
            Card(
                f"{_words(name)}, September {first}, pupils",
                figure_text(pupils),
                _largest(facts, name, first),
                _next_words(facts, name, septembers),
                f"Plans must name the setting by {_due(name, first)}." if name in DEADLINES else "",
            )
        )
        due = f"; their plans must name a setting by {_due(name, first)}" if name in DEADLINES else ""
        sentences.append(
            f"In September {first}, {count_words(pupils, 'pupil')} who {'needs' if pupils.value == 1 else 'need'} a "
            f"special school or specialist base place {'is' if pupils.value == 1 else 'are'} expected to move from "
            f"{_words(name)}{due}{tag}."
        )
    return [
        Paragraph(" ".join(sentences), "lead"),
        Cards(tuple(cards[:4])),
        _picture(facts, names, septembers),
        *front_callouts(facts),
    ]


def _due(transfer: str, september: int) -> str:
    found = DEADLINES[transfer]
    return f"{found.day} {found.month} {september}"


def _largest(facts: Facts, transfer: str, september: int) -> str:
    """Return the largest broad area of need, with its share."""
    found = [(group, _pupils(facts, transfer, september, need=group)) for group in v.NEED_GROUPS]
    known = [(group, one) for group, one in found if one.is_known]
    whole = _pupils(facts, transfer, september)
    if not known:
        return ""
    group, most = max(known, key=lambda pair: pair[1].known)
    share = share_figure(most, whole)
    told = f", {style.share_text(share.known)} of them" if share.is_known else ""
    return f"Most: {v.NEED_GROUP_NAMES[group]}, {figure_text(most)}{told}."


def _next_words(facts: Facts, transfer: str, septembers: list[int]) -> str:
    if len(septembers) < 2:
        return ""
    following = _pupils(facts, transfer, septembers[1])
    return f"{figure_text(following)} in September {septembers[1]}." if following.is_known else ""


def _picture(facts: Facts, names: list[str], septembers: list[int]) -> Block:
    panels = [(_words(name), [(f"Sept {year}", _pupils(facts, name, year)) for year in septembers]) for name in names]
    told = [
        f"{_words(name)}: {list_words([f'{figure_text(_pupils(facts, name, year))} in {year}' for year in septembers])}"
        for name in names
    ]
    caption = f"Pupils expected to move, by September{facts.illustrative_tag}"
    return bar_panels("transfers", panels, caption, f"Bars by September. {'; '.join(told)}{facts.illustrative_tag}.")


def _deadlines(facts: Facts, names: list[str], septembers: list[int]) -> list[Block]:
    rows = [
        (_words(name), f"September {year}", _due(name, year), figure_text(_pupils(facts, name, year)), "", "", "")
        for year in septembers[:2]
        for name in names
        if name in DEADLINES
    ]
    if not rows:
        return []
    columns = (
        Column("Move", number=False, width=1.6),
        Column("When", number=False, width=1.6),
        Column("Plan must name the setting by", number=False, width=1.6),
        Column("Pupils expected"),
        Column("Plans reviewed"),
        Column("Plans issued"),
        Column("No school named yet", width=1.1),
    )
    law = next(iter(DEADLINES.values()))
    note = _LAW.format(source=law.source, date=date_words(law.date))
    return [
        Heading("The deadlines", new_page=True),
        Table(f"Moves and their deadlines{facts.illustrative_tag}", columns, tuple(rows), (note, _BLANK_NOTE)),
    ]


def _heads(names: list[str], septembers: list[int], first: str) -> tuple[Column, ...]:
    return (
        Column(first, number=False, width=2.2),
        *(Column(f"{_words(name)}, September {year}") for name in names[:2] for year in septembers),
    )


def _by_need(facts: Facts, names: list[str], septembers: list[int]) -> list[Block]:
    rows = [
        (title, *(figure_text(_pupils(facts, n, year, need=need)) for n in names[:2] for year in septembers))
        for need, title in (*v.NEED_GROUP_NAMES.items(), ("all", "All pupils"))
    ]
    return [
        Heading("By broad area of need, county"),
        Table(
            f"Pupils who move, by broad area of primary need{facts.illustrative_tag}",
            _heads(names, septembers, "Broad area of need"),
            tuple(rows),
            (_WHO,),
            total_rows=1,
        ),
    ]


def _by_district(facts: Facts, names: list[str], septembers: list[int]) -> list[Block]:
    rows = [
        (title, *(figure_text(_pupils(facts, n, year, area_id=area)) for n in names[:2] for year in septembers))
        for area, title in (*facts.districts, facts.county)
    ]
    return [
        Heading("By district of residence"),
        Table(
            f"Pupils who move, by district{facts.illustrative_tag}",
            _heads(names, septembers, "District"),
            tuple(rows),
            (_WHO,),
            total_rows=1,
        ),
    ]


def _takes(facts: Facts, scheme: Scheme, ncy: int) -> bool:
    first, last = (facts.at("schemes", scheme.index, name) for name in ("ncy_from", "ncy_to"))
    return first.is_known and last.is_known and first.known <= ncy <= last.known


def _opening(facts: Facts, names: list[str], septembers: list[int]) -> list[Block]:
    """Return the places that open in each September in provision that takes the year that pupils move into."""
    frame = facts.released.tables.get("schemes")
    if frame is None or not facts.has("scheme_stock") or not {"ncy_from", "ncy_to"} <= set(frame.columns):
        return []
    schemes = [one for one in schemes_of(facts) if one.headline and one.adds]
    known = [name for name in names if name in DEADLINES]
    rows = []
    for name in known:
        ncy = DEADLINES[name].ncy
        for year in septembers:
            found = [(one, _more(facts, one, year)) for one in schemes if _takes(facts, one, ncy)]
            every, paid = (total([more for one, more in found if one.secured or not only]) for only in (False, True))
            pupils = _pupils(facts, name, year)
            rows.append((f"Year {ncy}", f"September {year}", *map(figure_text, (pupils, every, paid))))
    columns = (
        Column("Pupils who move into", number=False, width=1.2),
        Column("When", number=False, width=1.2),
        Column("Pupils expected"),
        Column("Places that open and take the year group", width=1.5),
        Column("Of these, on secured money", width=1.3),
    )
    title = f"Pupils who move, and places that open{facts.illustrative_tag}"
    return [
        Heading("Places that open for the phase they move into", new_page=True),
        Table(title, columns, tuple(rows), (_OPEN_NOTE,)),
        *_scheme_list(facts, schemes, known, septembers[0]),
    ]


def _more(facts: Facts, scheme: Scheme, year: int) -> Figure:
    """Return how many more places a scheme has open than in the September before; none where it has fewer."""
    more = difference(stock(facts, scheme, year), stock(facts, scheme, year - 1))
    return Figure(max(more.known, 0.0), cells=more.cells) if more.is_known else more


def _scheme_list(facts: Facts, schemes: list[Scheme], names: list[str], september: int) -> list[Block]:
    """Return the schemes behind the places of the coming September, with the year groups that they take."""
    rows = []
    for one in schemes:
        more = _more(facts, one, september)
        takes = [f"Year {DEADLINES[name].ncy}" for name in names if _takes(facts, one, DEADLINES[name].ncy)]
        if more.value and takes:
            rows.append((one.name, list_words(takes), figure_text(more), one.rating))
    columns = (
        Column("Scheme", number=False, width=2.6),
        Column("Takes", number=False, width=1.3),
        Column("Places that open"),
        Column("Delivery", number=False, width=1.4),
    )
    title = f"The schemes that open these places in September {september}{facts.illustrative_tag}"
    return [Table(title, columns, tuple(rows))] if rows else []
