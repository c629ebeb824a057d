"""The map page's findings: sentences built from shown figures, one for each measure, scenario, policy and year."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sufficiency.outputs.maps.figures import Cell, Figures, Frame

IGNORES_CAPACITY: Final = "nearest"
CAPACITY_NOTE: Final = "Ignores capacity: shows where pressure lies, not who has a place."
_CLAUSES: Final = {
    "do_nothing": "if nothing more opens",
    "committed": "with committed schemes only",
    "programme": "with the capital programme",
}
_NEAREST: Final = "If every pupil went to the nearest suitable place, whatever its room"
_WITHOUT_SHARE: Final = "without_local_place_share"
_WITHOUT_PUPILS: Final = "without_local_place_pupils"
_OWN_SHARE: Final = "placed_own_district_share"
_BALANCE: Final = "location_balance_places"
MEASURES: Final = (_WITHOUT_SHARE, _WITHOUT_PUPILS, _OWN_SHARE, _BALANCE)
NEEDING: Final = "pupils who need a specialist place"
TOO_SMALL: Final = "the figures are too small to show"
# One state's shown figures: area -> column -> figure.
_Shown = dict[str, dict[str, "Cell"]]


def clause_of(scenario: str, title: str) -> str:
    """Return how a sentence names a scenario: ``"with the capital programme"``."""
    return _CLAUSES.get(scenario, f"under “{title}”")


def number_of(value: Cell) -> float | None:
    """Return a figure's number; None where it is hidden or does not apply."""
    return float(value) if isinstance(value, float | int) else None


def end_of(*, illustrative: bool) -> str:
    """Return how a sentence ends where its figures are illustrative."""
    return " — illustrative" if illustrative else ""


def _state(figures: Figures, frame: Frame, key: tuple[str, str, int]) -> _Shown:
    return {area: figures.get((*key, area), {}) for area in frame.areas}


def _at(shown: _Shown, frame: Frame, level: str, column: str) -> dict[str, float]:
    """Return the numbers of one column that are shown at one level, in the order of the names."""
    found = {area: number_of(shown[area].get(column)) for area in frame.of_level(level)}
    numbers = {area: value for area, value in found.items() if value is not None}
    return dict(sorted(numbers.items(), key=lambda item: frame.names[item[0]]))


def when_of(year: int, clause: str, *, nearest: bool) -> str:
    """Return how a sentence starts: the year and the scenario, after what is supposed where capacity is ignored."""
    opening = f"{_NEAREST}: in" if nearest else "In"
    return f"{opening} {year_label(year)},{f' {clause},' if clause else ''}"


def _singular(noun: str) -> str:
    return noun.replace("pupils who need", "pupil who needs")


def _every_pupil(noun: str, *, nearest: bool) -> str:
    having = "would have a suitable local one" if nearest else "has a local state-funded one in the model"
    return f"every {_singular(noun)} {having}"


# --- one scenario ------------------------------------------------------------------------------------------------


def _share_words(shown: _Shown, frame: Frame, noun: str, *, nearest: bool) -> str:
    shares = _at(shown, frame, "district", _WITHOUT_SHARE)
    area = max(shares, key=lambda name: shares[name], default="")
    if not shares.get(area):  # nothing shown, or zero where it is shown: only the county can speak for the rest
        shares = _at(shown, frame, "county", _WITHOUT_SHARE)
        area = next(iter(shares), "")
    share = shares.get(area)
    if share is None:
        return TOO_SMALL
    if share == 0:
        return _every_pupil(noun, nearest=nearest)
    lacking = "would have no suitable local place at all" if nearest else "have no local state-funded place"
    return f"{style.share_of(share, f'{frame.names[area]} {noun}')} {lacking}"


def _count_words(shown: _Shown, frame: Frame, noun: str, *, nearest: bool) -> str:
    county = _at(shown, frame, "county", _WITHOUT_PUPILS)
    counts = county or _at(shown, frame, "district", _WITHOUT_PUPILS)
    area = max(counts, key=lambda name: counts[name], default="")
    if not counts.get(area):
        return _every_pupil(noun, nearest=nearest) if county else TOO_SMALL
    whole = number_of(shown[area].get("demand_pupils"))
    group = "" if whole is None else f"of the {style.number_text(whole)} "
    one = counts[area] == 1
    verb = "has" if one else "have"
    lacking = "would have no suitable local place at all" if nearest else f"{verb} no local state-funded place"
    who = _singular(noun) if one and not group else noun
    return f"{style.number_text(counts[area])} {group}{frame.names[area]} {who} {lacking}"


def _own_words(shown: _Shown, frame: Frame, noun: str, *, nearest: bool) -> str:
    shares = _at(shown, frame, "district", _OWN_SHARE)
    if not shares:
        return TOO_SMALL
    area = min(shares, key=lambda name: shares[name])
    having = "would have one" if nearest else "have a local one"
    return f"{style.share_of(shares[area], f'{frame.names[area]} {noun}')} {having} in their own district"


def _balance_words(shown: _Shown, frame: Frame, _noun: str, *, nearest: bool) -> str:
    balances = _at(shown, frame, "district", _BALANCE) or _at(shown, frame, "county", _BALANCE)
    if not balances:
        return TOO_SMALL
    fewest = min(balances, key=lambda name: balances[name])
    area = fewest if balances[fewest] < 0 else max(balances, key=lambda name: balances[name])
    size, more = style.number_text(abs(balances[area])), balances[area] > 0
    amount = f"{size} {'more' if more else 'fewer'} local places than" if balances[area] else "as many local places as"
    # The balance does not turn on how pupils are matched.
    return f"{frame.names[area]} {'would still have' if nearest else 'has'} {amount} resident pupils who need one"


