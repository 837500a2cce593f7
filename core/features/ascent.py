"""Activation maximization, "the course's way": gradient ascent on the pixels of a picture.

The Keras example https://keras.io/examples/vision/visualizing_what_convnets_learn, after Simonyan et al. 2013,
https://arxiv.org/abs/1312.6034, with two differences: the layer is taken before its activation, and several pictures
climb at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from core.features import FilterPictures, display
from core.layers import check_channels, cut, layer_of, rectified
from core.networks import Network, NetworkError, kept
from core.networks.preprocessing import PREPROCESSING

BATCH = 8
"""Pictures that climb together. One or eight: only two shapes are ever compiled."""
BORDER, BORDERED_FROM = 2, 8
"""Values left out at each side of a map, and the side of a map from which on they are."""
NOISE = 0.125
"""Largest deviation of the first picture from grey, in the network's own range."""

Report = Callable[[int, np.ndarray, np.ndarray], None]
"""Called with iterations done, pictures `(n, h, w, 3)` for display, and the objective `(n,)`."""


def maximize(
    network: Network,
    layer: str,
    channels: Sequence[int],
    *,
    learning_rate: float = 10.0,
    iterations: int = 30,
    seed: int = 0,
    size: int | None = None,
    report: Report | None = None,
) -> FilterPictures:
    """Pictures that excite channels of a layer: from grey with noise, `iterations` steps up the gradient.

    A step is `learning_rate` long, in the network's own range, whatever the gradient's length. All channels start from
    the same noise, drawn with `seed`, so a picture does not depend on the channels that climb beside it. In a dense
    layer a channel is a unit. `size` is the pictures' side in pixels, by default the network's own, which a dense layer
    needs. NetworkError: no such layer or channel, another size than a dense layer needs, or a picture diverged.
    """
    chosen = check_channels(network.model, layer, channels)
    step = _compiled(network, layer, size)
    batches = _batches(chosen)
    pictures = [np.repeat(first_picture(network, seed, size), len(batch), axis=0) for batch in batches]
    history, peaks = [], []
    for iteration in range(iterations + 1):
        rate = learning_rate if iteration < iterations else 0.0  # the last one only measures
        climbed = [step(x, channel, rate) for x, channel in zip(pictures, batches, strict=True)]
        pictures = [picture for picture, _, _ in climbed]
        history.append(np.concatenate([objective for _, objective, _ in climbed])[: len(chosen)])
        peaks.append(np.concatenate([peak for _, _, peak in climbed])[: len(chosen)])
        _check(history[-1], chosen, iteration)
        if report:
            report(iteration, display(np.concatenate(pictures)[: len(chosen)]), history[-1])
    silent = np.max(peaks, axis=0) <= 0
    return FilterPictures(
        images=display(np.concatenate(pictures)[: len(chosen)]),
        activations=np.stack(history, axis=1),
        dead=silent & rectified(layer_of(network.model, layer)),
    )


def first_picture(network: Network, seed: int, size: int | None = None) -> np.ndarray:
    """Grey plus uniform noise of at most `NOISE`, as the network receives it: `(1, h, w, 3)` float32."""
    height, width = (size, size) if size else network.model.input_shape[1:3]
    grey = PREPROCESSING[network.entry.preprocessing](np.full((1, height, width, 3), 0.5, np.float32))
    noise = np.random.default_rng(seed).uniform(-NOISE, NOISE, grey.shape)
    return (grey + noise).astype(np.float32)


def objective(outputs: tf.Tensor, channels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and maximum of one channel for each picture, `(n,)` both; `outputs` is `(n, h, w, k)` or `(n, units)`.

    Maps of at least `BORDERED_FROM` values a side are taken without their border, where the padding weighs.
    """
    if len(outputs.shape) == 2:
        values = tf.gather(outputs, channels, batch_dims=1)
        return values, values
    maps = tf.gather(outputs, channels, axis=3, batch_dims=1)
    inner = maps
    if min(outputs.shape[1:3]) >= BORDERED_FROM:
        inner = maps[:, BORDER:-BORDER, BORDER:-BORDER]
    return tf.reduce_mean(inner, axis=(1, 2)), tf.reduce_max(maps, axis=(1, 2))


def ascend(
    part: keras.Model, pictures: tf.Tensor, channels: tf.Tensor, learning_rate: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """One step up: pictures, and the objective and its largest single value before the step."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pictures)
        activation, peak = objective(part(pictures, training=False), channels)
    gradients = tape.gradient(activation, pictures)
    gradients = tf.math.l2_normalize(gradients, axis=(1, 2, 3))
    return pictures + learning_rate * gradients, activation, peak


@kept
def _compiled(
    network: Network, layer: str, size: int | None
) -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """`ascend` compiled for a layer before its activation, and kept."""
    part = cut(network.model, layer, linear=True, size=size)

    @tf.function
    def step(pictures: tf.Tensor, channels: tf.Tensor, learning_rate: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return ascend(part, pictures, channels, learning_rate)

    def run(
        pictures: np.ndarray, channels: np.ndarray, learning_rate: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        after, activation, peak = step(
            tf.constant(pictures), tf.constant(channels, tf.int32), tf.constant(learning_rate, tf.float32)
        )
        return after.numpy(), activation.numpy(), peak.numpy()

    return run


def _batches(channels: list[int]) -> list[list[int]]:
    """Channels in batches of `BATCH`, the last filled up by repeating its last channel; a single one stays alone."""
    if len(channels) == 1:
        return [channels]
    filled = channels + channels[-1:] * (-len(channels) % BATCH)
    return [filled[start : start + BATCH] for start in range(0, len(filled), BATCH)]


def _check(activations: np.ndarray, channels: list[int], iteration: int) -> None:
    for channel, activation in zip(channels, activations, strict=True):
        if not np.isfinite(activation):
            raise NetworkError("diverged", channel=channel, iteration=iteration)
