"""What a worker can be asked about training; as `core.tasks`, which says more."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import digits as data
from core.compute import Cancelled
from core.networks.entry import LayerRow
from core.training import Settings, State, Stretch, Transferred

Report = Callable[..., None]
LOOKED_AT = 1000
"""Test digits that a moment of a run is judged by: enough for a confusion matrix that comes at once."""
SWEPT = ("learning_rate", "filters")
"""What a sweep can go through; "filters" is the number of filters of every convolution."""


@dataclass(frozen=True)
class Facts:
    """Which digits are here, "mnist" or "embedded", and how many to learn from, to choose by and to judge by."""

    source: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, eq=False)
class Moment:
    """What a network with certain weights does with one digit, and with many.

    `kernels` `(kh, kw, k)` of l1; feature `maps` `(h, w, k)` by layer; Grad-CAM `cam` `(h, w)` of the first choice at
    l3, and the `probabilities` `(10,)`; `confusion` `(10, 10)` over many digits, row i column j: i taken for j.
    """

    kernels: np.ndarray
    maps: dict[str, np.ndarray]
    cam: np.ndarray
    probabilities: np.ndarray
    confusion: np.ndarray


@dataclass(frozen=True)
class Swept:
    """One run of a sweep: hits on `n` test digits, seconds that it took, and its number of weights.

    `hits` is 0 for a run that diverged.
    """

    value: float
    hits: int
    n: int
    seconds: float
    parameters: int
    diverged: bool


def facts() -> Facts:
    """What `data.load` finds."""
    digits = data.load()
    return Facts(digits.source, *(len(part.labels) for part in (digits.train, digits.validation, digits.test)))


def examples(each: int = 1) -> np.ndarray:
    """The first test digits of every class: `(10, each, 28, 28, 1)` uint8."""
    part = data.load().test
    return np.stack([part.images[np.flatnonzero(part.labels == label)[:each]] for label in range(data.CLASSES)])


def train(
    settings: Settings, state: State | None = None, *, seconds: float = float("inf"), report: Report | None = None
) -> Stretch:
    """A stretch of a run; see `core.training.loop.train`."""
    from core.training import loop

    return loop.train(settings, state, seconds=seconds, report=report)


def moment(settings: Settings, weights: list[np.ndarray], digit: np.ndarray) -> Moment:
    """What the network of a run did with a `digit` `(28, 28, 1)` uint8 when it had these weights."""
    from core.attribution.grad_cam import grad_cam
    from core.training import loop

    with loop.desk(settings) as desk:
        desk.set_weights(weights)
        picture = data.picture(digit)
        maps = {layer: desk.network.run(picture, layer)[0] for layer in ("l1", "l2", "l3")}
        cam = grad_cam(desk.network, picture, layer="l3").values
        many = data.load().test
        judged = loop.judge(desk, data.Part(many.images[:LOOKED_AT], many.labels[:LOOKED_AT]))
        kernels = np.asarray(desk.model.get_layer("l1").kernel)[:, :, 0]
        return Moment(kernels, maps, cam, desk.network.predict(picture)[0], judged.confusion)


def export(settings: Settings, weights: list[np.ndarray]) -> bytes:
    """The network of a run as a `.keras` file, from pixels in [0, 1] to logits."""
    from core.training import loop

    with loop.desk(settings) as desk, tempfile.TemporaryDirectory(prefix="glassbox-") as folder:
        desk.set_weights(weights)
        path = Path(folder) / "digits.keras"
        desk.model.save(path)
        return path.read_bytes()


def sweep(settings: Settings, name: str, values: Sequence[float], report: Report | None = None) -> list[Swept]:
    """The same run with one of `SWEPT` at each of the values; `report` counts the steps of all."""
    from core.training import loop

    n, found = len(data.load().test.labels), []
    for place, value in enumerate(values):

        def tell(step: int, steps: int, picture: bytes | None, *, before: int = place, **point: float) -> None:
            if report:
                report(before * steps + step, len(values) * steps)

        began = time.perf_counter()
        run = loop.train(varied(settings, name, value), report=tell)
        if run.result is None and run.diverged is None:
            raise Cancelled
        hits = run.result.hits if run.result else 0
        parameters = sum(weights.size for weights in run.state.weights)
        found.append(Swept(value, hits, n, time.perf_counter() - began, parameters, run.diverged is not None))
    return found


def varied(settings: Settings, name: str, value: float) -> Settings:
    """The settings with one of `SWEPT` at a value."""
    if name == "filters":
        return replace(settings, widths=(int(value),) * 3)
    return replace(settings, learning_rate=value)


def transfer(
    task: str,
    layer: str,
    channels: Sequence[int] | None,
    ways: Sequence[str],
    counts: Sequence[int],
    *,
    draws: int = 1,
    report: Report | None = None,
) -> list[Transferred]:
    """How far what was learned before helps with a new task; see `core.training.transfer.transfer`."""
    from core.training import transfer as transferring

    return transferring.transfer(task, layer, channels, ways, counts, draws=draws, report=report)


def layers(widths: tuple[int, int, int], kernel_size: int) -> list[LayerRow]:
    """The rows of the table of layers of a network with these filters."""
    from core.networks.layers import describe
    from core.training import loop

    return describe(loop.Configuration.of(Settings(widths=widths, kernel_size=kernel_size)).build(seed=0))
