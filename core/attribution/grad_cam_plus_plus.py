"""Grad-CAM++: weights that do not fade when a class is seen in several places.

Chattopadhyay et al. 2017, https://arxiv.org/abs/1710.11063
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.grad_cam import forward_and_backward
from core.networks.network import Network


def grad_cam_plus_plus(
    network: Network, image: np.ndarray, class_index: int | None = None, *, layer: str | None = None
) -> SaliencyMap:
    """`ReLU(sum_k w_k A_k)` with `w_k = sum alpha_k ReLU(g_k)` and `alpha_k = g_k^2 / (2 g_k^2 + g_k^3 sum A_k)`, where
    `g = dy_c / dA` and the sums inside go over the places of a map.

    This is the paper's definition, which takes `exp(y_c)` for the score: then the second and third derivatives are
    powers of the first, if all else is ReLU. Its factor `exp(y_c)` is left out, which only scales the whole map.
    Libraries that also make the alphas of a map sum to 1 give other weights.

    `image` is `(h, w, 3)` in [0, 1]; `layer` is by default the network's default layer, after its activation. The map
    has the size of its feature maps. NetworkError as in Grad-CAM.
    """
    layer = layer or network.entry.default_layer
    steps, _, index = forward_and_backward(network, image, class_index, layer)
    feature_maps, gradients = steps["feature_maps"], steps["gradients"]
    denominators = 2 * gradients**2 + gradients**3 * feature_maps.sum(axis=(0, 1))
    alphas = np.divide(gradients**2, denominators, out=np.zeros_like(gradients), where=denominators != 0)
    weights = (alphas * np.maximum(gradients, 0)).sum(axis=(0, 1))
    weighted = (weights * feature_maps).sum(axis=-1)
    steps = {"feature_maps": feature_maps, "gradients": gradients, "alphas": alphas, "weights": weights}
    return SaliencyMap(np.maximum(weighted, 0), index, layer, calls=1, steps={**steps, "weighted": weighted})
