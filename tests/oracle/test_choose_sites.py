"""Siting against published optima: OR-Library's warehouses and p-medians, and the San Francisco stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import shortest_path

from sufficiency.planning.sites import choose_sites

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.real

WAREHOUSES = ["cap41", "cap42", "cap43", "cap44", "cap51", *(f"cap{n}" for n in (61, 62, 63, 64, 71, 72, 73, 74))]
# the others, with more sites and few of them open, are measured in tests/bench
MEDIANS = [f"pmed{n}" for n in (1, 2, 3, 4, 5, 7, 8, 9, 10)]


def published(real_data: Path, name: str) -> float:
    table = pd.read_csv(real_data / "orlib" / "optima.tsv", sep="\t", index_col="instance")
    return float(table.loc[name, "published_optimum"])


def warehouses(
    real_data: Path, name: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return cost of a unit [customer, site], demand, capacity and fixed cost."""
    words = (real_data / "orlib" / "cap" / f"{name}.txt").read_text().split()
    sites, customers = int(words[0]), int(words[1])
    values = np.array(words[2:], dtype=np.float64)
    of_sites, of_customers = values[: 2 * sites].reshape(sites, 2), values[2 * sites :].reshape(customers, sites + 1)
    demand = of_customers[:, 0]
    return (
        of_customers[:, 1:] / demand[:, None],
        demand.astype(np.int64),
        of_sites[:, 0].astype(np.int64),
        of_sites[:, 1],
    )


def median(real_data: Path, name: str) -> tuple[NDArray[np.int64], int]:
    """Return shortest paths between all nodes, and p; a repeated edge is replaced by the last one."""
    words = np.array((real_data / "orlib" / "pmed" / f"{name}.txt").read_text().split(), dtype=np.int64)
    nodes, edges, p = words[:3]
    graph = np.zeros((nodes, nodes))
    for one, other, length in words[3 : 3 + 3 * edges].reshape(-1, 3):
        graph[one - 1, other - 1] = graph[other - 1, one - 1] = length
    return shortest_path(graph, directed=False).astype(np.int64), int(p)


@pytest.mark.parametrize("name", WAREHOUSES)
def test_warehouses_reach_the_published_optimum(real_data: Path, name: str) -> None:
    answer = choose_sites(*warehouses(real_data, name))
    assert answer.status == "optimal"
    assert answer.gap <= 1e-6
    assert answer.objective == pytest.approx(published(real_data, name), abs=2e-3)


@pytest.mark.parametrize("name", MEDIANS)
def test_medians_reach_the_published_optimum(real_data: Path, name: str) -> None:
    cost, p = median(real_data, name)
    nothing = np.zeros(len(cost), np.int64)
    answer = choose_sites(cost, nothing + 1, None, nothing, p=p)
    assert (answer.status, answer.objective, answer.bound) == ("optimal", *[published(real_data, name)] * 2)
    assert answer.open.sum() <= p
    assert cost[:, answer.open].min(axis=1).sum() == answer.objective


def test_equal_fixed_costs_leave_the_travel_alone(real_data: Path) -> None:
    """cap41 to cap44 differ by what a site costs only: with every site open their travel is one."""
    total = {}
    for name in WAREHOUSES[:4]:
        cost, demand, capacity, fixed = warehouses(real_data, name)
        answer = choose_sites(cost, demand, capacity, fixed, must_open=range(len(fixed)))
        total[name] = answer.objective - fixed.sum()
    told = pd.read_csv(real_data / "orlib" / "transport_all_open.tsv", sep="\t", index_col="instance")["primal_opt"]
    for name, travel in total.items():
        assert travel == pytest.approx(told[name], rel=1e-9)


def test_san_francisco_stores(real_data: Path) -> None:
    folder = real_data / "oracles" / "spopt"
    journeys = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    cost = journeys.pivot_table(index="DestinationName", columns="name", values="distance")
    people = journeys.drop_duplicates("DestinationName").set_index("DestinationName")["demand"].loc[cost.index]
    answer = choose_sites(cost.to_numpy(), people.to_numpy(np.int64), None, np.zeros(cost.shape[1]), p=4)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(2848268129.71, abs=0.01)
