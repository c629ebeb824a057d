"""Futures: the forecast with its range, what each mitigation changes, and how likely an area is to be short.

The draws themselves are those of `sufficiency.demand.draws`; here they meet the inputs of an area, and its places.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.assess import demand_of, network_of, residents_places, rules_of
from sufficiency.demand import Drivers, counts_to_locate
from sufficiency.demand.changes import apply_mitigations
from sufficiency.demand.draws import SEED, Drawn, Futures, draw_demand, draw_factors, kinds_of
from sufficiency.demand.expected import HOMES
from sufficiency.demand.forecast import apportion, forecast_expected
from sufficiency.demand.location import locate
from sufficiency.measures import headline_groups
from sufficiency.model.errors import DataError
from sufficiency.model.tables import TABLES, conform
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_TYPES
from sufficiency.planning.zone_weights import draw_zone_weights
from sufficiency.travel import journey_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs, TravelTimes

__all__ = ["Drawn", "draw_counts", "draw_futures", "mitigation_deltas", "range_table", "short_areas"]

SHORT_DRAWS: Final = 50


def draw_futures(inputs: Inputs, *, draws: int = 1000, seed: int = SEED) -> Drawn:
    """Draw the headline demand of the area from the ranges of its assumptions.

    Parameters
    ----------
    inputs
        Checked inputs.
    draws
        Number of draws.
    seed
        Seed of the generator: the same question has the same answer.

    Returns
    -------
    Drawn
        County, districts and clusters by year: in all, by need and by phase. Where the area gives its own demand, the
        draws are laid over it; its homes count as present ones.

    See Also
    --------
    sufficiency.demand.draws : what is drawn, and from which distribution.
    """
    if inputs.demand is not None:
        parts = {"present": demand_of(inputs)}
    else:
        counts = _counts(inputs)
        parts = {homes: _located(inputs, counts[counts["homes"] == homes]) for homes in HOMES}
    headline = {homes: part[headline_groups(part)] for homes, part in parts.items() if len(part)}
    zones = pd.DataFrame(inputs.zones[["zone_id", "district_id", "cluster_id"]])
    return draw_demand(headline, _futures(inputs), zones, draws=draws, seed=seed)


def _futures(inputs: Inputs) -> Futures:
    return Futures.of(inputs.population, inputs.rates, inputs.parameters, Drivers.of(inputs))


def _counts(inputs: Inputs) -> pd.DataFrame:
    return counts_to_locate(inputs.population, inputs.rates, inputs.controls, inputs.parameters, Drivers.of(inputs))


def _located(inputs: Inputs, counts: pd.DataFrame, zone_weight: pd.Series | None = None) -> pd.DataFrame:
    return locate(
        counts,
        inputs.population,
        inputs.parameters.calibration_year,
        clusters=inputs.clusters,
        zone_weight=zone_weight,
        drivers=Drivers.of(inputs),
        parameters=inputs.parameters,
    )


def mitigation_deltas(inputs: Inputs) -> pd.DataFrame:
    """Return what each mitigation changes by itself, and all together, against none of them.

    Parameters
    ----------
    inputs
        Checked inputs; the area forecasts its demand itself.

    Returns
    -------
    DataFrame
        Table `mitigation_deltas`, a row a mitigation and year after the calibration year, and rows with the id ``all``:
        the change of the headline pupils and of all plans, with the low and the high case of the mitigation's share.
        Supply and money change no pupil's need; their rows are blank. Empty where the area gives its own demand, or no
        mitigations.
    """
    table = inputs.mitigations
    if table is None or table.empty or inputs.demand is not None:
        return pd.DataFrame(columns=list(TABLES["mitigation_deltas"].names))
    modelled = tuple(table.loc[table["effect"].isin(["rate", "mix"]), "mitigation_id"])
    question = _Question.of(inputs, modelled)
    without = question.sums(table, ())
    cases = {"": table}
    for end in ("low", "high"):
        share = table[f"{end}_change_share"].astype(float).fillna(table["change_share"].astype(float))
        cases[f"{end}_"] = table.assign(change_share=share)
    chosen = {str(name): (str(name),) if name in modelled else () for name in table["mitigation_id"]}
    said = table.set_index("mitigation_id")[["mitigation_name", "effect"]]
    said.loc["all"] = ["All together", ""]
    parts = []
    for name, applied in {**chosen, "all": modelled}.items():
        part = pd.DataFrame({"mitigation_id": name, "year": list(inputs.parameters.years)})
        part = part.assign(mitigation_name=said.at[name, "mitigation_name"], effect=said.at[name, "effect"])
        for end, of_case in cases.items():
            change = question.sums(of_case, applied) - without
            for at, measure in enumerate(("headline", "plans")):
                told = change[:, at] if applied else [pd.NA] * len(change)
                part[f"{end}{measure}_change_pupils"] = pd.Series(told, dtype="Int64")
        parts.append(part)
    out = pd.concat(parts, ignore_index=True)
    out = out[out["year"] > inputs.parameters.calibration_year]
    return conform(out.reset_index(drop=True), "mitigation_deltas")


class _Question(NamedTuple):
    """The pupils to be expected without mitigations, in cells that hold every place somebody may move to."""

    inputs: Inputs
    cells: pd.DataFrame
    expected: NDArray[np.float64]

    @classmethod
    def of(cls, inputs: Inputs, modelled: tuple[str, ...]) -> _Question:
        table = inputs.mitigations
        idle = None if table is None else table.assign(change_share=0.0)
        drivers = dataclasses.replace(Drivers.of(inputs), mitigations=idle, applied=modelled)
        cells, expected = forecast_expected(
            inputs.population, inputs.rates, inputs.controls, inputs.parameters, drivers
        )
        return cls(inputs, cells, expected)

    def sums(self, mitigations: pd.DataFrame, applied: tuple[str, ...]) -> NDArray[np.int64]:
        """Return headline pupils and all plans of every year, whole."""
        drivers = dataclasses.replace(Drivers.of(self.inputs), mitigations=mitigations, applied=applied)
        pupils = apply_mitigations(self.expected, self.cells, self.inputs.parameters.years, drivers).sum(axis=2)
        headline = (self.cells["stream"] == HEADLINE).to_numpy()
        both = np.stack([pupils[:, headline].sum(axis=1), pupils.sum(axis=1)], axis=1)
        return np.asarray(np.floor(both + 0.5), dtype=np.int64)


def draw_counts(inputs: Inputs, counts: pd.DataFrame, *, draws: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Return the counts of each draw, whole again: how many pupils there are, by everything but where they live.

    Parameters
    ----------
    inputs
        Checked inputs.
    counts
        Counts of the central forecast (year, ncy, need, place_sought, attendance, homes, pupils).
    draws
        Number of draws.
    rng
        Seeded generator.
    """
    futures = _futures(inputs)
    kinds = pd.concat([kinds_of(part, str(homes), futures.grounds) for homes, part in counts.groupby("homes")])
    kinds = kinds.loc[counts.index]
    of_year = counts.groupby("year")["pupils"].sum()
    bases = counts[counts["place_sought"] == "specialist_base"].groupby("year")["pupils"].sum()
    shares = {int(str(year)): float(share) for year, share in (bases / of_year).fillna(0.0).items()}
    factors = draw_factors(kinds, futures, shares, draws, rng)
    pupils = counts["pupils"].to_numpy(dtype=float)
    out = []
    for draw in range(draws):
        mean = pupils * factors[:, draw]
        whole = np.zeros(len(counts), dtype=np.int64)
        for at in counts.groupby(["year", "place_sought", "homes"]).indices.values():
            whole[at] = apportion(mean[at], int(np.floor(mean[at].sum() + 0.5)))
        out.append(counts.assign(pupils=whole)[whole > 0])
    return out


