"""An assessment in detail: the gap by any cut, homes by school, and equity by trait of the home zone. Internal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency import measures
from sufficiency.model.errors import ParameterError
from sufficiency.planning.gains import pupil_changes

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import Assessment

__all__ = ["changes_between", "concentration", "equity", "gap_by", "school_flows"]


def gap_by(assessment: Assessment, *by: str) -> pd.DataFrame:
    """Return the gap by some cuts, such as ``gap_by(assessment, "zone", "need")``; see `measures.gap_table`."""
    return measures.gap_table(assessment.scenario_id, assessment.outcomes, by)


def changes_between(before: Assessment, after: Assessment) -> pd.DataFrame:
    """Return what changes for every pupil from one assessment to another; see `pupil_changes`. Internal."""
    return pupil_changes(before.outcomes, after.outcomes)


def school_flows(assessment: Assessment, home: str = "district") -> pd.DataFrame:
    """Return headline pupils by area of home and school; see `measures.school_flows_table`."""
    return measures.school_flows_table(
        assessment.scenario_id, assessment.outcomes, assessment.inputs.provision, home=home
    )


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
