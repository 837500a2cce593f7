"""A map of thousands of points in two or three dimensions: turned, moved, enlarged, asked about and clicked.

WebGL draws a point as one vertex, so that ten thousand turn smoothly where no graphics card draws them, and the view
outlives what the page does next. Plotly takes 18 vertices or more for a point, twice a frame, and Streamlit builds its
charts anew when anything changes in them; `python -m benchmarks.points` holds both against each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.components.component import mount
from dashboard.shared.text import t

TEXTS = ("nearer", "farther", "whole", "full_screen", "no_webgl")


@dataclass(frozen=True)
class Marker:
    """How a point looks: its colour `#rrggbb`, its symbol's number among `OUTLINES` of the script, its size in pixels;
    and what it says under the mouse.
    """

    colour: str
    symbol: int
    size: float
    text: str


def embedding_map(
    coordinates: np.ndarray,
    markers: Sequence[Marker],
    selected: int | None,
    neighbours: Sequence[int],
    alt: str,
    key: str,
    on_open: Callable[[int], None],
) -> None:
    """Points at `coordinates` `(n, 2)` or `(n, 3)`, each axis filled, with a marker each.

    Lines lead from the point number `selected` to its `neighbours`; `on_open` gets the number of a clicked one. How the
    map is turned and enlarged lasts as long as the coordinates stay.
    """
    texts = {name: t(f"cloud.{name}") for name in TEXTS}
    data = map_data(coordinates, markers, selected, neighbours) | {"alt": alt, "texts": texts}
    mount("cloud", data, key, "opened", on_open)


def map_data(
    coordinates: np.ndarray, markers: Sequence[Marker], selected: int | None, neighbours: Sequence[int]
) -> dict[str, Any]:
    """The script's data: coordinates, and each marker once, however many points have it.

    A flat map fills the square [-1, 1] at height 0; a solid one, which is turned, the ball with radius 1.
    """
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    scaled = 2 * (coordinates - low) / np.where(high > low, high - low, 1) - 1
    solid = coordinates.shape[1] == 3
    if solid:
        scaled = scaled / max(np.linalg.norm(scaled, axis=1).max(), 1e-9)
    numbers = {marker: number for number, marker in enumerate(dict.fromkeys(markers))}
    return {
        "solid": solid,
        "coordinates": np.pad(scaled.round(5), ((0, 0), (0, 3 - scaled.shape[1]))).ravel().tolist(),
        "layout": zlib.crc32(scaled.tobytes()),
        "markers": [vars(marker) for marker in numbers],
        "marker_of": [numbers[marker] for marker in markers],
        "selected": selected,
        "neighbours": list(neighbours),
    }
