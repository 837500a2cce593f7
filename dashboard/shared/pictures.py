"""Pictures of the dashboard, as arrays and encoded for the browser. Draws, never computes.

One scale for what is zero or positive (cividis) and one for what has a sign (blue, white, orange); both are safe for
colour-blind readers, and whoever shows a map says its range beside it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import streamlit as st

from core import images
from core.colours import reach
from core.colours import signed_heatmap as signed
from core.images import Box, Image

SHEET_WIDTH = 1440
"""Pixels; a contact sheet fills a wide projector and is reduced by the browser elsewhere."""

_CIVIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_CIVIDIS)[:, 0, ::-1]


def photo(image: Image) -> bytes:
    """A photograph-like picture, encoded for the browser; as JPEG, a tenth of the time that WebP takes."""
    return images.encode(image, "jpeg", 88)


def in_page(picture: bytes) -> str:
    """A JPEG as an address that holds it: a file's would be gone with the next picture, before a slow browser asks."""
    return f"data:image/jpeg;base64,{b64encode(picture).decode()}"


def chart(image: Image) -> bytes:
    """A picture with hard edges or numbers on it, encoded for the browser."""
    return images.encode(image, "jpeg", 92)


def captioned(image: Image, caption: str) -> None:
    """Show an image above what it is; it travels inside the page, as a fast drag leaves no time to ask for it."""
    st.image(in_page(chart(image)), width="stretch", alt=caption, caption=caption)


def coloured(values: np.ndarray, high: float | None = None, low: float = 0.0) -> Image:
    """A map `(h, w)` in cividis, `low` (dark blue) to `high` (yellow; the map's maximum unless given)."""
    high = float(values.max()) if high is None else high
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return _CIVIDIS[(np.clip(share, 0, 1) * 255).astype(np.uint8)].astype(np.float32) / 255


