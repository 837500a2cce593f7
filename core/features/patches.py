"""What excites a channel among real pictures: the patches that it answers to most.

A synthetic optimum alone misleads; people predict a channel better from the natural pictures that excite it (82 %
against 92 %, Borowski et al. 2021, Exemplary natural images explain CNN activations better than state-of-the-art
feature visualization, https://arxiv.org/abs/2010.12606).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.features import PATCH_SIDE, Patches
from core.images import Box, resize
from core.networks.layers import receptive_field
from core.networks.network import Network, batch_size


@dataclass(frozen=True, eq=False)
class Answers:
    """What every channel of a layer answers to pictures: `strongest` and `mean` `(n, k)`, `places` `(n, k, 2)`.

    `places` is the row and column of the strongest answer in the map; `size` that of the map, `(h, w)`.
    """

    strongest: np.ndarray
    mean: np.ndarray
    places: np.ndarray
    size: tuple[int, int]


def answers(network: Network, layer: str, images: np.ndarray) -> Answers:
    """Answers of a layer with feature maps to pictures `(n, h, w, 3)` in [0, 1], a batch at a time."""
    strongest, mean, places = [], [], []
    size = batch_size(network.entry)
    for start in range(0, len(images), size):
        maps = network.run(images[start : start + size], layer)
        rows, columns = maps.shape[1:3]
        flat = maps.reshape(len(maps), rows * columns, -1)
        strongest.append(flat.max(axis=1))
        mean.append(flat.mean(axis=1))
        places.append(np.stack(np.unravel_index(flat.argmax(axis=1), (rows, columns)), axis=-1))
    return Answers(np.concatenate(strongest), np.concatenate(mean), np.concatenate(places), (rows, columns))


def top_patches(network: Network, layer: str, channel: int, images: np.ndarray, found: Answers, count: int) -> Patches:
    """The receptive fields of a channel's strongest answers, at most one from each picture, `count` of them.

    `images` are those of `found`. Where the field is larger than the picture, the patch is the whole picture.
    """
    order = np.argsort(-found.strongest[:, channel], kind="stable")[:count]
    side = images.shape[1]
    field = min(receptive_field(network.model).get(layer, (side, side))[0], side)
    boxes = [_field_box(found.places[index, channel], found.size, field, side) for index in order]
    patches = [
        resize(images[index, box.top : box.top + box.size, box.left : box.left + box.size], PATCH_SIDE, PATCH_SIDE)
        for index, box in zip(order, boxes, strict=True)
    ]
    return Patches(np.stack(patches), found.strongest[order, channel], order, tuple(boxes), len(images))


def _field_box(place: np.ndarray, size: tuple[int, int], field: int, side: int) -> Box:
    """The square of a picture of `side` pixels that a place of a map of `size` sees, moved inside where it juts out."""
    top, left = (
        int(np.clip(round((index + 0.5) * side / length - field / 2), 0, side - field))
        for index, length in zip(place, size, strict=True)
    )
    return Box(left, top, field)
