"""What the capital board's paper says of delay, of who gains, and of travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs.report.blocks import Block, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.paper_parts import Scheme, forecast_years, stock, total
from sufficiency.outputs.report.programme import change_table
from sufficiency.outputs.report.sentences import difference, figure_text, scaled, signed_figure

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["gains_section", "late_section", "travel_section"]

_LATE: Final = (
    "Places missing = places open by the programme less those open if the scheme comes a year later; 0 = none is "
    "missing in that September."
)
_TRAVEL: Final = (
    "All journeys = those of all pupils with the whole programme less those without this scheme, there and back; a "
    "minus is fewer hours. A scheme that places more pupils adds their journeys. Direct time by car, without pick-ups. "
    "Figures of single schemes do not add up. Support and early-years bases are not placements: nobody travels to one "
    "here."
)


def late_section(facts: Facts, schemes: list[Scheme]) -> list[Block]:
    """Return the places missing in each September when a scheme comes a year late."""
    if not facts.has("scheme_stock"):
        return []
    years = [
        year
        for year in forecast_years(facts)
        if any(difference(stock(facts, one, year), stock(facts, one, year - 1)).value for one in schemes)
    ]
    if not years:
        return []

    def missing(listed: list[Scheme], year: int) -> str:
        gone = difference(*(total([stock(facts, one, at) for one in listed]) for at in (year, year - 1)))
        return figure_text(gone)

    groups = [(one.name, [one]) for one in schemes]
    groups += [
        ("Every scheme on assumed money", [one for one in schemes if not one.secured]),
        ("Every scheme", schemes),
    ]
    rows = tuple((name, *(missing(listed, year) for year in years)) for name, listed in groups)
    worst = max(years, key=lambda year: difference(*(total([stock(facts, one, at) for one in schemes])
                                                     for at in (year, year - 1))).known)  # fmt: skip
    worst_text = missing(schemes, worst)
    columns = (Column("A year late", number=False, width=2.8), *(Column(year_label(year)) for year in years))
    return [
        Heading("If a scheme comes a year late"),
        Paragraph(
            f"If every scheme came a year late, {worst_text} places would be missing in {year_label(worst)}, more than "
            f"in any other year{facts.illustrative_tag}."
        ),
        Table(f"Places missing each September{facts.illustrative_tag}", columns, rows, (_LATE,), total_rows=2),
    ]


def gains_section(facts: Facts) -> list[Block]:
    """Return who gains by district, where there is a scenario to compare with."""
    if not (facts.compares and facts.has("comparison_area")):
        return []
    return [Heading("Who gains, by district"), change_table(facts)]


def travel_section(facts: Facts, schemes: list[Scheme]) -> list[Block]:
    """Return the travel impact of each scheme, in the headline year and in the last one."""
    if not facts.has("scheme_effects"):
        return []
    frame = facts.rows("scheme_effects", scenario_id=facts.main)
    years = sorted({int(year) for year in frame["year"]})
    years = sorted({years[0], years[-1]}) if years else []

    def cells(one: Scheme, year: int) -> tuple[str, ...]:
        where = {"scenario_id": facts.main, "scheme_id": one.scheme_id, "year": year}
        mean, other, change = (
            facts.figure("scheme_effects", name, **where)
            for name in ("mean_min", "nearest_other_min", "left_out_travel_min_per_day")
        )
        return figure_text(mean), figure_text(other), signed_figure(scaled(change, 1 / 60))

    rows = tuple((one.name, *(cell for year in years for cell in cells(one, year))) for one in schemes)
    columns = (
        Column("Scheme", number=False, width=2.6),
        *(
            column
            for year in years
            for column in (
                Column(f"{year_label(year)}: mean journey, minutes", width=1.1),
                Column("Nearest other place, minutes"),
                Column("All journeys, hours a day", width=1.1),
            )
        ),
    )
    return [
        Heading("Travel impact of each scheme", new_page=True),
        Paragraph(
            "The travel impact of every special-school and specialist-base scheme is modelled: how long its pupils' "
            "journeys would be, how far the nearest other suitable place is, and what the scheme changes in all "
            "pupils' journeys together."
        ),
        Table(f"Journeys with each scheme{facts.illustrative_tag}", columns, rows, (_TRAVEL,)),
    ]
