"""The answer as plain data for the page: the headline, its sentence, and the tables that lie behind it.

Figures come from `shown`, so that what is hidden is None already. No framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sufficiency.app.shown import differs_by_few
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs.style import SUPPRESSED, SUPPRESSED_NOTE
from sufficiency.outputs.words import MINUS, count_text, gbp_alike, number_text, sentence_case, share_text, signed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.app.shown import AreaRow, Gains, HeadlineShown, Purse, Shown

__all__ = ["area_table", "finding", "gains_of", "headline_figures", "panel_of", "purse_table", "reason_table",
           "side_by_side"]  # fmt: skip

A_FEW: Final = "a few"
_FEW_NOTE: Final = "A change of a few pupils is not shown, to protect small numbers."
_WITHOUT: Final = "without_local_place_pupils"
_GAIN_NOTE: Final = (
    "Better: a better kind of place, or one of the same kind at least a minute nearer. Worse: the other way round."
)
_LOCAL: Final = "placed_own_area_pupils"
_PLACED: Final = (
    (_LOCAL, "In a local place"),
    ("independent_pupils", "In an independent place"),
    ("other_council_pupils", "In another council’s school"),
    ("unplaced_pupils", "With no modelled place"),
    ("over_limit_pupils", "Over 45 or 75 minutes by road, by age"),
)
_ROWS: Final = (
    ("without_local_place_pupils", "Without a local place"),
    ("unplaced_pupils", "With no modelled place at all"),
    ("independent_pupils", "In an independent place"),
    ("other_council_pupils", "In another council’s school"),
)


def cell(value: int | None) -> str:
    """Return a count as readers see it; ``c`` where it is hidden."""
    return SUPPRESSED if value is None else number_text(value)


def after_cell(after: int | None, *, few: bool) -> str:
    """Return a figure after; where it differs from the one before by a few, it is told as about that."""
    return f"about {cell(after)}" if few else cell(after)


def change_cell(before: int | None, after: int | None, *, few: bool = False) -> str:
    """Return a change with its sign; ``c`` where either figure is hidden."""
    if few:
        return A_FEW
    return SUPPRESSED if before is None or after is None else signed_text(after - before)


def _hours(pair: tuple[float, float]) -> tuple[int, int]:
    return round(pair[0]), round(pair[1])


def headline_figures(headline: HeadlineShown) -> list[dict[str, str]]:
    """Return the three figures that follow a slider: before, after, and the change in words with its tone."""
    hours = _hours(headline.travel_hours_per_day)
    told = (
        ("Without a local place", headline.without_local_place_pupils, "pupil", _WITHOUT),
        ("With no modelled place at all", headline.unplaced_pupils, "pupil", "unplaced_pupils"),
        ("Hours of travel a day, all pupils together", hours, "hour", ""),
    )
    figures = []
    for title, (before, after), unit, name in told:
        words, tone, few = "hidden, to protect small numbers", "none", name in headline.few
        if few:
            words = "a change of a few, not shown"
        elif before is not None and after is not None:
            change = after - before
            words = f"{signed_text(change)} {unit}{'' if abs(change) == 1 else 's'}" if change else "no change"
            tone = "fewer" if change < 0 else "more" if change > 0 else "none"
        told_after = after_cell(after, few=few)
        figures.append({"title": title, "before": cell(before), "after": told_after, "change": words, "tone": tone})
    return figures


def finding(
    headline: HeadlineShown, year: int, against_title: str, *, asked: bool, illustrative: bool, begins: int = 0
) -> str:
    """Return the finding in a sentence.

    Parameters
    ----------
    headline
        The figures, hidden ones None.
    year
        The academic year.
    against_title
        Title of the scenario compared with.
    asked
        Whether any scheme is on.
    illustrative
        Whether the area is marked so.
    begins
        The September in which the first scheme begins, where that is after the year; else 0.
    """
    mark = " (illustrative)" if illustrative else ""
    before, after = headline.without_local_place_pupils
    when = f"In {year_label(year)}"
    if not asked:
        told = "a few pupils" if before is None else count_text(before, "pupil")
        return (
            f"{when}, {told} {'has' if before == 1 else 'have'} no local place as things are planned{mark}. What if…?"
        )
    if begins:
        return f"{when}, nothing of the programme is there yet{mark}: it begins in {year_label(begins)}."
    if before is None or after is None:
        return f"{when}, few pupils are without a local place: the change is hidden{mark}."
    if _WITHOUT in headline.few:
        same = count_text(after, "pupil")
        return f"{when}, about {same} are without a local place, a few more or fewer than in “{against_title}”{mark}."
    change = after - before
    if not change:
        same = count_text(after, "pupil")
        return f"{when}, {same} {'is' if after == 1 else 'are'} without a local place, as in “{against_title}”{mark}."
    size = f"{number_text(abs(change))} {'fewer' if change < 0 else 'more'} pupil{'' if abs(change) == 1 else 's'}"
    verb = "is" if abs(change) == 1 else "are"
    return f"{when}, {size} {verb} without a local place than in “{against_title}”{mark}."


def gains_of(shown: Shown) -> tuple[list[dict[str, Any]], str]:
    """Return who gains and who loses, and what that means."""
    gains = [_gain("Better off", shown.better, "gain"), _gain("Worse off", shown.worse, "lose")]
    return gains, _local_gain(shown) + _GAIN_NOTE


def panel_of(shown: Shown) -> dict[str, Any]:
    """Return what lies behind the answer: journeys and placements, as tables."""
    county = next(row for row in shown.areas if row.level == "county")
    return {
        "journeys": _journeys(shown),
        "bands": _bands(shown.bands),
        "placements": _placements(county, shown.own_district_pupils),
    }


def _gain(title: str, gains: Gains, verb: str) -> dict[str, Any]:
    if gains.total is None:
        return {"title": title, "total": f"A few pupils {verb} (hidden).", "lines": []}
    total = f"{count_text(gains.total, 'pupil')} {verb}{'s' if gains.total == 1 else ''}."
    lines = []
    for name, counts, rest in (
        ("By home district", gains.by_district, gains.other_districts),
        ("By broad area of need", gains.by_need_group, gains.other_need_groups),
    ):
        parts = [f"{one} {number_text(count)}" for one, count in counts.items()]
        if rest:
            parts.append(f"{'elsewhere' if counts else 'several'} {number_text(rest)}")
        if parts:
            lines.append({"name": name, "text": "; ".join(parts)})
    return {"title": title, "total": total, "lines": lines}


def _local_gain(shown: Shown) -> str:
    if not shown.gain_local_place_pupils:
        return ""
    return f"{count_text(shown.gain_local_place_pupils, 'pupil')} of those better off come to a local place. "


def _journeys(shown: Shown) -> dict[str, Any]:
    def minutes(pair: tuple[float | None, float | None]) -> list[str]:
        return [MINUS if one is None else f"{round(one)} min" for one in pair]

    rows = [("Half of pupils travel at most", shown.median_min), ("Nine in ten travel at most", shown.p90_min)]
    return {
        "caption": "Minutes by road, one way",
        "head": ["One way", "Before", "After"],
        "rows": [{"id": name, "cells": [name, *minutes(pair)]} for name, pair in rows],
        "note": "",
    }


def _bands(bands: Sequence[tuple[str, int | None, int | None]]) -> dict[str, Any]:
    most = max([1, *(one or 0 for _, *pair in bands for one in pair)])

    def bar(count: int | None, tone: str) -> dict[str, Any]:
        return {"text": cell(count), "share": round((count or 0) / most, 4), "tone": tone}

    return {
        "caption": "Pupils by minutes one way",
        "head": ["Minutes", "Before", "After"],
        "rows": [
            {"id": name, "cells": [name, bar(before, "before"), bar(after, "after")]} for name, before, after in bands
        ],
        "note": SUPPRESSED_NOTE if any(None in pair for _, *pair in bands) else "",
    }


def _placements(county: AreaRow, own: tuple[int | None, int | None]) -> dict[str, Any]:
    rows = []
    for name, title in _PLACED:
        before, after = county.before[name], county.after[name]
        few = name in county.few
        told = [cell(before), after_cell(after, few=few), change_cell(before, after, few=few)]
        rows.append({"id": name, "cells": [title, *told]})
    told = [cell(own[0]), cell(own[1]), change_cell(*own)]
    rows.insert(1, {"id": "own", "cells": ["… of them in their own district", *told]})
    return {
        "caption": "Placements in the model",
        "head": ["Pupils", "Before", "After", "Change"],
        "rows": rows,
        "note": _note(rows),
    }


def _note(rows: Sequence[dict[str, Any]]) -> str:
    """Return what the marks in the rows mean."""
    told = {one for row in rows for one in row["cells"][1:]}
    return f"{SUPPRESSED_NOTE if SUPPRESSED in told else ''} {_FEW_NOTE if A_FEW in told else ''}".strip()


def reason_table(reasons: Sequence[tuple[str, int | None]]) -> dict[str, Any]:
    """Return why pupils have no modelled place as a table."""
    return {
        "caption": "Why pupils have no modelled place, after",
        "head": ["Reason", "Pupils"],
        "rows": [{"id": text, "cells": [sentence_case(text), cell(count)]} for text, count in reasons],
        "note": "" if reasons else "Every pupil has a modelled place.",
    }


def purse_table(purses: Sequence[Purse]) -> dict[str, Any]:
    """Return the change of the three purses as a table."""
    return {
        "caption": "Change from before",
        "head": ["Purse", "Low to high"],
        "rows": [
            {"id": one.title, "cells": [{"text": one.title, "note": one.note}, _money(one.change_gbp)]}
            for one in purses
        ],
        "note": "The three purses are different money, and are never added.",
    }


def _money(change: tuple[float, float, float] | None) -> str:
    if change is None:
        return SUPPRESSED
    low, high = min(change[0], change[2]), max(change[0], change[2])
    told = [f"+{text}" if value > 0 else text for value, text in zip((low, high), gbp_alike((low, high)), strict=True)]
    return told[0] if low == high else " to ".join(told)


def area_table(
    rows: Sequence[AreaRow], order: Sequence[tuple[str, str]], against_title: str, year: int
) -> dict[str, Any]:
    """Return the table that is the map's equal: a row an area, each district before its clusters, in `order`."""
    body = []
    known = {(row.level, row.area_id): row for row in rows}
    for row in (known[one] for one in order if one in known):
        before, after, need = row.before[_WITHOUT], row.after[_WITHOUT], row.after["demand_pupils"]
        few = _WITHOUT in row.few
        share = SUPPRESSED if after is None or need is None else share_text(after / need) if need else MINUS
        share = f"about {share}" if few else share
        told = [cell(before), after_cell(after, few=few), change_cell(before, after, few=few), share]
        cells = [row.area_name, cell(need), *told, cell(row.better_off_pupils), cell(row.worse_off_pupils)]
        body.append({"id": f"{row.level} {row.area_id}", "kind": row.level, "cells": cells})
    return {
        "caption": f"Pupils without a local place by area, {year_label(year)}, before ({against_title}) and after",
        "head": ["Area", "Need a place", "Without: before", "Without: after", "Change", "Share after", "Better off",
                 "Worse off"],
        "rows": body,
        "note": _note(body),
    }  # fmt: skip


def side_by_side(
    headlines: Sequence[HeadlineShown], titles: Sequence[str], year: int, hide_up_to: int
) -> dict[str, Any]:
    """Return two programmes in one table, each beside the scenario that both are compared with."""
    first, second = headlines
    rows = []
    for name, title in _ROWS:
        (before, one), (_, two) = getattr(first, name), getattr(second, name)
        few_one, few_two = name in first.few, name in second.few
        near = differs_by_few(one, two, hide_up_to)
        told = [after_cell(one, few=few_one), after_cell(one if near else two, few=few_two or near)]
        change = change_cell(one, two, few=few_one or few_two or near)
        rows.append({"id": name, "cells": [title, cell(before), *told, change]})
    (before, one), (_, two) = _hours(first.travel_hours_per_day), _hours(second.travel_hours_per_day)
    hours = ["Hours of travel a day", number_text(before), number_text(one), number_text(two), signed_text(two - one)]
    rows.append({"id": "hours", "cells": hours})
    return {
        "caption": f"Two programmes in {year_label(year)}",
        "head": ["Figure", "Before", titles[0], titles[1], "Second less first"],
        "rows": rows,
        "note": _note(rows),
    }
