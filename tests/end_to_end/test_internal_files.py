"""Every file of an internal build says so itself, wherever it is copied to, and the screener says so of every one."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pypdf
import pytest

from sufficiency.cli import main
from sufficiency.disclosure.screen import screen_folder
from tests.end_to_end.commands import TEMPLATE, Run, run_command, tree

if TYPE_CHECKING:
    from pathlib import Path

MARK = "Internal: not for publication"


@pytest.fixture(scope="module")
def internal_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("internal")
    made = run_command("run", str(TEMPLATE), "--build", "internal", "--out", str(out), out=out / "internal", cwd=out)
    assert made.status == 0, made.errors
    return made


def marked(path: Path) -> bool:
    """Return whether a file bears the mark where a reader of its kind finds it."""
    kind = path.suffix
    if kind == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        return head[0] == ("marking" if rows else f"marking: {MARK}") and all(row[0] == MARK for row in rows)
    if kind == ".parquet":
        return (pq.ParquetFile(path).metadata.metadata or {}).get(b"marking") == MARK.encode()
    if kind == ".gpkg":
        with closing(sqlite3.connect(path)) as store:
            layers = store.execute(
                "SELECT description FROM gpkg_contents WHERE table_name <> 'layer_styles'"
            ).fetchall()
            about = {text for _, *row in store.execute("SELECT * FROM about") for text in row}
        return len(layers) > 5 and all(MARK in said for (said,) in layers) and MARK in about
    if kind == ".json":
        return bool(json.loads(path.read_text(encoding="utf-8")).get("marking") == MARK)
    if kind in (".xlsx", ".docx"):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as parts:
            pages = [one for one in parts.namelist() if one.startswith(("xl/worksheets/sheet", "word/footer"))]
            return bool(pages) and all(MARK in parts.read(one).decode() for one in pages)
    if kind == ".pdf":
        return all(MARK in " ".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages)
    text = path.read_text(encoding="utf-8")
    if kind == ".html":
        return f"<title>{MARK}" in text and text.count(MARK) >= 3
    assert kind == ".md", path
    return MARK in text


def test_every_file_of_an_internal_build_bears_the_mark(internal_run: Run) -> None:
    files = {name: internal_run.out / name for name in tree(internal_run.out)}
    kinds = {path.suffix for path in files.values()}
    assert kinds == {".html", ".docx", ".pdf", ".xlsx", ".json", ".gpkg", ".csv", ".parquet", ".md"}
    assert {"reports/manifest.json", "reports/tables/scap_style_forecast.csv"} <= set(files)
    assert [name for name, path in files.items() if not marked(path)] == []


def test_no_file_of_a_public_build_bears_it(template_run: Run) -> None:
    assert [name for name in tree(template_run.out) if marked(template_run.out / name)] == []
    assert [one for one in screen_folder(template_run.out).findings if one.kind == "internal"] == []


def test_the_screener_says_so_of_every_file_wherever_it_is_copied_to(
    internal_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # out of its folder, under a name that says nothing
    files = tree(internal_run.out)
    for number, (name, content) in enumerate(files.items()):
        (tmp_path / f"{number}.{name.rsplit('.', 1)[1]}").write_bytes(content)
    found = {one.file for one in screen_folder(tmp_path).findings if one.kind == "internal"}
    assert found == {path.name for path in tmp_path.iterdir()}
    assert main(["screen", str(internal_run.out)]) == 3
    said = capsys.readouterr().out
    count = len(files)
    assert (
        f"Internal: {count} files of {count} carry the mark of an internal build, which is not for publication." in said
    )
