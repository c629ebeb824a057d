"""The pattern of plans (table `rates`) out of a release's two-way tables: fitted, rounded, and split by attendance.

The release gives need by age, need by placement and placement by age, but not the three together. The most even table
that agrees with all of them is found and made whole (`sufficiency.demand.calibration`); every published cell holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.demand.calibration import fit_margins, round_to_margins
from sufficiency.model.errors import DataError
from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import HEADLINE_NCY, HEADLINE_TYPES, NCY_MAX, NCY_MIN, NEEDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    _Margins = dict[tuple[int, ...], NDArray[np.integer]]

__all__ = ["PLACE_SOUGHT_OF", "pattern_differences", "pattern_from_release"]

PLACE_SOUGHT_OF: Final[dict[str, str]] = {
    "state_special_school": "special_school",
    "independent_special_school": "special_school",
    "non_maintained_special_school": "special_school",
    "resourced_provision_or_unit": "specialist_base",
    "mainstream_school": "mainstream",
    "early_years_setting": "mainstream",
    "alternative_provision": "alternative_provision",
    "general_further_education": "fe_mainstream",
    "specialist_post_16": "specialist_post_16",
    "other_training_provider": "fe_mainstream",
    "educated_elsewhere": "educated_elsewhere",
    "not_recorded": "educated_elsewhere",
}
AGE_AT_RECEPTION: Final = 4
GENERAL_FE: Final = "general_further_education"
KEY: Final = ["ncy", "need", "placement", "place_sought", "attendance"]
# Equal shares of a residential total go to the need later in the alphabet, whatever the solver would choose.
_TIE: Final = 1e-4
_SEVERAL: Final = 5


def pattern_from_release(
    needs_by_age: pd.DataFrame,
    needs_by_placement: pd.DataFrame,
    placement_by_age: pd.DataFrame,
    residential: pd.DataFrame | None = None,
    *,
    fe_specialist_share: Mapping[str, float],
) -> pd.DataFrame:
    """Fit the county pattern of plans to a release's two-way tables.

    Parameters
    ----------
    needs_by_age
        year, age_from, age_to, need, pupils. Ages are those on 31 August before the January census, so national
        curriculum year = age − 4. Of ages published together ("under 3") the one nearest the others stands for all.
    needs_by_placement
        year, placement (a code of `PLACEMENTS`), need, pupils.
    placement_by_age
        year, age_from, age_to, placement, pupils.
    residential
        year, age_from, age_to, placement, pupils: totals of ages (placement blank) and of placements (ages missing).
        They are spread over the fitted cells in proportion; pupils of ages published together go to the youngest of
        them. None = everybody attends by day.
    fe_specialist_share
        Need -> share of general further education learners taken to seek a specialist unit: an assumption.

    Returns
    -------
    DataFrame
        Area table `rates`. Its sums by need and age, need and placement, placement and age are the published ones, but
        for pupils of a headline place outside Reception to Year 14, who are counted at the nearest year of it.

    Raises
    ------
    DataError
        When a published cell is missing, or the tables are of different years or disagree on a total that two of
        them give.
    InfeasibleError
        When no whole numbers near the fitted ones meet every total.
    """
    year = _one_year([needs_by_age, needs_by_placement, placement_by_age])
    ages = _single_ages(needs_by_age, placement_by_age)
    needs = [need for need in NEEDS if need in set(needs_by_age["need"]) | set(needs_by_placement["need"])]
    by_age = _grid(needs_by_age.assign(age=ages[0]), "age", "need", needs)
    years = sorted(by_age.index)
    by_placement = _grid(needs_by_placement, "placement", "need", needs).reindex(list(PLACEMENTS), fill_value=0)
    placed = _grid(placement_by_age.assign(age=ages[1]), "age", "placement", list(PLACEMENTS)).reindex(
        years, fill_value=0
    )
    _agree(by_age, by_placement, placed)
    margins: _Margins = {(0, 1): by_age.to_numpy(), (0, 2): placed.to_numpy(), (1, 2): by_placement.to_numpy().T}
    pupils = round_to_margins(fit_margins(np.ones((len(years), len(needs), len(PLACEMENTS))), margins), margins)
    resident = np.zeros_like(pupils) if residential is None else _resident(pupils, residential, years, needs, year)
    cells = _cells(pupils, resident, years, needs)
    cells = _with_units(_in_scope(cells), fe_specialist_share)
    return _as_rates(cells, needs, f"DfE EHC plans January {year + 1} (SEN2), fitted to its two-way tables")


def pattern_differences(fitted: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return every cell in which two tables `rates` differ: its key, pupils, other_pupils."""
    one, two = (table.groupby(KEY)["pupils"].sum() for table in (fitted, other))
    both = pd.concat([one.rename("pupils"), two.rename("other_pupils")], axis=1).fillna(0).astype("int64")
    return both[both["pupils"] != both["other_pupils"]].reset_index()


