"""Published optima: facility-location instances with every site open, and the school placements of spopt."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.solve import transport
from sufficiency.allocation.tiers import certify_tiers, solve_tiers

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


@pytest.fixture(scope="module")
def placements(real_data: Path) -> pd.DataFrame:
    """Return the minutes [students, schools] of pysal/spopt's placement case; NaN where no journey was found.

    Teaching students of University College London and the schools that may take them (Bearman, Wolf and Xu 2023). The
    case asks for ten open schools at most, which ten students cannot exceed, so that what it poses is an allocation.
    """
    folder = real_data / "oracles" / "spopt"
    journeys = pd.read_csv(folder / "example_subject_student_school_journeys.csv")
    schools = pd.read_csv(folder / "example_subject_schools.csv").set_index("SE2 PP: Code")
    students = pd.read_csv(folder / "example_subject_students.csv").set_index("ST: ID")
    assert not journeys.duplicated(["student", "school"]).any()
    table = journeys.pivot_table(index="student", columns="school", values="time")
    minutes = table.loc[students.index, schools.index]
    assert minutes.shape == (10, 74)
    assert int(minutes.isna().to_numpy().sum()) == 5
    minutes.attrs = {"schools": schools, "students": students}
    return minutes


def as_costs(minutes: pd.DataFrame) -> Ints:
    return minutes.fillna(-1).to_numpy().astype(np.int64)


def test_school_placements_within_the_places_of_each_school(placements: pd.DataFrame) -> None:
    """Published optimum 687 minutes; everyone at the nearest is 686, but two students have one and the same place."""
    cost, students = as_costs(placements), np.ones(10, dtype=np.int64)
    places = placements.attrs["schools"]["Count"].to_numpy()
    answer = transport(cost, students, places)
    proof = certify(cost, students, places, answer, label=("", "optimal", 0, "spopt"))
    assert (proof.placed, answer.cost) == (10, 687)
    assert transport(cost, students, np.full(74, 10)).cost == 686
    # A pair without a journey is 10,000 minutes in the published case and not permitted here: the same optimum.
    assert transport(np.where(cost < 0, 10_000, cost), students, places).cost == 687


def test_school_placements_that_fill_the_schools_of_the_first_priority(placements: pd.DataFrame) -> None:
    """Published optimum 872 minutes (mean 87.2): all 8 places of the 7 schools of priority 1 are filled first."""
    cost, students = as_costs(placements), np.ones(10, dtype=np.int64)
    schools = placements.attrs["schools"]
    places, first = schools["Count"].to_numpy(), (schools["priority"] == 1).to_numpy()
    tier = np.where(first, 1, 2)
    answer = solve_tiers(cost, students, places, tier)
    certify_tiers(answer, cost, students, places, tier, label=("", "optimal", 0, "spopt"))
    flow = answer.flow.flow.toarray()
    assert (flow[:, first].sum(axis=0) == places[first]).all()
    assert (int(flow.sum()), answer.cost) == (10, 872)
    # By `transport` alone: a surcharge on the other schools, greater than all journeys together.
    charge = 1 + 10 * int(cost.max())
    charged = transport(np.where(cost < 0, -1, cost + charge * ~first[None, :]), students, places)
    assert charged.cost - 2 * charge == 872


def test_the_published_school_placements_are_one_of_the_optima(placements: pd.DataFrame) -> None:
    """The placements that the authors publish, student by student, fill the same schools in the same time."""
    schools, students = placements.attrs["schools"], placements.attrs["students"]
    taken = students["allocation_school_id"]
    minutes = [placements.loc[student, school] for student, school in taken.items()]
    assert minutes == students["time_allocation"].tolist()
    assert sum(minutes) == 872
    used = taken.value_counts().reindex(schools.index, fill_value=0)
    assert (used <= schools["Count"]).all()
    assert (used == schools["Count"])[schools["priority"] == 1].all()
    # Held to exactly the places that they used, nobody can do better.
    answer = transport(as_costs(placements), np.ones(10, dtype=np.int64), used.to_numpy())
    assert (answer.cost, int(answer.unplaced.sum())) == (872, 0)
