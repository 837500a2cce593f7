"""SmoothGrad: "removing noise by adding noise", the gradient averaged over noisy copies of the image.

Smilkov et al. 2017, https://arxiv.org/abs/1706.03825
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.gradients import gradients, strongest
from core.attribution.target import ClassTarget
from core.networks.network import Network
from core.progress import Report


def smooth_grad(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    samples: int = 32,
    noise: float = 15,
    seed: int = 0,
    report: Report | None = None,
) -> SaliencyMap:
    """The largest magnitude over the colours of `mean(dy_c / dx)` at `samples` noisy copies.

    `image` is `(h, w, 3)` in [0, 1]. The noise is normal, its standard deviation `noise` percent of the image's range
    from its smallest to its largest value, in the network's own range. The map has the network's size and no negative
    values. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    inputs = target.inputs
    deviation = noise / 100 * np.ptp(inputs)
    rng = np.random.default_rng(seed)
    total = np.zeros_like(inputs[0])
    for batch in target.batches(samples, backward=True):
        copies = inputs + rng.normal(0, deviation, (batch.stop - batch.start, *inputs.shape[1:]))
        total += gradients(target, copies).sum(axis=0)
        target.report_progress(batch.stop, samples, strongest(total / batch.stop))
    return target.saliency_map(strongest(total / samples), gradients=total / samples)
