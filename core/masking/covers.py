"""Captures of people, and what covers their faces: the same cover on every capture, wherever the face is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from core import faces
from core.faces import Capture
from core.images import from_uint8, to_uint8
from core.masking import chart
from core.masking.fills import Disguise, blend
from core.masking.masks import Frame, follow, frame_of

KEPT = 1000
"""Captures kept in memory, 38 kB each for MiniFace: rendering one takes longer than the network does."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A capture of a rendered person: `pixels` `(size, size, 3)` uint8, and where the parts of the face lie."""

    person: int
    capture: Capture
    pixels: np.ndarray
    frame: Frame

    @property
    def image(self) -> np.ndarray:
        """The picture, `(size, size, 3)` float32 in [0, 1]."""
        return from_uint8(self.pixels)


Cover = Callable[[Shot], np.ndarray]
"""From a capture to what is seen of it, `(size, size, 3)` float32 in [0, 1]."""


@lru_cache(maxsize=KEPT)
def shot(person: int, seed: int, index: int, size: int) -> Shot:
    """Capture `index` of a person; the same seed gives the same."""
    image, regions = faces.shot(person, seed, index, size)
    return Shot(person, faces.capture_of(person, seed, index), to_uint8(image), frame_of(regions))


def bare(taken: Shot) -> np.ndarray:
    """No cover."""
    return taken.image


def behind(disguise: Disguise, start: Frame) -> Cover:
    """The masks of a disguise that were laid over a face in `start`."""
    return lambda taken: replace(disguise, masks=follow(disguise.masks, start, taken.frame), capture=taken.capture).on(
        taken.image
    )


def under(mask: np.ndarray, fill: str = "black", **params: Any) -> Cover:
    """A mask of the chart `(GRID, GRID)`."""

    def cover(taken: Shot) -> np.ndarray:
        laid = chart.lay(mask, chart.frame_at(taken.capture), len(taken.pixels))
        return blend(taken.image, laid, fill, **params)

    return cover
