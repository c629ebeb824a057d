"""The release register: two runs with other scenarios tell no more together than each alone; its files and faults."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sufficiency.disclosure.cells import side_cells
from sufficiency.disclosure.earlier import Earlier
from sufficiency.disclosure.register import CELL_NAME, Register, read_register, write_entry
from sufficiency.disclosure.suppress import Equations, Told, hide
from sufficiency.disclosure.system import hide_cells
from sufficiency.model.errors import DataError, InfeasibleError
from tests import tiny_county as tiny
from tests import two_releases as two

FIRST, SECOND = ("do_nothing", "extra"), ("do_nothing", "programme")
_NONE = np.zeros(4, dtype=bool)


@pytest.fixture(scope="module")
def county():
    return two.draw(44)


@pytest.fixture(scope="module")
def first(county):
    return two.run(county, FIRST)


@pytest.fixture(scope="module")
def entry(first):
    return two.entry(first, "a1", FIRST)


@pytest.fixture(scope="module")
def alone(county):
    return two.run(county, ("do_nothing",))


@pytest.fixture
def folder(tmp_path, entry):
    write_entry(Register(), tmp_path / "releases", entry)
    return tmp_path / "releases"


def one_sum(values, told):
    """Hide in one sum, whose total is printed before and after: ``total = a + b + c``."""
    size = len(values)
    equations = Equations(np.zeros(size, dtype=np.int64), np.arange(size), np.arange(size) == 0)
    flags = {name: np.isin(np.arange(size), cells) for name, cells in told.items()}
    known = Told(flags.get("known", _NONE), flags.get("held", _NONE), np.zeros(size, dtype=bool), ("a1", "b2"))
    spared = np.arange(size) == 0
    _, hidden = hide(np.array(values), equations, 5, spared=spared, rank=np.zeros(size, dtype=np.int64), told=known)
    return np.flatnonzero(hidden).tolist()


def test_one_sum_by_hand():
    """3 of 30 hide behind 9; had 9 been printed, behind 18; had 18 been hidden, behind 18 as well, and 9 is printed."""
    assert one_sum([30, 3, 9, 18], {}) == [1, 2]
    assert one_sum([30, 3, 9, 18], {"known": [2]}) == [1, 3]
    assert one_sum([30, 3, 9, 18], {"held": [3]}) == [1, 3]


def test_where_all_else_was_printed_the_refusal_names_the_releases_and_the_cure():
    with pytest.raises(InfeasibleError, match=r"a1, b2 printed.*same scenarios.*take the folder releases away"):
        one_sum([30, 3, 9, 18], {"known": [0, 2, 3]})
    with pytest.raises(InfeasibleError, match="a1, b2"):
        one_sum([30, 3, 9, 18], {"known": [1]})


def rows_of(cells, run_id="a1"):
    """Return the cells as a release told them."""
    told = cells.assign(run_id=run_id, printed=~cells["hidden"])
    return told.assign(value=told["value"].astype("Int64").where(told["printed"]))


def of_areas(pupils, scenario="x"):
    frame = pd.DataFrame({"scenario_id": scenario, "policy": "", "year": 2028, "area_id": list(pupils)})
    frame = frame.assign(pupils=list(pupils.values()))
    return side_cells(frame, ["pupils"], pd.DataFrame(tiny.areas()))


def hidden_areas(cells, earlier=None):
    found = hide_cells(cells, 5, earlier)
    return found.loc[found["hidden"], "area_id"].tolist()


BEFORE = {"C": 60, "D1": 30, "D2": 30, "d1-a": 3, "d1-b": 27, "d2-a": 10, "d2-b": 20}


def test_changed_data_make_a_new_block():
    """What was printed binds where nothing changed; where one printed count did, it goes last but may go."""
    told = rows_of(hide_cells(of_areas(BEFORE), 5))
    assert told.loc[~told["printed"], "area_id"].tolist() == ["d1-a", "d1-b"]
    same = Earlier(told.assign(printed=True).assign(value=told["value"].fillna(27)).query("area_id != 'd1-a'"))
    with pytest.raises(InfeasibleError, match="a1"):
        hidden_areas(of_areas(BEFORE | {"D1": 30}), Earlier(pd.concat([same.rows, told.query("area_id == 'd1-a'")])))
    changed = BEFORE | {"C": 61, "D2": 31, "d2-a": 11}
    assert hidden_areas(of_areas(changed), same) == ["d1-a", "d1-b"]
    assert hidden_areas(of_areas(BEFORE, "new"), Earlier(told)) == ["d1-a", "d1-b"]


def test_what_was_hidden_stays_hidden():
    told = rows_of(hide_cells(of_areas(BEFORE), 5))
    more = told.assign(printed=told["printed"] & ~told["area_id"].isin(["d2-a", "d2-b"]))
    more = more.assign(value=more["value"].where(more["printed"]))
    assert hidden_areas(of_areas(BEFORE), Earlier(more)) == ["d1-a", "d1-b", "d2-a", "d2-b"]


def test_the_pair_discloses_without_the_register(county, first):
    """Small counts are worked out exactly by a reader who lays two safe releases side by side."""
    seen = two.side_by_side(county, (FIRST, first), (SECOND, two.run(county, SECOND)))
    assert (two.small_ranges(county, seen, most=12) == 0).any()


def test_the_pair_does_not_with_it(county, first, entry):
    """Every small count of either run is left at least as uncertain as the rule wants, and county figures stand."""
    second = two.run(county, SECOND, two.register(entry))
    seen = two.side_by_side(county, (FIRST, first), (SECOND, second))
    assert (two.small_ranges(county, seen, most=25) >= two.HIDE_UP_TO).all()
    area = second.tables["sufficiency_area"]
    assert area.loc[area["level"] == "county", ["demand_pupils", "without_local_place_pupils"]].notna().all(axis=None)


def test_a_scenario_that_is_left_out_later_stays_protected(county, entry, alone):
    """Two scenarios, then one of them: the demand that protected the other's small counts must not come out."""
    later = two.entry(two.run(county, ("do_nothing",), two.register(entry)))
    for found, same in ((later, True), (two.entry(alone), False)):
        both = found.cells.merge(entry.cells, on=CELL_NAME, validate="1:1")
        assert len(both) == len(found.cells)
        assert both["printed_x"].equals(both["printed_y"]) == same


