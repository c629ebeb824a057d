"""The paper's pages for officers and analysts: risks, the council's headings, assumptions, method, assurance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import PUBLIC, year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Blank, Block, Bullets, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.districts import has_home_rows, printed_counts
from sufficiency.outputs.report.front import DRAWN
from sufficiency.outputs.report.paper_parts import date_words
from sufficiency.outputs.report.sentences import Figure, count_words, difference, figure_text, list_words
from sufficiency.outputs.terms import (
    GLOSSARY,
    assumption_title,
    check_words,
    need_codes,
    plain_words,
    value_words,
)

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["annexes", "implications_section", "risks_section"]

_NEAREST: Final = "nearest"
_HEADINGS: Final = (
    ("Corporate policies and priorities", "How the paper serves the council's plan and its SEND strategy."),
    ("Financial implications", "The chief finance officer's view. Figures to start from: “Money, in three purses”."),
    ("Legal implications", "The monitoring officer's view."),
    ("Staff implications", "Workforce needed to open and run the places."),
    (
        "Equality and inclusion implications",
        "The assessment. The tables by district, need and phase are evidence for it; they are not an assessment.",
    ),
    ("Sustainability implications", "The view on carbon and estate. Figures to start from: “Journeys”."),
    ("Risk management", "The council's own register entry. Figures to start from: “Risks and sensitivities”."),
    ("Consultation", "What was asked of whom, and what they said."),
)
_LIMITS: Final = (
    "This is a planning model. It neither decides nor evidences a child's placement.",
    (
        "Best use of places is the theoretical best: it assumes that every pupil may take any suitable place that "
        "admits the need, "
        "age and sex. Parental preference, tribunal decisions and the mix of pupils in a class are not modelled."
    ),
    (
        "Journeys are direct car times on modelled roads, without pick-ups, from a home place and not from a home. "
        "Times as ridden, with pick-ups, are an estimate by a stated rule and not a plan of routes."
    ),
    "Where pupils live within a district is spread by population, not observed.",
    "Primary needs that a school admits are taken from published rolls and designations; individual admissions differ.",
)


def _capital_rates(facts: Facts) -> list[Block]:
    claims = facts.inputs.claims
    # the section on money says it already, place by place
    if facts.has("capital_buys") or not len(claims) or "claim_id" not in claims:
        return []
    values = dict(zip(claims["claim_id"], claims["value"], strict=True))
    needed = ("N6-capital", "N6-places", "N6-funded")
    if any(name not in values or str(values[name]) == "nan" for name in needed):
        return []
    capital, places, funded = (float(values[name]) for name in needed)
    rows = []
    for case, rate in zip(
        ("Low", "Central", "High"), facts.parameters.range("capital_gbp_per_base_place"), strict=True
    ):
        bought = int(capital // float(rate) + 1e-9)
        rows.append(
            (
                case,
                style.gbp_words(float(rate)),
                style.number_text(bought),
                style.share_text(min(bought / places, 1)),
                style.share_text(min(bought / (places - funded), 1)),
            )
        )
    columns = (
        Column("Case", number=False),
        Column("Capital a place"),
        Column(f"Places that {style.gbp_words(capital)} buys", width=1.5),
        Column(f"Share of {places:.0f} places"),
        Column(f"Share of {places - funded:.0f} (less the {funded:.0f} already funded)", width=1.8),
    )
    source = facts.parameters.assumptions["capital_gbp_per_base_place"].source
    return [Table("What the published capital for secondary bases buys", columns, tuple(rows), (f"Rates: {source}.",))]


def _balance_words(gap: Figure) -> str:
    """Return need less places in words: places short, or places above need."""
    if gap.known < 0:
        return f"{count_words(Figure(-gap.known), 'place')} more than pupils who need one"
    return count_words(gap, "place short", "places short")


def _forecast_risk(facts: Facts) -> str:
    """Return what the forecast's range does to the shortfall, in the headline year or the last year."""
    for year in (facts.year, facts.years[-1]):
        places = facts.area("capacity_places", facts.county[0], facts.main, year=year)
        *ends, drawn = facts.forecast_ends(year)
        gaps = [difference(end, places) for end in ends]
        if all(gap.is_known for gap in gaps):
            least, most = map(_balance_words, gaps)
            of = f"end of {DRAWN}" if drawn else "forecast"
            return (
                f"Forecast: {facts.scenario_words(facts.main)}, in {year_label(year)} there would be {least} at the "
                f"low {of} and {most} at the high {'end' if drawn else of}{facts.illustrative_tag}."
            )
    return "Forecast: no range is stated."


