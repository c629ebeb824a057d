"""The paper on money that changes: a cost is called a cost, hidden stays hidden, and every number says illustrative."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from sufficiency.measures.displacement import NET
from sufficiency.outputs.report.blocks import Callout, Paragraph, Table
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.money_change import change_blocks
from tests.released_fixture import make_inputs_facts as make_inputs
from tests.released_fixture import make_record, make_released

PAIR = {"scenario_id": "programme", "against_id": "committed", "note": ""}
HIGH, FUND = "high_needs_block", "general_fund_transport"


def changes(net: tuple[float, float, float]) -> pd.DataFrame:
    rows = [
        (HIGH, "Special-school pupils, otherwise in mainstream with a top-up", 1e6, 2e6, 3e6),
        (HIGH, "Specialist-base start-up", 0.0, 0.0, 0.0),
        (HIGH, NET, *net),
        (FUND, "Average basis", 1e6, 2e6, 3e6),
        (FUND, "Cashable part of the average basis", 0.0, 0.0, 0.0),
        (FUND, "Marginal basis", -3e5, -2e5, -1e5),
    ]
    table = pd.DataFrame(rows, columns=["purse", "item", "gbp_low", "gbp_central", "gbp_high"])
    return table.assign(policy="optimal", year=2028, **PAIR)


def years() -> pd.DataFrame:
    rows = [("optimal", 2028, HIGH, NET, 7e5), ("optimal", 2029, HIGH, NET, 5e5), ("", 2027, "capital", "Grant", 6e6)]
    table = pd.DataFrame(rows, columns=["policy", "financial_year", "purse", "item", "gbp_central"])
    return table.assign(gbp_low=0.0, gbp_high=9e6, **PAIR)


def view(payback: list[int | None]) -> pd.DataFrame:
    table = pd.DataFrame({"case": ["low", "central", "high"], "npv_gbp": [1e7, 2e7, 3e7], "sum_gbp": [2e7, 3e7, 4e7]})
    same = {"policy": "optimal", "first_year": 2026, "appraisal_years": 25, "discount_rate_share": 0.035}
    return table.assign(payback_years=pd.array(payback, dtype="Int64"), **same, **PAIR)


def buys() -> pd.DataFrame:
    rows = [
        ("low", 34_173.0, 467, 0, 0.0),
        ("central", 111_000.0, 143, 324, 35.9e6),
        ("high", 188_000.0, 84, 383, 7.2e7),
    ]
    table = pd.DataFrame(rows, columns=["case", "gbp_per_place", "places_bought", "short_places", "short_gbp"])
    return table.assign(capital_gbp=15_959_000.0, wanted="All new base places", wanted_places=467)


def facts(net=(-1e6, 2e6, 5e6), payback=(8, None, None), hide: str = "") -> Facts:
    base = make_released()
    more = {
        "money_change": changes(net), "money_change_years": years(), "economic_view": view(list(payback)),
        "capital_buys": buys(),
    }  # fmt: skip
    masks = {name: pd.DataFrame(False, frame.index, frame.columns) for name, frame in more.items()}
    for column in (hide and ["gbp_low", "gbp_central", "gbp_high"]) or []:
        masks["money_change"].loc[more["money_change"]["item"] == hide, column] = True
        more["money_change"].loc[more["money_change"]["item"] == hide, column] = float("nan")
    released = dataclasses.replace(base, tables={**base.tables, **more}, hidden={**base.hidden, **masks})
    return Facts(released, make_inputs(), make_record())


def lead(found: Facts) -> str:
    return next(one.text for one in change_blocks(found) if isinstance(one, Paragraph))


def table(found: Facts, start: str) -> Table:
    return next(one for one in change_blocks(found) if isinstance(one, Table) and one.caption.startswith(start))


def test_a_net_cost_is_called_one_and_the_doubt_is_told() -> None:
    text = lead(facts())
    words = "has a net cost of £2.0m a year at central figures, between a saving of £1.0m and a cost of £5.0m"
    assert words in text
    assert text.index("(illustrative).") > text.index(words)


def test_a_net_saving_is_told_by_its_size() -> None:
    text = lead(facts(net=(-5e6, -2e6, -1e6)))
    assert "has a net saving of £2.0m (£1.0m to £5.0m) a year (illustrative)." in text


def test_what_is_hidden_is_not_told() -> None:
    found = facts(hide=NET)
    assert lead(found).startswith("The net change of the high needs block in 2028/29 is not shown (c).")
    assert "£" not in lead(found)
    assert table(found, "High needs block").rows[-1] == (NET, "c", "c", "c")


def test_purses_stand_in_tables_of_their_own() -> None:
    found = facts()
    assert [row[0] for row in table(found, "High needs block").rows] == [
        "Special-school pupils, otherwise in mainstream with a top-up",
        NET,
    ]
    fund = table(found, "Council general fund")
    assert "£ million" in fund.caption
    assert fund.rows == (
        ("Average basis", "1.00", "2.00", "3.00"),
        ("Cashable part of the average basis", "0.00", "0.00", "0.00"),
        ("Marginal basis", "\u22120.30", "\u22120.20", "\u22120.10"),
    )
    assert fund.total_rows == 0


def test_financial_years_have_capital_before_the_opening() -> None:
    found = table(facts(), "Change against")
    assert [column.title for column in found.columns] == ["Line", "2027/28", "2028/29", "2029/30"]
    assert found.rows == (
        ("High needs block, net change", "0.00", "0.70", "0.50"),
        ("Capital: Grant", "6.00", "0.00", "0.00"),
    )


def test_what_capital_buys() -> None:
    found = table(facts(), "What")
    assert found.rows[1] == ("Central", "£111,000", "143", "324", "£35.9m")
    assert "(467)" in found.columns[3].title


@pytest.mark.parametrize(
    ("payback", "words"),
    [
        ((8, None, None), "not paid back within 25 years at central figures, and after 8 years in the most favourable"),
        ((8, 12, 20), "paid back after 12 years (8 to 20)"),
    ],
)
def test_the_economic_view_says_that_it_is_no_budget(payback, words: str) -> None:
    (box,) = (one for one in change_blocks(facts(payback=payback)) if isinstance(one, Callout))
    assert "not a budget" in box.title
    assert "is not a budget" in box.text
    assert words in box.text
    assert "£20.0m (£10.0m to £30.0m)" in box.text


def test_carbon_is_told_in_tonnes() -> None:
    found = facts()
    row = {"policy": "optimal", "year": 2028, **PAIR, "vehicles_low": 2, "vehicles_central": 4, "vehicles_high": 6}
    carbon = pd.DataFrame([row | {"kgco2e_low": -1_000.0, "kgco2e_central": -12_000.0, "kgco2e_high": -30_000.0}])
    mask = pd.DataFrame(False, carbon.index, carbon.columns)
    released = dataclasses.replace(
        found.released,
        tables={**found.released.tables, "carbon_change": carbon},
        hidden={**found.released.hidden, "carbon_change": mask},
    )
    told = [
        one.text for one in change_blocks(Facts(released, make_inputs(), make_record())) if isinstance(one, Paragraph)
    ]
    assert any("12 tonnes less a year" in text and "4 vehicles more" in text for text in told)


def test_numbers_say_illustrative_in_their_sentence() -> None:
    blocks = change_blocks(facts())
    assert all("illustrative" in one.caption for one in blocks if isinstance(one, Table))
    for text in [lead(facts()), *(one.text for one in blocks if isinstance(one, Callout))]:
        for sentence in text.split(". "):
            if "£" in sentence and any(letter.isdigit() for letter in sentence):
                assert "illustrative" in sentence