def test_with_its_own_entry_the_same_comes_out(county, alone):
    again = two.run(county, ("do_nothing",), two.register(two.entry(alone)))
    for name, veil in alone.hidden.items():
        pd.testing.assert_frame_equal(again.hidden[name], veil)
        pd.testing.assert_frame_equal(again.tables[name], alone.tables[name])


def test_a_run_that_is_repeated_sees_what_it_saw_and_writes_the_same_bytes(folder, entry):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = read_register(folder)
    assert found.before("a1") == Register()
    assert found.before("b2") == found
    pd.testing.assert_frame_equal(found.entries[0].cells, entry.cells)
    write_entry(found, folder, entry)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(before) == ["a1.parquet", "order.csv"] or list(before) == ["order.csv", "a1.parquet"]


def test_releases_stand_in_order(folder, entry):
    second = type(entry)("0b", "2", SECOND, entry.cells)
    write_entry(read_register(folder), folder, second)
    found = read_register(folder)
    assert [(one.run_id, one.version, one.scenarios) for one in found.entries] == [
        ("a1", "1", FIRST),
        ("0b", "2", SECOND),
    ]
    assert [one.run_id for one in found.before("0b").entries] == ["a1"]


def test_a_run_repeated_with_fewer_hidden_figures_keeps_what_it_printed(folder, entry):
    less = entry.cells.assign(printed=False, value=pd.array([pd.NA] * len(entry.cells), dtype="Int64"))
    write_entry(read_register(folder), folder, type(entry)("a1", "1", FIRST, less))
    pd.testing.assert_frame_equal(read_register(folder).entries[0].cells, entry.cells)


