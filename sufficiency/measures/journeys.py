"""Journeys of the headline pupils placed: direct car time from home to setting, one way, in the morning.

Beside it the time as it is ridden, an estimate with other pick-ups (`sufficiency.travel.rides`), in two measures of its
own; every other measure is of the direct time.

Residential pupils stand apart. Percentiles are weighted by pupils and are an attained journey: the least time t such
that at least the share q of the pupils travel t or less. Over the limit means strictly over.

pupil_km_per_year = Σ km × pupils × days × journeys a day. Cost and carbon cover the transported share of them:
cost = transported pupil-km × £ a pupil-km; carbon = transported pupil-km ÷ occupancy × (1 + empty running) × kg a km.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import every_answer
from sufficiency.measures.sufficiency import LEVEL_COLUMNS, cut_rows
from sufficiency.model.errors import DataError
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
_GROUP: Final = ["policy", "group_id", "provision_id"]
_COLUMNS: Final = [
    *_GROUP,
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
_RIDDEN: Final = ["ridden_minutes_pupils", "ridden_over_limit_pupils"]
_SUMS: Final = ["pupils", "minutes_pupils", "over_limit_pupils", "pupil_km_per_year", *_RIDDEN]


def journey_limits_min(parameters: Parameters) -> dict[str, float]:
    """Return, by phase, the minutes one way over which a journey is counted as over the limit."""
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


def _daily(rows: pd.DataFrame, parameters: Parameters, ridden: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows that travel daily with what is summed over them."""
    day = day_rows(rows)[_COLUMNS]
    limit = day["phase"].map(journey_limits_min(parameters))
    per_year = int(parameters.value("school_days_per_year")) * int(parameters.value("journeys_per_day"))
    day = day.assign(
        minutes_pupils=day["travel_min"] * day["pupils"],
        over_limit_pupils=day["pupils"].where(day["travel_min"] > limit, 0),
        pupil_km_per_year=day["travel_km"] * day["pupils"] * per_year,
    )
    if ridden is None:
        return day.assign(**dict.fromkeys(_RIDDEN, 0))
    return _with_rides(day, limit, ridden)


def _with_rides(day: pd.DataFrame, limit: pd.Series, ridden: pd.DataFrame) -> pd.DataFrame:
    """Return the day pupils with the minutes that they ride, and how many of them ride longer than the limit."""
    rides = ridden[[*_GROUP, "pupils", "ridden_min"]].merge(
        day[_GROUP].assign(limit=limit), on=_GROUP, how="left", validate="m:1"
    )
    rides = rides.assign(
        ridden_minutes_pupils=rides["ridden_min"] * rides["pupils"],
        ridden_over_limit_pupils=rides["pupils"].where(rides["ridden_min"] > rides["limit"], 0),
    )
    sums = rides.groupby(_GROUP, as_index=False)[["pupils", *_RIDDEN]].sum().rename(columns={"pupils": "riders"})
    both = day.merge(sums, on=_GROUP, how="left", validate="1:1")
    if not both["riders"].eq(both["pupils"]).all() or sums["riders"].sum() != day["pupils"].sum():
        message = "the rides are not those of the day pupils placed: work both out from the same outcomes"
        raise DataError(message)
    return both


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


