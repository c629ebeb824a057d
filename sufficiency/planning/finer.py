"""The tables that only an internal build has: by zone, by setting, homes by setting, and places for commissioning.

All of the headline stream and of local state-funded places, as in the public tables that they refine: zones add up to
clusters and the county, settings and flows to the county's pupils placed locally.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency import measures
from sufficiency.measures.journeys import weighted_percentiles
from sufficiency.measures.outcomes import every_answer
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.detail import gap_by, school_flows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.model.results import Assessment, Inputs

__all__ = ["finer_tables"]

NOT_LOCATED: Final = "Homes that are not located"
_ANSWER: Final = ["policy", "year"]
_PLACE: Final = ["setting_id", "provision_type"]
_COUNTS: Final = ["demand_pupils", "placed_local_pupils", "without_local_place_pupils"]
_MONTH_OF_SEPTEMBER: Final = 9


def finer_tables(inputs: Inputs, assessments: Mapping[str, Assessment]) -> dict[str, pd.DataFrame]:
    """Return the tables of the internal build that no public build has.

    Parameters
    ----------
    inputs
        The baseline inputs: names of areas, and the date of the report.
    assessments
        Every scenario assessed, by its id.

    Returns
    -------
    dict of str to DataFrame
        Tables `internal_zones`, `internal_settings`, `internal_flows` and `internal_commissioned` (data dictionary),
        scenarios stacked in the order given.
    """
    clusters = inputs.areas.loc[inputs.areas["level"] == "cluster"].set_index("area_id")["area_name"]
    uses = {name: _settings_of(one) for name, one in assessments.items()}
    years = _this_and_next(inputs)
    tables = {
        "internal_zones": [_zones_of(one) for one in assessments.values()],
        "internal_settings": list(uses.values()),
        "internal_flows": [_flows_of(one, clusters) for one in assessments.values()],
        "internal_commissioned": [_commissioned(use, *years) for use in uses.values()] if years else [],
    }
    stacked = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items() if parts}
    return {name: conform(table, name) for name, table in stacked.items()}


def _this_and_next(inputs: Inputs) -> tuple[int, int] | None:
    """Return the academic year of the report's date and the next; the nearest pair that the run has, or None."""
    parameters = inputs.parameters
    now = parameters.report_date.year - (parameters.report_date.month < _MONTH_OF_SEPTEMBER)
    pairs = [year for year in parameters.years if year + 1 in parameters.years]
    past = [year for year in pairs if year <= now]
    if not pairs:
        return None
    this = past[-1] if past else pairs[0]
    return this, this + 1


def _zones_of(assessment: Assessment) -> pd.DataFrame:
    """Return every zone in every answer, and the homes that are not located where there are any."""
    rows, zones = assessment.outcomes, assessment.inputs.zones
    found = gap_by(assessment, "zone").rename(columns={"zone": "area_id"})[[*_ANSWER, "area_id", *_COUNTS]]
    every = every_answer(rows, area_id=zones["zone_id"].astype(str).tolist())
    table = every.merge(found, on=[*_ANSWER, "area_id"], how="outer", validate="1:1")
    table[_COUNTS] = table[_COUNTS].fillna(0).astype(np.int64)
    day = measures.day_rows(rows).rename(columns={"origin_id": "area_id"})
    medians = weighted_percentiles(day, [*_ANSWER, "area_id"], (0.5,)).rename(columns={"0.5": "median_min"})
    table = table.merge(medians, on=[*_ANSWER, "area_id"], how="left", validate="1:1")
    facts = zones.set_index("zone_id")[["zone_name", "cluster_id", "district_id"]]
    facts = facts.rename(columns={"zone_name": "area_name"})
    table = table.join(facts, on="area_id").fillna({"area_name": NOT_LOCATED, "cluster_id": "", "district_id": ""})
    table = table.assign(scenario_id=assessment.scenario_id)
    return table.sort_values([*_ANSWER, "area_id"], ignore_index=True)