def _one_year(tables: list[pd.DataFrame]) -> int:
    years = sorted({int(year) for table in tables for year in table["year"].unique()})
    if len(years) != 1:
        message = f"the tables are of different years: {', '.join(str(year) for year in years)}"
        raise DataError(message)
    return years[0]


def _single_ages(*tables: pd.DataFrame) -> list[NDArray[np.int64]]:
    """Return one age a row: of ages published together, the one nearest to the others."""
    out = []
    for table in tables:
        first, last = table["age_from"].to_numpy(dtype=np.int64), table["age_to"].to_numpy(dtype=np.int64)
        singles = first[first == last]
        middle = float(np.median(singles)) if len(singles) else 0.0
        age = np.where(last < middle, last, first)
        low, high = NCY_MIN + AGE_AT_RECEPTION, NCY_MAX + AGE_AT_RECEPTION
        if len(age) and (age.min() < low or age.max() > high):
            message = f"ages must lie between {low} and {high}: plans end with the year of the 25th birthday"
            raise DataError(message)
        out.append(age)
    return out


def _grid(table: pd.DataFrame, index: str, columns: str, order: list[str]) -> pd.DataFrame:
    missing = int(table["pupils"].isna().sum())
    if missing:
        message = f"{missing} published cells of {columns} by {index} are missing: nothing can be fitted to them"
        raise DataError(message)
    values = table["pupils"].to_numpy(dtype=float)
    if (values < 0).any() or (values != np.round(values)).any():
        message = f"pupils of {columns} by {index} must be whole numbers of 0 or more"
        raise DataError(message)
    if table.duplicated([index, columns]).any():
        message = f"a cell of {columns} by {index} stands twice"
        raise DataError(message)
    found = table.pivot_table(index=index, columns=columns, values="pupils", aggfunc="sum", fill_value=0)
    return found.reindex(columns=order, fill_value=0).astype("int64")


def _agree(by_age: pd.DataFrame, by_placement: pd.DataFrame, placed: pd.DataFrame) -> None:
    """Refuse tables that disagree on the totals that two of them share; name where."""
    shared = {
        "need": (by_age.sum(), by_placement.sum()),
        "placement": (by_placement.sum(axis=1), placed.sum()),
        "age": (by_age.sum(axis=1), placed.sum(axis=1)),
    }
    for name, (one, two) in shared.items():
        apart = [str(key) for key in one.index if one[key] != two[key]]
        if apart or one.sum() != two.sum():
            named = ", ".join(f"{key} ({one[key]} and {two[key]})" for key in one.index if str(key) in apart[:_SEVERAL])
            message = f"two tables of the release disagree on {name}: {named or f'{one.sum()} and {two.sum()} in all'}"
            raise DataError(message)


def _resident(
    pupils: NDArray[np.int64], residential: pd.DataFrame, ages: list[int], needs: list[str], year: int
) -> NDArray[np.int64]:
    """Spread the residential totals over the cells, never more than a cell's pupils; the shape of ``pupils``."""
    _one_year([residential, pd.DataFrame({"year": [year]})])
    if residential["pupils"].isna().any():
        message = "some residential totals are missing: leave the residential table out, or complete it"
        raise DataError(message)
    of_age = residential[residential["placement"] == ""]
    placed = residential[residential["placement"] != ""].groupby("placement")["pupils"].sum()
    totals = [int(n) for n in of_age["pupils"]]
    # What stands in no published band of ages has no residential pupil.
    bands = [
        [at for at, age in enumerate(ages) if first <= age <= last]
        for first, last in zip(of_age["age_from"].astype(int), of_age["age_to"].astype(int), strict=True)
    ]
    if any(n and not band for n, band in zip(totals, bands, strict=True)):
        message = "residential pupils are published for an age that has no pupils"
        raise DataError(message)
    wanted = np.array([int(placed.get(code, 0)) for code in PLACEMENTS], dtype=np.int64)
    room = np.array([pupils[band].sum(axis=0) for band in bands], dtype=np.int64).reshape(-1, *pupils.shape[1:])
    margins: _Margins = {(0,): np.array(totals, dtype=np.int64), (2,): wanted}
    rank = np.argsort(np.argsort(np.array(needs)))
    start = room * (1 + _TIE * rank)[None, :, None]
    spread = round_to_margins(fit_margins(start, margins), margins)
    if (spread > room).any():
        spread = _within_room(start, room, margins)
    out = np.zeros_like(pupils)
    for band, of_band in zip(bands, spread, strict=True):
        left = of_band.copy()
        for at in band:
            out[at] = np.minimum(left, pupils[at])
            left -= out[at]
    return out


