"""Knowledge transfer: what a network learned for one task, used for another for which there are few pictures.

A network is taken over up to a layer, and a new head put on it: its maps averaged over a coarse grid, and one dense
layer. Yosinski et al. 2014, How transferable are features in deep neural networks?, https://arxiv.org/abs/1411.1792
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from core import digits as data
from core import faces
from core.images import from_uint8, to_uint8
from core.networks.layers import check_channels, cut, feature_shape
from core.networks.loading import load
from core.networks.network import Network, compile_function
from core.networks.table import MINIFACE
from core.training import TransferResult, network

OnStep = Callable[[], None]
"""Called in every step; what it raises ends the work."""
GRID = 7
"""Side of the coarse grid over which the head sees a feature map, at most."""
BATCH = 16
HEAD_STEPS, HEAD_RATE = 150, 1e-3
"""Steps and learning rate of a new head alone."""
RATES = {"scratch": 1e-3, "fine_tuned": 1e-4}
"""Learning rate of all layers together: smaller where they have learned something."""
NEW_PEOPLE, TEST_CAPTURES, SEED = range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + 10), 12, 2014
"""People on whom MiniFace was not trained, captures of each that are held back, and the seed of all captures."""
SOURCE_DIGITS, MOST_TEST_DIGITS = 5, 1000
"""Digits below this are learned first, the others afterwards; how many of those are held back at most."""
SOURCE_STEPS, SOURCE_BATCH = 400, 64


@dataclass(frozen=True, eq=False)
class Task:
    """A new task for a trained network: inputs as the network takes them, labels `(n,)` below `classes`.

    `train` has the images of class after class in turn, so that the first `k * classes` are k of each. `steps` are
    made where all layers learn.
    """

    source: Network
    classes: int
    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    steps: int


def transfer(
    task: str,
    layer: str,
    channels: Sequence[int] | None,
    strategies: Sequence[str],
    counts: Sequence[int],
    *,
    draws: int = 1,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> list[TransferResult]:
    """Learn one of `TRANSFERS` by some of `STRATEGIES`, from each of `counts` images a class.

    All of it once for each of `draws`, which have other images and other initial weights, from `seed` on. The network
    is taken over up to `layer`; for the strategy "chosen" only its `channels` are read, the others being 0.
    NetworkError: no such layer or channel.
    """
    done, total, results = 0, 0, []  # how many steps there are is known once the first images were rendered

    def report_steps(steps: int = 1) -> None:
        nonlocal done
        done += steps
        if report:
            report(done, total)

    cells = [(strategy, count) for count in counts for strategy in strategies]
    for draw in range(seed, seed + draws):
        learner = TransferLearner(TASKS[task](max(counts), draw, lambda: report_steps(0)), layer, channels, draw)
        total = draws * sum(learner.steps(strategy) for strategy, _ in cells)
        results += [learner.learn(strategy, count, report_steps) for strategy, count in cells]
    return results


# --- learning ---------------------------------------------------------------------------------------------------------


class Learner:
    """A model with an Adam of its own, and both compiled."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(model.trainable_variables)
        self.initial_optimizer = [np.array(variable) for variable in self.optimizer.variables]
        inputs = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        self.step = compile_function(self._step, [inputs, tf.TensorSpec((None,), tf.int32)])
        self.predict = compile_function(lambda batch: model(batch, training=False), [inputs])

    def _step(self, inputs: tf.Tensor, labels: tf.Tensor) -> None:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        self.optimizer.apply(tape.gradient(loss, variables), variables)

    def fit(
        self, inputs: np.ndarray, labels: np.ndarray, *, steps: int, rate: float, batch: int, seed: int, on_step: OnStep
    ) -> None:
        """Some steps, each on a batch drawn at random."""
        for variable, value in zip(self.optimizer.variables, self.initial_optimizer, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = rate
        rng = np.random.default_rng(seed)
        for _ in range(steps):
            rows = rng.choice(len(labels), min(batch, len(labels)), replace=False)
            self.step(inputs[rows], labels[rows])
            on_step()

    def hits(self, inputs: np.ndarray, labels: np.ndarray) -> int:
        """How many of the images are classified correctly."""
        parts = [slice(start, start + BATCH) for start in range(0, len(labels), BATCH)]
        return sum(int((self.predict(inputs[part]).numpy().argmax(axis=1) == labels[part]).sum()) for part in parts)


class TransferLearner:
    """A network taken over up to a layer, with a new head, for every strategy of learning."""

    def __init__(self, task: Task, layer: str, channels: Sequence[int] | None, seed: int) -> None:
        self.task, self.seed = task, seed
        source = cut(task.source.model, layer)
        height, _, count = feature_shape(task.source.model, layer)
        self.channel_mask = np.ones(count, np.float32)
        if channels is not None:
            self.channel_mask[:] = 0
            self.channel_mask[check_channels(task.source.model, layer, channels)] = 1
        self.trunk = keras.models.clone_model(source)
        self.random_weights, self.learned_weights = self.trunk.get_weights(), source.get_weights()
        coarse = keras.layers.AveragePooling2D(max(height // GRID, 1))(self.trunk.output)
        inputs = keras.Input(coarse.shape[1:])
        initializer = keras.initializers.GlorotUniform(seed=seed)
        logits = keras.layers.Dense(task.classes, kernel_initializer=initializer)(keras.layers.Flatten()(inputs))
        self.head = keras.Model(inputs, logits)
        self.initial_head = self.head.get_weights()
        self.head_learner = Learner(self.head)
        self.full_learner = Learner(keras.Model(self.trunk.input, self.head(coarse)))
        self.trunk.set_weights(self.learned_weights)
        self.features = [
            _features(keras.Model(self.trunk.input, coarse), inputs) for inputs, _ in (task.train, task.test)
        ]

    def steps(self, strategy: str) -> int:
        """How many steps a strategy takes."""
        return {"scratch": self.task.steps, "fine_tuned": HEAD_STEPS + self.task.steps}.get(strategy, HEAD_STEPS)

    def learn(self, strategy: str, count: int, on_step: OnStep) -> TransferResult:
        """Learn from `count` images of each class, and count hits on those held back."""
        began = time.perf_counter()
        inputs, labels = (part[: count * self.task.classes] for part in self.task.train)
        tested, expected = self.task.test
        self.head.set_weights(self.initial_head)
        mask = self.channel_mask if strategy == "chosen" else np.float32(1)
        if strategy != "scratch":
            features = self.features[0][: len(labels)] * mask
            self.head_learner.fit(
                features, labels, steps=HEAD_STEPS, rate=HEAD_RATE, batch=len(labels), seed=self.seed, on_step=on_step
            )
        if strategy in RATES:
            self.trunk.set_weights(self.random_weights if strategy == "scratch" else self.learned_weights)
            self.full_learner.fit(
                inputs,
                labels,
                steps=self.task.steps,
                rate=RATES[strategy],
                batch=BATCH,
                seed=self.seed,
                on_step=on_step,
            )
            hits = self.full_learner.hits(tested, expected)
        else:
            hits = self.head_learner.hits(self.features[1] * mask, expected)
        return TransferResult(strategy, count, hits, len(expected), time.perf_counter() - began)


def _features(trunk: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Outputs of the trunk, a batch at a time."""
    parts = (inputs[start : start + BATCH] for start in range(0, len(inputs), BATCH))
    return np.concatenate([np.asarray(trunk(part, training=False)) for part in parts])


# --- new tasks --------------------------------------------------------------------------------------------------------


def people(most: int, seed: int, on_step: OnStep) -> Task:
    """Ten people on whom MiniFace was not trained."""
    source = load(MINIFACE)
    size = source.entry.input_size

    def captures(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        shots = []
        for index in range(first, first + count):
            for number in NEW_PEOPLE:
                on_step()
                shots.append(_capture(number, seed, index, size))
        return source.inputs(from_uint8(np.stack(shots))), np.tile(np.arange(len(NEW_PEOPLE), dtype=np.int32), count)

    return Task(source, len(NEW_PEOPLE), captures(TEST_CAPTURES, most), captures(0, TEST_CAPTURES), steps=60)


@lru_cache(maxsize=400)
def _capture(number: int, seed: int, index: int, size: int) -> np.ndarray:
    return to_uint8(faces.render_capture(number, SEED + seed, index, size)[0])


def digits(most: int, seed: int, on_step: OnStep) -> Task:
    """The digits 5 to 9, for a network that learned 0 to 4."""
    available = data.load()
    train, test = available.train, available.test
    new = np.random.default_rng([seed, 3]).permutation(np.flatnonzero(train.labels >= SOURCE_DIGITS))
    of_each = [new[train.labels[new] == label][:most] for label in range(SOURCE_DIGITS, data.CLASSES)]
    rows = np.stack(of_each, axis=1).ravel()
    held_back = np.flatnonzero(test.labels >= SOURCE_DIGITS)[:MOST_TEST_DIGITS]
    return Task(
        network.as_network(_source_model(available.source, on_step)),
        data.CLASSES - SOURCE_DIGITS,
        _prepared(train, rows),
        _prepared(test, held_back),
        steps=HEAD_STEPS,
    )


def _prepared(part: data.Part, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return part.images[rows] / np.float32(255), part.labels[rows] % SOURCE_DIGITS


_source_models: dict[str, keras.Model] = {}


def _source_model(source: str, on_step: OnStep) -> keras.Model:
    """The report's network, trained on the digits 0 to 4 alone; trained once in a worker, nobody changes it."""
    if source not in _source_models:
        part = data.load(source).train
        rows = np.flatnonzero(part.labels < SOURCE_DIGITS)
        model = network.build(classes=SOURCE_DIGITS)
        learner = Learner(model)
        learner.fit(
            *_prepared(part, rows), steps=SOURCE_STEPS, rate=HEAD_RATE, batch=SOURCE_BATCH, seed=0, on_step=on_step
        )
        _source_models[source] = model
    return _source_models[source]


TASKS: dict[str, Callable[[int, int, OnStep], Task]] = {"people": people, "digits": digits}
