"""Evidence for an equality impact assessment: a programme's gains and losses by what is known of the pupils.

It is evidence, and not an assessment: that is an officer's judgement. It speaks of disability through the primary need,
of age through the phase, of sex where it is known, and of where pupils live: deprivation and kind of settlement, which
are the zone's and not the family's. Race, religion, pregnancy and every other protected characteristic are not in the
data, and nothing is said of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.planning.gains import BETTER, WORSE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NOT_IN_THE_DATA", "equality_evidence"]

NOT_IN_THE_DATA: Final = (
    "gender reassignment",
    "marriage and civil partnership",
    "pregnancy and maternity",
    "race",
    "religion or belief",
    "sexual orientation",
)
_LOCAL: Final = 0
_NOT_KNOWN: Final = "not known"
_KEY: Final = ["policy", "year", "characteristic", "group"]


def equality_evidence(
    changes: pd.DataFrame, traits: pd.DataFrame | None, homes: pd.Series, sex: pd.Series, *, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return gains and losses by characteristic.

    Parameters
    ----------
    changes
        Output of `pupil_changes`.
    traits
        Table `zone_traits`, None = the area does not say what kind of place its zones are.
    homes, sex
        By group_id, the zone of the home and the sex (``any`` = not known).
    names
        scenario_id and against_id.

    Returns
    -------
    DataFrame
        scenario_id, against_id, policy, year, characteristic, group, pupils, without_local_before_pupils,
        without_local_after_pupils, better_off_pupils, worse_off_pupils, mean_before_min, mean_after_min (one way, of
        those who travel; NaN where nobody does). In each characteristic the pupils add up to all. Internal: its cells
        can be small.
    """
    rows = changes.assign(
        without_local_before_pupils=(changes["rank_before"] != _LOCAL).astype(np.int64),
        without_local_after_pupils=(changes["rank_after"] != _LOCAL).astype(np.int64),
        better_off_pupils=changes["band"].isin(BETTER).astype(np.int64),
        worse_off_pupils=changes["band"].isin(WORSE).astype(np.int64),
        pupils=1,
    )
    cuts = {
        "disability: primary need": rows["need"],
        "disability: need group": rows["need_group"],
        "age: phase": rows["phase"],
        "sex": rows["group_id"].map(sex).replace({"any": _NOT_KNOWN}).fillna(_NOT_KNOWN),
    }
    if traits is not None:
        zone = rows["group_id"].map(homes)
        known = traits.set_index("zone_id")
        decile = zone.map(known["deprivation_decile"]).astype("Float64")
        fifth = ((decile + 1) // 2).astype("Int64").astype("string")
        cuts["place: deprivation fifth (1 = most deprived)"] = fifth.fillna(_NOT_KNOWN).astype(object)
        kind = zone.map(known["rurality"]).fillna("")
        cuts["place: kind of settlement"] = kind.where(kind != "", _NOT_KNOWN)
    counts = [
        "pupils", "without_local_before_pupils", "without_local_after_pupils", "better_off_pupils", "worse_off_pupils",
    ]  # fmt: skip
    parts = []
    for characteristic, group in cuts.items():
        cut = rows.assign(characteristic=characteristic, group=group.to_numpy())
        grouped = cut.groupby(_KEY)
        means = grouped[["min_before", "min_after"]].mean()
        parts.append(grouped[counts].sum().join(means).reset_index())
    table = pd.concat(parts, ignore_index=True)
    table = table.rename(columns={"min_before": "mean_before_min", "min_after": "mean_after_min"})
    return table.assign(**names)[["scenario_id", "against_id", *_KEY, *counts, "mean_before_min", "mean_after_min"]]
