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
from core.training import Transferred, network

Tell = Callable[[], None]
"""Called in every step; what it raises ends the work."""
GRID = 7
"""Most places a side that the head tells apart."""
BATCH = 16
HEAD_STEPS, HEAD_RATE = 150, 1e-3
"""Steps and learning rate of a new head alone."""
RATES = {"scratch": 1e-3, "fine_tuned": 1e-4}
"""Learning rate of all layers together: gentle where they have learned something."""
NEW_PEOPLE, TEST_CAPTURES, SEED = range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + 10), 12, 2014
"""People whom MiniFace never met, pictures of each that are held back, and how pictures are drawn."""
KNOWN_DIGITS, MOST_TEST_DIGITS = 5, 1000
"""Digits below this are learned first, the others afterwards; how many of those are held back at most."""
SOURCE_STEPS, SOURCE_BATCH = 400, 64


@dataclass(frozen=True, eq=False)
class Task:
    """A new task for a trained network: inputs as the network takes them, labels `(n,)` below `classes`.

    `train` has the pictures of class after class in turn, so that the first `k * classes` are k of each. `steps` are
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
    ways: Sequence[str],
    counts: Sequence[int],
    *,
    draws: int = 1,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> list[Transferred]:
    """Learn one of `TRANSFERS` in some of `WAYS`, from each of `counts` pictures a class.

    All of it once for each of `draws`, which have other pictures and other first weights, from `seed` on. The network
    is taken over up to `layer`; for the way "chosen" only its `channels` are read, the others being 0.
    NetworkError: no such layer or channel.
    """
    done, total, found = 0, 0, []  # how many steps there are is known after the first pictures were taken

    def tell(steps: int = 1) -> None:
        nonlocal done
        done += steps
        if report:
            report(done, total)

    cells = [(way, count) for count in counts for way in ways]
    for draw in range(seed, seed + draws):
        pupil = Pupil(TASKS[task](max(counts), draw, lambda: tell(0)), layer, channels, draw)
        total = draws * sum(pupil.steps(way) for way, _ in cells)
        found += [pupil.learn(way, count, tell) for way, count in cells]
    return found


# --- learning ---------------------------------------------------------------------------------------------------------


class Learner:
    """A model with an Adam of its own, and both compiled."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(model.trainable_variables)
        self.unused = [np.array(variable) for variable in self.optimizer.variables]
        inputs = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        self.step = compile_function(self._step, [inputs, tf.TensorSpec((None,), tf.int32)])
        self.answer = compile_function(lambda batch: model(batch, training=False), [inputs])

    def _step(self, inputs: tf.Tensor, labels: tf.Tensor) -> None:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        self.optimizer.apply(tape.gradient(loss, variables), variables)

    def fit(
        self, inputs: np.ndarray, labels: np.ndarray, *, steps: int, rate: float, batch: int, seed: int, tell: Tell
    ) -> None:
        """Some steps, each on a batch drawn by lot."""
        for variable, value in zip(self.optimizer.variables, self.unused, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = rate
        rng = np.random.default_rng(seed)
        for _ in range(steps):
            rows = rng.choice(len(labels), min(batch, len(labels)), replace=False)
            self.step(inputs[rows], labels[rows])
            tell()

    def hits(self, inputs: np.ndarray, labels: np.ndarray) -> int:
        """How many of the pictures are recognised."""
        parts = [slice(start, start + BATCH) for start in range(0, len(labels), BATCH)]
        return sum(int((self.answer(inputs[part]).numpy().argmax(axis=1) == labels[part]).sum()) for part in parts)


class Pupil:
    """A network taken over up to a layer, with a new head, in every way of learning."""

    def __init__(self, task: Task, layer: str, channels: Sequence[int] | None, seed: int) -> None:
        self.task, self.seed = task, seed
        source = cut(task.source.model, layer)
        height, _, count = feature_shape(task.source.model, layer)
        self.part = np.ones(count, np.float32)
        if channels is not None:
            self.part[:] = 0
            self.part[check_channels(task.source.model, layer, channels)] = 1
        self.trunk = keras.models.clone_model(source)
        self.fresh, self.learned = self.trunk.get_weights(), source.get_weights()
        coarse = keras.layers.AveragePooling2D(max(height // GRID, 1))(self.trunk.output)
        inputs = keras.Input(coarse.shape[1:])
        start = keras.initializers.GlorotUniform(seed=seed)
        logits = keras.layers.Dense(task.classes, kernel_initializer=start)(keras.layers.Flatten()(inputs))
        self.head = keras.Model(inputs, logits)
        self.head_start = self.head.get_weights()
        self.of_head = Learner(self.head)
        self.of_all = Learner(keras.Model(self.trunk.input, self.head(coarse)))
        self.trunk.set_weights(self.learned)
        self.features = [
            _features(keras.Model(self.trunk.input, coarse), inputs) for inputs, _ in (task.train, task.test)
        ]

    def steps(self, way: str) -> int:
        """How many steps a way takes."""
        return {"scratch": self.task.steps, "fine_tuned": HEAD_STEPS + self.task.steps}.get(way, HEAD_STEPS)

    def learn(self, way: str, count: int, tell: Tell) -> Transferred:
        """Learn from `count` pictures of each class, and be judged by those held back."""
        began = time.perf_counter()
        inputs, labels = (part[: count * self.task.classes] for part in self.task.train)
        tested, expected = self.task.test
        self.head.set_weights(self.head_start)
        part = self.part if way == "chosen" else np.float32(1)
        if way != "scratch":
            features = self.features[0][: len(labels)] * part
            self.of_head.fit(
                features, labels, steps=HEAD_STEPS, rate=HEAD_RATE, batch=len(labels), seed=self.seed, tell=tell
            )
        if way in RATES:
            self.trunk.set_weights(self.fresh if way == "scratch" else self.learned)
            self.of_all.fit(
                inputs, labels, steps=self.task.steps, rate=RATES[way], batch=BATCH, seed=self.seed, tell=tell
            )
            hits = self.of_all.hits(tested, expected)
        else:
            hits = self.of_head.hits(self.features[1] * part, expected)
        return Transferred(way, count, hits, len(expected), time.perf_counter() - began)


def _features(trunk: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What the trunk makes of inputs, a batch at a time."""
    parts = (inputs[start : start + BATCH] for start in range(0, len(inputs), BATCH))
    return np.concatenate([np.asarray(trunk(part, training=False)) for part in parts])


# --- new tasks --------------------------------------------------------------------------------------------------------


def people(most: int, seed: int, tell: Tell) -> Task:
    """Ten people whom MiniFace never met."""
    source = load(MINIFACE)
    size = source.entry.input_size

    def captures(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        shots = []
        for index in range(first, first + count):
            for number in NEW_PEOPLE:
                tell()
                shots.append(_capture(number, seed, index, size))
        return source.inputs(from_uint8(np.stack(shots))), np.tile(np.arange(len(NEW_PEOPLE), dtype=np.int32), count)

    return Task(source, len(NEW_PEOPLE), captures(TEST_CAPTURES, most), captures(0, TEST_CAPTURES), steps=60)


@lru_cache(maxsize=400)
def _capture(number: int, seed: int, index: int, size: int) -> np.ndarray:
    return to_uint8(faces.shot(number, SEED + seed, index, size)[0])


def digits(most: int, seed: int, tell: Tell) -> Task:
    """The digits 5 to 9, for a network that learned 0 to 4."""
    found = data.load()
    train, test = found.train, found.test
    new = np.random.default_rng([seed, 3]).permutation(np.flatnonzero(train.labels >= KNOWN_DIGITS))
    of_each = [new[train.labels[new] == label][:most] for label in range(KNOWN_DIGITS, data.CLASSES)]
    rows = np.stack(of_each, axis=1).ravel()
    held = np.flatnonzero(test.labels >= KNOWN_DIGITS)[:MOST_TEST_DIGITS]
    return Task(
        network.as_network(_half(found.source, tell)),
        data.CLASSES - KNOWN_DIGITS,
        _prepared(train, rows),
        _prepared(test, held),
        steps=HEAD_STEPS,
    )


def _prepared(part: data.Part, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return part.images[rows] / np.float32(255), part.labels[rows] % KNOWN_DIGITS


_halves: dict[str, keras.Model] = {}


def _half(source: str, tell: Tell) -> keras.Model:
    """The report's network, trained on the digits 0 to 4 alone; trained once in a worker, nobody changes it."""
    if source not in _halves:
        part = data.load().train
        known = np.flatnonzero(part.labels < KNOWN_DIGITS)
        model = network.build(classes=KNOWN_DIGITS)
        learner = Learner(model)
        learner.fit(*_prepared(part, known), steps=SOURCE_STEPS, rate=HEAD_RATE, batch=SOURCE_BATCH, seed=0, tell=tell)
        _halves[source] = model
    return _halves[source]


TASKS: dict[str, Callable[[int, int, Tell], Task]] = {"people": people, "digits": digits}
