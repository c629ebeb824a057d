"""The published counts as cells: the designed set, long.

A figure that follows from published ones (placed locally but in another area; journeys within the limit, or over it
only with pick-ups; arrivals in a district) is a cell too, though it is not printed: if it is small, one of those that
give it away must go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.suppress import LATE
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

SLICE: Final = ["scenario_id", "policy", "year"]
KEY: Final = [*SLICE, "area_id", "phase", "need", "provision_type"]
CELL: Final = [*KEY, "measure", "value", "level", "parent_id"]
COUNTS: Final = (
    "demand_pupils",
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "excluded_pupils",
    "without_local_place_pupils",
)
JOURNEY_COUNTS: Final = {
    "pupils": "day_pupils",
    "not_daily_pupils": "not_daily_pupils",
    "over_limit_pupils": "over_limit_pupils",
    "ridden_over_limit_pupils": "ridden_over_limit_pupils",
}
# over the limit directly; as ridden, which is never less; and the difference
_OVER: Final = ("over_limit_pupils", "ridden_over_limit_pupils", "over_with_pickups_pupils")
_WITHIN: Final = ("within_limit_pupils", "ridden_within_limit_pupils")
GAP: Final = ("demand_pupils", "placed_local_pupils", "without_local_place_pupils", "excluded_pupils")
PUBLISHED: Final[dict[str, tuple[str, ...]]] = {
    # level: measures of the area totals; every breakdown by phase, need or type has those of GAP
    "county": (*COUNTS, *JOURNEY_COUNTS.values(), *_OVER, *_WITHIN),
    "district": (*COUNTS, "placed_other_area_pupils", *_OVER),
    "cluster": GAP,
}
NOT_LOCATED: Final = "not_located_in:"
FLOW: Final = "flow:"
ARRIVALS: Final = "arrivals:"
REASON: Final = "reason:"
# the use of places by district and type: pupils placed, the most there can be, and what is left of that
TAKEN: Final = "use:placed:"
LIMIT: Final = "use:limit:"
ROOM: Final = "use:room:"
# of the pupils placed there, those of one home district (the area of the cell): not printed
BY_HOME: Final = "use:home:"
# what a mitigation changes, by column and mitigation
CHANGE: Final = "change:"
UNPRINTED: Final = ("placed_other_area_pupils", *_WITHIN, "over_with_pickups_pupils")
# not printed either, but a reader may know them from elsewhere: taken as shown unless they are small
_KNOWN: Final = "in_need_pupils"
_RANK: Final = {"cluster": 0, "district": 1, "county": 2}
_SPARED: Final = ("demand_pupils", "without_local_place_pupils")


def total_rows(frame: pd.DataFrame) -> pd.Series:
    """Return whether each row is an area's total: all phases, needs and types."""
    return (frame["phase"] == ALL) & (frame["need"] == ALL) & (frame["provision_type"] == HEADLINE)


