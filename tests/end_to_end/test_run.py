"""The command as a planner runs it: what it writes is complete, agrees with the promised shape, and adds up."""

from __future__ import annotations

import getpass
import json
import math
import re
import socket
import tempfile
import zipfile
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sufficiency import run
from sufficiency.cli import main
from sufficiency.outputs import swap
from tests.end_to_end.commands import CHECKOUT, TEMPLATE, Run, tree

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTY = "E10000025"
DISTRICTS = {f"E0700{number:04d}" for number in range(177, 182)}
SCENARIOS = {"do_nothing", "committed", "programme"}
POLICIES = {"optimal", "nearest", "rolling"}
YEARS = range(2025, 2032)
PLANNED_FILES = {
    "maps/oxfordshire-sufficiency.html",
    "reports/board-report.docx",
    "reports/board-report.pdf",
    "reports/board-report.xlsx",
    "reports/summary.json",
    "reports/run.json",
    "reports/manifest.json",
    "reports/oxfordshire-layers.gpkg",
    "reports/tables/README.md",
}
TABLES = {
    "sufficiency_area", "sufficiency_area_type", "sufficiency_district_phase", "sufficiency_district_need_group",
    "sufficiency_county_need_phase", "journeys_area", "journeys_district_phase", "journey_ranges", "flows", "reasons",
    "pressure", "capacity_district_type", "occupancy_district_type", "comparison_area", "schemes",
    "scheme_stock", "scheme_effects", "programme_places", "phase_transfers", "money", "money_change",
    "money_change_years", "carbon_change", "capital_buys", "economic_view",
    "bridge", "support_match", "support_coverage", "primary_equivalence", "forecast", "forecast_range",
    "mitigation_deltas", "assumptions", "conservation", "data_quality", "scap_style_forecast",
}  # fmt: skip
RESULT = {
    "scenario": str, "policy": str, "year": int, "level": str, "area_id": str, "area_name": str,
    "demand_pupils": int, "capacity_places": int, "location_balance_places": int, "without_local_place_pupils": int,
    "median_min": float, "p90_min": float, "over_limit_pupils": int,
}  # fmt: skip
MAY_BE_HIDDEN = tuple(RESULT)[6:]
TOP = {
    "illustrative": bool, "build": str, "run_id": str, "capacity_places": int, "shortfall_places": int,
    "demand_pupils": dict, "results": list, "conservation": list, "suppressed": list,
}  # fmt: skip


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


