"""Plans in force on the census date, where each pupil is, and the primary need: the rules, and what they set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.sources.public.sen2_codes import (
    ELSEWHERE_SETTINGS,
    read_dates,
    read_flag,
    read_need,
    read_rank,
    read_residential,
    read_setting,
    read_urn,
    setting_placement,
)
from sufficiency.sources.public.sen2_files import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.sen2_files import Linked

__all__ = ["Needs", "Placed", "ended_requests", "places_of", "primary_needs"]

_TRANSFERRED: Final = "5"
_UNREADABLE_NEEDS_SHARE: Final = 0.01
_ONE_CODE: Final = "write one code of the return, and a second need in a row of its own with rank 2"
_RECORD_NEED: Final = "record the primary need with rank 1"
_DATE_AGAIN: Final = "correct the date and export again, unopened by a spreadsheet"


class Placed(NamedTuple):
    """Where the pupil of each active plan is, and what became of each row of the placements.

    ``found`` is 2 for a current placement of rank 1, 1 for one of a lower rank, 0 for none; ``since`` its entry date.
    """

    found: NDArray[np.int64]
    since: NDArray[np.int64]
    row: NDArray[np.int64]
    reason: NDArray[np.object_]
    urn: NDArray[np.object_]
    sen_setting: NDArray[np.object_]
    unit: NDArray[np.object_]
    attendance: NDArray[np.object_]
    placement: NDArray[np.object_]
    notes: Mapping[str, int]


class Needs(NamedTuple):
    """The primary need of each active plan, its row (-1 = none), and why each other row is set aside."""

    need: NDArray[np.object_]
    row: NDArray[np.int64]
    reason: NDArray[np.object_]
    status: NDArray[np.object_]


def ended_requests(
    requests: int, named: Linked | None, assessment: Linked | None, census: int, issues: list[Issue]
) -> NDArray[np.object_]:
    """Return why the plan of each request is over: ceased, transferred, or blank while it is in force.

    A plan is over when it ceased on or before the census date and no other plan of the same request goes on.
    """
    out = np.full(requests, "", dtype=object)
    if named is None or assessment is None:
        return out
    faults = Faults(issues, named.file)
    days, status = (np.array(part) for part in read_dates(list(named.get("ceasedate"))))
    reasons = np.array([text.split(".")[0].lstrip("0") for text in named.get("ceasereason")], dtype=object)
    usable = named.reason == ""
    odd = usable & ((status == "ambiguous") | (status == "unreadable"))
    message = "the date on which the plan ceased cannot be read: the plan is taken to go on"
    faults.say("date_unreadable", "warning", message, _DATE_AGAIN, rows=named.rows[odd], column="ceasedate")
    undated = usable & (status == "missing") & (reasons != "")
    message = "the plan has a reason to have ceased, but no date: it is taken to go on"
    faults.say("cease_undated", "warning", message, "give the date", rows=named.rows[undated], column="ceasedate")
    over = usable & (status == "ok") & (days <= census)
    request = assessment.parent[np.where(usable, named.parent, 0)] if len(assessment) else named.parent
    going_on = set(request[usable & ~over])
    for at in np.flatnonzero(over):
        if request[at] not in going_on:
            moved = reasons[at] == _TRANSFERRED or out[request[at]] == "transferred"
            out[request[at]] = "transferred" if moved else "ceased"
    return out


def places_of(
    linked: Linked,
    active: Linked,
    census: int,
    *,
    settings: Mapping[str, tuple[str, str]] | None,
    concerns: NDArray[np.bool_],
    issues: list[Issue],
) -> Placed:
    """Choose the current placement of each active plan, and say what it is.

    The current placement has rank 1, has begun, and has no leaving date before the census. Of several, the one that
    began last is taken, then the first in the file; of none, the current one of the next rank.

    Parameters
    ----------
    linked, active
        The files of placements and of active plans.
    census
        The census date, as an ordinal of the calendar.
    settings
        Kind and sector of each setting; None when no table of settings is given.
    concerns
        Which active plans are counted.
    issues
        Faults are appended, for plans that count only.
    """
    faults = Faults(issues, linked.file)
    reason = linked.reason.copy()
    reason[(reason == "") & ~_of(concerns, linked.parent)] = "of a person who is set aside"
    rank = np.array([read_rank(text) for text in linked.get("placementrank")], dtype=np.int64)
    begun = _timely(linked, census, reason, faults)
    open_rows = np.flatnonzero(reason == "")
    order = open_rows[np.lexsort((open_rows, -begun[open_rows], rank[open_rows], linked.parent[open_rows]))]
    row = np.full(len(active), -1, dtype=np.int64)
    several = np.zeros(len(active), dtype=bool)
    for at in order:
        plan = linked.parent[at]
        if row[plan] < 0:
            row[plan] = at
        else:
            several[plan] |= rank[at] == rank[row[plan]]
            reason[at] = "another placement of the plan is the current one"
    has = row >= 0
    found = np.where(has, np.where(_of(rank, row) == 1, 2, 1), 0)
    _say_choices(active, several & concerns, found, concerns, issues)
    cells = _cells(linked, active, row, faults)
    placement, notes = _groups(cells, settings, has & concerns, faults)
    notes |= {
        "several current placements of one rank: the latest is taken": int((several & concerns).sum()),
        "no current placement of rank 1: the next rank is taken": int(((found == 1) & concerns).sum()),
        "no current placement": int(((found == 0) & concerns).sum()),
    }
    counted = {what: number for what, number in notes.items() if number}
    return Placed(found, np.where(has, _of(begun, row), -1), row, reason, *cells[:3], cells[3], placement, counted)


def _of(values: NDArray, positions: NDArray[np.int64]) -> NDArray:  # type: ignore[type-arg]  # of any kind
    """Return values at positions; where a position is -1, or there is no value, nothing that means anything."""
    if not len(values):
        return np.full(len(positions), "" if values.dtype == object else 0, dtype=values.dtype)
    return values[np.maximum(positions, 0)]


def _timely(linked: Linked, census: int, reason: NDArray[np.object_], faults: Faults) -> NDArray[np.int64]:
    """Set aside placements that are over or not begun; return when each began (0 = not known)."""
    begun, began = (np.array(part) for part in read_dates(list(linked.get("entrydate"))))
    left, leaving = (np.array(part) for part in read_dates(list(linked.get("leavingdate"))))
    free = reason == ""
    odd = free & ((leaving == "ambiguous") | (leaving == "unreadable"))
    message = "the leaving date cannot be read: the placement is taken as over"
    faults.say("date_unreadable", "error", message, _DATE_AGAIN, rows=linked.rows[odd], column="leavingdate")
    reason[odd] = "the leaving date cannot be read"
    odd = free & ((began == "ambiguous") | (began == "unreadable"))
    message = "the entry date cannot be read: the placement is taken as begun"
    faults.say("date_unreadable", "warning", message, _DATE_AGAIN, rows=linked.rows[odd], column="entrydate")
    reason[(reason == "") & (leaving == "ok") & (left < census)] = "left before the census"
    reason[(reason == "") & (began == "ok") & (begun > census)] = "begins after the census"
    return np.asarray(begun, dtype=np.int64)


def _say_choices(
    active: Linked,
    several: NDArray[np.bool_],
    found: NDArray[np.int64],
    concerns: NDArray[np.bool_],
    issues: list[Issue],
) -> None:
    """Report plans with several current placements, with one of a lower rank only, and with none."""
    faults = Faults(issues, active.file)
    for wrong, check, message, fix in (
        (
            several,
            "several_placements",
            "the plan has several current placements of one rank: the one that began last is taken",
            "give each that is over its leaving date, and a second one rank 2",
        ),
        (
            (found == 1) & concerns,
            "no_first_placement",
            "the plan has no current placement of rank 1: the next is taken",
            "rank the main placement 1",
        ),
        (
            (found == 0) & concerns,
            "no_placement",
            "the plan has no current placement: it is counted as not recorded",
            "record where the pupil is, or the setting code that says why there is no place",
        ),
    ):
        faults.say(check, "warning", message, fix, rows=active.rows[wrong], column="activeplanstableid")


def _cells(
    linked: Linked, active: Linked, row: NDArray[np.int64], faults: Faults
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_], NDArray[np.object_], NDArray[np.bool_]]:
    """Return URN, setting code, unit, attendance and whether a UKPRN is given, of the chosen row of each plan."""
    chosen = row >= 0
    rows = _of(linked.rows, row)

    def read(
        column: str, reader: Callable[[str], object], fallback: object, what: str, fix: str
    ) -> NDArray[np.object_]:
        values = np.array([reader(text) for text in _of(linked.get(column), row)], dtype=object)
        wrong = chosen & np.array([value is None for value in values], dtype=bool)
        faults.say("unknown_code", "warning", f"{what}: it is not used", fix, rows=rows[wrong], column=column)
        values[wrong | ~chosen] = fallback
        return values

    true_false = "write true or false"
    urn = read("urn", read_urn, "", "the URN is not a number of six digits", "write the URN as text, from GIAS")
    code = read("sensetting", read_setting, "", "the setting code is not one of the return", "use OLA, OPA and so on")
    resourced = read("resourcedprovisionindicator", read_flag, False, "the flag is neither true nor false", true_false)
    unit = read("senunitindicator", read_flag, False, "the flag is neither true nor false", true_false)
    stays = read("res", read_residential, False, "the residential code is neither A nor B", "use A or B, or leave it")
    on_plan = [read_residential(text) for text in active.get("res")]
    stays = np.array([bool(a or b) for a, b in zip(stays, on_plan, strict=True)], dtype=bool)
    flags = np.where(resourced.astype(bool), "resourced", np.where(unit.astype(bool), "unit", "")).astype(object)
    ukprn = chosen & (_of(linked.get("ukprn"), row) != "")
    return urn, code, flags, np.where(stays, "residential", "day").astype(object), ukprn


def _groups(
    cells: tuple[NDArray, ...],  # type: ignore[type-arg]  # of any kind
    settings: Mapping[str, tuple[str, str]] | None,
    concerned: NDArray[np.bool_],
    faults: Faults,
) -> tuple[NDArray[np.object_], dict[str, int]]:
    """Return the SEN2 group of each plan's placement, and how many could not be told."""
    urns, codes, units, _, ukprns = cells
    out = np.full(len(urns), "not_recorded", dtype=object)
    notes = {
        "URN not known": 0,
        "setting of no kind that the return groups": 0,
        "a unit that is no part of its kind": 0,
    }
    for at in np.flatnonzero(concerned):
        urn, code = urns[at], codes[at]
        known = None if settings is None else settings.get(urn)
        group = "" if known is None else setting_placement(*known)
        if urn:
            in_unit = bool(units[at]) and group in {"", "mainstream_school"}
            out[at] = "resourced_provision_or_unit" if in_unit else group or "not_recorded"
            notes["a unit that is no part of its kind"] += bool(units[at]) and not in_unit
            notes["URN not known"] += known is None
            notes["setting of no kind that the return groups"] += known is not None and not group and not in_unit
        elif ukprns[at]:
            out[at] = "other_training_provider"
        elif code:
            out[at] = "educated_elsewhere" if code in ELSEWHERE_SETTINGS else "early_years_setting"
    _say_groups(notes, settings, faults)
    return out, notes


