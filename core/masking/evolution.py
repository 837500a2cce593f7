"""What happens on the way: one number of a mask or of its fill changes step by step."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from PIL import Image as Pillow

from core.images import resize, to_uint8
from core.masking.fills import FILLS, Disguise
from core.masking.masks import Mask

WAYS = ("row", "column", "both", "size", "opacity", "strength")
"""What changes: the mask's place along its row, its column, or over the picture; its size, its opacity, or the number
of the fill that says how much it hides."""
LARGEST = 2.0
"""The last step of "size": so many times the mask's own width and height."""


def ways(fill: str) -> tuple[str, ...]:
    """The ways that a fill allows: not every one has a strength."""
    return WAYS if FILLS[fill].strength else WAYS[:-1]


def places(way: str, fill: str, steps: int) -> np.ndarray:
    """The values `(steps,)` that a way goes through, in the units of what changes; "both" goes through them twice.

    Places are the middles of as many parts of the picture, in shares of it.
    """
    if way in ("row", "column", "both"):
        return (np.arange(steps) + 0.5) / steps
    if way == "size":
        return np.linspace(LARGEST / steps, LARGEST, steps)
    if way == "opacity":
        return np.linspace(0, 1, steps)
    param = next(param for param in FILLS[fill].params if param.name == FILLS[fill].strength)
    return np.linspace(param.minimum, param.maximum, steps)


def sequence(disguise: Disguise, index: int, way: str, steps: int) -> list[Disguise]:
    """The disguise at every step of a way, mask number `index` changing: `steps` of them, of "both" `steps**2` row by
    row.
    """
    values = [float(value) for value in places(way, disguise.fill, steps)]
    mask = disguise.masks[index]
    if way == "strength":
        name = FILLS[disguise.fill].strength
        others = tuple(pair for pair in disguise.numbers if pair[0] != name)
        return [replace(disguise, numbers=(*others, (str(name), value))) for value in values]
    if way == "both":
        changed = [replace(mask, x=x, y=y) for y in values for x in values]
    elif way == "size":
        changed = [replace(mask, width=mask.width * value, height=mask.height * value) for value in values]
    else:
        name = {"row": "x", "column": "y", "opacity": "opacity"}[way]
        changed = [Mask(**asdict(mask) | {name: value}) for value in values]
    before, after = disguise.masks[:index], disguise.masks[index + 1 :]
    return [replace(disguise, masks=(*before, mask, *after)) for mask in changed]


def film(image: np.ndarray, disguises: Sequence[Disguise], shares: Sequence[float], seconds: float, side: int) -> bytes:
    """The picture `(h, w, 3)` in each of the disguises as a GIF of `side` pixels and so many `seconds`, for ever.

    Below each a bar fills its share of the width, `shares` being in [0, 1]: the probability at that step.
    """
    frames = [Pillow.fromarray(_frame(d.on(image), share, side)) for d, share in zip(disguises, shares, strict=True)]
    file = io.BytesIO()
    pause = max(20, round(1000 * seconds / len(frames)))
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=pause, loop=0)
    return file.getvalue()


def _frame(image: np.ndarray, share: float, side: int) -> np.ndarray:
    bar = np.full((max(side // 24, 4), side, 3), 40, np.uint8)
    bar[:, : round(share * side)] = (217, 130, 43)
    return np.concatenate([to_uint8(resize(image, side, side)), bar])
