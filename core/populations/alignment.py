"""Faces of many images brought into one frame, so that their mean is a face and not a fog."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from core import faces
from core.faces import REGIONS
from core.images import Box

REFERENCE_LANDMARKS = np.array([[0.36, 0.46], [0.64, 0.46], [0.50, 0.72]])
"""Where both eyes and the mouth come to lie, in shares of the aligned image: the whole head is in it."""
SIDE = 56
"""Pixels a side of an aligned map."""
BOX_LANDMARKS = np.array([[0.30, 0.41], [0.70, 0.41], [0.50, 0.82]])
"""Eyes and mouth in the box of OpenCV's face detector, in shares of its side: medians over rendered captures."""
TYPICAL_CAPTURES = 64
"""Rendered captures whose regions are the average proportions of a face."""


def landmarks_in_box(face: Box, image: Box) -> np.ndarray:
    """Eyes and mouth `(3, 2)` in shares of the square `image`, from average proportions in the detector's box."""
    return ((face.left, face.top) + BOX_LANDMARKS * face.size - (image.left, image.top)) / image.size


def align(values: np.ndarray, landmarks: np.ndarray, side: int = SIDE, *, labels: bool = False) -> np.ndarray:
    """An image `(h, w, 3)` or a map `(h, w)` turned, scaled and shifted until its landmarks lie as
    `REFERENCE_LANDMARKS`.

    `landmarks` `(3, 2)` are eyes and mouth in shares of the image; the fit is the similarity of least squares (Umeyama
    1991, https://doi.org/10.1109/34.88573), so that a face keeps its proportions. Beyond its edges an image goes on
    with its last pixels, and a map is 0. Values are interpolated, but those of `labels` `(h, w)` are taken over as they
    are, and go on too. Returns `(side, side, ...)`.
    """
    from skimage.transform import SimilarityTransform  # slow to import

    height, width = values.shape[:2]
    fit = SimilarityTransform.from_estimate(landmarks * (width, height) - 0.5, REFERENCE_LANDMARKS * side - 0.5)
    interpolation = cv2.INTER_NEAREST if labels else cv2.INTER_LINEAR
    border = cv2.BORDER_REPLICATE if labels or values.ndim == 3 else cv2.BORDER_CONSTANT
    return cv2.warpAffine(values, fit.params[:2], (side, side), flags=interpolation, borderMode=border)


@lru_cache(maxsize=1)
def typical_regions() -> np.ndarray:
    """The most frequent region of each pixel of an aligned face, numbers of `REGIONS` `(SIDE, SIDE)` uint8.

    These are the average proportions of rendered faces: the regions of a photo are not known.
    """
    counts = np.zeros((len(REGIONS), SIDE, SIDE), int)
    for person in range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + TYPICAL_CAPTURES):
        capture = faces.sample_capture(np.random.default_rng(person))
        masks = faces.render(faces.person(person), capture, 2 * SIDE)[1]
        landmarks = faces.landmarks(faces.person(person), capture)
        counts += [align(mask.astype(np.uint8), landmarks, labels=True) for mask in masks.values()]
    return counts.argmax(axis=0).astype(np.uint8)
