"""Schemes on the map: where each stands, and the released facts and figures of its card.

The facts are those of the released tables; only the position comes from the inputs, where a scheme has one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.geography import to_wgs84
from sufficiency.model.vocabulary import PROVISION_TYPE_NAMES, year_label
from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps.places import DECIMALS
from sufficiency.outputs.maps.settings import needs_words, years_of_age

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, Released
    from sufficiency.outputs.maps.figures import Cell, Frame

# The streams in the order of the list; the headline first.
ORDER: Final = tuple(PROVISION_TYPE_NAMES)
_ACTIONS: Final = {
    "open": "new",
    "expand": "more places at an open setting",
    "convert": "places of another kind at an open setting",
    "close": "closing",
    "relocate": "moving to another site",
}
_RAG: Final = {
    "green": "green: on course",
    "amber": "amber: at some risk",
    "red": "red: at serious risk",
}
_FACTS: Final = (
    ("Funding line", "funding_line"),
    ("Responsible body", "responsible_body"),
    ("Statutory route", "statutory_route"),
    ("Site", "site_status"),
    ("Planning", "planning_status"),
    ("Consultation", "consultation_status"),
    ("Decision needed by", "decision_needed_by"),
    ("Why", "rationale"),
)
_EFFECTS: Final = (
    "places",
    "placed_pupils",
    "mean_min",
    "nearest_other_min",
    "left_out_local_pupils",
    "left_out_placed_pupils",
    "left_out_travel_min_per_day",
    "homes",
    "homes_rest_pupils",
)


def _text(value: Cell) -> str:
    return value.strip() if isinstance(value, str) else ""


def _capital_words(row: dict[str, Cell]) -> str:
    found = [row.get(f"capital_gbp_{case}") for case in ("low", "central", "high")]
    known = tuple(float(value) for value in found if isinstance(value, int | float))
    if len(known) < len(found):
        return ""
    first, middle, last = style.gbp_alike(known)
    return f"{first} to {last}, central {middle}" if first != last else middle


def _positions(inputs: Inputs) -> dict[str, list[float]]:
    schemes = inputs.schemes
    if schemes.empty or "scheme_id" not in schemes.columns:
        return {}
    out = {}
    for scheme, point in zip(schemes["scheme_id"].astype(str), schemes.geometry, strict=True):
        if point is None or point.is_empty or not math.isfinite(point.x):
            continue
        longitude, latitude = to_wgs84([point.x], [point.y], inputs.parameters.crs)
        out[scheme] = [round(float(latitude[0]), DECIMALS), round(float(longitude[0]), DECIMALS)]
    return out


def _stocks(released: Released) -> dict[str, list[list[Cell]]]:
    """Return places by year of each scheme, as lines of ``[year label, places]``."""
    out: dict[str, list[list[Cell]]] = {}
    if "scheme_stock" in released.tables:
        for row in maps_figures.cells(released, "scheme_stock"):
            year = year_label(int(str(row["year"])))
            out.setdefault(str(row["scheme_id"]), []).append([year, row["places"]])
    return {scheme: sorted(lines, key=lambda line: str(line[0])) for scheme, lines in out.items()}


def _effects(released: Released, frame: Frame) -> dict[str, list[dict[str, Cell]]]:
    """Return what each scheme does, by scenario and year, where it was reckoned."""
    out: dict[str, list[dict[str, Cell]]] = {}
    if "scheme_effects" in released.tables:
        for row in maps_figures.cells(released, "scheme_effects"):
            if row["scenario_id"] in frame.scenarios:
                entry: dict[str, Cell] = {"scenario": row["scenario_id"], "year": year_label(int(str(row["year"])))}
                entry |= {name: row.get(name) for name in _EFFECTS}
                out.setdefault(str(row["scheme_id"]), []).append(entry)
    return out


def scheme_rows(released: Released, inputs: Inputs, frame: Frame) -> list[dict[str, Any]]:
    """Return one entry a released scheme: name, kind, place, facts, places by year and what it does.

    Parameters
    ----------
    released
        The only source of facts and figures; a hidden figure is ``"c"``.
    inputs
        Positions of the schemes, and which scenario holds which.
    frame
        Scenarios and areas of the page.
    """
    if "schemes" not in released.tables:
        return []
    at, stocks, effects = _positions(inputs), _stocks(released), _effects(released, frame)
    place = {area: number for number, area in enumerate(frame.areas)}
    held = {
        name: set(inputs.scenarios[name].scheme_ids) if name in inputs.scenarios else set() for name in frame.scenarios
    }
    rows = []
    for row in maps_figures.cells(released, "schemes"):
        scheme, kind = str(row["scheme_id"]), str(row["provision_type"])
        first, last, opens = row.get("ncy_from"), row.get("ncy_to"), row.get("first_year")
        ages = (
            years_of_age(int(first), int(last))
            if isinstance(first, int | float) and isinstance(last, int | float)
            else ""
        )
        names = [_text(row["cluster_name"]), _text(row["district_name"])]
        facts = [[title, _text(row.get(name))] for title, name in _FACTS]
        rows.append(
            {
                "id": scheme,
                "name": _text(row["scheme_name"]),
                "kind": kind,
                "type": PROVISION_TYPE_NAMES.get(kind, kind),
                "action": _ACTIONS.get(str(row["action"]), str(row["action"])),
                "where": ", ".join(dict.fromkeys(filter(None, names))),
                "area": place.get(str(row["cluster_id"]), place.get(str(row["district_id"]), -1)),
                "at": at.get(scheme),
                "ages": ages,
                "needs": needs_words([row.get("needs")]),
                "first": year_label(int(opens)) if isinstance(opens, int | float) else "",
                "places": row["places_when_complete"],
                "capital": _capital_words(row),
                "funding": _text(row.get("funding_status")),
                "rag": _RAG.get(_text(row.get("delivery_rag")), _text(row.get("delivery_rag"))),
                "facts": [fact for fact in facts if fact[1]],
                "illustrative": row.get("quality") == "illustrative",
                "scenarios": [name for name in frame.scenarios if scheme in held[name]],
                "stock": stocks.get(scheme, []),
                "effects": effects.get(scheme, []),
            }
        )
    rank = {kind: number for number, kind in enumerate(ORDER)}
    return sorted(rows, key=lambda row: (rank.get(row["kind"], len(rank)), row["first"], row["name"], row["id"]))
