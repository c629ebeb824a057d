"""The paper for the Schools Forum: places to commission next year, and what they mean for the high needs block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.measures.displacement import KIND_WORDS, NET
from sufficiency.model import vocabulary as v
from sufficiency.model.assumptions import COUNTERFACTUALS
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Blank, Block, Callout, Card, Cards, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.money_change import cost_words, one_unit
from sufficiency.outputs.report.paper_charts import range_rows
from sufficiency.outputs.report.paper_parts import (
    CASES,
    Draft,
    Scheme,
    coming_september,
    front_callouts,
    schemes_of,
    stock,
    total,
)
from sufficiency.outputs.report.schools_forum_settings import settings_section
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    gbp_range_words,
    signed_figure,
    summed,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["schools_forum"]

_BANDS: Final = tuple(f"gbp_{case}" for case in CASES)
_OTHERWISE: Final = {
    "independent": "In an independent or non-maintained place",
    "mainstream": "In mainstream with a top-up",
    "other_arrangements": "Educated elsewhere than at a school",
    "other_council": "In another council's school",
}
_PRICES: Final = (
    ("special_school_place_gbp", "Local special-school place, place funding and top-up"),
    ("specialist_base_place_gbp", "Local specialist-base place, place funding and top-up"),
    ("special_school_place_funding_gbp", "Place funding of an empty special-school place"),
    ("specialist_base_place_funding_gbp", "Place funding of an empty base place"),
    ("independent_place_gbp", "Independent or non-maintained place"),
    ("other_council_place_gbp", "Place in another council's school"),
    ("start_up_gbp_per_place", "Start-up of a new place, once"),
)
_PLANNED: Final = (
    "Planned places, which the model uses: not the numbers that the council has agreed with schools. A scheme counts "
    "only if it opens on time."
)
_SIGN: Final = (
    "A plain amount is a cost to the high needs block, one with a minus a saving. Savings come only from places that "
    "are displaced; base places that fill from mainstream are a net cost. Pupils already in independent schools rarely "
    "move."
)


def schools_forum(facts: Facts) -> list[Draft]:
    """Return the paper of the Schools Forum."""
    year = coming_september(facts)
    now, then = (_county_places(facts, facts.main, at) for at in (year - 1, year))
    title = (
        f"{facts.county[1]} would have {count_words(then, 'special-school and base place')} to commission in "
        f"{year_label(year)}, {_compared(difference(then, now))} {year_label(year - 1)}{facts.illustrative_tag}"
    )
    blocks = (
        *_front(facts, year, (now, then)),
        *_places(facts, year),
        *settings_section(facts),
        *_high_needs(facts, year),
        *_assumed(facts),
        Heading("For officers"),
        Blank("Numbers agreed with schools", "Places agreed for each school, and the date of each agreement."),
        Blank("Dedicated schools grant", "The block's position and any transfer between blocks that is asked for."),
        Blank("Views of the Forum", "What was asked, and what was said."),
    )
    return [Draft("schools-forum", title, "paper to the Schools Forum", blocks)]


def _compared(change: Figure) -> str:
    """Return a change as far as the year it is compared with: ``"102 more than in"``."""
    if change.value is None:
        return "with no figure to compare for"
    size = round(change.value)
    return f"{style.number_text(abs(size))} {'more' if size > 0 else 'fewer'} than in" if size else "as many as in"


def _places_of(facts: Facts, area: str, kind: str, scenario: str, year: int) -> Figure:
    where = {"area_id": area, "provision_type": kind, "scenario_id": scenario, "year": year}
    return facts.figure("capacity_district_type", "capacity_places", **where)


def _county_places(facts: Facts, scenario: str, year: int) -> Figure:
    """Return the county's special-school and base places: its own rows, or the sum of its districts."""
    return summed([_kind_places(facts, kind, scenario, year) for kind in v.HEADLINE_TYPES])


def _kind_places(facts: Facts, kind: str, scenario: str, year: int) -> Figure:
    found = _places_of(facts, facts.county[0], kind, scenario, year)
    if found.is_known or found.hidden:
        return found
    return summed([_places_of(facts, area, kind, scenario, year) for area, _ in facts.districts])


def _front(facts: Facts, year: int, places: tuple[Figure, Figure]) -> list[Block]:
    now, then = places
    tag = facts.illustrative_tag
    firm = _county_places(facts, facts.against, year)
    need = facts.area("demand_pupils", facts.county[0], facts.main, year=year)
    net, policy = _net(facts, year)
    lead = (
        f"In {year_label(year)}, {count_words(need, 'pupil')} living in {facts.county[1]} are expected to need a "
        f"special school or specialist base place, and {count_words(then, 'local place')} would be open if every "
        f"scheme of the programme opens on time; {figure_text(firm)} with committed schemes only{tag}."
    )
    if policy:
        lead += (
            f" Against committed schemes only, the high needs block would have "
            f"{cost_words(*(one.known for one in net))}{tag}."
        )
    cards = [
        Card(
            f"Local places to commission, {year_label(year)}",
            figure_text(then),
            f"{figure_text(firm)} with committed schemes only.",
            f"{signed_figure(difference(then, now))} on {year_label(year - 1)}.",
            "Special schools and specialist bases; planned places.",
        ),
        Card(
            f"Places short, {year_label(year)}",
            figure_text(facts.shortfall(facts.main, year)),
            f"{figure_text(facts.shortfall(facts.against, year))} with committed schemes only.",
            "",
            "Pupils who need a place less local places; a negative number is places above need.",
        ),
    ]
    if policy:
        cards.append(
            Card(
                f"High needs block, net change in {year_label(year)}",
                style.gbp_about(net[1].known),
                f"Range {gbp_range_words(*net).partition(' (')[2].rstrip(')')}.",
                "",
                "The programme less committed schemes only; minus = saving.",
            )
        )
    return [Paragraph(lead, "lead"), Cards(tuple(cards)), *_picture(facts, year), *front_callouts(facts)]


