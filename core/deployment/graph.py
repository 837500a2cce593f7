"""The network as it ships: the bytes of an image come in, its preparation is part of the graph, outputs have names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.deployment import as_outputs, flat
from core.networks.network import Network, cached_on_network, compile_function
from core.networks.preprocessing import PREPROCESSING


def preparation(mode: str) -> tuple[np.ndarray, np.ndarray]:
    """A mode of `PREPROCESSING` for bytes as matrix `(3, k)`, from red, green and blue to channels, and offset `(k,)`.

    Each of them scales, moves and at most exchanges colours, so it is the same as a 1 x 1 convolution: a layer that
    every runtime knows, and that nobody can forget. It is read off what the function makes of black and of one colour.
    """
    function = PREPROCESSING[mode]
    black, *colours = function(np.concatenate([np.zeros((1, 3)), np.eye(3)]).astype(np.float32).reshape(4, 1, 1, 3))
    matrix = np.stack([colour - black for colour in colours]).reshape(3, -1)
    return (matrix / 255).astype(np.float32), black.reshape(-1).astype(np.float32)


def graph(network: Network) -> keras.Model:
    """From pixels `(1, h, w, 3)` uint8, red green blue, to the `OUTPUTS` by name. The layers stay the shared ones."""
    size = network.entry.input_size
    pixels = keras.Input((size, size, 3), batch_size=1, dtype="uint8", name="pixels")
    matrix, offset = preparation(network.entry.preprocessing)
    prepare = keras.layers.Conv2D(len(offset), 1, name="preparation")
    prepared = prepare(keras.ops.cast(pixels, "float32"))
    prepare.set_weights([matrix[None, None], offset])
    embedding = network.model.get_layer(network.entry.embedding_layer).output
    logits, features = keras.Model(network.model.input, [network.model.output, embedding])(prepared, training=False)
    outputs = {
        "probabilities": keras.ops.softmax(logits),
        "logits": logits,
        "embedding": keras.ops.reshape(features, (1, -1)),
    }
    return keras.Model(pixels, outputs)


@cached_on_network
def shared_graph(network: Network) -> keras.Model:
    """The network's `graph`, built once, and called once: Keras exports no model that was never called."""
    model = graph(network)
    model(np.zeros(model.input_shape, np.uint8), training=False)
    return model


@cached_on_network
def compiled(network: Network) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Keras itself: one compiled function from pixels `(h, w, 3)` uint8 to the `OUTPUTS` by name."""
    model = shared_graph(network)
    run = compile_function(lambda pixels: model(pixels, training=False), [tf.TensorSpec(model.input_shape, tf.uint8)])
    return lambda pixels: as_outputs({name: value.numpy() for name, value in run(tf.constant(pixels[None])).items()})


def records(network: Network) -> list[flat.Record]:
    """The network as records of a flat file, its preparation as their first."""
    matrix, offset = preparation(network.entry.preprocessing)
    first = flat.Record(flat.CONVOLUTION, len(offset), weights=matrix[None, None], bias=offset)
    return [first, *flat.records_of(network.model, network.entry.embedding_layer, network.entry.name)]


def metadata(network: Network) -> dict[str, Any]:
    """What every file says of itself: name, digest of the weights that it was made of, input size and class names."""
    weights = hashlib.sha256()
    for value in network.model.get_weights():
        weights.update(np.asarray(value, np.float32).tobytes())
    return {
        "name": network.entry.name,
        "digest": weights.hexdigest(),
        "input_size": network.entry.input_size,
        "labels": list(network.entry.labels),
    }
