"""The neutral document as docx: real heading styles, British English, alternative texts, headers that repeat."""

# ruff: noqa: ANN401, SLF001  # python-docx has no types, and no public door for fields, borders, shading and alternative texts

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    HIDDEN_CARD_NOTE,
    Blank,
    Block,
    Bullets,
    Callout,
    Cards,
    Contents,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Table,
    kept_range,
    kept_with_next,
    page_parts,
)
from sufficiency.outputs.report.column_widths import column_widths
from sufficiency.outputs.report.raster import png_of
from sufficiency.outputs.report.word_parts import (
    TEXT_WIDTH_MM,
    add_bookmark,
    add_borders,
    add_cell_text,
    add_contents,
    add_field,
    add_gap,
    add_note,
    colour_of,
    drop_preview,
    element_of,
    last_paragraph,
    pad,
    shade,
)
from sufficiency.outputs.report.word_template import (
    PLACEHOLDERS,
    add_missing_styles,
    fill,
    open_template,
    scale_to_width,
)
from sufficiency.outputs.stable import clean_text, fixed_datetime, normalise_zip, write_bytes

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from docx.document import Document

__all__ = ["docx_bytes", "write_template_docx"]

FONT: Final = "Arial"
PALE: Final = "F3F5F8"


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
        found.font.color.rgb = colour_of(colour)
        fonts = found.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in [a for a in fonts.attrib if a.endswith(("Theme", "theme"))]:
            del fonts.attrib[attribute]
        for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(script), FONT)
    normal: Any = styles["Normal"]
    normal.paragraph_format.space_after = Pt(6)
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    normal.element.get_or_add_rPr().append(element_of("w:lang", w_val="en-GB"))
    _rules(styles)
    _properties(document, paper)
    _running_lines(section, paper, normal)


def _rules(styles: Any) -> None:
    for borders in list(styles["Title"].element.iter(qn("w:pBdr"))):
        borders.getparent().remove(borders)
    heading = styles["Heading 1"].element.get_or_add_pPr()
    borders = element_of("w:pBdr")
    borders.append(element_of("w:bottom", w_val="single", w_sz="4", w_space="2", w_color=style.RULE.lstrip("#")))
    heading.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_before = Pt(8)
    styles["Caption"].paragraph_format.space_after = Pt(3)
    styles["Heading 1"].paragraph_format.space_before = Pt(18)
    styles["Title"].paragraph_format.space_after = Pt(8)


def _properties(document: Document, paper: Paper) -> None:
    core = document.core_properties
    stamp = fixed_datetime(paper.date)
    core.title, core.subject = clean_text(paper.title)[:250], clean_text(paper.subject)[:250]
    core.author = "sufficiency"
    core.created = core.modified = stamp
    core.last_modified_by, core.comments, core.language, core.revision = "sufficiency", "", "en-GB", 1


def _running_lines(section: Any, paper: Paper, normal: Any) -> None:
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    for line, left in ((header, paper.subject), (footer, paper.footer)):
        line.style = normal  # the header's own style brings a tab in the middle
        line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
        line.add_run(f"{clean_text(left)}\t")
    header.add_run(paper.marking).bold = True
    footer.add_run("Page ")
    add_field(footer, "PAGE")
    footer.add_run(" of ")
    add_field(footer, "NUMPAGES")
    for line in (header, footer):
        for run in line.runs:
            run.font.size, run.font.color.rgb = Pt(8), colour_of(style.QUIET_INK)


