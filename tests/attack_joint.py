"""A stranger's attack on flows, use of places, schemes, pressure and places together, from the public tables alone.

It shares no code with the package. Its unknowns are the pupils by home district, district of the setting and type, of
each scenario, policy and year; every printed figure is an equation or a bound over them, and linear programmes find the
least and the greatest value of each hidden one. What only rests on a rule it knows too: among printed figures of a kind
a hidden one is 1 to `hide_up_to`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from tests.attack import rows_of

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, str]
Slice = tuple[str, str, str]
TYPES: Final = ("special_school", "specialist_base")
HIDDEN: Final = "c"


def number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


class Joint:
    """One scenario, policy and year: unknown counts with bounds, rows over them, and the hidden figures."""

    def __init__(self) -> None:
        self.place: dict[tuple[str, ...], int] = {}
        self.bounds: list[tuple[float, float | None]] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.hidden: dict[tuple[str, ...], list[int]] = {}

    def unknown(self, *key: str, low: float = 0.0, high: float | None = None) -> int:
        if key not in self.place:
            self.place[key] = len(self.bounds)
            self.bounds.append((low, high))
        return self.place[key]

    def told(self, key: tuple[str, ...], parts: list[int], value: str) -> None:
        """Note a printed sum, or a hidden one."""
        if value == HIDDEN:
            self.hidden[key] = parts
        elif (count := number(value)) is not None:
            self.rows.append((dict.fromkeys(parts, 1.0), count, count))

    def ranges(self) -> dict[tuple[str, ...], tuple[float, float]]:
        size, out = len(self.bounds), {}
        entries = [(line, at, weight) for line, (terms, _, _) in enumerate(self.rows) for at, weight in terms.items()]
        line, at, weight = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_matrix((weight, (line, at)), shape=(len(self.rows), size))
        low, high = (np.array([row[end] for row in self.rows]) for end in (1, 2))
        same, over, under = low == high, (low != high) & np.isfinite(high), (low != high) & np.isfinite(low)
        both = {"A_eq": matrix[same], "b_eq": low[same]}
        most = csr_matrix(np.r_[matrix[over].toarray(), -matrix[under].toarray()])
        both |= {"A_ub": most, "b_ub": np.r_[high[over], -low[under]]} if most.shape[0] else {}
        for key, parts in self.hidden.items():
            cost = np.zeros(size)
            cost[parts] = 1.0
            found = [linprog(sign * cost, bounds=self.bounds, method="highs", **both) for sign in (1, -1)]
            # 3: no end to it
            assert all(one.status in {0, 3} for one in found), (key, found[0].message, found[1].message)
            least, greatest = (one.fun if one.status == 0 else np.inf for one in found)
            out[key] = (float(np.ceil(least - 1e-6)), float(np.floor(-greatest + 1e-6)))
        return out


def _pick(rows: list[Row], at: Slice) -> list[Row]:
    names = ("scenario_id", "policy", "year")
    return [row for row in rows if all(row.get(name, value) == value for name, value in zip(names, at, strict=True))]


def _capacity(joint: Joint, tables: dict[str, list[Row]], at: Slice) -> None:
    """Places by district and type are unknowns too: printed by type in the county, and by district of all types."""
    for row in _pick(tables["capacity_district_type"], at):
        key = ("places", row["area_id"], row["provision_type"])
        joint.told(key, [joint.unknown(*key)], row["capacity_places"])
    for row in _pick(tables["sufficiency_area"], at):
        if row["level"] != "cluster" and ("places", row["area_id"], TYPES[0]) in joint.place:
            parts = [joint.unknown("places", row["area_id"], kind) for kind in TYPES]
            joint.told(("all places", row["area_id"]), parts, row["capacity_places"])
    districts = {key[1] for key in joint.place if key[0] == "places"} & set(tables["districts"])
    for kind in TYPES:
        terms = {joint.unknown("places", area, kind): 1.0 for area in districts}
        joint.rows.append((terms | {joint.unknown("places", tables["county"], kind): -1.0}, 0.0, 0.0))


def _pupils(joint: Joint, tables: dict[str, list[Row]], at: Slice) -> None:
    districts = tables["districts"]

    def cells(homes: list[str], to: list[str], kinds: tuple[str, ...] = TYPES) -> list[int]:
        return [joint.unknown("pupils", home, one, kind) for home in homes for one in to for kind in kinds]

    for row in _pick(tables["flows"], at):
        home, to = row["home_area_id"], row["setting_area_id"]
        joint.told(("flow", home, to), cells([home], [to]), row["pupils"])
    for name in ("sufficiency_area", "sufficiency_area_type"):
        for row in _pick(tables[name], at):
            if row["level"] == "cluster":
                continue
            kinds = (row["provision_type"],) if name.endswith("type") else TYPES
            homes = districts if row["level"] == "county" else [row["area_id"]]
            joint.told(("placed", row["area_id"], *kinds), cells(homes, districts, kinds), row["placed_local_pupils"])
    above = {row["area_id"]: row["over_capacity_pupils"] for row in _pick(tables["pressure"], at)}
    for row in _pick(tables["occupancy_district_type"], at):
        to = districts if row["level"] == "county" else [row["area_id"]]
        parts = cells(districts, to, (row["provision_type"],))
        joint.told(("use", row["area_id"], row["provision_type"]), parts, row["placed_pupils"])
        places = joint.unknown("places", row["area_id"], row["provision_type"])
        if at[1] == "optimal":
            joint.rows.append((dict.fromkeys(parts, 1.0) | {places: -1.0}, -np.inf, 0.0))
        elif above.get(row["area_id"]) == HIDDEN:
            over = joint.unknown("over", row["area_id"])
            joint.hidden["over", row["area_id"]] = [over]
            joint.rows.append((dict.fromkeys(parts, 1.0) | {places: -1.0, over: -1.0}, -np.inf, 0.0))


def _schemes(joint: Joint, tables: dict[str, list[Row]], at: Slice, hide_up_to: int) -> None:
    listed = {row["scheme_id"]: row for row in tables["schemes"]}
    names = {row["home_area_name"]: row["home_area_id"] for row in tables["flows"]}
    effects = _pick(tables["scheme_effects"], at)
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in effects:
        name = row["scheme_id"]
        to, kind = listed[name]["district_id"], listed[name]["provision_type"]
        told = dict(re.findall(r"(?:^|; )(.+?) (\d+)(?=;|$)", row["homes"]))
        found = {names[area]: float(count) for area, count in told.items() if area in names}
        parts = [joint.unknown("held", name, home, low=found.get(home, 0.0), high=found.get(home))
                 for home in tables["districts"]]  # fmt: skip
        joint.told(("scheme", name), parts, row["placed_pupils"])
        joint.rows.append((dict.fromkeys(parts, 1.0), -np.inf, float(row["places"])))
        held[to, kind].append(name)
        kinds[row["year"], kind].append(row)
    places = {row["scheme_id"]: float(row["places"]) for row in effects}
    for (to, kind), schemes in held.items():
        inside, whole = {}, {}
        for home in tables["districts"]:
            mine = {joint.unknown("held", name, home): -1.0 for name in schemes}
            joint.rows.append(({joint.unknown("pupils", home, to, kind): 1.0} | mine, 0.0, np.inf))
            inside |= mine
            whole[joint.unknown("pupils", home, to, kind)] = 1.0
        # others hold no more than the places in no scheme
        terms = whole | inside | {joint.unknown("places", to, kind): -1.0}
        joint.rows.append((terms, -np.inf, -sum(places[name] for name in schemes)))
    for (_, kind), rows in kinds.items():
        some = any(number(row["left_out_local_pupils"]) is not None for row in rows)
        for row in (one for one in rows if one["left_out_local_pupils"] == HIDDEN):
            name = row["scheme_id"]
            without = joint.unknown("without", name, high=float(hide_up_to) if some else None)
            joint.hidden["without", name] = [without]
            everybody = {joint.unknown("pupils", home, to, kind): -1.0
                         for home in tables["districts"] for to in tables["districts"]}  # fmt: skip
            there = {joint.unknown("places", tables["county"], kind): 1.0}
            joint.rows.append(({without: 1.0} | everybody | there, float(row["places"]), np.inf))
            own = {joint.unknown("held", name, home): -1.0 for home in tables["districts"]}
            joint.rows.append(({without: 1.0} | own, -np.inf, 0.0))


def recovered_together(
    folder: Path, *, hide_up_to: int = 5
) -> tuple[int, list[tuple[Slice, tuple[str, ...], float, float]]]:
    """Return how many figures are hidden, and those that are known to less than `hide_up_to` and may be small.

    Hidden places are such figures whatever they are.
    """
    names = ("flows", "sufficiency_area", "sufficiency_area_type", "occupancy_district_type", "capacity_district_type",
             "scheme_effects", "schemes", "pressure")  # fmt: skip
    tables = {name: rows_of(folder, name) for name in names}
    tables["districts"] = sorted({row["home_area_id"] for row in tables["flows"]})
    tables["county"] = next(row["area_id"] for row in tables["sufficiency_area"] if row["level"] == "county")
    count, found = 0, []
    for at in sorted({(row["scenario_id"], row["policy"], row["year"]) for row in tables["occupancy_district_type"]}):
        joint = Joint()
        _capacity(joint, tables, at)
        _pupils(joint, tables, at)
        if at[1] == "optimal":
            _schemes(joint, tables, at, hide_up_to)
        for key, (low, high) in joint.ranges().items():
            count += 1
            if high - low < hide_up_to and (key[0] == "places" or (low <= hide_up_to and high >= 1)):
                found.append((at, key, low, high))
    return count, found