def short_areas(
    scenarios: dict[str, Inputs],
    *,
    years: Sequence[int] | None = None,
    draws: int = SHORT_DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return how likely each area is to be short of local places in each year, over joint placements of drawn demand.

    Parameters
    ----------
    scenarios
        Inputs by scenario; they share demand, roads and zones. Every scenario meets the same draws.
    years
        Years asked for; None = all after the calibration year.
    draws
        Draws; each is placed jointly and exactly in every scenario and year.
    seed
        Seed of the generator.

    Raises
    ------
    DataError
        When the area gives its own demand by home.

    Returns
    -------
    DataFrame
        Table `short_areas`: scenario_id, year, area_id (county and districts), short_draws_share (the share of the
        draws in which more than the assumption `short_share` of the area's pupils who need a place have no local one),
        and p10, p50 and p90 of the pupils without a local place.
    """
    first = next(iter(scenarios.values()))
    parameters = first.parameters
    asked = [year for year in (years or parameters.years) if year > parameters.calibration_year]
    rng = np.random.default_rng(seed)
    if first.demand is not None:
        message = "this area gives its own demand by home, so that no draw can say where other pupils would live"
        raise DataError(message)
    counts = _counts(first)
    counts = counts[headline_groups(counts) & counts["year"].isin(asked)].reset_index(drop=True)
    drawn = draw_counts(first, counts, draws=draws, rng=rng)
    weights = [draw_zone_weights(first, rng) for _ in range(draws)]
    network = network_of(first)
    travel = {name: journey_times(network, one.origins, one.settings, bands=False) for name, one in scenarios.items()}
    found = []
    for draw in range(draws):
        demand = _located(first, drawn[draw], weights[draw])
        for name, inputs in scenarios.items():
            found.append(_without(inputs, demand, travel[name], asked).assign(scenario_id=name, draw=draw))
    return _summary(pd.concat(found, ignore_index=True), float(parameters.value("short_share")))


def _without(inputs: Inputs, demand: pd.DataFrame, travel: TravelTimes, years: Sequence[int]) -> pd.DataFrame:
    """Return pupils who need a place and those without a local one, by year, for the county and its districts."""
    result = allocation.allocate(
        demand,
        inputs.provision,
        residents_places(inputs),
        inputs.acceptance,
        travel,
        policy="optimal",
        years=list(years),
        scenario_id="drawn",
        rules=rules_of(inputs),
    )
    homes = inputs.zones.set_index("zone_id")["district_id"]
    groups = demand.set_index("group_id")
    district, year = groups["origin_id"].map(homes).fillna(""), groups["year"]
    local = result.allocation[result.allocation["tier"] == "local"]
    needed = groups["pupils"].groupby([year, district]).sum()
    placed = local["pupils"].groupby([local["group_id"].map(year), local["group_id"].map(district)]).sum()
    table = pd.DataFrame({"needed": needed, "placed": placed.reindex(needed.index, fill_value=0)})
    table.index = table.index.set_names(["year", "area_id"])
    county = table.groupby("year").sum().assign(area_id=inputs.parameters.county_id).reset_index()
    out = pd.concat([county, table.reset_index()], ignore_index=True)
    return out[out["area_id"] != ""].assign(without=lambda rows: rows["needed"] - rows["placed"])


def _summary(found: pd.DataFrame, short_share: float) -> pd.DataFrame:
    found = found.assign(short=found["without"] > short_share * found["needed"])
    grouped = found.groupby(["scenario_id", "year", "area_id"], sort=True)
    out = pd.DataFrame({"short_draws_share": grouped["short"].mean(), "draws": grouped.size()})
    for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        out[f"{name}_without_local_place_pupils"] = grouped["without"].quantile(share)
    return conform(out.reset_index(), "short_areas")


def range_table(drawn: Drawn, inputs: Inputs) -> pd.DataFrame:
    """Return table `forecast_range` of the draws: county, districts and clusters; see `sufficiency.disclosure`."""
    table = drawn.quantiles()
    capacity = _headline_places(inputs)
    short = np.full(len(table), np.nan)
    total = (table["level"] == "county") & (table["phase"] == "all") & (table["need"] == "all")
    total &= table["provision_type"] == HEADLINE
    for at in np.flatnonzero(total.to_numpy()):
        places = capacity.get(int(table["year"].iloc[at]), 0)
        short[at] = float((drawn.pupils[at] > places).mean())
    return conform(table.assign(above_places_draws_share=short), "forecast_range")


def _headline_places(inputs: Inputs) -> dict[int, int]:
    known = inputs.provision.set_index("provision_id")
    places = residents_places(inputs)
    kind, tier = (places["provision_id"].map(known[name]) for name in ("provision_type", "tier"))
    rows = places[kind.isin(HEADLINE_TYPES) & (tier == "local")]
    return {int(str(year)): int(places) for year, places in rows.groupby("year")["planned_places"].sum().items()}
