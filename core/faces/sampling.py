"""Captures of people by their numbers, drawn at random."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.faces.capture import Capture, sample_capture
from core.faces.identity import person
from core.faces.renderer import REGIONS, render


def capture_of(number: int, seed: int, index: int) -> Capture:
    """Capture `index` of a person: the same seed gives the same, whatever else is drawn."""
    return sample_capture(np.random.default_rng([seed, number, index]))


def render_capture(number: int, seed: int, index: int, size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Capture `index` of a person, rendered: image and masks as of `render`."""
    return render(person(number), capture_of(number, seed, index), size)


def render_portraits(numbers: Iterable[int], rng: np.random.Generator, size: int) -> np.ndarray:
    """One image of each of the people in turn, its capture drawn from `rng`: `(n, size, size, 3)` float32 in [0, 1]."""
    return np.stack([render(person(int(number)), sample_capture(rng), size)[0] for number in numbers])


def label_map(regions: dict[str, np.ndarray]) -> np.ndarray:
    """The masks of `render` as one map, the index in `REGIONS` of each pixel's region: `(h, w)` uint8."""
    return np.argmax([regions[name] for name in REGIONS], axis=0).astype(np.uint8)
