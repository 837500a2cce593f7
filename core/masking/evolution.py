"""One number of a mask or of its fill changes step by step: the disguises on the way, and an animation of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from PIL import Image as Pillow

from core.images import resize, to_uint8
from core.masking.fills import FILLS, Disguise
from core.masking.masks import Mask

PARAMETERS = ("row", "column", "both", "size", "opacity", "strength")
"""What changes: the mask's place along its row, along its column, or over the whole image; its size, its opacity, or
the strength of its fill."""
LARGEST = 2.0
"""The last step of "size", in multiples of the mask's own width and height."""


def parameters(fill: str) -> tuple[str, ...]:
    """The parameters that a fill allows: not every one has a strength."""
    return PARAMETERS if FILLS[fill].strength else PARAMETERS[:-1]


def values(parameter: str, fill: str, steps: int) -> np.ndarray:
    """The values `(steps,)` of a parameter, in its own units; "both" takes them along both axes.

    Places are the centres of as many parts of the image, in shares of it.
    """
    if parameter in ("row", "column", "both"):
        return (np.arange(steps) + 0.5) / steps
    if parameter == "size":
        return np.linspace(LARGEST / steps, LARGEST, steps)
    if parameter == "opacity":
        return np.linspace(0, 1, steps)
    strength = next(param for param in FILLS[fill].params if param.name == FILLS[fill].strength)
    return np.linspace(strength.minimum, strength.maximum, steps)


def sequence(disguise: Disguise, index: int, parameter: str, steps: int) -> list[Disguise]:
    """The disguise at every step, with a parameter of mask number `index` changing: `steps` of them, for "both"
    `steps**2` row by row.
    """
    swept = [float(value) for value in values(parameter, disguise.fill, steps)]
    mask = disguise.masks[index]
    if parameter == "strength":
        name = str(FILLS[disguise.fill].strength)
        others = tuple(pair for pair in disguise.params if pair[0] != name)
        return [replace(disguise, params=(*others, (name, value))) for value in swept]
    if parameter == "both":
        changed = [replace(mask, x=x, y=y) for y in swept for x in swept]
    elif parameter == "size":
        changed = [replace(mask, width=mask.width * value, height=mask.height * value) for value in swept]
    else:
        name = {"row": "x", "column": "y", "opacity": "opacity"}[parameter]
        changed = [Mask(**asdict(mask) | {name: value}) for value in swept]
    before, after = disguise.masks[:index], disguise.masks[index + 1 :]
    return [replace(disguise, masks=(*before, mask, *after)) for mask in changed]


def animate(
    image: np.ndarray, disguises: Sequence[Disguise], shares: Sequence[float], seconds: float, side: int
) -> bytes:
    """The image `(h, w, 3)` in each of the disguises as an endless GIF, `side` pixels wide and so many `seconds` long.

    Below each a bar fills its share of the width, `shares` being in [0, 1]: the probability at that step.
    """
    frames = [Pillow.fromarray(_frame(d.apply(image), share, side)) for d, share in zip(disguises, shares, strict=True)]
    file = io.BytesIO()
    pause = max(20, round(1000 * seconds / len(frames)))
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=pause, loop=0)
    return file.getvalue()


def _frame(image: np.ndarray, share: float, side: int) -> np.ndarray:
    bar = np.full((max(side // 24, 4), side, 3), 40, np.uint8)
    bar[:, : round(share * side)] = (217, 130, 43)
    return np.concatenate([to_uint8(resize(image, side, side)), bar])
