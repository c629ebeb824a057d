"""The options side by side: what each scenario gives in the headline year, what it costs, who gains, by scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Block, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.programme import change_table, completed
from sufficiency.outputs.report.schemes import schemes_side_by_side
from sufficiency.outputs.report.sentences import (
    Figure,
    Told,
    count_words,
    difference,
    figure_text,
    gbp_range_words,
    list_words,
    number_words,
    scaled,
    share_figure,
    signed_figure,
    summed,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sufficiency.outputs.report.facts import Facts

__all__ = ["options_section"]

# beside the measure and the two differences: a table of more than eight columns cannot be read
_MOST_OPTIONS: Final = 5
_FEWEST_SHOWN: Final = 2
_CASES: Final = ("gbp_low", "gbp_central", "gbp_high")
_AGAINST_NOTE: Final = (
    "Benefits are measured against committed schemes; the Department for Education compares with doing nothing."
)
_POINTS_NOTE: Final = "Differences of shares are worked out before rounding, in percentage points."
_JOURNEY_NOTE: Final = (
    "Journeys: direct time by car, one way; over the guide = over 45 minutes (primary) or 75 minutes (secondary)."
)
_PURSES_NOTE: Final = (
    "Three budgets, never added. High needs block and transport: pupils as placed in the model, for a full academic "
    "year; pupils without a modelled place are not priced, so that an option which places more pupils looks dearer. "
    "What an option changes, displaced places counted, is in “Money, in three purses”. Capital: all of its schemes, "
    "until complete."
)
# purse -> its name, and the item that stands for it (blank = the sum of all, which are parts of it)
_PURSES: Final = (
    ("high_needs_block", "High needs block, a year", ""),
    ("general_fund_transport", "Home to school transport, a year", "Average basis"),
    ("capital", "Capital, until complete", ""),
)

Line = tuple[str, list[Figure], "Callable[[Figure], str]", "Callable[[Figure], str]"]


def options_section(facts: Facts) -> list[Block]:
    """Return the options compared; nothing where there is but one.

    Parameters
    ----------
    facts
        Released figures.

    Returns
    -------
    list of Block
        A lead built from the figures, what each option gives, what it costs in each purse, who gains, and what each
        scheme of the main one changes by itself.
    """
    if len(facts.scenarios) < 2:
        return []
    blocks: list[Block] = [Heading("The options compared"), Paragraph(_lead(facts))]
    blocks += _gives(facts)
    blocks += _costs(facts)
    if facts.compares and facts.has("comparison_area"):
        blocks.append(change_table(facts))
    side = schemes_side_by_side(facts)
    if side:
        blocks += [Heading("Each scheme by itself", 2), *side]
    return blocks


def _lead(facts: Facts) -> str:
    county = facts.county[0]
    parts = []
    for scenario in facts.scenarios:
        without = facts.area("without_local_place_pupils", county, scenario)
        share = facts.area("without_local_place_share", county, scenario)
        told = f" ({style.share_text(share.known)})" if share.is_known else ""
        parts.append(f"{count_words(without, 'pupil')}{told} {facts.scenario_words(scenario)}")
    text = (
        f"In {facts.year_text} the number without a local place would be {list_words(parts)}{facts.illustrative_tag}. "
        f"{_fewest(facts)}{_shortest(facts)}"
    )
    return text + _when(facts)


def _fewest(facts: Facts) -> str:
    """Return which option leaves the fewest pupils without a local place; or nothing where it is not told."""
    county = facts.county[0]
    found = {s: facts.area("without_local_place_pupils", county, s) for s in facts.scenarios}
    if not all(one.is_known for one in found.values()):
        return ""
    least = min(one.known for one in found.values())
    best = [s for s, one in found.items() if one.known == least]
    if len(best) != 1:
        return ""
    return (
        f"Of the {number_words(len(found))} options, “{style.scenario_title(best[0])}” leaves the fewest pupils "
        f"without a local place{facts.illustrative_tag}. "
    )


def _shortest(facts: Facts) -> str:
    """Return whether any option changes the median journey by a minute or more."""
    found = [whole(facts.journey("median_min", facts.county[0], s)) for s in facts.scenarios]
    if not all(one.is_known for one in found):
        return ""
    low, high = (end(one.known for one in found) for end in (min, max))
    if low == high:
        return f"The median journey would be {low:.0f} minutes in each{facts.illustrative_tag}. "
    return f"The median journey would be between {low:.0f} and {high:.0f} minutes{facts.illustrative_tag}. "


def _when(facts: Facts) -> str:
    if not facts.has("programme_places"):
        return ""
    year, added = completed(facts, facts.main)
    name = style.scenario_title(facts.main)
    if year is None:
        return f"“{name}” is not complete by {year_label(facts.years[-1])}."
    if year <= facts.year or not added.is_known:
        return f"“{name}” is complete in {year_label(year)}."
    now = difference(
        facts.area("capacity_places", facts.county[0], facts.main),
        facts.area("capacity_places", facts.county[0], facts.base),
    )
    return (
        f"“{name}” is complete in {year_label(year)}: in {facts.year_text} {figure_text(now)} of its "
        f"{count_words(added, 'place')} would be open{facts.illustrative_tag}."
    )


def _share(figure: Figure) -> str:
    return figure_text(figure, share=True)


def _points(figure: Figure) -> str:
    """Return a change of a share in percentage points; blank where it is not known."""
    return Told(f"{signed_figure(scaled(figure, 100))} points", figure) if figure.is_known else figure_text(figure)


def _lines(facts: Facts, scenarios: Sequence[str]) -> list[Line]:
    county = facts.county[0]

    def line(name: str, column: str) -> Line:
        return name, [facts.area(column, county, s) for s in scenarios], figure_text, signed_figure

    own_district = [_own_district(facts, s) for s in scenarios]
    need = [facts.area("demand_pupils", county, s) for s in scenarios]
    shares = [share_figure(part, total) for part, total in zip(own_district, need, strict=True)]
    medians = [whole(facts.journey("median_min", county, s)) for s in scenarios]
    over = [facts.journey("over_limit_pupils", county, s) for s in scenarios]
    lines: list[Line] = [
        line("Local places", "capacity_places"),
        ("Places short", [facts.shortfall(s) for s in scenarios], figure_text, signed_figure),
        line("Pupils with a local place", "placed_local_pupils"),
        ("Pupils with a local place in their own district", own_district, figure_text, signed_figure),
        ("In their own district, share of all who need a place", shares, _share, _points),
        line("Pupils without a local place", "without_local_place_pupils"),
        ("Without a local place, share of all who need a place",
         [facts.area("without_local_place_share", county, s) for s in scenarios], _share, _points),
        line("Pupils with no modelled place, of those without a local one", "unplaced_pupils"),
        ("Median journey, minutes", medians, figure_text, signed_figure),
        ("Journeys over the guide, pupils", over, figure_text, signed_figure),
    ]  # fmt: skip
    return lines


def _compares(line: Line) -> bool:
    """Return whether a measure is shown for two options or more: with fewer there is nothing to compare."""
    return sum(figure.is_known for figure in line[1]) >= _FEWEST_SHOWN


def _own_district(facts: Facts, scenario: str) -> Figure:
    """Return the pupils placed in their own district: the county's own is the whole county, so districts are summed."""
    return summed([facts.area("placed_own_area_pupils", area, scenario) for area, _ in facts.districts])


