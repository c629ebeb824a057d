"""What the papers for single audiences share: a draft, the schemes of the programme in order, dates, and amounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.errors import ParameterError
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Block, Callout, Paragraph
from sufficiency.outputs.report.sentences import Figure, summed
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.outputs.report.facts import Facts

__all__ = [
    "CASES",
    "RATINGS",
    "Draft",
    "Scheme",
    "coming_september",
    "date_words",
    "file_stems",
    "forecast_years",
    "front_callouts",
    "months_ahead",
    "plain_name",
    "require_schemes",
    "scheme_text",
    "schemes_of",
    "stock",
    "total",
]

CASES: Final = ("low", "central", "high")
SECURED: Final = "secured"
# A shape beside the words, so that colour is never the only sign.
RATINGS: Final = {"green": "● on course", "amber": "▲ at some risk", "red": "■ at serious risk"}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SEPTEMBER: Final = 9
_MOST_YEARS: Final = 7


@dataclass(frozen=True)
class Draft:
    """A paper before it is dressed: the stem of its file, its finding, whom it is for, and its blocks."""

    stem: str
    title: str
    purpose: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Scheme:
    """A scheme of the programme as a paper lists it; ``adds`` is False where its places replace others."""

    index: Any
    scheme_id: str
    name: str
    kind: str
    line: str
    secured: bool
    first_year: int | None
    places: Figure
    capital: tuple[Figure, ...]
    adds: bool
    decision: str
    rating: str

    @property
    def headline(self) -> bool:
        """Whether its places count with special schools and specialist bases."""
        return self.kind in v.HEADLINE_TYPES


def scheme_text(facts: Facts, index: Any, column: str) -> str:  # noqa: ANN401 - a label of the table's index
    """Return a text of `schemes`; empty where the column or the text is missing."""
    frame = facts.released.tables["schemes"]
    value = frame.at[index, column] if column in frame.columns else None
    return "" if value is None or str(value) in {"nan", "<NA>"} else clean_text(str(value)).strip()


def schemes_of(facts: Facts) -> list[Scheme]:
    """Return the schemes of the programme: special schools and specialist bases first, in order of opening."""
    if not facts.has("schemes"):
        return []
    frame = facts.released.tables["schemes"]
    found = [_scheme(facts, i) for i in frame.index if bool(frame["in_programme"].fillna(value=False).at[i])]
    return sorted(found, key=lambda one: (not one.headline, one.first_year or 9999, _natural(one.name), one.scheme_id))


def plain_name(name: str) -> str:
    """Return a scheme's name without the word illustrative, which the caption or sentence around it says."""
    return name.removesuffix(" (illustrative)").replace(", illustrative)", ")")


def _natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what sorts names with their numbers as numbers: base 9 before base 10."""
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"([0-9]+)", name))


def _scheme(facts: Facts, index: Any) -> Scheme:  # noqa: ANN401 - a label of the table's index
    first = facts.at("schemes", index, "first_year")
    rating = scheme_text(facts, index, "delivery_rag").lower()
    action = scheme_text(facts, index, "action")
    return Scheme(
        index=index,
        scheme_id=str(facts.released.tables["schemes"].at[index, "scheme_id"]),
        name=plain_name(scheme_text(facts, index, "scheme_name")),
        kind=scheme_text(facts, index, "provision_type"),
        line=scheme_text(facts, index, "funding_line") or "Funding line not stated",
        secured=scheme_text(facts, index, "funding_status") == SECURED,
        first_year=int(first.known) if first.is_known else None,
        places=facts.at("schemes", index, "places_when_complete"),
        capital=tuple(facts.at("schemes", index, f"capital_gbp_{case}") for case in CASES),
        adds=action not in {"close", "relocate"},
        decision=scheme_text(facts, index, "decision_needed_by"),
        rating=RATINGS.get(rating, rating or "not stated"),
    )


def require_schemes(facts: Facts) -> list[Scheme]:
    """Return the special-school and specialist-base schemes of the programme that add places.

    Raises
    ------
    ParameterError
        When there is none.
    """
    found = [one for one in schemes_of(facts) if one.headline and one.adds]
    if not found:
        message = (
            "the programme has no special-school or specialist-base scheme that adds places, which this paper is "
            "about: list schemes in schemes.csv and name them in the scenario `programme`"
        )
        raise ParameterError(message)
    return found


def stock(facts: Facts, scheme: Scheme, year: int) -> Figure:
    """Return the places that a scheme has open in a September; none before the first that is listed."""
    if not facts.has("scheme_stock"):
        return Figure(None)
    found = facts.figure("scheme_stock", "places", scheme_id=scheme.scheme_id, year=year)
    return found if found.is_known or found.hidden else Figure(0.0)


def total(figures: Sequence[Figure]) -> Figure:
    """Return a sum in which figures that do not apply count as none; hidden when any is hidden."""
    return summed([Figure(0.0) if one.value is None and not one.hidden else one for one in figures])


def coming_september(facts: Facts) -> int:
    """Return the year of the first September after the report's date, within the years of the run."""
    date = facts.parameters.report_date
    coming = date.year + (date.month >= _SEPTEMBER)
    return min(max(coming, facts.years[0]), facts.years[-1])


def forecast_years(facts: Facts) -> list[int]:
    """Return the last years of the run after the calibration year, as many as a table has room for."""
    return [year for year in facts.years if year > facts.parameters.calibration_year][-_MOST_YEARS:]


def file_stems(kind: str, ids: Sequence[str]) -> list[str]:
    """Return a plain file name for each id, told apart by a number where two would be the same."""
    stems: list[str] = []
    for one in ids:
        plain = re.sub(r"[^a-z0-9]+", "-", one.lower()).strip("-")[:60] or "scheme"
        stem, number = f"{kind}-{plain}", 2
        while stem in stems:
            stem, number = f"{kind}-{plain}-{number}", number + 1
        stems.append(stem)
    return stems


def _month(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{4})-(\d{2})(?:-\d{2})?", text)
    return (int(found[1]), int(found[2])) if found and 1 <= int(found[2]) <= 12 else None


def date_words(text: str) -> str:
    """Return ``2026-12`` as ``December 2026``; other texts as they are; an empty one as not stated."""
    month = _month(text)
    return f"{_MONTHS[month[1] - 1]} {month[0]}" if month else text or "not stated"


def months_ahead(facts: Facts, text: str) -> int | None:
    """Return how many months after the report a month lies: 0 = the same month, below 0 = past; None = no month."""
    month, date = _month(text), facts.parameters.report_date
    return None if month is None else (month[0] - date.year) * 12 + month[1] - date.month


def front_callouts(facts: Facts) -> list[Block]:
    """Return what ends every first page: the care note, what is asked, and what illustrative means here."""
    blocks: list[Block] = [
        Callout("What “without a local place” means", style.CARE_NOTE),
        Callout("Recommendation", "To note this paper."),
    ]
    if facts.parameters.illustrative and facts.parameters.illustrative_note:
        blocks.append(Paragraph(facts.parameters.illustrative_note, "note"))
    return blocks
