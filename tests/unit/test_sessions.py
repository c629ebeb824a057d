"""Desks that are found again: in the same tab, after a reload, after a restart."""

from __future__ import annotations

import dataclasses
import gc
import json
import stat
import threading
import time
from types import SimpleNamespace

import pytest

from sufficiency.app.desk import Card, Desk, History, Programme
from sufficiency.app.sessions import Session, Sessions
from sufficiency.model.errors import ParameterError
from sufficiency.planning.proposed import ProposedScheme
from tests.tiny_county import YEAR, parameters

KEY = "a-key-of-a-tab"


def engine(**digests):
    """Return as much of an engine as desks need."""
    told = parameters()
    inputs = SimpleNamespace(parameters=told, digests={"area.toml": "1"} | digests)
    return SimpleNamespace(inputs=inputs, against="committed", years=(YEAR - 1, YEAR, YEAR + 1))


def scheme(number, places=30):
    name = f"Base {number} – “näme” </script>"
    return ProposedScheme(f"scheme-{number}", name, "open", "", 1.5, 2.25, "specialist_base", ("ASD",), 7, 11,
                          ((YEAR, places),), capital_gbp=(1.0, 2.0, 3.5))  # fmt: skip


def with_scheme(desk, number, places=30):
    return desk.with_programme(desk.programme.with_card(Card(scheme(number, places))))


def worked_on(session, count=5):
    for number in range(count):
        session.change(with_scheme(session.history.desk, number))
    return session


def open_again(folder, key=KEY, about=None):
    return Sessions(about or engine(), folder).open(key)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_desk_is_empty_and_of_the_headline_year(tmp_path):
    for folder in (None, tmp_path / "new" / "folder"):
        session = Sessions(engine(), folder).open(KEY)
        assert session.history == History((Desk((Programme("My programme"),), YEAR),))
        assert session.notice == ""


@pytest.mark.parametrize("key", [
    "", "short", "a" * 65, "../../etc/passwd", "a/b/c/d/e/f", "a.b.c.d.e.f", "key with space", "key\n12345678",
    "12345678\n",
    "ключключ", "a\0b345678", None, 12345678, b"12345678",
])  # fmt: skip
def test_a_key_that_is_none_opens_nothing(tmp_path, key):
    sessions = Sessions(engine(), tmp_path)
    with pytest.raises(ParameterError, match="open the page in a new tab"):
        sessions.open(key)
    assert files(tmp_path) == []


@pytest.mark.parametrize("key", ["CON-CON-CON", "con-con-con", "--------", "________", "a" * 64, "NUL_NUL_NUL"])
def test_no_key_names_a_file(tmp_path, key):
    """Nor are two keys one desk where the file system takes capitals for small letters."""
    sessions = Sessions(engine(), tmp_path)
    worked_on(sessions.open(key), 1)
    sessions.close()
    (name,) = files(tmp_path)
    assert name.startswith("desk-")
    assert name.lower() == name
    assert key not in name
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_same_key_is_the_same_desk_and_another_is_another():
    sessions = Sessions(engine(), None)
    one = worked_on(sessions.open(KEY))
    assert sessions.open(KEY) is one
    assert sessions.open(KEY + "2").history.desk.programme.cards == ()


def test_undo_and_redo_and_amend_are_of_the_history():
    session = Sessions(engine(), None).open(KEY)
    worked_on(session, 3)
    session.amend(with_scheme(session.history.desk, 2, 60))
    assert len(session.history.desks) == 4
    session.undo()
    assert len(session.history.desk.programme.cards) == 2
    session.redo()
    assert session.history.desk.programme.card("scheme-2").scheme.places == ((YEAR, 60),)
    for _ in range(9):
        session.undo()
    assert session.history.desk.programme.cards == ()
    assert not session.history.can_undo


def test_what_was_done_is_there_after_a_restart_with_undo_and_redo(tmp_path):
    sessions = Sessions(engine(), tmp_path)
    session = worked_on(sessions.open(KEY))
    session.undo()
    session.undo()
    sessions.close()
    again = open_again(tmp_path)
    assert again.history == session.history
    assert again.told_once() == "Your 3 schemes of last time are back."
    assert again.told_once() == ""
    again.redo()
    assert len(again.history.desk.programme.cards) == 4


