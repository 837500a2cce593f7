"""An epoch of the training lab, with all that is watched, against a bare Keras `fit` of the same network.

    python -m benchmarks.training [--quick] [--rounds 3] [--json]

60,000 digits in batches of 256, the report's network, Adam. Each round times one epoch of either, in turn, after one
epoch that nobody counts: the ratio is of the medians. Where MNIST is not here the embedded digits are repeated until
there are 60,000 of them: a network takes as long for the one as for the other. `cancel` is how long the training goes
on in a worker after it was cancelled, the longest of several.
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import replace

import keras
import numpy as np

from benchmarks.common import options
from core import digits as data
from core.compute import connect
from core.digits import Digits, Part
from core.progress import Cancelled
from core.training import Settings, State, loop, tasks

DIGITS, QUICK_DIGITS = 60_000, 6_000
BATCH = 256
CANCELS = 5


def digits(count: int) -> Digits:
    """`count` training digits, repeated where there are fewer; the rest as it is."""
    found = data.load()
    rows = np.arange(count) % len(found.train.labels)
    return replace(found, train=Part(found.train.images[rows], found.train.labels[rows]))


def bare(part: Part) -> keras.Model:
    """The report's network, ready for `fit`."""
    model = loop.Configuration.of(Settings()).build(seed=0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(Settings().learning_rate), loss, metrics=["accuracy"])
    return model


class Lab:
    """Epoch after epoch of a run, as the page trains it."""

    def __init__(self, found: Digits) -> None:
        self.digits = found
        self.settings = Settings(batch=BATCH, epochs=1000, samples=len(found.train.labels))
        self.state: State | None = None
        self.each, _ = loop.steps_of(self.settings, found)

    def epoch(self) -> None:
        """One epoch; it is cancelled after its last step, as a student would."""
        start = self.state.step if self.state else 0

        def report(step: int, *_: object, **__: object) -> None:
            if step >= start + self.each:
                raise Cancelled

        self.state = loop.train(self.settings, self.state, report=report, digits=self.digits).state


def cancels() -> list[float]:
    """Seconds from a Cancel to the end of the job, several times at different moments of a run in a worker."""
    compute = connect()
    settings = Settings(batch=BATCH, epochs=100)
    try:
        compute.call(tasks.facts)
        found = []
        for number in range(CANCELS):
            job = compute.submit(tasks.train, settings)
            while not (job.progress() and job.progress().step > number):
                time.sleep(0.05)
            time.sleep(0.3 + 0.13 * number)
            began = time.perf_counter()
            job.cancel()
            job.result()
            found.append(time.perf_counter() - began)
        return found
    finally:
        compute.close()


def main() -> None:
    """Measure and print."""
    given = options(__doc__, f"{QUICK_DIGITS} digits in place of {DIGITS}")
    found = digits(QUICK_DIGITS if given.quick else DIGITS)
    part = found.train
    model, lab = bare(part), Lab(found)
    inputs = part.images / np.float32(255)
    seconds: dict[str, list[float]] = {"fit": [], "lab": []}
    for turn in range(given.rounds + 1):
        for name, epoch in (("fit", lambda: model.fit(inputs, part.labels, BATCH, 1, verbose=0)), ("lab", lab.epoch)):
            began = time.perf_counter()
            epoch()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    measured = {
        "digits": len(part.labels),
        "source": found.source,
        "fit_seconds": medians["fit"],
        "lab_seconds": medians["lab"],
        "ratio": medians["lab"] / medians["fit"],
        "rounds": seconds,
        "cancel_seconds": max(cancels()),
    }
    print(f"one epoch of {measured['digits']:,} digits: fit {medians['fit']:.2f} s, lab {medians['lab']:.2f} s")
    print(f"ratio {measured['ratio']:.2f}; Cancel within {measured['cancel_seconds']:.2f} s")
    if given.json:
        print(json.dumps(measured))


if __name__ == "__main__":
    main()
