"""What a mask shows instead of the image. No fill is neutral to a network, so every one has its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from core import faces
from core.errors import check_choice
from core.faces import Capture
from core.images import from_uint8, resize, to_uint8
from core.masking.masks import Mask
from core.params import Param


def black(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Black: the bar over the eyes."""
    return np.zeros_like(image)


def mean(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The mean colour of the whole image."""
    return np.broadcast_to(image.mean(axis=(0, 1)), image.shape)


def noise(image: np.ndarray, inside: np.ndarray, seed: int = 0) -> np.ndarray:
    """Every colour of every pixel drawn evenly from [0, 1]."""
    return np.random.default_rng(seed).random(image.shape, dtype=np.float32)


def blur(image: np.ndarray, inside: np.ndarray, sigma: float = 6) -> np.ndarray:
    """The image blurred by a Gaussian whose standard deviation is `sigma` percent of the image's width."""
    return cv2.GaussianBlur(image, (0, 0), sigma / 100 * image.shape[1], borderType=cv2.BORDER_REFLECT)


def pixelation(image: np.ndarray, inside: np.ndarray, block: float = 8) -> np.ndarray:
    """The means of square blocks, whose side is `block` percent of the image's width; the last ones are cut off."""
    side = max(1, round(block / 100 * image.shape[1]))
    rows, columns = (np.arange(0, length, side) for length in image.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(image, rows, axis=0), columns, axis=1)
    down, across = (np.diff([*starts, length]) for starts, length in zip((rows, columns), image.shape, strict=False))
    means = sums / (down[:, None] * across)[..., None]
    return means.repeat(down, axis=0).repeat(across, axis=1)


def inpainting(image: np.ndarray, inside: np.ndarray, radius: float = 3) -> np.ndarray:
    """What is around grown into the mask, from neighbours within `radius` percent of the image's width.

    OpenCV's method of Telea 2004, An image inpainting technique based on the fast marching method,
    https://doi.org/10.1080/10867651.2004.10487596
    """
    pixels = radius / 100 * image.shape[1]
    return from_uint8(cv2.inpaint(to_uint8(image), inside.astype(np.uint8), pixels, cv2.INPAINT_TELEA))


@dataclass(frozen=True)
class Fill:
    """A fill of the table: `function(image, inside, **params)` gives what is seen in the mask, `(h, w, 3)` in [0, 1].

    `inside` `(h, w)` says which pixels are masked. The fill that shows another person has no function: its content is
    a second image. `strength` names the parameter that says how much is hidden, where there is one. Where the content
    does not depend on the mask, one filled image serves a whole search.
    """

    function: Callable[..., np.ndarray] | None
    params: tuple[Param, ...] = ()
    strength: str | None = None
    depends_on_mask: bool = False


FILLS: dict[str, Fill] = {
    "black": Fill(black),
    "mean": Fill(mean),
    "noise": Fill(noise, (Param("seed", default=0, minimum=0, maximum=999, step=1),)),
    "blur": Fill(blur, (Param("sigma", default=6, minimum=1, maximum=20, step=1, unit="%"),), "sigma"),
    "pixelation": Fill(pixelation, (Param("block", default=8, minimum=1, maximum=40, step=1, unit="%"),), "block"),
    "inpainting": Fill(
        inpainting, (Param("radius", default=3, minimum=1, maximum=15, step=1, unit="%"),), depends_on_mask=True
    ),
    "other": Fill(None),
}


def apply(
    image: np.ndarray, masks: Sequence[Mask], fill: str = "black", other: np.ndarray | None = None, **params: Any
) -> np.ndarray:
    """The image `(h, w, 3)` in [0, 1] with its masks filled; where several overlap the most opaque counts.

    `params` are the fill's own; `other` is the second image that the fill "other" shows, stretched to the first.
    ChoiceError: no such fill. ValueError: "other" without a second image.
    """
    hidden = np.max([mask.rasterize(*image.shape[:2]) for mask in masks], axis=0, initial=0)
    return blend(image, np.broadcast_to(hidden, image.shape[:2]), fill, other, **params)


def blend(
    image: np.ndarray, hidden: np.ndarray, fill: str = "black", other: np.ndarray | None = None, **params: Any
) -> np.ndarray:
    """The image `(h, w, 3)` in [0, 1], of which the share `hidden` `(h, w)` of every pixel is filled; see `apply`."""
    check_choice("fill", fill, FILLS)
    if not hidden.any():
        return image
    function = FILLS[fill].function
    if function is not None:
        instead = function(image, hidden > 0, **params)
    elif other is not None:
        instead = resize(other, *image.shape[:2])
    else:
        raise ValueError("the fill 'other' needs a second image, received none")
    share = hidden[..., None]
    return ((1 - share) * image + share * instead).astype(np.float32)


@dataclass(frozen=True)
class Disguise:
    """Masks with their fill and its `params` as `(name, value)` pairs; for the fill "other", the number of the other
    `person` and the `capture` of them.
    """

    masks: tuple[Mask, ...]
    fill: str = "black"
    params: tuple[tuple[str, float], ...] = ()
    person: int | None = None
    capture: Capture = faces.PORTRAIT

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The image `(h, w, 3)` in this disguise, as the function `apply`."""
        other = None if self.person is None else _rendered(self.person, self.capture, image.shape[0])
        return apply(image, self.masks, self.fill, other, **dict(self.params))


@lru_cache(maxsize=8)
def _rendered(person: int, capture: Capture, size: int) -> np.ndarray:
    return faces.render(faces.person(person), capture, size)[0]
