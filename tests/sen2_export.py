"""Invented exports of the SEN2 return. Nobody in them lives: every name, number, date and postcode is a canary.

Names are Zzcanary and Inventedname with a number, pupil numbers begin Z999, learner numbers 88777, and postcodes are
of a district that does not exist (ZX) or of no fixed abode (ZZ99). `canaries` lists what must never come out.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

DATE = "03-02-2025"
COLUMNS = {
    "sen2": "sen2tableid NativeId sen2orderseqcolumn sourceid collection year referencedate sourcelevel lea "
    "softwarecode release serialno datetime dmo dco dsco",
    "person": "persontableid NativeId personorderseqcolumn sourceid sen2tableid surname forename personbirthdate sex "
    "ethnicity postcode upn uniquelearnernumber upnunknown",
    "requests": "requeststableid NativeId requestsorderseqcolumn sourceid persontableid receiveddate requestsource rya "
    "requestoutcomedate requestoutcome requestmediation requesttribunal exported",
    "assessment": "assessmenttableid NativeId assessmentorderseqcolumn sourceid requeststableid assessmentoutcome "
    "assessmentoutcomedate assessmentmediation assessmenttribunal othermediation othertribunal week20",
    "namedplan": "namedplantableid NativeId namedplanorderseqcolumn sourceid assessmenttableid startdate planres "
    "planwbp pb oa dp ceasedate ceasereason",
    "plandetail": "plandetailtableid NativeId plandetailorderseqcolumn sourceid namedplantableid urn ukprn sensetting "
    "sensettingother placementrank senunitindicator resourcedprovisionindicator",
    "activeplans": "activeplanstableid NativeId activeplansorderseqcolumn sourceid requeststableid transferla "
    "reviewmeeting reviewoutcome reviewdraft phasetransferduedate phasetransferfinaldate lastreview",
    "placementdetail": "placementdetailtableid NativeId placementdetailorderseqcolumn sourceid activeplanstableid urn "
    "ukprn sensetting sensettingother placementrank entrydate leavingdate senunitindicator resourcedprovisionindicator "
    "res wbp",
    "senneed": "senneedtableid NativeId senneedorderseqcolumn sourceid activeplanstableid sentype sentyperank",
}
# how the files were before version 1.2 of the specification
OLD_COLUMNS = {
    **COLUMNS,
    "sen2": COLUMNS["sen2"].replace(" dsco", ""),
    "person": COLUMNS["person"].replace(" sex ", " gendercurrent "),
    "requests": COLUMNS["requests"].replace(" requestsource", ""),
    "activeplans": "activeplanstableid NativeId activeplansorderseqcolumn sourceid requeststableid transferla res wbp "
    "lastreview",
    "placementdetail": "placementdetailtableid NativeId placementdetailorderseqcolumn sourceid activeplanstableid urn "
    "ukprn sensetting sensettingother placementrank entrydate leavingdate attendancepattern senunitindicator "
    "resourcedprovisionindicator",
}
SETTINGS = pd.DataFrame(
    [
        ("900001", "special_school", "state"),
        ("900010", "mainstream", "state"),
        ("900011", "independent", "independent"),
        ("900012", "nursery", "state"),
        ("900020", "independent_special", "independent"),
        ("900030", "non_maintained_special", "non_maintained"),
        ("900040", "further_education", "further_education"),
        ("900050", "specialist_post_16", "independent"),
        ("900060", "alternative_provision", "state"),
        ("900070", "online", "independent"),
        ("900080", "other", ""),
    ],
    columns=["urn", "kind", "sector"],
)
POSTCODES = pd.DataFrame(
    [
        ("ZX1 1AA", 1.0, 1.0, "E01990001", "E07999001", "live"),
        ("ZX1 1AB", 2.0, 2.0, "E01990002", "E07999001", "live"),
        ("ZX2 2AA", 3.0, 3.0, "E01990003", "E07999002", "live"),
        ("ZX3 3AA", 4.0, 4.0, "E01990001", "E07999001", "terminated"),
    ],
    columns=["postcode", "easting_m", "northing_m", "lsoa_code", "district_code", "status"],
)


def day(text: str) -> str:
    """Return 2015-03-17 as the export writes it: 2015-Mar-17 00:00:00."""
    return f"{dt.date.fromisoformat(text):%Y-%b-%d} 00:00:00" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


@dataclass
class Export:
    """Rows of the nine files, by module; a person is added with all that hangs on them."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    private: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.row("sen2", sen2tableid="S1", collection="SEN2", year="2025", referencedate=day("2025-01-16"), lea="999")

    def row(self, module: str, **cells: str) -> dict[str, str]:
        """Add a row, with its order in the file."""
        cells.setdefault(f"{module}orderseqcolumn", str(len(self.rows[module]) + 1))
        self.rows[module].append(cells)
        return cells

    def person(self, born: str = "2015-03-17", *, plan: bool = True, **given: object) -> int:
        """Add a person and return the number of their row in the file.

        ``given``: cells of the person by column; ``urn`` and other cells of the placement; ``need``; ``ceased`` and
        ``reason`` of a named plan; ``places`` and ``needs``: lists of rows instead of one.
        """
        number = len(self.rows["person"]) + 1
        cells = {
            "persontableid": f"P{number}",
            "NativeId": f"N{number}",
            "sen2tableid": "S1",
            "surname": f"Zzcanary-{number}",
            "forename": f"Inventedname{number}",
            "personbirthdate": day(born),
            "sex": "F" if number % 2 else "M",
            "postcode": "ZX1 1AA",
            "upn": f"Z999{number:09d}",
            "uniquelearnernumber": f"88777{number:05d}",
        }
        cells |= {name: str(given[name]) for name in cells.keys() & given.keys()}
        self.row("person", **cells)
        self._remember(cells, born)
        self.row("requests", requeststableid=f"R{number}", persontableid=cells["persontableid"])
        ceased = str(given.get("ceased", ""))
        if plan or ceased:
            self.row("assessment", assessmenttableid=f"A{number}", requeststableid=f"R{number}")
            reason = str(given.get("reason", ""))
            plan_cells = {"ceasedate": day(ceased), "ceasereason": reason, "startdate": day("2021-06-01")}
            self.row("namedplan", namedplantableid=f"NP{number}", assessmenttableid=f"A{number}", **plan_cells)
            self.row("plandetail", plandetailtableid=f"PD{number}", namedplantableid=f"NP{number}", urn="900080")
        if plan:
            self.plan(number, given)
        return number + 1

    def plan(self, number: int, given: dict[str, object]) -> None:
        """Add the active plan of a person, with placements and needs."""
        self.row("activeplans", activeplanstableid=f"AP{number}", requeststableid=f"R{number}")
        names = ("urn", "ukprn", "sensetting", "senunitindicator", "resourcedprovisionindicator", "res")
        one = {name: str(given[name]) for name in names if name in given}
        if not one:
            one = {"urn": "900001"}
        places = given.get("places", [{"placementrank": "1", "entrydate": day("2022-09-01"), **one}])
        for at, place in enumerate(places):
            self.row(
                "placementdetail", placementdetailtableid=f"D{number}-{at}", activeplanstableid=f"AP{number}", **place
            )
        needs = given.get("needs", [{"sentype": str(given.get("need", "ASD")), "sentyperank": "1"}])
        for at, need in enumerate(needs):
            self.row("senneed", senneedtableid=f"Q{number}-{at}", activeplanstableid=f"AP{number}", **need)

    def _remember(self, cells: dict[str, str], born: str) -> None:
        self.private |= {cells["surname"], cells["forename"], cells["upn"], cells["uniquelearnernumber"]}
        self.private |= {cells["postcode"], cells["postcode"].replace(" ", "")}
        birth = cells["personbirthdate"]
        self.private |= {birth, birth.split(" ")[0]}
        if re.fullmatch(r"\d{4}-\d\d-\d\d", born):
            date = dt.date.fromisoformat(born)
            self.private |= {born, f"{date:%d/%m/%Y}", f"{date:%Y%m%d}"}

    def canaries(self) -> set[str]:
        """Return every private text, and the stems by which a part of one would be known."""
        return {text for text in self.private if len(text) > 4} | {"Zzcanary", "Inventedname", "Z9990", "88777"}

    def text(self, module: str, *, old: bool = False) -> str:
        """Return a file's text, in the columns of the newest or the first version."""
        columns = (OLD_COLUMNS if old else COLUMNS)[module].split()
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        rows = self.rows[module]
        if old and module == "person":
            rows = [{**row, "gendercurrent": row.get("sex", "")} for row in rows]
        writer.writerows(rows)
        return out.getvalue()

    def write(self, folder: Path, *, date: str = DATE, old: bool = False) -> Path:
        """Write the nine files into a folder, and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        for module in COLUMNS:
            path = folder / f"Blade-Export_{date}_{module}.csv"
            path.write_bytes(self.text(module, old=old).encode())
        return folder


def born(ncy: int) -> str:
    """Return a birth date of a year group in 2024/25: 17 March, so that Year 5 (age 9 on 31 August 2024) is 2015."""
    return f"{2024 - ncy - 4}-03-17"


def large() -> Export:
    """Return an export of 300 persons; what each block is, and its size, is written beside it.

    Counted by hand: 274 pupils (263 plain, 11 of the special cases) and 26 rows set aside.
    """
    out = Export()
    for ncy in range(2, 12):
        for _ in range(10):  # 100 in a state special school, ten a year group
            out.person(born(ncy), urn="900001", need="ASD")
    for ncy in (3, 8):
        for _ in range(30):  # 60 in a mainstream school
            out.person(born(ncy), urn="900010", need="SLCN", postcode="ZX1 1AB")
    for at in range(30):  # 30 at the same school, 20 in resourced provision and 10 in a unit
        flag = "resourcedprovisionindicator" if at < 20 else "senunitindicator"
        out.person(born(5), urn="900010", need="HI", postcode="ZX2 2AA", **{flag: "true"})
    for at in range(20):  # 20 independent special, 6 of them residential
        out.person(born(9), urn="900020", need="SEMH", res="A" if at < 4 else "B" if at < 6 else "")
    for _ in range(10):  # 10 non-maintained special
        out.person(born(12), urn="900030", need="PMLD")
    for _ in range(20):  # 20 in further education
        out.person(born(13), urn="900040", need="MLD")
    for code in ("OLA", "OPA", "EHE", "EYP", "OTH", "NEET", "NIEC", "NIEO"):  # 8 without a school
        out.person(born(10), sensetting=code, need="OTH")
    for _ in range(5):  # 5 with a training provider
        out.person(born(14), ukprn="10099999", need="MLD")
    for _ in range(6):  # 6 in a specialist post-16 institution
        out.person(born(15), urn="900050", need="VI")
    for _ in range(4):  # 4 in alternative provision
        out.person(born(10), urn="900060", need="SEMH")
    for _ in range(10):  # 10 asked for, no plan
        out.person(born(1), plan=False)
    for _ in range(4):  # 4 ceased, 2 moved to another council
        out.person(born(11), ceased="2024-07-31", reason="2")
    for _ in range(2):
        out.person(born(11), ceased="2024-07-31", reason="5")
    # 5 birth dates that cannot stand
    for date in ("", "01/02/2015", "about 2015", "2025-01-17", "1999-08-31"):
        out.person(date)
    # the same pupil twice, in two rows alike: 1 of 2
    first = out.person(born(7), upn="Z999900000001")
    out.person(born(7), upn="Z999900000001")
    assert first == len(out.rows["person"])
    # main and subsidiary registration in two rows: 1 of 2, the main one (special school) although it comes second
    subsidiary = {"placementrank": "2", "urn": "900060", "entrydate": day("2024-09-01")}
    out.person(born(8), upn="Z999900000002", need="VI", places=[subsidiary])
    out.person(born(8), upn="Z999900000002", need="VI", urn="900001")
    # twins: one birth date and home, 2 of 2
    for _ in range(2):
        out.person("2016-05-23", postcode="ZX2 2AA", need="MSI")
    # 3 without a pupil number, and 2 with the same temporary one: all 5 stay
    for _ in range(3):
        out.person(born(4), upn="", uniquelearnernumber="", need="DS")
    for _ in range(2):
        out.person(born(4), upn="Z99990000003A", uniquelearnernumber="", need="DS")
    # on both sides of the cut: years 1 and 0
    out.person("2019-08-31", need="SPLD")
    out.person("2019-09-01", need="SPLD")
    # of no collection; a key that stands before; and one whose row will have a field too many
    out.person(born(6), sen2tableid="S-none")
    out.person(born(6), persontableid="P1")
    out.person(born(6))
    return out


def write_large(folder: Path) -> tuple[Path, Export]:
    """Write the large export, the last person's row with one field too many."""
    export = large()
    export.write(folder)
    path = folder / f"Blade-Export_{DATE}_person.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1] + ",extra"]) + "\n", encoding="utf-8")
    return folder, export
