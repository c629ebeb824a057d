"""The page of the back-test against the release: every figure on it is worked out anew; and the tables fitted to it."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand.back_test import METHODS, back_test, scores
from sufficiency.demand.trend import fit_trend
from sufficiency.model.vocabulary import year_label
from sufficiency.prepare.plans import FEWEST_PLANS, STREAM_OF_PLACEMENT, school_age_people
from sufficiency.sources.public.ehc_plans import plans_by_placement, plans_by_year, read_ehc_plans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "back-test.md"
DEMAND = ROOT / "data" / "demand"
YEARS = range(2018, 2025)
FITTED_TO = 2021
# What a stream of the page holds, in its order; the placements of the release by their codes.
STATE, INDEPENDENT = ("state_special_school",), ("independent_special_school", "non_maintained_special_school")
BASES = ("resourced_provision_or_unit",)
STREAMS: dict[str, tuple[str, ...]] = {
    "All plans": (),
    "Headline": (*STATE, *INDEPENDENT, *BASES),
    "State special schools": STATE,
    "Independent and non-maintained": INDEPENDENT,
    "Resourced provision and units": BASES,
    "Mainstream with early years": ("mainstream_school", "early_years_setting"),
    "Further education with training": ("general_further_education", "other_training_provider"),
    "Specialist post-16": ("specialist_post_16",),
    "Alternative provision": ("alternative_provision",),
    "Elsewhere with not recorded": ("educated_elsewhere", "not_recorded"),
}
OF_HISTORY = {
    "all": "All plans",
    "headline": "Headline",
    "mainstream": "Mainstream with early years",
    "further_education": "Further education with training",
    "specialist_post_16": "Specialist post-16",
    "alternative_provision": "Alternative provision",
    "educated_elsewhere": "Elsewhere with not recorded",
}
PLACES = {
    "special_school": "headline", "specialist_base": "headline", "mainstream": "mainstream",
    "fe_mainstream": "further_education", "fe_specialist_unit": "further_education",
    "specialist_post_16": "specialist_post_16", "alternative_provision": "alternative_provision",
    "educated_elsewhere": "educated_elsewhere",
}  # fmt: skip
CHANGED = ["Further education with training", "Specialist post-16", "Alternative provision",
           "Elsewhere with not recorded"]  # fmt: skip
TWO = ["All plans", "Headline"]
# A figure of the text that is no result: shares and years of the method, the years of the return, and what is assumed.
NO_RESULT = {"80 %", "4 to 17", "0.9", "30", "0.037", "1.2816", "mid-2020"}


@dataclass(frozen=True, eq=False)
class Ground:
    """What the page rests on: the release by placement and stream, residents by year, and what the area assumes."""

    caseload: pd.DataFrame
    placed: pd.DataFrame
    history: pd.DataFrame
    people: pd.Series
    raw_people: pd.Series
    assumed: dict[str, Any]

    @cache  # noqa: B019 - one object a session
    def table(self, fitted_to: int = FITTED_TO, streams: tuple[str, ...] = (), **other: Any) -> pd.DataFrame:
        """Return the back-test of the area's own assumptions, but for what is given."""
        rows = self.history[self.history["stream"].isin(streams)] if streams else self.history
        people = self.raw_people if other.pop("raw", False) else self.people
        return back_test(rows, people, fitted_to=fitted_to, fewest_plans=FEWEST_PLANS, **(self.assumed | other))


@pytest.fixture(scope="session")
def ground(real_data: Path) -> Ground:
    """Read the release, the population of the area and that of the file it came from."""
    found = read_ehc_plans(real_data / "oxfordshire" / "send" / "ehcp2025_caseload.csv", [], la_code="931")
    assert found is not None
    placed = plans_by_placement(found.table)
    parts = [plans_by_year(found.table).rename(columns={"plans": "pupils"}).assign(stream="All plans")]
    for name, codes in STREAMS.items():
        rows = placed[placed["placement"].isin(codes)]
        parts.append(rows.groupby("year", as_index=False)[["pupils"]].sum(min_count=1).assign(stream=name))
    population = pd.read_csv(DEMAND / "population.csv").groupby("age")["people"].sum()
    raw = pd.read_csv(real_data / "oxfordshire" / "population" / "oxon_lsoa11_syoa_mid2020.csv")
    ages = raw[[str(age) for age in range(90)]].sum().set_axis(range(90))
    assumptions = tomllib.loads((ROOT / "data" / "area.toml").read_text(encoding="utf-8"))["assumptions"]
    damping, chance = (assumptions[f"rate_{name}_share"] for name in ("trend_damping", "innovation"))
    return Ground(
        found.table,
        placed,
        pd.concat(parts, ignore_index=True),
        pd.Series({year: school_age_people(population, 2024, year) for year in YEARS}),
        pd.Series({year: school_age_people(ages, 2020, year) for year in YEARS}),
        {
            "shape": assumptions["rate_trend_shape"]["value"],
            "damping_share": damping["value"],
            "innovation_share": chance["value"],
        },
    )


