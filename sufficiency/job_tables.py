"""The tables of a job, before release: what every scenario gave, stacked, compared, and set beside the area's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency import measures, planning
from sufficiency.measures.scap import scap_table
from sufficiency.model.tables import conform

if TYPE_CHECKING:
    from sufficiency.model.results import Assessment, Inputs

AGAINST: Final = ("do_nothing", "committed")


def each_scheme(inputs: Inputs, assessment: Assessment) -> dict[str, pd.DataFrame]:
    """Return what each scheme does in the headline year and in the last one."""
    parameters = inputs.parameters
    years = sorted({parameters.headline_year, parameters.last_year})
    found = planning.scheme_effects(inputs, assessment, years)
    return {"scheme_effects": found.effects, "scheme_homes": found.homes}


def job_tables(inputs: Inputs, assessments: dict[str, Assessment]) -> dict[str, pd.DataFrame]:
    """Return the tables of a run, before release, by the names that `release` knows."""

    def stacked(name: str) -> pd.DataFrame:
        frames: list[pd.DataFrame] = [getattr(one, name) for one in assessments.values()]
        return pd.concat(frames, ignore_index=True)

    first = next(iter(assessments.values()))
    outcomes = {name: one.outcomes for name, one in assessments.items()}
    against = [name for name in AGAINST if name in assessments]
    comparisons = [planning.compare(assessments, outcomes, name).comparison for name in against]
    headline = first.demand[measures.headline_groups(first.demand)]
    capital = [planning.capital_of(inputs, name) for name in assessments]
    money = [one.money for one in assessments.values()] + [part for part in capital if len(part)]
    return {
        "sufficiency": stacked("sufficiency"),
        "journeys": stacked("journeys"),
        "journey_ranges": stacked("journey_ranges"),
        "flows": stacked("flows"),
        "reasons": stacked("reasons"),
        "pressure": stacked("pressure"),
        "conservation": stacked("conservation"),
        "comparison": pd.concat(comparisons, ignore_index=True),
        "support_match": planning.support_by_area(stacked("support_match"), inputs),
        "support_coverage": _secondary_coverage(stacked("support_by_area")),
        "primary_equivalence": conform(measures.primary_equivalence(stacked("support_by_area")), "primary_equivalence"),
        "phase_transfers": first.transfers,
        "scap_style_forecast": scap_table(first.demand, inputs.parameters),
        "schemes": planning.schemes_table(inputs),
        "scheme_stock": planning.scheme_stock(inputs),
        "programme_places": planning.programme_places_table(assessments),
        "capacity_district_type": planning.capacity_district_type(assessments),
        "occupancy_district_type": planning.occupancy_district_type(assessments),
        "flows_by_type": planning.flows_by_type(assessments),
        "money": pd.concat(money, ignore_index=True),
        **_money_changes(inputs, assessments),
        "bridge": measures.bridge_table(inputs, headline),
        "forecast": _forecast(inputs, first.demand),
        "assumptions": _assumptions(inputs),
        "data_quality": _data_quality(inputs.issues),
        **_futures(inputs),
    }


def _money_changes(inputs: Inputs, assessments: dict[str, Assessment]) -> dict[str, pd.DataFrame]:
    """Return what each scenario changes in each purse against those of `AGAINST`, and what follows from it."""
    pairs = [
        (assessments[before], after)
        for before in AGAINST
        if before in assessments
        for after in assessments.values()
        if after.scenario_id != before
    ]
    tables = {"capital_buys": planning.bases_capital_buys(inputs)}
    if not pairs:
        return tables
    parameters = inputs.parameters
    changes = [planning.money_against(before, after) for before, after in pairs]
    change = pd.concat(changes, ignore_index=True)
    views = [planning.economics_against(one, parameters) for one in changes]
    carbon = [planning.carbon_against(before, after) for before, after in pairs]
    return tables | {
        "money_change": change,
        "money_change_years": planning.money_by_financial_year(change, parameters),
        "economic_view": pd.concat(views, ignore_index=True),
        "carbon_change": pd.concat(carbon, ignore_index=True),
    }


def _futures(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Return the range of the forecast, the mitigations, who awaits a place, and the accounts of files, where known."""
    tables = {"forecast_range": planning.range_table(planning.draw_futures(inputs), inputs)}
    optional = {
        "mitigation_deltas": planning.mitigation_deltas(inputs),
        "awaiting_area": measures.awaiting_table(inputs),
        "accounts": inputs.accounts,
    }
    return tables | {name: table for name, table in optional.items() if table is not None and len(table)}


def _secondary_coverage(by_area: pd.DataFrame) -> pd.DataFrame:
    return conform(by_area[by_area["phase"] == "secondary"], "support_coverage")


def _forecast(inputs: Inputs, demand: pd.DataFrame) -> pd.DataFrame:
    """Return demand by year and stream with the range of the controls, where they give one."""
    stream = demand["place_sought"].where(~measures.headline_groups(demand), "headline")
    counts = demand.assign(stream=stream).groupby(["year", "stream"], as_index=False)[["pupils"]].sum()
    ranges = inputs.controls[["year", "stream", "low_pupils", "high_pupils", "source"]].rename(
        columns={"source": "basis"}
    )
    out: pd.DataFrame = counts.merge(ranges, on=["year", "stream"], how="left").fillna({"basis": ""})
    return out


def _assumptions(inputs: Inputs) -> pd.DataFrame:
    """Return every assumption as text; a range that it has not is blank."""
    table = pd.DataFrame([asdict(one) for one in inputs.parameters.assumptions.values()])
    return table.astype(str).where(table.notna(), "")


def _data_quality(issues: pd.DataFrame) -> pd.DataFrame:
    """Return the faults that do not stop a run, counted by check; no value of a row is shown."""
    if issues.empty:
        return pd.DataFrame(columns=["check", "severity", "rows", "message"])
    grouped = issues.groupby(["check", "severity"], as_index=False).agg(
        rows=("message", "size"), message=("fix", "first")
    )
    return grouped.sort_values(["severity", "check"], ignore_index=True)
