"""The command that asks the network: roads of an area, or the public files of an authority."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sufficiency.cli.screen import Steps
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import argparse

    from sufficiency.sources.public.download_store import FetchedFile

__all__ = ["add_options", "fetch"]

_ALREADY: Final = "There already, and as it was fetched (--again fetches it anew):"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    from pathlib import Path

    # fmt: off
    parser.add_argument("area", type=Path, metavar="AREA",
                        help="area directory, with its boundaries; with --authority, a folder for the files")
    parser.add_argument("--authority", default=None, metavar="NAME",
                        help="fetch the public files of this authority, by name or code, instead of roads")
    parser.add_argument("--what", default=None, metavar="KINDS",
                        help="with --authority: of boundaries, schools, postcodes (default: all, with commas)")
    parser.add_argument("--buffer-km", type=float, default=15.0, metavar="KM",
                        help="width of the border around the area that is fetched too (default 15)")
    parser.add_argument("--again", action="store_true", help="fetch even if it is there, and replace it")
    parser.add_argument("--date", default="", metavar="YYYY-MM-DD",
                        help="day of the fetching, for the record (default: the date of the data)")
    parser.add_argument("--server", action="append", default=None, metavar="URL",
                        help="another Overpass server than overpass-api.de; with --authority, KIND=URL, repeatable")
    # fmt: on


def fetch(options: argparse.Namespace) -> None:
    """Fetch what is asked for, and say what was written."""
    if options.authority is not None:
        _fetch_public(options)
        return
    if options.what is not None:
        message = "--what goes with --authority: without it, the roads of an area are fetched"
        raise ParameterError(message)
    _fetch_roads(options)


def _fetch_roads(options: argparse.Namespace) -> None:
    from sufficiency.sources.area import read_outline
    from sufficiency.sources.roads.download import SERVER, check_request, fetch_roads
    from sufficiency.sources.roads.folder import roads_beside

    server = options.server[-1] if options.server and options.server[-1] else SERVER
    check_request(options.buffer_km * 1_000, options.date, server)
    parameters, outline = read_outline(options.area)
    folder = options.area / "roads"
    steps = Steps()
    steps(f"Roads of {parameters.area_name} and {options.buffer_km:g} km around")
    fetched = fetch_roads(
        outline,
        folder,
        crs=parameters.crs,
        buffer_m=options.buffer_km * 1_000,
        date=options.date,
        server=server,
        again=options.again,
        say=steps,
    )
    steps.finish()
    record = fetched.record
    print("Written:" if fetched.downloaded else _ALREADY)
    print(f"  {fetched.path}: {record['bytes'] / 1e6:,.1f} MB, {record['edges']:,} pieces of road, {record['source']}, "
          f"data of {record['date'] or 'an unstated date'}")  # fmt: skip
    print(f"  {record['attribution']}")
    beside = roads_beside(folder, fetched.path)
    if beside:
        print(f"\nMove {', '.join(beside)} out of {folder}, so that the fetched roads are the ones used.")


def _fetch_public(options: argparse.Namespace) -> None:
    from sufficiency.sources.public.download import KINDS, fetch_public

    if not options.authority.strip():
        message = "--authority needs the name or code of an authority, such as Oxfordshire"
        raise ParameterError(message)
    kinds = KINDS if options.what is None else [one.strip() for one in options.what.split(",") if one.strip()]
    servers = dict(_server(text, KINDS) for text in options.server or ())
    steps = Steps()
    files = fetch_public(
        options.authority.strip(),
        options.area,
        what=kinds,
        border_m=options.buffer_km * 1_000,
        date=options.date,
        servers=servers,
        again=options.again,
        say=steps,
    )
    steps.finish()
    for title, downloaded in (("Written:", True), (_ALREADY, False)):
        some = [one for one in files if one.downloaded == downloaded]
        if some:
            print(title)
        for one in some:
            print(f"  {_line(one)}")
    for text in dict.fromkeys(str(one.record.get("attribution", "")) for one in files):
        print(text)


def _server(text: str, kinds: tuple[str, ...]) -> tuple[str, str]:
    kind, _, address = text.partition("=")
    if kind not in kinds or not re.match(r"https?://", address):
        message = f"with --authority, --server must be KIND=URL with a kind of {', '.join(kinds)}, not {text!r}"
        raise ParameterError(message)
    return kind, address


def _line(one: FetchedFile) -> str:
    record = one.record
    count = record.get("features", record.get("rows", 0))
    text = f"{one.path}: {record.get('bytes', 0) / 1e6:,.1f} MB, {count:,} rows"
    if "rows_of_authority" in record:
        text += f" ({record['rows_of_authority']:,} of {record['authority']['name']})"
    aside = {why: rows for why, rows in (record.get("set_aside") or {}).items() if rows}
    if aside:
        text += "; left out: " + ", ".join(f"{rows:,} {why}" for why, rows in aside.items())
    return f"{text}; {record.get('source', '')}, data of {record.get('data_as_of') or 'an unstated date'}"
