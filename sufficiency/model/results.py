"""The bundles that stages exchange: frozen, without behaviour beyond a unit conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix
    from shapely.geometry import LineString

    from sufficiency.model.parameters import Parameters


@dataclass(frozen=True)
class RoadTables:
    """Road nodes (table `road_nodes`), edges (table `road_edges`) and what may come with them.

    ``speeds`` is a table `speeds`; ``turns`` a table `road_turns`, turns that may not be made; ``issues`` a table
    `issues`, what the reader left out or took otherwise than written. None where there is none. ``attribution`` is
    the sentence that their licence asks for where they are shown, blank where none is asked for.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    speeds: pd.DataFrame | None = None
    turns: pd.DataFrame | None = None
    issues: pd.DataFrame | None = None
    attribution: str = ""


@dataclass(frozen=True)
class NewRoad:
    """A road that a scenario adds: a straight link between two nodes, driven both ways."""

    from_node_id: str
    to_node_id: str
    road_class: str
    length_m: float | None = None


@dataclass(frozen=True)
class SpeedChange:
    """Speeds that a scenario multiplies by a share: those of one road class, or ``all``."""

    road_class: str
    kph_share: float


@dataclass(frozen=True)
class Substitution:
    """A row of table `acceptance` that a scenario adds: another type of place than the one sought."""

    place_sought: str
    provision_type: str
    need: str = "all"
    phase: str = "all"
    order: int = 1
    penalty_min: int = 0
    source: str = ""


@dataclass(frozen=True)
class Scenario:
    """A named set of schemes laid over the baseline, with changes of demand, roads, speeds and rules.

    ``scheme_ids`` are all of its schemes, those of the scenario that it is based on among them. ``assumptions`` are
    other values of assumptions; ``mitigations`` the ids of those applied, besides the area's own.
    """

    scenario_id: str
    title: str
    description: str
    scheme_ids: tuple[str, ...]
    stated_places: int | None
    illustrative: bool
    complete_in: str = ""
    based_on: str = ""
    assumptions: Mapping[str, Any] = field(default_factory=dict)
    mitigations: tuple[str, ...] = ()
    closed_edge_ids: tuple[str, ...] = ()
    new_roads: tuple[NewRoad, ...] = ()
    speed_changes: tuple[SpeedChange, ...] = ()
    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """All that a run reads, typed and indexed by id; a scenario is another `Inputs`."""

    parameters: Parameters
    areas: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    clusters: pd.DataFrame
    gazetteer: gpd.GeoDataFrame
    population: pd.DataFrame
    rates: pd.DataFrame
    controls: pd.DataFrame
    demand: pd.DataFrame | None
    origins: gpd.GeoDataFrame
    settings: gpd.GeoDataFrame
    provision: pd.DataFrame
    places: pd.DataFrame
    acceptance: pd.DataFrame
    border_flows: pd.DataFrame
    support_bases: pd.DataFrame
    support_need: pd.DataFrame
    roads: RoadTables
    speeds: pd.DataFrame
    schemes: gpd.GeoDataFrame
    scheme_places: pd.DataFrame
    scenarios: Mapping[str, Scenario]
    claims: pd.DataFrame
    issues: pd.DataFrame
    digests: Mapping[str, str] = field(default_factory=dict)
    placements: pd.DataFrame | None = None
    zone_traits: pd.DataFrame | None = None
    cohort_changes: pd.DataFrame | None = None
    developments: pd.DataFrame | None = None
    rate_trends: pd.DataFrame | None = None
    placement_mix: pd.DataFrame | None = None
    mitigations: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    demand_totals: pd.DataFrame | None = None
    caseload: pd.DataFrame | None = None
    awaiting: pd.DataFrame | None = None
    candidates: pd.DataFrame | None = None
    accounts: pd.DataFrame | None = None
    applied_mitigations: tuple[str, ...] = ()
    water: gpd.GeoDataFrame | None = None
    docx_template: bytes | None = None


