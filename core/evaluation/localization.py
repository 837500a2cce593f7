"""Localization: does the map lie where the evidence is? That is known of a rendered person alone.

Pointing game: Zhang et al. 2016, https://arxiv.org/abs/1608.00507. Energy inside a region: Wang et al. 2019,
https://arxiv.org/abs/1910.01279. Inpainting game: Williford et al. 2020, https://arxiv.org/abs/2008.00916.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from core.faces import Capture, Identity, group_of, person, render
from core.images import resize

PARTS = {"eyes": ("eyes", "brows"), "lower": ("nose", "mouth", "jaw")}
"""Part of a face, as in the traits of an `Identity` -> the regions of it."""
VISIBLE = 1 / 255
"""A pixel whose colours differ by less is the same."""


def distinguishing_part(number: int) -> str:
    """The part in which people of this one's group differ: "eyes" in group A, "lower" in group B."""
    return "eyes" if group_of(number) == "A" else "lower"


def pointing_hit(values: np.ndarray, region: np.ndarray) -> bool:
    """The pointing game: whether the largest value of the map lies in the region `(h, w)`, which it is enlarged to.

    Other than in the paper there is no tolerance around the region. A flat map points at nothing.
    """
    enlarged = resize(values, *region.shape)
    return bool(region.ravel()[enlarged.argmax()]) and float(np.ptp(enlarged)) > 0


def energy(values: np.ndarray, region: np.ndarray) -> float:
    """Share, in [0, 1], of the map's positive values that lies in the region `(h, w)`, which it is enlarged to.

    0 where nothing is positive. A map that knows nothing reaches the share of the image that the region fills.
    """
    positive = np.maximum(resize(values, *region.shape), 0)
    total = float(positive.sum(dtype=np.float64))
    return float(positive[region].sum(dtype=np.float64)) / total if total > 0 else 0.0


def gain(values: np.ndarray, region: np.ndarray) -> float:
    """Energy in the region for each share of the image that it fills: 1 is what chance gives, more is better."""
    return energy(values, region) / float(region.mean())


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images `(size, size, 3)` in [0, 1] of a person, in the second of which a part is somebody else's.

    Masks `(size, size)`: `head`, the `part` of the first image, and the pixels that are `changed`.
    """

    original: np.ndarray
    inpainted: np.ndarray
    head: np.ndarray
    part: np.ndarray
    changed: np.ndarray


def inpainting_pair(number: int, other: int, capture: Capture, size: int, part: str | None = None) -> Pair:
    """The inpainting game's images of person `number`: a part of the face is that of person `other` in the second.

    Both are rendered as the same `capture`, the second with the traits of the part taken from `other`. Then all but the
    regions of the part in either of them is copied from the first, so that not a pixel differs elsewhere: whatever the
    network's scores differ by comes from there, and a map of what makes the person themself has to land there.
    `part` is one of `PARTS`, by default the one that marks the person's group.
    """
    part = part or distinguishing_part(number)
    original, regions = render(person(number), capture, size)
    rendered, other_regions = render(_with_part(person(number), person(other), part), capture, size)
    inside = _any(regions, part) | _any(other_regions, part)
    changed = inside & (np.abs(rendered - original).max(axis=-1) >= VISIBLE)
    inpainted = np.where(changed[..., None], rendered, original)
    return Pair(original, inpainted, ~regions["background"], _any(regions, part), changed)


def _with_part(identity: Identity, other: Identity, part: str) -> Identity:
    traits = [trait.name for trait in fields(Identity) if trait.metadata["where"] == part]
    return replace(identity, **{name: getattr(other, name) for name in traits})


def _any(regions: dict[str, np.ndarray], part: str) -> np.ndarray:
    mask: np.ndarray = np.any([regions[name] for name in PARTS[part]], axis=0)
    return mask
