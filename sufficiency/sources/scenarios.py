"""Named scenarios: one TOML file each in ``schemes/scenarios``, listing the schemes laid over the baseline."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.issues import Issue
from sufficiency.model.results import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["read_scenario", "read_scenarios"]

_KINDS: Final[dict[str, type]] = {
    "name": str,
    "title": str,
    "description": str,
    "schemes": list,
    "stated_places": int,
    "illustrative": bool,
    "complete_in": str,
}
_NEEDED: Final = ("name", "title", "schemes")


def read_scenarios(directory: Path, scheme_ids: Iterable[str], issues: list[Issue]) -> dict[str, Scenario]:
    """Read every ``*.toml`` of the folder ``scenarios``, in order of file name.

    Parameters
    ----------
    directory
        The folder; it must hold at least ``do_nothing.toml``.
    scheme_ids
        The schemes that exist.
    issues
        Faults are appended here; a scenario at fault is left out.

    Returns
    -------
    dict
        Scenario name -> scenario.
    """
    # A scheme that was itself refused is not reported again: mending it mends both.
    known = {str(one) for one in scheme_ids} | {one.key for one in issues if one.table == "schemes"}
    scenarios: dict[str, Scenario] = {}
    for path in sorted(directory.glob("*.toml")):
        scenario = read_scenario(path, known, issues)
        if scenario is not None:
            scenarios[scenario.scenario_id] = scenario
    if "do_nothing" not in scenarios:
        _fault(issues, "do_nothing.toml", "name", "", ("scenario_missing", "there is no scenario do_nothing", "add it"))
    return scenarios


def read_scenario(path: Path, scheme_ids: Iterable[str], issues: list[Issue]) -> Scenario | None:
    """Read one scenario file; return None, with issues, when it is at fault.

    The name must equal the file's name without ``.toml``; ``schemes`` must exist and stand once. ``stated_places`` is
    the number of special-school and specialist-base places that the scenario adds when complete, ``complete_in`` the
    academic year when it is, for its readers.
    """
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
    _check_schemes(path, schemes, sorted({str(one) for one in scheme_ids}), issues)
    if raw["name"] != path.stem:
        found = ("name_of_file", f"the name {raw['name']!r} is not the file's {path.stem!r}", "make them equal")
        _fault(issues, path.name, "name", str(raw["name"]), found)
    if len(issues) > before:
        return None
    return Scenario(
        scenario_id=str(raw["name"]),
        title=str(raw["title"]),
        description=str(raw.get("description", "")),
        scheme_ids=tuple(schemes),
        stated_places=raw.get("stated_places"),
        illustrative=bool(raw.get("illustrative", False)),
    )


def _check_names(path: Path, raw: dict[str, Any], issues: list[Issue]) -> None:
    for name, value in raw.items():
        if name not in _KINDS:
            near = get_close_matches(name, _KINDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use only {', '.join(_KINDS)}"
            _fault(issues, path.name, name, "", ("unknown_name", f"{name!r} is not known in a scenario", hint))
        elif not isinstance(value, _KINDS[name]) or (
            name == "stated_places" and isinstance(value, int) and (isinstance(value, bool) or value < 0)
        ):
            wanted = {"list": "a list", "int": "a whole number", "bool": "true or false"}.get(
                _KINDS[name].__name__, "text"
            )
            _fault(issues, path.name, name, str(value), ("wrong_kind", f"{name} must be {wanted}", "correct it"))
    for name in _NEEDED:
        if name not in raw:
            _fault(issues, path.name, name, "", ("name_missing", f"the scenario has no {name}", f"add {name}"))


def _check_schemes(path: Path, schemes: list[str], known: list[str], issues: list[Issue]) -> None:
    for scheme_id in dict.fromkeys(schemes):
        if scheme_id not in known:
            near = get_close_matches(scheme_id, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else "add it to schemes.csv"
            found = ("unknown_id", f"the scheme {scheme_id!r} is not in schemes.csv", hint)
            _fault(issues, path.name, "schemes", scheme_id, found)
        if schemes.count(scheme_id) > 1:
            found = ("scheme_twice", f"the scheme {scheme_id!r} is listed more than once", "list it once")
            _fault(issues, path.name, "schemes", scheme_id, found)


def _fault(issues: list[Issue], file: str, column: str, value: str, found: tuple[str, str, str]) -> None:
    check, message, fix = found
    name = f"schemes/scenarios/{file}"
    issues.append(
        Issue(name, None, "scenarios", file.removesuffix(".toml"), column, value, check, "error", message, fix)
    )
