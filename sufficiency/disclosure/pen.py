"""Linear relations over figures, written down one family at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Relations:
    """Rows over figures, sparse: ``low[r] <= sum(coefficient[e] * figure[e] for entries e of row r) <= high[r]``."""

    row: NDArray[np.int64]
    figure: NDArray[np.int64]
    coefficient: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Pen:
    """Writes relations over the rows of a frame of figures, one a place and slice."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
        self._low: list[NDArray[np.float64]] = []
        self._high: list[NDArray[np.float64]] = []
        self._count = 0

    def rows(self, row: NDArray[np.int64], figure: NDArray[np.int64], coefficient: NDArray[np.float64],
             low: NDArray[np.float64], high: NDArray[np.float64]) -> None:  # fmt: skip
        """Add rows numbered from 0."""
        self._parts.append((row + self._count, figure, coefficient))
        self._low.append(low)
        self._high.append(high)
        self._count += len(low)

    def sums(
        self, whole: pd.DataFrame, parts: pd.DataFrame, on: Sequence[str], part_on: Sequence[str] | None = None
    ) -> None:
        """Add, for every row of `whole` that has parts, the row whole - sum of parts = 0."""
        if not len(whole) or not len(parts):
            return
        left = whole[[*on, "figure"]].rename(columns={"figure": "whole"})
        right = parts[[*(part_on or on), "figure"]].set_axis([*on, "figure"], axis=1)
        joined = left.merge(right, on=list(on), validate="1:m")
        if not len(joined):
            return
        row, wholes = pd.factorize(pd.MultiIndex.from_frame(joined[list(on)]))
        first = joined.drop_duplicates(list(on))
        number = np.r_[np.arange(len(wholes)), row].astype(np.int64)
        figure = np.r_[first["whole"].to_numpy(np.int64), joined["figure"].to_numpy(np.int64)]
        coefficient = np.r_[np.ones(len(wholes)), -np.ones(len(joined))]
        zero = np.zeros(len(wholes))
        self.rows(number, figure, coefficient, zero, zero)

    def single(self, figure: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        """Add a range of each figure."""
        self.rows(np.arange(len(figure)), figure, np.ones(len(figure)), low, high)

    def no_more(
        self, less: NDArray[np.int64], more: NDArray[np.int64], beyond: NDArray[np.float64] | float = 0.0
    ) -> None:
        """Add that figures are at most others and so much beyond; -1 in either = there is no such figure."""
        told = (less >= 0) & (more >= 0)
        count = int(told.sum())
        self.rows(
            np.tile(np.arange(count), 2),
            np.r_[less[told], more[told]].astype(np.int64),
            np.r_[np.ones(count), -np.ones(count)],
            np.full(count, -np.inf),
            np.broadcast_to(beyond, less.shape)[told].astype(np.float64),
        )

    def relations(self) -> Relations:
        """Return the rows, each set of figures once where it is a sum."""
        if not any(part[0].size for part in self._parts):
            none = np.zeros(0, dtype=np.int64)
            return Relations(none, none.copy(), np.zeros(0), np.zeros(0), np.zeros(0))
        row, figure, coefficient = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        low, high = np.concatenate(self._low), np.concatenate(self._high)
        order = np.lexsort((coefficient, figure, row))
        row, figure, coefficient = row[order], figure[order], coefficient[order]
        # a figure on both sides cancels out
        pair = row * (int(figure.max()) + 1) + figure
        _, start, place = np.unique(pair, return_index=True, return_inverse=True)
        coefficient = np.bincount(place, weights=coefficient).astype(np.float64)
        row, figure = row[start], figure[start]
        kept = np.abs(coefficient) > 1e-12
        row, figure, coefficient = row[kept], figure[kept], coefficient[kept]
        return _unique_rows(row, figure, coefficient, low, high)


def _unique_rows(row: NDArray[np.int64], figure: NDArray[np.int64], coefficient: NDArray[np.float64],
                 low: NDArray[np.float64], high: NDArray[np.float64]) -> Relations:  # fmt: skip
    starts = np.flatnonzero(np.r_[True, np.diff(row) > 0]) if row.size else np.zeros(0, dtype=np.int64)
    ends = np.r_[starts[1:], row.size]
    seen: set[bytes] = set()
    kept = np.zeros(row.size, dtype=bool)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        number = row[first]
        text = figure[first:last].tobytes() + coefficient[first:last].tobytes()
        text += np.array([low[number], high[number]]).tobytes()
        if text not in seen:
            seen.add(text)
            kept[first:last] = True
    old, new = np.unique(row[kept], return_inverse=True)
    return Relations(new.astype(np.int64), figure[kept], coefficient[kept], low[old], high[old])
