"""Published optima: the OR-Library facility-location instances with every site open are capacitated allocations."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.solve import transport

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

# Beasley's costs are for all of a customer's demand; a unit costs them divided by the demand, and 80 units are whole.
UNITS = 80

Ints = NDArray[np.int64]


def read_instance(path: Path) -> tuple[Ints, Ints, Ints]:
    """Return cost of a unit x 80 [customers, sites], demand and capacity."""
    numbers = iter(path.read_text(encoding="utf-8").split())
    n_sites, n_customers = int(next(numbers)), int(next(numbers))
    capacity = np.zeros(n_sites, dtype=np.int64)
    for site in range(n_sites):
        capacity[site] = round(float(next(numbers)))
        next(numbers)
    demand = np.zeros(n_customers, dtype=np.int64)
    cost = np.zeros((n_customers, n_sites), dtype=np.int64)
    for customer in range(n_customers):
        demand[customer] = int(next(numbers))
        exact = [float(next(numbers)) / demand[customer] * UNITS for _ in range(n_sites)]
        cost[customer] = np.rint(exact)
        assert np.abs(np.array(exact) - cost[customer]).max() < 1e-6
    assert next(numbers, None) is None
    return cost, demand, capacity


def test_published_transport_optima(real_data: Path) -> None:
    folder = real_data / "orlib"
    with (folder / "transport_all_open.tsv").open(encoding="utf-8") as file:
        instances = list(csv.DictReader(file, delimiter="\t"))
    assert len(instances) >= 13
    for instance in instances:
        cost, demand, capacity = read_instance(folder / "cap" / f"{instance['instance']}.txt")
        assert (demand.sum(), capacity.sum()) == (int(instance["total_demand"]), int(instance["total_capacity"]))
        answer = transport(cost, demand, capacity)
        proof = certify(cost, demand, capacity, answer, label=("", "optimal", 0, instance["instance"]))
        assert proof.unplaced == 0
        # The published optimum is a whole number of eightieths: compared exactly.
        assert answer.cost == round(float(instance["primal_opt"]) * UNITS)
        assert abs(float(instance["primal_opt"]) * UNITS - answer.cost) < 1e-6
