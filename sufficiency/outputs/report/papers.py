"""The papers for single audiences: who they are, what is made for each, and how a paper is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import ParameterError
from sufficiency.outputs.report.blocks import Paper, Picture, with_mark_once, with_symbol_notes
from sufficiency.outputs.report.business_case import business_cases
from sufficiency.outputs.report.capital_board import capital_board
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.pdf_document import pdf_bytes
from sufficiency.outputs.report.phase_transfer_paper import phase_transfer_paper
from sufficiency.outputs.report.raster import png_of
from sufficiency.outputs.report.schools_forum import schools_forum
from sufficiency.outputs.report.word_document import docx_bytes
from sufficiency.outputs.stable import write_bytes
from sufficiency.outputs.style import internal_mark, sentence_case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sufficiency.model.results import Inputs, Released, RunRecord
    from sufficiency.outputs.report.paper_parts import Draft

__all__ = ["AUDIENCES", "Audience", "build_papers", "write_paper", "write_papers"]


@dataclass(frozen=True)
class Audience:
    """An audience: its title, and what makes its papers; the tables that they cannot do without."""

    title: str
    build: Callable[..., list[Draft]]
    needs: tuple[str, ...]


AUDIENCES: Final = {
    "capital-board": Audience("place-based capital board", capital_board, ("schemes",)),
    "business-case": Audience("scheme business case", business_cases, ("schemes", "scheme_effects")),
    "schools-forum": Audience("Schools Forum", schools_forum, ("capacity_district_type",)),
    "phase-transfer": Audience("phase transfers", phase_transfer_paper, ("phase_transfers",)),
}


def build_papers(
    released: Released,
    inputs: Inputs,
    record: RunRecord,
    audience: str,
    **options: Any,  # noqa: ANN401 - of a builder
) -> list[tuple[str, Paper]]:
    """Return the papers for an audience as neutral documents.

    Parameters
    ----------
    released
        The released tables: the only source of figures.
    inputs
        Areas, names, parameters and scenarios.
    record
        The record of the run, for its id.
    audience
        A key of `AUDIENCES`.
    **options
        ``scheme_ids`` for the business case: the schemes wanted (all when empty).

    Returns
    -------
    list of (str, Paper)
        Stem of the file and the paper; stems of an internal build begin with ``internal-``.

    Raises
    ------
    ParameterError
        When the audience or a scheme is unknown, or the run does not have what the paper is about.
    """
    if audience not in AUDIENCES:
        message = f"there is no audience {audience}; there are {', '.join(AUDIENCES)}"
        raise ParameterError(message)
    wanted = AUDIENCES[audience]
    facts = Facts(released, inputs, record)
    lacking = [name for name in wanted.needs if not facts.has(name)]
    if lacking:
        message = f"the paper {audience} needs the tables {', '.join(lacking)}, which this run does not have"
        raise ParameterError(message)
    return [(_stem(draft, released), _dressed(draft, facts)) for draft in wanted.build(facts, **options)]


def _stem(draft: Draft, released: Released) -> str:
    return draft.stem if released.build == "public" else f"internal-{draft.stem}"


def _dressed(draft: Draft, facts: Facts) -> Paper:
    """Return a draft as a paper: its running lines, marks, date and run id."""
    date = facts.parameters.report_date
    day = f"{date.day} {date:%B %Y}"
    subject = f"{facts.parameters.area_name} SEND sufficiency"
    footer = (internal_mark(facts.released.build), f"Run {facts.record.run_id}", f"report date {day}")
    return Paper(
        title=sentence_case(draft.title),
        subtitle=f"{subject}: {draft.purpose}, {day}",
        subject=f"{subject}: {draft.purpose}",
        marking=facts.marking,
        footer=" · ".join(part for part in footer if part),
        date=date,
        blocks=tuple(
            with_symbol_notes(with_mark_once(block, facts.illustrative_tag), facts.rounding_note)
            for block in draft.blocks
        ),
        run_id=facts.record.run_id,
    )


def write_paper(paper: Paper, folder: Path, stem: str) -> list[Path]:
    """Write a paper as docx and pdf into a folder, which is made if needed; the same paper gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    word, pdf = folder / f"{stem}.docx", folder / f"{stem}.pdf"
    write_bytes(word, docx_bytes(_with_pixels(paper)))
    write_bytes(pdf, pdf_bytes(paper))
    return [word, pdf]


def _with_pixels(paper: Paper) -> Paper:
    """Return the paper with its pictures in pixels too, which word files hold."""
    pixels = iter(png_of([block for block in paper.blocks if isinstance(block, Picture)]))
    blocks = (replace(block, png=next(pixels)) if isinstance(block, Picture) else block for block in paper.blocks)
    return replace(paper, blocks=tuple(blocks))


def write_papers(
    released: Released,
    inputs: Inputs,
    record: RunRecord,
    folder: Path,
    *,
    audiences: Sequence[str] = (),
    scheme_ids: Sequence[str] = (),
) -> list[Path]:
    """Write the papers of some audiences, of all that the run has the tables for when none is named.

    Parameters
    ----------
    released, inputs, record
        As for `build_papers`.
    folder
        Gets the files.
    audiences
        Keys of `AUDIENCES`.
    scheme_ids
        Schemes of the business case; all when empty.

    Raises
    ------
    ParameterError
        As for `build_papers`; nothing is written then.
    """
    names = list(dict.fromkeys(audiences)) or [
        name for name, one in AUDIENCES.items() if all(len(released.tables.get(table, ())) > 0 for table in one.needs)
    ]
    papers = []
    for name in names:
        options = {"scheme_ids": tuple(scheme_ids)} if name == "business-case" else {}
        papers += build_papers(released, inputs, record, name, **options)
    return [path for stem, paper in papers for path in write_paper(paper, folder, stem)]
