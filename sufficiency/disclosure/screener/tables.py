"""What gives pupils away in a table: persons, births, postcodes and positions beside pupils, and small counts."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from sufficiency.disclosure.screener.canaries import NEAR_M
from sufficiency.disclosure.screener.identifiers import UUID, is_postcode, numbers_in, ten_digits, words_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sufficiency.disclosure.screener.spot import Spot

__all__ = ["is_count", "names_person", "plain_name", "screen_table"]

_PERSON: Final = re.compile(
    r"(?:pupil|child|student|learner|person|young_person|parent|carer|guardian)_?(?:s_)?"
    r"(?:id|ids|ref|reference|no|number|name|forename|surname|full_name|table_?id|uuid|address|email|phone)"
    r"|upn|former_upn|uln|unique_?pupil_?number|unique_?learner_?number|nhs(?:_?(?:no|number))?"
    r"|ni(?:no|_number)|national_insurance(?:_number)?|fore_?names?|first_?names?|given_?names?|middle_?names?"
    r"|sur_?names?|last_?names?|family_?names?|preferred_?(?:fore|sur)?_?names?"
    r"|(?:person_?)?(?:dob|birth_?date|date_?of_?birth)(?:_.*)?|home_?(?:address|post_?code|email|phone).*"
    r"|(?:pupil|child|student|learner)_?post_?code|post_?code_?(?:of_)?home|mother|father"
)
_ADDRESS: Final = re.compile(r"address(?:_?line)?_?\d*|street|house(?:_?(?:no|number|name))?|uprn")
_ID_COLUMN: Final = re.compile(r".*(?:_id|ref|uuid|number|no)|upn|uln")
_SCHOOL: Final = re.compile(
    r"urn|setting_id|setting_name|school(?:_?(?:id|name|urn))?|establishment.*|la_?estab|ukprn|provider.*|schoolname"
)
_AREA: Final = re.compile(r".*(?:area|district|cluster|ward|authority|region|scheme|candidate)(?:_id|_name|_code)?")
_ATTRIBUTE: Final = re.compile(
    r"sex|gender.*|ethnicity.*|ncy|nc_?year.*|year_?group|need|primary_?need|sen_?type.*|ehcp|age|religion|language"
)
_FINE: Final = re.compile(
    r"zone(?:_id)?|(?:home_)?origin(?:_id)?|lsoa.*|oa(?:_?code|\d\dcd)?|output_?area.*|household.*|uprn|street|post_?code"
)
_SITE: Final = re.compile(r"street|post_?code|uprn")
_LATITUDE: Final = re.compile(r"(?:home_|pupil_)?(?:lat|latitude|northing|northing_m|y)")
_LONGITUDE: Final = re.compile(r"(?:home_|pupil_)?(?:lon|lng|long|longitude|easting|easting_m|x)")
_POINT: Final = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?POINT\b", re.IGNORECASE)
_SMALL_AREA: Final = re.compile(r"[EW]0[01]\d{6}", re.ASCII)
_DATE: Final = re.compile(r"(\d{4})-\d{2}-\d{2}(?:[T ].*)?|\d{1,2}[/.]\d{1,2}[/.](\d{4})", re.ASCII)
_UNIT: Final = re.compile(r".*_(?:gbp|m|km|ms|min|kph|kgco2e|places|pupils|people)(?:_\w+)?")
_VALUES: Final = ("value", "before", "after", "low", "high")
# the key that a star schema names its measures by
_MEASURE_KEY: Final = "measure_key"
_BLANK: Final = frozenset({"", "c", "z", "nan", "None", "<NA>", "null"})
# a column without a date or postcode in so many rows has none
_LOOK_AT: Final = 200
_BORN_FROM: Final = 1995
SEPARATOR: Final = "\x1f"


def plain_name(name: object) -> str:
    """Return a column's name in lower case, words joined by underscores: ``Date of Birth`` -> ``date_of_birth``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name).strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def is_count(name: object) -> bool:
    """Return whether a column counts pupils or people: ``..._pupils``, ``..._people``, ``pupils``, ``... (pupils)``."""
    plain = str(name).strip().lower()
    return plain == "pupils" or plain.endswith(("_pupils", "_people", "(pupils)", "(people)"))


def names_person(name: object) -> bool:
    """Return whether a column's name says that it names persons."""
    return bool(_PERSON.fullmatch(plain_name(name)))


class _Seen:
    """What has been seen in one column."""

    def __init__(self, name: str) -> None:
        self.plain = plain_name(name)
        self.counts = is_count(name)
        self.person = names_person(name)
        self.filled = self.dates = self.codes = self.uuids = self.fine = self.points = 0
        self.tens = self.small = self.first_small = self.first = self.most = 0
        self.valid = {"nhs": 0, "uln": 0}
        self.years: set[str] = set()
        self.distinct: set[str] = set()


