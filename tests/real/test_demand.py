"""The embedded demand against the published figures (copied by hand) and the returns, where they lie beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand import forecast_demand
from sufficiency.model.parameters import Parameters, read_parameters
from sufficiency.sources.demand import DemandTables, read_demand
from sufficiency.sources.population import read_population

if TYPE_CHECKING:
    from sufficiency.sources.files import Issue

DATA = Path(__file__).parents[2] / "data"
RETURNS = Path(os.environ.get("SUFFICIENCY_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
# SEN2, January 2025, Oxfordshire: published totals.
BY_NEED = dict(
    zip(
        ["ASD", "SEMH", "SLCN", "MLD", "PD", "SLD", "SPLD", "OTH", "PMLD", "HI", "VI", "MSI", "UNK"],
        [2725, 1305, 1301, 663, 293, 252, 150, 69, 60, 49, 30, 2, 408],
        strict=True,
    )
)
BY_PLACEMENT = {
    "state_special_school": 1465,
    "independent_special_school": 389,
    "non_maintained_special_school": 45,
    "resourced_provision_or_unit": 132,
    "mainstream_school": 3779 - 132,
    "early_years_setting": 47,
    "alternative_provision": 8,
    "general_further_education": 821,
    "specialist_post_16": 52,
    "other_training_provider": 100,
    "educated_elsewhere": 561,
    "not_recorded": 40,
}
STATE_SPECIAL_BY_NEED = {"ASD": 529, "SLCN": 214, "SEMH": 187, "MLD": 177, "SLD": 162, "PD": 65, "PMLD": 40}
INDEPENDENT_BY_NEED = {"ASD": 177, "SEMH": 110, "SLCN": 39, "SPLD": 27, "MLD": 12}
BASE_BY_NEED = {"ASD": 67, "SLCN": 22, "HI": 8, "MLD": 8, "SEMH": 9, "PD": 7}
# Ages at 31 August; ten pupils in special schools outside Reception to Year 14 are counted at the nearest year of it.
BY_AGE_BAND = {(-4, 0): 320, (1, 6): 2558, (7, 11): 2734, (12, 14): 1137, (15, 20): 558}
MOVED_PUPILS = 10


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    """Return the embedded area's parameters."""
    return read_parameters(DATA / "area.toml")


