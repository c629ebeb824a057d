"""How each layer of the GeoPackage looks in QGIS: the classes, colours and symbols of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.export.qml import Rule, fill, hatch, line, marker, name_of, qml, text_of
from sufficiency.outputs.maps import figures as maps_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from sufficiency.outputs.export.geopackage_layers import View
    from sufficiency.outputs.export.qml import Sheet

__all__ = ["LayerStyle", "layer_styles"]

_SHAPES: Final = {
    "square": "square",
    "circle": "circle",
    "ring": "circle",
    "triangle": "triangle",
    "diamond": "diamond",
}
_LEVELS: Final = {"county": "county", "districts": "district", "clusters": "cluster"}
_WIDEST_MM: Final = 3.5
_HIDDEN: Final = "c: hidden to protect small numbers"


@dataclass(frozen=True)
class LayerStyle:
    """One style of a layer: name, QML, what it shows, and whether it is the one a map opens with."""

    layer: str
    name: str
    text: str
    description: str
    default: bool


def _border(level: str, colour: str | None, *, alpha: int = 255) -> Sheet:
    return fill(colour, style.BORDER, style.BORDER_WIDTHS_PX[level], dashed=level == "cluster", alpha=alpha)


def _is_hidden(hidden: str, figure: str) -> str:
    listed = f"string_to_array(coalesce({name_of(hidden)}, ''), '; ')"
    return f"array_contains({listed}, {text_of(figure)})"


def _class_filters(column: str, breaks: Sequence[float], *, balance: bool) -> list[str]:
    """Return the filter of each class, as `breaks.class_of` puts values into them; the ends are open."""
    name = name_of(column)
    if not balance:
        inner = [f"{edge:g}" for edge in breaks[1:-1]]
        low, high = ["", *inner], [*inner, ""]
        parts = [[f"{name} >= {a}" if a else "", f"{name} < {b}" if b else ""] for a, b in zip(low, high, strict=True)]
        return [" AND ".join(part for part in pair if part) or f"{name} IS NOT NULL" for pair in parts]
    side = len(breaks) // 2
    edges = [f"{edge:g}" for edge in breaks[side + 1 : -1]]
    low, high = ["0", *edges], [*edges, ""]
    above = [f"{name} > {a}" + (f" AND {name} <= {b}" if b else "") for a, b in zip(low, high, strict=True)]
    least, far = ["0", *(f"-{edge}" for edge in edges)], [*(f"-{edge}" for edge in edges), ""]
    below = [f"{name} < {a}" + (f" AND {name} >= {b}" if b else "") for a, b in zip(least, far, strict=True)]
    return [*reversed(below), f"{name} = 0", *above]


def _area_rules(level: str, column: str, hidden: str, figure: str, scale: dict[str, Any]) -> list[Rule]:
    filters = _class_filters(column, scale["breaks"], balance=bool(scale["balance"]))
    rules = [
        Rule(label, where, (_border(level, colour),))
        for label, where, colour in zip(scale["labels"], filters, scale["colours"], strict=True)
    ]
    veiled = f"{name_of(column)} IS NULL AND {_is_hidden(hidden, figure)}"
    rules.append(Rule(_HIDDEN, veiled, (_border(level, style.LAND), hatch(style.QUIET_INK))))
    rules.append(Rule("z: does not apply", "ELSE", (_border(level, style.NO_DATA),)))
    return rules


def _area_styles(layer: str, view: View, scales: dict[str, Any], *, illustrative: bool) -> list[LayerStyle]:
    """Return a style a measure and scenario, that which the map opens with first; the county's first is its border."""
    level = _LEVELS[layer]
    frame = view.frame
    scenarios = [frame.baseline, *(one for one in frame.scenarios if one != frame.baseline)]
    out: list[LayerStyle] = []
    if level == "county":
        # a fill would lie over the districts
        text = qml("county", "fill", [Rule("County", "", (_border("county", None),))])
        out.append(LayerStyle(layer, "Border", text, "The border of the county", default=True))
    for scenario in scenarios:
        for figure in maps_figures.MAP_MEASURES:
            if level == "cluster" and figure in {*maps_figures.DISTRICT_ONLY, maps_figures.OWN_SHARE}:
                continue
            # the county has no classes of its own: those of its districts make the page comparable
            scale = scales[figure][view.policy]["cluster" if level == "cluster" else "district"]["figure"]
            prefix, measure = view.prefixes[scenario], style.MEASURES[figure]
            name = f"{measure.title}: {style.scenario_title(scenario)}"
            rules = _area_rules(level, f"{prefix}_{figure}", f"{prefix}_hidden", figure, scale)
            words = [measure.caption, style.POLICY_TITLES[view.policy], year_label(view.year)]
            words += [style.ILLUSTRATIVE] if illustrative else []
            text = qml(f"{layer}/{name}", "fill", rules, label="area_name", size_pt=7.5 if level == "cluster" else 9.5)
            out.append(LayerStyle(layer, name, text, ", ".join(words), default=not out))
    return out