def cells(image: Image, side: int) -> Image:
    """A small picture enlarged to `side` pixels so that every value stays a visible cell."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)


def heatmap(values: np.ndarray, side: int, signed_scale: bool = False, high: float | None = None) -> Image:
    """A map, enlarged smoothly to `(side, side)` and coloured up to `high`, by default its `reach`."""
    enlarged, high = images.resize(values, side, side), reach(values) if high is None else high
    return signed(enlarged, high) if signed_scale else coloured(enlarged, high)


def overlay(
    image: Image, values: np.ndarray, strength: float, side: int, signed_scale: bool = False, high: float | None = None
) -> Image:
    """A map laid over the picture: the larger the value, the more its colour covers, up to `strength`.

    Where the map is 0 the picture is left as it is, so that a face can be recognised below its map.
    """
    high = reach(values) if high is None else high
    size = np.abs(images.resize(values, side, side))
    share = strength * np.clip(size / high, 0, 1)[..., None] if high > 0 else 0.0
    return (1 - share) * images.resize(image, side, side) + share * heatmap(values, side, signed_scale, high)


def framed(image: Image, box: Box) -> Image:
    """The picture with the square drawn into it."""
    drawn = np.ascontiguousarray(image.copy())
    thick = max(1, round(max(image.shape[:2]) / 150))
    corner, opposite = (box.left, box.top), (box.left + box.size - 1, box.top + box.size - 1)
    cv2.rectangle(drawn, corner, opposite, (0.05, 0.05, 0.05), thick * 3)
    cv2.rectangle(drawn, corner, opposite, (1.0, 0.8, 0.2), thick)
    return drawn


def outlined(image: Image, mask: np.ndarray) -> Image:
    """The picture with the rim of a region `(rows, columns)` drawn into it, white on black, enlarged to the picture."""
    height, width = image.shape[:2]
    region = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    rims = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    drawn = np.ascontiguousarray(image.copy())
    for colour, thick in (((0.05, 0.05, 0.05), 3), ((1.0, 1.0, 1.0), 1)):
        cv2.drawContours(drawn, rims, -1, colour, thick)
    return drawn


def contact_sheet(
    pictures: Sequence[Image],
    numbers: Sequence[int],
    *,
    notes: Mapping[int, str] | None = None,
    crossed: Sequence[int] = (),
    columns: int | None = None,
    gap_shade: float = 0.5,
) -> Image:
    """Square pictures in rows as one picture, each with its number; what is between them is grey of `gap_shade`.

    `notes` (number -> text) follow the number, the numbers in `crossed` are crossed out.
    """
    columns = min(columns or (8 if len(pictures) <= 32 else 16), len(pictures))
    gap = 4
    tile = (SHEET_WIDTH if columns > 4 else SHEET_WIDTH // 2) // max(columns, 4) - gap
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (tile + gap) - gap, columns * (tile + gap) - gap, 3), gap_shade, dtype=np.float32)
    for place, (picture, number) in enumerate(zip(pictures, numbers, strict=True)):
        cell = _enlarged(picture, tile)
        if number in crossed:
            cell = _crossed(cell)
        text = f"{number}{(notes or {}).get(number, '')}"
        top, left = place // columns * (tile + gap), place % columns * (tile + gap)
        sheet[top : top + tile, left : left + tile] = _numbered(cell, text)
    return sheet


def map_sheet(
    maps: np.ndarray,
    *,
    high: float | None = None,
    bound: float | None = None,
    channels: Sequence[int] | None = None,
    **marks: Any,
) -> Image:
    """Maps `(h, w, k)` as a contact sheet: on one scale 0 to `high`, on a signed one to `bound`, or each on its own.

    `channels` shows these alone, in this order.
    """
    channels = range(maps.shape[2]) if channels is None else channels
    if bound is not None:
        pictures = [signed(maps[..., k], bound) for k in channels]
    else:
        pictures = [coloured(maps[..., k], high) for k in channels]
    return contact_sheet(pictures, channels, **marks)


def kernel_sheet(kernels: np.ndarray) -> Image:
    """Kernels of the first layer, `(kh, kw, 3 or 1, k)`, as small pictures: grey is 0, one scale for all."""
    kernels = np.broadcast_to(kernels, (*kernels.shape[:2], 3, kernels.shape[3]))
    bound = float(np.abs(kernels).max()) or 1.0
    pictures = [kernels[..., k] / (2 * bound) + 0.5 for k in range(kernels.shape[3])]
    return contact_sheet(pictures, range(len(pictures)))


def _enlarged(picture: Image, tile: int) -> Image:
    way = cv2.INTER_NEAREST if picture.shape[0] < tile else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(picture, dtype=np.float32), (tile, tile), interpolation=way)


def _crossed(cell: Image) -> Image:
    side = cell.shape[0]
    cell = np.ascontiguousarray(0.5 * cell + 0.25)
    for start, end in (((0, 0), (side, side)), ((side, 0), (0, side))):
        cv2.line(cell, start, end, (0.85, 0.51, 0.17), 2, cv2.LINE_AA)
    return cell


def _numbered(cell: Image, text: str) -> Image:
    """The picture with its number in the lower left corner, white on dark ground and black on light."""
    cell = np.ascontiguousarray(cell)
    side = cell.shape[0]
    size = max(0.5, side / 160)
    thick = 2 if size > 0.7 else 1
    ground = float(cell[side * 3 // 4 :, : side // 2].mean())
    ink, rim = ((1.0,) * 3, (0.0,) * 3) if ground < 0.6 else ((0.0,) * 3, (1.0,) * 3)
    place, font = (5, side - 7), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, text, place, font, size, rim, thick + 3, cv2.LINE_AA)
    cv2.putText(cell, text, place, font, size, ink, thick, cv2.LINE_AA)
    return cell


RANK_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7")
"""Colours of the first five ranks, told apart by colour-blind readers, on black (Okabe and Ito 2008,
https://jfly.uni-koeln.de/color)."""


def by_rank(patterns: np.ndarray, side: int) -> Image:
    """Maps `(h, w, r)`, the first rank first, as one picture of `side` pixels: each place has the colour of the rank
    that is strongest there, each rank measured by its own maximum, and is the brighter the stronger it is.
    """
    shares = np.maximum(patterns, 0) / np.maximum(patterns.max(axis=(0, 1)), np.finfo(np.float32).tiny)
    colours = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in RANK_COLOURS], np.float32) / 255
    drawn = colours[shares.argmax(axis=2)] * np.clip(shares.max(axis=2), 0, 1)[..., None]
    return cells(drawn.astype(np.float32), side)
