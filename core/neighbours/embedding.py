"""From images to vectors: a layer of a network, or grey pixels; and from vectors to the network's own answer."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import tensorflow as tf

from core.networks import layers
from core.networks.network import Network, batch_size, cached_on_network, compile_function

PIXELS = 32
"""Side of the grey image whose pixels are the baseline."""


def embed(network: Network, images: np.ndarray) -> np.ndarray:
    """Embedding `(n, d)` float32 of images `(n, h, w, 3)` in [0, 1]: the network's embedding layer, as it answers."""
    return network.run(images, network.entry.embedding_layer).reshape(len(images), -1)


def logits(network: Network, vectors: np.ndarray) -> np.ndarray:
    """What the network's own last layers make of embeddings `(n, d)`: logits `(n, classes)`."""
    function, size = _head(network), batch_size(network.entry)
    parts = (function(vectors[start : start + size]) for start in range(0, len(vectors), size))
    return np.concatenate(list(parts))


@cached_on_network
def _head(network: Network) -> Callable[[np.ndarray], np.ndarray]:
    _, head = layers.split(network.model, network.entry.embedding_layer)
    shape = head.input_shape

    run = compile_function(lambda vectors: head(vectors, training=False), [tf.TensorSpec(shape, tf.float32)])
    return lambda vectors: run(tf.constant(vectors.reshape(-1, *shape[1:]), tf.float32)).numpy()


def pixels(images: np.ndarray) -> np.ndarray:
    """Grey pixels of images `(n, h, w, 3)` in [0, 1], reduced to `PIXELS` a side: `(n, PIXELS**2)` float32."""
    small = [cv2.resize(image, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA) for image in images.astype(np.float32)]
    return np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).ravel() for image in small])
