"""The programme as tables: its schemes, the places open each year, and what is left of the shortfall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency import measures
from sufficiency.measures import capacity_by_area, capital_table, use_by_district_type
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES
from sufficiency.planning.schemes import added_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.model.results import Assessment, Inputs

# bases of places that anybody can look up
_PUBLISHED: Final = ("published", "plan")


def schemes_table(inputs: Inputs) -> pd.DataFrame:
    """Return every scheme with its district, cluster, first year and places when complete.

    Returns
    -------
    DataFrame
        Released table ``schemes``; in_committed and in_programme say which scenario holds it.
    """
    stock = inputs.scheme_places
    last = stock[stock["year"] == stock.groupby("scheme_id")["year"].transform("max")]
    first_year = stock[stock["places"] > 0].groupby("scheme_id")["year"].min().rename("first_year")
    complete = last.groupby("scheme_id")["places"].sum().rename("places_when_complete")
    names = inputs.areas.set_index("area_id")["area_name"]
    table = pd.DataFrame(inputs.schemes.drop(columns="geometry")).join(first_year, on="scheme_id")
    table = table.join(complete, on="scheme_id")
    table = table.assign(
        district_name=table["district_id"].map(names).fillna(""),
        cluster_name=table["cluster_id"].map(names).fillna(""),
    )
    for name in ("committed", "programme"):
        held = inputs.scenarios[name].scheme_ids if name in inputs.scenarios else ()
        table[f"in_{name}"] = table["scheme_id"].isin(held)
    ages = stock.groupby("scheme_id").agg(ncy_from=("ncy_from", "min"), ncy_to=("ncy_to", "max"))
    table = table.drop(columns=["ncy_from", "ncy_to"], errors="ignore").join(ages, on="scheme_id")
    columns = [
        "scheme_id", "scheme_name", "action", "district_id", "district_name", "cluster_id", "cluster_name",
        "provision_type", "ncy_from", "ncy_to", "needs", "first_year", "places_when_complete", "capital_gbp_low",
        "capital_gbp_central", "capital_gbp_high", "revenue_gbp_per_place", "funding_line", "funding_status",
        "responsible_body", "statutory_route", "site_status", "planning_status", "consultation_status",
        "decision_needed_by", "delivery_rag", "rationale", "quality", "in_committed", "in_programme",
    ]  # fmt: skip
    kept = [name for name in columns if name in table.columns]
    return table[kept].sort_values(["first_year", "scheme_id"], ignore_index=True)


def scheme_stock(inputs: Inputs) -> pd.DataFrame:
    """Return the places that each scheme has open by September: scheme_id, year, places."""
    stock = inputs.scheme_places.groupby(["scheme_id", "year"], as_index=False)[["places"]].sum()
    return stock.sort_values(["scheme_id", "year"], ignore_index=True)


def programme_places_table(assessments: Mapping[str, Assessment]) -> pd.DataFrame:
    """Return places added, capacity, demand and remaining shortfall by scenario and year.

    Returns
    -------
    DataFrame
        Released table ``programme_places``; shortfall = demand - capacity (a surplus is below zero); complete =
        the places equal those of the last year.
    """
    parts = []
    for scenario_id, assessment in assessments.items():
        inputs, gap = assessment.inputs, assessment.sufficiency
        total = gap[
            (gap["area_id"] == inputs.parameters.county_id)
            & (gap["phase"] == ALL)
            & (gap["need"] == ALL)
            & (gap["provision_type"] == HEADLINE)
        ].drop_duplicates("year")
        rows = total[["year", "capacity_places", "demand_pupils"]].copy()
        wanted = inputs.scenarios[scenario_id].scheme_ids
        stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(wanted)]
        for kind in HEADLINE_TYPES:
            added = added_places(pd.DataFrame(inputs.schemes), stock, [kind])
            rows[f"{kind}_added_places"] = rows["year"].map(added).fillna(0).astype("int64")
        rows["shortfall_places"] = rows["demand_pupils"] - rows["capacity_places"]
        last = rows.loc[rows["year"].idxmax()]
        rows["complete"] = rows["capacity_places"] == last["capacity_places"]
        parts.append(rows.assign(scenario_id=scenario_id))
    columns = ["scenario_id", "year", *(f"{kind}_added_places" for kind in HEADLINE_TYPES), "capacity_places",
               "demand_pupils", "shortfall_places", "complete"]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns]


def capital_of(inputs: Inputs, scenario_id: str) -> pd.DataFrame:
    """Return the capital of a scenario's schemes by funding line and first year (purse capital of table money)."""
    wanted = inputs.scenarios[scenario_id].scheme_ids
    schemes = inputs.schemes[inputs.schemes["scheme_id"].isin(wanted)]
    stock = inputs.scheme_places[inputs.scheme_places["places"] > 0]
    return capital_table(scenario_id, pd.DataFrame(schemes), stock.groupby("scheme_id")["year"].min())


