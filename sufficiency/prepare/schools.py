"""Settings, provision and places from the register of schools: what it states, and no number that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import NCY_MAX, NCY_MIN, NEEDS
from sufficiency.sources.public.gias import read_gias
from sufficiency.sources.public.gias_links import open_in, read_gias_links

if TYPE_CHECKING:
    from sufficiency.prepare.answer import Found, Question

__all__ = ["prepare_schools", "year_groups"]

_TYPE_OF: Final = {
    "special_school": ("special_school", "local"),
    "non_maintained_special": ("special_school", "independent"),
    "independent_special": ("special_school", "independent"),
    "specialist_post_16": ("specialist_post_16", "independent"),
}
_SECTOR: Final = {"non_maintained_special": "non_maintained", "independent_special": "independent",
                  "specialist_post_16": "independent", "further_education": "further_education"}  # fmt: skip
_KEPT: Final = (*_TYPE_OF, "mainstream", "further_education", "alternative_provision")
_PHASE_NCY: Final = {"primary": (0, 6), "middle deemed primary": (0, 8), "secondary": (7, 11),
                     "middle deemed secondary": (5, 11), "all-through": (0, 11), "16 plus": (12, 14)}  # fmt: skip
_SPECIAL_NCY: Final = (0, 14)
_SEX: Final = {"girls": "F", "boys": "M"}
_SOURCE: Final = "register of schools (GIAS); Open Government Licence v3"


def prepare_schools(found: Found, question: Question) -> None:
    """Make settings, provision and places of the schools that are open, unless the council gives these tables."""
    tables = [found.keep(read_gias(path, found.issues)) for path in found.files.get("gias", [])]
    usable = [table for table in tables if table is not None and len(table)]
    if not usable:
        if "settings" not in found.tables:
            found.say("schools", "file_missing", "there is no usable register of schools",
                      "put edubasealldata of GIAS there, or the tables settings, provision and places")  # fmt: skip
        return
    links = [found.keep(read_gias_links(path, found.issues)) for path in found.files.get("gias_links", [])]
    register = pd.concat(usable, ignore_index=True).drop_duplicates("urn")
    found.tables["register"] = register
    if "settings" in found.tables:
        if not found.files.get("sen2"):
            for account in [one for one in found.accounts if one.kind.startswith("register of schools")]:
                found.leave(account.file, account.used, "settings.csv is used instead")
        return
    first = next((link for link in links if link is not None), None)
    schools = open_in(register, question.calibration_year, first)
    schools = schools[schools["kind"].isin(_KEPT)]
    nowhere = schools["easting_m"].isna()
    if nowhere.any():
        found.say("schools", "no_position", f"{int(nowhere.sum())} schools of the register have no position and are "
                  "left out", "look their grid reference up and add them to schools/settings.csv",
                  severity="warning")  # fmt: skip
    schools = schools[~nowhere].sort_values("urn", ignore_index=True)
    found.tables["settings"] = pd.DataFrame(
        {
            "setting_id": schools["urn"],
            "setting_name": schools["school_name"],
            "sector": schools["kind"].map(_SECTOR).fillna("state"),
            "status": "open",
            "easting_m": schools["easting_m"].round(0),
            "northing_m": schools["northing_m"].round(0),
            "school_phase": schools["phase_name"],
            "source": _SOURCE,
            "quality": "published",
        }
    )
    records = [{str(name): value for name, value in row.items()} for row in schools.to_dict("records")]
    rows = [row for school in records for row in _offers(school)]
    _put_provision(found, rows, question)


def year_groups(age_from: float, age_to: float, phase: str, kind: str) -> tuple[int, int]:
    """Return the first and last national curriculum year of a school.

    Parameters
    ----------
    age_from, age_to
        Statutory lowest and highest age; NaN = not stated. A school for ages 4 to 11 has Reception to Year 6; one whose
        lowest age is 5 takes Reception too, at four.
    phase
        Its phase, where the ages are not stated.
    kind
        Kind of establishment: special schools without ages are taken for all school ages.
    """
    if np.isnan(age_from) or np.isnan(age_to):
        return _SPECIAL_NCY if kind in _TYPE_OF else _PHASE_NCY.get(phase.casefold(), (0, 11))
    first = 0 if age_from == 5 else int(age_from) - 4
    last = int(age_to) - 5
    return max(first, NCY_MIN), min(max(last, first), NCY_MAX)


def _offers(school: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a school offers to pupils with plans: its own places, and those of its base."""
    low, high = (np.nan if pd.isna(school[name]) else float(school[name]) for name in ("age_from", "age_to"))
    first, last = year_groups(low, high, str(school["phase_name"]), str(school["kind"]))
    shared = {"setting_id": school["urn"], "department": "all", "ncy_from": first, "ncy_to": last,
              "needs": school["sen_needs"], "sex": _SEX.get(str(school["sex"]), "any")}  # fmt: skip
    out = []
    if school["kind"] in _TYPE_OF:
        provision_type, tier = _TYPE_OF[school["kind"]]
        out.append({**shared, "provision_id": f"{school['urn']}-all", "provision_type": provision_type, "tier": tier,
                    "places": school["capacity_places"], "pupils": school["pupils"]})  # fmt: skip
    for what in ("resourced", "unit"):
        places = school[f"{what}_places"]
        if school["kind"] == "mainstream" and not pd.isna(places) and places > 0:
            out.append({**shared, "provision_id": f"{school['urn']}-{what}", "provision_type": "specialist_base",
                        "tier": "local", "places": places, "pupils": school[f"{what}_pupils"]})  # fmt: skip
    return out


def _put_provision(found: Found, rows: list[dict[str, Any]], question: Question) -> None:
    columns = ["provision_id", "setting_id", "provision_type", "department", "ncy_from", "ncy_to", "needs", "sex",
               "tier", "places", "pupils"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    stated = frame["needs"].fillna("").astype(str)
    frame["needs"] = stated.where(stated != "", ";".join(NEEDS))
    found.tables["provision"] = frame.drop(columns=["places", "pupils"]).assign(
        designation=stated, ehcp_required=True, attendance="day", source=_SOURCE,
        quality=np.where(stated != "", "published", "inferred"),
    )  # fmt: skip
    if (stated == "").any():
        found.notes.append(
            f"{int((stated == '').sum())} provisions state no needs: all are taken as admitted (inferred)"
        )
    counted = frame[frame["places"].notna() & (frame["places"] > 0)]
    silent = frame[~frame.index.isin(counted.index)]
    if len(silent):
        names = ", ".join(silent["provision_id"].head(5))
        more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
        found.say("places", "capacity_missing", f"the register states no places of {names}{more}: without a row of "
                  "places they count as closed", "add their places to schools/places.csv with a source",
                  severity="warning")  # fmt: skip
    places = counted[["provision_id", "places", "pupils"]].merge(pd.DataFrame({"year": question.years}), how="cross")
    stated_year = places["year"] == question.calibration_year
    found.tables["places"] = pd.DataFrame(
        {
            "provision_id": places["provision_id"],
            "year": places["year"],
            "planned_places": places["places"].astype("int64"),
            "on_roll_pupils": places["pupils"].astype("Int64").where(stated_year),
            "basis": np.where(stated_year, "published", "assumed"),
            "source": np.where(stated_year, _SOURCE, "places of the register, held"),
            "quality": np.where(stated_year, "published", "inferred"),
        }
    ).sort_values(["provision_id", "year"], ignore_index=True)
