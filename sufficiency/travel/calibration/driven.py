"""Observed journeys as they are driven under a scaled speed table: their minutes by group of roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.units import MS_PER_MIN
from sufficiency.travel.junctions import FERRY, followed_class
from sufficiency.travel.road_network import prepare
from sufficiency.travel.speeds import edge_parts

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables
    from sufficiency.travel.calibration.observed import Places
    from sufficiency.travel.snapping import AccessLeg
    from sufficiency.travel.ways import Way

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

GROUPS: Final = ("fast roads", "main rural", "main urban", "minor rural", "minor urban", "junctions")
FAST, MAIN_RURAL, MAIN_URBAN, MINOR_RURAL, MINOR_URBAN, JUNCTIONS = range(len(GROUPS))
NOT_FITTED: Final = -1
FAST_CLASSES: Final = ("motorway", "motorway_link", "trunk", "trunk_link")
MAIN_CLASSES: Final = ("primary", "primary_link", "secondary", "secondary_link")
LEAST_KPH, MOST_KPH = 1.0, 130.0


@dataclass(frozen=True, eq=False)
class Measured:
    """Journeys under one table.

    Attributes
    ----------
    unit_min
        float64[n, 6]: minutes in each group at factor 1, on the ways driven under this table.
    fixed_min
        float64[n]: minutes that no factor changes: the legs off the roads, ferries, and roads driven at their limit.
    modelled_min
        float64[n]: the whole journey under this table.
    reachable
        bool[n]: whether there is a way.
    snap_m
        float64[n] each: straight distance of starts and of ends from the roads.
    """

    unit_min: Floats
    fixed_min: Floats
    modelled_min: Floats
    reachable: Bools
    snap_m: tuple[Floats, Floats]


def group_of(table: pd.DataFrame) -> Ints:
    """Return the group of each row of road_class and urban; -1 for a ferry, which no factor changes."""
    road_class, urban = table["road_class"], table["urban"].to_numpy(bool)
    main = np.where(urban, MAIN_URBAN, MAIN_RURAL)
    minor = np.where(urban, MINOR_URBAN, MINOR_RURAL)
    group = np.where(road_class.isin(MAIN_CLASSES), main, minor)
    group = np.where(road_class.isin(FAST_CLASSES), FAST, group)
    return np.asarray(np.where(road_class == FERRY, NOT_FITTED, group), dtype=np.int64)


def scaled(speeds: pd.DataFrame, profile: str, factors: Floats, source: str = "") -> pd.DataFrame:
    """Return the speed table with the rows of a profile slowed by the factors of their groups.

    Parameters
    ----------
    speeds
        Table `speeds`; not changed.
    profile
        The rows to scale: kph is divided by the factor of its group, junction_s multiplied by that of the junctions;
        both to a tenth, kph within 1 to 130. Ferries stay as they are.
    factors
        float64[6], in the order of `GROUPS`.
    source
        Put before the source of each scaled row; nothing where it is empty.
    """
    fitted = speeds.copy()
    group = group_of(speeds)
    rows = (speeds["profile"] == profile).to_numpy(bool) & (group != NOT_FITTED)
    kph = speeds["kph"].to_numpy(np.float64) / factors[group]
    junction_s = speeds["junction_s"].to_numpy(np.float64) * factors[JUNCTIONS]
    fitted["kph"] = np.where(rows, np.clip(np.round(kph, 1), LEAST_KPH, MOST_KPH), speeds["kph"])
    fitted["junction_s"] = np.where(rows, np.round(junction_s, 1), speeds["junction_s"])
    if source:
        fitted["source"] = [
            f"{source}; before: {text}" if row else text for text, row in zip(speeds["source"], rows, strict=True)
        ]
    return fitted


class Drivers:
    """Drives every journey under the speed table scaled by given factors."""

    def __init__(self, roads: RoadTables, speeds: pd.DataFrame, profile: str, leg: AccessLeg, places: Places) -> None:
        self.places = places
        self._roads, self._speeds, self._profile, self._leg = roads, speeds, profile, leg
        # The network numbers its edges in the order of their ids.
        self._edges = roads.edges.sort_values("edge_id", kind="stable", ignore_index=True)
        self._group = group_of(self._edges.assign(road_class=followed_class(self._edges)))
        # A taxi log holds the same way many times: each is driven once.
        ways = np.column_stack([places.from_x, places.from_y, places.to_x, places.to_y])
        self._ways, number = np.unique(ways, axis=0, return_inverse=True)
        self._number = number.reshape(-1)

    def measure(self, factors: Floats) -> Measured:
        """Return the minutes of every journey, by group of roads and whole."""
        table = scaled(self._speeds, self._profile, factors)
        network = prepare(self._roads, table, profile=self._profile, leg=self._leg, keep=False)
        starts, ends = (network.spots(self._ways[:, side], self._ways[:, side + 1]) for side in (0, 2))
        drives = network.ways(starts, ends)
        fitted_ms, fixed_ms = self._by_group(table, drives)
        fixed_ms += starts.leg_ms + ends.leg_ms
        reachable = np.array([drive is not None for drive in drives], dtype=bool)
        fitted_min, fixed_min = fitted_ms / MS_PER_MIN, fixed_ms / MS_PER_MIN
        at = self._number
        return Measured(
            unit_min=(fitted_min / factors)[at],
            fixed_min=fixed_min[at],
            modelled_min=(fitted_min.sum(axis=1) + fixed_min)[at],
            reachable=reachable[at],
            snap_m=(starts.snap_m[at], ends.snap_m[at]),
        )

    def _by_group(self, table: pd.DataFrame, drives: list[Way | None]) -> tuple[Floats, Floats]:
        """Return float64[n_ways, 6] and float64[n_ways]: milliseconds by group, and those that no factor changes."""
        parts = edge_parts(self._edges, table, self._profile)
        found = [(number, drive) for number, drive in enumerate(drives) if drive is not None]
        way = np.repeat([number for number, _ in found], [drive.edge.size for _, drive in found]).astype(np.int64)
        none = np.empty(0)
        edge = np.concatenate([none, *(drive.edge for _, drive in found)]).astype(np.int64)
        share = np.abs(np.concatenate([none, *(drive.share_to - drive.share_from for _, drive in found)]))
        running, delay = share * parts.running[edge], share * parts.delay[edge]
        group = self._group[edge]
        ferry = group == NOT_FITTED
        stays = ferry | parts.at_limit[edge]
        n_ways, n_groups = len(drives), len(GROUPS)
        cell = way * n_groups + np.where(ferry, 0, group)
        by_group = np.bincount(cell, np.where(stays, 0.0, running), n_ways * n_groups).reshape(n_ways, n_groups)
        by_group[:, JUNCTIONS] += np.bincount(way, np.where(ferry, 0.0, delay), n_ways)
        fixed = np.bincount(way, np.where(stays, running, 0.0) + np.where(ferry, delay, 0.0), n_ways)
        return np.asarray(by_group, dtype=np.float64), np.asarray(fixed, dtype=np.float64)
