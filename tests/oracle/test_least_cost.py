"""Few arcs first, more where the prices ask for them: the same optimum as one assignment over all arcs (scipy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sufficiency.allocation import certify, least_cost, residual, transport
from tests.oracle.test_allocation_oracle import random_problem

if TYPE_CHECKING:
    from sufficiency.model.results import Flow

Ints = NDArray[np.int64]


@pytest.fixture(autouse=True)
def in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take even these small problems in rounds."""
    monkeypatch.setattr(least_cost, "FEW_ARCS", 0)


def crowded(seed: int) -> tuple[Ints, Ints, Ints]:
    """Everybody's cheapest places are the same few, with hardly any room: the first arcs cannot be enough."""
    generator = np.random.default_rng(seed)
    n_groups, n_places = int(generator.integers(20, 60)), int(generator.integers(40, 70))
    cost = generator.integers(1_000, 2_000, (n_groups, n_places))
    cost[:, :20] = generator.integers(0, 100, (n_groups, 20))
    cost[generator.random(cost.shape) < generator.choice([0.05, 0.5])] = -1
    pupils = generator.integers(0, 4, n_groups)
    places = generator.integers(0, 4, n_places)
    places[:20] = generator.integers(0, 2, 20)
    return cost, pupils, places


def by_assignment(cost: Ints, pupils: Ints, places: Ints) -> tuple[int, int]:
    """Most placed and least cost with every pupil and every place a row and a column of its own."""
    unit = np.repeat(np.repeat(cost, pupils, axis=0), places, axis=1).astype(float)
    unplaced = 1e7
    square = np.hstack([np.where(unit < 0, 2 * unplaced, unit), np.full((unit.shape[0], unit.shape[0]), unplaced)])
    rows, columns = linear_sum_assignment(square)
    paid = square[rows, columns]
    assert (paid <= unplaced).all()
    return int((paid < unplaced).sum()), round(paid[paid < unplaced].sum())


@pytest.mark.parametrize("seed", range(40))
def test_equals_an_assignment_over_all_arcs(seed: int) -> None:
    problem = crowded(seed)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert (int(answer.flow.sum()), answer.cost) == by_assignment(*problem)


def test_the_first_arcs_are_seen_not_to_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    missing = least_cost._missing

    def noted(arcs: NDArray[np.bool_], *rest: Any, **named: Any) -> NDArray[np.bool_]:
        found = missing(arcs, *rest, **named)
        asked.append(int((found & ~arcs).sum()))
        return found

    monkeypatch.setattr(least_cost, "_missing", noted)
    for seed in range(40):
        transport(*crowded(seed))
    assert len(asked) > 10
    assert min(asked) > 0


