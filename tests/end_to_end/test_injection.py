"""Text from data stays text in every output: eighty payloads in every field of text, and none is run, fetched or read.

The fields are those that the tables declare as text, so that a new one is tried by itself.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import struct
import time
import typing
import zipfile
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import openpyxl
import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from sufficiency.model.errors import ParameterError
from sufficiency.model.parameters import read_parameters
from sufficiency.model.results import Released
from sufficiency.outputs import summary
from sufficiency.outputs.export.geopackage import write_geopackage
from sufficiency.outputs.export.star import write_star
from sufficiency.outputs.export.tables import write_tables
from sufficiency.outputs.export.workbook import workbook_bytes
from sufficiency.outputs.maps.opportunity import write_opportunity_map
from sufficiency.outputs.maps.page import write_map
from sufficiency.outputs.report import blocks
from sufficiency.outputs.report.pdf_document import pdf_bytes
from sufficiency.outputs.report.word_document import docx_bytes
from sufficiency.planning.opportunity_sites import best_by_area, rank_settings
from sufficiency.sources.scenarios import read_scenarios
from tests import tiny_county as tiny
from tests.browser import SETTLE_S, Driver, chromium
from tests.hostile_texts import PAYLOADS, dealt, every_text, hostile_bundle, some_years, text_columns
from tests.html_page import Page
from tests.released_fixture import make_inputs_facts, make_parameters, make_record, make_released
from tests.unit.test_opened_year import county, room
from tests.unit.test_opportunity import TWO, surface_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sufficiency.model.results import Inputs

FORMULA_STARTS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20|%")
ODD_PARTS = re.compile(r"external|vba|connection|activex|embedding|query|afchunk|oleobject", re.IGNORECASE)
FIELDS = re.compile(r"\s*(PAGE|NUMPAGES|PAGEREF _\w+ \\h)\s*")
ACTIONS = {"/JS", "/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm", "/EmbeddedFiles", "/AA"}
Bundle = tuple[Released, "Inputs"]


def plain(text: str) -> str:
    """Return what is left of a text where files cannot hold its controls and pages fold its spaces."""
    kept = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\u202a-\u202e\u2066-\u2069\ufeff]", "", text)
    return re.sub(r"\s+", " ", kept).strip()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", plain(text))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return hostile_bundle()


@pytest.fixture(scope="module")
def tabled(bundle: Bundle) -> Released:
    """Every text column of every table, and the first rows of the released tables with every text."""
    released = bundle[0]
    frame, mask = every_text()
    tables = {name: table.head(len(PAYLOADS)) for name, table in released.tables.items()} | {"every_text": frame}
    hidden = {name: table.head(len(PAYLOADS)) for name, table in released.hidden.items()} | {"every_text": mask}
    return dataclasses.replace(released, tables=MappingProxyType(tables), hidden=MappingProxyType(hidden))


def test_there_are_payloads_enough_and_every_table_has_its_fields(bundle: Bundle) -> None:
    assert len(set(PAYLOADS)) >= 60
    columns = text_columns()
    assert {"setting_name", "source"} <= set(columns["settings"])
    assert {"scheme_name", "rationale", "funding_line", "responsible_body"} <= set(columns["schemes"])
    assert sum(len(names) for names in columns.values()) >= 60
    # every field of the county's tables holds every payload, over its rows
    released, inputs = bundle
    for frame, names in (
        (inputs.areas, ("area_name", "source")),
        (inputs.settings, ("setting_name", "source")),
        (inputs.schemes, columns["schemes"]),
        (released.tables["schemes"], ("scheme_name", "rationale")),
    ):
        for name in names:
            text = "\n".join(frame[name])
            assert [one for one in PAYLOADS if one not in text] == [], name


# --- the map page


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    chromium()
    # Without the page's own policy, which would keep back what the page lets through.
    with Driver(tmp_path_factory.mktemp("injection"), bypass_csp=True) as driver:
        driver.context.add_init_script(path=Path(__file__).parents[1] / "page_checks.js")
        yield driver


def visited(driver: Driver, bundle: Bundle, typed: tuple[str, ...] = (), hashed: str = "") -> dict[str, Any]:
    path = driver.folder / "map.html"
    write_map(*bundle, make_record(), path)
    assert Page(path.read_text(encoding="utf-8")).faults == []
    driver.open("about:blank")
    driver.open(f"{path.as_uri()}#{hashed}" if hashed else path.as_uri())
    assert driver.run("return document.body.dataset.ready") == "yes"
    found: dict[str, Any] = driver.run("return checks.visit(arguments[0])", list(typed))
    return found


@pytest.fixture(scope="module")
def usual(window: Driver) -> dict[str, Any]:
    found = visited(window, (some_years(make_released()), make_inputs_facts()), ("Oxford", "Didcot"))
    assert window.errors() == []
    return found


@pytest.mark.browser
@pytest.mark.parametrize("first", [0, 40])
def test_no_text_runs_in_the_map_page(first: int, window: Driver, usual: dict[str, Any]) -> None:
    released, inputs = hostile_bundle(first)
    hashed = "&".join(f"{name}={quote(PAYLOADS[5])}" for name in ("scenario", "measure", "policy", "year", "level"))
    found = visited(window, (released, inputs), PAYLOADS[first : first + 40 : 4], f"{hashed}&scenario=__proto__")
    assert found["ran"] == 0
    assert window.run("return document.title === document.getElementById('finding').textContent") is True
    assert window.errors() == []
    assert window.requests() == []
    # no element and no attribute that plain texts do not bring
    assert set(found["tags"]) - set(usual["tags"]) == set()
    assert set(found["attributes"]) - set(usual["attributes"]) == set()
    said = "\n".join(plain(text) for text in found["texts"])
    shown = [
        *((inputs.areas, name) for name in ("area_name",)),
        *((inputs.settings, name) for name in ("setting_name", "source")),
        *(
            (released.tables["schemes"], name)
            for name in ("scheme_name", "rationale", "funding_line", "statutory_route")
        ),
        *((released.tables["schemes"], name) for name in ("responsible_body", "site_status", "planning_status")),
    ]
    for frame, name in shown:
        assert [one for one in frame[name] if plain(one) not in said] == [], name
    for scenario in ("hostile", "hostile-2"):
        assert plain(inputs.scenarios[scenario].title) in said
        assert plain(inputs.scenarios[scenario].description) in said
    for text in (inputs.parameters.area_name, inputs.parameters.illustrative_note, inputs.roads.attribution):
        assert plain(text) in said
    assert len(found["files"]) >= 1
    for name, text in found["files"]:
        assert re.fullmatch(r"[a-z0-9_-]+\.csv", name)
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert [cell for row in rows[1:] for cell in row if bad_cell(cell)] == []


@pytest.mark.browser
def test_no_text_runs_in_the_opportunity_page(window: Driver) -> None:
    def written(*, hostile: bool) -> dict[str, Any]:
        named, base = tiny.settings(), county()
        areas, nodes = base.areas.copy(), base.roads.nodes.copy()
        if hostile:
            named["setting_name"] = [dealt(row, len(named)) for row in range(len(named))]
            areas["area_name"] = [dealt(row, len(areas), 1) for row in range(len(areas))]
            nodes["node_name"] = [dealt(row, len(nodes), 2) for row in range(len(nodes))]
        roads = dataclasses.replace(base.roads, nodes=nodes, edges=base.roads.edges.assign(road_number="A1"))
        surface = surface_of(TWO, room(P1=1, P3=0, P4=0), settings=named, roads=roads, areas=areas)
        path = window.folder / "opportunity.html"
        write_opportunity_map(surface, best_by_area(surface), rank_settings(surface), path)
        window.open("about:blank")
        window.open(path.as_uri())
        found: dict[str, Any] = window.run("return checks.visit([])")
        said = "\n".join(plain(text) for text in found["texts"])
        if hostile:
            assert [one for one in named["setting_name"] if plain(one) in said] != []
            assert [one for one in (*areas["area_name"], *nodes["node_name"]) if plain(one) in said] != []
        return found

    usual, found = written(hostile=False), written(hostile=True)
    assert found["ran"] == 0
    assert window.errors() == []
    assert window.requests() == []
    assert set(found["tags"]) - set(usual["tags"]) == set()
    assert set(found["attributes"]) - set(usual["attributes"]) == set()


@pytest.mark.browser
def test_what_would_run_is_found(window: Driver) -> None:
    path = window.folder / "weak.html"
    write_map(*hostile_bundle(), make_record(), path)
    page = path.read_text(encoding="utf-8")
    weak = page.replace("node.textContent = value;", "node.innerHTML = value;")
    assert weak != page
    # the page stays where it is, so that it can be watched
    path.write_text(weak.replace("http-equiv=refresh", "http-equiv=none"), encoding="utf-8")
    window.open(path.as_uri())
    end = time.monotonic() + SETTLE_S
    while "https://ran.invalid/pixel.png" not in window.requests() and time.monotonic() < end:
        pass
    assert "https://ran.invalid/pixel.png" in window.requests()
    window.open("about:blank")


# --- tables: csv, workbook, star schema, GeoPackage, json


def bad_cell(cell: str) -> bool:
    """Return whether a spreadsheet would take a cell for a formula; numbers and their signs are no formula."""
    if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", cell):
        return False
    return cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS)


def test_csv_files_hold_no_formula_and_every_text(tabled: Released, tmp_path: Path) -> None:
    write_tables(tabled, tmp_path, (PAYLOADS[0],))
    write_star(tabled, hostile_bundle()[1], make_record(), tmp_path / "star")
    files = sorted(tmp_path.rglob("*.csv"))
    assert len(files) > 20
    for path in files:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name
        assert [cell for row in rows for cell in row if bad_cell(cell)] == [], path.name
    rows = list(csv.reader((tmp_path / "every_text.csv").read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    assert len(rows) == 1 + len(PAYLOADS)
    for payload, row in zip(PAYLOADS, rows[1:], strict=True):
        assert {plain(cell.removeprefix("'")) for cell in row} <= {plain(payload), plain(payload.removeprefix("'"))}


def test_the_workbook_holds_no_formula_no_link_out_and_every_text(tabled: Released, bundle: Bundle) -> None:
    content = workbook_bytes(tabled, bundle[1].parameters, make_record(), (PAYLOADS[0],))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = parts.namelist()
        assert [name for name in names if ODD_PARTS.search(name)] == []
        for name in names:
            assert ".." not in name
            if not name.endswith((".xml", ".rels")):
                continue
            tree = ET.fromstring(parts.read(name))  # noqa: S314 - made above
            found = {element.tag.rsplit("}", 1)[-1] for element in tree.iter()}
            assert found & {"f", "ddeLink", "externalReference", "calculatedColumnFormula", "totalsRowFormula"} == set()
            assert [e.attrib for e in tree.iter() if e.get("TargetMode") == "External"] == [], name
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["every_text"]
    held = {plain(str(cell.value).removeprefix("'")) for row in sheet.iter_rows() for cell in row if cell.value}
    assert {plain(payload.removeprefix("'")) for payload in PAYLOADS} <= held


def test_the_geopackage_holds_the_texts_and_its_styles_are_whole(bundle: Bundle, tmp_path: Path) -> None:
    import pyogrio

    path = tmp_path / "layers.gpkg"
    write_geopackage(*bundle, make_record(), path)
    layers = [name for name, _ in pyogrio.list_layers(path)]
    assert len(layers) >= 3
    names = {value for layer in layers for value in _texts(pyogrio.read_dataframe(path, layer=layer))}
    assert {plain(one) for one in bundle[1].areas["area_name"]} <= {plain(name) for name in names}
    for sheet in pyogrio.read_dataframe(path, layer="layer_styles", read_geometry=False)["styleQML"]:
        ET.fromstring(sheet)  # noqa: S314 - made above


def _texts(frame: pd.DataFrame) -> list[str]:
    return [value for column in frame for value in frame[column] if isinstance(value, str)]


def test_json_holds_the_texts_as_they_are(bundle: Bundle, tmp_path: Path) -> None:
    summary.write_summary(bundle[0], make_record(), bundle[1].parameters, tmp_path / "summary.json")
    found = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    names = {plain(row["area_name"]) for row in found["results"]}
    levels = bundle[1].areas["level"].isin(["county", "district"])
    assert names == {plain(name) for name in bundle[1].areas.loc[levels, "area_name"]}


# --- papers


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


# one grey pixel (PNG, ISO/IEC 15948)
PIXEL = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    + _chunk(b"IEND", b"")
)
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9"/></svg>'


# eight payloads to a text, so that a paper of every kind of block is set in a few seconds
PARTS = [" ".join(PAYLOADS[start : start + 8]) for start in range(0, len(PAYLOADS), 8)]


def filled(kind: type[Any], payload: str, number: int) -> Any:
    """Return a block with a payload in each of its texts, whatever fields it has."""
    hints = typing.get_type_hints(kind)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        args = typing.get_args(hint)
        if hint is str:
            given[field.name] = payload
        elif hint is bytes:
            given[field.name] = DRAWING if field.name == "svg" else PIXEL
        elif args and args[0] is str:
            given[field.name] = (payload, payload)
        elif args and dataclasses.is_dataclass(args[0]):
            given[field.name] = (filled(typing.cast("type[Any]", args[0]), payload, number),) * 2
        elif args and typing.get_args(args[0])[:1] == (str,):
            given[field.name] = ((payload, payload), (payload, payload))
    if kind is blocks.Picture:
        given["name"] = f"picture-{number}"
    return kind(**given)


@pytest.fixture(scope="module")
def paper() -> blocks.Paper:
    kinds = [kind for kind in typing.get_args(blocks.Block) if kind is not blocks.Contents]
    content = [filled(kind, text, number) for number, text in enumerate(PARTS) for kind in kinds]
    words, date = " ".join(PAYLOADS), make_parameters().report_date
    return blocks.Paper(words, words, words, "", "", date, (blocks.Contents(PAYLOADS[0]), *content), "0123456789ab")


def test_the_word_document_holds_texts_only(paper: blocks.Paper) -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(paper))) as parts:
        names = parts.namelist()
        assert [name for name in names if ODD_PARTS.search(name)] == []
        for name in names:
            assert ".." not in name
            if not name.endswith((".xml", ".rels")):
                continue
            tree = ET.fromstring(parts.read(name))  # noqa: S314 - made above
            assert [e.attrib for e in tree.iter() if e.get("TargetMode") == "External"] == [], name
            fields = {e.text or "" for e in tree.iter() if e.tag.endswith("}instrText")}
            assert [field for field in fields if not FIELDS.fullmatch(field)] == []
            local = {e.tag.rsplit("}", 1)[-1] for e in tree.iter()}
            assert local & {"fldSimple", "altChunk", "object", "control", "OLEObject", "script"} == set()
            if name == "word/document.xml":
                said = squeezed("".join(e.text or "" for e in tree.iter() if e.tag.endswith("}t")))
    for payload in PAYLOADS:
        assert said.count(squeezed(payload)) >= 30, payload


def test_the_pdf_holds_texts_only(paper: blocks.Paper) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf_bytes(paper)))
    seen: set[int] = set()
    actions: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                return
            seen.add(value.idnum)
            value = value.get_object()
        if isinstance(value, DictionaryObject):
            actions.update(str(key) for key in value)
            actions.add(str(value.get("/S", "")))
            for each in value.values():
                walk(each)
        elif isinstance(value, ArrayObject):
            for each in value:
                walk(each)

    walk(reader.trailer)
    assert actions & ACTIONS == set()
    said = squeezed("".join(page.extract_text() for page in reader.pages))
    assert "root:x:0" not in said
    for payload in (
        '#eval("1+1")',
        '#read("/etc/passwd")',
        r"\write18{id}",
        "{{ 7*7 }}",
        "=1+1",
        "<b>bold</b>",
        "$x^2$",
    ):
        assert said.count(squeezed(payload)) >= 30, payload


# --- names of files


def test_no_payload_is_the_name_of_an_area_or_a_scenario(tmp_path: Path) -> None:
    source = (Path(__file__).parents[2] / "data" / "area.toml").read_text(encoding="utf-8")
    path = tmp_path / "area.toml"
    for payload in PAYLOADS:
        path.write_text(source.replace('"oxfordshire"', json.dumps(payload), 1), encoding="utf-8")
        with pytest.raises(ParameterError):
            read_parameters(path)
        issues: list[Any] = []
        text = f"name = {json.dumps(payload)}\ntitle = 'x'\ndescription = 'x'\nschemes = []\nillustrative = true\n"
        (tmp_path / "one").mkdir(exist_ok=True)
        (tmp_path / "one" / "one.toml").write_text(text, encoding="utf-8")
        assert "one" not in read_scenarios(tmp_path / "one", [], issues)
        assert payload not in read_scenarios(tmp_path / "one", [], issues)
        assert issues
