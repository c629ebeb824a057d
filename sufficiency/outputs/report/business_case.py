"""The business case of a scheme: the need, the options, whom it serves, its money in each purse, and its risks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    Blank,
    Block,
    Bullets,
    Callout,
    Card,
    Cards,
    Column,
    Heading,
    Paragraph,
    Table,
)
from sufficiency.outputs.report.paper_charts import scenario_lines
from sufficiency.outputs.report.paper_parts import (
    CASES,
    Draft,
    Scheme,
    date_words,
    file_stems,
    forecast_years,
    front_callouts,
    require_schemes,
    scheme_text,
    stock,
)
from sufficiency.outputs.report.schemes import scheme_page
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    gbp_range_words,
    list_words,
    scaled,
    summed,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.outputs.report.facts import Facts

__all__ = ["business_cases"]

_RATE: Final = "capital_gbp_per_base_place"
_WITHOUT_NOTE: Final = (
    "Without this scheme = the whole programme but this scheme, all pupils placed anew. Places short = pupils who need "
    "a place less local places; a negative number is places above need. Best use of places; no forecast of where a "
    "child goes."
)
_GAP_NOTE: Final = (
    "Residents of the area, wherever their place would be. In another council's school, in an independent school, or "
    "with no modelled place."
)
_BLANKS: Final = (
    ("Strategic fit", "How the scheme serves the council's plan and its SEND strategy."),
    ("Affordability", "The chief finance officer's view of capital and revenue; approvals and spend to date."),
    ("Procurement and delivery", "Route to market, programme, contingency and who is accountable."),
    ("Legal implications", "The monitoring officer's view, and the statutory process with its dates."),
    (
        "Equality and inclusion implications",
        (
            "The assessment. Evidence by phase, need and district is in the internal tables of the command schemes; "
            "it is evidence for an assessment, and is not one."
        ),
    ),
    ("Consultation", "What was asked of whom, and what they said."),
)


def business_cases(facts: Facts, *, scheme_ids: Sequence[str] = ()) -> list[Draft]:
    """Return a business case for each scheme wanted, in order of opening; for all when none is named.

    Raises
    ------
    ParameterError
        When a scheme is unknown, adds no special-school or specialist-base places, or is not in the programme.
    """
    schemes = require_schemes(facts)
    known = {one.scheme_id for one in schemes}
    wrong = [name for name in dict.fromkeys(scheme_ids) if name not in known]
    if wrong:
        message = (
            f"there is no business case for {', '.join(wrong)}: it is made for schemes of the programme that add "
            f"special-school or specialist-base places, which are {', '.join(sorted(known))}"
        )
        raise ParameterError(message)
    wanted = [one for one in schemes if not scheme_ids or one.scheme_id in set(scheme_ids)]
    stems = file_stems("business-case", [one.scheme_id for one in wanted])
    return [_case(facts, one, stem) for one, stem in zip(wanted, stems, strict=True)]


def _case(facts: Facts, scheme: Scheme, stem: str) -> Draft:
    page = scheme_page(facts, scheme.index)
    story = next(block for block in page if isinstance(block, Paragraph))
    tables = [block for block in page if isinstance(block, Table)]
    reasons = [block for block in page if isinstance(block, Callout)]
    first = [table for table in tables if table.caption in {"What it is", "Places open each September"}]
    money = [table for table in tables if table.caption.startswith("Money and decisions")]
    served = [table for table in tables if table not in first and table not in money]
    blocks: tuple[Block, ...] = (
        *_front(facts, scheme, story.text),
        Heading("The scheme", new_page=True),
        *first,
        *reasons,
        *_glossed(reasons),
        *_need(facts, scheme),
        *_options(facts, scheme),
        Heading("Whom it would serve"),
        *served,
        *_money(facts, scheme, money),
        *_risks(facts, scheme),
        Heading("For officers"),
        *(Blank(*blank) for blank in _BLANKS),
    )
    return Draft(stem, _title(facts, scheme), "scheme business case", blocks)


def _glossed(reasons: list[Callout]) -> list[Block]:
    """Return what the codes of needs in the words of a scheme mean."""
    words = {word for one in reasons for word in re.findall(r"[A-Z]{2,}", one.text)}
    told = [f"{code} = {name.lower()}" for code, name in v.NEED_NAMES.items() if code in words]
    return [Paragraph(f"{'; '.join(told)}.", "note")] if told else []


def _year(facts: Facts, scheme: Scheme) -> int | None:
    """Return the year that the case is told in: the headline year, or the last year told where it opens later."""
    rows = facts.rows("scheme_effects", scenario_id=facts.main, scheme_id=scheme.scheme_id)
    years = sorted(int(year) for year in rows["year"])
    return facts.year if facts.year in years else years[-1] if years else None


def _effect(facts: Facts, scheme: Scheme, year: int, column: str) -> Figure:
    where = {"scenario_id": facts.main, "scheme_id": scheme.scheme_id, "year": year}
    return facts.figure("scheme_effects", column, **where)


def _title(facts: Facts, scheme: Scheme) -> str:
    year = _year(facts, scheme)
    start = f"{scheme.name}: {count_words(scheme.places, 'place')}"
    if year is None:
        return f"{start}, opening after the years of this paper{facts.illustrative_tag}"
    more = _effect(facts, scheme, year, "left_out_local_pupils")
    if more.is_known and more.known > 0:
        end = f"without it {count_words(more, 'more pupil')} would have no local place in {year_label(year)}"
        return f"{start}; {end}{facts.illustrative_tag}"
    placed = _effect(facts, scheme, year, "placed_pupils")
    return (
        f"{start}, of which {count_words(placed, 'pupil')} would hold one in {year_label(year)}{facts.illustrative_tag}"
    )


def _front(facts: Facts, scheme: Scheme, story: str) -> list[Block]:
    year = _year(facts, scheme)
    each = [Figure(one.known / scheme.places.known) for one in scheme.capital] if scheme.places.value else []
    known = bool(each) and all(one.is_known for one in each)
    opens = f"The first in September {scheme.first_year}." if scheme.first_year else ""
    central = scheme.capital[1]
    cards = [
        Card("Places when complete", figure_text(scheme.places), opens, "", f"Delivery: {scheme.rating}."),
        Card(
            "Capital, central",
            style.gbp_about(central.known) if central.is_known else figure_text(central),
            _ends(scheme.capital),
            f"{gbp_range_words(*each)} a place." if known else "",
            f"{scheme.line.removesuffix(' (assumed)')}: {'secured' if scheme.secured else 'assumed'}.",
        ),
    ]
    if year is not None:
        more, placed = (_effect(facts, scheme, year, f"left_out_{name}_pupils") for name in ("local", "placed"))
        cards.append(
            Card(
                f"Pupils who have a local place only with it, {year_label(year)}",
                figure_text(more),
                "",
                _elsewhere(more, placed),
                "The whole programme less the programme without this scheme.",
            )
        )
    return [Paragraph(story, "lead"), Cards(tuple(cards)), *_picture(facts, scheme), *front_callouts(facts)]


def _ends(amounts: Sequence[Figure]) -> str:
    """Return the range without what stands between its ends: ``"Range £13.3m to £22.5m."``."""
    told = gbp_range_words(*amounts).partition(" (")[2].rstrip(")")
    return f"Range {told}." if told else ""


def _elsewhere(more: Figure, none: Figure) -> str:
    """Return where the pupils would be who have a local place only with the scheme."""
    if not (more.value and none.is_known) or more.known < 0:
        return ""
    if none.value == 0:
        return "Without it all of them would be in independent or other councils' schools."
    return f"Of these, {figure_text(none)} would have no modelled place."


def _district(facts: Facts, scheme: Scheme) -> tuple[str, str]:
    return (scheme_text(facts, scheme.index, "district_id"), scheme_text(facts, scheme.index, "district_name"))


def _picture(facts: Facts, scheme: Scheme) -> list[Block]:
    """Return the gap of the district by year and scenario, where its figures can be shown."""
    area, name = _district(facts, scheme)
    years = forecast_years(facts)
    lines = [
        (s, [facts.area("without_local_place_pupils", area, s, year=year) for year in years]) for s in facts.standing
    ]
    if not any(one.is_known for _, row in lines for one in row):
        return []
    parts = []
    for scenario, row in lines:
        last = row[years.index(facts.year)] if facts.year in years else row[-1]
        parts.append(f"{count_words(last, 'pupil')} {facts.scenario_words(scenario)}")
    finding = f"{name}, {facts.year_text}: without a local place would be {list_words(parts)}{facts.illustrative_tag}"
    caption = f"Residents of {name} without a local place, by September{facts.illustrative_tag}"
    return [scenario_lines("gap-district", lines, years, caption, f"Lines by year. {finding}.")]


def _need(facts: Facts, scheme: Scheme) -> list[Block]:
    """Return the strategic need: the gap of the district and of the cluster by year and scenario."""
    blocks: list[Block] = [Heading("The need it answers")]
    district, name = _district(facts, scheme)
    cluster = scheme_text(facts, scheme.index, "cluster_id")
    places = [(district, name), (cluster, scheme_text(facts, scheme.index, "cluster_name"))]
    years = forecast_years(facts)
    for area, title in places:
        rows = []
        need = [facts.area("demand_pupils", area, facts.main, year=year) for year in years]
        if not any(one.is_known or one.hidden for one in need):
            continue
        rows.append(("Need a specialist place, pupils", *map(figure_text, need)))
        for scenario in facts.standing:
            found = [facts.area("without_local_place_pupils", area, scenario, year=year) for year in years]
            label = f"Without a local place: {style.scenario_title(scenario).lower()}"
            rows.append((label, *map(figure_text, found)))
        columns = (Column("Residents", number=False, width=3.2), *(Column(year_label(year)) for year in years))
        kind = "district" if area == district else "cluster"
        blocks.append(
            Table(f"{title} ({kind}): pupils by year{facts.illustrative_tag}", columns, tuple(rows), (_GAP_NOTE,))
        )
    return blocks if len(blocks) > 1 else []


def _options(facts: Facts, scheme: Scheme) -> list[Block]:
    year = _year(facts, scheme)
    if year is None:
        return []
    county = facts.county[0]
    ids = [s for s in (facts.base, facts.against) if s != facts.main]
    others = [s for s in facts.scenarios if s not in {*ids, facts.main}]
    rows = [_option(facts, s, year) for s in dict.fromkeys(ids)]
    rows.append(_without(facts, scheme, year))
    rows += [_option(facts, s, year) for s in (facts.main, *others)]
    columns = (
        Column("Option", number=False, width=2.4),
        Column("Local places"),
        Column("Places short"),
        Column("Pupils without a local place", width=1.2),
        Column("Of these, with no modelled place", width=1.2),
        Column("Median journey, minutes"),
    )
    notes = [_WITHOUT_NOTE]
    left = [
        one.title.removesuffix(" (illustrative)")
        for name, one in facts.inputs.scenarios.items()
        if name not in facts.scenarios
    ]
    if left:
        notes.append(f"Not assessed in this run: {list_words(sorted(left))}.")
    need = facts.area("demand_pupils", county, facts.main, year=year)
    return [
        Heading("The options"),
        Paragraph(
            f"The options are compared for the whole county in {year_label(year)}, when {count_words(need, 'pupil')} "
            f"would need a specialist place{facts.illustrative_tag}."
        ),
        Table(f"Options, county, {year_label(year)}{facts.illustrative_tag}", columns, tuple(rows), tuple(notes)),
    ]


def _option(facts: Facts, scenario: str, year: int) -> tuple[str, ...]:
    county = facts.county[0]
    found = [
        facts.area("capacity_places", county, scenario, year=year),
        facts.shortfall(scenario, year),
        facts.area("without_local_place_pupils", county, scenario, year=year),
        facts.area("unplaced_pupils", county, scenario, year=year),
        whole(facts.journey("median_min", county, scenario, year=year)),
    ]
    title = "The programme, with this scheme" if scenario == facts.main else style.scenario_title(scenario)
    return (title, *map(figure_text, found))


def _without(facts: Facts, scheme: Scheme, year: int) -> tuple[str, ...]:
    """Return the option of the programme without the scheme: the programme's figures and what the scheme changes."""
    county, places = facts.county[0], _effect(facts, scheme, year, "places")
    more, none = (_effect(facts, scheme, year, f"left_out_{name}_pupils") for name in ("local", "placed"))
    found = [
        difference(facts.area("capacity_places", county, facts.main, year=year), places),
        summed([facts.shortfall(facts.main, year), places]),
        summed([facts.area("without_local_place_pupils", county, facts.main, year=year), more]),
        summed([facts.area("unplaced_pupils", county, facts.main, year=year), none]),
    ]
    return ("The programme without this scheme", *map(figure_text, found), style.NOT_APPLICABLE)


