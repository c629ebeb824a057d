"""Problems that nobody should pose: a clear answer or a DataError that says what to do, within seconds, never a guess.

And answers that somebody has tampered with: the certificate refuses each.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.solve import place_gains, transport
from sufficiency.model.errors import CertificateError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sufficiency.model.results import Flow

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]

LABEL = ("scenario", "optimal", 2028, "first_fit")
SECONDS = 20


def within_seconds(call: Callable[[], Any]) -> Any:
    """Return what `call` returns or raise what it raises; fail where it hangs."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again by the caller
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert outcome, f"no answer within {SECONDS} s"
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def array(values: Any) -> Ints:
    return np.array(values, dtype=np.int64)


def answer_of(cost: Any, pupils: Any, places: Any) -> Flow:
    """Return the answer, proven, and its gains asked for."""
    problem = (array(cost).reshape(len(pupils), len(places)), array(pupils), array(places))
    flow: Flow = within_seconds(lambda: transport(*problem))
    assert certify(*problem, flow, label=LABEL).optimal
    placed, change = place_gains(*problem, flow)
    assert placed.shape == change.shape == problem[2].shape
    assert set(placed.tolist()) <= {0, 1}
    return flow


def facts(flow: Flow) -> tuple[list[list[int]], list[int], int]:
    return flow.flow.toarray().tolist(), flow.unplaced.tolist(), flow.cost


# --- Problems with an answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_groups", "n_places"), [(0, 0), (0, 3), (3, 0)])
def test_without_rows_or_columns_nobody_is_placed(n_groups: int, n_places: int) -> None:
    for cost in (np.zeros((n_groups, n_places), dtype=np.int64), [[]] * n_groups, []):
        flow = transport(cost, [4] * n_groups, [2] * n_places)
        assert flow.flow.shape == (n_groups, n_places)
        assert (flow.unplaced.tolist(), flow.cost, flow.place_price.tolist()) == ([4] * n_groups, 0, [0] * n_places)
    answer_of([], [4] * n_groups, [2] * n_places)


def test_ten_pupils_for_nine_places() -> None:
    flow = answer_of([[7, 9]], [10], [4, 5])
    assert facts(flow) == ([[4, 5]], [1], 4 * 7 + 5 * 9)
    assert flow.cut.tolist() == [True]
    assert place_gains([[7, 9]], [10], [4, 5], flow)[0].tolist() == [1, 1]


def test_a_shortage_on_an_island_is_blamed_on_the_island_alone() -> None:
    # Three pupils for the one place of their own; everyone else has more room than they need.
    flow = answer_of([[5, 6, -1], [-1, -1, 2], [1, 1, -1]], [2, 3, 1], [2, 2, 1])
    assert (flow.unplaced.tolist(), flow.cost) == ([0, 2, 0], 2 * 5 + 2 + 1)
    assert flow.cut.tolist() == [False, True, False]


def test_a_need_that_all_columns_but_one_refuse_drives_out_whoever_can_go_elsewhere() -> None:
    flow = answer_of([[1, 50], [9, -1]], [3, 3], [3, 3])
    assert facts(flow) == ([[0, 3], [3, 0]], [0, 0], 3 * 50 + 3 * 9)


@pytest.mark.parametrize(
    ("cost", "pupils", "places", "unplaced"),
    [
        pytest.param([[-1, -1], [-1, -1]], [3, 4], [5, 5], [3, 4], id="nobody may go anywhere"),
        pytest.param([[1, 2], [3, 4]], [3, 4], [0, 0], [3, 4], id="no places"),
        pytest.param([[1, 2], [3, 4]], [0, 0], [5, 5], [0, 0], id="no pupils"),
        pytest.param([[1, 2], [3, 4]], [0, 0], [0, 0], [0, 0], id="neither"),
        pytest.param([[0, -1], [-1, 0]], [3, 4], [0, 0], [3, 4], id="no places, and free journeys"),
    ],
)
def test_where_nobody_can_be_placed_nobody_is(cost: Any, pupils: Any, places: Any, unplaced: list[int]) -> None:
    flow = answer_of(cost, pupils, places)
    assert facts(flow) == ([[0, 0], [0, 0]], unplaced, 0)


