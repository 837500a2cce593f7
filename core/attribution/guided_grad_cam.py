"""Guided Grad-CAM: the fine detail of guided backpropagation where Grad-CAM finds the class.

Selvaraju et al. 2016, https://arxiv.org/abs/1610.02391
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.grad_cam import grad_cam
from core.attribution.gradients import gradients, strongest
from core.attribution.guided_backpropagation import guided
from core.attribution.target import ClassTarget
from core.images import resize
from core.networks.network import Network


def guided_grad_cam(
    network: Network, image: np.ndarray, class_index: int | None = None, *, layer: str | None = None
) -> SaliencyMap:
    """Guided gradient times Grad-CAM enlarged to the network's size; of the colours the largest magnitude.

    `image` is `(h, w, 3)` in [0, 1]; `layer`, by default the network's default layer, is Grad-CAM's. `steps` holds
    both factors and the product in colour, `(h, w, 3)` signed. NetworkError as in both methods.
    """
    target = ClassTarget(network, image, class_index)
    coarse = grad_cam(network, image, target.class_index, layer=layer)
    target.calls += coarse.calls
    where = resize(coarse.values, *target.image.shape[:2])
    slopes = gradients(target, target.inputs, guided)[0]
    product = where[..., None] * slopes
    return target.saliency_map(
        strongest(product), coarse.layer, grad_cam=coarse.values, gradients=slopes, product=product
    )
