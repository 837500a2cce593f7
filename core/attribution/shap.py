"""SHAP: what each superpixel adds to the score, averaged over all orders in which the image could be uncovered.

Lundberg and Lee 2017, https://arxiv.org/abs/1705.07874; computed by the authors' library `shap`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # the library would compile for 6 s what then runs for a millisecond

import numpy as np
from shap import PermutationExplainer

from core.attribution import SaliencyMap
from core.attribution.superpixels import mean_colours, split
from core.attribution.target import ClassTarget, hide
from core.networks.network import Network
from core.progress import Report


def shap(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    superpixels: int = 50,
    permutations: int = 5,
    seed: int = 0,
    report: Report | None = None,
) -> SaliencyMap:
    """The Shapley value of each superpixel at its pixels: `(h, w)` of the network's size, signed, in logits.

    A hidden superpixel is shown in its mean colour. In each of `permutations` random orders the superpixels are
    uncovered one by one and covered again, and the changes of the score averaged: `2 n + 1` calls for n superpixels, of
    which there are about as many as wanted. Their values sum to `y_c(x) - y_c(all hidden)` exactly. No gradient.

    `image` is `(h, w, 3)` in [0, 1]. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    parts = split(target.image, superpixels)
    background = mean_colours(target.image, parts)
    count = parts.max() + 1
    calls = permutations * (2 * count + 1)
    total = np.zeros(count)
    so_far: np.ndarray | None = None

    def scores(shown: np.ndarray) -> np.ndarray:
        logits = np.zeros(len(shown))
        for batch in target.batches(len(shown)):
            logits[batch] = target.scores(hide(target.image, shown[batch][:, parts], background))
            target.report_progress(target.calls, calls, so_far)
        return logits

    with _random_state_of_its_own():
        explainer = PermutationExplainer(scores, np.zeros((1, count)), seed=seed)
        for number in range(permutations):
            total += explainer(np.ones((1, count)), max_evals=2 * count + 1, silent=True).values[0]
            so_far = (total / (number + 1))[parts]
            target.report_progress(target.calls, calls, so_far)
    values = total / permutations
    return target.saliency_map(values[parts], superpixels=parts, shapley_values=values)


@contextmanager
def _random_state_of_its_own() -> Iterator[None]:
    """The library seeds and draws from NumPy's global generator: leave that as it was."""
    before = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(before)
