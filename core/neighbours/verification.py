"""The same person or not? Distances of pairs, the rates of both mistakes, and where each of two pictures looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import pairwise_distances, roc_curve

from core.attribution.question import hide
from core.neighbours.embedding import embed
from core.networks.network import Network, batch_size
from core.progress import Report

MOST_PAIRS = 1_000
"""Pictures of which every pair is compared."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Distances of pairs of pictures of one person, `same` `(a,)`, and of two people, `other` `(b,)`.

    Where those below `threshold` are called the same, both mistakes are as frequent: `equal_error` in [0, 1]. The
    curve: the shares that are accepted of `other` pairs, `false_accepts` `(m,)`, and of `same` ones, `true_accepts`.
    """

    same: np.ndarray
    other: np.ndarray
    threshold: float
    equal_error: float
    false_accepts: np.ndarray
    true_accepts: np.ndarray


def pairs(vectors: np.ndarray, labels: np.ndarray, metric: str, seed: int = 0) -> Pairs:
    """Every pair of the pictures, or of `MOST_PAIRS` of them drawn by lot: vectors `(n, d)`, who is on them `(n,)`."""
    if len(vectors) > MOST_PAIRS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:MOST_PAIRS])
        vectors, labels = vectors[rows], labels[rows]
    above = np.triu_indices(len(vectors), k=1)
    distances = pairwise_distances(vectors, metric=metric)[above]
    alike = (labels[:, None] == labels)[above]
    return rated(distances[alike], distances[~alike])


def rated(same: np.ndarray, other: np.ndarray) -> Pairs:
    """The rates of both mistakes for every threshold on the distances."""
    truth = np.r_[np.ones(len(same)), np.zeros(len(other))]
    false_accepts, true_accepts, thresholds = roc_curve(truth, -np.r_[same, other])
    rate, threshold = equal_error(false_accepts, true_accepts, thresholds)
    return Pairs(same, other, -threshold, rate, false_accepts, true_accepts)


def equal_error(accepted: np.ndarray, found: np.ndarray, thresholds: np.ndarray) -> tuple[float, float]:
    """Where false accepts are as frequent as false rejects, `1 - found`: that rate and the threshold there.

    The curve is `(m,)` each, from nobody accepted to everybody; between two of its points it is straight.
    """
    gap = accepted - (1 - found)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = max(after - 1, 0)
    step = gap[after] - gap[before]
    share = -gap[before] / step if step > 0 else 0.0
    rate = accepted[before] + share * (accepted[after] - accepted[before])
    at = thresholds[after]
    if np.isfinite(thresholds[before]):
        at = thresholds[before] + share * (at - thresholds[before])
    return float(rate), float(at)


def distance(first: np.ndarray, second: np.ndarray, metric: str) -> float:
    """Distance of two vectors `(d,)`."""
    return float(pairwise_distances(first[None], second[None], metric=metric)[0, 0])


def where(
    network: Network,
    image: np.ndarray,
    other: np.ndarray,
    metric: str,
    grid: int = 10,
    size: float = 0.2,
    report: Report | None = None,
) -> np.ndarray:
    """How much farther from `other` a picture gets when a place of it is hidden: `(grid, grid)`, signed, in distance.

    Occlusion (Zeiler and Fergus 2013, https://arxiv.org/abs/1311.2901) with the distance of two embeddings in place of
    a class's score: `image` `(h, w, 3)` in [0, 1], `other` the embedding `(d,)` of the other picture. A grey patch of
    the share `size` of each side lies around the middle of each cell.
    """
    image = network.stretched(image)[0]
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
        seen = embed(network, hide(image, ~hidden, 0.5))
        values[start : start + step] = pairwise_distances(seen, other[None], metric=metric)[:, 0] - whole
    return values.reshape(grid, grid)
