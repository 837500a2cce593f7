"""Gradient x input: how much would the score lose if each pixel faded to nothing, were the network linear?

Shrikumar et al. 2016, Not just a black box, https://arxiv.org/abs/1605.01713
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.gradients import gradients
from core.attribution.target import ClassTarget
from core.networks.network import Network


def gradient_x_input(network: Network, image: np.ndarray, class_index: int | None = None) -> SaliencyMap:
    """`x * dy_c / dx`, summed over the colours: `(h, w)` of the network's size, signed, in logits.

    `image` is `(h, w, 3)` in [0, 1]; x is what the network makes of it, so "nothing" is the 0 of its own range: grey
    or the mean colour of its training images rather than black. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index)
    slopes = gradients(target, target.inputs)[0]
    return target.saliency_map((target.inputs[0] * slopes).sum(axis=-1), gradients=slopes)
