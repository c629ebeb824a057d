"""Turn restrictions: from the relations of a map to the turns between edges that may not be made.

A restriction that forbids bans one turn. One that commands (``only_...``) bans every other way on from its road, but
not turning back on that road, which never gains anything: whoever turns back meets the same restriction again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

    Member = tuple[str, int, str]

# The narrower key counts: a restriction for cars before one for all.
RESTRICTION_KEYS: Final = ("restriction:motorcar", "restriction:motor_vehicle", "restriction")
HOUR_KEYS: Final = ("day_on", "day_off", "hour_on", "hour_off")
CAR_EXCEPTIONS: Final = frozenset({"motorcar", "motor_vehicle", "vehicle"})


@dataclass(frozen=True)
class Restriction:
    """One turn restriction: it commands (`only`) or forbids the way on from `from_way` over node `via` to `to_way`."""

    only: bool
    from_way: int
    via: int
    to_way: int


def read_restriction(tags: Mapping[str, str], members: Sequence[Member]) -> list[Restriction] | str:
    """Return the restrictions of a relation for cars, or why it is left out ("" = it does not concern cars).

    ``no_entry`` and ``no_exit`` may name several roads, each with a turn of its own.

    Parameters
    ----------
    tags
        Tags of the relation.
    members
        Its members: kind (n, w, r), id and role.
    """
    vehicle = tags.get("type", "").partition(":")[2]
    of_others = bool(vehicle) and vehicle not in CAR_EXCEPTIONS
    if of_others or CAR_EXCEPTIONS & {word.strip() for word in tags.get("except", "").split(";")}:
        return ""
    kind = next((tags[key] for key in RESTRICTION_KEYS if tags.get(key)), "").strip().lower()
    at_hours = any(tags.get(key) for key in HOUR_KEYS) or "@" in kind
    if at_hours or (not kind and any(key.endswith(":conditional") for key in tags)):
        return "conditional"
    if not kind.startswith(("no_", "only_")):
        return "unknown" if kind else ""
    ends = {role: [(what, ref) for what, ref, part in members if part == role] for role in ("from", "via", "to")}
    if any(what == "w" for what, _ in ends["via"]):
        return "via_way"
    kinds = {(role, what) for role, found in ends.items() for what, _ in found}
    several = {"no_entry": ("from",), "no_exit": ("to",)}.get(kind, ())
    too_many = any(len(found) > 1 and role not in several for role, found in ends.items())
    if kinds != {("from", "w"), ("via", "n"), ("to", "w")} or too_many:
        return "incomplete"
    via = ends["via"][0][1]
    only = kind.startswith("only_")
    return [Restriction(only, start, via, end) for _, start in ends["from"] for _, end in ends["to"]]


@dataclass(frozen=True, eq=False)
class EdgeEnds:
    """Where edges end: row of the edge, vertex, way of its last piece there, whether it arrives and leaves there."""

    edge: Ints
    vertex: Ints
    way_id: Ints
    arrives: Bools
    leaves: Bools


def banned_turns(
    restrictions: Sequence[Restriction], via_vertex: Mapping[int, int], ends: EdgeEnds
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return the banned turns (rows of edges: from_edge, via, to_edge) and why restrictions were left out.

    Parameters
    ----------
    restrictions
        Those that concern cars.
    via_vertex
        Vertex of each node id that a restriction is at.
    ends
        The ends of all edges.
    """
    order = np.argsort(ends.vertex, kind="stable")
    at = ends.vertex[order]
    rows: list[tuple[int, int, int]] = []
    left_out: Counter[str] = Counter()
    for restriction in restrictions:
        vertex = via_vertex.get(restriction.via)
        if vertex is None:
            left_out["road_missing"] += 1
            continue
        here = order[np.searchsorted(at, vertex) : np.searchsorted(at, vertex, side="right")]
        comes = [end for end in here if ends.way_id[end] == restriction.from_way and ends.arrives[end]]
        goes = [end for end in here if ends.way_id[end] == restriction.to_way and ends.leaves[end]]
        if not comes or (restriction.only and not goes):
            left_out["road_missing"] += 1
        elif len(comes) > 1 or len(goes) > 1:
            left_out["ambiguous"] += 1
        else:
            (come,) = comes
            kept = set(goes) | {come}
            banned = [end for end in here if ends.leaves[end] and end not in kept] if restriction.only else goes
            rows += [(int(ends.edge[come]), vertex, int(ends.edge[end])) for end in banned]
    turns = pd.DataFrame(rows, columns=["from_edge", "via", "to_edge"], dtype=np.int64)
    return turns.drop_duplicates().sort_values(["from_edge", "via", "to_edge"], ignore_index=True), left_out
