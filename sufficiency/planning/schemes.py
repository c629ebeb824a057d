"""Schemes laid over the baseline: what opens, what grows, what moves and what closes, September by September.

Each (scheme, first year, last year) of `scheme_places` becomes its own department row of `provision`, whose places are
the stock open each September. A conversion or relocation takes its places from the provision that it replaces; a
closure takes the places of the years in which it lists 0, those that other schemes would open there among them. So the
order of schemes is irrelevant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from sufficiency.model.scheme_ids import scheme_provision_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from sufficiency.model.results import Inputs

__all__ = ["Laid", "added_places", "given_up", "lay_schemes", "scheme_departments"]

MOVES: Final = ("convert", "relocate")


class Laid(NamedTuple):
    """Tables `settings`, `provision`, `places` and `support_bases` with schemes laid over them."""

    settings: gpd.GeoDataFrame
    provision: pd.DataFrame
    places: pd.DataFrame
    support_bases: pd.DataFrame


def scheme_departments(schemes: pd.DataFrame, scheme_places: pd.DataFrame) -> pd.DataFrame:
    """Return a row per scheme, department and year with its provision id.

    Parameters
    ----------
    schemes, scheme_places
        Tables.

    Returns
    -------
    DataFrame
        scheme_id, ncy_from, ncy_to, year, places, given_up_places (what a conversion or relocation takes from the old
        provision), provision_id (``<scheme>:<first>-<last>``) and the scheme's fields.
    """
    columns = ["scheme_id", "year", "ncy_from", "ncy_to", "places"]
    stock = scheme_places[columns].assign(given_up_places=scheme_places["places"])
    if "given_up_places" in scheme_places.columns:
        stated = scheme_places["given_up_places"].astype("Int64")
        stock["given_up_places"] = stated.fillna(scheme_places["places"]).astype("int64")
    rows = stock.merge(
        schemes.drop(columns=["ncy_from", "ncy_to", "geometry"], errors="ignore"), on="scheme_id", validate="m:1"
    )
    if "from_provision_id" not in rows.columns:
        rows["from_provision_id"] = ""
    parts = zip(rows["scheme_id"], rows["ncy_from"], rows["ncy_to"], strict=True)
    return rows.assign(provision_id=pd.Series([scheme_provision_id(*one) for one in parts], rows.index, dtype=object))


def added_places(schemes: pd.DataFrame, scheme_places: pd.DataFrame, types: Sequence[str]) -> pd.Series:
    """Return the places of the types that the schemes add, by year: what opens less what moves (a closure adds none).

    A conversion adds to the type that it becomes; that the old type loses as many is not counted here.
    """
    rows = scheme_departments(schemes, scheme_places)
    rows = rows[rows["provision_type"].isin(list(types)) & (rows["action"] != "close")]
    net = rows["places"] - rows["given_up_places"].where(rows["action"] == "relocate", 0)
    total: pd.Series = net.groupby(rows["year"]).sum().rename("places")
    return total


def given_up(departments: pd.DataFrame) -> pd.Series:
    """Return the places that conversions and relocations take, by (provision_id, year) of the old provision."""
    moved = departments[departments["action"].isin(MOVES)]
    keys = [moved["from_provision_id"].rename("provision_id"), moved["year"]]
    taken: pd.Series = moved["given_up_places"].groupby(keys).sum()
    return taken


def lay_schemes(inputs: Inputs, scheme_ids: Sequence[str]) -> Laid:
    """Return the tables of settings and places with some schemes laid over them.

    Parameters
    ----------
    inputs
        The baseline; not changed. The schemes must have passed `sufficiency.checks.schemes.faults_of`.
    scheme_ids
        The schemes, in any order.
    """
    schemes = inputs.schemes[inputs.schemes["scheme_id"].isin(scheme_ids)].sort_values("scheme_id")
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(scheme_ids)]
    departments = scheme_departments(pd.DataFrame(schemes), stock)
    closing = departments[departments["action"] == "close"]
    opening = departments[(departments["action"] != "close") & (departments["places"] > 0)]
    provision = _provision(inputs, opening)
    return Laid(
        settings=_settings(inputs, schemes[schemes["action"] != "close"]),
        provision=provision,
        places=_closed(_places(inputs, opening, given_up(departments)), provision, closing),
        support_bases=_support_bases(inputs, schemes),
    )


def _settings(inputs: Inputs, schemes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    new = schemes[~schemes["setting_id"].isin(inputs.settings["setting_id"])].drop_duplicates("setting_id")
    rows = new.assign(sector="state", status="proposed", school_phase="")
    rows = rows[[column for column in inputs.settings.columns if column in rows.columns]]
    return pd.concat([inputs.settings, rows], ignore_index=True)


def _provision(inputs: Inputs, opening: pd.DataFrame) -> pd.DataFrame:
    rows = opening.drop_duplicates("provision_id")
    return pd.concat([inputs.provision, rows[list(inputs.provision.columns)]], ignore_index=True)


def _places(inputs: Inputs, opening: pd.DataFrame, taken: pd.Series) -> pd.DataFrame:
    """Return the places with those that open, less those that move away; a provision without any has no row."""
    rows = opening.assign(planned_places=opening["places"].astype("int64"), basis="assumed", quality="illustrative")[
        ["provision_id", "year", "planned_places", "basis", "source", "quality"]
    ]
    kept = inputs.places
    if len(taken):
        key = pd.MultiIndex.from_frame(kept[["provision_id", "year"]])
        left = kept["planned_places"] - taken.reindex(key, fill_value=0).to_numpy("int64")
        kept = kept.assign(planned_places=left)[left > 0]
    return pd.concat([kept, rows], ignore_index=True)


def _closed(places: pd.DataFrame, provision: pd.DataFrame, closing: pd.DataFrame) -> pd.DataFrame:
    """Return the places without those of closed provision: one that is named, or all of the type at the setting."""
    if closing.empty:
        return places
    named = closing["from_provision_id"].fillna("") != ""
    whole = closing.loc[~named, ["setting_id", "provision_type", "year"]].drop_duplicates()
    shut = pd.concat(
        [
            provision.merge(whole, on=["setting_id", "provision_type"])[["provision_id", "year"]],
            closing.loc[named, ["from_provision_id", "year"]].rename(columns={"from_provision_id": "provision_id"}),
        ]
    ).drop_duplicates()
    gone = places.merge(shut, on=["provision_id", "year"], how="left", indicator=True)
    return places[(gone["_merge"] == "left_only").to_numpy()].reset_index(drop=True)


def _support_bases(inputs: Inputs, schemes: pd.DataFrame) -> pd.DataFrame:
    """Keep the bases of every scenario, and those that open with support-base schemes where the scenario has some."""
    bases = inputs.support_bases
    kinds = {"support_base", "early_years_base"} & set(schemes["provision_type"])
    return bases.assign(scenario_id="") if kinds else bases