# --- how the page writes


def percent(share: float) -> str:
    """Return a share as the page writes it."""
    return f"{share * 100:.1f} %".replace("-", "−")


def inside(rows: pd.DataFrame) -> str:
    """Return how many numbers lie in their range."""
    return f"{int(rows['in_range'].sum())} of {len(rows)}"


def methods(row: pd.Series) -> list[str]:
    """Return the mean absolute error of each method."""
    return [percent(row[f"{method}_mean_absolute_error_share"]) for method in METHODS]


def scores_table(ground: Ground) -> list[list[str]]:
    """Return the table of scores."""
    table = ground.table()
    return [
        [row["stream"], *methods(row), inside(table[table["stream"] == row["stream"]])]
        for _, row in scores(table).iterrows()
    ]


def years_table(ground: Ground) -> list[list[str]]:
    """Return the forecast against what came."""
    return [
        [row["stream"], year_label(row["year"]), f"{row['actual_pupils']:,.0f}", f"{row['forecast_pupils']:,.0f}",
         f"{row['low_pupils']:,.0f} to {row['high_pupils']:,.0f}", "yes" if row["in_range"] else "no",
         percent(row["forecast_error_share"]), f"{row['last_value_pupils']:,.0f}",
         f"{row['linear_trend_pupils']:,.0f}"]
        for _, row in ground.table().iterrows()
    ]  # fmt: skip


def coverage_table(ground: Ground) -> list[list[str]]:
    """Return how many numbers lie in their range, for all streams and without some."""
    table = ground.table()
    own = ground.table(innovation_share=None)
    changed = table["stream"].isin(CHANGED)
    origins = pd.concat([ground.table(year, tuple(TWO)) for year in range(2020, 2024)])
    rows = {
        "All ten streams": table,
        "All plans, the headline, its three parts and mainstream": table[~changed],
        "The four others, counted otherwise since January 2023": table[changed],
        "All ten, chance as each stream's fitted years scatter": own,
        "All plans and the headline, from each of the four years": origins,
    }
    return [[name, inside(part), f"{part['in_range'].mean() * 100:.0f} %"] for name, part in rows.items()]


def origins_table(ground: Ground) -> list[list[str]]:
    """Return the scores of forecasts from four years."""
    out = []
    for stream in TWO:
        for year in range(2020, 2024):
            table = ground.table(year, tuple(TWO))
            rows = table[table["stream"] == stream]
            score = scores(rows).iloc[0]
            labels = sorted({year_label(rows["year"].min()), year_label(rows["year"].max())})
            out.append([stream, year_label(year), " to ".join(labels), *methods(score), inside(rows)])
    return out


VARIANTS: dict[str, dict[str, Any]] = {
    "As the area states": {},
    "No trend, cohorts only": {"shape": "none"},
    "Constant change": {"shape": "constant"},
    "Damped by 0.8": {"damping_share": 0.8},
    "Damped by 0.98": {"damping_share": 0.98},
    "Chance as each stream's fitted years scatter": {"innovation_share": None},
    "Residents as ONS counted them in mid-2020, students too": {"raw": True},
}


def variants_table(ground: Ground) -> list[list[str]]:
    """Return what other choices would have scored."""
    out = []
    for name, other in VARIANTS.items():
        table = ground.table(**other)
        errors = scores(table).set_index("stream")["forecast_mean_absolute_error_share"]
        out.append([name, *(percent(errors[stream]) for stream in TWO), inside(table)])
    return out


TABLES: dict[str, Callable[[Ground], list[list[str]]]] = {
    "Scores": scores_table,
    "Forecast against what came": years_table,
    "How often the range held": coverage_table,
    "From other years": origins_table,
    "Other choices": variants_table,
}


def best(rows: Iterable[list[str]], at: int) -> list[str]:
    """Return the column of the least error of each row; the errors stand from `at`."""
    return [METHODS[int(np.argmin([float(cell.removesuffix(" %")) for cell in row[at : at + 3]]))] for row in rows]