def day_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `outcomes` that travel daily: headline pupils with a day place and a road to it.

    Only a placement that is observed (`as_placed`) can lack the road.
    """
    placed = rows["headline"] & (rows["provision_id"] != "") & (rows["attendance"] == "day")
    return rows[placed & rows["travel_min"].notna()]


def journeys_table(
    scenario_id: str,
    rows: pd.DataFrame,
    parameters: Parameters,
    area_ids: Sequence[str],
    ridden: pd.DataFrame | None = None,
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
    ridden
        Output of `sufficiency.travel.ridden` for the `day_rows`; None = the ridden columns are blank.

    Returns
    -------
    DataFrame
        Table `journeys`, sorted by its key.

    Raises
    ------
    DataError
        When `ridden` does not have the same pupils.
    """
    placed = rows.loc[rows["headline"] & (rows["provision_id"] != ""), _COLUMNS]
    parts, stay = [], []
    for _, cut in cut_rows(_daily(rows, parameters, ridden), _CUTS):
        sums = cut.groupby(_KEY, as_index=False)[_SUMS].sum()
        parts.append(sums.merge(weighted_percentiles(cut, _KEY, (0.5, 0.9)), on=_KEY, validate="1:1"))
    for _, cut in cut_rows(placed[placed["attendance"] != "day"], _CUTS):
        stay.append(cut.groupby(_KEY, as_index=False)[["pupils"]].sum().rename(columns={"pupils": "not_daily_pupils"}))
    table = pd.concat(parts, ignore_index=True).merge(pd.concat(stay, ignore_index=True), on=_KEY, how="outer")
    every = every_answer(rows, area_id=area_ids, phase=["all"], need=["all"])
    table = table.merge(every, on=_KEY, how="outer")
    counts = ["pupils", "not_daily_pupils", "over_limit_pupils", "ridden_over_limit_pupils"]
    table[counts] = table[counts].fillna(0).astype(np.int64)
    table["pupil_km_per_year"] = table["pupil_km_per_year"].fillna(0.0)
    table["mean_min"] = (table["minutes_pupils"] / table["pupils"]).where(table["pupils"] > 0)
    table = table.rename(columns={"0.5": "median_min", "0.9": "p90_min"})
    table["ridden_mean_min"] = (table["ridden_minutes_pupils"] / table["pupils"]).where(table["pupils"] > 0)
    if ridden is None:
        table["ridden_over_limit_pupils"] = pd.array([pd.NA] * len(table), dtype="Int64")
        table["ridden_mean_min"] = np.nan
    table = _money_and_carbon(table, parameters).assign(scenario_id=scenario_id)
    return conform(table.sort_values(_KEY, kind="stable", ignore_index=True), "journeys")


def journey_ranges_table(
    scenario_id: str,
    rows: pd.DataFrame,
    parameters: Parameters,
    *,
    minutes: tuple[pd.Series, pd.Series] | None = None,
    rides: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return table `journey_ranges`: the county's journeys at the low and the high end of what is assumed.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        `day_rows` of one policy and year.
    parameters
        Limits, and the county.
    minutes
        Minutes of each row at the low and at the high times of the roads; None = no rows for direct times.
    rides
        Output of `sufficiency.travel.ridden` for the rows, at the low and at the high end of the assumptions on rides;
        None = no rows for rides.

    Returns
    -------
    DataFrame
        Table `journey_ranges`; empty where nobody travels.
    """
    limits = journey_limits_min(parameters)
    found: dict[str, tuple[float, ...]] = {}
    if minutes is not None and len(rows):
        parts = [_told(rows["pupils"], some, rows["phase"].map(limits)) for some in minutes]
        found |= {name: tuple(part[name] for part in parts) for name in parts[0]}
    if rides is not None and len(rows):
        phases = rows.set_index(_GROUP)["phase"].map(limits).rename("limit")
        joined = [ride.join(phases, on=_GROUP) for ride in rides]
        parts = [_told(one["pupils"], one["ridden_min"], one["limit"]) for one in joined]
        found |= {f"ridden_{name}": tuple(part[name] for part in parts) for name in ("mean_min", "over_limit_pupils")}
    table = pd.DataFrame(
        [(measure, *ends) for measure, ends in found.items()], columns=["measure", "low", "high"]
    ).assign(
        scenario_id=scenario_id,
        policy=rows["policy"].iloc[0] if len(rows) else "",
        year=rows["year"].iloc[0] if len(rows) else 0,
        area_id=parameters.county_id,
    )
    return conform(table.sort_values("measure", ignore_index=True), "journey_ranges")


def _told(pupils: pd.Series, minutes: pd.Series, limit: pd.Series) -> dict[str, float]:
    """Return the mean, the attained percentiles and the pupils over the limit."""
    one = pd.DataFrame({"all": 0, "pupils": pupils.to_numpy(), "travel_min": minutes.to_numpy()})
    attained = weighted_percentiles(one, ["all"], (0.5, 0.9)).iloc[0]
    return {
        "mean_min": float((one["pupils"] * one["travel_min"]).sum() / one["pupils"].sum()),
        "median_min": float(attained["0.5"]),
        "p90_min": float(attained["0.9"]),
        "over_limit_pupils": float(one["pupils"][(one["travel_min"] > limit.to_numpy())].sum()),
    }
