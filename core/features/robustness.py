"""Images that still excite a channel when they are moved: jitter, scale and rotation before every step.

What only works at one exact place, such as noise of high frequency, cannot climb (Mordvintsev 2015; Olah 2017,
https://distill.pub/2017/feature-visualization, "Transformation robustness").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Robustness:
    """Largest transformation: `jitter` in pixels, `scale` as a share, `degrees` of rotation, each to both sides.

    What it uncovers is grey, as if the image had been padded.
    """

    jitter: float = 0
    scale: float = 0
    degrees: float = 0

    @property
    def moves(self) -> bool:
        """Whether there is anything to move."""
        return self != Robustness()

    def sample(self, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """A random transformation as `(8,)` float32: x' = a0 x + a1 y + a2, y' = b0 x + b1 y + b2, then two zeros."""
        shift = rng.uniform(-self.jitter, self.jitter, 2)
        size = 1 + rng.uniform(-self.scale, self.scale)
        turn = np.deg2rad(rng.uniform(-self.degrees, self.degrees))
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / size
        middle = (np.array(shape[::-1]) - 1) / 2
        offset = middle + shift - matrix @ middle
        return np.array([*matrix[0], offset[0], *matrix[1], offset[1], 0, 0], np.float32)


ROBUSTNESS: dict[str, Robustness] = {
    "off": Robustness(),
    "light": Robustness(jitter=4),
    "full": Robustness(jitter=8, scale=0.1, degrees=10),
}


def transform(inputs: tf.Tensor, transformation: tf.Tensor, grey: np.ndarray) -> tf.Tensor:
    """All images `(n, h, w, c)` moved alike, so that none depends on its neighbours."""
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=inputs - grey,
        transforms=transformation[None],
        output_shape=inputs.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(moved, inputs.shape) + grey
