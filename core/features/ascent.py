"""Activation maximization: gradient ascent on an image, of four parts that can be exchanged.

What is maximized (`objectives`), what represents the image (`parameterization`), how it is moved (`robustness`) and how
a step is made (`optimizers`). The preset "course" is the Keras example's loop
https://keras.io/examples/vision/visualizing_what_convnets_learn, after Simonyan et al. 2013,
https://arxiv.org/abs/1312.6034, with one difference: the layer is taken before its activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from core.errors import check_choice
from core.features import (
    DEFAULT_PRESET,
    PRESETS,
    FeatureError,
    FeatureVisualizations,
    Preset,
    Target,
    supported_size,
    to_display,
)
from core.features.compiled import CompiledAscent, Options, compiled_ascent
from core.features.objectives import OBJECTIVES, Objective, directions
from core.features.optimizers import OPTIMIZERS, Optimizer
from core.features.parameterization import PARAMETERIZATIONS, Deprocess, Pixels
from core.features.robustness import ROBUSTNESS, Robustness
from core.networks.layers import is_spatial, layer_of, receptive_field, rectified
from core.networks.network import Network

FALLS = 10
"""Steps in a row in which an activation must fall to be called falling."""
LAST_STEP = 0.1
"""Share of the learning rate that the last step of an ascent on the sphere has."""
FIELD_SHARE = 0.3
"""Side of the small image in receptive fields of the layer, at least."""
LEAST_TILES = 2.5
"""Sides of the small image that the whole one must have for a small one to be worth it."""
FULL_SIZE_ITERATIONS = 8
"""Iterations at full size for a layer that sees as much as the image: padding changes its maps everywhere."""

IterationReport = Callable[[int, np.ndarray, np.ndarray], None]
"""Called with iterations done, images `(n, h, w, 3)` for display, and the objective `(n,)`."""


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
    optimizer: str | None = None,
    start: np.ndarray | None = None,
    precision: str = "float32",
    report: IterationReport | None = None,
) -> FeatureVisualizations:
    """Images that excite channels of a layer: from grey with noise, `iterations` steps up the gradient.

    `channels`: each is one, or several that are climbed jointly with their `weights` (1 each). For the `objective`
    "class" they are classes and for "person" people, and `layer` is not read. `preset` is one of `PRESETS`;
    `parameterization`, `robustness`, `optimizer`, `learning_rate`, `iterations` and `blur` are its own unless given.

    `learning_rate` is a step's length in the network's own range ("normalized"), a factor of the gradient ("plain"), a
    percentage of the image's deviation from grey ("sphere") or a hundredth of a coefficient ("adam"). It, `tv_weight`
    and `l2_weight` may be one number an image; one channel is then climbed once with each. `blur` in [0, 1] is mixed
    into pixels after each step; on the sphere it fades with the step. `size` is the images' side in pixels, by
    default the network's own, which a dense layer needs; others are rounded up to one of `SIDES`.

    `start` `(n, h, w, c)` are `inputs` to go on from, all at full size; "plain" and "normalized" remember nothing, so
    that going on is one longer ascent. Otherwise all start from the same noise, drawn with `seed`, and are moved alike:
    an image does not depend on those beside it. `precision` "bfloat16" is faster where the processor has it.
    NetworkError: no such layer or channel, or another size than a dense layer needs. ChoiceError: no such preset or
    part. FeatureError: not as many numbers or images to start from as channels, or an image diverged.
    """
    parts = _choose_parts(preset, objective, parameterization, robustness, optimizer, precision)
    layer = parts.objective.layer(network, layer)
    each = _each_image(network, layer, parts, channels, weights, learning_rate, tv_weight, l2_weight)
    iterations = parts.preset.iterations if iterations is None else iterations
    blur = parts.preset.blur if blur is None else blur
    stages = _stages(network, layer, parts.preset, iterations, _shape(network, size), coarse=start is None)
    shape = stages[-1].shape
    _check_start(start, (len(each.targets), *shape, network.model.input_shape[3]))

    rng, deprocess, history = np.random.default_rng(seed), Deprocess(network), _History(each.targets)
    inputs: Any = start
    for stage in stages:
        ascent = compiled_ascent(network, layer, stage.shape, parts.options(stage))
        batches = [_Batch(ascent, each, rows, inputs, seed) for rows in _batches(len(each.targets), parts.preset.batch)]
        for iteration in range(stage.iterations):
            decay = 1 - (1 - LAST_STEP) * len(history) / iterations if parts.optimizer.on_sphere else 1
            transformation = parts.robustness.sample(rng, stage.shape)
            before: Any = _inputs(batches, each, shape) if report else None
            history.append([batch.step(decay, blur, iteration, transformation) for batch in batches])
            if report:
                report(len(history) - 1, to_display(deprocess(before)), history.activations[-1])
        inputs = _inputs(batches, each, shape)

    history.append([batch.measure() for batch in batches])
    images = to_display(deprocess(inputs))
    if report:
        report(len(history) - 1, images, history.activations[-1])
    activations = np.stack(history.activations, axis=1)
    silent = parts.objective.of_channels & (np.max(history.peaks, axis=0) <= 0)
    return FeatureVisualizations(
        images=images,
        activations=activations,
        dead=silent & rectified(layer_of(network.model, layer)),
        inputs=inputs,
        notes=tuple(_falls(each.targets, activations, [stage.iterations for stage in stages])),
    )


def initial_inputs(network: Network, seed: int, size: int | None = None) -> np.ndarray:
    """Grey plus uniform noise, as the network receives it: `(1, h, w, c)` float32."""
    return Pixels(network, (size, size) if size else network.model.input_shape[1:3]).initial(seed)


# --- while it climbs --------------------------------------------------------------------------------------------------


class _Batch:
    """Images that climb together: the `rows` of all that are asked for."""

    def __init__(
        self, ascent: CompiledAscent, each: _EachImage, rows: np.ndarray, start: np.ndarray | None, seed: int
    ) -> None:
        self.ascent = ascent
        self.projected = ascent.projection.prepare(each.directions[rows])
        self.rates, self.costs = each.rates[rows], each.costs[rows]
        self.state, self.memory = ascent.begin(None if start is None else start[rows], seed, len(rows))

    def step(
        self, decay: float, blur: float, iteration: int, transformation: np.ndarray
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Go one step; the objective and the largest value of its map before it."""
        rates = self.rates * np.float32(decay)
        self.state, self.memory, activation, peak = self.ascent.step(
            self.state, self.memory, self.projected, rates, self.costs, blur * decay, iteration, transformation
        )
        return activation, peak

    def measure(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The objective and the largest value of its map."""
        return self.ascent.measure(self.state, self.projected)

    def inputs(self) -> np.ndarray:
        """The images as the network receives them."""
        return self.ascent.inputs(self.state)


class _History:
    """The objective of `n` images and the largest value of their maps, `(n,)` each, over the iterations."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self.activations: list[np.ndarray] = []
        self.peaks: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self.activations)

    def append(self, batches: Sequence[tuple[tf.Tensor, tf.Tensor]]) -> None:
        """Add what was measured of all batches; FeatureError where an image diverged."""
        for series, values in zip((self.activations, self.peaks), zip(*batches, strict=True), strict=True):
            series.append(np.concatenate(values)[: len(self.targets)])
        for target, activation in zip(self.targets, self.activations[-1], strict=True):
            if not np.isfinite(activation):
                raise FeatureError("diverged", channel=target, iteration=len(self) - 1)