def _grid(document: Document, rows: int, widths: list[float]) -> Any:
    table = document.add_table(rows=rows, cols=len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    margins = element_of("w:tblCellMar")
    for edge, size in (("left", "70"), ("right", "70")):
        margins.append(element_of(f"w:{edge}", w_w=size, w_type="dxa"))
    table._tbl.tblPr.append(margins)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(element_of("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return table


def _add_table(document: Document, block: Table, size: float) -> None:
    document.add_paragraph(clean_text(block.caption), style="Caption")
    widths = column_widths(block)
    table = _grid(document, len(block.rows) + 1, [width / sum(widths) * TEXT_WIDTH_MM for width in widths])
    ink, rule = style.INK.lstrip("#"), style.RULE.lstrip("#")
    edges = {"top": ("8", ink), "bottom": ("4", rule), "insideH": ("4", rule), "insideV": ("0", "auto")}
    add_borders(table._tbl.tblPr, "w:tblBorders", edges)
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(element_of("w:tblHeader"))
    for cell, column in zip(head.cells, block.columns, strict=True):
        add_cell_text(cell, column.title, size=size - 0.5, bold=True, right=column.number)
        add_borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", {"bottom": ("8", ink)})
    first_total = len(block.rows) - block.total_rows
    for place, (row, values) in enumerate(zip(table.rows[1:], block.rows, strict=True)):
        for cell, value, column in zip(row.cells, values, block.columns, strict=True):
            keep = len(block.rows) <= 12 and place < len(block.rows) - 1
            bold = place >= first_total
            add_cell_text(cell, kept_range(value), size=size, bold=bold, right=column.number, keep=keep)
            if block.total_rows and place == first_total:
                add_borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", {"top": ("8", ink)})
    for note in block.notes:
        add_note(document, note)
    if not block.notes:
        add_gap(document)


def _add_cards(document: Document, block: Cards) -> None:
    table = _grid(document, 1, [TEXT_WIDTH_MM / len(block.cards)] * len(block.cards))
    for cell, card in zip(table.rows[0].cells, block.cards, strict=True):
        edge = {"top": ("16", style.DARK_BLUE.lstrip("#")), "left": ("24", "FFFFFF"), "right": ("24", "FFFFFF")}
        add_borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", edge)
        shade(cell, PALE)
        pad(cell)
        add_cell_text(cell, card.label, bold=True)
        if card.figure == style.SUPPRESSED:
            add_cell_text(cell, card.figure, size=14, bold=True, colour=style.QUIET_INK)
            add_cell_text(cell, HIDDEN_CARD_NOTE, size=8, colour=style.QUIET_INK)
        else:
            add_cell_text(cell, card.figure, size=20, bold=True, colour=style.DARK_BLUE)
        for text, bold, colour in (
            (card.range, False, style.QUIET_INK),
            (card.change, True, ""),
            (card.meaning, False, ""),
        ):
            if text:
                add_cell_text(cell, text, size=8, bold=bold, colour=colour)
    add_gap(document)


def _add_picture(document: Document, block: Picture, png: bytes, share: float) -> None:
    document.add_paragraph(clean_text(block.caption), style="Caption")
    shape = document.add_picture(io.BytesIO(png), width=Mm(TEXT_WIDTH_MM * block.width_share * share))
    described = shape._inline.docPr
    described.set("descr", clean_text(block.alt))
    described.set("name", block.name)


def _add_box(document: Document, parts: list[tuple[str, bool]], *, dashed: bool, size: float = 9.5) -> None:
    table = _grid(document, 1, [TEXT_WIDTH_MM])
    cell = table.rows[0].cells[0]
    if dashed:
        borders = element_of("w:tcBorders")
        for edge in ("top", "left", "bottom", "right"):
            borders.append(element_of(f"w:{edge}", w_val="dashed", w_sz="4", w_space="0", w_color="595959"))
        cell._tc.get_or_add_tcPr().append(borders)
    else:
        bar = {"left": ("24", style.DARK_BLUE.lstrip("#"))}
        add_borders(cell._tc.get_or_add_tcPr(), "w:tcBorders", bar)
        shade(cell, PALE)
    pad(cell)
    for text, bold in parts:
        if text:
            add_cell_text(cell, text, size=size, bold=bold, colour=style.QUIET_INK if dashed else "")
    add_gap(document)


@dataclass(frozen=True)
class _Sizes:
    """How large tables, boxes (points) and pictures (share of their width) are set."""

    table: float
    box: float
    picture: float


_OPEN: Final = _Sizes(8.5, 9.5, 1.0)
# on a page that must stay one page
_CLOSE: Final = _Sizes(8.0, 9.0, 0.9)


def _add(document: Document, block: Block, png: bytes, sizes: _Sizes) -> None:
    match block:
        case Heading():
            heading = document.add_heading(clean_text(block.text), level=block.level)
            heading.paragraph_format.page_break_before = block.new_page
        case Paragraph(text=text, kind="note"):
            add_note(document, text)
        case Paragraph():
            run = document.add_paragraph().add_run(clean_text(block.text))
            run.font.size = Pt(12) if block.kind == "lead" else None
        case Bullets():
            for item in block.items:
                look: Any = document.styles["List Bullet"].element
                mark = "" if look.find(f".//{qn('w:numPr')}") is not None else "• "
                document.add_paragraph(f"{mark}{clean_text(item)}", style="List Bullet")
        case Callout():
            _add_box(document, [(block.title, True), (block.text, False)], dashed=False, size=sizes.box)
        case Cards():
            _add_cards(document, block)
        case Picture():
            _add_picture(document, block, png, sizes.picture)
        case Table():
            _add_table(document, block, sizes.table)
        case Blank():
            document.add_heading(clean_text(block.title), level=2)
            room = [(" ", False)] if sizes is _OPEN else []
            parts = [("For the officer to write.", True), (block.prompt, False), *room]
            _add_box(document, parts, dashed=True, size=sizes.box)


def docx_bytes(paper: Paper, template: bytes | None = None) -> bytes:
    """Return the paper as a Word document.

    Parameters
    ----------
    paper
        The document.
    template
        A council's own template, from `word_template.read_template`: its page, headers, footers, fonts and styles are
        kept. Without one the paper brings its own.

    Returns
    -------
    bytes
        The same paper and template give the same bytes: core dates from the paper, zip members in order with a fixed
        time.

    Raises
    ------
    ParameterError
        When the template cannot be used.
    """
    own = docx.Document()
    _set_up(own, paper)
    document, anchor = (own, None) if template is None else _from_template(paper, template, own)
    before = set(document.element.body)
    if template is None or "title" not in fill(open_template(template), {})[1]:
        document.add_paragraph(clean_text(paper.subtitle), style="Subtitle")
        document.add_paragraph(clean_text(paper.title), style="Title")
    _write_blocks(document, paper)
    if template is not None:
        added = [element for element in document.element.body if element not in before]
        scale_to_width(added, _text_width_mm(document) / TEXT_WIDTH_MM)
        if anchor is not None:
            for element in added:
                anchor.addprevious(element)
            if not list(anchor.iter(qn("w:sectPr"))):
                anchor.getparent().remove(anchor)
    drop_preview(document)
    target = io.BytesIO()
    document.save(target)
    return normalise_zip(target.getvalue(), paper.date)


def _values(paper: Paper) -> dict[str, str]:
    day = f"{paper.date.day} {paper.date:%B %Y}"
    names = ("title", "subtitle", "subject", "marking", "footer", "run_id")
    return {name: getattr(paper, name) for name in names} | {"report_date": day}


def _from_template(paper: Paper, template: bytes, own: Document) -> tuple[Document, Any]:
    """Return the template with its placeholders filled and what it must carry added, and where the paper goes."""
    document = open_template(template)
    anchor, found = fill(document, _values(paper))
    add_missing_styles(document, own)
    _properties(document, paper)
    lines = ((paper.marking, "marking", "header"), (paper.footer, "footer", "footer"))
    for text, name, place in lines:  # a mark or a run id that the template has no place for is added to each page
        if text and name not in found:
            for section in document.sections:
                for kind in ("", "first_page_", "even_page_"):
                    getattr(section, f"{kind}{place}").add_paragraph().add_run(clean_text(text)).bold = True
    return document, anchor


def _text_width_mm(document: Document) -> float:
    section: Any = document.sections[-1]
    return float((section.page_width - section.left_margin - section.right_margin) / Mm(1))


def write_template_docx(path: Path, date: dt.date) -> None:
    """Write a template to start from: the paper's own styles and every placeholder; change it in Word as you like.

    Parameters
    ----------
    path
        The file.
    date
        The date that the file carries, such as the report date.
    """
    marks = {name: f"{{{{ {name} }}}}" for name in PLACEHOLDERS}
    paper = Paper(marks["title"], marks["subtitle"], marks["subject"], marks["marking"], marks["footer"], date, ())
    document = docx.Document()
    _set_up(document, paper)
    for name, look in (("subtitle", "Subtitle"), ("title", "Title"), ("body", "Normal")):
        document.add_paragraph(marks[name], style=look)
    document.core_properties.title, document.core_properties.subject = "Template", ""
    drop_preview(document)
    target = io.BytesIO()
    document.save(target)
    write_bytes(path, normalise_zip(target.getvalue(), date))


def _write_blocks(document: Document, paper: Paper) -> None:
    pictures = [block for block in paper.blocks if isinstance(block, Picture)]
    drawn = iter(png_of(pictures))
    listed = [block for block in paper.blocks if isinstance(block, Heading) and block.level <= 2]
    sizes = [_OPEN] * len(paper.blocks)
    for one_page, part in page_parts(paper.blocks):
        if one_page:
            sizes[part] = [_CLOSE] * len(sizes[part])
    marked = 0
    for block, keep, size in zip(paper.blocks, kept_with_next(paper.blocks), sizes, strict=True):
        if isinstance(block, Contents):
            add_contents(document, block.title, listed)
            continue
        _add(document, block, next(drawn) if isinstance(block, Picture) else b"", size)
        if isinstance(block, Heading) and block.level <= 2:
            add_bookmark(last_paragraph(document), marked)
            marked += 1
        if keep:
            last_paragraph(document).paragraph_format.keep_with_next = True
