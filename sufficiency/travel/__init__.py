"""Journeys by road: exact least times from homes to settings, and the way itself."""

from __future__ import annotations

from sufficiency.model.results import Route
from sufficiency.travel.graph import RoadGraph
from sufficiency.travel.matrix import travel_times
from sufficiency.travel.routes import route

__all__ = ["RoadGraph", "Route", "route", "travel_times"]
