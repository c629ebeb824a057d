"""Laws of releases in a row: whoever lays all of them side by side can work out no small count (by brute force)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sufficiency.disclosure.cells import side_cells
from sufficiency.disclosure.earlier import Earlier
from sufficiency.disclosure.suppress import Equations, Told, hide
from sufficiency.disclosure.system import hide_cells
from sufficiency.model.errors import InfeasibleError

K = 3
_FAR = 17
_GRID = np.array(np.meshgrid(*[np.arange(_FAR + 1)] * 4, indexing="ij")).reshape(4, -1)
# a b / c d, sums of rows, sums of columns, and of all
_SUMS = np.vstack([np.eye(4, dtype=int), [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]]])
_TOTALS = [(4, 0, 1), (5, 2, 3), (6, 0, 2), (7, 1, 3), (8, 4, 5), (8, 6, 7)]
_COUNTS = st.lists(st.sampled_from([0, 1, 2, 4, 6, 8]), min_size=4, max_size=4)


def _equations(totals) -> Equations:
    number = np.repeat(np.arange(len(totals)), 3)
    return Equations(number, np.array(totals).ravel(), np.tile([True, False, False], len(totals)))


def _ranges(worlds: np.ndarray, truth: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Return how far apart the values of each figure (a row) lie in the worlds (columns) that fit all printed ones."""
    fits = (worlds[printed] == truth[printed][:, None]).all(axis=0)
    return worlds[:, fits].max(axis=1) - worlds[:, fits].min(axis=1)


@settings(max_examples=20, deadline=None)
@given(counts=_COUNTS, rank=st.permutations(range(9)), of_rows=st.booleans())
def test_sums_that_are_printed_later_tell_nothing_of_what_was_hidden(counts, rank, of_rows):
    """First the four counts with their sums by row or by column; then all sums beside them."""
    values = _SUMS @ np.array(counts)
    order = np.array(rank)
    early = np.isin(np.arange(9), [0, 1, 2, 3, 4, 5] if of_rows else [0, 1, 2, 3, 6, 7])
    totals = _TOTALS[:2] if of_rows else _TOTALS[2:4]
    try:
        _, first = hide(
            values, _equations(totals), K, spared=np.zeros(9, dtype=bool), rank=order, printed=early, counted=early
        )
        told = Told(early & ~first, early & first, np.zeros(9, dtype=bool), ("a1",))
        small, second = hide(values, _equations(_TOTALS), K, spared=np.zeros(9, dtype=bool), rank=order, told=told)
    except InfeasibleError:
        assume(False)
    assert np.array_equal(first[early], second[early])
    printed = ~second | (early & ~first)
    assert not printed[small].any()
    assert (_ranges(_SUMS @ _GRID, values, printed)[small] >= 1).all()


_AREAS = pd.DataFrame(
    {"area_id": ["C", "D1", "D2"], "level": ["county", "district", "district"], "parent_id": ["", "C", "C"]}
)
_PART = st.tuples(*[st.sampled_from([0, 1, 2, 5, 8])] * 4)


def _cells(demand, without) -> pd.DataFrame:
    """Return the cells of scenarios: demand, placed and without in two districts and the county."""
    rows = []
    for name, (left, right) in without.items():
        counts = {"D1": (demand[0], left), "D2": (demand[1], right), "C": (sum(demand), left + right)}
        rows += [(name, "optimal", 2028, area, whole, whole - part, part) for area, (whole, part) in counts.items()]
    measures = ["demand_pupils", "placed_local_pupils", "without_local_place_pupils"]
    frame = pd.DataFrame(rows, columns=["scenario_id", "policy", "year", "area_id", *measures])
    return side_cells(frame, measures, _AREAS)


def _told(hidden: pd.DataFrame, run_id: str) -> pd.DataFrame:
    told = hidden.assign(run_id=run_id, printed=~hidden["hidden"])
    return told.assign(value=told["value"].astype("Int64").where(told["printed"]))