def sentences(ground: Ground) -> list[str]:
    """Return what the text says in figures."""
    placed = ground.placed.set_index(["year", "placement"])["pupils"]
    plans = ground.history.set_index(["stream", "year"])["pupils"]
    score = scores_table(ground)
    won = best(score, 1)
    origin = best(origins_table(ground), 3)
    coverage = {row[0]: row[1:] for row in coverage_table(ground)}
    all_ten = coverage["All ten streams"]
    lacking = [int(placed[year, "not_recorded"]) for year in (2022, 2023, 2024)]
    others = [int(placed[year, "other_training_provider"]) for year in (2022, 2023, 2024)]
    fallen = [int(plans[stream, year]) for stream in ("Headline", CHANGED[0]) for year in (2021, 2022)]
    elsewhere = [int(plans[CHANGED[3], year]) for year in (2021, 2022)]
    beside = int(placed[2021, "awaiting_provision"]), int(placed[2021, "other_placement_setting"])
    means = {row[0]: row[1:4] for row in score}
    hard = next(row for row in origins_table(ground) if row[0] == "Headline" and row[1] == "2022/23")
    constant = next(row for row in variants_table(ground) if row[0] == "Constant change")[1]
    return [
        f"{all_ten[0]} numbers ({all_ten[1]}) lie in their range",
        f"the least error in {won.count('forecast')} of {len(won)} streams",
        f"the last value has it in {won.count('last_value')}, the straight line in {won.count('linear_trend')}",
        f"{means['All plans'][0]} against {means['All plans'][1]} for the last value and {means['All plans'][2]} for",
        f"{means['Headline'][0]} against {means['Headline'][1]} and {means['Headline'][2]}",
        f"the forecast is best in {origin.count('forecast')} of {len(origin)}",
        f"{hard[3]} against {hard[5]} for the straight line",
        f"{constant} for all plans",
        f"{lacking[0]}, {lacking[1]} and {lacking[2]} plans without a recorded placement",
        f"{others[0]}, {others[1]} and {others[2]} with other training providers",
        f"from {fallen[0]:,} to {fallen[1]:,}",
        f"from {fallen[2]} to {fallen[3]}",
        f"from {elsewhere[0]} to {elsewhere[1]}",
        f"{beside[0]} plans that awaited provision and {beside[1]} in other settings",
    ]


# --- the page


def parts_of_page() -> tuple[dict[str, list[list[str]]], str]:
    """Return the tables of the page by the heading above them, and the text without tables."""
    tables: dict[str, list[list[str]]] = {}
    text, heading = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        if line.startswith("|"):
            tables.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
        else:
            text.append(line)
    return tables, re.sub(r"\s+", " ", "\n".join(text))


def test_the_page_has_these_tables_and_no_other() -> None:
    tables, _ = parts_of_page()
    assert list(tables) == list(TABLES)


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_of_the_page(ground: Ground, name: str) -> None:
    tables, _ = parts_of_page()
    # below the head and the rule
    assert tables[name][2:] == TABLES[name](ground)


def test_the_figures_in_the_text(ground: Ground) -> None:
    _, text = parts_of_page()
    for sentence in sentences(ground):
        assert sentence in text
        text = text.replace(sentence, "", 1)
    for said in sorted(NO_RESULT, key=len, reverse=True):
        text = text.replace(said, "")
    # years, file names and links are left; any other figure would be one that nothing asserts
    text = re.sub(r"\b20\d\d(/\d\d)?\b|`[^`]*`|\[[^\]]*\]\([^)]*\)|post-16|SEN2|N11", "", text)
    assert re.findall(r"\d[\d.,]*", text) == []


def test_bands_of_age_have_two_years_and_needs_one(ground: Ground, real_data: Path) -> None:
    """Why no score is claimed for them."""
    needs = read_ehc_plans(real_data / "oxfordshire" / "send" / "ehcp2025_sen_needs_all_plans.csv", [], la_code="931")
    assert needs is not None
    ages = ground.caseload[ground.caseload["topic"] == "Child or young persons age"]
    assert sorted(ages["year"].unique()) == [2023, 2024]
    assert sorted(needs.table["year"].unique()) == [2024]


# --- the method, worked without the code under test


