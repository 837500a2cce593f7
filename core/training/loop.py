"""Training in stretches: the state of a run comes in, some steps are made, and the new state goes back to its owner.

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

import keras
import numpy as np
import tensorflow as tf

from core import digits as data
from core import images
from core.colours import contact_sheet, heatmap
from core.digits import Digits, Part
from core.networks.network import compile_function
from core.progress import Cancelled, Report
from core.training import LAYERS, Point, Result, Settings, State, Stretch, network, snapshot_epochs

EVERY, FIRST = 0.4, 8
"""Seconds between two points of a run, and first steps that have one each: a run that goes wrong does so at once."""
TEST_BATCH = 1000
"""Digits that are classified at once."""
KERNEL_SIDE = 64
"""Side in pixels of a kernel in the image of all."""
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


class Trainer:
    """A network, its optimizer, and their compiled functions: for one training at a time."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.model = configuration.build(seed=0)
        self.network = network.as_network(self.model)
        hidden = [self.model.get_layer(name).output for name in LAYERS[:-1]]
        self.activations = keras.Model(self.model.input, [*hidden, self.model.output])
        self.optimizer = OPTIMIZERS[configuration.optimizer]()
        self.optimizer.build(self.model.trainable_variables)
        self.initial_optimizer = [np.array(variable) for variable in self.optimizer.variables]
        digits = tf.TensorSpec((None, data.SIDE, data.SIDE, 1), tf.uint8)
        labels = tf.TensorSpec((None,), tf.int32)
        self.train_step = compile_function(self._train_step, [digits, labels])
        self.test_step = compile_function(self._test_step, [digits, labels])
        for function in (self.train_step, self.test_step):
            function.get_concrete_function()  # now, not in the first step of a run, whose time is reported

    def _train_step(self, digits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """One step of training: loss, number of hits, and the norm of every layer's gradient, `(2 + 5,)`."""
        with tf.GradientTape() as tape:
            logits = self.model(_scaled(digits), training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply(gradients, variables)
        norms = [tf.linalg.global_norm(gradients[place : place + 2]) for place in range(0, len(gradients), 2)]
        return tf.stack([loss, _hits(labels, logits), *norms])

    def _test_step(self, digits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Sum of the losses, share of dead units of every hidden layer `(4,)`, and the predicted classes `(n,)`."""
        *hidden, logits = self.activations(_scaled(digits), training=False)
        loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        dead = [tf.reduce_mean(tf.cast(_peaks(outputs) <= 0, tf.float32)) for outputs in hidden]
        return loss, tf.stack(dead), tf.argmax(logits, axis=1, output_type=tf.int32)

    def restore(self, settings: Settings, state: State | None) -> State:
        """Set the weights and the optimizer's variables of a run, initial ones where `state` is None; the state."""
        if state is None:
            initial = network.weights_of(self.configuration.build(settings.seed))
            state = State(0, 0.0, initial, self.initial_optimizer)
        self.set_weights(state.weights)
        for variable, value in zip(self.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = settings.learning_rate
        return state

    def snapshot(self, step: int, seconds: float) -> State:
        """The run's state after so many steps and seconds, as copies."""
        optimizer = [np.array(variable) for variable in self.optimizer.variables]
        return State(step, seconds, network.weights_of(self.model), optimizer)

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Set the trainable weights, in the order of `network.weights_of`."""
        for variable, value in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(value)


def _scaled(digits: tf.Tensor) -> tf.Tensor:
    return tf.cast(digits, tf.float32) / 255


def _hits(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.float32))


def _peaks(outputs: tf.Tensor) -> tf.Tensor:
    """The largest value of every unit over all digits and places: `(k,)`."""
    return tf.reduce_max(tf.reshape(outputs, (-1, outputs.shape[-1])), axis=0)


_idle: dict[Configuration, list[Trainer]] = defaultdict(list)
_lock = Lock()


@contextmanager
def trainer(settings: Settings) -> Iterator[Trainer]:
    """A trainer for a network like the one of the settings, for the caller alone; kept for the next one afterwards."""
    configuration = Configuration.of(settings)
    with _lock:
        waiting = _idle.pop(configuration, [])
        own = waiting.pop() if waiting else None
        if waiting:
            _idle[configuration] = waiting
    own = own or Trainer(configuration)
    try:
        yield own
    finally:
        with _lock:
            _idle[configuration].append(own)
            while sum(map(len, _idle.values())) > MOST_IDLE:
                del _idle[next(iter(_idle))]
                gc.collect()  # networks and compiled functions hold each other


# --- the digits of a run ----------------------------------------------------------------------------------------------


def training_examples(settings: Settings, digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """The digits that a run learns from, as rows of `digits.train`, and their labels, noise included: `(n,)` each."""
    rng = np.random.default_rng([settings.seed, 1])
    rows = rng.permutation(len(digits.train.labels))
    if settings.without is not None:
        rows = rows[digits.train.labels[rows] != settings.without]
    rows = rows[: settings.samples]
    labels = digits.train.labels[rows].copy()
    wrong = rng.random(len(labels)) < settings.label_noise
    labels[wrong] = (labels[wrong] + rng.integers(1, data.CLASSES, wrong.sum())) % data.CLASSES
    return rows, labels


def steps_of(settings: Settings, digits: Digits) -> tuple[int, int]:
    """Steps of an epoch, and of the whole run."""
    rows, _ = training_examples(settings, digits)
    steps_per_epoch = -(-len(rows) // settings.batch)
    return steps_per_epoch, steps_per_epoch * settings.epochs


# --- training ---------------------------------------------------------------------------------------------------------


def train(
    settings: Settings,
    state: State | None = None,
    *,
    seconds: float = float("inf"),
    report: Report | None = None,
    digits: Digits | None = None,
) -> Stretch:
    """Train for `seconds`, or to the end of the run, from `state` or from initial weights.

    `report(step, steps, image, **point, left=...)` is called after every batch. A Cancelled that it raises ends the
    stretch as its time does: what was reached comes back. The loss is the cross-entropy in nats; one that is no number
    any more ends the run. `digits` are by default those of `core.digits.load`.
    """
    digits = digits or data.load()
    rows, labels = training_examples(settings, digits)
    with trainer(settings) as own:
        recorder = _Recorder(own, settings, digits, own.restore(settings, state), report)
        try:
            for batch in _batches(settings, len(rows), recorder.step, recorder.steps):
                outcome = own.train_step(digits.train.images[rows[batch]], labels[batch]).numpy()
                recorder.add_step(outcome, len(batch))
                if recorder.diverged is not None:
                    break
                recorder.report_step()
                if recorder.elapsed() > seconds:
                    break
            if recorder.step == recorder.steps and recorder.diverged is None:
                recorder.result = evaluate(own, digits.test, recorder.report_unchanged)
        except Cancelled:
            pass
        return recorder.stretch()


def _batches(settings: Settings, count: int, first: int, steps: int) -> Iterator[np.ndarray]:
    """Rows of the batches from step `first` to `steps`; every epoch goes through all `count` digits in an order of its
    own."""
    steps_per_epoch = steps // settings.epochs
    for step in range(first, steps):
        epoch, place = divmod(step, steps_per_epoch)
        if place == 0 or step == first:
            order = np.random.default_rng([settings.seed, 2, epoch]).permutation(count)
        yield order[place * settings.batch : (place + 1) * settings.batch]


class _Recorder:
    """What is recorded while a stretch of a run goes on."""

    def __init__(self, own: Trainer, settings: Settings, digits: Digits, state: State, report: Report | None) -> None:
        self.trainer, self.settings, self.digits, self.initial, self.report = own, settings, digits, state, report
        self.steps_per_epoch, self.steps = steps_of(settings, digits)
        self.step = state.step
        self.snapshot_epochs = snapshot_epochs(settings.epochs)
        self.points: list[Point] = []
        self.snapshots: dict[int, list[np.ndarray]] = {}
        self.diverged: int | None = None
        self.result: Result | None = None
        self.began = self.last_point = time.perf_counter()
        self._reset_means()
        if self.step == 0:
            self.snapshots[0] = _halved(state.weights)
        self.report_unchanged()

    def elapsed(self) -> float:
        """Seconds of this stretch."""
        return time.perf_counter() - self.began

    def add_step(self, outcome: np.ndarray, count: int) -> None:
        """Add what a step on `count` digits returned: loss, hits, and the norms of the gradients."""
        self.step += 1
        self.losses += outcome[0] * count
        self.hits += outcome[1]
        self.norms += outcome[2:]
        self.digits_seen += count
        self.steps_seen += 1
        if not np.isfinite(outcome[0]):
            self.diverged = self.step

    def report_step(self) -> None:
        """Report; after a while, and at the end of an epoch, with a new point."""
        image = None
        epoch_ends = self.step % self.steps_per_epoch == 0
        now = time.perf_counter()
        if epoch_ends or self.step <= FIRST or now - self.last_point >= EVERY:
            point = self._point()
            if np.isfinite(point["validation_loss"]):  # else the next step says that the run diverged
                self.points.append(point)
            if now - self.last_point >= EVERY or self.step == self.steps:
                self.last_point, image = now, kernel_image(self.trainer.model)
            self._reset_means()
        epoch = self.step // self.steps_per_epoch
        if epoch_ends and epoch in self.snapshot_epochs:
            self.snapshots[epoch] = _halved(network.weights_of(self.trainer.model))
        self._report(image)

    def report_unchanged(self) -> None:
        """Report that nothing has changed, so that a Cancel is heard."""
        self._report(None)

    def stretch(self) -> Stretch:
        """What was recorded."""
        state = self.trainer.snapshot(self.step, self.initial.seconds + self.elapsed())
        return Stretch(self.points, self.snapshots, state, self.steps, self.diverged, self.result)

    def _report(self, image: bytes | None) -> None:
        if self.report:
            point = self.points[-1] if self.points else {}
            self.report(self.step, self.steps, image, **point, left=self._seconds_left())

    def _reset_means(self) -> None:
        self.losses, self.hits, self.digits_seen, self.steps_seen = 0.0, 0.0, 0, 0
        self.norms = np.zeros(len(LAYERS))

    def _seconds_left(self) -> float:
        """Seconds that the rest of the run takes at the speed of this stretch."""
        return self.elapsed() / max(self.step - self.initial.step, 1) * (self.steps - self.step)

    def _point(self) -> Point:
        part = self.digits.validation
        loss, dead, predicted = (output.numpy() for output in self.trainer.test_step(part.images, part.labels))
        point = {
            "epoch": self.step / self.steps_per_epoch,
            "batches": float(self.step),
            "seconds": self.initial.seconds + self.elapsed(),
            "learning_rate": self.settings.learning_rate,
            "loss": self.losses / self.digits_seen,
            "accuracy": self.hits / self.digits_seen,
            "validation_loss": float(loss) / len(part.labels),
            "validation_accuracy": float((predicted == part.labels).mean()),
        }
        point |= {f"gradient_{name}": norm / self.steps_seen for name, norm in zip(LAYERS, self.norms, strict=True)}
        point |= {f"dead_{name}": float(share) for name, share in zip(LAYERS, dead, strict=False)}
        return {name: float(value) for name, value in point.items()}


def evaluate(own: Trainer, part: Part, after_batch: Callable[[], None] = lambda: None) -> Result:
    """Loss and confusion matrix of a trainer's network on some digits."""
    loss, confusion = 0.0, np.zeros((data.CLASSES, data.CLASSES), int)
    for start in range(0, len(part.labels), TEST_BATCH):
        rows = slice(start, start + TEST_BATCH)
        total, _, predicted = own.test_step(part.images[rows], part.labels[rows])
        loss += float(total)
        np.add.at(confusion, (part.labels[rows], predicted.numpy()), 1)
        after_batch()
    return Result(loss / len(part.labels), confusion)


def kernel_image(model: keras.Model) -> bytes:
    """The first layer's kernels side by side as a JPEG, from blue (negative) over white to orange, on one scale."""
    kernels = np.asarray(model.get_layer("l1").kernel)[:, :, 0]
    bound = float(np.abs(kernels).max())
    tiles = [
        np.kron(heatmap(kernels[..., k], high=bound, signed=True), np.ones((KERNEL_SIDE // len(kernels),) * 2 + (1,)))
        for k in range(kernels.shape[-1])
    ]
    return images.encode(contact_sheet(np.array(tiles, np.float32), columns=min(len(tiles), 9)), "jpeg", 90)


def _halved(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Weights in half precision, as snapshots hold them."""
    with np.errstate(over="ignore"):  # those of a run that is about to diverge
        return [values.astype(np.float16) for values in weights]
