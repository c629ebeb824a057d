"""Public files of an authority, fetched once and kept: boundaries, schools and postcodes.

Only the command `fetch` calls this: beside the fetching of roads, it is the one part of the package that asks the
network. A call that was stopped is gone on with by the next, which leaves alone what is there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.geography import BNG, WGS84
from sufficiency.sources.public.catalogue import ATTRIBUTION, FILES, SERVERS
from sufficiency.sources.public.download_answers import WAIT_S, Service
from sufficiency.sources.public.download_authority import find_authority
from sufficiency.sources.public.download_features import Features, among
from sufficiency.sources.public.download_store import FetchedFile, kept_file, write_file
from sufficiency.sources.public.download_tables import csv_text, fetch_establishments, fetch_postcodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sufficiency.sources.public.download_authority import Authority
    from sufficiency.sources.public.download_features import Layer

__all__ = ["BORDER_M", "KINDS", "fetch_public"]

KINDS: Final = tuple(FILES)
BORDER_M: Final = 15_000.0
MOST_BORDER_M: Final = 100_000.0
# What published positions are rounded to: a tenth of a millimetre.
_DECIMALS: Final = 4


def fetch_public(
    authority: str,
    directory: Path,
    *,
    what: Sequence[str] = KINDS,
    border_m: float = BORDER_M,
    date: str = "",
    servers: Mapping[str, str] | None = None,
    again: bool = False,
    say: Callable[[str], None] | None = None,
    wait_s: float = WAIT_S,
) -> list[FetchedFile]:
    """Fetch the public files of an authority into a folder, unless they are there.

    Parameters
    ----------
    authority
        Name or code of a county, unitary authority, metropolitan district or London borough of England.
    directory
        The folder; made where it does not exist.
    what
        Kinds of files: boundaries, schools, postcodes.
    border_m
        Width in metres of the border around the authority whose postcodes are kept too.
    date
        Day of the fetching, for the record, and of the schools' file; blank = the day that the services state.
    servers
        Kind -> address, instead of those of `SERVERS`.
    again
        Whether to fetch what is there already.
    say
        Called with a few words when something takes long.
    wait_s
        How long a busy service is left alone before it is asked again, seconds; six times, ever longer.

    Returns
    -------
    list of FetchedFile
        Each file with its record, in the order of `FILES`.

    Raises
    ------
    ConnectionError
        When a service cannot be reached, stays busy, or does not give the whole of a file, which is not written then;
        those before it stay.
    DataError
        When a file is there that is not what was fetched, or another authority's.
    ParameterError
        When there is no such authority, kind, day or address.
    """
    _check(what, border_m, date)
    wanted = [(kind, file) for kind in KINDS if kind in what for file in FILES[kind]]
    kept = {file: None if again else kept_file(directory / file, authority, border_m) for _, file in wanted}
    if all(kept.values()):
        return [one for one in kept.values() if one is not None]
    if directory.exists() and not directory.is_dir():
        message = f"{directory} is a file, not a folder"
        raise DataError(message)
    with contextlib.ExitStack() as stack:
        services = {}
        for kind in KINDS:
            address = (servers or {}).get(kind, SERVERS[kind])
            services[kind] = Service(kind, address, say or (lambda _: None), wait_s)
            stack.callback(services[kind].close)
        job = _Job(authority, date, border_m, services, say or (lambda _: None))
        return [kept[file] or job.fetch(kind, directory / file) for kind, file in wanted]


def _check(what: Sequence[str], border_m: float, date: str) -> None:
    odd = sorted(set(what) - set(KINDS))
    if odd or not what:
        message = f"what to fetch must be of {', '.join(KINDS)}, not {', '.join(odd) or 'nothing'}"
        raise ParameterError(message)
    if not 0 <= border_m <= MOST_BORDER_M:
        message = f"the border must be 0 to {MOST_BORDER_M / 1000:g} km wide, not {border_m / 1000:g}"
        raise ParameterError(message)
    try:
        dt.date.fromisoformat(date or "2000-01-01")
    except ValueError:
        message = f"the day of the fetching must be one such as 2026-11-23, not {date!r}"
        raise ParameterError(message) from None


class _Job:
    """One fetch: the authority, looked up once, and what its files share."""

    def __init__(
        self,
        wanted: str,
        date: str,
        border_m: float,
        services: Mapping[str, Service],
        say: Callable[[str], None],
    ) -> None:
        self._date, self._border_m, self._services, self._say = date, border_m, services, say
        self._features = Features(services["boundaries"])
        say(f"Looking for {wanted}")
        self._authority: Authority = find_authority(wanted, services["boundaries"], self._features)
        self._areas: dict[str, str] = {}

    def fetch(self, kind: str, path: Path) -> FetchedFile:
        """Fetch one file and write it."""
        self._say(f"{path.name} of {self._authority.name}")
        service = self._services[kind]
        if kind == "schools":
            table = fetch_establishments(path.name, service, self._authority, self._date)
        elif kind == "postcodes":
            table = fetch_postcodes(service, self._authority, self._border_m)
        else:
            text, more = self._boundaries(path.name)
            return write_file(path, text, self._record(kind, more))
        account = table.account
        more = {**table.record, "rows_read": account.rows, "rows": account.used, "set_aside": dict(account.set_aside)}
        return write_file(path, csv_text(table.header, table.rows), self._record(kind, more))

    def _record(self, kind: str, more: Mapping[str, Any]) -> dict[str, Any]:
        service, authority = self._services[kind], self._authority
        return {
            "attribution": ATTRIBUTION[kind],
            "source": f"{more['service']}, through {service.host}",
            "date": self._date or service.day,
            "authority": {
                "code": authority.code,
                "name": authority.name,
                "districts": [{"code": code, "name": name} for code, name in authority.districts],
            },
            **more,
        }

    def _boundaries(self, file: str) -> tuple[str, dict[str, Any]]:
        name = file.split(".", 1)[0]
        layer = self._features.layer(name)
        about = {"service": layer.service, "data_as_of": layer.as_of}
        if name == "lsoa_centroids":
            rows = self._centroids(layer)
            return csv_text((layer.fields["code"], "x", "y"), rows), about | {"crs": BNG, "rows": len(rows)}
        if name == "lsoa11_lsoa21":
            header = tuple(column for column in layer.columns if column != layer.row_id)
            rows = self._lookup(layer, header)
            return csv_text(header, rows), about | {"rows": len(rows)}
        features = self._polygons(name, layer)
        return _geojson(name, features), about | {"crs": WGS84, "features": len(features)}

    def _small_areas(self) -> dict[str, str]:
        """Return code -> name of the authority's lower layer super output areas, by the newest lookup."""
        if not self._areas:
            layer, service = self._features.layer("lsoa_lad"), self._services["boundaries"]
            code, name, district = (layer.fields[role] for role in ("code", "name", "district"))
            rows = self._rows(layer, district, self._authority.district_codes)
            lost = sorted(set(self._authority.district_codes) - {str(row[district]) for row in rows})
            if lost:
                text = (
                    f"knows no lower layer super output area of {', '.join(lost)} of {self._authority.name} in "
                    f"{layer.service}: the lookup may be of an earlier year than the districts"
                )
                service.refuse(text)
            self._areas = {str(row[code]): str(row[name]) for row in rows}
            if len(self._areas) != len(rows):
                service.refuse(f"names areas twice in {layer.service}, for one authority")
        return self._areas

    def _rows(self, layer: Layer, field: str, values: Sequence[str]) -> list[dict[str, Any]]:
        return [row for where in among(field, values) for row in self._features.rows(layer, where)]

    def _ground(self, layer: Layer, field: str, values: Sequence[str], crs: str) -> list[dict[str, Any]]:
        """Return the features of some values of a column, ordered by code: every value must be met."""
        found = [one for where in among(field, values) for one in self._features.rows(layer, where, crs=crs)]
        self._refuse_lost(layer, values, [str(one["properties"].get(field)) for one in found])
        code = layer.fields["code"]
        codes = [str(one["properties"].get(code) or "") for one in found]
        if len(set(codes)) != len(codes) or "" in codes:
            self._services["boundaries"].refuse(f"gave an area twice, or without its code, in {layer.service}")
        return sorted(found, key=lambda one: str(one["properties"][code]))

    def _refuse_lost(self, layer: Layer, wanted: Sequence[str], found: Sequence[str]) -> None:
        lost = sorted(set(wanted) - set(found))
        if lost:
            text = f"has no row of {', '.join(lost[:5])} ({len(lost):,} of {len(set(wanted)):,}) in {layer.service}"
            self._services["boundaries"].refuse(text)

    def _polygons(self, name: str, layer: Layer) -> list[dict[str, Any]]:
        if name in {"lad", "ward"}:
            field = layer.fields["code" if name == "lad" else "district"]
            return self._ground(layer, field, self._authority.district_codes, WGS84)
        areas = self._small_areas()
        if name == "lsoa":
            return self._ground(layer, layer.fields["code"], list(areas), WGS84)
        # the name of a small area is that of the larger one that it lies in, and a letter
        return self._ground(layer, layer.fields["name"], [text[:-1] for text in areas.values()], WGS84)

    def _centroids(self, layer: Layer) -> list[list[str]]:
        field = layer.fields["code"]
        found = self._ground(layer, field, list(self._small_areas()), BNG)
        points = [(str(one["properties"][field]), one["geometry"]["coordinates"]) for one in found]
        return [[code, *(str(round(float(axis), _DECIMALS)) for axis in point[:2])] for code, point in points]

    def _lookup(self, layer: Layer, header: Sequence[str]) -> list[list[str]]:
        code, old = layer.fields["code"], layer.fields["old"]
        areas = list(self._small_areas())
        rows = self._rows(layer, code, areas)
        self._refuse_lost(layer, areas, [str(row.get(code)) for row in rows])
        ordered = sorted(rows, key=lambda row: (str(row.get(old)), str(row.get(code))))
        return [["" if row.get(column) is None else str(row[column]) for column in header] for row in ordered]


def _geojson(name: str, features: Sequence[Mapping[str, Any]]) -> str:
    """Return a feature collection as text, a feature a line; positions are longitude and latitude."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": one["properties"], "geometry": one["geometry"]}, ensure_ascii=False
        )
        for one in features
    ]
    crs = json.dumps({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})
    head = f'{{"type": "FeatureCollection", "name": "{name}", "crs": {crs}, "features": [\n'
    return head + ",\n".join(lines) + "\n]}\n"