def screen_table(spot: Spot, columns: Sequence[object], rows: Iterable[tuple[int, Sequence[Any]]]) -> None:
    """Report what a table gives away.

    Parameters
    ----------
    spot
        The sheet, layer or path that the table stands in.
    columns
        Names of the columns.
    rows
        Number of the row and its values, one a column; read once, as a stream.
    """
    table = _Table(spot, columns)
    for number, row in rows:
        table.read(number, row)
    table.close()


class _Table:
    def __init__(self, spot: Spot, columns: Sequence[object]) -> None:
        self._spot, self._rules = spot, spot.rules
        self._seen = [_Seen(str(name)) for name in columns]
        names = [" ".join(str(name).split()) for name in columns]
        self._names = [
            f"column {name if spot.rules.may_show(name) else place}" for place, name in enumerate(names, start=1)
        ]
        plain = [seen.plain for seen in self._seen]
        small = range(1, spot.rules.hide_up_to + 1)
        self._small = {f"{sign}{one}{end}" for one in small for sign in ("", "-") for end in ("", ".0", ".00")}
        self._counted = [at for at, seen in enumerate(self._seen) if seen.counts]
        self._folder = spot.file.rpartition("/")[0]
        self._key = plain.index(_MEASURE_KEY) if _MEASURE_KEY in plain else -1
        self._named = plain.index("column") if self._key >= 0 and "column" in plain else -1
        self._measure = plain.index("measure") if "measure" in plain else self._key
        self._valued = [at for at, name in enumerate(plain) if name in _VALUES] if self._measure >= 0 else []
        self._level = plain.index("level") if "level" in plain else -1
        self._pair = tuple(
            next((at for at, name in enumerate(plain) if pattern.fullmatch(name)), -1)
            for pattern in (_LATITUDE, _LONGITUDE)
        )
        self._homes: list[tuple[int, float, float]] = []
        self._zone_level = False
        self._rows = 0
        self._words(0, [str(name) for name in columns])

    def _add(self, kind: str, column: int, row: int, count: int = 1) -> None:
        self._spot.within(self._names[column]).add(kind, f"row {row}" if row else "", count)

    def read(self, number: int, row: Sequence[Any]) -> None:
        """Look at one row."""
        self._rows += 1
        texts = ["" if value is None else str(value) for value in row[: len(self._seen)]]
        texts += [""] * (len(self._seen) - len(texts))
        self._words(number, texts)
        self._small_counts(number, texts)
        if self._named >= 0:
            measures = self._spot.findings.measures
            measures[self._folder, texts[self._key].strip()] = is_count(texts[self._named])
        if self._level >= 0 and texts[self._level].strip().lower() == "zone":
            self._zone_level = True
        for at, text in enumerate(texts):
            self._look(at, number, text)
        if min(self._pair) >= 0 and len(self._rules.canaries.homes):
            with contextlib.suppress(ValueError):
                self._homes.append((number, float(texts[self._pair[0]]), float(texts[self._pair[1]])))
            if len(self._homes) >= 10_000:
                self._settle_homes()

    def _words(self, number: int, texts: list[str]) -> None:
        joined = SEPARATOR.join(texts)
        rules = self._rules
        found = [*numbers_in(joined), *words_in(joined)]
        found += [("own_id", at) for at in rules.canaries.ids_in(joined)]
        if min(self._pair) < 0:
            found += [("own_home", at) for at in rules.canaries.homes_in(joined)]
        for kind, start in found:
            column = joined.count(SEPARATOR, 0, start)
            if kind in ("nhs", "uln") and re.fullmatch(r"\s*\d{10}\s*", texts[column]):
                continue
            self._add(kind, column, number)

    def _small_counts(self, number: int, texts: list[str]) -> None:
        for at in self._counted:
            if texts[at].strip() in self._small:
                self._add("small", at, number)
        if self._measure >= 0 and self._counts_pupils(texts[self._measure].strip()):
            for at in self._valued:
                if texts[at].strip() in self._small:
                    self._add("small", at, number)

    def _counts_pupils(self, measure: str) -> bool:
        """Return whether a row's measure counts pupils, by its name or by the list of measures beside the file."""
        return is_count(measure) or self._spot.findings.measures.get((self._folder, measure), False)

    def _look(self, at: int, number: int, text: str) -> None:
        seen, cell = self._seen[at], text.strip()
        if cell in _BLANK:
            return
        seen.filled += 1
        seen.first = seen.first or number
        if seen.person:
            seen.uuids += bool(UUID.fullmatch(cell))
        if len(cell) == 10 and cell.isdigit() and not _UNIT.fullmatch(seen.plain):
            seen.tens += 1
            kind = ten_digits(cell)
            if kind:
                seen.valid[kind] += 1
        if seen.counts and cell not in {"0", "0.0"}:
            seen.most = 1
        if self._rows > _LOOK_AT and not (seen.dates or seen.codes or seen.fine or seen.points):
            return
        date = _DATE.fullmatch(cell) if len(cell) >= 8 else None
        if date is not None:
            seen.dates += 1
            seen.years.add(date.group(1) or date.group(2))
            if len(seen.distinct) < 5_000:
                seen.distinct.add(cell)
        elif 5 <= len(cell) <= 8 and is_postcode(cell):
            seen.codes += 1
        elif _SMALL_AREA.fullmatch(cell) or cell in self._rules.canaries.zones:
            seen.fine += 1
        elif _POINT.match(cell):
            seen.points += 1

    def _settle_homes(self) -> None:
        near = self._rules.canaries.near([(one, two) for _, one, two in self._homes], NEAR_M)
        for (number, _, _), hit in zip(self._homes, near, strict=True):
            if hit:
                self._add("own_home", self._pair[0], number)
        self._homes.clear()

    def close(self) -> None:
        """Report what only the whole table shows."""
        self._settle_homes()
        names = {seen.plain for seen in self._seen}
        school = any(_SCHOOL.fullmatch(name) for name in names)
        persons = self._persons(school=school)
        counts = any(seen.counts and seen.most for seen in self._seen)
        attributes = sum(bool(_ATTRIBUTE.fullmatch(name)) for name in names)
        counted = any(seen.counts for seen in self._seen)
        pupils = persons or (attributes >= 2 and not counted)
        known = school or any(_AREA.fullmatch(name) for name in names)
        self._numbers()
        self._births(pupils=pupils, school=school)
        fine = self._fine(counts=counts, school=school)
        self._places(pupils=pupils, counts=counts and (fine or not known))

    def _persons(self, *, school: bool) -> bool:
        found = False
        for at, seen in enumerate(self._seen):
            named = seen.person or (not school and bool(_ADDRESS.fullmatch(seen.plain)))
            if named and seen.filled:
                found = True
                pseudonyms = seen.uuids * 2 >= seen.filled
                self._add("pseudonym" if pseudonyms else "person", at, seen.first, seen.filled)
        return found

    def _numbers(self) -> None:
        """Report columns of ten digits of which nearly all pass a check that chance passes once in 11."""
        for at, seen in enumerate(self._seen):
            for kind, valid in seen.valid.items():
                if valid and (valid * 10 >= seen.tens * 9 or kind in seen.plain):
                    self._add(kind, at, seen.first, valid)
                    break

    def _births(self, *, pupils: bool, school: bool) -> None:
        for at, seen in enumerate(self._seen):
            if seen.person or seen.dates * 10 < seen.filled * 9 or not seen.dates:
                continue
            years = {int(year) for year in seen.years}
            born = all(_BORN_FROM <= year <= self._rules.last_birth for year in years)
            spread = len(years) >= 3 and len(seen.distinct) * 2 >= min(seen.dates, 5_000)
            if born and ((spread and not school) or (pupils and spread)):
                self._add("birth", at, seen.first, seen.dates)

    def _fine(self, *, counts: bool, school: bool) -> bool:
        """Report what is finer than a cluster beside counts; the address of a school is that of no pupil."""
        if not counts:
            return False
        found = self._zone_level
        if self._zone_level:
            self._add("fine", self._level, 0)
        for at, seen in enumerate(self._seen):
            values = seen.fine * 5 >= seen.filled * 4 and seen.fine
            named = _FINE.fullmatch(seen.plain) and not (school and _SITE.fullmatch(seen.plain))
            if seen.filled and (values or named):
                self._add("fine", at, seen.first, seen.filled)
                found = True
        return found

    def _places(self, *, pupils: bool, counts: bool) -> None:
        """Report postcodes and positions beside pupils, but not a postcode that is said to be the school's."""
        for at, seen in enumerate(self._seen):
            named = seen.person or seen.plain.startswith(("school", "setting"))
            if (pupils or counts) and not named and seen.codes * 2 >= max(seen.filled, 1):
                self._add("postcode", at, seen.first, seen.codes)
        points = [at for at, seen in enumerate(self._seen) if seen.points]
        if min(self._pair) >= 0 and all(self._seen[at].filled for at in self._pair):
            points.append(self._pair[0])
        for at in points if pupils or counts else ():
            self._add("position", at, self._seen[at].first, self._seen[at].filled)
