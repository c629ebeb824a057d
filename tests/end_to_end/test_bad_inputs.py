"""What a planner gets for a folder with faults: all in one list, with place, value and cure, and nothing lost."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sufficiency
from sufficiency.checks import check
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.tables import TABLES
from sufficiency.sources.area import read_area
from sufficiency.sources.files import read_table
from sufficiency.sources.template import template_directory
from sufficiency.sources.workbook import input_tables, write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sufficiency.sources.files import Issue

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def area(tmp_path: Path) -> Path:
    return Path(shutil.copytree(template_directory(), tmp_path / "area"))


def edit(area: Path, name: str, old: str, new: str) -> int:
    """Replace the first occurrence in a file of the area; return the number of its row."""
    path = area / name
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def append(area: Path, name: str, line: str) -> int:
    path = area / name
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{line}\n", encoding="utf-8")
    return text.count("\n") + 1


def five_faults(area: Path) -> dict[tuple[str, int, str], tuple[str, str, str]]:
    """Put five faults into an area; return (file, row, column) -> (check, value, a word of the cure)."""
    text = edit(area, "schools/places.csv", "hotel-primary,2026,70,", "hotel-primary,2026,seven,")
    swapped = edit(area, "schools/settings.csv", "state,open,476000,328000", "state,open,328000,476000")
    need = edit(area, "schools/provision.csv", "ASD;SLCN,autism", "ASD;SLNC,autism")
    twice = append(area, "schools/settings.csv", "golf-college,Golf,state,open,500000,316000,,invented,illustrative")
    other = append(
        area,
        "schools/settings.csv",
        '100,"Hotel special school, (Invented)",state,open,512040,316030,,invented,illustrative',
    )
    pupil = edit(area, "demand/demand.csv", "asd-bravoton-2026,bravoton", "asd-bravoton-2026,")
    return {
        ("schools/places.csv", text, "planned_places"): ("text_in_number", "seven", "a number"),
        ("schools/settings.csv", swapped, "easting_m"): ("swapped_coordinates", "328000, 476000", "exchange"),
        ("schools/provision.csv", need, "needs"): ("unknown_code", "ASD;SLNC", "write SLCN"),
        ("schools/settings.csv", twice, "setting_id"): ("key_twice", "golf-college", "keep one"),
        ("schools/settings.csv", other, "setting_name"): (
            "school_twice", "Hotel special school, (Invented)", "keep one row",
        ),
        ("demand/demand.csv", pupil, "origin_id"): ("pupil_without_zone", "", "not_located"),
    }  # fmt: skip


def found_errors(issues: pd.DataFrame) -> dict[tuple[str, int, str], tuple[str, str, str]]:
    errors = issues[issues["severity"] == "error"]
    return {(row.file, row.row, row.column): (row.check, row.value, row.fix) for row in errors.itertuples()}


def test_every_fault_in_one_report_and_no_fault_twice(area: Path) -> None:
    """The need refused in alpha-secondary takes its provision row out; its five rows of places are not faults."""
    expected = five_faults(area)
    with pytest.raises(DataError, match="6 faults") as raised:
        sufficiency.load(area)
    assert raised.value.issues is not None
    found = found_errors(raised.value.issues)
    assert set(found) == set(expected)
    for place, (name, value, cure) in expected.items():
        assert found[place][:2] == (name, value)
        assert cure in found[place][2]


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sufficiency", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_command_says_it_all_and_leaves_earlier_outputs_alone(area: Path, tmp_path: Path) -> None:
    expected = five_faults(area)
    out = tmp_path / "out"
    (out / "reports").mkdir(parents=True)
    (out / "reports" / "summary.json").write_text("earlier")
    for words in (("check", area), ("run", area, "--out", out)):
        done = command(*words)
        said = done.stdout + done.stderr
        assert done.returncode == 2
        assert "Traceback" not in said
        assert "6 errors" in said
        for (file, row, column), (_, value, cure) in expected.items():
            assert f"{file}, row {row}, column {column}" in said
            assert value in said
            assert cure in said
    assert [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()] == ["reports/summary.json"]
    assert (out / "reports" / "summary.json").read_text() == "earlier"


def test_a_good_area_passes_the_command(area: Path) -> None:
    done = command("check", area)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no errors" in done.stdout


def test_init_then_check(tmp_path: Path) -> None:
    done = command("init", tmp_path / "mine")
    assert done.returncode == 0, done.stderr
    assert command("check", tmp_path / "mine").returncode == 0
    again = command("init", tmp_path / "mine")
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_faults_of_the_parameters_are_named_at_once(area: Path) -> None:
    edit(area, "area.toml", "retention_share", "retention_shares")
    edit(area, "area.toml", "headline = 2028", 'headline = "2028/29"')
    done = command("check", area)
    assert done.returncode == 2
    assert "did you mean 'retention_share'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_faults_in_the_workbook_alone(area: Path) -> None:
    """With settings, provision and places in the workbook only, the faults are the same; the report names the sheet."""
    names = ("settings", "provision", "places")
    none: list[Issue] = []
    tables = {name: read_table(area / TABLES[name].file, name, none).astype(object) for name in names}
    tables["places"].loc[2, "planned_places"] = float("nan")
    tables["provision"].loc[3, "needs"] = "ASD;SLNC"
    for name in names:
        (area / TABLES[name].file).unlink()
    write_workbook(area / "area-workbook.xlsx", tables)
    errors = check(read_area(area)).query("severity == 'error'")
    found = list(errors[["file", "row", "column", "check"]].itertuples(index=False, name=None))
    assert found == [
        ("area-workbook.xlsx, sheet places", 2, "planned_places", "blank"),
        ("area-workbook.xlsx, sheet provision", 3, "needs", "unknown_code"),
    ]


@pytest.mark.parametrize(
    "table", [table.name for table in input_tables() if (template_directory() / table.file).is_file()]
)
def test_an_area_without_one_of_its_tables_is_never_a_defect(area: Path, table: str) -> None:
    """A missing table is one fault of its own, or the table is optional; nothing else is raised."""
    (area / TABLES[table].file).unlink()
    issues = check(read_area(area))
    optional = {"demand", "rates", "controls"}
    assert (table in set(issues["table"]) and (issues["severity"] == "error").any()) or table in optional


def test_the_embedded_area_with_a_fault_names_it(tmp_path: Path) -> None:
    """One misspelt need in the real-sized area: one error, and no second for the places of that provision."""
    from sufficiency.sources.embedded import embedded_directory

    copy = tmp_path / "oxfordshire"
    shutil.copytree(embedded_directory(), copy, ignore=shutil.ignore_patterns("template"))
    lines = (copy / "schools/provision.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace("ASD;", "AUT;", 1)
    (copy / "schools/provision.csv").write_text("".join(lines), encoding="utf-8")
    errors = check(read_area(copy)).query("severity == 'error'")
    assert list(errors[["file", "row", "column", "check"]].itertuples(index=False, name=None)) == [
        ("schools/provision.csv", 2, "needs", "unknown_code")
    ]


# Mutated files: nothing breaks, nothing is lost in silence.

SPLICES = (
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\xe2\x80",
    b";",
    b"NaN",
    b"1e999",
    b"=1+1",
    b"\xc2\xa0",
    b"-",
    b"'",
)


def flip(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def splice(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + rng.choice(SPLICES) + raw[at:]


def delete(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + raw[at + rng.randrange(1, 60) :]


def truncate(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw))]


def shuffle_lines(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def repeat_line(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"".join(lines)


def swap_cells(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    cells = lines[at].rstrip(b"\n").split(b",")
    rng.shuffle(cells)
    lines[at] = b",".join(cells) + b"\n"
    return b"".join(lines)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip, splice, delete, truncate, shuffle_lines, repeat_line, swap_cells,
)  # fmt: skip
WHOLE_FILE = {"file_unreadable", "file_empty", "csv_broken", "header_twice", "column_missing", "file_missing"}
TEMPLATE_TABLES = [table for table in input_tables() if (template_directory() / table.file).is_file()]


def lines_with_content(raw: bytes) -> int | None:
    """Return the lines below the header that hold anything but commas and blanks, counted without the csv module.

    None where a quotation mark stands in the file: a cell may then run over lines.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b'"' in raw:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip(" ,\u00a0\t")]
    return max(len(lines) - 1, 0)


