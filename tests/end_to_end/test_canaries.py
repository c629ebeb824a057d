"""Nobody comes out: an invented SEN2 return goes through prepare, check and run, and all that is written is searched.

Names, pupil numbers, learner numbers, birth dates and postcodes of the return are unmistakable. Every file of the area,
the map, the reports, the caches and the folder for temporary files, also those that are gone again at the end, and all
that is said on the screen with ``-v``, is searched for each of them, unpacked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sufficiency.cli import main
from tests import invented_files as invented
from tests.end_to_end.commands import CHECKOUT, run_command
from tests.sen2_export import COLUMNS, DATE, Export, born
from tests.unpacked import found_in, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.end_to_end.commands import Run

NOT_PREPARED = {"caseload.csv", "needs.csv", "yields.csv", "scap.csv", "scorecard.csv", "links_edubasealldata.csv"}
QUESTION = ("--code", invented.COUNTY, "--name", invented.NAME, "--districts", f"{invented.NORTH},{invented.SOUTH}",
            "--clusters", "1", "--headline", "2025", "--last", "2025", "--report-date", "2026-11-23")  # fmt: skip
# Written to a file that a test names: whatever the interpreter opens for writing.
HOOK = """
import os, sys
log = os.open(os.environ["OPENED_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def hook(event, words):
    if event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        if not isinstance(words[0], int):
            os.write(log, (os.path.abspath(os.fsdecode(words[0])) + "\\n").encode())
sys.addaudithook(hook)
"""


def crowded() -> Export:
    """Return 480 pupils in four small areas: enough that figures of the county and its districts can be released."""
    export = Export()
    for number in range(480):
        export.person(
            born(number // 4 % 12),
            urn=("900001", "900001", "900010", "900002")[number // 48 % 4],
            need=("ASD", "SEMH", "SLD")[number % 3],
            postcode=f"ZX{1 + number % 4} {1 + number % 3}A{'ABD'[number % 3]}",
            upn=f"Z999{number:09d}",
        )
    return export


def words_of(export: Export) -> set[str]:
    """Return what must not come out. Stems of five digits are left to chance in megabytes of numbers, and left out."""
    return {word for word in export.canaries() if len(word) > 5} | {"Z99900000", "8877700"}


def inputs(folder: Path, export: Export) -> Path:
    files = {name: raw for name, raw in invented.public_files(2, 2).items() if name not in NOT_PREPARED}
    return export.write(invented.write_files(folder, files))


@dataclass
class Watch:
    """Keeps the bytes of every file that stands below a folder at any moment, once each."""

    folder: Path
    kept: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    times: dict[str, tuple[int, int]] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        for directory, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(directory, name)  # noqa: PTH118  # thousands of times
                try:
                    told = os.stat(path)  # noqa: PTH116 - thousands of times
                    stamp = told.st_mtime_ns, told.st_size
                    if self.times.get(path) != stamp:
                        with open(path, "rb") as file:  # noqa: PTH123 - thousands of times
                            raw = file.read()
                        self.times[path] = stamp
                        self.kept.setdefault(hashlib.sha256(raw).hexdigest(), (path, raw))
                except OSError:
                    continue  # gone again in between

    def run(self) -> None:
        while not self.done.wait(0.02):
            self.look()


@dataclass
class Record:
    """What came of the three commands."""

    export: Export
    folder: Path
    runs: list[Run]
    seen: list[tuple[str, bytes]]
    opened: list[str]

    def final(self, *names: str) -> dict[str, bytes]:
        """Return the files that stand in folders of the outputs."""
        found = [path for name in names for path in sorted((self.folder / "out" / name).rglob("*"))]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found if path.is_file()}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Prepare, check and run in processes of their own, whose every folder to write in is below one that is watched."""
    source, hook, folder = (tmp_path_factory.mktemp(name) for name in ("given", "hook", "watched"))
    export = crowded()
    inputs(source, export)
    (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    log = hook / "opened"
    for name in ("tmp", "home", "cache"):
        (folder / name).mkdir()
    environment = {
        "TMPDIR": str(folder / "tmp"), "TEMP": str(folder / "tmp"), "TMP": str(folder / "tmp"),
        "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache"), "OPENED_LOG": str(log),
        "PYTHONPATH": os.pathsep.join([str(hook), str(CHECKOUT)]), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    watch = Watch(folder)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    area, out = folder / "area", folder / "out"
    commands = (
        ("-v", "prepare", str(source), str(area), *QUESTION),
        ("-v", "check", str(area)),
        ("-v", "run", str(area), "--out", str(out)),
    )
    runs = [run_command(*words, out=out, cwd=folder, **environment) for words in commands]
    watch.done.set()
    thread.join()
    watch.look()
    opened = sorted(set(log.read_text(encoding="utf-8").split("\n")) - {""})
    return Record(export, folder, runs, list(watch.kept.values()), opened)


def test_the_return_goes_through_and_figures_are_released(record: Record) -> None:
    assert [run.status for run in record.runs] == [0, 0, 0], [run.errors[-2000:] for run in record.runs]
    summary = json.loads((record.folder / "out" / "reports" / "summary.json").read_text(encoding="utf-8"))
    assert isinstance(summary["demand_pupils"]["2025"], int)
    # counted by hand: of 480, each fourth block of 48 is in a mainstream school, so 360 seek a special school's place
    rates = (record.folder / "area" / "demand" / "caseload.csv").read_text(encoding="utf-8").splitlines()
    assert sum(int(line.split(",")[2]) for line in rates if ",special_school," in line) == 384


def test_what_is_searched_for_can_be_found(record: Record, tmp_path: Path) -> None:
    """The search finds the county's name in every kind of output, and every private word in the return itself."""
    found = record.final("maps", "reports")
    for kind in (".html", ".docx", ".pdf", ".xlsx", ".json", ".csv"):
        assert any(found_in(raw, {invented.NAME}) for name, raw in found.items() if name.endswith(kind)), kind
    words = words_of(record.export)
    path = record.export.write(tmp_path) / f"Blade-Export_{DATE}_person.csv"
    spread = {word for word in words if re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|\d{8}|[A-Z]+\d{2,}[A-Z]+", word)}
    assert words - spread <= found_in(path.read_bytes(), words)
    assert len(words - spread) > 4 * 480


def test_nothing_written_or_said_names_anybody(record: Record) -> None:
    words = words_of(record.export)
    assert len(record.seen) > 60
    said = [("the screen", (run.said + run.errors).encode()) for run in record.runs]
    bad = {path: sorted(found)[:5] for path, raw in (*record.seen, *said) if (found := _any_of(raw, words))}
    assert bad == {}


def _any_of(raw: bytes, words: set[str]) -> set[str]:
    """Return the words found: first by what is common to many of them, for there are thousands."""
    stems = {"zzcanary", "inventedname", "z99900000", "8877700"}
    singles = {word for word in words if not any(stem in word.casefold() for stem in stems)}
    numbered = {word for word in singles if re.fullmatch(r"(Z999|88777)\d+", word)}
    return found_in(raw, (singles - numbered) | stems)


def test_no_child_and_no_small_area_by_need_and_year_group_leaves_the_area(record: Record) -> None:
    """Neither a pseudonym nor the code of a small area stands in the map or the reports, so no row can be of one."""
    placements = (record.folder / "area" / "demand" / "placements.csv").read_bytes()
    assert len(re.findall(rb"pupil-\d{6}", placements)) == 480
    assert len(re.findall(rb"E0199\d{4}", placements)) == 480
    for name, raw in record.final("maps", "reports").items():
        for part in unpacked(raw):
            assert not re.search(rb"pupil-\d{6}|E0199\d{4}", part), name


def test_everything_opened_for_writing_was_watched(record: Record) -> None:
    assert len(record.opened) > 40
    own = str(record.folder)
    apart = [path for path in record.opened if not path.startswith((own, os.devnull))]
    elsewhere = [path for path in apart if "__pycache__" not in path]
    assert elsewhere == []


def _shifted(text: str) -> str:
    """Every row one field to the right, so that names stand where keys do."""
    return "\r\n".join("," + line if at else line for at, line in enumerate(text.split("\r\n")))


def _names_exchanged(text: str) -> str:
    """The header's names from the other end, so that every column is read as another."""
    head, rest = text.split("\r\n", 1)
    return ",".join(reversed(head.split(","))) + "\r\n" + rest


def _unclosed(text: str) -> str:
    lines = text.split("\r\n")
    return "\r\n".join([*lines[:1], '"' + lines[1], *lines[2:]])


def _cut(text: str) -> str:
    return text[: len(text) * 2 // 3]


def _no_header(text: str) -> str:
    return text.split("\r\n", 1)[1]


def _other_separator(text: str) -> str:
    return text.replace(",", ";")


DAMAGE = (_shifted, _names_exchanged, _unclosed, _cut, _no_header, _other_separator)


def _one_file_damaged(folder: Path, export: Export, module: str, number: int) -> None:
    inputs(folder, export)
    path = folder / f"Blade-Export_{DATE}_{module}.csv"
    damage = DAMAGE[number % len(DAMAGE)]
    path.write_bytes(damage(path.read_bytes().decode()).encode("utf-16" if number % 4 == 3 else "utf-8"))


def _small() -> Export:
    export = Export()
    for number in range(24):
        export.person(born(number % 12), urn=("900001", "900010")[number % 2], postcode=f"ZX{1 + number % 4} 1AA")
    return export


@pytest.mark.parametrize(
    ("module", "number"),
    [*((module, at) for at, module in enumerate(COLUMNS)), *(("person", at) for at in range(len(DAMAGE)))],
)
def test_a_damaged_return_names_nobody_on_the_screen(
    module: str, number: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    export = _small()
    _one_file_damaged(tmp_path / "in", export, module, number)
    status = main(["-v", "prepare", str(tmp_path / "in"), str(tmp_path / "area"), *QUESTION])
    said = capfd.readouterr()
    assert status in {0, 2}
    assert said.out + said.err
    assert _any_of((said.out + said.err).encode(), _words(export)) == set()
    written: Iterable[Path] = (path for path in (tmp_path / "area").rglob("*") if path.is_file())
    assert [path.name for path in written if _any_of(path.read_bytes(), _words(export))] == []


def _words(export: Export) -> set[str]:
    return words_of(export) | {"zx1 1aa", "zx4 1aa"}
