"""Schemes as the form makes them: a new one at a point, and what follows when its kind or place is changed.

No framework. Every function returns another scheme; whether it can be is for the engine to say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.vocabulary import HEADLINE_NCY, HEADLINE_TYPES, NEEDS, PROVISION_TYPE_NAMES
from sufficiency.outputs.maps.places import town_of
from sufficiency.outputs.maps.settings import years_of_age
from sufficiency.planning.proposed import ProposedScheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.results import Inputs

__all__ = ["ACTIONS", "LEAST_PLACES", "MOST_PLACES", "Town", "new_scheme", "with_phase"]

LEAST_PLACES: Final = 5
MOST_PLACES: Final = 120
FIRST_PLACES: Final = 30
FIRST_YEAR: Final = 2027
ACTIONS: Final = {
    "open": "Open new places",
    "expand": "Expand a school's provision",
    "convert": "Convert a school's provision",
    "close": "Close a school's provision",
    "relocate": "Relocate provision to a new site",
}
AT_A_SCHOOL: Final = ("expand", "convert", "close")
MOVES: Final = ("convert", "relocate")
_NEAR: Final = " near "


@dataclass(frozen=True, eq=False, repr=False)
class Town:
    """The places, schools and provision of an area, to be picked from.

    ``applied`` has the places of the scenario compared with, which a scheme may take over.
    """

    inputs: Inputs
    applied: Inputs

    @cached_property
    def schools(self) -> dict[str, tuple[str, float, float]]:
        """Name, easting and northing of the open state-funded settings of the area, by id, in order of name."""
        table = self.inputs.settings
        kept = (table["sector"] == "state") & (table["status"] == "open") & table["district_id"].fillna("").ne("")
        rows = table[kept].sort_values(["setting_name", "setting_id"], kind="stable")
        return {
            str(one): (str(name), float(point.x), float(point.y))
            for one, name, point in zip(rows["setting_id"], rows["setting_name"], rows.geometry, strict=True)
        }

    @cached_property
    def provision(self) -> dict[str, tuple[str, str, str, tuple[int, int]]]:
        """Setting, type, words, and first and last year group, of what can be closed or moved, by provision_id."""
        table = self.inputs.provision
        held = set(self.inputs.places["provision_id"])
        kept = table[table["provision_type"].isin(HEADLINE_TYPES) & (table["tier"] == "local")]
        out = {}
        for row in kept.sort_values("provision_id", kind="stable").to_dict("records"):
            if row["setting_id"] in self.schools and row["provision_id"] in held:
                kind, ages = str(row["provision_type"]), (int(row["ncy_from"]), int(row["ncy_to"]))
                words = f"{PROVISION_TYPE_NAMES[kind]}, {years_of_age(*ages)}"
                out[str(row["provision_id"])] = (str(row["setting_id"]), kind, words, ages)
        return out

    def held(self, provision_id: str, year: int) -> int:
        """Return the places that a provision has in every year from one on: so many can be taken over."""
        table = self.applied.places
        rows = table[(table["provision_id"] == provision_id) & (table["year"] >= year)]
        by_year = rows.groupby("year")["planned_places"].sum()
        return int(by_year.min()) if len(by_year) else 0

    def balanced(self, scheme: ProposedScheme) -> ProposedScheme:
        """Return a scheme that takes over no more places than there are; what it has beyond them is new."""
        if scheme.action not in MOVES or not scheme.from_provision_id:
            return dataclasses.replace(scheme, given_up_places=None)
        there = self.held(scheme.from_provision_id, scheme.places[0][0])
        fewest = min(count for _, count in scheme.places)
        return dataclasses.replace(scheme, given_up_places=min(there, fewest))

    def offered(self, setting_id: str) -> list[str]:
        """Return the provision of a school that can be closed or moved."""
        return [one for one, (owner, _, _, _) in self.provision.items() if owner == setting_id]

    def school_near(self, easting_m: float, northing_m: float, *, with_provision: bool) -> str:
        """Return the nearest school, or the nearest that has provision; blank where there is none."""
        owners = {owner for owner, _, _, _ in self.provision.values()}
        found = [one for one in self.schools if not with_provision or one in owners]
        return min(
            found, key=lambda one: np.hypot(self.schools[one][1] - easting_m, self.schools[one][2] - northing_m),
            default="",
        )  # fmt: skip

    def place_near(self, easting_m: float, northing_m: float) -> str:
        """Return the name of the nearest settlement."""
        points = self.inputs.gazetteer.geometry
        away = np.hypot(points.x.to_numpy() - easting_m, points.y.to_numpy() - northing_m)
        return town_of(str(self.inputs.gazetteer["place_name"].iloc[int(np.argmin(away))])) if len(away) else ""

    def name_of(self, scheme: ProposedScheme) -> str:
        """Return the name that a scheme has until it is given another."""
        kind = PROVISION_TYPE_NAMES.get(scheme.provision_type, scheme.provision_type)
        if scheme.action == "close":
            return f"Close the {kind.lower()} at {self._school(scheme.setting_id)}"[:120]
        verb = {"open": "New", "expand": "More", "convert": "Converted", "relocate": "Relocated"}[scheme.action]
        if scheme.setting_id in self.schools:
            return f"{verb} {kind.lower()} places at {self._school(scheme.setting_id)}"[:120]
        return f"{verb} {kind.lower()} places{_NEAR}{self.place_near(scheme.easting_m, scheme.northing_m)}"[:120]

    def _school(self, setting_id: str) -> str:
        return self.schools.get(setting_id, (setting_id, 0.0, 0.0))[0]

    def renamed(self, before: ProposedScheme, after: ProposedScheme) -> ProposedScheme:
        """Return the changed scheme with the name that goes with it, unless somebody gave it one of their own."""
        return dataclasses.replace(after, name=self.name_of(after)) if before.name == self.name_of(before) else after

    def moved(self, scheme: ProposedScheme, easting_m: float, northing_m: float) -> ProposedScheme:
        """Return a scheme put at a point; one that needs a school goes to the nearest."""
        if scheme.action in AT_A_SCHOOL:
            return self.at_school(scheme, self.school_near(easting_m, northing_m, with_provision=True))
        after = dataclasses.replace(
            scheme, setting_id=_new_setting(scheme.scheme_id), easting_m=float(easting_m), northing_m=float(northing_m)
        )
        return self.renamed(scheme, after)

    def at_school(self, scheme: ProposedScheme, setting_id: str) -> ProposedScheme:
        """Return a scheme put at a school; a relocation takes that school's provision and stays at its own point."""
        if setting_id not in self.schools:
            return scheme
        offered = self.offered(setting_id)
        if scheme.action == "relocate":
            return self.from_provision(scheme, offered[0]) if offered else scheme
        _, east, north = self.schools[setting_id]
        after = dataclasses.replace(scheme, setting_id=setting_id, easting_m=east, northing_m=north)
        if scheme.action in MOVES:
            after = dataclasses.replace(after, from_provision_id=offered[0] if offered else "")
        if scheme.action == "close":
            kinds = {self.provision[one][1] for one in offered}
            kind = scheme.provision_type if scheme.provision_type in kinds or not kinds else min(kinds)
            after = dataclasses.replace(after, from_provision_id="", provision_type=kind)
        return self.renamed(scheme, after)

    def from_provision(self, scheme: ProposedScheme, provision_id: str) -> ProposedScheme:
        """Return a scheme that takes over, or closes, one provision; a relocation keeps its type and year groups."""
        after = dataclasses.replace(scheme, from_provision_id=provision_id)
        if provision_id and scheme.action in ("relocate", "close"):
            _, kind, _, (low, high) = self.provision[provision_id]
            low, high = max(low, HEADLINE_NCY[0]), min(high, HEADLINE_NCY[1])
            after = dataclasses.replace(after, provision_type=kind, ncy_from=low, ncy_to=high)
        return self.renamed(scheme, after)

    def with_action(self, scheme: ProposedScheme, action: str) -> ProposedScheme:
        """Return a scheme that does something else, at the nearest place where that can be."""
        year = scheme.places[0][0]
        places = ((year, 0),) if action == "close" else _at_least(scheme.places)
        own = _new_setting(scheme.scheme_id) if scheme.action in AT_A_SCHOOL else scheme.setting_id
        after = dataclasses.replace(scheme, action=action, places=places, from_provision_id="", given_up_places=None)
        if action in AT_A_SCHOOL:
            school = self.school_near(scheme.easting_m, scheme.northing_m, with_provision=True)
            after = self.at_school(after, school)
        elif action == "relocate":
            near = self.school_near(scheme.easting_m, scheme.northing_m, with_provision=True)
            after = dataclasses.replace(after, setting_id=_new_setting(scheme.scheme_id))
            after = self.at_school(after, near)
        else:
            after = dataclasses.replace(after, setting_id=own)
        return dataclasses.replace(after, name=self.name_of(after)) if scheme.name == self.name_of(scheme) else after


def _new_setting(scheme_id: str) -> str:
    return f"new-{scheme_id}"


def _at_least(places: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((year, max(count, LEAST_PLACES) if count else FIRST_PLACES) for year, count in places)


def new_scheme(
    town: Town, scheme_id: str, at_m: tuple[float, float], years: Sequence[int], *, places: int = FIRST_PLACES
) -> ProposedScheme:
    """Return the scheme that a click makes: new special-school places for every need and year group."""
    year = FIRST_YEAR if FIRST_YEAR in years else years[0]
    scheme = ProposedScheme(
        scheme_id, "", "open", _new_setting(scheme_id), float(at_m[0]), float(at_m[1]), "special_school", NEEDS,
        *HEADLINE_NCY, ((year, places),),
    )  # fmt: skip
    return dataclasses.replace(scheme, name=town.name_of(scheme))


def with_phase(scheme: ProposedScheme, *, first: tuple[int, int], second: tuple[int, int] | None) -> ProposedScheme:
    """Return a scheme with its opening, and a second step where there is one later than it."""
    steps = (first,) if second is None or second[0] <= first[0] or scheme.action == "close" else (first, second)
    return dataclasses.replace(scheme, places=steps)
