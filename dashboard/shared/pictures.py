"""Images made ready for the page: encoded, enlarged, numbered, outlined. The colours of maps are in `core.colours`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import streamlit as st

from core import images
from core.colours import contact_sheet, heatmap
from core.images import Box, Image

SHEET_WIDTH, GAP = 1440, 4
"""Pixels: a numbered sheet fills a wide projector and is reduced by the browser elsewhere; between two of its tiles."""


def encode_photo(image: Image) -> bytes:
    """A photograph, encoded for the browser; as JPEG, a tenth of the time that WebP takes."""
    return images.encode(image, "jpeg", 88)


def data_url(jpeg: bytes) -> str:
    """A JPEG as an address that holds it: a file's would be gone with the next image, before a slow browser asks."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def encode_drawing(image: Image) -> bytes:
    """An image with hard edges or letters, encoded for the browser."""
    return images.encode(image, "jpeg", 92)


def captioned_image(image: Image, caption: str) -> None:
    """Show an image above what it is; it travels inside the page, as a fast drag leaves no time to ask for it."""
    st.image(data_url(encode_drawing(image)), width="stretch", alt=caption, caption=caption)


def enlarge_pixels(image: Image, side: int) -> Image:
    """A small image enlarged to `side` pixels so that every value stays a visible cell."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)


def draw_box(image: Image, box: Box) -> Image:
    """The image with the square drawn into it."""
    drawn = np.ascontiguousarray(image.copy())
    thick = max(1, round(max(image.shape[:2]) / 150))
    corner, opposite = (box.left, box.top), (box.left + box.size - 1, box.top + box.size - 1)
    cv2.rectangle(drawn, corner, opposite, (0.05, 0.05, 0.05), thick * 3)
    cv2.rectangle(drawn, corner, opposite, (1.0, 0.8, 0.2), thick)
    return drawn


def draw_outline(image: Image, mask: np.ndarray) -> Image:
    """The image with the rim of a region `(rows, columns)` drawn into it, white on black, enlarged to the image."""
    height, width = image.shape[:2]
    region = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    rims = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    drawn = np.ascontiguousarray(image.copy())
    for colour, thick in (((0.05, 0.05, 0.05), 3), ((1.0, 1.0, 1.0), 1)):
        cv2.drawContours(drawn, rims, -1, colour, thick)
    return drawn


def numbered_sheet(
    tiles: Sequence[Image],
    numbers: Sequence[int],
    *,
    notes: Mapping[int, str] | None = None,
    crossed: Sequence[int] = (),
    columns: int | None = None,
) -> Image:
    """Square images in rows on grey as one image, each with its number.

    `notes` (number -> text) follow the number, the numbers in `crossed` are crossed out.
    """
    columns = min(columns or (8 if len(tiles) <= 32 else 16), len(tiles))
    side = (SHEET_WIDTH if columns > 4 else SHEET_WIDTH // 2) // max(columns, 4) - GAP
    marked = []
    for tile, number in zip(tiles, numbers, strict=True):
        tile = _resized(tile, side)
        if number in crossed:
            tile = _crossed(tile)
        marked.append(_numbered(tile, f"{number}{(notes or {}).get(number, '')}"))
    return contact_sheet(marked, columns, GAP, ground=0.5)


def map_sheet(
    maps: np.ndarray,
    *,
    high: float | None = None,
    signed: bool = False,
    channels: Sequence[int] | None = None,
    **marks: Any,
) -> Image:
    """Heatmaps of maps `(h, w, k)` as a numbered sheet: all on one scale up to `high`, or each up to its own maximum.

    `channels` shows these alone, in this order.
    """
    channels = range(maps.shape[2]) if channels is None else channels
    highs = [float(maps[..., k].max()) if high is None else high for k in channels]
    tiles = [heatmap(maps[..., k], high=own, signed=signed) for k, own in zip(channels, highs, strict=True)]
    return numbered_sheet(tiles, channels, **marks)


def kernel_sheet(kernels: np.ndarray) -> Image:
    """Kernels of the first layer, `(kh, kw, 3 or 1, k)`, as small images: grey is 0, one scale for all."""
    kernels = np.broadcast_to(kernels, (*kernels.shape[:2], 3, kernels.shape[3]))
    bound = float(np.abs(kernels).max()) or 1.0
    tiles = [kernels[..., k] / (2 * bound) + 0.5 for k in range(kernels.shape[3])]
    return numbered_sheet(tiles, range(len(tiles)))


def _resized(tile: Image, side: int) -> Image:
    interpolation = cv2.INTER_NEAREST if tile.shape[0] < side else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(tile, dtype=np.float32), (side, side), interpolation=interpolation)


def _crossed(tile: Image) -> Image:
    side = tile.shape[0]
    tile = np.ascontiguousarray(0.5 * tile + 0.25)
    for start, end in (((0, 0), (side, side)), ((side, 0), (0, side))):
        cv2.line(tile, start, end, (0.85, 0.51, 0.17), 2, cv2.LINE_AA)
    return tile


def _numbered(tile: Image, text: str) -> Image:
    """The image with its number in the lower left corner, white on dark ground and black on light."""
    tile = np.ascontiguousarray(tile)
    side = tile.shape[0]
    size = max(0.5, side / 160)
    thick = 2 if size > 0.7 else 1
    ground = float(tile[side * 3 // 4 :, : side // 2].mean())
    ink, rim = ((1.0,) * 3, (0.0,) * 3) if ground < 0.6 else ((0.0,) * 3, (1.0,) * 3)
    place, font = (5, side - 7), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(tile, text, place, font, size, rim, thick + 3, cv2.LINE_AA)
    cv2.putText(tile, text, place, font, size, ink, thick, cv2.LINE_AA)
    return tile


RANK_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7")
"""Colours of the first five ranks, told apart by colour-blind readers, on black (Okabe and Ito 2008,
https://jfly.uni-koeln.de/color)."""


def rank_map(patterns: np.ndarray, side: int) -> Image:
    """Maps `(h, w, r)`, the first rank first, as one image of `side` pixels: each place has the colour of the rank
    that is strongest there, each rank measured by its own maximum, and is the brighter the stronger it is.
    """
    shares = np.maximum(patterns, 0) / np.maximum(patterns.max(axis=(0, 1)), np.finfo(np.float32).tiny)
    colours = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in RANK_COLOURS], np.float32) / 255
    drawn = colours[shares.argmax(axis=2)] * np.clip(shares.max(axis=2), 0, 1)[..., None]
    return enlarge_pixels(drawn.astype(np.float32), side)