def test_no_hidden_value_is_in_the_file(folder, county, first):
    """The file has no other columns, and every value in it is printed in a table; hidden cells have none."""
    table = pq.read_table(folder / "a1.parquet")
    assert table.column_names == [*CELL_NAME, "printed", "value"]
    assert set(table.schema.metadata) == {b"sufficiency", b"hide_up_to", b"round_counts_to"}
    frame = table.to_pandas()
    assert (~frame["printed"]).any()
    assert frame.loc[~frame["printed"], "value"].isna().all()
    assert not frame["value"].between(1, two.HIDE_UP_TO).any()
    area, veil = first.tables["sufficiency_area"], first.hidden["sufficiency_area"]
    shown = ~veil["demand_pupils"] & area["demand_pupils"].notna() & (area["scenario_id"] == "extra")
    wanted = area.loc[shown].set_index("area_id")["demand_pupils"].astype(int)
    mine = frame.query("scenario_id == 'extra' and measure == 'demand_pupils' and phase == 'all' and need == 'all'")
    mine = mine.query("provision_type == 'headline' and printed").set_index("area_id")["value"].astype(int)
    assert mine.sort_index().to_dict() == wanted.sort_index().to_dict()


def test_no_folder_is_no_release(tmp_path):
    assert read_register(tmp_path / "releases") == Register()


def _rewrite(folder, change):
    path = folder / "a1.parquet"
    table = change(pq.read_table(path))
    pq.write_table(table, path)


def _set(table, name, row, value):
    values = table.column(name).to_pylist()
    values[row] = value
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, type=table.schema.field(name).type))


FAULTS = {
    "a value changed": (lambda folder: _rewrite(folder, lambda t: _set(t, "value", 0, 77)), "one of them was changed"),
    "another column": (
        lambda folder: _rewrite(folder, lambda t: t.append_column("truth", pa.array([1] * t.num_rows))),
        "and no others",
    ),
    "another type": (
        lambda folder: _rewrite(folder, lambda t: t.set_column(3, "year", t.column("year").cast(pa.string()))),
        "no file of the register",
    ),
    "other parquet": (lambda folder: pq.write_table(pa.table({"x": [1]}), folder / "a1.parquet"), "no file of the reg"),
    "no parquet": (lambda folder: (folder / "a1.parquet").write_bytes(b"\x80\x04."), "is no Parquet file"),
    "cut short": (
        lambda folder: (folder / "a1.parquet").write_bytes((folder / "a1.parquet").read_bytes()[:-9]),
        "is no Parquet file",
    ),
    "missing": (lambda folder: (folder / "a1.parquet").unlink(), "a1.parquet is missing"),
    "one more": (lambda folder: (folder / "c3.parquet").write_bytes(b""), "c3.parquet is not listed in order.csv"),
    "no order": (lambda folder: (folder / "order.csv").unlink(), "order.csv is missing"),
    "order of bytes": (lambda folder: (folder / "order.csv").write_bytes(b"\xff\xfe\x00"), "cannot be read"),
    "other columns": (lambda folder: (folder / "order.csv").write_text("run_id\na1\n"), "does not have the columns"),
    "twice": (
        lambda folder: (folder / "order.csv").write_text(
            (folder / "order.csv").read_text() + (folder / "order.csv").read_text().splitlines()[1] + "\n"
        ),
        "lists release a1 twice",
    ),
    "a path": (
        lambda folder: (folder / "order.csv").write_text((folder / "order.csv").read_text().replace("a1", "../a1")),
        "names no release in line 2",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_register_that_was_tampered_with_is_refused_in_a_sentence(folder, fault):
    change, words = FAULTS[fault]
    change(folder)
    with pytest.raises(DataError, match=words) as caught:
        read_register(folder)
    assert "the release register cannot be used" in str(caught.value)
    assert "take the folder away" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: cells.assign(value=cells["value"].fillna(3)), "a hidden cell with a value"),
        (lambda cells: cells.assign(system="other"), "unknown kind"),
        (lambda cells: pd.concat([cells, cells.head(1)]), "a cell twice"),
        (lambda cells: cells.assign(value=-cells["value"] - 1), "below nought"),
        (lambda cells: cells.assign(area_id=None), "without a name"),
    ],
)
def test_a_register_of_wrong_cells_is_refused(tmp_path, entry, change, words):
    write_entry(Register(), tmp_path, type(entry)("a1", "1", (), change(entry.cells)))
    with pytest.raises(DataError, match=words):
        read_register(tmp_path)