def risks_section(facts: Facts) -> list[Block]:
    """Return what the findings are sensitive to, in figures."""
    county = facts.county[0]
    policies = [p for p in ("optimal", "rolling") if p in facts.policies]
    parts = [
        f"{count_words(facts.area('without_local_place_pupils', county, facts.main, policy=p), 'pupil')} under "
        f"“{style.POLICY_TITLES[p].lower()}”"
        for p in policies
    ]
    words = facts.scenario_words(facts.main)
    items = [
        _forecast_risk(facts),
        (
            f"How places are used: {words}, pupils without a local place in {facts.year_text} would be "
            f"{list_words(parts)}."
        ),
        (
            "Delivery: places count only in the September that they open. A scheme a year late leaves its places out "
            "of that year."
        ),
        "Money: capital that is not secured is assumed; the schemes table marks it.",
        (
            "Definition: the published need is not defined. The bridge shows one reading; another would move the "
            "shortfall."
        ),
    ]
    if "rolling" in policies:
        items.append(
            "“Pupils keep their places” starts from a modelled allocation where no present placements are loaded, "
            "and its rates of "
            "staying are assumptions."
        )
    return [Heading("Risks and sensitivities"), Bullets(tuple(items)), *_policy_table(facts), *_capital_rates(facts)]


def _policy_table(facts: Facts) -> list[Block]:
    shown = [p for p in ("optimal", "rolling") if p in facts.policies]
    if len(shown) < 2:
        return []
    rows = tuple(
        (
            style.POLICY_TITLES[p],
            *(
                figure_text(facts.area("without_local_place_pupils", facts.county[0], s, policy=p))
                for s in facts.standing
            ),
        )
        for p in shown
    )
    columns = (
        Column("How places are used", number=False, width=2.2),
        *(Column(f"{style.scenario_title(s)}, pupils") for s in facts.standing),
    )
    notes = tuple(f"{style.POLICY_TITLES[p]}: {style.POLICY_GLOSSES[p]}" for p in shown)
    caption = f"Pupils without a local place by use of places, county, {facts.year_text}"
    return [Table(caption, columns, rows + _pressure_rows(facts), (*notes, _OVER_NUMBER))]


_OVER_NUMBER: Final = (
    "Where pupils keep their places, they stay even above the number of places, so more pupils can be placed than "
    "there are places, and fewer be without one than with the best use of places."
)


def _pressure_rows(facts: Facts) -> tuple[tuple[str, ...], ...]:
    """Return pupils above the number of places, where capacity is ignored."""
    if not facts.has("pressure") or _NEAREST not in facts.policies:
        return ()
    where = {"policy": _NEAREST, "year": facts.year, "area_id": facts.county[0]}
    above = (facts.figure("pressure", "over_capacity_pupils", scenario_id=one, **where) for one in facts.standing)
    return ((f"{style.POLICY_TITLES[_NEAREST]}: pupils above the number of places", *map(figure_text, above)),)


def implications_section() -> list[Block]:
    """Return the recommendation, and the council's own headings as marked blanks."""
    return [
        Heading("Recommendation", new_page=True, one_page=True),
        Paragraph("The board is recommended to note this paper. Any other recommendation is for officers to write."),
        Heading("Implications, for officers to write"),
        Paragraph(
            "These sections are officers' judgement. They are left blank on purpose; nothing in them is generated."
        ),
        *(Blank(title, prompt) for title, prompt in _HEADINGS),
    ]


def _quality_table(facts: Facts) -> list[Block]:
    if not facts.has("data_quality"):
        return [Paragraph("The checks of the inputs found nothing to report.")]
    frame = facts.released.tables["data_quality"]
    rows = tuple(
        (
            check_words(str(frame.at[i, "check"])),
            str(frame.at[i, "severity"]),
            figure_text(facts.at("data_quality", i, "rows")),
            style.sentence_case(plain_words(str(frame.at[i, "message"]))),
        )
        for i in frame.index
    )
    columns = (
        Column("What was found", number=False, width=2.4),
        Column("Weight", number=False, width=0.8),
        Column("Rows", width=0.6),
        Column("What can be done", number=False, width=3.4),
    )
    return [Table("What the checks of the inputs found", columns, rows)]


def _accounts_table(facts: Facts) -> list[Block]:
    """Return what became of the rows of the files, where the area was prepared from files."""
    if not facts.has("accounts"):
        return []
    frame = facts.released.tables["accounts"]
    rows = tuple(
        (str(frame.at[i, "file"]), str(frame.at[i, "kind"]), str(frame.at[i, "what"]),
         figure_text(facts.at("accounts", i, "rows")))
        for i in frame.index
    )  # fmt: skip
    columns = (
        Column("File", number=False, width=2.6),
        Column("What it is", number=False, width=1.8),
        Column("Rows", number=False, width=2.6),
        Column("Number", width=0.8),
    )
    notes = ("Read = used + set aside. The account of a person-level return stays with the council.",)
    return [Table("What became of the rows of the files", columns, rows, notes)]


def _value_text(value: object) -> str:
    text = "" if value is None or str(value) in {"nan", "<NA>", "None"} else str(value)
    try:
        number = float(text)
    except ValueError:
        return value_words(text)
    if number.is_integer():
        return text.removesuffix(".0") if 1990 <= number <= 2100 else style.number_text(number)
    return f"{number:,.3f}".rstrip("0").replace("-", "\u2212")


