"""Who gains and who loses when one scenario takes the place of another, pupil for pupil.

A pupil is better off with a place of a better tier (local before another council's before independent before none), or
with one of the same tier at least `MINUTES` nearer; worse off the other way round. Pupils of one group are alike, so
they are compared in order of their outcome: the best with the best. Residential pupils have no daily journey: between
two places of one tier nothing changes for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.sufficiency import LEVEL_COLUMNS
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BANDS", "BETTER", "MINUTES", "WORSE", "compared_pupils", "gains_table", "pupil_changes", "pupil_rows",
           "winners", "worst_loss"]  # fmt: skip

MINUTES: Final = 1.0
_RANK: Final = {"local": 0, "other_council": 1, "independent": 2, "unplaced": 3, "excluded": 4}
_LOCAL: Final = 0
_EDGES: Final = (1.0, 5.0, 15.0, 30.0)
_NEARER: Final = ("nearer_1_to_5_min", "nearer_5_to_15_min", "nearer_15_to_30_min", "nearer_30_min_or_more")
_FURTHER: Final = ("further_1_to_5_min", "further_5_to_15_min", "further_15_to_30_min", "further_30_min_or_more")
_KINDS: Final = ("gains_local_place", "better_kind_of_place", "loses_local_place", "worse_kind_of_place")
BETTER: Final = ("gains_local_place", "better_kind_of_place", *reversed(_NEARER))
WORSE: Final = (*_FURTHER, "worse_kind_of_place", "loses_local_place")
BANDS: Final = (*BETTER, "no_change", *WORSE)
_FACTS: Final = ["policy", "year", "phase", "need", "need_group", *LEVEL_COLUMNS.values()]


def pupil_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what changes for every headline pupil. Internal: its rows are single pupils.

    Parameters
    ----------
    before, after
        `outcomes` of two scenarios of the same pupils and policies.

    Returns
    -------
    DataFrame
        A row a pupil: policy, year, group_id, phase, need, need_group and the areas of home; rank_before and rank_after
        (0 local to 4 excluded), min_before and min_after (one way; NaN without a daily journey), band.

    Raises
    ------
    DataError
        When the scenarios do not have the same pupils and policies.
    """
    return compared_pupils(pupil_rows(before), pupil_rows(after))


def pupil_rows(outcomes: pd.DataFrame, facts: Sequence[str] = ()) -> pd.DataFrame:
    """Return a row a headline pupil, in order of policy and group, the best outcome first within a group. Internal.

    Parameters
    ----------
    outcomes
        Of one scenario.
    facts
        Further columns of it.

    Returns
    -------
    DataFrame
        group_id, policy, year, phase, need, need_group, the areas of home, the further columns, rank and travel_min.
    """
    at = np.flatnonzero(outcomes["headline"].to_numpy(bool))
    columns = list(dict.fromkeys(["group_id", *[name for name in _FACTS if name in outcomes.columns], *facts]))
    of = {name: outcomes[name].to_numpy()[at] for name in {*columns, "outcome", "attendance", "travel_min", "pupils"}}
    minutes = np.where(of["attendance"] == "day", of["travel_min"], np.nan).astype(np.float64)
    rank = pd.Series(of["outcome"]).map(_RANK).to_numpy(np.int64)
    order = np.lexsort((np.nan_to_num(minutes), rank, _codes(of["group_id"]), _codes(of["policy"])))
    each = np.repeat(order, of["pupils"].astype(np.int64)[order])
    found = {name: of[name][each] for name in columns}
    return pd.DataFrame(found | {"rank": rank[each], "travel_min": minutes[each]}, copy=False)


