"""Schemes that a scenario's own file holds, as rows of tables `schemes` and `scheme_places`.

```toml
[[own_schemes]]
scheme_id = "base-wantage"           # becomes <name of the scenario>.base-wantage
action = "open"
# ... the other columns of schemes.csv; blank ones may be left out
places = [{ year = 2027, ncy_from = 7, ncy_to = 11, places = 20 }]
```

Their ids bear the scenario's name, so that a file may be copied under another name without a clash.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.model.scheme_ids import NAME, own_scheme_id
from sufficiency.model.tables import TABLES, Column
from sufficiency.sources.capital_cases import capital_cases_rise
from sufficiency.sources.files import read_rows
from sufficiency.sources.sheets import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sufficiency.model.issues import Issue

__all__ = ["KEY", "faults_of_own", "own_scheme_ids", "read_own_schemes"]

KEY: Final = "own_schemes"
_PLACES: Final = "places"
_ID: Final = "scheme_id"
_FOLDER: Final = "schemes/scenarios"


def own_scheme_ids(raw: Mapping[str, Any]) -> list[str]:
    """Return the ids of the own schemes of a scenario, as the tables have them, from the text of its file as read."""
    return [own_scheme_id(str(raw["name"]), str(one[_ID])) for one in _own(raw) if _ID in one]


def faults_of_own(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (where, value, message, cure) of what keeps own schemes from being read as rows of tables."""
    own = list(_own(raw))
    names = [str(one.get(_ID, "")) for one in own]
    for number, (name, one) in enumerate(zip(names, own, strict=True), start=1):
        where = f"{KEY} {number}"
        if not NAME.fullmatch(name):
            yield f"{where}.{_ID}", name, f"the id {name!r} is none", "use a-z, 0-9, _ and -, such as base-wantage"
        elif names.index(name) != number - 1:
            yield f"{where}.{_ID}", name, f"the scheme {name!r} stands twice", "give the second its own id"
        if not (isinstance(one.get(_PLACES), list) and all(isinstance(row, dict) for row in one[_PLACES])):
            yield (
                f"{where}.{_PLACES}",
                "",
                f"{where} has no list of places",
                ("write places = [{ year = 2027, ncy_from = 7, ncy_to = 11, places = 20 }, ...], a row a September"),
            )


def read_own_schemes(paths: Iterable[Path], issues: list[Issue]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the own schemes of scenario files.

    Parameters
    ----------
    paths
        Scenario files; what is broken in them otherwise is left to `sufficiency.sources.scenarios`.
    issues
        Faults are appended here, with the number of the scheme in its file as the row.

    Returns
    -------
    tuple of DataFrame
        Rows of tables `schemes` and `scheme_places`, typed, without those at fault.
    """
    schemes: list[pd.DataFrame] = []
    places: list[pd.DataFrame] = []
    for path in paths:
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        own = list(_own(raw))
        if not own:
            continue
        file = f"{_FOLDER}/{path.name}"
        stock = [{_ID: one.get(_ID, ""), **row} for one in own for row in _stock(one)]
        plain = [{name: value for name, value in one.items() if name != _PLACES} for one in own]
        faults = len(issues)
        schemes.append(_read(file, plain, "schemes", path.stem, issues))
        capital_cases_rise(schemes[-1], file, issues)
        if stock:
            places.append(_read(file, stock, "scheme_places", path.stem, issues))
        _name_the_scenario(issues, faults, path.stem)
    return _together(schemes, "schemes"), _together(places, "scheme_places")


def _read(file: str, rows: list[dict[str, Any]], table: str, scenario_id: str, issues: list[Issue]) -> pd.DataFrame:
    """Return rows of a table, under the ids that the tables have for them."""
    read = read_rows(_as_rows(file, rows, TABLES[table].columns), table, issues)
    return read.assign(**{_ID: [own_scheme_id(scenario_id, str(one)) for one in read[_ID]]})


def _own(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found = raw.get(KEY)
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, dict))


def _stock(scheme: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found = scheme.get(_PLACES)
    if isinstance(found, list):
        yield from (row for row in found if isinstance(row, dict))


def _as_rows(file: str, rows: list[dict[str, Any]], columns: Iterable[Column]) -> Rows:
    """Return tables of TOML as rows of text: blank cells where one says nothing and the column may be blank."""
    may_be_blank = [column.name for column in columns if column.blank and column.kind != "geometry"]
    header = list(dict.fromkeys([*(name for row in rows for name in row), *may_be_blank]))
    body = [[_text(row.get(name, "")) for name in header] for row in rows]
    return Rows(file, [(0, header), *enumerate(body, start=1)])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(_text(one) for one in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _name_the_scenario(issues: list[Issue], first: int, scenario_id: str) -> None:
    """Give the faults found the ids that the tables would have, so that what refers to them is not reported again."""
    for at in range(first, len(issues)):
        found = issues[at]
        if found.key and not found.key.startswith(own_scheme_id(scenario_id, "")):
            issues[at] = replace(found, key=own_scheme_id(scenario_id, found.key))


def _together(parts: list[pd.DataFrame], table: str) -> pd.DataFrame:
    if parts:
        return pd.concat(parts)
    return read_rows(None, table, [])
