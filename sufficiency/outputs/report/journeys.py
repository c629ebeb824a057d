"""The paper on journeys: direct time and time as ridden by district and phase, distance and carbon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.report import charts
from sufficiency.outputs.report.blocks import Block, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.money_change import carbon_policy
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    minutes_words,
    range_in_brackets,
    range_words,
    whole,
)
from sufficiency.outputs.report.sufficiency import NAME

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["journeys_section"]

DIRECT: Final = (
    "Direct time by car in the school morning, home place to school, without pick-ups. "
    "45 minutes (primary) and 75 minutes (secondary) are the national guide for compulsory school age; for others "
    "they are "
    "for information. Residential pupils are counted apart."
)


_COLUMNS: Final = {
    "pupils": Column("Day pupils placed"),
    "mean_min": Column("Mean, direct, minutes"),
    "ridden_mean_min": Column("Mean as ridden, minutes", width=1.1),
    "median_min": Column("Median, direct, minutes", width=1.1),
    "p90_min": Column("90th percentile, direct, minutes", width=1.3),
    "over_limit_pupils": Column("Over 45 or 75 minutes, direct, pupils", width=1.4),
    "ridden_over_limit_pupils": Column("Over 45 or 75 minutes as ridden, pupils", width=1.4),
    "not_daily_pupils": Column("Residential, pupils", width=1.1),
}
# beside the name: a table of more than eight columns cannot be read
_MOST_MEASURES: Final = 7


def _ridden(facts: Facts) -> list[Block]:
    """Return what pupils would ride with other pick-ups, and how that is estimated; nothing if not modelled."""
    county = facts.county[0]
    ridden, over = (facts.journey(m, county, facts.main) for m in ("ridden_mean_min", "ridden_over_limit_pupils"))
    if not ridden.is_known:
        return []
    direct = facts.journey("mean_min", county, facts.main)
    seats, boarding_s, limit = (
        float(facts.parameters.value(name)) for name in ("vehicle_seats", "boarding_s", "pickup_detour_limit_min")
    )
    mean_range, over_range = (
        range_in_brackets(*facts.journey_range(name)) for name in ("ridden_mean_min", "ridden_over_limit_pupils")
    )
    text = (
        f"As ridden, with other pick-ups on the way, the mean journey would be {figure_text(ridden)} minutes"
        f"{mean_range} where the direct one is {figure_text(direct)}, with "
        f"{count_words(over, 'pupil')} over 45 or 75 minutes{over_range}"
        f"{facts.illustrative_tag}. This is an estimate, not a plan of routes: a vehicle of {seats:g} seats "
        "starts at the pupil who lives farthest away and calls where it adds least to its way, every pupil takes "
        f"{boarding_s / 60:g} minutes to board, and its first pupils ride at most {limit:g} minutes longer than "
        f"directly. The ranges are for {_ends(facts, 'vehicle_seats')} seats, {_ends(facts, 'boarding_s')} seconds "
        f"to board and {_ends(facts, 'pickup_detour_limit_min')} minutes longer at most. The pupils of a zone board at "
        "one point, so calling at several homes there costs no driving."
    )
    return [Paragraph(text)]


def _ends(facts: Facts, name: str) -> str:
    low, _, high = facts.parameters.range(name)
    return f"{float(low):g}" if low == high else f"{float(low):g} to {float(high):g}"


def _by_speed(facts: Facts) -> list[Block]:
    """Return the county's journeys at the low and the high times of the roads; nothing where there are none."""
    told = {"median_min": "the median would be", "p90_min": "the 90th percentile", "mean_min": "the mean"}
    words = [f"{text} {range_words(*facts.journey_range(name))} minutes" for name, text in told.items()
             if all(one.is_known for one in facts.journey_range(name))]  # fmt: skip
    if not words:
        return []
    low, high = facts.journey_range("over_limit_pupils")
    over = f", with {range_words(low, high)} pupils over 45 or 75 minutes" if low.is_known and high.is_known else ""
    text = f"At the low and the high driving times of the speed table {', '.join(words)}{over}"
    return [Paragraph(f"{text}{facts.illustrative_tag}; every pupil is placed as before.")]


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
    return [
        Heading("Journeys"),
        Paragraph(f"{text}{facts.illustrative_tag}. {DIRECT}"),
        *_by_speed(facts),
        *_ridden(facts),
        charts.journeys_chart(facts, caption, alt),
        _by_district(facts),
        _by_phase(facts),
        _carbon(facts),
    ]


def _by_district(facts: Facts) -> Table:
    rows = {
        area: {measure: facts.journey(measure, area, facts.main) for measure in _COLUMNS}
        for area, _ in (*facts.districts, facts.county)
    }
    # A measure that is published for the county only is left out of the table by district, and then the last ones.
    kept = [m for m in _COLUMNS if any(_is_told(rows[area][m]) for area, _ in facts.districts)][:_MOST_MEASURES]
    return Table(
        f"Journeys by district, {facts.year_text}, {style.scenario_title(facts.main).lower()}",
        (NAME, *(_COLUMNS[measure] for measure in kept)),
        tuple(
            (label, *(figure_text(rows[area][measure]) for measure in kept))
            for area, label in (*facts.districts, facts.county)
        ),
        total_rows=1,
    )


def _by_phase(facts: Facts) -> Table:
    county = facts.county[0]
    where = {"scenario_id": facts.main, "policy": facts.policy, "year": facts.year, "area_id": county}
    codes = [code for code in v.PHASES if len(facts.rows("journeys_district_phase", area_id=county, phase=code))]
    measures = [measure for measure in _COLUMNS if measure != "not_daily_pupils"]
    rows = {
        code: {m: facts.figure("journeys_district_phase", m, phase=code, **where) for m in measures} for code in codes
    }
    kept = [measure for measure in measures if any(_is_told(row[measure]) for row in rows.values())]
    return Table(
        f"Journeys by phase, county, {facts.year_text}, {style.scenario_title(facts.main).lower()}",
        (Column("Phase", number=False, width=2.1), *(_COLUMNS[measure] for measure in kept)),
        tuple((v.PHASE_NAMES[code], *(figure_text(row[measure]) for measure in kept)) for code, row in rows.items()),
    )


def _is_told(figure: Figure) -> bool:
    return figure.is_known or figure.hidden


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
    use = style.POLICY_TITLES[facts.policy].lower()
    note = "Carbon follows vehicle-kilometres, with empty running, for transported pupils only."
    moved = carbon_policy(facts)
    if moved not in {"", facts.policy}:
        note += (
            f" These figures are for “{use}”; the change of carbon beside the money is for "
            f"“{style.POLICY_TITLES[moved].lower()}”, so that the two differ."
        )
    return Table(f"Distance and carbon, county, {facts.year_text}, {use}", columns, tuple(rows), (note,))
