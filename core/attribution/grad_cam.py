"""Grad-CAM: which places of a picture raise the score of a class?

Selvaraju et al. 2016, https://arxiv.org/abs/1610.02391
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from core.attribution import GradCamWalk, SaliencyMap
from core.networks.layers import check_channels, feature_shape, split
from core.networks.network import Network, cached_on_network, compile_function

TOP = -1
"""Class index that stands for the network's first choice."""


def grad_cam(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    layer: str | None = None,
    channels: Sequence[int] | None = None,
) -> SaliencyMap:
    """Feature maps of a layer, each weighted by how much the class score rises with it; negative sums are dropped.

    `image` is `(h, w, 3)` in [0, 1]; `class_index` is by default the network's first choice, `layer` the network's
    default layer, after its activation. `channels` are the only ones that take part in the sum, by default all. The
    map has the size of the layer's feature maps and the unit of the score, a logit.
    NetworkError: no such layer, channel or class.
    """
    layer = layer or network.entry.default_layer
    steps, index = take_walk(network, image, class_index, layer, channels)
    return SaliencyMap(steps.map, index, layer, calls=1, walk=steps)


def take_walk(
    network: Network, image: np.ndarray, class_index: int | None, layer: str, channels: Sequence[int] | None = None
) -> tuple[GradCamWalk, int]:
    """Grad-CAM's intermediate results and the class, the arguments being those of `grad_cam`."""
    steps = _compiled(network, layer)
    part = _taking_part(network, layer, channels)
    wanted = TOP if class_index is None else network.check_class(class_index)
    results = steps(tf.constant(network.inputs(image)[:1]), tf.constant(wanted), tf.constant(part))
    feature_maps, score, gradients, weights, weighted, values, index = (result.numpy() for result in results)
    return GradCamWalk(feature_maps, float(score), gradients, weights, weighted, values), int(index)


def walk(
    trunk: keras.Model, head: keras.Model, inputs: tf.Tensor, class_index: tf.Tensor, part: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Grad-CAM step by step: the layer's maps once, then only the head is differentiated.

    `trunk` leads from `inputs` `(1, h, w, 3)` to the layer, `head` from the layer to the logits; `part` `(k,)` is 1
    for a channel that takes part and 0 for another.
    """
    feature_maps = trunk(inputs, training=False)
    with tf.GradientTape() as tape:
        tape.watch(feature_maps)
        logits = head(feature_maps, training=False)[0]
        class_index = tf.where(class_index == TOP, tf.argmax(logits, output_type=tf.int32), class_index)
        score = logits[class_index]
    gradients = tape.gradient(score, feature_maps)
    weights = tf.reduce_mean(gradients, axis=(0, 1, 2))
    weighted = tf.reduce_sum(weights * part * feature_maps, axis=-1)
    values = tf.nn.relu(weighted)
    return feature_maps[0], score, gradients[0], weights, weighted[0], values[0], class_index


@cached_on_network
def _compiled(network: Network, layer: str) -> Callable[..., tuple[tf.Tensor, ...]]:
    """`walk` compiled for a layer, and kept: nothing is traced again when a slider moves."""
    shape = feature_shape(network.model, layer)
    trunk, head = split(network.model, layer)
    inputs = tf.TensorSpec((1, *network.model.input_shape[1:]), tf.float32)
    class_index, part = tf.TensorSpec((), tf.int32), tf.TensorSpec((shape[-1],), tf.float32)
    return compile_function(partial(walk, trunk, head), [inputs, class_index, part])


def _taking_part(network: Network, layer: str, channels: Sequence[int] | None) -> np.ndarray:
    """1 for every channel that takes part, 0 for the others: `(k,)` float32."""
    count = network.model.get_layer(layer).output.shape[-1]
    part = np.ones(count, np.float32) if channels is None else np.zeros(count, np.float32)
    if channels is not None:
        part[check_channels(network.model, layer, channels)] = 1
    return part
