"""Small figures stay in: suppression, and the designed set of public tables."""

from sufficiency.disclosure.release import release

__all__ = ["release"]
