"""From images to what a network was trained on: `(n, h, w, 3)` RGB in [0, 1] -> `(n, h, w, c)` float32.

c is 3, or 1 for a network of grey images.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CAFFE = (103.939, 116.779, 123.68)
VGGFACE1 = (93.5940, 104.7624, 129.1863)
VGGFACE2 = (91.4953, 103.8827, 131.0912)
"""Means of blue, green and red over the training images, each in [0, 255]."""
TORCH_MEAN, TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of red, green and blue, each in [0, 1]."""
LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue add to grey (ITU-R BT.601, https://www.itu.int/rec/R-REC-BT.601)."""


def _centred_bgr(mean: tuple[float, float, float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda images: images[..., ::-1] * np.float32(255) - np.array(mean, np.float32)


PREPROCESSING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "unit": lambda images: images,
    "grey": lambda images: images @ np.array(LUMA, np.float32)[:, None],
    "bytes": lambda images: images * np.float32(255),
    "tf": lambda images: images * np.float32(2) - np.float32(1),
    "torch": lambda images: (images - np.array(TORCH_MEAN, np.float32)) / np.array(TORCH_DEVIATION, np.float32),
    "caffe": _centred_bgr(CAFFE),
    "vggface1": _centred_bgr(VGGFACE1),
    "vggface2": _centred_bgr(VGGFACE2),
}
"""Mode -> function. "tf", "torch" and "caffe" are the modes of `keras.applications`, named after the library whose
networks wanted them first; "vggface1" and "vggface2" are versions 1 and 2 of keras-vggface; "unit" leaves [0, 1];
"grey" makes one channel of three."""
