"""Home to school as it is ridden: shared vehicles that pick pupils up on the way, from least times by road.

An estimate by a stated rule, not a plan of routes and not the best one. For each setting, one morning:

1. A vehicle starts where the pupil with the longest direct time still waits, and takes on those who wait there.
2. While it has seats, it goes by the stop that adds the least time to its way, at the place on its way where it adds
   the least (cheapest insertion), and takes on those who wait there.
3. When it is full, or no stop fits, it drives to the setting, and the next vehicle starts as in 1.

Every pupil takes the boarding time to board, those of one stop one after another. A ride lasts from when the first
pupil of the stop has boarded until the vehicle arrives: a pupil who rides alone rides exactly the direct time, and
those who board together count alike. A pupil is taken on only while the ride of the vehicle's first pupils stays within
the detour limit above their direct time. Times are whole milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.units import MS_PER_MIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import TravelTimes

    Ints = NDArray[np.int64]

_MS_PER_S: Final = 1_000
_RUN: Final = ["policy", "year", "setting_id"]
_STOP: Final = [*_RUN, "origin_id"]
_GROUP: Final = ["policy", "year", "group_id", "provision_id"]


@dataclass(frozen=True)
class VehicleRule:
    """How vehicles are filled.

    Attributes
    ----------
    seats
        Pupils a vehicle, 1 or more.
    boarding_ms
        Time that each pupil takes to board, in milliseconds.
    detour_limit_ms
        Most that those who board after them may add to the ride of a vehicle's first pupils, in milliseconds.
    """

    seats: int
    boarding_ms: int
    detour_limit_ms: int

    @classmethod
    def of(cls, parameters: Parameters) -> VehicleRule:
        """Return the rule that an area's assumptions describe."""
        return cls.range_of(parameters)[1]

    @classmethod
    def range_of(cls, parameters: Parameters) -> tuple[VehicleRule, VehicleRule, VehicleRule]:
        """Return the rule at the low end, the central value and the high end of an area's assumptions."""
        names = ("vehicle_seats", "boarding_s", "pickup_detour_limit_min")
        low, central, high = (
            cls(int(seats), round(float(boarding_s) * _MS_PER_S), round(float(detour_min) * MS_PER_MIN))
            for seats, boarding_s, detour_min in zip(*(parameters.range(name) for name in names), strict=True)
        )
        return low, central, high

    def __post_init__(self) -> None:
        """Refuse a rule that no vehicle can follow."""
        for name, value, least in (
            ("vehicle_seats", self.seats, 1),
            ("boarding_s", self.boarding_ms, 0),
            ("pickup_detour_limit_min", self.detour_limit_ms, 0),
        ):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                message = f"{name} gives {value}: give a whole number of {least} or more"
                raise DataError(message)


@dataclass(frozen=True, eq=False)
class Boardings:
    """Who boards which vehicle: one entry a stop of a vehicle, vehicles as they are filled, stops as they are driven.

    Attributes
    ----------
    stop
        int64[b]: position of the stop in the arrays given.
    vehicle
        int64[b]: number of the vehicle, counted from 0 over all settings.
    pupils
        int64[b]: pupils who board there, 1 or more.
    ridden_ms
        int64[b]: from when the first pupil of the stop has boarded to arriving at the setting.
    """

    stop: Ints
    vehicle: Ints
    pupils: Ints
    ridden_ms: Ints


