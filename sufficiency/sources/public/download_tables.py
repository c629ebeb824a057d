"""Schools of Get Information about Schools, and postcodes of Code-Point Open: the rows and columns that are kept."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from sufficiency.model.errors import ParameterError
from sufficiency.sources.public.account import Account
from sufficiency.sources.public.catalogue import GIAS_COLUMNS, LINK_COLUMNS, POSTCODE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sufficiency.sources.public.download_answers import Answer, Service
    from sufficiency.sources.public.download_authority import Authority

__all__ = ["Table", "csv_text", "fetch_establishments", "fetch_postcodes"]

# The file of a day is there from its morning, and for some days after.
DAYS_BACK: Final = 7
MOST_UNPACKED_BYTES: Final = 1_500_000_000
_LEAST_SOUND: Final = 0.99
_POSITIONED: Final = 90
_SOURCES: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "gias.csv": ("edubasealldata", GIAS_COLUMNS, ("URN", "LA (code)", "EstablishmentName", "Postcode")),
    "gias_links.csv": ("links_edubasealldata", LINK_COLUMNS, ("URN", "LinkURN", "LinkType")),
}
_BROKEN_ZIP: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, csv.Error, UnicodeDecodeError,
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table to be written: header, rows, what became of the rows that came, and what to record beside."""

    header: tuple[str, ...]
    rows: list[list[str]]
    account: Account
    record: Mapping[str, Any]


def csv_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def fetch_establishments(file: str, service: Service, authority: Authority, date: str) -> Table:
    """Return the establishments of England, or the links between them, without the columns about persons.

    Parameters
    ----------
    file
        gias.csv or gias_links.csv.
    service
        The service of schools.
    authority
        Whose establishments are counted.
    date
        Day of the file; blank = today by the service's clock. Where that day has none, the nearest one before it is
        taken, up to seven days back.

    Raises
    ------
    ConnectionError
        When there is no such file, or it is not what it should be.
    ParameterError
        When the service does not say which day it is, and no date is given.
    """
    start, columns, needed = _SOURCES[file]
    name, day, answer = _daily(start, service, date)
    rows = _rows(answer.body, name, service)
    header = [cell.strip() for cell in next(rows, [])]
    lost = [column for column in needed if column not in header]
    if lost:
        service.refuse(f"gave {name} without its column {lost[0]}: the file may have been changed")
    places = [(column, header.index(column)) for column in columns if column in header]
    kept, shifted, last = [], 0, len(header)
    for cells in rows:
        if not any(cells):
            continue
        last = len(cells)
        if last == len(header):
            kept.append([cells[place] for _, place in places])
        else:  # its cells stand in other columns: none can be taken for one without names
            shifted += 1
    read = len(kept) + shifted
    if last < len(header) or not kept or len(kept) < _LEAST_SOUND * read:
        service.refuse(f"gave {name} with rows that break off: try again later")
    aside = {"another number of fields than the header": shifted} if shifted else {}
    record: dict[str, Any] = {
        "service": name,
        "data_as_of": day,
        "columns_left_out": sorted(set(header) - set(columns)),
    }
    if file == "gias.csv":
        record["rows_of_authority"] = _of_authority(kept, [column for column, _ in places], authority)
    account = Account(file, "establishments", read, len(kept), aside)
    return Table(tuple(column for column, _ in places), kept, account, record)


def _daily(start: str, service: Service, date: str) -> tuple[str, str, Answer]:
    told = date or service.today()
    if not told:
        message = f"{service.host} does not say which day it is: give the day of the schools' file with --date"
        raise ParameterError(message)
    for back in range(DAYS_BACK + 1):
        day = dt.date.fromisoformat(told) - dt.timedelta(days=back)
        name = f"{start}{day:%Y%m%d}.csv"
        answer = service.file(f"{service.address}/{name}", missing=True)
        if answer is not None:
            return name, day.isoformat(), answer
    text = f"has no {start} of {told} or the {DAYS_BACK} days before: give another --date, or put the file in place"
    raise service.fault(text)


