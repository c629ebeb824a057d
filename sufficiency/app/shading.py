"""How the areas of the map are shaded: measures, fixed classes, legends, one character an area. No framework.

Classes are fixed over years and programmes: those of shares rest on every year of the scenario compared with, those of
changes on what a large programme would move (15 % of those who need a place).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.app.figures import changes_of
from sufficiency.app.shown import NET_GAIN, area_rows
from sufficiency.outputs import breaks as breaks_of
from sufficiency.outputs import style
from sufficiency.outputs.words import share_text, signed_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sufficiency.app.engine import Engine
    from sufficiency.app.ground import Ground
    from sufficiency.app.shown import AreaRow

__all__ = ["LEVEL_TITLES", "LOOKS", "Look", "Scale", "scales_of", "shade"]

HIDDEN: Final = "c"
FEW: Final = "f"
_FEW_COLOUR: Final = "#EDE6D6"
NONE: Final = "-"
LEVEL_TITLES: Final = {"district": "Districts", "cluster": "Clusters", "zone": "Zones"}
_WITHOUT: Final = "without_local_place_pupils"
_LARGE_CHANGE: Final = 0.15


@dataclass(frozen=True)
class Look:
    """A measure that areas are shaded by; ``value`` gives an area's figure, ``"c"`` where it is hidden."""

    title: str
    unit: str
    kind: str
    value: Callable[[AreaRow], float | str | None]
    # whether it tells a figure after, which is told as about the one before where they differ by a few
    after: bool = False


@dataclass(frozen=True)
class Scale:
    """The classes of a measure at one level: their edges, labels and colours."""

    breaks: tuple[float, ...]
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    balance: bool


def _part(part: int | None, whole: int | None) -> float | str | None:
    if part is None or whole is None:
        return HIDDEN
    return part / whole if whole else None


def _without(when: str) -> Callable[[AreaRow], float | str | None]:
    def value(row: AreaRow) -> float | str | None:
        figures = row.before if when == "before" else row.after
        return _part(figures[_WITHOUT], figures["demand_pupils"])

    return value


def _change(row: AreaRow) -> float | str | None:
    if _WITHOUT in row.few:
        return FEW
    change = row.change(_WITHOUT)
    return HIDDEN if change is None else change


def _net(row: AreaRow) -> float | str | None:
    if row.better_off_pupils is None or row.worse_off_pupils is None:
        return HIDDEN
    return FEW if NET_GAIN in row.few else row.better_off_pupils - row.worse_off_pupils


LOOKS: Final[dict[str, Look]] = {
    "after": Look("Share without a local place, with the programme", "% of those who need one", "share",
                  _without("after"), after=True),
    "before": Look("Share without a local place, before", "% of those who need one", "share", _without("before")),
    "change": Look("Change in pupils without a local place", "pupils, with the programme less before", "fewer",
                   _change),
    "net": Look("Better off less worse off", "pupils who gain less pupils who lose", "more", _net),
}  # fmt: skip


def scales_of(engine: Engine, ground: Ground, build: str) -> dict[tuple[str, str], Scale]:
    """Return the scale of each kind of measure (share, fewer, more) at each level, fixed for the whole session."""
    rows: dict[str, list[AreaRow]] = {level: [] for level in ground.levels}
    for year in engine.years:
        view = engine.before(year)
        for row in area_rows(view, view, changes_of(view, view), build):
            if row.level in rows:
                rows[row.level].append(row)
    out = {}
    for level, found in rows.items():
        shares = [value for row in found if isinstance(value := LOOKS["before"].value(row), float)]
        breaks = breaks_of.amount_breaks(shares, least_step=0.05)
        labels = breaks_of.class_labels(breaks, share=True)
        out["share", level] = Scale(breaks, labels, style.AMOUNT_COLOURS[: len(breaks) - 1], balance=False)
        moved = [need * _LARGE_CHANGE for row in found if (need := row.before["demand_pupils"]) is not None]
        edges = breaks_of.balance_breaks(moved)
        told = breaks_of.class_labels(edges, balance=True)
        out["fewer", level] = Scale(edges, told, style.BALANCE_COLOURS[::-1], balance=True)
        out["more", level] = Scale(edges, told, style.BALANCE_COLOURS, balance=True)
    return out


def _words(value: float | str | None, kind: str, *, about: bool) -> str:
    if about:
        return f"about {_words(value, kind, about=False)}"
    if value is None:
        return "no data"
    if isinstance(value, str):
        return "a few" if value == FEW else value
    return share_text(value) if kind == "share" else signed_text(value)


def _letter(value: float | str | None, scale: Scale) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else str(breaks_of.class_of(value, scale.breaks, balance=scale.balance))


def shade(
    rows: Sequence[AreaRow], ground: Ground, scales: dict[tuple[str, str], Scale], measure: str, level: str
) -> dict[str, Any]:
    """Return what the map is told: one character an area of the level, its figure in words, and the legend.

    A digit is a class, ``c`` a hidden figure, ``f`` a change of a few, ``-`` no figure.
    """
    look, scale = LOOKS[measure], scales[LOOKS[measure].kind, level]
    by_id = {row.area_id: row for row in rows if row.level == level}
    found = [by_id.get(area) for area in ground.of_level(level)]
    values = [None if row is None else look.value(row) for row in found]
    about = [look.after and row is not None and _WITHOUT in row.few for row in found]
    letters = "".join(_letter(value, scale) for value in values)
    legend = [
        {"mark": str(place), "colour": colour, "label": label, "count": letters.count(str(place))}
        for place, (colour, label) in enumerate(zip(scale.colours, scale.labels, strict=True))
    ]
    if FEW in letters:
        few = {"mark": FEW, "colour": _FEW_COLOUR, "label": "a few, not shown", "count": letters.count(FEW)}
        legend.append(few)
    if HIDDEN in letters:
        legend.append(
            {"mark": HIDDEN, "colour": "", "label": "c: hidden, to protect small numbers", "count": letters.count("c")}
        )
    if NONE in letters:
        legend.append({"mark": NONE, "colour": style.NO_DATA, "label": "no data", "count": letters.count(NONE)})
    return {
        "level": level,
        "levelTitle": LEVEL_TITLES[level],
        "title": look.title,
        "unit": look.unit,
        "classes": letters,
        "words": [_words(one, look.kind, about=near) for one, near in zip(values, about, strict=True)]
        if level != "zone"
        else [],
        "legend": legend,
    }
