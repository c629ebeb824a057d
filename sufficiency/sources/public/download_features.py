"""Features of an ArcGIS feature service, such as ONS's: the newest service of a series, and its rows, all of them.

A service gives its rows page by page, and pages may repeat or leave out rows while it is busy or republished. So the
service is asked for the number of rows first, and that many different rows must come.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.geography import BNG, WGS84, within_great_britain
from sufficiency.sources.public.catalogue import SERIES, newest
from sufficiency.sources.public.download_answers import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sufficiency.sources.public.download_answers import Service

__all__ = ["Features", "Layer", "among"]

# Boundaries of a few hundred small areas are some megabytes an answer; codes of as many make a short question.
PAGE_ROWS: Final = 500
CODES_A_QUESTION: Final = 200
_MOST_TRIED: Final = 4
# The United Kingdom with its waters, degrees.
_WEST, _EAST, _SOUTH, _NORTH = -9.5, 3.0, 49.0, 62.0
_NAMES_OF: Final[Mapping[str, str]] = {
    WGS84: r"(EPSG:4326|urn:ogc:def:crs:(OGC:1\.3:CRS84|EPSG:.*:4326))",
    BNG: r"(EPSG:27700|urn:ogc:def:crs:EPSG:.*:27700)",
}


@dataclass(frozen=True)
class Layer:
    """A layer or table of a service: its name, path, columns by role, all columns, and the day of its data."""

    service: str
    path: str
    fields: Mapping[str, str]
    columns: tuple[str, ...]
    row_id: str
    page_rows: int
    as_of: str


class Features:
    """A feature service: its catalogue, asked for once, and the rows of its layers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._names: list[str] = []
        self._layers: dict[str, Layer] = {}

    def layer(self, series: str) -> Layer:
        """Return the newest layer of a series (a key of `SERIES`) that has the columns needed.

        Raises
        ------
        ConnectionError
            When the catalogue lists none.
        """
        if series not in self._layers:
            self._layers[series] = self._newest_layer(series)
        return self._layers[series]

    def _newest_layer(self, series: str) -> Layer:
        wanted = SERIES[series]
        if not self._names:
            self._names = self._catalogue()
        found = newest(self._names, wanted)
        for name in found[:_MOST_TRIED]:
            layer = self._describe(name, wanted.fields)
            if layer is not None:
                return layer
        what = "with the columns needed" if found else "by any of the names known"
        text = f"lists no service of {wanted.what} {what}: its services may have been renamed"
        raise self._service.fault(text)

    def _catalogue(self) -> list[str]:
        found = self._service.ask()
        services = found.get("services") if isinstance(found, dict) else None
        names = [
            one["name"].rsplit("/", 1)[-1]
            for one in (services if isinstance(services, list) else [])
            if isinstance(one, dict) and isinstance(one.get("name"), str) and one.get("type") == "FeatureServer"
        ]
        if not names:
            self._service.refuse("gave no list of services: check its address")
        return names

    def _describe(self, name: str, wanted: Mapping[str, str]) -> Layer | None:
        top = self._service.ask(f"/{name}/FeatureServer")
        parts = [*(top.get("layers") or []), *(top.get("tables") or [])] if isinstance(top, dict) else []
        numbers = [one["id"] for one in parts if isinstance(one, dict) and isinstance(one.get("id"), int)]
        if not numbers:
            return None
        path = f"/{name}/FeatureServer/{numbers[0]}"
        about = self._service.ask(path)
        about = about if isinstance(about, dict) else {}
        listed = [
            one for one in about.get("fields") or [] if isinstance(one, dict) and isinstance(one.get("name"), str)
        ]
        columns = tuple(one["name"] for one in listed)
        keys = [one["name"] for one in listed if one.get("type") == "esriFieldTypeOID"]
        row_id = str(about.get("objectIdField") or (keys[0] if keys else ""))
        fields = {}
        for role, pattern in wanted.items():
            # a byte order mark in what was uploaded becomes a letter before the first column's name
            place = next((one for one in columns if re.fullmatch(rf"(?:F_)?(?:{pattern})", one, re.IGNORECASE)), None)
            if place is None:
                return None
            fields[role] = place
        most = about.get("maxRecordCount")
        page_rows = min(most, PAGE_ROWS) if isinstance(most, int) and most > 0 else PAGE_ROWS
        return Layer(name, path, fields, columns, row_id, page_rows, _as_of(about)) if row_id in columns else None

    def rows(self, layer: Layer, where: str, *, crs: str = "") -> list[dict[str, Any]]:
        """Return every row that meets a condition, ordered by the service's own number of the row.

        Parameters
        ----------
        layer
            Where to look.
        where
            The condition, in the service's SQL.
        crs
            EPSG:4326 or EPSG:27700: return GeoJSON features with their geometry; blank = the columns only.

        Raises
        ------
        ConnectionError
            When not every row came, some came twice, or a geometry is missing or stands elsewhere.
        """
        counted = self._service.ask(f"{layer.path}/query", {"where": where, "returnCountOnly": "true", "f": "json"})
        count = counted.get("count") if isinstance(counted, dict) else None
        if not isinstance(count, int) or count < 0:
            self._service.refuse(f"does not say how many rows {layer.service} has for the question")
        found: list[dict[str, Any]] = []
        for page in self._pages(layer, where, count, crs):
            found += page
        keys = {one["properties"].get(layer.row_id) for one in found}
        if len(found) != count or len(keys) != count or None in keys:
            text = (
                f"gave {len(keys - {None}):,} different rows of {layer.service} in {len(found):,}, having counted "
                f"{count:,}: its pages repeat or leave out rows; try again later"
            )
            self._service.refuse(text)
        return found if crs else [one["properties"] for one in found]

    def _pages(self, layer: Layer, where: str, count: int, crs: str) -> Iterator[list[dict[str, Any]]]:
        form = {
            "where": where,
            "outFields": "*",
            "returnGeometry": "true" if crs else "false",
            "orderByFields": layer.row_id,
            "resultRecordCount": str(layer.page_rows),
            "f": "geojson",
        }
        if crs:
            form["outSR"] = crs.rsplit(":", 1)[-1]
        start = 0
        while start < count:
            answer = self._service.ask(f"{layer.path}/query", {**form, "resultOffset": str(start)})
            page = self._features(answer, layer, crs)
            # a page may be empty though more follow, and then says so
            if not page and not _more(answer):
                return
            yield page
            start += len(page) or layer.page_rows

    def _features(self, answer: object, layer: Layer, crs: str) -> list[dict[str, Any]]:
        features = answer.get("features") if isinstance(answer, dict) else None
        sound = isinstance(features, list) and all(
            isinstance(one, dict) and isinstance(one.get("properties"), dict) for one in features
        )
        if not isinstance(answer, dict) or not isinstance(features, list) or not sound:
            self._service.refuse(f"answered with something other than rows of {layer.service}")
        if crs:
            self._check_ground(answer, features, layer, crs)
        return features

    def _check_ground(
        self, answer: Mapping[str, Any], features: Sequence[Mapping[str, Any]], layer: Layer, crs: str
    ) -> None:
        named = answer.get("crs")
        name = str((named.get("properties") or {}).get("name", "")) if isinstance(named, dict) else ""
        if name and not re.fullmatch(_NAMES_OF[crs], name):
            self._service.refuse(f"gave {layer.service} in {short(name)} instead of {crs}")
        for one in features:
            code = short(str(one["properties"].get(layer.fields["code"])))
            points = list(_points(one.get("geometry")))
            if not points:
                self._service.refuse(f"gave {code} of {layer.service} without a geometry")
            if not _stand(points, crs):
                text = f"gave {code} of {layer.service} at positions that are not {crs} in the United Kingdom"
                self._service.refuse(text)


