"""Which rows of a SEN2 return count: persons with a plan in force, once each, with the plan that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sufficiency.sources.public.sen2_files import Faults
from sufficiency.sources.public.sen2_persons import BIRTH_REASONS
from sufficiency.sources.public.sen2_plans import ended_requests, places_of, primary_needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.sen2_files import Linked
    from sufficiency.sources.public.sen2_persons import Persons
    from sufficiency.sources.public.sen2_plans import Needs, Placed

__all__ = ["Choice", "Collection", "choose"]

_PLAN_REASONS: Final = {
    "": "no plan in force",
    "ceased": "the plan has ceased",
    "transferred": "the plan has moved to another council",
}
_UNLIKELY_AGES: Final = ("too_old", "too_young")


class Collection(NamedTuple):
    """The collection that is read: its position in the file ``sen2``, its academic year, its census as an ordinal."""

    row: int
    year: int
    census: int


class Choice(NamedTuple):
    """Why each person is set aside (blank = counted), their plan, and which plans, placements and needs count.

    ``request`` is the request of each active plan, -1 where it has none.
    """

    reason: NDArray[np.object_]
    plan: NDArray[np.int64]
    request: NDArray[np.int64]
    kept: NDArray[np.bool_]
    places: Placed
    needs: Needs


def choose(
    linked: Mapping[str, Linked],
    persons: Persons,
    chosen: Collection,
    settings: Mapping[str, tuple[str, str]] | None,
    issues: list[Issue],
) -> Choice:
    """Choose the persons who count, and of each the plan, the placement and the need."""
    requests, active, details = linked["requests"], linked["activeplans"], linked["placementdetail"]
    ended = ended_requests(len(requests), linked.get("namedplan"), linked.get("assessment"), chosen.census, issues)
    reason = persons.linked.reason.copy()
    reason[(reason == "") & (persons.linked.parent != chosen.row)] = "of another collection"
    request = np.where(active.reason == "", active.parent, -1)
    person_of = np.where(request >= 0, requests.parent[request], -1) if len(requests) else request
    in_force = np.zeros(len(active), dtype=bool)
    for at in np.flatnonzero(person_of >= 0):
        in_force[at] = reason[person_of[at]] == "" and ended[request[at]] == ""
    _without_plan(reason, set(person_of[in_force]), requests, ended)
    _wrong_births(reason, persons, issues)
    concerns = np.zeros(len(active), dtype=bool)
    for at in np.flatnonzero(in_force):
        concerns[at] = reason[person_of[at]] == ""
    # in silence, since which rows are the same pupil depends on it: faults are said of those that count, below
    places = places_of(details, active, chosen.census, settings=settings, concerns=concerns, issues=[])
    plan = _best_plans(person_of, concerns, places, persons, issues)
    _merge(reason, persons, plan, places, issues)
    kept = np.zeros(len(active), dtype=bool)
    kept[[int(plan[at]) for at in np.flatnonzero(reason == "")]] = True
    places = places_of(details, active, chosen.census, settings=settings, concerns=kept, issues=issues)
    needs = primary_needs(linked["senneed"], active, kept, issues)
    return Choice(reason, plan, request, kept, places, needs)


def _wrong_births(reason: NDArray[np.object_], persons: Persons, issues: list[Issue]) -> None:
    """Set aside the persons of no usable birth date."""
    faults = Faults(issues, persons.linked.file)
    for name, (why, fix) in BIRTH_REASONS.items():
        hit = (reason == "") & (persons.birth == name)
        severity = "warning" if name in _UNLIKELY_AGES else "error"
        rows = persons.linked.rows[hit]
        faults.say(f"birth_{name}", severity, why, fix, rows=rows, column="personbirthdate")
        reason[hit] = why


def _without_plan(
    reason: NDArray[np.object_], with_plan: set[int], requests: Linked, ended: NDArray[np.object_]
) -> None:
    """Set aside the persons without a plan in force, and say whether it has ceased or moved."""
    over: dict[int, str] = {}
    for at in np.flatnonzero((requests.reason == "") & (ended != "")):
        over[int(requests.parent[at])] = str(ended[at])
    for at in np.flatnonzero(reason == ""):
        if at not in with_plan:
            reason[at] = _PLAN_REASONS[over.get(int(at), "")]


def _best_plans(
    person_of: NDArray[np.int64],
    concerns: NDArray[np.bool_],
    places: Placed,
    persons: Persons,
    issues: list[Issue],
) -> NDArray[np.int64]:
    """Return the plan of each person (-1 = none): with the best placement, begun last, first in the file."""
    plans = np.flatnonzero(concerns)
    out = np.full(len(persons.linked), -1, dtype=np.int64)
    several = set()
    for at in plans[np.lexsort((plans, -places.since[plans], -places.found[plans]))]:
        if out[person_of[at]] < 0:
            out[person_of[at]] = at
        else:
            several.add(int(person_of[at]))
    message = "the person has several plans in force: the one with the best placement is taken"
    fix = "give the plan that is over its date to cease"
    rows = persons.linked.rows[sorted(several)]
    Faults(issues, persons.linked.file).say("several_plans", "warning", message, fix, rows=rows)
    return out


def _merge(
    reason: NDArray[np.object_], persons: Persons, plan: NDArray[np.int64], places: Placed, issues: list[Issue]
) -> None:
    """Set aside every row but one of each pupil who has several."""
    rows = np.flatnonzero((reason == "") & (persons.same_as >= 0))
    best = rows[np.lexsort((rows, -places.since[plan[rows]], -places.found[plan[rows]]))] if len(rows) else rows
    seen: set[int] = set()
    merged = []
    for at in best:
        if int(persons.same_as[at]) in seen:
            reason[at] = "the same pupil as another row"
            merged.append(int(at))
        seen.add(int(persons.same_as[at]))
    message = "the row is the same pupil as another row by pupil number and birth date: counted once"
    fix = "keep one row for each pupil; a second registration is a placement of rank 2"
    faults = Faults(issues, persons.linked.file)
    faults.say("pupil_twice", "warning", message, fix, rows=np.sort(persons.linked.rows[merged]), column="upn")
