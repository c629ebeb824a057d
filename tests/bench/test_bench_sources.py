"""The public files at the size of the whole country, read in one process: seconds, and the most memory held.

60,000 schools in the full columns of the register, 1.7 million postcodes in the columns of the ONS directory, and 36,000
small areas with their outlines and their people by single year of age; all of it made up. The process that reads is its
own, so that its memory is that of the reading. Run with ``make bench``, or ``pytest tests/bench/test_bench_sources.py
--benchmark-only -s``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.invented_files import GIAS_HEAD, SCHOOLS, postcodes, zones

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

SCHOOL_ROWS, POSTCODE_ROWS, AREAS = 60_000, 1_700_000, 36_000
TOGETHER_SECONDS, MOST_MB = 60.0, 2_000.0
WIDE = 200
# corners of the square of a small area, taken as a ring of this many positions
AROUND = 40
_SINGLE = (
    "URN,EstablishmentNumber,EstablishmentName,OpenDate,CloseDate,StatutoryLowAge,StatutoryHighAge,SchoolCapacity,CensusDate,"
    "NumberOfPupils,NumberOfBoys,NumberOfGirls,PercentageFSM,UKPRN,FEHEIdentifier,OfstedLastInsp,LastChangedDate,Street,"
    "Locality,Address3,Town,Postcode,SchoolWebsite,TelephoneNum,HeadFirstName,HeadLastName,HeadPreferredJobTitle,"
    "InspectorateReport,DateOfLastInspectionVisit,NextInspectionVisit,TeenMothPlaces,PlacesPRU,ResourcedProvisionOnRoll,"
    "ResourcedProvisionCapacity,SenUnitOnRoll,SenUnitCapacity,Easting,Northing,SENStat,SENNoStat,PreviousEstablishmentNumber,"
    "UPRN,SiteName,QABReport,CHNumber,FSM,AccreditationExpiryDate"
).split(",")
_NAMED = (
    "NurseryProvision,ReligiousEthos,SchoolSponsorFlag,SchoolSponsors,FederationFlag,FurtherEducationType,County,HeadTitle,"
    "BSOInspectorateName,TeenMoth,CCF,SENPRU,EBD,FTProv,EdByOther,Section41Approved,TypeOfResourcedProvision,GSSLACode,"
    "InspectorateName,BoardingEstablishment,PropsName,OfstedRating,RSCRegion,Country,EstablishmentAccredited"
).split(",")
_CODED = (
    "LA,TypeOfEstablishment,EstablishmentTypeGroup,EstablishmentStatus,ReasonEstablishmentOpened,ReasonEstablishmentClosed,"
    "PhaseOfEducation,Boarders,OfficialSixthForm,Gender,ReligiousCharacter,Diocese,AdmissionsPolicy,SpecialClasses,"
    "TrustSchoolFlag,Trusts,Federations,OfstedSpecialMeasures,GOR,DistrictAdministrative,AdministrativeWard,"
    "ParliamentaryConstituency,UrbanRural,PreviousLA,QABName,MSOA,LSOA"
).split(",")
REGISTER_HEAD = [
    *_SINGLE,
    *(f"{name} (name)" for name in (*_NAMED, *(f"SEN{number}" for number in range(1, 14)))),
    *(f"{name} ({what})" for name in _CODED for what in ("code", "name")),
]
# What the directory has beside the columns that are read.
_FURTHER = ["usertype", "osward2", "parish", "nhser", "rgn", "pcon", "ttwa", "itl", "npark", "msoa11", "msoa21", "wz11",
            "sicbl", "bua24", "ru11ind", "oac11", "lep1", "lep2", "pfa", "imd", "icb", "oa11", "oa21"]  # fmt: skip

READ = """
import json, resource, sys, time
from pathlib import Path
from sufficiency.sources.public.boundary_files import read_boundary_file
from sufficiency.sources.public.gias import read_gias
from sufficiency.sources.public.population_files import read_population
from sufficiency.sources.public.postcodes import read_postcodes

