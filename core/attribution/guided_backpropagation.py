"""Guided backpropagation: the gradient, where every ReLU also stops what is negative on its way back.

Springenberg et al. 2014, https://arxiv.org/abs/1412.6806
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.attribution import AttributionError, SaliencyMap
from core.attribution.gradients import gradients, strongest
from core.attribution.target import ClassTarget
from core.networks.layers import rectified
from core.networks.network import Network


def guided_backpropagation(network: Network, image: np.ndarray, class_index: int | None = None) -> SaliencyMap:
    """The guided gradient's largest magnitude over the colours; `steps` holds it in colour, `(h, w, 3)` signed.

    `image` is `(h, w, 3)` in [0, 1], the map has the network's size. NetworkError: no such class.
    AttributionError: no ReLU to guide.
    """
    target = ClassTarget(network, image, class_index)
    slopes = gradients(target, target.inputs, guided)[0]
    return target.saliency_map(strongest(slopes), gradients=slopes)


def guided(network: Network) -> keras.Model:
    """The same layers with the same weights, a `Guide` behind every ReLU: what it computes is the same.

    AttributionError where no layer ends with a ReLU.
    """
    guides = []

    def call(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
        outputs = layer(*inputs, **options)
        if not rectified(layer):
            return outputs
        guides.append(Guide())
        return guides[-1](outputs)

    model = keras.models.clone_model(
        network.model, clone_function=lambda layer: layer, call_function=call, recursive=True
    )
    if not guides:
        raise AttributionError("no_relu", network=network.entry.name)
    return model


class Guide(keras.layers.Layer):
    """Lets everything pass on the way there, and in `tf.gradients` only what is positive on the way back."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # tf.custom_gradient would keep every graph that it is traced in, with the network's weights, for ever
        with tf.compat.v1.get_default_graph().gradient_override_map({"Identity": "Guide"}):
            return tf.identity(inputs)


@tf.RegisterGradient("Guide")
def _guide(_: tf.Operation, gradients: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(gradients)
