"""What experiments find: measured values with intervals over seeds, and who wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.intervals import spread

CONSTRAINTS = ("newcomer", "samples", "crowd", "strangers", "erasure", "noise", "imbalance", "production")
"""The experiments of `core.neighbours.constraints`, in the order of the lab."""


@dataclass(frozen=True)
class Measure:
    """Whether a high value is the good one, and its unit: "share" in [0, 1], "seconds" or "bytes"."""

    high: bool
    unit: str


MEASURES: dict[str, Measure] = {
    "accuracy": Measure(True, "share"),
    "newcomer": Measure(True, "share"),
    "others": Measure(True, "share"),
    "seconds": Measure(False, "seconds"),
    "query": Measure(False, "seconds"),
    "bytes": Measure(False, "bytes"),
    "found": Measure(True, "share"),
    "equal_error": Measure(False, "share"),
    "still_named": Measure(False, "share"),
    "accuracy_a": Measure(True, "share"),
    "accuracy_b": Measure(True, "share"),
}


@dataclass(frozen=True, eq=False)
class Result:
    """What an experiment measured at its steps `x` `(m,)`: measure -> head -> values `(seeds, m)`.

    NaN where a head was not asked. `queries` is how many pictures were asked about at each step and seed, about.
    """

    name: str
    x: np.ndarray
    measures: dict[str, dict[str, np.ndarray]]
    queries: int


@dataclass(frozen=True)
class Verdict:
    """Means of the heads over all steps of an experiment, and the best one: None where the second is as good for all
    that so many seeds can tell.
    """

    means: dict[str, float]
    winner: str | None


def verdict(result: Result, measure: str) -> Verdict:
    """Who wins by a measure: over the steps at which all heads were asked, seed by seed, on the same pictures.

    The best wins where the 95 % interval of its lead over each other one does not hold 0.
    """
    values = result.measures[measure]
    asked = np.all([np.isfinite(own).all(axis=0) for own in values.values()], axis=0)
    own = {head: every[:, asked].mean(axis=1) for head, every in values.items()}
    means = {head: float(every.mean()) for head, every in own.items()}
    ranked = sorted(means, key=means.__getitem__, reverse=MEASURES[measure].high)
    best = ranked[0]
    for other in ranked[1:]:
        _, low, high = spread((own[best] - own[other])[:, None])
        if low[0] <= 0 <= high[0]:
            return Verdict(means, None)
    return Verdict(means, best)
