"""Checks of what drives the forecast: trends, mix, new homes, mitigations, totals, caseload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.checks.faults import faulty, issue, unknown, unreadable
from sufficiency.demand import Drivers, counts_to_locate
from sufficiency.demand.forecast import forecast_expected
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import ALL, NOT_LOCATED, year_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.issues import Issue
    from sufficiency.model.results import Inputs

_FORECAST: Final = (
    "population", "rates", "controls", "cohort_changes", "developments", "rate_trends", "placement_mix", "mitigations",
)  # fmt: skip


def driver_references(inputs: Inputs) -> Iterator[Issue]:
    """Every zone and area that drives the forecast exists."""
    zones = set(inputs.zones["zone_id"])
    for table, allowed in (("developments", zones), ("caseload", zones), ("awaiting", zones | {NOT_LOCATED})):
        if getattr(inputs, table) is not None:
            yield from unknown(inputs, table, "zone_id", "gazetteer", allowed)
    above = set(inputs.areas.loc[inputs.areas["level"].isin(["county", "district"]), "area_id"])
    for table in ("cohort_changes", "demand_totals"):
        if getattr(inputs, table) is not None:
            yield from unknown(inputs, table, "area_id", "areas", above)


def ranges_ascend(inputs: Inputs) -> Iterator[Issue]:
    """Hold low, central and high cases to ascending order."""
    for table, column in (
        ("rate_trends", "annual_change_share"),
        ("placement_mix", "sought_share"),
        ("mitigations", "change_share"),
    ):
        frame = getattr(inputs, table)
        if frame is None:
            continue
        central = frame[column].astype(float)
        low, high = (frame[f"{end}_{column}"].astype(float).fillna(central) for end in ("low", "high"))
        wrong = (low > central) | (central > high)
        for row in frame.index[wrong]:
            key = " ".join(str(frame.at[row, name]) for name in TABLES[table].key)
            yield issue(
                table,
                row,
                key,
                column,
                frame.at[row, column],
                check="range_order",
                message="low, central and high case are not in ascending order",
                fix="give the smaller number as the low case, or leave both blank",
            )


def mitigations(inputs: Inputs) -> Iterator[Issue]:
    """Ask of a mitigation that its years ascend, and where pupils go if it changes the mix."""
    frame = inputs.mitigations
    if frame is None:
        return
    faults = (
        (frame["full_year"] < frame["start_year"], "full_year", "mitigation_years",
         "it is in full effect before it starts", "give a full_year that is the start_year or later"),
        ((frame["effect"] == "mix") & (frame["to_place_sought"].fillna("") == ""), "to_place_sought",
         "mitigation_target", "it changes the mix, and does not say which place is sought instead",
         "give to_place_sought"),
        ((frame["effect"] != "mix") & (frame["to_place_sought"].fillna("") != ""), "to_place_sought",
         "mitigation_target", "only a change of the mix has a place that is sought instead",
         "leave to_place_sought blank, or write mix as the effect"),
        (~frame["effect"].isin(["rate", "mix"]) & (frame["change_share"] > 0), "change_share", "mitigation_share",
         "supply and money change no pupil's need, so the share is not used", "write 0, or another effect"),
    )  # fmt: skip
    for wrong, column, check, message, fix in faults:
        for row in frame.index[wrong]:
            yield issue("mitigations", row, str(frame.at[row, "mitigation_id"]), column, frame.at[row, column],
                        check=check, message=message, fix=fix)  # fmt: skip


def developments_in_time(inputs: Inputs) -> Iterator[Issue]:
    """Homes up to the calibration year are in the population already; homes after the run are not reached."""
    frame = inputs.developments
    if frame is None:
        return
    first, last = inputs.parameters.calibration_year, inputs.parameters.last_year
    for row in frame.index[(frame["year"] <= first) | (frame["year"] > last)]:
        year = int(str(frame.at[row, "year"]))
        key = f"{frame.at[row, 'development_id']} {year}"
        yield issue("developments", row, key, "year", year, check="homes_not_used", severity="note",
                    message=f"homes of {year_label(year)} are not used", fix="nothing, if that is meant: the forecast "
                    f"adds homes from {year_label(first + 1)} to {year_label(last)}")  # fmt: skip


def demand_given_twice(inputs: Inputs) -> Iterator[Issue]:
    """Totals by area are not used where demand by home is given."""
    if inputs.demand is not None and inputs.demand_totals is not None and len(inputs.demand_totals):
        yield issue("demand_totals", None, "", "", "", check="demand_given_twice", severity="warning",
                    message="demand/demand.csv gives demand by home, so these totals are not used",
                    fix="take one of the two out")  # fmt: skip


def awaiting_known(inputs: Inputs) -> Iterator[Issue]:
    """Find pupils who are told apart by need and counted in all needs as well."""
    frame = inputs.awaiting
    if frame is None or frame.empty:
        return
    mixed = frame.groupby(["zone_id", "year", "phase"])["need"].agg(lambda codes: ALL in set(codes) and len(codes) > 1)
    both = pd.MultiIndex.from_frame(frame[["zone_id", "year", "phase"]]).isin(mixed.index[mixed])
    for row in frame.index[both & (frame["need"] == ALL)]:
        yield issue("awaiting", row, "", "need", ALL, check="counted_twice",
                    message="pupils of all needs stand beside pupils of one need of the same zone, year and phase",
                    fix="give them by need, or in all, not both")  # fmt: skip


def forecast_holds(inputs: Inputs) -> Iterator[Issue]:
    """Work the forecast out, where its tables could be read, and say how they disagree."""
    if inputs.demand is not None or any(faulty(inputs, table) or unreadable(inputs, table) for table in _FORECAST):
        return
    if inputs.population.empty or inputs.rates.empty or any(True for _ in driver_references(inputs)):
        return
    given, drivers = (inputs.population, inputs.rates, inputs.controls, inputs.parameters), Drivers.of(inputs)
    try:
        if inputs.demand_totals is not None and len(inputs.demand_totals):
            counts_to_locate(*given, drivers)
        else:
            forecast_expected(*given, drivers)
    except SufficiencyError as error:
        said = next((name for name in (*_FORECAST, "demand_totals") if f"{name}.csv" in str(error)), "rates")
        yield issue(said, None, "", "", "", check="forecast", message=str(error), fix="make the tables agree")