def residents_by_hand() -> dict[int, float]:
    """Return residents of 4 to 17 by year out of population.csv, with the csv module and the cohorts counted back."""
    by_age: dict[int, float] = {}
    with (DEMAND / "population.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert row["year"] == "2024"
            by_age[int(row["age"])] = by_age.get(int(row["age"]), 0.0) + float(row["people"])
    return {year: sum(by_age[age + 2024 - year] for age in range(4, 18)) for year in YEARS}


@pytest.mark.parametrize("fitted_to", [2020, 2021, 2022, 2023])
def test_forecast_and_naive_methods_by_numpy(ground: Ground, fitted_to: int) -> None:
    people = residents_by_hand()
    found = ground.table(fitted_to, tuple(TWO)).set_index(["stream", "year"])
    for stream in TWO:
        pupils = ground.history[ground.history["stream"] == stream].set_index("year")["pupils"]
        known = np.arange(2018, fitted_to + 1)
        slope = np.polyfit(known, np.log([pupils[year] / people[year] for year in known]), 1)[0]
        line = np.polyfit(known - 2018, [pupils[year] for year in known], 1)
        for year in range(fitted_to + 1, 2025):
            told = found.loc[stream, year]
            changes = sum(0.9**k for k in range(year - fitted_to))
            by_hand = pupils[fitted_to] * people[year] / people[fitted_to] * np.exp(slope * changes)
            assert told["forecast_pupils"] == pytest.approx(by_hand)
            assert told["linear_trend_pupils"] == pytest.approx(np.polyval(line, year - 2018))
            assert told["last_value_pupils"] == pupils[fitted_to]
            assert told["actual_pupils"] == pupils[year]


# --- what the embedded area took from the release


def test_history_is_the_release(ground: Ground) -> None:
    history = pd.read_csv(DEMAND / "history.csv")
    assert sorted(history["stream"].unique()) == sorted(OF_HISTORY)
    assert not history.duplicated(["stream", "year"]).any()
    release = ground.history.set_index(["stream", "year"])["pupils"].to_dict()
    committed = {(OF_HISTORY[row.stream], row.year): row.pupils for row in history.itertuples()}
    assert committed == {key: pupils for key, pupils in release.items() if key[0] in OF_HISTORY.values()}
    assert len(committed) == len(OF_HISTORY) * len(YEARS)
    assert (history["quality"] == "published").all()


def test_the_streams_of_the_page_are_those_of_the_preparation() -> None:
    for code, name in OF_HISTORY.items():
        held = {placement for placement, stream in STREAM_OF_PLACEMENT.items() if stream == code}
        assert held == set(STREAMS[name])


def test_plans_in_no_stream(ground: Ground) -> None:
    """Placements of earlier years that the preparation puts in no stream; the page says what it means for 2021/22."""
    left = ground.placed[~ground.placed["placement"].isin(STREAM_OF_PLACEMENT)]
    assert {(row.year, row.placement): row.pupils for row in left.itertuples() if row.pupils > 0} == {
        (2018, "permanently_excluded"): 2,
        (2020, "awaiting_provision"): 8,
        (2021, "awaiting_provision"): 87,
        (2021, "other_placement_setting"): 59,
        (2022, "other_placement_setting"): 8,
    }


NO_TREND = ["alternative_provision", "educated_elsewhere"]


def test_which_rows_state_that_no_trend_is_taken() -> None:
    trends = pd.read_csv(DEMAND / "rate_trends.csv")
    assert sorted(trends["place_sought"]) == sorted(PLACES)
    stated = trends["source"].str.contains("no trend is taken")
    assert sorted(trends.loc[stated, "place_sought"]) == NO_TREND


@pytest.mark.parametrize("place", [place for place in PLACES if place not in NO_TREND])
def test_rate_trends_are_the_fit(ground: Ground, place: str) -> None:
    """Rounded as there; the residents are the cohorts of the ONS count of mid-2020, students too."""
    row = pd.read_csv(DEMAND / "rate_trends.csv").set_index("place_sought").loc[place]
    history = pd.read_csv(DEMAND / "history.csv")
    rows = history[history["stream"] == PLACES[place]]
    fit = fit_trend(rows["year"].tolist(), rows["pupils"].tolist(), ground.raw_people[rows["year"]].tolist())
    told = [row["annual_change_share"], row["low_annual_change_share"], row["high_annual_change_share"]]
    assert told == [round(value, 3) for value in fit[:3]]


def test_chance_is_the_scatter_of_all_plans(ground: Ground) -> None:
    """0.037, and 0.07 for the headline's, whichever count of residents is taken."""
    for people in (ground.raw_people, ground.people):
        scatter = {}
        for stream in TWO:
            rows = ground.history[ground.history["stream"] == stream]
            fit = fit_trend(rows["year"].tolist(), rows["pupils"].tolist(), people[rows["year"]].tolist())
            scatter[stream] = fit.innovation_share
        assert round(scatter["All plans"], 3) == ground.assumed["innovation_share"] == 0.037
        assert round(scatter["Headline"], 2) == 0.07
