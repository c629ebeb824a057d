"""Named scenarios: one TOML file each in ``schemes/scenarios``: schemes laid over the baseline, and other changes.

```toml
name = "bypass"                      # the file's name
title = "The programme without Didcot, with a bridge"
based_on = "programme"               # optional: all of its schemes and changes too
without_schemes = ["didcot-special"] # optional: schemes of the other scenario that this one leaves out
schemes = []                         # further schemes

[assumptions]                        # optional: other values of assumptions of area.toml
rate_trend_shape = "constant"

[demand]                             # optional
mitigations = ["04-support-bases"]

[roads]                              # optional
closed_edges = ["thames-07"]
new = [{ from_node = "culham", to_node = "didcot", road_class = "primary", length_m = 4200 }]

[[speeds]]                           # optional: every class of road, or one, at a share of its speed
road_class = "all"
kph_share = 0.9

[[policy.substitutions]]             # optional: a row of schools/acceptance.csv
place_sought = "special_school"
provision_type = "specialist_base"
source = "placement panel"

[[own_schemes]]                      # optional: schemes of this scenario alone; see `sufficiency.sources.own_schemes`
scheme_id = "base-wantage"
```
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.issues import Issue
from sufficiency.model.results import NewRoad, Scenario, SpeedChange, Substitution
from sufficiency.model.scheme_ids import NAME
from sufficiency.sources.own_schemes import KEY as OWN_SCHEMES
from sufficiency.sources.own_schemes import faults_of_own, own_scheme_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["read_scenario", "read_scenarios"]

_COUNT: Final = "a whole number from 0"
_NUMBER: Final = "a number above 0"
_SHARE: Final = "a number from 0.05 to 20"
_TEXT: Final = "text"
_IDS: Final = "a list of texts"
_CLASS: Final = "a class of road, or all"
_KINDS: Final[dict[str, str]] = {
    "name": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "schemes": _IDS,
    "stated_places": _COUNT,
    "illustrative": "true or false",
    "complete_in": _TEXT,
    "based_on": _TEXT,
    "without_schemes": _IDS,
    "assumptions": "a table",
    "demand": "a table",
    "roads": "a table",
    "speeds": "a list of tables",
    "policy": "a table",
    OWN_SCHEMES: "a list of tables",
}
# whatever a scenario may do
_CHANGES: Final = {
    "schemes",
    "based_on",
    "without_schemes",
    "assumptions",
    "demand",
    "roads",
    "speeds",
    "policy",
    OWN_SCHEMES,
}
_NEEDED: Final = ("name", "title", "schemes")
_INSIDE: Final[dict[str, dict[str, str]]] = {
    "demand": {"mitigations": _IDS},
    "roads": {"closed_edges": _IDS, "new": "a list of tables"},
    "policy": {"substitutions": "a list of tables"},
}
_ROWS: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    # the list -> its keys, and those that it needs
    "roads.new": (
        {"from_node": _TEXT, "to_node": _TEXT, "road_class": "a class of road", "length_m": _NUMBER},
        ("from_node", "to_node", "road_class"),
    ),
    "speeds": ({"road_class": _CLASS, "kph_share": _SHARE}, ("road_class", "kph_share")),
    "policy.substitutions": (
        {
            "place_sought": "a type of provision",
            "provision_type": "a type of provision",
            "need": "a need, or all",
            "phase": "a phase, or all",
            "order": _COUNT,
            "penalty_min": _COUNT,
            "source": _TEXT,
        },
        ("place_sought", "provision_type", "source"),
    ),
}
_CODES: Final[dict[str, tuple[str, ...]]] = {
    "a class of road": v.ROAD_CLASSES,
    _CLASS: (v.ALL, *v.ROAD_CLASSES),
    "a type of provision": v.PROVISION_TYPES,
    "a need, or all": (v.ALL, *v.NEEDS),
    "a phase, or all": (v.ALL, *v.PHASES),
}


def read_scenarios(directory: Path, scheme_ids: Iterable[str], issues: list[Issue]) -> dict[str, Scenario]:
    """Read every ``*.toml`` of the folder ``scenarios``, in order of file name.

    Parameters
    ----------
    directory
        The folder; it must hold at least ``do_nothing.toml``.
    scheme_ids
        The schemes that exist.
    issues
        Faults are appended here; a scenario at fault is left out, and so is one based on it.

    Returns
    -------
    dict
        Scenario name -> scenario, with everything of the scenario that it is based on.
    """
    # A scheme that was itself refused is not reported again: mending it mends both.
    known = {str(one) for one in scheme_ids} | {one.key for one in issues if one.table == "schemes"}
    found: dict[str, tuple[Scenario, tuple[str, ...]]] = {}
    paths = sorted(directory.glob("*.toml"))
    for path in paths:
        read = _read(path, known, issues)
        if read is not None:
            found[read[0].scenario_id] = read
    names = {path.stem for path in paths}
    scenarios = {name: one for name in found if (one := _whole(name, found, names, issues)) is not None}
    if "do_nothing" not in scenarios:
        _fault(issues, "do_nothing.toml", "name", "", ("scenario_missing", "there is no scenario do_nothing", "add it"))
    return scenarios


def read_scenario(
    path: Path, scheme_ids: Iterable[str], issues: list[Issue], others: Mapping[str, Scenario] | None = None
) -> Scenario | None:
    """Read one scenario file; return None, with issues, when it is at fault.

    The name must equal the file's name without ``.toml``; ``schemes`` must exist and stand once. ``stated_places`` is
    the number of special-school and specialist-base places that the scenario adds when complete, ``complete_in`` the
    academic year when it is, for its readers.

    Parameters
    ----------
    path
        The file.
    scheme_ids
        The schemes that exist.
    issues
        Faults are appended here.
    others
        The scenarios that it may be based on.
    """
    read = _read(path, {str(one) for one in scheme_ids}, issues)
    if read is None:
        return None
    known = {name: (one, ()) for name, one in (others or {}).items()}
    return _whole(path.stem, {**known, path.stem: read}, {*known, path.stem}, issues)


def _read(path: Path, known: set[str], issues: list[Issue]) -> tuple[Scenario, tuple[str, ...]] | None:
    """Return a scenario as its own file says, and the schemes that it leaves out."""
    before = len(issues)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        found = ("toml_broken", f"the file is not valid TOML ({error})", "look at the line named")
        _fault(issues, path.name, "", "", found)
        return None
    _check_names(path, raw, issues)
    if len(issues) > before:
        return None
    schemes = [str(one) for one in raw["schemes"]]
    without = [str(one) for one in raw.get("without_schemes", [])]
    _check_schemes(path, "schemes", schemes, sorted(known), issues)
    _check_schemes(path, "without_schemes", without, sorted(known), issues)
    if without and "based_on" not in raw:
        wrong = ("nothing_to_leave_out", "without_schemes leaves out schemes of another scenario", "add based_on")
        _fault(issues, path.name, "without_schemes", without[0], wrong)
    if not NAME.fullmatch(str(raw["name"])):
        wrong = ("name_of_scenario", f"the name {raw['name']!r} is none", "use a-z, 0-9, _ and -, such as bases_first")
        _fault(issues, path.name, "name", str(raw["name"]), wrong)
    if not str(raw["title"]).strip():
        _fault(issues, path.name, "title", "", ("title_blank", "the title is blank", "say what the scenario is"))
    if raw["name"] == "do_nothing" and set(raw) & _CHANGES and any(raw[name] for name in _CHANGES & set(raw)):
        wrong = ("nothing_is_done", "do_nothing has no schemes and changes nothing", "write another scenario")
        _fault(issues, path.name, "schemes", "", wrong)
    if raw["name"] != path.stem:
        wrong = ("name_of_file", f"the name {raw['name']!r} is not the file's {path.stem!r}", "make them equal")
        _fault(issues, path.name, "name", str(raw["name"]), wrong)
    return None if len(issues) > before else (_scenario(raw, [*schemes, *own_scheme_ids(raw)]), tuple(without))


def _scenario(raw: Mapping[str, Any], schemes: list[str]) -> Scenario:
    roads = raw.get("roads", {})
    new = [{key.replace("_node", "_node_id"): value for key, value in row.items()} for row in roads.get("new", [])]
    return Scenario(
        scenario_id=str(raw["name"]),
        title=str(raw["title"]),
        description=str(raw.get("description", "")),
        scheme_ids=tuple(schemes),
        stated_places=raw.get("stated_places"),
        illustrative=bool(raw.get("illustrative", False)),
        complete_in=str(raw.get("complete_in", "")),
        based_on=str(raw.get("based_on", "")),
        assumptions=dict(raw.get("assumptions", {})),
        mitigations=tuple(raw.get("demand", {}).get("mitigations", ())),
        closed_edge_ids=tuple(roads.get("closed_edges", ())),
        new_roads=tuple(NewRoad(**row) for row in new),
        speed_changes=tuple(SpeedChange(**row) for row in raw.get("speeds", ())),
        substitutions=tuple(Substitution(**row) for row in raw.get("policy", {}).get("substitutions", ())),
    )


def _whole(
    name: str, found: Mapping[str, tuple[Scenario, tuple[str, ...]]], names: set[str], issues: list[Issue]
) -> Scenario | None:
    """Return a scenario with everything of those that it is based on; None, with an issue, when there is no end."""
    file, chain = f"{name}.toml", [name]
    while base := found[chain[-1]][0].based_on:
        if base in chain:
            wrong = ("based_on_itself", f"{' is based on '.join([*chain, base])}", "let one of them stand by itself")
            _fault(issues, file, "based_on", base, wrong)
            return None
        if base not in found:
            if base not in names:
                near = get_close_matches(base, sorted(names), n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"
                wrong = ("unknown_scenario", f"there is no scenario {base!r} to be based on", hint)
                _fault(issues, file, "based_on", base, wrong)
            return None
        chain.append(base)
    whole = found[chain[-1]][0]
    for step in reversed(chain[:-1]):
        own, without = found[step]
        missing = [one for one in without if one not in whole.scheme_ids]
        if missing:
            wrong = ("not_there", f"{own.based_on} has no scheme {missing[0]!r} to leave out", "take it out")
            _fault(issues, file, "without_schemes", missing[0], wrong)
            return None
        whole = _together(whole, own, without)
    return whole


def _together(base: Scenario, own: Scenario, without: tuple[str, ...]) -> Scenario:
    """Return a scenario laid over another."""
    kept = [one for one in base.scheme_ids if one not in without]

    def joined(name: str) -> tuple[Any, ...]:
        return tuple(dict.fromkeys([*getattr(base, name), *getattr(own, name)]))

    names = ("mitigations", "closed_edge_ids", "new_roads", "substitutions")
    changes: dict[str, Any] = {name: joined(name) for name in names}
    # each change multiplies, so one that is written twice counts twice
    changes["speed_changes"] = (*base.speed_changes, *own.speed_changes)
    changes["scheme_ids"] = tuple(dict.fromkeys([*kept, *own.scheme_ids]))
    changes["assumptions"] = {**base.assumptions, **own.assumptions}
    return replace(own, **changes)


def _is_kind(value: object, kind: str) -> bool:
    """Return whether a value is of a kind, in the words of the messages."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    simple = {
        _TEXT: isinstance(value, str),
        "true or false": isinstance(value, bool),
        "a table": isinstance(value, dict),
        "a list of tables": isinstance(value, list) and all(isinstance(one, dict) for one in value),
        _IDS: isinstance(value, list) and all(isinstance(one, str) for one in value),
        _COUNT: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        _SHARE: number and 0.05 <= value <= 20,  # type: ignore[operator]  # it is a number
        _NUMBER: number and 0 < value < 1e9,  # type: ignore[operator]  # it is a number
    }
    return simple[kind] if kind in simple else isinstance(value, str) and value in _CODES[kind]


