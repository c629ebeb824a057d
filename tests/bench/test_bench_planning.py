"""What-if questions on the embedded county: the mended answer beside a fresh solve of the same question.

The peer is networkx's network simplex on the changed problem and a fresh run of our own; the answers are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest

import sufficiency as sf
from sufficiency.assess import demand_of, network_of
from sufficiency.planning import apply_scenario, settled, with_proposal
from sufficiency.planning.opened_year import open_year
from tests.bench.clock import compare, seconds_of

if TYPE_CHECKING:
    from typing import Any

    from pytest_benchmark.fixture import BenchmarkFixture

YEAR = 2028
SIZE = "the embedded county, one year, a base of 30 places"
BASE = sf.Proposal(435_600, 209_800, "specialist_base", ("ASD", "SLCN"), 7, 11, 30, 2027)


@pytest.fixture(scope="module")
def ground() -> tuple[Any, Any, Any]:
    """Return inputs, demand and roads."""
    inputs = sf.load()
    return inputs, demand_of(inputs), network_of(inputs)


@pytest.fixture(scope="module")
def ready(ground: tuple[Any, Any, Any]) -> Any:
    """Return the committed year, ready for questions."""
    inputs, demand, network = ground
    return sf.ready_to_ask(
        apply_scenario(inputs, "committed"), YEAR, scenario_id="committed", demand=demand, network=network
    )


def fresh(ground: tuple[Any, Any, Any]) -> Any:
    """Return the year with the proposal as a scheme, opened and solved from the start, roads ready."""
    inputs, demand, network = ground
    applied = apply_scenario(with_proposal(inputs, BASE, based_on="committed"), "what_if")
    return open_year(applied, YEAR, demand=demand, network=network)


def test_a_what_if_beside_a_fresh_run(benchmark: BenchmarkFixture, ready: Any, ground: tuple[Any, Any, Any]) -> None:
    answer = benchmark(sf.whatif, ready, BASE)
    seconds, opened = seconds_of(lambda: fresh(ground))
    assert settled(opened).figures() == answer.after
    compare(benchmark, "the same question run afresh", seconds, size=SIZE, threads_ours=1, threads_peer=1)


def simplex(opened: Any) -> int:
    """Return the pupils without a place of the changed year, by networkx."""
    year = opened.eligibility
    flow = opened.result.solved
    graph = nx.DiGraph()
    total = int(year.pupils.sum())
    graph.add_node("s", demand=-total)
    graph.add_node("t", demand=total)
    for row, pupils in enumerate(year.pupils.tolist()):
        graph.add_edge("s", ("g", row), capacity=pupils, weight=0)
        graph.add_edge(("g", row), "t", capacity=pupils, weight=flow.flow.unplaced_price)
    for row, column in np.argwhere(flow.priced_cost >= 0).tolist():
        graph.add_edge(("g", row), ("p", column), capacity=total, weight=int(flow.priced_cost[row, column]))
    for column, places in enumerate(year.places.tolist()):
        graph.add_edge(("p", column), "t", capacity=places, weight=0)
    _, found = nx.network_simplex(graph)
    return sum(int(found[("g", row)].get("t", 0)) for row in range(len(year.pupils)))


def test_a_what_if_beside_networkx(benchmark: BenchmarkFixture, ready: Any, ground: tuple[Any, Any, Any]) -> None:
    answer = benchmark(sf.whatif, ready, BASE)
    opened = fresh(ground)
    seconds, unplaced = seconds_of(lambda: simplex(opened), rounds=1)
    assert unplaced == answer.after.unplaced_pupils
    compare(benchmark, "networkx network_simplex", seconds, size=SIZE, threads_ours=1, threads_peer=1)
