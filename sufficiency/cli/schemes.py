"""`sufficiency schemes`: what a programme changes against another scenario, and what each of its schemes adds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sufficiency.cli.scenario_files import SCENARIO_HELP
from sufficiency.cli.screen import Steps, print_columns
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import ALL, year_label

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.results import Assessment, Inputs

__all__ = ["add_options", "schemes"]

_BAND_NAMES: Final = {
    "gains_local_place": "gain a local place",
    "better_kind_of_place": "a better kind of place",
    "nearer_30_min_or_more": "30 minutes or more nearer",
    "nearer_15_to_30_min": "15 to 30 minutes nearer",
    "nearer_5_to_15_min": "5 to 15 minutes nearer",
    "nearer_1_to_5_min": "1 to 5 minutes nearer",
    "no_change": "no change",
    "further_1_to_5_min": "1 to 5 minutes further",
    "further_5_to_15_min": "5 to 15 minutes further",
    "further_15_to_30_min": "15 to 30 minutes further",
    "further_30_min_or_more": "30 minutes or more further",
    "worse_kind_of_place": "a worse kind of place",
    "loses_local_place": "lose a local place",
}
_POLICIES: Final = ("optimal", "rolling")
_SHOWN: Final = {
    "without_local_place_pupils": "without a local place",
    "placed_own_area_pupils": "placed in own district",
    "other_council_pupils": "other councils",
    "independent_pupils": "independent",
    "over_limit_pupils": "over 45 or 75 minutes",
    "mean_min": "mean minutes",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--scenario", default="programme", metavar="NAME", help=f"the programme: {SCENARIO_HELP} (default: programme)"
    )
    parser.add_argument("--against", default="committed", metavar="NAME",
                        help="the scenario that it is compared with (default: committed)")  # fmt: skip
    parser.add_argument("--orders", type=int, default=100, metavar="N",
                        help="orders drawn for the Shapley shares of many schemes (default 100)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write the tables whole into this folder")


def schemes(options: argparse.Namespace, inputs: Inputs) -> None:
    """Print the comparison, the ledger and the contributions.

    Raises
    ------
    SufficiencyError
        When a scenario is unknown or cannot be, or both are the same.
    """
    from sufficiency.outputs.export.opportunity import check_internal
    from sufficiency.planning import without_schemes
    from sufficiency.planning.contributions import contributions

    if options.out is not None:
        check_internal(options.out)
    if options.scenario == options.against:
        message = "a scenario is compared with another one: give --against another"
        raise ParameterError(message)
    steps = Steps()
    before, after = _assessed(options, inputs, steps)
    steps("Comparing pupil by pupil")
    tables = compared(before, after, inputs)
    steps("Taking schemes out, and adding them in every order")
    tables["contributions"] = contributions(
        without_schemes(inputs, options.scenario), inputs.parameters.headline_year,
        inputs.scenarios[options.scenario].scheme_ids,
        demand=after.demand, orders=options.orders,
    )  # fmt: skip
    steps.finish()
    _print(tables, inputs, options)
    if options.out is not None:
        print(f"\nWritten to {options.out}, internal, not for publication:")
        for path in _write(tables, options.out):
            print(f"  {path}")


def _assessed(options: argparse.Namespace, inputs: Inputs, steps: Steps) -> tuple[Assessment, Assessment]:
    from sufficiency.assess import assess, demand_of, network_of
    from sufficiency.planning import apply_scenario, same_demand, same_roads

    applied = [apply_scenario(inputs, name) for name in (options.against, options.scenario)]
    steps("Forecasting demand and making the roads ready")
    demand, network = demand_of(inputs), network_of(inputs)
    found = []
    for name, one in zip((options.against, options.scenario), applied, strict=True):
        steps(f"Assessing {inputs.scenarios[name].title}")
        found.append(
            assess(
                one,
                name,
                policies=_POLICIES,
                demand=demand if same_demand(inputs, one) else None,
                network=network if same_roads(inputs, one) else None,
            )
        )
    return found[0], found[1]


def compared(before: Assessment, after: Assessment, inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Return the tables of one scenario against another; those of pupils only where both have the same pupils."""
    import pandas as pd

    from sufficiency.planning import compare
    from sufficiency.planning.equality import equality_evidence
    from sufficiency.planning.gains import gains_table, pupil_changes, worst_loss
    from sufficiency.planning.ledger import journey_ledger

    names = {"scenario_id": after.scenario_id, "against_id": before.scenario_id}
    both = {one.scenario_id: one for one in (before, after)}
    outcomes = {name: one.outcomes for name, one in both.items()}
    table = compare(both, outcomes, before.scenario_id, detail=True).comparison
    tables = {"comparison": table}
    if table["better_off_pupils"].isna().all():
        return tables
    changes = pupil_changes(outcomes[before.scenario_id], outcomes[after.scenario_id])
    gains = [gains_table(changes, level=level, **names).assign(phase=ALL, need=ALL) for level in ("county", "district")]
    gains.append(gains_table(changes, by=["phase"], **names).assign(need=ALL))
    gains.append(
        gains_table(changes, by=["need_group"], **names).rename(columns={"need_group": "need"}).assign(phase=ALL)
    )
    tables["gains"] = pd.concat(gains, ignore_index=True)
    tables["ledger"] = journey_ledger(changes, inputs.parameters, policy="rolling", **names)
    tables["worst_loss"] = worst_loss(changes)
    groups = after.demand.set_index("group_id")
    tables["equality_evidence"] = equality_evidence(
        changes, inputs.zone_traits, groups["origin_id"], groups["sex"], names=names
    )
    return tables


