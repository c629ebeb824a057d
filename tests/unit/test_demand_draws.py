"""Draws of the future against closed forms (Poisson, triangular and lognormal quantiles), and what they add up to."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sufficiency.demand import county_counts
from sufficiency.demand.draws import Drawn, Futures, draw_demand, draw_factors, triangular
from sufficiency.demand.location import locate
from sufficiency.model.errors import DataError
from tests.small_demand import clusters, controls, drivers, parameters, population, rates, shuffled, table, zones

if TYPE_CHECKING:
    from sufficiency.demand.drivers import Drivers

CONTROLS = controls((2024, 80, 120), (2025, 90, 126), (2026, 100, 130))
NONE = float("nan")
DRAWS = 4000
TRENDS = table(
    "rate_trends",
    ("all", "all", "special_school", 0.05, 0.01, 0.08),
    ("all", "all", "specialist_base", 0.02, -0.03, 0.06),
)
WIDE: dict[str, Any] = {
    "rate_innovation_share": (0.05, 0.02, 0.08),
    "redraw_rates_spread_share": 0.2,
    "births_annual_change_share": (0.0, -0.1, 0.1),
    "new_homes_pace_share": (1.0, 0.5, 1.2),
    "rate_trend_damping_share": (0.5, 0.2, 0.9),
    "rate_trend_shape": "damped",
}


def headline(tables: Drivers, **values: Any) -> dict[str, pd.DataFrame]:
    """Return the headline demand of the small county by homes."""
    given = parameters(**values)
    counts = county_counts(population(), rates(), CONTROLS, given, tables)
    counts = counts[counts["place_sought"].isin(("special_school", "specialist_base"))]
    return {
        str(homes): locate(part, population(), 2024, clusters=clusters(), drivers=tables, parameters=given)
        for homes, part in counts.groupby("homes")
    }


def drawn(tables: Drivers | None = None, *, draws: int = 400, seed: int = 1, **values: Any) -> Drawn:
    """Return draws of the small county."""
    known = drivers() if tables is None else tables
    futures = Futures.of(population(), rates(), parameters(**values), known)
    return draw_demand(headline(known, **values), futures, zones(), draws=draws, seed=seed)


def row(found: Drawn, **codes: object) -> np.ndarray:
    """Return the draws of the one row with these codes; all and headline where none is said."""
    wanted = {"level": "county", "phase": "all", "need": "all", "provision_type": "headline"} | codes
    mine = np.logical_and.reduce([(found.rows[name] == code).to_numpy() for name, code in wanted.items()])
    assert mine.sum() == 1
    return found.pupils[mine][0]


def factors(tables: Drivers, kinds: pd.DataFrame, **values: Any) -> np.ndarray:
    """Return factors of kinds in many draws."""
    futures = Futures.of(population(), rates(), parameters(**values), tables)
    return draw_factors(kinds, futures, {}, DRAWS, np.random.default_rng(7))


def kind(**codes: object) -> pd.DataFrame:
    """Return one kind of pupil, of 2026."""
    known = {"year": 2026, "need": "ASD", "phase": "primary", "place_sought": "special_school", "homes": "present"}
    return pd.DataFrame([known | {"births_years": 0, "pupils": 10.0} | codes])


def assert_quantiles(values: np.ndarray, quantile: Any) -> None:
    """Compare with a distribution's quantiles, four standard errors of the share below them."""
    for share in (0.1, 0.5, 0.9):
        error = 4 * np.sqrt(share * (1 - share) / len(values))
        assert np.mean(values <= quantile(share - error)) <= share <= np.mean(values <= quantile(share + error))


def test_with_every_range_shut_only_counting_is_left() -> None:
    found = drawn(draws=DRAWS)
    table_of = found.quantiles()
    later = table_of[(table_of["year"] > 2024) & (table_of["pupils"] >= 4)]
    assert len(later) > 40
    error = {share: 4 * np.sqrt(share * (1 - share) / DRAWS) for share in (0.1, 0.5, 0.9)}
    for name, share in (("p10_pupils", 0.1), ("p50_pupils", 0.5), ("p90_pupils", 0.9)):
        least = stats.poisson.ppf(share - error[share], later["pupils"])
        most = stats.poisson.ppf(share + error[share], later["pupils"])
        assert (later[name] >= least).all()
        assert (later[name] <= most).all()
    sums = row(found, year=2026)
    assert sums.mean() == pytest.approx(80, abs=4 * np.sqrt(80 / DRAWS))
    assert sums.var() == pytest.approx(80, rel=0.1)


