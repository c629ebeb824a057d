"""Who travels longer and who goes without a local place, by deprivation and rurality of the home zone.

Deprivation is told in fifths, pairs of deciles from 1 = the most deprived: a decile of one county holds too few pupils
to say anything. Pupils whose zone has no such trait, or who are not located, are in the group ``not known``, so that
the groups of each trait add up to the headline. A trait is the zone's, not the pupil's: the tables say where pupils
live and nothing about a family.

Demand and those without a local place are all headline pupils; journeys are those of `day_rows`, direct, and over the
limit means strictly over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.journeys import day_rows
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import RURALITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

NOT_KNOWN: Final = "not known"
TRAIT_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "deprivation_quintile": ("1", "2", "3", "4", "5", NOT_KNOWN),
    "rurality": (*RURALITIES, NOT_KNOWN),
}
_WITHOUT: Final = ("other_council", "independent", "unplaced")
_KEY: Final = ["policy", "year", "trait", "group"]
_COUNTS: Final = ["demand_pupils", "without_local_place_pupils", "day_pupils", "over_limit_pupils"]


def equity_table(
    scenario_id: str, rows: pd.DataFrame, traits: pd.DataFrame, limits_min: Mapping[str, float]
) -> pd.DataFrame:
    """Return pupils, those without a local place and journeys by trait of the home zone.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    traits
        zone_id, deprivation_decile (1 = most deprived to 10, or blank), rurality (urban, town, rural, or blank).
    limits_min
        By phase, the longest journey that is not over the limit.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, trait, group, demand_pupils, without_local_place_pupils, share (without ÷ demand),
        mean_min, over_limit_pupils; every group of every trait, in the order of `TRAIT_GROUPS`. The share of nobody
        and the mean of no journey are blank. In each trait the demand adds up to the headline.

    Raises
    ------
    DataError
        When traits are impossible or a zone has two rows, or a phase has no limit.
    """
    headline = rows[rows["headline"]]
    homes = _homes(headline, traits)
    counted = _counted(headline, limits_min)
    parts = [counted.assign(trait=trait, group=homes[trait].to_numpy()) for trait in TRAIT_GROUPS]
    sums = pd.concat(parts, ignore_index=True).groupby(_KEY, as_index=False)[[*_COUNTS, "minutes_pupils"]].sum()
    groups = pd.DataFrame(
        [(trait, group) for trait, names in TRAIT_GROUPS.items() for group in names], columns=["trait", "group"]
    )
    every = rows[["policy", "year"]].drop_duplicates().sort_values(["policy", "year"]).merge(groups, how="cross")
    table = every.merge(sums, on=_KEY, how="left", validate="1:1").fillna(
        dict.fromkeys([*_COUNTS, "minutes_pupils"], 0)
    )
    table = table.astype(dict.fromkeys(_COUNTS, np.int64)).assign(scenario_id=scenario_id)
    demand, travelling = table["demand_pupils"], table["day_pupils"]
    table["share"] = (table["without_local_place_pupils"] / demand).where(demand > 0)
    table["mean_min"] = (table["minutes_pupils"] / travelling).where(travelling > 0)
    columns = ["demand_pupils", "without_local_place_pupils", "share", "mean_min", "over_limit_pupils"]
    return table[["scenario_id", *_KEY, *columns]]


def fractional_rank(pupils: ArrayLike, position: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the share of pupils below each row plus half the share of those in the same position.

    The rank that ties share, weighted by pupils (van Doorslaer and Koolman 2004): its mean over pupils is exactly a
    half.

    Parameters
    ----------
    pupils
        Pupils of each row, not all 0.
    position
        What the rows are ranked by, such as the decile.

    Returns
    -------
    ndarray
        float64, between 0 and 1.
    """
    weight = np.asarray(pupils, dtype=np.float64)
    _, tied = np.unique(np.asarray(position, dtype=np.float64), return_inverse=True)
    share = np.bincount(tied, weights=weight) / weight.sum()
    rank: np.ndarray[tuple[int], np.dtype[np.float64]] = (np.cumsum(share) - share / 2)[tied]
    return rank


