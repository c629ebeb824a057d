"""Suppression of small counts in cells joined by additive equations.

Primary: a count of 1 to `hide_up_to`. Secondary, in two steps. First every published equation (total = sum of parts) is
closed: it has no hidden cell, or at least two, and hidden parts of a shown total sum to more than `hide_up_to`. Then
the whole system is audited by linear programming, and cells are hidden until no hidden figure can be worked out:

* a primary cell may be anything in a range at least `hide_up_to` wide, in whole pupils;
* any other hidden cell may be anything in a range at least 1 wide, or else it is printed after all.

The auditor knows every shown figure, every equation and that counts are not below zero. He does not use the rule
itself, that a primary figure is `hide_up_to` or less. Where there were earlier releases, he knows those too (`Told`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.disclosure.audit import exposed_cells
from sufficiency.model.errors import InfeasibleError, SufficiencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_AUDITS: Final = 50
_TOO_FEW: Final = (
    "there is no safe release: the pupils are so few that a hidden figure could be worked out from those shown. "
    "Take larger clusters or districts, or a smaller hide_up_to in area.toml if your rules allow it"
)
# cells of this rank or more are hidden only where nothing else is left, and zeros even later
LATE: Final = 64


@dataclass(frozen=True)
class Told:
    """What earlier releases told of the cells: arrays of bool[n], and the names of those releases.

    A cell is `known` where an earlier release printed it: it is printed again and protects nothing. It is `held` where
    one hid it: it stays hidden. It is `guarded` where it belongs to an earlier release alone and may have been primary
    there: it must stay as uncertain as a primary cell.
    """

    known: NDArray[np.bool_]
    held: NDArray[np.bool_]
    guarded: NDArray[np.bool_]
    releases: tuple[str, ...]

    def refusal(self) -> str:
        """Return why there is no safe release beside the earlier ones, and how to mend it."""
        return (
            f"there is no safe release beside what was released before: {', '.join(self.releases)} printed figures "
            "that would have to be hidden now, or else the two together would give small counts away. Run with the "
            "same scenarios and the same hide_up_to as then; or, if those papers were never sent to anybody, take the "
            "folder releases away from the outputs and run again"
        )


@dataclass(frozen=True)
class Equations:
    """Additive equations over cells: entry e says that cell `cell[e]` takes part in equation `equation[e]`.

    In each equation one cell is the total (`total[e]`) and the others are its parts. Equations are numbered from 0, and
    the entries of one stand together.
    """

    equation: NDArray[np.int64]
    cell: NDArray[np.int64]
    total: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """The number of equations."""
        return int(self.equation.max()) + 1 if self.equation.size else 0


def residuals(values: NDArray[np.int64], equations: Equations) -> NDArray[np.int64]:
    """Return, per equation, the total less the sum of its parts; 0 where the equation holds."""
    signed = np.where(equations.total, values[equations.cell], -values[equations.cell])
    sums = np.bincount(equations.equation, weights=signed, minlength=equations.count)
    return np.asarray(np.rint(sums), dtype=np.int64)


class _Closure:
    """The hidden cells, and how they lie in each equation; hides more until every equation is closed."""

    def __init__(
        self,
        values: NDArray[np.int64],
        equations: Equations,
        *,
        hide_up_to: int,
        spared: NDArray[np.bool_],
        order: NDArray[np.int64],
        late: NDArray[np.bool_],
        loose: NDArray[np.bool_],
        told: Told | None,
    ) -> None:
        self.told = told
        self._late = late.tolist()
        self._values, self._order, self._spared = values.tolist(), order.tolist(), spared.tolist()
        self._hide_up_to = hide_up_to
        self.hidden = loose.tolist()
        free = np.zeros(equations.count, dtype=bool)
        free[equations.equation[loose[equations.cell]]] = True
        self._free = free.tolist()
        self._cells: list[list[int]] = [[] for _ in range(equations.count)]
        self._equations: list[list[tuple[int, bool]]] = [[] for _ in range(values.size)]
        entries = (equations.equation.tolist(), equations.cell.tolist(), equations.total.tolist())
        for equation, cell, total in zip(*entries, strict=True):
            self._cells[equation].append(cell)
            self._equations[cell].append((equation, total))
        self._hidden_count = [0] * equations.count
        self._hidden_sum = [0] * equations.count
        self._total_hidden = [False] * equations.count
        self._open: deque[int] = deque()

    def _is_open(self, equation: int) -> bool:
        count = self._hidden_count[equation]
        if count == 0 or self._free[equation]:
            return False
        return count == 1 or (not self._total_hidden[equation] and self._hidden_sum[equation] <= self._hide_up_to)

    def hide(self, cell: int) -> None:
        """Hide a cell."""
        self.hidden[cell] = True
        for equation, total in self._equations[cell]:
            self._hidden_count[equation] += 1
            if total:
                self._total_hidden[equation] = True
            else:
                self._hidden_sum[equation] += self._values[cell]
            self._open.append(equation)

    def _cost(self, cell: int) -> tuple[bool, bool, int, int]:
        # a zero protects little, for a reader may guess it; a cell that opens no other equation costs least
        opens = sum(self._hidden_count[equation] == 0 for equation, _ in self._equations[cell])
        return self._values[cell] == 0, self._late[cell], opens, self._order[cell]

    def choose(self, equations: list[int]) -> int | None:
        """Return the cheapest shown cell of the equations, or None where there is none that may be hidden."""
        cells = {cell for equation in equations for cell in self._cells[equation]}
        usable = [cell for cell in cells if not self.hidden[cell] and not self._spared[cell]]
        return min(usable, key=self._cost) if usable else None

    def choose_near(self, cell: int) -> int | None:
        """Return the cheapest shown cell in an equation of this cell, else of the hidden cells beside it, and so on."""
        reached: set[int] = set()
        edge = {equation for equation, _ in self._equations[cell]}
        while edge:
            found = self.choose(sorted(edge))
            if found is not None:
                return found
            reached |= edge
            beside = {other for equation in edge for other in self._cells[equation] if self.hidden[other]}
            edge = {equation for other in beside for equation, _ in self._equations[other]} - reached
        return None

    def close(self) -> None:
        """Hide cells until every equation is closed."""
        while self._open:
            equation = self._open.popleft()
            if not self._is_open(equation):
                continue
            cell = self.choose([equation])
            if cell is not None:
                self.hide(cell)
            elif self.told is None:
                raise InfeasibleError(_TOO_FEW)
            # what was printed before cannot be taken back: the audit says whether that is safe


def hide(
    values: NDArray[np.int64],
    equations: Equations,
    hide_up_to: int,
    *,
    spared: NDArray[np.bool_],
    rank: NDArray[np.int64],
    printed: NDArray[np.bool_] | None = None,
    counted: NDArray[np.bool_] | None = None,
    told: Told | None = None,
    always: NDArray[np.bool_] | None = None,
    guarded: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return primary and all hidden cells.

    Parameters
    ----------
    values
        Count of each cell, int64[n], 0 or more.
    equations
        The published equations; each must hold exactly.
    hide_up_to
        Counts of 1 to this are hidden.
    spared
        Whether the cell may never be chosen as secondary.
    rank
        What to hide first among cells that cost as much: lower ranks before higher, then the smaller count, then the
        lower index. A cell of rank `LATE` or more, and after it a zero, is hidden only where nothing else is left.
    printed
        Whether the cell is printed at all; None = every cell is. One that is not protects nothing by itself, and need
        only be protected if it is primary.
    counted
        Whether the cell can be primary; None = every cell can.
    told
        What earlier releases told; None = there were none.
    always
        Whether the cell is primary whatever it counts; None = none is.
    guarded
        Whether the cell was hidden elsewhere, and must stay as uncertain as a primary one; None = none was.

    Returns
    -------
    primary, hidden : ndarray of bool

    Raises
    ------
    SufficiencyError
        When an equation does not hold, or a figure cannot be protected because every other cell is spared or was
        printed before.
    """
    wrong = int((residuals(values, equations) != 0).sum())
    if wrong:
        message = f"{wrong} published sums do not add up"
        raise SufficiencyError(message)
    primary = (values >= 1) & (values <= hide_up_to)
    if counted is not None:
        primary &= counted
    if always is not None:
        # what an earlier release printed cannot be taken back, and a small count among it is refused below
        primary |= always if told is None else always & ~told.known
    order = np.empty(values.size, dtype=np.int64)
    order[np.lexsort((np.arange(values.size), values, rank))] = np.arange(values.size)
    loose = np.zeros(values.size, dtype=bool) if printed is None else ~printed & ~primary
    protected, kept = primary, loose
    if guarded is not None:
        # other equations closed around it where it was hidden: here the audit alone decides
        primary, loose = primary & ~guarded, loose | guarded
        protected, kept = primary | guarded, loose
    if told is not None:
        if bool((primary & told.known).any()):
            raise InfeasibleError(told.refusal())
        protected, kept, spared = protected | told.guarded, loose | told.held, spared | told.known
    late = (values == 0) | (rank >= LATE)
    spared = spared | _following(spared & ~loose, equations, never=protected | loose)
    closure = _Closure(
        values, equations, hide_up_to=hide_up_to, spared=spared | loose, order=order, late=late, loose=loose, told=told
    )
    for cell in np.flatnonzero(primary | (kept & ~loose)).tolist():
        closure.hide(cell)
    closure.close()
    width = np.where(protected, hide_up_to, np.where(kept, 0, 1))
    return primary, _audited(closure, values, equations, protected, width)


