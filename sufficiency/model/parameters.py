"""The parameters of an area (``area.toml``): who, which years, and every assumption with its unit, source and date.

Unknown and missing names are refused, all at once, so that a misspelt assumption never falls back in silence.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sufficiency.model.errors import GeographyError, ParameterError
from sufficiency.model.geography import metric_system
from sufficiency.model.online_tiles import MAP_KEYS, tile_faults
from sufficiency.model.report_keys import report_faults
from sufficiency.model.rounding import rule_faults
from sufficiency.model.vocabulary import HEADLINE_TYPES, PROFILES


@dataclass(frozen=True)
class Number:
    """A number within bounds, or one of a few words."""

    least: float
    most: float
    whole: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of a few codes."""

    codes: tuple[str, ...]


# where the extra pupils of a local place would otherwise be; the cheapest of them is the one that takes up the rest
COUNTERFACTUALS: Final = ("independent", "mainstream", "other_arrangements", "other_council")
_SHARES: Final = tuple(f"{kind}_from_{one}_share" for kind in HEADLINE_TYPES for one in COUNTERFACTUALS)
_ALLOWED: Final[dict[str, Number | Choice | type[bool]]] = {
    "demand_definition": Choice(("A", "B")),
    "journey_limit_primary_min": Number(0, 600),
    "journey_limit_secondary_min": Number(0, 600),
    "journey_limit_post_16_min": Number(0, 600),
    "reach_limit_min": Number(0, 600, words=("none",)),
    "snap_detour_ratio": Number(1, 5),
    "snap_kph": Number(1, 130),
    "snap_limit_m": Number(0, 100_000),
    "travel_profile": Choice(PROFILES),
    "retention_share": Number(0, 1),
    "movement_share": Number(0, 1),
    "preference_decay_per_min": Number(0, 10),
    "preference_leakage_share": Number(0, 1),
    "net_other_councils_pupils": bool,
    "school_days_per_year": Number(1, 366, whole=True),
    "journeys_per_day": Number(1, 4, whole=True),
    "transported_share": Number(0, 1),
    "transport_gbp_per_pupil": Number(0, 10_000_000),
    "transport_gbp_per_pupil_km": Number(0, 1_000),
    "vehicle_occupancy_pupils": Number(0.1, 100),
    "vehicle_seats": Number(1, 100, whole=True),
    "boarding_s": Number(0, 3_600),
    "pickup_detour_limit_min": Number(0, 600),
    "walking_limit_age_years": Number(0, 30, whole=True),
    "walking_limit_younger_miles": Number(0, 100),
    "walking_limit_older_miles": Number(0, 100),
    "empty_running_share": Number(0, 10),
    "vehicle_kgco2e_per_km": Number(0, 10),
    "independent_place_gbp": Number(0, 10_000_000),
    "special_school_place_gbp": Number(0, 10_000_000),
    "specialist_base_place_gbp": Number(0, 10_000_000),
    "capital_gbp_per_base_place": Number(0, 10_000_000),
    **dict.fromkeys(_SHARES, Number(0, 1)),
    "mainstream_plus_topup_gbp": Number(0, 10_000_000),
    "other_arrangements_gbp": Number(0, 10_000_000),
    "other_council_place_gbp": Number(0, 10_000_000),
    "special_school_place_funding_gbp": Number(0, 10_000_000),
    "specialist_base_place_funding_gbp": Number(0, 10_000_000),
    "start_up_gbp_per_place": Number(0, 10_000_000),
    "specialist_base_capital_gbp": Number(0, 10_000_000_000),
    "capital_before_opening_share": Number(0, 1),
    "discount_rate_share": Number(0, 1),
    "appraisal_years": Number(1, 100, whole=True),
    "targeted_plus_share": Number(0, 1),
    "support_partner_limit_km": Number(0, 500),
    "support_week_share": Number(0.01, 1),
    "support_turns_per_year": Number(0.1, 50),
    "forecast_method": Choice(("controls", "rates")),
    "births_annual_change_share": Number(-0.5, 0.5),
    "rate_trend_shape": Choice(("none", "constant", "damped", "saturating")),
    "rate_trend_damping_share": Number(0, 1),
    "rate_ceiling_share": Number(0, 1),
    "rate_innovation_share": Number(0, 1),
    "pupil_yield_early_years_per_dwelling": Number(0, 5),
    "pupil_yield_primary_per_dwelling": Number(0, 5),
    "pupil_yield_secondary_per_dwelling": Number(0, 5),
    "pupil_yield_post_16_per_dwelling": Number(0, 5),
    "new_homes_additional_share": Number(0, 1),
    "new_homes_ehcp_share": Number(0, 1),
    "new_homes_pace_share": Number(0, 2),
    "deprivation_rate_ratio": Number(0.1, 10),
    "caseload_weight_share": Number(0, 1),
    "short_share": Number(0, 1),
    "demand_after_headline_year": Choice(("extrapolated", "low", "high")),
    "placement_mix": Choice(("as_today", "towards_bases", "table")),
    "specialist_base_share_when_complete": Number(0, 1),
    "placement_mix_complete_year": Number(1990, 2100, whole=True),
    "redraw_places_spread_share": Number(0, 1),
    "redraw_rates_spread_share": Number(0, 1),
}
ASSUMPTION_NAMES: Final[tuple[str, ...]] = tuple(_ALLOWED)
_SHARE_TOLERANCE: Final = 1e-9
_TOP_NEEDED: Final = ("area", "years", "disclosure", "assumptions")
_TOP: Final = (*_TOP_NEEDED, "map", "report")
_AREA: Final = ("area_id", "area_name", "county_id", "crs", "report_date", "illustrative", "illustrative_note")
_YEARS: Final = ("calibration", "first", "headline", "last")
_DISCLOSURE: Final = ("hide_up_to", "round_counts_to")
_DISCLOSURE_NEEDED: Final = ("hide_up_to",)
_FIELDS: Final = ("value", "low", "high", "unit", "source", "date", "effect")
_NEEDED_FIELDS: Final = ("value", "unit", "source", "date", "effect")


