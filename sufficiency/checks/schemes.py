"""Checks of schemes and scenarios: that each can be built, and that none takes what another has taken."""

from __future__ import annotations

import difflib
import itertools
import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.checks.faults import issue, refused, unreadable
from sufficiency.checks.tables import SAME_PLACE_M
from sufficiency.model.errors import ParameterError
from sufficiency.model.issues import Issue
from sufficiency.model.parameters import with_values
from sufficiency.model.vocabulary import HEADLINE_TYPES, year_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sufficiency.model.results import Inputs, Scenario

__all__ = ["faults_of", "scenarios_hold", "scheme_rows", "scheme_words"]

# Planning rule: new specialist bases hold 16 to 40 places.
BASE_PLACES: Final = (16, 40)
_TABLES: Final = ("schemes", "scheme_places", "settings", "provision", "places")
_MOVES: Final = ("convert", "relocate")
_AT_A_SETTING: Final = ("expand", "close", "convert")
# Their places stand in schools/support_bases.csv.
_OWN_TABLE: Final = ("support_base", "early_years_base")


def scheme_rows(inputs: Inputs) -> Iterator[Issue]:
    """Every scheme names a setting and a provision that are there, and opens before it ends."""
    if any(unreadable(inputs, table) for table in _TABLES):
        return
    stock = inputs.scheme_places.groupby(["scheme_id", "year"])["places"].sum()
    held = {str(name) for name in stock.index.get_level_values(0)}
    settings = {str(name) for name in inputs.settings["setting_id"]} | refused(inputs, "settings")
    opened = {str(name) for name in inputs.schemes.loc[inputs.schemes["action"] == "open", "setting_id"]}
    owners = inputs.provision.set_index("provision_id")["setting_id"].to_dict()
    years = sorted({int(year) for year in inputs.places["year"]} & set(inputs.parameters.years))
    for row, scheme in inputs.schemes.iterrows():
        fields = scheme.to_dict()
        name, action = str(fields["scheme_id"]), str(fields["action"])
        for column, message, fix in (
            *_of_the_setting(fields, settings, opened),
            *_of_the_provision(fields, owners),
        ):
            yield issue("schemes", row, name, column, fields.get(column, ""), check="scheme_cannot_be",
                        message=message, fix=fix)  # fmt: skip
        if fields["provision_type"] in _OWN_TABLE:
            continue
        if name not in held:
            yield issue("schemes", row, name, "scheme_id", name, check="scheme_without_places",
                        message=f"the scheme {name} has no row of places, so it never {action}s anything",
                        fix="add its places by September to schemes/scheme_places.csv", severity="warning")  # fmt: skip
            continue
        yield from _of_the_stock(row, fields, stock[name], years)


def _of_the_setting(scheme: Mapping[Any, Any], settings: set[str], opened: set[str]) -> Iterator[tuple[str, str, str]]:
    action, setting_id = str(scheme["action"]), str(scheme["setting_id"])
    if action in _AT_A_SETTING and setting_id not in settings | opened:
        near = difflib.get_close_matches(setting_id, sorted(settings), n=1, cutoff=0.75)
        fix = f"did you mean {near[0]!r}?" if near else "add the setting to schools/settings.csv, or open it"
        yield "setting_id", f"it would {action} the unknown setting {setting_id}", fix
    if action == "relocate" and setting_id in settings:
        yield "setting_id", f"it would relocate to {setting_id}, which is there already", "expand it, and close the old"


def _of_the_provision(scheme: Mapping[Any, Any], owners: Mapping[Any, Any]) -> Iterator[tuple[str, str, str]]:
    action, source = str(scheme["action"]), str(scheme.get("from_provision_id") or "")
    column = "from_provision_id"
    if action in _MOVES and not source:
        yield column, f"it does not say which provision it would {action}", "give a provision_id of provision.csv"
    elif source and source not in owners:
        near = difflib.get_close_matches(source, sorted(owners), n=1, cutoff=0.75)
        yield column, f"the provision {source} is unknown", f"did you mean {near[0]!r}?" if near else "correct the id"
    elif source and action in ("convert", "close") and owners[source] != str(scheme["setting_id"]):
        where = f"the provision {source} is at {owners[source]}, not at {scheme['setting_id']}"
        yield column, where, "name the setting that has it, or relocate"
    elif source and action in ("open", "expand"):
        yield column, f"to {action} takes over no other provision", "leave it blank, or convert or relocate"


