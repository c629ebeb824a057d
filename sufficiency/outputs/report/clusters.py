"""One page a cluster, all in one layout: its map and settings, who has no local place by year, and the gap in words.

Neither needs of pupils nor flows stand on these pages, and no total of a cluster's places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    FACTS_ARE,
    Block,
    Callout,
    Card,
    Cards,
    Column,
    Heading,
    Paragraph,
    Table,
    table_or_sentence,
)
from sufficiency.outputs.report.charts_cluster import Ground, cluster_picture, make_ground
from sufficiency.outputs.report.districts import district_page, finding, has_home_rows
from sufficiency.outputs.report.paper_parts import plain_name
from sufficiency.outputs.report.sentences import (
    change_sentence,
    count_words,
    figure_text,
    list_words,
    share_sentence,
)
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts

__all__ = ["area_pages", "cluster_pages", "clusters_of"]

_COUNTS: Final = ("placed_local_pupils", "without_local_place_pupils")
_MOST_SETTINGS: Final = 7
_ELSEWHERE: Final = "Those that are shown are in the workbook, in sheet sufficiency_area."
_SOUGHT: Final = {"special_school": "special school", "specialist_base": "base"}
_CODE_OF: Final = {name: code for code, name in v.NEED_NAMES.items()}


def clusters_of(facts: Facts, district: str) -> list[tuple[str, str]]:
    """Return id and name of each cluster of a district for which figures are released, by name."""
    areas = facts.inputs.areas
    inside = areas[(areas["level"] == "cluster") & (areas["parent_id"] == district)]
    told = set(facts.released.tables["sufficiency_area"]["area_id"])
    pairs = zip(inside["area_id"].astype(str), inside["area_name"].astype(str), strict=True)
    return sorted(((area, clean_text(name)) for area, name in pairs if area in told), key=lambda pair: pair[1])


def area_pages(facts: Facts) -> list[Block]:
    """Return a page for each district, each followed by a page for each of its clusters."""
    ground = make_ground(facts)
    with_homes = has_home_rows(facts)
    blocks: list[Block] = []
    for area, name in facts.districts:
        blocks += district_page(facts, area, name, with_homes=with_homes)
        blocks += cluster_pages(facts, ground, area)
    return blocks


def cluster_pages(facts: Facts, ground: Ground, district: str) -> list[Block]:
    """Return a page for each cluster of a district."""
    blocks: list[Block] = []
    for area, name in clusters_of(facts, district):
        rows = ground.settings.get(area, [])
        blocks += [
            Heading(finding(facts, area, name), 2, new_page=True, one_page=True, short=name),
            _cards(facts, area),
            cluster_picture(facts, ground, area, _map_caption(facts, name, rows), _alt(facts, area, name, rows)),
            _settings_table(facts, name, rows),
            _years_table(facts, area, name),
            Callout("Gap statement", _gap_statement(facts, area, name)),
        ]
    return blocks


def _map_caption(facts: Facts, name: str, rows: list[dict[str, Any]]) -> str:
    open_now, proposed = (sum(row["status"] == status for row in rows) for status in ("open", "proposed"))
    words = [f"{open_now or 'no'} specialist setting{'s' if open_now != 1 else ''} open now"]
    if proposed:
        words.append(f"{proposed} proposed")
    tag = facts.illustrative_tag if rows else ""
    return f"{name}: {list_words(words)}{tag}"


def _alt(facts: Facts, area: str, name: str, rows: list[dict[str, Any]]) -> str:
    listed = list_words([f"{number} {clean_text(row['name'])}" for number, row in enumerate(rows, start=1)])
    counts = list_words(
        [
            f"{figure_text(facts.area('without_local_place_pupils', area, s))} of "
            f"{figure_text(facts.area('demand_pupils', area, s))} {facts.scenario_words(s)}"
            for s in facts.standing
        ]
    )
    return (
        f"Map of {name} with main roads, settlements and its settings: {listed or 'none'}. Bars: pupils without a "
        f"local place in {facts.year_text}, {counts}{facts.illustrative_tag}."
    )


def _cards(facts: Facts, area: str) -> Cards:
    words = facts.scenario_words(facts.main)
    need, local, without = (facts.area(c, area, facts.main) for c in ("demand_pupils", *_COUNTS))
    median = facts.journey("median_min", area, facts.main)
    return Cards(
        (
            Card("Need a specialist place, pupils", figure_text(need), facts.year_text, "", ""),
            Card("With a local place, pupils", figure_text(local), words, "", ""),
            Card("Without a local place, pupils", figure_text(without), words, "", ""),
            Card("Median journey, minutes one way", figure_text(median), words, "", ""),
        )
    )


def needs_in_short(words: str) -> str:
    """Return the needs admitted by their codes, which the list of words explains; other words as they are."""
    names = [part.strip() for part in words.split(";") if part.strip()]
    if names and all(name in _CODE_OF for name in names):
        codes = {_CODE_OF[name] for name in names}
        return ", ".join(code for code in v.NEEDS if code in codes)
    return style.sentence_case(words)


def _ages_in_short(words: str) -> str:
    found = re.search(r"\(ages ([^)]*)\)", words)
    return found[1] if found else words


def _status(facts: Facts, row: dict[str, Any]) -> str:
    if row["status"] != "proposed":
        return style.sentence_case(style.STATUS_WORDS.get(row["status"], row["status"]))
    flags = row["open"].get(facts.main, "")
    first = flags.find("1")
    return f"Proposed, {v.year_label(facts.years[first])}" if 0 <= first < len(facts.years) else "Proposed"


_SURE: Final = {
    "checked against the source": "checked",
    "as published": "published",
    "inferred from published facts": "inferred",
}


def _quality(row: dict[str, Any]) -> str:
    """Return how sure the facts of a setting are: its own mark, or that of what it offers where less sure."""
    words = dict.fromkeys(_SURE.get(word, word) for word in (row["quality"], row["offer"]) if word)
    for unsure in ("illustrative", "status not verified"):
        if unsure in words:
            return style.sentence_case(unsure.removeprefix("status "))
    return style.sentence_case(", ".join(words))


def _settings_table(facts: Facts, name: str, rows: list[dict[str, Any]]) -> Table:
    """Return the settings with public facts only; places only where a number is published for the setting."""
    single = [(number, row) for number, row in enumerate(rows, start=1) if row["kind"] != "support_base"]
    bases = [(number, row) for number, row in enumerate(rows, start=1) if row["kind"] == "support_base"]
    told, more = single[:_MOST_SETTINGS], [*single[_MOST_SETTINGS:], *bases]
    with_places = any(row["places"] is not None for _, row in told)
    body = [
        (
            str(number),
            _name_beside(row),
            style.SYMBOLS[row["kind"]].label.replace("Independent or non-maintained school", "Independent"),
            _ages_in_short(row["ages"]) or "not stated",
            needs_in_short(row["needs"]) or "not stated",
            _status(facts, row),
            *((str(row["places"]) if row["places"] is not None else "not published",) if with_places else ()),
            _quality(row),
        )
        for number, row in told
    ]
    if not body:
        body = [("", "None in this cluster", "", "", "", "", "")]
    columns = (
        Column("No.", number=False, width=0.5),
        Column("Setting", number=False, width=2.7),
        Column("Type", number=False, width=1.4),
        Column("Ages", number=False, width=0.95),
        Column("Needs admitted", number=False, width=2.75),
        Column("Status", number=False, width=1.3),
        *((Column("Places, published", number=False, width=1.2),) if with_places else ()),
        Column(FACTS_ARE, number=False, width=1.4),
    )
    notes = []
    if more:
        names = list_words([f"{number} {_plain_name(row['name'])}" for number, row in more])
        what = "Also here"
        if len(more) == len(bases):
            what = "Support bases, proposed (illustrative; pupils stay at their own school)"
        notes.append(f"{what}: {names}.")
    notes.append(_sources(rows))
    return Table(f"Settings in {name}", columns, tuple(body), tuple(n for n in (" ".join(notes).strip(),) if n))


def _name_beside(row: dict[str, Any]) -> str:
    """Return a setting's name for a row whose last cell says what is illustrative."""
    name = _plain_name(row["name"])
    return plain_name(name) if _quality(row) == "Illustrative" else name


