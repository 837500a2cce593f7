"""Activation maximization: gradient ascent on a picture, of four parts that can be exchanged.

What is climbed (`objectives`), what climbs (`parameterization`), how it is shaken (`robustness`) and how a step is made
(`ASCENTS`, here). The preset "course" is the Keras example's loop
https://keras.io/examples/vision/visualizing_what_convnets_learn, after Simonyan et al. 2013,
https://arxiv.org/abs/1312.6034, with one difference: the layer is taken before its activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from core.errors import check_choice
from core.features import DEFAULT_PRESET, PRESETS, FeatureError, FilterPictures, Preset, Target, display, padded_size
from core.features.objectives import OBJECTIVES, directions, lens
from core.features.parameterization import PARAMETERIZATIONS, Pixels, Restore
from core.features.regularizers import REGULARIZERS, blurred
from core.features.robustness import ROBUSTNESS, move
from core.networks.layers import is_spatial, layer_of, receptive_field, rectified
from core.networks.network import Network, cached_on_network, compile_function

FALLS = 10
"""Steps in a row in which an activation must fall to be called falling."""
LEAST_STEP = 0.1
"""Share of the learning rate that the last step of a decaying ascent has."""
SEEN = 0.3
"""Side of the small picture in sizes of the layer's receptive field, at least."""
ROOM = 2.5
"""Sides of the small picture that the whole one must have for a small one to be worth it."""
FINISH = 8
"""Iterations at full size for a layer that sees as much as the picture: padding changes its maps everywhere."""

Report = Callable[[int, np.ndarray, np.ndarray], None]
"""Called with iterations done, pictures `(n, h, w, 3)` for display, and the objective `(n,)`."""
Memory = tuple[tf.Tensor, ...]
Step = tuple[tf.Tensor, Memory]


# --- ascents: (state, memory, gradients, rate, iteration) -> (state, memory), all but the iteration for n pictures ----


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
    fair = tf.sqrt(1 - 0.999 ** (iteration + 1)) / (1 - 0.9 ** (iteration + 1))
    return state + rate * fair * first / (tf.sqrt(second) + 1e-8), (first, second)


def _unit(gradients: tf.Tensor) -> tf.Tensor:
    return tf.math.l2_normalize(gradients, axis=tuple(range(1, len(gradients.shape))))


@dataclass(frozen=True)
class Ascent:
    """A step, how many tensors it remembers, and what a learning rate of 1 means: `unit` of it in the state.

    `on_sphere` keeps the picture's contrast constant, measures the rate in radii of that sphere, and lets the step
    shrink.
    """

    step: Callable[..., Step]
    remembers: int = 0
    unit: float = 1
    on_sphere: bool = False


ASCENTS: dict[str, Ascent] = {
    "normalized": Ascent(normalized),
    "plain": Ascent(plain),
    "sphere": Ascent(sphere, remembers=1, unit=0.01, on_sphere=True),
    "adam": Ascent(adam, remembers=2, unit=0.01),
}


# --- the climb --------------------------------------------------------------------------------------------------------


