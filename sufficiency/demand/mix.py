"""The placement mix: how many headline pupils seek a specialist base and how many a special school.

The mix is an assumption, never something the allocation does. With `placement_mix` = ``as_today`` it stays as in the
calibration year. With ``towards_bases`` the share that seeks a base rises in a straight line from that year's to
`specialist_base_share_when_complete` in `placement_mix_complete_year`, and stays there:

    B(y) = round(T(y) · s(y)),   s(y) = s0 + (s1 − s0) · (y − y0) / (y1 − y0) for y0 ≤ y ≤ y1, then s1.

T(y), all headline pupils, does not change. Those who change are day pupils who entered Reception or Year 7 after the
calibration year, in proportion to pupils · b(need) · b(phase) · (entry year − y0), with b that year's share of
bases in the need and in the phase; at most `MOST_SHARE` of any cell. Nobody leaves a special school for a base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.demand.forecast import apportion, stream_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import HEADLINE, phase_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters

MIXES: Final = ("as_today", "towards_bases", "table")
MOST_SHARE: Final = 0.9
_FIRST_NCY: Final = {"primary": 0, "secondary": 7}
_ROUNDS: Final = 200
_KEY: Final = ["year", "ncy", "need", "place_sought", "attendance", "homes"]


def apply_mix(counts: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the county counts with the placement mix of each year.

    Parameters
    ----------
    counts
        Output of `forecast_counts`: year, ncy, need, place_sought, attendance, homes (unique
        together), pupils.
    parameters
        Gives placement_mix, specialist_base_share_when_complete, placement_mix_complete_year, calibration year.

    Returns
    -------
    DataFrame
        The same columns and the same total of the headline stream in every year; rows without pupils left out.

    Raises
    ------
    ParameterError
        When the mix is unknown, or the share cannot be reached.
    """
    mix = str(parameters.value("placement_mix"))
    if mix not in MIXES:
        message = f"placement_mix must be one of {', '.join(MIXES)}, not {mix!r}"
        raise ParameterError(message)
    if mix != "towards_bases":
        return counts
    headline = stream_of(counts["place_sought"], counts["ncy"]) == HEADLINE
    moved = [_moves(counts[headline & (counts["year"] == year)], counts[headline], year, parameters)
             for year in sorted(counts["year"].unique()) if year > parameters.calibration_year]  # fmt: skip
    changes = [part for part in moved if len(part)]
    if not changes:
        return counts
    stacked = pd.concat([counts, *changes], ignore_index=True)
    summed = stacked.groupby(_KEY, as_index=False)[["pupils"]].sum()
    return summed[summed["pupils"] > 0].reset_index(drop=True)


def base_share(year: int, share_then: float, parameters: Parameters) -> float:
    """Return the share of headline pupils who seek a base in a year."""
    complete = int(parameters.value("placement_mix_complete_year"))
    wanted = float(parameters.value("specialist_base_share_when_complete"))
    passed, span = year - parameters.calibration_year, complete - parameters.calibration_year
    reached = passed / span if span > 0 else float(passed > 0)
    return share_then + (wanted - share_then) * min(max(reached, 0.0), 1.0)


def _bases_by(rows: pd.DataFrame, by: pd.Series) -> pd.Series:
    """Return the share of the pupils in each class who seek a base."""
    bases = rows["pupils"].where(rows["place_sought"] == "specialist_base", 0)
    return bases.groupby(by.to_numpy()).sum() / rows["pupils"].groupby(by.to_numpy()).sum()


def _moves(now: pd.DataFrame, every: pd.DataFrame, year: int, parameters: Parameters) -> pd.DataFrame:
    """Return the changes of a year: rows with negative pupils (special school) and the same positive (base)."""
    then = every[every["year"] == parameters.calibration_year]
    share_then = float(then.loc[then["place_sought"] == "specialist_base", "pupils"].sum() / then["pupils"].sum())
    total = int(now["pupils"].sum())
    bases = int(now.loc[now["place_sought"] == "specialist_base", "pupils"].sum())
    wanted = int(np.floor(total * base_share(year, share_then, parameters) + 0.5)) - bases
    phase = now["ncy"].map(phase_of)
    cells = now[(now["place_sought"] == "special_school") & (now["attendance"] == "day") & phase.isin(_FIRST_NCY)]
    if wanted <= 0 or cells.empty:
        return cells.iloc[:0]
    cells = cells.sort_values(_KEY)
    of_phase = cells["ncy"].map(phase_of)
    entry = year - (cells["ncy"] - of_phase.map(_FIRST_NCY))
    need = cells["need"].map(_bases_by(then, then["need"])).fillna(0.0)
    step = of_phase.map(_bases_by(then, then["ncy"].map(phase_of))).fillna(0.0)
    weight = cells["pupils"] * need * step * (entry - parameters.calibration_year).clip(lower=0)
    moving = _share_out(weight.to_numpy(float), cells["pupils"].to_numpy(np.int64), wanted, year)
    leave = cells.assign(pupils=-moving)
    join = cells.assign(place_sought="specialist_base", pupils=moving)
    return pd.concat([leave, join])[now.columns]


def _share_out(weight: NDArray[np.float64], pupils: NDArray[np.int64], wanted: int, year: int) -> NDArray[np.int64]:
    """Share a number out by weight, at most `MOST_SHARE` of each cell, by largest remainders."""
    most = np.where(weight > 0, np.floor(pupils * MOST_SHARE + 1e-9), 0).astype(np.int64)
    if wanted > int(most.sum()):
        message = f"the placement mix of {year} needs {wanted} more pupils to seek a base, and {int(most.sum())} could"
        raise ParameterError(message)
    moving = np.zeros_like(pupils)
    for _ in range(_ROUNDS):
        left = wanted - int(moving.sum())
        if left == 0:
            break
        open_weight = np.where(moving < most, weight, 0.0)
        moving = np.minimum(moving + apportion(open_weight, left), most)
    return moving
