"""Present placements beside what the model would do with the same pupils and places. Internal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency import allocation, measures
from sufficiency.allocation.observed import as_placed_year
from sufficiency.allocation.policies import placed_table
from sufficiency.demand import placements_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.placements import sought_by
from sufficiency.model.vocabulary import ALL, HEADLINE_NCY, HEADLINE_TYPES
from sufficiency.planning.opened_year import open_year

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs
    from sufficiency.travel import RoadNetwork

__all__ = ["Observed", "observed_against_modelled"]

LOCAL: Final = "local"


class Observed(NamedTuple):
    """``groups``: a row for each group in each provision; ``areas``: the same by district and need group."""

    groups: pd.DataFrame
    areas: pd.DataFrame


def observed_against_modelled(inputs: Inputs, *, network: RoadNetwork | None = None) -> Observed:
    """Compare the headline placements of the calibration year with the nearest suitable place and with the optimum.

    Parameters
    ----------
    inputs
        Checked inputs with `placements` of the calibration year.
    network
        The roads made ready, where they are already.

    Returns
    -------
    Observed
        ``groups``: as `allocation.passing_table` (each group in each provision: its journey, the nearest suitable local
        place, and the nearest of those with room that it passes), with modelled_pupils: pupils of the group whom the
        optimum has in the same provision. ``areas``: area_id (county and districts), need (a need group, or all in
        the county), pupils, local_pupils, modelled_local_pupils, mean_min, modelled_mean_min, nearest_mean_min,
        passing_pupils (who pass a suitable place with room), outside_rules_pupils, same_place_pupils.

    Raises
    ------
    ParameterError
        When no placements of that year are loaded.
    DataError
        When the placements do not fit the demand.
    """
    year = inputs.parameters.calibration_year
    if inputs.placements is None or not (inputs.placements["year"] == year).any():
        message = "no present placements of the calibration year are loaded: put them in demand/placements.csv"
        raise ParameterError(message)
    opened = open_year(inputs, year, network=network)
    here = placements_of(opened.demand, inputs.placements, [year])
    headline = sought_by(here, inputs.provision).isin(HEADLINE_TYPES) & here["ncy"].between(*HEADLINE_NCY)
    seen = as_placed_year(opened.eligibility, here[headline])
    held = here["provision_id"].value_counts()
    roll = np.asarray(held.reindex(opened.eligibility.provision["provision_id"], fill_value=0), dtype=np.int64)
    groups = allocation.passing_table(seen, roll)
    modelled = placed_table(opened.eligibility, opened.result.first + opened.result.substitute)
    modelled = modelled.rename(columns={"pupils": "modelled_pupils"}).drop(columns="tier")
    groups = groups.merge(
        modelled[["group_id", "provision_id", "modelled_pupils"]], on=["group_id", "provision_id"], how="left"
    )
    groups["modelled_pupils"] = groups["modelled_pupils"].fillna(0).astype(np.int64)
    described = measures.describe_groups(opened.eligibility.groups, inputs.zones, inputs.parameters.county_id)
    tier = inputs.provision.set_index("provision_id")["tier"]
    facts = described[["group_id", "district_id", "county_id", "need_group"]]
    return Observed(groups, _areas(*(_with_facts(one, facts, tier) for one in (groups, modelled))))


def _with_facts(table: pd.DataFrame, facts: pd.DataFrame, tier: pd.Series[str]) -> pd.DataFrame:
    return table.merge(facts, on="group_id", validate="many_to_one").assign(tier=table["provision_id"].map(tier))


def _areas(seen: pd.DataFrame, modelled: pd.DataFrame) -> pd.DataFrame:
    counts: dict[str, Any] = {
        "pupils": seen["pupils"],
        "local_pupils": seen["pupils"].where(seen["tier"] == LOCAL, 0),
        "passing_pupils": seen["pupils"].where(seen["passed_provision_id"] != "", 0),
        "outside_rules_pupils": seen["pupils"].where(seen["outside_rules"] != "", 0),
        "same_place_pupils": np.minimum(seen["pupils"], seen["modelled_pupils"]),
        **_minutes(seen, "travel_min", "pupils", "seen"),
        **_minutes(seen, "nearest_min", "pupils", "nearest"),
    }
    model: dict[str, Any] = {
        "modelled_local_pupils": modelled["modelled_pupils"].where(modelled["tier"] == LOCAL, 0),
        **_minutes(modelled, "travel_min", "modelled_pupils", "modelled"),
    }
    table = pd.concat([_summed(seen, counts), _summed(modelled, model)], axis=1).fillna(0)
    for name, kind in (("mean_min", "seen"), ("modelled_mean_min", "modelled"), ("nearest_mean_min", "nearest")):
        table[name] = (table[f"{kind}_minutes"] / table[f"{kind}_day"]).where(table[f"{kind}_day"] > 0)
    whole = [name for name in table.columns if name.endswith("_pupils") or name == "pupils"]
    table[whole] = table[whole].astype(np.int64)
    columns = [
        "pupils", "local_pupils", "modelled_local_pupils", "mean_min", "modelled_mean_min", "nearest_mean_min",
        "passing_pupils", "outside_rules_pupils", "same_place_pupils",
    ]  # fmt: skip
    return table[columns].reset_index()


def _minutes(table: pd.DataFrame, minutes: str, pupils: str, kind: str) -> dict[str, pd.Series[float]]:
    day = table[pupils].where(table[minutes].notna(), 0)
    return {f"{kind}_minutes": (table[minutes].fillna(0) * day), f"{kind}_day": day}


def _summed(table: pd.DataFrame, values: dict[str, Any]) -> pd.DataFrame:
    """Return the sums for the county in all and by need group, and for each district by need group and in all."""
    rows = table[["county_id", "district_id", "need_group"]].assign(**values)
    parts = []
    for area in ("county_id", "district_id"):
        here = rows[rows[area] != ""].assign(area_id=rows[area])
        parts += [here.assign(need=here["need_group"]), here.assign(need=ALL)]
    sums: pd.DataFrame = pd.concat(parts, ignore_index=True).groupby(["area_id", "need"])[list(values)].sum()
    return sums
