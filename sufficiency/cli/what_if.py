"""`sufficiency whatif`: what would change if places opened at a point, a postcode or a school."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.cli.screen import Steps, print_columns
from sufficiency.disclosure.told import told_counts
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.vocabulary import (
    HEADLINE_TYPES,
    NEED_GROUP_NAMES,
    NEEDS,
    PHASE_NCY,
    PROVISION_TYPE_NAMES,
    year_label,
)

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.results import Inputs
    from sufficiency.planning.what_if import Answer, Proposal

__all__ = ["add_options", "whatif"]

_PHASES: Final = ("primary", "secondary", "post_16")
_PAIR: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")
POSTCODES: Final = "boundaries/postcodes.csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--at", required=True, metavar="PLACE",
                        help="EASTING,NORTHING in metres, a postcode, or the id (URN) of a setting")  # fmt: skip
    parser.add_argument("--type", required=True, choices=HEADLINE_TYPES, help="what opens")
    parser.add_argument("--needs", default="", metavar="ASD,SLCN",
                        help="primary needs that it admits (default: every need)")  # fmt: skip
    parser.add_argument("--phase", choices=(*_PHASES, "all"), default="all", help="year groups that it takes")
    parser.add_argument(
        "--years", metavar="7-11", help="year groups that it takes, in place of a phase (0 = Reception)"
    )
    parser.add_argument("--places", required=True, type=int, metavar="N", help="places, all open from the first year")
    parser.add_argument("--year", required=True, type=int, metavar="2027", help="the September when it opens")
    parser.add_argument("--against", default="", metavar="SCENARIO",
                        help="the scenario that it is laid over (default: committed, else do_nothing)")  # fmt: skip
    parser.add_argument("--postcodes", type=Path, metavar="FILE",
                        help=f"directory of postcodes (ONSPD, NSPL, Code-Point; default: {POSTCODES})")  # fmt: skip
    parser.add_argument("--internal", action="store_true", help="show counts of a few pupils too; not for publication")


def whatif(options: argparse.Namespace, inputs: Inputs) -> None:
    """Print what the proposal changes, year by year, and who gains and loses in the headline year.

    Raises
    ------
    SufficiencyError
        When the proposal cannot be, or its place is not known.
    """
    from sufficiency.assess import demand_of, network_of
    from sufficiency.planning import apply_scenario
    from sufficiency.planning.gains import pupil_changes
    from sufficiency.planning.ledger import journey_ledger
    from sufficiency.planning.one_year import outcomes_of_year
    from sufficiency.planning.what_if import ready_to_ask, with_proposal
    from sufficiency.planning.what_if import whatif as ask

    against = options.against or ("committed" if "committed" in inputs.scenarios else "do_nothing")
    proposal, place = _proposal(options, inputs)
    steps = Steps()
    steps("Forecasting demand and making the roads ready")
    before = apply_scenario(inputs, against)
    demand, network = demand_of(before), network_of(before)
    years = [year for year in inputs.parameters.years if year >= proposal.year] or [proposal.year]
    answers = []
    for year in years:
        steps(f"Asking {year_label(year)}")
        ready = ready_to_ask(before, year, scenario_id=against, demand=demand, network=network)
        answers.append(ask(ready, proposal))
    headline = max(inputs.parameters.headline_year, proposal.year)
    steps(f"Placing all pupils of {year_label(headline)} with it and without it")
    after = apply_scenario(with_proposal(inputs, proposal, based_on=against), "what_if")
    rows = [
        outcomes_of_year(one, headline, name, demand=demand, network=network)
        for one, name in ((before, against), (after, "what_if"))
    ]
    steps.finish()
    _print_answers(answers, inputs, place=place, against=against)
    hide_up_to = 0 if options.internal else inputs.parameters.hide_up_to
    changes = pupil_changes(*rows)
    _print_people(changes, inputs, year=headline, hide_up_to=hide_up_to)
    _print_travel(journey_ledger(changes, inputs.parameters, scenario_id="what_if", against_id=against,
                                 policy="optimal"))  # fmt: skip
    if options.internal:
        print("\nInternal: holds counts of a few pupils. Not for publication.")


def _proposal(options: argparse.Namespace, inputs: Inputs) -> tuple[Proposal, str]:
    from sufficiency.planning.what_if import Proposal

    easting_m, northing_m, place = resolve(options.at, inputs, options.area, options.postcodes)
    first, last = _year_groups(options)
    asked = [one.strip().upper() for one in options.needs.replace(";", ",").split(",") if one.strip()]
    needs = tuple(dict.fromkeys(asked)) or NEEDS
    kind = PROVISION_TYPE_NAMES[options.type].lower()
    proposal = Proposal(
        easting_m=easting_m,
        northing_m=northing_m,
        provision_type=options.type,
        needs=needs,
        ncy_from=first,
        ncy_to=last,
        places=options.places,
        year=options.year,
        name=f"A {kind} of {options.places} places at {place}",
    )
    return proposal, place


def _year_groups(options: argparse.Namespace) -> tuple[int, int]:
    if options.years:
        found = re.fullmatch(r"\s*(\d{1,2})\s*(?:-|to)\s*(\d{1,2})\s*", options.years)
        if not found:
            message = f"--years is {options.years!r}: give first and last, such as 7-11"
            raise ParameterError(message)
        return int(found[1]), int(found[2])
    phases = _PHASES if options.phase == "all" else (options.phase,)
    return min(PHASE_NCY[one][0] for one in phases), max(PHASE_NCY[one][1] for one in phases)


def resolve(text: str, inputs: Inputs, area: Path | None, postcodes: Path | None) -> tuple[float, float, str]:
    """Return easting, northing and a name of a place: a pair of metres, a setting of the area, or a postcode.

    Raises
    ------
    ParameterError
        When the text is none of these, or the postcode is unknown, or there is no directory of postcodes.
    """
    from sufficiency.sources.public.postcodes import normal_postcode

    pair = _PAIR.fullmatch(text)
    if pair:
        return float(pair[1]), float(pair[2]), f"{float(pair[1]):.0f}, {float(pair[2]):.0f}"
    found = inputs.settings[inputs.settings["setting_id"] == text.strip()]
    if len(found):
        row = found.iloc[0]
        return float(row["easting_m"]), float(row["northing_m"]), str(row["setting_name"])
    postcode = normal_postcode(text)
    if not postcode:
        message = f"{text!r} is neither EASTING,NORTHING in metres, nor the id of a setting of the area, nor a postcode"
        raise ParameterError(message)
    return (*_position_of(postcode, postcodes or _own_file(area)), postcode)


def _own_file(area: Path | None) -> Path | None:
    path = None if area is None else area / POSTCODES
    return path if path is not None and path.is_file() else None


def _position_of(postcode: str, directory: Path | None) -> tuple[float, float]:
    import pandas as pd

    from sufficiency.model.issues import Issue, issues_table
    from sufficiency.sources.public.postcodes import locate_postcodes, read_postcodes

    if directory is None:
        message = (
            f"no directory of postcodes is loaded, so {postcode} has no position: give --postcodes FILE (ONS Postcode "
            f"Directory, NSPL or OS Code-Point Open, all free), put one in the area as {POSTCODES}, or give "
            "EASTING,NORTHING"
        )
        raise ParameterError(message)
    issues: list[Issue] = []
    reading = read_postcodes(directory, issues)
    if reading is None:
        message = f"{directory.name} cannot be read as a directory of postcodes"
        raise DataError(message, issues_table([one for one in issues if one.severity == "error"]))
    row = locate_postcodes(pd.Series([postcode]), reading.table).iloc[0]
    if row["class"] not in {"ok", "terminated"}:
        message = f"{postcode} is not in {directory.name}: check it, or give EASTING,NORTHING"
        raise ParameterError(message)
    return float(row["easting_m"]), float(row["northing_m"])


def _print_answers(answers: list[Answer], inputs: Inputs, *, place: str, against: str) -> None:
    parameters, first = inputs.parameters, answers[0].proposal
    mark = " - ILLUSTRATIVE" if parameters.illustrative else ""
    kind = PROVISION_TYPE_NAMES[first.provision_type].lower()
    needs = "every need" if set(first.needs) == set(NEEDS) else ", ".join(first.needs)
    print(f"\nWhat if a {kind} of {first.places} places opened at {place} in {year_label(first.year)}?{mark}")
    print(f"For {needs}, year groups {first.ncy_from} to {first.ncy_to}, against {against}. Best joint placement.\n")
    lines: list[tuple[str, ...]] = [
        ("year", "", "without a local place", "change", "no modelled place", "change", "travel a day, hours", "change")
    ]
    for answer in answers:
        hours = answer.journeys_per_day / 60
        lines.append(
            (
                year_label(answer.year),
                "",
                f"{answer.before.without_local_place_pupils:,} -> {answer.after.without_local_place_pupils:,}",
                f"{answer.without_local_place_change_pupils:+,}",
                f"{answer.before.unplaced_pupils:,} -> {answer.after.unplaced_pupils:,}",
                f"{answer.unplaced_change_pupils:+,}",
                f"{answer.before.travel_min * hours:,.0f} -> {answer.after.travel_min * hours:,.0f}",
                f"{answer.travel_change_min_per_day / 60:+,.1f}",
            )
        )
    print_columns(lines)
    for note in answers[0].notes:
        print(note)


def _print_people(changes: pd.DataFrame, inputs: Inputs, *, year: int, hide_up_to: int) -> None:
    """Print who gains and who loses, by district and by broad need: counts of a few are put with the others."""
    from sufficiency.planning.gains import BETTER, WORSE

    mark = ", illustrative" if inputs.parameters.illustrative else ""
    print(f"\nWho gains and who loses, {year_label(year)}{mark}:")
    names = inputs.areas.set_index("area_id")["area_name"].to_dict()
    for what, bands in (("better off", BETTER), ("worse off", WORSE)):
        chosen = changes[changes["band"].isin(bands)]
        total = len(chosen)
        if 0 < total <= hide_up_to:
            print(f"  {what}: c (1 to {hide_up_to} pupils)")
            continue
        print(f"  {what}: {total:,} pupils")
        homes = chosen["district_id"].map(names).fillna("not located")
        for counts in (homes.value_counts(), chosen["need_group"].map(NEED_GROUP_NAMES).value_counts()):
            told, rest = told_counts({str(name): int(count) for name, count in counts.items()}, hide_up_to)
            parts = [f"{name} {count:,}" for name, count in told.items()]
            if rest:
                parts.append(f"{'others' if told else 'several'} {rest:,}")
            if parts:
                print(f"    {', '.join(parts)}")
    gains = changes[changes["band"] == "gains_local_place"]
    if len(gains) > hide_up_to:
        print(f"  of the better off, {len(gains):,} gain a local place")


def _print_travel(ledger: pd.DataFrame) -> None:
    """Print where the change of the day's travel comes from."""
    row = ledger.iloc[0]
    parts = [
        f"{float(row[name]) / 60:+,.1f} {text}"
        for name, text in (
            ("both_travel_min_per_day", "by pupils who travel with it and without it"),
            ("now_travel_min_per_day", "by pupils who have a place only with it"),
            ("no_longer_min_per_day", "by pupils who have one only without it"),
        )
        if row[name]
    ]
    if parts:
        print(f"\nTravel of all day pupils, hours a day, there and back: {', '.join(parts)}.")
    print("All pupils are placed afresh, jointly; those who hold a place today would rarely move. See policy rolling.")
