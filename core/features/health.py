"""Which channels of a layer are dead, and which are duplicates of each other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.features.captures import health_captures
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import batch_size

ALIKE = 0.95
"""Cosine similarity from which on two channels count as duplicates."""


@dataclass(frozen=True)
class ChannelHealth:
    """`dead` `(k,)`: channels that answer 0 everywhere; `duplicates`: `(a, b, cosine)`, `a < b`, most alike first.

    The evidence: of so many `captures`, the number `fired` `(k,)` in which a channel is above 0 somewhere, its
    `largest` `(k,)` value, and the `cosines` `(k, k)` of each channel with each.
    """

    dead: np.ndarray
    duplicates: list[tuple[int, int, float]]
    captures: int
    fired: np.ndarray
    largest: np.ndarray
    cosines: np.ndarray


def channel_health(network: str | Entry, layer: str) -> ChannelHealth:
    """Dead and duplicate channels of a layer on the `health_captures`, always the same ones.

    Dead: never above 0, at no place of no capture. Duplicates: the feature maps of two channels, all places of all
    captures in one vector each, have a cosine above `ALIKE`. A dead channel is nobody's duplicate. A unit of a dense
    layer counts as a map of one place.
    """
    from core.networks.layers import layer_of

    loaded = load(network)
    layer_of(loaded.model, layer)
    captures, size = health_captures(loaded.entry), batch_size(loaded.entry)
    parts, peaks = [], []
    for start in range(0, len(captures), size):  # all maps of an early layer at once would not fit a small machine
        maps = loaded.run(captures[start : start + size], layer)
        columns = maps.reshape(-1, maps.shape[-1])
        parts.append(columns.T @ columns)
        peaks.append(maps.reshape(len(maps), -1, maps.shape[-1]).max(axis=1))
    products = np.sum(parts, axis=0, dtype=np.float64)
    lengths = np.sqrt(np.diag(products))
    cosines = products / np.maximum(np.outer(lengths, lengths), np.finfo(np.float32).tiny)
    pairs = np.argwhere(np.triu(cosines > ALIKE, k=1))
    duplicates = [(int(a), int(b), float(cosines[a, b])) for a, b in pairs]
    peak = np.concatenate(peaks)
    return ChannelHealth(
        dead=peak.max(axis=0) <= 0,
        duplicates=sorted(duplicates, key=lambda pair: -pair[2]),
        captures=len(captures),
        fired=(peak > 0).sum(axis=0),
        largest=peak.max(axis=0),
        cosines=cosines.astype(np.float32),
    )
