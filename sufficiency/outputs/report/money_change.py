"""The paper on what the programme changes in each purse, by year, what capital buys, and the economic view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.measures.displacement import NET
from sufficiency.measures.economic_view import ECONOMIC_SENTENCE
from sufficiency.measures.transport_money import CASHABLE, MARGINAL
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Block, Callout, Column, Heading, Paragraph, Table
from sufficiency.outputs.report.sentences import (
    Figure,
    count_words,
    figure_text,
    gbp_range_words,
    list_words,
    range_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.outputs.report.facts import Facts

__all__ = ["carbon_policy", "change_blocks", "cost_words", "one_unit"]

_BANDS: Final = ("gbp_low", "gbp_central", "gbp_high")
_CASES: Final = ("low", "central", "high")
_MOST_YEARS: Final = 7
_MILLION: Final = 1_000_000
_ALWAYS: Final = (NET, CASHABLE)
_SIGN: Final = "A plain amount is a cost to the purse, one with a minus a saving."
_HOW: Final = (
    f"{_SIGN} Lowest: local places at their low cost, places elsewhere at their high cost, and most pupils from the "
    "dear ones; highest the opposite. Each line is pupils × share × (cost here less cost there). Where pupils would "
    "otherwise be is an assumption, and decides most of the result."
)
_TRANSPORT_NOTE: Final = (
    f"{_SIGN} Average and marginal are two answers to one question and are never added. Pupils without a modelled "
    "place have no journey in the model, though most are carried somewhere today, so more journeys overstate the cost."
)
_STAY: Final = (
    "Here pupils who have a place stay in it, and only new starters and those who change phase are placed anew."
)
_YEARS_NOTE: Final = (
    "Central figures. An academic year falls 7/12 in the financial year of its September and 5/12 in the next, so a "
    "September opening costs 7/12 of a year at first. Capital is spent partly in the year before a scheme opens. "
    "The last year holds only April to August of the last academic year. Lines of different purses are never added."
)


def change_blocks(facts: Facts) -> list[Block]:
    """Return what the main scenario changes in each purse against the one that benefits are measured against."""
    if not (facts.has("money_change") and facts.compares):
        return []
    against = style.scenario_title(facts.against).lower()
    name = style.scenario_title(facts.main)
    subject = f"{name[:1].lower()}{name[1:]}" if name.lower().startswith("the ") else f"the {name.lower()}"
    blocks: list[Block] = [
        Heading(f"What {subject} changes in each purse against {against}", 2),
        Paragraph(_net_sentence(facts)),
    ]
    for purse, title, note in (
        ("high_needs_block", "High needs block", _HOW),
        ("general_fund_transport", "Council general fund: home to school transport", _TRANSPORT_NOTE),
    ):
        found = _purse_table(facts, purse, f"{title}: change against {against}", note)
        blocks += [found] if found else []
    blocks += _carbon(facts)
    blocks += _years_table(facts, against)
    blocks += _buys(facts)
    blocks += _view(facts)
    return blocks


def _policy(facts: Facts) -> str:
    """Return the policy that money follows: placed pupils stay and new starters join, where the run has it."""
    return "rolling" if (facts.released.tables["money_change"]["policy"] == "rolling").any() else facts.policy


def carbon_policy(facts: Facts) -> str:
    """Return the use of places for which the change of carbon is told; blank where it is not told."""
    return _policy(facts) if facts.compares and facts.has("money_change") and _carbon(facts) else ""


def _where(facts: Facts) -> dict[str, str]:
    return {"scenario_id": facts.main, "against_id": facts.against}


def _net_sentence(facts: Facts) -> str:
    """Return the net change of the high needs block in words: a cost is called a cost."""
    where = {"policy": _policy(facts), "item": NET, **_where(facts)}
    parts = []
    for year in dict.fromkeys((facts.year, facts.years[-1])):
        found = [facts.figure("money_change", band, year=year, **where) for band in _BANDS]
        if any(one.hidden for one in found):
            parts.append(f"The net change of the high needs block in {year_label(year)} is not shown (c).")
        elif found[1].is_known:
            start = (
                f"In {year_label(year)}, {facts.scenario_words(facts.main)} instead of "
                f"{facts.scenario_words(facts.against)}, the high needs block has "
                if not parts
                else f"In {year_label(year)} it has "
            )
            parts.append(f"{start}{cost_words(*(one.known for one in found))}{facts.illustrative_tag}.")
    parts.append(
        "Savings come only from places that are displaced; base places that fill from mainstream are a net cost, and "
        "are shown as one."
    )
    return " ".join([*parts, *([_STAY] if _policy(facts) == "rolling" else [])])


def cost_words(low: float, central: float, high: float) -> str:
    """Return ``"a net cost of £2m a year (£1m to £3m)"``; a range of both signs says what either end is."""
    if not (low or central or high):
        return "no net change"
    kind = "cost" if central > 0 else "saving"
    if low < 0 < high:
        return (
            f"a net {kind} of {style.gbp_about(abs(central))} a year at central figures, between a saving of "
            f"{style.gbp_about(-low)} and a cost of {style.gbp_about(high)} by where pupils would otherwise be and at "
            "what price"
        )
    least, most = sorted((abs(low), abs(high)))
    return f"a net {kind} of {gbp_range_words(Figure(least), Figure(abs(central)), Figure(most))} a year"


def _purse_table(facts: Facts, purse: str, caption: str, note: str) -> Table | None:
    rows = facts.rows("money_change", purse=purse, policy=_policy(facts), year=facts.year, **_where(facts))
    lines = []
    for index in rows.index:
        found = [facts.at("money_change", index, band) for band in _BANDS]
        item = str(rows.at[index, "item"])
        if any(one.value != 0 for one in found) or item in _ALWAYS:
            lines.append((item, found))
    if not lines:
        return None
    unit, text = one_unit([one for _, found in lines for one in found])
    columns = (Column("Item", number=False, width=3.2), Column("Lowest"), Column("Central"), Column("Highest"))
    return Table(
        f"{caption}, {facts.year_text}, {unit}{facts.illustrative_tag}",
        columns,
        tuple((item, *map(text, found)) for item, found in lines),
        (note,),
        total_rows=1 if purse == "high_needs_block" else 0,
    )


def one_unit(figures: list[Figure]) -> tuple[str, Callable[[Figure], str]]:
    """Return one unit for all amounts of a table, and how to write them in it."""
    sizes = [abs(one.known) for one in figures if one.is_known]
    if max(sizes, default=0.0) >= _MILLION:
        return "£ million", lambda one: figure_text(Figure(one.known / _MILLION) if one.is_known else one, 2)
    return "£", figure_text


def _carbon(facts: Facts) -> list[Block]:
    """Return what happens to vehicles and carbon."""
    where = {"policy": _policy(facts), "year": facts.year, **_where(facts)}
    if not facts.has("carbon_change"):
        return []
    carbon, vehicles = (
        [facts.figure("carbon_change", f"{name}_{case}", **where) for case in _CASES] for name in ("kgco2e", "vehicles")
    )
    if not all(one.is_known for one in (*carbon, *vehicles)):
        return []
    tonnes = [one.known / 1_000 for one in carbon]
    less = "less" if tonnes[1] < 0 else "more"
    way = "fewer" if vehicles[1].known < 0 else "more"
    return [
        Paragraph(
            f"Carbon follows vehicle-kilometres. Under “{style.POLICY_TITLES[_policy(facts)].lower()}”, "
            f"{facts.scenario_words(facts.main)} it would be {style.number_text(abs(tonnes[1]))} tonnes {less} a year "
            f"than {facts.scenario_words(facts.against)} at central figures (change "
            f"{range_words(Figure(min(tonnes)), Figure(max(tonnes)))} tonnes), and "
            f"{style.number_text(abs(vehicles[1].known))} vehicles {way} in the model, where pupils who gain a "
            f"modelled place gain a journey with it{facts.illustrative_tag}."
        )
    ]


def _years_table(facts: Facts, against: str) -> list[Block]:
    """Return running costs and capital by financial year, central."""
    if not facts.has("money_change_years"):
        return []
    frame = facts.rows("money_change_years", **_where(facts))
    frame = frame[frame["policy"].isin([_policy(facts), ""])]
    frame = frame[frame["item"].isin([NET, MARGINAL]) | (frame["purse"] == "capital")]
    cells: dict[str, dict[int, Figure]] = {}
    for index in frame.index:
        item, year = str(frame.at[index, "item"]), int(str(frame.at[index, "financial_year"]))
        cells.setdefault(item, {})[year] = facts.at("money_change_years", index, "gbp_central")
    cells = {item: row for item, row in cells.items() if any(one.value != 0 for one in row.values())}
    told = sorted({year for row in cells.values() for year, one in row.items() if one.value != 0})
    years, later = told[:_MOST_YEARS], told[_MOST_YEARS:]
    if not cells:
        return []
    names = {NET: "High needs block, net change", MARGINAL: "Transport, marginal basis"}
    order = [item for item in names if item in cells] + sorted(item for item in cells if item not in names)
    unit, text = one_unit([one for row in cells.values() for one in row.values()])
    columns = (Column("Line", number=False, width=2.8), *(Column(year_label(year)) for year in years))
    rows = [
        (names.get(item, f"Capital: {item}"), *(text(cells[item].get(year, Figure(0.0))) for year in years))
        for item in order
    ]
    title = f"Change against {against} by financial year, April to March, central, {unit}{facts.illustrative_tag}"
    more = f" {list_words([year_label(year) for year in later])}: see table money_change_years." if later else ""
    return [Table(title, columns, tuple(rows), (_YEARS_NOTE + more,))]


def _buys(facts: Facts) -> list[Block]:
    """Return how many base places the capital for bases buys."""
    if not facts.has("capital_buys"):
        return []
    frame = facts.released.tables["capital_buys"]
    wanted = list(dict.fromkeys(frame["wanted"]))
    rows = []
    for case in _CASES:
        mine = frame[frame["case"] == case]
        first = mine.index[0]
        cells = []
        for name in wanted:
            index = mine.index[mine["wanted"] == name][0]
            cells += [
                figure_text(facts.at("capital_buys", index, "short_places")),
                style.gbp_words(facts.at("capital_buys", index, "short_gbp").known),
            ]
        price = facts.at("capital_buys", first, "gbp_per_place")
        bought = facts.at("capital_buys", first, "places_bought")
        rows.append((case.capitalize(), f"£{style.number_text(price.known)}", figure_text(bought), *cells))
    number = {name: int(frame.loc[frame["wanted"] == name, "wanted_places"].iloc[0]) for name in wanted}
    columns = (
        Column("Cost of a place", number=False),
        Column("A place"),
        Column("Places it buys"),
        *(
            column
            for name in wanted
            for column in (
                Column(f"{name} ({style.number_text(number[name])}): places short", width=1.3),
                Column("Money short", width=1.1),
            )
        ),
    )
    capital = facts.at("capital_buys", frame.index[0], "capital_gbp")
    title = f"What {style.gbp_words(capital.known)} of capital for bases buys{facts.illustrative_tag}"
    note = (
        "The low cost of a place looks like that of a mainstream extension; the others are out-turns of special places."
    )
    return [Table(title, columns, tuple(rows), (note,))]


def _view(facts: Facts) -> list[Block]:
    """Return the economic view: purses added up under their own heading, with the sentence that says so."""
    if not facts.has("economic_view"):
        return []
    found = {
        column: [
            facts.figure("economic_view", column, policy=_policy(facts), case=case, **_where(facts)) for case in _CASES
        ]
        for column in ("npv_gbp", "sum_gbp", "payback_years", "appraisal_years", "discount_rate_share", "first_year")
    }
    if not all(one.is_known for one in found["npv_gbp"]):
        return [Callout("An economic view, not a budget", f"{ECONOMIC_SENTENCE} It is not shown.")]
    first, years = int(found["first_year"][1].known), int(found["appraisal_years"][1].known)
    rate = f"{found['discount_rate_share'][1].known:.1%}".replace(".0%", "%")
    low, central, high = found["payback_years"]
    if central.is_known:
        ends = f" ({range_words(low, high)})" if low.is_known and high.is_known else ""
        payback = f"Costs are paid back after {count_words(central, 'year')}{ends}"
    else:
        payback = f"Costs are not paid back within {years} years at central figures"
        payback += f", and after {count_words(low, 'year')} in the most favourable case" if low.is_known else ""
    return [
        Callout(
            "An economic view, not a budget",
            f"{ECONOMIC_SENTENCE} Over {years} years from {year_label(first)}, at {rate} a year, capital, the high "
            f"needs block and transport (marginal) together come to {gbp_range_words(*found['npv_gbp'])} at present "
            f"value, and not discounted to {gbp_range_words(*found['sum_gbp'])}{facts.illustrative_tag}; a plain "
            f"amount is a cost. {payback}{facts.illustrative_tag}. Every year after {year_label(facts.years[-1])} is "
            "taken to be as that one, at the same prices.",
        )
    ]