def maximize(
    network: Network,
    layer: str,
    channels: Sequence[Target],
    *,
    preset: str = DEFAULT_PRESET,
    objective: str = "channel",
    weights: Sequence[Sequence[float]] | None = None,
    learning_rate: float | Sequence[float] | None = None,
    iterations: int | None = None,
    seed: int = 0,
    size: int | None = None,
    tv_weight: float | Sequence[float] = 0.0,
    l2_weight: float | Sequence[float] = 0.0,
    blur: float | None = None,
    parameterization: str | None = None,
    robustness: str | None = None,
    ascent: str | None = None,
    start: np.ndarray | None = None,
    precision: str = "float32",
    report: Report | None = None,
) -> FilterPictures:
    """Pictures that excite channels of a layer: from grey with noise, `iterations` steps up the gradient.

    `channels`: each is one, or several that are climbed jointly with their `weights` (1 each). For the `objective`
    "class" they are classes and for "person" people, and `layer` is not read. `preset` is one of `PRESETS`;
    `parameterization`, `robustness`, `ascent`, `learning_rate`, `iterations` and `blur` are its own unless given.

    `learning_rate` is a step's length in the network's own range ("normalized"), a factor of the gradient ("plain"), a
    percentage of the picture's deviation from grey ("sphere") or a hundredth of a coefficient ("adam"). It, `tv_weight`
    and `l2_weight` may be one number a picture; one channel is then climbed once with each. `blur` in [0, 1] is mixed
    into pixels after each step; on the sphere it fades with the step. `size` is the pictures' side in pixels, by
    default the network's own, which a dense layer needs; others are rounded up to one of `SIDES`.

    `start` `(n, h, w, c)` are `pictures` to go on from, all at full size; "plain" and "normalized" remember nothing, so
    that going on is one longer climb. Otherwise all start from the same noise, drawn with `seed`, and are shaken alike:
    a picture does not depend on those beside it. `precision` "bfloat16" is faster where the processor has it.
    NetworkError: no such layer or channel, or another size than a dense layer needs. ChoiceError: no such preset or
    part. FeatureError: not as many numbers or pictures to start from as channels, or a picture diverged.
    """
    chosen = _choose("preset", preset, PRESETS)
    place = _choose("objective", objective, OBJECTIVES).place(network, layer)
    form = Form(parameterization or chosen.parameterization, ascent or chosen.ascent, objective, precision)
    shaken = _choose("robustness", robustness or chosen.robustness, ROBUSTNESS)
    stepping = _choose("ascent", form.ascent, ASCENTS)
    _choose("parameterization", form.parameterization, PARAMETERIZATIONS)

    wanted = directions(network, place, objective, channels, weights)
    rates = np.array(chosen.learning_rate if learning_rate is None else learning_rate, np.float32).reshape(-1)
    costs_given = [np.array(values, np.float32).reshape(-1) for values in (tv_weight, l2_weight)]
    count = max(len(values) for values in (wanted, rates, *costs_given))
    names = [channels[n % len(channels)] for n in range(count)]
    wanted, rates = _each(wanted, count), _each(rates, count)
    costs = np.stack([_each(values, count) for values in costs_given], axis=1)

    steps = chosen.iterations if iterations is None else iterations
    softness = chosen.blur if blur is None else blur
    stages = _stages(network, place, chosen, steps, _shape(network, size), coarse=start is None)
    full = stages[-1].shape
    expected = (count, *full, network.model.input_shape[3])
    if start is not None and np.shape(start) != expected:
        raise FeatureError("start_shape", shape=np.shape(start), expected=expected)

    restore, rng = Restore(network), np.random.default_rng(seed)
    batches = _batches(count, chosen.batch)
    pictures: Any = start
    history: list[np.ndarray] = []
    peaks: list[np.ndarray] = []

    def record(activations: list[tf.Tensor], largest: list[tf.Tensor]) -> None:
        history.append(np.concatenate(activations)[:count])
        peaks.append(np.concatenate(largest)[:count])
        for name, activation in zip(names, history[-1], strict=True):
            if not np.isfinite(activation):
                raise FeatureError("diverged", channel=name, iteration=len(history) - 1)

    def tell(now: np.ndarray) -> None:
        if report:
            report(len(history) - 1, display(restore(_tiled(now, full))), history[-1])

    for stage in stages:
        part = _part(network, place, stage.shape, form._replace(wraps=stage.wraps, moves=shaken != ROBUSTNESS["off"]))
        mixed = [part.lens.mix(wanted[batch]) for batch in batches]
        climbers = [
            part.begin(pictures if pictures is None else pictures[batch], seed, len(batch)) for batch in batches
        ]
        for iteration in range(stage.iterations):
            decay = 1 - (1 - LEAST_STEP) * len(history) / steps if stepping.on_sphere else 1
            drawn = shaken.draw(rng, stage.shape)
            before = [state for state, _ in climbers]
            done = [
                part.climb(
                    *climber, mix, rates[batch] * np.float32(decay), costs[batch], softness * decay, iteration, drawn
                )
                for climber, mix, batch in zip(climbers, mixed, batches, strict=True)
            ]
            climbers = [(state, memory) for state, memory, _, _ in done]
            record([activation for *_, activation, _ in done], [peak for *_, peak in done])
            if report:
                tell(np.concatenate([part.inputs(state) for state in before])[:count])
        pictures = np.concatenate([part.inputs(state) for state, _ in climbers])[:count]
        pictures = _tiled(pictures, full)

    measured = [part.measure(state, mix) for (state, _), mix in zip(climbers, mixed, strict=True)]
    record([activation for activation, _ in measured], [peak for _, peak in measured])
    tell(pictures)
    activations = np.stack(history, axis=1)
    silent = (np.max(peaks, axis=0) <= 0) & (objective != "person")
    return FilterPictures(
        images=display(restore(pictures)),
        activations=activations,
        dead=silent & rectified(layer_of(network.model, place)),
        pictures=pictures,
        notes=tuple(_falls(names, activations, [stage.iterations for stage in stages])),
    )


