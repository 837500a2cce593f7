"""How alike are two maps?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.images import resize


def correlations(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Pearson correlation of every map with every other: `(n, n)` in [-1, 1], NaN where a map is flat.

    `maps` are `(h, w)` of any sizes, raw and signed; all are enlarged to the size of the largest, as they are shown.
    It is 1 where two maps differ only in their zero and their unit: it compares where, not how much.
    """
    height, width = max((values.shape for values in maps), key=lambda shape: shape[0] * shape[1])
    rows = np.stack([resize(values, height, width).ravel() for values in maps]).astype(float)
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1)
    units = np.divide(centred, lengths[:, None], out=np.full_like(centred, np.nan), where=lengths[:, None] > 0)
    return np.clip(units @ units.T, -1, 1)
