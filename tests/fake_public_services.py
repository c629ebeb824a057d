"""Services of boundaries, schools and postcodes for tests, on this machine only.

They answer as the real ones do, page by page and with the names of their years, or badly in the ways that real ones do.
The places are invented: the county of Nowhereshire with two districts, and the unitary authority of Elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TODAY = "Thu, 26 Nov 2026 08:00:00 GMT"
EDITED_MS = 1_790_000_000_000  # 2026-09-21
COUNTY, NORTH, SOUTH, ELSEWHERE = "E10999001", "E07999001", "E07999002", "E06999001"
NAMES = {NORTH: "North Nowhere", SOUTH: "Nowhere's End", ELSEWHERE: "Elsewhere, City of"}
# Small areas: code -> (name, district); the last is of Elsewhere.
AREAS = {
    "E01999001": ("North Nowhere 001A", NORTH),
    "E01999002": ("North Nowhere 001B", NORTH),
    "E01999003": ("North Nowhere 002A", NORTH),
    "E01999004": ("North Nowhere 002B", NORTH),
    "E01999005": ("Nowhere's End 001A", SOUTH),
    "E01999006": ("Nowhere's End 001B", SOUTH),
    "E01999007": ("Nowhere's End 001C", SOUTH),
    "E01999008": ("Elsewhere 001A", ELSEWHERE),
}
Reply = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Asked:
    """A question: method, path, and the form or query."""

    method: str
    path: str
    form: dict[str, str]

    @property
    def counts(self) -> bool:
        return "returnCountOnly" in self.form

    def of(self, start: str) -> bool:
        """Return whether it asks for rows of a service whose name begins so."""
        return f"/services/{start}" in self.path and self.path.endswith("/query")


def as_json(found: object) -> Reply:
    return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()


def square(number: int) -> dict[str, Any]:
    """Return a square of a hundredth of a degree in the number'th place east of 1.3 west, 51.7 north."""
    west, south = -1.3 + 0.01 * number, 51.7
    corners = [(0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01), (0, 0)]
    return {"type": "Polygon", "coordinates": [[[round(west + x, 6), south + y] for x, y in corners]]}


def point(number: int) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [450_000.25 + 700 * number, 200_000.5]}


def _tables() -> dict[str, tuple[list[dict[str, Any]], Callable[[int], dict[str, Any]] | None]]:
    """Return every service: its rows without their number, and the geometry of a row."""
    lads = [{"LAD25CD": code, "LAD25NM": name} for code, name in NAMES.items()]
    lads.append({"LAD25CD": "S12999001", "LAD25NM": "Nowhere in Scotland"})
    wards = [
        {"WD25CD": f"E0599900{n}", "WD25NM": f"Ward {n}", "LAD25CD": code, "LAD25NM": NAMES[code]}
        for n, code in enumerate((NORTH, NORTH, SOUTH, ELSEWHERE), start=1)
    ]
    small = [{"LSOA21CD": code, "LSOA21NM": name} for code, (name, _) in AREAS.items()]
    larger = dict.fromkeys(name[:-1] for name, _ in AREAS.values())
    msoas = [{"MSOA21CD": f"E0299900{n}", "MSOA21NM": name} for n, name in enumerate(larger, start=1)]
    of_lad = [
        {"LSOA21CD": code, "LSOA21NM": name, "WD25CD": "E05999001", "LAD25CD": lad}
        for code, (name, lad) in AREAS.items()
    ]
    pairs = [
        {"F_LSOA11CD": f"E01888{code[-3:]}", "LSOA21CD": code, "LSOA21NM": name, "CHGIND": "U"}
        for code, (name, _) in AREAS.items()
    ]
    # one of 2011 was split into two
    pairs[1] = pairs[1] | {"F_LSOA11CD": "E01888001", "CHGIND": "S"}
    counties = [
        {
            "WD25CD": f"E0599900{n}",
            "LAD25CD": code,
            "LAD25NM": NAMES[code],
            "CTY25CD": COUNTY,
            "CTY25NM": "Nowhereshire",
        }
        for n, code in enumerate((NORTH, NORTH, SOUTH), start=1)
    ]
    old = [{"LAD24CD": "E07999009", "LAD24NM": "Long Gone"}]
    return {
        "Local_Authority_Districts_December_2024_Boundaries_UK_BGC": (old, square),
        "LAD_MAY_2025_UK_BGC_V2": (lads, square),
        "LAD_MAY_2025_UK_BGC": (old, square),
        "LAD_MAY_2026_UK_BUC": (old, square),
        "WD_DEC_2025_UK_BGC": ([{"WD25CD": "E05999001", "WD25NM": "Ward 1"}], square),  # without its districts
        "WD_MAY_2025_UK_BGC_V2": (wards, square),
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": (small, square),
        "LSOA_2021_EW_BGC_V4_RUC": (small[:1], square),
        "LSOA_2011_Boundaries_Super_Generalised_Clipped_BSC_EW_V4": (small[:1], square),
        "Middle_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V3": (msoas, square),
        "LSOA_PopCentroids_EW_2021_V4": (small, point),
        "LSOA_PopCentroids_EW_2021_V10": ([{**row, "note": "newest"} for row in small], point),
        "LSOA21_WD24_LAD24_EW_LU": ([], None),
        "LSOA21_WD25_LAD25_EW_LU_v2": (of_lad, None),
        "LSOA11_LSOA21_LAD22_EW_LU_v5": (pairs, None),
        "LTLA21_UTLA21_EW_LU_9bbac05558b74a88bda913ad5bf66917": ([], None),
        "WD25_LAD25_CTY25_CED25_EN_LU": (counties, None),
    }


