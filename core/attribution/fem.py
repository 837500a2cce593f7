"""FEM, the feature-based explanation method: where is what a layer finds unusually strong?

Fuad et al. 2020, Features understanding in 3D CNNs for actions recognition in video,
https://doi.org/10.1109/IPTA50016.2020.9286629
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.networks.network import Network, feature_maps


def fem(
    network: Network, image: np.ndarray, class_index: int | None = None, *, layer: str | None = None, k: float = 2
) -> SaliencyMap:
    """`sum of mean(A) * B` over the maps A of a layer; B is 1 where `A >= mean(A) + k * deviation(A)`, 0 elsewhere.

    No gradient and no class: `class_index` is there for the common signature. `image` is `(h, w, 3)` in [0, 1]; `layer`
    is by default the network's default layer, after its activation; any with feature maps will do. The map has their
    size and unit. NetworkError: no such layer, or no feature maps.
    """
    layer = layer or network.entry.default_layer
    maps = feature_maps(network, image, layer)[0]
    means = maps.mean(axis=(0, 1))
    thresholds = means + k * maps.std(axis=(0, 1))
    strong = maps >= thresholds
    steps = {"feature_maps": maps, "thresholds": thresholds, "strong": strong, "weights": means}
    return SaliencyMap(strong @ means, None, layer, calls=1, steps=steps)