def _plain_name(name: str) -> str:
    return clean_text(name).removesuffix(": support base (illustrative)")


def _sources(rows: list[dict[str, Any]]) -> str:
    """Return where the facts of the settings come from, each source once and without what differs by setting."""
    told = [
        clean_text(row["source"]) for row in rows if row["quality"] != "illustrative" or row["kind"] == "support_base"
    ]
    short = [re.split(r"[;(]", text)[0].strip().rstrip(".,") for text in told]
    listed = list(dict.fromkeys(text for text in short if text))
    return f"Sources: {'; '.join(listed[:4])}." if listed else ""


def _years_table(facts: Facts, area: str, name: str) -> Table | Paragraph:
    """Return need, local places and pupils without one by year and scenario, and by the type of place sought.

    Rows of which all but the need is hidden are told beneath it; where most is hidden, a sentence stands in its place.
    """
    years = [year for year in facts.years if year >= facts.parameters.first_year][-7:]

    def line(label: str, table: str, **key: Any) -> tuple[str, ...]:  # noqa: ANN401 - keys of any type
        where = {"policy": facts.policy, "area_id": area, **key}
        need = facts.figure(table, "demand_pupils", scenario_id=facts.base, **where)
        rest = [facts.figure(table, column, scenario_id=s, **where) for s in facts.standing for column in _COUNTS]
        return (label, *map(figure_text, (need, *rest)))

    rows = []
    for year in years:
        rows.append(line(v.year_label(year), "sufficiency_area", year=year))
        if year == facts.year and facts.has("sufficiency_area_type"):
            rows += [
                line(f"– {_SOUGHT[kind]}", "sufficiency_area_type", year=year, provision_type=kind)
                for kind in v.HEADLINE_TYPES
            ]
    columns = [Column("Year", number=False, width=1.75), Column("Need a place", width=0.85)]
    for s in facts.standing:
        title = style.scenario_title(s)
        columns += [Column(f"{title}: local place", width=1.05), Column(f"{title}: without", width=1.05)]
    caption = f"{name}: pupils with and without a local place, by year{facts.illustrative_tag}"
    kept = [row for row in rows if set(row[2:]) != {style.SUPPRESSED}]
    gone = [f"{row[0].removeprefix('– ')} (need {row[1]})" for row in rows if row not in kept]
    left = f"Left out, for all but the need is hidden to protect small numbers: {list_words(gone)}."
    if not kept:
        return Paragraph(f"{caption}. {left}", "note")
    return table_or_sentence(Table(caption, tuple(columns), tuple(kept), (left,) if gone else ()), _ELSEWHERE)


