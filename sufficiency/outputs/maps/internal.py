"""What only the internal map shows: zones, how full each setting is, and who goes from which cluster to which setting.

A public map can hold none of it: `check_build` refuses tables that an internal build alone may have.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import DataError
from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, Released
    from sufficiency.outputs.maps.figures import Figures, Frame

BUILD: Final = "internal"
PREFIX: Final = "internal_"
ZONES: Final = "internal_zones"
SETTINGS: Final = "internal_settings"
FLOWS: Final = "internal_flows"
_USE: Final = (
    "planned_places",
    "placed_pupils",
    "spare_places",
    "over_capacity_pupils",
    "on_roll_pupils",
    "commissioned_places",
    "occupancy_share",
)
_SHARE: Final = "without_local_place_share"


def is_internal(released: Released) -> bool:
    """Return whether the map is for the council alone."""
    return released.build == BUILD


def check_build(released: Released) -> None:
    """Refuse a public build that holds a table of the internal one.

    Raises
    ------
    DataError
        When it does, or when the build is neither public nor internal.
    """
    if released.build not in {"public", BUILD}:
        message = f"a map is of the public or the internal build, not of {released.build!r}"
        raise DataError(message)
    wrong = sorted(name for name in released.tables if name.startswith(PREFIX))
    if wrong and not is_internal(released):
        message = f"the public map cannot be drawn from tables of the internal build: {', '.join(wrong)}"
        raise DataError(message)


def with_zones(frame: Frame, released: Released, inputs: Inputs) -> Frame:
    """Return the frame with the zones of an internal build after their clusters; a public one as it is.

    A zone of an unknown cluster has no place in it: `left_out_notes` says so.
    """
    if not is_internal(released) or ZONES not in released.tables:
        return frame
    given = set(released.tables[ZONES]["area_id"].astype(str))
    rows = sorted(
        (str(name), maps_figures.zone_key(str(zone), frame.levels), str(cluster))
        for zone, name, cluster in zip(
            inputs.zones["zone_id"], inputs.zones["zone_name"], inputs.zones["cluster_id"], strict=True
        )
        if str(zone) in given and str(cluster) in frame.levels
    )
    of: dict[str, list[str]] = {}
    for _, zone, cluster in rows:
        of.setdefault(cluster, []).append(zone)
    order = [one for area in frame.areas for one in (area, *of.get(area, []))]
    return dataclasses.replace(
        frame,
        areas=tuple(order),
        names={**frame.names, **{zone: name for name, zone, _ in rows}},
        levels={**frame.levels, **{zone: "zone" for _, zone, _ in rows}},
        parents={**frame.parents, **{zone: cluster for _, zone, cluster in rows}},
    )


def left_out_notes(released: Released, frame: Frame) -> list[str]:
    """Return, in words, what the internal tables hold that the map cannot draw: nothing is left out in silence."""
    notes = []
    if ZONES in released.tables and is_internal(released):
        drawn = {maps_figures.id_of(zone) for zone in frame.of_level("zone")}
        apart = sorted(set(released.tables[ZONES]["area_id"].astype(str)) - drawn)
        if apart:
            verb = "lies" if len(apart) == 1 else "lie"
            zones = style.count_text(len(apart), "zone")
            notes.append(f"{zones} {verb} in no cluster of the map and {'is' if len(apart) == 1 else 'are'} not drawn: "
                         f"{', '.join(apart)}.")  # fmt: skip
    if FLOWS in released.tables and is_internal(released):
        homes = released.tables[FLOWS]["cluster_id"].fillna("").astype(str)
        lost = ~homes.isin(frame.areas)
        if lost.any():
            names = ", ".join(sorted({home or "(blank)" for home in homes[lost]}))
            notes.append(f"{style.count_text(int(lost.sum()), 'flow')} from clusters that are not on the map "
                         f"{'is' if lost.sum() == 1 else 'are'} not drawn: {names}.")  # fmt: skip
    return notes


def zone_figures(released: Released, frame: Frame) -> Figures:
    """Return the figures of zones in the shape of `figures.collect`; none in a public build."""
    if not frame.of_level("zone"):
        return {}
    out: Figures = {}
    for row in maps_figures.cells(released, ZONES):
        area = str(row["area_id"])
        if frame.levels.get(area) != "zone":
            area = maps_figures.zone_key(area, frame.levels)
        if frame.levels.get(area) != "zone":
            continue
        entry = {name: row[name] for name in ("demand_pupils", "placed_local_pupils", "without_local_place_pupils")}
        entry[_SHARE] = maps_figures.share_of_shown(entry["without_local_place_pupils"], entry["demand_pupils"])
        minutes = row.get("median_min")
        entry["median_min"] = round(minutes, 1) if isinstance(minutes, int | float) else minutes
        out[str(row["scenario_id"]), str(row["policy"]), int(str(row["year"])), area] = entry
    return out


def _nested(frame: Frame) -> dict[str, dict[str, dict[str, list[Any]]]]:
    return {
        scenario: {policy: {str(year): [] for year in frame.years} for policy in frame.policies}
        for scenario in frame.scenarios
    }


def _rows_of(released: Released, table: str, frame: Frame) -> list[tuple[dict[str, Any], tuple[str, str, str]]]:
    if table not in released.tables:
        return []
    years = {str(year) for year in frame.years}
    keyed = [
        (row, (str(row["scenario_id"]), str(row["policy"]), str(row["year"])))
        for row in maps_figures.cells(released, table)
    ]
    return [
        (row, key) for row, key in keyed if key[0] in frame.scenarios and key[1] in frame.policies and key[2] in years
    ]


def internal_data(released: Released, frame: Frame) -> dict[str, Any] | None:
    """Return the mark, how full each setting is and the flows from clusters to settings; None in a public build.

    Uses and flows run scenario -> policy -> year -> rows: ``[setting id, type, *use]`` in the order of ``columns``, and
    ``[cluster, setting id, pupils]``, the cluster by its place among the areas.
    """
    if not is_internal(released):
        return None
    place = {area: number for number, area in enumerate(frame.areas)}
    uses, flows = _nested(frame), _nested(frame)
    for row, (scenario, policy, year) in _rows_of(released, SETTINGS, frame):
        use = [row.get(name) for name in _USE]
        uses[scenario][policy][year].append([row["setting_id"], row.get("provision_type"), *use])
    for row, (scenario, policy, year) in _rows_of(released, FLOWS, frame):
        if row["cluster_id"] in place:
            flows[scenario][policy][year].append([place[str(row["cluster_id"])], row["setting_id"], row["pupils"]])
    return {"mark": style.internal_mark(released.build), "columns": list(_USE), "uses": uses, "flows": flows}