def test_a_limit_of_rounds_ends_with_every_arc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", 1)
    monkeypatch.setattr(least_cost, "ROUNDS", 1)
    problem = crowded(3)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    assert (int(answer.flow.sum()), answer.cost) == by_assignment(*problem)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_however_few_arcs_come_first_the_answer_is_the_same(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [random_problem(seed) for seed in range(300)]
    monkeypatch.setattr(least_cost, "FEW_ARCS", 10**9)
    whole = [transport(*problem) for problem in problems]
    monkeypatch.setattr(least_cost, "FEW_ARCS", 0)
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", first)
    for problem, expected in zip(problems, whole, strict=True):
        answer = transport(*problem)
        certify(*problem, answer, label=("", "optimal", 2024, "transport"))
        assert (answer.cost, answer.unplaced.sum()) == (expected.cost, expected.unplaced.sum())
        assert (answer.place_price == expected.place_price).all()


def cells_of(answer: Flow, columns: Ints | None = None) -> residual.Cells:
    cells = answer.flow.tocoo()
    names = np.arange(cells.shape[1]) if columns is None else columns
    return residual.Cells(cells.row.astype(np.int64), names[cells.col].astype(np.int64), cells.data)


def same(one: Flow, two: Flow) -> bool:
    flows = (one.flow.toarray() == two.flow.toarray()).all() and (one.unplaced == two.unplaced).all()
    return bool(flows and (one.place_price == two.place_price).all() and (one.cut == two.cut).all())


def tied(seed: int) -> tuple[Ints, Ints, Ints]:
    """Few costs, so that there are many optima."""
    cost, pupils, places = crowded(seed)
    return np.where(cost >= 0, cost % 3, -1), pupils, places


def test_every_optimum_and_every_wrong_guess_leads_to_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    rounds = least_cost._distances_in_rounds
    monkeypatch.setattr(least_cost, "_distances_in_rounds", lambda *given: searched.append(0) or rounds(*given))
    others = 0
    for seed in range(40):
        cost, pupils, places = tied(seed)
        answer = transport(cost, pupils, places)
        certify(cost, pupils, places, answer, label=("", "optimal", 2024, "transport"))
        assert (int(answer.flow.sum()), answer.cost) == by_assignment(cost, pupils, places)
        # the columns in another order: an optimum that the solver comes to by another way
        order = np.random.default_rng(seed).permutation(len(places))
        with monkeypatch.context() as patched:
            patched.setattr(least_cost, "FEW_ARCS", 10**9)
            another = cells_of(transport(cost[:, order], pupils, places[order]), order)
        others += set(zip(*map(np.ndarray.tolist, another), strict=True)) != set(
            zip(*map(np.ndarray.tolist, cells_of(answer)), strict=True)
        )
        searched.clear()
        for optimum in (another, cells_of(answer)):
            assert same(transport(cost, pupils, places, guess=optimum), answer)
        assert searched == []
        full = int(np.argmax((cost >= 0).sum(axis=0)))
        allowed, barred = np.flatnonzero(cost[:, full] >= 0), np.argwhere(cost < 0)[:1]
        one = np.ones(1, dtype=np.int64)
        wrong = [
            residual.Cells(allowed, np.full(len(allowed), full), pupils[allowed] + places[full] + 1),
            residual.Cells(barred[:, 0], barred[:, 1], one[: len(barred)]),
            another._replace(amounts=-another.amounts),
        ]
        for guess in wrong:
            assert same(transport(cost, pupils, places, guess=guess), answer)
        assert len(searched) == len(wrong)
        nobody = residual.Cells(*np.zeros((3, 0), dtype=np.int64))
        assert same(transport(cost, pupils, places, guess=nobody), answer)
    assert others > 20


@pytest.mark.parametrize(
    ("cost", "pupils", "places", "guess"),
    [
        ([[1, 5]], [2], [1, 1], [(0, 0, 2)]),  # more than the places
        ([[0, -1], [0, 9]], [1, 1], [2, 1], [(0, 0, 2), (1, 1, 1)]),  # more than the pupils
        ([[-1, 1], [-1, 3]], [1, 1], [1, 1], [(0, 0, 1), (1, 1, 1)]),  # where the pupil may not go
        ([[0, 3], [1, -1], [-1, 0]], [1, 1, 1], [2, 0], [(0, 0, 2), (0, 1, -1), (2, 1, 1)]),  # less than nobody
    ],
)
def test_a_guess_that_could_pass_for_an_optimum_and_is_no_flow_is_not_taken(
    cost: list[list[int]],
    pupils: list[int],
    places: list[int],
    guess: list[tuple[int, int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(least_cost, "CHEAPEST_ARCS", 1)
    cells = residual.Cells(*np.array(guess, dtype=np.int64).T)
    assert same(transport(cost, pupils, places, guess=cells), transport(cost, pupils, places))


def test_a_guess_is_not_looked_at_where_all_arcs_are_given_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_cost, "FEW_ARCS", 10**9)
    monkeypatch.setattr(least_cost, "_distances_if_optimal", None)
    problem = tied(1)
    assert same(transport(*problem, guess=cells_of(transport(*problem))), transport(*problem))


def test_a_guess_for_some_streams_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = least_cost._distances_in_rounds
    for seed in range(20):
        (one, pupils, places), (two, others, room) = tied(seed), tied(seed + 100)
        cost = np.full((len(one) + len(two), one.shape[1] + two.shape[1]), -1)
        cost[: len(one), : one.shape[1]], cost[len(one) :, one.shape[1] :] = one, two
        problem = cost, np.append(pupils, others), np.append(places, room)
        answer = transport(*problem)
        part = cells_of(transport(one, pupils, places))
        monkeypatch.setattr(least_cost, "_distances_in_rounds", None)
        assert same(transport(*problem, guess=part), answer)
        monkeypatch.setattr(least_cost, "_distances_in_rounds", rounds)
