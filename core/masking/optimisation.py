"""A small mask by gradient: it grows from an open face to a hidden one, on many captures at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.masking import chart
from core.masking.covers import Shot
from core.masking.fills import FILLS
from core.masking.subset_search import ReportMask, Trial
from core.networks.network import Network, batch_size, cached_on_network, compile_function, layer_function

BUMPS, BUMP_WIDTH = 16, 0.5
"""The mask that is optimised is a sum of bumps on a grid of so many rows and columns, and their standard deviation in
cells of it: wider ones ended in larger masks.
"""
AREAS = (0.02, 0.6)
"""Shares of the face that are hidden at the first and at the last step."""
ITERATIONS, TRIAL_EVERY = 90, 3
"""Steps, and how many of them pass between two masks that are tried on all captures."""
LEARNING_RATE, MOMENTUM, MAX_HEIGHT = 0.16, 0.8, 4.0
"""How far a step goes, and how far the heights may lie from the mask's rim, so that each can still change sides."""
BATCH, JITTER, SEED = 24, 1, 0
"""Captures of a step, by how many places the mask is shifted on each of them, and how both are drawn."""
SAFETY = 1.0
"""Logits by which another name has to lead before a capture hardly pulls at the mask."""


@dataclass(frozen=True, eq=False)
class MaskedCaptures:
    """`n` captures prepared for one mask of the chart after the other: as the network takes them, `inputs`
    `(n, h, w, 3)`, and filled all over, `filled`; the projections `rows` `(n, h, GRID)` and `columns` `(n, w, GRID)`
    that lay a mask over each face; and who it is, `people` `(n,)`.

    Preprocessing only shifts and stretches the colours, so that it can come before the filling.
    """

    network: Network
    inputs: np.ndarray
    filled: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, network: Network, shots: Sequence[Shot], fill: str = "black", **params: Any) -> MaskedCaptures:
        """Captures with a fill that does not depend on the mask."""
        images = [shot.image for shot in shots]
        function, everywhere = FILLS[fill].function, np.ones(images[0].shape[:2], bool)
        assert function is not None
        places = [chart.projection(chart.frame_from_capture(shot.capture), len(shot.pixels)) for shot in shots]
        return cls(
            network,
            network.inputs(np.stack(images)),
            network.inputs(np.stack([function(image, everywhere, **params) for image in images])),
            np.stack([rows for rows, _ in places]),
            np.stack([columns for _, columns in places]),
            np.array([shot.person for shot in shots]),
        )

    def margins(self, mask: np.ndarray) -> np.ndarray:
        """How far the right person leads the best other under a mask `(GRID, GRID)`, in logits: `(n,)`."""
        hidden = (self.rows @ mask.astype(np.float32) @ self.columns.transpose(0, 2, 1))[..., None]
        masked = self.inputs + hidden * (self.filled - self.inputs)
        run, size = layer_function(self.network, self.network.model.layers[-1].name), batch_size(self.network.entry)
        logits = np.concatenate([run(masked[start : start + size]) for start in range(0, len(masked), size)])
        own = np.arange(len(logits)), self.people
        others = logits.copy()
        others[own] = -np.inf
        return np.asarray(logits[own] - others.max(axis=1))

    def batch(self, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Some of the captures: inputs, filled all over, rows and columns of the chart, each shifted, and people."""
        drawn = random.permutation(len(self.people))[:BATCH]
        rows, columns = (
            np.stack([np.roll(places[one], random.integers(-JITTER, JITTER + 1), axis=1) for one in drawn])
            for places in (self.rows, self.columns)
        )
        return self.inputs[drawn], self.filled[drawn], rows, columns, self.people[drawn]


def grow(captures: MaskedCaptures, report: ReportMask | None = None) -> list[Trial]:
    """The masks on the way from an open face to a hidden one, by gradient.

    Minimizes the mean of `softplus(margin + SAFETY)` over smooth masks in [0, 1] of a given area, which grows step by
    step, so that nobody has to guess what area is worth in logits. The mask is `sigmoid(field - level)`, the level
    being where it has its area; as the field grows, its rim hardens. Every step sees a few captures, on each of which
    the mask lies up to a place further to some side: a pattern that has to lie exactly is worth nothing. Every few
    steps the highest places are hidden for good, as many as the area says, and tried on all captures. `report` is
    called at every step.

    The idea is that of Fong and Vedaldi 2017, https://arxiv.org/abs/1704.03296 (delete the evidence with a small mask,
    jitter), with the fixed area of Fong et al. 2019, https://arxiv.org/abs/1910.08485, and one mask for many captures
    at once.
    """
    random, bumps, step, trials = np.random.default_rng(SEED), _bumps(), _step(captures.network), []
    heights = keras.Variable(np.zeros((BUMPS, BUMPS), np.float32))
    optimizer = keras.optimizers.SGD(LEARNING_RATE, MOMENTUM)
    for iteration, area in enumerate(np.linspace(*AREAS, ITERATIONS)):
        share = np.float32(area * chart.face_mask().mean())
        mask = _highest(bumps @ heights.numpy() @ bumps.T, share)
        if report:
            report(iteration, ITERATIONS, mask)
        if iteration % TRIAL_EVERY == TRIAL_EVERY - 1:
            trials.append(Trial.of(mask, captures.margins, chart.area))
        level, gradient = step(*map(tf.constant, captures.batch(random)), heights.value, tf.constant(share))
        optimizer.apply([gradient], [heights])
        heights.assign(tf.clip_by_value(heights.value - level, -MAX_HEIGHT, MAX_HEIGHT))
    return trials


def _highest(field: np.ndarray, share: np.float32) -> np.ndarray:
    """The mask of 0 and 1 over the highest places, so large a share of all."""
    mask = np.zeros(field.size, np.float32)
    mask[np.argsort(-field, axis=None, kind="stable")[: round(share * field.size)]] = 1
    return mask.reshape(field.shape)


def _bumps() -> np.ndarray:
    """What each bump adds to each row, and in the same way to each column: `(GRID, BUMPS)`, 1 in every line."""
    places, centres = (np.arange(chart.GRID) + 0.5) * BUMPS / chart.GRID, np.arange(BUMPS) + 0.5
    heights = np.exp(-((places[:, None] - centres) ** 2) / (2 * BUMP_WIDTH**2))
    return (heights / heights.sum(axis=1, keepdims=True)).astype(np.float32)


def _level(field: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Where `mean(sigmoid(field - level))` is the share, by bisection; its gradient is that of the equation."""
    fixed = tf.stop_gradient(field)
    low, high = tf.reduce_min(fixed) - 12, tf.reduce_max(fixed) + 12
    for _ in range(25):
        middle = (low + high) / 2
        too_much = tf.reduce_mean(tf.sigmoid(fixed - middle)) > share
        low, high = tf.where(too_much, middle, low), tf.where(too_much, high, middle)
    slopes = tf.sigmoid(fixed - low) * tf.sigmoid(low - fixed)
    return low + tf.reduce_sum(slopes * (field - fixed)) / tf.reduce_sum(slopes)


@cached_on_network
def _step(network: Network) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """The compiled step of `grow`: the level of the mask's rim, and the gradient by the heights, of size 1."""
    bumps, classes = _bumps(), network.model.output_shape[-1]

    def step(
        inputs: tf.Tensor,
        filled: tf.Tensor,
        rows: tf.Tensor,
        columns: tf.Tensor,
        people: tf.Tensor,
        heights: tf.Tensor,
        share: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(heights)
            field = bumps @ heights @ bumps.T
            level = _level(field, share)
            hidden = tf.einsum("nhi,ij,nwj->nhw", rows, tf.sigmoid(field - level), columns)[..., None]
            logits = network.model(inputs + hidden * (filled - inputs), training=False)
            own = tf.one_hot(people, classes)
            margins = tf.reduce_sum(own * logits, axis=1) - tf.reduce_max(logits - 1e9 * own, axis=1)
            cost = tf.reduce_mean(tf.nn.softplus(margins + SAFETY))
        gradient = tape.gradient(cost, heights)
        return level, tf.math.divide_no_nan(gradient, tf.sqrt(tf.reduce_mean(gradient**2)))

    return compile_function(step, reduce_retracing=True)