def first_picture(network: Network, seed: int, size: int | None = None) -> np.ndarray:
    """Grey plus uniform noise, as the network receives it: `(1, h, w, c)` float32."""
    return Pixels(network, (size, size) if size else network.model.input_shape[1:3]).first(seed)


# --- one step ---------------------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """What a compiled step depends on, beside its shapes: all else is handed in as numbers."""

    parameterization: str
    ascent: str
    objective: str
    precision: str
    wraps: bool = False
    moves: bool = False


class Part:
    """A network up to a layer, and the compiled functions that climb there with pictures of one size."""

    def __init__(self, network: Network, layer: str, shape: tuple[int, int], form: Form) -> None:
        own = shape == network.model.input_shape[1:3]
        self.lens = lens(network, layer, None if own else shape[0], form.precision, form.wraps)
        self.form, self.ascent = form, ASCENTS[form.ascent]
        self.pixels = Pixels(network, shape)
        self.what = PARAMETERIZATIONS[form.parameterization](network, shape)
        self.read = OBJECTIVES[form.objective].read
        self.unit = self.ascent.unit * (self.what.radius if self.ascent.on_sphere else 1)
        # Partials: TensorFlow counts the tracings of methods by their class.
        self.step, self.look = compile_function(partial(self._step)), compile_function(partial(self._look))

    def begin(self, pictures: np.ndarray | None, seed: int, count: int) -> tuple[tf.Tensor, Memory]:
        """The state of pictures, or of the first one, and an empty memory."""
        state = np.repeat(self.what.first(seed), count, axis=0) if pictures is None else self.what.state(pictures)
        state = tf.constant(state)
        if self.ascent.on_sphere:
            state = self.what.onto_sphere(state)
        return state, tuple(tf.zeros_like(state) for _ in range(self.ascent.remembers))

    def climb(
        self,
        state: tf.Tensor,
        memory: Memory,
        mix: Memory,
        rate: np.ndarray,
        costs: np.ndarray,
        blur: float,
        iteration: int,
        drawn: np.ndarray,
    ) -> tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor]:
        """State, memory, and the objective and its largest single value before the step."""
        numbers = (tf.constant(number, tf.float32) for number in (rate * self.unit, costs, blur, iteration))
        done: tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor] = self.step(
            state, memory, mix, *numbers, tf.constant(drawn)
        )
        return done

    def measure(self, state: tf.Tensor, mix: Memory) -> tuple[tf.Tensor, tf.Tensor]:
        """The objective and its largest single value, of pictures that are not moved."""
        activation, peak = self.look(state, mix)
        return activation, peak

    def inputs(self, state: tf.Tensor) -> np.ndarray:
        """The pictures of a state."""
        return np.asarray(self.what.inputs(state))

    def _look(self, state: tf.Tensor, mix: Memory) -> tuple[tf.Tensor, tf.Tensor]:
        maps = self.lens.maps(self.what.inputs(state), *mix)
        return self.read(maps, self.form.wraps), tf.reduce_max(maps, axis=(1, 2))

    def _step(
        self,
        state: tf.Tensor,
        memory: Memory,
        mix: Memory,
        rate: tf.Tensor,
        costs: tf.Tensor,
        blur: tf.Tensor,
        iteration: tf.Tensor,
        drawn: tf.Tensor,
    ) -> tuple[tf.Tensor, Memory, tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state)
            pictures = self.what.inputs(state)
            away = (pictures - self.pixels.grey) / self.pixels.range
            paid = tf.add_n([costs[:, n] * cost(away) for n, cost in enumerate(REGULARIZERS.values())])
            if self.form.moves:
                pictures = move(pictures, drawn, self.pixels.grey)
            maps = self.lens.maps(pictures, *mix)
            activation = self.read(maps, self.form.wraps)
            gained = activation - paid
        gradients = tape.gradient(gained, state)
        rate = tf.reshape(rate, (-1,) + (1,) * (len(state.shape) - 1))
        state, memory = self.ascent.step(state, memory, gradients, rate, iteration)
        if self.form.parameterization == "pixels":
            state = blurred(state, blur, self.form.wraps)
        if self.ascent.on_sphere:
            state = self.what.onto_sphere(state)
        return state, memory, activation, tf.reduce_max(maps, axis=(1, 2))