folder, kept, out = Path(sys.argv[1]), [], {}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, read in (
    ("schools.csv", read_gias), ("postcodes.csv", read_postcodes), ("areas.geojson", read_boundary_file),
    ("mid-2024-population.csv", read_population),
):
    issues, start, worked = [], time.perf_counter(), time.process_time()
    found = read(folder / name, issues)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    kept.append(found)
    account = found.account
    out[name] = {
        "seconds": seconds, "worked": worked, "rows": account.rows, "used": account.used, "closes": account.closes,
        "errors": sum(issue.severity == "error" for issue in issues),
        "most_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
out["before_mb"] = before / 1024
print(json.dumps(out))
"""


def _school_lines() -> Iterator[str]:
    known = {name: at for at, name in enumerate(GIAS_HEAD)}
    for number in range(SCHOOL_ROWS):
        urn, name, code, kind, phase, low, high, places, pupils, sens, based, _ = SCHOOLS[number % len(SCHOOLS)]
        east, north = 430_000 + 37 * (number % 900), 180_000 + 41 * (number // 900)
        provision = ("Resourced provision", "12", str(based)) if based else ("Not applicable", "", "")
        values = [str(one) for one in (
            100_000 + number, "999", "Nowhereshire", 4000, f"{name} {number}", code, kind, "1", "Open", "01-09-1990", "", phase,
            low, high, "Mixed", places, pupils, *sens, *provision, "", "", "ZX1 1AA", "E07999001", east, north,
            f"E0199{number % 9000:04d}", "Zzhead",
        )]  # fmt: skip
        assert urn
        yield ",".join(f'"{values[known[one]]}"' if one in known else '"not known"' if "(" in one else "" for one in
                       REGISTER_HEAD)  # fmt: skip


def _postcode_lines() -> Iterator[str]:
    """Return postcodes of five areas of letters, each with every sector and unit that makes the number."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    units = [one + other for one in letters for other in letters]
    head, row = postcodes(zones()[:1]).decode().splitlines()[:2]
    assert head.startswith("pcd,pcd2,pcds,")
    rest = ",".join(row.split(",")[5:8])
    more = ",".join(f"E9900{at:04d}" for at in range(len(_FURTHER)))
    number = 0
    for area in ("AB", "CF", "LS", "OX", "SN", "TR"):
        for district in range(1, 100):
            for sector in range(9):
                for unit in units:
                    if number == POSTCODE_ROWS:
                        return
                    code = f"{area}{district} {sector}{unit}"
                    ended = "201203" if number % 3 == 0 else ""
                    zone = f"E01{number % AREAS:06d}"
                    east, north = 300_000 + number % 200_000, 150_000 + (7 * number) % 250_000
                    yield (f"{code.replace(' ', '')},{code},{code},198001,{ended},{rest},{east},{north},1,{zone},{zone},"
                           f"51.7{number % 1000:03d},-1.2{number % 1000:03d},E92000001,{more}")  # fmt: skip
                    number += 1


def _area_lines() -> Iterator[str]:
    """Return squares whose sides have the positions of a generalised outline, which neighbours share."""
    side = np.linspace(0, 500, AROUND // 4 + 1)[:-1]
    bulge = np.round(30 * np.sin(side / 500 * 2 * np.pi), 1)
    back = np.roll(bulge[::-1], 1)
    for number in range(AREAS):
        x, y = 350_000 + 500 * (number % WIDE), 150_000 + 500 * (number // WIDE)
        ring = [*zip(x + side, y + bulge, strict=True), *zip(x + 500 + bulge, y + side, strict=True),
                *zip(x + 500 - side, y + 500 + back, strict=True), *zip(x + back, y + 500 - side, strict=True)]  # fmt: skip
        text = ",".join(f"[{east:.1f},{north:.1f}]" for east, north in [*ring, ring[0]])
        yield (f'{{"type":"Feature","properties":{{"LSOA21CD":"E01{number:06d}","LSOA21NM":"Nowhere {number:05d}A",'
               f'"LAD25CD":"E07{number // 100:06d}"}},"geometry":{{"type":"Polygon","coordinates":[[{text}]]}}}}')  # fmt: skip


def write_country(folder: Path) -> None:
    """Write the four files of a made-up country."""
    with (folder / "schools.csv").open("w", encoding="cp1252", newline="\r\n") as file:
        file.write(",".join(f'"{name}"' for name in REGISTER_HEAD) + "\n")
        file.writelines(f"{line}\n" for line in _school_lines())
    head = postcodes(zones()[:1]).decode().splitlines()[0]
    with (folder / "postcodes.csv").open("w", encoding="utf-8") as file:
        file.write(",".join([head, *_FURTHER]) + "\n")
        file.writelines(f"{line}\n" for line in _postcode_lines())
    with (folder / "areas.geojson").open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::27700"}},'
                   '"features":[\n')  # fmt: skip
        file.write(",\n".join(_area_lines()))
        file.write("\n]}\n")
    people = np.random.default_rng(2028).integers(5, 40, (AREAS, 91))
    with (folder / "mid-2024-population.csv").open("w", encoding="utf-8") as file:
        file.write(",".join(["LSOA 2021 Code,LSOA 2021 Name,Total", *map(str, range(91))]) + "\n")
        for number, row in enumerate(people.tolist()):
            file.write(f"E01{number:06d},Nowhere {number:05d}A,{sum(row)},{','.join(map(str, row))}\n")


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert len(REGISTER_HEAD) == len(set(REGISTER_HEAD))
    assert set(GIAS_HEAD) <= set(REGISTER_HEAD)
    folder = tmp_path_factory.mktemp("country")
    write_country(folder)
    return folder


@pytest.mark.benchmark(group="sources")
def test_the_files_of_a_country(benchmark: BenchmarkFixture, country: Path) -> None:
    def work() -> str:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(country)], capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(benchmark.pedantic(work, rounds=1))
    before = found.pop("before_mb")
    assert {name: one["used"] for name, one in found.items()} == {
        "schools.csv": SCHOOL_ROWS,
        "postcodes.csv": POSTCODE_ROWS,
        "areas.geojson": AREAS,
        "mid-2024-population.csv": AREAS,
    }
    assert all(one["closes"] and not one["errors"] for one in found.values()), found
    seconds, worked = (sum(one[what] for one in found.values()) for what in ("seconds", "worked"))
    most = max(one["most_mb"] for one in found.values())
    for name, one in found.items():
        took = f"{one['seconds']:.1f} s ({one['worked']:.1f} s of the processor)"
        print(f"{name}: {one['rows']:,} rows, {took}, {one['most_mb']:,.0f} MB at most so far")
    print(f"together {seconds:.1f} s ({worked:.1f} s of the processor), {most:,.0f} MB (aims {TOGETHER_SECONDS:.0f} s, {MOST_MB:,.0f} MB; "
          f"{before:.0f} MB before the first)")  # fmt: skip
    benchmark.extra_info |= {"seconds": round(seconds, 1), "most_mb": round(most)}
    # memory does not depend on what else the machine does, time does
    assert most < MOST_MB
