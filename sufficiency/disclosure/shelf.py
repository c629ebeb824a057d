"""The shelf of released tables: each with its mask, hidden figures taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sufficiency.disclosure.cells import county_cells
from sufficiency.disclosure.earlier import Earlier
from sufficiency.disclosure.system import hide_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sufficiency.disclosure.register import Register

ID: tuple[str, ...] = ("scenario_id", "policy", "year", "level", "area_id", "area_name")


class Shelf:
    """Collects tables with their masks under the names of the designed set.

    Parameters
    ----------
    names
        Name of each area, by area_id.
    register
        The earlier releases; None = there were none.
    """

    def __init__(self, names: pd.Series, register: Register | None = None) -> None:
        self.tables: dict[str, pd.DataFrame] = {}
        self.hidden: dict[str, pd.DataFrame] = {}
        self.names = names
        self._register = register

    def hide(self, system: str, cells: pd.DataFrame, hide_up_to: int) -> pd.DataFrame:
        """Hide the cells of a system, by its name in the register: see `sufficiency.disclosure.system.hide_cells`."""
        rows = None if self._register is None else self._register.rows(system)
        if rows is None or rows.empty:
            return hide_cells(cells, hide_up_to)
        return hide_cells(cells, hide_up_to, Earlier(rows))

    def put(self, name: str, frame: pd.DataFrame, mask: pd.DataFrame, columns: Sequence[str]) -> None:
        """Keep the columns, with hidden figures taken out; a column that the mask does not have is shown."""
        kept = frame.loc[:, list(columns)].reset_index(drop=True)
        veil = mask.reindex(index=frame.index, columns=list(columns), fill_value=False).astype(bool)
        veil = veil.reset_index(drop=True)
        for column in columns:
            if veil[column].any():
                values = kept[column]
                values = values.astype("Int64") if pd.api.types.is_integer_dtype(values) else values
                kept[column] = values.mask(veil[column])
        self.tables[name], self.hidden[name] = kept, veil

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with the area's name."""
        return frame.assign(area_name=frame["area_id"].map(self.names))


def no_mask(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a mask that hides nothing."""
    return pd.DataFrame(False, index=frame.index, columns=frame.columns)


def hidden_frame(wide: pd.DataFrame, key: Sequence[str], columns: Sequence[str], cells: pd.DataFrame) -> pd.DataFrame:
    """Return the mask of `wide`: in each of the columns, whether the cell with its key and measure is hidden.

    Parameters
    ----------
    wide
        The table; a column's name is the measure of its cells.
    key
        Columns that name a row in both.
    columns
        Count columns; all others are shown.
    cells
        Cells with key, measure and hidden.
    """
    mask = no_mask(wide)
    hidden = cells.loc[cells["hidden"] & cells["measure"].isin(list(columns)), [*key, "measure"]]
    if hidden.empty:
        return mask
    flags = hidden.drop_duplicates().assign(flag=True).set_index([*key, "measure"])["flag"].unstack()  # noqa: PD010  # the keys are unique: nothing to aggregate
    joined = wide[list(key)].merge(flags.reset_index(), on=list(key), how="left", validate="m:1")
    for column in flags.columns:
        mask[column] = joined[column].eq(True).to_numpy(bool)
    return mask


def hidden_counts(
    shelf: Shelf,
    system: str,
    table: tuple[pd.DataFrame, pd.DataFrame],
    *,
    key: Sequence[str],
    columns: Sequence[str],
    measure: Callable[[pd.DataFrame], pd.Series],
    place: tuple[str, int],
) -> pd.DataFrame:
    """Return a mask as it is beside earlier releases: what one of them hid stays hidden, what it printed is printed.

    Parameters
    ----------
    shelf, system
        The shelf, and the name of the system in the register.
    table
        The rows, counts of the county in no equation, and their mask.
    key
        Columns that name a row.
    columns
        The counts.
    measure
        Gives the measure of each count from its key and its ``column``.
    place
        The county's area_id, and up to what a count is hidden.
    """
    rows, mask = table
    named = {name: rows[name] for name in key}
    flags = mask[list(columns)].assign(**named).melt(key, var_name="column", value_name="always")
    long = rows[[*key, *columns]].melt(key, var_name="column", value_name="value").assign(always=flags["always"])
    long = long[long["value"].notna()]
    county_id, hide_up_to = place
    hidden = shelf.hide(system, county_cells(long.assign(measure=measure(long)), county_id), hide_up_to)
    out = mask.copy()
    for column in columns:
        mine = hidden[hidden["column"] == column].assign(measure=column)
        out[column] = hidden_frame(rows, key, [column], mine)[column].to_numpy(bool)
    return out
