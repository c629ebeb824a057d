"""Schemes that somebody has in mind, as rows of tables `schemes` and `scheme_places`, and a scenario that holds them.

What is proposed goes the same way as what is written in an area's files: a scenario of the inputs, laid over the
baseline by `apply_scenario`, with the same faults.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.results import Scenario
from sufficiency.model.scheme_ids import own_scheme_id
from sufficiency.planning.scenarios import with_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sufficiency.model.results import Inputs

__all__ = ["ProposedScheme", "proposed_of", "with_programme"]

_TEXT: tuple[str, ...] = ("rationale", "funding_line", "funding_status")


@dataclass(frozen=True)
class ProposedScheme:
    """A scheme in mind; ``places`` are steps: from that September on, so many places are open.

    Parameters
    ----------
    scheme_id
        Id within its scenario: a-z, 0-9, _ and -.
    name
        Its name.
    action
        open, expand, convert, relocate or close.
    setting_id
        The setting, present or new.
    easting_m, northing_m
        Position of a new setting; of a present one, its own.
    provision_type, needs, ncy_from, ncy_to, sex, ehcp_required, attendance
        What it offers, and to whom.
    places
        (September, places open from then on), the first its opening; of a closure, (September, 0).
    from_provision_id
        convert, relocate: whose places it takes over; close: what closes, blank = all of the type at the setting.
    given_up_places
        convert, relocate: places taken from the old provision each year; None = as many as are open.
    capital_gbp
        Low, central and high; None = not known.
    """

    scheme_id: str
    name: str
    action: str
    setting_id: str
    easting_m: float
    northing_m: float
    provision_type: str
    needs: tuple[str, ...]
    ncy_from: int
    ncy_to: int
    places: tuple[tuple[int, int], ...]
    sex: str = "any"
    ehcp_required: bool = True
    attendance: str = "day"
    from_provision_id: str = ""
    given_up_places: int | None = None
    capital_gbp: tuple[float, float, float] | None = None
    rationale: str = ""
    funding_line: str = ""
    funding_status: str = "unfunded"

    def places_in(self, year: int) -> int:
        """Return the places open in a year."""
        return next((places for first, places in reversed(self.places) if first <= year), 0)


def with_programme(
    inputs: Inputs,
    schemes: Sequence[ProposedScheme],
    scenario_id: str,
    *,
    title: str,
    based_on: str = "",
    area_schemes: Iterable[str] = (),
    leave_out: Iterable[str] = (),
) -> Inputs:
    """Return the inputs with one more scenario: another's schemes, some of the area's, and those proposed.

    Parameters
    ----------
    inputs
        The baseline; not changed.
    schemes
        Those proposed. Whether they can be is found out by `apply_scenario`.
    scenario_id, title
        Of the new scenario; own schemes of an earlier one of that name give way.
    based_on
        A scenario whose schemes and changes it has too; blank = none.
    area_schemes
        Further schemes of the inputs.
    leave_out
        Schemes of ``based_on`` that it does not have.

    Raises
    ------
    ParameterError
        When there is no such scenario to be based on.
    DataError
        When two of the proposed schemes have one id, or the steps of one do not rise in years.
    """
    _hold_together(schemes)
    if based_on and based_on not in inputs.scenarios:
        message = f"there is no scenario {based_on!r}; there are {', '.join(sorted(inputs.scenarios))}"
        raise ParameterError(message)
    prefix = own_scheme_id(scenario_id, "")
    base = inputs.scenarios[based_on] if based_on else _nothing(inputs)
    gone = set(leave_out)
    own = [own_scheme_id(scenario_id, one.scheme_id) for one in schemes]
    ids = [one for one in dict.fromkeys([*base.scheme_ids, *area_schemes]) if one not in gone]
    kept = inputs.schemes[~inputs.schemes["scheme_id"].str.startswith(prefix)]
    kept_places = inputs.scheme_places[~inputs.scheme_places["scheme_id"].str.startswith(prefix)]
    scenario = dataclasses.replace(
        base, scenario_id=scenario_id, title=title, description="", scheme_ids=(*ids, *own), stated_places=None,
        complete_in="", based_on="", illustrative=inputs.parameters.illustrative,
    )  # fmt: skip
    if schemes:
        rows, stock = _rows(inputs, schemes, own), _stock(inputs, schemes, own)
        kept = gpd.GeoDataFrame(pd.concat([kept, rows], ignore_index=True), geometry="geometry", crs=inputs.schemes.crs)
        kept_places = pd.concat([kept_places, stock], ignore_index=True)
    return with_scenario(dataclasses.replace(inputs, schemes=kept, scheme_places=kept_places), scenario)


def proposed_of(inputs: Inputs, scheme_id: str) -> ProposedScheme:
    """Return a scheme of the inputs as one that can be changed.

    Only one cohort of places can be told so: a scheme whose places differ by year group is told with its widest years,
    and all of its places.

    Raises
    ------
    ParameterError
        When there is no such scheme.
    """
    found = inputs.schemes[inputs.schemes["scheme_id"] == scheme_id]
    if found.empty:
        message = f"there is no scheme {scheme_id!r}"
        raise ParameterError(message)
    row: dict[Any, Any] = found.iloc[0].to_dict()
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"] == scheme_id]
    by_year = stock.groupby("year")["places"].sum()
    steps: list[tuple[int, int]] = []
    for year, places in by_year.items():
        if not steps or steps[-1][1] != int(places):
            steps.append((int(str(year)), int(places)))
    capital = tuple(float(row[f"capital_gbp_{case}"]) for case in ("low", "central", "high"))
    given = stock["given_up_places"].dropna() if "given_up_places" in stock.columns else pd.Series(dtype="int64")
    return ProposedScheme(
        scheme_id=scheme_id.rpartition(".")[2],
        name=str(row["scheme_name"]),
        action=str(row["action"]),
        setting_id=str(row["setting_id"]),
        easting_m=float(row["easting_m"]),
        northing_m=float(row["northing_m"]),
        provision_type=str(row["provision_type"]),
        needs=tuple(one for one in str(row["needs"]).split(";") if one),
        ncy_from=int(row["ncy_from"]),
        ncy_to=int(row["ncy_to"]),
        places=tuple(steps),
        sex=str(row["sex"]),
        ehcp_required=bool(row["ehcp_required"]),
        attendance=str(row["attendance"]),
        from_provision_id=str(row.get("from_provision_id") or ""),
        given_up_places=int(given.iloc[-1]) if len(given) else None,
        capital_gbp=None if any(np.isnan(capital)) else (capital[0], capital[1], capital[2]),
        **{name: str(row[name]) for name in _TEXT},
    )


def _hold_together(schemes: Sequence[ProposedScheme]) -> None:
    ids = [one.scheme_id for one in schemes]
    faults = [f"two schemes have the id {one}" for one in dict.fromkeys(ids) if ids.count(one) > 1]
    for one in schemes:
        years = [year for year, _ in one.places]
        if not years:
            faults.append(f"{one.name} has no September in which it {one.action}s anything")
        elif years != sorted(set(years)):
            faults.append(f"the steps of {one.name} must rise from September to September")
    if faults:
        raise DataError("; ".join(faults))


def _nothing(inputs: Inputs) -> Scenario:
    return Scenario("", "", "", (), None, inputs.parameters.illustrative)


def _rows(inputs: Inputs, schemes: Sequence[ProposedScheme], ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the schemes as rows of table `schemes`, with the areas that their positions lie in."""
    columns = [name for name in inputs.schemes.columns if name != "geometry"]
    kinds = inputs.schemes.dtypes
    blank = {name: "" if pd.api.types.is_object_dtype(kinds[name]) else np.nan for name in columns}
    zones = inputs.zones
    points = gpd.points_from_xy([one.easting_m for one in schemes], [one.northing_m for one in schemes])
    told = []
    for one, scheme_id, point in zip(schemes, ids, points, strict=True):
        inside = zones.index[zones.intersects(point)] if np.isfinite([one.easting_m, one.northing_m]).all() else []
        cluster, district = zones.loc[inside[0], ["cluster_id", "district_id"]] if len(inside) else ("", "")
        capital = one.capital_gbp or (np.nan, np.nan, np.nan)
        told.append(
            blank
            | {
                "scheme_id": scheme_id, "scheme_name": one.name, "action": one.action, "setting_id": one.setting_id,
                "setting_name": one.name, "from_provision_id": one.from_provision_id, "easting_m": float(one.easting_m),
                "northing_m": float(one.northing_m), "provision_type": one.provision_type, "department": "all",
                "ncy_from": one.ncy_from, "ncy_to": one.ncy_to, "needs": ";".join(one.needs), "sex": one.sex,
                "ehcp_required": one.ehcp_required, "attendance": one.attendance, "tier": "local",
                "capital_gbp_low": capital[0], "capital_gbp_central": capital[1], "capital_gbp_high": capital[2],
                "source": "proposed", "quality": "illustrative", "area_id": cluster, "district_id": district,
                "cluster_id": cluster, **{name: getattr(one, name) for name in _TEXT},
            }
        )  # fmt: skip
    filled = {name: pd.Series([row[name] for row in told], dtype=kinds[name]) for name in columns}
    return gpd.GeoDataFrame(filled, geometry=points, crs=inputs.schemes.crs)


def _stock(inputs: Inputs, schemes: Sequence[ProposedScheme], ids: Sequence[str]) -> pd.DataFrame:
    """Return the places of every September from the opening on, as rows of table `scheme_places`."""
    rows = [
        (
            scheme_id,
            year,
            one.ncy_from,
            one.ncy_to,
            one.places_in(year),
            one.given_up_places,
            "proposed",
            "illustrative",
        )
        for one, scheme_id in zip(schemes, ids, strict=True)
        for year in sorted(inputs.parameters.years)
        if one.places[0][0] <= year
    ]
    fields = ("scheme_id", "year", "ncy_from", "ncy_to", "places", "given_up_places", "source", "quality")
    filled = dict(zip(fields, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(fields, ())
    names = [name for name in inputs.scheme_places.columns.astype(str) if name in filled]
    return pd.DataFrame({name: pd.Series(list(filled[name]), dtype=inputs.scheme_places[name].dtype) for name in names})
