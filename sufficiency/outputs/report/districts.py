"""One page a district, all in one layout, so that two can be laid side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.report import charts_area, charts_map
from sufficiency.outputs.report.blocks import Block, Callout, Card, Cards, Column, Heading, Table
from sufficiency.outputs.report.sentences import (
    Figure,
    change_sentence,
    count_words,
    difference,
    figure_text,
    list_words,
    minutes_words,
    rank_words,
    share_phrase,
    share_sentence,
    signed_figure,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["district_page", "finding", "has_home_rows", "printed_counts"]

Row = tuple[str, list[Figure]]
LEAST_SHOWN_SHARE: Final = 0.8
_MOST_DISTRICTS: Final = 7


def finding(facts: Facts, area: str, name: str) -> str:
    """Return the finding that heads the page of a district or a cluster."""
    before = facts.area("without_local_place_share", area, facts.base)
    after = facts.area("without_local_place_share", area, facts.main)
    text = f"{name}: {share_phrase(before, 'pupils')} without a local place in {facts.year_text}"
    if facts.base != facts.main and after.value is not None and 0 <= after.value <= 1:
        text += f", {style.share_words(after.value)} {facts.scenario_words(facts.main)}"
    return text + facts.illustrative_tag


def _card_counts(facts: Facts, area: str) -> tuple[Figure, Figure, Figure, Figure, Figure]:
    """Return the counts on the cards: need, without a local place, own district, local place, need at the start."""
    return (
        facts.area("demand_pupils", area, facts.main),
        facts.area("without_local_place_pupils", area, facts.main),
        facts.area("placed_own_area_pupils", area, facts.main),
        facts.area("placed_local_pupils", area, facts.main),
        facts.area("demand_pupils", area, facts.base, year=facts.parameters.first_year),
    )


def _cards(facts: Facts, area: str) -> Cards:
    need, without, own, local, first = _card_counts(facts, area)
    median = facts.journey("median_min", area, facts.main)
    words = facts.scenario_words(facts.main)
    change = facts.change("without_local_place_pupils", area)
    moved = facts.change("median_min", area, journeys=True)
    than = facts.scenario_words(facts.against)
    return Cards(
        (
            Card(
                "Need a specialist place, pupils",
                figure_text(need),
                "",
                f"{count_words(first, 'pupil')} in {v.year_label(facts.parameters.first_year)}.",
                "",
            ),
            Card(
                "Without a local place, pupils",
                figure_text(without),
                words,
                f"{style.sentence_case(change_sentence(change, 'pupil', than))}." if facts.compares else "",
                "",
            ),
            Card(
                "Placed in own district, pupils",
                figure_text(own),
                words,
                "",
                f"{style.sentence_case(count_words(local, 'pupil'))} of the {count_words(need, 'pupil')} who need one "
                "have a local place, in whichever district.",
            ),
            Card(
                "Median journey, minutes",
                figure_text(median),
                f"{words}, direct time one way",
                f"{style.sentence_case(minutes_words(moved, than))}." if facts.compares and _moves(moved) else "",
                "",
            ),
        )
    )


def _moves(change: Figure) -> bool:
    return change.is_known and round(change.known) != 0


def _group_rows(facts: Facts, area: str) -> list[Row]:
    rows: list[Row] = []

    def line(label: str, table: str, **key: str) -> Row:
        where = {"policy": facts.policy, "year": facts.year, "area_id": area, **key}
        need = facts.figure(table, "demand_pupils", scenario_id=facts.main, **where)
        without = [facts.figure(table, "without_local_place_pupils", scenario_id=s, **where) for s in facts.ends]
        return label, [need, *without]

    for code, label in v.NEED_GROUP_NAMES.items():
        if len(facts.rows("sufficiency_district_need_group", area_id=area, need=code)):
            rows.append(line(label, "sufficiency_district_need_group", need=code))
    for code, label in v.PHASE_NAMES.items():
        if len(facts.rows("sufficiency_district_phase", area_id=area, phase=code)):
            rows.append(line(f"{label} (all needs)", "sufficiency_district_phase", phase=code))
    return [*rows, line("All pupils", "sufficiency_area")]


def _cells(rows: list[Row]) -> tuple[tuple[str, ...], ...]:
    return tuple((label, *map(figure_text, figures)) for label, figures in rows)


def _groups_table(facts: Facts, area: str, name: str) -> Table:
    columns = (
        Column("Broad area of need, then phase", number=False, width=2.6),
        Column("Need a place, pupils"),
        *(Column(f"Without local place: {style.scenario_title(s).lower()}", width=1.2) for s in facts.ends),
    )
    return Table(
        f"{name}: need and pupils without a local place, {facts.year_text}",
        columns,
        _cells(_group_rows(facts, area)),
        total_rows=1,
    )


def _flow_rows(facts: Facts, area: str) -> list[Row]:
    """Return where pupils with a local place go: their own district, or another; the full matrix is a table apart."""
    own, local = (
        [facts.area(column, area, s) for s in facts.standing]
        for column in ("placed_own_area_pupils", "placed_local_pupils")
    )
    return [
        ("In their own district", own),
        ("In another district of the county", [difference(*pair) for pair in zip(local, own, strict=True)]),
        ("Pupils with a local place", local),
    ]


def _own_cells(facts: Facts, area: str) -> list[Figure]:
    """Return the counts that stand large on the cards of every district's page, and in its tables."""
    tables = [*_group_rows(facts, area), *_flow_rows(facts, area)]
    used = [one for _, counts, _ in _use_rows(facts, area) for one in counts] if has_use(facts) else []
    return [*_card_counts(facts, area)[:3], *(figure for _, figures in tables for figure in figures), *used]


