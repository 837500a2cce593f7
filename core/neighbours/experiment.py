"""An experiment about a constraint, repeated with other seeds so that its values have intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.neighbours import NeighbourError, constraints
from core.neighbours.collection import QUERIES_EACH, Collection, Settings
from core.neighbours.constraints import Measurements
from core.neighbours.findings import Result
from core.neighbours.table import CONSTRAINTS
from core.progress import Report

Experiment = Callable[[Collection, Settings, Sequence[float]], Iterator[Measurements]]


def run(
    name: str, collection: Collection, settings: Settings, seeds: int | None = None, report: Report | None = None
) -> Result:
    """The experiment about a constraint of `CONSTRAINTS`, with so many seeds from `settings.seed` on; reports after
    every step.

    NeighbourError where the collection has too few images or people for it.
    """
    constraint = CONSTRAINTS[name]
    experiment: Experiment = getattr(constraints, name)
    steps, seeds = constraint.steps(collection, settings), seeds or constraint.seeds
    if collection.most_samples < constraint.samples:
        raise NeighbourError("few_pictures", received=collection.most_samples + 1, least=constraint.samples + 1)
    measured: list[list[Measurements]] = []
    for seed in range(seeds):
        measured.append([])
        for measurements in experiment(collection, replace(settings, seed=settings.seed + seed), steps):
            if measurements:
                measured[-1].append(measurements)
            if report:
                report(seed * len(steps) + len(measured[-1]), seeds * len(steps))
    people = min(settings.people, len(collection.album.names))
    queries = constraint.queries or people * QUERIES_EACH
    return Result(name, np.array(steps), _by_measure(constraint.measures, measured), queries)


def _by_measure(measures: Sequence[str], measured: list[list[Measurements]]) -> dict[str, dict[str, np.ndarray]]:
    """What was measured with each seed at each step, as `Result.measures`."""
    values: dict[str, dict[str, np.ndarray]] = {measure: {} for measure in measures}
    for measure, head in dict.fromkeys(key for row in measured for measurements in row for key in measurements):
        values[measure][head] = np.array([[step.get((measure, head), np.nan) for step in row] for row in measured])
    return {measure: heads for measure, heads in values.items() if heads}
