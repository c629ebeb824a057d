"""The use of local places by district and type: how many pupils are placed there, and what that tells.

What is placed in a district by type adds up to the arrivals in it, which the flows tell, and over the districts to what
is placed by type in the county. It is no more than the places there and the pupils counted above them, so that the room
left bounds it from above. The cells are hidden in a system of their own, after the gap, in which the flows are
protected from a reader who knows the arrivals.

Besides small counts those are primary that give one away: what is placed above the places by few, or by a number that
is hidden; and what is placed in one school alone, whose places are public. The latter is printed only where the gap
tells it anyway, as it does where every place of the county is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.audit import exposed_cells
from sufficiency.disclosure.shelf import ID, Shelf, hidden_frame
from sufficiency.disclosure.system import MARKS, equations_between, same_cells
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

__all__ = ["BY_TYPE", "OCCUPANCY", "put_occupancy"]

OCCUPANCY: Final = "occupancy_district_type"
# raw table of the flows by type: scenario_id, policy, year, home_area_id, setting_area_id, provision_type, pupils
BY_TYPE: Final = "flows_by_type"
_SPOT: Final = [*c.SLICE, "area_id", "provision_type"]
_OVER: Final = ["over_capacity_pupils", "over_number_pupils"]


def put_occupancy(
    shelf: Shelf,
    tables: Mapping[str, pd.DataFrame],
    areas: pd.DataFrame,
    cells: pd.DataFrame,
    hide_up_to: int,
    *,
    untold: Collection[str] = (),
) -> pd.DataFrame:
    """Put the use of places; empty places and the share in use are hidden with the pupils placed.

    Parameters
    ----------
    shelf
        The shelf, with `pressure` on it where there is one.
    tables
        `occupancy_district_type`, and `pressure` where there is one.
    areas
        Table `areas`: area_id, level, parent_id.
    cells
        The cells of the gap, hidden.
    hide_up_to
        Counts of 1 to this are hidden.
    untold
        Districts whose places by type are not told (`hidden_places`): nor is what is placed there, which is as many
        where every place of the county is taken.

    Returns
    -------
    DataFrame
        The cells of the system, hidden.
    """
    rows = _with_limits(tables, shelf)
    veiled_places = rows["area_id"].isin(list(untold))
    rows["limit_told"] &= ~veiled_places
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    rows = rows.fillna({"level": "outside", "area_name": "Outside the county"})
    own = _own_cells(rows, hide_up_to)
    full = own["area_id"].isin(list(untold)) & own["measure"].str.startswith(c.TAKEN) & (own["policy"] == "optimal")
    own["always"] |= full
    beside = pd.concat([_beside(own, cells, hide_up_to), _joint(own, cells, tables, hide_up_to)], ignore_index=True)
    # where the county's total by type is hidden, its parts beside the places would narrow it
    slices = pd.MultiIndex.from_frame(beside.loc[beside["veiled"], c.SLICE])
    veiled = pd.MultiIndex.from_frame(own[c.SLICE]).isin(slices) & own["measure"].str.startswith(c.TAKEN).to_numpy(bool)
    own = own.assign(always=own["always"] & ~veiled, unprinted=own["unprinted"] | veiled)
    single = (own["schools"] == 1).to_numpy(bool) & (own["level"] == "district").to_numpy(bool)
    single &= own["measure"].str.startswith(c.TAKEN).to_numpy(bool)
    marked = [*c.CELL, *MARKS]
    both = pd.concat([own[marked], beside[marked]], ignore_index=True)
    uncertain = _untold(both, np.flatnonzero(single), hide_up_to)
    own_single = np.zeros(len(both), dtype=bool)
    own_single[: len(own)] = single
    # what is told anyway protects nothing
    both = both.assign(always=both["always"] | uncertain, spared=both["spared"] | (own_single & ~uncertain))
    hidden = shelf.hide("use", both, hide_up_to)
    listed = hidden[hidden["measure"].str.startswith(c.TAKEN)].assign(measure="placed_pupils")
    mask = hidden_frame(rows, _SPOT, ["placed_pupils"], listed)
    mask["capacity_places"] = veiled_places & rows["capacity_places"].notna()
    # where every place of the county is taken, none is empty anywhere, which tells of no place how many it is of
    either = (mask["placed_pupils"] | mask["capacity_places"]) & ~(veiled_places & _all_taken(rows, mask))
    mask = mask.assign(**{name: either & rows[name].notna() for name in ("empty_places", "used_share")})
    columns = ("provision_type", "schools", "capacity_places", "placed_pupils", "empty_places", "used_share")
    shelf.put(OCCUPANCY, rows, mask, (*ID, *columns))
    return hidden


def _all_taken(rows: pd.DataFrame, mask: pd.DataFrame) -> pd.Series:
    """Return whether every place of the county is taken in a row's slice and type, and printed so."""
    county = rows[(rows["level"] == "county") & ~mask["placed_pupils"] & (rows["policy"] == "optimal")]
    full = county[(county["placed_pupils"] == county["capacity_places"]).fillna(False).astype(bool)]
    kind = [*c.SLICE, "provision_type"]
    there = pd.MultiIndex.from_frame(rows[kind]).isin(pd.MultiIndex.from_frame(full[kind]))
    return pd.Series(there, index=rows.index)


