"""Stability: does the map stay the same with another seed, and with noise that nobody sees?

A map must not depend on the seed of its method (Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421), and a map that
jumps when nothing happened explains the jump (Alvarez-Melis and Jaakkola 2018, https://arxiv.org/abs/1806.08049).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.evaluation.similarity import rank_correlation


def noisy(image: np.ndarray, count: int, noise: float = 2, seed: int = 0) -> Iterator[np.ndarray]:
    """Copies of an image `(h, w, 3)` in [0, 1] with normal noise, its standard deviation `noise` percent of white."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield np.clip(image + rng.normal(0, noise / 100, image.shape), 0, 1).astype(np.float32)


def over_noise(
    explain: Callable[[np.ndarray], np.ndarray], image: np.ndarray, *, copies: int = 4, noise: float = 2, seed: int = 0
) -> Iterator[np.ndarray]:
    """The map of an image, then those of its `noisy` copies; `explain` makes the map `(h, w)` of an image."""
    yield explain(image)
    for copy in noisy(image, copies, noise, seed):
        yield explain(copy)


def over_seeds(explain: Callable[[int], np.ndarray], seeds: Sequence[int]) -> Iterator[np.ndarray]:
    """The maps of several seeds; `explain` makes the map `(h, w)` of a seed."""
    for seed in seeds:
        yield explain(seed)


def similarity(maps: Sequence[np.ndarray]) -> float:
    """Mean rank correlation of the first map with each of the others, all of one shape: 1 where nothing changed."""
    first, *others = maps
    return float(np.mean([rank_correlation(first, other) for other in others]))
