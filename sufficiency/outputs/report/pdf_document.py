"""The neutral document as pdf, set by typst: its date fixed, fonts from wheels only, tags for screen readers."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    HIDDEN_CARD_NOTE,
    Blank,
    Block,
    Bullets,
    Callout,
    Card,
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
from sufficiency.outputs.report.raster import font_folder
from sufficiency.outputs.stable import clean_text, fixed_datetime

__all__ = ["pdf_bytes"]

PALE = "#F3F5F8"


def _block(block: Block) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind of block
    match block:
        case Heading():
            return {
                "kind": "heading",
                "text": block.text,
                "level": block.level,
                "new_page": block.new_page,
                "short": block.in_contents,
            }
        case Contents():
            return {"kind": "contents", "title": block.title}
        case Paragraph():
            return {"kind": "paragraph", "text": block.text, "style": block.kind}
        case Bullets():
            return {"kind": "bullets", "items": list(block.items)}
        case Callout():
            return {"kind": "callout", "title": block.title, "text": block.text}
        case Cards():
            return {"kind": "cards", "cards": [{**vars(card), **_hidden(card)} for card in block.cards]}
        case Picture():
            return {
                "kind": "picture",
                "file": f"{block.name}.svg",
                "alt": block.alt,
                "caption": block.caption,
                "width_share": block.width_share,
            }
        case Table():
            return {
                "kind": "table",
                "caption": block.caption,
                "columns": [
                    {**vars(column), "width": width}
                    for column, width in zip(block.columns, column_widths(block), strict=True)
                ],
                "rows": [list(map(kept_range, row)) for row in block.rows],
                "notes": list(block.notes),
                "total_rows": block.total_rows,
            }
        case Blank():
            return {"kind": "blank", "title": block.title, "prompt": block.prompt}


def _hidden(card: Card) -> dict[str, Any]:
    return {"hidden": card.figure == style.SUPPRESSED, "hidden_note": HIDDEN_CARD_NOTE}


def _clean(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _paper(paper: Paper) -> dict[str, Any]:
    kept = kept_with_next(paper.blocks)
    blocks = [{**_block(block), "keep": keep} for block, keep in zip(paper.blocks, kept, strict=True)]
    return {
        "title": paper.title,
        "subtitle": paper.subtitle,
        "short_title": paper.subject,
        "subject": paper.subject,
        "author": "sufficiency",
        "marking": paper.marking,
        "footer": paper.footer,
        "date": [paper.date.year, paper.date.month, paper.date.day],
        "style": {
            "ink": style.INK,
            "quiet": style.QUIET_INK,
            "accent": style.DARK_BLUE,
            "rule": style.RULE,
            "pale": PALE,
        },
        "parts": [{"one_page": one_page, "blocks": blocks[part]} for one_page, part in page_parts(paper.blocks)],
    }


def pdf_bytes(paper: Paper) -> bytes:
    """Return the paper as a tagged pdf (PDF/UA-1).

    Parameters
    ----------
    paper
        The document. Its text is data for the typesetter, never markup.

    Returns
    -------
    bytes
        The same paper gives the same bytes.
    """
    with tempfile.TemporaryDirectory(prefix="sufficiency-") as name:
        folder = Path(name)
        template = files("sufficiency.outputs") / "templates" / "paper.typ"
        (folder / "paper.typ").write_bytes(template.read_bytes())
        (folder / "paper.json").write_text(json.dumps(_clean(_paper(paper))), encoding="utf-8")
        for block in paper.blocks:
            if isinstance(block, Picture):
                (folder / f"{block.name}.svg").write_bytes(block.svg)
        out = typst.compile(
            folder / "paper.typ",
            root=folder,
            font_paths=[font_folder()],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=fixed_datetime(paper.date).replace(tzinfo=dt.UTC),
        )
    return bytes(out)
