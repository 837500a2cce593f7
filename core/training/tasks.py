"""What a worker can be asked about training; see `core.networks.tasks`, which says more."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import digits as data
from core.networks.entry import LayerRow
from core.progress import Cancelled, Report
from core.training import Settings, State, Stretch, TransferResult

INSPECTED = 1000
"""Test digits that an epoch of a run is inspected with: enough for a confusion matrix that comes at once."""
SWEEPABLE = ("learning_rate", "filters")
"""The settings that a sweep can vary; "filters" is the number of filters of every convolution."""


@dataclass(frozen=True)
class DatasetFacts:
    """The source of the digits, "mnist" or "embedded", and how many there are for training, validation and test."""

    source: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a network with certain weights does with one digit, and with many.

    `kernels` `(kh, kw, k)` of l1; `feature_maps` `(h, w, k)` by layer; the `grad_cam` `(h, w)` of the predicted class
    at l3, and the `probabilities` `(10,)`; `confusion` `(10, 10)` over `INSPECTED` digits: row i, column j counts
    digits i predicted as j.
    """

    kernels: np.ndarray
    feature_maps: dict[str, np.ndarray]
    grad_cam: np.ndarray
    probabilities: np.ndarray
    confusion: np.ndarray


@dataclass(frozen=True)
class SweepPoint:
    """One run of a sweep: hits on `n` test digits, seconds that it took, and its number of parameters.

    `hits` is 0 for a run that diverged.
    """

    value: float
    hits: int
    n: int
    seconds: float
    parameters: int
    diverged: bool


def dataset_facts(source: str) -> DatasetFacts:
    """How many digits a source of `core.digits` has."""
    digits = data.load(source)
    return DatasetFacts(source, *(len(part.labels) for part in (digits.train, digits.validation, digits.test)))


def examples(source: str, count: int = 1) -> np.ndarray:
    """The first `count` test digits of every class: `(10, count, 28, 28, 1)` uint8."""
    part = data.load(source).test
    return np.stack([part.images[np.flatnonzero(part.labels == label)[:count]] for label in range(data.CLASSES)])


def train(
    settings: Settings, state: State | None = None, *, seconds: float = float("inf"), report: Report | None = None
) -> Stretch:
    """A stretch of a run; see `core.training.loop.train`."""
    from core.training import loop

    return loop.train(settings, state, seconds=seconds, report=report)


def inspect(settings: Settings, weights: list[np.ndarray], digit: np.ndarray) -> Inspection:
    """What the network of a run did with a `digit` `(28, 28, 1)` uint8 when it had these weights."""
    from core.attribution.grad_cam import grad_cam
    from core.training import loop

    with loop.trainer(settings) as trainer:
        trainer.set_weights(weights)
        network, image, test = trainer.network, data.to_image(digit), data.load().test
        return Inspection(
            kernels=np.asarray(trainer.model.get_layer("l1").kernel)[:, :, 0],
            feature_maps={layer: network.run(image, layer)[0] for layer in ("l1", "l2", "l3")},
            grad_cam=grad_cam(network, image, layer="l3").values,
            probabilities=network.predict(image)[0],
            confusion=loop.evaluate(trainer, data.Part(test.images[:INSPECTED], test.labels[:INSPECTED])).confusion,
        )


def export(settings: Settings, weights: list[np.ndarray]) -> bytes:
    """The network of a run as a `.keras` file, from pixels in [0, 1] to logits."""
    from core.training import loop

    with loop.trainer(settings) as trainer, tempfile.TemporaryDirectory(prefix="glassbox-") as folder:
        trainer.set_weights(weights)
        path = Path(folder) / "digits.keras"
        trainer.model.save(path)
        return path.read_bytes()


def sweep(settings: Settings, name: str, values: Sequence[float], report: Report | None = None) -> list[SweepPoint]:
    """The same run with one of `SWEEPABLE` at each of the values; `report` counts the steps of all."""
    from core.training import loop

    n, points = len(data.load().test.labels), []
    for place, value in enumerate(values):

        def report_part(step: int, steps: int, *_: object, before: int = place, **point: float) -> None:
            if report:
                report(before * steps + step, len(values) * steps)

        began = time.perf_counter()
        run = loop.train(with_value(settings, name, value), report=report_part)
        if run.result is None and run.diverged is None:
            raise Cancelled
        points.append(
            SweepPoint(
                value,
                hits=run.result.hits if run.result else 0,
                n=n,
                seconds=time.perf_counter() - began,
                parameters=sum(weights.size for weights in run.state.weights),
                diverged=run.diverged is not None,
            )
        )
    return points


def with_value(settings: Settings, name: str, value: float) -> Settings:
    """The settings with one of `SWEEPABLE` at a value."""
    if name == "filters":
        return replace(settings, widths=(int(value),) * 3)
    return replace(settings, learning_rate=value)


def transfer(
    task: str,
    layer: str,
    channels: Sequence[int] | None,
    strategies: Sequence[str],
    counts: Sequence[int],
    *,
    draws: int = 1,
    report: Report | None = None,
) -> list[TransferResult]:
    """How far what was learned before helps with a new task; see `core.training.transfer.transfer`."""
    from core.training import transfer as learning

    return learning.transfer(task, layer, channels, strategies, counts, draws=draws, report=report)


def layers(widths: tuple[int, int, int], kernel_size: int) -> list[LayerRow]:
    """One row a layer of a network with these filters, from digit to logits."""
    from core.networks.layers import describe
    from core.training import loop

    return describe(loop.Configuration.of(Settings(widths=widths, kernel_size=kernel_size)).build(seed=0))
