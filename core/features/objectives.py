"""What an image is to excite: a direction among the channels of a layer, and how its map becomes one number.

A direction `(k,)` is one weight a channel: a single 1 is one channel, several weights are units climbed jointly, and an
embedding's direction leads towards a person. Before its activation a convolution is linear, so the map of a direction
is one convolution with the mixed kernel, however many channels are mixed (Olah 2017, Feature visualization,
https://distill.pub/2017/feature-visualization).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from core import faces
from core.features import FeatureError, Target
from core.networks.entry import NetworkError
from core.networks.layers import check_channels, cut, keeps_size, layer_of, pad_circularly
from core.networks.network import Network, cached_on_network

BORDER, BORDERED_FROM = 2, 8
"""Values left out at each side of a map, and the side of a map from which on they are."""
PERSON_CAPTURES, PERSON_SEED = 3, 7
"""Captures of each person from which the axis of a person is computed."""


def mean(maps: tf.Tensor, circular: bool) -> tf.Tensor:
    """Mean of each map `(n, h, w)`, without its border, where the padding weighs, if it is large enough to have one.

    A map that goes on at its other side has none.
    """
    if min(maps.shape[1:3]) >= BORDERED_FROM and not circular:
        maps = maps[:, BORDER:-BORDER, BORDER:-BORDER]
    return tf.reduce_mean(maps, axis=(1, 2))


def centre(maps: tf.Tensor, circular: bool) -> tf.Tensor:
    """The value in the middle of each map `(n, h, w)`: one unit, which sees its receptive field alone."""
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]


def directions(
    network: Network,
    layer: str,
    objective: Objective,
    targets: Sequence[Target],
    weights: Sequence[Sequence[float]] | None,
) -> np.ndarray:
    """One direction for each target, `(n, k)` float32; `weights` are those of its channels, by default 1 each.

    NetworkError: no such layer, channel or person. FeatureError: not as many weights as channels.
    """
    groups = [[target] if isinstance(target, int | np.integer) else list(target) for target in targets]
    axes = objective.axes(network, layer, [member for group in groups for member in group])
    factors = [[1.0] * len(group) for group in groups] if weights is None else [list(row) for row in weights]
    if [len(group) for group in groups] != [len(row) for row in factors]:
        raise FeatureError("other_count", received=len(factors), expected=len(groups))
    return np.array([row @ axes[group] for group, row in zip(groups, factors, strict=True)], np.float32)


def channel_axes(network: Network, layer: str, channels: Sequence[int]) -> np.ndarray:
    """One axis a channel, `(k, k)`; NetworkError where the layer has not all of the `channels`."""
    check_channels(network.model, layer, channels)
    return np.eye(layer_of(network.model, layer).output.shape[-1], dtype=np.float32)


def person_axes(network: Network, layer: str, people: Sequence[int]) -> np.ndarray:
    """One axis a person, `(people, k)`; NetworkError where not all of the `people` are among them."""
    axes: np.ndarray = _person_axes(network)
    for person in people:
        if not 0 <= person < len(axes):
            raise NetworkError("unknown_channel", name=layer, channel=person, last=len(axes) - 1)
    return axes


@cached_on_network
def _person_axes(network: Network) -> np.ndarray:
    """Unit vectors `(people, k)` from everybody's mean embedding to each person's, before the layer's activation."""
    rng, size = np.random.default_rng(PERSON_SEED), network.entry.input_size
    part = cut(network.model, network.entry.embedding_layer, linear=True)
    means = []
    for number in range(faces.PEOPLE):
        captures = faces.render_portraits([number] * PERSON_CAPTURES, rng, size)
        embeddings = part(network.inputs(captures), training=False).numpy()
        means.append(embeddings.reshape(PERSON_CAPTURES, -1, embeddings.shape[-1]).mean(axis=(0, 1)))
    deviations = np.stack(means) - np.mean(means, axis=0)
    return np.asarray(deviations / np.linalg.norm(deviations, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class Objective:
    """Where an image is measured, along which axes, and how a map becomes one number.

    `reduce` turns maps `(n, h, w)` into `(n,)`. `layer` is the one that is measured, given the one asked for. `axes`
    are those that targets are numbers of, after a check of these numbers. With `of_channels` an axis is a channel,
    which can be dead.
    """

    reduce: Callable[[tf.Tensor, bool], tf.Tensor]
    layer: Callable[[Network, str], str]
    axes: Callable[[Network, str, Sequence[int]], np.ndarray] = channel_axes
    of_channels: bool = True


OBJECTIVES: dict[str, Objective] = {
    "channel": Objective(mean, lambda network, layer: layer),
    "centre": Objective(centre, lambda network, layer: layer),
    "class": Objective(mean, lambda network, layer: network.model.layers[-1].name),
    "person": Objective(mean, lambda network, layer: network.entry.embedding_layer, person_axes, of_channels=False),
}
"""The mean of a map, its centre, the logit of a class, or likeness to a person; in a dense layer, a unit."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The maps of a layer along directions: `prepare` is done once an ascent, `maps` in every step.

    `maps(inputs, *prepare(directions))` is `(n, h, w)` float32, one map an image, before the layer's activation.
    """

    prepare: Callable[[np.ndarray], tuple[tf.Tensor, ...]]
    maps: Callable[..., tf.Tensor]


def project(network: Network, layer: str, side: int | None, precision: str, circular: bool = False) -> Projection:
    """The network up to `layer` for images of `side` pixels; of a last convolution only the mixed kernels remain."""
    target = layer_of(network.model, layer)
    if type(target) is keras.layers.Conv2D and target.groups == 1:
        before = target.input._keras_history.operation
        direct = isinstance(before, keras.layers.InputLayer)
        trunk = None if direct else cut(network.model, before.name, size=side, precision=precision, circular=circular)

        def mixed_kernel(directions: np.ndarray) -> tuple[tf.Tensor, ...]:
            kernel = tf.einsum("hwik,nk->hwin", tf.convert_to_tensor(target.kernel), directions)
            bias = tf.linalg.matvec(directions, target.bias) if target.use_bias else tf.zeros(len(directions))
            return kernel, bias

        def maps(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
            x = inputs if trunk is None else trunk(inputs, training=False)
            padding = target.padding.upper()
            if circular and keeps_size(target):
                x, padding = pad_circularly(x, target.kernel_size, target.dilation_rate), "VALID"
            all_pairs = tf.nn.conv2d(
                x, tf.cast(kernel, x.dtype), target.strides, padding, dilations=target.dilation_rate
            )
            own = tf.linalg.diag_part(tf.transpose(all_pairs, (1, 2, 0, 3)))  # image i along direction i
            return tf.transpose(tf.cast(own, tf.float32) + bias, (2, 0, 1))

        return Projection(mixed_kernel, maps)

    part = cut(network.model, layer, linear=True, size=side, precision=precision, circular=circular)

    def weighted(inputs: tf.Tensor, directions: tf.Tensor) -> tf.Tensor:
        outputs = tf.cast(part(inputs, training=False), tf.float32)
        return tf.einsum("nhwk,nk->nhw", outputs if len(outputs.shape) == 4 else outputs[:, None, None], directions)

    return Projection(lambda directions: (tf.constant(directions),), weighted)
