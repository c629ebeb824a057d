"""From the surface of the first new place to a shortlist: existing settings, the best node of each area, more places.

Internal: it names schools, and each value comes from the home of one group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.assess import rules_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.results import TravelTimes
from sufficiency.model.vocabulary import ALL, HEADLINE_NCY, NEEDS, PHASE_NCY, need_group_of
from sufficiency.planning.opened_year import settled
from sufficiency.planning.opportunity import RESIDENTIAL, Surface, kind_place, told_of, users, values_at
from sufficiency.travel.matrix import positions_of
from sufficiency.travel.network import NO_EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.allocation import Eligibility

__all__ = ["best_by_area", "next_places", "rank_settings"]

PLACES: Final = (1, 5, 10, 30)
# The local provision that stands for a residential place: eligibility asks only whether a place is for the day.
WEEKLY: Final = "weekly"
NEW: Final = "new-provision"
_ORDER: Final = ["more_placed_pupils", "more_local_pupils", "travel_change_min"]
_AREA: Final = ["level", "area_id", "area_name", "need", "phase", "node_id", "easting_m", "northing_m"]
_VALUES: Final = ["more_placed_pupils", "more_local_pupils", "from_tier", "travel_change_min"]
_SETTING: Final = ["setting_id", "setting_name", "district_id", "cluster_id", "provision_types", "joined"]
_ROOM: Final = ["on_roll_pupils", "physical_places", "spare_places", "spare_places_year", "on_roll_change_pupils"]


def rank_settings(surface: Surface) -> pd.DataFrame:
    """Return the value of the first new place at every open state-funded setting of the area, best first. Internal.

    Returns
    -------
    DataFrame
        need, phase, rank (within the kind; equals share the better one), setting_id, setting_name, district_id,
        cluster_id, provision_types (there in the year, with ``;`` between), joined (whether a road is near enough), the
        values as `Surface.nodes`; and where the table `places` states them for every provision of the setting that is
        open in one year, the last of those up to the year: on_roll_pupils, physical_places, spare_places (the second
        less the first), spare_places_year, and on_roll_change_pupils since the first such year. Blank where unknown.
    """
    opened, year = surface.opened, surface.opened.eligibility.year
    table = opened.inputs.settings
    inside = (table["sector"] == "state") & (table["status"] == "open") & table["district_id"].fillna("").ne("")
    settings = table[inside].sort_values("setting_id", kind="stable", ignore_index=True)
    spots = surface.network.spots(*positions_of(settings, surface.network.drives.roads.crs, "settings").T)
    values = values_at(
        opened,
        surface.network,
        spots,
        who=users(opened, surface.provision_type, surface.attendance, ehcp_required=surface.ehcp_required),
        kinds=surface.kinds,
        driven=surface.attendance != RESIDENTIAL,
    )
    offered = opened.inputs.provision.merge(opened.inputs.places, on="provision_id")
    types = (
        offered[offered["year"] == year]
        .groupby("setting_id")["provision_type"]
        .agg(lambda some: ";".join(sorted(set(some))))
    )
    facts = pd.DataFrame(settings[["setting_id", "setting_name", "district_id", "cluster_id"]])
    facts = facts.assign(provision_types=facts["setting_id"].map(types).fillna(""), joined=spots.snaps.edge != NO_EDGE)
    room = _room(offered, year)
    told = values.table(facts.merge(room, on="setting_id", how="left").astype(dict.fromkeys(_ROOM, "Int64")))
    kinds = {kind: place for place, kind in enumerate(surface.kinds)}
    told["kind"] = [kinds[kind] for kind in zip(told["need"], told["phase"], strict=True)]
    ordered = told.sort_values(
        ["kind", *_ORDER, "setting_id"], ascending=[True, False, False, True, True], ignore_index=True
    )
    first = (ordered[["kind", *_ORDER]].ne(ordered[["kind", *_ORDER]].shift())).any(axis=1)
    within = ordered.groupby("kind").cumcount() + 1
    ordered["rank"] = within.where(first).ffill().astype(np.int64)
    return ordered[["need", "phase", "rank", *_SETTING, *_VALUES, *_ROOM]]


def _room(offered: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return, by setting, pupils on roll and physical places in the last year that states both for all that is open."""
    rows = offered[offered["year"] <= year]
    known = rows["on_roll_pupils"].notna() & rows["physical_places"].notna()
    whole = (
        rows.assign(known=known)
        .groupby(["setting_id", "year"], as_index=False)
        .agg(
            known=("known", "all"), on_roll_pupils=("on_roll_pupils", "sum"), physical_places=("physical_places", "sum")
        )
    )
    whole = whole[whole["known"].astype(bool)].sort_values(["setting_id", "year"], kind="stable")
    last = whole.groupby("setting_id", as_index=False).last()
    first = whole.groupby("setting_id")["on_roll_pupils"].first()
    several = whole.groupby("setting_id").size() > 1  # one row a year
    change = (last.set_index("setting_id")["on_roll_pupils"] - first).where(several).astype("Int64")
    return pd.DataFrame(
        {
            "setting_id": last["setting_id"].astype(object),
            "on_roll_pupils": last["on_roll_pupils"].astype("Int64"),
            "physical_places": last["physical_places"].astype("Int64"),
            "spare_places": (last["physical_places"] - last["on_roll_pupils"]).astype("Int64"),
            "spare_places_year": last["year"].astype("Int64"),
            "on_roll_change_pupils": last["setting_id"].map(change).astype("Int64"),
        }
    )


