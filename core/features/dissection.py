"""Network dissection: which part of the face does a channel stand for?

A channel "detects" a region as far as its strongest activations lie on that region. Bau et al. 2017,
Network dissection: Quantifying interpretability of deep visual representations, https://arxiv.org/abs/1704.05796.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from core import faces
from core.networks.network import Network

FOLDER = Path(__file__).parents[2] / "assets" / "dissection"
NETWORKS = ("MiniFace", "MiniFace-untrained")
CAPTURES, SEED = 500, 1704
"""How many captures the stored figures were measured on, and how they were drawn."""
QUANTILE = 0.02
"""Share of all places of all maps of a channel that count as its strong activations: what an eye or a nose takes of a
portrait. The paper, whose things are smaller in their images, takes 0.005."""
DETECTOR = 0.1
"""From this IoU on a channel is called a detector of a region: 271 of MiniFace's 960 channels get there, and 5 of those
of the untrained network. The paper takes 0.04 with its smaller share."""


@dataclass(frozen=True, eq=False)
class Dissection:
    """`iou` `(k, r)` in [0, 1] of `k` channels with `r` regions, and the channels' `thresholds` `(k,)`."""

    iou: np.ndarray
    thresholds: np.ndarray


@dataclass(frozen=True)
class Meaning:
    """What dissection says of one channel: its IoU with each region, the largest first."""

    iou: dict[str, float]

    @property
    def region(self) -> str:
        """The region that it fits best."""
        return next(iter(self.iou))

    @property
    def detects(self) -> bool:
        """Whether it is called a detector."""
        return self.iou[self.region] > DETECTOR


def dissect(
    network: Network, layer: str, images: np.ndarray, regions: np.ndarray, count: int, quantile: float = QUANTILE
) -> Dissection:
    """IoU of every channel of a layer with every region, over a data set.

    The strong activations of a channel are those above its threshold, which a share `quantile` of all values of its
    maps exceeds. Each map is enlarged bilinearly to the image and cut at the threshold; IoU is the number of pixels,
    of all images together, in both the cut map and the region, over the number in either. A channel that is the same
    everywhere has no strong activations, and IoU 0.

    `images` are `(n, h, w, 3)` in [0, 1], `regions` `(n, h, w)` the number of each pixel's region below `count`.
    NetworkError where the layer has no feature maps.
    """
    from core.networks.network import feature_maps

    maps = feature_maps(network, images, layer)
    channels = maps.shape[-1]
    thresholds = np.quantile(maps.reshape(-1, channels), 1 - quantile, axis=0)
    both, strong, area = np.zeros((channels, count)), np.zeros(channels), np.zeros(count)
    for activations, region in zip(maps, regions, strict=True):
        height, width = region.shape
        enlarged = cv2.resize(activations, (width, height), interpolation=cv2.INTER_LINEAR).reshape(-1, channels)
        cut = (enlarged > thresholds).astype(np.float32)
        inside = np.eye(count, dtype=np.float32)[region.ravel()]
        both += cut.T @ inside
        strong += cut.sum(axis=0)
        area += inside.sum(axis=0)
    either = strong[:, None] + area - both
    return Dissection(np.divide(both, either, out=np.zeros_like(both), where=either > 0), thresholds)


def captures_with_regions(count: int, size: int, seed: int = SEED) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """`count` captures `(size, size, 3)` of people in turn, each with the number of every pixel's face region."""
    for index in range(count):
        image, masks = faces.render_capture(index % faces.PEOPLE, seed, index, size)
        yield image, faces.label_map(masks)


# --- what was measured beforehand -------------------------------------------------------------------------------------


def meaning(network: str, layer: str, channel: int) -> Meaning | None:
    """What was measured of a channel by `scripts/dissect_miniface.py`; None where nothing was."""
    rows = stored_iou(network).get(layer, []) if network in NETWORKS else []
    if channel >= len(rows):
        return None
    fits = sorted(zip(faces.REGIONS, rows[channel], strict=True), key=lambda fit: -fit[1])
    return Meaning(dict(fits))


@lru_cache(maxsize=len(NETWORKS))
def stored_iou(network: str) -> dict[str, list[list[float]]]:
    """Layer -> channel -> IoU with each of `faces.REGIONS`, of one of `NETWORKS`."""
    iou: dict[str, list[list[float]]] = json.loads(iou_path(network).read_text(encoding="utf-8"))["layers"]
    return iou


def iou_path(network: str) -> Path:
    """The file of what was measured."""
    return FOLDER / f"{network.lower()}.json"
