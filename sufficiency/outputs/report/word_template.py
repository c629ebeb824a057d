"""A council's own Word template: read with care, its placeholders filled, the paper set in its styles.

Placeholders are replaced as plain text; nothing in a template or in the data is ever run as code.
"""

# ruff: noqa: ANN401, SLF001  # python-docx has no types, and no public door for styles, headers and the order of the body

from __future__ import annotations

import copy
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

import docx
from docx.oxml.ns import qn

from sufficiency.model.errors import ParameterError
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from pathlib import Path

    from docx.document import Document

__all__ = ["PLACEHOLDERS", "STYLES", "add_missing_styles", "fill", "open_template", "read_template", "scale_to_width"]

PLACEHOLDERS: Final = ("title", "subtitle", "subject", "marking", "report_date", "run_id", "footer", "body")
STYLES: Final = (
    "Normal", "Title", "Subtitle", "Heading 1", "Heading 2", "Heading 3", "Caption", "List Bullet",
)  # fmt: skip
_MOST_BYTES: Final = 100_000_000
_FIELD: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_LEFT_OVER: Final = re.compile(r"\{[{%#]")


def read_template(path: Path) -> bytes:
    """Return a template's bytes after checking that it can be used.

    Parameters
    ----------
    path
        A Word document without macros, named by ``docx_template`` in ``area.toml``.

    Raises
    ------
    ParameterError
        When it is missing, no Word document, has macros, comments, tracked changes or linked content, or a
        placeholder that is not known.
    """
    try:
        data = path.read_bytes()
    except OSError:
        message = f"the template {path.name} cannot be read; put the file beside area.toml, or take the key out"
        raise ParameterError(message) from None
    open_template(data, path.name)
    return data


def open_template(data: bytes, name: str = "the template") -> Document:
    """Return a template as an open document; see `read_template` for what is refused."""
    document = _opened(data, name)
    faults = [text for text in (_unknown(document), _changes(document)) if text]
    if faults:
        message = f"{name}: " + "; ".join(faults)
        raise ParameterError(message)
    relations = document.part._settings_part.rels
    for relation, found in list(relations.items()):
        if found.is_external:  # the template that the template was made from, with the path of a machine
            relations.pop(relation)
            for link in list(document.settings.element.iter(qn("w:attachedTemplate"))):
                link.getparent().remove(link)
    return document


def _opened(data: bytes, name: str) -> Document:
    cure = "save it in Word as a Word document (.docx) and try again"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            fault = _unsafe(archive, cure)
        document = None if fault else docx.Document(io.BytesIO(data))
    except Exception as error:  # a broken archive fails in as many ways as there are parts
        message = f"{name} is no Word document that can be read; {cure}"
        raise ParameterError(message) from error
    if document is None:
        message = f"{name} {fault}"
        raise ParameterError(message)
    return document


def _unsafe(archive: zipfile.ZipFile, cure: str) -> str:
    """Return why a template is refused for what it carries; nothing where it may be used."""
    members = archive.infolist()
    if sum(member.file_size for member in members) > _MOST_BYTES:
        return f"is larger than {_MOST_BYTES // 1_000_000} MB; take pictures out"
    kinds = archive.read("[Content_Types].xml")
    relations = b"".join(
        archive.read(one) for one in members if re.search(r"word/_rels/(?!settings).*\.rels$", one.filename)
    )
    names = {member.filename.lower() for member in members}
    if b"macroEnabled" in kinds or any("vbaproject" in one or "activex" in one for one in names):
        return f"holds macros or controls, which are refused; {cure}"
    if any("comments" in one for one in names):
        return "holds comments, which would carry their writers' names; delete them and save it again"
    if b'TargetMode="External"' in re.sub(rb"<Relationship [^>]*/hyperlink\"[^>]*>", b"", relations):
        return "links to content outside itself, which is refused; embed the picture or take it out"
    return ""


