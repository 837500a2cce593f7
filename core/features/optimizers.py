"""How a step of gradient ascent is made: one table, `OPTIMIZERS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

Memory = tuple[tf.Tensor, ...]
Step = tuple[tf.Tensor, Memory]

# (state, memory, gradients, rate, iteration) -> (state, memory), all but the iteration for n images


def plain(state: tf.Tensor, memory: Memory, gradients: tf.Tensor, rate: tf.Tensor, _: tf.Tensor) -> Step:
    """A step along the gradient, as long as it is: tiny where the network is flat."""
    return state + rate * gradients, memory


def normalized(state: tf.Tensor, memory: Memory, gradients: tf.Tensor, rate: tf.Tensor, _: tf.Tensor) -> Step:
    """A step of `rate`, whatever the gradient's length."""
    return state + rate * _unit(gradients), memory


def sphere(state: tf.Tensor, memory: Memory, gradients: tf.Tensor, rate: tf.Tensor, _: tf.Tensor) -> Step:
    """Like `normalized`, half of the last step's direction kept (Polyak's momentum)."""
    (velocity,) = memory
    velocity = 0.5 * velocity + _unit(gradients)
    return state + rate * velocity, (velocity,)


def adam(state: tf.Tensor, memory: Memory, gradients: tf.Tensor, rate: tf.Tensor, iteration: tf.Tensor) -> Step:
    """Kingma and Ba 2014, https://arxiv.org/abs/1412.6980."""
    first, second = memory
    first = 0.9 * first + 0.1 * gradients
    second = 0.999 * second + 0.001 * gradients**2
    correction = tf.sqrt(1 - 0.999 ** (iteration + 1)) / (1 - 0.9 ** (iteration + 1))
    return state + rate * correction * first / (tf.sqrt(second) + 1e-8), (first, second)


def _unit(gradients: tf.Tensor) -> tf.Tensor:
    return tf.math.l2_normalize(gradients, axis=tuple(range(1, len(gradients.shape))))


@dataclass(frozen=True)
class Optimizer:
    """A step, how many tensors it remembers (`slots`), and what a learning rate of 1 means: `unit` of it in the state.

    `on_sphere` keeps the image's contrast constant, measures the rate in radii of that sphere, and lets the step
    shrink.
    """

    step: Callable[..., Step]
    slots: int = 0
    unit: float = 1
    on_sphere: bool = False


OPTIMIZERS: dict[str, Optimizer] = {
    "normalized": Optimizer(normalized),
    "plain": Optimizer(plain),
    "sphere": Optimizer(sphere, slots=1, unit=0.01, on_sphere=True),
    "adam": Optimizer(adam, slots=2, unit=0.01),
}