def compared_pupils(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return `pupil_changes` of two scenarios whose `pupil_rows` are known.

    Raises
    ------
    DataError
        When the scenarios do not have the same pupils and policies.
    """
    key = ["policy", "group_id"]
    if len(before) != len(after) or any((before[name].to_numpy() != after[name].to_numpy()).any() for name in key):
        message = "scenarios of different pupils or policies cannot be compared pupil by pupil"
        raise DataError(message)
    table = before.rename(columns={"rank": "rank_before", "travel_min": "min_before"}).assign(
        rank_after=after["rank"].to_numpy(), min_after=after["travel_min"].to_numpy()
    )
    return table.assign(band=_bands(table))


def _codes(names: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return the place of each name among them in order; sorted as a list, since they come in a few runs in order."""
    codes, known = pd.factorize(names)
    place = np.empty(len(known), dtype=np.intp)
    place[sorted(range(len(known)), key=known.tolist().__getitem__)] = np.arange(len(known))
    return place[codes]


def _bands(table: pd.DataFrame) -> NDArray[np.object_]:
    was, now = table["rank_before"].to_numpy(), table["rank_after"].to_numpy()
    nearer = np.nan_to_num((table["min_before"] - table["min_after"]).to_numpy(np.float64))
    # a millisecond is no minute: edges are compared as the milliseconds that they are
    size = np.searchsorted(np.array(_EDGES), np.round(np.abs(nearer), 6), side="right")
    names = ("no_change", *_NEARER, *_FURTHER, *_KINDS)
    same_tier = np.where((nearer >= 0) | (size == 0), size, len(_NEARER) + size)
    gain, better, loss, worse = range(len(names) - len(_KINDS), len(names))
    which: NDArray[np.int64] = np.select(
        [(was > now) & (now == _LOCAL), was > now, (was < now) & (was == _LOCAL), was < now],
        [gain, better, loss, worse],
        default=same_tier,
    )
    bands: NDArray[np.object_] = np.array(names, dtype=object)[which]
    return bands


def gains_table(
    changes: pd.DataFrame, *, by: Sequence[str] = (), level: str = "county", scenario_id: str, against_id: str
) -> pd.DataFrame:
    """Return pupils by band of what changes for them.

    Parameters
    ----------
    changes
        Output of `pupil_changes`.
    by
        Any of phase, need and need_group; the others are ``all``.
    level
        county, district or cluster of the home; those not located are in the county alone.
    scenario_id, against_id
        The scenarios after and before.

    Returns
    -------
    DataFrame
        scenario_id, against_id, policy, year, area_id, each of `by`, band, pupils; every band, zeros included, so that
        over the bands the pupils add up to the headline.
    """
    column = LEVEL_COLUMNS[level]
    rows = changes[changes[column] != ""].rename(columns={column: "area_id"})
    key = ["policy", "year", "area_id", *by]
    counts = rows.groupby([*key, "band"], as_index=False).size()
    every = rows[key].drop_duplicates().sort_values(key).merge(pd.DataFrame({"band": list(BANDS)}), how="cross")
    table = every.merge(counts, on=[*key, "band"], how="left", validate="1:1").rename(columns={"size": "pupils"})
    table["pupils"] = table["pupils"].fillna(0).astype(np.int64)
    return table.assign(scenario_id=scenario_id, against_id=against_id)[
        ["scenario_id", "against_id", *key, "band", "pupils"]
    ]


def winners(changes: pd.DataFrame, *, detail: bool = False) -> pd.DataFrame:
    """Return better_off_pupils and worse_off_pupils by policy, area, year, phase and need.

    Parameters
    ----------
    changes
        Output of `pupil_changes`.
    detail
        Whether phases, needs and need groups are told apart too, as `measures.sufficiency_table` cuts them.
    """
    flags = changes.assign(
        better_off_pupils=changes["band"].isin(BETTER).astype(np.int64),
        worse_off_pupils=changes["band"].isin(WORSE).astype(np.int64),
    )
    columns = ["better_off_pupils", "worse_off_pupils"]
    cuts: list[tuple[str | None, str | None]] = [(None, None)]
    if detail:
        cuts += [("phase", None), (None, "need"), (None, "need_group"), ("phase", "need"), ("phase", "need_group")]
    parts = []
    for level in LEVEL_COLUMNS.values():
        located = flags[flags[level] != ""].rename(columns={level: "area_id"})
        for phase, need in cuts:
            cut = located.assign(phase=located[phase] if phase else ALL, need=located[need] if need else ALL)
            parts.append(cut.groupby(["policy", "area_id", "year", "phase", "need"], as_index=False)[columns].sum())
    return pd.concat(parts, ignore_index=True)


def worst_loss(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the longest that any one journey becomes, by policy and year. Internal: it is one child's.

    Returns
    -------
    DataFrame
        policy, year, further_min (of pupils with a daily journey before and after; 0 where none is longer).
    """
    further = (changes["min_after"] - changes["min_before"]).fillna(0.0).clip(lower=0.0)
    return changes.assign(further_min=further).groupby(["policy", "year"], as_index=False)[["further_min"]].max()
