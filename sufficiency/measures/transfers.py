"""Phase transfers: headline pupils who move up in the following September, by district and by need group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import ALL, NEED_GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

TRANSFERS: Final = {6: "Y6 to Y7", 11: "Y11 to Y12"}


def transfers_table(groups: pd.DataFrame, county_id: str, district_ids: Sequence[str]) -> pd.DataFrame:
    """Return pupils in Year 6 and Year 11, who transfer the September after `year`.

    Parameters
    ----------
    groups
        Output of `describe_groups`.
    county_id, district_ids
        Areas; the county by need group and in total, the districts in total.

    Returns
    -------
    DataFrame
        year, area_id, transfer, need (a need group or all), pupils; every combination, zeros included.
    """
    moving = groups[groups["headline"] & groups["ncy"].isin(TRANSFERS)]
    moving = moving.assign(transfer=moving["ncy"].map(TRANSFERS))
    key = ["year", "area_id", "transfer", "need"]
    county, district = moving.assign(area_id=county_id), moving.assign(area_id=moving["district_id"])
    counts = pd.concat(
        [
            county.assign(need=ALL),
            county.assign(need=county["need_group"]),
            district[district["area_id"] != ""].assign(need=ALL),
        ]
    )
    counts = counts.groupby(key, as_index=False)[["pupils"]].sum()
    years, names = sorted(groups["year"].unique()), list(TRANSFERS.values())
    index = [(year, county_id, name, need) for year in years for name in names for need in (ALL, *NEED_GROUPS)]
    index += [(year, area_id, name, ALL) for year in years for area_id in district_ids for name in names]
    full = pd.DataFrame(index, columns=key).merge(counts, on=key, how="left")
    full["pupils"] = full["pupils"].fillna(0).astype(np.int64)
    return full
