"""What the page may ask for from outside its room: files of scenarios read and written, places found, releases kept.

The command line hands them in, because this room does not open the front door of the house.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sufficiency.model.results import Inputs

__all__ = ["Doors"]


@dataclass(frozen=True)
class Doors:
    """Functions and folders that the page is given.

    Parameters
    ----------
    read_scenario
        Inputs, file name and text to inputs with that scenario, under the name of the file without its ending. Raises
        DataError or ParameterError in words.
    scenario_text
        Inputs and scenario id to the text of its file.
    find_place
        What was typed (easting and northing, a postcode, the id or name of a school, the name of a place) to easting_m,
        northing_m and a name. Raises ParameterError in words, with what is near.
    papers
        Folder that keeps the register of what was saved from the page; None = it is kept as long as the page runs.
    published
        Folder of the area's outputs, whose releases a paper must not undo; None = there is none.
    """

    read_scenario: Callable[[Inputs, str, str], Inputs]
    scenario_text: Callable[[Inputs, str], str]
    find_place: Callable[[str], tuple[float, float, str]]
    papers: Path | None = None
    published: Path | None = None