def _of_the_stock(row: object, scheme: Mapping[Any, Any], stock: pd.Series, years: Sequence[int]) -> Iterator[Issue]:
    name, action, kind = (str(scheme[key]) for key in ("scheme_id", "action", "provision_type"))
    there = [int(str(year)) for year, places in stock.items() if places > 0]
    if action == "close":
        if there:
            yield issue("schemes", row, name, "action", action, check="closes_with_places",
                        message=f"scheme {name} closes, but has places open",
                        fix="write 0 places in the years it is closed")  # fmt: skip
        return
    if not there:
        return
    gap = [year for year in years if year > min(there) and year not in there]
    if gap:
        yield issue("schemes", row, name, "action", action, check="scheme_ends",
                    message=f"scheme {name} opens in {year_label(min(there))} and has no places in "
                    f"{year_label(gap[0])}", fix="write the places of every later year, or let it end",
                    severity="warning")  # fmt: skip
    most = int(stock.max())
    if kind == "specialist_base" and action == "open" and not BASE_PLACES[0] <= most <= BASE_PLACES[1]:
        yield issue("schemes", row, name, "action", action, check="base_size",
                    message=f"the new base {name} has {most} places; new bases hold {BASE_PLACES[0]} to "
                    f"{BASE_PLACES[1]}", fix="check its places, or leave it", severity="warning")  # fmt: skip
    if kind == "special_school" and action in ("open", "expand") and not str(scheme.get("rationale") or "").strip():
        yield issue("schemes", row, name, "rationale", "", check="no_rationale",
                    message=f"the special-school scheme {name} does not say why a base will not do",
                    fix="write its rationale", severity="warning")  # fmt: skip


def scenarios_hold(inputs: Inputs) -> Iterator[Issue]:
    """Every scenario can be built: no two of its schemes contradict one another, and what it changes is there."""
    if any(unreadable(inputs, table) for table in _TABLES):
        return
    known = set(inputs.schemes["scheme_id"])
    for name, scenario in inputs.scenarios.items():
        if set(scenario.scheme_ids) - known:
            continue
        for fault in faults_of(inputs, scenario):
            yield Issue(f"schemes/scenarios/{name}.toml", None, "scenarios", name, "", "", "scenario_cannot_be",
                        "error", fault, "mend the schemes, or take one of them out of the scenario")  # fmt: skip
        yield from _stated(inputs, scenario)


def _stated(inputs: Inputs, scenario: Scenario) -> Iterator[Issue]:
    """Hold the places that a scenario states to those that its schemes add when complete."""
    if scenario.stated_places is None:
        return
    kinds = inputs.schemes[inputs.schemes["scheme_id"].isin(scenario.scheme_ids)]
    kinds = kinds[kinds["provision_type"].isin(HEADLINE_TYPES) & kinds["action"].isin(["open", "expand"])]
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(kinds["scheme_id"])]
    last = stock[stock["year"] == max(inputs.parameters.years)]
    found = int(last["places"].sum())
    moved = set(inputs.schemes.loc[inputs.schemes["action"].isin(_MOVES), "scheme_id"]) & set(scenario.scheme_ids)
    if found != scenario.stated_places and not moved:
        file = f"schemes/scenarios/{scenario.scenario_id}.toml"
        yield Issue(file, None, "scenarios", scenario.scenario_id, "stated_places", str(scenario.stated_places),
                    "stated_places", "warning", f"the scenario states {scenario.stated_places} places, and its schemes "
                    f"add {found} special-school and specialist-base places when complete",
                    "correct the number, or the places")  # fmt: skip


def faults_of(inputs: Inputs, scenario: Scenario) -> list[str]:
    """Return what is wrong with a scenario, each in a sentence; empty when it can be built.

    Parameters
    ----------
    inputs
        The baseline.
    scenario
        The scenario, one of the inputs' or another.
    """
    wanted = list(dict.fromkeys(scenario.scheme_ids))
    known = set(inputs.schemes["scheme_id"])
    name = scenario.scenario_id
    faults = [f"scenario {name} names the unknown scheme {one}" for one in wanted if one not in known]
    if wanted:
        schemes = pd.DataFrame(inputs.schemes[inputs.schemes["scheme_id"].isin(wanted)]).drop(columns="geometry")
        faults += scheme_words(inputs, schemes)
        faults += _clashes(inputs, schemes)
    return faults + _other_changes(inputs, scenario)


