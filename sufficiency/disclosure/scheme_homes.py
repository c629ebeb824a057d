"""Which schemes' homes may be told: those that give no hidden flow away, beside the use of places.

The pupils of a scheme from a home district are a part of those whom the district sends to places of the scheme's type
there. So what is told of schemes is a floor under figures that nobody prints, of which flows and use of places are
sums; and the places that are in no scheme are a ceiling over the rest of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.audit import exposed_cells
from sufficiency.disclosure.suppress import Equations
from sufficiency.disclosure.system import equations_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["withheld_homes"]

_POLICY: Final = "optimal"
_PLACE: Final = ["area_id", "provision_type", "capacity_places"]


def withheld_homes(
    rows: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    used: pd.DataFrame,
    names: pd.Series,
    hide_up_to: int,
) -> NDArray[np.bool_]:
    """Return, per row of a scheme and year, whether the homes of its pupils must not be told.

    Parameters
    ----------
    rows
        scenario_id, year, scheme_id, provision_type, places, placed_pupils, and ``homes``: told counts by area name.
    tables
        `schemes`, `scheme_homes`, and `capacity_district_type` as it is printed.
    used
        Output of `put_occupancy`.
    names
        Name of each area, by area_id.
    hide_up_to
        Counts of 1 to this are hidden.
    """
    out = np.zeros(len(rows), dtype=bool)
    listed = tables.get("schemes")
    if listed is None or not used["measure"].str.startswith(c.BY_HOME).any():
        return out
    district = listed.drop_duplicates("scheme_id").set_index("scheme_id")["district_id"]
    placed = rows.assign(to=rows["scheme_id"].map(district), row=np.arange(len(rows)))
    optimal = used[used["policy"] == _POLICY]
    for (scenario, year), mine in placed.groupby(["scenario_id", "year"]):
        block = optimal[(optimal["scenario_id"] == scenario) & (optimal["year"] == year)].reset_index(drop=True)
        if not len(block):
            continue
        system = _System(block, mine.reset_index(drop=True), tables, names, hide_up_to)
        out[mine["row"].to_numpy(np.int64)] = system.withheld()
    return out


class _System:
    """The cells of one scenario and year, and those of its schemes beside them."""

    def __init__(self, block: pd.DataFrame, schemes: pd.DataFrame, tables: Mapping[str, pd.DataFrame],
                 names: pd.Series, hide_up_to: int) -> None:  # fmt: skip
        self._schemes, self._hide_up_to = schemes, hide_up_to
        cell, _ = pd.factorize(block["cell"])
        one = block.iloc[np.unique(cell, return_index=True)[1]]
        self._to = one["measure"].str.rpartition(":")[2].tolist()
        self._equations = equations_between(block, cell.astype(np.int64))
        self._values: list[int] = one["value"].tolist()
        self._hidden: list[bool] = one["hidden"].tolist()
        self._primary = (one["primary"] | one["guarded"]).to_numpy(bool)
        self._lines: list[tuple[int, list[int]]] = []
        # cells told with the homes of a scheme, by its row
        self._told: dict[int, list[int]] = {row: [] for row in range(len(schemes))}
        numbered = block.assign(number=cell, to=block["measure"].str.removeprefix(c.BY_HOME))
        numbered = numbered[numbered["measure"].str.startswith(c.BY_HOME)]
        number = numbered.set_index(["area_id", "to", "provision_type"])["number"]
        self._write(schemes, number, tables, names)

    def _cell(self, value: int, *, hidden: bool) -> int:
        self._values.append(int(value))
        self._hidden.append(hidden)
        return len(self._values) - 1

    def _write(
        self, schemes: pd.DataFrame, number: pd.Series, tables: Mapping[str, pd.DataFrame], names: pd.Series
    ) -> None:
        first = schemes.iloc[0]
        homes = tables["scheme_homes"]
        homes = homes[(homes["scenario_id"] == first["scenario_id"]) & (homes["year"] == first["year"])]
        counts = homes.groupby(["scheme_id", "district_id"])["pupils"].sum().to_dict()
        areas = sorted({str(area) for area, _, _ in number.index})
        held: dict[tuple[str, str], list[tuple[int, dict[str, int]]]] = {}
        for row, scheme in enumerate(schemes.to_dict("records")):
            mine, told = {}, scheme["homes"]
            for area in areas:
                mine[area] = self._cell(counts.get((scheme["scheme_id"], area), 0), hidden=True)
                if names.get(area) in told:
                    self._told[row].append(mine[area])
            known = sum(self._values[one] for one in mine.values())
            elsewhere = self._cell(int(scheme["placed_pupils"]) - known, hidden=True)
            if self._values[elsewhere] == 0:
                self._hidden[elsewhere] = False
            few = 1 <= int(scheme["placed_pupils"]) <= self._hide_up_to
            self._lines.append((self._cell(scheme["placed_pupils"], hidden=few), [*mine.values(), elsewhere]))
            held.setdefault((scheme["to"], scheme["provision_type"]), []).append((row, mine))
        capacity = tables.get("capacity_district_type", pd.DataFrame(columns=[*_PLACE, "scenario_id", "year"]))
        capacity = capacity[(capacity["scenario_id"] == first["scenario_id"]) & (capacity["year"] == first["year"])]
        for (to, kind), mine_all in held.items():
            others = []
            for area in areas:
                if (area, to, kind) not in number.index:
                    continue
                whole = int(number[(area, to, kind)])
                parts = [mine[area] for _, mine in mine_all]
                others.append(self._cell(self._values[whole] - sum(self._values[one] for one in parts), hidden=True))
                self._lines.append((whole, [*parts, others[-1]]))
            there = capacity[(capacity["area_id"] == to) & (capacity["provision_type"] == kind)]
            if not len(there) or not others or pd.isna(there["capacity_places"].iloc[0]):
                continue
            places = int(there["capacity_places"].iloc[0]) - sum(
                int(schemes["places"].iloc[row]) for row, _ in mine_all
            )
            room = places - sum(self._values[one] for one in others)
            if room >= 0:
                self._lines.append((self._cell(places, hidden=False), [*others, self._cell(room, hidden=True)]))

    def withheld(self) -> NDArray[np.bool_]:
        """Return the rows whose homes are not told: those of districts that a reader would know too well, or all."""
        out = np.zeros(len(self._schemes), dtype=bool)
        to = self._schemes["to"].astype(str).to_numpy()
        while True:
            known = self._exposed(out)
            if not known or out.all():
                return out
            more = np.isin(to, sorted(known)) & ~out
            out |= more if more.any() else ~out

    def _exposed(self, withheld: NDArray[np.bool_]) -> set[str]:
        """Return the districts of the settings of those cells that a reader knows too well."""
        hidden = np.array(self._hidden, dtype=bool)
        for row, told in self._told.items():
            if not withheld[row]:
                hidden[told] = False
        size = len(self._primary)
        entries = [
            (self._equations.count + line, one, one == total)
            for line, (total, parts) in enumerate(self._lines)
            for one in (total, *parts)
        ]
        equation, cell, total = (np.array(part) for part in zip(*entries, strict=True))
        equations = Equations(
            np.r_[self._equations.equation, equation].astype(np.int64),
            np.r_[self._equations.cell, cell].astype(np.int64),
            np.r_[self._equations.total, total].astype(bool),
        )
        asked = np.zeros(len(hidden), dtype=bool)
        asked[:size] = self._primary
        width = np.where(asked, self._hide_up_to, 0)
        found = exposed_cells(np.array(self._values, dtype=np.int64), equations, hidden, width, ~asked)
        return {self._to[one] for one in found.tolist()}