def _policy(facts: Facts) -> str:
    """Return the policy that money follows: placed pupils stay and new starters join, where the run has it."""
    return "rolling" if (facts.released.tables["money_change"]["policy"] == "rolling").any() else facts.policy


def _net(facts: Facts, year: int) -> tuple[tuple[Figure, ...], str]:
    """Return the net change of the high needs block, and its policy; no policy where it is not known."""
    if not (facts.has("money_change") and facts.compares):
        return (Figure(None),) * 3, ""
    where = {"policy": _policy(facts), "item": NET, "scenario_id": facts.main, "against_id": facts.against}
    found = tuple(facts.figure("money_change", band, year=year, **where) for band in _BANDS)
    return found, _policy(facts) if all(one.is_known for one in found) else ""


def _lines(facts: Facts, year: int) -> list[tuple[str, list[Figure]]]:
    """Return the lines of the high needs block that change in a year, the net change last."""
    if not (facts.has("money_change") and facts.compares):
        return []
    where = {"scenario_id": facts.main, "against_id": facts.against, "policy": _policy(facts), "year": year}
    rows = facts.rows("money_change", purse="high_needs_block", **where)
    lines = []
    for index in rows.index:
        found = [facts.at("money_change", index, band) for band in _BANDS]
        item = str(rows.at[index, "item"])
        if item == NET or any(one.value != 0 for one in found):
            lines.append((item, found))
    return sorted(lines, key=lambda line: line[0] == NET) if len(lines) > 1 else []


def _picture(facts: Facts, year: int) -> list[Block]:
    lines = _lines(facts, year)
    if not lines or not all(one.is_known for _, found in lines for one in found):
        return []
    short = [(_short(item), found) for item, found in lines]
    words = cost_words(*(one.known for one in lines[-1][1]))
    title = f"The high needs block in {year_label(year)}: {words}{facts.illustrative_tag}"
    alt = f"Ranges around zero for each line. {title}."
    return [range_rows("high-needs", short, f"What changes in the high needs block, {year_label(year)}"
                       f"{facts.illustrative_tag}", alt)]  # fmt: skip


def _short(item: str) -> str:
    """Return the name of a line as a label: ``"Special school: otherwise in mainstream with a top-up"``."""
    text = item
    for kind, words in KIND_WORDS.items():
        text = text.replace(f"{words} pupils, ", f"{v.PROVISION_TYPE_NAMES[kind]}: ")
        text = text.replace(f"{words} ", f"{v.PROVISION_TYPE_NAMES[kind]}: ")
    return text.replace(" or non-maintained", "").replace(" than at a school", "")


def _places(facts: Facts, year: int) -> list[Block]:
    """Return planned places this year and next by district and type, and the schemes that open."""
    rows = []
    for area, name in (*facts.districts, facts.county):
        cells: list[str] = []
        for kind in v.HEADLINE_TYPES:
            county = area == facts.county[0]
            now, then = (
                _kind_places(facts, kind, facts.main, at) if county else _places_of(facts, area, kind, facts.main, at)
                for at in (year - 1, year)
            )
            cells += [figure_text(now), figure_text(then), signed_figure(difference(then, now))]
        rows.append((name, *cells))
    columns = (
        Column("District", number=False, width=1.8),
        *(
            column
            for kind in v.HEADLINE_TYPES
            for column in (
                Column(f"{v.PROVISION_TYPE_NAMES[kind]}: {year_label(year - 1)}", width=1.1),
                Column(year_label(year)),
                Column("Change", width=0.8),
            )
        ),
    )
    return [
        Heading("Places to commission", new_page=True),
        Table(
            f"Planned places by district and type, {style.scenario_title(facts.main).lower()}{facts.illustrative_tag}",
            columns,
            tuple(rows),
            (_PLANNED,),
            total_rows=1,
        ),
        *_opening(facts, year),
    ]


