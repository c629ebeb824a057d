"""The speed table fitted to observed journeys, with the error before and after, seen and unseen."""

from __future__ import annotations

from sufficiency.travel.calibration.calibrate import Calibration, calibrate

__all__ = ["Calibration", "calibrate"]
