"""Invented public files of one small county, of every kind that is read: nobody and nothing in them is real.

The county is Nowhereshire (E10999001, 999), with two districts and square zones of 2 km. Codes, postcodes (ZX), school
numbers (9000nn) and names do not exist. Sums that a file states are those of its parts.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from typing import TYPE_CHECKING, Any

from sufficiency.model.geography import to_wgs84
from tests.osm_xml import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COUNTY, NORTH, SOUTH = "E10999001", "E07999001", "E07999002"
NAME = "Nowhereshire"
WEST, FOOT, SIDE = 450_000, 200_000, 2_000
WIDE = 4
DEEP = 3
YEARS = (2020, 2021, 2022, 2023, 2024)

CASELOAD_ITEMS = (
    "ehcplans,mainstream_la_maintained,mainstream_la_maintained_resourced_provision,mainstream_la_maintained_senunit,"
    "mainstream_academy,mainstream_academy_resourced_provision,mainstream_academy_senunit,mainstream_free_school,"
    "mainstream_free_school_resourced_provision,mainstream_free_school_senunit,mainstream_independent,mainstream_total,"
    "special_la_maintained,special_academy_free,special_independent,special_non_maintained,special_total,"
    "ap_pru_academy,ap_pru_free_school,ap_pru_la_maintained,ap_pru_total,general_fe_tertiary_colleges,"
    "specialist_post_16_institutions,ukrlp_provider,fe_total,elective_home_education,other_arrangements_la,"
    "other_arrangements_parents,online_provider,w_settings,other_schools,other_placement_settings,neet,neet_ntci,"
    "neet_other,neet_other_csa,ed_elsewhere,nm_early_years,placement_unknown"
).split(",")
RELEASE_HEAD = (
    "time_period time_identifier geographic_level country_code country_name region_code region_name new_la_code "
    "old_la_code la_name breakdown_topic breakdown"
).split()
GIAS_HEAD = [
    "URN", "LA (code)", "LA (name)", "EstablishmentNumber", "EstablishmentName", "TypeOfEstablishment (code)",
    "TypeOfEstablishment (name)", "EstablishmentStatus (code)", "EstablishmentStatus (name)", "OpenDate", "CloseDate",
    "PhaseOfEducation (name)", "StatutoryLowAge", "StatutoryHighAge", "Gender (name)", "SchoolCapacity",
    "NumberOfPupils", "SEN1 (name)", "SEN2 (name)", "TypeOfResourcedProvision (name)", "ResourcedProvisionOnRoll",
    "ResourcedProvisionCapacity", "SenUnitOnRoll", "SenUnitCapacity", "Postcode", "DistrictAdministrative (code)",
    "Easting", "Northing", "LSOA (code)", "HeadLastName",
]  # fmt: skip
# urn, name, type code and name, phase, ages, capacity, pupils, needs, resourced places, zone
SCHOOLS = (
    ("900001", "Invented Special School", "7", "Community special school", "Not applicable", 4, 19, 150, 140,
     ("ASD - Autistic Spectrum Disorder", "SLD - Severe Learning Difficulty"), "", 1),
    ("900002", "Other Special School, The", "7", "Community special school", "Not applicable", 2, 19, 130, 120,
     ("SEMH - Social, Emotional and Mental Health", ""), "", 7),
    ("900010", "Invented Primary School", "1", "Community school", "Primary", 4, 11, 420, 400, ("", ""), 40, 2),
    ("900011", "Invented Secondary Academy", "28", "Academy sponsor led", "Secondary", 11, 18, 1100, 1005,
     ("", ""), 50, 5),
    ("900020", "Independent Invented School", "10", "Other independent special school", "Not applicable", 5, 18, 60, 48,
     ("ASD - Autistic Spectrum Disorder", ""), "", 4),
    ("900040", "Invented College", "18", "Further education", "16 plus", 16, 99, "", "", ("", ""), "", 0),
    ("900012", "St Nobody's Primary", "1", "Community school", "Primary", 5, 11, 210, 199, ("", ""), "", 10),
)  # fmt: skip


def as_csv(header: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as the bytes of a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def zones(wide: int = WIDE, deep: int = DEEP) -> list[tuple[str, str, str, int, int]]:
    """Return code, name, district, and the south-west corner of each zone; the upper row is the northern district."""
    out = []
    for number, (row, column) in enumerate(product(range(deep), range(wide)), start=1):
        district = NORTH if row == deep - 1 else SOUTH
        out.append((f"E0199{number:04d}", f"Nowhere {number:03d}A", district, WEST + SIDE * column, FOOT + SIDE * row))
    return out


def _shapes(features: Iterable[tuple[dict[str, Any], tuple[int, int, int, int]]]) -> bytes:
    rows = []
    for properties, (left, low, right, high) in features:
        ring = [[left, low], [right, low], [right, high], [left, high], [left, low]]
        rows.append(
            {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}, indent=1).encode()


def people(number: int, age: int) -> int:
    """Return the residents of a zone and age, none of them alike in a row."""
    return 20 + (7 * number + 3 * age) % 11


def public_files(wide: int = WIDE, deep: int = DEEP) -> dict[str, bytes]:
    """Return the files of the county by name, as `sufficiency prepare` takes them; the SEN2 export is apart."""
    all_zones = zones(wide, deep)
    right, top, middle = WEST + SIDE * wide, FOOT + SIDE * deep, FOOT + SIDE * (deep - 1)
    lads = [(NORTH, "North Nowhere", (WEST, middle, right, top)), (SOUTH, "South Nowhere", (WEST, FOOT, right, middle))]
    lsoas = [
        ({"LSOA21CD": code, "LSOA21NM": name, "LAD25CD": district}, (x, y, x + SIDE, y + SIDE))
        for code, name, district, x, y in all_zones
    ]
    ages = range(91)
    counts = [[people(number, age) for age in ages] for number in range(len(all_zones))]
    return {
        "districts.geojson": _shapes(({"LAD25CD": code, "LAD25NM": name}, box) for code, name, box in lads),
        "lsoa.geojson": _shapes(lsoas),
        "centroids.csv": as_csv(
            ["FID", "LSOA21CD", "GlobalID", "x", "y"],
            [(n, code, f"g{n}", x + 900.5 + n, y + 1100.25) for n, (code, _, _, x, y) in enumerate(all_zones, 1)],
        ),
        "mid-2024-population.csv": as_csv(
            ["LSOA 2021 Code", "LSOA 2021 Name", "Total", *ages],
            [(zone[0], zone[1], sum(row), *row) for zone, row in zip(all_zones, counts, strict=True)],
        ),
        "edubasealldata.csv": gias(all_zones),
        "links_edubasealldata.csv": as_csv(
            ["URN", "LinkURN", "LinkName", "LinkType", "LinkEstablishedDate"],
            [(900011, 900091, "Invented High School", "Predecessor", "01-09-2015"),
             (900012, 900092, "St Nobody's Infants", "Predecessor - merged", "01-09-2018"),
             (900001, 900093, "Invented Day School", "Predecessor", "15-04-1999")],
        ),
        "postcodes.csv": postcodes(all_zones),
        "caseload.csv": caseload(),
        "needs.csv": needs(),
        "yields.csv": yields(),
        "scorecard.csv": scorecard(),
        "scap.csv": scap_forecasts(),
        "county.osm": roads(wide, deep),
    }  # fmt: skip


def gias(all_zones: Sequence[tuple[str, str, str, int, int]]) -> bytes:
    """Return the register of schools."""
    rows = []
    for at, (urn, name, code, kind, phase, low, high, places, pupils, sens, based, zone) in enumerate(SCHOOLS):
        lsoa, _, district, x, y = all_zones[zone % len(all_zones)]
        provision = ("Resourced provision", 12 + at, based) if based else ("Not applicable", "", "")
        rows.append(
            (urn, "999", NAME, 4000 + at, name, code, kind, "1", "Open", "01-09-1990" if at else "", "", phase, low,
             high, "Mixed", places, pupils, *sens, *provision, "", "", f"ZX{at + 1} {at}AA", district,
             x + 500 + 10 * at, y + 700, lsoa, "Zzhead")
        )  # fmt: skip
    return as_csv(GIAS_HEAD, rows)


def postcodes(all_zones: Sequence[tuple[str, str, str, int, int]]) -> bytes:
    """Return three postcodes a zone, in the columns of the ONS directory; the last of them is no longer in use."""
    header = "pcd pcd2 pcds dointr doterm oscty oslaua osward oseast1m osnrth1m osgrdind lsoa11 lsoa21 lat long ctry"
    rows = []
    for number, (lsoa, _, district, x, y) in enumerate(all_zones, start=1):
        for at, ending in enumerate(("AA", "AB", "AD")):
            code = f"ZX{number} {at + 1}{ending}"
            ended = "202001" if at == 2 and number == len(all_zones) else ""
            plain = code.replace(" ", "")
            rows.append((plain, code, code, "198001", ended, COUNTY, district, "E05999001", x + 100 + at, y + 200 + at,
                         "1", lsoa, lsoa, f"51.{700 + number}", f"-1.{200 + number}", "E92000001"))  # fmt: skip
    return as_csv(header.split(), rows)


def code_point(all_zones: Sequence[tuple[str, str, str, int, int]]) -> bytes:
    """Return a file of Code-Point Open, which has no header."""
    text = postcodes(all_zones).decode().splitlines()[1:]
    cells = [line.split(",") for line in text]
    lines = [f'"{c[2]}",10,{c[8]},{c[9]},"{c[15]}","","","{c[5]}","{c[6]}","{c[7]}"\n' for c in cells]
    return "".join(lines).encode()


def lookup() -> bytes:
    """Return a lookup of zones of 2011 to those of 2021: unchanged, split, merged."""
    rows = [(f"E0188{n:04d}", f"Old {n}", f"E0199{n:04d}", f"Nowhere {n}", "U") for n in range(1, 9)]
    rows += [("E01880009", "Old 9", f"E0199{n:04d}", f"Nowhere {n}", "S") for n in (9, 10)]
    rows += [(f"E0188{n:04d}", f"Old {n}", "E01990011", "Nowhere 11", "M") for n in (10, 11)]
    return as_csv(["F_LSOA11CD", "F_LSOA11NM", "LSOA21CD", "LSOA21NM", "CHGIND"], rows)


def population_long() -> bytes:
    """Return people by area, age and sex, a row each."""
    rows = [
        (zone[0], f"Aged {age} years", sex, 30 + 3 * number + age + at)
        for number, zone in enumerate(zones(2, 1))
        for age in range(5, 12)
        for at, sex in enumerate(("Female", "Male"))
    ]
    return as_csv(["LSOA21CD", "age_group", "sex", "people"], rows)


def _release(year: int) -> list[str]:
    period = f"{year}{(year + 1) % 100:02d}"
    return [period, "Academic year", "Local authority", "E92000001", "England", "E12000008", "South East", COUNTY,
            "999", NAME]  # fmt: skip


def _plans() -> dict[tuple[int, str, str], int]:
    """Return plans by age, need and placement."""
    return {
        (age, need, place): 3 + (age + 2 * at + 5 * by) % 7
        for age in range(5, 12)
        for at, need in enumerate(("asd", "semh", "sld", "slcn"))
        for by, place in enumerate(("special_la_maintained", "mainstream_la_maintained",
                                    "mainstream_academy_resourced_provision"))
    }  # fmt: skip


def _caseload_row(found: dict[str, int]) -> list[int]:
    sums = {
        "ehcplans": sum(found.values()),
        "mainstream_total": sum(n for name, n in found.items() if name.startswith("mainstream")),
        "special_total": sum(n for name, n in found.items() if name.startswith("special")),
    }
    return [sums.get(name, found.get(name, 0)) for name in CASELOAD_ITEMS]


def caseload() -> bytes:
    """Return the caseload of five years, and of the last by age."""
    plans = _plans()
    places = sorted({place for _, _, place in plans})
    total = {place: sum(n for key, n in plans.items() if key[2] == place) for place in places}
    rows = []
    for year in YEARS:
        found = {place: n - 5 * (YEARS[-1] - year) for place, n in total.items()}
        rows.append([*_release(year), "All EHC plans", "All EHC plans", *_caseload_row(found)])
    for age in range(5, 12):
        found = {place: sum(n for key, n in plans.items() if key[0] == age and key[2] == place) for place in places}
        rows.append([*_release(YEARS[-1]), "Child or young persons age", f"age {age}", *_caseload_row(found)])
    return as_csv([*RELEASE_HEAD, *CASELOAD_ITEMS], rows)


def needs() -> bytes:
    """Return needs of the last year: in all, by age and by placement."""
    plans = _plans()
    items = ["asd", "semh", "sld", "slcn"]
    labels = {"special_la_maintained": "Special - LA maintained", "mainstream_la_maintained": "Mainstream - LA maintained",
              "mainstream_academy_resourced_provision": "Mainstream - Academy (resourced provision)"}  # fmt: skip
    groups = [("All EHC plans", "All EHC plans", lambda _: True)]
    groups += [("Child or young persons age", f"age {age}", lambda key, age=age: key[0] == age) for age in range(5, 12)]
    groups += [("Type of placement", label, lambda key, code=code: key[2] == code) for code, label in labels.items()]
    rows = []
    for topic, label, inside in groups:
        counts = [sum(n for key, n in plans.items() if inside(key) and key[1] == need) for need in items]
        rows.append([*_release(YEARS[-1]), topic, label, sum(counts), *counts, 0])
    return as_csv([*RELEASE_HEAD, "ehc_plans", *(f"number_{need}" for need in items), "number_need_unknown"], rows)


def yields() -> bytes:
    """Return pupils of new homes by district and kind of SEN."""
    header = ["time_period", "time_identifier", "geographic_level", "lad_code", "lad_name", "SEN_type",
              "number_of_pupils_with_SEN", "total_number_of_pupils", "percentage_of_pupils_with_SEN"]  # fmt: skip
    rows = []
    for at, (year, (code, name), kind) in enumerate(
        product((2020, 2021), ((NORTH, "North Nowhere"), (SOUTH, "South Nowhere")), ("EHCP", "SEN support"))
    ):
        some, every = 11 + 3 * at, 400 + 37 * at
        rows.append((f"{year}{(year + 1) % 100}", "Academic year", "Local authority district", code, name, kind, some,
                     every, f"{100 * some / every:.1f}"))  # fmt: skip
    return as_csv(header, rows)


def scorecard() -> bytes:
    """Return a few columns of the scorecard: a row a year."""
    header = ["Year", "geographic_level", "LANumber", "new_la_code", "LA_name", "PriNOR", "For_3_P", "SecNOR", "PriCap",
              "SecCap", "Quan_P_RP", "Cost_P_NS", "Places_P_NS", "CPP_P_NS"]  # fmt: skip
    rows = [(f"{y}{(y + 1) % 100}", "Local authority", 999, COUNTY, NAME, 41000 + n, f"-0.0{n + 1}", 33000 + n,
             47000 + n, 39000 + n, 210 + n, 2_100_000 + n * 100, 100, 21_000 + n) for n, y in enumerate(YEARS)]  # fmt: skip
    return as_csv(header, rows)


def scap_forecasts() -> bytes:
    """Return the forecast of specialist pupils by phase."""
    header = [*RELEASE_HEAD[:-2], "education_phase", "pupil_forecast_and_202425_actuals"]
    rows = [
        [*_release(year), phase, 500 + 20 * at + 7 * by]
        for at, year in enumerate(range(2023, 2029))
        for by, phase in enumerate(("Primary", "Secondary", "Total"))
    ]
    return as_csv(header, rows)


def scap_capacity() -> bytes:
    """Return places and pupils of special schools by year."""
    header = [*RELEASE_HEAD[:-2], "primary_capacity", "primary_pupils_on_roll", "secondary_capacity",
              "secondary_pupils_on_roll", "total_capacity", "total_pupils_on_roll"]  # fmt: skip
    rows = [[*_release(y), 300 + n, 280 + n, 500 + n, 510 + n, 900 + n, 890 + n] for n, y in enumerate(YEARS)]
    return as_csv(header, rows)


def sen_schools_long() -> bytes:
    """Return special educational needs by school, the format of 2026: a row a provision and need."""
    header = ["time_period", "time_identifier", "geographic_level", "old_la_code", "estab", "school_urn",
              "school_laestab", "school_name", "sen_provision", "sen_primary_need", "pupil_count"]  # fmt: skip
    rows = []
    for at, school in enumerate(SCHOOLS[:4]):
        head = ["202425", "Academic year", "School", "999", 4000 + at, school[0], f"999{4000 + at}", school[1]]
        for by, provision in enumerate(("EHC plan", "SEN support")):
            for of, need in enumerate(("Autistic spectrum disorder", "Severe learning difficulty", "Total")):
                rows.append([*head, provision, need, 40 + 10 * at + 3 * by + of])
    return as_csv(header, rows)


def sen_schools_wide() -> bytes:
    """Return special educational needs by school, the wide format: a column a need."""
    header = ["time_period", "time_identifier", "geographic_level", "old_la_code", "estab", "urn", "laestab",
              "school_name", "Total pupils", "SEN support", "EHC plan", "EHC_Primary_need_asd", "EHC_Primary_need_sld",
              "SUP_Primary_need_asd", "prov_asd", "prov_sld"]  # fmt: skip
    rows = [
        ["202425", "Academic year", "School", "999", 4000 + at, school[0], f"999{4000 + at}", school[1], 300 + at,
         60 + at, 40 + at, 20 + at, 11 + at, 15 + at, 1, 0]
        for at, school in enumerate(SCHOOLS)
    ]  # fmt: skip
    return as_csv(header, rows)


def developments() -> bytes:
    """Return new homes as a table of an area, which is taken as it is."""
    header = ["development_id", "development_name", "zone_id", "year", "dwellings", "source", "quality"]
    rows = [
        (
            f"field-{at}",
            f"Field {at}, Nowhere",
            f"E0199{at:04d}",
            year,
            40 + 10 * at + year % 7,
            "invented",
            "illustrative",
        )
        for at in (1, 2, 5)
        for year in (2025, 2026, 2027)
    ]
    return as_csv(header, rows)


def roads(wide: int = WIDE, deep: int = DEEP) -> bytes:
    """Return an OpenStreetMap file: a street from the middle of each zone to that of the next, east and north."""
    spots = {(column, row): 1 + column + wide * row for row, column in product(range(deep), range(wide))}
    parts = []
    for (column, row), number in spots.items():
        lon, lat = to_wgs84([WEST + SIDE * column + SIDE / 2], [FOOT + SIDE * row + SIDE / 2])
        parts.append(f'<node id="{number}" version="1" lon="{lon[0]:.7f}" lat="{lat[0]:.7f}"></node>')
    links = [(one, spots[column + 1, row]) for (column, row), one in spots.items() if (column + 1, row) in spots]
    links += [(one, spots[column, row + 1]) for (column, row), one in spots.items() if (column, row + 1) in spots]
    for number, (one, other) in enumerate(links, start=1):
        refs = f'<nd ref="{one}"/><nd ref="{other}"/>'
        parts.append(f'<way id="{number}" version="1">{refs}{tags({"highway": "tertiary"})}</way>')
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">{"".join(parts)}</osm>\n'.encode()


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return folder
