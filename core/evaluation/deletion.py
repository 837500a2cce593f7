"""Deletion and insertion: does the class vanish with the pixels that the map calls important, and come back with them?

Petsiuk et al. 2018, RISE, https://arxiv.org/abs/1806.07421
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import check_choice
from core.evaluation.similarity import enlarged
from core.networks.network import Network, batch_size

BASELINES = ("grey", "black", "mean", "blur")
"""What stands in for a deleted pixel: middle grey, black, the image's mean colour, or the image out of focus."""
BLUR = 0.1
"""Standard deviation of that blur, as a share of the image's height."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Probability of a class `(n + 1,)` when the `shares` `(n + 1,)` in [0, 1] of the pixels are changed."""

    shares: np.ndarray
    probabilities: np.ndarray

    @property
    def area(self) -> float:
        """Area under the curve, in [0, 1], by the trapezoidal rule: deletion should be small, insertion large."""
        return float(np.trapezoid(self.probabilities, self.shares))


def ranking(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Numbers of the image's pixels `(h w,)`, counted row by row, most important first by the map `values`.

    The map is enlarged to the image `(h, w, 3)`; of equal values the upper, then the left one comes first.
    """
    return np.argsort(-enlarged(values, image).ravel(), kind="stable")


def random_ranking(image: np.ndarray, seed: int = 0) -> np.ndarray:
    """The control: the pixels in random order."""
    return np.random.default_rng(seed).permutation(image.shape[0] * image.shape[1])


def backdrop(image: np.ndarray, baseline: str) -> np.ndarray:
    """What is seen in place of an image `(h, w, 3)` by one of `BASELINES`: the same shape. ChoiceError: no such."""
    check_choice("baseline", baseline, BASELINES)
    if baseline == "grey":
        return np.full_like(image, 0.5)
    if baseline == "black":
        return np.zeros_like(image)
    if baseline == "mean":
        return np.broadcast_to(image.mean(axis=(0, 1)), image.shape)
    return cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), BLUR * image.shape[0])


def changed(image: np.ndarray, order: np.ndarray, share: float, baseline: str, insert: bool = False) -> np.ndarray:
    """The image `(h, w, 3)` with the first `share` of `order` deleted, or with that share alone inserted."""
    background = backdrop(image, baseline)
    before, after = (background, image) if insert else (image, background)
    pixels = before.reshape(-1, 3).copy()
    first = order[: round(share * len(order))]
    pixels[first] = after.reshape(-1, 3)[first]
    return pixels.reshape(image.shape)


def curve(
    network: Network,
    image: np.ndarray,
    class_index: int,
    order: np.ndarray,
    *,
    steps: int = 32,
    baseline: str = "grey",
    insert: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> Curve:
    """The class's probability while the pixels in `order` are deleted from the image, or inserted into its baseline.

    `image` is `(h, w, 3)` in [0, 1], of the network's size; the pixels change in `steps` equal parts. `report(step,
    steps)` is called after every batch. NetworkError: no such class. ChoiceError: no such baseline.
    """
    network.check_class(class_index)
    shares = np.linspace(0, 1, steps + 1)
    size, probabilities = batch_size(network.entry), []
    for start in range(0, len(shares), size):
        batch = [changed(image, order, share, baseline, insert) for share in shares[start : start + size]]
        probabilities.append(network.predict(np.stack(batch))[:, class_index])
        if report:
            report(min(start + size, len(shares)), len(shares))
    return Curve(shares, np.concatenate(probabilities))
