"""A scenario makes new inputs: the baseline with the places of its schemes laid over it.

Each (scheme, first year, last year) of `scheme_places` becomes its own department row of `provision`, whose places are
the stock open each September. The result goes through the same checks as any other inputs; an empty scenario gives the
baseline itself.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.results import Inputs

BASELINE: Final = "do_nothing"
MODELLED_ACTIONS: Final = ("open", "expand", "close")


def scheme_departments(schemes: pd.DataFrame, scheme_places: pd.DataFrame) -> pd.DataFrame:
    """Return a row per scheme and department with its provision id.

    Parameters
    ----------
    schemes, scheme_places
        Tables.

    Returns
    -------
    DataFrame
        scheme_id, ncy_from, ncy_to, year, places, provision_id (``<scheme>:<first>-<last>``) and the scheme's fields.
    """
    rows = scheme_places[["scheme_id", "year", "ncy_from", "ncy_to", "places"]].merge(
        schemes.drop(columns=["ncy_from", "ncy_to", "geometry"], errors="ignore"), on="scheme_id", validate="m:1"
    )
    years = rows["ncy_from"].astype(str) + "-" + rows["ncy_to"].astype(str)
    return rows.assign(provision_id=rows["scheme_id"] + ":" + years)


def added_places(schemes: pd.DataFrame, scheme_places: pd.DataFrame, types: Sequence[str]) -> pd.Series:
    """Return the places of the types that the schemes have open, by year (a closure adds none)."""
    rows = scheme_places.merge(schemes[["scheme_id", "action", "provision_type"]], on="scheme_id", validate="m:1")
    rows = rows[rows["provision_type"].isin(list(types)) & (rows["action"] != "close")]
    return rows.groupby("year")["places"].sum()


def apply_scenario(inputs: Inputs, scenario_id: str) -> Inputs:
    """Return the inputs of a scenario.

    Parameters
    ----------
    inputs
        The baseline.
    scenario_id
        Name of a scenario of the inputs.

    Returns
    -------
    Inputs
        New inputs; the baseline is not changed. Without schemes they hold the very same tables.

    Raises
    ------
    ParameterError
        When there is no such scenario.
    DataError
        When a scheme is unknown, does something that is not modelled, expands or closes an unknown setting, or closes
        and yet has places. All faults at once.
    """
    if scenario_id not in inputs.scenarios:
        message = f"there is no scenario {scenario_id!r}; there are {', '.join(sorted(inputs.scenarios))}"
        raise ParameterError(message)
    wanted = inputs.scenarios[scenario_id].scheme_ids
    if not wanted:
        return inputs
    _check(inputs, scenario_id, wanted)
    schemes = inputs.schemes[inputs.schemes["scheme_id"].isin(wanted)].sort_values("scheme_id")
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(wanted)]
    departments = scheme_departments(pd.DataFrame(schemes), stock)
    closing = departments[departments["action"] == "close"]
    opening = departments[(departments["action"] != "close") & (departments["places"] > 0)]
    return dataclasses.replace(
        inputs,
        settings=_settings(inputs, schemes[schemes["action"] != "close"]),
        provision=_provision(inputs, opening),
        places=_places(inputs, opening, closing),
        support_bases=_support_bases(inputs, schemes),
    )


def _check(inputs: Inputs, scenario_id: str, wanted: Sequence[str]) -> None:
    faults = []
    known = {row.scheme_id: (row.action, row.setting_id) for row in inputs.schemes.itertuples()}
    settings = set(inputs.settings["setting_id"])
    open_places = inputs.scheme_places.groupby("scheme_id")["places"].max()
    for scheme_id in wanted:
        if scheme_id not in known:
            faults.append(f"scenario {scenario_id} names the unknown scheme {scheme_id}")
            continue
        action, setting_id = known[scheme_id]
        if action not in MODELLED_ACTIONS:
            faults.append(f"scheme {scheme_id}: {action} is not modelled; write it as a close and an open")
        if action in {"expand", "close"} and setting_id not in settings:
            faults.append(f"scheme {scheme_id} would {action} the unknown setting {setting_id}")
        if action == "close" and open_places.get(scheme_id, 0) > 0:
            faults.append(f"scheme {scheme_id} closes, but has places open: write 0 places in the years it is closed")
    if faults:
        raise DataError("; ".join(faults))


def _settings(inputs: Inputs, schemes: pd.DataFrame) -> pd.DataFrame:
    new = schemes[~schemes["setting_id"].isin(inputs.settings["setting_id"])].drop_duplicates("setting_id")
    rows = new.assign(sector="state", status="proposed", school_phase="")
    rows = rows[[column for column in inputs.settings.columns if column in rows.columns]]
    return pd.concat([inputs.settings, rows], ignore_index=True)


def _provision(inputs: Inputs, opening: pd.DataFrame) -> pd.DataFrame:
    rows = opening.drop_duplicates("provision_id")
    return pd.concat([inputs.provision, rows[list(inputs.provision.columns)]], ignore_index=True)


def _places(inputs: Inputs, opening: pd.DataFrame, closing: pd.DataFrame) -> pd.DataFrame:
    rows = opening.rename(columns={"places": "planned_places"}).assign(basis="assumed", quality="illustrative")
    rows = rows[["provision_id", "year", "planned_places", "basis", "source", "quality"]]
    kept = inputs.places
    if len(closing):
        shut = inputs.provision.merge(
            closing[["setting_id", "provision_type", "year"]].drop_duplicates(), on=["setting_id", "provision_type"]
        )
        gone = kept.merge(shut[["provision_id", "year"]], on=["provision_id", "year"], how="left", indicator=True)
        kept = kept[(gone["_merge"] == "left_only").to_numpy()]
    return pd.concat([kept, rows.astype({"planned_places": "int64"})], ignore_index=True)


def _support_bases(inputs: Inputs, schemes: pd.DataFrame) -> pd.DataFrame:
    """Keep the bases of every scenario, and those that open with support-base schemes where the scenario has some."""
    bases = inputs.support_bases
    kinds = {"support_base", "early_years_base"} & set(schemes["provision_type"])
    return bases.assign(scenario_id="") if kinds else bases
