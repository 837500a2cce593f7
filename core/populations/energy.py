"""How much of a map lies in each region of the face?"""

from __future__ import annotations

import numpy as np

from core.faces import REGIONS
from core.images import resize


def energies(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of a map's positive values in each of `REGIONS`: `(8,)`, summing to 1, or zeros where nothing is positive.

    `values` is enlarged to the `labels` `(h, w)`, numbers of `REGIONS`. Wang et al. 2019 (the energy-based pointing
    game of Score-CAM), https://arxiv.org/abs/1910.01279. A map that is the same everywhere reaches `areas`.
    """
    positive = np.maximum(resize(values, *labels.shape), 0)
    sums = np.bincount(labels.ravel(), weights=positive.ravel(), minlength=len(REGIONS))
    return sums / sums.sum() if sums.sum() > 0 else sums


def areas(labels: np.ndarray) -> np.ndarray:
    """Share of the image that each of `REGIONS` fills: `(8,)`."""
    return np.bincount(labels.ravel(), minlength=len(REGIONS)) / labels.size
