"""``summary.json``: the headline figures of a run in one small file, hidden figures null and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.outputs.record import to_json
from sufficiency.outputs.stable import write_text
from sufficiency.outputs.style import internal_mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Released, RunRecord

__all__ = ["build_summary", "write_summary"]

_COUNTS: Final = ("demand_pupils", "capacity_places", "location_balance_places", "without_local_place_pupils")
_JOURNEYS: Final = ("median_min", "p90_min", "over_limit_pupils")
_WHOLE: Final = (*_COUNTS, "over_limit_pupils")
_KEY: Final = ("scenario_id", "policy", "year", "level", "area_id")
_LEVELS: Final = {"county": 0, "district": 1}


def _number(value: Any, *, whole: bool) -> int | float | None:  # noqa: ANN401 - any value of a table
    if pd.isna(value):
        return None
    return int(value) if whole else round(float(value), 6)


def _by_key(released: Released, name: str, columns: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    frame, hidden = released.tables[name], released.hidden[name]
    keys = frame[list(_KEY)].itertuples(index=False, name=None)
    values = frame[list(columns)].astype(object).itertuples(index=False, name=None)
    masks = hidden[list(columns)].itertuples(index=False, name=None)
    return {
        key: tuple((value, bool(mask)) for value, mask in zip(row, flags, strict=True))
        for key, row, flags in zip(keys, values, masks, strict=True)
    }


def _results(released: Released) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    journeys = _by_key(released, "journeys_area", _JOURNEYS)
    counts = _by_key(released, "sufficiency_area", _COUNTS)
    frame = released.tables["sufficiency_area"]
    names = dict(zip(frame["area_id"], frame["area_name"], strict=True))
    blank = tuple((None, False) for _ in _JOURNEYS)
    rows, suppressed = [], []
    scenarios = {name: place for place, name in enumerate(dict.fromkeys(frame["scenario_id"]))}
    kept = [key for key in counts if key[3] in _LEVELS]
    for key in sorted(kept, key=lambda k: (scenarios[k[0]], k[1], int(k[2]), _LEVELS[k[3]], k[4])):
        scenario, policy, year, level, area = key
        where = {"scenario": scenario, "policy": policy, "year": int(year), "level": level, "area_id": area}
        row: dict[str, Any] = {**where, "area_name": names[area]}
        found = zip((*_COUNTS, *_JOURNEYS), (*counts[key], *journeys.get(key, blank)), strict=True)
        for field, (value, is_hidden) in found:
            row[field] = None if is_hidden else _number(value, whole=field in _WHOLE)
            if is_hidden:
                suppressed.append({**where, "field": field})
        rows.append(row)
    return rows, suppressed


def _conservation(released: Released, county_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows, suppressed = [], []
    frame, hidden = released.tables["conservation"], released.hidden["conservation"]
    for place in range(len(frame)):
        found = frame.iloc[place]
        row: dict[str, Any] = {
            "scenario": str(found["scenario_id"]),
            "policy": str(found["policy"]),
            "year": int(found["year"]),
        }
        for field in ("in", "placed", "unplaced", "excluded"):
            is_hidden = bool(hidden.iloc[place][field])
            row[field] = None if is_hidden else _number(found[field], whole=True)
            if is_hidden:
                where = {name: row[name] for name in ("scenario", "policy", "year")}
                suppressed.append({**where, "level": "county", "area_id": county_id, "field": field})
        rows.append(row)
    return rows, suppressed


def _county(rows: list[dict[str, Any]], area_id: str) -> Mapping[tuple[str, int], dict[str, Any]]:
    return {
        (row["scenario"], row["year"]): row
        for row in rows
        if row["level"] == "county" and row["area_id"] == area_id and row["policy"] == "optimal"
    }


def build_summary(released: Released, record: RunRecord, parameters: Parameters) -> dict[str, Any]:
    """Return the headline figures as plain values.

    Parameters
    ----------
    released
        The released tables; only these give numbers.
    record
        The record of the run, for its id.
    parameters
        The parameters: county, first and headline year, whether the area is illustrative.

    Returns
    -------
    dict
        Keys illustrative, build, rules (where counts are rounded), run_id, capacity_places, shortfall_places,
        demand_pupils, results, conservation and suppressed. A hidden figure is None and listed; a figure that does
        not apply is None and not listed.
    """
    results, suppressed = _results(released)
    conservation, more = _conservation(released, parameters.county_id)
    county = _county(results, parameters.county_id)
    first = next(iter(dict.fromkeys(released.tables["sufficiency_area"]["scenario_id"])), "do_nothing")
    base = "do_nothing" if any(scenario == "do_nothing" for scenario, _ in county) else first
    demand = {str(year): row["demand_pupils"] for (scenario, year), row in sorted(county.items()) if scenario == base}
    capacity = county.get((base, parameters.first_year), {}).get("capacity_places")
    needed = demand.get(str(parameters.headline_year))
    return {
        "illustrative": parameters.illustrative,
        "build": released.build,
        **({"marking": mark} if (mark := internal_mark(released.build)) else {}),
        **({"rules": released.rules} if parameters.round_counts_to > 1 else {}),
        "run_id": record.run_id,
        "capacity_places": capacity,
        "shortfall_places": None if needed is None or capacity is None else needed - capacity,
        "demand_pupils": demand,
        "results": results,
        "conservation": conservation,
        "suppressed": suppressed + more,
    }


def write_summary(released: Released, record: RunRecord, parameters: Parameters, path: Path) -> None:
    """Write ``summary.json``; see `build_summary`."""
    write_text(path, to_json(build_summary(released, record, parameters)))
