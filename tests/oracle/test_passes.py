"""Compiled passes over a table of costs: what the same question gives cell by cell in Python integers."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from sufficiency.allocation import residual
from sufficiency.allocation.certificate import dot, priced_as_asked

SHAPES = [(0, 0), (0, 3), (4, 0), (1, 1), (7, 5), (12, 9)]


def table(seed: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw costs with some cells not eligible, and prices of columns and rows that often meet."""
    generator = np.random.default_rng(seed)
    cost = generator.integers(-1, 6, shape)
    return cost, generator.integers(0, 4, shape[1]), generator.integers(0, 8, shape[0])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_a_pass_gives_what_each_cell_gives(seed: int, shape: tuple[int, int], order: str) -> None:
    cost, price, wanted = table(seed, shape)
    cells = [[int(own) for own in row] for row in cost]
    given = np.asarray(cost, order=order)
    given.setflags(write=False)
    priced = [[own + int(price[at]) if own >= 0 else -1 for at, own in enumerate(row)] for row in cells]
    assert residual.priced(given, price).tolist() == priced
    at_price = [[own == int(wanted[at]) for own in row] for at, row in enumerate(priced)]
    assert residual.at_price(given, price, wanted).tolist() == at_price
    least = [min([own for own in row if own >= 0] + [6]) for row in priced]
    assert residual.cheapest(given, price, 6).tolist() == least


@pytest.mark.parametrize("seed", range(20))
def test_the_changes_between_columns_are_those_of_their_pupils(seed: int) -> None:
    cost, _, _ = table(seed, (9, 6))
    rows, columns = np.nonzero(cost >= 0)
    some = np.random.default_rng(seed).permutation(len(rows))[:seed]
    graph = residual.column_graph(cost, rows[some].astype(np.int32), columns[some].astype(np.int32))
    for held in range(6):
        for other in range(6):
            changes = [
                int(cost[row, other] - cost[row, held])
                for row in rows[some][columns[some] == held]
                if cost[row, other] >= 0
            ]
            assert graph[held, other] == (min(changes) if changes else residual.INFINITE)


@pytest.mark.parametrize("seed", range(20))
def test_the_reach_of_every_column_is_that_of_a_graph(seed: int) -> None:
    generator = np.random.default_rng(seed)
    eligible = generator.random((12, 11)) < 0.2
    rows, columns = np.nonzero(eligible)
    some = generator.permutation(len(rows))[: seed + 1]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(11))
    for row, held in zip(rows[some].tolist(), columns[some].tolist(), strict=True):
        graph.add_edges_from((held, other) for other in np.flatnonzero(eligible[row]).tolist())
    reach = residual.closure(eligible, rows[some], columns[some])
    for column in range(11):
        assert set(np.flatnonzero(reach[column]).tolist()) == {column} | nx.descendants(graph, column)


def test_no_columns_reach_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert residual.closure(np.zeros((3, 0), dtype=bool), nothing, nothing).shape == (0, 0)
    assert residual.column_graph(np.zeros((3, 0), dtype=np.int64), nothing, nothing).shape == (0, 0)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(2))
def test_a_table_that_is_not_priced_as_asked_is_seen_wherever_it_differs(row: int, column: int) -> None:
    cost, price = np.array([[5, -1], [0, 3], [-1, 2]]), np.array([0, 100])
    asked = np.array([[5, -1], [0, 103], [-1, 102]])
    assert priced_as_asked(asked, cost, price)
    for wrong in (-1, 99):
        altered = asked.copy()
        altered[row, column] = wrong
        assert priced_as_asked(altered, cost, price) == (wrong == asked[row, column])
    assert not priced_as_asked(asked[:, :1], cost, price)


def test_a_sum_of_products_is_exact_where_64_bits_would_wrap() -> None:
    large = 2**60 - 1
    assert dot(np.array([large, large, 3]), np.array([7, 9, -2])) == 16 * large - 6
    assert dot(np.array([4, -5]), np.array([6, 7])) == -11
    assert dot(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)) == 0
