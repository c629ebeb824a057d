"""One visual language for the map, the charts, the paper and the workbook: colours, breaks, symbols, captions, words.

Categories use the Government Analysis Function palette; amounts and changes use ColorBrewer ramps (PuBu, YlOrBr,
PuOr), whose classes stay apart for the three common colour-vision types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs.breaks import (
    amount_breaks,
    balance_breaks,
    class_labels,
    class_of,
)
from sufficiency.outputs.words import (
    change_words,
    count_text,
    gbp_about,
    gbp_alike,
    gbp_words,
    number_text,
    range_text,
    sentence_case,
    share_of,
    share_text,
    share_words,
    signed_text,
)

__all__ = [
    "AMOUNT_COLOURS",
    "BALANCE_COLOURS",
    "CATEGORY_COLOURS",
    "MEASURES",
    "SYMBOLS",
    "amount_breaks",
    "balance_breaks",
    "change_words",
    "class_labels",
    "class_of",
    "count_text",
    "gbp_about",
    "gbp_alike",
    "gbp_words",
    "internal_mark",
    "number_text",
    "range_text",
    "scenario_title",
    "sentence_case",
    "share_of",
    "share_text",
    "share_words",
    "signed_text",
    "year_label",
]

DARK_BLUE: Final = "#12436D"
TURQUOISE: Final = "#28A197"
DARK_PINK: Final = "#801650"
ORANGE: Final = "#F46A25"
DARK_GREY: Final = "#3D3D3D"
LIGHT_PURPLE: Final = "#A285D1"
CATEGORY_COLOURS: Final = (
    DARK_BLUE,
    TURQUOISE,
    DARK_PINK,
    ORANGE,
    DARK_GREY,
    LIGHT_PURPLE,
)

# The palest class of the six-class ramps is left out: it cannot be told from the land colour.
AMOUNT_COLOURS: Final = ("#D0D1E6", "#A6BDDB", "#74A9CF", "#2B8CBE", "#045A8D")  # PuBu
WARM_AMOUNT_COLOURS: Final = (
    "#FEE391",
    "#FEC44F",
    "#FE9929",
    "#D95F0E",
    "#993404",
)  # YlOrBr
BALANCE_COLOURS: Final = (
    "#B35806",
    "#F1A340",
    "#FEE0B6",
    "#F7F7F7",
    "#D8DAEB",
    "#998EC3",
    "#542788",
)  # PuOr
# Minutes by road, the nearest first; what lies beyond is hatched too.
REACH_COLOURS: Final = ("#FFF3C4", "#FED98E", "#FE9929", "#993404")  # YlOrBr
RAMPS: Final = {
    "amount": AMOUNT_COLOURS,
    "warm_amount": WARM_AMOUNT_COLOURS,
    "balance": BALANCE_COLOURS,
}

LAND: Final = "#FAF8F3"
OUTSIDE: Final = "#F1EEE7"
INK: Final = "#2B2B2B"
QUIET_INK: Final = "#595959"
RULE: Final = "#D5D0C6"
BORDER: Final = "#3D3D3D"
NO_DATA: Final = "#C9C9C9"
WATER: Final = "#C6DCE8"
PLACE_DOT: Final = "#8A857B"
ROAD_COLOURS: Final = {
    "motorway": "#A8988A",
    "trunk": "#B5A698",
    "primary": "#BFB3A6",
    "secondary": "#CFC6BB",
}
ROAD_WIDTHS_PX: Final = {
    "motorway": 3.0,
    "trunk": 2.4,
    "primary": 1.8,
    "secondary": 1.2,
}
# The outline of what is chosen, the lower line first: one of the two stands out from any colour beneath.
CHOSEN_LINES: Final = (("#FFFFFF", 7.0), (INK, 3.0))
BORDER_WIDTHS_PX: Final = {"county": 2.0, "district": 1.5, "cluster": 0.75, "zone": 0.6}
FONT_STACK: Final = '"Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif'

SUPPRESSED: Final = "c"
NOT_APPLICABLE: Final = "z"
SUPPRESSED_NOTE: Final = "c = hidden so that small numbers of pupils cannot be recognised."
NOT_APPLICABLE_NOTE: Final = "z = does not apply."
DISTRICT_ONLY_NOTE: Final = "Places are given by district: in a cluster they could show the capacity of one school."
ILLUSTRATIVE: Final = "illustrative"
INTERNAL_MARK: Final = "Internal: not for publication"
CARE_NOTE: Final = (
    "Pupils without a local place are not without education: they would be in an independent or out-of-area place, "
    "over number, in mainstream with a package, or in education otherwise than at school. This is a planning model; "
    "it neither decides nor evidences a child's placement."
)
SOURCES: Final = (
    (
        "Boundaries: Source: Office for National Statistics licensed under the Open Government Licence v.3.0. "
        "Contains OS data © Crown copyright and database right 2025."
    ),
    "Schools: Get Information about Schools, Department for Education, Open Government Licence v3.0.",
    "Needs and places: published plan and SEN2 statistics; capacities not published are assumptions.",
)


def suppressed_note(rules: str) -> str:
    """Return what c means and, where a release says it, the rule by which it was made (`Released.rules`)."""
    return f"{SUPPRESSED_NOTE} {rules}".rstrip()


def sources(roads_attribution: str) -> tuple[str, ...]:
    """Return what is said of sources: `SOURCES`, and what the licence of the roads asks for, if anything."""
    return (*SOURCES, roads_attribution) if roads_attribution else SOURCES


@dataclass(frozen=True)
class Symbol:
    """How settings of one kind are drawn: a shape and the character nearest to it, so colour is never the only sign."""

    shape: str
    glyph: str
    label: str
    colour: str


SYMBOLS: Final[dict[str, Symbol]] = {
    "special_school": Symbol("square", "■", "Special school", DARK_BLUE),
    "specialist_base": Symbol("circle", "●", "Specialist base", DARK_PINK),
    "support_base": Symbol("ring", "○", "Support base", TURQUOISE),
    "early_years_base": Symbol("ring", "○", "Early-years base", TURQUOISE),
    "post_16": Symbol("triangle", "▲", "Post-16 setting", ORANGE),
    "independent": Symbol("diamond", "◆", "Independent or non-maintained school", DARK_GREY),
    "other_council": Symbol("square", "■", "Other councils' special schools", "#6F6A62"),
}
STATUS_WORDS: Final = {"open": "open", "proposed": "proposed", "closed": "closing"}


@dataclass(frozen=True)
class Measure:
    """A released column as readers see it: short title, unit, caption, ramp, and one plain sentence of meaning."""

    column: str
    title: str
    unit: str
    caption: str
    ramp: str
    gloss: str


WITHOUT_GLOSS: Final = (
    "Pupils who need a specialist place and for whom the model finds no local state-funded one: "
    "in another council's school, in an independent school, or with no modelled place."
)
MEASURES: Final[dict[str, Measure]] = {
    "without_local_place_share": Measure(
        "without_local_place_share",
        "Share without a local place",
        "% of those who need one",
        "Residents without a local state-funded specialist place (modelled)",
        "amount",
        WITHOUT_GLOSS,
    ),
    "without_local_place_pupils": Measure(
        "without_local_place_pupils",
        "Pupils without a local place",
        "pupils",
        "Residents without a local state-funded specialist place (modelled)",
        "amount",
        WITHOUT_GLOSS,
    ),
    "placed_own_district_share": Measure(
        "placed_own_district_share",
        "Share placed in own district",
        "% of those who need one",
        "Residents with a local place in their own district",
        "amount",
        "Some schools serve the whole county, so a place in another district can be the right one.",
    ),
    "location_balance_places": Measure(
        "location_balance_places",
        "Location balance",
        "places in the area less resident pupils",
        "Location balance, not unmet need",
        "balance",
        "Local places that stand in the area less the pupils who live there: location balance, not unmet need.",
    ),
    "demand_pupils": Measure(
        "demand_pupils",
        "Need a specialist place",
        "pupils",
        "Residents who need a special school or specialist base place",
        "amount",
        "Residents with a plan, Reception to Year 14, who need a special school or specialist base place.",
    ),
    "capacity_places": Measure(
        "capacity_places",
        "Local places",
        "places",
        "Local state-funded special school and specialist base places",
        "amount",
        "Places that stand in the area; schools serve pupils from beyond it.",
    ),
}

# Not shaded over years like the rest, but shown where two scenarios are compared.
GAINS: Final[dict[str, Measure]] = {
    "better_off_pupils": Measure(
        "better_off_pupils",
        "Pupils better off",
        "pupils",
        "Residents better off than in the scenario compared with",
        "amount",
        "Pupils with a better kind of place (a local one before another council's, an independent one, or none), "
        "or one of the same kind at least a minute nearer.",
    ),
    "worse_off_pupils": Measure(
        "worse_off_pupils",
        "Pupils worse off",
        "pupils",
        "Residents worse off than in the scenario compared with",
        "amount",
        "Pupils with a worse kind of place, or one of the same kind at least a minute further.",
    ),
}

SCENARIO_TITLES: Final = {
    "do_nothing": "Do nothing",
    "committed": "Committed",
    "programme": "Programme",
}
POLICY_TITLES: Final = {
    "optimal": "Best use of places",
    "nearest": "Nearest suitable place",
    "rolling": "Pupils keep their places",
    "as_placed": "As placed today",
    "preference": "Families choose",
}
POLICY_GLOSSES: Final = {
    "optimal": "Most pupils placed, then least travel: the theoretical best, not a forecast.",
    "nearest": "Each pupil at the nearest suitable place whether or not it is full: where local pressure lies.",
    "rolling": "Pupils already placed stay; only new starters and phase transfers are allocated.",
    "as_placed": "Where pupils are placed now, as the council's own list says.",
    "preference": "Families choose among suitable places with room, the nearer the likelier: one draw, not a forecast.",
}


def internal_mark(build: str) -> str:
    """Return what every file of an internal build says of itself; nothing for a public one."""
    return "" if build == "public" else INTERNAL_MARK


def scenario_title(scenario_id: str) -> str:
    """Return the plain title of a scenario id: its known title, or the id in words."""
    return SCENARIO_TITLES.get(scenario_id, scenario_id.replace("_", " ").capitalize())
