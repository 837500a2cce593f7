"""What do filters see? Activation maximization: the network is fixed, an image is optimized.

Importing this module imports no Keras; `core.features.ascent` climbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.errors import ReasonedError
from core.images import Box
from core.params import Param

Target = int | Sequence[int]
"""What an image is to excite: a channel, or several jointly."""

PARAMS: tuple[Param, ...] = (
    Param("learning_rate", default=10, minimum=0.1, maximum=100, step=0.1, scale="log"),
    Param("iterations", default=30, minimum=1, maximum=200, step=1),
    Param("seed", default=0, minimum=0, maximum=9999, step=1),
)


class FeatureError(ReasonedError):
    """An ascent that cannot be made, or that went wrong."""

    reasons: ClassVar[dict[str, str]] = {
        "diverged": "The picture of channel {channel} diverged in iteration {iteration}; choose a smaller learning "
        "rate.",
        "rate_too_high": "The activation of channel {channel} fell for {steps} steps, up to iteration {iteration}: the "
        "learning rate is too high; choose a smaller one.",
        "other_count": "Received {received} values for {expected} pictures; hand in one for all, or one for each.",
        "start_shape": "Received pictures of shape {shape} to go on from; expected {expected}.",
    }


BATCH = 8
"""Images that climb together, unless a preset says otherwise."""


@dataclass(frozen=True)
class Preset:
    """A way to climb: names of entries in the tables of `core.features`, and its own defaults.

    With `coarse` all iterations but the last `finish` are made on a small image that wraps around; it is then tiled.
    `batch` images climb together: the rounding of a sum depends on it, and a long ascent carries that far.
    """

    parameterization: str
    robustness: str
    optimizer: str
    learning_rate: float
    iterations: int
    blur: float = 0
    coarse: bool = False
    finish: int = 0
    batch: int = BATCH


PRESETS: dict[str, Preset] = {
    "course": Preset("pixels", "off", "normalized", learning_rate=10, iterations=30, batch=1),
    "fast": Preset("pixels", "off", "sphere", learning_rate=60, iterations=28, blur=0.1, coarse=True, finish=2),
    "beautiful": Preset("fourier", "full", "adam", learning_rate=5, iterations=128),
}
"""The Keras example's loop; coarse to fine with constant contrast; a spectrum, the image moved before every step."""
DEFAULT_PRESET = "fast"

SIZES = (48, 320)
"""Smallest and largest side of an image that climbs, in pixels."""
PATCH_SIDE = 96
"""Side in pixels of a patch of a real image on display."""
SIDES = (48, 64, 80, 96, 112, 128, 160, 180, 192, 224, 256, 288, 320)
"""Sides that images of another size than the network's own get, so that few functions are ever compiled."""
CONTRAST = 0.15
"""Standard deviation of an image on display."""
CROP, CROPPED_FROM = 25, 150
"""Pixels cut from each side for display, where the padding of the convolutions shows, of images from this size."""


def supported_size(size: int) -> int:
    """The next of `SIDES` from `size` on."""
    return next((side for side in SIDES if side >= size), SIDES[-1])


@dataclass(frozen=True, eq=False)
class FeatureVisualizations:
    """Images that channels respond to.

    `images` `(n, h, w, 3)` float32 in [0, 1] for display; `activations` `(n, iterations + 1)` the objective before
    each iteration and after the last, small images first where the ascent is coarse to fine; `dead` `(n,)` whether the
    channel stayed silent, at every place, in all of them. `inputs` `(n, h, w, c)` float32 are the images as the network
    receives them: hand them in as `start` to go on. `notes`: warnings, each with its reason and details.
    """

    images: np.ndarray
    activations: np.ndarray
    dead: np.ndarray
    inputs: np.ndarray
    notes: tuple[FeatureError, ...] = ()


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches that excite a channel most, strongest first.

    `images` `(n, PATCH_SIDE, PATCH_SIDE, 3)` in [0, 1], their `activations` `(n,)`, `sources` `(n,)` (each the index of
    one of `searched` images), and `boxes` in pixels of the network's input.
    """

    images: np.ndarray
    activations: np.ndarray
    sources: np.ndarray
    boxes: tuple[Box, ...]
    searched: int


def to_display(images: np.ndarray) -> np.ndarray:
    """Images as they climbed, `(n, h, w, 3)`, made visible: mean 0.5, standard deviation 0.15, clipped to [0, 1].

    Every image gets the same contrast, so how strongly a channel responds is not to be seen. As in the Keras example
    https://keras.io/examples/vision/visualizing_what_convnets_learn.
    """
    centred = images - images.mean(axis=(1, 2, 3), keepdims=True)
    scaled = centred / (images.std(axis=(1, 2, 3), keepdims=True) + 1e-5) * CONTRAST
    if min(images.shape[1:3]) >= CROPPED_FROM:
        scaled = scaled[:, CROP:-CROP, CROP:-CROP]
    return np.clip(scaled + 0.5, 0, 1).astype(np.float32)
