"""The same person or not? Distances of pairs, the rates of both mistakes, and where each of two images looks."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import pairwise_distances

from core.attribution.target import hide
from core.intervals import roc
from core.neighbours import Pairs
from core.neighbours.embedding import embed
from core.networks.network import Network, batch_size
from core.progress import Report

MOST_PAIRS = 1_000
"""Images of which every pair is compared."""


def pairs(vectors: np.ndarray, labels: np.ndarray, metric: str, seed: int = 0) -> Pairs:
    """Every pair of the images, or of `MOST_PAIRS` of them drawn at random: vectors `(n, d)`, who is on them `(n,)`."""
    if len(vectors) > MOST_PAIRS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:MOST_PAIRS])
        vectors, labels = vectors[rows], labels[rows]
    above = np.triu_indices(len(vectors), k=1)
    distances = pairwise_distances(vectors, metric=metric)[above]
    same = (labels[:, None] == labels)[above]
    return verification_rates(distances[same], distances[~same])


def verification_rates(same: np.ndarray, other: np.ndarray) -> Pairs:
    """The rates of both mistakes for every threshold on the distances."""
    curve = roc(-np.r_[same, other], np.r_[np.ones(len(same)), np.zeros(len(other))], drop_intermediate=True)
    rate, threshold = curve.equal_error()
    return Pairs(same, other, -threshold, rate, curve)


def distance(first: np.ndarray, second: np.ndarray, metric: str) -> float:
    """Distance of two vectors `(d,)`."""
    return float(pairwise_distances(first[None], second[None], metric=metric)[0, 0])


def occlusion(
    network: Network,
    image: np.ndarray,
    other: np.ndarray,
    metric: str,
    grid: int = 10,
    size: float = 0.2,
    report: Report | None = None,
) -> np.ndarray:
    """How much farther from `other` an image gets when a place of it is hidden: `(grid, grid)`, signed, in distance.

    Occlusion (Zeiler and Fergus 2013, https://arxiv.org/abs/1311.2901) with the distance of two embeddings in place of
    a class's score: `image` `(h, w, 3)` in [0, 1], `other` the embedding `(d,)` of the other image. A grey patch of
    the share `size` of each side lies around the middle of each cell.
    """
    image = network.resized(image)[0]
    whole = distance(embed(network, image[None])[0], other, metric)
    middles = (np.arange(grid) + 0.5) / grid
    height, width = image.shape[:2]
    rows, columns = (
        np.abs((np.arange(length) + 0.5) / length - middles[:, None]) < size / 2 for length in (height, width)
    )
    values, step = np.zeros(grid * grid, np.float32), batch_size(network.entry)
    for start in range(0, len(values), step):
        if report:
            report(start, len(values))
        row, column = np.divmod(np.arange(start, min(start + step, len(values))), grid)
        hidden = rows[row][:, :, None] & columns[column][:, None, :]
        embeddings = embed(network, hide(image, ~hidden, 0.5))
        values[start : start + step] = pairwise_distances(embeddings, other[None], metric=metric)[:, 0] - whole
    return values.reshape(grid, grid)
