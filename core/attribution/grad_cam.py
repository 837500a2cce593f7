"""Grad-CAM: which places of an image raise the score of a class?

Selvaraju et al. 2016, https://arxiv.org/abs/1610.02391
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from core.attribution import SaliencyMap
from core.networks.layers import check_channels, feature_shape, split
from core.networks.network import Network, cached_on_network, compile_function

TOP = -1
"""Class index that stands for the predicted class."""


def grad_cam(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    layer: str | None = None,
    channels: Sequence[int] | None = None,
) -> SaliencyMap:
    """Feature maps of a layer, each weighted by how much the class score rises with it; negative sums are dropped.

    `image` is `(h, w, 3)` in [0, 1]; `class_index` is by default the predicted class, `layer` the network's default
    layer, after its activation. `channels` are the only ones that take part in the sum, by default all. The map has
    the size of the layer's feature maps and the unit of the score, a logit. NetworkError: no such layer, channel or
    class.
    """
    layer = layer or network.entry.default_layer
    steps, values, index = forward_and_backward(network, image, class_index, layer, channels)
    return SaliencyMap(values, index, layer, calls=1, steps=steps)


def forward_and_backward(
    network: Network, image: np.ndarray, class_index: int | None, layer: str, channels: Sequence[int] | None = None
) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    """Grad-CAM's intermediate results, its map and the class; the arguments are those of `grad_cam`.

    `feature_maps` and `gradients` `(h, w, k)`, `score` the logit y_c, `weights` `(k,)` the mean gradients, and
    `weighted` `(h, w)` the weighted sum of the feature maps.
    """
    compiled = _compiled(network, layer)
    mask = _channel_mask(network, layer, channels)
    target = TOP if class_index is None else network.check_class(class_index)
    results = compiled(tf.constant(network.inputs(image)[:1]), tf.constant(target), tf.constant(mask))
    feature_maps, score, gradients, weights, weighted, values, index = (result.numpy() for result in results)
    steps = {"feature_maps": feature_maps, "score": score, "gradients": gradients, "weights": weights}
    return {**steps, "weighted": weighted}, values, int(index)


def step_by_step(
    trunk: keras.Model, head: keras.Model, inputs: tf.Tensor, class_index: tf.Tensor, channel_mask: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Grad-CAM: the layer's feature maps once, then only the head is differentiated.

    `trunk` leads from `inputs` `(1, h, w, c)` to the layer, `head` from the layer to the logits; `channel_mask` `(k,)`
    is 1 for a channel that takes part and 0 for another.
    """
    feature_maps = trunk(inputs, training=False)
    with tf.GradientTape() as tape:
        tape.watch(feature_maps)
        logits = head(feature_maps, training=False)[0]
        class_index = tf.where(class_index == TOP, tf.argmax(logits, output_type=tf.int32), class_index)
        score = logits[class_index]
    gradients = tape.gradient(score, feature_maps)
    weights = tf.reduce_mean(gradients, axis=(0, 1, 2))
    weighted = tf.reduce_sum(weights * channel_mask * feature_maps, axis=-1)
    values = tf.nn.relu(weighted)
    return feature_maps[0], score, gradients[0], weights, weighted[0], values[0], class_index


@cached_on_network
def _compiled(network: Network, layer: str) -> Callable[..., tuple[tf.Tensor, ...]]:
    """`step_by_step` compiled for a layer, and cached: nothing is traced again when a slider moves."""
    shape = feature_shape(network.model, layer)
    trunk, head = split(network.model, layer)
    inputs = tf.TensorSpec((1, *network.model.input_shape[1:]), tf.float32)
    class_index, channel_mask = tf.TensorSpec((), tf.int32), tf.TensorSpec((shape[-1],), tf.float32)
    return compile_function(partial(step_by_step, trunk, head), [inputs, class_index, channel_mask])


def _channel_mask(network: Network, layer: str, channels: Sequence[int] | None) -> np.ndarray:
    """1 for every channel that takes part, 0 for the others: `(k,)` float32."""
    count = network.model.get_layer(layer).output.shape[-1]
    if channels is None:
        return np.ones(count, np.float32)
    mask = np.zeros(count, np.float32)
    mask[check_channels(network.model, layer, channels)] = 1
    return mask