def _settings_of(assessment: Assessment) -> pd.DataFrame:
    """Return table `internal_settings` of one scenario; every local headline provision of a year in every policy."""
    inputs, rows = assessment.inputs, assessment.outcomes
    local = inputs.provision["tier"].eq("local") & inputs.provision["provision_type"].isin(HEADLINE_TYPES)
    where = inputs.provision.loc[local, ["provision_id", *_PLACE]]
    headline = rows[rows["headline"]].groupby([*_ANSWER, "provision_id"], as_index=False)[["pupils"]].sum()
    use = assessment.allocation.provision_use.merge(where, on="provision_id", validate="m:1")
    use = use.merge(headline, on=[*_ANSWER, "provision_id"], how="left", validate="1:1").fillna({"pupils": 0})
    use = use.assign(spare_places=(use["places"] - use["placed_pupils"]).clip(lower=0), placed_pupils=use["pupils"])
    key = [*_ANSWER, *_PLACE]
    counts = ["placed_pupils", "spare_places", "over_capacity_pupils"]
    table = use.groupby(key, as_index=False)[counts].sum().astype(dict.fromkeys(counts, np.int64))
    table = table.merge(_places_by_setting(inputs, where), on=["year", *_PLACE], how="left", validate="m:1")
    table["planned_places"] = table["planned_places"].fillna(0).astype(np.int64)
    rolls = measures.occupancy_table(inputs.places, inputs.provision[local], inputs.settings)
    rolls = rolls[["year", *_PLACE, "on_roll_pupils", "occupancy_share"]]
    table = table.merge(rolls, on=["year", *_PLACE], how="left", validate="m:1")
    names = inputs.settings[["setting_id", "setting_name", "district_id"]]
    table = table.merge(names, on="setting_id", how="left", validate="m:1")
    return table.assign(scenario_id=assessment.scenario_id)


def _places_by_setting(inputs: Inputs, where: pd.DataFrame) -> pd.DataFrame:
    """Return planned and commissioned places by year, setting and type; commissioned only where every part has it."""
    grouped = inputs.places.merge(where, on="provision_id", validate="m:1").groupby(["year", *_PLACE])
    table = grouped[["planned_places"]].sum()
    known = grouped["commissioned_places"].count() == grouped.size()
    return table.assign(
        commissioned_places=grouped["commissioned_places"].sum().astype("Int64").where(known)
    ).reset_index()


def _flows_of(assessment: Assessment, names: pd.Series) -> pd.DataFrame:
    """Return table `internal_flows` of one scenario."""
    flows = school_flows(assessment, "cluster")
    flows = flows[flows["tier"] == "local"].rename(columns={"home_area_id": "cluster_id"})
    settings = assessment.inputs.settings.set_index("setting_id")["setting_name"]
    return flows.assign(
        cluster_name=flows["cluster_id"].map(names).fillna(NOT_LOCATED),
        setting_name=flows["setting_id"].map(settings),
    )


def _commissioned(use: pd.DataFrame, this: int, following: int) -> pd.DataFrame:
    """Return table `internal_commissioned` of one scenario, of settings that are open in either year."""
    key = ["scenario_id", "policy", *_PLACE, "setting_name", "district_id"]
    now = use.loc[use["year"] == this, [*key, "planned_places", "commissioned_places"]]
    then = use.loc[use["year"] == following, [*key, "planned_places", "placed_pupils"]]
    table = now.rename(columns={name: f"this_year_{name}" for name in ("planned_places", "commissioned_places")}).merge(
        then.rename(columns={name: f"next_year_{name}" for name in ("planned_places", "placed_pupils")}),
        on=key,
        how="outer",
        validate="1:1",
    )
    whole = ["this_year_planned_places", "next_year_planned_places", "next_year_placed_pupils"]
    table[whole] = table[whole].fillna(0).astype(np.int64)
    return table.assign(this_year=this, next_year=following).sort_values(key, ignore_index=True)
