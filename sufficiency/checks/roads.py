"""Checks of the roads: their speeds, their islands, and whether every home and school lies near one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.checks.faults import faulty, issue, unreadable
from sufficiency.checks.tables import positions
from sufficiency.model.errors import NetworkError
from sufficiency.model.issues import Issue
from sufficiency.model.tables import TABLES
from sufficiency.travel.network import index_roads, islands
from sufficiency.travel.snapping import Snapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs

ROADS: Final = ("road_nodes", "road_edges", "road_turns")
# Joined, but so far off that the position, or the roads, may be wrong.
LONG_M: Final = 1_000.0


def road_speeds(inputs: Inputs) -> Iterator[Issue]:
    """Ask for a speed of every class of road in the profile used."""
    if unreadable(inputs, "speeds"):
        return
    profile = inputs.parameters.value("travel_profile")
    speeds = inputs.speeds[inputs.speeds["profile"] == profile]
    known = set(zip(speeds["road_class"], speeds["urban"], strict=True))
    edges = inputs.roads.edges
    used = edges.drop_duplicates(["road_class", "urban"])
    for row, road_class, urban in zip(used.index, used["road_class"], used["urban"], strict=True):
        if (road_class, urban) not in known:
            yield issue(
                "road_edges",
                row,
                "",
                "road_class",
                road_class,
                check="speed_missing",
                message=f"there is no {profile} speed for {road_class}, {'urban' if urban else 'rural'}",
                fix="add the row to roads/speeds.csv",
            )


def roads_in_pieces(inputs: Inputs) -> Iterator[Issue]:
    """Say which roads no journey can start or end on, unless the reader of a map has said so already."""
    if inputs.roads.edges.empty or _no_roads(inputs) or (inputs.issues["check"] == "island").any():
        return
    try:
        apart = islands(inputs.roads)
    except NetworkError:
        return  # said by `places_on_roads`
    if len(apart):
        first = apart.iloc[0]
        yield issue(
            "road_edges",
            None,
            str(first["first_edge_id"]),
            "",
            "",
            check="island",
            message=f"{int(apart['edges'].sum())} edges ({apart['length_km'].sum():.1f} km) in {len(apart)} parts do "
            f"not hang together with the other roads both ways, the longest ({first['length_km']:.1f} km) at edge "
            f"{first['first_edge_id']}: no journey starts or ends there",
            fix="add the edge that joins them, open a direction, or leave it",
            severity="warning",
        )


def places_on_roads(inputs: Inputs) -> Iterator[Issue]:
    """Every home and every school with places lies near a road that journeys may start and end on."""
    if inputs.roads.edges.empty and not _no_roads(inputs):
        fix = "put the rows in, or a map of the area's roads (docs/roads.md)"
        yield issue("road_edges", None, "", "", "", check="no_rows", message="the table has no rows", fix=fix)
    if inputs.roads.edges.empty or _no_roads(inputs):
        return
    limit_m = float(inputs.parameters.value("snap_limit_m"))
    file = _file(inputs)
    try:
        snapper = Snapper.of(index_roads(inputs.roads))
    except NetworkError as error:
        fix = "mend the table of roads, or put in a map of the area's roads"
        yield Issue(file, None, "road_edges", "", "", "", "roads", "error", str(error), fix)
        return
    local = inputs.provision[inputs.provision["tier"] == "local"]
    open_local = set(local.loc[local["provision_id"].isin(inputs.places["provision_id"]), "setting_id"])
    homes = inputs.gazetteer[inputs.gazetteer["zone_id"].isin(inputs.zones["zone_id"])]
    needed = [
        np.ones(len(homes), dtype=bool),
        inputs.settings["setting_id"].isin(open_local).to_numpy(),
        (inputs.schemes["tier"] == "local").to_numpy(),
    ]
    tables = (("gazetteer", "zone_id", homes), ("settings", "setting_id", inputs.settings),
              ("schemes", "scheme_id", inputs.schemes))  # fmt: skip
    away = [_metres_away(snapper, frame, limit_m) for _, _, frame in tables]
    if sum(one.size for one in away) > 1 and all((one > limit_m).all() for one in away):
        nearest = min(float(one.min()) for one in away if one.size)
        message = (
            f"no home or school lies within {limit_m / 1_000:g} km of these roads, the nearest is "
            f"{nearest / 1_000:,.0f} km away: they are the roads of another place"
        )
        fix = f"put in the roads of {inputs.parameters.area_name}"
        yield Issue(file, None, "road_edges", "", "", "", "roads_elsewhere", "error", message, fix)
        return
    elsewhere = {(one.table, one.key) for one in positions(inputs)}
    for (table, key, frame), must, snap_m in zip(tables, needed, away, strict=True):
        for number in np.flatnonzero(snap_m > min(LONG_M, limit_m)).tolist():
            name = str(frame[key].iloc[number])
            if (table, name) in elsewhere:
                continue
            yield _far(table, frame.index[number], key, name, snap_m[number], limit_m=limit_m, must=bool(must[number]))


def _far(table: str, row: object, key: str, name: str, snap_m: float, *, limit_m: float, must: bool) -> Issue:
    """Return the fault of a place far from any road: an error where pupils live or local places are."""
    nearest = f"the nearest road that {name} may join is {snap_m / 1_000:.1f} km away"
    if snap_m <= limit_m:
        return issue(
            table, row, name, key, name, check="long_snap", message=f"{nearest}: a straight line leads there",
            fix="check the position, or add the missing roads near it", severity="warning",
        )  # fmt: skip
    return issue(
        table, row, name, key, name, check="off_the_roads",
        message=f"{nearest}, beyond snap_limit_m ({limit_m / 1_000:g} km): it would have no journeys",
        fix="check the position, add the missing roads, or raise snap_limit_m in area.toml",
        severity="error" if must else "warning",
    )  # fmt: skip


def _metres_away(snapper: Snapper, frame: gpd.GeoDataFrame, limit_m: float) -> NDArray[np.float64]:
    """Return the straight distance of each point from the road it joins; 0 where it has no position."""
    x, y = frame.geometry.x.to_numpy(np.float64), frame.geometry.y.to_numpy(np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    away = np.zeros(len(frame))
    away[known] = snapper.snap(x[known], y[known], limit_m).snap_m
    return away


def _no_roads(inputs: Inputs) -> bool:
    """Return whether the roads were refused, which their reader has said."""
    return any(faulty(inputs, table) for table in ROADS)


def _file(inputs: Inputs) -> str:
    """Return the file that the roads were read from: a map, or the table of edges."""
    maps = [name for name in inputs.digests if name.startswith("roads/") and not name.endswith((".csv", ".json"))]
    return min(maps, default=TABLES["road_edges"].file)
