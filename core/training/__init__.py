"""The digits lab: data, a small network, a training that can be watched and stopped, and what may go wrong in it.

Importing this module imports no Keras.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from core.params import Param

ACTIVATIONS = ("relu", "sigmoid", "tanh", "elu")
INITIALIZATIONS = ("glorot", "he", "small")
OPTIMIZERS = ("adam", "sgd", "momentum", "rmsprop")
KERNEL_SIZES, WIDTHS, BATCHES = (3, 5, 7), (1, 2, 4, 6, 9, 12, 16, 24), (16, 32, 64, 128, 256, 512)
LAYERS = ("l1", "l2", "l3", "l4", "l5")
"""Layers with weights; all but the last have an activation."""
LEARNING_RATE = Param("learning_rate", default=1e-3, minimum=1e-5, maximum=10, step=0, scale="log")
EPOCHS = Param("epochs", default=10, minimum=1, maximum=100, step=1)
LABEL_NOISE = Param("label_noise", default=0, minimum=0, maximum=0.9, step=0.05, unit="share of the labels")
DROPOUT = Param("dropout", default=0, minimum=0, maximum=0.8, step=0.05, unit="share of l4's values")
SEED = Param("seed", default=0, minimum=0, maximum=999, step=1)
DRAWS = Param("draws", default=1, minimum=1, maximum=10, step=1)
"""How often a transfer is repeated, each time with other images."""
STRATEGIES = ("scratch", "frozen", "chosen", "fine_tuned")
"""How a new task may be learned: from random weights; a new last layer alone, on all filters of a trained network or on
chosen ones; or all its layers, at a small learning rate."""
TRANSFERS: dict[str, tuple[str, ...]] = {
    "people": ("conv2_2", "conv3_3", "conv4_3", "conv5_3"),
    "digits": ("l1", "l2", "l3"),
}
"""New task -> layers up to which a trained network can be taken over. "people": ten people whom MiniFace never met;
"digits": the digits 5 to 9, from a network that learned 0 to 4."""
SNAPSHOTS = 20
"""Epochs of a run whose weights are kept, beside its start."""


@dataclass(frozen=True)
class Settings:
    """All that decides a run.

    `widths` are the filters of l1, l2 and l3; `kernel_size` is of l1 and l2. `samples` digits are learned from (all
    where there are fewer), a share `label_noise` of them under a wrong label, and none of the class `without`. Pixels
    reach from 0 to 1, or to 255 unless `normalized`.
    """

    widths: tuple[int, int, int] = (9, 9, 16)
    kernel_size: int = 5
    activation: str = "relu"
    initialization: str = "glorot"
    dropout: float = 0.0
    normalized: bool = True
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    batch: int = 256
    epochs: int = 10
    samples: int = 59_000
    label_noise: float = 0.0
    without: int | None = None
    seed: int = 0

    def changed(self, default: Settings) -> dict[str, object]:
        """What differs from `default`, by name."""
        return {name: value for name, value in vars(self).items() if value != getattr(default, name)}


DEFAULTS = {"mnist": Settings(), "embedded": Settings(learning_rate=5e-3, batch=32, epochs=20, samples=1257)}
"""Source of the digits -> the report's settings, with smaller batches, more epochs and a larger rate for few digits."""
Point = dict[str, float]
"""The measurements at one step of a run: `epoch` (with fractions), `batches`, `seconds`, `learning_rate`; `loss` and
`accuracy` in training since the last point, `validation_loss` and `validation_accuracy`; for each layer the mean norm
of its gradient since then, `gradient_l1` ..., and the share of its units that answer 0 to every digit, `dead_l1` ..."""


@dataclass(frozen=True, eq=False)
class State:
    """The state of a training, to go on from: batches done, weights, and the optimizer's variables."""

    step: int
    seconds: float
    weights: list[np.ndarray]
    optimizer: list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Result:
    """Loss on the `n` test digits, and `confusion` `(10, 10)`: row i, column j counts digits i predicted as j."""

    loss: float
    confusion: np.ndarray

    @property
    def hits(self) -> int:
        """Digits that were classified correctly."""
        return int(np.trace(self.confusion))

    @property
    def n(self) -> int:
        """Digits that were classified."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of them that were classified correctly."""
        return self.hits / self.n


@dataclass(frozen=True, eq=False)
class Stretch:
    """A part of a run: its points, weights at some ends of epochs, and its state afterwards.

    `diverged` is the step at which the loss was no number any more; `result` comes with the last part.
    """

    points: list[Point]
    snapshots: dict[int, list[np.ndarray]]
    state: State
    steps: int
    diverged: int | None = None
    result: Result | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """A run so far, put together from its parts; `source` says which digits it learned from."""

    settings: Settings
    source: str
    points: list[Point] = field(default_factory=list)
    snapshots: dict[int, list[np.ndarray]] = field(default_factory=dict)
    state: State | None = None
    steps: int = 0
    diverged: int | None = None
    result: Result | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.diverged is not None or self.result is not None

    def extended(self, part: Stretch) -> Run:
        """The run with one more part."""
        return replace(
            self,
            points=[*self.points, *part.points],
            snapshots=self.snapshots | part.snapshots,
            state=part.state,
            steps=part.steps,
            diverged=part.diverged,
            result=part.result,
        )

    def column(self, name: str) -> tuple[list[float], list[float]]:
        """Epochs, and the value of that name, at every point that has one."""
        known = [point for point in self.points if name in point]
        return [point["epoch"] for point in known], [point[name] for point in known]

    def last(self, name: str) -> float:
        """The latest value of that name."""
        return self.points[-1][name]

    def at_epochs(self, name: str) -> np.ndarray:
        """The value of that name at the end of every epoch."""
        return np.array([point[name] for point in self.points if float(point["epoch"]).is_integer() and point["epoch"]])


@dataclass(frozen=True)
class TransferResult:
    """A new task learned by one of `STRATEGIES` from `samples` images of each class: hits on `n` others, seconds."""

    strategy: str
    samples: int
    hits: int
    n: int
    seconds: float


def to_csv(runs: Mapping[str, Run]) -> str:
    """Every point of every run as a line, the name of its run first."""
    names = ["run", *dict.fromkeys(name for run in runs.values() for point in run.points for name in point)]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for name, run in runs.items():
        writer.writerows({"run": name, **point} for point in run.points)
    return out.getvalue()


def snapshot_epochs(epochs: int) -> set[int]:
    """The epochs after which the weights are kept, the last among them; 0 is the start."""
    return {int(epoch) for epoch in np.rint(np.linspace(0, epochs, min(epochs, SNAPSHOTS) + 1))}