@pytest.fixture(scope="module")
def tables() -> DemandTables:
    """Read the embedded tables; they have no fault."""
    issues: list[Issue] = []
    found = read_demand(DATA / "demand", issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def population() -> pd.DataFrame:
    """Read the embedded population; it has no fault."""
    issues: list[Issue] = []
    found = read_population(DATA / "demand", issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def clusters() -> pd.DataFrame:
    """Return the embedded lookup of clusters."""
    return pd.read_csv(DATA / "boundaries" / "clusters.csv", dtype=str)


@pytest.fixture(scope="module")
def demand(
    population: pd.DataFrame, tables: DemandTables, parameters: Parameters, clusters: pd.DataFrame
) -> pd.DataFrame:
    """Return the embedded forecast."""
    return forecast_demand(population, tables.rates, tables.controls, parameters, clusters=clusters)


def totals(rates: pd.DataFrame, by: str) -> dict[str, int]:
    """Return pupils by a column."""
    return {str(key): int(n) for key, n in rates.groupby(by)["pupils"].sum().items()}


def test_published_totals_of_the_pattern(tables: DemandTables) -> None:
    rates = tables.rates
    assert rates["pupils"].sum() == 7307
    assert totals(rates, "need") == BY_NEED
    assert totals(rates, "placement") == BY_PLACEMENT
    assert totals(rates[rates["attendance"] == "residential"], "attendance") == {"residential": 42}


@pytest.mark.parametrize(
    ("placement", "published"),
    [
        ("state_special_school", STATE_SPECIAL_BY_NEED),
        ("independent_special_school", INDEPENDENT_BY_NEED),
        ("resourced_provision_or_unit", BASE_BY_NEED),
    ],
)
def test_published_needs_by_placement(tables: DemandTables, placement: str, published: dict[str, int]) -> None:
    found = totals(tables.rates[tables.rates["placement"] == placement], "need")
    assert {need: found[need] for need in published} == published


def test_published_ages_but_for_the_ten_moved(tables: DemandTables) -> None:
    rates = tables.rates
    found = {band: int(rates.loc[rates["ncy"].between(*band), "pupils"].sum()) for band in BY_AGE_BAND}
    # Six of the ten move within the band under five (to Reception), four from 19 and over to Year 14.
    assert found == {**BY_AGE_BAND, (12, 14): 1137 + 4, (15, 20): 558 - 4}


def test_headline_by_year(demand: pd.DataFrame) -> None:
    headline = demand[demand["place_sought"].isin(["special_school", "specialist_base"])]
    assert headline["ncy"].between(0, 14).all()
    by_year = headline.groupby("year")["pupils"].sum()
    assert by_year[2024] == 1465 + 132 + 389 + 45 == 2031
    assert by_year[2028] == 2312
    assert sorted(by_year.index) == list(range(2024, 2032))
    # Between them a straight line: 281 / 4 = 70.25 a year.
    assert by_year.loc[2025:2027].tolist() == [2101, 2172, 2242]
    assert demand.loc[demand["year"] == 2024, "pupils"].sum() == 7307


def test_every_control_is_met(demand: pd.DataFrame, tables: DemandTables) -> None:
    stream = demand["place_sought"].replace({"special_school": "headline", "specialist_base": "headline"})
    found = demand.groupby(["year", stream])["pupils"].sum()
    wanted = tables.controls.set_index(["year", "stream"])["pupils"]
    assert {key: int(n) for key, n in found.items()} == {key: int(n) for key, n in wanted.items()}


def test_the_case_after_2028_is_a_range(tables: DemandTables) -> None:
    later = tables.controls[tables.controls["year"] > 2028]
    assert (later["low_pupils"] <= later["pupils"]).all()
    assert (later["pupils"] <= later["high_pupils"]).all()
    headline = later[later["stream"] == "headline"].sort_values("year")
    assert headline["low_pupils"].is_monotonic_decreasing


def test_zones_of_the_population_are_the_places(population: pd.DataFrame, clusters: pd.DataFrame) -> None:
    assert set(population["zone_id"]) == set(clusters["zone_id"])
    assert len(population) == population["zone_id"].nunique() * 26
    # ONS mid-2020: ages 0 to 17 are 4 to 21 four years later; their sum is published.
    assert population.loc[population["age"].between(4, 21), "people"].sum() == pytest.approx(148_097, abs=150)


def test_districts_get_their_share(demand: pd.DataFrame, population: pd.DataFrame) -> None:
    places = pd.read_csv(DATA / "boundaries" / "places.csv", dtype=str, keep_default_na=False)
    district = places.set_index("zone_id")["district_id"]
    headline = demand[(demand["year"] == 2028) & demand["place_sought"].isin(["special_school", "specialist_base"])]
    found = headline.groupby(headline["origin_id"].map(district))["pupils"].sum() / 2312
    school_age = population[population["age"].between(0, 14)]
    share = school_age.groupby(school_age["zone_id"].map(district))["people"].sum()
    # Cohorts differ a little in where they live, so within two percentage points.
    assert (found - share / share.sum()).abs().max() < 0.02


def test_most_of_a_year_s_pupils_are_there_the_next(demand: pd.DataFrame) -> None:
    headline = demand[demand["place_sought"].isin(["special_school", "specialist_base"])].copy()
    headline["cohort"] = headline["year"] - headline["ncy"]
    key = ["cohort", "need", "place_sought", "attendance", "origin_id"]
    now, then = (headline[headline["year"] == y].set_index(key)["pupils"] for y in (2025, 2026))
    staying = np.minimum(now, then.reindex(now.index, fill_value=0)).sum()
    # Leavers at 18 and the falls between ages in the pattern aside, the same pupils.
    assert staying / now.sum() > 0.75


@pytest.mark.real
@pytest.mark.skipif(not RETURNS.exists(), reason="the published returns are not beside the project")
def test_every_published_two_way_cell(tables: DemandTables) -> None:
    send = RETURNS / "oxfordshire" / "send"
    needs = pd.read_csv(send / "ehcp2025_sen_needs_all_plans.csv", encoding="utf-8-sig", dtype=str)
    columns = [name for name in needs if name.startswith("number_")]
    codes = [name.removeprefix("number_").upper().replace("NEED_UNKNOWN", "UNK") for name in columns]
    rates = tables.rates

    by_placement = needs[needs["breakdown_topic"] == "Type of placement"].set_index("breakdown")[columns].astype(int)
    names = {
        "Special - LA maintained": "state_special_school",
        "Special - Academy/free schools": "state_special_school",
        "Special - independent": "independent_special_school",
        "Special - non-maintained": "non_maintained_special_school",
        "AP/PRU - total": "alternative_provision",
        "FE - general FE and tertiary colleges": "general_further_education",
        "FE - specialist post-16 institutions": "specialist_post_16",
        "FE - UKRLP provider": "other_training_provider",
        "Educated elsewhere - total": "educated_elsewhere",
        "Placement not recorded": "not_recorded",
        "Non-maintained early years": "early_years_setting",
    }
    published = by_placement.loc[list(names)].groupby(pd.Series(names)).sum()
    found = rates.pivot_table(index="placement", columns="need", values="pupils", aggfunc="sum", fill_value=0)
    assert (found.reindex(published.index)[codes].to_numpy() == published.to_numpy()).all()

    by_age = needs[needs["breakdown_topic"] == "Child or young persons age"].set_index("breakdown")[columns].astype(int)
    ncy = by_age.index.str.replace("under 3", "age 2").str.removeprefix("age ").astype(int) - 4
    ages = rates.pivot_table(index="ncy", columns="need", values="pupils", aggfunc="sum", fill_value=0)
    moved = np.abs(ages.reindex(ncy)[codes].to_numpy() - by_age.to_numpy()).sum()
    assert moved <= 2 * MOVED_PUPILS

    caseload = pd.read_csv(send / "ehcp2025_caseload.csv", encoding="utf-8-sig", dtype=str)
    of_age = caseload[
        (caseload["breakdown_topic"] == "Child or young persons age") & (caseload["time_period"] == "202425")
    ].set_index("breakdown")
    placed = rates.pivot_table(index="ncy", columns="placement", values="pupils", aggfunc="sum", fill_value=0)
    at = of_age.index.str.replace("under 3", "age 2").str.removeprefix("age ").astype(int) - 4
    for column, placement in (
        ("ed_elsewhere", "educated_elsewhere"),
        ("placement_unknown", "not_recorded"),
        ("general_fe_tertiary_colleges", "general_further_education"),
        ("nm_early_years", "early_years_setting"),
    ):
        assert (placed.reindex(at)[placement].to_numpy() == of_age[column].astype(int).to_numpy()).all()
    in_scope = (at > 0) & (at < 14)
    independent = of_age["special_independent"].astype(int).to_numpy()
    assert (placed.reindex(at)["independent_special_school"].to_numpy() == independent)[in_scope].all()


@pytest.mark.real
@pytest.mark.skipif(not RETURNS.exists(), reason="the published returns are not beside the project")
def test_county_population_by_age(population: pd.DataFrame) -> None:
    ons = pd.read_csv(RETURNS / "oxfordshire" / "population" / "oxon_lsoa11_syoa_mid2020.csv")
    county = ons[[str(age) for age in range(18)]].sum().to_numpy(dtype=float)
    found = population.groupby("age")["people"].sum()
    # Rounded to a tenth in 284 zones.
    np.testing.assert_allclose(found.loc[4:21].to_numpy(), county, atol=5)
