"""A page a scheme: what it is, whom it would serve, what would be without it, its money, what a board must decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sufficiency.measures.displacement import high_needs_of_scheme
from sufficiency.model import vocabulary as v
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Block, Callout, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.paper_parts import date_words, plain_name
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    figure_text,
    gbp_range_words,
    list_words,
    number_words,
)
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sufficiency.outputs.report.facts import Facts

__all__ = ["scheme_page", "scheme_pages", "schemes_side_by_side"]

_CASES: Final = ("low", "central", "high")
_RAG: Final = {"green": "on course", "amber": "at some risk", "red": "at serious risk"}
_ACTIONS: Final = {
    "open": "New provision",
    "expand": "Expansion",
    "convert": "Conversion",
    "relocate": "Relocation or satellite",
    "close": "Closure",
}
_MONEY: Final = (
    "High needs block: displacement shares × the pupils who have a local place only with the scheme, and place funding "
    "of its places that nobody extra fills; a plain amount is a cost, one with a minus a saving. Capital and the high "
    "needs block are different purses and are never added."
)
_HOW: Final = (
    "Pupils are placed by the best joint placement of all pupils and places, which is no forecast of where a child "
    "goes. The nearest other place is the nearest that is suitable for each pupil who has another, whether or not it "
    "has room. Without the scheme = the whole programme but this scheme; such figures do not add up over schemes, "
    "because schemes stand in for one another."
)


def scheme_pages(facts: Facts) -> list[Block]:
    """Return a page for each special-school and specialist-base scheme of the programme, in order of opening."""
    blocks: list[Block] = []
    for number, index in enumerate(_in_order(facts)):
        if number == 0:
            blocks.append(Heading("The schemes, one by one", new_page=True, one_page=True))
        # the first scheme's page carries the heading of all
        blocks += scheme_page(facts, index, new_page=number > 0)
    return blocks


def _in_order(facts: Facts) -> list[Hashable]:
    """Return the rows of the programme's special-school and specialist-base schemes, in order of opening."""
    if not (facts.has("scheme_effects") and facts.has("schemes")):
        return []
    frame = facts.released.tables["schemes"]
    frame = frame[frame["in_programme"].fillna(value=False).astype(bool)]
    frame = frame[frame["provision_type"].isin(v.HEADLINE_TYPES) & (frame["action"] != "close")]
    return list(frame.sort_values(["first_year", "scheme_name"]).index)


def schemes_side_by_side(facts: Facts) -> list[Block]:
    """Return the programme's schemes side by side in the headline year, with what is without each; or nothing."""
    order = _in_order(facts)
    if not order:
        return []
    frame = facts.released.tables["schemes"]
    told = [i for i in order if facts.year in _years(facts, str(frame.at[i, "scheme_id"]))]
    later = len(order) - len(told)
    text = (
        "What each special-school and specialist-base scheme changes by itself is told against the whole programme "
        "without it, so that the figures do not add up: schemes stand in for one another."
    )
    if later:
        have, are = ("scheme has", "is") if later == 1 else ("schemes have", "are")
        many = style.sentence_case(number_words(later))
        text += f" {many} {have} no places open in {facts.year_text} and {are} not listed."
    text += " A page for each scheme follows the pages of the areas."
    return [Paragraph(text), *([_side_by_side(facts, told)] if told else [])]


def _side_by_side(facts: Facts, order: list[Hashable]) -> Table:
    rows = []
    for index in order:
        scheme_id = str(facts.released.tables["schemes"].at[index, "scheme_id"])
        found = [
            _effect(facts, scheme_id, facts.year, name)
            for name in ("places", "placed_pupils", "mean_min", "left_out_local_pupils")
        ]
        first = facts.at("schemes", index, "first_year")
        rows.append(
            (
                plain_name(_text(facts, index, "scheme_name")),
                year_label(int(first.known)) if first.is_known else style.NOT_APPLICABLE,
                *map(figure_text, found),
                gbp_range_words(*(facts.at("schemes", index, f"capital_gbp_{case}") for case in _CASES)),
            )
        )
    columns = (
        Column("Scheme", number=False, width=2.7),
        Column("Opens", number=False, width=0.75),
        Column("Places open", width=0.75),
        Column("Pupils who would hold one", width=1.1),
        Column("Their mean journey, minutes", width=1.1),
        Column("Have a local place only with it, pupils", width=1.4),
        Column("Capital, central (low to high)", width=2.8),
    )
    return Table(f"The schemes in {facts.year_text}{facts.illustrative_tag}", columns, tuple(rows))


