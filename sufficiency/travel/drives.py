"""The roads as one-way arcs, with the turns that may not be made and the roads that carry no through traffic.

Both rules are built into the network, so that any exact search obeys them. A turn that may not be made: the road that
leads to it arrives at a copy of the junction, from which only the other roads leave. Access roads (`access_only`) may
start or end a journey and carry no other: junctions on them are held three times, as *leaving* (only access roads
driven so far), *through* (no access road) and *arriving* (only access roads from here on), joined one way by arcs of no
length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.travel.network import NO_EDGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.travel.network import Roads

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Arcs:
    """One-way arcs of whole edges.

    `tail`, `head` and `edge` are int64[n_arcs] (edge -1: no road, a change between leaving, through and arriving);
    `ahead` is bool[n_arcs]: driven from the edge's start to its end.
    """

    tail: Ints
    head: Ints
    edge: Ints
    ahead: Bools


@dataclass(frozen=True, eq=False)
class Drives:
    """The roads as one-way arcs, and the ways on to and off every edge.

    Attributes
    ----------
    roads
        The roads as arrays.
    n_nodes
        Number of nodes, copies included.
    arcs
        The arcs between them.
    leave_by
        int64[2 n_edges]: the node driven to first from a place on edge e, ahead (2e) or back (2e + 1); -1 = never.
    arrive_first, arrive_from
        int64[2 n_edges + 1], int64[k]: the nodes from which edge e is driven to a place on it, ahead (row 2e) or back.
    leave_at
        int64[n_junctions]: the node at which a journey starts that stands at a junction. It may begin on an access
        road there: who stands at the end of a road stands on it.
    copies_first, arrive_at
        int64[n_junctions + 1], int64[k]: the nodes at which a journey ends that stands at a junction, likewise.
    """

    roads: Roads
    n_nodes: int
    arcs: Arcs
    leave_by: Ints
    arrive_first: Ints
    arrive_from: Ints
    leave_at: Ints
    copies_first: Ints
    arrive_at: Ints


def drives_of(roads: Roads) -> Drives:
    """Return the roads as one-way arcs."""
    edges = np.arange(roads.start.size)
    ahead, back = edges[roads.forward], edges[roads.backward]
    arcs = Arcs(
        tail=np.concatenate([roads.start[ahead], roads.end[back]]),
        head=np.concatenate([roads.end[ahead], roads.start[back]]),
        edge=np.concatenate([ahead, back]),
        ahead=np.concatenate([np.ones(ahead.size, dtype=bool), np.zeros(back.size, dtype=bool)]),
    )
    arcs, original = _without_turns(roads, arcs)
    # A place may stand on an access road at any copy of its junction, so all copies are held three times or none.
    on_access = roads.access_only[arcs.edge]
    ends = np.unique(original[np.concatenate([arcs.tail[on_access], arcs.head[on_access]])])
    touched = np.flatnonzero(np.isin(original, ends))
    n_junctions = original.size
    leaving, arriving = np.arange(n_junctions), np.arange(n_junctions)
    leaving[touched] = n_junctions + np.arange(touched.size)
    arriving[touched] = n_junctions + touched.size + np.arange(touched.size)
    leave_by = np.full(2 * edges.size, NO_EDGE, dtype=np.int64)
    row = 2 * arcs.edge + ~arcs.ahead
    leave_by[row] = np.where(on_access, leaving[arcs.head], arcs.head)
    tails = np.where(on_access, arriving[arcs.tail], arcs.tail)
    by_row = np.lexsort((tails, row))
    copies = np.argsort(original, kind="stable")
    return Drives(
        roads=roads,
        n_nodes=n_junctions + 2 * touched.size,
        arcs=_with_access_rule(arcs, on_access, touched, leaving, arriving),
        leave_by=leave_by,
        arrive_first=np.searchsorted(row[by_row], np.arange(2 * edges.size + 1)),
        arrive_from=tails[by_row],
        leave_at=leaving[: roads.n_nodes],
        copies_first=np.searchsorted(original[copies], np.arange(roads.n_nodes + 1)),
        arrive_at=arriving[copies],
    )


def _without_turns(roads: Roads, arcs: Arcs) -> tuple[Arcs, Ints]:
    """Return the arcs, with a copy of each junction for every set of roads that may not be turned into there.

    And int64[n_junctions]: the junction that each is a copy of, itself for the first `roads.n_nodes`.
    """
    if len(roads.turns) == 0:
        return arcs, np.arange(roads.n_nodes)
    arcs_of_edge: dict[int, list[int]] = {}
    for arc in np.flatnonzero(np.isin(arcs.edge, roads.turns[:, 0])).tolist():
        arcs_of_edge.setdefault(int(arcs.edge[arc]), []).append(arc)
    forbidden: dict[int, set[int]] = {}
    for from_edge, via, to_edge in roads.turns.tolist():
        for arc in arcs_of_edge.get(from_edge, ()):
            if arcs.head[arc] == via:
                forbidden.setdefault(arc, set()).add(to_edge)
    head, original = arcs.head.copy(), list(range(roads.n_nodes))
    copy_of: dict[tuple[int, tuple[int, ...]], int] = {}
    for arc in sorted(forbidden):
        key = (int(arcs.head[arc]), tuple(sorted(forbidden[arc])))
        if key not in copy_of:
            copy_of[key] = len(original)
            original.append(key[0])
        head[arc] = copy_of[key]
    near = np.flatnonzero(np.isin(arcs.tail, [junction for junction, _ in copy_of]))
    tails, again = [arcs.tail], [np.arange(arcs.tail.size)]
    for (junction, no_entry), copy in copy_of.items():
        kept = near[(arcs.tail[near] == junction) & ~np.isin(arcs.edge[near], no_entry)]
        tails.append(np.full(kept.size, copy))
        again.append(kept)
    order = np.concatenate(again)
    return (
        Arcs(np.concatenate(tails), head[order], arcs.edge[order], arcs.ahead[order]),
        np.array(original, dtype=np.int64),
    )


def _with_access_rule(arcs: Arcs, on_access: Bools, touched: Ints, leaving: Ints, arriving: Ints) -> Arcs:
    """Return every arc once: through roads as they are, access roads twice (leaving, arriving), and the two changes."""
    through, access = np.flatnonzero(~on_access), np.flatnonzero(on_access)
    driven = np.concatenate([through, access, access])
    tail, head = arcs.tail, arcs.head
    return Arcs(
        tail=np.concatenate([tail[through], leaving[tail[access]], arriving[tail[access]], leaving[touched], touched]),
        head=np.concatenate([head[through], leaving[head[access]], arriving[head[access]], touched, arriving[touched]]),
        edge=np.concatenate([arcs.edge[driven], np.full(2 * touched.size, NO_EDGE, dtype=np.int64)]),
        ahead=np.concatenate([arcs.ahead[driven], np.zeros(2 * touched.size, dtype=bool)]),
    )
