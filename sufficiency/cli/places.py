"""A place as somebody types it: easting and northing, a postcode, a school, or a town or village."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from sufficiency.model.errors import DataError, ParameterError
from sufficiency.outputs.maps.places import town_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["place_finder"]

_PAIR: Final = re.compile(r"\s*[eE]?\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*(?:,|;|\s)\s*[nN]?\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*")
_LONGEST: Final = 120
_MOST_NEAR: Final = 5
_GRID_M: Final = (700_000, 1_300_000)
_ASK: Final = "type easting and northing in metres, such as 439800, 187900, the name of a school, or a town or village"
_Place = tuple[float, float, str]


def place_finder(inputs: Inputs, postcodes: Path | None) -> Callable[[str], _Place]:
    """Return a function from what was typed to easting_m, northing_m and a name.

    Parameters
    ----------
    inputs
        The area: its settings and its gazetteer.
    postcodes
        Directory of postcodes (ONSPD, NSPL or Code-Point Open); None = none is loaded. It is read at the first
        postcode that is asked for.
    """
    names = _names(inputs)
    ids = {
        str(row["setting_id"]): (float(row["easting_m"]), float(row["northing_m"]), str(row["setting_name"]))
        for row in inputs.settings.to_dict("records")
    }

    @functools.lru_cache(maxsize=1)
    def directory() -> pd.DataFrame | None:
        return None if postcodes is None else _read(postcodes)

    def find(text: str) -> _Place:
        from sufficiency.sources.public.postcodes import normal_postcode

        typed = text.strip()
        if not typed or len(typed) > _LONGEST:
            message = f"nothing can be found by that: {_ASK}"
            raise ParameterError(message)
        pair = _PAIR.fullmatch(typed)
        if pair:
            return _at(float(pair[1]), float(pair[2]))
        if typed in ids:
            return ids[typed]
        named = _by_name(typed, names)
        if named is not None:
            return named
        postcode = normal_postcode(typed)
        if postcode:
            return _by_postcode(postcode, directory())
        raise ParameterError(_nothing_like(typed, names))

    return find


def _plain(text: str) -> str:
    """Return a name without case, accents and signs, as people type it."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.sub(r"[^a-z0-9 ]+", " ", letters.replace("'", "")).split())


def _names(inputs: Inputs) -> dict[str, list[_Place]]:
    """Return every name of a setting or a place, plain, with where it is."""
    found: dict[str, list[_Place]] = {}
    for table, column in ((inputs.settings, "setting_name"), (inputs.gazetteer, "place_name")):
        for row in table[[column, "easting_m", "northing_m"]].to_dict("records"):
            place = (float(row["easting_m"]), float(row["northing_m"]), str(row[column]))
            known = found.setdefault(_plain(place[2]), [])
            if place not in known:
                known.append(place)
    for place in inputs.gazetteer[["place_name", "easting_m", "northing_m"]].to_dict("records"):
        town = town_of(str(place["place_name"]))
        # a town is where its centre is, unless something else has just that name
        if town != str(place["place_name"]):
            found.setdefault(_plain(town), [(float(place["easting_m"]), float(place["northing_m"]), town)])
    found.pop("", None)
    return found


def _at(easting_m: float, northing_m: float) -> _Place:
    if 0 <= easting_m <= _GRID_M[0] and 0 <= northing_m <= _GRID_M[1] and max(easting_m, northing_m) > 1_000:
        return easting_m, northing_m, f"{easting_m:.0f}, {northing_m:.0f}"
    degrees = abs(easting_m) <= 90 and abs(northing_m) <= 180
    what = "look like degrees" if degrees else "lie outside Great Britain"
    message = f"{easting_m:g}, {northing_m:g} {what}: give easting and northing in metres, such as 439800, 187900"
    raise ParameterError(message)


def _by_name(typed: str, names: dict[str, list[_Place]]) -> _Place | None:
    """Return the one place of that name, or the one whose name holds what was typed; None when there is none."""
    asked = _plain(typed)
    if not asked:
        return None
    same = names.get(asked)
    if same is None:
        holding = [name for name in names if f" {asked}" in f" {name}"] if len(asked) >= 3 else []
        same = [one for name in holding for one in names[name]]
    if len(same) > 1:
        message = f"{typed!r} is more than one place: {_told(same)}. Type one of them in full, or its easting, northing"
        raise ParameterError(message)
    return same[0] if same else None


def _told(places: Sequence[_Place]) -> str:
    names = [name for _, _, name in places]
    shown = [
        name if names.count(name) == 1 else f"{name} ({easting_m:.0f}, {northing_m:.0f})"
        for easting_m, northing_m, name in places[:_MOST_NEAR]
    ]
    more = len(places) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _nothing_like(typed: str, names: dict[str, list[_Place]]) -> str:
    near = difflib.get_close_matches(_plain(typed), names, n=_MOST_NEAR, cutoff=0.6)
    if near:
        return f"there is no {typed!r} here. Did you mean {', '.join(names[one][0][2] for one in near)}?"
    return f"there is no {typed!r} here: {_ASK}"


def _read(path: Path) -> pd.DataFrame:
    from sufficiency.model.issues import Issue, issues_table
    from sufficiency.sources.public.postcodes import read_postcodes

    issues: list[Issue] = []
    reading = read_postcodes(path, issues)
    if reading is None:
        message = f"{path.name} cannot be read as a directory of postcodes"
        raise DataError(message, issues_table([one for one in issues if one.severity == "error"]))
    return reading.table


def _by_postcode(postcode: str, directory: pd.DataFrame | None) -> _Place:
    import pandas as pd

    from sufficiency.sources.public.postcodes import locate_postcodes

    if directory is None:
        message = f"no directory of postcodes is loaded, so that {postcode} cannot be found: {_ASK}"
        raise ParameterError(message)
    row = locate_postcodes(pd.Series([postcode]), directory).iloc[0]
    if row["class"] not in {"ok", "terminated"}:
        message = f"{postcode} is not in the directory of postcodes: check it, or {_ASK}"
        raise ParameterError(message)
    return float(row["easting_m"]), float(row["northing_m"]), postcode
