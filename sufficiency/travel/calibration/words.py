"""A calibration in words, and its speed table as a file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from sufficiency.model.tables import TABLES
from sufficiency.travel.calibration.calibrate import BAND_JOURNEYS
from sufficiency.travel.calibration.fitting import LEAST_FACTOR, MOST_FACTOR

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.travel.calibration.calibrate import Calibration, Group
    from sufficiency.travel.calibration.fitting import Errors

_MEASURES: Final = (
    ("mean error", "mean_absolute_share", "{:.1%}"),
    ("median error", "median_absolute_share", "{:.1%}"),
    ("bias (minus: model too fast)", "bias_share", "{:+.1%}"),
    ("journeys within 20 %", "within_share", "{:.0%}"),
)
_BANDS_KEPT: Final = "--bands makes that the low and high band"
_BANDS_NEW: Final = "the fitted table has that as its low and high band"
_ALL_FACTORS_SAME: Final = 0.005


def lines(calibration: Calibration) -> list[str]:
    """Return what a calibration found, for the screen: errors before and after, then the factors.

    Nothing of a single journey is in it.
    """
    many = calibration.journeys
    text = [f"Speeds of {calibration.profile} fitted to {many:,} journeys", ""]
    text += _error_lines(calibration)
    text += ["", "Factor of time by group of roads (above 1: slower than the table)", ""]
    text += _factor_lines(calibration.groups)
    at_bound = [group.name for group in calibration.groups if _at_bound(group)]
    if at_bound:
        bounds = f"At a bound ({LEAST_FACTOR:g} to {MOST_FACTOR:g}): {', '.join(at_bound)}."
        text += ["", f"{bounds} Look for missing or wrong roads there before you trust it."]
    if calibration.low_share is not None and calibration.high_share is not None:
        spread = f"{calibration.low_share:g} to {calibration.high_share:g} times the modelled time"
        bands = _BANDS_NEW if calibration.new_bands else _BANDS_KEPT
        text += ["", f"Eight of ten journeys took {spread}; {bands}."]
    else:
        text += ["", f"Fewer than {BAND_JOURNEYS} rows are too few for a spread: the low and high band stay."]
    text += ["", _verdict(calibration)]
    return text


def _error_lines(calibration: Calibration) -> list[str]:
    columns: list[tuple[str, Errors]] = [("before", calibration.before), ("after", calibration.after)]
    if calibration.left_out_after is not None:
        columns.append(("after, on journeys left out", calibration.left_out_after))
    heads = [head for head, _ in columns]
    body = [f"  {'':28}  " + "  ".join(head.rjust(max(8, len(head))) for head in heads)]
    for name, field, form in _MEASURES:
        cells = [form.format(getattr(errors, field)).rjust(max(8, len(head))) for head, errors in columns]
        body.append(f"  {name:28}  " + "  ".join(cells))
    return body


def _factor_lines(groups: tuple[Group, ...]) -> list[str]:
    """Return a line for each factor, with the groups that share it."""
    shares = dict.fromkeys((group.fitted_with for group in groups), 0.0)
    for group in groups:
        shares[group.fitted_with] += group.minutes_share
    factors = {group.fitted_with: group.factor for group in groups}
    together = " (together: the journeys cannot tell them apart)"
    return [
        f"  {factors[names]:5.2f}  {share:4.0%} of the minutes  {', '.join(names)}{together if len(names) > 1 else ''}"
        for names, share in shares.items()
    ]


def _at_bound(group: Group) -> bool:
    return min(group.factor - LEAST_FACTOR, MOST_FACTOR - group.factor) < _ALL_FACTORS_SAME


def _verdict(calibration: Calibration) -> str:
    before, out = calibration.before.mean_absolute_share, calibration.left_out_after
    if calibration.rounds == 0:
        return "No factors lower the error of these journeys: keep the table."
    if out is None:
        return "All journeys start and end in one place, so the table cannot be tried on others: do not rely on it."
    if out.mean_absolute_share >= before:
        return "On journeys left out of the fit the error does not fall: keep the old table, or give more journeys."
    return (
        f"On journeys left out of the fit (one part in {calibration.folds} at a time) the mean error falls from "
        f"{before:.1%} to {out.mean_absolute_share:.1%}."
    )


def speeds_text(speeds: pd.DataFrame) -> str:
    """Return the table `speeds` as the text of its CSV file."""
    names = [name for name in TABLES["speeds"].names if name in speeds.columns]
    target = io.StringIO()
    pen = csv.writer(target, lineterminator="\n")
    pen.writerow(names)
    for row in speeds.loc[:, names].itertuples(index=False):
        pen.writerow([_cell(value) for value in row])
    return target.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or str(value) in {"True", "False"}:
        return "true" if value else "false"
    return f"{float(str(value)):g}"
