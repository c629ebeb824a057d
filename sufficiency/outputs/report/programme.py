"""The paper on the capital programme: what it builds, when and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report import charts
from sufficiency.outputs.report.blocks import Block, Bullets, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.paper_parts import plain_name
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    difference,
    figure_text,
    gbp_range_words,
    signed_figure,
)
from sufficiency.outputs.report.sufficiency import NAME

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.outputs.report.facts import Facts

__all__ = ["change_table", "completed", "programme_section"]


def completed(facts: Facts, scenario: str) -> tuple[int | None, Figure]:
    """Return the year in which a scenario is complete, and the places it has added by then."""
    rows = facts.rows("programme_places", scenario_id=scenario).sort_values("year")
    done = rows[rows["complete"].fillna(value=False).astype(bool)]
    if not len(done):
        return None, Figure(None)
    year = int(done["year"].iloc[0])
    after = facts.at("programme_places", done.index[0], "capacity_places")
    return year, difference(
        after, facts.figure("programme_places", "capacity_places", scenario_id=facts.base, year=year)
    )


def _programme_text(facts: Facts) -> str:
    year, added = completed(facts, facts.main)
    name = style.scenario_title(facts.main).lower()
    open_then = facts.area("capacity_places", facts.county[0], facts.main)
    gap = facts.shortfall(facts.main)
    need = facts.area("demand_pupils", facts.county[0], facts.main)
    state = (
        f"In {facts.year_text} there would be {count_words(open_then, 'place')} for {count_words(need, 'pupil')}: "
        + (f"{count_words(gap, 'place')} short" if gap.value is None or gap.value > 0 else "no shortfall overall")
    )
    if year is None:
        return f"The {name} is not complete by {year_label(facts.years[-1])}. {state}{facts.illustrative_tag}."
    final = facts.area("capacity_places", facts.county[0], facts.main, year=year)
    needed = facts.area("demand_pupils", facts.county[0], facts.main, year=year)
    return (
        f"The {name} adds {count_words(added, 'special school and specialist base place')}, complete in "
        f"{year_label(year)}. "
        f"{state}{facts.illustrative_tag}. When complete, in {year_label(year)}, there would be "
        f"{count_words(final, 'place')} for the "
        f"{count_words(needed, 'pupil')} expected in that year.{_mismatch_text(facts, year)}"
    )


def _mismatch_text(facts: Facts, year: int) -> str:
    """Return how many pupils have no local place beside how many places stand empty, in the year of completion."""
    county = facts.county[0]
    places, placed, without = (
        facts.area(column, county, facts.main, year=year)
        for column in ("capacity_places", "placed_local_pupils", "without_local_place_pupils")
    )
    empty = difference(places, placed)
    if not (without.is_known and empty.is_known and without.known > 0 and empty.known > 0):
        return ""
    return (
        f" Even so, {count_words(without, 'pupil')} would still be without a local place and "
        f"{count_words(empty, 'place')} would stand empty in that year, because places and pupils differ in type of "
        f"place, age and district{facts.illustrative_tag}."
    )


def _years_table(facts: Facts) -> Table:
    rows = facts.rows("programme_places", scenario_id=facts.main).sort_values("year")
    names = (
        "special_school_added_places",
        "specialist_base_added_places",
        "capacity_places",
        "demand_pupils",
        "shortfall_places",
    )
    body = tuple(
        (
            year_label(int(facts.at("programme_places", i, "year").known)),
            *(figure_text(facts.at("programme_places", i, name)) for name in names),
            "yes" if bool(rows.at[i, "complete"]) else "no",
        )
        for i in rows.index
    )
    columns = (
        Column("September of", number=False),
        Column("Special school places added", width=1.2),
        Column("Specialist base places added", width=1.2),
        Column("Local places open"),
        Column("Need a place, pupils"),
        Column("Places short"),
        Column("Complete", number=False),
    )
    note = (
        "Places short = pupils who need a place less places open; a negative number is places above need, which does "
        "not mean that every pupil has a suitable local place."
    )
    return Table(f"Places open each September, {style.scenario_title(facts.main).lower()}", columns, body, (note,))


_OFF_NOTE: Final = (
    "Better off = a better kind of place (a local one, then another council's, then an independent one, then none), or "
    "the same kind of place at least one minute nearer. Worse off = the reverse."
)


def change_table(facts: Facts) -> Table:
    """Return who gains by district: the main scenario against the one that benefits are measured against."""
    where = {
        "scenario_id": facts.main,
        "against_id": facts.against,
        "policy": facts.policy,
        "year": facts.year,
        "measure": "without_local_place_pupils",
    }
    rows = tuple(
        (
            name,
            *(figure_text(facts.area("without_local_place_pupils", area, s)) for s in (facts.against, facts.main)),
            signed_figure(facts.figure("comparison_area", "change", area_id=area, **where)),
            *(
                figure_text(facts.figure("comparison_area", column, area_id=area, **where))
                for column in ("better_off_pupils", "worse_off_pupils")
            ),
        )
        for area, name in (*facts.districts, facts.county)
    )
    columns = (
        NAME,
        Column(f"Without local place: {style.scenario_title(facts.against).lower()}", width=1.3),
        Column(f"Without local place: {style.scenario_title(facts.main).lower()}", width=1.3),
        Column("Change, pupils"),
        Column("Better off, pupils"),
        Column("Worse off, pupils"),
    )
    return Table(
        f"Who gains: {style.scenario_title(facts.main).lower()} against {style.scenario_title(facts.against).lower()}, "
        f"{facts.year_text}{facts.illustrative_tag}",
        columns,
        rows,
        (_OFF_NOTE,),
        total_rows=1,
    )


def _first_year(facts: Facts, index: Any) -> str:  # noqa: ANN401 - a label of the table's index
    figure = facts.at("schemes", index, "first_year")
    return year_label(int(figure.value)) if figure.value is not None else style.NOT_APPLICABLE


def _schemes(facts: Facts) -> list[Block]:
    frame = facts.released.tables["schemes"]
    frame = frame[frame["in_programme"].fillna(value=False).astype(bool)].sort_values(["first_year", "scheme_name"])
    headline = frame[frame["provision_type"].isin(v.HEADLINE_TYPES)]
    if not len(headline):
        return []
    rows = tuple(
        (
            plain_name(str(headline.at[i, "scheme_name"])),
            str(headline.at[i, "district_name"]),
            v.PROVISION_TYPE_NAMES[str(headline.at[i, "provision_type"])],
            _first_year(facts, i),
            figure_text(facts.at("schemes", i, "places_when_complete")),
            gbp_range_words(*(facts.at("schemes", i, f"capital_gbp_{case}") for case in ("low", "central", "high"))),
            str(headline.at[i, "funding_status"]),
        )
        for i in headline.index
    )
    columns = (
        Column("Scheme", number=False, width=2.5),
        Column("District", number=False, width=1.4),
        Column("Type", number=False, width=1.2),
        Column("First year", number=False),
        Column("Places when complete"),
        Column("Capital, central (low to high)", width=2.0),
        Column("Funding", number=False, width=1.05),
    )
    secured = headline[headline["funding_status"] == "secured"]
    counts = [Figure(float(part["places_when_complete"].fillna(0).sum())) for part in (secured, headline)]
    money = (
        f"With secured money only, {figure_text(counts[0])} of the "
        f"{count_words(counts[1], 'special school and specialist base place')} "
        f"could go ahead{facts.illustrative_tag}; capital that is not secured is marked assumed."
    )
    blocks: list[Block] = [
        Table(f"Schemes of the programme: special schools and specialist bases{facts.illustrative_tag}", columns, rows),
        Paragraph(money),
        *_other_streams(facts, frame[~frame["provision_type"].isin(v.HEADLINE_TYPES)]),
    ]
    rationale = headline["rationale"].fillna("").astype(str)
    special = headline[(headline["provision_type"] == "special_school") & rationale.ne("")]
    reasons = tuple(f"{special.at[i, 'scheme_name']}: {special.at[i, 'rationale']}" for i in special.index)
    if reasons:
        blocks += [Heading("Why a base will not do: special-school schemes", 2), Bullets(reasons)]
    return blocks


def _other_streams(facts: Facts, frame: pd.DataFrame) -> list[Block]:
    """Return the schemes of other streams by type: never added to the places above."""
    rows = []
    for kind in [k for k in v.PROVISION_TYPES if k in set(frame["provision_type"])]:
        part = frame[frame["provision_type"] == kind]
        bands = []
        for case in ("low", "central", "high"):
            found = [facts.at("schemes", i, f"capital_gbp_{case}") for i in part.index]
            known = all(figure.is_known for figure in found)
            bands.append(Figure(sum(figure.known for figure in found)) if known else Figure(None))
        rows.append((v.PROVISION_TYPE_NAMES[kind], style.number_text(len(part)), gbp_range_words(*bands)))
    if not rows:
        return []
    columns = (
        Column("Stream", number=False, width=2.0),
        Column("Schemes", width=0.8),
        Column("Capital, central (low to high)", width=2.0),
    )
    note = (
        "These streams count neither in the places nor in the need of this paper. A scheme can be a group of schools."
    )
    return [Table("Schemes of other streams in the programme", columns, tuple(rows), (note,))]


def programme_section(facts: Facts) -> list[Block]:
    """Return what the programme builds, when and for whom."""
    blocks: list[Block] = [Heading("The capital programme"), Paragraph(_programme_text(facts))]
    if facts.has("programme_places"):
        gap = facts.shortfall(facts.main)
        alt = f"Stacked bars of places by year with the pupils who need one as a line. {_programme_text(facts)}"
        state = f"{count_words(gap, 'place')} short" if gap.value is None or gap.value > 0 else "no shortfall"
        caption = f"Places and need by year: {state} in {facts.year_text}"
        blocks += [charts.programme_chart(facts, f"{caption}{facts.illustrative_tag}", alt), _years_table(facts)]
    return blocks + (_schemes(facts) if facts.has("schemes") else [])