def _money(facts: Facts, scheme: Scheme, tables: list[Table]) -> list[Block]:
    """Return capital beside the rates of other schemes, then what follows in the high needs block."""
    blocks: list[Block] = [
        Heading("Money, by purse"),
        Paragraph(
            "Capital, the high needs block and the council's general fund for home to school transport are three "
            "different budgets, and are never added."
        ),
    ]
    if _RATE not in facts.parameters.assumptions:
        return [*blocks, *tables]
    rates = facts.parameters.range(_RATE)
    rows = []
    for case, capital, rate in zip(CASES, scheme.capital, rates, strict=True):
        each = scaled(capital, 1 / scheme.places.known) if scheme.places.value else Figure(None)
        ways = ((capital, style.gbp_about), (each, style.gbp_words))
        cells = [say(one.known) if one.is_known else figure_text(one) for one, say in ways]
        rows.append((case.capitalize(), *cells, style.gbp_words(float(rate))))
    columns = (
        Column("Case", number=False),
        Column("Capital of this scheme", width=1.3),
        Column("A place"),
        Column("Benchmark rate of a base place", width=1.4),
    )
    source = facts.parameters.assumptions[_RATE].source.rstrip(".")
    blocks.append(
        Table(
            f"Capital beside the benchmark rates{facts.illustrative_tag}", columns, tuple(rows), (f"Rates: {source}.",)
        )
    )
    return [*blocks, *tables]


