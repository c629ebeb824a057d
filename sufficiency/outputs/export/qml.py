"""Styles of QGIS layers as QML: rules, symbols and labels, built as an XML tree so that no text can become markup.

The form is that of QGIS 3.22: properties of symbols as ``<Option>``, and as ``<prop>`` for versions before it.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.outputs import style
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Rule", "Sheet", "fill", "hatch", "line", "marker", "name_of", "qml", "text_of"]

_VERSION: Final = "3.22.0"
_GEOMETRY: Final = {"marker": "0", "line": "1", "fill": "2"}
MM_PER_PX: Final = 0.2646


@dataclass(frozen=True)
class Sheet:
    """One layer of a symbol: its class in QGIS and its properties; expressions by the property that they decide."""

    kind: str
    properties: Mapping[str, str]
    expressions: Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """One line of a legend: label, filter (blank = all, ``ELSE`` = whatever no other rule takes) and symbol."""

    label: str
    where: str
    sheets: tuple[Sheet, ...]


def name_of(column: str) -> str:
    """Return a column's name as an expression writes it."""
    return '"' + column.replace('"', '""') + '"'


def text_of(value: str) -> str:
    """Return a text as an expression writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _colour(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _mm(width_px: float) -> str:
    return f"{width_px * MM_PER_PX:.3f}"


def fill(colour: str | None, border: str, width_px: float, *, dashed: bool = False, alpha: int = 255) -> Sheet:
    """Return a flat fill with a border; None = no fill."""
    properties = {
        "color": _colour(colour or style.LAND, alpha),
        "style": "no" if colour is None else "solid",
        "outline_color": _colour(border),
        "outline_style": "dash" if dashed else "solid",
        "outline_width": _mm(width_px),
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    return Sheet("SimpleFill", properties, {})


def hatch(colour: str) -> Sheet:
    """Return fine diagonal lines without a border."""
    return Sheet("SimpleFill", {"color": _colour(colour), "style": "b_diagonal", "outline_style": "no"}, {})


def line(colour: str, width_px: float, *, dotted: bool = False, width_mm: str = "") -> Sheet:
    """Return a line; `width_mm` is an expression that decides its width."""
    properties = {
        "line_color": _colour(colour),
        "line_style": "dot" if dotted else "solid",
        "line_width": _mm(width_px),
        "line_width_unit": "MM",
        "capstyle": "round",
        "joinstyle": "round",
    }
    return Sheet("SimpleLine", properties, {"outlineWidth": width_mm} if width_mm else {})


def marker(shape: str, colour: str, *, filled: bool, size_mm: float = 3.0, width_px: float = 1.5) -> Sheet:
    """Return a point symbol; one that is not filled is an outline."""
    properties = {
        "name": shape,
        "color": _colour(colour, 255 if filled else 0),
        "outline_color": _colour(style.LAND if filled and shape != "cross2" else colour),
        "outline_style": "solid",
        "outline_width": _mm(width_px),
        "outline_width_unit": "MM",
        "size": f"{size_mm:g}",
        "size_unit": "MM",
        "angle": "0",
    }
    return Sheet("SimpleMarker", properties, {})


def _options(parent: ET.Element, values: Mapping[str, str]) -> None:
    holder = ET.SubElement(parent, "Option", {"type": "Map"})
    for name, value in values.items():
        ET.SubElement(holder, "Option", {"name": name, "type": "QString", "value": value})
    for name, value in values.items():
        ET.SubElement(parent, "prop", {"k": name, "v": value})


def _expressions(parent: ET.Element, expressions: Mapping[str, str]) -> None:
    defined = ET.SubElement(parent, "data_defined_properties")
    holder = ET.SubElement(defined, "Option", {"type": "Map"})
    ET.SubElement(holder, "Option", {"name": "name", "type": "QString", "value": ""})
    if expressions:
        properties = ET.SubElement(holder, "Option", {"name": "properties", "type": "Map"})
        for name, expression in expressions.items():
            one = ET.SubElement(properties, "Option", {"name": name, "type": "Map"})
            ET.SubElement(one, "Option", {"name": "active", "type": "bool", "value": "true"})
            ET.SubElement(one, "Option", {"name": "expression", "type": "QString", "value": expression})
            ET.SubElement(one, "Option", {"name": "type", "type": "int", "value": "3"})
    ET.SubElement(holder, "Option", {"name": "type", "type": "QString", "value": "collection"})


def _symbol(parent: ET.Element, name: int, geometry: str, sheets: Sequence[Sheet]) -> None:
    symbol = ET.SubElement(
        parent,
        "symbol",
        {"name": str(name), "type": geometry, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"},
    )
    for sheet in sheets:
        layer = ET.SubElement(symbol, "layer", {"class": sheet.kind, "enabled": "1", "locked": "0", "pass": "0"})
        _options(layer, sheet.properties)
        _expressions(layer, sheet.expressions)


def _key(title: str, number: int) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"{title}/{number}")) + "}"


def _labels(parent: ET.Element, column: str, size_pt: float) -> None:
    labeling = ET.SubElement(parent, "labeling", {"type": "simple"})
    settings = ET.SubElement(labeling, "settings", {"calloutType": "simple"})
    text = ET.SubElement(
        settings,
        "text-style",
        {
            "fieldName": column,
            "isExpression": "0",
            "fontFamily": "Source Sans 3",
            "fontSize": f"{size_pt:g}",
            "fontSizeUnit": "Point",
            "textColor": _colour(style.INK),
        },
    )
    ET.SubElement(
        text,
        "text-buffer",
        {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": _colour(style.LAND)},
    )
    ET.SubElement(settings, "placement", {"placement": "4", "centroidInside": "1", "fitInPolygonOnly": "0"})
    ET.SubElement(settings, "rendering", {"obstacle": "1", "drawLabels": "1"})


def qml(title: str, geometry: str, rules: Sequence[Rule], *, label: str = "", size_pt: float = 9.0) -> str:
    """Return the style of a layer as QML.

    Parameters
    ----------
    title
        Name of the style; with the number of a rule it decides the rule's id.
    geometry
        ``fill``, ``line`` or ``marker``.
    rules
        The legend, in order.
    label
        Column that labels the features; blank = none.
    size_pt
        Size of the labels in points.

    Returns
    -------
    str
        An XML document with the document type of QGIS; the same arguments give the same text.
    """
    categories = "Symbology|Labeling" if label else "Symbology"
    root = ET.Element(
        "qgis", {"version": _VERSION, "styleCategories": categories, "labelsEnabled": "1" if label else "0"}
    )
    renderer = ET.SubElement(
        root, "renderer-v2", {"type": "RuleRenderer", "symbollevels": "0", "forceraster": "0", "enableorderby": "0"}
    )
    tree = ET.SubElement(renderer, "rules", {"key": _key(title, -1)})
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(rules):
        attributes = {"key": _key(title, number), "symbol": str(number), "label": clean_text(rule.label)}
        if rule.where:
            attributes["filter"] = rule.where
        ET.SubElement(tree, "rule", attributes)
        _symbol(symbols, number, geometry, rule.sheets)
    if label:
        _labels(root, label, size_pt)
    ET.SubElement(root, "blendMode").text = "0"
    ET.SubElement(root, "layerGeometryType").text = _GEOMETRY[geometry]
    ET.indent(root, " ")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{ET.tostring(root, encoding='unicode')}\n"
