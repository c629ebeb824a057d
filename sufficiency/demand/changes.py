"""What moves pupils between kinds of places, or lets fewer need a plan: the table of the mix, and mitigations.

Both work on the pupils to be expected, [years, cells, homes], whose cells must hold every place that somebody may move
to (`with_targets`). In a year of the ramp a mitigation reaches

    change · (year - start year + 1) ÷ (full year - start year + 1), between 0 and change,

of the pupils whom it names: with the effect ``rate`` they need no plan, with ``mix`` they seek another place. What it
had reached by the calibration year is in the pattern already: of those whom the pattern still holds it then reaches
(reach(y) - reach(calibration year)) ÷ (1 - reach(calibration year)), and the calibration year never changes. Several
are applied one after the other in order of their ids, so that two that reach the same pupils do not count them twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import ALL, PLACE_SOUGHT, phase_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.demand.drivers import Drivers

__all__ = ["apply_mitigations", "apply_mix_table", "mitigations_of", "ramp", "remaining", "with_targets"]

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
        When one is not in the table, is in full effect before it starts, or changes the mix to no place.
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
    out = table[table["mitigation_id"].isin(drivers.applied)].sort_values("mitigation_id", ignore_index=True)
    for row in out.to_dict("records"):
        if row["full_year"] < row["start_year"]:
            message = f"mitigations.csv: {row['mitigation_id']} is in full effect before it starts: mend full_year"
            raise DataError(message)
        if row["effect"] == "mix" and row["to_place_sought"] not in PLACE_SOUGHT:
            message = f"mitigations.csv: {row['mitigation_id']} changes the mix: say to which place, in to_place_sought"
            raise DataError(message)
    return out


def ramp(years: Sequence[int], start_year: int, full_year: int) -> NDArray[np.float64]:
    """Return how much of its full effect a mitigation has in each year, 0 to 1."""
    passed = np.asarray(years, dtype=float) - start_year + 1
    return np.asarray(np.clip(passed / (full_year - start_year + 1), 0.0, 1.0), dtype=np.float64)


def remaining(
    change_share: NDArray[np.float64], row: Mapping[Hashable, Any], years: Sequence[int], calibration_year: int
) -> NDArray[np.float64]:
    """Return the share of the pupils named whom a mitigation leaves as they are, of those in the pattern.

    Parameters
    ----------
    change_share
        Share reached in full effect, one a draw.
    row
        Of the table: start_year and full_year.
    years
        Years wanted.
    calibration_year
        Year of the pattern.

    Returns
    -------
    ndarray
        float64 [years, draws]; 1 up to the calibration year.
    """
    start, full = int(row["start_year"]), int(row["full_year"])
    then = ramp(np.maximum(years, calibration_year).tolist(), start, full)
    now = ramp([calibration_year], start, full)[0]
    left = 1 - change_share * now
    out = np.ones((len(years), len(left)))
    np.divide(1 - change_share * then[:, None], left, out=out, where=left > 0)
    return out


def apply_mitigations(
    expected: NDArray[np.float64],
    cells: pd.DataFrame,
    years: Sequence[int],
    drivers: Drivers,
) -> NDArray[np.float64]:
    """Return the expected pupils with the mitigations that are applied.

    Parameters
    ----------
    expected
        Pupils, [years, cells, homes]; not changed.
    cells
        Its cells, from `with_targets`.
    years
        Its years; the first of them is that of the pattern and never changes.
    drivers
        The table, and which of it are applied.
    """
    out = expected.copy()
    phase = cells["ncy"].map(phase_of)
    for row in mitigations_of(drivers).to_dict("records"):
        reached = _named(cells["need"], row["need"]) & _named(phase, row["phase"])
        reached &= _named(cells["place_sought"], row["from_place_sought"])
        share = 1 - remaining(np.array([float(row["change_share"])]), row, years, min(years))[:, 0]
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
    sought is filled in the proportions of all of the need and phase. The calibration year itself is never changed.

    Raises
    ------
    DataError
        When the shares of a need and phase sum to more than 1, or to less and nobody seeks another place.
    """
    out = expected.copy()
    phases, needs = cells["ncy"].map(phase_of), cells["need"]
    places = cells["place_sought"].to_numpy(dtype=object)
    alike = np.asarray(cells.groupby(["ncy", "attendance"], sort=True).ngroup(), dtype=np.int64)
    for need, phase in sorted(set(zip(needs, phases, strict=True))):
        rows = _most_said(mix, need, phase)
        if rows.empty:
            continue
        at = np.flatnonzero(((needs == need) & (phases == phase)).to_numpy())
        named = _shares(out[years.index(calibration_year), at], places[at], rows, years, calibration_year)
        _check_shares(out[years.index(calibration_year), at], places[at], named, years, f"{need}, {phase}")
        later = np.flatnonzero(np.asarray(years) > calibration_year)
        out[np.ix_(later, at)] = _mixed(out[:, at], places[at], alike[at], named)[later]
    return out


def _shares(
    now: NDArray[np.float64],
    places: NDArray[np.object_],
    rows: pd.DataFrame,
    years: Sequence[int],
    calibration_year: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the share of every year of each place that the table names, from today's pupils [cells, homes]."""
    out = {}
    for place in sorted(rows["place_sought"].unique()):
        mine = rows[(rows["place_sought"] == place) & (rows["year"] > calibration_year)].sort_values("year")
        today = now[places == place].sum() / max(float(now.sum()), ROUNDING)
        out[str(place)] = np.interp(
            years, [calibration_year, *mine["year"]], [today, *mine["sought_share"].astype(float)]
        )
    return out


def _check_shares(
    now: NDArray[np.float64],
    places: NDArray[np.object_],
    named: Mapping[str, NDArray[np.float64]],
    years: Sequence[int],
    what: str,
) -> None:
    stated = np.sum(list(named.values()), axis=0)
    others = now[~np.isin(places, list(named))].sum() > 0
    for year, share in zip(years, stated, strict=True):
        if share > 1 + ROUNDING:
            message = f"placement_mix.csv: the shares of {what} sum to {share:.3f} in {year}; at most 1"
            raise DataError(message)
        if share < 1 - ROUNDING and not others and now.sum() > 0:
            message = (
                f"placement_mix.csv: the shares of {what} sum to {share:.3f} in {year}, and nobody there seeks another "
                f"place: they must sum to 1"
            )
            raise DataError(message)


def _mixed(
    expected: NDArray[np.float64],
    places: NDArray[np.object_],
    alike: NDArray[np.int64],
    named: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the pupils of one need and phase, [years, cells, homes], with the shares of each year."""
    out = np.zeros_like(expected)
    total = expected.sum(axis=1)
    parts = [(places == place, share) for place, share in named.items()]
    rest = ~np.isin(places, list(named))
    if rest.any():
        parts.append((rest, np.maximum(1 - np.sum(list(named.values()), axis=0), 0.0)))
    same = (alike[:, None] == alike[None, :]).astype(float)
    of_all = np.einsum("cd,ydh->ych", same, expected)
    for mine, share in parts:
        own, whole = expected[:, mine], of_all[:, mine]
        weight = np.where(own.sum(axis=1, keepdims=True) > 0, own, whole)
        held = weight.sum(axis=1, keepdims=True)
        within = np.divide(weight, held, out=np.zeros_like(weight), where=held > 0)
        out[:, mine] = within * (share[:, None] * total)[:, None]
    return out


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
