"""The paper on need: the forecast with its range, need by area and phase, and the bridge from today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sufficiency.model import vocabulary as v
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report import charts
from sufficiency.outputs.report.blocks import (
    Block,
    Column,
    Heading,
    Paragraph,
    Table,
)
from sufficiency.outputs.report.front import DRAWN
from sufficiency.outputs.report.futures import futures_blocks
from sufficiency.outputs.report.sentences import (
    Figure,
    change_sentence,
    count_words,
    difference,
    figure_text,
    list_words,
    range_words,
    signed_figure,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["demand_section"]


def _forecast_table(facts: Facts) -> Table:
    rows = facts.rows("forecast", stream="headline").sort_values("year")
    names = ("low_pupils", "pupils", "high_pupils")
    body: list[tuple[str, ...]] = []
    basis: dict[str, list[str]] = {}
    for i in rows.index:
        year = year_label(int(facts.at("forecast", i, "year").known))
        body.append((year, *(figure_text(facts.at("forecast", i, name)) for name in names)))
        basis.setdefault(str(rows.at[i, "basis"]), []).append(year)
    columns = (
        Column("Year", number=False),
        Column("Low, pupils"),
        Column("Central, pupils"),
        Column("High, pupils"),
    )
    notes = [
        f"{years[0]}{f' to {years[-1]}' if len(years) > 1 else ''}: {text}." for text, years in basis.items() if text
    ]
    if any(cell == style.NOT_APPLICABLE for row in body for cell in row):
        notes.append("z = no range is stated for the year.")
    return Table(
        "Pupils who need a special school or specialist base place, by year", columns, tuple(body), (" ".join(notes),)
    )


def _need_phase_table(facts: Facts) -> Table:
    phases = [p for p in v.PHASES if len(facts.rows("sufficiency_county_need_phase", phase=p))]
    where = {"scenario_id": facts.base, "policy": facts.policy, "year": facts.year}
    columns = [Column("Broad area of need", number=False, width=2.4)]
    for phase in phases:
        columns += [Column(f"{v.PHASE_NAMES[phase]}: need, pupils"), Column("without local place")]

    def line(name: str, table: str, **key: str) -> tuple[str, ...]:
        cells = [name]
        for phase in phases:
            cells += [
                figure_text(facts.figure(table, column, phase=phase, **where, **key))
                for column in ("demand_pupils", "without_local_place_pupils")
            ]
        return tuple(cells)

    rows = [line(name, "sufficiency_county_need_phase", need=code) for code, name in v.NEED_GROUP_NAMES.items()]
    gone = [row[0] for row in rows if all(cell == style.SUPPRESSED for cell in row[1:])]
    rows = [row for row in rows if row[0] not in gone]
    rows.append(line("All needs", "sufficiency_district_phase", area_id=facts.county[0]))
    notes = ["For eligibility, needs not recorded are spread as the recorded ones."]
    if gone:
        notes.append(f"Left out, because every figure is hidden to protect small numbers: {list_words(gone).lower()}.")
    caption = f"Need by broad area and phase, county, {facts.year_text}, {style.scenario_title(facts.base).lower()}"
    return Table(caption, tuple(columns), tuple(rows), (" ".join(notes),), total_rows=1)


def demand_section(facts: Facts) -> list[Block]:
    """Return need and forecast, with its range, and the bridge from today to the headline year."""
    start, end = facts.parameters.calibration_year, facts.year
    county = facts.county[0]
    first = facts.area("demand_pupils", county, facts.base, year=start)
    last = facts.area("demand_pupils", county, facts.base)
    low, high, drawn = facts.forecast_ends(end)
    spread = "no range is stated for that year"
    if low.is_known and high.is_known:
        spread = f"range {range_words(low, high)}{f' in {DRAWN}' if drawn else ''}"
    text = (
        f"{style.sentence_case(count_words(first, 'pupil'))} needed a special school or specialist base place in "
        f"{year_label(start)}. The forecast for {facts.year_text} is {count_words(last, 'pupil')} "
        f"({spread}): "
        f"{change_sentence(difference(last, first), 'pupil', f'in {year_label(start)}')}."
    )
    final = facts.years[-1]
    scope = (
        "Scope: pupils with an education, health and care plan, Reception to Year 14, who need a special school or a "
        "specialist base. Further education, 19 to 25, early years, support bases, alternative provision and "
        "mainstream "
        "are other streams and are not added here."
    )
    blocks: list[Block] = [Heading("Need and forecast", new_page=True), Paragraph(text), Paragraph(scope)]
    gaps = [difference(Figure(0), facts.shortfall(s, final)) for s in facts.standing]
    alt = (
        f"Line chart. Pupils who need a place rise from {figure_text(first)} in {year_label(start)} to "
        f"{figure_text(last)} in "
        f"{facts.year_text}. In {year_label(final)}, places less pupils would be "
        + list_words(
            [f"{signed_figure(g)} {facts.scenario_words(s)}" for g, s in zip(gaps, facts.standing, strict=True)]
        )
        + "."
    )
    caption = (
        f"Need outruns places until {_meets(facts)}" if _meets(facts) else "Need stays above local places in every year"
    )
    blocks += [charts.forecast_chart(facts, f"{caption}{facts.illustrative_tag}", alt), _forecast_table(facts)]
    if facts.parameters.last_year > end:
        blocks.append(
            Paragraph(
                f"After {facts.year_text}: {facts.parameters.assumptions['demand_after_headline_year'].source}.", "note"
            )
        )
    blocks += futures_blocks(facts)
    blocks.append(_need_phase_table(facts))
    return blocks + _bridge(facts)


def _meets(facts: Facts) -> str:
    for year in facts.years:
        gap = facts.shortfall(facts.main, year)
        if gap.value is not None and gap.value <= 0:
            return f"{year_label(year)}, {facts.scenario_words(facts.main)}"
    return ""


def _bridge(facts: Facts) -> list[Block]:
    if not facts.has("bridge"):
        return []
    frame = facts.released.tables["bridge"]
    definition = facts.parameters.assumptions["demand_definition"]
    blocks: list[Block] = [
        Heading(f"From today to {facts.year_text}", 2),
        Paragraph(
            f"The figures use definition {definition.value}. {definition.source.rstrip('.')}. {definition.effect} "
            "The council "
            "has not published which definition it means, so this bridge is one reading."
        ),
    ]
    end = facts.at("bridge", frame.index[-1], "pupils")
    steps = [f"{frame.at[i, 'item']} {figure_text(facts.at('bridge', i, 'pupils'))}" for i in frame.index[:-1]]
    alt = f"Waterfall ending at {figure_text(end)}: {'; '.join(steps)}."
    caption = (
        f"The step from pupils placed elsewhere today to {count_words(end, 'place')} short{facts.illustrative_tag}"
    )
    picture = charts.bridge_chart(facts, caption, alt)
    if picture is not None:
        blocks.append(picture)
    rows = tuple(
        (
            str(frame.at[i, "item"]),
            _step(facts, i, last=i == frame.index[-1]),
            str(frame.at[i, "note"]),
        )
        for i in frame.index
    )
    columns = (
        Column("Step", number=False, width=2.6),
        Column("Pupils", width=0.8),
        Column("Note", number=False, width=3.2),
    )
    return [*blocks, Table("The bridge, step by step", columns, rows, total_rows=1)]


def _step(facts: Facts, index: Any, *, last: bool) -> str:  # noqa: ANN401 - a label of the table's index
    figure = facts.at("bridge", index, "pupils")
    return figure_text(figure) if last else signed_figure(figure)