def _following(known: NDArray[np.bool_], equations: Equations, *, never: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the known cells with those that follow from them, each the last unknown one of a sum; `never` follows.

    To hide one of these would protect nothing, for it is worked out from what is always printed.
    """
    out = known & ~never
    while True:
        unknown = ~out[equations.cell]
        left = np.bincount(equations.equation, weights=unknown, minlength=equations.count)
        last = equations.cell[unknown & (left == 1)[equations.equation]]
        last = last[~never[last]]
        if not last.size:
            return out
        out[last] = True


def _audited(
    closure: _Closure,
    values: NDArray[np.int64],
    equations: Equations,
    protected: NDArray[np.bool_],
    width: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Hide more until the audit finds no protected cell exposed, and return the hidden cells."""
    trusted = np.zeros(values.size, dtype=bool)
    for _ in range(_MOST_AUDITS):
        hidden = np.array(closure.hidden, dtype=bool)
        exposed = exposed_cells(values, equations, hidden, width, trusted)
        bare = exposed[protected[exposed]]
        if not bare.size:
            # a reader can work these out from what is printed, so that printing them tells nothing new
            hidden[exposed] = False
            return hidden
        trusted = hidden.copy()
        trusted[exposed] = False
        chosen = {closure.choose_near(cell) for cell in bare.tolist()}
        if chosen == {None}:
            break
        for cell in sorted(one for one in chosen if one is not None):
            closure.hide(cell)
        closure.close()
    raise InfeasibleError(_TOO_FEW if closure.told is None else closure.told.refusal())
