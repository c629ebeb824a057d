"""A district divided into contiguous parts: what is asked, what a division is worth, and a search for a good one.

A division is worth (pupils outside the band, pupil-milliseconds), and less is better, the first before the second. The
band is ± a share around the mean of the parts, rounded outwards to whole pupils; a part below or above it is outside by
as many pupils as it lacks or has too many. Pupil-milliseconds are the sum over zones of pupils × time to the centre of
their part, the centre being the zone of the part for which the sum is least. A zone without pupils counts as one, so
that it is not left to chance.

The search grows the parts from several sets of seeds and improves each by moves and swaps between neighbouring parts,
as long as one makes the division better (steepest first). It is not exact; `sufficiency.planning.clusters.proof` says
how far it is from the least, or finds that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Question", "Worth", "band_of", "divide", "grown", "improved", "worth_of"]

Worth = tuple[int, int]
Parts = tuple[frozenset[int], ...]
_STARTS: Final = 8


@dataclass(frozen=True)
class Question:
    """How one district is to be divided.

    ``pupils`` int64[n] >= 0 and ``milliseconds`` int64[n, n] (from zone to zone, in the order of driving) are by
    position; ``graph`` has the positions as nodes and neighbours as edges; ``units`` are the positions that stay
    together, every position in exactly one unit; ``least_pupils`` and ``most_pupils`` bound the band.
    """

    pupils: NDArray[np.int64]
    milliseconds: NDArray[np.int64]
    graph: nx.Graph
    units: tuple[tuple[int, ...], ...]
    parts: int
    least_pupils: int
    most_pupils: int

    @property
    def weighted(self) -> NDArray[np.int64]:
        """Pupil-milliseconds of each zone (row) to each centre (column), a zone without pupils counted as one."""
        return np.maximum(self.pupils, 1)[:, None] * self.milliseconds


def band_of(pupils: int, parts: int, tolerance_share: float) -> tuple[int, int]:
    """Return the least and most pupils of a part: ± a share around the mean, rounded outwards to whole pupils."""
    mean = pupils / parts
    return math.floor(mean * (1 - tolerance_share) + 1e-9), math.ceil(mean * (1 + tolerance_share) - 1e-9)


class _Pricer:
    """What a part is worth, remembered."""

    def __init__(self, question: Question) -> None:
        self._question, self._weighted = question, question.weighted
        self._known: dict[frozenset[int], Worth] = {}

    def __call__(self, part: frozenset[int]) -> Worth:
        known = self._known.get(part)
        if known is None:
            at = sorted(part)
            pupils = int(self._question.pupils[at].sum())
            outside = max(0, self._question.least_pupils - pupils, pupils - self._question.most_pupils)
            known = outside, int(self._weighted[np.ix_(at, at)].sum(axis=0).min())
            self._known[part] = known
        return known


def worth_of(question: Question, parts: Sequence[frozenset[int]]) -> Worth:
    """Return (pupils outside the band, pupil-milliseconds) of a division."""
    price = _Pricer(question)
    each = [price(part) for part in parts]
    return sum(one[0] for one in each), sum(one[1] for one in each)


def centre_of(question: Question, part: frozenset[int]) -> int:
    """Return the centre of a part: the first of those with the least pupil-milliseconds."""
    at = sorted(part)
    return at[int(question.weighted[np.ix_(at, at)].sum(axis=0).argmin())]


def divide(question: Question) -> Parts | None:
    """Return a good division, or None where growing found none.

    Units that are not contiguous themselves are first joined by the zones between them, which is more than is asked.
    """
    joined = _joined_units(question)
    if joined is None or len(joined) < question.parts:
        return None
    units = _UnitGraph(question, joined)
    best: tuple[Worth, Parts] | None = None
    for seeds in _seed_sets(question, units):
        start = grown(question, units, seeds)
        if start is None:
            continue
        found = improved(question, units, start)
        worth = worth_of(question, found)
        if best is None or worth < best[0]:
            best = worth, found
    return None if best is None else best[1]


class _UnitGraph:
    """The units as nodes; each is contiguous, so that units that hang together are zones that do."""

    def __init__(self, question: Question, units: Sequence[frozenset[int]]) -> None:
        self.units = tuple(units)
        self.of = {zone: unit for unit, zones in enumerate(units) for zone in zones}
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(len(units)))
        self.graph.add_edges_from(
            sorted((self.of[a], self.of[b]) for a, b in question.graph.edges if self.of[a] != self.of[b])
        )

    def zones(self, units: frozenset[int]) -> frozenset[int]:
        """Return the positions of some units."""
        return frozenset().union(*(self.units[unit] for unit in units))

    def whole(self, units: frozenset[int]) -> bool:
        """Return whether some units are there and hang together."""
        return bool(units) and nx.is_connected(self.graph.subgraph(units))


def _joined_units(question: Question) -> list[frozenset[int]] | None:
    """Return the units, each contiguous, units that then overlap as one; None where no path joins one."""
    joined = [set(unit) for unit in question.units]
    for unit in joined:
        while len(found := sorted(map(sorted, nx.connected_components(question.graph.subgraph(unit))))) > 1:
            paths = nx.multi_source_dijkstra_path(question.graph, set(found[0]), weight=None)
            reached = [zone for zone in sorted(unit.difference(found[0])) if zone in paths]
            if not reached:
                return None
            unit.update(min((len(paths[zone]), paths[zone]) for zone in reached)[1])
    together = nx.Graph()
    together.add_nodes_from(question.graph.nodes)
    for unit in joined:
        nx.add_path(together, sorted(unit))
    return [frozenset(part) for part in sorted(map(sorted, nx.connected_components(together)))]


def _seed_sets(question: Question, units: _UnitGraph) -> Iterator[tuple[int, ...]]:
    """Yield sets of seeds: from several first ones, each next one is the unit farthest from those before, weighed."""
    weight = question.weighted
    far = np.array([[int(weight[np.ix_(sorted(a), sorted(b))].min(axis=1).sum()) for b in units.units]
                    for a in units.units])  # fmt: skip
    components = [sorted(part) for part in nx.connected_components(units.graph)]
    firsts = np.argsort(far.sum(axis=0), kind="stable")
    step = max(1, len(firsts) // _STARTS)
    for first in firsts[::step][:_STARTS]:
        seeds = [int(first)]
        for component in components:
            if not set(component) & set(seeds):
                seeds.append(component[0])
        while len(seeds) < question.parts:
            nearest = far[:, seeds].min(axis=1)
            nearest[seeds] = -1
            seeds.append(int(nearest.argmax()))
        if len(seeds) == question.parts:
            yield tuple(seeds)


def grown(question: Question, units: _UnitGraph, seeds: Sequence[int]) -> list[frozenset[int]] | None:
    """Return parts, as units, grown from seeds: the part with the fewest pupils takes the nearest unit beside it."""
    parts = [{seed} for seed in seeds]
    free = set(units.graph).difference(seeds)
    pupils = [sum(int(question.pupils[zone]) for zone in units.units[seed]) for seed in seeds]
    while free:
        for part in sorted(range(len(parts)), key=lambda at: (pupils[at], at)):
            beside = sorted({near for unit in parts[part] for near in units.graph[unit]} & free)
            if beside:
                seed = min(units.units[seeds[part]])
                nearest = min(beside, key=lambda unit: (min(question.milliseconds[zone, seed]
                                                            for zone in units.units[unit]), unit))  # fmt: skip
                parts[part].add(nearest)
                free.remove(nearest)
                pupils[part] += sum(int(question.pupils[zone]) for zone in units.units[nearest])
                break
        else:
            return None
    return [frozenset(part) for part in parts]


def improved(question: Question, units: _UnitGraph, start: Sequence[frozenset[int]]) -> Parts:
    """Return the parts, as positions, after moves and swaps of units, none of which makes the division worse."""
    price = _Pricer(question)
    parts = list(start)
    while True:
        best = None
        for first, second, new_first, new_second in _changes(units, parts):
            before = [price(units.zones(parts[at])) for at in (first, second)]
            after = [price(units.zones(new)) for new in (new_first, new_second)]
            change = tuple(sum(one[at] for one in after) - sum(one[at] for one in before) for at in (0, 1))
            better = change < (0, 0) and (best is None or change < best[0])
            if better and units.whole(new_first) and units.whole(new_second):
                best = change, first, second, new_first, new_second
        if best is None:
            return tuple(units.zones(part) for part in parts)
        _, first, second, parts[first], parts[second] = best


def _changes(
    units: _UnitGraph, parts: Sequence[frozenset[int]]
) -> Iterator[tuple[int, int, frozenset[int], frozenset[int]]]:
    """Yield every move of a unit to a part beside it, and every swap of two units, as the two parts that they give."""
    beside = [frozenset(near for unit in part for near in units.graph[unit]) - part for part in parts]
    for first in range(len(parts)):
        for second in range(len(parts)):
            gives = sorted(beside[second] & parts[first])
            for unit in gives if len(parts[first]) > 1 else ():
                yield first, second, parts[first] - {unit}, parts[second] | {unit}
            if first < second:
                for unit in gives:
                    for other in sorted(beside[first] & parts[second]):
                        yield first, second, parts[first] - {unit} | {other}, parts[second] - {other} | {unit}
