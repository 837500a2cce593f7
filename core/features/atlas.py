"""The atlas: an image that excites each channel of MiniFace and Digits, trained and untrained, on small sheets.

Made once by `scripts/filter_atlas.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.images import from_uint8
from core.networks.entry import NetworkError

FOLDER = Path(__file__).parents[2] / "assets" / "atlas"
NETWORKS = ("MiniFace", "MiniFace-untrained", "Digits", "Digits-untrained")
TILE, MARGIN, COLUMNS = 80, 2, 16
"""Side of a tile and white pixels between two of them, and tiles in a row of a sheet."""


def sheet_path(network: str, layer: str) -> Path:
    """The file of a sheet."""
    return FOLDER / network.lower() / f"{layer}.webp"


def layers(network: str) -> list[str]:
    """Layers that the atlas has of a network, from the image to the classes; none for a network that is not in it."""
    return sorted(file.stem for file in (FOLDER / network.lower()).glob("*.webp"))


def tiles(network: str, layer: str) -> np.ndarray:
    """One image a channel, `(k, TILE, TILE, 3)` float32 in [0, 1]; NetworkError where the atlas has no such sheet."""
    from PIL import Image

    if layer not in layers(network):
        raise NetworkError("unknown_layer", name=layer, choices=", ".join(layers(network)))
    with Image.open(sheet_path(network, layer)) as file:
        sheet = from_uint8(np.asarray(file.convert("RGB")))
    step = TILE + MARGIN
    rows, columns = ((side + MARGIN) // step for side in sheet.shape[:2])
    places = [(row * step, column * step) for row in range(rows) for column in range(columns)]
    return np.stack([sheet[top : top + TILE, left : left + TILE] for top, left in places])
