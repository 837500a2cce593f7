"""The images that channels are judged by, always the same ones: no network here learned from them."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from core import digits, faces
from core.networks.entry import Entry
from core.networks.network import SMALL_BATCH, batch_size

HEALTH_CAPTURES, FEW_HEALTH_CAPTURES, HEALTH_SEED = 64, 8, 42
"""Captures of `health_images`: many for a small network, few for a large one, so that both take a second."""
CAPTURES_OF_EACH = 4
"""Captures of each person in `held_out_images`, for a small network."""


def held_out_images(entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, size, size, 3)` in [0, 1] with their labels `(n,)`: several captures of every person, one of each for
    a large network. For a network of digits, its test digits.
    """
    if entry.subject == "digit":
        held_out = digits.embedded().test
        return digits.to_image(held_out.images), held_out.labels
    each = CAPTURES_OF_EACH if batch_size(entry) == SMALL_BATCH else 1
    return _captures_of_everybody(each, entry.input_size), np.repeat(np.arange(faces.PEOPLE), each)


@lru_cache(maxsize=2)
def _captures_of_everybody(each: int, size: int) -> np.ndarray:
    numbers = product(range(faces.PEOPLE), range(each))
    return np.stack([faces.render_capture(person, HEALTH_SEED, index, size)[0] for person, index in numbers])


def health_images(entry: Entry) -> np.ndarray:
    """The images of `channel_health`, `(n, size, size, 3)`: people in turn, each in another capture, or test digits."""
    if entry.subject == "digit":
        return held_out_images(entry)[0]
    count = HEALTH_CAPTURES if batch_size(entry) == SMALL_BATCH else FEW_HEALTH_CAPTURES
    return _captures_in_turn(count, entry.input_size)


@lru_cache(maxsize=3)
def _captures_in_turn(count: int, size: int) -> np.ndarray:
    people = (number % faces.PEOPLE for number in range(count))
    return faces.render_portraits(people, np.random.default_rng(HEALTH_SEED), size)