def _say_groups(notes: Mapping[str, int], settings: Mapping[str, tuple[str, str]] | None, faults: Faults) -> None:
    if notes["URN not known"]:
        number = notes["URN not known"]
        without = "no table of settings is given" if settings is None else "the table of settings does not have them"
        message = (
            f"{number} pupils are in settings whose kind is not known ({without}): counted as not recorded, or as in a "
            "unit where the flag says so"
        )
        faults.say("urn_unknown", "warning", message, "give the GIAS file with every setting, closed ones too")
    number = notes["setting of no kind that the return groups"]
    if number:
        message = f"{number} pupils are in settings of a kind that tells no group: counted as not recorded"
        faults.say("setting_kind", "warning", message, "give each setting its kind and sector")
    number = notes["a unit that is no part of its kind"]
    if number:
        message = f"{number} pupils have the flag of a unit at a setting that is no mainstream school: it is not used"
        faults.say("unit_flag", "note", message, "check the flag", column="senunitindicator")


def primary_needs(linked: Linked, active: Linked, concerns: NDArray[np.bool_], issues: list[Issue]) -> Needs:
    """Return the primary need of each active plan: of rank 1, or the only one where no rank is given; else UNK."""
    faults = Faults(issues, linked.file)
    reason = linked.reason.copy()
    reason[(reason == "") & ~_of(concerns, linked.parent)] = "of a person who is set aside"
    rank = np.array([read_rank(text) for text in linked.get("sentyperank")], dtype=np.int64)
    read = [read_need(text) for text in linked.get("sentype")]
    need = np.full(len(active), "UNK", dtype=object)
    row = np.full(len(active), -1, dtype=np.int64)
    free = np.flatnonzero(reason == "")
    rows_of_plan = pd.Series(linked.parent[free]).value_counts()
    twice: list[int] = []
    for at in free:
        plan = linked.parent[at]
        first = rank[at] == 1 or (rank[at] == 99 and rows_of_plan[plan] == 1)
        if first and row[plan] < 0:
            row[plan], need[plan] = at, read[at].need
        else:
            reason[at] = "not the primary need"
            if first and read[at].need != need[plan]:
                twice.append(int(at))
    status = np.array([item.status for item in read], dtype=object)
    _say_needs(linked, status, row, twice, faults)
    lacking = active.rows[concerns & (row < 0)]
    message = "the plan has no primary need"
    Faults(issues, active.file).say("need_missing", "warning", message, _RECORD_NEED, rows=lacking)
    return Needs(need, row, reason, status)


