"""The person-level SEN2 return as COLLECT exports it, read so that nobody in it can be told from what comes out.

The export is nine files, ``Blade-Export_DD-MM-YYYY_<module>.csv``. Surnames and forenames are never read; birth
dates, postcodes and pupil numbers do not leave `sufficiency.sources.public.sen2_persons`. Rules, in the order in which
they set a person aside:

1. a row without a key, with a key that stands before it, or of no collection, or of another collection;
2. no active plan; or its named plan ceased on or before the census date (reason 5: moved to another council);
3. a birth date that is missing, can be read in two ways or not at all, after the census, or over 25 before the year;
4. the same pupil as another row (`sen2_persons`): the row with a current placement of rank 1 stays, then of a lower
   rank, then the one that began last, then the first.

Of several plans in force of one person the one with the best placement, in the same order, is taken.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.sources.public.account import Account
from sufficiency.sources.public.postcodes import locate_postcodes
from sufficiency.sources.public.sen2_choice import Collection, choose
from sufficiency.sources.public.sen2_codes import read_dates, read_urn
from sufficiency.sources.public.sen2_files import KIND, MODULES, Faults, find_export, link, read_module
from sufficiency.sources.public.sen2_persons import admit_persons
from sufficiency.sources.public.sen2_tables import caseload_of_sen2, pattern_of_sen2, placements_of_sen2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.sen2_choice import Choice
    from sufficiency.sources.public.sen2_files import Linked
    from sufficiency.sources.public.sen2_persons import Locate, Persons

__all__ = ["Sen2", "caseload_of_sen2", "pattern_of_sen2", "placements_of_sen2", "read_sen2"]

_FIRST_OF_YEAR: Final = 9
_AGE_OF_NCY_0: Final = 4
_SMALL: Final = 5
_NOBODY: Final = ("no person of the return can be used", "mend the faults of the files")


@dataclass(frozen=True)
class Sen2:
    """What is kept of a SEN2 return. Internal: a row of `pupils` is a child.

    Attributes
    ----------
    year
        Academic year: that of the census date, so that the return of January 2025 is 2024.
    pupils
        A row a pupil with a plan in force: pupil_id (a pseudonym of this reading only), year, ncy, sex, need, ehcp,
        placement, urn, sen_setting, unit, attendance, lsoa_code, district_code, located.
    account
        An account of each file. Of the file of persons, used = the rows of `pupils`.
    totals
        Pupils by placement, need and age_years on 31 August; ``small`` marks 1 to 5, ``release`` is internal.
    """

    year: int
    pupils: pd.DataFrame = field(repr=False)
    account: tuple[Account, ...]
    totals: pd.DataFrame = field(repr=False)


def read_sen2(
    directory: Path,
    issues: list[Issue],
    *,
    year: int | None = None,
    postcodes: pd.DataFrame | None = None,
    settings: pd.DataFrame | None = None,
    locate: Locate = locate_postcodes,
    districts: Iterable[str] | None = None,
    key: bytes | None = None,
) -> Sen2 | None:
    """Read the newest SEN2 export in a folder; None, with issues, where a file that is needed is of no use.

    Parameters
    ----------
    directory
        The folder with the nine files.
    issues
        Every fault is appended, with the row's number and never a value. Nothing is raised for bad content.
    year
        Academic year to read, where the file holds collections of several; None = the latest.
    postcodes, locate
        Table of postcodes, as `read_postcodes` returns it (None = nobody is located), and the function that looks up.
    settings
        urn, kind, sector (`sen2_codes.setting_placement`). None = who has a URN and is in no unit is not_recorded.
    districts
        Codes of the council's own districts; pupils who live in others are kept, and counted.
    key
        Key of the hash that orders the pseudonyms, for tests; None = made by the operating system and forgotten.
    """
    paths = find_export(directory, issues)
    if paths is None:
        return None
    tables = {name: read_module(paths[name], name, issues) for name in MODULES if name in paths and name != "person"}
    heads = tables.pop("sen2")
    top = None if heads is None else link("sen2", heads, None, issues)
    chosen = None if top is None else _collection(top, year, issues)
    if top is None or chosen is None:
        return None
    persons = admit_persons(
        paths["person"],
        top,
        issues,
        year=chosen.year,
        census=chosen.census,
        postcodes=postcodes,
        locate=locate,
        key=key[:64] if key else secrets.token_bytes(32),
    )
    if persons is None or any(table is None and MODULES[name].needed for name, table in tables.items()):
        return None
    linked: dict[str, Linked] = {"sen2": top, "person": persons.linked}
    for name, table in tables.items():
        if table is not None:
            linked[name] = link(name, table, linked.get(MODULES[name].above), issues)
    choice = choose(linked, persons, chosen, _known_settings(settings, issues), issues)
    pupils = _pupils(persons, choice, chosen.year)
    if pupils.empty:
        Faults(issues, persons.linked.file).say("no_pupil", "error", *_NOBODY)
    return Sen2(chosen.year, pupils, _accounts(linked, choice, _notes(pupils, districts)), _totals(pupils))


def _collection(top: Linked, year: int | None, issues: list[Issue]) -> Collection | None:
    """Return the collection to read: its row, academic year and census date."""
    faults = Faults(issues, top.file)
    good = np.flatnonzero(top.reason == "")
    councils = {str(code) for code in top.get("lea")[good] if code}
    if len(councils) > 1:
        message = f"the file holds the returns of {len(councils)} councils"
        faults.say("several_councils", "error", message, "export the return of one council", column="lea")
        return None
    days, status = read_dates(list(top.get("referencedate")))
    found = []
    for at in good:
        stated = re.sub(r"\.0+$", "", top.get("year")[at])
        if status[at] == "ok":
            census = dt.date.fromordinal(days[at])
        elif re.fullmatch(r"20\d\d", stated, re.ASCII):
            census = dt.date(int(stated), 1, 31)
            message = "the census date cannot be read: the end of January of the stated year is taken"
            rows = top.rows[[at]]
            faults.say("census_date", "warning", message, "export again", rows=rows, column="referencedate")
        else:
            message = "the row states neither a census date nor a year that can be read"
            faults.say("census_date", "error", message, "export again", rows=top.rows[[at]], column="referencedate")
            continue
        academic = census.year - (census.month < _FIRST_OF_YEAR)
        found.append((academic, census.toordinal(), int(at)))
    wanted = [item for item in found if year is None or item[0] == year]
    if not wanted:
        of_year = "" if year is None else f" of {year}/{(year + 1) % 100:02d}"
        faults.say("no_collection", "error", f"the file holds no collection{of_year}", "export the return of that year")
        return None
    academic, census_day, row = max(wanted)
    if len(found) > 1:
        message = f"the file holds {len(found)} collections: that of {academic}/{(academic + 1) % 100:02d} is read"
        faults.say("several_collections", "note", message, "nothing, if that is meant")
    return Collection(row, academic, census_day)


def _known_settings(settings: pd.DataFrame | None, issues: list[Issue]) -> dict[str, tuple[str, str]] | None:
    """Return kind and sector by URN."""
    if settings is None:
        return None
    lacking = [name for name in ("urn", "kind", "sector") if name not in settings]
    if lacking:
        message = f"the table of settings has no column {' nor '.join(lacking)}: it is not used"
        Faults(issues, "settings").say("column_missing", "error", message, "give urn, kind and sector")
        return None
    parts = (settings[name].fillna("").astype(str) for name in ("urn", "kind", "sector"))
    rows = ((read_urn(urn), kind, sector) for urn, kind, sector in zip(*parts, strict=True))
    return {urn: (kind, sector) for urn, kind, sector in rows if urn}


def _pupils(persons: Persons, choice: Choice, year: int) -> pd.DataFrame:
    """Return the pupils in the order of their keyed hash, which is all that their ids say."""
    rows = np.flatnonzero(choice.reason == "")
    rows = rows[np.argsort(persons.order[rows], kind="stable")]
    of_plan, places, needs = choice.plan[rows], choice.places, choice.needs
    frame = pd.DataFrame(
        {
            "pupil_id": np.array([f"pupil-{number:06d}" for number in range(1, len(rows) + 1)], dtype=object),
            "year": np.full(len(rows), year, dtype=np.int64),
            "ncy": persons.ncy[rows],
            "sex": persons.sex[rows],
            "need": needs.need[of_plan],
            "ehcp": np.ones(len(rows), dtype=bool),
            "placement": places.placement[of_plan],
            "urn": places.urn[of_plan],
            "sen_setting": places.sen_setting[of_plan],
            "unit": places.unit[of_plan],
            "attendance": places.attendance[of_plan],
            "lsoa_code": persons.lsoa_code[rows],
            "district_code": persons.district_code[rows],
            "located": persons.located[rows],
        }
    )
    return frame.reset_index(drop=True)


def _notes(pupils: pd.DataFrame, districts: Iterable[str] | None) -> dict[str, int]:
    """Return what else is worth counting of the persons used."""
    notes = {f"postcode {str(name).replace('_', ' ')}": int(n) for name, n in pupils["located"].value_counts().items()}
    notes["not located in a small area"] = int((pupils["lsoa_code"] == "").sum())
    if districts is not None:
        elsewhere = (pupils["district_code"] != "") & ~pupils["district_code"].isin(list(districts))
        notes["lives in another council's district"] = int(elsewhere.sum())
    notes["sex not known"] = int((pupils["sex"] == "any").sum())
    return {what: number for what, number in sorted(notes.items()) if number}


def _accounts(linked: Mapping[str, Linked], choice: Choice, notes: Mapping[str, int]) -> tuple[Account, ...]:
    """Return what became of the rows of each file."""
    active, requests = linked["activeplans"], linked["requests"]
    places, needs = choice.places, choice.needs
    reasons = {name: table.reason.copy() for name, table in linked.items()}
    reasons["person"] = choice.reason
    used_parent = set(linked["person"].parent[choice.reason == ""])
    top = reasons["sen2"]
    top[[at for at in np.flatnonzero(top == "") if at not in used_parent]] = "another collection"
    used_requests = set(choice.request[choice.kept])
    aside = [at for at in np.flatnonzero(requests.reason == "") if at not in used_requests]
    reasons["requests"][aside] = "no plan in force that is counted"
    reasons["activeplans"][(active.reason == "") & ~choice.kept] = "not the plan that is counted"
    reasons["placementdetail"], reasons["senneed"] = places.reason, needs.reason
    if "plandetail" in reasons:
        left = reasons["plandetail"]
        left[left == ""] = "not used: the setting named in a plan is not where the pupil is"
    status = Counter(needs.status[needs.row[needs.row >= 0]])
    more = {"person": notes, "placementdetail": places.notes}
    more["senneed"] = {f"need {name.replace('_', ' ')}": n for name, n in sorted(status.items()) if name != "ok"}
    accounts = []
    for name in MODULES:
        if name not in linked:
            continue
        table, why = linked[name], Counter(reasons[name])
        used = why.pop("", 0)
        if table.shifted:
            why["another number of fields than the header"] = table.shifted
        kind = f"{KIND}, {name}"
        accounts.append(
            Account(table.file, kind, table.read, used, dict(sorted(why.items())), dict(more.get(name, {})))
        )
    return tuple(accounts)


def _totals(pupils: pd.DataFrame) -> pd.DataFrame:
    """Return pupils by placement, need and age, marked as internal."""
    by = ["placement", "need", "age_years"]
    counted = pupils.assign(age_years=pupils["ncy"] + _AGE_OF_NCY_0).groupby(by, as_index=False, sort=True).size()
    out = counted.rename(columns={"size": "pupils"}).astype({"pupils": "int64", "age_years": "int64"})
    return out.assign(small=out["pupils"].between(1, _SMALL), release="internal")
