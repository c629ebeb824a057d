"""What must hold of every reader whatever the file, and a runner: ``python -m tests.fuzz --rounds 10000 --seed 1``.

The laws, for the bytes of a file however damaged:

1. no exception, no warning, and none but the package's own errors where several files are put together;
2. a file of no use is said to be so by an error; otherwise read = used + set aside, and read is the number of rows
   below the header as the csv module counts them;
3. a record of the good file that is in the damaged one too is in the result, or set aside;
4. where one cell was changed, every number of the result is the good file's, or the one written there, or missing
   and said to be so; and every id is the good file's or the one written there;
5. of a SEN2 return no private text comes out.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import json
import random
import re
import shutil
import signal
import tempfile
import time
import traceback
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sufficiency.checks import check
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.issues import issues_table
from sufficiency.prepare import Question, prepare_area
from sufficiency.sources.area import read_area
from sufficiency.sources.public.account import Account, accounts_table
from sufficiency.sources.public.boundary_files import read_boundary_file, read_centroids
from sufficiency.sources.public.ehc_plans import read_ehc_plans
from sufficiency.sources.public.gias import read_gias
from sufficiency.sources.public.gias_links import read_gias_links
from sufficiency.sources.public.lookups import read_lookup
from sufficiency.sources.public.population_files import read_population
from sufficiency.sources.public.postcodes import read_postcodes
from sufficiency.sources.public.pupil_yields import read_pupil_yields
from sufficiency.sources.public.scap import read_scap_capacity, read_scap_forecasts
from sufficiency.sources.public.scorecard import read_scorecard
from sufficiency.sources.public.sen2 import caseload_of_sen2, pattern_of_sen2, read_sen2
from sufficiency.sources.public.sen_schools import read_sen_schools
from sufficiency.sources.template import template_directory
from tests import invented_files as invented
from tests.mutations import Cell, Change, as_workbook, mutate, parsed
from tests.sen2_export import COLUMNS, DATE, POSTCODES, SETTINGS, Export, born

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sufficiency.model.issues import Issue
    from sufficiency.prepare import Found
    from sufficiency.sources.public.account import Reading

MOST_SECONDS = 30
Read = "Callable[[Path, list[Issue]], Reading | None]"


@dataclass(frozen=True)
class Target:
    """A reader, a good file for it, and where its result has the ids of a row and the numbers as the file has them."""

    read: Callable[[Path, list[Issue]], Reading | None]
    good: bytes
    name: str
    kind: str
    key: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    # a result that has a row for each column of figures is told apart by these too
    also: tuple[str, ...] = ()
    headless: bool = False


def _targets() -> dict[str, Target]:
    files = invented.public_files()
    zones = invented.zones()
    population_long = invented.population_long()
    county = invented.COUNTY
    release = ("year", "topic", "breakdown")
    return {
        "gias": Target(read_gias, files["edubasealldata.csv"], "gias.csv", "csv", ("urn",),
                       ("age_from", "age_to", "capacity_places", "pupils", "resourced_places", "resourced_pupils",
                        "unit_places", "unit_pupils", "easting_m", "northing_m")),
        "gias_links": Target(read_gias_links, files["links_edubasealldata.csv"], "links.csv", "csv", ("urn", "link_urn")),
        "sen_schools_long": Target(read_sen_schools, invented.sen_schools_long(), "sen.csv", "csv",
                                   ("urn", "sen_provision", "need"), ("pupils",), ("year",)),
        "sen_schools_wide": Target(read_sen_schools, invented.sen_schools_wide(), "sen.csv", "csv", ("urn",), ("pupils",),
                                   ("sen_provision", "need", "year")),
        "postcodes": Target(read_postcodes, files["postcodes.csv"], "postcodes.csv", "csv", ("postcode",),
                            ("easting_m", "northing_m")),
        "code_point": Target(read_postcodes, invented.code_point(zones), "zx.csv", "csv", ("postcode",),
                             ("easting_m", "northing_m"), headless=True),
        "population": Target(read_population, files["mid-2024-population.csv"], "mid-2024-people.csv", "csv",
                             ("area_code",), ("people",), ("age_from", "age_to", "sex")),
        "population_long": Target(read_population, population_long, "people.csv", "csv",
                                  ("area_code", "sex", "age_from", "age_to"), ("people",)),
        "lookup": Target(read_lookup, invented.lookup(), "lookup.csv", "csv", ("code_from", "code_to")),
        "centroids": Target(read_centroids, files["centroids.csv"], "centroids.csv", "csv", ("area_code",),
                            ("easting_m", "northing_m")),
        "ehc_caseload": Target(lambda p, i: read_ehc_plans(p, i, la_code=county), files["caseload.csv"], "caseload.csv",
                               "csv", release, ("value",), ("item",)),
        "ehc_needs": Target(read_ehc_plans, files["needs.csv"], "needs.csv", "csv", release, ("value",), ("item",)),
        "scap_forecasts": Target(read_scap_forecasts, files["scap.csv"], "scap.csv", "csv", ("year", "education_phase"),
                                 ("pupils",)),
        "scap_capacity": Target(read_scap_capacity, invented.scap_capacity(), "capacity.csv", "csv", ("year",),
                                ("places", "pupils"), ("phase", "main_phase")),
        "yields": Target(read_pupil_yields, files["yields.csv"], "yields.csv", "csv",
                         ("district_name", "year", "sen_type"), ("pupils_with_sen", "pupils_in_new_housing")),
        "scorecard": Target(read_scorecard, files["scorecard.csv"], "scorecard.csv", "csv", ("year",), ("value",),
                            ("measure", "phase", "project_type")),
        "districts": Target(read_boundary_file, files["districts.geojson"], "lad.geojson", "geojson", ("area_code",)),
        "lsoa": Target(read_boundary_file, files["lsoa.geojson"], "lsoa.geojson", "geojson", ("area_code",)),
        "lsoa_gpkg": Target(read_boundary_file, _geopackage(files["lsoa.geojson"]), "lsoa.gpkg", "binary", ("area_code",)),
        "gias_xlsx": Target(read_gias, as_workbook(files["edubasealldata.csv"]), "gias.xlsx", "xlsx", ("urn",)),
        "population_xlsx": Target(read_population, as_workbook(files["mid-2024-population.csv"], "Mid-2024 LSOA 2021"),
                                  "people.xlsx", "xlsx", ("area_code",)),
        "sen_schools_xlsx": Target(read_sen_schools, as_workbook(invented.sen_schools_long()), "sen.xlsx", "xlsx", ("urn",)),
    }  # fmt: skip


def _geopackage(shapes: bytes) -> bytes:
    import geopandas as gpd

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lsoa.gpkg"
        gpd.read_file(io.BytesIO(shapes)).to_file(path, driver="GPKG")
        return path.read_bytes()


@dataclass
class Outcome:
    """What went against a law, each with its words; and how the file was taken."""

    faults: list[str] = field(default_factory=list)
    taken: str = "read"


def _read(target: Target, path: Path) -> tuple[Reading | None, list[Issue]]:
    issues: list[Issue] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = target.read(path, issues)
    return found, issues


def judge(target: Target, base: Reading, change: Change, folder: Path) -> Outcome:
    """Read a damaged file and hold the result against the laws."""
    path = folder / (target.name if not change.suffix else Path(target.name).stem + change.suffix)
    path.write_bytes(change.raw)
    out = Outcome()
    try:
        found, issues = _read(target, path)
    except Exception:  # noqa: BLE001 - any is a find
        out.faults.append("exception: " + traceback.format_exc(limit=-6))
        return out
    for issue in issues:
        if issue.severity not in {"error", "warning", "note"} or not issue.message or not issue.fix:
            out.faults.append(f"an issue without words: {issue}")
    if found is None:
        out.taken = "refused"
        if not any(issue.severity == "error" for issue in issues):
            out.faults.append("refused without an error")
        return out
    account = found.account
    out.taken = "part" if account.set_aside else "read"
    if not account.closes or min([account.used, *account.set_aside.values()]) < 0:
        out.faults.append(f"does not close: {account}")
    if target.kind == "csv" and path.suffix == ".csv":
        above = any(issue.check == "rows_above_header" for issue in issues)
        out.faults += [] if above else _against_rows(target, change, account, found.table)
    told = any(issue.check == "features_not_read" for issue in issues)
    if target.kind == "geojson" and path.suffix == ".geojson" and not told:
        out.faults += _against_features(change, account)
    if change.cell is not None:
        out.faults += _against_cell(target, base, found, issues, change.cell)
    return out


def _normal(cells: list[str]) -> list[str]:
    return [re.sub(r"\W+", "", unicodedata.normalize("NFKC", cell)).casefold() for cell in cells]


def below_header(target: Target, rows: list[list[str]]) -> list[list[str]] | None:
    """Return the rows below the header, as far as one can be told; None when it cannot."""
    if target.headless:
        return rows
    good = parsed(target.good)
    assert good is not None
    names = {name for name in _normal(good[0]) if name}
    at = next((at for at, row in enumerate(rows[:26]) if 2 * len(names & set(_normal(row))) > len(names)), None)
    return None if at is None else rows[at + 1 :]


def _against_rows(target: Target, change: Change, account: Account, table: pd.DataFrame) -> list[str]:
    rows = parsed(change.raw)
    below = None if rows is None else below_header(target, rows)
    if rows is None or below is None:
        return []
    least = sum(any(cell.strip() for cell in row) for row in below)
    most = sum(any(row) or len(row) > 1 for row in below)
    faults = []
    if not least <= account.rows <= most:
        faults.append(f"{account.rows} rows read, {least} to {most} in the file")
    good = parsed(target.good)
    assert good is not None
    if rows and rows[0] == good[0] and not target.headless:
        intact = len({tuple(row) for row in below} & {tuple(row) for row in good[1:]})
        if intact > account.used + sum(account.set_aside.values()):
            faults.append(f"{intact} rows as they were, {account}")
    if account.used and table.empty:
        faults.append("rows used and nothing in the result")
    return faults


def _against_features(change: Change, account: Account) -> list[str]:
    try:
        features = json.loads(change.raw.decode("utf-8-sig"))["features"]
    except (ValueError, KeyError, TypeError):
        return []
    # a null in the list is no feature to the reader of shapes
    known = sum(isinstance(one, dict) for one in features)
    return [] if account.rows in {known, len(features)} else [f"{account.rows} shapes read, {known} in the file"]


def _by_key(target: Target, table: pd.DataFrame) -> dict[tuple[Any, ...], tuple[float, ...]]:
    names = [*target.key, *target.also]
    keys = table[names].astype(object).itertuples(index=False, name=None)
    columns = [[np.nan if pd.isna(one) else float(one) for one in table[name]] for name in target.numbers]
    return dict(zip(keys, zip(*columns, strict=True) if columns else [()] * len(table), strict=True))


def written(text: str) -> float | None:
    """Return the number that a text is, to a reader who takes nothing for granted; None when it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", plain):
        return None
    value = float(plain)
    return value if np.isfinite(value) else None


