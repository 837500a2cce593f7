"""Maps in colours: alone, and over the image that they explain; images on one sheet.

Two colour scales everywhere. Positive maps: cividis, even in lightness and the same for colour-blind readers (Nunez et
al. 2018, https://doi.org/10.1371/journal.pone.0199239); dark blue is 0, yellow the largest value of the map. Signed
maps: blue what speaks against the class, white 0, orange what speaks for it, both ends equally far from 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from core.images import Box, resize

FINE, QUANTILE = 64 * 64, 0.995
"""From how many values on a map counts as one of single pixels, and the quantile at which its colours end."""
STRENGTH = 0.7
"""Share of the heatmap's colour in an overlay where the map is strongest, unless chosen otherwise."""

_CIVIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_CIVIDIS)[:, 0, ::-1] / np.float32(255)
_SIGNED = np.stack(
    [
        np.interp(np.arange(256), [0, 64, 128, 192, 255], channel)
        for channel in ([5, 80, 247, 236, 127], [48, 155, 247, 160, 59], [97, 205, 247, 72, 8])
    ],
    axis=1,
).astype(np.float32) / np.float32(255)


def colour_limit(values: np.ndarray) -> float:
    """Where the colour scale of a map ends: at its largest magnitude.

    Of a map with a value for every pixel at the quantile `QUANTILE`: its few extremes would leave all others dark.
    """
    magnitudes = np.abs(values)
    return float(np.quantile(magnitudes, QUANTILE) if values.size > FINE else magnitudes.max(initial=0))


def heatmap(
    values: np.ndarray, *, high: float | None = None, signed: bool = False, side: int | None = None
) -> np.ndarray:
    """A map `(rows, columns)` in colours: `(rows, columns, 3)`, or enlarged smoothly to `(side, side, 3)`.

    The scale goes from 0 to `high`, by default the map's `colour_limit`, and negative values look like 0; a `signed`
    one goes from `-high` to `high`.
    """
    high = colour_limit(values) if high is None else high
    values = values if side is None else resize(values, side, side)
    shares = values / high if high > 0 else np.zeros_like(values)
    if signed:
        return _SIGNED[((np.clip(shares, -1, 1) + 1) * 127.5).astype(np.uint8)]
    return _CIVIDIS[(np.clip(shares, 0, 1) * 255).astype(np.uint8)]


def overlay(
    image: np.ndarray,
    values: np.ndarray,
    strength: float = STRENGTH,
    *,
    high: float | None = None,
    signed: bool = False,
    side: int | None = None,
) -> np.ndarray:
    """An image `(h, w, 3)` in [0, 1] under the `heatmap` of a map `(rows, columns)` of it: the larger the magnitude of
    a value, the more its colour covers, up to the share `strength` in [0, 1]. Where the map is 0 the image is left as
    it is, so that a face can be recognised below its map.

    As large as the image, or `(side, side, 3)`.
    """
    high = colour_limit(values) if high is None else high
    height, width = image.shape[:2] if side is None else (side, side)
    values, image = resize(values, height, width), resize(image, height, width)
    share = strength * np.clip(np.abs(values) / high, 0, 1)[..., None] if high > 0 else 0
    return (1 - share) * image + share * heatmap(values, high=high, signed=signed)


def uncrop(values: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """A map of the square `box` of an image as a map of the whole image `(height, width)` float32, zero outside.

    `values` `(rows, columns)` is resized bilinearly to the box; what of the box lies outside the image is cut off.
    """
    whole = np.zeros((height, width), np.float32)
    inside = cv2.resize(values.astype(np.float32), (box.size, box.size), interpolation=cv2.INTER_LINEAR)
    top, left = max(box.top, 0), max(box.left, 0)
    bottom, right = min(box.top + box.size, height), min(box.left + box.size, width)
    whole[top:bottom, left:right] = inside[top - box.top : bottom - box.top, left - box.left : right - box.left]
    return whole


def contact_sheet(
    images: np.ndarray | Sequence[np.ndarray], columns: int | None = None, margin: int = 4, ground: float = 1.0
) -> np.ndarray:
    """Images `(n, h, w, 3)` row by row as one, on grey of the shade `ground`; by default about as many columns as rows.

    Tiles lie `margin` pixels apart.
    """
    height, width, _ = images[0].shape
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    shape = rows * (height + margin) - margin, columns * (width + margin) - margin, 3
    sheet = np.full(shape, ground, np.float32)
    for index, image in enumerate(images):
        top, left = index // columns * (height + margin), index % columns * (width + margin)
        sheet[top : top + height, left : left + width] = image
    return sheet
