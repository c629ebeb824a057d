"""What extra local places change in the high needs block: only pupils who would otherwise be elsewhere save anything.

change = extra pupils × share who would otherwise be there × (cost here − cost there). Positive is a cost to the purse,
negative a saving. Central figures take every central value. The other two cases each take one consistent set: the
saving end has the high shares and prices of the dearer alternatives, the low share of mainstream and the low cost here;
the cost end has the opposite. Each row is then put in order, and totals are sums of rows: an outer range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.financial_years import BANDS
from sufficiency.model.assumptions import COUNTERFACTUALS
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import HEADLINE

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters

PREFERENCE: Final = "preference"
ROLLING: Final = "rolling"
NET: Final = "Net change"
START_UP: Final = "start-up"
_THERE: Final = {
    "independent": "independent_place_gbp",
    "mainstream": "mainstream_plus_topup_gbp",
    "other_arrangements": "other_arrangements_gbp",
    "other_council": "other_council_place_gbp",
}
_WORDS: Final = {
    "independent": "otherwise in independent or non-maintained places",
    "mainstream": "otherwise in mainstream with a top-up",
    "other_arrangements": "otherwise educated elsewhere than at a school",
    "other_council": "otherwise in other councils' schools",
}
KIND_WORDS: Final = {"special_school": "Special-school", "specialist_base": "Specialist-base"}
_MOVED_WORDS: Final = "taken out of independent places in use"
_SHARE_NOTE: Final = "Extra pupils × share × (cost here − cost there); shares of new starters are assumed."
_MOVED_NOTE: Final = "Present pupils rarely move: of those whom the best placement would move, the movement share."
_NET_NOTE: Final = "The sum of the items above."
_EMPTY_NOTE: Final = "Commissioned places that nobody fills yet × place funding."
_START_NOTE: Final = "New places × start-up sum, once, in the year in which they open."


def displacement(extra: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the change of the high needs block from extra local pupils and places.

    Parameters
    ----------
    extra
        policy, year, provision_type (special_school or specialist_base), pupils (extra, placed locally), moved_pupils
        (those of them whom the placement takes out of independent places in use now), places (extra, commissioned) and
        new_places (opened in that year). All negative where a scenario has less.
    parameters
        Shares, prices, place funding, start-up sum. ``preference_leakage_share`` of those who would be in independent
        places stay there and leave a place empty, but under policy `preference`, which has already kept them there.
        So do all but ``movement_share`` of moved_pupils; but under `rolling`, which has moved no more than those and
        new starters, all but the same leakage.

    Returns
    -------
    DataFrame
        policy, year, provision_type, item, gbp_low, gbp_central, gbp_high (whole pence), note; for each row of `extra`
        four rows of displacement, one of pupils who move, one of empty places and one of start-up. A change turned
        round has the same amounts with the other sign.

    Raises
    ------
    DataError
        When moved_pupils is no part of pupils.
    """
    if ((extra["moved_pupils"] * extra["pupils"] < 0) | (extra["moved_pupils"].abs() > extra["pupils"].abs())).any():
        message = "moved_pupils is a part of pupils: it lies between 0 and that number"
        raise DataError(message)
    parts = []
    for kind, rows in extra.groupby("provision_type", sort=True):
        parts += _of_kind(str(kind), rows.reset_index(drop=True), parameters)
    columns = ["policy", "year", "provision_type", "item", "gbp_low", "gbp_central", "gbp_high", "note"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _of_kind(kind: str, rows: pd.DataFrame, parameters: Parameters) -> list[pd.DataFrame]:
    pupils, moved, places, opened = (
        rows[name].to_numpy(dtype=float)[:, None] for name in ("pupils", "moved_pupils", "places", "new_places")
    )
    # a scenario with less gives back what the same with more would take
    sign = np.where((pupils < 0) | ((pupils == 0) & (places < 0)), -1.0, 1.0)
    here = _ends(parameters, f"{kind}_place_gbp")
    stay = _unless(rows, PREFERENCE, _ends(parameters, "preference_leakage_share"), 0.0)
    free = _unless(rows, ROLLING, _ends(parameters, "movement_share")[::-1], 1.0 - stay)
    base = rows[["policy", "year", "provision_type"]]
    parts, taken = [], np.zeros((len(rows), 3))
    for one in COUNTERFACTUALS:
        share = _ends(parameters, f"{kind}_from_{one}_share")
        # the saving end: dear alternatives at their high end, mainstream at its low one
        coming = sign * (pupils - moved) * (share if one == "mainstream" else share[::-1])
        coming = coming * (1.0 - stay) if one == "independent" else coming
        taken += coming
        change = sign * coming * (here - _ends(parameters, _THERE[one])[::-1])
        parts.append(_rows(base, f"{KIND_WORDS[kind]} pupils, {_WORDS[one]}", change, _SHARE_NOTE))
    coming = sign * moved * free
    change = sign * coming * (here - _ends(parameters, _THERE["independent"])[::-1])
    parts.append(_rows(base, f"{KIND_WORDS[kind]} pupils, {_MOVED_WORDS}", change, _MOVED_NOTE))
    empty = np.maximum(sign * places - taken - coming, 0.0)
    funding = sign * empty * _ends(parameters, f"{kind}_place_funding_gbp")
    parts.append(_rows(base, f"{KIND_WORDS[kind]} places while they fill", funding, _EMPTY_NOTE))
    start = opened * _ends(parameters, "start_up_gbp_per_place")
    parts.append(_rows(base, f"{KIND_WORDS[kind]} {START_UP}", start, _START_NOTE))
    return parts


def net_change(items: pd.DataFrame) -> pd.DataFrame:
    """Return the sum of all items by policy and year, to the penny, with the columns of `displacement`."""
    pence = items[["policy", "year"]].join((items[list(BANDS)] * 100).round())
    sums = pence.groupby(["policy", "year"], as_index=False)[list(BANDS)].sum()
    return sums.assign(
        **{band: sums[band] / 100 + 0.0 for band in BANDS}, provision_type=HEADLINE, item=NET, note=_NET_NOTE
    )


def high_needs_of_scheme(
    provision_type: str, extra_pupils: float, places: float, parameters: Parameters
) -> tuple[float, float, float]:
    """Return the low, central and high net change of the high needs block from one scheme in a full year.

    Parameters
    ----------
    provision_type
        special_school or specialist_base.
    extra_pupils
        Pupils who have a local place only with the scheme; all count as new starters.
    places
        Its places, paid for whether somebody extra fills them or not. Start-up is left out.
    parameters
        The assumptions of `displacement`.
    """
    one = {"policy": "", "year": 0, "provision_type": provision_type, "pupils": extra_pupils, "moved_pupils": 0.0}
    net = net_change(displacement(pd.DataFrame([one | {"places": places, "new_places": 0.0}]), parameters)).iloc[0]
    return float(net["gbp_low"]), float(net["gbp_central"]), float(net["gbp_high"])


def _unless(rows: pd.DataFrame, policy: str, ends: np.ndarray, otherwise: float | np.ndarray) -> np.ndarray:
    """Return the ends for every row, but another number under a policy whose placements keep to them already."""
    return np.where((rows["policy"] == policy).to_numpy()[:, None], otherwise, ends)


def _ends(parameters: Parameters, name: str) -> np.ndarray:
    return np.array(parameters.range(name), dtype=float)


def _rows(base: pd.DataFrame, item: str, change: np.ndarray, note: str) -> pd.DataFrame:
    change = np.round(change * 100) / 100
    # -0.0 would be printed as a saving of nothing
    bands = {
        "gbp_low": change.min(axis=1) + 0.0,
        "gbp_central": change[:, 1] + 0.0,
        "gbp_high": change.max(axis=1) + 0.0,
    }
    return base.assign(item=item, **bands, note=note)
