"""Fetching public files: each whole or not at all, once, and one sentence for whatever a service may do.

The services are of this machine (tests/fake_public_services.py), and what they know is invented. What is expected was
counted by hand there: Nowhereshire has two districts, three wards, seven small areas in three larger ones.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sufficiency
from sufficiency import cli
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.sources.public.catalogue import FILES, GIAS_COLUMNS, SERIES, newest
from sufficiency.sources.public.download import fetch_public
from sufficiency.sources.public.download_authority import choose_authority
from sufficiency.sources.public.download_features import Features, among
from tests.fake_public_services import (
    COUNTY,
    ELSEWHERE,
    NORTH,
    SCHOOLS,
    SOUTH,
    Asked,
    Reply,
    Services,
    as_json,
    public_services,
    schools_file,
    square,
)

ALL = [file for files in FILES.values() for file in files]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the services of this machine itself, whatever proxy the machine is told to use."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def fetch(folder: Path, server: Any, authority: str = "Nowhereshire", **more: Any):
    return fetch_public(authority, folder, servers=server.servers, wait_s=0, **more)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def codes_of(path: Path, column: str) -> list[str]:
    return [one["properties"][column] for one in json.loads(path.read_text("utf-8"))["features"]]


# --- what is written


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    with public_services() as server:
        fetch(path, server)
        assert {agent.split("/")[0] for agent in server.agents} == {"sufficiency"}
    return path


def test_every_file_is_there_with_its_record_and_nothing_else(folder: Path) -> None:
    assert sorted(contents(folder)) == sorted([*ALL, *(f"{file}.json" for file in ALL)])
    for file in ALL:
        body, record = (folder / file).read_bytes(), json.loads((folder / f"{file}.json").read_text("utf-8"))
        assert record["sha256"] == hashlib.sha256(body).hexdigest()
        assert record["bytes"] == len(body)
        assert record["date"] == "2026-11-26"
        assert "Open Government Licence v3.0" in record["attribution"]
        assert (record["authority"]["code"], record["authority"]["name"]) == (COUNTY, "Nowhereshire")
        assert [one["code"] for one in record["authority"]["districts"]] == [NORTH, SOUTH]


@pytest.mark.parametrize(
    ("file", "service", "as_of"),
    [
        ("lad.geojson", "LAD_MAY_2025_UK_BGC_V2", "2026-09-21"),
        ("ward.geojson", "WD_MAY_2025_UK_BGC_V2", "2026-09-21"),
        ("lsoa.geojson", "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5", "2026-09-21"),
        ("lsoa_centroids.csv", "LSOA_PopCentroids_EW_2021_V10", "2026-09-21"),
        ("gias.csv", "edubasealldata20261125.csv", "2026-11-25"),
        ("postcodes.csv", "codepo_gb.zip", "2026-11"),
    ],
)
def test_the_newest_of_each_is_taken_and_recorded(folder: Path, file: str, service: str, as_of: str) -> None:
    record = json.loads((folder / f"{file}.json").read_text("utf-8"))
    assert (record["service"], record["data_as_of"]) == (service, as_of)
    assert record["source"] == f"{service}, through 127.0.0.1"


def test_boundaries_are_those_of_the_authority(folder: Path) -> None:
    assert codes_of(folder / "lad.geojson", "LAD25CD") == [NORTH, SOUTH]
    assert codes_of(folder / "ward.geojson", "WD25CD") == ["E05999001", "E05999002", "E05999003"]
    small = [f"E0199900{n}" for n in range(1, 8)]
    assert codes_of(folder / "lsoa.geojson", "LSOA21CD") == small
    larger = ["North Nowhere 001", "North Nowhere 002", "Nowhere's End 001"]
    assert codes_of(folder / "msoa.geojson", "MSOA21NM") == larger
    found = json.loads((folder / "lsoa.geojson").read_text("utf-8"))
    assert found["crs"]["properties"]["name"] == "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert found["features"][6]["geometry"] == square(6)
    centroids = rows_of(folder / "lsoa_centroids.csv")
    assert [row["LSOA21CD"] for row in centroids] == small
    assert (centroids[2]["x"], centroids[2]["y"]) == ("451400.25", "200000.5")
    pairs = [(row["F_LSOA11CD"], row["LSOA21CD"]) for row in rows_of(folder / "lsoa11_lsoa21.csv")]
    assert pairs[:3] == [("E01888001", small[0]), ("E01888001", small[1]), ("E01888003", small[2])]
    assert len(pairs) == 7


def test_geojson_reads_in_another_program(folder: Path) -> None:
    import pyogrio

    frame = pyogrio.read_dataframe(folder / "lsoa.geojson")
    assert len(frame) == 7
    assert frame.crs.to_epsg() in {4326, None} or "84" in frame.crs.name
    # hundredths of a degree: 1.11 km by 0.69 km at 51.7 north
    assert frame.to_crs(27700).area.sum() / 1e6 == pytest.approx(7 * 1.112 * 0.692, rel=0.01)


def test_schools_are_all_of_england_without_a_person(folder: Path) -> None:
    rows = rows_of(folder / "gias.csv")
    assert [row["URN"] for row in rows] == ["999001", "999002", "999003"]
    assert rows[0]["EstablishmentName"] == "St Nobody’s School"
    assert rows[1]["EstablishmentName"] == 'The "Quoted", Comma School'
    for name in ("gias.csv", "gias.csv.json"):
        assert "Hidden" not in (folder / name).read_text("utf-8")
        assert "Secretia" not in (folder / name).read_text("utf-8")
    record = json.loads((folder / "gias.csv.json").read_text("utf-8"))
    assert (record["rows_read"], record["rows"], record["set_aside"], record["rows_of_authority"]) == (3, 3, {}, 2)
    assert record["columns_left_out"] == sorted(
        ["HeadTitle (name)", "HeadFirstName", "HeadLastName", "TelephoneNum", "PropsName", "NewContactName"]
    )
    assert [row["LinkType"] for row in rows_of(folder / "gias_links.csv")] == ["Predecessor"]


def test_no_column_that_is_kept_names_a_person() -> None:
    assert len(GIAS_COLUMNS) == len(set(GIAS_COLUMNS)) > 100
    odd = re.compile(r"head|first|last ?name|surname|props|telephone|mail|chair|contact|inspector", re.IGNORECASE)
    assert [name for name in GIAS_COLUMNS if odd.search(name)] == []


def test_postcodes_are_those_within_the_border(folder: Path) -> None:
    """14 km east, west and south of the outermost is within 15 km, 16 km is not, and one has no position."""
    codes = ["ZZ1 1AA", "ZZ1 1AB", "ZZ1 1AC", "ZZ2 1AA", "ZZ3 1AA", "ZZ3 1AC"]
    assert [row["postcode"] for row in rows_of(folder / "postcodes.csv")] == codes
    record = json.loads((folder / "postcodes.csv.json").read_text("utf-8"))
    assert (record["rows_read"], record["rows"], record["border_m"]) == (8, 6, 15_000)
    assert record["set_aside"] == {"without a position": 1, "beyond the border": 1}


def test_a_second_call_asks_nobody_and_the_same_answers_give_the_same_bytes(tmp_path: Path) -> None:
    with public_services() as server:
        first = fetch(tmp_path, server)
        before, asked = contents(tmp_path), len(server.asked)
        second = fetch(tmp_path, server, COUNTY.lower())
        assert len(server.asked) == asked
        again = fetch(tmp_path, server, "NOWHERESHIRE COUNTY COUNCIL", again=True)
        assert len(server.asked) == 2 * asked
    assert {one.downloaded for one in first} == {one.downloaded for one in again} == {True}
    assert {one.downloaded for one in second} == {False}
    assert [one.record for one in second] == [one.record for one in first]
    assert contents(tmp_path) == before


def test_one_kind_at_a_time_and_the_day_that_is_given(tmp_path: Path) -> None:
    with public_services(services=Services(schools_day="20261120")) as server:
        files = fetch(tmp_path, server, what=["schools"], date="2026-11-23")
        assert not any(one.method == "HEAD" for one in server.asked)
    assert [one.path.name for one in files] == ["gias.csv", "gias_links.csv"]
    assert files[0].record["date"] == "2026-11-23"
    assert files[0].record["data_as_of"] == "2026-11-20"
    assert len(contents(tmp_path)) == 4


def test_pages_of_any_length_give_the_same_files(tmp_path: Path, folder: Path) -> None:
    with public_services(services=Services(page_rows=2_000)) as server:
        fetch(tmp_path, server)
        assert sum(one.of("Lower_layer") for one in server.asked) == 2
    assert contents(tmp_path) == contents(folder)


# --- the authority


DISTRICTS = {"E07999001": "North Nowhere", "E06999001": "Elsewhere, City of", "E09999001": "City of Upper Thames",
             "E06999002": "South Elsewhere", "E08999001": "St. Nobody & Co", "E07999009": "Nomansland"}  # fmt: skip
COUNTIES = {"E10999001": "Nowhereshire"}
MEMBERS = {"E10999001": ["E07999001"]}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("Nowhereshire", "E10999001"),
        (" e10999001 ", "E10999001"),
        ("Nowhereshire County Council", "E10999001"),
        ("City of Elsewhere", "E06999001"),
        ("elsewhere", "E06999001"),
        ("South Elsewhere", "E06999002"),
        ("st nobody and co", "E08999001"),
        ("Upper Thames", "E09999001"),
    ],
)
def test_an_authority_is_found_by_name_or_code(wanted: str, code: str) -> None:
    found = choose_authority(wanted, DISTRICTS, COUNTIES, MEMBERS)
    assert found.code == code
    assert found.district_codes == (("E07999001",) if code == "E10999001" else (code,))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("Nowhershire", "no authority 'Nowhershire' .* did you mean Nowhereshire"),
        ("elsewere", "did you mean .*Elsewhere"),
        ("Atlantis on Sea", "give the name or code of a council"),
        ("City of", "no authority"),
        ("E10999002", "no authority"),
        ("North Nowhere", "is a district of Nowhereshire, which plans its places: name Nowhereshire"),
    ],
)
def test_another_name_is_told_with_the_nearest(wanted: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        choose_authority(wanted, DISTRICTS, COUNTIES, MEMBERS)


def test_a_unitary_authority_is_its_own_district(tmp_path: Path) -> None:
    with public_services() as server:
        files = fetch(tmp_path, server, "Elsewhere", what=["boundaries"])
    assert codes_of(tmp_path / "lad.geojson", "LAD25CD") == [ELSEWHERE]
    assert codes_of(tmp_path / "lsoa.geojson", "LSOA21CD") == ["E01999008"]
    assert files[0].record["authority"]["name"] == "Elsewhere, City of"


# --- the newest service


def test_the_newest_is_by_year_month_and_version() -> None:
    """Names as the service has listed them over the years."""
    names = [
        "LAD_DEC_2025_UK_BGC",
        "LAD_MAY_2025_UK_BGC_V2",
        "LAD_MAY_2025_UK_BGC_V10",
        "LAD_MAY_2026_UK_BFC",
        "Local_Authority_Districts_May_2024_Boundaries_UK_BGC",
        "Local_Authority_Districts_December_2024_Boundaries_UK_BGC_V2",
        "LAD_DEC_2025_UK_BGC_with_population",
    ]
    assert newest(names, SERIES["lad"]) == [names[0], names[2], names[1], names[5], names[4]]
    lookups = [
        "LTLA21_UTLA21_EW_LU_9bbac05558b74a88bda913ad5bf66917",
        "LAD21_CTY21_EN_LU",
        "WD24_PCON24_LAD24_UTLA24_UK_LU",
        "LAD25_CAUTH25_EN_LU",
    ]
    assert newest(lookups, SERIES["county"]) == [lookups[2], lookups[0], lookups[1]]
    assert newest(["LSOA21_WD24_LAD24_EW_LU", "LSOA21_WD25_LAD25_EW_LU_v2", "LSOA11_WD25_LAD25_EW_LU"],
                  SERIES["lsoa_lad"]) == ["LSOA21_WD25_LAD25_EW_LU_v2", "LSOA21_WD24_LAD24_EW_LU"]  # fmt: skip
    assert newest(["MSOA_2021_EW_BGC_V3", "MSOA_2021_EW_BSC_V3_RUC"], SERIES["msoa"]) == ["MSOA_2021_EW_BGC_V3"]


@given(st.permutations([f"WD_{month}_{year}_UK_BGC" for month in ("MAY", "DEC") for year in (2023, 2024, 2025)]))
def test_the_order_of_the_list_does_not_matter(names: list[str]) -> None:
    assert newest(names, SERIES["ward"])[0] == "WD_DEC_2025_UK_BGC"


# --- every row, or none


class _Pages:
    """A service whose pages are given, and its count."""

    def __init__(self, pages: list[list[int]], count: int) -> None:
        self.pages, self.count = pages, count

    def ask(self, _: str, form: dict[str, str]) -> Any:
        if "returnCountOnly" in form:
            return {"count": self.count}
        page = self.pages.pop(0) if self.pages else []
        features = [{"type": "Feature", "properties": {"FID": number}, "geometry": None} for number in page]
        return {"features": features, "properties": {"exceededTransferLimit": bool(self.pages)}}

    def refuse(self, text: str) -> None:
        raise ConnectionError(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.lists(st.lists(st.integers(0, 12), max_size=5), max_size=6))
def test_rows_are_exactly_as_many_as_counted_or_refused(count: int, pages: list[list[int]]) -> None:
    from sufficiency.sources.public.download_features import Layer

    layer = Layer("Some", "/Some", {"code": "FID"}, ("FID",), "FID", 3, "")
    features = Features(_Pages([list(page) for page in pages], count))  # type: ignore[arg-type]  # a service in its place
    # an empty page that says that more follow stands for three rows that the service left out
    flat = [number for page in pages for number in page]
    whole = len(set(flat)) == len(flat) == count and all(pages)
    with nullcontext() if whole else suppress(ConnectionError):
        found = features.rows(layer, "1=1")
        assert len({row["FID"] for row in found}) == len(found) == count


@given(st.lists(st.text("ab'", min_size=1, max_size=3), min_size=1, max_size=500, unique=True))
def test_conditions_ask_for_each_value_once_and_stay_short(values: list[str]) -> None:
    found = [text for where in among("NAME", values)
             for text in re.findall(r"'((?:[^']|'')*)'", where.removeprefix("NAME IN "))]  # fmt: skip
    assert sorted(text.replace("''", "'") for text in found) == sorted(values)
    assert all(len(where) < 200 * 10 + 20 for where in among("NAME", values))


def spoil(kind: str) -> Any:
    """Return a fault of the pages of lower layer super output areas."""

    def fault(asked: Asked, _: int) -> Reply | None:
        if not asked.of("Lower_layer") or asked.counts:
            return None
        status, headers, body = Services().reply(asked, "")
        found = json.loads(body)
        if kind == "repeat" and asked.form["resultOffset"] == "3":
            status, headers, body = Services().reply(Asked("POST", asked.path, asked.form | {"resultOffset": "2"}), "")
            return status, headers, body
        if kind == "drop" and asked.form["resultOffset"] == "3":
            found["features"].pop(0)
        if kind == "end" and asked.form["resultOffset"] == "3":
            found = {"type": "FeatureCollection", "features": []}
        if kind == "crs":
            found["crs"]["properties"]["name"] = "EPSG:3857"
        if kind == "metres":
            del found["crs"]
            found["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [[[450000, 200000]] * 4]}
        if kind == "swapped":
            ring = found["features"][0]["geometry"]["coordinates"][0]
            found["features"][0]["geometry"]["coordinates"] = [[[y, x] for x, y in ring]]
        if kind == "no_geometry":
            found["features"][0]["geometry"] = None
        if kind == "not_finite":
            found["features"][0]["geometry"]["coordinates"][0][0] = [float("nan"), 51.7]
        if kind == "renamed":
            found["features"][0]["properties"]["LSOA21CD"] = "E01999077"
        if kind == "list":
            found = [1]
        return as_json(found)

    return fault


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("repeat", "having counted 7: its pages repeat or leave out rows"),
        ("drop", "gave 6 different rows of Lower.* in 7, having counted 7"),
        ("end", "gave 3 different rows of Lower.* having counted 7"),
        ("crs", "in EPSG:3857 instead of EPSG:4326"),
        ("metres", "E01999001 .* at positions that are not EPSG:4326"),
        ("swapped", "E01999001 .* at positions that are not EPSG:4326"),
        ("no_geometry", "E01999001 .* without a geometry"),
        ("not_finite", "at positions that are not EPSG:4326"),
        ("renamed", r"has no row of E01999001, E01999004, E01999007 \(3 of 7\)"),
        ("list", "something other than rows"),
    ],
)
def test_boundaries_that_are_not_whole_or_not_there_are_refused(tmp_path: Path, kind: str, words: str) -> None:
    with public_services(spoil(kind)) as server, pytest.raises(ConnectionError, match=words) as caught:
        fetch(tmp_path, server, what=["boundaries"])
    assert "\n" not in str(caught.value)
    # those before it stay, with their records
    assert sorted(contents(tmp_path)) == ["lad.geojson", "lad.geojson.json", "ward.geojson", "ward.geojson.json"]


def test_an_empty_page_that_says_more_follow_is_passed_over(tmp_path: Path, folder: Path) -> None:
    """Such pages come from services that filter after cutting the page; the rows come with later offsets."""

    def fault(asked: Asked, _: int) -> Reply | None:
        if not asked.of("Lower_layer") or asked.counts:
            return None
        offset = int(asked.form["resultOffset"])
        if offset == 0:
            return as_json({"features": [], "exceededTransferLimit": True})
        moved = Asked("POST", asked.path, asked.form | {"resultOffset": str(offset - 3)})
        return Services().reply(moved, "")

    with public_services(fault, Services(page_rows=3)) as server, pytest.raises(ConnectionError, match="leave out"):
        fetch(tmp_path, server, what=["boundaries"])  # the last row would stand beyond the count


# --- bad answers


def always(reply: Reply, *, of: str = "/rest/services") -> Any:
    return lambda asked, _: reply if asked.path.startswith(of) else None


WRAPPED = as_json({"error": {"code": 400, "message": "Invalid query\nparameters", "details": ["'where' is wrong"]}})
CATALOGUE = Services().reply(Asked("GET", "/rest/services", {}), "")[2]
BAD: dict[str, tuple[Reply, str]] = {
    "busy": ((429, {"Retry-After": "1"}, b""), r"is busy \(status 429\)"),
    "overloaded": ((503, {"Retry-After": "Thu, 26 Nov 2026 08:00:09 GMT"}, b"<html>"), r"busy \(status 503\)"),
    "wrapped": (WRAPPED, r"refused the question \(error 400: Invalid query parameters; 'where' is wrong\)"),
    "wrapped_busy": (as_json({"error": {"code": 504, "message": "Timed out"}}), r"is busy \(Timed out\)"),
    "wrapped_text": (as_json({"error": "no"}), "refused the question"),
    "forbidden": ((403, {}, b""), "status 403"),
    "moved": ((302, {"Location": "http://login.example/"}, b""), "sends questions on to http://login.example/"),
    "page": ((200, {"Content-Type": "text/html"}, b"\n<!DOCTYPE html><p>Please sign in"), "a web page instead of data"),
    "cut": ((200, {"Content-Length": ""}, CATALOGUE[:-40]), "breaks off"),
    "closed_early": ((200, {"Content-Length": "100000"}, CATALOGUE), "broke off within an answer"),
    "nothing": ((200, {}, b""), "breaks off"),
    "no_list": (as_json({"services": []}), "no list of services"),
    "others": (as_json({"services": [{"name": "Hotels", "type": "FeatureServer"}]}), "no service of districts"),
    "deep": ((200, {}, b"[" * 200_000), "breaks off"),
    "bad_zip": ((200, {"Content-Encoding": "gzip"}, b"no gzip"), "cannot be unpacked"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_one_sentence_and_leaves_no_file(tmp_path: Path, name: str) -> None:
    reply, words = BAD[name]
    with public_services(always(reply)) as server, pytest.raises(ConnectionError, match=words) as caught:
        fetch(tmp_path / "files", server)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["busy", "overloaded", "wrapped_busy"])
def test_a_busy_service_is_waited_for_and_then_gone_on_with(tmp_path: Path, folder: Path, name: str) -> None:
    said: list[str] = []
    with public_services(lambda _, number: BAD[name][0] if number % 5 == 2 else None) as server:
        fetch(tmp_path, server, say=said.append)
    assert contents(tmp_path) == contents(folder)
    assert said.count("127.0.0.1 is busy: waiting 0 s") > 5


def test_a_busy_service_is_asked_six_times_and_no_more(tmp_path: Path) -> None:
    with public_services(always(BAD["busy"][0])) as server, pytest.raises(ConnectionError, match="busy"):
        fetch(tmp_path, server)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, [7, 7, 7, 7, 7]),
        ({"Retry-After": "Thu, 26 Nov 2026 08:00:09 GMT"}, [9, 9, 9, 9, 9]),
        ({"Retry-After": "100000"}, [300, 300, 300, 300, 300]),
        ({"Retry-After": "soon"}, [15, 30, 45, 60, 75]),
        ({}, [15, 30, 45, 60, 75]),
        ({"Retry-After": "Wed, 25 Nov 2026 08:00:00 GMT"}, [0, 0, 0, 0, 0]),
    ],
)
def test_it_waits_as_long_as_the_service_asks_and_never_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], waits: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("sufficiency.sources.public.download_answers.time.sleep", slept.append)
    with public_services(always((503, headers, b""))) as server, pytest.raises(ConnectionError):
        fetch_public("Nowhereshire", tmp_path, servers=server.servers)
    assert slept == waits


def test_patience_over_all_questions_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("sufficiency.sources.public.download_answers.time.sleep", slept.append)
    busy = (503, {"Retry-After": "300"}, b"")
    with (
        public_services(lambda _, number: busy if number % 2 else None) as server,
        pytest.raises(ConnectionError, match="busy"),
    ):
        fetch_public("Nowhereshire", tmp_path, servers=server.servers)
    assert sum(slept) == 1_800


BAD_SCHOOLS: dict[str, tuple[bytes, str]] = {
    "cut": (schools_file()[:-40], "rows that break off"),
    "open_quotation": (schools_file() + b'"999', "a quotation that does not end"),
    "other_columns": (b"Name,Town\nA,B\n", "without its column URN"),
    "no_rows": (schools_file([]), "rows that break off"),
    "characters": (schools_file() + b"\x81\xff", "characters that cannot be read"),
    "page": (b"\xef\xbb\xbf<html>", "a web page instead of data"),
}


@pytest.mark.parametrize("name", BAD_SCHOOLS)
def test_schools_that_are_not_whole_are_refused(tmp_path: Path, name: str) -> None:
    body, words = BAD_SCHOOLS[name]
    with public_services(services=Services(schools=body)) as server, pytest.raises(ConnectionError, match=words):
        fetch(tmp_path, server, what=["schools"])
    assert list(tmp_path.iterdir()) == []


def test_a_shifted_row_is_left_out_and_counted(tmp_path: Path) -> None:
    """Its cells stand in other columns, a name perhaps in one that is kept."""
    rows = [*(SCHOOLS * 50), ["999004", "999", "Nowhereshire", "A", "Extra", "Dr", "Secretia", "Hidden", *[""] * 5]]
    with public_services(services=Services(schools=schools_file([*rows, SCHOOLS[1]]))) as server:
        record = fetch(tmp_path, server, what=["schools"])[0].record
    assert (record["rows_read"], record["rows"]) == (152, 151)
    assert record["set_aside"] == {"another number of fields than the header": 1}
    assert b"Hidden" not in (tmp_path / "gias.csv").read_bytes()


def test_no_file_of_schools_for_a_week(tmp_path: Path) -> None:
    with (
        public_services(services=Services(schools_day="20261118")) as server,
        pytest.raises(ConnectionError, match="has no edubasealldata of 2026-11-26 or the 7 days before"),
    ):
        fetch(tmp_path, server, what=["schools"])
    with (
        public_services(always((404, {"Date": ""}, b""), of="/public")) as server,
        pytest.raises(ParameterError, match="with --date"),
    ):
        fetch(tmp_path, server, what=["schools"])


def test_postcodes_whose_digest_differs_are_refused(tmp_path: Path) -> None:
    other = (200, {}, Services().postcodes[:-1] + b"\x01")
    with public_services(always(other, of="/blob")) as server, pytest.raises(ConnectionError, match="digest"):
        fetch(tmp_path, server, what=["postcodes"])
    broken = Services(postcodes=b"PK but no archive")
    with public_services(services=broken) as server, pytest.raises(ConnectionError, match="cannot be unpacked"):
        fetch(tmp_path, server, what=["postcodes"])
    loop = (307, {"Location": "/go"}, b"")
    with public_services(always(loop, of="/go")) as server, pytest.raises(ConnectionError, match="on and on"):
        fetch(tmp_path, server, what=["postcodes"])
    with (
        public_services(always(as_json([]), of="/products")) as server,
        pytest.raises(ConnectionError, match="no single"),
    ):
        fetch(tmp_path, server, what=["postcodes"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("LSOA21_WD25_LAD25_EW_LU_v2", f"knows no lower layer super output area of {SOUTH}"),
        ("WD_MAY_2025_UK_BGC_V2", f"has no row of {SOUTH}"),
        ("LAD_MAY_2025_UK_BGC_V2", f"does not agree with itself on Nowhereshire: {SOUTH}"),
    ],
)
def test_an_authority_that_is_not_in_every_table_is_told(tmp_path: Path, table: str, words: str) -> None:
    services = Services()
    rows, geometry = services.tables[table]
    services.tables[table] = ([row for row in rows if row["LAD25CD"] != SOUTH], geometry)
    with public_services(services=services) as server, pytest.raises(ConnectionError, match=words):
        fetch(tmp_path, server, what=["boundaries"])


def test_no_network_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        asked = ["fetch", "--authority", "Nowhereshire", str(tmp_path / "files"), "--server", f"boundaries={address}"]
        assert cli.main(asked) == 4
    shown = capsys.readouterr().err.strip().splitlines()[-1]
    assert shown.startswith("127.0.0.1 cannot be reached: is this computer on the network")
    assert list(tmp_path.iterdir()) == []


# --- what is there already


@pytest.mark.parametrize("damage", ["byte", "cut", "record", "no_record", "other", "border"])
def test_a_file_that_is_not_what_was_fetched_is_refused_with_the_cure(tmp_path: Path, damage: str) -> None:
    with public_services() as server:
        fetch(tmp_path, server, what=["postcodes"])
        path, record = tmp_path / "postcodes.csv", tmp_path / "postcodes.csv.json"
        raw, asked = path.read_bytes(), len(server.asked)
        more: dict[str, Any] = {"border_m": 1_000.0} if damage == "border" else {}
        if damage == "byte":
            path.write_bytes(raw.replace(b"450000", b"450001", 1))
        elif damage == "cut":
            path.write_bytes(raw[: len(raw) // 2])
        elif damage == "record":
            record.write_text('{"sha256": ', "utf-8")
        elif damage == "no_record":
            record.unlink()
        whose = "Elsewhere" if damage == "other" else "Nowhereshire"
        held = contents(tmp_path)
        with pytest.raises(DataError, match="--again"):
            fetch(tmp_path, server, whose, what=["postcodes"], **more)
        assert len(server.asked) == asked
        assert contents(tmp_path) == held
        mended = fetch(tmp_path, server, whose, what=["postcodes"], again=True, **more)
    assert mended[0].record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["page", "closed_early", "wrapped"])
def test_a_failure_leaves_the_files_of_before(tmp_path: Path, name: str) -> None:
    with public_services() as server:
        fetch(tmp_path, server, what=["boundaries"])
    before = contents(tmp_path)
    with public_services(always(BAD[name][0])) as server, pytest.raises(ConnectionError):
        fetch(tmp_path, server, what=["boundaries"], again=True)
    assert contents(tmp_path) == before


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def half(path: Path, text: str, *arguments: Any, **more: Any) -> int:
        if path.name == "msoa.geojson":
            write(path, text[:20], *arguments, **more)
            raise OSError(28, "No space left on device")
        return write(path, text, *arguments, **more)

    monkeypatch.setattr(Path, "write_text", half)
    with public_services() as server, pytest.raises(OSError, match="No space"):
        fetch(tmp_path, server, what=["boundaries"])
    assert sorted(contents(tmp_path)) == sorted(
        f"{name}.geojson{end}" for name in ("lad", "ward", "lsoa") for end in ("", ".json")
    )


def test_killed_between_two_files_it_is_gone_on_with(tmp_path: Path, folder: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def fault(asked: Asked, _: int) -> Reply | None:
        if asked.of("Middle_layer") and not reached.is_set():
            reached.set()
            go_on.wait(30)
        return None

    with public_services(fault) as server:
        script = (
            "import sys\nfrom pathlib import Path\nfrom sufficiency.sources.public.download import fetch_public\n"
            f"fetch_public('Nowhereshire', Path({str(tmp_path)!r}), servers={server.servers!r})\n"
        )
        with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2]) as process:
            assert reached.wait(30)
            process.kill()
        go_on.set()
        assert process.returncode != 0
        had = {name: body for name, body in contents(folder).items() if name.startswith(("lad", "ward", "lsoa.geo"))}
        assert contents(tmp_path) == had
        before = len(server.asked)
        files = fetch(tmp_path, server)
        drawn = [one for one in server.asked[before:] if one.of("Lower_layer") or one.of("WD_")]
    assert drawn == []
    assert [one.downloaded for one in files] == [False] * 3 + [True] * 6
    assert contents(tmp_path) == contents(folder)


# --- the command


def test_the_command_says_what_it_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with public_services() as server:
        named = [text for kind, address in server.servers.items() for text in ("--server", f"{kind}={address}")]
        asked = ["fetch", "--authority", "Nowhereshire", str(tmp_path), "--date", "2026-11-25", *named]
        assert cli.main([*asked, "--what", "schools, postcodes"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("Written:")
        assert "gias.csv: 0.0 MB, 3 rows (2 of Nowhereshire); edubasealldata20261125.csv" in shown
        assert "6 rows; left out: 1 without a position, 1 beyond the border" in shown
        assert shown.count("Open Government Licence") == 2
        assert cli.main(asked) == 0
        shown = capsys.readouterr().out
        assert shown.index("lad.geojson") < shown.index("There already") < shown.index("gias.csv")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--authority", "Nowhereshire", "--what", "teachers"], "What to fetch must be of boundaries, schools"),
        (["--authority", "Nowhereshire", "--what", ","], "not nothing"),
        (["--authority", "Nowhereshire", "--date", "yesterday"], "must be one such as 2026-11-23"),
        (["--authority", "Nowhereshire", "--buffer-km", "-1"], "border must be 0 to 100 km"),
        (["--authority", "Nowhereshire", "--buffer-km", "nan"], "border must be 0 to 100 km"),
        (["--authority", "Nowhereshire", "--server", "http://127.0.0.1"], "must be KIND=URL"),
        (["--authority", "Nowhereshire", "--server", "schools=file:///etc/passwd"], "must be KIND=URL"),
        (["--authority", "Nowhereshire", "--server", "schools=http://:9x"], "an address that begins with https://"),
        (["--authority", " "], "needs the name or code"),
        (["--what", "schools"], "--what goes with --authority"),
    ],
)
def test_a_question_that_cannot_be_asked_opens_no_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert cli.main(["fetch", str(tmp_path), *more]) == 2
    assert words in capsys.readouterr().err


def test_an_unknown_authority_is_told_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with public_services() as server:
        asked = ["fetch", "--authority", "Nowhershire", str(tmp_path)]
        assert cli.main([*asked, "--server", f"boundaries={server.servers['boundaries']}"]) == 2
    assert "did you mean Nowhereshire?" in capsys.readouterr().err


def test_a_password_in_an_address_is_not_recorded_and_not_said(tmp_path: Path) -> None:
    with public_services() as server:
        servers = {kind: address.replace("//", "//user:secret@") for kind, address in server.servers.items()}
        fetch_public("Nowhereshire", tmp_path, servers=servers, what=["schools"], wait_s=0)
        with pytest.raises(ConnectionError) as caught:
            fetch_public("Nowhereshire", tmp_path / "none", wait_s=0, servers=servers | {
                "boundaries": servers["boundaries"] + "/missing"})  # fmt: skip
    assert all(b"secret" not in body for body in contents(tmp_path).values())
    assert "secret" not in str(caught.value)


def test_nothing_but_fetching_and_serving_can_open_a_socket() -> None:
    """No other module imports what opens one; the server of the page listens, and asks nobody."""
    network = re.compile(
        r"^\s*(?:import|from)\s+(?!urllib\.parse|http import HTTPStatus$)"
        r"(requests|urllib3?|socket|http|ssl|httpx|aiohttp|ftplib)\b",
        re.MULTILINE,
    )
    root = Path(sufficiency.__file__).parent
    found = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if network.search(path.read_text("utf-8"))
    }
    assert found == {
        "app/server.py",
        "sources/public/download_answers.py",
        "sources/roads/answers.py",
        "sources/roads/download.py",
    }
    callers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"import .*\bfetch_(public|roads)\b", path.read_text("utf-8"))
    }
    assert callers == {"cli/fetch.py", "sources/roads/__init__.py"}  # the latter only names it
