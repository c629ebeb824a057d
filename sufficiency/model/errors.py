"""The errors of the package: each message says what is wrong, where, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CertificateError",
    "DataError",
    "GeographyError",
    "InfeasibleError",
    "NetworkError",
    "ParameterError",
    "SufficiencyError",
]


class SufficiencyError(Exception):
    """Base of every error that this package raises on purpose."""


class DataError(SufficiencyError, ValueError):
    """Bad input data. ``issues`` holds every fault found (table `issues`), when they were collected.

    Parameters
    ----------
    message
        What is wrong and how to mend it, in one or two sentences.
    issues
        The table `issues`: one row a fault.
    """

    def __init__(self, message: str, issues: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.issues = issues


class GeographyError(SufficiencyError, ValueError):
    """Coordinates in the wrong reference system, order or range, or a geometry that cannot be used."""


class NetworkError(SufficiencyError, ValueError):
    """A road network that cannot be built or routed."""


class ParameterError(SufficiencyError, ValueError):
    """An unknown, missing or impossible parameter."""


class InfeasibleError(SufficiencyError, ValueError):
    """A question without an answer; the message names the binding limit."""


class CertificateError(SufficiencyError):
    """A result that fails its own proof: a defect of this package, never of the data."""