def _rows(body: bytes, name: str, service: Service) -> Iterator[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = body.decode("cp1252")  # what the service writes
        except UnicodeDecodeError:
            service.refuse(f"gave {name} with characters that cannot be read")
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error:
        service.refuse(f"gave {name} with a quotation that does not end: try again later")


def _of_authority(rows: Sequence[Sequence[str]], header: Sequence[str], authority: Authority) -> int:
    found = set()
    for column, text in (("GSSLACode (name)", authority.code), ("LA (name)", authority.name)):
        if column in header:
            place = header.index(column)
            found |= {at for at, row in enumerate(rows) if row[place].strip().casefold() == text.casefold()}
    return len(found)


def fetch_postcodes(service: Service, authority: Authority, border_m: float) -> Table:
    """Return the postcodes of the authority and of a border around their bounds, with their positions.

    Parameters
    ----------
    service
        The service of postcodes.
    authority
        Whose they are: by the codes of its districts.
    border_m
        Width of the border, metres.

    Raises
    ------
    ConnectionError
        When the product cannot be had, or is not what it should be.
    """
    product = service.ask(query="")
    version = str(product.get("version", "")) if isinstance(product, dict) else ""
    offered = service.ask("/downloads", query="area=GB&format=CSV")
    chosen = [
        one
        for one in (offered if isinstance(offered, list) else [])
        if isinstance(one, dict) and one.get("area") == "GB" and str(one.get("format")).upper() == "CSV"
    ]
    if len(chosen) != 1 or not all(isinstance(chosen[0].get(name), str) for name in ("url", "md5", "fileName")):
        service.refuse("offers no single file of postcodes as CSV with its digest: the product may have changed")
    answer = cast("Answer", service.file(chosen[0]["url"], follow=True))
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    if digest != chosen[0]["md5"].lower():
        service.refuse(f"gave a {chosen[0]['fileName']} whose digest is not the one that it states: try again")
    try:
        rows, account = _choose_postcodes(answer.body, service, authority, border_m)
    except _BROKEN_ZIP:
        service.refuse(f"gave a {chosen[0]['fileName']} that cannot be unpacked or read")
    record = {"service": chosen[0]["fileName"], "data_as_of": version, "md5_of_source": digest, "border_m": border_m}
    return Table(POSTCODE_COLUMNS, rows, account, record)


def _choose_postcodes(
    packed: bytes, service: Service, authority: Authority, border_m: float
) -> tuple[list[list[str]], Account]:
    own = set(authority.district_codes)
    east, north, district = (POSTCODE_COLUMNS.index(name) for name in ("easting", "northing", "district"))
    quality = POSTCODE_COLUMNS.index("pqi")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = sorted(name for name in archive.namelist() if "/csv/" in name.lower() and name.lower().endswith(".csv"))
        if sum(archive.getinfo(name).file_size for name in names) > MOST_UNPACKED_BYTES:
            service.refuse("gave postcodes without end: check its address")
        # twice over the file, since the border is known only when every postcode of the authority is
        inside = [
            (int(cells[east]), int(cells[north]))
            for cells in _unpacked(archive, names)
            if cells[district] in own and int(cells[quality]) < _POSITIONED
        ]
        if not inside:
            text = f"has no postcode of {authority.name} ({', '.join(sorted(own))}): its codes may be of another year"
            service.refuse(text)
        lost = own - {cells[district] for cells in _unpacked(archive, names)}
        if lost:
            text = f"has no postcode of {', '.join(sorted(lost))} of {authority.name}: its codes may be of another year"
            service.refuse(text)
        west, south = (min(axis) - border_m for axis in zip(*inside, strict=True))
        east_end, north_end = (max(axis) + border_m for axis in zip(*inside, strict=True))
        kept, read, nowhere = [], 0, 0
        for cells in _unpacked(archive, names):
            read += 1
            if int(cells[quality]) >= _POSITIONED:
                nowhere += 1
            elif west <= int(cells[east]) <= east_end and south <= int(cells[north]) <= north_end:
                kept.append(cells)
    aside = {"without a position": nowhere, "beyond the border": read - nowhere - len(kept)}
    return sorted(kept), Account("postcodes.csv", "postcodes", read, len(kept), aside)


def _unpacked(archive: zipfile.ZipFile, names: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows of the files of an archive; a file without a header, a row of ten fields."""
    for name in names:
        with archive.open(name) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            for cells in csv.reader(text, strict=True):
                if len(cells) != len(POSTCODE_COLUMNS) or not (cells[1] + cells[2] + cells[3]).isdecimal():
                    message = f"a row of {name} is not one of a postcode"
                    raise csv.Error(message)
                yield cells