def _inputs(batches: Sequence[_Batch], each: _EachImage, shape: tuple[int, int]) -> np.ndarray:
    """All images at full size: small ones are tiled."""
    return _tiled(np.concatenate([batch.inputs() for batch in batches])[: len(each.targets)], shape)


# --- what climbs, and how ---------------------------------------------------------------------------------------------


class _Parts(NamedTuple):
    """Entries of the tables, and what they are compiled from."""

    preset: Preset
    objective: Objective
    robustness: Robustness
    optimizer: Optimizer
    plain_options: Options

    def options(self, stage: Stage) -> Options:
        """What the step of a stage is compiled from."""
        return self.plain_options._replace(circular=stage.circular, transforms=self.robustness.moves)


def _choose_parts(
    preset: str,
    objective: str,
    parameterization: str | None,
    robustness: str | None,
    optimizer: str | None,
    precision: str,
) -> _Parts:
    """The parts by name, those of the preset unless given; ChoiceError where there is none of that name."""
    chosen: Preset = _entry("preset", preset, PRESETS)
    options = Options(parameterization or chosen.parameterization, optimizer or chosen.optimizer, objective, precision)
    _entry("parameterization", options.parameterization, PARAMETERIZATIONS)
    return _Parts(
        chosen,
        _entry("objective", objective, OBJECTIVES),
        _entry("robustness", robustness or chosen.robustness, ROBUSTNESS),
        _entry("optimizer", options.optimizer, OPTIMIZERS),
        options,
    )


