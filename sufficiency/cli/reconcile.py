"""`sufficiency reconcile`: the council's published plan held to its own figures, and to what the model gives."""

from __future__ import annotations

import io
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["add_options", "reconcile"]

_HEAD: Final = "Internal: for officers. Not for publication."
_NEUTRAL: Final = (
    "Two lines that differ may each be right in a sense that the plan does not give. Sums are worked out from the "
    "plan's own figures."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--all", action="store_true", help="also list the claims that nothing in the plan can check")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write all of it: a .csv or a .md file")


def reconcile(options: argparse.Namespace, inputs: Inputs) -> None:
    """Print the verdict on each claim.

    Raises
    ------
    SufficiencyError
        When a sum of the claims cannot be worked out, or the file to write is of another kind.
    """
    from sufficiency.outputs.export.opportunity import check_internal
    from sufficiency.outputs.stable import write_bytes
    from sufficiency.planning.plan_figures import model_figures
    from sufficiency.planning.reconcile import reconcile as judged

    if options.out is not None and options.out.suffix.lower() not in {".csv", ".md"}:
        message = f"--out is {options.out.name}: give a file that ends in .csv or .md"
        raise ParameterError(message)
    if options.out is not None:
        check_internal(options.out.parent)
    if inputs.claims.empty:
        print(f"{inputs.parameters.area_name} has no claims of a published plan: put them in plan/claims.csv "
              "(docs/reconcile.md says how).")  # fmt: skip
        return
    table = judged(inputs.claims, model_figures(inputs))
    _print(table, inputs, everything=options.all)
    if options.out is not None:
        text = _markdown(table, inputs) if options.out.suffix.lower() == ".md" else _csv(table)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(options.out, text.encode("utf-8"))
        print(f"\nWritten: {options.out}")


def _title(inputs: Inputs) -> str:
    mark = ", beside an illustrative model" if inputs.parameters.illustrative else ""
    return f"{inputs.parameters.area_name}: the published plan, reconciled{mark}"


def _figure(value: float, unit: str) -> str:
    from sufficiency.planning.reconcile import number_words

    if math.isnan(value):
        return ""
    text = number_words(value, unit)
    rest = unit.removeprefix("pounds").strip() if unit.startswith("pounds") else "" if unit == "share" else unit
    return f"{text} {rest}".strip()


def _print(table: pd.DataFrame, inputs: Inputs, *, everything: bool) -> None:
    print(f"\n{_title(inputs)}\n{_HEAD}\n{_NEUTRAL}")
    unchecked = (table["verdict"] == "cannot be checked") & (table["model"] == "")
    unchecked &= table["working"].str.startswith(("part of", "no other"))
    shown = table if everything else table[~unchecked]
    for topic, rows in shown.groupby("topic", sort=False):
        print(f"\n{str(topic).upper()}")
        for row in rows.to_dict("records"):
            figure = _figure(row["value"], row["unit"])
            head = f"{row['text']}: {figure}" if figure else str(row["text"])
            print(
                textwrap.fill(f"{head} (line {row['plan_line']})", 110, initial_indent="  ", subsequent_indent="    ")
            )
            for label, text in (("", row["verdict_words"]), ("", row["working"]), ("model: ", row["model"])):
                if text:
                    print(textwrap.fill(f"{label}{text}", 110, initial_indent="      ", subsequent_indent="        "))
    print()
    for verdict, count in table["verdict"].value_counts(sort=False).sort_index().items():
        print(f"  {count:>3}  {verdict}")
    if len(shown) < len(table):
        print(
            f"\n{len(table) - len(shown)} claims that nothing in the plan can check are not listed: --all lists them."
        )


def _csv(table: pd.DataFrame) -> str:
    from sufficiency.outputs.export.tables import guard_text

    text = table.select_dtypes(include="object").columns
    safe = table.assign(**{name: table[name].map(lambda one: guard_text(str(one))) for name in text})
    safe.insert(0, "marking", "internal")
    buffer = io.StringIO()
    safe.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def _markdown(table: pd.DataFrame, inputs: Inputs) -> str:
    lines = [f"# {_title(inputs)}", "", f"**{_HEAD}** {_NEUTRAL}", ""]
    for topic, rows in table.groupby("topic", sort=False):
        lines += [
            f"## {str(topic).capitalize()}",
            "",
            "| Claim | Figure | Line | Verdict | Sum | Model |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows.to_dict("records"):
            cells = (
                row["text"],
                _figure(row["value"], row["unit"]),
                row["plan_line"],
                row["verdict_words"],
                row["working"],
                row["model"],
            )
            lines.append("| " + " | ".join(str(one).replace("|", "\\|").replace("\n", " ") for one in cells) + " |")
        lines.append("")
    counts = table["verdict"].value_counts(sort=False).sort_index()
    lines += [f"- {int(count)} {verdict}" for verdict, count in counts.items()]
    return "\n".join(lines) + "\n"