@pytest.mark.parametrize("table", [table.name for table in TEMPLATE_TABLES])
def test_no_row_is_lost_in_silence(tmp_path: Path, table: str) -> None:
    """Over 60 mutations of each file: rows used + rows reported = rows in the file, or the file is refused whole."""
    raw = (template_directory() / TABLES[table].file).read_bytes()
    rng = random.Random(f"rows {table}")
    counted = 0
    for _ in range(60):
        mutated = raw
        for _ in range(rng.randrange(1, 4)):
            mutated = rng.choice(MUTATIONS)(mutated, rng) if mutated else mutated
        path = tmp_path / "mutated.csv"
        path.write_bytes(mutated)
        issues: list[Issue] = []
        frame = read_table(path, table, issues)
        errors = [issue for issue in issues if issue.severity == "error"]
        if any(issue.check in WHOLE_FILE for issue in errors):
            assert frame.empty
            continue
        reported = {issue.row for issue in errors}
        assert not reported & set(frame.index)
        expected = lines_with_content(mutated)
        if expected is not None:
            assert len(frame) + len(reported) == expected
            counted += 1
    assert counted > 10 or raw.count(b"\n") < 3 or b'"' in raw


@pytest.mark.parametrize("seed", range(70))
def test_a_mutated_area_is_refused_or_read_never_broken(area: Path, seed: int) -> None:
    """Any of the files mutated, up to three at once: issues, or a plain refusal; no other exception."""
    rng = random.Random(seed)
    files = sorted(path for path in area.rglob("*") if path.suffix in {".csv", ".toml"})
    for path in rng.sample(files, rng.randrange(1, 4)):
        raw = path.read_bytes()
        mutated = rng.choice(MUTATIONS)(raw, rng)
        path.write_bytes(mutated)
    try:
        issues = check(read_area(area))
    except (ParameterError, DataError):
        return
    assert set(issues["severity"]) <= {"error", "warning", "note"}
    assert (issues["message"].str.len() > 0).all()
    assert (issues["fix"].str.len() > 0).all()


def test_the_counter_of_lines_agrees_with_the_csv_module() -> None:
    """The count that the tests above rely on, against the standard reader on the files as they are."""
    for table in TEMPLATE_TABLES:
        raw = (template_directory() / table.file).read_bytes()
        with (template_directory() / table.file).open(encoding="utf-8", newline="") as file:
            rows = sum(1 for _ in csv.DictReader(file))
        assert lines_with_content(raw) in {None, rows}