SCHOOLS_HEADER = ["URN", "LA (code)", "LA (name)", "EstablishmentName", "HeadTitle (name)", "HeadFirstName",
                  "HeadLastName", "Postcode", "TelephoneNum", "PropsName", "GSSLACode (name)",
                  "NewContactName"]  # fmt: skip
SCHOOLS = [
    ["999001", "999", "Nowhereshire", "St Nobody’s School", "Dr", "Secretia", "Hidden", "ZZ1 1AA", "00000", "P Hidden",
     COUNTY, "C Hidden"],
    ["999002", "999", "Nowhereshire", 'The "Quoted", Comma School', "", "", "", "ZZ1 1AB", "", "", COUNTY, ""],
    ["999003", "998", "Elsewhere", "Elsewhere School", "Mr", "Secretia", "Hidden", "ZZ1 1AC", "", "", ELSEWHERE, ""],
]  # fmt: skip
LINKS = "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n999001,999009,Old School,Predecessor,01-09-2020\n"
# Postcodes: two of each district of Nowhereshire, one 14 km and one 16 km east of them, one
# 14 km west and south, one without a position.
POSTCODES = [
    ("ZZ1 1AA", 10, 450_000, 200_000, NORTH),
    ("ZZ1 1AB", 10, 451_000, 201_000, NORTH),
    ("ZZ1 1AC", 10, 452_000, 199_000, SOUTH),
    ("ZZ2 1AA", 20, 453_000, 202_000, SOUTH),
    ("ZZ3 1AA", 10, 467_000, 200_000, ELSEWHERE),
    ("ZZ3 1AB", 10, 469_000, 200_000, ELSEWHERE),
    ("ZZ3 1AC", 10, 436_000, 185_000, ELSEWHERE),
    ("ZZ4 1AA", 90, 0, 0, ""),
]


