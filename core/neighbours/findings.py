"""What an experiment measured, with intervals over seeds, and who wins it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.intervals import mean_interval
from core.neighbours.table import MEASURES


@dataclass(frozen=True, eq=False)
class Result:
    """What the experiment about a `constraint` measured at its `steps` `(m,)`: measure -> head -> values `(seeds, m)`.

    NaN where a head could not answer. `queries` is how many images were asked about at each step and seed, about.
    """

    constraint: str
    steps: np.ndarray
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
    """Who wins by a measure: over the steps at which all heads answered, seed by seed, on the same images.

    The best wins where the 95 % interval of its lead over each other one does not hold 0.
    """
    values = result.measures[measure]
    complete = np.all([np.isfinite(own).all(axis=0) for own in values.values()], axis=0)
    by_seed = {head: own[:, complete].mean(axis=1) for head, own in values.items()}
    means = {head: float(own.mean()) for head, own in by_seed.items()}
    best, *others = sorted(means, key=means.__getitem__, reverse=MEASURES[measure].highest_wins)
    for other in others:
        _, low, high = mean_interval((by_seed[best] - by_seed[other])[:, None])
        if low[0] <= 0 <= high[0]:
            return Verdict(means, None)
    return Verdict(means, best)
