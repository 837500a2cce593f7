"""The captures that channels are judged by: always the same ones."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core import digits, faces
from core.networks.entry import Entry
from core.networks.network import SMALL_BATCH, batch_size

HEALTH_CAPTURES, FEW_HEALTH_CAPTURES, HEALTH_SEED = 64, 8, 42
"""Captures that channels are judged by: many for a small network, few for a large one, so that both take a second."""
REFERENCE_CAPTURES = 4
"""Captures of each person among which the patches are looked for that excite a channel most."""


def reference_captures(entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """Captures `(n, size, size, 3)` of every person, and who is on them `(n,)`; one each for a large network.

    For a network of digits, the digits that it is judged by, and what they are.
    """
    if entry.subject == "digit":
        held_out = digits.embedded().test
        return digits.picture(held_out.images), held_out.labels
    each = REFERENCE_CAPTURES if batch_size(entry) == SMALL_BATCH else 1
    return _references(each, entry.input_size), np.repeat(np.arange(faces.PEOPLE), each)


@lru_cache(maxsize=2)
def _references(each: int, size: int) -> np.ndarray:
    return np.stack([faces.shot(n, HEALTH_SEED, k, size)[0] for n in range(faces.PEOPLE) for k in range(each)])


def health_captures(entry: Entry) -> np.ndarray:
    """The pictures of `channel_health`, `(n, size, size, 3)`: people in turn, each taken in another way, or digits."""
    if entry.subject == "digit":
        return reference_captures(entry)[0]
    count = HEALTH_CAPTURES if batch_size(entry) == SMALL_BATCH else FEW_HEALTH_CAPTURES
    return _captures(count, entry.input_size)


@lru_cache(maxsize=3)
def _captures(count: int, size: int) -> np.ndarray:
    people = (number % faces.PEOPLE for number in range(count))
    return faces.portraits(people, np.random.default_rng(HEALTH_SEED), size)
