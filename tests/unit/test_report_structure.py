"""What a screen reader finds in the files of the paper, read by libraries that had no part in writing them."""

from __future__ import annotations

import getpass
import io
import itertools
import platform
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from sufficiency.outputs.report.blocks import Blank, Heading, Paper, Picture, Table, page_parts
from sufficiency.outputs.report.board import build_paper
from sufficiency.outputs.report.pdf_document import pdf_bytes
from sufficiency.outputs.report.word_document import docx_bytes
from tests.released_fixture import make_inputs_facts, make_record, make_released

CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"


@pytest.fixture(scope="module")
def paper() -> Paper:
    return build_paper(make_released(), make_inputs_facts(), make_record())


@pytest.fixture(scope="module")
def pdf(paper: Paper) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf_bytes(paper)))


@pytest.fixture(scope="module")
def word(paper: Paper) -> bytes:
    return docx_bytes(paper)


def nodes(pdf: pypdf.PdfReader) -> list[tuple[str, Any, list[str]]]:
    """Return the structure tree in reading order: tag, element, tags above it."""
    root: Any = pdf.trailer["/Root"]
    found: list[tuple[str, Any, list[str]]] = []
    queue: list[tuple[Any, list[str]]] = [(root["/StructTreeRoot"], [])]
    while queue:
        reference, above = queue.pop()
        one = reference.get_object()
        if isinstance(one, list):
            queue += [(part, above) for part in reversed(one)]
            continue
        if not isinstance(one, dict):
            continue
        tag = str(one.get("/S", ""))
        if tag:
            found.append((tag, one, above))
        if "/K" in one:
            kids = one["/K"]
            kids = kids if isinstance(kids, list) else [kids]
            queue += [(part, [*above, tag]) for part in reversed(kids)]
    return found


def test_pdf_says_that_it_is_tagged_its_language_and_its_title(pdf: pypdf.PdfReader, paper: Paper) -> None:
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == paper.title
    assert pdf.metadata.author == "sufficiency"
    assert all(page.get("/Tabs") == "/S" for page in pdf.pages)


def test_pdf_headings_never_skip_a_level_and_are_those_of_the_paper(pdf: pypdf.PdfReader, paper: Paper) -> None:
    levels = [int(tag[2:]) for tag, _, _ in nodes(pdf) if tag.startswith("/H") and tag[2:].isdigit()]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    headings = sum(isinstance(block, Heading | Blank) for block in paper.blocks)
    assert len(levels) == headings + 2, "the paper's, its title, and that of the contents"


def test_pdf_figures_have_the_alternative_texts_of_the_pictures(pdf: pypdf.PdfReader, paper: Paper) -> None:
    told = [str(one["/Alt"]) for tag, one, _ in nodes(pdf) if tag == "/Figure"]
    assert told == [block.alt for block in paper.blocks if isinstance(block, Picture)]
    assert all(len(text) > 20 for text in told)


def test_pdf_tables_have_head_cells_in_their_first_row(pdf: pypdf.PdfReader, paper: Paper) -> None:
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    tags = nodes(pdf)
    assert sum(tag == "/Table" for tag, _, _ in tags) == len(tables)
    heads = [one for tag, one, _ in tags if tag == "/TH"]
    assert len(heads) == sum(len(table.columns) for table in tables)
    assert sum(tag == "/TD" for tag, _, _ in tags) == sum(len(t.columns) * len(t.rows) for t in tables)
    assert all("/THead" in above for tag, _, above in tags if tag == "/TH")


def test_pdf_outline_leads_to_every_heading_of_the_contents(pdf: pypdf.PdfReader, paper: Paper) -> None:
    def flat(items: Any) -> list[str]:
        return [name for item in items for name in (flat(item) if isinstance(item, list) else [str(item.title)])]

    told = flat(pdf.outline)
    wanted = [block.text for block in paper.blocks if isinstance(block, Heading) and block.level <= 2]
    assert [name for name in told if name in set(wanted)] == wanted


def test_pages_that_must_stay_one_page_do(pdf: pypdf.PdfReader, paper: Paper) -> None:
    """The page on which each of them starts, by the outline, is the one before the next starts."""
    pages = {}

    def walk(items: Any) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item)
            else:
                pages[str(item.title)] = pdf.get_destination_page_number(item)

    walk(pdf.outline)
    starts = [(one_page, paper.blocks[part.start]) for one_page, part in page_parts(paper.blocks)]
    checked = 0
    for (one_page, block), (_, following) in itertools.pairwise(starts):
        if one_page and isinstance(block, Heading) and isinstance(following, Heading):
            assert pages[following.text] == pages[block.text] + 1, block.text
            checked += 1
    assert checked >= 5 + 17


def test_docx_headings_follow_one_another_without_a_gap(word: bytes) -> None:
    document = docx.Document(io.BytesIO(word))
    names = [p.style.name for p in document.paragraphs if p.style is not None]
    levels = [int(str(name).split()[-1]) for name in names if str(name).startswith("Heading ")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_docx_tables_repeat_their_heads_and_never_split_a_row(word: bytes, paper: Paper) -> None:
    document = docx.Document(io.BytesIO(word))
    repeated = 0
    for table in document.tables:
        flags = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows]
        assert not any(flags[1:])
        repeated += flags[0]
        assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)
    assert repeated == sum(isinstance(block, Table) for block in paper.blocks)


def test_docx_says_nothing_of_an_author_a_machine_or_a_program(word: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(word)) as files:
        core = ET.fromstring(files.read("docProps/core.xml"))  # noqa: S314 - our own file
        parts = {name: files.read(name) for name in files.namelist()}
    told = {child.tag.rpartition("}")[2]: child.text or "" for child in core}
    assert told["creator"] == "sufficiency"
    assert told["lastModifiedBy"] == "sufficiency"
    assert told["revision"] == "1"
    assert core.find(f"{CORE}keywords") is None or not told["keywords"]
    for word_ in {getpass.getuser(), platform.node()} - {"", "root"}:
        if len(word_) > 3:
            assert not any(word_.encode() in content for name, content in parts.items() if name.endswith(".xml"))
    assert b"Company>" not in parts.get("docProps/app.xml", b"").replace(b"<Company></Company>", b"")
