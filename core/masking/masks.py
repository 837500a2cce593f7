"""Where a mask lies: rectangles and ellipses in shares of the image, set by hand or on the parts of a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core import images
from core.images import FACE_CENTRE, FACE_OF_PICTURE, Box

Shape = Literal["rectangle", "ellipse"]


@dataclass(frozen=True)
class Mask:
    """A rectangle or an ellipse: centre `x`, `y` and size `width`, `height` in shares of the image; it may reach
    beyond the image's edges. `opacity` in [0, 1]: how much of the image it hides.
    """

    x: float
    y: float
    width: float
    height: float
    shape: Shape = "rectangle"
    opacity: float = 1.0

    def rasterize(self, height: int, width: int) -> np.ndarray:
        """How much of each pixel is hidden, `(height, width)` float32: the opacity where its middle is inside."""
        across, down = ((np.arange(count, dtype=np.float32) + 0.5) / count for count in (width, height))
        x = np.abs(across[None, :] - self.x) / (self.width / 2)
        y = np.abs(down[:, None] - self.y) / (self.height / 2)
        inside = x**2 + y**2 < 1 if self.shape == "ellipse" else (x < 1) & (y < 1)
        return np.float32(self.opacity) * inside


# --- on the parts of a face -------------------------------------------------------------------------------------------

Sides = tuple[float, float, float, float]
"""Left, right, upper and lower edge in shares of the image or of a face."""

PRESETS: dict[str, tuple[Sides, ...]] = {
    "eyes": ((0.16, 0.84, 0.30, 0.54),),
    "one_eye": ((0.16, 0.47, 0.30, 0.54),),
    "brows": ((0.14, 0.86, 0.21, 0.35),),
    "nose": ((0.35, 0.66, 0.42, 0.71),),
    "mouth": ((0.30, 0.70, 0.72, 0.94),),
    "lower_face": ((0.06, 0.94, 0.54, 1.14),),
    "temples": ((-0.02, 0.16, 0.28, 0.56), (0.84, 1.02, 0.28, 0.56)),
    "hair": ((-0.06, 1.06, -0.36, 0.20),),
}
"""Part of a face -> where it lies in the box of OpenCV's detector, in shares of its side: medians over rendered
captures, widened downwards until they hold a chin and a smile too. For photos, where nobody says where the parts are.
"""


def presets(image: np.ndarray, regions: Mapping[str, np.ndarray] | None = None) -> dict[str, tuple[Mask, ...]]:
    """Masks over each of `PRESETS` of the face on an image `(h, w, 3)`.

    With the `regions` `(h, w)` of a rendered face each lies exactly on its part, as far as that is seen (a fringe can
    hide the brows); else at the proportions of a face in the box that the detector finds, or where a face framed as
    the networks are given it would be.
    """
    height, width = image.shape[:2]
    face = images.detect_face(image) or _expected(height, width)
    sides = {name: tuple(_in_image(part, face, height, width) for part in parts) for name, parts in PRESETS.items()}
    if regions is not None:
        sides |= _exact(regions)
    return {name: tuple(map(_spanning, parts)) for name, parts in sides.items()}


def _expected(height: int, width: int) -> Box:
    """Where the detector finds the face in most images framed for a face network."""
    size = round(FACE_OF_PICTURE * height)
    return Box((width - size) // 2, round(FACE_CENTRE * height - size / 2), size)


def _in_image(part: Sides, face: Box, height: int, width: int) -> Sides:
    """Shares of a face's box as shares of the image."""
    left, right, top, bottom = (share * face.size for share in part)
    columns = (face.left + left) / width, (face.left + right) / width
    return *columns, (face.top + top) / height, (face.top + bottom) / height


def _spanning(sides: Sides) -> Mask:
    left, right, top, bottom = sides
    return Mask((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def _exact(regions: Mapping[str, np.ndarray]) -> dict[str, tuple[Sides, ...]]:
    """The presets whose parts are seen, around the pixels of their regions."""
    eyes, brows = regions["eyes"], regions["brows"]
    across = np.arange(eyes.shape[1])
    parts: dict[str, list[np.ndarray]] = {
        "eyes": [eyes],
        "one_eye": [eyes & (across < _middle(eyes))],
        "brows": [brows],
        "nose": [regions["nose"]],
        "mouth": [regions["mouth"]],
        "lower_face": [regions["nose"] | regions["mouth"] | regions["jaw"]],
        "hair": [(regions["hair"] | regions["skin"]) & _above(brows if brows.any() else eyes)],
    }
    if eyes.any():
        left, right, top, bottom = _around(eyes)
        rows = np.arange(eyes.shape[0])[:, None] / eyes.shape[0]
        face = (regions["skin"] | brows | eyes) & (rows >= top) & (rows < bottom)
        shares = across / eyes.shape[1]
        parts["temples"] = [face & (shares < left), face & (shares >= right)]
    return {name: tuple(map(_around, masks)) for name, masks in parts.items() if all(mask.any() for mask in masks)}


def _around(inside: np.ndarray) -> Sides:
    """The edges of the smallest rectangle around the pixels that are `inside` `(h, w)`."""
    (rows,), (columns,) = (np.nonzero(inside.any(axis=axis)) for axis in (1, 0))
    height, width = inside.shape
    return columns[0] / width, (columns[-1] + 1) / width, rows[0] / height, (rows[-1] + 1) / height


def _middle(inside: np.ndarray) -> float:
    return float(np.nonzero(inside)[1].mean()) if inside.any() else 0.0


def _above(inside: np.ndarray) -> np.ndarray:
    """The rows above the highest pixel that is `inside`, `(h, 1)`."""
    rows = np.nonzero(inside.any(axis=1))[0]
    return np.arange(len(inside))[:, None] < (rows[0] if len(rows) else 0)


# --- from one image of a face to another ------------------------------------------------------------------------------


@dataclass(frozen=True)
class FaceFrame:
    """Where the inner parts of a face, brows to mouth, lie in an image: centre and size in shares of it."""

    x: float
    y: float
    width: float
    height: float


def frame_from_regions(regions: Mapping[str, np.ndarray]) -> FaceFrame:
    """The frame of a rendered face, from its regions `(h, w)`."""
    mask = _spanning(_around(np.any([regions[name] for name in ("eyes", "brows", "nose", "mouth")], axis=0)))
    return FaceFrame(mask.x, mask.y, mask.width, mask.height)


def frame_from_presets(masks: Mapping[str, tuple[Mask, ...]]) -> FaceFrame:
    """The frame of the face on any image, from its `presets`."""
    parts = [masks[name][0] for name in ("brows", "eyes", "nose", "mouth")]
    left, right = min(m.x - m.width / 2 for m in parts), max(m.x + m.width / 2 for m in parts)
    top, bottom = min(m.y - m.height / 2 for m in parts), max(m.y + m.height / 2 for m in parts)
    return FaceFrame((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def follow(masks: Sequence[Mask], start: FaceFrame, end: FaceFrame) -> tuple[Mask, ...]:
    """The masks of an image with the face in `start`, laid over the same parts of the face in `end`."""
    wider, higher = end.width / start.width, end.height / start.height
    return tuple(
        replace(
            mask,
            x=end.x + (mask.x - start.x) * wider,
            y=end.y + (mask.y - start.y) * higher,
            width=mask.width * wider,
            height=mask.height * higher,
        )
        for mask in masks
    )
