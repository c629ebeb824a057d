"""How far the forecast may be out: many futures drawn from the ranges of what it rests on.

Each draw multiplies the pupils of the central forecast, kind by kind, by

    G'(h) ÷ G(h)           the trend with its first change, damping and ceiling drawn
  · exp(σ' (ε1 + ... + εh))  chance moving the rate of a place sought from year to year, h years on
  · ((1 + b') ÷ (1 + b))^k   births, for cohorts born k years after the population
  · share' ÷ share           for bases; special schools have the rest of each need and phase
  · (1 − c'·r) ÷ (1 − c·r)   each mitigation that is applied and takes pupils out of the stream, r its ramp
  · pace' ÷ pace, and so for yield, additional and plan share of new homes, for their pupils
  · u'                      where pupils live: a factor a cluster, the county's total kept

and then counts: the pupils of a kind in a cluster are Poisson with that mean, for who needs a plan, and lives where, is
partly chance. A primed value comes from the triangular distribution of its low, central and high value, the same in all
years and areas of a draw; ε is standard normal; u' is uniform, one ± `redraw_rates_spread_share`. A quantity without a
range is not drawn. One seed gives one answer, whatever the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from sufficiency.demand.changes import mitigations_of, remaining
from sufficiency.demand.expected import ceiling_ratio, grounds_of
from sufficiency.demand.forecast import pattern
from sufficiency.demand.mix import base_share
from sufficiency.demand.new_homes import AGE_AT_RECEPTION, YIELDS
from sufficiency.demand.trend import growth, trend_rows
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES, NEEDS, PHASES, phase_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from sufficiency.demand.drivers import Drivers
    from sufficiency.demand.expected import Grounds
    from sufficiency.model.parameters import Parameters

__all__ = ["SEED", "Drawn", "Futures", "draw_demand", "draw_factors", "kinds_of"]

SEED: Final = 20_260_901
CHUNK: Final = 200
KIND: Final = ["year", "need", "phase", "place_sought", "homes", "births_years"]


@dataclass(frozen=True)
class Futures:
    """Everything that a draw needs to know of an area's forecast."""

    parameters: Parameters
    drivers: Drivers
    grounds: Grounds
    ceiling: float

    @classmethod
    def of(cls, population: pd.DataFrame, rates: pd.DataFrame, parameters: Parameters, drivers: Drivers) -> Futures:
        """Return the futures of an area; tables as in `forecast_demand`."""
        cells = pattern(rates, str(parameters.value("demand_definition")))
        grounds = grounds_of(population, cells, parameters, drivers)
        return cls(parameters, drivers, grounds, ceiling_ratio(cells, grounds, parameters))


@dataclass(frozen=True)
class Drawn:
    """Pupils of the headline stream in every draw.

    ``rows`` has area_id, level, year, phase, need, provision_type (headline, or a type for the county) and the central
    pupils; ``pupils`` is float64 [rows, draws].
    """

    rows: pd.DataFrame
    pupils: NDArray[np.float64]

    def quantiles(self) -> pd.DataFrame:
        """Return the rows with p10_pupils, p50_pupils and p90_pupils."""
        low, mid, high = np.quantile(self.pupils, (0.1, 0.5, 0.9), axis=1)
        return self.rows.assign(p10_pupils=low, p50_pupils=mid, p90_pupils=high)


def triangular(rng: np.random.Generator, low: float, central: float, high: float, draws: int) -> NDArray[np.float64]:
    """Return draws from the triangular distribution; the central value itself where there is no range."""
    if not low < high:
        return np.full(draws, float(central))
    return np.asarray(rng.triangular(low, central, high, draws), dtype=np.float64)


def _range(row: Mapping[Hashable, Any], name: str, table: str) -> tuple[float, float, float]:
    """Return low, central and high value of a row; the central value where no range is given."""
    central = float(row[name])
    ends = [row.get(f"{end}_{name}") for end in ("low", "high")]
    low, high = (central if end is None or pd.isna(end) else float(end) for end in ends)
    if not low <= central <= high:
        message = (
            f"{table}: a row's low, central and high {name} are {low:g}, {central:g} and {high:g}: let them ascend"
        )
        raise DataError(message)
    return low, central, high


