"""Training in steps that yield: a stretch of a run goes out, and its state comes back to whoever owns it.

A worker keeps networks with their compiled steps, but no student's weights: these come in with the state and leave with
it. So a run belongs to one session, goes on in any worker, and gives way to others between two stretches.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core import digits as data
from core import images
from core.colours import contact_sheet, signed_heatmap
from core.compute import Cancelled
from core.digits import Digits, Part
from core.networks.network import compile_function
from core.training import LAYERS, Point, Result, Settings, State, Stretch, kept_epochs, network

Report = Callable[..., None]
"""`report(step, steps, picture, **point)`, called after every batch; what it raises is `core.compute.Cancelled`."""
EVERY, FIRST = 0.4, 8
"""Seconds between two points of a run, and first steps that have one each: a run that goes wrong does so at once."""
TEST_BATCH = 1000
"""Digits that are judged at once."""
KERNEL_SIDE = 64
"""Side in pixels of a kernel in the picture of all."""
MOST_IDLE = 6
"""Networks that wait in a worker for somebody to train one like them."""

OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "momentum": lambda: keras.optimizers.SGD(momentum=0.9),
    "rmsprop": keras.optimizers.RMSprop,
}


# --- a network with its compiled steps --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Configuration:
    """What a compiled step depends on; all else comes in as numbers."""

    widths: tuple[int, int, int]
    kernel_size: int
    activation: str
    initialization: str
    dropout: float
    normalized: bool
    optimizer: str

    @staticmethod
    def of(settings: Settings) -> Configuration:
        """The part of the settings that the step depends on."""
        return Configuration(**{name: getattr(settings, name) for name in Configuration.__dataclass_fields__})

    def build(self, seed: int) -> keras.Model:
        """The network, with new weights."""
        return network.build(
            self.widths,
            kernel_sizes=(self.kernel_size, self.kernel_size, network.KERNEL_SIZES[-1]),
            activation=self.activation,
            initialization=self.initialization,
            dropout=self.dropout,
            scale=1.0 if self.normalized else 255.0,
            seed=seed,
        )


class Desk:
    """A network, its optimizer, and their compiled functions: for one training at a time."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.model = configuration.build(seed=0)
        self.network = network.as_network(self.model)
        hidden = [self.model.get_layer(name).output for name in LAYERS[:-1]]
        self.inside = keras.Model(self.model.input, [*hidden, self.model.output])
        self.optimizer = OPTIMIZERS[configuration.optimizer]()
        self.optimizer.build(self.model.trainable_variables)
        self.unused = [np.array(variable) for variable in self.optimizer.variables]
        digits = tf.TensorSpec((None, data.SIDE, data.SIDE, 1), tf.uint8)
        labels = tf.TensorSpec((None,), tf.int32)
        self.step = compile_function(self._step, [digits, labels])
        self.look = compile_function(self._look, [digits, labels])
        for function in (self.step, self.look):
            function.get_concrete_function()  # now, not in the first step of a run, whose time is told

    def _step(self, digits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """One step of training: loss, number of hits, and the norm of every layer's gradient, `(2 + 5,)`."""
        with tf.GradientTape() as tape:
            logits = self.model(_scaled(digits), training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply(gradients, variables)
        norms = [tf.linalg.global_norm(gradients[place : place + 2]) for place in range(0, len(gradients), 2)]
        return tf.stack([loss, _hits(labels, logits), *norms])

    def _look(self, digits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Sum of the losses, share of dead units of every hidden layer `(4,)`, and what each digit is taken for."""
        *hidden, logits = self.inside(_scaled(digits), training=False)
        loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        dead = [tf.reduce_mean(tf.cast(_peaks(answers) <= 0, tf.float32)) for answers in hidden]
        return loss, tf.stack(dead), tf.argmax(logits, axis=1, output_type=tf.int32)

    def take_up(self, settings: Settings, state: State | None) -> State:
        """Put a run's weights and its optimizer's memory in place, new ones at its start; where the run stands."""
        if state is None:
            fresh = network.weights_of(self.configuration.build(settings.seed))
            state = State(0, 0.0, fresh, self.unused)
        self.set_weights(state.weights)
        for variable, value in zip(self.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = settings.learning_rate
        return state

    def lay_down(self, step: int, seconds: float) -> State:
        """The run's state, as copies."""
        memory = [np.array(variable) for variable in self.optimizer.variables]
        return State(step, seconds, network.weights_of(self.model), memory)

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Put weights in place."""
        for variable, value in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(value)


def _scaled(digits: tf.Tensor) -> tf.Tensor:
    return tf.cast(digits, tf.float32) / 255


def _hits(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.float32))


def _peaks(answers: tf.Tensor) -> tf.Tensor:
    """The largest value of every unit over all digits and places: `(k,)`."""
    return tf.reduce_max(tf.reshape(answers, (-1, answers.shape[-1])), axis=0)


_idle: dict[Configuration, list[Desk]] = defaultdict(list)
_lock = Lock()


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """A network like the one of the settings, for the caller alone; it waits for the next one afterwards."""
    configuration = Configuration.of(settings)
    with _lock:
        waiting = _idle.pop(configuration, [])
        mine = waiting.pop() if waiting else None
        if waiting:
            _idle[configuration] = waiting
    mine = mine or Desk(configuration)
    try:
        yield mine
    finally:
        with _lock:
            _idle[configuration].append(mine)
            while sum(map(len, _idle.values())) > MOST_IDLE:
                del _idle[next(iter(_idle))]
                gc.collect()  # networks and compiled functions hold each other


# --- the digits of a run ----------------------------------------------------------------------------------------------


def chosen(settings: Settings, digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """The digits that a run learns from, as places in `digits.train`, and the labels that it is told: `(n,)` each."""
    rng = np.random.default_rng([settings.seed, 1])
    places = rng.permutation(len(digits.train.labels))
    if settings.without is not None:
        places = places[digits.train.labels[places] != settings.without]
    places = places[: settings.samples]
    labels = digits.train.labels[places].copy()
    wrong = rng.random(len(labels)) < settings.label_noise
    labels[wrong] = (labels[wrong] + rng.integers(1, data.CLASSES, wrong.sum())) % data.CLASSES
    return places, labels


def steps_of(settings: Settings, digits: Digits) -> tuple[int, int]:
    """Steps of an epoch, and of the whole run."""
    places, _ = chosen(settings, digits)
    each = -(-len(places) // settings.batch)
    return each, each * settings.epochs


# --- training ---------------------------------------------------------------------------------------------------------


def train(
    settings: Settings,
    state: State | None = None,
    *,
    seconds: float = float("inf"),
    report: Report | None = None,
    digits: Digits | None = None,
) -> Stretch:
    """Train for `seconds`, or to the end of the run, from `state` or from new weights.

    A Cancelled that `report` raises ends the stretch as its time does: what was reached comes back. The loss is the
    cross-entropy in nats; one that is no number any more ends the run. `digits` are by default those of `data.load`.
    """
    digits = digits or data.load()
    places, labels = chosen(settings, digits)
    each, steps = steps_of(settings, digits)
    with desk(settings) as mine:
        state = mine.take_up(settings, state)
        course = _Course(mine, settings, digits, state, each, steps, report)
        try:
            for step in range(state.step, steps):
                epoch, place = divmod(step, each)
                if place == 0 or step == state.step:
                    order = np.random.default_rng([settings.seed, 2, epoch]).permutation(len(places))
                rows = order[place * settings.batch : (place + 1) * settings.batch]
                found = mine.step(digits.train.images[places[rows]], labels[rows]).numpy()
                course.note(found, len(rows))
                if not np.isfinite(found[0]):
                    course.diverged = step + 1
                    break
                course.tell()
                if course.lasted() > seconds:
                    break
            if course.step == steps and course.diverged is None:
                course.result = judge(mine, digits.test, course.still_wanted)
        except Cancelled:
            pass
        return course.stretch()


class _Course:
    """What is collected while a stretch of a run goes on."""

    def __init__(
        self,
        mine: Desk,
        settings: Settings,
        digits: Digits,
        state: State,
        each: int,
        steps: int,
        report: Report | None,
    ) -> None:
        self.desk, self.settings, self.digits, self.start = mine, settings, digits, state
        self.each, self.steps, self.report = each, steps, report
        self.step = state.step
        self.kept = kept_epochs(settings.epochs)
        self.points: list[Point] = []
        self.snapshots: dict[int, list[np.ndarray]] = {}
        self.diverged: int | None = None
        self.result: Result | None = None
        self.began = self.told = time.perf_counter()
        self._forget()
        if self.step == 0:
            self.snapshots[0] = _small(state.weights)
        self.still_wanted()

    def lasted(self) -> float:
        """Seconds of this stretch."""
        return time.perf_counter() - self.began

    def note(self, found: np.ndarray, count: int) -> None:
        """Add what a step of `count` digits found."""
        self.step += 1
        self.losses += found[0] * count
        self.hits += found[1]
        self.norms += found[2:]
        self.count += count
        self.noted += 1

    def tell(self) -> None:
        """Report; after a while, and at the end of an epoch, with a new point."""
        picture = None
        ended = self.step % self.each == 0
        now = time.perf_counter()
        if ended or self.step <= FIRST or now - self.told >= EVERY:
            point = self._point()
            if np.isfinite(point["validation_loss"]):  # else the next step says that the run diverged
                self.points.append(point)
            if now - self.told >= EVERY or self.step == self.steps:
                self.told, picture = now, kernel_picture(self.desk.model)
            self._forget()
        epoch = self.step // self.each
        if ended and epoch in self.kept:
            self.snapshots[epoch] = _small(network.weights_of(self.desk.model))
        if self.report:
            self.report(self.step, self.steps, picture, **(self.points[-1] if self.points else {}), left=self._left())

    def still_wanted(self, *_: Any) -> None:
        """Report that nothing has changed, so that a Cancel is heard."""
        if self.report:
            self.report(self.step, self.steps, None, **(self.points[-1] if self.points else {}), left=self._left())

    def stretch(self) -> Stretch:
        """What was collected."""
        state = self.desk.lay_down(self.step, self.start.seconds + self.lasted())
        return Stretch(self.points, self.snapshots, state, self.steps, self.diverged, self.result)

    def _forget(self) -> None:
        self.losses, self.hits, self.count, self.noted = 0.0, 0.0, 0, 0
        self.norms = np.zeros(len(LAYERS))

    def _left(self) -> float:
        """Seconds that the rest of the run takes at the speed of this stretch."""
        return self.lasted() / max(self.step - self.start.step, 1) * (self.steps - self.step)

    def _point(self) -> Point:
        part = self.digits.validation
        loss, dead, taken = (found.numpy() for found in self.desk.look(part.images, part.labels))
        point = {
            "epoch": self.step / self.each,
            "batches": float(self.step),
            "seconds": self.start.seconds + self.lasted(),
            "learning_rate": self.settings.learning_rate,
            "loss": self.losses / self.count,
            "accuracy": self.hits / self.count,
            "validation_loss": float(loss) / len(part.labels),
            "validation_accuracy": float((taken == part.labels).mean()),
        }
        point |= {f"gradient_{name}": norm / self.noted for name, norm in zip(LAYERS, self.norms, strict=True)}
        point |= {f"dead_{name}": float(share) for name, share in zip(LAYERS, dead, strict=False)}
        return {name: float(value) for name, value in point.items()}


def judge(mine: Desk, part: Part, between: Callable[[], None] = lambda: None) -> Result:
    """What the network of a desk takes some digits for; `between` is called after every batch."""
    loss, confusion = 0.0, np.zeros((data.CLASSES, data.CLASSES), int)
    for start in range(0, len(part.labels), TEST_BATCH):
        rows = slice(start, start + TEST_BATCH)
        total, _, taken = mine.look(part.images[rows], part.labels[rows])
        loss += float(total)
        np.add.at(confusion, (part.labels[rows], taken.numpy()), 1)
        between()
    return Result(loss / len(part.labels), confusion)


def kernel_picture(model: keras.Model) -> bytes:
    """The first layer's kernels side by side as a JPEG, from blue (negative) over white to orange, on one scale."""
    kernels = np.asarray(model.get_layer("l1").kernel)[:, :, 0]
    bound = float(np.abs(kernels).max())
    tiles = [
        np.kron(signed_heatmap(kernels[..., k], bound), np.ones((KERNEL_SIDE // len(kernels),) * 2 + (1,)))
        for k in range(kernels.shape[-1])
    ]
    return images.encode(contact_sheet(np.array(tiles, np.float32), columns=min(len(tiles), 9)), "jpeg", 90)


def _small(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Weights as they are kept for looking at: half as large."""
    with np.errstate(over="ignore"):  # those of a run that is about to diverge
        return [values.astype(np.float16) for values in weights]
