"""Journeys of the headline pupils placed: direct car time from home to setting, one way, in the morning.

Residential pupils stand apart. Percentiles are weighted by pupils and are an attained journey: the least time t such
that at least the share q of the pupils travel t or less. Over the limit means strictly over.

pupil_km_per_year = Σ km × pupils × days × journeys a day. Cost and carbon cover the transported share of them:
cost = transported pupil-km × £ a pupil-km; carbon = transported pupil-km ÷ occupancy × (1 + empty running) × kg a km.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.sufficiency import LEVEL_COLUMNS, cut_rows
from sufficiency.model.tables import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.parameters import Parameters

_CUTS: Final[tuple[tuple[str, str | None, str | None, str | None], ...]] = (
    ("county", None, None, None),
    ("county", "phase", None, None),
    ("county", None, "need_group", None),
    ("district", None, None, None),
    ("district", "phase", None, None),
    ("cluster", None, None, None),
)
_COLUMNS: Final = [
    "policy",
    "year",
    *LEVEL_COLUMNS.values(),
    "phase",
    "need",
    "need_group",
    "attendance",
    "travel_min",
    "travel_km",
    "pupils",
]
_KEY: Final = ["policy", "area_id", "year", "phase", "need"]


def _limits(parameters: Parameters) -> dict[str, float]:
    primary = float(parameters.value("journey_limit_primary_min"))
    return {
        "early_years": primary,
        "primary": primary,
        "secondary": float(parameters.value("journey_limit_secondary_min")),
        "post_16": float(parameters.value("journey_limit_post_16_min")),
        "post_19": float(parameters.value("journey_limit_post_16_min")),
    }


def weighted_percentiles(rows: pd.DataFrame, key: Sequence[str], shares: Sequence[float]) -> pd.DataFrame:
    """Return attained percentiles of travel_min weighted by pupils.

    Parameters
    ----------
    rows
        Columns of `key`, travel_min (no blanks) and pupils.
    key
        Grouping columns.
    shares
        Shares in (0, 1], such as 0.5 and 0.9.

    Returns
    -------
    DataFrame
        One row a group, columns of `key` and one column a share, named by it.
    """
    ordered = rows.sort_values([*key, "travel_min"], kind="stable")
    grouped = ordered.groupby(list(key), sort=False)["pupils"]
    running, total = grouped.cumsum(), grouped.transform("sum")
    out = None
    for share in shares:
        needed = np.ceil(share * total - 1e-9)
        first = ordered[running >= needed].drop_duplicates(list(key))[[*key, "travel_min"]]
        first = first.rename(columns={"travel_min": str(share)})
        out = first if out is None else out.merge(first, on=list(key), validate="1:1")
    return pd.DataFrame(columns=[*key]) if out is None else out


def _money_and_carbon(table: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out = table.copy()
    names = ("transported_share", "transport_gbp_per_pupil_km", "empty_running_share", "vehicle_kgco2e_per_km")
    ranges = {name: parameters.range(name) for name in names}
    occupancy = parameters.range("vehicle_occupancy_pupils")[::-1]
    for position, band in enumerate(("low", "central", "high")):
        carried = out["pupil_km_per_year"] * float(ranges["transported_share"][position])
        out[f"cost_gbp_{band}"] = carried * float(ranges["transport_gbp_per_pupil_km"][position])
        vehicle_km = carried / float(occupancy[position]) * (1 + float(ranges["empty_running_share"][position]))
        out[f"kgco2e_{band}"] = vehicle_km * float(ranges["vehicle_kgco2e_per_km"][position])
    return out


def journeys_table(
    scenario_id: str, rows: pd.DataFrame, parameters: Parameters, area_ids: Sequence[str]
) -> pd.DataFrame:
    """Return table `journeys` of the headline stream.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    parameters
        Limits, days and rates.
    area_ids
        Every area, so that one without a journey is seen with 0 pupils.

    Returns
    -------
    DataFrame
        Table `journeys`, sorted by its key; the ridden columns are blank.
    """
    placed = rows.loc[rows["headline"] & (rows["provision_id"] != ""), _COLUMNS]
    day = placed[placed["attendance"] == "day"]
    limit = day["phase"].map(_limits(parameters))
    per_year = int(parameters.value("school_days_per_year")) * int(parameters.value("journeys_per_day"))
    day = day.assign(
        minutes_pupils=day["travel_min"] * day["pupils"],
        over_limit_pupils=day["pupils"].where(day["travel_min"] > limit, 0),
        pupil_km_per_year=day["travel_km"] * day["pupils"] * per_year,
    )
    parts, stay = [], []
    for _, cut in cut_rows(day, _CUTS):
        sums = cut.groupby(_KEY, as_index=False)[
            ["pupils", "minutes_pupils", "over_limit_pupils", "pupil_km_per_year"]
        ].sum()
        parts.append(sums.merge(weighted_percentiles(cut, _KEY, (0.5, 0.9)), on=_KEY, validate="1:1"))
    for _, cut in cut_rows(placed[placed["attendance"] != "day"], _CUTS):
        stay.append(cut.groupby(_KEY, as_index=False)[["pupils"]].sum().rename(columns={"pupils": "not_daily_pupils"}))
    table = pd.concat(parts, ignore_index=True).merge(pd.concat(stay, ignore_index=True), on=_KEY, how="outer")
    index = pd.MultiIndex.from_product(
        [sorted(rows["policy"].unique()), list(area_ids), sorted(rows["year"].unique()), ["all"], ["all"]], names=_KEY
    )
    table = table.merge(index.to_frame(index=False), on=_KEY, how="outer")
    counts = ["pupils", "not_daily_pupils", "over_limit_pupils"]
    table[counts] = table[counts].fillna(0).astype(np.int64)
    table["pupil_km_per_year"] = table["pupil_km_per_year"].fillna(0.0)
    table["mean_min"] = (table["minutes_pupils"] / table["pupils"]).where(table["pupils"] > 0)
    table = table.rename(columns={"0.5": "median_min", "0.9": "p90_min"})
    table = _money_and_carbon(table, parameters)
    table = table.assign(scenario_id=scenario_id, ridden_mean_min=np.nan, ridden_over_limit_pupils=np.nan)
    return conform(table.sort_values(_KEY, kind="stable", ignore_index=True), "journeys")
