"""The screener: each kind of thing planted in each kind of file is found and never shown; clean folders pass."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from sufficiency.cli import screen_folder as command
from sufficiency.disclosure.screen import screen_folder
from sufficiency.disclosure.screener.finding import KINDS
from sufficiency.disclosure.screener.identifiers import is_nhs, is_ni, is_postcode, is_uln, is_upn, numbers_in
from sufficiency.disclosure.screener.tables import is_count, names_person
from sufficiency.model.errors import ParameterError
from sufficiency.outputs.export import tables as export
from sufficiency.outputs.export.workbook import workbook_bytes
from sufficiency.outputs.record import write_record
from sufficiency.outputs.summary import write_summary
from tests import planted, tiny_county
from tests.planted import NAME, NHS, NI, PATH, TEMPORARY_UPN, ULN, UPN, UUID
from tests.released_fixture import make_parameters, make_record, make_released

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.disclosure.screen import Screened
    from sufficiency.model.results import Inputs

SECRETS = (
    UPN,
    TEMPORARY_UPN,
    ULN,
    NHS,
    "943 476 5919",
    NI,
    UUID,
    PATH,
    NAME,
    "j.smith",
    "OX4 7ZZ",
    "2014-05-17",
    "Zebedee",
)


def screened(folder: Path, files: dict[str, bytes | str], **options: Any) -> Screened:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = screen_folder(folder, **options)
    shown = "\n".join(command.report(found, 5))
    assert not [secret for secret in SECRETS if secret in shown]
    return found


def kinds(found: Screened) -> set[str]:
    return {one.kind for one in found.findings}


# --- numbers by their check characters ---


def test_the_check_letter_of_a_pupil_number() -> None:
    """Government data standards catalogue: Σ position × digit modulo 23, from position 2.

    B801200005001, an example in the manual of python-stdnum: 8×2 + 1×4 + 2×5 + 5×10 + 1×13 = 93 = 4×23 + 1: B.
    Temporary, ending in A, which counts 0: 80 = 3×23 + 11, the twelfth letter without I and O: M.
    """
    assert is_upn("B801200005001")
    assert not is_upn("A801200005001")
    assert not is_upn("B801200005010")
    assert is_upn("M80120000500A")
    assert not is_upn("M80120000500B")
    assert not is_upn("B80120000500")
    assert not is_upn("I801200005001")


def test_the_check_digit_of_a_learner_number() -> None:
    """10 less Σ weight × digit modulo 11. 0000000042 stands in the manual of ulnjs: 2×4 = 8, 10 - 8 = 2.

    1000000027: 10×1 + 2×2 = 14 = 11 + 3, 10 - 3 = 7.
    """
    assert is_uln("0000000042")
    assert is_uln("1000000027")
    assert not is_uln("1000000028")
    assert not is_uln("0000000000")
    # Σ = 10 + 1×... that leaves 0 has no check digit: 10 + 9 + 8 + 6 = 33
    assert not any(is_uln(f"111010000{digit}") for digit in range(10))


def test_the_check_digit_of_an_nhs_number() -> None:
    """943 476 5919 of the NHS data dictionary: 90 + 36 + 24 + 28 + 42 + 30 + 20 + 27 + 2 = 299 = 27×11 + 2: 9."""
    assert is_nhs("943 476 5919")
    assert is_nhs("943-476-5919")
    assert is_nhs("9434765919")
    assert not is_nhs("943 476 5918")
    assert not is_nhs("0000000000")


def test_national_insurance_numbers_and_postcodes_by_their_form() -> None:
    assert is_ni("AB123456C")
    assert is_ni("AB 12 34 56 C")
    assert not is_ni("BG123456C")
    assert not is_ni("QQ123456C")
    assert is_postcode("OX4 7ZZ")
    assert is_postcode("sw1a1aa")
    assert not is_postcode("OX4")


@pytest.mark.parametrize(
    "text",
    [
        "0.9434765919",
        "12,943,476,5919",
        "£9434765919",
        "x9434765919",
        "94347659191",
        f"{UPN}7",
        f"sha{UPN}",
        "1.9434765919",
    ],
)
def test_parts_of_longer_numbers_are_none(text: str) -> None:
    assert list(numbers_in(text)) == []


@pytest.mark.parametrize(
    ("name", "counts"),
    [("pupils", True), ("demand_pupils", True), ("Demand (pupils)", True), ("some_people", True), ("places", False),
     ("planned_places", False), ("year", False), ("pupils_share", False), ("rows", False)],
)  # fmt: skip
def test_which_columns_count_pupils(name: str, counts: bool) -> None:
    assert is_count(name) is counts


@pytest.mark.parametrize(
    "name",
    ["pupil_id", "UPN", "Forename", "Surname", "DOB", "Date of Birth", "dateOfBirth", "postcode_of_home",
     "Pupil Name", "child_ref", "home_address", "uniquelearnernumber", "NHS number"],
)  # fmt: skip
def test_columns_that_name_persons(name: str) -> None:
    assert names_person(name)


@pytest.mark.parametrize("name", ["setting_name", "area_name", "district_id", "number", "pupils", "scheme_id", "name"])
def test_columns_that_name_none(name: str) -> None:
    assert not names_person(name)


# --- every format ---

SENTENCES = {"upn": f"The pupil {UPN} moved.", "uln": f"ULN: {ULN}", "nhs": "NHS 943 476 5919", "ni": f"NI {NI}"}
TEXTS: dict[str, Any] = {
    "note.txt": lambda text, _: text,
    "no-ending": lambda text, _: text,
    "utf16.txt": lambda text, _: text.encode("utf-16"),
    "table.csv": lambda text, _: f"area,note\nOxford,{text}\n",
    "table.tsv": lambda text, _: f"area\tnote\nOxford\t{text}\n",
    "data.json": lambda text, _: json.dumps({"areas": [{"note": text}], "more": {"deep": [text]}}),
    "lines.jsonl": lambda text, _: "\n".join(json.dumps({"note": one}) for one in ("a", text)),
    "page.html": lambda text, _: f"<!doctype html><body><p title='{text}'>x</p></body>",
    "script.html": lambda text, _: f"<html><script>var data = {json.dumps({'note': text})};</script></html>",
    "picture.svg": lambda text, _: f"<svg xmlns='http://www.w3.org/2000/svg'><text>{text}</text></svg>",
    "picture.png": lambda text, _: planted.png(Description=text),
    "paper.docx": lambda text, _: planted.document(text),
    "book.xlsx": lambda text, _: planted.workbook([["area", "note"], ["Oxford", text]]),
    "paper.pdf": lambda text, _: planted.pdf(text),
    "layer.gpkg": lambda text, folder: planted.database(folder / "x", ["area", "note"], [["Oxford", text]]),
    "nested.zip": lambda text, _: planted.zip_bytes(
        {"inner/deep.zip": planted.zip_bytes({"a.docx": planted.document(text)})}
    ),
    "packed.csv.gz": lambda text, _: gzip.compress(f"area,note\nOxford,{text}\n".encode(), mtime=0),
    "table.parquet": lambda text, _: parquet(pd.DataFrame({"area": ["Oxford"], "note": [text]})),
}  # fmt: skip


def parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target)
    return target.getvalue()


@pytest.mark.parametrize("name", TEXTS)
def test_numbers_of_persons_are_found_in_every_format(name: str, tmp_path: Path) -> None:
    files = {f"{kind}-{name}": TEXTS[name](text, tmp_path) for kind, text in SENTENCES.items()}
    found = screened(tmp_path, files)
    assert {(one.file.split("-")[0], one.kind) for one in found.findings} == {(kind, kind) for kind in SENTENCES}


def test_a_clean_text_in_every_format_passes(tmp_path: Path) -> None:
    found = screened(tmp_path, {name: make("Three in ten pupils", tmp_path) for name, make in TEXTS.items()})
    assert found.findings == ()
    assert found.files == len(TEXTS)


PUPILS = [["pupil", "area"], [UUID, "Oxford"], [UUID.replace("6f", "7a"), "Oxford"]]
SMALL = [["area_id", "year", "demand_pupils"], ["oxford", 2028, 40], ["witney", 2028, 3]]
TABLES: dict[str, Any] = {
    "t.csv": lambda rows, _: planted.csv_bytes(rows),
    "t.txt": lambda rows, _: planted.csv_bytes(rows, ";"),
    "t.xlsx": lambda rows, _: planted.workbook(rows),
    "t.json": lambda rows, _: json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]]),
    "t.parquet": lambda rows, _: parquet(pd.DataFrame(rows[1:], columns=rows[0])),
    "t.gpkg": lambda rows, folder: planted.database(folder / "x", rows[0], rows[1:]),
    "t.html": lambda rows, _: "<html><table>"
    + "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in rows)
    + "</table></html>",
    "t.geojson": lambda rows, _: json.dumps(
        {"type": "FeatureCollection", "features": [
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
             "properties": dict(zip(rows[0], row, strict=True))} for row in rows[1:]]}
    ),
    "t.docx": lambda rows, _: planted.document(xml="<w:tbl>" + "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{one}</w:t></w:r></w:p></w:tc>" for one in row) + "</w:tr>"
        for row in rows) + "</w:tbl>"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([["pupil_id", "area"], ["p-0001", "Oxford"]], {"person"}),
        ([["pupil_id", "area"], [UUID, "Oxford"]], {"pseudonym"}),
        ([["Surname", "area"], [NAME, "Oxford"]], {"person"}),
        (SMALL, {"small"}),
        ([["lsoa21cd", "demand_pupils"], ["E01028500", 30], ["E01028501", 22]], {"fine"}),
        ([["pupil_id", "lat", "lon"], ["p-0001", 51.752, -1.258]], {"person", "position"}),
        ([["upn", "postcode"], [UPN, "OX4 7ZZ"]], {"person", "postcode", "upn"}),
        ([["pupil_id", "urn", "school_postcode"], ["p-0001", "123332", "OX16 9RL"]], {"person"}),
        ([["lat", "lon", "demand_pupils"], [51.752, -1.258, 40]], {"position"}),
        ([["area", "day"], *([[one, f"20{11 + at}-05-1{at}"] for at, one in enumerate("abcdef")])], {"birth"}),
        ([["area", "number"], *([["Oxford", number] for number in (NHS, "4010232137", "9876543210")])], {"nhs"}),
    ],
    ids=[
        "id",
        "pseudonym",
        "name",
        "small",
        "fine",
        "position",
        "postcode",
        "school",
        "point",
        "birth",
        "column of numbers",
    ],
)
def test_tables_of_pupils_are_found_in_every_format(
    name: str, rows: list[list[Any]], wanted: set[str], tmp_path: Path
) -> None:
    assert kinds(screened(tmp_path, {name: TABLES[name](rows, tmp_path)})) == wanted


CLEAN: list[list[list[Any]]] = [
    # schools have addresses, postcodes, positions and dates of opening
    [["urn", "school_name", "address", "postcode", "lat", "lon", "open_date", "telephone"],
     ["123332", "Frank Wise School", "Hornbeam Close", "OX16 9RL", 52.05, -1.35, "2003-09-01", "01295263520"],
     ["123333", "John Watson School", "Littleworth Road", "OX33 1NN", 51.75, -1.13, "2011-04-01", "01865452725"]],
    # the roll of a school stands at the school's own address
    [["urn", "postcode", "lat", "lon", "on_roll_pupils"], ["123332", "OX16 9RL", 52.05, -1.35, 119]],
    # small numbers of places, rows, schools and years, of money and minutes
    [["scheme_id", "year", "places", "rows", "schools", "gbp", "median_min"], ["base", 2028, 3, 1, 2, 4.0, 5]],
    # hidden and unknown figures
    [["area_id", "demand_pupils", "over_limit_pupils"], ["oxford", "c", "0"], ["witney", "40", "z"]],
    # sums of money with ten digits, some of which pass a check by chance
    [["area", "total_gbp", "sum"], ["a", 9434765919, 9434765918], ["b", 4010232137, 1000000001], ["c", 1, 2345678901]],
    # dates of sources
    [["name", "date"], ["a", "2025-01-01"], ["b", "2025-01-01"], ["c", "2026-05-01"], ["d", "2025-01-01"]],
    # towns on a map: people are residents
    [["area_name", "lat", "lon", "people"], ["Witney", 51.785, -1.485, 3]],
    # a change by few between two figures that are shown
    [["measure", "area_id", "before", "after", "change"], ["demand_pupils", "oxford", 40, 43, 3]],
]  # fmt: skip


@pytest.mark.parametrize(
    "rows", CLEAN, ids=["schools", "rolls", "places", "hidden", "money", "sources", "towns", "change"]
)
def test_what_gives_nobody_away_is_no_finding(rows: list[list[Any]], tmp_path: Path) -> None:
    files = {
        name: TABLES[name](rows, tmp_path) for name in ("t.csv", "t.xlsx", "t.json", "t.parquet", "t.html", "t.docx")
    }
    assert screened(tmp_path, files).findings == ()


def test_small_values_of_a_measure_that_counts_pupils(tmp_path: Path) -> None:
    rows = [["measure", "area_id", "before", "after"], ["demand_pupils", "a", 40, 4], ["median_min", "a", 3, 4]]
    found = screened(tmp_path, {"t.csv": planted.csv_bytes(rows)})
    assert [(one.kind, one.place, one.count) for one in found.findings] == [("small", "column after, row 2", 1)]


def test_small_counts_of_json_under_keys_by_year_and_not_of_assumptions_changes_and_legends(tmp_path: Path) -> None:
    clean = {
        "vehicle_occupancy_pupils": {"value": 4, "unit": "pupils", "source": "made up"},
        "changes": {"demand_pupils": [3, -2]},
        "scales": {"demand_pupils": {"breaks": [0, 5, 10]}},
        "demand_pupils": {"2028": 40, "2029": None},
    }
    assert screened(tmp_path, {"a.json": json.dumps(clean)}).findings == ()
    found = screened(tmp_path, {"b.json": json.dumps({"demand_pupils": {"2028": 4}, "rows": {"pupils": [[40, 2]]}})})
    assert [(one.kind, one.place) for one in found.findings] == [("small", "demand_pupils"), ("small", "rows.pupils")]


def test_tables_under_a_title_and_columns_apart_from_rows(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "titled.csv": f"Pupils by area\nA note about {UPN}\n\narea,demand_pupils\nOxford,40\nWitney,3\nThame,9\n",
        "split.json": json.dumps({"columns": ["area", "demand_pupils"], "data": [["Oxford", 40], ["Witney", 3]]}),
    }
    found = {(one.file, one.kind, one.place) for one in screened(tmp_path, files).findings}
    assert found == {
        ("titled.csv", "upn", "line 2"),
        ("titled.csv", "small", "column demand_pupils, row 6"),
        ("split.json", "small", "data, column demand_pupils, row 2"),
    }


def test_measures_that_a_list_beside_the_file_names(tmp_path: Path) -> None:
    measures = pd.DataFrame({"measure_key": [1, 2], "column": ["demand_pupils", "median_min"]})
    files: dict[str, bytes | str] = {
        "star/dim_measure.parquet": parquet(measures),
        "star/fact.parquet": parquet(pd.DataFrame({"measure_key": [1, 2, 1], "value": [40.0, 3.0, 4.0]})),
        "other/fact.csv": "measure_key,value\n1,4\n",
    }
    found = screened(tmp_path, files).findings
    assert [(one.file, one.kind, one.place, one.count) for one in found] == [
        ("star/fact.parquet", "small", "column value, row 3", 1)
    ]


@pytest.mark.parametrize(("hide_up_to", "wanted"), [(0, set()), (2, set()), (3, {"small"}), (10, {"small"})])
def test_how_small_is_small_is_asked_for(hide_up_to: int, wanted: set[str], tmp_path: Path) -> None:
    assert kinds(screened(tmp_path, {"t.csv": planted.csv_bytes(SMALL)}, hide_up_to=hide_up_to)) == wanted


# --- what files carry beside their contents ---


BESIDE: dict[str, tuple[str, Any]] = {
    "formula.xlsx": ("formula", lambda: planted.zip_bytes({
        "[Content_Types].xml": "<Types/>",
        "xl/worksheets/sheet1.xml": '<worksheet xmlns="x"><sheetData><row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'
        "</sheetData></worksheet>"})),
    "hidden.xlsx": ("hidden", lambda: planted.workbook([["a", "b"]], state="veryHidden")),
    "column.xlsx": ("hidden", lambda: planted.workbook([["a", "b"]], sheet='<cols><col hidden="1"/></cols>')),
    "linked.xlsx": ("link", lambda: planted.workbook(
        [["a", "b"]], members={"xl/externalLinks/externalLink1.xml": "<x/>"})),
    "pivot.xlsx": ("copy", lambda: planted.workbook(
        [["a", "b"]], members={"xl/pivotCache/pivotCacheRecords1.xml": "<x/>"})),
    "macro.xlsm": ("macro", lambda: planted.workbook([["a", "b"]], members={"xl/vbaProject.bin": "x"})),
    "noted.xlsx": ("comment", lambda: planted.workbook([["a", "b"]], members={"xl/comments1.xml": "<x/>"})),
    "noted.docx": ("comment", lambda: planted.document(members={"word/comments.xml": '<w:c xmlns:w="x"/>'})),
    "tracked.docx": ("comment", lambda: planted.document(xml='<w:ins w:author="x"><w:r><w:t>x</w:t></w:r></w:ins>')),
    "unseen.docx": ("hidden", lambda: planted.document(xml="<w:p><w:r><w:rPr><w:vanish/></w:rPr></w:r></w:p>")),
    "template.docx": ("link", lambda: planted.document(members={"word/_rels/settings.xml.rels":
        '<Relationships><Relationship Type="x/attachedTemplate" TargetMode="External" Target="x"/></Relationships>'})),
    "thumbnail.docx": ("thumbnail", lambda: planted.document(members={"docProps/thumbnail.jpeg": b"\xff\xd8\xff\xd9"})),
    "author.docx": ("author", lambda: planted.document(members={"docProps/core.xml": planted.properties(NAME)})),
    "modifier.xlsx": ("author", lambda: planted.workbook(
        [["a", "b"]], members={"docProps/core.xml": planted.properties("sufficiency", NAME)})),
    "author.pdf": ("author", lambda: planted.pdf("x", author=NAME)),
    "author.png": ("author", lambda: planted.png(Author=NAME)),
    "author.svg": ("author", lambda: f"<svg xmlns:dc='x'><dc:creator>{NAME}</dc:creator></svg>"),
    "author.html": ("author", lambda: f"<html><meta name='author' content='{NAME}'></html>"),
    "path.csv": ("path", lambda: f"a,b\n1,{PATH}\n"),
    "path.json": ("path", lambda: json.dumps({"from": "C:" + "\\Users" + "\\jsmith\\work.csv"})),
    "share.txt": ("path", lambda: "taken from \\\\fileserver01\\send$\\pupils.csv"),
    "script.html": ("fetch", lambda: "<html><script src='https://cdn.example/x.js'></script></html>"),
    "style.html": ("fetch", lambda: "<html><link rel='stylesheet' href='//cdn.example/x.css'></html>"),
    "image.html": ("fetch", lambda: "<html><img src=http://example.org/x.png></html>"),
    "frame.html": ("fetch", lambda: "<html><iframe src='https://example.org'></iframe></html>"),
    "call.html": ("fetch", lambda: "<html><script>fetch('https://example.org/x')</script></html>"),
    "css.html": ("fetch", lambda: "<html><style>a{background:url(https://example.org/x.png)}</style></html>"),
    "mark.md": ("internal", lambda: "# Tables\n\n**Internal: not for publication.**\n"),
    "mark.docx": ("internal", lambda: planted.document("INTERNAL: NOT FOR PUBLICATION")),
    "build.json": ("internal", lambda: json.dumps({"build": "internal", "run_id": "x"})),
    "build.csv": ("internal", lambda: "marking,claim\ninternal,1\n"),
    "attached.pdf": ("copy", lambda: planted.pdf("x", attached=b"a,b\n1,2\n")),
    "unknown.bin": ("unreadable", lambda: bytes(range(256)) * 8),
    "model.pickle": ("unreadable", lambda: b"\x80\x05\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94." * 4),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_what_files_carry_beside_their_contents(name: str, tmp_path: Path) -> None:
    kind, make = BESIDE[name]
    assert kinds(screened(tmp_path, {name: make()})) == {kind}


def test_links_that_a_reader_follows_fetch_nothing(tmp_path: Path) -> None:
    page = "<html><a href='https://www.ons.gov.uk'>ONS</a><svg xmlns='http://www.w3.org/2000/svg'></svg></html>"
    assert screened(tmp_path, {"page.html": page}).findings == ()


def test_what_no_reader_sees_is_read_all_the_same(tmp_path: Path) -> None:
    """A stream that no page shows, a file attached to a paper, a row deleted from a database, a hidden member."""
    files = {
        "stream.pdf": planted.pdf("x", hidden=f"kept {UPN} here"),
        "attached.pdf": planted.pdf("x", attached=f"a,b\n1,{UPN}\n".encode()),
        "deleted.gpkg": planted.database(tmp_path / "x", ["note"], [["kept"]], deleted=f"{UPN} " * 9),
        "unused.xlsx": planted.workbook(
            [["a", "b"]], members={"xl/sharedStrings.xml": f"<sst xmlns='x'><si><t>{UPN}</t></si></sst>"}
        ),
        "custom.docx": planted.document(members={"customXml/item1.xml": f"<a>{UPN}</a>"}),
        "embedded.docx": planted.document(
            members={"word/embeddings/book.xlsx": planted.workbook([["a", "b"], [UPN, "x"]])}
        ),
    }
    found = screened(tmp_path, files)
    assert {one.file for one in found.findings if one.kind == "upn"} == set(files)


def test_names_of_files_sheets_keys_and_columns_are_read_and_not_shown(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        f"pupil {UPN}.txt": "x",
        "column.csv": f"area,{UPN}\nOxford,1\n",
        "key.json": json.dumps({UPN: {"demand_pupils": 3}}),
        "member.zip": planted.zip_bytes({f"{UPN}.txt": "x"}),
    }
    found = screened(tmp_path, files)
    assert [one.kind for one in found.findings].count("upn") == len(files)


# --- the area's own pupils and homes ---


@pytest.fixture(scope="module")
def area() -> Inputs:
    """A county whose homes are points of their own, none of them the middle of a place of many people."""
    county = tiny_county.inputs()
    homes = gpd.GeoDataFrame(
        {"origin_id": ["home-alpha", "home-beta", "home-gamma"], "zone_id": ["z1", "z2", "z1"], "source": ""},
        # the third is 100 m from a school
        geometry=[Point(447_123, 203_456), Point(452_789, 207_321), Point(445_100, 205_000)],
        crs="EPSG:27700",
    )
    placements = pd.DataFrame({"pupil_id": ["k7f3-22", "k7f3-23", "p1"]})
    places = county.gazetteer.assign(people=5_000)
    return tiny_county.inputs(origins=homes, placements=placements, gazetteer=places)


@pytest.mark.parametrize("name", TEXTS)
def test_own_ids_are_found_in_every_format(name: str, area: Inputs, tmp_path: Path) -> None:
    found = screened(tmp_path, {name: TEXTS[name]("the pupil k7f3-22 moved", tmp_path)}, inputs=area)
    assert kinds(found) == {"own_id"}
    assert "k7f3" not in "\n".join(command.report(found, 5))
    assert found.short_ids == 1


def degrees(east: float, north: float, decimals: int) -> tuple[str, str]:
    """Return longitude and latitude by another way than the package's: geopandas."""
    there = gpd.GeoSeries([Point(east, north)], crs=27700).to_crs(4326).iloc[0]
    return f"{there.x:.{decimals}f}", f"{there.y:.{decimals}f}"


