"""The answer of a search: the programme, what each year gains by it, and the rows that make a scenario of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import pandas as pd

from sufficiency.model.vocabulary import year_label
from sufficiency.planning.programme_search.master import CAPITAL
from sufficiency.planning.programme_search.values import TRAVEL

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs
    from sufficiency.planning.programme_search.problem import Problem
    from sufficiency.planning.programme_search.search import Chosen, Found, Search

__all__ = ["ProgrammeChoice", "SchemeRows", "choice_of"]

MS_PER_MIN: Final = 60_000


class SchemeRows(NamedTuple):
    """Rows of tables `schemes` and `scheme_places`."""

    schemes: gpd.GeoDataFrame
    scheme_places: pd.DataFrame


@dataclass(frozen=True)
class ProgrammeChoice:
    """A programme that a search chose. Internal: it names sites, and counts few pupils.

    ``status`` is ``optimal`` only where every measure is proven. ``stages``: measure, value, bound, gap, optimal, in
    the order in which they were made least, over all years (value and bound of travel in minutes of all pupils, one
    way; of capital in pounds). ``programme``: candidate_id, candidate_name, opening_year, places, capital_gbp,
    capital_needed_year. ``by_year``: year, pupils, added_places, capital_gbp, capital_available_gbp (cumulative; blank
    = no limit), without_local_place_pupils, unplaced_pupils, independent_pupils, travel_min, and the same figures
    without the programme (``before_``). ``alternatives`` are the best of other sets of sites, in order; ``problem`` and
    ``chosen`` what was asked, and the options taken.
    """

    status: str
    objective: str
    case: str
    scenario_id: str
    illustrative: bool
    stages: pd.DataFrame
    programme: pd.DataFrame
    by_year: pd.DataFrame
    notes: tuple[str, ...]
    rounds: int
    cuts: int
    alternatives: tuple[ProgrammeChoice, ...]
    problem: Problem
    chosen: Chosen

    @property
    def capital_gbp(self) -> float:
        """Capital of the whole programme."""
        return float(self.programme["capital_gbp"].sum())

    @property
    def total_without_local_place(self) -> int:
        """Pupils without a local place, summed over the years."""
        return int(self.by_year["without_local_place_pupils"].sum())

    def as_scheme_rows(self) -> SchemeRows:
        """Return the programme as rows of `schemes` and `scheme_places`, to be saved and run as a scenario."""
        pool = self.problem.pool
        options = [pool.options[at] for at in self.chosen]
        cost = {one.candidate_id: one.capital_gbp for one in options}
        schemes = pool.schemes[pool.schemes["scheme_id"].isin(cost)].reset_index(drop=True)
        capital = schemes["scheme_id"].map(cost).astype(float)
        asked = f"capital_gbp_{self.case}"
        if schemes[asked].isna().all():
            schemes = schemes.assign(**{asked: capital})
            if self.case != "central":
                schemes = schemes.assign(capital_gbp_central=capital)
        rows = [(one.candidate_id, *part) for one in options for part in one.stock]
        stock = pd.DataFrame(rows, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places"])
        whole = ["year", "ncy_from", "ncy_to", "places"]
        stock = stock.astype(dict.fromkeys(whole, "int64")).assign(source="chosen by a search", quality="illustrative")
        return SchemeRows(gpd.GeoDataFrame(schemes, geometry="geometry", crs=pool.schemes.crs), stock)

    def as_scenario(self, inputs: Inputs, scenario_id: str = "searched") -> Inputs:
        """Return the inputs with one more scenario: the one built upon and the programme chosen.

        Parameters
        ----------
        inputs
            The baseline that was searched.
        scenario_id
            Name of the new scenario.
        """
        rows = self.as_scheme_rows()
        base = inputs.scenarios[self.scenario_id]
        names = tuple(rows.schemes["scheme_id"].astype(str))
        fresh = rows.schemes[~rows.schemes["scheme_id"].isin(inputs.schemes["scheme_id"])]
        stock = rows.scheme_places[rows.scheme_places["scheme_id"].isin(fresh["scheme_id"])]
        made = dataclasses.replace(
            base, scenario_id=scenario_id, title="Programme found by a search", scheme_ids=(*base.scheme_ids, *names),
            stated_places=None, based_on="", illustrative=True,
        )  # fmt: skip
        if len(fresh):
            both = pd.concat([inputs.schemes, fresh], ignore_index=True)
            inputs = dataclasses.replace(
                inputs,
                schemes=gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.schemes.crs),
                scheme_places=pd.concat([inputs.scheme_places, stock], ignore_index=True),
            )
        return dataclasses.replace(inputs, scenarios={**inputs.scenarios, scenario_id: made})

    def words(self) -> list[str]:
        """Return the answer in sentences; illustrative data say so in each."""
        mark = " (illustrative)" if self.illustrative else ""
        first, last = self.by_year.iloc[0], self.by_year.iloc[-1]
        size = int(self.programme["places"].sum())
        span = f"{year_label(int(first['year']))} to {year_label(int(last['year']))}"
        before = int(self.by_year["before_without_local_place_pupils"].sum())
        without = (
            f"pupils without a local state-funded specialist place (modelled), {span}, years added up: "
            f"{before:,} without the programme, {self.total_without_local_place:,} with it{mark}"
        )
        told = [f"{len(self.programme)} schemes with {size} places for £{self.capital_gbp:,.0f}{mark}", without]
        if self.status == "optimal":
            told.append(f"proven: no other programme of these candidates does better{mark}")
        else:
            row = self.stages.iloc[-1]
            told.append(
                f"not proven: the time was over at {str(row['measure']).replace('_', ' ')}, {row['value']:,.0f} "
                f"against a bound of {row['bound']:,.0f}{mark}; what stands before it in the order is proven"
            )
        return told


def choice_of(search: Search, found: Found, *, lead_years: int, others: tuple[Found, ...] = ()) -> ProgrammeChoice:
    """Return a choice as tables."""
    problem = search.problem
    options = [problem.pool.options[at] for at in found.chosen]
    names = problem.pool.names
    rows = [
        (one.candidate_id, names[one.candidate_id], one.year, one.places, one.capital_gbp, one.year - lead_years)
        for one in options
    ]
    columns = ["candidate_id", "candidate_name", "opening_year", "places", "capital_gbp", "capital_needed_year"]
    programme = pd.DataFrame(rows, columns=columns).sort_values(["opening_year", "candidate_id"], ignore_index=True)
    return ProgrammeChoice(
        status="optimal" if found.optimal else "stopped",
        objective=search.objective,
        case=problem.case,
        scenario_id=problem.scenario_id,
        illustrative=problem.inputs.parameters.illustrative,
        stages=_stages(search, found),
        programme=programme,
        by_year=_by_year(search, found, programme),
        notes=problem.notes,
        rounds=found.rounds,
        cuts=found.cuts,
        alternatives=tuple(choice_of(search, one, lead_years=lead_years) for one in others),
        problem=problem,
        chosen=found.chosen,
    )


def _stages(search: Search, found: Found) -> pd.DataFrame:
    """Return the stages; travel without its charges."""
    figures = search.figures(found.chosen)
    travel = sum(one.travel_ms for one in figures) / MS_PER_MIN
    rows = []
    for stage in found.stages:
        value, bound = stage.value, stage.bound
        if stage.measure == TRAVEL:
            value, bound = travel, max(0.0, bound - (stage.value - travel))
        elif stage.measure == CAPITAL:
            value, bound = value * 1_000, bound * 1_000
        gap = (value - bound) / max(1.0, abs(value))
        rows.append(
            (stage.measure, value, value if stage.optimal else bound, 0.0 if stage.optimal else gap, stage.optimal)
        )
    return pd.DataFrame(rows, columns=["measure", "value", "bound", "gap", "optimal"])


def _by_year(search: Search, found: Found, programme: pd.DataFrame) -> pd.DataFrame:
    rows = []
    places = search.places(found.chosen)
    for at, (year, now, before) in enumerate(
        zip(search.problem.years, search.figures(found.chosen), search.figures(()), strict=True)
    ):
        limits = [limit for known, limit in search.limits_gbp.items() if known <= year.year]
        rows.append(
            {
                "year": year.year,
                "pupils": year.pupils,
                "added_places": int(places[at].sum() - year.places.sum()),
                "capital_gbp": float(programme.loc[programme["opening_year"] == year.year, "capital_gbp"].sum()),
                "capital_available_gbp": max(limits) if limits else float("nan"),
                "without_local_place_pupils": now.without_local_place_pupils,
                "unplaced_pupils": now.unplaced_pupils,
                "independent_pupils": now.independent_or_unplaced_pupils - now.unplaced_pupils,
                "travel_min": now.travel_ms / MS_PER_MIN,
                "before_without_local_place_pupils": before.without_local_place_pupils,
                "before_unplaced_pupils": before.unplaced_pupils,
                "before_travel_min": before.travel_ms / MS_PER_MIN,
            }
        )
    return pd.DataFrame(rows)
