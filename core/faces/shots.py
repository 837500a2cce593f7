"""Pictures of people by their numbers, how each is taken drawn by lot."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.faces.capture import Capture, sample_capture
from core.faces.identity import person
from core.faces.renderer import render


def capture_of(number: int, seed: int, index: int) -> Capture:
    """How picture `index` of a person is taken: the same seed gives the same, whatever else is taken."""
    return sample_capture(np.random.default_rng([seed, number, index]))


def shot(number: int, seed: int, index: int, size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Picture `index` of a person, as `render`, taken as `capture_of` says."""
    return render(person(number), capture_of(number, seed, index), size)


def portraits(numbers: Iterable[int], rng: np.random.Generator, size: int) -> np.ndarray:
    """One picture of each of the people in turn, taken as `rng` says: `(n, size, size, 3)` float32 in [0, 1]."""
    return np.stack([render(person(int(number)), sample_capture(rng), size)[0] for number in numbers])