def test_the_calibration_year_has_no_spread() -> None:
    found = drawn(drivers(rate_trends=TRENDS), **WIDE)
    now = (found.rows["year"] == 2024).to_numpy()
    assert (found.pupils[now] == found.rows.loc[now, "pupils"].to_numpy()[:, None]).all()
    assert found.rows.loc[now & (found.rows["level"] == "county") & (found.rows["need"] == "MLD")
                          & (found.rows["phase"] == "all"), "pupils"].tolist() == [12]  # fmt: skip


def test_triangular_draws_have_the_textbook_quantiles() -> None:
    values = triangular(np.random.default_rng(3), -0.02, 0.0, 0.06, DRAWS)
    assert_quantiles(values, stats.triang(0.25, loc=-0.02, scale=0.08).ppf)
    assert (triangular(np.random.default_rng(3), 0.3, 0.3, 0.3, 5) == 0.3).all()


def test_the_trend_is_drawn_from_its_range() -> None:
    change = stats.triang(4 / 7, loc=0.01, scale=0.07)
    found = factors(drivers(rate_trends=TRENDS), kind())[0]
    assert_quantiles(found, lambda share: ((1 + change.ppf(share)) / 1.05) ** 2)
    # damped by a half, two years on: the exponent is 1.5
    found = factors(drivers(rate_trends=TRENDS), kind(), rate_trend_shape="damped")[0]
    assert_quantiles(found, lambda share: ((1 + change.ppf(share)) / 1.05) ** 1.5)
    assert (factors(drivers(rate_trends=TRENDS), kind(), rate_trend_shape="none") == 1).all()
    assert (factors(drivers(rate_trends=TRENDS), kind(place_sought="mainstream")) == 1).all()


def test_the_damping_is_drawn_from_its_range() -> None:
    sure = drivers(rate_trends=table("rate_trends", ("all", "all", "all", 0.05)))
    damping = stats.triang(0.5, loc=0.2, scale=0.6)
    found = factors(sure, kind(), rate_trend_shape="damped", rate_trend_damping_share=(0.5, 0.2, 0.8))[0]
    assert_quantiles(found, lambda share: 1.05 ** (1 + damping.ppf(share)) / 1.05**1.5)


def test_chance_is_a_random_walk_of_each_place() -> None:
    kinds = pd.concat(
        [kind(), kind(year=2025), kind(place_sought="specialist_base"), kind(need="MLD")], ignore_index=True
    )
    found = factors(drivers(), kinds, rate_innovation_share=0.1)
    assert_quantiles(found[0], lambda share: np.exp(0.1 * np.sqrt(2) * stats.norm.ppf(share)))
    assert_quantiles(found[1], lambda share: np.exp(0.1 * stats.norm.ppf(share)))
    logs = np.log(found)
    # a year's step is in the next year's, places go their own way, needs of a place go together
    assert np.corrcoef(logs[0], logs[1])[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.05)
    assert np.corrcoef(logs[0], logs[2])[0, 1] == pytest.approx(0, abs=0.06)
    assert (found[0] == found[3]).all()


def test_births_count_once_a_year_not_yet_born() -> None:
    change = stats.triang(0.6, loc=-0.1, scale=0.2)
    kinds = pd.concat([kind(), kind(births_years=1), kind(births_years=3)], ignore_index=True)
    found = factors(drivers(), kinds, births_annual_change_share=(0.02, -0.1, 0.1))
    assert (found[0] == 1).all()
    assert_quantiles(found[1], lambda share: (1 + change.ppf(share)) / 1.02)
    np.testing.assert_allclose(found[2], found[1] ** 3)
    assert (
        factors(drivers(), kind(year=2024, births_years=1), births_annual_change_share=(0.02, -0.1, 0.1)) == 1
    ).all()


