"""The question of siting: its arrays checked, with every fault in one message, and held in whole numbers.

Costs that are not whole numbers are taken in the finest binary fraction that leaves every total exact in a float: about
ten significant digits of the total. The cost that is reported is added up from the numbers as they were given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]
    Numbers = NDArray[Any]

__all__ = ["SitesProblem", "as_sites_problem"]

LIMIT = 2**60
EXACT_IN_A_FLOAT = 2**52
DECIMALS_OF_MONEY = 9


@dataclass(frozen=True)
class SitesProblem:
    """A checked question of siting.

    Attributes
    ----------
    given_cost, given_opening
        The costs as they were given, int64 or float64.
    cost, opening
        int64 [n, m] and [m]: the same times 2 to the power of `binary_places`, rounded; -1 = not eligible.
    pupils, capacity
        int64 [n]; int64 [m] or None.
    p, capital, budget
        The limits; money as whole multiples of the last decimal used, or None.
    must_open, must_close
        bool [m].
    groups
        Columns of which at most one may open.
    """

    given_cost: Numbers
    given_opening: Numbers
    cost: Ints
    opening: Ints
    binary_places: int
    pupils: Ints
    capacity: Ints | None
    p: int | None
    capital: Ints | None
    budget: int | None
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    groups: tuple[tuple[int, ...], ...]
    allow_unplaced: bool

    @property
    def whole(self) -> bool:
        """Whether every cost was given as a whole number, so that totals are exact."""
        return self.given_cost.dtype.kind == "i" and self.given_opening.dtype.kind == "i"


def as_sites_problem(
    cost: ArrayLike,
    pupils: ArrayLike,
    capacity: ArrayLike | None,
    opening_cost: ArrayLike,
    *,
    p: int | None = None,
    capital: ArrayLike | None = None,
    budget: float | None = None,
    must_open: Iterable[int] = (),
    must_close: Iterable[int] = (),
    at_most_one: Iterable[Iterable[int]] = (),
    allow_unplaced: object = False,
) -> SitesProblem:
    """Check the arrays of `choose_sites` and return them as whole numbers.

    Raises
    ------
    DataError
        Wrong types, shapes, signs, indices or limits, or numbers too large: all faults at once.
    """
    faults: list[str] = []
    n_pupils = _array("pupils", pupils, 1, faults, kinds="iu")
    n_opening = _array("opening_cost", opening_cost, 1, faults)
    n_capacity = None if capacity is None else _array("capacity", capacity, 1, faults, kinds="iu")
    n_capital = None if capital is None else _array("capital", capital, 1, faults)
    shape = (len(n_pupils), len(n_opening))
    empty = 0 in shape and isinstance(cost, list | tuple) and np.size(cost) == 0
    n_cost = np.zeros(shape, np.int64) if empty else _array("cost", cost, 2, faults, least=-1)
    if not faults:
        faults += _wrong_shapes(n_cost, shape, n_capacity, n_capital)
    columns = shape[1]
    opened = _indices("must_open", must_open, columns, faults)
    closed = _indices("must_close", must_close, columns, faults)
    groups = _groups(at_most_one, columns, faults)
    faults += _wrong_limits(p, n_capital, budget)
    if not isinstance(allow_unplaced, bool | np.bool_):
        faults.append(f"allow_unplaced must be True or False, not {allow_unplaced!r}")
    if faults:
        raise DataError("choose_sites cannot read its question: " + "; ".join(faults))
    whole_capital, whole_budget = _money(n_capital, budget)
    places = _binary_places(n_cost, n_opening, n_pupils)
    return SitesProblem(
        given_cost=n_cost,
        given_opening=n_opening,
        cost=_scaled(n_cost, places, eligible=n_cost >= 0),
        opening=_scaled(n_opening, places),
        binary_places=places,
        pupils=n_pupils,
        capacity=n_capacity,
        p=None if p is None else int(p),
        capital=whole_capital,
        budget=whole_budget,
        must_open=_mask(opened, columns),
        must_close=_mask(closed, columns),
        groups=groups,
        allow_unplaced=bool(allow_unplaced),
    )


def _array(
    name: str, values: ArrayLike, dimensions: int, faults: list[str], *, kinds: str = "iuf", least: int = 0
) -> Numbers:
    nothing: Numbers = np.zeros((0,) * dimensions, np.int64)
    try:
        array: Numbers = np.asarray(values)
    except (ValueError, OverflowError, TypeError) as error:
        faults.append(f"{name} is not a regular array of numbers ({error})")
        return nothing
    if array.size == 0 and array.dtype.kind not in kinds and not isinstance(values, np.ndarray):
        array = array.astype(np.int64)
    if array.size == 0 and array.dtype.kind == "f" and "f" not in kinds and not isinstance(values, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.kind not in kinds:
        wanted = "int64 or float64" if "f" in kinds else "int64 (whole pupils or places)"
        faults.append(f"{name} must be {wanted}, not {array.dtype}")
        return nothing
    if array.ndim != dimensions:
        faults.append(f"{name} must have {dimensions} dimension(s), not {array.ndim}")
        return nothing
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        faults.append(f"{name} holds a value that is not a finite number, first at {_first(~np.isfinite(array))}")
        return nothing
    if array.size and array.dtype.kind == "u" and int(array.max()) > np.iinfo(np.int64).max:
        faults.append(f"{name} holds a value too large for a 64-bit integer")
        return nothing
    wrong = (array < 0) & (array != least)
    if wrong.any():
        allowed = "at least 0, or -1 for not eligible" if least < 0 else "at least 0"
        faults.append(f"{name} must be {allowed}; first wrong at {_first(wrong)}: {array[wrong][0]}")
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)


def _first(wrong: NDArray[np.bool_]) -> str:
    at = [int(index[0]) for index in np.nonzero(wrong)]
    return str(at[0]) if len(at) == 1 else f"row {at[0]}, column {at[1]}"


def _wrong_shapes(
    cost: Numbers, shape: tuple[int, int], capacity: Numbers | None, capital: Numbers | None
) -> list[str]:
    faults = []
    if cost.shape != shape:
        faults.append(f"cost has shape {cost.shape}, but pupils and opening_cost call for {shape}")
    for name, array in (("capacity", capacity), ("capital", capital)):
        if array is not None and len(array) != shape[1]:
            faults.append(f"{name} has {len(array)} values, but opening_cost has {shape[1]}")
    return faults


def _indices(name: str, values: Iterable[int], columns: int, faults: list[str]) -> tuple[int, ...]:
    try:
        listed: Sequence[Any] = list(values)
    except TypeError:
        faults.append(f"{name} must be a sequence of column indices, not {values!r}")
        return ()
    wrong = [
        value
        for value in listed
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or not 0 <= value < columns
    ]
    if wrong:
        faults.append(f"{name} names {wrong[0]!r}, which is not a column index from 0 to {columns - 1}")
        return ()
    return tuple(sorted({int(value) for value in listed}))


def _groups(values: Iterable[Iterable[int]], columns: int, faults: list[str]) -> tuple[tuple[int, ...], ...]:
    try:
        listed = list(values)
    except TypeError:
        faults.append(f"at_most_one must be a sequence of sequences of column indices, not {values!r}")
        return ()
    found = [_indices(f"at_most_one[{at}]", group, columns, faults) for at, group in enumerate(listed)]
    return tuple(group for group in found if len(group) > 1)


def _wrong_limits(p: int | None, capital: Numbers | None, budget: float | None) -> list[str]:
    faults = []
    if p is not None and (isinstance(p, bool | np.bool_) or not isinstance(p, int | np.integer) or p < 0):
        faults.append(f"p must be a whole number, at least 0, not {p!r}")
    if budget is not None and capital is None:
        faults.append("a budget needs capital: what it costs to open each column, in the same money")
    number = isinstance(budget, int | float | np.integer | np.floating) and not isinstance(budget, bool)
    if budget is not None and not (number and not math.isnan(budget) and budget >= 0):
        faults.append(f"budget must be a number, at least 0, not {budget!r}")
    return faults


def _money(capital: Numbers | None, budget: float | None) -> tuple[Ints | None, int | None]:
    """Money in whole multiples of its last decimal, so that 0.1 + 0.2 is within 0.3."""
    if capital is None or budget is None or math.isinf(budget):
        return None, None
    if capital.dtype.kind == "i" and sum(capital.tolist()) < EXACT_IN_A_FLOAT:
        return capital, math.floor(budget)
    most = max(1.0, float(capital.sum()), float(budget))
    factor = 10 ** max(0, min(DECIMALS_OF_MONEY, math.floor(math.log10(EXACT_IN_A_FLOAT / most))))
    if most * factor >= LIMIT:
        raise DataError("capital or budget is too large for 64-bit integers: use a coarser unit of money")
    # what no budget buys stays out of reach, whatever the rounding
    return np.rint(capital * factor).astype(np.int64), round(budget * factor)


def _binary_places(cost: Numbers, opening: Numbers, pupils: Ints) -> int:
    total = sum(pupils.tolist())
    dearest = max(1.0, float(cost.max(initial=0)))
    most = max(float(total) * dearest + float(opening.sum()), 1.0)
    # what `transport` may form on its way: the dearest path, for every pupil
    path = (dearest + 1) * (2 * cost.shape[1] + 6) * (total + 2)
    if max(path, most) >= LIMIT:
        message = f"costs up to {dearest:g} for {total} pupils overflow 64-bit integers: use a coarser unit of cost"
        msg = f"choose_sites cannot read its question: {message}"
        raise DataError(msg)
    fractions = [array for array in (cost, opening) if array.dtype.kind == "f" and (array != np.rint(array)).any()]
    if not fractions:
        return 0
    return max(0, min(math.floor(math.log2(EXACT_IN_A_FLOAT / most)), math.floor(math.log2(LIMIT / path))))


def _scaled(values: Numbers, places: int, eligible: NDArray[np.bool_] | None = None) -> Ints:
    scaled = values if places == 0 else np.ldexp(values, places)
    whole = scaled if scaled.dtype.kind == "i" else np.rint(scaled).astype(np.int64)
    return whole if eligible is None else np.where(eligible, whole, np.int64(-1))


def _mask(indices: tuple[int, ...], columns: int) -> NDArray[np.bool_]:
    mask = np.zeros(columns, dtype=np.bool_)
    mask[list(indices)] = True
    return mask
