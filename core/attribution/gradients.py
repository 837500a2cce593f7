"""Gradients of a class score with respect to the image, compiled once for a network."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from core.attribution.target import ClassTarget
from core.networks.network import Network, cached_on_network, compile_function


def unchanged(network: Network) -> keras.Model:
    """The network's model as it is."""
    return network.model


def gradients(
    target: ClassTarget, inputs: np.ndarray, variant: Callable[[Network], keras.Model] = unchanged
) -> np.ndarray:
    """Gradients of the class's logit with respect to each of the inputs `(n, h, w, c)`: the same shape.

    The unit is a logit for one unit of the network's own range. `variant` makes the model to differentiate.
    """
    target.calls += len(inputs)
    run = _compiled(target.network, variant)
    return run(tf.constant(inputs, tf.float32), tf.constant(target.class_index)).numpy()


def strongest(gradients: np.ndarray) -> np.ndarray:
    """The largest magnitude over the colours: `(h, w, c)` -> `(h, w)`."""
    return np.abs(gradients).max(axis=-1)


@cached_on_network
def _compiled(network: Network, variant: Callable[[Network], keras.Model]) -> Callable[..., tf.Tensor]:
    model = variant(network)

    def run(inputs: tf.Tensor, class_index: tf.Tensor) -> tf.Tensor:
        scores = model(inputs, training=False)[:, class_index]
        return tf.gradients(scores, inputs)[0]  # a tape would not ask a `Guide` for its own gradient

    return compile_function(run, [tf.TensorSpec(model.input_shape, tf.float32), tf.TensorSpec((), tf.int32)])
