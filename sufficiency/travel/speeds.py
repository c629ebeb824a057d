"""How long a road edge takes: from the speed table, capped by the signed limit, with the delay of its junctions.

milliseconds = round(length_m x 3,600 / min(kph, maxspeed_kph) + 1,000 x junction_s x share); the low and high bands are
that time (before rounding) x low_share and x high_share. On a ferry, a given maxspeed_kph is the speed: it comes from
the crossing's duration. The share of the delay is 1 in a network of main junctions; in a complete street map it is the
chance of having to give way, and a trunk road that is no dual carriageway follows the row of a primary road
(`junctions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel.junctions import FERRY, delay_shares, followed_class

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

KEY: Final = ["road_class", "urban"]
MS_PER_S: Final = 1_000
# metres / (km an hour) -> milliseconds: 3,600,000 ms an hour over 1,000 m a km.
MS_KPH_PER_M: Final = 3_600
LONGEST_EDGE_MS: Final = 2_000_000_000


@dataclass(frozen=True, eq=False)
class EdgeTimes:
    """Whole milliseconds of every edge, int64[n_edges], in three bands; low ≤ central ≤ high."""

    low: NDArray[np.int64]
    central: NDArray[np.int64]
    high: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class EdgeParts:
    """What the time of every edge is made of, float64[n_edges] in milliseconds, not rounded.

    ``at_limit``: bool[n_edges], whether the edge is driven at its signed limit (or a ferry's own speed), so that a
    faster table would not shorten it. The bands are multipliers of running + delay.
    """

    running: NDArray[np.float64]
    delay: NDArray[np.float64]
    at_limit: NDArray[np.bool_]
    low_share: NDArray[np.float64]
    high_share: NDArray[np.float64]


def edge_times(edges: pd.DataFrame, speeds: pd.DataFrame, profile: str) -> EdgeTimes:
    """Return how long each edge takes when driven from end to end.

    Parameters
    ----------
    edges
        Table `road_edges`: road_class, urban, maxspeed_kph (NaN = not signed), length_m; where side_streets is set,
        also from_node_id and to_node_id.
    speeds
        Table `speeds`: kph, junction_s, low_share and high_share (multipliers of the time), by road_class, urban
        and profile.
    profile
        A profile of the speed table, such as ``school_morning``.

    Returns
    -------
    EdgeTimes
        In the order of `edges`.

    Raises
    ------
    NetworkError
        When the table lacks the profile or a pair of class and urban that a road has, gives one twice, or when a
        speed, delay, share, limit or length is out of bounds.
    """
    parts = edge_parts(edges, speeds, profile)
    milliseconds = parts.running + parts.delay
    bands = [milliseconds * parts.low_share, milliseconds, milliseconds * parts.high_share]
    credible = (bands[0] >= 0) & (bands[2] < LONGEST_EDGE_MS)
    length_m = edges["length_m"].to_numpy(np.float64)
    _refuse(edges, ~credible, "length_m", length_m, "a length of 0 m or more that takes less than 23 days")
    return EdgeTimes(*(np.rint(band).astype(np.int64) for band in bands))


def edge_parts(edges: pd.DataFrame, speeds: pd.DataFrame, profile: str) -> EdgeParts:
    """Return running time and junction delay of each edge apart; parameters and errors as `edge_times`."""
    rates = _rates_of(edges, speeds, profile)
    limit_kph = edges["maxspeed_kph"].to_numpy(np.float64)
    table_kph = rates["kph"].to_numpy(np.float64)
    _refuse(edges, ~(np.isnan(limit_kph) | (limit_kph > 0)), "maxspeed_kph", limit_kph, "a speed above 0, or a blank")
    own_speed = (edges["road_class"] == FERRY).to_numpy(bool) & ~np.isnan(limit_kph)
    kph = np.where(own_speed, limit_kph, np.fmin(table_kph, limit_kph))
    return EdgeParts(
        running=edges["length_m"].to_numpy(np.float64) * MS_KPH_PER_M / kph,
        delay=rates["junction_s"].to_numpy(np.float64) * MS_PER_S * delay_shares(edges),
        at_limit=own_speed | (limit_kph <= table_kph),
        low_share=rates["low_share"].to_numpy(np.float64),
        high_share=rates["high_share"].to_numpy(np.float64),
    )


def _rates_of(edges: pd.DataFrame, speeds: pd.DataFrame, profile: str) -> pd.DataFrame:
    """Return the row of the speed table that each edge follows, in the order of `edges`."""
    rates = speeds.loc[speeds["profile"] == profile]
    if rates.empty:
        known = ", ".join(sorted(speeds["profile"].astype(str).unique())) or "none"
        message = f"the speed table has no profile {profile!r} (it has: {known}): add its rows or choose another"
        raise NetworkError(message)
    if rates.duplicated(KEY).any():
        first = rates.loc[rates.duplicated(KEY), KEY].iloc[0]
        message = (
            f"the speed table gives road_class={first['road_class']}, urban={first['urban']}, profile={profile} "
            "more than once: keep one row"
        )
        raise NetworkError(message)
    _check_rates(rates)
    values = ["kph", "junction_s", "low_share", "high_share"]
    wanted = edges.loc[:, KEY].assign(road_class=followed_class(edges))
    found = wanted.merge(rates.loc[:, [*KEY, *values]], on=KEY, how="left", validate="m:1")
    lacking = found["kph"].isna()
    if lacking.any():
        pairs = found.loc[lacking, KEY].drop_duplicates().sort_values(KEY)
        listed = "; ".join(f"{row.road_class}, urban={row.urban}" for row in pairs.itertuples())
        message = f"the speed table lacks, for profile {profile}: {listed}. Add a row for each"
        raise NetworkError(message)
    return found


def _check_rates(rates: pd.DataFrame) -> None:
    kph, junction_s, low, high = (
        rates[name].to_numpy(np.float64) for name in ("kph", "junction_s", "low_share", "high_share")
    )
    clauses = (
        ("kph", (kph > 0) & np.isfinite(kph), "a speed above 0"),
        ("junction_s", (junction_s >= 0) & np.isfinite(junction_s), "0 seconds or more"),
        ("low_share", (low > 0) & (low <= 1), "a multiplier of the time above 0, at most 1"),
        ("high_share", (high >= 1) & np.isfinite(high), "a multiplier of the time of 1 or more"),
    )
    for column, good, wanted in clauses:
        if not good.all():
            row = rates.iloc[int(np.flatnonzero(~good)[0])]
            message = (
                f"the speed table has {column}={row[column]} at road_class={row['road_class']}, urban={row['urban']}, "
                f"profile={row['profile']}: give {wanted}"
            )
            raise NetworkError(message)


def _refuse(edges: pd.DataFrame, bad: NDArray[np.bool_], column: str, values: NDArray[np.float64], wanted: str) -> None:
    where = np.flatnonzero(bad)
    if where.size:
        edge_id = edges["edge_id"].iloc[int(where[0])]
        message = f"edge {edge_id} has {column}={values[where[0]]:g}: give {wanted} ({where.size} such edges)"
        raise NetworkError(message)