SYMBOLS = {"", "c", "x", "z", "k", "low", "u", ":", "..", "-"}


def _against_cell(target: Target, base: Reading, found: Reading, issues: list[Issue], cell: Cell) -> list[str]:
    before, after = _by_key(target, base.table), _by_key(target, found.table)
    told = bool(issues) or dict(found.account.notes) != dict(base.account.notes) or bool(found.account.set_aside)
    blank = unicodedata.normalize("NFKC", cell.new).strip().casefold().strip("[]") in SYMBOLS
    new = written(cell.new)
    faults = []
    for key, values in after.items():
        if key not in before:
            if not told and not _is_written(key, before, cell):
                faults.append(f"the id {key} is neither of the good file nor written in {cell}")
            continue
        for name, old, value in zip(target.numbers, before[key], values, strict=True):
            if value == old or (np.isnan(value) and np.isnan(old)):
                continue
            if np.isnan(value):
                if not (told or blank):
                    faults.append(f"{name} of {key} is missing and nothing is said of {cell}")
            elif new is None or abs(value - new) > 1e-9 * max(1.0, abs(new)):
                faults.append(f"{name} of {key} is {value}, was {old}: {cell}")
    lost = {key[: len(target.key)] for key in before} - {key[: len(target.key)] for key in after}
    if len(lost) > sum(found.account.set_aside.values()) + 1 and not told:
        faults.append(f"lost without a word: {sorted(lost)[:3]}, {cell}")
    return faults