def _own_counts(facts: Facts, area: str) -> list[Figure]:
    """Return the counts that every district's page prints: its cards, bars and tables."""
    bars = [figure for row in charts_map.bar_figures(facts, area) for figure in row]
    return [*_own_cells(facts, area), *_card_counts(facts, area)[3:], *bars]


def _home_row(facts: Facts, area: str) -> list[Figure]:
    """Return where a district's pupils hold local places, district by district, in the main scenario."""
    where = {"scenario_id": facts.main, "policy": facts.policy, "year": facts.year, "home_area_id": area}
    return [facts.figure("flows", "pupils", setting_area_id=other, **where) for other, _ in facts.districts]


def has_home_rows(facts: Facts) -> bool:
    """Return whether the pages print the flow from home district to each school district.

    They do where a table can hold it, and where with it four in five cells of cards and tables stay shown; else the
    pages tell own and other districts apart only, and the whole matrix is the table `flows`.
    """
    if not facts.has("flows") or not 2 <= len(facts.districts) <= _MOST_DISTRICTS:
        return False
    counts = [one for area, _ in facts.districts for one in (*_own_cells(facts, area), *_home_row(facts, area))]
    shown, hidden = sum(one.is_known for one in counts), sum(one.hidden for one in counts)
    return shown >= LEAST_SHOWN_SHARE * (shown + hidden)


def printed_counts(facts: Facts, area: str, *, with_homes: bool | None = None) -> list[Figure]:
    """Return every count printed on a district's page: its cards, bars and tables; not its shares and minutes.

    `with_homes` is `has_home_rows`, where it is known already.
    """
    homes = has_home_rows(facts) if with_homes is None else with_homes
    return _own_counts(facts, area) + (_home_row(facts, area) if homes else [])


def _home_table(facts: Facts, area: str, name: str) -> Table:
    columns = (
        Column("Home", number=False, width=1.3),
        *(Column(f"School in {other}", width=1.0) for _, other in facts.districts),
    )
    return Table(
        f"{name}: pupils by the district of their local place, {facts.year_text}, "
        f"{style.scenario_title(facts.main).lower()}",
        columns,
        ((name, *map(figure_text, _home_row(facts, area))),),
    )


def _flows_table(facts: Facts, area: str, name: str) -> Table:
    columns = (
        Column("Where the local place is", number=False, width=2.4),
        *(Column(f"{style.scenario_title(s)}, pupils") for s in facts.standing),
    )
    return Table(
        f"{name}: where its pupils' local places are, {facts.year_text}",
        columns,
        _cells(_flow_rows(facts, area)),
        total_rows=1,
    )


def has_use(facts: Facts) -> bool:
    """Return whether the use of places by district and type was released, as it is where schools are enough."""
    return facts.has("occupancy_district_type")


def _use_rows(facts: Facts, area: str) -> list[tuple[str, list[Figure], list[Figure]]]:
    """Return, by type of place, the figures of both ends (places, pupils placed, empty), and the shares in use."""
    out = []
    for kind in v.HEADLINE_TYPES:
        where = {"policy": facts.policy, "year": facts.year, "area_id": area, "provision_type": kind}
        counts, shares = [], []
        for scenario in facts.ends:
            counts += [
                facts.figure("occupancy_district_type", column, scenario_id=scenario, **where)
                for column in ("capacity_places", "placed_pupils", "empty_places")
            ]
            shares.append(facts.figure("occupancy_district_type", "used_share", scenario_id=scenario, **where))
        out.append((v.PROVISION_TYPE_NAMES[kind], counts, shares))
    # where the places of one school would be told, a district's are told of all types together
    return [_use_together(facts, area, out)] if all(counts[0].hidden for _, counts, _ in out) else out


