"""The page that stands alone: the finding, three figures, one chart, and what the board is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.outputs import style
from sufficiency.outputs.report import charts
from sufficiency.outputs.report.blocks import (
    Block,
    Callout,
    Card,
    Cards,
    Paragraph,
)
from sufficiency.outputs.report.sentences import (
    Figure,
    change_sentence,
    count_words,
    difference,
    figure_text,
    list_words,
    minutes_words,
    range_in_brackets,
    range_words,
    share_phrase,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["front_page", "paper_title"]

# what a range is where no source states one
DRAWN: Final = "eight of ten drawn futures"
WITHOUT: Final = "without a local state-funded specialist place (modelled)"


def paper_title(facts: Facts) -> str:
    """Return the finding that heads the paper."""
    county = facts.county[0]
    before = facts.area("without_local_place_share", county, facts.base)
    after = facts.area("without_local_place_share", county, facts.main)
    start = f"Without new places, {share_phrase(before, 'pupils')} who need a specialist place"
    first = f"{start} would have no local one in {facts.year_text}"
    if facts.base == facts.main or after.value is None or not 0 <= after.value <= 1:
        return f"{first}{facts.illustrative_tag}"
    if round(after.value, 3) == round(before.known, 3):
        return f"{first}, and the programme does not change that{facts.illustrative_tag}"
    then = f"{facts.scenario_words(facts.main)} it would be {style.share_words(after.value)}"
    return f"{first}; {then}{facts.illustrative_tag}"


def _lead(facts: Facts) -> str:
    county, name = facts.county
    demand = facts.area("demand_pupils", county, facts.main)
    counts = [
        f"{count_words(facts.area('without_local_place_pupils', county, s), 'pupil')} {facts.scenario_words(s)}"
        for s in facts.standing
    ]
    top = facts.ranked(facts.base)[0]
    widest = ""
    if top[2].is_known:
        widest = (
            f" The share is highest in {top[1]}, where it is {style.share_text(top[2].known)} "
            f"{facts.scenario_words(facts.base)}{facts.illustrative_tag}."
        )
    return (
        f"In {facts.year_text}, {count_words(demand, 'pupil')} living in {name} are expected to need a special "
        "school or "
        f"specialist base place. The number {WITHOUT} would be {list_words(counts)}{facts.illustrative_tag}.{widest}"
    )


def _without_card(facts: Facts) -> Card:
    county = facts.county[0]
    figure = facts.area("without_local_place_pupils", county, facts.main)
    rolling = facts.area("without_local_place_pupils", county, facts.main, policy="rolling")
    spread = (
        f"Range: {figure_text(figure)} with the best use of places, {figure_text(rolling)} if pupils keep the places "
        "they have."
    )
    none = facts.area("unplaced_pupils", county, facts.main)
    return Card(
        f"Pupils {WITHOUT}, {facts.year_text}, {facts.scenario_words(facts.main)}",
        figure_text(figure),
        spread if rolling.is_known and figure.is_known else "",
        _against(facts, facts.change("without_local_place_pupils", county), "pupil"),
        f"Of these, the model finds no place for {count_words(none, 'pupil')}; the others are in other councils' or "
        "independent schools.",
    )


def _against(facts: Facts, change: Figure, noun: str, plural: str | None = None) -> str:
    if not facts.compares:
        return ""
    return f"{style.sentence_case(change_sentence(change, noun, facts.scenario_words(facts.against), plural))}."


def _short_card(facts: Facts) -> Card:
    county = facts.county[0]
    gap = facts.shortfall(facts.main)
    short = gap.value is None or gap.value >= 0
    places = facts.area("capacity_places", county, facts.main)
    *ends, drawn = facts.forecast_ends(facts.year)
    low, high = (difference(end, places) for end in ends)
    spread = f"No range is stated for the forecast of {facts.year_text}."
    if low.is_known and high.is_known:
        spread = f"Range {range_words(low, high)}, for {DRAWN if drawn else 'the low and the high forecast'}."
    change = difference(gap, facts.shortfall(facts.against))
    return Card(
        f"Local places {'short' if short else 'above need (shown as a negative number)'}, {facts.year_text}, "
        f"{facts.scenario_words(facts.main)}",
        figure_text(gap),
        spread,
        _against(facts, change, "place short", "places short"),
        f"{count_words(facts.area('demand_pupils', county, facts.main), 'pupil')} who need a place, less "
        f"{count_words(places, 'local place')} open in {facts.year_text}.",
    )


def _journey_card(facts: Facts) -> Card:
    county = facts.county[0]
    median = facts.journey("median_min", county, facts.main)
    high = facts.journey("p90_min", county, facts.main)
    change = facts.change("median_min", county, journeys=True)
    over = facts.journey("over_limit_pupils", county, facts.main)
    return Card(
        f"Median journey of pupils placed, minutes one way, {facts.year_text}, {facts.scenario_words(facts.main)}",
        figure_text(median),
        f"One pupil in ten travels {figure_text(high)} minutes or more." if high.is_known else "",
        f"{style.sentence_case(minutes_words(change, facts.scenario_words(facts.against)))}." if facts.compares else "",
        f"Direct time by car, without pick-ups. {style.sentence_case(count_words(over, 'pupil'))} over the 45 or 75 "
        f"minutes of the national guide{_as_ridden(facts)}.",
    )


def _as_ridden(facts: Facts) -> str:
    """Return how many pupils would be over the limits as ridden, which is what the limits are about."""
    county = facts.county[0]
    mean, over = (facts.journey(name, county, facts.main) for name in ("ridden_mean_min", "ridden_over_limit_pupils"))
    if not mean.is_known:
        return " by that time"
    estimate = f"{count_words(over, 'pupil')}{range_in_brackets(*facts.journey_range('ridden_over_limit_pupils'))}"
    return f" by that time; as ridden with pick-ups, an estimate, {estimate}"


def front_page(facts: Facts) -> list[Block]:
    """Return the page that stands alone: finding, three figures, one chart, what the board is asked."""
    ranked = [row for row in facts.ranked(facts.base) if row[2].is_known]
    caption, alt = (
        f"Where the gap lies, and what the programme would change, {facts.year_text}",
        "No shares can be shown.",
    )
    if ranked:
        top, low = ranked[0], ranked[-1]
        caption = (
            f"{top[1]} would have the highest share of pupils without a local place in {facts.year_text}"
            f"{facts.illustrative_tag}"
        )
        after = facts.area("without_local_place_share", top[0], facts.main)
        alt = (
            f"Dot plot. {facts.scenario_words(facts.base).capitalize()}, the share of pupils without a local place in "
            f"{facts.year_text} runs from {style.share_text(low[2].known)} in {low[1]} to "
            f"{style.share_text(top[2].known)} "
            f"in {top[1]}; {facts.scenario_words(facts.main)} {top[1]} has {figure_text(after, share=True)}."
        )
    blocks: list[Block] = [
        Paragraph(_lead(facts), "lead"),
        Cards((_without_card(facts), _short_card(facts), _journey_card(facts))),
        charts.districts_chart(facts, caption, alt),
        Callout("What “without a local place” means", style.CARE_NOTE),
        Callout("Recommendation", "The board is recommended to note this paper."),
    ]
    if facts.parameters.illustrative_note and facts.parameters.illustrative:
        blocks.append(Paragraph(facts.parameters.illustrative_note, "note"))
    return blocks