def _text(facts: Facts, index: Hashable, column: str) -> str:
    frame = facts.released.tables["schemes"]
    if column not in frame.columns:
        return ""
    value = frame.at[index, column]
    return "" if value is None or str(value) in {"nan", "<NA>"} else clean_text(str(value)).strip()


def scheme_page(facts: Facts, index: Hashable, *, new_page: bool = True) -> list[Block]:
    """Return the page of the scheme in one row of `schemes`."""
    scheme_id = str(facts.released.tables["schemes"].at[index, "scheme_id"])
    name = _text(facts, index, "scheme_name")
    places = facts.at("schemes", index, "places_when_complete")
    tag = "" if "illustrative" in name.lower() else facts.illustrative_tag
    first = facts.at("schemes", index, "first_year")
    opens = f", opening in {year_label(int(first.known))}" if first.is_known else ""
    blocks: list[Block] = [
        Heading(
            f"{name}: {count_words(places, 'place')} when complete{opens}{tag}",
            2,
            new_page=new_page,
            one_page=new_page,
            short=plain_name(name),
        ),
        Paragraph(_story(facts, scheme_id)),
        _about(facts, index),
        _stock_table(facts, scheme_id),
    ]
    years = _years(facts, scheme_id)
    if years:
        blocks.append(_effects_table(facts, scheme_id, years))
    blocks.append(_decisions(facts, index))
    rationale = _text(facts, index, "rationale")
    if rationale:
        special = _text(facts, index, "provision_type") == "special_school"
        blocks.append(Callout("Why a base will not do" if special else "Why this scheme", rationale))
    return blocks


def _years(facts: Facts, scheme_id: str) -> list[int]:
    rows = facts.rows("scheme_effects", scenario_id=facts.main, scheme_id=scheme_id)
    return sorted(int(year) for year in rows["year"])


def _effect(facts: Facts, scheme_id: str, year: int, column: str) -> Figure:
    return facts.figure("scheme_effects", column, scenario_id=facts.main, scheme_id=scheme_id, year=year)


def _homes(facts: Facts, scheme_id: str, year: int) -> str:
    """Return where a scheme's pupils live: the districts of more than a few, and the rest together."""
    rows = facts.rows("scheme_effects", scenario_id=facts.main, scheme_id=scheme_id, year=year)
    told = str(rows["homes"].iloc[0]) if len(rows) else ""
    parts = []
    for one in [part for part in told.split("; ") if part]:
        name, _, count = one.rpartition(" ")
        parts.append(f"{count} from {clean_text(name)}")
    rest = facts.at("scheme_effects", rows.index[0], "homes_rest_pupils") if len(rows) else Figure(None)
    if parts and rest.is_known and rest.known > 0:
        parts.append(f"{style.number_text(rest.known)} from elsewhere")
    return list_words(parts)


def _story(facts: Facts, scheme_id: str) -> str:
    """Return the scheme in sentences that can be repeated, each with the word illustrative where it is due."""
    years = _years(facts, scheme_id)
    if not years:
        return "It has no places open in a year that is told here."
    sentences = [_served(facts, scheme_id, years[0]), _without(facts, scheme_id, years[0])]
    if len(years) > 1:
        sentences.append(_without(facts, scheme_id, years[-1]))
    return " ".join(one for one in sentences if one)


def _served(facts: Facts, scheme_id: str, year: int) -> str:
    places, placed = (_effect(facts, scheme_id, year, name) for name in ("places", "placed_pupils"))
    if placed.value == 0:
        return (
            f"In {year_label(year)} it would have {count_words(places, 'place')}, and the best joint placement would "
            f"send no pupil there{facts.illustrative_tag}."
        )
    homes = _homes(facts, scheme_id, year)
    mean, other = (_effect(facts, scheme_id, year, name) for name in ("mean_min", "nearest_other_min"))
    whose = f": {homes}" if homes else ""
    text = (
        f"In {year_label(year)} {count_words(placed, 'pupil')} would hold its "
        f"{count_words(places, 'place')}{whose}{facts.illustrative_tag}."
    )
    if mean.is_known:
        text += f" Their journey would take {style.number_text(mean.known)} minutes one way on average"
        if other.is_known:
            away = style.number_text(other.known)
            text += f"; the nearest other suitable local place, with or without room, is {away} minutes away"
        text += f"{facts.illustrative_tag}."
    return text


