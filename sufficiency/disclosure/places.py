"""What printed places by district and type tell of those that are not: parts of sums, and ceilings over pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.reader import PLACES, SLICE, TAKEN

if TYPE_CHECKING:
    from sufficiency.disclosure.pen import Pen
    from sufficiency.model.results import Released

__all__ = ["write_places"]

_AT: Final = ["scenario_id", "year"]
_KIND: Final = [*_AT, "provision_type"]


def write_places(pen: Pen, released: Released, county_id: str) -> None:
    """Write the sums of places over types and districts, and that pupils in them are no more by the best use.

    Parameters
    ----------
    pen
        Over the figures.
    released
        The release.
    county_id
        The county's area_id.
    """
    places = pen.frame[pen.frame["measure"].str.startswith(PLACES)]
    area = released.tables.get("sufficiency_area")
    if not len(places) or area is None:
        return
    whole = area.dropna(subset=["capacity_places"]).drop_duplicates([*_AT, "area_id"])
    joined = places.merge(whole[[*_AT, "area_id", "capacity_places"]], on=[*_AT, "area_id"], validate="m:1")
    row, _ = pd.factorize(pd.MultiIndex.from_frame(joined[[*_AT, "area_id"]]))
    total = joined.assign(line=row).drop_duplicates("line").sort_values("line")["capacity_places"].to_numpy(np.float64)
    pen.rows(row.astype(np.int64), joined["figure"].to_numpy(np.int64), np.ones(len(joined)), total, total)
    used = released.tables.get("occupancy_district_type")
    outside = used is not None and bool((used["area_id"] == "outside").any())
    county = places["area_id"] == county_id
    if not outside:
        pen.sums(places[county], places[places["level"] == "district"], _KIND)
    taken = pen.frame[pen.frame["measure"].str.startswith(TAKEN) & (pen.frame["policy"] == "optimal")]
    both = taken.assign(of=taken["measure"].str.removeprefix(TAKEN))[[*SLICE, "of", "provision_type", "figure"]].merge(
        places.rename(columns={"area_id": "of", "figure": "places"})[[*_KIND, "of", "places"]], on=[*_KIND, "of"]
    )
    pen.no_more(both["figure"].to_numpy(np.int64), both["places"].to_numpy(np.int64))
