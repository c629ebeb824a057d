"""`sufficiency clusters`: draft locality clusters, try the council's own, and re-total for successor authorities."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.cli.screen import Steps, print_columns, print_issues
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.vocabulary import ALL, HEADLINE, year_label

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sufficiency.model.results import Inputs
    from sufficiency.planning.clusters import Draft, Successors

__all__ = ["add_options", "clusters"]

_PERCENT: Final = 100
_INTERNAL: Final = (
    "Internal: working figures that did not pass disclosure control. Beside tables of the same pupils by other areas,\n"
    "differences can give small groups away. Do not publish."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--draft", action="store_true", help="draft contiguous clusters of like pupils in each district")
    what.add_argument(
        "--import",
        dest="given",
        type=Path,
        metavar="FILE",
        help="try clusters of your own: zone_id (or group_id),cluster_id,cluster_name",
    )
    what.add_argument(
        "--successors",
        type=Path,
        metavar="FILE",
        help="re-total for successor authorities: area_id (districts or clusters),successor_id,successor_name",
    )
    parser.add_argument("--per-district", type=int, default=4, metavar="N", help="clusters of a district (default 4)")
    parser.add_argument(
        "--within",
        type=float,
        default=10,
        metavar="PERCENT",
        help="how far a cluster's pupils may be from the district's mean (default 10)",
    )
    parser.add_argument(
        "--keep-together",
        type=Path,
        metavar="FILE",
        help="zones that stay in one cluster: group_id,zone_id (or its name)",
    )
    parser.add_argument(
        "--groups",
        type=Path,
        metavar="FILE",
        help="zone_id,group_id, such as wards, for --import by group_id; without it a group is a "
        "cluster of the area as it is",
    )
    parser.add_argument("--scenario", default="do_nothing", metavar="NAME", help="scenario for --successors")
    parser.add_argument("--internal", action="store_true", help="show small counts, for those who may see them")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the draft's lookup to this file, and the rows of areas.csv beside it",
    )


def clusters(options: argparse.Namespace, inputs: Inputs) -> None:
    """Draft, try or re-total, and print.

    Raises
    ------
    ParameterError
        When an option is not possible.
    DataError
        When a file is at fault.
    """
    if options.out is not None and not options.draft:
        message = "--out writes a draft: give it with --draft"
        raise ParameterError(message)
    if options.draft:
        _draft(options, inputs)
    elif options.given is not None:
        _import(options, inputs)
    else:
        _successors(options, inputs)


def _mark(inputs: Inputs) -> str:
    return " - ILLUSTRATIVE" if inputs.parameters.illustrative else ""


def _cells(path: Path) -> list[tuple[int, list[str]]]:
    from sufficiency.sources.cells import ReadingError
    from sufficiency.sources.rows import read_csv

    try:
        return read_csv(path)
    except ReadingError as error:
        message = f"{path}: {error.message}. To mend: {error.fix}"
        raise DataError(message) from None


def _header(path: Path) -> list[str]:
    rows = _cells(path)
    return [name.lower() for name in rows[0][1]] if rows else []


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of a file as text, with the row in the file as index."""
    rows, header = _cells(path)[1:], _header(path)
    if missing := [name for name in columns if header.count(name) != 1]:
        message = f"{path}: the header must name {', '.join(columns)} once each; wrong or missing: {', '.join(missing)}"
        raise DataError(message)
    if wrong := [str(number) for number, cells in rows if len(cells) != len(header)]:
        message = f"{path}: row {', '.join(wrong[:9])} has not as many cells as the header; quote text with commas"
        raise DataError(message)
    at = [header.index(name) for name in columns]
    index = pd.Index([number for number, _ in rows], name="row", dtype="int64")
    return pd.DataFrame([[cells[place] for place in at] for _, cells in rows], columns=list(columns), index=index)


def hidden_counts(values: Sequence[int], hide_up_to: int) -> list[str]:
    """Return counts that add up to a known total as text, c where one is small or would give a small one away.

    Besides 1 to ``hide_up_to``, the next smallest are hidden until two or more are, and together they are more than
    that, so that the total less the rest tells none of them.
    """
    hidden = {at for at, value in enumerate(values) if 1 <= value <= hide_up_to}
    for at in sorted(range(len(values)), key=lambda at: (values[at] == 0, values[at], at)):
        if not hidden or (len(hidden) > 1 and sum(values[one] for one in hidden) > hide_up_to):
            break
        hidden.add(at)
    return ["c" if at in hidden else f"{value:,}" for at, value in enumerate(values)]


