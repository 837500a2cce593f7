"""Superpixels: the parts of an image that LIME and SHAP hide and show."""

from __future__ import annotations

import numpy as np
from skimage.segmentation import slic


def split(image: np.ndarray, count: int) -> np.ndarray:
    """Which superpixel each pixel belongs to: `(h, w)`, numbered from 0, about `count` of them.

    SLIC without a parameter (Achanta et al. 2012, https://doi.org/10.1109/TPAMI.2012.120): alike in colour, and as
    compact in a smooth part of the image as in a rough one. With one compactness for all, noise is a single part.
    """
    parts = slic(image, n_segments=count, slic_zero=True, start_label=0)
    return np.unique(parts, return_inverse=True)[1].reshape(parts.shape)


def mean_colours(image: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The image `(h, w, 3)` with every superpixel in its mean colour."""
    sizes = np.bincount(parts.ravel())
    sums = [np.bincount(parts.ravel(), image[..., colour].ravel()) for colour in range(3)]
    return (np.stack(sums, axis=-1) / sizes[:, None])[parts]
