"""The figures of one year that the page shows, for every area at once: the same as the tables of a run.

Worked out from `outcomes` by whole arrays, because somebody waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency import measures
from sufficiency.measures.sufficiency import OUTCOME_COLUMNS
from sufficiency.model.vocabulary import ALL
from sufficiency.planning.gains import BETTER, WORSE, pupil_changes

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

__all__ = ["BAND_EDGES_MIN", "LEVELS", "YearView", "area_figures", "changes_of", "year_view"]

BAND_EDGES_MIN: Final = (15, 30, 45, 60, 75)
LEVELS: Final = {"county": "county_id", "district": "district_id", "cluster": "cluster_id", "zone": "origin_id"}
_SHARES: Final = (0.5, 0.9)


@dataclass(frozen=True, eq=False, repr=False)
class YearView:
    """One year of one scenario, policy ``optimal``. Internal: nothing is hidden yet, and outcomes are of few pupils.

    ``areas`` has a row an area, by area_id, with level, demand_pupils, placed_local_pupils, placed_own_area_pupils,
    other_council_pupils, independent_pupils, unplaced_pupils, excluded_pupils, without_local_place_pupils, day_pupils,
    over_limit_pupils, median_min and p90_min; ``bands`` the county's day pupils by minutes one way;
    ``journeys`` the county's row of table `journeys`, as far as money rests on it: pupils and pupil_km_per_year.
    """

    scenario_id: str
    year: int
    inputs: Inputs
    outcomes: pd.DataFrame
    areas: pd.DataFrame
    bands: tuple[int, ...]
    journeys: pd.DataFrame


def year_view(scenario_id: str, year: int, inputs: Inputs, outcomes: pd.DataFrame) -> YearView:
    """Return the figures of a year from the `outcomes` of its pupils."""
    day = measures.day_rows(outcomes)
    places = np.searchsorted(BAND_EDGES_MIN, day["travel_min"].to_numpy(float), side="left")
    counts = np.bincount(places, weights=day["pupils"].to_numpy(float), minlength=len(BAND_EDGES_MIN) + 1)
    bands = tuple(int(one) for one in np.rint(counts))
    areas = area_figures(inputs, outcomes)
    return YearView(scenario_id, year, inputs, outcomes, areas, bands, _county_journeys(inputs, outcomes, day))


def _county_journeys(inputs: Inputs, outcomes: pd.DataFrame, day: pd.DataFrame) -> pd.DataFrame:
    """Return pupils and pupil-kilometres a year of the county: a row of table `journeys`."""
    parameters = inputs.parameters
    per_year = int(parameters.value("school_days_per_year")) * int(parameters.value("journeys_per_day"))
    row = outcomes[["policy", "year"]].head(1).reset_index(drop=True)
    return row.assign(
        area_id=parameters.county_id,
        phase=ALL,
        need=ALL,
        pupils=int(day["pupils"].sum()),
        pupil_km_per_year=float((day["travel_km"] * day["pupils"] * per_year).sum()),
    )


def area_figures(inputs: Inputs, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the table `YearView.areas`: county, districts, clusters and zones, each level in order of id."""
    rows = outcomes[outcomes["headline"]]
    limits = measures.journey_limits_min(inputs.parameters)
    travels = (rows["provision_id"] != "") & (rows["attendance"] == "day") & rows["travel_min"].notna()
    minutes = rows["travel_min"].to_numpy(float)
    over = travels.to_numpy() & (np.nan_to_num(minutes) > rows["phase"].map(limits).to_numpy(float))
    pupils = rows["pupils"].to_numpy(np.int64)
    local = (rows["outcome"] == "local").to_numpy()
    flags = {name: (rows["outcome"] == kind).to_numpy() for kind, name in OUTCOME_COLUMNS.items()}
    parts = []
    for level, column in LEVELS.items():
        ids = _ids(inputs, level)
        code = pd.Index(ids).get_indexer(pd.Index(rows[column].astype(str)))
        own = local & (_own(rows, level) if level != "county" else True)
        chosen = {
            "demand_pupils": np.ones(len(rows), dtype=bool), **flags, "placed_own_area_pupils": own,
            "day_pupils": travels.to_numpy(), "over_limit_pupils": over,
        }  # fmt: skip
        table = pd.DataFrame({name: _sums(code, pupils, flag, len(ids)) for name, flag in chosen.items()})
        table.insert(0, "area_id", ids)
        table.insert(1, "level", level)
        parts.append(table.join(_percentiles(code, minutes, pupils, travels.to_numpy(), len(ids))))
    out = pd.concat(parts, ignore_index=True)
    out["without_local_place_pupils"] = out["other_council_pupils"] + out["independent_pupils"] + out["unplaced_pupils"]
    return out


def changes_of(before: YearView, after: YearView) -> pd.DataFrame:
    """Return what changes for every headline pupil; see `pupil_changes`. Internal: its rows are single pupils.

    Columns origin_id (the zone of home), better and worse (bool) are added.
    """
    changes = pupil_changes(before.outcomes, after.outcomes)
    zones = after.outcomes.drop_duplicates("group_id").set_index("group_id")["origin_id"]
    changes = changes.assign(origin_id=changes["group_id"].map(zones))
    return changes.assign(better=changes["band"].isin(BETTER), worse=changes["band"].isin(WORSE))


def _ids(inputs: Inputs, level: str) -> list[str]:
    if level == "zone":
        return sorted(inputs.zones["zone_id"].astype(str))
    return sorted(inputs.areas.loc[inputs.areas["level"] == level, "area_id"].astype(str))


def _own(rows: pd.DataFrame, level: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    name = "cluster" if level == "zone" else level
    own: np.ndarray[tuple[int], np.dtype[np.bool_]] = (rows[f"setting_{name}_id"] == rows[f"{name}_id"]).to_numpy()
    return own


def _sums(
    code: np.ndarray[tuple[int], np.dtype[np.intp]],
    pupils: np.ndarray[tuple[int], np.dtype[np.int64]],
    flag: np.ndarray[tuple[int], np.dtype[np.bool_]],
    size: int,
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    kept = flag & (code >= 0)
    counts = np.bincount(code[kept], weights=pupils[kept].astype(float), minlength=size)
    return np.rint(counts).astype(np.int64)


def _percentiles(
    code: np.ndarray[tuple[int], np.dtype[np.intp]],
    minutes: np.ndarray[tuple[int], np.dtype[np.float64]],
    pupils: np.ndarray[tuple[int], np.dtype[np.int64]],
    travels: np.ndarray[tuple[int], np.dtype[np.bool_]],
    size: int,
) -> pd.DataFrame:
    """Return the attained median and 90th percentile by area; NaN where nobody travels."""
    kept = travels & (code >= 0)
    area, time, count = code[kept], minutes[kept], pupils[kept]
    order = np.lexsort((time, area))
    area, time, running = area[order], time[order], np.cumsum(count[order])
    total = np.bincount(area, weights=count[order].astype(float), minlength=size)
    start = np.cumsum(total) - total
    found = {}
    for share, name in zip(_SHARES, ("median_min", "p90_min"), strict=True):
        wanted = start + np.ceil(share * total - 1e-9)
        at = np.searchsorted(running, wanted - 0.5)
        found[name] = np.where(total > 0, time[np.minimum(at, max(len(time) - 1, 0))] if len(time) else np.nan, np.nan)
    return pd.DataFrame(found)