def test_new_homes_and_only_they_follow_their_ranges() -> None:
    kinds = pd.concat([kind(), kind(homes="new"), kind(homes="new", phase="secondary")], ignore_index=True)
    found = factors(drivers(), kinds, new_homes_pace_share=(0.8, 0.4, 1.0))
    assert (found[0] == 1).all()
    assert (found[1] == found[2]).all()
    assert_quantiles(found[1], lambda share: stats.triang(2 / 3, loc=0.4, scale=0.6).ppf(share) / 0.8)
    found = factors(drivers(), kinds, pupil_yield_secondary_per_dwelling=(0.5, 0.25, 1.0))
    assert (found[:2] == 1).all()
    assert_quantiles(found[2], lambda share: stats.triang(1 / 3, loc=0.25, scale=0.75).ppf(share) / 0.5)


@pytest.mark.parametrize(("effect", "to", "drawn_at_all"), [
    ("rate", "", True), ("mix", "mainstream", True), ("mix", "specialist_base", False), ("supply", "", False),
])  # fmt: skip
def test_a_mitigation_is_drawn_where_it_takes_pupils_out(effect: str, to: str, drawn_at_all: bool) -> None:
    said = ("m", "M", effect, "all", "primary", "special_school", to, 0.4, 0.0, 0.5, 2025, 2028)
    tables = drivers(mitigations=table("mitigations", said), applied=("m",))
    kinds = pd.concat([kind(), kind(phase="secondary"), kind(place_sought="specialist_base")], ignore_index=True)
    found = factors(tables, kinds)
    assert (found[1:] == 1).all()
    if not drawn_at_all:
        assert (found[0] == 1).all()
        return
    # in 2026 half of it is reached: 1 - 0.2 in the central forecast
    share_of = stats.triang(0.8, loc=0.0, scale=0.5)
    assert_quantiles(found[0], lambda share: (1 - 0.5 * share_of.ppf(1 - share)) / 0.8)


def mixed_kinds() -> pd.DataFrame:
    """Return ASD with 60 and 40, MLD with special schools only, VI with bases only: 50 of 150 seek a base."""
    return pd.concat(
        [kind(pupils=60.0), kind(pupils=40.0, place_sought="specialist_base"), kind(pupils=40.0, need="MLD"),
         kind(pupils=10.0, need="VI", place_sought="specialist_base")], ignore_index=True,
    )  # fmt: skip


def test_a_drawn_mix_moves_pupils_within_their_need_and_phase() -> None:
    values = {"placement_mix": "towards_bases", "specialist_base_share_when_complete": (1 / 3, 0.1, 0.9)}
    futures = Futures.of(population(), rates(), parameters(**values), drivers())
    kinds = mixed_kinds()
    found = draw_factors(kinds, futures, {2024: 0.25, 2026: 1 / 3}, DRAWS, np.random.default_rng(7))
    pupils = kinds["pupils"].to_numpy()[:, None] * found
    assert found.min() >= 0
    assert pupils[1].max() == pytest.approx(100)
    np.testing.assert_allclose(pupils[0] + pupils[1], 100)
    assert (pupils[2] == 40).all()
    assert (pupils[3] == 10).all()
    # 2026 is the year of the whole share: bases in proportion to it, 40 x 3 x share, but no more than all 100
    share_of = stats.triang((1 / 3 - 0.1) / 0.8, loc=0.1, scale=0.8)
    assert_quantiles(pupils[1], lambda share: min(120 * share_of.ppf(share), 100))


