"""``summary.json`` and ``run.json``: exact keys and types, hidden figures null and listed, nothing of the machine."""

from __future__ import annotations

import getpass
import json
import socket
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from sufficiency.model.results import Released
from sufficiency.outputs.record import write_record
from sufficiency.outputs.summary import build_summary, write_summary
from tests.released_fixture import make_parameters, make_record, make_released

TOP = [
    "illustrative", "build", "run_id", "capacity_places", "shortfall_places", "demand_pupils", "results",
    "conservation", "suppressed",
]  # fmt: skip
ROW = [
    "scenario", "policy", "year", "level", "area_id", "area_name", "demand_pupils", "capacity_places",
    "location_balance_places", "without_local_place_pupils", "median_min", "p90_min", "over_limit_pupils",
]  # fmt: skip


def test_keys_are_exactly_those_of_the_contract() -> None:
    found = build_summary(make_released(), make_record(), make_parameters())
    assert list(found) == TOP
    assert {tuple(row) for row in found["results"]} == {tuple(ROW)}
    assert {tuple(row) for row in found["conservation"]} == {
        ("scenario", "policy", "year", "in", "placed", "unplaced", "excluded")
    }
    assert {tuple(row) for row in found["suppressed"]} == {("scenario", "policy", "year", "level", "area_id", "field")}
    assert {row["level"] for row in found["results"]} == {"county", "district"}


def test_headline_figures_are_the_fixture_s() -> None:
    found = build_summary(make_released(), make_record(), make_parameters())
    assert found["illustrative"] is True
    assert found["build"] == "public"
    assert found["run_id"] == "0123456789ab"
    assert found["capacity_places"] == 1633
    assert found["shortfall_places"] == 2312 - 1633 == 679
    assert found["demand_pupils"]["2028"] == 2312
    assert found["demand_pupils"]["2025"] == 2085


def test_every_hidden_figure_is_null_and_listed_and_nothing_else_is() -> None:
    found = build_summary(make_released(), make_record(), make_parameters())
    where = ("scenario", "policy", "year", "level", "area_id")
    listed = {(*(row[k] for k in where), row["field"]) for row in found["suppressed"]}
    null = {
        (*(row[k] for k in where), field) for row in found["results"] for field, value in row.items() if value is None
    }
    assert listed == null
    assert listed


def test_counts_are_integers_and_minutes_are_numbers() -> None:
    for row in build_summary(make_released(), make_record(), make_parameters())["results"]:
        for field in ("year", "demand_pupils", "capacity_places", "location_balance_places"):
            assert type(row[field]) is int
        assert isinstance(row["median_min"], float)


def test_a_figure_that_does_not_apply_is_null_and_not_listed() -> None:
    released = make_released()
    journeys = released.tables["journeys_area"].copy()
    journeys.loc[0, "median_min"] = np.nan
    tables = MappingProxyType({**released.tables, "journeys_area": journeys})
    found = build_summary(Released("public", tables, released.hidden), make_record(), make_parameters())
    first = journeys.iloc[0]
    row = next(
        r for r in found["results"]
        if (r["scenario"], r["policy"], r["year"], r["area_id"])
        == (first["scenario_id"], first["policy"], first["year"], first["area_id"])
    )  # fmt: skip
    assert row["median_min"] is None
    assert not any(s["field"] == "median_min" for s in found["suppressed"])


def test_a_hidden_county_demand_hides_the_shortfall() -> None:
    released = make_released()
    name = "sufficiency_area"
    frame, mask = released.tables[name].copy(), released.hidden[name].copy()
    chosen = (frame["level"] == "county") & (frame["year"] == 2028)
    frame.loc[chosen, "demand_pupils"] = pd.NA
    mask.loc[chosen, "demand_pupils"] = True
    hidden = Released(
        "public", MappingProxyType({**released.tables, name: frame}), MappingProxyType({**released.hidden, name: mask})
    )
    found = build_summary(hidden, make_record(), make_parameters())
    assert found["shortfall_places"] is None
    assert found["demand_pupils"]["2028"] is None


def test_files_are_json_and_name_no_machine(tmp_path: Path) -> None:
    write_summary(make_released(), make_record(), make_parameters(), tmp_path / "summary.json")
    write_record(make_record(), tmp_path / "run.json")
    for name in ("summary.json", "run.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        json.loads(text)
        for word in (socket.gethostname(), str(tmp_path), str(Path.home())):
            assert len(word) < 3 or word not in text
        assert f'"{getpass.getuser()}"' not in text


def test_the_record_has_versions_digests_checks_and_certificates(tmp_path: Path) -> None:
    write_record(make_record(), tmp_path / "run.json")
    found = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert list(found) == ["run_id", "versions", "digests", "parameters", "checks", "certificates"]
    assert found["versions"]["sufficiency"] == "0.1.0"
    assert [c["policy"] for c in found["certificates"]] == ["optimal", "rolling"]
    assert found["certificates"][0]["primal"] == found["certificates"][0]["dual"] == 123_456_789