def _with_limits(tables: Mapping[str, pd.DataFrame], shelf: Shelf) -> pd.DataFrame:
    """Return the rows of the table with ``limit``: places, and the pupils who are counted above places there.

    ``limit_told`` says whether these pupils are printed.
    """
    rows = tables[OCCUPANCY].reset_index(drop=True)
    limit = rows["capacity_places"].astype("Int64")
    if "pressure" in tables:
        over = tables["pressure"].set_index([*c.SLICE, "area_id"])[_OVER].sum(axis=1)
        at = over.reindex(pd.MultiIndex.from_frame(rows[[*c.SLICE, "area_id"]]))
        limit = limit + at.astype("Int64").fillna(0).to_numpy(np.int64)
        printed = shelf.tables["pressure"].set_index([*c.SLICE, "area_id"])["over_capacity_pupils"].notna()
        told = printed.reindex(at.index).eq(True).to_numpy(bool)
    else:
        told = np.ones(len(rows), dtype=bool)
    # places that lie outside the county have no pressure of their own
    return rows.assign(limit=limit.mask(limit < rows["placed_pupils"]), limit_told=told)


def _own_cells(rows: pd.DataFrame, hide_up_to: int) -> pd.DataFrame:
    """Return what is placed, the limit and the room left as cells, marked, with the columns of the rows."""
    # what lies outside the county is a part of its sum, as a district is
    rows = rows.assign(level=rows["level"].replace("outside", "district"), parent_id="", phase=ALL, need=ALL)
    limited = rows[(rows["level"] != "county") & rows["limit"].notna()]
    parts = [
        rows.assign(measure=c.TAKEN + rows["area_id"], value=rows["placed_pupils"]),
        limited.assign(measure=c.LIMIT, value=limited["limit"]),
        limited.assign(measure=c.ROOM, value=limited["limit"] - limited["placed_pupils"]),
    ]
    out = pd.concat(parts, ignore_index=True).astype({"value": np.int64})
    above = (out["placed_pupils"] - out["capacity_places"].astype("Int64")).fillna(0)
    small = above.between(1, hide_up_to) | ((above > 0) & ~out["limit_told"])
    few = small & out["measure"].str.startswith(c.TAKEN) & (out["level"] != "county") & (hide_up_to > 0)
    unknown = (out["measure"] == c.LIMIT) & ~out["limit_told"]
    return out.assign(always=few.to_numpy(bool), spared=False, unprinted=unknown.to_numpy(bool), guarded=False)


def _beside(own: pd.DataFrame, cells: pd.DataFrame, hide_up_to: int) -> pd.DataFrame:
    """Return what the gap tells of arrivals, and of what is placed by type in the county, as cells, marked."""
    flows = cells[cells["measure"].str.startswith(c.FLOW)]
    to = c.ARRIVALS + flows["measure"].str.removeprefix(c.FLOW)
    untold = flows.assign(measure=to)[flows["hidden"]][[*c.SLICE, "measure"]].drop_duplicates()
    arrivals = cells[cells["measure"].str.startswith(c.ARRIVALS)]
    unprinted = pd.MultiIndex.from_frame(arrivals[[*c.SLICE, "measure"]]).isin(pd.MultiIndex.from_frame(untold))
    # the flows are protected from a reader who knows the arrivals, but not where those are few themselves
    few = unprinted & arrivals["value"].between(1, hide_up_to).to_numpy(bool)
    arrivals = arrivals.assign(always=few, spared=True, unprinted=unprinted & ~few, guarded=False)
    typed = cells[c.placed_by_type(cells)]
    typed = typed.assign(always=False, spared=True, unprinted=typed["hidden"], guarded=False)
    both = pd.concat([arrivals.assign(veiled=False), typed.assign(veiled=typed["hidden"])], ignore_index=True)
    there = pd.MultiIndex.from_frame(both[c.SLICE]).isin(pd.MultiIndex.from_frame(own[c.SLICE]))
    return both.loc[there, [*c.CELL, *MARKS, "veiled"]]


