"""Compiled kernels: vector instructions where they count, and nothing compiled twice."""

from __future__ import annotations

import re
import subprocess
import sys

import numba
import numpy as np
import pytest

from sufficiency.travel import engine
from sufficiency.travel.engine import sweep

# The instruction for the least of packed 32-bit numbers, by processor.
PACKED_LEAST = re.compile(r"\bv?pminsd\b.*[xyz]mm|\bsmin(\.4s)?\s+v\d+")
CHECK = """
from numba.core.dispatcher import Dispatcher
import sufficiency
from sufficiency.allocation import repair
from sufficiency.allocation.warm import warm as warm_allocation
from sufficiency.travel import rides, warm
from sufficiency.travel.engine import contract, sweep, trace
inputs = sufficiency.load()
sufficiency.travel_times(inputs.roads, inputs.speeds, inputs.origins, inputs.settings,
                         profile="school_morning", parameters=inputs.parameters)
warm.warm()
warm_allocation()
kernels = {f"{module.__name__}.{name}": one for module in (contract, repair, rides, sweep, trace)
           for name, one in vars(module).items() if isinstance(one, Dispatcher)}
missed = {name: list(one.stats.cache_misses) for name, one in kernels.items() if one.stats.cache_misses}
hit = [name for name, one in kernels.items() if one.stats.cache_hits]
print(len(hit), missed)
"""


def run(*command: str) -> str:
    found = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return found.stdout


def test_a_second_process_compiles_nothing() -> None:
    run("-m", "sufficiency", "warm")
    hits, missed = run("-c", CHECK).strip().split(" ", 1)
    assert missed == "{}"
    assert int(hits) >= 13


def _kernels() -> dict[str, tuple[object, ...]]:
    """The inner kernels, with arguments of the types that a county's network has."""
    node = np.arange(40)
    folded = engine.fold(40, node[:-1], node[1:], np.full(39, 5))
    stops = engine.Stops.at(node)
    ground = folded.ground(stops, toward_stops=True)
    desk = sweep._desk(40)
    table = np.zeros((64, 64), dtype=np.int32)
    climbing = (folded.up.first, folded.up.to, folded.up.weight)
    lanes = (stops.first, folded.place[stops.node], stops.weight.astype(np.int32))
    return {
        "_climb": (climbing, lanes, 0, 40, desk, table),
        "_descend": (ground.rows, desk, table, np.zeros((ground.rows[0].size, 64), dtype=np.int32)),
        "_gather": (ground.ends, table, 0, 40, np.zeros((40, 40), dtype=np.int32)),
    }


@pytest.mark.parametrize("name", ["_climb", "_descend", "_gather"])
def test_lanes_are_worked_side_by_side(name: str) -> None:
    """Losing this costs a factor of eight, and no other test would see it."""
    fresh = numba.njit(nogil=True, error_model="numpy")(getattr(sweep, name).py_func)
    fresh(*_kernels()[name])
    assembly = "\n".join(fresh.inspect_asm().values())
    assert PACKED_LEAST.search(assembly), f"{name} compares lanes one by one on this processor"