def best_by_area(surface: Surface) -> pd.DataFrame:
    """Return the best road node of the county, and of every district and cluster, for each kind of pupil. Internal.

    Returns
    -------
    DataFrame
        level {county, district, cluster}, area_id, area_name, need, phase, node_id, easting_m, northing_m and the
        values as `Surface.nodes`; of equally good nodes the one with the first id. Nodes that lie in no zone, or that
        no road near enough joins, do not stand for an area; an area without a node has no row.
    """
    inputs = surface.opened.inputs
    points = surface.points[surface.points["joined"].to_numpy(dtype=np.bool_)]
    places = gpd.GeoDataFrame(
        points[["node_id"]],
        geometry=gpd.points_from_xy(points["easting_m"], points["northing_m"]),
        crs=inputs.zones.crs,
    )
    zones = inputs.zones[["zone_id", "district_id", "cluster_id", "geometry"]]
    at = places.sjoin(zones, predicate="intersects").sort_values(["node_id", "zone_id"]).drop_duplicates("node_id")
    at = pd.DataFrame(at[["node_id", "district_id", "cluster_id"]]).assign(county_id=inputs.parameters.county_id)
    names = dict(zip(inputs.areas["area_id"], inputs.areas["area_name"], strict=True))
    inside = surface.points.reset_index(names="row").merge(at, on="node_id", validate="one_to_one")
    rows = inside["row"].to_numpy(np.int64)
    gain, change = surface.values.gain[rows], surface.values.change_ms[rows]
    levels = ("county", "district", "cluster")
    area_of = {level: pd.factorize(inside[f"{level}_id"].replace("", None), sort=True) for level in levels}
    parts = []
    for column, (need, phase) in enumerate(surface.kinds):
        order = np.lexsort((change[:, column], -gain[:, column]))
        for level, (number, ids) in area_of.items():
            within = order[number[order] >= 0]
            _, first = np.unique(number[within], return_index=True)
            best = within[first]
            area_ids = [str(name) for name in ids[number[best]]]
            nodes = {name: inside[name].to_numpy()[best] for name in ("node_id", "easting_m", "northing_m")}
            told = told_of(gain[best, column], change[best, column])
            kind = {"level": level, "need": need, "phase": phase}
            parts.append(pd.DataFrame({"area_id": area_ids, **nodes, **told}).assign(**kind))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(area_name=table["area_id"].map(names))[[*_AREA, *_VALUES]]


