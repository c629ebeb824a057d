"""A stranger who reads the paper beside the tables: is a number of pupils told that no table tells?

Pages of a district or cluster may tell what the tables print of that area (and of the county), and what two printed
figures come to; the table by year of a cluster is held to the tables cell by cell. It shares no code with the package.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import docx
import pandas as pd
from docx.table import Table
from docx.text.paragraph import Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER: Final = r"(\d{1,3}(?:,\d{3})+|\d+)"
# numbers that a sentence gives of pupils
OF_PUPILS: Final = (
    re.compile(rf"(?<![\d.,/£−-]){NUMBER} (?:more |fewer |other )?pupils?\b"),
    re.compile(rf"(?<![\d.,/£−-]){NUMBER} of {NUMBER}\b(?! (?:schools|places|cells|draws))"),
    re.compile(rf"(?<![\d.,/£−(-]){NUMBER} with (?:no new places|committed|the programme)"),
)
BY_YEAR: Final = {"Do nothing": "do_nothing", "Committed": "committed", "Programme": "programme"}
# columns of pupils whose names do not end so: both sides of a comparison, and the totals of the conservation
SIDES: Final = ("before", "after", "change")
TOTALS: Final = ("in", "placed", "unplaced", "excluded")
YEAR: Final = re.compile(r"(\d{4})/\d{2}")


@dataclass
class Page:
    """What the paper says below one heading: sentences, and tables as rows of texts under their caption."""

    heading: str
    sentences: list[str] = field(default_factory=list)
    tables: list[tuple[str, list[list[str]]]] = field(default_factory=list)

    def counts(self) -> list[tuple[str, int]]:
        """Return each number of pupils with the words that it stands in."""
        out = []
        for text in [self.heading, *self.sentences]:
            for pattern in OF_PUPILS:
                for match in pattern.finditer(text):
                    out += [
                        (text[max(0, match.start() - 60) : match.end() + 40], _whole(one)) for one in match.groups()
                    ]
        for caption, rows in self.tables:
            for row in rows[1:]:
                for head, cell in itertools.islice(zip(rows[0], row, strict=True), 1, None):
                    if re.fullmatch(NUMBER, cell) and ("pupil" in head.lower() or "pupil" in caption.lower()):
                        out.append((f"{caption}: {row[0]}, {head}", _whole(cell)))
        return out


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def pages(path: Path) -> list[Page]:
    """Return the paper, heading by heading; a table of one row is cards, whose lines are sentences."""
    document = docx.Document(str(path))
    out, caption = [Page("")], ""
    for block in document.element.body.iterchildren():
        if block.tag.endswith("}tbl"):
            rows = [[cell.text for cell in row.cells] for row in Table(block, document).rows]
            if len(rows) == 1:
                # a card gives its figure on a line, and what it counts on the one before
                texts = [re.sub(rf"pupils\n{NUMBER}\n", r"\1 pupils\n", cell) for cell in rows[0]]
                out[-1].sentences += [line for text in texts for line in text.split("\n")]
            else:
                out[-1].tables.append((caption, rows))
        elif block.tag.endswith("}p"):
            paragraph = Paragraph(block, document)
            caption = paragraph.text if paragraph.style.name == "Caption" else caption
            if paragraph.style.name.startswith("Heading"):
                out.append(Page(paragraph.text))
                caption = ""
            else:
                out[-1].sentences.append(paragraph.text)
        # what a picture is said to show
        out[-1].sentences += [one.get("descr", "") for one in block.iter() if one.tag.endswith("}docPr")]
    return out


def printed_numbers(tables: dict[str, pd.DataFrame]) -> dict[str, set[int]]:
    """Return, by area, every number of pupils that the tables print of it; of no area in particular, under ``""``."""
    out: dict[str, set[int]] = defaultdict(set)
    for name, table in tables.items():
        frame = table[table["measure"].str.endswith("_pupils")] if name == "comparison_area" else table
        of = [one for one in ("area_id", "home_area_id", "setting_area_id") if one in frame]
        counts = [one for one in frame if one in {"pupils", *SIDES, *TOTALS} or one.endswith("_pupils")]
        if not counts:
            continue
        values = [pd.to_numeric(frame[one], errors="coerce").abs() for one in counts]
        whole = pd.concat([one.where(one % 1 == 0) for one in values], axis=1)
        for areas in [frame[one] for one in of] or [pd.Series("", index=frame.index)]:
            for area, rows in whole.groupby(areas):
                out[str(area)] |= {int(one) for one in rows.to_numpy().ravel() if one == one}
    area = tables["sufficiency_area"]
    local, own = (pd.to_numeric(area[f"placed_{name}_pupils"], errors="coerce") for name in ("local", "own_area"))
    for name, rows in (local - own).groupby(area["area_id"]):
        out[str(name)] |= {int(one) for one in rows.dropna()}
    for name, placed in _used(area, tables["occupancy_district_type"]):
        out[name].add(placed)
    return out


def _used(area: pd.DataFrame, use: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Give the pupils placed in the schools of an area: its places less the empty ones of every type, as printed."""
    key = ["scenario_id", "policy", "year", "area_id"]
    empty = pd.to_numeric(use["empty_places"], errors="coerce").groupby([use[one] for one in key]).agg(["sum", "count"])
    whole = empty[empty["count"] == use["provision_type"].nunique()]["sum"]
    places = pd.to_numeric(area["capacity_places"], errors="coerce").groupby([area[one] for one in key]).first()
    for at, placed in (places - whole).dropna().items():
        yield str(at[-1]), int(placed)


def untold(path: Path, tables: dict[str, pd.DataFrame]) -> list[tuple[str, str, int]]:
    """Return the numbers of pupils on the pages of districts and clusters that no table prints of that area."""
    area = tables["sufficiency_area"]
    ids = dict(zip(area["area_name"], area["area_id"], strict=True))
    county = set(area.loc[area["level"] == "county", "area_id"])
    numbers = printed_numbers(tables)
    every = set().union(*numbers.values())
    out = []
    for page in pages(path):
        name = page.heading.split(":")[0]
        known = numbers[ids[name]] if name in ids and ids[name] not in county else every
        out += [(page.heading, words, count) for words, count in page.counts() if count not in known]
    return out


def otherwise_by_year(path: Path, tables: dict[str, pd.DataFrame]) -> tuple[int, list[str]]:
    """Return how many cells the clusters' tables by year have, and those that differ from the tables'."""
    area = tables["sufficiency_area"]
    best = area[(area["policy"] == "optimal") & (area["level"] == "cluster")]
    cells = best.set_index(["area_name", "scenario_id", "year"])
    number, out = 0, []
    for page in pages(path):
        for _, rows in (one for one in page.tables if one[1][0][:2] == ["Year", "Need a place"]):
            name = page.heading.split(":")[0]
            for row in (one for one in rows[1:] if YEAR.fullmatch(one[0])):
                year = row[0][:4]
                for head, cell in list(zip(rows[0], row, strict=True))[1:]:
                    title, _, what = head.partition(": ")
                    scenario = BY_YEAR[title] if what else "do_nothing"
                    column = {"": "demand", "local place": "placed_local", "without": "without_local_place"}[what]
                    number += 1
                    own = cells.loc[(name, scenario, year), f"{column}_pupils"]
                    if cell.replace(",", "") != own:
                        out.append(f"{name}, {row[0]}, {head}: {cell} and {own}")
    return number, out