_FINDINGS: Final[Mapping[str, Callable[..., str]]] = {
    _WITHOUT_SHARE: _share_words,
    _WITHOUT_PUPILS: _count_words,
    _OWN_SHARE: _own_words,
    _BALANCE: _balance_words,
}


def finding(
    figures: Figures,
    frame: Frame,
    key: tuple[str, str, int],
    clause: str,
    *,
    illustrative: bool,
    measure: str = _WITHOUT_SHARE,
    noun: str = NEEDING,
) -> str:
    """Return the headline of one state, about the measure shown and the pupils whom `noun` names.

    The share without a local place speaks of the district where it is largest, the number of the county, the share
    placed in the own district of the district where it is smallest, the location balance of the district that is
    shortest of places: always among shown figures. Where all are hidden, the sentence says so.
    """
    _, policy, year = key
    nearest = policy == IGNORES_CAPACITY
    when = when_of(year, clause, nearest=nearest)
    words = _FINDINGS[measure](_state(figures, frame, key), frame, noun, nearest=nearest)
    return f"{when} {words}{end_of(illustrative=illustrative)}"


# --- the change between two --------------------------------------------------------------------------------------


def _pupils_change(change: float, clauses: tuple[str, str], group: tuple[str, ...], *, nearest: bool) -> str:
    after, before = clauses
    lacking = "without any suitable local place" if nearest else "without a local state-funded place"
    if change == 0:
        return f"as many {group[1]} {'would be' if nearest else 'are'} {lacking} {after} as {before}"
    noun = group[0] if abs(change) == 1 else group[1]
    verb = "would be" if nearest else "is" if abs(change) == 1 else "are"
    more = "more" if change > 0 else "fewer"
    return f"{style.number_text(abs(change))} {more} {noun} {verb} {lacking} {after} than {before}"


def _moved_words(measure: str, moved: dict[str, float], frame: Frame, clauses: tuple[str, str]) -> str:
    """Return the largest shown change of a district, in the whole points or places that the page prints."""
    after, before = clauses
    size = {area: math.floor(abs(value) * (100 if measure == _OWN_SHARE else 1) + 0.5) for area, value in moved.items()}
    area = max(size, key=lambda name: size[name])
    unit = "percentage point" if measure == _OWN_SHARE else "place"
    subject = (
        f"among {frame.names[area]} {NEEDING}, the share placed in their own district"
        if measure == _OWN_SHARE
        else f"the location balance of {frame.names[area]}"
    )
    if size[area] == 0:
        what = "share placed in its own district" if measure == _OWN_SHARE else "location balance"
        return f"no district shown has another {what} {after} than {before}"
    direction = "higher" if moved[area] > 0 else "lower"
    return f"{subject} is {style.count_text(size[area], unit)} {direction} {after} than {before}"


def change_finding(
    changes: Figures,
    frame: Frame,
    key: tuple[str, str, int],
    clauses: tuple[str, str],
    *,
    illustrative: bool,
    measure: str = _WITHOUT_PUPILS,
    group: tuple[str, ...] = ("pupil", "pupils"),
) -> str:
    """Return the headline of the change layer, about the measure shown.

    For share and number without a local place it is the county's change in pupils (`group` names one and several of
    them); for the others the largest shown change of a district.
    """
    shown, nearest = _state(changes, frame, key), key[1] == IGNORES_CAPACITY
    when = when_of(key[2], "", nearest=nearest)
    about_pupils = measure in (_WITHOUT_SHARE, _WITHOUT_PUPILS)
    level, column = ("county", _WITHOUT_PUPILS) if about_pupils else ("district", measure)
    moved = _at(shown, frame, level, column)
    if about_pupils and not moved:
        # the county's change is hidden: of the districts shown, the one that changes most
        changed = _at(shown, frame, "district", column)
        area = max(changed, key=lambda name: abs(changed[name]), default="")
        if changed.get(area):
            moved, group = {area: changed[area]}, tuple(f"{frame.names[area]} {noun}" for noun in group)
    if not moved:
        text = "the change between the two scenarios is too small to show"
    elif about_pupils:
        text = _pupils_change(next(iter(moved.values())), clauses, group, nearest=nearest)
    else:
        text = _moved_words(measure, moved, frame, clauses)
    return f"{when} {text}{end_of(illustrative=illustrative)}"


def all_findings(
    figures: Figures, changes: Figures, frame: Frame, titles: dict[str, str], *, illustrative: bool
) -> dict[str, Any]:
    """Return ``{"figure": ..., "change": ...}``: measure -> scenario -> policy -> one sentence a year."""
    clauses = {scenario: clause_of(scenario, titles[scenario]) for scenario in frame.scenarios}

    def sentences(scenarios: list[str], sentence: Callable[[str, tuple[str, str, int]], str]) -> dict[str, Any]:
        return {
            measure: {
                scenario: {
                    policy: [sentence(measure, (scenario, policy, year)) for year in frame.years]
                    for policy in frame.policies
                }
                for scenario in scenarios
            }
            for measure in MEASURES
        }

    def of_figure(measure: str, key: tuple[str, str, int]) -> str:
        return finding(figures, frame, key, clauses[key[0]], illustrative=illustrative, measure=measure)

    def of_change(measure: str, key: tuple[str, str, int]) -> str:
        both = (clauses[key[0]], clauses[frame.baseline])
        return change_finding(changes, frame, key, both, illustrative=illustrative, measure=measure)

    others = [scenario for scenario in frame.scenarios if scenario != frame.baseline]
    return {"figure": sentences(list(frame.scenarios), of_figure), "change": sentences(others, of_change)}