def _assumptions_table(facts: Facts) -> Table:
    frame = facts.released.tables["assumptions"]
    rows = []
    for i in frame.index:
        value, low, high = (_value_text(frame.at[i, name]) for name in ("value", "low", "high"))
        spread = f" ({low} to {high})" if low and high and low != high else ""
        rows.append(
            (
                assumption_title(str(frame.at[i, "name"])),
                f"{value}{spread}",
                plain_words(str(frame.at[i, "unit"])),
                f"{plain_words(str(frame.at[i, 'source']))} ({date_words(str(frame.at[i, 'date']))})",
                plain_words(str(frame.at[i, "effect"])),
            )
        )
    columns = (
        Column("Assumption", number=False, width=1.7),
        Column("Value (low to high)", number=False, width=1.4),
        Column("Unit", number=False, width=1.2),
        Column("Source (date)", number=False, width=2.6),
        Column("Effect", number=False, width=2.3),
    )
    return Table("Assumptions", columns, tuple(rows))


def shown_share(facts: Facts) -> Figure:
    """Return the share of the counts printed on the district pages that are shown and not hidden."""
    homes = has_home_rows(facts)
    counts = [figure for area, _ in facts.districts for figure in printed_counts(facts, area, with_homes=homes)]
    shown, hidden = sum(figure.is_known for figure in counts), sum(figure.hidden for figure in counts)
    return Figure(shown / (shown + hidden)) if shown + hidden else Figure(None)


def _small_numbers(facts: Facts) -> str:
    if facts.released.build != PUBLIC:
        return "Small numbers: this build hides nothing and rounds nothing."
    rules = facts.released.rules
    return f"Small numbers: {rules[:1].lower()}{rules[1:]}" if rules else "Small numbers: the release states no rule."


def _assurance(facts: Facts) -> list[Block]:
    certificates = facts.record.certificates
    proven = sum(1 for certificate in certificates if certificate.optimal)
    frame = facts.released.tables["conservation"]
    balanced = sum(
        1
        for i in frame.index
        if all(facts.at("conservation", i, n).is_known for n in ("in", "placed", "unplaced", "excluded"))
        and facts.at("conservation", i, "in").known
        == sum(facts.at("conservation", i, n).known for n in ("placed", "unplaced", "excluded"))
    )
    share = shown_share(facts)
    items = [
        (
            f"Every pupil is accounted for: pupils in = placed + without a place + excluded in {balanced} of "
            f"{len(frame)} combinations of "
            "scenario, use of places and year."
        ),
        f"Allocations: {proven} of {len(certificates)} solves carry a proof that no better allocation exists. Nearest "
        "suitable place ignores capacity, so it carries none; every policy is checked for who may go where, and that "
        "no pupil is lost."
        if certificates
        else "Allocations: no certificates were recorded in this run.",
        (
            f"{_small_numbers(facts)} "
            f"{figure_text(share, share=True)} of the counts printed on the district pages are shown. This is the "
            f"{facts.released.build} build."
        ),
        (
            f"Repeatable: the same inputs give the same files. Run {facts.record.run_id}, version "
            f"{facts.record.version}; digests of all "
            "inputs are in run.json."
        ),
    ]
    return [Heading("Assurance statement", 2), Bullets(tuple(items)), Heading("Known limits", 2), Bullets(_LIMITS)]


_METHOD: Final = (
    (
        "Need: plans by age, need and place sought in the calibration year, carried forward with the children of each "
        "age, new homes and the trend of plans, and made to meet the county's totals where the area states them."
    ),
    (
        "Who may go where: age, primary need admitted, type of place sought, sex, attendance and opening year are "
        "hard rules. No pupil is "
        "placed in another type than the one sought unless a sourced rule allows it."
    ),
    (
        "Allocation: as many pupils as possible in local state-funded places; then in other councils' schools in "
        "use; then in independent "
        "places commissioned today; then least travel."
    ),
    (
        "Scenarios: do nothing keeps the places of today; committed adds schemes that are open or contracted; "
        "programme adds all schemes."
    ),
)


def _words_section() -> list[Block]:
    """Return the glossary: terms, then the codes of primary needs."""
    words = (Column("Word", number=False, width=1.3), Column("What it means here", number=False, width=4))
    codes = (
        Column("Code", number=False, width=0.7),
        Column("Primary need", number=False, width=2.2),
        Column("Broad area of need", number=False, width=2.2),
    )
    return [
        Heading("Annex C: words and codes"),
        Table("Words", words, GLOSSARY),
        Table("Codes of primary needs, in the broad areas of the SEND code of practice", codes, need_codes()),
    ]


def annexes(facts: Facts) -> list[Block]:
    """Return data quality, assumptions, method, assurance, known limits, glossary and sources."""
    return [
        Heading("Annex A: data quality and assumptions", new_page=True),
        *_quality_table(facts),
        *_accounts_table(facts),
        _assumptions_table(facts),
        Heading("Annex B: method and assurance"),
        Bullets(_METHOD),
        *_assurance(facts),
        Heading("Sources", 2),
        Bullets(style.sources(facts.inputs.roads.attribution)),
        *_words_section(),
    ]
