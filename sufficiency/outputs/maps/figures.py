"""The released figures as the map page needs them: compact arrays, fixed breaks, and finished sentences.

Numbers come from `Released` only. A suppressed figure becomes ``"c"``, one that does not apply ``None``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import POLICIES, year_label
from sufficiency.outputs import style

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from sufficiency.model.results import Inputs, Released

Cell = float | int | str | None
LEVELS: Final = ("county", "district", "cluster")
BASELINE: Final = "committed"
_COUNT_COLUMNS: Final = (
    "demand_pupils",
    "capacity_places",
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "without_local_place_pupils",
    "location_balance_places",
)
_SHARE_COLUMNS: Final = ("without_local_place_share",)
_JOURNEY_COLUMNS: Final = ("median_min",)
OWN_SHARE: Final = "placed_own_district_share"
MAP_MEASURES: Final = (
    "without_local_place_share",
    "without_local_place_pupils",
    OWN_SHARE,
    "location_balance_places",
)
CHANGE_COLUMNS: Final = (*MAP_MEASURES, "capacity_places", "demand_pupils", "median_min")
# In a cluster these would show the unpublished capacity of a single named school.
DISTRICT_ONLY: Final = ("capacity_places", "location_balance_places")
_LESS_IS_BETTER: Final = ("without_local_place_share", "without_local_place_pupils")


_ZONE: Final = "zone:"


def zone_key(zone_id: str, taken: Container[str]) -> str:
    """Return the key of a zone among the areas: its id, marked where a district or cluster has the same one."""
    return f"{_ZONE}{zone_id}" if zone_id in taken else zone_id


def id_of(area: str) -> str:
    """Return the id of an area by its key."""
    return area.removeprefix(_ZONE)


@dataclass(frozen=True)
class Frame:
    """The ids that the arrays run over: scenarios, policies, years and areas, each in the order of the page."""

    scenarios: tuple[str, ...]
    policies: tuple[str, ...]
    years: tuple[int, ...]
    areas: tuple[str, ...]
    names: Mapping[str, str]
    levels: Mapping[str, str]
    parents: Mapping[str, str]
    baseline: str

    @property
    def shaded(self) -> tuple[str, ...]:
        """The levels that a map shades: districts and clusters, and zones where there are any."""
        return ("district", "cluster", *(("zone",) if "zone" in self.levels.values() else ()))

    def of_level(self, level: str) -> tuple[str, ...]:
        """Return the areas of one level, in order."""
        return tuple(area for area in self.areas if self.levels[area] == level)


Figures = dict[tuple[str, str, int, str], dict[str, Cell]]


def cells(released: Released, table: str, **kept: Iterable[object]) -> list[dict[str, Cell]]:
    """Return a released table as readers see it: number, text, ``"c"`` for hidden, ``None`` for not applicable.

    `kept` names the only values wanted of a column: ``level=("county", "district")``.
    """
    frame, hidden = released.tables[table], released.hidden.get(table)
    if kept:
        wanted = np.ones(len(frame), dtype=bool)
        for name, given in kept.items():
            wanted &= frame[name].isin(list(given)).to_numpy()
        frame, hidden = frame[wanted], None if hidden is None else hidden[wanted]
    columns: dict[str, list[Cell]] = {}
    for name in frame.columns:
        values = _plain_cells(frame[name])
        if hidden is not None and name in hidden.columns:
            masks = hidden[name].tolist()
            values = [style.SUPPRESSED if mask else value for mask, value in zip(masks, values, strict=True)]
        columns[str(name)] = values
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain_cells(values: pd.Series) -> list[Cell]:
    """Return texts and numbers as a page writes them, None where there is none."""
    missing = values.isna().tolist()
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.astype("Float64").to_numpy(np.float64, na_value=np.nan).tolist()
        return [None if lost else _plain(number) for number, lost in zip(numbers, missing, strict=True)]
    return [None if lost else _plain(value) for value, lost in zip(values.tolist(), missing, strict=True)]


def _plain(value: Any) -> Cell:  # noqa: ANN401 - a cell of a frame can hold anything
    if isinstance(value, str):
        return value
    number = float(value)
    return int(number) if number.is_integer() else round(number, 6)


def make_frame(released: Released, inputs: Inputs) -> Frame:
    """Return the scenarios, policies, years and areas that the released tables and the geography share."""
    table = released.tables["sufficiency_area"]
    found = set(table["scenario_id"].astype(str))
    known = ("do_nothing", BASELINE, "programme")
    scenarios = [name for name in known if name in found] + sorted(found - set(known))
    areas = inputs.areas[inputs.areas["level"].isin(LEVELS)]
    names = dict(zip(areas["area_id"], areas["area_name"], strict=True))
    levels = dict(zip(areas["area_id"], areas["level"], strict=True))
    parents = dict(zip(areas["area_id"], areas["parent_id"].fillna(""), strict=True))
    order: list[str] = [area for area in names if levels[area] == "county"]
    for district in sorted((area for area in names if levels[area] == "district"), key=lambda area: names[area]):
        inside = (area for area in names if levels[area] == "cluster" and parents[area] == district)
        order += [district, *sorted(inside, key=lambda area: names[area])]
    return Frame(
        scenarios=tuple(scenarios),
        policies=tuple(policy for policy in POLICIES if policy in set(table["policy"])),
        years=tuple(sorted({int(year) for year in table["year"]})),
        areas=tuple(order),
        names=names,
        levels=levels,
        parents=parents,
        baseline=BASELINE if BASELINE in found else scenarios[0],
    )


def share_of_shown(part: Cell, whole: Cell) -> Cell:
    """Return part over whole: hidden where either is, and no share of nothing."""
    if style.SUPPRESSED in (part, whole):
        return style.SUPPRESSED
    if not isinstance(part, float | int) or not isinstance(whole, float | int) or whole == 0:
        return None
    return round(part / whole, 4)


def collect(released: Released, frame: Frame) -> Figures:
    """Return every shown figure by scenario, policy, year, area; the own-district share is derived from shown ones."""
    out: Figures = {}
    known = set(frame.areas)
    for row in cells(released, "sufficiency_area"):
        if row["level"] not in LEVELS or row["area_id"] not in known:
            continue
        entry: dict[str, Cell] = {name: row.get(name) for name in (*_COUNT_COLUMNS, *_SHARE_COLUMNS)}
        if row["level"] == "cluster":
            entry.update(dict.fromkeys(DISTRICT_ONLY))
        share = entry["without_local_place_share"]
        entry["without_local_place_share"] = round(share, 4) if isinstance(share, float) else share
        # of the county it would be another measure: placed anywhere in it
        own = share_of_shown(entry["placed_own_area_pupils"], entry["demand_pupils"])
        entry[OWN_SHARE] = None if row["level"] == "county" else own
        out[str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), str(row["area_id"])] = entry
    if "journeys_area" in released.tables:
        for row in cells(released, "journeys_area"):
            found = out.get((str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), str(row["area_id"])))
            if found is not None and row["level"] in LEVELS:
                minutes = row.get("median_min")
                found["median_min"] = round(minutes, 1) if isinstance(minutes, float | int) else minutes
    return out


def _years(figures: Figures, frame: Frame, key: tuple[str, str, str, str]) -> list[Cell] | None:
    """Return one value a year; nothing at all where a zone, of which there are many, never has the figure."""
    scenario, policy, column, area = key
    values = [figures.get((scenario, policy, year, area), {}).get(column) for year in frame.years]
    empty = frame.levels[area] == "zone" and all(value is None for value in values)
    return None if empty else values


def _arrays(figures: Figures, frame: Frame, scenarios: Iterable[str], columns: Iterable[str]) -> dict[str, Any]:
    return {
        scenario: {
            policy: {
                column: [_years(figures, frame, (scenario, policy, column, area)) for area in frame.areas]
                for column in columns
            }
            for policy in frame.policies
        }
        for scenario in scenarios
    }


def figure_arrays(figures: Figures, frame: Frame) -> dict[str, Any]:
    """Return scenario -> policy -> column -> one list an area, one value a year."""
    columns = (*_COUNT_COLUMNS, *_SHARE_COLUMNS, OWN_SHARE, *_JOURNEY_COLUMNS)
    return _arrays(figures, frame, frame.scenarios, columns)


# --- change ------------------------------------------------------------------------------------------------------


def difference_of_shown(after: Cell, before: Cell) -> Cell:
    """Return after less before: hidden where either is."""
    if style.SUPPRESSED in (after, before):
        return style.SUPPRESSED
    if not isinstance(after, float | int) or not isinstance(before, float | int):
        return None
    return round(after - before, 4)


def _whole(value: Cell) -> Cell:
    """Return minutes as they are shown, so that a change agrees with the two figures beside it."""
    return math.floor(value + 0.5) if isinstance(value, float | int) else value


def collect_changes(released: Released, figures: Figures, frame: Frame) -> Figures:
    """Return the change of each map measure from the baseline scenario.

    A change that `comparison_area` releases is taken from there and hidden where it is hidden; any other is the
    difference of two shown figures, and hidden where the change in pupils is.
    """
    stated: dict[tuple[str, str, int, str, str], Cell] = {}
    if "comparison_area" in released.tables:
        wanted = {"against_id": (frame.baseline,), "level": LEVELS, "measure": CHANGE_COLUMNS}
        for row in cells(released, "comparison_area", **wanted):
            key = (str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), str(row["area_id"]))
            stated[key[0], key[1], key[2], key[3], str(row["measure"])] = row["change"]
    out: Figures = {}
    for key, entry in figures.items():
        scenario, policy, year, area = key
        before = figures.get((frame.baseline, policy, year, area))
        if scenario == frame.baseline or before is None:
            continue
        change: dict[str, Cell] = {}
        for column in CHANGE_COLUMNS:
            derived = difference_of_shown(entry.get(column), before.get(column))
            given = column not in DISTRICT_ONLY or frame.levels[area] != "cluster"
            change[column] = stated.get((scenario, policy, year, area, column), derived) if given else None
        change["median_min"] = difference_of_shown(_whole(entry.get("median_min")), _whole(before.get("median_min")))
        for column in _LESS_IS_BETTER:
            if change["without_local_place_pupils"] == style.SUPPRESSED:
                change[column] = style.SUPPRESSED
        out[key] = change
    return out


def change_arrays(changes: Figures, frame: Frame) -> dict[str, Any]:
    """Return the changes in the shape of `figure_arrays`, without the baseline scenario."""
    others = [scenario for scenario in frame.scenarios if scenario != frame.baseline]
    return _arrays(changes, frame, others, CHANGE_COLUMNS)


# --- breaks ------------------------------------------------------------------------------------------------------


def numbers(figures: Figures, frame: Frame, policy: str, level: str, column: str) -> Iterable[float]:
    """Return the shown numbers of a column at one level, in every year and scenario."""
    for (_, found, _, area), entry in figures.items():
        value = entry.get(column)
        if found == policy and frame.levels[area] == level and isinstance(value, float | int):
            yield float(value)


def scale(values: Iterable[float], *, share: bool, balance: bool, reverse: bool = False) -> dict[str, Any]:
    """Return one legend: edges, the label and colour of each class."""
    if balance:
        breaks = style.balance_breaks(values, least_step=0.01 if share else 1.0)
        colours: tuple[str, ...] = style.BALANCE_COLOURS[::-1] if reverse else style.BALANCE_COLOURS
    else:
        breaks = style.amount_breaks(values, least_step=0.05 if share else 1.0)
        colours = style.AMOUNT_COLOURS[: len(breaks) - 1]
    labels = style.class_labels(breaks, share=share, balance=balance)
    return {"breaks": list(breaks), "labels": list(labels), "colours": list(colours), "balance": balance}


def scales(figures: Figures, changes: Figures, frame: Frame) -> dict[str, Any]:
    """Return the legends by measure, policy and level, fixed over years and scenarios so that maps compare by eye."""
    out: dict[str, Any] = {}
    for column in MAP_MEASURES:
        share, balance = column.endswith("_share"), style.MEASURES[column].ramp == "balance"
        out[column] = {}
        for policy in frame.policies:
            out[column][policy] = {}
            for level in frame.shaded:
                shown = numbers(figures, frame, policy, level, column)
                moved = numbers(changes, frame, policy, level, column)
                out[column][policy][level] = {
                    "figure": scale(shown, share=share, balance=balance),
                    "change": scale(moved, share=share, balance=True, reverse=column in _LESS_IS_BETTER),
                }
    return out


# --- flows -------------------------------------------------------------------------------------------------------


def flow_rows(released: Released, frame: Frame) -> dict[str, Any]:
    """Return scenario -> policy -> year -> [home district, school district or ``outside``, pupils]."""
    if "flows" not in released.tables:
        return {}
    place = {area: number for number, area in enumerate(frame.areas)}
    out: dict[str, Any] = {scenario: {policy: {} for policy in frame.policies} for scenario in frame.scenarios}
    for row in cells(released, "flows"):
        home, target = str(row["home_area_id"]), str(row["setting_area_id"])
        if frame.levels.get(home) != "district" or row["scenario_id"] not in out:
            continue
        if target != "outside" and frame.levels.get(target) != "district":
            continue
        years = out[str(row["scenario_id"])].get(str(row["policy"]))
        if years is not None:
            entry = [place[home], place[target] if target != "outside" else -1, row["pupils"]]
            years.setdefault(str(row["year"]), []).append(entry)
    return out


def most_flow(flows: dict[str, Any]) -> float:
    """Return the largest shown flow between two districts: the width of every flow is measured against it."""
    rows = (
        row for policies in flows.values() for years in policies.values() for each in years.values() for row in each
    )
    return max(
        (row[2] for row in rows if row[0] != row[1] and row[1] >= 0 and isinstance(row[2], float | int)), default=0
    )


def years_of(frame: Frame) -> list[dict[str, Any]]:
    """Return the years with their labels."""
    return [{"year": year, "label": year_label(year)} for year in frame.years]