def next_places(
    surface: Surface, node_ids: Sequence[str], *, need: str = ALL, phase: str = ALL, places: Sequence[int] = PLACES
) -> pd.DataFrame:
    """Return what the first 1, 5, 10 and 30 places together would change at some nodes, exactly. Internal.

    Parameters
    ----------
    surface
        The surface, for its year, roads and type of place.
    node_ids
        A few road nodes.
    need, phase
        The kind of pupil who may use the places: one of those of the surface.
    places
        Numbers of places, 0 or more.

    Returns
    -------
    DataFrame
        node_id, need, phase, places, more_placed_pupils, more_local_pupils, travel_change_min (all pupils together, one
        way), each against the year without them. First-fit placements.

    Raises
    ------
    ParameterError
        When a node or kind is not one of the surface, or a number of places is below 0.
    """
    kind_place(surface.values, need, phase)
    unknown = sorted(set(node_ids) - set(surface.points["node_id"]))
    if unknown or any(count < 0 for count in places):
        message = f"node {unknown[0]} is not on the roads" if unknown else "places must be whole numbers from 0"
        raise ParameterError(message)
    before = settled(surface.opened)
    start = before.figures()
    rows = []
    for node_id in dict.fromkeys(node_ids):
        changed = before.with_provision(_new_provision(surface, node_id, need, phase))
        for count in places:
            now = changed.with_places({NEW: int(count)}).figures()
            rows.append(
                (
                    node_id,
                    need,
                    phase,
                    int(count),
                    start.unplaced_pupils - now.unplaced_pupils,
                    start.without_local_place_pupils - now.without_local_place_pupils,
                    now.travel_min - start.travel_min,
                )
            )
    told = ["more_placed_pupils", "more_local_pupils", "travel_change_min"]
    return pd.DataFrame(rows, columns=["node_id", "need", "phase", "places", *told])


def _new_provision(surface: Surface, node_id: str, need: str, phase: str) -> Eligibility:
    """Return who may use a new provision at a node, by the same rules as every other, open without a place yet."""
    opened, network = surface.opened, surface.network
    origins = opened.inputs.origins
    homes = network.spots(*positions_of(origins, network.drives.roads.crs, "origins").T)
    point = surface.points.loc[surface.points["node_id"] == node_id, ["easting_m", "northing_m"]].to_numpy(np.float64)
    milliseconds = network.milliseconds(homes, network.spots(*point.T))
    travel = TravelTimes(
        origin_ids=tuple(origins["origin_id"].astype(str)),
        setting_ids=(NEW,),
        milliseconds=milliseconds,
        metres=np.where(milliseconds < 0, -1, 0).astype(np.int32),
        profile=network.profile,
        origin_snap_m=homes.snap_m,
        setting_snap_m=np.zeros(1),
    )
    first, last = HEADLINE_NCY if phase == ALL else PHASE_NCY[phase]
    admitted = NEEDS if need == ALL else [one for one in NEEDS if need in (one, need_group_of(one))]
    provision = pd.DataFrame(
        [
            {
                "provision_id": NEW, "setting_id": NEW, "provision_type": surface.provision_type, "department": ALL,
                "ncy_from": first, "ncy_to": last, "needs": ";".join(admitted), "designation": "", "sex": "any",
                "ehcp_required": surface.ehcp_required,
                "attendance": WEEKLY if surface.attendance == RESIDENTIAL else surface.attendance, "tier": "local",
            }
        ]
    )  # fmt: skip
    places = pd.DataFrame({"provision_id": [NEW], "year": [opened.eligibility.year], "planned_places": [0]})
    inputs = opened.inputs
    return allocation.build_eligibility(
        opened.demand,
        provision,
        places,
        inputs.acceptance,
        travel,
        year=opened.eligibility.year,
        rules=rules_of(inputs),
    )
