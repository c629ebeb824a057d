"""What a paper looks up: released figures by key, the scenarios compared, the districts, the years."""

# ruff: noqa: ANN401  # keys and labels of tables are of any type

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.model.vocabulary import ALL, HEADLINE, year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.sentences import Cell, Figure, as_figure, difference, whole
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Inputs, Released, RunRecord

__all__ = ["Facts"]

Key = tuple[Any, ...]
_STATED_ENDS: Final = ("low_pupils", "high_pupils")
_DRAWN_ENDS: Final = ("p10_pupils", "p90_pupils")


@dataclass(frozen=True)
class Facts:
    """Released figures for a paper. Figures come from ``released`` only; outlines and names from ``inputs``."""

    released: Released
    inputs: Inputs
    record: RunRecord
    policy: str = "optimal"
    _index: dict[tuple[str, tuple[str, ...]], dict[Key, int]] = field(default_factory=dict, repr=False)
    _equals: dict[tuple[str, str, Any], NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the area."""
        return self.inputs.parameters

    @property
    def rounding_note(self) -> str:
        """The rule of the release, to be said beneath tables; blank where counts are not rounded."""
        return self.released.rules if self.parameters.round_counts_to > 1 else ""

    @property
    def year(self) -> int:
        """The headline year."""
        return self.parameters.headline_year

    @property
    def year_text(self) -> str:
        """The headline year as its label, such as 2028/29."""
        return year_label(self.year)

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios of the run, the three standing ones first."""
        found = list(dict.fromkeys(self.released.tables["sufficiency_area"]["scenario_id"]))
        first = [name for name in ("do_nothing", "committed", "programme") if name in found]
        return tuple(first + [name for name in found if name not in first])

    @property
    def standing(self) -> tuple[str, ...]:
        """The scenarios that the paper's tables set side by side: at most do nothing, committed and programme."""
        return tuple(dict.fromkeys((self.base, self.against, self.main)))

    @property
    def ends(self) -> tuple[str, ...]:
        """Doing nothing and the main scenario: where a table has no room for what lies between."""
        return tuple(dict.fromkeys((self.base, self.main)))

    @property
    def base(self) -> str:
        """The scenario without any scheme."""
        return "do_nothing" if "do_nothing" in self.scenarios else self.scenarios[0]

    @property
    def against(self) -> str:
        """The scenario that benefits are measured against."""
        return "committed" if "committed" in self.scenarios else self.base

    @property
    def main(self) -> str:
        """The scenario that the paper is about."""
        return "programme" if "programme" in self.scenarios else self.scenarios[-1]

    @property
    def compares(self) -> bool:
        """Whether there is another scenario to compare the main one with."""
        return self.main != self.against

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years of the released tables, ascending."""
        return tuple(sorted({int(year) for year in self.released.tables["sufficiency_area"]["year"]}))

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The policies of the run."""
        return tuple(dict.fromkeys(self.released.tables["sufficiency_area"]["policy"]))

    @cached_property
    def districts(self) -> tuple[tuple[str, str], ...]:
        """Id and name of each district, by name."""
        areas = self.inputs.areas[self.inputs.areas["level"] == "district"]
        pairs = zip(areas["area_id"].astype(str), map(clean_text, areas["area_name"].astype(str)), strict=True)
        return tuple(sorted(pairs, key=lambda pair: pair[1]))

    @property
    def county(self) -> tuple[str, str]:
        """Id and name of the county."""
        areas = self.inputs.areas
        named = areas.loc[areas["area_id"] == self.parameters.county_id, "area_name"]
        return self.parameters.county_id, clean_text(str(named.iloc[0])) if len(named) else self.parameters.area_name

    def has(self, table: str) -> bool:
        """Return whether a table was released and has rows."""
        return table in self.released.tables and len(self.released.tables[table]) > 0

    def rows(self, table: str, **where: Any) -> pd.DataFrame:
        """Return the rows of a table whose columns equal the values given, keeping their index."""
        frame = self.released.tables[table]
        keep = np.ones(len(frame), dtype=bool)
        for column, value in where.items():
            keep &= self._equal(table, column, value)
        return frame[keep]

    def _equal(self, table: str, column: str, value: Any) -> NDArray[np.bool_]:
        """Return where a column has a value; the same questions are asked again and again."""
        found = self._equals.get((table, column, value))
        if found is None:
            found = (self.released.tables[table][column] == value).fillna(value=False).to_numpy(bool)
            self._equals[(table, column, value)] = found
        return found

    def at(self, table: str, index: Any, column: str) -> Figure:
        """Return the figure in one cell."""
        hidden = bool(self.released.hidden[table].at[index, column])
        cell = Cell(table, index, column)
        return as_figure(self.released.tables[table].at[index, column], hidden=hidden, cells=(cell,))

    def figure(self, table: str, column: str, **where: Any) -> Figure:
        """Return the figure of the row whose columns equal the values given; not applicable where there is none."""
        names = tuple(sorted(where))
        index = self._index.get((table, names))
        if index is None:
            frame = self.released.tables[table]
            keys = zip(*(frame[name].astype(object) for name in names), strict=True)
            index = dict(zip(keys, range(len(frame)), strict=True))
            self._index[(table, names)] = index
        row = index.get(tuple(where[name] for name in names))
        return Figure(None) if row is None else self.at(table, self.released.tables[table].index[row], column)

    def area(self, column: str, area_id: str, scenario: str, *, year: int | None = None, policy: str = "") -> Figure:
        """Return a figure of `sufficiency_area`."""
        return self._area("sufficiency_area", column, area_id, scenario, (year, policy))

    def journey(self, column: str, area_id: str, scenario: str, *, year: int | None = None, policy: str = "") -> Figure:
        """Return a figure of `journeys_area`."""
        return self._area("journeys_area", column, area_id, scenario, (year, policy))

    def journey_range(self, measure: str) -> tuple[Figure, Figure]:
        """Return both ends of a measure of the county's journeys in the main scenario and headline year."""
        if not self.has("journey_ranges"):
            return Figure(None), Figure(None)
        where = {"scenario_id": self.main, "policy": self.policy, "year": self.year, "area_id": self.county[0]}
        low, high = (self.figure("journey_ranges", end, measure=measure, **where) for end in ("low", "high"))
        return low, high

    def forecast_ends(self, year: int) -> tuple[Figure, Figure, bool]:
        """Return both ends of the county's forecast of a year, and whether they are drawn and not stated.

        The range that the sources state comes first; where they state none, eight of ten drawn futures (P10 to P90).
        """
        low, high = (self.figure("forecast", name, year=year, stream="headline") for name in _STATED_ENDS)
        if (low.is_known and high.is_known) or not self.has("forecast_range"):
            return low, high, False
        where = {"year": year, "area_id": self.county[0], "phase": ALL, "need": ALL, "provision_type": HEADLINE}
        low, high = (self.figure("forecast_range", name, **where) for name in _DRAWN_ENDS)
        return low, high, True

    def _area(self, table: str, column: str, area_id: str, scenario: str, case: tuple[int | None, str]) -> Figure:
        year, policy = case[0] or self.year, case[1] or self.policy
        return self.figure(table, column, scenario_id=scenario, policy=policy, year=year, area_id=area_id)

    def change(self, column: str, area_id: str, *, journeys: bool = False) -> Figure:
        """Return main less against of a measure in the headline year."""
        look = self.journey if journeys else self.area
        after, before = look(column, area_id, self.main), look(column, area_id, self.against)
        return difference(whole(after), whole(before)) if column.endswith("_min") else difference(after, before)

    def shortfall(self, scenario: str, year: int | None = None) -> Figure:
        """Return the county's demand less its local places: positive = places short."""
        county = self.county[0]
        demand = self.area("demand_pupils", county, scenario, year=year)
        return difference(demand, self.area("capacity_places", county, scenario, year=year))

    def ranked(self, scenario: str) -> list[tuple[str, str, Figure]]:
        """Return districts by share without a local place, highest first; hidden shares last, ties by name."""
        found = [
            (area_id, name, self.area("without_local_place_share", area_id, scenario))
            for area_id, name in self.districts
        ]
        return sorted(found, key=lambda row: (-row[2].value if row[2].value is not None else 1.0, row[1]))

    def scenario_words(self, scenario: str) -> str:
        """Return a scenario within a sentence: "with committed schemes only"."""
        words = {
            "do_nothing": "with no new places",
            "committed": "with committed schemes only",
            "programme": "with the programme",
        }
        return words.get(scenario, f"with {style.scenario_title(scenario)!r}")

    @property
    def marking(self) -> str:
        """The word for the header: ILLUSTRATIVE, INTERNAL, both, or none."""
        words = ["ILLUSTRATIVE"] if self.parameters.illustrative else []
        words += ["INTERNAL"] if self.released.build != "public" else []
        return " | ".join(words)

    @property
    def illustrative_tag(self) -> str:
        """The words that stand in the same sentence as an illustrative figure."""
        return " (illustrative)" if self.parameters.illustrative else ""
