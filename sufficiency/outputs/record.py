"""``run.json``: what a reader needs to repeat a run and to check its proofs. No clock, path, user or host."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import platform
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from sufficiency.outputs.stable import write_text
from sufficiency.outputs.style import internal_mark

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import RunRecord

__all__ = ["record_as_dict", "to_json", "write_record"]

_LIBRARIES: Final = (
    "folium",
    "geopandas",
    "matplotlib",
    "numba",
    "numpy",
    "ortools",
    "osmium",
    "osmnx",
    "pandas",
    "pyproj",
    "python-docx",
    "scipy",
    "shapely",
    "typst",
    "xlsxwriter",
)


def _plain(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value, one return for each kind
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in value}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, AbstractSet):
        return sorted(_plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return _plain(value.item()) if hasattr(value, "item") else str(value)


def to_json(value: object) -> str:
    """Return JSON text, keys in the order given, ending in a line break; numbers that are not finite are refused."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _versions(package: str) -> dict[str, str]:
    found = {"sufficiency": package, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def record_as_dict(record: RunRecord, build: str = "public") -> dict[str, Any]:
    """Return the record as plain values: run_id, versions, digests, parameters, checks, certificates.

    Parameters
    ----------
    record
        The record of the run.
    build
        Name of the build; one that is not public is marked.

    Returns
    -------
    dict
        Ready for JSON; digests and checks sorted by name, certificates by scenario, policy, year and solve.
    """
    certificates = sorted(record.certificates, key=lambda c: (c.scenario_id, c.policy, c.year, c.solve))
    return {
        **({"marking": mark} if (mark := internal_mark(build)) else {}),
        "run_id": record.run_id,
        "versions": _versions(record.version),
        "digests": {name: record.digests[name] for name in sorted(record.digests)},
        "parameters": _plain(record.parameters),
        "checks": {name: record.checks[name] for name in sorted(record.checks)},
        "certificates": [_plain(certificate) for certificate in certificates],
    }


def write_record(record: RunRecord, path: Path, build: str = "public") -> None:
    """Write ``run.json``.

    Parameters
    ----------
    record
        The record of the run.
    path
        The file to write.
    build
        Name of the build.
    """
    write_text(path, to_json(record_as_dict(record, build)))