@pytest.mark.parametrize("decimals", [3, 4, 6, 10])
@pytest.mark.parametrize("turned", [False, True])
def test_positions_of_homes_are_found_at_any_precision_that_shows_them(
    decimals: int,
    turned: bool,
    area: Inputs,
    tmp_path: Path,
) -> None:
    lon, lat = degrees(447_123 + 90, 203_456 - 60, decimals)
    first, second = (lat, lon) if turned else (lon, lat)
    files = {
        "a.txt": f"seen at {first}, {second} today",
        "b.json": f'{{"place": [{first}, {second}]}}',
        "c.csv": f"area,note\nOxford,{first} {second}\n",
        "d.csv": f"x,y\n{first},{second}\n",
        "e.json": json.dumps({"lat": float(lat), "lng": float(lon)}),
        "f.geojson": planted.geojson([((float(lon), float(lat)), {"area": "x"})]),
        "g.html": f"<html><script>L.marker([{first}, {second}])</script></html>",
        "h.docx": planted.document(f"at {first} {second}"),
        "i.txt": "seen at 447213 203396",
        "j.csv": "easting_m,note,northing_m\n447213.5,x,203396.1\n",
        "k.gpkg": planted.database(tmp_path / "x", ["area", "geom"], [["x", planted.point(447_213, 203_396)]]),
    }
    found = screened(tmp_path, files, inputs=area)
    assert {one.file for one in found.findings if one.kind == "own_home"} == set(files)


