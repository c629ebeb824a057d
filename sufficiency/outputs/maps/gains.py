"""Who gains and who loses between the baseline and another scenario: pupils better and worse off, by area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps.words import IGNORES_CAPACITY, TOO_SMALL, clause_of, end_of, number_of, when_of

if TYPE_CHECKING:
    from sufficiency.model.results import Released
    from sufficiency.outputs.maps.figures import Figures, Frame

BETTER: Final = "better_off_pupils"
WORSE: Final = "worse_off_pupils"
COLUMNS: Final = (BETTER, WORSE)
# Pupils better and worse off stand on the rows of every measure alike; those of this one are read.
_MEASURE: Final = "without_local_place_pupils"
_WORDS: Final = {BETTER: "better off", WORSE: "worse off"}


def measures_of(released: Released) -> list[dict[str, str]]:
    """Return the measures of gain, as the page's control lists them; none where nothing is compared."""
    if "comparison_area" not in released.tables:
        return []
    return [
        {
            "id": column,
            "kind": "gain",
            "title": style.GAINS[column].title,
            "unit": style.GAINS[column].unit,
            "caption": style.GAINS[column].caption,
            "gloss": style.GAINS[column].gloss,
        }
        for column in COLUMNS
    ]


def collect(released: Released, frame: Frame) -> Figures:
    """Return pupils better and worse off than in the baseline, by scenario, policy, year and area."""
    out: Figures = {}
    if "comparison_area" not in released.tables:
        return out
    known = set(frame.areas)
    wanted = {"against_id": (frame.baseline,), "level": maps_figures.LEVELS, "measure": (_MEASURE,)}
    for row in maps_figures.cells(released, "comparison_area", **wanted):
        if row["area_id"] in known:
            key = str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), str(row["area_id"])
            out[key] = {column: row[column] for column in COLUMNS}
    return out


def _finding(
    gains: Figures,
    frame: Frame,
    key: tuple[str, str, int],
    column: str,
    clauses: tuple[str, str],
    *,
    illustrative: bool,
) -> str:
    """Return the county's number, and the district where it is largest."""
    counties = frame.of_level("county")
    whole = number_of(gains.get((*key, counties[0]), {}).get(column)) if counties else None
    shown = {area: number_of(gains.get((*key, area), {}).get(column)) for area in frame.of_level("district")}
    known = {area: value for area, value in shown.items() if value}
    when = when_of(key[2], "", nearest=key[1] == IGNORES_CAPACITY)
    after, before = clauses
    end = end_of(illustrative=illustrative)
    if whole is None:
        return f"{when} how many pupils are {_WORDS[column]} {after} than {before} cannot be shown: {TOO_SMALL}{end}"
    if whole == 0:
        return f"{when} no pupil is {_WORDS[column]} {after} than {before}{end}"
    verb = "is" if whole == 1 else "are"
    most = max(sorted(known), key=lambda area: known[area] or 0, default="")
    where = f", most of all in {frame.names[most]} ({style.number_text(known[most] or 0)})" if most else ""
    pupils = style.count_text(whole, "pupil")
    return f"{when} {pupils} {verb} {_WORDS[column]} {after} than {before}{where}{end}"


def gain_data(released: Released, frame: Frame, titles: dict[str, str], *, illustrative: bool) -> dict[str, Any]:
    """Return the figures, legends and sentences of gains, in the shapes of those of change."""
    gains = collect(released, frame)
    clauses = {scenario: clause_of(scenario, titles[scenario]) for scenario in frame.scenarios}
    others = [scenario for scenario in frame.scenarios if scenario != frame.baseline]
    if not gains:
        return {"figures": {}, "scales": {}, "findings": {}}
    return {
        "figures": {
            scenario: {
                policy: {
                    column: [
                        None
                        if frame.levels[area] == "zone"
                        else [gains.get((scenario, policy, year, area), {}).get(column) for year in frame.years]
                        for area in frame.areas
                    ]
                    for column in COLUMNS
                }
                for policy in frame.policies
            }
            for scenario in others
        },
        "scales": {
            column: {
                policy: {
                    level: maps_figures.scale(
                        maps_figures.numbers(gains, frame, policy, level, column), share=False, balance=False
                    )
                    for level in ("district", "cluster")
                }
                for policy in frame.policies
            }
            for column in COLUMNS
        },
        "findings": {
            column: {
                scenario: {
                    policy: [
                        _finding(
                            gains,
                            frame,
                            (scenario, policy, year),
                            column,
                            (clauses[scenario], clauses[frame.baseline]),
                            illustrative=illustrative,
                        )
                        for year in frame.years
                    ]
                    for policy in frame.policies
                }
                for scenario in others
            }
            for column in COLUMNS
        },
    }
