"""The engine of least weights: a network folded once, then asked many times, exactly."""

from __future__ import annotations

from sufficiency.travel.engine.hierarchy import Arcs, Ground, Hierarchy, Stops, fold
from sufficiency.travel.engine.trace import Leaving, dijkstra, way

__all__ = ["Arcs", "Ground", "Hierarchy", "Leaving", "Stops", "dijkstra", "fold", "way"]