def test_duplicated_rows_and_columns_count_each() -> None:
    # 60 rows of one pupil, all alike; 30 columns of one place at 3 and 20 at 5: ten go without.
    flow = answer_of([[3] * 30 + [5] * 20] * 60, [1] * 60, [1] * 50)
    assert (int(flow.unplaced.sum()), flow.cost) == (10, 30 * 3 + 20 * 5)
    assert np.asarray(flow.flow.sum(axis=0)).ravel().tolist() == [1] * 50
    # A place at 3 is worth 2 more than one at 5: whoever is at 5 would move there.
    assert set(flow.place_price[:30] - flow.place_price[30]) == {2}


def test_a_column_that_nobody_may_use_is_left_alone() -> None:
    cost, pupils, places = [[4, 2], [1, -1]], [2, 2], [2, 2]
    with_it = [[4, -1, 2], [1, -1, -1]]
    flow, wider = answer_of(cost, pupils, places), answer_of(with_it, pupils, [2, 9, 2])
    assert (wider.cost, wider.unplaced.tolist()) == (flow.cost, flow.unplaced.tolist()) == (2 * 2 + 2 * 1, [0, 0])
    assert wider.flow.toarray()[:, [0, 2]].tolist() == flow.flow.toarray().tolist()
    assert (wider.flow[:, [1]].sum(), wider.place_price[1]) == (0, 0)
    assert [gain[1] for gain in place_gains(with_it, pupils, [2, 9, 2], wider)] == [0, 0]


def test_a_trillion_pupils() -> None:
    # Straight on costs 1 + 5, crossed 3 + 2.
    many = 2**40
    flow = answer_of([[1, 3], [2, 5]], [many, many], [many, 2 * many])
    assert facts(flow) == ([[0, many], [many, 0]], [0, 0], 5 * many)
    short = answer_of([[1, 3], [2, 5]], [many, many], [many, 7])
    assert (int(short.unplaced.sum()), int(short.flow.sum())) == (many - 7, many + 7)
    # Column 1 takes seven of the first group at 3, seven of the second follow them at 2; or seven of the second at 5.
    assert short.cost == min(7 * 3 + 7 * 2 + (many - 7) * 1, 7 * 5 + many * 1)


def every_size() -> Iterator[tuple[int, int]]:
    return itertools.product(range(0, 61, 4), range(0, 61, 6))


def test_enormous_numbers_are_refused_or_exactly_right() -> None:
    """The optimum of the small problem, times what its costs and its pupils were multiplied by, in whole numbers."""
    answered: set[tuple[int, int]] = set()
    refused: dict[tuple[int, int], str] = {}
    for cost_bits, pupil_bits in every_size():
        by_cost, by_pupils = 2**cost_bits, 2**pupil_bits
        problem = (array([[1, 3], [2, 5]]) * by_cost, array([1, 1]) * by_pupils, array([1, 1]) * by_pupils)
        try:
            flow = within_seconds(lambda problem=problem: transport(*problem))
        except DataError as error:
            refused[cost_bits, pupil_bits] = str(error)
            continue
        answered.add((cost_bits, pupil_bits))
        assert facts(flow) == ([[0, by_pupils], [by_pupils, 0]], [0, 0], 5 * by_cost * by_pupils)
        assert certify(*problem, flow, label=LABEL).primal == 5 * by_cost * by_pupils
    # Whatever fits easily is answered, whatever cannot fit is refused, and what is larger than refused is refused.
    assert {size for size in every_size() if sum(size) <= 50} <= answered
    assert {size for size in every_size() if sum(size) >= 62} <= set(refused)
    assert all("use a coarser unit of cost" in sentence for sentence in refused.values())
    assert not any(
        cost >= too_dear and pupils >= too_many for cost, pupils in answered for too_dear, too_many in refused
    )


@pytest.mark.parametrize("places", [[2**62, 2**62], [2**63 - 1, 2**63 - 1], [2**63 - 1, 0]])
def test_more_places_than_could_be_added_up_are_no_trouble(places: list[int]) -> None:
    assert facts(answer_of([[4, 4], [1, -1]], [3, 2], places))[1:] == ([0, 0], 14)


def hard_problems() -> Iterator[tuple[str, Problem]]:
    steps = np.arange(150)
    yield "all alike", (np.ones((150, 150), np.int64), np.full(150, 7), np.full(150, 5))
    yield "a staircase", (np.abs(steps[:, None] - steps) ** 3, np.full(150, 5), np.full(150, 4))
    chain = np.full((150, 150), -1)
    chain[steps, steps], chain[steps[1:], steps[:-1]] = 10_000, 0
    yield "one long chain", (chain, np.ones(150, np.int64), np.ones(150, np.int64))
    generator = np.random.default_rng(40)
    wide = generator.integers(-1, 1000, (150, 150))
    yield "large and uneven", (wide, 10 ** generator.integers(0, 12, 150), 10 ** generator.integers(0, 12, 150))