def _parts(document: Document) -> list[Any]:
    """Return the body and every header and footer of its own, as XML."""
    found = [document.element.body]
    for section in document.sections:
        for one in (
            section.header, section.footer, section.first_page_header, section.first_page_footer,
            section.even_page_header, section.even_page_footer,
        ):  # fmt: skip
            found += [] if one.is_linked_to_previous else [one._element]
    return found


def _paragraphs(part: Any) -> list[tuple[Any, str]]:
    return [(p, "".join(t.text or "" for t in p.iter(qn("w:t")))) for p in part.iter(qn("w:p"))]


def _unknown(document: Document) -> str:
    said = " ".join(text for part in _parts(document) for _, text in _paragraphs(part))
    known = ", ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
    wrong = sorted({name for name in _FIELD.findall(said) if name not in PLACEHOLDERS})
    if wrong:
        return f"there is no placeholder {', '.join(wrong)}; there are {known}"
    if _LEFT_OVER.search(_FIELD.sub("", said)):
        return f"it holds template code, which is refused; there are only the placeholders {known}"
    return ""


def _changes(document: Document) -> str:
    tags = (qn("w:ins"), qn("w:del"), qn("w:moveFrom"), qn("w:moveTo"))
    if any(next(part.iter(*tags), None) is not None for part in _parts(document)):
        return "it holds tracked changes, which carry their writers' names; accept or reject them"
    return ""


def fill(document: Document, values: dict[str, str]) -> tuple[Any, set[str]]:
    """Replace the placeholders by plain text; return the paragraph of the body, if any, and the names found.

    Parameters
    ----------
    document
        Changed in place.
    values
        Placeholder -> text; ``body`` is left for the paper.
    """
    anchor, found = None, set()
    for part in _parts(document):
        for paragraph, text in _paragraphs(part):
            names = set(_FIELD.findall(text))
            if not names:
                continue
            found |= names
            if "body" in names:
                if paragraph.getparent() is not document.element.body:
                    message = "the template has {{ body }} in a table, header or footer; give it a paragraph of its own"
                    raise ParameterError(message)
                anchor = paragraph
            _replace(list(paragraph.iter(qn("w:t"))), text, values)
    return anchor, found


def _replace(pieces: list[Any], text: str, values: dict[str, str]) -> None:
    """Replace placeholders where they stand; one that Word cut into several runs goes to the first of them."""
    for match in reversed(list(_FIELD.finditer(text))):
        told, at = clean_text(values.get(match[1], "")), 0
        for piece in pieces:
            own = piece.text or ""
            start, end = max(match.start() - at, 0), min(match.end() - at, len(own))
            if start < end:
                first = at <= match.start()
                piece.text = own[:start] + (told if first else "") + own[end:]
                piece.set(qn("xml:space"), "preserve")
            at += len(own)


def add_missing_styles(document: Document, source: Document) -> None:
    """Copy the styles that the paper uses and the template lacks."""
    present = {style.name for style in document.styles}
    for name in STYLES:
        if name in present:
            continue
        element = copy.deepcopy(source.styles[name].element)
        for tag in ("w:link", "w:next", "w:basedOn"):
            for child in element.findall(qn(tag)):
                element.remove(child)
        for numbering in list(element.iter(qn("w:numPr"))):
            numbering.getparent().remove(numbering)
        document.styles.element.append(element)


def scale_to_width(elements: list[Any], factor: float) -> None:
    """Scale the widths of tables and pictures to another width of the text."""
    if abs(factor - 1) < 0.005:
        return
    for element in elements:
        for one in element.iter(qn("w:gridCol"), qn("w:tcW")):
            one.set(qn("w:w"), str(round(int(one.get(qn("w:w"))) * factor)))
        for one in element.iter(qn("wp:extent"), qn("a:ext")):
            for side in ("cx", "cy"):
                if one.get(side):
                    one.set(side, str(round(int(one.get(side)) * factor)))
        for one in element.iter(qn("w:tab")):
            if one.get(qn("w:pos")):
                one.set(qn("w:pos"), str(round(int(one.get(qn("w:pos"))) * factor)))
