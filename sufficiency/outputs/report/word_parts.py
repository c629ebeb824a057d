"""The parts of a Word document that python-docx has no door for: fields, bookmarks, the list of contents."""

# ruff: noqa: ANN401, SLF001  # python-docx has no types

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as TextParagraph

from sufficiency.outputs import style
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from docx.document import Document

    from sufficiency.outputs.report.blocks import Heading

__all__ = [
    "TEXT_WIDTH_MM",
    "add_bookmark",
    "add_borders",
    "add_cell_text",
    "add_contents",
    "add_field",
    "add_gap",
    "add_note",
    "colour_of",
    "drop_preview",
    "element_of",
    "last_paragraph",
    "pad",
    "shade",
]

TEXT_WIDTH_MM: Final = 170.0
_NAMES: Final = nsdecls("w")
_RIGHT: Final = '<w:jc w:val="right"/>'


def colour_of(code: str) -> RGBColor:
    """Return a colour from its code, such as ``#12436D``."""
    return RGBColor.from_string(code.lstrip("#"))


def element_of(tag: str, **attributes: str) -> Any:
    """Return an element; the first underscore of a name stands for the colon of its name space."""
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(name.replace("_", ":", 1)), value)
    return element


def add_field(paragraph: Any, code: str, shown: str = "1") -> None:
    """Add a field, such as the number of the page; ``shown`` stands until a program works it out."""
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", shown), ("end", "")):
        run = paragraph.add_run()
        if kind == "":
            instruction = element_of("w:instrText")
            instruction.text = code
            run._r.append(instruction)
        elif kind == "text":
            run.text = text
        else:
            run._r.append(element_of("w:fldChar", w_fldCharType=kind))


def last_paragraph(document: Document) -> Any:
    """Return the last paragraph of the body, without listing all of them."""
    return TextParagraph(document.element.body.findall(qn("w:p"))[-1], document._body)


def add_bookmark(paragraph: Any, number: int) -> None:
    """Mark a heading, so that the list of contents can lead to it and tell its page."""
    start = element_of("w:bookmarkStart", w_id=str(number), w_name=f"_Contents{number}")
    properties = paragraph._p.pPr
    paragraph._p.insert(0 if properties is None else paragraph._p.index(properties) + 1, start)
    paragraph._p.append(element_of("w:bookmarkEnd", w_id=str(number)))


def add_contents(document: Document, title: str, headings: list[Heading]) -> None:
    """Add the list of contents: links to the headings, and fields for their pages that the reader's program fills."""
    head = document.add_paragraph()
    head.paragraph_format.page_break_before = True
    run = head.add_run(clean_text(title))
    run.bold, run.font.size, run.font.color.rgb = True, Pt(15), colour_of(style.DARK_BLUE)
    for number, heading in enumerate(headings):
        line = document.add_paragraph()
        format_ = line.paragraph_format
        format_.tab_stops.add_tab_stop(Mm(TEXT_WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        format_.space_before, format_.space_after = Pt(1.5 if heading.level == 1 else 0), Pt(0)
        # so that the list of a county's paper is one page
        format_.left_indent, format_.line_spacing = Mm(0 if heading.level == 1 else 5), Pt(9.2)
        line.add_run(f"{clean_text(heading.in_contents)}\t")
        add_field(line, f"PAGEREF _Contents{number} \\h", "")
        for part in line.runs:
            part.font.size, part.bold = Pt(8), heading.level == 1
        link = element_of("w:hyperlink", w_anchor=f"_Contents{number}")
        for part in line.runs:
            link.append(part._r)
        line._p.append(link)


def add_cell_text(
    cell: Any,
    text: str,
    *,
    size: float = 8.5,
    bold: bool = False,
    right: bool = False,
    colour: str = "",
    keep: bool = False,
) -> None:
    """Add a paragraph to a cell, parsed whole: thousands of cells made mark by mark would take seconds."""
    look = "<w:b/>" if bold else ""
    look += f'<w:color w:val="{colour.lstrip("#")}"/>' if colour else ""
    paragraph = parse_xml(
        f"<w:p {_NAMES}><w:pPr>{'<w:keepNext/>' if keep else ''}"
        f'<w:spacing w:after="10" w:line="240" w:lineRule="auto"/>{_RIGHT if right else ""}'
        f'</w:pPr><w:r><w:rPr>{look}<w:sz w:val="{round(size * 2)}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(clean_text(text))}</w:t></w:r></w:p>'
    )
    last = cell._tc[-1]
    if last.tag == qn("w:p") and not len(last):
        cell._tc.replace(last, paragraph)
    else:
        cell._tc.append(paragraph)


def add_gap(document: Document) -> None:
    """Add the small paragraph that Word needs between two tables, no taller than a gap."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(6)


def add_note(document: Document, text: str) -> None:
    """Add a small quiet paragraph, such as the note of a table."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(2), Pt(4)
    run = paragraph.add_run(clean_text(text))
    run.font.size, run.font.color.rgb = Pt(8), colour_of(style.QUIET_INK)


def shade(cell: Any, fill: str) -> None:
    """Give a cell a ground of one colour."""
    cell._tc.get_or_add_tcPr().append(element_of("w:shd", w_val="clear", w_color="auto", w_fill=fill))


def pad(cell: Any, *, points: float = 6) -> None:
    """Keep the text of a shaded or framed cell off its edges; after its borders and its ground, as Word orders them."""
    margins = element_of("w:tcMar")
    for edge in ("top", "left", "bottom", "right"):
        margins.append(element_of(f"w:{edge}", w_w=f"{points * 20:.0f}", w_type="dxa"))
    cell._tc.get_or_add_tcPr().append(margins)


def add_borders(properties: Any, container: str, edges: dict[str, tuple[str, str]]) -> None:
    """Add borders to a table or cell: edge -> size (0 = none) and colour."""
    borders = element_of(container)
    for edge, (size, colour) in edges.items():
        kind = "nil" if size == "0" else "single"
        borders.append(element_of(f"w:{edge}", w_val=kind, w_sz=size, w_space="0", w_color=colour))
    properties.append(borders)


def drop_preview(document: Document) -> None:
    """Take out the picture of an earlier state that a template may carry: it is of another paper."""
    relations = document.part.package.rels
    for name in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[name]
