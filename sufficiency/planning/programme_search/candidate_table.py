"""The table `candidates` read as schemes that could be: its faults, and every size and opening year of each row."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from sufficiency.model.vocabulary import year_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs

MOST_SIZES: Final = 60
__all__ = ["sized_options"]

Row = tuple[str, int, int, float, tuple[tuple[int, int, int, int], ...]]
_BASE: Final = "specialist_base"
_DEFAULTS: Final = {"sex": "any", "attendance": "day"}


def sized_options(
    inputs: Inputs, rows: pd.DataFrame, years: Sequence[int], *, case: str
) -> tuple[gpd.GeoDataFrame, list[Row], list[str]]:
    """Return the candidates as schemes, their options, and what is wrong with them.

    Parameters
    ----------
    inputs
        The baseline.
    rows
        Table `candidates`, in order.
    years
        The years of the search.
    case
        Case of the capital.

    Returns
    -------
    tuple
        A row a candidate in the form of table `schemes`; the options as (candidate_id, year, places, capital_gbp,
        stock), without those that never have a place; the faults, in sentences.
    """
    ground = inputs.zones.geometry.union_all()
    known = inputs.settings.set_index("setting_id")
    faults: list[str] = []
    schemes: list[dict[str, Any]] = []
    options: list[Row] = []
    twice = rows.loc[rows["candidate_id"].duplicated(), "candidate_id"]
    faults += [f"candidate {name} stands in the table twice" for name in sorted(set(twice))]
    taken = sorted(set(rows["candidate_id"]) & set(inputs.schemes["scheme_id"]))
    faults += [f"candidate {name} has the id of a scheme: give it another, so that both can be told" for name in taken]
    faults += _on_one_site(rows)
    last = max(inputs.parameters.years)
    for row in rows.to_dict("records"):
        found = [*_faults(row), *_site_faults(row, known, ground)]
        rate = _rate(row, case, inputs)
        if rate is None:
            found.append("its capital a place is blank: fill in capital_gbp_per_place")
        shares = _shares(row)
        if shares is None:
            found.append("phasing is no rising list of shares up to 1, such as 0.5;0.75;1")
        faults += [f"candidate {row['candidate_id']}: {one}" for one in found]
        if found or rate is None or shares is None:
            continue
        schemes.append(_scheme(row, known))
        if not _flag(row, "must_close"):
            options += _options(row, rate, shares, [year for year in years if year <= last], last)
    return _frame(schemes, inputs), options, faults


def _on_one_site(rows: pd.DataFrame) -> list[str]:
    """Return the candidates of one type and the same year groups on one site that could all open."""
    first: dict[tuple[str, ...], list[dict[Any, Any]]] = {}
    faults = []
    for row in rows.to_dict("records"):
        setting_id, kind = _text(row, "setting_id"), _text(row, "provision_type")
        point = tuple(f"{_number(row, f'{side}_m', math.nan):.0f}" for side in ("easting", "northing"))
        there = first.setdefault((kind, setting_id) if setting_id else (kind, *point), [])
        for other in there:
            group = _text(row, "at_most_one_of")
            apart = int(row["ncy_to"]) < int(other["ncy_from"]) or int(other["ncy_to"]) < int(row["ncy_from"])
            if not apart and (not group or group != _text(other, "at_most_one_of")):
                faults.append(
                    f"candidates {other['candidate_id']} and {row['candidate_id']} are the same kind of provision on "
                    "one site: name one group for both in at_most_one_of, or make one candidate of them"
                )
        there.append(row)
    return faults


def _faults(row: Mapping[Any, Any]) -> Iterator[str]:
    least, most, step = int(row["least_places"]), int(row["most_places"]), _number(row, "step_places", 1)
    if least < 0 or most < 0 or step < 1:
        yield f"sizes of {least} to {most} by {step:g} cannot be: no size is below 0, and a step is at least 1"
    elif (most - least) // step >= MOST_SIZES:
        yield f"it has more than {MOST_SIZES} sizes, {least} to {most} by {step:g}: give a larger step_places"
    elif most < least:
        yield f"its most places, {most}, are fewer than its least, {least}"
    if int(row["latest_year"]) < int(row["earliest_year"]):
        first, last = year_label(int(row["earliest_year"])), year_label(int(row["latest_year"]))
        yield f"it would close to opening in {last}, before it can open in {first}"
    if int(row["ncy_to"]) < int(row["ncy_from"]):
        yield f"its last year group, {row['ncy_to']}, comes before its first, {row['ncy_from']}"
    if _flag(row, "must_open") and _flag(row, "must_close"):
        yield "it must open and is ruled out at once: keep one of the two"
    for name in ("fixed_gbp", "capital_gbp_per_place", "capital_gbp_per_place_low", "capital_gbp_per_place_high"):
        if _number(row, name, 0.0) < 0:
            yield f"{name} is below 0"


def _site_faults(row: Mapping[Any, Any], known: gpd.GeoDataFrame, ground: BaseGeometry) -> Iterator[str]:
    setting_id = _text(row, "setting_id")
    east, north = (_number(row, f"{side}_m", math.nan) for side in ("easting", "northing"))
    if setting_id and setting_id not in known.index:
        near = difflib.get_close_matches(setting_id, sorted(known.index), n=1, cutoff=0.75)
        hint = f"did you mean {near[0]!r}?" if near else "leave it blank and give easting_m and northing_m of the site"
        yield f"the setting {setting_id!r} is unknown: {hint}"
    elif not setting_id and (math.isnan(east) or math.isnan(north)):
        yield "it has neither a setting nor a position: give setting_id, or easting_m and northing_m"
    elif not setting_id and not ground.intersects(shapely.Point(east, north)):
        yield f"its site ({east:.0f}, {north:.0f}) lies off the ground of the area: correct the position"


def _rate(row: Mapping[Any, Any], case: str, inputs: Inputs) -> float | None:
    """Return the capital a place: the case's own, else the central one, else (a base) the area's assumption."""
    own = _number(row, "capital_gbp_per_place" if case == "central" else f"capital_gbp_per_place_{case}", math.nan)
    if math.isnan(own):
        own = _number(row, "capital_gbp_per_place", math.nan)
    if not math.isnan(own):
        return own
    if row["provision_type"] != _BASE:
        return None
    assumed = inputs.parameters.assumptions["capital_gbp_per_base_place"]
    value = assumed.value if case == "central" else getattr(assumed, case)
    return float(assumed.value if value is None else value)


def _shares(row: Mapping[Any, Any]) -> list[float] | None:
    text = _text(row, "phasing")
    if not text:
        return [1.0]
    try:
        shares = [float(part) for part in text.split(";")]
    except ValueError:
        return None
    rising = all(0 < one <= 1 for one in shares) and shares == sorted(shares) and shares[-1] == 1
    return shares if rising else None


def _options(
    row: Mapping[Any, Any], rate: float, shares: Sequence[float], years: Sequence[int], last: int
) -> Iterator[Row]:
    span = (int(row["ncy_from"]), int(row["ncy_to"]))
    step = int(_number(row, "step_places", 1))
    sizes = range(int(row["least_places"]), int(row["most_places"]) + 1, step)
    for opening in years:
        if not int(row["earliest_year"]) <= opening <= int(row["latest_year"]):
            continue
        for size in sizes:
            stock = []
            for year in range(opening, last + 1):
                share = shares[min(year - opening, len(shares) - 1)]
                stock.append((year, *span, math.floor(share * size + 0.5)))
            if size > 0:
                yield str(row["candidate_id"]), opening, size, float(row["fixed_gbp"]) + rate * size, tuple(stock)


def _scheme(row: Mapping[Any, Any], known: gpd.GeoDataFrame) -> dict[str, Any]:
    setting_id = _text(row, "setting_id")
    name = str(row["candidate_id"])
    if setting_id:
        point, title = known.geometry[setting_id], str(known["setting_name"][setting_id])
    else:
        point, title = shapely.Point(row["easting_m"], row["northing_m"]), str(row["candidate_name"])
    plan = row.get("ehcp_required", True)
    fixed = {
        "scheme_id": name,
        "scheme_name": str(row["candidate_name"]),
        "action": "expand" if setting_id else "open",
        "setting_id": setting_id or name,
        "setting_name": title,
        "from_provision_id": "",
        "easting_m": point.x,
        "northing_m": point.y,
        "department": "all",
        "designation": "",
        "ehcp_required": True if pd.isna(plan) else bool(plan),
        "tier": "local",
        "funding_status": "unfunded",
        "rationale": "chosen by a search",
        "geometry": point,
    }
    own = {key: row[key] for key in ("provision_type", "ncy_from", "ncy_to", "needs")}
    more = {key: _text(row, key) or default for key, default in _DEFAULTS.items()}
    told = {"source": _text(row, "source"), "quality": _text(row, "quality") or "illustrative"}
    return fixed | own | more | told


def _frame(schemes: list[dict[str, Any]], inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the rows with the columns of the area's schemes; what a candidate does not say is blank."""
    frame = pd.DataFrame(schemes)
    texts = {"funding_line", "responsible_body", "statutory_route", "site_status", "planning_status",
             "consultation_status", "decision_needed_by", "delivery_rag"}  # fmt: skip
    columns = [name for name in inputs.schemes.columns if name not in {"area_id", "district_id", "cluster_id"}]
    if frame.empty:
        return gpd.GeoDataFrame(frame.reindex(columns=columns), geometry="geometry", crs=inputs.zones.crs)
    for name in columns:
        if name not in frame.columns:
            frame[name] = "" if name in texts else math.nan
    points = gpd.GeoDataFrame(frame[columns], geometry="geometry", crs=inputs.zones.crs)
    tree = shapely.STRtree(inputs.zones.geometry.to_numpy())
    zone = [int(min(tree.query(point, predicate="intersects"), default=-1)) for point in points.geometry]
    district, cluster = (
        ["" if at < 0 else str(inputs.zones[name].iloc[at]) for at in zone] for name in ("district_id", "cluster_id")
    )
    return points.assign(area_id=cluster, district_id=district, cluster_id=cluster)


def _text(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name, "")
    return "" if pd.isna(value) else str(value).strip()


def _number(row: Mapping[Any, Any], name: str, default: float) -> float:
    value = row.get(name)
    return default if value is None or pd.isna(value) else float(value)


def _flag(row: Mapping[Any, Any], name: str) -> bool:
    value = row.get(name, False)
    return not pd.isna(value) and bool(value)