def test_a_change_is_saved_without_being_asked(tmp_path):
    sessions = Sessions(engine(), tmp_path, rest_s=0.01)
    session = worked_on(sessions.open(KEY))
    path = sessions._path(KEY)
    for _ in range(500):
        if path.exists() and open_again(tmp_path).history == session.history:
            break
        time.sleep(0.01)
    else:
        pytest.fail("nothing was saved")
    sessions.close()


def test_a_slider_is_not_slowed_by_saving(tmp_path):
    """However long the disk takes: a change waits for no file."""
    sessions = Sessions(engine(), tmp_path, rest_s=0.0)
    held = threading.Event()
    saved = []

    def slow(session):
        held.wait(10)
        saved.append(session.history.desk)

    sessions._save = slow
    session = sessions.open(KEY)
    began = time.perf_counter()
    for places in range(200):
        session.amend(with_scheme(session.history.desk, 1, places))
    assert time.perf_counter() - began < 2
    assert saved == []
    held.set()
    sessions.close()
    assert saved[-1] == session.history.desk
    assert len(saved) <= 3


def test_nothing_is_written_where_nothing_was_changed_or_nothing_is_kept(tmp_path):
    sessions = Sessions(engine(), tmp_path)
    session = sessions.open(KEY)
    session.undo()
    session.redo()
    session.change(session.history.desk)
    sessions.close()
    assert files(tmp_path) == []
    without = Sessions(engine(), None)
    worked_on(without.open(KEY))
    without.close()


SPOILT = (
    # what stands there, and what in its place; blank = everything
    ("", ""), ("", "[]"), ("", "null"), ("", "{}"), ("", '{"desks": ' + "[" * 100_000), ("", '{"format": "sufficie'),
    ('"version": 1', '"version": 2'), ("sufficiency desk 1", "else"), ('"at": 5', '"at": 6'), ('"at": 5', '"at": -1'),
    ('"at": 5', '"at": "5"'), (f'"year": {YEAR},', '"year": 1999,'), ('"places": [[', '"places": [["x", '),
    ('"on": true', '"on": 1'), ('"desks": [', '"desks": [7, '), ("scheme_id", "__class__"),
    ('"action": "open"', '"action": null'),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SPOILT, ids=range(len(SPOILT)))
def test_a_file_that_cannot_be_read_is_set_aside_and_said_once(tmp_path, old, new):
    sessions = Sessions(engine(), tmp_path)
    worked_on(sessions.open(KEY))
    sessions.close()
    path = sessions._path(KEY)
    text = path.read_text("utf-8")
    spoilt = text.replace(old, new) if old else new
    assert spoilt != text
    path.write_text(spoilt, "utf-8")
    again = Sessions(engine(), tmp_path)
    session = again.open(KEY)
    assert session.history == History((Desk((Programme("My programme"),), YEAR),))
    (aside,) = tmp_path.glob("*.set-aside-1.json")
    assert aside.read_text("utf-8") == spoilt
    assert "cannot be read" in session.notice
    assert str(aside) in session.notice
    # the next change makes a new file, and the old one stays
    worked_on(session, 1)
    again.close()
    assert open_again(tmp_path).notice == "Your scheme of last time is back."
    assert aside.exists()


def test_bytes_that_are_no_text_are_set_aside(tmp_path):
    sessions = Sessions(engine(), tmp_path)
    sessions._path(KEY).write_bytes(b"\xff\xfe\x00{}")
    assert "cannot be read" in sessions.open(KEY).notice
    sessions._path(KEY).mkdir()
    assert "cannot be read" in Sessions(engine(), tmp_path).open(KEY).notice


