"""The figures of one year that the page shows, for every area at once: the same as the tables of a run.

Worked out from `outcomes` by whole arrays, because somebody waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sufficiency import measures
from sufficiency.measures.sufficiency import OUTCOME_COLUMNS
from sufficiency.model.vocabulary import ALL
from sufficiency.planning.gains import BETTER, WORSE, compared_pupils, pupil_rows

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

__all__ = ["BAND_EDGES_MIN", "LEVELS", "YearView", "area_figures", "changes_of", "year_view"]

BAND_EDGES_MIN: Final = (15, 30, 45, 60, 75)
LEVELS: Final = {"county": "county_id", "district": "district_id", "cluster": "cluster_id", "zone": "origin_id"}
_SHARES: Final = {"median_min": 0.5, "p90_min": 0.9}
_HOME: Final = "origin_id"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class YearView:
    """One year of one scenario, policy ``optimal``. Internal: nothing is hidden yet, and outcomes are of few pupils.

    ``areas`` has a row an area, by area_id, with level, demand_pupils, placed_local_pupils, placed_own_area_pupils,
    other_council_pupils, independent_pupils, unplaced_pupils, excluded_pupils, without_local_place_pupils, day_pupils,
    over_limit_pupils, median_min and p90_min; ``bands`` the county's day pupils by minutes one way;
    ``journeys`` the county's row of table `journeys`, as far as money rests on it: pupils and pupil_km_per_year;
    ``pupils`` the outcomes by pupil, as they are compared with those of another scenario.
    """

    scenario_id: str
    year: int
    inputs: Inputs
    outcomes: pd.DataFrame
    areas: pd.DataFrame
    bands: tuple[int, ...]
    journeys: pd.DataFrame
    pupils: pd.DataFrame


def year_view(scenario_id: str, year: int, inputs: Inputs, outcomes: pd.DataFrame) -> YearView:
    """Return the figures of a year from the `outcomes` of its pupils."""
    day = measures.day_rows(outcomes)
    places = np.searchsorted(BAND_EDGES_MIN, day["travel_min"].to_numpy(float), side="left")
    counts = np.bincount(places, weights=day["pupils"].to_numpy(float), minlength=len(BAND_EDGES_MIN) + 1)
    return YearView(
        scenario_id=scenario_id,
        year=year,
        inputs=inputs,
        outcomes=outcomes,
        areas=area_figures(inputs, outcomes),
        bands=tuple(int(one) for one in np.rint(counts)),
        journeys=_county_journeys(inputs, outcomes, day),
        pupils=pupil_rows(outcomes, [_HOME]),
    )


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
    pupils = _Counted(rows["pupils"].to_numpy(np.int64), rows["travel_min"].to_numpy(np.float64))
    outcome = rows["outcome"].to_numpy()
    kinds = {name: outcome == kind for kind, name in OUTCOME_COLUMNS.items()}
    day = (rows["provision_id"] != "").to_numpy() & (rows["attendance"] == "day").to_numpy() & ~np.isnan(pupils.minutes)
    limit = rows["phase"].map(measures.journey_limits_min(inputs.parameters)).to_numpy(np.float64)
    over = day & (np.nan_to_num(pupils.minutes) > limit)
    everybody = np.ones(len(rows), dtype=np.bool_)
    shortest_first = np.argsort(pupils.minutes, kind="stable")
    parts = []
    for level, column in LEVELS.items():
        ids = _ids(inputs, level)
        area = pd.Index(ids).get_indexer(pd.Index(rows[column]))
        flags = {
            "demand_pupils": everybody, **kinds, "placed_own_area_pupils": kinds["placed_local_pupils"],
            "day_pupils": day, "over_limit_pupils": over,
        }  # fmt: skip
        if level != "county":
            flags["placed_own_area_pupils"] = flags["placed_own_area_pupils"] & _own(rows, level)
        sums = {name: _sums(area, pupils.pupils, flag, len(ids)) for name, flag in flags.items()}
        travels = shortest_first[(day & (area >= 0))[shortest_first]]
        parts.append(
            {"area_id": np.array(ids, dtype=object), "level": np.full(len(ids), level, dtype=object)}
            | sums | _percentiles(area[travels], _Counted(pupils.pupils[travels], pupils.minutes[travels]), len(ids))
        )  # fmt: skip
    out = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    out["without_local_place_pupils"] = out["other_council_pupils"] + out["independent_pupils"] + out["unplaced_pupils"]
    return out


def changes_of(before: YearView, after: YearView) -> pd.DataFrame:
    """Return what changes for every headline pupil; see `pupil_changes`. Internal: its rows are single pupils.

    Columns origin_id (the zone of home), better and worse (bool) are added.
    """
    changes = compared_pupils(before.pupils, after.pupils)
    return changes.assign(better=changes["band"].isin(BETTER), worse=changes["band"].isin(WORSE))


class _Counted(NamedTuple):
    """Pupils of some rows, and their minutes one way."""

    pupils: Ints
    minutes: Floats


def _ids(inputs: Inputs, level: str) -> list[str]:
    if level == "zone":
        return sorted(inputs.zones["zone_id"])
    return sorted(inputs.areas.loc[inputs.areas["level"] == level, "area_id"])


def _own(rows: pd.DataFrame, level: str) -> Bools:
    name = "cluster" if level == "zone" else level
    own: Bools = rows[f"setting_{name}_id"].to_numpy() == rows[f"{name}_id"].to_numpy()
    return own


def _sums(area: NDArray[np.intp], pupils: Ints, flag: Bools, size: int) -> Ints:
    kept = flag & (area >= 0)
    counts = np.bincount(area[kept], weights=pupils[kept].astype(float), minlength=size)
    return np.rint(counts).astype(np.int64)


def _percentiles(area: NDArray[np.intp], travel: _Counted, size: int) -> dict[str, Floats]:
    """Return the attained median and 90th percentile by area, NaN where nobody travels; rows in order of minutes."""
    order = np.argsort(area, kind="stable")
    time, count = travel.minutes[order], travel.pupils[order]
    running = np.cumsum(count)
    total = np.bincount(area[order], weights=count.astype(float), minlength=size)
    start = np.cumsum(total) - total
    found = {}
    for name, share in _SHARES.items():
        at = np.searchsorted(running, start + np.ceil(share * total - 1e-9) - 0.5)
        found[name] = np.where(total > 0, time[np.minimum(at, max(len(time) - 1, 0))] if len(time) else np.nan, np.nan)
    return found