def _without(facts: Facts, scheme_id: str, year: int) -> str:
    more, none = (_effect(facts, scheme_id, year, f"left_out_{name}_pupils") for name in ("local", "placed"))
    hours = _hours(_effect(facts, scheme_id, year, "left_out_travel_min_per_day"))
    if more.value == 0:
        text = f"Without it, in {year_label(year)}, as many pupils would have a local place"
    elif more.is_known and more.known < 0:
        return ""
    else:
        text = f"Without it, in {year_label(year)}, {count_words(more, 'more pupil')} would be without a local place"
        if none.value == 0:
            text += ", all of them in independent or other councils' schools"
        elif none.is_known and more.is_known:
            text += f" and {count_words(none, 'more')} with no modelled place" if none.known != more.known else (
                ", with no modelled place"
            )  # fmt: skip
    if hours.is_known and abs(round(hours.known)) >= 1 and (none.value == 0 or more.value == 0):
        way = "longer" if hours.known < 0 else "shorter"
        text += f", and the pupils' journeys together {style.number_text(abs(hours.known))} hours a day {way}"
    return f"{text}{facts.illustrative_tag}."


def _hours(minutes: Figure) -> Figure:
    return Figure(minutes.known / 60) if minutes.is_known else minutes


def _lines(caption: str, rows: list[tuple[str, str]], notes: tuple[str, ...] = ()) -> Table:
    columns = (Column("What", number=False, width=1.0), Column("This scheme", number=False, width=2.6))
    return Table(caption, columns, tuple((label, text or "not stated") for label, text in rows), notes)


def _about(facts: Facts, index: Hashable) -> Table:
    frame = facts.released.tables["schemes"]
    kind = v.PROVISION_TYPE_NAMES[_text(facts, index, "provision_type")]
    where = [part for part in (_text(facts, index, "cluster_name"), _text(facts, index, "district_name")) if part]
    rows = [
        ("Kind", f"{_ACTIONS[_text(facts, index, 'action')]}: {kind.lower()}"),
        ("Where", ", ".join(where)),
    ]
    if {"ncy_from", "ncy_to"} <= set(frame.columns):
        ages = [facts.at("schemes", index, name) for name in ("ncy_from", "ncy_to")]
        if all(one.is_known for one in ages):
            rows.append(("Year groups", " to ".join(_year_group(int(one.known)) for one in ages)))
    needs = [code for code in _text(facts, index, "needs").replace(" ", "").split(";") if code]
    if needs:
        listed = list_words([v.NEED_NAMES.get(code, code).lower() for code in needs])
        rows.append(("Primary needs admitted", style.sentence_case(listed)))
    return _lines("What it is", rows)


def _year_group(ncy: int) -> str:
    return "Reception" if ncy == 0 else "nursery" if ncy < 0 else f"Year {ncy}"


def _stock_table(facts: Facts, scheme_id: str) -> Table:
    rows = facts.rows("scheme_stock" if facts.has("scheme_stock") else "scheme_effects", scheme_id=scheme_id)
    years = [year for year in facts.years if year > facts.parameters.calibration_year][-7:]
    found = {int(year): int(places) for year, places in zip(rows["year"], rows["places"], strict=True)}
    cells = [style.number_text(found.get(year, 0)) for year in years]
    columns = (Column("", number=False, width=1.6), *(Column(year_label(year)) for year in years))
    return Table("Places open each September", columns, (("Places", *cells),))


