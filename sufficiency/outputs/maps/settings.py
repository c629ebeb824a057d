"""Settings as the map shows them: kind, needs, ages, and in which years of which scenario each is open.

A number of places is passed on only where it is published; whether a setting is open is not a number of places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.model.geography import to_wgs84
from sufficiency.model.vocabulary import NEED_NAMES, PROVISION_TYPE_NAMES
from sufficiency.outputs.maps.places import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from sufficiency.model.results import Inputs
    from sufficiency.outputs.maps.figures import Frame

_KIND_OF: Final = {
    "special_school": "special_school",
    "specialist_base": "specialist_base",
    "fe_specialist_unit": "post_16",
    "fe_mainstream": "post_16",
    "specialist_post_16": "post_16",
    "support_base": "support_base",
}
KIND_ORDER: Final = ("special_school", "specialist_base", "post_16", "independent", "other_council", "support_base")
_QUALITY_WORDS: Final = {
    "verified": "checked against the source",
    "published": "as published",
    "inferred": "inferred from published facts",
    "illustrative": "illustrative",
    "status_unverified": "status not verified",
    "": "not stated",
}
_WORST_FIRST: Final = ("illustrative", "status_unverified", "inferred", "published", "verified")


def _ncy_words(ncy: int) -> str:
    return "Reception" if ncy == 0 else "Nursery" if ncy < 0 else f"Year {ncy}"


def years_of_age(first: int, last: int) -> str:
    """Return a range of curriculum years in words, with the ages in them."""
    if last > 14:
        return f"{_ncy_words(first)} to age 25"
    return f"{_ncy_words(first)} to {_ncy_words(last)} (ages {max(first, -2) + 4} to {last + 5})"


def needs_words(values: Iterable[Any]) -> str:
    """Return the needs that any of some lists of codes admits, in words."""
    found = {code for value in values if isinstance(value, str) for code in value.split(";") if code}
    names = [name for code, name in NEED_NAMES.items() if code in found and code not in {"NSA", "UNK", "OTH"}]
    if len(names) >= len(NEED_NAMES) - 4:
        return "most needs"
    return "; ".join(names)


def _kind(sector: str, types: set[str], tiers: set[str]) -> str | None:
    if sector in {"independent", "non_maintained"} or "independent" in tiers:
        return "independent"
    if "other_council" in tiers:
        return "other_council"
    if sector == "further_education":
        return "post_16"
    return next((_KIND_OF[name] for name in _KIND_OF if name in types), None)


def _scheme_years(inputs: Inputs) -> dict[str, set[int]]:
    """Years with places by scheme."""
    places = inputs.scheme_places
    if places.empty:
        return {}
    found = places[places["places"] > 0]
    return {str(name): {int(year) for year in years} for name, years in found["year"].groupby(found["scheme_id"])}


def _with_setting(inputs: Inputs) -> pd.DataFrame:
    owner = dict(zip(inputs.provision["provision_id"], inputs.provision["setting_id"], strict=True))
    return inputs.places.assign(setting_id=inputs.places["provision_id"].map(owner))


def _base_years(inputs: Inputs) -> dict[str, set[int]]:
    """Years with places by setting, before any scheme."""
    if inputs.places.empty:
        return {}
    found = _with_setting(inputs)
    found = found[found["planned_places"].fillna(0) > 0]
    return {str(name): {int(year) for year in years} for name, years in found["year"].groupby(found["setting_id"])}


def _published_places(inputs: Inputs, year: int) -> dict[str, int]:
    """Places by setting in the year, only where every department's number is published."""
    if inputs.places.empty:
        return {}
    found = _with_setting(inputs)
    out = {}
    for name, group in found[found["year"] == year].groupby("setting_id"):
        if (group["basis"] == "published").all() and group["planned_places"].notna().all():
            out[str(name)] = int(group["planned_places"].sum())
    return out


def _support_years(inputs: Inputs, frame: Frame) -> dict[str, dict[str, set[int]]]:
    """Years in which a support base is open, by host and scenario; a base without a host school is not drawn."""
    bases = inputs.support_bases
    if bases.empty:
        return {}
    scenario = bases["scenario_id"].fillna("") if "scenario_id" in bases.columns else pd.Series("", index=bases.index)
    host = bases["setting_id"].fillna("")
    out: dict[str, dict[str, set[int]]] = {}
    for setting, of, year, places in zip(host, scenario, bases["year"], bases["places"], strict=True):
        if setting and places > 0:
            by_scenario = out.setdefault(str(setting), {name: set() for name in frame.scenarios})
            for name in frame.scenarios:
                if of in ("", name):
                    by_scenario[name].add(int(year))
    return out


@dataclass(frozen=True)
class _Opening:
    """When settings are open: by setting in the baseline, by scheme, and which schemes each scenario holds."""

    base: dict[str, set[int]]
    schemes: dict[str, set[int]]
    of_setting: dict[str, list[str]]
    in_scenario: dict[str, set[str]]

    def added(self, setting_id: str, scenario: str) -> set[int]:
        """Years that the scenario's schemes add at a setting."""
        ids = [one for one in self.of_setting.get(setting_id, []) if one in self.in_scenario[scenario]]
        return set().union(*(self.schemes.get(one, set()) for one in ids))

    def years(self, setting_id: str, status: str, scenario: str, years: tuple[int, ...]) -> set[int]:
        """Years open: all where nothing says otherwise; a proposed setting only from its places or schemes."""
        base, added = self.base.get(setting_id), self.added(setting_id, scenario)
        if status == "closed":
            return set()
        if status == "proposed":
            # Places in the very first year would say that it is open already: the stated status is believed.
            return added | (base if base is not None and years[0] not in base else set())
        return added | (set(years) if base is None else base)