def test_areas_sum_to_the_county_but_for_homes_not_known() -> None:
    tables, values = drivers(rate_trends=TRENDS), WIDE
    parts = headline(tables, **values)
    parts["present"] = pd.concat([parts["present"], parts["present"].assign(origin_id="").head(9)], ignore_index=True)
    lost = parts["present"][parts["present"]["origin_id"] == ""].groupby("year")["pupils"].sum()
    futures = Futures.of(population(), rates(), parameters(**values), tables)
    found = draw_demand(parts, futures, zones(), draws=200, seed=3)
    for year in (2024, 2025, 2026):
        by_level = {}
        for level in ("county", "district", "cluster"):
            mine = (found.rows["level"] == level) & (found.rows["year"] == year) & (found.rows["phase"] == "all")
            mine &= (found.rows["need"] == "all") & (found.rows["provision_type"] == "headline")
            by_level[level] = found.pupils[mine.to_numpy()].sum(axis=0)
        np.testing.assert_array_equal(by_level["district"], by_level["cluster"])
        apart = by_level["county"] - by_level["district"]
        assert (apart >= 0).all()
        assert apart.mean() == pytest.approx(lost.get(year, 0), abs=5)
        for name in ("need", "phase"):
            others = (found.rows[name] != "all") & (found.rows[{"need": "phase", "phase": "need"}[name]] == "all")
            mine = (found.rows["level"] == "county") & (found.rows["year"] == year) & others
            np.testing.assert_array_equal(found.pupils[mine.to_numpy()].sum(axis=0), by_level["county"])
        types = found.rows["provision_type"] != "headline"
        mine = types & (found.rows["year"] == year)
        np.testing.assert_array_equal(found.pupils[mine.to_numpy()].sum(axis=0), by_level["county"])


def test_one_seed_gives_one_answer_whatever_the_order_of_rows() -> None:
    tables = drivers(rate_trends=TRENDS)
    first = drawn(tables, seed=5, **WIDE)
    assert (drawn(tables, seed=5, **WIDE).pupils == first.pupils).all()
    assert (drawn(tables, seed=6, **WIDE).pupils != first.pupils).any()
    other = dataclasses.replace(tables, rate_trends=TRENDS.iloc[::-1])
    futures = Futures.of(shuffled(population(), 1), shuffled(rates(), 1), parameters(**WIDE), other)
    parts = {homes: shuffled(part, 2) for homes, part in headline(tables, **WIDE).items()}
    again = draw_demand(parts, futures, shuffled(zones(), 4), draws=400, seed=5)
    pd.testing.assert_frame_equal(again.rows, first.rows)
    assert (again.pupils == first.pupils).all()


def test_a_wider_range_gives_a_wider_answer() -> None:
    def width(change: tuple[float, float]) -> float:
        trends = table("rate_trends", ("all", "all", "all", 0.05, *change))
        found = drawn(drivers(rate_trends=trends), draws=1000)
        low, high = np.quantile(row(found, year=2026), (0.1, 0.9))
        return float(high - low)

    widths = [width(change) for change in ((0.05, 0.05), (-0.2, 0.3), (-0.8, 1.5))]
    assert widths == sorted(widths)
    assert widths[2] > 1.5 * widths[0]


def test_spread_of_homes_moves_pupils_between_clusters_and_not_the_county() -> None:
    found = {spread: drawn(draws=DRAWS, redraw_rates_spread_share=spread) for spread in (0.0, 0.5)}
    county = {spread: row(of, year=2026) for spread, of in found.items()}
    assert county[0.5].std() == pytest.approx(county[0.0].std(), rel=0.06)
    assert county[0.5].mean() == pytest.approx(county[0.0].mean(), rel=0.01)
    north = {spread: row(of, year=2026, level="cluster", area_id="north-a").std() for spread, of in found.items()}
    assert north[0.5] > 1.2 * north[0.0]


def test_a_range_out_of_order_is_refused() -> None:
    trends = table("rate_trends", ("all", "all", "all", 0.05, 0.06, 0.08))
    with pytest.raises(DataError, match=r"rate_trends.csv: .* are 0.06, 0.05 and 0.08: let them ascend"):
        factors(drivers(rate_trends=trends), kind())
    said = ("m", "M", "rate", "all", "all", "all", "", 0.4, NONE, 0.1, 2025, 2028)
    with pytest.raises(DataError, match=r"mitigations.csv: .* 0.4, 0.4 and 0.1"):
        factors(drivers(mitigations=table("mitigations", said), applied=("m",)), kind())
