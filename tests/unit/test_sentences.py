"""Sentences built from figures: plural, direction, magnitude, and figures that are not shown."""

from __future__ import annotations

import pytest

from sufficiency.outputs.report import sentences as s
from sufficiency.outputs.report.sentences import HIDDEN, Figure

NONE = Figure(None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "no pupils"), (1, "1 pupil"), (2, "2 pupils"), (1204, "1,204 pupils")],
)
def test_counts_take_the_right_number(value: float, expected: str) -> None:
    assert s.count_words(Figure(value), "pupil") == expected


def test_a_hidden_count_is_said_in_words_and_never_as_a_small_or_zero_number() -> None:
    words = s.count_words(HIDDEN, "pupil")
    assert words == "a number of pupils that is not shown (c)"
    assert not any(character.isdigit() for character in words)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (-303, "303 fewer pupils than with committed schemes only"),
        (1, "1 more pupil than with committed schemes only"),
        (0, "the same as with committed schemes only"),
    ],
)
def test_changes_state_direction_and_reference(change: float, expected: str) -> None:
    assert s.change_sentence(Figure(change), "pupil", "with committed schemes only") == expected


def test_an_irregular_plural_is_kept() -> None:
    assert s.change_sentence(Figure(-2), "place short", "today", "places short") == "2 fewer places short than today"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (-1.2, "1 minute shorter than today"),
        (2.6, "3 minutes longer than today"),
        (0.3, "the same, within a minute, as today"),
    ],
)
def test_minutes_are_whole_and_directed(change: float, expected: str) -> None:
    assert s.minutes_words(Figure(change), "today") == expected


@pytest.mark.parametrize(
    ("items", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_english(items: list[str], expected: str) -> None:
    assert s.list_words(items) == expected


def test_a_difference_with_a_hidden_side_is_hidden() -> None:
    assert s.difference(Figure(5), HIDDEN) == HIDDEN
    assert s.difference(Figure(5), NONE) == NONE
    assert s.difference(Figure(5), Figure(8)).value == -3


def test_a_share_of_nothing_does_not_apply() -> None:
    assert s.share_figure(Figure(0), Figure(0)) == NONE
    assert s.share_figure(HIDDEN, Figure(10)) == HIDDEN
    assert s.share_figure(Figure(1), Figure(4)).value == 0.25


@pytest.mark.parametrize(
    ("figure", "expected"), [(HIDDEN, "c"), (NONE, "z"), (Figure(1234.4), "1,234"), (Figure(-0.2), "0")]
)
def test_table_cells(figure: Figure, expected: str) -> None:
    assert s.figure_text(figure) == expected


def test_part_of_whole_states_the_share() -> None:
    assert s.share_sentence(Figure(340), Figure(2312), "pupils") == "340 of 2,312 pupils (15%)"
    assert "%" not in s.share_sentence(HIDDEN, Figure(2312), "pupils")


@pytest.mark.parametrize(
    ("rank", "total", "expected"),
    [
        (1, 5, "the highest of the five districts"),
        (2, 5, "the second highest of the five districts"),
        (5, 5, "the lowest of the five districts"),
        (7, 12, "number 7 of the 12 districts"),
    ],
)
def test_ranks(rank: int, total: int, expected: str) -> None:
    assert s.rank_words(rank, total) == expected


def test_ranges_ascend_and_pounds_are_rounded_to_what_is_known() -> None:
    assert s.range_words(Figure(351), Figure(207)) == "207 to 351"
    assert s.range_words(HIDDEN, Figure(3)) == "not shown"
    assert s.gbp_range_words(Figure(-9e6), Figure(-4.4e6), Figure(-1.2e6)) == "−£4.4m (−£9.0m to −£1.2m)"
    assert s.gbp_range_words(NONE, Figure(15.959e6), NONE) == "£16.0m"
    # one unit and one precision within a range
    assert s.gbp_range_words(Figure(780_000), Figure(2.05e6), Figure(4.1e6)) == "£2.0m (£0.8m to £4.1m)"
    assert s.gbp_range_words(Figure(45e6), Figure(92e6), Figure(152e6)) == "£92m (£45m to £152m)"
    assert s.gbp_range_words(Figure(0), Figure(0), Figure(0)) == "£0"
