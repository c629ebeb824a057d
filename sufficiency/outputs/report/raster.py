"""The pictures of a paper as pixels, for the formats that hold no vector drawings: all of a paper in one go."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import typst

from sufficiency.outputs.report.blocks import Paper, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["font_folder", "png_of", "with_pixels"]

WIDTH_MM: Final = 170
PIXELS_PER_INCH: Final = 150


def font_folder() -> Path:
    """Return the folder of the one family of fonts that papers are set in; it comes with a wheel."""
    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def png_of(pictures: Sequence[Picture]) -> list[bytes]:
    """Return the pictures as png, drawn from their vector forms; one that has its own png keeps it.

    Parameters
    ----------
    pictures
        Charts and maps.

    Returns
    -------
    list of bytes
        One for each picture, in order; the same pictures give the same bytes.
    """
    wanted = [place for place, picture in enumerate(pictures) if not picture.png]
    drawn = dict(zip(wanted, _drawn([pictures[place].svg for place in wanted]), strict=True)) if wanted else {}
    return [drawn.get(place, picture.png) for place, picture in enumerate(pictures)]


def with_pixels(paper: Paper) -> Paper:
    """Return the paper with the pixels of each of its pictures, for the formats that need them."""
    drawn = iter(png_of([block for block in paper.blocks if isinstance(block, Picture)]))
    blocks = (replace(block, png=next(drawn)) if isinstance(block, Picture) else block for block in paper.blocks)
    return replace(paper, blocks=tuple(blocks))


def _drawn(drawings: list[bytes]) -> list[bytes]:
    with tempfile.TemporaryDirectory(prefix="sufficiency-") as name:
        folder = Path(name)
        for place, svg in enumerate(drawings):
            (folder / f"{place}.svg").write_bytes(svg)
        pages = [f'#page(image("{place}.svg", width: {WIDTH_MM}mm))' for place in range(len(drawings))]
        source = folder / "pictures.typ"
        source.write_text("\n".join(["#set page(width: auto, height: auto, margin: 0pt)", *pages]), encoding="utf-8")
        out = typst.compile(
            source,
            root=folder,
            font_paths=[font_folder()],
            ignore_system_fonts=True,
            format="png",
            ppi=PIXELS_PER_INCH,
        )
    drawn: Any = out  # one page comes as bytes, more as a list of them
    return [bytes(page) for page in drawn] if isinstance(drawn, list) else [bytes(drawn)]
