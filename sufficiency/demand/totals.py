"""Forecasts that are given by county or district, and by need or phase, but not by home: spread with every total kept.

For each year and stream (headline, or a place sought outside it) the pupils to be expected by district, phase, need and
place are scaled until they agree with every total given (iterative proportional fitting), and rounded so that every
total still holds exactly (controlled rounding; both in `sufficiency.demand.calibration`). Within a district, phase,
need and place the year groups share by what is to be expected of them, and homes are found as in any forecast, inside
the district. Totals of one kind (say, district by need) must be there for every member that has pupils: a total left
out would say nothing of how many there are.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.demand.calibration import fit_margins, round_to_margins
from sufficiency.demand.forecast import apportion, stream_of
from sufficiency.demand.new_homes import AGE_AT_RECEPTION
from sufficiency.model.errors import DataError, InfeasibleError
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES, NEEDS, PHASES, phase_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.demand.cohorts import People
    from sufficiency.demand.drivers import Drivers

__all__ = ["counts_of_totals"]

_DIMS: Final = ("district_id", "phase", "need", "place_sought")
_SAID: Final = ("area_id", "phase", "need", "place_sought")
# Keeps a year group open whose share of a total is too small to tell from none.
_FAINT: Final = 1e-6


def counts_of_totals(counts: pd.DataFrame, totals: pd.DataFrame, people: People, drivers: Drivers) -> pd.DataFrame:
    """Return the counts with the streams and years for which totals are given taken from these.

    Parameters
    ----------
    counts
        Counts of the forecast, from `county_counts`: how the totals are shared where they do not say.
    totals
        Table `demand_totals`.
    people
        Residents, who share the forecast among the districts.
    drivers
        The districts of the zones, and the area that stands for all.

    Returns
    -------
    DataFrame
        The columns of `counts` and district_id, blank where no total was given.

    Raises
    ------
    DataError
        When totals disagree, are incomplete, or ask for pupils where there can be none.
    """
    counts = counts.assign(stream=stream_of(counts["place_sought"], counts["ncy"]))
    expected = _by_district(counts, people, drivers.districts)
    streams = totals["place_sought"].where(~totals["place_sought"].isin((HEADLINE, *HEADLINE_TYPES)), HEADLINE)
    parts = [counts.assign(district_id="")]
    run = sorted(counts["year"].unique())
    for (year, stream), rows in totals.groupby([totals["year"], streams], sort=True):
        if year not in run:
            message = (
                f"demand_totals.csv gives totals of {year}, and the run is from {run[0]} to {run[-1]}: take them out"
            )
            raise DataError(message)
        of_year = expected[(expected["year"] == year) & (expected["stream"] == stream)]
        if of_year.empty:
            message = f"demand_totals.csv asks for pupils of {stream} in {year}, and the pattern has none of them"
            raise DataError(message)
        parts[0] = parts[0][(parts[0]["year"] != year) | (parts[0]["stream"] != stream)]
        parts.append(_one(rows, of_year, drivers.county_id, f"{stream}, {year}"))
    return pd.concat(parts, ignore_index=True).drop(columns="stream")


def _by_district(counts: pd.DataFrame, people: People, districts: Mapping[str, str]) -> pd.DataFrame:
    """Return the pupils to be expected in each district: those of the county by its share of the cohort's people."""
    names = sorted({districts.get(zone, "") for zone in people.zone_ids} - {""})
    member = np.array([[districts.get(zone, "") == name for zone in people.zone_ids] for name in names], dtype=float)
    held = np.einsum("dz,zya->dya", member, people.counts)
    all_held = held.sum(axis=0)
    share = np.divide(held, all_held, out=np.zeros_like(held), where=all_held > 0)
    year = np.array([people.row(int(value)) for value in counts["year"]], dtype=np.int64)
    column = people.column((counts["ncy"] + AGE_AT_RECEPTION).to_numpy(dtype=np.int64))
    parts = [
        counts.assign(district_id=name, pupils=counts["pupils"].to_numpy(dtype=float) * share[at, year, column])
        for at, name in enumerate(names)
    ]
    keys = ["year", "district_id", "ncy", "need", "place_sought", "attendance", "stream"]
    return pd.concat(parts, ignore_index=True).groupby(keys, as_index=False, sort=True)[["pupils"]].sum()


def _one(rows: pd.DataFrame, expected: pd.DataFrame, county_id: str, what: str) -> pd.DataFrame:
    cells = expected.assign(phase=expected["ncy"].map(phase_of))
    cells = cells[cells["pupils"] > 0]
    members = {
        "district_id": sorted(cells["district_id"].unique()),
        "phase": [phase for phase in PHASES if (cells["phase"] == phase).any()],
        "need": [need for need in NEEDS if (cells["need"] == need).any()],
        "place_sought": sorted(cells["place_sought"].unique()),
    }
    at = {name: {code: position for position, code in enumerate(codes)} for name, codes in members.items()}
    start = np.zeros(tuple(len(members[name]) for name in _DIMS))
    np.add.at(start, tuple(cells[name].map(at[name]).to_numpy() for name in _DIMS), cells["pupils"].to_numpy(float))
    margins = _margins(rows, at, county_id, what, start)
    _check_room(start, margins, members, what)
    try:
        whole = round_to_margins(
            fit_margins(start, margins), {**margins, (): np.array(_total(margins), dtype=np.int64)}
        )
    except InfeasibleError:
        message = f"demand_totals.csv ({what}): no whole numbers of pupils meet all the totals; leave out the finest"
        raise DataError(message) from None
    return _year_groups(whole, cells, members)


