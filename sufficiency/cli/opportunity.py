"""`sufficiency opportunity`: where the first new place would do most, and what it is worth there. Internal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sufficiency.cli.screen import Steps, print_columns
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import ALL, HEADLINE_TYPES, NEED_GROUPS, NEEDS, PHASES, year_label

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.results import Inputs
    from sufficiency.planning.opportunity import Surface

__all__ = ["add_options", "opportunity"]

MOST_SHOWN: Final = 10
DO_NOTHING: Final = "do_nothing"
INTERNAL: Final = Path("internal")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--type", dest="provision_type", choices=HEADLINE_TYPES, default=HEADLINE_TYPES[0],
                        help=f"what would open (default {HEADLINE_TYPES[0]})")  # fmt: skip
    parser.add_argument("--year", type=int, metavar="YEAR",
                        help="September of the academic year (default: the headline year)")  # fmt: skip
    parser.add_argument("--scenario", default=DO_NOTHING, metavar="NAME",
                        help=f"scenario whose places are there already (default {DO_NOTHING})")  # fmt: skip
    parser.add_argument("--need", action="append", default=[], metavar="CODE",
                        help="a need or broad area of need whose pupils alone may use the place; may be repeated "
                        "(default: any, each broad area and each need)")  # fmt: skip
    parser.add_argument("--phase", action="append", default=[], choices=(ALL, *PHASES),
                        help="likewise a phase (default: any, and each)")  # fmt: skip
    parser.add_argument("--residential", action="store_true", help="residential places, for those who seek one")
    parser.add_argument("--out", type=Path, default=INTERNAL, metavar="DIR",
                        help=f"folder for the files, none that is shared from (default {INTERNAL})")  # fmt: skip


def opportunity(options: argparse.Namespace, inputs: Inputs) -> None:
    """Work out the surface, write it, and print the best of it.

    Raises
    ------
    ParameterError
        When an option is unknown, or the folder is one that is shared from.
    """
    from sufficiency.outputs.export.opportunity import check_internal, write_opportunity
    from sufficiency.planning import apply_scenario, open_year
    from sufficiency.planning.opportunity import opportunity_surface
    from sufficiency.planning.opportunity_sites import best_by_area, next_places, rank_settings

    check_internal(options.out)
    if options.scenario != DO_NOTHING and options.scenario not in inputs.scenarios:
        names = ", ".join(sorted({DO_NOTHING, *inputs.scenarios}))
        message = f"--scenario {options.scenario} is not one of the area's: {names}"
        raise ParameterError(message)
    steps = Steps()
    year = inputs.parameters.headline_year if options.year is None else options.year
    steps(f"Placing the pupils of {year_label(year)}")
    changed = apply_scenario(inputs, options.scenario) if options.scenario in inputs.scenarios else inputs
    opened = open_year(changed, year, scenario_id=options.scenario)
    steps("Valuing the first new place at every junction")
    surface = opportunity_surface(
        opened,
        provision_type=options.provision_type,
        needs=options.need or [ALL, *NEED_GROUPS, *NEEDS],
        phases=options.phase or None,
        attendance="residential" if options.residential else "day",
    )
    areas, settings = best_by_area(surface), rank_settings(surface)
    steps("Valuing the first 30 places at the best junction of each district")
    first = surface.kinds[0]
    best = areas[(areas["need"] == first[0]) & (areas["phase"] == first[1]) & (areas["level"] == "district")]
    growth = next_places(surface, best["node_id"].tolist(), need=first[0], phase=first[1])
    steps("Writing")
    written = write_opportunity(surface, areas, settings, growth, options.out)
    steps.finish()
    _print(surface, best, settings, growth)
    print("\nWritten, for internal use only:")
    for path in written:
        print(f"  {path}")


def _print(surface: Surface, best: pd.DataFrame, settings: pd.DataFrame, growth: pd.DataFrame) -> None:
    from sufficiency.outputs.maps.opportunity import WATERMARK, junction_names, kind_words

    inputs, kind, names = surface.opened.inputs, surface.kinds[0], junction_names(surface)
    mark = " - ILLUSTRATIVE" if inputs.parameters.illustrative else ""
    print(f"\n{WATERMARK.upper()}: each value comes from the home of one group of pupils{mark}")
    print(
        f"{inputs.parameters.area_name}: the first new place for {kind_words(*kind)}; travel of all pupils, one way\n"
    )
    lines: list[tuple[str, ...]] = [("district", "best junction", "easting northing", "does", "travel min")]
    for row in best.to_dict("records"):
        position = f"{row['easting_m']:.0f} {row['northing_m']:.0f}"
        lines.append((str(row["area_name"]), names[str(row["node_id"])], position, *_does(row)))
    print_columns(lines)
    print(f"\nExisting settings, the best {MOST_SHOWN}{mark}\n")
    of_kind = settings[(settings["need"] == kind[0]) & (settings["phase"] == kind[1]) & settings["joined"]]
    lines = [("setting", "there now", "does", "travel min")]
    for row in of_kind.head(MOST_SHOWN).to_dict("records"):
        lines.append((str(row["setting_name"]), str(row["provision_types"]).replace("_", " "), *_does(row)))
    print_columns(lines)
    print(f"\nMore than one place at the best junctions{mark}\n")
    lines = [("junction", "places", "more placed", "more local", "travel min")]
    for row in growth.to_dict("records"):
        told = (f"{row[name]:,.0f}" for name in ("places", "more_placed_pupils", "more_local_pupils"))
        lines.append((names[str(row["node_id"])], *told, _minutes(row["travel_change_min"])))
    print_columns(lines)


def _does(row: dict[Any, Any]) -> tuple[str, str]:
    from sufficiency.outputs.maps.opportunity import short_words

    return short_words(row), _minutes(row["travel_change_min"])


def _minutes(minutes: float) -> str:
    whole = round(float(minutes))
    return f"{whole:+,d}" if whole else "0"