@pytest.fixture(scope="module")
def summary(embedded_run: Run) -> dict[str, Any]:
    """Return summary.json of the embedded area."""
    found: dict[str, Any] = json.loads((embedded_run.out / "reports" / "summary.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def record(embedded_run: Run) -> str:
    """Return the text of run.json of the embedded area."""
    return (embedded_run.out / "reports" / "run.json").read_text(encoding="utf-8")


def test_the_job_ends_well_and_shows_its_headlines(embedded_run: Run) -> None:
    assert embedded_run.status == 0, embedded_run.errors
    assert "Traceback" not in embedded_run.errors
    assert "ILLUSTRATIVE" in embedded_run.said
    assert "2028/29" in embedded_run.said
    assert "board-report.docx" in embedded_run.said


def test_everything_promised_is_written_and_nothing_else(embedded_run: Run) -> None:
    written = {name for name, content in tree(embedded_run.out).items() if content}
    star = {
        name for name in written if re.fullmatch(r"reports/star/((dim|fact|ref)_[a-z_]+\.parquet|README\.md)", name)
    }
    release = {name for name in written if re.fullmatch(r"releases/([0-9a-f]{12}\.parquet|order\.csv)", name)}
    assert {"reports/star/dim_area.parquet", "reports/star/fact_sufficiency.parquet"} <= star
    assert len(release) == 2
    assert written - star - release == PLANNED_FILES | {f"reports/tables/{name}.csv" for name in TABLES}
    assert sorted(path.name for path in embedded_run.out.iterdir()) == ["maps", "releases", "reports"]


def test_the_summary_has_the_promised_shape(summary: dict[str, Any]) -> None:
    assert {name: type(value) for name, value in summary.items()} == TOP
    assert re.fullmatch(r"[0-9a-f]{12}", summary["run_id"])
    assert summary["illustrative"] is True
    assert summary["build"] == "public"
    for row in summary["results"]:
        assert set(row) == set(RESULT)
        for name, kind in RESULT.items():
            assert _is(row[name], kind) or (row[name] is None and name in MAY_BE_HIDDEN), (name, row)
    for row in summary["conservation"]:
        assert set(row) == {"scenario", "policy", "year", "in", "placed", "unplaced", "excluded"}
        assert all(_is(row[name], int) for name in ("year", "in", "placed", "unplaced", "excluded"))


def test_the_plan_s_figures_stand(summary: dict[str, Any]) -> None:
    assert summary["capacity_places"] == 1_633
    assert summary["demand_pupils"]["2028"] == 2_312
    assert summary["shortfall_places"] == 679
    assert set(summary["demand_pupils"]) >= {str(year) for year in YEARS}


def test_every_scenario_policy_year_and_area_has_one_row(summary: dict[str, Any]) -> None:
    rows = [(r["scenario"], r["policy"], r["year"], r["level"], r["area_id"]) for r in summary["results"]]
    areas = [("county", COUNTY), *(("district", area_id) for area_id in sorted(DISTRICTS))]
    wanted = {(s, p, y, *area) for s, p, y, area in product(SCENARIOS, POLICIES, YEARS, areas)}
    assert len(rows) == len(set(rows))
    assert {row for row in rows if row[2] in YEARS} == wanted
    years = {(r["scenario"], r["policy"], r["year"]) for r in summary["conservation"]}
    assert {key for key in years if key[2] in YEARS} == set(product(SCENARIOS, POLICIES, YEARS))
    assert len(years) == len(summary["conservation"])


def test_nobody_is_lost_or_counted_twice(summary: dict[str, Any]) -> None:
    by_year: dict[int, set[int]] = {}
    for row in summary["conservation"]:
        assert row["in"] == row["placed"] + row["unplaced"] + row["excluded"], row
        by_year.setdefault(row["year"], set()).add(row["in"])
    assert all(len(totals) == 1 for totals in by_year.values()), "scenarios and policies share one demand"
    assert all(total > summary["demand_pupils"][str(year)] for year, (total,) in by_year.items())


def test_the_figures_of_a_row_agree_with_one_another(summary: dict[str, Any]) -> None:
    for row in summary["results"]:
        if row["demand_pupils"] is None:
            continue
        assert row["location_balance_places"] == row["capacity_places"] - row["demand_pupils"]
        without = row["without_local_place_pupils"]
        if without is not None:
            assert 0 <= without <= row["demand_pupils"]
            if row["level"] == "county" and row["policy"] == "optimal":
                assert without >= row["demand_pupils"] - row["capacity_places"], "no more local pupils than places"
        if row["median_min"] is not None and row["p90_min"] is not None:
            assert row["median_min"] <= row["p90_min"]


def test_districts_add_up_to_the_county(summary: dict[str, Any]) -> None:
    key = ("scenario", "policy", "year")
    for field in ("demand_pupils", "capacity_places", "without_local_place_pupils"):
        totals: dict[tuple[Any, ...], int] = {}
        county: dict[tuple[Any, ...], int] = {}
        broken = set()
        for row in summary["results"]:
            at = tuple(row[name] for name in key)
            if row["level"] == "county":
                county[at] = row[field]
            elif row[field] is None:
                broken.add(at)
            else:
                totals[at] = totals.get(at, 0) + row[field]
        whole = [at for at in county if at not in broken]
        assert whole, field
        assert all(totals[at] == county[at] for at in whole), field


def test_more_places_never_leave_more_pupils_without(summary: dict[str, Any]) -> None:
    found = {
        (r["scenario"], r["year"]): r["without_local_place_pupils"]
        for r in summary["results"]
        if r["level"] == "county" and r["policy"] == "optimal"
    }
    for year in YEARS:
        assert found["programme", year] <= found["committed", year] <= found["do_nothing", year]


def test_hidden_values_are_null_and_listed(summary: dict[str, Any]) -> None:
    key = ("scenario", "policy", "year", "level", "area_id")
    null = {
        (*(row[name] for name in key), field)
        for row in summary["results"]
        for field in MAY_BE_HIDDEN
        if row[field] is None
    }
    listed = {(*(entry[name] for name in key), entry["field"]) for entry in summary["suppressed"]}
    assert listed == null
    assert not {entry for entry in listed if entry[3] == "county" and entry[5] in MAY_BE_HIDDEN[:4]}
    shown = [row[name] for row in summary["results"] for name in ("over_limit_pupils", "without_local_place_pupils")]
    assert not {1, 2, 3, 4, 5} & {value for value in shown if value is not None}


def test_the_record_proves_and_repeats_the_run(record: str, summary: dict[str, Any]) -> None:
    run_record = json.loads(record)
    assert run_record["run_id"] == summary["run_id"]
    files = {path.relative_to(CHECKOUT / "data").as_posix() for path in (CHECKOUT / "data").rglob("*.csv")}
    files = {name for name in files if not name.startswith("template/")}
    assert set(run_record["digests"]) >= files
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in run_record["digests"].values())
    proven = {(c["scenario_id"], c["policy"], c["year"]) for c in run_record["certificates"]}
    assert proven >= set(product(SCENARIOS, {"optimal", "rolling"}, YEARS))
    assert all(c["optimal"] and c["primal"] == c["dual"] for c in run_record["certificates"])


def test_the_record_has_no_clock_path_user_or_host(embedded_run: Run, record: str) -> None:
    for secret in (str(CHECKOUT), str(embedded_run.out), tempfile.gettempdir() + "/", str(Path.home())):
        assert secret not in record
    assert not re.search(r"\b\d{1,2}:\d{2}:\d{2}\b", record), "a time of day"
    words = set(re.findall(r"[\w.-]+", record))
    assert socket.gethostname() not in words
    assert getpass.getuser() not in words


def test_no_output_names_where_it_was_made(embedded_run: Run) -> None:
    for name, content in tree(embedded_run.out).items():
        parts = {name: content}
        if name.endswith((".docx", ".xlsx")):
            with zipfile.ZipFile(embedded_run.out / name) as archive:
                parts = {f"{name}!{member}": archive.read(member) for member in archive.namelist()}
        for part, found in parts.items():
            assert str(CHECKOUT).encode() not in found, part
            assert str(embedded_run.out).encode() not in found, part


def test_the_template_area_runs(template_run: Run) -> None:
    assert template_run.status == 0, template_run.errors
    found = json.loads((template_run.out / "reports" / "summary.json").read_text(encoding="utf-8"))
    assert found["results"]
    for row in found["conservation"]:
        assert row["in"] == row["placed"] + row["unplaced"] + row["excluded"]


def test_an_unknown_scenario_is_named_with_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["run", str(TEMPLATE), "--scenario", "everything", "--out", str(tmp_path)])
    said = capsys.readouterr().err
    assert status == 2
    assert "everything" in said
    assert "programme" in said
    assert not list(tmp_path.iterdir())


