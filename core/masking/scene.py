"""Captures prepared for a search: what the network says of them under one mask of the chart after the other, and how
the mask should change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from core.layers import compiled
from core.masking import chart
from core.masking.covers import Shot
from core.masking.fills import FILLS
from core.masking.smallest import Tell, Trial, trial
from core.networks import Network, batch_size, kept

COARSE = 8
"""Rows and columns of the numbers that are optimised, the right half mirroring the left; between them the mask is
smooth. More of them draw patterns that confuse this network, instead of hiding what it reads.
"""
ITERATIONS, RATE, MOST = 80, 0.2, 2.0
"""Steps, their rate, and how far a number may go from 0, where a place changes between open and hidden."""
WEIGHTS = (60.0, 0.1)
"""The area's weight, in logits for the whole chart: it falls from one to the other, and the mask grows."""
AHEAD = 2.0
"""Logits by which another name has to lead before a capture no longer pulls at the mask."""


@dataclass(frozen=True, eq=False)
class Scene:
    """`n` captures: as the network takes them, `inputs` `(n, h, w, 3)`, and filled all over, `instead`; the matrices
    `rows` `(n, h, GRID)` and `columns` `(n, w, GRID)` that lay a mask over each face; and who it is, `people` `(n,)`.

    Preparing a picture for a network shifts and stretches its colours, so that it can come before the filling.
    """

    network: Network
    inputs: np.ndarray
    instead: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, network: Network, shots: Sequence[Shot], fill: str = "black", **params: Any) -> Scene:
        """Captures that are filled as `fill` says, one of `SEARCHED`."""
        images = [shot.image for shot in shots]
        function, everywhere = FILLS[fill].function, np.ones(images[0].shape[:2], bool)
        assert function is not None
        places = [chart.matrices(chart.frame_at(shot.capture), len(shot.pixels)) for shot in shots]
        return cls(
            network,
            network.inputs(np.stack(images)),
            network.inputs(np.stack([function(image, everywhere, **params) for image in images])),
            np.stack([rows for rows, _ in places]),
            np.stack([columns for _, columns in places]),
            np.array([shot.person for shot in shots]),
        )

    def margins(self, mask: np.ndarray) -> np.ndarray:
        """How far the right person is ahead of the best other under a mask `(GRID, GRID)`, in logits: `(n,)`."""
        hidden = (self.rows @ mask.astype(np.float32) @ self.columns.transpose(0, 2, 1))[..., None]
        masked = self.inputs + hidden * (self.instead - self.inputs)
        ask, size = compiled(self.network, self.network.model.layers[-1].name), batch_size(self.network.entry)
        logits = np.concatenate([ask(masked[start : start + size]) for start in range(0, len(masked), size)])
        own = np.arange(len(logits)), self.people
        others = logits.copy()
        others[own] = -np.inf
        return np.asarray(logits[own] - others.max(axis=1))

    def grow(self, tell: Tell | None = None) -> list[Trial]:
        """The masks on the way from an open face to a hidden one, by gradient.

        Minimizes `mean(max(margin + AHEAD, 0)) / weight + area` over a coarse mask, of which the network sees every
        place hidden or open as it is above or below one half, while the gradient passes as if it saw the mask itself
        (straight-through estimator, Bengio et al. 2013, https://arxiv.org/abs/1308.3432). The weight falls step by
        step, so that the places come first that hide most for their area. `tell` is called at every step.

        The idea is that of Fong and Vedaldi 2017, https://arxiv.org/abs/1704.03296 (delete the evidence with a small
        mask), here with one mask for many captures at once instead of one picture with jitter; a path over areas as in
        Fong et al. 2019, https://arxiv.org/abs/1910.08485.
        """
        coarse = keras.Variable(np.full((COARSE, COARSE // 2), -1.0, np.float32))
        optimizer, step, found = keras.optimizers.Adam(RATE, beta_2=0.9), _slope(self.network), []
        given = [tf.constant(part) for part in (self.inputs, self.instead, self.rows, self.columns, self.people)]
        for iteration, weight in enumerate(np.geomspace(*WEIGHTS, ITERATIONS)):
            mask, margins, gradient = step(*given, coarse.value, tf.constant(weight, tf.float32))
            shown = mask.numpy()
            if tell:
                tell(iteration, ITERATIONS, shown)
            found.append(trial((), shown, chart.area(shown), margins.numpy()))
            optimizer.apply([gradient], [coarse])
            coarse.assign(tf.clip_by_value(coarse.value, -MOST, MOST))
        return found


@kept
def _slope(network: Network) -> Callable[..., tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """One compiled step of `grow`, kept: mask, margins, and the gradient by the coarse numbers."""
    up = cv2.resize(np.eye(COARSE, dtype=np.float32), (COARSE, chart.GRID), interpolation=cv2.INTER_CUBIC)
    classes = network.model.output_shape[-1]

    @tf.function(reduce_retracing=True)
    def step(
        inputs: tf.Tensor,
        instead: tf.Tensor,
        rows: tf.Tensor,
        columns: tf.Tensor,
        people: tf.Tensor,
        coarse: tf.Tensor,
        weight: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(coarse)
            whole = tf.concat([coarse, coarse[:, ::-1]], axis=1)
            smooth = up @ tf.sigmoid(whole) @ up.T
            mask = smooth + tf.stop_gradient(tf.round(smooth) - smooth)
            hidden = tf.einsum("nhi,ij,nwj->nhw", rows, mask, columns)[..., None]
            logits = network.model(inputs + hidden * (instead - inputs), training=False)
            own = tf.one_hot(people, classes)
            margins = tf.reduce_sum(own * logits, axis=1) - tf.reduce_max(logits - 1e9 * own, axis=1)
            cost = tf.reduce_mean(tf.nn.relu(margins + AHEAD)) / weight + tf.reduce_mean(smooth)
        return tf.round(smooth), margins, tape.gradient(cost, coarse)

    return step