def _print(tables: dict[str, pd.DataFrame], inputs: Inputs, options: argparse.Namespace) -> None:
    parameters = inputs.parameters
    mark = " - ILLUSTRATIVE" if parameters.illustrative else ""
    print(f"\n{parameters.area_name}: {options.scenario} against {options.against}{mark}")
    print("Internal: holds counts of a few pupils. Not for publication.")
    _print_comparison(tables["comparison"], inputs)
    if "gains" in tables:
        _print_gains(tables["gains"], inputs)
        _print_ledger(tables["ledger"])
    _print_contributions(tables["contributions"], inputs)


def _print_comparison(table: pd.DataFrame, inputs: Inputs) -> None:
    year, county = inputs.parameters.headline_year, inputs.parameters.county_id
    names = inputs.areas.set_index("area_id")["area_name"]
    rows = table[(table["policy"] == "optimal") & (table["phase"] == ALL) & (table["need"] == ALL)]
    values = {
        (row["area_id"], row["year"], row["measure"]): row
        for row in rows.to_dict("records")
        if row["measure"] in _SHOWN
    }
    districts = sorted(inputs.areas.loc[inputs.areas["level"] == "district", "area_id"])
    lines: list[tuple[str, ...]] = [("", "year", *_SHOWN.values())]
    cases = [(county, one) for one in sorted({key[1] for key in values}) if one > inputs.parameters.calibration_year]
    for area_id, one in [*cases, *((area_id, year) for area_id in districts)]:
        cells = [_pair(values.get((area_id, one, name)), name) for name in _SHOWN]
        lines.append((str(names[area_id]), year_label(int(one)), *cells))
    print("\nBest joint placement, before -> after:\n")
    print_columns(lines)


def _pair(row: Any, name: str) -> str:  # noqa: ANN401 - a record of the table, or none
    if row is None or row["before"] != row["before"] or row["after"] != row["after"]:
        return "-"
    form = "{:.1f}" if name.endswith("_min") else "{:,.0f}"
    return f"{form.format(row['before'])} -> {form.format(row['after'])}"


def _print_gains(gains: pd.DataFrame, inputs: Inputs) -> None:
    year, county = inputs.parameters.headline_year, inputs.parameters.county_id
    rows = gains[(gains["year"] == year) & (gains["area_id"] == county) & (gains["phase"] == ALL)]
    rows = rows[rows["need"] == ALL]
    counts = {(row["policy"], row["band"]): int(row["pupils"]) for row in rows.to_dict("records")}
    lines: list[tuple[str, ...]] = [("", "", *_POLICIES)]
    lines += [
        (words, "", *(f"{counts[policy, band]:,}" for policy in _POLICIES)) for band, words in _BAND_NAMES.items()
    ]
    print(f"\nWho gains and who loses, {year_label(year)}, pupils (rolling: those who hold a place keep it):\n")
    print_columns(lines)


def _print_ledger(ledger: pd.DataFrame) -> None:
    lines: list[tuple[str, ...]] = [
        (
            "year",
            "",
            "change, hours a day",
            "travel in both",
            "now travel",
            "no longer travel",
            "since the start, hours",
        )
    ]
    for row in ledger.to_dict("records"):
        parts = [
            f"{row[name] / 60:+,.1f}"
            for name in (
                "change_min_per_day", "both_travel_min_per_day", "now_travel_min_per_day", "no_longer_min_per_day",
            )
        ]  # fmt: skip
        lines.append((year_label(int(row["year"])), "", *parts, f"{row['since_start_hours']:+,.0f}"))
    print("\nJourney ledger under rolling (present pupils stay put), all day pupils together, there and back:\n")
    print_columns(lines)


def _print_contributions(table: pd.DataFrame, inputs: Inputs) -> None:
    if table.empty:
        print("\nThe scenario has no special-school or specialist-base scheme.")
        return
    names = inputs.schemes.set_index("scheme_id")["scheme_name"]
    exact = bool(table["exact"].all())
    lines: list[tuple[str, ...]] = [
        ("scheme", "", "local places: alone", "Shapley share", "placed: alone", "share", "hours a day: alone", "share")
    ]
    for row in table.sort_values(["share_local_pupils", "scheme_id"], ascending=[False, True]).to_dict("records"):
        figures = (
            f"{row['left_out_local_pupils']:+,.0f}",
            f"{row['share_local_pupils']:+,.1f}",
            f"{row['left_out_placed_pupils']:+,.0f}",
            f"{row['share_placed_pupils']:+,.1f}",
            f"{row['left_out_travel_min_per_day'] / 60:+,.1f}",
            f"{row['share_travel_min_per_day'] / 60:+,.1f}",
        )
        lines += [(str(names[row["scheme_id"]]), "", *figures)]
    year = year_label(int(table["year"].iloc[0]))
    print(f"\nWhat each scheme adds in {year}: left out alone, and its share over every order of adding them:\n")
    print_columns(lines)
    error = float(table["error_local_pupils"].max())
    how = "over every order" if exact else f"over orders drawn; standard error at most {error:.1f} pupils"
    print(f"  Shares add up to the whole programme, {how}.")


def _write(tables: dict[str, pd.DataFrame], folder: Path) -> list[Path]:
    from sufficiency.outputs.stable import write_bytes

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables.items():
        path = folder / f"internal-{name.replace('_', '-')}.csv"
        write_bytes(path, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        written.append(path)
    return written