# Writing: whatever fails, the earlier set stands whole.

STEPS = (
    "maps.page.write_map",
    "report.board.write_report",
    "export.tables.write_tables",
    "export.star.write_star",
    "export.geopackage.write_geopackage",
    "summary.write_summary",
    "record.write_record",
)


def _writers(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Stand in for the writers: small files with the content, so that only the order of writing is tested."""

    def file_at(position: int, name: str = "") -> Callable[..., None]:
        def write(*arguments: Any, **_: Any) -> None:
            (arguments[position] / name if name else arguments[position]).write_text(content)

        return write

    monkeypatch.setattr("sufficiency.outputs.maps.page.write_map", file_at(3))
    monkeypatch.setattr("sufficiency.outputs.report.board.write_report", file_at(3, "board-report.docx"))
    monkeypatch.setattr("sufficiency.outputs.export.tables.write_tables", file_at(1, "sufficiency_area.csv"))
    monkeypatch.setattr("sufficiency.outputs.summary.write_summary", file_at(3))
    monkeypatch.setattr("sufficiency.outputs.record.write_record", file_at(1))
    monkeypatch.setattr("sufficiency.outputs.export.geopackage.write_geopackage", file_at(3))
    monkeypatch.setattr("sufficiency.outputs.export.star.write_star", lambda *_: None)
    monkeypatch.setattr(run, "write_release", lambda *_: None)


def _write(out: Path) -> list[Path]:
    job = run.Job({}, SimpleNamespace(build="public"), SimpleNamespace(run_id="of-a-test"))
    inputs = SimpleNamespace(
        parameters=SimpleNamespace(area_id="somewhere"), roads=SimpleNamespace(attribution=""), docx_template=None
    )
    return run.write_job(job, inputs, out)


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Write a first set to tmp_path and make the writers write another."""
    _writers(monkeypatch, "first")
    _write(tmp_path)
    _writers(monkeypatch, "second")
    return tree(tmp_path)


def test_a_second_run_takes_the_place_of_the_first(tmp_path: Path, earlier: dict[str, bytes]) -> None:
    (tmp_path / "reports" / "appendix.txt").write_text("somebody's own")
    written = _write(tmp_path)
    assert set(tree(tmp_path)) == {*earlier, "reports/appendix.txt"}
    own = {name for name in earlier if name != "reports/manifest.json"}
    assert {text for name, text in tree(tmp_path).items() if name in own} == {b"second"}
    assert all(path.exists() for path in written)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps", "reports"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("a defect")])
@pytest.mark.parametrize("step", STEPS)
def test_a_failing_step_leaves_the_earlier_set(
    tmp_path: Path, earlier: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(f"sufficiency.outputs.{step}", fail)
    with pytest.raises(type(error)):
        _write(tmp_path)
    assert tree(tmp_path) == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps", "reports"]


@pytest.mark.parametrize("error", [PermissionError(13, "open in another program"), KeyboardInterrupt()])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_failing_swap_puts_the_earlier_set_back(
    tmp_path: Path, earlier: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, nth: int, error: BaseException
) -> None:
    moves = 0

    def counted(move: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def moved(path: Path, target: Path) -> Path:
            nonlocal moves
            moves += 1
            if moves == nth:
                raise error
            return move(path, target)

        return moved

    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    with pytest.raises(type(error)):
        _write(tmp_path)
    assert moves >= nth, "the swap has fewer moves than this test takes it to have"
    assert tree(tmp_path) == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps", "reports"]


def test_a_first_set_that_cannot_be_swapped_in_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    _writers(monkeypatch, "first")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        _write(tmp_path)
    assert tree(tmp_path) == {}


# Said before the work is done, not after it: these take a second.


def _refuses(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 4
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "Cannot read or write" in said
    return said


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: Any) -> str:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(swap.tempfile, "mkdtemp", refuse)
    said = _refuses(["run", str(TEMPLATE), "--out", str(tmp_path)], capsys)
    assert str(tmp_path) in said
    assert not list(tmp_path.iterdir())


def test_a_file_where_the_folder_should_be_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    said = _refuses(["run", str(TEMPLATE), "--out", str(tmp_path / "out")], capsys)
    assert str(tmp_path / "out") in said
    assert (tmp_path / "out").read_text() == "a file"
