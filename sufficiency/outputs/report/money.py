"""The paper on money in its three purses, and on support bases as their own stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Block, Callout, Column, Heading, Paragraph, Table, table_or_sentence
from sufficiency.outputs.report.money_change import change_blocks
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    figure_text,
    gbp_range_words,
    list_words,
)

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.outputs.report.facts import Facts

__all__ = ["money_section", "support_section"]

PURSES: Final = {
    "high_needs_block": "High needs block",
    "general_fund_transport": "Council general fund: home to school transport",
    "capital": "Capital",
}


def money_section(facts: Facts) -> list[Block]:
    """Return money in its three purses, each with its range, never added."""
    if not facts.has("money"):
        return []
    blocks: list[Block] = [
        Heading("Money, in three purses"),
        Callout(
            "Never added",
            "These are three different budgets. A saving in one is not money in another, and no total across "
            "them is given. Every figure is a range around a stated assumption.",
        ),
    ]
    frame = facts.released.tables["money"]
    columns = (
        Column("Item", number=False, width=2.6),
        *(Column(f"{style.scenario_title(s)}: central (low to high)", width=1.9) for s in facts.standing),
    )
    for purse, title in PURSES.items():
        # A capital row stands in the year that its schemes open; the other purses have a row for every year.
        part = frame[(frame["purse"] == purse) & ((frame["year"] == facts.year) | (purse == "capital"))]
        if not len(part):
            continue
        items = (
            sorted({str(item) for item in part["item"]}) if purse == "capital" else list(dict.fromkeys(part["item"]))
        )
        rows = tuple((str(item), *(_amount(facts, part, str(item), s) for s in facts.standing)) for item in items)
        sentences = dict.fromkeys(
            f"{style.sentence_case(str(n)).rstrip('.')}." for n in part["note"].fillna("") if str(n)
        )
        when = "all schemes until complete" if purse == "capital" else f"a full academic year, {facts.year_text}"
        notes = (_CAPITAL_NOTE if purse == "capital" else " ".join(sentences),)
        blocks.append(Table(f"{title}, {when}", columns, rows, notes))
    blocks.append(Paragraph(_CASHABLE, "note"))
    return blocks + change_blocks(facts)


_CAPITAL_NOTE: Final = "Capital of every scheme, whichever year it opens; the range is that of the cost."
_CASHABLE: Final = (
    "Savings come only from placements displaced; pupils already in independent schools rarely move. New base places "
    "that fill from mainstream are a net cost. A transport saving is cashable only where a vehicle goes."
)


def _amount(facts: Facts, part: pd.DataFrame, item: str, scenario: str) -> str:
    """Return an item's pounds with their range, summed over the rows of the part (capital by year of opening)."""
    rows = part[(part["item"] == item) & (part["scenario_id"] == scenario)]
    rows = rows[rows["policy"].isin([facts.policy, ""]) | rows["policy"].isna()]
    if not len(rows):
        return style.NOT_APPLICABLE
    bands = []
    for case in ("low", "central", "high"):
        found = [facts.at("money", i, f"gbp_{case}") for i in rows.index]
        known = all(figure.is_known for figure in found)
        bands.append(Figure(sum(figure.known for figure in found)) if known else found[0])
    return gbp_range_words(*bands)


def support_section(facts: Facts) -> list[Block]:
    """Return support bases as their own stream: pupils who stay on roll at their own school."""
    if not facts.has("support_match"):
        return []
    names = ("own_school_pupils", "partner_pupils", "without_base_pupils")
    where = {"scenario_id": facts.main, "year": facts.year, "area_id": facts.county[0]}
    found = facts.rows("support_match", **where)
    phases = [code for code in v.PHASES if code in set(found["phase"])]
    rows = []
    for code in phases:
        cells = [facts.figure("support_match", name, phase=code, **where) for name in names]
        extra = facts.figure("support_match", "mean_extra_km", phase=code, **where)
        total = Figure(sum(c.known for c in cells)) if all(c.is_known for c in cells) else Figure(None, hidden=True)
        miles = Figure(extra.known / 1.609344) if extra.is_known else extra
        rows.append((v.PHASE_NAMES[code], figure_text(total), *(figure_text(c) for c in cells), figure_text(miles, 1)))
    if not rows:
        return []
    columns = (
        Column("Phase", number=False, width=1.4),
        Column("Need targeted-plus support, pupils", width=1.4),
        Column("Base at own school"),
        Column("Partner school in the cluster", width=1.2),
        Column("Without a base"),
        Column("Extra distance to partner, miles", width=1.3),
    )
    left = {code: facts.figure("support_match", "without_base_pupils", phase=code, **where) for code in phases}
    parts = [
        count_words(figure, f"{v.PHASE_NAMES[code].lower()} pupil") for code, figure in left.items() if figure.is_known
    ]
    said = (
        f" {style.sentence_case(facts.scenario_words(facts.main))}, in {facts.year_text}, {list_words(parts)} would be "
        f"without a base{facts.illustrative_tag}."
    )
    return [
        Heading("Support bases: a separate stream"),
        Paragraph(
            "Pupils who use a support base have no plan and stay on roll at their own school. They are not "
            "placements, do not travel "
            f"in this model, and count neither in the need nor in the places above.{said if parts else ''}"
        ),
        table_or_sentence(
            Table(
                f"Support-base match, county, {facts.year_text}, {style.scenario_title(facts.main).lower()}",
                columns,
                tuple(rows),
            ),
            "Those that are shown are in the workbook, in sheet support_match.",
        ),
        *_coverage(facts),
    ]


def _coverage(facts: Facts) -> list[Block]:
    """Return the test of the national outcome: a base in every secondary school, and as many places in primary."""
    if not (facts.has("support_coverage") and facts.has("primary_equivalence")):
        return []
    where = {"scenario_id": facts.main, "year": facts.year}
    rows = []
    for area_id, name in (*facts.districts, facts.county):
        schools, with_base = (
            facts.figure("support_coverage", column, area_id=area_id, **where)
            for column in ("schools", "schools_with_own_base")
        )
        rows.append((name, figure_text(schools), figure_text(with_base)))
    columns = (
        Column("District", number=False, width=2.1),
        Column("Secondary schools"),
        Column("With a base of their own"),
    )
    secondary, primary, short = (
        facts.figure("primary_equivalence", column, area_id=facts.county[0], **where)
        for column in ("secondary_places", "primary_places", "short_of_equivalence_places")
    )
    note = (
        "The national aim is a base in every secondary school in time, and as many places in primary schools across "
        f"the area. Places in secondary bases: {figure_text(secondary)}; in primary bases: {figure_text(primary)}; "
        f"primary places short of as many: {figure_text(short)}."
    )
    title = f"Coverage of support bases, {facts.year_text}, {style.scenario_title(facts.main).lower()}"
    return [Table(title, columns, tuple(rows), (note,), total_rows=1)]