def count_cells(sufficiency: pd.DataFrame, journeys: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of tables `sufficiency` and `journeys`, long.

    Parameters
    ----------
    sufficiency, journeys
        Tables of every scenario, stacked.
    areas
        Table `areas` (area_id, level, parent_id).

    Returns
    -------
    DataFrame
        `CELL`; value is int64. Pupils who count in an area but in none of the areas below it (a home that is not
        located) stand as an area of their own below it, so that sums over areas hold.
    """
    wide = sufficiency[[*KEY, *COUNTS]].assign(
        placed_other_area_pupils=sufficiency["placed_local_pupils"] - sufficiency["placed_own_area_pupils"]
    )
    first = wide.melt(KEY, var_name="measure", value_name="value")
    trips = journeys.assign(provision_type=HEADLINE).rename(columns=JOURNEY_COUNTS)
    names = list(dict.fromkeys([*JOURNEY_COUNTS.values(), *_OVER, *_WITHIN]))
    trips = trips.assign(
        within_limit_pupils=trips["day_pupils"] - trips["over_limit_pupils"],
        ridden_within_limit_pupils=trips["day_pupils"] - trips["ridden_over_limit_pupils"],
        over_with_pickups_pupils=trips["ridden_over_limit_pupils"] - trips["over_limit_pupils"],
    ).astype(dict.fromkeys(names, "Int64"))
    # rides are blank where they are not modelled
    second = trips[[*KEY, *names]].melt(KEY, var_name="measure", value_name="value").dropna(subset=["value"])
    cells = pd.concat([first, second], ignore_index=True)
    cells["value"] = cells["value"].astype(np.int64)
    cells = cells.merge(areas[["area_id", "level", "parent_id"]], on="area_id", validate="m:1")
    return with_not_located(cells[is_published(cells)].reset_index(drop=True))


def with_not_located(cells: pd.DataFrame) -> pd.DataFrame:
    """Add, below each area, the pupils who are in none of the areas below it, where there are any."""
    rest = [column for column in (*KEY, "measure") if column != "area_id"]
    parts = [cells]
    additive = cells[~cells["measure"].isin(["placed_own_area_pupils", "placed_other_area_pupils"])]
    for level, below in (("county", "district"), ("district", "cluster")):
        lower = additive[additive["level"] == below]
        sums = lower.groupby([*rest, "parent_id"])["value"].sum().rename("below").reset_index()
        both = additive[additive["level"] == level].merge(
            sums.rename(columns={"parent_id": "area_id"}), on=[*rest, "area_id"], validate="1:1"
        )
        apart = (both["value"] - both["below"]) != 0
        found = both[both["area_id"].isin(both.loc[apart, "area_id"])]
        added = found.assign(value=found["value"] - found["below"], parent_id=found["area_id"], level=below)
        parts.append(added.assign(area_id=NOT_LOCATED + added["area_id"])[CELL])
    kept = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(kept, ignore_index=True)


def is_published(cells: pd.DataFrame) -> pd.Series:
    """Return whether each cell is published, or follows from published ones, by the designed set."""
    total = total_rows(cells)
    by_phase = (cells["need"] == ALL) & (cells["provision_type"] == HEADLINE) & (cells["level"] != "cluster")
    kept = cells["measure"].isin(GAP) | (by_phase & cells["measure"].isin(_OVER))
    for level, measures in PUBLISHED.items():
        kept |= total & (cells["level"] == level) & cells["measure"].isin(measures)
    return kept & ~((cells["level"] == "cluster") & ~cells["measure"].isin(PUBLISHED["cluster"]))


def blank_unpublished(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the frame with every count that is not published blank (it does not apply: z).

    Parameters
    ----------
    frame
        Rows with `KEY` and level.
    columns
        Column -> measure.
    """
    out = frame.copy()
    for column, measure in columns.items():
        kept = is_published(frame.assign(measure=measure))
        out[column] = out[column].astype("Int64").where(kept)
    return out


def flow_cells(flows: pd.DataFrame, county_id: str) -> pd.DataFrame:
    """Return the cells of table `flows`: ``flow:<setting area>`` in the home area's total row, and the arrivals.

    Arrivals in a district are not printed, but where every place is taken they equal its places, which are.
    """
    cells = flows.rename(columns={"home_area_id": "area_id", "pupils": "value"})
    cells = cells.assign(measure=FLOW + cells["setting_area_id"], level="district", parent_id="")
    sums = flows.rename(columns={"pupils": "value"})
    sums = sums.groupby([*SLICE, "setting_area_id"], as_index=False)[["value"]].sum()
    sums = sums.assign(measure=ARRIVALS + sums["setting_area_id"], area_id=county_id, level="county", parent_id="")
    both = pd.concat([cells, sums], ignore_index=True)
    return both.assign(phase=ALL, need=ALL, provision_type=HEADLINE)[CELL]


def reason_cells(reasons: pd.DataFrame, county_id: str) -> pd.DataFrame:
    """Return the cells of the county's reasons: measure ``reason:<reason>``."""
    cells = reasons.rename(columns={"pupils": "value"})
    cells = cells.assign(measure=REASON + cells["reason"], area_id=county_id, level="county", parent_id="")
    return cells.assign(phase=ALL, need=ALL, provision_type=HEADLINE)[CELL]


def placed_by_type(cells: pd.DataFrame) -> pd.Series:
    """Return whether each cell tells what is placed locally in the county by type of place sought."""
    whole = (cells["phase"] == ALL) & (cells["need"] == ALL) & (cells["level"] == "county")
    return whole & (cells["provision_type"] != HEADLINE) & (cells["measure"] == "placed_local_pupils")


def told_by_places(cells: pd.DataFrame, sufficiency: pd.DataFrame) -> pd.Series:
    """Return whether each cell follows from the places of its type, which are public and all taken in the county.

    Who is placed then is as many as there are places, and who is without follows; hiding either would protect nothing.
    """
    full = sufficiency[sufficiency["placed_local_pupils"] == sufficiency["capacity_places"]]
    full = full[(full["policy"] == "optimal") & (full["placed_local_pupils"] > 0)]
    whole = (cells["phase"] == ALL) & (cells["need"] == ALL) & (cells["level"] == "county")
    whole &= cells["measure"].isin(["placed_local_pupils", "without_local_place_pupils"])
    return whole & pd.MultiIndex.from_frame(cells[KEY]).isin(pd.MultiIndex.from_frame(full[KEY]))


def side_cells(frame: pd.DataFrame, counts: list[str], areas: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table of counts by area that stands in its own equations.

    Parameters
    ----------
    frame
        area_id, the count columns, and any of `KEY`; what is missing is taken as one code.
    counts
        The columns that count.
    areas
        Table `areas`.
    """
    defaults = {"scenario_id": "", "policy": "", "phase": ALL, "need": ALL, "provision_type": HEADLINE}
    full = frame.assign(**{name: code for name, code in defaults.items() if name not in frame.columns})
    long = full[[*KEY, *counts]].melt(KEY, var_name="measure", value_name="value")
    long = long.merge(areas[["area_id", "level", "parent_id"]], on="area_id", validate="m:1")
    return with_not_located(long.assign(value=long["value"].astype(np.int64))[CELL])


def county_cells(long: pd.DataFrame, county_id: str) -> pd.DataFrame:
    """Return cells of the county that stand in no equation, with their other columns; changes by their size.

    Parameters
    ----------
    long
        scenario_id, year, measure and value.
    county_id
        The county's area_id.
    """
    place = {"policy": "", "area_id": county_id, "phase": ALL, "need": ALL, "provision_type": HEADLINE}
    return long.assign(**place, level="county", parent_id="", value=long["value"].abs().astype(np.int64))


def spared_cells(cells: pd.DataFrame) -> np.ndarray:
    """Return, per cell, whether it may never be chosen as secondary.

    These are the county's demand and without a local place, and what hiding would not help: sums that are not printed.
    """
    spared = total_rows(cells) & (cells["level"] == "county") & cells["measure"].isin(_SPARED)
    return np.asarray(spared | cells["measure"].str.startswith((ARRIVALS, LIMIT, ROOM)) | (cells["measure"] == _KNOWN))


def hiding_rank(cells: pd.DataFrame) -> np.ndarray:
    """Return, per cell, what to hide first: clusters before districts, details before totals, demand last."""
    level = cells["level"].map(_RANK).to_numpy(np.int64) * 4
    total = ((cells["phase"] == ALL) & (cells["need"] == ALL)).to_numpy(np.int64)
    main = cells["measure"].isin([*_SPARED, "placed_local_pupils"]).to_numpy(np.int64)
    # demand is one figure in every scenario and policy: hiding it once hides it everywhere
    demand = (cells["measure"] == "demand_pupils").to_numpy(np.int64) * 32
    # the county's demand and without are always printed: what is placed locally follows from them
    bound = (total_rows(cells) & (cells["level"] == "county")).to_numpy(bool)
    bound &= cells["measure"].isin(["placed_local_pupils", "placed_own_area_pupils", "excluded_pupils"]).to_numpy(bool)
    # a county's total by type stands in other tables too
    bound |= cells["measure"].str.startswith(TAKEN).to_numpy(bool) & (cells["level"] == "county").to_numpy(bool)
    return np.asarray(level + 2 * total + main + demand + np.where(bound, LATE, 0))
