"""One step of gradient ascent on a batch of images, compiled once for a network, a layer and an image size."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from core.features.objectives import OBJECTIVES, project
from core.features.optimizers import OPTIMIZERS, Memory
from core.features.parameterization import PARAMETERIZATIONS, Pixels
from core.features.regularizers import REGULARIZERS
from core.features.robustness import transform
from core.networks.network import Network, cached_on_network, compile_function


class Options(NamedTuple):
    """What a compiled step depends on, beside its shapes: all else is handed in as numbers.

    `circular`: the image goes on at its other side; `transforms`: it is moved before every step.
    """

    parameterization: str
    optimizer: str
    objective: str
    precision: str
    circular: bool = False
    transforms: bool = False


class CompiledAscent:
    """A network up to a layer, and the compiled functions that climb there with images of one size."""

    def __init__(self, network: Network, layer: str, shape: tuple[int, int], options: Options) -> None:
        own = shape == network.model.input_shape[1:3]
        self.projection = project(network, layer, None if own else shape[0], options.precision, options.circular)
        self.options, self.optimizer = options, OPTIMIZERS[options.optimizer]
        self.pixels = Pixels(network, shape)
        self.parameterization = PARAMETERIZATIONS[options.parameterization](network, shape)
        self.reduce = OBJECTIVES[options.objective].reduce
        self.unit = self.optimizer.unit * (self.parameterization.radius if self.optimizer.on_sphere else 1)
        # Partials: TensorFlow counts the tracings of methods by their class.
        self.compiled_step = compile_function(partial(self._step))
        self.compiled_measure = compile_function(partial(self._measure))

    def begin(self, start: np.ndarray | None, seed: int, count: int) -> tuple[tf.Tensor, Memory]:
        """The state of inputs `start`, or of `count` times the first ones drawn with `seed`, and an empty memory."""
        what = self.parameterization
        state = tf.constant(np.repeat(what.initial(seed), count, axis=0) if start is None else what.state(start))
        if self.optimizer.on_sphere:
            state = what.onto_sphere(state)
        return state, tuple(tf.zeros_like(state) for _ in range(self.optimizer.slots))

    def step(
        self,
        state: tf.Tensor,
        memory: Memory,
        projected: tuple[tf.Tensor, ...],
        rate: np.ndarray,
        costs: np.ndarray,
        blur: float,
        iteration: int,
        transformation: np.ndarray,
    ) -> tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor]:
        """State and memory after the step; the objective and the largest value of its map, `(n,)`, before it."""
        numbers = (tf.constant(number, tf.float32) for number in (rate * self.unit, costs, blur, iteration))
        after: tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor] = self.compiled_step(
            state, memory, projected, *numbers, tf.constant(transformation)
        )
        return after

    def measure(self, state: tf.Tensor, projected: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        """The objective and the largest value of its map, `(n,)`, of images that are not transformed."""
        activation, peak = self.compiled_measure(state, projected)
        return activation, peak

    def inputs(self, state: tf.Tensor) -> np.ndarray:
        """What the network receives of a state, `(n, h, w, c)`."""
        return np.asarray(self.parameterization.inputs(state))

    def _measure(self, state: tf.Tensor, projected: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        maps = self.projection.maps(self.parameterization.inputs(state), *projected)
        return self.reduce(maps, self.options.circular), tf.reduce_max(maps, axis=(1, 2))

    def _step(
        self,
        state: tf.Tensor,
        memory: Memory,
        projected: tuple[tf.Tensor, ...],
        rate: tf.Tensor,
        costs: tf.Tensor,
        blur: tf.Tensor,
        iteration: tf.Tensor,
        transformation: tf.Tensor,
    ) -> tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state)
            inputs = self.parameterization.inputs(state)
            deviation = (inputs - self.pixels.grey) / self.pixels.range
            penalty = tf.add_n([costs[:, n] * cost(deviation) for n, cost in enumerate(REGULARIZERS.values())])
            if self.options.transforms:
                inputs = transform(inputs, transformation, self.pixels.grey)
            maps = self.projection.maps(inputs, *projected)
            activation = self.reduce(maps, self.options.circular)
            objective = activation - penalty
        gradients = tape.gradient(objective, state)
        rate = tf.reshape(rate, (-1,) + (1,) * (len(state.shape) - 1))
        state, memory = self.optimizer.step(state, memory, gradients, rate, iteration)
        state = self.parameterization.blurred(state, blur, self.options.circular)
        if self.optimizer.on_sphere:
            state = self.parameterization.onto_sphere(state)
        return state, memory, activation, tf.reduce_max(maps, axis=(1, 2))


compiled_ascent = cached_on_network(CompiledAscent)
"""Made once for every network, layer, size and options."""
