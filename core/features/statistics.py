"""Filter activation statistics: which channels answer to a class, how much, and what they pass on of it.

A class is what a picture shows, or a part of every picture, such as a region of the face. Both are weights in [0, 1] of
every class at every place of the feature maps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, eq=False)
class Statistics:
    """What the `k` channels of a layer answer to `c` classes: `means` `(c, k)` over all places of a class.

    `patterns` `(c, h, w, k)`: the mean map of the pictures that show the class, 0 outside of it; `counts` `(c,)` of
    those pictures.
    """

    means: np.ndarray
    patterns: np.ndarray
    counts: np.ndarray


def of_batches(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> Statistics:
    """Statistics over batches of feature maps `(n, h, w, k)` and weights `(n, h, w, c)` or `(n, 1, 1, c)`.

    A class that nothing shows gets zeros.
    """
    sums, areas, counts = np.zeros(()), np.zeros(()), np.zeros((), int)
    for maps, weights in batches:
        weights = np.broadcast_to(weights, (*maps.shape[:3], weights.shape[-1]))
        sums = sums + weights.transpose(1, 2, 3, 0) @ maps.transpose(1, 2, 0, 3)  # (h, w, c, k)
        areas = areas + weights.sum(axis=(0, 1, 2), dtype=np.float64)
        counts = counts + weights.any(axis=(1, 2)).sum(axis=0)
    means = np.sum(sums, axis=(0, 1)) / np.maximum(areas, 1e-9)[:, None]
    patterns = np.moveaxis(sums, 2, 0) / np.maximum(counts, 1)[:, None, None, None]
    return Statistics(means, patterns.astype(np.float32), counts)


def of_pictures(classes: np.ndarray, count: int) -> np.ndarray:
    """Weights `(n, 1, 1, count)` of pictures that show one class each, `classes` `(n,)`."""
    return np.eye(count, dtype=np.float32)[classes][:, None, None]


def of_regions(regions: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    """Weights `(n, height, width, count)`: the share of each place that each region has, of `regions` `(n, H, W)`."""
    masks = np.eye(count, dtype=np.float32)[regions]
    return np.stack([cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) for mask in masks])


def above_others(means: np.ndarray) -> np.ndarray:
    """How much more each channel answers to a class than to all classes on average: `(c, k)`, signed."""
    return means - means.mean(axis=0)


def ranked(values: np.ndarray) -> np.ndarray:
    """Channels of each class `(c, k)`, those of the largest values first."""
    return np.argsort(-values, axis=1, kind="stable")


def confusion(expected: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """How many pictures of class i (row) were taken for class j (column): `(count, count)`."""
    return np.bincount(expected * count + predicted, minlength=count * count).reshape(count, count)
