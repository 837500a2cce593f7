"""Filter activation statistics: which channels answer to a class, how much, and what they pass on of it.

A class is what a picture shows, or a part of every picture, such as a region of the face. Both are weights in [0, 1] of
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
from core.features.captures import reference_captures
from core.images import from_uint8, to_uint8
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size, softmax
from core.networks.table import knows_people
from core.progress import Report


@dataclass(frozen=True, eq=False)
class Statistics:
    """What the `k` channels of a layer answer to `c` classes: `means` `(c, k)` over all places of a class.

    `patterns` `(c, h, w, k)`: the mean map of the pictures that show the class, 0 outside of it; `counts` `(c,)` of
    those pictures.
    """

    means: np.ndarray
    patterns: np.ndarray
    counts: np.ndarray


def of_batches(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> Statistics:
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
    return Statistics(means, patterns.astype(np.float32), counts)


def of_pictures(classes: np.ndarray, count: int) -> np.ndarray:
    """Weights `(n, 1, 1, count)` of pictures that show one class each, `classes` `(n,)`."""
    return np.eye(count, dtype=np.float32)[classes][:, None, None]


def of_regions(regions: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    """Weights `(n, height, width, count)`: the share of each place that each region has, of `regions` `(n, H, W)`."""
    masks = np.eye(count, dtype=np.float32)[regions]
    return np.stack([cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) for mask in masks])


def above_others(means: np.ndarray) -> np.ndarray:
    """How much more each channel answers to a class than to all classes on average: `(c, k)`, signed."""
    return means - means.mean(axis=0)


def ranked(values: np.ndarray) -> np.ndarray:
    """Channels of each class `(c, k)`, those of the largest values first."""
    return np.argsort(-values, axis=1, kind="stable")


def confusion(expected: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """How many pictures of class i (row) were taken for class j (column): `(count, count)`."""
    return np.bincount(expected * count + predicted, minlength=count * count).reshape(count, count)


GROUPS = ("A", "B")


CAPTURES, SEED = 192, 27
"""Captures of people that channels are looked at with, and how they are drawn."""


def kinds(entry: Entry) -> tuple[str, ...]:
    """By what the answers of a network's channels can be told apart; none for a network without labelled pictures."""
    if entry.subject == "digit" and entry.classes == DIGITS:
        return ("digit",)
    return ("region", "group") if knows_people(entry) else ()


def names(entry: Entry, kind: str) -> tuple[str, ...]:
    """The classes of a kind."""
    return {"digit": entry.labels, "region": faces.REGIONS, "group": GROUPS}[kind]


def statistics(network: str | Entry, layer: str, kind: str, report: Report | None = None) -> Statistics:
    """Statistics of a layer over the `names` of a kind: digits, or face regions or groups of rendered people."""
    loaded = load(network)
    check_choice("kind", kind, kinds(loaded.entry))
    return of_batches(_answers(loaded, layer, kind, report))


def _answers(network: Network, layer: str, kind: str, report: Report | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Feature maps and weights of the classes, batch by batch."""
    entry, classes = network.entry, len(names(network.entry, kind))
    if kind == "digit":
        pictures, digits = reference_captures(entry)
        yield _maps(network, layer, pictures), of_pictures(digits, classes)
        return
    size = batch_size(entry)
    for start in range(0, CAPTURES, size):
        numbers, shots = range(start, min(start + size, CAPTURES)), []
        for number in numbers:
            if report:
                report(number, CAPTURES)
            shots.append(_shot(number, entry.input_size))
        maps = _maps(network, layer, from_uint8(np.stack([picture for picture, _ in shots])))
        if kind == "region":
            yield maps, of_regions(np.stack([regions for _, regions in shots]), classes, *maps.shape[1:3])
        else:
            groups = [GROUPS.index(faces.group_of(number % faces.PEOPLE)) for number in numbers]
            yield maps, of_pictures(np.array(groups), classes)


def path(network: str | Entry, image: np.ndarray) -> dict[str, np.ndarray]:
    """What a picture `(h, w, 3)` in [0, 1] becomes on its way: layer -> feature maps `(h, w, k)` or values `(k,)`, of
    all layers with feature maps or weights; in place of the last, the probabilities.
    """
    from core.networks.layers import describe

    loaded = load(network)
    rows = [row.name for row in describe(loaded.model) if row.spatial or row.parameters]
    found = {name: loaded.run(image, name)[0] for name in rows}
    return found | {rows[-1]: softmax(found[rows[-1]])}


def _maps(network: Network, layer: str, pictures: np.ndarray) -> np.ndarray:
    """A layer's answers `(n, h, w, k)`; those of a dense layer are maps of one place."""
    outputs = network.run(pictures, layer)
    return outputs if outputs.ndim == 4 else outputs[:, None, None]


@lru_cache(maxsize=CAPTURES)
def _shot(number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A capture `(size, size, 3)`, 0 to 255, and the number of every pixel's region; kept, because rendering takes
    longer than the network.
    """
    image, regions = faces.shot(number % faces.PEOPLE, SEED, number, size)
    return to_uint8(image), faces.numbered(regions)
