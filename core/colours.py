"""Laying a saliency map over the picture that it explains.

Two colour scales everywhere. Positive maps: cividis, even in lightness and the same for colour-blind readers (Nunez et
al. 2018, https://doi.org/10.1371/journal.pone.0199239); dark blue is 0, yellow the largest value of the map. Signed
maps: blue what speaks against the class, white 0, orange what speaks for it, both ends equally far from 0.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from core.images import Box

FINE, FEW = 64 * 64, 0.995
"""From how many values on a map counts as one of single pixels, and the quantile at which its colours end."""

_CIVIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_CIVIDIS)[:, 0, ::-1] / np.float32(255)
_SIGNED = np.stack(
    [
        np.interp(np.arange(256), [0, 64, 128, 192, 255], channel)
        for channel in ([5, 80, 247, 236, 127], [48, 155, 247, 160, 59], [97, 205, 247, 72, 8])
    ],
    axis=1,
).astype(np.float32) / np.float32(255)


def reach(values: np.ndarray) -> float:
    """Where the colour scale of a map ends: at its largest size, either way.

    Of a map with a value for every pixel at the quantile `FEW`: its few extremes would leave all others dark.
    """
    sizes = np.abs(values)
    return float(np.quantile(sizes, FEW) if values.size > FINE else sizes.max(initial=0))


def overlay(
    image: np.ndarray, values: np.ndarray, strength: float = 0.55, signed: bool = False, high: float | None = None
) -> np.ndarray:
    """The picture `(h, w, 3)` in [0, 1] with the heatmap of `values` over it; `strength` 0 is picture, 1 heatmap.

    `values` `(rows, columns)` is enlarged to the picture bilinearly, and coloured up to `high`, by default its `reach`.
    """
    height, width = image.shape[:2]
    draw = signed_heatmap if signed else heatmap
    enlarged = cv2.resize(np.float32(values), (width, height), interpolation=cv2.INTER_LINEAR)
    heat = draw(enlarged, reach(values) if high is None else high)
    return ((1 - strength) * image + strength * heat).astype(np.float32)


def heatmap(values: np.ndarray, high: float | None = None) -> np.ndarray:
    """`values` `(h, w)` coloured from 0 to `high`, by default their maximum; negative values look like 0."""
    high = float(values.max(initial=0)) if high is None else high
    heat = np.clip(values / high, 0, 1) if high > 0 else np.zeros_like(values)
    return _CIVIDIS[np.rint(heat * 255).astype(np.uint8)]


def signed_heatmap(values: np.ndarray, bound: float | None = None) -> np.ndarray:
    """`values` `(h, w)` coloured from `-bound` (blue) to `bound` (orange), by default their largest size."""
    bound = float(np.abs(values).max(initial=0)) if bound is None else bound
    share = np.clip(values / bound, -1, 1) if bound > 0 else np.zeros_like(values)
    return _SIGNED[((share + 1) * 127.5).astype(np.uint8)]


def lay_out(values: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """A map of the square `box` of a picture as a map of the whole picture `(height, width)` float32, zero outside.

    `values` `(rows, columns)` is resized bilinearly to the box; what of the box lies outside the picture is cut off.
    """
    whole = np.zeros((height, width), np.float32)
    inside = cv2.resize(values.astype(np.float32), (box.size, box.size), interpolation=cv2.INTER_LINEAR)
    top, left = max(box.top, 0), max(box.left, 0)
    bottom, right = min(box.top + box.size, height), min(box.left + box.size, width)
    whole[top:bottom, left:right] = inside[top - box.top : bottom - box.top, left - box.left : right - box.left]
    return whole


def contact_sheet(images: np.ndarray, columns: int | None = None, margin: int = 4) -> np.ndarray:
    """Pictures `(n, h, w, 3)` row by row on one white picture; by default about as many columns as rows."""
    count, height, width, _ = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.ones((rows * (height + margin) - margin, columns * (width + margin) - margin, 3), np.float32)
    for index, image in enumerate(images):
        top, left = index // columns * (height + margin), index % columns * (width + margin)
        sheet[top : top + height, left : left + width] = image
    return sheet
