"""Checks of the tables against one another and against the area."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.checks.faults import faulty, hint, issue, refused, unknown, unreadable
from sufficiency.model.geography import BNG, within_system
from sufficiency.model.issues import Issue
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_TYPES, NOT_LOCATED, year_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.results import Inputs

FAR_M: Final = 100_000.0
SAME_PLACE_M: Final = 100.0


def empty_tables(inputs: Inputs) -> Iterator[Issue]:
    """No table of settings, provision or places is empty."""
    for table in ("settings", "provision", "places"):
        if len(getattr(inputs, table)) == 0 and not faulty(inputs, table):
            fix = "put the rows in, or start from `sufficiency init`"
            yield issue(table, None, "", "", "", check="no_rows", message="the table has no rows", fix=fix)


def references(inputs: Inputs) -> Iterator[Issue]:
    """Every id that a table refers to exists."""
    settings, provision = set(inputs.settings["setting_id"]), set(inputs.provision["provision_id"])
    zones, clusters = set(inputs.zones["zone_id"]), set(inputs.areas.loc[inputs.areas["level"] == "cluster", "area_id"])
    schemes = set(inputs.schemes["scheme_id"])
    yield from unknown(inputs, "provision", "setting_id", "settings", settings)
    yield from unknown(inputs, "places", "provision_id", "provision", provision)
    yield from unknown(inputs, "border_flows", "provision_id", "provision", provision)
    yield from unknown(inputs, "population", "zone_id", "gazetteer", zones)
    if inputs.zone_traits is not None:
        yield from unknown(inputs, "zone_traits", "zone_id", "gazetteer", zones)
    yield from unknown(inputs, "scheme_places", "scheme_id", "schemes", schemes)
    yield from unknown(inputs, "support_need", "setting_id", "settings", settings)
    yield from unknown(inputs, "support_bases", "setting_id", "settings", settings)
    yield from unknown(inputs, "support_bases", "cluster_id", "areas", clusters)


def county_named(inputs: Inputs) -> Iterator[Issue]:
    """Hold the county of the areas to the one that area.toml names."""
    counties = inputs.areas[inputs.areas["level"] == "county"]
    wanted = inputs.parameters.county_id
    if len(counties) == 1 and counties["area_id"].iloc[0] != wanted:
        found = str(counties["area_id"].iloc[0])
        yield issue("areas", counties.index[0], found, "area_id", found, check="county_differs",
                    message=f"the county is {found!r}, and area.toml says county_id = {wanted!r}",
                    fix="write the same id in both")  # fmt: skip


def located_pupils(inputs: Inputs) -> Iterator[Issue]:
    """Every pupil has a known zone, or says that there is none."""
    zones = {*inputs.zones["zone_id"], NOT_LOCATED}
    if unreadable(inputs, "gazetteer"):
        return
    fine = zones | refused(inputs, "gazetteer") - {""}
    for table, frame in (("demand", inputs.demand), ("placements", inputs.placements)):
        if frame is None:
            continue
        personal = TABLES[table].column("origin_id").personal
        origins = frame["origin_id"].astype(str)
        wrong = ~origins.isin(list(fine))
        groups = origins if personal else frame["group_id"].astype(str)
        for row, value, group in zip(frame.index[wrong], origins[wrong], groups[wrong], strict=True):
            meant = "" if personal else hint(value, zones)
            shown = "text" if personal and value else value
            what = f"{shown!r} is not a zone of the gazetteer" if shown else "a pupil has no zone"
            yield issue(
                table,
                row,
                "" if personal else group,
                "origin_id",
                shown,
                check="pupil_without_zone",
                message="the origin is not a zone of the gazetteer" if personal and value else what,
                fix=f"{meant}give a zone_id of boundaries/places.csv, or write {NOT_LOCATED}",
            )


def positions(inputs: Inputs) -> Iterator[Issue]:
    """Hold settings and schemes to the area's system, near the area, with easting and northing not swapped."""
    if inputs.zones.empty:
        return
    west, south, east, north = inputs.zones.total_bounds
    crs = inputs.parameters.crs

    def near(x: float, y: float) -> bool:
        return bool(west - FAR_M <= x <= east + FAR_M and south - FAR_M <= y <= north + FAR_M)

    for table, frame, key in (("settings", inputs.settings, "setting_id"), ("schemes", inputs.schemes, "scheme_id")):
        for row, x, y, name in zip(frame.index, frame["easting_m"], frame["northing_m"], frame[key], strict=True):
            if near(x, y):
                continue
            if near(y, x):
                found = ("swapped_coordinates", "easting and northing look swapped", "exchange the two values")
            elif not bool(within_system([x], [y], crs)[0]):
                found = (
                    "not_in_great_britain" if crs == BNG else "position_outside",
                    f"the position is not in {'Great Britain' if crs == BNG else crs} in metres",
                    f"give easting and northing in metres ({crs}), not degrees",
                )
            else:
                far = f"the position is more than {FAR_M / 1000:g} km from the area"
                found = ("far_away", far, "check easting and northing")
            check, message, fix = found
            shown = f"{x:g}, {y:g}"
            yield issue(table, row, str(name), "easting_m", shown, check=check, message=message, fix=fix)


