"""The paper on journeys: direct time by district and phase, distance and carbon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import charts, style
from sufficiency.outputs.paper_blocks import Block, Column, Heading, Paragraph, Table
from sufficiency.outputs.paper_sufficiency import NAME
from sufficiency.outputs.sentences import (
    Figure,
    difference,
    figure_text,
    minutes_words,
    range_words,
    whole,
)

if TYPE_CHECKING:
    from sufficiency.outputs.paper_facts import Facts

__all__ = ["journeys_section"]

DIRECT: Final = (
    "Direct time by car in the school morning, home place to school, without pick-ups: the time that pupils ride "
    "is longer. "
    "45 minutes (primary) and 75 minutes (secondary) are the national guide for compulsory school age; for others "
    "they are "
    "for information. Residential pupils are counted apart."
)


def journeys_section(facts: Facts) -> list[Block]:
    """Return journeys by district and by phase, with the carbon that goes with them."""
    county, name = facts.county
    before, after = (facts.journey("median_min", county, s) for s in (facts.base, facts.main))
    text = f"In {facts.year_text} the median journey in {name} would be {figure_text(after)} minutes"
    text += f" {facts.scenario_words(facts.main)}"
    if facts.base != facts.main:
        text += f", {minutes_words(difference(whole(after), whole(before)), facts.scenario_words(facts.base))}"
    longest = sorted(
        ((facts.journey("median_min", area, facts.main), district) for area, district in facts.districts),
        key=lambda row: -row[0].value if row[0].value is not None else 1.0,
    )
    alt = f"Dot plots of median and 90th percentile by district. {text}."
    caption = "Journeys by district, minutes one way, direct time"
    if longest and longest[0][0].is_known:
        caption = f"Pupils from {longest[0][1]} would have the longest median journey{facts.illustrative_tag}"
        alt += (
            f" The longest median is in {longest[0][1]}, {figure_text(longest[0][0])} minutes{facts.illustrative_tag}."
        )
    measures = ("pupils", "mean_min", "median_min", "p90_min", "over_limit_pupils", "not_daily_pupils")
    measure_columns = (
        Column("Day pupils placed"),
        Column("Mean, minutes"),
        Column("Median, minutes"),
        Column("90th percentile, minutes", width=1.2),
        Column("Over 45 or 75 minutes, pupils", width=1.3),
        Column("Residential, pupils", width=1.1),
    )
    where = {"scenario_id": facts.main, "policy": facts.policy, "year": facts.year}
    # A measure that is published for the county only is left out of the table by district.
    kept = [
        place
        for place, m in enumerate(measures)
        if any(f.is_known or f.hidden for f in (facts.journey(m, area, facts.main) for area, _ in facts.districts))
    ]
    rows = [
        (label, *(figure_text(facts.journey(measures[place], area, facts.main)) for place in kept))
        for area, label in (*facts.districts, facts.county)
    ]
    by_district = tuple(measure_columns[place] for place in kept)
    title = f"{facts.year_text}, {style.scenario_title(facts.main).lower()}"
    codes = [code for code in v.PHASES if len(facts.rows("journeys_district_phase", area_id=county, phase=code))]
    found = {
        code: [facts.figure("journeys_district_phase", m, area_id=county, phase=code, **where) for m in measures[:5]]
        for code in codes
    }
    used = [place for place in range(5) if any(f[place].is_known or f[place].hidden for f in found.values())]
    phases = tuple((v.PHASE_NAMES[code], *(figure_text(found[code][place]) for place in used)) for code in codes)
    return [
        Heading("Journeys"),
        Paragraph(f"{text}{facts.illustrative_tag}. {DIRECT}"),
        charts.journeys_chart(facts, caption, alt),
        Table(
            f"Journeys by district, {title}",
            (NAME, *by_district),
            tuple(rows),
            total_rows=1,
        ),
        Table(
            f"Journeys by phase, county, {title}",
            (Column("Phase", number=False, width=2.1), *(measure_columns[place] for place in used)),
            phases,
        ),
        _carbon(facts),
    ]


def _carbon(facts: Facts) -> Table:
    county = facts.county[0]
    rows = []
    for scenario in facts.standing:
        distance = facts.journey("pupil_km_per_year", county, scenario)
        low, central, high = (
            Figure(f.known / 1000) if f.is_known else f
            for f in (facts.journey(f"kgco2e_{case}", county, scenario) for case in ("low", "central", "high"))
        )
        million = Figure(distance.known / 1e6) if distance.is_known else distance
        rows.append(
            (style.scenario_title(scenario), figure_text(million, 1), figure_text(central), range_words(low, high))
        )
    columns = (
        Column("Scenario", number=False, width=2.0),
        Column("Pupil-kilometres a year, million", width=1.4),
        Column("Carbon a year, tonnes CO2e", width=1.4),
        Column("Range, tonnes CO2e", width=1.4),
    )
    note = "Carbon follows vehicle-kilometres, with empty running, for transported pupils only."
    return Table(f"Distance and carbon, county, {facts.year_text}", columns, tuple(rows), (note,))