def among(field: str, values: Sequence[str]) -> list[str]:
    """Return the conditions, of bounded length, under which a column holds one of some texts.

    Parameters
    ----------
    field
        Name of the column, from the service.
    values
        The texts.
    """
    quoted = ["'" + value.replace("'", "''") + "'" for value in sorted(set(values))]
    starts = range(0, len(quoted), CODES_A_QUESTION)
    return [f"{field} IN ({','.join(quoted[start : start + CODES_A_QUESTION])})" for start in starts]


def _as_of(about: Mapping[str, Any]) -> str:
    """Return the day on which the data were edited last; blank where the service does not say."""
    edited = about.get("editingInfo")
    for name in ("dataLastEditDate", "lastEditDate"):
        told = edited.get(name) if isinstance(edited, dict) else None
        if isinstance(told, int) and 0 < told < 10**14:
            return dt.datetime.fromtimestamp(told / 1_000, dt.UTC).date().isoformat()
    return ""


def _more(answer: Mapping[str, Any]) -> bool:
    properties = answer.get("properties")
    inner = properties.get("exceededTransferLimit") if isinstance(properties, dict) else None
    return bool(answer.get("exceededTransferLimit") or inner)


def _points(geometry: object) -> Iterator[Sequence[object]]:
    """Yield the positions of a GeoJSON point, polygon or multipolygon; none of anything else."""
    kinds = {"Point": 0, "Polygon": 2, "MultiPolygon": 3}
    depth = kinds.get(str(geometry.get("type"))) if isinstance(geometry, dict) else None
    if isinstance(geometry, dict) and depth is not None:
        yield from _at_depth(geometry.get("coordinates"), depth)


def _at_depth(part: object, depth: int) -> Iterator[Sequence[object]]:
    if not isinstance(part, list):
        return
    if depth == 0:
        yield part
        return
    for inner in part:
        yield from _at_depth(inner, depth - 1)


def _stand(points: Sequence[Sequence[object]], crs: str) -> bool:
    """Return whether every position is one of the reference system, in the United Kingdom."""
    pairs = []
    for point in points:
        x, y = (*point, None, None)[:2]
        if not isinstance(x, int | float) or not isinstance(y, int | float) or not math.isfinite(x + y):
            return False
        pairs.append((x, y))
    if crs == BNG:
        return bool(within_great_britain([x for x, _ in pairs], [y for _, y in pairs]).all())
    return all(_WEST <= x <= _EAST and _SOUTH <= y <= _NORTH for x, y in pairs)
