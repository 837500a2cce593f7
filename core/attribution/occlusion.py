"""Occlusion: how far does the score fall when a patch hides a place?

Zeiler and Fergus 2013, https://arxiv.org/abs/1311.2901
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.target import ClassTarget, hide
from core.networks.network import Network
from core.progress import Report


def occlusion(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    grid: int = 14,
    size: float = 20,
    baseline: float = 0.5,
    report: Report | None = None,
) -> SaliencyMap:
    """`y_c(x) - y_c(x with the place hidden)` for the places of a grid: `(grid, grid)`, signed, in logits.

    `image` is `(h, w, 3)` in [0, 1]. A patch of the grey `baseline` in [0, 1] lies around the middle of each of the
    grid's cells; it takes `size` percent of the image's height and width, and is cut off at its edges. No gradient.
    NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    height, width = target.image.shape[:2]
    rows, columns = _bands(height, grid, size / 100), _bands(width, grid, size / 100)
    whole = target.scores(target.image[None])
    drops = np.zeros(grid * grid, np.float32)
    for batch in target.batches(len(drops)):
        row, column = np.divmod(np.arange(batch.start, batch.stop), grid)
        hidden = rows[row][:, :, None] & columns[column][:, None, :]
        drops[batch] = whole - target.scores(hide(target.image, ~hidden, baseline))
        target.report_progress(batch.stop, len(drops), drops.reshape(grid, grid))
    return target.saliency_map(drops.reshape(grid, grid))


def _bands(length: int, grid: int, size: float) -> np.ndarray:
    """`(grid, length)`: which of the pixels lie in a band of the share `size`, around the middle of each cell."""
    pixels, middles = ((np.arange(count) + 0.5) / count for count in (length, grid))
    return np.abs(pixels - middles[:, None]) < size / 2
