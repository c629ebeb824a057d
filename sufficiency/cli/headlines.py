"""What a run says on the screen when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.cli.screen import cell, print_columns
from sufficiency.model.vocabulary import INTERNAL, year_label

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs
    from sufficiency.run import Job

__all__ = ["print_headlines"]

_CONSERVED: Final = ("in", "placed", "unplaced", "excluded")


def print_headlines(job: Job, inputs: Inputs) -> None:
    """Print the headline year by district and scenario, where all pupils have gone, and which run it was."""
    from sufficiency.outputs.style import INTERNAL_MARK

    parameters = inputs.parameters
    table = job.released.tables["sufficiency_area"]
    trips = job.released.tables["journeys_area"][["scenario_id", "policy", "year", "area_id", "median_min"]]
    rows = table.merge(trips, on=["scenario_id", "policy", "year", "area_id"])
    rows = rows[
        (rows["year"] == parameters.headline_year) & (rows["policy"] == "optimal") & (rows["level"] != "cluster")
    ]
    mark = " - ILLUSTRATIVE" if parameters.illustrative else ""
    mark += f" - {INTERNAL_MARK.upper()}" if job.released.build == INTERNAL else ""
    print(f"\n{parameters.area_name}, {year_label(parameters.headline_year)}{mark}")
    print("Pupils who need a special-school or specialist-base place, best joint placement\n")
    head = ("", "scenario", "need", "local places", "without a local place", "share", "median min")
    lines = [head]
    order = {name: place for place, name in enumerate(job.assessments)}
    rows = rows.assign(place=rows["scenario_id"].map(order))
    for row in rows.sort_values(["level", "area_name", "place"], kind="stable").to_dict("records"):
        share = row["without_local_place_share"]
        lines.append(
            (row["area_name"], row["scenario_id"], cell(row["demand_pupils"]), cell(row["capacity_places"]),
             cell(row["without_local_place_pupils"]), cell(share, "{:.0%}"), cell(row["median_min"], "{:.0f}"))
        )  # fmt: skip
    print_columns(lines)
    conserved = job.released.tables["conservation"]
    now = conserved[(conserved["year"] == parameters.headline_year) & (conserved["policy"] == "optimal")]
    print("\nPupils in = placed + no modelled place + excluded, over every stream of the year's demand:")
    for row in now.to_dict("records"):
        told = [cell(row[name]) for name in _CONSERVED]
        print(f"  {row['scenario_id']}: {told[0]} = {' + '.join(told[1:])}")
    print("\nThe next run replaces these files: write into a copy of the board report.")
    if job.released.build == INTERNAL:
        print(f"Run {job.record.run_id}. Nothing is hidden: these files are not for publication.")
        return
    print(f"Run {job.record.run_id}. {job.released.rules}")
