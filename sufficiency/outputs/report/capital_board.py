"""The paper for the place-based capital board: the tracker, the decisions by date, and what a late scheme costs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report import charts
from sufficiency.outputs.report.blocks import Blank, Block, Card, Cards, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.capital_board_effects import gains_section, late_section, travel_section
from sufficiency.outputs.report.paper_parts import (
    Draft,
    Scheme,
    date_words,
    forecast_years,
    front_callouts,
    months_ahead,
    require_schemes,
    scheme_text,
    schemes_of,
    stock,
    total,
)
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    gbp_range_words,
    scaled,
    verb,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["capital_board"]

_PLACES: Final = "special-school and specialist-base place"
_AHEAD: Final = 12
_TERMS: Final = {
    "HNCPA": "high needs provision capital allocation, a grant of the Department for Education",
    "DfE": "Department for Education",
}
_BLANK_NOTE: Final = (
    "Approved and spent to date are not in the sources: the columns are blank for officers. Forecast = the range of "
    "cost of the scheme when complete. Places promised = when complete, with the September of the first ones."
)
_TRACKER: Final = (
    "A table for each funding line, with its own total; lines are different money, and no total across them is given. "
    "Money is secured where the sources say so, and assumed elsewhere. Specialist places = special-school and "
    "specialist-base places; those of other streams are never added to them."
)


def capital_board(facts: Facts) -> list[Draft]:
    """Return the paper of the capital board.

    Raises
    ------
    ParameterError
        When the programme has no scheme that adds places.
    """
    schemes = require_schemes(facts)
    paid = total([one.places for one in schemes if one.secured])
    every = total([one.places for one in schemes])
    due = _due(facts)
    asked = f"; {_count(len(due), 'scheme needs', 'schemes need')} a decision within a year" if due else ""
    title = (
        f"Secured money pays for {figure_text(paid)} of the programme's {count_words(every, _PLACES)}{asked}"
        f"{facts.illustrative_tag}"
    )
    blocks = (
        *_front(facts, schemes, paid, every),
        *_tracker(facts),
        *_secured(facts, schemes),
        *_decisions(facts),
        *_standing(facts),
        *late_section(facts, schemes),
        *gains_section(facts),
        *travel_section(facts, schemes),
        *_blanks(),
    )
    return [Draft("capital-board", title, "paper to the place-based capital board", blocks)]


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return count_words(Figure(float(number)), singular, plural)


def _due(facts: Facts) -> list[Scheme]:
    """Return the schemes of every stream with a decision needed within twelve months of the report, or overdue."""
    months = [(months_ahead(facts, one.decision), one) for one in schemes_of(facts)]
    return [one for ahead, one in months if ahead is not None and ahead <= _AHEAD]


def _assumed(facts: Facts, schemes: list[Scheme], year: int) -> Figure:
    return total([stock(facts, one, year) for one in schemes if not one.secured])


def _front(facts: Facts, schemes: list[Scheme], paid: Figure, every: Figure) -> list[Block]:
    gap = facts.shortfall(facts.main)
    rest = difference(every, paid)
    open_then = facts.area("capacity_places", facts.county[0], facts.main)
    need = facts.area("demand_pupils", facts.county[0], facts.main)
    assumed = _assumed(facts, schemes, facts.year)
    lead = (
        f"When complete, the programme adds {count_words(every, _PLACES)}{facts.illustrative_tag}. Secured money "
        f"pays for {figure_text(paid)} of them, and {figure_text(rest)} {verb(rest, 'rests', 'rest')} on capital that "
        f"is assumed{facts.illustrative_tag}. In {facts.year_text} it would have {count_words(open_then, 'place')} "
        f"open for {count_words(need, 'pupil')} who need one; {figure_text(assumed)} of these places "
        f"{verb(assumed, 'rests', 'rest')} on assumed money{facts.illustrative_tag}."
    )
    caption = f"Places and need by September{facts.illustrative_tag}"
    if gap.is_known:
        short = count_words(gap, "place short", "places short") if gap.known > 0 else "no shortfall overall"
        caption = f"Places and need by September: {short} in {facts.year_text}{facts.illustrative_tag}"
    cards = (
        Card(
            "Places that secured money pays for, when complete",
            figure_text(paid),
            f"Of {count_words(every, _PLACES)} of the programme.",
            f"{figure_text(rest)} more {verb(rest, 'rests', 'rest')} on assumed money.",
            f"In {_count(sum(one.secured for one in schemes), 'scheme')} of {len(schemes)}.",
        ),
        _short_card(facts, gap, assumed),
        _due_card(facts),
    )
    blocks: list[Block] = [Paragraph(lead, "lead"), Cards(cards)]
    if facts.has("programme_places"):
        blocks.append(charts.programme_chart(facts, caption, f"Stacked bars by September. {lead}"))
    return blocks + front_callouts(facts)


def _short_card(facts: Facts, gap: Figure, assumed: Figure) -> Card:
    alone = difference(gap, scaled(assumed, -1.0))
    return Card(
        f"Places short in {facts.year_text}, whole programme",
        figure_text(gap),
        f"{figure_text(alone)} with secured money only.",
        "",
        "Pupils who need a place less local places open; a negative number is places above need.",
    )


def _due_card(facts: Facts) -> Card:
    due = _due(facts)
    hang = total([one.places for one in due if one.headline and one.adds])
    dates = sorted({one.decision for one in due})
    return Card(
        "Schemes with a decision needed within a year",
        figure_text(Figure(float(len(due)))),
        f"From {date_words(dates[0])} to {date_words(dates[-1])}." if dates else "",
        "",
        f"{style.sentence_case(count_words(hang, _PLACES))} {verb(hang, 'waits', 'wait')} on them.",
    )


def _tracker(facts: Facts) -> list[Block]:
    blocks: list[Block] = [
        Heading("The capital tracker, by funding line", new_page=True),
        Paragraph(_TRACKER),
    ]
    schemes = schemes_of(facts)
    lines = dict.fromkeys(one.line for one in schemes)
    blocks += [_line_table(facts, line, [one for one in schemes if one.line == line]) for line in lines]
    used = " ".join(lines)
    terms = " ".join(f"{short} = {long}." for short, long in _TERMS.items() if short in used)
    return [*blocks, Paragraph(f"{_BLANK_NOTE} {terms}".strip(), "note")]


def _line_table(facts: Facts, line: str, schemes: list[Scheme]) -> Table:
    columns = (
        Column("Scheme", number=False, width=2.6),
        Column("Forecast, central (range)", width=3.2),
        Column("Approved", width=1.15),
        Column("Spent to date", width=1.0),
        Column("Places promised", width=1.7),
        Column("Delivery", number=False, width=1.75),
    )
    rows = [
        (
            one.name,
            gbp_range_words(*one.capital),
            "",
            "",
            f"{figure_text(one.places)} from {one.first_year}" if one.first_year else figure_text(one.places),
            one.rating,
        )
        for one in schemes
    ]
    added = [one for one in schemes if one.headline and one.adds]
    others = len(added) < len(schemes)
    sums = []
    if added:
        sums.append(_sum_row("Specialist places", added, figure_text(_sum_places(added))))
    if others:
        sums.append(_sum_row("All schemes of the line", schemes, ""))
    status = {one.secured for one in schemes}
    words = "secured" if status == {True} else "assumed" if status == {False} else "partly secured, partly assumed"
    name = line.removesuffix(f" ({words})")
    return Table(f"{name}: {words}{facts.illustrative_tag}", columns, (*rows, *sums), (), total_rows=len(sums))


def _sum_places(schemes: list[Scheme]) -> Figure:
    return total([one.places for one in schemes])


def _sum_row(label: str, schemes: list[Scheme], places: str) -> tuple[str, ...]:
    bands = [Figure(sum(one.capital[case].known for one in schemes)) for case in range(3)]
    known = all(figure.is_known for one in schemes for figure in one.capital)
    return (label, gbp_range_words(*bands) if known else "not stated for all", "", "", places, "")


def _secured(facts: Facts, schemes: list[Scheme]) -> list[Block]:
    """Return places open each September, scheme by scheme, and what is left with secured money only."""
    if not facts.has("scheme_stock"):
        return []
    years = forecast_years(facts)
    head = (Column("Scheme", number=False, width=2.8), *(Column(year_label(year)) for year in years))

    def row(name: str, listed: list[Scheme]) -> tuple[str, ...]:
        return (name, *(figure_text(total([stock(facts, one, year) for one in listed])) for year in years))

    rows = [row(f"{one.name}{'' if one.secured else ' *'}", [one]) for one in schemes]
    rows += [row("Secured money", [one for one in schemes if one.secured]), row("Whole programme", schemes)]
    blocks: list[Block] = [
        Heading("Places open each September"),
        Table(
            f"Special-school and specialist-base places of each scheme open each September{facts.illustrative_tag}",
            head,
            tuple(rows),
            ("* rests on assumed money.",),
            total_rows=2,
        ),
    ]
    lines = []
    for year in years:
        need = facts.area("demand_pupils", facts.county[0], facts.main, year=year)
        places = facts.area("capacity_places", facts.county[0], facts.main, year=year)
        alone = difference(places, _assumed(facts, schemes, year))
        lines.append(
            (
                year_label(year),
                *map(figure_text, (need, places, difference(need, places), alone, difference(need, alone))),
            )
        )
    columns = (
        Column("Year", number=False),
        Column("Need a place, pupils"),
        Column("Local places, whole programme", width=1.2),
        Column("Places short"),
        Column("Local places, secured money only", width=1.2),
        Column("Places short, secured money only", width=1.2),
    )
    note = (
        "Places short = pupils who need a place less local places; a negative number is places above need, which does "
        "not mean that every pupil has a suitable one."
    )
    return [
        *blocks,
        Table(f"With secured money only{facts.illustrative_tag}", columns, tuple(lines), (note,)),
    ]


def _decisions(facts: Facts) -> list[Block]:
    """Return the decisions in order of their dates; schemes of other streams are counted together."""
    listed = [one for one in schemes_of(facts) if one.decision]
    if not listed:
        return []
    rows: list[tuple[str, ...]] = []
    for date in sorted({one.decision for one in listed}):
        same = [one for one in listed if one.decision == date]
        ahead = months_ahead(facts, date)
        when = date_words(date)
        if ahead is not None and ahead <= 0:
            when += ": now" if ahead == 0 else ": past"
        rows += [
            (
                when,
                one.name,
                scheme_text(facts, one.index, "statutory_route") or "not stated",
                "secured" if one.secured else "assumed",
                figure_text(one.places),
                str(one.first_year) if one.first_year else style.NOT_APPLICABLE,
            )
            for one in same
            if one.headline
        ]
        rows += [
            (when, f"{v.PROVISION_TYPE_NAMES[kind]}: {_count(count, 'scheme')}", "", money, "", "")
            for (kind, money), count in sorted(
                Counter((o.kind, "secured" if o.secured else "assumed") for o in same if not o.headline).items()
            )
        ]
    columns = (
        Column("Needed by", number=False, width=1.9),
        Column("Scheme", number=False, width=2.6),
        Column("Statutory route", number=False, width=2.1),
        Column("Money", number=False, width=0.9),
        Column("Places that wait on it", width=0.9),
        Column("First in September", width=1.0),
    )
    note = "Other streams are counted together; their places are not part of this count."
    return [
        Heading("Decisions needed, by date"),
        Table(f"What must be decided, and by when{facts.illustrative_tag}", columns, tuple(rows), (note,)),
    ]


def _standing(facts: Facts) -> list[Block]:
    """Return where each scheme stands: route, site, planning, consultation, rating."""
    names = ("site_status", "planning_status", "consultation_status")
    rows = []
    for one in schemes_of(facts):
        if one.headline:
            told = [scheme_text(facts, one.index, name) or "not stated" for name in names]
            rows.append((one.name, *told, one.rating))
    columns = (
        Column("Scheme", number=False, width=2.5),
        Column("Site", number=False, width=2.9),
        Column("Planning permission", number=False, width=1.4),
        Column("Consultation", number=False, width=1.6),
        Column("Delivery", number=False, width=1.5),
    )
    return [
        Heading("Where each scheme stands", 2),
        Table(f"Special schools and specialist bases{facts.illustrative_tag}", columns, tuple(rows)),
    ]


def _blanks() -> list[Block]:
    return [
        Heading("For officers"),
        Blank(
            "Approvals and spend", "What has been approved, by whom and when; spend to date and forecast by quarter."
        ),
        Blank("Risk management", "The council's own register entry for each scheme."),
    ]