def test_compared_with_another_scenario_or_of_another_area_it_is_another_desk(tmp_path):
    sessions = Sessions(engine(), tmp_path)
    mine = worked_on(sessions.open(KEY)).history
    sessions.close()
    against, area = engine(), engine()
    against.against = "do_nothing"
    area.inputs.parameters = dataclasses.replace(area.inputs.parameters, area_id="elsewhere")
    for other in (against, area):
        again = Sessions(other, tmp_path)
        assert again.open(KEY).history.desk.programme.cards == ()
        assert again.open(KEY).notice == ""
        worked_on(again.open(KEY), 1)
        again.close()
    assert open_again(tmp_path).history == mine
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize("change", ["digests", "assumptions"])
def test_a_desk_of_other_data_is_set_aside(tmp_path, change):
    sessions = Sessions(engine(), tmp_path)
    worked_on(sessions.open(KEY))
    sessions.close()
    other = engine(**({"schemes/schemes.csv": "2"} if change == "digests" else {}))
    if change == "assumptions":
        other.inputs.parameters = parameters(transport_gbp_per_pupil=(8_001, 6_000, 10_000))
    session = open_again(tmp_path, about=other)
    assert "were made on other data" in session.notice
    assert session.history.desk.programme.cards == ()
    assert len(list(tmp_path.glob("*.set-aside-1.json"))) == 1
    # two times: two names
    Sessions(engine(), tmp_path)._path(KEY).write_text("{}")
    open_again(tmp_path)
    assert len(list(tmp_path.glob("*.set-aside-*.json"))) == 2


def test_a_long_history_is_saved_from_both_sides_of_what_is_looked_at(tmp_path):
    sessions = Sessions(engine(), tmp_path)
    session = sessions.open(KEY)
    for places in range(1_000):
        session.change(with_scheme(session.history.desk, 1, places))
    for _ in range(200):
        session.undo()
    assert len(session.history.desks) == 1_001
    sessions.close()
    again = open_again(tmp_path)
    assert again.history.desk == session.history.desk
    assert (again.history.at, len(again.history.desks)) == (300, 401)
    again.redo()
    session.redo()
    assert again.history.desk == session.history.desk


def test_those_used_longest_ago_are_let_go_and_found_again(tmp_path):
    sessions = Sessions(engine(), tmp_path, most=3)
    held = worked_on(sessions.open("held-by-a-tab"), 2)
    for number in range(10):
        worked_on(sessions.open(f"tab-number-{number}"), 1)
    sessions.flush()
    gc.collect()
    assert len(sessions._recent) == 3
    assert len(sessions._alive) <= 4
    # one that a tab still holds is the same desk and no second one
    assert sessions.open("held-by-a-tab") is held
    assert len(sessions.open("tab-number-0").history.desk.programme.cards) == 1
    sessions.close()


def test_one_that_is_let_go_before_it_is_saved_is_saved(tmp_path):
    sessions = Sessions(engine(), tmp_path, most=1, rest_s=60)
    for number in range(5):
        worked_on(sessions.open(f"tab-number-{number}"), 1)
    gc.collect()
    sessions.close()
    assert len(files(tmp_path)) == 5


def test_a_disk_that_refuses_is_said_and_stops_nothing(tmp_path, monkeypatch):
    sessions = Sessions(engine(), tmp_path)
    session = worked_on(sessions.open(KEY))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sufficiency.app.sessions.os.replace", full)
    sessions.flush()
    assert "No space left on device" in sessions.fault
    assert files(tmp_path) == []
    monkeypatch.undo()
    sessions.close()
    assert sessions.fault == ""
    assert open_again(tmp_path).history == session.history


def test_threads_may_share_sessions_and_a_session(tmp_path):
    sessions = Sessions(engine(), tmp_path, most=5, rest_s=0.0)
    faults = []

    def work(number):
        try:
            for step in range(100):
                mine = sessions.open(f"tab-number-{number}")
                mine.change(with_scheme(mine.history.desk, step % 9, step))
                shared = sessions.open("shared-by-all")
                shared.change(
                    dataclasses.replace(shared.history.desk, year=YEAR + step % 2 * (1 if number % 2 else -1))
                )
        except Exception as error:  # noqa: BLE001 - any is a fault
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    for number in range(8):
        cards = sessions.open(f"tab-number-{number}").history.desk.programme.cards
        assert len(cards) == 9
        assert max(card.scheme.places[0][1] for card in cards) == 99
    sessions.close()
    assert open_again(tmp_path, "shared-by-all").history.desk == sessions.open("shared-by-all").history.desk
    assert all(name.startswith("desk-") for name in files(tmp_path))


def test_saved_files_are_whole_and_the_same_for_the_same_desk(tmp_path):
    texts = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        sessions = Sessions(engine(), folder)
        worked_on(sessions.open(KEY))
        sessions.close()
        (path,) = folder.iterdir()
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["at"] == 5


def test_a_session_is_made_by_sessions():
    session = Sessions(engine(), None).open(KEY)
    assert isinstance(session, Session)
    assert session.key == KEY