def scheme_words(inputs: Inputs, schemes: pd.DataFrame) -> list[str]:
    """Return the errors of single schemes, in sentences."""
    settings = {str(one) for one in inputs.settings["setting_id"]} | refused(inputs, "settings")
    opened = {str(one) for one in schemes.loc[schemes["action"] == "open", "setting_id"]}
    owners = inputs.provision.set_index("provision_id")["setting_id"].to_dict()
    most = inputs.scheme_places.groupby("scheme_id")["places"].max()
    faults = []
    for scheme in _records(schemes, "scheme_id", "action", "setting_id", "from_provision_id"):
        name = scheme["scheme_id"]
        found = (*_of_the_setting(scheme, settings, opened), *_of_the_provision(scheme, owners))
        faults += [f"scheme {name}: {message}" for _, message, _ in found]
        if scheme["action"] == "close" and most.get(name, 0) > 0:
            faults.append(f"scheme {name} closes, but has places open: write 0 places in the years it is closed")
    return faults


def _clashes(inputs: Inputs, schemes: pd.DataFrame) -> list[str]:
    """Return where two schemes of one scenario want the same place, or one ends before it begins."""
    told = _records(
        schemes.assign(named=_named(schemes)), "scheme_id", "action", "setting_id", "provision_type", "named"
    )
    facts = {row["scheme_id"]: row for row in told}
    stock = [
        row | facts[row["scheme_id"]]
        for row in _records(inputs.scheme_places, "scheme_id", "year", "ncy_from", "ncy_to", "places")
        if row["scheme_id"] in facts
    ]
    return [
        *_taken_twice(inputs, schemes),
        *_opened_twice(stock),
        *_closed_too_soon(stock),
        *_two_positions(inputs, schemes),
    ]