@dataclass(frozen=True)
class Assumption:
    """One assumption: its value and, where it is uncertain, its range; its unit, source, date and effect."""

    name: str
    value: Any
    low: Any
    high: Any
    unit: str
    source: str
    date: str
    effect: str


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
        if name not in _ALLOWED:
            faults.append(f"there is no assumption {name!r}{_nearest(name, ASSUMPTION_NAMES)}")
        elif wrong := _value_fault(name, value):
            faults.append(f"{name} is {value!r}: it {wrong}")
        else:
            assumptions[name] = replace(
                assumptions[name], value=value, low=None, high=None, source=f"changed from {assumptions[name].value!r}"
            )
    faults += _share_faults(assumptions)
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
            wrong = _value_fault(name, entry[field]) if field in entry else ""
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


def _share_faults(assumptions: Mapping[str, Assumption]) -> list[str]:
    """Return the sets of shares of where pupils would otherwise be that do not add up to 1, centrally or at an end.

    Mainstream takes up the rest, so its high value stands beside the low values of the other three.
    """
    faults = []
    for kind in HEADLINE_TYPES:
        names = {one: f"{kind}_from_{one}_share" for one in COUNTERFACTUALS}
        if not all(name in assumptions for name in names.values()):
            continue
        for case, rest in (("value", "value"), ("low", "high"), ("high", "low")):
            ends = {one: (assumptions[name], rest if one == "mainstream" else case) for one, name in names.items()}
            total = sum(
                found.value if getattr(found, end) is None else getattr(found, end) for found, end in ends.values()
            )
            if abs(total - 1) > _SHARE_TOLERANCE:
                of = f"the {rest} of mainstream and the {case} of the other three" if case != rest else "the values"
                faults.append(
                    f"the four shares {kind}_from_..._share must add up to 1, and {of} add up to {total:g}: "
                    "change them together"
                )
    return faults


def _value_fault(name: str, value: Any) -> str:
    """Return what is wrong with a value of an assumption, or an empty string."""
    allowed = _ALLOWED[name]
    if allowed is bool:
        return "" if isinstance(value, bool) else "must be true or false"
    if isinstance(allowed, Choice):
        return "" if value in allowed.codes else f"must be one of {', '.join(allowed.codes)}"
    if isinstance(value, str) and value in allowed.words:
        return ""
    words = f", or {' or '.join(allowed.words)}" if allowed.words else ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"must be a number{words}"
    if allowed.whole and value != int(value):
        return f"must be a whole number{words}"
    if not allowed.least <= value <= allowed.most:
        return f"must lie in {allowed.least:g} to {allowed.most:g}{words}"
    return ""


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
    more += _share_faults(assumptions)
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
