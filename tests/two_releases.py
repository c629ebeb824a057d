"""Two releases of one made-up county, and a reader who lays them side by side: `tests.microdata`."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from sufficiency.disclosure import release
from sufficiency.disclosure.register import Register, entry_of
from tests import microdata
from tests import tiny_county as tiny

HIDE_UP_TO = 5


def draw(seed: int) -> microdata.County:
    """Return a county of three scenarios with many small counts of demand and few pupils without a place."""
    random = np.random.default_rng(seed)
    shape = (len(microdata.CLUSTERS), len(microdata.PHASES), len(microdata.NEEDS), len(microdata.TYPES))
    demand = random.choice([0, 0, 3, 12, 25], size=shape, p=[0.2, 0.1, 0.25, 0.2, 0.25])
    pupils = []
    for _ in range(3):
        without = random.choice([0.02, 0.3])
        pupils.append(random.multinomial(demand, np.array([1 - without, 0, 0, 0, 0, without, 0, 0])))
    return microdata.County(("do_nothing", "programme", "extra"), np.stack(pupils).astype(np.int64))


def run(county: microdata.County, scenarios, earlier=None):
    """Return the release of some of the county's scenarios."""
    chosen = [county.scenarios.index(name) for name in scenarios]
    part = microdata.County(tuple(scenarios), county.pupils[chosen])
    return release(microdata.tables(part), tiny.areas(), hide_up_to=HIDE_UP_TO, earlier=earlier)


def entry(released, run_id="a1", scenarios=()):
    """Return the register's entry of a release."""
    return entry_of(released, tiny.areas(), run_id=run_id, version="1", scenarios=scenarios)


def register(*entries) -> Register:
    """Return a register of entries."""
    return Register(tuple(entries))


def side_by_side(county: microdata.County, *runs) -> microdata.Figures:
    """Return the figures of several releases, each given with its scenarios, over the pupils of all scenarios."""
    wide, figures = [], []
    for scenarios, released in runs:
        chosen = [county.scenarios.index(name) for name in scenarios]
        found = microdata.figures(microdata.County(tuple(scenarios), county.pupils[chosen]), released)
        own = found.coefficients.toarray().reshape(-1, len(scenarios), *county.pupils.shape[1:])
        every = np.zeros((len(own), *county.pupils.shape))
        every[:, chosen] = own
        wide.append(every.reshape(len(own), -1))
        figures.append(found)

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(found, name) for found in figures])

    return microdata.Figures(
        csr_matrix(np.vstack(wide)), joined("hidden"), joined("shown_value"), joined("true_value"), joined("printed")
    )


def small_ranges(county: microdata.County, seen: microdata.Figures, most: int | None = None) -> np.ndarray:
    """Return the range, in whole pupils, of each small figure that the reader of all releases is left with."""
    wanted = np.flatnonzero((seen.true_value >= 1) & (seen.true_value <= HIDE_UP_TO))
    _, first = np.unique(seen.coefficients[wanted].toarray(), axis=0, return_index=True)
    bounds = microdata.bounds_of(county, seen, wanted[np.sort(first)][:most])
    return np.floor(bounds[:, 1] + 1e-6) - np.ceil(bounds[:, 0] - 1e-6)