@pytest.mark.parametrize("name", [name for name, _ in hard_problems()])
def test_hard_shapes_are_solved_and_proven_within_seconds(name: str) -> None:
    cost, pupils, places = dict(hard_problems())[name]
    flow = answer_of(cost, pupils, places)
    assert 0 < int(flow.flow.sum()) <= min(int(pupils.sum()), int(places.sum()))
    if name == "one long chain":
        # Only the diagonal places everyone.
        assert (flow.cost, flow.unplaced.any()) == (150 * 10_000, np.False_)
    if name == "all alike":
        assert (flow.cost, int(flow.unplaced.sum())) == (750, 300)


# --- Problems that are none ---------------------------------------------------------------------------------------


GOOD: dict[str, Any] = {"cost": [[3, 1], [2, 2]], "pupils": [1, 2], "places": [2, 2]}


def wrong_arrays() -> Iterator[tuple[str, str, Any]]:
    """Name of the argument, what the sentence must say, and the values."""
    for name, good in GOOD.items():
        whole = np.array(good)
        yield name, "64-bit integers, not float64", whole.astype(float)
        yield name, "64-bit integers, not float32", whole.astype(np.float32)
        yield name, "64-bit integers, not float64", np.full(whole.shape, np.nan)
        yield name, "64-bit integers, not float64", np.where(whole == 2, np.inf, whole)
        yield name, "64-bit integers, not complex128", whole.astype(complex)
        yield name, "64-bit integers, not bool", whole > 1
        yield name, "64-bit integers, not object", whole.astype(object)
        yield name, "64-bit integers, not object", np.full(whole.shape, None)
        yield name, "64-bit integers, not <U", whole.astype(str)
        yield name, "64-bit integers, not timedelta64", whole.astype("timedelta64[s]")
        yield name, "64-bit integers", whole.astype(object) * 2**70
        yield name, "too large for a 64-bit integer", whole.astype(np.uint64) + np.uint64(2**63)
        yield name, "must be at least 0", np.where(whole == 2, np.iinfo(np.int64).min, whole)
        yield name, "dimension", whole[None]
        yield name, "64-bit integers, not object", None
        yield name, "64-bit integers, not <U", "pupils"
        yield name, "dimension", 3
        yield name, "64-bit integers, not (object|float64)", pd.Series([1, None], dtype="Int64")
    yield "cost", "not a regular array", [[1, 2], [3]]
    yield "cost", "not a regular array", [[1], [2, 3], 4]
    yield "pupils", "not a regular array", [1, [2, 3]]
    yield "places", "not a regular array", [[1], 2]
    yield "cost", "must be at least 0, or -1", [[3, -2], [2, 2]]
    yield "cost", r"shape \(2, 3\), but pupils and places call for \(2, 2\)", [[3, 1, 1], [2, 2, 1]]
    yield "cost", r"shape \(3, 2\), but pupils and places call for \(2, 2\)", [[3, 1], [2, 2], [1, 1]]
    yield "cost", "dimension", [3, 1]


@pytest.mark.parametrize(("name", "says", "values"), list(wrong_arrays()))
def test_what_is_no_array_of_whole_numbers_is_refused_in_a_sentence(name: str, says: str, values: Any) -> None:
    flow = transport(**GOOD)
    for call in (lambda wrong: transport(**wrong), lambda wrong: place_gains(**wrong, flow=flow)):
        with pytest.raises(DataError, match=says) as caught:
            within_seconds(lambda call=call: call(GOOD | {name: values}))
        assert isinstance(caught.value, ValueError)
        # The sentence says which of the three it is about.
        assert str(caught.value).startswith(name)


def layouts(values: Ints) -> Iterator[tuple[str, Any]]:
    frozen = values.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen
    yield "columns first", np.asfortranarray(values)
    every_second, backwards = (
        tuple(slice(None, None, 2) for _ in values.shape),
        tuple(slice(None, None, -1) for _ in values.shape),
    )
    larger = np.full([2 * size for size in values.shape], 99)
    larger[every_second] = values
    yield "every second of a larger array", larger[every_second]
    yield "backwards", values[backwards].copy()[backwards]
    yield "the other byte order", values.astype(values.dtype.newbyteorder())
    yield "fewer bits", values.astype(np.int8)
    yield "a list", values.tolist()
    yield "a table", pd.DataFrame(values) if values.ndim == 2 else pd.Series(values)


