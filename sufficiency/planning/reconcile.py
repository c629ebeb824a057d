"""The council's plan held to its own figures: each claim, the sum that checks it, and what the model gives.

The verdict is worked out from the figures, and changes with them:

- *holds*: the sum gives the figure, or every other place that states it says the same;
- *rounding*: it does, to the precision to which the figure is given;
- *ambiguous*: the plan can be read in more than one way, and the readings give different figures;
- *conflicts with line n*: another line of the plan says otherwise, by itself or through the sum;
- *cannot be checked*: the plan gives nothing to check it with.

The words are neutral: two lines that differ may each be right in a sense that the plan does not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.planning.sums import claims_in, in_numbers, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["VERDICTS", "number_words", "reconcile"]

_NOTHING: Final = "no other line and no sum of the plan gives it"
VERDICTS: Final = ("holds", "rounding", "ambiguous", "conflicts", "cannot be checked")
_COLUMNS: Final = [
    "claim_id",
    "topic",
    "text",
    "value",
    "unit",
    "plan_line",
    "verdict",
    "verdict_words",
    "working",
    "model",
]


@dataclass(frozen=True)
class _Found:
    """A verdict, its words, and how it was worked out."""

    verdict: str
    words: str
    working: str


def reconcile(claims: pd.DataFrame, model: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return what can be said of each claim.

    Parameters
    ----------
    claims
        Table `claims`: value, and any of check (a sum, see `sufficiency.planning.sums`), rounded_to, same_as (other
        claims of the same thing), readings (``words: sum`` separated by ``|``), least_claim and most_claim (claims
        between which the value, or the sum where there is no value, lies), model_figure and note.
    model
        What the model gives, in words, by the code in model_figure.

    Returns
    -------
    DataFrame
        claim_id, topic, text, value, unit, plan_line, verdict (one of `VERDICTS`), verdict_words, working (the sums in
        numbers), model (blank where the model has nothing to say), in the order of the claims.

    Raises
    ------
    DataError
        Every sum that cannot be worked out, and every claim that is named and unknown; all at once.
    """
    values = {str(row["claim_id"]): float(row["value"]) for row in claims.to_dict("records") if _known(row["value"])}
    known = _Known(
        values=values,
        lines={str(row["claim_id"]): _text(row, "plan_line") for row in claims.to_dict("records")},
        steps={str(row["claim_id"]): _step(row) for row in claims.to_dict("records")},
    )
    names = claims["claim_id"].astype(str)
    rows, faults = [], [f"claim {one} stands in the table twice" for one in sorted(set(names[names.duplicated()]))]
    used: dict[str, list[str]] = {}
    for row in claims.to_dict("records"):
        try:
            _hold_apart(row)
            found = _judged(row, known)
            for one in _named_in(row):
                used.setdefault(one, []).append(str(row["claim_id"]))
        except DataError as error:
            faults.append(f"claim {row['claim_id']}: {error}")
            continue
        model_words = (model or {}).get(_text(row, "model_figure"), "")
        value = float(row["value"]) if _known(row["value"]) else float("nan")
        rows.append(
            (row["claim_id"], row["topic"], row["text"], value, _text(row, "unit"), _text(row, "plan_line"),
             found.verdict, found.words, found.working, model_words)
        )  # fmt: skip
    if faults:
        raise DataError("; ".join(faults))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    blank = (table["verdict"] == "cannot be checked") & (table["working"] == "")
    told = [f"part of the sum of {', '.join(used[one])}" if one in used else _NOTHING for one in table["claim_id"]]
    return table.assign(working=table["working"].where(~blank, pd.Series(told, index=table.index, dtype=object)))


@dataclass(frozen=True)
class _Known:
    """By claim: its figure, its line of the plan, and the precision to which it is given (0 = as it stands)."""

    values: Mapping[str, float]
    lines: Mapping[str, str]
    steps: Mapping[str, Fraction]


def _hold_apart(row: Mapping[Any, Any]) -> None:
    """Refuse a claim that would be checked with itself."""
    own = str(row["claim_id"])
    others = [one.strip() for one in _text(row, "same_as").split(";")]
    summed = claims_in(_text(row, "check")) if _text(row, "check") else ()
    if own in {*summed, *others, _text(row, "least_claim"), _text(row, "most_claim")}:
        message = "it names itself, and so would always hold"
        raise DataError(message)


def _named_in(row: Mapping[Any, Any]) -> tuple[str, ...]:
    sums = [_text(row, "check"), *(one.partition(":")[2] for one in _text(row, "readings").split("|"))]
    return tuple(dict.fromkeys(name for text in sums if text.strip() for name in claims_in(text)))


def _judged(row: Mapping[Any, Any], known: _Known) -> _Found:
    unit, note = _text(row, "unit"), _text(row, "note")

    def form(value: float | Fraction) -> str:
        return number_words(float(value), unit)

    parts = [
        one
        for one in (
            _readings(row, known, form),
            _between(row, known, form),
            _others(row, known, form),
            _checked(row, known, form),
        )
        if one is not None
    ]
    if not parts:
        return _Found("cannot be checked", "cannot be checked", note)
    order = {name: at for at, name in enumerate(("ambiguous", "conflicts", "cannot be checked", "rounding", "holds"))}
    first = min(parts, key=lambda part: order[part.verdict])
    working = "; ".join(part.working for part in parts if part.working)
    return _Found(first.verdict, first.words, "; ".join(part for part in (working, note) if part))


