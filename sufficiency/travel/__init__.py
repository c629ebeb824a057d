"""Journeys by road: exact least times from homes to settings, and the way itself.

The names are loaded when they are first used, and the compiled engine with them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sufficiency.model.results import Route
    from sufficiency.travel.graph import RoadGraph
    from sufficiency.travel.isochrones import isochrone_bands, isochrone_ground
    from sufficiency.travel.matrix import journey_times, travel_times
    from sufficiency.travel.rides import VehicleRule, ridden
    from sufficiency.travel.road_network import RoadNetwork, Spots, Toward, prepare
    from sufficiency.travel.routes import route
    from sufficiency.travel.snapping import AccessLeg

__all__ = [
    "AccessLeg",
    "RoadGraph",
    "RoadNetwork",
    "Route",
    "Spots",
    "Toward",
    "VehicleRule",
    "isochrone_bands",
    "isochrone_ground",
    "journey_times",
    "prepare",
    "ridden",
    "route",
    "travel_times",
]

_HOMES: Final = {
    "AccessLeg": "travel.snapping",
    "RoadGraph": "travel.graph",
    "RoadNetwork": "travel.road_network",
    "Route": "model.results",
    "Spots": "travel.road_network",
    "Toward": "travel.road_network",
    "VehicleRule": "travel.rides",
    "isochrone_bands": "travel.isochrones",
    "isochrone_ground": "travel.isochrones",
    "journey_times": "travel.matrix",
    "prepare": "travel.road_network",
    "ridden": "travel.rides",
    "route": "travel.routes",
    "travel_times": "travel.matrix",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever bears the name
    if name in _HOMES:
        return getattr(importlib.import_module(f"sufficiency.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
