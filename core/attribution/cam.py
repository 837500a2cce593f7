"""CAM: a linear head on the mean of each feature map, read place by place.

Zhou et al. 2016, https://arxiv.org/abs/1512.04150
"""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np

from core import faces
from core.attribution import AttributionError, SaliencyMap
from core.attribution.target import ClassTarget
from core.images import from_uint8, to_uint8
from core.networks.layers import split
from core.networks.network import Network, cached_on_network, feature_maps
from core.networks.table import MINIFACE
from core.progress import Report

RIDGE = 10.0
"""What a squared weight costs in the fit of a head, a squared error costing 1."""


def cam(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    layer: str | None = None,
    captures: int = 4,
    seed: int = 0,
    report: Report | None = None,
) -> SaliencyMap:
    """`sum_k w_ck A_k`, where `sum_k w_ck mean(A_k)` is the score that a linear head gives the class.

    The head is the network's own where only a global average stands between it and the layer, as in ResNet50. For
    networks of the rendered people it is fitted instead to `captures` images of each, once, as the paper retrains
    networks whose head is another; the map then shows what that head looks for.

    `image` is `(h, w, 3)` in [0, 1]; `layer` is by default the network's default layer, after its activation. The map
    has the size of its feature maps and is signed. NetworkError: no such layer or class, no feature maps, or a branch
    that leads around the layer. AttributionError: neither such a head nor images to fit one.
    """
    layer = layer or network.entry.default_layer
    target = ClassTarget(network, image, class_index, report)
    maps = feature_maps(network, target.image, layer)[0]
    target.calls += 1
    head = _own_head(network, layer)
    if head is None:
        head = _fitted_head(target, layer, captures, seed)
    weights = head[:, target.class_index]
    return target.saliency_map(maps @ weights, layer, feature_maps=maps, weights=weights)


def discard_heads(network: Network) -> None:
    """Drop the cached heads of a network whose weights were set anew."""
    for kept_function in (_own_head, _heads):
        network.cache.pop(kept_function.__wrapped__, None)  # type: ignore[attr-defined]


def fit(means: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Weights `(k, classes)` of a linear classifier of mean activations `(n, k)` with the classes `labels` `(n,)`.

    Ridge regression on one-hot targets, the means of every map first brought to the same spread.
    """
    spread = np.maximum(means.std(axis=0), np.finfo(np.float32).eps)
    scaled = (means - means.mean(axis=0)) / spread
    targets = np.eye(classes)[labels]
    penalty = RIDGE * np.eye(means.shape[1])
    return np.linalg.solve(scaled.T @ scaled + penalty, scaled.T @ targets) / spread[:, None]


@cached_on_network
def _own_head(network: Network, layer: str) -> np.ndarray | None:
    """Weights `(k, classes)` of the network's own head; None where more than a global average lies before it."""
    _, head = split(network.model, layer)
    _, pool, *rest = head.layers
    weighted = [part for part in rest if part.weights]
    averages = isinstance(pool, keras.layers.GlobalAveragePooling2D | keras.layers.AveragePooling2D)
    if averages and set(pool.output.shape[1:-1]) <= {1} and len(weighted) == 1:
        return np.reshape(weighted[0].kernel, (-1, network.model.output_shape[-1]))
    return None


def _fitted_head(target: ClassTarget, layer: str, captures: int, seed: int) -> np.ndarray:
    """Weights `(k, classes)` of a head fitted to rendered captures, and cached with the network."""
    network = target.network
    if network.entry.names != MINIFACE.names:
        raise AttributionError("no_head", network=network.entry.name, name=layer)
    heads, key = _heads(network), (layer, captures, seed)
    if key not in heads:
        people = np.tile(np.arange(faces.PEOPLE), captures)
        means = []
        for batch in target.batches(len(people)):
            images = [
                from_uint8(_capture(people[place], place, seed, network.entry.input_size))
                for place in range(batch.start, batch.stop)
            ]
            means.append(feature_maps(network, np.stack(images), layer).mean(axis=(1, 2)))
            target.calls += len(images)
            target.report_progress(batch.stop, len(people))
        heads[key] = fit(np.concatenate(means), people, faces.PEOPLE)
    return heads[key]


@cached_on_network
def _heads(network: Network) -> dict[tuple[str, int, int], np.ndarray]:
    """Layer, captures and seed -> the fitted head."""
    return {}


@lru_cache(maxsize=1024)
def _capture(person: int, number: int, seed: int, size: int) -> np.ndarray:
    """A rendered capture `(size, size, 3)`, 0 to 255; cached, because rendering takes longer than the network."""
    return to_uint8(faces.render_capture(person, seed, number, size)[0])
