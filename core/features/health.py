"""Which channels of a layer are dead, and which are duplicates of each other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.features.held_out import health_images
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import batch_size

DUPLICATE_COSINE = 0.95
"""Cosine similarity from which on two channels count as duplicates."""


@dataclass(frozen=True)
class ChannelHealth:
    """`dead` `(k,)`: channels that are 0 everywhere; `duplicates`: `(a, b, cosine)`, `a < b`, most alike first.

    The evidence, of `images` images: in how many a channel is above 0 somewhere, `fired` `(k,)`, its largest value,
    `maxima` `(k,)`, and the `cosines` `(k, k)` of each channel with each.
    """

    dead: np.ndarray
    duplicates: list[tuple[int, int, float]]
    images: int
    fired: np.ndarray
    maxima: np.ndarray
    cosines: np.ndarray


def channel_health(network: str | Entry, layer: str) -> ChannelHealth:
    """Dead and duplicate channels of a layer on the `health_images`, always the same ones.

    Dead: never above 0, at any place of any image. Duplicates: the feature maps of two channels, all places of all
    images in one vector each, have a cosine above `DUPLICATE_COSINE`. A dead channel is nobody's duplicate. A unit of a
    dense layer counts as a map of one place.
    """
    from core.networks.layers import layer_of

    loaded = load(network)
    layer_of(loaded.model, layer)
    images, size = health_images(loaded.entry), batch_size(loaded.entry)
    parts, maxima = [], []
    for start in range(0, len(images), size):  # all maps of an early layer at once would not fit a small machine
        maps = loaded.run(images[start : start + size], layer)
        columns = maps.reshape(-1, maps.shape[-1])
        parts.append(columns.T @ columns)
        maxima.append(maps.reshape(len(maps), -1, maps.shape[-1]).max(axis=1))
    products = np.sum(parts, axis=0, dtype=np.float64)
    lengths = np.sqrt(np.diag(products))
    cosines = products / np.maximum(np.outer(lengths, lengths), np.finfo(np.float32).tiny)
    pairs = np.argwhere(np.triu(cosines > DUPLICATE_COSINE, k=1))
    duplicates = [(int(a), int(b), float(cosines[a, b])) for a, b in pairs]
    largest = np.concatenate(maxima)
    return ChannelHealth(
        dead=largest.max(axis=0) <= 0,
        duplicates=sorted(duplicates, key=lambda pair: -pair[2]),
        images=len(images),
        fired=(largest > 0).sum(axis=0),
        maxima=largest.max(axis=0),
        cosines=cosines.astype(np.float32),
    )