def board(
    first_stop: Ints, origin: Ints, pupils: Ints, direct_ms: Ints, *, between_ms: NDArray[np.int32], rule: VehicleRule
) -> Boardings:
    """Return the vehicles that bring pupils to their settings.

    Parameters
    ----------
    first_stop
        int64[s + 1]: the stops of setting k are first_stop[k] to first_stop[k + 1] - 1.
    origin
        int64[n]: row and column of each stop in `between_ms`, each once a setting. Of stops with equal direct times
        the earlier one counts as the farther.
    pupils
        int64[n]: pupils who wait at each stop, 0 or more.
    direct_ms
        int64[n]: least milliseconds from each stop to its setting.
    between_ms
        int32[m, m]: least milliseconds from stop to stop, -1 = no way.
    rule
        Seats, boarding time and detour limit.

    Returns
    -------
    Boardings
        Every pupil boards once. A way from stop to stop counts as no shorter than the difference of their direct
        times, so that nobody rides less than directly (a road for access only may be crossed where it is called at).

    Raises
    ------
    DataError
        When a pupil waits where no way leads to the setting.
    """
    stranded = np.flatnonzero((direct_ms < 0) & (pupils > 0))
    if stranded.size:
        message = f"stop {stranded[0]} has no way to its setting ({stranded.size} such stops): nobody can ride from it"
        raise DataError(message)
    order = np.lexsort((-direct_ms, np.repeat(np.arange(first_stop.size - 1), np.diff(first_stop))))
    # one type of each, so that the kernel is compiled once
    first_stop, origin, pupils, direct_ms = (
        np.require(one, np.int64, ["C", "W"]) for one in (first_stop, origin[order], pupils[order], direct_ms[order])
    )
    stops = (origin, direct_ms, np.require(between_ms, np.int32, ["C", "W"]))
    limits = (rule.seats, rule.boarding_ms, rule.detour_limit_ms)
    stop, vehicle, taken, ridden_ms = _fill(first_stop, stops, pupils, limits)
    return Boardings(order[stop], vehicle, taken, ridden_ms)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _leg(stops, here, there):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # a kernel
    """Return the milliseconds from stop to stop, -1 where there is no way."""
    origin, direct, between = stops
    least = np.int64(between[origin[here], origin[there]])
    return least if least < 0 else max(least, direct[here] - direct[there])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cheapest(stops, waiting, way, last, most):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # a kernel
    """Return (stop, place on the way, driving added) of the stop that adds the least, at most `most`; -1 where none."""
    direct = stops[1]
    best_stop, best_place, best_added = -1, -1, most + 1
    for stop in range(way[0] + 1, last):
        if waiting[stop] == 0:
            continue
        for place in range(1, way.size + 1):
            before = way[place - 1]
            there = _leg(stops, before, stop)
            if there < 0:
                continue
            if place == way.size:
                added = there + direct[stop] - direct[before]
            else:
                on = _leg(stops, stop, way[place])
                if on < 0:
                    continue
                added = there + on - _leg(stops, before, way[place])
            if added < best_added:
                best_stop, best_place, best_added = stop, place, added
    return best_stop, best_place, best_added


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _fill(first_stop, stops, pupils, limits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # a kernel
    """Fill vehicles, setting by setting; the stops of a setting stand by falling direct time."""
    seats, boarding, limit = limits
    waiting = pupils.copy()
    most = waiting.sum()
    out = np.empty((4, most), np.int64)
    way, taken = np.empty(seats, np.int64), np.empty(seats, np.int64)
    size, vehicle, setting, start = 0, 0, 0, 0
    while start < pupils.size:
        if start >= first_stop[setting + 1]:
            setting += 1
            continue
        if waiting[start] == 0:
            start += 1
            continue
        # `room` is how much longer the ride of the first pupils may become; the very first one boards at no cost
        stop, place, load, length, room = start, 0, 0, 0, limit + boarding
        while stop >= 0:
            for later in range(length, place, -1):
                way[later], taken[later] = way[later - 1], taken[later - 1]
            fit = seats if boarding == 0 else room // boarding
            way[place], taken[place] = stop, min(seats - load, waiting[stop], fit)
            waiting[stop] -= taken[place]
            load += taken[place]
            room -= boarding * taken[place]
            length += 1
            stop = -1
            if load < seats:
                stop, place, added = _cheapest(stops, waiting, way[:length], first_stop[setting + 1], room - boarding)
                room -= added
        left = stops[1][way[length - 1]]
        for place in range(length - 1, -1, -1):
            if place < length - 1:
                left += _leg(stops, way[place], way[place + 1]) + boarding * taken[place + 1]
            ridden = left + boarding * (taken[place] - 1)
            out[:, size + place] = way[place], vehicle, taken[place], ridden
        size += length
        vehicle += 1
    return out[0, :size], out[1, :size], out[2, :size], out[3, :size]


def ridden(placed: pd.DataFrame, travel: TravelTimes, between: TravelTimes, rule: VehicleRule) -> pd.DataFrame:
    """Return how long pupils ride with pick-ups on the way.

    Parameters
    ----------
    placed
        Day pupils placed, one row a policy, year, group_id and provision_id, with setting_id, origin_id and pupils
        (whole). Those of one policy, year and setting share vehicles, whatever their group and provision; those of one
        home share a stop, and board in the order of group_id and provision_id.
    travel
        Least times from homes to settings.
    between
        Least times from home to home: every home of `placed`, as origin and as setting alike.
    rule
        Seats, boarding time and detour limit.

    Returns
    -------
    DataFrame
        policy, year, group_id, provision_id, setting_id, origin_id, vehicle (numbered from 0), pupils, ridden_min and
        direct_min; a group that is divided between vehicles has several rows. The order of rows given does not matter.

    Raises
    ------
    DataError
        When a row is given twice, names an unknown home or setting, has no way to its setting, or pupils are not whole.
    """
    pupils = placed["pupils"].to_numpy(np.float64)
    if not ((pupils >= 0) & (pupils == np.floor(pupils))).all():
        message = (
            f"pupils holds {pupils[~((pupils >= 0) & (pupils == np.floor(pupils)))][0]:g}: give whole numbers from 0"
        )
        raise DataError(message)
    rows: pd.DataFrame = placed[[*_GROUP, "setting_id", "origin_id", "pupils"]].sort_values([*_STOP, *_GROUP])
    if rows.duplicated(_GROUP).any():
        message = f"pupils are given twice for {rows.loc[rows.duplicated(_GROUP), _GROUP].iloc[0].to_dict()}"
        raise DataError(message)
    home, setting = _places(rows["origin_id"], travel.origin_ids), _places(rows["setting_id"], travel.setting_ids)
    direct_ms = travel.milliseconds[home, setting].astype(np.int64)
    boardings = _board_rows(rows, direct_ms, between, rule)
    # pupils one by one: by stop and group on one side, by stop and vehicle on the other
    group = np.repeat(np.arange(len(rows)), rows["pupils"].to_numpy(np.int64))
    by_stop = np.lexsort((boardings.vehicle, boardings.stop))
    seat = np.repeat(by_stop, boardings.pupils[by_stop])
    pair, count = np.unique(group * max(1, by_stop.size) + seat, return_counts=True)
    row, seat = np.divmod(pair, max(1, by_stop.size))
    return (
        rows.take(row)
        .assign(
            vehicle=boardings.vehicle[seat],
            pupils=count.astype(np.int64),
            ridden_min=boardings.ridden_ms[seat] / MS_PER_MIN,
            direct_min=direct_ms[row] / MS_PER_MIN,
        )
        .set_axis(pd.RangeIndex(row.size))
    )


def _board_rows(rows: pd.DataFrame, direct_ms: Ints, between: TravelTimes, rule: VehicleRule) -> Boardings:
    """Return the vehicles for rows in the order of their stops: those of one run and home are one stop."""
    if between.origin_ids != between.setting_ids:
        message = "the times between homes must have the same homes, in the same order, on both sides"
        raise DataError(message)
    stop = rows.groupby(_STOP, sort=False).ngroup().to_numpy(np.int64)
    run = rows.groupby(_RUN, sort=False).ngroup().to_numpy(np.int64)
    _, first = np.unique(stop, return_index=True)
    return board(
        np.r_[np.searchsorted(run[first], np.unique(run)), first.size].astype(np.int64),
        _places(rows["origin_id"], between.origin_ids)[first],
        np.bincount(stop, weights=rows["pupils"], minlength=first.size).astype(np.int64),
        direct_ms[first],
        between_ms=between.milliseconds,
        rule=rule,
    )


def _places(ids: pd.Series, known: tuple[str, ...]) -> Ints:
    """Return the position of each id among the known ones."""
    found = pd.Index(known).get_indexer(pd.Index(ids))
    if (found < 0).any():
        column, first = ids.name, ids[found < 0].iloc[0]
        message = f"{column} {first} has no travel times: give it a place in the table of journeys"
        raise DataError(message)
    return np.asarray(found, dtype=np.int64)