def schools_twice(inputs: Inputs) -> Iterator[Issue]:
    """No school stands twice under two ids: one name within 100 m."""
    frame = inputs.settings[inputs.settings["status"] != "closed"]
    names = frame["setting_name"].map(lambda text: re.sub(r"[\W_]", "", str(text).casefold()))
    for _, group in frame.groupby(names.to_numpy()):
        first = group.iloc[0]
        for row, other in group.iloc[1:].iterrows():
            apart = float(np.hypot(other["easting_m"] - first["easting_m"], other["northing_m"] - first["northing_m"]))
            if apart <= SAME_PLACE_M:
                yield issue(
                    "settings",
                    row,
                    other["setting_id"],
                    "setting_name",
                    other["setting_name"],
                    check="school_twice",
                    message=f"the same school stands in row {group.index[0]} as {first['setting_id']}",
                    fix="keep one row, and its places once",
                )


def year_groups(inputs: Inputs) -> Iterator[Issue]:
    """First year groups do not come after last ones."""
    for table, frame in (("provision", inputs.provision), ("scheme_places", inputs.scheme_places)):
        wrong = frame[frame["ncy_from"] > frame["ncy_to"]]
        for row, entry in wrong.iterrows():
            yield issue(
                table,
                row,
                " ".join(str(entry[name]) for name in TABLES[table].key),
                "ncy_from",
                f"{entry['ncy_from']} to {entry['ncy_to']}",
                check="year_groups",
                message="the first year group comes after the last",
                fix="exchange them",
            )


def capacity(inputs: Inputs) -> Iterator[Issue]:
    """Say where rolls are above places, and where provision has no places at all."""
    frame = inputs.places
    over = frame[frame["on_roll_pupils"].notna() & (frame["on_roll_pupils"] > frame["planned_places"])]
    for row, entry in over.iterrows():
        yield issue(
            "places",
            row,
            f"{entry['provision_id']} {entry['year']}",
            "on_roll_pupils",
            entry["on_roll_pupils"],
            check="roll_above_places",
            message=f"{entry['on_roll_pupils']} on roll, {entry['planned_places']} places",
            fix="check the planned places, or leave it: the model uses the places",
            severity="warning",
        )
    if unreadable(inputs, "places"):
        return
    matched = inputs.provision[inputs.provision["provision_type"].isin(HEADLINE_TYPES)]
    bad = {str(key).split(" ", maxsplit=1)[0] for key in refused(inputs, "places")}
    closed = ~matched["provision_id"].isin(frame["provision_id"]) & ~matched["provision_id"].isin(bad)
    for row, entry in matched[closed].iterrows():
        yield issue(
            "provision",
            row,
            entry["provision_id"],
            "provision_id",
            entry["provision_id"],
            check="no_places",
            message="there are no places for it in any year, so it is closed in every year",
            fix="add rows to schools/places.csv, or leave it",
            severity="warning",
        )


def controls(inputs: Inputs) -> Iterator[Issue]:
    """Ask for a headline total for every year, unless the area gives its own demand or its rates decide."""
    by_rates = inputs.parameters.value("forecast_method") == "rates"
    if inputs.demand is not None or by_rates or unreadable(inputs, "controls"):
        return
    known = {str(year) for year in inputs.controls.loc[inputs.controls["stream"] == HEADLINE, "year"]}
    known |= {str(key).split(" ", maxsplit=1)[0] for key in refused(inputs, "controls")}
    for year in inputs.parameters.years:
        if str(year) not in known:
            yield issue(
                "controls",
                None,
                str(year),
                "year",
                year,
                check="year_missing",
                message=f"there is no headline total for {year_label(year)}",
                fix="add a row with stream headline to demand/controls.csv",
            )


def zones_peopled(inputs: Inputs) -> Iterator[Issue]:
    """Every zone has residents of school age."""
    if inputs.demand is not None or unreadable(inputs, "population"):
        return
    bad = {str(key).split(" ", maxsplit=1)[0] for key in refused(inputs, "population")}
    known = set(inputs.population["zone_id"]) | bad
    for zone_id in inputs.zones["zone_id"]:
        if zone_id not in known:
            yield issue(
                "population",
                None,
                zone_id,
                "zone_id",
                zone_id,
                check="zone_without_population",
                message="the zone has no row of population",
                fix="add its residents by age to demand/population.csv",
            )


def scenarios(inputs: Inputs) -> Iterator[Issue]:
    """Scenarios name known schemes."""
    if unreadable(inputs, "schemes"):
        return
    schemes = set(inputs.schemes["scheme_id"])
    known = schemes | refused(inputs, "schemes")
    for name, scenario in inputs.scenarios.items():
        for scheme_id in scenario.scheme_ids:
            if scheme_id not in known:
                yield Issue(
                    f"schemes/scenarios/{name}.toml",
                    None,
                    "schemes",
                    name,
                    "schemes",
                    scheme_id,
                    "unknown_reference",
                    "error",
                    f"{scheme_id!r} is not in schemes/schemes.csv",
                    f"{hint(scheme_id, schemes)}add the scheme, or take it out of the scenario",
                )
