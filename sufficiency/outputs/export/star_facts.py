"""The facts of the star schema: the released tables with keys in place of codes, one row a figure.

A figure is a number, or blank with the symbol of the CSV files: ``c`` hidden, ``z`` does not apply. A table that has no
column for a phase, need or type tells totals, and its rows get the member that says so, where tables share a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import SufficiencyError
from sufficiency.model.vocabulary import ALL, HEADLINE
from sufficiency.outputs.stable import clean_text
from sufficiency.outputs.style import NOT_APPLICABLE, SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sufficiency.model.results import Released

__all__ = ["KEYS", "REFERENCES", "Fact", "Key", "fact_frame", "fact_list", "figure_columns", "symbols_of"]


@dataclass(frozen=True)
class Key:
    """A column of codes: the dimension that holds them, and the name of the key in facts."""

    dimension: str
    name: str


KEYS: Final[dict[str, Key]] = {
    "scenario_id": Key("dim_scenario", "scenario_key"),
    "against_id": Key("dim_scenario", "against_scenario_key"),
    "policy": Key("dim_policy", "policy_key"),
    "year": Key("dim_year", "year_key"),
    "area_id": Key("dim_area", "area_key"),
    "home_area_id": Key("dim_area", "home_area_key"),
    "setting_area_id": Key("dim_area", "setting_area_key"),
    "phase": Key("dim_phase", "phase_key"),
    "need": Key("dim_need", "need_key"),
    "provision_type": Key("dim_provision_type", "provision_type_key"),
    "stream": Key("dim_provision_type", "provision_type_key"),
    "scheme_id": Key("dim_scheme", "scheme_key"),
    "year_group": Key("dim_year_group", "year_group_key"),
}
# what a dimension says already
_NAMES: Final = frozenset({"level", "area_name", "home_area_name", "setting_area_name", "scheme_name"})
# whole numbers that say which row it is, or on what it rests, and are no figures
_NUMBERED: Final = frozenset(
    {"financial_year", "step", "ncy_from", "ncy_to", "first_year", "appraisal_years", "discount_rate_share"}
)
# tables of words, written as they are
REFERENCES: Final = ("accounts", "assumptions", "data_quality")
_TOTALS: Final = {"phase": ALL, "need": ALL, "provision_type": HEADLINE}
_ROW: Final = "source_row"


@dataclass(frozen=True)
class Fact:
    """One fact: the released tables it holds, what its rows are told apart by, and which columns stand side by side.

    ``grain`` are columns of codes and words; a table that lacks one of `_TOTALS` tells totals. ``wide`` are columns
    that are figures of the measure named in the row; all others stand one row a figure. ``only`` limits the figures,
    none = no limit. Rows that have nothing else to be told apart by are ``numbered`` as in the CSV file.
    """

    name: str
    tables: tuple[str, ...]
    grain: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    numbered: bool = False


_SLICE: Final = ("scenario_id", "policy", "year")
_PAIR: Final = ("scenario_id", "against_id", "policy")
_WINNERS: Final = ("better_off_pupils", "worse_off_pupils")
_KNOWN: Final = (
    Fact(
        "fact_sufficiency",
        (
            "sufficiency_area",
            "sufficiency_area_type",
            "sufficiency_district_phase",
            "sufficiency_district_need_group",
            "sufficiency_county_need_phase",
        ),
        (*_SLICE, "area_id", "phase", "need", "provision_type"),
    ),
    Fact("fact_journeys", ("journeys_area", "journeys_district_phase"), (*_SLICE, "area_id", "phase")),
    Fact("fact_journey_ranges", ("journey_ranges",), (*_SLICE, "area_id", "measure"), wide=("low", "high")),
    Fact("fact_flows", ("flows",), (*_SLICE, "home_area_id", "setting_area_id")),
    Fact("fact_reasons", ("reasons",), (*_SLICE, "reason")),
    Fact("fact_pressure", ("pressure",), (*_SLICE, "area_id")),
    Fact(
        "fact_comparison",
        ("comparison_area",),
        (*_PAIR, "year", "area_id", "measure"),
        wide=("before", "after", "change"),
    ),
    Fact("fact_winners", ("comparison_area",), (*_PAIR, "year", "area_id"), only=_WINNERS),
    Fact("fact_capacity", ("capacity_district_type",), ("scenario_id", "year", "area_id", "provision_type")),
    Fact("fact_occupancy", ("occupancy_district_type",), (*_SLICE, "area_id", "provision_type")),
    Fact("fact_programme", ("programme_places",), ("scenario_id", "year")),
    Fact("fact_scheme_places", ("scheme_stock",), ("scheme_id", "year")),
    Fact("fact_scheme_effects", ("scheme_effects",), ("scenario_id", "year", "scheme_id")),
    Fact("fact_forecast", ("forecast",), ("year", "stream")),
    Fact("fact_forecast_range", ("forecast_range",), ("year", "area_id", "phase", "need", "provision_type")),
    Fact("fact_scap", ("scap_style_forecast",), ("year", "area_id", "scap_phase", "year_group")),
    Fact("fact_transfers", ("phase_transfers",), ("year", "area_id", "transfer", "need")),
    Fact("fact_support_match", ("support_match",), ("scenario_id", "year", "area_id", "phase")),
    Fact("fact_support_coverage", ("support_coverage",), ("scenario_id", "year", "area_id")),
    Fact("fact_primary_equivalence", ("primary_equivalence",), ("scenario_id", "year", "area_id")),
    Fact("fact_money", ("money",), (*_SLICE, "purse", "item")),
    Fact("fact_money_change", ("money_change",), (*_PAIR, "year", "purse", "item")),
    Fact("fact_money_change_years", ("money_change_years",), (*_PAIR, "financial_year", "purse", "item")),
    Fact("fact_carbon_change", ("carbon_change",), (*_PAIR, "year")),
    Fact("fact_economic_view", ("economic_view",), (*_PAIR, "case")),
    Fact("fact_capital_buys", ("capital_buys",), ("case", "wanted")),
    Fact("fact_bridge", ("bridge",), ("step",)),
    Fact("fact_mitigations", ("mitigation_deltas",), ("mitigation_id", "year")),
    Fact("fact_awaiting", ("awaiting_area",), ("year", "area_id", "phase")),
    Fact("fact_conservation", ("conservation",), _SLICE),
)


def fact_list(released: Released) -> list[Fact]:
    """Return the facts of a release; a table that is not known by name gets a fact of its own, its rows numbered."""
    out = []
    for fact in _KNOWN:
        present = tuple(name for name in fact.tables if name in released.tables)
        if present:
            out.append(Fact(fact.name, present, fact.grain, fact.wide, fact.only, fact.numbered))
    known = {name for fact in _KNOWN for name in fact.tables} | {*REFERENCES, "schemes"}
    for name in sorted(set(released.tables) - known):
        grain = tuple(str(column) for column in released.tables[name].columns if column in KEYS)
        out.append(Fact(f"fact_{name}", (name,), grain, numbered=True))
    return out


def figure_columns(fact: Fact, frame: pd.DataFrame) -> list[str]:
    """Return the columns of a released table that stand one row a figure in a fact."""
    if fact.wide:
        return []
    if fact.only:
        return [name for name in fact.only if name in frame.columns]
    return [str(name) for name in frame.columns if _is_figure(str(name), frame[name]) and name not in fact.grain]


def _is_figure(name: str, values: pd.Series) -> bool:
    plain = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return plain and name not in KEYS and name not in _NUMBERED


def _words(fact: Fact, frame: pd.DataFrame) -> list[str]:
    """Return the columns that are neither keys nor figures nor said by a dimension."""
    figures = {*figure_columns(fact, frame), *fact.wide}
    rest = [str(name) for name in frame.columns if name not in KEYS and name not in figures and name not in _NAMES]
    if fact.only:
        return [name for name in rest if name in fact.grain]
    return [name for name in rest if name != "measure" and not (fact.wide and name in _WINNERS)]


def symbols_of(values: pd.Series, hidden: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return numbers, blank where there is none, and symbols: blank, ``c`` hidden, ``z`` does not apply."""
    veil = hidden.to_numpy(bool)
    numbers = values.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    numbers = np.where(veil, np.nan, numbers) + 0.0  # no -0
    symbols = np.where(veil, SUPPRESSED, np.where(np.isnan(numbers), NOT_APPLICABLE, ""))
    return pd.Series(numbers, index=values.index), pd.Series(symbols, index=values.index)


