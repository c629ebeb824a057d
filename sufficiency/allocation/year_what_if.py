"""One year ready for what-if questions in the planner's words: places of a provision, or a new provision.

First-fit placements by tier, as `optimal`. Only figures that all optima share are given, and the placements of one as a
guess; substitutes, tables by area and who gains or loses come from a fresh allocation.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.allocation import residual
from sufficiency.allocation.eligibility import MS_PER_MIN
from sufficiency.allocation.policies import nobody_stays
from sufficiency.allocation.tiers import tier_step
from sufficiency.allocation.what_if import Settled, settle
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.policies import Stayers
    from sufficiency.allocation.residual import Bools, Ints

__all__ = ["SettledYear", "YearFigures", "settle_year"]

# Room in the price of a tier for the travel that new provisions add: some ten of them, each hours away.
HEADROOM_MS: Final = 20 * 3 * 3_600_000


@dataclass(frozen=True)
class YearFigures:
    """What every optimum of a year shares: pupils by tier, pupils without a place, minutes of all together, one way."""

    pupils_by_tier: Mapping[str, int]
    unplaced_pupils: int
    travel_min: float

    @property
    def without_local_place_pupils(self) -> int:
        """Pupils in other councils' and independent schools, and without a modelled place."""
        return sum(self.pupils_by_tier.values()) - self.pupils_by_tier["local"] + self.unplaced_pupils


@dataclass(frozen=True, eq=False, repr=False)
class SettledYear:
    """A year with its optimum; make it with `settle_year`. Every change gives a new one and leaves this as it is."""

    provision_ids: tuple[str, ...]
    tier: Ints
    settled: Settled
    _group_ids: tuple[str, ...]
    _is_open: Bools
    _staying: Ints
    _staying_ms: int
    _step: int
    _headroom: int

    def with_places(self, changes: Mapping[str, int]) -> SettledYear:
        """Return the year with other places in some provisions.

        Parameters
        ----------
        changes
            By provision_id, its places; 0 closes it to new pupils, and stayers keep theirs.

        Raises
        ------
        DataError
            When a provision is unknown or not open that year, or its places are no whole number from 0.
        """
        at = {name: column for column, name in enumerate(self.provision_ids)}
        unknown = sorted(name for name in changes if name not in at or not self._is_open[at[name]])
        if unknown:
            message = (
                f"provision {unknown[0]} takes no part in the year: give it a row of places and settle the year anew"
            )
            raise DataError(message)
        for name, places in changes.items():
            if not isinstance(places, int | np.integer) or isinstance(places, bool) or places < 0:
                message = f"provision {name} would have {places!r} places: give a whole number from 0"
                raise DataError(message)
        usable = {at[name]: max(int(places) - int(self._staying[at[name]]), 0) for name, places in changes.items()}
        return dataclasses.replace(self, settled=self.settled.with_places(usable))

    def with_provision(self, extra: Eligibility) -> SettledYear:
        """Return the year with new provisions: the columns of another eligibility of the same groups.

        Parameters
        ----------
        extra
            `build_eligibility` of the same demand, year and rules with the new rows of provision and places alone; it
            may hold other groups too.

        Raises
        ------
        DataError
            When its groups are others, a provision is there already, or its journeys are so long that the year must be
            settled anew.
        """
        names = tuple(extra.provision["provision_id"].astype(str))
        known = sorted(set(names) & set(self.provision_ids))
        if known:
            message = f"provision {known[0]} takes part in the year already: change its places instead"
            raise DataError(message)
        rows = pd.Index(extra.groups["group_id"].astype(str)).get_indexer(pd.Index(self._group_ids))
        if (rows < 0).any():
            message = "the new provision was made ready for other groups of pupils: use the demand of this year"
            raise DataError(message)
        settled, headroom = self.settled, self._headroom
        for column in range(len(names)):
            cost = extra.first_cost[rows, column]
            headroom -= 2 * int(cost.max(initial=0))
            if headroom < 0:
                message = "the journeys to the new provisions are too long for this optimum: settle the year anew"
                raise DataError(message)
            price = np.int64(self._step * (int(extra.tier[column]) - 1))
            settled = settled.with_column(np.where(cost >= 0, cost + price, -1), int(extra.places[column]))
        return dataclasses.replace(
            self, provision_ids=(*self.provision_ids, *names), tier=np.concatenate([self.tier, extra.tier]),
            settled=settled, _is_open=np.concatenate([self._is_open, extra.is_open]),
            _staying=np.append(self._staying, np.zeros(len(names), np.int64)), _headroom=headroom,
        )  # fmt: skip

    def placements(self) -> pd.DataFrame:
        """Return the placements of one optimum, stayers left out: a guess for `allocate`, not an answer.

        Returns
        -------
        DataFrame
            group_id, provision_id, pupils.
        """
        rows, columns, pupils = self.settled.cells
        return pd.DataFrame(
            {
                "group_id": np.array(self._group_ids, dtype=object)[rows],
                "provision_id": np.array(self.provision_ids, dtype=object)[columns],
                "pupils": pupils,
            }
        )

    def figures(self) -> YearFigures:
        """Return what every optimum shares."""
        used = self.settled.used
        travel = self.settled.cost_sum - sum((used * (self.tier - 1)).tolist()) * self._step + self._staying_ms
        held = used + self._staying
        by_tier = {name: int(held[self.tier == rank].sum()) for rank, name in enumerate(TIERS, start=1)}
        return YearFigures(by_tier, self.settled.unplaced_pupils, travel / MS_PER_MIN)


def settle_year(eligibility: Eligibility, stayers: Stayers | None = None) -> SettledYear:
    """Return a year with its optimum, ready for what-if questions.

    Parameters
    ----------
    eligibility
        The year.
    stayers
        Pupils who keep their places (policy `rolling`); by default none.

    Raises
    ------
    DataError
        When costs are too large for 64-bit integers.
    """
    held = stayers or nobody_stays(eligibility)
    kept = (held.first + held.substitute).tocoo()
    staying = residual.sums(kept.col, kept.data, len(eligibility.places))
    cost = eligibility.first_cost
    step = tier_step(cost, len(TIERS), HEADROOM_MS)
    priced = np.where(cost >= 0, cost + (eligibility.tier - 1)[None, :] * np.int64(step), np.int64(-1))
    pupils = eligibility.pupils - residual.sums(kept.row, kept.data, len(eligibility.pupils))
    daily = (eligibility.groups["attendance"] == "day").to_numpy()
    journeys = np.where(daily[kept.row], eligibility.milliseconds[kept.row, kept.col], 0).astype(np.int64)
    return SettledYear(
        provision_ids=tuple(eligibility.provision["provision_id"].astype(str)),
        tier=eligibility.tier,
        settled=settle(priced, pupils, np.maximum(eligibility.places - staying, 0)),
        _group_ids=tuple(eligibility.groups["group_id"].astype(str)),
        _is_open=eligibility.is_open,
        _staying=staying,
        _staying_ms=int((journeys * kept.data).sum()),
        _step=step,
        _headroom=HEADROOM_MS,
    )