def _worlds() -> dict[tuple[str, str], np.ndarray]:
    """Return every figure of one scenario in every world of two districts, by area and measure."""
    demand_1, demand_2, without_1, without_2 = _GRID
    fits = (without_1 <= demand_1) & (without_2 <= demand_2)
    whole = {"D1": demand_1[fits], "D2": demand_2[fits], "C": (demand_1 + demand_2)[fits]}
    part = {"D1": without_1[fits], "D2": without_2[fits], "C": (without_1 + without_2)[fits]}
    out = {}
    for area, count in whole.items():
        out[area, "demand_pupils"] = count
        out[area, "without_local_place_pupils"] = part[area]
        out[area, "placed_local_pupils"] = count - part[area]
    return out


_WORLDS = _worlds()
_PAIR_OF = _WORLDS["D1", "demand_pupils"] * 100 + _WORLDS["D2", "demand_pupils"]


def _narrowest(releases) -> int:
    """Return the least range of a small figure, for a reader who knows that all scenarios have the same demand."""
    rows = pd.concat(releases, ignore_index=True)
    fits = {}
    for name, mine in rows[rows["scenario_id"] != ""].groupby("scenario_id"):
        fit = np.ones(_PAIR_OF.size, dtype=bool)
        for area, measure, value in mine.loc[~mine["hidden"], ["area_id", "measure", "value"]].itertuples(index=False):
            fit &= _WORLDS[area, measure] == value
        fits[name] = fit
    both = np.array(sorted(set.intersection(*(set(_PAIR_OF[fit].tolist()) for fit in fits.values()))))
    small = rows[rows["value"].between(1, K)]
    ranges = [
        np.ptp(_WORLDS[area, measure][fits[name] & np.isin(_PAIR_OF, both)])
        for name, area, measure in small[["scenario_id", "area_id", "measure"]]
        .drop_duplicates()
        .itertuples(index=False)
    ]
    return min(ranges, default=_FAR)


@settings(max_examples=5, deadline=None)
@given(placed=_PART, without=_PART, same=st.booleans())
def test_runs_of_other_scenarios_over_the_same_pupils_tell_nothing_of_a_few(placed, without, same):
    """One scenario, then another one (and the first besides, or not), then both with a third: only demand is shared."""
    demand = (placed[0] + max(without[0], without[2]), placed[1] + max(without[1], without[3]))
    one, other, third = without[:2], without[2:], (min(demand[0], placed[2]), min(demand[1], placed[3]))
    runs = [{"x": one}, {"x": one, "y": other} if same else {"y": other}, {"z": third, "y": other}]
    rows, releases = [], []
    for number, scenarios in enumerate(runs):
        earlier = Earlier(pd.concat(rows, ignore_index=True)) if rows else None
        try:
            found = hide_cells(_cells(demand, scenarios), K, earlier)
        except InfeasibleError:
            break
        releases.append(found)
        rows.append(_told(found, f"run{number}"))
    assume(len(releases) > 1)
    assert _narrowest(releases) >= 1
    again = hide_cells(_cells(demand, runs[len(releases) - 1]), K, Earlier(pd.concat(rows, ignore_index=True)))
    pd.testing.assert_series_equal(again["hidden"], releases[-1]["hidden"])


def test_a_scenario_of_an_earlier_run_is_protected_through_the_demand_that_it_shares():
    """By hand: 20 pupils, 10 in each district. Earlier 2 of D1 were placed and 8 not, today 1 and 9 of D2.

    Each by itself leaves the few in 0 to 11 or more. Were today's 9 printed, D2 had at least 9 pupils, so D1 at most
    11, of whom 8 were without: 0 to 3 were placed.
    """
    before, today = _cells((10, 10), {"x": (8, 0)}), _cells((10, 10), {"y": (0, 9)})
    told = before.assign(
        hidden=(before["area_id"] != "C") & before["measure"].isin(["demand_pupils", "placed_local_pupils"])
    )
    found = hide_cells(today, 5, Earlier(_told(told, "a1")))
    without = found["measure"] == "without_local_place_pupils"
    assert found.loc[without & found["hidden"], "area_id"].tolist() == ["D1", "D2"]
    assert _narrowest([told, found]) >= 5
    assert _narrowest([told, found.assign(hidden=found["hidden"] & ~without)]) == 3
