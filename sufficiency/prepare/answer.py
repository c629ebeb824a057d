"""What a preparation is asked, and what it found: tables, accounts of rows, issues."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sufficiency.model.issues import Issue

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from sufficiency.sources.public.account import Account, Reading

__all__ = ["Found", "Question"]


@dataclass(frozen=True)
class Question:
    """Which authority, and what cannot be read from files.

    ``county_code`` is the code of the upper-tier or unitary authority, ``districts`` the codes of its districts (none =
    those of the boundary file), ``calibration_year`` the academic year of the last SEN2 return, ``clusters`` how many
    starting clusters each district gets, ``population_year`` the mid-year of a population file that does not say it.
    """

    county_code: str
    county_name: str
    calibration_year: int
    first_year: int
    headline_year: int
    last_year: int
    districts: tuple[str, ...] = ()
    clusters: int = 4
    population_year: int | None = None
    illustrative: bool = True

    @property
    def years(self) -> list[int]:
        """The calibration year, then the first to the last forecast year."""
        return sorted({self.calibration_year, *range(self.first_year, self.last_year + 1)})


@dataclass
class Found:
    """What has been read and made so far; filled step by step by the modules of `sufficiency.prepare`.

    ``assumptions`` holds what a file says of one: its value as TOML, its source and its year.
    """

    files: dict[str, list[Path]]
    issues: list[Issue] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    zones: gpd.GeoDataFrame | None = None
    notes: list[str] = field(default_factory=list)
    assumptions: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def keep(self, reading: Reading | None) -> pd.DataFrame | None:
        """Keep the account of a reading and return its table."""
        if reading is None:
            return None
        self.accounts.append(reading.account)
        return reading.table

    def leave(self, file: str, rows: int, why: str) -> None:
        """Take rows of a file that was read out of those used, with the reason."""
        for at, account in enumerate(self.accounts):
            if account.file == file and rows:
                aside = {**account.set_aside, why: account.set_aside.get(why, 0) + rows}
                self.accounts[at] = replace(account, used=account.used - rows, set_aside=aside)
                return

    def say(self, file: str, check: str, message: str, fix: str, *, severity: str = "error") -> None:
        """Append an issue about a file as a whole."""
        self.issues.append(Issue(file, None, file, "", "", "", check, severity, message, fix))