def _gap_statement(facts: Facts, area: str, name: str) -> str:
    part, need = (facts.area(c, area, facts.base) for c in ("without_local_place_pupils", "demand_pupils"))
    text = (
        f"{style.sentence_case(facts.scenario_words(facts.base))}, {share_sentence(part, need, 'pupils')} living in "
        f"{name} would be without a local state-funded specialist place (modelled) in {facts.year_text}"
        f"{facts.illustrative_tag}."
    )
    if facts.base != facts.main:
        after = facts.area("without_local_place_pupils", area, facts.main)
        change = facts.change("without_local_place_pupils", area)
        text += f" {style.sentence_case(facts.scenario_words(facts.main))} it would be {count_words(after, 'pupil')}"
        if facts.compares and change.is_known:
            text += f", {change_sentence(change, 'pupil', facts.scenario_words(facts.against))}"
        text += f"{facts.illustrative_tag}."
    return text + _journey_sentence(facts, area)


def _journey_sentence(facts: Facts, area: str) -> str:
    median, most, ridden = (
        facts.journey(name, area, facts.main) for name in ("median_min", "p90_min", "ridden_mean_min")
    )
    if not median.is_known:
        return " Their journeys are not shown." if median.hidden else ""
    before = facts.journey("median_min", area, facts.base)
    text = f" {style.sentence_case(facts.scenario_words(facts.main))} the median journey would be "
    text += f"{figure_text(median)} minutes one way by the direct road"
    if facts.base != facts.main and before.is_known:
        text += f" ({figure_text(before)} {facts.scenario_words(facts.base)})"
    if most.is_known:
        text += f"; one pupil in ten would travel {figure_text(most)} minutes or more"
    if ridden.is_known:
        text += f"; as ridden, an estimate, the mean would be {figure_text(ridden)} minutes"
    return f"{text}{facts.illustrative_tag}."
