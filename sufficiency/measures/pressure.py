"""Pressure: pupils above the places of local headline provision, by the district of the setting.

`over_capacity_pupils` arise where a policy ignores capacity (`nearest`); `over_number_pupils` where pupils who are
placed already stay although places have become fewer (`rolling`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import HEADLINE_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS: Final = ("over_capacity_pupils", "over_number_pupils")


def pressure_table(
    provision_use: pd.DataFrame, provision: pd.DataFrame, settings: pd.DataFrame, area_ids: Sequence[str]
) -> pd.DataFrame:
    """Return pupils above places by policy, year and area of the setting.

    Parameters
    ----------
    provision_use, provision, settings
        Tables; settings with the derived district_id.
    area_ids
        The county, then its districts: every one appears, zeros included.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, area_id, over_capacity_pupils, over_number_pupils; the county is the sum of the
        districts and of provision without a district.
    """
    local = provision[(provision["tier"] == "local") & provision["provision_type"].isin(HEADLINE_TYPES)]
    where = local[["provision_id", "setting_id"]].merge(
        settings[["setting_id", "district_id"]], on="setting_id", validate="m:1"
    )
    rows = provision_use.merge(where[["provision_id", "district_id"]], on="provision_id", validate="m:1")
    key = ["scenario_id", "policy", "year"]
    county = rows.groupby(key, as_index=False)[list(COUNTS)].sum().assign(area_id=area_ids[0])
    districts = rows.rename(columns={"district_id": "area_id"}).groupby([*key, "area_id"], as_index=False)
    found = pd.concat([county, districts[list(COUNTS)].sum()], ignore_index=True)
    every = county[key].merge(pd.DataFrame({"area_id": list(area_ids)}), how="cross")
    table = every.merge(found, on=[*key, "area_id"], how="left")
    table[list(COUNTS)] = table[list(COUNTS)].fillna(0).astype(np.int64)
    return table
