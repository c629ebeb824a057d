"""The same inputs give the same bytes, whatever the clock and the time zone say."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.outputs import record, stable, summary
from sufficiency.outputs.export import tables as export
from sufficiency.outputs.export import workbook
from sufficiency.outputs.report import board as report
from sufficiency.outputs.report import charts
from sufficiency.outputs.report import pdf_document as paper_pdf
from sufficiency.outputs.report import word_document as paper_docx
from sufficiency.outputs.report.facts import Facts
from tests.released_fixture import make_inputs_facts, make_parameters, make_record, make_released

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATER_S = 40 * 24 * 3600.0
_localtime, _time = time.localtime, time.time


@contextmanager
def another_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forty days later, in another time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        if hasattr(time, "tzset"):
            time.tzset()
        patch.setattr(time, "time", lambda: _time() + LATER_S)
        patch.setattr(time, "localtime", lambda seconds=None: _localtime((seconds or _time()) + LATER_S))
        yield
    if hasattr(time, "tzset"):
        time.tzset()


def _zip(names: list[str], moment: tuple[int, int, int, int, int, int]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, moment), f"content of {name}")
    return target.getvalue()


def test_order_and_time_of_members_do_not_matter() -> None:
    first = _zip(["b.xml", "[Content_Types].xml", "a.xml"], (2026, 1, 2, 3, 4, 6))
    second = _zip(["a.xml", "b.xml", "[Content_Types].xml"], (2031, 7, 8, 9, 10, 12))
    assert first != second
    assert stable.normalise_zip(first) == stable.normalise_zip(second)
    with zipfile.ZipFile(io.BytesIO(stable.normalise_zip(first))) as archive:
        assert archive.namelist() == ["[Content_Types].xml", "a.xml", "b.xml"]
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("a.xml") == b"content of a.xml"


@given(st.text())
def test_clean_text_is_one_line_that_xml_can_hold(text: str) -> None:
    clean = stable.clean_text(text)
    assert "\n" not in clean
    assert "\r" not in clean
    assert not any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in clean)
    assert stable.clean_text(clean) == clean


def test_clean_text_keeps_words() -> None:
    assert stable.clean_text("Ysgol Y Bont\tFaen & Sons\x07 <b>") == "Ysgol Y Bont Faen & Sons <b>"
    assert stable.clean_text("abc\u202egnp.exe") == "abcgnp.exe"


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.txt"
    stable.write_text(target, "before")

    def refuse(self: Path, other: Path) -> Path:
        raise PermissionError(str(other))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        stable.write_text(target, "after")
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def _report(kind: str) -> Callable[[], bytes]:
    def build() -> bytes:
        released, inputs, run = make_released(), make_inputs_facts(), make_record()
        if kind == "xlsx":
            return workbook.workbook_bytes(released, inputs.parameters, run)
        paper = report.build_paper(released, inputs, run)
        return paper_docx.docx_bytes(paper) if kind == "docx" else paper_pdf.pdf_bytes(paper)

    return build


@pytest.mark.parametrize("kind", ["docx", "pdf", "xlsx"])
def test_a_report_is_the_same_bytes_at_another_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build = _report(kind)
    first = build()
    with another_clock(monkeypatch):
        assert time.localtime()[:2] != _localtime()[:2]
        second = build()
    assert first == second


def test_a_chart_is_the_same_vector_and_raster_each_time() -> None:
    facts = Facts(make_released(), make_inputs_facts(), make_record())
    first, second = (charts.forecast_chart(facts, "Caption", "Alternative text") for _ in range(2))
    assert first.svg == second.svg
    assert first.png == second.png


def test_tables_and_json_are_the_same_bytes_at_another_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(folder: Path) -> dict[str, bytes]:
        released, run, parameters = make_released(), make_record(), make_parameters()
        export.write_tables(released, folder / "tables")
        summary.write_summary(released, run, parameters, folder / "summary.json")
        record.write_record(run, folder / "run.json")
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    first = write(tmp_path / "one")
    with another_clock(monkeypatch):
        second = write(tmp_path / "two")
    assert first == second
    assert {"summary.json", "run.json", "tables/README.md", "tables/flows.csv"} <= set(first)


def test_core_dates_come_from_the_report_date() -> None:
    core = b'<dcterms:created xsi:type="dcterms:W3CDTF">2001-01-01T00:00:00Z</dcterms:created>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("docProps/core.xml", core)
    with zipfile.ZipFile(io.BytesIO(stable.normalise_zip(target.getvalue(), dt.date(2026, 11, 23)))) as archive:
        assert b">2026-11-23T12:00:00Z<" in archive.read("docProps/core.xml")