def _draft(options: argparse.Namespace, inputs: Inputs) -> None:
    from sufficiency.planning.clusters import draft_clusters

    together: list[list[str]] = []
    if options.keep_together is not None:
        rows = _read(options.keep_together, ["group_id", "zone_id"])
        together = [group["zone_id"].tolist() for _, group in rows.groupby("group_id", sort=True)]
    steps = Steps()
    steps("Drafting clusters")
    draft = draft_clusters(
        inputs, per_district=options.per_district, keep_together=together, tolerance_share=options.within / _PERCENT
    )
    steps.finish()
    names = inputs.areas.set_index("area_id")["area_name"]
    hide = 0 if options.internal else inputs.parameters.hide_up_to
    print(f"\n{inputs.parameters.area_name}, {year_label(draft.year)}: draft of locality clusters{_mark(inputs)}\n")
    lines: list[tuple[str, ...]] = [("cluster", "district", "zones", "pupils", "min to centre", "farthest")]
    for _, rows in draft.clusters.groupby("district_id", sort=True):
        shown = hidden_counts(rows["pupils"].tolist(), hide)
        for row, pupils in zip(rows.to_dict("records"), shown, strict=True):
            minutes = f"{row['mean_min']:.1f}", f"{row['farthest_min']:.0f}"
            lines.append((row["cluster_name"], names[row["district_id"]], str(row["zones"]), pupils, *minutes))
    print_columns(lines)
    print("\nHow good it is: fewest pupils outside the band first, then least minutes to the centres\n")
    lines = [("district", "band of pupils", "outside it", "proven", "at most above the least")]
    for row in draft.districts.to_dict("records"):
        band = f"{row['least_pupils']} to {row['most_pupils']}"
        proven = "the least there is" if row["optimal"] else "not the least, perhaps"
        outside = hidden_counts([row["outside_pupils"]], hide)[0]
        gap = "-" if pd.isna(row["gap_share"]) else f"{row['gap_share']:.1%}"
        lines.append((names[row["district_id"]], band, outside, proven, gap))
    print_columns(lines)
    _foot(inputs, options)
    if options.out is not None:
        _write(options.out, draft, inputs)


def _foot(inputs: Inputs, options: argparse.Namespace) -> None:
    if not options.internal:
        print(f"\nc = hidden, 1 to {inputs.parameters.hide_up_to} pupils or what would give them away.")
    print(f"\n{_INTERNAL}")


def _write(path: Path, draft: Draft, inputs: Inputs) -> None:
    """Write the lookup, and the rows of areas.csv beside it: county and districts as they are, and the clusters."""
    quality = "illustrative" if inputs.parameters.illustrative else "inferred"
    source = f"draft of clusters alike in pupils of {year_label(draft.year)} and short in travel, to be edited"
    if inputs.parameters.illustrative:
        source = f"illustrative: {source}"
    columns = ["area_id", "area_name", "level", "parent_id"]
    upper = pd.DataFrame(inputs.areas.drop(columns="geometry"))
    upper = upper.loc[upper["level"] != "cluster", [*columns, *(c for c in ("source", "quality") if c in upper)]]
    below = draft.clusters.rename(
        columns={"cluster_id": "area_id", "cluster_name": "area_name", "district_id": "parent_id"}
    )
    below = below.assign(level="cluster", source=source, quality=quality)[[*columns, "source", "quality"]]
    areas = path.with_name(f"{path.stem}-areas.csv")
    for target, table in (
        (path, draft.lookup.assign(source=source, quality=quality)),
        (areas, pd.concat([upper, below])),
    ):
        target.write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    print(f"\nWritten:\n  {path}\n  {areas}")
    print(
        "Edit the first and try it with --import; as boundaries/clusters.csv and boundaries/areas.csv of an area "
        "they are its clusters."
    )


def _import(options: argparse.Namespace, inputs: Inputs) -> None:
    from sufficiency.planning.clusters import changes_table, with_clusters

    lookup = _lookup(options, inputs)
    after = with_clusters(inputs, lookup)
    new = after.issues[after.issues["file"].eq("the lookup of clusters")]
    if len(new):
        print_issues(new, sys.stdout)
    table = changes_table(inputs, after)
    hide = 0 if options.internal else inputs.parameters.hide_up_to
    total = table.groupby("cluster_id")["pupils"].sum()
    print(
        f"\n{inputs.parameters.area_name}, {year_label(inputs.parameters.headline_year)}: clusters as given"
        f"{_mark(inputs)}\n"
    )
    lines: list[tuple[str, ...]] = [("cluster", "made of", "zones", "pupils", "of")]
    for cluster, rows in table.groupby("cluster_id", sort=True):
        whole = hidden_counts([int(total[cluster])], hide)[0]
        shown = hidden_counts(rows["pupils"].tolist(), hide)
        lines += [
            (row["cluster_name"], row["before_cluster_name"], str(row["zones"]), pupils, whole)
            for row, pupils in zip(rows.to_dict("records"), shown, strict=True)
        ]
    print_columns(lines)
    print("\nCounty and district figures stay as they are. Support bases look for partners within the new clusters.")
    _foot(inputs, options)


def _lookup(options: argparse.Namespace, inputs: Inputs) -> pd.DataFrame:
    """Return the lookup of zones that a file gives, by zone or by group of zones."""
    from sufficiency.planning.clusters import lookup_of_groups

    named = ["cluster_id", "cluster_name"]
    if "group_id" not in _header(options.given):
        return _read(options.given, ["zone_id", *named])
    groups = pd.DataFrame(inputs.zones[["zone_id", "cluster_id"]]).rename(columns={"cluster_id": "group_id"})
    if options.groups is not None:
        groups = _read(options.groups, ["zone_id", "group_id"])
    return lookup_of_groups(groups, _read(options.given, ["group_id", *named]))


