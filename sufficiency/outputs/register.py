"""The assumptions register as a page: value, unit, source, date and effect of every assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters


def render_assumptions(parameters: Parameters) -> str:
    """Return the register (Markdown) of an area's assumptions."""
    note = f" {parameters.illustrative_note}" if parameters.illustrative else ""
    lines = [
        f"# Assumptions: {parameters.area_name}",
        "",
        f"Made from `area.toml`; `make docs` writes it anew, and a test compares the two.{note}",
        "",
        "| Assumption | Value | Range | Unit | Source | Date | Effect |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in parameters.assumptions.values():
        span = "" if one.low is None else f"{one.low} to {one.high}"
        lines.append(f"| {one.name} | {one.value} | {span} | {one.unit} | {one.source} | {one.date} | {one.effect} |")
    return "\n".join([*lines, ""])