def _records(table: pd.DataFrame, *columns: str) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values of some columns, those that it has not left out."""
    names = [name for name in columns if name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(table[name].tolist() for name in names), strict=True)]


def _in_order(rows: Iterable[dict[str, Any]], *columns: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(row[name] for name in columns))


def _named(schemes: pd.DataFrame) -> pd.Series:
    """Return whether each scheme names one provision, and not all of the type at its setting."""
    if "from_provision_id" not in schemes.columns:
        return pd.Series(data=False, index=schemes.index)
    return schemes["from_provision_id"].fillna("") != ""


def _two_positions(inputs: Inputs, schemes: pd.DataFrame) -> Iterator[str]:
    """Name the schemes that put one new setting at different places; one that is there already stays where it is."""
    there = set(inputs.settings["setting_id"])
    first: dict[str, tuple[str, float, float]] = {}
    rows = _records(schemes, "scheme_id", "action", "setting_id", "easting_m", "northing_m")
    for row in _in_order(rows, "scheme_id"):
        if row["action"] == "close" or row["setting_id"] in there:
            continue
        here = (str(row["scheme_id"]), float(row["easting_m"]), float(row["northing_m"]))
        other = first.setdefault(str(row["setting_id"]), here)
        apart_m = math.hypot(here[1] - other[1], here[2] - other[2])
        if apart_m > SAME_PLACE_M:
            yield f"{other[0]} and {here[0]} put {row['setting_id']} {apart_m / 1_000:.1f} km apart: give one position"


def _taken_twice(inputs: Inputs, schemes: pd.DataFrame) -> Iterator[str]:
    """Name the provision of which conversions, relocations and closures want more places than it has."""
    if "from_provision_id" not in schemes.columns:
        return
    source = schemes.set_index("scheme_id")["from_provision_id"].fillna("")
    action = schemes.set_index("scheme_id")["action"]
    rows = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(source.index[source != ""])]
    if rows.empty:
        return
    given = rows["places"]
    if "given_up_places" in rows.columns:
        given = rows["given_up_places"].astype("Int64").fillna(rows["places"]).astype("int64")
    closes = rows["scheme_id"].map(action) == "close"
    rows = rows.assign(provision_id=rows["scheme_id"].map(source), given=given.where(~closes, 0), closes=closes)
    there = inputs.places.set_index(["provision_id", "year"])["planned_places"]
    wanted: dict[tuple[str, int], list[tuple[str, int, bool]]] = {}
    for row in _in_order(_records(rows, "provision_id", "year", "scheme_id", "given", "closes"),
                         "provision_id", "year", "scheme_id"):  # fmt: skip
        one = (str(row["scheme_id"]), int(row["given"]), bool(row["closes"]))
        wanted.setdefault((str(row["provision_id"]), int(row["year"])), []).append(one)
    for (provision_id, year), parts in wanted.items():
        names = " and ".join(dict.fromkeys(name for name, _, _ in parts))
        has, total = int(there.get((provision_id, year), 0)), sum(given for _, given, _ in parts)
        if total > has:
            yield f"{names} would take {total} places of {provision_id} in {year_label(year)}, which has {has}"
        elif total and any(closes for _, _, closes in parts):
            yield f"{names} take places of {provision_id} and close it in {year_label(year)}: let one of them do both"


def _opened_twice(stock: list[dict[str, Any]]) -> Iterator[str]:
    """Name the schemes that open the same department of the same setting in the same year."""
    rows = [row for row in stock if row["action"] == "open" and row["places"] > 0]
    opened: dict[tuple[str, str, int], list[tuple[int, int, str]]] = {}
    for row in _in_order(rows, "year", "ncy_from", "ncy_to", "scheme_id"):
        span = (int(row["ncy_from"]), int(row["ncy_to"]), str(row["scheme_id"]))
        opened.setdefault((str(row["setting_id"]), str(row["provision_type"]), int(row["year"])), []).append(span)
    told: set[tuple[str, str]] = set()
    for (setting_id, kind, year), spans in opened.items():
        for (_, last, one), (first, _, other) in itertools.pairwise(spans):
            if first <= last and one != other and (one, other) not in told:
                told.add((one, other))
                yield (
                    f"{one} and {other} both open the {kind.replace('_', ' ')} of {setting_id} for the same year "
                    f"groups in {year_label(year)}: expand it with one of them"
                )


def _closed_too_soon(stock: list[dict[str, Any]]) -> Iterator[str]:
    """Name the schemes that close a setting which another opens later, or add places where one closes."""
    rows = _in_order(stock, "year", "scheme_id")
    first_open: dict[tuple[str, str], int] = {}
    first_shut: dict[tuple[str, str], int] = {}
    shut: set[tuple[str, str, int]] = set()
    for row in rows:
        key, year = (str(row["setting_id"]), str(row["provision_type"])), int(row["year"])
        if row["action"] == "open" and row["places"] > 0:
            first_open.setdefault(key, year)
        elif row["action"] == "close" and not row["named"]:
            first_shut.setdefault(key, year)
            shut.add((*key, year))
    for key, year in first_shut.items():
        if year < first_open.get(key, year):
            yield f"{key[0]} would close in {year_label(year)}, before it opens in {year_label(first_open[key])}"
    told: set[str] = set()
    for row in rows:
        where = (str(row["setting_id"]), str(row["provision_type"]), int(row["year"]))
        grows = row["action"] in {"expand", "convert"} and row["places"] > 0
        if grows and where in shut and row["scheme_id"] not in told:
            told.add(str(row["scheme_id"]))
            yield (
                f"{row['scheme_id']} adds places at {where[0]} in {year_label(where[2])}, when another scheme closes it"
            )


def _other_changes(inputs: Inputs, scenario: Scenario) -> list[str]:
    """Return what a scenario would change that is not there, or in an impossible way."""
    name, faults = scenario.scenario_id, []
    try:
        with_values(inputs.parameters, scenario.assumptions)
    except ParameterError as error:
        faults.append(f"scenario {name}: {error}")
    if scenario.mitigations and inputs.demand is not None:
        faults.append(f"scenario {name} applies mitigations, but the area gives its own demand: change that table")
    ends = [end for road in scenario.new_roads for end in (road.from_node_id, road.to_node_id)]
    for what, wanted, known in (
        ("mitigation", scenario.mitigations, () if inputs.mitigations is None else inputs.mitigations["mitigation_id"]),
        ("road edge", scenario.closed_edge_ids, inputs.roads.edges["edge_id"]),
        ("road node", ends, inputs.roads.nodes["node_id"]),
    ):
        faults += _unknown(name, what, wanted, known)
    faults += [
        f"scenario {name} adds a road from {road.from_node_id} to itself"
        for road in scenario.new_roads
        if road.from_node_id == road.to_node_id
    ]
    wanted = [change.road_class for change in scenario.speed_changes if change.road_class != "all"]
    return faults + _unknown(name, "class of the speed table", wanted, inputs.speeds["road_class"])


def _unknown(name: str, what: str, wanted: Sequence[str], there: Iterable[str]) -> list[str]:
    faults = []
    # roads are many: they are gone through only where one is named
    known = set(there) if wanted else set()
    for one in wanted:
        if one not in known:
            near = difflib.get_close_matches(one, sorted(known), n=1, cutoff=0.75)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            faults.append(f"scenario {name} names the unknown {what} {one!r}{hint}")
    return faults
