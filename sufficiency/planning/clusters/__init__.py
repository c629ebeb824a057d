"""Locality clusters: drafted, or the council's own; and successor authorities, with everything re-totalled."""

from sufficiency.planning.clusters.contiguity import contiguity_graph, pieces
from sufficiency.planning.clusters.draft import Draft, draft_clusters
from sufficiency.planning.clusters.given import changes_table, lookup_issues, lookup_of_groups, with_clusters
from sufficiency.planning.clusters.successors import Successors, successors

__all__ = [
    "Draft",
    "Successors",
    "changes_table",
    "contiguity_graph",
    "draft_clusters",
    "lookup_issues",
    "lookup_of_groups",
    "pieces",
    "successors",
    "with_clusters",
]