def _checked(row: Mapping[Any, Any], known: _Known, form: Callable[[float | Fraction], str]) -> _Found | None:
    """Return whether the sum gives the figure; a claim without a figure is told what the sum gives."""
    text = _text(row, "check")
    if not text or _text(row, "least_claim"):
        return None
    total = value_of(text, known.values)
    working = f"{in_numbers(text, known.values, plain_words)} = {form(total)}"
    if not _known(row["value"]):
        return _Found("cannot be checked", "cannot be checked: the plan does not state it", working)
    value, step = Fraction(str(row["value"])), _step(row)
    if total == value:
        return _Found("holds", "holds", working)
    if _rounds_to(total, value, step):
        return _Found("rounding", "rounding", working)
    named = dict.fromkeys(known.lines[one] for one in claims_in(text) if known.lines.get(one))
    return _Found("conflicts", _conflict(list(named)), f"{working}, not {form(value)}")


def _others(row: Mapping[Any, Any], known: _Known, form: Callable[[float | Fraction], str]) -> _Found | None:
    """Return whether the other claims of the same thing say the same."""
    names = [one.strip() for one in _text(row, "same_as").split(";") if one.strip()]
    if not names or not _known(row["value"]):
        return None
    unknown = [one for one in names if one not in known.values]
    if unknown:
        message = f"same_as names {', '.join(unknown)}, which has no figure"
        raise DataError(message)
    value = Fraction(str(row["value"]))
    apart, rounded = [], False
    told = []
    for name in names:
        other = Fraction(str(known.values[name]))
        told.append(f"{form(other)} in line {known.lines[name]}")
        if other != value:
            # either may be the one that is given roundly
            if _rounds_to(other, value, _step(row)) or _rounds_to(value, other, known.steps[name]):
                rounded = True
            else:
                apart.append(known.lines[name])
    working = ", ".join(told)
    if apart:
        return _Found("conflicts", _conflict(apart), working)
    return _Found("rounding", "rounding", working) if rounded else _Found("holds", "holds", working)


def _readings(row: Mapping[Any, Any], known: _Known, form: Callable[[float | Fraction], str]) -> _Found | None:
    """Return whether the ways of reading a claim give one figure, and list them."""
    found, told = [], []
    for one in [part for part in _text(row, "readings").split("|") if part.strip()]:
        words, colon, text = one.partition(":")
        if not colon:
            message = f"the reading {one.strip()[:40]!r} has no sum: write words, a colon and the sum"
            raise DataError(message)
        total = value_of(text, known.values)
        found.append(total)
        told.append(f"{words.strip()}: {in_numbers(text, known.values, plain_words)} = {form(total)}")
    if not found:
        return None
    working = "; ".join(told)
    one_figure = len(set(found)) == 1
    if one_figure and (not _known(row["value"]) or found[0] == Fraction(str(row["value"]))):
        return _Found("holds", "holds by every reading", working)
    if one_figure and _rounds_to(found[0], Fraction(str(row["value"])), _step(row)):
        return _Found("rounding", "rounding by every reading", working)
    return _Found("ambiguous", f"ambiguous ({len(found)} reading{'s' if len(found) > 1 else ''})", working)


def _between(row: Mapping[Any, Any], known: _Known, form: Callable[[float | Fraction], str]) -> _Found | None:
    """Return whether the value, or the sum, lies between two other claims."""
    least, most = _text(row, "least_claim"), _text(row, "most_claim")
    if not least and not most:
        return None
    unknown = [one for one in (least, most) if one and one not in known.values]
    if unknown or not (least and most):
        message = f"least_claim and most_claim must both name a claim with a figure, not {least!r} and {most!r}"
        raise DataError(message)
    text = _text(row, "check")
    if text:
        value = value_of(text, known.values)
        working = f"{in_numbers(text, known.values, plain_words)} = {form(value)}"
    elif _known(row["value"]):
        value, working = Fraction(str(row["value"])), form(float(row["value"]))
    else:
        message = "there is neither a figure nor a sum to lie between two others"
        raise DataError(message)
    low, high = Fraction(str(known.values[least])), Fraction(str(known.values[most]))
    if low > high:
        message = f"least_claim {least!r} is above most_claim {most!r}"
        raise DataError(message)
    working = f"{working}, beside {form(low)} to {form(high)}"
    if low <= value <= high:
        return _Found("holds", "holds", working)
    return _Found("conflicts", _conflict(list(dict.fromkeys([known.lines[least], known.lines[most]]))), working)


def _conflict(lines: list[str]) -> str:
    parts = sorted({part.strip() for line in lines for part in line.split(";") if part.strip()}, key=_line_order)
    return f"conflicts with line {' and '.join(parts)}" if parts else "conflicts with another claim"


def _line_order(line: str) -> tuple[int, str]:
    return (int(line), "") if line.isdigit() else (10**9, line)


def _rounds_to(exact: Fraction, stated: Fraction, step: Fraction) -> bool:
    """Return whether a figure is another one given to the nearest step, or cut off there."""
    nearest, cut_off = abs(exact - stated) * 2 <= step, 0 <= exact - stated < step
    return step > 0 and stated % step == 0 and (nearest or cut_off)


def _step(row: Mapping[Any, Any]) -> Fraction:
    return Fraction(str(row["rounded_to"])) if _known(row.get("rounded_to")) else Fraction(0)


def _known(value: object) -> bool:
    return value is not None and str(value) not in {"", "nan", "<NA>", "None"}


def _text(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name, "")
    return str(value).strip() if _known(value) else ""


def plain_words(value: float) -> str:
    """Return a number as it stands in a sum: thousands separated, no more decimals than it has, at most four."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def number_words(value: float, unit: str) -> str:
    """Return a figure with its unit: pounds with their sign, shares as they are, at most two decimals of the rest."""
    if unit.startswith("pounds"):
        text = f"{value:,.2f}".removesuffix(".00")
        return f"£{text}".replace("£-", "\u2212£")
    return plain_words(round(value, 4)) if unit == "share" else f"{value:,.2f}".rstrip("0").rstrip(".")
