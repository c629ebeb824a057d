"""Laws of the forecast, whatever drives it: controls, the pattern, mitigations, totals, homes and draws."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given, settings

from sufficiency.demand import counts_to_locate, forecast_demand
from sufficiency.demand.cohorts import people_of_years
from sufficiency.demand.draws import Futures, draw_demand
from sufficiency.demand.forecast import forecast_counts, forecast_expected, pattern
from sufficiency.demand.location import locate
from sufficiency.model.vocabulary import phase_of
from tests.small_demand import (
    COUNTY,
    DISTRICTS,
    clusters,
    controls,
    drivers,
    parameters,
    population,
    rates,
    shuffled,
    table,
    zones,
)

if TYPE_CHECKING:
    from sufficiency.demand.drivers import Drivers

NONE = float("nan")
YEARS = (2024, 2025, 2026)
CELL = ["ncy", "need", "place_sought", "attendance"]
PLACES = ("special_school", "specialist_base", "mainstream")
HEADLINE = ("special_school", "specialist_base")

shares = st.floats(0, 1).map(lambda x: round(x, 3))
changes = st.floats(-0.5, 0.8).map(lambda x: round(x, 3))
needs = st.sampled_from(("all", "ASD", "MLD", "SLD"))
phases = st.sampled_from(("all", "primary", "secondary", "post_16"))
places = st.sampled_from(("all", *PLACES))


@st.composite
def populations(draw: st.DrawFn) -> pd.DataFrame:
    """Draw zones of different sizes and shapes; somebody of every age lives in n1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = population()
    size = rng.choice([0.0, 3.5, 60.0, 200.0], len(frame))
    return frame.assign(people=np.where(frame["zone_id"] == "n1", size + 1, size))


