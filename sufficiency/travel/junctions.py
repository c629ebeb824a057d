"""What a complete street map says otherwise than a skeleton of links: which junctions delay, and what a trunk road is.

The speed table states a delay for a link between two junctions at which traffic waits. Some networks are drawn so (the
embedded one is: its links run between main junctions, and stand for the side streets left out); a complete street map
is not: there an edge ends at every side street, where the road that goes straight on waits for nobody. Tables of such
a map say so in the column `side_streets`, and then the delay is met only where a road gives way:

two arms of a junction go straight on, those of the best class; where classes tie, each with equal chance. An arm with b
arms of better class beside it and s of its own (itself among them) gives way with the chance 1 - min(max(2 - b, 0), s)
/ s. Half of the delay is met at each end of an edge.

OpenStreetMap calls a British road trunk for its signs, not for its build, and the table's trunk speeds are those of
dual carriageways. A map draws a dual carriageway as two one-way roads: a trunk road that may be driven both ways is a
single carriageway, and follows the speeds of a primary road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import ROAD_CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLAG: Final = "side_streets"
FERRY: Final = "ferry"
TRUNK: Final = "trunk"
PRIMARY: Final = "primary"
# From the most important class on; a slip road gives way to roads of its own class. A ferry's ends are landings.
_ORDER: Final = tuple(name for name in ROAD_CLASSES if name != FERRY)
_RANK: Final = {road_class: rank for rank, road_class in enumerate(_ORDER)}
_OTHER: Final = len(_ORDER)
_RANKS: Final = _OTHER + 1
STRAIGHT_ON: Final = 2


def followed_class(edges: pd.DataFrame) -> pd.Series:
    """Return the road class whose row of the speed table each edge follows.

    Parameters
    ----------
    edges
        Table `road_edges`; forward and backward are needed where side_streets is set.

    Returns
    -------
    Series of str
        road_class; primary for a trunk road of a complete street map that may be driven both ways.
    """
    single = _flagged(edges) & (edges["road_class"] == TRUNK).to_numpy(bool)
    if single.any():
        single &= (edges["forward"] & edges["backward"]).to_numpy(bool)
    return edges["road_class"].mask(single, PRIMARY)


def delay_shares(edges: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of its class's junction delay that each edge meets.

    Parameters
    ----------
    edges
        Table `road_edges`: from_node_id, to_node_id, road_class and, where the network is a complete street map,
        side_streets (false or absent: the edge runs between main junctions).

    Returns
    -------
    ndarray of float64[n_edges]
        1 where side_streets is not set; else the mean chance, over its two ends, that the edge gives way there (0 at a
        dead end, and where the road only goes on). A ferry's delay is its wait: 1 between two landings, and at an end
        where only ferries meet that half is left out.
    """
    shares = np.ones(len(edges))
    flagged = _flagged(edges)
    if flagged.any():
        shares[flagged] = _mean_chance(edges)[flagged]
    return shares


def _flagged(edges: pd.DataFrame) -> NDArray[np.bool_]:
    if FLAG not in edges.columns:
        return np.zeros(len(edges), dtype=bool)
    return np.asarray((edges[FLAG] == True).to_numpy(bool))  # noqa: E712  # blank and absent are not set


def _mean_chance(edges: pd.DataFrame) -> NDArray[np.float64]:
    n_edges = len(edges)
    nodes = np.concatenate([edges["from_node_id"].to_numpy(object), edges["to_node_id"].to_numpy(object)])
    node = pd.factorize(nodes)[0].astype(np.int64)
    rank = edges["road_class"].map(_RANK).fillna(_OTHER).to_numpy(np.int64)
    arm, kind, arms = np.unique(node * _RANKS + np.tile(rank, 2), return_inverse=True, return_counts=True)
    at = arm // _RANKS
    before = np.cumsum(arms) - arms
    better = before - before[np.searchsorted(at, at)]
    straight_on = np.clip(STRAIGHT_ON - better, 0, arms)
    chance = np.where(arm % _RANKS == _OTHER, better > 0, 1 - straight_on / arms)[kind.reshape(-1)]
    return np.asarray((chance[:n_edges] + chance[n_edges:]) / 2, dtype=np.float64)