def quoted(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' if re.search('[",]', cell) else cell for cell in cells)


def schools_file(rows: list[list[str]] = SCHOOLS) -> bytes:
    return ("\r\n".join(quoted(cells) for cells in [SCHOOLS_HEADER, *rows]) + "\r\n").encode("cp1252")


def postcodes_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        titles = zipfile.ZipInfo("Doc/Code-Point_Open_Column_Headers.csv")  # without the time of the writing
        archive.writestr(titles, "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n")
        for area in ("zz1", "zz2", "zz3", "zz4"):
            lines = [
                f'"{code}",{quality},{east},{north},"E92000001","","","","{district}","E05999001"\r\n'
                for code, quality, east, north, district in POSTCODES
                if code.lower().startswith(area)
            ]
            archive.writestr(zipfile.ZipInfo(f"Data/CSV/{area}.csv"), "".join(lines))
    return packed.getvalue()


@dataclass
class Services:
    """What the services know: rows by service, rows a page, and files."""

    tables: dict[str, Any] = field(default_factory=_tables)
    page_rows: int = 3
    schools_day: str = "20261125"  # today's file is not there yet
    schools: bytes = field(default_factory=schools_file)
    postcodes: bytes = field(default_factory=postcodes_zip)

    def reply(self, asked: Asked, address: str) -> Reply:
        path = asked.path
        if path.startswith("/rest/services"):
            return self._features(asked, path.removeprefix("/rest/services").strip("/").split("/"))
        files = {
            f"/public/edubasealldata{self.schools_day}.csv": self.schools,
            f"/public/links_edubasealldata{self.schools_day}.csv": LINKS.encode("cp1252"),
            "/blob/codepo_gb.zip": self.postcodes,
        }
        if path in files:
            return 200, {"Content-Type": "application/octet-stream"}, files[path]
        if path == "/products/CodePointOpen":
            return as_json({"id": "CodePointOpen", "version": "2026-11"})
        if path == "/products/CodePointOpen/downloads":
            md5 = hashlib.md5(self.postcodes, usedforsecurity=False).hexdigest()
            one = {"url": f"{address}/go", "fileName": "codepo_gb.zip", "size": len(self.postcodes), "md5": md5.upper(),
                   "area": "GB", "format": "CSV"}  # fmt: skip
            return as_json([one, one | {"format": "GeoPackage"}])
        if path == "/go":
            return 307, {"Location": f"{address}/blob/codepo_gb.zip"}, b""
        return 404, {}, b"The resource you are looking for has been removed"

    def _features(self, asked: Asked, parts: list[str]) -> Reply:
        if parts == [""]:
            listed = [{"name": name, "type": "FeatureServer"} for name in sorted(self.tables)]
            return as_json({"currentVersion": 11.4, "services": [*listed, {"name": "Tiles", "type": "MapServer"}]})
        name, tail = parts[0], parts[2:]
        rows, geometry = self.tables[name]
        if not tail:
            return as_json({"layers" if geometry else "tables": [{"id": 3, "name": name}], "maxRecordCount": 2000})
        columns = ["FID", *dict.fromkeys(column for row in rows for column in row)]
        if tail == ["3"]:
            kinds = {"FID": "esriFieldTypeOID"}
            fields = [{"name": one, "type": kinds.get(one, "esriFieldTypeString")} for one in columns]
            about = {"fields": fields, "objectIdField": "FID", "maxRecordCount": self.page_rows}
            return as_json(about | {"editingInfo": {"lastEditDate": EDITED_MS}})
        return self._query(asked, rows, geometry)

    def _query(self, asked: Asked, rows: list[dict[str, Any]], geometry: Any) -> Reply:
        form = asked.form
        met = [(at, row) for at, row in enumerate(rows) if meets(row, form["where"])]
        if asked.counts:
            return as_json({"count": len(met)})
        start, most = int(form["resultOffset"]), min(int(form["resultRecordCount"]), self.page_rows)
        page = met[start : start + most]
        shown = form["returnGeometry"] == "true"
        features = [
            {"type": "Feature", "id": at + 1, "properties": {"FID": at + 1} | row,
             "geometry": geometry(at) if shown else None}
            for at, row in page
        ]  # fmt: skip
        found = {"type": "FeatureCollection", "features": features}
        if shown:
            found["crs"] = {"type": "name", "properties": {"name": f"EPSG:{form['outSR']}"}}
        if start + most < len(met):
            found["properties"] = {"exceededTransferLimit": True}
        return as_json(found)


def meets(row: dict[str, Any], where: str) -> bool:
    """Return whether a row meets a condition: of texts in a list, or of beginnings."""
    listed = re.fullmatch(r"(\w+) IN \((.*)\)", where)
    if listed:
        return row[listed[1]] in [one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", listed[2])]
    starts = [re.fullmatch(r"(\w+) LIKE '(\w+)%'", part) for part in where.split(" OR ")]
    assert all(starts), where
    return any(row[one[1]].startswith(one[2]) for one in starts if one)


class PublicServices(ThreadingHTTPServer):
    """Answers by ``fault(asked, number)`` where that gives a reply, else well; ``asked`` are the questions so far."""

    daemon_threads = True

    def __init__(self, services: Services, fault: Callable[[Asked, int], Reply | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.services, self.fault = services, fault
        self.asked: list[Asked] = []
        self.agents: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def servers(self) -> dict[str, str]:
        """Where each kind is."""
        return {
            "boundaries": f"{self.address}/rest/services",
            "schools": f"{self.address}/public",
            "postcodes": f"{self.address}/products/CodePointOpen",
        }


class _Handler(BaseHTTPRequestHandler):
    server: PublicServices

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length).decode() if length else parts.query
        form = {name: values[0] for name, values in parse_qs(text).items()}
        asked = Asked(self.command, parts.path, form)
        self.server.asked.append(asked)
        self.server.agents.add(self.headers["User-Agent"])
        reply = self.server.fault(asked, len(self.server.asked))
        status, headers, content = reply or self.server.services.reply(asked, self.server.address)
        self.send_response_only(status)
        for name, value in {"Date": TODAY, "Content-Length": str(len(content)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with suppress(ConnectionError):  # whoever asked may be gone
                self.wfile.write(content)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - names of the base class

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def public_services(
    fault: Callable[[Asked, int], Reply | None] = lambda *_: None, services: Services | None = None
) -> Iterator[PublicServices]:
    """Run the services while the block runs."""
    server = PublicServices(services or Services(), fault)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
