"""Checks of present placements. Their rows are children: no id, place or count of theirs is ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.checks.faults import issue, refused, unreadable
from sufficiency.model.vocabulary import MATCHED_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.issues import Issue
    from sufficiency.model.results import Inputs

TABLE: Final = "placements"


def placed_somewhere(inputs: Inputs) -> Iterator[Issue]:
    """Every pupil has a known provision that is open, or says which place is sought."""
    frame = inputs.placements
    if frame is None or "provision_id" not in frame or unreadable(inputs, "provision") or inputs.provision.empty:
        return
    given = frame["provision_id"].fillna("").astype(str)
    sought = frame.get("place_sought", pd.Series("", index=frame.index)).fillna("").astype(str)
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
                message=f"pupils are placed there whose {what} it does not state",
                fix=f"state the {what} that it really takes, or leave it: nobody else like them is placed there",
                severity="warning",
            )