def _say_needs(
    linked: Linked, status: NDArray[np.object_], row: NDArray[np.int64], twice: list[int], faults: Faults
) -> None:
    message = "the plan has two primary needs: the first is taken"
    faults.say("need_twice", "warning", message, _RECORD_NEED, rows=linked.rows[twice], column="sentyperank")
    used = row[row >= 0]
    texts = {
        "several": ("the cell names several needs, and not which is the primary one: taken as not recorded", _ONE_CODE),
        "retired": ("the need code has been retired: taken as not recorded", "choose the present code that applies"),
        "unknown": ("the need code is none of the return: taken as not recorded", _ONE_CODE),
        "blank": ("the need is blank: taken as not recorded", _RECORD_NEED),
    }
    for name, (message, fix) in texts.items():
        hit = np.sort(used[status[used] == name])
        faults.say(f"need_{name}", "warning", message, fix, rows=linked.rows[hit], column="sentype")
    lower = int((status[used] == "lower_case").sum())
    if lower:
        message = f"{lower} need codes are read although they are not in capitals"
        faults.say("need_lower_case", "note", message, "nothing", column="sentype")
    odd = int(np.isin(status[used], ["several", "retired", "unknown"]).sum())
    if odd > _UNREADABLE_NEEDS_SHARE * len(used):
        message = f"{odd} of {len(used)} primary needs cannot be told, more than one in a hundred"
        faults.say("needs_not_told", "error", message, _ONE_CODE, column="sentype")