def test_roads_that_run_past_homes_and_places_of_many_people_are_no_homes(area: Inputs, tmp_path: Path) -> None:
    """A line that begins at a home and goes on 350 m, half of its points within 250 m of it; a school."""
    line = [[float(one) for one in degrees(447_123 + step, 203_456 + 5, 5)] for step in range(0, 400, 50)]
    school = area.settings.geometry.iloc[0]
    assert (school.x, school.y) == (445_000, 205_000)
    files: dict[str, bytes | str] = {
        "road.json": json.dumps({"type": "LineString", "coordinates": line}),
        "school.txt": f"the school at {school.x:.0f} {school.y:.0f}",
        "far.txt": "seen at 447123 203756",
        "rough.txt": "somewhere at 51.73, -1.32",
    }
    assert screened(tmp_path, files, inputs=area).findings == ()
    homes = [[float(one) for one in degrees(x, y, 5)] for x, y in ((447_123, 203_456), (452_789, 207_321)) * 2]
    assert kinds(screened(tmp_path, {"heat.json": json.dumps({"points": homes})}, inputs=area)) == {"own_home"}


def test_counts_by_zone_of_the_area_are_finer_than_clusters(area: Inputs, tmp_path: Path) -> None:
    rows = [["area_id", "demand_pupils"], ["z1", 10], ["z2", 20]]
    assert kinds(screened(tmp_path, {"t.csv": planted.csv_bytes(rows)}, inputs=area)) == {"fine"}
    rows = [["area_id", "demand_pupils"], ["d1-a", 10], ["d2-a", 20]]
    assert screened(tmp_path, {"t.csv": planted.csv_bytes(rows)}, inputs=area).findings == ()


