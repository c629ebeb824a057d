"""The paper on what may be otherwise: the range of the forecast, what mitigations change, who awaits a place now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.model.vocabulary import ALL, HEADLINE, year_label
from sufficiency.outputs.report.blocks import Block, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.sentences import count_words, figure_text, list_words, range_words, signed_figure
from sufficiency.outputs.style import sentence_case

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["futures_blocks"]

_ENDS = ("p10_pupils", "p50_pupils", "p90_pupils")


def futures_blocks(facts: Facts) -> list[Block]:
    """Return the range, the mitigations and the pupils who await a place, each where the run has it."""
    return [*_range(facts), *_mitigations(facts), *_awaiting(facts)]


def _range(facts: Facts) -> list[Block]:
    if not facts.has("forecast_range"):
        return []
    where = {"phase": ALL, "need": ALL, "provision_type": HEADLINE}
    low, _, high = (
        facts.figure("forecast_range", name, area_id=facts.county[0], year=facts.year, **where) for name in _ENDS
    )
    text = (
        f"How sure is it? In eight of ten drawn futures, {range_words(low, high)} pupils need a place in "
        f"{facts.year_text}{facts.illustrative_tag}. What is drawn: the trend of plans and chance around it, births, "
        "new homes and the children they bring, how many seek a base, and where pupils live. The ranges are those of "
        "the assumptions in Annex A."
    )
    blocks: list[Block] = [Heading("How far the forecast may be out", 2), Paragraph(text)]
    years = [year for year in facts.years if year > facts.parameters.calibration_year]
    rows = []
    for year in years:
        central = facts.area("demand_pupils", facts.county[0], facts.base, year=year)
        ends = (facts.figure("forecast_range", name, area_id=facts.county[0], year=year, **where) for name in _ENDS)
        rows.append((facts.county[1], year_label(year), figure_text(central), *(figure_text(end) for end in ends)))
    for area_id, name in facts.districts:
        central = facts.area("demand_pupils", area_id, facts.base)
        ends = (facts.figure("forecast_range", end, area_id=area_id, year=facts.year, **where) for end in _ENDS)
        rows.append((name, facts.year_text, figure_text(central), *(figure_text(end) for end in ends)))
    columns = (
        Column("Area", number=False, width=1.8),
        Column("Year", number=False, width=0.9),
        Column("Central, pupils"),
        Column("P10, pupils"),
        Column("P50, pupils"),
        Column("P90, pupils"),
    )
    note = (
        "P10: one draw in ten is lower; P50: half are; P90: one in ten is higher. To the nearest 5. The range says "
        "nothing of what is not drawn, such as a change of the law."
    )
    return [*blocks, Table("Pupils who need a place, with the range of the forecast", columns, tuple(rows), (note,))]


def _mitigations(facts: Facts) -> list[Block]:
    if not facts.has("mitigation_deltas"):
        return []
    rows = facts.rows("mitigation_deltas", year=facts.year)
    body, without = [], []
    for i in rows.index:
        name = str(rows.at[i, "mitigation_name"])
        if str(rows.at[i, "effect"]) in {"supply", "none"}:
            without.append(name)
            continue
        cells = [name]
        for measure in ("headline", "plans"):
            ends = [signed_figure(facts.at("mitigation_deltas", i, f"{end}_{measure}_change_pupils"))
                    for end in ("low", "high")]  # fmt: skip
            cells += [signed_figure(facts.at("mitigation_deltas", i, f"{measure}_change_pupils")), " to ".join(ends)]
        body.append(tuple(cells))
    if not body:
        return []
    text = (
        "None of these is in the forecast above, which is what happens if nothing changes. Each row says what the "
        f"mitigation changes by itself{facts.illustrative_tag}."
    )
    scale = (
        "Weak to strong: the low and the high case of the share of pupils whom it reaches. A mitigation at 0 moves "
        "pupils between places that are in neither column, such as alternative provision."
    )
    notes = [scale]
    if without:
        notes.append(f"Places, money or organisation, so that no pupil's need changes: {list_words(without)}.")
    columns = (
        Column("Mitigation", number=False, width=2.8),
        Column("Pupils who need a place"),
        Column("weak to strong", number=False),
        Column("All plans"),
        Column("weak to strong", number=False),
    )
    caption = f"What each mitigation changes in {facts.year_text}, against doing nothing"
    table = Table(caption, columns, tuple(body), tuple(notes), total_rows=1)
    return [Heading("What mitigations could change", 2), Paragraph(text), table]


def _awaiting(facts: Facts) -> list[Block]:
    if not facts.has("awaiting_area"):
        return []
    rows = facts.rows("awaiting_area", area_id=facts.county[0], phase=ALL)
    told = [
        f"{count_words(facts.at('awaiting_area', i, 'pupils'), 'pupil')} in {year_label(int(str(rows.at[i, 'year'])))}"
        for i in rows.index
    ]
    text = (
        f"Awaiting a placement, as the council counts them: {list_words(told)}. This is a line of its own: it is not "
        "part of the model's figures and is not added to them."
    )
    return [Paragraph(sentence_case(text))]