@st.composite
def trend_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw rows of rate_trends, each kind once."""
    rows = draw(st.lists(st.tuples(needs, phases, places), min_size=1, max_size=4, unique=True))
    return table("rate_trends", *[(*kind, draw(changes)) for kind in rows])


@st.composite
def estates(draw: st.DrawFn) -> pd.DataFrame:
    """Draw developments in some of the zones."""
    rows = draw(st.lists(st.tuples(st.sampled_from(list(DISTRICTS)), st.integers(2023, 2027)), min_size=1, max_size=4))
    homes = st.integers(0, 800)
    return table("developments", *[(f"d{n}", "", zone, year, draw(homes)) for n, (zone, year) in enumerate(rows)])


@st.composite
def mitigation_tables(draw: st.DrawFn, effects: tuple[str, ...] = ("rate", "mix")) -> pd.DataFrame:
    """Draw mitigations, some begun before the run."""
    rows = []
    for number in range(draw(st.integers(1, 3))):
        effect, start = draw(st.sampled_from(effects)), draw(st.integers(2021, 2027))
        to = draw(st.sampled_from((*PLACES, "alternative_provision"))) if effect == "mix" else ""
        full = start + draw(st.integers(0, 3))
        where = (draw(needs), draw(phases), draw(places), to)
        rows.append((f"m{number}", "", effect, *where, draw(shares), NONE, NONE, start, full))
    return table("mitigations", *rows)


@st.composite
def all_drivers(draw: st.DrawFn, **fixed: Any) -> Drivers:
    """Draw drivers with or without each table."""
    parts: dict[str, Any] = {
        "rate_trends": draw(st.none() | trend_tables()),
        "developments": draw(st.none() | estates()),
        "cohort_changes": draw(
            st.none()
            | st.lists(st.tuples(st.sampled_from((COUNTY, "north")), st.integers(1, 20), changes), max_size=5,
                       unique_by=lambda row: row[:2]).map(lambda rows: table("cohort_changes", *rows))
        ),
    }  # fmt: skip
    return drivers(**(parts | fixed))


def asked(headline: list[int], mainstream: list[int]) -> pd.DataFrame:
    """Return controls of the calibration year as the pattern is, then those drawn."""
    return controls((2024, 80, 120), *zip((2025, 2026), headline, mainstream, strict=True))


CONTROLS = asked([88, 93], [130, 101])
two = st.lists(st.integers(0, 300), min_size=2, max_size=2)
methods = st.sampled_from(("rates", "controls"))
shapes = st.sampled_from(("none", "constant", "damped"))


@settings(max_examples=7)
@given(populations(), all_drivers(), two, two, shapes)
def test_every_control_is_met_and_the_calibration_year_is_the_pattern(
    people: pd.DataFrame, tables: Drivers, headline: list[int], mainstream: list[int], shape: str
) -> None:
    given_years = parameters(forecast_method="controls", rate_trend_shape=shape)
    counts = forecast_counts(people, rates(), asked(headline, mainstream), given_years, tables)
    for places_of, wanted in ((HEADLINE, [80, *headline]), (("mainstream",), [120, *mainstream])):
        found = counts[counts["place_sought"].isin(places_of)].groupby("year")["pupils"].sum()
        assert found.reindex(YEARS, fill_value=0).tolist() == wanted
    first = counts[counts["year"] == 2024].set_index(CELL)["pupils"].sort_index()
    pd.testing.assert_series_equal(first, pattern(rates(), "A").set_index(CELL)["pupils"].sort_index())


@settings(max_examples=7)
@given(populations(), all_drivers(), mitigation_tables(("rate",)), methods)
def test_rate_mitigations_never_raise(
    people: pd.DataFrame, tables: Drivers, mitigations: pd.DataFrame, method: str
) -> None:
    known = parameters(forecast_method=method)
    applied = dataclasses.replace(tables, mitigations=mitigations, applied=tuple(mitigations["mitigation_id"]))
    cells, without = forecast_expected(people, rates(), CONTROLS, known, tables)
    same, with_them = forecast_expected(people, rates(), CONTROLS, known, applied)
    pd.testing.assert_frame_equal(same, cells)
    assert (with_them <= without + 1e-9).all()
    assert (with_them >= 0).all()
    np.testing.assert_array_equal(with_them[0], without[0])


@settings(max_examples=7)
@given(populations(), all_drivers(), mitigation_tables(("mix",)), methods)
def test_mix_mitigations_keep_every_need_year_group_and_home(
    people: pd.DataFrame, tables: Drivers, mitigations: pd.DataFrame, method: str
) -> None:
    known = parameters(forecast_method=method)
    applied = dataclasses.replace(tables, mitigations=mitigations, applied=tuple(mitigations["mitigation_id"]))
    sums = []
    for given_tables in (tables, applied):
        cells, pupils = forecast_expected(people, rates(), CONTROLS, known, given_tables)
        keys = [cells[name] for name in ("need", "ncy", "attendance")]
        flat = pd.DataFrame(pupils.transpose(1, 0, 2).reshape(len(cells), -1))
        sums.append(flat.groupby(keys).sum())
        assert (pupils >= 0).all()
    pd.testing.assert_frame_equal(*sums)


@settings(max_examples=7)
@given(populations(), all_drivers(), st.dictionaries(st.sampled_from(PLACES), shares, min_size=1, max_size=2))
def test_the_table_of_the_mix_keeps_every_need_and_phase(
    people: pd.DataFrame, tables: Drivers, stated: dict[str, float]
) -> None:
    # of a need that seeks all three places, so that the others can take the rest
    rows = [("ASD", "all", place, 2026, share / 2) for place, share in stated.items()]
    known = parameters(placement_mix="table")
    applied = dataclasses.replace(tables, placement_mix=table("placement_mix", *rows))
    cells, without = forecast_expected(people, rates(), CONTROLS, parameters(), tables)
    same, with_them = forecast_expected(people, rates(), CONTROLS, known, applied)
    phase, need = same["ncy"].map(phase_of), same["need"]
    before, after = (
        pd.DataFrame(pupils[:, :, 0].T).groupby([of["need"], of["ncy"].map(phase_of)]).sum()
        for of, pupils in ((cells, without), (same, with_them))
    )
    pd.testing.assert_frame_equal(before, after)
    for of_phase in ("primary", "secondary"):
        mine = ((need == "ASD") & (phase == of_phase)).to_numpy()
        for place, share in stated.items():
            at = mine & (same["place_sought"] == place).to_numpy()
            assert np.isclose(with_them[2, at].sum(), share / 2 * with_them[2, mine].sum())


@settings(max_examples=7)
@given(populations(), all_drivers(), mitigation_tables(), methods, st.integers(0, 1000))
def test_the_order_of_rows_never_matters(
    people: pd.DataFrame, tables: Drivers, mitigations: pd.DataFrame, method: str, seed: int
) -> None:
    names = ("rate_trends", "developments", "cohort_changes")
    known = parameters(forecast_method=method)
    ids = tuple(mitigations["mitigation_id"])
    one = dataclasses.replace(tables, mitigations=mitigations, applied=ids)
    other = dataclasses.replace(
        tables,
        mitigations=shuffled(mitigations, seed),
        applied=ids[::-1],
        **{name: shuffled(getattr(tables, name), seed) for name in names},
    )
    first = forecast_demand(people, rates(), CONTROLS, known, clusters=clusters(), drivers=one)
    again = forecast_demand(
        shuffled(people, seed), shuffled(rates(), seed), shuffled(CONTROLS, seed), known,
        clusters=shuffled(clusters(), seed), drivers=other,
    )  # fmt: skip
    pd.testing.assert_frame_equal(first, again)


@settings(max_examples=7)
@given(populations(), st.integers(2025, 2040))
def test_cohorts_that_keep_their_size_keep_their_people(people: pd.DataFrame, last: int) -> None:
    found = people_of_years(people, (2024, last))
    start = people.pivot_table(index="zone_id", columns="age", values="people", aggfunc="sum").to_numpy()
    on = last - 2024
    np.testing.assert_array_equal(found.counts[:, 0, :21], start)
    np.testing.assert_array_equal(found.counts[:, 1, on : on + 21], start)
    np.testing.assert_array_equal(found.counts[:, 1, :on], np.repeat(start[:, :1], on, axis=1))


@settings(max_examples=7)
@given(populations(), all_drivers(), st.data())
def test_totals_are_met_exactly(people: pd.DataFrame, tables: Drivers, data: st.DataObject) -> None:
    # totals of something that can be: the forecast itself, each of its cells more or less
    known = parameters()
    of_year = locate_counts(people, tables, known)
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(of_year), max_size=len(of_year))))
    wanted = of_year.assign(pupils=of_year["pupils"] * times)
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
    rows, expected = [], {}
    for by in kinds:
        for key, pupils in wanted.groupby(list(by))["pupils"].sum().items():
            codes = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
            area, phase = codes.get("district_id", COUNTY), codes.get("phase", "all")
            rows.append((area, 2026, phase, codes.get("need", "all"), codes.get("place_sought", "headline"), pupils))
            expected[by, key] = pupils
    applied = dataclasses.replace(tables, demand_totals=table("demand_totals", *rows))
    found = locate_counts(people, applied, known)
    for (by, key), pupils in expected.items():
        codes = key if isinstance(key, tuple) else (key,)
        mine = np.logical_and.reduce([found[name] == code for name, code in zip(by, codes, strict=True)])
        assert found.loc[mine, "pupils"].sum() == pupils


KINDS = (("district_id",), ("need",), ("phase",), ("place_sought",), ("need", "phase"))


def locate_counts(people: pd.DataFrame, tables: Drivers, known: Any) -> pd.DataFrame:
    """Return the headline of 2026 with the district of each home."""
    counts = counts_to_locate(people, rates(), CONTROLS, known, tables)
    counts = counts[(counts["year"] == 2026) & counts["place_sought"].isin(HEADLINE)]
    found = locate(counts, people, 2024, clusters=clusters(), drivers=tables, parameters=known)
    # what the forecast spreads thinly has to be there too, with 0
    kinds = counts[["need", "ncy", "place_sought"]].drop_duplicates()
    every = pd.concat([kinds.assign(district_id=district) for district in ("north", "south")])
    found = found.assign(district_id=found["origin_id"].map(DISTRICTS))
    found = pd.concat([found, every.assign(pupils=0)], ignore_index=True)
    return found.assign(phase=found["ncy"].map(phase_of))


@settings(max_examples=5)
@given(populations(), all_drivers(), st.integers(0, 100), methods)
def test_draws_add_up_and_are_in_order(people: pd.DataFrame, tables: Drivers, seed: int, method: str) -> None:
    known = parameters(
        forecast_method=method,
        rate_innovation_share=(0.05, 0.0, 0.2),
        redraw_rates_spread_share=0.3,
        births_annual_change_share=(0.0, -0.2, 0.2),
        new_homes_ehcp_share=(0.1, 0.0, 0.3),
    )
    counts = forecast_counts(people, rates(), CONTROLS, known, tables)
    counts = counts[counts["place_sought"].isin(HEADLINE)]
    parts = {
        str(homes): locate(part, people, 2024, clusters=clusters(), drivers=tables, parameters=known)
        for homes, part in counts.groupby("homes")
    }
    parts["present"].loc[parts["present"].index[::7], "origin_id"] = ""
    found = draw_demand(parts, Futures.of(people, rates(), known, tables), zones(), draws=60, seed=seed)
    quantiles = found.quantiles()
    assert (quantiles["p10_pupils"] <= quantiles["p50_pupils"]).all()
    assert (quantiles["p50_pupils"] <= quantiles["p90_pupils"]).all()
    assert (found.pupils >= 0).all()
    now = (found.rows["year"] == 2024).to_numpy()
    assert (found.pupils[now] == found.rows.loc[now, "pupils"].to_numpy()[:, None]).all()
    central = pd.concat(list(parts.values()))
    everybody = (found.rows["need"] == "all") & (found.rows["phase"] == "all")
    everybody &= found.rows["provision_type"] == "headline"
    total = found.rows[everybody & (found.rows["level"] == "county")]
    assert total.set_index("year")["pupils"].to_dict() == central.groupby("year")["pupils"].sum().to_dict()
    for year in YEARS:
        plain = everybody & (found.rows["year"] == year)
        county, district, cluster = (
            found.pupils[(plain & (found.rows["level"] == level)).to_numpy()].sum(axis=0)
            for level in ("county", "district", "cluster")
        )
        np.testing.assert_array_equal(district, cluster)
        assert (county >= district).all()