def _is_written(key: tuple[Any, ...], before: dict[tuple[Any, ...], Any], cell: Cell) -> bool:
    """Return whether each part of a new key is one of the good file or what the cell says."""
    known = [{one[at] for one in before} for at in range(len(key))]
    text = "".join(_normal([cell.new]))
    return all(part in known[at] or "".join(_normal([str(part)])) == text or str(part) in cell.new
               for at, part in enumerate(key))  # fmt: skip


# --- several files at once ---------------------------------------------------------------------------------------


def small_export(people: int = 24) -> Export:
    """Return an export of a few pupils whose homes are in the invented county."""
    out = Export()
    for number in range(people):
        out.person(born(number % 12), urn=("900001", "900010", "900020")[number % 3],
                   need=("ASD", "SEMH", "SLD", "SLCN")[number % 4], postcode=f"ZX{1 + number % 12} 1AA")  # fmt: skip
    return out


def judge_sen2(export: Export, folder: Path, rng: random.Random) -> tuple[str, Outcome]:
    """Damage one of the nine files of an export, and read it."""
    canaries = [canary.casefold() for canary in export.canaries()]
    export.write(folder)
    module = rng.choice(list(COLUMNS))
    path = folder / f"Blade-Export_{DATE}_{module}.csv"
    change = mutate(path.read_bytes(), "csv", rng)
    path.write_bytes(change.raw)
    out = Outcome()
    issues: list[Issue] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = read_sen2(folder, issues, postcodes=POSTCODES, settings=SETTINGS, key=b"k")
            said = [repr(issues), issues_table(issues).to_csv(), repr(found)]
            if found is not None:
                said += [found.pupils.to_csv(), accounts_table(found.account).to_csv(), found.totals.to_csv()]
                out.faults += [f"does not close: {one}" for one in found.account if not one.closes]
                summed = pattern_of_sen2(found)["pupils"].sum(), caseload_of_sen2(found)["pupils"].sum()
                if set(summed) != {len(found.pupils)}:
                    out.faults.append(f"{len(found.pupils)} pupils, {summed} in the tables")
    except Exception as error:  # noqa: BLE001 - any is a find
        out.faults.append("exception: " + traceback.format_exc(limit=-6))
        said = [repr(error)]
        found = None
    out.taken = "refused" if found is None else "read"
    if found is None and not any(issue.severity == "error" for issue in issues):
        out.faults.append("refused without an error")
    # what a damaged file calls its columns may come out, and a flip may have made a name of a column
    text = "\n".join(said).casefold()
    out.faults += [f"private text {canary!r} came out" for canary in canaries if canary in text]
    return f"{module}: {change.what}", out


