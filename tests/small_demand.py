"""A county small enough to forecast by hand: four zones in two districts, one cluster each, and no range anywhere."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import Any

import pandas as pd

from sufficiency.demand.drivers import Drivers
from sufficiency.model.assumptions import Assumption
from sufficiency.model.parameters import Parameters
from sufficiency.model.tables import TABLES

COUNTY = "small"
DISTRICTS = {"n1": "north", "n2": "north", "s1": "south", "s2": "south"}
CLUSTERS = {"n1": "north-a", "n2": "north-b", "s1": "south-a", "s2": "south-b"}
AGES = range(21)
VALUES: dict[str, Any] = {
    "demand_definition": "A",
    "demand_after_headline_year": "extrapolated",
    "forecast_method": "rates",
    "placement_mix": "as_today",
    "placement_mix_complete_year": 2026,
    "specialist_base_share_when_complete": 0.3,
    "births_annual_change_share": 0.0,
    "rate_trend_shape": "constant",
    "rate_trend_damping_share": 0.5,
    "rate_ceiling_share": 1.0,
    "rate_innovation_share": 0.0,
    "pupil_yield_early_years_per_dwelling": 0.4,
    "pupil_yield_primary_per_dwelling": 0.7,
    "pupil_yield_secondary_per_dwelling": 0.5,
    "pupil_yield_post_16_per_dwelling": 0.3,
    "new_homes_additional_share": 0.5,
    "new_homes_ehcp_share": 0.1,
    "new_homes_pace_share": 1.0,
    "deprivation_rate_ratio": 1.0,
    "caseload_weight_share": 0.0,
    "redraw_rates_spread_share": 0.0,
}


def parameters(last_year: int = 2026, **values: Any) -> Parameters:
    """Return parameters of a run from 2024, headline 2025; a tuple is (central, low, high)."""
    known = {name: value if isinstance(value, tuple) else (value, None, None) for name, value in VALUES.items()}
    known |= {name: value if isinstance(value, tuple) else (value, None, None) for name, value in values.items()}
    assumptions = {name: Assumption(name, *three, "", "", "", "") for name, three in known.items()}
    return Parameters(
        area_id="small",
        area_name="Small",
        county_id=COUNTY,
        crs="EPSG:27700",
        report_date=dt.date(2026, 1, 1),
        illustrative=True,
        illustrative_note="",
        calibration_year=2024,
        first_year=2025,
        headline_year=2025,
        last_year=last_year,
        hide_up_to=5,
        assumptions=MappingProxyType(assumptions),
    )


def table(name: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return rows of a table by its leading columns, without where they come from."""
    columns = [column for column in TABLES[name].names if column not in {"source", "quality"}]
    width = len(rows[0]) if rows else len(columns)
    frame = pd.DataFrame(list(rows), columns=columns[:width])
    return frame.assign(**dict.fromkeys(columns[width:], float("nan")))


def population(people: float = 100.0) -> pd.DataFrame:
    """Return as many people of every age from 0 to 20 in every zone of 2024."""
    return table("population", *[(zone, 2024, age, people) for zone in DISTRICTS for age in AGES])


def rates() -> pd.DataFrame:
    """Return 60 in special schools, 20 in bases and 120 in mainstream schools, of Years 1 to 12."""
    rows = [
        (1, "ASD", "state_special_school", "special_school", "day", 20),
        (5, "MLD", "state_special_school", "special_school", "day", 12),
        (8, "ASD", "state_special_school", "special_school", "day", 24),
        (12, "SLD", "state_special_school", "special_school", "residential", 4),
        (1, "ASD", "resourced_provision_or_unit", "specialist_base", "day", 8),
        (8, "ASD", "resourced_provision_or_unit", "specialist_base", "day", 12),
        (1, "ASD", "mainstream_school", "mainstream", "day", 50),
        (5, "MLD", "mainstream_school", "mainstream", "day", 40),
        (8, "ASD", "mainstream_school", "mainstream", "day", 30),
    ]
    return table("rates", *rows)


def controls(*years: tuple[int, int, int]) -> pd.DataFrame:
    """Return controls of (year, headline, mainstream)."""
    rows = [(year, stream, pupils) for year, *two in years for stream, pupils in zip(
        ("headline", "mainstream"), two, strict=True)]  # fmt: skip
    frame = table("controls", *rows)
    return frame.astype({"low_pupils": "Int64", "high_pupils": "Int64"})


def drivers(**tables: Any) -> Drivers:
    """Return the tables that are named, with the districts of the zones."""
    return Drivers(**({"districts": DISTRICTS, "county_id": COUNTY} | tables))


def zones() -> pd.DataFrame:
    """Return zone_id, district_id and cluster_id."""
    return pd.DataFrame(
        {"zone_id": list(DISTRICTS), "district_id": list(DISTRICTS.values()), "cluster_id": list(CLUSTERS.values())}
    )


def clusters() -> pd.DataFrame:
    """Return the table of clusters."""
    return pd.DataFrame({"zone_id": list(CLUSTERS), "cluster_id": list(CLUSTERS.values())})


def shuffled(frame: pd.DataFrame | None, seed: int) -> pd.DataFrame | None:
    """Return the rows in another order."""
    return None if frame is None else frame.sample(frac=1, random_state=seed)
