"""Named checks over the inputs: each finds all its faults, with file, row, column, value and cure.

A reference to a row that was itself refused is not reported again: mending the first fault mends both.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.geography import within_great_britain
from sufficiency.model.issues import Issue, issues_table
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_TYPES, year_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sufficiency.model.results import Inputs

FAR_M: Final = 100_000.0
SAME_PLACE_M: Final = 100.0
NOT_LOCATED: Final = "not_located"


def _issue(
    table: str,
    row: object,
    key: str,
    column: str,
    value: object,
    *,
    check: str,
    message: str,
    fix: str,
    severity: str = "error",
) -> Issue:
    number = int(str(row)) if isinstance(row, int | np.integer) else None
    return Issue(TABLES[table].file, number, table, key, column, str(value), check, severity, message, fix)


def _refused(inputs: Inputs, table: str) -> set[str]:
    found = inputs.issues
    return set(found.loc[(found["table"] == table) & (found["severity"] == "error"), "key"])


_HEADER_CHECKS: Final = ("column_missing", "header_twice", "separator")


def _unreadable(inputs: Inputs, table: str) -> bool:
    """Return whether a table's file was refused as a whole: then nothing can be said about references to it."""
    found = inputs.issues
    whole = found["row"].isna() | found["check"].isin(_HEADER_CHECKS)
    return bool(((found["table"] == table) & (found["severity"] == "error") & whole).any())


def _faulty(inputs: Inputs, table: str) -> bool:
    """Return whether any error was found in a table's file."""
    found = inputs.issues
    return bool(((found["table"] == table) & (found["severity"] == "error")).any())


def _hint(text: str, known: set[str]) -> str:
    """Return a hint at the id that was probably meant, or nothing."""
    near = difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.75)
    return f"did you mean {near[0]!r}? Otherwise " if near else ""


def _unknown(inputs: Inputs, table: str, column: str, target: str, known: set[str]) -> Iterator[Issue]:
    """Yield an issue for each value of a table's column that is no id of the target table."""
    if _unreadable(inputs, target) or not (known or _faulty(inputs, target)):
        return
    frame: pd.DataFrame = getattr(inputs, table)
    values = frame[column].astype(str)
    fine = known | _refused(inputs, target)
    if TABLES[table].column(column).blank:
        fine = fine | {""}
    wrong = ~values.isin(list(fine))
    keys = [frame.loc[wrong, name].astype(str).tolist() for name in TABLES[table].key]
    hints = {text: _hint(text, known) for text in set(values[wrong])}
    file = TABLES[target].file or target
    for row, text, *key in zip(frame.index[wrong], values[wrong], *keys, strict=True):
        yield _issue(
            table,
            row,
            " ".join(key),
            column,
            text,
            check="unknown_reference",
            message=f"{text!r} is not in {file}",
            fix=f"{hints[text]}add it to {file}, or correct the id",
        )


def empty_tables(inputs: Inputs) -> Iterator[Issue]:
    """No table of settings, provision or places is empty."""
    for table in ("settings", "provision", "places"):
        if len(getattr(inputs, table)) == 0 and not _faulty(inputs, table):
            fix = "put the rows in, or start from `sufficiency init`"
            yield _issue(table, None, "", "", "", check="no_rows", message="the table has no rows", fix=fix)


def references(inputs: Inputs) -> Iterator[Issue]:
    """Every id that a table refers to exists."""
    settings, provision = set(inputs.settings["setting_id"]), set(inputs.provision["provision_id"])
    zones, clusters = set(inputs.zones["zone_id"]), set(inputs.areas.loc[inputs.areas["level"] == "cluster", "area_id"])
    schemes = set(inputs.schemes["scheme_id"])
    yield from _unknown(inputs, "provision", "setting_id", "settings", settings)
    yield from _unknown(inputs, "places", "provision_id", "provision", provision)
    yield from _unknown(inputs, "border_flows", "provision_id", "provision", provision)
    yield from _unknown(inputs, "population", "zone_id", "gazetteer", zones)
    yield from _unknown(inputs, "scheme_places", "scheme_id", "schemes", schemes)
    yield from _unknown(inputs, "support_need", "setting_id", "settings", settings)
    yield from _unknown(inputs, "support_bases", "setting_id", "settings", settings)
    yield from _unknown(inputs, "support_bases", "cluster_id", "areas", clusters)


def located_pupils(inputs: Inputs) -> Iterator[Issue]:
    """Every pupil has a known zone, or says that there is none."""
    zones = {*inputs.zones["zone_id"], NOT_LOCATED}
    if _unreadable(inputs, "gazetteer"):
        return
    fine = zones | _refused(inputs, "gazetteer") - {""}
    for table, frame in (("demand", inputs.demand), ("placements", inputs.placements)):
        if frame is None:
            continue
        personal = TABLES[table].column("origin_id").personal
        origins = frame["origin_id"].astype(str)
        wrong = ~origins.isin(list(fine))
        groups = origins if personal else frame["group_id"].astype(str)
        for row, value, group in zip(frame.index[wrong], origins[wrong], groups[wrong], strict=True):
            hint = "" if personal else _hint(value, zones)
            shown = "text" if personal and value else value
            what = f"{shown!r} is not a zone of the gazetteer" if shown else "a pupil has no zone"
            yield _issue(
                table,
                row,
                "" if personal else group,
                "origin_id",
                shown,
                check="pupil_without_zone",
                message="the origin is not a zone of the gazetteer" if personal and value else what,
                fix=f"{hint}give a zone_id of boundaries/places.csv, or write {NOT_LOCATED}",
            )


