"""Plans from the SEN2 return or the DfE's release: the present pattern, past years and their trend, placements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.demand.release_fit import pattern_from_release
from sufficiency.demand.trend import fit_trend
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.vocabulary import NOT_LOCATED, year_label
from sufficiency.sources.public.ehc_plans import read_ehc_plans
from sufficiency.sources.public.ehc_tables import (
    needs_by_age,
    needs_by_placement,
    placement_by_age,
    plans_by_placement,
    plans_by_year,
    residential_totals,
)
from sufficiency.sources.public.postcodes import read_postcodes
from sufficiency.sources.public.pupil_yields import read_pupil_yields
from sufficiency.sources.public.scap import read_scap_forecasts
from sufficiency.sources.public.scorecard import read_scorecard
from sufficiency.sources.public.sen2 import read_sen2
from sufficiency.sources.public.sen2_tables import caseload_of_sen2, pattern_of_sen2, placements_of_sen2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sufficiency.prepare.answer import Found, Question

__all__ = ["FE_SPECIALIST_SHARE", "STREAM_OF_PLACEMENT", "prepare_plans", "school_age_people"]

# No return counts who needs a specialist unit in a college: an assumption, stated in docs/demand.md.
FE_SPECIALIST_SHARE: Final[Mapping[str, float]] = {
    "PMLD": 1.0, "SLD": 0.6, "MLD": 0.15, "PD": 0.15, "ASD": 0.12, "SLCN": 0.1, "SEMH": 0.05,
}  # fmt: skip
STREAM_OF_PLACEMENT: Final[Mapping[str, str]] = {
    "state_special_school": "headline",
    "independent_special_school": "headline",
    "non_maintained_special_school": "headline",
    "resourced_provision_or_unit": "headline",
    "mainstream_school": "mainstream",
    "early_years_setting": "mainstream",
    "alternative_provision": "alternative_provision",
    "general_further_education": "further_education",
    "other_training_provider": "further_education",
    "specialist_post_16": "specialist_post_16",
    "educated_elsewhere": "educated_elsewhere",
    "not_recorded": "educated_elsewhere",
}
SCHOOL_AGES: Final = (4, 17)
FEWEST_PLANS: Final = 30
_PLACES: Final = {"headline": ("special_school", "specialist_base"),
                  "further_education": ("fe_mainstream", "fe_specialist_unit")}  # fmt: skip


def prepare_plans(found: Found, question: Question) -> None:
    """Make rates, history, rate_trends and, from person-level data, placements and caseload."""
    releases = _releases(found, question)
    if "rates" not in found.tables:
        _from_sen2(found, question) if found.files.get("sen2") else _from_release(found, releases, question)
    if "history" not in found.tables and "caseload" in releases:
        found.tables["history"] = _history(releases["caseload"])
    _beside(found, question)
    if "rate_trends" not in found.tables and "history" in found.tables and "population" in found.tables:
        found.tables["rate_trends"] = _trends(found.tables["history"], found.tables["population"])


def _beside(found: Found, question: Question) -> None:
    """Read what stands beside the plans: yields of new homes, the specialist forecast, the scorecard."""
    for path in found.files.get("yields", []):
        table = found.keep(read_pupil_yields(path, found.issues))
        if table is None or table.empty:
            continue
        told = table.dropna(subset=["pupils_with_sen", "pupils_in_new_housing"])
        told = _of_districts(told[told["sen_type"] == "ehcp"], found)
        newest = told[told["year"] == told["year"].max()]
        pupils = float(newest["pupils_in_new_housing"].sum())
        if pupils > 0:
            share, year = float(newest["pupils_with_sen"].sum()) / pupils, int(newest["year"].max())
            source = f"DfE pupil yield from housing development, {year_label(year)}, the area's districts with figures"
            found.assumptions["new_homes_ehcp_share"] = (f"{share:.4f}", source, year)
            found.notes.append(f"{share:.1%} of pupils of new homes have a plan ({year_label(year)})")
    for path in found.files.get("scap", []):
        table = found.keep(read_scap_forecasts(path, found.issues, la_code=question.county_code))
        if table is not None and len(table):
            last = table[table["year"] == table["year"].max()]
            told = last.dropna(subset=["pupils"])
            said = ", ".join(f"{phase} {pupils:,.0f}" for phase, pupils in
                             told[["education_phase", "pupils"]].itertuples(index=False))  # fmt: skip
            found.leave(path.name, len(table), "told in a note")
            found.notes.append(
                f"SCAP forecast of specialist places for {year_label(int(last['year'].iloc[0]))}: {said}"
            )
    for path in found.files.get("scorecard", []):
        table = found.keep(read_scorecard(path, found.issues, la_code=question.county_code))
        if table is not None:
            account = next(one for one in found.accounts if one.file == path.name)
            found.leave(path.name, account.used, "read and checked; no figure of the area comes from it")


def _of_districts(table: pd.DataFrame, found: Found) -> pd.DataFrame:
    """Return the rows of the area's own districts; all of them where the file names none of these."""
    areas = found.tables.get("areas")
    if areas is None:
        return table
    districts = areas[areas["level"] == "district"]
    codes = set(districts["area_id"].astype(str).str.removesuffix("-district"))
    mine = table["district_code"].isin(codes) | table["district_name"].isin(set(districts["area_name"]))
    return table[mine] if mine.any() else table


