"""What a worker can be asked about deployment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core import images
from core.deployment import DeploymentError, Export, compare, file_size
from core.deployment.runtimes import RUNTIMES, Runtime, measure_process
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, cached_on_network
from core.progress import Report

MOST_BYTES = 200_000_000
"""Weights of a network that is exported and measured on a page; a larger one is for the command line."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """How a runtime answered one image: milliseconds of the `first` call and of the others `times` `(n,)`, the largest
    difference of a logit from Keras', whether the predicted class is the same, bytes of the file (`size`), and of a
    fresh process the `cold` start in seconds and the most `memory` in bytes; None for Keras, whose are recorded.
    """

    first: float
    times: np.ndarray
    difference: float
    same: bool
    size: int
    cold: float | None = None
    memory: int | None = None


def export(network: str | Entry, format: str, precision: str, report: Report | None = None) -> Export:
    """A network as a file, made once in this process; see `core.deployment.export.export`.

    DeploymentError also for a network whose weights take more than `MOST_BYTES`.
    """
    from core.deployment.export import export

    loaded = load(network)
    entry, exports = loaded.entry, _exports(loaded)
    if entry.size > MOST_BYTES:
        command = f"python -m core export --network {entry.name} --format {format} --precision {precision}"
        megabytes, most = file_size(entry.parameters, precision) // 10**6, MOST_BYTES // 10**6
        raise DeploymentError("too_large_for_page", megabytes=megabytes, most=most, command=command)
    if (format, precision) not in exports:
        exports[format, precision] = export(loaded, format, precision, report)
    return exports[format, precision]


@cached_on_network
def _exports(network: Network) -> dict[tuple[str, str], Export]:
    """The files that were made of a network, cached on it by format and precision."""
    return {}


def flat_file_refusal(network: str | Entry) -> DeploymentError | None:
    """Why a network cannot be a flat file, or None; one that is too large for a page is not examined."""
    from core.deployment.graph import records

    loaded = load(network)
    if loaded.entry.size > MOST_BYTES:
        return None
    try:
        records(loaded)
    except DeploymentError as error:
        return error
    return None


def predict(network: str | Entry, image: np.ndarray) -> dict[str, np.ndarray]:
    """Keras' `OUTPUTS` for an image `(h, w, 3)` in [0, 1], by the graph that every file holds."""
    from core.deployment.graph import compiled

    return compiled(load(network))(to_pixels(network, image))


def to_pixels(network: str | Entry, image: np.ndarray) -> np.ndarray:
    """The bytes `(s, s, 3)` uint8 that every runtime gets of an image in [0, 1]: resized once, for all of them."""
    return images.to_uint8(load(network).resized(image)[0])


def measure(
    network: str | Entry,
    precision: str,
    image: np.ndarray,
    runs: int,
    names: Sequence[str] = tuple(RUNTIMES),
    report: Report | None = None,
) -> dict[str, Measurement | Exception]:
    """Run one image `(h, w, 3)` in [0, 1] through every one of the `RUNTIMES` that is here: the first call, then `runs`
    more.

    What cannot run holds the reason. Keras runs in this process, every other in one of its own, one thread each.
    """
    entry = load(network).entry
    pixels, expected = to_pixels(entry, image), predict(entry, image)
    measurements: dict[str, Measurement | Exception] = {}

    def keep_alive() -> None:
        if report:
            report(len(measurements), len(names))

    for name in names:
        keep_alive()
        runtime = RUNTIMES[name]
        try:
            if runtime.format is None:
                measurements[name] = _measure_here(runtime, entry, pixels, runs, expected, keep_alive)
            else:
                command, file = runtime.command(), export(entry, runtime.format, precision).data
                measurements[name] = measure_file(command, file, pixels, runs, expected, keep_alive)
        except ValueError as error:
            measurements[name] = error
    keep_alive()
    return measurements


def _measure_here(
    runtime: Runtime,
    entry: Entry,
    pixels: np.ndarray,
    runs: int,
    expected: dict[str, np.ndarray],
    keep_alive: Callable[[], None],
) -> Measurement:
    """A runtime that takes the loaded network itself, in this process."""
    assert runtime.open is not None
    run = runtime.open(load(entry))
    times = []
    for _ in range(min(runs, runtime.most_calls or runs) + 1):
        keep_alive()
        began = time.perf_counter()
        outputs = run(pixels)
        times.append(1000 * (time.perf_counter() - began))
    comparison = compare([outputs], [expected])
    return Measurement(times[0], np.array(times[1:]), comparison.logits, comparison.agreement == 1, entry.size)


def measure_file(
    command: list[str],
    file: bytes,
    pixels: np.ndarray,
    runs: int,
    expected: dict[str, np.ndarray],
    keep_alive: Callable[[], None] = lambda: None,
) -> Measurement:
    """A program that is given a network's file, pixels `(h, w, 3)` uint8 and a number of runs, beside the `expected`
    outputs; see `measure_process`.
    """
    process = measure_process(command, file, pixels, runs, keep_alive)
    comparison = compare([process.outputs], [expected])
    return Measurement(
        process.first,
        process.times,
        comparison.logits,
        comparison.agreement == 1,
        len(file),
        process.cold,
        process.memory or None,
    )


def traps(network: str | Entry, image: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By each of `core.deployment.traps`, what the network gets of an image `(h, w, 3)` in [0, 1], `(s, s, 3)` uint8,
    and the probabilities `(classes,)` that it then gives.
    """
    from core.deployment.graph import compiled
    from core.deployment.traps import trapped

    loaded = load(network)
    run = compiled(loaded)
    return {
        name: (pixels, run(pixels)["probabilities"]) for name, pixels in trapped(image, loaded.entry.input_size).items()
    }
