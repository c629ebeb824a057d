"""A small canvas of vector marks for the maps of the paper: points of 1/72 inch, text escaped, fixed bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import shapely

from sufficiency.outputs import style
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Drawing", "Place", "text_width"]

WIDTH_PT: Final = 481.9  # 170 mm, the width of the text of a page
FONT: Final = "DejaVu Sans"
_ADVANCE: Final = 0.58  # mean advance of a character of the family, in ems; bold is wider


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in points, well enough to keep labels apart."""
    return len(text) * size * _ADVANCE * (1.12 if bold else 1.0)


@dataclass(frozen=True)
class Place:
    """Where a stretch of ground lies on the canvas: metres to points, north up, one scale both ways."""

    west: float
    north: float
    scale: float
    x: float
    y: float

    @classmethod
    def fit(cls, bounds: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> Place:
        """Return the largest scale at which the bounds (metres) fit in the box (x, y, width, height in points)."""
        west, south, east, north = bounds
        x, y, width, height = box
        scale = min(width / max(east - west, 1.0), height / max(north - south, 1.0))
        return cls(
            west, north, scale, x + (width - (east - west) * scale) / 2, y + (height - (north - south) * scale) / 2
        )

    def point(self, easting: float, northing: float) -> tuple[float, float]:
        """Return a position in points."""
        return self.x + (easting - self.west) * self.scale, self.y + (self.north - northing) * self.scale

    def ground(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return west, south, east, north in metres of a box in points."""
        x, y, width, height = box
        west = self.west + (x - self.x) / self.scale
        north = self.north - (y - self.y) / self.scale
        return west, north - height / self.scale, west + width / self.scale, north


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _attributes(values: dict[str, object]) -> str:
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in values.items() if value not in ("", None))


@dataclass
class Drawing:
    """Marks in order, later ones on top."""

    height: float
    width: float = WIDTH_PT
    marks: list[str] = field(default_factory=list)
    clips: int = 0

    def rect(self, x: float, y: float, width: float, height: float, **look: object) -> None:
        """Draw a rectangle; ``hatched=True`` fills it with diagonal lines."""
        if look.pop("hatched", False):
            look["fill"] = "url(#hatch)"
        place = {"x": _number(x), "y": _number(y), "width": _number(max(width, 0)), "height": _number(max(height, 0))}
        self.marks.append(f"<rect{_attributes({**place, **look})}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, *, colour: str, width: float, dash: str = "") -> None:
        """Draw a straight line."""
        ends = {"x1": _number(x1), "y1": _number(y1), "x2": _number(x2), "y2": _number(y2)}
        look = {"stroke": colour, "stroke_width": width, "stroke_dasharray": dash}
        self.marks.append(f"<line{_attributes({**ends, **look})}/>")

    def ground(self, geometry: Any, place: Place, **look: object) -> None:  # noqa: ANN401 - geometry has no types
        """Draw polygons or lines of the ground."""
        parts = []
        for part in getattr(geometry, "geoms", [geometry]):
            if part.geom_type == "Polygon":
                rings: Sequence[Any] = (part.exterior, *part.interiors)
            else:
                rings = (part,) if part.geom_type == "LineString" else ()
            for ring in rings:
                points = [place.point(float(x), float(y)) for x, y in shapely.get_coordinates(ring)]
                body = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
                parts.append(f"M{body}{'Z' if part.geom_type == 'Polygon' else ''}")
        if parts:
            if look.pop("hatched", False):
                look["fill"] = "url(#hatch)"
            drawn = {"d": "".join(parts), "fill": look.pop("fill", "none"), "fill_rule": "evenodd"}
            self.marks.append(f"<path{_attributes({**drawn, **look, 'stroke_linejoin': 'round'})}/>")

    def text(
        self, x: float, y: float, text: str, *, size: float = 7.0, colour: str = style.INK, **look: object
    ) -> None:
        """Write a line of text with its base line at y; ``halo`` is the colour around the letters."""
        halo = look.pop("halo", "")
        if halo:
            look |= {"stroke": halo, "stroke_width": 1.8, "stroke_linejoin": "round", "paint_order": "stroke"}
        bold = {"font_weight": "bold"} if look.pop("bold", False) else {}
        place = {"x": _number(x), "y": _number(y), "font_size": size, "fill": colour}
        self.marks.append(f"<text{_attributes({**place, **bold, **look})}>{escape(clean_text(text))}</text>")

    def symbol(self, shape: str, x: float, y: float, radius: float, **look: object) -> None:
        """Draw a sign of a setting: square, circle, ring, triangle or diamond."""
        if shape in {"circle", "ring"}:
            place = {"cx": _number(x), "cy": _number(y), "r": _number(radius)}
            self.marks.append(f"<circle{_attributes({**place, **look})}/>")
            return
        corners = {
            "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
            "triangle": ((0, -1.2), (1.15, 0.85), (-1.15, 0.85)),
            "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
        }[shape]
        points = " ".join(f"{_number(x + a * radius)},{_number(y + b * radius)}" for a, b in corners)
        self.marks.append(f"<polygon{_attributes({'points': points, **look})}/>")

    def window(self, x: float, y: float, width: float, height: float) -> None:
        """Begin marks that are cut off at a rectangle, until `shut`."""
        self.clips += 1
        box = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
        self.marks.append(
            f'<clipPath id="w{self.clips}"><rect{_attributes({**box})}/></clipPath><g clip-path="url(#w{self.clips})">'
        )

    def shut(self) -> None:
        """End the marks of the last `window`."""
        self.marks.append("</g>")

    def svg(self) -> bytes:
        """Return the drawing as a file."""
        size = f"{_number(self.width)} {_number(self.height)}"
        hatch = (
            '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse">'
            '<rect width="4" height="4" fill="white"/>'
            f'<path d="M-1 1L1 -1M0 4L4 0M3 5L5 3" stroke="{style.QUIET_INK}" stroke-width="0.5"/></pattern></defs>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(self.width)}pt" '
            f'height="{_number(self.height)}pt" viewBox="0 0 {size}" font-family="{FONT}">{hatch}'
            f"{''.join(self.marks)}</svg>"
        ).encode()
