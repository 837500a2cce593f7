"""Mistakes that everybody makes once when a network leaves Python: the right network gets the wrong numbers."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image as Pillow

from core import images

Trap = Callable[[np.ndarray, int], np.ndarray]


def _resized(interpolation: int) -> Trap:
    return lambda image, size: cv2.resize(images.to_uint8(image), (size, size), interpolation=interpolation)


def _pillow(image: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Pillow.fromarray(images.to_uint8(image)).resize((size, size), Pillow.Resampling.BILINEAR))


def _right(image: np.ndarray, size: int) -> np.ndarray:
    return images.to_uint8(images.resize(image, size, size))


def _jpeg(image: np.ndarray, size: int) -> np.ndarray:
    file = images.encode(images.from_uint8(_right(image, size)), "jpeg", 75)
    return np.asarray(Pillow.open(io.BytesIO(file)))


TRAPS: dict[str, Trap] = {
    "right": _right,
    "bgr": lambda image, size: _right(image, size)[..., ::-1],
    "scaled_twice": lambda image, size: np.rint(_right(image, size) / 255).astype(np.uint8),
    "centred": lambda image, size: (_right(image, size).astype(np.int16) - 128).astype(np.uint8),
    "rows_for_columns": lambda image, size: _right(image, size).swapaxes(0, 1),
    "planes": lambda image, size: _right(image, size).transpose(2, 0, 1).reshape(size, size, 3),
    "nearest": _resized(cv2.INTER_NEAREST),
    "bilinear": _resized(cv2.INTER_LINEAR),
    "pillow": _pillow,
    "jpeg": _jpeg,
}
"""Name -> function of an image `(h, w, 3)` in [0, 1] and the network's size, which gives the bytes `(s, s, 3)` that
the network then gets. "right" is what this lab does; "scaled_twice" divides by 255 what the graph divides again;
"centred" subtracts 128 and lets bytes overflow; "planes" hands in all reds, then all greens, then all blues."""


def trapped(image: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The bytes that the network gets by every trap."""
    return {name: np.ascontiguousarray(trap(image, size)) for name, trap in TRAPS.items()}
