"""How alike are two maps, and the maps of two controls that know nothing of any network."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.stats import rankdata

from core.images import resize


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of the sizes of two maps `(h, w)`, in [-1, 1]: do they order the places alike?

    A sign is left out, as in the randomization test. 0 where a map is flat: it orders nothing.
    """
    ranks = np.stack([rankdata(np.abs(values)) for values in (one, other)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    first, second = np.linalg.norm(centred, axis=1)
    return float(centred[0] @ centred[1] / (first * second)) if first > 0 and second > 0 else 0.0


def structural_similarity(one: np.ndarray, other: np.ndarray) -> float:
    """SSIM of the sizes of two maps `(h, w)`, each scaled to a maximum of 1; at most 1. Both at least 7 x 7.

    Wang et al. 2004, Image quality assessment: from error visibility to structural similarity,
    https://doi.org/10.1109/TIP.2003.819861
    """
    from skimage.metrics import structural_similarity as ssim  # slow to import

    sizes = [np.abs(values) / max(float(np.abs(values).max()), np.finfo(np.float32).tiny) for values in (one, other)]
    return float(ssim(*sizes, data_range=1.0))


def edges(image: np.ndarray) -> np.ndarray:
    """Steepness of the grey image, Sobel's operator: `(h, w, 3)` in [0, 1] -> `(h, w)`, 0 where it is even.

    A control: it sees the image and no network, so an explanation that looks like it need not explain anything.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(image, np.float32), cv2.COLOR_RGB2GRAY)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def random_map(image: np.ndarray, seed: int | Sequence[int]) -> np.ndarray:
    """A random value in [0, 1) for every pixel of `(h, w, 3)`: a control that sees nothing at all."""
    return np.random.default_rng(seed).random(image.shape[:2], dtype=np.float32)


def enlarged(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A map at the size of the image `(h, w, 3)` that it explains, as it is shown."""
    return resize(values, *image.shape[:2])