def text_of(values: pd.Series, hidden: pd.Series) -> pd.Series:
    """Return words as one line of text each; truth as ``true`` or ``false``, hidden as ``c``, missing as blank."""
    truth = pd.api.types.is_bool_dtype(values)
    out = []
    for value, veil in zip(values.astype(object).tolist(), hidden.to_numpy(bool).tolist(), strict=True):
        if veil:
            out.append(SUPPRESSED)
        elif pd.isna(value):
            out.append("")
        else:
            out.append(("true" if value else "false") if truth else clean_text(str(value)))
    return pd.Series(out, index=values.index, dtype=object)


def _keys_of(table: str, column: str, frame: pd.DataFrame, members: Mapping[object, int]) -> pd.Series:
    """Return the keys of a column of codes; a table without it tells the total, where there is one.

    Raises
    ------
    SufficiencyError
        When the table can have no total of it, or a code is no member of its dimension.
    """
    if column not in frame.columns and column not in _TOTALS:
        message = f"{table} has no column {column}, by which the star schema tells its rows apart"
        raise SufficiencyError(message)
    codes = frame[column] if column in frame.columns else pd.Series(_TOTALS[column], index=frame.index)
    keys = codes.map(members)
    if keys.isna().any():
        message = f"{column} of {table} holds {int(keys.isna().sum())} codes that are no member of the star schema"
        raise SufficiencyError(message)
    return keys.astype(np.int32)