def _use_together(
    facts: Facts, area: str, kinds: list[tuple[str, list[Figure], list[Figure]]]
) -> tuple[str, list[Figure], list[Figure]]:
    """Return the row of all types: places as the gap has them, and what is empty where that is known of each type."""
    all_counts: list[Figure] = []
    shares: list[Figure] = []
    for place, scenario in enumerate(facts.ends):
        places = facts.area("capacity_places", area, scenario)
        empty = [counts[3 * place + 2] for _, counts, _ in kinds]
        if places.is_known and places.known > 0 and all(one.is_known for one in empty):
            room = sum(one.known for one in empty)
            placed = Figure(places.known - room)
            all_counts += [places, placed, Figure(room)]
            shares.append(Figure(placed.known / places.known))
        else:
            all_counts += [places, Figure(None, hidden=True), Figure(None, hidden=True)]
            shares.append(Figure(None, hidden=True))
    return "Special schools and bases", all_counts, shares


def _use_table(facts: Facts, area: str, name: str) -> Table:
    columns = [Column("Type of place", number=False, width=1.5)]
    for scenario in facts.ends:
        title = style.scenario_title(scenario)
        columns += [Column(f"{title}: places"), Column("pupils placed there"), Column("empty places")]
    columns.append(Column(f"In use, {style.scenario_title(facts.main).lower()}"))
    rows = tuple(
        (label, *map(figure_text, counts), figure_text(shares[-1], share=True))
        for label, counts, shares in _use_rows(facts, area)
    )
    return Table(f"{name}: use of the places that stand in the district, {facts.year_text}", tuple(columns), rows)


def _gap_statement(facts: Facts, area: str, name: str) -> str:
    part = facts.area("without_local_place_pupils", area, facts.base)
    need = facts.area("demand_pupils", area, facts.base)
    order = [row[0] for row in facts.ranked(facts.base)]
    known = facts.area("without_local_place_share", area, facts.base).is_known
    rank = f", {rank_words(order.index(area) + 1, len(order))} by share" if known else ""
    balance = facts.area("location_balance_places", area, facts.main)
    text = (
        f"{style.sentence_case(facts.scenario_words(facts.base))}, {share_sentence(part, need, 'pupils')} living "
        f"in {name} would "
        "be without a local state-funded specialist place (modelled) in "
        f"{facts.year_text}{rank}{facts.illustrative_tag}."
    )
    if facts.base != facts.main:
        after = facts.area("without_local_place_pupils", area, facts.main)
        better = facts.figure(
            "comparison_area",
            "better_off_pupils",
            scenario_id=facts.main,
            against_id=facts.against,
            policy=facts.policy,
            year=facts.year,
            area_id=area,
            measure="without_local_place_pupils",
        )
        text += f" {style.sentence_case(facts.scenario_words(facts.main))} it would be {count_words(after, 'pupil')}"
        text += (
            f"; {count_words(better, 'pupil')} would be better off than {facts.scenario_words(facts.against)} (a "
            "better kind of place, or one at least a minute nearer)."
            if better.value
            else "."
        )
    text += f" Places in the district less its pupils: {signed_figure(balance)} (location balance, not unmet need)."
    return text + _transfers(facts, area)


def _transfers(facts: Facts, area: str) -> str:
    if not facts.has("phase_transfers"):
        return ""
    found = facts.rows("phase_transfers", area_id=area, year=facts.year, need="all")
    parts = [
        f"{count_words(facts.at('phase_transfers', i, 'pupils'), 'pupil')} from {found.at[i, 'transfer']}"
        for i in found.index
    ]
    return f" Changing phase the September after: {list_words(parts)}." if parts else ""


def district_page(facts: Facts, area: str, name: str, *, with_homes: bool) -> list[Block]:
    """Return the page of a district: finding, four figures, map and bars, tables, gap statement.

    Parameters
    ----------
    facts
        Released figures.
    area, name
        The district.
    with_homes
        Whether the flow from home to each school district is printed; see `has_home_rows`.
    """
    local = facts.area("placed_local_pupils", area, facts.main)
    counts = [
        f"{figure_text(facts.area('without_local_place_pupils', area, s))} {facts.scenario_words(s)}"
        for s in facts.standing
    ]
    alt = (
        f"Map of the clusters of {name} and a bar chart. Pupils without a local place: {list_words(counts)}. "
        f"{style.sentence_case(count_words(local, 'pupil'))} would have a local place "
        f"{facts.scenario_words(facts.main)}."
    )
    caption = f"{name}: where pupils without a local place live, and how many there are{facts.illustrative_tag}"
    return [
        Heading(finding(facts, area, name), new_page=True, one_page=True, short=f"{name}, the district"),
        _cards(facts, area),
        charts_area.district_picture(facts, area, caption, alt),
        _groups_table(facts, area, name),
        _flows_table(facts, area, name),
        *([_home_table(facts, area, name)] if with_homes else []),
        *([_use_table(facts, area, name)] if has_use(facts) else []),
        Callout("Gap statement", _gap_statement(facts, area, name)),
    ]