def _effects_table(facts: Facts, scheme_id: str, years: list[int]) -> Table:
    def line(label: str, column: str, decimals: int = 0) -> tuple[str, ...]:
        return (label, *(figure_text(_effect(facts, scheme_id, year, column), decimals) for year in years))

    hours = [_hours(_effect(facts, scheme_id, year, "left_out_travel_min_per_day")) for year in years]
    rows = (
        line("Places open", "places"),
        line("Pupils who would hold one", "placed_pupils"),
        line("Their mean journey, minutes one way", "mean_min"),
        line("To the nearest other suitable local place, minutes", "nearest_other_min"),
        line("Pupils who have a local place only with the scheme", "left_out_local_pupils"),
        line("Of these, pupils who would have no modelled place", "left_out_placed_pupils"),
        ("All pupils' travel with it less without it, hours a day", *(_signed(one) for one in hours)),
    )
    columns = (Column("Measure", number=False, width=3.2), *(Column(year_label(year)) for year in years))
    return Table(f"Whom it would serve{facts.illustrative_tag}", columns, rows, (_HOW,))


def _signed(figure: Figure) -> str:
    return style.signed_text(figure.value, 0) if figure.value is not None else figure_text(figure)


def _date(text: str) -> str:
    return date_words(text) if text else ""


def _decisions(facts: Facts, index: Hashable) -> Table:
    bands = [facts.at("schemes", index, f"capital_gbp_{case}") for case in _CASES]
    places = facts.at("schemes", index, "places_when_complete")
    rows: list[tuple[str, str]] = [("Capital, central (low to high)", gbp_range_words(*bands))]
    if places.is_known and places.known > 0 and all(one.is_known for one in bands):
        each = [Figure(one.known / places.known) for one in bands]
        rows.append(("Capital a place", gbp_range_words(*each)))
    rows += _money_that_follows(facts, index, bands)
    rows += [("Funding", _funding(facts, index))]
    rag = _text(facts, index, "delivery_rag").lower()
    for label, text in (
        ("Delivered by", _text(facts, index, "responsible_body")),
        ("Statutory route", _text(facts, index, "statutory_route")),
        ("Site", _text(facts, index, "site_status")),
        ("Planning permission", _text(facts, index, "planning_status")),
        ("Consultation", _text(facts, index, "consultation_status")),
        ("Decision needed by", _date(_text(facts, index, "decision_needed_by"))),
        ("Delivery", f"{rag}: {_RAG[rag]}" if rag in _RAG else rag),
    ):
        rows.append((label, text))
    return _lines(f"Money and decisions{facts.illustrative_tag}", rows, (_MONEY,))


def _money_that_follows(facts: Facts, index: Hashable, capital: list[Figure]) -> list[tuple[str, str]]:
    """Return what the pupils who have a local place only with the scheme mean for money, by the last year told."""
    scheme_id = str(facts.released.tables["schemes"].at[index, "scheme_id"])
    years = _years(facts, scheme_id)
    if not years:
        return []
    year = years[-1]
    places, more, none, minutes = (
        _effect(facts, scheme_id, year, name)
        for name in ("places", "left_out_local_pupils", "left_out_placed_pupils", "left_out_travel_min_per_day")
    )
    labels = ("Capital a pupil with a local place only with it", f"High needs block, a year, from {year_label(year)}")
    if not (more.is_known and places.is_known):
        return [(label, figure_text(more)) for label in labels]
    each = [Figure(one.known / more.known) for one in capital] if more.known > 0 else []
    known = all(one.is_known for one in capital)
    rows = [(labels[0], gbp_range_words(*each) if each and known else "none has a local place only with it")]
    net = high_needs_of_scheme(_text(facts, index, "provision_type"), more.known, places.known, facts.parameters)
    rows.append((labels[1], gbp_range_words(*map(Figure, net))))
    # without it nobody travels less for want of a place only where all have one
    if none.value == 0 and minutes.is_known and minutes.known < 0 and known:
        days = float(facts.parameters.value("school_days_per_year"))
        hours = -minutes.known / 60 * days
        rows.append(
            ("Capital a pupil-hour saved a year", gbp_range_words(*[Figure(one.known / hours) for one in capital]))
        )
    return rows


def _funding(facts: Facts, index: Any) -> str:  # noqa: ANN401 - a label of the table's index
    line, status = (_text(facts, index, name) for name in ("funding_line", "funding_status"))
    return f"{line} ({status})" if line and status not in line else line or status
