"""One scenario file, wherever it lies, joined to an area that is read already."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.sources.area import located
from sufficiency.sources.own_schemes import read_own_schemes
from sufficiency.sources.roads.record import digest_of
from sufficiency.sources.scenarios import read_scenario
from sufficiency.sources.schools import as_points

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.results import Inputs

__all__ = ["with_scenario_file"]


def with_scenario_file(inputs: Inputs, path: Path) -> Inputs:
    """Return the inputs with the scenario of a file, as if the file lay in the area's folder ``schemes/scenarios``.

    Parameters
    ----------
    inputs
        The area; not changed. A scenario of the same name gives way to the file's.
    path
        The file, named after its scenario.

    Raises
    ------
    DataError
        When the file is at fault; ``issues`` lists every fault of it.
    """
    name, issues = path.stem, list[Issue]()
    own, own_places = read_own_schemes([path], issues)
    prefix = f"{name}."
    kept = inputs.schemes[~inputs.schemes["scheme_id"].str.startswith(prefix)]
    kept_places = inputs.scheme_places[~inputs.scheme_places["scheme_id"].str.startswith(prefix)]
    others = {key: one for key, one in inputs.scenarios.items() if key != name}
    scenario = read_scenario(path, kept["scheme_id"], issues, others)
    errors = [one for one in issues if one.severity == "error"]
    if scenario is None or errors:
        message = f"{len(errors)} fault{'' if len(errors) == 1 else 's'} in the scenario file {path.name}"
        raise DataError(message, issues_table(errors))
    schemes, places = kept, kept_places
    if len(own):
        typed = own.astype({column: kind for column, kind in kept.dtypes.items() if column in own.columns})
        points = located(as_points(typed, inputs.parameters.crs), inputs.zones)
        schemes = gpd.GeoDataFrame(pd.concat([kept, points]), crs=kept.crs)
        places = pd.concat([kept_places, own_places.astype(kept_places.dtypes.to_dict())])
    return dataclasses.replace(
        inputs,
        schemes=schemes,
        scheme_places=places,
        scenarios={**others, name: scenario},
        digests={**inputs.digests, f"schemes/scenarios/{path.name}": digest_of(path)},
    )
