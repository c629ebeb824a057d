"""A council's own template: its look kept, its placeholders filled as plain text, unsafe or broken ones refused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import pytest
from docx.shared import Mm

from sufficiency.model.errors import ParameterError
from sufficiency.model.report_keys import report_faults
from sufficiency.outputs.report.blocks import Bullets, Column, Heading, Paper, Paragraph, Table
from sufficiency.outputs.report.word_document import docx_bytes, write_template_docx
from sufficiency.outputs.report.word_template import read_template

if TYPE_CHECKING:
    from pathlib import Path

DATE = dt.date(2026, 11, 23)
HOSTILE = "{{ 7*7 }} {% for x in y %} School"
PAPER = Paper(
    "The finding", "Sub", "Subject", "INTERNAL", "Run 0123456789ab", DATE,
    (Heading("One"), Paragraph(HOSTILE), Bullets(("an item",)),
     Table("A table", (Column("Setting", number=False), Column("Pupils")), ((HOSTILE, "12"),))),
    "0123456789ab",
)  # fmt: skip


def saved(document: Any) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def all_text(document: Any) -> str:
    return "\n".join(p.text for p in document.paragraphs)


def test_the_starting_template_makes_the_paper_and_is_the_same_twice(tmp_path: Path) -> None:
    write_template_docx(tmp_path / "a.docx", DATE)
    write_template_docx(tmp_path / "b.docx", DATE)
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    template = read_template(tmp_path / "a.docx")
    first = docx_bytes(PAPER, template)
    assert first == docx_bytes(PAPER, template)
    document = docx.Document(io.BytesIO(first))
    assert [p.text for p in document.paragraphs][:3] == ["Sub", "The finding", "One"]
    section = document.sections[0]
    assert section.header.paragraphs[0].text == "Subject\tINTERNAL"
    assert "Run 0123456789ab" in section.footer.paragraphs[0].text
    assert HOSTILE in all_text(document)  # as it stands, neither run nor cut
    assert document.tables[0].rows[1].cells[0].text == HOSTILE


def test_no_picture_of_an_earlier_document_goes_along(tmp_path: Path) -> None:
    council = saved(docx.Document())  # the document that Word's own template makes has one
    assert "docProps/thumbnail.jpeg" in zipfile.ZipFile(io.BytesIO(council)).namelist()
    write_template_docx(tmp_path / "a.docx", DATE)
    with_council = docx_bytes(PAPER, read_template(tmp_path / "a.docx"))
    for data in (docx_bytes(PAPER), (tmp_path / "a.docx").read_bytes(), with_council):
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert not [name for name in archive.namelist() if "thumbnail" in name]
        assert b"thumbnail" not in archive.read("_rels/.rels")


def test_a_councils_look_is_kept_and_its_page_is_filled() -> None:
    council = docx.Document()
    council.styles["Heading 1"].font.name = "Georgia"
    section = council.sections[0]
    section.page_width, section.left_margin, section.right_margin = Mm(150), Mm(15), Mm(15)
    section.header.paragraphs[0].text = "Council of Somewhere"
    cover = council.add_paragraph("Paper: ")
    cover.add_run("{{ ti")
    cover.add_run("tle }}, run {{ run_id }}, {{ report_date }}")
    council.add_paragraph("{{ body }}")
    council.add_paragraph("The end")
    for name in ("List Bullet", "Caption"):
        council.styles.element.remove(council.styles[name].element)
    document = docx.Document(io.BytesIO(docx_bytes(PAPER, saved(council))))
    told = [p.text for p in document.paragraphs]
    assert told[0] == "Paper: The finding, run 0123456789ab, 23 November 2026"
    assert told[-1] == "The end"
    assert document.styles["Heading 1"].font.name == "Georgia"
    header = [p.text for p in document.sections[0].header.paragraphs]
    assert header[0] == "Council of Somewhere"
    assert "INTERNAL" in header  # the template had no place for the mark
    assert any("Run 0123456789ab" in p.text for p in document.sections[0].footer.paragraphs)
    width = sum(int(c.width) for c in document.tables[0].columns)
    assert width == pytest.approx(int(Mm(120)), rel=0.01)
    assert document.core_properties.author == "sufficiency"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ 7*7 }}", "template code"),
        ("{% for x in y %}", "template code"),
        ("{{ titel }}", "no placeholder titel"),
    ],
)
def test_a_template_with_code_or_an_unknown_placeholder_is_refused(tmp_path: Path, text: str, words: str) -> None:
    council = docx.Document()
    council.add_paragraph(text)
    (tmp_path / "t.docx").write_bytes(saved(council))
    with pytest.raises(ParameterError, match=words):
        read_template(tmp_path / "t.docx")


def with_member(data: bytes, name: str, content: bytes) -> bytes:
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, content)
    return target.getvalue()


def test_macros_comments_and_broken_files_are_refused_in_plain_words(tmp_path: Path) -> None:
    good = saved(docx.Document())
    cases = {
        "macros": with_member(good, "word/vbaProject.bin", b"x"),
        "comments": with_member(good, "word/comments.xml", b"<x/>"),
        "no Word document": good[: len(good) // 2],
    }
    for words, data in cases.items():
        (tmp_path / "t.docx").write_bytes(data)
        with pytest.raises(ParameterError, match=words):
            read_template(tmp_path / "t.docx")
    with pytest.raises(ParameterError, match="cannot be read"):
        read_template(tmp_path / "missing.docx")


def test_the_key_of_area_toml_names_a_document_in_the_folder() -> None:
    assert report_faults({}) == []
    assert report_faults({"docx_template": "styles/our-style.docx"}) == []
    for wrong in ("/etc/our.docx", "our.docm", "..\\our.docx", 3):
        assert any("must name a Word document" in one for one in report_faults({"docx_template": wrong}))
    assert any("must lie in" in one for one in report_faults({"docx_template": "../our.docx"}))
    assert any("unknown key 'docx'" in one for one in report_faults({"docx": "our.docx"}))
