"""The visual language: breaks, labels, numbers and words, against expectations worked by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.vocabulary import POLICIES
from sufficiency.outputs import style

MINUS = "\u2212"
COUNTS = st.lists(st.integers(min_value=0, max_value=5_000), min_size=1, max_size=60)
SHARES = st.lists(st.floats(min_value=0, max_value=1, allow_nan=False), min_size=1, max_size=60)
CHANGES = st.lists(st.integers(min_value=-3_000, max_value=3_000), min_size=1, max_size=60)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# --- colours


def test_text_colours_reach_four_and_a_half_to_one_on_land_and_white() -> None:
    for ink, paper in itertools.product((style.INK, style.QUIET_INK), (style.LAND, style.OUTSIDE, "#FFFFFF")):
        assert contrast(ink, paper) >= 4.5


def test_symbols_reach_three_to_one_on_white() -> None:
    for symbol in style.SYMBOLS.values():
        assert contrast(symbol.colour, "#FFFFFF") >= 3


def test_the_outline_of_what_is_chosen_stands_out_from_every_colour_beneath() -> None:
    """WCAG 2.2, 1.4.11: on each class, on land, on hatched and on flat grey ground one of its two lines has 3:1."""
    (casing, wide), (line, narrow) = style.CHOSEN_LINES
    assert contrast(casing, line) >= 3
    # of the casing at least two pixels show on either side
    assert (wide - narrow) / 2 >= 2
    assert narrow >= 2
    ramps = [colour for ramp in style.RAMPS.values() for colour in ramp]
    grounds = (*ramps, *style.REACH_COLOURS, style.NO_DATA, style.LAND, style.OUTSIDE, style.WATER, style.BORDER)
    assert {min(style.AMOUNT_COLOURS, key=luminance), min(ramps, key=luminance)} <= set(grounds)
    weak = [one for one in grounds if max(contrast(casing, one), contrast(line, one)) < 3]
    assert weak == []
    # neither alone would do
    assert any(contrast(line, one) < 3 for one in grounds)
    assert any(contrast(casing, one) < 3 for one in grounds)


def test_the_contrast_formula_gives_the_published_extremes() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_amount_classes_darken_step_by_step_and_the_palest_differs_from_land() -> None:
    for ramp in (style.AMOUNT_COLOURS, style.WARM_AMOUNT_COLOURS):
        found = [luminance(colour) for colour in ramp]
        assert found == sorted(found, reverse=True)
        assert contrast(ramp[0], style.LAND) > 1.15


def test_balance_colours_are_seven_with_a_neutral_middle() -> None:
    assert len(style.BALANCE_COLOURS) == 7
    middle = style.BALANCE_COLOURS[3]
    assert middle[1:3] == middle[3:5] == middle[5:7]


def test_no_two_kinds_of_setting_share_both_shape_and_colour() -> None:
    kinds = {name: (one.shape, one.colour) for name, one in style.SYMBOLS.items() if name != "early_years_base"}
    assert len(set(kinds.values())) == len(kinds)


def test_every_policy_has_a_title_and_a_meaning() -> None:
    assert set(style.POLICY_TITLES) == set(style.POLICY_GLOSSES) == set(POLICIES)


# --- breaks


def test_breaks_of_shares_are_tens_of_per_cent() -> None:
    breaks = style.amount_breaks([0.1, 0.2, 0.3, 0.4, 0.5], least_step=0.05)
    assert breaks == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert style.class_labels(breaks, share=True) == (
        "10% to under 20%",
        "20% to under 30%",
        "30% to under 40%",
        "40% to 50%",
    )


def test_breaks_of_counts_are_whole_and_labels_do_not_overlap() -> None:
    breaks = style.amount_breaks([3, 60, 101, 155, 199])
    assert breaks == (0, 50, 100, 150, 200)
    assert style.class_labels(breaks) == ("0 to 49", "50 to 99", "100 to 149", "150 to 200")


def test_a_few_far_values_open_the_last_class_instead_of_widening_all() -> None:
    values = [*range(10, 50), 400]
    breaks = style.amount_breaks(values)
    assert breaks == (10, 20, 30, 40, 50, 400)
    assert style.class_labels(breaks)[-1] == "50 or more"


def test_breaks_without_values_are_one_class() -> None:
    assert style.amount_breaks([]) == (0, 1)
    assert style.amount_breaks([None, float("nan")]) == (0, 1)


def test_balance_breaks_are_symmetric_about_a_true_zero() -> None:
    breaks = style.balance_breaks([-130, 40])
    assert breaks == (-150, -100, -50, 0, 50, 100, 150)
    assert style.class_labels(breaks, balance=True) == (
        f"{MINUS}150 to {MINUS}101",
        f"{MINUS}100 to {MINUS}51",
        f"{MINUS}50 to {MINUS}1",
        "0",
        "+1 to +50",
        "+51 to +100",
        "+101 to +150",
    )


@pytest.mark.parametrize(
    ("value", "place"), [(-150, 0), (-101, 0), (-100, 1), (-1, 2), (0, 3), (1, 4), (50, 4), (51, 5), (150, 6)]
)
def test_a_balance_falls_in_the_class_of_its_label(value: int, place: int) -> None:
    assert style.class_of(value, (-150, -100, -50, 0, 50, 100, 150), balance=True) == place


@pytest.mark.parametrize(("value", "place"), [(0, 0), (49, 0), (50, 1), (199, 3), (200, 3)])
def test_an_amount_falls_in_the_class_of_its_label(value: int, place: int) -> None:
    assert style.class_of(value, (0, 50, 100, 150, 200)) == place


@given(COUNTS)
def test_count_breaks_hold_every_value_in_at_most_five_classes(values: list[int]) -> None:
    breaks = style.amount_breaks(values)
    assert 2 <= len(breaks) <= 6
    assert list(breaks) == sorted(set(breaks))
    assert breaks[0] <= min(values) <= max(values) <= breaks[-1]
    assert all(edge == int(edge) for edge in breaks)
    assert len(style.class_labels(breaks)) == len(breaks) - 1
    for value in values:
        place = style.class_of(value, breaks)
        assert breaks[place] <= value <= breaks[place + 1]


@given(SHARES)
def test_share_breaks_are_whole_per_cents(values: list[float]) -> None:
    breaks = style.amount_breaks(values, least_step=0.05)
    assert 2 <= len(breaks) <= 6
    assert breaks[0] <= min(values) + 1e-9
    assert max(values) <= breaks[-1] + 1e-9
    assert all(abs(edge * 100 - round(edge * 100)) < 1e-9 for edge in breaks)


@given(CHANGES)
def test_balance_breaks_never_put_a_change_on_the_wrong_side_of_zero(values: list[int]) -> None:
    breaks = style.balance_breaks(values)
    assert [-edge for edge in reversed(breaks)] == list(breaks)
    assert breaks[3] == 0
    assert breaks[-1] >= max(abs(value) for value in values)
    for value in values:
        place = style.class_of(value, breaks, balance=True)
        assert (place > 3, place < 3) == (value > 0, value < 0)


@given(COUNTS, st.randoms(use_true_random=False))
def test_breaks_do_not_depend_on_the_order_of_the_values(values: list[int], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert style.amount_breaks(shuffled) == style.amount_breaks(values)


# --- numbers and words


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1234, "1,234"), (-1234, MINUS + "1,234"), (-0.2, "0"), (1234567, "1,234,567")]
)
def test_numbers_carry_separators_and_a_true_minus(value: float, text: str) -> None:
    assert style.number_text(value) == text


def test_changes_carry_a_sign_but_nought_does_not() -> None:
    assert [style.signed_text(value) for value in (12, -3, 0, -0.3)] == ["+12", MINUS + "3", "0", "0"]


def test_ranges_read_a_to_b_and_equal_ends_once() -> None:
    assert style.range_text(1200, 2384) == "1,200 to 2,384"
    assert style.range_text(5.1, 5.2) == "5"


@pytest.mark.parametrize(
    ("pounds", "text"),
    [
        (850, "£850"),
        (8116, "£8,120"),
        (34173, "£34,200"),
        (1_200_000, "£1.2m"),
        (15_959_000, "£16.0m"),
        (-5e6, MINUS + "£5.0m"),
    ],
)
def test_pounds_are_rounded_to_what_is_known(pounds: float, text: str) -> None:
    assert style.gbp_words(pounds) == text


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "none"),
        (0.02, "fewer than one in twenty"),
        (0.2, "one in five"),
        (0.25, "a quarter"),
        (0.27, "more than a quarter"),
        (0.33, "a third"),
        (0.34, "about a third"),
        (0.39, "about two in five"),
        (0.4, "two in five"),
        (0.48, "nearly half"),
        (0.5, "half"),
        (0.68, "about two thirds"),
        (0.96, "nearly all"),
        (1, "all"),
    ],
)
def test_shares_read_as_plain_words(share: float, words: str) -> None:
    assert style.share_words(share) == words


def test_a_share_of_a_group_is_english() -> None:
    assert style.share_of(0.4, "pupils") == "two in five pupils"
    assert style.share_of(1 / 3, "pupils") == "a third of pupils"
    assert style.share_of(1, "pupils") == "all pupils"


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="share"):
        style.share_words(wrong)


WORTH = {
    "one in twenty": 1 / 20, "one in ten": 1 / 10, "one in eight": 1 / 8, "one in six": 1 / 6, "one in five": 1 / 5,
    "a quarter": 1 / 4, "three in ten": 3 / 10, "a third": 1 / 3, "two in five": 2 / 5, "half": 1 / 2,
    "three in five": 3 / 5, "two thirds": 2 / 3, "seven in ten": 7 / 10, "three quarters": 3 / 4, "four in five": 4 / 5,
    "nine in ten": 9 / 10,
}  # fmt: skip


@given(st.floats(min_value=0.04, max_value=0.94))
def test_the_words_never_say_more_than_the_figure(share: float) -> None:
    words = style.share_words(share)
    fraction = next(value for name, value in WORTH.items() if words.endswith(name))
    if words.startswith("more than"):
        assert share > fraction
    elif words.startswith("nearly"):
        assert share < fraction
    elif words.startswith("about"):
        assert abs(share - fraction) <= 0.015 + 1e-12
    else:
        assert abs(share - fraction) <= 0.005 + 1e-12
    assert abs(share - fraction) <= 0.05 + 1e-12


def test_changes_in_words_have_the_right_number() -> None:
    assert style.change_words(12) == "12 more pupils"
    assert style.change_words(-1) == "1 fewer pupil"
    assert style.change_words(0) == "no change"
    assert style.count_text(1, "pupil") == "1 pupil"
    assert style.count_text(1204, "pupil") == "1,204 pupils"


def test_sentence_case_leaves_names_alone() -> None:
    assert style.sentence_case("two in five West Oxfordshire pupils") == "Two in five West Oxfordshire pupils"


def test_an_unknown_scenario_reads_as_words() -> None:
    assert style.scenario_title("bases_to_408") == "Bases to 408"