def _risks(facts: Facts, scheme: Scheme) -> list[Block]:
    tag = facts.illustrative_tag
    items = []
    gone = []
    for at in forecast_years(facts):
        lost = difference(stock(facts, scheme, at), stock(facts, scheme, at - 1))
        if lost.is_known and lost.known > 0:
            gone.append(f"{count_words(lost, 'place')} in {year_label(at)}")
    if gone:
        items.append(f"Delivery: a year late, the scheme would leave out {list_words(gone)}{tag}.")
    items.append(f"Delivery rating: {scheme.rating}. Decision needed by: {date_words(scheme.decision)}.")
    items.append(
        "Money: the capital is secured."
        if scheme.secured
        else "Money: the capital is assumed; without it the option is the programme without this scheme."
    )
    items += _forecast_risk(facts, scheme)
    year = _year(facts, scheme)
    if year is not None:
        places, placed = (_effect(facts, scheme, year, name) for name in ("places", "placed_pupils"))
        empty = difference(places, placed)
        if empty.is_known and empty.known > 0:
            items.append(
                f"Use: in {year_label(year)} the best joint placement would leave {count_words(empty, 'place')} of it "
                f"empty{tag}."
            )
    items.append("Other schemes stand in for this one and it for them: effects of single schemes do not add up.")
    return [Heading("Risks and what it depends on"), Bullets(tuple(items))]


def _forecast_risk(facts: Facts, scheme: Scheme) -> list[str]:
    if not facts.has("forecast_range"):
        return []
    area, name = _district(facts, scheme)
    where = {"area_id": area, "year": facts.year, "phase": "all", "need": "all", "provision_type": "headline"}
    low, high = (facts.figure("forecast_range", column, **where) for column in ("p10_pupils", "p90_pupils"))
    if not (low.is_known and high.is_known):
        return []
    residents = f"{figure_text(low)} to {count_words(high, 'resident')} of {name}"
    return [
        (
            f"Demand: in {facts.year_text} {residents} would need a specialist place in eight of ten draws of the "
            f"forecast{facts.illustrative_tag}."
        )
    ]
