"""Integrated gradients: what each pixel adds to the score on the way from a baseline to the image.

Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.gradients import gradients
from core.attribution.target import ClassTarget
from core.networks.network import Network
from core.progress import Report


def integrated_gradients(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    steps: int = 64,
    baseline: float = 0.0,
    report: Report | None = None,
) -> SaliencyMap:
    """`(x - x') * integral of dy_c / dx` along the straight line from x' to x, summed over the colours.

    `image` is `(h, w, 3)` in [0, 1]; x' is an image of the grey `baseline` in [0, 1]. The integral is the mean of the
    gradients in the middle of `steps` equal parts of the line. The map has the network's size, is signed, in logits,
    and sums to `y_c(x) - y_c(x')` but for what the steps miss. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    start = network.inputs(np.full_like(target.image, baseline))
    way = target.inputs - start
    total = np.zeros_like(way[0])
    for batch in target.batches(steps, backward=True):
        shares = (np.arange(batch.start, batch.stop) + 0.5) / steps
        total += gradients(target, start + shares[:, None, None, None] * way).sum(axis=0)
        target.report_progress(batch.stop, steps, (way[0] * total / batch.stop).sum(axis=-1))
    return target.saliency_map((way[0] * total / steps).sum(axis=-1), gradients=total / steps)
