"""The authority that is meant: found by its name or code among those of England, with its districts."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import ParameterError
from sufficiency.sources.public.download_answers import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sufficiency.sources.public.download_answers import Service
    from sufficiency.sources.public.download_features import Features

__all__ = ["Authority", "choose_authority", "find_authority", "names_it"]

_CODE: Final = re.compile(r"[A-Z]\d{8}", re.ASCII)
# Unitary authorities, metropolitan districts and London boroughs plan their own places; the others their county does.
_SINGLE: Final = ("E06", "E08", "E09")
_DISTRICT: Final = "E07"
_COUNTY: Final = "E10"
# Words that names carry or not: "Bristol, City of", "County Durham", "Oxfordshire County Council".
_EXTRA: Final = frozenset(
    {"city", "county", "of", "council", "borough", "metropolitan", "london", "royal", "the", "unitary", "authority"}
)
_MOST_NAMED: Final = 5


@dataclass(frozen=True)
class Authority:
    """A local authority for education: its code and name, and the code and name of each of its districts."""

    code: str
    name: str
    districts: tuple[tuple[str, str], ...]

    @property
    def district_codes(self) -> tuple[str, ...]:
        """Codes of the districts, ascending."""
        return tuple(code for code, _ in self.districts)


def find_authority(wanted: str, service: Service, features: Features) -> Authority:
    """Return the authority of a name or code, from the newest districts and the newest lookup of their counties.

    Parameters
    ----------
    wanted
        Name or code, such as Oxfordshire or E10000025.
    service, features
        The service of boundaries.

    Raises
    ------
    ParameterError
        When there is none; the nearest names are given.
    ConnectionError
        When the service does not answer, or its lookups disagree.
    """
    lad = features.layer("lad")
    starts = " OR ".join(f"{lad.fields['code']} LIKE '{start}%'" for start in (*_SINGLE, _DISTRICT))
    districts = dict(_pairs(features.rows(lad, starts), lad.fields["code"], lad.fields["name"], service))
    if not districts:
        service.refuse(f"lists no district of England in {lad.service}")
    lookup = features.layer("county")
    county, district, name = (lookup.fields[role] for role in ("code", "district", "name"))
    rows = features.rows(lookup, f"{county} LIKE '{_COUNTY}%'")
    counties = dict(_pairs(rows, county, name, service))
    members: dict[str, set[str]] = {}
    for code, of in _pairs(rows, county, district, service):
        members.setdefault(code, set()).add(of)
    found = choose_authority(wanted, districts, counties, members)
    lost = sorted(set(found.district_codes) - set(districts))
    if lost:
        text = (
            f"does not agree with itself on {found.name}: {', '.join(lost)} of {lookup.service} is not in "
            f"{lad.service}; the authority may be changing, so put the files in place by hand (docs/fetch.md says how)"
        )
        service.refuse(text)
    return found


def choose_authority(
    wanted: str, districts: Mapping[str, str], counties: Mapping[str, str], members: Mapping[str, Iterable[str]]
) -> Authority:
    """Return the authority that a name or code means.

    Parameters
    ----------
    wanted
        Name or code.
    districts
        Code -> name of every district of England, whatever its kind.
    counties
        Code -> name of every county with a council.
    members
        Code of a county -> codes of its districts.

    Raises
    ------
    ParameterError
        When none is meant, or a district whose county plans the places.
    """
    known = {code: name for code, name in districts.items() if code.startswith(_SINGLE)} | dict(counties)
    code = _match(wanted, known)
    if code is not None:
        own = sorted(members.get(code, ())) if code in counties else [code]
        return Authority(code, known[code], tuple((one, districts.get(one, "")) for one in own))
    low = _match(wanted, {one: name for one, name in districts.items() if one.startswith(_DISTRICT)})
    if low is not None:
        above = next((counties[one] for one in counties if low in set(members.get(one, ()))), "its county")
        message = f"{districts[low]} is a district of {above}, which plans its places: name {above} instead"
        raise ParameterError(message)
    near = _nearest(wanted, known)
    hint = f"did you mean {' or '.join(near)}?" if near else "give the name or code of a council, such as Oxfordshire"
    message = f"there is no authority {short(wanted)!r} in England that plans school places: {hint}"
    raise ParameterError(message)


def names_it(wanted: str, code: str, name: str) -> bool:
    """Return whether a text is the code or the name of an authority."""
    return _match(wanted, {code: name}) is not None


def _pairs(rows: Sequence[Mapping[str, Any]], one: str, other: str, service: Service) -> list[tuple[str, str]]:
    """Return two columns as text, ordered; codes must be codes."""
    found = set()
    for row in rows:
        code, text = str(row.get(one) or "").strip(), str(row.get(other) or "").strip()
        if not _CODE.fullmatch(code) or not text:
            service.refuse(f"gave a district or county without a code or a name ({short(code) or 'blank'})")
        found.add((code, text))
    return sorted(found)


def _match(wanted: str, known: Mapping[str, str]) -> str | None:
    """Return the code that is meant: by code, by the whole name, or by the one name that differs in small words."""
    if wanted.strip().upper() in known:
        return wanted.strip().upper()
    for key in (_plain, _core):
        sought = key(wanted)
        found = [code for code, name in known.items() if key(name) == sought]
        if sought and len(found) == 1:
            return found[0]
    return None


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", name.casefold().replace("&", " and ").replace("'", "")).split())


def _core(name: str) -> str:
    return " ".join(sorted(word for word in _plain(name).split() if word not in _EXTRA))


def _nearest(wanted: str, known: Mapping[str, str]) -> list[str]:
    plain = {_plain(name): name for name in sorted(known.values())}
    sought = _plain(wanted)
    within = [text for text in plain if len(sought) > 3 and sought in text]
    near = difflib.get_close_matches(sought, plain, n=3, cutoff=0.6)
    return [plain[text] for text in dict.fromkeys([*near, *within])][:_MOST_NAMED]