def _total(margins: Mapping[tuple[int, ...], NDArray[np.int64]]) -> int:
    return int(next(iter(margins.values())).sum())


def _margins(
    rows: pd.DataFrame, at: Mapping[str, Mapping[str, int]], county_id: str, what: str, start: NDArray[np.float64]
) -> dict[tuple[int, ...], NDArray[np.int64]]:
    """Return the totals as margins of (district, phase, need, place), each over the dimensions that it names."""
    plain = pd.DataFrame(
        {
            "district_id": rows["area_id"].where(rows["area_id"] != county_id, ALL),
            "phase": rows["phase"],
            "need": rows["need"],
            "place_sought": rows["place_sought"].where(rows["place_sought"] != HEADLINE, ALL),
            "pupils": rows["pupils"],
        }
    )
    kinds = plain[list(_DIMS)] != ALL
    margins: dict[tuple[int, ...], NDArray[np.int64]] = {}
    for kind, of_kind in plain.groupby([kinds[name] for name in _DIMS], sort=True):
        kept = tuple(position for position, named in enumerate(kind) if named)
        table = np.full(tuple(len(at[_DIMS[d]]) for d in kept), -1, dtype=np.int64)
        for row in of_kind.to_dict("records"):
            key = [at[_DIMS[d]].get(row[_DIMS[d]]) for d in kept]
            if any(position is None for position in key):
                if row["pupils"] == 0:
                    continue
                named = ", ".join(str(row[_DIMS[d]]) for d in kept)
                message = f"demand_totals.csv ({what}) asks for {row['pupils']} pupils of {named}: there can be none"
                raise DataError(message)
            table[tuple(key)] = int(row["pupils"])
        table[(table < 0) & (_held(start, kept) <= 0)] = 0
        if (table < 0).any():
            first = [list(at[_DIMS[d]])[i] for d, i in zip(kept, np.argwhere(table < 0)[0], strict=True)]
            message = (
                f"demand_totals.csv ({what}) gives totals by {' and '.join(_SAID[d] for d in kept)}, but none for "
                f"{', '.join(first)}: give one for each, 0 for none"
            )
            raise DataError(message)
        margins[kept] = table
    _check_agree(margins, {name: list(codes) for name, codes in at.items()}, what)
    return margins


def _check_agree(
    margins: Mapping[tuple[int, ...], NDArray[np.int64]], members: Mapping[str, Sequence[str]], what: str
) -> None:
    """Refuse totals that disagree where they overlap."""
    for one, other in combinations(sorted(margins), 2):
        common = tuple(d for d in one if d in other)
        first, second = (
            margins[kept].sum(axis=tuple(i for i, d in enumerate(kept) if d not in common)) for kept in (one, other)
        )
        for position in np.argwhere(first != second)[:1]:
            of = ", ".join(members[_DIMS[d]][i] for d, i in zip(common, position, strict=True))
            message = (
                f"demand_totals.csv ({what}): the totals disagree, those by {_said(one)} sum to "
                f"{first[tuple(position)]}{' for ' if of else ''}{of} and those by {_said(other)} to "
                f"{second[tuple(position)]}"
            )
            raise DataError(message)


def _check_room(
    start: NDArray[np.float64],
    margins: Mapping[tuple[int, ...], NDArray[np.int64]],
    members: Mapping[str, Sequence[str]],
    what: str,
) -> None:
    """Refuse totals of pupils whom the forecast has none of."""
    for kept, table in margins.items():
        for position in np.argwhere((_held(start, kept) <= 0) & (table > 0))[:1]:
            named = ", ".join(members[_DIMS[d]][i] for d, i in zip(kept, position, strict=True)) or "the county"
            asked = table[tuple(position)]
            message = f"demand_totals.csv ({what}) asks for {asked} pupils of {named}: the forecast has none to go by"
            raise DataError(message)


def _held(start: NDArray[np.float64], kept: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the pupils of the forecast by the dimensions kept."""
    return np.asarray(start.sum(axis=tuple(d for d in range(len(_DIMS)) if d not in kept)), dtype=np.float64)


def _said(kept: tuple[int, ...]) -> str:
    return " and ".join(_SAID[d] for d in kept) or "county"


def _year_groups(whole: NDArray[np.int64], cells: pd.DataFrame, members: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Share the pupils of each district, phase, need and place among its year groups and attendances."""
    parts = []
    columns = ["year", "district_id", "ncy", "need", "place_sought", "attendance", "stream"]
    grouped = dict(iter(cells.groupby(list(_DIMS), sort=True)))
    for position in np.argwhere(whole > 0):
        key = tuple(members[name][i] for name, i in zip(_DIMS, position, strict=True))
        group = grouped[key].sort_values(["ncy", "attendance"])
        pupils = apportion(np.maximum(group["pupils"].to_numpy(float), _FAINT), int(whole[tuple(position)]))
        parts.append(group[columns].assign(homes="present", pupils=pupils))
    out = pd.concat(parts, ignore_index=True) if parts else cells[columns].iloc[:0].assign(homes="", pupils=0)
    return out[out["pupils"] > 0]
