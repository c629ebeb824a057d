"""The board report: one neutral document set as docx and pdf, and the workbook of the tables behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sufficiency.outputs import style
from sufficiency.outputs.export.workbook import workbook_bytes
from sufficiency.outputs.report.blocks import (
    Block,
    Contents,
    Paper,
    with_all_symbol_notes,
    with_mark_once,
    with_marked_caption,
)
from sufficiency.outputs.report.clusters import area_pages
from sufficiency.outputs.report.council import annexes, implications_section, risks_section
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.front import front_page, paper_title
from sufficiency.outputs.report.journeys import journeys_section
from sufficiency.outputs.report.money import money_section, support_section
from sufficiency.outputs.report.need import demand_section
from sufficiency.outputs.report.options import options_section
from sufficiency.outputs.report.pdf_document import pdf_bytes
from sufficiency.outputs.report.programme import programme_section
from sufficiency.outputs.report.raster import with_pixels
from sufficiency.outputs.report.schemes import scheme_pages
from sufficiency.outputs.report.sufficiency import provision_section, sufficiency_section
from sufficiency.outputs.report.word_document import docx_bytes
from sufficiency.outputs.stable import write_bytes
from sufficiency.outputs.style import internal_mark, sentence_case

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import Inputs, Released, RunRecord

__all__ = ["build_paper", "write_report"]


def build_paper(released: Released, inputs: Inputs, record: RunRecord) -> Paper:
    """Return the board report as a neutral document.

    Parameters
    ----------
    released
        The released tables: the only source of figures.
    inputs
        Areas and their outlines, names, parameters and published claims.
    record
        The record of the run, for its id, certificates and version.

    Returns
    -------
    Paper
        Title, running lines and blocks, the same for docx and pdf.
    """
    facts = Facts(released, inputs, record)
    parameters = inputs.parameters
    date = parameters.report_date
    day = f"{date.day} {date:%B %Y}"
    told: list[Block] = [
        *front_page(facts),
        Contents(),
        *demand_section(facts),
        *provision_section(facts),
        *sufficiency_section(facts),
        *journeys_section(facts),
        *programme_section(facts),
        *options_section(facts),
        *money_section(facts),
        *support_section(facts),
        *risks_section(facts),
        *area_pages(facts),
        *scheme_pages(facts),
        *implications_section(),
    ]
    tag = facts.illustrative_tag
    # annexes tell assumptions, words and checks, not figures
    blocks = (*(with_marked_caption(with_mark_once(block, tag), tag) for block in told), *annexes(facts))
    subject = f"{parameters.area_name} SEND sufficiency"
    return Paper(
        title=sentence_case(paper_title(facts)),
        subtitle=f"{subject}: paper to the sufficiency board, {day}",
        subject=f"{subject}: board report",
        marking=facts.marking,
        footer=" · ".join(
            part for part in (internal_mark(released.build), f"Run {record.run_id}", f"report date {day}") if part
        ),
        date=date,
        blocks=with_all_symbol_notes(blocks, facts.rounding_note),
        run_id=record.run_id,
    )


def write_report(
    released: Released, inputs: Inputs, record: RunRecord, folder: Path, *, template: bytes | None = None
) -> None:
    """Write ``board-report.docx``, ``board-report.pdf`` and ``board-report.xlsx``.

    Parameters
    ----------
    released
        The released tables.
    inputs
        Descriptive inputs; no figure is taken from them but the council's own published claims.
    record
        The record of the run.
    folder
        The folder to write into; made if needed. The same arguments give the same bytes.
    template
        The council's own Word template, from `word_template.read_template`.
    """
    paper = build_paper(released, inputs, record)
    with ThreadPoolExecutor(max_workers=1) as typesetter:
        # the typesetter needs no Python while it works, so that the other files are written beside it
        drawn = typesetter.submit(with_pixels, paper)
        pdf = typesetter.submit(pdf_bytes, paper)
        book = workbook_bytes(released, inputs.parameters, record, style.sources(inputs.roads.attribution))
        word = docx_bytes(drawn.result(), template)
        files = {"board-report.docx": word, "board-report.pdf": pdf.result(), "board-report.xlsx": book}
    for name, data in files.items():
        write_bytes(folder / name, data)
