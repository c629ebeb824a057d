"""The county made ready for questions: one engine is shared by all sessions.

A question is a programme and a year. `Engine.headline` answers it by mending the proven optimum of the scenario that
is compared with; `Engine.answer` places every pupil anew, exactly as a run of the same scenario does. Both are cached:
the engine holds nothing of a session.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sufficiency.app.figures import YearView, year_view
from sufficiency.assess import demand_of, network_of
from sufficiency.model.errors import ParameterError
from sufficiency.planning import apply_scenario, open_year, ready_to_ask, same_demand, same_roads
from sufficiency.planning.one_year import known_year, outcomes_of_year
from sufficiency.planning.proposed import with_programme
from sufficiency.planning.quick import settled_with, settled_with_openings

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pandas as pd

    from sufficiency.allocation import YearFigures
    from sufficiency.app.desk import Programme
    from sufficiency.model.results import Inputs
    from sufficiency.planning.opened_year import OpenedYear
    from sufficiency.planning.what_if import ReadyYear
    from sufficiency.travel import RoadNetwork

__all__ = ["SCENARIO", "Engine", "Headline", "scenario_inputs"]

# as no scenario of an area can be called
SCENARIO: Final = "_programme"
_KEPT: Final = 64
# an answer takes turns with headlines, and lets those under way pass first, for so long at most
_PATIENCE_S: Final = 0.5
_OPENINGS: Final = ("open", "expand")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Headline:
    """What every optimum of a year shares, without the programme and with it; travel is of all there and back a day."""

    year: int
    before: YearFigures
    after: YearFigures
    journeys_per_day: int

    @property
    def travel_min_per_day(self) -> tuple[float, float]:
        """Minutes a day of all pupils together, before and after."""
        return self.before.travel_min * self.journeys_per_day, self.after.travel_min * self.journeys_per_day


@dataclass(frozen=True)
class _Quick:
    """What the mended optimum gives: the figures that every optimum shares, and the placements of this one."""

    figures: YearFigures
    placements: pd.DataFrame | None


def scenario_inputs(inputs: Inputs, programme: Programme, against: str, scenario_id: str = SCENARIO) -> Inputs:
    """Return the baseline with the programme as a scenario of it, as it would be read from the scenario's file.

    Raises
    ------
    SufficiencyError
        When a card cannot be a scheme.
    """
    return with_programme(
        inputs,
        programme.schemes,
        scenario_id,
        title=programme.title,
        based_on=against,
        area_schemes=programme.area_scheme_ids,
    )


class Engine:
    """An area with the scenario that is compared with, and what was asked of it. Threads may share it.

    Parameters
    ----------
    inputs
        Checked inputs.
    against
        The scenario that programmes are laid over and compared with; by default `committed`, else `do_nothing`.

    Raises
    ------
    ParameterError
        When there is no such scenario.
    """

    def __init__(self, inputs: Inputs, against: str = "") -> None:
        self.inputs = inputs
        self.against = against or ("committed" if "committed" in inputs.scenarios else "do_nothing")
        if self.against not in inputs.scenarios:
            message = f"there is no scenario {self.against!r}; there are {', '.join(sorted(inputs.scenarios))}"
            raise ParameterError(message)
        self.applied = apply_scenario(inputs, self.against)
        self.demand: pd.DataFrame = demand_of(self.applied)
        self.network: RoadNetwork = network_of(self.applied)
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, object] = OrderedDict()
        self._busy: dict[Hashable, threading.Lock] = {}
        self._headlines = 0
        self._quiet = threading.Condition()

    @property
    def years(self) -> tuple[int, ...]:
        """The years that can be asked for: those of the forecast."""
        return tuple(year for year in self.inputs.parameters.years if year > self.inputs.parameters.calibration_year)

    def ready(self, year: int) -> ReadyYear:
        """Return a year of the scenario compared with, ready for proposals."""
        return self._once(
            ("ready", year),
            lambda: ready_to_ask(
                self.applied, year, scenario_id=self.against, demand=self.demand, network=self.network
            ),
        )

    def headline(self, programme: Programme, year: int, *, first: bool = True) -> Headline:
        """Return the headline of a programme at once.

        Parameters
        ----------
        programme, year
            What is asked.
        first
            Whether somebody waits for it: whole answers then let it pass.

        Raises
        ------
        SufficiencyError
            When the programme cannot be: every fault in words.
        """
        ready = self.ready(year)
        with self._quiet:
            self._headlines += first
        try:
            after = self._once(("quick", *_asked(programme), year), lambda: self._quick(programme, ready))
        finally:
            with self._quiet:
                self._headlines -= first
                self._quiet.notify_all()
        return Headline(year, ready.before, after.figures, int(self.inputs.parameters.value("journeys_per_day")))

    def before(self, year: int) -> YearView:
        """Return the year of the scenario compared with."""
        return self._once(("before", year), lambda: self._view(self.applied, self.against, year))

    def answer(self, programme: Programme, year: int) -> YearView:
        """Return the year with the programme: every figure as a run of the same scenario has it.

        Raises
        ------
        SufficiencyError
            When the programme cannot be: every fault in words.
        """
        if not programme.schemes and not programme.area_scheme_ids:
            return self.before(year)
        return self._once(("answer", *_asked(programme), year), lambda: self._answer(programme, year))

    def opened(self, programme: Programme, year: int) -> OpenedYear:
        """Return the year with the programme, opened up: what a place is worth, and what keeps pupils from one.

        Raises
        ------
        SufficiencyError
            When the programme cannot be: every fault in words.
        """
        return self._once(("opened", *_asked(programme), year), lambda: self._opened(programme, year))

    def _opened(self, programme: Programme, year: int) -> OpenedYear:
        if not programme.schemes and not programme.area_scheme_ids:
            return self.ready(year).opened
        after = apply_scenario(scenario_inputs(self.inputs, programme, self.against), SCENARIO)
        return open_year(after, year, scenario_id=SCENARIO, **self._known_parts(after))

    def _known_parts(self, inputs: Inputs) -> dict[str, Any]:
        """Return demand and roads that are known already, where a programme leaves them as they are."""
        return {
            "demand": self.demand if same_demand(self.applied, inputs) else None,
            "network": self.network if same_roads(self.applied, inputs) else None,
        }

    def _quick(self, programme: Programme, ready: ReadyYear) -> _Quick:
        if not programme.schemes and not programme.area_scheme_ids:
            return _Quick(ready.before, None)
        if not programme.area_scheme_ids and all(one.action in _OPENINGS for one in programme.schemes):
            shortest = settled_with_openings(ready, programme.schemes, SCENARIO)
            if shortest is not None:
                return _Quick(shortest.figures(), shortest.placements())
        laid = with_programme(
            self.applied, programme.schemes, SCENARIO, title=programme.title, area_schemes=programme.area_scheme_ids
        )
        settled = settled_with(ready, apply_scenario(laid, SCENARIO))
        return _Quick(settled.figures(), settled.placements())

    def _answer(self, programme: Programme, year: int) -> YearView:
        with self._quiet:
            self._quiet.wait_for(lambda: not self._headlines, _PATIENCE_S)
        after = apply_scenario(scenario_inputs(self.inputs, programme, self.against), SCENARIO)
        with self._lock:
            quick = self._known.get(("quick", *_asked(programme), year))
        # the mended optimum of the headline is proven to be one, and leads to the placements of a run all the sooner
        guess = quick.placements if isinstance(quick, _Quick) else None
        return self._view(after, SCENARIO, year, guess)

    def _view(self, inputs: Inputs, scenario_id: str, year: int, guess: pd.DataFrame | None = None) -> YearView:
        known = self._once(
            ("known", year), lambda: known_year(self.applied, year, demand=self.demand, network=self.network)
        )
        parts = self._known_parts(inputs)
        rows = outcomes_of_year(inputs, year, scenario_id, known=known, guess=guess, **parts)
        return year_view(scenario_id, year, inputs, rows)

    def _once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what is known by the key, or make it once however many ask; the oldest answers are forgotten."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]  # type: ignore[return-value]  # one kind of answer a kind of key
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            with self._lock:
                if key in self._known:
                    return self._known[key]  # type: ignore[return-value]  # one kind of answer a kind of key
            try:
                made = make()
            finally:
                with self._lock:
                    self._busy.pop(key, None)
            with self._lock:
                self._known[key] = made
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return made


def _asked(programme: Programme) -> tuple[Hashable, ...]:
    """Return what an answer rests on: the title does not change it."""
    return programme.schemes, programme.area_scheme_ids
