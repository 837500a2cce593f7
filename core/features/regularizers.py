"""Costs of an image: its total variation, its size. Images `(n, h, w, c)` come as deviations from grey in shares of
the network's range, so that a weight means the same for every network; one cost `(n,)` an image comes back.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from core.networks.layers import pad_circularly


def total_variation(images: tf.Tensor) -> tf.Tensor:
    """Differences between neighbours, down and across, in absolute value: their sum over the number of values.

    Rudin 1992, Nonlinear total variation based noise removal algorithms, https://doi.org/10.1016/0167-2789(92)90242-F.
    """
    return tf.image.total_variation(images) / np.prod(images.shape[1:])


def l2(images: tf.Tensor) -> tf.Tensor:
    """Mean square (Simonyan 2013, https://arxiv.org/abs/1312.6034)."""
    return tf.reduce_mean(images**2, axis=(1, 2, 3))


REGULARIZERS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {"total_variation": total_variation, "l2": l2}
"""In the order of the columns of `costs`."""

_BINOMIAL = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 16


def blurred(images: tf.Tensor, share: tf.Tensor, circular: bool) -> tf.Tensor:
    """A mixture of the images and of them under a 3 x 3 binomial filter: `share` in [0, 1] of the latter.

    Beyond its sides an image that `circular` goes on at its other side, another one is mirrored.
    Yosinski 2015, https://arxiv.org/abs/1506.06579, section 4.
    """
    kernel = tf.constant(np.tile(_BINOMIAL[..., None, None], (1, 1, images.shape[-1], 1)))
    mirrored = ((0, 0), (1, 1), (1, 1), (0, 0))
    padded = pad_circularly(images, (3, 3), (1, 1)) if circular else tf.pad(images, mirrored, "REFLECT")
    return images + share * (tf.nn.depthwise_conv2d(padded, kernel, (1, 1, 1, 1), "VALID") - images)
