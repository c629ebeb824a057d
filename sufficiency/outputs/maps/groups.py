"""Groups of pupils on the map: the released figures of a broad area of need, or of a phase, by district.

Only districts and the county are released by group: in a cluster the numbers would be too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import NEED_GROUP_NAMES, PHASE_NAMES, PHASE_NCY, PHASES
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps.words import change_finding, clause_of, finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.model.results import Released
    from sufficiency.outputs.maps.figures import Figures, Frame

COUNTS: Final = ("demand_pupils", "placed_local_pupils", "without_local_place_pupils")
SHARE: Final = "without_local_place_share"
MEASURES: Final = (SHARE, "without_local_place_pupils")
LEVELS: Final = ("county", "district")
NOTE: Final = "By need or phase, figures are given for districts only: in a cluster they would be too small to show."
_TABLES: Final = {"need": "sufficiency_district_need_group", "phase": "sufficiency_district_phase"}
_OTHER: Final = "other_or_not_recorded"


@dataclass(frozen=True)
class Group:
    """Some of the pupils: how a control, a headline and a sentence name them."""

    group_id: str
    kind: str
    code: str
    title: str
    noun: str
    one: str
    many: str


def _need_group(code: str) -> Group:
    title = NEED_GROUP_NAMES[code]
    need = "a need that is other or not recorded" if code == _OTHER else f"{title[:1].lower()}{title[1:]} needs"
    noun = f"pupils who need a specialist place for {need}"
    many = f"pupils with {need}"
    return Group(f"need:{code}", "need", code, title, noun, many.replace("pupils", "pupil", 1), many)


def phase_words(code: str) -> str:
    """Return a phase with its years: ``"Primary (Reception to Year 6)"``."""
    first, last = PHASE_NCY[code]
    years = f"{'Reception' if first == 0 else f'Year {first}'} to Year {last}"
    return f"{PHASE_NAMES[code]} ({years})" if first >= 0 else PHASE_NAMES[code]


def _phase_group(code: str) -> Group:
    word = PHASE_NAMES[code]
    word = word if word[:1].isdigit() else f"{word[:1].lower()}{word[1:]}"
    noun, many = f"{word} pupils who need a specialist place", f"{word} pupils"
    return Group(f"phase:{code}", "phase", code, phase_words(code), noun, many.replace("pupils", "pupil"), many)


def groups_of(released: Released) -> list[Group]:
    """Return the groups that the released tables give, needs first, each in the order of the field."""

    def found(kind: str, codes: Iterable[str]) -> list[str]:
        table = released.tables.get(_TABLES[kind])
        return [] if table is None else [code for code in codes if code in set(table[kind])]

    needs = [_need_group(code) for code in found("need", NEED_GROUP_NAMES)]
    return needs + [_phase_group(code) for code in found("phase", PHASES)]


def collect(released: Released, frame: Frame) -> dict[str, Figures]:
    """Return the shown figures by group, then by scenario, policy, year and area; the share is of shown figures."""
    out: dict[str, Figures] = {group.group_id: {} for group in groups_of(released)}
    known = set(frame.areas)
    for kind, name in _TABLES.items():
        rows = maps_figures.cells(released, name) if name in released.tables else []
        for row in rows:
            group = f"{kind}:{row[kind]}"
            if group not in out or row["level"] not in LEVELS or row["area_id"] not in known:
                continue
            entry = {column: row[column] for column in COUNTS}
            entry[SHARE] = maps_figures.share_of_shown(entry["without_local_place_pupils"], entry["demand_pupils"])
            key = str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), str(row["area_id"])
            out[group][key] = entry
    return out


def changes_of(figures: Figures, frame: Frame) -> Figures:
    """Return after less before for each scenario but the baseline, hidden where either is hidden."""
    out: Figures = {}
    for (scenario, policy, year, area), entry in figures.items():
        before = figures.get((frame.baseline, policy, year, area))
        if scenario != frame.baseline and before is not None:
            out[scenario, policy, year, area] = {
                column: maps_figures.difference_of_shown(entry[column], before[column]) for column in (*COUNTS, SHARE)
            }
    return out


def _arrays(figures: Figures, frame: Frame, areas: list[str]) -> dict[str, Any]:
    return {
        scenario: {
            policy: {
                column: [
                    [figures.get((scenario, policy, year, area), {}).get(column) for year in frame.years]
                    for area in areas
                ]
                for column in (*COUNTS, SHARE)
            }
            for policy in frame.policies
        }
        for scenario in frame.scenarios
    }


def _scales(figures: Figures, changes: Figures, frame: Frame) -> dict[str, Any]:
    """Return the legends of one group, fixed over its years and scenarios."""
    out: dict[str, Any] = {}
    for column in MEASURES:
        share = column == SHARE
        out[column] = {}
        for policy in frame.policies:
            shown = maps_figures.numbers(figures, frame, policy, "district", column)
            # most years change nothing: the classes divide what does change
            moved = [size for size in maps_figures.numbers(changes, frame, policy, "district", column) if size]
            out[column][policy] = {
                "figure": maps_figures.scale(shown, share=share, balance=False),
                "change": maps_figures.scale(moved, share=share, balance=True, reverse=True),
            }
    return out


def _findings(
    group: Group, figures: Figures, changes: Figures, frame: Frame, titles: dict[str, str], *, illustrative: bool
) -> dict[str, Any]:
    clauses = {scenario: clause_of(scenario, titles[scenario]) for scenario in frame.scenarios}

    def figure(measure: str, scenario: str, policy: str, year: int) -> str:
        key = (scenario, policy, year)
        return finding(
            figures, frame, key, clauses[scenario], illustrative=illustrative, measure=measure, noun=group.noun
        )

    def change(measure: str, scenario: str, policy: str, year: int) -> str:
        both, names = (clauses[scenario], clauses[frame.baseline]), (group.one, group.many)
        key = (scenario, policy, year)
        return change_finding(changes, frame, key, both, illustrative=illustrative, measure=measure, group=names)

    others = [scenario for scenario in frame.scenarios if scenario != frame.baseline]
    return {
        view: {
            measure: {
                scenario: {
                    policy: [sentence(measure, scenario, policy, year) for year in frame.years]
                    for policy in frame.policies
                }
                for scenario in scenarios
            }
            for measure in MEASURES
        }
        for view, sentence, scenarios in (("figure", figure, frame.scenarios), ("change", change, others))
    }


def group_data(released: Released, frame: Frame, titles: dict[str, str], *, illustrative: bool) -> dict[str, Any]:
    """Return all that the page reads of groups: their names, the areas given, figures, legends and sentences."""
    areas = [area for area in frame.areas if frame.levels[area] in LEVELS]
    place = {area: number for number, area in enumerate(frame.areas)}
    figures, out = collect(released, frame), {}
    for group in groups_of(released):
        own = figures[group.group_id]
        changes = changes_of(own, frame)
        out[group.group_id] = {
            "figures": _arrays(own, frame, areas),
            "scales": _scales(own, changes, frame),
            "findings": _findings(group, own, changes, frame, titles, illustrative=illustrative),
        }
    return {
        "list": [
            {"id": group.group_id, "kind": group.kind, "title": group.title, "many": group.many}
            for group in groups_of(released)
        ],
        "areas": [place[area] for area in areas],
        "columns": [*COUNTS, SHARE],
        "measures": list(MEASURES),
        "note": NOTE,
        "of": out,
    }