KINDS = {".csv": "csv", ".toml": "toml", ".geojson": "geojson", ".xlsx": "xlsx", ".osm": "binary"}


def judge_area(good: Path, folder: Path, rng: random.Random) -> tuple[str, Outcome]:
    """Damage up to three files of an area, read and check it."""
    area = Path(shutil.copytree(good, folder / "area"))
    files = sorted(path for path in area.rglob("*") if path.suffix in KINDS)
    done = []
    for path in rng.sample(files, rng.randrange(1, 4)):
        change = mutate(path.read_bytes(), KINDS[path.suffix], rng)
        path.write_bytes(change.raw)
        done.append(f"{path.name}: {change.what}")
    out = Outcome()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            issues = check(read_area(area))
        out.taken = "part" if (issues["severity"] == "error").any() else "read"
    except SufficiencyError:
        out.taken = "refused"
    except Exception:  # noqa: BLE001 - any is a find
        out.faults.append("exception: " + traceback.format_exc(limit=-6))
    return " | ".join(done), out


QUESTION = Question(invented.COUNTY, invented.NAME, 2024, 2025, 2028, 2028,
                    districts=(invented.NORTH, invented.SOUTH), clusters=2)  # fmt: skip


def judge_preparation(files: dict[str, bytes], folder: Path, rng: random.Random) -> tuple[str, Outcome]:
    """Damage up to two of the files of a county, prepare its area leniently or not, and read that."""
    damaged = dict(files)
    done = []
    for name in rng.sample(sorted(damaged), rng.randrange(1, 3)):
        change = mutate(damaged[name], KINDS[Path(name).suffix], rng)
        damaged[name] = change.raw
        if change.suffix:
            damaged[Path(name).stem + change.suffix] = damaged.pop(name)
        done.append(f"{name}: {change.what}")
    source, area = invented.write_files(folder / "files", damaged), folder / "area"
    lenient = rng.random() < 0.7
    out = Outcome()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = prepare_area(source, area, QUESTION, report_date=dt.date(2026, 11, 23), lenient=lenient)
            out.faults += [f"does not close: {one}" for one in found.accounts if not one.closes]
            named = {one.file.partition(", sheet")[0] for one in found.accounts} | {one.file for one in found.issues}
            out.faults += _against_files(files, damaged, found)
            silent = [name for name in damaged if name not in named and not name.endswith(".osm")]
            beside = [name for name in silent if name not in _unread(files)]
            if beside:
                out.faults.append(f"neither an account nor an issue of {beside}")
            read_area(area)
        out.taken = "part" if found.issues else "read"
    except SufficiencyError as error:
        out.taken = "refused"
        if not str(error):
            out.faults.append("an error without words")
        if area.exists() and any(area.iterdir()) and not (area / "area.toml").exists():
            out.faults.append("half an area was written")
    except Exception:  # noqa: BLE001 - any is a find
        out.faults.append("exception: " + traceback.format_exc(limit=-8))
    return f"{' | '.join(done)}, lenient {lenient}", out


