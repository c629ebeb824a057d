"""The released places by district and type: those of one school alone are hidden where nobody publishes them.

What a type has in the county and what a district has of both types are printed, so that one hidden cell would be
worked out by subtraction. Where one district is concerned, the types of another one are hidden with its own: then the
four can be shifted against one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.shelf import Shelf, no_mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["CAPACITY", "hidden_places", "put_capacities"]

CAPACITY: Final = "capacity_district_type"
MARK: Final = "one_unpublished"


def hidden_places(tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, hide_up_to: int) -> set[str]:
    """Return the districts whose places by type are not told.

    None where the county has no second district with places of several types: what the county has then tells it.

    Parameters
    ----------
    tables
        With `capacity_district_type`.
    areas
        Table `areas`: area_id, level.
    hide_up_to
        0 = nothing is hidden.
    """
    table = tables.get(CAPACITY)
    if table is None or MARK not in table.columns or not hide_up_to:
        return set()
    districts = table[table["area_id"].isin(areas.loc[areas["level"] == "district", "area_id"])]
    wanted = set(districts.loc[districts[MARK], "area_id"].astype(str))
    if len(wanted) != 1:
        return wanted
    here = districts[(districts["capacity_places"] > 0)]
    slices = here.groupby(["scenario_id", "year"]).ngroups
    full = here.groupby("area_id").agg(rows=("capacity_places", "size"), least=("capacity_places", "sum"))
    kinds = here["provision_type"].nunique()
    full = full[full["rows"] == slices * kinds]
    others = full[~full.index.isin(wanted)].sort_values("least", kind="stable")
    if kinds < 2 or not len(others) or not wanted <= set(full.index):
        return set()
    return wanted | {str(others.index[0])}


def put_capacities(shelf: Shelf, tables: Mapping[str, pd.DataFrame], districts: set[str]) -> None:
    """Put `capacity_district_type`, the places of some districts hidden.

    Parameters
    ----------
    shelf
        The shelf.
    tables
        With `capacity_district_type`.
    districts
        Output of `hidden_places`.
    """
    rows = tables[CAPACITY].reset_index(drop=True)
    mask = no_mask(rows).assign(capacity_places=rows["area_id"].isin(sorted(districts)))
    shelf.put(CAPACITY, rows, mask, [name for name in rows.columns if name != MARK])