def _setting_rules() -> list[Rule]:
    rules = []
    for kind, symbol in style.SYMBOLS.items():
        shape, ring = _SHAPES[symbol.shape], symbol.shape == "ring"
        outline = marker(shape, symbol.colour, filled=False)
        sheets: dict[str, tuple[Sheet, ...]] = {
            "open": (outline if ring else marker(shape, symbol.colour, filled=True),),
            "proposed": (outline,) if not ring else (marker(shape, symbol.colour, filled=False, width_px=1.0),),
            "closed": (outline, marker("cross2", symbol.colour, filled=True)),
        }
        for status, drawn in sheets.items():
            where = f"{name_of('kind')} = {text_of(kind)} AND {name_of('status')} = {text_of(status)}"
            label = symbol.label if status == "open" else f"{symbol.label}, {style.STATUS_WORDS[status]}"
            rules.append(Rule(label, where, drawn))
    return rules


def _scheme_rules() -> list[Rule]:
    rules = []
    for kind in ("special_school", "specialist_base", "support_base", "early_years_base"):
        symbol = style.SYMBOLS[kind]
        where = f"{name_of('provision_type')} = {text_of(kind)}"
        halo = marker("circle", symbol.colour, filled=False, size_mm=5.2, width_px=1.0)
        drawn = (halo, marker(_SHAPES[symbol.shape], symbol.colour, filled=False, size_mm=2.6))
        rules.append(Rule(f"Scheme: {symbol.label.lower()}", where, drawn))
    other = (marker("circle", style.DARK_GREY, filled=False, size_mm=5.2, width_px=1.0),)
    rules.append(Rule("Scheme: other provision", "ELSE", other))
    return rules


def _road_rules() -> list[Rule]:
    rules = []
    for name in sorted(style.ROAD_COLOURS, key=lambda one: style.ROAD_WIDTHS_PX[one]):
        drawn = (line(style.ROAD_COLOURS[name], style.ROAD_WIDTHS_PX[name]),)
        rules.append(Rule(f"{style.sentence_case(name)} road", f"{name_of('road_class')} = {text_of(name)}", drawn))
    return rules


def _flow_styles(view: View, flows: gpd.GeoDataFrame) -> list[LayerStyle]:
    frame = view.frame
    out: list[LayerStyle] = []
    scenarios = [frame.baseline, *(one for one in frame.scenarios if one != frame.baseline)]
    shown = [float(one) for name in scenarios for one in flows[f"{view.prefixes[name]}_pupils"].dropna()]
    most = max(shown, default=0.0) or 1.0
    for scenario in scenarios:
        column = f"{view.prefixes[scenario]}_pupils"
        width = f"scale_linear({name_of(column)}, 0, {most:g}, 0.2, {_WIDEST_MM:g})"
        rules = [
            Rule("Pupils from home to school", f"{name_of(column)} > 0", (line(style.DARK_GREY, 1.0, width_mm=width),)),
            Rule(_HIDDEN, _is_hidden(f"{view.prefixes[scenario]}_hidden", "pupils"),
                 (line(style.QUIET_INK, 0.8, dotted=True),)),
        ]  # fmt: skip
        name = f"Home to school: {style.scenario_title(scenario)}"
        described = "Straight lines between districts, from home to school; the width is the number of pupils"
        out.append(LayerStyle("flows", name, qml(f"flows/{name}", "line", rules), described, default=not out))
    return out


def layer_styles(view: View, layers: dict[str, gpd.GeoDataFrame], *, illustrative: bool) -> list[LayerStyle]:
    """Return the styles of all layers, exactly one of each marked as the default.

    Parameters
    ----------
    view
        What the layers show.
    layers
        The layers by name.
    illustrative
        Whether the area is illustrative: said in the description of each style of figures.
    """
    scales = maps_figures.scales(view.figures, {}, view.frame)
    out: list[LayerStyle] = []
    for name in _LEVELS:
        if name in layers:
            out += _area_styles(name, view, scales, illustrative=illustrative)
    if "roads" in layers:
        out.append(
            LayerStyle("roads", "Roads by class", qml("roads", "line", _road_rules()), "Numbered roads", default=True)
        )
    if "flows" in layers:
        out += _flow_styles(view, layers["flows"])
    if "settings" in layers:
        text = qml("settings", "marker", _setting_rules())
        out.append(LayerStyle("settings", "Settings by kind", text, "Filled: open. Outline: proposed.", default=True))
    if "schemes" in layers:
        text = qml("schemes", "marker", _scheme_rules())
        out.append(LayerStyle("schemes", "Schemes by type", text, "Capital schemes", default=True))
    return out