def kinds_of(demand: pd.DataFrame, homes: str, grounds: Grounds) -> pd.DataFrame:
    """Return the demand with the columns of `KIND`: what makes pupils alike for a draw.

    Parameters
    ----------
    demand
        Table `demand`, or counts.
    homes
        ``present`` or ``new``.
    grounds
        Of the forecast: how often the change of births stands in the size of a cohort.
    """
    people = grounds.people
    row = np.array([people.row(int(year)) for year in demand["year"]], dtype=np.int64)
    column = people.column((demand["ncy"] + AGE_AT_RECEPTION).to_numpy(dtype=np.int64))
    return demand.assign(phase=demand["ncy"].map(phase_of), homes=homes, births_years=people.births_years[row, column])


def draw_factors(
    kinds: pd.DataFrame, futures: Futures, base_shares: Mapping[int, float], draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the factor on the central pupils of each kind in each draw, float64 [kinds, draws].

    Parameters
    ----------
    kinds
        Columns of `KIND`, and pupils of the central forecast.
    futures
        Of the area.
    base_shares
        Share of the headline pupils of each year who seek a specialist base in the central forecast.
    draws
        Number of draws.
    rng
        Seeded generator.
    """
    parameters = futures.parameters
    on = (kinds["year"] - parameters.calibration_year).to_numpy(dtype=np.int64)
    out = _trend_factor(kinds, on, futures, draws, rng)
    out *= _chance_factor(kinds, on, parameters, draws, rng)
    low, births, high = (float(value) for value in parameters.range("births_annual_change_share"))
    drawn = (1 + triangular(rng, low, births, high, draws)) / (1 + births)
    out *= drawn[None, :] ** kinds["births_years"].to_numpy()[:, None]
    out *= _homes_factor(kinds, parameters, draws, rng)
    out *= _mix_factor(kinds, parameters, base_shares, draws, rng)
    out *= _mitigation_factor(kinds, futures, draws, rng)
    out[on <= 0] = 1.0
    return out


def _trend_factor(
    kinds: pd.DataFrame, on: NDArray[np.int64], futures: Futures, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    parameters, trends = futures.parameters, futures.drivers.rate_trends
    out = np.ones((len(kinds), draws))
    shape = str(parameters.value("rate_trend_shape"))
    low, damping, high = (float(value) for value in parameters.range("rate_trend_damping_share"))
    damped = triangular(rng, low, damping, high, draws)
    few, ceiling, most = (float(value) for value in parameters.range("rate_ceiling_share"))
    ceilings = futures.ceiling * triangular(rng, few, ceiling, most, draws) / ceiling if ceiling else np.ones(draws)
    if trends is None or trends.empty or shape == "none":
        return out
    trends = trends.sort_values(["need", "phase", "place_sought"], ignore_index=True)
    row_of = trend_rows(kinds, trends)
    for position, row in enumerate(trends.to_dict("records")):
        least, central, greatest = _range(row, "annual_change_share", "rate_trends.csv")
        change = triangular(rng, least, central, greatest, draws)
        at = np.flatnonzero(row_of == position)
        for years in np.unique(on[at]):
            mine = at[on[at] == years]
            h = np.array([years])
            then = [
                growth(shape, change[d : d + 1], h, damping_share=damped[d], ceiling_ratio=max(ceilings[d], 1.0 + 1e-6))
                for d in range(draws)
            ]
            now = growth(shape, np.array([central]), h, damping_share=damping, ceiling_ratio=futures.ceiling)
            out[mine] = np.concatenate(then) / now
    return out


def _chance_factor(
    kinds: pd.DataFrame, on: NDArray[np.int64], parameters: Parameters, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how chance has moved the rate of each place sought by each year: a random walk of its logarithm."""
    low, central, high = (float(value) for value in parameters.range("rate_innovation_share"))
    size = triangular(rng, low, central, high, draws)
    last = max(int(on.max(initial=0)), 0)
    places = sorted(kinds["place_sought"].unique())
    walks = rng.standard_normal((len(places), last + 1, draws))
    walks[:, 0] = 0.0
    walks = np.exp(np.cumsum(walks, axis=1) * size)
    at = {place: position for position, place in enumerate(places)}
    return np.asarray(walks[kinds["place_sought"].map(at).to_numpy(), np.maximum(on, 0)], dtype=np.float64)


def _homes_factor(
    kinds: pd.DataFrame, parameters: Parameters, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    names = ("new_homes_additional_share", "new_homes_ehcp_share", "new_homes_pace_share")
    out = np.ones((len(kinds), draws))
    new = (kinds["homes"] == "new").to_numpy()
    shared = np.ones(draws)
    for name in names:
        shared *= _relative(parameters, name, draws, rng)
    for phase in YIELDS:
        mine = new & (kinds["phase"] == phase).to_numpy()
        out[mine] = shared * _relative(parameters, f"pupil_yield_{phase}_per_dwelling", draws, rng)
    return out


def _relative(parameters: Parameters, name: str, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    low, central, high = (float(value) for value in parameters.range(name))
    drawn = triangular(rng, low, central, high, draws)
    return drawn / central if central > 0 else np.ones(draws)


def _mix_factor(
    kinds: pd.DataFrame,
    parameters: Parameters,
    base_shares: Mapping[int, float],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the factor for the share that seeks a base, and what is left for special schools, where it is drawn.

    Each need and phase keeps its pupils, so its bases grow at most by its special schools, and only where it has such
    pupils do they shrink.
    """
    out = np.ones((len(kinds), draws))
    low, central, high = (float(value) for value in parameters.range("specialist_base_share_when_complete"))
    complete = triangular(rng, low, central, high, draws)
    if str(parameters.value("placement_mix")) != "towards_bases":
        return out
    today = base_shares.get(parameters.calibration_year, 0.0)
    span = base_share(parameters.last_year + 100, today, parameters) - today
    pupils = kinds["pupils"].to_numpy(dtype=float)
    alike = kinds.groupby([name for name in KIND if name != "place_sought"]).ngroup().to_numpy()
    is_base, is_school = (
        (kinds["place_sought"] == place).to_numpy() for place in ("specialist_base", "special_school")
    )
    bases, schools = (np.bincount(alike, np.where(mine, pupils, 0.0))[alike] for mine in (is_base, is_school))
    for year, share in base_shares.items():
        if not 0 < share < 1 or span == 0:
            continue
        drawn = np.clip(today + (share - today) * (complete - today) / span, 0.001, 0.999)
        at = np.flatnonzero((kinds["year"] == year).to_numpy() & (is_base | is_school) & (bases > 0) & (schools > 0))
        schools_a_base = (schools[at] / bases[at])[:, None]
        base = np.minimum(drawn / share, 1 + schools_a_base)
        out[at] = np.where(is_base[at][:, None], base, 1 - (base - 1) / schools_a_base)
    return out


def _mitigation_factor(
    kinds: pd.DataFrame, futures: Futures, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the factor of the mitigations that take pupils out of the headline stream."""
    out = np.ones((len(kinds), draws))
    for row in mitigations_of(futures.drivers).to_dict("records"):
        low, central, high = _range(row, "change_share", "mitigations.csv")
        drawn = triangular(rng, low, central, high, draws)
        leaves = row["effect"] == "rate" or (row["effect"] == "mix" and row["to_place_sought"] not in HEADLINE_TYPES)
        if not leaves:
            continue
        reached = np.ones(len(kinds), dtype=bool)
        for column, code in (
            ("need", row["need"]),
            ("phase", row["phase"]),
            ("place_sought", row["from_place_sought"]),
        ):
            if code != ALL:
                reached &= (kinds[column] == code).to_numpy()
        years = kinds["year"].to_list()
        then = remaining(drawn, row, years, futures.parameters.calibration_year)
        now = remaining(np.array([central]), row, years, futures.parameters.calibration_year)
        factor = np.divide(then, now, out=np.ones_like(then), where=now > 0)
        out[reached] *= factor[reached]
    return out


def draw_demand(
    parts: Mapping[str, pd.DataFrame],
    futures: Futures,
    zones: pd.DataFrame,
    *,
    draws: int = 1000,
    seed: int = SEED,
) -> Drawn:
    """Draw the headline demand of every area.

    Parameters
    ----------
    parts
        Table `demand` of the headline stream by homes (``present``, ``new``).
    futures
        Of the area.
    zones
        zone_id, district_id and cluster_id.
    draws
        Number of draws.
    seed
        Seed of the generator.

    Returns
    -------
    Drawn
        Rows for the county, districts and clusters, by year: in all, by need and by phase; for the county by need and
        phase together, and by type. Pupils whose home is not known are in the county's rows only.
    """
    rng = np.random.default_rng(seed)
    kept = [kinds_of(part, homes, futures.grounds) for homes, part in parts.items() if len(part)]
    rows = pd.concat(kept, ignore_index=True)
    rows["cluster_id"] = rows["origin_id"].map(zones.set_index("zone_id")["cluster_id"]).fillna("")
    rows = rows.groupby([*KIND, "cluster_id"], as_index=False, sort=True)[["pupils"]].sum()
    kind, kinds = pd.factorize(pd.MultiIndex.from_frame(rows[KIND]))
    table = pd.DataFrame(kinds.to_list(), columns=KIND)
    table["pupils"] = np.bincount(kind, weights=rows["pupils"].to_numpy(dtype=float))
    of_year = rows.groupby("year")["pupils"].sum()
    bases = rows[rows["place_sought"] == "specialist_base"].groupby("year")["pupils"].sum()
    shares = (bases / of_year).fillna(0.0)
    factors = draw_factors(table, futures, {int(str(year)): float(x) for year, x in shares.items()}, draws, rng)
    moved = _cluster_factors(rows, futures, draws, rng)
    out_rows, member = _out_rows(rows, futures.parameters, zones)
    pupils = rows["pupils"].to_numpy(dtype=float)
    later = (rows["year"] > futures.parameters.calibration_year).to_numpy()
    out = np.zeros((len(out_rows), draws))
    for start in range(0, draws, CHUNK):
        at = slice(start, min(start + CHUNK, draws))
        mean = pupils[:, None] * factors[kind, at] * moved[:, at]
        drawn = np.where(later[:, None], rng.poisson(mean), pupils[:, None])
        out[:, at] = member @ drawn
    return Drawn(out_rows, out)


def _cluster_factors(rows: pd.DataFrame, futures: Futures, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the factor of each row's cluster; every year's total stays as it is."""
    spread = float(futures.parameters.value("redraw_rates_spread_share"))
    clusters = sorted(rows["cluster_id"].unique())
    drawn = rng.uniform(1 - spread, 1 + spread, (len(clusters), draws))
    at = rows["cluster_id"].map({cluster: position for position, cluster in enumerate(clusters)}).to_numpy()
    out = drawn[at]
    pupils = rows["pupils"].to_numpy(dtype=float)
    for of_year in rows.groupby("year").indices.values():
        held = pupils[of_year]
        out[of_year] /= (held[:, None] * out[of_year]).sum(axis=0) / held.sum()
    return np.asarray(out, dtype=np.float64)


def _out_rows(
    rows: pd.DataFrame, parameters: Parameters, zones: pd.DataFrame
) -> tuple[pd.DataFrame, sparse.csr_matrix]:
    """Return the rows that are reported, and which of the drawn ones each sums."""
    district = zones.drop_duplicates("cluster_id").set_index("cluster_id")["district_id"]
    base = rows.assign(district_id=rows["cluster_id"].map(district).fillna(""), at=np.arange(len(rows)))
    cuts: list[tuple[str, list[str]]] = []
    for level in ("county", "district", "cluster"):
        cuts += [(level, []), (level, ["phase"]), (level, ["need"])]
    cuts += [("county", ["need", "phase"]), ("county", ["place_sought"])]
    parts, line, column = [], [], []
    started = 0
    for level, by in cuts:
        area = base[f"{level}_id"] if level != "county" else pd.Series(parameters.county_id, index=base.index)
        part = base.assign(area_id=area)[area != ""]
        keys = ["area_id", "year", *by]
        number = part.groupby(keys, sort=True).ngroup().to_numpy()
        table = part.groupby(keys, as_index=False, sort=True)[["pupils"]].sum().assign(level=level)
        parts.append(table.rename(columns={"place_sought": "provision_type"}))
        line.append(number + started)
        column.append(part["at"].to_numpy())
        started += len(table)
    out = pd.concat(parts, ignore_index=True)
    out = out.assign(
        phase=pd.Categorical(out.get("phase", pd.Series(index=out.index, dtype=object)).fillna(ALL)).astype(object),
        need=out["need"].fillna(ALL),
        provision_type=out["provision_type"].fillna(HEADLINE),
    )
    shape = (started, len(rows))
    ones = np.ones(sum(len(part) for part in line))
    member = sparse.csr_matrix((ones, (np.concatenate(line), np.concatenate(column))), shape=shape)
    order = ["level", "area_id", "year", "phase", "need", "provision_type"]
    rank = {code: position for position, code in enumerate((ALL, *PHASES, *NEEDS))}
    sort = out.assign(p=out["phase"].map(rank), n=out["need"].map(rank))
    sort = sort.sort_values(["level", "area_id", "year", "p", "n", "provision_type"], kind="stable")
    return out.loc[sort.index, [*order, "pupils"]].reset_index(drop=True), member[sort.index.to_numpy()]