def concentration_index(pupils: ArrayLike, position: ArrayLike, value: ArrayLike) -> float:
    """Return C = 2 / μ · Σ_i f_i · (h_i − μ) · (R_i − ½), the concentration index of a value.

    f = share of pupils, h = value, μ = its mean, R = `fractional_rank`, from the most deprived on (Wagstaff, Paci and
    van Doorslaer 1991, covariance form). Below 0: the value falls more on the more deprived; above 0: on the less
    deprived; 0: no gradient, or one that cancels out. For a value of 0 or 1 the bounds are μ − 1 and 1 − μ (Wagstaff
    2005), so indices of unlike means are not to be compared.

    Parameters
    ----------
    pupils
        Pupils of each row, from 0 on.
    position
        Place on the ladder of deprivation, the most deprived lowest.
    value
        From 0 on.

    Returns
    -------
    float
        Between −1 and 1; NaN when there are no pupils or the mean is 0.

    Raises
    ------
    DataError
        When pupils, a position or a value is blank, or pupils or a value is negative.
    """
    weight, held = np.asarray(pupils, dtype=np.float64), np.asarray(value, dtype=np.float64)
    if not ((weight >= 0).all() and (held >= 0).all() and np.isfinite(np.asarray(position, dtype=np.float64)).all()):
        raise DataError("the concentration index needs pupils and values from 0 on, and a position for every row")
    total = weight.sum()
    if total == 0 or weight @ held == 0:
        return float("nan")
    # the index has no unit, and in shares of the greatest value the mean cannot vanish in rounding
    held = held / held[weight > 0].max()
    mean = float(weight @ held / total)
    rank = fractional_rank(weight, position)
    return float(2 / mean * ((weight / total) @ ((held - mean) * (rank - 0.5))))


def concentration_table(scenario_id: str, rows: pd.DataFrame, traits: pd.DataFrame) -> pd.DataFrame:
    """Return the concentration of journey minutes and of being without a local place, ranked by deprivation.

    Ranked by decile, since nothing is told of a decile by itself.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    traits
        As for `equity_table`; pupils of an unknown decile are left out.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, measure (journey_min, of day pupils placed; without_local_place, of the headline),
        concentration_index (blank where it has no meaning), pupils counted.

    Raises
    ------
    DataError
        As for `equity_table`.
    """
    headline = rows[rows["headline"]]
    ranked = headline.assign(
        position=_homes(headline, traits)["deprivation_decile"].to_numpy(),
        without_local_place=headline["outcome"].isin(_WITHOUT).astype(np.float64),
    ).dropna(subset=["position"])
    measures = {
        "journey_min": (day_rows(ranked), "travel_min"),
        "without_local_place": (ranked, "without_local_place"),
    }
    found = []
    for policy, year in sorted(set(zip(rows["policy"], rows["year"], strict=True))):
        for measure, (counted, column) in measures.items():
            some = counted[(counted["policy"] == policy) & (counted["year"] == year)]
            index = concentration_index(some["pupils"], some["position"], some[column])
            found.append((scenario_id, policy, year, measure, index, int(some["pupils"].sum())))
    columns = ["scenario_id", "policy", "year", "measure", "concentration_index", "pupils"]
    return pd.DataFrame(found, columns=columns)


def _counted(headline: pd.DataFrame, limits_min: Mapping[str, float]) -> pd.DataFrame:
    """Return policy and year of each row with what is summed over it, in the order of the rows."""
    missing = sorted(set(headline["phase"]) - set(limits_min))
    if missing:
        message = f"no journey limit for {', '.join(missing)}: give minutes for every phase"
        raise DataError(message)
    pupils = headline["pupils"]
    by_day = headline.index.isin(day_rows(headline).index)
    travelling = pupils.where(by_day, 0)
    return headline[["policy", "year"]].assign(
        demand_pupils=pupils,
        without_local_place_pupils=pupils.where(headline["outcome"].isin(_WITHOUT), 0),
        day_pupils=travelling,
        minutes_pupils=(headline["travel_min"] * pupils).where(by_day, 0.0),
        over_limit_pupils=travelling.where(headline["travel_min"] > headline["phase"].map(limits_min), 0),
    )


def _homes(rows: pd.DataFrame, traits: pd.DataFrame) -> pd.DataFrame:
    """Return decile (NaN = not known), fifth and rurality of each row's home, in the order of the rows."""
    if traits["zone_id"].duplicated().any():
        twice = traits.loc[traits["zone_id"].duplicated(), "zone_id"].iloc[0]
        message = f"zone {twice} has more than one row of traits: keep one"
        raise DataError(message)
    decile = pd.to_numeric(traits["deprivation_decile"]).astype("Float64")
    rurality = traits["rurality"].astype(object).fillna("")
    if not decile.dropna().isin(range(1, 11)).all():
        raise DataError("deprivation_decile must be a whole number from 1 (most deprived) to 10, or blank")
    if not rurality.isin([*RURALITIES, ""]).all():
        message = f"rurality must be {', '.join(RURALITIES)} or blank"
        raise DataError(message)
    known = pd.DataFrame({"deprivation_decile": decile.to_numpy(np.float64, na_value=np.nan)})
    known["rurality"] = rurality.where(rurality != "", NOT_KNOWN).to_numpy()
    known.index = pd.Index(traits["zone_id"])
    homes = known.reindex(rows["origin_id"].fillna("")).reset_index(drop=True)
    fifths = np.ceil(homes["deprivation_decile"] / 2).map("{:.0f}".format, na_action="ignore")
    return homes.assign(deprivation_quintile=fifths.fillna(NOT_KNOWN), rurality=homes["rurality"].fillna(NOT_KNOWN))