def _entry(kind: str, name: str, table: dict[str, Any]) -> Any:
    check_choice(kind, name, table)
    return table[name]


@dataclass(frozen=True, eq=False)
class _EachImage:
    """One row an image: its target, `directions` `(n, k)`, `rates` `(n,)`, and `costs` `(n, 2)` as `REGULARIZERS`."""

    targets: Sequence[Target]
    directions: np.ndarray
    rates: np.ndarray
    costs: np.ndarray


def _each_image(
    network: Network,
    layer: str,
    parts: _Parts,
    channels: Sequence[Target],
    weights: Sequence[Sequence[float]] | None,
    learning_rate: float | Sequence[float] | None,
    tv_weight: float | Sequence[float],
    l2_weight: float | Sequence[float],
) -> _EachImage:
    """As many images as the longest list has entries; whatever comes alone holds for all."""
    rate = parts.preset.learning_rate if learning_rate is None else learning_rate
    columns = [np.array(values, np.float32).reshape(-1) for values in (rate, tv_weight, l2_weight)]
    rows = directions(network, layer, parts.objective, channels, weights)
    count = max(len(values) for values in (rows, *columns))
    rates, *costs = (_repeated(values, count) for values in columns)
    targets = [channels[n % len(channels)] for n in range(count)]
    return _EachImage(targets, _repeated(rows, count), rates, np.stack(costs, axis=1))


def _repeated(values: np.ndarray, count: int) -> np.ndarray:
    """One for all, or one for each."""
    if len(values) not in (1, count):
        raise FeatureError("other_count", received=len(values), expected=count)
    return np.repeat(values, count // len(values), axis=0)


def _check_start(start: np.ndarray | None, expected: tuple[int, ...]) -> None:
    if start is not None and np.shape(start) != expected:
        raise FeatureError("start_shape", shape=np.shape(start), expected=expected)


# --- how large, how many ----------------------------------------------------------------------------------------------


class Stage(NamedTuple):
    """Iterations on images of one size; `circular`: the image goes on at its other side."""

    shape: tuple[int, int]
    iterations: int
    circular: bool


def _stages(
    network: Network, layer: str, preset: Preset, iterations: int, shape: tuple[int, int], *, coarse: bool
) -> list[Stage]:
    """Most iterations on a small image, if there is room for one, then a few at full size."""
    finish = iterations
    if preset.coarse and coarse and is_spatial(layer_of(network.model, layer)):
        side = min(shape)
        field = receptive_field(network.model).get(layer, shape)[0]
        small = supported_size(round(FIELD_SHARE * field))
        if LEAST_TILES * small <= side:
            finish = max(preset.finish, round(FULL_SIZE_ITERATIONS * (field / side) ** 2))
    if finish >= iterations:
        return [Stage(shape, iterations, False)]
    return [Stage((small, small), iterations - finish, True), Stage(shape, finish, False)]


def _shape(network: Network, size: int | None) -> tuple[int, int]:
    own: tuple[int, int] = network.model.input_shape[1:3]
    return own if size is None or (size, size) == own else (supported_size(size),) * 2


def _tiled(inputs: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Images repeated down and across to `shape`."""
    down, across = (-(-whole // part) for whole, part in zip(shape, inputs.shape[1:3], strict=True))
    return np.tile(inputs, (1, down, across, 1))[:, : shape[0], : shape[1]]


def _batches(count: int, size: int) -> list[np.ndarray]:
    """Numbers of images in batches of `size`, the last filled up with its last one, so that few shapes are ever
    compiled; a single one stays alone.
    """
    if count == 1:
        return [np.array([0])]
    filled = np.minimum(np.arange(-(-count // size) * size), count - 1)
    return list(filled.reshape(-1, size))


def _falls(targets: Sequence[Target], activations: np.ndarray, iterations: Sequence[int]) -> Iterator[FeatureError]:
    """A note for every image whose activation fell `FALLS` times in a row, within one stage."""
    ends = np.cumsum(iterations)[:-1]  # between two sizes activations are not comparable
    for target, line in zip(targets, activations, strict=True):
        falling = 0
        for iteration, fell in enumerate(np.diff(line) < 0, start=1):
            falling = falling + 1 if fell and iteration not in ends else 0
            if falling == FALLS:
                yield FeatureError("rate_too_high", channel=target, steps=FALLS, iteration=iteration)
                break