@dataclass(frozen=True)
class TravelTimes:
    """Least car times from origins (rows) to settings (columns), home to setting in the morning.

    ``milliseconds`` and ``metres`` are int32 [n_origins, n_settings], -1 = unreachable; metres are the least
    among least-time paths. The low and high bands have the same shape, or are None.
    """

    origin_ids: tuple[str, ...]
    setting_ids: tuple[str, ...]
    milliseconds: NDArray[np.int32]
    metres: NDArray[np.int32]
    profile: str
    origin_snap_m: NDArray[np.float64]
    setting_snap_m: NDArray[np.float64]
    low_milliseconds: NDArray[np.int32] | None = None
    high_milliseconds: NDArray[np.int32] | None = None

    @property
    def minutes(self) -> NDArray[np.float64]:
        """Minutes, float64 [n_origins, n_settings], NaN = unreachable."""
        return np.where(self.milliseconds < 0, np.nan, self.milliseconds / 60_000)

    @property
    def km(self) -> NDArray[np.float64]:
        """Kilometres, float64 [n_origins, n_settings], NaN = unreachable."""
        return np.where(self.metres < 0, np.nan, self.metres / 1_000)


@dataclass(frozen=True)
class Route:
    """One route: minutes, metres and its line (longitude, latitude)."""

    minutes: float
    metres: float
    geometry: LineString


@dataclass(frozen=True)
class Flow:
    """An optimal transport flow with its dual prices and the cut that proves the unplaced; see `transport`."""

    flow: csr_matrix
    unplaced: NDArray[np.int64]
    cost: int
    pupil_price: NDArray[np.int64]
    place_price: NDArray[np.int64]
    unplaced_price: int
    cut: NDArray[np.bool_]


@dataclass(frozen=True)
class Certificate:
    """What was proven of one solve: the year and policy, and the totals on both sides of the proof."""

    scenario_id: str
    policy: str
    year: int
    solve: str
    pupils: int
    placed: int
    unplaced: int
    primal: int | None
    dual: int | None
    optimal: bool


@dataclass(frozen=True)
class Allocation:
    """Who goes where: tables `allocation`, `unplaced`, `excluded`, `provision_use`, with the proofs."""

    allocation: pd.DataFrame
    unplaced: pd.DataFrame
    excluded: pd.DataFrame
    provision_use: pd.DataFrame
    interchangeable: pd.DataFrame
    certificates: tuple[Certificate, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """Everything that one scenario gives: the board's tables and the tables behind them."""

    scenario_id: str
    inputs: Inputs
    demand: pd.DataFrame
    travel: TravelTimes
    allocation: Allocation
    outcomes: pd.DataFrame
    sufficiency: pd.DataFrame
    journeys: pd.DataFrame
    journey_ranges: pd.DataFrame
    flows: pd.DataFrame
    reasons: pd.DataFrame
    pressure: pd.DataFrame
    transfers: pd.DataFrame
    support_match: pd.DataFrame
    support_by_school: pd.DataFrame
    support_by_area: pd.DataFrame
    waterfall: pd.DataFrame
    money: pd.DataFrame
    conservation: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Table `comparison`: scenarios against one of them, with who is better and worse off."""

    against_id: str
    comparison: pd.DataFrame


@dataclass(frozen=True)
class Released:
    """Tables that passed disclosure control: a hidden figure is missing, never 0.

    ``hidden`` has, for each table, a boolean frame of its shape: True = suppressed (``c``). A figure that is
    missing and not hidden does not apply (``z``). ``rules`` says in a sentence what was hidden and rounded.
    """

    build: str
    tables: Mapping[str, pd.DataFrame]
    hidden: Mapping[str, pd.DataFrame]
    geography: Mapping[str, Any] = field(default_factory=dict)
    rules: str = ""


@dataclass(frozen=True)
class RunRecord:
    """What a reader needs to repeat a run: versions, digests, parameters, checks and certificates."""

    run_id: str
    version: str
    digests: Mapping[str, str]
    parameters: Mapping[str, Any]
    checks: Mapping[str, int]
    certificates: tuple[Certificate, ...]