def _within_room(start: NDArray[np.float64], room: NDArray[np.int64], margins: _Margins) -> NDArray[np.int64]:
    """Spread with day pupils as a fourth side, so that the odds, not the numbers, are in proportion."""
    of_age, of_placement = margins[0,], margins[2,]
    sides: _Margins = {
        (0, 1, 2): room,
        (0, 3): np.stack([room.sum(axis=(1, 2)) - of_age, of_age], axis=1),
        (2, 3): np.stack([room.sum(axis=(0, 1)) - of_placement, of_placement], axis=1),
    }
    if any((side < 0).any() for side in sides.values()):
        message = "more residential pupils are published than there are pupils of an age or a placement"
        raise DataError(message)
    odds = np.stack([room.astype(float), start], axis=3)
    return round_to_margins(fit_margins(odds, sides)[..., 1], margins)


def _cells(pupils: NDArray[np.int64], resident: NDArray[np.int64], ages: list[int], needs: list[str]) -> pd.DataFrame:
    parts = []
    for attendance, counts in (("day", pupils - resident), ("residential", resident)):
        at = np.argwhere(counts > 0)
        codes = [PLACEMENTS[i] for i in at[:, 2]]
        parts.append(
            pd.DataFrame(
                {
                    "ncy": np.array([ages[i] - AGE_AT_RECEPTION for i in at[:, 0]], dtype=np.int64),
                    "need": np.array([needs[i] for i in at[:, 1]], dtype=object),
                    "placement": np.array(codes, dtype=object),
                    "place_sought": np.array([PLACE_SOUGHT_OF[code] for code in codes], dtype=object),
                    "attendance": attendance,
                    "pupils": counts[tuple(at.T)],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _in_scope(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with pupils of a headline place at the nearest year of its scope."""
    headline = cells["place_sought"].isin(HEADLINE_TYPES)
    ncy = cells["ncy"].where(~headline, cells["ncy"].clip(*HEADLINE_NCY))
    return pd.DataFrame(cells.assign(ncy=ncy).groupby(KEY, sort=False)["pupils"].sum().reset_index())


def _with_units(cells: pd.DataFrame, shares: Mapping[str, float]) -> pd.DataFrame:
    """Split general FE learners by day into those taken to seek a specialist unit and the others."""
    strange = sorted(set(shares) - set(NEEDS))
    if strange or not all(0 <= share <= 1 for share in shares.values()):
        message = "fe_specialist_share must name needs, each with a share from 0 to 1"
        raise DataError(message)
    general = cells[(cells["placement"] == GENERAL_FE) & (cells["attendance"] == "day")].sort_values("ncy")
    units = pd.Series(0, index=cells.index, dtype="int64")
    for need, rows in general.groupby("need"):
        exact = rows["pupils"].to_numpy(dtype=float) * shares.get(str(need), 0.0)
        units[rows.index] = _largest_remainders(exact)
    # Both halves of a cell rest on the assumption.
    cells = cells.assign(assumed=units > 0)
    seeking = cells.assign(place_sought="fe_specialist_unit", pupils=units)
    both = pd.concat([cells.assign(pupils=cells["pupils"] - units), seeking], ignore_index=True)
    return both[both["pupils"] > 0]


def _largest_remainders(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to whole numbers that sum to the rounded total; equal remainders go to the older age."""
    whole = np.floor(np.round(exact, 9)).astype(np.int64)
    left = int(np.floor(round(float(exact.sum()), 9) + 0.5)) - int(whole.sum())
    order = np.lexsort((-np.arange(len(exact)), -np.round(exact - whole, 9)))
    whole[order[:left]] += 1
    return whole


def _as_rates(cells: pd.DataFrame, needs: list[str], source: str) -> pd.DataFrame:
    order = {"placement": list(PLACEMENTS), "need": needs}
    ranked = cells.assign(**{f"_{name}": cells[name].map(codes.index) for name, codes in order.items()})
    rows = ranked.sort_values(["_placement", "_need", "ncy", "place_sought", "attendance"], ignore_index=True)
    rows["source"] = source
    rows["quality"] = "inferred"
    rows.loc[rows["assumed"], "source"] = "as fitted; a stated share of general FE by need is taken to seek a unit"
    rows.loc[rows["assumed"], "quality"] = "illustrative"
    return rows[list(TABLES["rates"].names)]