# --- a run's own outputs, the command, and broken files ---


def test_the_released_tables_of_a_run_pass_and_those_of_an_internal_build_do_not(tmp_path: Path) -> None:
    for build in ("public", "internal"):
        released, record = make_released(build), make_record()
        folder = tmp_path / build
        kept = {
            name: released.tables[name] for name in ("forecast", "schemes", "assumptions", "capacity_district_type")
        }
        few = type(released)(build, kept, {name: released.hidden[name] for name in kept})
        export.write_tables(few, folder / "tables")
        (folder / "board.xlsx").write_bytes(workbook_bytes(few, make_parameters(), record))
        write_summary(released, record, make_parameters(), folder / "summary.json")
        write_record(record, folder / "run.json", build)
    assert [one.place for one in screen_folder(tmp_path / "public").findings if one.kind != "small"] == []
    found = screen_folder(tmp_path / "internal")
    marked = {one.file for one in found.findings if one.kind == "internal"}
    assert marked == {
        path.relative_to(tmp_path / "internal").as_posix() for path in (tmp_path / "internal").rglob("*.*")
    }


def run(*arguments: str, load: Any = None) -> int:
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    return command.screen_folder(parser.parse_args(arguments), load)


def test_the_command_says_in_one_sentence_that_a_folder_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("area,demand_pupils\nOxford,40\n", encoding="utf-8")
    assert run(str(tmp_path)) == 0
    assert capsys.readouterr().out == (
        "Nothing was found that names a person or a home nor a count of pupils of 1 to 5: 1 file, 0.0 MB unpacked.\n"
    )


