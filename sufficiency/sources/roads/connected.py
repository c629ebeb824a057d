"""What can be reached: pockets behind access-only roads, and islands that no car can enter and leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.sources.roads.pieces import Ints, Pieces

    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Connection:
    """Per piece, whether it lies in a pocket and whether it is part of an island; `n_islands` of them.

    A pocket is a through road that can be entered and left, but only over access-only roads.
    """

    pocket: Bools
    island: Bools
    n_islands: int


def connection(pieces: Pieces, n_vertices: int) -> Connection:
    """Return what belongs to the main network: the largest part in which every place can be driven to from every other.

    Parameters
    ----------
    pieces
        The pieces.
    n_vertices
        Number of vertices.
    """
    everyone = np.ones(pieces.tail.size, dtype=bool)
    main = _largest(pieces, everyone, n_vertices)
    island = ~(main[pieces.tail] & main[pieces.head])
    through = _largest(pieces, ~pieces.access_only, n_vertices)
    pocket = ~pieces.access_only & ~island & ~(through[pieces.tail] & through[pieces.head])
    tail, head = pieces.tail[island], pieces.head[island]
    _, label = connected_components(_matrix(tail, head, n_vertices), directed=False)
    return Connection(pocket, island, int(np.unique(label[tail]).size))


def _largest(pieces: Pieces, kept: Bools, n_vertices: int) -> Bools:
    """Return whether each vertex is in the largest strongly connected part over the kept pieces."""
    ahead, back = pieces.drives[0::2] & kept, pieces.drives[1::2] & kept
    tail = np.concatenate([pieces.tail[ahead], pieces.head[back]])
    head = np.concatenate([pieces.head[ahead], pieces.tail[back]])
    _, label = connected_components(_matrix(tail, head, n_vertices), directed=True, connection="strong")
    return np.asarray(label == np.argmax(np.bincount(label)), dtype=bool)


def _matrix(tail: Ints, head: Ints, n_vertices: int) -> csr_array:
    return csr_array((np.ones(tail.size, np.int8), (tail, head)), shape=(n_vertices, n_vertices))
