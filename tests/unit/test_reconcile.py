"""The published plan held to its own figures: verdicts by hand, and sums that nothing but arithmetic can be in."""

from __future__ import annotations

import contextlib
import operator
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.cli import main
from sufficiency.model.errors import DataError
from sufficiency.planning.plan_figures import model_figures
from sufficiency.planning.reconcile import VERDICTS, reconcile
from sufficiency.planning.sums import claims_in, in_numbers, value_of
from sufficiency.sources.claims import read_claims
from tests import tiny_county as tiny

PLAN = Path(__file__).resolve().parents[2] / "data" / "plan"


@pytest.fixture(scope="module")
def claims():
    issues = []
    table = read_claims(PLAN, issues)
    assert issues == []
    return table


@pytest.fixture(scope="module")
def judged(claims):
    return reconcile(claims).set_index("claim_id")


# What the arithmetic of the plan gives, worked out apart from the file.
BY_HAND = {
    "N4-capital": ("holds", "£1,000,000"),  # 20 x 5 x 10,000
    "N5-capital": ("holds", "£3,570,000"),  # 33.6 x 75,000 + 8.4 x 125,000
    "N5-whole-bases": ("ambiguous", "42 × 0.8 = 33.6"),
    "N5-pupils": ("conflicts", "1,950 in line 341"),
    "N10": ("conflicts", "1,720 in line 311"),
    "N6-places": ("rounding", "= 467.01"),  # 15,959,000 / 34,173
    "N11": ("rounding", "467 in line 311"),
    "N9-target": ("ambiguous", "= 201"),
    "N6-capital": ("ambiguous", "£12,951,567"),  # 379 x 34,173, beside 15,958,791
    "N6-size": ("conflicts", "= 46.7, beside 16 to 40"),
    "N6-size-unfunded": ("holds", "= 37.9, beside 16 to 40"),
    "N9-mean": ("conflicts", "207 ÷ 16 = 12.94"),
    "N7-capital": ("rounding", "£4,305,798"),
    "N8-capital-section": ("rounding", "£11,299,000"),
    "N8-itemised": ("cannot be checked", "£9,068,000"),
    "N3": ("ambiguous", "2,312 − 1,633 = 679"),
    "N13-deficit": ("conflicts", "£136,600,000 in line 245"),
    "N13-deficit-summary": ("conflicts", "£149,300,000"),
    "N13-residual-first": ("conflicts", "£14,930,000, not £16,300,000"),
    "N13-residual-second": ("ambiguous", "£13,660,000"),
    "N14-transformation": ("conflicts", "£494,596.60, not £495,967"),
    "N14-therapists": ("cannot be checked", "£1,107,896.38"),
    "N17-years": ("conflicts", "1 + 2 = 3, not 4"),
    "N1": ("cannot be checked", "no split"),
    "N3-headroom": ("cannot be checked", "= 217"),
    "N6-funded-capital": ("cannot be checked", "£3,007,224"),
    "N8-listed": ("cannot be checked", "£24,829,000"),
    "N8-total": ("cannot be checked", "£33,897,000"),
    "N9-first-total": ("cannot be checked", "= 279"),
}


@pytest.mark.parametrize(("claim_id", "wanted"), BY_HAND.items(), ids=BY_HAND)
def test_verdicts_of_the_embedded_plan_by_hand(judged, claim_id, wanted):
    verdict, working = wanted
    assert judged.at[claim_id, "verdict"] == verdict
    assert working in judged.at[claim_id, "working"]


def test_lines_are_named_and_words_are_neutral(judged):
    assert judged.at["N13-deficit", "verdict_words"] == "conflicts with line 245"
    assert judged.at["N14-transformation", "verdict_words"] == "conflicts with line 143 and 155"
    assert set(judged["verdict"]) <= set(VERDICTS)
    text = " ".join(judged[["verdict_words", "working"]].to_numpy().ravel())
    assert not [word for word in ("wrong", "error", "mistake", "false") if word in text.lower()]
    assert (judged["working"] != "").all()


@pytest.mark.parametrize(
    ("claim_id", "value", "of", "verdict"),
    [
        ("N4-rate", 9_000, "N4-capital", "conflicts"),
        ("N13-deficit-summary", 149_300_000, "N13-deficit", "holds"),
        ("N10", 1_720, "N5-pupils", "holds"),
        ("N14-transformation", 494_596, "N14-transformation", "rounding"),
        ("N6-units", 12, "N6-size", "holds"),
        ("N6-funded", 0, "N6-capital", "rounding"),
        ("N11", 600, "N6-places", "conflicts"),
        ("N7-capital", 4_400_000, "N7-capital", "conflicts"),
        ("N8-capital-section", 11_200_000, "N8-capital-section", "rounding"),
    ],
)
def test_a_verdict_changes_with_the_figures(claims, claim_id, value, of, verdict):
    changed = claims.copy()
    changed.loc[changed["claim_id"] == claim_id, "value"] = value
    assert reconcile(changed).set_index("claim_id").at[of, "verdict"] == verdict


def table(*rows):
    columns = ["claim_id", "value", "check", "same_as", "readings", "least_claim", "most_claim"]
    frame = pd.DataFrame([(*row, *[""] * (len(columns) - len(row))) for row in rows], columns=columns)
    return frame.assign(topic="t", text="x", unit="", plan_line="1")


