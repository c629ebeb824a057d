"""The parameters of an area (``area.toml``): who, which years, and every assumption with its unit, source and date.

Unknown and missing names are refused, all at once, so that a misspelt assumption never falls back in silence.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sufficiency.model.assumptions import ALLOWED, ASSUMPTION_NAMES, Assumption, share_faults, value_fault
from sufficiency.model.errors import GeographyError, ParameterError
from sufficiency.model.geography import metric_system
from sufficiency.model.online_tiles import MAP_KEYS, tile_faults
from sufficiency.model.report_keys import report_faults
from sufficiency.model.rounding import rule_faults

_TOP_NEEDED: Final = ("area", "years", "disclosure", "assumptions")
_TOP: Final = (*_TOP_NEEDED, "map", "report")
_AREA: Final = ("area_id", "area_name", "county_id", "crs", "report_date", "illustrative", "illustrative_note")
_YEARS: Final = ("calibration", "first", "headline", "last")
_DISCLOSURE: Final = ("hide_up_to", "round_counts_to")
_DISCLOSURE_NEEDED: Final = ("hide_up_to",)
_FIELDS: Final = ("value", "low", "high", "unit", "source", "date", "effect")
_NEEDED_FIELDS: Final = ("value", "unit", "source", "date", "effect")


@dataclass(frozen=True)
class Parameters:
    """Everything about an area and a run that is not a table. Frozen: a scenario makes new parameters."""

    area_id: str
    area_name: str
    county_id: str
    crs: str
    report_date: dt.date
    illustrative: bool
    illustrative_note: str
    calibration_year: int
    first_year: int
    headline_year: int
    last_year: int
    hide_up_to: int
    assumptions: Mapping[str, Assumption]
    online_tiles: str = ""
    online_tiles_attribution: str = ""
    docx_template: str = ""
    round_counts_to: int = 0

    @property
    def years(self) -> tuple[int, ...]:
        """The years of a run: the calibration year, then the first to the last forecast year."""
        return tuple(sorted({self.calibration_year, *range(self.first_year, self.last_year + 1)}))

    def value(self, name: str) -> Any:
        """Return the central value of an assumption.

        Raises
        ------
        ParameterError
            When there is no such assumption.
        """
        if name not in self.assumptions:
            message = f"there is no assumption {name!r}{_nearest(name, ASSUMPTION_NAMES)}"
            raise ParameterError(message)
        return self.assumptions[name].value

    def range(self, name: str) -> tuple[Any, Any, Any]:
        """Return low, central and high value of an assumption; the central value where no range is given."""
        central = self.value(name)
        found = self.assumptions[name]
        return (
            central if found.low is None else found.low,
            central,
            central if found.high is None else found.high,
        )


def with_values(parameters: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Return parameters with other central values of assumptions; their ranges are taken out, their units stay.

    Parameters
    ----------
    parameters
        Not changed.
    values
        Assumption -> value.

    Raises
    ------
    ParameterError
        When an assumption is unknown, or a value not possible. All faults at once.
    """
    faults = []
    assumptions = dict(parameters.assumptions)
    for name, value in values.items():
        if name not in ALLOWED:
            faults.append(f"there is no assumption {name!r}{_nearest(name, ASSUMPTION_NAMES)}")
        elif wrong := value_fault(name, value):
            faults.append(f"{name} is {value!r}: it {wrong}")
        else:
            assumptions[name] = replace(
                assumptions[name], value=value, low=None, high=None, source=f"changed from {assumptions[name].value!r}"
            )
    faults += share_faults(assumptions)
    if faults:
        raise ParameterError("; ".join(faults))
    return replace(parameters, assumptions=MappingProxyType(assumptions))


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _keys(where: str, found: Mapping[str, Any], known: tuple[str, ...], needed: tuple[str, ...]) -> list[str]:
    faults = [f"[{where}] unknown key {key!r}{_nearest(key, known)}" for key in found if key not in known]
    return faults + [f"[{where}] lacks {key!r}" for key in needed if key not in found]


