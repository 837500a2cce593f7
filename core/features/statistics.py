"""Activation statistics: which channels respond to a class, how strongly, and where.

A class is what an image shows, or a part of every image, such as a region of the face. Both are weights in [0, 1] of
every class at every place of the feature maps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from core import faces
from core.digits import CLASSES as DIGITS
from core.errors import check_choice
from core.features.held_out import held_out_images
from core.images import from_uint8, to_uint8
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size, softmax
from core.networks.table import knows_people
from core.progress import Report


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """How the `k` channels of a layer respond to `c` classes: `means` `(c, k)` over all places of a class.

    `patterns` `(c, h, w, k)`: the mean feature map of the images that show the class, 0 outside of it; `counts` `(c,)`
    of those images.
    """

    means: np.ndarray
    patterns: np.ndarray
    counts: np.ndarray


def from_batches(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> ClassStatistics:
    """Statistics over batches of feature maps `(n, h, w, k)` and weights `(n, h, w, c)` or `(n, 1, 1, c)`.

    A class that nothing shows gets zeros.
    """
    sums, areas, counts = np.zeros(()), np.zeros(()), np.zeros((), int)
    for maps, weights in batches:
        weights = np.broadcast_to(weights, (*maps.shape[:3], weights.shape[-1]))
        sums = sums + weights.transpose(1, 2, 3, 0) @ maps.transpose(1, 2, 0, 3)  # (h, w, c, k)
        areas = areas + weights.sum(axis=(0, 1, 2), dtype=np.float64)
        counts = counts + weights.any(axis=(1, 2)).sum(axis=0)
    means = np.sum(sums, axis=(0, 1)) / np.maximum(areas, 1e-9)[:, None]
    patterns = np.moveaxis(sums, 2, 0) / np.maximum(counts, 1)[:, None, None, None]
    return ClassStatistics(means, patterns.astype(np.float32), counts)


def image_weights(classes: np.ndarray, count: int) -> np.ndarray:
    """Weights `(n, 1, 1, count)` of images that show one class each, `classes` `(n,)`."""
    return np.eye(count, dtype=np.float32)[classes][:, None, None]


def region_weights(regions: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    """Weights `(n, height, width, count)`: the share of each place that each region has, of `regions` `(n, H, W)`."""
    masks = np.eye(count, dtype=np.float32)[regions]
    return np.stack([cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) for mask in masks])


def relative_to_mean(means: np.ndarray) -> np.ndarray:
    """How much more strongly each channel responds to a class than to all classes on average: `(c, k)`, signed."""
    return means - means.mean(axis=0)


def rank_channels(values: np.ndarray) -> np.ndarray:
    """Channels of each class `(c, k)`, those of the largest values first."""
    return np.argsort(-values, axis=1, kind="stable")


def confusion_matrix(expected: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """How many images of class i (row) were predicted as class j (column): `(count, count)`."""
    return np.bincount(expected * count + predicted, minlength=count * count).reshape(count, count)


CAPTURES, SEED = 192, 27
"""Captures of people over which statistics are taken, and how they are drawn."""


def class_kinds(entry: Entry) -> tuple[str, ...]:
    """The kinds of classes that a network's channels can be compared by; none for one without labelled images."""
    if entry.subject == "digit" and entry.classes == DIGITS:
        return ("digit",)
    return ("region", "group") if knows_people(entry) else ()


def classes_of(entry: Entry, kind: str) -> tuple[str, ...]:
    """Names of the classes of a kind."""
    return {"digit": entry.labels, "region": faces.REGIONS, "group": faces.GROUPS}[kind]


def class_statistics(network: str | Entry, layer: str, kind: str, report: Report | None = None) -> ClassStatistics:
    """Statistics of a layer over the classes of a kind: digits, or face regions or groups of rendered people."""
    loaded = load(network)
    check_choice("kind", kind, class_kinds(loaded.entry))
    return from_batches(_weighted_maps(loaded, layer, kind, report))


def _weighted_maps(
    network: Network, layer: str, kind: str, report: Report | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Feature maps and weights of the classes, batch by batch."""
    entry, count = network.entry, len(classes_of(network.entry, kind))
    if kind == "digit":
        images, digits = held_out_images(entry)
        yield _maps(network, layer, images), image_weights(digits, count)
        return
    size = batch_size(entry)
    for start in range(0, CAPTURES, size):
        numbers, shots = range(start, min(start + size, CAPTURES)), []
        for number in numbers:
            if report:
                report(number, CAPTURES)
            shots.append(_shot(number, entry.input_size))
        maps = _maps(network, layer, from_uint8(np.stack([image for image, _ in shots])))
        if kind == "region":
            yield maps, region_weights(np.stack([regions for _, regions in shots]), count, *maps.shape[1:3])
        else:
            groups = [faces.GROUPS.index(faces.group_of(number % faces.PEOPLE)) for number in numbers]
            yield maps, image_weights(np.array(groups), count)


def forward_pass(network: str | Entry, image: np.ndarray) -> dict[str, np.ndarray]:
    """What becomes of an image `(h, w, 3)` in [0, 1]: layer -> feature maps `(h, w, k)` or values `(k,)`, of all layers
    with feature maps or weights; in place of the last, the probabilities.
    """
    from core.networks.layers import describe

    loaded = load(network)
    layers = [row.name for row in describe(loaded.model) if row.spatial or row.parameters]
    outputs = {layer: loaded.run(image, layer)[0] for layer in layers}
    return outputs | {layers[-1]: softmax(outputs[layers[-1]])}


def _maps(network: Network, layer: str, images: np.ndarray) -> np.ndarray:
    """A layer's outputs `(n, h, w, k)`; those of a dense layer are maps of one place."""
    outputs = network.run(images, layer)
    return outputs if outputs.ndim == 4 else outputs[:, None, None]


@lru_cache(maxsize=CAPTURES)
def _shot(number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A capture `(size, size, 3)`, 0 to 255, and the number of every pixel's region; kept, because rendering takes
    longer than the network.
    """
    image, regions = faces.render_capture(number % faces.PEOPLE, SEED, number, size)
    return to_uint8(image), faces.label_map(regions)
