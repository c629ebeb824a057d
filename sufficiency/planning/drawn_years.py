"""Futures as tables of demand: pupils of some years drawn from the ranges of the forecast, each with a home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.demand import Drivers, counts_to_locate
from sufficiency.demand.location import locate
from sufficiency.measures import headline_groups
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.planning.futures import draw_counts
from sufficiency.planning.zone_weights import draw_zone_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["SEED", "drawn_years"]

SEED: Final = 20_260_617


def drawn_years(inputs: Inputs, years: Sequence[int], *, draws: int, seed: int = SEED) -> Iterator[pd.DataFrame]:
    """Yield tables `demand` drawn from the ranges of the area's assumptions, headline pupils of some years.

    Parameters
    ----------
    inputs
        Checked inputs of a scenario.
    years
        Academic years.
    draws, seed
        Number of draws, and the seed of their generator: the same question has the same answer.

    Raises
    ------
    ParameterError
        When there is no draw.
    DataError
        When the area gives its own demand by home.
    """
    if draws < 1:
        message = f"{draws} draws show nothing: give a number from 1"
        raise ParameterError(message)
    if inputs.demand is not None:
        message = "this area gives its own demand by home, so that no draw can say where other pupils would live"
        raise DataError(message)
    rng = np.random.default_rng(seed)
    drivers, parameters = Drivers.of(inputs), inputs.parameters
    counts = counts_to_locate(inputs.population, inputs.rates, inputs.controls, parameters, drivers)
    asked = headline_groups(counts) & counts["year"].isin(list(years))
    drawn = draw_counts(inputs, counts[asked].reset_index(drop=True), draws=draws, rng=rng)
    weights = [draw_zone_weights(inputs, rng) for _ in range(draws)]
    for one, weight in zip(drawn, weights, strict=True):
        yield locate(
            one, inputs.population, parameters.calibration_year, clusters=inputs.clusters, zone_weight=weight,
            drivers=drivers, parameters=parameters,
        )  # fmt: skip