def _assumptions(table: Mapping[str, Any]) -> tuple[dict[str, Assumption], list[str]]:
    faults = _keys("assumptions", table, ASSUMPTION_NAMES, ASSUMPTION_NAMES)
    out = {}
    for name in ASSUMPTION_NAMES:
        entry = table.get(name)
        if entry is None:
            continue
        if not isinstance(entry, Mapping):
            faults.append(f"[assumptions.{name}] must be a table with value, unit, source, date and effect")
            continue
        missing = _keys(f"assumptions.{name}", entry, _FIELDS, _NEEDED_FIELDS)
        for field in ("value", "low", "high"):
            wrong = value_fault(name, entry[field]) if field in entry else ""
            missing += [f"[assumptions.{name}] {field} is {entry[field]!r}: it {wrong}"] if wrong else []
        faults += missing
        if missing:
            continue
        low, value, high = entry.get("low"), entry["value"], entry.get("high")
        numbers = [x for x in (low, value, high) if isinstance(x, int | float) and not isinstance(x, bool)]
        if numbers != sorted(numbers):
            faults.append(f"[assumptions.{name}] low, value and high are not in ascending order")
        out[name] = Assumption(
            name, value, low, high, *(str(entry[key]) for key in ("unit", "source", "date", "effect"))
        )
    return out, faults


def _sections(raw: Mapping[str, Any]) -> list[str]:
    faults = _keys("top", raw, _TOP, _TOP_NEEDED) + _map_faults(raw.get("map", {}))
    faults += report_faults(raw.get("report", {}))
    for section, known, needed in (
        ("area", _AREA, _AREA),
        ("years", _YEARS, _YEARS),
        ("disclosure", _DISCLOSURE, _DISCLOSURE_NEEDED),
    ):
        found = raw.get(section, {})
        faults += _keys(section, found, known, needed) if isinstance(found, Mapping) else [f"[{section}] is no table"]
    if faults:
        return faults
    for section in ("years", "disclosure"):
        faults += [
            f"[{section}] {key} must be a whole number"
            for key, value in raw[section].items()
            if not isinstance(value, int) or isinstance(value, bool)
        ]
    years = [raw["years"][key] for key in _YEARS]
    if not faults and not years[0] <= years[1] <= years[2] <= years[3]:
        faults.append("[years] must ascend: calibration, first, headline, last")
    if not faults:
        faults += rule_faults(raw["disclosure"]["hide_up_to"], raw["disclosure"].get("round_counts_to", 0))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", str(raw["area"]["area_id"])):
        faults.append("[area] area_id must be lower-case letters, digits and hyphens, for it names the files written")
    faults += _crs_faults(str(raw["area"]["crs"]))
    if not isinstance(raw["area"]["report_date"], dt.date):
        faults.append("[area] report_date must be a date such as 2026-11-23, without quotation marks")
    if not isinstance(raw["area"]["illustrative"], bool):
        faults.append("[area] illustrative must be true or false")
    return faults


def _map_faults(found: Any) -> list[str]:
    if not isinstance(found, Mapping):
        return ["[map] is no table"]
    return _keys("map", found, MAP_KEYS, MAP_KEYS if found else ()) + tile_faults(found)


def _crs_faults(crs: str) -> list[str]:
    try:
        metric_system(crs)
    except GeographyError as error:
        return [f"[area] crs: {error}"]
    return []


def read_parameters(path: Path) -> Parameters:
    """Read ``area.toml``.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    `Parameters`
        Frozen; every assumption of `ASSUMPTION_NAMES` is present.

    Raises
    ------
    ParameterError
        Listing every unknown, missing or impossible entry at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        message = f"there is no {path.name} in {path.parent}; `sufficiency init` writes a template"
        raise ParameterError(message) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise ParameterError(message) from None
    faults = _sections(raw)
    table = raw.get("assumptions", {})
    assumptions, more = _assumptions(table if isinstance(table, Mapping) else {})
    more += share_faults(assumptions)
    if faults + more:
        message = f"{path.name}: " + "; ".join(faults + more)
        raise ParameterError(message)
    area, years = raw["area"], raw["years"]
    return Parameters(
        area_id=str(area["area_id"]),
        area_name=str(area["area_name"]),
        county_id=str(area["county_id"]),
        crs=metric_system(str(area["crs"])),
        report_date=area["report_date"],
        illustrative=area["illustrative"],
        illustrative_note=str(area["illustrative_note"]),
        calibration_year=years["calibration"],
        first_year=years["first"],
        headline_year=years["headline"],
        last_year=years["last"],
        hide_up_to=raw["disclosure"]["hide_up_to"],
        round_counts_to=raw["disclosure"].get("round_counts_to", 0),
        assumptions=MappingProxyType(assumptions),
        docx_template=str(raw.get("report", {}).get("docx_template", "")),
        **{name: str(value) for name, value in raw.get("map", {}).items()},
    )
