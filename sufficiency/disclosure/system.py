"""The equations between the published cells, and which printed figures are one and the same.

Demand does not depend on scenario or policy, and two scenarios with the same schemes open give the same results: such
figures are one cell, hidden everywhere or nowhere, or else one print would give the other away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.suppress import Equations, hide
from sufficiency.model.vocabulary import ALL, HEADLINE, NEED_GROUP_OF, NEED_GROUPS, NEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.disclosure.earlier import Earlier

MARKS: Final = ("always", "spared", "unprinted", "guarded")
ONE_EVERYWHERE: Final = ("demand_pupils", "excluded_pupils", "in_need_pupils")
_NOT_ADDITIVE: Final = ("placed_own_area_pupils", *c.UNPRINTED)
_JOURNEY_SUM: Final = ("day_pupils", "not_daily_pupils", "unplaced_pupils", "excluded_pupils")
_ROW_SUMS: Final = (
    ("demand_pupils", ("placed_local_pupils", "without_local_place_pupils", "excluded_pupils")),
    ("without_local_place_pupils", ("other_council_pupils", "independent_pupils", "unplaced_pupils")),
    ("placed_local_pupils", ("placed_own_area_pupils", "placed_other_area_pupils")),
    ("day_pupils", ("over_limit_pupils", "within_limit_pupils")),
    ("day_pupils", ("ridden_over_limit_pupils", "ridden_within_limit_pupils")),
    ("ridden_over_limit_pupils", ("over_limit_pupils", "over_with_pickups_pupils")),
    ("in_need_pupils", ("own_school_pupils", "partner_pupils", "without_base_pupils")),
)


@dataclass(frozen=True)
class System:
    """Cells by number, ready to be hidden: see `sufficiency.disclosure.suppress.hide`."""

    values: NDArray[np.int64]
    equations: Equations
    spared: NDArray[np.bool_]
    rank: NDArray[np.int64]
    printed: NDArray[np.bool_]
    counted: NDArray[np.bool_]


class _Writer:
    """Collects equations over the rows of a frame of cells: total = sum of the parts with the same key."""

    def __init__(self, cells: pd.DataFrame) -> None:
        self._codes: dict[str, NDArray[np.int64]] = {}
        self._names: dict[str, pd.Index] = {}
        for column in (*c.KEY, "measure"):
            codes, names = pd.factorize(cells[column], sort=True)
            self._codes[column], self._names[column] = codes.astype(np.int64), pd.Index(names)
        parent = self._names["area_id"].get_indexer(pd.Index(cells["parent_id"]))
        self._codes["parent_id"] = np.where(parent < 0, len(self._names["area_id"]), parent).astype(np.int64)
        self.parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]] = []
        self._count = 0

    def recode(self, column: str, values: pd.Series) -> None:
        """Give the column ``<column>*`` the codes of other values of the same column."""
        codes = self._names[column].get_indexer(pd.Index(values))
        self._codes[f"{column}*"] = np.where(codes < 0, len(self._names[column]), codes).astype(np.int64)

    def _key(self, rows: NDArray[np.int64], columns: Sequence[str]) -> NDArray[np.int64]:
        key = np.zeros(rows.size, dtype=np.int64)
        for column in columns:
            base = column.rstrip("*").replace("parent_id", "area_id")
            key = key * (len(self._names[base]) + 1) + self._codes[column][rows]
        return key

    def add(self, total: pd.Series, part: pd.Series, on: Sequence[str], part_on: Sequence[str] | None = None) -> None:
        """Add an equation for every total row that has parts: same codes in columns `on` (of a part: `part_on`)."""
        totals, parts = np.flatnonzero(total.to_numpy(bool)), np.flatnonzero(part.to_numpy(bool))
        if not totals.size or not parts.size:
            return
        total_key, part_key = self._key(totals, on), self._key(parts, on if part_on is None else part_on)
        order = np.argsort(total_key, kind="stable")
        place = np.minimum(np.searchsorted(total_key[order], part_key), order.size - 1)
        owner = order[place]
        fits = total_key[owner] == part_key
        used = np.unique(owner[fits])
        number = np.full(totals.size, -1, dtype=np.int64)
        number[used] = self._count + np.arange(used.size)
        equation = np.concatenate([number[used], number[owner[fits]]])
        row = np.concatenate([totals[used], parts[fits]])
        is_total = np.concatenate([np.ones(used.size, bool), np.zeros(int(fits.sum()), bool)])
        self.parts.append((equation, row, is_total))
        self._count += int(used.size)


def _write(cells: pd.DataFrame) -> _Writer:
    writer = _Writer(cells)
    measure, level = cells["measure"], cells["level"]
    for total, parts in _ROW_SUMS:
        writer.add(measure == total, measure.isin(parts), c.KEY)
    travelling = c.total_rows(cells) & (level == "county") & bool((measure == "day_pupils").any())
    writer.add(travelling & (measure == "demand_pupils"), travelling & measure.isin(_JOURNEY_SUM), c.KEY)
    flow = measure.str.startswith(c.FLOW)
    district = level == "district"
    writer.add(district & c.total_rows(cells) & (measure == "placed_local_pupils"), flow, c.KEY)
    own = flow & (measure == c.FLOW + cells["area_id"])
    writer.add(own, district & (measure == "placed_own_area_pupils"), c.KEY)
    writer.recode("measure", measure.str.replace(c.ARRIVALS, c.FLOW))
    writer.add(measure.str.startswith(c.ARRIVALS), flow, [*c.SLICE, "measure*"], [*c.SLICE, "measure"])
    writer.add(measure == "unplaced_pupils", measure.str.startswith(c.REASON), c.KEY)
    _write_use(writer, cells)
    _write_sums(writer, cells)
    return writer


def _write_use(writer: _Writer, cells: pd.DataFrame) -> None:
    """Write the sums of the use of places: over types, over districts, and up to the limit."""
    measure = cells["measure"]
    taken = measure.str.startswith(c.TAKEN)
    if not taken.any():
        return
    county, kind = taken & (cells["level"] == "county"), [*c.SLICE, "provision_type"]
    part = taken & ~county
    writer.recode("measure", measure.str.replace(c.ARRIVALS, c.TAKEN))
    writer.add(measure.str.startswith(c.ARRIVALS), part, [*c.SLICE, "measure*"], [*c.SLICE, "measure"])
    writer.add(county, part, kind)
    writer.add(measure == c.LIMIT, part | (measure == c.ROOM), [*kind, "area_id"])
    typed = c.placed_by_type(cells)
    _write_homes(writer, cells)
    both = [cells.loc[one, [*kind, "value"]].set_index(kind)["value"].sort_index() for one in (typed, county)]
    if both[0].equals(both[1].reindex(both[0].index)):
        # nobody is placed in another type than the one sought, as everybody knows who knows what substitutes
        writer.add(typed, county, kind)


def _write_homes(writer: _Writer, cells: pd.DataFrame) -> None:
    """Write the sums of what is placed by home, setting and type: flows, by home and type, and the use of places."""
    measure = cells["measure"]
    by_home = measure.str.startswith(c.BY_HOME)
    if not by_home.any():
        return
    kind = [*c.SLICE, "provision_type"]
    writer.recode("measure", measure.str.replace(c.BY_HOME, c.FLOW))
    writer.add(measure.str.startswith(c.FLOW), by_home, [*c.SLICE, "area_id", "measure*"])
    home = (measure == "placed_local_pupils") & (cells["level"] == "district")
    home &= (cells["phase"] == ALL) & (cells["need"] == ALL) & (cells["provision_type"] != HEADLINE)
    writer.add(home, by_home, [*kind, "area_id"])
    writer.recode("measure", measure.str.replace(c.BY_HOME, c.TAKEN))
    writer.add(measure.str.startswith(c.TAKEN) & (cells["level"] != "county"), by_home, [*kind, "measure*"])


def _write_sums(writer: _Writer, cells: pd.DataFrame) -> None:
    """Write the sums over areas, phases, needs and types."""
    measure, level = cells["measure"], cells["level"]
    listed = measure.str.contains(":", regex=False)
    additive = ~measure.isin(_NOT_ADDITIVE) & ~listed
    rest = [column for column in (*c.KEY, "measure") if column != "area_id"]
    for above, below in (("county", "district"), ("district", "cluster")):
        writer.add(additive & (level == above), additive & (level == below), [*rest, "area_id"], [*rest, "parent_id"])
    everything = [*c.KEY, "measure"]

    def without(column: str) -> list[str]:
        return [name for name in everything if name != column]

    whole = additive & (cells["phase"] == ALL)
    writer.add(whole, additive & (cells["phase"] != ALL), without("phase"))
    everyone = additive & (cells["need"] == ALL)
    writer.add(everyone, additive & cells["need"].isin(NEED_GROUPS), without("need"))
    codes = additive & cells["need"].isin(NEEDS)
    writer.add(everyone, codes, without("need"))
    writer.recode("need", cells["need"].map(NEED_GROUP_OF).fillna(""))
    grouped = [name if name != "need" else "need*" for name in everything]
    writer.add(additive & cells["need"].isin(NEED_GROUPS), codes, everything, grouped)
    headline = cells["provision_type"] == HEADLINE
    writer.add(additive & headline, additive & ~headline, without("provision_type"))


def same_cells(cells: pd.DataFrame) -> NDArray[np.int64]:
    """Return, per row, the number of its cell: rows that print one and the same figure have one number."""
    slices, _ = pd.MultiIndex.from_frame(cells[c.SLICE]).factorize(sort=True)
    where = [column for column in (*c.KEY, "measure") if column not in c.SLICE]
    place = cells.groupby(where, sort=True).ngroup().to_numpy(np.int64)
    year = pd.factorize(cells["year"], sort=True)[0].astype(np.int64)
    value = cells["value"].to_numpy(np.int64)
    table = np.full((int(slices.max()) + 1, int(place.max()) + 1), -1, dtype=np.int64)
    table[slices, place] = value
    first: dict[tuple[int, bytes], int] = {}
    of_slice = np.zeros(table.shape[0], dtype=np.int64)
    year_of_slice = np.zeros(table.shape[0], dtype=np.int64)
    year_of_slice[slices] = year
    for number, row in enumerate(table):
        of_slice[number] = first.setdefault((int(year_of_slice[number]), row.tobytes()), number)
    home = of_slice[slices]
    one = cells["measure"].isin(ONE_EVERYWHERE).to_numpy(bool)
    home = np.where(one, table.shape[0] + year, home)
    # a figure that should not depend on the scenario but does is left as several cells
    key = home * table.shape[1] + place
    frame = pd.DataFrame({"key": key, "value": value})
    differs = frame.groupby("key")["value"].transform("nunique").to_numpy() > 1
    key = np.where(differs, of_slice[slices] * table.shape[1] + place, key)
    return np.asarray(pd.factorize(key, sort=True)[0], dtype=np.int64)


def equations_between(cells: pd.DataFrame, cell: NDArray[np.int64]) -> Equations:
    """Return every equation between the cells, each once.

    Parameters
    ----------
    cells
        Rows of cells.
    cell
        The number of each row's cell.
    """
    parts = _write(cells).parts
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Equations(none, none.copy(), np.zeros(0, dtype=bool))
    equation, row, total = (np.concatenate([part[column] for part in parts]) for column in range(3))
    order = np.lexsort((cell[row], ~total, equation))
    equation, name, total = equation[order], cell[row][order], total[order]
    starts = np.flatnonzero(np.r_[True, np.diff(equation) > 0])
    ends = np.r_[starts[1:], equation.size]
    seen: dict[bytes, int] = {}
    kept = np.zeros(equation.size, dtype=bool)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        text = name[first:last].tobytes()
        if text not in seen:
            seen[text] = len(seen)
            kept[first:last] = True
    return Equations(np.asarray(pd.factorize(equation[kept])[0], dtype=np.int64), name[kept], total[kept])


def hide_cells(cells: pd.DataFrame, hide_up_to: int, earlier: Earlier | None = None) -> pd.DataFrame:
    """Return the cells, in their own order, with columns cell, primary and hidden.

    Parameters
    ----------
    cells
        Cells (`sufficiency.disclosure.cells.CELL`), in any order: the answer does not depend on it. Columns of
        `MARKS`, where there are any, mark more of them: ``always`` primary whatever they count, ``spared`` from being
        secondary, ``unprinted``, and ``guarded``, hidden elsewhere and as uncertain here as a primary one.
    hide_up_to
        Counts of 1 to this are hidden.
    earlier
        The cells of the same system in earlier releases; None = there were none.

    Raises
    ------
    SufficiencyError
        When sums do not add up, or there is no safe release, by itself or beside earlier ones.
    """
    if cells.empty:
        return cells.assign(cell=0, primary=False, hidden=False)
    cell = same_cells(cells)
    equations = equations_between(cells, cell)
    _, row = np.unique(cell, return_index=True)
    system = _system(cells.iloc[row], equations, hide_up_to)
    spared, unprinted = (_marked(cells, cell, mark, system.values.size) for mark in ("spared", "unprinted"))
    system = replace(system, spared=system.spared | spared, printed=system.printed & ~unprinted)
    told = None
    if earlier is not None:
        system, told = earlier.beside(cells, cell, system, hide_up_to)
    primary, hidden = hide(
        system.values,
        system.equations,
        hide_up_to,
        spared=system.spared,
        rank=system.rank,
        printed=system.printed,
        counted=system.counted,
        told=told,
        always=_marked(cells, cell, "always", system.values.size),
        guarded=_marked(cells, cell, "guarded", system.values.size),
    )
    return cells.assign(cell=cell, primary=primary[cell], hidden=hidden[cell])


def _marked(cells: pd.DataFrame, cell: NDArray[np.int64], mark: str, size: int) -> NDArray[np.bool_]:
    """Return, per cell, whether any of its rows has a mark."""
    out = np.zeros(size, dtype=bool)
    if mark in cells.columns:
        out[cell[cells[mark].to_numpy(bool)]] = True
    return out


def _system(first: pd.DataFrame, equations: Equations, hide_up_to: int) -> System:
    """Return the system of cells, given one row of each."""
    values = first["value"].to_numpy(np.int64)
    arrivals = first["measure"].str.startswith(c.ARRIVALS).to_numpy(bool)
    room = first["measure"].str.startswith(c.ROOM).to_numpy(bool)
    # what nobody counts: places, and what is placed by home, setting and type, of which only sums are printed
    others = room | first["measure"].str.startswith((c.LIMIT, c.BY_HOME)).to_numpy(bool)
    # arrivals are taken as known, where they are not so few that knowing them would be knowing the flows
    printed = ~first["measure"].isin(c.UNPRINTED).to_numpy(bool) & ~(arrivals & (values <= hide_up_to)) & ~room
    return System(values, equations, c.spared_cells(first), c.hiding_rank(first), printed, ~arrivals & ~others)
