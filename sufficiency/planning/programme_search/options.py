"""What can be built: every candidate as its options, each a size and an opening year, with its places and capital."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.programme_search.candidate_table import sized_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from sufficiency.model.results import Inputs

__all__ = ["Option", "Pool", "pool_of"]

TAKEN_AS_THEY_ARE: Final = ("open", "expand")


@dataclass(frozen=True)
class Option:
    """One way to build a candidate: opened in a year with a size.

    ``stock`` are the places open each September, as (year, first and last year group, places); ``capital_gbp`` is what
    must be available by the year in which it opens.
    """

    candidate_id: str
    year: int
    places: int
    capital_gbp: float
    stock: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Pool:
    """The candidates of a search.

    ``schemes`` has a row a candidate, as table `schemes`; ``options`` are in order of candidate, year and size;
    ``groups`` are sets of candidates of which at most one can open; ``notes`` say what was left out, and why.
    """

    schemes: gpd.GeoDataFrame
    options: tuple[Option, ...]
    must_open: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Name of each candidate."""
        return dict(zip(self.schemes["scheme_id"].astype(str), self.schemes["scheme_name"].astype(str), strict=True))


def pool_of(
    inputs: Inputs, scenario_id: str, years: Sequence[int], *, case: str, candidates: pd.DataFrame | None
) -> Pool:
    """Return what can be built.

    Parameters
    ----------
    inputs
        The baseline.
    scenario_id
        The scenario that is built upon: its own schemes are no candidates.
    years
        The years of the search.
    case
        Case of the capital: low, central or high.
    candidates
        Table `candidates`; None = the schemes of the area that the scenario does not hold, each as it is.

    Raises
    ------
    DataError
        When there is no candidate, or a candidate cannot be. All faults at once.
    """
    held = set(inputs.scenarios[scenario_id].scheme_ids)
    if candidates is not None and len(candidates):
        rows = candidates.sort_values("candidate_id").reset_index(drop=True)
        schemes, found, faults = sized_options(inputs, rows, years, case=case)
        if faults:
            raise DataError("; ".join(faults))
        options = tuple(Option(*one) for one in found)
        pool = Pool(schemes, options, _named(rows, "must_open"), _groups(rows), _outside_rule(rows))
    else:
        pool = _schemes(inputs, held, years, case)
    if not pool.options:
        message = (
            "there are no candidates: fill in schemes/candidates.csv, or let the scenario that is built upon leave out "
            "some schemes of the area"
        )
        raise DataError(message)
    return pool


def _named(rows: pd.DataFrame, column: str) -> tuple[str, ...]:
    if column not in rows.columns:
        return ()
    return tuple(rows.loc[rows[column].fillna(0).astype(bool), "candidate_id"].astype(str))


def _groups(rows: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    if "at_most_one_of" not in rows.columns:
        return ()
    name = rows["at_most_one_of"].fillna("").astype(str)
    return tuple(tuple(part["candidate_id"].astype(str)) for _, part in rows[name != ""].groupby(name[name != ""]))


def _outside_rule(rows: pd.DataFrame) -> tuple[str, ...]:
    """Name the new bases that could be smaller or larger than new bases should be."""
    setting = rows["setting_id"].fillna("") if "setting_id" in rows.columns else pd.Series("", index=rows.index)
    new = rows[(rows["provision_type"] == "specialist_base") & (setting == "")]
    out = new[((new["least_places"] < 16) | (new["most_places"] > 40)) & (new["most_places"] > 0)]
    if out.empty:
        return ()
    return (f"new bases hold 16 to 40 places, and these could have others: {', '.join(out['candidate_id'])}",)


def _schemes(inputs: Inputs, held: set[str], years: Sequence[int], case: str) -> Pool:
    """Return the area's own schemes of the headline types, each to be taken as it is or left."""
    schemes = inputs.schemes.sort_values("scheme_id")
    rest = schemes[~schemes["scheme_id"].isin(held) & schemes["provision_type"].isin(HEADLINE_TYPES)]
    other = rest[~rest["action"].isin(TAKEN_AS_THEY_ARE)]
    rest = rest[rest["action"].isin(TAKEN_AS_THEY_ARE)]
    capital = rest.set_index("scheme_id")[f"capital_gbp_{case}"].astype(float)
    faults = [
        f"scheme {name} has no capital in the {case} case: fill in capital_gbp_{case}, or it cannot be chosen"
        for name in capital[capital.isna()].index
    ]
    if faults:
        raise DataError("; ".join(faults))
    options, idle = [], []
    for scheme_id, cost in capital.items():
        rows = inputs.scheme_places[inputs.scheme_places["scheme_id"] == scheme_id]
        rows = rows[rows["places"] > 0].sort_values(["year", "ncy_from", "ncy_to"])
        if not rows["year"].isin(years).any():
            idle.append(str(scheme_id))
            continue
        stock = tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in
                      rows[["year", "ncy_from", "ncy_to", "places"]].itertuples(index=False))  # fmt: skip
        size = int(rows.groupby("year")["places"].sum().max())
        options.append(Option(str(scheme_id), int(rows["year"].min()), size, float(cost), stock))
    notes = []
    if len(other):
        named = ", ".join(other["scheme_id"])
        notes.append(f"schemes that close, convert or relocate are not chosen among: {named}")
    if idle:
        notes.append(f"schemes without places in the years of the search are not chosen among: {', '.join(idle)}")
    kept = rest[rest["scheme_id"].isin({one.candidate_id for one in options})].reset_index(drop=True)
    return Pool(kept, tuple(options), notes=tuple(notes))
