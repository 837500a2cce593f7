"""What excites a channel among real images: the patches that it responds to most.

A synthetic optimum alone misleads; people predict a channel better from the natural images that excite it (82 %
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
class Responses:
    """How every channel of a layer responds to images: `maxima` and `means` `(n, k)` of its feature maps.

    `positions` `(n, k, 2)` are the row and column of the maximum in the map, `map_shape` is the map's `(h, w)`.
    """

    maxima: np.ndarray
    means: np.ndarray
    positions: np.ndarray
    map_shape: tuple[int, int]


def responses(network: Network, layer: str, images: np.ndarray) -> Responses:
    """Responses of a layer with feature maps to images `(n, h, w, 3)` in [0, 1], a batch at a time."""
    maxima, means, positions = [], [], []
    size = batch_size(network.entry)
    for start in range(0, len(images), size):
        maps = network.run(images[start : start + size], layer)
        rows, columns = maps.shape[1:3]
        flat = maps.reshape(len(maps), rows * columns, -1)
        maxima.append(flat.max(axis=1))
        means.append(flat.mean(axis=1))
        positions.append(np.stack(np.unravel_index(flat.argmax(axis=1), (rows, columns)), axis=-1))
    return Responses(np.concatenate(maxima), np.concatenate(means), np.concatenate(positions), (rows, columns))


def top_patches(
    network: Network, layer: str, channel: int, images: np.ndarray, responses: Responses, count: int
) -> Patches:
    """The receptive fields of a channel's strongest responses, at most one from each image, `count` of them.

    `responses` are those to `images`. Where the field is larger than the image, the patch is the whole image.
    """
    order = np.argsort(-responses.maxima[:, channel], kind="stable")[:count]
    side = images.shape[1]
    field = min(receptive_field(network.model).get(layer, (side, side))[0], side)
    boxes = [_field_box(responses.positions[index, channel], responses.map_shape, field, side) for index in order]
    patches = [
        resize(images[index, box.top : box.top + box.size, box.left : box.left + box.size], PATCH_SIDE, PATCH_SIDE)
        for index, box in zip(order, boxes, strict=True)
    ]
    return Patches(np.stack(patches), responses.maxima[order, channel], order, tuple(boxes), len(images))


def _field_box(position: np.ndarray, map_shape: tuple[int, int], field: int, side: int) -> Box:
    """The receptive field in an image of `side` pixels of a position in a map, moved inside where it juts out."""
    top, left = (
        int(np.clip(round((index + 0.5) * side / length - field / 2), 0, side - field))
        for index, length in zip(position, map_shape, strict=True)
    )
    return Box(left, top, field)