def _keyed(
    fact: Fact, table: str, frame: pd.DataFrame, hidden: pd.DataFrame, members: Mapping[str, Mapping[object, int]]
) -> pd.DataFrame:
    """Return the keys and the words of a table, one row a row of it."""
    out: dict[str, pd.Series] = {}
    for column in fact.grain:
        if column in KEYS:
            out[KEYS[column].name] = _keys_of(table, column, frame, members[KEYS[column].dimension])
    for column in _words(fact, frame):
        if column in _NUMBERED:
            out[column] = (
                frame[column].astype("Float64") if column.endswith("_share") else frame[column].astype("Int32")
            )
        else:
            out[column] = text_of(frame[column], hidden[column])
    if fact.numbered:
        out[_ROW] = pd.Series(np.arange(1, len(frame) + 1, dtype=np.int32), index=frame.index)
    return pd.DataFrame(out, index=frame.index)


def _parts(
    fact: Fact, released: Released, members: Mapping[str, Mapping[object, int]], measures: Mapping[tuple[str, str], int]
) -> Iterator[pd.DataFrame]:
    for name in fact.tables:
        frame = released.tables[name].reset_index(drop=True)
        hidden = released.hidden[name].reset_index(drop=True)
        keyed = _keyed(fact, name, frame, hidden, members)
        if fact.wide:
            side = dict(zip(fact.wide, (symbols_of(frame[one], hidden[one]) for one in fact.wide), strict=True))
            columns = {n: part for one, (v, s) in side.items() for n, part in ((one, v), (f"{one}_symbol", s))}
            ids = {column: measures[fact.name, column] for column in frame["measure"].unique()}
            yield keyed.assign(measure_key=frame["measure"].map(ids).astype(np.int32), **columns)
            continue
        for column in figure_columns(fact, frame):
            values, symbols = symbols_of(frame[column], hidden[column])
            key = np.int32(measures[fact.name, column])
            yield keyed.assign(measure_key=key, value=values, symbol=symbols)


def fact_frame(
    fact: Fact, released: Released, members: Mapping[str, Mapping[object, int]], measures: Mapping[tuple[str, str], int]
) -> pd.DataFrame:
    """Return a fact, sorted by its keys.

    Parameters
    ----------
    fact
        One of `fact_list`.
    released
        The released tables.
    members
        For each dimension, the key of each code.
    measures
        The key of each fact's measures, by fact and column.

    Returns
    -------
    DataFrame
        Keys, words, measure_key, then value and symbol, or each wide column with its symbol; run_key last.

    Raises
    ------
    SufficiencyError
        When two tables, or two rows of one, tell different figures of the same thing, or a table lacks a column of
        its grain.
    """
    parts = list(_parts(fact, released, members, measures))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"measure_key": np.zeros(0, np.int32)})
    keys = [name for name in rows.columns if name.endswith("_key") or name in fact.grain or name == _ROW]
    if fact.only:
        # the same count beside every measure of a comparison: told once, where it is told
        blank = rows["symbol"].eq(NOT_APPLICABLE)
        rows = rows[~blank | ~rows.duplicated(keys) & blank.groupby([rows[key] for key in keys]).transform("all")]
    rows = rows.drop_duplicates(ignore_index=True)
    twice = rows.duplicated(keys)
    if twice.any():
        message = (
            f"{int(twice.sum())} figures of {fact.name} are told twice and differently in {', '.join(fact.tables)}"
        )
        raise SufficiencyError(message)
    rows = rows.sort_values(keys, ignore_index=True)
    return rows.assign(run_key=np.int32(1))