def _opening(inputs: Inputs, frame: Frame) -> _Opening:
    of_setting: dict[str, list[str]] = {}
    schemes = inputs.schemes
    if "setting_id" in schemes.columns:
        for setting, scheme in zip(schemes["setting_id"], schemes["scheme_id"], strict=True):
            of_setting.setdefault(str(setting), []).append(str(scheme))
    held = {
        name: set(inputs.scenarios[name].scheme_ids) if name in inputs.scenarios else set() for name in frame.scenarios
    }
    return _Opening(_base_years(inputs), _scheme_years(inputs), of_setting, held)


def setting_rows(inputs: Inputs, frame: Frame) -> list[dict[str, Any]]:
    """Return one entry a setting and kind: id, name, kind, position, facts for its card, and when it is open.

    ``open`` holds, for each scenario, one character a year: 1 = open. A setting that only a scheme makes, and a support
    base, is ``listed`` in the scenarios that hold it.
    """
    opening = _opening(inputs, frame)
    published = _published_places(inputs, inputs.parameters.first_year)
    support = _support_years(inputs, frame)
    offers = dict(list(inputs.provision.groupby("setting_id")))
    rows = []
    for setting in inputs.settings.to_dict("records"):
        setting_id, status = str(setting["setting_id"]), str(setting["status"])
        offered = offers.get(setting_id, inputs.provision.iloc[:0])
        kind = _kind(str(setting["sector"]), set(offered["provision_type"]), set(offered["tier"]))
        facts = _facts(setting, offered)
        if kind is not None:
            opened = {name: opening.years(setting_id, status, name, frame.years) for name in frame.scenarios}
            more = {"kind": kind, "status": status, "places": published.get(setting_id)}
            rows.append({**facts, **more, "open": _flags(opened, frame)})
        if setting_id in support:
            rows.append(_support_row(facts, support[setting_id], frame))
    rows += _scheme_settings(inputs, frame, opening)
    for row in rows:
        point = row.pop("point")
        longitude, latitude = to_wgs84([point.x], [point.y], inputs.parameters.crs)
        row["at"] = [round(float(latitude[0]), DECIMALS), round(float(longitude[0]), DECIMALS)]
    return sorted(rows, key=lambda row: (KIND_ORDER.index(row["kind"]), row["name"], row["id"]))


def _flags(opened: dict[str, set[int]], frame: Frame) -> dict[str, str]:
    return {name: "".join("1" if year in opened[name] else "0" for year in frame.years) for name in frame.scenarios}


def _facts(setting: dict[Hashable, Any], offered: pd.DataFrame) -> dict[str, Any]:
    quality = "" if pd.isna(setting["quality"]) else str(setting["quality"])
    graded = [name for name in _WORST_FIRST if name in set(offered.get("quality", pd.Series(dtype=object)))]
    offer = graded[0] if graded else ""
    types = dict.fromkeys(PROVISION_TYPE_NAMES.get(name, name) for name in offered["provision_type"])
    ages = years_of_age(int(offered["ncy_from"].min()), int(offered["ncy_to"].max())) if len(offered) else ""
    return {
        "id": str(setting["setting_id"]),
        "name": str(setting["setting_name"]),
        "type": "; ".join(types),
        "ages": ages,
        "needs": needs_words(offered["needs"]),
        "source": "" if pd.isna(setting["source"]) else str(setting["source"]),
        "quality": _QUALITY_WORDS.get(quality, quality),
        "offer": _QUALITY_WORDS.get(offer, offer) if offer else "",
        "illustrative": "illustrative" in (quality, offer),
        "point": setting["geometry"],
    }


def _support_row(facts: dict[str, Any], opened: dict[str, set[int]], frame: Frame) -> dict[str, Any]:
    return {
        **facts,
        "name": f"{facts['name']}: support base (illustrative)",
        "kind": "support_base",
        "status": "proposed",
        "type": PROVISION_TYPE_NAMES["support_base"],
        "ages": "",
        "needs": "",
        "quality": _QUALITY_WORDS["illustrative"],
        "offer": "",
        "illustrative": True,
        "open": _flags(opened, frame),
        "listed": [name for name in frame.scenarios if opened[name]],
        "places": None,
    }


def _scheme_settings(inputs: Inputs, frame: Frame, opening: _Opening) -> list[dict[str, Any]]:
    """Return the settings that only a scheme makes: new bases and schools without a row in `settings`."""
    schemes = inputs.schemes
    if not {"setting_id", "setting_name", "provision_type"} <= set(schemes.columns):
        return []
    out = []
    new = schemes[~schemes["setting_id"].isin(inputs.settings["setting_id"])]
    for setting_id, group in new.groupby("setting_id", sort=True):
        kind = _kind("state", set(group["provision_type"]), set(group["tier"]))
        ids = {str(name) for name in group["scheme_id"]}
        listed = [name for name in frame.scenarios if ids & opening.in_scenario[name]]
        if kind in KIND_ORDER and listed and ids & set(opening.schemes):
            opened = {name: opening.added(str(setting_id), name) for name in frame.scenarios}
            facts = _facts(group.to_dict("records")[0], group)
            more = {"kind": kind, "status": "proposed", "places": None, "listed": listed}
            out.append({**facts, **more, "open": _flags(opened, frame)})
    return out
