"""What a worker can be asked of a network: names and values come in, arrays and plain dataclasses go out.

Importing this module imports no Keras; its functions do, in the process where they run. All of them raise
`NetworkError` for a network, layer, channel or class that does not exist.
"""

from __future__ import annotations

import numpy as np

from core.networks import loading
from core.networks.entry import Entry, Guest, LayerRow, NetworkError
from core.networks.loading import load


def predict(network: str | Entry, images: np.ndarray) -> np.ndarray:
    """Probabilities `(n, classes)` for images `(n, h, w, 3)` in [0, 1]."""
    return load(network).predict(images)


def describe(network: str | Entry) -> list[LayerRow]:
    """One row a layer, from image to logits."""
    from core.networks import layers

    return layers.describe(load(network).model)


def inspect(path: str) -> Guest:
    """What a `.keras` file says of its network; GuestError where it cannot be used."""
    from core.networks import guests

    return guests.inspect(path)


def feature_maps(network: str | Entry, layer: str, image: np.ndarray) -> np.ndarray:
    """Feature maps `(h, w, k)` of a layer, after its activation, for an image `(h, w, 3)` in [0, 1]."""
    from core.networks.network import feature_maps

    return feature_maps(load(network), image, layer)[0]


def kernels(network: str | Entry, layer: str) -> np.ndarray:
    """Kernels `(kh, kw, cin, cout)` of a convolution."""
    from core.networks.layers import kernel_layers, layer_of

    model = load(network).model
    convolution = layer_of(model, layer)
    if layer not in kernel_layers(model):
        raise NetworkError("no_kernels", name=layer, choices=", ".join(kernel_layers(model)))
    return np.asarray(convolution.kernel)


def is_resident(network: str | Entry) -> bool:
    """Whether the network is loaded."""
    return loading.is_resident(network)
