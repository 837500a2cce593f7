"""RISE: the image is seen through random masks; a place matters if the score is high when it is seen.

Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421
"""

from __future__ import annotations

import math

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.target import ClassTarget, hide
from core.images import resize
from core.networks.network import Network
from core.progress import Report


def rise(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    samples: int = 1000,
    cells: int = 7,
    visible: float = 50,
    baseline: float = 0.0,
    seed: int = 0,
    report: Report | None = None,
) -> SaliencyMap:
    """For every place the mean score of `samples` masked images, each weighted by how far it shows the place.

    A mask lets a share of `visible` percent of `cells` x `cells` random cells be seen, with soft edges; what it hides
    is the grey `baseline` in [0, 1]. Two things differ from the paper, both because a logit, other than a probability,
    has no 0 that means anything: the plain mean of the scores is taken away, and the weights of a place are divided by
    their own sum instead of the sum that is expected, so that a score which no mask changes gives an empty map. So the
    map is signed, in logits, of the network's size. No gradient.

    `image` is `(h, w, 3)` in [0, 1]. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    rng = np.random.default_rng(seed)
    height, width = target.image.shape[:2]
    weighted, seen, total = np.zeros((height, width)), np.zeros((height, width)), 0.0
    for batch in target.batches(samples):
        count = batch.stop - batch.start
        masks = np.stack([random_mask(rng, height, width, cells, visible / 100) for _ in range(count)])
        scores = target.scores(hide(target.image, masks, baseline))
        weighted += np.tensordot(scores, masks, axes=1)
        seen += masks.sum(axis=0)
        total += scores.sum()
        values = (weighted - total / batch.stop * seen) / np.maximum(seen, np.finfo(float).tiny)
        target.report_progress(batch.stop, samples, values)
    return target.saliency_map(values)


def random_mask(rng: np.random.Generator, height: int, width: int, cells: int, visible: float) -> np.ndarray:
    """A mask `(height, width)` float32 in [0, 1]: random cells, a share `visible` of them 1, enlarged bilinearly and
    shifted at random by less than a cell.
    """
    cell_height, cell_width = math.ceil(height / cells), math.ceil(width / cells)
    grid = (rng.random((cells + 1, cells + 1)) < visible).astype(np.float32)
    enlarged = resize(grid, (cells + 1) * cell_height, (cells + 1) * cell_width)
    top, left = rng.integers(cell_height), rng.integers(cell_width)
    return enlarged[top : top + height, left : left + width]