def positions(inputs: Inputs) -> Iterator[Issue]:
    """Hold settings and schemes to Great Britain, near the area, with easting and northing not swapped."""
    if inputs.zones.empty:
        return
    west, south, east, north = inputs.zones.total_bounds

    def near(x: float, y: float) -> bool:
        return bool(west - FAR_M <= x <= east + FAR_M and south - FAR_M <= y <= north + FAR_M)

    for table, frame, key in (("settings", inputs.settings, "setting_id"), ("schemes", inputs.schemes, "scheme_id")):
        for row, x, y, name in zip(frame.index, frame["easting_m"], frame["northing_m"], frame[key], strict=True):
            if near(x, y):
                continue
            if near(y, x):
                found = ("swapped_coordinates", "easting and northing look swapped", "exchange the two values")
            elif not bool(within_great_britain([x], [y])[0]):
                found = (
                    "not_in_great_britain",
                    "the position is not in Great Britain in metres",
                    "give easting and northing in metres (EPSG:27700), not degrees",
                )
            else:
                far = f"the position is more than {FAR_M / 1000:g} km from the area"
                found = ("far_away", far, "check easting and northing")
            check, message, fix = found
            shown = f"{x:g}, {y:g}"
            yield _issue(table, row, str(name), "easting_m", shown, check=check, message=message, fix=fix)


def schools_twice(inputs: Inputs) -> Iterator[Issue]:
    """No school stands twice under two ids: one name within 100 m."""
    frame = inputs.settings[inputs.settings["status"] != "closed"]
    names = frame["setting_name"].map(lambda text: re.sub(r"[\W_]", "", str(text).casefold()))
    for _, group in frame.groupby(names.to_numpy()):
        first = group.iloc[0]
        for row, other in group.iloc[1:].iterrows():
            apart = float(np.hypot(other["easting_m"] - first["easting_m"], other["northing_m"] - first["northing_m"]))
            if apart <= SAME_PLACE_M:
                yield _issue(
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
            yield _issue(
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
        yield _issue(
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
    if _unreadable(inputs, "places"):
        return
    matched = inputs.provision[inputs.provision["provision_type"].isin(HEADLINE_TYPES)]
    refused = {str(key).split(" ", maxsplit=1)[0] for key in _refused(inputs, "places")}
    closed = ~matched["provision_id"].isin(frame["provision_id"]) & ~matched["provision_id"].isin(refused)
    for row, entry in matched[closed].iterrows():
        yield _issue(
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
    """Ask for a headline total for every year, unless the area gives its own demand."""
    if inputs.demand is not None or _unreadable(inputs, "controls"):
        return
    known = {str(year) for year in inputs.controls.loc[inputs.controls["stream"] == HEADLINE, "year"]}
    known |= {str(key).split(" ", maxsplit=1)[0] for key in _refused(inputs, "controls")}
    for year in inputs.parameters.years:
        if str(year) not in known:
            yield _issue(
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
    if inputs.demand is not None or _unreadable(inputs, "population"):
        return
    refused = {str(key).split(" ", maxsplit=1)[0] for key in _refused(inputs, "population")}
    known = set(inputs.population["zone_id"]) | refused
    for zone_id in inputs.zones["zone_id"]:
        if zone_id not in known:
            yield _issue(
                "population",
                None,
                zone_id,
                "zone_id",
                zone_id,
                check="zone_without_population",
                message="the zone has no row of population",
                fix="add its residents by age to demand/population.csv",
            )


def road_speeds(inputs: Inputs) -> Iterator[Issue]:
    """Ask for a speed of every class of road in the profile used."""
    if _unreadable(inputs, "speeds"):
        return
    profile = inputs.parameters.value("travel_profile")
    speeds = inputs.speeds[inputs.speeds["profile"] == profile]
    known = set(zip(speeds["road_class"], speeds["urban"], strict=True))
    edges = inputs.roads.edges
    used = edges.drop_duplicates(["road_class", "urban"])
    for row, road_class, urban in zip(used.index, used["road_class"], used["urban"], strict=True):
        if (road_class, urban) not in known:
            yield _issue(
                "road_edges",
                row,
                "",
                "road_class",
                road_class,
                check="speed_missing",
                message=f"there is no {profile} speed for {road_class}, {'urban' if urban else 'rural'}",
                fix="add the row to roads/speeds.csv",
            )


def scenarios(inputs: Inputs) -> Iterator[Issue]:
    """Scenarios name known schemes."""
    if _unreadable(inputs, "schemes"):
        return
    schemes = set(inputs.schemes["scheme_id"])
    known = schemes | _refused(inputs, "schemes")
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
                    f"{_hint(scheme_id, schemes)}add the scheme, or take it out of the scenario",
                )


CHECKS: Final[tuple[Callable[[Inputs], Iterator[Issue]], ...]] = (
    empty_tables,
    references,
    located_pupils,
    positions,
    schools_twice,
    year_groups,
    capacity,
    controls,
    zones_peopled,
    road_speeds,
    scenarios,
)


def check(inputs: Inputs) -> pd.DataFrame:
    """Run every check and return all faults, those found while reading among them.

    Parameters
    ----------
    inputs
        What was read, with the faults of reading in ``inputs.issues``.

    Returns
    -------
    DataFrame
        Table `issues`.
    """
    found = [issue for one in CHECKS for issue in one(inputs)]
    both = [part for part in (inputs.issues, issues_table(found)) if len(part)]
    if not both:
        return issues_table([])
    columns = ["file", "row", "column", "check"]
    stacked = pd.concat(both, ignore_index=True)
    return stacked.sort_values(columns, kind="stable", na_position="first", ignore_index=True)