def _opening(facts: Facts, year: int) -> list[Block]:
    schemes = [one for one in schemes_of(facts) if one.headline and one.adds]
    found: list[tuple[Scheme, Figure]] = []
    for one in schemes:
        more = difference(stock(facts, one, year), stock(facts, one, year - 1))
        if more.value is not None and more.value > 0:
            found.append((one, more))
    if not found:
        return []
    rows = [
        (one.name, v.PROVISION_TYPE_NAMES[one.kind], figure_text(more), figure_text(stock(facts, one, year)),
         "secured" if one.secured else "assumed", one.rating)
        for one, more in found
    ]  # fmt: skip
    opened, then = total([more for _, more in found]), total([stock(facts, one, year) for one, _ in found])
    rows.append(("All that open", "", figure_text(opened), figure_text(then), "", ""))
    columns = (
        Column("Scheme", number=False, width=2.6),
        Column("Type", number=False, width=1.3),
        Column("Places that open", width=0.9),
        Column("Places open then", width=0.9),
        Column("Capital", number=False, width=0.9),
        Column("Delivery", number=False, width=1.2),
    )
    title = f"Places that open in September {year}{facts.illustrative_tag}"
    return [Table(title, columns, tuple(rows), total_rows=1)]


def _high_needs(facts: Facts, year: int) -> list[Block]:
    """Return what the block would pay, and what the programme changes in it, with its ranges and signs."""
    blocks: list[Block] = []
    if facts.has("money"):
        blocks += _paid(facts, year)
    if _lines(facts, year):
        blocks.append(Paragraph(_SIGN))
    for at in dict.fromkeys((year, facts.year)):
        lines = _lines(facts, at)
        if lines:
            unit, told = one_unit([one for _, found in lines for one in found])
            rows = tuple((item, *map(told, found)) for item, found in lines)
            columns = (Column("Item", number=False, width=5.8), Column("Lowest"), Column("Central"), Column("Highest"))
            title = f"What the programme changes against committed schemes, {year_label(at)}, {unit}"
            title += facts.illustrative_tag
            blocks.append(Table(title, columns, rows, total_rows=1))
    if not blocks:
        return []
    callout = Callout(
        "One purse of three",
        "The high needs block is a different budget from capital and from home to school transport; nothing here is "
        "added to them.",
    )
    return [Heading("The high needs block"), callout, *blocks]


def _paid(facts: Facts, year: int) -> list[Block]:
    frame = facts.released.tables["money"]
    policies = set(frame["policy"])
    policy = "rolling" if "rolling" in policies else facts.policy
    rows = facts.rows("money", purse="high_needs_block", year=year, policy=policy)
    cases = tuple(dict.fromkeys((facts.against, facts.main)))
    lines = []
    for item in dict.fromkeys(rows["item"]):
        cells = []
        for scenario in cases:
            where = {"item": item, "scenario_id": scenario, "policy": policy, "year": year, "purse": "high_needs_block"}
            cells.append(gbp_range_words(*(facts.figure("money", band, **where) for band in _BANDS)))
        lines.append((str(item), *cells))
    if not lines:
        return []
    columns = (
        Column("Item", number=False, width=2.2),
        *(Column(f"{style.scenario_title(s)}: central (low to high)", width=1.9) for s in cases),
    )
    how = "Pupils who have a place stay in it, and new starters join." if policy == "rolling" else ""
    note = (
        f"Place funding and top-up of places held in the model; pupils without a modelled place are not priced. {how}"
    )
    title = f"What the block would pay for placements, {year_label(year)}{facts.illustrative_tag}"
    return [Table(title, columns, tuple(lines), (note.strip(),))]


def _assumed(facts: Facts) -> list[Block]:
    """Return where new starters would otherwise be, and at what price, as the parameters say."""
    known = facts.parameters.assumptions
    rows = []
    for name in COUNTERFACTUALS:
        cells = []
        for kind in v.HEADLINE_TYPES:
            found = f"{kind}_from_{name}_share"
            cells.append(_range_text(facts, found, share=True) if found in known else style.NOT_APPLICABLE)
        rows.append((_OTHERWISE.get(name, name.replace("_", " ")), *cells))
    columns = (
        Column("Otherwise, a new starter would be", number=False, width=2.2),
        *(Column(f"{v.PROVISION_TYPE_NAMES[kind]}: central (low to high)", width=2.0) for kind in v.HEADLINE_TYPES),
    )
    prices = [(title, _range_text(facts, name), known[name].source) for name, title in _PRICES if name in known]
    return [
        Heading("What is assumed"),
        Paragraph(
            "No count is published of where new starters would otherwise be. The shares below are assumptions, and "
            "decide most of the result."
        ),
        Table("Displacement: shares of new starters", columns, tuple(rows)),
        Table(
            "Prices, pounds a year",
            (
                Column("What", number=False, width=2.2),
                Column("Central (low to high)", width=1.9),
                Column("Source", number=False, width=2.8),
            ),
            tuple(prices),
        ),
    ]


def _range_text(facts: Facts, name: str, *, share: bool = False) -> str:
    low, central, high = (float(one) for one in facts.parameters.range(name))
    if share:
        texts = [style.share_text(one) for one in (central, low, high)]
    else:
        texts = [f"£{style.number_text(one)}" for one in (central, low, high)]
    return texts[0] if low == high else f"{texts[0]} ({texts[1]} to {texts[2]})"