def _complete_text(facts: Facts, scenario: str) -> str:
    year, added = completed(facts, scenario)
    if added.value == 0:
        return "nothing added"
    return "not yet" if year is None else year_label(year)


def _gives(facts: Facts) -> list[Block]:
    out: list[Block] = []
    compared = list(dict.fromkeys(s for s in (facts.against, facts.base) if s != facts.main))
    shown = {line[0] for line in _lines(facts, facts.scenarios) if _compares(line)}
    for part in _chunks(facts):
        rows = [
            (name, *map(text, found), *(_less(found, part, facts.main, s, signed) for s in compared))
            for name, found, text, signed in _lines(facts, part)
            if name in shown
        ]
        if facts.has("programme_places"):
            rows.append(("Complete in", *(_complete_text(facts, s) for s in part), *(["" for _ in compared])))
        main = style.scenario_title(facts.main)
        columns = (
            Column(f"Measure, {facts.year_text}", number=False, width=2.4),
            *(Column(style.scenario_title(s), width=1.1) for s in part),
            *(Column(f"{main} less {style.scenario_title(s).lower()}", width=1.25) for s in compared),
        )
        title = f"What each option gives, county, {facts.year_text}{facts.illustrative_tag}"
        notes = (f"{_AGAINST_NOTE} {_POINTS_NOTE} {_JOURNEY_NOTE}",) if compared else (_JOURNEY_NOTE,)
        out.append(Table(f"{title}, further options" if out else title, columns, tuple(rows), notes))
    return out


def _chunks(facts: Facts) -> list[list[str]]:
    """Return the options of each table: those that are compared stand in every one, so that no table lacks them."""
    standing = [s for s in facts.scenarios if s in facts.standing]
    others = [s for s in facts.scenarios if s not in standing]
    if len(facts.scenarios) <= _MOST_OPTIONS:
        return [list(facts.scenarios)]
    room = _MOST_OPTIONS - len(standing)
    return [[*standing, *others[start : start + room]] for start in range(0, len(others), room)]


def _less(
    found: Sequence[Figure], scenarios: Sequence[str], main: str, other: str, signed: Callable[[Figure], str]
) -> str:
    return signed(difference(found[scenarios.index(main)], found[scenarios.index(other)]))


def _costs(facts: Facts) -> list[Block]:
    """Return each option in the three purses, as they stand: never added, and no total over them."""
    if not facts.has("money"):
        return []
    out: list[Block] = []
    for start in range(0, len(facts.scenarios), _MOST_OPTIONS - 1):
        part = facts.scenarios[start : start + _MOST_OPTIONS - 1]
        rows = tuple((title, *(_purse_text(facts, purse, item, s) for s in part)) for purse, title, item in _PURSES)
        columns = (
            Column("Purse: central (low to high)", number=False, width=1.6),
            *(Column(style.scenario_title(s), width=1.5) for s in part),
        )
        title = f"What each option costs in each purse, {facts.year_text}{facts.illustrative_tag}"
        out.append(Table(title if start == 0 else f"{title}, further options", columns, rows, (_PURSES_NOTE,)))
    return out


def _purse_text(facts: Facts, purse: str, item: str, scenario: str) -> str:
    """Return a purse of a scenario with its range; the parts of one purse may be summed, those of two never."""
    rows = facts.rows("money", purse=purse, scenario_id=scenario)
    rows = rows[rows["policy"].isin([facts.policy, ""]) | rows["policy"].isna()]
    rows = rows[rows["item"] == item] if item else rows
    rows = rows if purse == "capital" else rows[rows["year"] == facts.year]
    if not len(rows):
        return "none" if purse == "capital" else style.NOT_APPLICABLE
    return gbp_range_words(*(summed([facts.at("money", i, case) for i in rows.index]) for case in _CASES))