def _joint(own: pd.DataFrame, cells: pd.DataFrame, tables: Mapping[str, pd.DataFrame], hide_up_to: int) -> pd.DataFrame:
    """Return flows, what is placed by home and type, and what both are sums of, as cells, marked.

    Nobody prints what is placed by home, setting and type, but all three sums of it are printed.
    """
    columns = [*c.CELL, *MARKS, "veiled"]
    if BY_TYPE not in tables or not _as_sought(own, cells):
        return pd.DataFrame(columns=columns)
    slices = pd.MultiIndex.from_frame(own[c.SLICE].drop_duplicates())
    here = cells[pd.MultiIndex.from_frame(cells[c.SLICE]).isin(slices)]
    flow = here["measure"].str.startswith(c.FLOW)
    placed = (here["measure"] == "placed_local_pupils") & (here["phase"] == ALL) & (here["need"] == ALL)
    placed &= here["level"].isin(["county", "district"]) & ~c.placed_by_type(here)
    known = here[flow | placed]
    small = known["value"].between(1, hide_up_to)
    known = known.assign(
        always=False, spared=~known["hidden"], unprinted=known["hidden"], guarded=known["hidden"] & small
    )
    taken = own[own["measure"].str.startswith(c.TAKEN) & (own["level"] != "county")]
    homes = here.loc[flow, [*c.SLICE, "area_id"]].drop_duplicates()
    spots = taken[[*c.SLICE, "provision_type", "measure"]].merge(homes, on=c.SLICE)
    spots = spots.assign(setting_area_id=spots["measure"].str.removeprefix(c.TAKEN))
    key = [*c.SLICE, "setting_area_id", "provision_type", "area_id"]
    counts = tables[BY_TYPE].rename(columns={"home_area_id": "area_id", "pupils": "value"})
    spots = spots.merge(counts[[*key, "value"]], on=key, how="left", validate="1:1").fillna({"value": 0})
    joint = spots.assign(
        measure=c.BY_HOME + spots["setting_area_id"], phase=ALL, need=ALL, level="district", parent_id="",
        value=spots["value"].astype(np.int64), always=False, spared=True, unprinted=True, guarded=False,
    )  # fmt: skip
    return pd.concat([known.assign(veiled=False)[columns], joint.assign(veiled=False)[columns]], ignore_index=True)


def _as_sought(own: pd.DataFrame, cells: pd.DataFrame) -> bool:
    """Return whether everybody is placed in the type sought, by what is placed in the county by type."""
    kind = [*c.SLICE, "provision_type"]
    sought = cells[c.placed_by_type(cells)].set_index(kind)["value"]
    used = own[own["measure"].str.startswith(c.TAKEN) & (own["level"] == "county")].set_index(kind)["value"]
    return bool((sought.reindex(used.index) == used).all())


def _untold(both: pd.DataFrame, single: NDArray[np.int64], hide_up_to: int) -> NDArray[np.bool_]:
    """Return which cells of one school stay uncertain where the whole table is hidden; rows of other cells: False."""
    out = np.zeros(len(both), dtype=bool)
    if not single.size or not hide_up_to:
        return out
    cell = same_cells(both)
    _, first = np.unique(cell, return_index=True)
    one = both.iloc[first]
    # a flag of any row is the cell's, as in the system
    flags = both.assign(cell=cell).groupby("cell")[["unprinted", "always"]].any().any(axis=1).to_numpy(bool)
    hidden = one["measure"].str.startswith((c.TAKEN, c.ROOM)).to_numpy(bool) | flags
    wanted = np.zeros(len(one), dtype=bool)
    wanted[cell[single]] = True
    width = np.where(wanted, hide_up_to, 0)
    values = one["value"].to_numpy(np.int64)
    told = exposed_cells(values, equations_between(both, cell), hidden, width, ~wanted)
    wanted[told] = False
    out[single] = wanted[cell[single]]
    return out