def _releases(found: Found, question: Question) -> dict[str, pd.DataFrame]:
    out = {}
    for path in found.files.get("ehc_plans", []):
        reading = read_ehc_plans(path, found.issues, la_code=question.county_code)
        table = found.keep(reading)
        if reading is not None and table is not None and len(table):
            out[reading.account.kind.removeprefix("EHC plans, ")] = table
    return out


def _from_release(found: Found, releases: Mapping[str, pd.DataFrame], question: Question) -> None:
    lacking = [name for name in ("caseload", "needs") if name not in releases]
    if lacking:
        found.say("plans", "file_missing", f"there is no usable {' and no '.join(lacking)} file of the release of "
                  "education, health and care plans, and no SEN2 export",
                  "put them there, or the table rates.csv")  # fmt: skip
        return
    needs, caseload = releases["needs"], releases["caseload"]
    years = sorted({int(table["year"].max()) for table in (needs, caseload)})
    if years != [question.calibration_year]:
        said = " and ".join(year_label(year) for year in years)
        found.say("plans", "year_differs", f"the newest plans of the release are of {said}; the calibration year is "
                  f"{year_label(question.calibration_year)}", "state the year of the release with --year, or put the "
                  "release of that year there")  # fmt: skip
        return
    residential = releases.get("residential settings")
    try:
        found.tables["rates"] = pattern_from_release(
            needs_by_age(needs),
            needs_by_placement(needs),
            placement_by_age(caseload),
            None if residential is None else residential_totals(residential),
            fe_specialist_share=FE_SPECIALIST_SHARE,
        )
    except SufficiencyError as error:
        found.say("plans", "pattern", str(error), "check that the files are of one release")


