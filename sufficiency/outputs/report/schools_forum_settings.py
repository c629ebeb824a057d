"""Places by school in the Schools Forum's paper: in an internal build only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs.report.blocks import Block, Column, Heading, Table
from sufficiency.outputs.report.sentences import figure_text
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sufficiency.outputs.report.facts import Facts

__all__ = ["settings_section"]

_BY_SETTING: Final = "internal_commissioned"


def settings_section(facts: Facts) -> list[Block]:
    """Return places by setting: in an internal build that has the table, and nowhere else."""
    if facts.released.build == "public" or not facts.has(_BY_SETTING):
        return []
    frame = facts.rows(_BY_SETTING)
    for column, value in (("scenario_id", facts.main), ("policy", facts.policy)):
        if column in frame.columns and (frame[column] == value).any():
            frame = frame[frame[column] == value]
    names = [
        (column, title)
        for column, title in (
            ("this_year_commissioned_places", "Commissioned this year"),
            ("commissioned_places", "Commissioned"),
            ("this_year_planned_places", "Planned this year"),
            ("planned_places", "Planned"),
            ("next_year_planned_places", "Planned next year"),
            ("next_year_placed_pupils", "Placed next year, pupils (modelled)"),
            ("placed_pupils", "Placed, pupils (modelled)"),
        )
        if column in frame.columns
    ]
    districts = dict(facts.districts)
    keys = ["district_id", "provision_type", "setting_name"]
    order = frame.sort_values([key for key in keys if key in frame.columns], kind="stable").index
    rows = [_setting_row(facts, index, [name for name, _ in names], districts) for index in order]
    columns = (
        Column("School (internal)", number=False, width=2.6),
        Column("District", number=False, width=1.85),
        Column("Type", number=False, width=1.5),
        *(Column(title) for _, title in names[:5]),
    )
    note = "Internal: names schools. The model's placement is no forecast and no offer. A blank is not known."
    return [
        Heading("By school: internal, not for publication", new_page=True),
        Table(f"Places by school{facts.illustrative_tag}", columns, tuple(rows), (note,)),
    ]


def _setting_row(facts: Facts, index: Hashable, names: list[str], districts: dict[str, str]) -> tuple[str, ...]:
    frame = facts.released.tables[_BY_SETTING]
    kind = str(frame.at[index, "provision_type"])
    cells = [facts.at(_BY_SETTING, index, name) for name in names[:5]]
    return (
        clean_text(str(frame.at[index, "setting_name"])),
        districts.get(str(frame.at[index, "district_id"]), "beyond the county"),
        v.PROVISION_TYPE_NAMES.get(kind, kind),
        *("" if one.value is None and not one.hidden else figure_text(one) for one in cells),
    )
