"""The dimensions of the star schema: every code that the facts use, with its key, its words and its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.rounding import rules_text
from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.export.star_facts import KEYS, fact_list, symbols_of, text_of
from sufficiency.outputs.maps.figures import make_frame
from sufficiency.outputs.stable import clean_text
from sufficiency.outputs.style import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sufficiency.model.results import Inputs, Released, RunRecord

__all__ = ["IDS", "dimensions", "members"]

# the column of codes of each dimension
IDS: Final = {
    "dim_area": "area_id",
    "dim_year": "year",
    "dim_scenario": "scenario_id",
    "dim_policy": "policy_id",
    "dim_phase": "phase_id",
    "dim_need": "need_id",
    "dim_provision_type": "provision_type_id",
    "dim_scheme": "scheme_id",
    "dim_year_group": "year_group",
}
_NO_MEMBER: Final = "does not apply"
_OUTSIDE: Final = ("outside", "Outside the county")


def _found(released: Released, dimension: str) -> list[str]:
    """Return the codes of a dimension that the released tables use, sorted."""
    out: set[str] = set()
    for fact in fact_list(released):
        columns = [column for column in fact.grain if column in KEYS and KEYS[column].dimension == dimension]
        for name in fact.tables:
            frame = released.tables[name]
            out |= {str(code) for column in columns if column in frame.columns for code in frame[column].unique()}
    return sorted(out)


def _numbered(rows: Iterable[Sequence[Any]], columns: Sequence[str], key: str) -> pd.DataFrame:
    out = pd.DataFrame(list(rows), columns=list(columns))
    out.insert(0, key, np.arange(1, len(out) + 1, dtype=np.int32))
    return out


def _areas(released: Released, inputs: Inputs) -> pd.DataFrame:
    frame = make_frame(released, inputs)

    def above(area: str, level: str) -> str:
        while area and frame.levels.get(area) != level:
            area = frame.parents.get(area, "")
        return area

    names = {area: clean_text(str(name)) for area, name in frame.names.items()}
    rows = []
    for area in frame.areas:
        ladder = [above(area, level) for level in ("county", "district", "cluster")]
        rows.append(
            (area, names[area], frame.levels[area], *(part for one in ladder for part in (one, names.get(one, ""))))
        )
    blank = ("",) * 6
    for area in (_OUTSIDE[0], *(one for one in _found(released, "dim_area") if one != _OUTSIDE[0])):
        if area not in frame.levels:
            name = _OUTSIDE[1] if area == _OUTSIDE[0] else clean_text(area) or _NO_MEMBER
            rows.append((area, name, "outside" if area == _OUTSIDE[0] else "other", *blank))
    ladder_columns = [f"{level}_{part}" for level in ("county", "district", "cluster") for part in ("id", "name")]
    out = _numbered(rows, ["area_id", "area_name", "level", *ladder_columns], "area_key")
    return out.assign(sort_order=out["area_key"])


def _years(released: Released, inputs: Inputs) -> pd.DataFrame:
    parameters = inputs.parameters
    years = [int(year) for year in _found(released, "dim_year")]
    rows = [
        (
            year,
            v.year_label(year),
            year > parameters.calibration_year,
            year == parameters.headline_year,
            year > parameters.headline_year,
        )
        for year in years
    ]
    columns = ["year", "label", "is_forecast", "is_headline_year", "is_after_headline_year"]
    return _numbered(rows, columns, "year_key")


def _scenarios(released: Released, inputs: Inputs) -> pd.DataFrame:
    frame = make_frame(released, inputs)
    rows = []
    for name in frame.scenarios:
        known = inputs.scenarios.get(name)
        plain = known is None or name in style.SCENARIO_TITLES
        title = style.scenario_title(name) if plain or known is None else known.title
        description = "" if known is None else known.description
        rows.append((name, clean_text(title), clean_text(description), name == frame.baseline))
    listed = {row[0] for row in rows}
    other = [name for name in _found(released, "dim_scenario") if name not in listed]
    rows += [(name, clean_text(style.scenario_title(name)) if name else _NO_MEMBER, "", False) for name in other]
    out = _numbered(rows, ["scenario_id", "title", "description", "is_baseline"], "scenario_key")
    return out.assign(sort_order=out["scenario_key"])


def _policies(released: Released) -> pd.DataFrame:
    rows = [(name, style.POLICY_TITLES[name], style.POLICY_GLOSSES[name]) for name in v.POLICIES]
    rows += [(name, name or _NO_MEMBER, "") for name in _found(released, "dim_policy") if name not in v.POLICIES]
    return _numbered(rows, ["policy_id", "title", "gloss"], "policy_key")


def _phases(released: Released) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = [(v.ALL, "All phases", "total", None, None)]
    rows += [(code, name, "phase", *v.PHASE_NCY[code]) for code, name in v.PHASE_NAMES.items()]
    listed = {row[0] for row in rows}
    rows += [(code, code, "other", None, None) for code in _found(released, "dim_phase") if code not in listed]
    out = _numbered(rows, ["phase_id", "title", "level", "ncy_from", "ncy_to"], "phase_key")
    return out.astype({"ncy_from": "Int32", "ncy_to": "Int32"}).assign(sort_order=out["phase_key"])


def _needs(released: Released) -> pd.DataFrame:
    groups = v.NEED_GROUP_NAMES
    rows = [(v.ALL, "All needs", "total", "", "")]
    rows += [(code, name, "group", code, name) for code, name in groups.items()]
    rows += [(code, v.NEED_NAMES[code], "need", group, groups[group]) for code, group in v.NEED_GROUP_OF.items()]
    listed = {row[0] for row in rows}
    rows += [(code, code, "other", "", "") for code in _found(released, "dim_need") if code not in listed]
    out = _numbered(rows, ["need_id", "title", "level", "need_group_id", "need_group_title"], "need_key")
    return out.assign(sort_order=out["need_key"])


def _provision_types(released: Released) -> pd.DataFrame:
    rows = [(v.HEADLINE, "Special school and specialist base (headline)", "total", True)]
    rows += [(code, name, "type", code in v.HEADLINE_TYPES) for code, name in v.PROVISION_TYPE_NAMES.items()]
    rows.append(("educated_elsewhere", "Educated elsewhere than at a school", "type", False))
    listed = {row[0] for row in rows}
    other = [code for code in _found(released, "dim_provision_type") if code not in listed]
    rows += [(code, style.sentence_case(code.replace("_", " ")), "other", False) for code in other]
    return _numbered(rows, ["provision_type_id", "title", "level", "in_headline"], "provision_type_key")


def _year_groups(released: Released) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = [(v.ALL, "All year groups", "total", None)]
    rows += [("R" if n == 0 else f"Y{n}", "Reception" if n == 0 else f"Year {n}", "year group", n) for n in range(15)]
    listed = {row[0] for row in rows}
    rows += [(code, code, "other", None) for code in _found(released, "dim_year_group") if code not in listed]
    out = _numbered(rows, ["year_group", "title", "level", "ncy"], "year_group_key")
    return out.astype({"ncy": "Int32"}).assign(sort_order=out["year_group_key"])


def _schemes(released: Released) -> pd.DataFrame:
    """Return the schemes with all that is released of them; amounts have a symbol beside them."""
    columns: dict[str, pd.Series] = {"scheme_id": pd.Series([], dtype=object)}
    if "schemes" in released.tables:
        table = released.tables["schemes"].sort_values("scheme_id")
        hidden = released.hidden["schemes"].loc[table.index].reset_index(drop=True)
        table = table.reset_index(drop=True)
        columns = {}
        for name in table.columns:
            values = table[name]
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                columns[str(name)], columns[f"{name}_symbol"] = symbols_of(values, hidden[name])
            else:
                columns[str(name)] = text_of(values, hidden[name])
    out = pd.DataFrame(columns)
    missing = [name for name in _found(released, "dim_scheme") if name not in set(out["scheme_id"])]
    if missing:
        blank = {
            name: NOT_APPLICABLE if str(name).endswith("_symbol") else "" for name in out if out[name].dtype == object
        }
        more = pd.DataFrame({**blank, "scheme_id": missing}).reindex(columns=out.columns)
        out = pd.concat([out, more.astype(out.dtypes)], ignore_index=True)
    out.insert(0, "scheme_key", np.arange(1, len(out) + 1, dtype=np.int32))
    return out


def _run(released: Released, inputs: Inputs, record: RunRecord) -> pd.DataFrame:
    parameters = inputs.parameters
    public = released.build == "public"
    rules = rules_text(parameters.hide_up_to, parameters.round_counts_to) if public else "Nothing is hidden."
    row = {
        "run_key": np.int32(1),
        "run_id": record.run_id,
        "version": record.version,
        "report_date": parameters.report_date.isoformat(),
        "area_id": clean_text(parameters.area_id),
        "area_name": clean_text(parameters.area_name),
        "illustrative": parameters.illustrative,
        "illustrative_note": clean_text(parameters.illustrative_note) if parameters.illustrative else "",
        "build": released.build,
        "marking": style.internal_mark(released.build),
        "hide_up_to": np.int32(parameters.hide_up_to),
        "round_counts_to": np.int32(parameters.round_counts_to if public else 0),
        "rules": rules,
        "care_note": style.CARE_NOTE,
        "sources": clean_text(" ".join(style.sources(inputs.roads.attribution))),
    }
    return pd.DataFrame([row])


def dimensions(released: Released, inputs: Inputs, record: RunRecord) -> dict[str, pd.DataFrame]:
    """Return every dimension but that of the measures.

    Parameters
    ----------
    released
        The released tables: only codes that they use, and those of the model's vocabulary, are members.
    inputs
        Hierarchy of the areas down to clusters, titles of the scenarios, and the parameters.
    record
        The record of the run.

    Returns
    -------
    dict of DataFrame
        By name; the key is the first column, the code the second, sorted by key.
    """
    return {
        "dim_area": _areas(released, inputs),
        "dim_year": _years(released, inputs),
        "dim_scenario": _scenarios(released, inputs),
        "dim_policy": _policies(released),
        "dim_phase": _phases(released),
        "dim_need": _needs(released),
        "dim_provision_type": _provision_types(released),
        "dim_scheme": _schemes(released),
        "dim_year_group": _year_groups(released),
        "dim_run": _run(released, inputs, record),
    }


def members(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[object, int]]:
    """Return, for each dimension with codes, the key of each code."""
    return {
        name: dict(zip(tables[name][code].tolist(), tables[name].iloc[:, 0].astype(int).tolist(), strict=True))
        for name, code in IDS.items()
    }