def test_every_fault_of_the_claims_is_told_at_once():
    rows = table(
        ("a", 1.0, "[ghost] + 1"),
        ("b", 1.0, "1 / 0"),
        ("c", 1.0, "", "nobody"),
        ("d", 1.0, "", "", "no sum here"),
        ("e", 1.0, "", "", "", "a", ""),
        ("f", 1.0, "[f]"),
        ("g", 1.0, "", "g"),
        ("h", 2.0, "", "", "", "a", "b"),
        ("h", 2.0),
    )
    with pytest.raises(DataError) as told:
        reconcile(rows)
    parts = ("claim a", "'ghost'", "claim b", "divides by zero", "claim c", "nobody", "claim d", "claim e")
    parts += ("claim f: it names itself", "claim g: it names itself", "claim h stands in the table twice")
    for part in parts:
        assert part in str(told.value)


HOSTILE = [
    "__import__('os').system('x')",
    "9**9**9",
    "1 + ",
    "(1",
    "1)",
    "((" * 40 + "1" + "))" * 40,
    "1 2",
    "[a",
    "[a] [a]",
    "",
    "   ",
    "1e9",
    "１ + １",
    "[a]; 1",
    "1" * 500,
    "+1",
    "lambda: 1",
    "[a].value",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_a_sum_is_understood(text):
    with pytest.raises(DataError, match="cannot be worked out"):
        value_of(text, {"a": 1.0})


@st.composite
def sums(draw, depth=0):
    """Return a sum as its text and its value, worked out by Python in fractions."""
    if depth == 3 or draw(st.booleans()):
        kind = draw(st.sampled_from(["number", "claim", "less"]))
        if kind == "claim":
            name = draw(st.sampled_from(sorted(FIGURES)))
            return f"[{name}]", Fraction(str(FIGURES[name]))
        number = draw(st.decimals(0, 9999, places=2, allow_nan=False))
        return (f"-{number}", -Fraction(number)) if kind == "less" else (str(number), Fraction(number))
    sign = draw(st.sampled_from("+-*/"))
    (left, one), (right, two) = draw(sums(depth + 1)), draw(sums(depth + 1))
    if sign == "/" and two == 0:
        sign = "+"
    how = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign]
    return f"({left}) {sign} ({right})", how(one, two)


FIGURES = {"a": 3.0, "b-c": 0.8, "d e": 149_300_000.0}


@settings(max_examples=200, deadline=None)
@given(sums())
def test_a_sum_is_what_python_makes_of_it_exactly(found):
    text, value = found
    assert value_of(text, FIGURES) == value


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(0, 99)), min_size=1, max_size=8), st.integers(0, 99))
def test_times_goes_before_plus_and_all_from_the_left(parts, first):
    text = str(first) + "".join(f" {sign} {number}" for sign, number in parts)
    assert value_of(text, {}) == eval(text)  # noqa: S307 - the oracle: digits and signs made above


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789+-*/()[]. ab", max_size=30))
def test_any_text_is_a_value_or_a_refusal(text):
    with contextlib.suppress(DataError):
        assert isinstance(value_of(text, {"a": 2.0, "b": 0.5}), Fraction)


def test_a_sum_in_numbers():
    values = {"x": 467.0, "y": 34_173.0}
    assert claims_in("[x] * [y] - [x]") == ("x", "y")
    assert in_numbers("([x]-[y]) / 0.5*2", values, lambda value: f"{value:,.1f}".removesuffix(".0")) == (
        "(467 − 34,173) ÷ 0.5 × 2"
    )


def test_what_the_model_gives_by_hand():
    """Local places: P1 20 and P2 10. The programme opens 30 + 10 and 8; it names no capital to be spent."""
    area = tiny.inputs(demand=tiny.demand(), claims=pd.DataFrame({"model_figure": [], "value": []}))
    told = model_figures(area)
    assert told["capacity_first_year"] == "30 places in 2025/26, illustrative"
    # g1 10, g2 8, g3 7, g4 4, g5 5 and g6 1 seek a school or base; g7 does not
    assert told["demand_headline_year"] == "35 pupils in 2028/29, illustrative"
    assert told["shortfall_headline_year"] == "5 more pupils than the places of 2025/26, illustrative"
    assert told["programme_places"] == "48 when complete in 2028/29, 48 in 2028/29, illustrative"
    assert told["base_places_programme"] == "no places, illustrative"
    assert (
        told["programme_capital"] == "all schemes of the programme: £4,000,000 (£2,000,000 to £6,000,000), illustrative"
    )
    assert "places_bought" not in told


def test_the_command(tmp_path, capsys):
    out = tmp_path / "plan.csv"
    assert main(["reconcile", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Internal: for officers. Not for publication." in said
    assert "conflicts with line 245" in said
    assert "1,633 places in 2025/26, illustrative" in said
    assert "467 at £34,173" in said
    first = out.read_bytes()
    assert first.startswith(b"marking,claim_id")
    assert first.count(b"\ninternal,") == len(read_claims(PLAN, []))
    assert main(["reconcile", "--out", str(out)]) == 0
    assert out.read_bytes() == first
    capsys.readouterr()
    assert main(["reconcile", "--out", str(tmp_path / "plan.docx")]) == 2
    assert ".csv or .md" in capsys.readouterr().err
    area = tmp_path / "area"
    assert main(["init", str(area)]) == 0
    assert main(["reconcile", str(area)]) == 0
    assert "has no claims" in capsys.readouterr().out


def test_nothing_internal_is_written_where_files_are_shared(tmp_path, capsys):
    for command in (["reconcile", "--out", "reports/plan.csv"], ["schemes", "--out", "maps/x"]):
        where = str(tmp_path / command[2])
        assert main([command[0], command[1], where]) == 2
        assert "from which files are shared" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
