"""MiniFace's embeddings of thousands of captures, made by `scripts/embed_people.py`, so that a page need not wait."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.neighbours.album import Album
from core.networks.entry import Entry
from core.networks.table import MINIFACE

FILE = Path(__file__).parents[2] / "assets" / "embeddings" / "miniface.npz"
"""Arrays `shots` `(n, 2)`, person and capture, `vectors` `(n, d)` float16, and `weights`, their digest."""


def holds(entry: Entry) -> bool:
    """Whether the stored embeddings are those of a network, with the weights that it has now."""
    return entry == MINIFACE and bool(_load()[0])


def vectors(entry: Entry, album: Album) -> np.ndarray | None:
    """The stored embeddings `(n, d)` float32 of an album of rendered people; None where they are not stored."""
    if album.captures is None or not holds(entry):
        return None
    rows, stored = _load()
    keys = [(int(person), int(capture)) for person, capture in album.captures]
    if any(key not in rows for key in keys):
        return None
    embeddings: np.ndarray = stored[[rows[key] for key in keys]].astype(np.float32)
    return embeddings


@lru_cache(maxsize=1)
def _load() -> tuple[dict[tuple[int, int], int], np.ndarray]:
    assert MINIFACE.weights is not None
    with np.load(FILE, allow_pickle=False) as file:
        if str(file["weights"]) != MINIFACE.weights.digest:  # made with other weights: as good as none
            return {}, np.zeros((0, 0), np.float16)
        shots = file["shots"]
        return {(int(person), int(capture)): row for row, (person, capture) in enumerate(shots)}, file["vectors"]
