"""What a worker can be asked about deployment; as `core.tasks`, which says more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core import images
from core.deployment import PRECISIONS, DeploymentError, Export, as_answer, compare, runtimes
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, cached_on_network
from core.progress import Report

KERAS = ("keras", "keras_predict")
"""Keras' two ways to answer: one compiled function, and `Model.predict`."""
SERVER = (*KERAS, *runtimes.RUNTIMES, "cpp")
"""What runs on the server, in the order in which it is shown."""
FORMAT_OF = {name: runtime.format for name, runtime in runtimes.RUNTIMES.items()} | {"cpp": "flat"}
MOST_BYTES = 200_000_000
"""Weights of a network that is exported and measured on a page; a larger one is for the command line."""
PREDICTS = 20
"""Calls of `Model.predict` in place of 100: it is slow, and no slower afterwards."""


@dataclass(frozen=True, eq=False)
class Measured:
    """How a runtime answered one picture: milliseconds of the `first` call and of the others `times` `(n,)`, the
    largest difference of a logit from Keras', whether the first choice is the same, bytes of the file (`size`), and of
    a fresh process the `cold` start in seconds and the most `memory` in bytes; None for Keras, whose are recorded.
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
    from core.deployment.export import export as make

    loaded = load(network)
    if loaded.entry.size > MOST_BYTES:
        command = f"python -m core export --network {loaded.entry.name} --format {format} --precision {precision}"
        size = loaded.entry.parameters * PRECISIONS[precision]
        most = MOST_BYTES // 10**6
        raise DeploymentError("too_large_for_page", megabytes=size // 10**6, most=most, command=command)
    shelf = _shelf(loaded)
    if (format, precision) not in shelf:
        shelf[format, precision] = make(loaded, format, precision, report)
    return shelf[format, precision]


@cached_on_network
def _shelf(network: Network) -> dict[tuple[str, str], Export]:
    """The files that were made of a network, kept with it."""
    return {}


def refusal(network: str | Entry) -> DeploymentError | None:
    """Why a network is no flat file, or None; one that is too large for a page is not looked at."""
    from core.deployment.graph import records

    loaded = load(network)
    if loaded.entry.size > MOST_BYTES:
        return None
    try:
        records(loaded)
    except DeploymentError as error:
        return error
    return None


def answers(network: str | Entry, image: np.ndarray) -> dict[str, np.ndarray]:
    """Keras' answer to a picture `(h, w, 3)` in [0, 1], as every file gives it."""
    from core.deployment.graph import compiled

    return compiled(load(network))(pixels_of(network, image))


def pixels_of(network: str | Entry, image: np.ndarray) -> np.ndarray:
    """The bytes `(s, s, 3)` uint8 that every runtime gets of a picture in [0, 1]: resized once, for all of them."""
    return images.to_uint8(load(network).stretched(image)[0])


def measure(
    network: str | Entry,
    precision: str,
    image: np.ndarray,
    runs: int,
    names: Sequence[str] = SERVER,
    report: Report | None = None,
) -> dict[str, Measured | Exception]:
    """Run one picture `(h, w, 3)` in [0, 1] through every runtime that is here: the first call, then `runs` more.

    What cannot run holds the reason. Keras runs in this process, every other in one of its own, one thread each.
    """
    from core.deployment.graph import compiled, kept_graph

    loaded = load(network)
    pixels = pixels_of(loaded.entry, image)
    keras, model = compiled(loaded), kept_graph(loaded)
    truth = keras(pixels)
    found: dict[str, Measured | Exception] = {}

    def tell() -> None:
        if report:
            report(len(found), len(names))

    for name in names:
        tell()
        if name in KERAS:
            run = keras if name == "keras" else lambda given: as_answer(model.predict(given[None], verbose=0))
            found[name] = _here(
                run, pixels, runs if name == "keras" else min(runs, PREDICTS), truth, loaded.entry, tell
            )
            continue
        try:
            found[name] = _apart(loaded.entry, name, precision, pixels, runs, truth, tell)
        except ValueError as error:
            found[name] = error
    tell()
    return found


Answer = dict[str, np.ndarray]


def _here(
    run: Callable[[np.ndarray], Answer],
    pixels: np.ndarray,
    runs: int,
    truth: Answer,
    entry: Entry,
    tell: Callable[[], None],
) -> Measured:
    times = []
    for _ in range(runs + 1):
        tell()
        began = time.perf_counter()
        answer = run(pixels)
        times.append(1000 * (time.perf_counter() - began))
    comparison = compare([answer], [truth])
    return Measured(times[0], np.array(times[1:]), comparison.logits, comparison.agreement == 1, entry.size)


def _apart(
    entry: Entry,
    name: str,
    precision: str,
    pixels: np.ndarray,
    runs: int,
    truth: Answer,
    tell: Callable[[], None],
) -> Measured:
    command = runtimes.command_of(name)
    if command is None:
        raise DeploymentError("no_compiler") if name == "cpp" else runtimes.missing(name)
    file = export(entry, FORMAT_OF[name], precision).data
    fresh = runtimes.fresh(command, file, pixels, runs, tell)
    comparison = compare([fresh.answer], [truth])
    same = comparison.agreement == 1
    return Measured(fresh.first, fresh.times, comparison.logits, same, len(file), fresh.cold, fresh.memory or None)


def traps(network: str | Entry, image: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the network gets `(s, s, 3)` uint8 of a picture `(h, w, 3)` in [0, 1] by each of `core.deployment.traps`,
    and the probabilities `(classes,)` that it then gives.
    """
    from core.deployment.graph import compiled
    from core.deployment.traps import fall_into

    loaded = load(network)
    run = compiled(loaded)
    return {
        name: (pixels, run(pixels)["probabilities"])
        for name, pixels in fall_into(image, loaded.entry.input_size).items()
    }