def test_the_command_lists_what_it_finds_and_what_to_do(
    area: Inputs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(f"area,demand_pupils,upn\nOxford,7,{UPN}\n", encoding="utf-8")
    assert run(str(tmp_path), "--hide-up-to", "7") == 3
    out = capsys.readouterr().out
    assert out.startswith("\na.csv\n")
    for kind, place in (
        ("upn", "column upn, row 2"),
        ("person", "column upn, row 2"),
        ("small", "column demand_pupils, row 2"),
    ):
        assert f"  {place}: {KINDS[kind][0]}\n      To do: {KINDS[kind][1]}.\n" in out
    assert out.endswith("Do not send this folder yet: 3 findings in 1 of 1 file, 0.0 MB unpacked.\n")
    # the area says how small is small: 5 there, so that 7 is none
    assert run(str(tmp_path), "area", load=lambda _: area) == 3
    assert KINDS["small"][0] not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no-such-folder"], [".", "--hide-up-to", "-1"], [".", "--hide-up-to", "1001"]])
def test_bad_input_is_a_sentence(arguments: list[str]) -> None:
    with pytest.raises(ParameterError):
        run(*arguments)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(UPN, encoding="utf-8")
    folder = tmp_path / "send"
    folder.mkdir()
    try:
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    found = screened(folder, {})
    assert {(one.file, one.kind) for one in found.findings} == {
        ("link.txt", "outside"), ("up", "outside"), ("loop", "unreadable"),
    }  # fmt: skip


def test_what_unpacks_to_more_than_is_read_is_said(tmp_path: Path) -> None:
    bomb = planted.zip_bytes({"zeros.txt": b"0" * 40_000_000})
    deep = planted.zip_bytes({"a.txt": UPN})
    for _ in range(8):
        deep = planted.zip_bytes({"inner.zip": deep})
    found = screened(tmp_path, {"bomb.zip": bomb, "deep.zip": deep}, most_unpacked=20_000_000)
    assert {(one.file, one.kind) for one in found.findings if one.file == "bomb.zip"} == {("bomb.zip", "large")}
    assert kinds(screened(tmp_path / "two", {"deep.zip": deep})) == {"large"}
    laughs = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    found = screened(tmp_path / "three", {"lol.docx": planted.document(members={"docProps/core.xml": laughs})})
    assert kinds(found) == {"unreadable"}


def test_a_broken_paper_says_nothing_of_what_is_in_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    whole = planted.pdf(f"The pupil {UPN}")
    cut = whole[: whole.index(b"trailer")] + b"trailer\n<< /Size 7 /Root " + UPN.encode()
    assert "unreadable" in kinds(screened(tmp_path, {"cut.pdf": cut}))
    assert UPN not in "".join((*capfd.readouterr(), caplog.text))
    assert not caplog.records


def test_broken_files_are_findings_and_no_failures(tmp_path: Path) -> None:
    whole = {name: make(f"The pupil {UPN}", tmp_path) for name, make in TEXTS.items()}
    rng = random.Random(7)
    files: dict[str, bytes | str] = {"empty.csv": b"", "empty.xlsx": b"", "binary.csv": bytes(rng.randbytes(5_000))}
    for name, content in whole.items():
        data = content.encode() if isinstance(content, str) else content
        for at in range(4):
            cut = data[: rng.randrange(1, len(data))] if at % 2 else bytearray(data)
            for _ in range(0 if at % 2 else 12):
                cut[rng.randrange(len(cut))] = rng.randrange(256)
            files[f"{at}-{name}"] = bytes(cut)
    found = screened(tmp_path, files)
    assert found.files == len(files)
    assert {"binary.csv"} <= {one.file for one in found.findings if one.kind == "unreadable"}
    assert not {one.file for one in found.findings} & {"empty.csv", "empty.xlsx"}
