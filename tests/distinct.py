"""The networks that a test over the whole table has to see: one of each kind of layers."""

from __future__ import annotations

from core.networks.table import NETWORKS

_known = {(entry.builder, entry.arguments, entry.weights is None): name for name, entry in reversed(NETWORKS.items())}
DISTINCT = [name for name in NETWORKS if name in _known.values()]
"""Names of the table without those that have the layers of one before them, and differ by their weights alone."""
