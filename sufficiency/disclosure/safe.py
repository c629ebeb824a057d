"""The release that is audited before anybody sees it; where means would tell too much, they are printed coarser."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.known import known_cells
from sufficiency.disclosure.occupancy import OCCUPANCY
from sufficiency.disclosure.register import require_same_rule
from sufficiency.disclosure.release import release
from sufficiency.disclosure.release_audit import audit_release, require_safe, truly_small
from sufficiency.disclosure.rounding import rounded, rules_text
from sufficiency.model.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sufficiency.disclosure.register import Register
    from sufficiency.disclosure.release_audit import AuditReport
    from sufficiency.model.results import Released

__all__ = ["coarser", "safe_release"]

_MEANS: Final = ("mean_min", "ridden_mean_min")
_TABLES: Final = ("journeys_area", "journeys_district_phase")
# means of areas below the county: as released, in whole minutes, or hidden
STEPS: Final = ("as_released", "whole_minutes", "hidden")


def safe_release(
    tables: Mapping[str, pd.DataFrame],
    areas: pd.DataFrame,
    *,
    hide_up_to: int,
    earlier: Register | None = None,
    round_counts_to: int = 0,
    dearest: Mapping[str, float] | None = None,
) -> tuple[Released, AuditReport]:
    """Return the public tables of a run, and the audit that finds no small count in them.

    In a small county the means of its areas beside its own tell how many pupils each mean stands for. Then the means
    below the county are printed in whole minutes, and where that tells too much still, they are hidden. Where an area
    has so few schools that the use of its places by district and type gives something away, that table is left out.

    Parameters
    ----------
    tables, areas, hide_up_to
        As for `release`.
    earlier
        As for `release`; its rule must allow this one, see `register.require_same_rule`.
    round_counts_to
        Counts are rounded to this after the audit, which reads the exact ones: who sees rounded counts knows less.
    dearest
        The dearest price of a pupil in each purse, for rounding.

    Raises
    ------
    SufficiencyError
        When a small count could be recovered all the same; the message names tables and no figure.
    """
    if earlier is not None:
        require_same_rule(earlier, hide_up_to=hide_up_to, round_counts_to=round_counts_to)
    without = {name: table for name, table in tables.items() if name != OCCUPANCY}
    try:
        released, report = _safest(tables, areas, hide_up_to, earlier)
    except InfeasibleError:
        if OCCUPANCY not in tables:
            raise
        released, report = _safest(without, areas, hide_up_to, earlier)
    else:
        if len(report.recoverable) and OCCUPANCY in tables:
            released, report = _safest(without, areas, hide_up_to, earlier)
    require_safe(report)
    released = rounded(
        released, hide_up_to=hide_up_to, round_counts_to=round_counts_to, money=tables.get("money"), dearest=dearest
    )
    return dataclasses.replace(released, rules=rules_text(hide_up_to, round_counts_to)), report


def _safest(
    tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, hide_up_to: int, earlier: Register | None
) -> tuple[Released, AuditReport]:
    """Return the first of `STEPS` from which nothing can be recovered, or else the last, with its audit."""
    first = release(tables, areas, hide_up_to=hide_up_to, earlier=earlier)
    known = None if earlier is None else known_cells(earlier)
    for step in STEPS:
        released = coarser(first, step)
        report = audit_release(released, areas, hide_up_to=hide_up_to, known=known)
        if len(report.recoverable):
            report = truly_small(report, release(tables, areas, hide_up_to=0))
        used = report.recoverable["table"] == OCCUPANCY
        if not len(used) or bool(used.all()):
            # no coarser minutes mend what the use of places tells
            break
    return released, report


def coarser(released: Released, step: str) -> Released:
    """Return the release with the means of areas below the county printed in one of `STEPS`."""
    if step == STEPS[0]:
        return released
    tables, hidden = dict(released.tables), dict(released.hidden)
    for name in (one for one in _TABLES if one in tables):
        frame, veil = tables[name].copy(), hidden[name].copy()
        below = frame["level"] != "county"
        for column in (one for one in _MEANS if one in frame.columns):
            if step == STEPS[1]:
                frame[column] = frame[column].where(~below, frame[column].round())
            else:
                veil[column] |= below & frame[column].notna()
                frame[column] = frame[column].mask(below)
        tables[name], hidden[name] = frame, veil
    if "comparison_area" in tables:
        _coarser_changes(tables, hidden, step)
    return dataclasses.replace(released, tables=tables, hidden=hidden)


def _coarser_changes(tables: dict[str, pd.DataFrame], hidden: dict[str, pd.DataFrame], step: str) -> None:
    frame, veil = tables["comparison_area"].copy(), hidden["comparison_area"].copy()
    below = (frame["level"] != "county") & frame["measure"].isin(_MEANS)
    sides = ["before", "after"]
    if step == STEPS[1]:
        frame.loc[below, sides] = frame.loc[below, sides].round()
        frame.loc[below, "change"] = frame.loc[below, "after"] - frame.loc[below, "before"]
    else:
        for column in (*sides, "change"):
            veil[column] |= below & frame[column].notna()
            frame[column] = frame[column].mask(below)
    tables["comparison_area"], hidden["comparison_area"] = frame, veil