def _against_files(good: dict[str, bytes], damaged: dict[str, bytes], found: Found) -> list[str]:
    """Compare the rows of each account with those that the csv module counts, where the header is as it was."""
    faults = []
    told = {issue.file for issue in found.issues if issue.severity == "error"}
    for account in found.accounts:
        raw = damaged.get(account.file, b"") if account.file.endswith(".csv") else b""
        rows, before = parsed(raw), parsed(good.get(account.file, b""))
        if not rows or not before or rows[0] != before[0]:
            continue
        least = sum(any(cell.strip() for cell in row) for row in rows[1:])
        most = sum(any(row) or len(row) > 1 for row in rows[1:])
        if not least <= account.rows <= most and not (account.rows == 0 and account.file in told):
            faults.append(f"{account.file}: {account.rows} rows accounted for, {least} to {most} in the file")
    return faults


def _unread(files: dict[str, bytes]) -> set[str]:
    """Return the files that a preparation without an export does not need."""
    return set() if any(name.startswith("Blade") for name in files) else {"postcodes.csv"}


# --- the runner --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        message = f"no answer within {seconds} seconds"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Figures:
    """What a run found."""

    rounds: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, int, str, list[str]]] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def note(self, name: str, at: int, what: str, out: Outcome, seconds: float) -> None:
        self.rounds[name] += 1
        self.taken[f"{name} {out.taken}"] += 1
        if out.faults:
            self.faults.append((name, at, what, out.faults))
        self.slowest = max(self.slowest, (seconds, f"{name} {at} {what[:60]}"))


