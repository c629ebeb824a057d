"""Places as people type them."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from sufficiency.cli.places import place_finder
from sufficiency.model.errors import DataError, ParameterError


def inputs():
    schools = [("123332", "Frank Wise School", 444_502, 240_181), ("123333", "St. Mary's Base", 459_119, 205_837),
               ("l-7", "Abbey School", 450_000, 200_000), ("l-8", "Abbey School", 460_000, 200_000)]  # fmt: skip
    places = [("Wantage", 439_800, 187_900), ("Grove", 440_000, 190_000), ("Grove", 470_000, 190_000),
              ("Chipping Norton", 431_000, 227_000), ("Île-sur-Mer", 400_000, 100_000)]  # fmt: skip
    columns = ["easting_m", "northing_m"]
    return SimpleNamespace(
        settings=pd.DataFrame(schools, columns=["setting_id", "setting_name", *columns]),
        gazetteer=pd.DataFrame(places, columns=["place_name", *columns]),
    )


@pytest.fixture
def find():
    return place_finder(inputs(), None)


@pytest.mark.parametrize(
    "text", ["439800, 187900", "439800,187900", " 439800  187900 ", "E439800 N187900", "439800;187900"]
)
def test_easting_and_northing(find, text):
    assert find(text) == (439_800.0, 187_900.0, "439800, 187900")


@pytest.mark.parametrize(("text", "words"), [("51.588, -1.427", "look like degrees"), ("0, 0", "look like degrees"),
                                             ("9999999, 1", "outside Great Britain"),
                                             ("-5000, 200000", "outside Great Britain")])  # fmt: skip
def test_pairs_that_are_no_easting_and_northing(find, text, words):
    with pytest.raises(ParameterError, match=words):
        find(text)


@pytest.mark.parametrize(("text", "name", "easting_m"), [
    ("123332", "Frank Wise School", 444_502), ("frank wise school", "Frank Wise School", 444_502),
    ("Frank  WISE", "Frank Wise School", 444_502), ("wise", "Frank Wise School", 444_502),
    ("st marys base", "St. Mary's Base", 459_119), ("St. Mary's", "St. Mary's Base", 459_119),
    ("wantage", "Wantage", 439_800), ("WANTAGE ", "Wantage", 439_800), ("chipping", "Chipping Norton", 431_000),
    ("ile sur mer", "Île-sur-Mer", 400_000), ("l-8", "Abbey School", 460_000),
])  # fmt: skip
def test_schools_and_places_by_name(find, text, name, easting_m):
    found = find(text)
    assert found[2] == name
    assert found[0] == easting_m


def test_two_of_one_name_are_told_apart(find):
    with pytest.raises(
        ParameterError, match=r"more than one place: Grove \(440000, 190000\), Grove \(470000, 190000\)"
    ):
        find("grove")
    with pytest.raises(ParameterError, match=r"more than one place.*Abbey School \(450000, 200000\)"):
        find("abbey")


def test_a_name_is_found_from_the_beginning_of_its_words_only(find):
    with pytest.raises(ParameterError, match="there is no"):
        find("antage")
    with pytest.raises(ParameterError, match="there is no"):
        find("wi")


@pytest.mark.parametrize(("text", "near"), [("Wanttage", "Wantage"), ("Chiping Nortn", "Chipping Norton")])
def test_what_is_near_is_named(find, text, near):
    with pytest.raises(ParameterError, match=f"Did you mean {near}"):
        find(text)


@pytest.mark.parametrize("text", ["", " ", "x" * 121, "\0", "zzzzzzzz", "<script>", "'; drop table", "🦄", "()[]*+?"])
def test_what_is_nothing_says_what_to_type(find, text):
    with pytest.raises(ParameterError, match="439800, 187900"):
        find(text)


def test_without_a_directory_a_postcode_is_said_to_be_unknown(find):
    for text in ("OX12 8AA", "ox128aa"):
        with pytest.raises(ParameterError, match="no directory of postcodes is loaded, so that OX12 8AA"):
            find(text)


def test_with_a_directory_a_postcode_is_found(tmp_path):
    path = tmp_path / "postcodes.csv"
    path.write_text("pcds,oseast1m,osnrth1m,doterm\nOX12 8AA,439801,187902,\nOX12 8AB,439900,187900,201901\n")
    find = place_finder(inputs(), path)
    assert find("ox12 8aa") == (439_801.0, 187_902.0, "OX12 8AA")
    assert find("OX128AB")[0] == 439_900.0
    with pytest.raises(ParameterError, match="OX12 8AD is not in the directory"):
        find("OX12 8AD")
    # read once
    path.unlink()
    assert find("OX12 8AA")[0] == 439_801.0


def test_a_directory_that_is_none_is_said_when_it_is_needed(tmp_path):
    path = tmp_path / "postcodes.csv"
    path.write_text("a,b\n1,2\n")
    find = place_finder(inputs(), path)
    assert find("Wantage")[2] == "Wantage"
    with pytest.raises(DataError, match=r"postcodes\.csv cannot be read"):
        find("OX12 8AA")