def capacity_district_type(assessments: Mapping[str, Assessment]) -> pd.DataFrame:
    """Return local headline places by scenario, year, district (and county) and type.

    ``one_unpublished`` marks a district's type where one school alone stands, besides schemes, whose places are not
    published: it is for the release, which does not print it.
    """
    parts, alone = [], set()
    for scenario_id, assessment in assessments.items():
        inputs = assessment.inputs
        alone |= _one_unpublished(inputs)
        areas = inputs.areas[inputs.areas["level"].isin(["county", "district"])]
        table = capacity_by_area(inputs.places, inputs.provision, inputs.settings, inputs.parameters.county_id)
        table = table[table["provision_type"].isin(HEADLINE_TYPES)].merge(areas[["area_id", "area_name"]], on="area_id")
        parts.append(table.assign(scenario_id=scenario_id))
    columns = ["scenario_id", "year", "area_id", "area_name", "provision_type", "capacity_places"]
    table = pd.concat(parts, ignore_index=True)[columns]
    marked = [one in alone for one in zip(table["area_id"], table["provision_type"], strict=True)]
    return table.assign(one_unpublished=marked).sort_values(columns[:5], kind="stable", ignore_index=True)


def _one_unpublished(inputs: Inputs) -> set[tuple[str, str]]:
    """Return the district and type of each school that stands alone there, schemes aside, with places not published.

    A host that is not known by name is no school whose places could be told.
    """
    local = inputs.provision[inputs.provision["tier"] == "local"]
    local = local[local["provision_type"].isin(HEADLINE_TYPES)]
    schemes = set(inputs.schemes["scheme_id"].astype(str))
    local = local[~local["provision_id"].astype(str).str.rpartition(":")[0].isin(schemes)]
    rows = inputs.places[inputs.places["planned_places"] > 0]
    rows = rows.merge(local[["provision_id", "setting_id", "provision_type"]], on="provision_id", validate="m:1")
    rows = rows.merge(inputs.settings[["setting_id", "district_id", "quality"]].rename(
        columns={"quality": "setting_quality"}), on="setting_id", validate="m:1")  # fmt: skip
    rows = rows.assign(told=rows["basis"].isin(_PUBLISHED), named=rows["setting_quality"] != "illustrative")
    found = rows.groupby(["district_id", "provision_type"]).agg(
        schools=("setting_id", "nunique"), told=("told", "all"), named=("named", "all")
    )
    found = found[(found["schools"] == 1) & ~found["told"] & found["named"]]
    return {(str(district), str(kind)) for district, kind in found.index if district}


def occupancy_district_type(assessments: Mapping[str, Assessment]) -> pd.DataFrame:
    """Return the use of local headline places by scenario, policy, year, district (and county) and type.

    Policy rolling is left out: there pupils stay above the places by ones and twos, and what is placed beside the
    places, by district and type, would tell how many.

    Returns
    -------
    DataFrame
        Table `occupancy_district_type`.
    """
    parts = []
    for scenario_id, assessment in assessments.items():
        inputs, rows = assessment.inputs, assessment.outcomes
        rows = rows[rows["policy"] != "rolling"]
        districts = inputs.areas.loc[inputs.areas["level"] == "district", "area_id"].astype(str)
        area_ids = [inputs.parameters.county_id, *districts]
        table = use_by_district_type(rows, inputs.places, inputs.provision, inputs.settings, area_ids)
        parts.append(table.assign(scenario_id=scenario_id))
    return conform(pd.concat(parts, ignore_index=True), "occupancy_district_type")


def flows_by_type(assessments: Mapping[str, Assessment]) -> pd.DataFrame:
    """Return the flows of every scenario by type of the place held: `measures.flows_by_type`. Never printed."""
    parts = [
        measures.flows_by_type(scenario_id, one.outcomes, one.inputs.provision)
        for scenario_id, one in assessments.items()
    ]
    return pd.concat(parts, ignore_index=True)


def support_by_area(match: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return the support-base match by county, district and cluster.

    Returns
    -------
    DataFrame
        scenario_id, year, area_id, phase, own_school_pupils, partner_pupils, without_base_pupils, mean_extra_km
        (of pupils at a partner's base; NaN where there are none).
    """
    parents = inputs.areas.set_index("area_id")["parent_id"]
    columns = {"own_school": "own_school_pupils", "partner": "partner_pupils", "without": "without_base_pupils"}
    rows = match.assign(
        extra=match["extra_km"].fillna(0.0) * match["pupils"],
        **{name: match["pupils"].where(match["match"] == kind, 0) for kind, name in columns.items()},
    )
    parts = []
    for areas in (rows["cluster_id"], rows["cluster_id"].map(parents), inputs.parameters.county_id):
        key = ["scenario_id", "year", "area_id", "phase"]
        sums = rows.assign(area_id=areas).groupby(key, as_index=False)[[*columns.values(), "extra"]].sum()
        parts.append(sums)
    table = pd.concat(parts, ignore_index=True)
    table["mean_extra_km"] = (table["extra"] / table["partner_pupils"]).where(table["partner_pupils"] > 0)
    return table.drop(columns="extra")