TARGETS = _targets


class Fuzzer:
    """The good files, read once, and a round of each kind by name and number."""

    def __init__(self) -> None:
        self.targets = _targets()
        self.bases: dict[str, Reading] = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, target in self.targets.items():
                path = Path(folder) / target.name
                path.write_bytes(target.good)
                found, issues = _read(target, path)
                assert found is not None, (name, issues)
                assert not [one for one in issues if one.severity != "note"], (name, issues)
                assert not found.account.set_aside, (name, found.account)
                self.bases[name] = found
        self.files = invented.public_files() | {"developments.csv": invented.developments()}
        export = small_export()
        self.with_export = self.files | {
            f"Blade-Export_{DATE}_{module}.csv": export.text(module).encode() for module in COLUMNS
        }

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.targets, "sen2", "area", "prepare")

    def round(self, name: str, at: int, seed: int) -> tuple[str, Outcome]:
        """Do one round; the same name, number and seed give the same."""
        rng = random.Random(f"{seed} {name} {at}")
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            if name == "sen2":
                return judge_sen2(small_export(12), folder, rng)
            if name == "area":
                return judge_area(template_directory(), folder, rng)
            if name == "prepare":
                return judge_preparation(self.with_export if rng.random() < 0.6 else self.files, folder, rng)
            target = self.targets[name]
            change = mutate(target.good, target.kind, rng)
            return change.what, judge(target, self.bases[name], change, folder)


def run(rounds: dict[str, int], seed: int, *, fuzzer: Fuzzer | None = None) -> Figures:
    """Run so many rounds of each kind."""
    fuzzer = fuzzer or Fuzzer()
    figures = Figures()
    for name, several in rounds.items():
        for at in range(several):
            start = time.perf_counter()
            try:
                with _limit(MOST_SECONDS):
                    what, out = fuzzer.round(name, at, seed)
            except TimeoutError as error:
                what, out = "", Outcome([f"hang: {error}"])
            figures.note(name, at, what, out, time.perf_counter() - start)
    return figures


def shares(rounds: int) -> dict[str, int]:
    """Return how many rounds of each kind make so many: an eighth on whole areas, and a like part on readers."""
    slow = {"prepare": rounds * 6 // 100, "area": rounds * 6 // 100, "sen2": rounds * 8 // 100}
    names = list(_targets())
    each, more = divmod(rounds - sum(slow.values()), len(names))
    return {name: each + (at < more) for at, name in enumerate(names)} | slow


def main() -> int:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    rounds = shares(options.rounds)
    if options.only:
        rounds = dict.fromkeys(options.only.split(","), options.rounds)
    start = time.perf_counter()
    figures = run(rounds, options.seed)
    for name, at, what, faults in figures.faults:
        print(f"--- {name} {at}: {what}")
        for fault in faults[:3]:
            print("    " + fault.replace("\n", "\n    "))
    print(dict(sorted(figures.taken.items())))
    kinds = Counter(fault.partition(":")[0] for *_, faults in figures.faults for fault in faults[:1])
    others = len(figures.faults) - kinds["exception"] - kinds["hang"]
    print(
        f"{sum(figures.rounds.values()):,} damaged inputs, seed {options.seed}: {kinds['exception']} tracebacks, "
        f"{kinds['hang']} over {MOST_SECONDS} s, {others} other faults; {time.perf_counter() - start:.0f} s, "
        f"slowest {figures.slowest[0]:.1f} s ({figures.slowest[1]})"
    )
    return 1 if figures.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
