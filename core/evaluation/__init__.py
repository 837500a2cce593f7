"""Does an explanation tell the truth? Each test of it in one file.

Importing this module imports no Keras.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stage:
    """A map `values` `(h, w)` of the network whose `layers` last layers with weights are random, down to layer `name`.

    `rank` and `ssim` say how alike it is to the map of the whole network, `edge` is its rank correlation with the edges
    of the image; all compare maps enlarged to the image.
    """

    layers: int
    name: str
    values: np.ndarray
    rank: float
    ssim: float
    edge: float
