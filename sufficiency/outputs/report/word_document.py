"""The neutral document as docx: real heading styles, British English, alternative texts, headers that repeat."""

# python-docx has no types, and no public door for fields, borders, shading and alternative texts.
# ruff: noqa: ANN401, SLF001

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    Blank,
    Block,
    Bullets,
    Callout,
    Cards,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Table,
    kept_with_next,
)
from sufficiency.outputs.stable import clean_text, fixed_datetime, normalise_zip

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["docx_bytes"]

FONT: Final = "Arial"
TEXT_WIDTH_MM: Final = 170.0
PALE: Final = "F3F5F8"


def _colour(code: str) -> RGBColor:
    return RGBColor.from_string(code.lstrip("#"))


def _element(tag: str, **attributes: str) -> Any:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(name.replace("_", ":", 1)), value)
    return element


def _set_up(document: Document, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(20), Mm(17)
    section.header_distance = section.footer_distance = Mm(9)
    styles = document.styles
    for name, size, bold, colour in (
        ("Normal", 10.5, False, style.INK),
        ("Title", 19, True, style.DARK_BLUE),
        ("Subtitle", 9, False, style.QUIET_INK),
        ("Heading 1", 15, True, style.DARK_BLUE),
        ("Heading 2", 12, True, style.INK),
        ("Heading 3", 10.5, True, style.QUIET_INK),
        ("Caption", 9.5, True, style.INK),
        ("List Bullet", 10.5, False, style.INK),
    ):
        found: Any = styles[name]
        found.font.name, found.font.size, found.font.bold, found.font.italic = FONT, Pt(size), bold, False
        found.font.color.rgb = _colour(colour)
        fonts = found.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in [a for a in fonts.attrib if a.endswith(("Theme", "theme"))]:
            del fonts.attrib[attribute]
        for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(script), FONT)
    normal: Any = styles["Normal"]
    normal.paragraph_format.space_after = Pt(6)
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    normal.element.get_or_add_rPr().append(_element("w:lang", w_val="en-GB"))
    _rules(styles)
    _properties(document, paper)
    _running_lines(section, paper, normal)


def _rules(styles: Any) -> None:
    for borders in list(styles["Title"].element.iter(qn("w:pBdr"))):
        borders.getparent().remove(borders)
    heading = styles["Heading 1"].element.get_or_add_pPr()
    borders = _element("w:pBdr")
    borders.append(_element("w:bottom", w_val="single", w_sz="4", w_space="2", w_color=style.RULE.lstrip("#")))
    heading.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_before = Pt(8)
    styles["Caption"].paragraph_format.space_after = Pt(3)
    styles["Heading 1"].paragraph_format.space_before = Pt(18)
    styles["Title"].paragraph_format.space_after = Pt(8)


def _properties(document: Document, paper: Paper) -> None:
    core = document.core_properties
    stamp = fixed_datetime(paper.date)
    core.title, core.subject, core.author = clean_text(paper.title)[:250], clean_text(paper.subject), "sufficiency"
    core.created = core.modified = stamp
    core.last_modified_by, core.comments, core.language, core.revision = "sufficiency", "", "en-GB", 1