def _check_names(path: Path, raw: dict[str, Any], issues: list[Issue]) -> None:
    faults = len(issues)
    _check_table(path, "", raw, (_KINDS, _NEEDED), issues)
    if len(issues) > faults:
        return
    for section, kinds in _INSIDE.items():
        _check_table(path, section, raw.get(section, {}), (kinds, ()), issues)
    if len(issues) > faults:
        return
    for name, rules in _ROWS.items():
        section, _, inside = name.partition(".")
        rows = raw.get(section, {}).get(inside, []) if inside else raw.get(section, [])
        for number, row in enumerate(rows, start=1):
            _check_table(path, f"{name} {number}", row, rules, issues)
    for where, value, message, fix in faults_of_own(raw):
        _fault(issues, path.name, where, value, ("own_scheme", message, fix))


def _check_table(
    path: Path,
    where: str,
    found: Mapping[str, Any],
    rules: tuple[Mapping[str, str], tuple[str, ...]],
    issues: list[Issue],
) -> None:
    """Report unknown names, values of another kind and missing names of one table."""
    kinds, needed = rules
    dot = f"{where}." if where else ""
    for name, value in found.items():
        if name not in kinds:
            near = get_close_matches(name, kinds, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use only {', '.join(kinds)}"
            _fault(issues, path.name, dot + name, "", ("unknown_name", f"{name!r} is not known in a scenario", hint))
        elif not _is_kind(value, kinds[name]):
            codes = _CODES.get(kinds[name])
            fix = f"use one of {', '.join(codes)}" if codes else "correct it"
            wrong = ("wrong_kind", f"{dot}{name} must be {kinds[name]}", fix)
            _fault(issues, path.name, dot + name, str(value), wrong)
    for name in needed:
        if name not in found:
            what = where or "the scenario"
            _fault(issues, path.name, dot + name, "", ("name_missing", f"{what} has no {name}", f"add {name}"))


def _check_schemes(path: Path, column: str, schemes: list[str], known: list[str], issues: list[Issue]) -> None:
    for scheme_id in dict.fromkeys(schemes):
        if scheme_id not in known:
            near = get_close_matches(scheme_id, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else "add it to schemes.csv"
            found = ("unknown_id", f"the scheme {scheme_id!r} is not in schemes.csv", hint)
            _fault(issues, path.name, column, scheme_id, found)
        if schemes.count(scheme_id) > 1:
            found = ("scheme_twice", f"the scheme {scheme_id!r} is listed more than once", "list it once")
            _fault(issues, path.name, column, scheme_id, found)


def _fault(issues: list[Issue], file: str, column: str, value: str, found: tuple[str, str, str]) -> None:
    check, message, fix = found
    name = f"schemes/scenarios/{file}"
    issues.append(
        Issue(name, None, "scenarios", file.removesuffix(".toml"), column, value, check, "error", message, fix)
    )