def _from_sen2(found: Found, question: Question) -> None:
    postcodes = [found.keep(read_postcodes(path, found.issues)) for path in found.files.get("postcodes", [])]
    usable = [table for table in postcodes if table is not None]
    register = found.tables.get("register")
    folder: Path = found.files["sen2"][0].parent
    sen2 = read_sen2(
        folder,
        found.issues,
        year=question.calibration_year,
        postcodes=pd.concat(usable, ignore_index=True) if usable else None,
        settings=None if register is None else register[["urn", "kind", "sector"]],
        districts=question.districts or None,
    )
    if sen2 is None:
        found.say("plans", "file_missing", "the SEN2 export cannot be used, so nothing is known of the present plans",
                  "mend the faults of its files, or take them away and use the DfE's release")  # fmt: skip
        return
    found.accounts += sen2.account
    zones = found.tables["gazetteer"]["zone_id"] if "gazetteer" in found.tables else pd.Series(dtype=object)
    found.tables["rates"] = pattern_of_sen2(sen2, fe_unit_shares=FE_SPECIALIST_SHARE)
    if "provision" in found.tables and "placements" not in found.tables:
        found.tables["placements"] = placements_of_sen2(
            sen2, found.tables["provision"], zones=zones, fe_unit_shares=FE_SPECIALIST_SHARE
        )
    if "caseload" not in found.tables:
        rows = caseload_of_sen2(sen2, fe_unit_shares=FE_SPECIALIST_SHARE).rename(columns={"lsoa_code": "zone_id"})
        rows = rows[rows["zone_id"].isin(set(zones)) & (rows["zone_id"] != NOT_LOCATED)]
        rows = rows.groupby(["zone_id", "place_sought"], as_index=False)[["pupils"]].sum()
        found.tables["caseload"] = rows.assign(source="SEN2 person-level return, counted", quality="verified")


def _history(caseload: pd.DataFrame) -> pd.DataFrame:
    placed = plans_by_placement(caseload)
    placed = placed.assign(stream=placed["placement"].map(STREAM_OF_PLACEMENT))
    streams = placed.dropna(subset=["stream"]).groupby(["year", "stream"], as_index=False)[["pupils"]].sum()
    every = plans_by_year(caseload).rename(columns={"plans": "pupils"}).assign(stream="all")
    out = pd.concat([every, streams], ignore_index=True).dropna(subset=["pupils"])
    source = "DfE education, health and care plans (SEN2), January " + (out["year"] + 1).astype(str)
    out = out.assign(pupils=out["pupils"].astype("int64"), source=source, quality="published")
    return out.sort_values(["year", "stream"], ignore_index=True)[["year", "stream", "pupils", "source", "quality"]]


def school_age_people(people: pd.Series, base_year: int, year: int, ages: tuple[int, int] = SCHOOL_AGES) -> float:
    """Return residents of the ages in another year, each cohort as large as in the year of the population.

    Parameters
    ----------
    people
        Residents by single year of age in `base_year`; cohorts born later count as its youngest.
    base_year, year
        Year of the population, and year asked for.
    ages
        First and last age.
    """
    then = range(ages[0] - (year - base_year), ages[1] - (year - base_year) + 1)
    youngest, oldest = int(people.index.min()), int(people.index.max())
    return float(sum(people[min(max(age, youngest), oldest)] for age in then))


def _trends(history: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Return table `rate_trends`: a row for each place sought whose stream has enough years and plans."""
    base_year = int(population["year"].iloc[0])
    people = population.groupby("age")["people"].sum()
    rows = []
    for stream, of_stream in history[history["stream"] != "all"].groupby("stream"):
        if len(of_stream) < 3 or of_stream["pupils"].min() < FEWEST_PLANS:
            continue
        residents = [school_age_people(people, base_year, int(year)) for year in of_stream["year"]]
        fit = fit_trend(of_stream["year"].tolist(), of_stream["pupils"].tolist(), residents)
        first, last = int(of_stream["year"].min()) + 1, int(of_stream["year"].max()) + 1
        source = f"fitted to the plans of January {first} to {last} a resident of 4 to 17; low and high: its 80 % range"
        rows += [
            ("all", "all", place, round(fit.annual_change_share, 4), round(fit.low_annual_change_share, 4),
             round(fit.high_annual_change_share, 4), source, "inferred")
            for place in _PLACES.get(str(stream), (str(stream),))
        ]  # fmt: skip
    columns = ["need", "phase", "place_sought", "annual_change_share", "low_annual_change_share",
               "high_annual_change_share", "source", "quality"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
