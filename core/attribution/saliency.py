"""Saliency: which pixels change the score most when they change a little?

Simonyan et al. 2013, https://arxiv.org/abs/1312.6034
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.gradients import gradients, strongest
from core.attribution.target import ClassTarget
from core.networks.network import Network


def saliency(network: Network, image: np.ndarray, class_index: int | None = None) -> SaliencyMap:
    """The gradient's largest magnitude over the colours, `max_rgb |dy_c / dx|`.

    `image` is `(h, w, 3)` in [0, 1], the map has the network's size, and no negative values. NetworkError: no such
    class.
    """
    target = ClassTarget(network, image, class_index)
    slopes = gradients(target, target.inputs)[0]
    return target.saliency_map(strongest(slopes), gradients=slopes)