_part = cached_on_network(Part)
"""Made once for every network, layer, size and form."""


# --- how large, how many ----------------------------------------------------------------------------------------------


class Stage(NamedTuple):
    """Iterations on pictures of one size; `wraps`: the picture goes on at its other side."""

    shape: tuple[int, int]
    iterations: int
    wraps: bool


def _stages(
    network: Network, layer: str, preset: Preset, iterations: int, shape: tuple[int, int], *, coarse: bool
) -> list[Stage]:
    """Most iterations on a small picture, if there is room for one, then a few at full size."""
    finish = iterations
    if preset.coarse and coarse and is_spatial(layer_of(network.model, layer)):
        side = min(shape)
        seen = receptive_field(network.model).get(layer, shape)[0]
        small = padded_size(round(SEEN * seen))
        if ROOM * small <= side:
            finish = max(preset.finish, round(FINISH * (seen / side) ** 2))
    if finish >= iterations:
        return [Stage(shape, iterations, False)]
    return [Stage((small, small), iterations - finish, True), Stage(shape, finish, False)]


def _shape(network: Network, size: int | None) -> tuple[int, int]:
    own: tuple[int, int] = network.model.input_shape[1:3]
    return own if size is None or (size, size) == own else (padded_size(size),) * 2


def _tiled(pictures: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pictures repeated down and across to `shape`."""
    down, across = (-(-whole // part) for whole, part in zip(shape, pictures.shape[1:3], strict=True))
    return np.tile(pictures, (1, down, across, 1))[:, : shape[0], : shape[1]]


def _batches(count: int, size: int) -> list[np.ndarray]:
    """Numbers of pictures in batches of `size`, the last filled up with its last one, so that few shapes are ever
    compiled; a single one stays alone.
    """
    if count == 1:
        return [np.array([0])]
    filled = np.minimum(np.arange(-(-count // size) * size), count - 1)
    return list(filled.reshape(-1, size))


def _each(values: np.ndarray, count: int) -> np.ndarray:
    """One for all, or one for each."""
    if len(values) not in (1, count):
        raise FeatureError("other_count", received=len(values), expected=count)
    return np.repeat(values, count // len(values), axis=0)


def _choose(kind: str, name: str, table: dict[str, Any]) -> Any:
    check_choice(kind, name, table)
    return table[name]


def _falls(names: Sequence[Target], activations: np.ndarray, iterations: Sequence[int]) -> Iterator[FeatureError]:
    """A note for every picture whose activation fell `FALLS` times in a row, within one stage."""
    ends = np.cumsum(iterations)[:-1]  # between two sizes activations are not comparable
    for name, line in zip(names, activations, strict=True):
        falling = 0
        for iteration, fell in enumerate(np.diff(line) < 0, start=1):
            falling = falling + 1 if fell and iteration not in ends else 0
            if falling == FALLS:
                yield FeatureError("rate_too_high", channel=name, steps=FALLS, iteration=iteration)
                break