def test_the_layout_in_memory_changes_nothing() -> None:
    generator = np.random.default_rng(3)
    cost, pupils, places = generator.integers(-1, 9, (7, 5)), generator.integers(0, 5, 7), generator.integers(0, 5, 5)
    expected = answer_of(cost, pupils, places)
    assert expected.unplaced.any()
    for (name, *_), (_, pupils_so), (_, places_so), (_, cost_so) in zip(
        layouts(cost), layouts(pupils), layouts(places), layouts(cost), strict=True
    ):
        before = np.array(cost_so)
        if name == "every second of a larger array":
            assert not cost_so.flags.c_contiguous
        flow = transport(cost_so, pupils_so, places_so)
        assert facts(flow) == facts(expected), name
        for price in ("pupil_price", "place_price", "cut"):
            assert (getattr(flow, price) == getattr(expected, price)).all(), name
        for mine, others in zip(
            place_gains(cost_so, pupils_so, places_so, flow), place_gains(cost, pupils, places, expected), strict=True
        ):
            assert (mine == others).all(), name
        assert (np.array(cost_so) == before).all()


# --- Answers that were tampered with ------------------------------------------------------------------------------


def scarce_problem(seed: int) -> Problem:
    """Too few places for some, and some columns worth a price."""
    generator = np.random.default_rng([77, seed])
    cost = generator.integers(0, 40, (9, 5))
    cost[generator.random(cost.shape) < 0.3] = -1
    return cost, generator.integers(1, 6, 9), generator.integers(1, 7, 5)


def bumped(values: Ints, place: int | tuple[int, int], by: int) -> Ints:
    changed = values.copy()
    changed[place] += by
    return changed


Tampered = tuple[Problem, "Flow"]


def one_dual(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    for by in (-1, 1):
        for row in range(len(problem[1])):
            yield problem, replace(answer, pupil_price=bumped(answer.pupil_price, row, by))
        for column in range(len(problem[2])):
            yield problem, replace(answer, place_price=bumped(answer.place_price, column, by))


def one_flow(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    cost, _, _ = problem
    flow = answer.flow.toarray()
    for row, column in np.argwhere(flow > 0).tolist():
        for by in (-1, 1):
            yield problem, replace(answer, flow=csr_matrix(bumped(flow, (row, column), by)))
        # With everything else made to fit: one pupil is sent home, and the sums say so.
        yield (
            problem,
            replace(
                answer,
                flow=csr_matrix(bumped(flow, (row, column), -1)),
                unplaced=bumped(answer.unplaced, row, 1),
                cost=answer.cost - int(cost[row, column]),
            ),
        )


def one_capacity(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    cost, pupils, places = problem
    used = np.asarray(answer.flow.sum(axis=0)).ravel()
    for column in np.flatnonzero(used == places):
        yield (cost, pupils, bumped(places, column, -1)), answer
    for column in np.flatnonzero(answer.place_price > 0):
        yield (cost, pupils, bumped(places, column, 1)), answer


def one_cut_entry(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    cost, pupils, places = problem
    for row in range(len(pupils)):
        cut = answer.cut.copy()
        cut[row] = not cut[row]
        short = pupils[cut].sum() - places[(cost[cut] >= 0).any(axis=0)].sum()
        # Now and then another set of groups proves as much.
        if short != answer.unplaced.sum():
            yield problem, replace(answer, cut=cut)


def the_cost(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    for by in (-1, 1, 2**64):
        yield problem, replace(answer, cost=answer.cost + by)


def the_unplaced(problem: Problem, answer: Flow) -> Iterator[Tampered]:
    for row in range(len(problem[1])):
        for by in (-1, 1):
            yield problem, replace(answer, unplaced=bumped(answer.unplaced, row, by))


@pytest.mark.parametrize("tamper", [one_dual, one_flow, one_capacity, one_cut_entry, the_cost, the_unplaced])
@pytest.mark.parametrize("seed", range(6))
def test_an_answer_with_one_number_changed_is_refused(
    tamper: Callable[[Problem, Flow], Iterator[Tampered]], seed: int
) -> None:
    problem = scarce_problem(seed)
    answer = transport(*problem)
    proof = certify(*problem, answer, label=LABEL)
    assert proof.unplaced > 0
    assert proof.placed > 0
    tampered = list(tamper(problem, answer))
    assert len(tampered) >= 2
    for question, wrong in tampered:
        with pytest.raises(CertificateError, match="does not hold"):
            certify(*question, wrong, label=LABEL)
