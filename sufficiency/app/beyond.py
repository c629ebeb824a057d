"""What is asked for beside the answer: what would unlock places, and the answer in drawn futures. No framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.app.engine import SCENARIO, scenario_inputs
from sufficiency.app.panel import cell
from sufficiency.app.shown import hidden
from sufficiency.model.vocabulary import INTERNAL, PROVISION_TYPE_NAMES, year_label
from sufficiency.outputs.style import SUPPRESSED_NOTE
from sufficiency.outputs.words import MINUS, number_text, range_text, signed_text
from sufficiency.planning import apply_scenario, ready_to_ask, unlocks
from sufficiency.planning.drawn_years import drawn_years
from sufficiency.planning.quick import settled_with

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sufficiency.app.desk import Programme
    from sufficiency.app.engine import Engine

__all__ = ["DRAWS", "futures_table", "unlock_table"]

DRAWS: Final = 20
_HOURS: Final = "Hours of travel a day"
_TENTHS: Final = (10, 50, 90)
_ONE_MORE: Final = "one_more_place"


def unlock_table(engine: Engine, programme: Programme, year: int, build: str) -> dict[str, Any]:
    """Return, for pupils without a modelled place, the cheapest change that could give one of them a place.

    Counted by kind of change; in the public view the district and type of the provision, in the internal one the
    school. Each line speaks of its own pupils: one more place serves one of them.

    Raises
    ------
    SufficiencyError
        When the programme cannot be.
    """
    opened = engine.opened(programme, year)
    table = unlocks(opened)
    hide_up_to = 0 if build == INTERNAL else engine.inputs.parameters.hide_up_to
    named = table.assign(words=_words(table, opened.inputs, internal=build == INTERNAL))
    pupils = {str(name): int(count) for name, count in named.groupby("words")["pupils"].sum().items()}
    order = sorted(pupils, key=lambda name: (-pupils[name], name))
    rows = [{"id": name, "cells": [name, cell(hidden(pupils[name], hide_up_to))]} for name in order]
    note = "Every pupil has a modelled place." if not rows else ""
    if any(row["cells"][1] == "c" for row in rows):
        note = SUPPRESSED_NOTE
    return {
        "caption": f"The cheapest change, pupils without a modelled place in {year_label(year)}",
        "head": ["What would give one of them a place", "Pupils it concerns"],
        "rows": rows,
        "note": note,
    }


def _words(table: pd.DataFrame, inputs: Any, *, internal: bool) -> list[str]:  # noqa: ANN401 - Inputs
    kinds = inputs.provision.set_index("provision_id")[["provision_type", "setting_id"]]
    districts = inputs.settings.set_index("setting_id")["district_id"].astype(str).to_dict()
    names = inputs.areas.set_index("area_id")["area_name"].astype(str).to_dict()
    said = []
    for unlock, provision, school in zip(table["unlock"], table["provision_id"], table["setting_name"], strict=True):
        if unlock == "none" or provision not in kinds.index:
            said.append("No change of one rule or one place")
            continue
        kind = PROVISION_TYPE_NAMES[str(kinds.at[provision, "provision_type"])].lower()
        district = names.get(districts.get(str(kinds.at[provision, "setting_id"]), ""), "")
        where = f"at {school}" if internal else f"in {district}" if district else "beyond the districts"
        said.append(
            f"One more {kind} place {where}" if unlock == _ONE_MORE else f"Other admission rules of a {kind} {where}"
        )
    return said


def futures_table(
    engine: Engine, programme: Programme, year: int, build: str, *, say: Callable[[str], None], draws: int = DRAWS
) -> dict[str, Any]:
    """Return the headline in drawn futures: the median, and what lies between the lowest and the highest tenth.

    Each future is answered anew, without the programme and with it. The same question has the same draws.

    Raises
    ------
    SufficiencyError
        When the programme cannot be, or the area gives its own demand.
    """
    laid = apply_scenario(scenario_inputs(engine.inputs, programme, engine.against), SCENARIO)
    trips = int(engine.inputs.parameters.value("journeys_per_day"))
    found = []
    for number, demand in enumerate(drawn_years(engine.applied, [year], draws=draws), start=1):
        say(f"Future {number} of {draws}")
        ready = ready_to_ask(engine.applied, year, scenario_id=engine.against, demand=demand, network=engine.network)
        after = settled_with(ready, laid).figures()
        before = ready.before
        found.append(
            [
                (int(demand["pupils"].sum()),) * 2,
                (before.without_local_place_pupils, after.without_local_place_pupils),
                (before.unplaced_pupils, after.unplaced_pupils),
                tuple(round(one.travel_min * trips / 60) for one in (before, after)),
            ]
        )
    figures = np.array(found, dtype=np.int64)
    titles = ("Pupils who need a place", "Without a local place", "With no modelled place at all", _HOURS)
    hide_up_to = 0 if build == INTERNAL else engine.inputs.parameters.hide_up_to
    rows = []
    for at, title in enumerate(titles):
        hide = 0 if title == _HOURS else hide_up_to
        cells = [title, *(_spread(figures[:, at, when], hide) for when in (0, 1))]
        change = figures[:, at, 1] - figures[:, at, 0]
        rows.append({"id": title, "cells": [*cells, MINUS if not at else _spread(change, hide, signed=True)]})
    return {
        "caption": f"{year_label(year)} in {draws} drawn futures: the median (eight in ten lie between)",
        "head": ["Figure", "Before", "After", "Change"],
        "rows": rows,
        "note": SUPPRESSED_NOTE if any("c" in row["cells"] for row in rows) else "",
    }


def _spread(values: np.ndarray[Any, np.dtype[np.int64]], hide_up_to: int, *, signed: bool = False) -> str:
    low, middle, high = (int(one) for one in np.percentile(values, _TENTHS, method="inverted_cdf"))
    if any(hidden(abs(one), hide_up_to) is None for one in (low, middle, high)):
        return "c"
    if signed:
        return f"{signed_text(middle)} ({signed_text(low)} to {signed_text(high)})"
    return f"{number_text(middle)} ({range_text(low, high)})"
