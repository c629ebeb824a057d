"""What moves pupils between kinds of places, or lets fewer need a plan: the table of the mix, and mitigations.

Both work on the pupils to be expected, [years, cells, homes], whose cells must hold every place that somebody may move
to (`with_targets`). In a year of the ramp a mitigation reaches

    change · (year - start year + 1) ÷ (full year - start year + 1), between 0 and change,

of the pupils whom it names: with the effect ``rate`` they need no plan, with ``mix`` they seek another place. Several
are applied one after the other in order of their ids, so that two that reach the same pupils do not count them twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import ALL, phase_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.demand.drivers import Drivers

__all__ = ["apply_mitigations", "apply_mix_table", "mitigations_of", "ramp", "with_targets"]

_SAME: Final = ["need", "ncy", "attendance"]
ROUNDING: Final = 1e-6


def with_targets(cells: pd.DataFrame, drivers: Drivers, *, mix_table: bool) -> pd.DataFrame:
    """Return the cells and, without pupils, those that a mitigation or the table of the mix may move pupils to.

    Parameters
    ----------
    cells
        stream, place_sought, need, ncy, attendance, pupils; one row a cell.
    drivers
        The tables; only mitigations that are applied count.
    mix_table
        Whether the table of the mix is used.
    """
    places: set[str] = set()
    if mix_table and drivers.placement_mix is not None:
        places |= set(drivers.placement_mix["place_sought"])
    applied = mitigations_of(drivers)
    places |= set(applied.loc[applied["effect"] == "mix", "to_place_sought"])
    if not places:
        return cells
    kinds = cells[_SAME].drop_duplicates()
    more = [kinds.assign(place_sought=place, pupils=0) for place in sorted(places)]
    stacked = pd.concat([cells[[*_SAME, "place_sought", "pupils"]], *more], ignore_index=True)
    return stacked.groupby(["place_sought", *_SAME], as_index=False, sort=True).agg({"pupils": "sum"})


def mitigations_of(drivers: Drivers) -> pd.DataFrame:
    """Return the mitigations that are applied, in order of their ids.

    Raises
    ------
    DataError
        When one is not in the table.
    """
    table = drivers.mitigations
    columns = ["mitigation_id", "effect", "need", "phase", "from_place_sought", "to_place_sought", "change_share",
               "start_year", "full_year"]  # fmt: skip
    if table is None:
        table = pd.DataFrame(columns=columns)
    unknown = sorted(set(drivers.applied) - set(table["mitigation_id"]))
    if unknown:
        message = f"mitigations.csv has no row for {', '.join(unknown)}"
        raise DataError(message)
    return table[table["mitigation_id"].isin(drivers.applied)].sort_values("mitigation_id", ignore_index=True)


def ramp(years: Sequence[int], start_year: int, full_year: int) -> NDArray[np.float64]:
    """Return how much of its full effect a mitigation has in each year, 0 to 1."""
    passed = np.asarray(years, dtype=float) - start_year + 1
    return np.asarray(np.clip(passed / (full_year - start_year + 1), 0.0, 1.0), dtype=np.float64)


def apply_mitigations(
    expected: NDArray[np.float64], cells: pd.DataFrame, years: Sequence[int], drivers: Drivers
) -> NDArray[np.float64]:
    """Return the expected pupils with the mitigations that are applied.

    Parameters
    ----------
    expected
        Pupils, [years, cells, homes]; not changed.
    cells
        Its cells, from `with_targets`.
    years
        Its years.
    drivers
        The table, and which of it are applied.
    """
    out = expected.copy()
    phase = cells["ncy"].map(phase_of)
    for row in mitigations_of(drivers).to_dict("records"):
        reached = _named(cells["need"], row["need"]) & _named(phase, row["phase"])
        reached &= _named(cells["place_sought"], row["from_place_sought"])
        share = float(row["change_share"]) * ramp(years, int(row["start_year"]), int(row["full_year"]))
        at = np.flatnonzero(reached)
        if row["effect"] == "mix":
            at = at[(cells["place_sought"].to_numpy()[at] != row["to_place_sought"])]
            target = _targets(cells, at, np.full(len(at), row["to_place_sought"], dtype=object))
            moved = out[:, at] * share[:, None, None]
            out[:, at] -= moved
            for position, to in enumerate(target):
                out[:, to] += moved[:, position]
        elif row["effect"] == "rate":
            out[:, at] *= 1 - share[:, None, None]
    return out


def apply_mix_table(
    expected: NDArray[np.float64],
    cells: pd.DataFrame,
    years: Sequence[int],
    mix: pd.DataFrame,
    calibration_year: int,
) -> NDArray[np.float64]:
    """Return the expected pupils with the shares of the table of the mix.

    In each need and phase the pupils of a place with rows get the share of their year (straight lines from the
    calibration year's own share through the years given, level after the last); the other places share the rest in
    their own proportions. Within a place the pupils keep their proportions by age and attendance; a place that nobody
    sought is filled in the proportions of all. The calibration year itself is never changed.

    Raises
    ------
    DataError
        When the shares of a need and phase sum to more than 1.
    """
    out = expected.copy()
    phases, needs = cells["ncy"].map(phase_of), cells["need"]
    places = cells["place_sought"].to_numpy(dtype=object)
    for need, phase in sorted(set(zip(needs, phases, strict=True))):
        rows = _most_said(mix, need, phase)
        if rows.empty:
            continue
        at = np.flatnonzero(((needs == need) & (phases == phase)).to_numpy())
        _mix_one(out, at, places[at], rows, years, calibration_year=calibration_year, what=f"{need}, {phase}")
    return out


def _mix_one(
    out: NDArray[np.float64],
    at: NDArray[np.int64],
    places: NDArray[np.object_],
    rows: pd.DataFrame,
    years: Sequence[int],
    *,
    calibration_year: int,
    what: str,
) -> None:
    total = out[:, at].sum(axis=1)
    first = list(years).index(calibration_year)
    named = sorted(rows["place_sought"].unique())
    shares = {}
    for place in named:
        mine = rows[rows["place_sought"] == place].sort_values("year")
        mine = mine[mine["year"] > calibration_year]
        now = out[first][at[places == place]].sum() / max(float(out[first][at].sum()), ROUNDING)
        shares[place] = np.interp(years, [calibration_year, *mine["year"]], [now, *mine["share"].astype(float)])
    stated = sum(shares.values())
    if (stated > 1 + ROUNDING).any():
        year = int(np.asarray(years)[stated > 1 + ROUNDING][0])
        message = f"placement_mix.csv: the shares of {what} sum to {float(stated.max()):.3f} in {year}; at most 1"
        raise DataError(message)
    rest = ~np.isin(places, named)
    parts = [(places == place, shares[place]) for place in named]
    if rest.any():
        parts.append((rest, 1 - stated))
    everybody = out[:, at].copy()
    for mine, share in parts:
        cells = at[mine]
        held = everybody[:, mine].sum(axis=1)
        even = np.broadcast_to(1.0 / max(int(mine.sum()), 1), everybody[:, mine].shape)
        within = np.divide(everybody[:, mine], held[:, None], out=even.copy(), where=held[:, None] > 0)
        wanted = share[:, None] * total
        keep = [position for position, year in enumerate(years) if year > calibration_year]
        out[np.ix_(keep, cells)] = (within * wanted[:, None])[keep]


def _most_said(mix: pd.DataFrame, need: str, phase: str) -> pd.DataFrame:
    """Return the rows of the mix for a need and phase: its own, else those of the phase, the need, or all."""
    for wanted in ((need, phase), (ALL, phase), (need, ALL), (ALL, ALL)):
        rows = mix[(mix["need"] == wanted[0]) & (mix["phase"] == wanted[1])]
        if len(rows):
            return rows
    return mix.iloc[:0]


def _named(values: pd.Series, code: str) -> NDArray[np.bool_]:
    return np.ones(len(values), dtype=bool) if code == ALL else (values == code).to_numpy(dtype=bool)


def _targets(cells: pd.DataFrame, at: NDArray[np.int64], places: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the cell of the same need, year group and attendance that seeks another place."""
    key = ["place_sought", *_SAME]
    where = pd.Series(np.arange(len(cells)), index=pd.MultiIndex.from_frame(cells[key]))
    wanted = cells.iloc[at].assign(place_sought=places)
    return where.loc[pd.MultiIndex.from_frame(wanted[key])].to_numpy(dtype=np.int64)
