"""Home-to-school transport of the general fund: what changes between two sets of journeys, and in whole vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters

AVERAGE: Final = "Average basis"
CASHABLE: Final = "Cashable part of the average basis"
MARGINAL: Final = "Marginal basis"
MORE: Final = "Of the marginal basis: more or fewer journeys"
LENGTH: Final = "Of the marginal basis: longer or shorter journeys"
_KEY: Final = ["policy", "year"]
_PUPILS: Final = "headline:day_pupils"
_BOTH: Final = "headline:day_pupils;pupil_km"
_NO_JOURNEY: Final = (
    "A pupil without a modelled place has no modelled journey, though most are carried somewhere. "
    "Average and marginal are alternatives, not parts."
)


def vehicle_km(pupil_km: float, occupancy_pupils: float, empty_running_share: float) -> float:
    """Return vehicle-kilometres = pupil-kilometres ÷ occupancy × (1 + empty running)."""
    return pupil_km / occupancy_pupils * (1 + empty_running_share)


def whole_vehicles(carried_pupils: float, occupancy_pupils: float) -> int:
    """Return the whole vehicles for the pupils carried."""
    # a rounding error above a whole number is no further vehicle
    return int(np.ceil(np.round(carried_pupils / occupancy_pupils, 9)))


def transport_change(before: pd.DataFrame, after: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the change of transport cost on an average and a marginal basis, side by side and not to be added.

    The marginal change is told in two parts: who gains a modelled journey, and how long journeys are. Central figures
    add up; low and high are the ends of each line by itself, and do not.

    Parameters
    ----------
    before, after
        Table `journeys` of one scenario each.
    parameters
        ``transported_share`` and the costs.

    Returns
    -------
    DataFrame
        policy, year, item, gbp_low, gbp_central, gbp_high, note, behind. Cashable is 0 unless whole vehicles go.
    """
    both = _county(before, parameters).merge(_county(after, parameters), on=_KEY, suffixes=("_before", "_after"))
    pupils = both[["pupils_before", "pupils_after"]].to_numpy(dtype=float)
    km = both[["pupil_km_per_year_before", "pupil_km_per_year_after"]].to_numpy(dtype=float)
    share, each, per_km, occupancy = (
        np.array(parameters.range(name), dtype=float)
        for name in (
            "transported_share",
            "transport_gbp_per_pupil",
            "transport_gbp_per_pupil_km",
            "vehicle_occupancy_pupils",
        )
    )
    average = (pupils[:, 1] - pupils[:, 0])[:, None] * share * each
    marginal = (km[:, 1] - km[:, 0])[:, None] * share * per_km
    mean_km = np.divide(km[:, 0], pupils[:, 0], out=np.zeros(len(both)), where=pupils[:, 0] > 0)
    more = ((pupils[:, 1] - pupils[:, 0]) * mean_km)[:, None] * share * per_km
    # a full vehicle is the fewest vehicles, so its high occupancy stands with the low share carried
    seats = occupancy[::-1]
    gone = np.array(
        [
            [min(0, whole_vehicles(b * s, o) - whole_vehicles(a * s, o)) for s, o in zip(share, seats, strict=True)]
            for a, b in pupils
        ]
    ).reshape(len(both), 3)
    cash = gone * seats * each
    items = (
        (AVERAGE, average, "Change of pupils carried × average cost; not cash by itself.", _PUPILS),
        (CASHABLE, cash, "Whole vehicles that go × the average cost of their pupils.", _PUPILS),
        (
            MARGINAL,
            marginal,
            "Change of pupil-kilometres carried × marginal cost; of the two parts only central figures add up.",
            _BOTH,
        ),
        (MORE, more, "Pupils who gain or lose a modelled journey, at the mean length before.", _BOTH),
        (
            LENGTH,
            np.round(marginal, 2) - np.round(more, 2),
            "Change of the mean length × pupils who travel after.",
            _BOTH,
        ),
    )
    parts = [
        both[_KEY].assign(
            item=item,
            gbp_low=values.min(axis=1) + 0.0,
            gbp_central=values[:, 1] + 0.0,
            gbp_high=values.max(axis=1) + 0.0,
            note=f"{note} {_NO_JOURNEY}",
            behind=behind,
        )
        for item, values, note, behind in ((item, np.round(values, 2), *rest) for item, values, *rest in items)
    ]
    return pd.concat(parts, ignore_index=True)


def carbon_change(before: pd.DataFrame, after: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the change of vehicle-kilometres, whole vehicles and carbon, by policy and year.

    Returns
    -------
    DataFrame
        policy, year, and vehicle_km_per_year, vehicles and kgco2e, each with _low, _central and _high: occupancy is
        high where the others are low. Negative = less.
    """
    both = _county(before, parameters).merge(_county(after, parameters), on=_KEY, suffixes=("_before", "_after"))
    seats = parameters.range("vehicle_occupancy_pupils")[::-1]
    out = both[_KEY].copy()
    km = both["pupil_km_per_year_after"] - both["pupil_km_per_year_before"]
    for case, band in enumerate(("low", "central", "high")):
        share, empty, rate = (
            float(parameters.range(name)[case])
            for name in ("transported_share", "empty_running_share", "vehicle_kgco2e_per_km")
        )
        out[f"vehicle_km_per_year_{band}"] = vehicle_km(1.0, float(seats[case]), empty) * km * share
        out[f"vehicles_{band}"] = [
            whole_vehicles(two * share, float(seats[case])) - whole_vehicles(one * share, float(seats[case]))
            for one, two in zip(both["pupils_before"], both["pupils_after"], strict=True)
        ]
        out[f"kgco2e_{band}"] = out[f"vehicle_km_per_year_{band}"] * rate
    return out


def _county(journeys: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    whole = journeys[
        (journeys["area_id"] == parameters.county_id) & (journeys["phase"] == ALL) & (journeys["need"] == ALL)
    ]
    return whole[[*_KEY, "pupils", "pupil_km_per_year"]]
