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
from core.masking.masks import FaceFrame, follow, frame_from_regions

MAX_SHOTS = 1000
"""Captures kept in memory, 38 kB each for MiniFace: rendering one takes longer than the network does."""
CaptureKey = tuple[int, int, int]
"""Which capture: person, seed, index."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A capture of a rendered person: `pixels` `(size, size, 3)` uint8, and where the parts of the face lie."""

    person: int
    capture: Capture
    pixels: np.ndarray
    frame: FaceFrame

    @property
    def image(self) -> np.ndarray:
        """`(size, size, 3)` float32 in [0, 1]."""
        return from_uint8(self.pixels)


Cover = Callable[[Shot], np.ndarray]
"""From a capture to what is seen of it, `(size, size, 3)` float32 in [0, 1]."""


@lru_cache(maxsize=MAX_SHOTS)
def render_shot(person: int, seed: int, index: int, size: int) -> Shot:
    """Capture `index` of a person; the same seed gives the same."""
    image, regions = faces.render_capture(person, seed, index, size)
    return Shot(person, faces.capture_of(person, seed, index), to_uint8(image), frame_from_regions(regions))


def uncovered(shot: Shot) -> np.ndarray:
    """No cover."""
    return shot.image


def cover_from_disguise(disguise: Disguise, start: FaceFrame) -> Cover:
    """The masks of a disguise that were laid over a face in `start`."""

    def cover(shot: Shot) -> np.ndarray:
        masks = follow(disguise.masks, start, shot.frame)
        return replace(disguise, masks=masks, capture=shot.capture).apply(shot.image)

    return cover


def cover_from_mask(mask: np.ndarray, fill: str = "black", **params: Any) -> Cover:
    """A mask of the chart `(GRID, GRID)`."""

    def cover(shot: Shot) -> np.ndarray:
        hidden = chart.project(mask, chart.frame_from_capture(shot.capture), len(shot.pixels))
        return blend(shot.image, hidden, fill, **params)

    return cover
