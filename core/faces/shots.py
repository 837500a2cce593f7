"""Pictures of people by their numbers, how each is taken drawn by lot."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.faces.capture import sample_capture
from core.faces.identity import person
from core.faces.renderer import render


def shot(number: int, seed: int, index: int, size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Picture `index` of a person, as `render`: the same seed gives the same, whatever else is taken."""
    return render(person(number), sample_capture(np.random.default_rng([seed, number, index])), size)


def portraits(numbers: Iterable[int], rng: np.random.Generator, size: int) -> np.ndarray:
    """One picture of each of the people in turn, taken as `rng` says: `(n, size, size, 3)` float32 in [0, 1]."""
    return np.stack([render(person(int(number)), sample_capture(rng), size)[0] for number in numbers])
