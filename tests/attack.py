"""A stranger's attack on a public run: from `reports/tables/*.csv` alone, the range of every hidden count.

It shares no code with the package. Every identity that a careful reader would guess is first tried where all of its
figures are printed, and is used only where it never fails; then linear programmes bound what is hidden.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Key = tuple[str, ...]  # measure, area, phase, need, type
Slice = tuple[str, str, str]  # scenario, policy, year
Row = tuple[str, dict[Key, float], float, float]  # family, coefficients, low, high

# the four broad areas of need of the SEND code of practice, and the rest
GROUPS: Final = {
    "cognition_and_learning": ("SPLD", "MLD", "SLD", "PMLD", "DS"),
    "communication_and_interaction": ("SLCN", "ASD"),
    "semh": ("SEMH",),
    "sensory_and_physical": ("HI", "VI", "MSI", "PD"),
}
REST: Final = "other_or_not_recorded"
GROUP_OF: Final = {code: group for group, codes in GROUPS.items() for code in codes}
# items of the money that are a published price times a count of the county
PRICED: Final = {
    "Local special-school places": ("special_school_place_gbp", "placed_local_pupils", "special_school"),
    "Local specialist-base places": ("specialist_base_place_gbp", "placed_local_pupils", "specialist_base"),
    "Independent and non-maintained places": ("independent_place_gbp", "independent_pupils", "all"),
    "Average basis": ("carried", "day_pupils", "all"),
}
TABLES: Final = ("sufficiency_area", "sufficiency_area_type", "sufficiency_county_need_phase",
                 "sufficiency_district_need_group", "sufficiency_district_phase", "journeys_area",
                 "journeys_district_phase")  # fmt: skip
HIDDEN: Final = "c"


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """Return a table's rows; none where the run has no such table."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Stranger:
    """What is printed and hidden in a folder of public tables, and the range of each hidden count."""

    def __init__(self, folder: Path) -> None:
        self.printed: dict[Slice, dict[Key, float]] = defaultdict(dict)
        self.hidden: dict[Slice, set[Key]] = defaultdict(set)
        self.extra: dict[Slice, list[Row]] = defaultdict(list)
        self.parent: dict[str, str] = {}
        self.level: dict[str, str] = {}
        for name in TABLES:
            for row in rows_of(folder, name):
                self._note(row)
        for row in rows_of(folder, "flows"):
            self._put(_slice(row), (f"flow:{row['setting_area_id']}", row["home_area_id"], "all", "all", "all"),
                      row["pupils"])  # fmt: skip
        self._compare(rows_of(folder, "comparison_area"))
        self._share_demand()
        self._means(rows_of(folder, "journeys_area"))
        self._money(rows_of(folder, "money"), rows_of(folder, "assumptions"))

    def _put(self, at: Slice, key: Key, value: str) -> None:
        if value == HIDDEN:
            self.hidden[at].add(key)
        elif re.fullmatch(r"-?\d+", value):
            assert self.printed[at].setdefault(key, float(value)) == float(value), (at, key)

    def _note(self, row: dict[str, str]) -> None:
        at, area = _slice(row), row["area_id"]
        self.level[area] = row["level"]
        if row["level"] == "district":
            self.parent[area] = "county"
        spot = (area, row.get("phase", "all"), row.get("need", "all"), row.get("provision_type", "all"))
        for column, value in row.items():
            if column == "pupils" or column.endswith("_pupils"):
                self._put(at, ("day_pupils" if column == "pupils" else column, *spot), value)
        demand, places, balance = (row.get(name, "") for name in
                                   ("demand_pupils", "capacity_places", "location_balance_places"))  # fmt: skip
        if _number(places) and _number(balance):
            told = float(places) - float(balance)
            self.extra[at].append(("balance", {("demand_pupils", *spot): 1.0}, told, told))
        share = row.get("without_local_place_share", "")
        if _number(share) and demand:
            without, whole = ("without_local_place_pupils", *spot), ("demand_pupils", *spot)
            edge = 5.1e-7
            self.extra[at].append(("share", {without: 1.0, whole: -float(share) - edge}, -np.inf, 0.0))
            self.extra[at].append(("share", {without: 1.0, whole: -float(share) + edge}, 0.0, np.inf))

    def _compare(self, rows: list[dict[str, str]]) -> None:
        for row in rows:
            if not row["measure"].endswith("_pupils"):
                continue
            key = (row["measure"], row["area_id"], "all", "all", "all")
            before, after = ((row[name], row["policy"], row["year"]) for name in ("against_id", "scenario_id"))
            for at, column in ((before, "before"), (after, "after")):
                if _number(row[column]):
                    self.printed[at].setdefault(key, float(row[column]))
            if _number(row["change"]):
                one, two = self.printed[before].get(key), self.printed[after].get(key)
                if one is not None and two is None:
                    self.printed[after][key] = one + float(row["change"])
                elif two is not None and one is None:
                    self.printed[before][key] = two - float(row["change"])

    def _share_demand(self) -> None:
        """Note that demand is one figure in all scenarios and policies of a year."""
        known: dict[tuple[str, Key], float] = {}
        for at, found in self.printed.items():
            known |= {(at[2], key): value for key, value in found.items() if key[0] == "demand_pupils"}
        for at, cells in self.hidden.items():
            for key in cells:
                if (at[2], key) in known:
                    self.printed[at].setdefault(key, known[at[2], key])

    def _means(self, rows: list[dict[str, str]]) -> None:
        """Write that the mean of the county is that of its districts, each by its day pupils."""
        whole = {_slice(row): row for row in rows if row["level"] == "county"}
        parts: dict[Slice, list[dict[str, str]]] = defaultdict(list)
        for row in rows:
            if row["level"] == "district":
                parts[_slice(row)].append(row)
        for at, below in parts.items():
            for column in ("mean_min", "ridden_mean_min"):
                if at not in whole or not all(_number(row[column]) for row in [whole[at], *below]):
                    continue
                apart = {("day_pupils", row["area_id"], "all", "all", "all"):
                         float(row[column]) - float(whole[at][column]) for row in below}  # fmt: skip
                slack = 1.0 if all("." not in row[column] for row in below) else 0.1001
                self.extra[at].append(("mean", {key: value - slack for key, value in apart.items()}, -np.inf, 0.0))
                self.extra[at].append(("mean", {key: value + slack for key, value in apart.items()}, 0.0, np.inf))

    def _money(self, rows: list[dict[str, str]], prices: list[dict[str, str]]) -> None:
        """Write that an amount, to the nearest hundred, is its published price times a count of the county."""
        price = {row["name"]: float(row["value"]) for row in prices if _number(row["value"])}
        county = next(area for area, level in self.level.items() if level == "county")
        # transport on the average basis: day pupils, the share carried, and the average price
        price["carried"] = price["transported_share"] * price["transport_gbp_per_pupil"]
        for row in rows:
            if row["item"] in PRICED and _number(row["gbp_central"]):
                name, measure, kind = PRICED[row["item"]]
                key, amount = (measure, county, "all", "all", kind), float(row["gbp_central"])
                count = (amount - 50) / price[name], (amount + 50) / price[name]
                self.extra[_slice(row)].append((f"money:{row['item']}", {key: 1.0}, *count))

    def _guesses(self, at: Slice) -> Iterator[Row]:
        """Yield identities that may hold, by family."""
        keys = sorted(set(self.printed[at]) | self.hidden[at])
        spots = sorted({key[1:] for key in keys})
        there = set(keys)
        named = [("row", "demand", ("placed_local", "without_local_place", "excluded")),
                 ("without", "without_local_place", ("other_council", "independent", "unplaced")),
                 ("day", "demand", ("day", "not_daily", "unplaced", "excluded"))]  # fmt: skip
        for spot in spots:
            for family, whole, parts in named:
                if (f"{whole}_pupils", *spot) in there:
                    yield family, {(f"{whole}_pupils", *spot): -1.0} | {(f"{one}_pupils", *spot): 1.0 for one in
                                                                        parts}, 0.0, 0.0  # fmt: skip
            for small, large in (("over_limit", "ridden_over_limit"), ("placed_own_area", "placed_local"),
                                 ("ridden_over_limit", "day")):  # fmt: skip
                yield f"{small}<={large}", {(f"{small}_pupils", *spot): 1.0, (f"{large}_pupils", *spot): -1.0}, \
                    -np.inf, 0.0  # fmt: skip
        groups: dict[tuple[str, Key], dict[Key, float]] = defaultdict(dict)
        for key in keys:
            measure, area, phase, need, kind = key
            if measure.startswith("flow:"):
                groups["flow", ("placed_local_pupils", area, "all", "all", "all")][key] = 1.0
                continue
            if phase != "all":
                groups["phase", (measure, area, "all", need, kind)][key] = 1.0
            if need != "all":
                group = need in GROUPS or need == REST
                groups["need_group" if group else "need", (measure, area, phase, "all", kind)][key] = 1.0
                if not group:
                    groups["code", (measure, area, phase, GROUP_OF.get(need, REST), kind)][key] = 1.0
            if kind != "all":
                groups["type", (measure, area, phase, need, "all")][key] = 1.0
            if self.level[area] == "district":
                county = next(one for one, level in self.level.items() if level == "county")
                groups[f"district:{measure}", (measure, county, phase, need, kind)][key] = 1.0
            if self.level[area] == "cluster" and area in self.parent:
                groups[f"cluster:{measure}", (measure, self.parent[area], phase, need, kind)][key] = 1.0
        for (family, whole), parts in groups.items():
            if whole in there:
                yield family, parts | {whole: -1.0}, 0.0, 0.0

    def find_parents(self, folder: Path) -> None:
        """Learn which district a cluster lies in: the one whose name its own begins with."""
        names = {row["area_name"].lower().replace(" ", "-"): row["area_id"]
                 for row in rows_of(folder, "sufficiency_area") if row["level"] == "district"}  # fmt: skip
        for area in (one for one, level in self.level.items() if level == "cluster"):
            fits = [name for name in names if area.startswith(name)]
            if fits:
                self.parent[area] = names[max(fits, key=len)]

    def identities(self) -> dict[Slice, list[Row]]:
        """Return the identities of those families that never fail where all is printed."""
        found = {at: [*self._guesses(at), *self.extra[at]] for at in sorted({*self.printed, *self.hidden})}
        failed = set()
        for at, rows in found.items():
            shown = self.printed[at]
            for family, terms, low, high in rows:
                if all(key in shown for key in terms):
                    value = sum(weight * shown[key] for key, weight in terms.items())
                    if not low - 1e-6 <= value <= high + 1e-6:
                        failed.add(family)
        self.failed = failed
        return {at: [row for row in rows if row[0] not in failed] for at, rows in found.items()}

    def ranges(self, at: Slice, rows: list[Row], wide: float = 5.0) -> dict[Key, tuple[int, int]]:
        """Return the range of each hidden count of a slice; one that is at least `wide` is told no more closely."""
        shown = self.printed[at]
        unknown = sorted({key for row in rows for key in row[1]} | self.hidden[at] - set(shown))
        place = {key: number for number, key in enumerate(key for key in unknown if key not in shown)}
        data, where, low, high = [], [], [], []
        for _, terms, least, most in rows:
            free = {place[key]: weight for key, weight in terms.items() if key in place}
            if not free:
                continue
            fixed = sum(weight * shown[key] for key, weight in terms.items() if key not in place)
            data += free.values()
            where += [(len(low), column) for column in free]
            low.append(least - fixed)
            high.append(most - fixed)
        row, column = np.array(where).T if where else (np.zeros(0, int), np.zeros(0, int))
        matrix = csr_matrix((data, (row, column)), shape=(len(low), len(place)))
        lower, upper = np.array(low), np.array(high)
        same = lower == upper
        both = {"A_eq": matrix[same], "b_eq": upper[same]}
        over, under = ~same & np.isfinite(upper), ~same & np.isfinite(lower)
        both |= {"A_ub": vstack([matrix[over], -matrix[under]]), "b_ub": np.r_[upper[over], -lower[under]]}
        least, most = np.full(len(place), np.inf), np.full(len(place), -np.inf)

        def solve(cost: np.ndarray) -> None:
            answer = linprog(cost, bounds=(0, 5_000), method="highs", **both)
            assert answer.status == 0, (at, answer.message)
            np.minimum(least, answer.x, out=least)
            np.maximum(most, answer.x, out=most)

        # corners that differ show of most counts at once that they are wide enough
        chance = np.random.default_rng(7)
        for _ in range(12):
            cost = chance.normal(size=len(place))
            solve(cost)
            solve(-cost)
        asked = [place[key] for key in sorted(self.hidden[at]) if key in place]
        for number in asked:
            for sign in (1.0, -1.0):
                if most[number] - least[number] < wide:
                    cost = np.zeros(len(place))
                    cost[number] = sign
                    solve(cost)
        out = {key: (round(shown[key]),) * 2 for key in self.hidden[at] if key in shown}
        for key in self.hidden[at]:
            if key in place:
                at_ = place[key]
                out[key] = (int(np.ceil(least[at_] - 1e-6)), int(np.floor(most[at_] + 1e-6)))
        return out


def recovered(folder: Path, *, hide_up_to: int = 5) -> tuple[int, list[tuple[Slice, Key, int, int]]]:
    """Return how many hidden counts there are, and those known to be small, or to less than `hide_up_to` about it."""
    stranger = Stranger(folder)
    stranger.find_parents(folder)
    number, found = 0, []
    for at, rows in stranger.identities().items():
        for key, (low, high) in sorted(stranger.ranges(at, rows, float(hide_up_to)).items()):
            number += 1
            if high - low < hide_up_to and low <= hide_up_to and high >= 1:
                found.append((at, key, low, high))
    return number, found


def _slice(row: dict[str, str]) -> Slice:
    return row["scenario_id"], row["policy"], row["year"]


def _number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))
