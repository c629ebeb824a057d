"""Checks of present placements. Their rows are children: no id, place or count of theirs is ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.checks.faults import issue, refused, unreadable
from sufficiency.model.placements import sought_by
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_NCY, HEADLINE_TYPES, MATCHED_TYPES, year_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.issues import Issue
    from sufficiency.model.results import Inputs

TABLE: Final = "placements"
# a list may differ from a published total by this share without being called incomplete
FEW_SHARE: Final = 0.02


def placed_somewhere(inputs: Inputs) -> Iterator[Issue]:
    """Every pupil has a known provision that is open, or says which place is sought."""
    frame = inputs.placements
    if frame is None or "provision_id" not in frame or unreadable(inputs, "provision") or inputs.provision.empty:
        return
    given = frame["provision_id"].fillna("").astype(str)
    sought = sought_by(frame, inputs.provision)
    known = set(inputs.provision["provision_id"]) | refused(inputs, "provision")
    matched = set(inputs.provision.loc[inputs.provision["provision_type"].isin(MATCHED_TYPES), "provision_id"])
    opened = set(zip(inputs.places["provision_id"], inputs.places["year"], strict=True))
    shut = [where in matched and (where, year) not in opened for where, year in zip(given, frame["year"], strict=True)]
    faults = [
        (
            (given != "") & ~given.isin(list(known)),
            "unknown_reference",
            "the provision is not in schools/provision.csv",
            "add it to schools/provision.csv, or correct the id",
        ),
        (
            (given == "") & (sought == ""),
            "pupil_without_place_sought",
            "the pupil has no provision, and the place sought is not stated",
            "give a provision_id, or a place_sought",
        ),
        (
            pd.Series(shut, index=frame.index, dtype=bool)
            & (not unreadable(inputs, "places") and not inputs.places.empty),
            "placed_where_closed",
            "the provision has no row of places in the year of the placement",
            "add the row to schools/places.csv, or correct the id or year",
        ),
    ]
    for wrong, check, message, fix in faults:
        for row in frame.index[wrong]:
            shown = "text" if given[row] else ""
            yield issue(TABLE, row, "", "provision_id", shown, check=check, message=message, fix=fix)


def placed_within_the_rules(inputs: Inputs) -> Iterator[Issue]:
    """Say that a provision takes other needs or year groups than it states, without saying how many."""
    frame = inputs.placements
    if frame is None or not {"provision_id", "need", "ncy"} <= set(frame.columns):
        return
    matched = inputs.provision[inputs.provision["provision_type"].isin(MATCHED_TYPES)]
    rows = frame[["provision_id", "need", "ncy"]].merge(
        matched[["provision_id", "needs", "ncy_from", "ncy_to"]], on="provision_id"
    )
    admits = [
        need in {code.strip() for code in str(needs).split(";")}
        for need, needs in zip(rows["need"], rows["needs"], strict=True)
    ]
    for column, holds in (
        ("needs", pd.Series(admits, index=rows.index, dtype=bool)),
        ("ncy_from", rows["ncy"].between(rows["ncy_from"], rows["ncy_to"])),
    ):
        for provision_id in sorted(set(rows.loc[~holds, "provision_id"])):
            what = "needs" if column == "needs" else "year groups"
            yield issue(
                "provision",
                None,
                str(provision_id),
                column,
                "",
                check="placed_outside_the_rules",
                message=f"pupils are placed at {provision_id} whose {what} it does not state",
                fix=f"state the {what} that it really takes, or leave it: nobody else like them is placed there",
                severity="warning",
            )


def placed_in_the_calibration_year(inputs: Inputs) -> Iterator[Issue]:
    """Say that rows of other years are not used, and that the year's are fewer or more than the controls say."""
    frame = inputs.placements
    if frame is None or not {"year", "provision_id", "ncy"} <= set(frame.columns):
        return
    year = inputs.parameters.calibration_year
    label = year_label(year)
    here = frame[frame["year"] == year]
    if len(here) < len(frame):
        yield issue(
            TABLE, None, "", "year", "",
            check="placements_of_another_year",
            message=f"rows of other years than {label}, the calibration year, are not used",
            fix="leave them out, or set the calibration year",
            severity="warning",
        )  # fmt: skip
    seeks = sought_by(here, inputs.provision)
    headline = int((seeks.isin(HEADLINE_TYPES) & here["ncy"].between(*HEADLINE_NCY)).sum())
    controls = inputs.controls
    if "stream" not in controls or inputs.demand is not None:
        return
    said = controls.loc[(controls["stream"] == HEADLINE) & (controls["year"] == year), "pupils"].sum()
    if said and abs(headline - said) > FEW_SHARE * said:
        more = "more" if headline > said else "fewer"
        yield issue(
            TABLE, None, "", "", "",
            check="placements_and_controls",
            message=f"the placements of {label} hold {abs(headline - said) / said:.0%} {more} pupils of the headline "
            "stream than demand/controls.csv: the demand of that year is counted from them",
            fix="complete the list, or correct the total",
            severity="warning",
        )  # fmt: skip
