"""Files with something planted in each, for the tests of the screener. Every number is made up."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The check characters are worked by hand in test_screen_folder.
UPN = "B801200005001"
TEMPORARY_UPN = "M80120000500A"
ULN = "1000000027"
NHS = "9434765919"
NI = "AB123456C"
UUID = "6f1c2e0a-4b1d-4c7e-9d55-0a1b2c3d4e5f"
PATH = "/" + "home/j.smith/send/work.csv"
NAME = "Zebedee Quillfeather"


def csv_bytes(rows: list[list[Any]], delimiter: str = ",") -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode()


def zip_bytes(members: dict[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def workbook(
    rows: list[list[Any]], *, sheet: str = "", members: dict[str, str] | None = None, state: str = ""
) -> bytes:
    """Return a workbook of one sheet with inline texts; ``sheet`` is put before its rows as XML."""

    def cell(place: int, row: int, value: Any) -> str:
        at = f"{chr(65 + place)}{row}"
        if isinstance(value, str):
            return f'<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{at}"><v>{value}</v></c>'

    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    body = "".join(
        f'<row r="{at}">{"".join(cell(place, at, value) for place, value in enumerate(row))}</row>'
        for at, row in enumerate(rows, start=1)
    )
    hidden = f' state="{state}"' if state else ""
    return zip_bytes(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{relation}"><sheets>'
            f'<sheet name="data" sheetId="1" r:id="rId1"{hidden}/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Type="x/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}">{sheet}<sheetData>{body}</sheetData></worksheet>',
            **(members or {}),
        }
    )


def document(text: str = "", *, xml: str = "", members: dict[str, bytes | str] | None = None) -> bytes:
    """Return a Word document of one paragraph, and what else is put into it."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>{xml}"
    return zip_bytes(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
            **(members or {}),
        }
    )


def properties(creator: str, modifier: str = "") -> str:
    return (
        '<cp:coreProperties xmlns:cp="a" xmlns:dc="b">'
        f"<dc:creator>{creator}</dc:creator><cp:lastModifiedBy>{modifier}</cp:lastModifiedBy></cp:coreProperties>"
    )


def pdf(text: str, *, author: str = "sufficiency", attached: bytes = b"", hidden: str = "") -> bytes:
    """Return a PDF with a line of text, an author, an attachment and a stream that no page shows."""
    import pypdf
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 300)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
    )
    content = DecodedStreamObject()
    content.set_data(f"BT /F1 12 Tf 10 200 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(content.flate_encode())
    if hidden:
        loose = DecodedStreamObject()
        loose.set_data(hidden.encode())
        page[NameObject("/PieceInfo")] = writer._add_object(loose.flate_encode())
    writer.metadata = {"/Author": author, "/Producer": "sufficiency"}
    if attached:
        writer.add_attachment("data", attached)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def png(**texts: str) -> bytes:
    """Return a picture of one point with texts beside it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))]
    parts += [chunk(b"tEXt", f"{name}\0{text}".encode()) for name, text in texts.items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def database(path: Path, columns: list[str], rows: list[list[Any]], *, deleted: str = "") -> bytes:
    """Return a database of one table; a row may have been deleted from it."""
    base = sqlite3.connect(path)
    base.execute(f"CREATE TABLE layer ({', '.join(columns)})")
    marks = ", ".join("?" for _ in columns)
    if deleted:
        base.execute("PRAGMA secure_delete = OFF")
        base.execute(f"INSERT INTO layer VALUES ({marks})", [deleted] * len(columns))  # noqa: S608 - marks only
    base.executemany(f"INSERT INTO layer VALUES ({marks})", rows)  # noqa: S608 - marks only
    base.commit()
    if deleted:
        base.execute("DELETE FROM layer WHERE rowid = 1")
    base.commit()
    base.close()
    data = path.read_bytes()
    path.unlink()
    return data


def point(x: float, y: float) -> bytes:
    """Return a point as GeoPackages hold it."""
    return b"GP\0\x01" + struct.pack("<i", 27700) + struct.pack("<BIdd", 1, 1, x, y)


def geojson(features: list[tuple[tuple[float, float], dict[str, Any]]]) -> bytes:
    found = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": list(place)}, "properties": values}
        for place, values in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": found}).encode()