def _successors(options: argparse.Namespace, inputs: Inputs) -> None:
    from sufficiency.assess import assess
    from sufficiency.planning import apply_scenario
    from sufficiency.planning.clusters import successors

    lookup = _read(options.successors, ["area_id", "successor_id", "successor_name"])
    applied = apply_scenario(inputs, options.scenario)
    steps = Steps()
    steps(f"Assessing {inputs.scenarios[options.scenario].title}")
    tables = successors(assess(applied, options.scenario, policies=["optimal"]), lookup)
    steps.finish()
    year = inputs.parameters.headline_year
    hide = 0 if options.internal else inputs.parameters.hide_up_to
    print(
        f"\n{inputs.parameters.area_name}, {year_label(year)}, {options.scenario}, best joint placement, by "
        f"successor authority{_mark(inputs)}\n"
    )
    for lines in successor_lines(tables, year, hide):
        print_columns(lines)
        print()
    print("Places used by others are held by residents of another successor. Nobody is placed anew.")
    _foot(inputs, options)


def successor_lines(tables: Successors, year: int, hide_up_to: int) -> list[list[tuple[str, ...]]]:
    """Return the blocks of lines of a year: need and places, journeys, capital, and who uses whose places."""
    use = _of(tables.exchange, year).set_index("area_id")
    gap = _of(tables.sufficiency, year)
    gap = gap[(gap["phase"] == ALL) & (gap["need"] == ALL) & (gap["provision_type"] == HEADLINE)].set_index("area_id")
    trips = _of(tables.journeys, year)
    trips = trips[(trips["phase"] == ALL) & (trips["need"] == ALL)].set_index("area_id")
    ids = list(tables.names.index)
    counts = {
        "need": gap["demand_pupils"],
        "without a local place": gap["without_local_place_pupils"],
        "in other councils' schools": gap["other_council_pupils"],
        "independent": gap["independent_pupils"],
        "over the time limit": trips["over_limit_pupils"],
    }
    shown = {name: hidden_counts([int(one) for one in column[ids]], hide_up_to) for name, column in counts.items()}
    whole: list[tuple[str, ...]] = [("successor", "", "local places", *shown, "median min", "p90 min", "capital £m")]
    capital = tables.capital.groupby("area_id")["gbp_central"].sum()
    for at, one in enumerate(ids):
        places = f"{int(use['capacity_places'][one]):,}"
        minutes = (_minutes(trips, one, name, hide_up_to) for name in ("median_min", "p90_min"))
        money = f"{float(capital.get(one, 0.0)) / 1e6:.1f}"
        pupils = (column[at] for column in shown.values())
        whole.append((str(tables.names[one]), "", places, *pupils, *minutes, money))
    return [whole, _flow_lines(tables, year, hide_up_to)]


def _minutes(trips: pd.DataFrame, one: str, name: str, hide_up_to: int) -> str:
    """Return minutes of journeys; those of few pupils, or with few at or beyond the percentile, are hidden."""
    share = {"median_min": 0.5, "p90_min": 0.1}[name]
    pupils = int(trips["pupils"][one])
    if pupils == 0:
        return "-"
    return "c" if pupils * share <= hide_up_to and hide_up_to else f"{float(trips[name][one]):.0f}"


def _of(table: pd.DataFrame, year: int) -> pd.DataFrame:
    return table[(table["year"] == year) & (table["policy"] == "optimal")]


def _flow_lines(tables: Successors, year: int, hide_up_to: int) -> list[tuple[str, ...]]:
    """Return who uses whose places; all of it or, where one count is small, none, for its rows and columns add up."""
    flows = _of(tables.flows, year)
    use = _of(tables.exchange, year).set_index("area_id")
    if flows["pupils"].between(1, hide_up_to).any():
        return [("home", f"hidden: fewer than {hide_up_to + 1} pupils cross one of the borders")]
    wide = flows.pivot_table(index="home_area_id", columns="setting_area_id", values="pupils", aggfunc="sum")
    ids = [str(one) for one in tables.names.index]
    beyond = [str(one) for one in wide.columns if one not in ids]
    lines: list[tuple[str, ...]] = [
        ("home", "", *(f"in {tables.names.get(one, one)}" for one in [*ids, *beyond]), "net import", "used by others")
    ]
    for one in ids:
        cells: list[Any] = [0 if pd.isna(wide[to][one]) else int(wide[to][one]) for to in [*ids, *beyond]]
        share = use["used_by_others_share"][one]
        used = "-" if pd.isna(share) else f"{share:.0%}"
        net = f"{int(use['net_import_pupils'][one]):+,}"
        lines.append((str(tables.names[one]), "", *(f"{cell:,}" for cell in cells), net, used))
    return lines
