"""The paper on provision and on sufficiency: places by district and type, who has no local place, where, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report import charts, charts_map
from sufficiency.outputs.report.blocks import (
    Block,
    Column,
    Heading,
    Paragraph,
    Table,
)
from sufficiency.outputs.report.front import WITHOUT
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    figure_text,
    list_words,
    share_sentence,
    signed_figure,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["provision_section", "sufficiency_section"]

NAME: Final = Column("District", number=False, width=2.1)


def provision_section(facts: Facts) -> list[Block]:
    """Return local places by district and type, and the location balance."""
    first, county = facts.parameters.first_year, facts.county
    columns = (
        NAME,
        Column(f"Special school places {year_label(first)}"),
        Column(f"Specialist base places {year_label(first)}"),
        Column(f"Places {year_label(first)}"),
        Column(f"Places {facts.year_text}, {style.scenario_title(facts.main).lower()}"),
        Column(f"Resident pupils {facts.year_text}"),
        Column(f"Location balance {facts.year_text}"),
    )

    def line(area: str, name: str, kinds: list[str]) -> tuple[str, ...]:
        return (
            name,
            *kinds,
            figure_text(facts.area("capacity_places", area, facts.base, year=first)),
            figure_text(facts.area("capacity_places", area, facts.main)),
            figure_text(facts.area("demand_pupils", area, facts.main)),
            signed_figure(facts.area("location_balance_places", area, facts.main)),
        )

    kinds_of = {
        area: [
            facts.figure(
                "capacity_district_type",
                "capacity_places",
                scenario_id=facts.base,
                year=first,
                area_id=area,
                provision_type=kind,
            )
            for kind in v.HEADLINE_TYPES
        ]
        for area, _ in facts.districts
    }
    rows = [line(area, name, [figure_text(x) for x in kinds_of[area]]) for area, name in facts.districts]
    totals = []
    for place, kind in enumerate(v.HEADLINE_TYPES):
        where = {"scenario_id": facts.base, "year": first, "area_id": county[0], "provision_type": kind}
        whole = facts.figure("capacity_district_type", "capacity_places", **where)
        cells = [found[place] for found in kinds_of.values()]
        if not whole.is_known and all(cell.is_known for cell in cells):
            whole = Figure(sum(cell.known for cell in cells))
        totals.append(figure_text(whole))
    rows.append(line(*county, totals))
    places = facts.area("capacity_places", county[0], facts.base, year=first)
    return [
        Heading("Provision and capacity"),
        Paragraph(
            f"{county[1]} has {count_words(places, 'local state-funded place')} in special schools and specialist "
            "bases in "
            f"{year_label(first)}. Independent places and other councils' places are not counted as capacity; they "
            "are shown as "
            "reliance."
        ),
        Table(
            "Local places by district and type",
            columns,
            tuple(rows),
            (
                (
                    "Location balance = places that stand in the district less pupils who live there. It is "
                    "location balance, not "
                    "unmet need: some schools serve the whole county. Capacities of named schools that are not "
                    "published are inputs "
                    "only; places are shown by district and type."
                ),
            ),
            total_rows=1,
        ),
        *_use(facts),
    ]


def _use(facts: Facts) -> list[Block]:
    """Return how the places of each district and type would be used with the main scenario, in words and a table."""
    if not facts.has("occupancy_district_type"):
        return []
    where = {"scenario_id": facts.main, "policy": facts.policy, "year": facts.year}

    def found(area: str, kind: str) -> list[Figure]:
        names = ("capacity_places", "placed_pupils", "empty_places")
        return [
            facts.figure("occupancy_district_type", name, area_id=area, provision_type=kind, **where) for name in names
        ]

    rows = tuple(
        (name, *(figure_text(one) for kind in v.HEADLINE_TYPES for one in found(area, kind)))
        for area, name in (*facts.districts, facts.county)
    )
    columns = [NAME]
    for kind in v.HEADLINE_TYPES:
        columns += [
            Column(f"{v.PROVISION_TYPE_NAMES[kind]}: places", width=1.1), Column("pupils placed"), Column("empty"),
        ]  # fmt: skip
    title = style.scenario_title(facts.main).lower()
    empty = {kind: found(facts.county[0], kind)[2] for kind in v.HEADLINE_TYPES}
    parts = [
        f"{count_words(figure, f'{v.PROVISION_TYPE_NAMES[kind].lower()} place')}" for kind, figure in empty.items()
    ]
    said = (
        f"{style.sentence_case(facts.scenario_words(facts.main))}, in {facts.year_text}, {list_words(parts)} would be "
        f"empty{facts.illustrative_tag}. This is use by the pupils who live in {facts.county[1]}; how full schools are "
        "by their rolls is not told here."
    )
    note = (
        "Pupils placed = the county's pupils in places of the district, wherever they live, with the best use of "
        "places; other councils' pupils are not counted, so that this is no occupancy of schools by their rolls. What "
        "is placed in one school alone is hidden, unless every place of its type in the county is taken."
    )
    caption = f"Use of local places by district and type, {facts.year_text}, {title}{facts.illustrative_tag}"
    return [Paragraph(said), Table(caption, tuple(columns), rows, (note,), total_rows=1)]


_REDRAWN: Final = (
    "How far this order rests on figures that are not published is worked out apart, by drawing them anew 500 times: "
    "the command “sufficiency redraw” tells how often each district comes out widest."
)
_COUNTS: Final = (
    "demand_pupils",
    "placed_local_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "without_local_place_pupils",
)
_COUNT_COLUMNS: Final = (
    Column("Need a place, pupils"),
    Column("Local place"),
    Column("Other council"),
    Column("Independent", width=1.15),
    Column("No modelled place", width=1.1),
    Column("Without local place", width=1.1),
    Column("Share without"),
)


def _count_line(facts: Facts, name: str, area: str, scenario: str) -> tuple[str, ...]:
    counts = [figure_text(facts.area(column, area, scenario)) for column in _COUNTS]
    return (name, *counts, figure_text(facts.area("without_local_place_share", area, scenario), share=True))


def sufficiency_section(facts: Facts) -> list[Block]:
    """Return the districts ranked, mapped and tabled, and the reasons."""
    ranked, county = facts.ranked(facts.base), facts.county
    known = [row for row in ranked if row[2].is_known]
    blocks: list[Block] = [Heading("Sufficiency: who has no local place")]
    caption, alt = "Residents without a local state-funded specialist place (modelled), share", "The shares are hidden."
    if known:
        order = list_words([f"{name} ({style.share_text(share.known)})" for _, name, share in known])
        total = share_sentence(
            facts.area("without_local_place_pupils", county[0], facts.base),
            facts.area("demand_pupils", county[0], facts.base),
            "pupils",
        )
        blocks.append(
            Paragraph(
                f"{style.sentence_case(facts.scenario_words(facts.base))}, {total} would be {WITHOUT} in "
                f"{facts.year_text}. From the "
                f"highest share to the lowest, the districts are {order}{facts.illustrative_tag}."
            )
        )
        top = known[0]
        caption = f"{top[1]} has the highest share of residents without a local place{facts.illustrative_tag}"
        after = list_words(
            [
                f"{name} {figure_text(facts.area('without_local_place_share', area, facts.main), share=True)}"
                for area, name, _ in known
            ]
        )
        alt = (
            f"Maps of the districts, before and after. {style.sentence_case(facts.scenario_words(facts.base))}: "
            f"{order}. "
            f"{style.sentence_case(facts.scenario_words(facts.main))}: {after}{facts.illustrative_tag}."
        )
    rows = [_count_line(facts, name, area, facts.base) for area, name, _ in ranked]
    rows.append(_count_line(facts, county[1], county[0], facts.base))
    title = f"{facts.year_text}, {style.scenario_title(facts.base).lower()}"
    blocks += [
        charts_map.map_picture(facts, caption, alt),
        Table(
            f"Where residents are placed, highest share first, {title}",
            (NAME, *_COUNT_COLUMNS),
            tuple(rows),
            ("Best use of places.",),
            total_rows=1,
        ),
    ]
    return [*blocks, Paragraph(_REDRAWN, "note"), *_gap(facts), *_reasons(facts)]


def _gap(facts: Facts) -> list[Block]:
    """Return the waterfall of the county's pupils without a local place, by where they would be instead and why."""
    if not facts.has("reasons"):
        return []
    area = facts.county[0]
    total = facts.area("without_local_place_pupils", area, facts.base)
    steps = [
        ("In other councils' schools", facts.area("other_council_pupils", area, facts.base)),
        ("In independent and non-maintained schools", facts.area("independent_pupils", area, facts.base)),
    ]
    steps += [
        (f"No modelled place: {text}", _reason(facts, code, facts.base)) for code, text in v.UNPLACED_REASONS.items()
    ]
    shown = [(name, figure) for name, figure in steps if figure.value != 0]
    caption = (
        f"Where the {count_words(total, 'pupil')} without a local place would be instead, and why, {facts.year_text}, "
        f"{style.scenario_title(facts.base).lower()}{facts.illustrative_tag}"
    )
    told = "; ".join(f"{name} {figure_text(figure)}" for name, figure in shown)
    picture = charts.gap_chart([*shown, ("Without a local place", total)], caption, f"Waterfall: {told}.")
    return [picture] if picture is not None else []


def _reasons(facts: Facts) -> list[Block]:
    if not facts.has("reasons"):
        return []
    where = {"policy": facts.policy, "year": facts.year}
    listed = facts.rows("reasons", **where)
    texts = {str(r): str(t) for r, t in zip(listed["reason"], listed["reason_text"], strict=True)}
    found = {
        code: [_reason(facts, code, scenario) for scenario in facts.standing]
        for code in v.UNPLACED_REASONS
        if code in texts
    }
    rows = tuple(
        (style.sentence_case(texts[code]), *(figure_text(figure) for figure in figures))
        for code, figures in found.items()
        if any(figure.value != 0 for figure in figures)
    )
    if not rows:
        return []
    columns = (
        Column("First reason that applies", number=False, width=4.0),
        *(Column(f"{style.scenario_title(s)}, pupils") for s in facts.standing),
    )
    return [Table(f"Why pupils have no modelled place, county, {facts.year_text}", columns, rows)]


def _reason(facts: Facts, code: str, scenario: str) -> Figure:
    rows = facts.rows("reasons", reason=code, scenario_id=scenario, policy=facts.policy, year=facts.year)
    return facts.at("reasons", rows.index[0], "pupils") if len(rows) else Figure(0)
