"""Equity of an assessment: journeys and missing places by deprivation and rurality of the home zone. Internal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency import measures
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import Assessment

__all__ = ["concentration", "equity"]


def equity(assessment: Assessment) -> pd.DataFrame:
    """Return pupils, those without a local place and journeys by trait of the home zone; see `measures.equity_table`.

    Raises
    ------
    ParameterError
        When the area has no table `zone_traits`.
    """
    limits = measures.journey_limits_min(assessment.inputs.parameters)
    return measures.equity_table(assessment.scenario_id, assessment.outcomes, _traits(assessment), limits)


def concentration(assessment: Assessment) -> pd.DataFrame:
    """Return the concentration indices by deprivation of the home zone; see `measures.concentration_table`.

    Raises
    ------
    ParameterError
        When the area has no table `zone_traits`.
    """
    return measures.concentration_table(assessment.scenario_id, assessment.outcomes, _traits(assessment))


def _traits(assessment: Assessment) -> pd.DataFrame:
    if assessment.inputs.zone_traits is None:
        message = "the area does not say what kind of place its zones are: put it in boundaries/zone_traits.csv"
        raise ParameterError(message)
    return assessment.inputs.zone_traits
