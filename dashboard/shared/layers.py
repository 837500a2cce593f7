"""The layers of a network, as pages offer them."""

from __future__ import annotations

from core.networks import tasks
from core.networks.entry import Entry, LayerRow
from dashboard.shared.workers import ask


def rows(network: Entry) -> list[LayerRow]:
    """One row a layer, from the picture to the logits."""
    described: list[LayerRow] = ask(tasks.describe, network)
    return described


def spatial(network: Entry) -> list[str]:
    """Names of the layers whose output is feature maps, from the picture to the logits."""
    return [row.name for row in rows(network) if row.spatial]


def splittable(network: Entry) -> list[str]:
    """Names of those through which every way to the logits leads: where a class activation map explains them."""
    return [row.name for row in rows(network) if row.spatial and row.splittable]
