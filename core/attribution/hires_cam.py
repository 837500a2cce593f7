"""HiResCAM: Grad-CAM without its averaging, so that only places are lit on which the score depends.

Draelos and Carin 2020, https://arxiv.org/abs/2011.08891
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.grad_cam import forward_and_backward
from core.networks.network import Network


def hires_cam(
    network: Network, image: np.ndarray, class_index: int | None = None, *, layer: str | None = None
) -> SaliencyMap:
    """`ReLU(sum_k dy_c / dA_k * A_k)`: where Grad-CAM has one weight for a whole map, every place has its own.

    `image` is `(h, w, 3)` in [0, 1]; `layer` is by default the network's default layer, after its activation. The map
    has the size of its feature maps and the unit of the score, a logit. NetworkError as in Grad-CAM.
    """
    layer = layer or network.entry.default_layer
    steps, _, index = forward_and_backward(network, image, class_index, layer)
    feature_maps, gradients = steps["feature_maps"], steps["gradients"]
    weighted = (gradients * feature_maps).sum(axis=-1)
    steps = {"feature_maps": feature_maps, "gradients": gradients, "weighted": weighted}
    return SaliencyMap(np.maximum(weighted, 0), index, layer, calls=1, steps=steps)