def _field(paragraph: Any, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", "1"), ("end", "")):
        run = paragraph.add_run()
        if kind == "":
            instruction = _element("w:instrText")
            instruction.text = code
            run._r.append(instruction)
        elif kind == "text":
            run.text = text
        else:
            run._r.append(_element("w:fldChar", w_fldCharType=kind))


def _running_lines(section: Any, paper: Paper, normal: Any) -> None:
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    for line, left in ((header, paper.subject), (footer, paper.footer)):
        line.style = normal  # the header's own style brings a tab in the middle
        line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
        line.add_run(f"{clean_text(left)}\t")
    header.add_run(paper.marking).bold = True
    footer.add_run("Page ")
    _field(footer, "PAGE")
    footer.add_run(" of ")
    _field(footer, "NUMPAGES")
    for line in (header, footer):
        for run in line.runs:
            run.font.size, run.font.color.rgb = Pt(8), _colour(style.QUIET_INK)


def _shade(cell: Any, fill: str) -> None:
    cell._tc.get_or_add_tcPr().append(_element("w:shd", w_val="clear", w_color="auto", w_fill=fill))


def _borders(properties: Any, container: str, edges: dict[str, tuple[str, str]]) -> None:
    borders = _element(container)
    for edge, (size, colour) in edges.items():
        kind = "nil" if size == "0" else "single"
        borders.append(_element(f"w:{edge}", w_val=kind, w_sz=size, w_space="0", w_color=colour))
    properties.append(borders)


def _text(cell: Any, text: str, *, size: float = 8.5, bold: bool = False, right: bool = False, colour: str = "") -> Any:
    paragraph = cell.paragraphs[0] if not cell.paragraphs[0].text else cell.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(0.5)
    paragraph.paragraph_format.line_spacing = 1.0
    run = paragraph.add_run(clean_text(text))
    run.font.size, run.bold = Pt(size), bold
    if colour:
        run.font.color.rgb = _colour(colour)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return paragraph


def _grid(document: Document, rows: int, widths: list[float]) -> Any:
    table = document.add_table(rows=rows, cols=len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    margins = _element("w:tblCellMar")
    for edge, size in (("left", "70"), ("right", "70")):
        margins.append(_element(f"w:{edge}", w_w=size, w_type="dxa"))
    table._tbl.tblPr.append(margins)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return table


def _add_table(document: Document, block: Table) -> None:
    document.add_paragraph(clean_text(block.caption), style="Caption")
    total = sum(column.width for column in block.columns)
    table = _grid(document, len(block.rows) + 1, [column.width / total * TEXT_WIDTH_MM for column in block.columns])
    ink, rule = style.INK.lstrip("#"), style.RULE.lstrip("#")
    edges = {"top": ("8", ink), "bottom": ("4", rule), "insideH": ("4", rule), "insideV": ("0", "auto")}
    _borders(table._tbl.tblPr, "w:tblBorders", edges)
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for cell, column in zip(head.cells, block.columns, strict=True):
        _text(cell, column.title, size=8, bold=True, right=column.number)
        _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", {"bottom": ("8", ink)})
    first_total = len(block.rows) - block.total_rows
    for place, (row, values) in enumerate(zip(table.rows[1:], block.rows, strict=True)):
        for cell, value, column in zip(row.cells, values, block.columns, strict=True):
            paragraph = _text(cell, value, bold=place >= first_total, right=column.number)
            paragraph.paragraph_format.keep_with_next = len(block.rows) <= 12 and place < len(block.rows) - 1
            if block.total_rows and place == first_total:
                _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", {"top": ("8", ink)})
    for note in block.notes:
        _note(document, note)
    if not block.notes:
        _gap(document)


def _note(document: Document, text: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(2), Pt(4)
    run = paragraph.add_run(clean_text(text))
    run.font.size, run.font.color.rgb = Pt(8), _colour(style.QUIET_INK)


def _gap(document: Document) -> None:
    """Add the small paragraph that Word needs between two tables, no taller than a gap."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(6)


def _add_cards(document: Document, block: Cards) -> None:
    table = _grid(document, 1, [TEXT_WIDTH_MM / len(block.cards)] * len(block.cards))
    for cell, card in zip(table.rows[0].cells, block.cards, strict=True):
        _shade(cell, PALE)
        edge = {"top": ("16", style.DARK_BLUE.lstrip("#")), "left": ("24", "FFFFFF"), "right": ("24", "FFFFFF")}
        _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", edge)
        _text(cell, card.label, bold=True)
        _text(cell, card.figure, size=20, bold=True, colour=style.DARK_BLUE)
        for text, bold, colour in (
            (card.range, False, style.QUIET_INK),
            (card.change, True, ""),
            (card.meaning, False, ""),
        ):
            if text:
                _text(cell, text, size=8, bold=bold, colour=colour)
    _gap(document)


def _add_picture(document: Document, block: Picture) -> None:
    document.add_paragraph(clean_text(block.caption), style="Caption")
    shape = document.add_picture(io.BytesIO(block.png), width=Mm(TEXT_WIDTH_MM * block.width_share))
    described = shape._inline.docPr
    described.set("descr", clean_text(block.alt))
    described.set("name", block.name)


def _add_box(document: Document, parts: list[tuple[str, bool]], *, dashed: bool) -> None:
    table = _grid(document, 1, [TEXT_WIDTH_MM])
    cell = table.rows[0].cells[0]
    if dashed:
        borders = _element("w:tcBorders")
        for edge in ("top", "left", "bottom", "right"):
            borders.append(_element(f"w:{edge}", w_val="dashed", w_sz="4", w_space="0", w_color="595959"))
        cell._tc.get_or_add_tcPr().append(borders)
    else:
        bar = {"left": ("24", style.DARK_BLUE.lstrip("#"))}
        _borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", bar)
        _shade(cell, PALE)
    for text, bold in parts:
        if text:
            _text(cell, text, size=9.5, bold=bold, colour=style.QUIET_INK if dashed else "")
    _gap(document)


def _add(document: Document, block: Block) -> None:
    match block:
        case Heading():
            heading = document.add_heading(clean_text(block.text), level=block.level)
            heading.paragraph_format.page_break_before = block.new_page
        case Paragraph(text=text, kind="note"):
            _note(document, text)
        case Paragraph():
            run = document.add_paragraph().add_run(clean_text(block.text))
            run.font.size = Pt(12) if block.kind == "lead" else None
        case Bullets():
            for item in block.items:
                document.add_paragraph(clean_text(item), style="List Bullet")
        case Callout():
            _add_box(document, [(block.title, True), (block.text, False)], dashed=False)
        case Cards():
            _add_cards(document, block)
        case Picture():
            _add_picture(document, block)
        case Table():
            _add_table(document, block)
        case Blank():
            document.add_heading(clean_text(block.title), level=2)
            _add_box(document, [("For the officer to write.", True), (block.prompt, False), (" ", False)], dashed=True)


def docx_bytes(paper: Paper) -> bytes:
    """Return the paper as a Word document.

    Parameters
    ----------
    paper
        The document.

    Returns
    -------
    bytes
        The same paper gives the same bytes: core dates from the paper, zip members in order with a fixed time.
    """
    document = docx.Document()
    _set_up(document, paper)
    document.add_paragraph(clean_text(paper.subtitle), style="Subtitle")
    document.add_paragraph(clean_text(paper.title), style="Title")
    for block, keep in zip(paper.blocks, kept_with_next(paper.blocks), strict=True):
        _add(document, block)
        if keep:
            document.paragraphs[-1].paragraph_format.keep_with_next = True
    target = io.BytesIO()
    document.save(target)
    return normalise_zip(target.getvalue(), paper.date)
