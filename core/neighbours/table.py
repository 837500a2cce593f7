"""The constraints under which the heads are compared, and the measures by which somebody wins.

What a constraint does is the function of its name in `core.neighbours.constraints`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.neighbours.collection import Collection, Settings

SHOTS = (1, 2, 3, 5, 7, 10)
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
ALARMS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""Shares of the strangers that are let in."""
SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
"""Embeddings in a gallery."""
CROWD_EACH, CROWD_QUERIES = 10, 200
"""Images that everybody of a crowd enrols, and how many are asked about."""


@dataclass(frozen=True)
class Measure:
    """Whether the highest value wins, or the lowest; shares are in [0, 1]."""

    highest_wins: bool
    unit: Literal["share", "seconds", "bytes"]


MEASURES: dict[str, Measure] = {
    "accuracy": Measure(True, "share"),
    "newcomer": Measure(True, "share"),
    "others": Measure(True, "share"),
    "seconds": Measure(False, "seconds"),
    "query": Measure(False, "seconds"),
    "bytes": Measure(False, "bytes"),
    "identified": Measure(True, "share"),
    "equal_error": Measure(False, "share"),
    "still_named": Measure(False, "share"),
    "accuracy_a": Measure(True, "share"),
    "accuracy_b": Measure(True, "share"),
}


@dataclass(frozen=True)
class Constraint:
    """A constraint of real life: `steps` of an experiment for a collection, and its `measures`, the first one first.

    It is repeated with so many `seeds`. Its steps are drawn on an `axis` of numbers, their logarithms, or shares in
    percent. One `in_crowd` is about more people than others are: it takes the stored thousand where they are there.
    Everybody needs `samples` images to enrol, and `queries` are asked about at each step, or, by default, some of
    everybody.
    """

    measures: tuple[str, ...]
    steps: Callable[[Collection, Settings], Sequence[float]]
    axis: Literal["linear", "log", "percent"] = "linear"
    seeds: int = 5
    in_crowd: bool = False
    samples: int = 1
    queries: int | None = None


def _shots(collection: Collection, settings: Settings) -> list[float]:
    return [float(count) for count in SHOTS if count <= collection.most_samples]


def _crowds(collection: Collection, settings: Settings) -> list[float]:
    most = CROWD_EACH * len(collection.album.names)
    return [float(size) for size in SIZES if size <= most]


def _people(collection: Collection, settings: Settings) -> list[float]:
    most = min(settings.people, len(collection.album.names))
    return [float(count) for count in sorted({max(round(most * share), 3) for share in (0.25, 0.5, 0.75, 1)})]


CONSTRAINTS: dict[str, Constraint] = {
    "newcomer": Constraint(("newcomer", "seconds", "others"), _shots),
    "samples": Constraint(("accuracy",), _shots),
    "crowd": Constraint(
        ("accuracy", "query", "bytes"),
        _crowds,
        axis="log",
        seeds=3,
        in_crowd=True,
        samples=CROWD_EACH,
        queries=CROWD_QUERIES,
    ),
    "strangers": Constraint(("identified", "equal_error"), lambda *_: ALARMS, axis="percent"),
    "erasure": Constraint(("seconds", "still_named"), _people),
    "noise": Constraint(("accuracy",), lambda *_: NOISES, axis="percent"),
    "imbalance": Constraint(("accuracy_b", "accuracy_a"), _shots),
    "production": Constraint(("query", "bytes", "seconds"), _people),
}
"""Constraints in the order of the lab."""
