"""Faces of many pictures brought into one frame, so that a mean of them is a face and not a fog."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from core import faces
from core.faces import REGIONS
from core.images import Box

FRAME = np.array([[0.36, 0.46], [0.64, 0.46], [0.50, 0.72]])
"""Where both eyes and the mouth come to lie, in shares of the aligned picture: the whole head is in it."""
SIDE = 56
"""Pixels a side of an aligned map."""
IN_BOX = np.array([[0.30, 0.41], [0.70, 0.41], [0.50, 0.82]])
"""Eyes and mouth in the box of OpenCV's face detector, in shares of its side: medians over rendered captures."""
TYPICAL = 64
"""Rendered captures whose regions are the average proportions of a face."""


def points_in(face: Box, picture: Box) -> np.ndarray:
    """Eyes and mouth `(3, 2)` in shares of the square `picture`, from average proportions in the detector's box."""
    return ((face.left, face.top) + IN_BOX * face.size - (picture.left, picture.top)) / picture.size


def aligned(values: np.ndarray, points: np.ndarray, side: int = SIDE, *, labels: bool = False) -> np.ndarray:
    """An image `(h, w, 3)` or a map `(h, w)` turned, scaled and shifted until its `points` lie as in `FRAME`.

    `points` `(3, 2)` are eyes and mouth in shares of the picture; the fit is the similarity of least squares (Umeyama
    1991, https://doi.org/10.1109/34.88573), so that a face keeps its proportions. Beyond the picture's edges an image
    goes on with its last pixels, and a map is 0. Values are interpolated, but those of `labels` `(h, w)` are taken over
    as they are, and go on too. Returns `(side, side, ...)`.
    """
    from skimage.transform import SimilarityTransform  # slow to import

    height, width = values.shape[:2]
    fit = SimilarityTransform.from_estimate(points * (width, height) - 0.5, FRAME * side - 0.5)
    way = cv2.INTER_NEAREST if labels else cv2.INTER_LINEAR
    edge = cv2.BORDER_REPLICATE if labels or values.ndim == 3 else cv2.BORDER_CONSTANT
    return cv2.warpAffine(values, fit.params[:2], (side, side), flags=way, borderMode=edge)


@lru_cache(maxsize=1)
def typical_regions() -> np.ndarray:
    """The most frequent region of each pixel of an aligned face, numbers of `REGIONS` `(SIDE, SIDE)` uint8.

    The average proportions of rendered faces: of a photo nobody knows the regions.
    """
    counts = np.zeros((len(REGIONS), SIDE, SIDE), int)
    for person in range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + TYPICAL):
        capture = faces.sample_capture(np.random.default_rng(person))
        masks = faces.render(faces.person(person), capture, 2 * SIDE)[1]
        points = faces.landmarks(faces.person(person), capture)
        counts += [aligned(mask.astype(np.uint8), points, labels=True) for mask in masks.values()]
    return counts.argmax(axis=0).astype(np.uint8)
